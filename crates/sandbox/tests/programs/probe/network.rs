//! Reaching listeners, and sockets that reach further than the network that a sandbox has.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::Duration;

use crate::{files, got, got_past_the_guard};

const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("connect", [address]) => {
            let connected = TcpStream::connect_timeout(&address.parse().unwrap(), PATIENCE);
            println!(
                "{:?}",
                connected.map(|mut there| {
                    let _ = there.write_all(b"hello\n");
                    let mut said = String::new();
                    let _ = there.set_read_timeout(Some(PATIENCE));
                    let _ = there.read_to_string(&mut said);
                    said
                })
            );
        }
        ("send", [address]) => {
            let here = if address.starts_with('[') {
                "[::]:0"
            } else {
                "0.0.0.0:0"
            };
            let sent = UdpSocket::bind(here).and_then(|socket| socket.send_to(b"hello", address));
            println!("{sent:?}");
        }
        ("connect-path", [path]) => take(UnixStream::connect(path)),
        ("connect-abstract", [name]) => {
            let there = SocketAddr::from_abstract_name(name).unwrap();
            take(UnixStream::connect_addr(&there));
        }
        ("socket", [family]) => socket(family),
        ("change-routes", []) => change_routes(),
        _ => return false,
    }
    true
}

/// Takes what a peer hands over: words, and descriptors.
fn take(connected: std::io::Result<UnixStream>) {
    let there = match connected {
        Ok(there) => there,
        Err(error) => {
            println!("refused: {error}");
            return;
        }
    };
    there.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = rustix::net::RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let _ = rustix::net::recvmsg(
        &there,
        &mut [std::io::IoSliceMut::new(&mut byte)],
        &mut control,
        rustix::net::RecvFlags::empty(),
    );
    for message in control.drain() {
        if let rustix::net::RecvAncillaryMessage::ScmRights(given) = message {
            for descriptor in given {
                files::read(&format!(
                    "/proc/self/fd/{}",
                    std::os::fd::AsRawFd::as_raw_fd(&descriptor)
                ));
            }
        }
    }
}

fn socket(family: &str) {
    let (family, kind, protocol) = match family {
        "raw" => (libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP),
        "packet" => (libc::AF_PACKET, libc::SOCK_RAW, 0x0300),
        "vsock" => (libc::AF_VSOCK, libc::SOCK_STREAM, 0),
        "alg" => (libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
        "tipc" => (libc::AF_TIPC, libc::SOCK_SEQPACKET, 0),
        "xdp" => (libc::AF_XDP, libc::SOCK_RAW, 0),
        other => panic!("which family is {other}?"),
    };
    // SAFETY: plain calls.
    unsafe {
        got("socket", libc::socket(family, kind, protocol).into());
    }
}

/// Asks the kernel to give an address to an interface that there is none of.
fn change_routes() {
    // A netlink message: length, RTM_NEWADDR, REQUEST|ACK, sequence, port; then family, prefix, flags, scope, interface;
    // then one attribute, IFA_LOCAL.
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(20_u16.to_ne_bytes());
    message.extend(5_u16.to_ne_bytes());
    message.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    message.extend([2, 32, 0, 0]);
    message.extend(0x00ff_fff0_u32.to_ne_bytes());
    message.extend(8_u16.to_ne_bytes());
    message.extend(2_u16.to_ne_bytes());
    message.extend([127, 66, 66, 66]);
    message[0] = 32;
    let mut answer = [0_u8; 256];
    // SAFETY: buffers have the lengths that they say.
    unsafe {
        let socket = libc::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE);
        libc::send(socket, message.as_ptr().cast(), message.len(), 0);
        let length = libc::recv(socket, answer.as_mut_ptr().cast(), answer.len(), 0);
        if length < 20 {
            println!("refused: no answer");
            return;
        }
        let error = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
        *libc::__errno_location() = -error;
    }
    got_past_the_guard("RTM_NEWADDR", -1);
}

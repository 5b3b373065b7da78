//! Reaching listeners, and sockets of more than a network.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::atomic::Ordering;

use team6_sandbox::reach::{Forward, Mount, Network};
use team6_sandbox::{Launcher, Reach, TreeMark};
use tokio::io::AsyncReadExt;

use crate::scene::DEADLINE;
use crate::setting::{Setting, Way, address, was_connected};
use crate::trial::{Effect, Outcome, Probe, probe};
use crate::words;

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Shows, Tells};
    let mut all = vec![
        probe("a port of the machine's loopback", Shows(tcp), |s| {
            words!["connect", address(Some(&s.tcp))]
        }),
        probe("the same by IPv6", Shows(tcp6), |s| {
            words!["connect", address(s.tcp6.as_ref())]
        })
        .on_some_machines(),
        probe("a port at the machine's own address", Shows(own_tcp), |s| {
            words!["connect", s.own_address()]
        })
        .on_some_machines(),
        probe("a datagram to the machine", Shows(udp), |s| {
            words!["send", s.udp.local_addr().unwrap()]
        }),
        probe("an abstract socket", Shows(accepted), |s| {
            words!["connect-abstract", s.abstract_name()]
        }),
        probe("a socket at a path", Shows(accepted), |s| {
            words!["connect-path", s.path("run/socket")]
        }),
        probe("a descriptor handed over by an abstract socket", Tells, |s| {
            words!["connect-abstract", s.abstract_name()]
        }),
        probe("a descriptor handed over by a socket at a path", Tells, |s| {
            words!["connect-path", s.path("run/socket")]
        }),
        probe("changing addresses", Gets, |_| words!["change-routes"]).only_root(),
    ];
    for family in ["raw", "packet"] {
        all.push(probe(format!("a {family} socket"), Gets, move |_| words!["socket", family]).only_root());
    }
    for family in ["vsock", "alg", "tipc", "xdp"] {
        let socket = probe(format!("a {family} socket"), Gets, move |_| words!["socket", family]);
        all.push(if family == "xdp" {
            socket.only_root().on_some_machines()
        } else {
            socket.on_some_machines()
        });
    }
    all
}

fn tcp(s: &Setting, _: &Outcome) -> bool {
    was_connected(Some(&s.tcp))
}

fn tcp6(s: &Setting, _: &Outcome) -> bool {
    was_connected(s.tcp6.as_ref())
}

fn own_tcp(s: &Setting, _: &Outcome) -> bool {
    was_connected(s.own_tcp.as_ref())
}

fn udp(s: &Setting, _: &Outcome) -> bool {
    s.udp.recv(&mut [0; 16]).is_ok()
}

fn accepted(s: &Setting, _: &Outcome) -> bool {
    s.accepted.load(Ordering::SeqCst) > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_proxy_a_sandbox_reaches_the_proxy_and_nothing_else() {
    let setting = Setting::new(Way::Root, false);
    let socket = setting.place.path().join("mirror/proxy");
    let listener = UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let proxy = std::thread::spawn(move || {
        // Once as a proxy is spoken to, once by a forward.
        let mut heard = Vec::new();
        for _ in 0..2 {
            let (mut there, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(there.try_clone().unwrap());
            let mut line = || {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                line
            };
            heard.push(line());
            if heard.last().unwrap().starts_with("CONNECT ") {
                while line().trim() != "" {}
                there.write_all(b"HTTP/1.1 200 yes\r\n\r\n").unwrap();
                heard.push(line());
            }
            there.write_all(b"from the proxy").unwrap();
        }
        heard
    });
    let ask = async |arguments: Vec<String>| {
        let mut spec = setting.spec(&arguments, Default::default());
        let Reach::Confined(confinement) = &mut spec.reach else {
            panic!("a sandbox");
        };
        confinement.network = Network::Proxy {
            socket: "/mirror/proxy".into(),
            port: 3128,
            forwards: vec![Forward {
                port: 8080,
                to: "example.com:443".into(),
            }],
        };
        assert!(
            confinement
                .view
                .iter()
                .any(|mount| matches!(mount, Mount::ReadOnly { .. }))
        );
        run(&setting.launcher(), spec).await
    };
    let said = ask(words!["connect", "127.0.0.1:3128"]).await;
    assert!(said.contains("from the proxy"), "{said}");
    let said = ask(words!["connect", "127.0.0.1:8080"]).await;
    assert!(said.contains("from the proxy"), "{said}");
    let heard = proxy.join().unwrap();
    assert_eq!(heard[0], "hello\n");
    assert_eq!(heard[1], "CONNECT example.com:443 HTTP/1.1\r\n");
    assert_eq!(heard[2], "hello\n");

    ask(words!["connect", address(Some(&setting.tcp))]).await;
    ask(words!["connect", setting.own_address()]).await;
    ask(words!["send", setting.udp.local_addr().unwrap()]).await;
    ask(words!["connect-abstract", setting.abstract_name()]).await;
    assert!(!was_connected(Some(&setting.tcp)) && !was_connected(setting.own_tcp.as_ref()));
    assert!(setting.udp.recv(&mut [0; 16]).is_err());
    assert_eq!(setting.accepted.load(Ordering::SeqCst), 0);
}

async fn run(launcher: &Launcher, spec: team6_sandbox::ProcessSpec) -> String {
    let mark = TreeMark::new(format!("proxy-{}", std::process::id()), "s1-a1").unwrap();
    let mut tree = launcher.spawn(spec, &mark).await.unwrap();
    let mut said = String::new();
    let mut stdout = tree.stdout.take().unwrap();
    tokio::time::timeout(DEADLINE, stdout.read_to_string(&mut said))
        .await
        .expect("an end in time")
        .unwrap();
    tree.end(DEADLINE).await;
    said
}

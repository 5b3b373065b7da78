//! Memory and queues that others left for others.

use crate::{number, refused, text};

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    match (name, arguments) {
        ("read-shared-memory", [key]) => read_shared_memory(i32::try_from(number(key)).unwrap()),
        ("read-messages", [key]) => read_messages(i32::try_from(number(key)).unwrap()),
        ("read-posix-messages", [name]) => read_posix_messages(name),
        // What the victims of the tests are given.
        ("leave", [key, name]) => leave(i32::try_from(number(key)).unwrap(), name),
        ("take-away", [key, name]) => take_away(i32::try_from(number(key)).unwrap(), name),
        _ => return false,
    }
    true
}

fn print(some: &[u8]) {
    println!("{}", String::from_utf8_lossy(some).replace('\0', ""));
}

fn read_shared_memory(key: i32) {
    // SAFETY: a segment that is attached has at least the size that was asked for.
    unsafe {
        let segment = libc::shmget(key, 64, 0);
        let at = libc::shmat(segment, std::ptr::null(), libc::SHM_RDONLY);
        if segment == -1 || at.addr() == usize::MAX {
            refused("shared memory");
            return;
        }
        print(std::slice::from_raw_parts(at.cast(), 64));
    }
}

#[repr(C)]
struct Message {
    kind: i64,
    text: [u8; 64],
}

fn read_messages(key: i32) {
    let mut message = Message { kind: 0, text: [0; 64] };
    // SAFETY: the message has the room that it says.
    unsafe {
        let queue = libc::msgget(key, 0);
        if libc::msgrcv(queue, (&raw mut message).cast(), 64, 0, libc::IPC_NOWAIT) == -1 {
            refused("message queue");
        }
    }
    print(&message.text);
}

fn read_posix_messages(name: &str) {
    let mut some = [0_u8; 64];
    // SAFETY: the buffer has the length that it says.
    unsafe {
        let queue = libc::mq_open(text(name).as_ptr(), libc::O_RDONLY | libc::O_NONBLOCK);
        if libc::mq_receive(queue, some.as_mut_ptr().cast(), some.len(), std::ptr::null_mut()) == -1 {
            refused("posix message queue");
        }
    }
    print(&some);
}

fn leave(key: i32, name: &str) {
    let secret = std::env::var("SECRET").unwrap();
    let mut message = Message { kind: 1, text: [0; 64] };
    message.text[..secret.len()].copy_from_slice(secret.as_bytes());
    // SAFETY: buffers have the lengths that they say.
    unsafe {
        let segment = libc::shmget(key, 64, libc::IPC_CREAT | 0o666);
        let at = libc::shmat(segment, std::ptr::null(), 0);
        std::ptr::copy_nonoverlapping(message.text.as_ptr(), at.cast(), 64);
        let queue = libc::msgget(key, libc::IPC_CREAT | 0o666);
        libc::msgsnd(queue, (&raw const message).cast(), 64, libc::IPC_NOWAIT);
        let mut attributes: libc::mq_attr = std::mem::zeroed();
        attributes.mq_maxmsg = 1;
        attributes.mq_msgsize = 64;
        let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_NONBLOCK;
        let queue = libc::mq_open(text(name).as_ptr(), flags, 0o666, &raw mut attributes);
        libc::mq_send(queue, message.text.as_ptr().cast(), 64, 0);
    }
}

fn take_away(key: i32, name: &str) {
    // SAFETY: plain calls.
    unsafe {
        libc::shmctl(libc::shmget(key, 64, 0), libc::IPC_RMID, std::ptr::null_mut());
        libc::msgctl(libc::msgget(key, 0), libc::IPC_RMID, std::ptr::null_mut());
        libc::mq_unlink(text(name).as_ptr());
    }
}

//! Staying behind when everything should have ended.
//!
//! What stays holds a lock on a file, so that others can tell without looking at the clock whether anything stayed.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, IntoRawFd};

pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    let ("stay", [how, lock, keep]) = (name, arguments) else {
        return false;
    };
    let file = File::create(lock).unwrap();
    // SAFETY: plain calls; the lock is shared by all children.
    unsafe {
        assert_eq!(libc::flock(file.into_raw_fd(), libc::LOCK_EX), 0);
        let (done, tell) = std::io::pipe().unwrap();
        if libc::fork() == 0 {
            libc::setsid();
            let daemon = libc::fork();
            if daemon != 0 {
                libc::_exit(0);
            }
            stay(how, keep == &"pipes", tell.as_raw_fd());
        }
        drop(tell);
        let mut said = [0; 4];
        let mut done = done;
        done.read_exact(&mut said).unwrap();
        println!("left {}", i32::from_ne_bytes(said));
        if *how == "beside" {
            // The program itself stays as well.
            loop {
                libc::pause();
            }
        }
    }
    true
}

/// Does not end unless it is made to.
unsafe fn stay(how: &str, keep_pipes: bool, tell: i32) -> ! {
    // SAFETY: plain calls.
    unsafe {
        for signal in 1..=64 {
            if how != "plain" {
                libc::signal(signal, libc::SIG_IGN);
            }
        }
        // Nothing tells that it belongs to the tree any more.
        libc::clearenv();
        let me = libc::getpid();
        libc::write(tell, (&raw const me).cast(), 4);
        libc::close(tell);
        if !keep_pipes {
            for descriptor in 0..3 {
                libc::close(descriptor);
            }
        }
        if how == "stopped" {
            libc::raise(libc::SIGSTOP);
        }
        loop {
            libc::pause();
        }
    }
}

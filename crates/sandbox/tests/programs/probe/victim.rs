//! The process that is attacked: it holds a secret in its environment, its memory, a file and a keyring.

use std::fs::File;
use std::io::Read;

use crate::{kernel, text};

/// Prints where in its memory the secret lies, and a descriptor of a file that holds it; is there until its stdin ends.
pub(crate) fn run(name: &str, arguments: &[&str]) -> bool {
    let ("victim", [file, key]) = (name, arguments) else {
        return false;
    };
    let secret = std::env::var("SECRET").unwrap();
    let held = File::open(file).unwrap();
    kernel::add_key(key, &secret);
    // Where the machine lets only parents trace, anybody may.
    // SAFETY: plain calls.
    unsafe {
        libc::prctl(libc::PR_SET_PTRACER, -1_i64);
    }
    let kept = text(&secret);
    println!("{} {}", kept.as_ptr().addr(), std::os::fd::AsRawFd::as_raw_fd(&held));
    let _ = std::io::stdin().read(&mut [0]);
    drop((kept, held));
    true
}

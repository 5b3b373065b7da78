//! What a hostile agent might try, one attempt a call: `team6-probe NAME ARGUMENT...`.
//!
//! It makes the system calls itself, so that nothing depends on tools that a machine has or lacks. It knows everything
//! that an attacker could have learnt (paths, process ids, ports) but no secret: those it can only find. What it gets
//! hold of it prints, and `GOT` for what has no content to print.
#![allow(unsafe_code, reason = "attacks are made of raw system calls")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a program of the tests"
)]

mod files;
mod filling;
mod ipc;
mod isolation;
mod kernel;
mod namespaces;
mod network;
mod processes;
mod rights;
mod staying;
mod victim;

use std::ffi::CString;
use std::io;

fn main() {
    let all: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, arguments)) = all.split_first() else {
        panic!("which probe?");
    };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let of_a_kind = [
        files::run,
        filling::run,
        ipc::run,
        isolation::run,
        kernel::run,
        namespaces::run,
        network::run,
        processes::run,
        rights::run,
        staying::run,
        victim::run,
    ];
    assert!(
        of_a_kind.iter().any(|run| run(name, &arguments)),
        "there is no probe {name}"
    );
}

/// Prints `GOT` if a system call did what it was asked for.
fn got(what: &str, result: i64) {
    match result {
        -1 => refused(what),
        _ => println!("GOT {what}"),
    }
}

/// Prints `GOT` if a call with senseless arguments got as far as looking at them.
fn got_past_the_guard(what: &str, result: i64) {
    let refusals = [libc::EPERM, libc::EACCES, libc::ENOSYS, libc::EOPNOTSUPP];
    let error = io::Error::last_os_error().raw_os_error();
    match result == -1 && error.is_some_and(|error| refusals.contains(&error)) {
        true => refused(what),
        false => println!("GOT {what}"),
    }
}

fn refused(what: &str) {
    println!("refused: {what}: {}", io::Error::last_os_error());
}

fn text(of: &str) -> CString {
    CString::new(of).unwrap()
}

fn number(of: &str) -> i64 {
    of.parse().unwrap()
}

fn pid(of: &str) -> i32 {
    of.parse().unwrap()
}

/// Whether this runs in a sandbox, where it may try what would harm a machine.
fn in_a_sandbox() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/hostname").is_ok_and(|name| name.trim() == "sandbox")
}

/// The processes to attack: those that are named, and in a sandbox all that can be seen, init above all.
fn targets(named: &[&str]) -> Vec<i32> {
    let mut pids: Vec<i32> = named.iter().map(|name| pid(name)).collect();
    if in_a_sandbox() {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        pids.extend(all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()));
        pids.push(1);
    }
    let me = std::process::id().cast_signed();
    pids.retain(|pid| *pid != me);
    pids
}

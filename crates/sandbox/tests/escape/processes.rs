//! Reading, changing and ending processes that are not the agent's.

use std::process::Command;

use team6_sandbox::How;

use crate::setting::{LONER, Setting, Way};
use crate::trial::{Effect, Outcome, Probe, probe};
use crate::words;

pub(crate) fn probes() -> Vec<Probe> {
    use Effect::{Gets, Shows, Tells};
    vec![
        probe("another's environment", Tells, |s| {
            words!["read-of", "environ", s.victim.pid()]
        }),
        probe("the engine's environment", Shows(knows_the_engine), |_| {
            words!["read-of", "environ", std::process::id()]
        })
        .only_root(),
        probe("the map of another's memory", Shows(knows_addresses), |s| {
            words!["read-of", "maps", s.victim.pid()]
        }),
        probe("another's memory", Tells, |s| {
            words!["read-memory", s.victim.pid(), s.victim.address]
        }),
        probe("another's memory by a call", Tells, |s| {
            words!["read-memory-by-call", s.victim.pid(), s.victim.address]
        }),
        probe("tracing another", Tells, |s| {
            words!["trace", s.victim.pid(), s.victim.address]
        }),
        probe("tracing the first process", Gets, |s| match s.open {
            true => words!["seize", s.victim.pid()],
            false => words!["seize"],
        }),
        probe("ending another", Shows(victim_gone), |s| {
            words!["signal", "kill", s.victim.pid()]
        }),
        probe("stopping another", Shows(victim_stopped), |s| {
            words!["signal", "stop", s.victim.pid()]
        }),
        probe("ending another by a descriptor", Shows(victim_gone), |s| {
            words!["signal-by-descriptor", s.victim.pid()]
        }),
        probe("ending the first process", Shows(broke_off), |s| match s.open {
            true => words!["signal", "kill", s.victim.pid()],
            false => words!["signal-init"],
        }),
        probe("ending the supervisor", Shows(without_a_supervisor), |_| {
            words!["signal-parents"]
        }),
        probe("slowing another down", Shows(victim_slow), |s| {
            words!["slow-down", s.victim.pid()]
        }),
        probe("limiting another", Shows(victim_limited), |s| {
            words!["limit", s.victim.pid()]
        }),
        probe("another's descriptors by a call", Tells, |s| {
            words!["take-descriptor", s.victim.pid(), s.victim.descriptor]
        }),
        probe("comparing with another", Gets, |s| words!["compare", s.victim.pid()]).on_some_machines(),
        probe("taking the processor from others", Gets, |_| words!["steal-time", 0]).only_root(),
        probe("being the last to be ended for memory", Shows(spared), |_| {
            words!["write-to-spare", "/proc/self/oom_score_adj"]
        })
        .only_root()
        .on_some_machines(),
        probe("another's shared memory", Tells, |s| {
            s.leave_messages();
            words!["read-shared-memory", s.ipc_key()]
        }),
        probe("another's messages", Tells, |s| {
            s.leave_messages();
            words!["read-messages", s.ipc_key()]
        }),
        probe("another's posix messages", Tells, |s| {
            s.leave_messages();
            words!["read-posix-messages", s.queue_name()]
        }),
        probe("another's memory files", Tells, |s| {
            let file = shared_file(s);
            words!["read", file]
        }),
    ]
}

#[tokio::test]
async fn ending_everybody_ends_nobody_outside() {
    if !rustix::process::geteuid().is_root() {
        println!("not shown here: only root can be a user that nobody else is");
        return;
    }
    let everybody = probe("ending everybody", Effect::Shows(victim_gone), |_| {
        words!["signal-everybody", LONER]
    });
    let (through, seen) = everybody.attempt(Way::Alone, true).await;
    assert!(through, "{seen}");
    for way in [Way::Alone, Way::Root, Way::RootAsItself] {
        let (through, seen) = everybody.attempt(way, false).await;
        assert!(!through, "{way:?}: {seen}");
    }
}

fn knows_the_engine(_: &Setting, outcome: &Outcome) -> bool {
    let environment = std::fs::read("/proc/self/environ").unwrap();
    let environment = String::from_utf8_lossy(&environment).replace('\0', "\n");
    outcome.said.contains(environment.trim())
}

fn knows_addresses(s: &Setting, outcome: &Outcome) -> bool {
    s.victim.status("maps").lines().any(|line| outcome.said.contains(line))
}

fn victim_gone(s: &Setting, _: &Outcome) -> bool {
    s.victim.is_gone()
}

fn victim_stopped(s: &Setting, _: &Outcome) -> bool {
    s.victim.status("status").contains("T (stopped)")
}

fn broke_off(s: &Setting, outcome: &Outcome) -> bool {
    s.victim.is_gone() || !outcome.said.contains("still here")
}

fn without_a_supervisor(_: &Setting, outcome: &Outcome) -> bool {
    outcome.ended.how == How::Swept
}

fn victim_slow(s: &Setting, _: &Outcome) -> bool {
    // The 19th field is the niceness; the name before it holds no space.
    s.victim.status("stat").split(' ').nth(18) == Some("15")
}

fn victim_limited(s: &Setting, _: &Outcome) -> bool {
    let limits = s.victim.status("limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    files.is_some_and(|line| line.contains(" 77 "))
}

fn spared(_: &Setting, outcome: &Outcome) -> bool {
    outcome.said.contains("now -500")
}

/// In `/dev/shm`, for the user of the tree; taken away by whoever looks next.
fn shared_file(s: &Setting) -> String {
    let path = format!("/dev/shm/{}", s.key_name());
    let copied = Command::new("cp")
        .args(["--preserve=all", &s.path("secret"), &path])
        .status();
    assert!(copied.unwrap().success());
    path
}

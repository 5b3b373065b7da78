//! Using up what others need as well.

use team6_sandbox::reach::Limits;

use crate::UNPROVEN_AS_ROOT;
use crate::setting::{Setting, Way};
use crate::trial::{Effect, Probe, probe, try_all};
use crate::words;

const MB: u64 = 1_000_000;
/// Longer than it takes until a limit is looked at, in milliseconds.
const HOLD: u32 = 6_000;

const LIMITS: Limits = Limits {
    memory: Some(60 * MB),
    processes: Some(50),
    open_files: None,
    file_size: Some(100 * MB),
    cpu_seconds: None,
    disk: Some(20 * MB),
};

fn probes() -> Vec<Probe> {
    // Amounts in megabytes, or in pieces.
    let attacks = [
        ("a file", "disk", 40),
        ("a file without a name", "unlinked", 40),
        ("a folder that cannot be looked into", "hidden", 40),
        ("folders too deep to be named", "deep", 40),
        ("files with nothing in them", "files", 8_000),
        ("a file larger than any may be", "huge-file", 200),
        ("memory", "memory", 90),
        ("a file in memory", "memory-file", 90),
        ("memory that nobody has", "shared-memory", 300),
        ("names in memory", "memory-files", 20_000),
        ("processes", "processes", 100),
    ];
    let filling = attacks.map(|(name, attack, amount)| {
        let arguments = move |s: &Setting| words!["fill", attack, amount, if s.open { 0 } else { HOLD }];
        probe(name, Effect::Gets, arguments).limited(LIMITS)
    });
    filling.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_used_up_beyond_its_limit() {
    // The kernel counts no processes of root, which is why this is one thing less of that way.
    let ways: &[Way] = match rustix::process::geteuid().is_root() {
        true => &[Way::Root, Way::Ordinary],
        false => &[Way::Ordinary],
    };
    try_all(probes(), ways).await.holds(UNPROVEN_AS_ROOT);
}

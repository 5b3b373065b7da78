//! What a hostile agent tries, each time without a sandbox, where it must work, and in one, where it must not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

mod files;
mod filling;
mod kernel;
mod namespaces;
mod network;
mod processes;
mod programs;
mod rights;
#[path = "../scene/mod.rs"]
mod scene;
mod setting;
mod staying;
mod trial;
mod victim;

use setting::Way;
use trial::{Probe, try_all};

/// How many probes may not be shown to be attacks, for want of kernels that have everything switched on.
const UNPROVEN_AS_ROOT: usize = 16;
/// The same where the tests themselves are an ordinary user's.
const UNPROVEN_AS_ORDINARY: usize = 50;

/// Arguments of a probe, each shown as text.
macro_rules! words {
    ($($word:expr),* $(,)?) => { vec![$($word.to_string()),*] };
}
pub(crate) use words;

fn all() -> Vec<Probe> {
    let mut all = files::probes();
    all.extend(processes::probes());
    all.extend(namespaces::probes());
    all.extend(kernel::probes());
    all.extend(rights::probes());
    all.extend(network::probes());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_an_agent_tries_reaches_out_of_its_sandbox() {
    let (ways, unproven): (&[Way], _) = match rustix::process::geteuid().is_root() {
        true => (&[Way::Root, Way::RootAsItself, Way::Ordinary], UNPROVEN_AS_ROOT),
        false => (&[Way::Ordinary], UNPROVEN_AS_ORDINARY),
    };
    let mut probes = all();
    let count = probes.len();
    if let Ok(only) = std::env::var("TEAM6_PROBE") {
        probes.retain(|probe| probe.name.contains(&only));
    }
    println!("{count} probes");
    assert!(count >= 45, "{count}");
    try_all(probes, ways).await.holds(unproven);
}

//! A million steps of simulated sprints. `TEAM6_SIM_STEPS` asks for more, `TEAM6_SIM_SEED` for one seed again.

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn a_million_steps_hold_every_invariant() {
    if let Some(seed) = number("TEAM6_SIM_SEED") {
        let outcome = team6_sim::History::play(seed).unwrap_or_else(|violation| panic!("{violation}"));
        println!("{outcome:?}");
        return;
    }
    let steps = number("TEAM6_SIM_STEPS").unwrap_or(1_000_000);
    let report = team6_sim::run(1, steps).unwrap_or_else(|violation| panic!("{violation}"));
    println!("{report:?}");
    // Histories that end early, never crash or never finish would prove little.
    let enough = report.histories > steps / 1_000 && report.crashes > steps / 1_000 && report.finished > steps / 2_000;
    assert!(enough, "{report:?}");
}

//! The deterministic simulator: a whole engine around the real core, on a virtual clock, with everything that goes
//! wrong in the world drawn from one seed.
//!
//! A history is one sprint from goal to end. The engine may crash between any two steps and starts again from its
//! log; messages of workers are lost, repeated, reordered and late; people do what people do. After every step the
//! invariants are checked. A seed that fails is printed, and plays exactly the same again.

mod checks;
mod forge;
mod invariants;
mod log;
mod mood;
mod people;
mod plans;
mod queue;
mod spending;
mod worker;
mod world;

pub use invariants::Violation;
pub use world::{History, Outcome};

/// What a run of many histories found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many histories were played.
    pub histories: u64,
    /// How many steps they had together.
    pub steps: u64,
    /// How many commands were refused.
    pub refused: u64,
    /// How often the engine crashed.
    pub crashes: u64,
    /// How many attempts were made.
    pub attempts: u64,
    /// How many sprints ended with every task done or cancelled.
    pub finished: u64,
}

/// Plays histories from `seed` on until `steps` steps are done, or an invariant does not hold.
pub fn run(seed: u64, steps: u64) -> Result<Report, Violation> {
    let mut report = Report::default();
    let mut next = seed;
    while report.steps < steps {
        let outcome = History::play(next)?;
        report.histories += 1;
        report.steps += outcome.steps;
        report.refused += outcome.refused;
        report.crashes += outcome.crashes;
        report.attempts += outcome.attempts;
        report.finished += u64::from(outcome.finished);
        next += 1;
    }
    Ok(report)
}

//! What is frequent in a history. Some bugs show only where people are slow, others only where they meddle, so no two
//! histories have the same shares.

use fastrand::Rng;

/// The shares of what happens, in hundredths of all steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mood {
    /// Somebody tries what may not be theirs, where a decision is due.
    pub(crate) tempted: u8,
    /// Somebody does what waits for them.
    pub(crate) sensible: u8,
    /// Somebody pushes to a base.
    pub(crate) pushes: u8,
}

impl Mood {
    pub(crate) fn drawn(rng: &mut Rng) -> Self {
        let mut one_of = |shares: [u8; 3]| shares[rng.usize(0..3)];
        Self {
            tempted: one_of([2, 5, 15]),
            sensible: one_of([4, 12, 20]),
            pushes: one_of([1, 1, 6]),
        }
    }
}

//! What is frequent in a history. Some bugs show only where people are slow, others only where they meddle, so no two
//! histories have the same shares.

use fastrand::Rng;

/// What kind of time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Everything goes wrong, and people do what they like.
    Wild,
    /// Workers and agents are well. What becomes of their work is disputed: the forge refuses, and there is something else.
    Disputed(Dispute),
    /// Everything works, and people do what is asked of them.
    Calm,
}

/// What else there is in a disputed time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dispute {
    /// Somebody tries what may not be theirs wherever a decision is due.
    Decisions,
    /// Others push to the bases again and again, while hardly anybody decides anything.
    Bases,
}

impl Weather {
    /// Whether workers, checks and the engine are well.
    pub(crate) fn is_fair(self) -> bool {
        self != Self::Wild
    }
}

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

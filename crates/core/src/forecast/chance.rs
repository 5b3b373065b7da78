//! Drawing by lot from what was seen, without more trust in it than its number deserves.

use crate::failure::scatter;

/// How far around what was seen is drawn, for a single sight; with more it narrows as kernels do (Silverman, 1986).
const SMOOTH: f64 = 0.7;

/// How far a team of which nothing was seen may be from what is taken for seen, and how many sights halve that.
const TEAM: f64 = 0.8;
const FEW: f64 = 4.0;

/// Numbers by lot, the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The lots of one run.
    pub(super) fn new(seed: u64, run: u64) -> Self {
        Self(scatter(seed ^ scatter(run)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scatter(self.0)
    }

    /// A number above 0 and up to 1.
    pub(super) fn share(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
        let drawn = ((self.next() >> 11) + 1) as f64;
        drawn / (1_u64 << 53) as f64
    }

    /// A number around 0, spread normally (Box and Muller, 1958).
    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// A factor around 1 for something drawn from `seen` values: what was seen stands for what lies near it, too, and
    /// nearer the more was seen. Without it nothing could ever last longer than the longest that was seen.
    pub(super) fn near(&mut self, seen: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a short list")]
        let width = SMOOTH * (seen.max(1) as f64).powf(-0.2);
        (width * self.normal()).exp()
    }

    /// A factor around 1 for all of a run, after so many sights of a team: few of them may show it at its best or worst.
    pub(super) fn team(&mut self, seen: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a short list")]
        let unknown = FEW / (FEW + seen as f64);
        (TEAM * unknown * self.normal()).exp()
    }

    fn exponential(&mut self) -> f64 {
        -self.share().ln()
    }
}

/// What was seen, with the weights of one run (Rubin's Bayesian bootstrap, 1981): each run takes the world to be another
/// one in which the same could have been seen. Few sights leave many worlds, so the range is wide; many leave one.
#[derive(Debug, Clone)]
pub(super) struct Seen<T> {
    values: Vec<T>,
    /// The sums of the weights up to each value.
    sums: Vec<f64>,
}

impl<T: Copy> Seen<T> {
    /// The weights of a run.
    pub(super) fn new(values: Vec<T>, chance: &mut Chance) -> Self {
        let mut sum = 0.0;
        let sums = values
            .iter()
            .map(|_| {
                sum += chance.exponential();
                sum
            })
            .collect();
        Self { values, sums }
    }

    /// One of them.
    pub(super) fn one(&self, chance: &mut Chance) -> Option<T> {
        let all = self.sums.last()?;
        let at = chance.share() * all;
        let place = self.sums.partition_point(|sum| *sum < at);
        self.values.get(place.min(self.values.len() - 1)).copied()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// All weights together.
    pub(super) fn weight(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }
}

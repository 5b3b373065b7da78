//! A line of the table.

use std::time::Duration;

/// What was measured of one thing.
pub struct Row {
    pub what: String,
    pub measured: String,
    pub target: String,
    /// Beside the physical limit, or what a user would pick instead, in the same run.
    pub beside: String,
    pub missed: bool,
}

impl Row {
    /// Times that must stay below a target.
    pub fn times(what: &str, times: &mut [Duration], below: Duration) -> Self {
        let (median, high) = (percentile(times, 50), percentile(times, 99));
        Self {
            what: what.into(),
            measured: format!("median {}, p99 {}", shown(median), shown(high)),
            target: format!("below {}", shown(below)),
            beside: String::new(),
            missed: median >= below,
        }
    }

    pub fn beside(mut self, text: impl Into<String>) -> Self {
        self.beside = text.into();
        self
    }
}

/// The time below which a part of all times lies.
pub fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

/// A time with three digits.
pub fn shown(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        0.0..1_000.0 => format!("{micros:.1} µs"),
        1_000.0..1_000_000.0 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// The table in Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from("| What | Measured | Target | Beside |\n|---|---|---|---|\n");
    for row in rows {
        let target = if row.missed {
            format!("**{} (missed)**", row.target)
        } else {
            row.target.clone()
        };
        text.push_str(&format!(
            "| {} | {} | {target} | {} |\n",
            row.what, row.measured, row.beside
        ));
    }
    text
}

//! Times as people say them.

use std::time::Duration;

use jiff::Timestamp as Now;
use team6_core::time::Timestamp;

fn now() -> Timestamp {
    Timestamp(Now::now().as_millisecond())
}

/// How long ago a time was, such as `3 min ago`.
pub(crate) fn ago(time: Timestamp) -> String {
    match span(now().since(time)).as_str() {
        "0 s" => "just now".into(),
        span => format!("{span} ago"),
    }
}

/// How far ahead a time is, such as `in 2 h`; `now` if it is past.
pub(crate) fn until(time: Timestamp) -> String {
    match time.since(now()) {
        Duration::ZERO => "now".into(),
        ahead => format!("in {}", span(ahead)),
    }
}

/// A span of time in its largest unit.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The time of the day where the reader is.
pub(crate) fn clock(milliseconds: i64) -> String {
    let time = Now::from_millisecond(milliseconds).unwrap_or_default();
    let zone = jiff::tz::TimeZone::system();
    time.to_zoned_datetime(zone).strftime("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        let told = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 9_000_000].map(|s| span(Duration::from_secs(s)));
        assert_eq!(told, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "104 d"]);
    }

    #[test]
    fn a_time_on_the_wrong_side_is_no_trouble() {
        assert_eq!(ago(Timestamp(i64::MAX)), "just now");
        assert_eq!(until(Timestamp(i64::MIN)), "now");
    }
}

//! A moment as a person types it: a date, a time, or how long ago.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// Reads `2026-03-02T08:00:00Z`, `2026-03-02 08:00` or `2026-03-02` (both in this machine's time zone), or `2h` for two
/// hours ago.
pub fn parse(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(at) = text.parse::<civil::DateTime>() {
        return TimeZone::system().to_timestamp(at).map_err(|error| error.to_string());
    }
    if let Ok(ago) = text.trim_end_matches(" ago").parse::<SignedDuration>() {
        return Timestamp::now().checked_sub(ago).map_err(|error| error.to_string());
    }
    Err(format!(
        "'{text}' is no moment; write it as 2026-03-02T08:00:00Z, 2026-03-02 08:00, or 2h for two hours ago"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_how_long_ago() {
        assert_eq!(parse("2026-03-02T08:00:00Z").unwrap().to_string(), "2026-03-02T08:00:00Z");
        assert!(parse("2026-03-02 08:00").is_ok());
        assert!(parse("2026-03-02").is_ok());
        let then = parse("2h").unwrap();
        let ago = Timestamp::now().duration_since(then);
        assert!((7_200..7_260).contains(&ago.as_secs()), "{ago}");
        assert!(parse("soon").unwrap_err().contains("2h"));
    }
}

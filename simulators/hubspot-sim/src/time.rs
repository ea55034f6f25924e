//! Moments as the API writes and reads them: milliseconds since 1970, ISO 8601 in UTC.

use jiff::Timestamp;
use jiff::civil::Date;

const DAY: i64 = 86_400_000;

/// The moment as Java's `Instant` prints it, which is what the API shows: milliseconds only when there are any.
pub(crate) fn iso(ms: i64) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    if ms.rem_euclid(1000) == 0 { format!("{moment:.0}") } else { format!("{moment:.3}") }
}

/// The calendar day, in UTC.
pub(crate) fn day(ms: i64) -> String {
    iso(ms).get(..10).unwrap_or_default().to_owned()
}

/// Reads a moment: epoch milliseconds, ISO 8601 with an offset, or a day (midnight UTC).
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return Timestamp::from_millisecond(ms).ok().map(|_| ms);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    parse_day(text)
}

/// Reads `YYYY-MM-DD` as midnight UTC.
pub(crate) fn parse_day(text: &str) -> Option<i64> {
    if text.len() != 10 {
        return None;
    }
    let date: Date = text.parse().ok()?;
    let moment =
        jiff::tz::TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
    Some(moment.as_millisecond())
}

/// Whether the moment is midnight UTC.
pub(crate) fn is_midnight(ms: i64) -> bool {
    ms.rem_euclid(DAY) == 0
}

/// The number of the day, counted in UTC.
pub(crate) fn day_number(ms: i64) -> i64 {
    ms.div_euclid(DAY)
}

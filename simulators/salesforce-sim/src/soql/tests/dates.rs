use super::*;
use crate::soql::dates;

#[test]
fn a_hand_written_reader_agrees_with_the_calendar() {
    for text in [
        "1970-01-01T00:00:00.000+0000",
        "2000-02-29T23:59:59.999+0000",
        "1900-03-01T00:00:00.000+0000",
        "2026-11-24T12:34:56.789+0530",
        "2026-11-24T12:34:56-08:00",
        "0001-01-01T00:00:00Z",
        "9999-12-29T23:59:59Z",
    ] {
        let expected: Timestamp = jiff::fmt::strtime::parse(
            "%Y-%m-%dT%H:%M:%S%.f%z",
            text.replace('Z', "+0000").replace("-08:00", "-0800"),
        )
        .and_then(|parsed| parsed.to_timestamp())
        .unwrap();
        assert_eq!(dates::millis(text), Some(expected.as_millisecond()), "{text}");
    }
    for text in [
        "",
        "2026-11-24",
        "2026-13-24T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T00:00:00",
        "ÄÖÜ6-11-24T00:00:00Z",
    ] {
        assert_eq!(dates::millis(text), None, "{text}");
    }
}

#[test]
fn words_stand_for_spans_of_days() {
    let today = "2026-11-24".parse().unwrap();
    let days = |word: &str, n: Option<i64>| {
        let (from, until) = dates::days(dates::named(word, n).unwrap(), today);
        format!("{from}..{until}")
    };
    for (word, n, expected) in [
        ("today", None, "2026-11-24..2026-11-25"),
        ("YESTERDAY", None, "2026-11-23..2026-11-24"),
        ("TOMORROW", None, "2026-11-25..2026-11-26"),
        ("THIS_WEEK", None, "2026-11-22..2026-11-29"),
        ("LAST_WEEK", None, "2026-11-15..2026-11-22"),
        ("NEXT_WEEK", None, "2026-11-29..2026-12-06"),
        ("LAST_MONTH", None, "2026-10-01..2026-11-01"),
        ("NEXT_MONTH", None, "2026-12-01..2027-01-01"),
        ("LAST_90_DAYS", None, "2026-08-26..2026-11-25"),
        ("NEXT_90_DAYS", None, "2026-11-25..2027-02-23"),
        ("THIS_QUARTER", None, "2026-10-01..2027-01-01"),
        ("LAST_QUARTER", None, "2026-07-01..2026-10-01"),
        ("NEXT_QUARTER", None, "2027-01-01..2027-04-01"),
        ("LAST_YEAR", None, "2025-01-01..2026-01-01"),
        ("THIS_FISCAL_YEAR", None, "2026-01-01..2027-01-01"),
        ("LAST_N_DAYS", Some(2), "2026-11-22..2026-11-25"),
        ("NEXT_N_DAYS", Some(2), "2026-11-25..2026-11-27"),
        ("N_DAYS_AGO", Some(2), "2026-11-22..2026-11-23"),
        ("LAST_N_WEEKS", Some(2), "2026-11-08..2026-11-22"),
        ("LAST_N_MONTHS", Some(12), "2025-11-01..2026-11-01"),
        ("N_MONTHS_AGO", Some(11), "2025-12-01..2026-01-01"),
        ("LAST_N_QUARTERS", Some(1), "2026-07-01..2026-10-01"),
        ("NEXT_N_YEARS", Some(1), "2027-01-01..2028-01-01"),
        ("LAST_N_FISCAL_YEARS", Some(2), "2024-01-01..2026-01-01"),
    ] {
        assert_eq!(days(word, n), expected, "{word}");
    }
    assert_eq!(dates::named("SOMEDAY", None), None);
    assert_eq!(dates::named("TODAY", Some(1)), None);
}

#[test]
fn spans_compare_by_their_ends() {
    assert_eq!(names("CreatedDate = TODAY"), ["O'Neil"]);
    assert_eq!(names("CreatedDate < TODAY"), ["Bee", "Sea"]);
    assert_eq!(names("CreatedDate = YESTERDAY"), ["Bee"]);
    assert_eq!(names("CreatedDate > LAST_WEEK"), ["O'Neil", "Bee"]);
    assert_eq!(names("CreatedDate >= LAST_N_DAYS:1"), ["O'Neil", "Bee"]);
    assert_eq!(names("CreatedDate > LAST_N_DAYS:1"), ["O'Neil", "Bee"]);
    assert_eq!(names("CreatedDate = THIS_MONTH").len(), 3);
    assert_eq!(names("CreatedDate > TODAY"), [""; 0]);
    assert_eq!(names("Birthdate = TODAY"), ["Sea"]);
    assert_eq!(names("Birthdate = LAST_N_YEARS:4000000000"), ["O'Neil"]);
    assert_eq!(names("CreatedDate < NEXT_N_YEARS:4000000000").len(), 3);
    assert_eq!(names("CreatedDate < 9999-12-31T23:59:59Z").len(), 3);
}

#[test]
fn parts_of_dates_compare() {
    assert_eq!(names("CALENDAR_YEAR(Birthdate) = 1990"), ["O'Neil"]);
    assert_eq!(names("DAY_ONLY(CreatedDate) = 2026-11-23"), ["Bee"]);
    assert_eq!(names("HOUR_IN_DAY(convertTimezone(CreatedDate)) = 12"), ["O'Neil"]);
    assert_eq!(names("DAY_IN_WEEK(CreatedDate) = 3"), ["O'Neil"]);
}

//! Dates: the named spans, the parts of a date, and times in wire form.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::ast::{DatePart, DateSpan, Unit};

/// The span a word stands for: `TODAY`, or with a number `LAST_N_DAYS:30`.
pub(super) fn named(word: &str, n: Option<i64>) -> Option<DateSpan> {
    let word = word.to_ascii_uppercase();
    let word = word.as_str();
    let span = |unit, first, last| Some(DateSpan { unit, first, last });
    let Some(n) = n else {
        return match word {
            "YESTERDAY" => span(Unit::Day, -1, -1),
            "TODAY" => span(Unit::Day, 0, 0),
            "TOMORROW" => span(Unit::Day, 1, 1),
            "LAST_90_DAYS" => span(Unit::Day, -90, 0),
            "NEXT_90_DAYS" => span(Unit::Day, 1, 90),
            _ => {
                let (which, unit) = word.split_once('_')?;
                let at = match which {
                    "LAST" => -1,
                    "THIS" => 0,
                    "NEXT" => 1,
                    _ => return None,
                };
                match unit {
                    "WEEK" => span(Unit::Week, at, at),
                    "MONTH" => span(Unit::Month, at, at),
                    // the fiscal year of an org starts in January until told otherwise
                    "QUARTER" | "FISCAL_QUARTER" => span(Unit::Quarter, at, at),
                    "YEAR" | "FISCAL_YEAR" => span(Unit::Year, at, at),
                    _ => None,
                }
            }
        };
    };
    let unit = |name: &str| match name {
        "DAYS" => Some(Unit::Day),
        "WEEKS" => Some(Unit::Week),
        "MONTHS" => Some(Unit::Month),
        "QUARTERS" | "FISCAL_QUARTERS" => Some(Unit::Quarter),
        "YEARS" | "FISCAL_YEARS" => Some(Unit::Year),
        _ => None,
    };
    if let Some(name) = word.strip_prefix("LAST_N_") {
        // the last days include today, the last weeks and longer do not include the current one
        let unit = unit(name)?;
        return span(unit, -n, if unit == Unit::Day { 0 } else { -1 });
    }
    if let Some(name) = word.strip_prefix("NEXT_N_") {
        return span(unit(name)?, 1, n);
    }
    let name = word.strip_prefix("N_").and_then(|rest| rest.strip_suffix("_AGO"))?;
    span(unit(name)?, -n, -n)
}

/// The first day of a span and the first day after it.
pub(super) fn days(span: DateSpan, today: Date) -> (Date, Date) {
    (start(span.unit, span.first, today), start(span.unit, span.last.saturating_add(1), today))
}

/// The first day of the step that many steps from the one `today` is in. Stops at the ends of the calendar.
fn start(unit: Unit, steps: i64, today: Date) -> Date {
    let steps = steps.clamp(-20_000, 20_000);
    match unit {
        Unit::Day => today.saturating_add(steps.days()),
        Unit::Week => {
            let sunday = today.saturating_sub(i64::from(today.weekday().to_sunday_zero_offset()).days());
            sunday.saturating_add((steps * 7).days())
        }
        Unit::Month => month(today, i64::from(today.month()) - 1 + steps),
        Unit::Quarter => month(today, (i64::from(today.month()) - 1) / 3 * 3 + steps * 3),
        Unit::Year => month(today, steps * 12),
    }
}

/// The first of a month, counted from January of today's year.
fn month(today: Date, months: i64) -> Date {
    let year = i64::from(today.year()) + months.div_euclid(12);
    let month = months.rem_euclid(12) + 1;
    let end = if months < 0 { Date::MIN } else { Date::MAX };
    let (Ok(year), Ok(month)) = (i16::try_from(year), i8::try_from(month)) else { return end };
    Date::new(year, month, 1).unwrap_or(end)
}

/// When a day begins, in milliseconds.
pub(super) fn midnight(day: Date, zone: &TimeZone) -> i64 {
    match day.to_zoned_datetime(zone.clone()) {
        Ok(zoned) => zoned.timestamp().as_millisecond(),
        Err(_) if day.year() < 1970 => i64::MIN,
        Err(_) => i64::MAX,
    }
}

/// A day as a number that sorts.
pub(super) fn ordinal(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// A date in wire form as a number that sorts.
pub(super) fn wire_day(text: &str) -> Option<i64> {
    super::literal::date(text).map(ordinal)
}

/// A datetime in wire form (or as a literal) in milliseconds. Written by hand: a scan reads one for each row.
pub(super) fn millis(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        bytes
            .get(from..to)?
            .iter()
            .try_fold(0i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day =
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let mut rest = 19;
    let mut fraction = 0;
    if bytes.get(rest) == Some(&b'.') {
        let digits = bytes.get(rest + 1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        for place in 0..3 {
            let digit = if place < digits { i64::from(bytes[rest + 1 + place] - b'0') } else { 0 };
            fraction = fraction * 10 + digit;
        }
        rest += 1 + digits;
    }
    let offset = match bytes.get(rest)? {
        b'Z' | b'z' => 0,
        sign @ (b'+' | b'-') => {
            let colon = usize::from(bytes.get(rest + 3) == Some(&b':'));
            let minutes = number(rest + 1, rest + 3)? * 60 + number(rest + 3 + colon, rest + 5 + colon)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = (days_since_1970(day) * 24 + hour) * 3600 + (minute - offset) * 60 + second;
    Some(seconds * 1000 + fraction)
}

/// Days since 1970-01-01, by the calendar's 400-year cycle.
fn days_since_1970(day: Date) -> i64 {
    // years begin in March here, so that the odd day comes last
    let month = i64::from(day.month());
    let year = i64::from(day.year()) - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day.day()) - 1;
    era * 146_097 + year * 365 + year / 4 - year / 100 + of_year - 719_468
}

/// The day of a datetime in wire form, and its hour, in the user's time zone.
pub(super) fn local(text: &str, zone: &TimeZone) -> Option<(Date, i64)> {
    if text.len() == 10 {
        return Some((super::literal::date(text)?, 0));
    }
    let zoned = Timestamp::from_millisecond(millis(text)?).ok()?.to_zoned_datetime(zone.clone());
    Some((zoned.date(), i64::from(zoned.hour())))
}

/// A part of a date as a number; of [`DatePart::DayOnly`] the [`ordinal`].
pub(super) fn part(part: DatePart, day: Date, hour: i64) -> i64 {
    match part {
        DatePart::Year => i64::from(day.year()),
        DatePart::Quarter => (i64::from(day.month()) - 1) / 3 + 1,
        DatePart::Month => i64::from(day.month()),
        DatePart::DayInMonth => i64::from(day.day()),
        DatePart::DayInWeek => i64::from(day.weekday().to_sunday_one_offset()),
        DatePart::DayInYear => i64::from(day.day_of_year()),
        DatePart::DayOnly => ordinal(day),
        DatePart::Hour => hour,
        DatePart::WeekInMonth => (i64::from(day.day()) - 1) / 7 + 1,
        DatePart::WeekInYear => (i64::from(day.day_of_year()) - 1) / 7 + 1,
    }
}

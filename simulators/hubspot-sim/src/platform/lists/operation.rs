//! What a filter asks of one property's value.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::property::value::text_of;
use crate::time;

const DAY: i64 = 86_400_000;

/// A question about a value.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    ask: Ask,
    /// What is answered for a record without a value.
    without_value: bool,
}

#[derive(Debug, Clone)]
enum Ask {
    Known(bool),
    Text { how: How, wanted: Vec<String>, yes: bool },
    Number { low: Option<(f64, bool)>, high: Option<(f64, bool)>, yes: bool },
    Choice { how: How, wanted: Vec<String>, yes: bool },
    Time { low: Option<(Point, bool)>, high: Option<(Point, bool)>, yes: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equal,
    Contains,
    Starts,
    Ends,
    AnyOf,
    AllOf,
}

/// A moment, fixed or told from now.
#[derive(Debug, Clone, Copy)]
enum Point {
    Fixed(i64),
    FromNow(i64),
    FromToday(i64),
}

impl Point {
    fn at(self, now: i64) -> i64 {
        match self {
            Self::Fixed(at) => at,
            Self::FromNow(offset) => now + offset,
            Self::FromToday(offset) => now - now.rem_euclid(DAY) + offset,
        }
    }
}

fn wrong(what: &str) -> ApiError {
    // assumed: the wording of refusals about operations
    ApiError::validation(format!("Invalid filter operation: {what}"))
}

fn whole(of: &Map<String, Value>, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or_default()
}

impl Operation {
    pub(super) fn parse(given: &Map<String, Value>) -> Result<Self, ApiError> {
        let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
        let operator = text("operator");
        let values = || -> Vec<String> {
            let many = given.get("values").and_then(Value::as_array);
            let many = many.into_iter().flatten().filter_map(text_of);
            many.chain(given.get("value").and_then(text_of)).map(|one| one.to_lowercase()).collect()
        };
        let number = |name: &str| {
            let value = given.get(name).and_then(text_of).and_then(|text| text.parse::<f64>().ok());
            value.ok_or_else(|| wrong(&format!("{name} has to be a number")))
        };
        let stamp = |name: &str| {
            let value = given.get(name).and_then(text_of).and_then(|text| time::parse(&text));
            value.map(Point::Fixed).ok_or_else(|| wrong(&format!("{name} has to be a moment")))
        };
        let unknown = || wrong(&format!("{operator} does not go with {}", text("operationType")));
        let ask = match (text("operationType"), operator) {
            ("ALL_PROPERTY", "IS_KNOWN" | "IS_NOT_BLANK") => Ask::Known(true),
            ("ALL_PROPERTY", "IS_UNKNOWN" | "IS_BLANK") => Ask::Known(false),
            ("MULTISTRING" | "STRING", operator) => {
                let (how, yes) = match operator {
                    "IS_EQUAL_TO" | "IS_EXACTLY" => (How::Equal, true),
                    "IS_NOT_EQUAL_TO" | "IS_NOT_EXACTLY" => (How::Equal, false),
                    "CONTAINS" | "CONTAINS_EXACTLY" => (How::Contains, true),
                    "DOES_NOT_CONTAIN" | "DOES_NOT_CONTAIN_EXACTLY" => (How::Contains, false),
                    "STARTS_WITH" => (How::Starts, true),
                    "ENDS_WITH" => (How::Ends, true),
                    _ => return Err(unknown()),
                };
                Ask::Text { how, wanted: values(), yes }
            }
            ("NUMBER", operator) => {
                let value = number("value")?;
                let (low, high, yes) = match operator {
                    "IS_EQUAL_TO" => (Some((value, true)), Some((value, true)), true),
                    "IS_NOT_EQUAL_TO" => (Some((value, true)), Some((value, true)), false),
                    "IS_GREATER_THAN" => (Some((value, false)), None, true),
                    "IS_GREATER_THAN_OR_EQUAL_TO" => (Some((value, true)), None, true),
                    "IS_LESS_THAN" => (None, Some((value, false)), true),
                    "IS_LESS_THAN_OR_EQUAL_TO" => (None, Some((value, true)), true),
                    _ => return Err(unknown()),
                };
                Ask::Number { low, high, yes }
            }
            ("NUMBER_RANGED", "IS_BETWEEN" | "IS_NOT_BETWEEN") => Ask::Number {
                low: Some((number("lowerBound")?, true)),
                high: Some((number("upperBound")?, true)),
                yes: operator == "IS_BETWEEN",
            },
            ("BOOL", "IS_EQUAL_TO" | "IS_NOT_EQUAL_TO") => {
                Ask::Text { how: How::Equal, wanted: values(), yes: operator == "IS_EQUAL_TO" }
            }
            ("ENUMERATION", operator) => {
                let (how, yes) = match operator {
                    "IS_ANY_OF" => (How::AnyOf, true),
                    "IS_NONE_OF" => (How::AnyOf, false),
                    "IS_EXACTLY" => (How::Equal, true),
                    "IS_NOT_EXACTLY" => (How::Equal, false),
                    "CONTAINS_ALL" => (How::AllOf, true),
                    "DOES_NOT_CONTAIN_ALL" => (How::AllOf, false),
                    _ => return Err(unknown()),
                };
                Ask::Choice { how, wanted: values(), yes }
            }
            ("TIME_POINT", "IS_AFTER" | "IS_BEFORE") => {
                let bound = Some((point(given.get("timePoint"))?, text("endpointBehavior") == "INCLUSIVE"));
                match operator {
                    "IS_AFTER" => Ask::Time { low: bound, high: None, yes: true },
                    _ => Ask::Time { low: None, high: bound, yes: true },
                }
            }
            ("TIME_RANGED", "IS_BETWEEN" | "IS_NOT_BETWEEN") => Ask::Time {
                low: Some((
                    point(given.get("lowerBoundTimePoint"))?,
                    text("lowerBoundEndpointBehavior") != "EXCLUSIVE",
                )),
                high: Some((
                    point(given.get("upperBoundTimePoint"))?,
                    text("upperBoundEndpointBehavior") != "EXCLUSIVE",
                )),
                yes: operator == "IS_BETWEEN",
            },
            ("DATETIME", "IS_AFTER" | "IS_AFTER_DATE") => {
                Ask::Time { low: Some((stamp("timestamp")?, false)), high: None, yes: true }
            }
            ("DATETIME", "IS_BEFORE" | "IS_BEFORE_DATE") => {
                Ask::Time { low: None, high: Some((stamp("timestamp")?, false)), yes: true }
            }
            ("RANGED_DATE", "IS_BETWEEN" | "IS_NOT_BETWEEN") => Ask::Time {
                low: Some((stamp("lowerBound")?, true)),
                high: Some((stamp("upperBound")?, true)),
                yes: operator == "IS_BETWEEN",
            },
            ("ROLLING_DATE_RANGE", operator) => {
                let days = whole(given, "numberOfDays") * DAY;
                let (past, ahead) = (Point::FromNow(-days), Point::FromNow(days));
                let now = Point::FromNow(0);
                let (low, high) = match operator {
                    "IS_LESS_THAN_X_DAYS_AGO" => (Some((past, true)), Some((now, true))),
                    "IS_MORE_THAN_X_DAYS_AGO" => (None, Some((past, false))),
                    "IS_LESS_THAN_X_DAYS_FROM_NOW" => (Some((now, true)), Some((ahead, true))),
                    "IS_MORE_THAN_X_DAYS_FROM_NOW" => (Some((ahead, false)), None),
                    _ => return Err(unknown()),
                };
                Ask::Time { low, high, yes: true }
            }
            ("ALL_PROPERTY" | "NUMBER_RANGED" | "BOOL" | "TIME_POINT" | "TIME_RANGED", _) => {
                return Err(unknown());
            }
            (other, _) => return Err(wrong(&format!("the operation type {other} is not served"))),
        };
        let without = given.get("includeObjectsWithNoValueSet").and_then(Value::as_bool);
        Ok(Self { ask, without_value: without.unwrap_or(false) })
    }

    pub(super) fn moves_with_time(&self) -> bool {
        let moves =
            |bound: &Option<(Point, bool)>| bound.is_some_and(|(point, _)| !matches!(point, Point::Fixed(_)));
        matches!(&self.ask, Ask::Time { low, high, .. } if moves(low) || moves(high))
    }

    pub(super) fn passes(&self, value: Option<&str>, now: i64) -> bool {
        if let Ask::Known(known) = self.ask {
            return value.is_some() == known;
        }
        let Some(value) = value else { return self.without_value };
        match &self.ask {
            Ask::Known(known) => *known,
            // assumed: texts are compared without regard to case
            Ask::Text { how, wanted, yes } => {
                let value = value.to_lowercase();
                let fits = |one: &String| match how {
                    How::Contains => value.contains(one.as_str()),
                    How::Starts => value.starts_with(one.as_str()),
                    How::Ends => value.ends_with(one.as_str()),
                    How::Equal | How::AnyOf | How::AllOf => value == *one,
                };
                wanted.iter().any(fits) == *yes
            }
            Ask::Choice { how, wanted, yes } => {
                let value = value.to_lowercase();
                let held: Vec<&str> = value.split(';').collect();
                let has = |one: &String| held.contains(&one.as_str());
                let fits = match how {
                    How::AllOf => wanted.iter().all(has),
                    How::Equal => wanted.iter().all(has) && held.len() == wanted.len(),
                    How::AnyOf | How::Contains | How::Starts | How::Ends => wanted.iter().any(has),
                };
                fits == *yes
            }
            Ask::Number { low, high, yes } => {
                let Ok(value) = value.parse::<f64>() else { return false };
                let above = low.is_none_or(|(bound, same)| value > bound || same && value >= bound);
                let below = high.is_none_or(|(bound, same)| value < bound || same && value <= bound);
                (above && below) == *yes
            }
            Ask::Time { low, high, yes } => {
                let Some(value) = time::parse(value) else { return false };
                let above =
                    low.is_none_or(|(bound, same)| value > bound.at(now) || same && value == bound.at(now));
                let below =
                    high.is_none_or(|(bound, same)| value < bound.at(now) || same && value == bound.at(now));
                (above && below) == *yes
            }
        }
    }
}

/// Reads a point in time: a date, or an offset from now or today.
fn point(given: Option<&Value>) -> Result<Point, ApiError> {
    let given = given.and_then(Value::as_object).ok_or_else(|| wrong("a time point is missing"))?;
    let field = |of: &Map<String, Value>, name: &str| whole(of, name);
    match given.get("timeType").and_then(Value::as_str) {
        Some("DATE") => {
            let small = |name: &str| i8::try_from(field(given, name)).unwrap_or_default();
            let year = i16::try_from(field(given, "year")).unwrap_or_default();
            let day = jiff::civil::Date::new(year, small("month"), small("day"))
                .map_err(|_| wrong("a time point is no date"))?;
            let zone = given.get("zoneId").and_then(Value::as_str).unwrap_or("UTC");
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let millisecond = i32::try_from(field(given, "millisecond")).unwrap_or_default();
            let moment = jiff::civil::Time::new(
                small("hour"),
                small("minute"),
                small("second"),
                millisecond.clamp(0, 999) * 1_000_000,
            )
            .map_err(|_| wrong("a time point is no time"))?;
            let at =
                zone.to_timestamp(day.to_datetime(moment)).map_err(|_| wrong("a time point is no time"))?;
            Ok(Point::Fixed(at.as_millisecond()))
        }
        Some("INDEXED") => {
            let reference = given.get("indexReference").and_then(Value::as_object);
            let empty = Map::new();
            let offset = given.get("offset").and_then(Value::as_object).unwrap_or(&empty);
            // assumed: months and years are counted as 30 and 365 days
            let days = field(offset, "days")
                + 7 * field(offset, "weeks")
                + 30 * field(offset, "months")
                + 91 * field(offset, "quarters")
                + 365 * field(offset, "years");
            let time_of = |of: &Map<String, Value>, hours: &str, minutes: &str, seconds: &str| {
                (field(of, hours) * 60 + field(of, minutes)) * 60_000 + field(of, seconds) * 1000
            };
            let offset = days * DAY + time_of(offset, "hours", "minutes", "seconds");
            match reference.and_then(|one| one.get("referenceType")).and_then(Value::as_str) {
                Some("NOW") => Ok(Point::FromNow(offset)),
                Some("TODAY") => {
                    let clock = reference.map_or(0, |one| time_of(one, "hour", "minute", "second"));
                    Ok(Point::FromToday(offset + clock))
                }
                other => Err(wrong(&format!("the reference {} is not served", other.unwrap_or_default()))),
            }
        }
        other => Err(wrong(&format!("time points of the type {} are not served", other.unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(operation: Value, value: Option<&str>) -> bool {
        let now = time::parse_day("2026-11-24").expect("a day");
        Operation::parse(operation.as_object().expect("an object")).expect("fits").passes(value, now)
    }

    #[test]
    fn operations_answer_as_described() {
        use serde_json::json;
        let text = |operator: &str| json!({"operationType":"MULTISTRING","operator":operator,"values":["Acme","Tundra"]});
        assert!(asks(text("IS_EQUAL_TO"), Some("acme")));
        assert!(asks(text("CONTAINS"), Some("The Tundra Co")));
        assert!(!asks(text("DOES_NOT_CONTAIN"), Some("The Tundra Co")));
        assert!(!asks(text("IS_NOT_EQUAL_TO"), None));
        let number = json!({"operationType":"NUMBER","operator":"IS_GREATER_THAN","value":10});
        assert!(asks(number.clone(), Some("10.5")));
        assert!(!asks(number, Some("10")));
        let none = json!({"operationType":"ENUMERATION","operator":"IS_NONE_OF","values":["a"],"includeObjectsWithNoValueSet":true});
        assert!(asks(none.clone(), None));
        assert!(!asks(none, Some("b;a")));
        let recent = json!({"operationType":"TIME_RANGED","operator":"IS_BETWEEN",
            "lowerBoundTimePoint":{"timeType":"INDEXED","indexReference":{"referenceType":"TODAY"},"offset":{"days":-7}},
            "upperBoundTimePoint":{"timeType":"INDEXED","indexReference":{"referenceType":"NOW"}}});
        assert!(asks(recent.clone(), Some("2026-11-17T00:00:00Z")));
        assert!(!asks(recent, Some("2026-11-16T23:00:00Z")));
        let after = json!({"operationType":"TIME_POINT","operator":"IS_AFTER",
            "timePoint":{"timeType":"DATE","year":2026,"month":1,"day":1,"zoneId":"Europe/Berlin"}});
        assert!(asks(after, Some("2025-12-31T23:30:00Z")));
        assert!(asks(json!({"operationType":"ALL_PROPERTY","operator":"IS_UNKNOWN"}), None));
    }
}

//! Functions of formulas that are used less often, and patterns.

use std::borrow::Cow;

use fancy_regex::Regex;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Expr, Scope, Val, day_of, eval};
use crate::geo;

/// Names, and how many arguments they take at least and at most.
pub(super) const KNOWN: [(&str, usize, usize); 27] = [
    ("ASCII", 1, 1),
    ("CHR", 1, 1),
    ("DATETIMEVALUE", 1, 1),
    ("DAYOFYEAR", 1, 1),
    ("DISTANCE", 3, 3),
    ("EXP", 1, 1),
    ("FROMUNIXTIME", 1, 1),
    ("GEOLOCATION", 2, 2),
    ("HTMLENCODE", 1, 1),
    ("INITCAP", 1, 1),
    ("ISCLONE", 0, 0),
    ("ISOWEEK", 1, 1),
    ("ISOYEAR", 1, 1),
    ("JSENCODE", 1, 1),
    ("LN", 1, 1),
    ("LOG", 1, 1),
    ("MCEILING", 1, 1),
    ("MFLOOR", 1, 1),
    ("PI", 0, 0),
    ("PICKLISTCOUNT", 1, 1),
    ("REGEX", 2, 2),
    ("REVERSE", 1, 1),
    ("TRUNC", 1, 2),
    ("UNIXTIMESTAMP", 1, 1),
    ("URLENCODE", 1, 1),
    ("VLOOKUP", 3, 3),
    ("XOR", 1, 99),
];

/// A pattern that the whole text must fit, in Java's notation.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    // Classes that Java names in its own way.
    const CLASSES: [(&str, &str); 7] = [
        (r"\p{Alpha}", "[A-Za-z]"),
        (r"\p{Digit}", "[0-9]"),
        (r"\p{Alnum}", "[A-Za-z0-9]"),
        (r"\p{Upper}", "[A-Z]"),
        (r"\p{Lower}", "[a-z]"),
        (r"\p{Space}", r"[ \t\n\x0B\f\r]"),
        (r"\p{Punct}", r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"##),
    ];
    let mut own = text.to_owned();
    for (java, class) in CLASSES {
        own = own.replace(java, class);
    }
    Regex::new(&format!("^(?:{own})$")).map_err(|error| format!("Invalid regular expression: {error}"))
}

pub(super) fn call(name: &str, args: &[Expr], scope: &dyn Scope) -> Option<Val> {
    let value = |at: usize| eval(args.get(at)?, scope);
    let text = |at: usize| value(at).map(|value| value.text());
    let number = |at: usize| value(at)?.number();
    let double = |at: usize| number(at)?.to_f64();
    let of_double = |double: f64| Some(Val::Number(Decimal::from_f64(double)?.round_dp(12)));
    let day = |at: usize| match value(at)? {
        Val::Date(day) => Some(day),
        Val::Moment(at) => Some(day_of(at)),
        _ => None,
    };
    Some(match name {
        "ASCII" => Val::Number(Decimal::from(u32::from(text(0)?.chars().next()?))),
        "CHR" => Val::Text(char::from_u32(number(0)?.to_u32()?)?.to_string()),
        "DATETIMEVALUE" => Val::Moment(match value(0)? {
            Val::Moment(at) => at,
            Val::Date(day) => midnight(day)?,
            other => moment(&other.text())?,
        }),
        "FROMUNIXTIME" => Val::Moment(jiff::Timestamp::from_second(number(0)?.to_i64()?).ok()?),
        "UNIXTIMESTAMP" => Val::Number(Decimal::from(match value(0)? {
            Val::Moment(at) => at.as_second(),
            Val::Date(day) => midnight(day)?.as_second(),
            _ => return None,
        })),
        "DAYOFYEAR" => Val::Number(Decimal::from(day(0)?.day_of_year())),
        "ISOWEEK" => Val::Number(Decimal::from(day(0)?.iso_week_date().week())),
        "ISOYEAR" => Val::Number(Decimal::from(day(0)?.iso_week_date().year())),
        "DISTANCE" => {
            let place = |at: usize| place(args.get(at)?, scope);
            return of_double(geo::distance(place(0)?, place(1)?, geo::Unit::named(&text(2)?)?));
        }
        "EXP" => return of_double(double(0)?.exp()),
        "LN" => return of_double(double(0)?.ln()),
        "LOG" => return of_double(double(0)?.log10()),
        "PI" => return of_double(std::f64::consts::PI),
        // Away from zero, and toward it.
        "MCEILING" => Val::Number(number(0)?.round_dp_with_strategy(0, RoundingStrategy::AwayFromZero)),
        "MFLOOR" => Val::Number(number(0)?.trunc()),
        "TRUNC" => {
            let places = if args.len() > 1 { number(1)?.to_u32().unwrap_or(0) } else { 0 };
            Val::Number(number(0)?.round_dp_with_strategy(places, RoundingStrategy::ToZero))
        }
        // assumed: whether a record is a copy of another cannot be seen through the API
        "ISCLONE" => Val::Bool(false),
        "XOR" => {
            let held = args.iter().filter(|arg| eval(arg, scope) == Some(Val::Bool(true))).count();
            Val::Bool(held % 2 == 1)
        }
        "PICKLISTCOUNT" => {
            Val::Number(Decimal::from(text(0)?.split(';').filter(|own| !own.is_empty()).count()))
        }
        "INITCAP" => Val::Text(initial_capitals(&text(0)?)),
        "REVERSE" => Val::Text(text(0)?.chars().rev().collect()),
        "HTMLENCODE" => Val::Text(crate::console::escape(&text(0)?)),
        "URLENCODE" => {
            Val::Text(url::form_urlencoded::byte_serialize(text(0)?.as_bytes()).collect::<String>())
        }
        "JSENCODE" => Val::Text(text(0)?.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\"")),
        "REGEX" => {
            let (held, wanted) = (text(0)?, text(1)?);
            // A pattern without end has no answer; a constant one was looked at when the formula was defined.
            Val::Bool(pattern(&wanted).ok()?.is_match(&held).ok()?)
        }
        "VLOOKUP" => match (args.first()?, args.get(1)?) {
            (Expr::Field(wanted), Expr::Field(key)) => scope.look_up(wanted, key, &text(2)?),
            _ => return None,
        },
        _ => return None,
    })
}

fn midnight(day: Date) -> Option<jiff::Timestamp> {
    Some(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
}

/// A moment as formulas write it: `2026-11-24 10:00:00`, in UTC.
fn moment(text: &str) -> Option<jiff::Timestamp> {
    let text = text.trim();
    let text = if text.ends_with('Z') { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}Z")) };
    text.parse().ok()
}

/// Latitude and longitude of `GEOLOCATION(…)`.
fn place(expr: &Expr, scope: &dyn Scope) -> Option<geo::Place> {
    let Expr::Call(name, args) = expr else { return None };
    let part = |at: usize| eval(args.get(at)?, scope)?.number()?.to_f64();
    if name == "GEOLOCATION" { Some(geo::Place { latitude: part(0)?, longitude: part(1)? }) } else { None }
}

fn initial_capitals(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|own| {
            let shown = if start { own.to_uppercase().to_string() } else { own.to_lowercase().to_string() };
            start = !own.is_alphanumeric();
            shown
        })
        .collect()
}

//! The functions of formulas.

use jiff::civil::Date;
use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Expr, Scope, Val, day_of, equal, eval, more};

/// Names, and how many arguments they take at least and at most.
const KNOWN: [(&str, usize, usize); 51] = [
    ("ABS", 1, 1),
    ("ADDMONTHS", 2, 2),
    ("AND", 1, 99),
    ("BEGINS", 2, 2),
    ("BLANKVALUE", 2, 2),
    ("BR", 0, 0),
    ("CASE", 4, 99),
    ("CASESAFEID", 1, 1),
    ("CEILING", 1, 1),
    ("CONTAINS", 2, 2),
    ("DATE", 3, 3),
    ("DATEVALUE", 1, 1),
    ("DAY", 1, 1),
    ("FIND", 2, 3),
    ("FLOOR", 1, 1),
    ("HYPERLINK", 2, 3),
    ("IF", 3, 3),
    ("IMAGE", 2, 4),
    ("INCLUDES", 2, 2),
    ("ISBLANK", 1, 1),
    ("ISCHANGED", 1, 1),
    ("ISNEW", 0, 0),
    ("ISNULL", 1, 1),
    ("ISNUMBER", 1, 1),
    ("ISPICKVAL", 2, 2),
    ("LEFT", 2, 2),
    ("LEN", 1, 1),
    ("LOWER", 1, 1),
    ("LPAD", 2, 3),
    ("MAX", 1, 99),
    ("MID", 3, 3),
    ("MIN", 1, 99),
    ("MOD", 2, 2),
    ("MONTH", 1, 1),
    ("NOT", 1, 1),
    ("NOW", 0, 0),
    ("NULLVALUE", 2, 2),
    ("OR", 1, 99),
    ("PRIORVALUE", 1, 1),
    ("RIGHT", 2, 2),
    ("ROUND", 2, 2),
    ("RPAD", 2, 3),
    ("SQRT", 1, 1),
    ("SUBSTITUTE", 3, 3),
    ("TEXT", 1, 1),
    ("TODAY", 0, 0),
    ("TRIM", 1, 1),
    ("UPPER", 1, 1),
    ("VALUE", 1, 1),
    ("WEEKDAY", 1, 1),
    ("YEAR", 1, 1),
];

/// Whether there is such a function, and it takes these arguments.
pub(super) fn check(name: &str, args: &[Expr]) -> Result<(), String> {
    let given = args.len();
    let mut known = KNOWN.iter().chain(&more::KNOWN);
    let Some((_, least, most)) = known.find(|(known, ..)| *known == name) else {
        return Err(format!("Unknown function {name}. Check spelling."));
    };
    if given < *least || given > *most {
        return Err(format!(
            "Incorrect number of parameters for function '{name}()'. Expected {least}, received {given}"
        ));
    }
    match args {
        [_, Expr::Known(Val::Text(pattern))] if name == "REGEX" => more::pattern(pattern).map(drop),
        _ => Ok(()),
    }
}

pub(super) fn call(name: &str, args: &[Expr], scope: &dyn Scope) -> Option<Val> {
    let value = |at: usize| eval(args.get(at)?, scope);
    let text = |at: usize| value(at).map(|value| value.text());
    let number = |at: usize| value(at)?.number();
    let count = |at: usize| number(at)?.trunc().to_usize().or(Some(0));
    let yes = |at: usize| value(at).map(|value| value == Val::Bool(true));
    let day = |at: usize| match value(at)? {
        Val::Date(day) => Some(day),
        Val::Moment(at) => Some(day_of(at)),
        _ => None,
    };
    Some(match name {
        "IF" => return value(if yes(0)? { 1 } else { 2 }),
        "AND" => Val::Bool(args.iter().all(|arg| eval(arg, scope) == Some(Val::Bool(true)))),
        "OR" => Val::Bool(args.iter().any(|arg| eval(arg, scope) == Some(Val::Bool(true)))),
        "NOT" => Val::Bool(!yes(0)?),
        "CASE" => return case(args, scope),
        "ISBLANK" | "ISNULL" => Val::Bool(value(0)?.is_blank()),
        "BLANKVALUE" | "NULLVALUE" => {
            let own = value(0)?;
            return if own.is_blank() { value(1) } else { Some(own) };
        }
        "ISPICKVAL" => Val::Bool(equal(&value(0)?, &value(1)?)),
        "INCLUDES" => {
            let (held, wanted) = (text(0)?, text(1)?);
            Val::Bool(held.split(';').any(|one| one == wanted))
        }
        "ISNEW" => Val::Bool(scope.is_new()),
        "ISCHANGED" => match args.first()? {
            Expr::Field(path) => Val::Bool(!scope.is_new() && scope.value(path) != scope.prior(path)),
            _ => return None,
        },
        "PRIORVALUE" => match args.first()? {
            Expr::Field(path) => scope.prior(path),
            _ => return None,
        },
        "TODAY" => Val::Date(day_of(scope.now())),
        "NOW" => Val::Moment(scope.now()),
        "DATEVALUE" => match value(0)? {
            Val::Text(text) => Val::Date(text.parse().ok()?),
            _ => Val::Date(day(0)?),
        },
        "DATE" => {
            let (year, month, day) = (number(0)?.to_i16()?, number(1)?.to_i8()?, number(2)?.to_i8()?);
            Val::Date(Date::new(year, month, day).ok()?)
        }
        "ADDMONTHS" => {
            let months = jiff::Span::new().try_months(number(1)?.to_i64()?).ok()?;
            Val::Date(day(0)?.checked_add(months).ok()?)
        }
        "YEAR" => Val::Number(Decimal::from(day(0)?.year())),
        "MONTH" => Val::Number(Decimal::from(day(0)?.month())),
        "DAY" => Val::Number(Decimal::from(day(0)?.day())),
        "WEEKDAY" => Val::Number(Decimal::from(day(0)?.weekday().to_sunday_one_offset())),
        "ABS" => Val::Number(number(0)?.abs()),
        "CEILING" => Val::Number(number(0)?.ceil()),
        "FLOOR" => Val::Number(number(0)?.floor()),
        "MOD" => Val::Number(number(0)?.checked_rem(number(1)?)?),
        "SQRT" => Val::Number(Decimal::from_f64_retain(number(0)?.to_f64()?.sqrt())?.round_dp(12)),
        "ROUND" => {
            let places = number(1)?.to_u32().unwrap_or(0);
            Val::Number(number(0)?.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero))
        }
        "MAX" | "MIN" => {
            let mut best = number(0)?;
            for at in 1..args.len() {
                best = if name == "MAX" { best.max(number(at)?) } else { best.min(number(at)?) };
            }
            Val::Number(best)
        }
        "VALUE" => Val::Number(text(0)?.trim().parse().ok()?),
        "ISNUMBER" => Val::Bool(text(0)?.trim().parse::<Decimal>().is_ok()),
        _ => return texts(name, &text, &count).or_else(|| more::call(name, args, scope)),
    })
}

fn texts(
    name: &str,
    text: &dyn Fn(usize) -> Option<String>,
    count: &dyn Fn(usize) -> Option<usize>,
) -> Option<Val> {
    let own = || text(0);
    Some(match name {
        "TEXT" | "CASESAFEID" => {
            let own = own()?;
            let long = if name == "CASESAFEID" { crate::ids::normal(&own) } else { None };
            Val::Text(long.unwrap_or(own))
        }
        "BR" => Val::Text("\n".to_owned()),
        "BEGINS" => Val::Bool(own()?.starts_with(&text(1)?)),
        "CONTAINS" => Val::Bool(own()?.contains(&text(1)?)),
        "LEN" => Val::Number(Decimal::from(own()?.chars().count())),
        "LOWER" => Val::Text(own()?.to_lowercase()),
        "UPPER" => Val::Text(own()?.to_uppercase()),
        "TRIM" => Val::Text(own()?.trim().to_owned()),
        "LEFT" => Val::Text(own()?.chars().take(count(1)?).collect()),
        "RIGHT" => {
            let own = own()?;
            let skipped = own.chars().count().saturating_sub(count(1)?);
            Val::Text(own.chars().skip(skipped).collect())
        }
        "MID" => Val::Text(own()?.chars().skip(count(1)?.saturating_sub(1)).take(count(2)?).collect()),
        "FIND" => {
            let (wanted, held) = (own()?, text(1)?);
            let at = held.find(&wanted).map_or(0, |at| held.get(..at).map_or(0, |b| b.chars().count()) + 1);
            Val::Number(Decimal::from(at))
        }
        "SUBSTITUTE" => Val::Text(own()?.replace(&text(1)?, &text(2)?)),
        "LPAD" | "RPAD" => {
            let (own, width) = (own()?, count(1)?);
            let filler = text(2).filter(|filler| !filler.is_empty()).unwrap_or_else(|| " ".to_owned());
            let missing = width.saturating_sub(own.chars().count());
            let padding: String = filler.chars().cycle().take(missing).collect();
            let own: String = own.chars().take(width).collect();
            Val::Text(if name == "LPAD" { padding + &own } else { own + &padding })
        }
        "HYPERLINK" => Val::Text(format!("<a href=\"{}\" target=\"_blank\">{}</a>", own()?, text(1)?)),
        "IMAGE" => Val::Text(format!("<img src=\"{}\" alt=\"{}\" border=\"0\"/>", own()?, text(1)?)),
        _ => return None,
    })
}

/// `CASE(value, a, b, c, d, otherwise)`.
fn case(args: &[Expr], scope: &dyn Scope) -> Option<Val> {
    let (value, rest) = args.split_first()?;
    let value = eval(value, scope)?;
    let mut pairs = rest.chunks_exact(2);
    for pair in &mut pairs {
        if equal(&value, &eval(pair.first()?, scope)?) {
            return eval(pair.get(1)?, scope);
        }
    }
    eval(pairs.remainder().first()?, scope)
}

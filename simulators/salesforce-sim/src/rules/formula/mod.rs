//! Formulas: what formula fields and validation rules are written in.
//!
//! The operators and the functions that people use most. A formula that uses another is refused when it is defined,
//! not when it runs.

mod functions;
mod more;
mod parse;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::org::api_time;

/// A formula, ready to be worked out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Formula {
    pub text: String,
    expr: Expr,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Known(Val),
    /// A field, by the relationships that lead to it.
    Field(Vec<String>),
    Call(String, Vec<Expr>),
    Minus(Box<Expr>),
    Not(Box<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Join,
    Times,
    Over,
    Power,
}

/// A value while a formula is worked out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    Null,
    Text(String),
    Number(Decimal),
    Bool(bool),
    Date(Date),
    Moment(Timestamp),
}

/// What a formula looks at.
pub(crate) trait Scope {
    /// The value of a field now.
    fn value(&self, path: &[String]) -> Val;
    /// Its value before the write, or now where there was none.
    fn prior(&self, path: &[String]) -> Val;
    fn is_new(&self) -> bool;
    /// A field of the record of another object whose key holds `value`; both named as `$ObjectType.Zip__c.Fields.Name`.
    fn look_up(&self, wanted: &[String], key: &[String], value: &str) -> Val {
        let _ = (wanted, key, value);
        Val::Null
    }
    fn now(&self) -> Timestamp;
}

impl Formula {
    /// Reads a formula.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text).map(|expr| Self { text: text.to_owned(), expr })
    }

    /// Works it out; null where it makes no sense, as a division by nothing.
    pub fn value(&self, scope: &dyn Scope) -> Val {
        eval(&self.expr, scope).unwrap_or(Val::Null)
    }

    /// Whether it holds.
    pub fn holds(&self, scope: &dyn Scope) -> bool {
        self.value(scope) == Val::Bool(true)
    }

    /// The fields and relationships that it begins at, as it writes them.
    pub fn first_names(&self) -> Vec<&str> {
        fn deep<'a>(expr: &'a Expr, found: &mut Vec<&'a str>) {
            match expr {
                // `Owner:User.Name` names the object that a relationship leads to.
                Expr::Field(path) => {
                    let first = path.first().map(|name| name.split(':').next().unwrap_or(name));
                    found.extend(first);
                }
                Expr::Call(_, args) => args.iter().for_each(|arg| deep(arg, found)),
                Expr::Minus(inner) | Expr::Not(inner) => deep(inner, found),
                Expr::Binary(_, left, right) => {
                    deep(left, found);
                    deep(right, found);
                }
                Expr::Known(_) => {}
            }
        }
        let mut found = Vec::new();
        deep(&self.expr, &mut found);
        found
    }

    /// Whether it looks at other records.
    pub fn looks_elsewhere(&self) -> bool {
        fn deep(expr: &Expr) -> bool {
            match expr {
                Expr::Field(path) => path.len() > 1,
                Expr::Call(_, args) => args.iter().any(deep),
                Expr::Minus(inner) | Expr::Not(inner) => deep(inner),
                Expr::Binary(_, left, right) => deep(left) || deep(right),
                Expr::Known(_) => false,
            }
        }
        deep(&self.expr)
    }
}

impl Val {
    /// A stored value, by the kind of its field.
    pub fn of(value: &Value, kind: &str) -> Self {
        match value {
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => {
                let text = number.to_string();
                let parsed = text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok());
                parsed.map_or(Self::Null, Self::Number)
            }
            Value::String(text) => match kind {
                "date" => text.parse().map_or(Self::Null, Self::Date),
                "datetime" => {
                    let at = text.replace(".000+0000", "Z").parse();
                    at.map_or(Self::Null, Self::Moment)
                }
                _ => Self::Text(text.clone()),
            },
        }
    }

    /// As a field of this kind stores it.
    pub fn stored(&self, kind: &str, scale: u32) -> Value {
        match (kind, self) {
            ("boolean", value) => json!(*value == Self::Bool(true)),
            ("double" | "currency" | "percent" | "int", Self::Number(number)) => {
                use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
                let number = number.round_dp_with_strategy(scale, MidpointAwayFromZero);
                number.to_string().parse::<f64>().map_or(Value::Null, |double| json!(double))
            }
            ("date", Self::Date(date)) => json!(date.to_string()),
            ("date", Self::Moment(at)) => json!(day_of(*at).to_string()),
            ("datetime", Self::Moment(at)) => json!(api_time(at.as_second())),
            ("string" | "textarea" | "picklist" | "email" | "phone" | "url", value) => {
                let text = value.text();
                if text.is_empty() { Value::Null } else { json!(text) }
            }
            _ => Value::Null,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.normalize().to_string(),
            Self::Bool(flag) => flag.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Moment(at) => at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        }
    }

    fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            // Blank numbers count as zero, which is the default of a formula field.
            Self::Null => Some(Decimal::ZERO),
            _ => None,
        }
    }

    fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

fn eval(expr: &Expr, scope: &dyn Scope) -> Option<Val> {
    Some(match expr {
        Expr::Known(value) => value.clone(),
        Expr::Field(path) => scope.value(path),
        Expr::Minus(inner) => Val::Number(-eval(inner, scope)?.number()?),
        Expr::Not(inner) => Val::Bool(eval(inner, scope)? != Val::Bool(true)),
        Expr::Call(name, args) => functions::call(name, args, scope)?,
        Expr::Binary(op, left, right) => binary(*op, left, right, scope)?,
    })
}

fn binary(op: Op, left: &Expr, right: &Expr, scope: &dyn Scope) -> Option<Val> {
    let left = eval(left, scope)?;
    match (op, &left) {
        (Op::And, Val::Bool(false)) => return Some(Val::Bool(false)),
        (Op::Or, Val::Bool(true)) => return Some(Val::Bool(true)),
        _ => {}
    }
    let right = eval(right, scope)?;
    Some(match op {
        Op::And | Op::Or => Val::Bool(right == Val::Bool(true)),
        Op::Equal => Val::Bool(equal(&left, &right)),
        Op::Unequal => Val::Bool(!equal(&left, &right)),
        Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
            let order = compare(&left, &right)?;
            Val::Bool(match op {
                Op::Less => order.is_lt(),
                Op::LessOrEqual => order.is_le(),
                Op::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        Op::Join => Val::Text(left.text() + &right.text()),
        Op::Plus | Op::Minus => add(op, &left, &right)?,
        Op::Times => Val::Number(left.number()?.checked_mul(right.number()?)?),
        Op::Over => Val::Number(left.number()?.checked_div(right.number()?)?),
        Op::Power => {
            use rust_decimal::prelude::ToPrimitive as _;
            let power = left.number()?.to_f64()?.powf(right.number()?.to_f64()?);
            Val::Number(Decimal::from_f64_retain(power)?.round_dp(12))
        }
    })
}

fn equal(left: &Val, right: &Val) -> bool {
    match (left, right) {
        (Val::Number(_), Val::Null) | (Val::Null, Val::Number(_)) => left.number() == right.number(),
        _ if left.is_blank() || right.is_blank() => left.is_blank() && right.is_blank(),
        // An id is the same in 15 characters and in 18.
        (Val::Text(left), Val::Text(right)) => left == right || same_id(left, right),
        _ => left == right,
    }
}

fn same_id(left: &str, right: &str) -> bool {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    short.len() == 15 && long.len() == 18 && long.starts_with(short)
}

fn compare(left: &Val, right: &Val) -> Option<std::cmp::Ordering> {
    Some(match (left, right) {
        (Val::Text(left), Val::Text(right)) => left.cmp(right),
        (Val::Date(left), Val::Date(right)) => left.cmp(right),
        (Val::Moment(left), Val::Moment(right)) => left.cmp(right),
        (Val::Date(left), Val::Moment(right)) => left.cmp(&day_of(*right)),
        (Val::Moment(left), Val::Date(right)) => day_of(*left).cmp(right),
        _ => left.number()?.cmp(&right.number()?),
    })
}

fn add(op: Op, left: &Val, right: &Val) -> Option<Val> {
    use rust_decimal::prelude::ToPrimitive as _;
    let sign: i64 = if op == Op::Plus { 1 } else { -1 };
    Some(match (left, right) {
        (Val::Date(left), Val::Date(right)) if op == Op::Minus => {
            Val::Number(Decimal::from((*left - *right).get_days()))
        }
        (Val::Date(day), days) => {
            let days = days.number()?.trunc().to_i64()?.checked_mul(sign)?;
            Val::Date(day.checked_add(jiff::SignedDuration::from_hours(days.checked_mul(24)?)).ok()?)
        }
        (Val::Moment(left), Val::Moment(right)) if op == Op::Minus => {
            let seconds = Decimal::from(left.as_second() - right.as_second());
            Val::Number(seconds.checked_div(Decimal::from(86_400))?)
        }
        (Val::Moment(at), days) => {
            let seconds = (days.number()? * Decimal::from(86_400)).trunc().to_i64()?.checked_mul(sign)?;
            Val::Moment(at.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?)
        }
        (Val::Text(_), _) | (_, Val::Text(_)) if op == Op::Plus => Val::Text(left.text() + &right.text()),
        _ if op == Op::Plus => Val::Number(left.number()?.checked_add(right.number()?)?),
        _ => Val::Number(left.number()?.checked_sub(right.number()?)?),
    })
}

#[cfg(test)]
mod tests;

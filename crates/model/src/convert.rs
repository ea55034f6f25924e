//! Conversion of a value from one side's field to the other's, and when two values say the same.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    ChoiceList, ChoiceText, Field, FieldMapping, FieldPair, Kind, OnMisfit, OnMissingChoice, Side,
    TextFormat, Value,
};

/// What conversion takes from outside.
pub struct ConvertContext<'a> {
    /// The account's time zone, in which a moment falls on a day.
    pub time_zone: TimeZone,
    /// The links, by which a reference becomes one on the other side.
    pub references: &'a dyn References,
}

impl fmt::Debug for ConvertContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConvertContext").field("time_zone", &self.time_zone).finish_non_exhaustive()
    }
}

/// Finds the counterparts of records.
pub trait References {
    /// The record that is in step with `id` of `side`, which is of one of `targets`.
    fn counterpart(&self, side: Side, targets: &[String], id: &str) -> Option<String>;

    /// The same, where the other side's field takes only records of `takes`: a contact whose counterpart is a lead is
    /// none for a field of contacts.
    fn counterpart_among(
        &self,
        side: Side,
        targets: &[String],
        takes: &[String],
        id: &str,
    ) -> Option<String> {
        let _ = takes;
        self.counterpart(side, targets, id)
    }
}

/// The counterpart of `id`, which the field of side `from` refers to, as the other side's field takes it.
pub(crate) fn counterpart(
    from: Side,
    id: &str,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> Option<String> {
    let targets = |side: Side| match &pair.field(side).kind {
        Kind::Reference { targets } | Kind::References { targets } => Some(targets.as_slice()),
        _ => None,
    };
    context.references.counterpart_among(from, targets(from)?, targets(from.other())?, id)
}

/// No links at all.
impl References for () {
    fn counterpart(&self, _: Side, _: &[String], _: &str) -> Option<String> {
        None
    }
}

/// A value that does not fit the other side's field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// A text that is too long.
    #[error("'{value}' has {length} characters; '{field}' takes {limit}")]
    TooLong {
        /// The field it does not fit.
        field: String,
        /// Its beginning.
        value: String,
        /// How long it is.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A choice that the other side does not offer.
    #[error("'{value}' is not among the choices of '{field}'")]
    NotAChoice {
        /// The field it does not fit.
        field: String,
        /// The choice.
        value: String,
    },
    /// A number that is too large.
    #[error("{value} has more than the {digits} digits before the point that '{field}' takes")]
    OutOfRange {
        /// The field it does not fit.
        field: String,
        /// The number.
        value: String,
        /// Digits allowed.
        digits: u32,
    },
    /// A value that does not read as what the field holds.
    #[error("'{value}' cannot be read as the {expected} that '{field}' holds")]
    WrongFormat {
        /// The field it does not fit.
        field: String,
        /// The value's beginning.
        value: String,
        /// What the field holds.
        expected: &'static str,
    },
    /// A reference to a record that has no counterpart.
    #[error("'{field}' refers to {value}, which is not in step yet")]
    UnlinkedReference {
        /// The field it does not fit.
        field: String,
        /// The record.
        value: String,
    },
    /// An owner whom nobody on the other side goes with.
    #[error("nobody on the other side goes with the owner {value} in '{field}'")]
    UnmatchedOwner {
        /// The field it does not fit.
        field: String,
        /// The owner.
        value: String,
    },
}

impl Misfit {
    /// A short code, stable for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "TOO_LONG",
            Self::NotAChoice { .. } => "NOT_A_CHOICE",
            Self::OutOfRange { .. } => "OUT_OF_RANGE",
            Self::WrongFormat { .. } => "WRONG_FORMAT",
            Self::UnlinkedReference { .. } => "UNLINKED_REFERENCE",
            Self::UnmatchedOwner { .. } => "UNMATCHED_OWNER",
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::TooLong { .. } => "Shorten the value, or let the mapping cut it.".to_owned(),
            Self::NotAChoice { field, value } => {
                format!("Add the choice '{value}' to '{field}', or map it to one of the choices there.")
            }
            Self::OutOfRange { .. } => {
                "Correct the number, or map it to a field that takes more digits.".to_owned()
            }
            Self::WrongFormat { expected, .. } => {
                format!("Correct the value so that it reads as a {expected}.")
            }
            Self::UnlinkedReference { .. } => {
                "Nothing to do if that record is still to be synced; else switch on its object's sync."
                    .to_owned()
            }
            Self::UnmatchedOwner { .. } => {
                "Give the person an active user with the same email on the other side, or pair the two by hand.".to_owned()
            }
        }
    }
}

/// `value`, held by the field of side `from`, as the other side's field takes it.
///
/// # Errors
/// When it does not fit there. Nothing is cut or guessed unless the mapping says so.
pub fn convert(
    value: &Value,
    from: Side,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> Result<Value, Misfit> {
    let (source, target) = (pair.field(from), pair.field(from.other()));
    if value.is_blank() {
        // A Salesforce checkbox is never empty.
        let checkbox = target.kind == Kind::Boolean && from == Side::HubSpot;
        return Ok(if checkbox { Value::Boolean(false) } else { Value::Blank });
    }
    let wrong = || Misfit::WrongFormat {
        field: target.name.clone(),
        value: shorten(&value.to_string()),
        expected: target.kind.word(),
    };
    match &target.kind {
        Kind::Text { max_length, .. } => {
            let text = match value {
                Value::Text(text) => text.clone(),
                other => choice_as_text(other, &source.kind, &pair.mapping),
            };
            fit(text, *max_length, target, pair.mapping.on_misfit)
        }
        Kind::Number { integer_digits, decimals } => {
            let number: Decimal = match value {
                Value::Number(number) => *number,
                other => number(other.to_string().trim()).ok_or_else(wrong)?,
            };
            match integer_digits {
                Some(digits) if !has_digits(rounded(number, *decimals), *digits) => Err(Misfit::OutOfRange {
                    field: target.name.clone(),
                    value: number.to_string(),
                    digits: *digits,
                }),
                _ => Ok(Value::number(number)),
            }
        }
        Kind::Boolean => match value.to_string().trim().to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Value::Boolean(true)),
            "false" | "no" | "0" => Ok(Value::Boolean(false)),
            _ => Err(wrong()),
        },
        Kind::Date => match value {
            Value::Date(date) => Ok(Value::Date(*date)),
            Value::DateTime(at) => Ok(Value::Date(at.to_zoned_datetime(context.time_zone.clone()).date())),
            other => other.to_string().trim().parse::<Date>().map(Value::Date).map_err(|_| wrong()),
        },
        Kind::DateTime => match value {
            Value::DateTime(at) => Ok(Value::DateTime(*at)),
            Value::Date(date) => {
                let midnight = date.to_zoned_datetime(context.time_zone.clone()).map_err(|_| wrong())?;
                Ok(Value::DateTime(midnight.timestamp()))
            }
            other => other.to_string().trim().parse::<Timestamp>().map(Value::DateTime).map_err(|_| wrong()),
        },
        Kind::Choice(list) => {
            let text = value.to_string();
            choose(&text, &source.kind, list, from, &pair.mapping)
                .map(Value::Choice)
                .ok_or_else(|| Misfit::NotAChoice { field: target.name.clone(), value: shorten(&text) })
        }
        Kind::MultiChoice(list) => {
            let one = |text: &str| {
                choose(text, &source.kind, list, from, &pair.mapping)
                    .ok_or_else(|| Misfit::NotAChoice { field: target.name.clone(), value: shorten(text) })
            };
            let chosen: BTreeSet<String> = match value {
                Value::Choices(choices) => {
                    choices.iter().map(|choice| one(choice)).collect::<Result<_, _>>()?
                }
                other => {
                    let text = other.to_string();
                    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                    parts.map(one).collect::<Result<_, _>>()?
                }
            };
            Ok(Value::Choices(chosen))
        }
        Kind::Reference { .. } => {
            let Kind::Reference { targets } = &source.kind else { return Err(wrong()) };
            let id = value.to_string();
            let field = source.name.clone();
            match counterpart(from, &id, pair, context) {
                Some(counterpart) => Ok(Value::Reference(counterpart)),
                None if crate::is_owner(targets) => Err(Misfit::UnmatchedOwner { field, value: id }),
                None => Err(Misfit::UnlinkedReference { field, value: id }),
            }
        }
        Kind::References { .. } => {
            let (Kind::References { .. }, Value::Choices(ids)) = (&source.kind, value) else {
                return Err(wrong());
            };
            // Those without a counterpart stay where they are: they join in when they are linked.
            let linked = ids.iter().filter_map(|id| counterpart(from, id, pair, context));
            let linked: BTreeSet<String> = linked.collect();
            Ok(if linked.is_empty() { Value::Blank } else { Value::Choices(linked) })
        }
    }
}

/// Whether the two sides' values say the same, allowing for what each platform is known to do to what it is given.
#[must_use]
pub fn equivalent(
    hubspot: &Value,
    salesforce: &Value,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> bool {
    let there = |value: &Value, from: Side, held: &Value| {
        convert(value, from, pair, context)
            .is_ok_and(|converted| same_stored(&converted, held, pair, from.other()))
    };
    there(hubspot, Side::HubSpot, salesforce)
        || there(salesforce, Side::Salesforce, hubspot)
        || choice_by_choice(hubspot, salesforce, pair, context)
}

/// Whether each choice of one side goes with one of the other, where several go with one in either direction.
fn choice_by_choice(
    hubspot: &Value,
    salesforce: &Value,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> bool {
    let (Value::Choices(hubspot), Value::Choices(salesforce)) = (hubspot, salesforce) else { return false };
    let together = |one: &str, other: &str| choices_go_together(one, other, pair, context);
    hubspot.iter().all(|one| salesforce.iter().any(|other| together(one, other)))
        && salesforce.iter().all(|other| hubspot.iter().any(|one| together(one, other)))
}

/// One choice of several, held by side `from`, as the other side's field takes it.
pub(crate) fn convert_choice(
    choice: &str,
    from: Side,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> Result<String, Misfit> {
    let one = Value::Choices(BTreeSet::from([choice.to_owned()]));
    convert(&one, from, pair, context).map(|converted| converted.to_string())
}

/// Whether the other side has a choice for `choice` of side `from`.
#[must_use]
pub fn choice_fits(choice: &str, from: Side, pair: &FieldPair) -> bool {
    match &pair.field(from.other()).kind {
        Kind::Choice(list) | Kind::MultiChoice(list) => {
            choose(choice, &pair.field(from).kind, list, from, &pair.mapping).is_some()
        }
        _ => true,
    }
}

/// Whether one of several choices in HubSpot and one in Salesforce say the same, in either direction.
pub(crate) fn choices_go_together(
    hubspot: &str,
    salesforce: &str,
    pair: &FieldPair,
    context: &ConvertContext<'_>,
) -> bool {
    convert_choice(hubspot, Side::HubSpot, pair, context).is_ok_and(|there| there == salesforce)
        || convert_choice(salesforce, Side::Salesforce, pair, context).is_ok_and(|there| there == hubspot)
}

/// Whether `held` is what the platform of `side` makes of `sent`.
#[must_use]
pub fn same_stored(sent: &Value, held: &Value, pair: &FieldPair, side: Side) -> bool {
    // A Salesforce checkbox is never empty; a HubSpot one may be.
    let checkbox = side == Side::Salesforce && pair.salesforce.kind == Kind::Boolean;
    let unticked = |value: &Value| value.is_blank() || *value == Value::Boolean(false);
    same(sent, held, pair.field(side)) || (checkbox && unticked(sent) && unticked(held))
}

/// Whether two values are the same but for case and the blanks around a text.
#[must_use]
pub fn same_text(one: &Value, other: &Value) -> bool {
    one == other || one.to_string().trim().to_lowercase() == other.to_string().trim().to_lowercase()
}

/// Whether two values of one field are the same, given what its platform does on storing.
fn same(one: &Value, other: &Value, field: &Field) -> bool {
    if one == other || (one.is_blank() && other.is_blank()) {
        return true;
    }
    match (&field.kind, one, other) {
        (Kind::Text { format, .. }, Value::Text(one), Value::Text(other)) => {
            let plain = |text: &str| text.trim().replace("\r\n", "\n");
            match format {
                TextFormat::Email => plain(one).to_lowercase() == plain(other).to_lowercase(),
                _ => plain(one) == plain(other),
            }
        }
        (Kind::Number { decimals, .. }, Value::Number(one), Value::Number(other)) => {
            decimals.is_some() && rounded(*one, *decimals) == rounded(*other, *decimals)
        }
        (Kind::DateTime, Value::DateTime(one), Value::DateTime(other)) => {
            one.as_second() == other.as_second()
        }
        _ => false,
    }
}

fn fit(text: String, limit: Option<usize>, target: &Field, on_misfit: OnMisfit) -> Result<Value, Misfit> {
    let length = text.chars().count();
    match limit {
        Some(limit) if length > limit => match on_misfit {
            OnMisfit::CutText => Ok(Value::Text(text.chars().take(limit).collect())),
            OnMisfit::Refuse => {
                Err(Misfit::TooLong { field: target.name.clone(), value: shorten(&text), length, limit })
            }
        },
        _ => Ok(Value::Text(text)),
    }
}

/// A number in digits. Underscores between them, which programs use, are not for people.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    if text.contains('_') { None } else { text.parse().ok() }
}

/// A number as a platform keeps it: both round a half away from zero.
fn rounded(number: Decimal, decimals: Option<u32>) -> Decimal {
    decimals.map_or(number, |decimals| {
        number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
    })
}

fn has_digits(number: Decimal, digits: u32) -> bool {
    let ten = Decimal::TEN;
    let limit = (0..digits).try_fold(Decimal::ONE, |limit, _| limit.checked_mul(ten));
    limit.is_none_or(|limit| number.abs() < limit)
}

/// The target's choice for `text`: as mapped by hand, else the same value, else the same label, else the same but for
/// case and punctuation; a list that takes anything takes it as it is.
fn choose(
    text: &str,
    source: &Kind,
    target: &ChoiceList,
    from: Side,
    mapping: &FieldMapping,
) -> Option<String> {
    if let Some(mapped) = mapping.choices.other(from, text) {
        return Some(mapped.to_owned());
    }
    let options = || target.options.iter().filter(|option| option.active);
    let label = match source {
        Kind::Choice(list) | Kind::MultiChoice(list) => {
            list.options.iter().find(|option| option.value == text).map(|option| option.label.as_str())
        }
        _ => None,
    };
    let names = [Some(text), label];
    let same = |wanted: &str, option: &&crate::ChoiceOption| option.value == wanted || option.label == wanted;
    let alike = |wanted: &str, option: &&crate::ChoiceOption| {
        let wanted = plain(wanted);
        !wanted.is_empty() && (plain(&option.value) == wanted || plain(&option.label) == wanted)
    };
    names
        .iter()
        .flatten()
        .find_map(|wanted| options().find(|option| same(wanted, option)))
        .or_else(|| names.iter().flatten().find_map(|wanted| options().find(|option| alike(wanted, option))))
        .map(|option| option.value.clone())
        .or_else(|| takes_any(target, mapping).then(|| text.to_owned()))
}

/// Whether a choice that is not listed goes through all the same: the list takes anything, or it will be added.
fn takes_any(target: &ChoiceList, mapping: &FieldMapping) -> bool {
    !target.restricted || mapping.on_missing_choice == OnMissingChoice::Add
}

/// A choice as a text: what records hold, or what people see.
fn choice_as_text(value: &Value, source: &Kind, mapping: &FieldMapping) -> String {
    match (source, mapping.choice_text) {
        (Kind::Choice(list) | Kind::MultiChoice(list), ChoiceText::Label) => {
            let label = |value: &str| {
                let known = list.options.iter().find(|option| option.value == value);
                known.map_or_else(|| value.to_owned(), |option| option.label.clone())
            };
            match value {
                Value::Choices(choices) => {
                    choices.iter().map(|choice| label(choice)).collect::<Vec<_>>().join(";")
                }
                other => label(&other.to_string()),
            }
        }
        _ => value.to_string(),
    }
}

/// A name without case, blanks and punctuation.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The beginning of a value, for messages.
pub(crate) fn shorten(text: &str) -> String {
    const LENGTH: usize = 40;
    if text.chars().count() <= LENGTH {
        return text.to_owned();
    }
    text.chars().take(LENGTH).chain(['…']).collect()
}

/// Two edits closer than this happened at the same time.
pub(crate) fn same_time(one: Timestamp, other: Timestamp) -> bool {
    let (early, late) = (one.min(other), one.max(other));
    early.checked_add(2.seconds()).is_ok_and(|end| late < end)
}

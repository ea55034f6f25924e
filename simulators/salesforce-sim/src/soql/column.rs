//! Field paths bound to the schema, and how their values are read.

use std::borrow::Cow;

use jiff::{civil::Date, tz::TimeZone};
use serde_json::Value;

use crate::geo;

use super::{
    ast::{DatePart, Name, Path, View},
    data::{Data, FieldInfo, FieldKind, Record, Row},
    dates,
    error::{INVALID_TYPE, MALFORMED_QUERY, SoqlError},
    key::{self, Key},
};

/// How many parents up a path may go.
const HIGHEST: usize = 5;

/// What stays the same while a query runs.
pub(super) struct Env<'a> {
    pub text: &'a str,
    pub data: &'a dyn Data,
    pub zone: TimeZone,
    pub today: Date,
    /// deleted rows are seen
    pub all: bool,
    /// `/services/data/v66.0/sobjects`
    pub url: String,
}

/// A step to a parent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// `Account`
    pub name: String,
    /// `AccountId`
    pub field: String,
    /// where it may lead
    pub targets: Vec<String>,
}

impl Step {
    /// Whether it may lead to several objects.
    pub(super) fn is_polymorphic(&self) -> bool {
        self.targets.len() > 1
    }

    /// The parent and its object.
    pub(super) fn follow<'a>(&self, env: &Env<'a>, row: &dyn Record) -> Option<(Row<'a>, &str)> {
        let value = row.value(&self.field);
        let id = value.as_str()?;
        self.targets.iter().find_map(|target| {
            let parent = env.data.row(target, id)?;
            (env.all || !parent.is_deleted()).then_some((parent, target.as_str()))
        })
    }
}

/// A field of a row or of one of its parents.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub steps: Vec<Step>,
    pub field: FieldInfo,
    /// `Who.Type`: the name of the object itself
    pub is_type: bool,
    /// only a part of the date, or the distance of a place
    pub part: Option<View>,
}

impl Column {
    /// How its values compare.
    pub(super) fn kind(&self) -> FieldKind {
        match self.part {
            None => self.field.kind,
            Some(View::Date(DatePart::DayOnly)) => FieldKind::Date,
            Some(_) => FieldKind::Number,
        }
    }

    /// The path in the schema's spelling.
    pub(super) fn label(&self) -> String {
        let mut label = String::new();
        for step in &self.steps {
            label.push_str(&step.name);
            label.push('.');
        }
        label + &self.field.name
    }

    /// The value of a row.
    pub(super) fn read<'r>(&self, env: &Env<'_>, row: &'r dyn Record) -> Cow<'r, Value> {
        let value = match self.steps.split_first() {
            None => row.value(&self.field.name),
            Some((first, rest)) => {
                let Some(mut found) = first.follow(env, row) else { return Cow::Owned(Value::Null) };
                for step in rest {
                    let next = step.follow(env, &*found.0);
                    let Some(next) = next else { return Cow::Owned(Value::Null) };
                    found = next;
                }
                if self.is_type {
                    return Cow::Owned(Value::from(found.1));
                }
                Cow::Owned(found.0.value(&self.field.name).into_owned())
            }
        };
        match self.part {
            None => value,
            Some(View::Date(part)) => Cow::Owned(part_of(&value, part, &env.zone)),
            Some(View::Distance(place, unit)) => Cow::Owned(distance_of(&value, place, unit)),
        }
    }

    /// The value of a row, to compare.
    pub(super) fn key(&self, env: &Env<'_>, row: &dyn Record) -> Key {
        if self.field.kind == FieldKind::DateTime
            && self.steps.is_empty()
            && self.part.is_none()
            && let Some(second) = row.second(&self.field.name)
        {
            return Key::Time(second * 1_000);
        }
        key::of(&self.read(env, row), self.kind(), self.field.case_sensitive)
    }
}

/// How far an address or a geolocation is from a place; nothing where it does not say where it is.
fn distance_of(value: &Value, from: geo::Place, unit: geo::Unit) -> Value {
    let part = |name: &str| value.get(name).and_then(Value::as_f64);
    let place = part("latitude").zip(part("longitude"));
    place.map_or(Value::Null, |(latitude, longitude)| {
        Value::from(geo::distance(from, geo::Place { latitude, longitude }, unit))
    })
}

fn part_of(value: &Value, part: DatePart, zone: &TimeZone) -> Value {
    let Some((day, hour)) = value.as_str().and_then(|text| dates::local(text, zone)) else {
        return Value::Null;
    };
    match part {
        DatePart::DayOnly => Value::from(day.to_string()),
        part => Value::from(dates::part(part, day, hour)),
    }
}

/// What names mean inside one SELECT.
pub(super) struct Names<'q> {
    /// canonical name
    pub object: String,
    /// what may stand before the first dot for the object itself
    pub aliases: Vec<&'q str>,
    /// names for parents
    pub parents: &'q [(Path, String)],
}

impl Names<'_> {
    /// The field a path leads to.
    pub(super) fn column(&self, env: &Env<'_>, path: &Path) -> Result<Column, SoqlError> {
        let parts = self.without_alias(env, path);
        let Some((last, up)) = parts.split_last() else {
            return Err(self.no_column(env, path, "", &self.object));
        };
        let (steps, targets) = self.steps(env, up, path.at)?;
        let several = steps.last().is_some_and(Step::is_polymorphic);
        if several && last.eq_ignore_ascii_case("Type") {
            let field = FieldInfo::new("Type", FieldKind::Text);
            return Ok(Column { steps, field, is_type: true, part: None });
        }
        let field = targets.iter().find_map(|target| env.data.field(target, last));
        let entity = if several { "Name" } else { targets.first().map_or("", String::as_str) };
        let field = field.ok_or_else(|| self.no_column(env, path, last, entity))?;
        Ok(Column { steps, field, is_type: false, part: None })
    }

    /// The way up a path, and the objects at its end.
    pub(super) fn steps(
        &self,
        env: &Env<'_>,
        up: &[String],
        at: usize,
    ) -> Result<(Vec<Step>, Vec<String>), SoqlError> {
        if up.len() > HIGHEST {
            let message = format!("The relationship path may go up at most {HIGHEST} levels");
            return Err(SoqlError::malformed(env.text, at, message));
        }
        let mut targets = vec![self.object.clone()];
        let mut steps = Vec::with_capacity(up.len());
        for part in up {
            let found = targets.iter().find_map(|target| env.data.relationship(target, part));
            let Some(found) = found else {
                let message = format!(
                    "Didn't understand relationship '{part}' in field path. If you are attempting to use a custom \
                     relationship, be sure to append the '__r' after the custom relationship name. Please \
                     reference your WSDL or the describe call for the appropriate names."
                );
                return Err(SoqlError::field(env.text, at, message));
            };
            targets.clone_from(&found.targets);
            steps.push(Step { name: found.name, field: found.field, targets: found.targets });
        }
        Ok((steps, targets))
    }

    /// The parts of a path from the object on.
    pub(super) fn without_alias(&self, env: &Env<'_>, path: &Path) -> Vec<String> {
        let mut parts = path.parts.clone();
        // an alias may stand for a path that itself begins with an alias, but only one declared before it
        for (stands_for, alias) in self.parents.iter().rev() {
            if parts.len() > 1 && parts[0].eq_ignore_ascii_case(alias) {
                parts.splice(0..1, stands_for.parts.iter().cloned());
            }
        }
        let own = |first: &str| self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(first));
        if parts.len() > 1
            && (own(&parts[0])
                || (parts[0].eq_ignore_ascii_case(&self.object)
                    && env.data.relationship(&self.object, &parts[0]).is_none()))
        {
            parts.remove(0);
        }
        parts
    }

    fn no_column(&self, env: &Env<'_>, path: &Path, name: &str, entity: &str) -> SoqlError {
        let message = format!(
            "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to \
             append the '__c' after the custom field name. Please reference your WSDL or the describe call for the \
             appropriate names."
        );
        SoqlError::field(env.text, path.at, message)
    }
}

/// The object a FROM names.
pub(super) fn object(env: &Env<'_>, name: &Name) -> Result<String, SoqlError> {
    match env.data.object(&name.text) {
        Some(object) if object.queryable => Ok(object.name),
        Some(object) => {
            let message = format!("entity type {} does not support query", object.name);
            Err(SoqlError::at("INVALID_TYPE_FOR_OPERATION", env.text, name.at, message))
        }
        None => Err(SoqlError::at(
            INVALID_TYPE,
            env.text,
            name.at,
            format!(
                "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append \
                 the '__c' after the entity name. Please reference your WSDL or the describe call for the \
                 appropriate names.",
                name.text
            ),
        )),
    }
}

/// A refusal without a place.
pub(super) fn refused(message: impl Into<String>) -> SoqlError {
    SoqlError::new(MALFORMED_QUERY, message)
}

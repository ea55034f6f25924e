//! Choices that the other side lacks: added there before they are written, where the mapping says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use model::{FieldPair, Kind, OnMissingChoice, Side, Value, Values};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::schema::Route;

impl Connection {
    /// Adds the choices in `rows` that `target` does not offer yet and that the mappings let in. Where a platform does not
    /// let them be added, the rows go out all the same, and it refuses the field by name.
    pub(crate) async fn add_missing_choices<'a>(
        &self,
        route: &Route,
        target: Side,
        rows: impl Iterator<Item = &'a Values>,
    ) -> Result<(), EngineError> {
        let adding: Vec<&FieldPair> = route
            .pairs
            .iter()
            .filter(|pair| pair.mapping.on_missing_choice == OnMissingChoice::Add)
            .collect();
        if adding.is_empty() {
            return Ok(());
        }
        let mut wanted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for values in rows {
            for pair in &adding {
                let Some(value) = values.get(&pair.field(target).name) else { continue };
                let missing = wanted.entry(&pair.field(target).name).or_default();
                missing.extend(missing_choices(pair, target, value));
            }
        }
        let object = route.object(target);
        for (field, values) in wanted {
            let key = |value: &String| (target, object.to_owned(), field.to_owned(), value.clone());
            let new: Vec<String> = {
                let mut added = self.added_choices.lock().unwrap_or_else(PoisonError::into_inner);
                values.into_iter().filter(|value| added.insert(key(value))).collect()
            };
            if new.is_empty() {
                continue;
            }
            let Some(pair) = adding.iter().find(|pair| pair.field(target).name == field) else { continue };
            let choices: Vec<(String, String)> =
                new.iter().map(|value| (value.clone(), label_of(pair, target, value))).collect();
            let said = match self.side(target).add_choices(object, field, &choices).await {
                Ok(said) => said,
                Err(error) => {
                    // It was not added after all: the next try adds it.
                    let mut added = self.added_choices.lock().unwrap_or_else(PoisonError::into_inner);
                    new.iter().for_each(|value| {
                        added.remove(&key(value));
                    });
                    return Err(error.into());
                }
            };
            match said {
                Some(reason) => tracing::warn!(%target, object, field, reason, "choices could not be added"),
                None => tracing::info!(%target, object, field, choices = ?new, "choices added"),
            }
        }
        Ok(())
    }
}

/// The choices in a value that the field of `target` does not offer, where its list takes no others.
fn missing_choices(pair: &FieldPair, target: Side, value: &Value) -> Vec<String> {
    let (Kind::Choice(list) | Kind::MultiChoice(list)) = &pair.field(target).kind else { return Vec::new() };
    if !list.restricted {
        return Vec::new();
    }
    let offered =
        |choice: &String| list.options.iter().any(|option| option.active && option.value == *choice);
    let choices = match value {
        Value::Choice(choice) => vec![choice.clone()],
        Value::Choices(choices) => choices.iter().cloned().collect(),
        _ => Vec::new(),
    };
    choices.into_iter().filter(|choice| !offered(choice)).collect()
}

/// What people see of a choice on the side it comes from.
fn label_of(pair: &FieldPair, target: Side, value: &str) -> String {
    match &pair.field(target.other()).kind {
        Kind::Choice(list) | Kind::MultiChoice(list) => list
            .options
            .iter()
            .find(|option| option.value == value)
            .map_or_else(|| value.to_owned(), |option| option.label.clone()),
        _ => value.to_owned(),
    }
}

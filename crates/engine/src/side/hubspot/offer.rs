//! Properties of Tandem's own whose choices grow.

use ::hubspot::{NewProperty, NewPropertyGroup, PropertyOption};
use model::{Field, Kind};

use super::{GROUP, HubSpotSide, already_there, failed};
use crate::side::SideError;

impl HubSpotSide {
    /// Makes sure that the property is there and offers these choices besides those it has.
    pub(super) async fn offer_choices(&self, object: &str, property: &Field) -> Result<(), SideError> {
        let wanted: Vec<PropertyOption> = match &property.kind {
            Kind::MultiChoice(list) | Kind::Choice(list) => list
                .options
                .iter()
                .map(|option| PropertyOption {
                    value: option.value.clone(),
                    label: option.label.clone(),
                    ..PropertyOption::default()
                })
                .collect(),
            _ => Vec::new(),
        };
        let properties = self.client.properties(object).await.map_err(|error| failed(&error))?;
        let Some(held) = properties.iter().find(|held| held.name == property.name) else {
            let group = NewPropertyGroup { name: GROUP.into(), label: "Tandem".into() };
            already_there(self.client.create_property_group(object, &group).await)?;
            let (kind, field_type) = match property.kind {
                Kind::MultiChoice(_) => ("enumeration", "checkbox"),
                Kind::Choice(_) => ("enumeration", "select"),
                _ => ("string", "textarea"),
            };
            let new = NewProperty {
                name: property.name.clone(),
                label: property.label.clone(),
                kind: kind.into(),
                field_type: field_type.into(),
                group_name: GROUP.into(),
                description: "Kept in step with Salesforce by Tandem.".into(),
                options: distinct(Vec::new(), &wanted),
                ..NewProperty::default()
            };
            return already_there(self.client.create_property(object, &new).await.map(|_| ()));
        };
        let options = distinct(held.options.clone(), &wanted);
        if options == held.options {
            return Ok(());
        }
        let done = self.client.replace_options(object, &property.name, &options).await;
        done.map_err(|error| failed(&error))
    }
}

/// The choices that are there with the wanted ones. HubSpot wants labels to differ: of two alike, the later shows its
/// value as well.
fn distinct(mut options: Vec<PropertyOption>, wanted: &[PropertyOption]) -> Vec<PropertyOption> {
    for option in wanted {
        let taken = options.iter().any(|other| other.value != option.value && other.label == option.label);
        let label = if taken || option.label.trim().is_empty() {
            format!("{} ({})", option.label, option.value).trim().to_owned()
        } else {
            option.label.clone()
        };
        match options.iter_mut().find(|held| held.value == option.value) {
            Some(held) => held.label = label,
            None => options.push(PropertyOption { label, ..option.clone() }),
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(value: &str, label: &str) -> PropertyOption {
        PropertyOption { value: value.into(), label: label.into(), ..PropertyOption::default() }
    }

    #[test]
    fn choices_are_added_and_renamed_and_none_is_dropped() {
        let held = vec![option("1", "Spring"), option("2", "Autumn")];
        let now = distinct(held, &[option("2", "Autumn fair"), option("3", "Spring")]);
        let expected = [option("1", "Spring"), option("2", "Autumn fair"), option("3", "Spring (3)")];
        assert_eq!(now, expected);
    }
}

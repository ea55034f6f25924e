//! What is made in HubSpot for Salesforce fields and objects: properties, custom objects, and associations between them.

use ::hubspot::{Error, NewObjectSchema, NewProperty, NewPropertyGroup, PropertyOption};
use model::{ChoiceOption, PROPERTY_GROUP, PROPERTY_GROUP_LABEL};

use crate::custom::NewObject;

use super::SideError;
use super::hubspot::{HubSpotSide, failed};

fn is_there(error: &Error) -> bool {
    error.api().is_some_and(|api| api.status == 409)
}

fn options(choices: &[ChoiceOption]) -> Vec<PropertyOption> {
    let option = |(option, place): (&ChoiceOption, i64)| PropertyOption {
        label: option.label.clone(),
        value: option.value.clone(),
        display_order: place,
        hidden: false,
    };
    choices.iter().zip(0_i64..).map(option).collect()
}

fn property(new: &model::NewProperty) -> NewProperty {
    NewProperty {
        name: new.name.clone(),
        label: new.label.clone(),
        kind: new.kind.into(),
        field_type: new.field_type.into(),
        group_name: new.group.into(),
        description: new.description.clone(),
        options: options(&new.options),
        ..NewProperty::default()
    }
}

impl HubSpotSide {
    /// Makes a property and its group; answers whether it was not there before.
    pub(super) async fn make_property(&self, new: &model::NewProperty) -> Result<bool, SideError> {
        match self.client().create_property(&new.object, &property(new)).await {
            Ok(_) => return Ok(true),
            Err(error) if is_there(&error) => return Ok(false),
            // The group may be what is missing.
            Err(Error::Api(_) | Error::NotFound(_)) => {}
            Err(error) => return Err(failed(&error)),
        }
        let group = NewPropertyGroup { name: PROPERTY_GROUP.into(), label: PROPERTY_GROUP_LABEL.into() };
        match self.client().create_property_group(&new.object, &group).await {
            Ok(()) => {}
            Err(error) if is_there(&error) => {}
            Err(error) => return Err(failed(&error)),
        }
        match self.client().create_property(&new.object, &property(new)).await {
            Ok(_) => Ok(true),
            Err(error) if is_there(&error) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Makes a custom object with its properties; answers its full name.
    pub(super) async fn make_object(&self, new: &NewObject) -> Result<String, SideError> {
        let display = new.properties.iter().find(|known| known.name == new.display);
        let Some(display) = display.or_else(|| new.properties.first()) else {
            return Err(SideError {
                side: model::Side::HubSpot,
                passing: false,
                message: format!(
                    "A HubSpot object needs a property, and {} would have none. Add a field in Salesforce, or make it \
                     visible to the connected user.",
                    new.singular
                ),
            });
        };
        // An object comes with a group of its own; the Salesforce one is made for its other properties.
        let mut shown = serde_json::json!(property(display));
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("groupName");
        }
        let schema = NewObjectSchema {
            name: new.name.clone(),
            singular: new.singular.clone(),
            plural: new.plural.clone(),
            primary_display_property: display.name.clone(),
            properties: vec![shown],
        };
        let made = self.client().create_schema(&schema).await.map_err(|error| failed(&error))?;
        self.forget_custom_objects();
        for other in new.properties.iter().filter(|other| other.name != display.name) {
            let other = model::NewProperty { object: made.fully_qualified_name.clone(), ..other.clone() };
            self.make_property(&other).await?;
        }
        Ok(made.fully_qualified_name)
    }

    /// Lets records of two objects be associated.
    pub(super) async fn let_associate(&self, object: &str, other: &str) -> Result<(), SideError> {
        let custom = self.custom_objects().await?;
        let number = |name: &str| match name {
            "contacts" => "0-1".to_owned(),
            "companies" => "0-2".to_owned(),
            "deals" => "0-3".to_owned(),
            "tickets" => "0-5".to_owned(),
            other => custom
                .iter()
                .find(|schema| schema.is_called(other))
                .map_or_else(|| other.to_owned(), |schema| schema.object_type_id.clone()),
        };
        let made = self.client().relate_schemas(&number(object), &number(other)).await;
        self.forget_custom_objects();
        match made {
            Ok(()) => Ok(()),
            Err(error) if is_there(&error) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }
}

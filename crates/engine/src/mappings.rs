//! Mappings that are not there yet: what could be mapped, the properties that would be made for it, and choices that have
//! drifted apart.

use std::collections::BTreeMap;

use hubspot::{NewPropertyGroup, PropertyOption};
use jiff::tz::TimeZone;
use model::{FieldPair, Kind, ObjectMapping, PROPERTY_GROUP, PROPERTY_GROUP_LABEL, Side, Suggestions};
use serde::Serialize;

use crate::error::EngineError;
use crate::schema;
use crate::settings::Settings;
use crate::side::{HubSpotSide, SalesforceSide, SideApi};

/// Suggests a mapping for every field of the Salesforce objects in step; what is mapped stays. Nothing is changed on either
/// platform.
///
/// # Errors
/// When a platform cannot be asked.
pub async fn suggest_mappings(
    settings: &Settings,
    hubspot: &hubspot::Client,
    salesforce: &salesforce::Client,
) -> Result<Vec<Suggestions>, EngineError> {
    let (hubspot, salesforce) = (HubSpotSide::new(hubspot.clone()), SalesforceSide::new(salesforce.clone()));
    let mut properties: BTreeMap<String, Vec<model::Field>> = BTreeMap::new();
    let mut suggested = Vec::new();
    for mapping in settings.objects.iter().filter(|mapping| mapping.enabled) {
        let object = &mapping.hubspot_object;
        if !properties.contains_key(object) {
            properties.insert(object.clone(), hubspot.describe(object).await?);
        }
        let fields = salesforce.describe(&mapping.salesforce_object).await?;
        let Some(known) = properties.get_mut(object) else { continue };
        let found = model::suggest(&there(mapping, known, &fields), known, &fields);
        // A field that Lead and Contact both have gets one property, not two.
        for new in &found.new_properties {
            let made_for = found.mappings.iter().find(|found| found.mapping.hubspot == new.name);
            let field = made_for.and_then(|made| fields.iter().find(|f| f.name == made.mapping.salesforce));
            known.extend(field.map(|field| model::Field {
                name: new.name.clone(),
                label: new.label.clone(),
                access: model::Access::ReadWrite,
                required: false,
                unique: false,
                kind: field.kind.clone(),
            }));
        }
        suggested.push(found);
    }
    Ok(suggested)
}

/// The mapping without those of its fields that a platform does not have: they were automatic.
fn there(mapping: &ObjectMapping, hubspot: &[model::Field], salesforce: &[model::Field]) -> ObjectMapping {
    let has = |fields: &[model::Field], name: &str| fields.iter().any(|field| field.name == name);
    let fields = mapping.fields.iter();
    let fields = fields.filter(|field| has(hubspot, &field.hubspot) && has(salesforce, &field.salesforce));
    ObjectMapping { fields: fields.cloned().collect(), ..mapping.clone() }
}

/// Makes the properties that these suggestions need. Answers the names of those made; one that is there already is not
/// touched.
///
/// # Errors
/// When HubSpot cannot be asked or does not let a property be made; those made before stay.
pub async fn create_properties(
    hubspot: &hubspot::Client,
    suggested: &[Suggestions],
) -> Result<Vec<String>, EngineError> {
    let trouble = |error: &hubspot::Error| EngineError::Platform {
        message: error.to_string(),
        passing: error.is_temporary() || error.is_ambiguous(),
    };
    let there = |error: &hubspot::Error| error.api().is_some_and(|api| api.status == 409);
    let mut made = Vec::new();
    let mut grouped: Vec<&str> = Vec::new();
    for new in suggested.iter().flat_map(|found| &found.new_properties) {
        if !grouped.contains(&new.object.as_str()) {
            let group = NewPropertyGroup { name: PROPERTY_GROUP.into(), label: PROPERTY_GROUP_LABEL.into() };
            match hubspot.create_property_group(&new.object, &group).await {
                Ok(()) => {}
                Err(error) if there(&error) => {}
                Err(error) => return Err(trouble(&error)),
            }
            grouped.push(&new.object);
        }
        let options = new.options.iter().zip(0_i64..).map(|(option, place)| PropertyOption {
            label: option.label.clone(),
            value: option.value.clone(),
            display_order: place,
            hidden: false,
        });
        let property = hubspot::NewProperty {
            name: new.name.clone(),
            label: new.label.clone(),
            kind: new.kind.into(),
            field_type: new.field_type.into(),
            group_name: new.group.into(),
            description: new.description.clone(),
            options: options.collect(),
            ..hubspot::NewProperty::default()
        };
        match hubspot.create_property(&new.object, &property).await {
            Ok(_) => made.push(format!("{}.{}", new.object, new.name)),
            Err(error) if there(&error) => {}
            Err(error) => return Err(trouble(&error)),
        }
    }
    Ok(made)
}

/// Choices of a mapping that one side offers and the other has nothing for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChoiceDrift {
    /// The HubSpot object.
    pub hubspot_object: String,
    /// The property.
    pub hubspot: String,
    /// The Salesforce object.
    pub salesforce_object: String,
    /// The field.
    pub salesforce: String,
    /// The side that offers these choices.
    pub offered_by: Side,
    /// The choices, by their values.
    pub choices: Vec<String>,
    /// Records that cannot be brought in step because of them.
    pub records: u64,
}

/// The choices that have drifted apart, once for each mapping. Nothing is changed on either platform.
///
/// # Errors
/// When a platform cannot be asked.
pub async fn choice_drift(
    settings: &Settings,
    hubspot: &hubspot::Client,
    salesforce: &salesforce::Client,
) -> Result<Vec<ChoiceDrift>, EngineError> {
    let (hubspot, salesforce) = (HubSpotSide::new(hubspot.clone()), SalesforceSide::new(salesforce.clone()));
    let (schema, _) = schema::read(settings, &hubspot, &salesforce, TimeZone::UTC).await?;
    let mut drift = Vec::new();
    for route in &schema.routes {
        for pair in &route.pairs {
            for side in [Side::HubSpot, Side::Salesforce] {
                let choices = without_counterpart(pair, side);
                if choices.is_empty() || !pair.mapping.rule.writes(side.other()) {
                    continue;
                }
                drift.push(ChoiceDrift {
                    hubspot_object: route.mapping.hubspot_object.clone(),
                    hubspot: pair.hubspot.name.clone(),
                    salesforce_object: route.mapping.salesforce_object.clone(),
                    salesforce: pair.salesforce.name.clone(),
                    offered_by: side,
                    choices,
                    records: 0,
                });
            }
        }
    }
    Ok(drift)
}

fn without_counterpart(pair: &FieldPair, side: Side) -> Vec<String> {
    let (Kind::Choice(list) | Kind::MultiChoice(list)) = &pair.field(side).kind else { return Vec::new() };
    if !matches!(pair.field(side.other()).kind, Kind::Choice(_) | Kind::MultiChoice(_)) {
        return Vec::new();
    }
    let offered = list.options.iter().filter(|option| option.active);
    let values = offered.map(|option| option.value.clone());
    values.filter(|value| !model::choice_fits(value, side, pair)).collect()
}

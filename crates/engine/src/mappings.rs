//! Mappings that are not there yet: what could be mapped, the properties that would be made for it, and choices that have
//! drifted apart. Nothing here writes but [`Connection::create_properties`].

use std::collections::BTreeMap;

use model::{Field, FieldMapping, FieldPair, Kind, NewProperty, ObjectMapping, Side, Suggestions};
use serde::Serialize;
use store::ErrorFilter;

use crate::connection::Connection;
use crate::error::EngineError;
use crate::schema;
use crate::settings::Settings;

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

impl Connection {
    /// Suggests a mapping for every field of the Salesforce objects in step; what is mapped stays. Nothing is changed on
    /// either platform.
    ///
    /// # Errors
    /// When a platform cannot be asked.
    pub async fn suggest_mappings(&self, settings: &Settings) -> Result<Vec<Suggestions>, EngineError> {
        let _waiting = self.meter.for_a_person();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let mut properties: BTreeMap<String, Vec<Field>> = BTreeMap::new();
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
            known.extend(found.new_properties.iter().map(NewProperty::as_field));
            suggested.push(found);
        }
        Ok(suggested)
    }

    /// Makes HubSpot properties, in the group "Salesforce". Answers those made, as `contacts.rating`; one that is there
    /// already is not touched.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or does not let a property be made; those made before stay.
    pub async fn create_properties(&self, new: &[NewProperty]) -> Result<Vec<String>, EngineError> {
        let _waiting = self.meter.for_a_person();
        let mut made = Vec::new();
        for property in new {
            if self.side(Side::HubSpot).create_property(property).await? {
                made.push(format!("{}.{}", property.object, property.name));
            }
        }
        Ok(made)
    }

    /// Why two fields cannot be mapped to each other, in a sentence; nothing where they can.
    ///
    /// # Errors
    /// When a platform cannot be asked.
    pub async fn why_not(
        &self,
        hubspot_object: &str,
        salesforce_object: &str,
        mapping: &FieldMapping,
    ) -> Result<Option<String>, EngineError> {
        let object = ObjectMapping::new(hubspot_object, salesforce_object, vec![mapping.clone()]);
        let name = schema::named(&object, mapping);
        let mut settings = self.settings.clone();
        settings.objects.retain(|known| {
            known.hubspot_object != hubspot_object || known.salesforce_object != salesforce_object
        });
        settings.objects.push(object);
        let problems = self.problems_of(&settings).await?;
        let refused = problems.into_iter().find(|known| known.refused && known.mapping == name);
        Ok(refused.map(|known| known.problem))
    }

    /// Everything in settings that cannot be worked, with the reason in words; where [`Connection::check_settings`] stops at
    /// what a person chose, this says all of it. Nothing is changed on either platform.
    ///
    /// # Errors
    /// When a platform cannot be asked.
    pub async fn problems_of(&self, settings: &Settings) -> Result<Vec<schema::MappingProblem>, EngineError> {
        let settings = Settings { chosen: false, ..settings.clone() };
        let _waiting = self.meter.for_a_person();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let (schema, _) = schema::read(&settings, hubspot, salesforce, jiff::tz::TimeZone::UTC).await?;
        Ok(schema.problems)
    }

    /// The choices that have drifted apart, once for each mapping, with how many records wait for them. Nothing is
    /// changed on either platform.
    ///
    /// # Errors
    /// When a platform cannot be asked, or the store cannot be read.
    pub async fn choice_drift(&self, settings: &Settings) -> Result<Vec<ChoiceDrift>, EngineError> {
        let settings = Settings { chosen: false, ..settings.clone() };
        let _waiting = self.meter.for_a_person();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let (schema, _) = schema::read(&settings, hubspot, salesforce, jiff::tz::TimeZone::UTC).await?;
        let errors = self.store.errors(&self.id, &ErrorFilter::default())?;
        let mut drift = Vec::new();
        for route in &schema.routes {
            for pair in &route.pairs {
                for side in [Side::HubSpot, Side::Salesforce] {
                    let choices = without_counterpart(pair, side);
                    if choices.is_empty() || !pair.mapping.rule.writes(side.other()) {
                        continue;
                    }
                    let waits = errors.iter().map(|row| &row.error).filter(|error| {
                        error.code == "NOT_A_CHOICE"
                            && error.object == route.mapping.object(side)
                            && error.field.as_ref() == Some(&pair.field(side).name)
                    });
                    drift.push(ChoiceDrift {
                        hubspot_object: route.mapping.hubspot_object.clone(),
                        hubspot: pair.hubspot.name.clone(),
                        salesforce_object: route.mapping.salesforce_object.clone(),
                        salesforce: pair.salesforce.name.clone(),
                        offered_by: side,
                        choices,
                        records: waits.count() as u64,
                    });
                }
            }
        }
        Ok(drift)
    }
}

/// The mapping without those of its fields that a platform does not have: they were automatic.
fn there(mapping: &ObjectMapping, hubspot: &[Field], salesforce: &[Field]) -> ObjectMapping {
    let has = |fields: &[Field], name: &str| fields.iter().any(|field| field.name == name);
    let fields = mapping.fields.iter();
    let fields = fields.filter(|field| has(hubspot, &field.hubspot) && has(salesforce, &field.salesforce));
    ObjectMapping { fields: fields.cloned().collect(), ..mapping.clone() }
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

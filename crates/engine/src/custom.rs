//! Custom objects: a HubSpot object for a Salesforce object, made where there is none, with a property for each field and
//! an association for each lookup.

use std::collections::BTreeSet;

use model::{Field, FieldMapping, Kind, LeftOut, NewProperty, ObjectMapping, Side, SyncRule, is_owner};
use serde::Serialize;

use crate::connection::Connection;
use crate::error::EngineError;
use crate::settings::Settings;
use crate::side::association_name;

/// A HubSpot object to be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewObject {
    /// Its internal name: small letters, digits and underscores.
    pub name: String,
    /// What people call one of its records.
    pub singular: String,
    /// What people call several.
    pub plural: String,
    /// The property by which people know its records.
    pub display: String,
    /// Its properties.
    pub properties: Vec<NewProperty>,
}

/// What it takes to keep a Salesforce object in step with a HubSpot custom object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomObjectPlan {
    /// The HubSpot object; a name that is still to be given, where it is to be made.
    pub hubspot_object: String,
    /// The Salesforce object.
    pub salesforce_object: String,
    /// The HubSpot object to be made; none where there is one of that name.
    pub new_object: Option<NewObject>,
    /// The properties to be made of an object that is there.
    pub new_properties: Vec<NewProperty>,
    /// The HubSpot objects whose records are to be associable with its own.
    pub new_associations: Vec<String>,
    /// The settings with the mapping, and with the lookups that lead to the object from others.
    pub settings: Settings,
    /// The fields without a mapping, and why.
    pub left_out: Vec<LeftOut>,
}

impl Connection {
    /// What it takes to keep `salesforce_object` in step with a HubSpot object: the one named, or the one that is called
    /// alike, or a new one. Nothing is changed on either platform.
    ///
    /// # Errors
    /// When a platform cannot be asked, or the object is in step already.
    pub async fn plan_custom_object(
        &self,
        salesforce_object: &str,
        hubspot_object: Option<&str>,
    ) -> Result<CustomObjectPlan, EngineError> {
        let settings = self.settings.clone();
        if settings.objects.iter().any(|known| known.salesforce_object == salesforce_object) {
            return Err(EngineError::Settings(format!(
                "{salesforce_object} is mapped already. Change its mapping instead."
            )));
        }
        let _waiting = self.meter.for_a_person();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let fields = salesforce.describe(salesforce_object).await?;
        let (singular, plural) = salesforce.labels(salesforce_object).await?;
        let called = hubspot_object.unwrap_or(salesforce_object);
        let known = hubspot.object_called(&plain_name(called)).await?;
        if let (Some(wanted), None) = (hubspot_object, &known) {
            return Err(EngineError::Settings(format!(
                "HubSpot has no custom object '{wanted}'. Leave the name out to have one made for {salesforce_object}."
            )));
        }
        let there = match &known {
            Some(object) => hubspot.describe(object).await?,
            None => Vec::new(),
        };
        let name = known.clone().unwrap_or_else(|| plain_name(salesforce_object));
        let empty = ObjectMapping::new(name.clone(), salesforce_object, Vec::new());
        let found = model::suggest(&empty, &there, &fields);
        let mut mapping = found.applied_to(&empty);
        let mut left_out = found.left_out.clone();
        let mut settings = settings;
        let mut new_associations: BTreeSet<String> = BTreeSet::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for field in &fields {
            let Kind::Reference { targets } = &field.kind else { continue };
            if is_owner(targets) || mapping.fields.iter().any(|known| known.salesforce == field.name) {
                continue;
            }
            let Some(other) = in_step(&settings, targets) else { continue };
            left_out.retain(|left| left.salesforce != field.name);
            if !taken.insert(other.clone()) {
                let reason =
                    "Another lookup leads to the same object, and HubSpot associates two records once.";
                left_out.push(LeftOut { salesforce: field.name.clone(), reason });
                continue;
            }
            let association = association_name(&other);
            if !there.iter().any(|known| known.name == association) {
                new_associations.insert(other);
            }
            mapping.fields.push(lookup(association, field));
        }
        for other in settings.objects.iter_mut().filter(|known| known.enabled) {
            let fields = salesforce.describe(&other.salesforce_object).await?;
            let leads_here = |field: &&Field| matches!(&field.kind, Kind::Reference { targets } if targets.iter().any(|to| to == salesforce_object));
            // One association serves one lookup.
            let Some(field) = fields.iter().find(leads_here) else { continue };
            if !taken.insert(other.hubspot_object.clone()) {
                continue;
            }
            if !there.iter().any(|known| known.name == association_name(&other.hubspot_object)) {
                new_associations.insert(other.hubspot_object.clone());
            }
            other.fields.push(lookup(association_name(&name), field));
        }
        let new_object = known.is_none().then(|| NewObject {
            name: name.clone(),
            display: display_of(&mapping, &found.new_properties),
            singular,
            plural,
            properties: found.new_properties.clone(),
        });
        let new_properties = if known.is_some() { found.new_properties } else { Vec::new() };
        settings.objects.push(mapping);
        Ok(CustomObjectPlan {
            hubspot_object: name,
            salesforce_object: salesforce_object.to_owned(),
            new_object,
            new_properties,
            new_associations: new_associations.into_iter().collect(),
            settings,
            left_out,
        })
    }

    /// Makes what a plan says and keeps its settings. Answers the HubSpot object's name. This connection goes on under the
    /// old settings: open it again to work under the new.
    ///
    /// # Errors
    /// When HubSpot does not let something be made, or the settings do not fit; what was made before stays.
    pub async fn make_custom_object(
        &self,
        plan: &CustomObjectPlan,
        who: &str,
    ) -> Result<String, EngineError> {
        let _waiting = self.meter.for_a_person();
        let hubspot = self.side(Side::HubSpot);
        let name = match &plan.new_object {
            Some(new) => hubspot.create_object(new).await?,
            None => plan.hubspot_object.clone(),
        };
        for other in &plan.new_associations {
            hubspot.make_associable(&name, other).await?;
        }
        // The name that HubSpot gave stands in place of the one that was thought of.
        let mut settings = plan.settings.clone();
        let (before, after) = (association_name(&plan.hubspot_object), association_name(&name));
        for object in &mut settings.objects {
            if object.salesforce_object == plan.salesforce_object {
                object.hubspot_object.clone_from(&name);
            }
            for field in object.fields.iter_mut().filter(|field| field.hubspot == before) {
                field.hubspot.clone_from(&after);
            }
        }
        self.keep_settings(&settings, &plan.new_properties, who).await?;
        Ok(name)
    }
}

fn lookup(association: String, field: &Field) -> FieldMapping {
    let rule = match field.access {
        model::Access::ReadWrite => SyncRule::default(),
        // What a detail record belongs to is said once.
        _ => SyncRule::AlwaysSalesforce,
    };
    FieldMapping::new(association, field.name.clone(), rule)
}

/// The HubSpot object that is in step with the first of these Salesforce objects that is in step.
fn in_step(settings: &Settings, targets: &[String]) -> Option<String> {
    let enabled = || settings.objects.iter().filter(|known| known.enabled);
    let of = |target: &String| enabled().find(|known| known.salesforce_object == *target);
    targets.iter().find_map(of).map(|known| known.hubspot_object.clone())
}

/// `Big_Project__c` as HubSpot would call it: `big_project`.
fn plain_name(object: &str) -> String {
    object.strip_suffix("__c").unwrap_or(object).to_lowercase()
}

/// The property that holds the record's name; the first text, where the object has none.
fn display_of(mapping: &ObjectMapping, properties: &[NewProperty]) -> String {
    let name =
        mapping.fields.iter().find(|known| known.salesforce == "Name").map(|known| known.hubspot.clone());
    let text = || properties.iter().find(|property| property.kind == "string").map(|new| new.name.clone());
    name.or_else(text).unwrap_or_default()
}

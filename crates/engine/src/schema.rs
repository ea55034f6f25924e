//! The mappings of a connection, checked against what both platforms describe.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use model::{Field, FieldPair, ObjectMapping, Side};

use crate::error::EngineError;
use crate::inside::scope_of;
use crate::settings::Settings;
use crate::side::SideApi;

/// One object mapping that can be worked.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub mapping: ObjectMapping,
    pub pairs: Vec<FieldPair>,
    /// The mapped fields of each side, in the order of `pairs`.
    pub hubspot_fields: Vec<Field>,
    pub salesforce_fields: Vec<Field>,
}

impl Route {
    pub fn object(&self, side: Side) -> &str {
        match side {
            Side::HubSpot => &self.mapping.hubspot_object,
            Side::Salesforce => &self.mapping.salesforce_object,
        }
    }

    pub fn fields(&self, side: Side) -> &[Field] {
        match side {
            Side::HubSpot => &self.hubspot_fields,
            Side::Salesforce => &self.salesforce_fields,
        }
    }
}

/// A mapping that cannot be worked, and why.
#[derive(Debug, Clone)]
pub struct MappingProblem {
    /// The mapping, for example `contacts ↔ Contact: jobtitle ↔ Title`.
    pub mapping: String,
    /// What is wrong, in a sentence.
    pub problem: String,
}

/// All routes of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    /// Parents before children.
    pub routes: Vec<Route>,
    pub time_zone: TimeZone,
    pub problems: Vec<MappingProblem>,
}

impl Schema {
    /// Routes whose `side` object is `object`, in order of preference.
    pub fn routes_of<'a>(&'a self, side: Side, object: &'a str) -> impl Iterator<Item = &'a Route> {
        self.routes.iter().filter(move |route| route.object(side) == object)
    }

    pub fn route(&self, hubspot_object: &str, salesforce_object: &str) -> Option<&Route> {
        self.routes.iter().find(|route| {
            route.mapping.hubspot_object == hubspot_object
                && route.mapping.salesforce_object == salesforce_object
        })
    }

    /// Every object of `side` once, parents first.
    pub fn objects(&self, side: Side) -> Vec<String> {
        let mut objects: Vec<String> = Vec::new();
        for route in &self.routes {
            if !objects.iter().any(|known| known == route.object(side)) {
                objects.push(route.object(side).to_owned());
            }
        }
        objects
    }

    /// The mapped fields of `object` over all its routes, each once.
    pub fn fields_of(&self, side: Side, object: &str) -> Vec<Field> {
        let mut fields: BTreeMap<String, Field> = BTreeMap::new();
        for field in self.routes_of(side, object).flat_map(|route| route.fields(side)) {
            fields.entry(field.name.clone()).or_insert_with(|| field.clone());
        }
        fields.into_values().collect()
    }
}

/// Reads both platforms' descriptions, pairs up the mapped fields and makes sure that the marker fields exist. An
/// automatic mapping that does not fit is left out and reported; one that a person chose is refused.
pub(crate) async fn load(
    settings: &Settings,
    hubspot: &dyn SideApi,
    salesforce: &dyn SideApi,
    time_zone: TimeZone,
) -> Result<Schema, EngineError> {
    let (schema, described) = read(settings, hubspot, salesforce, time_zone).await?;
    // Nothing is changed on either platform before the settings are known to fit.
    for ((side, object), fields) in &described {
        let api: &dyn SideApi = match side {
            Side::HubSpot => hubspot,
            Side::Salesforce => salesforce,
        };
        api.ensure_marker(object, fields).await?;
    }
    Ok(schema)
}

type Described = BTreeMap<(Side, String), Vec<Field>>;

/// Pairs up the mapped fields, changing nothing on either platform.
pub(crate) async fn read(
    settings: &Settings,
    hubspot: &dyn SideApi,
    salesforce: &dyn SideApi,
    time_zone: TimeZone,
) -> Result<(Schema, Described), EngineError> {
    let mut described = Described::new();
    for mapping in settings.objects.iter().filter(|mapping| mapping.enabled) {
        for (side, object) in [(hubspot, &mapping.hubspot_object), (salesforce, &mapping.salesforce_object)] {
            let key = (side.side(), object.clone());
            if let std::collections::btree_map::Entry::Vacant(e) = described.entry(key) {
                let fields = side.describe(object).await?;
                e.insert(fields);
            }
        }
    }
    for mapping in settings.objects.iter().filter(|mapping| mapping.enabled) {
        for side in [hubspot, salesforce] {
            let Some(scope) = scope_of(mapping, side.side()) else { continue };
            if let Some(problem) = side.check_scope(mapping.object(side.side()), scope).await? {
                return Err(EngineError::Settings(format!(
                    "{} ↔ {}: {problem}.",
                    mapping.hubspot_object, mapping.salesforce_object
                )));
            }
        }
    }
    let mut problems = Vec::new();
    let mut routes = Vec::new();
    for mapping in settings.objects.iter().filter(|mapping| mapping.enabled) {
        let field = |side: Side, object: &String, name: &str| {
            described.get(&(side, object.clone()))?.iter().find(|field| field.name == name).cloned()
        };
        let mut pairs = Vec::new();
        for wanted in &mapping.fields {
            let mut report = |problem: String| {
                problems.push(MappingProblem {
                    mapping: format!(
                        "{} ↔ {}: {} ↔ {}",
                        mapping.hubspot_object, mapping.salesforce_object, wanted.hubspot, wanted.salesforce
                    ),
                    problem,
                });
            };
            let hubspot_field = field(Side::HubSpot, &mapping.hubspot_object, &wanted.hubspot);
            let salesforce_field = field(Side::Salesforce, &mapping.salesforce_object, &wanted.salesforce);
            let (hubspot_field, salesforce_field) = match (hubspot_field, salesforce_field) {
                (Some(hubspot_field), Some(salesforce_field)) => (hubspot_field, salesforce_field),
                (None, _) => {
                    report(format!(
                        "HubSpot has no property '{}' on {}. Create it, or correct the mapping.",
                        wanted.hubspot, mapping.hubspot_object
                    ));
                    continue;
                }
                (_, None) => {
                    report(format!(
                        "Salesforce shows no field '{}' on {}. Create it, make it visible to the connected user, or \
                         correct the mapping.",
                        wanted.salesforce, mapping.salesforce_object
                    ));
                    continue;
                }
            };
            match FieldPair::new(wanted.clone(), hubspot_field, salesforce_field) {
                Ok(pair) => pairs.push(pair),
                Err(refused) => report(refused.to_string()),
            }
        }
        routes.push(Route {
            mapping: mapping.clone(),
            hubspot_fields: pairs.iter().map(|pair| pair.hubspot.clone()).collect(),
            salesforce_fields: pairs.iter().map(|pair| pair.salesforce.clone()).collect(),
            pairs,
        });
    }
    if settings.chosen && !problems.is_empty() {
        let said: Vec<String> =
            problems.iter().map(|known| format!("{}: {}", known.mapping, known.problem)).collect();
        return Err(EngineError::Settings(said.join(" ")));
    }
    Ok((Schema { routes, time_zone, problems }, described))
}

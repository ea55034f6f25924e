//! The mappings of a connection, checked against what both platforms describe.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use model::{Field, FieldMapping, FieldPair, Kind, MappingRefused, ObjectMapping, Side};

use crate::error::EngineError;
use crate::inside::scope_of;
use crate::keys::KeyStep;
use crate::settings::Settings;
use crate::side::{RecordState, SideApi};

/// One object mapping that can be worked.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub mapping: ObjectMapping,
    pub pairs: Vec<FieldPair>,
    /// The mapped fields of each side, in the order of `pairs`.
    pub hubspot_fields: Vec<Field>,
    pub salesforce_fields: Vec<Field>,
    /// By what unlinked records are matched, in order.
    pub steps: Vec<KeyStep>,
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
    /// Whether the mapping itself is refused; else it only rests, because an object that it leads to is not in step.
    pub refused: bool,
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

    /// The mapped fields of `object`, and those by which its records are matched.
    pub fn matching_fields(&self, side: Side, object: &str) -> Vec<Field> {
        let mut fields = self.fields_of(side, object);
        let keys = self.routes_of(side, object).flat_map(|route| &route.steps);
        for field in keys.flat_map(|step| step.fields(side)) {
            if !fields.iter().any(|known| known.name == field.name) {
                fields.push(field.clone());
            }
        }
        fields
    }

    /// Leaves of a record what is mapped, once it has been matched.
    pub fn keep_mapped(&self, side: Side, record: &mut RecordState) {
        let mapped: Vec<Field> = self.fields_of(side, &record.object);
        record.values.retain(|name, _| mapped.iter().any(|field| field.name == *name));
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
    if settings.campaigns {
        crate::campaigns::ensure_properties(hubspot, salesforce).await?;
    }
    Ok(schema)
}

pub(crate) type Described = BTreeMap<(Side, String), Vec<Field>>;

/// Pairs up the mapped fields, changing nothing on either platform.
pub(crate) async fn read(
    settings: &Settings,
    hubspot: &dyn SideApi,
    salesforce: &dyn SideApi,
    time_zone: TimeZone,
) -> Result<(Schema, Described), EngineError> {
    let mappings = settings.mappings();
    let mut described = Described::new();
    for mapping in mappings.iter().filter(|mapping| mapping.enabled) {
        for (side, object) in [(hubspot, &mapping.hubspot_object), (salesforce, &mapping.salesforce_object)] {
            let key = (side.side(), object.clone());
            if let std::collections::btree_map::Entry::Vacant(e) = described.entry(key) {
                let fields = side.describe(object).await?;
                e.insert(fields);
            }
        }
    }
    if settings.campaigns {
        crate::campaigns::describe(&mut described);
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
    let mut left_alone = Vec::new();
    // What a person wrote must be there; what a switch stands for is left out where a platform does not have it.
    let mut refused: Vec<String> = Vec::new();
    let mut routes = Vec::new();
    for mapping in mappings.iter().filter(|mapping| mapping.enabled) {
        let by_hand = settings.objects.iter().find(|own| {
            own.hubspot_object == mapping.hubspot_object && own.salesforce_object == mapping.salesforce_object
        });
        let field = |side: Side, object: &String, name: &str| {
            described.get(&(side, object.clone()))?.iter().find(|field| field.name == name).cloned()
        };
        let mut pairs = Vec::new();
        let mut twice: BTreeMap<usize, MappingRefused> =
            model::written_twice(&mapping.fields).into_iter().collect();
        for (index, wanted) in
            mapping.fields.iter().chain(&crate::lines::missing_mapping(mapping)).enumerate()
        {
            let is_by_hand = by_hand.is_some_and(|own| own.fields.contains(wanted));
            let mut report = |problem: String| {
                let problem = MappingProblem { mapping: named(mapping, wanted), problem, refused: true };
                if is_by_hand {
                    refused.push(format!("{}: {}", problem.mapping, problem.problem));
                }
                // An account with one currency has no field for it.
                if settings.chosen || wanted.salesforce != "CurrencyIsoCode" {
                    problems.push(problem);
                }
            };
            if let Some(refused) = twice.remove(&index) {
                report(refused.to_string());
                continue;
            }
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
                Ok(pair) => match nowhere(settings, &pair) {
                    None => pairs.push(pair),
                    Some(problem) => left_alone.push(MappingProblem {
                        mapping: named(mapping, wanted),
                        problem,
                        refused: false,
                    }),
                },
                Err(refused) => report(refused.to_string()),
            }
        }
        let mut steps = Vec::new();
        for by in mapping.keys() {
            let described = |side: Side, name: &str| field(side, &mapping.object(side).to_owned(), name);
            match KeyStep::new(by, mapping, described) {
                Ok(step) => steps.extend(step),
                Err(problem) => problems.push(MappingProblem {
                    mapping: format!("{} ↔ {}", mapping.hubspot_object, mapping.salesforce_object),
                    problem,
                    refused: true,
                }),
            }
        }
        routes.push(Route {
            steps,
            mapping: mapping.clone(),
            hubspot_fields: pairs.iter().map(|pair| pair.hubspot.clone()).collect(),
            salesforce_fields: pairs.iter().map(|pair| pair.salesforce.clone()).collect(),
            pairs,
        });
    }
    if settings.chosen && !refused.is_empty() {
        return Err(EngineError::Settings(refused.join(" ")));
    }
    // Another object that is switched off is no mistake of this mapping: it is said, and the field rests.
    problems.extend(left_alone);
    Ok((Schema { routes, time_zone, problems }, described))
}

/// A mapping in words.
pub(crate) fn named(mapping: &ObjectMapping, field: &FieldMapping) -> String {
    format!(
        "{} ↔ {}: {} ↔ {}",
        mapping.hubspot_object, mapping.salesforce_object, field.hubspot, field.salesforce
    )
}

/// Why a reference cannot be kept in step: none of the objects it leads to are.
fn nowhere(settings: &Settings, pair: &FieldPair) -> Option<String> {
    let targets = |side: Side| match &pair.field(side).kind {
        Kind::Reference { targets } | Kind::References { targets } => Some(targets),
        _ => None,
    };
    let (hubspot, salesforce) = (targets(Side::HubSpot)?, targets(Side::Salesforce)?);
    let in_step = settings.objects.iter().filter(|mapping| mapping.enabled).any(|mapping| {
        hubspot.contains(&mapping.hubspot_object) && salesforce.contains(&mapping.salesforce_object)
    });
    if in_step || (model::is_owner(hubspot) && model::is_owner(salesforce)) {
        return None;
    }
    Some(format!(
        "It leads to {} and {}, which are not kept in step: both sides keep what they have. Switch that object on to \
         have it follow.",
        hubspot.join(" or "),
        salesforce.join(" or ")
    ))
}

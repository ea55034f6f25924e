//! Which field goes with which, found out: by the known standard pairs, then by API name, then by label and type. What
//! Salesforce has and HubSpot lacks becomes a property to be made.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::convert::plain;
use crate::mapping::incompatible;
use crate::new_property::new_property;
use crate::{
    Access, ChoiceText, Field, FieldMapping, FieldPair, Kind, NewProperty, ObjectMapping, Side, SyncRule,
    defaults,
};

/// Why two fields were paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestedBy {
    /// They are paired already.
    Current,
    /// A pair of standard fields that is known to say the same.
    Standard,
    /// The state and country lists of the org, by the recipe for them.
    StateAndCountry,
    /// Their API names are alike.
    ApiName,
    /// Their labels are alike and they hold the same kind of thing.
    Label,
    /// The property would be made for the field.
    NewProperty,
}

impl SuggestedBy {
    /// The reason in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Current => "They are mapped already.",
            Self::Standard => "A known pair of standard fields.",
            Self::StateAndCountry => {
                "The org has state and country lists: the text goes with the list, by code or by name."
            }
            Self::ApiName => "Their API names are alike.",
            Self::Label => "Their labels are alike and they hold the same kind of thing.",
            Self::NewProperty => "HubSpot has no property for this field; it would be made.",
        }
    }
}

/// How sure it is that two fields say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A person should look.
    Low,
    /// Likely.
    Medium,
    /// Very likely.
    High,
    /// Known.
    Certain,
}

/// A mapping that is suggested.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The mapping.
    pub mapping: FieldMapping,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why.
    pub by: SuggestedBy,
    /// Why, in a sentence.
    pub reason: &'static str,
}

/// A field that is not suggested to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The Salesforce field.
    pub salesforce: String,
    /// Why, in a sentence.
    pub reason: &'static str,
}

/// What is suggested for one pair of objects.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Suggestions {
    /// The HubSpot object.
    pub hubspot_object: String,
    /// The Salesforce object.
    pub salesforce_object: String,
    /// The mappings, those that are there first.
    pub mappings: Vec<Suggestion>,
    /// The properties that the mappings by [`SuggestedBy::NewProperty`] need.
    pub new_properties: Vec<NewProperty>,
    /// The fields without a mapping.
    pub left_out: Vec<LeftOut>,
}

/// Fields that Salesforce keeps for itself.
const OWN: &[&str] = &[
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "CreatedById",
    "CreatedDate",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
    "LastViewedDate",
    "LastReferencedDate",
    "LastActivityDate",
    "LastCURequestDate",
    "LastCUUpdateDate",
    "Jigsaw",
    "JigsawCompanyId",
    "JigsawContactId",
    "CleanStatus",
    "PhotoUrl",
    "EmailBouncedReason",
    "EmailBouncedDate",
    "IsEmailBounced",
    "IndividualId",
    "IsPriorityRecord",
    "IsConverted",
    "ConvertedDate",
    "ConvertedAccountId",
    "ConvertedContactId",
    "ConvertedOpportunityId",
    "IsUnreadByOwner",
    "UserRecordAccessId",
    "DandbCompanyId",
    "IsClosed",
    "IsWon",
    "HasOpenActivity",
    "HasOverdueTask",
    "FiscalYear",
    "FiscalQuarter",
    "Fiscal",
    "LastStageChangeDate",
    "PushCount",
    "LastAmountChangedHistoryId",
    "LastCloseDateChangedHistoryId",
];

/// Suggests a mapping for every field of a Salesforce object. `mapped` is what is mapped now, and stays.
#[must_use]
pub fn suggest(mapped: &ObjectMapping, hubspot: &[Field], salesforce: &[Field]) -> Suggestions {
    let mut search = Search {
        hubspot,
        taken: Taken::default(),
        found: Suggestions {
            hubspot_object: mapped.hubspot_object.clone(),
            salesforce_object: mapped.salesforce_object.clone(),
            ..Suggestions::default()
        },
    };
    for mapping in mapped.fields.iter().filter(|mapping| !gives_way(mapping, salesforce)) {
        search.take(mapping.clone(), Confidence::Certain, SuggestedBy::Current);
    }
    search.states_and_countries(salesforce);
    search.standard(mapped, salesforce);
    search.by_api_name(salesforce);
    search.by_label(salesforce);
    search.the_rest(salesforce);
    search.found
}

#[derive(Default)]
struct Taken {
    hubspot: BTreeSet<String>,
    salesforce: BTreeSet<String>,
}

struct Search<'a> {
    hubspot: &'a [Field],
    taken: Taken,
    found: Suggestions,
}

impl<'a> Search<'a> {
    fn take(&mut self, mapping: FieldMapping, confidence: Confidence, by: SuggestedBy) {
        self.taken.hubspot.insert(mapping.hubspot.clone());
        self.taken.salesforce.insert(mapping.salesforce.clone());
        self.found.mappings.push(Suggestion { mapping, confidence, by, reason: by.sentence() });
    }

    /// The property of that name, unless it is mapped.
    fn free(&self, name: &str) -> Option<&'a Field> {
        self.hubspot.iter().find(|field| field.name == name && !self.taken.hubspot.contains(name))
    }

    fn is_open(&self, field: &Field, all: &[Field]) -> bool {
        !self.taken.salesforce.contains(&field.name) && own(field, all).is_none()
    }

    /// HubSpot's state and country are free text; an org with lists for them refuses what is not listed. The code field
    /// takes a code or a name, and gives back the name.
    fn states_and_countries(&mut self, salesforce: &[Field]) {
        let lists: Vec<&Field> = salesforce
            .iter()
            .filter(|field| matches!(field.kind, Kind::Choice(_)) && self.is_open(field, salesforce))
            .filter(|field| {
                !self.found.mappings.iter().any(|known| known.mapping.salesforce == text_field(field))
            })
            .collect();
        // An address of the object that goes with the text properties: the first one there is.
        for (property, ending) in [("country", "CountryCode"), ("state", "StateCode")] {
            let preferred = ["Mailing", "Billing", ""];
            let list = preferred
                .iter()
                .find_map(|start| lists.iter().find(|field| field.name == format!("{start}{ending}")));
            let (Some(list), Some(text)) = (list, self.free(property)) else { continue };
            let choice_text = match text.kind {
                Kind::Text { .. } => ChoiceText::Label,
                _ => ChoiceText::Value,
            };
            let mapping = FieldMapping {
                choice_text,
                ..FieldMapping::new(property, list.name.clone(), SyncRule::default())
            };
            // The text field of the same address is the list's own shadow.
            self.taken.salesforce.insert(text_field(list));
            self.take(mapping, Confidence::High, SuggestedBy::StateAndCountry);
        }
    }

    fn standard(&mut self, mapped: &ObjectMapping, salesforce: &[Field]) {
        let known = defaults::object_mappings().into_iter().find(|known| {
            known.hubspot_object == mapped.hubspot_object
                && known.salesforce_object == mapped.salesforce_object
        });
        for mut mapping in known.map(|known| known.fields).unwrap_or_default() {
            let field = salesforce.iter().find(|field| field.name == mapping.salesforce);
            let (Some(property), Some(field)) = (self.free(&mapping.hubspot), field) else { continue };
            if self.taken.salesforce.contains(&field.name) {
                continue;
            }
            if FieldPair::new(mapping.clone(), property.clone(), field.clone()).is_err() {
                let Some(rule) = rule_for(property, field) else { continue };
                mapping.rule = rule;
            }
            if fits(&mapping, property, field) {
                self.take(mapping, Confidence::Certain, SuggestedBy::Standard);
            }
        }
    }

    fn by_api_name(&mut self, salesforce: &[Field]) {
        for field in salesforce {
            let wanted = plain(field.name.strip_suffix("__c").unwrap_or(&field.name));
            let alike: Vec<&Field> = self
                .hubspot
                .iter()
                .filter(|property| !self.taken.hubspot.contains(&property.name))
                .filter(|property| {
                    let name = property.name.strip_prefix("salesforce_").unwrap_or(&property.name);
                    plain(name) == wanted
                })
                .collect();
            let [property] = alike.as_slice() else { continue };
            if !self.is_open(field, salesforce) {
                continue;
            }
            if let Some(mapping) = mapping_of(property, field) {
                let same = same_kind(&property.kind, &field.kind);
                let confidence = if same { Confidence::High } else { Confidence::Medium };
                self.take(mapping, confidence, SuggestedBy::ApiName);
            }
        }
    }

    fn by_label(&mut self, salesforce: &[Field]) {
        let once = |fields: &[Field], label: &str| {
            fields.iter().filter(|field| plain(&field.label) == label).count() == 1
        };
        for field in salesforce.iter().filter(|field| !field.label.trim().is_empty()) {
            let label = plain(&field.label);
            // A label that several fields share says nothing.
            if label.is_empty() || !once(salesforce, &label) || !once(self.hubspot, &label) {
                continue;
            }
            let property = self.hubspot.iter().find(|property| plain(&property.label) == label);
            let Some(property) = property.filter(|property| !self.taken.hubspot.contains(&property.name))
            else {
                continue;
            };
            if !self.is_open(field, salesforce) || !same_kind(&property.kind, &field.kind) {
                continue;
            }
            if let Some(mapping) = mapping_of(property, field) {
                let confidence =
                    if property.access == Access::ReadWrite { Confidence::Medium } else { Confidence::Low };
                self.take(mapping, confidence, SuggestedBy::Label);
            }
        }
    }

    fn the_rest(&mut self, salesforce: &[Field]) {
        let mut names: BTreeSet<String> = self.hubspot.iter().map(|field| field.name.clone()).collect();
        let mut labels: BTreeSet<String> = self.hubspot.iter().map(|field| plain(&field.label)).collect();
        for field in salesforce {
            if self.taken.salesforce.contains(&field.name) {
                continue;
            }
            if let Some(reason) = own(field, salesforce) {
                self.found.left_out.push(LeftOut { salesforce: field.name.clone(), reason });
                continue;
            }
            let Some(property) = new_property(&self.found.hubspot_object, field, &names, &labels) else {
                let reason = "It refers to other records. Map it to an association of the HubSpot object.";
                self.found.left_out.push(LeftOut { salesforce: field.name.clone(), reason });
                continue;
            };
            let rule = match field.access {
                Access::ReadWrite => SyncRule::default(),
                _ => SyncRule::AlwaysSalesforce,
            };
            names.insert(property.name.clone());
            labels.insert(plain(&property.label));
            let mapping = FieldMapping::new(property.name.clone(), field.name.clone(), rule);
            self.found.new_properties.push(property);
            self.take(mapping, Confidence::Certain, SuggestedBy::NewProperty);
        }
    }
}

/// Why a field is nobody's to map, where that is so.
fn own(field: &Field, all: &[Field]) -> Option<&'static str> {
    let name = field.name.as_str();
    if OWN.contains(&name) {
        return Some("Salesforce keeps it for itself.");
    }
    if name.starts_with("Tandem_") {
        return Some("Tandem keeps it for itself.");
    }
    if name == "Name" && all.iter().any(|other| other.name == "LastName") {
        return Some("It is put together from the first and last name, which are mapped by themselves.");
    }
    let place = ["Latitude", "Longitude", "GeocodeAccuracy"].iter().any(|ending| name.ends_with(ending));
    if place && !name.ends_with("__c") {
        return Some("Salesforce works it out from the address.");
    }
    None
}

/// The text field that goes with a list of states or countries: `MailingState` with `MailingStateCode`.
fn text_field(list: &Field) -> String {
    list.name.strip_suffix("Code").unwrap_or(&list.name).to_owned()
}

/// Whether this is the automatic mapping of a state or country as text, and the org has a list for it.
fn gives_way(mapping: &FieldMapping, salesforce: &[Field]) -> bool {
    let automatic =
        FieldMapping::new(mapping.hubspot.clone(), mapping.salesforce.clone(), SyncRule::default());
    let list = format!("{}Code", mapping.salesforce);
    matches!(mapping.hubspot.as_str(), "state" | "country")
        && *mapping == automatic
        && salesforce.iter().any(|field| field.name == list && matches!(field.kind, Kind::Choice(_)))
}

/// The rule under which two fields can be mapped: the default, or the one way that can be written.
fn rule_for(property: &Field, field: &Field) -> Option<SyncRule> {
    match (property.access == Access::ReadWrite, field.access == Access::ReadWrite) {
        (true, true) => Some(SyncRule::default()),
        (true, false) => Some(SyncRule::AlwaysSalesforce),
        (false, true) => Some(SyncRule::AlwaysHubSpot),
        (false, false) => None,
    }
}

fn fits(mapping: &FieldMapping, property: &Field, field: &Field) -> bool {
    FieldPair::new(mapping.clone(), property.clone(), field.clone()).is_ok()
}

fn mapping_of(property: &Field, field: &Field) -> Option<FieldMapping> {
    let rule = rule_for(property, field)?;
    incompatible(rule, &property.kind, &field.kind)
        .is_none()
        .then(|| FieldMapping::new(property.name.clone(), field.name.clone(), rule))
}

/// Whether every value of either fits the other, but for its length and its choices.
fn same_kind(hubspot: &Kind, salesforce: &Kind) -> bool {
    match (hubspot, salesforce) {
        (Kind::References { targets: one }, Kind::References { targets: other }) => one.len() == other.len(),
        _ => std::mem::discriminant(hubspot) == std::mem::discriminant(salesforce),
    }
}

impl Suggestions {
    /// The object mapping with all that is suggested, in place of what it has.
    #[must_use]
    pub fn applied_to(&self, mapped: &ObjectMapping) -> ObjectMapping {
        let fields = self.mappings.iter().map(|suggestion| suggestion.mapping.clone()).collect();
        ObjectMapping { fields, ..mapped.clone() }
    }

    /// What is suggested of properties that are there: nothing has to be made for it.
    #[must_use]
    pub fn without_new_properties(mut self) -> Self {
        self.mappings.retain(|suggestion| suggestion.by != SuggestedBy::NewProperty);
        self.new_properties.clear();
        self
    }

    /// Whether a field of `side` is mapped.
    #[must_use]
    pub fn maps(&self, side: Side, field: &str) -> bool {
        self.mappings.iter().any(|suggestion| suggestion.mapping.name(side) == field)
    }
}

//! Mappings: which object goes with which, and which field with which.

use serde::{Deserialize, Serialize};

use crate::{Access, Field, Kind, Side, Sides, SyncRule, TextFormat};

/// A HubSpot property with a Salesforce field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// The property's internal name.
    pub hubspot: String,
    /// The field's API name.
    pub salesforce: String,
    /// Which way it flows.
    #[serde(default)]
    pub rule: SyncRule,
    /// Choices that go together although they are spelled differently.
    #[serde(default, skip_serializing_if = "ChoiceMap::is_empty")]
    pub choices: ChoiceMap,
    /// What to do with a value that does not fit.
    #[serde(default)]
    pub on_misfit: OnMisfit,
    /// What to do with a choice that the other side does not offer.
    #[serde(default, skip_serializing_if = "OnMissingChoice::is_default")]
    pub on_missing_choice: OnMissingChoice,
    /// What a choice becomes where the other side holds plain text.
    #[serde(default, skip_serializing_if = "ChoiceText::is_default")]
    pub choice_text: ChoiceText,
}

impl FieldMapping {
    /// A mapping with the default of everything.
    pub fn new(hubspot: impl Into<String>, salesforce: impl Into<String>, rule: SyncRule) -> Self {
        Self {
            hubspot: hubspot.into(),
            salesforce: salesforce.into(),
            rule,
            choices: ChoiceMap::default(),
            on_misfit: OnMisfit::default(),
            on_missing_choice: OnMissingChoice::default(),
            choice_text: ChoiceText::default(),
        }
    }
}

impl FieldMapping {
    /// The field of `side`.
    #[must_use]
    pub fn name(&self, side: Side) -> &str {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }
}

/// What to do with a choice that the other side does not offer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissingChoice {
    /// Leave the field alone and say so.
    #[default]
    Refuse,
    /// Add it to the choices there.
    Add,
}

impl OnMissingChoice {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a choice becomes where the other side holds plain text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceText {
    /// The value that records hold, for example `US`.
    #[default]
    Value,
    /// What people see, for example `United States`.
    Label,
}

impl ChoiceText {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What to do with a value that does not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMisfit {
    /// Leave the field alone and say so.
    #[default]
    Refuse,
    /// Cut a text that is too long.
    CutText,
}

/// Choices that go together: HubSpot's value, Salesforce's value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChoiceMap(pub Vec<(String, String)>);

impl ChoiceMap {
    /// Whether nothing is mapped by hand.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The other side's value for `value` of side `from`.
    #[must_use]
    pub fn other(&self, from: Side, value: &str) -> Option<&str> {
        self.0.iter().find_map(|(hubspot, salesforce)| match from {
            Side::HubSpot => (hubspot == value).then_some(salesforce.as_str()),
            Side::Salesforce => (salesforce == value).then_some(hubspot.as_str()),
        })
    }
}

/// A HubSpot object type with a Salesforce object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectMapping {
    /// The HubSpot object type, for example `contacts`.
    pub hubspot_object: String,
    /// The Salesforce object, for example `Contact`.
    pub salesforce_object: String,
    /// Whether it is worked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether records that only Salesforce has are made in HubSpot.
    #[serde(default = "yes")]
    pub create_in_hubspot: bool,
    /// Whether records that only HubSpot has are made in Salesforce.
    #[serde(default = "yes")]
    pub create_in_salesforce: bool,
    /// The HubSpot segment (by its list id) whose members are inside; every record is, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The SOQL condition that Salesforce records inside meet, for example `RecordType.Name = 'Customer'`; every record
    /// the connected user sees is inside, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salesforce_filter: Option<String>,
    /// By what the counterpart of an unlinked record is looked for, in this order, after the ids that either side
    /// carries; the object's own keys, where nothing is said; an empty list matches by id only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_by: Option<Vec<MatchBy>>,
    /// What becomes of the other record when the one of this side is deleted; the object's default, where nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Sides::is_default")]
    pub on_delete: Sides<Option<OnDelete>>,
    /// Which HubSpot pipeline goes with which record type. Where any is named, a record in another pipeline, or of
    /// another record type, is outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pipelines: Vec<PipelineMapping>,
    /// Which field goes with which.
    pub fields: Vec<FieldMapping>,
}

/// A HubSpot pipeline with a Salesforce record type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineMapping {
    /// The pipeline's id.
    pub hubspot: String,
    /// The record type's id; every record type, where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salesforce: Option<String>,
    /// Which stage of this pipeline goes with which of Salesforce's; the mapping of the stage itself, where none is named.
    #[serde(default, skip_serializing_if = "ChoiceMap::is_empty")]
    pub stages: ChoiceMap,
}

impl ObjectMapping {
    /// A mapping with the default of everything.
    pub fn new(hubspot: impl Into<String>, salesforce: impl Into<String>, fields: Vec<FieldMapping>) -> Self {
        Self {
            hubspot_object: hubspot.into(),
            salesforce_object: salesforce.into(),
            enabled: true,
            create_in_hubspot: true,
            create_in_salesforce: true,
            segment: None,
            salesforce_filter: None,
            match_by: None,
            on_delete: Sides::default(),
            pipelines: Vec::new(),
            fields,
        }
    }

    /// The object of `side`.
    #[must_use]
    pub fn object(&self, side: Side) -> &str {
        match side {
            Side::HubSpot => &self.hubspot_object,
            Side::Salesforce => &self.salesforce_object,
        }
    }

    /// Whether a record that only the other side has is made on `side`.
    #[must_use]
    pub fn creates(&self, side: Side) -> bool {
        match side {
            Side::HubSpot => self.create_in_hubspot,
            Side::Salesforce => self.create_in_salesforce,
        }
    }

    /// By what counterparts are looked for.
    #[must_use]
    pub fn keys(&self) -> Vec<MatchBy> {
        self.match_by.clone().unwrap_or_else(|| match self.hubspot_object.as_str() {
            "contacts" => vec![MatchBy::Email],
            "companies" => vec![MatchBy::Domain, MatchBy::Name],
            _ => Vec::new(),
        })
    }

    /// What becomes of the other record when the one of `side` is deleted: deals follow their opportunity into the
    /// recycle bin, everything else is kept.
    #[must_use]
    pub fn when_deleted(&self, side: Side) -> OnDelete {
        self.on_delete.get(side).unwrap_or(match (side, self.hubspot_object.as_str()) {
            (Side::Salesforce, "deals") => OnDelete::Delete,
            _ => OnDelete::Keep,
        })
    }
}

/// By what an unlinked record's counterpart is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchBy {
    /// The email address, all those a HubSpot contact has.
    Email,
    /// A company's domain and an account's website.
    Domain,
    /// The exact name.
    Name,
    /// A property and a field that hold the same key.
    Key {
        /// The HubSpot property.
        hubspot: String,
        /// The Salesforce field.
        salesforce: String,
    },
}

/// What becomes of a record whose counterpart was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDelete {
    /// It is kept, and its counterpart is not made again.
    Keep,
    /// It follows into its platform's recycle bin, from which both can be restored.
    Delete,
}

fn yes() -> bool {
    true
}

/// A mapping with both its fields as the platforms describe them; it can be worked.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldPair {
    /// The mapping.
    pub mapping: FieldMapping,
    /// The HubSpot property.
    pub hubspot: Field,
    /// The Salesforce field.
    pub salesforce: Field,
}

/// A mapping that cannot be worked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingRefused {
    /// The rule would write a field that cannot be written.
    #[error("'{field}' cannot be written in {side}, and the rule '{rule}' may write it. Use '{instead}'.")]
    ReadOnly {
        /// The side of the field.
        side: Side,
        /// The field.
        field: String,
        /// The rule, as people know it.
        rule: &'static str,
        /// A rule that fits.
        instead: &'static str,
    },
    /// Another mapping of the same objects writes the field already.
    #[error(
        "'{field}' of {side} is written by the mapping with '{by}' already, and a field takes its value from one place only. \
         Give one of the two mappings a rule that does not write it, or take it out."
    )]
    WrittenTwice {
        /// The side of the field.
        side: Side,
        /// The field.
        field: String,
        /// The field of the other side that the earlier mapping pairs it with.
        by: String,
    },
    /// The two hold different things.
    #[error(
        "'{hubspot}' ({hubspot_kind}) and '{salesforce}' ({salesforce_kind}) do not go together: {reason}."
    )]
    Incompatible {
        /// The property.
        hubspot: String,
        /// What it holds.
        hubspot_kind: &'static str,
        /// The field.
        salesforce: String,
        /// What it holds.
        salesforce_kind: &'static str,
        /// Why not.
        reason: &'static str,
    },
}

impl FieldPair {
    /// Puts a mapping together with its fields.
    ///
    /// # Errors
    /// When the types do not go together, or the rule would write a read-only field.
    pub fn new(mapping: FieldMapping, hubspot: Field, salesforce: Field) -> Result<Self, MappingRefused> {
        for (side, field) in [(Side::HubSpot, &hubspot), (Side::Salesforce, &salesforce)] {
            if field.access != Access::ReadWrite && mapping.rule.writes(side) {
                let across = if side == Side::HubSpot { &salesforce } else { &hubspot };
                let instead = match side {
                    _ if across.access != Access::ReadWrite => SyncRule::DontSync,
                    Side::HubSpot => SyncRule::AlwaysHubSpot,
                    Side::Salesforce => SyncRule::AlwaysSalesforce,
                };
                return Err(MappingRefused::ReadOnly {
                    side,
                    field: field.name.clone(),
                    rule: mapping.rule.label(),
                    instead: instead.label(),
                });
            }
        }
        if let Some(reason) = incompatible(mapping.rule, &hubspot.kind, &salesforce.kind) {
            return Err(MappingRefused::Incompatible {
                hubspot: hubspot.name.clone(),
                hubspot_kind: hubspot.kind.word(),
                salesforce: salesforce.name.clone(),
                salesforce_kind: salesforce.kind.word(),
                reason,
            });
        }
        Ok(Self { mapping, hubspot, salesforce })
    }

    /// The field of `side`.
    #[must_use]
    pub fn field(&self, side: Side) -> &Field {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }
}

/// The mappings of one pair of objects, by their place in the list, that write a field which one before them writes.
#[must_use]
pub fn written_twice(fields: &[FieldMapping]) -> Vec<(usize, MappingRefused)> {
    let mut refused = Vec::new();
    for (index, mapping) in fields.iter().enumerate() {
        let clash = [Side::HubSpot, Side::Salesforce].into_iter().find_map(|side| {
            let earlier = fields.iter().take(index).find(|earlier| {
                earlier.name(side) == mapping.name(side)
                    && earlier.rule.writes(side)
                    && mapping.rule.writes(side)
            })?;
            Some(MappingRefused::WrittenTwice {
                side,
                field: mapping.name(side).to_owned(),
                by: earlier.name(side.other()).to_owned(),
            })
        });
        refused.extend(clash.map(|clash| (index, clash)));
    }
    refused
}

pub(crate) fn incompatible(rule: SyncRule, hubspot: &Kind, salesforce: &Kind) -> Option<&'static str> {
    use Kind::{Boolean, Choice, Date, DateTime, MultiChoice, Number, Reference, References, Text};
    let multi = matches!(
        (hubspot, salesforce),
        (MultiChoice(_), MultiChoice(_)) | (References { .. }, References { .. })
    );
    if rule == SyncRule::Union && !multi {
        return Some("the union of choices needs several choices on both sides");
    }
    if rule == SyncRule::OptOut && !matches!((hubspot, salesforce), (Boolean, Boolean)) {
        return Some("an opt-out is yes or no on both sides");
    }
    if rule == SyncRule::Forward && !matches!(hubspot, Choice(_)) {
        return Some("only choices have an order in which to move forward");
    }
    match (hubspot, salesforce) {
        (Reference { targets: one }, Reference { targets: other })
            if crate::is_owner(one) != crate::is_owner(other) =>
        {
            Some("an owner only goes with an owner")
        }
        (Reference { .. }, Reference { .. }) | (References { .. }, References { .. }) => None,
        (References { .. }, _) | (_, References { .. }) => {
            Some("a set of records only goes with a set of records")
        }
        (Reference { .. }, _) | (_, Reference { .. }) => Some("a reference only goes with a reference"),
        (Number { .. }, Boolean | Date | DateTime) | (Boolean | Date | DateTime, Number { .. }) => {
            Some("a number is neither a day nor an answer")
        }
        (Boolean, Date | DateTime) | (Date | DateTime, Boolean) => Some("a day is not an answer"),
        (Date | DateTime, Choice(_) | MultiChoice(_)) | (Choice(_) | MultiChoice(_), Date | DateTime) => {
            Some("a day is not a choice")
        }
        (MultiChoice(_), Choice(_) | Number { .. } | Boolean) if rule != SyncRule::AlwaysSalesforce => {
            Some("several choices do not fit one value")
        }
        (Choice(_) | Number { .. } | Boolean, MultiChoice(_)) if rule != SyncRule::AlwaysHubSpot => {
            Some("several choices do not fit one value")
        }
        // The tags of a formatted text would show as they are in a plain one, and a plain text may hold what reads as tags.
        (Text { format: TextFormat::Rich, .. }, Text { format: TextFormat::Rich, .. }) => None,
        (Text { format: TextFormat::Rich, .. }, _) | (_, Text { format: TextFormat::Rich, .. }) => {
            Some("a formatted text only goes with a formatted text")
        }
        (Text { .. }, _) | (_, Text { .. }) => None,
        _ => None,
    }
}

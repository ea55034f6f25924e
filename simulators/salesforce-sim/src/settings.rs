//! The rules of an org as `POST /_sim/settings` takes them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::crm::{Converted, Currency, LeadConversion};
use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::Org;
use crate::rules::formula::Formula;
use crate::rules::{
    AssignmentRule, DuplicateCheck, FieldAccess, Lock, ObjectAccess, RowAccess, ValidationRule,
};
use crate::{SalesforceSim, ids};

/// The rules of an org, as JSON. What is named replaces what was there; what is not named stays.
///
/// ```json
/// {
///   "validation_rules": [{"object": "Contact", "name": "Needs_Email", "condition": "ISBLANK(Email)",
///                         "message": "A contact needs an email.", "field": "Email", "active": true},
///                        {"object": "Lead", "condition": "TRUE", "message": "storage limit exceeded",
///                         "code": "STORAGE_LIMIT_EXCEEDED"}],
///   "duplicate_rules": [{"object": "Contact", "fields": ["Email"], "action": "alert", "matches": "Lead",
///                        "name": "Contact_Rule", "message": "…", "on_create": true, "on_update": false}],
///   "locks": [{"ids": ["003…"], "times": 2, "seconds": 60}],
///   "object_permissions": {"Lead": {"create": false, "read": true, "edit": true, "delete": false}},
///   "field_permissions": {"Contact": {"Phone": {"read": true, "edit": false}, "Birthdate": {"read": false, "edit": false}}},
///   "hidden_records": [{"object": "Contact", "ids": ["003…"]}, {"object": "Account", "condition": "Rating = 'Cold'"}],
///   "read_only_records": [{"object": "Account", "ids": ["001…"]}],
///   "assignment_rules": [{"object": "Lead", "condition": "Country = 'NL'", "owner": "00G…"}],
///   "history_tracking": {"Contact": ["Email", "AccountId"]},
///   "custom_objects": [{"fullName": "Site__c", "label": "Site", "pluralLabel": "Sites",
///                       "nameField": {"type": "AutoNumber", "displayFormat": "S-{0000}"}, "fields": [{"fullName": "Size__c", …}]}],
///   "custom_fields": [{"object": "Contact", "fullName": "Score__c", "type": "Number", "precision": 4, "scale": 0}],
///   "record_types": [{"object": "Account", "developer_name": "Partner", "name": "Partner", "default": false, "available": true}],
///   "queues": [{"name": "Incoming", "objects": ["Lead", "Case"]}],
///   "multi_currency": [{"iso_code": "EUR"}, {"iso_code": "USD", "conversion_rate": 1.1}],
///   "person_accounts": true
/// }
/// ```
///
/// Conditions are formulas as validation rules have them. Permissions, hidden records and read-only records are limits
/// of the integration user; a person in the console is not bound by them. Custom objects and fields are written as the
/// Metadata API writes them. Several currencies and person accounts cannot be switched off again.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSettings {
    custom_objects: Option<Vec<Value>>,
    custom_fields: Option<Vec<Value>>,
    record_types: Option<Vec<RecordTypeSetting>>,
    queues: Option<Vec<QueueSetting>>,
    multi_currency: Option<Vec<Currency>>,
    person_accounts: Option<bool>,
    validation_rules: Option<Vec<ValidationSetting>>,
    duplicate_rules: Option<Vec<DuplicateSetting>>,
    locks: Option<Vec<LockSetting>>,
    object_permissions: Option<HashMap<String, ObjectAccess>>,
    field_permissions: Option<HashMap<String, HashMap<String, FieldAccess>>>,
    hidden_records: Option<Vec<RowSetting>>,
    read_only_records: Option<Vec<RowSetting>>,
    assignment_rules: Option<Vec<AssignmentSetting>>,
    history_tracking: Option<BTreeMap<String, BTreeSet<String>>>,
}

/// The names of these settings.
pub(crate) const NAMES: [&str; 15] = [
    "custom_objects",
    "custom_fields",
    "record_types",
    "queues",
    "multi_currency",
    "person_accounts",
    "validation_rules",
    "duplicate_rules",
    "locks",
    "object_permissions",
    "field_permissions",
    "hidden_records",
    "read_only_records",
    "assignment_rules",
    "history_tracking",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidationSetting {
    object: String,
    name: Option<String>,
    condition: String,
    message: String,
    field: Option<String>,
    /// What the refusal is called where a trigger, a flow or a limit of the org refuses rather than a validation rule.
    code: Option<RefusalCode>,
    #[serde(default = "yes")]
    active: bool,
}

/// Status codes with which an org refuses a write of its own accord.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RefusalCode {
    CannotInsertUpdateActivateEntity,
    CannotExecuteFlowTrigger,
    StorageLimitExceeded,
    TransferRequiresRead,
    ImportError,
}

impl RefusalCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::CannotInsertUpdateActivateEntity => "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            Self::CannotExecuteFlowTrigger => "CANNOT_EXECUTE_FLOW_TRIGGER",
            Self::StorageLimitExceeded => "STORAGE_LIMIT_EXCEEDED",
            Self::TransferRequiresRead => "TRANSFER_REQUIRES_READ",
            Self::ImportError => "IMPORT_ERROR",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Alert,
    Block,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DuplicateSetting {
    object: String,
    fields: Vec<String>,
    action: Action,
    /// The object whose records are compared; its own where none is named.
    matches: Option<String>,
    name: Option<String>,
    message: Option<String>,
    #[serde(default = "yes")]
    on_create: bool,
    #[serde(default)]
    on_update: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockSetting {
    ids: Vec<String>,
    times: Option<u32>,
    seconds: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowSetting {
    object: String,
    ids: Option<Vec<String>>,
    condition: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignmentSetting {
    object: String,
    condition: Option<String>,
    owner: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordTypeSetting {
    object: String,
    developer_name: String,
    name: Option<String>,
    #[serde(default)]
    default: bool,
    #[serde(default = "yes")]
    available: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueSetting {
    name: String,
    objects: Vec<String>,
}

fn yes() -> bool {
    true
}

impl Org {
    /// The object's own spelling of its name.
    fn named(&self, object: &str) -> Result<String, String> {
        let table = self.table(object).ok_or_else(|| format!("there is no object {object}"))?;
        Ok(table.def.name.clone())
    }

    fn named_field(&self, object: &str, field: &str) -> Result<String, String> {
        let found = self.table(object).and_then(|table| table.def.field(field));
        found.map(|(_, own)| own.name.clone()).ok_or_else(|| format!("{object} has no field {field}"))
    }

    fn row_access(&self, setting: RowSetting, readable: bool) -> Result<RowAccess, String> {
        let condition = setting.condition.as_deref().map(Formula::parse).transpose()?;
        let ids = setting.ids.map(|ids| ids.iter().filter_map(|id| ids::normal(id)).collect());
        Ok(RowAccess { object: self.named(&setting.object)?, ids, condition, readable })
    }

    /// Puts settings into force.
    fn apply(&mut self, settings: RuleSettings, writer: &Writer) -> Result<(), String> {
        self.apply_schema(&settings, writer)?;
        if let Some(rules) = settings.validation_rules {
            let mut made: Vec<ValidationRule> = Vec::new();
            for (number, rule) in rules.into_iter().enumerate() {
                let twin =
                    |own: &ValidationRule| Some(&own.name) == rule.name.as_ref() && own.object == rule.object;
                if made.iter().any(twin) {
                    let name = rule.name.unwrap_or_default();
                    return Err(format!("{} has two validation rules called {name}", rule.object));
                }
                made.push(ValidationRule {
                    object: self.named(&rule.object)?,
                    name: rule.name.unwrap_or_else(|| format!("Rule_{}", number + 1)),
                    active: rule.active,
                    condition: Formula::parse(&rule.condition)?,
                    message: rule.message,
                    field: rule.field,
                    code: rule.code.map_or("FIELD_CUSTOM_VALIDATION_EXCEPTION", RefusalCode::as_str),
                    component: false,
                });
            }
            self.rules.validation.retain(|rule| rule.component);
            self.rules.validation.extend(made);
        }
        if let Some(rules) = settings.duplicate_rules {
            self.rules.duplicates =
                rules.into_iter().map(|rule| self.duplicate_check(rule)).collect::<Result<_, _>>()?;
        }
        if let Some(locks) = settings.locks {
            let until = |seconds: i64| writer.now.as_second().saturating_add(seconds);
            let lock = |lock: LockSetting| Lock {
                ids: lock.ids.iter().filter_map(|id| ids::normal(id)).collect(),
                times: lock.times,
                until: lock.seconds.map(until),
            };
            self.rules.locks = locks.into_iter().map(lock).collect();
        }
        self.apply_access(
            settings.object_permissions,
            settings.field_permissions,
            settings.hidden_records,
            settings.read_only_records,
        )?;
        if let Some(rules) = settings.assignment_rules {
            let mut made = Vec::new();
            for rule in rules {
                let condition = rule.condition.as_deref().map(Formula::parse).transpose()?;
                made.push(AssignmentRule { object: self.named(&rule.object)?, condition, owner: rule.owner });
            }
            self.rules.assignment = made;
        }
        for (object, fields) in settings.history_tracking.unwrap_or_default() {
            let object = self.named(&object)?;
            let fields = fields.iter().map(|field| self.named_field(&object, field));
            let fields = fields.collect::<Result<BTreeSet<String>, String>>()?;
            self.rules.history.insert(object, fields);
        }
        Ok(())
    }

    fn apply_schema(&mut self, settings: &RuleSettings, writer: &Writer) -> Result<(), String> {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        for object in settings.custom_objects.iter().flatten() {
            self.add_granted_object(&text(object, "fullName"), object, writer)?;
        }
        for field in settings.custom_fields.iter().flatten() {
            self.add_granted_field(&text(field, "object"), &text(field, "fullName"), field, writer)?;
        }
        for own in settings.record_types.iter().flatten() {
            let object = self.named(&own.object)?;
            let name = own.name.as_deref().unwrap_or(&own.developer_name);
            let id = self.add_record_type(&object, &own.developer_name, name, writer).unwrap_or_default();
            if own.default {
                self.rules.default_record_types.insert(object, id.clone());
            }
            if own.available {
                self.rules.closed_record_types.remove(&id);
            } else {
                self.rules.closed_record_types.insert(id);
            }
        }
        for queue in settings.queues.iter().flatten() {
            self.add_queue(&queue.name, &queue.objects, writer);
        }
        if let Some(currencies) = &settings.multi_currency {
            self.enable_currencies(currencies, writer);
        }
        if settings.person_accounts == Some(true) {
            self.enable_person_accounts(writer);
        }
        Ok(())
    }

    fn apply_access(
        &mut self,
        objects: Option<HashMap<String, ObjectAccess>>,
        fields: Option<HashMap<String, HashMap<String, FieldAccess>>>,
        hidden: Option<Vec<RowSetting>>,
        read_only: Option<Vec<RowSetting>>,
    ) -> Result<(), String> {
        if let Some(objects) = objects {
            let named = objects.into_iter().map(|(object, access)| Ok((self.named(&object)?, access)));
            self.rules.access.objects = named.collect::<Result<_, String>>()?;
        }
        if let Some(objects) = fields {
            let mut made = HashMap::new();
            for (object, fields) in objects {
                let object = self.named(&object)?;
                let fields = fields
                    .into_iter()
                    .map(|(field, access)| Ok((self.named_field(&object, &field)?, access)));
                made.insert(object.clone(), fields.collect::<Result<_, String>>()?);
            }
            self.rules.access.fields = made;
        }
        for (rows, readable) in [(hidden, false), (read_only, true)] {
            let Some(rows) = rows else { continue };
            self.rules.access.rows.retain(|rule| rule.readable != readable);
            for row in rows {
                let rule = self.row_access(row, readable)?;
                self.rules.access.rows.push(rule);
            }
        }
        Ok(())
    }

    fn duplicate_check(&self, rule: DuplicateSetting) -> Result<DuplicateCheck, String> {
        let object = self.named(&rule.object)?;
        let other = rule.matches.as_deref().map_or(Ok(object.clone()), |other| self.named(other))?;
        if rule.fields.is_empty() {
            return Err("a duplicate rule names the fields that it compares".to_owned());
        }
        for field in &rule.fields {
            self.named_field(&object, field)?;
            self.named_field(&other, field)?;
        }
        let message = "You're creating a duplicate record. We recommend you use an existing record instead.";
        Ok(DuplicateCheck {
            name: rule.name.unwrap_or_else(|| format!("Standard_{object}_Duplicate_Rule")),
            fields: rule.fields,
            block: matches!(rule.action, Action::Block),
            on_create: rule.on_create,
            on_update: rule.on_update,
            message: rule.message.unwrap_or_else(|| message.to_owned()),
            object,
            other,
        })
    }

    /// Makes a queue for records of these objects, and answers its id.
    pub fn add_queue(&mut self, name: &str, objects: &[String], writer: &Writer) -> String {
        use serde_json::json;
        let cells = [
            ("Name", json!(name)),
            ("DeveloperName", json!(name.replace(' ', "_"))),
            ("Type", json!("Queue")),
        ];
        let id = self.record("Group", &cells, writer).unwrap_or_default();
        for object in objects {
            let cells = [("QueueId", json!(id)), ("SobjectType", json!(object))];
            self.record("QueueSobject", &cells, writer);
        }
        id
    }
}

impl SalesforceSim {
    pub(crate) fn administrator(&self) -> Writer {
        let state = self.state();
        self.person(&state)
    }

    pub(crate) fn changed<T>(&self, change: impl FnOnce(&mut Org, &Writer, Timestamp) -> T) -> T {
        let writer = self.administrator();
        let now = writer.now;
        let mut state = self.state();
        let done = change(&mut state.org, &writer, now);
        state.publish_changes(crate::pubsub::BY_A_PERSON, now);
        done
    }

    /// Sets rules of the org; the keys and their meaning are those of `POST /_sim/settings`.
    ///
    /// # Errors
    /// What is wrong with them; then nothing has changed.
    pub fn set_rules(&self, settings: &Value) -> Result<(), String> {
        let settings: RuleSettings =
            serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?;
        self.changed(|org, writer, _| {
            let before = org.clone();
            org.described_at = Some(writer.now).max(org.described_at);
            org.apply(settings, writer).inspect_err(|_| *org = before)
        })
    }

    /// Makes sure that the org has an object of its own; `metadata` as the Metadata API writes it.
    ///
    /// # Errors
    /// When the definition is no good.
    pub fn ensure_custom_object(&self, name: &str, metadata: &Value) -> Result<(), String> {
        self.changed(|org, writer, _| org.add_granted_object(name, metadata, writer))
    }

    /// Makes sure that an object has this record type, and answers its id.
    #[must_use]
    pub fn ensure_record_type(&self, object: &str, developer_name: &str, name: &str) -> Option<String> {
        self.changed(|org, writer, _| org.add_record_type(object, developer_name, name, writer))
    }

    /// Makes a queue for records of these objects, and answers its id.
    #[must_use]
    pub fn add_queue(&self, name: &str, objects: &[&str]) -> String {
        let objects: Vec<String> = objects.iter().map(|object| (*object).to_owned()).collect();
        self.changed(|org, writer, _| org.add_queue(name, &objects, writer))
    }

    /// Converts a lead as a person would.
    ///
    /// # Errors
    /// What the platform has against it.
    pub fn convert_lead(&self, conversion: &LeadConversion) -> Result<Converted, Vec<Refusal>> {
        self.changed(|org, writer, _| org.convert_lead(conversion, writer))
    }

    /// Merges up to two records into a third as a person would; `fields` are what the third is to hold.
    ///
    /// # Errors
    /// What the platform has against it.
    pub fn merge_records(
        &self,
        object: &str,
        master: &str,
        victims: &[String],
        fields: &Map<String, Value>,
    ) -> Result<Vec<String>, Vec<Refusal>> {
        self.changed(|org, writer, _| {
            let mark = org.begin();
            let done = org.merge_records(object, master, victims, writer).map_err(|refusal| vec![refusal]);
            let done = done.and_then(|moved| {
                if !fields.is_empty() {
                    org.update(object, master, fields, writer)?;
                }
                Ok(moved)
            });
            org.end(mark, done.is_ok());
            done
        })
    }
}

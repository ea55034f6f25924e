//! Writing records: what the platform checks, and what it does to values on storing them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::crm::Given;
use crate::error::Refusal;
use crate::ids;
use crate::org::{Org, RowData, Table, api_time};
use crate::rules::Verb;
use crate::schema::{FieldDef, ObjectDef};

/// Who writes, when, and what they insist on.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub user: Arc<str>,
    pub now: Timestamp,
    /// Whether to save in spite of a duplicate rule that only warns.
    pub allow_save: bool,
    pub duplicate_rule: DuplicateRule,
    /// Whether the active assignment rule gives new leads and cases their owner.
    pub auto_assign: bool,
}

impl Writer {
    /// A writer who insists on nothing.
    pub fn new(user: Arc<str>, now: Timestamp) -> Self {
        Self { user, now, allow_save: false, duplicate_rule: DuplicateRule::Off, auto_assign: false }
    }
}

/// What the org's rule against contacts and leads with the same email does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuplicateRule {
    /// Nothing.
    #[default]
    Off,
    /// Refuses, unless the caller insists.
    Alert,
    /// Refuses.
    Block,
}

impl Org {
    /// Makes a record and answers its id.
    pub fn insert(
        &mut self,
        object: &str,
        fields: &Map<String, Value>,
        writer: &Writer,
    ) -> Result<String, Vec<Refusal>> {
        let one = |refusal: Refusal| vec![refusal];
        let table = self.table(object).ok_or_else(|| vec![no_type(object)])?;
        let object = table.def.name.clone();
        self.may(&object, Verb::Create, writer).map_err(one)?;
        let values = self.checked(&object, fields, Verb::Create, writer).map_err(one)?;
        let given: Given = values.iter().map(|(at, _)| *at).collect();
        let table = self.table_mut(&object).ok_or_else(|| vec![no_type(&object)])?;
        let mut row = table.blank(&writer.user, writer.now.as_second());
        for (at, value) in values {
            row.set(at, value);
        }
        fill_defaults(table, &mut row, fields, writer);
        let parents = self.parents_of(&self.def(&object)?.clone(), &row);
        self.unlocked(parents.iter().map(String::as_str), writer).map_err(one)?;
        self.admit(&object, &mut row, None, &given, writer)?;
        let id = row.id.clone();
        self.put(&object, row.clone());
        self.follow_up(&object, &row, None, writer);
        Ok(id)
    }

    /// Changes a record. Fields that are not named stay.
    pub fn update(
        &mut self,
        object: &str,
        id: &str,
        fields: &Map<String, Value>,
        writer: &Writer,
    ) -> Result<(), Vec<Refusal>> {
        let one = |refusal: Refusal| vec![refusal];
        let before = self.live(object, id).map_err(one)?;
        let table = self.table(object).ok_or_else(|| vec![no_type(object)])?;
        let object = table.def.name.clone();
        self.may(&object, Verb::Update, writer).map_err(one)?;
        self.may_touch(&table.def, &before, writer).map_err(one)?;
        self.unlocked([before.id.as_str()], writer).map_err(one)?;
        if object == "Lead" && before.yes("IsConverted") {
            return Err(vec![Refusal::new(
                "CANNOT_UPDATE_CONVERTED_LEAD",
                "cannot reference converted lead",
            )]);
        }
        let values = self.checked(&object, fields, Verb::Update, writer).map_err(one)?;
        let given: Given = values.iter().map(|(at, _)| *at).collect();
        let mut row = before.clone();
        for (at, value) in values {
            row.set(at, value);
        }
        row.modified_at = writer.now.as_second();
        row.modified_by = Arc::clone(&writer.user);
        row.modstamp = row.modified_at.max(row.modstamp);
        self.admit(&object, &mut row, Some(&before), &given, writer)?;
        self.put(&object, row.clone());
        self.follow_up(&object, &row, Some(&before), writer);
        Ok(())
    }

    fn def(&self, object: &str) -> Result<&ObjectDef, Vec<Refusal>> {
        self.table(object).map(|table| &table.def).ok_or_else(|| vec![no_type(object)])
    }

    /// Completes a record that is about to be saved, and refuses it where a rule is broken.
    fn admit(
        &self,
        object: &str,
        row: &mut RowData,
        before: Option<&RowData>,
        given: &Given,
        writer: &Writer,
    ) -> Result<(), Vec<Refusal>> {
        let one = |refusal: Refusal| vec![refusal];
        let table = self.table(object).ok_or_else(|| vec![no_type(object)])?;
        self.settle_record_type(&table.def, row, before.is_none()).map_err(one)?;
        if before.is_none()
            && writer.auto_assign
            && matches!(object, "Lead" | "Case")
            && let Some(owner) = self.assigned(&table.def, row, writer)
        {
            row.put_cell("OwnerId", json!(owner));
        }
        if given.iter().any(|at| table.def.field_at(*at).is_some_and(|field| field.name == "OwnerId")) {
            self.may_own(&table.def, row).map_err(one)?;
        }
        self.prepare(object, row, before, given, writer).map_err(one)?;
        let required = |(at, field): &(usize, &Arc<FieldDef>)| {
            let looked_at = before.is_none() || given.contains(at);
            looked_at && field.is_required() && row.get(*at).is_null()
        };
        let missing = table.def.fields.values().enumerate().filter(required);
        let missing: Vec<String> = missing
            .filter(|(_, field)| !(row.yes("IsPersonAccount") && field.name == "Name"))
            .map(|(_, field)| field.name.clone())
            .collect();
        if !missing.is_empty() {
            let mut refusal = Refusal::new(
                "REQUIRED_FIELD_MISSING",
                format!("Required fields are missing: [{}]", missing.join(", ")),
            );
            refusal.fields = missing;
            return Err(vec![refusal]);
        }
        self.compute(table, row, writer.now);
        self.validate(&table.def, row, before, writer)?;
        self.check_rules_against_duplicates(&table.def, row, before, writer)?;
        if before.is_none() {
            self.check_duplicates(object, row, writer)?;
        }
        self.check_unique(object, row)
    }

    /// Puts a record into the recycle bin, with all that goes with it.
    pub fn delete(&mut self, object: &str, id: &str, writer: &Writer) -> Result<(), Refusal> {
        let row = self.live(object, id)?;
        let table = self.table(object).ok_or_else(|| no_type(object))?;
        let object = table.def.name.clone();
        if !table.def.can('d') {
            // assumed: the wording is that for writes
            let message = format!("entity type {object} does not support delete");
            return Err(Refusal::new("INVALID_TYPE_FOR_OPERATION", message));
        }
        self.may(&object, Verb::Delete, writer)?;
        self.may_touch(&table.def, &row, writer)?;
        self.unlocked([row.id.as_str()], writer)?;
        self.may_go(&object, &row)?;
        self.let_go(&object, &row.id, writer, 0);
        let campaign = (object == "CampaignMember").then(|| row.text("CampaignId").map(ToOwned::to_owned));
        self.bury(&object, row, writer);
        if let Some(campaign) = campaign.flatten() {
            self.count_members(&campaign);
        }
        Ok(())
    }

    /// Takes a record out of the recycle bin, with all that went with it.
    pub fn undelete(&mut self, id: &str, writer: &Writer) -> Result<(), Refusal> {
        let (object, row) = self
            .find(id)
            .map(|(table, row)| (table.def.name.clone(), row))
            .filter(|(_, row)| row.deleted && row.cell("MasterRecordId").is_null())
            .ok_or_else(|| Refusal::new("UNDELETE_FAILED", "Entity is not in the recycle bin"))?;
        self.dig_up(&object, row, writer, 0);
        Ok(())
    }

    /// The record, if it is there and not deleted.
    pub(crate) fn live(&self, object: &str, id: &str) -> Result<RowData, Refusal> {
        let table = self.table(object).ok_or_else(|| no_type(object))?;
        let name = &table.def.name;
        let malformed = || {
            let message = format!("{name} ID: id value of incorrect type: {id}");
            Refusal::new("MALFORMED_ID", message).about("Id")
        };
        let id = ids::normal(id).ok_or_else(malformed)?;
        if self.object_of(&id) != Some(name) {
            return Err(malformed());
        }
        match table.rows.get(&id) {
            Some(row) if row.deleted => {
                Err(Refusal::new("ENTITY_IS_DELETED", "entity is deleted").with_status(404))
            }
            Some(row) => Ok(row),
            None => Err(Refusal::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")),
        }
    }

    /// The values as they would be stored, by place of the field.
    fn checked(
        &self,
        object: &str,
        fields: &Map<String, Value>,
        verb: Verb,
        writer: &Writer,
    ) -> Result<Vec<(usize, Value)>, Refusal> {
        let table = self.table(object).ok_or_else(|| no_type(object))?;
        let def = &table.def;
        let (flag, what) = if verb == Verb::Create { ('c', "create") } else { ('u', "update") };
        if !def.can(flag) {
            let message = format!("entity type {} does not support {what}", def.name);
            return Err(Refusal::new("INVALID_TYPE_FOR_OPERATION", message));
        }
        let mut values = Vec::new();
        for (name, value) in fields {
            if name == "attributes" {
                continue;
            }
            if name.eq_ignore_ascii_case("Id") {
                let message = "The Id field should not be specified in the sobject data.";
                return Err(Refusal::new("INVALID_FIELD", message).about("Id"));
            }
            if let Value::Object(parent) = value {
                values.push(self.by_external_id(table, name, parent)?);
                continue;
            }
            let known = def.field(name).filter(|(_, field)| self.knows(&def.name, &field.name, writer));
            let (at, field) = known.ok_or_else(|| {
                let message = format!("No such column '{name}' on sobject of type {}", def.name);
                Refusal::new("INVALID_FIELD", message)
            })?;
            if !field.has(flag) || !self.may_set(&def.name, &field.name, writer) {
                let message = format!(
                    "Unable to create/update fields: {}. Please check the security settings of this field and verify that \
                     it is read/write for your profile or permission set.",
                    field.name
                );
                return Err(
                    Refusal::new("INVALID_FIELD_FOR_INSERT_UPDATE", message).about(field.name.clone())
                );
            }
            let value = self.stored(field, value)?;
            if field.kind == "reference" && !self.sees_target(&value, writer) {
                let message = "insufficient access rights on cross-reference id";
                return Err(Refusal::new("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
                    .about(field.name.clone()));
            }
            values.push((at, value));
        }
        Ok(values)
    }

    /// A parent named by an external id: `"Account": {"Ext__c": "A1"}`.
    fn by_external_id(
        &self,
        table: &Table,
        name: &str,
        parent: &Map<String, Value>,
    ) -> Result<(usize, Value), Refusal> {
        let unknown = || {
            let message = format!("No such column '{name}' on sobject of type {}", table.def.name);
            Refusal::new("INVALID_FIELD", message)
        };
        let at = table
            .def
            .fields
            .values()
            .position(|field| field.relationship.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)))
            .ok_or_else(unknown)?;
        let field = table.def.field_at(at).ok_or_else(unknown)?;
        let target = field.targets.first().and_then(|target| self.table(target)).ok_or_else(unknown)?;
        let (key, value) =
            parent.iter().find(|(key, _)| *key != "attributes" && *key != "type").ok_or_else(unknown)?;
        let (key_at, key_field) = target.def.field(key).ok_or_else(unknown)?;
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let holders = target.holders(key_at, &text);
        let missing = || {
            let message = format!(
                "Foreign key external ID: {text} not found for field {} in entity {}",
                key_field.name, target.def.name
            );
            Refusal::new("INVALID_FIELD", message)
        };
        let holder = holders.first().ok_or_else(missing)?;
        Ok((at, json!(holder.id)))
    }

    /// What the platform stores of a value, or why it refuses it.
    fn stored(&self, field: &FieldDef, value: &Value) -> Result<Value, Refusal> {
        let wrong_type = |found: &str| {
            let message = format!(
                "Cannot deserialize instance of {} from {found} value {value}",
                match field.kind.as_str() {
                    "boolean" => "boolean",
                    "int" => "int",
                    "double" | "currency" | "percent" => field.kind.as_str(),
                    "date" => "date",
                    "datetime" => "datetime",
                    _ => "string",
                }
            );
            Refusal::new("JSON_PARSER_ERROR", message)
        };
        match (field.kind.as_str(), value) {
            (_, Value::Array(_) | Value::Object(_)) => Err(wrong_type("START_ARRAY")),
            ("boolean", Value::Null) => Ok(json!(false)),
            (_, Value::Null) => Ok(Value::Null),
            ("boolean", Value::Bool(_)) => Ok(value.clone()),
            ("boolean", Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(json!(true)),
            ("boolean", Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(json!(false)),
            ("boolean", _) => Err(wrong_type("VALUE_STRING")),
            ("int" | "double" | "currency" | "percent", _) => number(field, value)
                .ok_or_else(|| wrong_type(if value.is_string() { "VALUE_STRING" } else { "VALUE_TRUE" }))?,
            ("date", Value::String(text)) if text.trim().is_empty() => Ok(Value::Null),
            ("date", Value::String(text)) => text
                .get(..10)
                .and_then(|day| day.parse::<jiff::civil::Date>().ok())
                .map(|day| json!(day.to_string()))
                .ok_or_else(|| wrong_type("VALUE_STRING")),
            ("datetime", Value::String(text)) if text.trim().is_empty() => Ok(Value::Null),
            ("datetime", Value::String(text)) => moment(text)
                .map(|at| json!(api_time(at.as_second())))
                .ok_or_else(|| wrong_type("VALUE_STRING")),
            ("date" | "datetime", _) => Err(wrong_type("VALUE_NUMBER")),
            ("reference" | "id", Value::String(text)) => self.reference(field, text),
            (_, Value::String(text)) => self.text(field, text),
            // assumed: numbers and answers are taken as texts where a text is wanted
            (_, other) => self.text(field, &other.to_string()),
        }
    }

    fn reference(&self, field: &FieldDef, text: &str) -> Result<Value, Refusal> {
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        let label = &field.label;
        let malformed = || {
            let message = format!("{label}: id value of incorrect type: {text}");
            Refusal::new("MALFORMED_ID", message).about(field.name.clone())
        };
        let id = ids::normal(text).ok_or_else(malformed)?;
        // The record type that every object has is no record.
        if field.name == "RecordTypeId" && id == "012000000000000AAA" {
            return Ok(json!(id));
        }
        let object = self.object_of(&id).ok_or_else(malformed)?;
        if !field.targets.iter().any(|target| target == object) {
            let message = format!("{label}: id value of incorrect type: {text}");
            return Err(Refusal::new("FIELD_INTEGRITY_EXCEPTION", message).about(field.name.clone()));
        }
        match self.find(&id) {
            Some((_, row)) if !row.deleted => Ok(json!(id)),
            Some(_) => Err(Refusal::new("ENTITY_IS_DELETED", "entity is deleted").about(field.name.clone())),
            None => {
                let message = "insufficient access rights on cross-reference id";
                Err(Refusal::new("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
                    .about(field.name.clone()))
            }
        }
    }

    fn text(&self, field: &FieldDef, text: &str) -> Result<Value, Refusal> {
        // The platform drops blanks around a text, and a text of nothing but blanks.
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let limit = field.length as usize;
        if limit > 0 && text.encode_utf16().count() > limit {
            let shown: String = text.chars().take(255).collect();
            let message = format!("{}: data value too large: {shown} (max length={limit})", field.label);
            return Err(Refusal::new("STRING_TOO_LONG", message).about(field.name.clone()));
        }
        match field.kind.as_str() {
            // assumed: addresses are stored in lower case, as orgs do for standard and custom email fields
            "email" if is_email(text) => Ok(json!(text.to_lowercase())),
            "email" => {
                let message = format!("{}: invalid email address: {text}", field.label);
                Err(Refusal::new("INVALID_EMAIL_ADDRESS", message).about(field.name.clone()))
            }
            "picklist" | "multipicklist" if field.has('r') => {
                let known = |choice: &str| field.choices.iter().any(|known| known == choice);
                let unknown = match field.kind.as_str() {
                    "multipicklist" => text.split(';').map(str::trim).find(|choice| !known(choice)),
                    _ => Some(text).filter(|choice| !known(choice)),
                };
                match unknown {
                    Some(choice) => {
                        let message =
                            format!("{}: bad value for restricted picklist field: {choice}", field.label);
                        Err(Refusal::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message)
                            .about(field.name.clone()))
                    }
                    None => Ok(json!(text)),
                }
            }
            _ => Ok(json!(text)),
        }
    }

    fn check_unique(&self, object: &str, row: &RowData) -> Result<(), Vec<Refusal>> {
        let Some(table) = self.table(object) else { return Ok(()) };
        for (at, field) in table.def.fields.values().enumerate().filter(|(_, field)| field.unique) {
            let value = row.get(at);
            if value.is_null() {
                continue;
            }
            let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            if let Some(holder) = table.holders(at, &text).iter().find(|holder| holder.id != row.id) {
                let message = format!(
                    "duplicate value found: {} duplicates value on record with id: {}",
                    field.name,
                    holder.id.get(..15).unwrap_or(&holder.id)
                );
                return Err(vec![Refusal::new("DUPLICATE_VALUE", message)]);
            }
        }
        Ok(())
    }

    fn check_duplicates(&self, object: &str, row: &RowData, writer: &Writer) -> Result<(), Vec<Refusal>> {
        let applies = match writer.duplicate_rule {
            DuplicateRule::Off => false,
            DuplicateRule::Alert => !writer.allow_save,
            DuplicateRule::Block => true,
        };
        if !applies || !matches!(object, "Contact" | "Lead") {
            return Ok(());
        }
        let Some(table) = self.table(object) else { return Ok(()) };
        let Some((at, _)) = table.def.field("Email") else { return Ok(()) };
        let Some(email) = row.get(at).as_str() else { return Ok(()) };
        let matches: Vec<Value> = table
            .holders(at, email)
            .iter()
            .map(|holder| {
                json!({
                    "additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0,
                    "record": {
                        "attributes": {
                            "type": object,
                            "url": format!("/services/data/v66.0/sobjects/{object}/{}", holder.id),
                        },
                        "Id": holder.id,
                    },
                })
            })
            .collect();
        if matches.is_empty() {
            return Ok(());
        }
        let message = "Use one of these records?";
        let result = json!({
            "allowSave": writer.duplicate_rule == DuplicateRule::Alert,
            "duplicateRule": format!("Standard_{object}_Duplicate_Rule"),
            "duplicateRuleEntityType": object,
            "errorMessage": message,
            "matchResults": [{
                "entityType": object, "errors": [], "matchEngine": "FuzzyMatchEngine", "size": matches.len(),
                "matchRecords": matches, "rule": format!("Standard_{object}_Match_Rule_v1_1"), "success": true,
            }],
        });
        let mut refusal = Refusal::new("DUPLICATES_DETECTED", message);
        refusal.extra = Some(Box::new(("duplicateResult", result)));
        Err(vec![refusal])
    }
}

/// What a new record holds where it brings nothing. A field that is named as null stays empty, unless it must not be.
fn fill_defaults(table: &Table, row: &mut RowData, fields: &Map<String, Value>, writer: &Writer) {
    for (at, field) in table.def.fields.values().enumerate() {
        if !row.get(at).is_null() {
            continue;
        }
        let named =
            fields.iter().any(|(name, value)| value.is_null() && name.eq_ignore_ascii_case(&field.name));
        let value = match (field.kind.as_str(), field.name.as_str(), &field.default) {
            ("boolean", "IsActive", _) if table.def.name == "User" => json!(true),
            (_, _, Some(default)) if !(named && field.has('n')) => default.clone(),
            ("boolean", name, _) if name != "IsDeleted" && field.formula.is_none() => json!(false),
            (_, "OwnerId", _) => json!(&*writer.user),
            _ => match &field.auto_number {
                // The first case of a new org has a number above a thousand.
                Some(format) if field.name == "CaseNumber" => json!(auto_number(format, row.number + 1000)),
                Some(format) => json!(auto_number(format, row.number)),
                None => continue,
            },
        };
        row.set(at, value);
    }
}

/// `A-{0000}` and 7 make `A-0007`.
fn auto_number(format: &str, number: u64) -> String {
    let Some((before, rest)) = format.split_once('{') else { return format!("{format}{number}") };
    let (digits, after) = rest.split_once('}').unwrap_or((rest, ""));
    let width = digits.len();
    format!("{before}{number:0width$}{after}")
}

fn number(field: &FieldDef, value: &Value) -> Option<Result<Value, Refusal>> {
    use rust_decimal::{Decimal, RoundingStrategy};
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.trim().is_empty() => return Some(Ok(Value::Null)),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let parsed: Decimal = text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())?;
    let (digits, scale) = match field.kind.as_str() {
        "int" => (field.digits, 0),
        _ => (field.precision.saturating_sub(field.scale), field.scale),
    };
    let rounded = parsed.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero).normalize();
    let too_large = rounded.abs().trunc().to_string().len() > digits as usize && digits > 0;
    if too_large {
        let message = format!("{}: value outside of valid range on numeric field: {text}", field.label);
        return Some(Err(Refusal::new("NUMBER_OUTSIDE_VALID_RANGE", message).about(field.name.clone())));
    }
    // A double is answered with a point, an integer without.
    let json = match field.kind.as_str() {
        "int" => rounded.to_string().parse::<i64>().ok().map(|whole| json!(whole)),
        _ => rounded.to_string().parse::<f64>().ok().map(|double| json!(double)),
    };
    json.map(Ok)
}

fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok())
        .or_else(|| format!("{text}Z").parse().ok())
}

/// assumed: what the platform takes for an address: one `@`, something before it, a domain with a point after it
fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    !name.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|part| !part.is_empty())
        && !text
            .chars()
            .any(|character| character.is_whitespace() || matches!(character, ',' | ';' | '(' | ')'))
}

pub(crate) fn no_type(object: &str) -> Refusal {
    Refusal::new("NOT_FOUND", format!("The requested resource does not exist: {object}")).with_status(404)
}

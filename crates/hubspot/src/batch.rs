//! Writing many records at once, each row with its own outcome.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Answer, Call, decode};
use crate::objects::BATCH;
use crate::{ApiError, AssociationType, Client, Error, Record, lenient};

/// One row to write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchInput {
    /// The row's own mark, unique within the call; one is made up where it is empty.
    pub trace_id: String,
    /// Update: the record's id. Upsert: the value of `id_property`. Create: none.
    pub id: Option<String>,
    /// The unique property that `id` is a value of; record ids where none.
    pub id_property: Option<String>,
    /// Values to set; an empty text clears.
    pub properties: BTreeMap<String, String>,
    /// Create only: what the new record is linked to.
    pub associations: Vec<NewAssociation>,
}

/// A link that a new record is born with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewAssociation {
    /// The record linked to.
    pub to_id: String,
    /// The kinds of link.
    pub types: Vec<AssociationType>,
}

/// What became of one row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// Written.
    Ok(Record),
    /// Refused for a reason of its own; nothing of it was written.
    Err(Box<RowError>),
    /// It may or may not have been written: the answer was lost, or did not mention the row.
    Unknown {
        /// Why it is not known.
        reason: String,
    },
    /// Certainly not written, for a reason that has nothing to do with the row (limit used up, token refused,
    /// HubSpot out of reach). It can be sent again when that is over.
    NotSent(Error),
}

/// Why HubSpot refused a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowError {
    /// HubSpot's category, such as `VALIDATION_ERROR` or `CONFLICT`.
    pub category: Option<String>,
    /// HubSpot's message.
    pub message: String,
    /// The id that HubSpot's support can look up.
    pub correlation_id: Option<String>,
    /// Codes of the single complaints, such as `INVALID_OPTION`.
    pub codes: Vec<String>,
    /// The properties complained about, where named.
    pub properties: Vec<String>,
    /// The record that already has the value this row wanted for itself.
    pub existing_id: Option<String>,
    /// All of what HubSpot said.
    pub api: ApiError,
}

impl RowResult {
    /// The written record.
    #[must_use]
    pub fn ok(&self) -> Option<&Record> {
        match self {
            Self::Ok(record) => Some(record),
            _ => None,
        }
    }
}

impl std::fmt::Display for RowError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.api.fmt(f)
    }
}

impl From<ApiError> for RowError {
    fn from(api: ApiError) -> Self {
        let mut properties: Vec<String> = api.named("propertyName").into_iter().map(str::to_owned).collect();
        let complaints = complaints_in(&api.message);
        let complained = |name: &str| {
            complaints
                .iter()
                .filter_map(move |one| one.get(name).and_then(lenient::as_text))
                .collect::<Vec<_>>()
        };
        properties.extend(complained("name"));
        let mut codes: Vec<String> = api.details.iter().filter_map(|detail| detail.code.clone()).collect();
        codes.extend(complained("error"));
        if let Some(taken) = taken_property(&api.message) {
            properties.push(taken);
            codes.push("CONFLICT".to_owned());
        }
        for list in [&mut properties, &mut codes] {
            let mut seen = BTreeSet::new();
            list.retain(|name| seen.insert(name.clone()));
        }
        let existing_id = existing_id(&api.message)
            .or_else(|| api.details.iter().find_map(|detail| existing_id(&detail.message)));
        Self {
            category: api.category.clone(),
            message: api.message.clone(),
            correlation_id: api.correlation_id.clone(),
            codes,
            properties,
            existing_id,
            api,
        }
    }
}

/// Messages about property values end in the complaints themselves, as JSON.
fn complaints_in(message: &str) -> Vec<Value> {
    message.find('[').and_then(|start| serde_json::from_str(&message[start..]).ok()).unwrap_or_default()
}

/// The record that a message says has the value already.
fn existing_id(message: &str) -> Option<String> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    if let Some((_, rest)) = message.split_once("Existing ID: ") {
        return Some(digits(rest)).filter(|id| !id.is_empty());
    }
    let (before, _) = message.split_once(" already has that value")?;
    let id = before.rsplit(|character: char| !character.is_ascii_digit()).next()?;
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

/// The property of which a message says that another record has this value already.
fn taken_property(message: &str) -> Option<String> {
    let (before, _) = message.split_once(" already has that value")?;
    let (_, rest) = before.split_once("propertyName=")?;
    let name = rest.split([',', '}']).next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// What is done to every row of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Upsert,
}

#[derive(Deserialize)]
struct WriteAnswer {
    #[serde(default)]
    results: Vec<Record>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    errors: Vec<Value>,
}

impl Client {
    /// Creates records. Rows answer in input order. A row whose answer is lost is `Unknown` and never sent again.
    ///
    /// # Errors
    /// Only where nothing was sent because the rows contradict each other.
    pub async fn batch_create(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        self.batch_write(object, Verb::Create, rows).await
    }

    /// Changes records by id or by a unique property other than a contact's email. Rows answer in input order.
    ///
    /// # Errors
    /// Only where nothing was sent because the rows contradict each other.
    pub async fn batch_update(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        self.batch_write(object, Verb::Update, rows).await
    }

    /// Creates or changes records by a unique property. Rows answer in input order.
    ///
    /// # Errors
    /// Only where nothing was sent because the rows contradict each other.
    pub async fn batch_upsert(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        self.batch_write(object, Verb::Upsert, rows).await
    }

    async fn batch_write(
        &self,
        object: &str,
        verb: Verb,
        rows: &[BatchInput],
    ) -> Result<Vec<RowResult>, Error> {
        let (word, segment) = match verb {
            Verb::Create => ("creating", "create"),
            Verb::Update => ("changing", "update"),
            Verb::Upsert => ("creating or changing", "upsert"),
        };
        let traces = self.trace_ids(rows);
        check(verb, rows, &traces).map_err(Error::InvalidRequest)?;
        let path = format!("{}/batch/{segment}", self.inner().paths.objects(object));
        let mut batch = Batch { verb, rows, traces, results: vec![None; rows.len()], queue: VecDeque::new() };
        let all: Vec<usize> = (0..rows.len()).collect();
        batch.queue.extend(all.chunks(BATCH).map(<[usize]>::to_vec));
        while let Some(part) = batch.queue.pop_front() {
            let mut call = Call::new(format!("{word} {object}"), Method::POST, path.as_str());
            if verb != Verb::Create {
                call = call.repeatable();
            }
            let inputs: Vec<Value> = part.iter().map(|&row| batch.input(row)).collect();
            match self.inner().send(&call.json(json!({ "inputs": inputs }))).await {
                Ok(answer) => batch.answered(&part, &answer),
                Err(Error::Ambiguous { reason, .. }) => {
                    batch.set(&part, &RowResult::Unknown { reason });
                }
                Err(Error::Api(api) | Error::NotFound(api)) if concerns_rows(&api) => {
                    batch.refused(part, &api)
                }
                Err(error) => {
                    // Nothing to do with these rows: the rest would fare no better.
                    let rest: Vec<usize> = part.into_iter().chain(batch.queue.drain(..).flatten()).collect();
                    batch.set(&rest, &RowResult::NotSent(error));
                }
            }
        }
        let unmentioned =
            || RowResult::Unknown { reason: "HubSpot's answer does not mention the row".to_owned() };
        Ok(batch.results.into_iter().map(|result| result.unwrap_or_else(unmentioned)).collect())
    }

    fn trace_ids(&self, rows: &[BatchInput]) -> Vec<String> {
        let chance = &self.inner().world.chance;
        let made_up = || format!("{:016x}", chance.bits());
        rows.iter()
            .map(|row| if row.trace_id.is_empty() { made_up() } else { row.trace_id.clone() })
            .collect()
    }
}

/// Refuses rows that HubSpot would refuse the whole batch for.
fn check(verb: Verb, rows: &[BatchInput], traces: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = traces.iter().find(|trace| !seen.insert(trace.as_str())) {
        return Err(format!("two rows have the trace id {twice}; each row needs its own"));
    }
    if verb == Verb::Create {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    for (row, trace) in rows.iter().zip(traces) {
        let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()) else {
            return Err(format!("row {trace} says no id of the record to change"));
        };
        if verb == Verb::Upsert && row.id_property.is_none() {
            return Err(format!("row {trace} says no unique property to find its record by"));
        }
        // Addresses that differ in case only are the same contact.
        let same =
            if row.id_property.as_deref() == Some("email") { id.to_lowercase() } else { id.to_owned() };
        if !seen.insert((row.id_property.as_deref(), same)) {
            return Err(format!("two rows are about the record {id}; merge them into one"));
        }
    }
    Ok(())
}

/// Whether a refusal may be due to single rows, so that the others could go through without them.
fn concerns_rows(api: &ApiError) -> bool {
    matches!(api.status, 400 | 404 | 409 | 413 | 422)
        // A wrong object name is about all of them.
        && !api.message.starts_with("Unable to infer object type")
}

/// Rows on their way, and what has become of them.
struct Batch<'a> {
    verb: Verb,
    rows: &'a [BatchInput],
    traces: Vec<String>,
    results: Vec<Option<RowResult>>,
    queue: VecDeque<Vec<usize>>,
}

impl Batch<'_> {
    fn input(&self, row: usize) -> Value {
        let input = &self.rows[row];
        let mut value = json!({ "properties": input.properties, "objectWriteTraceId": self.traces[row] });
        if self.verb != Verb::Create {
            value["id"] = json!(input.id);
            if let Some(id_property) = &input.id_property {
                value["idProperty"] = json!(id_property);
            }
        } else if !input.associations.is_empty() {
            let links = input.associations.iter().map(|link| {
                let types = link.types.iter().map(
                    |kind| json!({ "associationCategory": kind.category, "associationTypeId": kind.type_id }),
                );
                json!({ "to": { "id": link.to_id }, "types": types.collect::<Vec<_>>() })
            });
            value["associations"] = links.collect();
        }
        value
    }

    fn set(&mut self, part: &[usize], result: &RowResult) {
        for &row in part {
            self.results[row] = Some(result.clone());
        }
    }

    /// The whole batch was refused, and nothing of it written: finds the rows that are to blame.
    fn refused(&mut self, part: Vec<usize>, api: &ApiError) {
        let blamed: Vec<usize> = part.iter().copied().filter(|&row| self.blames(api, row)).collect();
        let error = || RowResult::Err(Box::new(RowError::from(api.clone())));
        if part.len() == 1 {
            self.set(&part, &error());
        } else if blamed.is_empty() {
            self.halve(&part);
        } else {
            self.set(&blamed, &error());
            self.queue.push_front(part.into_iter().filter(|row| !blamed.contains(row)).collect());
            self.queue.retain(|part| !part.is_empty());
        }
    }

    fn blames(&self, api: &ApiError, row: usize) -> bool {
        if api.named("objectWriteTraceId").contains(&self.traces[row].as_str()) {
            return true;
        }
        // A property that does not exist spoils every row that has it.
        !api.details.is_empty()
            && api.details.iter().all(|detail| detail.code.as_deref() == Some("PROPERTY_DOESNT_EXIST"))
            && api.named("propertyName").iter().any(|name| self.rows[row].properties.contains_key(*name))
    }

    fn halve(&mut self, part: &[usize]) {
        let (first, second) = part.split_at(part.len() / 2);
        self.queue.push_front(second.to_vec());
        self.queue.push_front(first.to_vec());
        self.queue.retain(|part| !part.is_empty());
    }

    /// Gives each row its share of the answer.
    fn answered(&mut self, part: &[usize], answer: &Answer) {
        let written: WriteAnswer = match decode("a batch", &answer.body) {
            Ok(written) => written,
            Err(error) => return self.set(part, &RowResult::Unknown { reason: error.to_string() }),
        };
        let mut open: Vec<usize> = part.to_vec();
        let mut nameless = Vec::new();
        for record in written.results {
            match self.row_of(&open, &record) {
                Some(row) => {
                    open.retain(|other| *other != row);
                    self.results[row] = Some(RowResult::Ok(self.finished(record, answer.repeated)));
                }
                None => nameless.push(record),
            }
        }
        let mut unaddressed = Vec::new();
        for error in &written.errors {
            let api = ApiError::from_json(207, error);
            let rows: Vec<usize> = open.iter().copied().filter(|&row| self.addressed(&api, row)).collect();
            if rows.is_empty() {
                unaddressed.push(api);
            } else {
                open.retain(|row| !rows.contains(row));
                self.set(&rows, &RowResult::Err(Box::new(RowError::from(api))));
            }
        }
        match (open.as_slice(), unaddressed.first()) {
            ([], _) => {}
            ([row], None) if nameless.len() == 1 => {
                let row = *row;
                if let Some(record) = nameless.pop() {
                    self.results[row] = Some(RowResult::Ok(self.finished(record, answer.repeated)));
                }
            }
            ([_], Some(api)) if nameless.is_empty() => {
                self.set(&open, &RowResult::Err(Box::new(RowError::from(api.clone()))));
            }
            // Every written record is accounted for, so the open rows were refused, but not which for what.
            (_, Some(_)) if nameless.is_empty() && open.len() < part.len() => self.queue.push_front(open),
            (_, Some(_)) if nameless.is_empty() => self.halve(&open),
            _ => {
                let reason = "HubSpot's answer does not say what became of the row".to_owned();
                self.set(&open, &RowResult::Unknown { reason });
            }
        }
    }

    /// The row that a written record answers.
    fn row_of(&self, open: &[usize], record: &Record) -> Option<usize> {
        if let Some(trace) = &record.trace_id {
            return open.iter().copied().find(|&row| self.traces[row] == *trace);
        }
        let mut fitting = open.iter().copied().filter(|&row| {
            let input = &self.rows[row];
            match (self.verb, &input.id, &input.id_property) {
                (Verb::Create, ..) => {
                    input.properties.iter().all(|(name, value)| record.get(name).unwrap_or_default() == value)
                }
                (_, Some(id), Some(property)) => {
                    record.get(property).is_some_and(|value| value.eq_ignore_ascii_case(id))
                }
                (_, Some(id), None) => record.id == *id,
                _ => false,
            }
        });
        // Rows that look alike cannot be told apart.
        fitting.next().filter(|_| fitting.next().is_none())
    }

    fn addressed(&self, api: &ApiError, row: usize) -> bool {
        let traces = api.named("objectWriteTraceId");
        if !traces.is_empty() {
            return traces.contains(&self.traces[row].as_str());
        }
        let Some(id) = self.rows[row].id.as_deref() else { return false };
        ["id", "ids"].iter().any(|key| api.named(key).contains(&id))
    }

    fn finished(&self, mut record: Record, repeated: bool) -> Record {
        record.created = match self.verb {
            Verb::Create => Some(true),
            Verb::Update => Some(false),
            // An earlier try whose answer was lost may have been the one that made it.
            Verb::Upsert => record.created.filter(|created| *created || !repeated),
        };
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_existing_record_is_found_in_either_wording() {
        assert_eq!(existing_id("Contact already exists. Existing ID: 12345"), Some("12345".into()));
        let clash = "Cannot set PropertyValueCoordinates{portalId=1, propertyName=email, value=a@b.com} on 552148386511. 552239500007 already has that value.";
        assert_eq!(existing_id(clash), Some("552239500007".into()));
        assert_eq!(taken_property(clash).as_deref(), Some("email"));
        assert_eq!(existing_id("Property values were not valid"), None);
    }

    #[test]
    fn properties_and_codes_are_read_from_the_message_too() {
        let api = ApiError {
            status: 400,
            message: r#"Property values were not valid: [{"isValid":false,"message":"no","error":"INVALID_EMAIL","name":"email"}]"#.into(),
            ..ApiError::default()
        };
        let error = RowError::from(api);
        assert_eq!(
            (error.properties, error.codes),
            (vec!["email".to_owned()], vec!["INVALID_EMAIL".to_owned()])
        );
    }
}

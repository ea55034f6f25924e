//! The contacts of an opportunity, as if they were a field of it: `OpportunityContactRoles` is the set of contacts that
//! have a role in it. What their roles are called, and who is primary, is Salesforce's own and stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use ::salesforce::{Client, Error, Fields, RowError, RowResult, Scope, WriteOptions, in_lists, soql_time};
use jiff::Timestamp;
use model::{Access, Field, Kind, Value, Values};

use super::RecordState;

/// The field, which is also what Salesforce calls the relationship.
pub(crate) const ROLES: &str = "OpportunityContactRoles";
/// How the roles are asked for along with their opportunity; a query for deleted records finds deleted roles too.
pub(super) const COLUMN: &str = "(SELECT ContactId FROM OpportunityContactRoles WHERE IsDeleted = false)";
const OBJECT: &str = "OpportunityContactRole";
const WRITE: WriteOptions = WriteOptions { all_or_none: false, allow_duplicates: false };

pub(super) fn field() -> Field {
    Field {
        name: ROLES.to_owned(),
        label: "Contact roles".to_owned(),
        kind: Kind::References { targets: vec!["Contact".to_owned()] },
        access: Access::ReadWrite,
        required: false,
        unique: false,
    }
}

pub(super) fn is_mapped(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.name == ROLES)
}

/// The contacts in an answer; nothing where it does not hold them all.
pub(super) fn value(raw: Option<&serde_json::Value>) -> Option<Value> {
    let Some(raw) = raw else { return Some(Value::Blank) };
    let contacts = raw.as_array()?.iter().filter_map(|role| role.get("ContactId")?.as_str());
    Some(set(contacts.map(ToOwned::to_owned).collect()))
}

fn set(contacts: BTreeSet<String>) -> Value {
    if contacts.is_empty() { Value::Blank } else { Value::Choices(contacts) }
}

/// Reads the contacts of opportunities that have more than came along with them.
pub(super) async fn fill(
    client: &Client,
    records: &mut [RecordState],
    incomplete: &[String],
) -> Result<(), Error> {
    let roles = read(client, incomplete).await?;
    for record in records.iter_mut().filter(|record| incomplete.contains(&record.id)) {
        let contacts = roles.get(&record.id).map(|roles| roles.iter().map(|(_, who)| who.clone()).collect());
        record.values.insert(ROLES.to_owned(), set(contacts.unwrap_or_default()));
    }
    Ok(())
}

/// Opportunities whose contacts have changed: a role does not move its opportunity's time of change.
pub(super) async fn changed_since(client: &Client, since: Timestamp) -> Result<Vec<String>, Error> {
    let soql = format!("SELECT OpportunityId FROM {OBJECT} WHERE SystemModstamp >= {}", soql_time(since));
    let rows = client.query_rows(&soql, Scope::WithDeleted).await?;
    let opportunities: BTreeSet<&str> = rows.iter().filter_map(|row| row.text("OpportunityId")).collect();
    Ok(opportunities.into_iter().map(ToOwned::to_owned).collect())
}

/// The roles of opportunities: id and contact.
async fn read(
    client: &Client,
    opportunities: &[String],
) -> Result<BTreeMap<String, Vec<(String, String)>>, Error> {
    let before = format!("SELECT Id, OpportunityId, ContactId FROM {OBJECT} WHERE OpportunityId IN ");
    let mut roles: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in client.query_each(&in_lists(&before, opportunities, ""), Scope::Live).await? {
        if let (Some(id), Some(opportunity), Some(contact)) =
            (row.text("Id"), row.text("OpportunityId"), row.text("ContactId"))
        {
            roles.entry(opportunity.to_owned()).or_default().push((id.to_owned(), contact.to_owned()));
        }
    }
    Ok(roles)
}

/// Gives and takes roles as the rows that have been written say; what is there already stays as it is. A row that is
/// refused here is refused by the name of the field, so that the rest of it stands.
pub(super) async fn write(client: &Client, rows: &[(String, Values)], results: &mut [RowResult]) {
    let mut wanted: Vec<(usize, String, BTreeSet<String>)> = Vec::new();
    for (index, ((_, values), result)) in rows.iter().zip(results.iter()).enumerate() {
        if let (Some(value), Some(id)) = (values.get(ROLES), result.id()) {
            let contacts = match value {
                Value::Choices(contacts) => contacts.clone(),
                _ => BTreeSet::new(),
            };
            wanted.push((index, id.to_owned(), contacts));
        }
    }
    if wanted.is_empty() {
        return;
    }
    let ids: Vec<String> = wanted.iter().map(|(_, id, _)| id.clone()).collect();
    let held = match read(client, &ids).await {
        Ok(held) => held,
        Err(error) => {
            for (index, ..) in &wanted {
                settle(results, *index, RowResult::NotSent(error.clone()));
            }
            return;
        }
    };
    let mut given: Vec<(usize, Fields)> = Vec::new();
    let mut taken: Vec<(usize, String)> = Vec::new();
    for (index, id, contacts) in &wanted {
        let roles = held.get(id).map_or(&[][..], Vec::as_slice);
        for contact in contacts.iter().filter(|contact| !roles.iter().any(|(_, who)| who == *contact)) {
            let mut role = Fields::new();
            role.insert("OpportunityId".into(), id.clone().into());
            role.insert("ContactId".into(), contact.clone().into());
            given.push((*index, role));
        }
        let gone = roles.iter().filter(|(_, who)| !contacts.contains(who));
        taken.extend(gone.map(|(role, _)| (*index, role.clone())));
    }
    if !given.is_empty() {
        let roles: Vec<Fields> = given.iter().map(|(_, role)| role.clone()).collect();
        let outcomes = client.collections_create(OBJECT, &roles, WRITE).await;
        settle_all(results, given.iter().map(|(index, _)| *index).collect(), outcomes);
    }
    if !taken.is_empty() {
        let roles: Vec<String> = taken.iter().map(|(_, role)| role.clone()).collect();
        let outcomes = client.collections_delete(&roles, WRITE).await;
        settle_all(results, taken.iter().map(|(index, _)| *index).collect(), outcomes);
    }
}

fn settle_all(results: &mut [RowResult], rows: Vec<usize>, outcomes: Result<Vec<RowResult>, Error>) {
    match outcomes {
        Ok(outcomes) => {
            rows.into_iter().zip(outcomes).for_each(|(row, outcome)| settle(results, row, outcome))
        }
        Err(error) => {
            rows.into_iter().for_each(|row| settle(results, row, RowResult::NotSent(error.clone())));
        }
    }
}

/// What became of one role of an opportunity is what became of the opportunity's row, where it went wrong.
fn settle(results: &mut [RowResult], row: usize, outcome: RowResult) {
    let failed = match outcome {
        RowResult::Ok { .. } => return,
        RowResult::Err(errors) => {
            let gone = |error: &RowError| error.code.as_deref() == Some("ENTITY_IS_DELETED");
            if errors.iter().all(gone) {
                return;
            }
            let named = errors.into_iter().map(|error| RowError { fields: vec![ROLES.to_owned()], ..error });
            RowResult::Err(named.collect())
        }
        other => other,
    };
    if let Some(result) = results.get_mut(row) {
        *result = failed;
    }
}

//! The associations of HubSpot records, as if they were properties: `association:companies` is the primary company of
//! a contact, deal or ticket, `association:contacts` are the contacts of a deal or ticket.
//!
//! Whether one has changed is told by its record's time of change: HubSpot moves it when the primary company or the
//! number of associated contacts changes, both of which are properties of the record.

use std::collections::{BTreeMap, BTreeSet};

use ::hubspot::{
    AssociatedTo, Association, AssociationFailure, AssociationPair, Client, Error, ObjectSchema,
};
use model::{Access, Field, Kind, Value, Values};

use super::{RecordState, Refusal, SideError, Written};

/// How the names of associations begin.
pub(crate) const PREFIX: &str = "association:";

/// Kinds of association that HubSpot defines; the child is the one that names its parent.
const PRIMARY_OF_CONTACT: u32 = 1;
const PRIMARY_OF_DEAL: u32 = 5;
const PRIMARY_OF_TICKET: u32 = 26;
const CHILD_TO_PARENT: u32 = 14;
const HUBSPOT_DEFINED: &str = "HUBSPOT_DEFINED";

/// Which of a record's associations with records of one object are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one of this kind.
    Kind(u32),
    /// The one there is; of several, the one made first.
    One,
    /// All.
    All,
}

/// An association as a field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Linked<'a> {
    to: &'a str,
    which: Which,
}

impl<'a> Linked<'a> {
    fn of(object: &str, field: &'a str) -> Option<Self> {
        let rest = field.strip_prefix(PREFIX)?;
        let (to, what) = rest.split_once(':').unwrap_or((rest, ""));
        let which = match (object, to, what) {
            ("contacts", "companies", "") => Which::Kind(PRIMARY_OF_CONTACT),
            ("deals", "companies", "") => Which::Kind(PRIMARY_OF_DEAL),
            ("tickets", "companies", "") => Which::Kind(PRIMARY_OF_TICKET),
            ("companies", "companies", "parent") => Which::Kind(CHILD_TO_PARENT),
            (_, _, "one") => Which::One,
            _ => Which::All,
        };
        Some(Self { to, which })
    }

    /// Those of a record's links that are meant.
    fn meant(&self, links: &[AssociatedTo]) -> BTreeSet<String> {
        match self.which {
            Which::Kind(kind) => {
                let of_kind = links.iter().filter(|link| link.types.iter().any(|one| one.type_id == kind));
                of_kind.map(|link| link.id.clone()).collect()
            }
            Which::One => links
                .iter()
                .min_by_key(|link| link.id.parse::<u64>().unwrap_or(u64::MAX))
                .map(|link| link.id.clone())
                .into_iter()
                .collect(),
            Which::All => links.iter().map(|link| link.id.clone()).collect(),
        }
    }

    fn value(&self, meant: BTreeSet<String>) -> Value {
        match self.which {
            Which::All if !meant.is_empty() => Value::Choices(meant),
            Which::Kind(_) | Which::One => meant.into_iter().next().map_or(Value::Blank, Value::Reference),
            Which::All => Value::Blank,
        }
    }
}

/// The association with one record of an object.
pub(crate) fn one(object: &str) -> String {
    format!("{PREFIX}{object}:one")
}

/// Whether a field is an association rather than a property.
pub(super) fn is_association(field: &str) -> bool {
    field.starts_with(PREFIX)
}

/// The property whose history tells when an association was edited.
pub(super) fn told_by(object: &str, field: &str) -> Option<&'static str> {
    match (object, field) {
        ("contacts", "association:companies") => Some("associatedcompanyid"),
        ("deals" | "tickets", "association:companies") => Some("hs_primary_associated_company"),
        ("companies", "association:companies:parent") => Some("hs_parent_company_id"),
        _ => None,
    }
}

/// The associations that records of `object` can have with objects that Salesforce knows too, and with the account's
/// custom objects.
pub(super) fn fields_of(object: &str, custom: &[ObjectSchema]) -> Vec<Field> {
    let one = |name: &str, label: &str, targets: &[&str]| reference(name, label, targets, false);
    let many = |name: &str, label: &str, targets: &[&str]| reference(name, label, targets, true);
    let mut fields = match object {
        "contacts" => vec![one("companies", "Primary company", &["companies"])],
        "companies" => vec![one("companies:parent", "Parent company", &["companies"])],
        "deals" => vec![
            one("companies", "Primary company", &["companies"]),
            many("contacts", "Contacts", &["contacts"]),
        ],
        "tickets" => vec![
            one("companies", "Primary company", &["companies"]),
            many("contacts", "Contacts", &["contacts"]),
            one("contacts:one", "Contact", &["contacts"]),
        ],
        _ => Vec::new(),
    };
    let own: Option<&str> = match object {
        "contacts" => Some("0-1"),
        "companies" => Some("0-2"),
        "deals" => Some("0-3"),
        "tickets" => Some("0-5"),
        _ => {
            custom.iter().find(|schema| schema.is_called(object)).map(|schema| schema.object_type_id.as_str())
        }
    };
    let Some(own) = own else { return fields };
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for association in custom.iter().flat_map(|schema| &schema.associations) {
        let ends = (association.from_object_type_id.as_str(), association.to_object_type_id.as_str());
        match ends {
            (from, to) if from == own => others.insert(to),
            (from, to) if to == own => others.insert(from),
            _ => continue,
        };
    }
    for other in others {
        let names: Vec<&str> = match other {
            "0-1" => vec!["contacts"],
            "0-2" => vec!["companies"],
            "0-3" => vec!["deals"],
            "0-5" => vec!["tickets"],
            _ => match custom.iter().find(|schema| schema.object_type_id == other) {
                Some(schema) => vec![&schema.name, &schema.fully_qualified_name, &schema.object_type_id],
                None => continue,
            },
        };
        for name in &names {
            fields.push(many(name, name, &names));
            fields.push(one(&format!("{name}:one"), name, &names));
        }
    }
    fields
}

fn reference(name: &str, label: &str, targets: &[&str], many: bool) -> Field {
    let targets = targets.iter().map(|target| (*target).to_owned()).collect();
    Field {
        name: format!("{PREFIX}{name}"),
        label: label.to_owned(),
        kind: if many { Kind::References { targets } } else { Kind::Reference { targets } },
        access: Access::ReadWrite,
        required: false,
        unique: false,
    }
}

/// Fills in the associations among `fields`, with one call for each thousand records and object linked to.
pub(super) async fn fill(
    client: &Client,
    object: &str,
    records: &mut [RecordState],
    fields: &[Field],
) -> Result<(), SideError> {
    let mapped: Vec<(&str, Linked<'_>)> = fields
        .iter()
        .filter_map(|field| Some((field.name.as_str(), Linked::of(object, &field.name)?)))
        .collect();
    if mapped.is_empty() || records.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let mut read: BTreeMap<&str, BTreeMap<String, Vec<AssociatedTo>>> = BTreeMap::new();
    for (name, linked) in mapped {
        let links = match read.entry(linked.to) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => {
                let links = client.associations_batch_read(object, linked.to, &ids).await;
                new.insert(links.map_err(|error| super::hubspot::failed(&error))?)
            }
        };
        for record in records.iter_mut() {
            let of_record = links.get(&record.id).map_or(&[][..], Vec::as_slice);
            record.values.insert(name.to_owned(), linked.value(linked.meant(of_record)));
        }
    }
    Ok(())
}

/// Writes the associations among the values of rows whose properties have been written. A row that is refused here is
/// refused by the name of the association, so that the rest of it stands.
pub(super) async fn write(
    client: &Client,
    object: &str,
    rows: &[(String, Values)],
    outcomes: &mut [Written],
) {
    let names: BTreeSet<&String> =
        rows.iter().flat_map(|(_, values)| values.keys()).filter(|name| is_association(name)).collect();
    for name in names {
        let Some(linked) = Linked::of(object, name) else { continue };
        let mut wanted: Vec<Wanted> = Vec::new();
        for (row, ((_, values), outcome)) in rows.iter().zip(outcomes.iter()).enumerate() {
            if let (Some(value), Written::Stored { id, .. }) = (values.get(name), outcome) {
                wanted.push(Wanted { row, id: id.clone(), records: records_in(value) });
            }
        }
        write_one(client, object, name, &linked, &wanted, outcomes).await;
    }
}

/// What one record is to be linked to.
struct Wanted {
    row: usize,
    id: String,
    records: BTreeSet<String>,
}

async fn write_one(
    client: &Client,
    object: &str,
    name: &str,
    linked: &Linked<'_>,
    wanted: &[Wanted],
    outcomes: &mut [Written],
) {
    let ids: Vec<String> = wanted.iter().map(|row| row.id.clone()).collect();
    if ids.is_empty() {
        return;
    }
    let held = match client.associations_batch_read(object, linked.to, &ids).await {
        Ok(held) => held,
        Err(error) => {
            wanted.iter().for_each(|row| set_failed(outcomes, row.row, name, &error));
            return;
        }
    };
    let mut added: Vec<AssociationPair> = Vec::new();
    let mut dropped: Vec<AssociationPair> = Vec::new();
    for row in wanted {
        let links = held.get(&row.id).map_or(&[][..], Vec::as_slice);
        let now = linked.meant(links);
        let pair = |to: &String| AssociationPair { from: row.id.clone(), to: to.clone() };
        // One of several may be the one that is wanted although it is not the first.
        let there = |to: &&String| linked.which == Which::One && links.iter().any(|link| link.id == **to);
        added.extend(row.records.difference(&now).filter(|to| !there(to)).map(pair));
        dropped.extend(now.difference(&row.records).map(pair));
    }
    let refused = add(client, object, linked, &added).await;
    for (pair, error) in &refused {
        let row = wanted.iter().find(|row| row.id == pair.from);
        row.into_iter().for_each(|row| refuse(outcomes, row.row, name, error));
    }
    // What could not be replaced stays.
    dropped.retain(|pair| !refused.iter().any(|(kept, _)| kept.from == pair.from));
    if !dropped.is_empty()
        && let Err(error) = client.associations_batch_archive(object, linked.to, &dropped).await
    {
        for pair in &dropped {
            let row = wanted.iter().find(|row| row.id == pair.from);
            row.into_iter().for_each(|row| set_failed(outcomes, row.row, name, &error));
        }
    }
    // Of several, the one that counts is only known by looking again.
    let after = match linked.which {
        Which::One if !(added.is_empty() && dropped.is_empty()) => {
            client.associations_batch_read(object, linked.to, &ids).await.ok()
        }
        Which::One => Some(held),
        _ => None,
    };
    for row in wanted {
        let Some(Written::Stored { values, .. }) = outcomes.get_mut(row.row) else { continue };
        let stored = match &after {
            Some(after) => linked.meant(after.get(&row.id).map_or(&[][..], Vec::as_slice)),
            None => row.records.clone(),
        };
        values.insert(name.to_owned(), linked.value(stored));
    }
}

/// Makes links; answers those that were refused. A call that is refused as a whole is sent again link by link.
async fn add(
    client: &Client,
    object: &str,
    linked: &Linked<'_>,
    pairs: &[AssociationPair],
) -> Vec<(AssociationPair, Error)> {
    let mut refused = Vec::new();
    let mut queue: Vec<Vec<AssociationPair>> = vec![pairs.to_vec()];
    while let Some(some) = queue.pop() {
        if some.is_empty() {
            continue;
        }
        match add_all(client, object, linked, &some).await {
            Ok(failures) => {
                let alone = some.len() == 1;
                for failure in failures {
                    let at = |pair: &&AssociationPair| {
                        alone
                            || (failure.from.as_ref() == Some(&pair.from)
                                && failure.to.as_ref().is_none_or(|to| *to == pair.to))
                    };
                    let found: Vec<AssociationPair> = some.iter().filter(at).cloned().collect();
                    if found.is_empty() {
                        // It is not said whose link it is: each by itself tells.
                        queue.extend(some.iter().map(|pair| vec![pair.clone()]));
                        break;
                    }
                    let error = Error::Api(Box::new(failure.error));
                    refused.extend(found.into_iter().map(|pair| (pair, error.clone())));
                }
            }
            Err(error) if some.len() > 1 && !error.is_temporary() && !error.is_ambiguous() => {
                let (first, second) = some.split_at(some.len() / 2);
                queue.extend([first.to_vec(), second.to_vec()]);
            }
            Err(error) => refused.extend(some.into_iter().map(|pair| (pair, error.clone()))),
        }
    }
    refused
}

async fn add_all(
    client: &Client,
    object: &str,
    linked: &Linked<'_>,
    pairs: &[AssociationPair],
) -> Result<Vec<AssociationFailure>, Error> {
    let Which::Kind(kind) = linked.which else {
        return client.associate_default(object, linked.to, pairs).await;
    };
    let links: Vec<Association> = pairs
        .iter()
        .map(|pair| Association {
            from: pair.from.clone(),
            to: pair.to.clone(),
            category: HUBSPOT_DEFINED.to_owned(),
            type_id: kind,
        })
        .collect();
    client.associations_batch_create(object, linked.to, &links).await
}

fn set_failed(outcomes: &mut [Written], row: usize, name: &str, error: &Error) {
    if error.is_ambiguous() {
        if let Some(outcome) = outcomes.get_mut(row) {
            *outcome = Written::Unknown;
        }
    } else {
        refuse(outcomes, row, name, error);
    }
}

fn refuse(outcomes: &mut [Written], row: usize, name: &str, error: &Error) {
    let Some(outcome) = outcomes.get_mut(row) else { return };
    let api = error.api();
    // What is wrong with an association is said by the sub-category: `crm.associations.ASSOCIATION_LIMIT_EXCEEDED`.
    let said = api.and_then(|api| {
        let sub = api.sub_category.as_deref().and_then(|sub| sub.strip_prefix("crm.associations."));
        sub.map(ToOwned::to_owned).or_else(|| api.category.clone())
    });
    let code = said.unwrap_or_else(|| "NO_ANSWER".to_owned());
    *outcome = Written::Refused(Refusal {
        code,
        message: api.map_or_else(|| error.to_string(), |api| api.message.clone()),
        fields: vec![name.to_owned()],
        existing: None,
        passing: error.is_temporary(),
    });
}

fn records_in(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Choices(ids) => ids.clone(),
        value if value.is_blank() => BTreeSet::new(),
        value => BTreeSet::from([value.to_string()]),
    }
}

/// Custom objects; none where the token may not see them.
pub(super) async fn custom_objects(client: &Client) -> Result<Vec<ObjectSchema>, SideError> {
    match client.schemas().await {
        Ok(schemas) => Ok(schemas),
        Err(Error::Forbidden { .. } | Error::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(super::hubspot::failed(&error)),
    }
}

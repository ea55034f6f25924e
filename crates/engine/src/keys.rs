//! Keys: by what two records are found to be the same when no id says so, in the order that the mapping names.

use std::collections::{BTreeMap, BTreeSet};

use model::{Field, Kind, MatchBy, ObjectMapping, Side, Value};
use store::{Cause, Link, LinkState, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::place::{Place, Stray};
use crate::schema::{Route, Schema};
use crate::side::{Key, RecordState};

/// The HubSpot property with the further emails of a contact.
const FURTHER_EMAILS: &str = "hs_additional_emails";

/// One step in the search for a counterpart.
#[derive(Debug, Clone)]
pub(crate) struct KeyStep {
    pub by: MatchBy,
    pub hubspot: Field,
    pub salesforce: Field,
    /// HubSpot properties that hold further keys.
    pub further: Vec<Field>,
}

impl KeyStep {
    /// The step, with its fields as the platforms describe them; none where a field is missing or cannot be searched.
    pub fn new(
        by: MatchBy,
        mapping: &ObjectMapping,
        field: impl Fn(Side, &str) -> Option<Field>,
    ) -> Result<Option<Self>, String> {
        let Some((hubspot, salesforce)) = names(&by, mapping) else { return Ok(None) };
        let (on_hubspot, on_salesforce) =
            (field(Side::HubSpot, &hubspot), field(Side::Salesforce, &salesforce));
        let (Some(on_hubspot), Some(on_salesforce)) = (on_hubspot, on_salesforce) else {
            return match by {
                MatchBy::Key { .. } => Err(format!(
                    "Records cannot be matched by '{hubspot}' and '{salesforce}': one of them is missing. Create it, or \
                     choose another key."
                )),
                _ => Ok(None),
            };
        };
        let is_text = |field: &Field| matches!(field.kind, Kind::Text { .. } | Kind::Choice(_));
        if !is_text(&on_hubspot) || !is_text(&on_salesforce) {
            return Err(format!(
                "Records cannot be matched by '{hubspot}' and '{salesforce}': a key is a text. Choose another."
            ));
        }
        let further = match by {
            MatchBy::Email => field(Side::HubSpot, FURTHER_EMAILS).into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Some(Self { by, hubspot: on_hubspot, salesforce: on_salesforce, further }))
    }

    /// The fields of `side` that hold keys.
    pub fn fields(&self, side: Side) -> Vec<&Field> {
        match side {
            Side::HubSpot => std::iter::once(&self.hubspot).chain(&self.further).collect(),
            Side::Salesforce => vec![&self.salesforce],
        }
    }

    /// What records of `side` are searched by.
    fn key(&self, side: Side) -> Key {
        match (&self.by, side) {
            (MatchBy::Email, _) => Key::Email,
            (MatchBy::Domain, _) => Key::Domain,
            (_, Side::HubSpot) => Key::Field(self.hubspot.name.clone()),
            (_, Side::Salesforce) => Key::Field(self.salesforce.name.clone()),
        }
    }

    /// The keys of a record, in the form in which keys are compared.
    pub fn of(&self, side: Side, record: &RecordState) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for field in self.fields(side) {
            let text = record.values.get(&field.name).map(Value::to_string).unwrap_or_default();
            let parts: Vec<&str> = match self.by {
                MatchBy::Email => text.split(';').collect(),
                _ => vec![&text],
            };
            for part in parts {
                let part = part.trim().to_lowercase();
                let key = if self.by == MatchBy::Domain { domain_of(&part).to_owned() } else { part };
                if !key.is_empty() && !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }
}

/// The property and the field that hold a key.
fn names(by: &MatchBy, mapping: &ObjectMapping) -> Option<(String, String)> {
    let names = |hubspot: &str, salesforce: &str| Some((hubspot.to_owned(), salesforce.to_owned()));
    match by {
        MatchBy::Email => names("email", "Email"),
        MatchBy::Domain => names("domain", "Website"),
        MatchBy::Key { hubspot, salesforce } => names(hubspot, salesforce),
        MatchBy::Name => match mapping.hubspot_object.as_str() {
            // People share names.
            "contacts" => None,
            "companies" => names("name", "Name"),
            "deals" => names("dealname", "Name"),
            "tickets" => names("subject", "Subject"),
            _ => mapping
                .fields
                .iter()
                .find(|field| field.salesforce == "Name")
                .map(|field| (field.hubspot.clone(), field.salesforce.clone())),
        },
    }
}

/// The domain in a web address: no scheme, no `www.`, no path.
pub(crate) fn domain_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    host.strip_prefix("www.").unwrap_or(host)
}

/// What is left of a search while one step of it is taken.
struct Search<'a> {
    schema: &'a Schema,
    side: Side,
    object: &'a str,
    by: &'a MatchBy,
    strays: &'a [Stray],
}

impl Search<'_> {
    fn step<'r>(&self, route: &'r Route) -> Option<&'r KeyStep> {
        route.steps.iter().find(|step| step.by == *self.by)
    }

    /// The keys of those that have no place yet.
    fn keys(&self, places: &[Option<Place>]) -> Vec<Vec<String>> {
        let step = self.schema.routes_of(self.side, self.object).find_map(|route| self.step(route));
        let of = |(stray, place): (&Stray, &Option<Place>)| match (step, place) {
            (Some(step), None) => step.of(self.side, &stray.record),
            _ => Vec::new(),
        };
        self.strays.iter().zip(places).map(of).collect()
    }

    /// Whether an earlier key of the two says that they are different records, as two domains do of two companies of
    /// one name.
    fn differ(&self, stray: &RecordState, candidate: &RecordState) -> bool {
        let other = self.side.other();
        let route = self
            .schema
            .routes_of(self.side, self.object)
            .find(|route| route.object(other) == candidate.object);
        let earlier = route.into_iter().flat_map(|route| &route.steps).take_while(|step| step.by != *self.by);
        earlier.into_iter().any(|step| {
            let (here, there) = (step.of(self.side, stray), step.of(other, candidate));
            !here.is_empty() && !there.is_empty() && !here.iter().any(|key| there.contains(key))
        })
    }
}

impl Connection {
    /// Counterparts by the object's keys.
    pub(crate) async fn places_by_key(
        &self,
        schema: &Schema,
        side: Side,
        object: &str,
        strays: &[Stray],
        places: &mut [Option<Place>],
        taken: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let Some(first) = schema.routes_of(side, object).next() else { return Ok(()) };
        for step in &first.steps {
            let search = Search { schema, side, object, by: &step.by, strays };
            self.places_by_step(&search, places, taken).await?;
        }
        Ok(())
    }

    async fn places_by_step(
        &self,
        search: &Search<'_>,
        places: &mut [Option<Place>],
        taken: &mut BTreeSet<String>,
    ) -> Result<(), EngineError> {
        let side = search.side;
        let keys = search.keys(places);
        let wanted: BTreeSet<String> = keys.iter().flatten().cloned().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<String> = wanted.into_iter().collect();
        // Only one of several records with the same key can be in step; names may well be shared.
        let exclusive = *search.by != MatchBy::Name;
        let candidates = self.candidates(search, &wanted).await?;
        let sharers = if side == Side::Salesforce && exclusive {
            self.sharers(search, &wanted).await?
        } else {
            BTreeMap::new()
        };
        let mut claimed: BTreeSet<String> = BTreeSet::new();
        for ((stray, place), own) in search.strays.iter().zip(places.iter_mut()).zip(&keys) {
            let Some(key) = own.first() else { continue };
            let mut blocked = Vec::new();
            let mut free: Vec<&RecordState> = Vec::new();
            for candidate in candidates.iter().filter(|(keys, _)| keys.iter().any(|key| own.contains(key))) {
                let candidate = &candidate.1;
                let link = self.store.link_of(&self.id, side.other(), &candidate.object, &candidate.id)?;
                match link {
                    Some(link) if !may_be_replaced(&link, side) => blocked.push(link.record(side).to_owned()),
                    _ if taken.contains(&candidate.id) => blocked.push(candidate.id.clone()),
                    _ if !exclusive && search.differ(&stray.record, candidate) => {}
                    // One that comes after another that is in step with somebody else is none to choose from.
                    _ if exclusive && !blocked.is_empty() => {}
                    _ => free.push(candidate),
                }
            }
            let older = own
                .iter()
                .filter_map(|key| sharers.get(key))
                .flatten()
                .find(|(sharer, _)| *sharer != stray.record.id);
            let is_older = |sharer: &(String, u64)| {
                sharers
                    .values()
                    .flatten()
                    .find(|(id, _)| *id == stray.record.id)
                    .is_none_or(|(_, rank)| sharer.1 < *rank)
            };
            if exclusive && free.is_empty() && !blocked.is_empty() {
                *place = Some(Place::Shares { key: key.clone(), with: blocked });
            } else if let Some((older, _)) = older.filter(|sharer| is_older(sharer)) {
                // It will be in step through its own mark.
                *place = Some(Place::Shares { key: key.clone(), with: vec![older.clone()] });
            } else if exclusive && own.iter().any(|key| claimed.contains(key)) {
                let with = search.strays.iter().zip(&keys).filter(|(other, keys)| {
                    other.record.id != stray.record.id && keys.iter().any(|key| own.contains(key))
                });
                let with = with.map(|(other, _)| other.record.id.clone()).collect();
                *place = Some(Place::Shares { key: key.clone(), with });
            } else {
                if exclusive {
                    claimed.extend(own.iter().cloned());
                }
                if let Some(chosen) = self.choose(side.other(), key, &free)? {
                    taken.insert(chosen.id.clone());
                    let mut chosen = chosen.clone();
                    search.schema.keep_mapped(side.other(), &mut chosen);
                    *place = Some(Place::With(Box::new(chosen), None));
                }
            }
        }
        Ok(())
    }

    /// Records across that have one of these keys, with their keys: in order of preference of their object, each the
    /// oldest first.
    async fn candidates(
        &self,
        search: &Search<'_>,
        wanted: &[String],
    ) -> Result<Vec<(Vec<String>, RecordState)>, EngineError> {
        let other = search.side.other();
        let mut candidates: Vec<(Vec<String>, RecordState)> = Vec::new();
        for route in search.schema.routes_of(search.side, search.object) {
            let Some(step) = search.step(route) else { continue };
            let object = route.object(other);
            let fields = search.schema.matching_fields(other, object);
            let mut records = self.side(other).find(object, step.key(other), wanted, &fields).await?;
            records.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
            for record in records {
                let known = candidates
                    .iter()
                    .any(|(_, other)| (&other.object, &other.id) == (&record.object, &record.id));
                if !known {
                    candidates.push((step.of(other, &record), record));
                }
            }
        }
        Ok(candidates)
    }

    /// Salesforce records that have one of these keys, by key, with their rank: an open lead comes after a contact, the
    /// younger after the older. The first of them is the one in step.
    async fn sharers(
        &self,
        search: &Search<'_>,
        wanted: &[String],
    ) -> Result<BTreeMap<String, Vec<(String, u64)>>, EngineError> {
        let side = search.side;
        let mut sharers: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
        let mut rank = 0;
        for object in sibling_objects(search.schema, side, search.object) {
            let Some(route) = search.schema.routes_of(side, &object).next() else { continue };
            let Some(step) = search.step(route) else { continue };
            let fields = search.schema.matching_fields(side, &object);
            let mut records = self.side(side).find(&object, step.key(side), wanted, &fields).await?;
            records.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
            for record in records {
                rank += 1;
                for key in step.of(side, &record) {
                    sharers.entry(key).or_default().push((record.id.clone(), rank));
                }
            }
        }
        Ok(sharers)
    }

    /// The one of several candidates that stands: the one chosen before, else the first, which is remembered. The others
    /// are looked at, so that each says with whom it shares its key.
    fn choose<'a>(
        &self,
        side: Side,
        key: &str,
        free: &[&'a RecordState],
    ) -> Result<Option<&'a RecordState>, EngineError> {
        let Some(first) = free.first() else { return Ok(None) };
        if free.len() == 1 {
            return Ok(Some(first));
        }
        let now = self.now();
        let chosen = self.store.transaction(|tx| {
            let before = tx.choice(&self.id, side, &first.object, key)?;
            let stands = before.as_ref().and_then(|id| free.iter().find(|record| record.id == *id));
            if before.is_some() && stands.is_none() {
                tx.forget_choice(&self.id, side, &first.object, key)?;
            }
            let chosen = *stands.unwrap_or(first);
            tx.choose(&self.id, side, &chosen.object, key, &chosen.id, now)?;
            for other in free.iter().filter(|record| record.id != chosen.id) {
                tx.mark(&self.id, side, &other.object, &other.id, Cause::Link, now)?;
            }
            Ok(chosen)
        })?;
        Ok(Some(chosen))
    }
}

/// A link whose record on `side` was deleted may give way to a new record there.
fn may_be_replaced(link: &Link, side: Side) -> bool {
    match link.state {
        LinkState::Active => false,
        LinkState::Resting(Resting::DeletedInHubSpot) => side == Side::HubSpot,
        LinkState::Resting(Resting::DeletedInSalesforce) => side == Side::Salesforce,
        LinkState::Resting(Resting::Outside | Resting::Apart) => false,
    }
}

/// Objects of `side` that map to the same object as `object`, in order of preference up to and including it.
fn sibling_objects(schema: &Schema, side: Side, object: &str) -> Vec<String> {
    let Some(route) = schema.routes_of(side, object).next() else { return Vec::new() };
    let mut siblings: Vec<String> = Vec::new();
    for route in schema.routes_of(side.other(), route.object(side.other())) {
        siblings.push(route.object(side).to_owned());
        if route.object(side) == object {
            break;
        }
    }
    siblings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_what_is_left_of_a_web_address() {
        for address in
            ["https://www.acme.example/en?x=1", "http://acme.example", "www.acme.example", "acme.example"]
        {
            assert_eq!(domain_of(address), "acme.example");
        }
    }
}

//! From the changes of one transaction to the events that tell of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use indexmap::IndexMap;
use jiff::Timestamp;

use super::body::{self, Body};
use super::changes::Touched;
use super::schema::EventSchema;
use super::{ChangeType, Events, avro};
use crate::org::Org;
use crate::soql::Record as _;

/// An event larger than this is replaced by a gap.
const LARGEST_EVENT: usize = 1_000_000;
/// Stands for all records of an object in an overflow event.
const ANY_RECORD: &str = "000000000000000AAA";

/// An event before it has its place in the stream. Records with the same change share one.
struct Draft {
    source: Arc<str>,
    schema: Arc<EventSchema>,
    kind: ChangeType,
    ids: Vec<String>,
    user: String,
    body: Body,
}

/// What all events of a transaction have in common.
struct Transaction {
    key: String,
    origin: String,
    at_ms: i64,
    number: u64,
}

impl Events {
    /// Publishes what a transaction has changed on selected objects.
    pub fn publish_changes(
        &mut self,
        org: &Org,
        touched: IndexMap<String, Touched>,
        origin: &str,
        now: Timestamp,
    ) {
        let (drafts, overflown) = self.drafts(org, touched);
        if drafts.is_empty() && overflown.is_empty() {
            return;
        }
        self.transactions += 1;
        let at_ms = now.as_millisecond();
        let transaction = Transaction {
            key: self.uuid(0x7a, self.transactions),
            origin: origin.to_owned(),
            at_ms,
            number: 10_600_000_000_000 + self.transactions * 7,
        };
        self.bus.expire(at_ms);
        let overflows = self.overflows(&drafts);
        let overflown: Vec<Draft> = overflown
            .into_iter()
            .filter(|(source, _)| !overflows.contains_key(source))
            .chain(overflows.clone())
            .map(|(source, schema)| Draft {
                body: body::nothing(&schema),
                kind: ChangeType::GapOverflow,
                ids: vec![ANY_RECORD.to_owned()],
                user: String::new(),
                source,
                schema,
            })
            .collect();
        let drafts = drafts.into_iter().filter(|draft| !overflows.contains_key(&draft.source));
        // The number of an event that is lost is not given to another.
        for (at, draft) in drafts.chain(overflown).enumerate() {
            self.publish(&transaction, at + 1, draft);
        }
        self.tell();
    }

    /// One draft for each different change, and the objects whose changes were too many.
    fn drafts(
        &mut self,
        org: &Org,
        touched: IndexMap<String, Touched>,
    ) -> (Vec<Draft>, BTreeMap<Arc<str>, Arc<EventSchema>>) {
        let mut drafts: Vec<Draft> = Vec::new();
        let mut alike: HashMap<(Arc<str>, ChangeType, String, Body), usize> = HashMap::new();
        let mut overflown = BTreeMap::new();
        let mut count = 0;
        for (id, touched) in touched {
            if !self.channels.is_selected(&touched.object) {
                continue;
            }
            let Some(table) = org.table(&touched.object) else { continue };
            let Some(schema) = self.schema_of(org, &touched.object) else { continue };
            let (before, after) = (touched.before.as_deref(), table.rows.stored(&id));
            let was = before.is_some_and(|row| !row.is_deleted());
            let is = after.is_some_and(|row| !row.is_deleted());
            let (kind, body) = match (was, is, before, after) {
                (true, true, Some(before), Some(after)) => {
                    let enriched = self.channels.enriched(&touched.object);
                    let Some(body) = body::difference(&schema, before, &**after, &enriched) else { continue };
                    (ChangeType::Update, body)
                }
                (false, true, before, Some(after)) => {
                    let kind = before.map_or(ChangeType::Create, |_| ChangeType::Undelete);
                    (kind, body::whole(&schema, &**after))
                }
                (true, false, ..) => (ChangeType::Delete, body::nothing(&schema)),
                _ => continue,
            };
            let source: Arc<str> = touched.object.as_str().into();
            count += body.count.max(1);
            if count > self.overflow_after {
                overflown.insert(source, schema);
                continue;
            }
            let user =
                after.map(|row| &**row).or(before).map(|row| row.value("LastModifiedById").into_owned());
            let user = user.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let key = (Arc::clone(&source), kind, user.clone(), body);
            match alike.get(&key).and_then(|at| drafts.get_mut(*at)) {
                Some(draft) => draft.ids.push(id),
                None => {
                    let body = key.3.clone();
                    alike.insert(key, drafts.len());
                    drafts.push(Draft { source, schema, kind, ids: vec![id], user, body });
                }
            }
        }
        (drafts, overflown)
    }

    /// The objects whose events a fault turns into an overflow.
    fn overflows(&mut self, drafts: &[Draft]) -> BTreeMap<Arc<str>, Arc<EventSchema>> {
        let probability = self.dice.faults.overflow;
        if probability <= 0.0 {
            return BTreeMap::new();
        }
        let sources: BTreeMap<Arc<str>, Arc<EventSchema>> =
            drafts.iter().map(|draft| (Arc::clone(&draft.source), Arc::clone(&draft.schema))).collect();
        sources.into_iter().filter(|_| self.dice.happens(probability)).collect()
    }

    fn publish(&mut self, transaction: &Transaction, sequence: usize, mut draft: Draft) {
        if self.dice.happens(self.dice.faults.drop) {
            return;
        }
        let mut payload = payload(transaction, sequence, &draft);
        if payload.len() > LARGEST_EVENT || self.dice.happens(self.dice.faults.gap) {
            draft.kind = draft.kind.as_gap();
            draft.body = body::nothing(&draft.schema);
            payload = self::payload(transaction, sequence, &draft);
        }
        let twice = self.dice.happens(self.dice.faults.duplicate);
        for _ in 0..=usize::from(twice) {
            let id = self.uuid(0xe7, self.bus.tip());
            let (source, schema) = (Arc::clone(&draft.source), draft.schema.id.as_str().into());
            self.bus.append(source, id, schema, Bytes::copy_from_slice(&payload), transaction.at_ms);
        }
    }
}

/// The event in Avro: its header, then its fields.
fn payload(transaction: &Transaction, sequence: usize, draft: &Draft) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + draft.body.bytes.len() + draft.ids.len() * 19);
    let gap = draft.kind >= ChangeType::GapCreate;
    avro::string(&mut out, &draft.source);
    avro::strings(&mut out, &draft.ids);
    avro::long(&mut out, draft.kind as i64);
    // A gap does not say who made it.
    avro::string(&mut out, if gap { "" } else { &transaction.origin });
    avro::string(&mut out, &transaction.key);
    avro::long(&mut out, i64::try_from(sequence).unwrap_or(i64::MAX));
    avro::long(&mut out, transaction.at_ms);
    avro::long(&mut out, transaction.number.cast_signed());
    avro::string(&mut out, &draft.user);
    avro::strings(&mut out, &draft.body.nulled);
    avro::strings(&mut out, &draft.body.diffs);
    avro::strings(&mut out, &draft.body.changed);
    out.extend_from_slice(&draft.body.bytes);
    out
}

//! Records that refer to another which has no counterpart yet wait for it, and are looked at again when it has one.

use model::{Kind, References, Side, Value, Values};
use store::{Cause, Link, Tx};

use crate::connection::Connection;
use crate::schema::Route;

/// A record that another waits for.
#[derive(Debug, Clone)]
pub(crate) struct Awaited {
    /// The objects it may be of.
    pub objects: Vec<String>,
    pub id: String,
}

impl Connection {
    /// Notes for whom a record of `side` waits: for those that its mapped references name and that have no counterpart.
    pub(crate) fn note_waiting(
        &self,
        tx: &Tx<'_>,
        route: &Route,
        side: Side,
        record: &str,
        awaited: &[Awaited],
    ) -> Result<(), store::StoreError> {
        if route.pairs.iter().all(|pair| !is_reference(&pair.field(side).kind)) {
            return Ok(());
        }
        let ids: Vec<String> = awaited.iter().map(|awaited| awaited.id.clone()).collect();
        tx.set_waiting(&self.id, side, route.object(side), record, &ids)?;
        self.wake_companies(tx, route, side, awaited)?;
        // One that was linked a moment ago, in the same batch, wakes nobody any more.
        for awaited in awaited {
            for object in &awaited.objects {
                if tx.link_of(&self.id, side, object, &awaited.id)?.is_some() {
                    return tx.mark(&self.id, side, route.object(side), record, Cause::Link, self.now());
                }
            }
        }
        Ok(())
    }

    /// Of the records that these values refer to, those without a counterpart. Asked outside of a transaction.
    pub(crate) fn unlinked_references(&self, route: &Route, side: Side, values: &Values) -> Vec<Awaited> {
        let links = self.links();
        let mut unlinked = Vec::new();
        for pair in &route.pairs {
            let (field, across) = (pair.field(side), pair.field(side.other()));
            let (Some(targets), Some(takes)) = (targets(&field.kind), targets(&across.kind)) else {
                continue;
            };
            let named: Vec<&String> = match values.get(&field.name) {
                Some(Value::Reference(id)) => vec![id],
                Some(Value::Choices(ids)) => ids.iter().collect(),
                _ => continue,
            };
            let alone =
                named.into_iter().filter(|id| links.counterpart_among(side, targets, takes, id).is_none());
            unlinked.extend(alone.flat_map(|id| crate::activities::named(id)).map(|name| {
                let (object, id) = crate::activities::object_and_id(name);
                let objects = object.map_or_else(|| targets.to_vec(), |object| vec![object.to_owned()]);
                Awaited { objects, id: id.to_owned() }
            }));
        }
        unlinked
    }

    /// Marks those that wait for a record of this link.
    pub(crate) fn wake_waiting(&self, tx: &Tx<'_>, link: &Link) -> Result<(), store::StoreError> {
        for side in [Side::HubSpot, Side::Salesforce] {
            for (object, record) in tx.waiting_for(&self.id, side, link.record(side))? {
                tx.mark(&self.id, side, &object, &record, Cause::Link, self.now())?;
            }
        }
        Ok(())
    }
}

fn targets(kind: &Kind) -> Option<&[String]> {
    match kind {
        Kind::Reference { targets } | Kind::References { targets } => Some(targets),
        _ => None,
    }
}

fn is_reference(kind: &Kind) -> bool {
    matches!(kind, Kind::Reference { .. } | Kind::References { .. })
}

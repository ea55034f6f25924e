//! References between records, translated by the links of a connection; owners by who goes with whom.

use std::sync::Arc;

use model::{ConnectionId, References, Side};
use store::{LinkState, Resting, Store};

use crate::activities;
use crate::connection::Connection;
use crate::owners::OwnerMap;

/// Translates a record id of one side into the id of its counterpart.
pub(crate) struct Links<'a> {
    store: &'a Store,
    connection: &'a ConnectionId,
    owners: Arc<OwnerMap>,
}

impl Connection {
    /// What translates references as of now.
    pub(crate) fn links(&self) -> Links<'_> {
        Links { store: &self.store, connection: &self.id, owners: self.owner_map() }
    }
}

/// Whether a HubSpot field takes records of several objects; a custom object goes by several names.
fn several(takes: &[String]) -> bool {
    let standard = |name: &&String| matches!(name.as_str(), "contacts" | "companies" | "deals" | "tickets");
    takes.iter().filter(standard).count() > 1
}

impl Links<'_> {
    /// The counterpart of one record. A name may say of which object it is; it does where it may be of several.
    fn counterpart_of(&self, side: Side, targets: &[String], takes: &[String], name: &str) -> Option<String> {
        let (named, id) = activities::object_and_id(name);
        let link = targets
            .iter()
            .filter(|object| named.is_none_or(|named| named == *object))
            .filter_map(|object| self.store.link_of(self.connection, side, object, id).ok().flatten())
            // A record that is gone, or was parted from its counterpart, cannot be referred to.
            .find(|link| {
                let gone = match side {
                    Side::HubSpot => Resting::DeletedInSalesforce,
                    Side::Salesforce => Resting::DeletedInHubSpot,
                };
                let other = link.object(side.other());
                let taken = takes.is_empty() || takes.iter().any(|object| object == other);
                taken
                    && link.state != LinkState::Resting(gone)
                    && link.state != LinkState::Resting(Resting::Apart)
            })?;
        let other = link.record(side.other());
        Some(match side {
            Side::Salesforce if several(takes) => format!("{}/{other}", link.object(Side::HubSpot)),
            _ => other.to_owned(),
        })
    }
}

impl References for Links<'_> {
    fn counterpart(&self, side: Side, targets: &[String], id: &str) -> Option<String> {
        self.counterpart_among(side, targets, &[], id)
    }

    fn counterpart_among(
        &self,
        side: Side,
        targets: &[String],
        takes: &[String],
        id: &str,
    ) -> Option<String> {
        if model::is_owner(targets) {
            return self.owners.counterpart(side, id);
        }
        activities::named(id).find_map(|name| self.counterpart_of(side, targets, takes, name))
    }
}

//! References between records, translated by the links of a connection; owners by who goes with whom.

use std::sync::Arc;

use model::{ConnectionId, References, Side};
use store::{LinkState, Resting, Store};

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
        targets
            .iter()
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
            })
            .map(|link| link.record(side.other()).to_owned())
    }
}

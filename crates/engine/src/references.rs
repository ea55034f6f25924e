//! References between records, translated by the links of a connection.

use model::{ConnectionId, References, Side};
use store::{LinkState, Resting, Store};

use crate::schema::Route;

/// Translates a record id of one side into the id of its counterpart.
pub(crate) struct Links<'a> {
    store: &'a Store,
    connection: &'a ConnectionId,
    route: &'a Route,
}

impl<'a> Links<'a> {
    pub fn new(store: &'a Store, connection: &'a ConnectionId, route: &'a Route) -> Self {
        Self { store, connection, route }
    }
}

impl References for Links<'_> {
    fn counterpart(&self, side: Side, targets: &[String], id: &str) -> Option<String> {
        let _ = self.route;
        targets
            .iter()
            .filter_map(|object| self.store.link_of(self.connection, side, object, id).ok().flatten())
            .filter(|link| link.state != LinkState::Resting(Resting::Apart))
            .map(|link| link.record(side.other()).to_owned())
            .next()
    }
}

//! Mappings, imports and large reads through the real engine and both simulators: what is recommended, custom objects,
//! several accounts on one org, times of edits from the field history, and what a first load costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod custom;
mod history;
mod load;
#[path = "../life/place.rs"]
#[allow(dead_code, reason = "these tests need only a part of it")]
mod place;
mod recommended;
mod several;
mod types;

use std::sync::Arc;

use engine::{Connection, Options, Settings};

use crate::place::Place;

impl Place {
    /// A connection as a new process would open it.
    pub fn open(&self) -> Arc<Connection> {
        self.world.connect(Options::default()).unwrap()
    }

    /// The Salesforce record of a HubSpot one; records of two objects may have one id.
    pub fn counterpart_of(&self, object: &str, id: &str) -> String {
        let connection = simulation::world::connection_id();
        let link = self.world.store().unwrap().link_of(&connection, model::Side::HubSpot, object, id);
        link.unwrap().unwrap().record(model::Side::Salesforce).to_owned()
    }

    /// Has later passes work under the settings that are kept.
    pub fn take_up_settings(&self) -> Settings {
        let id = simulation::world::connection_id();
        let row = self.world.store().unwrap().connection(&id).unwrap().unwrap();
        let settings: Settings = serde_json::from_value(row.settings).unwrap();
        self.world.set_settings(settings.clone());
        settings
    }

    /// Salesforce calls of which the target contains this text.
    pub fn salesforce_calls(&self, part: &str) -> usize {
        let log = self.world.memory.log.lock().unwrap();
        log.iter().filter(|line| line.side == model::Side::Salesforce && line.target.contains(part)).count()
    }
}

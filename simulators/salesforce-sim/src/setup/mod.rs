//! How the org is set up: its components (fields, layouts, permission sets ..), what is deployed into it, the packages
//! installed in it, and the Metadata API that reaches all of it.

mod apply;
pub(crate) mod components;
mod composed;
mod crud;
mod deploy;
mod deploy_job;
mod describe;
mod field;
pub(crate) mod kinds;
mod object;
mod object_rules;
mod package_file;
mod permission_files;
mod rest;
mod retrieve;
pub(crate) mod rows;
pub(crate) mod settings;
mod soap;
mod standard_pages;
pub(crate) mod xml;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use indexmap::IndexMap;
use jiff::Timestamp;

use crate::embed::EmbedSettings;
use crate::error::Refusal;
use crate::packages::Packages;
use crate::{SalesforceSim, State, ids};
pub(crate) use apply::page_components;
use components::Components;
use deploy_job::Deploy;
pub(crate) use object::is_custom;
use retrieve::Retrieve;
pub(crate) use standard_pages::page_name;

/// What is kept about the org's set-up beside its records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    pub components: Components,
    pub deploys: IndexMap<String, Deploy>,
    pub retrieves: IndexMap<String, Retrieve>,
    /// How long a deployment takes at least, in seconds.
    pub deploy_seconds: i64,
    /// Whether fields that are made through the API are granted to all profiles at once.
    pub grant_new_fields: bool,
    /// Whether the org has no access to the API.
    pub api_off: bool,
    pub packages: Packages,
    pub embed: EmbedSettings,
    /// Ids given so far, by kind and name.
    given: HashMap<(String, String), String>,
    numbers: HashMap<String, u64>,
}

impl Setup {
    /// An id of its own for something that has no row in a table.
    pub fn new_id(&mut self, prefix: &str) -> String {
        let number = self.numbers.entry(prefix.to_owned()).or_insert(0);
        *number += 1;
        ids::make(prefix, *number)
    }

    /// The id of a component; the same name always has the same one.
    pub fn id_of(&mut self, kind: &str, full_name: &str, prefix: &str) -> String {
        let key = (kind.to_owned(), full_name.to_lowercase());
        if let Some(id) = self.given.get(&key) {
            return id.clone();
        }
        let id = self.new_id(prefix);
        self.given.insert(key, id.clone());
        id
    }

    /// Takes a component's id away, so that a later one of that name has another.
    pub fn forget(&mut self, kind: &str, full_name: &str) {
        self.given.remove(&(kind.to_owned(), full_name.to_lowercase()));
    }
}

/// Who changes the set-up, and when.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub user: Arc<str>,
    pub now: Timestamp,
}

impl State {
    /// Lets time pass for what takes its time: deployments, retrievals.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        self.settle_deploys(now);
        self.settle_packages(now);
    }
}

/// What the Metadata API says of something it cannot do.
pub(crate) fn problem(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(code, message)
}

pub(crate) fn routes() -> Router<SalesforceSim> {
    soap::routes().merge(rest::routes())
}

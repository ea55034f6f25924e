//! The org's allowances.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Call;
use crate::{Client, Error};

/// One of the org's allowances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Limit {
    /// The most.
    pub max: i64,
    /// What is left; may be negative.
    pub remaining: i64,
}

impl Client {
    /// The org's allowances by name. Costs a call and needs the permission to view setup; [`Client::usage`] is free.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn limits(&self) -> Result<BTreeMap<String, Limit>, Error> {
        let all: BTreeMap<String, Value> =
            self.ask(&Call::new("telling the org's limits", Method::GET, self.data("/limits"))).await?;
        Ok(all
            .into_iter()
            .filter_map(|(name, limit)| Some((name, serde_json::from_value(limit).ok()?)))
            .collect())
    }
}

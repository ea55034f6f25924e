//! The client itself.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use transport::World;
use url::Url;

use crate::{
    AccountInfo, AssociatedTo, Association, AssociationFailure, AssociationPair, BatchAnswer, BatchInput,
    BatchRead, Config, Error, Introspection, List, NewProperty, NewPropertyGroup, OAuthApp, Owner, Page,
    Paths, Pipeline, Property, Record, RowResult, Search, SearchPage, Tokens,
};

/// A client of one portal. Cloning it is cheap, and all clones share limits, counters and tokens.
#[derive(Clone)]
pub struct Client(std::sync::Arc<World>);

/// The portal's daily allowance as HubSpot last reported it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyUsage {
    /// Calls allowed in a day.
    pub max: u64,
    /// Calls left.
    pub remaining: u64,
}

fn later<T>() -> Result<T, Error> {
    Err(Error::InvalidRequest("this call is not finished yet".to_owned()))
}

#[allow(clippy::unused_async, missing_docs)]
impl Client {
    /// Sets up a client; nothing is sent yet.
    #[must_use]
    pub fn new(world: World, config: Config) -> Self {
        let _ = config;
        Self(std::sync::Arc::new(world))
    }
    /// Requests sent so far, every try counted.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let _ = &self.0;
        0
    }
    /// The daily allowance as last reported; not every kind of token is told.
    #[must_use]
    pub fn usage(&self) -> Option<DailyUsage> {
        None
    }
    /// How far HubSpot's clock is ahead of ours, from the latest answer; exact to a second or so.
    #[must_use]
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        None
    }
    pub async fn account(&self) -> Result<AccountInfo, Error> {
        later()
    }
    /// Which app and user the present token belongs to.
    pub async fn introspect(&self) -> Result<Introspection, Error> {
        later()
    }
    pub async fn properties(&self, object: &str) -> Result<Vec<Property>, Error> {
        let _ = object;
        later()
    }
    /// Makes a property. One that is there already comes back as `Error::Api` with status 409.
    pub async fn create_property(&self, object: &str, property: &NewProperty) -> Result<Property, Error> {
        let _ = (object, property);
        later()
    }
    pub async fn create_property_group(&self, object: &str, group: &NewPropertyGroup) -> Result<(), Error> {
        let _ = (object, group);
        later()
    }
    /// All owners; `archived` asks for those who left instead.
    pub async fn owners(&self, archived: bool) -> Result<Vec<Owner>, Error> {
        let _ = archived;
        later()
    }
    pub async fn pipelines(&self, object: &str) -> Result<Vec<Pipeline>, Error> {
        let _ = object;
        later()
    }
    /// One page of matching records. The index lags behind writes by up to half a minute.
    pub async fn search(&self, object: &str, search: &Search) -> Result<SearchPage, Error> {
        let _ = (object, search);
        later()
    }
    pub async fn list(&self, object: &str, list: &List) -> Result<Page<Record>, Error> {
        let _ = (object, list);
        later()
    }
    /// One record; none where it does not exist. Asked by an old id of a merged record, it comes under its present id.
    pub async fn get(
        &self,
        object: &str,
        id: &str,
        id_property: Option<&str>,
        properties: &[String],
    ) -> Result<Option<Record>, Error> {
        let _ = (object, id, id_property, properties);
        later()
    }
    /// Changes one record (also by an old id of a merged one, which batches do not take).
    pub async fn update(
        &self,
        object: &str,
        id: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<Record, Error> {
        let _ = (object, id, properties);
        later()
    }
    /// Archives one record; one that is gone already is no error.
    pub async fn archive(&self, object: &str, id: &str) -> Result<(), Error> {
        let _ = (object, id);
        later()
    }
    pub async fn batch_read(&self, object: &str, read: &BatchRead) -> Result<BatchAnswer<Record>, Error> {
        let _ = (object, read);
        later()
    }
    /// Row results in input order; `Err` only where nothing was sent because the rows contradict each other.
    pub async fn batch_create(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        let _ = (object, rows);
        later()
    }
    pub async fn batch_update(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        let _ = (object, rows);
        later()
    }
    pub async fn batch_upsert(&self, object: &str, rows: &[BatchInput]) -> Result<Vec<RowResult>, Error> {
        let _ = (object, rows);
        later()
    }
    pub async fn batch_archive(&self, object: &str, ids: &[String]) -> Result<(), Error> {
        let _ = (object, ids);
        later()
    }
    /// All links of these records to objects of type `to`; records without any have no entry.
    pub async fn associations_batch_read(
        &self,
        from: &str,
        to: &str,
        ids: &[String],
    ) -> Result<BTreeMap<String, Vec<AssociatedTo>>, Error> {
        let _ = (from, to, ids);
        later()
    }
    /// Links pairs with the plain kind; returns the links that were refused.
    pub async fn associate_default(
        &self,
        from: &str,
        to: &str,
        pairs: &[AssociationPair],
    ) -> Result<Vec<AssociationFailure>, Error> {
        let _ = (from, to, pairs);
        later()
    }
    pub async fn associations_batch_create(
        &self,
        from: &str,
        to: &str,
        links: &[Association],
    ) -> Result<Vec<AssociationFailure>, Error> {
        let _ = (from, to, links);
        later()
    }
    /// Removes every link between the pairs.
    pub async fn associations_batch_archive(
        &self,
        from: &str,
        to: &str,
        pairs: &[AssociationPair],
    ) -> Result<(), Error> {
        let _ = (from, to, pairs);
        later()
    }
    /// Removes links of one kind and leaves others between the same pair.
    pub async fn associations_labels_archive(
        &self,
        from: &str,
        to: &str,
        links: &[Association],
    ) -> Result<(), Error> {
        let _ = (from, to, links);
        later()
    }
}

pub(crate) mod stub {
    use super::*;
    /// Where a person goes to connect a portal. `web` is normally `https://app.hubspot.com`.
    #[must_use]
    pub fn authorize_url(
        web: &Url,
        app: &OAuthApp,
        scopes: &[&str],
        optional_scopes: &[&str],
        state: &str,
    ) -> Url {
        let _ = (app, scopes, optional_scopes, state);
        web.clone()
    }
    /// Trades the code HubSpot sent back for tokens.
    ///
    /// # Errors
    /// When HubSpot refuses the code.
    #[allow(clippy::unused_async)]
    pub async fn exchange_code(
        world: &World,
        base_url: &Url,
        paths: &Paths,
        app: &OAuthApp,
        code: &str,
    ) -> Result<Tokens, Error> {
        let _ = (world, base_url, paths, app, code);
        later()
    }
    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// When HubSpot refuses it.
    #[allow(clippy::unused_async)]
    pub async fn refresh(
        world: &World,
        base_url: &Url,
        paths: &Paths,
        app: &OAuthApp,
        refresh_token: &secrecy::SecretString,
    ) -> Result<Tokens, Error> {
        let _ = (world, base_url, paths, app, refresh_token);
        later()
    }
}

//! The client itself.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;
use transport::World;
use url::Url;

use crate::{
    Config, Error, Fields, Granted, Identity, Limit, NewCustomField, OAuthApp, ObjectDescribe, ObjectSummary,
    Organization, Pages, PermissionSet, Pkce, QueryPage, Row, RowResult, Scope, SubResponse, Subrequest,
    Tokens, Version, WriteOptions, query::Step,
};

/// A client of one org. Cloning it is cheap, and all clones share counters and tokens.
#[derive(Clone)]
pub struct Client(std::sync::Arc<World>);

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// The org's API calls of the last 24 hours as Salesforce last reported them, all programs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUsage {
    /// Calls made.
    pub used: u64,
    /// Calls allowed.
    pub max: u64,
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
    /// The org's calls as last reported.
    #[must_use]
    pub fn usage(&self) -> Option<ApiUsage> {
        None
    }
    /// How far Salesforce's clock is ahead of ours, from the latest answer; exact to a second or so.
    #[must_use]
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        None
    }
    /// The org's own address; logs in where that is not known yet.
    pub async fn instance_url(&self) -> Result<Url, Error> {
        later()
    }
    pub async fn versions(&self) -> Result<Vec<Version>, Error> {
        later()
    }
    pub async fn identity(&self) -> Result<Identity, Error> {
        later()
    }
    pub async fn organization(&self) -> Result<Organization, Error> {
        later()
    }
    pub async fn limits(&self) -> Result<BTreeMap<String, Limit>, Error> {
        later()
    }
    pub async fn describe_global(&self) -> Result<Vec<ObjectSummary>, Error> {
        later()
    }
    pub async fn describe(&self, object: &str) -> Result<ObjectDescribe, Error> {
        let _ = object;
        later()
    }
    /// First page.
    pub async fn query(&self, soql: &str) -> Result<QueryPage, Error> {
        let _ = soql;
        later()
    }
    /// First page, deleted records and archived activities included.
    pub async fn query_all(&self, soql: &str) -> Result<QueryPage, Error> {
        let _ = soql;
        later()
    }
    /// A further page, by `QueryPage::next`.
    pub async fn query_next(&self, next: &str) -> Result<QueryPage, Error> {
        let _ = next;
        later()
    }
    /// All pages, one by one.
    #[must_use]
    pub fn pages(&self, soql: &str, scope: Scope) -> Pages {
        Pages { client: self.clone(), next: Some(Step::First { soql: soql.to_owned(), scope }) }
    }
    /// All records of all pages.
    pub async fn query_rows(&self, soql: &str, scope: Scope) -> Result<Vec<Row>, Error> {
        let _ = (soql, scope);
        later()
    }
    /// All records of several queries, as made by `in_lists`.
    pub async fn query_each(&self, queries: &[String], scope: Scope) -> Result<Vec<Row>, Error> {
        let _ = (queries, scope);
        later()
    }
    /// One record; none where it does not exist.
    pub async fn get(&self, object: &str, id: &str, fields: &[String]) -> Result<Option<Row>, Error> {
        let _ = (object, id, fields);
        later()
    }
    /// Creates one record and returns its id. Never sent twice: a lost answer is `Error::Ambiguous`.
    pub async fn create(&self, object: &str, fields: &Fields) -> Result<String, Error> {
        let _ = (object, fields);
        later()
    }
    /// Changes one record; with `unchanged_since`, only where it has not changed after that moment (`Error::Changed`).
    pub async fn update(
        &self,
        object: &str,
        id: &str,
        fields: &Fields,
        unchanged_since: Option<Timestamp>,
    ) -> Result<(), Error> {
        let _ = (object, id, fields, unchanged_since);
        later()
    }
    /// Creates or changes the record with this external id.
    pub async fn upsert(
        &self,
        object: &str,
        id_field: &str,
        value: &str,
        fields: &Fields,
    ) -> Result<RowResult, Error> {
        let _ = (object, id_field, value, fields);
        later()
    }
    /// Deletes one record; one that is gone already is no error.
    pub async fn delete(&self, object: &str, id: &str) -> Result<(), Error> {
        let _ = (object, id);
        later()
    }
    /// Row results in input order; `Err` only where nothing was sent because the rows themselves are no good.
    pub async fn collections_create(
        &self,
        object: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let _ = (object, rows, options);
        later()
    }
    /// Each row holds `Id`.
    pub async fn collections_update(
        &self,
        object: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let _ = (object, rows, options);
        later()
    }
    /// Each row holds the external id field.
    pub async fn collections_upsert(
        &self,
        object: &str,
        id_field: &str,
        rows: &[Fields],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let _ = (object, id_field, rows, options);
        later()
    }
    pub async fn collections_delete(
        &self,
        ids: &[String],
        options: WriteOptions,
    ) -> Result<Vec<RowResult>, Error> {
        let _ = (ids, options);
        later()
    }
    /// At most 25 calls in one, of which 5 queries or collections.
    pub async fn composite(
        &self,
        subrequests: &[Subrequest],
        all_or_none: bool,
    ) -> Result<Vec<SubResponse>, Error> {
        let _ = (subrequests, all_or_none);
        later()
    }
    /// Makes a field; nobody can see it until access is granted. Returns its id.
    pub async fn create_custom_field(&self, field: &NewCustomField) -> Result<String, Error> {
        let _ = field;
        later()
    }
    /// Lets holders of a permission set read and change a field (`HubSpot_Id__c` of `Contact`).
    pub async fn grant_field(
        &self,
        permission_set_id: &str,
        object: &str,
        field: &str,
    ) -> Result<Granted, Error> {
        let _ = (permission_set_id, object, field);
        later()
    }
    /// The permission sets a user has; one of them stands for the profile.
    pub async fn permission_sets(&self, user_id: &str) -> Result<Vec<PermissionSet>, Error> {
        let _ = user_id;
        later()
    }
    /// Ends the present access for good.
    pub async fn revoke(&self) -> Result<(), Error> {
        later()
    }
    /// Any other GET below `/services/data/vXX.X`.
    pub async fn get_json(&self, path: &str) -> Result<Value, Error> {
        let _ = path;
        later()
    }
}

impl Pages {
    /// The next page; none after the last.
    ///
    /// # Errors
    /// As for `Client::query`.
    #[allow(clippy::unused_async)]
    pub async fn next(&mut self) -> Result<Option<QueryPage>, Error> {
        later()
    }
}

pub(crate) mod stub {
    use super::*;
    /// A fresh proof for one login.
    #[must_use]
    pub fn pkce(world: &World) -> Pkce {
        let _ = world;
        Pkce { verifier: SecretString::from(String::new()), challenge: String::new() }
    }
    /// Where a person goes to connect an org. `login_url` is a login host or the org's My Domain.
    #[must_use]
    pub fn authorize_url(
        login_url: &Url,
        app: &OAuthApp,
        scopes: &[&str],
        challenge: &str,
        state: &str,
    ) -> Url {
        let _ = (app, scopes, challenge, state);
        login_url.clone()
    }
    /// Trades the code Salesforce sent back for tokens.
    ///
    /// # Errors
    /// When Salesforce refuses the code.
    #[allow(clippy::unused_async)]
    pub async fn exchange_code(
        world: &World,
        login_url: &Url,
        app: &OAuthApp,
        code: &str,
        verifier: &SecretString,
    ) -> Result<Tokens, Error> {
        let _ = (world, login_url, app, code, verifier);
        later()
    }
}

//! Client of the Salesforce APIs.
//!
//! Everything it needs from outside (HTTP, time, chance) comes in through [`transport::World`]. One [`Client`]
//! talks to one org, renews its own access, counts its calls and splits long batches. What it sends a second time
//! is decided in one place, and a plain create is never sent again once its answer was lost.

mod auth;
mod bulk;
mod client;
mod collections;
mod composite;
mod config;
mod deploy;
mod describe;
mod error;
mod identity;
mod lenient;
mod limits;
mod list_view;
mod oauth;
mod permissions;
pub mod pubsub;
mod query;
mod records;
mod retry;
mod row;
mod setup;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tooling;

pub use auth::{Auth, BoxError, TokenStore, Tokens};
pub use bulk::{BulkPage, BulkRow};
pub use client::{ApiUsage, CallGate, Client};
pub use collections::{RowError, RowResult, WriteOptions};
pub use composite::{SubResponse, Subrequest};
pub use config::{API_VERSION, Config};
pub use deploy::{DeployDetails, DeployMessage, Deployment};
pub use describe::{FieldDescribe, ObjectDescribe, ObjectSummary, PicklistValue, RecordTypeInfo};
pub use error::{ApiError, Error, ErrorDetail};
pub use identity::{Identity, Organization, Version};
pub use limits::Limit;
pub use oauth::{OAuthApp, Pkce, authorize_url, exchange_code, pkce};
pub use permissions::ObjectGrant;
pub use query::{Pages, QueryPage, Scope, in_lists, soql_quote, soql_time};
pub use row::{Fields, Row};
pub use setup::{Granted, NewCustomField, PermissionSet};
pub use tooling::{InstalledPackage, RecordPage};

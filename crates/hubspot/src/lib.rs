//! Client of the HubSpot API.
//!
//! Everything it needs from outside (HTTP, time, chance) comes in through [`transport::World`]. One [`Client`]
//! talks to one portal, keeps that portal's rate limits, refreshes its own tokens and splits long batches. What it
//! sends a second time is decided in one place, and a plain create is never sent again once its answer was lost.

mod account;
mod associations;
mod auth;
mod automation;
mod batch;
mod client;
mod config;
mod error;
mod happenings;
mod lenient;
mod lists;
mod oauth;
mod objects;
mod owners;
mod paths;
mod pipelines;
mod properties;
mod rate;
mod record;
mod retry;
mod schemas;
mod search;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use account::AccountInfo;
pub use associations::{AssociatedTo, Association, AssociationFailure, AssociationPair, AssociationType};
pub use auth::{Auth, BoxError, OAuth, TokenStore, Tokens};
pub use automation::{Sequence, SequenceEnrollment, SequenceEntry, Workflow};
pub use batch::{BatchInput, NewAssociation, RowError, RowResult};

pub use client::{Client, DailyUsage};
pub use config::{API_VERSION, Config, Paths};
pub use error::{ApiError, Error, ErrorDetail};
pub use happenings::{
    EmailEvent, EmailEventPage, Form, MarketingEmail, Occurrence, Submission, SubmissionPage, SubmittedValue,
};
pub use lists::{ListFound, ListRow};
pub use oauth::{Introspection, OAuthApp, authorize_url, exchange_code, refresh};
pub use objects::{BatchAnswer, BatchRead, List, Page};
pub use owners::{Owner, Team};
pub use pipelines::{NewPipeline, NewStage, Pipeline, Stage};
pub use properties::{ModificationMetadata, NewProperty, NewPropertyGroup, Property, PropertyOption};
pub use record::{HistoryEntry, Record};
pub use schemas::{NewObjectSchema, ObjectSchema, SchemaAssociation};
pub use search::{Direction, Filter, FilterGroup, Operator, Search, SearchPage, Sort};

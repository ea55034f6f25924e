//! What must survive: connections, cursors, marks, links with shadows, intents, history, errors, choices,
//! settings, secrets.
//!
//! The store keeps what was observed and agreed, not what is to be done: there is no queue of operations that could be
//! lost or doubled. An intent is the one exception, and only says what was sent while its outcome is not yet known.
//!
//! Calls are synchronous: each is short, and the engine that makes them can be simulated in one thread, on a paused
//! clock, without a second thread whose timing would leak in. Time always comes in as an argument.

mod account;
mod api_call;
mod audit;
mod choice;
mod connection;
mod cursor;
mod db;
mod draft;
mod erase;
mod error;
mod history;
mod intent;
mod link;
mod mark;
mod role;
mod roster;
mod run;
mod search;
mod secret;
mod session;
mod setting;
mod sync_error;
mod throughput;
mod waiting;

pub use account::{Account, AccountId};
pub use audit::{AuditEntry, AuditRow};
pub use connection::{ConnectionRow, ConnectionState};
pub use cursor::StreamRow;
pub use db::{Durability, Store, Tx};
pub use draft::Draft;
pub use error::StoreError;
pub use history::{HistoryEntry, HistoryFilter, HistoryRow, HistoryScope, Outcome};
pub use intent::{Intent, NewIntent};
pub use link::{Link, LinkId, LinkKind, LinkState, NewLink, Resting};
pub use mark::{Cause, Mark, MarkCounts};
pub use role::Role;
pub use run::RunRow;
pub use search::Found;
pub use secret::{SecretKey, random_secret};
pub use session::{ApiToken, Session};
pub use sync_error::{ErrorFilter, ErrorGroup, ErrorPlace, ErrorRow, ErrorSummary, SyncError};
pub use throughput::Throughput;

//! The Bulk APIs: 2.0 below `/services/data/vXX.X/jobs`, 1.0 below `/services/async/XX.X`.
//!
//! The work of a job is done at once when it is handed in; what a caller sees of it moves on with their polls or with
//! the clock, so that nothing runs in the background.

mod classic;
mod classic_data;
mod classic_run;
mod classic_wire;
mod csv;
mod ingest;
mod jobs;
mod pace;
mod query;
mod rows;
mod sheet;
mod two;
mod two_ingest;
mod two_query;

use axum::Router;
use axum::routing::any;

use crate::SalesforceSim;

pub(crate) use classic::{asks_for_json, refused};
pub(crate) use jobs::{BulkLimits, Jobs};
pub(crate) use rows::{Operation, Order, Outcome, typed, write_row};

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/services/data/{version}/jobs/{*rest}", any(two::serve))
        .route("/services/async/{version}/{*rest}", any(classic::serve))
}

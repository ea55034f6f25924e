//! The embed window: HubSpot's side of a record, shown on its page in Salesforce; and the record card's endpoints, which
//! show Salesforce's side in HubSpot.
//!
//! Nobody is signed in here. The window is opened by a token that the org's own Apex made for one user and one record
//! (`token`), the card by calls that HubSpot signs (`card`).

mod act;
mod card;
mod open;
mod token;
mod view;
mod window;

use axum::Router;
use axum::routing::{get, post};

use crate::App;

/// The window and the card.
pub fn router() -> Router<App> {
    Router::new()
        .route("/embed", get(open::enter))
        .route("/embed/view", post(open::look))
        .route("/embed/sync", post(act::sync))
        .route("/embed/sequence", post(act::sequence))
        .route("/embed/workflow", post(act::workflow))
        .route("/card/hubspot", get(card::show))
        .route("/card/hubspot/sync", post(card::sync))
}

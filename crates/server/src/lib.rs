//! The pages and the REST API of a running Tandem.
//!
//! Pages are written on the server, work without scripts where they can, and say everything in the reader's language
//! ([`texts`]). This room asks the store and the engine: never a client, never a platform.

mod access;
mod api;
mod app;
mod assets;
mod chart;
mod connections;
mod control;
mod cookie;
mod errors;
mod fault;
mod headers;
mod health;
mod help;
mod history;
mod import;
mod jobs;
mod layout;
mod lines;
mod plan_view;
mod record;
mod said;
mod search;
mod settings;
mod status;
mod templates;
pub mod texts;
mod webhooks;
mod words;
mod work;

use axum::routing::get;
use axum::{Router, middleware};
use tower_http::compression::CompressionLayer;

pub use access::oidc::{Oidc, Settings as OidcSettings};
pub use access::{Access, Role, Signed, administrator_link};
pub use app::App;
pub use fault::{Fault, Problem};
pub use layout::Page;
pub use status::status_of;
pub use webhooks::{SecretOf, Webhooks, webhooks};
pub use words::{outcome_in_words, reason_in_words};

/// The pages and their counterparts for programs.
pub fn router(app: App) -> Router {
    // Only for those who are signed in.
    let inside = Router::new()
        .merge(connections::router())
        .merge(health::router())
        .merge(errors::router())
        .merge(history::router())
        .merge(search::router())
        .merge(record::router())
        .merge(work::router())
        .merge(import::router())
        .merge(settings::router())
        .merge(help::router())
        .merge(access::inside())
        .merge(api::router())
        .route_layer(middleware::from_fn(access::only_signed_in));
    let outside = Router::new().merge(layout::router()).merge(access::outside());
    let visited = inside
        .merge(outside)
        .fallback(|| async { Fault::not_found() })
        .layer(middleware::from_fn_with_state(app.clone(), access::visit));
    let plain = Router::new().merge(assets::router()).route("/healthz", get(|| async { "ok" }));
    headers::secured(visited.merge(plain), &app).layer(CompressionLayer::new()).with_state(app)
}

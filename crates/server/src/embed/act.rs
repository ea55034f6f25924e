//! What can be done from the window.

use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use model::Side;

use super::open::{Asked, Visit};
use super::token::Use;
use super::view::View;
use super::window::Said;
use crate::App;

/// `POST /embed/sync`
pub(super) async fn sync(State(app): State<App>, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    let mut visit = match Visit::of(app, &headers, &asked.session, Use::Page).await {
        Ok(visit) => visit,
        Err(closed) => return closed,
    };
    let sides =
        [(Side::HubSpot, visit.sync.hubspot.clone()), (Side::Salesforce, visit.sync.salesforce.clone())];
    for (side, record) in sides {
        let Some((object, id)) = record else { continue };
        let mapped = &visit.connection.settings().objects;
        // Nobody would look at the mark of an object that is not kept in step.
        if !mapped.iter().any(|mapping| mapping.enabled && mapping.object(side) == object) {
            continue;
        }
        if let Err(error) = visit.connection.hint(side, &object, &id) {
            let said = Said::refused(visit.t, &error.into());
            return visit.show(View::parse(&asked.view), &asked.kind, Some(said)).await;
        }
    }
    visit.sync.waiting = true;
    let said = Said::done(visit.t.get("embed-done-sync"));
    visit.show(View::parse(&asked.view), &asked.kind, Some(said)).await
}

/// `POST /embed/sequence`
pub(super) async fn sequence(
    State(app): State<App>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let visit = match Visit::of(app, &headers, &asked.session, Use::Page).await {
        Ok(visit) => visit,
        Err(closed) => return closed,
    };
    let Some(record) = visit.sync.hubspot_record() else {
        return visit.show(View::Enroll, "", None).await;
    };
    let user = &visit.claims.user;
    let said = match visit.connection.embed_enroll_in_sequence(&record, user, &asked.choice).await {
        Ok(made) => {
            tracing::info!(
                user,
                contact = record.id,
                sequence = asked.choice,
                "a contact was put into a sequence"
            );
            Said::done(visit.t.with("embed-done-sequence", "email", made.to_email.unwrap_or_default()))
        }
        Err(error) => Said::refused(visit.t, &error),
    };
    visit.show(View::Enroll, "", Some(said)).await
}

/// `POST /embed/workflow`
pub(super) async fn workflow(
    State(app): State<App>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    let visit = match Visit::of(app, &headers, &asked.session, Use::Page).await {
        Ok(visit) => visit,
        Err(closed) => return closed,
    };
    let Some(record) = visit.sync.hubspot_record() else {
        return visit.show(View::Enroll, "", None).await;
    };
    let user = &visit.claims.user;
    let said = match visit.connection.embed_enroll_in_workflow(&record, user, &asked.choice).await {
        Ok(()) => {
            tracing::info!(
                user,
                contact = record.id,
                workflow = asked.choice,
                "a contact was put into a workflow"
            );
            Said::done(visit.t.get("embed-done-workflow"))
        }
        Err(error) => Said::refused(visit.t, &error),
    };
    visit.show(View::Enroll, "", Some(said)).await
}

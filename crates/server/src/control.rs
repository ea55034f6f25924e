//! What people do to a connection, from a page or by the API alike; each is written down in the audit log.

use std::sync::Arc;

use axum::response::Response;
use engine::Supervisor;
use model::{ConnectionId, Side};
use serde_json::json;
use store::ErrorFilter;

use crate::layout::see;
use crate::{App, Fault, Signed};

/// Who keeps connections at work.
///
/// # Errors
/// When this server only shows.
pub fn supervisor(app: &App) -> Result<&Arc<Supervisor>, Fault> {
    app.supervisor
        .as_ref()
        .ok_or_else(|| Fault::conflict("Nothing is at work here; this only shows what is kept."))
}

/// The engine of a connection.
///
/// # Errors
/// When it is not open.
pub fn engine_of(app: &App, id: &ConnectionId) -> Result<Arc<engine::Connection>, Fault> {
    supervisor(app)?.connection(id).ok_or_else(|| {
        Fault::conflict("The connection is not open: its state says why. Put that right, then try again.")
    })
}

/// Lets a connection's changes wait.
///
/// # Errors
/// When the store cannot be used.
pub fn pause(app: &App, signed: &Signed, id: &ConnectionId) -> Result<(), Fault> {
    supervisor(app)?.pause(id, &format!("paused by {}", signed.name)).map_err(Fault::failed)?;
    Ok(app.note(signed, Some(id), "pause", None, None)?)
}

/// Lets a connection go on; with `release`, what the brake stopped is done.
///
/// # Errors
/// When the store cannot be used.
pub fn resume(app: &App, signed: &Signed, id: &ConnectionId, release: bool) -> Result<(), Fault> {
    supervisor(app)?.resume(id, release).map_err(Fault::failed)?;
    Ok(app.note(signed, Some(id), if release { "release-brake" } else { "resume" }, None, None)?)
}

/// Has the records looked at again whose errors stand; answers how many.
///
/// # Errors
/// When the store cannot be used.
pub fn retry(app: &App, signed: &Signed, id: &ConnectionId, filter: &ErrorFilter) -> Result<u64, Fault> {
    let records = match app.supervisor.as_ref().and_then(|all| all.connection(id)) {
        Some(connection) => connection.retry(filter).map_err(Fault::failed)?,
        None => engine::retry(&app.store, id, filter, (app.now)())?,
    };
    let what = json!({ "category": filter.category, "code": filter.code, "record": filter.record, "records": records });
    app.note(signed, Some(id), "resync", None, Some(what))?;
    Ok(records)
}

/// Has one record looked at next.
///
/// # Errors
/// When the store cannot be used.
pub fn sync_now(
    app: &App,
    signed: &Signed,
    id: &ConnectionId,
    side: Side,
    object: &str,
    record: &str,
) -> Result<(), Fault> {
    match app.supervisor.as_ref().and_then(|all| all.connection(id)) {
        Some(connection) => connection.sync_now(side, object, record).map_err(Fault::failed)?,
        None => {
            let records = [record.to_owned()];
            app.store.mark_many(id, side, object, &records, store::Cause::Person, (app.now)())?;
        }
    }
    Ok(app.note(
        signed,
        Some(id),
        "sync-now",
        None,
        Some(json!({ "side": side, "object": object, "record": record })),
    )?)
}

/// Sends the browser to look at `address`, which says under `key` what was done.
pub fn see_done(address: &str, key: &'static str) -> Response {
    let join = if address.contains('?') { '&' } else { '?' };
    see(&format!("{address}{join}done={key}"))
}

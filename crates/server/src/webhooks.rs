//! HubSpot's webhooks: what they say is only a hint. A call whose signature is right marks the records it names and does
//! nothing else; what they hold is read when the marks are worked on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::{ConnectionId, Side};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use store::{Cause, Store, StoreError};

/// The oldest call that is taken, in milliseconds.
const OLDEST: i64 = 5 * 60 * 1000;

/// Finds the secret of a connection's HubSpot app.
pub type SecretOf = Arc<dyn Fn(&ConnectionId) -> Option<SecretString> + Send + Sync>;

/// Where webhooks come in.
#[derive(Clone)]
pub struct Webhooks {
    /// Where marks are kept.
    pub store: Arc<Store>,
    /// The secret of a connection's HubSpot app, with which it signs its calls; none where it is not known.
    pub client_secret: SecretOf,
    /// Address of this page as HubSpot calls it, such as `https://tandem.example`; where none is given, the host it
    /// calls is taken, over TLS.
    pub public_url: Option<Arc<str>>,
    /// Called when there is something to do.
    pub wake: Arc<dyn Fn(&ConnectionId) + Send + Sync>,
    /// The time.
    pub now: fn() -> Timestamp,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

/// The intake: `POST /webhooks/hubspot/{connection}`.
pub fn webhooks(intake: Webhooks) -> Router {
    Router::new().route("/webhooks/hubspot/{connection}", post(take)).with_state(intake)
}

async fn take(
    State(intake): State<Webhooks>,
    Path(connection): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let now = (intake.now)();
    let connection = ConnectionId::new(connection);
    let Some(secret) = (intake.client_secret)(&connection) else {
        return (StatusCode::NOT_FOUND, "no HubSpot app is known here for this connection".to_owned());
    };
    if let Err(why) = signed(&intake, &secret, &uri, &headers, &body, now) {
        tracing::warn!(why, "a webhook was not taken");
        return (StatusCode::UNAUTHORIZED, why.to_owned());
    }
    let Ok(events) = serde_json::from_slice::<Vec<Value>>(&body) else {
        return (StatusCode::BAD_REQUEST, "a webhook's body is a list of events".to_owned());
    };
    match mark(&intake.store, &connection, &events, now) {
        Ok(Some(0)) => (StatusCode::NO_CONTENT, String::new()),
        Ok(Some(_)) => {
            (intake.wake)(&connection);
            (StatusCode::NO_CONTENT, String::new())
        }
        Ok(None) => (StatusCode::NOT_FOUND, "there is no such connection here".to_owned()),
        // HubSpot sends it again.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

/// Whether HubSpot sent this, just now.
fn signed(
    intake: &Webhooks,
    secret: &SecretString,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = header("x-hubspot-signature-v3").ok_or("the call has no X-HubSpot-Signature-v3")?;
    let sent = header("x-hubspot-request-timestamp").ok_or("the call has no X-HubSpot-Request-Timestamp")?;
    let at: i64 = sent.parse().map_err(|_| "X-HubSpot-Request-Timestamp is no time")?;
    if (now.as_millisecond() - at).abs() > OLDEST {
        return Err("the call is older than five minutes");
    }
    let signature = STANDARD.decode(signature).map_err(|_| "the signature cannot be read")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = header("x-forwarded-host").or_else(|| header("host")).unwrap_or_default();
    let addresses = match &intake.public_url {
        Some(public) => vec![format!("{}{path}", public.trim_end_matches('/'))],
        None => vec![format!("https://{host}{path}"), format!("http://{host}{path}")],
    };
    let right = addresses.iter().any(|address| {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
            return false;
        };
        for part in [b"POST".as_slice(), decoded(address).as_bytes(), body, sent.as_bytes()] {
            mac.update(part);
        }
        mac.verify_slice(&signature).is_ok()
    });
    if right { Ok(()) } else { Err("the signature is not HubSpot's for this call") }
}

/// The address as HubSpot signs it: these characters are not escaped.
fn decoded(address: &str) -> String {
    const PLAIN: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    PLAIN.iter().fold(address.to_owned(), |address, (escaped, plain)| {
        address.replace(escaped, plain).replace(&escaped.to_lowercase(), plain)
    })
}

/// Marks the records that the events name and that are in step by the connection's settings; answers how many, or nothing
/// where there is no such connection.
fn mark(
    store: &Store,
    connection: &ConnectionId,
    events: &[Value],
    now: Timestamp,
) -> Result<Option<usize>, StoreError> {
    let Some(row) = store.connection(connection)? else { return Ok(None) };
    let in_step: BTreeSet<&str> = row
        .settings
        .get("objects")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|mapping| mapping.get("hubspot_object").and_then(Value::as_str))
        .collect();
    let mut named: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for event in events {
        // An account that is not this connection's is none of its business.
        if event.get("portalId").is_some_and(|portal| text(portal) != row.hubspot_account) {
            continue;
        }
        let Some(object) = object_of(event).filter(|object| in_step.contains(object)) else { continue };
        let ids = ["objectId", "primaryObjectId", "newObjectId", "fromObjectId", "toObjectId"];
        let ids = ids.iter().filter_map(|name| event.get(*name)).map(text);
        let merged = event.get("mergedObjectIds").and_then(Value::as_array).into_iter().flatten().map(text);
        named.entry(object).or_default().extend(ids.chain(merged).filter(|id| !id.is_empty()));
    }
    let mut count = 0;
    for (object, ids) in named {
        let ids: Vec<String> = ids.into_iter().collect();
        count += ids.len();
        store.mark_many(connection, Side::HubSpot, object, &ids, Cause::Hint, now)?;
    }
    Ok(Some(count))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The object type that an event is about, as the settings call it.
fn object_of(event: &Value) -> Option<&str> {
    let kind = event.get("objectTypeId").and_then(Value::as_str);
    let kind = kind.or_else(|| event.get("subscriptionType")?.as_str()?.split('.').next())?;
    Some(match kind {
        "0-1" | "contact" => "contacts",
        "0-2" | "company" => "companies",
        "0-3" | "deal" => "deals",
        "0-5" | "ticket" => "tickets",
        "0-27" | "task" => "tasks",
        own => own,
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use serde_json::json;
    use store::{ConnectionRow, ConnectionState};
    use tower::ServiceExt;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000).unwrap()
    }

    fn intake() -> Webhooks {
        let store = Store::open_in_memory().unwrap();
        let row = ConnectionRow {
            id: ConnectionId::new("c"),
            name: "c".into(),
            hubspot_account: "77".into(),
            salesforce_org: "00D".into(),
            state: ConnectionState::Active,
            state_reason: None,
            settings: json!({ "objects": [{ "hubspot_object": "contacts" }] }),
            created_at: now(),
        };
        store.create_connection(&row).unwrap();
        let client_secret: SecretOf = Arc::new(|_| Some("secret".into()));
        let wake: Arc<dyn Fn(&ConnectionId) + Send + Sync> = Arc::new(|_| {});
        Webhooks { store: Arc::new(store), client_secret, public_url: None, wake, now }
    }

    fn signature(secret: &str, address: &str, body: &str, at: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("POST{address}{body}{at}").as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    async fn send(intake: &Webhooks, body: &str, signature: &str, at: i64) -> StatusCode {
        let request = Request::post("/webhooks/hubspot/c")
            .header("host", "tandem.example")
            .header("x-hubspot-signature-v3", signature)
            .header("x-hubspot-request-timestamp", at.to_string())
            .body(Body::from(body.to_owned()))
            .unwrap();
        webhooks(intake.clone()).oneshot(request).await.unwrap().status()
    }

    fn marked(intake: &Webhooks) -> Vec<String> {
        let marks =
            intake.store.due_marks(&ConnectionId::new("c"), Side::HubSpot, "contacts", now(), 99).unwrap();
        marks.into_iter().map(|mark| mark.record).collect()
    }

    const ADDRESS: &str = "https://tandem.example/webhooks/hubspot/c";

    #[tokio::test]
    async fn a_signed_call_marks_the_records_in_step_that_it_names() {
        let intake = intake();
        let body = json!([
            { "portalId": 77, "subscriptionType": "contact.propertyChange", "objectId": 1 },
            { "portalId": 77, "subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": 2 },
            { "portalId": 77, "subscriptionType": "contact.merge", "objectId": 3, "mergedObjectIds": [4], "primaryObjectId": 3 },
            { "portalId": 77, "subscriptionType": "ticket.creation", "objectId": 5 },
            { "portalId": 78, "subscriptionType": "contact.creation", "objectId": 6 },
        ])
        .to_string();
        let at = now().as_millisecond();
        let sent = send(&intake, &body, &signature("secret", ADDRESS, &body, at), at).await;
        assert_eq!(sent, StatusCode::NO_CONTENT);
        assert_eq!(marked(&intake), ["1", "2", "3", "4"]);
    }

    #[tokio::test]
    async fn a_wrong_or_an_old_signature_marks_nothing() {
        let intake = intake();
        let body =
            json!([{ "portalId": 77, "subscriptionType": "contact.creation", "objectId": 1 }]).to_string();
        let at = now().as_millisecond();
        let wrong = send(&intake, &body, &signature("guess", ADDRESS, &body, at), at).await;
        assert_eq!(wrong, StatusCode::UNAUTHORIZED);
        let old = at - 5 * 60 * 1000 - 1;
        let late = send(&intake, &body, &signature("secret", ADDRESS, &body, old), old).await;
        assert_eq!(late, StatusCode::UNAUTHORIZED);
        assert!(marked(&intake).is_empty());
    }
}

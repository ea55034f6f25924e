//! HubSpot's webhooks: what they say is only a hint. A call whose signature is right marks the records it names and does
//! nothing else; what they hold is read when the marks are worked on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::{ConnectionId, Side};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use store::{Cause, ConnectionRow, Store, StoreError};

/// The oldest call that is taken, in milliseconds.
const OLDEST: u64 = 5 * 60 * 1000;

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

/// The intake: `POST /webhooks/hubspot/{connection}`; without a connection, that of the account the events are from, since an
/// app calls one address for all accounts it is installed in.
pub fn webhooks(intake: Webhooks) -> Router {
    Router::new()
        .route("/webhooks/hubspot", post(take_for_account))
        .route("/webhooks/hubspot/{connection}", post(take))
        .with_state(intake)
}

async fn take_for_account(
    intake: State<Webhooks>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    // What is read here only says whose secret the signature is checked with.
    let events: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
    let account = events.first().and_then(|event| event.get("portalId")).map(text).unwrap_or_default();
    let row = match intake.store.connections() {
        Ok(rows) => rows.into_iter().find(|row| row.hubspot_account == account),
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    };
    let Some(row) = row else {
        return (StatusCode::NOT_FOUND, "that account is not connected here".to_owned());
    };
    take(intake, Path(row.id.as_str().to_owned()), uri, headers, body).await
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
    let signer = Signer { client_secret: secret.expose_secret(), public_url: intake.public_url.as_deref() };
    if let Err(why) = signer.signed(&Method::POST, &uri, &headers, &body, now) {
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

/// Knows HubSpot's signature on a call.
pub(crate) struct Signer<'a> {
    /// The secret of the app that HubSpot calls for.
    pub client_secret: &'a str,
    /// This server's address as HubSpot calls it; where none is given, the host it calls is taken.
    pub public_url: Option<&'a str>,
}

impl Signer<'_> {
    /// Whether HubSpot sent this, just now.
    pub fn signed(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("x-hubspot-signature-v3").ok_or("the call has no X-HubSpot-Signature-v3")?;
        let sent =
            header("x-hubspot-request-timestamp").ok_or("the call has no X-HubSpot-Request-Timestamp")?;
        let at: i64 = sent.parse().map_err(|_| "X-HubSpot-Request-Timestamp is no time")?;
        if now.as_millisecond().abs_diff(at) > OLDEST {
            return Err("the call is older than five minutes");
        }
        let signature = STANDARD.decode(signature).map_err(|_| "the signature cannot be read")?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let host = header("x-forwarded-host").or_else(|| header("host")).unwrap_or_default();
        let addresses = match self.public_url {
            Some(public) => vec![format!("{}{path}", public.trim_end_matches('/'))],
            None => vec![format!("https://{host}{path}"), format!("http://{host}{path}")],
        };
        let right = addresses.iter().any(|address| {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.client_secret.as_bytes()) else {
                return false;
            };
            for part in [method.as_str().as_bytes(), decoded(address).as_bytes(), body, sent.as_bytes()] {
                mac.update(part);
            }
            mac.verify_slice(&signature).is_ok()
        });
        if right { Ok(()) } else { Err("the signature is not HubSpot's for this call") }
    }
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
    let in_step = in_step(&row);
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

/// The HubSpot objects that a connection's settings keep in step.
pub(crate) fn in_step(row: &ConnectionRow) -> BTreeSet<&str> {
    let objects = row.settings.get("objects").and_then(Value::as_array).into_iter().flatten();
    objects.filter_map(|mapping| mapping.get("hubspot_object").and_then(Value::as_str)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The object type that an event is about, as the settings call it.
fn object_of(event: &Value) -> Option<&str> {
    let kind = event.get("objectTypeId").and_then(Value::as_str);
    let kind = kind.or_else(|| event.get("subscriptionType")?.as_str()?.split('.').next())?;
    Some(object_named(kind))
}

/// An object type as the settings call it, by its id or its name in the singular.
pub(crate) fn object_named(kind: &str) -> &str {
    match kind {
        "0-1" | "contact" => "contacts",
        "0-2" | "company" => "companies",
        "0-3" | "deal" => "deals",
        "0-5" | "ticket" => "tickets",
        "0-27" | "task" => "tasks",
        own => own,
    }
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
    async fn an_app_calls_one_address_for_all_accounts() {
        let intake = intake();
        let at = now().as_millisecond();
        let send = async |body: &str| {
            let address = "https://tandem.example/webhooks/hubspot";
            let request = Request::post("/webhooks/hubspot")
                .header("host", "tandem.example")
                .header("x-hubspot-signature-v3", signature("secret", address, body, at))
                .header("x-hubspot-request-timestamp", at.to_string())
                .body(Body::from(body.to_owned()))
                .unwrap();
            webhooks(intake.clone()).oneshot(request).await.unwrap().status()
        };
        let event = |portal: u32| {
            json!([{ "portalId": portal, "subscriptionType": "contact.creation", "objectId": 1 }]).to_string()
        };
        assert_eq!(send(&event(78)).await, StatusCode::NOT_FOUND);
        assert_eq!(send("nonsense").await, StatusCode::NOT_FOUND);
        assert!(marked(&intake).is_empty());
        assert_eq!(send(&event(77)).await, StatusCode::NO_CONTENT);
        assert_eq!(marked(&intake), ["1"]);
    }

    #[test]
    fn the_hubspot_app_hears_of_every_property_that_is_mapped_from_the_start() {
        let definition: Value =
            serde_json::from_str(include_str!("../../../hubspot-app/src/app/webhooks/webhooks-hsmeta.json"))
                .unwrap();
        let told = definition["config"]["subscriptions"]["crmObjects"].as_array().unwrap();
        let told: BTreeSet<(&str, &str)> = told
            .iter()
            .filter_map(|one| {
                Some((object_named(one["objectType"].as_str()?), one.get("propertyName")?.as_str()?))
            })
            .collect();
        let settings = engine::Settings::recommended();
        let objects = settings.objects.iter().filter(|mapping| mapping.enabled);
        let mapped = objects.flat_map(|mapping| {
            mapping.fields.iter().map(|field| (mapping.hubspot_object.as_str(), field.hubspot.as_str()))
        });
        // Associations have events of their own.
        let missing: Vec<_> = mapped
            .filter(|(object, property)| !property.contains(':') && !told.contains(&(*object, *property)))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
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

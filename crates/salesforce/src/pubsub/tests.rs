//! A subscriber on a wire in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use apache_avro::types::Value;
use apache_avro::{Schema, to_avro_datum};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::*;

fn schema() -> String {
    let list = json!({"type": "array", "items": "string"});
    let part = |name: &str| json!({"name": name, "type": ["null", "string"], "default": null});
    json!({
        "type": "record", "name": "ContactChangeEvent", "namespace": "com.sforce.eventbus", "fields": [
            {"name": "ChangeEventHeader", "type": {"type": "record", "name": "ChangeEventHeader", "fields": [
                {"name": "entityName", "type": "string"}, {"name": "recordIds", "type": list},
                {"name": "changeType", "type": {"type": "enum", "name": "ChangeType",
                    "symbols": ["CREATE", "UPDATE", "GAP_UPDATE", "GAP_OVERFLOW", "SNAPSHOT"]}},
                {"name": "changeOrigin", "type": "string"}, {"name": "transactionKey", "type": "string"},
                {"name": "sequenceNumber", "type": "int"}, {"name": "commitTimestamp", "type": "long"},
                {"name": "commitNumber", "type": "long"}, {"name": "commitUser", "type": "string"},
                {"name": "nulledFields", "type": list}, {"name": "diffFields", "type": list},
                {"name": "changedFields", "type": list}]}},
            {"name": "Name", "type": ["null", {"type": "record", "name": "PersonName",
                "fields": [part("Salutation"), part("FirstName"), part("LastName")]}], "default": null},
            {"name": "OtherAddress", "type": ["null", {"type": "record", "name": "Address",
                "fields": [part("Street"), part("City")]}], "default": null},
            {"name": "MailingAddress", "type": ["null", "Address"], "default": null},
            part("Email"),
        ],
    })
    .to_string()
}

fn event(kind: &str, changed: &[&str]) -> Vec<u8> {
    let schema = Schema::parse_str(&schema()).unwrap();
    let text = |text: &str| Value::String(text.to_owned());
    let texts = |all: &[&str]| Value::Array(all.iter().map(|one| text(one)).collect());
    let symbol = ["CREATE", "UPDATE", "GAP_UPDATE", "GAP_OVERFLOW", "SNAPSHOT"]
        .iter()
        .position(|known| *known == kind)
        .unwrap();
    let header = [
        ("entityName", text("Contact")),
        ("recordIds", texts(&["003000000000001AAA", "003000000000002AAA"])),
        ("changeType", Value::Enum(symbol as u32, kind.to_owned())),
        ("changeOrigin", text("com/salesforce/api/rest/66.0;client=tandem")),
        ("transactionKey", text("key")),
        ("sequenceNumber", Value::Int(1)),
        ("commitTimestamp", Value::Long(1_719_705_600_000)),
        ("commitNumber", Value::Long(1)),
        ("commitUser", text("005000000000001AAA")),
        ("nulledFields", texts(&[])),
        ("diffFields", texts(&[])),
        ("changedFields", texts(changed)),
    ];
    let record = |fields: &[(&str, Value)]| {
        Value::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    };
    let null = || Value::Union(0, Box::new(Value::Null));
    let whole = record(&[
        ("ChangeEventHeader", record(&header)),
        ("Name", null()),
        ("OtherAddress", null()),
        ("MailingAddress", null()),
        ("Email", Value::Union(1, Box::new(text("a@a.example")))),
    ]);
    to_avro_datum(&schema, whole).unwrap()
}

/// Answers what it was given, one batch after the other, and counts who asks for schemas.
#[derive(Default)]
struct Wire {
    batches: Mutex<VecDeque<Result<RawBatch, EventError>>>,
    schemas_asked: AtomicUsize,
}

struct Stream(VecDeque<Result<RawBatch, EventError>>);

impl EventStream for Stream {
    fn next(&mut self, _: u32) -> BoxFuture<'_, Result<RawBatch, EventError>> {
        let next = self.0.pop_front().unwrap_or(Err(EventError::Ended));
        async move { next }.boxed()
    }
}

impl EventWire for Wire {
    fn subscribe<'a>(
        &'a self,
        _: &'a str,
        _: ReplayFrom,
    ) -> BoxFuture<'a, Result<Box<dyn EventStream>, EventError>> {
        let batches = std::mem::take(&mut *self.batches.lock().unwrap());
        async move { Ok(Box::new(Stream(batches)) as Box<dyn EventStream>) }.boxed()
    }

    fn schema<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, EventError>> {
        self.schemas_asked.fetch_add(1, Ordering::Relaxed);
        let known = if id == "good" { schema() } else { "{]".to_owned() };
        async move { Ok(known) }.boxed()
    }
}

fn raw(schema_id: &str, payload: Vec<u8>) -> RawEvent {
    RawEvent { replay_id: vec![7], schema_id: schema_id.to_owned(), payload: payload.into() }
}

async fn subscribed(batches: Vec<Result<RawBatch, EventError>>) -> (Subscriber, Arc<Wire>) {
    let wire = Arc::new(Wire { batches: Mutex::new(batches.into()), ..Wire::default() });
    let mut subscriber = Subscriber::new(Arc::clone(&wire) as Arc<dyn EventWire>);
    subscriber.open("/data/ChangeEvents", ReplayFrom::Latest).await.unwrap();
    (subscriber, wire)
}

fn batch(events: Vec<RawEvent>) -> Result<RawBatch, EventError> {
    Ok(RawBatch { events, latest_replay_id: vec![9] })
}

#[tokio::test]
async fn events_are_read_and_a_schema_is_asked_for_once() {
    let update = || raw("good", event("UPDATE", &["0x10", "1-0x02", "3-0x02"]));
    let (mut subscriber, wire) =
        subscribed(vec![batch(vec![update(), update()]), batch(vec![update()])]).await;
    let read = subscriber.next(10).await.unwrap();
    assert_eq!((read.events.len(), read.unreadable.len(), read.latest_replay_id), (2, 0, vec![9]));
    let event = &read.events[0];
    assert_eq!((event.entity.as_str(), event.record_ids.len()), ("Contact", 2));
    assert_eq!(event.change_type, ChangeType::Update);
    assert_eq!(event.changed_fields, ["Email", "FirstName", "MailingCity"]);
    assert_eq!(event.commit_time.as_millisecond(), 1_719_705_600_000);
    assert!(event.is_from("tandem") && !event.is_from("tan"));
    assert_eq!(event.replay_id, [7]);
    subscriber.next(10).await.unwrap();
    assert_eq!(wire.schemas_asked.load(Ordering::Relaxed), 1);
    assert_eq!(subscriber.next(10).await, Err(EventError::Ended));
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_the_rest_is_read() {
    let events = vec![
        raw("good", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        raw("bad", event("UPDATE", &[])),
        raw("good", event("UPDATE", &["0xFFFF"])),
        raw("good", event("GAP_OVERFLOW", &[])),
        raw("good", event("SNAPSHOT", &[])),
    ];
    let (mut subscriber, _) = subscribed(vec![batch(events)]).await;
    let read = subscriber.next(10).await.unwrap();
    assert_eq!(read.unreadable.len(), 3);
    assert!(read.events[0].change_type.is_gap());
    assert_eq!(read.events[1].change_type, ChangeType::Other("SNAPSHOT".to_owned()));
}

#[tokio::test]
async fn no_garbage_can_break_the_reader() {
    let good = event("UPDATE", &["0x10", "1-0x02"]);
    let mut dice: u64 = 42;
    let mut roll = move || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap()
    };
    let mut events = Vec::new();
    for _ in 0..2_000 {
        let mut broken = good.clone();
        for _ in 0..=roll() % 4 {
            let at = roll() % broken.len();
            broken[at] = (roll() % 256) as u8;
        }
        broken.truncate(1 + roll() % good.len());
        events.push(raw("good", broken));
    }
    let (mut subscriber, _) = subscribed(vec![batch(events)]).await;
    let read = subscriber.next(10).await.unwrap();
    assert_eq!(read.events.len() + read.unreadable.len(), 2_000);
    assert!(read.unreadable.len() > 1_000);
}

#[test]
fn refusals_are_told_apart_by_their_code() {
    let told = |code: Code, error_code: &str| {
        let mut trailers = MetadataMap::new();
        if !error_code.is_empty() {
            let full = format!("sfdc.platform.eventbus.grpc.{error_code}");
            trailers.insert("error-code", full.parse().unwrap());
        }
        EventError::from_status(&Status::with_metadata(code, "said", trailers), "/data/ChangeEvents")
    };
    let said = || "said".to_owned();
    let corrupted = told(Code::InvalidArgument, "subscription.fetch.replayid.corrupted");
    assert_eq!(corrupted, EventError::ReplayInvalid(said()));
    assert!(corrupted.lost_events() && !corrupted.is_passing());
    assert_eq!(told(Code::Unauthenticated, "service.auth.error"), EventError::Auth(said()));
    assert_eq!(told(Code::Unauthenticated, ""), EventError::Auth(said()));
    assert!(matches!(told(Code::NotFound, "topic.not.found"), EventError::TopicMissing { .. }));
    assert_eq!(told(Code::PermissionDenied, ""), EventError::Forbidden(said()));
    assert!(told(Code::Unavailable, "service.unavailable").is_passing());
    let limit = told(Code::ResourceExhausted, "subscription.limit.exceeded");
    assert_eq!(limit, EventError::LimitExceeded(said()));
    assert!(matches!(told(Code::InvalidArgument, "other"), EventError::Refused { .. }));
}

#[test]
fn an_address_that_is_none_is_refused_before_anything_is_sent() {
    let access = PubSubAccess {
        access_token: "00D!token".to_owned().into(),
        instance_url: "https://org.my.salesforce.example".to_owned(),
        org_id: "00D000000000001AAA".to_owned(),
    };
    assert!(matches!(GrpcEvents::new("not an address", &access), Err(EventError::Address(_))));
}

//! The client of the Pub/Sub API hears what happens in the simulated org, over a socket.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

use std::sync::Arc;
use std::time::Duration;

use salesforce::pubsub::{
    ChangeType, EventBatch, EventError, GrpcEvents, PubSubAccess, ReplayFrom, Subscriber,
};
use salesforce_sim::{CdcFaults, CdcSettings, Options, SalesforceSim};
use serde_json::{Value, json};
use tokio::time::timeout;

const ALL: &str = "/data/ChangeEvents";

struct Served {
    sim: SalesforceSim,
    endpoint: String,
}

impl Served {
    async fn start() -> Self {
        let sim = SalesforceSim::new(Options::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = sim.pubsub_router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { sim, endpoint }
    }

    fn subscriber(&self, token: Option<&str>) -> Subscriber {
        let access = self.sim.access();
        let access = PubSubAccess {
            access_token: token.unwrap_or(&access.access_token).to_owned().into(),
            instance_url: "http://127.0.0.1:8102".to_owned(),
            org_id: access.org_id,
        };
        Subscriber::new(Arc::new(GrpcEvents::new(&self.endpoint, &access).unwrap()))
    }

    fn edit(&self, id: &str, fields: Value) {
        self.sim.edit_record("Contact", id, fields.as_object().unwrap().clone()).unwrap();
    }

    fn make(&self, fields: Value) -> String {
        self.sim.create_record("Contact", fields.as_object().unwrap().clone()).unwrap()
    }
}

/// Events until there are `count`.
async fn hear(subscriber: &mut Subscriber, count: usize) -> EventBatch {
    let mut all = EventBatch { events: Vec::new(), unreadable: Vec::new(), latest_replay_id: Vec::new() };
    while all.events.len() < count {
        let batch = timeout(Duration::from_secs(20), subscriber.next(50)).await.unwrap().unwrap();
        all.events.extend(batch.events);
        all.unreadable.extend(batch.unreadable);
        all.latest_replay_id = batch.latest_replay_id;
    }
    all
}

async fn refused(subscriber: &mut Subscriber, topic: &str, from: ReplayFrom) -> EventError {
    match subscriber.open(topic, from).await {
        Err(error) => error,
        Ok(()) => timeout(Duration::from_secs(20), subscriber.next(1)).await.unwrap().unwrap_err(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_are_heard_with_their_fields_and_reading_goes_on_where_it_stopped() {
    let org = Served::start().await;
    let id = org.make(json!({"FirstName": "Ada", "LastName": "Byron", "Title": "Ms"}));
    let mut subscriber = org.subscriber(None);
    subscriber.open(ALL, ReplayFrom::Earliest).await.unwrap();
    let made = hear(&mut subscriber, 1).await;
    assert_eq!(made.events[0].change_type, ChangeType::Create);
    assert_eq!(made.events[0].record_ids, [id.as_str()]);

    org.edit(&id, json!({"LastName": "Lovelace", "Title": null, "MailingCity": "London"}));
    let edited = hear(&mut subscriber, 1).await;
    let event = &edited.events[0];
    assert_eq!((event.entity.as_str(), &event.change_type), ("Contact", &ChangeType::Update));
    for field in ["LastName", "Title", "MailingCity"] {
        assert!(event.changed_fields.iter().any(|changed| changed == field), "{:?}", event.changed_fields);
    }
    assert!(!event.changed_fields.iter().any(|changed| changed == "FirstName"));
    assert_eq!(event.nulled_fields, ["Title"]);
    assert!(event.is_from("SfdcInternalAPI/"));

    org.edit(&id, json!({"Email": "ada@a.example"}));
    let mut again = org.subscriber(None);
    again.open("/data/ContactChangeEvent", ReplayFrom::After(edited.latest_replay_id)).await.unwrap();
    let rest = hear(&mut again, 1).await;
    assert!(rest.events[0].changed_fields.contains(&"Email".to_owned()));
    assert!(rest.unreadable.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_say_what_to_do() {
    let org = Served::start().await;
    let mut stranger = org.subscriber(Some("00Dnobody!token"));
    assert!(matches!(refused(&mut stranger, ALL, ReplayFrom::Latest).await, EventError::Auth(_)));
    let mut subscriber = org.subscriber(None);
    let missing = refused(&mut subscriber, "/data/UserChangeEvent", ReplayFrom::Latest).await;
    assert!(matches!(missing, EventError::TopicMissing { .. }), "{missing}");
    let lost = refused(&mut subscriber, ALL, ReplayFrom::After(b"1234567890".to_vec())).await;
    assert!(lost.lost_events(), "{lost}");
    let denied = CdcSettings { denied: Some(vec!["Contact".to_owned()]), ..CdcSettings::default() };
    org.sim.set_cdc(denied).unwrap();
    let denied = refused(&mut subscriber, "/data/ContactChangeEvent", ReplayFrom::Latest).await;
    assert!(matches!(denied, EventError::Forbidden(_)), "{denied}");
    let down = CdcFaults { unavailable: 1.0, ..CdcFaults::default() };
    org.sim.set_cdc(CdcSettings { faults: Some(down), ..CdcSettings::default() }).unwrap();
    assert!(refused(&mut subscriber, ALL, ReplayFrom::Latest).await.is_passing());
}

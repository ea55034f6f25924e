//! The Pub/Sub API over a socket, called by a client made from its public description.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod wire {
    #![allow(
        missing_docs,
        clippy::all,
        clippy::pedantic,
        unreachable_pub,
        dead_code,
        reason = "made by a program"
    )]
    include!(concat!(env!("OUT_DIR"), "/eventbus.v1.rs"));
}

use std::time::Duration;

use salesforce_sim::{CdcSettings, Options, SalesforceSim};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use wire::pub_sub_client::PubSubClient;
use wire::{
    CommitReplayRequest, FetchRequest, FetchResponse, ManagedFetchRequest, ProducerEvent, PublishRequest,
    ReplayPreset, SchemaRequest, TopicRequest,
};

const ALL: &str = "/data/ChangeEvents";

struct Served {
    sim: SalesforceSim,
    client: PubSubClient<Channel>,
}

async fn served() -> Served {
    let sim = SalesforceSim::new(Options::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = sim.pubsub_router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = PubSubClient::new(Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy());
    Served { sim, client }
}

impl Served {
    fn request<T>(&self, message: T) -> Request<T> {
        let access = self.sim.access();
        let mut request = Request::new(message);
        let headers = request.metadata_mut();
        headers.insert("accesstoken", access.access_token.parse().unwrap());
        headers.insert("instanceurl", "http://localhost:8102".parse().unwrap());
        headers.insert("tenantid", access.org_id.parse().unwrap());
        request
    }

    fn make(&self, name: &str) {
        let fields = json!({"LastName": name}).as_object().unwrap().clone();
        self.sim.create_record("Contact", fields).unwrap();
    }

    async fn follow(&self, first: FetchRequest) -> (mpsc::Sender<FetchRequest>, Streaming<FetchResponse>) {
        let (asks, requests) = mpsc::channel(8);
        asks.send(first).await.unwrap();
        let request = self.request(ReceiverStream::new(requests));
        (asks, self.client.clone().subscribe(request).await.unwrap().into_inner())
    }

    fn set(&self, settings: Value) {
        self.sim.set_cdc(serde_json::from_value::<CdcSettings>(settings).unwrap()).unwrap();
    }
}

fn ask(preset: ReplayPreset, replay_id: Vec<u8>, count: i32) -> FetchRequest {
    FetchRequest {
        topic_name: ALL.to_owned(),
        replay_preset: preset.into(),
        replay_id,
        num_requested: count,
        auth_refresh: String::new(),
    }
}

fn more(count: i32) -> FetchRequest {
    FetchRequest { num_requested: count, ..FetchRequest::default() }
}

async fn next(stream: &mut Streaming<FetchResponse>) -> FetchResponse {
    timeout(Duration::from_secs(20), stream.message()).await.unwrap().unwrap().unwrap()
}

async fn refusal(stream: &mut Streaming<FetchResponse>) -> Status {
    timeout(Duration::from_secs(20), stream.message()).await.unwrap().unwrap_err()
}

fn code(status: &Status) -> String {
    let code = status.metadata().get("error-code").unwrap().to_str().unwrap().to_owned();
    assert!(status.message().contains("rpcId: "), "{}", status.message());
    code.trim_start_matches("sfdc.platform.eventbus.grpc.").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_names_a_schema_and_the_schema_is_served() {
    let org = served().await;
    let mut client = org.client.clone();
    let topic = TopicRequest { topic_name: "/data/ContactChangeEvent".to_owned() };
    let info = client.get_topic(org.request(topic)).await.unwrap().into_inner();
    assert!(info.can_subscribe && !info.can_publish);
    let request = SchemaRequest { schema_id: info.schema_id.clone() };
    let schema = client.get_schema(org.request(request)).await.unwrap().into_inner();
    let json: Value = serde_json::from_str(&schema.schema_json).unwrap();
    assert_eq!((&json["name"], &json["uuid"]), (&json!("ContactChangeEvent"), &json!(info.schema_id)));

    let topic = TopicRequest { topic_name: "/data/NothingChangeEvent".to_owned() };
    let missing = client.get_topic(org.request(topic)).await.unwrap_err();
    assert_eq!((missing.code(), code(&missing).as_str()), (Code::NotFound, "topic.not.found"));
    let blank = client.get_schema(org.request(SchemaRequest::default())).await.unwrap_err();
    assert_eq!((blank.code(), code(&blank).as_str()), (Code::InvalidArgument, "schema.validation.failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_in_without_a_session_of_this_org() {
    let org = served().await;
    let mut client = org.client.clone();
    let topic = || TopicRequest { topic_name: ALL.to_owned() };
    let bare = client.get_topic(Request::new(topic())).await.unwrap_err();
    assert_eq!((bare.code(), code(&bare).as_str()), (Code::Unauthenticated, "service.auth.headers.invalid"));
    for (header, wrong) in [
        ("accesstoken", "00Dwrong!token"),
        ("tenantid", "00D000000000009AAA"),
        ("instanceurl", "http://elsewhere.example:8102"),
    ] {
        let mut request = org.request(topic());
        request.metadata_mut().insert(header, wrong.parse().unwrap());
        let refused = client.get_topic(request).await.unwrap_err();
        assert_eq!((refused.code(), code(&refused).as_str()), (Code::Unauthenticated, "service.auth.error"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_events_come_than_were_asked_for_and_requests_add_up() {
    let org = served().await;
    (0..5).for_each(|at| org.make(&format!("N{at}")));
    let (asks, mut stream) = org.follow(ask(ReplayPreset::Earliest, Vec::new(), 2)).await;
    let first = next(&mut stream).await;
    assert_eq!((first.events.len(), first.pending_num_requested), (2, 0));
    assert_eq!(first.latest_replay_id, first.events[1].replay_id);
    asks.send(more(1)).await.unwrap();
    assert_eq!(next(&mut stream).await.events.len(), 1);
    asks.send(more(90)).await.unwrap();
    let rest = next(&mut stream).await;
    assert_eq!((rest.events.len(), rest.pending_num_requested), (2, 88));
    // 88 and 90 are more than a subscription may have outstanding.
    asks.send(more(90)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    org.make("Later");
    let later = next(&mut stream).await;
    assert_eq!((later.events.len(), later.pending_num_requested), (1, 99));

    let after = ask(ReplayPreset::Custom, first.latest_replay_id, 100);
    let (_asks, mut stream) = org.follow(after).await;
    assert_eq!(next(&mut stream).await.events.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_subscription_is_kept_alive_and_one_that_asks_for_nothing_ends() {
    let org = served().await;
    org.set(json!({"keep_alive_ms": 100, "idle_close_ms": 200}));
    let (asks, mut stream) = org.follow(ask(ReplayPreset::Latest, Vec::new(), 1)).await;
    let alive = next(&mut stream).await;
    assert_eq!((alive.events.len(), alive.pending_num_requested), (0, 1));
    org.make("Heard");
    let heard = loop {
        let answer = next(&mut stream).await;
        if !answer.events.is_empty() {
            break answer;
        }
    };
    assert_eq!(heard.pending_num_requested, 0);
    let ended = timeout(Duration::from_secs(20), stream.message()).await.unwrap().unwrap();
    assert_eq!(ended, None);
    drop(asks);
    let (_asks, mut stream) = org.follow(ask(ReplayPreset::Custom, alive.latest_replay_id, 1)).await;
    assert_eq!(next(&mut stream).await.events[0].replay_id, heard.events[0].replay_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_requests_end_the_subscription_with_their_code() {
    let org = served().await;
    let refused = async |first: FetchRequest| {
        let (_asks, mut stream) = org.follow(first).await;
        let status = refusal(&mut stream).await;
        assert_eq!(status.code(), Code::InvalidArgument);
        code(&status)
    };
    let corrupted = ask(ReplayPreset::Custom, b"garbage".to_vec(), 1);
    assert_eq!(refused(corrupted).await, "subscription.fetch.replayid.corrupted");
    let missing = ask(ReplayPreset::Custom, Vec::new(), 1);
    assert_eq!(refused(missing).await, "subscription.fetch.replayid.validation.failed");
    let nothing = ask(ReplayPreset::Latest, Vec::new(), 0);
    assert_eq!(refused(nothing).await, "subscription.fetch.requested.events.invalid");
    let blank = FetchRequest { topic_name: String::new(), ..ask(ReplayPreset::Latest, Vec::new(), 1) };
    assert_eq!(refused(blank).await, "topic.validation.empty");
    let (asks, mut stream) = org.follow(ask(ReplayPreset::Latest, Vec::new(), 1)).await;
    asks.send(FetchRequest { topic_name: "/data/LeadChangeEvent".to_owned(), ..more(1) }).await.unwrap();
    assert_eq!(code(&refusal(&mut stream).await), "subscription.fetch.topic.mismatch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn platform_events_are_published_and_change_events_are_not() {
    let org = served().await;
    let mut client = org.client.clone();
    org.set(json!({"platform_events": {"Order__e": {"Number__c": "Text"}}}));
    let name = "/event/Order__e";
    let topic = TopicRequest { topic_name: name.to_owned() };
    let info = client.get_topic(org.request(topic)).await.unwrap().into_inner();
    assert!(info.can_publish);
    // Who and when, then a text that is there.
    let payload = b"\x02\x24005000000000001AAA\x02\x06A-1".to_vec();
    let event = |id: &str, payload: Vec<u8>| ProducerEvent {
        id: id.to_owned(),
        schema_id: info.schema_id.clone(),
        payload,
        headers: Vec::new(),
    };
    let batch = |topic: &str| PublishRequest {
        topic_name: topic.to_owned(),
        events: vec![event("good", payload.clone()), event("bad", b"\xff".to_vec())],
        auth_refresh: String::new(),
    };
    let answer = client.publish(org.request(batch(name))).await.unwrap().into_inner();
    assert_eq!(answer.schema_id, info.schema_id);
    let (good, bad) = (&answer.results[0], &answer.results[1]);
    assert!(good.error.is_none() && good.correlation_key == "good" && !good.replay_id.is_empty());
    assert!(bad.error.is_some() && bad.correlation_key == "bad");
    let requests = tokio_stream::iter([batch(name), batch("")]);
    let mut answers = client.publish_stream(org.request(requests)).await.unwrap().into_inner();
    for _ in 0..2 {
        assert!(answers.message().await.unwrap().unwrap().results[0].error.is_none());
    }
    let first = FetchRequest { topic_name: name.to_owned(), ..ask(ReplayPreset::Earliest, Vec::new(), 9) };
    let (_asks, mut stream) = org.follow(first).await;
    let heard = next(&mut stream).await;
    assert_eq!(heard.events.len(), 3);
    assert_eq!(heard.events[0].event.as_ref().unwrap().payload, payload);
    assert_eq!(heard.events[0].replay_id, good.replay_id);
    let refused = client.publish(org.request(batch(ALL))).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut values = Map::new();
    values.insert("Number__c".to_owned(), json!("A-2"));
    org.sim.publish_event(name, &values).unwrap();
    assert_eq!(next(&mut stream).await.events.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managed_subscription_goes_on_where_it_was_committed() {
    let org = served().await;
    org.set(json!({"managed_subscriptions": [
        {"developer_name": "Crm", "topic": ALL, "default_replay": "EARLIEST"},
        {"developer_name": "Off", "topic": ALL, "state": "STOP"}]}));
    ["one", "two"].iter().for_each(|name| org.make(name));
    let follow = async |name: &str| {
        let (asks, requests) = mpsc::channel(8);
        let first = ManagedFetchRequest {
            developer_name: name.to_owned(),
            num_requested: 1,
            ..ManagedFetchRequest::default()
        };
        asks.send(first).await.unwrap();
        let request = org.request(ReceiverStream::new(requests));
        (asks, org.client.clone().managed_subscribe(request).await.unwrap().into_inner())
    };
    let (asks, mut stream) = follow("Crm").await;
    let first = stream.message().await.unwrap().unwrap();
    let (_other, mut second) = follow("Crm").await;
    assert_eq!(code(&second.message().await.unwrap_err()), "managed.subscription.already.active");
    let commit = |replay_id: &[u8]| ManagedFetchRequest {
        commit_replay_id_request: Some(CommitReplayRequest {
            commit_request_id: "c".to_owned(),
            replay_id: replay_id.to_vec(),
        }),
        ..ManagedFetchRequest::default()
    };
    asks.send(commit(b"nonsense")).await.unwrap();
    assert!(stream.message().await.unwrap().unwrap().commit_response.unwrap().error.is_some());
    asks.send(commit(&first.events[0].replay_id)).await.unwrap();
    let done = stream.message().await.unwrap().unwrap().commit_response.unwrap();
    assert_eq!((done.commit_request_id.as_str(), done.error), ("c", None));
    drop((asks, stream));
    let again = loop {
        // The end of the first is noticed in its own time.
        let (_asks, mut stream) = follow("Crm").await;
        if let Ok(Some(answer)) = stream.message().await {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_ne!(again.events[0].replay_id, first.events[0].replay_id);
    let (_asks, mut stream) = follow("Off").await;
    assert_eq!(code(&stream.message().await.unwrap_err()), "managed.subscription.config.stopped");
}

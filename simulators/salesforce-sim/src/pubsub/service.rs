//! The Pub/Sub API over gRPC.

use axum::Router;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status, Streaming};

use super::channels::Topic;
use super::read::EventRefusal;
use super::session::{Ask, Session, Told};
use super::wire::pub_sub_server::{PubSub, PubSubServer};
use super::wire::{
    Error, ErrorCode, FetchRequest, FetchResponse, ManagedFetchRequest, ManagedFetchResponse, ProducerEvent,
    PublishRequest, PublishResponse, PublishResult, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest,
};
use crate::SalesforceSim;

/// Answers that wait for a subscriber who is slow to read.
const WAITING: usize = 4;

/// The service of one org.
#[derive(Debug, Clone)]
struct Service(SalesforceSim);

impl SalesforceSim {
    /// The Pub/Sub API, to be served on an address of its own over HTTP/2.
    pub fn pubsub_router(&self) -> Router {
        tonic::service::Routes::new(PubSubServer::new(Service(self.clone()))).into_axum_router()
    }

    /// A name for a call.
    pub(super) fn rpc_id(&self) -> String {
        let events = &mut self.state().events;
        events.calls += 1;
        events.uuid(0x5c, events.calls)
    }

    /// A refusal as it travels: the code and the call's name are in the trailers.
    pub(super) fn status(&self, refusal: &EventRefusal) -> Status {
        let code = match refusal.status {
            "INVALID_ARGUMENT" => Code::InvalidArgument,
            "NOT_FOUND" => Code::NotFound,
            "PERMISSION_DENIED" => Code::PermissionDenied,
            "UNAUTHENTICATED" => Code::Unauthenticated,
            "RESOURCE_EXHAUSTED" => Code::ResourceExhausted,
            "FAILED_PRECONDITION" => Code::FailedPrecondition,
            "ALREADY_EXISTS" => Code::AlreadyExists,
            "UNAVAILABLE" => Code::Unavailable,
            _ => Code::Internal,
        };
        let rpc_id = self.rpc_id();
        let mut trailers = MetadataMap::new();
        // assumed: the key of the second; that the id is among the trailers is documented
        for (key, value) in [("error-code", refusal.error_code.as_str()), ("rpc-id", &rpc_id)] {
            if let Ok(value) = value.parse() {
                trailers.insert(key, value);
            }
        }
        Status::with_metadata(code, format!("{} rpcId: {rpc_id}", refusal.message), trailers)
    }

    /// Whether the headers of a call open a session of this org.
    fn admit_caller(&self, headers: &MetadataMap) -> Result<(), EventRefusal> {
        let text =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        let (token, instance, tenant) = (text("accesstoken"), text("instanceurl"), text("tenantid"));
        if [token, instance, tenant].contains(&"") {
            let message = "The auth headers are invalid or blank. Provide valid values for the accesstoken, \
                           instanceurl, and tenantid headers.";
            return Err(EventRefusal::new("UNAUTHENTICATED", "service.auth.headers.invalid", message));
        }
        let now = self.0.clock.now();
        let mut state = self.state();
        let probability = state.events.dice.faults.unavailable;
        if state.events.dice.happens(probability) {
            let message = "The service is unavailable. Try again later.";
            return Err(EventRefusal::new("UNAVAILABLE", "service.unavailable", message));
        }
        let own_tenant = state.auth.org_id.get(..15) == tenant.get(..15);
        let own_instance = place(instance) == place(&state.base_url);
        if own_tenant && own_instance && state.auth.admits(token, now) {
            return Ok(());
        }
        let message =
            "An authentication exception occurred. Provide valid authentication via metadata headers.";
        Err(EventRefusal::new("UNAUTHENTICATED", "service.auth.error", message))
    }
}

/// Host and port of an address; all names of this machine are the same.
fn place(address: &str) -> Option<(String, Option<u16>)> {
    let url: url::Url = address.parse().ok()?;
    let host = url.host_str()?;
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    Some((if local { "localhost".to_owned() } else { host.to_owned() }, url.port_or_known_default()))
}

type Answers<T> = ReceiverStream<Result<T, Status>>;

impl Service {
    fn admit<T>(&self, request: Request<T>) -> Result<T, Status> {
        self.0.admit_caller(request.metadata()).map_err(|refusal| self.0.status(&refusal))?;
        Ok(request.into_inner())
    }

    /// Publishes a batch; each event has a result of its own.
    fn publish_batch(&self, topic: &str, events: Vec<ProducerEvent>) -> Result<PublishResponse, Status> {
        let refused = |status, code, message: &str| self.0.status(&EventRefusal::new(status, code, message));
        if events.is_empty() {
            let message = "The publish request has no events. Provide at least one event.";
            return Err(refused("INVALID_ARGUMENT", "publish.event.count.invalid", message));
        }
        if topic.trim().is_empty() {
            let message = "The topic name can't be blank. Provide a topic name.";
            return Err(refused("INVALID_ARGUMENT", "publish.topic.validation.empty", message));
        }
        let now = self.0.0.clock.now();
        let published = {
            let mut state = self.0.state();
            state.publishable(topic).map(|name| {
                let schema = state.events.platform.get(&name).map(|schema| schema.id.clone());
                let results = events.into_iter().map(|event| {
                    let done =
                        state.events.publish_written(&name, &event.schema_id, event.payload.into(), now);
                    let (replay_id, error) = match done {
                        Ok(replay_id) => (replay_id, None),
                        Err(msg) => (Vec::new(), Some(Error { code: ErrorCode::Publish.into(), msg })),
                    };
                    PublishResult { replay_id, error, correlation_key: event.id }
                });
                (results.collect(), schema.unwrap_or_default())
            })
        };
        let (results, schema_id) = published.map_err(|refusal| self.0.status(&refusal))?;
        Ok(PublishResponse { results, schema_id, rpc_id: self.0.rpc_id() })
    }

    async fn publish_batches(
        &self,
        mut batches: Streaming<PublishRequest>,
        answers: &mpsc::Sender<Result<PublishResponse, Status>>,
    ) -> Result<(), Status> {
        let mut topic = String::new();
        while let Some(batch) = batches.message().await? {
            if topic.is_empty() {
                topic.clone_from(&batch.topic_name);
            } else if !batch.topic_name.is_empty() && batch.topic_name != topic {
                let message = "The topic name must be the same in all requests of a stream.";
                let refusal = EventRefusal::new("INVALID_ARGUMENT", "publish.topic.mismatch", message);
                return Err(self.0.status(&refusal));
            }
            let response = self.publish_batch(&topic, batch.events)?;
            if answers.send(Ok(response)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Serves a subscription until either side ends it.
    fn follow<Q, A>(&self, requests: Streaming<Q>, managed: bool) -> Answers<A>
    where
        Q: Into<Ask> + Send + 'static,
        A: From<Told> + Send + 'static,
    {
        let (answers, stream) = mpsc::channel(WAITING);
        let sim = self.0.clone();
        tokio::spawn(async move {
            let mut session = Session::new(sim, managed);
            if let Err(status) = session.run(requests, &answers).await {
                // The subscriber may be gone.
                drop(answers.send(Err(status)).await);
            }
        });
        ReceiverStream::new(stream)
    }
}

#[tonic::async_trait]
impl PubSub for Service {
    type SubscribeStream = Answers<FetchResponse>;
    type PublishStreamStream = Answers<PublishResponse>;
    type ManagedSubscribeStream = Answers<ManagedFetchResponse>;

    async fn subscribe(
        &self,
        request: Request<Streaming<FetchRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        Ok(Response::new(self.follow(self.admit(request)?, false)))
    }

    async fn managed_subscribe(
        &self,
        request: Request<Streaming<ManagedFetchRequest>>,
    ) -> Result<Response<Self::ManagedSubscribeStream>, Status> {
        Ok(Response::new(self.follow(self.admit(request)?, true)))
    }

    async fn get_schema(&self, request: Request<SchemaRequest>) -> Result<Response<SchemaInfo>, Status> {
        let schema_id = self.admit(request)?.schema_id;
        let refused = |status, code, message: &str| self.0.status(&EventRefusal::new(status, code, message));
        if schema_id.trim().is_empty() {
            let message = "The schema ID can't be blank. Provide a schema ID.";
            return Err(refused("INVALID_ARGUMENT", "schema.validation.failed", message));
        }
        let Some(schema_json) = self.0.event_schema(&schema_id) else {
            // assumed: status and code
            let message = format!("The schema with the ID {schema_id} was not found.");
            return Err(refused("NOT_FOUND", "schema.not.found", &message));
        };
        Ok(Response::new(SchemaInfo { schema_json, schema_id, rpc_id: self.0.rpc_id() }))
    }

    async fn get_topic(&self, request: Request<TopicRequest>) -> Result<Response<TopicInfo>, Status> {
        let name = self.admit(request)?.topic_name;
        let found = {
            let mut guard = self.0.state();
            let state = &mut *guard;
            state.events.learn(&state.org, &name);
            let topic = state.events.topic(&state.org, &state.auth.org_id, &name);
            topic.map(|topic| TopicInfo {
                topic_name: name.clone(),
                tenant_guid: format!("CORE/prod/{}", state.auth.org_id),
                can_publish: matches!(topic, Topic::Platform(_)),
                can_subscribe: state.events.may_read(&topic),
                schema_id: state
                    .events
                    .topic_schema(&state.org, &topic)
                    .map(|schema| schema.id.clone())
                    .unwrap_or_default(),
                rpc_id: String::new(),
            })
        };
        let info = found.map_err(|refusal| self.0.status(&refusal))?;
        Ok(Response::new(TopicInfo { rpc_id: self.0.rpc_id(), ..info }))
    }

    async fn publish(&self, request: Request<PublishRequest>) -> Result<Response<PublishResponse>, Status> {
        let batch = self.admit(request)?;
        self.publish_batch(&batch.topic_name, batch.events).map(Response::new)
    }

    async fn publish_stream(
        &self,
        request: Request<Streaming<PublishRequest>>,
    ) -> Result<Response<Self::PublishStreamStream>, Status> {
        let batches = self.admit(request)?;
        let (answers, stream) = mpsc::channel(WAITING);
        let service = self.clone();
        tokio::spawn(async move {
            if let Err(status) = service.publish_batches(batches, &answers).await {
                drop(answers.send(Err(status)).await);
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

//! Events from the network.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Response, Status, Streaming};

use super::error::EventError;
use super::subscriber::{EventStream, EventWire, RawBatch, RawEvent, ReplayFrom};
use crate::{Client, Error};
use wire::pub_sub_client::PubSubClient;
use wire::{FetchRequest, FetchResponse, ReplayPreset, SchemaRequest};

/// Where Salesforce serves events, for production and sandboxes alike.
pub const PUBSUB_ENDPOINT: &str = "api.pubsub.salesforce.com:7443";

/// What the event service needs to know of the caller.
#[derive(Debug, Clone)]
pub struct PubSubAccess {
    /// The same token as for the other APIs.
    pub access_token: SecretString,
    /// The org's own address.
    pub instance_url: String,
    /// The org's id.
    pub org_id: String,
}

impl Client {
    /// What the event service needs to know. Renews the access where that is due.
    ///
    /// # Errors
    /// When the org cannot be asked who the caller is.
    pub async fn pubsub_access(&self) -> Result<PubSubAccess, Error> {
        let identity = self.identity().await?;
        let session = self.session().await?;
        Ok(PubSubAccess {
            access_token: session.token,
            instance_url: session.instance_url.as_str().trim_end_matches('/').to_owned(),
            org_id: identity.organization_id,
        })
    }
}

mod wire {
    //! Made from the public description of the API.
    #![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "made by a program")]

    tonic::include_proto!("eventbus.v1");
}

/// Salesforce's event service. Cloning it is cheap, and all clones share one connection.
#[derive(Debug, Clone)]
pub struct GrpcEvents {
    client: PubSubClient<Channel>,
    headers: MetadataMap,
}

impl GrpcEvents {
    /// Prepares a connection; it is made with the first call. Without a scheme, or with `https`, the connection is
    /// encrypted; `http` is for tests on one machine.
    ///
    /// # Errors
    /// When the address is none, or the access holds what cannot be sent.
    pub fn new(endpoint: &str, access: &PubSubAccess) -> Result<Self, EventError> {
        let wrong = || EventError::Address(endpoint.to_owned());
        let address =
            if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
        let mut connection = Endpoint::from_shared(address.clone()).map_err(|_| wrong())?;
        if address.starts_with("https://") {
            let tls = ClientTlsConfig::new().with_native_roots();
            connection = connection.tls_config(tls).map_err(|_| wrong())?;
        }
        let mut headers = MetadataMap::new();
        let values = [
            ("accesstoken", access.access_token.expose_secret()),
            ("instanceurl", access.instance_url.as_str()),
            ("tenantid", access.org_id.as_str()),
        ];
        for (name, value) in values {
            let value: AsciiMetadataValue =
                value.parse().map_err(|_| EventError::Auth(format!("{name} cannot be sent in a header")))?;
            headers.insert(name, value);
        }
        Ok(Self { client: PubSubClient::new(connection.connect_lazy()), headers })
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        *request.metadata_mut() = self.headers.clone();
        request
    }
}

impl EventWire for GrpcEvents {
    fn subscribe<'a>(
        &'a self,
        topic: &'a str,
        from: ReplayFrom,
    ) -> BoxFuture<'a, Result<Box<dyn EventStream>, EventError>> {
        Box::pin(async move {
            let (preset, replay_id) = match from {
                ReplayFrom::Latest => (ReplayPreset::Latest, Vec::new()),
                ReplayFrom::Earliest => (ReplayPreset::Earliest, Vec::new()),
                ReplayFrom::After(id) => (ReplayPreset::Custom, id),
            };
            let (asks, requests) = mpsc::channel(4);
            // One event is asked for with the subscription, the rest by those who wait for them.
            let first = FetchRequest {
                topic_name: topic.to_owned(),
                replay_preset: preset.into(),
                replay_id,
                num_requested: 1,
                auth_refresh: String::new(),
            };
            asks.send(first).await.map_err(|_| EventError::Ended)?;
            let request = self.request(ReceiverStream::new(requests));
            let mut client = self.client.clone();
            // The service may say nothing at all before there is an event, so nobody waits for it here.
            let answers = Answers::Awaited(async move { client.subscribe(request).await }.boxed());
            let stream = Subscription { topic: topic.to_owned(), asks, answers, outstanding: 1 };
            Ok(Box::new(stream) as Box<dyn EventStream>)
        })
    }

    fn schema<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, EventError>> {
        Box::pin(async move {
            let request = self.request(SchemaRequest { schema_id: id.to_owned() });
            let answered = self.client.clone().get_schema(request).await;
            let schema = answered.map_err(|status| match status.code() {
                tonic::Code::NotFound => EventError::Refused {
                    code: "schema not found".to_owned(),
                    message: status.message().to_owned(),
                },
                _ => EventError::from_status(&status, id),
            })?;
            Ok(schema.into_inner().schema_json)
        })
    }
}

enum Answers {
    /// The service has not said yet whether it takes the subscription.
    Awaited(BoxFuture<'static, Result<Response<Streaming<FetchResponse>>, Status>>),
    Open(Box<Streaming<FetchResponse>>),
}

impl Answers {
    async fn next(&mut self) -> Result<Option<FetchResponse>, Status> {
        if let Self::Awaited(awaited) = self {
            *self = Self::Open(Box::new(awaited.await?.into_inner()));
        }
        match self {
            Self::Open(answers) => answers.message().await,
            Self::Awaited(_) => Ok(None),
        }
    }
}

struct Subscription {
    topic: String,
    asks: mpsc::Sender<FetchRequest>,
    answers: Answers,
    /// Events that were asked for and have not come yet.
    outstanding: u32,
}

impl EventStream for Subscription {
    fn next(&mut self, max: u32) -> BoxFuture<'_, Result<RawBatch, EventError>> {
        Box::pin(async move {
            let wanted = max.clamp(1, super::MOST_OUTSTANDING);
            if let Some(more) = wanted.checked_sub(self.outstanding).filter(|more| *more > 0) {
                let ask = FetchRequest {
                    num_requested: i32::try_from(more).unwrap_or(1),
                    ..FetchRequest::default()
                };
                // Whether the stream has ended, and why, is told by what comes next.
                if self.asks.send(ask).await.is_ok() {
                    self.outstanding = wanted;
                }
            }
            let answer = self.answers.next().await;
            let answer = answer.map_err(|status| EventError::from_status(&status, &self.topic))?;
            let answer = answer.ok_or(EventError::Ended)?;
            self.outstanding = u32::try_from(answer.pending_num_requested).unwrap_or(0);
            let events = answer.events.into_iter().filter_map(|event| {
                let written = event.event?;
                Some(RawEvent {
                    replay_id: event.replay_id,
                    schema_id: written.schema_id,
                    payload: written.payload.into(),
                })
            });
            Ok(RawBatch { events: events.collect(), latest_replay_id: answer.latest_replay_id })
        })
    }
}

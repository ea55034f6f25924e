//! Change events over the network: with the same access to Salesforce as all calls.

use std::sync::Arc;

use engine::{EventSource, Events};
use futures::future::BoxFuture;
use salesforce::pubsub::{EventError, EventWire, GrpcEvents, PUBSUB_ENDPOINT};

/// Salesforce's event service, for every org that has one.
pub struct EventService;

impl EventSource for EventService {
    fn of(&self, client: salesforce::Client) -> BoxFuture<'_, Option<Arc<dyn Events>>> {
        Box::pin(async move { Some(Arc::new(PubSub::of(client).await?) as Arc<dyn Events>) })
    }
}

/// Salesforce's event service for one org.
struct PubSub {
    client: salesforce::Client,
    endpoint: String,
}

impl PubSub {
    /// The event service of this org: at the address that the environment gives, or at Salesforce's own where the org is
    /// Salesforce's; none for an org that is served elsewhere, as a simulated one.
    async fn of(client: salesforce::Client) -> Option<Self> {
        let given = std::env::var("SALESFORCE_PUBSUB_ENDPOINT").ok().filter(|given| !given.trim().is_empty());
        let endpoint = match given {
            Some(given) if given == "off" => return None,
            Some(given) => given,
            None => {
                let org = client.instance_url().await.ok()?;
                let own = org.host_str().is_some_and(|host| host.ends_with(".salesforce.com"));
                own.then(|| PUBSUB_ENDPOINT.to_owned())?
            }
        };
        Some(Self { client, endpoint })
    }
}

impl Events for PubSub {
    fn wire(&self) -> BoxFuture<'_, Result<Arc<dyn EventWire>, EventError>> {
        Box::pin(async move {
            let access = self.client.pubsub_access().await.map_err(|error| {
                let told = error.to_string();
                if error.is_temporary() { EventError::Unavailable(told) } else { EventError::Auth(told) }
            })?;
            let events = GrpcEvents::new(&self.endpoint, &access)?;
            Ok(Arc::new(events) as Arc<dyn EventWire>)
        })
    }
}

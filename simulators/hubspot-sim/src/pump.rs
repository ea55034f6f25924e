//! Sending the account's webhooks over real connections, for simulators that are served on a socket.

use std::time::Duration;

use crate::HubSpotSim;
use crate::platform::webhooks::{DeliveryOutcome, WebhookDelivery};

/// How long the receiver of an event has to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Sends what is due, for ever. It is not part of the account: an account in memory is asked with
/// [`HubSpotSim::due_deliveries`] instead.
pub async fn pump(sim: HubSpotSim) {
    let client =
        reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build();
    let client = match client {
        Ok(client) => client,
        Err(why) => return tracing::error!("webhooks are not sent: {why}"),
    };
    loop {
        for delivery in sim.due_deliveries() {
            let (sim, client) = (sim.clone(), client.clone());
            tokio::spawn(async move { sim.delivered(delivery.id, send(&client, delivery).await) });
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn send(client: &reqwest::Client, delivery: WebhookDelivery) -> DeliveryOutcome {
    let mut request = client.post(&delivery.url).body(delivery.body);
    for (name, value) in delivery.headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(answer) => DeliveryOutcome::Answered(answer.status().as_u16()),
        Err(why) => {
            tracing::debug!("a webhook did not arrive: {why}");
            DeliveryOutcome::Failed
        }
    }
}

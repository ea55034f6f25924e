//! Change events: Salesforce says itself which records changed, within seconds. Each event is a hint and nothing more; what
//! events do not tell (channels that are not selected, places that are too old) polls find as ever.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, select};
use model::Side;
use salesforce::pubsub::{
    ChangeEvent, ChangeType, EventError, EventWire, MOST_OUTSTANDING, ReplayFrom, Subscriber,
};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::run::Stop;

/// The channel with the changes of all objects that are selected in Salesforce.
const TOPIC: &str = "/data/ChangeEvents";
/// The name under which the store keeps where to read on.
const STREAM: &str = "salesforce:events";
/// How Tandem calls itself in its calls: changes of this origin are its own.
const OURS: &str = "tandem";
/// The longest wait before another try to subscribe.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Where change events come from: asked again when the access has ended.
pub trait Events: Send + Sync {
    /// A connection with access that is good now.
    fn wire(&self) -> BoxFuture<'_, Result<Arc<dyn EventWire>, EventError>>;
}

impl Connection {
    /// Follows change events until `stop` is set. Where there are none to be had, it tries again now and then, and polls
    /// carry what it does not.
    ///
    /// # Errors
    /// When the store cannot be used.
    pub async fn follow(&self, events: &dyn Events, mut stop: Stop) -> Result<(), EngineError> {
        let mut failures = 0_u32;
        while !stop.is_set() {
            let error = {
                let follow = self.follow_once(events, &mut failures);
                let stopped = stop.set();
                futures::pin_mut!(follow, stopped);
                match select(follow, stopped).await {
                    Either::Left((ended, _)) => ended?,
                    Either::Right(((), _)) => return Ok(()),
                }
            };
            failures = failures.saturating_add(1);
            let pause = Duration::from_secs(2).saturating_mul(2_u32.saturating_pow(failures.min(10)));
            let helps =
                error.is_passing() || matches!(error, EventError::Auth(_) | EventError::ReplayInvalid(_));
            let pause = self.world().chance.jitter(if helps { pause.min(LONGEST) } else { LONGEST });
            tracing::info!(%error, seconds = pause.as_secs(), "no change events for now; polls go on");
            self.wait(pause, &mut stop).await;
        }
        Ok(())
    }

    /// One subscription, from its opening to its end; answers why it ended.
    async fn follow_once(&self, events: &dyn Events, failures: &mut u32) -> Result<EventError, EngineError> {
        let wire = match events.wire().await {
            Ok(wire) => wire,
            Err(error) => return Ok(error),
        };
        let mut subscriber = Subscriber::new(wire);
        let place = self.store.position(&self.id, STREAM)?.and_then(|place| unhex(&place));
        let from = place.map_or(ReplayFrom::Latest, ReplayFrom::After);
        if let Err(error) = subscriber.open(TOPIC, from).await {
            return self.lost(error);
        }
        loop {
            let batch = match subscriber.next(MOST_OUTSTANDING).await {
                Ok(batch) => batch,
                Err(error) => return self.lost(error),
            };
            *failures = 0;
            let mut look = !batch.unreadable.is_empty();
            for event in &batch.events {
                look |= self.take_event(event).await?;
            }
            if look {
                self.poll_or_wait().await?;
            }
            // Kept when the hints are: an event that was not taken is read again.
            self.store.set_position(&self.id, STREAM, &hex(&batch.latest_replay_id), self.now())?;
        }
    }

    /// Marks what an event names. Answers whether only a poll can tell what has changed.
    async fn take_event(&self, event: &ChangeEvent) -> Result<bool, EngineError> {
        let schema = self.schema().await?;
        if !schema.objects(Side::Salesforce).contains(&event.entity) || event.is_from(OURS) {
            return Ok(false);
        }
        if event.change_type == ChangeType::Overflow {
            return Ok(true);
        }
        let is_edit = matches!(event.change_type, ChangeType::Update | ChangeType::GapUpdate);
        let mut look = false;
        for record in &event.record_ids {
            if record.ends_with('*') {
                look = true;
            } else if self.concerns(&event.entity, record, is_edit)? {
                self.hint(Side::Salesforce, &event.entity, record)?;
            }
        }
        Ok(look)
    }

    /// Where events may have been missed, the place is forgotten and everything that changed is polled.
    fn lost(&self, error: EventError) -> Result<EventError, EngineError> {
        if error.lost_events() {
            self.store.clear_cursor(&self.id, STREAM)?;
            self.poll_now.notify_one();
        }
        Ok(error)
    }

    async fn poll_or_wait(&self) -> Result<(), EngineError> {
        match self.poll(Side::Salesforce).await {
            // The next poll sees the same.
            Err(EngineError::Platform { message, .. }) => {
                tracing::info!(message, "the poll after an event that told too little");
                Ok(())
            }
            done => done,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<char> = text.chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_as_text_and_read_again() {
        assert_eq!(unhex(&hex(&[0, 7, 255])), Some(vec![0, 7, 255]));
        assert_eq!(unhex("zz"), None);
    }
}

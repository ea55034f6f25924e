//! What both platforms describe of themselves, read when it is first needed and again when it may have changed.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use model::Side;

use crate::connection::Connection;
use crate::error::EngineError;
use crate::schema::{self, Schema};

/// How old a description may become.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How far before the last reading changes are asked for, so that none falls between.
const OVERLAP: SignedDuration = SignedDuration::from_mins(1);

impl Connection {
    pub(crate) fn schema_at_hand(&self) -> Option<(Timestamp, Arc<Schema>)> {
        self.known_schema.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The mappings as both platforms describe them.
    pub(crate) async fn schema(&self) -> Result<Arc<Schema>, EngineError> {
        if let Some((_, known)) = self.schema_at_hand() {
            return Ok(known);
        }
        let _one = self.describing.lock().await;
        match self.schema_at_hand() {
            Some((_, known)) => Ok(known),
            None => self.describe_both(self.settings.chosen).await,
        }
    }

    /// Reads the descriptions again where they are old: fields and options may have come or gone. What could not be
    /// synced for want of them is tried again.
    pub(crate) async fn refresh_schema(&self) -> Result<(), EngineError> {
        let old = |at: Timestamp| self.now().duration_since(at) >= FRESH;
        let Some((_, before)) = self.schema_at_hand().filter(|(at, _)| old(*at)) else { return Ok(()) };
        let _one = self.describing.lock().await;
        let Some((at, _)) = self.schema_at_hand().filter(|(at, _)| old(*at)) else { return Ok(()) };
        let since = at.checked_sub(OVERLAP).unwrap_or(at);
        self.side(Side::Salesforce).may_have_changed(since).await?;
        // A mapped field that is gone by now is left out and said: the rest goes on.
        let after = self.describe_both(false).await?;
        let mut changed = false;
        for side in [Side::HubSpot, Side::Salesforce] {
            for object in after.objects(side) {
                if before.fields_of(side, &object) != after.fields_of(side, &object) {
                    tracing::info!(%side, object, "described otherwise than before");
                    changed = true;
                }
            }
        }
        if changed {
            self.retry(&store::ErrorFilter::default())?;
        }
        Ok(())
    }

    async fn describe_both(&self, chosen: bool) -> Result<Arc<Schema>, EngineError> {
        let began = self.now();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let time_zone = hubspot.time_zone().await?;
        // An org may be connected to several accounts: each knows its own markers.
        salesforce.beside(&hubspot.account().await?);
        let settings = crate::Settings { chosen, ..self.settings.clone() };
        let schema = Arc::new(schema::load(&settings, hubspot, salesforce, time_zone).await?);
        for problem in &schema.problems {
            tracing::warn!(mapping = problem.mapping, problem = problem.problem, "mapping left out");
        }
        let known = Some((began, Arc::clone(&schema)));
        *self.known_schema.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(schema)
    }
}

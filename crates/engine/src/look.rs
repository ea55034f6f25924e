//! A look at one record for a person: what both sides hold, field by field, and what settings would do. Nothing is written
//! here.

use jiff::Timestamp;
use model::{Field, Side, Sides, SyncRule, Value};
use serde::Serialize;
use store::{Cause, Link};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::schema::{self, MappingProblem};
use crate::settings::Settings;
use crate::side::Segment;

/// A mapped pair of fields, as people know them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedPair {
    /// The names that programs use.
    pub names: Sides<String>,
    /// The names that people see.
    pub labels: Sides<String>,
    /// Which way it flows.
    pub rule: SyncRule,
}

/// What both sides hold at this moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// Whether the record of each side is there.
    pub there: Sides<bool>,
    /// When each was last changed, as its platform says.
    pub changed: Sides<Option<Timestamp>>,
    /// The mapped fields.
    pub fields: Vec<LookField>,
}

/// One pair of fields at this moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookField {
    /// The pair.
    pub pair: NamedPair,
    /// What each side holds.
    pub now: Sides<Value>,
    /// Whether each differs from what was last agreed.
    pub changed: Sides<bool>,
}

impl Connection {
    /// The mapped fields of two objects with the names people see, as far as the platforms have been asked already: no call
    /// is made. Nothing where they have not, or the objects are not in step.
    #[must_use]
    pub fn named_pairs(&self, hubspot_object: &str, salesforce_object: &str) -> Option<Vec<NamedPair>> {
        let (_, schema) = self.schema_at_hand()?;
        let route = schema.route(hubspot_object, salesforce_object)?;
        let named = |pair: &model::FieldPair| NamedPair {
            names: Sides { hubspot: pair.hubspot.name.clone(), salesforce: pair.salesforce.name.clone() },
            labels: Sides { hubspot: pair.hubspot.label.clone(), salesforce: pair.salesforce.label.clone() },
            rule: pair.mapping.rule,
        };
        Some(route.pairs.iter().map(named).collect())
    }

    /// What both sides of a link hold at this moment.
    ///
    /// # Errors
    /// When a platform cannot be asked, or the objects are no longer in step.
    pub async fn look_at(&self, link: &Link) -> Result<Look, EngineError> {
        let _waiting = self.meter.for_a_person();
        self.schema().await?;
        let (hubspot_object, salesforce_object) = (link.object(Side::HubSpot), link.object(Side::Salesforce));
        let pairs = self.named_pairs(hubspot_object, salesforce_object).ok_or_else(|| {
            EngineError::Settings(format!(
                "{hubspot_object} and {salesforce_object} are not kept in step. Switch their mapping on to compare them."
            ))
        })?;
        let schema = self.schema().await?;
        let read = |side: Side| {
            let schema = schema.clone();
            async move {
                let fields = schema.fields_of(side, link.object(side));
                let ids = [link.record(side).to_owned()];
                let found = self.side(side).read(link.object(side), &ids, &fields).await?;
                let live = found.into_values().find(|record| !record.deleted);
                Ok::<_, EngineError>(live)
            }
        };
        let (hubspot, salesforce) =
            futures::future::try_join(read(Side::HubSpot), read(Side::Salesforce)).await?;
        let found = Sides { hubspot, salesforce };
        let fields = pairs.into_iter().map(|pair| {
            let held = |side: Side| {
                let record = found.get(side).as_ref();
                record.and_then(|record| record.values.get(pair.names.get(side))).cloned().unwrap_or_default()
            };
            let now = Sides { hubspot: held(Side::HubSpot), salesforce: held(Side::Salesforce) };
            let changed = |side: Side| {
                let agreed = link.shadows.get(side).get(pair.names.get(side));
                found.get(side).is_some() && agreed.is_some_and(|agreed| agreed != now.get(side))
            };
            let changed = Sides { hubspot: changed(Side::HubSpot), salesforce: changed(Side::Salesforce) };
            LookField { pair, now, changed }
        });
        Ok(Look {
            at: self.now(),
            fields: fields.collect(),
            there: Sides { hubspot: found.hubspot.is_some(), salesforce: found.salesforce.is_some() },
            changed: Sides {
                hubspot: found.hubspot.as_ref().and_then(|record| record.modified),
                salesforce: found.salesforce.as_ref().and_then(|record| record.modified),
            },
        })
    }

    /// Has a record looked at next, because a person asks for it.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sync_now(&self, side: Side, object: &str, record: &str) -> Result<(), EngineError> {
        self.store.mark_many(&self.id, side, object, &[record.to_owned()], Cause::Person, self.now())?;
        self.forget_stuck();
        self.wake.notify_one();
        Ok(())
    }

    /// Checks settings against what both platforms describe, changing nothing. Answers what of them is left out.
    ///
    /// # Errors
    /// When a platform cannot be asked, or a mapping that a person chose does not fit: the error says which and why.
    pub async fn check_settings(&self, settings: &Settings) -> Result<Vec<MappingProblem>, EngineError> {
        let _waiting = self.meter.for_a_person();
        let (hubspot, salesforce) = (self.side(Side::HubSpot), self.side(Side::Salesforce));
        let (schema, _) = schema::read(settings, hubspot, salesforce, jiff::tz::TimeZone::UTC).await?;
        Ok(schema.problems)
    }

    /// The segments that can be chosen for a HubSpot object, by name.
    ///
    /// # Errors
    /// When HubSpot cannot be asked.
    pub async fn segments(&self, hubspot_object: &str) -> Result<Vec<Segment>, EngineError> {
        let _waiting = self.meter.for_a_person();
        Ok(self.side(Side::HubSpot).segments(hubspot_object).await?)
    }

    /// The fields of an object of each side that the connected user sees.
    ///
    /// # Errors
    /// When a platform cannot be asked, or has no such object.
    pub async fn fields_of(
        &self,
        hubspot_object: &str,
        salesforce_object: &str,
    ) -> Result<Sides<Vec<Field>>, EngineError> {
        let _waiting = self.meter.for_a_person();
        Ok(Sides {
            hubspot: self.side(Side::HubSpot).describe(hubspot_object).await?,
            salesforce: self.side(Side::Salesforce).describe(salesforce_object).await?,
        })
    }
}

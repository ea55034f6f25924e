//! Changing the settings of a connection: what the recommended ones are for these two platforms, what a change would do,
//! and keeping it, with who did it.

use std::sync::Arc;

use model::{NewProperty, Side, Suggestions};
use serde::Serialize;
use store::{AuditEntry, ErrorFilter};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::plan::Plan;
use crate::settings::Settings;
use crate::side::{PreviewSide, SideApi};

/// The recommended settings for one account and one org, and what they need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommended {
    /// The settings, with a mapping for every Salesforce field that can have one.
    pub settings: Settings,
    /// The HubSpot properties that would be made, in the group "Salesforce".
    pub new_properties: Vec<NewProperty>,
    /// What was found for each pair of objects, and why.
    pub suggestions: Vec<Suggestions>,
    /// Other HubSpot accounts on the same org that this Tandem knows. With any, nothing is made by itself in HubSpot.
    pub other_accounts: Vec<String>,
}

impl Connection {
    /// The recommended settings: the standard fields of both platforms mapped by name and type, and a property for each
    /// Salesforce field that has none. Where other HubSpot accounts are connected to the same org, nothing is made in
    /// HubSpot by itself: what one account makes would else come into the other. Nothing is changed by asking.
    ///
    /// # Errors
    /// When a platform cannot be asked, or the store cannot be read.
    pub async fn recommended(&self) -> Result<Recommended, EngineError> {
        let mut settings = Settings::recommended();
        let other_accounts = self.other_accounts()?;
        if !other_accounts.is_empty() {
            settings = settings.making_nothing_in_hubspot();
        }
        let suggestions = self.suggest_mappings(&settings).await?;
        for found in &suggestions {
            let place = settings.objects.iter_mut().find(|known| {
                known.hubspot_object == found.hubspot_object
                    && known.salesforce_object == found.salesforce_object
            });
            if let Some(place) = place {
                *place = found.applied_to(place);
            }
        }
        let new_properties = suggestions.iter().flat_map(|found| found.new_properties.clone()).collect();
        Ok(Recommended { settings, new_properties, suggestions, other_accounts })
    }

    /// Other HubSpot accounts on the same org that this store knows.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn other_accounts(&self) -> Result<Vec<String>, EngineError> {
        let connections = self.store.connections()?;
        let Some(own) = connections.iter().find(|row| row.id == self.id) else { return Ok(Vec::new()) };
        let others = connections.iter().filter(|row| row.salesforce_org == own.salesforce_org);
        let others = others.filter(|row| row.hubspot_account != own.hubspot_account);
        Ok(others.map(|row| row.hubspot_account.clone()).collect())
    }

    /// What these settings, with these new properties, would change. Nothing is written on either platform or in the
    /// store.
    ///
    /// # Errors
    /// When a platform cannot be asked, or the settings do not fit.
    pub async fn plan_change(
        &self,
        settings: Settings,
        new_properties: &[NewProperty],
    ) -> Result<Plan, EngineError> {
        let store = Arc::new(self.store.fork()?);
        let before = store.errors(&self.id, &ErrorFilter::default())?;
        let sides = self.preview_sides();
        for property in new_properties {
            sides.hubspot.create_property(property).await?;
        }
        let rehearsal = self.rehearsal(store, settings.clone(), sides);
        rehearsal.look_again_after(&self.settings, &settings)?;
        rehearsal.sync_once().await?;
        rehearsal.written_down(&before)
    }

    /// Keeps settings: they are checked, their new properties are made, what they change for records in step is looked at
    /// again, and it is noted who changed them. This connection goes on under the old ones: open it again to work under
    /// the new. Answers the properties made.
    ///
    /// # Errors
    /// When the settings do not fit or a platform cannot be asked; then nothing is kept.
    pub async fn keep_settings(
        &self,
        settings: &Settings,
        new_properties: &[NewProperty],
        who: &str,
    ) -> Result<Vec<String>, EngineError> {
        let sides = self.preview_sides();
        for property in new_properties {
            sides.hubspot.create_property(property).await?;
        }
        // What does not fit is refused before anything is made or kept.
        crate::schema::read(settings, &*sides.hubspot, &*sides.salesforce, jiff::tz::TimeZone::UTC).await?;
        let made = self.create_properties(new_properties).await?;
        let now = self.now();
        let after =
            serde_json::to_value(settings).map_err(|error| EngineError::Settings(error.to_string()))?;
        let kept = self.store.connection(&self.id)?.map(|row| row.settings);
        if kept.as_ref() != Some(&after) {
            self.look_again_after(&self.settings, settings)?;
            let entry = AuditEntry {
                at: now,
                who: who.to_owned(),
                what: "settings".to_owned(),
                before: kept,
                after: Some(after.clone()),
            };
            self.store.add_audit(&self.id, &entry)?;
            self.store.update_settings(&self.id, &after)?;
        }
        Ok(made)
    }

    /// Who changed the settings, when, and from what to what; the latest change first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn settings_history(&self, limit: usize) -> Result<Vec<AuditEntry>, EngineError> {
        Ok(self.store.audit(&self.id, limit)?)
    }

    /// Both sides, to be written in pretence only.
    pub(crate) fn preview_sides(&self) -> model::Sides<Arc<dyn SideApi>> {
        let preview = |side: Side| -> Arc<dyn SideApi> { Arc::new(PreviewSide::new(self.side_api(side))) };
        model::Sides { hubspot: preview(Side::HubSpot), salesforce: preview(Side::Salesforce) }
    }
}

//! How to sync: what is recommended, what was chosen, and what the first sync would do with it.

use std::sync::{Arc, PoisonError};

use model::{Confidence, NewProperty, SuggestedBy, Suggestion, Suggestions};
use store::{ConnectionRow, ConnectionState, Store};

use super::Setup;
use super::answers::{Account, Answers, Org, Way};
use super::error::{Refused, SetupError, of_hubspot};
use super::prerequisites::{self, Chosen, Prerequisite};
use crate::connection::Connection;
use crate::plan::{Plan, PlanCount, PlannedRecord};
use crate::settings::Settings;

/// Records shown for each line of a plan.
const EXAMPLES: usize = 5;

/// What the first sync would do, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// Nobody has asked yet, or something else was chosen since.
    NotAsked,
    /// It is being found out.
    Running,
    /// This.
    Ready(Arc<Outcome>),
    /// It could not be found out, for this reason.
    Failed(String),
}

/// What the first sync would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How many records of each object, by what would happen to them.
    pub counts: Vec<PlanCount>,
    /// Some records of each of these lines.
    pub examples: Vec<PlannedRecord>,
    /// Records read on each side.
    pub read: model::Sides<u64>,
    /// What the brake would stop it for.
    pub brake: Vec<String>,
}

/// A preview with the settings that it is for.
pub(super) struct Asked {
    settings: Settings,
    state: Preview,
}

/// A segment that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many members it has, where HubSpot told.
    pub size: Option<u64>,
}

impl Setup {
    /// The settings of a set-up: what was chosen, else what is recommended.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn settings(&self, draft: &str) -> Result<Settings, SetupError> {
        let answers = self.answers(draft)?;
        match &answers.settings {
            Some(settings) => Ok(settings.clone()),
            None => self.recommended(&answers),
        }
    }

    /// The recommended settings. Where the org is in step with another account already, nothing is created in HubSpot by
    /// itself: a record that one account made would appear in the other.
    fn recommended(&self, answers: &Answers) -> Result<Settings, SetupError> {
        let mut settings = Settings::recommended();
        let rows = self.supervisor.store().connections()?;
        let shared = answers
            .salesforce
            .as_ref()
            .is_some_and(|org| rows.iter().any(|row| row.salesforce_org == org.id));
        if shared {
            for mapping in settings.objects.iter_mut().filter(|mapping| mapping.hubspot_object == "contacts")
            {
                mapping.create_in_hubspot = false;
            }
        }
        Ok(settings)
    }

    /// Takes the recommended settings.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn take_recommended(&self, draft: &str) -> Result<(), SetupError> {
        self.change(draft, |answers| {
            answers.way = Some(Way::Recommended);
            answers.settings = None;
        })
    }

    /// Keeps settings that were chosen one by one.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn choose(&self, draft: &str, settings: Settings) -> Result<(), SetupError> {
        self.change(draft, |answers| {
            answers.way = Some(Way::Advanced);
            answers.settings = Some(settings);
        })
    }

    /// Asks the org whether everything is in place for what was chosen, and keeps what it says.
    ///
    /// # Errors
    /// When Salesforce cannot be asked.
    pub async fn check_prerequisites(&self, draft: &str) -> Result<Vec<Prerequisite>, SetupError> {
        let client = self.salesforce_of(draft)?;
        let answers = self.answers(draft)?;
        let org = answers.salesforce.clone().ok_or(Refused::TooEarly)?;
        let settings = self.settings(draft)?;
        let package = &answers.package;
        let placed = matches!(answers.embed, super::EmbedState::Placed { .. } | super::EmbedState::NotChosen);
        let skipped = matches!(package, super::PackageState::Skipped);
        let chosen = Chosen {
            objects: Chosen::objects_of(&settings),
            activities: settings.activities.salesforce_tasks
                || settings.activities.timeline.iter().any(|activity| activity.enabled),
            embed: placed && !skipped,
            packaged: self.supervisor.credentials().package_version.is_some()
                && !matches!(package, super::PackageState::Installed { .. } | super::PackageState::Skipped),
            // The fields that Tandem writes come with the package; without it, the engine makes them itself.
            changes_org: !matches!(package, super::PackageState::Installed { .. }) || placed,
        };
        let rows = prerequisites::check(&client, &org, &chosen)
            .await
            .map_err(|error| super::error::of_salesforce(&error))?;
        let (kept, now) = (rows.clone(), self.now());
        self.change(draft, |answers| {
            answers.prerequisites = kept;
            answers.checked_at = Some(now);
        })?;
        Ok(rows)
    }

    /// Contact segments whose name contains `text`, with their sizes.
    ///
    /// # Errors
    /// When HubSpot cannot be asked.
    pub async fn segments(&self, draft: &str, text: &str) -> Result<Vec<Segment>, SetupError> {
        let client = self.hubspot_of(draft)?;
        let found = client.lists_of("contacts", text).await.map_err(|error| of_hubspot(&error))?;
        let segment =
            |list: ::hubspot::ListFound| Segment { id: list.list_id, name: list.name, size: list.size };
        Ok(found.into_iter().map(segment).collect())
    }

    /// What could be mapped besides, and the properties that would be made for it.
    ///
    /// # Errors
    /// When a platform is not connected yet, or cannot be asked.
    pub async fn suggestions(&self, draft: &str) -> Result<Vec<Suggestions>, SetupError> {
        let settings = self.settings(draft)?;
        Ok(self.connection(draft)?.suggest_mappings(&settings).await?)
    }

    /// Says whether properties are made for Salesforce fields that have none in HubSpot.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn make_properties(&self, draft: &str, make: bool) -> Result<(), SetupError> {
        self.change(draft, |answers| answers.leave_properties = !make)
    }

    /// The settings with what is mapped by itself: with the recommended settings, every pair that is sure; in either way,
    /// the properties that are made. With `make`, they are made now; without, they are left out.
    pub(super) async fn prepared(&self, draft: &str, make: bool) -> Result<Settings, SetupError> {
        let answers = self.answers(draft)?;
        let mut settings = self.settings(draft)?;
        let by_itself = |known: &Suggestion| match known.by {
            SuggestedBy::Current => true,
            SuggestedBy::NewProperty => make && !answers.leave_properties,
            _ => answers.way != Some(Way::Advanced) && known.confidence >= Confidence::High,
        };
        let mut suggested = self.suggestions(draft).await?;
        for found in &mut suggested {
            found.mappings.retain(by_itself);
            let mapped = |name: &str| found.mappings.iter().any(|known| known.mapping.hubspot == name);
            found.new_properties.retain(|new| mapped(&new.name));
        }
        if make {
            let new: Vec<NewProperty> =
                suggested.iter().flat_map(|found| found.new_properties.clone()).collect();
            self.connection(draft)?.create_properties(&new).await?;
        } else {
            suggested = suggested.into_iter().map(Suggestions::without_new_properties).collect();
        }
        for mapping in &mut settings.objects {
            let found = suggested.iter().find(|found| {
                found.hubspot_object == mapping.hubspot_object
                    && found.salesforce_object == mapping.salesforce_object
            });
            if let Some(found) = found {
                *mapping = found.applied_to(mapping);
            }
        }
        Ok(settings)
    }

    /// The connection as it would be, on a store of its own: to look at fields, and to rehearse. Nothing is kept of it.
    ///
    /// # Errors
    /// When one of the platforms is not connected yet.
    pub fn connection(&self, draft: &str) -> Result<Connection, SetupError> {
        self.connection_with(draft, self.settings(draft)?)
    }

    fn connection_with(&self, draft: &str, settings: Settings) -> Result<Connection, SetupError> {
        let answers = self.answers(draft)?;
        let (Some(account), Some(org)) = (&answers.hubspot, &answers.salesforce) else {
            return Err(Refused::TooEarly.into());
        };
        let store = Arc::new(Store::open_in_memory()?);
        let row = self.row(account, org, &settings)?;
        store.create_connection(&row)?;
        Ok(Connection::new(
            row.id,
            store,
            settings,
            self.supervisor.credentials().options.clone(),
            self.supervisor.world().clone(),
            self.hubspot_of(draft)?,
            self.salesforce_of(draft)?,
        ))
    }

    pub(super) fn row(
        &self,
        account: &Account,
        org: &Org,
        settings: &Settings,
    ) -> Result<ConnectionRow, SetupError> {
        let named = |name: &Option<String>, id: &str| name.clone().unwrap_or_else(|| id.to_owned());
        let settings = serde_json::to_value(settings)
            .map_err(|error| Refused::Settings(format!("the settings cannot be written: {error}")))?;
        Ok(ConnectionRow {
            id: model::ConnectionId::new(format!("{}-{}", account.id, org.id)),
            name: format!("{} ↔ {}", named(&account.name, &account.id), named(&org.name, &org.id)),
            hubspot_account: account.id.clone(),
            salesforce_org: org.id.clone(),
            state: ConnectionState::Active,
            state_reason: None,
            settings,
            created_at: self.now(),
        })
    }

    /// Begins to find out what the first sync would do; nothing happens where that is under way or known.
    ///
    /// # Errors
    /// When one of the platforms is not connected yet.
    pub fn ask_preview(self: &Arc<Self>, draft: &str) -> Result<(), SetupError> {
        let settings = self.settings(draft)?;
        if matches!(self.preview(draft)?, Preview::Running | Preview::Ready(_)) {
            return Ok(());
        }
        // Refused at once where it is too early.
        self.connection(draft)?;
        self.note(draft, Asked { settings: settings.clone(), state: Preview::Running });
        let (setup, draft) = (Arc::clone(self), draft.to_owned());
        tokio::spawn(async move {
            let state = match setup.rehearse(&draft).await {
                Ok(plan) => Preview::Ready(Arc::new(outcome(plan))),
                Err(error) => Preview::Failed(error.to_string()),
            };
            setup.note(&draft, Asked { settings, state });
        });
        Ok(())
    }

    async fn rehearse(&self, draft: &str) -> Result<Plan, SetupError> {
        let settings = self.prepared(draft, false).await?;
        Ok(self.connection_with(draft, settings)?.plan(None).await?)
    }

    /// What the first sync would do under what is chosen now, as far as it is known.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn preview(&self, draft: &str) -> Result<Preview, SetupError> {
        let settings = self.settings(draft)?;
        let previews = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = previews.get(draft).filter(|asked| asked.settings == settings);
        Ok(asked.map_or(Preview::NotAsked, |asked| asked.state.clone()))
    }

    /// Keeps what came of it, unless something else was asked for meanwhile.
    fn note(&self, draft: &str, asked: Asked) {
        let mut previews = self.previews.lock().unwrap_or_else(PoisonError::into_inner);
        let running = matches!(asked.state, Preview::Running);
        if running || previews.get(draft).is_some_and(|known| known.settings == asked.settings) {
            previews.insert(draft.to_owned(), asked);
        }
    }

    pub(super) fn forget_preview(&self, draft: &str) {
        self.previews.lock().unwrap_or_else(PoisonError::into_inner).remove(draft);
    }
}

fn outcome(plan: Plan) -> Outcome {
    let mut examples = Vec::new();
    for count in &plan.counts {
        let of = plan.records.iter().filter(|record| {
            record.side == count.side && record.object == count.object && record.action == count.action
        });
        examples.extend(of.take(EXAMPLES).cloned());
    }
    Outcome {
        read: model::Sides { hubspot: plan.figures.hubspot.read, salesforce: plan.figures.salesforce.read },
        brake: plan.brake.iter().map(ToString::to_string).collect(),
        counts: plan.counts,
        examples,
    }
}

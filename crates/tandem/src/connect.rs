//! From a configuration to a connection at work.

use std::sync::Arc;

use anyhow::{Context, bail};
use engine::{Connection, Plan, Settings};
use model::ConnectionId;
use store::{AuditEntry, ConnectionRow, ConnectionState, Store};
use transport::World;

use crate::config::Config;

/// A connection that is opened, with the settings it was kept with; none where the store does not have it yet.
pub struct Opened {
    /// Under the settings that are asked for now.
    pub connection: Connection,
    /// The row to be kept.
    row: ConnectionRow,
    store: Arc<Store>,
    /// Whether the store has it.
    known: bool,
    /// The settings the store has it with.
    pub before: Option<Settings>,
}

/// Asks both platforms who they are and opens the connection between them, making it where the store has none.
pub async fn connect(config: Config, store: Arc<Store>) -> anyhow::Result<Connection> {
    let opened = open(config, store).await?;
    // Settings that do not fit are refused before anything is kept or changed.
    match opened.connection.mapping_problems().await {
        Ok(problems) => {
            for problem in problems {
                tracing::info!(
                    mapping = problem.mapping,
                    problem = problem.problem,
                    "left out of the automatic mapping"
                );
            }
        }
        // A connection that has been at work goes on when the platforms can be asked again.
        Err(error) if opened.known && error.is_passing() => {
            tracing::warn!(%error, "the mappings cannot be checked now");
        }
        Err(error) => return Err(error.into()),
    }
    opened.keep()
}

impl Opened {
    /// What a pass would do under the settings that are asked for now. The store it was opened on is a copy: a connection
    /// that was never kept is kept there for the rehearsal.
    pub async fn plan(self) -> anyhow::Result<Plan> {
        if !self.known {
            self.store.create_connection(&self.row)?;
        }
        let changed = self.before.is_some().then(|| self.connection.settings().clone());
        Ok(self.connection.plan(changed).await?)
    }

    /// The connection alone; on a copy of the store, one that was never kept is kept there.
    pub fn rehearse(self) -> anyhow::Result<Connection> {
        if !self.known {
            self.store.create_connection(&self.row)?;
        }
        Ok(self.connection)
    }

    /// What an import would do, on a copy of the store.
    pub async fn plan_import(self, import: engine::Import) -> anyhow::Result<Plan> {
        if !self.known {
            self.store.create_connection(&self.row)?;
        }
        Ok(self.connection.plan_import(import).await?)
    }

    /// Writes down who changed the settings, from what to what.
    fn note_change(&self) -> anyhow::Result<()> {
        let entry = AuditEntry {
            at: self.row.created_at,
            who: who(),
            what: "settings".to_owned(),
            before: self.before.as_ref().map(serde_json::to_value).transpose()?,
            after: Some(self.row.settings.clone()),
        };
        Ok(self.store.add_audit(&self.row.id, &entry)?)
    }

    /// Keeps the connection and its settings; what they change for records that are linked already is looked at again.
    pub fn keep(self) -> anyhow::Result<Connection> {
        if self.known {
            if let Some(before) = &self.before {
                self.connection.look_again_after(before, self.connection.settings())?;
            }
            if self.before.as_ref() != Some(self.connection.settings()) {
                self.note_change()?;
            }
            self.store.update_settings(&self.row.id, &self.row.settings)?;
        } else {
            self.store.create_connection(&self.row)?;
        }
        Ok(self.connection)
    }
}

/// Who is at the command line, as far as is known.
pub fn who() -> String {
    let named = ["SUDO_USER", "USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| "command line".to_owned())
}

/// Opens the connection and keeps nothing.
pub async fn open(config: Config, store: Arc<Store>) -> anyhow::Result<Opened> {
    let world = World::real()?;
    let hubspot =
        hubspot::Client::new(world.clone(), hubspot::Config::new(config.hubspot_url, config.hubspot));
    let salesforce = salesforce::Client::new(world.clone(), salesforce::Config::new(config.salesforce));
    let account = hubspot.account().await.context("HubSpot cannot be connected")?.portal_id;
    let identity = salesforce.identity().await.context("Salesforce cannot be connected")?;
    let org = identity.organization_id;
    let rows = store.connections()?;
    let this = |row: &&ConnectionRow| row.hubspot_account == account && row.salesforce_org == org;
    let id = match (rows.iter().find(this), rows.first()) {
        (Some(row), _) => row.id.clone(),
        (None, Some(row)) => bail!(
            "this data folder belongs to HubSpot account {} and Salesforce org {}, not to {account} and {org}; use another \
             folder with --data, or the tokens it was made with",
            row.hubspot_account,
            row.salesforce_org
        ),
        (None, None) => ConnectionId::new(format!("{account}-{org}")),
    };
    let known = store.connection(&id)?;
    let before: Option<Settings> =
        known.as_ref().and_then(|row| serde_json::from_value(row.settings.clone()).ok());
    // Settings that were kept stand until a file or a command says others.
    let settings = match &before {
        Some(kept) if !config.from_file => kept.clone(),
        _ => config.settings,
    };
    let kept = serde_json::to_value(&settings)?;
    let connection = Connection::new(
        id.clone(),
        store.clone(),
        settings,
        config.options,
        world.clone(),
        hubspot,
        salesforce,
    );
    let row = ConnectionRow {
        id,
        name: format!("HubSpot {account} ↔ Salesforce {org}"),
        hubspot_account: account,
        salesforce_org: org,
        state: ConnectionState::Active,
        state_reason: None,
        settings: kept,
        created_at: world.clock.now(),
    };
    Ok(Opened { connection, row, store, known: known.is_some(), before })
}

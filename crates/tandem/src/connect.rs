//! From a configuration to a connection at work.

use std::sync::Arc;

use anyhow::{Context, bail};
use engine::Connection;
use model::ConnectionId;
use store::{ConnectionRow, ConnectionState, Store};
use transport::World;

use crate::config::Config;

/// Asks both platforms who they are and opens the connection between them, making it where the store has none.
pub async fn connect(config: Config, store: Arc<Store>) -> anyhow::Result<Connection> {
    let world = World::real()?;
    let hubspot =
        hubspot::Client::new(world.clone(), hubspot::Config::new(config.hubspot_url, config.hubspot));
    let salesforce = salesforce::Client::new(world.clone(), salesforce::Config::new(config.salesforce));
    let account = hubspot.account().await.context("HubSpot cannot be connected")?.portal_id;
    let identity = salesforce.identity().await.context("Salesforce cannot be connected")?;
    let org = identity.organization_id;
    let settings = serde_json::to_value(&config.settings)?;
    let id = match store.connections()?.into_iter().next() {
        Some(row) if row.hubspot_account != account || row.salesforce_org != org => bail!(
            "this data folder belongs to HubSpot account {} and Salesforce org {}, not to {account} and {org}; use another \
             folder with --data, or the tokens it was made with",
            row.hubspot_account,
            row.salesforce_org
        ),
        Some(row) => row.id,
        None => ConnectionId::new(format!("{account}-{org}")),
    };
    let connection = Connection::new(
        id.clone(),
        store.clone(),
        config.settings,
        config.options,
        world.clone(),
        hubspot,
        salesforce,
    );
    // Settings that do not fit are refused before anything is kept or changed.
    for problem in connection.mapping_problems().await? {
        tracing::info!(
            mapping = problem.mapping,
            problem = problem.problem,
            "left out of the automatic mapping"
        );
    }
    if store.connection(&id)?.is_none() {
        store.create_connection(&ConnectionRow {
            id,
            name: format!("HubSpot {account} ↔ Salesforce {org}"),
            hubspot_account: account,
            salesforce_org: org,
            state: ConnectionState::Active,
            state_reason: None,
            settings,
            created_at: world.clock.now(),
        })?;
    } else {
        store.update_settings(&id, &settings)?;
    }
    Ok(connection)
}

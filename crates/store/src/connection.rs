//! Connections: one HubSpot account with one Salesforce org.

use jiff::Timestamp;
use model::ConnectionId;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use crate::db::{from_json, millis, moment, to_json};
use crate::{Store, StoreError};

/// Whether a connection is worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// It is.
    Active,
    /// A person paused it; marks wait.
    Paused,
    /// It stopped by itself and a person must act.
    Stopped,
}

impl ConnectionState {
    /// The name in the database and for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "paused" => Self::Paused,
            "stopped" => Self::Stopped,
            _ => Self::Active,
        }
    }
}

/// A connection as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    /// Its id.
    pub id: ConnectionId,
    /// What people call it.
    pub name: String,
    /// The HubSpot account's number.
    pub hubspot_account: String,
    /// The Salesforce org's id.
    pub salesforce_org: String,
    /// Whether it is worked.
    pub state: ConnectionState,
    /// Why it is not active.
    pub state_reason: Option<String>,
    /// Its settings.
    pub settings: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, name, hubspot_account, salesforce_org, state, state_reason, settings, created_at";

fn read(row: &Row<'_>) -> rusqlite::Result<(ConnectionRow, String)> {
    let state: String = row.get(4)?;
    let connection = ConnectionRow {
        id: ConnectionId::new(row.get::<_, String>(0)?),
        name: row.get(1)?,
        hubspot_account: row.get(2)?,
        salesforce_org: row.get(3)?,
        state: ConnectionState::parse(&state),
        state_reason: row.get(5)?,
        settings: Value::Null,
        created_at: moment(row.get(7)?),
    };
    Ok((connection, row.get(6)?))
}

fn finish((mut connection, settings): (ConnectionRow, String)) -> Result<ConnectionRow, StoreError> {
    connection.settings = from_json("the settings of a connection", &settings)?;
    Ok(connection)
}

impl Store {
    /// Keeps a new connection.
    ///
    /// # Errors
    /// When its HubSpot account is connected already.
    pub fn create_connection(&self, connection: &ConnectionRow) -> Result<(), StoreError> {
        let settings = to_json("the settings of a connection", &connection.settings)?;
        self.transaction(|tx| {
            let taken: Option<String> = tx
                .db
                .query_row(
                    "SELECT id FROM connection WHERE hubspot_account = ?1",
                    [&connection.hubspot_account],
                    |row| row.get(0),
                )
                .optional()?;
            if taken.is_some() {
                return Err(StoreError::AlreadyConnected(connection.hubspot_account.clone()));
            }
            tx.db.execute(
                "INSERT INTO connection (id, name, hubspot_account, salesforce_org, state, state_reason, settings, \
                 created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    connection.id.as_str(),
                    connection.name,
                    connection.hubspot_account,
                    connection.salesforce_org,
                    connection.state.as_str(),
                    connection.state_reason,
                    settings,
                    millis(connection.created_at)
                ],
            )?;
            Ok(())
        })
    }

    /// All connections, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn connections(&self) -> Result<Vec<ConnectionRow>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM connection ORDER BY created_at, id"))?;
            let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
            rows.into_iter().map(finish).collect()
        })
    }

    /// One connection.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn connection(&self, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM connection WHERE id = ?1"))?;
            statement.query_row([id.as_str()], read).optional()?.map(finish).transpose()
        })
    }

    /// Pauses, resumes or stops a connection.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_connection_state(
        &self,
        id: &ConnectionId,
        state: ConnectionState,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute(
                "UPDATE connection SET state = ?2, state_reason = ?3 WHERE id = ?1",
                params![id.as_str(), state.as_str(), reason],
            )?;
            Ok(())
        })
    }

    /// Keeps what an active connection waits for; nothing once it goes on.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_waiting_reason(&self, id: &ConnectionId, reason: Option<&str>) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db
                .prepare_cached(
                    "UPDATE connection SET state_reason = ?2 WHERE id = ?1 AND state = 'active' \
                     AND state_reason IS NOT ?2",
                )?
                .execute(params![id.as_str(), reason])?;
            Ok(())
        })
    }

    /// Replaces a connection's settings.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn update_settings(&self, id: &ConnectionId, settings: &Value) -> Result<(), StoreError> {
        let settings = to_json("the settings of a connection", settings)?;
        self.transaction(|tx| {
            tx.db.execute(
                "UPDATE connection SET settings = ?2 WHERE id = ?1",
                params![id.as_str(), settings],
            )?;
            Ok(())
        })
    }

    /// Gives a connection another name.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn rename_connection(&self, id: &ConnectionId, name: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("UPDATE connection SET name = ?2 WHERE id = ?1", params![id.as_str(), name])?;
            Ok(())
        })
    }

    /// Forgets a connection with everything that was kept of it: links, history, errors, marks, secrets.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is forgotten.
    pub fn delete_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.forget_secrets(id.as_str())?;
            tx.db.execute("DELETE FROM api_call WHERE connection = ?1", [id.as_str()])?;
            // Settings of one connection are kept under a name that ends in its id.
            tx.db.execute("DELETE FROM setting WHERE name LIKE '%:' || ?1", [id.as_str()])?;
            tx.db.execute("DELETE FROM connection WHERE id = ?1", [id.as_str()])?;
            Ok(())
        })
    }
}

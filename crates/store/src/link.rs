//! Links: a HubSpot record and the Salesforce record it is in step with, and what each side held when they agreed.

use jiff::Timestamp;
use model::{ConnectionId, Side, Sides, Values};
use rusqlite::{OptionalExtension, Row, params};

use crate::db::{count, from_json, millis, moment, to_json};
use crate::{Store, StoreError, Tx};

/// A link's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) i64);

impl std::fmt::Display for LinkId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a link rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resting {
    /// Its HubSpot record was deleted.
    DeletedInHubSpot,
    /// Its Salesforce record was deleted.
    DeletedInSalesforce,
    /// One of its records is outside the segment or filter.
    Outside,
    /// A person, or a merge, parted the two: they are not linked again by themselves.
    Apart,
}

impl Resting {
    /// The name in the database and in the history.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeletedInHubSpot => "deleted_in_hubspot",
            Self::DeletedInSalesforce => "deleted_in_salesforce",
            Self::Outside => "outside",
            Self::Apart => "apart",
        }
    }
}

/// Whether a link's records are kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// They are.
    Active,
    /// One is gone; the other is left as it is.
    Resting(Resting),
}

impl LinkState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Resting(why) => why.as_str(),
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "deleted_in_hubspot" => Self::Resting(Resting::DeletedInHubSpot),
            "deleted_in_salesforce" => Self::Resting(Resting::DeletedInSalesforce),
            "outside" => Self::Resting(Resting::Outside),
            "apart" => Self::Resting(Resting::Apart),
            _ => Self::Active,
        }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Object and id on each side.
    objects: Sides<String>,
    records: Sides<String>,
    /// Whether its records are kept in step.
    pub state: LinkState,
    /// What each side held of each mapped field when the two last agreed. A field that is missing was never agreed on.
    pub shadows: Sides<Values>,
    /// When the two were linked.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
}

impl Link {
    /// The object of its record on `side`.
    #[must_use]
    pub fn object(&self, side: Side) -> &str {
        self.objects.get(side)
    }

    /// The id of its record on `side`.
    #[must_use]
    pub fn record(&self, side: Side) -> &str {
        self.records.get(side)
    }

    /// Whether its records are kept in step.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == LinkState::Active
    }
}

/// A link to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLink {
    /// Its connection.
    pub connection: ConnectionId,
    /// The HubSpot record's object.
    pub hubspot_object: String,
    /// The HubSpot record's id.
    pub hubspot_id: String,
    /// The Salesforce record's object.
    pub salesforce_object: String,
    /// The Salesforce record's id.
    pub salesforce_id: String,
    /// What is already agreed on.
    pub shadows: Sides<Values>,
    /// Now.
    pub at: Timestamp,
}

pub(crate) fn side_of(text: &str) -> Side {
    if text == Side::HubSpot.as_str() { Side::HubSpot } else { Side::Salesforce }
}

const COLUMNS: &str = "id, connection, hubspot_object, hubspot_id, salesforce_object, salesforce_id, state, \
                       hubspot_shadow, salesforce_shadow, created_at, updated_at";

struct Raw {
    link: Link,
    shadows: Sides<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let state: String = row.get(6)?;
    Ok(Raw {
        link: Link {
            id: LinkId(row.get(0)?),
            connection: ConnectionId::new(row.get::<_, String>(1)?),
            objects: Sides { hubspot: row.get(2)?, salesforce: row.get(4)? },
            records: Sides { hubspot: row.get(3)?, salesforce: row.get(5)? },
            state: LinkState::parse(&state),
            shadows: Sides::default(),
            created_at: moment(row.get(9)?),
            updated_at: moment(row.get(10)?),
        },
        shadows: Sides { hubspot: row.get(7)?, salesforce: row.get(8)? },
    })
}

fn finish(raw: Raw) -> Result<Link, StoreError> {
    let mut link = raw.link;
    link.shadows = Sides {
        hubspot: from_json("the shadow of a link", &raw.shadows.hubspot)?,
        salesforce: from_json("the shadow of a link", &raw.shadows.salesforce)?,
    };
    Ok(link)
}

fn by_record(side: Side) -> String {
    let side = side.as_str();
    format!("SELECT {COLUMNS} FROM link WHERE connection = ?1 AND {side}_object = ?2 AND {side}_id = ?3")
}

impl Store {
    /// The links that name these records of `side`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn links_by_ids(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        ids: &[String],
    ) -> Result<Vec<Link>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&by_record(side))?;
            let mut links = Vec::new();
            for id in ids {
                let raw = statement.query_row(params![connection.as_str(), object, id], read).optional()?;
                links.extend(raw.map(finish).transpose()?);
            }
            Ok(links)
        })
    }

    /// The link that names this record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link_of(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        id: &str,
    ) -> Result<Option<Link>, StoreError> {
        self.read(|tx| tx.link_of(connection, side, object, id))
    }

    /// The link of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        self.read(|tx| tx.link(id))
    }

    /// Links after a given one, in order, at most `limit`: for going through all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn links_after(
        &self,
        connection: &ConnectionId,
        after: Option<LinkId>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM link WHERE connection = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let after = after.map_or(0, |id| id.0);
            let raws: Vec<Raw> = statement
                .query_map(params![connection.as_str(), after, limit], read)?
                .collect::<Result<_, _>>()?;
            raws.into_iter().map(finish).collect()
        })
    }

    /// How many links there are, by object on each side.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link_counts(&self, connection: &ConnectionId) -> Result<Vec<(String, String, u64)>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT hubspot_object, salesforce_object, COUNT(*) FROM link WHERE connection = ?1 \
                 GROUP BY hubspot_object, salesforce_object ORDER BY 1, 2",
            )?;
            let rows = statement
                .query_map([connection.as_str()], |row| Ok((row.get(0)?, row.get(1)?, count(row, 2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The links of two objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkKind {
    /// The HubSpot object.
    pub hubspot_object: String,
    /// The Salesforce object.
    pub salesforce_object: String,
    /// Links whose records are kept in step.
    pub active: u64,
    /// Links that rest.
    pub resting: u64,
}

impl Store {
    /// How many links there are of each two objects, at work and at rest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link_kinds(&self, connection: &ConnectionId) -> Result<Vec<LinkKind>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT hubspot_object, salesforce_object, SUM(CASE WHEN state = 'active' THEN 1 ELSE 0 END), COUNT(*) \
                 FROM link WHERE connection = ?1 GROUP BY hubspot_object, salesforce_object ORDER BY 1, 2",
            )?;
            let rows = statement.query_map([connection.as_str()], |row| {
                let active = count(row, 2)?;
                Ok(LinkKind {
                    hubspot_object: row.get(0)?,
                    salesforce_object: row.get(1)?,
                    active,
                    resting: count(row, 3)? - active,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// The link of this number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        let mut statement = self.db.prepare_cached(&format!("SELECT {COLUMNS} FROM link WHERE id = ?1"))?;
        statement.query_row([id.0], read).optional()?.map(finish).transpose()
    }

    /// The link that names this record.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn link_of(
        &self,
        connection: &ConnectionId,
        side: Side,
        object: &str,
        id: &str,
    ) -> Result<Option<Link>, StoreError> {
        let mut statement = self.db.prepare_cached(&by_record(side))?;
        let raw = statement.query_row(params![connection.as_str(), object, id], read).optional()?;
        raw.map(finish).transpose()
    }

    /// Links two records that no other link names.
    ///
    /// # Errors
    /// When one is linked already, or the database cannot be written.
    pub fn insert_link(&self, new: &NewLink) -> Result<Link, StoreError> {
        let id = LinkId(self.next_number("link")?);
        self.db
            .prepare_cached(
                "INSERT INTO link (id, connection, hubspot_object, hubspot_id, salesforce_object, salesforce_id, state, \
                 hubspot_shadow, salesforce_shadow, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'active', ?7, ?8, ?9, ?9)",
            )?
            .execute(params![
                id.0,
                new.connection.as_str(),
                new.hubspot_object,
                new.hubspot_id,
                new.salesforce_object,
                new.salesforce_id,
                to_json("the shadow of a link", &new.shadows.hubspot)?,
                to_json("the shadow of a link", &new.shadows.salesforce)?,
                millis(new.at)
            ])?;
        self.set_terms(id, &new.shadows)?;
        Ok(Link {
            id,
            connection: new.connection.clone(),
            objects: Sides { hubspot: new.hubspot_object.clone(), salesforce: new.salesforce_object.clone() },
            records: Sides { hubspot: new.hubspot_id.clone(), salesforce: new.salesforce_id.clone() },
            state: LinkState::Active,
            shadows: new.shadows.clone(),
            created_at: new.at,
            updated_at: new.at,
        })
    }

    /// Notes what both sides hold now that they agree.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn update_shadows(
        &self,
        id: LinkId,
        shadows: &Sides<Values>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.db
            .prepare_cached(
                "UPDATE link SET hubspot_shadow = ?2, salesforce_shadow = ?3, updated_at = ?4 WHERE id = ?1",
            )?
            .execute(params![
                id.0,
                to_json("the shadow of a link", &shadows.hubspot)?,
                to_json("the shadow of a link", &shadows.salesforce)?,
                millis(now)
            ])?;
        self.set_terms(id, shadows)
    }

    /// Puts a link to rest, or wakes it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_link_state(&self, id: LinkId, state: LinkState, now: Timestamp) -> Result<(), StoreError> {
        self.db
            .prepare_cached("UPDATE link SET state = ?2, updated_at = ?3 WHERE id = ?1")?
            .execute(params![id.0, state.as_str(), millis(now)])?;
        Ok(())
    }

    /// Lets a link name another record on `side`: the one that lives on after a merge or a conversion. What was agreed
    /// on with the record before is forgotten where `shadows` does not say it.
    ///
    /// # Errors
    /// When another link names that record, or the database cannot be written.
    pub fn move_link(
        &self,
        id: LinkId,
        side: Side,
        object: &str,
        record: &str,
        shadows: &Sides<Values>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let side = side.as_str();
        self.db
            .prepare_cached(&format!("UPDATE link SET {side}_object = ?2, {side}_id = ?3 WHERE id = ?1"))?
            .execute(params![id.0, object, record])?;
        self.update_shadows(id, shadows, now)
    }

    /// Forgets a link.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn delete_link(&self, id: LinkId) -> Result<(), StoreError> {
        self.db.prepare_cached("DELETE FROM link WHERE id = ?1")?.execute([id.0])?;
        Ok(())
    }
}

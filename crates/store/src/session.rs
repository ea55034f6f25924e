//! Sessions of people who are signed in, API tokens of programs, and failed tries to sign in.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use crate::account::role;
use crate::db::{count, millis, moment};
use crate::{AccountId, Role, Store, StoreError};

/// How often a session or a token is written to say that it was used.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who is signed in.
    pub account: AccountId,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, give or take a minute.
    pub seen_at: Timestamp,
}

/// A token that programs send. What they send is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number.
    pub id: i64,
    /// Whose it is: it may never do more than they may.
    pub account: AccountId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer opens.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    pub used_at: Option<Timestamp>,
}

fn read_token(row: &Row<'_>) -> rusqlite::Result<ApiToken> {
    Ok(ApiToken {
        id: row.get(0)?,
        account: AccountId(row.get(1)?),
        name: row.get(2)?,
        role: role(row, 3)?,
        created_at: moment(row.get(4)?),
        expires_at: row.get::<_, Option<i64>>(5)?.map(moment),
        used_at: row.get::<_, Option<i64>>(6)?.map(moment),
    })
}

const TOKEN: &str = "id, account, name, role, created_at, expires_at, used_at";

impl Store {
    /// Begins a session; those that began before `oldest` are forgotten.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn begin_session(
        &self,
        digest: &str,
        account: AccountId,
        now: Timestamp,
        oldest: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM session WHERE created_at < ?1", [millis(oldest)])?;
            tx.db.execute(
                "INSERT INTO session (digest, account, created_at, seen_at) VALUES (?1, ?2, ?3, ?3)",
                params![digest, account.0, millis(now)],
            )?;
            tx.db
                .execute("UPDATE account SET seen_at = ?2 WHERE id = ?1", params![account.0, millis(now)])?;
            Ok(())
        })
    }

    /// The session with this digest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn session(&self, digest: &str) -> Result<Option<Session>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT account, created_at, seen_at FROM session WHERE digest = ?1")?;
            let found = statement.query_row([digest], |row| {
                Ok(Session {
                    account: AccountId(row.get(0)?),
                    created_at: moment(row.get(1)?),
                    seen_at: moment(row.get(2)?),
                })
            });
            Ok(found.optional()?)
        })
    }

    /// Notes that a session is used, once a minute. One that has ended meanwhile stays so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn see_session(&self, digest: &str, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        if now.duration_since(session.seen_at) < NOTED_EVERY {
            return Ok(());
        }
        self.transaction(|tx| {
            tx.db
                .execute("UPDATE session SET seen_at = ?2 WHERE digest = ?1", params![digest, millis(now)])?;
            tx.db.execute(
                "UPDATE account SET seen_at = ?2 WHERE id = ?1",
                params![session.account.0, millis(now)],
            )?;
            Ok(())
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_session(&self, digest: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM session WHERE digest = ?1", [digest])?;
            Ok(())
        })
    }

    /// Ends all sessions of an account; answers how many there were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn end_sessions(&self, account: AccountId) -> Result<usize, StoreError> {
        self.transaction(|tx| Ok(tx.db.execute("DELETE FROM session WHERE account = ?1", [account.0])?))
    }

    /// How many sessions an account has.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn session_count(&self, account: AccountId) -> Result<u64, StoreError> {
        self.read(|tx| {
            let all = "SELECT count(*) FROM session WHERE account = ?1";
            Ok(tx.db.query_row(all, [account.0], |row| count(row, 0))?)
        })
    }

    /// Keeps a new token's digest; answers its number.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn create_token(
        &self,
        digest: &str,
        account: AccountId,
        name: &str,
        role: Role,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.transaction(|tx| {
            tx.db.execute(
                "INSERT INTO api_token (digest, account, name, role, created_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![digest, account.0, name, role.as_str(), millis(now), expires_at.map(millis)],
            )?;
            Ok(tx.db.last_insert_rowid())
        })
    }

    /// The token with this digest, if it has not run out. That it is used is noted once a minute.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn use_token(&self, digest: &str, now: Timestamp) -> Result<Option<ApiToken>, StoreError> {
        let token = self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {TOKEN} FROM api_token WHERE digest = ?1 AND (expires_at IS NULL OR expires_at > ?2)"
            ))?;
            Ok(statement.query_row(params![digest, millis(now)], read_token).optional()?)
        })?;
        if let Some(token) = &token
            && token.used_at.is_none_or(|at| now.duration_since(at) >= NOTED_EVERY)
        {
            self.transaction(|tx| {
                let noted = "UPDATE api_token SET used_at = ?2 WHERE id = ?1";
                tx.db.execute(noted, params![token.id, millis(now)])?;
                Ok(())
            })?;
        }
        Ok(token)
    }

    /// All tokens, or those of an account; the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn tokens(&self, account: Option<AccountId>) -> Result<Vec<ApiToken>, StoreError> {
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT {TOKEN} FROM api_token WHERE ?1 IS NULL OR account = ?1 ORDER BY id DESC"
            ))?;
            let tokens = statement.query_map([account.map(|id| id.0)], read_token)?;
            Ok(tokens.collect::<Result<_, _>>()?)
        })
    }

    /// Takes a token back: it opens nothing any more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn revoke_token(&self, id: i64) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM api_token WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    /// Failed tries to sign in of an account or an address, and when the last was.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn attempts(&self, who: &str) -> Result<Option<(u64, Timestamp)>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached("SELECT failures, last_at FROM attempt WHERE who = ?1")?;
            let found = statement.query_row([who], |row| Ok((count(row, 0)?, moment(row.get(1)?))));
            Ok(found.optional()?)
        })
    }

    /// Counts a failed try. Those whose last was before `forgotten` count no more.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn count_attempt(&self, who: &str, now: Timestamp, forgotten: Timestamp) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM attempt WHERE last_at < ?1", [millis(forgotten)])?;
            tx.db.execute(
                "INSERT INTO attempt (who, failures, last_at) VALUES (?1, 1, ?2) \
                 ON CONFLICT (who) DO UPDATE SET failures = failures + 1, last_at = excluded.last_at",
                params![who, millis(now)],
            )?;
            Ok(())
        })
    }

    /// Forgets the failed tries of an account or an address.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget_attempts(&self, who: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM attempt WHERE who = ?1", [who])?;
            Ok(())
        })
    }
}

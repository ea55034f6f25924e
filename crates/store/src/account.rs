//! People who may come in, and the one-time links by which they come the first time.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use crate::db::{count, millis, moment};
use crate::{Role, Store, StoreError};

/// The number of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// Somebody who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// The address, in lower case; it is what people sign in with.
    pub email: String,
    /// What others call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The digest of the password; none where they sign in another way, or have not come yet.
    pub password: Option<String>,
    /// Whether they are kept out.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When they were last seen.
    pub seen_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, email, name, role, password, disabled, created_at, seen_at";

pub(crate) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    let name: String = row.get(column)?;
    // The table takes no other; the least is the safe one.
    Ok(Role::parse(&name).unwrap_or(Role::Viewer))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        email: row.get(1)?,
        name: row.get(2)?,
        role: role(row, 3)?,
        password: row.get(4)?,
        disabled: row.get(5)?,
        created_at: moment(row.get(6)?),
        seen_at: row.get::<_, Option<i64>>(7)?.map(moment),
    })
}

impl Store {
    /// Keeps a new account; `None` where its address is taken.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn create_account(
        &self,
        email: &str,
        name: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError> {
        self.transaction(|tx| {
            let made = tx.db.execute(
                "INSERT INTO account (email, name, role, created_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (email) DO NOTHING",
                params![email.to_lowercase(), name, role.as_str(), millis(now)],
            )?;
            Ok((made == 1).then(|| AccountId(tx.db.last_insert_rowid())))
        })
    }

    /// All accounts, by address.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM account ORDER BY email"))?;
            Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
        })
    }

    /// An account by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE id = ?1"))?;
            Ok(statement.query_row([id.0], read).optional()?)
        })
    }

    /// An account by its address, however it is written.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn account_of(&self, email: &str) -> Result<Option<Account>, StoreError> {
        self.read(|tx| {
            let mut statement =
                tx.db.prepare_cached(&format!("SELECT {COLUMNS} FROM account WHERE email = ?1"))?;
            Ok(statement.query_row([email.to_lowercase()], read).optional()?)
        })
    }

    /// Whether somebody can sign in and is administrator.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_administrator(&self) -> Result<bool, StoreError> {
        self.read(|tx| {
            let administrators = "SELECT count(*) FROM account WHERE role = 'administrator' AND disabled = 0 \
                                  AND (password IS NOT NULL OR seen_at IS NOT NULL)";
            Ok(tx.db.query_row(administrators, [], |row| count(row, 0))? > 0)
        })
    }

    /// Gives an account another role and keeps it out or lets it in. Refused (`false`) where no administrator who can come in
    /// would be left. Whoever is kept out is signed out everywhere.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn change_account(&self, id: AccountId, role: Role, disabled: bool) -> Result<bool, StoreError> {
        self.transaction(|tx| {
            let others = tx.db.query_row(
                "SELECT count(*) FROM account WHERE role = 'administrator' AND disabled = 0 AND id <> ?1 \
                 AND (password IS NOT NULL OR seen_at IS NOT NULL)",
                [id.0],
                |row| count(row, 0),
            )?;
            let was: Option<Role> = tx
                .db
                .query_row("SELECT role FROM account WHERE id = ?1 AND disabled = 0", [id.0], |row| {
                    self::role(row, 0)
                })
                .optional()?;
            let stays = role == Role::Administrator && !disabled;
            if was == Some(Role::Administrator) && !stays && others == 0 {
                return Ok(false);
            }
            tx.db.execute(
                "UPDATE account SET role = ?2, disabled = ?3 WHERE id = ?1",
                params![id.0, role.as_str(), disabled],
            )?;
            if disabled {
                tx.db.execute("DELETE FROM session WHERE account = ?1", [id.0])?;
                tx.db.execute("DELETE FROM welcome WHERE account = ?1", [id.0])?;
            }
            Ok(true)
        })
    }

    /// Keeps what somebody is called.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn rename_account(&self, id: AccountId, name: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("UPDATE account SET name = ?2 WHERE id = ?1", params![id.0, name])?;
            Ok(())
        })
    }

    /// Keeps a new password's digest; all sessions and one-time links of the account end.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set_password(&self, id: AccountId, digest: &str) -> Result<(), StoreError> {
        self.transaction(|tx| {
            tx.db.execute("UPDATE account SET password = ?2 WHERE id = ?1", params![id.0, digest])?;
            tx.db.execute("DELETE FROM session WHERE account = ?1", [id.0])?;
            tx.db.execute("DELETE FROM welcome WHERE account = ?1", [id.0])?;
            Ok(())
        })
    }

    /// Keeps a one-time link's digest: for an account, or for whoever becomes administrator. The one before it no longer
    /// opens.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put_welcome(
        &self,
        digest: &str,
        account: Option<AccountId>,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let account = account.map(|id| id.0);
        self.transaction(|tx| {
            tx.db.execute("DELETE FROM welcome WHERE account IS ?1", [account])?;
            tx.db.execute(
                "INSERT INTO welcome (digest, account, expires_at) VALUES (?1, ?2, ?3)",
                params![digest, account, millis(expires_at)],
            )?;
            Ok(())
        })
    }

    /// Whom a one-time link is for: nothing where it was used, ran out or never was; else an account, or `None` for whoever
    /// becomes administrator.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn welcome(&self, digest: &str, now: Timestamp) -> Result<Option<Option<AccountId>>, StoreError> {
        self.read(|tx| {
            let found = tx.db.query_row(
                "SELECT account FROM welcome WHERE digest = ?1 AND expires_at > ?2",
                params![digest, millis(now)],
                |row| Ok(row.get::<_, Option<i64>>(0)?.map(AccountId)),
            );
            Ok(found.optional()?)
        })
    }

    /// Uses up a one-time link; `false` where another was quicker.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn use_welcome(&self, digest: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.transaction(|tx| {
            let used = tx.db.execute(
                "DELETE FROM welcome WHERE digest = ?1 AND expires_at > ?2",
                params![digest, millis(now)],
            )?;
            Ok(used == 1)
        })
    }
}

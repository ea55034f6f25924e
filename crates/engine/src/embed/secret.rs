//! The secret that an org's tokens are signed with: made here, deployed to the org, sealed in the store.
//!
//! It belongs to the org and not to a connection: an org has one embed window, whichever of its connections a record is in.

use jiff::{SignedDuration, Timestamp};
use store::{SecretKey, Store, StoreError, random_secret};

const NOW: &str = "embed";
const FORMER: &str = "embed-former";
/// How long tokens of the former secret are taken after it was replaced: until the deployment of the new one is done.
const OVERLAP: SignedDuration = SignedDuration::from_mins(15);

fn rotated_at(org: &str) -> String {
    format!("embed-rotated:{org}")
}

/// The secret of an org's embed window; made when it is first asked for.
///
/// # Errors
/// When the store cannot be used.
pub fn embed_secret(store: &Store, key: &SecretKey, org: &str) -> Result<String, StoreError> {
    if let Some(known) = store.secret(key, org, NOW)? {
        return Ok(known);
    }
    let made = random_secret();
    store.put_secret(key, org, NOW, &made)?;
    Ok(made)
}

/// Replaces the secret of an org's embed window; deploying the package brings the new one to the org.
///
/// # Errors
/// When the store cannot be used.
pub fn rotate_embed_secret(
    store: &Store,
    key: &SecretKey,
    org: &str,
    now: Timestamp,
) -> Result<String, StoreError> {
    let former = embed_secret(store, key, org)?;
    store.put_secret(key, org, FORMER, &former)?;
    store.put_setting(&rotated_at(org), &now)?;
    let made = random_secret();
    store.put_secret(key, org, NOW, &made)?;
    Ok(made)
}

/// The secrets whose tokens are taken now; none where no embed window was ever set up for this org.
///
/// # Errors
/// When the store cannot be read.
pub fn embed_secrets(
    store: &Store,
    key: &SecretKey,
    org: &str,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut secrets: Vec<String> = store.secret(key, org, NOW)?.into_iter().collect();
    let rotated: Option<Timestamp> = store.setting(&rotated_at(org))?;
    if rotated.is_some_and(|then| now.duration_since(then) < OVERLAP) {
        secrets.extend(store.secret(key, org, FORMER)?);
    }
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_secret_is_taken_a_while_longer() {
        let store = Store::open_in_memory().unwrap();
        let key = SecretKey::from_base64("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        assert_eq!(embed_secrets(&store, &key, "00D1", now).unwrap(), Vec::<String>::new());
        let first = embed_secret(&store, &key, "00D1").unwrap();
        assert_eq!(embed_secret(&store, &key, "00D1").unwrap(), first);
        assert_ne!(embed_secret(&store, &key, "00D2").unwrap(), first);
        let second = rotate_embed_secret(&store, &key, "00D1", now).unwrap();
        assert_ne!(second, first);
        assert_eq!(embed_secrets(&store, &key, "00D1", now).unwrap(), [second.clone(), first]);
        let later = now + SignedDuration::from_mins(16);
        assert_eq!(embed_secrets(&store, &key, "00D1", later).unwrap(), [second]);
    }
}

//! Failed tries to sign in make the next one wait: by account, so that one cannot be guessed, and by address, so that many
//! cannot be tried.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use store::{Store, StoreError};

/// Tries that cost no wait.
const FREE_OF_ACCOUNT: u64 = 5;
const FREE_OF_ADDRESS: u64 = 20;
/// The first wait, doubled with each further try.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// After so long without a try, the tries are forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// Who tries to sign in.
#[derive(Debug, Clone)]
pub struct Trier {
    account: String,
    address: Option<String>,
}

impl Trier {
    /// Somebody at an address who names an account.
    #[must_use]
    pub fn new(email: &str, address: Option<IpAddr>) -> Self {
        // An address of any length may be tried; what is kept of it is not.
        let account = super::secret::digest(&email.trim().to_lowercase());
        Self { account: format!("account:{account}"), address: address.map(|ip| format!("address:{ip}")) }
    }

    /// How long they must still wait; nothing where they may try.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn wait(&self, store: &Store, now: Timestamp) -> Result<Option<SignedDuration>, StoreError> {
        let mut longest = None;
        let keys = [(Some(&self.account), FREE_OF_ACCOUNT), (self.address.as_ref(), FREE_OF_ADDRESS)];
        for (key, free) in keys {
            let Some(key) = key else { continue };
            let Some((failures, last)) = store.attempts(key)? else { continue };
            let past = now.duration_since(last);
            if failures < free || past >= FORGOTTEN {
                continue;
            }
            let left = wait_after(failures - free).saturating_sub(past);
            if left.is_positive() {
                longest = longest.max(Some(left));
            }
        }
        Ok(longest)
    }

    /// Counts a failed try.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn failed(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        for key in [Some(&self.account), self.address.as_ref()].into_iter().flatten() {
            store.count_attempt(key, now, now - FORGOTTEN)?;
        }
        Ok(())
    }

    /// Forgets the account's failed tries. The address's stay: who has one account may still be trying others.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn succeeded(&self, store: &Store) -> Result<(), StoreError> {
        store.forget_attempts(&self.account)
    }
}

fn wait_after(further: u64) -> SignedDuration {
    let doubled = 1_i32.checked_shl(u32::try_from(further).unwrap_or(u32::MAX)).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(doubled.max(1)).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

/// Where a request comes from, where that is known. A proxy on this machine says for whom it asks.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let proxied = peer.filter(IpAddr::is_loopback).and_then(|_| forwarded(&parts.headers));
        Ok(Self(proxied.or(peer)))
    }
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    // The last is the one that the nearest proxy has seen itself.
    let all = headers.get("x-forwarded-for")?.to_str().ok()?;
    all.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let store = Store::open_in_memory().unwrap();
        let trier = Trier::new("Somebody@tandem.example", None);
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for _ in 0..FREE_OF_ACCOUNT {
            assert_eq!(trier.wait(&store, now).unwrap(), None);
            trier.failed(&store, now).unwrap();
        }
        let same = Trier::new(" somebody@TANDEM.example", None);
        assert_eq!(same.wait(&store, now).unwrap(), Some(FIRST_WAIT));
        assert_eq!(Trier::new("other@tandem.example", None).wait(&store, now).unwrap(), None);
        trier.failed(&store, now).unwrap();
        assert_eq!(trier.wait(&store, now).unwrap(), Some(FIRST_WAIT + FIRST_WAIT));
        assert_eq!(trier.wait(&store, now + FIRST_WAIT + FIRST_WAIT).unwrap(), None);
        for _ in 0..50 {
            trier.failed(&store, now).unwrap();
        }
        assert_eq!(trier.wait(&store, now).unwrap(), Some(LONGEST_WAIT));
        assert_eq!(trier.wait(&store, now + FORGOTTEN).unwrap(), None);
        trier.succeeded(&store).unwrap();
        assert_eq!(trier.wait(&store, now).unwrap(), None);
    }

    #[test]
    fn many_accounts_tried_from_one_address_make_it_wait() {
        let store = Store::open_in_memory().unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let from = Some(IpAddr::from([203, 0, 113, 7]));
        for number in 0..FREE_OF_ADDRESS {
            Trier::new(&format!("{number}@tandem.example"), from).failed(&store, now).unwrap();
        }
        assert!(Trier::new("new@tandem.example", from).wait(&store, now).unwrap().is_some());
        assert_eq!(Trier::new("new@tandem.example", None).wait(&store, now).unwrap(), None);
    }
}

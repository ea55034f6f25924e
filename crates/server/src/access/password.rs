//! Passwords: argon2id, away from the threads that answer requests.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::Fault;

/// The shortest password, in characters.
const SHORTEST: usize = 12;
/// The longest, in bytes: enough for any sentence, too little to keep the machine busy.
const LONGEST: usize = 1_024;

/// A password that is nobody's: an address that is unknown takes as long as one that is known.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| digest_of(&super::secret::random()));

fn digest_of(password: &str) -> Option<String> {
    Argon2::default().hash_password(password.as_bytes()).ok().map(|digest| digest.to_string())
}

/// The digest of a password that may be taken.
///
/// # Errors
/// When it is too short or too long, or is the address itself.
pub async fn digest(password: String, email: &str) -> Result<String, Fault> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(Fault::because("access-password-length"));
    }
    if password.eq_ignore_ascii_case(email) {
        return Err(Fault::because("access-password-address"));
    }
    let made = tokio::task::spawn_blocking(move || digest_of(&password)).await;
    made.ok().flatten().ok_or_else(|| Fault::failed("the password's digest could not be made"))
}

/// Whether a password is the one with this digest; never where there is none.
pub async fn fits(password: String, digest: Option<String>) -> bool {
    let checked = tokio::task::spawn_blocking(move || {
        let known = digest.is_some();
        let Some(text) = digest.or_else(|| NOBODYS.clone()) else { return false };
        let Ok(parsed) = PasswordHash::new(&text) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known
    });
    checked.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_digest_only() {
        let kept = digest("correct horse battery".into(), "a@b.example").await.unwrap();
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert_ne!(
            kept,
            digest("correct horse battery".into(), "a@b.example").await.unwrap(),
            "a salt of its own"
        );
        assert!(fits("correct horse battery".into(), Some(kept.clone())).await);
        assert!(!fits("correct horse batterz".into(), Some(kept)).await);
        assert!(!fits("correct horse battery".into(), None).await);
    }

    #[tokio::test]
    async fn a_weak_password_is_refused() {
        for weak in ["short", "elevenchars", "Somebody@Tandem.example", &"x".repeat(LONGEST + 1)] {
            assert!(digest(weak.to_owned(), "somebody@tandem.example").await.is_err(), "{weak}");
        }
    }
}

//! The tokens that open the window and keep it open.
//!
//! A token is `payload.signature`, both base64url without padding: the payload is JSON, the signature HMAC-SHA256 over the
//! bytes of the payload with the org's secret. The org makes one for each look at a record, good for five minutes. In the
//! page its place is taken by a session: the same claims, signed with the same secret in a way that the org never signs, good
//! for half an hour. No cookie is needed, which a browser would not keep in another site's frame.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The longest life of a token, in seconds.
const LIFE: i64 = 300;
/// How long a page stays open, in seconds.
const SESSION: i64 = 1_800;
/// How far the org's clock may be ahead of ours, in seconds.
const AHEAD: i64 = 60;
/// Longer than any token.
const LONGEST: usize = 2_048;
/// What is signed before a session's payload: no payload of the org begins so.
const OF_PAGE: &[u8] = b"page:";

/// Whom a token is for, and for which record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The org's id.
    pub org: String,
    /// The Salesforce user's id.
    pub user: String,
    /// The record's id.
    pub record: String,
    /// The record's object.
    pub object: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it stops being good.
    pub exp: i64,
}

/// What a token is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// Opening the window; made by the org.
    Opening,
    /// Going on in an open window; made here.
    Page,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is no token, or not signed with the org's secret.
    Forged,
    /// It was good once; whoever may see the record gets another.
    Expired,
}

/// What a token claims, before it is known whether that is true: for finding the org whose secret tells.
pub(super) fn claimed(token: &str) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let (payload, _) = token.split_once('.')?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// What a token says, where it is signed with one of the org's secrets and still good.
pub(super) fn verified(
    token: &str,
    used_for: Use,
    secrets: &[String],
    now: Timestamp,
) -> Result<Claims, Refused> {
    let claims = claimed(token).ok_or(Refused::Forged)?;
    let (payload, signature) = token.split_once('.').ok_or(Refused::Forged)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refused::Forged)?;
    let genuine = secrets.iter().filter_map(|secret| mac(secret, used_for, payload));
    if !genuine.into_iter().any(|mac| mac.verify_slice(&signature).is_ok()) {
        return Err(Refused::Forged);
    }
    let now = now.as_second();
    let longest = match used_for {
        Use::Opening => LIFE,
        Use::Page => SESSION,
    };
    let in_time = claims.iat <= now + AHEAD && now < claims.exp && claims.exp - claims.iat <= longest;
    if in_time { Ok(claims) } else { Err(Refused::Expired) }
}

/// The session of a page that shows what `claims` allow.
pub(super) fn session(claims: &Claims, secret: &str, now: Timestamp) -> Option<String> {
    let iat = now.as_second();
    let claims = Claims { iat, exp: iat + SESSION, ..claims.clone() };
    let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).ok()?);
    let signature = mac(secret, Use::Page, &payload)?.finalize().into_bytes();
    Some(format!("{payload}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

fn mac(secret: &str, used_for: Use, payload: &str) -> Option<Hmac<Sha256>> {
    // An empty secret would let everybody sign.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(Some(secret).filter(|own| !own.is_empty())?.as_bytes()).ok()?;
    if used_for == Use::Page {
        mac.update(OF_PAGE);
    }
    mac.update(payload.as_bytes());
    Some(mac)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            org: "00D000000000001AAA".into(),
            user: "005000000000001AAA".into(),
            record: "003000000000001AAA".into(),
            object: "Contact".into(),
            iat: 1_000,
            exp: 1_300,
        }
    }

    fn signed(claims: &Claims, secret: &str, used_for: Use) -> String {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap());
        let signature = mac(secret, used_for, &payload).unwrap().finalize().into_bytes();
        format!("{payload}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    fn taken(token: &str, second: i64) -> Result<Claims, Refused> {
        verified(token, Use::Opening, &[SECRET.to_owned()], at(second))
    }

    #[test]
    fn a_token_of_the_org_is_taken_for_five_minutes() {
        let token = signed(&claims(), SECRET, Use::Opening);
        assert_eq!(taken(&token, 1_000), Ok(claims()));
        assert_eq!(taken(&token, 1_299), Ok(claims()));
        assert_eq!(taken(&token, 1_300), Err(Refused::Expired));
        // The org's clock may be a little ahead.
        assert_eq!(taken(&token, 940), Ok(claims()));
        assert_eq!(taken(&token, 939), Err(Refused::Expired));
    }

    #[test]
    fn no_token_lives_longer_than_five_minutes() {
        let long = signed(&Claims { exp: 10_000, ..claims() }, SECRET, Use::Opening);
        assert_eq!(taken(&long, 1_001), Err(Refused::Expired));
    }

    #[test]
    fn a_token_for_another_record_is_not_taken() {
        let token = signed(&claims(), SECRET, Use::Opening);
        let (_, signature) = token.split_once('.').unwrap();
        let other = Claims { record: "003000000000002AAA".into(), ..claims() };
        let payload = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&other).unwrap());
        assert_eq!(taken(&format!("{payload}.{signature}"), 1_001), Err(Refused::Forged));
    }

    #[test]
    fn only_the_orgs_secrets_count() {
        let other = "fedcba9876543210fedcba9876543210";
        let token = signed(&claims(), other, Use::Opening);
        assert_eq!(taken(&token, 1_001), Err(Refused::Forged));
        let both = [SECRET.to_owned(), other.to_owned()];
        assert_eq!(verified(&token, Use::Opening, &both, at(1_001)), Ok(claims()));
        assert_eq!(verified(&token, Use::Opening, &[], at(1_001)), Err(Refused::Forged));
        assert_eq!(verified(&token, Use::Opening, &[String::new()], at(1_001)), Err(Refused::Forged));
        for wrong in ["", ".", "a.b", &token.replace('.', ""), &"x".repeat(9_999)] {
            assert_eq!(taken(wrong, 1_001), Err(Refused::Forged), "{wrong}");
        }
    }

    #[test]
    fn a_session_is_no_token_and_a_token_no_session() {
        let token = signed(&claims(), SECRET, Use::Opening);
        assert_eq!(verified(&token, Use::Page, &[SECRET.to_owned()], at(1_001)), Err(Refused::Forged));
        let session = session(&claims(), SECRET, at(1_200)).unwrap();
        assert_eq!(taken(&session, 1_201), Err(Refused::Forged));
        let kept = verified(&session, Use::Page, &[SECRET.to_owned()], at(2_999)).unwrap();
        assert_eq!((kept.record, kept.user), (claims().record, claims().user));
        assert_eq!(verified(&session, Use::Page, &[SECRET.to_owned()], at(3_000)), Err(Refused::Expired));
    }
}

//! Forms: that one which is sent was on a page of Tandem's, shown to this very browser and this very session.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Form, FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use store::{Store, StoreError};

use super::secret::random;

/// The cookie that a browser's forms are bound to.
pub const COOKIE: &str = "tandem_form";
/// The header in which scripts send a form's token.
const HEADER: &str = "x-csrf";
const SETTING: &str = "form_key";

/// The key of forms' tokens; kept, so that a form outlives a restart.
#[derive(Clone)]
pub struct FormKey(Arc<[u8]>);

impl std::fmt::Debug for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormKey(..)")
    }
}

impl FormKey {
    /// The kept key, or a new one.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn of(store: &Store) -> Result<Self, StoreError> {
        let key = match store.setting::<String>(SETTING)? {
            Some(key) => key,
            None => {
                let key = random();
                store.put_setting(SETTING, &key)?;
                key
            }
        };
        Ok(Self(key.into_bytes().into()))
    }

    fn mac(&self, browser: &str, session: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(browser.as_bytes());
        mac.update(b"\n");
        mac.update(session.as_bytes());
        Some(mac)
    }

    /// The token for the forms of this browser and session; a session of none is empty.
    #[must_use]
    pub fn token(&self, browser: &str, session: &str) -> String {
        self.mac(browser, session)
            .map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
            .unwrap_or_default()
    }

    /// Whether a token is the one for this browser and session.
    #[must_use]
    pub fn fits(&self, token: &str, browser: &str, session: &str) -> bool {
        let Ok(token) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.mac(browser, session).is_some_and(|mac| mac.verify_slice(&token).is_ok())
    }
}

/// Whether a method changes nothing.
#[must_use]
pub fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser says that a page of another site sends this. What is no browser says nothing.
#[must_use]
pub fn from_elsewhere(headers: &HeaderMap) -> bool {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = of("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match (of(ORIGIN.as_str()), of(HOST.as_str())) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, from)| from != host),
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[derive(Deserialize)]
struct Field {
    csrf: Option<String>,
}

/// The token that a request carries: in the field `csrf` of a form, or in a header.
pub async fn sent(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    if let Some(token) = headers.get(HEADER).and_then(|value| value.to_str().ok()) {
        return Some(token.to_owned());
    }
    let kind = headers.get(CONTENT_TYPE)?;
    let copy = Request::post("/").header(CONTENT_TYPE, kind).body(body.clone().into()).ok()?;
    Form::<Field>::from_request(copy, &()).await.ok()?.0.csrf
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_fits_its_browser_and_session_only() {
        let store = Store::open_in_memory().unwrap();
        let key = FormKey::of(&store).unwrap();
        let token = key.token("browser", "session");
        assert!(key.fits(&token, "browser", "session"));
        assert!(FormKey::of(&store).unwrap().fits(&token, "browser", "session"), "the key is kept");
        for (browser, session) in [("browser", ""), ("other", "session"), ("browsers", "ession"), ("", "")] {
            assert!(!key.fits(&token, browser, session), "{browser} {session}");
        }
        assert!(!key.fits("", "browser", "session"));
    }

    #[test]
    fn what_another_sites_page_sends_is_told_apart() {
        for pairs in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example"), ("host", "tandem.example")],
            &[("origin", "null"), ("host", "tandem.example")],
        ] {
            assert!(from_elsewhere(&headers(pairs)), "{pairs:?}");
        }
        for pairs in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", "https://tandem.example"), ("host", "tandem.example")],
            &[("host", "tandem.example")],
        ] {
            assert!(!from_elsewhere(&headers(pairs)), "{pairs:?}");
        }
    }

    #[tokio::test]
    async fn the_token_is_found_in_the_form_and_in_the_header() {
        let form = headers(&[("content-type", "application/x-www-form-urlencoded")]);
        assert_eq!(sent(&form, &Bytes::from("a=1&csrf=t%2B")).await.as_deref(), Some("t+"));
        assert_eq!(sent(&form, &Bytes::from("a=1")).await, None);
        assert_eq!(sent(&headers(&[("x-csrf", "h")]), &Bytes::new()).await.as_deref(), Some("h"));
    }
}

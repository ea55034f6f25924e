//! The app's credentials, and the tokens given out for them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

pub(crate) const LIFETIME: i64 = 1_800_000;

/// assumed: a code is good for ten minutes
const CODE_LIFETIME: i64 = 600_000;

/// How long an expired token is remembered as expired rather than unknown.
const MEMORY: i64 = 86_400_000;

/// Which credentials a request came with. Limits are counted for each apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Static,
    OAuth,
}

/// A code that can be exchanged once.
#[derive(Debug, Clone)]
struct Code {
    redirect_uri: String,
    challenge: Option<(String, bool)>,
    scopes: Vec<String>,
    expires: i64,
}

/// What a refresh token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) scopes: Vec<String>,
}

/// An access token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) expires: i64,
    pub(crate) refresh: String,
}

/// The app's credentials and every token in use.
#[derive(Debug, Clone)]
pub(crate) struct OAuth {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) static_token: String,
    pub(crate) first_refresh: String,
    codes: BTreeMap<String, Code>,
    pub(crate) grants: BTreeMap<String, Grant>,
    pub(crate) tokens: BTreeMap<String, Token>,
    chance: ChaCha8Rng,
}

pub(crate) const SCOPES: &[&str] = &[
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.companies.write",
    "crm.schemas.deals.read",
    "crm.schemas.deals.write",
    "tickets",
];

fn refused(status: &'static str, error: &'static str, message: &str) -> ApiError {
    let body = serde_json::json!({
        "error": error,
        "error_description": message,
        "status": status,
        "message": message,
    });
    ApiError::raw(400, body)
}

fn uuid(chance: &mut ChaCha8Rng) -> String {
    uuid::Builder::from_random_bytes(chance.random()).into_uuid().to_string()
}

impl OAuth {
    pub(crate) fn new(mut chance: ChaCha8Rng) -> Self {
        let client_id = uuid(&mut chance);
        let client_secret = uuid(&mut chance);
        let static_token = format!("pat-na1-{}", uuid(&mut chance));
        let first_refresh = format!("na1-{}", uuid(&mut chance));
        let scopes = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        let grants = BTreeMap::from([(first_refresh.clone(), Grant { scopes })]);
        Self {
            client_id,
            client_secret,
            static_token,
            first_refresh,
            codes: BTreeMap::new(),
            grants,
            tokens: BTreeMap::new(),
            chance,
        }
    }

    /// Who the bearer of a token is.
    pub(crate) fn caller(&self, token: &str, now: i64) -> Result<Caller, ApiError> {
        if token == self.static_token {
            return Ok(Caller::Static);
        }
        match self.tokens.get(token) {
            Some(token) if token.expires > now => Ok(Caller::OAuth),
            Some(token) => Err(ApiError::expired(token.expires, now)),
            None => Err(ApiError::unauthorised()),
        }
    }

    /// A code for an app a person has approved.
    pub(crate) fn issue_code(
        &mut self,
        redirect_uri: &str,
        scopes: &str,
        challenge: Option<(String, bool)>,
        now: i64,
    ) -> String {
        let code = format!("na1-{}", uuid(&mut self.chance));
        let scopes = scopes.split_whitespace().map(str::to_owned).collect();
        let expires = now + CODE_LIFETIME;
        let held = Code { redirect_uri: redirect_uri.to_owned(), challenge, scopes, expires };
        self.codes.insert(code.clone(), held);
        code
    }

    /// The token endpoint. Answers the refresh token, the access token and the scopes.
    pub(crate) fn grant(
        &mut self,
        form: &BTreeMap<String, String>,
        now: i64,
    ) -> Result<(String, String, Vec<String>), ApiError> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let kind = field("grant_type");
        if !matches!(kind, "authorization_code" | "refresh_token" | "client_credentials") {
            // assumed: the text for a grant the token endpoint does not know
            return Err(refused("BAD_GRANT_TYPE", "unsupported_grant_type", "grant_type is not supported"));
        }
        if field("client_id") != self.client_id {
            return Err(refused("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id"));
        }
        if field("client_secret") != self.client_secret {
            return Err(refused("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret"));
        }
        let refresh = if kind == "refresh_token" {
            let refresh = field("refresh_token").to_owned();
            if !self.grants.contains_key(&refresh) {
                let message = "refresh token is invalid, expired or revoked";
                return Err(refused("BAD_REFRESH_TOKEN", "invalid_grant", message));
            }
            refresh
        } else if kind == "client_credentials" {
            // A token of the app itself: no person stands behind it, and nothing renews it.
            let own = format!("app:{}", self.client_id);
            let scopes = field("scope").split_whitespace().map(str::to_owned).collect();
            self.grants.insert(own.clone(), Grant { scopes });
            own
        } else {
            self.exchange(field("code"), field("redirect_uri"), field("code_verifier"), now)?
        };
        self.tokens.retain(|_, token| token.expires + MEMORY > now);
        let access = format!("C{}", URL_SAFE_NO_PAD.encode(self.chance.random::<[u8; 64]>()));
        let scopes = self.grants.get(&refresh).map(|grant| grant.scopes.clone()).unwrap_or_default();
        self.tokens.insert(access.clone(), Token { expires: now + LIFETIME, refresh: refresh.clone() });
        Ok((refresh, access, scopes))
    }

    fn exchange(&mut self, code: &str, redirect: &str, verifier: &str, now: i64) -> Result<String, ApiError> {
        let bad = |message: &str| refused("BAD_AUTH_CODE", "invalid_grant", message);
        let Some(held) = self.codes.remove(code).filter(|held| held.expires > now) else {
            return Err(bad("missing or unknown auth code"));
        };
        if held.redirect_uri != redirect {
            return Err(refused("BAD_REDIRECT_URI", "invalid_grant", "redirect_uri does not match"));
        }
        if let Some((challenge, hashed)) = held.challenge {
            let answer = if hashed {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            } else {
                verifier.to_owned()
            };
            if answer != challenge {
                return Err(bad("code_verifier does not match the code challenge"));
            }
        }
        let refresh = format!("na1-{}", uuid(&mut self.chance));
        self.grants.insert(refresh.clone(), Grant { scopes: held.scopes });
        Ok(refresh)
    }

    /// Ends a refresh token and the access tokens it gave.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        self.tokens.retain(|name, held| held.refresh != token && name != token);
        self.grants.remove(token).is_some()
    }
}

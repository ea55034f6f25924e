//! Who may call: OAuth flows, sessions, and how long they last.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A session that nobody uses for this long ends.
const IDLE: SignedDuration = SignedDuration::from_hours(2);
/// A code from the login page is good for this long.
const CODE_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// The org's one connected app, its one user who may log in, and their open sessions.
#[derive(Debug)]
pub(crate) struct Auth {
    pub client_id: String,
    pub client_secret: String,
    pub username: String,
    pub password: String,
    pub access_token: String,
    pub refresh_token: String,
    pub org_id: String,
    pub user_id: String,
    /// PEM of the public key that assertions must be signed with.
    pub jwt_key: Option<String>,
    sessions: HashMap<String, Session>,
    /// Whom each of them was given to.
    refresh_tokens: HashMap<String, Arc<str>>,
    codes: HashMap<String, Code>,
    chance: ChaCha8Rng,
}

#[derive(Debug, Clone)]
struct Session {
    user: Arc<str>,
    last_used: Timestamp,
    /// The one in `access` never ends.
    endless: bool,
}

#[derive(Debug, Clone)]
struct Code {
    user: Arc<str>,
    redirect_uri: String,
    challenge: Option<String>,
    issued: Timestamp,
}

/// An OAuth refusal: short name and explanation.
pub(crate) type OAuthError = (&'static str, &'static str);

/// The parameters of a token request.
pub(crate) type Form = HashMap<String, String>;

impl Auth {
    pub fn new(org_id: String, user_id: String, mut chance: ChaCha8Rng) -> Self {
        let mut word = |length: usize| -> String {
            const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
            (0..length).map(|_| char::from(LETTERS[chance.random_range(0..LETTERS.len())])).collect()
        };
        let head = org_id.get(..15).unwrap_or(&org_id).to_owned();
        let access_token = format!("{head}!AQ4AQ{}", word(80));
        let refresh_token = format!("5Aep861{}", word(70));
        let (client_id, client_secret) = (format!("3MVG9{}", word(70)), word(64));
        let user: Arc<str> = user_id.as_str().into();
        let mut auth = Self {
            client_id,
            client_secret,
            username: "integration@tandem.example".to_owned(),
            password: "correct-horse-9".to_owned(),
            access_token: access_token.clone(),
            refresh_token: refresh_token.clone(),
            org_id,
            user_id,
            jwt_key: None,
            sessions: HashMap::new(),
            refresh_tokens: HashMap::from([(refresh_token, Arc::clone(&user))]),
            codes: HashMap::new(),
            chance,
        };
        let session = Session { user, last_used: Timestamp::UNIX_EPOCH, endless: true };
        auth.sessions.insert(access_token, session);
        auth
    }

    fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(LETTERS[self.chance.random_range(0..LETTERS.len())])).collect()
    }

    /// Whether this token opens a session that has not ended; using it keeps it open.
    pub fn admits(&mut self, token: &str, now: Timestamp) -> bool {
        let Some(session) = self.sessions.get_mut(token) else { return false };
        let open = session.endless || now.duration_since(session.last_used) < IDLE;
        if open {
            session.last_used = now;
        } else {
            self.sessions.remove(token);
        }
        open
    }

    /// What callers outside the org's networks put after the password.
    pub fn security_token(&self) -> String {
        let hash = Sha256::digest(self.access_token.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(hash).replace(['-', '_'], "x").chars().take(24).collect()
    }

    /// Whether this is the password of those who may log in, with the security token after it or without.
    ///
    /// assumed: loopback is one of the org's trusted networks, where the token is not needed
    pub fn is_password(&self, password: &str) -> bool {
        let rest = password.strip_prefix(&self.password);
        rest.is_some_and(|rest| rest.is_empty() || rest == self.security_token())
    }

    /// Whose session this token opens, if it has not ended; using it keeps it open.
    pub fn user_of(&mut self, token: &str, now: Timestamp) -> Option<Arc<str>> {
        if !self.admits(token, now) {
            return None;
        }
        self.sessions.get(token).map(|session| Arc::clone(&session.user))
    }

    /// Opens a session for a user and answers its token.
    pub fn open_session(&mut self, user: &Arc<str>, now: Timestamp) -> String {
        let head = self.org_id.get(..15).unwrap_or(&self.org_id).to_owned();
        let token = format!("{head}!AQ4AQ{}", self.word(80));
        self.sessions
            .insert(token.clone(), Session { user: Arc::clone(user), last_used: now, endless: false });
        token
    }

    /// A code for the login page to hand back.
    pub fn issue_code(
        &mut self,
        user: Arc<str>,
        redirect_uri: &str,
        challenge: Option<String>,
        now: Timestamp,
    ) -> String {
        let code = format!("aPrx{}", self.word(60));
        let held = Code { user, redirect_uri: redirect_uri.to_owned(), challenge, issued: now };
        self.codes.insert(code.clone(), held);
        code
    }

    fn is_app(&self, form: &Form, secret_needed: bool) -> Result<(), OAuthError> {
        let field = |name: &str| form.get(name).map(String::as_str);
        if field("client_id") != Some(&self.client_id) {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        match field("client_secret") {
            Some(secret) if secret != self.client_secret => {
                Err(("invalid_client", "invalid client credentials"))
            }
            None if secret_needed => Err(("invalid_client", "invalid client credentials")),
            _ => Ok(()),
        }
    }

    /// Answers a token request. `user_named` knows the active users.
    pub fn token(
        &mut self,
        form: &Form,
        base_url: &str,
        now: Timestamp,
        user_named: &dyn Fn(&str) -> Option<Arc<str>>,
    ) -> Result<Value, OAuthError> {
        let own: Arc<str> = self.user_id.as_str().into();
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        match field("grant_type").as_str() {
            "authorization_code" => {
                self.is_app(form, false)?;
                let code = self
                    .codes
                    .remove(&field("code"))
                    .filter(|code| now.duration_since(code.issued) < CODE_LIFE)
                    .ok_or(("invalid_grant", "expired authorization code"))?;
                if code.redirect_uri != field("redirect_uri") {
                    return Err(("redirect_uri_mismatch", "redirect_uri must match configuration"));
                }
                match (&code.challenge, form.get("code_verifier")) {
                    (Some(_), None) => return Err(("invalid_grant", "missing required code verifier")),
                    (Some(challenge), Some(verifier)) => {
                        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
                        if &hash != challenge {
                            return Err(("invalid_request", "invalid code verifier"));
                        }
                    }
                    (None, _) => {}
                }
                let refresh = format!("5Aep861{}", self.word(70));
                self.refresh_tokens.insert(refresh.clone(), Arc::clone(&code.user));
                Ok(self.answer(base_url, &code.user, now, Some(refresh)))
            }
            "refresh_token" => {
                self.is_app(form, false)?;
                let user = self.refresh_tokens.get(&field("refresh_token")).cloned();
                let user = user.ok_or(("invalid_grant", "expired access/refresh token"))?;
                Ok(self.answer(base_url, &user, now, None))
            }
            "client_credentials" => {
                self.is_app(form, true)?;
                Ok(self.answer(base_url, &own, now, None))
            }
            "password" => {
                self.is_app(form, true)?;
                let user = user_named(&field("username"));
                let user = user.filter(|_| self.is_password(&field("password")));
                let user = user.ok_or(("invalid_grant", "authentication failure"))?;
                Ok(self.answer(base_url, &user, now, None))
            }
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                let username = self.check_assertion(&field("assertion"), base_url, now)?;
                let user =
                    user_named(&username).ok_or(("invalid_grant", "user hasn't approved this consumer"))?;
                Ok(self.answer(base_url, &user, now, None))
            }
            _ => Err(("unsupported_grant_type", "grant type not supported")),
        }
    }

    /// assumed: while no public key is registered with the app, the signature itself is not checked
    fn check_assertion(&self, assertion: &str, base_url: &str, now: Timestamp) -> Result<String, OAuthError> {
        let invalid: OAuthError = ("invalid_grant", "invalid assertion");
        let claims: Value = match &self.jwt_key {
            Some(pem) => {
                let key = jsonwebtoken::DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| invalid)?;
                let mut checks = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
                // Who, for whom and until when is checked below, against the org's own clock.
                checks.validate_exp = false;
                checks.validate_aud = false;
                checks.required_spec_claims.clear();
                jsonwebtoken::decode::<Value>(assertion, &key, &checks).map_err(|_| invalid)?.claims
            }
            None => {
                let payload = assertion.split('.').nth(1).ok_or(invalid)?;
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| invalid)?;
                serde_json::from_slice(&bytes).map_err(|_| invalid)?
            }
        };
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("iss") != self.client_id {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        let hosts = ["https://login.salesforce.com", "https://test.salesforce.com", base_url];
        if !hosts.contains(&text("aud").trim_end_matches('/')) {
            return Err(("invalid_grant", "audience is invalid"));
        }
        let expires = claims.get("exp").and_then(Value::as_f64).unwrap_or(0.0);
        if expires <= now.as_second() as f64 {
            return Err(("invalid_grant", "expired authorization code"));
        }
        Ok(text("sub"))
    }

    fn answer(&mut self, base_url: &str, user: &Arc<str>, now: Timestamp, refresh: Option<String>) -> Value {
        let identity = format!("{base_url}/id/{}/{user}", self.org_id);
        let issued = now.as_millisecond().to_string();
        let signature = Hmac::<Sha256>::new_from_slice(self.client_secret.as_bytes())
            .map(|mut mac| {
                mac.update(identity.as_bytes());
                mac.update(issued.as_bytes());
                BASE64_STANDARD.encode(mac.finalize().into_bytes())
            })
            .unwrap_or_default();
        let mut answer = json!({
            "access_token": self.open_session(user, now),
            "signature": signature,
            "scope": "refresh_token api id",
            "instance_url": base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        });
        if let (Some(refresh), Some(answer)) = (refresh, answer.as_object_mut()) {
            answer.insert("refresh_token".into(), json!(refresh));
        }
        answer
    }

    /// Ends a session or, given a refresh token, all of them.
    pub fn revoke(&mut self, token: &str) -> bool {
        if self.refresh_tokens.remove(token).is_some() {
            self.sessions.retain(|_, session| session.endless);
            return true;
        }
        self.sessions.remove(token).is_some()
    }

    /// What is known of a token.
    pub fn introspect(&self, token: &str, base_url: &str, now: Timestamp) -> Value {
        let open = self.sessions.get(token).filter(|s| s.endless || now.duration_since(s.last_used) < IDLE);
        match open {
            Some(session) => json!({
                "active": true, "scope": "api id refresh_token", "client_id": self.client_id,
                "username": self.username, "token_type": "access_token",
                "sub": format!("{base_url}/id/{}/{}", self.org_id, session.user),
                "iat": session.last_used.as_second(), "nbf": session.last_used.as_second(),
                "exp": now.as_second() + IDLE.as_secs(),
            }),
            None => json!({"active": false}),
        }
    }
}

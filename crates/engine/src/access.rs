//! Access to the two platforms as it is kept: sealed in the store, and sealed again each time a platform renews it.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{SecretKey, Store};
use url::Url;

use crate::error::EngineError;

/// The names under which the two kinds of access are sealed.
const HUBSPOT: &str = "hubspot";
const SALESFORCE: &str = "salesforce";

/// How Tandem gets into a HubSpot account.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HubSpotAccess {
    /// The token of a private app or a service key, which does not expire.
    Token {
        /// The token.
        token: String,
    },
    /// As an app that a person has authorised.
    OAuth {
        /// The app's public id.
        client_id: String,
        /// The app's secret.
        client_secret: String,
        /// Where HubSpot sent the person back to.
        redirect_uri: String,
        /// Sent with every call.
        access_token: String,
        /// Buys the next access token.
        refresh_token: String,
        /// When the access token stops working.
        expires_at: Timestamp,
        /// The scopes that were granted.
        #[serde(default)]
        scopes: Vec<String>,
    },
}

/// How Tandem gets into a Salesforce org.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SalesforceAccess {
    /// As the user an app runs as.
    ClientCredentials {
        /// The org's My Domain address.
        login_url: Url,
        /// The app's public id.
        client_id: String,
        /// The app's secret.
        client_secret: String,
    },
    /// As the user who signed in and authorised the app.
    OAuth {
        /// Where the user signed in.
        login_url: Url,
        /// The app's public id.
        client_id: String,
        /// The app's secret, where it has one.
        client_secret: Option<String>,
        /// Where Salesforce sent the person back to.
        redirect_uri: String,
        /// Sent with every call.
        access_token: String,
        /// Buys the next access token, where the app may have one.
        refresh_token: Option<String>,
        /// The org's own address.
        instance_url: Url,
    },
}

impl std::fmt::Debug for HubSpotAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token { .. } => "HubSpotAccess::Token(..)",
            Self::OAuth { .. } => "HubSpotAccess::OAuth(..)",
        })
    }
}

impl std::fmt::Debug for SalesforceAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ClientCredentials { .. } => "SalesforceAccess::ClientCredentials(..)",
            Self::OAuth { .. } => "SalesforceAccess::OAuth(..)",
        })
    }
}

/// Where the access of one connection, or of one set-up that is not finished, is sealed.
#[derive(Clone)]
pub(crate) struct Keeper {
    store: Arc<Store>,
    key: SecretKey,
    owner: String,
}

impl Keeper {
    pub fn new(store: Arc<Store>, key: SecretKey, owner: impl Into<String>) -> Self {
        Self { store, key, owner: owner.into() }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, EngineError> {
        let text = self.store.secret(&self.key, &self.owner, name)?;
        let read = |text: String| {
            // The reason may quote the secret, so it is not told.
            serde_json::from_str(&text).map_err(|_| {
                EngineError::Settings(format!("the access kept for {name} cannot be read; connect it again"))
            })
        };
        text.map(read).transpose()
    }

    fn keep<T: Serialize>(&self, name: &str, access: &T) -> Result<(), EngineError> {
        let text = serde_json::to_string(access)
            .map_err(|_| EngineError::Settings(format!("the access to {name} cannot be written")))?;
        Ok(self.store.put_secret(&self.key, &self.owner, name, &text)?)
    }

    /// The access to HubSpot; none where none is kept.
    pub fn hubspot(&self) -> Result<Option<HubSpotAccess>, EngineError> {
        self.read(HUBSPOT)
    }

    /// The access to Salesforce; none where none is kept.
    pub fn salesforce(&self) -> Result<Option<SalesforceAccess>, EngineError> {
        self.read(SALESFORCE)
    }

    /// Seals access to HubSpot in place of the former.
    pub fn keep_hubspot(&self, access: &HubSpotAccess) -> Result<(), EngineError> {
        self.keep(HUBSPOT, access)
    }

    /// Seals access to Salesforce in place of the former.
    pub fn keep_salesforce(&self, access: &SalesforceAccess) -> Result<(), EngineError> {
        self.keep(SALESFORCE, access)
    }

    /// How a client uses this access; what it renews is sealed here before it is used.
    pub fn hubspot_auth(&self, access: HubSpotAccess) -> hubspot::Auth {
        match access {
            HubSpotAccess::Token { token } => hubspot::Auth::Token(token.into()),
            HubSpotAccess::OAuth {
                client_id,
                client_secret,
                redirect_uri,
                access_token,
                refresh_token,
                expires_at,
                scopes,
            } => hubspot::Auth::OAuth(hubspot::OAuth {
                app: hubspot::OAuthApp { client_id, client_secret: client_secret.into(), redirect_uri },
                tokens: hubspot::Tokens {
                    access_token: access_token.into(),
                    refresh_token: refresh_token.into(),
                    expires_at,
                    hub_id: None,
                    scopes,
                },
                store: Arc::new(self.clone()),
            }),
        }
    }

    /// How a client uses this access; what it renews is sealed here before it is used.
    pub fn salesforce_auth(&self, access: SalesforceAccess) -> salesforce::Auth {
        match access {
            SalesforceAccess::ClientCredentials { login_url, client_id, client_secret } => {
                salesforce::Auth::ClientCredentials {
                    login_url,
                    client_id,
                    client_secret: client_secret.into(),
                }
            }
            SalesforceAccess::OAuth {
                login_url,
                client_id,
                client_secret,
                redirect_uri,
                access_token,
                refresh_token,
                instance_url,
            } => salesforce::Auth::RefreshToken {
                login_url,
                app: salesforce::OAuthApp {
                    client_id,
                    client_secret: client_secret.map(SecretString::from),
                    redirect_uri,
                },
                tokens: salesforce::Tokens {
                    access_token: access_token.into(),
                    refresh_token: refresh_token.map(SecretString::from),
                    instance_url,
                    identity_url: None,
                    issued_at: None,
                    scope: None,
                },
                store: Arc::new(self.clone()),
            },
        }
    }
}

impl hubspot::TokenStore for Keeper {
    fn save<'a>(&'a self, tokens: &'a hubspot::Tokens) -> BoxFuture<'a, Result<(), hubspot::BoxError>> {
        Box::pin(async move {
            if let Some(HubSpotAccess::OAuth { client_id, client_secret, redirect_uri, .. }) =
                self.hubspot()?
            {
                self.keep_hubspot(&HubSpotAccess::OAuth {
                    client_id,
                    client_secret,
                    redirect_uri,
                    access_token: tokens.access_token.expose_secret().to_owned(),
                    refresh_token: tokens.refresh_token.expose_secret().to_owned(),
                    expires_at: tokens.expires_at,
                    scopes: tokens.scopes.clone(),
                })?;
            }
            Ok(())
        })
    }
}

impl salesforce::TokenStore for Keeper {
    fn save<'a>(&'a self, tokens: &'a salesforce::Tokens) -> BoxFuture<'a, Result<(), salesforce::BoxError>> {
        Box::pin(async move {
            if let Some(SalesforceAccess::OAuth {
                login_url, client_id, client_secret, redirect_uri, ..
            }) = self.salesforce()?
            {
                self.keep_salesforce(&SalesforceAccess::OAuth {
                    login_url,
                    client_id,
                    client_secret,
                    redirect_uri,
                    access_token: tokens.access_token.expose_secret().to_owned(),
                    refresh_token: tokens
                        .refresh_token
                        .as_ref()
                        .map(|token| token.expose_secret().to_owned()),
                    instance_url: tokens.instance_url.clone(),
                })?;
            }
            Ok(())
        })
    }
}

//! Connecting a HubSpot account: by an app that a person authorises, or by a token that is pasted.

use ::hubspot::{Client, Config, OAuthApp, Paths};
use model::Side;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::answers::Account;
use super::error::{Refused, SetupError, of_hubspot};
use super::prerequisites::missing;
use super::{App, Setup};
use crate::access::HubSpotAccess;

/// Where HubSpot sends people back to.
pub const HUBSPOT_CALLBACK: &str = "/setup/hubspot/callback";

/// Without these nothing can be synced.
const REQUIRED: [&str; 14] = [
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
];

/// Each opens something further: segments, tickets, custom objects, activities, the embed window.
const OPTIONAL: [&str; 10] = [
    "crm.lists.read",
    "tickets",
    "crm.objects.custom.read",
    "crm.objects.custom.write",
    "crm.schemas.custom.read",
    "sales-email-read",
    "forms",
    "automation",
    "automation.sequences.read",
    "automation.sequences.enrollments.write",
];

/// What must stay secret of a sign-in that has begun.
#[derive(Serialize, Deserialize)]
struct Secret {
    state: String,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
}

/// The name under which it is sealed.
const PENDING: &str = "hubspot-pending";

impl Setup {
    /// Where to send a person to authorise the app: the one that is given, or the operator's.
    ///
    /// # Errors
    /// When no app is known, or the set-up is gone.
    pub fn hubspot_sign_in(&self, draft: &str, app: Option<App>) -> Result<Url, SetupError> {
        let credentials = self.supervisor.credentials();
        let App { client_id, client_secret } =
            app.or_else(|| App::of(&credentials.hubspot_app)).ok_or(Refused::NoApp)?;
        let client_secret = client_secret.ok_or(Refused::NoApp)?;
        let redirect_uri = self.callback(HUBSPOT_CALLBACK)?;
        let app = OAuthApp {
            client_id: client_id.clone(),
            client_secret: client_secret.clone().into(),
            redirect_uri: redirect_uri.clone(),
        };
        let state = self.begin_sign_in(draft, Side::HubSpot)?;
        self.seal(draft, PENDING, &Secret { state: state.clone(), client_id, client_secret, redirect_uri })?;
        Ok(::hubspot::authorize_url(&credentials.hubspot_web, &app, &REQUIRED, &OPTIONAL, &state))
    }

    /// A person comes back from HubSpot with a code. Answers the set-up it belongs to.
    ///
    /// # Errors
    /// When the sign-in was not begun here, HubSpot refuses the code, scopes are missing, or the account is connected
    /// already.
    pub async fn hubspot_back(&self, state: &str, code: &str) -> Result<String, SetupError> {
        let draft = self.end_sign_in(Side::HubSpot, state)?;
        let secret: Secret = self
            .opened(&draft, PENDING)?
            .filter(|secret: &Secret| secret.state == state)
            .ok_or(Refused::UnknownSignIn)?;
        let app = OAuthApp {
            client_id: secret.client_id.clone(),
            client_secret: secret.client_secret.clone().into(),
            redirect_uri: secret.redirect_uri.clone(),
        };
        let base = &self.supervisor.credentials().hubspot_api;
        let tokens = ::hubspot::exchange_code(self.supervisor.world(), base, &Paths::default(), &app, code)
            .await
            .map_err(|error| refused_or_down(&error))?;
        let access = HubSpotAccess::OAuth {
            client_id: secret.client_id,
            client_secret: secret.client_secret,
            redirect_uri: secret.redirect_uri,
            access_token: tokens.access_token.expose_secret().to_owned(),
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
            expires_at: tokens.expires_at,
            scopes: tokens.scopes,
        };
        self.connect_hubspot(&draft, access).await?;
        Ok(draft)
    }

    /// A person pastes the token of a private app or a service key.
    ///
    /// # Errors
    /// When HubSpot refuses the token, scopes are missing, or the account is connected already.
    pub async fn hubspot_token(&self, draft: &str, token: &str) -> Result<(), SetupError> {
        self.answers(draft)?;
        let token = token.trim();
        if token.is_empty() {
            return Err(Refused::Credentials(
                "paste the token of a HubSpot private app or service key".into(),
            )
            .into());
        }
        self.connect_hubspot(draft, HubSpotAccess::Token { token: token.to_owned() }).await
    }

    async fn connect_hubspot(&self, draft: &str, access: HubSpotAccess) -> Result<(), SetupError> {
        let keeper = self.supervisor.keeper(draft);
        let auth = keeper.hubspot_auth(access.clone());
        let config = Config::new(self.supervisor.credentials().hubspot_api.clone(), auth);
        let client = Client::new(self.supervisor.world().clone(), config);
        let account = client.account().await.map_err(|error| refused_or_down(&error))?;
        let rows = self.supervisor.store().connections()?;
        if let Some(row) = rows.iter().find(|row| row.hubspot_account == account.portal_id) {
            return Err(Refused::AccountConnected {
                account: account.portal_id,
                connection: row.name.clone(),
            }
            .into());
        }
        let granted = self.granted(&client, &access).await?;
        // A token that is pasted needs no scope for signing in.
        let required: Vec<&str> = match access {
            HubSpotAccess::Token { .. } => REQUIRED.into_iter().filter(|scope| *scope != "oauth").collect(),
            HubSpotAccess::OAuth { .. } => REQUIRED.to_vec(),
        };
        let missing_scopes = match &granted {
            Some(granted) => {
                let lacking = missing(&required, granted);
                if !lacking.is_empty() {
                    return Err(Refused::MissingScopes(lacking).into());
                }
                missing(&OPTIONAL, granted)
            }
            None => Vec::new(),
        };
        keeper.keep_hubspot(&access)?;
        self.forget(draft);
        self.change(draft, |answers| {
            answers.hubspot =
                Some(Account { id: account.portal_id, name: account.portal_name, missing_scopes });
        })
    }

    /// The scopes of an access; none where HubSpot does not tell. Then what is missing shows where it is used, by name.
    async fn granted(
        &self,
        client: &Client,
        access: &HubSpotAccess,
    ) -> Result<Option<Vec<String>>, SetupError> {
        if let HubSpotAccess::OAuth { scopes, .. } = access
            && !scopes.is_empty()
        {
            return Ok(Some(scopes.clone()));
        }
        match client.introspect().await {
            Ok(told) if !told.scopes.is_empty() => Ok(Some(told.scopes)),
            Ok(_) => Ok(None),
            Err(error) if error.is_temporary() => Err(of_hubspot(&error)),
            Err(_) => Ok(None),
        }
    }
}

/// What a person can do something about is refused; a platform that does not answer is an error.
fn refused_or_down(error: &::hubspot::Error) -> SetupError {
    if error.is_temporary() { of_hubspot(error) } else { Refused::Credentials(error.to_string()).into() }
}

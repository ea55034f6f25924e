//! Connecting a Salesforce org: a person signs in, or an app comes in with credentials of its own.

use ::salesforce::{Client, Config, OAuthApp, Pkce};
use model::Side;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::answers::{LoginPlace, Org};
use super::error::{Refused, SetupError, of_salesforce};
use super::{App, Setup};
use crate::access::SalesforceAccess;

/// Where Salesforce sends people back to; the package's client app names the same.
pub const SALESFORCE_CALLBACK: &str = "/setup/salesforce/callback";

const PRODUCTION: &str = "https://login.salesforce.com";
const SANDBOX: &str = "https://test.salesforce.com";
const SCOPES: [&str; 3] = ["api", "refresh_token", "id"];

/// Hosts of orgs end in one of these. Government Cloud orgs are on the first, too.
// assumed: the ending of orgs in the Government Cloud Plus for defence
const ENDINGS: [&str; 3] = [".my.salesforce.com", ".salesforce.com", ".my.salesforce.mil"];

/// Editions that have no API and cannot add it, by their names and by what `OrganizationType` calls them.
const WITHOUT_API: [&str; 3] = ["Team Edition", "Base Edition", "Personal Edition"];

/// What must stay secret of a sign-in that has begun.
#[derive(Serialize, Deserialize)]
struct Secret {
    state: String,
    client_id: String,
    client_secret: Option<String>,
    redirect_uri: String,
    login_url: Url,
    verifier: String,
}

/// The name under which it is sealed.
const PENDING: &str = "salesforce-pending";

impl Setup {
    /// Where to send a person to sign in.
    ///
    /// # Errors
    /// When no app is known, the place is none, or the set-up is gone.
    pub fn salesforce_sign_in(
        &self,
        draft: &str,
        place: LoginPlace,
        app: Option<App>,
    ) -> Result<Url, SetupError> {
        let App { client_id, client_secret } =
            app.or_else(|| App::of(&self.supervisor.credentials().salesforce_app)).ok_or(Refused::NoApp)?;
        let login_url = self.login_url(&place)?;
        let redirect_uri = self.callback(SALESFORCE_CALLBACK)?;
        let app = OAuthApp {
            client_id: client_id.clone(),
            client_secret: client_secret.clone().map(Into::into),
            redirect_uri: redirect_uri.clone(),
        };
        let Pkce { verifier, challenge } = ::salesforce::pkce(self.supervisor.world());
        let state = self.begin_sign_in(draft, Side::Salesforce)?;
        let url = ::salesforce::authorize_url(&login_url, &app, &SCOPES, &challenge, &state);
        let verifier = verifier.expose_secret().to_owned();
        let secret = Secret { state, client_id, client_secret, redirect_uri, login_url, verifier };
        self.seal(draft, PENDING, &secret)?;
        self.change(draft, |answers| answers.place = place)?;
        Ok(url)
    }

    /// A person comes back from Salesforce with a code. Answers the set-up it belongs to.
    ///
    /// # Errors
    /// When the sign-in was not begun here, Salesforce refuses the code, or the org is none that can be synced.
    pub async fn salesforce_back(&self, state: &str, code: &str) -> Result<String, SetupError> {
        let draft = self.end_sign_in(Side::Salesforce, state)?;
        let secret: Secret = self
            .opened(&draft, PENDING)?
            .filter(|secret: &Secret| secret.state == state)
            .ok_or(Refused::UnknownSignIn)?;
        let app = OAuthApp {
            client_id: secret.client_id.clone(),
            client_secret: secret.client_secret.clone().map(Into::into),
            redirect_uri: secret.redirect_uri.clone(),
        };
        let world = self.supervisor.world();
        let tokens =
            ::salesforce::exchange_code(world, &secret.login_url, &app, code, &secret.verifier.into())
                .await
                .map_err(|error| refused_or_down(&error))?;
        let access = SalesforceAccess::OAuth {
            login_url: secret.login_url,
            client_id: secret.client_id,
            client_secret: secret.client_secret,
            redirect_uri: secret.redirect_uri,
            access_token: tokens.access_token.expose_secret().to_owned(),
            refresh_token: tokens.refresh_token.map(|token| token.expose_secret().to_owned()),
            instance_url: tokens.instance_url,
        };
        self.connect_salesforce(&draft, access).await?;
        Ok(draft)
    }

    /// An app comes in with credentials of its own, as the user it runs as.
    ///
    /// # Errors
    /// When Salesforce refuses the credentials, or the org is none that can be synced.
    pub async fn salesforce_credentials(
        &self,
        draft: &str,
        my_domain: &str,
        app: App,
    ) -> Result<(), SetupError> {
        let place = LoginPlace::MyDomain(my_domain.trim().to_owned());
        let login_url = self.login_url(&place)?;
        let client_secret = app.client_secret.ok_or(Refused::NoApp)?;
        self.change(draft, |answers| answers.place = place)?;
        let access =
            SalesforceAccess::ClientCredentials { login_url, client_id: app.client_id, client_secret };
        self.connect_salesforce(draft, access).await
    }

    async fn connect_salesforce(&self, draft: &str, access: SalesforceAccess) -> Result<(), SetupError> {
        let answers = self.answers(draft)?;
        let keeper = self.supervisor.keeper(draft);
        let auth = keeper.salesforce_auth(access.clone());
        let client = Client::new(self.supervisor.world().clone(), Config::new(auth));
        let who = client.identity().await.map_err(|error| refused_or_down(&error))?;
        // The API may be switched off for the user: the permission check tells, and it can be put right there.
        let organization = match client.organization().await {
            Ok(organization) => Some(organization),
            Err(error) => match error.code() {
                Some("API_DISABLED_FOR_ORG") => {
                    let edition =
                        "Group, Essentials, Starter or Professional Edition without the API".to_owned();
                    return Err(Refused::Edition { edition }.into());
                }
                Some("API_CURRENTLY_DISABLED") => None,
                _ => return Err(refused_or_down(&error)),
            },
        };
        if let Some(org) = &organization {
            let edition = org.organization_type.clone().unwrap_or_default();
            if WITHOUT_API.contains(&edition.as_str()) {
                return Err(Refused::Edition { edition: called(&edition).to_owned() }.into());
            }
            let wrong = match answers.place {
                LoginPlace::Production => org.is_sandbox,
                LoginPlace::Sandbox => !org.is_sandbox,
                LoginPlace::MyDomain(_) => false,
            };
            if wrong {
                return Err(Refused::NotThatKind { sandbox: org.is_sandbox }.into());
            }
        }
        let instance_url = client.instance_url().await.map_err(|error| of_salesforce(&error))?;
        keeper.keep_salesforce(&access)?;
        self.forget(draft);
        self.change(draft, |answers| {
            let org = Org {
                id: who.organization_id,
                name: organization.as_ref().map(|org| org.name.clone()),
                edition: organization.as_ref().and_then(|org| org.organization_type.clone()),
                sandbox: organization.as_ref().is_some_and(|org| org.is_sandbox),
                user: who.user_id,
                username: who.username,
                instance_url,
            };
            // What was found out about another org says nothing of this one.
            if answers.salesforce.as_ref().is_none_or(|known| known.id != org.id) {
                answers.package = super::PackageState::default();
                answers.embed = super::EmbedState::default();
            }
            answers.prerequisites.clear();
            answers.checked_at = None;
            answers.salesforce = Some(org);
        })
    }

    /// Where people sign in. The operator's own address stands for Salesforce's.
    fn login_url(&self, place: &LoginPlace) -> Result<Url, SetupError> {
        let given = self.supervisor.credentials().salesforce_login.as_ref();
        let parsed = |text: &str| Url::parse(text).map_err(|_| Refused::NoSuchHost(text.to_owned()).into());
        match (place, given) {
            (LoginPlace::Production | LoginPlace::Sandbox, Some(given)) => Ok(given.clone()),
            (LoginPlace::Production, None) => parsed(PRODUCTION),
            (LoginPlace::Sandbox, None) => parsed(SANDBOX),
            (LoginPlace::MyDomain(host), given) => {
                my_domain(host, given).ok_or_else(|| Refused::NoSuchHost(host.clone()).into())
            }
        }
    }
}

/// The address of an org by what a person wrote: a host or a whole address. Client secrets are sent there, so it must be
/// one of Salesforce's hosts, or the one that the operator gave.
fn my_domain(text: &str, given: Option<&Url>) -> Option<Url> {
    let text = text.trim().trim_end_matches('/');
    if let Some(given) = given {
        let own = given.as_str().trim_end_matches('/');
        if text == own || own.split_once("://").is_some_and(|(_, host)| host == text) {
            return Some(given.clone());
        }
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&whole).ok()?;
    let host = url.host_str()?.to_lowercase();
    // People copy the address of the page they see, which is another host of the same org.
    let host = host.replace(".lightning.force.com", ".my.salesforce.com");
    let fits = url.scheme() == "https" && url.port().is_none() && url.username().is_empty();
    let theirs = !host.starts_with('.') && ENDINGS.iter().any(|ending| host.ends_with(ending));
    (fits && theirs).then(|| Url::parse(&format!("https://{host}")).ok()).flatten()
}

/// What people call an edition.
fn called(edition: &str) -> &str {
    match edition {
        "Team Edition" => "Group Edition",
        "Base Edition" => "Starter Edition",
        other => other,
    }
}

fn refused_or_down(error: &::salesforce::Error) -> SetupError {
    if error.is_temporary() { of_salesforce(error) } else { Refused::Credentials(error.to_string()).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_of_salesforce_are_signed_in_to() {
        let of = |text: &str| my_domain(text, None).map(|url| url.to_string());
        let acme = Some("https://acme.my.salesforce.com/".to_owned());
        for text in [
            "acme.my.salesforce.com",
            " https://acme.my.salesforce.com/lightning/page/home ",
            "https://ACME.lightning.force.com/",
        ] {
            assert_eq!(of(text), acme, "{text}");
        }
        assert!(of("acme--uat.sandbox.my.salesforce.com").is_some());
        for text in [
            "",
            "acme",
            "http://acme.my.salesforce.com",
            "my.salesforce.com.evil.example",
            "acme.my.salesforce.com:8443",
            "https://a@acme.my.salesforce.com",
            ".my.salesforce.com",
            "127.0.0.1:8102",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        let given: Url = "http://127.0.0.1:8102".parse().unwrap();
        assert_eq!(my_domain("127.0.0.1:8102", Some(&given)), Some(given.clone()));
        assert_eq!(my_domain("http://127.0.0.1:8102/", Some(&given)), Some(given.clone()));
        assert_eq!(my_domain("127.0.0.1:8103", Some(&given)), None);
    }
}

//! Who the client is logged in as, and where.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Call;
use crate::{Client, Error, lenient};

/// An API version the org serves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Version {
    /// The release's name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Its path.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub url: String,
    /// Such as `66.0`.
    pub version: String,
}

/// Who the client is logged in as.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Answer")]
pub struct Identity {
    /// The user's id.
    pub user_id: String,
    /// The org's id.
    pub organization_id: String,
    /// The user's name for logging in.
    pub username: String,
    /// The user's name.
    pub display_name: Option<String>,
    /// The user's address.
    pub email: Option<String>,
    /// The user's time zone.
    pub time_zone: Option<String>,
}

/// The two addresses that tell who somebody is name the same things differently; an answer may have both names.
#[derive(Deserialize)]
struct Answer {
    user_id: String,
    organization_id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    preferred_username: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    email: Option<String>,
    #[serde(default, rename = "zoneinfo", deserialize_with = "lenient::or_default")]
    time_zone: Option<String>,
}

impl From<Answer> for Identity {
    fn from(answer: Answer) -> Self {
        Self {
            user_id: answer.user_id,
            organization_id: answer.organization_id,
            username: answer.username.or(answer.preferred_username).unwrap_or_default(),
            display_name: answer.display_name.or(answer.name),
            email: answer.email,
            time_zone: answer.time_zone,
        }
    }
}

/// The org.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Organization {
    /// Id.
    pub id: String,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Edition, such as `Enterprise Edition`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub organization_type: Option<String>,
    /// Whether it is a sandbox.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub is_sandbox: bool,
    /// The instance it lives on.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub instance_name: Option<String>,
    /// Its namespace.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub namespace_prefix: Option<String>,
    /// IANA name of its time zone.
    #[serde(default, rename = "TimeZoneSidKey", deserialize_with = "lenient::or_default")]
    pub time_zone: Option<String>,
    /// Its locale.
    #[serde(default, rename = "DefaultLocaleSidKey", deserialize_with = "lenient::or_default")]
    pub locale: Option<String>,
    /// Its language.
    #[serde(default, rename = "LanguageLocaleKey", deserialize_with = "lenient::or_default")]
    pub language: Option<String>,
    /// When a trial ends.
    #[serde(default, deserialize_with = "lenient::time")]
    pub trial_expiration_date: Option<Timestamp>,
    /// Whether it is read-only now.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub is_read_only: bool,
}

impl Client {
    /// The API versions the org serves.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn versions(&self) -> Result<Vec<Version>, Error> {
        self.ask(&Call::new("listing API versions", Method::GET, "/services/data")).await
    }

    /// The user the client acts as.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn identity(&self) -> Result<Identity, Error> {
        self.ask(&Call::new("telling who is logged in", Method::GET, "/services/oauth2/userinfo")).await
    }

    /// The org.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn organization(&self) -> Result<Organization, Error> {
        const SOQL: &str = "SELECT Id, Name, OrganizationType, IsSandbox, InstanceName, NamespacePrefix, \
            TrialExpirationDate, DefaultLocaleSidKey, TimeZoneSidKey, LanguageLocaleKey, IsReadOnly FROM Organization";
        let unread = |reason: String| Error::Decode {
            what: "describing the org".to_owned(),
            reason,
            body: "(one row of Organization)".to_owned(),
        };
        let row = self.query(SOQL).await?.records.into_iter().next();
        let row = row.ok_or_else(|| unread("it holds no row".to_owned()))?;
        serde_json::from_value(Value::Object(row.fields)).map_err(|error| unread(error.to_string()))
    }
}

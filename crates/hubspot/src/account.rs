//! Which portal this is.

use http::Method;
use serde::Deserialize;

use crate::client::Call;
use crate::{Client, Error, lenient};

/// Which portal this is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// The portal's number.
    #[serde(deserialize_with = "lenient::text")]
    pub portal_id: String,
    /// `STANDARD`, `DEVELOPER_TEST`, `SANDBOX` or `APP_DEVELOPER`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub account_type: Option<String>,
    /// IANA name of the portal's time zone.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub time_zone: Option<String>,
    /// The portal's main currency.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub company_currency: Option<String>,
    /// Its other currencies.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub additional_currencies: Vec<String>,
    /// Milliseconds from UTC.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub utc_offset_milliseconds: i64,
    /// Host of its web pages, such as `app.hubspot.com`.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub ui_domain: Option<String>,
    /// Where its data are kept.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub data_hosting_location: Option<String>,
    /// The portal's name, which newer versions give.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub portal_name: Option<String>,
}

impl Client {
    /// Which portal the token belongs to.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn account(&self) -> Result<AccountInfo, Error> {
        let path = self.inner().paths.account();
        self.ask(&Call::new("telling which account this is", Method::GET, path)).await
    }
}

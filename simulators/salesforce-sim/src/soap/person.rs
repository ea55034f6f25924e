//! Logging in, and who is logged in.

use jiff::Timestamp;
use roxmltree::Node;

use super::{Fault, Flavour, envelope};
use crate::soql::Record as _;
use crate::xml::{Xml, text_below};
use crate::{SalesforceSim, State};

/// How long a session lasts that nobody uses.
const SECONDS_VALID: &str = "7200";

pub(super) fn login(
    sim: &SalesforceSim,
    flavour: Flavour,
    version: &str,
    body: Node<'_, '_>,
    now: Timestamp,
) -> Result<Vec<u8>, Fault> {
    let username = text_below(body, "username").unwrap_or_default();
    let password = text_below(body, "password").unwrap_or_default();
    let mut state = sim.state();
    let user = state.org.user_named(username.trim()).filter(|_| state.auth.is_password(password.trim()));
    let Some(user) = user else {
        let message = "Invalid username, password, security token; or user locked out.";
        return Err(Fault::new("INVALID_LOGIN", message));
    };
    let session = state.auth.open_session(&user, now);
    let org = state.auth.org_id.get(..15).unwrap_or_default().to_owned();
    let base = state.base_url.clone();
    let mut xml = Xml::new();
    envelope::begin(&mut xml, flavour);
    xml.open("soapenv:Body", &[]);
    xml.open("loginResponse", &[]);
    xml.open("result", &[]);
    xml.leaf("metadataServerUrl", &format!("{base}/services/Soap/m/{version}/{org}"));
    xml.leaf("passwordExpired", "false");
    xml.leaf("sandbox", &sim.0.sandbox.to_string());
    xml.leaf("serverUrl", &format!("{base}/services/Soap/{}/{version}/{org}", flavour.letter()));
    xml.leaf("sessionId", &session);
    xml.leaf("userId", &user);
    user_info(&state, &user, "userInfo", &mut xml);
    xml.close("result");
    xml.close("loginResponse");
    xml.close("soapenv:Body");
    xml.close("soapenv:Envelope");
    Ok(xml.finish())
}

/// The user of the session, and their org.
pub(super) fn user_info(state: &State, user_id: &str, element: &str, xml: &mut Xml) {
    let auth = &state.auth;
    let read = |id: &str, field: &str| {
        let found = state.org.find(id);
        let value = found.map(|(_, row)| row.value(field).into_owned());
        value.and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    };
    let user = |field: &str| read(user_id, field);
    let org = |field: &str| read(&auth.org_id, field);
    xml.open(element, &[]);
    xml.leaf("accessibilityMode", "false");
    xml.leaf("chatterExternal", "false");
    xml.leaf("currencySymbol", "$");
    xml.leaf("orgAttachmentFileSizeLimit", "5242880");
    xml.leaf("orgDefaultCurrencyIsoCode", "USD");
    xml.leaf("orgDefaultCurrencyLocale", "en_US");
    xml.leaf("orgDisallowHtmlAttachments", "false");
    xml.leaf("orgHasPersonAccounts", "false");
    xml.leaf("organizationId", &auth.org_id);
    xml.leaf("organizationMultiCurrency", "false");
    xml.leaf("organizationName", &org("Name"));
    xml.leaf("profileId", &user("ProfileId"));
    xml.nil("roleId");
    xml.leaf("sessionSecondsValid", SECONDS_VALID);
    xml.nil("userDefaultCurrencyIsoCode");
    xml.leaf("userEmail", &user("Email"));
    xml.leaf("userFullName", &user("Name"));
    xml.leaf("userId", user_id);
    xml.leaf("userLanguage", &user("LanguageLocaleKey"));
    xml.leaf("userLocale", &user("LocaleSidKey"));
    xml.leaf("userName", &user("Username"));
    xml.leaf("userTimeZone", &user("TimeZoneSidKey"));
    xml.leaf("userType", &user("UserType"));
    xml.leaf("userUiSkin", "Theme3");
    xml.close(element);
}

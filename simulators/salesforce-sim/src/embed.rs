//! The short-lived token with which the org's pages open the embed window, made the way the package's Apex makes it.
//!
//! # Contract
//!
//! `token = payload + "." + signature`, where
//!
//! - `payload` is base64url without padding of a JSON object with exactly these keys: `org` and `user` and `record`, ids of
//!   18 characters; `object`, the API name of the record's object; `iat` and `exp`, seconds since 1970;
//! - `signature` is base64url without padding of HMAC-SHA256 over the bytes of `payload`, keyed with the bytes of the
//!   secret.
//!
//! A token is good for five minutes. The window is opened at the configured address, in which `{user}`, `{org}`,
//! `{record}`, `{object}` and `{token}` are replaced; without `{token}` in it, `token` is added to its query.
//!
//! The secret is what an administrator pasted into the protected custom metadata record `Tandem_Embed.Default` (fields
//! `Secret__c` and `Url__c`), deployed with the component; `/_sim/settings` can name both instead.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::State;
use crate::setup::page_components;
use crate::setup::rows::text;
use crate::setup::xml::list;

/// Seconds that a token is good for.
const LIFE: i64 = 300;

/// Where the window is opened, when settings say so.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EmbedSettings {
    /// The address, with placeholders.
    pub url: Option<String>,
    /// The key that tokens are signed with.
    pub secret: Option<String>,
    /// The name of the component that stands for the window; any component of the org's own, if left out.
    pub component: Option<String>,
}

/// Whom a token is for, and for which record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claims<'a> {
    pub org: &'a str,
    pub user: &'a str,
    pub object: &'a str,
    pub record: &'a str,
    pub issued: i64,
}

/// Makes a token.
pub(crate) fn mint(secret: &str, claims: &Claims<'_>) -> String {
    let payload = json!({
        "org": claims.org, "user": claims.user, "object": claims.object, "record": claims.record,
        "iat": claims.issued, "exp": claims.issued + LIFE,
    });
    let payload = BASE64_URL_SAFE_NO_PAD.encode(payload.to_string());
    // A key of any length will do, so this never fails.
    let signature = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(payload.as_bytes());
            BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default();
    format!("{payload}.{signature}")
}

/// What stands in the place of the window on a record's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Window {
    /// The page holds no such component.
    Absent,
    /// It cannot be shown, and why.
    Blocked(String),
    /// It is shown from here.
    At(String),
}

impl State {
    /// The window on the page of a record, opened for a user.
    pub(crate) fn embed_window(&self, object: &str, claims: &Claims<'_>) -> Window {
        let Some(component) = self.embed_component(object) else { return Window::Absent };
        let (deployed_url, deployed_secret) = self.deployed_embed();
        let own = component.1;
        let configured = self.setup.embed.url.clone();
        let trusted = configured.is_some();
        let Some(url) = configured.or(own).or(deployed_url) else {
            return Window::Blocked(format!("{} is on this page and has no address yet.", component.0));
        };
        if !trusted && !self.is_trusted(&url) {
            let message = format!(
                "The browser may not show {}: add its address to CSP Trusted Sites, for frames.",
                url.split(['?', '{']).next().unwrap_or_default()
            );
            return Window::Blocked(message);
        }
        let Some(secret) = self.setup.embed.secret.clone().or(deployed_secret) else {
            return Window::Blocked(
                "The embed window has no secret yet: paste the one that Tandem shows.".to_owned(),
            );
        };
        let token = mint(&secret, claims);
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let mut address = url;
        for (name, value) in [
            ("{user}", claims.user),
            ("{org}", claims.org),
            ("{record}", claims.record),
            ("{object}", object),
        ] {
            address = address.replace(name, &encoded(value));
        }
        if address.contains("{token}") {
            return Window::At(address.replace("{token}", &token));
        }
        let joint = if address.contains('?') { '&' } else { '?' };
        Window::At(format!("{address}{joint}token={token}"))
    }

    /// The component that stands for the window on the object's page, and the address that the page gives it.
    fn embed_component(&self, object: &str) -> Option<(String, Option<String>)> {
        let page = self.active_page(object)?;
        let wanted = self.setup.embed.component.as_deref();
        let found = page_components(&page).into_iter().find_map(|component| {
            let name = text(component, "componentName");
            let name = name.strip_prefix("c:").unwrap_or(name);
            let known = self.setup.components.get("LightningComponentBundle", name).is_some();
            let fits = known && wanted.is_none_or(|wanted| wanted == name);
            let url = list(component.get("componentInstanceProperties"))
                .into_iter()
                .find(|property| text(property, "name") == "url")
                .map(|property| text(property, "value").to_owned());
            fits.then(|| (name.to_owned(), url))
        });
        found.or_else(|| self.embed_on_layout(object))
    }

    /// Layouts hold a window as a component or a page of the same name.
    fn embed_on_layout(&self, object: &str) -> Option<(String, Option<String>)> {
        let layouts = self.setup.components.of_kind("Layout");
        let own =
            layouts.filter(|layout| layout.full_name.split_once('-').is_some_and(|(head, _)| head == object));
        own.flat_map(|layout| list(layout.body.get("layoutSections")))
            .flat_map(|section| list(section.get("layoutColumns")))
            .flat_map(|column| list(column.get("layoutItems")))
            .find_map(|item| {
                let name = [text(item, "component"), text(item, "page")]
                    .into_iter()
                    .find(|name| !name.is_empty())?;
                Some((name.to_owned(), None))
            })
    }

    /// The record page that people see: the one the object names, or else its own.
    fn active_page(&self, object: &str) -> Option<Value> {
        let named = self.setup.components.get("CustomObject", object).and_then(|kept| {
            let overrides = list(kept.body.get("actionOverrides"));
            let view = overrides
                .into_iter()
                .find(|own| text(own, "actionName") == "View" && text(own, "type") == "Flexipage")?;
            Some(text(view, "content").to_owned())
        });
        let name = named.unwrap_or_else(|| crate::setup::page_name(object));
        if let Some((_, page)) = self.read_component("FlexiPage", &name) {
            return Some(page);
        }
        let mut pages = self.setup.components.of_kind("FlexiPage");
        pages.find(|page| text(&page.body, "sobjectType") == object).map(|page| page.body.clone())
    }

    /// Address and secret from the record that is deployed with the component.
    fn deployed_embed(&self) -> (Option<String>, Option<String>) {
        let Some(record) = self.setup.components.get("CustomMetadata", "Tandem_Embed.Default") else {
            return (None, None);
        };
        let value = |field: &str| {
            let values = list(record.body.get("values"));
            let own = values.into_iter().find(|own| text(own, "field") == field)?.get("value")?;
            let own = own.get("#text").unwrap_or(own);
            own.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
        };
        (value("Url__c"), value("Secret__c"))
    }

    /// Whether pages of the org may show this address in a frame.
    fn is_trusted(&self, address: &str) -> bool {
        let plain = address.split('{').next().unwrap_or(address);
        let Ok(wanted) = url::Url::parse(plain) else { return false };
        let sites = self.setup.components.of_kind("CspTrustedSite");
        let mut sites = sites.filter(|site| {
            let yes = |key: &str| site.body.get(key).and_then(Value::as_bool);
            yes("isActive").unwrap_or(true) && yes("isApplicableToFrameSrc").unwrap_or(false)
        });
        sites.any(|site| {
            url::Url::parse(text(&site.body, "endpointUrl")).is_ok_and(|own| own.origin() == wanted.origin())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_payload_and_signature() {
        let claims = Claims { org: "00D", user: "005", object: "Contact", record: "003", issued: 100 };
        let token = mint("key", &claims);
        let (payload, signature) = token.split_once('.').unwrap();
        let read: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(
            read,
            json!({"org": "00D", "user": "005", "object": "Contact", "record": "003", "iat": 100, "exp": 400})
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
        mac.update(payload.as_bytes());
        mac.verify_slice(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        assert_ne!(mint("other", &claims), token);
    }
}

//! The identity provider that people may sign in with, as the environment names it.

use anyhow::Context;
use secrecy::SecretString;
use server::{Oidc, OidcSettings, Role};
use transport::World;

use crate::config::{public_url, variable};

/// The variables that name who gets which role.
const ROLES: [(&str, Role); 3] = [
    ("TANDEM_OIDC_VIEWERS", Role::Viewer),
    ("TANDEM_OIDC_OPERATORS", Role::Operator),
    ("TANDEM_OIDC_ADMINISTRATORS", Role::Administrator),
];

/// The provider, where `TANDEM_OIDC_ISSUER` names one.
pub fn provider() -> anyhow::Result<Option<Oidc>> {
    let Some(issuer) = variable("TANDEM_OIDC_ISSUER") else { return Ok(None) };
    let needed = |name: &str| {
        variable(name).with_context(|| format!("TANDEM_OIDC_ISSUER is set, and {name} is not; set it, too"))
    };
    public_url().context(
        "TANDEM_OIDC_ISSUER is set, and TANDEM_PUBLIC_URL is not; the provider must know where to send people back",
    )?;
    let roles = ROLES.iter().flat_map(|(name, role)| {
        let listed = variable(name).unwrap_or_default();
        let each = listed.split(',').map(|address| address.trim().to_lowercase());
        each.filter(|address| !address.is_empty()).map(|address| (address, *role)).collect::<Vec<_>>()
    });
    let settings = OidcSettings {
        client_id: needed("TANDEM_OIDC_CLIENT_ID")?,
        client_secret: SecretString::from(needed("TANDEM_OIDC_CLIENT_SECRET")?),
        name: variable("TANDEM_OIDC_NAME").unwrap_or_else(|| "OpenID Connect".to_owned()),
        roles: roles.collect(),
        trust_email: variable("TANDEM_OIDC_TRUST_EMAIL").is_some_and(|value| value == "1"),
        issuer,
    };
    let oidc = Oidc::new(settings, World::real()?.transport).map_err(anyhow::Error::msg)?;
    Ok(Some(oidc))
}

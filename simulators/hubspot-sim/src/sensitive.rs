//! Properties that hold sensitive data: who may define them, read their values and write them.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::http::Ctx;
use crate::registry::{COMPANIES, CONTACTS, DEALS, TICKETS};

/// How much a property's values have to be guarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Sensitivity {
    #[default]
    Plain,
    Sensitive,
    Highly,
}

impl Sensitivity {
    /// The name the API uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "non_sensitive",
            Self::Sensitive => "sensitive",
            Self::Highly => "highly_sensitive",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, ApiError> {
        let all = [Self::Plain, Self::Sensitive, Self::Highly];
        all.into_iter().find(|own| own.name() == name).ok_or_else(|| {
            ApiError::validation(format!(
                "Unable to parse value for query parameter: dataSensitivity. {name} is none of non_sensitive, sensitive, \
                 highly_sensitive"
            ))
        })
    }
}

/// Which guarded values a caller may see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    sensitive: bool,
    highly: bool,
}

impl Seen {
    /// Whether values of this kind are among them.
    pub(crate) fn has(self, sensitivity: Sensitivity) -> bool {
        match sensitivity {
            Sensitivity::Plain => true,
            Sensitivity::Sensitive => self.sensitive,
            Sensitivity::Highly => self.highly,
        }
    }
}

/// The scope for guarded values of an object; nothing where the platform keeps none.
fn scope(account: &Account, object: usize, level: Sensitivity, verb: &str) -> Option<String> {
    let level = level.name();
    match object {
        CONTACTS | COMPANIES | DEALS => {
            Some(format!("crm.objects.{}.{level}.{verb}", account.stores[object].kind.name))
        }
        TICKETS => Some(format!("tickets.{level}")),
        _ if account.stores[object].kind.custom => Some(format!("crm.objects.custom.{level}.{verb}")),
        _ => None,
    }
}

fn missing(scope: &str) -> ApiError {
    let mut error = ApiError::new(
        403,
        Some("MISSING_SCOPES"),
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: \
         https://developers.hubspot.com/scopes.",
    );
    error.errors = vec![json!({
        "message": "One or more of the following scopes are required.",
        "context": { "requiredGranularScopes": [scope] },
    })];
    error
}

impl Ctx<'_> {
    /// Whether the caller has been granted a scope; names may end in the scope's version.
    fn granted(&self, account: &Account, scope: &str) -> bool {
        let Some(token) = self.bearer() else { return false };
        if token == account.oauth.static_token {
            return account.platform.settings.sensitive_data;
        }
        let grant =
            account.oauth.tokens.get(token).and_then(|token| account.oauth.grants.get(&token.refresh));
        let versioned = format!("{scope}.v2");
        grant.is_some_and(|grant| grant.scopes.iter().any(|own| own == scope || *own == versioned))
    }

    /// Which guarded values of an object the caller may read.
    pub(crate) fn seen(&self, account: &Account, object: usize) -> Seen {
        let may =
            |level| scope(account, object, level, "read").is_some_and(|scope| self.granted(account, &scope));
        Seen { sensitive: may(Sensitivity::Sensitive), highly: may(Sensitivity::Highly) }
    }

    /// Refuses who may not define or write guarded values of an object.
    pub(crate) fn may_guard(
        &self,
        account: &Account,
        object: usize,
        level: Sensitivity,
    ) -> Result<(), ApiError> {
        if level == Sensitivity::Plain {
            return Ok(());
        }
        let Some(scope) = scope(account, object, level, "write") else {
            // assumed: the wording
            let name = &account.stores[object].kind.name;
            return Err(ApiError::validation(format!("{name} cannot have properties for sensitive data")));
        };
        if self.granted(account, &scope) { Ok(()) } else { Err(missing(&scope)) }
    }

    /// Refuses who may not write one of these values.
    pub(crate) fn may_write(
        &self,
        account: &Account,
        object: usize,
        given: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        for name in given.keys() {
            if let Some((_, property)) = account.stores[object].active(&name.to_lowercase()) {
                self.may_guard(account, object, property.sensitivity)?;
            }
        }
        Ok(())
    }
}

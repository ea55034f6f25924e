//! What can be changed about lists, imports and webhooks while the simulator runs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::limits::{Limits, Tier};
use crate::platform::webhooks::WebhookFaults;

/// Which of the older signatures webhooks carry beside version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Signature {
    V1,
    V2,
}

/// How long things take and how events are sent; part of the account.
#[derive(Debug, Clone)]
pub(crate) struct PlatformSettings {
    /// How long a change takes to be seen by a dynamic list, in milliseconds.
    pub(crate) list_lag_ms: i64,
    /// How long an import or export takes, in milliseconds; polls bring it forward as well.
    pub(crate) job_ms: i64,
    pub(crate) webhook_signature: Signature,
    pub(crate) webhooks: WebhookFaults,
    /// Whether the app whose token does not end has the scopes for sensitive data.
    pub(crate) sensitive_data: bool,
}

impl Default for PlatformSettings {
    fn default() -> Self {
        // assumed: a small import takes some seconds
        Self {
            list_lag_ms: 0,
            job_ms: 3000,
            webhook_signature: Signature::V1,
            webhooks: WebhookFaults::default(),
            sensitive_data: false,
        }
    }
}

/// The body of `POST /_sim/settings`. What is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsChange {
    pub(crate) limits: Option<Limits>,
    pub(crate) search_lag_ms: Option<u32>,
    pub(crate) tier: Option<Tier>,
    list_lag_ms: Option<u32>,
    job_ms: Option<u32>,
    webhook_signature: Option<Signature>,
    webhooks: Option<WebhookFaults>,
    sensitive_data: Option<bool>,
}

impl PlatformSettings {
    /// The settings as `/_sim/settings` shows them.
    pub(crate) fn show(&self, into: &mut Map<String, Value>) {
        into.insert("list_lag_ms".into(), json!(self.list_lag_ms));
        into.insert("job_ms".into(), json!(self.job_ms));
        into.insert("webhook_signature".into(), json!(self.webhook_signature));
        into.insert("webhooks".into(), json!(self.webhooks));
        into.insert("sensitive_data".into(), json!(self.sensitive_data));
    }

    /// Takes over what a change names.
    pub(crate) fn change(&mut self, change: &SettingsChange) {
        self.list_lag_ms = change.list_lag_ms.map_or(self.list_lag_ms, i64::from);
        self.job_ms = change.job_ms.map_or(self.job_ms, i64::from);
        self.sensitive_data = change.sensitive_data.unwrap_or(self.sensitive_data);
        self.webhook_signature = change.webhook_signature.unwrap_or(self.webhook_signature);
        if let Some(webhooks) = &change.webhooks {
            self.webhooks = *webhooks;
        }
    }
}

//! Forms and marketing emails: what people submit, open and click.

pub(crate) mod emails;
pub(crate) mod forms;

use emails::EmailEvent;
use forms::Submission;

/// What has been submitted and what happened to emails.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marketing {
    pub(crate) submissions: Vec<Submission>,
    pub(crate) email_events: Vec<EmailEvent>,
}

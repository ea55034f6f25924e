//! Sequences and workflows: what there is, and putting a contact into one.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::client::Call;
use crate::owners::Paging;
use crate::paths::segment;
use crate::{Client, Error, lenient};

/// A sequence of emails and tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Sequence {
    /// Id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
}

/// A contact to be put into a sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SequenceEntry {
    /// The user who does it; the sequence is theirs, or shared with them.
    pub user: String,
    /// The sequence.
    pub sequence: String,
    /// The contact's record id.
    pub contact: String,
    /// The inbox that its emails are sent from; HubSpot has to be connected to it.
    pub sender: String,
}

/// A contact's place in a sequence.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SequenceEnrollment {
    /// Id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// The sequence's name, where HubSpot says.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub sequence_name: Option<String>,
    /// Where its emails go.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub to_email: Option<String>,
    /// Who put the contact there.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub enrolled_by_email: Option<String>,
    /// Since when.
    #[serde(default, deserialize_with = "lenient::time")]
    pub enrolled_at: Option<Timestamp>,
}

/// A workflow that takes contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Workflow {
    /// Id; not that of the same thing among flows.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Whether it is on; one that is off takes nobody.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub enabled: bool,
}

#[derive(Deserialize)]
struct SequencePage {
    #[serde(default)]
    results: Vec<Sequence>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

#[derive(Deserialize)]
struct WorkflowList {
    #[serde(default)]
    workflows: Vec<Workflow>,
}

impl Client {
    /// The sequences that a user may use.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, for example because the account has no sequences.
    pub async fn sequences(&self, user: &str) -> Result<Vec<Sequence>, Error> {
        let mut sequences = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let path = self.inner().paths.sequences();
            let mut call =
                Call::new("listing sequences", Method::GET, path).query("userId", user).query("limit", "100");
            if let Some(after) = after.take() {
                call = call.query("after", after);
            }
            let page: SequencePage = self.ask(&call).await?;
            sequences.extend(page.results);
            after = page.paging.after();
            if after.is_none() {
                return Ok(sequences);
            }
        }
    }

    /// Puts a contact into a sequence. It is not sent again once its answer was lost: emails may have gone out.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, for example a contact that is in a sequence already.
    pub async fn enroll_in_sequence(&self, entry: &SequenceEntry) -> Result<SequenceEnrollment, Error> {
        let path = format!("{}/enrollments", self.inner().paths.sequences());
        let what = format!("putting contact {} into sequence {}", entry.contact, entry.sequence);
        let call = Call::new(what, Method::POST, path).query("userId", entry.user.as_str());
        let body = json!({
            "sequenceId": entry.sequence, "contactId": entry.contact, "senderEmail": entry.sender,
        });
        self.ask(&call.json(body)).await
    }

    /// The sequence a contact is in, or was in last; none where it never was in any.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn sequence_of(&self, contact: &str) -> Result<Option<SequenceEnrollment>, Error> {
        let path = format!("{}/enrollments/contact/{}", self.inner().paths.sequences(), segment(contact));
        let call = Call::new(format!("reading the sequence of contact {contact}"), Method::GET, path);
        match self.ask(&call).await {
            Ok(enrollment) => Ok(Some(enrollment)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The workflows that take contacts.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn contact_workflows(&self) -> Result<Vec<Workflow>, Error> {
        // HubSpot has given this no dated path.
        let call = Call::new("listing workflows", Method::GET, "/automation/v3/workflows");
        Ok(self.ask::<WorkflowList>(&call).await?.workflows)
    }

    /// The workflows that a contact is in now.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn workflows_of(&self, contact: &str) -> Result<Vec<Workflow>, Error> {
        let path = format!("/automation/v2/workflows/enrollments/contacts/{}", segment(contact));
        self.ask(&Call::new(format!("reading the workflows of contact {contact}"), Method::GET, path)).await
    }

    /// Puts the contact with this email into a workflow. One that is in it already stays.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, for example a workflow that is off.
    pub async fn enroll_in_workflow(&self, workflow: &str, email: &str) -> Result<(), Error> {
        let path =
            format!("/automation/v2/workflows/{}/enrollments/contacts/{}", segment(workflow), segment(email));
        let call = Call::new(format!("putting {email} into workflow {workflow}"), Method::POST, path);
        self.inner().send(&call.repeatable()).await.map(drop)
    }
}

//! Putting a contact into a sequence or a workflow, for a person who is a user of both platforms.
//!
//! Whoever may see a record in Salesforce need not be somebody in HubSpot: enrolling is for people whose Salesforce user has
//! the email of an active HubSpot user, and sequences send from that person's own inbox.

use hubspot::{Sequence, SequenceEnrollment, SequenceEntry, Workflow};
use model::Side;

use super::{EmbedError, HubSpotRecord};
use crate::connection::Connection;

/// A person as HubSpot knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSpotUser {
    /// The user's id.
    pub id: String,
    /// The user's email, which is also the inbox that sequences send from.
    pub email: String,
}

/// What a contact can be put into.
#[derive(Debug, Clone, PartialEq)]
pub struct EnrollChoices {
    /// Who does it.
    pub user: HubSpotUser,
    /// Where a sequence's emails would go.
    pub email: String,
    /// The sequences this person may use.
    pub sequences: Vec<Sequence>,
    /// The workflows that are on.
    pub workflows: Vec<Workflow>,
    /// The sequence the contact is in.
    pub in_sequence: Option<SequenceEnrollment>,
    /// The workflows the contact is in.
    pub in_workflows: Vec<Workflow>,
}

impl Connection {
    /// What a contact can be put into by this Salesforce user.
    ///
    /// # Errors
    /// When it is no contact with an email, the person is no HubSpot user, or HubSpot refuses.
    pub async fn embed_choices(
        &self,
        record: &HubSpotRecord,
        salesforce_user: &str,
    ) -> Result<EnrollChoices, EmbedError> {
        let client = self.hubspot()?;
        let email = self.email_of(record).await?;
        let user = self.hubspot_user(salesforce_user).await?;
        let (sequences, workflows, in_sequence, in_workflows) = futures::join!(
            client.sequences(&user.id),
            client.contact_workflows(),
            client.sequence_of(&record.id),
            client.workflows_of(&record.id)
        );
        let mut workflows = workflows?;
        workflows.retain(|workflow| workflow.enabled);
        Ok(EnrollChoices {
            user,
            email,
            sequences: sequences?,
            workflows,
            in_sequence: in_sequence?,
            in_workflows: in_workflows?,
        })
    }

    /// Puts a contact into a sequence, as this Salesforce user; its emails come from that person's own inbox.
    ///
    /// # Errors
    /// As [`Connection::embed_choices`].
    pub async fn embed_enroll_in_sequence(
        &self,
        record: &HubSpotRecord,
        salesforce_user: &str,
        sequence: &str,
    ) -> Result<SequenceEnrollment, EmbedError> {
        self.email_of(record).await?;
        let user = self.hubspot_user(salesforce_user).await?;
        let entry = SequenceEntry {
            user: user.id,
            sequence: sequence.to_owned(),
            contact: record.id.clone(),
            sender: user.email,
        };
        Ok(self.hubspot()?.enroll_in_sequence(&entry).await?)
    }

    /// Puts a contact into a workflow, as this Salesforce user.
    ///
    /// # Errors
    /// As [`Connection::embed_choices`].
    pub async fn embed_enroll_in_workflow(
        &self,
        record: &HubSpotRecord,
        salesforce_user: &str,
        workflow: &str,
    ) -> Result<(), EmbedError> {
        let email = self.email_of(record).await?;
        self.hubspot_user(salesforce_user).await?;
        Ok(self.hubspot()?.enroll_in_workflow(workflow, &email).await?)
    }

    async fn email_of(&self, record: &HubSpotRecord) -> Result<String, EmbedError> {
        if record.object != "contacts" {
            return Err(EmbedError::NotAContact);
        }
        let found = self.hubspot()?.get("contacts", &record.id, None, &["email".to_owned()]).await?;
        let found =
            found.ok_or_else(|| EmbedError::Gone { object: record.object.clone(), id: record.id.clone() })?;
        found.get("email").map(ToOwned::to_owned).ok_or(EmbedError::NoEmail)
    }

    /// The HubSpot user with the email of a Salesforce user.
    async fn hubspot_user(&self, salesforce_user: &str) -> Result<HubSpotUser, EmbedError> {
        let unknown = || EmbedError::NoHubSpotUser(salesforce_user.to_owned());
        let people = self.side(Side::Salesforce).owners().await.map_err(crate::EngineError::from)?;
        let person = people.into_iter().find(|person| person.active && person.id == salesforce_user);
        let email = person.and_then(|person| person.email).ok_or_else(unknown)?;
        let owners = self.hubspot()?.owners(false).await?;
        let owner = owners.into_iter().find(|owner| {
            !owner.archived && owner.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&email))
        });
        let owner = owner.ok_or_else(unknown)?;
        match (owner.user_id, owner.email) {
            (Some(id), Some(email)) => Ok(HubSpotUser { id, email }),
            _ => Err(unknown()),
        }
    }
}

//! The end of a set-up: a connection that is at work.

use model::ConnectionId;

use super::Setup;
use super::answers::Step;
use super::error::{Refused, SetupError};
use super::prerequisites::{Finding, Need, may_go_on};

impl Setup {
    /// Keeps the connection and starts it. The set-up is forgotten.
    ///
    /// # Errors
    /// When a step is not answered, a permission is missing, the account was connected meanwhile, or the store cannot be written. Then the set-up
    /// stays.
    pub async fn finish(&self, draft: &str) -> Result<ConnectionId, SetupError> {
        let answers = self.answers(draft)?;
        let (Some(account), Some(org)) = (&answers.hubspot, &answers.salesforce) else {
            return Err(Refused::TooEarly.into());
        };
        if answers.step() != Step::Review {
            return Err(Refused::TooEarly.into());
        }
        // What was chosen since the org was last asked may need more.
        let rows = self.check_prerequisites(draft).await?;
        if !may_go_on(&rows) {
            // Being administrator is only the simple way to the others.
            let lacking = rows.iter().filter(|row| {
                matches!(row.finding, Finding::Fail | Finding::Unknown) && row.need != Need::Administrator
            });
            let named = lacking.map(|row| match &row.need {
                Need::ModifyAll(object) => format!("{} {object}", row.need.key()),
                need => need.key().to_owned(),
            });
            return Err(Refused::Prerequisites(named.collect()).into());
        }

        let store = self.supervisor.store();
        let rows = store.connections()?;
        let taken = rows.iter().find(|known| known.hubspot_account == account.id);
        if let Some(taken) = taken {
            return Err(Refused::AccountConnected {
                account: account.id.clone(),
                connection: taken.name.clone(),
            }
            .into());
        }
        let settings = self.prepared(draft, true).await?;
        let row = self.row(account, org, &settings)?;
        let id = row.id.clone();
        let (from, to) = (self.supervisor.keeper(draft), self.supervisor.keeper(id.as_str()));
        let (Some(hubspot), Some(salesforce)) = (from.hubspot()?, from.salesforce()?) else {
            return Err(Refused::TooEarly.into());
        };
        // Sealed before the connection is there: one without access would be no use after a crash in between.
        to.keep_hubspot(&hubspot)?;
        to.keep_salesforce(&salesforce)?;
        store.create_connection(&row)?;
        self.forget(draft);
        store.delete_draft(draft)?;
        self.supervisor.start(&id).await?;
        Ok(id)
    }
}

//! Campaign members, as if the campaigns were a field of the lead or contact.

use std::collections::{BTreeMap, BTreeSet};

use ::salesforce::{Fields, RowResult, Scope, in_lists};
use model::{Value, Values};

use super::{RecordState, Refusal, SalesforceSide, SideError, WRITE, Written, failed, outcome};
use crate::campaigns::{CAMPAIGN, MEMBER, MEMBERS, NEW_STATUS, STATUSES};

/// A member of a campaign.
struct Member {
    id: String,
    person: String,
    campaign: String,
    name: String,
    status: String,
}

/// Whether this stands for something that is kept in other records.
pub(in crate::side) fn is_elsewhere(field: &str) -> bool {
    matches!(field, MEMBERS | STATUSES | NEW_STATUS)
}

/// Which members are to be made and which to end, by the row they belong to.
#[derive(Default)]
struct Difference {
    made: Vec<(usize, Fields)>,
    ended: Vec<(usize, String)>,
}

impl SalesforceSide {
    async fn members(&self, object: &str, people: &[String]) -> Result<Vec<Member>, SideError> {
        let field = if object == "Lead" { "LeadId" } else { "ContactId" };
        let before =
            format!("SELECT Id, {field}, CampaignId, Campaign.Name, Status FROM {MEMBER} WHERE {field} IN ");
        let rows = self.client.query_each(&in_lists(&before, people, ""), Scope::Live).await;
        let rows = rows.map_err(|error| failed(&error))?;
        let members = rows.iter().map(|row| {
            let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
            let name = row.get(CAMPAIGN).and_then(|campaign| campaign.get("Name"));
            Member {
                id: row.id.clone().unwrap_or_else(|| text("Id")),
                person: text(field),
                campaign: text("CampaignId"),
                name: name.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
                status: text("Status"),
            }
        });
        Ok(members.collect())
    }

    /// Adds to these records the campaigns they are in, where that is asked for.
    pub(super) async fn fill_members(
        &self,
        object: &str,
        records: &mut [RecordState],
        wanted: bool,
    ) -> Result<(), SideError> {
        if !wanted || records.is_empty() {
            return Ok(());
        }
        let people: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let mut held: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for member in self.members(object, &people).await? {
            let (campaigns, statuses) = held.entry(member.person).or_default();
            campaigns.insert(member.campaign);
            statuses.insert(format!("{}: {}", member.name, member.status));
        }
        for record in records {
            let (campaigns, statuses) = held.remove(&record.id).unwrap_or_default();
            let campaigns = if campaigns.is_empty() { Value::Blank } else { Value::Choices(campaigns) };
            let statuses: Vec<String> = statuses.into_iter().collect();
            record.values.insert(MEMBERS.to_owned(), campaigns);
            record.values.insert(STATUSES.to_owned(), Value::text(&statuses.join("\n")));
        }
        Ok(())
    }

    /// Brings the members in line with these rows, of which the other fields have been written.
    pub(super) async fn write_members(
        &self,
        object: &str,
        rows: &[(String, Values)],
        mut outcomes: Vec<Written>,
    ) -> Result<Vec<Written>, SideError> {
        let mut people: BTreeMap<String, usize> = BTreeMap::new();
        for (index, ((_, values), outcome)) in rows.iter().zip(&outcomes).enumerate() {
            if let (true, Written::Stored { id, .. }) = (values.contains_key(MEMBERS), outcome) {
                people.insert(id.clone(), index);
            }
        }
        if people.is_empty() {
            return Ok(outcomes);
        }
        let ids: Vec<String> = people.keys().cloned().collect();
        let held = self.members(object, &ids).await?;
        let active = self.active_campaigns(rows).await?;
        let mut difference = Difference::default();
        for (person, index) in &people {
            let Some((_, values)) = rows.get(*index) else { continue };
            let wanted = match values.get(MEMBERS) {
                Some(Value::Choices(campaigns)) => campaigns.clone(),
                _ => BTreeSet::new(),
            };
            let own: Vec<&Member> = held.iter().filter(|member| member.person == *person).collect();
            for campaign in wanted.iter().filter(|id| !own.iter().any(|member| member.campaign == **id)) {
                match active.get(campaign) {
                    Some((true, _)) => {
                        let member = new_member(object, person, campaign, values.get(NEW_STATUS));
                        difference.made.push((*index, member));
                    }
                    known => refuse(&mut outcomes, *index, closed(campaign, known.map(|(_, name)| name))),
                }
            }
            let ended = own.iter().filter(|member| !wanted.contains(&member.campaign));
            difference.ended.extend(ended.map(|member| (*index, member.id.clone())));
        }
        self.carry_out(difference, &mut outcomes).await?;
        for ((_, wanted), outcome) in rows.iter().zip(&mut outcomes) {
            if let (Some(members), Written::Stored { values, .. }) = (wanted.get(MEMBERS), outcome) {
                values.insert(MEMBERS.to_owned(), members.clone());
                // What is said of each is not known before the next look.
                values.remove(STATUSES);
            }
        }
        Ok(outcomes)
    }

    /// The campaigns that these rows name: whether each is active, and its name.
    async fn active_campaigns(
        &self,
        rows: &[(String, Values)],
    ) -> Result<BTreeMap<String, (bool, String)>, SideError> {
        let named = rows.iter().filter_map(|(_, values)| match values.get(MEMBERS) {
            Some(Value::Choices(campaigns)) => Some(campaigns),
            _ => None,
        });
        let named: BTreeSet<String> =
            named.flatten().filter(|id| model::salesforce_id_18(id).is_some()).cloned().collect();
        if named.is_empty() {
            return Ok(BTreeMap::new());
        }
        let before = format!("SELECT Id, Name, IsActive FROM {CAMPAIGN} WHERE Id IN ");
        let named: Vec<String> = named.into_iter().collect();
        let rows = self.client.query_each(&in_lists(&before, &named, ""), Scope::Live).await;
        let rows = rows.map_err(|error| failed(&error))?;
        let campaigns = rows.iter().map(|row| {
            let active = row.get("IsActive").and_then(serde_json::Value::as_bool).unwrap_or(false);
            let id = row.id.clone().or_else(|| row.text("Id").map(ToOwned::to_owned)).unwrap_or_default();
            (id, (active, row.text("Name").unwrap_or_default().to_owned()))
        });
        Ok(campaigns.collect())
    }

    async fn carry_out(&self, difference: Difference, outcomes: &mut [Written]) -> Result<(), SideError> {
        let already = |result: &RowResult| matches!(result, RowResult::Err(errors) if errors.iter().any(|error| error.code.as_deref() == Some("DUPLICATE_VALUE")));
        let gone = |result: &RowResult| matches!(result, RowResult::Err(errors) if errors.iter().any(|error| error.code.as_deref() == Some("ENTITY_IS_DELETED")));
        let mut results = Vec::new();
        if !difference.made.is_empty() {
            let rows: Vec<Fields> = difference.made.iter().map(|(_, row)| row.clone()).collect();
            let made = self.client.collections_create(MEMBER, &rows, WRITE).await;
            let made = made.map_err(|error| failed(&error))?.into_iter();
            results.extend(difference.made.iter().map(|(index, _)| *index).zip(made));
        }
        if !difference.ended.is_empty() {
            let ids: Vec<String> = difference.ended.iter().map(|(_, id)| id.clone()).collect();
            let ended = self.client.collections_delete(&ids, WRITE).await;
            let ended = ended.map_err(|error| failed(&error))?.into_iter();
            results.extend(difference.ended.iter().map(|(index, _)| *index).zip(ended));
        }
        for (index, result) in results {
            if already(&result) || gone(&result) {
                continue;
            }
            match outcome(result, Values::new()) {
                Written::Stored { .. } => {}
                Written::Refused(refusal) => refuse(outcomes, index, refusal),
                Written::Unknown => {
                    if let Some(outcome) = outcomes.get_mut(index) {
                        *outcome = Written::Unknown;
                    }
                }
            }
        }
        Ok(())
    }
}

fn new_member(object: &str, person: &str, campaign: &str, status: Option<&Value>) -> Fields {
    let mut member = Fields::new();
    let field = if object == "Lead" { "LeadId" } else { "ContactId" };
    member.insert(field.into(), person.into());
    member.insert("CampaignId".into(), campaign.into());
    // Without one, the campaign's default holds.
    if let Some(status) = status {
        member.insert("Status".into(), status.to_string().into());
    }
    member
}

fn closed(campaign: &str, name: Option<&String>) -> Refusal {
    let message = match name {
        Some(name) => {
            format!("The campaign '{name}' ({campaign}) is not active, so nobody can be added to it.")
        }
        None => format!("Salesforce has no campaign {campaign}, or does not show it to the connected user."),
    };
    Refusal { code: "CAMPAIGN_CLOSED".into(), message, fields: Vec::new(), existing: None, passing: false }
}

/// Refuses the campaigns of a row; what else was written of it stands.
fn refuse(outcomes: &mut [Written], index: usize, mut refusal: Refusal) {
    refusal.fields = vec![MEMBERS.to_owned()];
    if let Some(outcome) = outcomes.get_mut(index) {
        *outcome = Written::Refused(refusal);
    }
}

//! Campaigns: which Salesforce campaigns a person is in, as choices of a HubSpot contact. Choosing one in HubSpot makes
//! a member, and dropping one, on either side, ends it. A member is a record of its own and its changes do not show on
//! the lead or contact; so members are asked for as well.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model::{
    Access, ChoiceList, ChoiceOption, Field, FieldMapping, Kind, ObjectMapping, Side, SyncRule, TextFormat,
    Value, Values,
};
use serde::Serialize;
use store::{Cause, HistoryEntry, Outcome};

use crate::connection::Connection;
use crate::detect::stream;
use crate::error::EngineError;
use crate::schema::Described;
use crate::side::{Key, RecordState, SideApi, SideError, Written};

/// The property of a HubSpot contact that holds its Salesforce campaigns.
pub const CAMPAIGNS_PROPERTY: &str = "salesforce_campaigns";
/// The property of a HubSpot contact that says its status in each of them.
pub const CAMPAIGN_STATUSES_PROPERTY: &str = "salesforce_campaign_statuses";
/// What stands for the campaigns of a lead or contact, as if it were a field.
pub(crate) const MEMBERS: &str = "CampaignMembers";
/// What stands for the status in each of them.
pub(crate) const STATUSES: &str = "CampaignMemberStatuses";
/// Written along with [`MEMBERS`]: the status of those who are new.
pub(crate) const NEW_STATUS: &str = "CampaignMemberStatus";
pub(crate) const CAMPAIGN: &str = "Campaign";
pub(crate) const MEMBER: &str = "CampaignMember";
pub(crate) const MEMBER_STATUS: &str = "CampaignMemberStatus";

/// Adds the campaigns to the mappings of contacts.
pub(crate) fn add_to(mappings: &mut [ObjectMapping]) {
    for mapping in mappings.iter_mut().filter(|mapping| has_members(&mapping.salesforce_object)) {
        if mapping.hubspot_object == "contacts" {
            mapping.fields.extend([
                FieldMapping::new(CAMPAIGNS_PROPERTY, MEMBERS, SyncRule::Union),
                FieldMapping::new(CAMPAIGN_STATUSES_PROPERTY, STATUSES, SyncRule::AlwaysSalesforce),
            ]);
        }
    }
}

/// Whether records of this Salesforce object can be in a campaign.
pub(crate) fn has_members(object: &str) -> bool {
    matches!(object, "Contact" | "Lead")
}

fn properties(campaigns: Vec<ChoiceOption>) -> [Field; 2] {
    let field = |name: &str, label: &str, kind| Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        access: Access::ReadWrite,
        required: false,
        unique: false,
    };
    let choices = Kind::MultiChoice(ChoiceList { options: campaigns, restricted: false });
    let text = Kind::Text { max_length: Some(65_536), format: TextFormat::Long };
    [
        field(CAMPAIGNS_PROPERTY, "Salesforce campaigns", choices),
        field(CAMPAIGN_STATUSES_PROPERTY, "Salesforce campaign statuses", text),
    ]
}

/// Adds to what the platforms describe what stands for campaigns.
pub(crate) fn describe(described: &mut Described) {
    for ((side, object), fields) in described.iter_mut() {
        match side {
            Side::HubSpot if object == "contacts" => {
                fields.retain(|field| {
                    field.name != CAMPAIGNS_PROPERTY && field.name != CAMPAIGN_STATUSES_PROPERTY
                });
                fields.extend(properties(Vec::new()));
            }
            Side::Salesforce if has_members(object) => {
                let [mut members, mut statuses] = properties(Vec::new());
                members.name = MEMBERS.to_owned();
                statuses.name = STATUSES.to_owned();
                statuses.access = Access::ReadOnly;
                fields.extend([members, statuses]);
            }
            _ => {}
        }
    }
}

/// Makes sure that HubSpot has the properties, with a choice for each campaign.
pub(crate) async fn ensure_properties(
    hubspot: &dyn SideApi,
    salesforce: &dyn SideApi,
) -> Result<(), EngineError> {
    let campaigns = all_campaigns(salesforce, &[text("Name")]).await?;
    for property in properties(choices(&campaigns)) {
        hubspot.offer("contacts", &property).await?;
    }
    Ok(())
}

async fn all_campaigns(salesforce: &dyn SideApi, fields: &[Field]) -> Result<Vec<RecordState>, EngineError> {
    let mut campaigns = Vec::new();
    let mut page = None;
    loop {
        let answer = salesforce.changes(CAMPAIGN, None, page, fields).await?;
        campaigns.extend(answer.records.into_iter().filter(|campaign| !campaign.deleted));
        page = answer.next;
        if page.is_none() {
            return Ok(campaigns);
        }
    }
}

fn text(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        label: name.to_owned(),
        kind: Kind::Text { max_length: None, format: TextFormat::Plain },
        access: Access::ReadOnly,
        required: false,
        unique: false,
    }
}

fn choices(campaigns: &[RecordState]) -> Vec<ChoiceOption> {
    let choice = |campaign: &RecordState| ChoiceOption {
        value: campaign.id.clone(),
        label: campaign.values.get("Name").map(ToString::to_string).unwrap_or_default(),
        active: true,
    };
    campaigns.iter().filter(|campaign| !campaign.deleted).map(choice).collect()
}

/// What Salesforce will say of the members once these are written, for a rehearsal: those who are new have the default
/// status of their campaign.
pub(crate) async fn statuses_after(
    salesforce: &dyn SideApi,
    before: &Values,
    after: &Value,
) -> Result<Value, SideError> {
    let chosen = |value: Option<&Value>| match value {
        Some(Value::Choices(campaigns)) => campaigns.clone(),
        _ => BTreeSet::new(),
    };
    let (old, new) = (chosen(before.get(MEMBERS)), chosen(Some(after)));
    let ids: Vec<String> = old.union(&new).cloned().collect();
    let said = |record: &RecordState, name: &str| {
        record.values.get(name).map(ToString::to_string).unwrap_or_default()
    };
    let campaigns = salesforce.find(CAMPAIGN, Key::Field("Id".to_owned()), &ids, &[text("Name")]).await?;
    let name = |id: &String| campaigns.iter().find(|own| own.id == *id).map(|own| said(own, "Name"));
    let key = Key::Field("CampaignId".to_owned());
    let wanted = [text("CampaignId"), text("Label"), text("IsDefault")];
    let statuses = salesforce.find(MEMBER_STATUS, key, &ids, &wanted).await?;
    let held = before.get(STATUSES).map(ToString::to_string).unwrap_or_default();
    let mut lines: BTreeSet<String> =
        held.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
    for name in old.difference(&new).filter_map(name) {
        lines.retain(|line| !line.starts_with(&format!("{name}: ")));
    }
    for id in new.difference(&old) {
        let own =
            |status: &&RecordState| said(status, "CampaignId") == *id && said(status, "IsDefault") == "true";
        if let (Some(name), Some(status)) = (name(id), statuses.iter().find(own)) {
            lines.insert(format!("{name}: {}", said(status, "Label")));
        }
    }
    Ok(Value::text(&lines.into_iter().collect::<Vec<_>>().join("\n")))
}

/// A Salesforce campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Campaign {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether people can be added to it.
    pub active: bool,
}

/// What a person asked for could not be done, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// The contact is in the campaign now.
    Added,
    /// The platform gave no answer; the next pass shows what happened.
    Unknown,
    /// It was refused, with the reason.
    Refused(String),
}

impl Connection {
    /// All campaigns of Salesforce, by name.
    ///
    /// # Errors
    /// When Salesforce cannot be asked.
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, EngineError> {
        let fields = [text("Name"), text("IsActive")];
        let mut campaigns: Vec<Campaign> = all_campaigns(self.side(Side::Salesforce), &fields)
            .await?
            .into_iter()
            .map(|campaign| {
                let said =
                    |name: &str| campaign.values.get(name).map(ToString::to_string).unwrap_or_default();
                Campaign { name: said("Name"), active: said("IsActive") == "true", id: campaign.id }
            })
            .collect();
        campaigns.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(campaigns)
    }

    /// Why a member cannot have this status: the campaign has others.
    async fn no_such_status(&self, campaign: &str, status: &str) -> Result<Option<String>, EngineError> {
        let key = Key::Field("CampaignId".to_owned());
        let campaigns = [campaign.to_owned()];
        let api = self.side(Side::Salesforce);
        let found = api.find(MEMBER_STATUS, key, &campaigns, &[text("Label")]).await?;
        let labels: Vec<String> =
            found.iter().filter_map(|own| own.values.get("Label")).map(ToString::to_string).collect();
        let known = labels.is_empty() || labels.iter().any(|label| label == status);
        Ok((!known)
            .then(|| format!("The campaign has no member status '{status}'. It has {}.", labels.join(", "))))
    }

    /// Looks for campaigns and members that have changed: the choices are offered, the people are marked.
    pub(crate) async fn poll_campaigns(&self) -> Result<(), EngineError> {
        let campaigns = self.changed(CAMPAIGN, &[text("Name")]).await?;
        if campaigns.iter().any(|campaign| !campaign.deleted) {
            let [property, _] = properties(choices(&campaigns));
            self.side(Side::HubSpot).offer("contacts", &property).await?;
        }
        let members = self.changed(MEMBER, &[text("ContactId"), text("LeadId")]).await?;
        for (object, field) in [("Contact", "ContactId"), ("Lead", "LeadId")] {
            let people = members.iter().filter_map(|member| member.values.get(field));
            let people = people.filter(|id| !id.is_blank()).map(ToString::to_string);
            let mut ids: Vec<String> = people.collect();
            ids.sort();
            ids.dedup();
            self.store.mark_many(&self.id, Side::Salesforce, object, &ids, Cause::Poll, self.now())?;
        }
        if !members.is_empty() {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Records changed since the last look. The first look only notes the time: what is there is read with the people.
    async fn changed(&self, object: &str, fields: &[Field]) -> Result<Vec<RecordState>, EngineError> {
        let api = self.side(Side::Salesforce);
        let stream = stream(Side::Salesforce, object);
        let overlap = SignedDuration::try_from(self.options.overlap_of(Side::Salesforce))
            .unwrap_or(SignedDuration::ZERO);
        let began = self.now();
        let began: Timestamp = began.checked_add(api.clock_offset()).unwrap_or(began);
        let mut records = Vec::new();
        if let Some(cursor) = self.store.cursor(&self.id, &stream)? {
            let since = cursor.checked_sub(overlap).unwrap_or(cursor);
            let mut page = None;
            loop {
                let answer = api.changes(object, Some(since), page, fields).await?;
                records.extend(answer.records);
                page = answer.next;
                if page.is_none() {
                    break;
                }
            }
        }
        self.figures.add(Side::Salesforce, |figures| figures.read += records.len() as u64);
        self.store.set_cursor(&self.id, &stream, began, self.now())?;
        Ok(records)
    }

    /// Adds a HubSpot contact that is in step to a Salesforce campaign, with the campaign's default status unless
    /// another is named.
    ///
    /// # Errors
    /// When a platform cannot be asked, the store cannot be used, campaigns are switched off, or the contact is not in
    /// step.
    pub async fn add_to_campaign(
        &self,
        contact: &str,
        campaign: &str,
        status: Option<&str>,
    ) -> Result<Joined, EngineError> {
        // The run that is under way finishes its batch, and goes on when this is done.
        let _turn = self.turn.lock().await;
        let _waiting = self.meter.for_a_person();
        let joined = self.beside().join(contact, campaign, status).await;
        self.wake.notify_one();
        joined
    }

    async fn join(&self, contact: &str, campaign: &str, status: Option<&str>) -> Result<Joined, EngineError> {
        if !self.settings.campaigns {
            let hint = "Campaigns are switched off. Switch them on with `campaigns = true` in tandem.toml.";
            return Err(EngineError::Settings(hint.to_owned()));
        }
        let schema = self.schema().await?;
        let link = self.store.link_of(&self.id, Side::HubSpot, "contacts", contact)?;
        let Some(link) = link.filter(store::Link::is_active) else {
            let hint =
                format!("The HubSpot contact {contact} is not in step with Salesforce. Run a sync first.");
            return Err(EngineError::Settings(hint));
        };
        let (object, person) = (link.object(Side::Salesforce), link.record(Side::Salesforce).to_owned());
        let api = self.side(Side::Salesforce);
        let fields = schema.fields_of(Side::Salesforce, object);
        let found = api.read(object, std::slice::from_ref(&person), &fields).await?;
        let before = found.get(&person).and_then(|record| record.values.get(MEMBERS)).cloned();
        let before = before.unwrap_or_default();
        let mut wanted = match &before {
            Value::Choices(campaigns) => campaigns.clone(),
            _ => BTreeSet::new(),
        };
        let campaign = model::salesforce_id_18(campaign).unwrap_or_else(|| campaign.to_owned());
        if !wanted.insert(campaign.clone()) {
            return Ok(Joined::Refused("The contact is in this campaign already.".to_owned()));
        }
        if let Some(status) = status
            && let Some(reason) = self.no_such_status(&campaign, status).await?
        {
            return Ok(Joined::Refused(reason));
        }
        self.begin_run("campaign")?;
        let joined = self.make_member(&link, before, wanted, status).await;
        self.finish_run(joined.as_ref().err())?;
        joined
    }

    async fn make_member(
        &self,
        link: &store::Link,
        before: Value,
        wanted: BTreeSet<String>,
        status: Option<&str>,
    ) -> Result<Joined, EngineError> {
        let (object, person) = (link.object(Side::Salesforce), link.record(Side::Salesforce).to_owned());
        let fields = self.schema().await?.fields_of(Side::Salesforce, object);
        let after = Value::Choices(wanted);
        let mut sent = Values::from([(MEMBERS.to_owned(), after.clone())]);
        if let Some(status) = status {
            sent.insert(NEW_STATUS.to_owned(), Value::Text(status.to_owned()));
        }
        // No intent: what becomes of it unheard is an edit like any other, and goes on to HubSpot.
        let outcome = self
            .side(Side::Salesforce)
            .update(object, &[(person.clone(), sent)], &fields)
            .await?
            .into_iter()
            .next();
        let joined = match outcome {
            Some(Written::Stored { call, .. }) => {
                self.figures.add(Side::Salesforce, |figures| figures.updated += 1);
                let entry = HistoryEntry {
                    run: self.run_name(),
                    at: self.now(),
                    side: Side::Salesforce,
                    object: object.to_owned(),
                    record: person.clone(),
                    link: Some(link.id),
                    field: Some(MEMBERS.to_owned()),
                    before: Some(before),
                    after: Some(after),
                    cause: Cause::Person.as_str().to_owned(),
                    reason: "asked_for".to_owned(),
                    outcome: Outcome::Written,
                    call,
                };
                self.store.transaction(|tx| tx.add_history(&self.id, &entry))?;
                Joined::Added
            }
            Some(Written::Refused(refusal)) => Joined::Refused(refusal.message),
            Some(Written::Unknown) | None => Joined::Unknown,
        };
        // HubSpot hears of it when the pair is looked at.
        self.store.mark_many(
            &self.id,
            Side::Salesforce,
            object,
            std::slice::from_ref(&person),
            Cause::Person,
            self.now(),
        )?;
        Ok(joined)
    }
}

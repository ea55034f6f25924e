//! Records that become others: lead conversion and merges.

use roxmltree::Node;
use serde_json::{Map, Value};
use sim_base::WriteKind;

use super::data::{Row, errors};
use super::read::named;
use super::{Done, Fault, Soap};
use crate::api::Api;
use crate::bulk::typed;
use crate::crm::{Converted, LeadConversion};
use crate::error::Refusal;
use crate::ids;
use crate::xml::{Xml, elements, text_below};

/// The most leads and the most merges of a call.
const MOST_LEADS: usize = 100;
const MOST_MERGES: usize = 200;

/// What became of one of them.
type Outcome<T> = Result<T, Vec<Refusal>>;

impl Soap<'_> {
    pub(super) fn convert_leads(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let wanted: Vec<LeadConversion> =
            items(body, "leadConverts", MOST_LEADS)?.into_iter().map(lead).collect();
        let call = self.headers.call.clone();
        let done = self.for_each(&wanted, |api, lead| {
            let writer = api.writer(&call);
            let done = api.state.org.convert_lead(lead, &writer)?;
            count(api, lead, &done);
            Ok(done)
        });
        for (lead, done) in wanted.iter().zip(&done) {
            xml.open("result", &[]);
            match done {
                Ok(done) => {
                    xml.leaf("accountId", &done.account_id);
                    xml.leaf("contactId", &done.contact_id);
                    xml.leaf("leadId", &done.lead_id);
                    match &done.opportunity_id {
                        Some(id) => xml.leaf("opportunityId", id),
                        None => xml.nil("opportunityId"),
                    }
                }
                Err(refusals) => {
                    xml.nil("accountId");
                    xml.nil("contactId");
                    errors(refusals, xml);
                    xml.leaf("leadId", &lead.lead_id);
                    xml.nil("opportunityId");
                }
            }
            xml.leaf("success", &done.is_ok().to_string());
            xml.close("result");
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, body: Node<'_, '_>, xml: &mut Xml) -> Done {
        let requests = items(body, "request", MOST_MERGES)?;
        // jsforce calls them by another name.
        let requests =
            if requests.is_empty() { items(body, "mergeRequests", MOST_MERGES)? } else { requests };
        let merges: Vec<Merge> = requests.into_iter().map(Merge::read).collect();
        let call = self.headers.call.clone();
        let done = self.for_each(&merges, |api, merge| {
            // A merge is done as a whole or not at all.
            let whole = api.atomic(true, |api| {
                let done = merge.work(api, &call);
                let failed = done.is_err();
                (done, failed)
            });
            whole.0
        });
        for (merge, done) in merges.iter().zip(&done) {
            xml.open("result", &[]);
            match done {
                Ok(moved) => {
                    xml.leaf("id", &merge.master);
                    merge.losers.iter().for_each(|id| xml.leaf("mergedRecordIds", id));
                    xml.leaf("success", "true");
                    moved.iter().for_each(|id| xml.leaf("updatedRelatedIds", id));
                }
                Err(refusals) => {
                    errors(refusals, xml);
                    xml.nil("id");
                    xml.leaf("success", "false");
                }
            }
            xml.close("result");
        }
        Ok(())
    }
}

impl Soap<'_> {
    /// Does the same with each of these; all or none of them, where the caller wants it so.
    fn for_each<T, D>(
        &mut self,
        wanted: &[T],
        work: impl Fn(&mut Api<'_>, &T) -> Outcome<D>,
    ) -> Vec<Outcome<D>> {
        let all = self.headers.all_or_none;
        let mut api = self.api();
        let each = |api: &mut Api<'_>| {
            let one = |one: &T| match api.row_fails() {
                Some(refusal) => Err(vec![refusal]),
                None => work(api, one),
            };
            let done: Vec<Outcome<D>> = wanted.iter().map(one).collect();
            let failed = done.iter().any(Result::is_err);
            (done, failed)
        };
        let (mut done, taken_back) = api.atomic(all, each);
        api.count_writes();
        if taken_back {
            roll_back(&mut done);
        }
        done
    }
}

fn items<'a, 'i>(body: Node<'a, 'i>, name: &str, most: usize) -> Result<Vec<Node<'a, 'i>>, Fault> {
    let found: Vec<Node<'a, 'i>> = elements(body).filter(|child| child.tag_name().name() == name).collect();
    if found.len() > most {
        let message = format!("record limit reached. cannot submit more than {most} records into this call");
        return Err(Fault::new("EXCEEDED_ID_LIMIT", message));
    }
    Ok(found)
}

fn roll_back<T>(done: &mut [Outcome<T>]) {
    let message =
        "Record rolled back because not all records were valid and the request was using AllOrNone header";
    for done in done.iter_mut().filter(|done| done.is_ok()) {
        *done = Err(vec![Refusal::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", message)]);
    }
}

fn lead(node: Node<'_, '_>) -> LeadConversion {
    let text = |name: &str| {
        text_below(node, name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let yes = |name: &str| text(name).is_some_and(|text| matches!(text.as_str(), "true" | "1"));
    LeadConversion {
        lead_id: text("leadId").unwrap_or_default(),
        converted_status: text("convertedStatus").unwrap_or_default(),
        account_id: text("accountId"),
        contact_id: text("contactId"),
        opportunity_id: text("opportunityId"),
        opportunity_name: text("opportunityName"),
        do_not_create_opportunity: yes("doNotCreateOpportunity"),
        owner_id: text("ownerId"),
        overwrite_lead_source: yes("overwriteLeadSource"),
        send_notification_email: yes("sendNotificationEmail"),
    }
}

/// Counts what a conversion has written.
fn count(api: &mut Api<'_>, lead: &LeadConversion, done: &Converted) {
    let kind = |given: bool| if given { WriteKind::Updated } else { WriteKind::Created };
    api.wrote("Lead", WriteKind::Updated);
    api.wrote("Account", kind(lead.account_id.is_some()));
    api.wrote("Contact", kind(lead.contact_id.is_some()));
    if done.opportunity_id.is_some() {
        api.wrote("Opportunity", kind(lead.opportunity_id.is_some()));
    }
}

/// A merge that is asked for.
struct Merge {
    object: String,
    master: String,
    losers: Vec<String>,
    /// New values of the master.
    fields: Map<String, Value>,
    nulls: Vec<String>,
}

impl Merge {
    fn read(node: Node<'_, '_>) -> Self {
        let row = elements(node).find(|child| child.tag_name().name() == "masterRecord").map(Row::read);
        let mut row = row.unwrap_or_else(Row::empty);
        let id = row.fields.shift_remove("Id").or_else(|| row.fields.shift_remove("id")).unwrap_or_default();
        let id = id.as_str().unwrap_or_default().trim();
        let full = |id: &str| ids::normal(id).unwrap_or_else(|| id.to_owned());
        Self {
            object: row.object,
            master: full(id),
            losers: named(node, "recordToMergeIds").iter().map(|id| full(id)).collect(),
            fields: row.fields,
            nulls: row.nulls,
        }
    }

    fn work(&self, api: &mut Api<'_>, call: &crate::api::CallHeaders) -> Result<Vec<String>, Vec<Refusal>> {
        let writer = api.writer(call);
        let def = api.state.org.table(&self.object).map(|table| table.def.clone());
        let unknown = || {
            vec![Refusal::new("INVALID_TYPE", format!("sObject type '{}' is not supported.", self.object))]
        };
        let mut fields = typed(&def.ok_or_else(unknown)?, self.fields.clone())?;
        fields.extend(self.nulls.iter().map(|name| (name.clone(), Value::Null)));
        let one = |refusal: Refusal| vec![refusal];
        let moved =
            api.state.org.merge_records(&self.object, &self.master, &self.losers, &writer).map_err(one)?;
        if !fields.is_empty() {
            api.state.org.update(&self.object, &self.master, &fields, &writer)?;
        }
        api.wrote(&self.object, WriteKind::Updated);
        for _ in &self.losers {
            api.wrote(&self.object, WriteKind::Deleted);
        }
        Ok(moved)
    }
}

//! What an org has before anybody adds records, and what it remembers between calls.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::org::Org;
use crate::storage::{Rows, Stored};
use crate::{bulk, ids, soql};

/// Calls that a Developer Edition org allows in any 24 hours.
pub(crate) const DAILY_CALLS: u64 = 15_000;

/// What a query has found. Rows are as they were then; they are put into wire form page by page.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub query: soql::Query,
    pub request: soql::Request,
    /// The object's records as they were.
    pub rows: Rows,
    pub total: usize,
    pub more: soql::More,
}

impl Cursor {
    /// A page of the rows that were found.
    pub fn page(&self, start: usize, size: usize) -> Vec<&Arc<Stored>> {
        match &self.more {
            soql::More::Nothing => Vec::new(),
            soql::More::AllLive => self.rows.live_after(start).take(size).collect(),
            soql::More::Numbered(numbers) => {
                let numbers = numbers.iter().skip(start).take(size);
                numbers.filter_map(|number| self.rows.at(*number)).collect()
            }
        }
    }
}

/// What is fetched page by page.
#[derive(Debug, Clone)]
pub(crate) enum Pages {
    /// The rows of a query.
    Rows(Arc<Cursor>),
    /// The rest of one record's children, in wire form.
    Children(Arc<Vec<Value>>),
}

/// What is remembered between calls.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// Answers that are fetched page by page, by locator.
    cursors: HashMap<String, Pages>,
    cursor_order: VecDeque<String>,
    next_cursor: u64,
    /// What was looked at, the latest first.
    pub recent: VecDeque<String>,
    /// When the counted calls of the last day were made, by minute.
    calls: VecDeque<(i64, u64)>,
    /// Bulk jobs.
    pub jobs: bulk::Jobs,
}

impl Service {
    /// Keeps what a query has found for further pages, and names it.
    pub fn keep(&mut self, pages: Pages) -> String {
        self.next_cursor += 1;
        let id = ids::make("01g", self.next_cursor);
        self.cursors.insert(id.clone(), pages);
        self.cursor_order.push_back(id.clone());
        // assumed: an org keeps a limited number of cursors and drops the oldest
        if self.cursor_order.len() > 50
            && let Some(oldest) = self.cursor_order.pop_front()
        {
            self.cursors.remove(&oldest);
        }
        id
    }

    pub fn cursor(&self, id: &str) -> Option<Pages> {
        self.cursors.get(id).cloned()
    }

    /// Calls of the last 24 hours.
    pub fn used(&mut self, now: Timestamp) -> u64 {
        let day_ago =
            now.checked_sub(SignedDuration::from_hours(24)).map_or(i64::MIN, |at| at.as_second() / 60);
        while self.calls.front().is_some_and(|(minute, _)| *minute <= day_ago) {
            self.calls.pop_front();
        }
        self.calls.iter().map(|(_, calls)| calls).sum()
    }

    pub fn count(&mut self, now: Timestamp) {
        let minute = now.as_second() / 60;
        match self.calls.back_mut() {
            Some((last, calls)) if *last == minute => *calls += 1,
            _ => self.calls.push_back((minute, 1)),
        }
    }
}

/// The ids of those who are always there.
pub(crate) struct Users {
    pub org: String,
    pub integration: String,
    pub person: String,
}

/// A new org: its own row, two users, a profile with every permission, the stages of an opportunity.
pub(crate) fn new_org(now: Timestamp, sandbox: bool) -> (Org, Users) {
    let mut org = Org::new();
    let born = now.as_second();
    let system: Arc<str> = ids::make("005", 1).into();
    let add = |org: &mut Org, object: &str, fields: Value| -> String {
        let Some(table) = org.table_mut(object) else { return String::new() };
        let mut row = table.blank(&system, born);
        for (name, value) in fields.as_object().into_iter().flatten() {
            if let Some((at, _)) = table.def.field(name) {
                row.set(at, value.clone());
            }
        }
        let id = row.id.clone();
        table.put(row);
        id
    };
    let organization = add(
        &mut org,
        "Organization",
        json!({
            "Name": "Lantern Instruments", "OrganizationType": "Developer Edition", "IsSandbox": sandbox,
            "InstanceName": "SIM1", "IsReadOnly": false, "Country": "NL", "TimeZoneSidKey": "Etc/UTC",
            "DefaultLocaleSidKey": "en_US", "LanguageLocaleKey": "en_US",
        }),
    );
    let profile = add(&mut org, "Profile", json!({"Name": "System Administrator"}));
    let user = |name: [&str; 2], username: &str| {
        json!({
            "FirstName": name[0], "LastName": name[1], "Name": format!("{} {}", name[0], name[1]), "Username": username,
            "Email": username, "Alias": "user", "IsActive": true, "UserType": "Standard", "ProfileId": profile,
            "TimeZoneSidKey": "Etc/UTC", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US",
        })
    };
    let integration = add(&mut org, "User", user(["Integration", "User"], "integration@tandem.example"));
    let person = add(&mut org, "User", user(["Ida", "Field"], "ida.field@lantern.example"));
    let mut set = json!({
        "Name": "X00eSystemAdministrator", "Label": "System Administrator", "ProfileId": profile,
        "IsOwnedByProfile": true, "IsCustom": false,
    });
    if let (Some(set), Some(table)) = (set.as_object_mut(), org.table("PermissionSet")) {
        for name in table.def.fields.keys().filter(|name| name.starts_with("Permissions")) {
            set.insert(name.clone(), json!(true));
        }
    }
    let set = add(&mut org, "PermissionSet", set);
    for assignee in [&integration, &person] {
        let assignment = json!({"PermissionSetId": set, "AssigneeId": assignee, "IsActive": true});
        add(&mut org, "PermissionSetAssignment", assignment);
    }
    let stages = [
        ("Prospecting", 10),
        ("Qualification", 10),
        ("Needs Analysis", 20),
        ("Value Proposition", 50),
        ("Id. Decision Makers", 60),
        ("Perception Analysis", 70),
        ("Proposal/Price Quote", 75),
        ("Negotiation/Review", 90),
        ("Closed Won", 100),
        ("Closed Lost", 0),
    ];
    for (order, (label, probability)) in stages.into_iter().enumerate() {
        let stage = json!({
            "MasterLabel": label, "ApiName": label, "IsActive": true, "SortOrder": order + 1,
            "IsClosed": label.starts_with("Closed"), "IsWon": label == "Closed Won",
            "ForecastCategoryName": if label.starts_with("Closed") { "Closed" } else { "Pipeline" },
            "DefaultProbability": probability,
        });
        add(&mut org, "OpportunityStage", stage);
    }
    crate::crm::seed(&mut org, &crate::dml::Writer::new(system, now));
    (org, Users { org: organization, integration, person })
}

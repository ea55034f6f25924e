//! Activities: which HubSpot activities become Salesforce tasks, and as what; tasks, which may go both ways.
//!
//! Each is an object mapping like any other, made from the settings. An activity without properties of its own in
//! HubSpot's record store, such as a form submission, stands for an object too (see `side/hubspot/timeline.rs`).

use model::{
    ChoiceMap, FieldMapping, FieldWrite, ObjectMapping, PairPlan, Side, Sides, SyncRule, Value, Values,
};
use store::Link;

use crate::connection::Connection;
use crate::error::EngineError;
use crate::pair::Pair;
use crate::schema::Route;
use crate::settings::{Activity, ActivityMapping, ActivitySettings};
use crate::side::RecordState;
use crate::waiting::Awaited;

/// The Salesforce object that activities become.
pub(crate) const TASK: &str = "Task";
/// The HubSpot object that goes both ways.
pub(crate) const TASKS: &str = "tasks";

/// What is worked out of a HubSpot activity, as if these were its properties.
pub(crate) mod field {
    /// One line that says what it is.
    pub const SUBJECT: &str = "activity_subject";
    /// Its text, without markup.
    pub const BODY: &str = "activity_body";
    /// When it was, or is due.
    pub const DATE: &str = "activity_date";
    /// Its kind.
    pub const KIND: &str = "activity_kind";
    /// `Task`, `Call` or `Email`.
    pub const SUBTYPE: &str = "activity_subtype";
    /// `COMPLETED`.
    pub const STATUS: &str = "activity_status";
    /// Its contacts.
    pub const CONTACT: &str = "activity_contact";
    /// The deals, companies and tickets it is about, in this order.
    pub const ABOUT: &str = "activity_about";
}

impl Activity {
    /// Every kind of activity, in the order of the table of settings.
    pub const ALL: [Self; 14] = [
        Self::FormSubmission,
        Self::MarketingEmailSent,
        Self::MarketingEmailOpened,
        Self::MarketingEmailClicked,
        Self::SalesEmailSent,
        Self::SalesEmailOpened,
        Self::SalesEmailClicked,
        Self::Call,
        Self::Meeting,
        Self::Note,
        Self::Task,
        Self::Sequence,
        Self::DocumentViewed,
        Self::IntegrationEvent,
    ];

    /// The HubSpot object that these activities are, or stand for.
    #[must_use]
    pub fn object(self) -> &'static str {
        match self {
            Self::FormSubmission => "form_submissions",
            Self::MarketingEmailSent => "marketing_emails_sent",
            Self::MarketingEmailOpened => "marketing_emails_opened",
            Self::MarketingEmailClicked => "marketing_emails_clicked",
            Self::SalesEmailSent => "emails",
            Self::SalesEmailOpened => "emails_opened",
            Self::SalesEmailClicked => "emails_clicked",
            Self::Call => "calls",
            Self::Meeting => "meetings",
            Self::Note => "notes",
            Self::Task => TASKS,
            Self::Sequence => "sequence_enrollments",
            Self::DocumentViewed => "documents_viewed",
            Self::IntegrationEvent => "integration_events",
        }
    }

    /// Whether HubSpot keeps each of these as a record of its own.
    pub(crate) fn is_record(self) -> bool {
        matches!(self, Self::Call | Self::Meeting | Self::Note | Self::Task | Self::SalesEmailSent)
    }

    pub(crate) fn of(object: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|activity| activity.object() == object)
    }

    /// The Salesforce task type it becomes where nothing else is said.
    #[must_use]
    pub fn default_type(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Meeting => "Meeting",
            Self::MarketingEmailSent
            | Self::MarketingEmailOpened
            | Self::MarketingEmailClicked
            | Self::SalesEmailSent
            | Self::SalesEmailOpened
            | Self::SalesEmailClicked => "Email",
            _ => "Other",
        }
    }
}

impl ActivitySettings {
    /// The recommended settings: every activity with its usual task type, none switched on.
    #[must_use]
    pub fn recommended() -> Self {
        let timeline = Activity::ALL.into_iter().map(|activity| ActivityMapping {
            activity,
            enabled: false,
            task_type: activity.default_type().to_owned(),
        });
        Self { salesforce_tasks: false, timeline: timeline.collect() }
    }

    fn enabled(&self) -> impl Iterator<Item = &ActivityMapping> {
        self.timeline.iter().filter(|mapping| mapping.enabled)
    }

    /// The object mappings that these settings stand for.
    pub(crate) fn mappings(&self) -> Vec<ObjectMapping> {
        let task = self.enabled().find(|mapping| mapping.activity == Activity::Task);
        let mut mappings = Vec::new();
        if self.salesforce_tasks || task.is_some() {
            mappings.push(tasks(self.salesforce_tasks, task));
        }
        let others = self.enabled().filter(|mapping| mapping.activity != Activity::Task);
        for mapping in others.map(one_way) {
            if !mappings.iter().any(|known| known.hubspot_object == mapping.hubspot_object) {
                mappings.push(mapping);
            }
        }
        mappings
    }
}

/// An activity that becomes a task and is written no more from the other side.
fn one_way(mapping: &ActivityMapping) -> ObjectMapping {
    let pair =
        |hubspot: &str, salesforce: &str| FieldMapping::new(hubspot, salesforce, SyncRule::AlwaysHubSpot);
    let mut kind = pair(field::KIND, "Type");
    kind.choices = ChoiceMap(vec![(mapping.activity.object().to_owned(), mapping.task_type.clone())]);
    let mut status = pair(field::STATUS, "Status");
    status.choices = ChoiceMap(vec![("COMPLETED".into(), "Completed".into())]);
    let mut fields = vec![
        pair(field::SUBJECT, "Subject"),
        pair(field::BODY, "Description"),
        pair(field::DATE, "ActivityDate"),
        status,
        kind,
        pair(field::SUBTYPE, "TaskSubtype"),
        pair(field::CONTACT, "WhoId"),
        pair(field::ABOUT, "WhatId"),
    ];
    if matches!(
        mapping.activity,
        Activity::Call | Activity::Meeting | Activity::Note | Activity::SalesEmailSent
    ) {
        fields.push(pair("hubspot_owner_id", "OwnerId"));
    }
    let mut mapping = ObjectMapping::new(mapping.activity.object(), TASK, fields);
    mapping.create_in_hubspot = false;
    mapping
}

fn tasks(from_salesforce: bool, from_hubspot: Option<&ActivityMapping>) -> ObjectMapping {
    let rule = if from_salesforce { SyncRule::TwoWay } else { SyncRule::AlwaysHubSpot };
    let pair = |hubspot: &str, salesforce: &str| FieldMapping::new(hubspot, salesforce, rule);
    let choices = |pairs: &[(&str, &str)]| {
        ChoiceMap(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    };
    let mut status = pair("hs_task_status", "Status");
    status.choices = choices(&[
        ("NOT_STARTED", "Not Started"),
        ("IN_PROGRESS", "In Progress"),
        ("COMPLETED", "Completed"),
        ("WAITING", "Waiting on someone else"),
        ("DEFERRED", "Deferred"),
    ]);
    let mut priority = pair("hs_task_priority", "Priority");
    priority.choices = choices(&[("HIGH", "High"), ("MEDIUM", "Normal"), ("LOW", "Low"), ("NONE", "Normal")]);
    let mut kind = pair(field::KIND, "Type");
    let other = from_hubspot.map_or("Other", |mapping| &mapping.task_type);
    kind.choices = choices(&[("CALL", "Call"), ("EMAIL", "Email"), ("TODO", other)]);
    let fields = vec![
        pair("hs_task_subject", "Subject"),
        pair(field::BODY, "Description"),
        pair(field::DATE, "ActivityDate"),
        status,
        priority,
        kind,
        pair(field::CONTACT, "WhoId"),
        pair(field::ABOUT, "WhatId"),
        pair("hubspot_owner_id", "OwnerId"),
    ];
    let mut mapping = ObjectMapping::new(TASKS, TASK, fields);
    mapping.create_in_hubspot = from_salesforce;
    mapping.create_in_salesforce = from_hubspot.is_some();
    mapping
}

/// What an activity that is not linked yet has to wait for.
pub(crate) enum Readiness {
    /// Nothing.
    Ready,
    /// Those it is about, none of whom is in step.
    Waits(Vec<Awaited>),
    /// It is about nobody, or was made by Tandem from a record that is gone: it stays where it is.
    Stays,
}

impl Connection {
    /// Whether records of this object are looked for: tasks of Salesforce only where they go to HubSpot.
    pub(crate) fn polls(&self, side: Side, object: &str) -> bool {
        side == Side::HubSpot || object != TASK || self.settings.activities.salesforce_tasks
    }

    /// Whether this object is taken up from the moment it is switched on, and nothing older.
    pub(crate) fn starts_now(side: Side, object: &str) -> bool {
        match side {
            Side::HubSpot => Activity::of(object).is_some(),
            Side::Salesforce => object == TASK,
        }
    }

    /// Whether edits of this linked record are nobody's business: a task that was made of an activity is written no
    /// further from Salesforce.
    pub(crate) fn is_left_alone(side: Side, link: &Link) -> bool {
        let hubspot = link.object(Side::HubSpot);
        side == Side::Salesforce && hubspot != TASKS && Activity::of(hubspot).is_some()
    }

    /// Whether what Salesforce says of a record by itself is to be looked into: an edit of a task that goes no further is
    /// not, its deletion is.
    pub(crate) fn concerns(&self, object: &str, record: &str, is_edit: bool) -> Result<bool, EngineError> {
        if object != TASK {
            return Ok(true);
        }
        let from_salesforce = self.settings.activities.salesforce_tasks;
        Ok(match self.store.link_of(&self.id, Side::Salesforce, object, record)? {
            None => from_salesforce,
            Some(link) => !is_edit || (from_salesforce && !Self::is_left_alone(Side::Salesforce, &link)),
        })
    }

    /// Whether an unlinked activity can be made on the other side.
    pub(crate) fn readiness(&self, route: &Route, side: Side, record: &RecordState) -> Readiness {
        if Activity::of(route.object(Side::HubSpot)).is_none() {
            return Readiness::Ready;
        }
        if record.marker.is_some() {
            return Readiness::Stays;
        }
        let (contact, about) = match side {
            Side::HubSpot => (field::CONTACT, field::ABOUT),
            Side::Salesforce => ("WhoId", "WhatId"),
        };
        let names = |field: &str| record.values.get(field).filter(|value| !value.is_blank()).cloned();
        let Some((field, value)) =
            names(contact).map(|value| (contact, value)).or_else(|| names(about).map(|value| (about, value)))
        else {
            return Readiness::Stays;
        };
        let only = std::iter::once((field.to_owned(), value)).collect();
        let awaited = self.unlinked_references(route, side, &only);
        if awaited.is_empty() { Readiness::Ready } else { Readiness::Waits(awaited) }
    }
}

/// Whether this is the id of a lead.
fn is_lead(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Reference(id)) if id.starts_with("00Q"))
}

/// What Salesforce does not take of a new task: one of a lead is about nothing else.
pub(crate) fn settle_new(route: &Route, target: Side, values: &mut Values) {
    if target == Side::Salesforce && route.object(target) == TASK && is_lead(values.get("WhoId")) {
        values.remove("WhatId");
    }
}

/// Leaves of a plan what a task takes: what changed in HubSpot of an activity that goes one way, the subtype only when it is
/// made, and nothing it is about where it is a lead's.
pub(crate) fn settle(route: &Route, pair: &Pair, shadows: &Sides<Values>, plan: &mut PairPlan) {
    if route.object(Side::Salesforce) != TASK || Activity::of(route.object(Side::HubSpot)).is_none() {
        return;
    }
    let (hubspot, task) = (&pair.hubspot.values, &pair.salesforce.values);
    // What people change in the task is theirs until the activity says something new.
    let is_news = |field: &str| {
        let mut from = crate::reconcile::pairs_of(&route.pairs, Side::Salesforce, field);
        from.any(|pair| {
            let name = &pair.hubspot.name;
            pair.mapping.rule != SyncRule::AlwaysHubSpot
                || shadows.hubspot.get(name).is_none_or(|held| hubspot.get(name) != Some(held))
        })
    };
    // A Salesforce task has a status and a priority, always.
    let has = |field: &str| matches!(field, "Status" | "Priority");
    plan.salesforce.retain(|write| {
        write.field != "TaskSubtype"
            && is_news(&write.field)
            && !(has(&write.field) && write.after.is_blank())
    });
    let who = plan.salesforce.iter().find(|write| write.field == "WhoId").cloned();
    if is_lead(who.as_ref().map(|write| &write.after).or_else(|| task.get("WhoId"))) {
        plan.salesforce.retain(|write| write.field != "WhatId");
        let about = task.get("WhatId").filter(|about| !about.is_blank());
        if let (Some(before), Some(who)) = (about, who) {
            let (before, field) = (before.clone(), "WhatId".to_owned());
            plan.salesforce.push(FieldWrite { field, before, after: Value::Blank, reason: who.reason });
        }
    }
    let writes = &plan.salesforce;
    plan.declined.retain(|declined| {
        declined.side != Side::Salesforce || writes.iter().any(|write| write.field == declined.field)
    });
}

/// Whether what an activity is about besides its contact is not in step: it may come later, and is no trouble.
pub(crate) fn only_waits(route: &Route, misfit: &model::Misfit) -> bool {
    matches!(misfit, model::Misfit::UnlinkedReference { .. })
        && Activity::of(route.object(Side::HubSpot)).is_some()
}

/// The records that a reference of an activity names: it may name several, of which the first in step counts.
pub(crate) fn named(id: &str) -> impl Iterator<Item = &str> {
    id.split(';').filter(|part| !part.is_empty())
}

/// The object and id in the name of a record that may be of several objects.
pub(crate) fn object_and_id(name: &str) -> (Option<&str>, &str) {
    name.split_once('/').map_or((None, name), |(object, id)| (Some(object), id))
}

/// A reference to several records, in the form of one value.
pub(crate) fn reference(names: &[String]) -> Value {
    if names.is_empty() { Value::Blank } else { Value::Reference(names.join(";")) }
}

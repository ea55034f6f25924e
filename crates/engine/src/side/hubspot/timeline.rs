//! HubSpot's activities as records with the fields that a Salesforce task has. Calls, meetings, notes, emails and tasks
//! are records in HubSpot; openings and clicks are told by the email; form submissions and marketing emails come from
//! lists of their own, and their ids say where they are found again.

use std::collections::BTreeMap;

use ::hubspot::{AssociationPair, BatchRead, Filter, FilterGroup, Operator, Search, Sort};
use jiff::{SignedDuration, Timestamp};
use model::{Access, ChoiceList, ChoiceOption, Field, Kind, TextFormat, Value, Values};

use super::{Direction, HubSpotSide, PAGE, Page, RowKey, failed, state};
use crate::activities::{TASKS, field, named, object_and_id, reference};
use crate::settings::Activity;
use crate::side::{ChangesPage, RecordState, SideError, Written};

/// The longest subject and description of a Salesforce task.
const LONGEST_SUBJECT: usize = 255;
const LONGEST_BODY: usize = 32_000;
/// What activities can be about besides contacts, what comes first counting first.
const ABOUT: [&str; 3] = ["deals", "companies", "tickets"];
/// A task that Tandem made, due the moment it was made, has no due date: HubSpot wants one of a new task.
const AT_ONCE: SignedDuration = SignedDuration::from_secs(60);

impl Activity {
    /// The object of records that these activities are, or are told by.
    pub(super) fn records(self) -> Option<&'static str> {
        match self {
            Self::SalesEmailSent | Self::SalesEmailOpened | Self::SalesEmailClicked => Some("emails"),
            Self::Call | Self::Meeting | Self::Note | Self::Task => Some(self.object()),
            Self::Sequence | Self::DocumentViewed => Some("contacts"),
            _ => None,
        }
    }

    /// Before the id of the record that tells of the activity, where it is not the activity itself.
    fn prefix(self) -> &'static str {
        match self {
            Self::SalesEmailOpened => "open:",
            Self::SalesEmailClicked => "click:",
            Self::Sequence => "sequence:",
            Self::DocumentViewed => "document:",
            _ => "",
        }
    }

    /// The properties that are read to work out the fields.
    fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Call => &["hs_call_title", "hs_call_body"],
            Self::Meeting => &["hs_meeting_title", "hs_meeting_body", "hs_meeting_start_time"],
            Self::Note => &["hs_note_body"],
            Self::Task => &["hs_task_body", "hs_task_type", "hs_createdate"],
            Self::SalesEmailSent | Self::SalesEmailOpened | Self::SalesEmailClicked => &[
                "hs_email_subject",
                "hs_email_text",
                "hs_email_html",
                "hs_email_direction",
                "hs_email_open_count",
                "hs_email_click_count",
            ],
            Self::Sequence => &["hs_latest_sequence_enrolled", "hs_latest_sequence_enrolled_date"],
            Self::DocumentViewed => &["hs_document_last_revisited"],
            _ => &[],
        }
    }

    /// The property of a contact that says when it last happened; HubSpot keeps no more of it.
    fn moment(self) -> Option<&'static str> {
        match self {
            Self::Sequence => Some("hs_latest_sequence_enrolled_date"),
            Self::DocumentViewed => Some("hs_document_last_revisited"),
            _ => None,
        }
    }

    /// The event that marketing emails are listed by.
    pub(super) fn email_event(self) -> Option<&'static str> {
        match self {
            Self::MarketingEmailSent => Some("SENT"),
            Self::MarketingEmailOpened => Some("OPEN"),
            Self::MarketingEmailClicked => Some("CLICK"),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::FormSubmission => "Form submitted",
            Self::MarketingEmailSent => "Marketing email sent",
            Self::MarketingEmailOpened => "Marketing email opened",
            Self::MarketingEmailClicked => "Link in marketing email clicked",
            Self::SalesEmailSent => "Email",
            Self::SalesEmailOpened => "Email opened",
            Self::SalesEmailClicked => "Link in email clicked",
            Self::Call => "Call",
            Self::Meeting => "Meeting",
            Self::Note => "Note",
            Self::Task => "Task",
            Self::Sequence => "Enrolled in sequence",
            Self::DocumentViewed => "Document viewed",
            Self::IntegrationEvent => "Event of another app",
        }
    }

    pub(super) fn subject(self, what: &str) -> Value {
        let what = what.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        let line =
            if what.is_empty() { self.words().to_owned() } else { format!("{}: {what}", self.words()) };
        Value::Text(cut(&line, LONGEST_SUBJECT))
    }

    /// What every activity of this kind says.
    pub(super) fn constants(self) -> Values {
        let subtype = match self {
            Self::Call => "Call",
            Self::SalesEmailSent => "Email",
            _ => "Task",
        };
        [
            (field::KIND.to_owned(), Value::Choice(self.object().to_owned())),
            (field::SUBTYPE.to_owned(), Value::Choice(subtype.to_owned())),
            (field::STATUS.to_owned(), Value::Choice("COMPLETED".to_owned())),
        ]
        .into()
    }
}

/// A text with at most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

pub(super) fn body(text: &str) -> Value {
    Value::text(&cut(text, LONGEST_BODY))
}

/// The fields that are worked out, for the description of the object.
pub(super) fn fields(activity: Activity) -> Vec<Field> {
    let text = |format| Kind::Text { max_length: Some(LONGEST_BODY), format };
    let any = || Kind::Choice(ChoiceList::default());
    let to =
        |targets: &[&str]| Kind::Reference { targets: targets.iter().map(|t| (*t).to_owned()).collect() };
    let kinds = if activity == Activity::Task {
        // Whatever Salesforce calls it, HubSpot knows three.
        let option = |value: &str| ChoiceOption { value: value.into(), label: value.into(), active: true };
        Kind::Choice(ChoiceList {
            options: ["CALL", "EMAIL", "TODO"].map(option).to_vec(),
            restricted: false,
        })
    } else {
        any()
    };
    let all = [
        (field::SUBJECT, "Subject", text(TextFormat::Plain), false),
        (field::BODY, "Body", text(TextFormat::Long), true),
        (field::DATE, "Date", Kind::DateTime, true),
        (field::KIND, "Kind", kinds, true),
        (field::SUBTYPE, "Subtype", any(), false),
        (field::STATUS, "Status", any(), false),
        (field::CONTACT, "Contact", to(&["contacts"]), true),
        (field::ABOUT, "About", to(&ABOUT), true),
    ];
    let written = |two_way: bool| activity == Activity::Task && two_way;
    all.into_iter()
        .map(|(name, label, kind, two_way)| Field {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            access: if written(two_way) { Access::ReadWrite } else { Access::ReadOnly },
            required: false,
            unique: false,
        })
        .collect()
}

/// Whether a field of an activity is worked out rather than a property.
fn is_worked_out(name: &str) -> bool {
    name.starts_with("activity_")
}

fn is_association(name: &str) -> bool {
    name == field::CONTACT || name == field::ABOUT
}

/// The property that a field of a task is kept in.
pub(super) fn property_of(object: &str, name: &str) -> Option<&'static str> {
    match (object, name) {
        (TASKS, field::BODY) => Some("hs_task_body"),
        (TASKS, field::DATE) => Some("hs_timestamp"),
        (TASKS, field::KIND) => Some("hs_task_type"),
        _ => None,
    }
}

/// The properties that what is worked out of a task is kept in, as fields to be written.
pub(super) fn kept_in(fields: &[Field]) -> Vec<Field> {
    let kept = ["hs_task_body", "hs_task_type", "hs_timestamp"];
    fields.iter().cloned().chain(kept.iter().map(|name| raw(name))).collect()
}

fn raw(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        label: String::new(),
        kind: Kind::Text { max_length: None, format: TextFormat::Plain },
        access: Access::ReadWrite,
        required: false,
        unique: false,
    }
}

impl HubSpotSide {
    /// What is worked out of an activity, and the properties of its own.
    pub(super) async fn describe_activity(&self, activity: Activity) -> Result<Vec<Field>, SideError> {
        let mut described = fields(activity);
        if activity.records() == Some(activity.object()) {
            let properties = self.client.properties(activity.object()).await;
            let properties = properties.map_err(|error| failed(&error))?;
            let live = properties.iter().filter(|property| !property.archived);
            described.extend(live.map(|property| super::field(activity.object(), property)));
        }
        Ok(described)
    }

    /// Tasks that Tandem made from these Salesforce records.
    pub(super) async fn marked_tasks(
        &self,
        keys: &[String],
        wanted: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let found = self.read_by(TASKS, keys, Some(super::HUBSPOT_MARKER), &[]).await?;
        let ids: Vec<String> = found.into_iter().map(|record| record.id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.read_activities(Activity::Task, &ids, wanted).await
    }

    /// Activities that changed since a moment. What they are about is found out when they are read.
    pub(super) async fn activity_changes(
        &self,
        activity: Activity,
        since: Option<Timestamp>,
        page: Option<String>,
        wanted: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
        let wanted: Vec<Field> =
            wanted.iter().filter(|field| !is_association(&field.name)).cloned().collect();
        let Some(object) = activity.records() else {
            return self.happenings_since(activity, since, &wanted).await;
        };
        let read = properties(activity, &wanted);
        if let Some(date) = activity.moment() {
            return self.moments_since(activity, date, since, page.as_deref(), &read, &wanted).await;
        }
        let answer = match page.as_deref().and_then(Page::parse) {
            Some(Page::Moment { at, after }) => self.moment_page(object, at, &after, &read).await?,
            Some(Page::Since { since, offset }) => self.modified_page(object, since, offset, &read).await?,
            _ => self.modified_page(object, since, 0, &read).await?,
        };
        let records = answer.records.into_iter();
        Ok(ChangesPage {
            records: records.filter_map(|record| activity_of(activity, record, &wanted)).collect(),
            next: answer.next,
        })
    }

    /// Contacts to whom it happened since a moment, by the property `date` that says when it last did.
    async fn moments_since(
        &self,
        activity: Activity,
        date: &str,
        since: Timestamp,
        after: Option<&str>,
        read: &[Field],
        wanted: &[Field],
    ) -> Result<ChangesPage, SideError> {
        let filter = Filter::new(date, Operator::Gte, since.as_millisecond().to_string());
        let search = Search {
            filter_groups: vec![FilterGroup { filters: vec![filter] }],
            sorts: vec![Sort { property_name: date.into(), direction: Direction::Ascending }],
            properties: read.iter().map(|field| field.name.clone()).collect(),
            limit: PAGE,
            after: after.map(ToOwned::to_owned),
            ..Search::default()
        };
        let page = self.client.search("contacts", &search).await.map_err(|error| failed(&error))?;
        let records = page.results.iter().map(|record| state("contacts", record, read));
        Ok(ChangesPage {
            records: records.filter_map(|record| activity_of(activity, record, wanted)).collect(),
            next: page.after,
        })
    }

    /// Activities by id, as they are now, with what they are about.
    pub(super) async fn read_activities(
        &self,
        activity: Activity,
        ids: &[String],
        wanted: &[Field],
    ) -> Result<Vec<RecordState>, SideError> {
        let Some(object) = activity.records() else {
            return self.happenings(activity, ids, wanted).await;
        };
        let read = properties(activity, wanted);
        let record_id = |id: &String| {
            let id = id.strip_prefix(activity.prefix())?;
            Some(id.split(':').next().unwrap_or(id).to_owned())
        };
        let records: Vec<String> = ids.iter().filter_map(record_id).collect();
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let asked = BatchRead {
            ids: records.clone(),
            properties: super::property_names(&read),
            ..BatchRead::default()
        };
        let answer = self.client.batch_read(object, &asked).await.map_err(|error| failed(&error))?;
        let mut found: Vec<RecordState> = answer
            .found
            .iter()
            .filter_map(|record| activity_of(activity, state(object, record, &read), wanted))
            .filter(|record| ids.contains(&record.id))
            .collect();
        if activity.moment().is_some() {
            return Ok(found);
        }
        let mut about = self.associated(object, &records, wanted).await?;
        for record in &mut found {
            let key = record.id.strip_prefix(activity.prefix()).unwrap_or(&record.id);
            record.values.extend(about.remove(key).unwrap_or_default());
        }
        Ok(found)
    }

    /// What these records are associated with, as values of the wanted fields.
    async fn associated(
        &self,
        object: &str,
        ids: &[String],
        wanted: &[Field],
    ) -> Result<BTreeMap<String, Values>, SideError> {
        let mut values: BTreeMap<String, Values> = ids.iter().map(|id| (id.clone(), Values::new())).collect();
        let wants = |name: &str| wanted.iter().any(|field| field.name == name);
        for (name, objects) in [(field::CONTACT, &["contacts"][..]), (field::ABOUT, &ABOUT[..])] {
            if !wants(name) {
                continue;
            }
            let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for to in objects {
                let links = self.client.associations_batch_read(object, to, ids).await;
                let links = links.map_err(|error| failed(&error))?;
                for (id, others) in links {
                    let mut others: Vec<&str> = others.iter().map(|other| other.id.as_str()).collect();
                    // The oldest first: ids grow.
                    others.sort_by_key(|id| (id.len(), *id));
                    others.dedup();
                    let full = others.into_iter().map(|other| match name {
                        field::CONTACT => other.to_owned(),
                        _ => format!("{to}/{other}"),
                    });
                    names.entry(id).or_default().extend(full);
                }
            }
            for (id, values) in &mut values {
                values.insert(name.to_owned(), reference(names.get(id).map_or(&[], Vec::as_slice)));
            }
        }
        Ok(values)
    }

    /// What is to be written of a task, in its properties.
    pub(super) fn to_task(&self, values: &Values, is_new: bool) -> Values {
        let mut written = Values::new();
        for (name, value) in values.iter().filter(|(name, _)| !is_association(name)) {
            let (name, value) = match (name.as_str(), value) {
                (field::BODY, value) => ("hs_task_body", Value::text(&marked_up(&value.to_string()))),
                (field::DATE, value) => ("hs_timestamp", value.clone()),
                (field::KIND, value) => {
                    let kind = match value.to_string().to_lowercase().as_str() {
                        "call" => "CALL",
                        "email" => "EMAIL",
                        _ => "TODO",
                    };
                    ("hs_task_type", Value::Choice(kind.to_owned()))
                }
                (name, value) => (name, value.clone()),
            };
            written.insert(name.to_owned(), value);
        }
        // assumed: the due date of a task that is there can be cleared, although a new one must have it
        if is_new && written.get("hs_timestamp").is_none_or(Value::is_blank) {
            written.insert("hs_timestamp".to_owned(), Value::DateTime(self.client.now()));
        }
        written
    }

    pub(super) async fn update_tasks(
        &self,
        rows: &[(String, Values)],
        wanted: &[Field],
    ) -> Result<Vec<Written>, SideError> {
        let kept = kept_in(wanted);
        let tasks: Vec<(String, Values)> =
            rows.iter().map(|(id, values)| (id.clone(), self.to_task(values, false))).collect();
        // A task of which only associations change has nothing else to be written.
        let written: Vec<(String, Values)> =
            tasks.iter().filter(|(_, values)| !values.is_empty()).cloned().collect();
        let inputs = Self::rows(&written, &kept, RowKey::Record);
        let results = self.client.batch_update(TASKS, &inputs).await.map_err(|error| failed(&error))?;
        let mut results = results.into_iter().zip(&written);
        let outcomes = tasks.iter().map(|(id, values)| {
            let untouched = Written::Stored { id: id.clone(), values: Values::new(), call: None };
            if values.is_empty() {
                return untouched;
            }
            results.next().map_or(Written::Unknown, |(result, (_, sent))| super::written(result, sent, &kept))
        });
        let outcomes: Vec<Written> = outcomes.collect();
        self.after_tasks(rows, outcomes, wanted).await
    }

    pub(super) async fn create_tasks(
        &self,
        rows: &[(String, Values)],
        wanted: &[Field],
    ) -> Result<Vec<Written>, SideError> {
        let kept = kept_in(wanted);
        let tasks: Vec<(String, Values)> =
            rows.iter().map(|(id, values)| (id.clone(), self.to_task(values, true))).collect();
        let inputs = Self::rows(&tasks, &kept, RowKey::Marker);
        let results = self.client.batch_upsert(TASKS, &inputs).await.map_err(|error| failed(&error))?;
        let outcomes = results.into_iter().map(|result| super::created(result, &kept)).collect();
        self.after_tasks(rows, outcomes, wanted).await
    }

    /// Associates tasks that were written with what they are about, and says what they then hold.
    pub(super) async fn after_tasks(
        &self,
        rows: &[(String, Values)],
        outcomes: Vec<Written>,
        wanted: &[Field],
    ) -> Result<Vec<Written>, SideError> {
        let stored: Vec<String> = outcomes.iter().filter_map(stored_id).collect();
        let wants = |values: &Values| values.keys().any(|name| is_association(name));
        if rows.iter().any(|(_, values)| wants(values)) && !stored.is_empty() {
            let held = self.associated(TASKS, &stored, wanted).await?;
            let mut add: BTreeMap<String, Vec<AssociationPair>> = BTreeMap::new();
            let mut drop: BTreeMap<String, Vec<AssociationPair>> = BTreeMap::new();
            for ((_, values), outcome) in rows.iter().zip(&outcomes) {
                let Some(id) = stored_id(outcome) else { continue };
                for (name, value) in values.iter().filter(|(name, _)| is_association(name)) {
                    let now = held.get(&id).and_then(|values| values.get(name)).map(ToString::to_string);
                    let (added, dropped) = difference(name, &now.unwrap_or_default(), &value.to_string());
                    let pair = |to: &str| AssociationPair { from: id.clone(), to: to.to_owned() };
                    for (object, other) in &added {
                        add.entry(object.clone()).or_default().push(pair(other));
                    }
                    for (object, other) in &dropped {
                        drop.entry(object.clone()).or_default().push(pair(other));
                    }
                }
            }
            for (object, pairs) in drop {
                let done = self.client.associations_batch_archive(TASKS, &object, &pairs).await;
                done.map_err(|error| failed(&error))?;
            }
            for (object, pairs) in add {
                let refused = self.client.associate_default(TASKS, &object, &pairs).await;
                for failure in refused.map_err(|error| failed(&error))? {
                    tracing::warn!(task = failure.from, object, to = failure.to, "a task was not associated");
                }
            }
        }
        let ids: Vec<String> = stored;
        let now = if ids.is_empty() {
            Vec::new()
        } else {
            self.read_activities(Activity::Task, &ids, wanted).await.unwrap_or_default()
        };
        let mut now: BTreeMap<String, Values> =
            now.into_iter().map(|record| (record.id, record.values)).collect();
        Ok(outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Written::Stored { id, call, .. } => {
                    Written::Stored { values: now.remove(&id).unwrap_or_default(), id, call }
                }
                other => other,
            })
            .collect())
    }
}

fn stored_id(outcome: &Written) -> Option<String> {
    match outcome {
        Written::Stored { id, .. } => Some(id.clone()),
        _ => None,
    }
}

type Named = Vec<(String, String)>;

/// What to associate and what no longer, so that `wanted` becomes the first of what a task names. What counts less
/// than it stays; a task that is to be about nothing lets go of everything.
fn difference(name: &str, held: &str, wanted: &str) -> (Named, Named) {
    let full = |one: &str| {
        let (object, id) = object_and_id(one);
        (object.unwrap_or("contacts").to_owned(), id.to_owned())
    };
    let held: Vec<_> = named(held).map(full).collect();
    let wanted: Vec<_> = named(wanted).map(full).collect();
    let rank = |object: &str| {
        if name == field::CONTACT {
            0
        } else {
            ABOUT.iter().position(|known| *known == object).unwrap_or(ABOUT.len())
        }
    };
    let least = wanted.iter().map(|(object, _)| rank(object)).max().unwrap_or(usize::MAX);
    let dropped = held.iter().filter(|one| !wanted.contains(one) && rank(&one.0) <= least).cloned().collect();
    let added = wanted.iter().filter(|one| !held.contains(one)).cloned().collect();
    (added, dropped)
}

/// The properties to be read: those the activity is worked out from, and those that are mapped as they are.
fn properties(activity: Activity, wanted: &[Field]) -> Vec<Field> {
    let mut read: Vec<Field> =
        activity.properties().iter().chain(&["hs_timestamp"]).map(|name| raw(name)).collect();
    for field in wanted.iter().filter(|field| !is_worked_out(&field.name)) {
        read.push(field.clone());
    }
    read
}

/// A record as the activity it is or tells of; nothing where it tells of none.
fn activity_of(activity: Activity, record: RecordState, wanted: &[Field]) -> Option<RecordState> {
    let held = |name: &str| record.values.get(name).map(ToString::to_string).unwrap_or_default();
    let count = |name: &str| held(name).parse::<f64>().unwrap_or(0.0);
    // assumed: an email without a direction was sent from HubSpot
    let sent = || matches!(held("hs_email_direction").as_str(), "" | "EMAIL" | "FORWARDED_EMAIL");
    let happened = match activity {
        Activity::SalesEmailSent => sent(),
        Activity::SalesEmailOpened => sent() && count("hs_email_open_count") > 0.0,
        Activity::SalesEmailClicked => sent() && count("hs_email_click_count") > 0.0,
        _ => activity.moment().is_none_or(|date| !held(date).is_empty()),
    };
    if !happened {
        return None;
    }
    let plain = |name: &str| plain_text(&held(name));
    let (title, text) = match activity {
        Activity::Call => (held("hs_call_title"), plain("hs_call_body")),
        Activity::Meeting => (held("hs_meeting_title"), plain("hs_meeting_body")),
        Activity::Note => (plain("hs_note_body"), plain("hs_note_body")),
        Activity::Task => (String::new(), plain("hs_task_body")),
        Activity::SalesEmailSent => {
            let text = held("hs_email_text");
            (held("hs_email_subject"), if text.is_empty() { plain("hs_email_html") } else { text })
        }
        Activity::Sequence => (held("hs_latest_sequence_enrolled"), String::new()),
        Activity::DocumentViewed => (String::new(), String::new()),
        _ => (held("hs_email_subject"), String::new()),
    };
    let moment = |name: &str| time(&held(name));
    let date = match activity {
        Activity::Meeting => moment("hs_meeting_start_time").or_else(|| moment("hs_timestamp")),
        Activity::Task => moment("hs_timestamp").filter(|due| {
            let at_once = record.created.is_some_and(|made| due.duration_since(made).abs() <= AT_ONCE);
            record.marker.is_none() || !at_once
        }),
        _ => moment(activity.moment().unwrap_or("hs_timestamp")),
    };
    let mut values = activity.constants();
    values.insert(field::SUBJECT.to_owned(), activity.subject(&title));
    values.insert(field::BODY.to_owned(), body(&text));
    values.insert(field::DATE.to_owned(), date.map_or(Value::Blank, Value::DateTime));
    if activity == Activity::Task {
        let mut kind = held("hs_task_type");
        if kind.is_empty() && record.marker.is_none() {
            // assumed: a task that was made in HubSpot without a type is one to do
            "TODO".clone_into(&mut kind);
        }
        values
            .insert(field::KIND.to_owned(), if kind.is_empty() { Value::Blank } else { Value::Choice(kind) });
    }
    let id = match activity {
        Activity::Sequence | Activity::DocumentViewed => {
            values.insert(field::CONTACT.to_owned(), Value::Reference(record.id.clone()));
            let at = date.map_or(0, Timestamp::as_millisecond);
            format!("{}{}:{at}", activity.prefix(), record.id)
        }
        _ => format!("{}{}", activity.prefix(), record.id),
    };
    let worked_out = values;
    let mut values = record.values.clone();
    values.extend(worked_out);
    values.retain(|name, _| wanted.iter().any(|field| field.name == *name));
    let own = activity.prefix().is_empty();
    let marker = record.marker.clone().filter(|_| own);
    let modified = if activity.moment().is_some() { date } else { record.modified };
    Some(RecordState { object: activity.object().to_owned(), id, values, marker, modified, ..record })
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}

/// A text without its markup.
fn plain_text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text.push_str(before);
        let Some(end) = tag.find('>') else {
            // Not a tag after all.
            text.push_str(tag);
            rest = "";
            break;
        };
        let (tag, after) = tag.split_at(end);
        let name: String =
            tag.chars().filter(|c| !matches!(c, '<' | '>')).take_while(|c| !c.is_whitespace()).collect();
        if matches!(
            name.to_lowercase().as_str(),
            "br" | "br/" | "/p" | "/div" | "/li" | "/tr" | "/h1" | "/h2" | "/h3"
        ) {
            text.push('\n');
        }
        rest = after.strip_prefix('>').unwrap_or(after);
    }
    text.push_str(rest);
    let entities =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    text.trim_end().to_owned()
}

/// A plain text as HubSpot keeps it.
fn marked_up(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace("\r\n", "\n").replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_markup_comes_back_from_its_markup() {
        assert_eq!(plain_text("<p>One &amp; two</p><p>a &lt; b<br>three</p>"), "One & two\na < b\nthree");
        for text in ["1 < 2 & 3 > 2", "line\nline", "plain", "&amp; is an ampersand"] {
            assert_eq!(plain_text(&marked_up(text)), text);
        }
    }

    #[test]
    fn what_counts_less_than_the_new_one_stays() {
        let held = "deals/1;companies/2";
        let one = |object: &str, id: &str| vec![(object.to_owned(), id.to_owned())];
        assert_eq!(difference(field::ABOUT, held, "deals/3"), (one("deals", "3"), one("deals", "1")));
        assert_eq!(difference(field::ABOUT, held, "companies/2"), (vec![], one("deals", "1")));
        assert_eq!(difference(field::ABOUT, held, "").1.len(), 2);
        assert_eq!(
            difference(field::CONTACT, "5;6", "7"),
            (one("contacts", "7"), [one("contacts", "5"), one("contacts", "6")].concat())
        );
    }
}

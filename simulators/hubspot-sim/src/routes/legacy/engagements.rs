//! Engagements, version 1: all kinds of activity in one list.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::super::{Hit, serve};
use super::{linked, number, page_size, value_of};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::property::value::text_of;
use crate::record::Record;
use crate::registry::{CALLS, COMPANIES, CONTACTS, DEALS, EMAILS, MEETINGS, NOTES, QUOTES, TASKS, TICKETS};

/// What an activity is called here, and which of its properties its metadata holds under which names.
struct Kind {
    object: usize,
    name: &'static str,
    metadata: &'static [(&'static str, &'static str)],
}

static ALL: &[Kind] = &[
    Kind {
        object: TASKS,
        name: "TASK",
        metadata: &[
            ("subject", "hs_task_subject"),
            ("body", "hs_task_body"),
            ("status", "hs_task_status"),
            ("taskType", "hs_task_type"),
            ("priority", "hs_task_priority"),
        ],
    },
    Kind {
        object: CALLS,
        name: "CALL",
        metadata: &[
            ("title", "hs_call_title"),
            ("body", "hs_call_body"),
            ("status", "hs_call_status"),
            ("fromNumber", "hs_call_from_number"),
            ("toNumber", "hs_call_to_number"),
            ("durationMilliseconds", "hs_call_duration"),
            ("recordingUrl", "hs_call_recording_url"),
            ("disposition", "hs_call_disposition"),
        ],
    },
    Kind {
        object: EMAILS,
        name: "EMAIL",
        metadata: &[
            ("subject", "hs_email_subject"),
            ("text", "hs_email_text"),
            ("html", "hs_email_html"),
            ("status", "hs_email_status"),
            ("messageId", "hs_email_message_id"),
            ("threadId", "hs_email_thread_id"),
        ],
    },
    Kind {
        object: MEETINGS,
        name: "MEETING",
        metadata: &[
            ("title", "hs_meeting_title"),
            ("body", "hs_meeting_body"),
            ("startTime", "hs_meeting_start_time"),
            ("endTime", "hs_meeting_end_time"),
            ("location", "hs_meeting_location"),
            ("meetingOutcome", "hs_meeting_outcome"),
            ("internalMeetingNotes", "hs_internal_meeting_notes"),
            ("externalUrl", "hs_meeting_external_url"),
        ],
    },
    Kind { object: NOTES, name: "NOTE", metadata: &[("body", "hs_note_body")] },
];

static LINKS: &[(&str, usize)] = &[
    ("contactIds", CONTACTS),
    ("companyIds", COMPANIES),
    ("dealIds", DEALS),
    ("ticketIds", TICKETS),
    ("quoteIds", QUOTES),
];

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["paged"]) => serve("/engagements/v1/engagements/paged", paged),
        ("GET", ["recent", "modified"]) => serve("/engagements/v1/engagements/recent/modified", newest),
        ("GET", ["modified", "after"]) => serve("/engagements/v1/engagements/modified/after", modified_after),
        ("GET", ["associated", object, id, "paged"]) => {
            let (object, id) = ((*object).to_owned(), (*id).to_owned());
            serve("/engagements/v1/engagements/associated/{objectType}/{objectId}/paged", move |ctx| {
                associated(ctx, &object, &id)
            })
        }
        ("POST", []) => serve("/engagements/v1/engagements", create),
        (verb @ ("GET" | "PATCH" | "DELETE"), [id]) => {
            let (verb, id) = (verb.to_owned(), (*id).to_owned());
            serve("/engagements/v1/engagements/{engagementId}", move |ctx| one(ctx, &id, &verb))
        }
        _ => None,
    }
}

/// A value of the metadata: numbers and moments as numbers, the rest as text.
fn plain(account: &Account, object: usize, name: &str, value: &str) -> Value {
    let of = account.stores[object].active(name).map(|(_, property)| property.kind);
    let text = of.map_or_else(|| value.to_owned(), |of| value_of(of, value));
    let number =
        matches!(of, Some(crate::property::PropertyType::DateTime | crate::property::PropertyType::Number));
    text.parse::<i64>().ok().filter(|_| number).map_or_else(|| json!(text), |number| json!(number))
}

fn show(account: &Account, kind: &Kind, record: &Record) -> Value {
    let named = |name: &str| account.named(kind.object, record, name);
    let at = named("hs_timestamp").and_then(|at| crate::time::parse(&at)).unwrap_or(record.created);
    let owner = named("hubspot_owner_id").and_then(|id| id.parse::<u64>().ok());
    let user = account.sources.get(usize::from(record.source)).and_then(|source| source.user);
    let mut metadata = Map::new();
    for (name, property) in kind.metadata {
        if let Some(value) = named(property) {
            metadata.insert((*name).to_owned(), plain(account, kind.object, property, &value));
        }
    }
    let mut links = Map::new();
    for (name, object) in LINKS {
        links.insert((*name).to_owned(), json!(linked(account, (kind.object, record.id), *object)));
    }
    for name in ["ownerIds", "workflowIds", "contentIds", "marketingEventIds"] {
        links.insert(name.to_owned(), json!([]));
    }
    json!({
        "engagement": {
            "id": record.id,
            "portalId": account.portal,
            "active": true,
            "createdAt": record.created,
            "lastUpdated": record.modified,
            "createdBy": user,
            "modifiedBy": user,
            "ownerId": owner,
            "type": kind.name,
            "uid": record.id.to_string(),
            "timestamp": at,
        },
        "associations": links,
        "attachments": [],
        "metadata": metadata,
    })
}

/// Every live activity, in the order given.
fn every(account: &Account, by: fn(&Record) -> (i64, u64)) -> Vec<(&'static Kind, &Record)> {
    let mut all: Vec<(&Kind, &Record)> = Vec::new();
    for kind in ALL {
        let live = account.stores[kind.object].records.values().filter(|record| record.archived.is_none());
        all.extend(live.map(|record| (kind, record)));
    }
    all.sort_by_key(|(_, record)| by(record));
    all
}

fn answer(ctx: &Ctx<'_>, account: &Account, all: &[(&Kind, &Record)], total: bool) -> Outcome {
    let size = page_size(ctx, 100, 250);
    let skip = number(ctx, &["offset"]).and_then(|skip| usize::try_from(skip).ok()).unwrap_or(0);
    let page: Vec<Value> =
        all.iter().skip(skip).take(size).map(|(kind, record)| show(account, kind, record)).collect();
    let end = skip + page.len();
    let mut body = json!({ "results": page, "hasMore": end < all.len(), "offset": end });
    if total {
        body["total"] = json!(all.len());
    }
    Ok(Reply::json(200, &body))
}

fn paged(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    answer(ctx, &account, &every(&account, |record| (record.created, record.id)), false)
}

fn newest(ctx: &Ctx<'_>) -> Outcome {
    let since = number(ctx, &["since"]).and_then(|since| i64::try_from(since).ok()).unwrap_or(i64::MIN);
    let account = ctx.sim.read();
    let mut all = every(&account, |record| (record.modified, record.id));
    all.retain(|(_, record)| record.modified >= since);
    all.reverse();
    answer(ctx, &account, &all, true)
}

/// What was changed since a moment, the oldest change first. `after` is that moment, or what an answer before said:
/// the last change seen and whose it was.
fn modified_after(ctx: &Ctx<'_>) -> Outcome {
    // assumed: the form of the cursor, which callers hand back as they got it
    let read = |text: &str| {
        let (at, id) = text.split_once('-').unwrap_or((text, "0"));
        Some((at.parse::<i64>().ok()?, id.parse::<u64>().ok()?))
    };
    let from = match ctx.param("after") {
        None => (0, 0),
        Some(text) => {
            read(text).ok_or_else(|| ApiError::validation(format!("'{text}' is no place to read on from")))?
        }
    };
    let account = ctx.sim.read();
    let mut all = every(&account, |record| (record.modified, record.id));
    all.retain(|(_, record)| (record.modified, record.id) > from);
    let size = page_size(ctx, 100, 250);
    let page = all.get(..size).unwrap_or(&all);
    let (at, id) = page.last().map_or(from, |(_, record)| (record.modified, record.id));
    let results: Vec<Value> = page.iter().map(|(kind, record)| show(&account, kind, record)).collect();
    let more = all.len() > page.len();
    Ok(Reply::json(200, &json!({ "results": results, "hasMore": more, "after": format!("{at}-{id}") })))
}

fn associated(ctx: &Ctx<'_>, object: &str, id: &str) -> Outcome {
    let account = ctx.sim.read();
    let object = account.find_kind(object).ok_or_else(|| ApiError::validation("Unknown object type"))?;
    let id = account.locate(object, id, None)?;
    let mut all = every(&account, |record| (record.created, record.id));
    all.retain(|(kind, record)| !account.types_of((object, id), (kind.object, record.id)).is_empty());
    answer(ctx, &account, &all, false)
}

/// The activity with an id, live or not. Activities have their ids in common.
fn located(account: &Account, id: &str) -> Result<(&'static Kind, u64), ApiError> {
    let id: u64 = id.parse().map_err(|_| ApiError::object_not_found("Engagement does not exist"))?;
    let found = ALL.iter().find(|kind| account.live(kind.object, id).is_some());
    found.map(|kind| (kind, id)).ok_or_else(|| ApiError::object_not_found("Engagement does not exist"))
}

/// The properties a body sets, from its two parts.
fn values(kind: &Kind, body: &Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    let part = |name: &str| body.get(name).and_then(Value::as_object);
    for (name, property) in kind.metadata {
        if let Some(value) = part("metadata").and_then(|metadata| metadata.get(*name)) {
            all.insert((*property).to_owned(), value.clone());
        }
    }
    for (name, property) in [("timestamp", "hs_timestamp"), ("ownerId", "hubspot_owner_id")] {
        if let Some(value) = part("engagement").and_then(|engagement| engagement.get(name)) {
            all.insert(property.to_owned(), value.clone());
        }
    }
    let direction = part("metadata").is_some_and(|metadata| metadata.contains_key("direction"));
    if kind.object == EMAILS && !direction {
        all.insert("hs_email_direction".to_owned(), json!("EMAIL"));
    }
    all
}

fn create(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    let named =
        body.get("engagement").and_then(|one| one.get("type")).and_then(Value::as_str).unwrap_or_default();
    let kind = ALL.iter().find(|kind| kind.name == named);
    let kind = kind.ok_or_else(|| ApiError::validation(format!("{named} is not a type of engagement")))?;
    let mut values = values(kind, &body);
    values.entry("hs_timestamp").or_insert_with(|| json!(ctx.now));
    let mut account = ctx.sim.write();
    let source = ctx.app(&account);
    let values = account.prepare(kind.object, &values, None, &source)?;
    let id = account.insert(kind.object, values, &source, ctx.now);
    let at = account.tick(ctx.now);
    for (name, object) in LINKS {
        let ids = body.get("associations").and_then(|links| links.get(*name)).and_then(Value::as_array);
        for other in ids.into_iter().flatten().filter_map(text_of).filter_map(|id| id.parse::<u64>().ok()) {
            if account.live(*object, other).is_some() {
                account.put_link((kind.object, id), (*object, other), &[], false, at);
            }
        }
    }
    ctx.sim.stats.write(&account.kind(kind.object).name, WriteKind::Created);
    let record = account.live(kind.object, id).ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &show(&account, kind, record)))
}

fn one(ctx: &Ctx<'_>, id: &str, verb: &str) -> Outcome {
    let body = if verb == "PATCH" { ctx.object()? } else { Map::new() };
    let mut account = ctx.sim.write();
    let (kind, id) = located(&account, id)?;
    if verb == "DELETE" {
        account.archive(kind.object, id, ctx.now);
        ctx.sim.stats.write(&account.kind(kind.object).name, WriteKind::Deleted);
        return Ok(Reply::empty());
    }
    if verb == "PATCH" {
        let mut given = values(kind, &body);
        given.remove("hs_email_direction");
        let source = ctx.app(&account);
        let values = account.prepare(kind.object, &given, account.live(kind.object, id), &source)?;
        account.apply(kind.object, id, values, &source, ctx.now);
        ctx.sim.stats.write(&account.kind(kind.object).name, WriteKind::Updated);
    }
    let record = account.live(kind.object, id).ok_or_else(ApiError::record_not_found)?;
    Ok(Reply::json(200, &show(&account, kind, record)))
}

//! How a connection stands, for its page and for programs alike.

use std::collections::BTreeMap;

use engine::{BrakeReport, BudgetState};
use jiff::{SignedDuration, Timestamp};
use model::{ConnectionId, Side, Sides};
use serde::Serialize;
use serde_json::Value;
use store::{ConnectionRow, ErrorFilter, ErrorGroup, Throughput};
use utoipa::ToSchema;

use crate::{App, Fault};

/// Minutes of one bar of the throughput.
pub const STRETCH: u32 = 15;
/// Records named of a group of errors.
const EXAMPLES: usize = 3;

/// How a connection stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// `active`, `paused` or `stopped`.
    pub state: &'static str,
    /// Why it is not active, or what it waits for.
    pub state_reason: Option<String>,
    /// When this was found out.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The objects in step.
    pub kinds: Vec<Kind>,
    /// How each side stands.
    pub sides: [SideReport; 2],
    /// What the brake stopped a pass for; nothing where it did not.
    #[schema(value_type = Option<Value>)]
    pub brake: Option<BrakeReport>,
    /// How the budget of Salesforce calls stands.
    #[schema(value_type = Value)]
    pub budget: BudgetState,
    /// Per cent of the allocation that is kept for what a person asks for.
    pub reserve_percent: u8,
    /// What was done in the last day, in stretches of 15 minutes.
    pub throughput: Vec<Stretch>,
    /// What could not be synced, by kind.
    pub errors: Vec<Group>,
}

/// Objects in step with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Kind {
    /// The HubSpot object.
    pub hubspot: String,
    /// The Salesforce object.
    pub salesforce: String,
    /// Pairs that are kept in step.
    pub in_step: u64,
    /// Pairs that rest: one is gone, outside, or parted.
    pub resting: u64,
}

/// How one side stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SideReport {
    /// `hubspot` or `salesforce`.
    #[schema(value_type = String)]
    pub side: Side,
    /// When it was last asked for changes of every object; none where it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub polled_at: Option<Timestamp>,
    /// Since when the record waits that has been due longest.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_since: Option<Timestamp>,
    /// Records to be looked at now.
    pub due: u64,
    /// Records that wait after a failure.
    pub waiting: u64,
    /// Calls of the last 24 hours.
    pub calls: u64,
}

/// What was done within 15 minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stretch {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The side.
    #[schema(value_type = String)]
    pub side: Side,
    /// Records made there.
    pub created: u64,
    /// Fields written there.
    pub written: u64,
}

impl From<Throughput> for Stretch {
    fn from(row: Throughput) -> Self {
        Self { from: row.from, side: row.side, created: row.created, written: row.written }
    }
}

/// Errors of one kind about one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Group {
    /// The kind of trouble.
    pub category: String,
    /// The platform's code.
    pub code: String,
    /// The side of the records.
    #[schema(value_type = String)]
    pub side: Side,
    /// Their object.
    pub object: String,
    /// The field; none where it is the whole record.
    pub field: Option<String>,
    /// Records that have it.
    pub records: u64,
    /// What is behind it.
    pub cause: String,
    /// What a person can do.
    pub remedy: String,
    /// What the platform said about the record met last.
    pub message: String,
    /// The earliest.
    #[schema(value_type = String, format = DateTime)]
    pub first_seen: Timestamp,
    /// The latest.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen: Timestamp,
    /// A few of the records.
    pub examples: Vec<String>,
}

impl From<ErrorGroup> for Group {
    fn from(group: ErrorGroup) -> Self {
        Self {
            cause: engine::remedy_for(&group.code).cause.to_owned(),
            category: group.category,
            code: group.code,
            side: group.side,
            object: group.object,
            field: group.field,
            records: group.records,
            remedy: group.remedy,
            message: group.message,
            first_seen: group.first_seen,
            last_seen: group.last_seen,
            examples: group.examples,
        }
    }
}

/// How a connection stands now.
///
/// # Errors
/// When the store cannot be read.
pub fn report(app: &App, row: &ConnectionRow) -> Result<Report, Fault> {
    let (store, id, now) = (&app.store, &row.id, (app.now)());
    let marks = store.mark_counts(id, now)?;
    let oldest = store.oldest_due(id, now)?;
    let polled = polled_at(app, id)?;
    let side = |side: Side| -> Result<SideReport, Fault> {
        let of_side = || marks.iter().filter(|((at, _), _)| *at == side).map(|(_, counts)| counts);
        Ok(SideReport {
            side,
            polled_at: *polled.get(side),
            due_since: *oldest.get(side),
            due: of_side().map(|counts| counts.due).sum(),
            waiting: of_side().map(|counts| counts.waiting).sum(),
            calls: store.calls_of_last_day(id, side, now)?,
        })
    };
    let sides = [side(Side::HubSpot)?, side(Side::Salesforce)?];
    let day_ago = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    let kinds = store.link_kinds(id)?.into_iter().map(|kind| Kind {
        hubspot: kind.hubspot_object,
        salesforce: kind.salesforce_object,
        in_step: kind.active,
        resting: kind.resting,
    });
    Ok(Report {
        state: row.state.as_str(),
        state_reason: row.state_reason.clone(),
        at: now,
        kinds: kinds.collect(),
        budget: budget(app, id, &sides, now)?,
        reserve_percent: reserve(&row.settings),
        sides,
        brake: engine::brake_report(store, id)?,
        throughput: store.throughput(id, day_ago, STRETCH)?.into_iter().map(Stretch::from).collect(),
        errors: groups(app, id)?,
    })
}

/// The errors that stand, by kind, the largest first.
///
/// # Errors
/// When the store cannot be read.
pub fn groups(app: &App, id: &ConnectionId) -> Result<Vec<Group>, Fault> {
    let groups = app.store.error_groups(id, &ErrorFilter::default(), EXAMPLES)?;
    Ok(groups.into_iter().map(Group::from).collect())
}

/// How the budget stood when it was last kept, with the calls as they are counted now.
fn budget(
    app: &App,
    id: &ConnectionId,
    sides: &[SideReport; 2],
    now: Timestamp,
) -> Result<BudgetState, Fault> {
    let kept: Option<BudgetState> = app.store.setting(&format!("budget:{}", id.as_str()))?;
    let mut budget = kept.unwrap_or_default();
    budget.used = sides[1].calls;
    budget.held_until = budget.held_until.filter(|until| *until > now);
    Ok(budget)
}

fn reserve(settings: &Value) -> u8 {
    let percent = settings.pointer("/budget/reserve_percent").and_then(Value::as_u64);
    percent
        .and_then(|percent| u8::try_from(percent).ok())
        .unwrap_or(engine::Budget::default().reserve_percent)
}

/// When the stream of each side that was read least lately was read.
fn polled_at(app: &App, id: &ConnectionId) -> Result<Sides<Option<Timestamp>>, Fault> {
    let mut read: BTreeMap<String, Timestamp> = BTreeMap::new();
    for stream in app.store.streams(id)? {
        // Streams of changes are called `side:object`; others are none of a poll's.
        let Some((side, _)) = stream.stream.split_once(':') else { continue };
        let earliest = read.entry(side.to_owned()).or_insert(stream.read_at);
        *earliest = (*earliest).min(stream.read_at);
    }
    Ok(Sides {
        hubspot: read.get(Side::HubSpot.as_str()).copied(),
        salesforce: read.get(Side::Salesforce.as_str()).copied(),
    })
}

//! Sync health: how a connection stands, what it does, what it could not do, and what a person can do about it.

mod report;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Form, Router};
use engine::BrakeStop;
use jiff::{SignedDuration, Timestamp};
use model::Side;
use serde::Deserialize;
use store::{ConnectionRow, HistoryFilter, Role};

pub use report::{Group, Report, STRETCH, groups, report};

use crate::chart::{self, Bar, Drawing};
use crate::control::see_done;
use crate::layout::see;
use crate::lines::{Line, lines, record_address};
use crate::texts::{Argument, Texts};
use crate::{App, Fault, Page, Signed, said, templates};

/// Lines of history on the page.
const LINES: u32 = 10;
/// Groups of errors on the page.
const GROUPS: usize = 8;
/// Bars of the chart: a day.
const BARS: usize = 24 * 60 / STRETCH as usize;

#[derive(Template)]
#[template(path = "health/health.html")]
struct Health {
    page: Page,
    id: String,
    name: String,
    state: String,
    state_class: &'static str,
    is_active: bool,
    reason: Option<String>,
    brake: Vec<Brake>,
    progress: Option<Progress>,
    in_step: u64,
    resting: u64,
    failed: u64,
    lag: Option<String>,
    kinds: Vec<KindView>,
    sides: Vec<SideView>,
    done_chart: Drawing,
    done: u64,
    hours: Vec<Hour>,
    calls_chart: Drawing,
    meter: Option<Meter>,
    held_until: Option<Timestamp>,
    errors: Vec<GroupView>,
    lines: Vec<Line>,
}

/// How far the records that are to be looked at have come.
struct Progress {
    done: u64,
    all: u64,
    is_first: bool,
}

struct Brake {
    side: String,
    object: String,
    text: String,
    examples: Vec<(String, String, String)>,
}

struct KindView {
    hubspot: String,
    salesforce: String,
    in_step: u64,
    resting: u64,
}

struct SideView {
    class: &'static str,
    name: String,
    polled_at: Option<Timestamp>,
    polled_ago: String,
    due: u64,
    due_ago: Option<String>,
    waiting: u64,
    calls: u64,
}

/// What was done and asked within an hour.
struct Hour {
    from: Timestamp,
    hubspot: u64,
    salesforce: u64,
    calls: Bar,
}

struct Meter {
    drawing: Drawing,
    used: u64,
    limit: u64,
    reserve: u64,
    whose: String,
}

/// A group of errors as pages show it.
pub struct GroupView {
    /// The kind of trouble.
    pub category: String,
    /// The side, as a class.
    pub class: &'static str,
    /// The side.
    pub side: String,
    /// The object.
    pub object: String,
    /// The field; empty where it is the whole record.
    pub field: String,
    /// How many records have it.
    pub records: u64,
    /// What is behind it.
    pub cause: String,
    /// What to do.
    pub remedy: String,
    /// The platform's words.
    pub message: String,
    /// The platform's code.
    pub code: String,
    /// When it was first met.
    pub first_seen: Timestamp,
    /// When it was last met.
    pub last_seen: Timestamp,
    /// A few of the records, with their pages.
    pub examples: Vec<(String, String)>,
    /// Whether there are more.
    pub has_more: bool,
    /// The list of all of them.
    pub address: String,
    /// The hidden fields that name the group in a form.
    pub key: Vec<(&'static str, String)>,
}

/// Groups as pages show them.
#[must_use]
pub fn group_views(t: Texts, row: &ConnectionRow, groups: Vec<Group>) -> Vec<GroupView> {
    let shown = groups.into_iter().map(|group| {
        let key = vec![
            ("category", group.category.clone()),
            ("code", group.code.clone()),
            ("side", group.side.as_str().to_owned()),
            ("object", group.object.clone()),
            ("field", group.field.clone().unwrap_or_default()),
        ];
        let query: Vec<String> =
            key.iter().map(|(name, value)| format!("{name}={}", crate::layout::escaped(value))).collect();
        let examples = group
            .examples
            .iter()
            .map(|id| (id.clone(), record_address(&row.id, group.side, &group.object, id)));
        GroupView {
            category: said::category(t, &group.category),
            class: group.side.as_str(),
            side: group.side.to_string(),
            object: said::object(t, group.side, &group.object),
            field: group.field.clone().unwrap_or_default(),
            records: group.records,
            cause: said::remedy_cause(t, &group.code),
            remedy: said::remedy_fix(t, &group.code, &group.remedy),
            message: said::short(&group.message),
            code: group.code.clone(),
            first_seen: group.first_seen,
            last_seen: group.last_seen,
            has_more: group.records > group.examples.len() as u64,
            examples: examples.collect(),
            address: format!("/c/{}/errors?{}", row.id.as_str(), query.join("&")),
            key,
        }
    });
    shown.collect()
}

pub fn router() -> Router<App> {
    Router::new()
        .route("/c/{connection}", get(to_health))
        .route("/c/{connection}/health", get(health))
        .route("/c/{connection}/pause", post(pause))
        .route("/c/{connection}/resume", post(resume))
}

async fn to_health(page: Page) -> Result<Response, Fault> {
    Ok(see(&format!("/c/{}/health", page.connection()?.id.as_str())))
}

async fn health(State(app): State<App>, page: Page) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    let view = view(&app, page, &row)?;
    Ok(templates::html(&view))
}

fn view(app: &App, page: Page, row: &ConnectionRow) -> Result<Health, Fault> {
    let t = page.t;
    let report = report(app, row)?;
    let in_step = report.kinds.iter().map(|kind| kind.in_step).sum();
    let due: u64 = report.sides.iter().map(|side| side.due).sum();
    let is_first = report.sides.iter().any(|side| side.polled_at.is_none()) || in_step < due;
    let oldest = report.sides.iter().filter_map(|side| side.due_since).min();
    let filter = HistoryFilter { limit: Some(LINES), ..HistoryFilter::default() };
    let (done_chart, calls_chart, hours) = charts(app, t, row, &report)?;
    let failed = report.errors.iter().map(|group| group.records).sum();
    let meter = meter(t, &report);
    let brake =
        report.brake.iter().flat_map(|report| &report.stops).map(|stop| brake(t, row, stop)).collect();
    let sides = report.sides.iter().map(|side| SideView {
        class: side.side.as_str(),
        name: side.side.to_string(),
        polled_ago: side.polled_at.map(|at| t.ago(&at, &report.at)).unwrap_or_default(),
        polled_at: side.polled_at,
        due: side.due,
        due_ago: side.due_since.map(|at| t.ago(&at, &report.at)),
        waiting: side.waiting,
        calls: side.calls,
    });
    let kinds = report.kinds.iter().map(|kind| KindView {
        hubspot: said::object(t, Side::HubSpot, &kind.hubspot),
        salesforce: said::object(t, Side::Salesforce, &kind.salesforce),
        in_step: kind.in_step,
        resting: kind.resting,
    });
    Ok(Health {
        id: row.id.as_str().to_owned(),
        name: row.name.clone(),
        state: t.get(&format!("layout-state-{}", report.state)),
        state_class: match report.state {
            "active" if report.state_reason.is_none() => "good",
            "stopped" => "bad",
            _ => "warn",
        },
        is_active: report.state == "active",
        reason: report.state_reason.clone(),
        brake,
        progress: (due > 0).then_some(Progress { done: in_step, all: in_step + due, is_first }),
        in_step,
        resting: report.kinds.iter().map(|kind| kind.resting).sum(),
        failed,
        lag: oldest.map(|at| t.ago(&at, &report.at)),
        kinds: kinds.collect(),
        sides: sides.collect(),
        done: report.throughput.iter().map(|row| row.created + row.written).sum(),
        done_chart,
        hours,
        calls_chart,
        meter,
        held_until: report.budget.held_until,
        errors: group_views(t, row, report.errors.into_iter().take(GROUPS).collect()),
        lines: lines(app, t, &row.id, app.store.history(&row.id, &filter)?)?,
        page,
    })
}

fn brake(t: Texts, row: &ConnectionRow, stop: &BrakeStop) -> Brake {
    let examples = stop
        .examples
        .iter()
        .map(|(id, what)| (id.clone(), record_address(&row.id, stop.side, &stop.object, id), what.clone()));
    Brake {
        side: stop.side.to_string(),
        object: said::object(t, stop.side, &stop.object),
        text: t.all(
            "health-brake-stop",
            [
                ("deletions", stop.deletions.value()),
                ("blanks", stop.blanks.value()),
                ("linked", stop.linked.value()),
                ("allowed", stop.allowed.value()),
            ],
        ),
        examples: examples.collect(),
    }
}

/// How many calls are used of what may be made.
fn meter(t: Texts, report: &Report) -> Option<Meter> {
    let budget = report.budget;
    let (used, limit, reserve, whose) = match (budget.allocation, budget.org_used, budget.org_max) {
        (Some(all), _, _) => {
            let reserve = all * u64::from(report.reserve_percent.min(100)) / 100;
            (budget.used, all, reserve, t.get("health-meter-own"))
        }
        (None, Some(used), Some(most)) => (used, most, 0, t.get("health-meter-org")),
        _ => return None,
    };
    let label = t.with2("health-meter-label", "used", used, "limit", limit);
    let from = (reserve > 0).then(|| limit - reserve);
    Some(Meter { drawing: chart::meter(&label, used, from, limit), used, limit, reserve, whose })
}

/// The charts of the last day, and their figures by the hour.
fn charts(
    app: &App,
    t: Texts,
    row: &ConnectionRow,
    report: &Report,
) -> Result<(Drawing, Drawing, Vec<Hour>), Fault> {
    let width = i64::from(STRETCH) * 60;
    let last = report.at.as_second().div_euclid(width);
    let first = last - BARS as i64 + 1;
    let place = |at: Timestamp| usize::try_from(at.as_second().div_euclid(width) - first).ok();
    let mut done = vec![Bar::default(); BARS];
    for stretch in &report.throughput {
        let Some(bar) = place(stretch.from).and_then(|place| done.get_mut(place)) else { continue };
        let count = stretch.created + stretch.written;
        match stretch.side {
            Side::HubSpot => bar.hubspot += count,
            Side::Salesforce => bar.salesforce += count,
        }
    }
    let mut calls = vec![Bar::default(); BARS];
    let since = report.at.checked_sub(SignedDuration::from_hours(24)).unwrap_or(report.at);
    for side in [Side::HubSpot, Side::Salesforce] {
        for (minute, count) in app.store.calls_since(&row.id, side, since)? {
            let Some(bar) = place(minute).and_then(|place| calls.get_mut(place)) else { continue };
            match side {
                Side::HubSpot => bar.hubspot += count,
                Side::Salesforce => bar.salesforce += count,
            }
        }
    }
    let at = |place: usize| Timestamp::from_second((first + place as i64) * width).unwrap_or(report.at);
    let ticks: Vec<(usize, String)> = (0..BARS)
        .filter(|place| (first + *place as i64) % 24 == 0)
        .map(|place| (place, at(place).strftime("%H:%M").to_string()))
        .collect();
    let total = |bars: &[Bar]| {
        bars.iter().fold(Bar::default(), |sum, bar| Bar {
            hubspot: sum.hubspot + bar.hubspot,
            salesforce: sum.salesforce + bar.salesforce,
        })
    };
    let label = |key: &str, bars: &[Bar]| {
        let sum = total(bars);
        t.with2(key, "hubspot", sum.hubspot, "salesforce", sum.salesforce)
    };
    let each_hour = 60 / STRETCH as usize;
    let hours =
        done.chunks(each_hour).zip(calls.chunks(each_hour)).enumerate().map(|(hour, (done, calls))| {
            let sum = total(done);
            Hour {
                from: at(hour * each_hour),
                hubspot: sum.hubspot,
                salesforce: sum.salesforce,
                calls: total(calls),
            }
        });
    let mut hours: Vec<Hour> = hours.collect();
    hours.reverse();
    hours.retain(|hour| hour.hubspot + hour.salesforce + hour.calls.hubspot + hour.calls.salesforce > 0);
    Ok((
        chart::bars(&label("health-done-label", &done), &done, &ticks),
        chart::bars(&label("health-calls-label", &calls), &calls, &ticks),
        hours,
    ))
}

async fn pause(State(app): State<App>, signed: Signed, page: Page) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    crate::control::pause(&app, &signed, &row.id)?;
    Ok(see_done(&format!("/c/{}/health", row.id.as_str()), "health-done-paused"))
}

#[derive(Deserialize)]
struct Resume {
    #[serde(default)]
    release: Option<String>,
}

async fn resume(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(_): Path<String>,
    Form(form): Form<Resume>,
) -> Result<Response, Fault> {
    signed.require(Role::Operator)?;
    let row = page.connection()?;
    crate::control::resume(&app, &signed, &row.id, form.release.is_some())?;
    Ok(see_done(&format!("/c/{}/health", row.id.as_str()), "health-done-resumed"))
}

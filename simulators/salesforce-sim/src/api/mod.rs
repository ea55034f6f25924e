//! The REST resources below `/services/data/vXX.X`, as one function of a request, so that the parts of a composite
//! request go the same way as a request of their own.

mod collections;
mod columns;
mod composite;
mod conditions;
mod graph;
mod layouts;
mod listviews;
mod parts;
mod query;
mod recent;
mod relationships;
mod replication;
mod rows;
mod search;
mod tooling;
mod tree;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use crate::dml::{DuplicateRule, Writer};
use crate::error::Refusal;
use crate::service::DAILY_CALLS;
use crate::soql::Scope;
use crate::{Inner, State};

/// The first version and the last that the org serves.
const VERSIONS: std::ops::RangeInclusive<u32> = 31..=68;

/// A request, or a part of a composite one.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub method: String,
    /// Below the host, without the query, still escaped.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    pub headers: CallHeaders,
}

/// The headers that change what a call does.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallHeaders {
    pub batch_size: Option<usize>,
    pub allow_save: bool,
    /// Whether new leads and cases go to whom the assignment rule says. REST does so unless
    /// `Sforce-Auto-Assign: FALSE`; the other APIs do not unless they are asked to.
    pub auto_assign: bool,
    pub if_modified_since: Option<Timestamp>,
    pub if_unmodified_since: Option<Timestamp>,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
    /// Who calls, as they name themselves; change events say it.
    pub client: Option<String>,
    /// Whether what is looked at counts as recently used.
    pub update_mru: bool,
}

impl CallHeaders {
    /// Takes what the headers say; what they leave open stays.
    pub fn read(&mut self, text: impl Fn(&str) -> Option<String>) {
        let option = |header: &str, name: &str| {
            let value = text(header)?;
            let own = |part: &str| {
                let (key, value) = part.split_once('=')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            };
            value.split([',', ';']).find_map(own)
        };
        let size = option("Sforce-Query-Options", "batchSize").and_then(|size| size.parse().ok());
        self.batch_size = size.or(self.batch_size);
        if let Some(allow) = option("Sforce-Duplicate-Rule-Header", "allowSave") {
            self.allow_save = allow.eq_ignore_ascii_case("true");
        }
        if let Some(assign) = text("Sforce-Auto-Assign") {
            self.auto_assign = !assign.trim().eq_ignore_ascii_case("false");
        }
        if let Some(update) = option("Sforce-Mru", "updateMru") {
            self.update_mru = update.eq_ignore_ascii_case("true");
        }
        self.client = option("Sforce-Call-Options", "client").or_else(|| self.client.take());
        let moment = |header: &str| text(header).as_deref().and_then(http_date);
        self.if_modified_since = moment("If-Modified-Since").or(self.if_modified_since);
        self.if_unmodified_since = moment("If-Unmodified-Since").or(self.if_unmodified_since);
        self.if_match = text("If-Match").or_else(|| self.if_match.take());
        self.if_none_match = text("If-None-Match").or_else(|| self.if_none_match.take());
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    let plain = text.trim().trim_end_matches("GMT").trim();
    // The name of the day is not looked at: callers get it wrong.
    let day = plain.split_once(',').map_or(plain, |(_, day)| day.trim());
    let at = jiff::civil::DateTime::strptime("%d %b %Y %H:%M:%S", day).ok()?;
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub body: Option<Value>,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    fn empty(status: u16) -> Self {
        Self { status, body: None }
    }

    /// Where the record is that a single write made or changed, as the `Location` header names it.
    pub fn location(&self, path: &str) -> Option<String> {
        if self.status != 201 && self.status != 200 {
            return None;
        }
        let body = self.body.as_ref()?;
        body.get("success").filter(|success| **success == json!(true))?;
        let id = body.get("id")?.as_str()?;
        let (head, rest) = path.split_once("/sobjects/")?;
        Some(format!("{head}/sobjects/{}/{id}", rest.split(['/', '?']).next()?))
    }

    pub fn refused(refusals: &[Refusal]) -> Self {
        Self {
            status: refusals.first().map_or(400, |refusal| refusal.status),
            body: Some(refusals.iter().map(Refusal::as_call).collect()),
        }
    }
}

type Done = Result<Reply, Vec<Refusal>>;

fn refuse<T>(refusal: Refusal) -> Result<T, Vec<Refusal>> {
    Err(vec![refusal])
}

/// The answer to a request.
pub(crate) struct Served {
    pub reply: Reply,
    /// Headers of its own.
    pub headers: Vec<(&'static str, String)>,
    /// Rows as JSON, which follow what the body says.
    pub page: Option<Vec<u8>>,
}

/// One call at work.
pub(crate) struct Api<'a> {
    pub inner: &'a Inner,
    pub state: &'a mut State,
    pub now: Timestamp,
    /// Who calls.
    pub user: Arc<str>,
    /// A fault that fails rows of a batch one by one.
    pub half: Option<f64>,
    /// Headers that the answer carries.
    head: Vec<(&'static str, String)>,
    /// Writes that are counted once it is sure that they stay.
    written: Vec<(String, WriteKind)>,
    /// Who makes the changes, as change events say it.
    pub origin: String,
    /// The call that is answered next is the request itself, not a part of one.
    whole: bool,
    /// The rows of the page that answers the request, as JSON; the body is what stands before them.
    page: Option<Vec<u8>>,
}

/// Limits of a Developer Edition org that are shown, and that nothing here uses up.
const UNUSED_LIMITS: [(&str, u64); 22] = [
    ("ConcurrentAsyncGetReportInstances", 200),
    ("ConcurrentSyncReportRuns", 20),
    ("DailyAsyncApexExecutions", 250_000),
    ("DailyBulkV2QueryFileStorageMB", 976_562),
    ("DailyDurableGenericStreamingApiEvents", 10_000),
    ("DailyDurableStreamingApiEvents", 10_000),
    ("DailyGenericStreamingApiEvents", 10_000),
    ("DailyStandardVolumePlatformEvents", 10_000),
    ("DailyStreamingApiEvents", 10_000),
    ("DailyWorkflowEmails", 100_000),
    ("DataStorageMB", 5),
    ("DurableStreamingApiConcurrentClients", 20),
    ("FileStorageMB", 20),
    ("HourlyAsyncReportRuns", 1_200),
    ("HourlyDashboardRefreshes", 200),
    ("HourlyDashboardResults", 5_000),
    ("HourlyODataCallout", 1_000),
    ("HourlySyncReportRuns", 500),
    ("HourlyTimeBasedWorkflow", 1_000),
    ("MassEmail", 10),
    ("SingleEmail", 15),
    ("StreamingApiConcurrentClients", 20),
];

impl<'a> Api<'a> {
    pub fn new(inner: &'a Inner, state: &'a mut State, now: Timestamp, half: Option<f64>) -> Self {
        let user = Arc::clone(&state.integration);
        let (head, written) = (Vec::new(), Vec::new());
        Self { inner, state, now, user, half, head, written, origin: String::new(), whole: false, page: None }
    }

    /// The same in the name of another user.
    pub fn by(self, user: Arc<str>) -> Self {
        Self { user, ..self }
    }

    /// Answers a call whose session is open.
    pub fn serve(mut self, call: &Call) -> Reply {
        let reply = self.answer(call);
        self.count_writes();
        reply
    }

    /// Answers a request.
    pub fn serve_request(mut self, call: &Call) -> Served {
        self.whole = true;
        let reply = self.answer(call);
        self.count_writes();
        Served { reply, headers: self.head, page: self.page }
    }

    /// Counts the writes so far and tells the event bus, now that it is sure that they stay.
    pub fn count_writes(&mut self) {
        for (object, kind) in self.written.drain(..) {
            self.inner.stats.write(&object, kind);
        }
        self.tell_changes();
    }

    fn answer(&mut self, call: &Call) -> Reply {
        let whole = std::mem::take(&mut self.whole);
        let reply = match self.dispatch(call, whole) {
            Ok(reply) => reply,
            Err(refusals) => Reply::refused(&refusals),
        };
        if !self.state.org.changes.is_empty() {
            let version = call.path.split('/').nth(3).unwrap_or_default();
            self.origin = crate::pubsub::origin("rest", version, call.headers.client.as_deref());
            self.tell_changes();
        }
        reply
    }

    /// Tells the event bus what has changed, unless it may still be taken back.
    pub fn tell_changes(&mut self) {
        if !self.state.org.in_transaction() {
            self.state.publish_changes(&self.origin, self.now);
        }
    }

    pub fn wrote(&mut self, object: &str, kind: WriteKind) {
        // By the object's own name, whatever case the caller used.
        let name = self.state.org.table(object).map_or(object, |table| &table.def.name).to_owned();
        self.written.push((name, kind));
    }

    /// Works in a transaction; what `work` calls a failure is as if nothing had been done.
    pub fn atomic<T>(&mut self, wanted: bool, work: impl FnOnce(&mut Self) -> (T, bool)) -> (T, bool) {
        if !wanted {
            return (work(self).0, false);
        }
        let mark = self.state.org.begin();
        let counted = self.written.len();
        let (done, failed) = work(self);
        let taken_back = failed;
        if taken_back {
            self.written.truncate(counted);
        }
        self.state.org.end(mark, !taken_back);
        (done, taken_back)
    }

    pub fn writer(&self, headers: &CallHeaders) -> Writer {
        Writer {
            allow_save: headers.allow_save,
            duplicate_rule: self.state.duplicate_rule,
            auto_assign: headers.auto_assign,
            ..Writer::new(Arc::clone(&self.user), self.now)
        }
    }

    fn dispatch(&mut self, call: &Call, whole: bool) -> Done {
        // Split first: a value may hold an escaped slash.
        let parts: Vec<String> = call
            .path
            .trim_matches('/')
            .split('/')
            .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let rest = match parts.as_slice() {
            ["services", "data", version, rest @ ..] => {
                let known =
                    version.strip_prefix('v').and_then(|v| v.strip_suffix(".0")).and_then(|v| v.parse().ok());
                if known.is_some_and(|version: u32| version < *VERSIONS.start()) {
                    // assumed: the wording; that retired versions are gone is documented
                    let message = "The requested API version has been retired";
                    return refuse(Refusal::new("GONE", message).with_status(410));
                }
                if !known.is_some_and(|version: u32| VERSIONS.contains(&version)) {
                    return refuse(Refusal::not_found());
                }
                rest
            }
            _ => return refuse(Refusal::not_found()),
        };
        let version = parts.get(2).and_then(|v| v.strip_prefix('v')).unwrap_or("66.0").to_owned();
        if let Some(done) = self.more(call, rest, &version) {
            return done;
        }
        match (call.method.as_str(), rest) {
            ("GET", []) => Ok(Reply::ok(self.resources(&version))),
            ("GET", ["limits"]) if !self.state.org.user_may(&self.user, "ViewSetup") => {
                // assumed: the wording; that View Setup and Configuration is needed is documented
                let message = "You do not have access to view limits: View Setup and Configuration is needed";
                refuse(Refusal::new("FORBIDDEN", message).with_status(403))
            }
            ("GET", ["limits"]) => Ok(Reply::ok(self.limits())),
            ("GET", ["limits", "recordCount"]) => Ok(Reply::ok(self.record_count(call))),
            ("GET", ["sobjects"]) => {
                if self.is_unchanged(call) {
                    return Ok(Reply::empty(304));
                }
                let objects = self.state.org.describe_all(&version);
                Ok(Reply::ok(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})))
            }
            ("GET", ["query"]) if param(call, "explain").is_some() => self.explain(call),
            ("GET", ["query"]) => self.query(call, &version, Scope::Live, whole),
            ("GET", ["queryAll"]) => self.query(call, &version, Scope::All, whole),
            ("GET", ["query" | "queryAll", locator]) => self.further(call, locator, &version, whole),
            ("GET", ["sobjects", object, "describe"]) => {
                if self.is_unchanged(call) {
                    return Ok(Reply::empty(304));
                }
                let described = self.state.org.describe(object, &version, &self.state.base_url);
                described.map(Reply::ok).ok_or_else(|| vec![Refusal::not_found()])
            }
            ("POST", ["sobjects", object]) => self.create(call, object),
            ("GET", ["sobjects", object, "updated"]) => self.updated(call, object),
            ("GET", ["sobjects", object, "deleted"]) => self.deleted(call, object),
            (method, ["sobjects", object, id]) => self.row(call, method, object, id, &version),
            ("GET", ["sobjects", "User", id, "password"]) => {
                let id = crate::ids::normal(id).filter(|id| self.state.org.object_of(id) == Some("User"));
                match id.filter(|id| self.state.org.find(id).is_some()) {
                    Some(_) => Ok(Reply::ok(json!({"isExpired": false}))),
                    None => refuse(Refusal::not_found()),
                }
            }
            (method, ["sobjects", object, field, value]) => {
                self.by_key(call, method, object, field, value, &version)
            }
            (_, ["composite"]) if call.method == "POST" => self.composite(call),
            ("POST", ["composite", "batch"]) => self.batch(call),
            (method @ ("POST" | "PATCH"), ["composite", "sobjects"]) => self.collection(call, method),
            ("DELETE", ["composite", "sobjects"]) => self.collection_delete(call),
            ("PATCH", ["composite", "sobjects", object, field]) => {
                self.collection_upsert(call, object, field)
            }
            ("GET" | "POST", ["composite", "sobjects", object]) => {
                self.collection_read(call, object, &version)
            }
            (_, ["tooling", rest @ ..]) => self.tooling(call, &version, rest),
            ("GET", ["chatter", "users", "me"]) => {
                Ok(Reply::ok(self.state.chatter_user(&self.user, &version)))
            }
            ("GET" | "POST" | "PATCH" | "DELETE", _) => refuse(Refusal::not_found()),
            (method, _) => {
                let message =
                    format!("HTTP Method '{method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE");
                refuse(Refusal::new("METHOD_NOT_ALLOWED", message).with_status(405))
            }
        }
    }

    /// Resources beside records, queries and collections; nothing where the address names none of them.
    fn more(&mut self, call: &Call, rest: &[&str], version: &str) -> Option<Done> {
        Some(match (call.method.as_str(), rest) {
            ("GET", ["search"]) => self.search(call, version),
            ("GET" | "POST", ["parameterizedSearch"]) => self.parameterized_search(call, version),
            ("GET", ["recent"]) => Ok(self.recent(call, version)),
            ("GET", ["sobjects", object]) => self.basic_information(object, version),
            ("GET", ["sobjects", object, "listviews", rest @ ..]) => {
                self.list_views(call, object, rest, version)
            }
            ("GET", ["sobjects", "Global", "describe", "layouts"]) => Ok(self.global_layouts()),
            ("GET", ["sobjects", object, "describe", "layouts"]) => self.layouts(object, None, version),
            ("GET", ["sobjects", object, "describe", "layouts", id]) => {
                self.layouts(object, Some(id), version)
            }
            ("GET", ["sobjects", object, "describe", "compactLayouts"]) => {
                self.compact_layouts(object, version)
            }
            ("GET" | "PATCH" | "DELETE", ["sobjects", object, id, path @ ..])
                if !path.is_empty() && self.is_relationship(object, id, path) =>
            {
                self.relationship(call, object, id, path, version)
            }
            ("POST", ["composite", "graph"]) => self.graph(call),
            ("POST", ["composite", "tree", object]) => self.tree(call, object),
            _ => return None,
        })
    }

    /// assumed: describes change when the org starts, and not again until a field is added
    fn state_changed(&self) -> Timestamp {
        if let Some(at) = self.state.org.described_at {
            return at;
        }
        let table = self.state.org.table("Organization");
        let row = table.and_then(|table| table.rows.iter().next());
        row.and_then(|row| Timestamp::from_second(row.created_at).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn limits(&mut self) -> Value {
        let (allowed, events_left) = self.state.events.allowance(self.now);
        let left = DAILY_CALLS.saturating_sub(self.state.service.used(self.now));
        let jobs = &mut self.state.service.jobs;
        let (batches, queries) = (jobs.batches_left(self.now), jobs.queries_left(self.now));
        let (most_batches, most_queries) = (jobs.limits.batches, jobs.limits.query_jobs);
        let mut all = json!({
            "DailyApiRequests": {"Max": DAILY_CALLS, "Remaining": left},
            "DailyBulkApiBatches": {"Max": most_batches, "Remaining": batches},
            // Older versions name it so, and older taps ask for it.
            "DailyBulkApiRequests": {"Max": most_batches, "Remaining": batches},
            "DailyBulkV2QueryJobs": {"Max": most_queries, "Remaining": queries},
            "DailyDeliveredPlatformEvents": {"Max": allowed, "Remaining": events_left},
        });
        for (name, most) in UNUSED_LIMITS {
            all[name] = json!({"Max": most, "Remaining": most});
        }
        all
    }

    fn resources(&self, version: &str) -> Value {
        let base = format!("/services/data/v{version}");
        let names = [
            "tooling",
            "query",
            "queryAll",
            "limits",
            "sobjects",
            "composite",
            "search",
            "jobs",
            "recent",
            "metadata",
            "chatter",
        ];
        let mut map: Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(format!("{base}/{name}")))).collect();
        let auth = &self.state.auth;
        let identity = format!("{}/id/{}/{}", self.state.base_url, auth.org_id, auth.user_id);
        map.insert("identity".into(), json!(identity));
        Value::Object(map)
    }

    fn record_count(&self, call: &Call) -> Value {
        let wanted = param(call, "sObjects").unwrap_or_default();
        let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
        let counts: Vec<Value> = self
            .state
            .org
            .tables
            .iter()
            .filter(|(name, _)| {
                wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
            })
            // An object without records is not in the list.
            .filter(|(_, table)| table.live() > 0)
            .map(|(name, table)| json!({"count": table.live(), "name": name}))
            .collect();
        json!({"sObjects": counts})
    }
}

/// Whether the org serves this version (`66.0`).
pub(crate) fn serves(version: &str) -> bool {
    let number = version.strip_suffix(".0").and_then(|number| number.parse().ok());
    number.is_some_and(|number: u32| VERSIONS.contains(&number))
}

/// The versions that the org serves; anybody may ask.
pub(crate) fn versions() -> Value {
    let versions = VERSIONS.map(|version| {
        // Three releases a year; 60.0 was the spring of 2024.
        let (season, year) = match version % 3 {
            0 => ("Spring", version / 3 + 4),
            1 => ("Summer", version / 3 + 4),
            _ => ("Winter", version / 3 + 5),
        };
        let label = format!("{season} '{year}");
        json!({"label": label, "url": format!("/services/data/v{version}.0"), "version": format!("{version}.0")})
    });
    versions.collect()
}

fn param(call: &Call, name: &str) -> Option<String> {
    call.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn no_json() -> Refusal {
    Refusal::new(
        "JSON_PARSER_ERROR",
        "The HTTP entity body is required, but this request has no entity body.",
    )
}

fn fields_of(call: &Call) -> Result<&Map<String, Value>, Vec<Refusal>> {
    call.body.as_ref().and_then(Value::as_object).ok_or_else(|| vec![no_json()])
}

/// The rule against duplicates, as `/_sim/settings` names it.
pub(crate) fn duplicate_rule(text: &str) -> Option<DuplicateRule> {
    serde_json::from_value(json!(text)).ok()
}

//! Searching one kind of record, as of a moment: what changed since is not in the index yet.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::account::Account;
use crate::error::ApiError;
use crate::property::{Computed, PropertyType};
use crate::record::Record;
use crate::time;

const GROUPS: usize = 5;
const PER_GROUP: usize = 6;
const FILTERS: usize = 18;
const LONGEST_BODY: usize = 3000;
const PAGE: usize = 200;
const CAP: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    Has,
    HasNot,
    Contains,
    ContainsNot,
}

fn op(name: &str) -> Option<Op> {
    Some(match name {
        "EQ" => Op::Eq,
        "NEQ" => Op::Neq,
        "LT" => Op::Lt,
        "LTE" => Op::Lte,
        "GT" => Op::Gt,
        "GTE" => Op::Gte,
        "BETWEEN" => Op::Between,
        "IN" => Op::In,
        "NOT_IN" => Op::NotIn,
        "HAS_PROPERTY" => Op::Has,
        "NOT_HAS_PROPERTY" => Op::HasNot,
        "CONTAINS_TOKEN" => Op::Contains,
        "NOT_CONTAINS_TOKEN" => Op::ContainsNot,
        _ => return None,
    })
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Property { key: u32, kind: PropertyType, computed: Option<Computed> },
    Association(usize),
}

#[derive(Debug)]
struct Filter {
    target: Target,
    op: Op,
    /// The value, or all of them; for a range, both ends.
    values: Vec<Term>,
}

/// A value made ready to be compared.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Term {
    Number(f64),
    Text(String),
}

/// A search that has been understood.
#[derive(Debug)]
pub(crate) struct Query {
    groups: Vec<Vec<Filter>>,
    words: Vec<String>,
    sort: Option<(u32, bool)>,
    pub(crate) properties: Vec<String>,
    pub(crate) limit: usize,
    pub(crate) after: usize,
}

fn text(value: Option<&Value>) -> Option<String> {
    value.filter(|value| !value.is_null()).and_then(crate::property::value::text_of)
}

#[expect(clippy::cast_precision_loss, reason = "ids and milliseconds are far below 2^53")]
fn term(kind: PropertyType, value: &str) -> Option<Term> {
    match kind {
        PropertyType::Number => value.trim().parse().ok().map(Term::Number),
        PropertyType::Date | PropertyType::DateTime => time::parse(value).map(|ms| Term::Number(ms as f64)),
        PropertyType::Enumeration => Some(Term::Text(value.to_owned())),
        _ => Some(Term::Text(value.to_lowercase())),
    }
}

impl Query {
    /// Reads a search body, or says what is wrong with it.
    pub(crate) fn parse(account: &Account, object: usize, body: &[u8]) -> Result<Self, ApiError> {
        if String::from_utf8_lossy(body).chars().count() > LONGEST_BODY {
            // assumed: the text for a body that is too long
            return Err(ApiError::validation("The request body is too long: at most 3000 characters"));
        }
        let request: Map<String, Value> = if body.is_empty() {
            Map::new()
        } else {
            serde_json::from_slice(body)
                .map_err(|why| ApiError::validation(format!("Invalid input JSON: {why}")))?
        };
        let empty = Vec::new();
        let list = |value: Option<&Value>| value.and_then(Value::as_array).unwrap_or(&empty).clone();
        let mut given: Vec<Vec<Value>> =
            list(request.get("filterGroups")).iter().map(|group| list(group.get("filters"))).collect();
        let bare = list(request.get("filters"));
        if !bare.is_empty() {
            given.push(bare);
        }
        given.retain(|group| !group.is_empty());
        let many = given.iter().map(Vec::len).sum::<usize>() > FILTERS;
        if given.len() > GROUPS || many || given.iter().any(|group| group.len() > PER_GROUP) {
            return Err(ApiError::validation(format!(
                "Too many filters: at most {GROUPS} groups, {PER_GROUP} filters in a group and {FILTERS} in all"
            )));
        }
        let mut groups = Vec::new();
        for group in given {
            let filters: Result<_, _> =
                group.iter().map(|filter| Filter::parse(account, object, filter)).collect();
            groups.push(filters?);
        }
        let limit = match request.get("limit").and_then(Value::as_u64) {
            Some(limit) if limit > PAGE as u64 => {
                return Err(ApiError::validation(format!("The requested limit is over {PAGE}")));
            }
            Some(0) | None => 10,
            Some(limit) => usize::try_from(limit).unwrap_or(PAGE),
        };
        let after = match text(request.get("after")) {
            None => 0,
            Some(after) if after.is_empty() => 0,
            Some(after) => after
                .parse::<usize>()
                .map_err(|_| ApiError::validation(format!("{after} is not a valid 'after' offset")))?,
        };
        if after + limit > CAP {
            // assumed: the text for a page past the cap
            return Err(ApiError::validation(format!("Only the first {CAP} results can be paged through")));
        }
        Ok(Self {
            groups,
            words: text(request.get("query"))
                .unwrap_or_default()
                .to_lowercase()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            sort: sort(account, object, &list(request.get("sorts")))?,
            properties: list(request.get("properties"))
                .iter()
                .filter_map(|name| name.as_str().map(str::to_lowercase))
                .collect(),
            limit,
            after,
        })
    }
}

fn sort(account: &Account, object: usize, sorts: &[Value]) -> Result<Option<(u32, bool)>, ApiError> {
    if sorts.len() > 1 {
        return Err(ApiError::validation("Only one sort can be given"));
    }
    let Some(sort) = sorts.first() else { return Ok(None) };
    let (name, down) = match sort {
        Value::String(name) => (name.trim_start_matches('-').to_owned(), name.starts_with('-')),
        other => (
            text(other.get("propertyName")).unwrap_or_default(),
            other.get("direction").and_then(Value::as_str) == Some("DESCENDING"),
        ),
    };
    match account.stores[object].active(&name.to_lowercase()) {
        Some((key, _)) => Ok(Some((key, down))),
        None => Err(ApiError::validation(format!("Cannot sort by \"{name}\": no such property"))),
    }
}

impl Filter {
    fn parse(account: &Account, object: usize, filter: &Value) -> Result<Self, ApiError> {
        let name = text(filter.get("propertyName")).unwrap_or_default().to_lowercase();
        let named = text(filter.get("operator")).unwrap_or_default();
        let Some(op) = op(&named) else {
            return Err(ApiError::validation(format!("Unknown operator: {named}")));
        };
        let target = if let Some(other) = name.strip_prefix("associations.") {
            account.find_kind(other).map(Target::Association)
        } else {
            account.stores[object].active(&name).map(|(key, property)| Target::Property {
                key,
                kind: property.kind,
                computed: property.computed,
            })
        };
        let Some(target) = target else {
            // assumed: the text for a property that does not exist
            return Err(ApiError::validation(format!("Property \"{name}\" does not exist")));
        };
        let kind = match target {
            Target::Property { kind, .. } => kind,
            Target::Association(_) => PropertyType::Number,
        };
        let raw: Vec<String> = match op {
            Op::Has | Op::HasNot => Vec::new(),
            Op::In | Op::NotIn => {
                let values = filter.get("values").and_then(Value::as_array);
                values.into_iter().flatten().filter_map(|value| text(Some(value))).collect()
            }
            Op::Between => {
                [filter.get("value"), filter.get("highValue")].into_iter().filter_map(text).collect()
            }
            _ => text(filter.get("value")).into_iter().collect(),
        };
        let needed = match op {
            Op::Has | Op::HasNot => 0,
            Op::Between => 2,
            _ => 1,
        };
        if raw.len() < needed {
            return Err(ApiError::validation(format!("operator {named} requires a value for {name}")));
        }
        let lists = matches!(op, Op::In | Op::NotIn);
        let tokens = matches!(op, Op::Contains | Op::ContainsNot);
        let values: Option<Vec<Term>> = raw
            .iter()
            .map(|value| match kind {
                // The values of a list are compared as given, so capitals never match.
                PropertyType::String | PropertyType::PhoneNumber if lists => Some(Term::Text(value.clone())),
                _ if tokens => Some(Term::Text(value.to_lowercase())),
                _ => term(kind, value),
            })
            .collect();
        match values {
            Some(values) => Ok(Self { target, op, values }),
            None => {
                Err(ApiError::validation(format!("\"{}\" is not a valid value for {name}", raw.join(", "))))
            }
        }
    }

    fn matches(&self, account: &Account, object: usize, record: &Record, as_of: i64) -> bool {
        let (key, kind, computed) = match self.target {
            Target::Association(other) => return self.matches_association(account, object, record, other),
            Target::Property { key, kind, computed } => (key, kind, computed),
        };
        #[expect(clippy::cast_precision_loss, reason = "ids and milliseconds are far below 2^53")]
        let quick = match computed {
            Some(Computed::Modified) => Some(record.modified_as_of(as_of) as f64),
            Some(Computed::Created) => Some(record.created as f64),
            Some(Computed::ObjectId) => Some(record.id as f64),
            _ => None,
        };
        if let Some(number) = quick.filter(|_| kind != PropertyType::String) {
            return self.compare(Some(&Term::Number(number)));
        }
        let Some(value) = account.value(object, record, key, as_of) else { return self.compare(None) };
        match self.op {
            Op::Has => true,
            Op::HasNot => false,
            Op::Contains => self.values.iter().all(|wanted| has_token(&value, wanted)),
            Op::ContainsNot => !self.values.iter().all(|wanted| has_token(&value, wanted)),
            Op::Eq | Op::Neq | Op::In | Op::NotIn if kind == PropertyType::Enumeration => {
                let held = |wanted: &Term| match wanted {
                    Term::Text(wanted) => value.split(';').any(|one| one == wanted) || *wanted == *value,
                    Term::Number(_) => false,
                };
                let found = self.values.iter().any(held);
                found == matches!(self.op, Op::Eq | Op::In)
            }
            _ => self.compare(term(kind, &value).as_ref()),
        }
    }

    fn matches_association(&self, account: &Account, object: usize, record: &Record, other: usize) -> bool {
        let linked = |wanted: &Term| match wanted {
            Term::Number(id) => account
                .links((object, record.id), other)
                .iter()
                .any(|(there, _)| Term::Number(*there as f64) == Term::Number(*id)),
            Term::Text(_) => false,
        };
        match self.op {
            Op::Has => !account.links((object, record.id), other).is_empty(),
            Op::HasNot => account.links((object, record.id), other).is_empty(),
            Op::Neq | Op::NotIn => !self.values.iter().any(linked),
            _ => self.values.iter().any(linked),
        }
    }

    fn compare(&self, value: Option<&Term>) -> bool {
        let Some(value) = value else {
            // assumed: records without a value count as different from any value
            return matches!(self.op, Op::HasNot | Op::Neq | Op::NotIn | Op::ContainsNot);
        };
        let first = self.values.first();
        let order = first.and_then(|wanted| value.partial_cmp(wanted));
        match self.op {
            Op::Has => true,
            Op::HasNot => false,
            Op::Eq => order == Some(Ordering::Equal),
            Op::Neq => order != Some(Ordering::Equal),
            Op::Lt => order == Some(Ordering::Less),
            Op::Lte => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Op::Gt => order == Some(Ordering::Greater),
            Op::Gte => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Op::Between => {
                let high = self.values.get(1).and_then(|wanted| value.partial_cmp(wanted));
                matches!(order, Some(Ordering::Greater | Ordering::Equal))
                    && matches!(high, Some(Ordering::Less | Ordering::Equal))
            }
            Op::In => self.values.contains(value),
            Op::NotIn => !self.values.contains(value),
            Op::Contains | Op::ContainsNot => {
                let held = match value {
                    Term::Text(text) => text.clone(),
                    Term::Number(number) => number.to_string(),
                };
                self.values.iter().all(|wanted| has_token(&held, wanted)) == (self.op == Op::Contains)
            }
        }
    }

    /// The range of modification times this filter allows, if it speaks of nothing else.
    fn modified_range(&self) -> Option<(i64, i64)> {
        if !matches!(self.target, Target::Property { computed: Some(Computed::Modified), .. }) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds were read from an integer")]
        let at = |n: usize| match self.values.get(n) {
            Some(Term::Number(ms)) => Some(*ms as i64),
            _ => None,
        };
        let all = (i64::MIN, i64::MAX);
        Some(match self.op {
            Op::Gte => (at(0)?, all.1),
            Op::Gt => (at(0)?.saturating_add(1), all.1),
            Op::Lte => (all.0, at(0)?.saturating_add(1)),
            Op::Lt => (all.0, at(0)?),
            Op::Eq => (at(0)?, at(0)?.saturating_add(1)),
            Op::Between => (at(0)?, at(1)?.saturating_add(1)),
            Op::Has => all,
            _ => return None,
        })
    }
}

/// assumed: a token is a run without blanks or a run of letters and digits; `*` stands for any run
fn has_token(value: &str, wanted: &Term) -> bool {
    let Term::Text(wanted) = wanted else { return false };
    let value = value.to_lowercase();
    let fits = |pattern: &str| {
        wildcard(pattern.as_bytes(), value.as_bytes())
            || value.split_whitespace().any(|token| wildcard(pattern.as_bytes(), token.as_bytes()))
            || value
                .split(|c: char| !c.is_alphanumeric())
                .any(|token| !token.is_empty() && wildcard(pattern.as_bytes(), token.as_bytes()))
    };
    wildcard(wanted.as_bytes(), value.as_bytes()) || wanted.split_whitespace().all(fits)
}

fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            p = at + 1;
            t = from + 1;
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

impl Query {
    fn accepts(&self, account: &Account, object: usize, record: &Record, as_of: i64) -> bool {
        let grouped = self.groups.is_empty()
            || self
                .groups
                .iter()
                .any(|group| group.iter().all(|filter| filter.matches(account, object, record, as_of)));
        grouped && (self.words.is_empty() || self.speaks_of(account, object, record, as_of))
    }

    fn speaks_of(&self, account: &Account, object: usize, record: &Record, as_of: i64) -> bool {
        let store = &account.stores[object];
        let mut all = String::new();
        for name in &store.kind.searchable {
            if let Some(value) = store.key(name).and_then(|key| record.stored(key, as_of)) {
                all.push_str(&value.to_lowercase());
                all.push(' ');
            }
        }
        self.words.iter().all(|word| all.contains(word.as_str()))
    }

    /// The ids on the page, and how many records match in all. `as_of` is how far the index has got.
    pub(crate) fn run(&self, account: &Account, object: usize, as_of: i64) -> (Vec<u64>, usize) {
        let store = &account.stores[object];
        let computed = self.sort.and_then(|(key, _)| store.property(key)).and_then(|one| one.computed);
        let by_modified = computed == Some(Computed::Modified);
        // Records whose last change the index has not seen: what it holds of them is their state before.
        let mut late: BTreeSet<u64> = BTreeSet::new();
        if as_of < account.latest {
            let next = as_of.saturating_add(1);
            late.extend(store.by_modified.range((next, 0), (i64::MAX, 0)).map(|(_, id)| id));
            late.extend(store.archived.range((next, 0)..).map(|(_, id)| *id));
        }
        let known = |id: &u64| store.records.get(*id).filter(|record| record.created <= as_of);
        if by_modified && self.groups.len() <= 1 {
            return self.run_by_modified(account, object, as_of, &late, &known);
        }
        let mut hits: Vec<u64> = Vec::new();
        match self.candidates(account, object) {
            Some(mut ids) => {
                ids.extend(late.iter().copied());
                for id in ids {
                    let Some(record) = known(&id) else { continue };
                    let gone = record.archived.is_some_and(|at| at <= as_of);
                    if !gone && self.accepts(account, object, record, as_of) {
                        hits.push(id);
                    }
                }
            }
            None => {
                for record in store.records.values() {
                    let gone = record.archived.is_some_and(|at| at <= as_of) || record.created > as_of;
                    if !gone && self.accepts(account, object, record, as_of) {
                        hits.push(record.id);
                    }
                }
            }
        }
        if let Some((key, down)) = self.sort {
            let kind = store.property(key).map_or(PropertyType::String, |property| property.kind);
            let mut keyed: Vec<(Option<Term>, u64)> = hits
                .into_iter()
                .map(|id| {
                    let value = known(&id).and_then(|record| account.value(object, record, key, as_of));
                    (value.and_then(|value| term(kind, &value)), id)
                })
                .collect();
            keyed.sort_by(|(a, _), (b, _)| {
                // assumed: records without a value come last either way
                let order = match (a, b) {
                    (Some(a), Some(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
                    (Some(_), None) => return Ordering::Less,
                    (None, Some(_)) => return Ordering::Greater,
                    (None, None) => Ordering::Equal,
                };
                if down { order.reverse() } else { order }
            });
            hits = keyed.into_iter().map(|(_, id)| id).collect();
        }
        let total = hits.len();
        (hits.into_iter().skip(self.after).take(self.limit).collect(), total)
    }

    fn run_by_modified<'a>(
        &self,
        account: &Account,
        object: usize,
        as_of: i64,
        late: &BTreeSet<u64>,
        known: &dyn Fn(&u64) -> Option<&'a Record>,
    ) -> (Vec<u64>, usize) {
        let store = &account.stores[object];
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        let mut only_range = self.words.is_empty();
        for filter in self.groups.iter().flatten() {
            match filter.modified_range() {
                Some((from, to)) => {
                    low = low.max(from);
                    high = high.min(to);
                }
                None => only_range = false,
            }
        }
        let top = high.min(as_of.saturating_add(1));
        if low >= high {
            return (Vec::new(), 0);
        }
        let down = self.sort.is_some_and(|(_, down)| down);
        if only_range && late.is_empty() {
            let total =
                store.by_modified.count_from((low, 0)) - store.by_modified.count_from((top.max(low), 0));
            let skip = if down { total.saturating_sub(self.after + self.limit) } else { self.after };
            let take = if down { total.saturating_sub(self.after) - skip } else { self.limit };
            let mut page: Vec<u64> =
                store.by_modified.range((low, 0), (top, 0)).skip(skip).take(take).map(|(_, id)| id).collect();
            if down {
                page.reverse();
            }
            return (page, total);
        }
        let mut hits: Vec<(i64, u64)> = store
            .by_modified
            .range((low, 0), (top, 0))
            .filter(|(_, id)| known(id).is_some_and(|record| self.accepts(account, object, record, as_of)))
            .collect();
        let before = hits.len();
        for id in late {
            let Some(record) = known(id) else { continue };
            let at = record.modified_as_of(as_of);
            if at >= low && at < high && self.accepts(account, object, record, as_of) {
                hits.push((at, *id));
            }
        }
        if hits.len() > before {
            hits.sort_unstable();
        }
        if down {
            hits.reverse();
        }
        let total = hits.len();
        (hits.into_iter().skip(self.after).take(self.limit).map(|(_, id)| id).collect(), total)
    }

    /// The few records that can match, when an index knows them.
    fn candidates(&self, account: &Account, object: usize) -> Option<BTreeSet<u64>> {
        let store = &account.stores[object];
        let [group] = self.groups.as_slice() else { return None };
        group.iter().find_map(|filter| {
            let Target::Property { key, kind, computed } = filter.target else { return None };
            if !matches!(filter.op, Op::Eq | Op::In) {
                return None;
            }
            if computed == Some(Computed::ObjectId) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "ids are positive"
                )]
                let id = |term: &Term| match term {
                    Term::Number(id) => *id as u64,
                    Term::Text(id) => id.parse().unwrap_or_default(),
                };
                return Some(filter.values.iter().map(id).collect());
            }
            let taken = store.unique.get(&key).filter(|_| kind == PropertyType::String)?;
            let held = |term: &Term| match term {
                Term::Text(value) => taken.get(value),
                Term::Number(_) => None,
            };
            Some(filter.values.iter().filter_map(held).collect())
        })
    }
}

//! The filters of a list: which records belong to it.

use serde_json::{Map, Value};

use super::operation::Operation;
use crate::account::Account;
use crate::error::ApiError;
use crate::property::value::text_of;
use crate::record::Record;

/// A question about a record, made of others.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    Property {
        key: u32,
        operation: Operation,
    },
    InList {
        list: u64,
        inside: bool,
    },
    /// Some associated record passes.
    Associated {
        to: usize,
        kind: Option<u32>,
        test: Box<Test>,
    },
    Constant(bool),
}

/// At which moment a question is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: i64,
    /// What the list can see: nothing younger than this.
    pub(crate) as_of: i64,
}

fn text<'a>(of: &'a Map<String, Value>, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(of: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn object(value: &Value) -> Result<&Map<String, Value>, ApiError> {
    value.as_object().ok_or_else(|| ApiError::validation("Invalid input JSON: a filter has to be an object"))
}

impl Test {
    /// Reads the `filterBranch` of a list. Its root has to be an OR of ANDs.
    pub(crate) fn parse(account: &Account, of: usize, branch: &Value) -> Result<Self, ApiError> {
        let root = object(branch)?;
        let below = list(root, "filterBranches");
        let ands = below.iter().all(|one| one.get("filterBranchType").and_then(Value::as_str) == Some("AND"));
        if text(root, "filterBranchType") != "OR" || !list(root, "filters").is_empty() || !ands {
            // assumed: the text; the documents say how the root has to look
            return Err(ApiError::validation(
                "The root filter branch has to be of the type OR, without filters, and with branches of the type AND",
            ));
        }
        Self::branch(account, of, root)
    }

    fn branch(account: &Account, of: usize, branch: &Map<String, Value>) -> Result<Self, ApiError> {
        let kind = text(branch, "filterBranchType");
        let mut target = of;
        if kind == "ASSOCIATION" {
            let named = text(branch, "objectTypeId");
            target = account
                .find_kind(named)
                .ok_or_else(|| ApiError::validation(format!("Unknown objectTypeId: {named}")))?;
        }
        let mut tests = Vec::new();
        for filter in list(branch, "filters") {
            tests.push(Self::filter(account, target, object(filter)?)?);
        }
        for below in list(branch, "filterBranches") {
            tests.push(Self::branch(account, target, object(below)?)?);
        }
        Ok(match kind {
            "OR" => Self::Any(tests),
            "AND" => Self::All(tests),
            "NOT_ALL" => Self::Not(Box::new(Self::All(tests))),
            "NOT_ANY" => Self::Not(Box::new(Self::Any(tests))),
            "ASSOCIATION" => {
                let type_id =
                    branch.get("associationTypeId").and_then(text_of).and_then(|id| id.parse().ok());
                Self::Associated { to: target, kind: type_id, test: Box::new(Self::All(tests)) }
            }
            _ => {
                return Err(ApiError::validation(format!(
                    "Filter branches of the type {kind} are not served"
                )));
            }
        })
    }

    fn filter(account: &Account, of: usize, filter: &Map<String, Value>) -> Result<Self, ApiError> {
        match text(filter, "filterType") {
            "PROPERTY" => {
                let name = text(filter, "property").to_lowercase();
                let Some((key, _)) = account.stores[of].active(&name) else {
                    // assumed: the text for a property that does not exist
                    return Err(ApiError::validation(format!("Property \"{name}\" does not exist")));
                };
                let given = filter
                    .get("operation")
                    .and_then(Value::as_object)
                    .ok_or_else(|| ApiError::validation("Some required fields were not set: [operation]"))?;
                Ok(Self::Property { key, operation: Operation::parse(given)? })
            }
            "IN_LIST" => {
                let id = filter.get("listId").and_then(text_of).unwrap_or_default();
                let list = id.parse().ok().filter(|id| account.platform.lists.there(*id));
                let list = list.ok_or_else(|| super::not_found(&id))?;
                let inside = text(filter, "operator") != "NOT_IN_LIST";
                Ok(Self::InList { list, inside })
            }
            "CONSTANT" => {
                Ok(Self::Constant(filter.get("shouldAccept").and_then(Value::as_bool).unwrap_or(false)))
            }
            other => Err(ApiError::validation(format!("Filters of the type {other} are not served"))),
        }
    }

    /// Whether the answer may change without the record itself being touched.
    pub(crate) fn restless(&self) -> bool {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().any(Self::restless),
            Self::Not(test) => test.restless(),
            Self::Property { operation, .. } => operation.moves_with_time(),
            Self::InList { .. } | Self::Associated { .. } => true,
            Self::Constant(_) => false,
        }
    }

    /// The lists this one asks.
    pub(crate) fn lists(&self, into: &mut Vec<u64>) {
        match self {
            Self::All(tests) | Self::Any(tests) => tests.iter().for_each(|test| test.lists(into)),
            Self::Not(test) | Self::Associated { test, .. } => test.lists(into),
            Self::InList { list, .. } => into.push(*list),
            Self::Property { .. } | Self::Constant(_) => {}
        }
    }

    /// Whether a record passes.
    pub(crate) fn passes(&self, account: &Account, of: usize, record: &Record, when: Moment) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.passes(account, of, record, when)),
            Self::Any(tests) => tests.iter().any(|test| test.passes(account, of, record, when)),
            Self::Not(test) => !test.passes(account, of, record, when),
            Self::Property { key, operation } => {
                operation.passes(account.value(of, record, *key, when.as_of).as_deref(), when.now)
            }
            Self::InList { list, inside } => account.platform.lists.holds(*list, record.id) == *inside,
            Self::Associated { to, kind, test } => account
                .links((of, record.id), *to)
                .into_iter()
                .filter(|(_, kinds)| kind.is_none_or(|kind| kinds.contains(&kind)))
                .filter_map(|(id, _)| account.live(*to, id))
                .any(|other| test.passes(account, *to, other, when)),
            Self::Constant(answer) => *answer,
        }
    }
}

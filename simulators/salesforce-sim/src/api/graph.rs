//! Composite graphs: many records that refer to each other, each graph all or nothing.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::composite::take_back;
use super::parts::{Known, check, halted};
use super::{Api, Call, Done, Reply, no_json};
use crate::error::Refusal;

const MOST_GRAPHS: usize = 75;
const MOST_NODES: usize = 500;
const MOST_KINDS: usize = 15;
const DEEPEST: usize = 15;
/// After so many failed graphs the rest is not worked.
const MOST_FAILED: usize = 14;

impl Api<'_> {
    pub(super) fn graph(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let graphs = body.get("graphs").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        check_graphs(graphs).map_err(|refusal| vec![refusal])?;
        let mut answers = Vec::new();
        let mut failures = 0;
        for graph in graphs {
            let parts = nodes(graph);
            let (responses, failed) = if failures >= MOST_FAILED {
                (parts.iter().map(halted).collect(), true)
            } else {
                let mut known = Known::new();
                let (mut responses, failed) =
                    self.atomic(true, |api| api.parts(parts, &call.headers, &mut known, true));
                if failed {
                    take_back(&mut responses, parts);
                }
                (responses, failed)
            };
            failures += usize::from(failed);
            answers.push(json!({
                "graphId": graph.get("graphId"),
                "graphResponse": {"compositeResponse": responses},
                "isSuccessful": !failed,
            }));
        }
        Ok(Reply::ok(json!({"graphs": answers})))
    }
}

fn nodes(graph: &Value) -> &[Value] {
    graph.get("compositeRequest").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What is wrong with the graphs as they are written. assumed: codes and wording; the limits are documented.
fn check_graphs(graphs: &[Value]) -> Result<(), Refusal> {
    let limit = |what: &str, most: usize| {
        Err(Refusal::new("INVALID_BATCH_SIZE", format!("The limit of {most} {what} has been exceeded")))
    };
    if graphs.len() > MOST_GRAPHS {
        return limit("graphs in a request", MOST_GRAPHS);
    }
    if graphs.iter().map(|graph| nodes(graph).len()).sum::<usize>() > MOST_NODES {
        return limit("nodes in a request", MOST_NODES);
    }
    let mut ids = HashSet::new();
    for graph in graphs {
        let id = graph.get("graphId").and_then(Value::as_str).unwrap_or_default();
        let good = id.len() <= 40 && id.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !good || id.contains('.') || !ids.insert(id) {
            let message = format!("The graphId '{id}' is not valid, or not unique in the request.");
            return Err(Refusal::new("INVALID_INPUT", message));
        }
        check(nodes(graph))?;
        let mut kinds = HashSet::new();
        let mut depths: HashMap<&str, usize> = HashMap::new();
        for node in nodes(graph) {
            let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
            let (method, url) = (text("method").to_uppercase(), text("url"));
            kinds.insert(kind_of(&method, url)?);
            let written = node.to_string();
            let before = depths.iter().filter(|(name, _)| {
                written.contains(&format!("@{{{name}.")) || written.contains(&format!("@{{{name}}}"))
            });
            let depth = before.map(|(_, depth)| depth + 1).max().unwrap_or(1);
            if depth > DEEPEST {
                return limit("levels of a graph", DEEPEST);
            }
            depths.insert(text("referenceId"), depth);
        }
        if kinds.len() > MOST_KINDS {
            return limit("different nodes of a graph", MOST_KINDS);
        }
    }
    Ok(())
}

/// Version, method and object of a node: graphs take records only.
fn kind_of(method: &str, url: &str) -> Result<(String, String, String), Refusal> {
    let path = url.split('?').next().unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let kind = match parts.as_slice() {
        ["services", "data", version, "sobjects", object] if method == "POST" => Some((version, object)),
        ["services", "data", version, "sobjects", object, _]
            if matches!(method, "GET" | "PATCH" | "DELETE") =>
        {
            Some((version, object))
        }
        ["services", "data", version, "sobjects", object, _, _]
            if matches!(method, "GET" | "PATCH" | "DELETE" | "POST") =>
        {
            Some((version, object))
        }
        _ => None,
    };
    let (version, object) = kind.ok_or_else(|| {
        let message =
            format!("The url '{url}' is not supported in a composite graph with the method {method}.");
        Refusal::new("INVALID_INPUT", message)
    })?;
    Ok(((*version).to_owned(), method.to_owned(), object.to_lowercase()))
}

//! Trees of new records: parents with their children in one call, all or nothing.

use serde_json::{Map, Value, json};
use sim_base::WriteKind;

use super::{Api, Call, Done, Reply, no_json};
use crate::error::Refusal;

const MOST_RECORDS: usize = 200;
const DEEPEST: usize = 5;

/// A record of the tree, once its children are taken out.
struct Node {
    reference: Option<String>,
    object: String,
    fields: Map<String, Value>,
    /// The parent's place in the list, and the field that points at it.
    parent: Option<(usize, String)>,
}

/// A record that is still to be looked at: its parent, and the object it must be of.
type Waiting<'v> = (&'v Value, Option<(usize, String)>, String);

/// Lists of children, with the field that points at the parent, and their object.
type Children<'v> = Vec<(&'v [Value], String, String)>;

impl Api<'_> {
    pub(super) fn tree(&mut self, call: &Call, object: &str) -> Done {
        let records = call.body.as_ref().and_then(|body| body.get("records")).and_then(Value::as_array);
        let records = records.ok_or_else(|| vec![no_json()])?;
        let object = self.state.org.table(object).ok_or_else(|| vec![Refusal::not_found()])?.def.name.clone();
        let nodes = match self.nodes(records, &object) {
            Ok(nodes) => nodes,
            Err((reference, refusal)) => return Ok(failed(reference, &[refusal])),
        };
        self.inner.stats.batch(nodes.len());
        let writer = self.writer(&call.headers);
        let (done, _) = self.atomic(true, |api| {
            let mut ids: Vec<String> = Vec::new();
            for node in &nodes {
                let mut fields = node.fields.clone();
                if let Some((parent, field)) = &node.parent {
                    fields.insert(field.clone(), json!(ids.get(*parent)));
                }
                match api.state.org.insert(&node.object, &fields, &writer) {
                    Ok(id) => ids.push(id),
                    Err(refusals) => return (Err((node.reference.clone(), refusals)), true),
                }
                api.wrote(&node.object, WriteKind::Created);
            }
            (Ok(ids), false)
        });
        match done {
            Ok(ids) => {
                let results = nodes.iter().zip(ids);
                let results: Vec<Value> =
                    results.map(|(node, id)| json!({"referenceId": node.reference, "id": id})).collect();
                Ok(Reply { status: 201, body: Some(json!({"hasErrors": false, "results": results})) })
            }
            Err((reference, refusals)) => Ok(failed(reference, &refusals)),
        }
    }

    /// The records level by level, parents before children.
    fn nodes(&self, records: &[Value], object: &str) -> Result<Vec<Node>, (Option<String>, Refusal)> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut level: Vec<Waiting<'_>> =
            records.iter().map(|record| (record, None, object.to_owned())).collect();
        let mut depth = 0;
        while !level.is_empty() {
            depth += 1;
            if depth > DEEPEST {
                // assumed: the wording
                let message = format!("The tree has more than {DEEPEST} levels.");
                return Err((None, Refusal::new("INVALID_INPUT", message)));
            }
            let mut next = Vec::new();
            for (record, parent, object) in level {
                let place = nodes.len();
                let (node, children) = self.node(record, parent, &object, &nodes)?;
                nodes.push(node);
                for (list, field, object) in children {
                    next.extend(
                        list.iter().map(|child| (child, Some((place, field.clone())), object.clone())),
                    );
                }
            }
            level = next;
        }
        if nodes.len() > MOST_RECORDS {
            // assumed: the wording
            let message = format!("The tree has more than {MOST_RECORDS} records.");
            return Err((None, Refusal::new("INVALID_INPUT", message)));
        }
        Ok(nodes)
    }

    fn node<'v>(
        &self,
        record: &'v Value,
        parent: Option<(usize, String)>,
        object: &str,
        before: &[Node],
    ) -> Result<(Node, Children<'v>), (Option<String>, Refusal)> {
        let attribute = |name: &str| record.get("attributes")?.get(name)?.as_str().map(ToOwned::to_owned);
        let reference = attribute("referenceId").filter(|reference| !reference.is_empty());
        let wrong = |message: String| (reference.clone(), Refusal::new("INVALID_INPUT", message));
        if reference.is_none() {
            return Err(wrong("Include a reference ID for each record in the request.".into()));
        }
        if before.iter().any(|node| node.reference == reference) {
            let own = reference.clone().unwrap_or_default();
            return Err(wrong(format!("Duplicate ReferenceId provided in the request: {own}.")));
        }
        let named = attribute("type").unwrap_or_default();
        if !named.eq_ignore_ascii_case(object) {
            // assumed: the wording
            return Err(wrong(format!("The type '{named}' is not the expected '{object}'.")));
        }
        let mut fields = Map::new();
        let mut children = Vec::new();
        for (name, value) in
            record.as_object().into_iter().flatten().filter(|(name, _)| *name != "attributes")
        {
            let relationship = self.state.org.table(object).and_then(|table| {
                table.def.children.iter().find(|child| child.name.eq_ignore_ascii_case(name)).cloned()
            });
            match (value.get("records").and_then(Value::as_array), relationship) {
                (Some(list), Some(child)) => children.push((list.as_slice(), child.field, child.object)),
                _ => drop(fields.insert(name.clone(), value.clone())),
            }
        }
        Ok((Node { reference: reference.clone(), object: object.to_owned(), fields, parent }, children))
    }
}

fn failed(reference: Option<String>, refusals: &[Refusal]) -> Reply {
    let errors: Vec<Value> = refusals.iter().map(Refusal::as_row).collect();
    let results = json!([{"referenceId": reference, "errors": errors}]);
    Reply { status: 400, body: Some(json!({"hasErrors": true, "results": results})) }
}

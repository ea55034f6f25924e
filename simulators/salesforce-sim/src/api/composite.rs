//! Several requests in one.

use serde_json::{Map, Value, json};

use super::{Api, Call, CallHeaders, Done, Reply, no_json, refuse};
use crate::error::Refusal;

impl Api<'_> {
    pub(super) fn composite(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("compositeRequest").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        if parts.len() > 25 {
            return refuse(Refusal::new(
                "INVALID_BATCH_SIZE",
                "The limit of 25 subrequests has been exceeded",
            ));
        }
        // Reads by query and collections are dear, and limited to five.
        let dear = |part: &&Value| {
            let url = part.get("url").and_then(Value::as_str).unwrap_or_default();
            ["/query", "/queryAll", "/composite/sobjects"].iter().any(|kind| url.contains(kind))
        };
        if parts.iter().filter(dear).count() > 5 {
            // assumed: code and wording
            let message = "The limit of 5 query, queryAll and collection subrequests has been exceeded";
            return refuse(Refusal::new("INVALID_BATCH_SIZE", message));
        }
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let (mut answers, taken_back) = self.atomic(all_or_none, |api| api.parts(parts, &call.headers));
        if taken_back {
            let halted = Refusal::new(
                "PROCESSING_HALTED",
                "The transaction was rolled back since another operation in the same transaction failed.",
            );
            let went =
                |answer: &&mut Value| answer["httpStatusCode"].as_u64().is_some_and(|status| status < 400);
            for answer in answers.iter_mut().filter(went) {
                answer["body"] = json!([halted.as_call()]);
                answer["httpStatusCode"] = json!(400);
                answer["httpHeaders"] = json!({});
            }
        }
        Ok(Reply::ok(json!({"compositeResponse": answers})))
    }

    /// Works the parts in order; answers whether one failed.
    fn parts(&mut self, parts: &[Value], headers: &CallHeaders) -> (Vec<Value>, bool) {
        let mut answers: Vec<Value> = Vec::new();
        let mut known: Map<String, Value> = Map::new();
        let mut failed = false;
        for part in parts {
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            let reference = text("referenceId").to_owned();
            let resolved = resolve(&json!({"url": text("url"), "body": part.get("body")}), &known);
            let mut place = None;
            let reply = match resolved {
                Ok(resolved) => {
                    let url = resolved.get("url").and_then(Value::as_str).unwrap_or_default();
                    let body = resolved.get("body").filter(|body| !body.is_null()).cloned();
                    let reply = self.answer(&subcall(text("method"), url, body, headers));
                    place = reply.location(url);
                    reply
                }
                Err(name) => Reply::refused(&[Refusal::new(
                    "PROCESSING_HALTED",
                    format!("Invalid reference specified. No value for {name} found in {name}"),
                )]),
            };
            failed |= reply.status >= 400;
            if reply.status < 400 {
                known.insert(reference.clone(), reply.body.clone().unwrap_or(Value::Null));
            }
            let headers = place.map_or_else(|| json!({}), |place| json!({"Location": place}));
            answers.push(json!({
                "body": reply.body, "httpHeaders": headers, "httpStatusCode": reply.status, "referenceId": reference,
            }));
        }
        (answers, failed)
    }

    pub(super) fn batch(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("batchRequests").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        if parts.len() > 25 {
            return refuse(Refusal::new(
                "INVALID_BATCH_SIZE",
                "The limit of 25 subrequests has been exceeded",
            ));
        }
        // Each part counts toward the limits; the first is the call itself.
        for _ in parts.iter().skip(1) {
            self.state.service.count(self.now);
        }
        let halt = body.get("haltOnError").and_then(Value::as_bool).unwrap_or(false);
        let mut failed = false;
        let mut results = Vec::new();
        for part in parts {
            if failed && halt {
                let halted = Refusal::new("BATCH_PROCESSING_HALTED", "Batch processing halted due to error");
                results.push(json!({"statusCode": 412, "result": [halted.as_call()]}));
                continue;
            }
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            // Paths of a batch start with the version.
            let url = format!("/services/data/{}", text("url").trim_start_matches('/'));
            let body = part.get("richInput").filter(|body| !body.is_null()).cloned();
            let reply = self.answer(&subcall(text("method"), &url, body, &call.headers));
            failed |= reply.status >= 400;
            results.push(json!({"statusCode": reply.status, "result": reply.body}));
        }
        Ok(Reply::ok(json!({"hasErrors": failed, "results": results})))
    }
}

fn subcall(method: &str, url: &str, body: Option<Value>, headers: &CallHeaders) -> Call {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Call {
        method: method.to_uppercase(),
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body,
        headers: headers.clone(),
    }
}

/// Puts earlier answers in place of `@{reference.path}`; answers the reference that is not known.
fn resolve(value: &Value, known: &Map<String, Value>) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("@{") {
                let Some((path, end)) = after.split_once('}') else { break };
                out.push_str(before);
                let pointer = path.replace(['.', '['], "/").replace(']', "");
                let (reference, inner) = pointer.split_once('/').unwrap_or((&pointer, ""));
                let found = known.get(reference).and_then(|answer| answer.pointer(&format!("/{inner}")));
                match found {
                    Some(Value::String(text)) => out.push_str(text),
                    Some(other) => out.push_str(&other.to_string()),
                    None => return Err(reference.to_owned()),
                }
                rest = end;
            }
            out.push_str(rest);
            Ok(Value::String(out))
        }
        Value::Array(items) => {
            items.iter().map(|item| resolve(item, known)).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Ok((key.clone(), resolve(value, known)?)));
            entries.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

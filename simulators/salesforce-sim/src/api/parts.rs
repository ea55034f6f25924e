//! The parts of a composite request: what they refer to, and what they answer.

use serde_json::{Map, Value, json};

use super::{Api, Call, CallHeaders, Reply};
use crate::error::Refusal;

/// What earlier parts have answered, by their reference id.
pub(super) type Known = Map<String, Value>;

/// A part's answer that says the others were taken back or never done.
pub(super) fn halted(part: &Value) -> Value {
    let message = "The transaction was rolled back since another operation in the same transaction failed.";
    let body = json!([{"errorCode": "PROCESSING_HALTED", "message": message}]);
    let reference = part.get("referenceId").cloned().unwrap_or_default();
    json!({"body": body, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": reference})
}

impl Api<'_> {
    /// Works the parts in order; answers whether one failed. With `stop`, nothing is done after that.
    pub(super) fn parts(
        &mut self,
        parts: &[Value],
        headers: &CallHeaders,
        known: &mut Known,
        stop: bool,
    ) -> (Vec<Value>, bool) {
        let mut answers: Vec<Value> = Vec::new();
        let mut failed = false;
        for part in parts {
            if failed && stop {
                answers.push(halted(part));
                continue;
            }
            let answer = self.part(part, headers, known);
            failed |= is_failure(&answer);
            answers.push(answer);
        }
        (answers, failed)
    }

    fn part(&mut self, part: &Value, headers: &CallHeaders, known: &mut Known) -> Value {
        let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
        let reference = text("referenceId").to_owned();
        let outer = std::mem::take(&mut self.head);
        let resolved = resolve(&json!({"url": text("url"), "body": part.get("body")}), known);
        let mut place = None;
        let reply = match resolved {
            Ok(resolved) => {
                let url = resolved.get("url").and_then(Value::as_str).unwrap_or_default();
                let body = resolved.get("body").filter(|body| !body.is_null()).cloned();
                let mut own = headers.clone();
                if let Some(more) = part.get("httpHeaders").and_then(Value::as_object) {
                    own.read(|name| {
                        let found = more.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                        found.and_then(|(_, value)| value.as_str()).map(ToOwned::to_owned)
                    });
                }
                let reply = self.answer(&subcall(text("method"), url, body, &own));
                place = reply.location(url);
                reply
            }
            Err(path) => {
                let name = path.split(['.', '[']).next().unwrap_or(&path);
                let message = format!("Invalid reference specified. No value for {path} found in {name}");
                Reply::refused(&[Refusal::new("PROCESSING_HALTED", message)])
            }
        };
        if reply.status < 400 {
            known.insert(reference.clone(), reply.body.clone().unwrap_or(Value::Null));
        }
        let mut head: Map<String, Value> = Map::new();
        head.extend(place.map(|place| ("Location".to_owned(), json!(place))));
        let own = std::mem::replace(&mut self.head, outer);
        head.extend(own.into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
        json!({
            "body": reply.body, "httpHeaders": head, "httpStatusCode": reply.status, "referenceId": reference,
        })
    }
}

pub(super) fn is_failure(answer: &Value) -> bool {
    answer.get("httpStatusCode").and_then(Value::as_u64).is_none_or(|status| status >= 400)
}

/// What is wrong with the parts as they are written, before any is worked.
pub(super) fn check(parts: &[Value]) -> Result<(), Refusal> {
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let text = |key: &str| part.get(key).and_then(Value::as_str);
        let (Some(reference), Some(_), Some(_)) = (text("referenceId"), text("url"), text("method")) else {
            // assumed: the wording
            let message = "Each subrequest needs a method, a url and a referenceId.";
            return Err(Refusal::new("INVALID_INPUT", message));
        };
        let mut letters = reference.bytes();
        let good = letters.next().is_some_and(|first| first.is_ascii_alphanumeric())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
        if !good {
            // assumed: the wording; that the whole request fails is documented
            let message = format!(
                "Provided referenceId ('{reference}') must start with a letter or a number, and it can contain only \
                 letters, numbers and underscores ('_')."
            );
            return Err(Refusal::new("INVALID_INPUT", message));
        }
        if seen.contains(&reference) {
            // assumed: the wording
            let message = format!("Duplicate referenceId '{reference}' provided in the request.");
            return Err(Refusal::new("INVALID_INPUT", message));
        }
        seen.push(reference);
        let own = part.get("httpHeaders").and_then(Value::as_object).into_iter().flatten();
        for (name, _) in own {
            if ["accept", "authorization", "content-type"].contains(&name.to_lowercase().as_str()) {
                // assumed: the wording; that the whole request fails is documented
                let message = format!("The {name} header is not allowed in a subrequest.");
                return Err(Refusal::new("INVALID_INPUT", message));
            }
        }
    }
    Ok(())
}

pub(super) fn subcall(method: &str, url: &str, body: Option<Value>, headers: &CallHeaders) -> Call {
    // Clients send whole addresses too.
    let url = url.find("/services/").and_then(|at| url.get(at..)).unwrap_or(url);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    Call {
        method: method.to_uppercase(),
        path: path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body,
        headers: headers.clone(),
    }
}

/// Puts earlier answers in place of `@{reference.path}`; answers the path that leads nowhere.
fn resolve(value: &Value, known: &Known) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            // A reference alone keeps the kind of what it stands for.
            if let Some(path) = text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}'))
                && !path.contains('}')
            {
                return look_up(path, known).cloned();
            }
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("@{") {
                let Some((path, end)) = after.split_once('}') else {
                    out.push_str(before);
                    out.push_str("@{");
                    rest = after;
                    continue;
                };
                out.push_str(before);
                match look_up(path, known)? {
                    Value::String(text) => out.push_str(text),
                    other => out.push_str(&other.to_string()),
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

fn look_up<'k>(path: &str, known: &'k Known) -> Result<&'k Value, String> {
    let pointer = path.trim().replace(['.', '['], "/").replace(']', "");
    let (reference, inner) = pointer.split_once('/').unwrap_or((&pointer, ""));
    let answer = known.get(reference);
    let found = if inner.is_empty() {
        answer
    } else {
        answer.and_then(|answer| answer.pointer(&format!("/{inner}")))
    };
    found.ok_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_reach_into_lists_and_keep_kinds() {
        let mut known = Known::new();
        known.insert(
            "q".into(),
            json!({"totalSize": 2, "records": [{"Id": "a"}, {"Id": "b", "Account": {"Name": "N"}}]}),
        );
        let text = |text: &str| resolve(&json!(text), &known);
        assert_eq!(text("@{q.records[1].Id}"), Ok(json!("b")));
        assert_eq!(text("x-@{q.records[1].Account.Name}-@{q.records[0].Id}"), Ok(json!("x-N-a")));
        assert_eq!(text("@{q.totalSize}"), Ok(json!(2)));
        assert_eq!(text("@{q.records[2].Id}"), Err("q.records[2].Id".to_owned()));
        assert_eq!(text("no @{end"), Ok(json!("no @{end")));
    }
}

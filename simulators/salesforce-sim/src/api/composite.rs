//! Several requests in one.

use serde_json::{Value, json};

use super::parts::{Known, check, halted, is_failure, subcall};
use super::{Api, Call, Done, Reply, no_json, refuse};
use crate::error::Refusal;

/// The most parts of a composite request or a batch.
const MOST_PARTS: usize = 25;

impl Api<'_> {
    pub(super) fn composite(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("compositeRequest").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        check_count(parts)?;
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
        check(parts).map_err(|refusal| vec![refusal])?;
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let mut known = Known::new();
        let (mut answers, taken_back) =
            self.atomic(all_or_none, |api| api.parts(parts, &call.headers, &mut known, all_or_none));
        if taken_back {
            take_back(&mut answers, parts);
        }
        Ok(Reply::ok(json!({"compositeResponse": answers})))
    }

    pub(super) fn batch(&mut self, call: &Call) -> Done {
        let body = call.body.as_ref().ok_or_else(|| vec![no_json()])?;
        let parts = body.get("batchRequests").and_then(Value::as_array).ok_or_else(|| vec![no_json()])?;
        check_count(parts)?;
        // Each part counts toward the limits; the first is the call itself.
        for _ in parts.iter().skip(1) {
            self.state.service.count(self.now);
        }
        let halt = body.get("haltOnError").and_then(Value::as_bool).unwrap_or(false);
        let mut failed = false;
        let mut results = Vec::new();
        for part in parts {
            if failed && halt {
                let halted = json!({
                    "errorCode": "BATCH_PROCESSING_HALTED",
                    "message": "Batch processing halted per request",
                });
                results.push(json!({"statusCode": 412, "result": [halted]}));
                continue;
            }
            let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
            // Paths of a batch start with the version; clients send whole ones too.
            let own = text("url");
            let url = match own.contains("/services/data/") {
                true => own.to_owned(),
                false => format!("/services/data/{}", own.trim_start_matches('/')),
            };
            let body = part.get("richInput").filter(|body| !body.is_null()).cloned();
            let outer = std::mem::take(&mut self.head);
            let reply = self.answer(&subcall(text("method"), &url, body, &call.headers));
            self.head = outer;
            failed |= reply.status >= 400;
            results.push(json!({"statusCode": reply.status, "result": reply.body}));
        }
        Ok(Reply::ok(json!({"hasErrors": failed, "results": results})))
    }
}

/// What worked before was taken back; what failed keeps its own reason.
pub(super) fn take_back(answers: &mut [Value], parts: &[Value]) {
    for (answer, part) in answers.iter_mut().zip(parts).filter(|(answer, _)| !is_failure(answer)) {
        *answer = halted(part);
    }
}

fn check_count(parts: &[Value]) -> Result<(), Vec<Refusal>> {
    if parts.len() > MOST_PARTS {
        let message = format!("The limit of {MOST_PARTS} subrequests has been exceeded");
        return refuse(Refusal::new("INVALID_BATCH_SIZE", message));
    }
    Ok(())
}

//! Several calls in one.

use std::collections::BTreeSet;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Call;
use crate::retry::Repeat;
use crate::{Client, Error};

/// A call inside a composite one.
#[derive(Debug, Clone, PartialEq)]
pub struct Subrequest {
    /// `GET`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path below `/services/data/vXX.X`, such as `/sobjects/Account/001…`.
    pub path: String,
    /// The name by which later ones refer to its answer: letters, digits and `_`.
    pub reference_id: String,
    /// What is sent.
    pub body: Option<Value>,
}

/// The answer to one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SubResponse {
    /// Which one.
    pub reference_id: String,
    /// Its own HTTP status.
    pub status: u16,
    /// Its body, null where it has none.
    pub body: Value,
}

#[derive(Deserialize)]
struct CompositeAnswer {
    #[serde(rename = "compositeResponse")]
    responses: Vec<OneAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneAnswer {
    reference_id: String,
    http_status_code: u16,
    #[serde(default)]
    body: Value,
}

const MOST: usize = 25;

impl Client {
    /// At most 25 calls in one, of which 5 queries or collections. Sent once only where any of them creates.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses the whole; the single outcomes are in the answers.
    pub async fn composite(
        &self,
        subrequests: &[Subrequest],
        all_or_none: bool,
    ) -> Result<Vec<SubResponse>, Error> {
        check(subrequests).map_err(Error::InvalidRequest)?;
        let all = |method: &str| subrequests.iter().all(|sub| sub.method == method);
        let repeat = if all("GET") {
            Repeat::Read
        } else if subrequests.iter().any(|sub| sub.method == "POST") {
            Repeat::Never
        } else {
            Repeat::Write
        };
        let requests: Vec<Value> = subrequests
            .iter()
            .map(|sub| {
                let mut value =
                    json!({ "method": sub.method, "url": self.data(&sub.path), "referenceId": sub.reference_id });
                if let Some(body) = &sub.body {
                    value["body"] = body.clone();
                }
                value
            })
            .collect();
        let call = Call::new("a composite call", Method::POST, self.data("/composite")).repeat(repeat);
        let body = json!({ "allOrNone": all_or_none, "compositeRequest": requests });
        let answer: CompositeAnswer = self.ask(&call.json(&body)).await?;
        let response = |one: OneAnswer| SubResponse {
            reference_id: one.reference_id,
            status: one.http_status_code,
            body: one.body,
        };
        Ok(answer.responses.into_iter().map(response).collect())
    }
}

/// Refuses what Salesforce would refuse the whole call for.
fn check(subrequests: &[Subrequest]) -> Result<(), String> {
    if subrequests.len() > MOST {
        return Err(format!("a composite call holds at most {MOST} calls"));
    }
    let mut seen = BTreeSet::new();
    for sub in subrequests {
        let name = &sub.reference_id;
        let plain = name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !plain {
            return Err(format!("the reference id {name:?} may hold letters, digits and _ only"));
        }
        if !seen.insert(name) {
            return Err(format!("two calls have the reference id {name}"));
        }
    }
    Ok(())
}

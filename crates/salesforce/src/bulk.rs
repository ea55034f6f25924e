//! Bulk API 2.0: queries whose answer is too long for pages of two thousand. A job is started, waited for, and its rows
//! are read in pages of tens of thousands, each for one call.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Call, segment};
use crate::{Client, Error, Scope, lenient};

/// The first and the longest wait between two looks at a job. A look costs a call.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What has become of a job.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    state: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    error_message: Option<String>,
}

/// A line of a bulk query's answer: a text for every field.
pub type BulkRow = csv::StringRecord;

/// A page of a job's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkPage {
    /// The fields, as they were asked for.
    pub columns: Vec<String>,
    /// The rows, each with a text for every field; an empty one stands for nothing.
    pub rows: Vec<BulkRow>,
    /// Where the next page starts; the last page has none.
    pub next: Option<String>,
}

impl Client {
    /// Starts a query; answers the job's id. Subqueries, groups and offsets are not understood there.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn bulk_query(&self, soql: &str, scope: Scope) -> Result<String, Error> {
        let operation = match scope {
            Scope::Live => "query",
            Scope::WithDeleted => "queryAll",
        };
        let call = Call::new("starting a bulk query", Method::POST, self.data("/jobs/query"));
        let body = json!({ "operation": operation, "query": soql, "contentType": "CSV" });
        // A second job would read the same once more, and nobody would fetch its rows.
        let job: Job = self.ask(&call.repeat(crate::retry::Repeat::Read).json(&body)).await?;
        Ok(job.id)
    }

    /// Waits until a job has come to its end.
    ///
    /// # Errors
    /// When Salesforce cannot be asked, or the job failed.
    pub async fn bulk_query_done(&self, job: &str) -> Result<(), Error> {
        let mut wait = FIRST_WAIT;
        loop {
            let path = self.data(&format!("/jobs/query/{}", segment(job)));
            let known: Job = self.ask(&Call::new("asking for a bulk query", Method::GET, path)).await?;
            match known.state.as_str() {
                "JobComplete" => return Ok(()),
                "Failed" | "Aborted" => {
                    let reason = known.error_message.unwrap_or_else(|| "no reason is given".to_owned());
                    return Err(Error::InvalidRequest(format!("the bulk query came to nothing: {reason}")));
                }
                _ => self.inner().world.clock.sleep(wait).await,
            }
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// A page of a job's rows; the first, where none is named. Pages can be read again for days.
    ///
    /// # Errors
    /// When Salesforce cannot be asked, or no longer knows the job.
    pub async fn bulk_query_page(
        &self,
        job: &str,
        page: Option<&str>,
        rows: usize,
    ) -> Result<BulkPage, Error> {
        let path = self.data(&format!("/jobs/query/{}/results", segment(job)));
        let mut call = Call::new("reading the rows of a bulk query", Method::GET, path)
            .query("maxRecords", rows.to_string())
            .accept("text/csv");
        if let Some(page) = page {
            call = call.query("locator", page);
        }
        let answer = self.inner().send(&call).await?;
        let broken = |error: csv::Error| Error::Decode {
            what: "the rows of a bulk query".to_owned(),
            reason: error.to_string(),
            body: crate::error::start_of(&answer.body),
        };
        let mut reader = csv::Reader::from_reader(answer.body.as_ref());
        let columns = reader.headers().map_err(broken)?.iter().map(ToOwned::to_owned).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(broken)?;
        Ok(BulkPage { columns, rows, next: answer.locator })
    }
}

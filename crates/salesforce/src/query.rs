//! Queries.

use std::collections::BTreeSet;

use http::Method;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::client::Call;
use crate::{Client, Error, Row};

/// Whether deleted and archived records are found too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Only live records.
    #[default]
    Live,
    /// Deleted ones (`IsDeleted = true`) and archived activities too.
    WithDeleted,
}

/// One page of records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QueryPage {
    /// How many records match in all.
    pub total_size: u64,
    /// Whether this is the last page.
    pub done: bool,
    /// Where the next page is.
    pub next: Option<String>,
    /// This page's records.
    pub records: Vec<Row>,
}

/// Goes through a query's pages.
#[derive(Debug)]
pub struct Pages {
    pub(crate) client: Client,
    pub(crate) next: Option<Step>,
}

/// What to ask next.
#[derive(Debug)]
pub(crate) enum Step {
    First { soql: String, scope: Scope },
    Further(String),
}

/// A text as a SOQL literal, quotes included.
#[must_use]
pub fn soql_quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '\u{8}' => literal.push_str("\\b"),
            '\u{c}' => literal.push_str("\\f"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// A moment as a SOQL literal, in whole seconds (rounded down), which is all that Salesforce stores.
#[must_use]
pub fn soql_time(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Most bytes of a query once escaped for an address. Address and headers together may not exceed 16,384, and tokens
/// alone can take two thousand.
const LONGEST: usize = 13_000;

fn escaped_len(text: &str) -> usize {
    byte_serialize(text.as_bytes()).map(str::len).sum()
}

/// Several queries instead of one with a list too long for an address: `before` + `('a','b',…)` + `after`, each as
/// long as fits (`before` ends in ` IN `). Repeated values are asked once; no values, no queries.
#[must_use]
pub fn in_lists(before: &str, values: &[String], after: &str) -> Vec<String> {
    let room = LONGEST.saturating_sub(escaped_len(before) + escaped_len(after) + escaped_len("()"));
    let mut seen = BTreeSet::new();
    let mut queries = Vec::new();
    let mut list = String::new();
    let mut taken = 0;
    for value in values.iter().filter(|value| seen.insert(value.as_str())) {
        let literal = soql_quote(value);
        let size = escaped_len(&literal) + escaped_len(",");
        if !list.is_empty() && taken + size > room {
            queries.push(format!("{before}({list}){after}"));
            list.clear();
            taken = 0;
        }
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&literal);
        taken += size;
    }
    if !list.is_empty() {
        queries.push(format!("{before}({list}){after}"));
    }
    queries
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageAnswer {
    #[serde(default)]
    total_size: u64,
    #[serde(default)]
    done: bool,
    next_records_url: Option<String>,
    #[serde(default)]
    records: Vec<Value>,
}

impl From<PageAnswer> for QueryPage {
    fn from(answer: PageAnswer) -> Self {
        Self {
            total_size: answer.total_size,
            done: answer.done || answer.next_records_url.is_none(),
            next: answer.next_records_url.filter(|_| !answer.done),
            records: answer.records.into_iter().map(Row::from_json).collect(),
        }
    }
}

impl Client {
    /// The first page of a query.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses, or the query is too long for an address.
    pub async fn query(&self, soql: &str) -> Result<QueryPage, Error> {
        self.first_page("/query", soql).await
    }

    /// The first page of a query that finds deleted records and archived activities too.
    ///
    /// # Errors
    /// As for [`Client::query`].
    pub async fn query_all(&self, soql: &str) -> Result<QueryPage, Error> {
        self.first_page("/queryAll", soql).await
    }

    /// A further page, by [`QueryPage::next`].
    ///
    /// # Errors
    /// As for [`Client::query`].
    pub async fn query_next(&self, next: &str) -> Result<QueryPage, Error> {
        // Only the path counts: the token must not go to any other host.
        let path = match url::Url::parse(next) {
            Ok(url) => url.path().to_owned(),
            Err(_) => next.to_owned(),
        };
        if !path.starts_with("/services/") {
            return Err(Error::InvalidRequest(format!("{path:?} is no further page of a query")));
        }
        Ok(self.ask::<PageAnswer>(&Call::new("reading a further page", Method::GET, path)).await?.into())
    }

    /// All pages of a query, one by one.
    #[must_use]
    pub fn pages(&self, soql: &str, scope: Scope) -> Pages {
        Pages { client: self.clone(), next: Some(Step::First { soql: soql.to_owned(), scope }) }
    }

    /// All records of all pages.
    ///
    /// # Errors
    /// As for [`Client::query`].
    pub async fn query_rows(&self, soql: &str, scope: Scope) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let mut pages = self.pages(soql, scope);
        while let Some(page) = pages.next().await? {
            rows.extend(page.records);
        }
        Ok(rows)
    }

    /// All records of several queries, as made by [`in_lists`].
    ///
    /// # Errors
    /// As for [`Client::query`].
    pub async fn query_each(&self, queries: &[String], scope: Scope) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        for soql in queries {
            rows.extend(self.query_rows(soql, scope).await?);
        }
        Ok(rows)
    }

    async fn first_page(&self, path: &str, soql: &str) -> Result<QueryPage, Error> {
        if escaped_len(soql) > LONGEST {
            return Err(Error::InvalidRequest(format!(
                "the query takes more than {LONGEST} bytes in an address; ask for fewer fields or split its list of values"
            )));
        }
        let call = Call::new("a query", Method::GET, self.data(path)).query("q", soql);
        Ok(self.ask::<PageAnswer>(&call).await?.into())
    }
}

impl Pages {
    /// The next page; none after the last.
    ///
    /// # Errors
    /// As for [`Client::query`]; asking again then asks for the same page again.
    pub async fn next(&mut self) -> Result<Option<QueryPage>, Error> {
        let page = match &self.next {
            None => return Ok(None),
            Some(Step::First { soql, scope: Scope::Live }) => self.client.query(soql).await?,
            Some(Step::First { soql, scope: Scope::WithDeleted }) => self.client.query_all(soql).await?,
            Some(Step::Further(next)) => self.client.query_next(next).await?,
        };
        self.next = page.next.clone().map(Step::Further);
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_cannot_end_a_literal() {
        assert_eq!(soql_quote(r"O'Neil \ Söhne"), r"'O\'Neil \\ Söhne'");
        assert_eq!(soql_quote("a\nb"), r"'a\nb'");
    }

    #[test]
    fn moments_are_written_in_whole_seconds() {
        assert_eq!(soql_time("2026-11-24T01:02:03.999Z".parse().unwrap()), "2026-11-24T01:02:03Z");
    }

    #[test]
    fn long_lists_are_split_by_their_length_once_escaped() {
        let values: Vec<String> = (0..2_000).map(|n| format!("Müller & Söhne #{n}")).collect();
        let queries = in_lists("SELECT Id FROM Account WHERE Name IN ", &values, " ORDER BY Id");
        assert!(queries.iter().all(|query| escaped_len(query) <= LONGEST));
        assert!(queries.iter().all(|query| query.ends_with("') ORDER BY Id")));
        let all: usize = queries.iter().map(|query| query.matches("Müller").count()).sum();
        assert_eq!(all, 2_000);
        assert!(queries[..queries.len() - 1].iter().all(|query| escaped_len(query) > LONGEST - 100));
    }

    #[test]
    fn no_values_make_no_query_and_repeated_ones_are_asked_once() {
        assert!(in_lists("SELECT Id FROM A WHERE B IN ", &[], "").is_empty());
        let twice = ["x".to_owned(), "x".to_owned()];
        assert_eq!(
            in_lists("SELECT Id FROM A WHERE B IN ", &twice, ""),
            ["SELECT Id FROM A WHERE B IN ('x')"]
        );
    }
}

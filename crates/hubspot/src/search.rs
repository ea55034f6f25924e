//! Finding records by their values.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::Call;
use crate::owners::Paging;
use crate::{Client, Error, Record, lenient};

/// What to look for. At most 5 groups, 6 filters in each, 18 in all; at most 10,000 results can be reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Search {
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Records that satisfy any one group are found.
    pub filter_groups: Vec<FilterGroup>,
    /// HubSpot takes one sort only.
    pub sorts: Vec<Sort>,
    /// Properties wanted back.
    pub properties: Vec<String>,
    /// Page size, at most 200; 0 for the most.
    pub limit: u32,
    /// Where the page starts, from the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FilterGroup {
    /// The conditions.
    pub filters: Vec<Filter>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// The property it is about.
    pub property_name: String,
    /// How values are compared.
    pub operator: Operator,
    /// Compared with; the lower end of `Between`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Upper end of `Between`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_value: Option<String>,
    /// Compared with, for `In` and `NotIn`; texts must be in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

impl Filter {
    /// A condition with one value.
    pub fn new(property: impl Into<String>, operator: Operator, value: impl Into<String>) -> Self {
        Self {
            property_name: property.into(),
            operator,
            value: Some(value.into()),
            high_value: None,
            values: Vec::new(),
        }
    }

    /// A condition without a value: `HasProperty` or `NotHasProperty`.
    pub fn presence(property: impl Into<String>, operator: Operator) -> Self {
        Self { property_name: property.into(), operator, value: None, high_value: None, values: Vec::new() }
    }

    /// Any of these values.
    pub fn any_of(property: impl Into<String>, values: Vec<String>) -> Self {
        Self { property_name: property.into(), operator: Operator::In, value: None, high_value: None, values }
    }
}

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    Between,
    In,
    NotIn,
    HasProperty,
    NotHasProperty,
    ContainsToken,
    NotContainsToken,
}

/// Order of the results.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sort {
    /// Sorted by this property.
    pub property_name: String,
    /// Which way.
    pub direction: Direction,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Direction {
    Ascending,
    Descending,
}

/// One page of results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchPage {
    /// How many records match in all.
    pub total: u64,
    /// This page's records.
    pub results: Vec<Record>,
    /// Where the next page starts; none on the last.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct SearchAnswer {
    #[serde(default, deserialize_with = "lenient::or_default")]
    total: u64,
    results: Vec<Record>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

const MOST_GROUPS: usize = 5;
const MOST_FILTERS_PER_GROUP: usize = 6;
const MOST_FILTERS: usize = 18;
const MOST_PER_PAGE: u32 = 200;
const MOST_REACHABLE: u64 = 10_000;
const LONGEST_BODY: usize = 3_000;

impl Search {
    /// Refuses what HubSpot would refuse in vaguer words, and what would spend a call for nothing.
    fn check(&self, body: &str) -> Result<(), String> {
        let filters: usize = self.filter_groups.iter().map(|group| group.filters.len()).sum();
        let start: u64 = self.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
        if self.filter_groups.len() > MOST_GROUPS
            || filters > MOST_FILTERS
            || self.filter_groups.iter().any(|group| group.filters.len() > MOST_FILTERS_PER_GROUP)
        {
            Err(format!(
                "a search takes at most {MOST_GROUPS} filter groups, {MOST_FILTERS_PER_GROUP} filters in each and {MOST_FILTERS} in all"
            ))
        } else if self.sorts.len() > 1 {
            Err("a search takes one sort only".to_owned())
        } else if self.limit > MOST_PER_PAGE {
            Err(format!("a page of a search holds at most {MOST_PER_PAGE} records"))
        } else if start.saturating_add(u64::from(self.limit)) > MOST_REACHABLE {
            Err(format!(
                "a search reaches {MOST_REACHABLE} records only; narrow its filters, for example by starting after the last record seen"
            ))
        } else if body.chars().count() > LONGEST_BODY {
            Err(format!(
                "a search takes at most {LONGEST_BODY} characters; ask for fewer properties and read the rest in batches"
            ))
        } else {
            Ok(())
        }
    }
}

impl Client {
    /// One page of matching records. The index lags behind writes by up to half a minute.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, or the search is beyond its limits.
    pub async fn search(&self, object: &str, search: &Search) -> Result<SearchPage, Error> {
        let mut search = search.clone();
        if search.limit == 0 {
            search.limit = MOST_PER_PAGE;
        }
        let body = serde_json::json!(search);
        search.check(&body.to_string()).map_err(Error::InvalidRequest)?;
        let path = format!("{}/search", self.inner().paths.objects(object));
        let call = Call::new(format!("searching {object}"), Method::POST, path).searching().json(body);
        let answer: SearchAnswer = self.ask(&call).await?;
        Ok(SearchPage { total: answer.total, results: answer.results, after: answer.paging.after() })
    }
}

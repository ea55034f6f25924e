//! Finding records by their values.

use serde::Serialize;

use crate::Record;

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
    /// Page size, at most 200.
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

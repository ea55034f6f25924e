//! Several calls in one.

use serde_json::Value;

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

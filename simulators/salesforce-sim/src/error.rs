//! Refusals, in the platform's codes and shapes.

use serde_json::{Value, json};

/// Why something was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status of a call that failed for this reason alone.
    pub status: u16,
    /// `errorCode` or `statusCode`.
    pub code: &'static str,
    /// `message`.
    pub message: String,
    /// The fields it is about.
    pub fields: Vec<String>,
    /// What else the answer carries, such as a `duplicateResult`.
    pub extra: Option<Box<(&'static str, Value)>>,
}

impl Refusal {
    /// A refusal with status 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into(), fields: Vec::new(), extra: None }
    }

    /// The same about these fields.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>) -> Self {
        self.fields.push(field.into());
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Nothing is there.
    pub fn not_found() -> Self {
        Self::new("NOT_FOUND", "The requested resource does not exist").with_status(404)
    }

    /// In the list that a failed call answers.
    pub fn as_call(&self) -> Value {
        let mut error = serde_json::Map::new();
        if let Some((key, value)) = self.extra.as_deref() {
            error.insert((*key).to_owned(), value.clone());
        }
        error.insert("message".into(), json!(self.message));
        error.insert("errorCode".into(), json!(self.code));
        if !self.fields.is_empty() || self.status == 400 && is_dml(self.code) {
            error.insert("fields".into(), json!(self.fields));
        }
        Value::Object(error)
    }

    /// In the results of a collection.
    pub fn as_row(&self) -> Value {
        let mut error = serde_json::Map::new();
        error.insert("statusCode".into(), json!(self.code));
        if let Some((key, value)) = self.extra.as_deref() {
            error.insert((*key).to_owned(), value.clone());
        }
        error.insert("message".into(), json!(self.message));
        error.insert("fields".into(), json!(self.fields));
        Value::Object(error)
    }
}

/// Refusals of a write name fields, even where there are none.
fn is_dml(code: &str) -> bool {
    matches!(
        code,
        "REQUIRED_FIELD_MISSING"
            | "STRING_TOO_LONG"
            | "INVALID_EMAIL_ADDRESS"
            | "DUPLICATE_VALUE"
            | "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            | "INVALID_FIELD_FOR_INSERT_UPDATE"
            | "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
            | "NUMBER_OUTSIDE_VALID_RANGE"
            | "ENTITY_IS_DELETED"
            | "MALFORMED_ID"
            | "INVALID_CROSS_REFERENCE_KEY"
            | "FIELD_INTEGRITY_EXCEPTION"
            | "UNABLE_TO_LOCK_ROW"
            | "INSUFFICIENT_ACCESS_OR_READONLY"
            | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
            | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
            | "CANNOT_UPDATE_CONVERTED_LEAD"
            | "CIRCULAR_DEPENDENCY"
            | "INACTIVE_OWNER_OR_USER"
            | "DELETE_FAILED"
    )
}

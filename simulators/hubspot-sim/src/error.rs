//! Refusals, in the platform's own envelope.

use serde_json::{Map, Value, json};

/// A request that is refused.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) category: Option<&'static str>,
    pub(crate) sub_category: Option<&'static str>,
    // Boxed, for the refusal travels in every result.
    pub(crate) context: Box<Map<String, Value>>,
    pub(crate) errors: Vec<Value>,
    /// For 429: which limit was met.
    pub(crate) policy: Option<&'static str>,
    /// A body that does not follow the envelope, such as the token endpoint's.
    pub(crate) raw: Option<Box<Value>>,
}

impl ApiError {
    pub(crate) fn new(status: u16, category: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            category,
            sub_category: None,
            context: Box::default(),
            errors: Vec::new(),
            policy: None,
            raw: None,
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, Some("VALIDATION_ERROR"), message)
    }

    /// A record that is not there: the real body has no category.
    pub(crate) fn record_not_found() -> Self {
        Self::new(404, None, "resource not found")
    }

    pub(crate) fn object_not_found(message: impl Into<String>) -> Self {
        Self::new(404, Some("OBJECT_NOT_FOUND"), message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, Some("CONFLICT"), message)
    }

    pub(crate) fn unauthorised() -> Self {
        Self::new(
            401,
            Some("INVALID_AUTHENTICATION"),
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find \
             more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        )
    }

    pub(crate) fn expired(expired_at: i64, now: i64) -> Self {
        let ago = (now - expired_at).max(0) / 1000;
        Self::new(
            401,
            Some("EXPIRED_AUTHENTICATION"),
            format!("The OAuth token used to make this call expired {ago} second(s) ago."),
        )
        .with_context("expire time", crate::time::iso(expired_at))
    }

    pub(crate) fn rate_limit(policy: &'static str) -> Self {
        let message = match policy {
            "DAILY" => "You have reached your daily limit.",
            "SECONDLY" => "You have reached your secondly limit.",
            _ => "You have reached your ten_secondly_rolling limit.",
        };
        Self { policy: Some(policy), ..Self::new(429, None, message) }
    }

    /// The body the platform gives for a bare status, used when a fault asks for it.
    pub(crate) fn bare(status: u16) -> Self {
        match status {
            429 => Self::rate_limit("TEN_SECONDLY_ROLLING"),
            401 => Self::unauthorised(),
            404 => Self::record_not_found(),
            502 => Self::new(502, None, "Bad Gateway"),
            503 => Self::new(503, None, "Service Unavailable"),
            504 => Self::new(504, None, "Gateway Timeout"),
            423 => Self::new(423, None, "locked"),
            500.. => Self::new(status, None, "internal error"),
            _ => Self::new(status, Some("VALIDATION_ERROR"), "There was a problem with the request."),
        }
    }

    /// A row's passing failure inside a batch that otherwise went through.
    pub(crate) fn passing() -> Self {
        Self::new(500, Some("INTERNAL_ERROR"), "internal error")
    }

    pub(crate) fn raw(status: u16, body: Value) -> Self {
        Self { raw: Some(Box::new(body)), ..Self::new(status, None, "") }
    }

    pub(crate) fn with_context(mut self, key: &str, value: impl Into<String>) -> Self {
        self.context.insert(key.to_owned(), json!([value.into()]));
        self
    }

    pub(crate) fn with_sub(mut self, sub_category: &'static str) -> Self {
        self.sub_category = Some(sub_category);
        self
    }

    /// The body of the refusal.
    pub(crate) fn body(&self, correlation: &str) -> Value {
        if let Some(raw) = &self.raw {
            return Value::clone(raw);
        }
        if let Some(policy) = self.policy {
            return json!({
                "status": "error",
                "message": self.message,
                "errorType": "RATE_LIMIT",
                "correlationId": correlation,
                "policyName": policy,
                "requestId": correlation,
            });
        }
        let mut body = Map::new();
        body.insert("status".into(), json!("error"));
        body.insert("message".into(), json!(self.message));
        body.insert("correlationId".into(), json!(correlation));
        self.fill(&mut body);
        Value::Object(body)
    }

    /// The refusal as one entry of `errors` in a 207.
    pub(crate) fn row(&self, trace: Option<&str>) -> Value {
        let mut with_trace = self.clone();
        if let Some(trace) = trace {
            with_trace.context.insert("objectWriteTraceId".into(), json!([trace]));
        }
        let mut body = Map::new();
        body.insert("status".into(), json!("error"));
        body.insert("category".into(), json!(self.category.unwrap_or("OBJECT_NOT_FOUND")));
        with_trace.category = None;
        body.insert("message".into(), json!(self.message));
        with_trace.fill(&mut body);
        Value::Object(body)
    }

    fn fill(&self, body: &mut Map<String, Value>) {
        if !self.errors.is_empty() {
            body.insert("errors".into(), Value::Array(self.errors.clone()));
        }
        if !self.context.is_empty() {
            body.insert("context".into(), Value::Object(Map::clone(&self.context)));
        }
        if let Some(category) = self.category {
            body.insert("category".into(), json!(category));
        }
        if let Some(sub_category) = self.sub_category {
            body.insert("subCategory".into(), json!(sub_category));
        }
    }
}

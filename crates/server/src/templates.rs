//! Writing a template as an answer.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::Fault;

/// The template as a page, or a fault where it cannot be written.
pub fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => Fault::from(error).into_response(),
    }
}

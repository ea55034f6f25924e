//! Refusals, with the platform's codes and in its manner of speaking.

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SoqlError {
    /// `errorCode` of the answer
    pub code: &'static str,
    /// `message` of the answer
    pub message: String,
}

/// How much of the text is shown before and after the place.
const AROUND: usize = 40;

impl SoqlError {
    /// A refusal without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A refusal that shows the place: the words around it, a caret, row and column.
    pub fn at(code: &'static str, text: &str, offset: usize, message: impl AsRef<str>) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, after) = text.split_at(offset);
        let row = before.matches('\n').count() + 1;
        let line = before.rsplit('\n').next().unwrap_or_default();
        let column = line.chars().count() + 1;
        let skip = (column - 1).saturating_sub(AROUND);
        let shown: String = line.chars().skip(skip).collect();
        let rest: String = after.chars().take_while(|c| *c != '\n').take(AROUND).collect();
        let caret = " ".repeat(column - 1 - skip);
        let message = message.as_ref();
        Self::new(code, format!("\n{shown}{rest}\n{caret}^\nERROR at Row:{row}:Column:{column}\n{message}"))
    }

    /// A statement that does not parse.
    pub fn malformed(text: &str, offset: usize, message: impl AsRef<str>) -> Self {
        Self::at(MALFORMED_QUERY, text, offset, message)
    }

    /// A field that is not there or cannot be used like this.
    pub fn field(text: &str, offset: usize, message: impl AsRef<str>) -> Self {
        Self::at(INVALID_FIELD, text, offset, message)
    }
}

/// The statement makes no sense.
pub const MALFORMED_QUERY: &str = "MALFORMED_QUERY";
/// There is no such field, or not for this use.
pub const INVALID_FIELD: &str = "INVALID_FIELD";
/// There is no such object.
pub const INVALID_TYPE: &str = "INVALID_TYPE";
/// A number beyond what is allowed.
pub const NUMBER_OUTSIDE_VALID_RANGE: &str = "NUMBER_OUTSIDE_VALID_RANGE";
/// A comparison that the field does not know, or with something that is no id.
pub const INVALID_QUERY_FILTER_OPERATOR: &str = "INVALID_QUERY_FILTER_OPERATOR";

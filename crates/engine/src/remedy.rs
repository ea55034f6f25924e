//! What a refusal means and what a person can do about it: one table from the platforms' codes to plain words.

use serde::{Deserialize, Serialize};

/// What kind of trouble a sync error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A value does not fit the other platform's field.
    PropertyValue,
    /// A choice is missing on the other side.
    Picklist,
    /// A field that must be filled is empty.
    RequiredField,
    /// The record may exist already.
    Duplicate,
    /// The connected user may not do this.
    Permission,
    /// A record it refers to is missing or not linked yet.
    Association,
    /// A validation rule, flow or trigger of the Salesforce org said no.
    SalesforceCustomCode,
    /// The record itself is locked, deleted or converted.
    RecordState,
    /// The mapping no longer fits what the platforms describe.
    Mapping,
    /// The platform could not answer; it passes by itself.
    Passing,
    /// Anything else the platform said.
    Other,
}

impl Category {
    /// The name in the store and in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PropertyValue => "property_value",
            Self::Picklist => "picklist",
            Self::RequiredField => "required_field",
            Self::Duplicate => "duplicate",
            Self::Permission => "permission",
            Self::Association => "association",
            Self::SalesforceCustomCode => "salesforce_custom_code",
            Self::RecordState => "record_state",
            Self::Mapping => "mapping",
            Self::Passing => "passing",
            Self::Other => "other",
        }
    }
}

/// The kind of trouble behind a value that does not fit.
pub(crate) fn for_misfit(misfit: &model::Misfit) -> Category {
    match misfit {
        model::Misfit::NotAChoice { .. } => Category::Picklist,
        model::Misfit::UnlinkedReference { .. } => Category::Association,
        _ => Category::PropertyValue,
    }
}

/// What to tell a person about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// The kind of trouble.
    pub category: Category,
    /// What to do.
    pub fix: &'static str,
}

/// The kind of trouble behind a platform's error code, and what to do about it. The codes are Salesforce's
/// `errorCode`/`statusCode` values and HubSpot's `category` and property error codes.
#[must_use]
pub fn for_code(code: &str) -> Remedy {
    let (category, fix) = match code {
        "REQUIRED_FIELD_MISSING" | "MISSING_REQUIRED_PROPERTY" | "MISSING_CONDITIONAL_REQUIRED_PROPERTY" => (
            Category::RequiredField,
            "Fill the named field on the other side, or map it to one that is filled; the record is then tried again.",
        ),
        "STRING_TOO_LONG"
        | "NUMBER_OUTSIDE_VALID_RANGE"
        | "INVALID_EMAIL_ADDRESS"
        | "INVALID_EMAIL"
        | "INVALID_LONG"
        | "INVALID_INTEGER"
        | "INVALID_NUMBER"
        | "INVALID_DATE"
        | "INVALID_TYPE_ON_FIELD_IN_RECORD"
        | "JSON_PARSER_ERROR"
        | "FIELD_INTEGRITY_EXCEPTION"
        | "INVALID_CURRENCY_ISO"
        | "TOO_MANY_ENUM_VALUE" => (
            Category::PropertyValue,
            "Correct the value on the side it comes from so that it fits the other side's field.",
        ),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" | "INVALID_OPTION" => (
            Category::Picklist,
            "Add the choice on the other side, or map the value to one of the choices there.",
        ),
        "DUPLICATES_DETECTED" => (
            Category::Duplicate,
            "A Salesforce duplicate rule blocked the record. Merge or link the existing record, or let the connected \
             user bypass the rule.",
        ),
        "DUPLICATE_VALUE" | "DUPLICATE_EXTERNAL_ID" | "CONFLICT" => (
            Category::Duplicate,
            "Another record already has this unique value. Merge the two records or change the value on one.",
        ),
        "INSUFFICIENT_ACCESS_OR_READONLY"
        | "INSUFFICIENT_ACCESS"
        | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        | "MISSING_SCOPES"
        | "TRANSFER_REQUIRES_READ" => {
            (Category::Permission, "Give the connected user access to this record and field, then retry.")
        }
        "INVALID_FIELD"
        | "INVALID_FIELD_FOR_INSERT_UPDATE"
        | "PROPERTY_DOESNT_EXIST"
        | "READ_ONLY_VALUE"
        | "INVALID_TYPE" => (
            Category::Mapping,
            "The mapped field is missing, hidden from the connected user or read-only. Repair the mapping or the field's \
             permissions.",
        ),
        "INVALID_CROSS_REFERENCE_KEY" | "MALFORMED_ID" | "INVALID_ID_FIELD" => (
            Category::Association,
            "The record it refers to is gone or of another kind. Correct the reference.",
        ),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        | "FIELD_FILTER_VALIDATION_EXCEPTION"
        | "CANNOT_EXECUTE_FLOW_TRIGGER"
        | "FLOW_EXCEPTION" => (
            Category::SalesforceCustomCode,
            "A rule or automation of your Salesforce org refused the change. Meet the rule, or exempt the connected user.",
        ),
        "ENTITY_IS_DELETED"
        | "ENTITY_IS_LOCKED"
        | "ENTITY_IS_ARCHIVED"
        | "CANNOT_UPDATE_CONVERTED_LEAD"
        | "NOT_FOUND"
        | "OBJECT_NOT_FOUND" => (
            Category::RecordState,
            "The record is deleted, locked or converted on that side. Restore or unlock it, or leave it.",
        ),
        "UNABLE_TO_LOCK_ROW"
        | "SERVER_UNAVAILABLE"
        | "UNKNOWN_EXCEPTION"
        | "INTERNAL_ERROR"
        | "QUERY_TIMEOUT"
        | "REQUEST_LIMIT_EXCEEDED"
        | "RATE_LIMITS"
        | "RATE_LIMIT"
        | "NO_ANSWER" => (Category::Passing, "Nothing to do: it is tried again by itself."),
        "MERGED_APART" => (
            Category::Duplicate,
            "Merge this record with the one named, on this side as well; or leave it, and it stays as it is.",
        ),
        "CONVERTED_APART" => (
            Category::Mapping,
            "Switch on the mapping of contacts with Salesforce contacts; the link then moves to the contact.",
        ),
        "NOT_VISIBLE" => (
            Category::Permission,
            "Give the connected user sight of the record in Salesforce. If it was deleted there for good, delete or keep \
             this one as you wish; nothing more happens to it.",
        ),
        "ERASED_IN_HUBSPOT" => (
            Category::RecordState,
            "If the person is to be forgotten in Salesforce too, delete the record there.",
        ),
        "COUNTERPART_DELETED" => (
            Category::RecordState,
            "Restore the counterpart from the recycle bin of its platform, and the two go on; or delete this one again.",
        ),
        "SHARED_KEY" => (
            Category::Duplicate,
            "Several records share this key and only one can be in step. Merge them, or give each its own.",
        ),
        "NO_KEY" => (
            Category::RequiredField,
            "The record has no email to be matched by. Add one, or switch on creating records without email.",
        ),
        _ => (Category::Other, "Read the platform's message; correct the record on the side it comes from."),
    };
    Remedy { category, fix }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_nobody_knows_still_gets_a_remedy() {
        let remedy = for_code("SOMETHING_NEW");
        assert_eq!(remedy.category, Category::Other);
        assert!(!remedy.fix.is_empty());
    }

    #[test]
    fn what_passes_by_itself_asks_nothing_of_a_person() {
        assert!(for_code("UNABLE_TO_LOCK_ROW").fix.starts_with("Nothing to do"));
    }
}

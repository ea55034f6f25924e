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
    /// A limit of the platform is reached.
    Limit,
    /// The platform could not answer; it passes by itself.
    Passing,
    /// Anything else the platform said.
    Other,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::PropertyValue,
        Self::Picklist,
        Self::RequiredField,
        Self::Duplicate,
        Self::Permission,
        Self::Association,
        Self::SalesforceCustomCode,
        Self::RecordState,
        Self::Mapping,
        Self::Limit,
        Self::Passing,
        Self::Other,
    ];

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
            Self::Limit => "limit",
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
    /// Its own name: the first code it stands for; empty where nobody knows the code.
    pub id: &'static str,
    /// The kind of trouble.
    pub category: Category,
    /// What is behind it.
    pub cause: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// One entry of the catalogue: the codes it stands for, the kind, the cause, the fix. The codes are Salesforce's
/// `errorCode`/`statusCode` values, HubSpot's `category` and property error codes, and Tandem's own.
type Entry = (&'static [&'static str], Category, &'static str, &'static str);

const CATALOGUE: &[Entry] = &[
    (
        &[
            "REQUIRED_FIELD_MISSING",
            "MISSING_REQUIRED_PROPERTY",
            "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
            "REQUIRED_FIELD",
        ],
        Category::RequiredField,
        "A field that must be filled there is empty, or not mapped.",
        "Fill the named field on the other side, or map it to one that is filled; the record is then tried again.",
    ),
    (
        &["NO_KEY"],
        Category::RequiredField,
        "The record has no email to be matched by.",
        "Add an email, or switch on creating records without email.",
    ),
    (
        &["STRING_TOO_LONG", "PROPERTY_VALUE_TOO_LONG", "TOO_LONG"],
        Category::PropertyValue,
        "The text is longer than the other side's field.",
        "Shorten the value, make the field longer, or let the mapping cut it (`on_misfit = \"cut_text\"`).",
    ),
    (
        &["INVALID_EMAIL_ADDRESS", "INVALID_EMAIL"],
        Category::PropertyValue,
        "The other side does not take this as an email address.",
        "Correct the address on the side it comes from.",
    ),
    (
        &[
            "NUMBER_OUTSIDE_VALID_RANGE",
            "OUT_OF_RANGE",
            "COULD_NOT_PARSE_NUMBER",
            "INVALID_LONG",
            "INVALID_INTEGER",
            "INVALID_NUMBER",
        ],
        Category::PropertyValue,
        "The number is out of the field's range, or no number.",
        "Correct the number on the side it comes from, or map it to a field that takes more digits.",
    ),
    (
        &["INVALID_DATE", "COULD_NOT_PARSE_DATE"],
        Category::PropertyValue,
        "The other side does not take this as a date.",
        "Correct the date on the side it comes from.",
    ),
    (
        &[
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "JSON_PARSER_ERROR",
            "FIELD_INTEGRITY_EXCEPTION",
            "INVALID_CURRENCY_ISO",
            "TOO_MANY_ENUM_VALUE",
            "WRONG_FORMAT",
            "INVALID_FULL_NAME",
            "PROPERTY_VALIDATION_RULE_FAILED",
            "FAILED_VALIDATION",
            "VALIDATION_ERROR",
            "INVALID_PARAMETER",
            "INVALID_STATUS",
        ],
        Category::PropertyValue,
        "The value is not what the other side's field takes.",
        "Correct the value on the side it comes from so that it fits the other side's field.",
    ),
    (
        &[
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "INVALID_OPTION",
            "INVALID_ENUMERATION_OPTION",
            "NOT_A_CHOICE",
        ],
        Category::Picklist,
        "The other side's list has no such choice.",
        "Add the choice on the other side, or map the value to one of the choices there.",
    ),
    (
        &["DUPLICATES_DETECTED"],
        Category::Duplicate,
        "A Salesforce duplicate rule blocked the record.",
        "Merge or link the existing record, or let the connected user bypass the rule.",
    ),
    (
        &[
            "DUPLICATE_VALUE",
            "DUPLICATE_EXTERNAL_ID",
            "CONFLICT",
            "OBJECT_ALREADY_EXISTS",
            "DUPLICATE_UNIQUE_PROPERTY_VALUE",
            "ALREADY_EXISTS",
        ],
        Category::Duplicate,
        "Another record already has this email or other unique value.",
        "Merge the two records, or change the value on one of them.",
    ),
    (
        &["CAMPAIGN_CLOSED"],
        Category::RecordState,
        "Nobody can be added to a Salesforce campaign that is not active.",
        "Activate the campaign in Salesforce, or take it off the HubSpot contact again.",
    ),
    (
        &["SHARED_KEY"],
        Category::Duplicate,
        "Several records share this key, and only one of them can be in step.",
        "Merge them, or give each its own.",
    ),
    (
        &["INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"],
        Category::Permission,
        "A record it refers to is missing, or hidden from the connected user.",
        "Correct the reference, or share that record with the connected user.",
    ),
    (
        &["INACTIVE_OWNER_OR_USER", "INVALID_OWNER_ID", "COULD_NOT_FIND_OWNER"],
        Category::Permission,
        "The owner is inactive, or no user there.",
        "Give the record an active owner, or pair the owners in the settings.",
    ),
    (
        &["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"],
        Category::SalesforceCustomCode,
        "A trigger or automation of the Salesforce org failed.",
        "Let the Salesforce administrator mend the trigger the message names, or exempt the connected user.",
    ),
    (
        &[
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INSUFFICIENT_ACCESS",
            "MISSING_SCOPES",
            "TRANSFER_REQUIRES_READ",
            "FORBIDDEN",
            "PERMISSION_DENIED",
            "DELETE_FAILED",
        ],
        Category::Permission,
        "The connected user may not read or write this record or object.",
        "Give the connected user access to this record and object; it is then tried again by itself.",
    ),
    (
        &["INVALID_FIELD_FOR_INSERT_UPDATE", "READ_ONLY_VALUE"],
        Category::Permission,
        "The field cannot be written: it is read-only, or hidden from the connected user.",
        "Give the connected user edit access to the field, or let the mapping only read it.",
    ),
    (
        &[
            "INVALID_FIELD",
            "PROPERTY_DOESNT_EXIST",
            "INVALID_TYPE",
            "INVALID_TYPE_FOR_OPERATION",
            "INVALID_COLUMN_CONFIGURATION",
        ],
        Category::Mapping,
        "The mapped field is gone, renamed, of another type, or hidden from the connected user.",
        "Repair the mapping or the field's permissions.",
    ),
    (
        &["UNLINKED_REFERENCE"],
        Category::Association,
        "The record it refers to is not in step yet.",
        "Nothing to do if that record is still to be synced; else switch on its object's sync.",
    ),
    (
        &[
            "INVALID_CROSS_REFERENCE_KEY",
            "MALFORMED_ID",
            "INVALID_ID_FIELD",
            "INVALID_OBJECT_ID",
            "INVALID_COMPANY_ID",
            "CIRCULAR_DEPENDENCY",
            "NO_OBJECT_ID_FROM_ASSOCIATION_IDENTIFIER",
        ],
        Category::Association,
        "The record it refers to is gone or of another kind.",
        "Correct the reference.",
    ),
    (
        &["ASSOCIATION_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "TOO_MANY_ASSOCIATIONS"],
        Category::Limit,
        "The record has as many associations, or the account as many records, as HubSpot allows.",
        "Remove some, or attach to another record.",
    ),
    (
        &["STORAGE_LIMIT_EXCEEDED", "EXCEEDEDQUOTA", "CANNOT_CREATE_RECORD_LIMIT"],
        Category::Limit,
        "The Salesforce org's storage is full.",
        "Delete what is no longer needed in Salesforce, or buy storage; records are then tried again by themselves.",
    ),
    (
        &[
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "FIELD_FILTER_VALIDATION_EXCEPTION",
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "FLOW_EXCEPTION",
            "APEX_ERROR",
            "TXN_SECURITY_METERING_ERROR",
        ],
        Category::SalesforceCustomCode,
        "A validation rule, flow or trigger of your Salesforce org refused the change.",
        "Meet the rule, or let the Salesforce administrator exempt the connected user.",
    ),
    (
        &["CANNOT_UPDATE_CONVERTED_LEAD"],
        Category::RecordState,
        "The lead was converted.",
        "Nothing to do where contacts are in step: the link follows to the contact. Else switch on contacts.",
    ),
    (
        &[
            "ENTITY_IS_DELETED",
            "ENTITY_IS_LOCKED",
            "ENTITY_IS_ARCHIVED",
            "NOT_FOUND",
            "OBJECT_NOT_FOUND",
            "UNDELETE_FAILED",
            "LOCKED",
        ],
        Category::RecordState,
        "The record is deleted, or locked by an approval, on that side.",
        "Restore or unlock it, or leave it.",
    ),
    (
        &["MERGED_APART"],
        Category::Duplicate,
        "Two records in step were merged into one on the other side; this one is left over.",
        "Merge this record with the one named, on this side as well; or leave it, and it stays as it is.",
    ),
    (
        &["CONVERTED_APART"],
        Category::Mapping,
        "The lead was converted, and contacts are not kept in step.",
        "Switch on the mapping of contacts with Salesforce contacts; the link then moves to the contact.",
    ),
    (
        &["NOT_VISIBLE"],
        Category::Permission,
        "Salesforce no longer shows the record to the connected user.",
        "Give the connected user sight of the record in Salesforce. If it was deleted there for good, delete or keep this \
         one as you wish; nothing more happens to it.",
    ),
    (
        &["ERASED_IN_HUBSPOT"],
        Category::RecordState,
        "The HubSpot record was deleted for good, as privacy laws ask; Tandem has forgotten its values too.",
        "If the person is to be forgotten in Salesforce too, delete the record there.",
    ),
    (
        &["COUNTERPART_DELETED"],
        Category::RecordState,
        "The record was restored, and its counterpart is still in the recycle bin.",
        "Restore the counterpart from the recycle bin of its platform, and the two go on; or delete this one again.",
    ),
    (
        &[
            "UNABLE_TO_LOCK_ROW",
            "SERVER_UNAVAILABLE",
            "UNKNOWN_EXCEPTION",
            "INTERNAL_ERROR",
            "QUERY_TIMEOUT",
            "REQUEST_LIMIT_EXCEEDED",
            "RATE_LIMITS",
            "RATE_LIMIT",
            "NO_ANSWER",
            "BATCH_PROCESSING_HALTED",
            "PROCESSING_HALTED",
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        ],
        Category::Passing,
        "The platform was too busy, or could not be reached.",
        "Nothing to do: it is tried again by itself.",
    ),
];

/// The kind of trouble behind an error code, what is behind it, and what to do about it.
#[must_use]
pub fn for_code(code: &str) -> Remedy {
    let known = CATALOGUE.iter().find(|(codes, ..)| codes.contains(&code));
    known.map_or(
        Remedy {
            id: "",
            category: Category::Other,
            cause: "The platform refused it, in the words shown.",
            fix: "Read the platform's message; correct the record on the side it comes from.",
        },
        |(codes, category, cause, fix)| Remedy {
            id: codes.first().copied().unwrap_or_default(),
            category: *category,
            cause,
            fix,
        },
    )
}

/// Every remedy there is, for those who say them in other languages.
pub fn all() -> impl Iterator<Item = Remedy> {
    CATALOGUE.iter().filter_map(|(codes, ..)| codes.first()).map(|code| for_code(code))
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
    fn no_code_is_listed_twice_and_every_entry_says_cause_and_fix() {
        let mut seen = std::collections::BTreeSet::new();
        for (codes, _, cause, fix) in CATALOGUE {
            assert!(cause.ends_with('.') && fix.ends_with('.'), "{codes:?}");
            for code in *codes {
                assert!(seen.insert(code), "{code}");
            }
        }
    }

    #[test]
    fn what_passes_by_itself_asks_nothing_of_a_person() {
        assert!(for_code("UNABLE_TO_LOCK_ROW").fix.starts_with("Nothing to do"));
    }
}

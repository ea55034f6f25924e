//! What an org's administrator has decided: rules that records must keep, and what users may see and do.

mod access;
mod custom;
mod duplicates;
pub(crate) mod formula;
mod grants;
mod history;
mod scope;
mod validation;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

pub(crate) use access::Verb;
pub use access::{FieldAccess, ObjectAccess};
pub(crate) use custom::is_yes;
pub(crate) use grants::decides as decides_access;
pub(crate) use scope::Looking;

use formula::Formula;

/// The rules of an org.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub validation: Vec<ValidationRule>,
    pub duplicates: Vec<DuplicateCheck>,
    pub locks: Vec<Lock>,
    pub access: Access,
    pub assignment: Vec<AssignmentRule>,
    /// Tracked fields, by object.
    pub history: BTreeMap<String, BTreeSet<String>>,
    /// The currency of new records, where the org has several.
    pub currency: Option<String>,
    pub person_accounts: bool,
    /// The record type that new records of an object have, and those its users may not choose.
    pub default_record_types: HashMap<String, String>,
    pub closed_record_types: HashSet<String>,
}

/// A condition under which no record may be saved.
#[derive(Debug, Clone)]
pub(crate) struct ValidationRule {
    pub object: String,
    pub name: String,
    pub active: bool,
    pub condition: Formula,
    pub message: String,
    pub field: Option<String>,
    /// What the refusal is called.
    pub code: &'static str,
    /// Whether it is a component of the org, and not made by the settings.
    pub component: bool,
}

/// A rule against records that say the same in some fields.
#[derive(Debug, Clone)]
pub(crate) struct DuplicateCheck {
    pub object: String,
    /// The object whose records are compared.
    pub other: String,
    pub name: String,
    /// Fields that must say the same, blank ones apart.
    pub fields: Vec<String>,
    pub block: bool,
    pub on_create: bool,
    pub on_update: bool,
    pub message: String,
}

/// Records that somebody else holds.
#[derive(Debug, Clone)]
pub(crate) struct Lock {
    pub ids: HashSet<String>,
    /// So many more writes are refused.
    pub times: Option<u32>,
    /// Writes are refused until then.
    pub until: Option<i64>,
}

/// Who owns new records that fit a condition.
#[derive(Debug, Clone)]
pub(crate) struct AssignmentRule {
    pub object: String,
    pub condition: Option<Formula>,
    pub owner: String,
}

/// What the integration user may see and do. What is not named is allowed, fields as far as they are granted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// Whom the limits are for.
    pub user: Option<Arc<str>>,
    pub objects: HashMap<String, ObjectAccess>,
    pub fields: HashMap<String, HashMap<String, FieldAccess>>,
    /// Fields that no permission set of theirs grants in full.
    pub ungranted: HashMap<String, HashMap<String, FieldAccess>>,
    pub rows: Vec<RowAccess>,
}

/// Records that are not shared with the user, or only to read.
#[derive(Debug, Clone)]
pub(crate) struct RowAccess {
    pub object: String,
    /// These records; all where there is neither this nor a condition.
    pub ids: Option<HashSet<String>>,
    pub condition: Option<Formula>,
    pub readable: bool,
}

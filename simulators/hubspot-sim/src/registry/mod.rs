//! The kinds of record an account has: the standard ones, and the custom ones its schemas add.

mod standard;

pub(crate) use standard::kinds as standard;

/// What is particular to one kind of record.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// The plural name used in paths; for a custom object its fully qualified name.
    pub(crate) name: String,
    pub(crate) singular: String,
    pub(crate) type_id: String,
    /// The name in upper case that error texts use.
    pub(crate) legacy: String,
    /// What people call one record, and several.
    pub(crate) labels: (String, String),
    /// The property that holds the time of creation.
    pub(crate) created: &'static str,
    /// The property that holds the time of the last change.
    pub(crate) modified: &'static str,
    /// What a read returns when no properties are named.
    pub(crate) defaults: Vec<String>,
    /// Each group needs one of its properties on create.
    pub(crate) required: Vec<Vec<String>>,
    /// What a free-text search looks at.
    pub(crate) searchable: Vec<String>,
    /// What a person calls a record by.
    pub(crate) display: Vec<String>,
    pub(crate) pipeline: Option<(&'static str, &'static str)>,
    /// The property that keeps the id of the primary company.
    pub(crate) primary_company: Option<&'static str>,
    /// Whether its records are activities, which have their ids in common.
    pub(crate) activity: bool,
    /// Whether a schema of this account defines it.
    pub(crate) custom: bool,
    /// Whether its schema has been archived.
    pub(crate) archived: bool,
    /// Whether it is gone for good: its place stays taken, its names are free.
    pub(crate) purged: bool,
}

pub(crate) const CONTACTS: usize = 0;
pub(crate) const COMPANIES: usize = 1;
pub(crate) const DEALS: usize = 2;
pub(crate) const TICKETS: usize = 3;
pub(crate) const TASKS: usize = 4;
pub(crate) const CALLS: usize = 5;
pub(crate) const EMAILS: usize = 6;
pub(crate) const MEETINGS: usize = 7;
pub(crate) const NOTES: usize = 8;
pub(crate) const COMMUNICATIONS: usize = 9;
pub(crate) const POSTAL_MAIL: usize = 10;
pub(crate) const LEADS: usize = 11;
pub(crate) const LINE_ITEMS: usize = 13;
pub(crate) const QUOTES: usize = 14;
pub(crate) const FEEDBACK: usize = 15;
pub(crate) const USERS: usize = 16;

impl Kind {
    /// Whether a path that says `name` means this kind: plural, singular, type id or qualified name, in any case.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        !self.archived && self.is_named(name)
    }

    /// The same, whether its schema has been archived or not.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        if self.purged {
            return false;
        }
        let plain = self.name.eq_ignore_ascii_case(name)
            || self.singular.eq_ignore_ascii_case(name)
            || self.type_id == name;
        // `p_name` stands for `p{portal}_name`.
        plain || self.custom && name.get(..2) == Some("p_") && self.singular.eq_ignore_ascii_case(&name[2..])
    }
}

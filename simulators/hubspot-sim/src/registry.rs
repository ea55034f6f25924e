//! The kinds of record this account has. A further kind is a further row here and its properties.

/// What is particular to one kind of record.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The plural name used in paths.
    pub(crate) name: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) type_id: &'static str,
    /// The name in upper case that error texts use.
    pub(crate) legacy: &'static str,
    /// The property that holds the time of creation.
    pub(crate) created: &'static str,
    /// The property that holds the time of the last change.
    pub(crate) modified: &'static str,
    /// What a read returns when no properties are named.
    pub(crate) defaults: &'static [&'static str],
    /// Each group needs one of its properties on create.
    pub(crate) required: &'static [&'static [&'static str]],
    /// What a free-text search looks at.
    pub(crate) searchable: &'static [&'static str],
    /// What a person calls a record by.
    pub(crate) display: &'static [&'static str],
    pub(crate) pipeline: Option<(&'static str, &'static str)>,
    /// The property that keeps the id of the primary company.
    pub(crate) primary_company: Option<&'static str>,
}

pub(crate) const CONTACTS: usize = 0;
pub(crate) const COMPANIES: usize = 1;
pub(crate) const DEALS: usize = 2;

pub(crate) static KINDS: &[Kind] = &[
    Kind {
        name: "contacts",
        singular: "contact",
        type_id: "0-1",
        legacy: "CONTACT",
        created: "createdate",
        modified: "lastmodifieddate",
        defaults: &["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"],
        required: &[],
        searchable: &[
            "firstname",
            "lastname",
            "email",
            "phone",
            "hs_additional_emails",
            "fax",
            "mobilephone",
            "company",
        ],
        display: &["firstname", "lastname", "email"],
        pipeline: None,
        primary_company: Some("associatedcompanyid"),
    },
    Kind {
        name: "companies",
        singular: "company",
        type_id: "0-2",
        legacy: "COMPANY",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        defaults: &["createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"],
        required: &[&["name", "domain"]],
        searchable: &["website", "phone", "name", "domain"],
        display: &["name", "domain"],
        pipeline: None,
        primary_company: None,
    },
    Kind {
        name: "deals",
        singular: "deal",
        type_id: "0-3",
        legacy: "DEAL",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        defaults: &[
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ],
        required: &[&["dealname"], &["dealstage"]],
        searchable: &["dealname", "pipeline", "dealstage", "description", "dealtype"],
        display: &["dealname"],
        pipeline: Some(("pipeline", "dealstage")),
        primary_company: Some("hs_primary_associated_company"),
    },
    Kind {
        name: "tickets",
        singular: "ticket",
        type_id: "0-5",
        legacy: "TICKET",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        defaults: &[
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ],
        required: &[&["subject"], &["hs_pipeline_stage"]],
        searchable: &["subject", "content", "hs_pipeline_stage", "hs_ticket_category"],
        display: &["subject"],
        pipeline: Some(("hs_pipeline", "hs_pipeline_stage")),
        primary_company: None,
    },
    Kind {
        name: "tasks",
        singular: "task",
        type_id: "0-27",
        legacy: "TASK",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        defaults: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        required: &[&["hs_timestamp"]],
        searchable: &["hs_task_subject", "hs_task_body"],
        display: &["hs_task_subject"],
        pipeline: None,
        primary_company: None,
    },
];

/// The kind a path names: plural, singular or type id, in any case.
pub(crate) fn find(name: &str) -> Option<usize> {
    KINDS.iter().position(|kind| {
        kind.name.eq_ignore_ascii_case(name)
            || kind.singular.eq_ignore_ascii_case(name)
            || kind.type_id == name
    })
}

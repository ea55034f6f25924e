//! Where things are in either family of paths.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Paths;

/// What may stand in a path segment as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// One segment of a path, escaped.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

impl Paths {
    pub(crate) fn objects(&self, object: &str) -> String {
        self.crm("objects", "v3", object)
    }

    pub(crate) fn properties(&self, object: &str) -> String {
        self.crm("properties", "v3", object)
    }

    pub(crate) fn pipelines(&self, object: &str) -> String {
        self.crm("pipelines", "v3", object)
    }

    pub(crate) fn owners(&self) -> String {
        match self {
            Self::Dated(version) => format!("/crm/owners/{version}"),
            Self::Classic => "/crm/v3/owners".to_owned(),
        }
    }

    pub(crate) fn associations(&self, from: &str, to: &str) -> String {
        format!("{}/{}/batch", self.crm("associations", "v4", from), segment(to))
    }

    pub(crate) fn schemas(&self) -> String {
        match self {
            Self::Dated(version) => format!("/crm-object-schemas/{version}/schemas"),
            Self::Classic => "/crm-object-schemas/v3/schemas".to_owned(),
        }
    }

    pub(crate) fn lists(&self) -> String {
        match self {
            Self::Dated(version) => format!("/crm/lists/{version}"),
            Self::Classic => "/crm/v3/lists".to_owned(),
        }
    }

    pub(crate) fn events(&self) -> String {
        match self {
            Self::Dated(version) => format!("/events/event-occurrences/{version}"),
            Self::Classic => "/events/v3/events".to_owned(),
        }
    }

    pub(crate) fn sequences(&self) -> String {
        match self {
            Self::Dated(version) => format!("/automation/sequences/{version}"),
            Self::Classic => "/automation/v4/sequences".to_owned(),
        }
    }

    pub(crate) fn account(&self) -> String {
        match self {
            Self::Dated(version) => format!("/account-info/{version}/details"),
            Self::Classic => "/account-info/v3/details".to_owned(),
        }
    }

    pub(crate) fn token(&self) -> String {
        match self {
            Self::Dated(version) => format!("/oauth/{version}/token"),
            Self::Classic => "/oauth/v3/token".to_owned(),
        }
    }

    fn crm(&self, area: &str, classic: &str, object: &str) -> String {
        let object = segment(object);
        match self {
            Self::Dated(version) => format!("/crm/{area}/{version}/{object}"),
            Self::Classic => format!("/crm/{classic}/{area}/{object}"),
        }
    }
}

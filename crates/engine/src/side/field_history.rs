//! When fields of Salesforce records were edited, as the org's own field history tells where a field is tracked and the
//! connected user may read it. The record's time stands for the rest.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use ::salesforce::{Error, Row, Scope, in_lists};
use model::{EditTime, Field, Kind, wire};

use super::salesforce::{SalesforceSide, failed};
use super::{RecordState, SideError};

/// The object that holds the history of an object's records, and its field that names the record.
fn history_of(object: &str) -> (String, String) {
    match object {
        // `OpportunityHistory` is about stages only.
        "Opportunity" => ("OpportunityFieldHistory".to_owned(), "OpportunityId".to_owned()),
        _ => match object.strip_suffix("__c") {
            Some(custom) => (format!("{custom}__History"), "ParentId".to_owned()),
            None => (format!("{object}History"), format!("{object}Id")),
        },
    }
}

/// Whether a line of history is about a field. Standard references go by the name of what they lead to.
fn is_about(line: &str, field: &str) -> bool {
    let named = |name: &str| line.eq_ignore_ascii_case(name);
    named(field) || (!field.ends_with("__c") && field.strip_suffix("Id").is_some_and(named))
}

/// Whether a line says what the record holds now. Where it does not, the field has changed since in a way that is not
/// tracked. Long texts are noted without what they say, references by name first.
fn still_true(line: &Row, field: Option<&Field>, record: &RecordState, name: &str) -> bool {
    let (Some(field), Some(new)) = (field, line.get("NewValue")) else { return true };
    if matches!(field.kind, Kind::Reference { .. } | Kind::References { .. } | Kind::MultiChoice(_)) {
        return true;
    }
    let read = wire::from_salesforce(field, new);
    read.is_ok_and(|value| record.values.get(name).is_none_or(|now| model::same_text(&value, now)))
}

impl SalesforceSide {
    /// When these fields were last edited by somebody else than Tandem. Costs a call or two for each object, and is
    /// asked only where both sides have changed.
    pub(super) async fn times_of_edits(
        &self,
        records: &[(RecordState, Vec<String>)],
    ) -> Result<BTreeMap<(String, String), EditTime>, SideError> {
        let mut by_object: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (record, _) in records {
            by_object.entry(&record.object).or_default().push(record.id.clone());
        }
        let user = self.user().await?.to_owned();
        let mut lines: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for (object, ids) in by_object {
            for line in self.history_lines(object, &ids).await? {
                let (_, key) = history_of(object);
                let record = line.text(&key).unwrap_or_default().to_owned();
                lines.entry(record).or_default().push(line);
            }
        }
        let mut times = BTreeMap::new();
        for (record, names) in records {
            let described = self.described().get(&record.object).cloned().unwrap_or_default();
            let own = lines.get(&record.id).map_or(&[][..], Vec::as_slice);
            let of_record = match record.modified {
                Some(at) if !record.modified_by_us => EditTime::At(at),
                _ => EditTime::Unknown,
            };
            for name in names {
                let newest = own.iter().find(|line| is_about(line.text("Field").unwrap_or_default(), name));
                let told = newest
                    .filter(|line| line.text("CreatedById") != Some(&user))
                    .filter(|line| {
                        let field = described.iter().find(|field| field.name == *name);
                        still_true(line, field, record, name)
                    })
                    .and_then(|line| wire::salesforce_time(line.text("CreatedDate")?));
                times.insert((record.id.clone(), name.clone()), told.map_or(of_record, EditTime::At));
            }
        }
        Ok(times)
    }

    /// The lines of history of these records, the newest first; none where the org keeps none that we may read.
    async fn history_lines(&self, object: &str, ids: &[String]) -> Result<Vec<Row>, SideError> {
        if self.without_history.lock().unwrap_or_else(PoisonError::into_inner).contains(object) {
            return Ok(Vec::new());
        }
        let (history, key) = history_of(object);
        let before =
            format!("SELECT {key}, Field, NewValue, CreatedById, CreatedDate FROM {history} WHERE {key} IN ");
        let queries = in_lists(&before, ids, " ORDER BY CreatedDate DESC, Id DESC");
        match self.client().query_each(&queries, Scope::Live).await {
            Ok(lines) => Ok(lines),
            Err(error @ (Error::Api(_) | Error::Forbidden(_) | Error::NotFound(_)))
                if !error.is_temporary() =>
            {
                tracing::debug!(object, %error, "no field history can be read");
                let mut without = self.without_history.lock().unwrap_or_else(PoisonError::into_inner);
                without.insert(object.to_owned());
                Ok(Vec::new())
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_about_a_field_by_its_name_or_by_what_it_leads_to() {
        assert!(is_about("Title", "Title"));
        assert!(is_about("Owner", "OwnerId"));
        assert!(is_about("Project__c", "Project__c"));
        assert!(!is_about("Account", "Account__c"));
    }

    #[test]
    fn the_history_of_opportunities_and_custom_objects_has_names_of_its_own() {
        assert_eq!(history_of("Opportunity").0, "OpportunityFieldHistory");
        assert_eq!(history_of("Project__c"), ("Project__History".to_owned(), "ParentId".to_owned()));
        assert_eq!(history_of("Lead"), ("LeadHistory".to_owned(), "LeadId".to_owned()));
    }
}

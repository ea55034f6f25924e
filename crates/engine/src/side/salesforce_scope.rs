//! The Salesforce filter of a mapping: a SOQL condition, or a list view by its id.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use ::salesforce::{Error, QueryPage, Scope, in_lists};

use super::salesforce::{SalesforceSide, failed};
use super::{RosterPage, SideError};

/// A filter as the parts of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// `mine`, `team` and so on, for a list view that shows no more; everything where none is named.
    pub scope: Option<String>,
    /// What records meet; nothing is asked of them where none is named.
    pub condition: Option<String>,
}

impl Condition {
    /// `SELECT … FROM object …`, with another condition that must be met as well.
    pub(super) fn select(&self, columns: &str, object: &str, also: &str) -> String {
        let scope = self.scope.as_ref().map(|scope| format!(" USING SCOPE {scope}")).unwrap_or_default();
        let own = self.condition.as_ref().map(|condition| format!("({condition})"));
        let all: Vec<&str> = own.as_deref().into_iter().chain((!also.is_empty()).then_some(also)).collect();
        let condition = if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) };
        format!("SELECT {columns} FROM {object}{scope}{condition}")
    }
}

/// Whether this is the id of a list view rather than a condition.
pub(crate) fn is_list_view(scope: &str) -> bool {
    matches!(scope.len(), 15 | 18)
        && scope.starts_with("00B")
        && scope.chars().all(|character| character.is_ascii_alphanumeric())
}

/// The condition in a list view's query.
pub(crate) fn condition_of(query: &str) -> Condition {
    let end = find_keyword(query, "ORDER BY").or_else(|| find_keyword(query, "LIMIT")).unwrap_or(query.len());
    let body = query.get(..end).unwrap_or(query);
    let (head, condition) = match find_keyword(body, "WHERE") {
        Some(at) => (body.get(..at).unwrap_or(""), body.get(at + "WHERE".len()..).map(str::trim)),
        None => (body, None),
    };
    let scope = find_keyword(head, "USING SCOPE").and_then(|at| head.get(at + "USING SCOPE".len()..));
    let scope = scope.and_then(|rest| rest.split_whitespace().next());
    let scope = scope.filter(|scope| !scope.eq_ignore_ascii_case("everything"));
    Condition {
        scope: scope.map(ToOwned::to_owned),
        condition: condition.filter(|condition| !condition.is_empty()).map(ToOwned::to_owned),
    }
}

/// Where a keyword stands that is neither in a text nor in parentheses.
fn find_keyword(query: &str, keyword: &str) -> Option<usize> {
    let bytes = query.as_bytes();
    let (mut quoted, mut depth, mut skip) = (false, 0_usize, false);
    for (at, byte) in bytes.iter().enumerate() {
        if skip {
            skip = false;
            continue;
        }
        match byte {
            b'\\' if quoted => skip = true,
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            _ if quoted || depth > 0 => {}
            _ => {
                let starts = at == 0 || bytes.get(at - 1).is_some_and(u8::is_ascii_whitespace);
                let word = query.get(at..at + keyword.len());
                let ends = bytes.get(at + keyword.len()).is_none_or(u8::is_ascii_whitespace);
                if starts && ends && word.is_some_and(|word| word.eq_ignore_ascii_case(keyword)) {
                    return Some(at);
                }
            }
        }
    }
    None
}

impl SalesforceSide {
    /// A filter as a condition; a list view is asked for its query once.
    async fn condition(&self, object: &str, scope: &str) -> Result<Option<Condition>, SideError> {
        if !is_list_view(scope) {
            return Ok(Some(Condition { scope: None, condition: Some(scope.to_owned()) }));
        }
        let key = (object.to_owned(), scope.to_owned());
        let known = self.conditions.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let query = self.client().list_view_query(object, scope).await.map_err(|error| failed(&error))?;
        let condition = query.as_deref().map(condition_of);
        if let Some(condition) = &condition {
            let mut conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
            conditions.insert(key, condition.clone());
        }
        Ok(condition)
    }

    pub(super) async fn condition_or_trouble(
        &self,
        object: &str,
        scope: &str,
    ) -> Result<Condition, SideError> {
        self.condition(object, scope).await?.ok_or_else(|| SideError {
            side: model::Side::Salesforce,
            passing: false,
            message: format!(
                "The list view {scope} of {object} is gone, or hidden from the connected user. Name another filter."
            ),
        })
    }

    /// Of these records, those that meet the filter.
    pub(super) async fn inside_filter(
        &self,
        object: &str,
        scope: &str,
        ids: &[String],
    ) -> Result<BTreeSet<String>, SideError> {
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let condition = self.condition_or_trouble(object, scope).await?;
        let queries = in_lists(&condition.select("Id", object, "Id IN "), ids, "");
        let rows = self.client().query_each(&queries, Scope::Live).await.map_err(|error| failed(&error))?;
        Ok(rows.iter().filter_map(id_of).collect())
    }

    /// A page of all records that meet the filter.
    pub(super) async fn filter_page(
        &self,
        object: &str,
        scope: &str,
        page: Option<String>,
    ) -> Result<RosterPage, SideError> {
        let answer: Result<QueryPage, Error> = match page {
            Some(next) => self.client().query_next(&next).await,
            None => {
                let condition = self.condition_or_trouble(object, scope).await?;
                self.client().query(&format!("{} ORDER BY Id", condition.select("Id", object, ""))).await
            }
        };
        let answer = answer.map_err(|error| failed(&error))?;
        Ok(RosterPage { ids: answer.records.iter().filter_map(id_of).collect(), next: answer.next })
    }

    /// What is wrong with a filter.
    pub(super) async fn check_filter(&self, object: &str, scope: &str) -> Result<Option<String>, SideError> {
        let Some(condition) = self.condition(object, scope).await? else {
            return Ok(Some(format!("Salesforce shows no list view {scope} of {object}")));
        };
        match self.client().query(&format!("{} LIMIT 1", condition.select("Id", object, ""))).await {
            Ok(_) => Ok(None),
            Err(error @ Error::Api(_)) => Ok(Some(format!(
                "'{scope}' is no condition that Salesforce understands for {object}: {error}. Write it as after WHERE \
                 in SOQL"
            ))),
            Err(error) => Err(failed(&error)),
        }
    }
}

fn id_of(row: &::salesforce::Row) -> Option<String> {
    row.id.clone().or_else(|| row.text("Id").map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_of_a_list_view_is_found_in_its_query() {
        let query = "SELECT Name, (SELECT Id FROM Contacts WHERE Name = 'x') FROM Account USING SCOPE mine WHERE \
                     Name != 'WHERE ORDER BY it\\'s' AND (Type = 'A' OR Type = 'B') ORDER BY Name ASC NULLS FIRST";
        let condition = condition_of(query);
        assert_eq!(condition.scope.as_deref(), Some("mine"));
        let expected = "Name != 'WHERE ORDER BY it\\'s' AND (Type = 'A' OR Type = 'B')";
        assert_eq!(condition.condition.as_deref(), Some(expected));
        assert_eq!(condition_of("SELECT Id FROM Lead ORDER BY Id"), Condition::default());
    }

    #[test]
    fn an_id_is_told_from_a_condition() {
        assert!(is_list_view("00B5g00000LxyzAEAR"));
        assert!(!is_list_view("Industry = 'Optics'"));
    }
}

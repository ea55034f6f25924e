//! What the rules allow: written from the documented tables, knowing nothing of the engine.
//!
//! For each field of a pair the oracle knows what both sides agreed on when an epoch began, and every edit made since.
//! Where the tables leave no choice it answers one value; where the outcome depends on when the engine happened to
//! look, all that are right.

use jiff::{SignedDuration, Timestamp};
use model::{Side, SyncRule};

/// An edit that a person made.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub at: Timestamp,
    pub side: Side,
    pub record: String,
    pub field: usize,
    pub value: String,
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn only(value: &str) -> Vec<String> {
    vec![value.trim().to_owned()]
}

/// Values that a field may hold once everything has come to rest.
pub fn allowed(rule: SyncRule, agreed: &str, edits: &[&Edit], others: bool) -> Vec<String> {
    let of = |side: Side| edits.iter().filter(|edit| edit.side == side).copied().collect::<Vec<&Edit>>();
    let (hubspot, salesforce) = (of(Side::HubSpot), of(Side::Salesforce));
    match rule {
        SyncRule::DontSync | SyncRule::Union | SyncRule::OptOut | SyncRule::Forward => Vec::new(),
        SyncRule::AlwaysSalesforce => last(&salesforce, agreed),
        SyncRule::AlwaysHubSpot => last(&hubspot, agreed),
        SyncRule::PreferSalesforce => prefer(agreed, &salesforce, &hubspot),
        SyncRule::PreferHubSpot => prefer(agreed, &hubspot, &salesforce),
        SyncRule::TwoWay => two_way(agreed, &hubspot, &salesforce, others),
    }
}

fn last(edits: &[&Edit], agreed: &str) -> Vec<String> {
    only(edits.last().map_or(agreed, |edit| &edit.value))
}

/// The leader's value stands unless it is blank; then the other's fills it.
fn prefer(agreed: &str, leader: &[&Edit], follower: &[&Edit]) -> Vec<String> {
    let filled = |edits: &mut dyn Iterator<Item = &&Edit>| -> Vec<String> {
        edits.filter(|edit| !blank(&edit.value)).map(|edit| edit.value.trim().to_owned()).collect()
    };
    match leader.last() {
        Some(edit) if !blank(&edit.value) => only(&edit.value),
        Some(cleared) => {
            // Cleared: blank, or filled by what the other said after that. What it said before may have been on its way.
            let near = cleared.at.checked_sub(SignedDuration::from_secs(600)).unwrap_or(cleared.at);
            let mut values = filled(&mut follower.iter().filter(|edit| edit.at >= near));
            values.push(String::new());
            values
        }
        None if !blank(agreed) => only(agreed),
        None => {
            let mut values = filled(&mut follower.iter());
            if values.is_empty() || follower.last().is_some_and(|edit| blank(&edit.value)) {
                values.push(String::new());
            }
            values
        }
    }
}

/// The later edit stands; the time of an edit in Salesforce is that of the whole record's last change by a person, and
/// unknown once Tandem itself has written there.
fn two_way(agreed: &str, hubspot: &[&Edit], salesforce: &[&Edit], others: bool) -> Vec<String> {
    match (hubspot.last(), salesforce.last()) {
        (None, None) => only(agreed),
        (Some(edit), None) | (None, Some(edit)) => only(&edit.value),
        (Some(h), Some(s)) => {
            let apart = h.at.duration_since(s.at);
            if apart < SignedDuration::from_secs(-4) {
                only(&s.value)
            } else if apart > SignedDuration::from_secs(4) && !others {
                only(&h.value)
            } else {
                vec![h.value.trim().to_owned(), s.value.trim().to_owned()]
            }
        }
    }
}

/// What both sides agree on when a record has just been made across from `source`, which held `value`.
pub fn after_creation(rule: SyncRule, source: Side, value: &str) -> String {
    if rule.writes(source.other()) { value.trim().to_owned() } else { String::new() }
}

/// Values that a field may hold after two records with these values have found each other.
pub fn first_agreement(rule: SyncRule, hubspot: &str, salesforce: &str) -> Vec<String> {
    let filled_first = |first: &str, second: &str| only(if blank(first) { second } else { first });
    match rule {
        SyncRule::DontSync | SyncRule::Union | SyncRule::OptOut | SyncRule::Forward => Vec::new(),
        SyncRule::AlwaysSalesforce => only(salesforce),
        SyncRule::AlwaysHubSpot => only(hubspot),
        SyncRule::PreferSalesforce => filled_first(salesforce, hubspot),
        SyncRule::PreferHubSpot => filled_first(hubspot, salesforce),
        SyncRule::TwoWay if blank(hubspot) || blank(salesforce) => filled_first(hubspot, salesforce),
        SyncRule::TwoWay => vec![hubspot.trim().to_owned(), salesforce.trim().to_owned()],
    }
}

//! The merge of sets of records, such as the contacts of a deal.
//!
//! A set is merged member by member, and only over members that are linked. One that is not stays where it is, and
//! joins in by itself once it is linked; it is never dropped because the other side cannot know it.

use std::collections::{BTreeMap, BTreeSet};

use crate::convert::counterpart;
use crate::merge::choices;
use crate::{ConvertContext, Decision, FieldPair, Side, Sides, SyncRule, Value};

/// One side's set: its linked members by their Salesforce id, and the rest.
struct Members {
    linked: BTreeMap<String, String>,
    unlinked: BTreeSet<String>,
}

/// Decides about one set. Unlike a value, a set may have to be written although neither side has changed: when one of
/// its members has been linked since.
pub(crate) fn merge_references(
    pair: &FieldPair,
    now: Sides<&Value>,
    shadow: Option<Sides<&Value>>,
    context: &ConvertContext<'_>,
) -> Decision {
    let members = |side: Side, value: &Value| members(side, value, pair, context);
    let hubspot = members(Side::HubSpot, now.hubspot);
    let salesforce = members(Side::Salesforce, now.salesforce);
    let dropped_from = |side: Side, id: &str| {
        shadow.as_ref().is_some_and(|shadow| members(side, shadow.get(side)).linked.contains_key(id))
    };
    let all = hubspot.linked.keys().chain(salesforce.linked.keys());
    let merged: BTreeSet<&String> = all
        .filter(|id| match (hubspot.linked.contains_key(*id), salesforce.linked.contains_key(*id)) {
            (true, true) => true,
            (here, _) => match pair.mapping.rule {
                SyncRule::AlwaysHubSpot => here,
                SyncRule::AlwaysSalesforce => !here,
                // A member that only one side has was added there, unless the other side has had it and dropped it.
                _ if here => !dropped_from(Side::Salesforce, id),
                _ => !dropped_from(Side::HubSpot, id),
            },
        })
        .collect();
    let in_hubspot = |id: &String| {
        let held = hubspot.linked.get(id).cloned();
        held.or_else(|| counterpart(Side::Salesforce, id, pair, context))
    };
    let to_hubspot: BTreeSet<String> =
        merged.iter().filter_map(|id| in_hubspot(id)).chain(hubspot.unlinked.iter().cloned()).collect();
    let to_salesforce: BTreeSet<String> =
        merged.iter().map(|id| (*id).clone()).chain(salesforce.unlinked.iter().cloned()).collect();
    let written = |end: BTreeSet<String>, held: &Value| {
        (end != choices(held)).then_some(if end.is_empty() { Value::Blank } else { Value::Choices(end) })
    };
    match (written(to_hubspot, now.hubspot), written(to_salesforce, now.salesforce)) {
        (None, None) => match shadow {
            Some(shadow) if shadow.hubspot == now.hubspot && shadow.salesforce == now.salesforce => {
                Decision::Rest
            }
            _ => Decision::Agree,
        },
        (hubspot, salesforce) => Decision::WriteBoth(Sides { hubspot, salesforce }),
    }
}

fn members(side: Side, value: &Value, pair: &FieldPair, context: &ConvertContext<'_>) -> Members {
    let mut members = Members { linked: BTreeMap::new(), unlinked: BTreeSet::new() };
    for id in choices(value) {
        match counterpart(side, &id, pair, context) {
            Some(other) => {
                let salesforce = if side == Side::HubSpot { other } else { id.clone() };
                members.linked.insert(salesforce, id);
            }
            None => {
                members.unlinked.insert(id);
            }
        }
    }
    members
}

//! What is particular about a reference to one record, and to an owner.

use crate::convert::counterpart;
use crate::merge::{Decided, always, prefer, take, two_way};
use crate::{ConvertContext, Decision, EditTime, FieldPair, Reason, Side, Sides, SyncRule, Value, convert};

/// Whether taking over the value of `from`, which is blank, would let go of a record that `from` cannot know: one that
/// has no counterpart there (yet, or any more). Blank then says nothing.
pub(crate) fn would_lose(
    pair: &FieldPair,
    from: Side,
    now: Sides<&Value>,
    context: &ConvertContext<'_>,
) -> bool {
    let to = from.other();
    let Value::Reference(id) = now.get(to) else { return false };
    now.get(from).is_blank() && counterpart(to, id, pair, context).is_none()
}

/// Decides about an owner. A Salesforce record always has one, and keeps it when two records meet that were both
/// there; a HubSpot owner that is cleared comes back.
pub(crate) fn merge_owner(
    pair: &FieldPair,
    now: Sides<&Value>,
    changed: Sides<bool>,
    first: bool,
    times: Sides<EditTime>,
    context: &ConvertContext<'_>,
) -> Decision {
    let decided = match pair.mapping.rule {
        SyncRule::DontSync => return Decision::Rest,
        SyncRule::AlwaysHubSpot => always(Side::HubSpot, now, changed, first),
        SyncRule::PreferHubSpot => prefer(Side::HubSpot, now, changed, first),
        SyncRule::AlwaysSalesforce => always(Side::Salesforce, now, changed, first),
        SyncRule::PreferSalesforce => prefer(Side::Salesforce, now, changed, first),
        _ if first => prefer(Side::Salesforce, now, changed, first),
        _ => match two_way(now, changed, first, times) {
            Some(decided) => decided,
            None => return Decision::NeedTimes,
        },
    };
    let decided: Decided = if decided.from == Side::HubSpot && now.hubspot.is_blank() {
        if !pair.mapping.rule.writes(Side::HubSpot) {
            return Decision::Rest;
        }
        take(Side::Salesforce, Reason::SalesforceRanksHigher, false)
    } else {
        decided
    };
    let to = decided.from.other();
    let misfit = match convert(now.get(decided.from), decided.from, pair, context) {
        Ok(value) => {
            return Decision::Write { to, value, reason: decided.reason, overrules: decided.overrules };
        }
        Err(misfit) => misfit,
    };
    // An owner whom nobody goes with says nothing against one who has been chosen in HubSpot since.
    let chosen = to == Side::HubSpot && !first && changed.hubspot && pair.mapping.rule == SyncRule::TwoWay;
    match convert(now.hubspot, Side::HubSpot, pair, context) {
        Ok(value) if chosen && !value.is_blank() => Decision::Write {
            to: Side::Salesforce,
            value,
            reason: Reason::OnlyHubSpotChanged,
            overrules: false,
        },
        _ => Decision::Misfit { to, misfit },
    }
}

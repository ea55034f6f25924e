//! The rules that only fit fields of one meaning: an opt-out, and a stage that only moves forward.

use crate::merge::{Decided, only_changed, take};
use crate::{ConvertContext, FieldPair, Kind, Reason, Side, Sides, Value, convert};

/// Opting out on either side opts out on both. Taking the opt-out back in Salesforce does not opt anybody in again; only
/// the contact can, in HubSpot. Here the two sides differ, so exactly one of them says that the contact is out.
pub(crate) fn opt_out(now: Sides<&Value>, changed: Sides<bool>, first: bool) -> Decided {
    let out_in_hubspot = *now.hubspot == Value::Boolean(true);
    if out_in_hubspot {
        let reason =
            if !first && !changed.salesforce { Reason::OnlyHubSpotChanged } else { Reason::OptedOut };
        return take(Side::HubSpot, reason, !first && changed.salesforce);
    }
    match (first, changed.salesforce) {
        // The contact has opted in again.
        (false, false) => take(Side::HubSpot, only_changed(Side::HubSpot), false),
        (false, true) if !changed.hubspot => take(Side::Salesforce, only_changed(Side::Salesforce), false),
        _ => take(Side::Salesforce, Reason::OptedOut, false),
    }
}

/// What two-way would decide, unless it moved HubSpot's stage backwards: then HubSpot's stands.
pub(crate) fn forward(
    decided: Decided,
    pair: &FieldPair,
    now: Sides<&Value>,
    context: &ConvertContext<'_>,
) -> Decided {
    if decided.from == Side::Salesforce && is_backwards(pair, now, context) {
        return take(Side::HubSpot, Reason::OnlyForward, true);
    }
    decided
}

/// Whether Salesforce's stage comes before HubSpot's in the order of HubSpot's choices; nothing comes before all of them.
fn is_backwards(pair: &FieldPair, now: Sides<&Value>, context: &ConvertContext<'_>) -> bool {
    let Kind::Choice(list) = &pair.hubspot.kind else { return false };
    let place = |value: &Value| match value {
        Value::Choice(choice) => list.options.iter().position(|option| option.value == *choice),
        _ => None,
    };
    let Some(here) = place(now.hubspot) else { return false };
    if now.salesforce.is_blank() {
        return true;
    }
    let there = convert(now.salesforce, Side::Salesforce, pair, context);
    there.ok().and_then(|there| place(&there)).is_some_and(|there| there < here)
}

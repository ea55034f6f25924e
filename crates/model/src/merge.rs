//! The merge: what becomes of one field of a linked pair.
//!
//! A side has *changed* when it differs from its own shadow, which is what that side stored when the two last agreed;
//! so what a platform does to a value on storing it is never taken for an edit.
//!
//! Laws, checked by the tests:
//! - where nothing has changed, nothing is done, whatever the values;
//! - after a decision has been carried out and the shadows moved, merging again rests;
//! - then the two sides are equivalent;
//! - a rule for HubSpot is the mirror image of its rule for Salesforce.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::convert::{choices_go_together, convert_choice, same_time};
use crate::merge_reference::{merge_owner, would_lose};
use crate::merge_references::merge_references;
use crate::merge_special::{forward, opt_out};
use crate::{
    ConvertContext, FieldPair, Kind, Misfit, Reason, Side, Sides, SyncRule, Value, convert, equivalent,
};

/// When a side's value was last edited by somebody else than Tandem, on our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditTime {
    /// Nobody has asked the platform yet.
    NotAsked,
    /// The platform does not know.
    Unknown,
    /// Then.
    At(Timestamp),
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Rest,
    /// Both sides say the same: what they hold now is what they agree on.
    Agree,
    /// One side is written.
    Write {
        /// That side.
        to: Side,
        /// What is written there, converted.
        value: Value,
        /// Why.
        reason: Reason,
        /// Whether an edit of that side is overruled by it.
        overrules: bool,
    },
    /// Both sides are written (a union that changes both).
    WriteBoth(Sides<Option<Value>>),
    /// The value that should be written does not fit there.
    Misfit {
        /// Where it does not fit.
        to: Side,
        /// Why.
        misfit: Misfit,
    },
    /// Both have changed and the later edit wins: ask when the edits were made.
    NeedTimes,
}

/// Decides about one field. `shadow` is absent for the first agreement.
#[must_use]
pub fn merge(
    pair: &FieldPair,
    now: Sides<&Value>,
    shadow: Option<Sides<&Value>>,
    times: Sides<EditTime>,
    context: &ConvertContext<'_>,
) -> Decision {
    if pair.mapping.rule == SyncRule::DontSync {
        return Decision::Rest;
    }
    if let (Kind::References { .. }, Kind::References { .. }) = (&pair.hubspot.kind, &pair.salesforce.kind) {
        return merge_references(pair, now, shadow, context);
    }
    let changed = Sides {
        hubspot: shadow.is_none_or(|shadow| shadow.hubspot != now.hubspot),
        salesforce: shadow.is_none_or(|shadow| shadow.salesforce != now.salesforce),
    };
    if !changed.hubspot && !changed.salesforce {
        return Decision::Rest;
    }
    if equivalent(now.hubspot, now.salesforce, pair, context) {
        return Decision::Agree;
    }
    if pair.hubspot.is_owner() {
        return merge_owner(pair, now, changed, shadow.is_none(), times, context);
    }
    let decided = match pair.mapping.rule {
        SyncRule::DontSync => return Decision::Rest,
        SyncRule::Union => return union(pair, now, shadow, context),
        SyncRule::PreferSalesforce => prefer(Side::Salesforce, now, changed, shadow.is_none()),
        SyncRule::PreferHubSpot => prefer(Side::HubSpot, now, changed, shadow.is_none()),
        SyncRule::AlwaysSalesforce => always(Side::Salesforce, now, changed, shadow.is_none()),
        SyncRule::AlwaysHubSpot => always(Side::HubSpot, now, changed, shadow.is_none()),
        SyncRule::OptOut => opt_out(now, changed, shadow.is_none()),
        SyncRule::TwoWay | SyncRule::Forward => match two_way(now, changed, shadow.is_none(), times) {
            Some(decided) if pair.mapping.rule == SyncRule::Forward => forward(decided, pair, now, context),
            Some(decided) => decided,
            None => return Decision::NeedTimes,
        },
    };
    if would_lose(pair, decided.from, now, context) {
        return Decision::Rest;
    }
    let to = decided.from.other();
    match convert(now.get(decided.from), decided.from, pair, context) {
        Ok(value) => Decision::Write { to, value, reason: decided.reason, overrules: decided.overrules },
        Err(misfit) => Decision::Misfit { to, misfit },
    }
}

/// Which side's value is taken over, and why.
pub(crate) struct Decided {
    pub from: Side,
    pub reason: Reason,
    pub overrules: bool,
}

pub(crate) fn only_changed(side: Side) -> Reason {
    match side {
        Side::HubSpot => Reason::OnlyHubSpotChanged,
        Side::Salesforce => Reason::OnlySalesforceChanged,
    }
}

fn ranks_higher(side: Side) -> Reason {
    match side {
        Side::HubSpot => Reason::HubSpotRanksHigher,
        Side::Salesforce => Reason::SalesforceRanksHigher,
    }
}

fn fills_blank(side: Side) -> Reason {
    match side {
        Side::HubSpot => Reason::FillsBlankInHubSpot,
        Side::Salesforce => Reason::FillsBlankInSalesforce,
    }
}

pub(crate) fn take(from: Side, reason: Reason, overrules: bool) -> Decided {
    Decided { from, reason, overrules }
}

/// The leader's value stands; where the leader holds nothing, the other's fills it, unless the leader has just been
/// cleared.
pub(crate) fn prefer(leader: Side, now: Sides<&Value>, changed: Sides<bool>, first: bool) -> Decided {
    let follower = leader.other();
    let blank = now.get(leader).is_blank();
    let held = !now.get(follower).is_blank();
    match (first, *changed.get(leader), *changed.get(follower)) {
        (true, ..) if blank => take(follower, fills_blank(leader), false),
        (true, ..) if !held => take(leader, fills_blank(follower), false),
        (true, ..) => take(leader, ranks_higher(leader), true),
        (false, true, false) => take(leader, only_changed(leader), false),
        (false, true, true) => take(leader, ranks_higher(leader), true),
        (false, false, _) if blank => take(follower, fills_blank(leader), false),
        (false, false, _) => take(leader, ranks_higher(leader), true),
    }
}

/// The leader's value stands, blank or not.
pub(crate) fn always(leader: Side, now: Sides<&Value>, changed: Sides<bool>, first: bool) -> Decided {
    let follower = leader.other();
    if first {
        let held = !now.get(follower).is_blank();
        return take(leader, if held { ranks_higher(leader) } else { fills_blank(follower) }, held);
    }
    match (*changed.get(leader), *changed.get(follower)) {
        (true, false) => take(leader, only_changed(leader), false),
        _ => take(leader, ranks_higher(leader), *changed.get(follower)),
    }
}

/// The later edit stands. Answers nothing while it is not known when the edits were made.
pub(crate) fn two_way(
    now: Sides<&Value>,
    changed: Sides<bool>,
    first: bool,
    times: Sides<EditTime>,
) -> Option<Decided> {
    if first {
        if now.salesforce.is_blank() {
            return Some(take(Side::HubSpot, Reason::FillsBlankInSalesforce, false));
        }
        if now.hubspot.is_blank() {
            return Some(take(Side::Salesforce, Reason::FillsBlankInHubSpot, false));
        }
    } else if !changed.salesforce {
        return Some(take(Side::HubSpot, Reason::OnlyHubSpotChanged, false));
    } else if !changed.hubspot {
        return Some(take(Side::Salesforce, Reason::OnlySalesforceChanged, false));
    }
    match (times.hubspot, times.salesforce) {
        (EditTime::NotAsked, _) | (_, EditTime::NotAsked) => None,
        (EditTime::At(hubspot), EditTime::At(salesforce)) if !same_time(hubspot, salesforce) => {
            Some(if hubspot > salesforce {
                take(Side::HubSpot, Reason::HubSpotEditedLater, true)
            } else {
                take(Side::Salesforce, Reason::SalesforceEditedLater, true)
            })
        }
        _ => Some(take(Side::Salesforce, Reason::SameOrUnknownTime, true)),
    }
}

/// Keeps what both kept, adds what either added, drops what either dropped; worked out in Salesforce's choices.
///
/// Several choices of one side may go with one of the other. So a HubSpot choice stands for those Salesforce held with
/// it when the two agreed, and only a new one for what it converts to.
fn union(
    pair: &FieldPair,
    now: Sides<&Value>,
    shadow: Option<Sides<&Value>>,
    context: &ConvertContext<'_>,
) -> Decision {
    let sets = |values: Sides<&Value>| (choices(values.hubspot), choices(values.salesforce));
    let (hubspot, salesforce) = sets(now);
    let (hubspot_base, base) = shadow.map(sets).unwrap_or_default();
    let among = |choice: &str, held: &BTreeSet<String>| -> BTreeSet<String> {
        held.iter().filter(|other| choices_go_together(choice, other, pair, context)).cloned().collect()
    };
    let agreed = |choice: &str| {
        let stood_for = among(choice, &base);
        if !stood_for.is_empty() {
            return stood_for;
        }
        convert_choice(choice, Side::HubSpot, pair, context).into_iter().collect()
    };
    let before: BTreeSet<String> = hubspot_base.iter().flat_map(|choice| agreed(choice)).collect();
    let mut stands_for = Vec::new();
    for choice in &hubspot {
        let mut others = if hubspot_base.contains(choice) { agreed(choice) } else { BTreeSet::new() };
        if others.is_empty() {
            others = among(choice, &salesforce);
        }
        if others.is_empty() {
            match convert_choice(choice, Side::HubSpot, pair, context) {
                Ok(other) => others.insert(other),
                Err(misfit) => return Decision::Misfit { to: Side::Salesforce, misfit },
            };
        }
        stands_for.push((choice, others));
    }
    let there: BTreeSet<String> = stands_for.iter().flat_map(|(_, others)| others).cloned().collect();
    let merged: BTreeSet<String> = there
        .union(&salesforce)
        .filter(|choice| {
            let both = there.contains(*choice) && salesforce.contains(*choice);
            let added = (there.contains(*choice) && !before.contains(*choice))
                || (salesforce.contains(*choice) && !base.contains(*choice));
            both || added
        })
        .cloned()
        .collect();
    let mut back = BTreeSet::new();
    for choice in &merged {
        let held = stands_for.iter().filter(|(_, others)| others.contains(choice));
        let held: Vec<String> = held.map(|(held, _)| (*held).clone()).collect();
        if held.is_empty() {
            match convert_choice(choice, Side::Salesforce, pair, context) {
                Ok(other) => back.insert(other),
                Err(misfit) => return Decision::Misfit { to: Side::HubSpot, misfit },
            };
        }
        back.extend(held);
    }
    let written = |end: BTreeSet<String>, held: &BTreeSet<String>| {
        (end != *held).then_some(if end.is_empty() { Value::Blank } else { Value::Choices(end) })
    };
    match (written(back, &hubspot), written(merged, &salesforce)) {
        (None, None) => Decision::Agree,
        (hubspot, salesforce) => Decision::WriteBoth(Sides { hubspot, salesforce }),
    }
}

pub(crate) fn choices(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Choices(choices) => choices.clone(),
        value if value.is_blank() => BTreeSet::new(),
        other => BTreeSet::from([other.to_string()]),
    }
}

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

use crate::convert::same_time;
use crate::{ConvertContext, FieldPair, Misfit, Reason, Side, Sides, SyncRule, Value, convert, equivalent};

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
    let decided = match pair.mapping.rule {
        SyncRule::DontSync => return Decision::Rest,
        SyncRule::Union => return union(pair, now, shadow, context),
        SyncRule::PreferSalesforce => prefer(Side::Salesforce, now, changed, shadow.is_none()),
        SyncRule::PreferHubSpot => prefer(Side::HubSpot, now, changed, shadow.is_none()),
        SyncRule::AlwaysSalesforce => always(Side::Salesforce, now, changed, shadow.is_none()),
        SyncRule::AlwaysHubSpot => always(Side::HubSpot, now, changed, shadow.is_none()),
        SyncRule::TwoWay => match two_way(now, changed, shadow.is_none(), times) {
            Some(decided) => decided,
            None => return Decision::NeedTimes,
        },
    };
    let to = decided.from.other();
    match convert(now.get(decided.from), decided.from, pair, context) {
        Ok(value) => Decision::Write { to, value, reason: decided.reason, overrules: decided.overrules },
        Err(misfit) => Decision::Misfit { to, misfit },
    }
}

/// Which side's value is taken over, and why.
struct Decided {
    from: Side,
    reason: Reason,
    overrules: bool,
}

fn only_changed(side: Side) -> Reason {
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

fn take(from: Side, reason: Reason, overrules: bool) -> Decided {
    Decided { from, reason, overrules }
}

/// The leader's value stands; where the leader holds nothing, the other's fills it, unless the leader has just been
/// cleared.
fn prefer(leader: Side, now: Sides<&Value>, changed: Sides<bool>, first: bool) -> Decided {
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
fn always(leader: Side, now: Sides<&Value>, changed: Sides<bool>, first: bool) -> Decided {
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
fn two_way(now: Sides<&Value>, changed: Sides<bool>, first: bool, times: Sides<EditTime>) -> Option<Decided> {
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
fn union(
    pair: &FieldPair,
    now: Sides<&Value>,
    shadow: Option<Sides<&Value>>,
    context: &ConvertContext<'_>,
) -> Decision {
    let there = |value: &Value| convert(value, Side::HubSpot, pair, context).map(choices);
    let (hubspot, before) = match (there(now.hubspot), shadow.map(|shadow| there(shadow.hubspot)).transpose())
    {
        (Ok(hubspot), Ok(before)) => (hubspot, before),
        (Err(misfit), _) | (_, Err(misfit)) => return Decision::Misfit { to: Side::Salesforce, misfit },
    };
    let salesforce = choices(now.salesforce.clone());
    let merged: BTreeSet<String> = match (before, shadow) {
        (Some(before), Some(shadow)) => {
            let base = choices(shadow.salesforce.clone());
            let all: BTreeSet<&String> = hubspot.union(&salesforce).collect();
            all.into_iter()
                .filter(|choice| {
                    let both = hubspot.contains(*choice) && salesforce.contains(*choice);
                    let added = (hubspot.contains(*choice) && !before.contains(*choice))
                        || (salesforce.contains(*choice) && !base.contains(*choice));
                    both || added
                })
                .cloned()
                .collect()
        }
        _ => hubspot.union(&salesforce).cloned().collect(),
    };
    let value = if merged.is_empty() { Value::Blank } else { Value::Choices(merged.clone()) };
    let back = match convert(&value, Side::Salesforce, pair, context) {
        Ok(back) => back,
        Err(misfit) => return Decision::Misfit { to: Side::HubSpot, misfit },
    };
    Decision::WriteBoth(Sides {
        hubspot: (merged != hubspot).then_some(back),
        salesforce: (merged != salesforce).then_some(value),
    })
}

fn choices(value: Value) -> BTreeSet<String> {
    match value {
        Value::Choices(choices) => choices,
        value if value.is_blank() => BTreeSet::new(),
        other => BTreeSet::from([other.to_string()]),
    }
}

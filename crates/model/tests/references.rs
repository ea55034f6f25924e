//! Sets of records: what becomes of the members of a deal when either side adds, drops or has not linked them yet.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{NOT_ASKED, choices, pair};
use jiff::tz::TimeZone;
use model::{ConvertContext, Decision, Kind, References, Side, Sides, SyncRule, Value, merge};

/// Contacts `1`, `2`, … of HubSpot are `A`, `B`, … of Salesforce; `8`, `9`, `Y` and `Z` have no counterpart.
struct Letters;

impl References for Letters {
    fn counterpart(&self, side: Side, _: &[String], id: &str) -> Option<String> {
        let known = [("1", "A"), ("2", "B"), ("3", "C"), ("4", "D")];
        known.iter().find_map(|(hubspot, salesforce)| match side {
            Side::HubSpot => (*hubspot == id).then(|| (*salesforce).to_owned()),
            Side::Salesforce => (*salesforce == id).then(|| (*hubspot).to_owned()),
        })
    }
}

fn set(object: &str) -> Kind {
    Kind::References { targets: vec![object.to_owned()] }
}

fn decide(rule: SyncRule, now: (&str, &str), shadow: Option<(&str, &str)>) -> Decision {
    let pair = pair(rule, set("contacts"), set("Contact"));
    let (hubspot, salesforce) = (choices(now.0), choices(now.1));
    let shadow = shadow.map(|(hubspot, salesforce)| (choices(hubspot), choices(salesforce)));
    let shadow = shadow.as_ref().map(|(hubspot, salesforce)| Sides { hubspot, salesforce });
    let context = ConvertContext { time_zone: TimeZone::UTC, references: &Letters };
    merge(&pair, Sides { hubspot: &hubspot, salesforce: &salesforce }, shadow, NOT_ASKED, &context)
}

/// What both sides hold in the end.
fn end(rule: SyncRule, now: (&str, &str), shadow: Option<(&str, &str)>) -> (Value, Value) {
    match decide(rule, now, shadow) {
        Decision::Rest | Decision::Agree => (choices(now.0), choices(now.1)),
        Decision::WriteBoth(values) => (
            values.hubspot.unwrap_or_else(|| choices(now.0)),
            values.salesforce.unwrap_or_else(|| choices(now.1)),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_are_added_and_dropped_one_by_one() {
    // now; when the two last agreed; in the end
    let table = [
        (("1 2", "A"), Some(("1", "A")), ("1 2", "A B"), "HubSpot added one"),
        (("1", "A B"), Some(("1", "A")), ("1 2", "A B"), "Salesforce added one"),
        (("1 2", "A C"), Some(("1", "A")), ("1 2 3", "A B C"), "each added one"),
        (("1", "A B"), Some(("1 2", "A B")), ("1", "A"), "HubSpot dropped one"),
        (("1 2", "A"), Some(("1 2", "A B")), ("1", "A"), "Salesforce dropped one"),
        (("2", "A"), Some(("1 2", "A B")), ("", ""), "each dropped another"),
        (("1", "A B"), None, ("1 2", "A B"), "the first agreement"),
        (("", ""), None, ("", ""), "nobody on either side"),
        (("1 9", "A"), None, ("1 9", "A"), "one that HubSpot alone knows"),
        (("1", "A Z"), Some(("1", "A Z")), ("1", "A Z"), "one that Salesforce alone knows"),
        (("1 2 9", "A Z"), Some(("1 9", "A Z")), ("1 2 9", "A B Z"), "a new one beside strangers"),
        (("1 2", "A"), Some(("1 2", "A")), ("1 2", "A B"), "one that has been linked since"),
        (("9", "A Z"), Some(("9 1", "A Z")), ("9", "Z"), "dropped beside a stranger"),
    ];
    for (now, shadow, wanted, case) in table {
        for rule in [SyncRule::Union, SyncRule::TwoWay, SyncRule::PreferSalesforce, SyncRule::PreferHubSpot] {
            let wanted = (choices(wanted.0), choices(wanted.1));
            assert_eq!(end(rule, now, shadow), wanted, "{case}, {rule:?}");
        }
    }
}

#[test]
fn an_always_rule_gives_the_other_side_what_its_own_side_has_and_leaves_strangers_alone() {
    let shadow = Some(("1 2 9", "A B Z"));
    let wanted = (choices("2 9"), choices("B Z"));
    assert_eq!(end(SyncRule::AlwaysHubSpot, ("2 9", "A B C Z"), shadow), wanted);
    assert_eq!(end(SyncRule::AlwaysSalesforce, ("1 2 3 9", "B Z"), shadow), wanted);
    assert_eq!(decide(SyncRule::DontSync, ("1", "B"), None), Decision::Rest);
}

#[test]
fn after_a_decision_the_merge_rests() {
    for now in [("1 2", "A"), ("", "A Z"), ("4 9", "Y"), ("1 2 3", "C D")] {
        for shadow in [None, Some(("1", "A")), Some(("2 9", "B Z"))] {
            let (hubspot, salesforce) = end(SyncRule::Union, now, shadow);
            let text = |value: &Value| value.to_string().replace(';', " ");
            let (hubspot, salesforce) = (text(&hubspot), text(&salesforce));
            let again = decide(SyncRule::Union, (&hubspot, &salesforce), Some((&hubspot, &salesforce)));
            assert_eq!(again, Decision::Rest, "{now:?} {shadow:?}");
        }
    }
}

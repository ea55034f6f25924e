//! The rules, table by table: what becomes of a field under each rule, whatever has happened on each side.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{NOT_ASKED, at, choices, pair, plain_list, text, text_pair, utc};
use model::{Decision, EditTime, FieldPair, Kind, Reason, Side, Sides, SyncRule, Value, merge};

use Did::{Changes, Clears, Nothing};
use Outcome::{Agrees, ClearsHubSpot, ClearsSalesforce, Later, Rests, ToHubSpot, ToSalesforce};
use Reason::{
    FillsBlankInHubSpot, FillsBlankInSalesforce, HubSpotRanksHigher, OnlyHubSpotChanged,
    OnlySalesforceChanged, SalesforceRanksHigher,
};
use SyncRule::{AlwaysHubSpot, AlwaysSalesforce, DontSync, PreferHubSpot, PreferSalesforce, TwoWay, Union};

/// What somebody has done to a side since the last agreement.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Did {
    Nothing,
    Changes,
    Clears,
}

/// What a cell of a table says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Rests,
    Agrees,
    /// `h := s`, and why; whether an edit in HubSpot is overruled.
    ToHubSpot(Option<Reason>, bool),
    /// `s := h`, and why; whether an edit in Salesforce is overruled.
    ToSalesforce(Option<Reason>, bool),
    /// `h := s` at a first agreement, where Salesforce holds nothing.
    ClearsHubSpot,
    /// `s := h` at a first agreement, where HubSpot holds nothing.
    ClearsSalesforce,
    /// The later edit wins.
    Later,
}

/// What was done in HubSpot, what in Salesforce, and what becomes of it.
type Row = (Did, Did, Outcome);

const OVERRULES: bool = true;
const NO: bool = false;

const IN_HUBSPOT: &str = "typed in HubSpot";
const IN_SALESFORCE: &str = "typed in Salesforce";

/// The pairs of times, with the side that edited later; none where it must count as a tie.
fn times() -> Vec<(&'static str, Sides<EditTime>, Option<Side>)> {
    let sides = |hubspot, salesforce| Sides { hubspot, salesforce };
    let unknown = EditTime::Unknown;
    vec![
        ("HubSpot later", sides(at(60_000), at(0)), Some(Side::HubSpot)),
        ("HubSpot later by 2 s", sides(at(2000), at(0)), Some(Side::HubSpot)),
        ("Salesforce later", sides(at(0), at(60_000)), Some(Side::Salesforce)),
        ("Salesforce later by 2 s", sides(at(0), at(2000)), Some(Side::Salesforce)),
        ("equal", sides(at(0), at(0)), None),
        ("HubSpot later within 2 s", sides(at(1999), at(0)), None),
        ("Salesforce later within 2 s", sides(at(0), at(1999)), None),
        ("unknown in HubSpot", sides(unknown, at(0)), None),
        ("unknown in Salesforce", sides(at(0), unknown), None),
        ("unknown in both", sides(unknown, unknown), None),
    ]
}

fn decide(
    pair: &FieldPair,
    now: &Sides<Value>,
    shadow: Option<&Sides<Value>>,
    times: Sides<EditTime>,
) -> Decision {
    merge(
        pair,
        Sides { hubspot: &now.hubspot, salesforce: &now.salesforce },
        shadow.map(|shadow| Sides { hubspot: &shadow.hubspot, salesforce: &shadow.salesforce }),
        times,
        &utc(),
    )
}

/// Asserts a cell, at all times.
fn check(case: &str, pair: &FieldPair, now: &Sides<Value>, shadow: Option<&Sides<Value>>, cell: Outcome) {
    for (when, times, later) in times() {
        let case = format!("{case}, {when}");
        let decision = decide(pair, now, shadow, times);
        let (to, reason, overrules) = match cell {
            Rests => {
                assert_eq!(decision, Decision::Rest, "{case}");
                continue;
            }
            Agrees => {
                assert_eq!(decision, Decision::Agree, "{case}");
                continue;
            }
            ToHubSpot(reason, overrules) => (Side::HubSpot, reason, Some(overrules)),
            ToSalesforce(reason, overrules) => (Side::Salesforce, reason, Some(overrules)),
            // A value is lost: whether that is called an overruled edit, the table does not say.
            ClearsHubSpot => (Side::HubSpot, None, None),
            ClearsSalesforce => (Side::Salesforce, None, None),
            Later => match later {
                Some(Side::HubSpot) => (Side::Salesforce, Some(Reason::HubSpotEditedLater), Some(OVERRULES)),
                Some(Side::Salesforce) => {
                    (Side::HubSpot, Some(Reason::SalesforceEditedLater), Some(OVERRULES))
                }
                None => (Side::HubSpot, Some(Reason::SameOrUnknownTime), Some(OVERRULES)),
            },
        };
        let Decision::Write { to: written, value, reason: given, overrules: overruled } = &decision else {
            panic!("{case}: {decision:?}");
        };
        assert_eq!(*written, to, "{case}: side written");
        assert_eq!(value, now.get(to.other()), "{case}: value");
        if let Some(reason) = reason {
            assert_eq!(*given, reason, "{case}: reason");
        }
        if let Some(overrules) = overrules {
            assert_eq!(*overruled, overrules, "{case}: overrules");
        }
    }
    // As long as nobody has asked for the times, only the later edit is in doubt.
    let decision = decide(pair, now, shadow, NOT_ASKED);
    assert_eq!(decision == Decision::NeedTimes, cell == Later, "{case}, times not asked: {decision:?}");
}

fn done(did: Did, typed: &str, base: &Value) -> Value {
    match did {
        Nothing => base.clone(),
        Changes => text(typed),
        Clears => Value::Blank,
    }
}

/// A linked pair, after the first agreement; both sides held a value then.
#[rustfmt::skip]
const AGREED_ON_A_VALUE: [(SyncRule, [Row; 9]); 6] = [
    (PreferSalesforce, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Nothing, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Nothing, Clears,  ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Changes, Clears,  ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Clears,  Agrees),
    ]),
    (AlwaysSalesforce, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Nothing, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Nothing, Clears,  ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Changes, Clears,  ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Clears,  Clears,  Agrees),
    ]),
    (TwoWay, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Clears,  Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Nothing, Clears,  ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, Later),
        (Changes, Clears,  Later),
        (Clears,  Changes, Later),
        (Clears,  Clears,  Agrees),
    ]),
    (PreferHubSpot, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Clears,  Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Nothing, Clears,  ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Changes, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Changes, Clears,  ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Clears,  Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Clears,  Clears,  Agrees),
    ]),
    (AlwaysHubSpot, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Clears,  Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Nothing, Clears,  ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Changes, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Changes, Clears,  ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Clears,  Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Clears,  Clears,  Agrees),
    ]),
    (DontSync, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, Rests),
        (Clears,  Nothing, Rests),
        (Nothing, Changes, Rests),
        (Nothing, Clears,  Rests),
        (Changes, Changes, Rests),
        (Changes, Clears,  Rests),
        (Clears,  Changes, Rests),
        (Clears,  Clears,  Rests),
    ]),
];

/// A linked pair, after the first agreement; neither side held anything then.
#[rustfmt::skip]
const AGREED_ON_NOTHING: [(SyncRule, [Row; 4]); 6] = [
    (PreferSalesforce, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(FillsBlankInSalesforce), NO)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
    ]),
    (AlwaysSalesforce, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, ToHubSpot(Some(SalesforceRanksHigher), OVERRULES)),
    ]),
    (TwoWay, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToHubSpot(Some(OnlySalesforceChanged), NO)),
        (Changes, Changes, Later),
    ]),
    (PreferHubSpot, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToHubSpot(Some(FillsBlankInHubSpot), NO)),
        (Changes, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
    ]),
    (AlwaysHubSpot, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, ToSalesforce(Some(OnlyHubSpotChanged), NO)),
        (Nothing, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
        (Changes, Changes, ToSalesforce(Some(HubSpotRanksHigher), OVERRULES)),
    ]),
    (DontSync, [
        (Nothing, Nothing, Rests),
        (Changes, Nothing, Rests),
        (Nothing, Changes, Rests),
        (Changes, Changes, Rests),
    ]),
];

/// The first agreement: both filled and different, HubSpot only, Salesforce only.
#[rustfmt::skip]
const FIRST_AGREEMENT: [(SyncRule, [Outcome; 3]); 6] = [
    (PreferSalesforce, [ToHubSpot(Some(SalesforceRanksHigher), OVERRULES), ToSalesforce(Some(FillsBlankInSalesforce), NO), ToHubSpot(Some(FillsBlankInHubSpot), NO)]),
    (AlwaysSalesforce, [ToHubSpot(Some(SalesforceRanksHigher), OVERRULES), ClearsHubSpot, ToHubSpot(Some(FillsBlankInHubSpot), NO)]),
    (TwoWay, [Later, ToSalesforce(Some(FillsBlankInSalesforce), NO), ToHubSpot(Some(FillsBlankInHubSpot), NO)]),
    (PreferHubSpot, [ToSalesforce(Some(HubSpotRanksHigher), OVERRULES), ToSalesforce(Some(FillsBlankInSalesforce), NO), ToHubSpot(Some(FillsBlankInHubSpot), NO)]),
    (AlwaysHubSpot, [ToSalesforce(Some(HubSpotRanksHigher), OVERRULES), ToSalesforce(Some(FillsBlankInSalesforce), NO), ClearsSalesforce]),
    (DontSync, [Rests, Rests, Rests]),
];

#[test]
fn after_agreeing_on_a_value_each_rule_decides_as_its_table_says() {
    let base = Sides { hubspot: text("agreed"), salesforce: text("agreed") };
    for (rule, cells) in AGREED_ON_A_VALUE {
        for (hubspot, salesforce, cell) in cells {
            let now = Sides {
                hubspot: done(hubspot, IN_HUBSPOT, &base.hubspot),
                salesforce: done(salesforce, IN_SALESFORCE, &base.salesforce),
            };
            let case = format!("{rule:?}: HubSpot {hubspot:?}, Salesforce {salesforce:?}");
            check(&case, &text_pair(rule), &now, Some(&base), cell);
        }
    }
}

#[test]
fn after_agreeing_on_nothing_each_rule_decides_as_its_table_says() {
    let base = Sides { hubspot: Value::Blank, salesforce: Value::Blank };
    for (rule, cells) in AGREED_ON_NOTHING {
        for (hubspot, salesforce, cell) in cells {
            let now = Sides {
                hubspot: done(hubspot, IN_HUBSPOT, &base.hubspot),
                salesforce: done(salesforce, IN_SALESFORCE, &base.salesforce),
            };
            let case = format!("{rule:?}, from blank: HubSpot {hubspot:?}, Salesforce {salesforce:?}");
            check(&case, &text_pair(rule), &now, Some(&base), cell);
        }
    }
}

#[test]
fn the_first_agreement_is_decided_as_its_table_says() {
    let (h, s) = (text(IN_HUBSPOT), text(IN_SALESFORCE));
    for (rule, [both, hubspot_only, salesforce_only]) in FIRST_AGREEMENT {
        let pair = text_pair(rule);
        let cases = [
            ("both filled and different", h.clone(), s.clone(), both),
            ("HubSpot only", h.clone(), Value::Blank, hubspot_only),
            ("Salesforce only", Value::Blank, s.clone(), salesforce_only),
        ];
        for (what, hubspot, salesforce, cell) in cases {
            check(&format!("{rule:?}, first: {what}"), &pair, &Sides { hubspot, salesforce }, None, cell);
        }
    }
}

#[test]
fn a_first_agreement_on_equivalent_values_only_takes_them_as_shadows() {
    for rule in [PreferSalesforce, AlwaysSalesforce, TwoWay, PreferHubSpot, AlwaysHubSpot] {
        let pair = text_pair(rule);
        let values = [
            (Value::Blank, Value::Blank),
            (text("same"), text("same")),
            (text("  same"), text("same ")),
            (text("   "), Value::Blank),
        ];
        for (hubspot, salesforce) in values {
            let case = format!("{rule:?}, first: '{hubspot}' with '{salesforce}'");
            check(&case, &pair, &Sides { hubspot, salesforce }, None, Agrees);
        }
    }
    check(
        "don't sync",
        &text_pair(DontSync),
        &Sides { hubspot: text("same"), salesforce: text("same") },
        None,
        Rests,
    );
}

#[test]
fn edits_to_equivalent_values_only_move_the_shadows() {
    let base = Sides { hubspot: text("agreed"), salesforce: text("agreed") };
    for rule in [PreferSalesforce, AlwaysSalesforce, TwoWay, PreferHubSpot, AlwaysHubSpot] {
        let now = Sides { hubspot: text("Berlin "), salesforce: text("Berlin") };
        check(&format!("{rule:?}"), &text_pair(rule), &now, Some(&base), Agrees);
    }
}

#[test]
fn where_nothing_has_changed_nothing_is_done_although_the_sides_differ() {
    let now = Sides { hubspot: text("one"), salesforce: text("other") };
    for rule in [PreferSalesforce, AlwaysSalesforce, TwoWay, PreferHubSpot, AlwaysHubSpot, DontSync] {
        check(&format!("{rule:?}"), &text_pair(rule), &now, Some(&now), Rests);
    }
}

fn union_pair() -> FieldPair {
    let list = || Kind::MultiChoice(plain_list(&["a", "b", "c", "d"]));
    pair(Union, list(), list())
}

/// What a union writes: the choices both sides end with, and only where they are not held yet.
fn check_union(case: &str, now: (&str, &str), shadow: Option<(&str, &str)>, end: Option<&str>) {
    let sides = |(hubspot, salesforce)| Sides { hubspot: choices(hubspot), salesforce: choices(salesforce) };
    let (now, shadow) = (sides(now), shadow.map(sides));
    for (when, times, _) in times() {
        let decision = decide(&union_pair(), &now, shadow.as_ref(), times);
        let expected = match end {
            None => Decision::Rest,
            Some(_) if now.hubspot == now.salesforce => Decision::Agree,
            Some(end) => Decision::WriteBoth(Sides {
                hubspot: (now.hubspot != choices(end)).then(|| choices(end)),
                salesforce: (now.salesforce != choices(end)).then(|| choices(end)),
            }),
        };
        assert_eq!(decision, expected, "{case}, {when}");
    }
    assert_ne!(decide(&union_pair(), &now, shadow.as_ref(), NOT_ASKED), Decision::NeedTimes, "{case}");
}

#[test]
fn the_union_keeps_what_both_kept_adds_what_either_added_and_drops_what_either_dropped() {
    // HubSpot drops a and adds c; Salesforce drops b and adds d.
    let (base, h, s) = ("a b", "b c", "a d");
    for (case, hubspot, salesforce, end) in [
        ("nothing", base, base, None),
        ("HubSpot changes", h, base, Some("b c")),
        ("HubSpot clears", "", base, Some("")),
        ("Salesforce changes", base, s, Some("a d")),
        ("Salesforce clears", base, "", Some("")),
        ("both change", h, s, Some("c d")),
        ("HubSpot changes, Salesforce clears", h, "", Some("c")),
        ("HubSpot clears, Salesforce changes", "", s, Some("d")),
        ("both clear", "", "", Some("")),
        ("both add, nobody drops", "a b c", "a b d", Some("a b c d")),
        ("both add the same", "a b c", "a b c", Some("a b c")),
        ("both drop the same", "b", "b", Some("b")),
        ("each drops another", "b", "a", Some("")),
    ] {
        check_union(case, (hubspot, salesforce), Some((base, base)), end);
    }
    for (case, hubspot, salesforce, end) in [
        ("nothing", "", "", None),
        ("HubSpot fills", "a", "", Some("a")),
        ("Salesforce fills", "", "a", Some("a")),
        ("both fill", "a b", "b c", Some("a b c")),
    ] {
        check_union(&format!("from blank: {case}"), (hubspot, salesforce), Some(("", "")), end);
    }
}

#[test]
fn the_first_union_holds_what_either_side_holds() {
    for (case, hubspot, salesforce, end) in [
        ("both filled and different", "a b", "b c", "a b c"),
        ("HubSpot only", "a", "", "a"),
        ("Salesforce only", "", "a", "a"),
        ("both blank", "", "", ""),
        ("both equivalent", "a b", "a b", "a b"),
    ] {
        check_union(case, (hubspot, salesforce), None, Some(end));
    }
}

#[test]
fn every_rule_stands_in_the_tables() {
    for rule in SyncRule::ALL {
        let listed = AGREED_ON_A_VALUE.iter().any(|(listed, _)| *listed == rule)
            && AGREED_ON_NOTHING.iter().any(|(listed, _)| *listed == rule)
            && FIRST_AGREEMENT.iter().any(|(listed, _)| *listed == rule);
        assert!(listed || rule == Union, "{rule:?}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_neither_cut_nor_guessed() {
    let short = Kind::Text { max_length: Some(5), format: model::TextFormat::Plain };
    let pair = pair(TwoWay, common::PLAIN, short);
    let base = Sides { hubspot: text("old"), salesforce: text("old") };
    let now = Sides { hubspot: text("too long"), salesforce: text("old") };
    let Decision::Misfit { to, misfit } = decide(&pair, &now, Some(&base), NOT_ASKED) else {
        panic!("expected a misfit");
    };
    assert_eq!(to, Side::Salesforce);
    assert!(misfit.to_string().contains("S_Field"), "{misfit}");
}

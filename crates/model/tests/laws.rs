//! The laws of the merge, for whatever values: rest, convergence, symmetry, and that blank overwrites nothing by itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use std::collections::BTreeSet;

use common::{at, field, pair, plain_list, utc};
use jiff::Timestamp;
use jiff::civil::Date;
use model::{
    Decision, EditTime, Field, FieldMapping, FieldPair, Kind, Reason, Side, Sides, SyncRule, TextFormat,
    Value, equivalent, merge, same_stored,
};
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};

const EMAIL: Kind = Kind::Text { max_length: None, format: TextFormat::Email };
const LONG: Kind = Kind::Text { max_length: None, format: TextFormat::Long };

fn digits(decimals: Option<u32>) -> Kind {
    Kind::Number { integer_digits: None, decimals }
}

fn list() -> Kind {
    Kind::Choice(plain_list(&["red", "green", "blue"]))
}

fn multi() -> Kind {
    Kind::MultiChoice(plain_list(&["red", "green", "blue", "black"]))
}

/// The kinds that go together, with something else than text against text.
fn kinds() -> impl Strategy<Value = (Kind, Kind)> {
    prop::sample::select(vec![
        (common::PLAIN, common::PLAIN),
        (EMAIL, EMAIL),
        (LONG, LONG),
        (digits(None), digits(None)),
        (digits(None), digits(Some(2))),
        (digits(Some(0)), digits(Some(2))),
        (Kind::Boolean, Kind::Boolean),
        (Kind::Date, Kind::Date),
        (Kind::DateTime, Kind::DateTime),
        (Kind::Date, Kind::DateTime),
        (Kind::DateTime, Kind::Date),
        (list(), list()),
        (common::PLAIN, list()),
        (list(), common::PLAIN),
        (multi(), multi()),
    ])
}

fn rules() -> impl Strategy<Value = SyncRule> {
    prop::sample::select(SyncRule::ALL.to_vec())
}

/// A value as its platform would hand it out: of the field's kind, and a Salesforce checkbox is never empty.
fn value_of(side: Side, kind: &Kind) -> BoxedStrategy<Value> {
    let filled = match kind {
        Kind::Text { .. } => prop::sample::select(vec![
            "red",
            "Green",
            " blue",
            "a@b.example",
            "A@b.example ",
            "x\r\ny",
            "x\ny",
            "Ünï",
        ])
        .prop_map(Value::text)
        .boxed(),
        Kind::Number { .. } => (-100_000_i64..100_000, 0_u32..4)
            .prop_map(|(number, scale)| Value::number(Decimal::new(number, scale)))
            .boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Date => (1_i16..9998, 1_i8..=12, 1_i8..=28)
            .prop_map(|(year, month, day)| Value::Date(Date::new(year, month, day).unwrap()))
            .boxed(),
        Kind::DateTime => (-1_000_000_000_i64..4_000_000_000)
            .prop_map(|second| Value::DateTime(Timestamp::from_second(second).unwrap()))
            .boxed(),
        Kind::Choice(_) => {
            prop::sample::select(vec!["red", "green", "blue"]).prop_map(common::choice).boxed()
        }
        Kind::MultiChoice(_) => prop::collection::btree_set(
            prop::sample::select(vec!["red", "green", "blue", "black"]).prop_map(ToOwned::to_owned),
            1..4,
        )
        .prop_map(Value::Choices)
        .boxed(),
        Kind::Reference { .. } => Just(Value::Reference("1".to_owned())).boxed(),
        Kind::References { .. } => Just(Value::Choices(BTreeSet::from(["1".to_owned()]))).boxed(),
    };
    if side == Side::Salesforce && *kind == Kind::Boolean {
        return filled;
    }
    prop_oneof![3 => filled, 1 => Just(Value::Blank)].boxed()
}

/// What the platform makes of a value that is written to it.
fn stored(side: Side, field: &Field, sent: &Value) -> Value {
    match (&field.kind, sent) {
        (Kind::Text { format, .. }, Value::Text(text)) => {
            let text = text.trim().replace("\r\n", "\n");
            Value::text(&if *format == TextFormat::Email { text.to_lowercase() } else { text })
        }
        (Kind::Number { decimals: Some(decimals), .. }, Value::Number(number)) => {
            Value::number(number.round_dp_with_strategy(*decimals, RoundingStrategy::MidpointAwayFromZero))
        }
        (Kind::Boolean, Value::Blank) if side == Side::Salesforce => Value::Boolean(false),
        _ => sent.clone(),
    }
}

fn edit_time() -> impl Strategy<Value = EditTime> {
    prop_oneof![Just(EditTime::Unknown), (0_i64..6000).prop_map(at)]
}

fn edit_times() -> impl Strategy<Value = Sides<EditTime>> {
    (edit_time(), edit_time()).prop_map(|(hubspot, salesforce)| Sides { hubspot, salesforce })
}

#[derive(Debug, Clone)]
struct Case {
    pair: FieldPair,
    now: Sides<Value>,
    shadow: Option<Sides<Value>>,
    times: Sides<EditTime>,
}

impl Case {
    fn decide(&self) -> Decision {
        decide(&self.pair, &self.now, self.shadow.as_ref(), self.times)
    }
}

fn decide(
    pair: &FieldPair,
    now: &Sides<Value>,
    shadow: Option<&Sides<Value>>,
    times: Sides<EditTime>,
) -> Decision {
    merge(pair, borrowed(now), shadow.map(borrowed), times, &utc())
}

fn borrowed(values: &Sides<Value>) -> Sides<&Value> {
    Sides { hubspot: &values.hubspot, salesforce: &values.salesforce }
}

fn alike(pair: &FieldPair, values: &Sides<Value>) -> bool {
    equivalent(&values.hubspot, &values.salesforce, pair, &utc())
}

/// A field of a linked pair: agreed on something equivalent or not at all, then edited on neither, either or both sides.
fn cases() -> impl Strategy<Value = Case> {
    (kinds(), rules())
        .prop_filter("the union needs several choices", |((hubspot, _), rule)| {
            *rule != SyncRule::Union || matches!(hubspot, Kind::MultiChoice(_))
        })
        .prop_flat_map(|((hubspot, salesforce), rule)| {
            let value = |side: Side, kind: &Kind| value_of(side, kind);
            (
                value(Side::HubSpot, &hubspot),
                value(Side::Salesforce, &salesforce),
                value(Side::HubSpot, &hubspot),
                prop::option::of((any::<bool>(), any::<bool>())),
                edit_times(),
                Just(pair(rule, hubspot, salesforce)),
            )
        })
        .prop_filter_map("nothing to agree on", |(h, s, base, edited, times, pair)| {
            let now = Sides { hubspot: h, salesforce: s };
            let Some((hubspot_edited, salesforce_edited)) = edited else {
                return Some(Case { pair, now, shadow: None, times });
            };
            // What HubSpot held has been written to Salesforce, and both have kept it in their way.
            let kept = stored(Side::HubSpot, &pair.hubspot, &base);
            let sent = model::convert(&kept, Side::HubSpot, &pair, &utc()).ok()?;
            let shadow =
                Sides { salesforce: stored(Side::Salesforce, &pair.salesforce, &sent), hubspot: kept };
            let now = Sides {
                hubspot: if hubspot_edited { now.hubspot } else { shadow.hubspot.clone() },
                salesforce: if salesforce_edited { now.salesforce } else { shadow.salesforce.clone() },
            };
            Some(Case { pair, now, shadow: Some(shadow), times })
        })
}

/// Any values and shadows of a text field, agreed or not.
fn text_cases(rule: impl Strategy<Value = SyncRule>) -> impl Strategy<Value = Case> {
    let value = || prop::sample::select(vec!["", "one", "two", "three"]).prop_map(Value::text);
    let values = move || (value(), value()).prop_map(|(hubspot, salesforce)| Sides { hubspot, salesforce });
    (rule, values(), prop::option::of(values()), edit_times()).prop_map(|(rule, now, shadow, times)| Case {
        pair: common::text_pair(rule),
        now,
        shadow,
        times,
    })
}

/// Carries out a decision as both platforms would: what each side holds then.
fn carry_out(case: &Case, decision: &Decision) -> Sides<Value> {
    let mut held = case.now.clone();
    let mut write =
        |side: Side, value: &Value| *held.get_mut(side) = stored(side, case.pair.field(side), value);
    match decision {
        Decision::Write { to, value, .. } => write(*to, value),
        Decision::WriteBoth(values) => {
            for side in [Side::HubSpot, Side::Salesforce] {
                if let Some(value) = values.get(side) {
                    write(side, value);
                }
            }
        }
        Decision::Rest | Decision::Agree | Decision::Misfit { .. } | Decision::NeedTimes => {}
    }
    held
}

/// The same case with HubSpot and Salesforce exchanged.
fn mirrored(case: &Case) -> Case {
    let mapping = &case.pair.mapping;
    let mapping = FieldMapping::new(&*mapping.hubspot, &*mapping.salesforce, mapping.rule.mirrored());
    let swap = |field: &Field, name: &str| Field { name: name.to_owned(), ..field.clone() };
    Case {
        pair: FieldPair::new(
            mapping,
            swap(&case.pair.salesforce, "h_field"),
            swap(&case.pair.hubspot, "S_Field"),
        )
        .unwrap(),
        now: case.now.clone().mirrored(),
        shadow: case.shadow.clone().map(Sides::mirrored),
        times: case.times.mirrored(),
    }
}

fn mirrored_decision(decision: Decision) -> Decision {
    match decision {
        Decision::Write { to, value, reason, overrules } => {
            Decision::Write { to: to.other(), value, reason: reason.mirrored(), overrules }
        }
        Decision::WriteBoth(values) => Decision::WriteBoth(values.mirrored()),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn where_nothing_has_changed_nothing_is_done(case in cases()) {
        let decision = decide(&case.pair, &case.now, Some(&case.now), case.times);
        prop_assert_eq!(decision, Decision::Rest);
    }

    #[test]
    fn a_decision_carried_out_leaves_nothing_to_do_and_both_sides_equivalent(case in cases()) {
        let decision = case.decide();
        prop_assert_ne!(&decision, &Decision::NeedTimes, "the times are known");
        if matches!(decision, Decision::Misfit { .. }) {
            return Ok(());
        }
        let held = carry_out(&case, &decision);
        prop_assert_eq!(decide(&case.pair, &held, Some(&held), case.times), Decision::Rest);
        if case.pair.mapping.rule != SyncRule::DontSync {
            prop_assert!(alike(&case.pair, &held), "{:?} leads to {:?}", decision, held);
        }
    }

    #[test]
    fn a_decision_is_needed_only_while_the_sides_are_not_equivalent(case in cases()) {
        let decision = case.decide();
        if alike(&case.pair, &case.now) {
            prop_assert!(matches!(decision, Decision::Rest | Decision::Agree), "{:?}", decision);
        } else {
            prop_assert_ne!(decision, Decision::Agree);
        }
    }

    #[test]
    fn a_value_is_written_only_where_it_says_something_new(case in cases()) {
        match case.decide() {
            Decision::Write { to, value, .. } => prop_assert_ne!(&value, case.now.get(to)),
            Decision::WriteBoth(values) => {
                prop_assert!(values.hubspot.is_some() || values.salesforce.is_some());
                for side in [Side::HubSpot, Side::Salesforce] {
                    if let Some(value) = values.get(side) {
                        prop_assert_ne!(value, case.now.get(side));
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn a_rule_for_hubspot_is_the_mirror_image_of_its_rule_for_salesforce(
        case in text_cases(prop::sample::select(vec![
            SyncRule::PreferSalesforce,
            SyncRule::AlwaysSalesforce,
            SyncRule::PreferHubSpot,
            SyncRule::AlwaysHubSpot,
            SyncRule::DontSync,
        ]))
    ) {
        prop_assert_eq!(mirrored_decision(mirrored(&case).decide()), case.decide());
    }

    #[test]
    fn two_way_is_its_own_mirror_image_but_for_ties(case in text_cases(Just(SyncRule::TwoWay))) {
        let (one, other) = (case.decide(), mirrored(&case).decide());
        if let Decision::Write { reason: Reason::SameOrUnknownTime, to, .. } = one {
            prop_assert_eq!(to, Side::HubSpot);
            let to_hubspot = matches!(
                other,
                Decision::Write { reason: Reason::SameOrUnknownTime, to: Side::HubSpot, .. }
            );
            prop_assert!(to_hubspot, "{:?}", other);
        } else {
            prop_assert_eq!(mirrored_decision(other), one);
        }
    }

    #[test]
    fn blank_overwrites_a_value_only_where_a_table_says_so(case in cases()) {
        let Decision::Write { to, value, .. } = case.decide() else { return Ok(()) };
        if !value.is_blank() {
            return Ok(());
        }
        let from = to.other();
        let (leads, follows) = match from {
            Side::HubSpot => (SyncRule::AlwaysHubSpot, SyncRule::PreferHubSpot),
            Side::Salesforce => (SyncRule::AlwaysSalesforce, SyncRule::PreferSalesforce),
        };
        let rule = case.pair.mapping.rule;
        // Somebody cleared the side that stands, or that side stands always.
        let cleared = case.shadow.as_ref().is_some_and(|shadow| shadow.get(from) != case.now.get(from));
        let stands = rule == SyncRule::TwoWay || rule == follows;
        prop_assert!(rule == leads || (cleared && stands), "{:?}", case);
    }

    #[test]
    fn the_union_is_what_its_definition_says(
        [h, s, base] in prop::array::uniform3(prop::collection::btree_set(0_u8..4, 0..4)),
        first in any::<bool>(),
    ) {
        let names = ["red", "green", "blue", "black"];
        let value = |set: &BTreeSet<u8>| {
            let set: BTreeSet<String> = set.iter().map(|at| names[usize::from(*at)].to_owned()).collect();
            if set.is_empty() { Value::Blank } else { Value::Choices(set) }
        };
        let end: BTreeSet<u8> = (0_u8..4)
            .filter(|at| {
                let (in_h, in_s, in_base) = (h.contains(at), s.contains(at), !first && base.contains(at));
                // What was agreed on stays while both keep it; what was not comes in where either adds it.
                if in_base { in_h && in_s } else { in_h || in_s }
            })
            .collect();
        let case = Case {
            pair: pair(SyncRule::Union, multi(), multi()),
            now: Sides { hubspot: value(&h), salesforce: value(&s) },
            shadow: (!first).then(|| Sides { hubspot: value(&base), salesforce: value(&base) }),
            times: common::NOT_ASKED,
        };
        let decision = case.decide();
        if !first && h == base && s == base {
            prop_assert_eq!(decision, Decision::Rest);
        } else {
            let held = carry_out(&case, &decision);
            prop_assert_eq!(&held.hubspot, &value(&end));
            prop_assert_eq!(&held.salesforce, &value(&end));
        }
    }

    #[test]
    fn what_a_platform_makes_of_a_value_is_no_echo(case in cases()) {
        // Somebody's value is carried across; each platform keeps it in its way and that becomes the shadow.
        let held = carry_out(&case, &case.decide());
        for side in [Side::HubSpot, Side::Salesforce] {
            let field = case.pair.field(side);
            let sent = case.now.get(side);
            prop_assert!(same_stored(sent, &stored(side, field, sent), &case.pair, side), "{:?} {:?}", side, sent);
        }
        prop_assert_eq!(decide(&case.pair, &held, Some(&held), case.times), Decision::Rest);
    }

    #[test]
    fn equivalence_does_not_depend_on_how_a_platform_keeps_a_value(case in cases()) {
        let kept = Sides {
            hubspot: stored(Side::HubSpot, &case.pair.hubspot, &case.now.hubspot),
            salesforce: stored(Side::Salesforce, &case.pair.salesforce, &case.now.salesforce),
        };
        if alike(&case.pair, &case.now) {
            prop_assert!(alike(&case.pair, &kept), "{:?}", kept);
        }
    }
}

#[test]
fn trimmed_lowered_and_rounded_values_are_no_edits() {
    let cases = [
        (common::PLAIN, "  Ada ", "Ada"),
        (EMAIL, "Ada@Example.COM", "ada@example.com"),
        (LONG, "one\r\ntwo", "one\ntwo"),
    ];
    for (kind, sent, kept) in cases {
        for rule in
            SyncRule::ALL.into_iter().filter(|rule| !matches!(rule, SyncRule::Union | SyncRule::DontSync))
        {
            let pair = pair(rule, kind.clone(), kind.clone());
            let held = Sides { hubspot: common::text(sent), salesforce: common::text(kept) };
            let rest = decide(&pair, &held, Some(&held), common::NOT_ASKED);
            assert_eq!(rest, Decision::Rest, "{rule:?} {sent}");
            // Even where only one side's shadow is behind, nothing is written.
            let behind = Sides { hubspot: common::text("before"), salesforce: common::text(kept) };
            assert_eq!(
                decide(&pair, &held, Some(&behind), common::NOT_ASKED),
                Decision::Agree,
                "{rule:?} {sent}"
            );
        }
    }
}

#[test]
fn halves_are_rounded_away_from_zero_as_the_platforms_do() {
    for (sent, kept) in [("1.225", "1.23"), ("1.235", "1.24"), ("-1.225", "-1.23"), ("2.5", "2.5")] {
        let pair = pair(SyncRule::TwoWay, digits(None), digits(Some(2)));
        let values = Sides { hubspot: common::number(sent), salesforce: common::number(kept) };
        assert!(alike(&pair, &values), "{sent} is kept as {kept}");
        assert!(same_stored(&values.hubspot, &values.salesforce, &pair, Side::Salesforce), "{sent}");
    }
}

#[test]
fn an_unticked_hubspot_checkbox_is_not_an_empty_text_in_salesforce() {
    let pair = pair(SyncRule::TwoWay, Kind::Boolean, common::PLAIN);
    let now = Sides { hubspot: Value::Boolean(false), salesforce: Value::Blank };
    let shadow = Sides { hubspot: Value::Blank, salesforce: Value::Blank };
    let decision = decide(&pair, &now, Some(&shadow), common::NOT_ASKED);
    assert!(
        matches!(&decision, Decision::Write { to: Side::Salesforce, value, .. } if value.to_string() == "false"),
        "{decision:?}"
    );
}

fn mapped_union() -> FieldPair {
    let mut mapping = FieldMapping::new("h_field", "S_Field", SyncRule::Union);
    mapping.choices.0 = [("h1", "S1"), ("h1", "S2"), ("h2", "S3"), ("h3", "S3"), ("h4", "S4")]
        .map(|(hubspot, salesforce)| (hubspot.to_owned(), salesforce.to_owned()))
        .into();
    FieldPair::new(
        mapping,
        field("h_field", Kind::MultiChoice(plain_list(&["h1", "h2", "h3", "h4"]))),
        field("S_Field", Kind::MultiChoice(plain_list(&["S1", "S2", "S3", "S4"]))),
    )
    .unwrap()
}

#[test]
fn the_union_keeps_what_both_kept_where_several_choices_go_with_one() {
    for ((h0, s0), (h, s), (end_h, end_s)) in [
        // HubSpot adds h4 and keeps h1, which Salesforce holds as S2.
        (("h1", "S2"), ("h1 h4", "S2"), ("h1 h4", "S2 S4")),
        // Salesforce adds S4 and keeps S3, which HubSpot holds as h3.
        (("h3", "S3"), ("h3", "S3 S4"), ("h3 h4", "S3 S4")),
        // HubSpot drops h1, and with it all that Salesforce holds for it.
        (("h1 h4", "S1 S2 S4"), ("h4", "S1 S2 S4"), ("h4", "S4")),
        // Salesforce drops one of two that go with h1.
        (("h1 h4", "S1 S2 S4"), ("h1 h4", "S2 S4"), ("h1 h4", "S2 S4")),
        // Salesforce exchanges one for another that goes with the same.
        (("h1", "S1"), ("h1", "S2"), ("h1", "S2")),
    ] {
        let case = Case {
            pair: mapped_union(),
            now: Sides { hubspot: common::choices(h), salesforce: common::choices(s) },
            shadow: Some(Sides { hubspot: common::choices(h0), salesforce: common::choices(s0) }),
            times: common::NOT_ASKED,
        };
        let held = carry_out(&case, &case.decide());
        let end = Sides { hubspot: common::choices(end_h), salesforce: common::choices(end_s) };
        assert_eq!(held, end, "{h0}/{s0} to {h}/{s}: {:?}", case.decide());
    }
}

#[test]
fn a_choice_that_is_no_longer_offered_can_still_be_dropped() {
    let all = Kind::MultiChoice(plain_list(&["red", "old"]));
    let left = Kind::MultiChoice(common::list(&[("red", "red", true), ("old", "old", false)], true));
    let case = Case {
        pair: pair(SyncRule::Union, all, left),
        now: Sides { hubspot: common::choices("red"), salesforce: common::choices("red old") },
        shadow: Some(Sides { hubspot: common::choices("red old"), salesforce: common::choices("red old") }),
        times: common::NOT_ASKED,
    };
    let held = carry_out(&case, &case.decide());
    assert_eq!(held.salesforce, common::choices("red"), "{:?}", case.decide());
    assert_eq!(held.hubspot, common::choices("red"));
}

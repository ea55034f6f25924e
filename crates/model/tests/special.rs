//! The rules that only fit fields of one meaning, table by table as docs/rules.md has them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use model::{
    ChoiceList, ChoiceOption, ConvertContext, Decision, EditTime, FieldMapping, FieldPair, Kind, References,
    Side, Sides, SyncRule, Value, merge,
};

struct Nobody;

impl References for Nobody {
    fn counterpart(&self, _: Side, _: &[String], _: &str) -> Option<String> {
        None
    }
}

/// What both sides hold after a decision: (HubSpot, Salesforce).
fn end(pair: &FieldPair, now: (&Value, &Value), before: Option<(&Value, &Value)>) -> (Value, Value) {
    let sides = |(hubspot, salesforce)| Sides { hubspot, salesforce };
    let context = ConvertContext { time_zone: jiff::tz::TimeZone::UTC, references: &Nobody };
    let times = Sides { hubspot: EditTime::Unknown, salesforce: EditTime::Unknown };
    let mut held = (now.0.clone(), now.1.clone());
    match merge(pair, sides(now), before.map(sides), times, &context) {
        Decision::Write { to: Side::HubSpot, value, .. } => held.0 = value,
        Decision::Write { to: Side::Salesforce, value, .. } => held.1 = value,
        Decision::Rest | Decision::Agree => {}
        other => panic!("{other:?}"),
    }
    held
}

fn pair(rule: SyncRule, hubspot: Kind, salesforce: Kind) -> FieldPair {
    let field = common::field;
    FieldPair::new(FieldMapping::new("h", "S", rule), field("h", hubspot), field("S", salesforce)).unwrap()
}

#[test]
fn opting_out_anywhere_opts_out_everywhere_and_only_hubspot_opts_in_again() {
    let pair = pair(SyncRule::OptOut, Kind::Boolean, Kind::Boolean);
    let (out, not) = (&Value::Boolean(true), &Value::Boolean(false));
    let both = |value: &Value| (value.clone(), value.clone());
    // The first agreement.
    assert_eq!(end(&pair, (out, not), None), both(out));
    assert_eq!(end(&pair, (not, out), None), both(out));
    // Opting out on either side, or on one while the other opts in.
    assert_eq!(end(&pair, (out, not), Some((not, not))), both(out));
    assert_eq!(end(&pair, (not, out), Some((not, not))), both(out));
    assert_eq!(end(&pair, (out, not), Some((not, out))), both(out));
    assert_eq!(end(&pair, (not, out), Some((out, not))), both(out));
    // Unticked in Salesforce: it is ticked again. Opted in by the contact: Salesforce follows.
    assert_eq!(end(&pair, (out, not), Some((out, out))), both(out));
    assert_eq!(end(&pair, (not, out), Some((out, out))), both(not));
}

#[test]
fn an_opt_out_is_an_answer_on_both_sides() {
    let text = FieldPair::new(
        FieldMapping::new("h", "S", SyncRule::OptOut),
        common::field("h", Kind::Boolean),
        common::field("S", common::PLAIN),
    );
    assert!(text.is_err());
}

#[test]
fn a_stage_moves_forward_in_hubspot_and_never_back() {
    let option = |value: &str| ChoiceOption { value: value.into(), label: value.into(), active: true };
    let stages = || {
        let options = ["lead", "customer", "evangelist"].map(option).to_vec();
        Kind::Choice(ChoiceList { options, restricted: true })
    };
    let pair = pair(SyncRule::Forward, stages(), stages());
    let stage = |value: &str| Value::Choice(value.into());
    let (lead, customer, evangelist) = (&stage("lead"), &stage("customer"), &stage("evangelist"));
    let both = |value: &Value| (value.clone(), value.clone());
    assert_eq!(end(&pair, (lead, customer), Some((lead, lead))), both(customer), "forward");
    assert_eq!(end(&pair, (customer, lead), Some((customer, customer))), both(customer), "not back");
    assert_eq!(
        end(&pair, (customer, &Value::Blank), Some((customer, customer))),
        both(customer),
        "nor cleared"
    );
    assert_eq!(
        end(&pair, (lead, customer), Some((customer, customer))),
        both(lead),
        "a person may, in HubSpot"
    );
    assert_eq!(end(&pair, (customer, evangelist), Some((lead, lead))), both(evangelist), "both forward");
    assert_eq!(end(&pair, (evangelist, customer), None), both(evangelist), "the first agreement");
}

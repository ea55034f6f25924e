//! Plans for a linked pair and for a new record, the mappings that are refused, and settings as they are written down.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{NUMBER, PLAIN, at, choice, field, list, number, pair, plain_list, text, utc};
use model::{
    Access, Declined, EditTime, Field, FieldMapping, FieldPair, FieldWrite, Kind, ObjectMapping, OnMisfit,
    PairPlan, PairView, Reason, Side, Sides, SyncRule, TextFormat, Value, Values, defaults, plan_create,
    plan_pair,
};

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::text(value))).collect()
}

fn named(rule: SyncRule, hubspot: &str, salesforce: &str) -> FieldPair {
    FieldPair::new(
        FieldMapping::new(hubspot, salesforce, rule),
        field(hubspot, PLAIN),
        field(salesforce, PLAIN),
    )
    .unwrap()
}

struct Pair {
    hubspot: Values,
    salesforce: Values,
    shadows: Sides<Values>,
}

impl Pair {
    fn new(hubspot: &[(&str, &str)], salesforce: &[(&str, &str)]) -> Self {
        Self { hubspot: values(hubspot), salesforce: values(salesforce), shadows: Sides::default() }
    }

    fn agreed(mut self, hubspot: &[(&str, &str)], salesforce: &[(&str, &str)]) -> Self {
        self.shadows = Sides { hubspot: values(hubspot), salesforce: values(salesforce) };
        self
    }

    fn plan_at(&self, pairs: &[FieldPair], times: &dyn Fn(Side, &str) -> EditTime) -> PairPlan {
        plan_pair(&PairView {
            pairs,
            hubspot: &self.hubspot,
            salesforce: &self.salesforce,
            shadows: &self.shadows,
            times,
            context: &utc(),
        })
    }

    fn plan(&self, pairs: &[FieldPair]) -> PairPlan {
        self.plan_at(pairs, &|_, _| EditTime::NotAsked)
    }
}

fn write(field: &str, before: &str, after: &str, reason: Reason) -> FieldWrite {
    FieldWrite { field: field.to_owned(), before: Value::text(before), after: Value::text(after), reason }
}

#[test]
fn each_field_goes_its_own_way() {
    let pairs = [
        named(SyncRule::TwoWay, "a", "A"),
        named(SyncRule::TwoWay, "b", "B"),
        named(SyncRule::PreferSalesforce, "c", "C"),
        named(SyncRule::TwoWay, "d", "D"),
        named(SyncRule::TwoWay, "e", "E"),
        named(SyncRule::DontSync, "f", "F"),
    ];
    let plan = Pair::new(
        &[("a", "new"), ("b", "old"), ("c", "edited"), ("d", "same"), ("e", "one"), ("f", "x")],
        &[("A", "old"), ("B", "new"), ("C", "old"), ("D", "same"), ("E", "other"), ("F", "y")],
    )
    .agreed(
        &[("a", "old"), ("b", "old"), ("c", "old"), ("d", "old"), ("e", "old")],
        &[("A", "old"), ("B", "old"), ("C", "old"), ("D", "old"), ("E", "old")],
    )
    .plan(&pairs);
    assert_eq!(plan.writes(Side::Salesforce), [write("A", "old", "new", Reason::OnlyHubSpotChanged)]);
    assert_eq!(
        plan.writes(Side::HubSpot),
        [
            write("b", "old", "new", Reason::OnlySalesforceChanged),
            write("c", "edited", "old", Reason::SalesforceRanksHigher),
        ]
    );
    assert_eq!(plan.moved, [3]);
    assert_eq!(plan.need_times, [4]);
    assert_eq!(
        plan.declined,
        [Declined {
            side: Side::HubSpot,
            field: "c".to_owned(),
            value: text("edited"),
            reason: Reason::SalesforceRanksHigher
        }]
    );
    assert_eq!(plan.misfits, []);
}

#[test]
fn a_pair_at_rest_has_an_empty_plan() {
    let pairs = [named(SyncRule::TwoWay, "a", "A"), named(SyncRule::PreferHubSpot, "b", "B")];
    let held: (&[_], &[_]) = (&[("a", "1"), ("b", "2")], &[("A", "1"), ("B", "2")]);
    assert_eq!(Pair::new(held.0, held.1).agreed(held.0, held.1).plan(&pairs), PairPlan::default());
}

#[test]
fn a_field_without_both_shadows_is_agreed_on_for_the_first_time() {
    let pairs = [named(SyncRule::AlwaysSalesforce, "a", "A"), named(SyncRule::TwoWay, "b", "B")];
    // The field was mapped later, or one shadow is missing.
    for (hubspot, salesforce) in [(vec![], vec![]), (vec![("a", "h"), ("b", "h")], vec![])] {
        let plan = Pair::new(&[("a", "h"), ("b", "h")], &[]).agreed(&hubspot, &salesforce).plan(&pairs);
        assert_eq!(plan.hubspot.len(), 1, "{plan:?}");
        assert_eq!((plan.hubspot[0].field.as_str(), &plan.hubspot[0].after), ("a", &Value::Blank));
        assert_eq!(plan.salesforce, [write("B", "", "h", Reason::FillsBlankInSalesforce)]);
    }
}

#[test]
fn a_field_that_a_side_did_not_answer_counts_as_blank() {
    let pairs = [named(SyncRule::TwoWay, "a", "A")];
    let plan = Pair::new(&[], &[("A", "s")]).plan(&pairs);
    assert_eq!(plan.hubspot, [write("a", "", "s", Reason::FillsBlankInHubSpot)]);
}

#[test]
fn the_times_are_asked_for_the_field_by_its_name_on_each_side() {
    let pairs = [named(SyncRule::TwoWay, "a", "A"), named(SyncRule::TwoWay, "b", "B")];
    let pair = Pair::new(&[("a", "h"), ("b", "h")], &[("A", "s"), ("B", "s")]);
    assert_eq!(pair.plan(&pairs).need_times, [0, 1]);
    let plan = pair.plan_at(&pairs, &|side, field| match (side, field) {
        (Side::HubSpot, "a") | (Side::Salesforce, "B") => at(60_000),
        (Side::Salesforce, "A") | (Side::HubSpot, "b") => at(0),
        other => panic!("asked for {other:?}"),
    });
    assert_eq!(plan.salesforce, [write("A", "s", "h", Reason::HubSpotEditedLater)]);
    assert_eq!(plan.hubspot, [write("b", "h", "s", Reason::SalesforceEditedLater)]);
    assert_eq!(plan.declined.len(), 2);
    assert!(plan.need_times.is_empty());
}

#[test]
fn a_misfit_leaves_its_field_behind_and_the_rest_goes_on() {
    let short = Kind::Text { max_length: Some(3), format: TextFormat::Plain };
    let mut narrow = named(SyncRule::TwoWay, "a", "A");
    narrow.salesforce = field("A", short);
    let pairs = [narrow, named(SyncRule::TwoWay, "b", "B")];
    let plan = Pair::new(&[("a", "long"), ("b", "long")], &[]).plan(&pairs);
    assert_eq!(plan.salesforce, [write("B", "", "long", Reason::FillsBlankInSalesforce)]);
    assert_eq!(plan.misfits.len(), 1);
    assert_eq!((plan.misfits[0].pair, plan.misfits[0].to), (0, Side::Salesforce));
    assert_eq!(plan.misfits[0].misfit.code(), "TOO_LONG");
}

#[test]
fn where_two_mappings_write_one_field_the_first_in_order_wins_and_is_told_of_once() {
    let pairs = [named(SyncRule::AlwaysHubSpot, "a", "A"), named(SyncRule::AlwaysHubSpot, "b", "A")];
    let plan = Pair::new(&[("a", "first"), ("b", "second")], &[("A", "held")]).plan(&pairs);
    assert_eq!(plan.salesforce, [write("A", "held", "first", Reason::HubSpotRanksHigher)]);
    assert_eq!(plan.declined.len(), 1, "{:?}", plan.declined);
    let plan = plan_create(Side::HubSpot, &pairs, &values(&[("a", "first"), ("b", "second")]), &utc());
    assert_eq!(plan.values, values(&[("A", "first")]));
}

#[test]
fn a_union_that_changes_both_sides_writes_both() {
    let kind = || Kind::MultiChoice(plain_list(&["x", "y"]));
    let pairs = [pair(SyncRule::Union, kind(), kind())];
    let one = |name: &str, value: &str| Values::from([(name.to_owned(), common::choices(value))]);
    let pair =
        Pair { hubspot: one("h_field", "x"), salesforce: one("S_Field", "y"), shadows: Sides::default() };
    let plan = pair.plan(&pairs);
    for (side, name, before) in [(Side::HubSpot, "h_field", "x"), (Side::Salesforce, "S_Field", "y")] {
        let after = common::choices("x y");
        let before = common::choices(before);
        assert_eq!(
            plan.writes(side),
            [FieldWrite { field: name.to_owned(), before, after, reason: Reason::Union }]
        );
    }
}

#[test]
fn a_new_record_holds_what_its_rules_let_flow_there() {
    let held = values(&[("h_field", "here"), ("S_Field", "here")]);
    for (rule, in_salesforce, in_hubspot) in [
        (SyncRule::PreferSalesforce, true, true),
        (SyncRule::AlwaysSalesforce, false, true),
        (SyncRule::TwoWay, true, true),
        (SyncRule::PreferHubSpot, true, true),
        (SyncRule::AlwaysHubSpot, true, false),
        (SyncRule::DontSync, false, false),
    ] {
        let pairs = [common::text_pair(rule)];
        for (source, name, flows) in
            [(Side::HubSpot, "S_Field", in_salesforce), (Side::Salesforce, "h_field", in_hubspot)]
        {
            let plan = plan_create(source, &pairs, &held, &utc());
            assert_eq!(plan.values.get(name), flows.then(|| text("here")).as_ref(), "{rule:?} from {source}");
            assert_eq!(plan.values.len(), usize::from(flows), "{rule:?} from {source}");
        }
    }
}

#[test]
fn a_new_record_is_not_told_what_is_blank() {
    let pairs = [named(SyncRule::TwoWay, "a", "A"), named(SyncRule::TwoWay, "b", "B")];
    let plan = plan_create(Side::HubSpot, &pairs, &values(&[("a", "  ")]), &utc());
    assert_eq!(plan.values, Values::new());
    assert_eq!(plan.missing_required, Vec::<String>::new());
}

#[test]
fn a_required_field_that_would_be_empty_is_named_once() {
    let required = |rule, hubspot: &str, salesforce: &str| {
        let mut pair = named(rule, hubspot, salesforce);
        pair.salesforce.required = true;
        pair
    };
    let mut misfit = required(SyncRule::TwoWay, "d", "D");
    misfit.salesforce.kind = NUMBER;
    let pairs = [
        required(SyncRule::TwoWay, "a", "A"),
        required(SyncRule::TwoWay, "b", "A"),
        required(SyncRule::AlwaysSalesforce, "c", "C"),
        misfit,
        required(SyncRule::TwoWay, "e", "E"),
    ];
    let held = values(&[("c", "stays"), ("d", "no number"), ("e", "filled")]);
    let plan = plan_create(Side::HubSpot, &pairs, &held, &utc());
    assert_eq!(plan.missing_required, ["A", "C", "D"]);
    assert_eq!(plan.values, values(&[("E", "filled")]));
    assert_eq!(plan.misfits.len(), 1);
    assert_eq!(plan.misfits[0].pair, 3);
    // The second mapping of a field fills it where the first has nothing.
    let plan = plan_create(Side::HubSpot, &pairs, &values(&[("b", "second")]), &utc());
    assert_eq!(plan.values, values(&[("A", "second")]));
    assert_eq!(plan.missing_required, ["C", "D", "E"]);
}

fn locked(name: &str, access: Access) -> Field {
    Field { access, ..field(name, PLAIN) }
}

#[test]
fn a_mapping_that_would_write_a_field_that_cannot_be_written_is_refused() {
    for access in [Access::ReadOnly, Access::CreateOnly] {
        for rule in SyncRule::ALL.into_iter().filter(|rule| *rule != SyncRule::Union) {
            let made = |hubspot, salesforce| {
                FieldPair::new(
                    FieldMapping::new("h", "S", rule),
                    locked("h", hubspot),
                    locked("S", salesforce),
                )
            };
            let to_hubspot = !matches!(rule, SyncRule::AlwaysHubSpot | SyncRule::DontSync);
            let to_salesforce = !matches!(rule, SyncRule::AlwaysSalesforce | SyncRule::DontSync);
            assert_eq!(made(access, Access::ReadWrite).is_err(), to_hubspot, "{rule:?}");
            assert_eq!(made(Access::ReadWrite, access).is_err(), to_salesforce, "{rule:?}");
            assert_eq!(made(access, access).is_err(), rule != SyncRule::DontSync, "{rule:?}");
        }
    }
}

#[test]
fn a_refusal_for_a_read_only_field_names_side_field_rule_and_what_to_use() {
    let made = |hubspot, salesforce| {
        let mapping = FieldMapping::new("h", "S", SyncRule::TwoWay);
        FieldPair::new(mapping, locked("h", hubspot), locked("S", salesforce)).unwrap_err().to_string()
    };
    assert_eq!(
        made(Access::ReadWrite, Access::ReadOnly),
        "'S' cannot be written in Salesforce, and the rule 'Two-way' may write it. Use 'Always use Salesforce'."
    );
    assert_eq!(
        made(Access::ReadOnly, Access::ReadWrite),
        "'h' cannot be written in HubSpot, and the rule 'Two-way' may write it. Use 'Always use HubSpot'."
    );
}

#[test]
fn where_neither_field_can_be_written_the_advice_is_not_to_sync() {
    let mapping = FieldMapping::new("h", "S", SyncRule::TwoWay);
    let refused =
        FieldPair::new(mapping, locked("h", Access::ReadOnly), locked("S", Access::ReadOnly)).unwrap_err();
    assert!(refused.to_string().ends_with("Use 'Don't sync'."), "{refused}");
}

fn made(rule: SyncRule, hubspot: Kind, salesforce: Kind) -> Result<FieldPair, String> {
    FieldPair::new(FieldMapping::new("h", "S", rule), field("h", hubspot), field("S", salesforce))
        .map_err(|refused| refused.to_string())
}

#[test]
fn fields_that_do_not_go_together_are_refused_with_both_kinds_and_a_reason() {
    let one = || Kind::Choice(plain_list(&["x"]));
    let some = || Kind::MultiChoice(plain_list(&["x"]));
    let record = || Kind::Reference { targets: vec![] };
    for (hubspot, salesforce, words) in [
        (
            PLAIN,
            record(),
            "'h' (text) and 'S' (reference) do not go together: a reference only goes with a reference.",
        ),
        (
            NUMBER,
            Kind::Date,
            "'h' (number) and 'S' (date) do not go together: a number is neither a day nor an answer.",
        ),
        (
            Kind::Boolean,
            Kind::DateTime,
            "'h' (yes/no) and 'S' (date and time) do not go together: a day is not an answer.",
        ),
        (Kind::Date, one(), "'h' (date) and 'S' (single choice) do not go together: a day is not a choice."),
        (
            some(),
            one(),
            "'h' (multiple choice) and 'S' (single choice) do not go together: several choices do not fit one value.",
        ),
    ] {
        assert_eq!(made(SyncRule::TwoWay, hubspot.clone(), salesforce.clone()).unwrap_err(), words);
        assert!(made(SyncRule::TwoWay, salesforce, hubspot).is_err(), "mirrored: {words}");
    }
}

#[test]
fn one_choice_may_flow_into_several_but_never_back() {
    let one = || Kind::Choice(plain_list(&["x"]));
    let some = || Kind::MultiChoice(plain_list(&["x"]));
    for rule in SyncRule::ALL {
        assert_eq!(made(rule, one(), some()).is_ok(), rule == SyncRule::AlwaysHubSpot, "{rule:?}");
        assert_eq!(made(rule, some(), one()).is_ok(), rule == SyncRule::AlwaysSalesforce, "{rule:?}");
    }
}

#[test]
fn the_union_is_for_several_choices_on_both_sides() {
    let some = || Kind::MultiChoice(plain_list(&["x"]));
    assert!(made(SyncRule::Union, some(), some()).is_ok());
    for other in [PLAIN, NUMBER, Kind::Choice(plain_list(&["x"]))] {
        let words = made(SyncRule::Union, some(), other).unwrap_err();
        assert!(words.contains("the union of choices needs several choices on both sides"), "{words}");
    }
}

#[test]
fn text_goes_with_everything_but_references() {
    let kinds = [
        PLAIN,
        NUMBER,
        Kind::Boolean,
        Kind::Date,
        Kind::DateTime,
        Kind::Choice(plain_list(&["x"])),
        Kind::MultiChoice(plain_list(&["x"])),
    ];
    for kind in kinds {
        assert!(made(SyncRule::TwoWay, PLAIN, kind.clone()).is_ok(), "{}", kind.word());
        assert!(made(SyncRule::TwoWay, kind.clone(), PLAIN).is_ok(), "{}", kind.word());
        assert!(made(SyncRule::TwoWay, kind.clone(), kind.clone()).is_ok(), "{}", kind.word());
    }
}

#[test]
fn settings_name_what_they_do_not_know() {
    let mapping = serde_json::json!({"hubspot": "a", "salesforce": "A", "ruel": "two_way"});
    let error = serde_json::from_value::<FieldMapping>(mapping).unwrap_err().to_string();
    assert!(error.contains("`ruel`") && error.contains("`rule`"), "{error}");
    let mapping = serde_json::json!({"hubspot": "a", "salesforce": "A", "rule": "newest"});
    let error = serde_json::from_value::<FieldMapping>(mapping).unwrap_err().to_string();
    assert!(error.contains("`newest`") && error.contains("`two_way`"), "{error}");
    let object = serde_json::json!({
        "hubspot_object": "contacts", "salesforce_object": "Contact", "fields": [], "create": true
    });
    let error = serde_json::from_value::<ObjectMapping>(object).unwrap_err().to_string();
    assert!(error.contains("`create`"), "{error}");
    let missing = serde_json::from_value::<FieldMapping>(serde_json::json!({"hubspot": "a"})).unwrap_err();
    assert!(missing.to_string().contains("`salesforce`"), "{missing}");
}

#[test]
fn settings_that_are_left_out_have_their_defaults() {
    let mapping: FieldMapping =
        serde_json::from_value(serde_json::json!({"hubspot": "a", "salesforce": "A"})).unwrap();
    assert_eq!(mapping, FieldMapping::new("a", "A", SyncRule::PreferSalesforce));
    assert_eq!(mapping.on_misfit, OnMisfit::Refuse);
    let object =
        serde_json::json!({"hubspot_object": "contacts", "salesforce_object": "Contact", "fields": []});
    let object: ObjectMapping = serde_json::from_value(object).unwrap();
    assert!(object.enabled && object.create_in_hubspot && object.create_in_salesforce);
}

#[test]
fn settings_are_read_back_as_they_were_written() {
    for object in defaults::object_mappings() {
        let written = serde_json::to_string(&object).unwrap();
        assert_eq!(serde_json::from_str::<ObjectMapping>(&written).unwrap(), object);
    }
    for rule in SyncRule::ALL {
        let mut mapping = FieldMapping::new("a", "A", rule);
        mapping.choices.0 = vec![("x".to_owned(), "X".to_owned())];
        mapping.on_misfit = OnMisfit::CutText;
        let written = serde_json::to_string(&mapping).unwrap();
        assert_eq!(serde_json::from_str::<FieldMapping>(&written).unwrap(), mapping, "{written}");
        assert!(!rule.label().is_empty());
        assert_eq!(rule.mirrored().mirrored(), rule);
        for side in [Side::HubSpot, Side::Salesforce] {
            assert_eq!(rule.writes(side), rule.mirrored().writes(side.other()), "{rule:?}");
        }
    }
}

#[test]
fn values_are_read_back_as_they_were_kept() {
    let all = [
        Value::Blank,
        text(" kept as it is "),
        number("123456789012345678.123456789"),
        Value::Boolean(false),
        common::day("2026-02-28"),
        common::moment("2026-03-01T09:30:00.123456Z"),
        choice("x"),
        common::choices("x y"),
        Value::Reference("001A".to_owned()),
    ];
    for value in all {
        let written = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value, "{written}");
    }
}

#[test]
fn the_default_mappings_put_parents_before_children() {
    let objects: Vec<_> =
        defaults::object_mappings().iter().map(|object| object.salesforce_object.clone()).collect();
    let place = |name: &str| objects.iter().position(|object| object == name).unwrap();
    assert!(place("Account") < place("Contact"));
    assert!(place("Contact") < place("Opportunity"));
    assert!(place("Contact") < place("Lead"));
}

#[test]
fn the_default_stages_of_deals_go_both_ways() {
    let objects = defaults::object_mappings();
    let deals = objects.iter().find(|object| object.hubspot_object == "deals").unwrap();
    let stage = deals.fields.iter().find(|field| field.hubspot == "dealstage").unwrap().clone();
    let names = |of: fn(&(String, String)) -> &String| -> Vec<(String, String, bool)> {
        stage.choices.0.iter().map(|pair| (of(pair).clone(), of(pair).clone(), true)).collect()
    };
    let kind = |names: &[(String, String, bool)]| {
        let names: Vec<_> =
            names.iter().map(|(value, label, active)| (value.as_str(), label.as_str(), *active)).collect();
        Kind::Choice(list(&names, true))
    };
    let pair = FieldPair::new(
        stage.clone(),
        field("dealstage", kind(&names(|pair| &pair.0))),
        field("StageName", kind(&names(|pair| &pair.1))),
    )
    .unwrap();
    for (hubspot, salesforce) in &stage.choices.0 {
        // Several Salesforce stages go with one of HubSpot, and still say the same.
        assert!(
            model::equivalent(&choice(hubspot), &choice(salesforce), &pair, &utc()),
            "{hubspot} {salesforce}"
        );
        let there = model::convert(&choice(hubspot), Side::HubSpot, &pair, &utc()).unwrap();
        assert_eq!(model::convert(&there, Side::Salesforce, &pair, &utc()), Ok(choice(hubspot)));
    }
}

//! Conversion between every two kinds of field, misfits and what they say, and values as each platform writes them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{NUMBER, PLAIN, choice, choices, day, field, list, moment, number, plain_list, text, utc};
use jiff::tz::TimeZone;
use model::wire::{from_hubspot, from_salesforce, salesforce_time, to_hubspot, to_salesforce};
use model::{
    ConvertContext, FieldMapping, FieldPair, Kind, Misfit, OnMisfit, References, Side, SyncRule, TextFormat,
    Value, convert, equivalent,
};
use proptest::prelude::*;
use serde_json::json;

/// Contacts, with their counterparts.
struct Links;

impl References for Links {
    fn counterpart(&self, side: Side, targets: &[String], id: &str) -> Option<String> {
        let known = match side {
            Side::HubSpot => targets.contains(&"companies".to_owned()).then_some(("77", "001A")),
            Side::Salesforce => targets.contains(&"Account".to_owned()).then_some(("001A", "77")),
        };
        known.filter(|(one, _)| *one == id).map(|(_, other)| other.to_owned())
    }
}

fn linked() -> ConvertContext<'static> {
    ConvertContext { time_zone: TimeZone::UTC, references: &Links }
}

/// A pair of two kinds, whether or not a mapping of them would be refused.
fn any_pair(hubspot: Kind, salesforce: Kind) -> FieldPair {
    FieldPair {
        mapping: FieldMapping::new("h_field", "S_Field", SyncRule::TwoWay),
        hubspot: field("h_field", hubspot),
        salesforce: field("S_Field", salesforce),
    }
}

fn to_right(value: &Value, hubspot: Kind, salesforce: Kind) -> Result<Value, Misfit> {
    convert(value, Side::HubSpot, &any_pair(hubspot, salesforce), &utc())
}

fn limited(max_length: usize) -> Kind {
    Kind::Text { max_length: Some(max_length), format: TextFormat::Plain }
}

fn colours() -> Kind {
    Kind::Choice(plain_list(&["red", "green"]))
}

fn several() -> Kind {
    Kind::MultiChoice(plain_list(&["red", "green"]))
}

fn company() -> Kind {
    Kind::Reference { targets: vec!["companies".to_owned()] }
}

fn account() -> Kind {
    Kind::Reference { targets: vec!["Account".to_owned()] }
}

/// Every kind, with a value it holds.
fn every_kind() -> Vec<(Kind, Value)> {
    vec![
        (PLAIN, text("words")),
        (NUMBER, number("12.5")),
        (Kind::Boolean, Value::Boolean(true)),
        (Kind::Date, day("2026-03-01")),
        (Kind::DateTime, moment("2026-03-01T09:30:00Z")),
        (colours(), choice("red")),
        (several(), choices("green red")),
        (Kind::Reference { targets: vec!["companies".to_owned()] }, Value::Reference("77".to_owned())),
    ]
}

fn of_kind(value: &Value, kind: &Kind) -> bool {
    matches!(
        (value, kind),
        (Value::Blank, _)
            | (Value::Text(_), Kind::Text { .. })
            | (Value::Number(_), Kind::Number { .. })
            | (Value::Boolean(_), Kind::Boolean)
            | (Value::Date(_), Kind::Date)
            | (Value::DateTime(_), Kind::DateTime)
            | (Value::Choice(_), Kind::Choice(_))
            | (Value::Choices(_), Kind::MultiChoice(_))
            | (Value::Reference(_), Kind::Reference { .. })
    )
}

#[test]
fn a_value_of_every_kind_becomes_one_of_the_target_kind_or_a_misfit_that_names_field_and_value() {
    for (from, value) in every_kind() {
        for (to, _) in every_kind() {
            let pair = any_pair(from.clone(), to.clone());
            let case = format!("{} to {}", from.word(), to.word());
            match convert(&value, Side::HubSpot, &pair, &linked()) {
                Ok(converted) => assert!(of_kind(&converted, &to), "{case}: {converted:?}"),
                Err(misfit) => {
                    let words = misfit.to_string();
                    assert!(words.contains("S_Field"), "{case}: {words}");
                    assert!(words.contains(&value.to_string()), "{case}: {words}");
                    assert!(!misfit.remedy().is_empty() && !misfit.code().is_empty(), "{case}");
                }
            }
        }
    }
}

#[test]
fn a_value_comes_back_as_it_went_between_fields_of_one_kind() {
    for (kind, value) in every_kind() {
        if matches!(kind, Kind::Reference { .. }) {
            continue;
        }
        let pair = any_pair(kind.clone(), kind.clone());
        let there = convert(&value, Side::HubSpot, &pair, &utc()).unwrap();
        assert_eq!(there, value, "{}", kind.word());
        assert_eq!(convert(&there, Side::Salesforce, &pair, &utc()).unwrap(), value, "{}", kind.word());
        assert!(equivalent(&value, &there, &pair, &utc()));
    }
}

#[test]
fn a_value_comes_back_as_it_went_through_a_text() {
    for (kind, value) in every_kind() {
        if matches!(kind, Kind::Reference { .. }) {
            continue;
        }
        let pair = any_pair(kind.clone(), PLAIN);
        let there = convert(&value, Side::HubSpot, &pair, &utc()).unwrap();
        assert_eq!(convert(&there, Side::Salesforce, &pair, &utc()).unwrap(), value, "{}", kind.word());
        assert!(equivalent(&value, &there, &pair, &utc()), "{}", kind.word());
    }
}

#[test]
fn one_one_point_nought_and_the_text_of_it_are_one_number() {
    for written in ["1", "1.0", " 1.00 ", "01", "+1"] {
        assert_eq!(to_right(&text(written), PLAIN, NUMBER), Ok(number("1")), "{written}");
        assert!(equivalent(&text(written), &number("1"), &any_pair(PLAIN, NUMBER), &utc()), "{written}");
    }
    assert_eq!(to_right(&number("1.50"), NUMBER, PLAIN), Ok(text("1.5")));
}

#[test]
fn true_and_the_text_of_it_are_one_answer() {
    for (written, answer) in [
        ("true", true),
        ("TRUE", true),
        ("Yes", true),
        ("1", true),
        ("false", false),
        ("no", false),
        (" 0 ", false),
    ] {
        assert_eq!(to_right(&text(written), PLAIN, Kind::Boolean), Ok(Value::Boolean(answer)), "{written}");
    }
    assert_eq!(to_right(&Value::Boolean(true), Kind::Boolean, PLAIN), Ok(text("true")));
    let yes_no = || Kind::Choice(list(&[("true", "Yes", true), ("false", "No", true)], true));
    assert_eq!(to_right(&Value::Boolean(false), Kind::Boolean, yes_no()), Ok(choice("false")));
    assert_eq!(to_right(&choice("true"), yes_no(), Kind::Boolean), Ok(Value::Boolean(true)));
}

#[test]
fn blank_stays_blank_in_every_kind() {
    for (from, _) in every_kind() {
        for (to, _) in every_kind() {
            for side in [Side::HubSpot, Side::Salesforce] {
                if to == Kind::Boolean && side == Side::HubSpot {
                    continue;
                }
                let pair = match side {
                    Side::HubSpot => any_pair(from.clone(), to.clone()),
                    Side::Salesforce => any_pair(to.clone(), from.clone()),
                };
                for blank in [Value::Blank, text("  \t"), Value::Choices([].into())] {
                    assert_eq!(
                        convert(&blank, side, &pair, &utc()),
                        Ok(Value::Blank),
                        "{} {}",
                        from.word(),
                        to.word()
                    );
                }
            }
        }
    }
}

#[test]
fn a_blank_answer_is_no_in_a_salesforce_checkbox_only() {
    let pair = any_pair(Kind::Boolean, Kind::Boolean);
    assert_eq!(convert(&Value::Blank, Side::HubSpot, &pair, &utc()), Ok(Value::Boolean(false)));
    assert_eq!(convert(&Value::Blank, Side::Salesforce, &pair, &utc()), Ok(Value::Blank));
    assert!(equivalent(&Value::Blank, &Value::Boolean(false), &pair, &utc()));
    assert!(!equivalent(&Value::Blank, &Value::Boolean(true), &pair, &utc()));
}

#[test]
fn a_moment_falls_on_the_day_it_has_in_the_time_zone_of_the_account() {
    let pair = any_pair(Kind::DateTime, Kind::Date);
    let late = moment("2026-03-02T03:30:00Z");
    assert_eq!(convert(&late, Side::HubSpot, &pair, &utc()), Ok(day("2026-03-02")));
    assert_eq!(convert(&late, Side::HubSpot, &pair, &common::new_york()), Ok(day("2026-03-01")));
    // And a day begins at midnight there.
    assert_eq!(
        convert(&day("2026-03-01"), Side::Salesforce, &pair, &common::new_york()),
        Ok(moment("2026-03-01T05:00:00Z"))
    );
    assert!(equivalent(&late, &day("2026-03-01"), &pair, &common::new_york()));
    assert!(!equivalent(&late, &day("2026-03-02"), &pair, &common::new_york()));
}

#[test]
fn choices_go_together_as_mapped_else_by_value_else_by_label_else_but_for_case_and_punctuation() {
    let hubspot = || {
        list(
            &[
                ("mapped", "Mapped", true),
                ("same", "Other", true),
                ("won", "Closed Won", true),
                ("in_progress", "In Progress!", true),
            ],
            true,
        )
    };
    let salesforce = || {
        list(
            &[
                ("same", "Same", true),
                ("Closed Won", "Closed Won", true),
                ("In-Progress", "In-Progress", true),
                ("Elsewhere", "mapped", true),
                ("Target", "Target", true),
                ("Gone", "Gone", false),
            ],
            true,
        )
    };
    let mut pair = any_pair(Kind::Choice(hubspot()), Kind::Choice(salesforce()));
    pair.mapping.choices.0 = vec![("mapped".to_owned(), "Target".to_owned())];
    for (one, other) in
        [("mapped", "Target"), ("same", "same"), ("won", "Closed Won"), ("in_progress", "In-Progress")]
    {
        assert_eq!(convert(&choice(one), Side::HubSpot, &pair, &utc()), Ok(choice(other)), "{one}");
        assert_eq!(convert(&choice(other), Side::Salesforce, &pair, &utc()), Ok(choice(one)), "{other}");
        assert!(equivalent(&choice(one), &choice(other), &pair, &utc()), "{one}");
    }
}

#[test]
fn several_choices_go_one_by_one_whatever_their_order() {
    let mut pair = any_pair(several(), Kind::MultiChoice(plain_list(&["Rot", "green"])));
    pair.mapping.choices.0 = vec![("red".to_owned(), "Rot".to_owned())];
    assert_eq!(convert(&choices("red green"), Side::HubSpot, &pair, &utc()), Ok(choices("green Rot")));
    assert_eq!(convert(&choices("Rot"), Side::Salesforce, &pair, &utc()), Ok(choices("red")));
    let read = |raw: &str| from_hubspot(&pair.hubspot, Some(raw)).unwrap();
    assert_eq!(read("red;green"), read("green; red;"));
    assert_eq!(to_right(&text("green; red"), PLAIN, several()), Ok(choices("red green")));
}

#[test]
fn a_choice_that_is_not_offered_is_a_misfit_unless_the_list_takes_anything() {
    let blue = choice("blue");
    let open = Kind::Choice(list(&[("red", "red", true)], false));
    assert_eq!(to_right(&blue, PLAIN, open), Ok(choice("blue")));
    let misfit = to_right(&blue, PLAIN, colours()).unwrap_err();
    assert_eq!(misfit, Misfit::NotAChoice { field: "S_Field".to_owned(), value: "blue".to_owned() });
    assert_eq!(misfit.to_string(), "'blue' is not among the choices of 'S_Field'");
    assert!(misfit.remedy().contains("blue") && misfit.remedy().contains("S_Field"));
    let retired = Kind::Choice(list(&[("blue", "blue", false)], true));
    assert!(to_right(&blue, PLAIN, retired).is_err());
    let misfit = to_right(&choices("red blue"), several(), several()).unwrap_err();
    assert_eq!(misfit, Misfit::NotAChoice { field: "S_Field".to_owned(), value: "blue".to_owned() });
}

#[test]
fn a_text_that_is_too_long_is_refused_whole_or_cut_where_the_mapping_says_so() {
    let mut pair = any_pair(PLAIN, limited(4));
    let misfit = convert(&text("grün!"), Side::HubSpot, &pair, &utc()).unwrap_err();
    assert_eq!(misfit.to_string(), "'grün!' has 5 characters; 'S_Field' takes 4");
    assert_eq!(misfit.code(), "TOO_LONG");
    assert_eq!(convert(&text("grün"), Side::HubSpot, &pair, &utc()), Ok(text("grün")));
    pair.mapping.on_misfit = OnMisfit::CutText;
    assert_eq!(convert(&text("grün!"), Side::HubSpot, &pair, &utc()), Ok(text("grün")));
    // What was cut says the same as the whole.
    assert!(equivalent(&text("grün!"), &text("grün"), &pair, &utc()));
    let long = "x".repeat(1000);
    let words = to_right(&text(&long), PLAIN, limited(10)).unwrap_err().to_string();
    assert!(words.chars().count() < 120, "{words}");
}

#[test]
fn cutting_is_for_text_only() {
    let mut pair = any_pair(PLAIN, colours());
    pair.mapping.on_misfit = OnMisfit::CutText;
    assert!(convert(&text("blue"), Side::HubSpot, &pair, &utc()).is_err());
}

#[test]
fn a_number_with_too_many_digits_is_out_of_range() {
    let three = Kind::Number { integer_digits: Some(3), decimals: Some(2) };
    for (fits, written) in
        [(true, "999.99"), (true, "-999"), (false, "1000"), (false, "-1000"), (false, "1000000")]
    {
        let converted = to_right(&number(written), NUMBER, three.clone());
        assert_eq!(converted.is_ok(), fits, "{written}: {converted:?}");
    }
    let misfit = to_right(&number("1000"), NUMBER, three).unwrap_err();
    assert_eq!(misfit.to_string(), "1000 has more than the 3 digits before the point that 'S_Field' takes");
    assert_eq!(misfit.code(), "OUT_OF_RANGE");
}

#[test]
fn a_number_that_rounds_to_one_digit_too_many_is_out_of_range() {
    let three = Kind::Number { integer_digits: Some(3), decimals: Some(0) };
    assert!(to_right(&number("999.4"), NUMBER, three.clone()).is_ok());
    assert!(to_right(&number("999.5"), NUMBER, three).is_err());
}

#[test]
fn what_does_not_read_as_the_target_kind_is_of_the_wrong_format() {
    for (value, kind, expected) in [
        ("ten", NUMBER, "number"),
        ("1,000", NUMBER, "number"),
        ("1_000", NUMBER, "number"),
        ("2026-03-01 or so", Kind::Date, "date"),
        ("maybe", Kind::Boolean, "yes/no"),
        ("2", Kind::Boolean, "yes/no"),
        ("2026-02-30", Kind::Date, "date"),
        ("01/02/2026", Kind::Date, "date"),
        ("yesterday", Kind::DateTime, "date and time"),
    ] {
        let misfit = to_right(&text(value), PLAIN, kind).unwrap_err();
        assert_eq!(misfit.code(), "WRONG_FORMAT", "{value}");
        assert_eq!(
            misfit.to_string(),
            format!("'{value}' cannot be read as the {expected} that 'S_Field' holds")
        );
        assert!(misfit.remedy().contains(expected), "{value}");
    }
}

#[test]
fn a_reference_goes_by_the_link_of_its_record() {
    let pair = any_pair(company(), account());
    let (there, here) = (Value::Reference("001A".to_owned()), Value::Reference("77".to_owned()));
    assert_eq!(convert(&here, Side::HubSpot, &pair, &linked()), Ok(there.clone()));
    assert_eq!(convert(&there, Side::Salesforce, &pair, &linked()), Ok(here.clone()));
    assert!(equivalent(&here, &there, &pair, &linked()));
    let misfit = convert(&Value::Reference("78".to_owned()), Side::HubSpot, &pair, &linked()).unwrap_err();
    assert_eq!(misfit.code(), "UNLINKED_REFERENCE");
    assert!(misfit.to_string().contains("78") && misfit.to_string().contains("h_field"), "{misfit}");
    // Nothing goes anywhere without links, and a text is no reference.
    assert!(convert(&here, Side::HubSpot, &pair, &utc()).is_err());
    assert_eq!(to_right(&text("001A"), PLAIN, account()).unwrap_err().code(), "WRONG_FORMAT");
}

#[test]
fn hubspot_writes_days_and_moments_as_iso_or_as_milliseconds() {
    let (date, time) = (field("d", Kind::Date), field("t", Kind::DateTime));
    for raw in ["2017-11-19", "1511049600000"] {
        assert_eq!(from_hubspot(&date, Some(raw)).unwrap(), day("2017-11-19"), "{raw}");
    }
    for (raw, expected) in [("86400000", "1970-01-02"), ("0", "1970-01-01"), ("-86400000", "1969-12-31")] {
        assert_eq!(from_hubspot(&date, Some(raw)).unwrap(), day(expected), "{raw}");
    }
    for raw in ["2026-03-01T09:30:00.250Z", "1772357400250", "2026-03-01T10:30:00.250+01:00"] {
        assert_eq!(from_hubspot(&time, Some(raw)).unwrap(), moment("2026-03-01T09:30:00.250Z"), "{raw}");
    }
    assert_eq!(to_hubspot(&date, &day("2026-03-01")), "2026-03-01");
    assert_eq!(to_hubspot(&time, &moment("2026-03-01T09:30:00.25Z")), "2026-03-01T09:30:00.250Z");
}

#[test]
fn hubspot_writes_everything_as_text_and_nothing_as_null_or_an_empty_text() {
    for (kind, _) in every_kind() {
        for raw in [None, Some(""), Some("  ")] {
            assert_eq!(
                from_hubspot(&field("f", kind.clone()), raw).unwrap(),
                Value::Blank,
                "{}",
                kind.word()
            );
        }
        assert_eq!(to_hubspot(&field("f", kind), &Value::Blank), "");
    }
    let read = |kind: Kind, raw: &str| from_hubspot(&field("f", kind), Some(raw)).unwrap();
    assert_eq!(read(NUMBER, "12.50"), number("12.5"));
    assert_eq!(read(NUMBER, "1.2E3"), number("1200"));
    assert_eq!(read(Kind::Boolean, "true"), Value::Boolean(true));
    assert_eq!(read(colours(), "red"), choice("red"));
    assert_eq!(read(several(), "red;green"), choices("green red"));
    assert_eq!(to_hubspot(&field("f", several()), &choices("red green")), "green;red");
    assert_eq!(to_hubspot(&field("f", Kind::Boolean), &Value::Boolean(false)), "false");
    assert_eq!(to_hubspot(&field("f", NUMBER), &number("12.5")), "12.5");
}

#[test]
fn salesforce_writes_moments_with_an_offset_without_a_colon() {
    let time = field("t", Kind::DateTime);
    for raw in ["2026-03-01T09:30:00.000+0000", "2026-03-01T09:30:00Z", "2026-03-01T04:30:00.000-0500"] {
        assert_eq!(from_salesforce(&time, &json!(raw)).unwrap(), moment("2026-03-01T09:30:00Z"), "{raw}");
        assert!(salesforce_time(raw).is_some(), "{raw}");
    }
    assert_eq!(
        to_salesforce(&time, &moment("2026-03-01T09:30:00.25Z")),
        json!("2026-03-01T09:30:00.250+0000")
    );
    let date = field("d", Kind::Date);
    assert_eq!(from_salesforce(&date, &json!("2026-03-01")).unwrap(), day("2026-03-01"));
    assert_eq!(to_salesforce(&date, &day("2026-03-01")), json!("2026-03-01"));
}

#[test]
fn salesforce_writes_json_and_nothing_as_null() {
    let field = |kind: Kind| field("f", kind);
    for (kind, _) in every_kind() {
        let field = field(kind.clone());
        for raw in [json!(null), json!(""), json!("  ")] {
            assert_eq!(from_salesforce(&field, &raw).unwrap(), Value::Blank, "{}", kind.word());
        }
        assert_eq!(to_salesforce(&field, &Value::Blank), json!(null));
    }
    assert_eq!(from_salesforce(&field(NUMBER), &json!(12.5)).unwrap(), number("12.5"));
    assert_eq!(from_salesforce(&field(NUMBER), &json!(12)).unwrap(), number("12.0"));
    assert_eq!(from_salesforce(&field(NUMBER), &json!(1.2e10)).unwrap(), number("12000000000"));
    assert_eq!(from_salesforce(&field(several()), &json!("red;green")).unwrap(), choices("green red"));
    assert_eq!(
        from_salesforce(&field(account()), &json!("001D000000IRFma")).unwrap(),
        Value::Reference("001D000000IRFmaIAH".to_owned())
    );
    assert_eq!(to_salesforce(&field(NUMBER), &number("12.50")), json!(12.5));
    assert_eq!(to_salesforce(&field(NUMBER), &number("12")), json!(12));
    assert_eq!(to_salesforce(&field(Kind::Boolean), &Value::Boolean(true)), json!(true));
    assert_eq!(to_salesforce(&field(several()), &choices("red green")), json!("green;red"));
}

#[test]
fn a_number_that_json_would_bend_goes_to_salesforce_as_a_text() {
    let field = field("f", NUMBER);
    for written in ["1234567890123456.78", "0.1234567890123456789"] {
        assert_eq!(to_salesforce(&field, &number(written)), json!(written));
    }
    assert_eq!(to_salesforce(&field, &number("123456789012.34")), json!(123456789012.34));
}

#[test]
fn an_answer_of_another_type_is_unreadable_and_names_the_field() {
    let cases = [
        (NUMBER, json!("ten")),
        (NUMBER, json!(true)),
        (Kind::Boolean, json!("maybe")),
        (Kind::Date, json!(5)),
        (Kind::Date, json!("2026-03-01 or so")),
        (NUMBER, json!("1_000")),
        (Kind::DateTime, json!("x")),
        (PLAIN, json!({"a": 1})),
        (several(), json!(["red"])),
    ];
    for (kind, raw) in cases {
        let error = from_salesforce(&field("S_Field", kind.clone()), &raw).unwrap_err();
        assert!(error.to_string().contains("S_Field") && error.to_string().contains(kind.word()), "{error}");
    }
    for (kind, raw) in [
        (NUMBER, "ten"),
        (NUMBER, "1_000"),
        (Kind::Boolean, "maybe"),
        (Kind::Date, "x"),
        (Kind::DateTime, "soon"),
    ] {
        let error = from_hubspot(&field("h_field", kind), Some(raw)).unwrap_err();
        assert!(error.to_string().contains("h_field") && error.to_string().contains(raw), "{error}");
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(every_kind().into_iter().map(|(kind, _)| kind).collect::<Vec<_>>())
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|yes| json!(yes)),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        ".{0,30}".prop_map(|text| json!(text)),
        odd_text().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(|items| json!(items)))
}

/// Texts that look like days, moments and numbers, within bounds and far out of them.
fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+]?[0-9]{0,40}([.][0-9]{0,40})?([eE][-+]?[0-9]{0,12})?",
        "[-+]?[0-9]{1,8}-[0-9]{1,3}-[0-9]{1,3}(T[0-9:.]{0,20}([-+Z][0-9:]{0,8})?)?",
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_from_hubspot_makes_reading_or_conversion_panic(
        from in kind(), to in kind(), raw in prop_oneof![any::<String>(), odd_text()]
    ) {
        let pair = any_pair(from, to);
        if let Ok(value) = from_hubspot(&pair.hubspot, Some(&raw)) {
            prop_assert!(of_kind(&value, &pair.hubspot.kind), "{value:?}");
            if let Ok(converted) = convert(&value, Side::HubSpot, &pair, &utc()) {
                prop_assert!(of_kind(&converted, &pair.salesforce.kind), "{converted:?}");
                let _ = to_salesforce(&pair.salesforce, &converted);
            }
        }
    }

    #[test]
    fn no_json_from_salesforce_makes_reading_or_conversion_panic(from in kind(), to in kind(), raw in any_json()) {
        let pair = any_pair(to, from);
        if let Ok(value) = from_salesforce(&pair.salesforce, &raw) {
            prop_assert!(of_kind(&value, &pair.salesforce.kind), "{value:?}");
            if let Ok(converted) = convert(&value, Side::Salesforce, &pair, &utc()) {
                prop_assert!(of_kind(&converted, &pair.hubspot.kind), "{converted:?}");
                let _ = to_hubspot(&pair.hubspot, &converted);
            }
        }
    }

    #[test]
    fn what_was_written_to_a_platform_is_read_back_the_same(
        whole in any::<i32>(), scale in 0_u32..6, second in -2_000_000_000_i64..4_000_000_000, words in "[a-z;]{1,10}"
    ) {
        let number = Value::number(rust_decimal::Decimal::new(whole.into(), scale));
        let time = Value::DateTime(jiff::Timestamp::from_second(second).unwrap());
        let date = Value::Date(jiff::Timestamp::from_second(second).unwrap().to_zoned_datetime(TimeZone::UTC).date());
        let values = [(NUMBER, number), (Kind::DateTime, time), (Kind::Date, date), (PLAIN, text(&words)), (Kind::Boolean, Value::Boolean(whole > 0))];
        for (kind, value) in values {
            let field = field("f", kind);
            prop_assert_eq!(&from_hubspot(&field, Some(&to_hubspot(&field, &value))).unwrap(), &value);
            prop_assert_eq!(&from_salesforce(&field, &to_salesforce(&field, &value)).unwrap(), &value);
        }
    }

    #[test]
    fn a_day_in_milliseconds_is_never_taken_for_another(days in -100_000_i64..2_900_000) {
        let date = jiff::Timestamp::from_second(days * 86_400).unwrap().to_zoned_datetime(TimeZone::UTC).date();
        let read = from_hubspot(&field("f", Kind::Date), Some(&(days * 86_400_000).to_string()));
        prop_assert_eq!(read.unwrap(), Value::Date(date));
    }
}

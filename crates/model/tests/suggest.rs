//! What is suggested to be mapped with what, and which properties would be made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

use model::{
    Access, ChoiceList, ChoiceOption, ChoiceText, Confidence, ConvertContext, Field, FieldMapping, FieldPair,
    Kind, ObjectMapping, References, Side, SuggestedBy, Suggestions, SyncRule, TextFormat, Value, convert,
    equivalent, suggest,
};

fn text() -> Kind {
    Kind::Text { max_length: Some(255), format: TextFormat::Plain }
}

fn number() -> Kind {
    Kind::Number { integer_digits: Some(16), decimals: Some(2) }
}

fn choice(values: &[(&str, &str)]) -> Kind {
    let options = values.iter().map(|(value, label)| ChoiceOption {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        active: true,
    });
    Kind::Choice(ChoiceList { options: options.collect(), restricted: true })
}

fn field(name: &str, label: &str, kind: Kind) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        kind,
        access: Access::ReadWrite,
        required: false,
        unique: false,
    }
}

fn read_only(name: &str, label: &str, kind: Kind) -> Field {
    Field { access: Access::ReadOnly, ..field(name, label, kind) }
}

fn people(hubspot: &[Field], salesforce: &[Field]) -> Suggestions {
    suggest(&ObjectMapping::new("contacts", "Contact", Vec::new()), hubspot, salesforce)
}

/// How a Salesforce field is mapped: with which property, by which rule, found how, how sure.
fn pairing<'a>(
    found: &'a Suggestions,
    salesforce: &str,
) -> Option<(&'a str, SyncRule, SuggestedBy, Confidence)> {
    let known = found.mappings.iter().find(|known| known.mapping.salesforce == salesforce)?;
    Some((known.mapping.hubspot.as_str(), known.mapping.rule, known.by, known.confidence))
}

#[test]
fn known_pairs_come_before_names_and_names_before_labels() {
    let hubspot = [
        field("jobtitle", "Job Title", text()),
        field("title", "Title", text()),
        field("region", "Sales region", text()),
        field("favourite_colour", "Colour", text()),
    ];
    let salesforce = [
        field("Title", "Title", text()),
        field("Region__c", "Region", text()),
        field("Hue__c", "Colour", text()),
    ];
    let found = people(&hubspot, &salesforce);
    let prefer = SyncRule::PreferSalesforce;
    assert_eq!(
        pairing(&found, "Title"),
        Some(("jobtitle", prefer, SuggestedBy::Standard, Confidence::Certain))
    );
    assert_eq!(
        pairing(&found, "Region__c"),
        Some(("region", prefer, SuggestedBy::ApiName, Confidence::High))
    );
    assert_eq!(
        pairing(&found, "Hue__c"),
        Some(("favourite_colour", prefer, SuggestedBy::Label, Confidence::Medium))
    );
    assert!(found.new_properties.is_empty());
}

#[test]
fn a_label_that_two_fields_share_pairs_nothing() {
    let hubspot = [field("a", "Score", number()), field("b", "Score", number())];
    let found = people(&hubspot, &[field("Points__c", "Score", number())]);
    assert_eq!(pairing(&found, "Points__c").unwrap().2, SuggestedBy::NewProperty);
}

#[test]
fn like_labels_of_unlike_kinds_are_not_paired_and_like_names_are_with_less_confidence() {
    let hubspot = [field("visits", "Visits", text()), field("since", "Customer since", text())];
    let found = people(
        &hubspot,
        &[field("Visits__c", "Times seen", number()), field("First_Order__c", "Customer since", Kind::Date)],
    );
    assert_eq!(pairing(&found, "Visits__c").unwrap().3, Confidence::Medium);
    assert_eq!(pairing(&found, "First_Order__c").unwrap().2, SuggestedBy::NewProperty);
}

#[test]
fn a_formula_only_flows_out_and_two_read_only_fields_are_left_alone() {
    let hubspot = [field("score", "Score", number()), read_only("age", "Age", number())];
    let found =
        people(&hubspot, &[read_only("Score__c", "Score", number()), read_only("Age__c", "Age", number())]);
    assert_eq!(pairing(&found, "Score__c").unwrap().1, SyncRule::AlwaysSalesforce);
    // Nothing can be written in either direction: it gets a property of its own instead.
    let (property, rule, by, _) = pairing(&found, "Age__c").unwrap();
    assert_eq!(
        (property, rule, by),
        ("salesforce_age", SyncRule::AlwaysSalesforce, SuggestedBy::NewProperty)
    );
}

#[test]
fn each_field_without_a_property_gets_one_that_says_exactly_what_would_be_made() {
    let salesforce = [
        field("Annual_Spend__c", "Annual spend", number()),
        field("Tier__c", "Tier", choice(&[("A", "Gold"), ("B", "gold"), ("C", "Silver")])),
        field("Notes__c", "Notes", Kind::Text { max_length: Some(32_768), format: TextFormat::Long }),
        field("Vip__c", "VIP", Kind::Boolean),
        field("Seen_At__c", "Seen at", Kind::DateTime),
        field("3rd_Party__c", "Third party", text()),
    ];
    let found = people(&[field("tier", "Tier", Kind::Date)], &salesforce);
    let made: Vec<(&str, &str, &str)> =
        found.new_properties.iter().map(|new| (new.name.as_str(), new.kind, new.field_type)).collect();
    assert_eq!(
        made,
        [
            ("annual_spend", "number", "number"),
            ("salesforce_tier", "enumeration", "select"),
            ("notes", "string", "textarea"),
            ("vip", "enumeration", "booleancheckbox"),
            ("seen_at", "datetime", "date"),
            ("salesforce_3rd_party", "string", "text"),
        ]
    );
    let tier = &found.new_properties[1];
    assert_eq!(tier.label, "Tier (Salesforce)");
    let labels: Vec<&str> = tier.options.iter().map(|option| option.label.as_str()).collect();
    assert_eq!(labels, ["Gold", "gold (B)", "Silver"]);
    assert!(found.new_properties.iter().all(|new| new.group == "salesforce" && new.object == "contacts"));
}

#[test]
fn what_salesforce_keeps_for_itself_and_references_get_no_property() {
    let salesforce = [
        read_only("SystemModstamp", "System Modstamp", Kind::DateTime),
        field("MailingLatitude", "Latitude", number()),
        field("Mentor__c", "Mentor", Kind::Reference { targets: vec!["Contact".to_owned()] }),
    ];
    let found = people(&[], &salesforce);
    assert!(found.new_properties.is_empty());
    assert_eq!(found.left_out.len(), 3);
}

#[test]
fn what_is_mapped_stays_and_is_not_mapped_again() {
    let mapped = vec![FieldMapping::new("region", "Area__c", SyncRule::AlwaysHubSpot)];
    let hubspot = [field("region", "Region", text()), field("area", "Area", text())];
    let salesforce = [field("Area__c", "Area", text()), field("Region__c", "Region", text())];
    let found = suggest(&ObjectMapping::new("contacts", "Contact", mapped), &hubspot, &salesforce);
    assert_eq!(
        pairing(&found, "Area__c").unwrap(),
        ("region", SyncRule::AlwaysHubSpot, SuggestedBy::Current, Confidence::Certain)
    );
    assert_eq!(pairing(&found, "Region__c").unwrap().0, "salesforce_region");
    let applied =
        found.without_new_properties().applied_to(&ObjectMapping::new("contacts", "Contact", Vec::new()));
    assert_eq!(applied.fields.len(), 1);
}

struct Nobody;

impl References for Nobody {
    fn counterpart(&self, _: Side, _: &[String], _: &str) -> Option<String> {
        None
    }
}

#[test]
fn states_and_countries_as_lists_take_a_name_or_a_code_and_give_back_the_name() {
    let hubspot = [field("state", "State/Region", text()), field("country", "Country/Region", text())];
    let states = choice(&[("CA", "California"), ("NY", "New York")]);
    let salesforce = [
        field("MailingState", "Mailing State/Province", text()),
        field("MailingStateCode", "Mailing State/Province Code", states.clone()),
        field("MailingCountry", "Mailing Country", text()),
        field("MailingCountryCode", "Mailing Country Code", choice(&[("US", "United States")])),
    ];
    let mapped = ["State", "Country"]
        .map(|name| FieldMapping::new(name.to_lowercase(), format!("Mailing{name}"), SyncRule::default()));
    let found = suggest(&ObjectMapping::new("contacts", "Contact", mapped.to_vec()), &hubspot, &salesforce);
    assert_eq!(found.mappings.len(), 2, "{found:?}");
    assert!(found.new_properties.is_empty(), "the text beside the list is not mapped by itself");
    let state = found.mappings.iter().find(|known| known.mapping.hubspot == "state").unwrap();
    assert_eq!(
        (state.by, state.mapping.salesforce.as_str()),
        (SuggestedBy::StateAndCountry, "MailingStateCode")
    );

    let pair = FieldPair::new(state.mapping.clone(), hubspot[0].clone(), salesforce[1].clone()).unwrap();
    let context = ConvertContext { time_zone: jiff::tz::TimeZone::UTC, references: &Nobody };
    for said in ["California", "california", "CA"] {
        let there = convert(&Value::text(said), Side::HubSpot, &pair, &context);
        assert_eq!(there, Ok(Value::Choice("CA".into())), "{said}");
    }
    let back = convert(&Value::Choice("NY".into()), Side::Salesforce, &pair, &context).unwrap();
    assert_eq!(back, Value::text("New York"));
    assert!(equivalent(&back, &Value::Choice("NY".into()), &pair, &context));
    assert_eq!(pair.mapping.choice_text, ChoiceText::Label);
    assert!(convert(&Value::text("Ontario"), Side::HubSpot, &pair, &context).is_err());
}

#[test]
fn a_field_takes_its_value_from_one_mapping_only() {
    let both = [
        FieldMapping::new("a", "One__c", SyncRule::TwoWay),
        FieldMapping::new("a", "Two__c", SyncRule::AlwaysHubSpot),
        FieldMapping::new("b", "Two__c", SyncRule::AlwaysHubSpot),
        FieldMapping::new("a", "Three__c", SyncRule::AlwaysSalesforce),
    ];
    let refused = model::written_twice(&both);
    assert_eq!(refused.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2, 3]);
    let said = refused[0].1.to_string();
    assert!(said.contains("'Two__c' of Salesforce is written by the mapping with 'a' already"), "{said}");
}

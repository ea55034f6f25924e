use engine::Settings;
use model::Side;
use serde_json::json;
use store::Outcome;

use crate::place::play;

/// What the original maps of contacts and leads, and of deals, by the Salesforce fields.
const CONTACTS: [&str; 29] = [
    "AccountId",
    "AnnualRevenue",
    "City",
    "Company",
    "Country",
    "Description",
    "Email",
    "Fax",
    "FirstName",
    "HasOptedOutOfEmail",
    "Industry",
    "LastName",
    "LeadSource",
    "MailingCity",
    "MailingCountry",
    "MailingPostalCode",
    "MailingState",
    "MailingStreet",
    "NumberOfEmployees",
    "OwnerId",
    "Phone",
    "PostalCode",
    "Rating",
    "Salutation",
    "State",
    "Status",
    "Street",
    "Title",
    "Website",
];
const DEALS: [&str; 8] =
    ["Amount", "CloseDate", "Description", "Name", "OwnerId", "Probability", "StageName", "Type"];

fn mapped<'a>(settings: &'a Settings, objects: &[&str]) -> Vec<&'a str> {
    let objects = settings.objects.iter().filter(|known| objects.contains(&known.salesforce_object.as_str()));
    objects.flat_map(|known| known.fields.iter().map(|field| field.salesforce.as_str())).collect()
}

#[test]
fn recommended_settings_map_what_the_original_maps_and_make_the_properties_that_are_missing() {
    play(Settings::recommended(), async |place| {
        let metadata = json!({"label": "Shoe size", "type": "Picklist", "valueSet": {"valueSetDefinition": {"value": [
            {"fullName": "small", "label": "Small"}, {"fullName": "large", "label": "Large"}]}}});
        place.world.salesforce.ensure_custom_field("Contact", "Shoe_Size__c", &metadata).unwrap();
        let s = place.salesforce(
            "Contact",
            &[
                ("LastName", "Lovelace"),
                ("Email", "ada@step.example"),
                ("LeadSource", "Web"),
                ("Shoe_Size__c", "large"),
            ],
        );
        place.pass().await;
        let h = place.across(Side::Salesforce, &s);

        let connection = place.open();
        let found = connection.recommended().await.unwrap();
        let people = mapped(&found.settings, &["Contact", "Lead"]);
        for field in CONTACTS {
            assert!(people.contains(&field), "{field} is not mapped");
        }
        let deals = mapped(&found.settings, &["Opportunity"]);
        for field in DEALS {
            assert!(deals.contains(&field), "{field} is not mapped");
        }
        let new =
            |name: &str| found.new_properties.iter().find(|new| new.object == "contacts" && new.name == name);
        let size = new("shoe_size").unwrap();
        let options: Vec<(&str, &str)> =
            size.options.iter().map(|option| (option.value.as_str(), option.label.as_str())).collect();
        assert_eq!((size.label.as_str(), size.kind, size.field_type), ("Shoe size", "enumeration", "select"));
        assert_eq!(options, [("small", "Small"), ("large", "Large")]);
        assert!(found.new_properties.iter().all(|new| new.group == "salesforce"));
        // One property serves the Lead and the Contact.
        let sources = found
            .new_properties
            .iter()
            .filter(|new| new.object == "contacts" && new.description.contains("LeadSource"));
        assert_eq!(sources.count(), 1);

        // The plan is said first, and nothing is made for it.
        let plan = connection.plan_change(found.settings.clone(), &found.new_properties).await.unwrap();
        let planned: Vec<_> =
            plan.records.iter().filter(|record| record.record.as_deref() == Some(&*h)).collect();
        let fields: Vec<_> = planned.iter().flat_map(|record| &record.fields).collect();
        let said = |name: &str| fields.iter().find(|field| field.field.as_deref() == Some(name));
        assert_eq!(said("shoe_size").unwrap().after.as_deref(), Some("large"), "{fields:?}");
        let properties = place.hubspot_call("GET", "/crm/v3/properties/contacts", json!({})).await;
        assert!(!properties.to_string().contains("shoe_size"), "a plan makes nothing");

        let made = connection.keep_settings(&found.settings, &found.new_properties, "Grace").await.unwrap();
        assert_eq!(made.len(), found.new_properties.len());
        assert!(made.contains(&"contacts.shoe_size".to_owned()));
        let property = place.hubspot_call("GET", "/crm/v3/properties/contacts/shoe_size", json!({})).await;
        assert_eq!(property["groupName"], "salesforce");
        let history = connection.settings_history(10).unwrap();
        assert_eq!((history.len(), history[0].who.as_str()), (1, "Grace"));
        assert!(history[0].before.is_some() && history[0].before != history[0].after);

        place.take_up_settings();
        place.pass().await;
        assert_eq!(place.in_hubspot("contacts", &h, "shoe_size"), "large");
        let source = found.new_properties.iter().find(|new| new.description.contains("LeadSource")).unwrap();
        assert_eq!(place.in_hubspot("contacts", &h, &source.name), "Web");
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote, "and then it rests: {:?}", place.happened(Outcome::Written).len());

        // Asked again, nothing is missing any more.
        let again = place.open().recommended().await.unwrap();
        assert_eq!(again.new_properties, []);
        let twice =
            place.open().keep_settings(&found.settings, &found.new_properties, "Grace").await.unwrap();
        assert_eq!(twice, Vec::<String>::new(), "what is there is not made again");
    });
}

#[test]
fn the_probability_of_an_opportunity_comes_to_its_deal() {
    play(Settings::recommended(), async |place| {
        let account = place.salesforce("Account", &[("Name", "Sun")]);
        let values = [
            ("Name", "Panels"),
            ("AccountId", account.as_str()),
            ("StageName", "Prospecting"),
            ("CloseDate", "2026-06-01"),
            ("Probability", "35"),
        ];
        let s = place.salesforce("Opportunity", &values);
        let connection = place.open();
        let found = connection.recommended().await.unwrap();
        connection.keep_settings(&found.settings, &found.new_properties, "Grace").await.unwrap();
        let settings = place.take_up_settings();
        place.pass().await;
        let h = place.across(Side::Salesforce, &s);
        let deals = settings.objects.iter().find(|known| known.hubspot_object == "deals").unwrap();
        let field = deals.fields.iter().find(|field| field.salesforce == "Probability").unwrap();
        assert_eq!(place.in_hubspot("deals", &h, &field.hubspot), "35", "{}", field.hubspot);
    });
}

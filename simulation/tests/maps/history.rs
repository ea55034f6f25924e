use std::time::Duration;

use model::{FieldMapping, ObjectMapping, Side, SyncRule};
use serde_json::json;

use crate::place::{play, settings};

/// Contacts with a field that Salesforce tracks, and one that it does not, both Two-way.
fn tracked() -> engine::Settings {
    let fields =
        [("email", "Email"), ("lastname", "LastName"), ("jobtitle", "Title"), ("city", "Nickname__c")];
    let rule = SyncRule::TwoWay;
    let fields = fields.map(|(h, s)| FieldMapping::new(h, s, rule)).to_vec();
    engine::Settings { objects: vec![ObjectMapping::new("contacts", "Contact", fields)], ..settings() }
}

#[test]
fn the_later_edit_of_the_field_wins_where_its_history_is_kept_and_that_of_the_record_elsewhere() {
    play(tracked(), async |place| {
        let metadata = json!({"label": "Nickname", "type": "Text", "length": 40, "trackHistory": true});
        place.world.salesforce.ensure_custom_field("Contact", "Nickname__c", &metadata).unwrap();
        let values =
            [("Email", "ada@step.example"), ("LastName", "Lovelace"), ("Title", "A"), ("Nickname__c", "A")];
        let s = place.salesforce("Contact", &values);
        place.pass().await;
        let h = place.across(Side::Salesforce, &s);
        assert_eq!(
            place.salesforce_calls("ContactHistory"),
            0,
            "the history is asked only where both have changed"
        );

        // First both fields in Salesforce, then both in HubSpot, then something else of the record in Salesforce.
        place.edit_salesforce("Contact", &s, "Nickname__c", "Salesforce");
        place.edit_salesforce("Contact", &s, "Title", "Salesforce");
        tokio::time::sleep(Duration::from_secs(30)).await;
        place.edit_hubspot("contacts", &h, "city", "HubSpot");
        place.edit_hubspot("contacts", &h, "jobtitle", "HubSpot");
        tokio::time::sleep(Duration::from_secs(30)).await;
        place.edit_salesforce("Contact", &s, "Department", "Engines");
        place.pass().await;
        assert_eq!(
            place.in_salesforce("Contact", &s, "Nickname__c"),
            "HubSpot",
            "the field was edited later in HubSpot"
        );
        assert_eq!(place.in_hubspot("contacts", &h, "city"), "HubSpot");
        assert_eq!(
            place.in_salesforce("Contact", &s, "Title"),
            "Salesforce",
            "the record's time stands for the field"
        );
        assert_eq!(place.in_hubspot("contacts", &h, "jobtitle"), "Salesforce");
        assert_eq!(place.salesforce_calls("ContactHistory"), 1);

        // The other way round: the field was edited later in Salesforce.
        place.edit_hubspot("contacts", &h, "city", "Early");
        tokio::time::sleep(Duration::from_secs(30)).await;
        place.edit_salesforce("Contact", &s, "Nickname__c", "Late");
        place.pass().await;
        assert_eq!(place.in_hubspot("contacts", &h, "city"), "Late");
    });
}

#[test]
fn an_object_without_a_history_goes_by_the_time_of_its_record() {
    let rule = SyncRule::TwoWay;
    let fields =
        vec![FieldMapping::new("name", "Name", rule), FieldMapping::new("city", "BillingCity", rule)];
    let wanted =
        engine::Settings { objects: vec![ObjectMapping::new("companies", "Account", fields)], ..settings() };
    play(wanted, async |place| {
        let s = place.salesforce("Account", &[("Name", "Sun"), ("BillingCity", "A")]);
        place.pass().await;
        let h = place.across(Side::Salesforce, &s);
        place.edit_salesforce("Account", &s, "BillingCity", "Salesforce");
        tokio::time::sleep(Duration::from_secs(30)).await;
        place.edit_hubspot("companies", &h, "city", "HubSpot");
        place.pass().await;
        assert_eq!(place.in_salesforce("Account", &s, "BillingCity"), "HubSpot");
        assert!(place.codes().is_empty());
    });
}

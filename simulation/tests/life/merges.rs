use model::Side;
use salesforce_sim::LeadConversion;
use serde_json::json;
use store::{LinkState, Outcome, Resting};

use crate::place::{Place, fields, play, settings};

fn contact(place: &Place, email: &str, title: &str) -> String {
    place.hubspot("contacts", &[("email", email), ("lastname", "Lovelace"), ("jobtitle", title)])
}

#[test]
fn merged_in_salesforce_the_link_moves_and_no_edit_is_lost() {
    play(settings(), async |place| {
        let h = contact(&place, "ada@engine.example", "Analyst");
        place.pass().await;
        let loser = place.across(Side::HubSpot, &h);
        // No key and nothing in HubSpot: it was made there before it could be merged.
        let survivor = place.salesforce("Contact", &[("LastName", "King"), ("FirstName", "Augusta")]);
        place
            .world
            .salesforce
            .merge_records("Contact", &survivor, std::slice::from_ref(&loser), &fields(&[("Title", "")]))
            .unwrap();
        place.edit_hubspot("contacts", &h, "jobtitle", "Countess");
        place.pass().await;
        assert_eq!(place.across(Side::HubSpot, &h), survivor);
        assert_eq!(place.happened(Outcome::Moved), ["merged"]);
        assert_eq!(place.in_hubspot("contacts", &h, "firstname"), "Augusta");
        assert_eq!(place.in_hubspot("contacts", &h, "lastname"), "King");
        assert_eq!(place.in_salesforce("Contact", &survivor, "Title"), "Countess");
        assert_eq!(place.in_salesforce("Contact", &survivor, "Email"), "ada@engine.example");
        assert_eq!(place.world.hubspot.records("contacts").len(), 1, "no twin");
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote);
    });
}

#[test]
fn merged_in_salesforce_with_both_linked_one_is_parted_until_hubspot_is_merged_too() {
    play(settings(), async |place| {
        let one = contact(&place, "ada@engine.example", "Analyst");
        let other = contact(&place, "augusta@engine.example", "Countess");
        place.pass().await;
        let (survivor, loser) = (place.across(Side::HubSpot, &one), place.across(Side::HubSpot, &other));
        place.world.salesforce.merge_records("Contact", &survivor, &[loser], &fields(&[])).unwrap();
        place.pass().await;
        assert_eq!(place.link_of(Side::HubSpot, &other).state, LinkState::Resting(Resting::Apart));
        assert_eq!(place.across(Side::HubSpot, &one), survivor);
        assert_eq!(place.codes(), ["MERGED_APART"]);
        place.edit_hubspot("contacts", &other, "jobtitle", "Nobody");
        place.pass().await;
        assert_eq!(place.in_salesforce("Contact", &survivor, "Title"), "Analyst");
        let merge = json!({"primaryObjectId": one, "objectIdToMerge": other});
        let merged = place.hubspot_call("POST", "/crm/v3/objects/contacts/merge", merge).await;
        place.pass().await;
        let merged = merged["id"].as_str().unwrap();
        assert_eq!(place.across(Side::HubSpot, merged), survivor);
        assert_eq!(place.world.salesforce.records("Contact").len(), 1, "no twin");
        place.edit_hubspot("contacts", merged, "jobtitle", "Programmer");
        place.pass().await;
        assert_eq!(place.in_salesforce("Contact", &survivor, "Title"), "Programmer");
    });
}

#[test]
fn merged_in_hubspot_the_link_moves_to_the_new_id_and_the_other_is_parted() {
    play(settings(), async |place| {
        let one = contact(&place, "ada@engine.example", "Analyst");
        let other = contact(&place, "augusta@engine.example", "Countess");
        place.pass().await;
        let (kept, parted) = (place.across(Side::HubSpot, &one), place.across(Side::HubSpot, &other));
        let merge = json!({"primaryObjectId": one, "objectIdToMerge": other});
        let merged = place.hubspot_call("POST", "/crm/v3/objects/contacts/merge", merge).await;
        let merged = merged["id"].as_str().unwrap().to_owned();
        place.edit_salesforce("Contact", &kept, "Title", "Programmer");
        place.pass().await;
        assert_eq!(place.across(Side::HubSpot, &merged), kept);
        assert_eq!(place.in_hubspot("contacts", &merged, "jobtitle"), "Programmer");
        assert_eq!(place.link_of(Side::Salesforce, &parted).state, LinkState::Resting(Resting::Apart));
        assert_eq!(place.codes(), ["MERGED_APART"]);
        assert_eq!(place.world.salesforce.records("Contact").len(), 2);
        place.world.salesforce.merge_records("Contact", &kept, &[parted], &fields(&[])).unwrap();
        place.pass().await;
        assert!(place.codes().is_empty(), "merging there too settles it");
    });
}

#[test]
fn a_converted_lead_becomes_a_contact_without_losing_a_value_or_making_a_twin() {
    for email in ["ada@engine.example", ""] {
        play(settings(), async |place| {
            let lead = [
                ("LastName", "Lovelace"),
                ("Company", "Engines"),
                ("Title", "Analyst"),
                ("FirstName", "Ada"),
                ("Email", email),
            ];
            let lead = place.salesforce("Lead", &lead);
            place.pass().await;
            let h = place.across(Side::Salesforce, &lead);
            // Typed on both sides just before, and gone with the lead but for Tandem.
            place.edit_hubspot("contacts", &h, "jobtitle", "Countess");
            place.edit_salesforce("Lead", &lead, "FirstName", "Augusta");
            place.edit_salesforce("Lead", &lead, "Company", "Analytical Engines");
            let converted = place
                .world
                .salesforce
                .convert_lead(&LeadConversion {
                    lead_id: lead.clone(),
                    converted_status: "Closed - Converted".into(),
                    opportunity_name: Some("Engine".into()),
                    ..LeadConversion::default()
                })
                .unwrap();
            place.pass().await;
            place.pass().await;
            assert_eq!(place.across(Side::HubSpot, &h), converted.contact_id);
            assert_eq!(place.in_salesforce("Contact", &converted.contact_id, "Title"), "Countess");
            assert_eq!(place.in_hubspot("contacts", &h, "firstname"), "Augusta");
            assert_eq!(place.in_hubspot("contacts", &h, "company"), "Analytical Engines");
            assert_eq!(place.world.hubspot.records("contacts").len(), 1, "no twin");
            assert_eq!(place.world.hubspot.records("companies").len(), 1);
            assert_eq!(place.world.hubspot.records("deals").len(), 1);
            assert_eq!(place.happened(Outcome::Moved), ["converted"]);
            assert!(place.codes().is_empty(), "{:?}", place.errors());
            let wrote = place.writes();
            place.pass().await;
            assert_eq!(place.writes(), wrote);
        });
    }
}

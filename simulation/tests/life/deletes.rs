use model::{OnDelete, Side};
use serde_json::json;
use simulation::world::connection_id;
use store::{HistoryFilter, LinkState, Outcome, Resting};

use crate::place::{Place, of, play, settings};

async fn one_pair(place: &Place) -> (String, String) {
    let h = place.hubspot(
        "contacts",
        &[("email", "ada@engine.example"), ("lastname", "Adams"), ("jobtitle", "Analyst")],
    );
    place.pass().await;
    let s = place.across(Side::HubSpot, &h);
    (h, s)
}

#[test]
fn a_contact_deleted_in_hubspot_is_kept_in_salesforce_not_made_again_and_goes_on_when_restored() {
    play(settings(), async |place| {
        let (h, s) = one_pair(&place).await;
        place.world.hubspot.archive_record("contacts", &h).unwrap();
        place.pass().await;
        assert_eq!(place.link_of(Side::HubSpot, &h).state, LinkState::Resting(Resting::DeletedInHubSpot));
        assert_eq!(place.in_salesforce("Contact", &s, "Title"), "Analyst");
        place.edit_salesforce("Contact", &s, "Title", "Countess");
        place.pass().await;
        assert!(place.world.hubspot.records("contacts").is_empty(), "it is not made again");
        place.world.hubspot.restore_record("contacts", &h).unwrap();
        place.pass().await;
        assert_eq!(place.in_hubspot("contacts", &h, "jobtitle"), "Countess");
        assert!(place.link_of(Side::HubSpot, &h).is_active());
        assert_eq!(place.happened(Outcome::Resumed), ["restored"]);
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote);
    });
}

#[test]
fn a_contact_deleted_in_salesforce_is_kept_in_hubspot_and_goes_on_when_restored() {
    play(settings(), async |place| {
        let (h, s) = one_pair(&place).await;
        place.world.salesforce.delete_record("Contact", &s).unwrap();
        place.pass().await;
        place.edit_hubspot("contacts", &h, "jobtitle", "Countess");
        place.pass().await;
        assert!(place.world.salesforce.records("Contact").is_empty(), "it is not made again");
        place.world.salesforce.undelete_record(&s).unwrap();
        place.pass().await;
        assert_eq!(place.in_salesforce("Contact", &s, "Title"), "Countess");
    });
}

#[test]
fn a_deal_follows_its_opportunity_and_a_contact_where_the_mapping_says_so() {
    let mut wanted = settings();
    of(&mut wanted, "contacts", "Contact").on_delete.hubspot = Some(OnDelete::Delete);
    play(wanted, async |place| {
        let (h, s) = one_pair(&place).await;
        let deal = [("Name", "Engine"), ("StageName", "Prospecting"), ("CloseDate", "2026-05-01")];
        let opportunity = place.salesforce("Opportunity", &deal);
        place.pass().await;
        let deal = place.across(Side::Salesforce, &opportunity);
        place.world.salesforce.delete_record("Opportunity", &opportunity).unwrap();
        place.world.hubspot.archive_record("contacts", &h).unwrap();
        place.pass().await;
        assert!(place.world.hubspot.record("deals", &deal).unwrap().archived);
        assert!(place.world.salesforce.record("Contact", &s).is_none_or(|record| record.deleted));
        // The opportunity comes back; the deal only a person can take out of HubSpot's recycle bin.
        place.world.salesforce.undelete_record(&opportunity).unwrap();
        place.pass().await;
        assert_eq!(place.codes(), ["COUNTERPART_DELETED"]);
        place.world.hubspot.restore_record("deals", &deal).unwrap();
        place.pass().await;
        assert!(place.codes().is_empty());
        assert!(place.link_of(Side::Salesforce, &opportunity).is_active());
    });
}

#[test]
fn a_contact_deleted_for_good_leaves_no_value_here() {
    play(settings(), async |place| {
        let (h, s) = one_pair(&place).await;
        place.edit_salesforce("Contact", &s, "Title", "Countess");
        place.pass().await;
        place.hubspot_call("POST", "/crm/v3/objects/contacts/gdpr-delete", json!({"objectId": h})).await;
        // HubSpot names no such record any more, so only a look at the pair finds out.
        place.edit_salesforce("Contact", &s, "FirstName", "Ada");
        place.pass().await;
        let link = place.link_of(Side::HubSpot, &h);
        assert!(link.shadows.hubspot.is_empty() && link.shadows.salesforce.is_empty());
        let history =
            place.world.store().unwrap().history(&connection_id(), &HistoryFilter::default()).unwrap();
        assert!(history.iter().all(|row| row.entry.before.is_none() && row.entry.after.is_none()));
        assert_eq!(place.happened(Outcome::Erased), ["deleted_for_good"]);
        assert_eq!(place.codes(), ["ERASED_IN_HUBSPOT"]);
        assert_eq!(place.in_salesforce("Contact", &s, "Title"), "Countess", "Salesforce keeps its record");
        place.pass().await;
        assert!(place.world.hubspot.records("contacts").is_empty(), "and it is not made again");
    });
}

#[test]
fn what_salesforce_only_hides_is_not_taken_for_deleted() {
    let mut wanted = settings();
    of(&mut wanted, "contacts", "Contact").on_delete.salesforce = Some(OnDelete::Delete);
    play(wanted, async |place| {
        let (h, s) = one_pair(&place).await;
        let hidden = json!({"hidden_records": [{"object": "Contact", "ids": [s]}]});
        place.world.salesforce.set_rules(&hidden).unwrap();
        place.edit_hubspot("contacts", &h, "jobtitle", "Countess");
        place.pass().await;
        assert!(!place.world.hubspot.record("contacts", &h).unwrap().archived);
        assert_eq!(place.codes(), ["NOT_VISIBLE"]);
        assert!(place.link_of(Side::HubSpot, &h).is_active());
        place.world.salesforce.set_rules(&json!({"hidden_records": []})).unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        place.pass().await;
        assert!(place.codes().is_empty());
        assert_eq!(place.in_salesforce("Contact", &s, "Title"), "Countess");
    });
}

use model::{OnDelete, Side};
use store::{LinkState, Outcome, Resting};

use crate::place::{of, play, settings};

#[test]
fn only_members_of_the_segment_are_in_step_and_one_that_comes_back_goes_on() {
    play(settings(), async |place| {
        let inside = place.hubspot("contacts", &[("email", "in@step.example"), ("lastname", "In")]);
        let outside = place.hubspot("contacts", &[("email", "out@step.example"), ("lastname", "Out")]);
        let list = place.segment("contacts", &[&inside]).await;
        let mut wanted = settings();
        for salesforce in ["Contact", "Lead"] {
            of(&mut wanted, "contacts", salesforce).segment = Some(list.clone());
        }
        of(&mut wanted, "contacts", "Contact").on_delete.salesforce = Some(OnDelete::Delete);
        place.world.set_settings(wanted);
        place.pass().await;
        assert_eq!(place.world.salesforce.records("Contact").len(), 1, "who is outside never appears");
        let s = place.across(Side::HubSpot, &inside);
        // Joining alone, with no edit, brings a record over; leaving alone stops it.
        place.join(&list, &[&outside]).await;
        place.quit(&list, &[&inside]).await;
        place.pass().await;
        assert_eq!(place.world.salesforce.records("Contact").len(), 2);
        assert_eq!(place.link_of(Side::HubSpot, &inside).state, LinkState::Resting(Resting::Outside));
        assert_eq!(place.happened(Outcome::Unlinked), ["outside"]);
        place.edit_hubspot("contacts", &inside, "jobtitle", "Analyst");
        place.edit_salesforce("Contact", &s, "FirstName", "Ada");
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote, "nothing flows either way");
        place.join(&list, &[&inside]).await;
        place.pass().await;
        assert_eq!(place.in_salesforce("Contact", &s, "Title"), "Analyst");
        assert_eq!(place.in_hubspot("contacts", &inside, "firstname"), "Ada");
        assert_eq!(place.happened(Outcome::Resumed), ["inside_again"]);
        // A deletion while outside does nothing.
        place.quit(&list, &[&inside]).await;
        place.pass().await;
        place.world.salesforce.delete_record("Contact", &s).unwrap();
        place.pass().await;
        assert!(!place.world.hubspot.record("contacts", &inside).unwrap().archived);
    });
}

#[test]
fn a_salesforce_filter_keeps_records_out_and_notices_who_stops_meeting_it() {
    let mut wanted = settings();
    of(&mut wanted, "companies", "Account").salesforce_filter = Some("Industry = 'Energy'".into());
    play(wanted, async |place| {
        let energy = place.salesforce("Account", &[("Name", "Sun"), ("Industry", "Energy")]);
        let other = place.salesforce("Account", &[("Name", "Moon"), ("Industry", "Media")]);
        place.pass().await;
        assert_eq!(place.world.hubspot.records("companies").len(), 1);
        let h = place.across(Side::Salesforce, &energy);
        // The filter looks at a field that is not mapped.
        place.edit_salesforce("Account", &energy, "Industry", "Media");
        place.edit_salesforce("Account", &other, "Industry", "Energy");
        place.pass().await;
        assert_eq!(place.link_of(Side::Salesforce, &energy).state, LinkState::Resting(Resting::Outside));
        assert_eq!(place.world.hubspot.records("companies").len(), 2);
        place.edit_salesforce("Account", &energy, "Name", "Star");
        place.edit_hubspot("companies", &h, "domain", "sun.example");
        place.pass().await;
        assert_eq!(place.in_hubspot("companies", &h, "name"), "Sun");
        assert_eq!(place.in_salesforce("Account", &energy, "Website"), "");
        place.edit_salesforce("Account", &energy, "Industry", "Energy");
        place.pass().await;
        assert_eq!(place.in_hubspot("companies", &h, "name"), "Star");
        assert!(place.in_salesforce("Account", &energy, "Website").contains("sun.example"));
    });
}

#[test]
fn a_filter_that_nobody_understands_is_refused_before_anything_is_written() {
    let mut wanted = settings();
    of(&mut wanted, "companies", "Account").salesforce_filter = Some("Colour of the sky = blue".into());
    play(wanted, async |place| {
        place.hubspot("contacts", &[("email", "in@step.example"), ("lastname", "In")]);
        let refused = place.world.pass().await.unwrap_err().to_string();
        assert!(refused.contains("Colour of the sky"), "{refused}");
        assert!(place.links().is_empty());
    });
}

#[test]
fn creation_can_be_switched_off_in_each_direction() {
    let mut wanted = settings();
    of(&mut wanted, "contacts", "Contact").create_in_hubspot = false;
    of(&mut wanted, "contacts", "Lead").create_in_hubspot = false;
    of(&mut wanted, "companies", "Account").create_in_salesforce = false;
    play(wanted, async |place| {
        place.salesforce("Contact", &[("Email", "in@step.example"), ("LastName", "In")]);
        place.hubspot("companies", &[("name", "Sun"), ("domain", "sun.example")]);
        place.hubspot("contacts", &[("email", "both@step.example"), ("lastname", "Both")]);
        place.salesforce("Account", &[("Name", "Moon")]);
        place.pass().await;
        assert_eq!(place.world.hubspot.records("contacts").len(), 1);
        assert_eq!(place.world.salesforce.records("Contact").len(), 2);
        assert_eq!(place.world.salesforce.records("Account").len(), 1);
        assert_eq!(place.world.hubspot.records("companies").len(), 2);
    });
}

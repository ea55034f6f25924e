//! Merging records, and deleting people for good.
mod common;

use common::World;
use serde_json::{Value, json};

#[tokio::test]
async fn merged_contacts_become_a_new_one_and_both_old_ids_lead_to_it() {
    let world = World::new();
    let (one, two) = (world.contact("one@b.example").await, world.contact("two@b.example").await);
    let company = world.company("Acme").await;
    world.sim.edit_record("contacts", &two, [("phone", "123"), ("firstname", "Zoe")]).expect("an edit");
    world.sim.edit_record("contacts", &one, [("firstname", "Ada")]).expect("an edit");
    world.sim.associate(("contacts", &two), ("companies", &company), true).expect("an association");
    let merged = world
        .post("/crm/v3/objects/contacts/merge", json!({ "primaryObjectId": one, "objectIdToMerge": two }))
        .await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    let id = merged.body["id"].as_str().expect("an id").to_owned();
    assert!(id != one && id != two);
    let properties = &merged.body["properties"];
    assert_eq!((&properties["firstname"], &properties["phone"]), (&json!("Ada"), &json!("123")));
    assert_eq!(properties["email"], "one@b.example");
    assert_eq!(properties["hs_additional_emails"], "two@b.example");
    assert_eq!(properties["hs_merged_object_ids"], format!("{one};{two}"));
    assert!(
        properties["hs_calculated_merged_vids"]
            .as_str()
            .is_some_and(|vids| vids.contains(&format!("{one}:")))
    );
    assert_eq!(properties["associatedcompanyid"], company);
    for old in [&one, &two] {
        let read = world.get(&format!("/crm/v3/objects/contacts/{old}")).await;
        assert_eq!((read.status, &read.body["id"]), (200, &json!(id)));
    }
    let by_email = world.get("/crm/v3/objects/contacts/two@b.example?idProperty=email").await;
    assert_eq!(by_email.body["id"], id);
    let list = world.get("/crm/v3/objects/contacts").await;
    assert_eq!(list.body["results"].as_array().map(Vec::len), Some(1));
    let patched = world
        .call("PATCH", &format!("/crm/v3/objects/contacts/{one}"), json!({ "properties": { "city": "Ulm" } }))
        .await;
    assert_eq!(patched.body["id"], id);
    let batch = world
        .post(
            "/crm/v3/objects/contacts/batch/update",
            json!({ "inputs": [{ "id": two, "properties": { "city": "Bonn" } }] }),
        )
        .await;
    assert_eq!(
        (batch.status, batch.body["results"].as_array().map(Vec::len)),
        (207, Some(0)),
        "{}",
        batch.text
    );
}

#[tokio::test]
async fn merged_deals_keep_the_first_ones_id() {
    let world = World::new();
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        let made = world
            .post(
                "/crm/v3/objects/deals",
                json!({ "properties": { "dealname": name, "dealstage": "closedwon" } }),
            )
            .await;
        ids.push(made.body["id"].as_str().expect("an id").to_owned());
    }
    let body = json!({ "primaryObjectId": ids[0], "objectIdToMerge": ids[1] });
    let merged = world.post("/crm/objects/2026-09/deals/merge", body).await;
    assert_eq!(merged.body["id"], ids[0], "{}", merged.text);
    assert_eq!(merged.body["properties"]["hs_merged_object_ids"], ids[1]);
    assert_eq!(world.get(&format!("/crm/v3/objects/deals/{}", ids[1])).await.body["id"], ids[0]);
    let note = world
        .post("/crm/v3/objects/notes/merge", json!({ "primaryObjectId": "1", "objectIdToMerge": "2" }))
        .await;
    assert_eq!(note.status, 400);
}

#[tokio::test]
async fn contact_deleted_for_good_is_nowhere() {
    let world = World::new();
    let id = world.contact("a@b.example").await;
    let company = world.company("Acme").await;
    world.sim.associate(("contacts", &id), ("companies", &company), true).expect("an association");
    let gone = world
        .post(
            "/crm/v3/objects/contacts/gdpr-delete",
            json!({ "objectId": "a@b.example", "idProperty": "email" }),
        )
        .await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    let path = format!("/crm/v3/objects/contacts/{id}");
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get(&format!("{path}?archived=true")).await.status, 404);
    let links = world.get(&format!("/crm/v4/objects/companies/{company}/associations/contacts")).await;
    assert_eq!(links.body["results"], json!([]));
    let unknown = world.post("/crm/v3/objects/contacts/gdpr-delete", json!({ "objectId": "77" })).await;
    assert_eq!(unknown.status, 404);
    world.sim.reset();
    assert_eq!(world.get("/crm/v3/objects/contacts").await.body["results"], Value::Array(Vec::new()));
}

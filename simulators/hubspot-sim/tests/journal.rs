//! The webhooks journal, read by offsets.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::World;
use serde_json::{Value, json};

const JOURNAL: &str = "/webhooks-journal/journal/2026-03";

async fn file(world: &World, entry: &Value) -> Vec<Value> {
    let url = entry["url"].as_str().expect("a link").replacen("http://localhost", "", 1);
    let file = world.call_as("", "GET", &url, "", String::new()).await;
    assert_eq!(file.status, 200, "{}", file.text);
    assert_eq!(file.body["offset"], entry["currentOffset"]);
    file.body["journalEvents"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn changes_and_memberships_are_read_in_order() {
    let world = World::new();
    assert_eq!(world.get(&format!("{JOURNAL}/earliest")).await.status, 204);
    let portal = world.sim.access().account_id;
    for wish in [
        json!({ "subscriptionType": "OBJECT", "objectTypeId": "0-1", "portalId": portal,
            "actions": ["CREATE", "UPDATE", "DELETE"], "properties": ["firstname", "email"], "objectIds": [] }),
        json!({ "subscriptionType": "LIST_MEMBERSHIP", "portalId": portal, "listIds": [], "objectIds": [],
            "actions": ["ADDED_TO_LIST", "REMOVED_FROM_LIST"] }),
    ] {
        let made = world.post("/webhooks-journal/subscriptions/2026-03", wish).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
    let list = world
        .post(
            "/crm/v3/lists",
            json!({ "name": "Idas", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": {
                "filterBranchType": "OR", "filters": [], "filterBranches": [{ "filterBranchType": "AND",
                "filterBranches": [], "filters": [{ "filterType": "PROPERTY", "property": "firstname",
                "operation": { "operationType": "MULTISTRING", "operator": "IS_EQUAL_TO", "values": ["Ida"] } }] }] } }),
        )
        .await;
    assert_eq!(list.status, 200, "{}", list.text);
    let contact = world.contact("a@b.example").await;
    let first = world.get(&format!("{JOURNAL}/earliest")).await;
    assert_eq!(first.status, 200);
    let told = file(&world, &first.body).await;
    assert_eq!(told.iter().map(|one| &one["action"]).collect::<Vec<_>>(), ["CREATE", "UPDATE"]);
    assert_eq!(told[1]["propertyChanges"], json!({ "email": "a@b.example" }));
    let offset = first.body["currentOffset"].as_str().expect("an offset").to_owned();
    assert_eq!(world.get(&format!("{JOURNAL}/offset/{offset}/next")).await.status, 204);

    world.pass(5000);
    world
        .sim
        .edit_record("contacts", &contact, [("firstname", "Ida"), ("email", "ida@b.example")])
        .expect("edited");
    let next = world.get(&format!("{JOURNAL}/offset/{offset}/next")).await;
    let told = file(&world, &next.body).await;
    assert_eq!(told[0]["propertyChanges"], json!({ "email": "ida@b.example", "firstname": "Ida" }));
    assert_eq!((&told[1]["action"], &told[1]["type"]), (&json!("ADDED_TO_LIST"), &json!("LIST_MEMBERSHIP")));
    assert_eq!(told[1]["listId"].to_string(), list.body["list"]["listId"].as_str().unwrap_or_default());
    let all = world.get(&format!("{JOURNAL}/batch/earliest/10")).await;
    assert_eq!(all.body["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.get(&format!("{JOURNAL}/offset/{}/next", "x")).await.status, 404);
    world.pass(4 * 86_400_000);
    assert_eq!(world.get(&format!("{JOURNAL}/earliest")).await.status, 204);
    assert_eq!(world.get(&format!("{JOURNAL}/offset/{offset}/next")).await.status, 404);
}

#[tokio::test]
async fn filters_hold_back_and_snapshots_are_written_down() {
    let world = World::new();
    let portal = world.sim.access().account_id;
    let made = world
        .post(
            "/webhooks-journal/subscriptions/2026-03",
            json!({ "subscriptionType": "OBJECT", "objectTypeId": "contact", "portalId": portal, "actions": ["CREATE"] }),
        )
        .await;
    let id = &made.body["id"];
    let filter = json!({ "subscriptionId": id, "filter": { "conditions": [{ "filterType": "CRM_OBJECT_PROPERTY",
        "property": "email", "operator": "ENDS_WITH", "value": "@kept.example" }] } });
    assert_eq!(world.post("/webhooks-journal/subscriptions/2026-03/filters", filter).await.status, 200);
    world.contact("a@other.example").await;
    assert_eq!(world.get(&format!("{JOURNAL}/latest")).await.status, 204);
    let kept = world.contact("a@kept.example").await;
    let told = file(&world, &world.get(&format!("{JOURNAL}/latest")).await.body).await;
    assert_eq!(told[0]["objectId"].to_string(), kept);
    let wish = json!({ "snapshotRequests": [{ "portalId": portal, "objectTypeId": "0-1",
        "objectId": told[0]["objectId"], "properties": ["email"] }] });
    let asked = world.post("/webhooks-journal/snapshots/2026-03/crm", wish).await;
    let status =
        asked.body["snapshotResponses"][0]["snapshotStatusId"].as_str().unwrap_or_default().to_owned();
    assert_eq!(world.get(&format!("{JOURNAL}/status/{status}")).await.body["status"], "SUCCESS");
    let told = file(&world, &world.get(&format!("{JOURNAL}/latest")).await.body).await;
    assert_eq!(told.last().map(|one| &one["properties"]), Some(&json!({ "email": "a@kept.example" })));
    let path = format!("/webhooks-journal/subscriptions/2026-03/{id}");
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
}

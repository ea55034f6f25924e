//! Lists and who is in them.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::World;
use serde_json::{Value, json};

fn filters(filters: Value) -> Value {
    json!({ "filterBranchType": "OR", "filterBranchOperator": "OR", "filters": [], "filterBranches": [
        { "filterBranchType": "AND", "filterBranchOperator": "AND", "filterBranches": [], "filters": filters }] })
}

fn titled(title: &str) -> Value {
    filters(json!([{ "filterType": "PROPERTY", "property": "jobtitle", "operation": {
        "operationType": "MULTISTRING", "operator": "CONTAINS", "values": [title],
        "includeObjectsWithNoValueSet": false } }]))
}

async fn list(world: &World, name: &str, processing: &str, branch: Option<Value>) -> String {
    let mut body = json!({ "name": name, "objectTypeId": "0-1", "processingType": processing });
    if let Some(branch) = branch {
        body["filterBranch"] = branch;
    }
    let made = world.post("/crm/v3/lists", body).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(made.body["list"]["processingStatus"], "COMPLETE");
    made.body["list"]["listId"].as_str().expect("an id").to_owned()
}

async fn members(world: &World, list: &str) -> Vec<String> {
    let page = world.get(&format!("/crm/v3/lists/{list}/memberships")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let rows = page.body["results"].as_array().cloned().unwrap_or_default();
    rows.iter().filter_map(|row| row["recordId"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn manual_lists_are_changed_by_hand_and_paged_both_ways() {
    let world = World::new();
    let id = list(&world, "By hand", "MANUAL", None).await;
    let mut contacts = Vec::new();
    for n in 0..5 {
        contacts.push(world.contact(&format!("p{n}@b.example")).await);
    }
    let base = format!("/crm/v3/lists/{id}/memberships");
    let mut backwards = contacts.clone();
    backwards.reverse();
    for contact in &backwards {
        let added = world.call("PUT", &format!("{base}/add"), json!([contact, "1"])).await;
        assert_eq!(added.status, 200, "{}", added.text);
        assert_eq!(added.body["recordsIdsAdded"], json!([contact]));
        assert_eq!(added.body["recordIdsMissing"], json!(["1"]));
        world.pass(1000);
    }
    assert_eq!(members(&world, &id).await, contacts);
    let mut seen = Vec::new();
    let mut path = format!("{base}/join-order?limit=2");
    loop {
        let page = world.get(&path).await;
        assert_eq!(page.body["total"], 5);
        for row in page.body["results"].as_array().into_iter().flatten() {
            seen.push(row["recordId"].as_str().unwrap_or_default().to_owned());
        }
        let Some(after) = page.body["paging"]["next"]["after"].as_str() else { break };
        path = format!("{base}/join-order?limit=2&after={after}");
    }
    assert_eq!(seen, backwards);
    let change = json!({ "recordIdsToAdd": [], "recordIdsToRemove": [contacts[0]] });
    let changed = world.call("PUT", &format!("{base}/add-and-remove"), change).await;
    assert_eq!(changed.body["recordIdsRemoved"], json!([contacts[0]]));
    world.sim.archive_record("contacts", &contacts[1]).expect("archived");
    assert_eq!(members(&world, &id).await, contacts[2..]);
    let copy = list(&world, "Copy", "SNAPSHOT", None).await;
    assert_eq!(
        world
            .call("PUT", &format!("/crm/v3/lists/{copy}/memberships/add-from/{id}"), Value::Null)
            .await
            .status,
        204
    );
    assert_eq!(members(&world, &copy).await, contacts[2..]);
    assert_eq!(world.call("DELETE", &base, Value::Null).await.status, 204);
    assert!(members(&world, &id).await.is_empty());
    let of = world.get(&format!("/crm/lists/2026-09/records/0-1/{}/memberships", contacts[2])).await;
    assert_eq!(of.body["results"][0]["listId"], copy);
    let many = json!({ "inputs": [{ "objectTypeId": "0-1", "recordId": contacts[2] }] });
    let many = world.post("/crm/v3/lists/records/memberships/batch/read", many).await;
    assert_eq!(many.body["results"][0]["recordListMemberships"][0]["listId"], copy);
}

#[tokio::test]
async fn dynamic_lists_follow_the_records_with_their_lag() {
    let world = World::new();
    let id = list(&world, "Glaziers", "DYNAMIC", Some(titled("glazier"))).await;
    let contact = world.contact("a@b.example").await;
    assert!(members(&world, &id).await.is_empty());
    world.sim.edit_record("contacts", &contact, [("jobtitle", "Master Glazier")]).expect("an edit");
    assert_eq!(members(&world, &id).await, std::slice::from_ref(&contact));
    let nested = filters(json!([{ "filterType": "IN_LIST", "operator": "IN_LIST", "listId": id }]));
    let nested = list(&world, "Nested", "DYNAMIC", Some(nested)).await;
    assert_eq!(members(&world, &nested).await, std::slice::from_ref(&contact));
    assert_eq!(world.post("/_sim/settings", json!({ "list_lag_ms": 10_000 })).await.status, 200);
    world.pass(60_000);
    world.sim.edit_record("contacts", &contact, [("jobtitle", "Baker")]).expect("an edit");
    assert_eq!(members(&world, &id).await, std::slice::from_ref(&contact));
    world.pass(10_000);
    assert!(members(&world, &id).await.is_empty());
    assert!(members(&world, &nested).await.is_empty());
    let refused = world.call("PUT", &format!("/crm/v3/lists/{id}/memberships/add"), json!([contact])).await;
    assert_eq!((refused.status, &refused.body["category"]), (400, &json!("VALIDATION_ERROR")));
    let change = json!({ "filterBranch": titled("baker") });
    let changed = world.call("PUT", &format!("/crm/v3/lists/{id}/update-list-filters"), change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(changed.body["updatedList"]["listVersion"], 2);
    assert_eq!(members(&world, &id).await, std::slice::from_ref(&contact));
    let snapshot = list(&world, "Once", "SNAPSHOT", Some(titled("baker"))).await;
    world.sim.edit_record("contacts", &contact, [("jobtitle", "")]).expect("an edit");
    world.pass(20_000);
    assert!(members(&world, &id).await.is_empty());
    assert_eq!(members(&world, &snapshot).await, [contact]);
}

#[tokio::test]
async fn associated_records_decide_too() {
    let world = World::new();
    let branch = json!({ "filterBranchType": "OR", "filters": [], "filterBranches": [{ "filterBranchType": "AND",
        "filters": [], "filterBranches": [{ "filterBranchType": "ASSOCIATION", "objectTypeId": "0-2",
        "operator": "IN_LIST", "associationTypeId": 279, "associationCategory": "HUBSPOT_DEFINED",
        "filterBranches": [], "filters": [{ "filterType": "PROPERTY", "property": "name", "operation": {
            "operationType": "ALL_PROPERTY", "operator": "IS_KNOWN" } }] }] }] });
    let id = list(&world, "With company", "DYNAMIC", Some(branch)).await;
    let (contact, company) = (world.contact("a@b.example").await, world.company("Tundra").await);
    assert!(members(&world, &id).await.is_empty());
    world.sim.associate(("contacts", &contact), ("companies", &company), true).expect("associated");
    assert_eq!(members(&world, &id).await, [contact]);
}

#[tokio::test]
async fn lists_are_found_renamed_deleted_and_restored() {
    let world = World::new();
    let id = list(&world, "First", "MANUAL", None).await;
    list(&world, "Second", "DYNAMIC", Some(titled("x"))).await;
    let twice = json!({ "name": "First", "objectTypeId": "0-1", "processingType": "MANUAL" });
    let twice = world.post("/crm/v3/lists", twice).await;
    assert_eq!((twice.status, &twice.body["subCategory"]), (400, &json!("ILS.DUPLICATE_LIST_NAMES")));
    let bare = json!({ "name": "x", "objectTypeId": "0-1", "processingType": "DYNAMIC",
        "filterBranch": { "filterBranchType": "AND", "filters": [], "filterBranches": [] } });
    assert_eq!(world.post("/crm/v3/lists", bare).await.status, 400);
    let renamed =
        world.call("PUT", &format!("/crm/v3/lists/{id}/update-list-name?listName=Erste"), Value::Null).await;
    assert_eq!(renamed.body["updatedList"]["name"], "Erste");
    let found = world.get("/crm/v3/lists/object-type-id/0-1/name/Second?includeFilters=true").await;
    assert_eq!(found.body["list"]["filterBranch"]["filterBranchType"], "OR");
    let query = json!({ "query": "erst", "offset": 0, "additionalProperties": ["hs_list_size"] });
    let search = world.post("/crm/v3/lists/search", query).await;
    assert_eq!(search.body["total"], 1, "{}", search.text);
    assert_eq!(search.body["lists"][0]["additionalProperties"]["hs_list_size"], "0");
    let many = world.get(&format!("/crm/v3/lists?listIds={id}&listIds=2&listIds=99")).await;
    assert_eq!(many.body["lists"].as_array().map(Vec::len), Some(2));
    let all = world.post("/crm/lists/2026-09/all", json!({ "count": 1 })).await;
    assert_eq!(all.body["paging"]["next"]["after"], id);
    assert_eq!(world.call("DELETE", &format!("/crm/v3/lists/{id}"), Value::Null).await.status, 204);
    let gone = world.get(&format!("/crm/v3/lists/{id}")).await;
    assert_eq!((gone.status, &gone.body["context"]["listId"]), (404, &json!([id])));
    assert_eq!(gone.body["message"], format!("List does not exist with ID {id}."));
    assert_eq!(world.call("PUT", &format!("/crm/v3/lists/{id}/restore"), Value::Null).await.status, 204);
    assert_eq!(world.get(&format!("/crm/v3/lists/{id}")).await.status, 200);
    let mapped = world.post("/crm/v3/lists/idmapping", json!([id, "77"])).await;
    assert_eq!(mapped.body["missingLegacyListIds"], json!(["77"]));
    let folder = world.post("/crm/v3/lists/folders", json!({ "name": "Sync" })).await;
    let folder = folder.body["folder"]["id"].as_str().unwrap_or_default().to_owned();
    let moved = json!({ "listId": id, "newFolderId": folder });
    assert_eq!(world.call("PUT", "/crm/v3/lists/folders/move-list", moved).await.status, 204);
    let root = world.get("/crm/v3/lists/folders").await;
    assert_eq!(root.body["folder"]["childNodes"][0]["childLists"][0].to_string(), id);
    let wish = json!({ "conversionType": "CONVERSION_DATE", "year": 2026, "month": 9, "day": 22 });
    assert_eq!(world.call("PUT", "/crm/v3/lists/2/schedule-conversion", wish).await.status, 200);
    world.pass(40 * 86_400_000);
    assert_eq!(world.get("/crm/v3/lists/2").await.body["list"]["processingType"], "SNAPSHOT");
}

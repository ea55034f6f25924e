//! Custom objects, the further standard objects, and the associations between them.
mod common;

use common::World;
use serde_json::{Value, json};

async fn car(world: &World) -> Value {
    let made = world
        .post(
            "/crm/v3/schemas",
            json!({
                "name": "car", "labels": { "singular": "Car", "plural": "Cars" },
                "primaryDisplayProperty": "model", "requiredProperties": ["vin", "model"],
                "searchableProperties": ["model"], "secondaryDisplayProperties": ["vin"],
                "associatedObjects": ["CONTACT"],
                "properties": [
                    { "name": "model", "label": "Model", "type": "string", "fieldType": "text" },
                    { "name": "vin", "label": "VIN", "type": "string", "fieldType": "text", "hasUniqueValue": true },
                ],
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body
}

#[tokio::test]
async fn custom_object_has_records_like_any_other() {
    let world = World::new();
    let schema = car(&world).await;
    let (type_id, name) = (schema["objectTypeId"].as_str().expect("an id"), "p44956899_car");
    assert!(type_id.starts_with("2-"));
    assert_eq!(schema["fullyQualifiedName"], name);
    assert_eq!(schema["metaType"], "PORTAL_SPECIFIC");
    let path = format!("/crm/v3/objects/{type_id}");
    let short = world.post(&path, json!({ "properties": { "model": "Frontier" } })).await;
    assert_eq!((short.status, &short.body["category"]), (400, &json!("VALIDATION_ERROR")));
    let made = world.post(&path, json!({ "properties": { "model": "Frontier", "vin": "X1" } })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.body["id"].as_str().expect("an id");
    for called in [name, "car", "p_car", type_id] {
        let read = world.get(&format!("/crm/objects/2026-09/{called}/{id}?properties=model,vin")).await;
        assert_eq!(read.body["properties"]["model"], "Frontier", "{called}: {}", read.text);
    }
    let by_vin = world.get(&format!("{path}/X1?idProperty=vin")).await;
    assert_eq!(by_vin.body["id"], id);
    let found = world.post(&format!("{path}/search"), json!({ "query": "front" })).await;
    assert_eq!(found.body["total"], 1, "{}", found.text);
    let twin = world.post(&path, json!({ "properties": { "model": "Other", "vin": "X1" } })).await;
    assert_eq!(twin.status, 400);
}

#[tokio::test]
async fn custom_object_can_be_associated_in_both_directions() {
    let world = World::new();
    let schema = car(&world).await;
    let type_id = schema["objectTypeId"].as_str().expect("an id");
    let link = schema["associations"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|one| one["toObjectTypeId"] == "0-1")
        .expect("an association with contacts");
    assert_eq!(link["name"], "car_to_contact");
    let contact = world.contact("a@b.example").await;
    let made = world
        .post(
            &format!("/crm/v3/objects/{type_id}"),
            json!({ "properties": { "model": "M", "vin": "1" }, "associations": [{ "to": { "id": contact },
                "types": [{ "associationCategory": "USER_DEFINED", "associationTypeId": link["id"] }] }] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let back = world.get(&format!("/crm/v4/objects/contacts/{contact}/associations/car")).await;
    assert_eq!(
        back.body["results"][0]["toObjectId"].to_string(),
        made.body["id"].as_str().unwrap_or_default()
    );
    assert_eq!(back.body["results"][0]["associationTypes"][0]["category"], "USER_DEFINED");
    let with = world.get(&format!("/crm/v3/objects/contacts/{contact}?associations=car")).await;
    assert_eq!(
        with.body["associations"]["p44956899_car"]["results"][0]["type"], "contact_to_car",
        "{}",
        with.text
    );
}

#[tokio::test]
async fn schema_is_listed_changed_archived_and_purged() {
    let world = World::new();
    let schema = car(&world).await;
    let path = format!(
        "/crm-object-schemas/2026-09/schemas/{}",
        schema["objectTypeId"].as_str().unwrap_or_default()
    );
    let patched = world
        .call("PATCH", &path, json!({ "labels": { "plural": "Autos" }, "requiredProperties": ["vin"] }))
        .await;
    assert_eq!(patched.body["labels"], json!({ "singular": "Car", "plural": "Autos" }));
    assert_eq!(world.get("/crm/v3/schemas").await.body["results"].as_array().map(Vec::len), Some(1));
    let again = world
        .post(
            "/crm/v3/schemas",
            json!({ "name": "car", "properties": [],
        "labels": { "singular": "Car", "plural": "Cars" } }),
        )
        .await;
    assert_eq!(again.status, 409);
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get(&format!("{path}?archived=true")).await.status, 200);
    assert_eq!(world.get("/crm/v3/objects/car").await.status, 400);
    assert_eq!(world.call("DELETE", &format!("{path}?archived=true"), Value::Null).await.status, 204);
    let new = car(&world).await;
    assert_ne!(new["objectTypeId"], schema["objectTypeId"]);
    assert_eq!(world.get("/crm/v3/objects/car").await.body["results"], json!([]));
}

#[tokio::test]
async fn activities_need_their_time_and_belong_to_records() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let missing =
        world.post("/crm/v3/objects/calls", json!({ "properties": { "hs_call_title": "x" } })).await;
    assert_eq!(missing.body["message"], "Error creating CALL. Some required properties were not set.");
    for (object, properties, kind) in [
        ("calls", json!({ "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED" }), 194),
        ("emails", json!({ "hs_email_direction": "EMAIL", "hs_email_subject": "Hi" }), 198),
        ("meetings", json!({ "hs_meeting_title": "Review", "hs_meeting_outcome": "SCHEDULED" }), 200),
        ("notes", json!({ "hs_note_body": "<p>n</p>" }), 202),
        ("communications", json!({ "hs_communication_channel_type": "SMS" }), 81),
        ("postal_mail", json!({ "hs_postal_mail_body": "b" }), 453),
    ] {
        let mut properties = properties;
        properties["hs_timestamp"] = json!("2026-09-01T10:00:00Z");
        let made = world
            .post(
                &format!("/crm/v3/objects/{object}"),
                json!({ "properties": properties, "associations": [{ "to": { "id": contact },
                    "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind }] }] }),
            )
            .await;
        assert_eq!(made.status, 201, "{object}: {}", made.text);
        let list = world.get(&format!("/crm/v4/objects/contacts/{contact}/associations/{object}")).await;
        assert_eq!(list.body["results"].as_array().map(Vec::len), Some(1), "{object}: {}", list.text);
    }
}

#[tokio::test]
async fn line_item_costs_what_its_price_and_quantity_say() {
    let world = World::new();
    let made = world
        .post(
            "/crm/v3/objects/line_items",
            json!({ "properties": { "name": "Seat", "price": "19.90", "quantity": "3", "hs_discount_percentage": "10" } }),
        )
        .await;
    assert_eq!(made.body["properties"]["amount"], "53.73", "{}", made.text);
    let lead = world
        .post(
            "/crm/v3/objects/leads",
            json!({ "properties": { "hs_lead_name": "L",
        "hs_pipeline_stage": "new-stage-id" } }),
        )
        .await;
    assert_eq!(lead.body["properties"]["hs_pipeline"], "lead-pipeline-id", "{}", lead.text);
}

#[tokio::test]
async fn version_three_associations_go_by_names() {
    let world = World::new();
    let (contact, company) = (world.contact("a@b.example").await, world.company("One").await);
    let path = format!("/crm/v3/objects/contacts/{contact}/associations/companies");
    let put = world.call("PUT", &format!("{path}/{company}/contact_to_company"), Value::Null).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let list = world.get(&path).await;
    let named: Vec<&Value> =
        list.body["results"].as_array().into_iter().flatten().map(|one| &one["type"]).collect();
    assert_eq!(named, ["contact_to_company", "contact_to_company_unlabeled"]);
    let read = world
        .post("/crm/v3/associations/companies/contacts/batch/read", json!({ "inputs": [{ "id": company }] }))
        .await;
    assert_eq!(read.body["results"][0]["to"][0]["id"], contact, "{}", read.text);
    let types = world.get("/crm/v3/associations/contacts/companies/types").await;
    assert!(types.text.contains("contact_to_company_unlabeled"));
    let ended =
        world.call("DELETE", &format!("{path}/{company}/contact_to_company_unlabeled"), Value::Null).await;
    assert_eq!(ended.status, 204);
    assert_eq!(world.get(&path).await.body["results"], json!([]));
}

#[tokio::test]
async fn limit_on_associations_is_kept() {
    let world = World::new();
    let (contact, one, two) =
        (world.contact("a@b.example").await, world.company("One").await, world.company("Two").await);
    let set = world
        .post(
            "/crm/v4/associations/definitions/configurations/contacts/companies/batch/create",
            json!({ "inputs": [{ "category": "HUBSPOT_DEFINED", "typeId": 279, "maxToObjectIds": 1 }] }),
        )
        .await;
    assert_eq!(set.status, 201, "{}", set.text);
    let path = format!("/crm/v4/objects/contacts/{contact}/associations/companies");
    let types = json!([{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279 }]);
    assert_eq!(world.call("PUT", &format!("{path}/{one}"), types.clone()).await.status, 201);
    assert_eq!(world.call("PUT", &format!("{path}/{two}"), types.clone()).await.status, 400);
    let all = world.get("/crm/v4/associations/definitions/configurations/all").await;
    assert_eq!(all.body["results"][0]["userEnforcedMaxToObjectIds"], 1);
    let purged = world
        .post(
            "/crm/v4/associations/definitions/configurations/contacts/companies/batch/purge",
            json!({ "inputs": [{ "category": "HUBSPOT_DEFINED", "typeId": 279 }] }),
        )
        .await;
    assert_eq!(purged.status, 204);
    assert_eq!(world.call("PUT", &format!("{path}/{two}"), types).await.status, 201);
}

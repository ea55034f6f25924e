//! What an account guards: sensitive data, people who were deleted for good, the recycle bin's 90 days.
mod common;

use common::World;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

async fn set(world: &World, settings: Value) {
    let reply = world.post("/_sim/settings", settings).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn passport(sensitivity: &str) -> Value {
    json!({ "name": format!("passport_{sensitivity}"), "label": format!("Passport {sensitivity}"), "type": "string",
            "fieldType": "text", "groupName": "contactinformation", "dataSensitivity": sensitivity })
}

#[tokio::test]
async fn sensitive_data_takes_a_scope() {
    let world = World::new();
    let refused = world.post("/crm/v3/properties/contacts", passport("sensitive")).await;
    assert_eq!((refused.status, &refused.body["category"]), (403, &json!("MISSING_SCOPES")));
    assert_eq!(
        refused.body["errors"][0]["context"]["requiredGranularScopes"],
        json!(["crm.objects.contacts.sensitive.write"])
    );
    set(&world, json!({ "sensitive_data": true })).await;
    for level in ["sensitive", "highly_sensitive"] {
        let made = world.post("/crm/v3/properties/contacts", passport(level)).await;
        assert_eq!((made.status, &made.body["dataSensitivity"]), (201, &json!(level)), "{}", made.text);
    }
    let id = world.contact("a@b.example").await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    let value = json!({ "properties": { "passport_sensitive": "X1" } });
    assert_eq!(world.call("PATCH", &path, value.clone()).await.status, 200);
    let read = format!("{path}?properties=passport_sensitive,email");
    assert_eq!(world.get(&read).await.body["properties"]["passport_sensitive"], "X1");

    set(&world, json!({ "sensitive_data": false })).await;
    let without = world.get(&read).await.body["properties"].clone();
    assert_eq!((without.get("passport_sensitive"), &without["email"]), (None, &json!("a@b.example")));
    assert_eq!(world.call("PATCH", &path, value).await.status, 403);
    // Definitions are told to everybody, though not in the plain list.
    let names = async |query: &str| {
        let list = world.get(&format!("/crm/v3/properties/contacts{query}")).await.body["results"].take();
        let names = list
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["name"].as_str().unwrap_or_default().to_owned());
        names.collect::<Vec<_>>()
    };
    assert!(!names("").await.iter().any(|name| name.starts_with("passport")));
    assert_eq!(names("?dataSensitivity=sensitive").await, ["passport_sensitive"]);
    assert_eq!(names("?dataSensitivity=highly_sensitive").await, ["passport_highly_sensitive"]);
    assert_eq!(world.get("/crm/v3/properties/contacts/passport_sensitive").await.status, 200);
    assert_eq!(world.get("/crm/v3/properties/contacts?dataSensitivity=secret").await.status, 400);
}

#[tokio::test]
async fn who_was_deleted_for_good_does_not_come_back() {
    let world = World::new();
    world.contact("Gone@b.example").await;
    let erase = json!({ "objectId": "gone@b.example", "idProperty": "email" });
    assert_eq!(world.post("/crm/v3/objects/contacts/gdpr-delete", erase.clone()).await.status, 204);
    // Nobody has this address yet; it is blocked all the same.
    let other = json!({ "objectId": "never@b.example", "idProperty": "email" });
    assert_eq!(world.post("/crm/v3/objects/contacts/gdpr-delete", other).await.status, 204);
    for email in ["gone@b.example", "GONE@b.example", "never@b.example"] {
        let made = world.post("/crm/v3/objects/contacts", json!({ "properties": { "email": email } })).await;
        assert_eq!(
            (made.status, &made.body["errors"][0]["code"]),
            (400, &json!("GDPR_BLACKLISTED_EMAIL")),
            "{}",
            made.text
        );
    }
    let kept = world.contact("kept@b.example").await;
    let changed = world
        .call(
            "PATCH",
            &format!("/crm/v3/objects/contacts/{kept}"),
            json!({ "properties": { "email": "gone@b.example" } }),
        )
        .await;
    assert_eq!(changed.status, 400);
    let company = json!({ "properties": { "name": "gone@b.example" } });
    assert_eq!(world.post("/crm/v3/objects/companies", company).await.status, 201);
}

#[tokio::test]
async fn a_deleted_record_can_be_restored_for_90_days() {
    let world = World::new();
    let (first, second) = (world.contact("a@b.example").await, world.contact("b@b.example").await);
    for id in [&first, &second] {
        assert_eq!(
            world.call("DELETE", &format!("/crm/v3/objects/contacts/{id}"), Value::Null).await.status,
            204
        );
        world.pass(DAY);
    }
    world.pass(88 * DAY);
    assert!(world.sim.restore_record("contacts", &first).expect("nobody has its address"));
    world.sim.archive_record("contacts", &first).expect("it is there");
    world.pass(2 * DAY);
    let seen =
        async |id: &str| world.get(&format!("/crm/v3/objects/contacts/{id}?archived=true")).await.status;
    assert_eq!((seen(&first).await, seen(&second).await), (200, 404));
    assert!(!world.sim.restore_record("contacts", &second).expect("an answer"));
    let listed = world.get("/crm/v3/objects/contacts?archived=true").await;
    assert_eq!(listed.body["results"].as_array().map(Vec::len), Some(1));
    // Its address was free all along, and it is not blocked.
    world.contact("b@b.example").await;
}

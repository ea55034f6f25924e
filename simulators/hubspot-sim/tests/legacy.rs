//! What older tools read, and the users of the account.
mod common;

use common::World;
use serde_json::{Value, json};

#[tokio::test]
async fn contacts_of_version_one_are_paged_by_vid() {
    let world = World::new();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(world.contact(&format!("p{n}@b.example")).await);
        world.pass(1000);
    }
    let mut seen = Vec::new();
    let mut path = "/contacts/v1/lists/all/contacts/all?count=2&property=email".to_owned();
    loop {
        let page = world.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let rows = page.body["contacts"].as_array().cloned().unwrap_or_default();
        seen.extend(rows.iter().map(|row| row["vid"].to_string()));
        assert_eq!(rows[0]["identity-profiles"][0]["identities"][0]["type"], "EMAIL");
        if page.body["has-more"] == json!(false) {
            break;
        }
        path = format!("/contacts/v1/lists/all/contacts/all?count=2&vidOffset={}", page.body["vid-offset"]);
    }
    assert_eq!(seen, ids);
    let recent = world.get("/contacts/v1/lists/recently_updated/contacts/recent?count=2").await;
    assert_eq!(recent.body["contacts"][0]["vid"].to_string(), ids[4]);
    let next = format!(
        "/contacts/v1/lists/recently_updated/contacts/recent?count=2&vidOffset={}&timeOffset={}",
        recent.body["vid-offset"], recent.body["time-offset"]
    );
    assert_eq!(world.get(&next).await.body["contacts"][0]["vid"].to_string(), ids[2]);
    let batch = world.get(&format!("/contacts/v1/contact/vids/batch/?vid={}&vid={}", ids[0], ids[1])).await;
    assert_eq!(batch.body[&ids[1]]["properties"]["email"]["value"], "p1@b.example", "{}", batch.text);
    assert!(batch.body[&ids[1]]["properties"]["email"]["versions"][0]["timestamp"].is_number());
    let profile = world.get("/contacts/v1/contact/email/p3@b.example/profile").await;
    assert_eq!(profile.body["vid"].to_string(), ids[3]);
    let found = world.get("/contacts/v1/search/query?q=p2").await;
    assert_eq!(
        (&found.body["total"], found.body["contacts"][0]["vid"].to_string()),
        (&json!(1), ids[2].clone())
    );
}

#[tokio::test]
async fn contacts_of_version_one_are_written() {
    let world = World::new();
    let path = "/contacts/v1/contact/createOrUpdate/email/new@b.example/";
    let body = json!({ "properties": [{ "property": "firstname", "value": "Ada" }] });
    let made = world.post(path, body.clone()).await;
    assert_eq!(made.body["isNew"], true, "{}", made.text);
    assert_eq!(world.post(path, body).await.body, json!({ "vid": made.body["vid"], "isNew": false }));
    let profile = format!("/contacts/v1/contact/vid/{}/profile", made.body["vid"]);
    let update =
        world.post(&profile, json!({ "properties": [{ "property": "city", "value": "Ulm" }] })).await;
    assert_eq!(update.status, 204, "{}", update.text);
    assert_eq!(world.get(&profile).await.body["properties"]["city"]["value"], "Ulm");
}

#[tokio::test]
async fn companies_and_deals_are_read_as_before() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let company = world
        .post(
            "/crm/v3/objects/companies",
            json!({ "properties": { "name": "Acme", "domain": "acme.example" } }),
        )
        .await;
    let company = company.body["id"].as_str().expect("an id").to_owned();
    world.sim.associate(("contacts", &contact), ("companies", &company), true).expect("an association");
    let paged =
        world.get("/companies/v2/companies/paged?properties=name&properties=hs_lastmodifieddate").await;
    assert_eq!(paged.body["companies"][0]["properties"]["name"]["value"], "Acme", "{}", paged.text);
    let changed = &paged.body["companies"][0]["properties"]["hs_lastmodifieddate"];
    assert_eq!(changed["value"], changed["timestamp"].to_string());
    assert_eq!(paged.body["has-more"], false);
    let recent = world.get("/companies/v2/companies/recent/modified").await;
    assert_eq!((&recent.body["total"], &recent.body["hasMore"]), (&json!(1), &json!(false)));
    let one = world.get(&format!("/companies/v2/companies/{company}")).await;
    assert_eq!(one.body["properties"]["name"]["versions"][0]["value"], "Acme");
    let vids = world.get(&format!("/companies/v2/companies/{company}/vids?count=100")).await;
    assert_eq!(vids.body["vids"][0].to_string(), contact);
    let by_domain = world.post("/companies/v2/domains/acme.example/companies", json!({ "limit": 2 })).await;
    assert_eq!(by_domain.body["results"][0]["companyId"].to_string(), company, "{}", by_domain.text);
    let deal = world
        .post("/crm/v3/objects/deals", json!({ "properties": { "dealname": "d", "dealstage": "closedwon" },
            "associations": [{ "to": { "id": contact }, "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3 }] }] }))
        .await;
    let deals = world.get("/deals/v1/deal/paged?includeAssociations=true&properties=dealname").await;
    assert_eq!(deals.body["deals"][0]["dealId"].to_string(), deal.body["id"].as_str().unwrap_or_default());
    assert_eq!(deals.body["deals"][0]["associations"]["associatedVids"][0].to_string(), contact);
}

#[tokio::test]
async fn definitions_are_read_as_before() {
    let world = World::new();
    let properties = world.get("/properties/v1/contacts/properties").await;
    let email = |one: &&Value| one["name"] == "email";
    assert!(
        properties.body.as_array().is_some_and(|all| all.iter().find(email).is_some()),
        "{}",
        properties.text
    );
    for path in
        ["/companies/v2/properties", "/properties/v2/tickets/properties", "/properties/v1/deals/groups"]
    {
        assert!(world.get(path).await.body.is_array(), "{path}");
    }
    let lines = world.get("/deals/v1/pipelines").await;
    assert_eq!(lines.body[0]["stages"][0]["stageId"], "appointmentscheduled");
    assert_eq!(world.get("/crm-pipelines/v1/pipelines/tickets").await.body["results"][0]["pipelineId"], "0");
    let owners = world.get("/owners/v2/owners").await;
    assert_eq!(owners.body.as_array().map(Vec::len), Some(4));
    assert!(owners.body[0]["ownerId"].is_number());
    assert_eq!(
        world.get("/owners/v2/owners?includeInactives=true").await.body.as_array().map(Vec::len),
        Some(5)
    );
    for path in ["/forms/v2/forms", "/email/public/v1/campaigns/by-id", "/email/public/v1/events"] {
        assert_eq!(world.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn engagements_of_all_kinds_are_in_one_list() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let made = world
        .post(
            "/engagements/v1/engagements",
            json!({ "engagement": { "type": "NOTE", "timestamp": 1_789_000_000_000_i64 },
                "associations": { "contactIds": [contact.parse::<u64>().expect("a number")] },
                "metadata": { "body": "Called back" } }),
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    world.pass(1000);
    world
        .post(
            "/crm/v3/objects/calls",
            json!({ "properties": { "hs_timestamp": "2026-09-01T10:00:00Z", "hs_call_duration": "2000" } }),
        )
        .await;
    let all = world.get("/engagements/v1/engagements/paged?limit=1").await;
    assert_eq!((&all.body["hasMore"], &all.body["offset"]), (&json!(true), &json!(1)));
    assert_eq!(all.body["results"][0]["metadata"]["body"], "Called back");
    assert_eq!(all.body["results"][0]["engagement"]["timestamp"], 1_789_000_000_000_i64);
    let rest = world.get("/engagements/v1/engagements/paged?limit=1&offset=1").await;
    assert_eq!(rest.body["results"][0]["engagement"]["type"], "CALL");
    assert_eq!(rest.body["results"][0]["metadata"]["durationMilliseconds"], 2000);
    // As tap-hubspot reads them: from a moment, then on from what the answer before said.
    let first = world.get("/engagements/v1/engagements/modified/after?after=1000&limit=1").await;
    assert_eq!(
        (&first.body["hasMore"], &first.body["results"][0]["engagement"]["type"]),
        (&json!(true), &json!("NOTE"))
    );
    let after = first.body["after"].as_str().expect("a cursor");
    let second =
        world.get(&format!("/engagements/v1/engagements/modified/after?after={after}&limit=1")).await;
    assert_eq!(
        (&second.body["hasMore"], &second.body["results"][0]["engagement"]["type"]),
        (&json!(false), &json!("CALL"))
    );
    let of = world.get(&format!("/engagements/v1/engagements/associated/contact/{contact}/paged")).await;
    assert_eq!(of.body["results"].as_array().map(Vec::len), Some(1));
    let path = format!("/engagements/v1/engagements/{}", made.body["engagement"]["id"]);
    assert_eq!(
        world.call("PATCH", &path, json!({ "metadata": { "body": "Done" } })).await.body["metadata"]["body"],
        "Done"
    );
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn users_are_made_changed_and_taken_out() {
    let world = World::new();
    let made = world
        .post(
            "/settings/v3/users",
            json!({ "email": "new@tandem-demo.example", "firstName": "Nia", "primaryTeamId": "368390" }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    let by_email = world.get("/settings/users/2026-09/new@tandem-demo.example?idProperty=EMAIL").await;
    assert_eq!(by_email.body["id"], id);
    let owner = world.get(&format!("/crm/v3/owners/{id}?idProperty=userId")).await;
    assert_eq!(owner.body["teams"][0]["name"], "Support", "{}", owner.text);
    let put = world.call("PUT", &format!("/settings/v3/users/{id}"), json!({ "roleId": "109202" })).await;
    assert_eq!(put.body["roleId"], "109202", "{}", put.text);
    let found = world
        .post(
            "/crm/v3/objects/users/search",
            json!({ "filterGroups": [{ "filters": [{ "propertyName": "hs_internal_user_id", "operator": "EQ", "value": id }] }] }),
        )
        .await;
    assert_eq!(found.body["total"], 1, "{}", found.text);
    let teams = world.get("/settings/v3/users/teams").await;
    assert!(teams.body["results"][1]["userIds"].as_array().is_some_and(|ids| ids.contains(&json!(id))));
    assert_eq!(world.call("DELETE", &format!("/settings/v3/users/{id}"), Value::Null).await.status, 204);
    let gone = world.get("/crm/v3/owners?archived=true").await;
    assert!(gone.text.contains("new@tandem-demo.example"));
}

#[tokio::test]
async fn lists_of_contacts_are_read_as_before() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let made = world
        .post("/crm/v3/lists", json!({ "name": "Guests", "objectTypeId": "0-1", "processingType": "MANUAL" }))
        .await;
    let id = made.body["list"]["listId"].as_str().expect("an id").to_owned();
    world.call("PUT", &format!("/crm/v3/lists/{id}/memberships/add"), json!([contact])).await;
    let lists = world.get("/contacts/v1/lists?count=250").await;
    assert_eq!(lists.body["lists"][0]["name"], "Guests", "{}", lists.text);
    assert_eq!(
        (&lists.body["lists"][0]["listType"], &lists.body["has-more"]),
        (&json!("STATIC"), &json!(false))
    );
    let members = world.get(&format!("/contacts/v1/lists/{id}/contacts/all?property=email")).await;
    assert_eq!(
        members.body["contacts"][0]["properties"]["email"]["value"], "a@b.example",
        "{}",
        members.text
    );
    assert_eq!(world.get("/contacts/v1/lists/999").await.status, 404);
}

#[tokio::test]
async fn companies_and_deals_are_written_by_the_older_paths() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let body = json!({ "properties": [{ "name": "name", "value": "Acme" }, { "name": "domain", "value": "acme.example" }] });
    let made = world.post("/companies/v2/companies/", body).await;
    assert_eq!(
        (made.status, &made.body["properties"]["name"]["value"]),
        (200, &json!("Acme")),
        "{}",
        made.text
    );
    let company = made.body["companyId"].to_string();
    let path = format!("/companies/v2/companies/{company}");
    let renamed =
        world.call("PUT", &path, json!({ "properties": [{ "name": "name", "value": "Acme Ltd" }] })).await;
    assert_eq!(renamed.body["properties"]["name"]["value"], "Acme Ltd");
    assert_eq!(world.call("PUT", &format!("{path}/contacts/{contact}"), json!(null)).await.status, 200);
    assert_eq!(world.get(&format!("{path}/vids")).await.body["vids"][0].to_string(), contact);

    let deal = json!({
        "associations": { "associatedVids": [contact.parse::<u64>().expect("an id")] },
        "properties": [{ "name": "dealname", "value": "One" }, { "name": "dealstage", "value": "closedwon" }],
    });
    let made = world.post("/deals/v1/deal", deal).await;
    assert_eq!(made.body["associations"]["associatedVids"][0].to_string(), contact, "{}", made.text);
    let path = format!("/deals/v1/deal/{}", made.body["dealId"]);
    assert_eq!(
        world.call("PUT", &format!("{path}/associations/COMPANY?id={company}"), json!(null)).await.status,
        204
    );
    assert_eq!(world.get(&path).await.body["associations"]["associatedCompanyIds"][0].to_string(), company);
    let bad = json!({ "properties": [{ "name": "no_such", "value": "x" }] });
    assert_eq!(world.call("PUT", &path, bad).await.status, 400);
    assert_eq!(world.call("DELETE", &path, json!(null)).await.status, 204);
    assert_eq!(world.get(&path).await.status, 404);
    let gone = world.call("DELETE", &format!("/companies/v2/companies/{company}"), json!(null)).await;
    assert_eq!(gone.body["deleted"], true);
}

#[tokio::test]
async fn records_of_any_kind_have_older_paths_and_associations() {
    let world = World::new();
    let contact = world.contact("a@b.example").await;
    let ticket = json!([
        { "name": "subject", "value": "Broken" }, { "name": "hs_pipeline", "value": "0" }, { "name": "hs_pipeline_stage", "value": "1" },
    ]);
    let made = world.post("/crm-objects/v1/objects/tickets", ticket).await;
    assert_eq!((made.status, &made.body["objectType"]), (200, &json!("TICKET")), "{}", made.text);
    let id = made.body["objectId"].to_string();
    let path = format!("/crm-objects/v1/objects/tickets/{id}");
    world.call("PUT", &path, json!([{ "name": "subject", "value": "Mended" }])).await;
    let read = world.get(&format!("{path}?properties=subject")).await.body["properties"]["subject"].clone();
    assert_eq!((&read["value"], read["versions"].as_array().map(Vec::len)), (&json!("Mended"), Some(2)));
    let paged = world.get("/crm-objects/v1/objects/tickets/paged?properties=subject").await.body;
    assert_eq!((&paged["objects"][0]["objectId"].to_string(), &paged["hasMore"]), (&id, &json!(false)));

    let link = json!({ "fromObjectId": contact, "toObjectId": id, "category": "HUBSPOT_DEFINED", "definitionId": 15 });
    assert_eq!(world.call("PUT", "/crm-associations/v1/associations", link.clone()).await.status, 204);
    let linked = format!("/crm-associations/v1/associations/{id}/HUBSPOT_DEFINED/16");
    assert_eq!(world.get(&linked).await.body["results"][0].to_string(), contact);
    assert_eq!(world.call("PUT", "/crm-associations/v1/associations/delete", link).await.status, 204);
    assert_eq!(world.get(&linked).await.body["results"], json!([]));
    assert_eq!(world.call("DELETE", &path, json!(null)).await.status, 204);
}

#[tokio::test]
async fn contacts_are_changed_by_email_and_merged_by_the_older_paths() {
    let world = World::new();
    let (one, two) = (world.contact("a@b.example").await, world.contact("c@b.example").await);
    let name = json!({ "properties": [{ "property": "firstname", "value": "Ada" }] });
    assert_eq!(world.post("/contacts/v1/contact/email/a@b.example/profile", name.clone()).await.status, 204);
    assert_eq!(world.post("/contacts/v1/contact/email/nobody@b.example/profile", name).await.status, 404);
    let merged =
        world.post(&format!("/contacts/v1/contact/merge-vids/{one}"), json!({ "vidToMerge": two })).await;
    assert_eq!(merged.status, 200, "{}", merged.text);
    let kept = world.get(&format!("/contacts/v1/contact/vid/{two}/profile")).await.body;
    assert_eq!(kept["properties"]["email"]["value"], "a@b.example");
}

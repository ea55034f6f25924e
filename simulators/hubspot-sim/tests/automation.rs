//! Sequences, workflows, forms and emails: what an embedded window and an activity feed talk to.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod common;

use common::World;
use serde_json::{Value, json};

async fn user(world: &World) -> (String, String) {
    let owners = world.get("/crm/v3/owners").await;
    let first = &owners.body["results"][0];
    (first["userId"].to_string(), first["email"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn contacts_are_enrolled_in_sequences_and_it_shows() {
    let world = World::new();
    let (user, inbox) = user(&world).await;
    let without = world.get("/automation/v4/sequences").await;
    assert_eq!(
        (without.status, &without.body["message"]),
        (400, &json!("query param userId may not be null"))
    );
    let all = world.get(&format!("/automation/sequences/2026-03?userId={user}")).await;
    assert_eq!(all.body["total"], 2, "{}", all.text);
    let id = all.body["results"][0]["id"].as_str().expect("an id").to_owned();
    let one = world.get(&format!("/automation/v4/sequences/{id}?userId={user}")).await;
    assert_eq!(one.body["steps"][0]["actionType"], "EMAIL");
    let contact = world.contact("ida@b.example").await;
    let path = format!("/automation/v4/sequences/enrollments?userId={user}");
    let wish = json!({ "sequenceId": id, "contactId": contact, "senderEmail": inbox });
    let mut wrong = wish.clone();
    wrong["senderEmail"] = json!("nobody@b.example");
    assert_eq!(world.post(&path, wrong).await.status, 400);
    let made = world.post(&path, wish.clone()).await;
    assert_eq!((made.status, &made.body["toEmail"]), (200, &json!("ida@b.example")), "{}", made.text);
    assert_eq!(world.post(&path, wish).await.status, 400);
    let held = world.get(&format!("/automation/v4/sequences/enrollments/contact/{contact}")).await;
    assert_eq!((&held.body["sequenceId"], &held.body["id"]), (&json!(id), &made.body["id"]));
    let record = world.sim.record("contacts", &contact).expect("a record");
    assert_eq!(record.properties["hs_sequences_is_enrolled"], "true");
    let emails = world.sim.records("emails");
    assert_eq!(emails.len(), 1);
    assert_eq!(emails[0].properties["hs_email_subject"], "Nice to meet you");
    let other = world.contact("kai@b.example").await;
    assert_eq!(world.get(&format!("/automation/v4/sequences/enrollments/contact/{other}")).await.status, 404);
}

#[tokio::test]
async fn contacts_are_enrolled_in_workflows() {
    let world = World::new();
    let contact = world.contact("ida@b.example").await;
    let all = world.get("/automation/v3/workflows").await;
    let flow = &all.body["workflows"][0];
    let (on, off) = (flow["id"].to_string(), all.body["workflows"][1]["id"].to_string());
    let path = |id: &str, email: &str| format!("/automation/v2/workflows/{id}/enrollments/contacts/{email}");
    assert_eq!(world.post(&path(&on, "ida@b.example"), Value::Null).await.status, 204);
    assert_eq!(world.post(&path(&off, "ida@b.example"), Value::Null).await.status, 400);
    assert_eq!(world.post(&path(&on, "kai@b.example"), Value::Null).await.status, 404);
    assert_eq!(world.post(&path("7", "ida@b.example"), Value::Null).await.status, 404);
    let inside = world.get(&format!("/automation/v2/workflows/enrollments/contacts/{contact}")).await;
    assert_eq!(inside.body[0]["id"].to_string(), on);
    assert_eq!(world.call("DELETE", &path(&on, "ida@b.example"), Value::Null).await.status, 204);
    let inside = world.get(&format!("/automation/v2/workflows/enrollments/contacts/{contact}")).await;
    assert_eq!(inside.body, json!([]));
    let asked = json!({ "inputs": [{ "type": "WORKFLOW_ID", "workflowId": on }] });
    let mapped = world.post("/automation/v4/workflow-id-mappings/batch/read", asked).await;
    let flow = mapped.body["results"][0]["flowId"].to_string();
    let flow = world.get(&format!("/automation/v4/flows/{flow}")).await;
    assert_eq!((flow.status, &flow.body["type"]), (200, &json!("CONTACT_FLOW")));
    assert_eq!(world.get("/automation/v4/flows").await.body["results"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn forms_are_submitted_and_emails_opened() {
    let world = World::new();
    let portal = world.sim.access().account_id;
    let forms = world.get("/marketing/v3/forms").await;
    let form = forms.body["results"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/submissions/v3/integration/submit/{portal}/{form}");
    let body = |email: &str| {
        json!({ "fields": [{ "objectTypeId": "0-1", "name": "email", "value": email },
            { "objectTypeId": "0-1", "name": "firstname", "value": "Ida" }],
            "context": { "pageUri": "https://tundra.example/contact", "pageName": "Contact" } })
    };
    let sent = world.call_as("", "POST", &path, "application/json", body("ida@b.example").to_string()).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    let wrong = world.call_as("", "POST", &path, "application/json", body("ida").to_string()).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["errorType"]), (400, &json!("INVALID_EMAIL")));
    let secure = format!("/submissions/v3/integration/secure/submit/{portal}/{form}");
    assert_eq!(world.call_as("", "POST", &secure, "application/json", "{}".to_owned()).await.status, 401);
    assert_eq!(world.post(&secure, body("ida@b.example")).await.status, 200);
    let contact = &world.sim.records("contacts")[0];
    assert_eq!(contact.properties["num_conversion_events"], "2");
    assert_eq!(contact.history["firstname"][0].source_type, "FORM");
    let list = world.get(&format!("/form-integrations/v1/submissions/forms/{form}?limit=1")).await;
    assert_eq!(list.body["results"][0]["values"][0]["value"], "ida@b.example");
    assert_eq!(list.body["paging"]["next"]["after"], "1");
    assert_eq!(world.get("/forms/v2/forms").await.body[0]["guid"], form);

    let opened = json!({ "type": "OPEN", "recipient": "ida@b.example" });
    assert_eq!(world.post("/_sim/email-events", opened).await.status, 200);
    let events = world.get("/email/public/v1/events?recipient=ida@b.example&eventType=OPEN").await;
    assert_eq!(events.body["events"][0]["type"], "OPEN");
    let contact = &world.sim.records("contacts")[0];
    assert_eq!(contact.properties["hs_email_open"], "1");
    assert_eq!(world.get("/marketing/v3/emails").await.body["total"], 2);
}

#[tokio::test]
async fn apps_put_events_on_timelines() {
    let world = World::new();
    let contact = world.contact("ida@b.example").await;
    let app = world.sim.access().app_id;
    let template = json!({ "name": "Webinar", "objectType": "contacts", "tokens": [] });
    let made = world.post(&format!("/integrators/timeline/v3/{app}/event-templates"), template).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let template = made.body["id"].clone();
    let event =
        json!({ "id": "w-1", "eventTemplateId": template, "email": "ida@b.example", "tokens": { "a": "b" } });
    let put = world.post("/integrators/timeline/v3/events", event).await;
    assert_eq!((put.status, &put.body["objectId"]), (201, &json!(contact)), "{}", put.text);
    let path = format!("/integrators/timeline/v3/events/{}/w-1", template.as_str().unwrap_or_default());
    assert_eq!(world.get(&path).await.body["tokens"]["a"], "b");
}

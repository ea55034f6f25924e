use axum::body::Body;
use engine::Settings;
use http_body_util::BodyExt;
use model::Side;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::place::{Place, play};

async fn tooling(place: &Place, kind: &str, body: Value) {
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("/services/data/v66.0/tooling/sobjects/{kind}"))
        .header("authorization", format!("Bearer {}", place.world.salesforce.access().access_token))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = place.world.salesforce.router().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{kind}: {status} {}", String::from_utf8_lossy(&bytes));
}

async fn object(place: &Place, name: &str, label: &str) {
    let metadata = json!({
        "label": label, "pluralLabel": format!("{label}s"), "deploymentStatus": "Deployed", "sharingModel": "ReadWrite",
        "nameField": {"label": format!("{label} Name"), "type": "Text"},
    });
    tooling(place, "CustomObject", json!({"FullName": name, "Metadata": metadata})).await;
}

fn field(place: &Place, object: &str, name: &str, metadata: &Value) {
    place.world.salesforce.ensure_custom_field(object, name, metadata).unwrap();
}

fn lookup(label: &str, to: &str, children: &str) -> Value {
    json!({"label": label, "type": "Lookup", "referenceTo": to, "relationshipName": children})
}

impl Place {
    async fn associated(&self, object: &str, id: &str, to: &str) -> Vec<String> {
        let path = format!("/crm/v4/objects/{object}/{id}/associations/{to}");
        let answer = self.hubspot_call("GET", &path, json!({})).await;
        let rows = answer["results"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["toObjectId"].to_string().trim_matches('"').to_owned()).collect()
    }
}

#[test]
fn a_custom_object_is_made_with_its_fields_and_its_associations_follow_the_lookups() {
    play(Settings::recommended(), async |place| {
        object(&place, "Project__c", "Project").await;
        let size = json!({"label": "Budget", "type": "Currency", "precision": 12, "scale": 2});
        field(&place, "Project__c", "Budget__c", &size);
        field(&place, "Project__c", "Client__c", &lookup("Client", "Account", "Projects"));
        field(&place, "Project__c", "Sponsor__c", &lookup("Sponsor", "Contact", "Projects"));
        field(&place, "Project__c", "Deputy__c", &lookup("Deputy", "Contact", "DeputyProjects"));
        object(&place, "Milestone__c", "Milestone").await;
        field(&place, "Milestone__c", "Project__c", &lookup("Project", "Project__c", "Milestones"));

        let account = place.salesforce("Account", &[("Name", "Sun")]);
        let contact = place.salesforce("Contact", &[("LastName", "Lovelace"), ("Email", "ada@step.example")]);
        let project = place.salesforce(
            "Project__c",
            &[("Name", "Roof"), ("Budget__c", "1200"), ("Client__c", &account), ("Sponsor__c", &contact)],
        );
        let milestone = place.salesforce("Milestone__c", &[("Name", "Signed"), ("Project__c", &project)]);

        // What it takes is said first, and nothing is made for it.
        let connection = place.open();
        let plan = connection.plan_custom_object("Project__c", None).await.unwrap();
        let new = plan.new_object.clone().unwrap();
        assert_eq!(
            (new.singular.as_str(), new.plural.as_str(), new.display.as_str()),
            ("Project", "Projects", "name")
        );
        let names: Vec<&str> = new.properties.iter().map(|new| new.name.as_str()).collect();
        assert!(names.contains(&"name") && names.contains(&"budget"), "{names:?}");
        assert_eq!(plan.new_associations, ["companies", "contacts"]);
        let left: Vec<&str> = plan.left_out.iter().map(|left| left.salesforce.as_str()).collect();
        assert!(left.contains(&"Deputy__c"), "two lookups to contacts, one association: {left:?}");
        let schemas = place.hubspot_call("GET", "/crm-object-schemas/v3/schemas", json!({})).await;
        assert_eq!(schemas["results"], json!([]), "a plan makes nothing");

        let projects = connection.make_custom_object(&plan, "Grace").await.unwrap();
        place.take_up_settings();
        let connection = place.open();
        let plan = connection.plan_custom_object("Milestone__c", None).await.unwrap();
        assert_eq!(plan.new_associations, std::slice::from_ref(&projects));
        let milestones = connection.make_custom_object(&plan, "Grace").await.unwrap();
        place.take_up_settings();
        place.pass().await;
        place.pass().await;
        let h = place.across(Side::Salesforce, &project);
        assert_eq!(place.in_hubspot(&projects, &h, "name"), "Roof");
        assert_eq!(place.in_hubspot(&projects, &h, "budget"), "1200");
        let company = place.across(Side::Salesforce, &account);
        let person = place.across(Side::Salesforce, &contact);
        assert_eq!(place.associated(&projects, &h, "companies").await, [company]);
        assert_eq!(place.associated(&projects, &h, "contacts").await, std::slice::from_ref(&person));
        let step = place.across(Side::Salesforce, &milestone);
        assert_eq!(place.associated(&milestones, &step, &projects).await, std::slice::from_ref(&h));

        // A lookup that moves takes the association along.
        let other = place.salesforce("Contact", &[("LastName", "Hopper"), ("Email", "grace@step.example")]);
        place.edit_salesforce("Project__c", &project, "Sponsor__c", &other);
        place.pass().await;
        place.pass().await;
        let other = place.across(Side::Salesforce, &other);
        assert_eq!(place.associated(&projects, &h, "contacts").await, [other]);

        // And one that is made in HubSpot comes to Salesforce with its lookups.
        let garage = place.hubspot(&projects, &[("name", "Garage")]);
        place.world.hubspot.associate((&projects, &garage), ("contacts", &person), false).unwrap();
        place.pass().await;
        let made = place.counterpart_of(&projects, &garage);
        assert_eq!(place.in_salesforce("Project__c", &made, "Name"), "Garage");
        assert_eq!(place.in_salesforce("Project__c", &made, "Sponsor__c"), contact);
        assert!(place.codes().iter().all(|code| code == "UNMATCHED_OWNER"), "{:?}", place.errors());
        let wrote = place.writes();
        place.pass().await;
        assert_eq!(place.writes(), wrote);

        // One that is there already is used, by its name.
        let error = place.open().plan_custom_object("Project__c", None).await.unwrap_err();
        assert!(error.to_string().contains("mapped already"), "{error}");
        let error = place.open().plan_custom_object("Nothing__c", Some("nothing")).await.unwrap_err();
        assert!(!error.to_string().is_empty());
    });
}

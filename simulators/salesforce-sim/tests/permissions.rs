//! What must be in place before a sync can be set up, taken away and given back.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use common::Org;
use http::Request;
use serde_json::{Value, json};

async fn set(org: &Org, settings: Value) {
    let request = Request::post("/_sim/settings").header("Content-Type", "application/json");
    let reply = org.send(request.body(settings.to_string().into()).unwrap()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// A session of the administrator.
async fn administrator(org: &Org) -> String {
    let access = org.sim.access();
    let fields = [
        ("grant_type", "password"),
        ("client_id", access.client_id.as_str()),
        ("client_secret", access.client_secret.as_str()),
        ("username", "ida.field@lantern.example"),
        ("password", access.password.as_str()),
    ];
    let answer = org.form("/services/oauth2/token", &fields).await.json();
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn editions_say_whether_there_is_an_api() {
    let org = Org::new();
    set(&org, json!({"organization": {"edition": "Enterprise Edition", "sandbox": true}})).await;
    let found = org.query("SELECT OrganizationType, IsSandbox FROM Organization").await;
    assert_eq!(found["records"][0]["OrganizationType"], "Enterprise Edition");
    assert_eq!(found["records"][0]["IsSandbox"], true);
    set(&org, json!({"organization": {"edition": "Group Edition"}})).await;
    let refused = org.get("/limits").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "API_DISABLED_FOR_ORG"));
    set(&org, json!({"organization": {"edition": "Professional Edition", "api": true}})).await;
    assert_eq!(org.get("/limits").await.status, 200);
}

#[tokio::test]
async fn a_user_without_the_api_gets_it_by_a_permission_set() {
    let org = Org::new();
    set(&org, json!({"user_permissions": {"ApiEnabled": false}})).await;
    let refused = org.get("/limits").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "API_CURRENTLY_DISABLED"));
    let mut admin = Org::sharing(&org);
    admin.token = administrator(&org).await;
    let set_id = admin
        .make("PermissionSet", json!({"Name": "Api", "Label": "Api", "PermissionsApiEnabled": true}))
        .await;
    let user = org.sim.access().user_id;
    admin.make("PermissionSetAssignment", json!({"PermissionSetId": set_id, "AssigneeId": user})).await;
    assert_eq!(org.get("/limits").await.status, 200);
}

#[tokio::test]
async fn bulk_and_soap_calls_need_the_api_too_and_are_their_users_own() {
    let org = Org::new();
    let mut admin = Org::sharing(&org);
    admin.token = administrator(&org).await;
    let job = json!({"object": "Contact", "operation": "insert"});
    let soap = |token: &str| {
        let text = format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:u=\"urn:partner.soap.sforce.com\">\
             <e:Header><u:SessionHeader><u:sessionId>{token}</u:sessionId></u:SessionHeader></e:Header><e:Body>\
             <u:getUserInfo/></e:Body></e:Envelope>"
        );
        let request = Request::post("/services/Soap/u/66.0").header("Content-Type", "text/xml");
        org.send(request.header("SOAPAction", "\"\"").body(text.into()).unwrap())
    };
    assert!(soap(&admin.token).await.text.contains("ida.field@lantern.example"));
    let (ours, theirs) =
        (org.post("/jobs/ingest", job.clone()).await, admin.post("/jobs/ingest", job.clone()).await);
    assert_eq!(ours.json()["createdById"], org.sim.access().user_id);
    assert_ne!(ours.json()["createdById"], theirs.json()["createdById"]);

    set(&org, json!({"user_permissions": {"ApiEnabled": false}})).await;
    let refused = org.post("/jobs/ingest", job.clone()).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "API_CURRENTLY_DISABLED"));
    let classic =
        Request::get("/services/async/66.0/job/7500000000000AA").header("X-SFDC-Session", &org.token);
    let classic = org.send(classic.body(axum::body::Body::empty()).unwrap()).await;
    assert!(
        classic.status == 400 && classic.text.contains("API is disabled for this User"),
        "{}",
        classic.text
    );
    let refused = soap(&org.token).await;
    assert!(refused.status == 500 && refused.text.contains("API_CURRENTLY_DISABLED"), "{}", refused.text);
    assert_eq!(admin.post("/jobs/ingest", job).await.status, 200);
}

#[tokio::test]
async fn each_permission_can_be_missing() {
    let org = Org::new();
    set(&org, json!({"user_permissions": {
        "ViewSetup": false, "ModifyMetadata": false, "ModifyAllData": false, "CustomizeApplication": false,
        "InstallPackaging": false,
    }}))
    .await;
    assert_eq!(org.get("/limits").await.status, 403);
    let field = json!({"FullName": "Contact.A__c", "Metadata": {"label": "A", "type": "Text", "length": 9}});
    assert_eq!(
        org.post("/tooling/sobjects/CustomField", field.clone()).await.code(),
        "INSUFFICIENT_ACCESS_OR_READONLY"
    );
    assert_eq!(org.get("/metadata").await.code(), "INSUFFICIENT_ACCESS");
    let install = json!({"SubscriberPackageVersionKey": "04t5g0000000001AAA"});
    assert_eq!(
        org.post("/tooling/sobjects/PackageInstallRequest", install).await.code(),
        "INSUFFICIENT_ACCESS"
    );
    let held = org
        .query(&format!(
            "SELECT PermissionSet.PermissionsViewSetup, PermissionSet.PermissionsApiEnabled, PermissionSet.IsOwnedByProfile \
             FROM PermissionSetAssignment WHERE AssigneeId = '{}'",
            org.sim.access().user_id
        ))
        .await;
    assert_eq!(held["records"][0]["PermissionSet"]["PermissionsViewSetup"], false);
    assert_eq!(held["records"][0]["PermissionSet"]["PermissionsApiEnabled"], true);
    set(&org, json!({"user_permissions": {"CustomizeApplication": true}})).await;
    assert_eq!(org.post("/tooling/sobjects/CustomField", field).await.status, 201);
}

#[tokio::test]
async fn access_to_objects_is_told_by_their_permissions() {
    let org = Org::new();
    let soql = "SELECT SobjectType, PermissionsModifyAllRecords FROM ObjectPermissions WHERE SobjectType = 'Lead' AND \
                ParentId IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE Assignee.Username = 'integration@tandem.example')";
    assert_eq!(org.query(soql).await["records"][0]["PermissionsModifyAllRecords"], true);
    set(&org, json!({"object_permissions": {"Lead": {"modify_all": false}}})).await;
    assert_eq!(org.query(soql).await["records"][0]["PermissionsModifyAllRecords"], false);
    let refused = Request::post("/_sim/settings").header("Content-Type", "application/json");
    let refused = org.send(refused.body(json!({"no_such_setting": 1}).to_string().into()).unwrap()).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn each_session_knows_its_user() {
    let org = Org::new();
    let token = administrator(&org).await;
    let ask = async |path: &str| {
        let request = Request::get(path).header("Authorization", format!("Bearer {token}"));
        org.send(request.body(axum::body::Body::empty()).unwrap()).await.json()
    };
    assert_eq!(ask("/services/oauth2/userinfo").await["preferred_username"], "ida.field@lantern.example");
    assert_eq!(ask("/services/data/v66.0/chatter/users/me").await["name"], "Ida Field");
    let own = org.get("/chatter/users/me").await.json();
    assert_eq!(own["username"], "integration@tandem.example");
    let made = {
        let request = Request::post("/services/data/v66.0/sobjects/Contact")
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json");
        org.send(request.body(json!({"LastName": "By Ida"}).to_string().into()).unwrap()).await
    };
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        org.query("SELECT CreatedBy.Name FROM Contact").await["records"][0]["CreatedBy"]["Name"],
        "Ida Field"
    );
}

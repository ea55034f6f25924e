//! The SOAP API, as a client sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::Body;
use common::{Org, Reply};
use http::Request;
use serde_json::json;
use sim_base::FaultKind;

async fn post(org: &Org, path: &str, session: &str, headers: &str, body: &str) -> Reply {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:u=\"urn:partner.soap.sforce.com\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Header><u:SessionHeader><u:sessionId>{session}\
         </u:sessionId></u:SessionHeader>{headers}</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    );
    let request = Request::post(path).header("Content-Type", "text/xml").header("SOAPAction", "\"\"");
    org.send(request.body(Body::from(text)).unwrap()).await
}

async fn call(org: &Org, headers: &str, body: &str) -> Reply {
    post(org, "/services/Soap/u/66.0", &org.token, headers, body).await
}

/// The texts of all elements of a name.
fn all(text: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(text).unwrap();
    let found = document.descendants().filter(|node| node.tag_name().name() == name);
    found.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

fn one(text: &str, name: &str) -> String {
    all(text, name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn login(username: &str, password: &str) -> String {
    format!("<u:login><u:username>{username}</u:username><u:password>{password}</u:password></u:login>")
}

#[tokio::test]
async fn a_login_opens_a_session_of_every_api() {
    let mut org = Org::new();
    let access = org.sim.access();
    let path = "/services/Soap/u/66.0";
    let reply = post(&org, path, "", "", &login(&access.username, &access.password)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let short = &access.org_id[..15];
    assert!(one(&reply.text, "serverUrl").ends_with(&format!("/services/Soap/u/66.0/{short}")));
    assert!(one(&reply.text, "metadataServerUrl").ends_with(&format!("/services/Soap/m/66.0/{short}")));
    assert_eq!(one(&reply.text, "sandbox"), "false");
    assert_eq!(one(&reply.text, "userName"), access.username);
    assert_eq!(one(&reply.text, "organizationId"), access.org_id);
    assert_eq!(one(&reply.text, "userFullName"), "Integration User");
    org.token = one(&reply.text, "sessionId");
    assert_eq!(org.get("/limits").await.status, 200);
    let info = call(&org, "", "<u:getUserInfo/>").await;
    assert_eq!(one(&info.text, "userId"), access.user_id);
    assert_eq!(one(&info.text, "limit"), "15000");
    assert_eq!(call(&org, "", "<u:logout/>").await.status, 200);
    assert_eq!(org.get("/limits").await.status, 401);

    let token = format!("{}{}", access.password, access.security_token);
    let reply = post(&org, "/services/Soap/c/66.0", "", "", &login(&access.username, &token)).await;
    assert!(one(&reply.text, "serverUrl").contains("/services/Soap/c/66.0/"));
    for wrong in ["nope".to_owned(), format!("{}nope", access.password)] {
        let reply = post(&org, path, "", "", &login(&access.username, &wrong)).await;
        assert_eq!(reply.status, 500);
        assert_eq!(one(&reply.text, "faultcode"), "INVALID_LOGIN");
        assert_eq!(one(&reply.text, "exceptionCode"), "INVALID_LOGIN");
        assert!(one(&reply.text, "faultstring").starts_with("INVALID_LOGIN: Invalid username, password,"));
    }
    let stale = post(&org, path, "nobody", "", "<u:getUserInfo/>").await;
    assert_eq!((stale.status, one(&stale.text, "faultcode").as_str()), (500, "sf:INVALID_SESSION_ID"));
}

#[tokio::test]
async fn records_are_made_changed_cleared_and_taken_back() {
    let org = Org::new();
    org.key_field(true);
    let rows = "<u:create><u:sObjects><type>Contact</type><LastName>A &amp; B</LastName><Title>Dr</Title></u:sObjects>\
                <u:sObjects xsi:type=\"u:Contact\"><FirstName>x</FirstName></u:sObjects></u:create>";
    let reply = call(&org, "", rows).await;
    assert_eq!(all(&reply.text, "success"), ["true", "false"], "{}", reply.text);
    assert_eq!(one(&reply.text, "statusCode"), "REQUIRED_FIELD_MISSING");
    assert_eq!(one(&reply.text, "fields"), "LastName");
    let id = one(&reply.text, "id");
    let change = format!(
        "<u:update><u:sObjects><type>Contact</type><fieldsToNull>Title</fieldsToNull><Id>{id}</Id>\
         <FirstName>F</FirstName></u:sObjects></u:update>"
    );
    assert_eq!(one(&call(&org, "", &change).await.text, "success"), "true");
    let row = org.sim.record("Contact", &id).unwrap().fields;
    assert_eq!((&row["FirstName"], &row["LastName"]), (&json!("F"), &json!("A & B")));
    assert!(!row.contains_key("Title"));

    let upsert = "<u:upsert><u:externalIDFieldName>Key__c</u:externalIDFieldName><u:sObjects><type>Contact</type>\
                  <Key__c>k</Key__c><LastName>L</LastName></u:sObjects></u:upsert>";
    assert_eq!(one(&call(&org, "", upsert).await.text, "created"), "true");
    assert_eq!(one(&call(&org, "", upsert).await.text, "created"), "false");

    let before = org.count("Contact");
    let header = "<u:AllOrNoneHeader><u:allOrNone>true</u:allOrNone></u:AllOrNoneHeader>";
    let reply = call(&org, header, rows).await;
    assert_eq!(all(&reply.text, "success"), ["false", "false"]);
    assert_eq!(one(&reply.text, "statusCode"), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(org.count("Contact"), before);

    let by_id = |name: &str| format!("<u:{name}><u:ids>{id}</u:ids></u:{name}>");
    for (name, success) in [
        ("undelete", "false"),
        ("emptyRecycleBin", "false"),
        ("delete", "true"),
        ("undelete", "true"),
        ("delete", "true"),
        ("emptyRecycleBin", "true"),
        ("undelete", "false"),
    ] {
        assert_eq!(one(&call(&org, "", &by_id(name)).await.text, "success"), success, "{name}");
    }
    assert_eq!(org.sim.record("Contact", &id), None);
    let unknown = "<u:create><u:sObjects><type>Nope</type></u:sObjects></u:create>";
    assert_eq!(one(&call(&org, "", unknown).await.text, "exceptionCode"), "INVALID_TYPE");
}

#[tokio::test]
async fn queries_go_on_with_their_locator() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "Acme"})).await;
    for number in 0..250 {
        org.make("Contact", json!({"LastName": format!("N{number:03}"), "AccountId": account})).await;
    }
    let options = "<u:QueryOptions><u:batchSize>200</u:batchSize></u:QueryOptions>";
    let soql = "SELECT LastName, Account.Name, CreatedDate FROM Contact ORDER BY LastName";
    let query = format!("<u:query><u:queryString>{soql}</u:queryString></u:query>");
    let first = call(&org, options, &query).await.text;
    assert_eq!((one(&first, "done").as_str(), one(&first, "size").as_str()), ("false", "250"));
    assert_eq!(all(&first, "records").len(), 200);
    assert_eq!((one(&first, "LastName").as_str(), one(&first, "Name").as_str()), ("N000", "Acme"));
    assert!(one(&first, "CreatedDate").ends_with(".000Z"));
    let locator = one(&first, "queryLocator");
    let more = format!("<u:queryMore><u:queryLocator>{locator}</u:queryLocator></u:queryMore>");
    let second = call(&org, options, &more).await.text;
    assert_eq!((one(&second, "done").as_str(), all(&second, "records").len()), ("true", 50));

    let count =
        call(&org, "", "<u:query><u:queryString>SELECT COUNT() FROM Contact</u:queryString></u:query>").await;
    assert_eq!(one(&count.text, "size"), "250");
    let bad =
        call(&org, "", "<u:query><u:queryString>SELECT Nope FROM Contact</u:queryString></u:query>").await;
    assert_eq!((bad.status, one(&bad.text, "faultcode").as_str()), (500, "sf:INVALID_FIELD"));
    assert_eq!((one(&bad.text, "row").as_str(), one(&bad.text, "column").as_str()), ("1", "8"));

    let found = call(
        &org,
        "",
        "<u:search><u:searchString>FIND {N001} IN ALL FIELDS RETURNING Contact(LastName)\
                                </u:searchString></u:search>",
    )
    .await
    .text;
    assert_eq!((all(&found, "record").len(), one(&found, "LastName").as_str()), (1, "N001"), "{found}");

    let retrieve = format!(
        "<u:retrieve><u:fieldList>Id, Name</u:fieldList><u:sObjectType>Account</u:sObjectType><u:ids>{account}</u:ids>\
         <u:ids>001000000000000AAA</u:ids></u:retrieve>"
    );
    let found = call(&org, "", &retrieve).await.text;
    assert_eq!(all(&found, "result").len(), 2, "{found}");
    assert_eq!(one(&found, "Name"), "Acme");
}

#[tokio::test]
async fn descriptions_and_changes() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "A"})).await;
    let global = call(&org, "", "<u:describeGlobal/>").await.text;
    assert!(all(&global, "name").contains(&"Contact".to_owned()));
    let described = call(
        &org,
        "",
        "<u:describeSObjects><u:sObjectType>Contact</u:sObjectType><u:sObjectType>Account</u:sObjectType>\
         </u:describeSObjects>",
    )
    .await
    .text;
    assert_eq!(all(&described, "keyPrefix"), ["003", "001"]);
    assert!(all(&described, "name").contains(&"LastName".to_owned()));
    let unknown =
        call(&org, "", "<u:describeSObject><u:sObjectType>Nope</u:sObjectType></u:describeSObject>").await;
    assert_eq!(one(&unknown.text, "exceptionMessage"), "sObject type 'Nope' is not supported.");

    let (start, end) = (org.now(), org.now() + jiff::SignedDuration::from_mins(5));
    org.pass(600);
    let changes = |name: &str| {
        format!(
            "<u:{name}><u:sObjectType>Contact</u:sObjectType><u:startDate>{start}</u:startDate>\
             <u:endDate>{end}</u:endDate></u:{name}>"
        )
    };
    let updated = call(&org, "", &changes("getUpdated")).await.text;
    assert_eq!(all(&updated, "ids"), [id]);
    assert!(one(&updated, "latestDateCovered").ends_with('Z'));
    assert_eq!(all(&call(&org, "", &changes("getDeleted")).await.text, "deletedRecords").len(), 0);
    let now = one(&call(&org, "", "<u:getServerTimestamp/>").await.text, "timestamp");
    assert_eq!(now.parse::<jiff::Timestamp>().unwrap(), org.now());
    let fault = call(&org, "", "<u:noSuchThing/>").await;
    assert_eq!((fault.status, one(&fault.text, "faultcode").as_str()), (500, "soapenv:Client"));
}

#[tokio::test]
async fn made_up_faults_come_in_the_form_of_the_api() {
    let org = Org::new();
    org.break_with(FaultKind::ExpiredToken, "/services/", 1.0, None);
    let soap = call(&org, "", "<u:getUserInfo/>").await;
    assert_eq!((soap.status, one(&soap.text, "faultcode").as_str()), (500, "sf:INVALID_SESSION_ID"));
    let bulk = org.page("/services/async/66.0/job/750000000000000AAA").await;
    assert_eq!((bulk.status, one(&bulk.text, "exceptionCode").as_str()), (400, "InvalidSessionId"));
    org.break_with(FaultKind::status(503), "/services/", 1.0, None);
    let soap = call(&org, "", "<u:getUserInfo/>").await;
    assert_eq!((soap.status, one(&soap.text, "exceptionCode").as_str()), (503, "SERVER_UNAVAILABLE"));
}

#[tokio::test]
async fn records_are_merged_and_leads_converted() {
    let org = Org::new();
    let (a, b) =
        (org.make("Account", json!({"Name": "A"})).await, org.make("Account", json!({"Name": "B"})).await);
    let contact = org.make("Contact", json!({"LastName": "C", "AccountId": b})).await;
    let merge = |master: &str, loser: &str| {
        format!(
            "<u:merge><u:request><u:masterRecord><type>Account</type><Id>{master}</Id><Phone>1</Phone></u:masterRecord>\
             <u:recordToMergeIds>{loser}</u:recordToMergeIds></u:request></u:merge>"
        )
    };
    let reply = call(&org, "", &merge(&a, &b)).await.text;
    assert_eq!((one(&reply, "success").as_str(), one(&reply, "id")), ("true", a.clone()), "{reply}");
    assert_eq!(one(&reply, "mergedRecordIds"), b);
    assert_eq!(one(&reply, "updatedRelatedIds"), contact);
    assert_eq!(org.sim.record("Account", &a).unwrap().fields["Phone"], "1");
    assert_eq!(org.sim.record("Contact", &contact).unwrap().fields["AccountId"], json!(a));
    assert!(org.sim.record("Account", &b).unwrap().deleted);
    let again = call(&org, "", &merge(&a, &b)).await.text;
    assert_eq!(
        (one(&again, "success").as_str(), one(&again, "statusCode").as_str()),
        ("false", "ENTITY_IS_DELETED")
    );

    let lead = org.make("Lead", json!({"LastName": "L", "Company": "Lens & Co"})).await;
    let convert = format!(
        "<u:convertLead><u:leadConverts><u:convertedStatus>Closed - Converted</u:convertedStatus>\
         <u:doNotCreateOpportunity>false</u:doNotCreateOpportunity><u:leadId>{lead}</u:leadId>\
         <u:opportunityName>Deal</u:opportunityName></u:leadConverts></u:convertLead>"
    );
    let reply = call(&org, "", &convert).await.text;
    assert_eq!(one(&reply, "success"), "true", "{reply}");
    let account = org.sim.record("Account", &one(&reply, "accountId")).unwrap();
    assert_eq!(account.fields["Name"], "Lens & Co");
    let deal = org.sim.record("Opportunity", &one(&reply, "opportunityId")).unwrap();
    assert_eq!(deal.fields["Name"], "Deal");
    let again = call(&org, "", &convert).await.text;
    assert_eq!(one(&again, "success"), "false");
    assert!(!one(&again, "statusCode").is_empty());
}

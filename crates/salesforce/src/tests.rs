//! How the client behaves towards a scripted Salesforce.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::testing::{Script, Seen, Step, answer, lost, reply, unreachable};
use crate::*;

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

fn people(count: usize) -> Vec<Fields> {
    (0..count).map(|n| fields(json!({ "LastName": format!("P{n}"), "Ext__c": n.to_string() }))).collect()
}

fn saved(seen: &Seen) -> Value {
    let records = seen.body["records"].as_array().unwrap();
    records
        .iter()
        .map(|record| json!({"id": format!("id-{}", record["LastName"].as_str().unwrap()), "success": true, "errors": [], "created": false}))
        .collect()
}

fn saves() -> Step {
    Box::new(|seen| reply(200, &saved(seen)))
}

fn refusal(code: &str, message: &str) -> Value {
    json!([{ "errorCode": code, "message": message }])
}

#[tokio::test(start_paused = true)]
async fn long_collections_are_split_into_two_hundreds_and_answered_in_order() {
    let script = Script::new(vec![saves(), saves(), saves()]);
    let client = script.client();
    let results = client.collections_create("Contact", &people(450), WriteOptions::default()).await.unwrap();
    let seen = script.seen();
    let sizes: Vec<usize> = seen.iter().map(|seen| seen.body["records"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [200, 200, 50]);
    assert_eq!(seen[0].path, "/services/data/v66.0/composite/sobjects");
    assert_eq!(seen[0].body["records"][0]["attributes"]["type"], "Contact");
    assert_eq!(seen[0].body["allOrNone"], false);
    for (n, result) in results.iter().enumerate() {
        assert_eq!(result.id(), Some(format!("id-P{n}").as_str()));
        assert!(matches!(result, RowResult::Ok { created: Some(true), .. }));
    }
    assert_eq!(client.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_call_says_who_calls_and_leaves_assignment_rules_alone() {
    let script = Script::new(vec![answer(200, json!({"totalSize":0,"done":true,"records":[]}))]);
    script.client().query("SELECT Id FROM Contact WHERE Name = 'a+b'").await.unwrap();
    let seen = &script.seen()[0];
    assert_eq!(seen.headers["sforce-call-options"], "client=tandem");
    assert_eq!(seen.headers["sforce-auto-assign"], "FALSE");
    assert_eq!(seen.headers["sforce-query-options"], "batchSize=2000");
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/services/data/v66.0/query"));
    assert_eq!(seen.query, "q=SELECT+Id+FROM+Contact+WHERE+Name+%3D+%27a%2Bb%27");
}

#[tokio::test(start_paused = true)]
async fn a_create_is_never_sent_again_after_a_lost_answer() {
    let script = Script::new(vec![lost(), lost()]);
    let client = script.client();
    let error = client.create("Contact", &people(1)[0]).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error:?}");
    let results = client.collections_create("Contact", &people(2), WriteOptions::default()).await.unwrap();
    assert!(results.iter().all(|result| matches!(result, RowResult::Unknown { .. })), "{results:?}");
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_a_gateway_gave_up_on_is_not_sent_again() {
    for status in [500, 502, 503, 504] {
        let gateway: Step = Box::new(move |_| {
            Ok(http::Response::builder()
                .status(status)
                .body(bytes::Bytes::from("<html>gateway</html>"))
                .unwrap())
        });
        let script = Script::new(vec![gateway]);
        let error = script.client().create("Contact", &people(1)[0]).await.unwrap_err();
        assert!(error.is_ambiguous(), "{status}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_surely_not_received_is_sent_again() {
    let script = Script::new(vec![
        unreachable(),
        answer(503, refusal("SERVER_UNAVAILABLE", "try later")),
        answer(
            403,
            refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        ),
        answer(201, json!({"id":"003","success":true,"errors":[]})),
    ]);
    assert_eq!(script.client().create("Contact", &people(1)[0]).await.unwrap(), "003");
}

#[tokio::test(start_paused = true)]
async fn used_up_calls_are_not_tried_again_and_leave_the_rest_unsent() {
    let script = Script::new(vec![
        saves(),
        answer(403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")),
    ]);
    let results =
        script.client().collections_create("Contact", &people(500), WriteOptions::default()).await.unwrap();
    assert!(results[..200].iter().all(|result| result.id().is_some()));
    assert!(
        results[200..].iter().all(|result| matches!(result, RowResult::NotSent(Error::LimitExceeded(_))))
    );
}

#[tokio::test(start_paused = true)]
async fn updates_are_sent_again_after_a_lost_answer_and_stay_uncertain_at_the_end() {
    let script = Script::new(vec![lost(), answer(204, json!(null)), lost(), lost(), lost(), lost(), lost()]);
    let client = script.client();
    client.update("Contact", "003", &people(1)[0], None).await.unwrap();
    let error = client.update("Contact", "003", &people(1)[0], None).await.unwrap_err();
    assert!(error.is_ambiguous(), "{error:?}");
    let seen = script.seen();
    assert_eq!(seen.len(), 7);
    let waits: Vec<SignedDuration> =
        seen[2..].windows(2).map(|two| two[1].at.duration_since(two[0].at)).collect();
    assert!(waits.is_sorted() && waits[0] >= SignedDuration::from_millis(500), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn an_update_on_condition_is_sent_once_and_tells_a_change() {
    let script = Script::new(vec![answer(412, json!([])), lost()]);
    let client = script.client();
    let moment = Some("2026-11-24T01:02:03Z".parse().unwrap());
    let error = client.update("Contact", "003", &people(1)[0], moment).await.unwrap_err();
    assert!(matches!(error, Error::Changed(_)), "{error:?}");
    assert_eq!(script.seen()[0].headers["if-unmodified-since"], "Tue, 24 Nov 2026 01:02:03 GMT");
    assert!(client.update("Contact", "003", &people(1)[0], moment).await.unwrap_err().is_ambiguous());
}

#[tokio::test(start_paused = true)]
async fn each_row_gets_its_own_refusal_with_the_record_it_duplicates() {
    let script = Script::new(vec![answer(
        200,
        json!([
            {"id":"003A","success":true,"errors":[],"created":true},
            {"success":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"duplicate value found: Ext__c duplicates value on record with id: 003000000000001","fields":[]}]}
        ]),
    )]);
    let results = script
        .client()
        .collections_upsert("Contact", "Ext__c", &people(2), WriteOptions::default())
        .await
        .unwrap();
    assert!(matches!(&results[0], RowResult::Ok { id, created: Some(true), .. } if id == "003A"));
    let RowResult::Err(errors) = &results[1] else { panic!("{results:?}") };
    assert_eq!(errors[0].duplicate_ids, ["003000000000001"]);
    assert_eq!(script.seen()[0].path, "/services/data/v66.0/composite/sobjects/Contact/Ext__c");
}

#[tokio::test(start_paused = true)]
async fn rows_with_an_unknown_field_do_not_stop_the_others() {
    let picky = || -> Step {
        Box::new(|seen| {
            if seen.body["records"].as_array().unwrap().iter().any(|record| record.get("Nope__c").is_some()) {
                reply(400, &refusal("INVALID_FIELD", "No such column 'Nope__c' on sobject of type Contact"))
            } else {
                reply(200, &saved(seen))
            }
        })
    };
    let script = Script::new(vec![picky(), picky()]);
    let mut rows = people(6);
    rows[2].insert("Nope__c".into(), json!(1));
    rows[4].insert("Nope__c".into(), json!(2));
    let results =
        script.client().collections_create("Contact", &rows, WriteOptions::default()).await.unwrap();
    let refused: Vec<usize> =
        (0..6).filter(|&n| matches!(&results[n], RowResult::Err(errors) if !errors.is_empty())).collect();
    assert_eq!(refused, [2, 4]);
    assert_eq!(results[5].id(), Some("id-P5"));
}

#[tokio::test(start_paused = true)]
async fn rows_about_the_same_record_or_none_are_refused_before_anything_is_sent() {
    let script = Script::new(vec![]);
    let client = script.client();
    let twice = vec![fields(json!({"Id":"003","LastName":"A"})), fields(json!({"Id":"003","LastName":"B"}))];
    let error = client.collections_update("Contact", &twice, WriteOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "not sent to Salesforce: two rows are about Id 003; merge them into one");
    let error = client.collections_update("Contact", &people(1), WriteOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("row 0 says no Id"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_repeated_after_a_lost_answer_counts_what_is_gone_as_done() {
    let gone = json!([{"success":false,"errors":[{"statusCode":"ENTITY_IS_DELETED","message":"entity is deleted","fields":[]}]}]);
    let script = Script::new(vec![lost(), answer(200, gone)]);
    let results =
        script.client().collections_delete(&["003A".into()], WriteOptions::default()).await.unwrap();
    assert_eq!(results[0].id(), Some("003A"));
    assert_eq!(script.seen()[0].query, "ids=003A&allOrNone=false");
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_from_the_org_s_own_host_only() {
    let script = Script::new(vec![
        answer(
            200,
            json!({"totalSize":2,"done":false,"nextRecordsUrl":"https://elsewhere.example/services/data/v66.0/query/01g-1",
            "records":[{"attributes":{"type":"Contact"},"Id":"1","Account":{"attributes":{"type":"Account"},"Name":"Acme"}}]}),
        ),
        lost(),
        answer(
            200,
            json!({"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact"},"Id":"2","Account":null}]}),
        ),
    ]);
    let rows =
        script.client().query_rows("SELECT Id, Account.Name FROM Contact", Scope::WithDeleted).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].id.as_deref(), rows[0].object.as_deref()), (Some("1"), Some("Contact")));
    assert_eq!(rows[0].text("Account.Name"), Some("Acme"));
    assert_eq!(rows[0].fields["Account"], json!({"Name": "Acme"}));
    assert_eq!(rows[1].text("Account.Name"), None);
    let seen = script.seen();
    assert_eq!(seen[0].path, "/services/data/v66.0/queryAll");
    assert_eq!(
        (seen[1].host.as_str(), seen[1].path.as_str()),
        ("acme.my.salesforce.com", "/services/data/v66.0/query/01g-1")
    );
}

#[tokio::test(start_paused = true)]
async fn a_query_too_long_for_an_address_is_not_sent() {
    let script = Script::new(vec![]);
    let error = script.client().query(&"x".repeat(20_000)).await.unwrap_err();
    assert!(error.to_string().contains("split its list"), "{error}");
}

#[derive(Default)]
struct Kept(Mutex<Vec<(String, Option<String>)>>);

impl TokenStore for Kept {
    fn save<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let refresh = tokens.refresh_token.as_ref().map(|token| token.expose_secret().to_owned());
            self.0.lock().unwrap().push((tokens.access_token.expose_secret().to_owned(), refresh));
            Ok(())
        })
    }
}

fn app() -> OAuthApp {
    OAuthApp {
        client_id: "app".into(),
        client_secret: Some("app-secret".into()),
        redirect_uri: "https://tandem.example/back".into(),
    }
}

fn with_refresh(store: &Arc<Kept>) -> Auth {
    Auth::RefreshToken {
        login_url: "https://login.salesforce.com".parse().unwrap(),
        app: app(),
        tokens: Tokens {
            access_token: "old".into(),
            refresh_token: Some("refresh-1".into()),
            instance_url: "https://acme.my.salesforce.com".parse().unwrap(),
            identity_url: None,
            issued_at: None,
            scope: None,
        },
        store: store.clone(),
    }
}

fn tokens(refresh_token: Option<&str>) -> Step {
    answer(
        200,
        json!({"access_token":"new","refresh_token":refresh_token,"instance_url":"https://moved.my.salesforce.com","id":"https://login.salesforce.com/id/00D/005","token_type":"Bearer","issued_at":"1763941234567"}),
    )
}

#[tokio::test(start_paused = true)]
async fn an_expired_session_is_renewed_once_for_all_calls_and_saved_first() {
    let expired = || answer(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"));
    let me =
        || answer(200, json!({"user_id":"005","organization_id":"00D","preferred_username":"u@example.com"}));
    let script = Script::new(vec![expired(), expired(), tokens(Some("refresh-2")), me(), me()])
        .delayed(Duration::from_millis(50));
    let store = Arc::new(Kept::default());
    let client = script.client_with(|config| config.auth = with_refresh(&store));
    let answers = futures::future::join_all((0..2).map(|_| client.identity())).await;
    assert!(
        answers.iter().all(|who| who.as_ref().is_ok_and(|who| who.username == "u@example.com")),
        "{answers:?}"
    );
    let seen = script.seen();
    assert_eq!(
        (seen[2].host.as_str(), seen[2].path.as_str()),
        ("login.salesforce.com", "/services/oauth2/token")
    );
    assert!(seen[2].raw.contains("refresh_token=refresh-1"));
    assert_eq!((seen[3].token.as_str(), seen[3].host.as_str()), ("new", "moved.my.salesforce.com"));
    assert_eq!(*store.0.lock().unwrap(), [("new".to_owned(), Some("refresh-2".to_owned()))]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_is_not_replaced_is_kept() {
    let expired = answer(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"));
    let script = Script::new(vec![expired, tokens(None), answer(200, json!([]))]);
    let store = Arc::new(Kept::default());
    script.client_with(|config| config.auth = with_refresh(&store)).versions().await.unwrap();
    assert_eq!(store.0.lock().unwrap()[0].1.as_deref(), Some("refresh-1"));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_nobody_waited_for_loses_no_refresh_token() {
    let expired = || answer(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"));
    let none = || answer(200, json!([]));
    let script =
        Script::new(vec![expired(), tokens(Some("refresh-2")), none(), expired(), tokens(None), none()])
            .delayed(Duration::from_millis(50));
    let client = script.client_with(|config| config.auth = with_refresh(&Arc::default()));
    client.versions().await.unwrap();
    // Stops in the middle of the second renewal.
    tokio::time::timeout(Duration::from_millis(75), client.versions()).await.unwrap_err();
    client.versions().await.unwrap();
    assert!(script.seen()[4].raw.contains("refresh_token=refresh-2"), "{:?}", script.seen()[4]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_stays_refused_is_given_up_after_one_renewal() {
    let expired = || answer(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"));
    let script = Script::new(vec![expired(), tokens(None), expired()]);
    let client = script.client_with(|config| config.auth = with_refresh(&Arc::default()));
    assert!(matches!(client.versions().await.unwrap_err(), Error::Unauthorized(_)));
}

#[tokio::test(start_paused = true)]
async fn a_plain_token_is_not_renewed() {
    let script = Script::new(vec![answer(401, refusal("INVALID_SESSION_ID", "Session expired or invalid"))]);
    let error = script.client().versions().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn client_credentials_are_traded_before_the_first_call() {
    let script = Script::new(vec![
        tokens(None),
        answer(200, json!([{"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"}])),
    ]);
    let client = script.client_with(|config| {
        config.auth = Auth::ClientCredentials {
            login_url: "https://acme.my.salesforce.com".parse().unwrap(),
            client_id: "id".into(),
            client_secret: "s3cret".into(),
        }
    });
    assert_eq!(client.versions().await.unwrap()[0].version, "66.0");
    let seen = script.seen();
    assert_eq!(seen[0].raw, "grant_type=client_credentials&client_id=id&client_secret=s3cret");
    assert_eq!(seen[1].host, "moved.my.salesforce.com");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_none_is_told_without_showing_it() {
    let script = Script::new(vec![]);
    let client = script.client_with(|config| {
        config.auth = Auth::Jwt {
            login_url: "https://login.salesforce.com".parse().unwrap(),
            audience: "https://login.salesforce.com".into(),
            client_id: "id".into(),
            username: "u@example.com".into(),
            private_key: "not-a-key".into(),
        }
    });
    let error = client.versions().await.unwrap_err();
    assert!(error.to_string().contains("no RSA key") && !error.to_string().contains("not-a-key"), "{error}");
}

#[test]
fn secrets_do_not_show() {
    let text = format!("{:?}", with_refresh(&Arc::default()));
    assert!(
        !text.contains("refresh-1") && !text.contains("app-secret") && !text.contains("\"old\""),
        "{text}"
    );
}

#[test]
fn the_address_to_connect_an_org_holds_what_salesforce_needs() {
    let login = "https://test.salesforce.com".parse().unwrap();
    let url = authorize_url(&login, &app(), &["api", "refresh_token"], "chal", "s1");
    assert_eq!(
        url.as_str(),
        "https://test.salesforce.com/services/oauth2/authorize?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Ftandem.example%2Fback&scope=api+refresh_token&state=s1&code_challenge=chal&code_challenge_method=S256"
    );
}

#[tokio::test(start_paused = true)]
async fn usage_and_the_clock_there_are_learnt_by_the_way() {
    let step: Step = Box::new(|_| {
        let mut response = reply(200, &json!([])).unwrap();
        response.headers_mut().insert("sforce-limit-info", "api-usage=18/5000".parse().unwrap());
        response.headers_mut().insert("date", "Mon, 23 Nov 2026 23:59:00 GMT".parse().unwrap());
        Ok(response)
    });
    let script = Script::new(vec![step]);
    let client = script.client();
    client.versions().await.unwrap();
    assert_eq!(client.usage(), Some(ApiUsage { used: 18, max: 5_000 }));
    assert_eq!(client.clock_offset(), Some(SignedDuration::from_secs(-60)));
}

#[tokio::test(start_paused = true)]
async fn access_to_a_field_is_granted_once() {
    let none = json!({"totalSize":0,"done":true,"records":[]});
    let there = json!({"totalSize":1,"done":true,"records":[{"attributes":{"type":"FieldPermissions"},"Id":"01k","PermissionsRead":true,"PermissionsEdit":true}]});
    let script = Script::new(vec![
        answer(200, none),
        answer(201, json!({"id":"01k","success":true,"errors":[]})),
        answer(200, there),
    ]);
    let client = script.client();
    assert_eq!(client.grant_field("0PS", "Contact", "HubSpot_Id__c").await.unwrap(), Granted::Now);
    assert_eq!(client.grant_field("0PS", "Contact", "HubSpot_Id__c").await.unwrap(), Granted::Already);
    assert_eq!(
        script.seen()[1].body,
        json!({"PermissionsRead":true,"PermissionsEdit":true,"ParentId":"0PS","SobjectType":"Contact","Field":"Contact.HubSpot_Id__c"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_composite_call_with_a_create_is_sent_once() {
    let sub = |method: &str, name: &str| Subrequest {
        method: method.into(),
        path: "/sobjects/Contact".into(),
        reference_id: name.into(),
        body: None,
    };
    let script = Script::new(vec![
        lost(),
        lost(),
        answer(
            200,
            json!({"compositeResponse":[{"body":{"Id":"1"},"httpHeaders":{},"httpStatusCode":200,"referenceId":"a"}]}),
        ),
    ]);
    let client = script.client();
    assert!(client.composite(&[sub("GET", "a"), sub("POST", "b")], false).await.unwrap_err().is_ambiguous());
    let responses = client.composite(&[sub("GET", "a")], false).await.unwrap();
    assert_eq!((responses[0].status, responses[0].body["Id"].as_str()), (200, Some("1")));
    assert_eq!(script.seen()[0].body["compositeRequest"][0]["url"], "/services/data/v66.0/sobjects/Contact");
}

#[tokio::test(start_paused = true)]
async fn a_describe_is_read_whatever_else_it_holds() {
    let script = Script::new(vec![answer(
        200,
        json!({"name":"Contact","label":"Contact","createable":true,"childRelationships":[],"fields":[
            {"name":"LastName","label":"Last Name","type":"string","length":80,"nillable":false,"createable":true,"updateable":true,"defaultedOnCreate":false,"unique":false,"extraTypeInfo":null,"picklistValues":[],"referenceTo":[],"mask":null},
            {"name":"LeadSource","type":"picklist","restrictedPicklist":false,"picklistValues":[{"active":true,"defaultValue":false,"label":"Web","validFor":null,"value":"Web"}],"defaultValue":null}
        ]}),
    )]);
    let contact = script.client().describe("Contact").await.unwrap();
    assert!(contact.field("lastname").unwrap().required_on_create());
    assert_eq!(contact.field("LeadSource").unwrap().picklist_values[0].value, "Web");
}

#[test]
fn salesforce_times_are_read() {
    let zulu: jiff::Timestamp = "2026-11-24T00:00:01Z".parse().unwrap();
    assert_eq!(crate::lenient::parse_time("2026-11-24T00:00:01.000+0000"), Some(zulu));
    assert_eq!(crate::lenient::parse_time("2026-11-24T00:00:01Z"), Some(zulu));
}

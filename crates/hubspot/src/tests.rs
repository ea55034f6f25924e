//! How the client behaves towards a scripted HubSpot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::testing::{Script, Seen, Step, answer, lost, reply, unreachable};
use crate::*;

fn row(trace: &str, email: &str) -> BatchInput {
    BatchInput {
        trace_id: trace.into(),
        properties: BTreeMap::from([("email".to_owned(), email.to_owned())]),
        ..BatchInput::default()
    }
}

fn rows(count: usize) -> Vec<BatchInput> {
    (0..count).map(|n| row(&format!("t{n}"), &format!("p{n}@example.com"))).collect()
}

/// Creates whatever comes in, backwards, as HubSpot promises no order.
fn created(seen: &Seen) -> Value {
    let made = |input: &Value| {
        json!({
            "id": format!("id-{}", input["objectWriteTraceId"].as_str().unwrap()),
            "properties": input["properties"],
            "objectWriteTraceId": input["objectWriteTraceId"],
            "createdAt": "2026-11-24T00:00:00.000Z",
        })
    };
    let results: Vec<Value> = seen.body["inputs"].as_array().unwrap().iter().rev().map(made).collect();
    json!({ "status": "COMPLETE", "results": results })
}

fn creates() -> Step {
    Box::new(|seen| reply(201, &created(seen)))
}

fn refusal(category: &str, message: &str) -> Value {
    json!({ "status": "error", "message": message, "correlationId": "corr-1", "category": category })
}

#[tokio::test(start_paused = true)]
async fn long_batches_are_split_into_hundreds_and_answered_in_order() {
    let script = Script::new(vec![creates(), creates(), creates()]);
    let results = script.client().batch_create("contacts", &rows(250)).await.unwrap();
    let sizes: Vec<usize> =
        script.seen().iter().map(|seen| seen.body["inputs"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 50]);
    assert_eq!(script.seen()[0].path, "/crm/objects/2026-09/contacts/batch/create");
    for (n, result) in results.iter().enumerate() {
        let record = result.ok().unwrap();
        assert_eq!((record.id.as_str(), record.created), (format!("id-t{n}").as_str(), Some(true)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_is_never_sent_again_after_a_lost_answer() {
    let script = Script::new(vec![lost()]);
    let results = script.client().batch_create("contacts", &rows(2)).await.unwrap();
    assert!(results.iter().all(|result| matches!(result, RowResult::Unknown { .. })), "{results:?}");
    assert_eq!(script.seen().len(), 1);
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
        let results = script.client().batch_create("contacts", &rows(1)).await.unwrap();
        assert!(matches!(results[0], RowResult::Unknown { .. }), "{status}: {results:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_surely_not_received_is_sent_again() {
    let script = Script::new(vec![
        unreachable(),
        answer(
            429,
            json!({"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING"}),
        ),
        answer(503, refusal("SERVICE_UNAVAILABLE", "try later")),
        creates(),
    ]);
    let results = script.client().batch_create("contacts", &rows(1)).await.unwrap();
    assert!(results[0].ok().is_some());
    let seen = script.seen();
    assert!(seen[2].at.duration_since(seen[1].at) >= SignedDuration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn reads_and_updates_are_sent_again_after_a_lost_answer() {
    let script = Script::new(vec![
        lost(),
        answer(200, json!({"id": 7, "properties": {}})),
        lost(),
        lost(),
        answer(200, json!({"id": "7", "properties": {"city": null, "zip": 10115}})),
    ]);
    let client = script.client();
    assert_eq!(client.get("contacts", "7", None, &[]).await.unwrap().unwrap().id, "7");
    let record = client.update("contacts", "7", &BTreeMap::new()).await.unwrap();
    assert_eq!(record.properties["zip"].as_deref(), Some("10115"));
    assert_eq!(record.properties["city"], None);
    assert_eq!(client.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn tries_are_bounded_and_a_write_then_remains_uncertain() {
    let script = Script::new((0..10).map(|_| lost()).collect());
    let client = script.client();
    let read = client.account().await.unwrap_err();
    assert!(matches!(read, Error::Transport(_)), "{read:?}");
    let write = client.update("contacts", "7", &BTreeMap::new()).await.unwrap_err();
    assert!(write.is_ambiguous(), "{write:?}");
    assert_eq!(script.seen().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_used_up_daily_limit_is_not_tried_again_and_leaves_the_rest_unsent() {
    let script = Script::new(vec![
        creates(),
        answer(
            429,
            json!({"status":"error","message":"You have reached your daily limit.","policyName":"DAILY","correlationId":"c"}),
        ),
    ]);
    let results = script.client().batch_create("contacts", &rows(250)).await.unwrap();
    assert!(results[..100].iter().all(|result| result.ok().is_some()));
    assert!(
        results[100..].iter().all(|result| matches!(result, RowResult::NotSent(Error::LimitExceeded(_))))
    );
    assert_eq!(script.seen().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_partly_refused_batch_go_to_their_rows() {
    let partly: Step = Box::new(|seen| {
        let mut body = created(seen);
        body["results"].as_array_mut().unwrap().retain(|made| made["id"] != "id-t1");
        body["numErrors"] = json!(1);
        body["errors"] = json!([{ "status": "error", "category": "CONFLICT",
            "message": "Contact already exists. Existing ID: 4711", "context": {"objectWriteTraceId": ["t1"]} }]);
        reply(207, &body)
    });
    let script = Script::new(vec![partly]);
    let results = script.client().batch_create("contacts", &rows(3)).await.unwrap();
    assert_eq!(results[0].ok().unwrap().id, "id-t0");
    let RowResult::Err(error) = &results[1] else { panic!("{results:?}") };
    assert_eq!(error.existing_id.as_deref(), Some("4711"));
    assert_eq!(results[2].ok().unwrap().id, "id-t2");
}

#[tokio::test(start_paused = true)]
async fn a_batch_refused_for_one_row_goes_through_without_it() {
    let picky = || -> Step {
        Box::new(|seen| {
            if seen.body["inputs"].as_array().unwrap().iter().any(|input| input["objectWriteTraceId"] == "t5")
            {
                reply(409, &refusal("CONFLICT", "Contact already exists. Existing ID: 99"))
            } else {
                reply(201, &created(seen))
            }
        })
    };
    let script = Script::new((0..20).map(|_| picky()).collect());
    let results = script.client().batch_create("contacts", &rows(8)).await.unwrap();
    for (n, result) in results.iter().enumerate() {
        match result {
            RowResult::Ok(record) => assert_eq!(record.id, format!("id-t{n}")),
            RowResult::Err(error) => assert_eq!((n, error.existing_id.as_deref()), (5, Some("99"))),
            other => panic!("{n}: {other:?}"),
        }
    }
    assert!(script.seen().len() <= 7, "{} calls", script.seen().len());
}

#[tokio::test(start_paused = true)]
async fn rows_about_the_same_record_are_refused_before_anything_is_sent() {
    let script = Script::new(vec![]);
    let mut twice = rows(2);
    for row in &mut twice {
        row.id = Some("12".into());
    }
    let error = script.client().batch_update("contacts", &twice).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not sent to HubSpot: two rows are about the record 12; merge them into one"
    );
}

#[tokio::test(start_paused = true)]
async fn an_upsert_repeated_after_a_lost_answer_does_not_claim_who_made_the_record() {
    let made = json!({"status":"COMPLETE","results":[{"id":"1","new":false,"properties":{"email":"p0@example.com"}}]});
    let script = Script::new(vec![lost(), answer(200, made)]);
    let mut input = row("", "p0@example.com");
    input.id = Some("P0@example.com".into());
    input.id_property = Some("email".into());
    let results = script.client().batch_upsert("contacts", &[input]).await.unwrap();
    assert_eq!(results[0].ok().unwrap().created, None);
}

#[tokio::test(start_paused = true)]
async fn reads_with_history_come_in_fifties_and_missing_ids_are_told() {
    let found: fn(&Seen) -> Vec<Value> = |seen| {
        let inputs = seen.body["inputs"].as_array().unwrap();
        inputs
            .iter()
            .filter(|input| input["id"] != "3")
            .map(|input| json!({"id": input["id"], "properties": {}}))
            .collect()
    };
    let step = move || -> Step {
        Box::new(move |seen| {
            reply(
                207,
                &json!({"results": found(seen), "errors": [{"category":"OBJECT_NOT_FOUND","message":"m","context":{"ids":["3"]}}]}),
            )
        })
    };
    let script = Script::new(vec![step(), step()]);
    let read = BatchRead {
        ids: (0..60).chain([1, 2]).map(|n| n.to_string()).collect(),
        with_history: vec!["email".into()],
        ..BatchRead::default()
    };
    let answer = script.client().batch_read("contacts", &read).await.unwrap();
    assert_eq!((answer.found.len(), answer.missing), (59, vec!["3".to_owned()]));
    assert_eq!(script.seen()[0].body["inputs"].as_array().unwrap().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn missing_values_of_a_unique_property_are_found_without_help() {
    let script = Script::new(vec![answer(
        200,
        json!({"results":[{"id":"1","properties":{"email":"a@example.com"}}]}),
    )]);
    let read = BatchRead {
        ids: vec!["A@example.com".into(), "b@example.com".into()],
        id_property: Some("email".into()),
        ..BatchRead::default()
    };
    let answer = script.client().batch_read("contacts", &read).await.unwrap();
    assert_eq!(answer.missing, ["b@example.com"]);
    assert_eq!(script.seen()[0].body["idProperty"], "email");
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_leave_in_ten_seconds_than_hubspot_allows() {
    let me: fn() -> Step = || {
        Box::new(|_| {
            let mut response = reply(200, &json!({"portalId": 1})).unwrap();
            response.headers_mut().insert("x-hubspot-ratelimit-max", "20".parse().unwrap());
            response
                .headers_mut()
                .insert("x-hubspot-ratelimit-interval-milliseconds", "10000".parse().unwrap());
            Ok(response)
        })
    };
    let script = Script::new((0..100).map(|_| me()).collect());
    let client = script.client_with(|config| config.burst_limit = 10);
    client.account().await.unwrap();
    futures::future::join_all((0..99).map(|_| client.account())).await;
    let seen = script.seen();
    for start in &seen {
        let within = seen.iter().filter(|other| {
            let after = other.at.duration_since(start.at);
            !after.is_negative() && after < SignedDuration::from_secs(10)
        });
        assert!(within.count() <= 20);
    }
    let whole = seen[99].at.duration_since(seen[0].at);
    assert!(whole < SignedDuration::from_secs(45), "the larger limit was not used: {whole:?}");
}

#[tokio::test(start_paused = true)]
async fn searches_keep_their_own_limit_and_bounds() {
    let script = Script::new((0..12).map(|_| answer(200, json!({"total": 0, "results": []}))).collect());
    let client = script.client();
    let search = Search {
        filter_groups: vec![FilterGroup {
            filters: vec![Filter::new("hs_lastmodifieddate", Operator::Gte, "1")],
        }],
        sorts: vec![Sort { property_name: "hs_lastmodifieddate".into(), direction: Direction::Ascending }],
        ..Search::default()
    };
    futures::future::join_all((0..12).map(|_| client.search("deals", &search))).await;
    let seen = script.seen();
    assert!(seen[11].at.duration_since(seen[0].at) >= SignedDuration::from_secs(2));
    assert_eq!(
        seen[0].body["filterGroups"][0]["filters"][0],
        json!({"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"1"})
    );
    assert_eq!(seen[0].body["sorts"][0]["direction"], "ASCENDING");
    let beyond = Search { after: Some("9900".into()), limit: 200, ..search };
    let error = client.search("deals", &beyond).await.unwrap_err();
    assert!(error.to_string().contains("narrow its filters"), "{error}");
}

#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl TokenStore for Kept {
    fn save<'a>(&'a self, tokens: &'a Tokens) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.0.lock().unwrap().push(tokens.access_token.expose_secret().to_owned());
            Ok(())
        })
    }
}

fn app() -> OAuthApp {
    OAuthApp {
        client_id: "app".into(),
        client_secret: "app-secret".into(),
        redirect_uri: "https://tandem.example/back".into(),
    }
}

fn oauth(store: &Arc<Kept>, expires_at: &str) -> Auth {
    Auth::OAuth(OAuth {
        app: app(),
        tokens: Tokens {
            access_token: "old".into(),
            refresh_token: "refresh-1".into(),
            expires_at: expires_at.parse().unwrap(),
            hub_id: None,
            scopes: vec![],
        },
        store: store.clone(),
    })
}

fn new_tokens() -> Step {
    answer(
        200,
        json!({"token_type":"bearer","refresh_token":"refresh-2","access_token":"new","hub_id":1,"expires_in":1800}),
    )
}

#[tokio::test(start_paused = true)]
async fn tokens_about_to_end_are_renewed_once_for_all_waiting_calls_and_saved_first() {
    let me = || answer(200, json!({"portalId": 1}));
    let script = Script::new(vec![new_tokens(), me(), me(), me()]).delayed(Duration::from_millis(50));
    let store = Arc::new(Kept::default());
    let client = script.client_with(|config| config.auth = oauth(&store, "2026-11-24T00:00:30Z"));
    let answers = futures::future::join_all((0..3).map(|_| client.account())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let seen = script.seen();
    assert_eq!(seen[0].path, "/oauth/2026-09/token");
    assert!(seen[0].raw.contains("refresh_token=refresh-1"));
    assert!(seen[1..].iter().all(|seen| seen.token == "new"));
    assert_eq!(*store.0.lock().unwrap(), ["new"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_and_the_call_sent_again() {
    let expired =
        || answer(401, refusal("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired."));
    let script = Script::new(vec![expired(), new_tokens(), expired()]);
    let store = Arc::new(Kept::default());
    let client = script.client_with(|config| config.auth = oauth(&store, "2026-11-24T10:00:00Z"));
    let error = client.account().await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
    assert_eq!(script.seen().len(), 3);
}

struct Full;

impl TokenStore for Full {
    fn save<'a>(&'a self, _: &'a Tokens) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async { Err("the disk is full".into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_cannot_be_saved_are_not_used_and_not_renewed_again() {
    let script = Script::new(vec![new_tokens()]);
    let client = script.client_with(|config| {
        let Auth::OAuth(mut oauth) = oauth(&Arc::default(), "2026-11-24T00:00:00Z") else { panic!() };
        oauth.store = Arc::new(Full);
        config.auth = Auth::OAuth(oauth);
    });
    for _ in 0..2 {
        let error = client.account().await.unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
}

#[test]
fn secrets_do_not_show() {
    let text = format!(
        "{:?} {:?}",
        oauth(&Arc::default(), "2026-11-24T00:00:00Z"),
        Auth::Token("pat-secret".into())
    );
    assert!(
        !text.contains("refresh-1") && !text.contains("app-secret") && !text.contains("pat-secret"),
        "{text}"
    );
}

#[test]
fn the_address_to_connect_a_portal_holds_what_hubspot_needs() {
    let web = "https://app.hubspot.com".parse().unwrap();
    let url = authorize_url(&web, &app(), &["oauth", "crm.objects.contacts.read"], &["tickets"], "s1");
    assert_eq!(
        url.as_str(),
        "https://app.hubspot.com/oauth/authorize?client_id=app&redirect_uri=https%3A%2F%2Ftandem.example%2Fback&scope=oauth+crm.objects.contacts.read&state=s1&optional_scope=tickets"
    );
}

#[tokio::test(start_paused = true)]
async fn links_are_read_page_by_page_and_missing_ones_are_no_error() {
    let script = Script::new(vec![
        answer(
            207,
            json!({"results":[{"from":{"id":"1"},"to":[{"toObjectId":5,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":279,"label":null}]}],"paging":{"next":{"after":"x"}}}],
            "errors":[{"category":"OBJECT_NOT_FOUND","message":"none","context":{"fromObjectId":["2"]}}]}),
        ),
        answer(200, json!({"results":[{"from":{"id":"1"},"to":[{"toObjectId":"6","associationTypes":[]}]}]})),
    ]);
    let links = script
        .client()
        .associations_batch_read("contacts", "companies", &["1".into(), "2".into()])
        .await
        .unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(links["1"].iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), ["5", "6"]);
    assert_eq!(links["1"][0].types[0].type_id, 279);
    assert_eq!(script.seen()[0].path, "/crm/associations/2026-09/contacts/companies/batch/read");
}

#[tokio::test(start_paused = true)]
async fn kinds_of_link_between_the_same_pair_go_together() {
    let script = Script::new(vec![answer(201, json!({"status":"COMPLETE","results":[]}))]);
    let link = |type_id| Association {
        from: "1".into(),
        to: "2".into(),
        category: "HUBSPOT_DEFINED".into(),
        type_id,
    };
    let client = script.client_with(|config| config.paths = Paths::Classic);
    let failures =
        client.associations_batch_create("contacts", "companies", &[link(1), link(279)]).await.unwrap();
    assert!(failures.is_empty());
    let seen = script.seen();
    assert_eq!(seen[0].path, "/crm/v4/associations/contacts/companies/batch/create");
    assert_eq!(seen[0].body["inputs"].as_array().unwrap().len(), 1);
    assert_eq!(seen[0].body["inputs"][0]["types"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_clock_there_and_the_daily_allowance_are_learnt_by_the_way() {
    let step: Step = Box::new(|_| {
        let mut response = reply(200, &json!({"portalId": 1})).unwrap();
        let headers = response.headers_mut();
        headers.insert("date", "Tue, 24 Nov 2026 00:01:00 GMT".parse().unwrap());
        headers.insert("x-hubspot-ratelimit-daily", "250000".parse().unwrap());
        headers.insert("x-hubspot-ratelimit-daily-remaining", "249999".parse().unwrap());
        Ok(response)
    });
    let script = Script::new(vec![step]);
    let client = script.client();
    client.account().await.unwrap();
    assert_eq!(client.clock_offset(), Some(SignedDuration::from_secs(60)));
    assert_eq!(client.usage(), Some(DailyUsage { max: 250_000, remaining: 249_999 }));
}

#[tokio::test(start_paused = true)]
async fn owners_come_from_all_pages() {
    let script = Script::new(vec![
        answer(
            200,
            json!({"results":[{"id":"1","email":"a@example.com","userId":5,"teams":null}],"paging":{"next":{"after":"1"}}}),
        ),
        answer(200, json!({"results":[{"id":"2","userId":null,"archived":false}]})),
    ]);
    let owners = script.client().owners(false).await.unwrap();
    assert_eq!(owners.len(), 2);
    assert_eq!(owners[0].user_id.as_deref(), Some("5"));
    assert_eq!(script.seen()[1].method, "GET");
    assert_eq!(script.seen()[1].query, "limit=100&archived=false&after=1");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_shown_by_its_start_only() {
    let script = Script::new(vec![answer(200, json!("x".repeat(1_000)))]);
    let error = script.client().account().await.unwrap_err();
    assert!(error.to_string().len() < 500, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_contact_is_put_into_a_sequence_once() {
    let script = Script::new(vec![
        answer(200, json!({"total":1,"results":[{"id":7,"name":"First contact"}]})),
        answer(200, json!({"id":"9","toEmail":"ida@b.example","enrolledAt":"2026-11-24T00:00:00Z"})),
        lost(),
    ]);
    let client = script.client();
    let sequence = client.sequences("5").await.unwrap().remove(0);
    let entry = SequenceEntry {
        user: "5".into(),
        sequence: sequence.id,
        contact: "1".into(),
        sender: "me@b.example".into(),
    };
    assert_eq!(client.enroll_in_sequence(&entry).await.unwrap().id, "9");
    let unknown = client.enroll_in_sequence(&entry).await.unwrap_err();
    assert!(matches!(unknown, Error::Ambiguous { .. }), "{unknown}");
    let seen = script.seen();
    assert_eq!(seen[1].path, "/automation/sequences/2026-09/enrollments");
    assert_eq!(seen[1].query, "userId=5");
    assert_eq!(seen[1].body, json!({"sequenceId":"7","contactId":"1","senderEmail":"me@b.example"}));
}

#[tokio::test(start_paused = true)]
async fn who_never_was_in_a_sequence_is_in_none() {
    let script = Script::new(vec![answer(
        404,
        json!({"status":"error","category":"OBJECT_NOT_FOUND","message":"none","correlationId":"c"}),
    )]);
    assert_eq!(script.client().sequence_of("1").await.unwrap(), None);
}

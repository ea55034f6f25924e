//! Health, errors, history, records, search and settings, as a browser and a program get them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;
#[path = "common/many.rs"]
mod many;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::Browser;
use model::Side;
use store::{HistoryFilter, Store};

fn some() -> (Arc<Store>, Browser) {
    let store = many::store_with(200);
    (store.clone(), Browser::open(store))
}

#[tokio::test]
async fn health_says_how_things_stand_and_what_to_do() {
    let (_, mut browser) = some();
    let page = browser.get("/c/many/health").await.body;
    for told in
        ["Sync health", "pairs in step", "<svg class=\"chart\"", "Shorten the value", "STRING_TOO_LONG"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("health-"), "every text is there");
    let report = browser.get("/api/v1/connections/many/health").await.json();
    assert_eq!(
        (report["state"].as_str(), report["kinds"][0]["in_step"].as_u64()),
        (Some("active"), Some(200))
    );
    assert_eq!(report["sides"][0]["due"], 2);
    assert_eq!(report["errors"].as_array().unwrap().len(), 3);
    assert!(
        report["throughput"].as_array().unwrap().iter().any(|stretch| stretch["written"].as_u64() > Some(0))
    );
}

#[tokio::test]
async fn the_first_page_of_a_connection_is_its_health() {
    let (_, mut browser) = some();
    assert_eq!(browser.get("/c/many").await.location.as_deref(), Some("/c/many/health"));
    let nowhere = browser.get("/c/elsewhere/health").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn errors_are_gone_through_by_kind_and_looked_at_again() {
    let (store, mut browser) = some();
    let page = browser
        .get("/c/many/errors?code=DUPLICATES_DETECTED&object=Contact&side=salesforce&field=")
        .await
        .body;
    assert!(page.contains("A Salesforce duplicate rule") || page.contains("Merge or link"), "{page}");
    assert!(!page.contains("Shorten the value"));
    let form = "category=duplicate&code=DUPLICATES_DETECTED&side=salesforce&object=Contact&field=";
    let sent = browser.post("/c/many/errors/retry", form).await;
    assert_eq!(sent.location.as_deref(), Some("/c/many/errors?done=errors-done-retry"));
    let marks =
        store.due_marks(&many::id(), Side::Salesforce, "Contact", jiff::Timestamp::now(), 99).unwrap();
    assert_eq!(marks.len(), 3, "those of that kind: 40, 100, 160");
    // Trouble with an owner is no record to be worked on.
    let owner = store::SyncError {
        side: Side::Salesforce,
        object: "User".into(),
        record: "005000000000001AAA".into(),
        field: None,
        category: "association".into(),
        code: "UNMATCHED_OWNER".into(),
        message: "Nobody goes with this owner".into(),
        remedy: "Pair the owners".into(),
        at: jiff::Timestamp::now(),
    };
    store.transaction(|tx| tx.set_error(&many::id(), &owner)).unwrap();
    browser.post("/c/many/errors/retry", "category=association").await;
    let marks = store.mark_counts(&many::id(), jiff::Timestamp::now()).unwrap();
    assert!(!marks.contains_key(&(Side::Salesforce, "User".to_owned())), "{marks:?}");
    let list = browser.get("/api/v1/connections/many/errors?category=picklist").await.json();
    assert!(list["errors"].as_array().unwrap().iter().all(|error| error["category"] == "picklist"));
    assert!(list["next"].is_null());
}

#[tokio::test]
async fn history_is_gone_through_page_by_page() {
    let (store, mut browser) = some();
    let all = store.history(&many::id(), &HistoryFilter::default()).unwrap().len();
    let (mut seen, mut next) = (0, String::new());
    loop {
        let page = browser.get(&format!("/api/v1/connections/many/history?{next}")).await.json();
        seen += page["lines"].as_array().unwrap().len();
        match page["next"].as_i64() {
            Some(before) => next = format!("before={before}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let page = browser.get("/c/many/history?run=run").await.body;
    assert!(page.contains("All that this run did can be taken back"));
    let wrong = browser.get("/c/many/history?since=yesterday").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("is no time"));
}

#[tokio::test]
async fn a_record_is_shown_beside_its_counterpart_from_either_side() {
    let (store, mut browser) = some();
    let salesforce = format!("/c/many/record/salesforce/Contact/{}", many::salesforce_id(40));
    for path in ["/c/many/record/hubspot/contacts/40", salesforce.as_str()] {
        let page = browser.get(path).await.body;
        for told in [
            "person.40@company-40.example",
            "email ↔ Email",
            "Prefer Salesforce unless blank",
            "A Salesforce duplicate rule",
        ] {
            assert!(page.contains(told), "{path}: {told}");
        }
        assert!(page.contains("Only the HubSpot value had changed."), "why the field was written");
    }
    let sent = browser.post("/c/many/record/hubspot/contacts/150/sync", "").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let marked = store.marks_of(&many::id(), Side::HubSpot, "contacts", &["150".to_owned()]).unwrap();
    assert_eq!(marked.len(), 1);
    let none = browser.get("/c/many/record/hubspot/contacts/99999").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let json = browser.get("/api/v1/connections/many/records/hubspot/contacts/40").await.json();
    assert_eq!((json["title"].as_str(), json["state"].as_str()), (Some("Ada Lovell-40"), Some("active")));
}

#[tokio::test]
async fn a_record_is_found_from_the_search_box() {
    let (_, mut browser) = some();
    let page = browser.get("/search?q=lovell-77").await.body;
    assert!(page.contains("/c/many/record/hubspot/contacts/77") && !page.contains("contacts/78\""), "{page}");
    let hits = browser.get("/api/v1/search?q=person.5@").await.json();
    assert_eq!(hits[0]["email"], "person.5@company-5.example");
    let odd = browser.get("/search?q=%3Cscript%3E").await.body;
    assert!(odd.contains("&#60;script&#62;") || odd.contains("&lt;script&gt;"), "what was asked is escaped");
}

#[tokio::test]
async fn settings_are_shown_in_their_tabs_and_changed_only_where_something_is_at_work() {
    let (store, mut browser) = some();
    for (tab, told) in [
        ("contacts", "Contacts ↔ Lead"),
        ("companies", "Companies ↔ Account"),
        ("deals", "Deals ↔ Opportunity"),
        ("tickets", "Tickets ↔ Case"),
        ("activities", "Timeline sync"),
        ("custom", "Sync another object"),
        ("features", "Brake"),
    ] {
        let page = browser.get(&format!("/c/many/{tab}")).await.body;
        assert!(page.contains(told), "{tab}: {told}");
    }
    let before = store.connection(&many::id()).unwrap().unwrap().settings;
    let stale = browser.post("/c/many/features", "revision=other&brake-percent=1").await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let page = browser.get("/c/many/features").await.body;
    let revision =
        page.split("name=\"revision\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form =
        format!("revision={revision}&brake-percent=200&brake-at-least=25&budget-reserve=5&budget-leave=20");
    let wrong = browser.post("/c/many/features", &form).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("more than all"), "{}", wrong.body);
    // Nothing is at work here, so a plan cannot be made, and no change waits.
    let form = form.replace("200", "3");
    assert_eq!(browser.post("/c/many/features", &form).await.status, StatusCode::CONFLICT);
    assert_eq!(browser.get("/c/many/changes").await.status, StatusCode::SEE_OTHER);
    assert_eq!(store.connection(&many::id()).unwrap().unwrap().settings, before);
}

#[tokio::test]
async fn what_needs_the_engine_says_so_where_nothing_is_at_work() {
    let (_, mut browser) = some();
    for (path, form) in [
        ("/c/many/undo", "record=40"),
        ("/c/many/pause", ""),
        ("/c/many/import", "object=salesforce:Contact"),
    ] {
        let sent = browser.post(path, form).await;
        assert_eq!(sent.status, StatusCode::CONFLICT, "{path}");
    }
    let both = browser.post("/c/many/undo", "record=40&run=run").await;
    assert_eq!(both.status, StatusCode::UNPROCESSABLE_ENTITY);
    let wrong = Request::post("/api/v1/connections/many/undo").header("content-type", "application/json");
    let answer = browser.send(wrong.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["type"], "refused");
}

#[tokio::test]
async fn the_documentation_is_at_hand() {
    let (_, mut browser) = some();
    let page = browser.get("/docs/rules").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<table>") && page.body.contains("Two-way"));
    assert_eq!(browser.get("/docs/passwd").await.status, StatusCode::NOT_FOUND);
}

//! The REST API and its document.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::Browser;

fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(&path).unwrap() })
        .collect()
}

#[tokio::test]
async fn every_route_of_the_api_is_in_its_document() {
    let mut browser = Browser::open(common::connected());
    let document = browser.get("/api/openapi.json").await.json();
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // Each handler that describes itself is registered.
    let mut handlers = 0;
    for written in sources.split("path = \"/api/").skip(1) {
        let path = format!("/api/{}", written.split('"').next().unwrap());
        assert!(described.contains(path.as_str()), "{path} describes itself, but is not registered");
        handlers += 1;
    }
    assert!(handlers >= 3);
    // And none is registered in a way that leaves it out of the document, but the document and what is nowhere.
    let plain: Vec<&str> =
        sources.split("route(\"/api/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(plain, ["openapi.json", "{*rest}"]);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = &operation["responses"];
            assert!(operation["summary"].is_string(), "{method} {path} says what it does");
            assert!(responses["default"].is_object(), "{method} {path} says how it fails");
            assert!(operation["tags"][0].is_string(), "{method} {path} has a tag");
        }
    }
}

#[tokio::test]
async fn connections_are_listed_with_their_state() {
    let mut browser = Browser::open(common::connected());
    let list = browser.get("/api/v1/connections").await.json();
    assert_eq!((list[0]["id"].as_str(), list[0]["state"].as_str()), (Some("demo"), Some("active")));
    for path in ["/api/status", "/api/v1/connections/demo/status"] {
        let status = browser.get(path).await;
        assert_eq!(
            (status.status, status.json()["name"].as_str()),
            (StatusCode::OK, Some("Lantern Instruments"))
        );
    }
}

#[tokio::test]
async fn what_is_not_at_work_says_so_and_other_sites_are_refused() {
    let browser = Browser::open(common::connected());
    let ask = |site: &'static str| {
        Request::post("/api/v1/connections/demo/sync")
            .header("sec-fetch-site", site)
            .body(Body::empty())
            .unwrap()
    };
    let answer = browser.send(ask("same-origin")).await;
    assert_eq!((answer.status, answer.json()["type"].as_str()), (StatusCode::CONFLICT, Some("not-at-work")));
    assert_eq!(browser.send(ask("cross-site")).await.status, StatusCode::FORBIDDEN);
}

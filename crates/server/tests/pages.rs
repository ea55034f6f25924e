//! The pages as a browser gets them: languages, forms, headers, faults, files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use axum::http::{Request, StatusCode};
use common::Browser;

#[tokio::test]
async fn the_first_page_names_the_connection_and_what_it_is_about() {
    let mut browser = Browser::open(common::connected());
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Lantern Instruments"), "{}", page.body);
    assert!(page.body.len() < 200_000);
}

#[tokio::test]
async fn without_a_connection_the_first_page_says_so() {
    let mut browser = Browser::open(common::empty());
    assert!(browser.get("/").await.body.contains("Nothing is connected yet"));
    let status = browser.get("/api/status").await;
    assert_eq!(status.status, StatusCode::NOT_FOUND);
    assert_eq!(status.json()["type"], "nothing-connected");
}

#[tokio::test]
async fn the_language_is_the_browsers_until_another_is_chosen() {
    let mut browser = Browser::open(common::connected());
    browser.language = "zh-TW,zh;q=0.9";
    let page = browser.get("/?a=b").await;
    assert!(page.body.contains("<html lang=\"zh-TW\">") && page.body.contains("運作中"), "{}", page.body);
    let chosen = browser.post("/language", "language=en&back=/?a=b").await;
    assert_eq!((chosen.status, chosen.location.as_deref()), (StatusCode::SEE_OTHER, Some("/?a=b")));
    assert!(browser.get("/").await.body.contains("<html lang=\"en\">"));
    let away = browser.post("/language", "language=en&back=//evil.example").await;
    assert_eq!(away.location.as_deref(), Some("/"));
}

#[tokio::test]
async fn a_form_without_its_token_or_from_another_site_changes_nothing() {
    let mut browser = Browser::open(common::connected());
    browser.get("/").await;
    let form = "language=zh-TW&back=/";
    for wrong in [None, Some("x"), Some("")] {
        let sent = browser.send_form("/language", form, wrong, &[]).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{wrong:?}");
        assert!(sent.body.contains("This form cannot be taken"));
    }
    let token = browser.token().await;
    let elsewhere =
        browser.send_form("/language", form, Some(&token), &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let foreign = browser.another().token().await;
    let sent = browser.send_form("/language", form, Some(&foreign), &[]).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN, "the token of another browser");
    assert!(browser.get("/").await.body.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn a_fault_is_a_page_for_people_and_a_problem_for_programs() {
    let mut browser = Browser::open(common::connected());
    let page = browser.get("/nowhere").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("There is nothing at this address") && page.body.contains("<h1>"));
    for path in ["/api/nowhere", "/api/v1/connections/none/status"] {
        let problem = browser.get(path).await;
        assert_eq!(problem.status, StatusCode::NOT_FOUND);
        assert_eq!(problem.header("content-type"), "application/problem+json");
        let json = problem.json();
        assert_eq!(json["status"], 404);
        assert!(
            json["title"].is_string() && json["detail"].is_string() && json["type"].is_string(),
            "{json}"
        );
    }
}

#[tokio::test]
async fn pages_may_not_be_framed_nor_run_other_scripts() {
    let mut browser = Browser::open(common::connected());
    for path in ["/", "/api/status", "/nowhere"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.body.contains("<script>") && !answer.body.contains("onclick"));
    }
}

#[tokio::test]
async fn files_are_kept_by_browsers_under_the_name_that_pages_use() {
    let mut browser = Browser::open(common::connected());
    let page = browser.get("/").await.body;
    let links: Vec<&str> = page.split('"').filter(|part| part.starts_with("/static/")).collect();
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        let file = browser.get(link).await;
        assert_eq!(file.status, StatusCode::OK, "{link}");
        assert!(file.header("cache-control").contains("immutable"));
    }
    assert_eq!(browser.get("/static/0/style.css").await.header("cache-control"), "no-store");
    assert_eq!(browser.get("/static/0/none.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_demo_is_not_open_to_names_that_lead_to_this_machine() {
    let browser = Browser::open(common::connected());
    let request = Request::get("/").header("host", "evil.example").body(axum::body::Body::empty()).unwrap();
    let answer = browser.send(request).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.body.contains("Lantern"));
}

//! Pages stay light, however many records are linked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;
#[path = "common/many.rs"]
mod many;

use axum::http::StatusCode;
use common::Browser;

/// The most a page may weigh, in bytes, before it is compressed.
const HEAVIEST: usize = 200_000;

#[tokio::test]
async fn no_page_is_heavy() {
    let mut browser = Browser::open(many::store_with(5_000));
    for path in many::pages() {
        for language in ["en", "zh-TW"] {
            browser.language = language;
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
            assert!(page.body.len() <= HEAVIEST, "{path} weighs {} bytes", page.body.len());
        }
    }
}

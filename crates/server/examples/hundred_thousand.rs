//! How long the server takes for each page, and how much it weighs, with 100,000 linked records.
//!
//!     cargo run --release -p server --example hundred_thousand

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement fails loudly")]

#[path = "../tests/common/many.rs"]
mod many;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use axum::http::header::ACCEPT_ENCODING;
use http_body_util::BodyExt;
use server::{Access, App};
use tower::ServiceExt;

const LINKS: usize = 100_000;
/// Requests of each page; the middle one counts.
const TIMES: usize = 21;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let began = Instant::now();
    let store = many::store_with(LINKS);
    eprintln!("{LINKS} linked records made in {:.1} s", began.elapsed().as_secs_f64());
    let router = server::router(App::new(store, Access::Open).unwrap());
    let ask = async |path: &str, encoding: &str| -> (Duration, usize) {
        let request = Request::get(path).header(ACCEPT_ENCODING, encoding).body(Body::empty()).unwrap();
        let began = Instant::now();
        let response = router.clone().oneshot(request).await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (began.elapsed(), body.len())
    };
    println!(
        "| page | ms (middle of {TIMES}) | ms (longest) | bytes | bytes over the wire |\n|---|---|---|---|---|"
    );
    for path in many::pages() {
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..TIMES {
            let (time, weight) = ask(&path, "identity").await;
            times.push(time);
            bytes = weight;
        }
        times.sort();
        let (_, wire) = ask(&path, "gzip").await;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
        println!(
            "| `{path}` | {:.1} | {:.1} | {bytes} | {wire} |",
            milliseconds(times[TIMES / 2]),
            milliseconds(times[TIMES - 1])
        );
    }
}

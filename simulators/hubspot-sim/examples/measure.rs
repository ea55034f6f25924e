//! Fills an account with made-up contacts and says what that takes: `measure [COUNT]`.

use std::time::Instant;

use axum::body::Body;
use http::Request;
use hubspot_sim::{HubSpotSim, Options};
use serde_json::json;
use tower::ServiceExt;

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim_start_matches("VmRSS:").trim().to_owned())
}

/// Calls the account and answers the milliseconds it took.
async fn call(sim: &HubSpotSim, token: &str, path: &str, body: &serde_json::Value) -> Result<f64, String> {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .map_err(|why| why.to_string())?;
    let begun = Instant::now();
    let answer = sim.router().oneshot(request).await.map_err(|why| why.to_string())?;
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.map_err(|why| why.to_string())?;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    if status.is_success() { Ok(took) } else { Err(format!("{status}: {}", String::from_utf8_lossy(&bytes))) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    let count: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let sim = HubSpotSim::new(Options::default());
    let token = sim.access().token;
    let begun = Instant::now();
    let mut ids = Vec::new();
    for n in 0..count {
        let mut values = vec![
            ("email", format!("person{n}@company{}.example", n % 5000)),
            ("firstname", format!("First{}", n % 200)),
            ("lastname", format!("Last{}", n % 900)),
            ("phone", format!("+49 30 {n:07}")),
        ];
        if n % 3 == 0 {
            values.push(("jobtitle", "Head of Operations".to_owned()));
        }
        let id = sim.create_record("contacts", values).map_err(|why| why.to_string())?;
        if n % (count / 1000).max(1) == 0 {
            ids.push(id);
        }
    }
    println!("created {count} contacts in {:.1} s; resident {}", begun.elapsed().as_secs_f64(), resident());
    sim.mark_start();
    println!("kept for reset; resident {}", resident());
    let names = ["email", "firstname", "lastname", "phone", "jobtitle", "lifecyclestage"];
    for (title, path, extra) in [
        ("batch read of 100", "/crm/v3/objects/contacts/batch/read", json!({ "properties": names })),
        ("batch update of 100", "/crm/v3/objects/contacts/batch/update", json!({})),
    ] {
        let mut times = Vec::new();
        for page in ids.chunks_exact(100) {
            let inputs = page.iter().map(|id| json!({ "id": id, "properties": { "city": "Ulm" } }));
            let mut body = extra.clone();
            body["inputs"] = inputs.collect();
            times.push(call(&sim, &token, path, &body).await?);
        }
        times.sort_by(f64::total_cmp);
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        println!(
            "{title}: median {middle:.2} ms, slowest {:.2} ms",
            times.last().copied().unwrap_or_default()
        );
    }
    let newest = json!({ "limit": 100, "sorts": ["-lastmodifieddate"], "filterGroups": [{ "filters": [
        { "propertyName": "lastmodifieddate", "operator": "GTE", "value": "0" }] }] });
    println!(
        "search by last change: {:.2} ms",
        call(&sim, &token, "/crm/v3/objects/contacts/search", &newest).await?
    );
    let begun = Instant::now();
    sim.reset();
    println!("reset in {:.1} ms; resident {}", begun.elapsed().as_secs_f64() * 1000.0, resident());
    Ok(())
}

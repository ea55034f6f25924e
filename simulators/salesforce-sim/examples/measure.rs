//! Measures an org with many contacts: memory, a page of a query, a read of 200 records.
//!
//!     cargo run --release -p salesforce-sim --example measure -- 1000000

use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use salesforce_sim::{Options, SalesforceSim};
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let count: usize = std::env::args().nth(1).as_deref().unwrap_or("1000000").parse()?;
    let sim = SalesforceSim::new(Options::default());
    let start = Instant::now();
    for index in 0..count {
        if let Err(refusals) = sim.create_record("Contact", contact(index)) {
            return Err(format!("contact {index} was refused: {refusals:?}").into());
        }
    }
    say(&format!("{count} contacts made"), start);
    resident("after making them")?;
    sim.mark_start();
    resident("with the start kept for a reset")?;

    let org = Caller { router: sim.router(), token: sim.access().access_token };
    let all = "SELECT Id, FirstName, LastName, Email, Phone, Title, MailingCity, SystemModstamp FROM Contact";
    let first = org.get("first page of 2,000 rows, all contacts", &query(all)).await?;
    let next = first["nextRecordsUrl"].as_str().ok_or("no further page")?.to_owned();
    let further = org.get("a further page of 2,000 rows", &next).await?;
    let ordered = query(&format!("{all} ORDER BY SystemModstamp, Id LIMIT 2000"));
    let ordered = org.get("the 2,000 that were changed first", &ordered).await?;
    if ordered["records"].as_array().map_or(0, Vec::len) != 2_000.min(count) {
        return Err("the ordered page is not full".into());
    }
    let ids: Vec<&Value> =
        further["records"].as_array().into_iter().flatten().map(|row| &row["Id"]).take(200).collect();
    let read = json!({"ids": ids, "fields": ["Id", "Email", "FirstName", "LastName", "SystemModstamp"]});
    let contacts = "/services/data/v66.0/composite/sobjects/Contact";
    org.send("a read of 200 records", "POST", contacts, Some(&read)).await?;
    let by_email = query(&format!("{all} WHERE Email = 'person{}@example.org'", count / 2));
    org.get("one contact by email", &by_email).await?;
    let since = format!("{all} WHERE SystemModstamp >= 2020-01-01T00:00:00Z ORDER BY SystemModstamp");
    org.get("first page of all changed since", &query(&since)).await?;
    let counted = "SELECT COUNT(Id) n FROM Contact WHERE Title = 'Engineer'";
    org.get("a count over all rows", &query(counted)).await?;
    let rows: Vec<Value> =
        ids.iter().map(|id| json!({"attributes": {"type": "Contact"}, "Id": id, "Title": "Chief"})).collect();
    let change = json!({"allOrNone": false, "records": rows});
    org.send("a change of 200 records", "PATCH", "/services/data/v66.0/composite/sobjects", Some(&change))
        .await?;
    let start = Instant::now();
    sim.reset();
    say("reset", start);
    resident("at the end")
}

fn contact(index: usize) -> Map<String, Value> {
    const CITIES: [&str; 5] = ["Rotterdam", "Ghent", "Turin", "Malmö", "Porto"];
    let pick = |list: &[&str]| list.get(index % list.len()).copied().unwrap_or_default().to_owned();
    let values = [
        ("FirstName", pick(&["Ada", "Bram", "Chloé", "Dmitri", "Esi"])),
        ("LastName", format!("Person {index}")),
        ("Email", format!("person{index}@example.org")),
        ("Phone", format!("+31 10 {index:07}")),
        ("MobilePhone", format!("+31 6 {index:08}")),
        ("Title", pick(&["Engineer", "Buyer", "Director"])),
        ("Department", pick(&["Research", "Purchasing"])),
        ("MailingStreet", format!("Keizersgracht {}", index % 900)),
        ("MailingCity", pick(&CITIES)),
        ("MailingPostalCode", format!("{:04} AB", index % 10_000)),
        ("MailingCountry", pick(&["Netherlands", "Belgium", "Italy"])),
        ("LeadSource", pick(&["Web", "Other"])),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

fn query(text: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    format!("/services/data/v66.0/query?q={escaped}")
}

struct Caller {
    router: axum::Router,
    token: String,
}

impl Caller {
    async fn get(&self, what: &str, path: &str) -> Result<Value, Failure> {
        self.send(what, "GET", path, None).await
    }

    /// Sends a call five times, and says how long the fastest took, and how much of the processor.
    async fn send(
        &self,
        what: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let (mut fastest, mut least) = (f64::MAX, f64::MAX);
        let mut answer = Value::Null;
        for _ in 0..5 {
            let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", format!("Bearer {}", self.token))
                .header("content-type", "application/json")
                .body(body)?;
            let (start, busy) = (Instant::now(), on_processor());
            let response = self.router.clone().oneshot(request).await?;
            let status = response.status();
            let bytes = to_bytes(response.into_body(), usize::MAX).await?;
            fastest = fastest.min(start.elapsed().as_secs_f64() * 1_000.0);
            least = least.min(on_processor() - busy);
            if !status.is_success() {
                return Err(format!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes)).into());
            }
            answer = serde_json::from_slice(&bytes)?;
        }
        println!("{what}: {fastest:.1} ms, of the processor {least:.1} ms");
        Ok(answer)
    }
}

/// How many milliseconds this thread has been on the processor: on a busy machine, the time that counts.
fn on_processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok());
    nanos.unwrap_or_default() / 1_000_000.0
}

fn say(what: &str, start: Instant) {
    println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1_000.0);
}

fn resident(when: &str) -> Result<(), Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("unknown");
    println!("resident {when}: {}", line.trim());
    Ok(())
}

//! The program as a person or a script runs it, against the simulators as separate processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)] // a test that cannot go on should stop

pub mod sample;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// Both simulators, ended when this goes away.
pub struct Sim {
    child: Child,
    pub ready: Value,
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn tandem() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    for name in ["HUBSPOT_TOKEN", "HUBSPOT_BASE_URL", "SALESFORCE_INSTANCE_URL", "SALESFORCE_ACCESS_TOKEN"] {
        command.env_remove(name);
    }
    command
}

impl Sim {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = tandem()
            .args(["sim", "--hubspot", "127.0.0.1:0", "--salesforce", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("sim said {line:?}"));
        Self { child, ready }
    }

    fn text(&self, pointer: &str) -> String {
        self.ready.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
    }

    /// The program, told how to reach these simulators.
    pub fn tandem(&self) -> Command {
        let mut command = tandem();
        command
            .env("HUBSPOT_TOKEN", self.text("/hubspot/token"))
            .env("HUBSPOT_BASE_URL", self.text("/hubspot/base_url"))
            .env("SALESFORCE_INSTANCE_URL", self.text("/salesforce/instance_url"))
            .env("SALESFORCE_ACCESS_TOKEN", self.text("/salesforce/access_token"));
        command
    }

    /// One pass; its line of figures.
    pub fn sync(&self, data: &Path) -> Value {
        let output = self.tandem().args(["sync", "--once", "--json", "--data"]).arg(data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(line.lines().last().unwrap()).unwrap()
    }

    pub fn stats(&self, side: &str) -> Value {
        let base = match side {
            "hubspot" => self.text("/hubspot/base_url"),
            _ => self.text("/salesforce/instance_url"),
        };
        get(&format!("{base}/_sim/stats"))
    }

    /// Records that the API has created, updated or deleted.
    pub fn writes(&self, side: &str, object: &str) -> u64 {
        let stats = self.stats(side);
        let counts = stats["writes"][object].as_object().cloned().unwrap_or_default();
        counts.values().filter_map(Value::as_u64).sum()
    }

    pub fn records(&self, side: &str, object: &str) -> u64 {
        self.stats(side)["records"][object].as_u64().unwrap_or(0)
    }

    pub fn salesforce_calls(&self) -> u64 {
        self.stats("salesforce")["counted_calls"].as_u64().unwrap()
    }

    /// The records of a HubSpot object with these properties, as an app sees them.
    pub fn hubspot_records(&self, object: &str, mut properties: Vec<String>) -> BTreeMap<String, Value> {
        properties.sort();
        properties.dedup();
        let (base, token) = (self.text("/hubspot/base_url"), self.text("/hubspot/token"));
        let mut records = BTreeMap::new();
        let mut after = String::new();
        loop {
            let path =
                format!("/crm/v3/objects/{object}?limit=100&properties={}{after}", properties.join(","));
            let page = request(&base, &path, &token);
            for record in page["results"].as_array().unwrap() {
                let mut values = record["properties"].clone();
                values.as_object_mut().unwrap().retain(|name, _| properties.contains(name));
                records.insert(record["id"].as_str().unwrap().to_owned(), values);
            }
            match page.pointer("/paging/next/after").and_then(Value::as_str) {
                Some(next) => after = format!("&after={next}"),
                None => return records,
            }
        }
    }

    /// Changes a record of the simulated account or org, as somebody else than Tandem would.
    pub fn change(&self, method: &str, side: &str, path: &str, body: &Value) -> Value {
        let (base, token) = match side {
            "hubspot" => (self.text("/hubspot/base_url"), self.text("/hubspot/token")),
            _ => (self.text("/salesforce/instance_url"), self.text("/salesforce/access_token")),
        };
        send(method, &base, path, &token, &body.to_string())
    }

    /// Puts a question to the simulated org.
    pub fn query(&self, soql: &str) -> Vec<Value> {
        let base = self.text("/salesforce/instance_url");
        let token = self.text("/salesforce/access_token");
        let mut path = format!("/services/data/v66.0/query?q={}", soql.replace(' ', "+"));
        let mut rows = Vec::new();
        loop {
            let page = request(&base, &path, &token);
            rows.extend(page["records"].as_array().cloned().unwrap());
            match page["nextRecordsUrl"].as_str() {
                Some(next) => path = next.to_owned(),
                None => return rows,
            }
        }
    }
}

fn get(url: &str) -> Value {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    request(&format!("http://{host}"), &format!("/{path}"), "none")
}

fn request(base: &str, path: &str, token: &str) -> Value {
    send("GET", base, path, token, "")
}

/// A call over a plain socket; the tests need no more of HTTP than that.
fn send(method: &str, base: &str, path: &str, token: &str, body: &str) -> Value {
    let host = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.lines().next().unwrap().contains(" 20"), "{head}\n{body}");
    if body.trim().is_empty() {
        return Value::Null;
    }
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:.300}"))
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

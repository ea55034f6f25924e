//! Tandem's own Salesforce package, deployed to the simulated org and taken away again.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use engine::package;
use http::Request;
use jiff::Timestamp;
use salesforce_sim::{Options, SalesforceSim};
use serde_json::{Value, json};
use sim_base::Clock;
use tower::ServiceExt as _;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const DEPLOY: &str = "/services/data/v66.0/metadata/deployRequest";

struct Org {
    sim: SalesforceSim,
    router: Router,
    second: Arc<AtomicI64>,
}

impl Org {
    fn new() -> Self {
        let second = Arc::new(AtomicI64::new(1_790_000_000));
        let read = Arc::clone(&second);
        let clock = Clock::new(move || Timestamp::from_second(read.load(Ordering::SeqCst)).unwrap());
        let sim = SalesforceSim::new(Options { clock, ..Options::default() });
        Self { router: sim.router(), sim, second }
    }

    async fn call(&self, request: http::request::Builder, body: Vec<u8>) -> String {
        let token = format!("Bearer {}", self.sim.access().access_token);
        let request = request.header("authorization", token).body(Body::from(body)).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        String::from_utf8(to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.call(Request::get(path), Vec::new()).await).unwrap()
    }

    /// Deploys a zip and answers what came of it.
    async fn deploy(&self, zip: &[u8]) -> Value {
        let options = json!({"deployOptions": {"singlePackage": true, "rollbackOnError": true}});
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n{options}\r\n--b\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"p.zip\"\r\nContent-Type: application/zip\r\n\r\n"
        );
        let body = [head.as_bytes(), zip, b"\r\n--b--\r\n"].concat();
        let request = Request::post(DEPLOY).header("content-type", "multipart/form-data; boundary=b");
        let started: Value = serde_json::from_str(&self.call(request, body).await).unwrap();
        assert!(started["id"].is_string(), "{started}");
        let id = started["id"].as_str().unwrap().to_owned();
        self.second.fetch_add(600, Ordering::SeqCst);
        self.get(&format!("{DEPLOY}/{id}?includeDetails=true")).await["deployResult"].clone()
    }

    /// Gives the connected user a permission set.
    async fn assign(&self, set: &str) {
        let found = format!("/services/data/v66.0/query?q=SELECT+Id+FROM+PermissionSet+WHERE+Name='{set}'");
        let set = self.get(&found).await["records"][0]["Id"].clone();
        let row = json!({"AssigneeId": self.sim.access().user_id, "PermissionSetId": set}).to_string();
        let request = Request::post("/services/data/v66.0/sobjects/PermissionSetAssignment")
            .header("content-type", "application/json");
        let made = self.call(request, row.into_bytes()).await;
        assert!(made.contains("\"success\":true"), "{made}");
    }

    async fn fields(&self, object: &str) -> Vec<String> {
        let described = self.get(&format!("/services/data/v66.0/sobjects/{object}/describe")).await;
        let fields = described["fields"].as_array().unwrap().iter();
        fields.map(|field| field["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn the_package_goes_in_and_out_again() {
    let org = Org::new();
    let zip = package::embed_zip("https://sync.lantern.example", SECRET).unwrap();
    let done = org.deploy(&zip).await;
    assert_eq!(done["status"], "Succeeded", "{done}");
    // Nobody sees the new fields before the permission set is theirs.
    assert!(!org.fields("Contact").await.contains(&"Tandem_HubSpot_Id__c".to_owned()));
    org.assign(package::INTEGRATION_PERMISSION_SET).await;
    for object in ["Lead", "Contact", "Account", "Opportunity", "Case"] {
        assert!(org.fields(object).await.contains(&"Tandem_HubSpot_Id__c".to_owned()), "{object}");
    }
    let sets = "/services/data/v66.0/query?q=SELECT+Name+FROM+PermissionSet+WHERE+Name+LIKE+'Tandem%25'+ORDER+BY+Name";
    let names = |found: &Value| {
        let rows = found["records"].as_array().unwrap().iter();
        rows.map(|row| row["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&org.get(sets).await),
        [package::EMBED_PERMISSION_SET, package::INTEGRATION_PERMISSION_SET]
    );
    // Again, with another secret: that is how it is replaced.
    let other = package::embed_zip("https://sync.lantern.example", &SECRET.replace('0', "f")).unwrap();
    assert_eq!(org.deploy(&other).await["status"], "Succeeded");

    let gone = org.deploy(&package::uninstall_zip().unwrap()).await;
    assert_eq!(gone["status"], "Succeeded", "{gone}");
    assert!(!org.fields("Contact").await.contains(&"Tandem_HubSpot_Id__c".to_owned()));
    assert_eq!(names(&org.get(sets).await), Vec::<String>::new());
}

#[tokio::test]
async fn record_pages_hold_the_window() {
    let org = Org::new();
    let pages = package::record_pages_zip().unwrap();
    // Not without the component that they hold.
    assert_eq!(org.deploy(&pages).await["status"], "Failed");
    org.deploy(&package::embed_zip("https://sync.lantern.example", SECRET).unwrap()).await;
    let done = org.deploy(&pages).await;
    assert_eq!(done["status"], "Succeeded", "{done}");
}

#[tokio::test]
async fn the_client_app_goes_in() {
    let org = Org::new();
    let done = org.deploy(&package::client_app_zip("https://sync.lantern.example").unwrap()).await;
    assert_eq!(done["status"], "Succeeded", "{done}");
}

//! Installing packages, by hand and by the API.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use axum::body::Body;
use common::{Org, Reply, encoded};
use http::Request;
use serde_json::{Value, json};

const VERSION: &str = "04t5g0000000001AAA";

async fn set(org: &Org, settings: Value) {
    let request = Request::post("/_sim/settings").header("Content-Type", "application/json");
    assert_eq!(org.send(request.body(settings.to_string().into()).unwrap()).await.status, 200);
}

async fn installed(org: &Org) -> Value {
    let soql = "SELECT Id, SubscriberPackage.Name, SubscriberPackageVersion.MajorVersion FROM InstalledSubscriberPackage";
    org.get(&format!("/tooling/query?q={}", encoded(soql))).await.json()
}

/// A browser that is logged in.
struct Browser<'a> {
    org: &'a Org,
    cookie: String,
}

impl Browser<'_> {
    async fn open(&self, path: &str) -> Reply {
        self.org.send(Request::get(path).header("Cookie", &self.cookie).body(Body::empty()).unwrap()).await
    }

    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("Cookie", &self.cookie)
            .header("Content-Type", "application/x-www-form-urlencoded");
        self.org.send(request.body(Body::from(body)).unwrap()).await
    }
}

async fn log_in(org: &Org) -> Browser<'_> {
    let access = org.sim.access();
    let fields = [("un", access.username.as_str()), ("pw", &access.password), ("startURL", "/0A3")];
    let reply = org.form("/login", &fields).await;
    assert_eq!(reply.headers["location"], "/0A3");
    let cookie = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    Browser { org, cookie }
}

#[tokio::test]
async fn a_person_installs_and_uninstalls() {
    let org = Org::new();
    let page = format!("/packaging/installPackage.apexp?p0={VERSION}");
    let outside = org.page(&page).await;
    assert!(outside.headers["location"].to_str().unwrap().starts_with("/login?ec=302&startURL=%2Fpackaging"));
    let browser = log_in(&org).await;
    let first = browser.open(&page).await;
    assert!(
        first.text.contains("Install HubSpot Integration") && first.text.contains("Install for All Users")
    );
    let install = "/packaging/installPackage.apexp";
    let dialog = browser.submit(install, &[("p0", VERSION), ("security", "Full"), ("step", "choose")]).await;
    assert!(dialog.text.contains("Yes, grant access to these third-party web sites"), "{}", dialog.text);
    assert_eq!(installed(&org).await["size"], 0, "nothing happens without the tick");
    let granted = [("p0", VERSION), ("security", "Full"), ("grant", "yes"), ("step", "grant")];
    let started = browser.submit(install, &granted).await;
    let status = browser.open(started.headers["location"].to_str().unwrap()).await;
    assert!(
        status.text.contains("Installation Complete!") && status.text.contains("Done"),
        "{}",
        status.text
    );
    let found = installed(&org).await;
    assert_eq!(found["records"][0]["SubscriberPackage"]["Name"], "HubSpot Integration");
    assert_eq!(found["records"][0]["SubscriberPackageVersion"]["MajorVersion"], 3);
    let mails = org.page("/_sim/mails").await.json();
    assert_eq!(mails[0]["subject"], "Package HubSpot Integration Install Successful");
    let sets = org.query("SELECT Label FROM PermissionSet WHERE IsOwnedByProfile = false").await;
    assert_eq!(sets["records"][0]["Label"], "HubSpot Integration Permissions");
    let id = found["records"][0]["Id"].as_str().unwrap();
    browser.submit("/packaging/uninstallPackage.apexp", &[("id", id)]).await;
    assert_eq!(installed(&org).await["size"], 1, "it must be sure");
    browser.submit("/packaging/uninstallPackage.apexp", &[("id", id), ("sure", "yes")]).await;
    assert_eq!(installed(&org).await["size"], 0);
}

#[tokio::test]
async fn an_installation_takes_its_time() {
    let org = Org::new();
    set(&org, json!({"package_install": {"seconds": 600}})).await;
    let browser = log_in(&org).await;
    let granted = [("p0", VERSION), ("security", "Full"), ("grant", "yes")];
    let started = browser.submit("/packaging/installPackage.apexp", &granted).await;
    let status = browser.open(started.headers["location"].to_str().unwrap()).await;
    assert!(status.text.contains("This app is taking a long time to install"), "{}", status.text);
    org.pass(599);
    assert_eq!(installed(&org).await["size"], 0);
    org.pass(1);
    assert_eq!(installed(&org).await["size"], 1);
}

#[tokio::test]
async fn the_api_installs_too_and_can_fail() {
    let org = Org::new();
    let more = json!([{"id": "04t5g0000000002AAA", "name": "Other", "namespace": "oth", "version": "1.2.3"}]);
    set(&org, json!({"packages": more, "package_install": {"seconds": 5, "outcome": "fail"}})).await;
    let ask = json!({"SubscriberPackageVersionKey": "04t5g0000000002AAA", "EnableRss": true, "SecurityType": "Full"});
    let made = org.post("/tooling/sobjects/PackageInstallRequest", ask.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = format!("/tooling/sobjects/PackageInstallRequest/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(org.get(&path).await.json()["Status"], "IN_PROGRESS");
    org.pass(5);
    let ended = org.get(&path).await.json();
    assert_eq!(ended["Status"], "ERROR");
    assert!(ended["Errors"]["errors"][0]["message"].as_str().unwrap().contains("could not be installed"));
    set(&org, json!({"package_install": {"outcome": "ok"}})).await;
    org.post("/tooling/sobjects/PackageInstallRequest", ask).await;
    assert_eq!(installed(&org).await["records"][0]["SubscriberPackage"]["Name"], "Other");
    let unknown = json!({"SubscriberPackageVersionKey": "04t5g0000000009AAA"});
    assert_eq!(org.post("/tooling/sobjects/PackageInstallRequest", unknown).await.status, 400);
    let gone = json!({"SubscriberPackageVersionId": "04t5g0000000002AAA"});
    assert_eq!(org.post("/tooling/sobjects/PackageUninstallRequest", gone).await.status, 201);
    assert_eq!(installed(&org).await["size"], 0);
}

#[tokio::test]
async fn only_who_may_install_sees_the_page() {
    let org = Org::new();
    set(&org, json!({"user_permissions": {"InstallPackaging": false}})).await;
    let browser = log_in(&org).await;
    let refused = browser.open(&format!("/packaging/installPackage.apexp?p0={VERSION}")).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("Insufficient Privileges"));
    let wrong = org.form("/login", &[("un", "integration@tandem.example"), ("pw", "wrong")]).await;
    assert!(wrong.text.contains("Please check your username and password"));
    let away = org.page("/login?startURL=%2F%2Fevil.example").await;
    assert!(away.text.contains("value=\"/_sim/console\""), "{}", away.text);
}

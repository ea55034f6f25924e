//! What people do: loading exports, the console, looking at the counters.

mod common;

use common::Org;
use serde_json::{Value, json};

#[tokio::test]
async fn a_folder_of_exports_becomes_records() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Account.csv"), "Ref,Name,Score\nA1,Acme,4.5\n").unwrap();
    let contacts = "AccountRef,LastName,Email,Region,CreatedDate\nA1,Ada,ada@x.example,North,2020-01-01T00:00:00Z\n\
                    ,,no@x.example,South,\n,Bob,not an address,South,\n";
    std::fs::write(dir.path().join("Contact.csv"), contacts).unwrap();
    let org = Org::new();
    let report = org.sim.load_csv(dir.path()).unwrap();
    assert_eq!(report.created, [("Account".to_owned(), 1), ("Contact".to_owned(), 1)]);
    assert_eq!(report.fields, ["Account.Score__c", "Contact.Region__c"]);
    assert_eq!(report.ignored, ["Contact.CreatedDate"]);
    let lines: Vec<u64> = report.refused.iter().map(|row| row.line).collect();
    assert_eq!((lines, report.refused[0].file.as_str()), (vec![3, 4], "Contact.csv"));
    let found = org.query("SELECT Region__c, Account.Name, Account.Score__c FROM Contact").await;
    let record = &found["records"][0];
    assert_eq!((&record["Region__c"], &record["Account"]["Score__c"]), (&json!("North"), &json!(4.5)));
}

#[tokio::test]
async fn a_reference_to_nobody_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Contact.csv"), "AccountRef,LastName\nA9,Ada\n").unwrap();
    let org = Org::new();
    let report = org.sim.load_csv(dir.path()).unwrap();
    assert_eq!(report.refused.len(), 1);
    assert!(report.refused[0].reason.contains("A9"), "{}", report.refused[0].reason);
}

#[tokio::test]
async fn an_empty_folder_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Org::new().sim.load_csv(dir.path()).is_err());
}

#[tokio::test]
async fn the_console_makes_edits_and_deletes_records() {
    let org = Org::new();
    let made = org.form("/_sim/console/Contact/new", &[("LastName", "<b>Ada</b>"), ("Title", "")]).await;
    let place = made.headers["location"].to_str().unwrap().to_owned();
    let page = org.page(&place).await;
    assert!(page.text.contains("&lt;b&gt;Ada&lt;/b&gt;") && !page.text.contains("<b>Ada"), "{}", page.text);
    let list = org.page("/_sim/console/Contact?q=%3Cb%3E%22").await;
    assert!(!list.text.contains("<b>") && list.text.contains("&lt;b&gt;&quot;"));
    org.form(&place, &[("LastName", "Lovelace"), ("Email", "ada@x.example")]).await;
    assert_eq!(org.sim.records("Contact")[0].fields["LastName"], "Lovelace");
    let wrong = org.form(&place, &[("LastName", "Lovelace"), ("Email", "<nobody>")]).await;
    assert!(wrong.text.contains("INVALID_EMAIL_ADDRESS") && wrong.text.contains("&lt;nobody&gt;"));
    org.form(&format!("{place}/delete"), &[]).await;
    assert_eq!(org.count("Contact"), 0);
    assert_eq!(org.page(&place).await.status, 404);
    assert_eq!(org.page("/_sim/console/%3Cscript%3E").await.status, 404);
    assert!(org.sim.stats().writes.is_empty(), "people are not counted");
}

#[tokio::test]
async fn the_counters_tell_writes_of_the_api_by_object() {
    let org = Org::new();
    let id = org.make("contact", json!({"LastName": "A"})).await;
    org.patch(&format!("/sobjects/Contact/{id}"), json!({"LastName": "B"})).await;
    org.call("DELETE", &format!("/sobjects/Contact/{id}"), Value::Null, &[]).await;
    let stats = org.page("/_sim/stats").await.json();
    assert_eq!(stats["writes"], json!({"Contact": {"created": 1, "updated": 1, "deleted": 1}}));
    assert_eq!((&stats["counted_calls"], &stats["records"]["Contact"]), (&json!(3), &json!(0)));
    org.sim.reset();
    assert!(org.sim.stats().writes.is_empty());
}

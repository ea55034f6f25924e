//! Change events read without a socket: what is told, to whom, for how long, and what can go wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "only tests are here")]

mod common;

use std::collections::BTreeMap;

use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use common::{Org, contact};
use salesforce_sim::{CdcFaults, CdcSettings, LeadConversion, Replay};
use serde_json::{Value, json};

const ALL: &str = "/data/ChangeEvents";

/// An event, read by a library that knows nothing of the simulator.
struct Read {
    header: BTreeMap<String, Avro>,
    fields: Vec<(String, Avro)>,
    replay_id: Vec<u8>,
    schema_id: String,
}

fn plain(value: &Avro) -> Value {
    match value {
        Avro::Union(_, inner) => plain(inner),
        Avro::Null => Value::Null,
        Avro::String(text) | Avro::Enum(_, text) => json!(text),
        Avro::Long(whole) => json!(whole),
        Avro::Int(whole) => json!(whole),
        Avro::Double(number) => json!(number),
        Avro::Boolean(yes) => json!(yes),
        Avro::Array(items) => items.iter().map(plain).collect(),
        Avro::Record(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        other => panic!("{other:?}"),
    }
}

impl Read {
    fn header(&self, name: &str) -> Value {
        plain(&self.header[name])
    }

    fn field(&self, name: &str) -> Value {
        self.fields.iter().find(|(own, _)| own == name).map_or(Value::Null, |(_, value)| plain(value))
    }

    /// The fields of a set, with the parts of compound fields as `Whole.Part`.
    fn set(&self, name: &str) -> Vec<String> {
        let bits = |hex: &str| {
            let number = u128::from_str_radix(hex.trim_start_matches("0x"), 16).unwrap();
            (0..128_usize).filter(move |bit| number >> bit & 1 == 1)
        };
        let mut names = Vec::new();
        for text in self.header(name).as_array().unwrap() {
            let text = text.as_str().unwrap();
            match text.split_once('-') {
                None => names.extend(bits(text).map(|bit| self.fields[bit].0.clone())),
                Some((at, hex)) => {
                    let (whole, value) = &self.fields[at.parse::<usize>().unwrap()];
                    let Avro::Union(_, record) = value else { panic!("{whole} is no compound field") };
                    let Avro::Record(parts) = &**record else { panic!("{whole} has no parts") };
                    names.extend(bits(hex).map(|bit| format!("{whole}.{}", parts[bit].0)));
                }
            }
        }
        names.sort();
        names
    }
}

fn read(org: &Org, topic: &str, from: &Replay) -> Vec<Read> {
    let batch = org.sim.events_since(topic, from, 1_000).unwrap();
    let events = batch.events.into_iter().map(|event| {
        let schema = Schema::parse_str(&org.sim.event_schema(&event.schema_id).unwrap()).unwrap();
        let mut payload = &event.payload[..];
        let Avro::Record(fields) = apache_avro::from_avro_datum(&schema, &mut payload, None).unwrap() else {
            panic!("an event is a record")
        };
        assert!(payload.is_empty(), "nothing is left over");
        let Avro::Record(header) = &fields[0].1 else { panic!("the first field is the header") };
        Read {
            header: header.iter().cloned().collect(),
            fields,
            replay_id: event.replay_id,
            schema_id: event.schema_id,
        }
    });
    events.collect()
}

fn set(org: &Org, settings: Value) {
    org.sim.set_cdc(serde_json::from_value::<CdcSettings>(settings).unwrap()).unwrap();
}

#[tokio::test]
async fn an_edit_tells_its_fields_and_nothing_else() {
    let org = Org::new();
    let id = org
        .make(
            "Contact",
            json!({"FirstName": "Ada", "LastName": "Byron", "Email": "ada@a.example", "Title": "Ms"}),
        )
        .await;
    org.pass(5);
    let headers = [("Sforce-Call-Options", "client=tandem, defaultNamespace=x")];
    let edit =
        json!({"LastName": "Lovelace", "MailingCity": "London", "Title": null, "Birthdate": "1815-12-10"});
    assert_eq!(org.call("PATCH", &format!("/sobjects/Contact/{id}"), edit, &headers).await.status, 204);

    let events = read(&org, "/data/ContactChangeEvent", &Replay::Earliest);
    assert_eq!(events.len(), 2);
    let (made, edited) = (&events[0], &events[1]);
    assert_eq!(made.header("changeType"), "CREATE");
    assert_eq!(made.header("recordIds"), json!([id]));
    assert_eq!(made.header("changeOrigin"), "com/salesforce/api/rest/66.0");
    assert_eq!(made.header("changedFields"), json!([]));
    assert_eq!(made.field("Name"), json!({"Salutation": null, "FirstName": "Ada", "LastName": "Byron"}));
    assert_eq!(made.field("Email"), "ada@a.example");
    assert_eq!(made.field("CreatedDate"), json!(1_790_000_000_000_i64));

    assert_eq!(edited.header("changeType"), "UPDATE");
    assert_eq!(edited.header("entityName"), "Contact");
    assert_eq!(edited.header("changeOrigin"), "com/salesforce/api/rest/66.0;client=tandem");
    assert_eq!(edited.header("commitTimestamp"), json!(1_790_000_005_000_i64));
    assert_eq!(edited.header("commitUser"), json!(org.sim.access().user_id));
    assert_eq!(edited.header("sequenceNumber"), 1);
    let changed = ["Birthdate", "LastModifiedDate", "MailingAddress.City", "Name.LastName", "Title"];
    assert_eq!(edited.set("changedFields"), changed);
    assert_eq!(edited.set("nulledFields"), ["Title"]);
    assert_eq!(edited.field("Name"), json!({"Salutation": null, "FirstName": null, "LastName": "Lovelace"}));
    assert_eq!(edited.field("Birthdate"), json!(-4_861_728_000_000_i64));
    assert_eq!(edited.field("Email"), Value::Null, "unchanged");
    assert_ne!(edited.header("transactionKey"), made.header("transactionKey"));
}

#[tokio::test]
async fn a_compound_field_that_is_emptied_is_told_as_a_whole() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "Byron", "MailingCity": "London"})).await;
    org.pass(1);
    org.patch(&format!("/sobjects/Contact/{id}"), json!({"MailingCity": null})).await;
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events[1].set("nulledFields"), ["MailingAddress"]);
    assert_eq!(events[1].field("MailingAddress"), Value::Null);
}

#[tokio::test]
async fn records_that_change_alike_in_one_transaction_share_an_event() {
    let org = Org::new();
    let rows: Vec<Value> =
        ["a", "a", "b"].map(|name| contact(json!({"LastName": name, "Title": "T"}))).to_vec();
    let reply = org.post("/composite/sobjects", json!({"allOrNone": false, "records": rows})).await;
    let ids: Vec<Value> = reply.json().as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].header("recordIds"), json!(ids[..2]));
    assert_eq!(events[1].header("recordIds"), json!(ids[2..]));
    assert_eq!(events[0].header("transactionKey"), events[1].header("transactionKey"));
    assert_eq!(
        (events[0].header("sequenceNumber"), events[1].header("sequenceNumber")),
        (json!(1), json!(2))
    );
}

#[tokio::test]
async fn what_is_taken_back_is_not_told_and_parts_of_a_composite_are_told_apart() {
    let org = Org::new();
    let rows =
        json!({"allOrNone": true, "records": [contact(json!({"LastName": "Good"})), contact(json!({}))]});
    org.post("/composite/sobjects", rows).await;
    assert_eq!(read(&org, ALL, &Replay::Earliest).len(), 0);
    let part = |name: &str| {
        json!({"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": name,
            "body": {"LastName": name}})
    };
    let parts = json!({"allOrNone": false, "compositeRequest": [part("one"), part("two")]});
    assert_eq!(org.post("/composite", parts.clone()).await.status, 200);
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events.len(), 2);
    assert_ne!(events[0].header("transactionKey"), events[1].header("transactionKey"));
    let mut parts = parts;
    parts["allOrNone"] = json!(true);
    org.post("/composite", parts).await;
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events[2].header("transactionKey"), events[3].header("transactionKey"));
}

#[tokio::test]
async fn deletions_and_returns_are_told_and_people_are_told_apart() {
    let org = Org::new();
    let id = org.sim.create_record("Account", json!({"Name": "Acme"}).as_object().unwrap().clone()).unwrap();
    org.call("DELETE", &format!("/sobjects/Account/{id}"), Value::Null, &[]).await;
    org.sim.undelete_record(&id).unwrap();
    let events = read(&org, "/data/AccountChangeEvent", &Replay::Earliest);
    let kinds: Vec<Value> = events.iter().map(|event| event.header("changeType")).collect();
    assert_eq!(kinds, ["CREATE", "DELETE", "UNDELETE"]);
    assert_eq!(events[0].header("changeOrigin"), "com/salesforce/api/soap/66.0;client=SfdcInternalAPI/");
    assert_ne!(events[0].header("commitUser"), events[1].header("commitUser"));
    assert_eq!(events[1].field("Name"), Value::Null);
    assert_eq!(events[2].field("Name"), "Acme");
}

#[tokio::test]
async fn only_selected_objects_are_told_of_on_their_channels() {
    let org = Org::new();
    set(&org, json!({"channels": {"ChangeEvents": ["Account"], "Crm__chn": ["Lead"]}}));
    org.make("Contact", json!({"LastName": "Unheard"})).await;
    org.make("Lead", json!({"LastName": "L", "Company": "C"})).await;
    org.make("Account", json!({"Name": "A"})).await;
    let entity = |topic| read(&org, topic, &Replay::Earliest)[0].header("entityName");
    assert_eq!(read(&org, ALL, &Replay::Earliest).len(), 1);
    assert_eq!(entity(ALL), "Account");
    assert_eq!(entity("/data/Crm__chn"), "Lead");
    let refused = org.sim.events_since("/data/ContactChangeEvent", &Replay::Earliest, 1).unwrap_err();
    assert_eq!(refused.status, "NOT_FOUND");
    assert_eq!(refused.error_code, "sfdc.platform.eventbus.grpc.topic.not.found");
    set(&org, json!({"denied": ["Account"]}));
    assert_eq!(read(&org, ALL, &Replay::Earliest).len(), 0);
    let refused = org.sim.events_since("/data/AccountChangeEvent", &Replay::Earliest, 1).unwrap_err();
    assert_eq!(refused.status, "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_new_field_makes_a_new_schema_and_old_events_keep_theirs() {
    let org = Org::new();
    let id = org.make("Contact", json!({"LastName": "Byron"})).await;
    org.key_field(true);
    org.pass(1);
    org.patch(&format!("/sobjects/Contact/{id}"), json!({"Key__c": "K1"})).await;
    let events = read(&org, ALL, &Replay::Earliest);
    assert_ne!(events[0].schema_id, events[1].schema_id);
    assert_eq!(events[1].set("changedFields"), ["Key__c", "LastModifiedDate"]);
    assert_eq!(events[1].field("Key__c"), "K1");
}

#[tokio::test]
async fn long_texts_are_told_by_their_difference() {
    let org = Org::new();
    let text = format!("{}\nend", "word ".repeat(300));
    let id = org.make("Contact", json!({"LastName": "Byron", "Description": text})).await;
    org.pass(1);
    let edit = json!({"Description": text.replace("end", "fin")});
    org.patch(&format!("/sobjects/Contact/{id}"), edit).await;
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events[1].set("diffFields"), ["Description"]);
    let told = events[1].field("Description");
    assert!(told.as_str().unwrap().ends_with("@@ -2,1 +2,1 @@\n-end\n+fin"), "{told}");
}

#[tokio::test]
async fn replay_ids_are_good_for_three_days() {
    let org = Org::new();
    org.make("Contact", json!({"LastName": "One"})).await;
    let first = read(&org, ALL, &Replay::Earliest).remove(0).replay_id;
    org.make("Contact", json!({"LastName": "Two"})).await;
    assert_eq!(read(&org, ALL, &Replay::After(first.clone())).len(), 1);
    assert_eq!(org.sim.events_since(ALL, &Replay::Latest, 9).unwrap().events.len(), 0);
    let code = |replay: Replay| org.sim.events_since(ALL, &replay, 9).unwrap_err().error_code;
    let corrupted = "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted";
    assert_eq!(code(Replay::After(b"nonsense".to_vec())), corrupted);
    assert!(code(Replay::After(Vec::new())).ends_with("replayid.validation.failed"));
    org.pass(72 * 3_600 + 60);
    assert_eq!(code(Replay::After(first)), corrupted);
    assert_eq!(read(&org, ALL, &Replay::Earliest).len(), 0);
    let latest = org.sim.events_since(ALL, &Replay::Latest, 9).unwrap().latest_replay_id;
    org.make("Contact", json!({"LastName": "Three"})).await;
    assert_eq!(read(&org, ALL, &Replay::After(latest)).len(), 1);
}

#[tokio::test]
async fn faults_drop_double_blank_and_lose_events() {
    let org = Org::new();
    let latest = || org.sim.events_since(ALL, &Replay::Latest, 1).unwrap().latest_replay_id;
    let make = async |faults: CdcFaults| {
        let from = latest();
        org.sim.set_cdc(CdcSettings { faults: Some(faults), ..CdcSettings::default() }).unwrap();
        org.make("Contact", json!({"LastName": "Byron", "Title": "T"})).await;
        read(&org, ALL, &Replay::After(from))
    };
    assert_eq!(make(CdcFaults { drop: 1.0, ..CdcFaults::default() }).await.len(), 0);
    let twice = make(CdcFaults { duplicate: 1.0, ..CdcFaults::default() }).await;
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0].header("recordIds"), twice[1].header("recordIds"));
    assert_ne!(twice[0].replay_id, twice[1].replay_id);
    let gap = make(CdcFaults { gap: 1.0, ..CdcFaults::default() }).await;
    assert_eq!((gap[0].header("changeType"), gap[0].field("Title")), (json!("GAP_CREATE"), Value::Null));
    let overflow = make(CdcFaults { overflow: 1.0, ..CdcFaults::default() }).await;
    assert_eq!(overflow[0].header("changeType"), "GAP_OVERFLOW");
    assert_eq!(overflow[0].header("recordIds"), json!(["000000000000000AAA"]));
    let before = latest();
    set(&org, json!({"faults": {"lose_replay": true}}));
    assert!(org.sim.events_since(ALL, &Replay::After(before), 1).is_err());
    assert_eq!(make(CdcFaults::default()).await.len(), 1);
}

#[tokio::test]
async fn a_fault_plan_breaks_events_as_it_breaks_calls() {
    let org = Org::new();
    let plan = |body: Value| {
        let request = http::Request::post("/_sim/faults").body(body.to_string().into()).unwrap();
        org.send(request)
    };
    let latest = || org.sim.events_since(ALL, &Replay::Latest, 1).unwrap().latest_replay_id;
    let before = latest();
    assert_eq!(plan(json!({"cdc": {"gap": 2}})).await.status, 400);
    assert_eq!(plan(json!({"seed": 5, "cdc": {"gap": 1}})).await.status, 200);
    org.make("Contact", json!({"LastName": "Byron"})).await;
    assert_eq!(read(&org, ALL, &Replay::After(before.clone()))[0].header("changeType"), "GAP_CREATE");
    assert_eq!(plan(json!({"cdc": {"replay_loss": 1}})).await.status, 200);
    let lost = org.sim.events_since(ALL, &Replay::After(before.clone()), 1).unwrap_err();
    assert!(lost.error_code.ends_with("subscription.fetch.replayid.corrupted"), "{lost:?}");
    org.sim.reset();
    let whole = latest();
    org.make("Contact", json!({"LastName": "Byron"})).await;
    assert_eq!(read(&org, ALL, &Replay::After(whole))[0].header("changeType"), "CREATE");
}

#[tokio::test]
async fn a_transaction_with_too_many_changes_overflows_once_for_each_object() {
    let org = Org::new();
    set(&org, json!({"overflow_after": 2}));
    let rows: Vec<Value> = ["a", "b", "c", "d"].map(|name| contact(json!({"LastName": name}))).to_vec();
    org.post("/composite/sobjects", json!({"allOrNone": false, "records": rows})).await;
    let events = read(&org, ALL, &Replay::Earliest);
    let kinds: Vec<Value> = events.iter().map(|event| event.header("changeType")).collect();
    assert_eq!(kinds, ["CREATE", "CREATE", "GAP_OVERFLOW"]);
}

#[tokio::test]
async fn deliveries_have_an_allocation_that_comes_back() {
    let org = Org::new();
    set(&org, json!({"delivery_limit": 2}));
    for name in ["a", "b", "c"] {
        org.make("Contact", json!({"LastName": name})).await;
    }
    let batch = org.sim.events_since(ALL, &Replay::Earliest, 10).unwrap();
    assert_eq!(batch.events.len(), 2);
    let rest = Replay::After(batch.latest_replay_id);
    let refused = org.sim.events_since(ALL, &rest, 10).unwrap_err();
    assert_eq!(refused.error_code, "sfdc.platform.eventbus.grpc.subscription.limit.exceeded");
    let limits = org.get("/limits").await.json();
    assert_eq!(limits["DailyDeliveredPlatformEvents"], json!({"Max": 2, "Remaining": 0}));
    org.pass(24 * 3_600 + 60);
    assert_eq!(org.sim.events_since(ALL, &rest, 10).unwrap().events.len(), 1);
}

#[tokio::test]
async fn loading_and_resetting_tell_nothing() {
    let org = Org::new();
    let fields = json!({"LastName": "Loaded"}).as_object().unwrap().clone();
    org.sim.quietly(|sim| sim.create_record("Contact", fields)).unwrap();
    org.sim.mark_start();
    org.make("Contact", json!({"LastName": "Heard"})).await;
    let before = read(&org, ALL, &Replay::Earliest);
    assert_eq!(before.len(), 1);
    org.sim.reset();
    assert_eq!(read(&org, ALL, &Replay::Earliest).len(), 0);
    assert!(org.sim.events_since(ALL, &Replay::After(before[0].replay_id.clone()), 1).is_err());
}

#[tokio::test]
async fn bulk_jobs_and_soap_calls_say_which_api_they_are() {
    let org = Org::new();
    let job = json!({"object": "Contact", "operation": "insert", "lineEnding": "LF"});
    let headers = [("Sforce-Call-Options", "client=loader")];
    let id = org.call("POST", "/jobs/ingest", job, &headers).await.json()["id"].as_str().unwrap().to_owned();
    let request = http::Request::put(format!("{}/jobs/ingest/{id}/batches", common::V))
        .header("Authorization", format!("Bearer {}", org.token))
        .header("Content-Type", "text/csv")
        .body(axum::body::Body::from("LastName\nByron\nByron\n"))
        .unwrap();
    assert_eq!(org.send(request).await.status, 201);
    let close = json!({"state": "UploadComplete"});
    org.call("PATCH", &format!("/jobs/ingest/{id}"), close, &headers).await;
    let envelope = format!(
        "<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/' xmlns:urn='urn:partner.soap.sforce.com'>\
         <soapenv:Header><urn:SessionHeader><urn:sessionId>{}</urn:sessionId></urn:SessionHeader>\
         <urn:CallOptions><urn:client>desk</urn:client></urn:CallOptions></soapenv:Header><soapenv:Body><urn:create>\
         <urn:sObjects><type>Lead</type><LastName>Soap</LastName><Company>C</Company></urn:sObjects></urn:create>\
         </soapenv:Body></soapenv:Envelope>",
        org.token
    );
    let request = http::Request::post("/services/Soap/u/66.0")
        .header("Content-Type", "text/xml")
        .header("SOAPAction", "\"\"")
        .body(axum::body::Body::from(envelope))
        .unwrap();
    assert_eq!(org.send(request).await.status, 200);
    let events = read(&org, ALL, &Replay::Earliest);
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].header("recordIds").as_array().unwrap().len(), 2);
    assert_eq!(events[0].header("changeOrigin"), "com/salesforce/api/bulkapi/66.0;client=loader");
    assert_eq!(events[1].header("changeOrigin"), "com/salesforce/api/soap/66.0;client=desk");
}

#[tokio::test]
async fn a_conversion_is_one_transaction_of_four_events() {
    let org = Org::new();
    let lead = org.make("Lead", json!({"LastName": "Byron", "Company": "Acme"})).await;
    let from = org.sim.events_since(ALL, &Replay::Latest, 1).unwrap().latest_replay_id;
    org.pass(1);
    let conversion = LeadConversion {
        lead_id: lead.clone(),
        converted_status: "Closed - Converted".to_owned(),
        ..LeadConversion::default()
    };
    org.sim.convert_lead(&conversion).unwrap();
    let events = read(&org, ALL, &Replay::After(from));
    let mut told: Vec<String> = events
        .iter()
        .map(|event| {
            format!("{} {}", event.header("entityName"), event.header("changeType")).replace('"', "")
        })
        .collect();
    told.sort();
    assert_eq!(told, ["Account CREATE", "Contact CREATE", "Lead UPDATE", "Opportunity CREATE"]);
    let keys: Vec<Value> = events.iter().map(|event| event.header("transactionKey")).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
    let lead = events.iter().find(|event| event.header("entityName") == "Lead").unwrap();
    let changed = lead.set("changedFields");
    for field in ["Status", "IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId"] {
        assert!(changed.iter().any(|name| name == field), "{changed:?}");
    }
}

#[tokio::test]
async fn a_merge_deletes_the_losers_and_changes_the_winner() {
    let org = Org::new();
    let winner = org.make("Account", json!({"Name": "Winner"})).await;
    let loser = org.make("Account", json!({"Name": "Loser"})).await;
    let child = org.make("Contact", json!({"LastName": "Child", "AccountId": loser})).await;
    let from = org.sim.events_since(ALL, &Replay::Latest, 1).unwrap().latest_replay_id;
    org.pass(1);
    let fields = json!({"Phone": "1"}).as_object().unwrap().clone();
    org.sim.merge_records("Account", &winner, std::slice::from_ref(&loser), &fields).unwrap();
    let events = read(&org, ALL, &Replay::After(from));
    let told = |id: &str| {
        let event = events.iter().find(|event| event.header("recordIds") == json!([id]));
        event.map(|event| event.header("changeType"))
    };
    assert_eq!(told(&loser), Some(json!("DELETE")));
    assert_eq!(told(&winner), Some(json!("UPDATE")));
    assert_eq!(told(&child), Some(json!("UPDATE")));
}

#[tokio::test]
async fn an_administrator_selects_objects_through_the_tooling_api() {
    let org = Org::new();
    let channel = json!({"FullName": "Desk__chn", "Metadata": {"channelType": "data", "label": "Desk"}});
    let made = org.post("/tooling/sobjects/PlatformEventChannel", channel).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let member = |selected: &str| {
        json!({"FullName": format!("Desk_{selected}"),
            "Metadata": {"eventChannel": "Desk__chn", "selectedEntity": selected}})
    };
    let refused =
        org.post("/tooling/sobjects/PlatformEventChannelMember", member("NothingChangeEvent")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let made = org.post("/tooling/sobjects/PlatformEventChannelMember", member("CampaignChangeEvent")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    org.make("Campaign", json!({"Name": "Heard"})).await;
    assert_eq!(read(&org, "/data/Desk__chn", &Replay::Earliest)[0].field("Name"), "Heard");
    let gone = format!("/tooling/sobjects/PlatformEventChannelMember/{id}");
    assert_eq!(org.call("DELETE", &gone, Value::Null, &[]).await.status, 204);
    org.make("Campaign", json!({"Name": "Unheard"})).await;
    assert_eq!(read(&org, "/data/Desk__chn", &Replay::Earliest).len(), 0);
}

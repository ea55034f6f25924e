//! Tasks, activities and campaigns, through the engine and both simulators in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test that cannot go on should stop

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use engine::{Activity, Connection, Joined, Options, Settings};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hubspot_sim::HubSpotSim;
use model::{ConnectionId, Side};
use salesforce_sim::SalesforceSim;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use store::{ConnectionRow, ConnectionState, Durability, ErrorFilter, Store};
use tower::ServiceExt;
use transport::{Chance, Clock, Response, TokioClock, Transport, TransportError};

const HUBSPOT: &str = "http://hubspot.test";
const SALESFORCE: &str = "http://salesforce.test";

/// Both platforms, without a wire.
struct Direct {
    hubspot: Router,
    salesforce: Router,
    /// So many calls are still answered; the one after takes effect unanswered, and then the machine is dead.
    answered: Arc<AtomicI64>,
}

impl Transport for Direct {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let answered = self.answered.fetch_sub(1, Ordering::SeqCst);
            let lost = || TransportError::Lost { host: "test".into(), reason: "the machine died".into() };
            if answered < 0 {
                return Err(lost());
            }
            let is_hubspot = request.uri().host() == Some("hubspot.test");
            let router = if is_hubspot { self.hubspot.clone() } else { self.salesforce.clone() };
            let (mut parts, body) = request.into_parts();
            parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
            let Ok(answer) = router.oneshot(http::Request::from_parts(parts, Body::from(body))).await;
            if answered == 0 {
                return Err(lost());
            }
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Ok(Response::from_parts(parts, body))
        })
    }
}

struct World {
    clock: TokioClock,
    chance: Chance,
    hubspot: HubSpotSim,
    salesforce: SalesforceSim,
    disk: tempfile::TempDir,
    settings: Settings,
    answered: Arc<AtomicI64>,
}

fn id() -> ConnectionId {
    ConnectionId::new("simulated")
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other}"),
    }
}

impl World {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = TokioClock::starting_at("2026-03-02T08:00:00Z".parse().unwrap());
        let sim_clock = sim_base::Clock::new(move || clock.now());
        let hubspot = HubSpotSim::new(hubspot_sim::Options {
            clock: sim_clock.clone(),
            ..hubspot_sim::Options::default()
        });
        let salesforce = SalesforceSim::new(salesforce_sim::Options {
            clock: sim_clock,
            base_url: SALESFORCE.to_owned(),
            ..salesforce_sim::Options::default()
        });
        let mut settings = Settings::recommended();
        change(&mut settings);
        let chance = Chance::from_seed(1);
        let answered = Arc::new(AtomicI64::new(i64::MAX));
        Self { clock, chance, hubspot, salesforce, disk: tempfile::tempdir().unwrap(), settings, answered }
    }

    fn store(&self) -> Store {
        Store::open(&self.disk.path().join("tandem.db"), Durability::ProcessOnly).unwrap()
    }

    fn connect(&self) -> Connection {
        let store = self.store();
        if store.connection(&id()).unwrap().is_none() {
            store
                .create_connection(&ConnectionRow {
                    id: id(),
                    name: "Simulated".into(),
                    hubspot_account: "1".into(),
                    salesforce_org: "2".into(),
                    state: ConnectionState::Active,
                    state_reason: None,
                    settings: json!({}),
                    created_at: self.clock.now(),
                })
                .unwrap();
        }
        let world = transport::World {
            transport: Arc::new(Direct {
                hubspot: self.hubspot.router(),
                salesforce: self.salesforce.router(),
                answered: Arc::clone(&self.answered),
            }),
            clock: Arc::new(self.clock),
            chance: self.chance.clone(),
        };
        let token = SecretString::from(self.hubspot.access().token);
        let hubspot = hubspot::Config::new(HUBSPOT.parse().unwrap(), hubspot::Auth::Token(token));
        let access = self.salesforce.access();
        let salesforce = salesforce::Config::new(salesforce::Auth::ClientCredentials {
            login_url: SALESFORCE.parse().unwrap(),
            client_id: access.client_id,
            client_secret: SecretString::from(access.client_secret),
        });
        Connection::new(
            id(),
            Arc::new(store),
            self.settings.clone(),
            Options::default(),
            world.clone(),
            hubspot::Client::new(world.clone(), hubspot),
            salesforce::Client::new(world, salesforce),
        )
    }

    /// A pass, some minutes after what happened last.
    async fn sync(&self) -> engine::Figures {
        self.wait(400).await;
        let figures = self.connect().sync_once().await.unwrap();
        self.wait(400).await;
        figures
    }

    async fn wait(&self, seconds: u64) {
        tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
    }

    /// A call as a person or another app makes it in HubSpot.
    async fn hubspot(&self, method: &str, path: &str, body: Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.hubspot.access().token))
            .header("content-type", "application/json")
            .body(Body::from(if body.is_null() { String::new() } else { body.to_string() }))
            .unwrap();
        let answer = self.hubspot.router().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    }

    async fn make(&self, object: &str, properties: Value) -> String {
        let path = format!("/crm/v3/objects/{object}");
        let made = self.hubspot("POST", &path, json!({ "properties": properties })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn edit(&self, object: &str, id: &str, properties: Value) {
        let path = format!("/crm/v3/objects/{object}/{id}");
        self.hubspot("PATCH", &path, json!({ "properties": properties })).await;
    }

    async fn property(&self, object: &str, id: &str, name: &str) -> String {
        let path = format!("/crm/v3/objects/{object}/{id}?properties={name}");
        let record = self.hubspot("GET", &path, Value::Null).await;
        record["properties"][name].as_str().unwrap_or_default().to_owned()
    }

    async fn associate(&self, from: (&str, &str), to: (&str, &str)) {
        let path = format!("/crm/v4/objects/{}/{}/associations/default/{}/{}", from.0, from.1, to.0, to.1);
        self.hubspot("PUT", &path, Value::Null).await;
    }

    async fn associated(&self, object: &str, id: &str, to: &str) -> Vec<String> {
        let path = format!("/crm/v4/objects/{object}/{id}/associations/{to}");
        let answer = self.hubspot("GET", &path, Value::Null).await;
        let results = answer["results"].as_array().unwrap();
        results.iter().map(|one| one["toObjectId"].to_string().replace('"', "")).collect()
    }

    /// The live records of an object.
    fn rows(&self, object: &str) -> Vec<Value> {
        let records = self.salesforce.records(object).into_iter().filter(|record| !record.deleted);
        let with_id = records.map(|record| {
            let mut row = map(json!(record.fields));
            row.insert("Id".into(), json!(record.id));
            Value::Object(row)
        });
        with_id.collect()
    }

    fn only(&self, object: &str) -> Value {
        let rows = self.rows(object);
        assert_eq!(rows.len(), 1, "{object}: {rows:?}");
        rows[0].clone()
    }

    fn errors(&self) -> Vec<String> {
        let errors = self.store().errors(&id(), &ErrorFilter::default()).unwrap();
        // An owner whom nobody goes with is told once and stops nothing.
        let errors = errors.into_iter().filter(|row| row.error.code != "UNMATCHED_OWNER");
        errors.map(|row| format!("{} {}", row.error.code, row.error.message)).collect()
    }

    /// Two passes that have nothing to write.
    async fn rests(&self) {
        for _ in 0..2 {
            let figures = self.sync().await;
            let writes =
                [figures.hubspot, figures.salesforce].map(|side| side.created + side.updated + side.deleted);
            assert_eq!(writes, [0, 0], "{figures:?}");
        }
    }
}

fn switch_on(settings: &mut Settings, activities: &[Activity]) {
    for mapping in &mut settings.activities.timeline {
        mapping.enabled = activities.contains(&mapping.activity);
    }
}

#[tokio::test(start_paused = true)]
async fn activities_become_one_task_each_and_only_from_the_moment_they_are_switched_on() {
    let world = World::new(|settings| {
        let activities =
            [Activity::Call, Activity::Note, Activity::SalesEmailSent, Activity::SalesEmailOpened];
        switch_on(settings, &activities);
    });
    let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
    let old = json!({ "hs_note_body": "before", "hs_timestamp": "2026-03-01T10:00:00Z" });
    let old = world.make("notes", old).await;
    world.associate(("notes", &old), ("contacts", &ann)).await;
    world.sync().await;
    assert!(world.rows("Task").is_empty(), "what is older is not imported");

    let company = world.make("companies", json!({ "name": "Acme", "domain": "acme.example" })).await;
    let deal = json!({ "dealname": "Big", "dealstage": "appointmentscheduled",
        "closedate": "2026-05-01T00:00:00Z" });
    let deal = world.make("deals", deal).await;
    let call = json!({ "hs_call_title": "Intro", "hs_call_body": "<p>Said <b>yes</b> &amp; more</p>",
        "hs_timestamp": "2026-03-02T10:00:00Z" });
    let call = world.make("calls", call).await;
    for to in [("contacts", &ann), ("companies", &company), ("deals", &deal)] {
        world.associate(("calls", &call), (to.0, to.1)).await;
    }
    world.sync().await;
    let task = world.only("Task");
    let (contact, opportunity) = (world.only("Contact"), world.only("Opportunity"));
    assert_eq!(task["Subject"], "Call: Intro");
    assert_eq!(task["Description"], "Said yes & more");
    assert_eq!(task["ActivityDate"], "2026-03-02");
    assert_eq!(task["Status"], "Completed");
    assert_eq!(task["Type"], "Call");
    assert_eq!(task["TaskSubtype"], "Call");
    assert_eq!(task["WhoId"], contact["Id"]);
    assert_eq!(task["WhatId"], opportunity["Id"], "the deal counts more than the company");
    world.rests().await;

    // What a salesperson does to the task stays theirs; what changes in HubSpot goes on.
    let task_id = task["Id"].as_str().unwrap();
    world.salesforce.edit_record("Task", task_id, map(json!({ "Description": "Mine" }))).unwrap();
    world.rests().await;
    assert_eq!(world.only("Task")["Description"], "Mine");
    world.edit("calls", &call, json!({ "hs_call_title": "Intro call" })).await;
    world.sync().await;
    assert_eq!(world.only("Task")["Subject"], "Call: Intro call");

    for (subject, direction) in [("Offer", "EMAIL"), ("Re: Offer", "INCOMING_EMAIL")] {
        let email = json!({ "hs_email_subject": subject, "hs_email_direction": direction,
            "hs_email_text": "Hi", "hs_timestamp": "2026-03-02T11:00:00Z" });
        let email = world.make("emails", email).await;
        world.associate(("emails", &email), ("contacts", &ann)).await;
    }
    world.sync().await;
    let subjects: Vec<_> = world.rows("Task").iter().map(|task| task["Subject"].clone()).collect();
    assert!(subjects.contains(&json!("Email: Offer")) && subjects.len() == 2, "{subjects:?}");
    world.rests().await;
    assert_eq!(world.errors(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_activity_waits_for_its_contact_and_a_lead_is_about_nothing_else() {
    let world = World::new(|settings| {
        switch_on(settings, &[Activity::Note]);
        settings.create_without_email = false;
        settings.create_contacts_as = engine::CreateAs::Lead;
    });
    world.sync().await;
    let company = world.make("companies", json!({ "name": "Acme", "domain": "acme.example" })).await;
    let ann = world.make("contacts", json!({ "lastname": "Ann", "company": "Acme" })).await;
    let note = |body: &str| json!({ "hs_note_body": body, "hs_timestamp": "2026-03-02T10:00:00Z" });
    let hers = world.make("notes", note("Remember")).await;
    world.associate(("notes", &hers), ("contacts", &ann)).await;
    world.associate(("notes", &hers), ("companies", &company)).await;
    let nobody = world.make("notes", note("On nothing")).await;
    world.sync().await;
    assert!(world.rows("Task").is_empty(), "the contact is not in step");
    world.edit("contacts", &ann, json!({ "email": "ann@acme.example" })).await;
    world.sync().await;
    let task = world.only("Task");
    assert_eq!(task["WhoId"], world.only("Lead")["Id"]);
    assert_eq!(task["WhatId"], Value::Null);
    assert_eq!(task["Subject"], "Note: Remember");
    world.edit("notes", &nobody, json!({ "hs_note_body": "Still on nothing" })).await;
    world.rests().await;
    assert_eq!(world.errors(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn forms_and_marketing_emails_become_tasks_of_the_contact() {
    let world = World::new(|settings| {
        switch_on(settings, &[Activity::FormSubmission, Activity::MarketingEmailOpened]);
    });
    let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
    world.sync().await;
    let account = world.hubspot("GET", "/account-info/v3/details", Value::Null).await;
    let path = format!(
        "/submissions/v3/integration/submit/{}/6f6c1e2a-5f0f-4d7e-9b1c-2b7a4a0e5d01",
        account["portalId"]
    );
    let fields =
        json!([{ "name": "email", "value": "ann@acme.example" }, { "name": "jobtitle", "value": "Buyer" }]);
    world.hubspot("POST", &path, json!({ "fields": fields })).await;
    for kind in ["OPEN", "CLICK"] {
        let event = json!({ "type": kind, "recipient": "ann@acme.example" });
        world.hubspot("POST", "/_sim/email-events", event).await;
    }
    world.sync().await;
    let contact = world.only("Contact")["Id"].clone();
    let mut tasks = world.rows("Task");
    tasks.sort_by_key(|task| task["Subject"].to_string());
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    assert_eq!(tasks[0]["Subject"], "Form submitted: Contact us");
    assert!(tasks[0]["Description"].as_str().unwrap().contains("jobtitle: Buyer"));
    assert_eq!(tasks[1]["Subject"], "Marketing email opened: Autumn news");
    assert_eq!(tasks[1]["Type"], "Email");
    assert!(tasks.iter().all(|task| task["WhoId"] == contact && task["Status"] == "Completed"));
    world.rests().await;
    assert_eq!(world.rows("Task").len(), 2);
    assert_eq!(world.property("contacts", &ann, "jobtitle").await, "Buyer");
}

#[tokio::test(start_paused = true)]
async fn tasks_go_both_ways_where_both_switches_are_on() {
    let world = World::new(|settings| {
        switch_on(settings, &[Activity::Task]);
        settings.activities.salesforce_tasks = true;
    });
    let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
    world.sync().await;
    let contact = world.only("Contact")["Id"].clone();
    let create = |fields: Value| world.salesforce.create_record("Task", map(fields)).unwrap();
    let from_salesforce = create(json!({ "Subject": "call", "Description": "a < b\nc",
        "ActivityDate": "2026-03-09", "WhoId": contact }));
    create(json!({ "Subject": "On nobody" }));
    create(json!({ "Subject": "Some day", "WhoId": contact }));
    let theirs = json!({ "hs_task_subject": "Write", "hs_task_status": "NOT_STARTED", "hs_task_priority": "HIGH",
        "hs_task_type": "TODO", "hs_timestamp": "2026-03-10T09:00:00Z" });
    let theirs = world.make("tasks", theirs).await;
    world.associate(("tasks", &theirs), ("contacts", &ann)).await;
    world.sync().await;
    let path = "/crm/v3/objects/tasks?properties=hs_task_subject,hs_task_body,hs_task_status,hs_timestamp";
    let listed = world.hubspot("GET", path, Value::Null).await;
    let listed = listed["results"].as_array().unwrap();
    let made = |subject: &str| {
        let found: Vec<_> =
            listed.iter().filter(|task| task["properties"]["hs_task_subject"] == subject).collect();
        assert_eq!(found.len(), 1, "{subject}: {listed:?}");
        found[0].clone()
    };
    let call = made("call");
    let call_id = call["id"].as_str().unwrap();
    assert_eq!(call["properties"]["hs_task_body"], "a &lt; b<br>c");
    assert_eq!(call["properties"]["hs_task_status"], "NOT_STARTED");
    assert!(call["properties"]["hs_timestamp"].as_str().unwrap().starts_with("2026-03-0"));
    assert_eq!(world.associated("tasks", call_id, "contacts").await, std::slice::from_ref(&ann));
    made("Some day");
    assert_eq!(listed.len(), 3, "the task on nobody stays: {listed:?}");
    let tasks = world.rows("Task");
    let write = tasks.iter().find(|task| task["Subject"] == "Write").unwrap();
    assert_eq!((&write["Priority"], &write["WhoId"]), (&json!("High"), &contact));
    let some_day = tasks.iter().find(|task| task["Subject"] == "Some day").unwrap();
    assert_eq!(some_day["ActivityDate"], Value::Null, "no date is made up");
    world.rests().await;

    // A due date that is taken away is gone on the other side, too.
    let dated = map(json!({ "ActivityDate": "2026-03-20" }));
    let some_day = some_day["Id"].as_str().unwrap().to_owned();
    world.salesforce.edit_record("Task", &some_day, dated).unwrap();
    world.salesforce.edit_record("Task", &from_salesforce, map(json!({ "ActivityDate": null }))).unwrap();
    world.edit("tasks", &theirs, json!({ "hs_timestamp": "" })).await;
    world.sync().await;
    assert_eq!(world.property("tasks", call_id, "hs_timestamp").await, "");
    let write_now = world.salesforce.record("Task", write["Id"].as_str().unwrap()).unwrap();
    assert!(write_now.fields.get("ActivityDate").is_none_or(Value::is_null), "{:?}", write_now.fields);
    let hers = made("Some day")["id"].as_str().unwrap().to_owned();
    assert!(world.property("tasks", &hers, "hs_timestamp").await.starts_with("2026-03-20"));
    world.rests().await;

    let done = json!({ "hs_task_status": "COMPLETED", "hs_task_body": "<p>done</p>" });
    world.edit("tasks", call_id, done).await;
    let id = write["Id"].as_str().unwrap();
    let edit = map(json!({ "Status": "Completed", "Subject": "Write it" }));
    world.salesforce.edit_record("Task", id, edit).unwrap();
    world.sync().await;
    let task = world.salesforce.record("Task", &from_salesforce).unwrap();
    assert_eq!(task.fields["Status"], "Completed");
    assert_eq!(task.fields["Description"], "done");
    assert_eq!(world.property("tasks", &theirs, "hs_task_status").await, "COMPLETED");
    assert_eq!(world.property("tasks", &theirs, "hs_task_subject").await, "Write it");
    world.rests().await;
    assert_eq!(world.errors(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn campaigns_are_choices_of_the_contact_and_follow_both_ways() {
    let world = World::new(|settings| settings.campaigns = true);
    let campaign = |name: &str, active: bool| {
        let fields = map(json!({ "Name": name, "IsActive": active }));
        world.salesforce.create_record("Campaign", fields).unwrap()
    };
    let (spring, over) = (campaign("Spring", true), campaign("Over", false));
    let contact = map(json!({ "LastName": "Ann", "Email": "ann@acme.example" }));
    let contact = world.salesforce.create_record("Contact", contact).unwrap();
    let member = map(json!({ "CampaignId": over, "ContactId": contact }));
    let member = world.salesforce.create_record("CampaignMember", member).unwrap();
    world.sync().await;
    let people = world.hubspot("GET", "/crm/v3/objects/contacts?limit=100", Value::Null).await;
    let people = people["results"].as_array().unwrap();
    let ann = people.iter().find(|one| one["properties"]["email"] == "ann@acme.example").unwrap();
    let ann = ann["id"].as_str().unwrap();
    assert_eq!(world.property("contacts", ann, engine::CAMPAIGNS_PROPERTY).await, over);
    assert_eq!(world.property("contacts", ann, engine::CAMPAIGN_STATUSES_PROPERTY).await, "Over: Sent");
    world.rests().await;

    // A status changes, a new campaign appears: neither touches the contact itself.
    let responded = map(json!({ "Status": "Responded" }));
    world.salesforce.edit_record("CampaignMember", &member, responded).unwrap();
    let summer = campaign("Summer", true);
    world.sync().await;
    assert_eq!(world.property("contacts", ann, engine::CAMPAIGN_STATUSES_PROPERTY).await, "Over: Responded");
    // Chosen in HubSpot: a member with the default status.
    world.edit("contacts", ann, json!({ engine::CAMPAIGNS_PROPERTY: format!("{over};{summer}") })).await;
    world.sync().await;
    let members = world.rows("CampaignMember");
    let of_summer = members.iter().find(|one| one["CampaignId"] == summer.as_str()).unwrap();
    assert_eq!(of_summer["Status"], "Sent");
    // Taken out in Salesforce.
    world.salesforce.delete_record("CampaignMember", &member).unwrap();
    world.sync().await;
    assert_eq!(world.property("contacts", ann, engine::CAMPAIGNS_PROPERTY).await, summer);
    world.rests().await;

    // By a person's command, with a status; an inactive campaign takes nobody.
    let connection = world.connect();
    let joined = connection.add_to_campaign(ann, &spring, Some("Responded")).await.unwrap();
    assert_eq!(joined, Joined::Added);
    let refused = connection.add_to_campaign(ann, &over, None).await.unwrap();
    assert!(matches!(&refused, Joined::Refused(reason) if reason.contains("not active")), "{refused:?}");
    drop(connection);
    world.sync().await;
    let chosen = world.property("contacts", ann, engine::CAMPAIGNS_PROPERTY).await;
    let mut chosen: Vec<&str> = chosen.split(';').collect();
    chosen.sort_unstable();
    assert_eq!(chosen, [spring.as_str(), summer.as_str()]);
    let members = world.rows("CampaignMember");
    let of_spring = members.iter().find(|one| one["CampaignId"] == spring.as_str()).unwrap();
    assert_eq!(of_spring["Status"], "Responded");
    // Dropped in HubSpot: the member goes.
    world.edit("contacts", ann, json!({ engine::CAMPAIGNS_PROPERTY: spring })).await;
    world.sync().await;
    assert!(world.rows("CampaignMember").iter().all(|one| one["CampaignId"] == spring.as_str()));
    // The statuses follow once the members are looked at again.
    world.sync().await;
    assert_eq!(
        world.property("contacts", ann, engine::CAMPAIGN_STATUSES_PROPERTY).await,
        "Spring: Responded"
    );
    world.rests().await;
    assert_eq!(world.errors(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn documents_enrolments_and_events_of_other_apps_become_tasks_of_the_contact() {
    let world = World::new(|settings| {
        switch_on(settings, &[Activity::DocumentViewed, Activity::Sequence, Activity::IntegrationEvent]);
    });
    let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
    world.sync().await;
    world.hubspot("POST", "/_sim/document-views", json!({ "email": "ann@acme.example" })).await;
    let owners = world.hubspot("GET", "/crm/v3/owners", Value::Null).await;
    let sender = owners["results"][0]["email"].clone();
    let user = owners["results"][0]["userId"].to_string();
    let path = format!("/automation/v4/sequences?userId={user}");
    let sequence = world.hubspot("GET", &path, Value::Null).await["results"][0]["id"].clone();
    let enrolment = json!({ "sequenceId": sequence, "contactId": ann, "senderEmail": sender });
    world.hubspot("POST", &format!("/automation/v4/sequences/enrollments?userId={user}"), enrolment).await;
    let app = world.hubspot.access().app_id;
    let template = json!({ "name": "Webinar", "objectType": "contacts", "tokens": [] });
    let path = format!("/integrators/timeline/v3/{app}/event-templates");
    let template = world.hubspot("POST", &path, template).await["id"].clone();
    let event = json!({ "id": "w-1", "eventTemplateId": template, "email": "ann@acme.example",
        "tokens": { "webinar": "Lenses" } });
    world.hubspot("POST", "/integrators/timeline/v3/events", event).await;
    world.sync().await;
    let contact = world.only("Contact")["Id"].clone();
    let mut tasks = world.rows("Task");
    tasks.sort_by_key(|task| task["Subject"].to_string());
    let subjects: Vec<&str> = tasks.iter().map(|task| task["Subject"].as_str().unwrap()).collect();
    let waits = world.store().connection(&id()).unwrap().unwrap().state_reason;
    assert_eq!(subjects.len(), 3, "{subjects:?} {waits:?}");
    assert_eq!(subjects[0], "Document viewed");
    assert!(subjects[1].starts_with("Enrolled in sequence"), "{subjects:?}");
    assert!(subjects[2].starts_with("Event of another app"), "{subjects:?}");
    assert_eq!(tasks[2]["Description"], "webinar: Lenses");
    assert!(tasks.iter().all(|task| task["WhoId"] == contact && task["Status"] == "Completed"));
    world.rests().await;

    // A second look at a document is another task.
    world.hubspot("POST", "/_sim/document-views", json!({ "email": "ann@acme.example" })).await;
    world.sync().await;
    assert_eq!(world.rows("Task").len(), 4);
    world.rests().await;
    assert_eq!(world.errors(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn whenever_the_machine_dies_each_activity_is_made_once() {
    let mut died = 0;
    for answered in (0..).step_by(2) {
        let world = World::new(|settings| {
            switch_on(settings, &[Activity::Note, Activity::Task]);
            settings.activities.salesforce_tasks = true;
            settings.campaigns = true;
        });
        let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
        let spring = map(json!({ "Name": "Spring", "IsActive": true }));
        let spring = world.salesforce.create_record("Campaign", spring).unwrap();
        world.sync().await;
        let contact = world.only("Contact")["Id"].clone();
        for (object, properties) in [
            ("notes", json!({ "hs_note_body": "Remember", "hs_timestamp": "2026-03-02T10:00:00Z" })),
            ("tasks", json!({ "hs_task_subject": "Write", "hs_timestamp": "2026-03-10T09:00:00Z" })),
        ] {
            let made = world.make(object, properties).await;
            world.associate((object, &made), ("contacts", &ann)).await;
        }
        let theirs = json!({ "Subject": "Call back", "WhoId": contact });
        world.salesforce.create_record("Task", map(theirs)).unwrap();
        world.edit("contacts", &ann, json!({ engine::CAMPAIGNS_PROPERTY: spring })).await;
        world.wait(400).await;
        world.answered.store(answered, Ordering::SeqCst);
        let done = world.connect().sync_once().await;
        let survived = world.answered.load(Ordering::SeqCst) >= 0;
        world.answered.store(i64::MAX, Ordering::SeqCst);
        world.sync().await;
        world.sync().await;
        let mut subjects: Vec<String> =
            world.rows("Task").iter().map(|task| task["Subject"].as_str().unwrap().to_owned()).collect();
        subjects.sort();
        assert_eq!(subjects, ["Call back", "Note: Remember", "Write"], "after {answered} answers");
        let listed = world.hubspot("GET", "/crm/v3/objects/tasks?limit=100", Value::Null).await;
        assert_eq!(listed["results"].as_array().unwrap().len(), 2, "after {answered} answers");
        assert_eq!(world.rows("CampaignMember").len(), 1, "after {answered} answers");
        assert_eq!(world.errors(), Vec::<String>::new(), "after {answered} answers");
        world.rests().await;
        if survived {
            done.unwrap();
            break;
        }
        died += 1;
    }
    assert!(died > 10, "the machine died in the middle of things {died} times");
}

#[tokio::test(start_paused = true)]
async fn tasks_and_members_are_planned_budgeted_and_taken_back() {
    let world = World::new(|settings| {
        switch_on(settings, &[Activity::Note]);
        settings.activities.salesforce_tasks = true;
        settings.campaigns = true;
    });
    let ann = world.make("contacts", json!({ "email": "ann@acme.example", "lastname": "Ann" })).await;
    let spring = map(json!({ "Name": "Spring", "IsActive": true }));
    let spring = world.salesforce.create_record("Campaign", spring).unwrap();
    world.sync().await;
    let contact = world.only("Contact")["Id"].clone();
    let before = world.clock.now();
    world.wait(400).await;
    let note = json!({ "hs_note_body": "Remember", "hs_timestamp": "2026-03-02T10:00:00Z" });
    let note = world.make("notes", note).await;
    world.associate(("notes", &note), ("contacts", &ann)).await;
    let theirs = map(json!({ "Subject": "Call back", "WhoId": contact }));
    let theirs = world.salesforce.create_record("Task", theirs).unwrap();
    world.edit("contacts", &ann, json!({ engine::CAMPAIGNS_PROPERTY: spring })).await;
    world.wait(400).await;

    // The plan names what the pass then does, and does nothing.
    let plan = world.connect().plan(None).await.unwrap();
    assert_eq!(world.rows("Task").len(), 1);
    let planned = |side: Side, object: &str, action: engine::Action| {
        let fits = |record: &&engine::PlannedRecord| {
            record.side == side && record.object == object && record.action == action
        };
        plan.records.iter().filter(fits).count()
    };
    assert_eq!(planned(Side::Salesforce, "Task", engine::Action::Create), 1, "{plan:?}");
    assert_eq!(planned(Side::HubSpot, "tasks", engine::Action::Create), 1, "{plan:?}");
    assert_eq!(planned(Side::Salesforce, "Contact", engine::Action::Update), 1, "{plan:?}");
    assert_eq!(planned(Side::HubSpot, "contacts", engine::Action::Update), 1, "the status follows: {plan:?}");
    let done = world.sync().await;
    assert_eq!(
        (done.hubspot.created, done.hubspot.updated, done.salesforce.created, done.salesforce.updated),
        (1, 1, 1, 1)
    );
    assert_eq!(world.rows("CampaignMember").len(), 1);
    world.rests().await;

    let undone = world.connect().undo(&engine::UndoScope::Since(before), false).await.unwrap();
    assert_eq!((undone.failed(), undone.conflicts()), (0, 0), "{undone:?}");
    assert_eq!(world.only("Task")["Id"], theirs.as_str());
    assert!(world.rows("CampaignMember").is_empty());
    let listed = world.hubspot("GET", "/crm/v3/objects/tasks?limit=100", Value::Null).await;
    assert_eq!(listed["results"].as_array().unwrap().len(), 0);
    assert_eq!(world.property("contacts", &ann, engine::CAMPAIGN_STATUSES_PROPERTY).await, "");
    world.rests().await;
    assert_eq!(world.rows("Task").len(), 1, "what was taken back is not made again");
    assert_eq!(world.errors(), Vec::<String>::new());
}

//! A small account and org, and what people do in them.

use axum::body::Body;
use engine::{Brake, Figures, Settings};
use http_body_util::BodyExt;
use model::{FieldMapping, ObjectMapping, Side, SyncRule};
use serde_json::{Map, Value, json};
use simulation::profile::Profile;
use simulation::world::{World, connection_id};
use store::{ErrorFilter, ErrorRow, HistoryFilter, Link, Outcome};
use tower::ServiceExt;

/// Contacts in step with contacts and leads, companies and deals with the fields that the tests need.
pub fn settings() -> Settings {
    let contact = ["email|Email", "firstname|FirstName", "lastname|LastName", "jobtitle|Title"];
    let lead =
        ["email|Email", "firstname|FirstName", "lastname|LastName", "jobtitle|Title", "company|Company"];
    Settings {
        chosen: true,
        objects: vec![
            mapping("companies", "Account", &["name|Name", "domain|Website"]),
            mapping("contacts", "Contact", &contact),
            mapping("contacts", "Lead", &lead),
            mapping("deals", "Opportunity", &["dealname|Name", "closedate|CloseDate", "dealstage|StageName"]),
        ],
        brake: Brake { percent: 10, at_least: 3 },
        ..Settings::recommended()
    }
}

fn mapping(hubspot: &str, salesforce: &str, fields: &[&str]) -> ObjectMapping {
    let fields = fields.iter().filter_map(|pair| pair.split_once('|'));
    let rule = SyncRule::TwoWay;
    let mut fields: Vec<FieldMapping> = fields.map(|(h, s)| FieldMapping::new(h, s, rule)).collect();
    for field in &mut fields {
        let known = Settings::recommended().objects;
        let known = known.iter().flat_map(|object| &object.fields);
        if let Some(known) = known.into_iter().find(|known| known.salesforce == field.salesforce) {
            field.choices = known.choices.clone();
        }
    }
    ObjectMapping::new(hubspot, salesforce, fields)
}

/// The mapping of these two objects.
pub fn of<'a>(settings: &'a mut Settings, hubspot: &str, salesforce: &str) -> &'a mut ObjectMapping {
    settings
        .objects
        .iter_mut()
        .find(|mapping| mapping.hubspot_object == hubspot && mapping.salesforce_object == salesforce)
        .unwrap()
}

pub struct Place {
    pub world: World,
}

/// Plays on a paused clock.
pub fn play<F: Future<Output = ()>>(settings: Settings, story: impl FnOnce(Place) -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(Profile::calm(7), settings, None).unwrap();
        story(Place { world }).await;
    });
}

impl Place {
    /// A while later, a pass.
    pub async fn pass(&self) -> Figures {
        tokio::time::sleep(std::time::Duration::from_secs(400)).await;
        self.world.pass().await.unwrap()
    }

    pub async fn hubspot_call(&self, method: &str, path: &str, body: Value) -> Value {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.world.hubspot.access().token))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.world.hubspot.router().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub fn hubspot(&self, object: &str, values: &[(&str, &str)]) -> String {
        self.world.hubspot.create_record(object, values.iter().copied()).unwrap()
    }

    pub fn salesforce(&self, object: &str, values: &[(&str, &str)]) -> String {
        self.world.salesforce.create_record(object, fields(values)).unwrap()
    }

    pub fn edit_hubspot(&self, object: &str, id: &str, field: &str, value: &str) {
        self.world.hubspot.edit_record(object, id, [(field, value)]).unwrap();
    }

    pub fn edit_salesforce(&self, object: &str, id: &str, field: &str, value: &str) {
        self.world.salesforce.edit_record(object, id, fields(&[(field, value)])).unwrap();
    }

    pub fn in_hubspot(&self, object: &str, id: &str, field: &str) -> String {
        let record = self.world.hubspot.record(object, id).unwrap();
        record.properties.get(field).map(ToString::to_string).unwrap_or_default()
    }

    pub fn in_salesforce(&self, object: &str, id: &str, field: &str) -> String {
        let record = self.world.salesforce.record(object, id).unwrap();
        match record.fields.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    pub fn links(&self) -> Vec<Link> {
        self.world.store().unwrap().links_after(&connection_id(), None, 10_000).unwrap()
    }

    pub fn link_of(&self, side: Side, id: &str) -> Link {
        self.links().into_iter().find(|link| link.record(side) == id).unwrap()
    }

    /// The record of the other side.
    pub fn across(&self, side: Side, id: &str) -> String {
        self.link_of(side, id).record(side.other()).to_owned()
    }

    pub fn errors(&self) -> Vec<ErrorRow> {
        self.world.store().unwrap().errors(&connection_id(), &ErrorFilter::default()).unwrap()
    }

    pub fn codes(&self) -> Vec<String> {
        self.errors().into_iter().map(|row| row.error.code).collect()
    }

    pub fn happened(&self, outcome: Outcome) -> Vec<String> {
        let history =
            self.world.store().unwrap().history(&connection_id(), &HistoryFilter::default()).unwrap();
        let rows = history.into_iter().filter(|row| row.entry.outcome == outcome);
        rows.map(|row| row.entry.reason).collect()
    }

    /// How often records were written or made through the API of a platform.
    pub fn writes(&self) -> usize {
        let log = self.world.memory.log.lock().unwrap();
        log.iter().filter(|line| line.is_write() || line.target.contains("/batch/archive")).count()
    }

    /// A segment by hand, with these members.
    pub async fn segment(&self, object: &str, members: &[&str]) -> String {
        let kind = if object == "contacts" { "0-1" } else { "0-2" };
        let body = json!({"name": "In step", "objectTypeId": kind, "processingType": "MANUAL"});
        let made = self.hubspot_call("POST", "/crm/v3/lists", body).await;
        let list = made["list"]["listId"].as_str().unwrap().to_owned();
        self.join(&list, members).await;
        list
    }

    pub async fn join(&self, list: &str, members: &[&str]) {
        self.hubspot_call("PUT", &format!("/crm/v3/lists/{list}/memberships/add"), json!(members)).await;
    }

    pub async fn quit(&self, list: &str, members: &[&str]) {
        self.hubspot_call("PUT", &format!("/crm/v3/lists/{list}/memberships/remove"), json!(members)).await;
    }
}

pub fn fields(values: &[(&str, &str)]) -> Map<String, Value> {
    let value = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    values.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

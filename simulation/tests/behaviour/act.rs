//! What people do on either side, done as a person does it: through the pages and menus of the simulators.

use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use axum::body::Body;
use engine::Settings;
use http_body_util::BodyExt;
use model::{FieldMapping, Side, SyncRule};
use salesforce_sim::{LeadConversion, Refusal};
use serde_json::{Map, Value, json};
use sim_base::{FaultKind, FaultPlan, FaultRule};
use tower::ServiceExt;

use crate::row::{Act, Fields, Step, value};
use crate::stage::{Stage, text_of};

impl Stage {
    /// Does one step. A few seconds pass before it, so that it is later than what was done before.
    pub async fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        if !step.at_once {
            self.wait(Duration::from_secs(5)).await;
        }
        match &step.act {
            Act::Sync => self.sync().await,
            Act::InStep => {
                self.sync().await?;
                if let Some(Err(error)) = &self.last {
                    bail!("the pass ended with: {error}");
                }
                let errors = crate::expect::errors(self)?;
                ensure!(errors.is_empty(), "they are not in step: errors stand");
                self.rests().await
            }
            Act::Pass { time } => {
                self.wait(*time).await;
                Ok(())
            }
            Act::Segment { name, object, members } => self.segment(name, object, members).await,
            Act::Property { object, name, kind, choices } => self.property(object, name, kind, choices).await,
            Act::Join { name, segment } => self.member(name, segment, "add").await,
            Act::Leave { name, segment } => self.member(name, segment, "remove").await,
            Act::Limit { most, from, to } => {
                let path = format!("/crm/v4/associations/{from}/{to}/labels");
                let labels = self.ask("GET", &path, None).await?;
                let plain = labels.get("results").and_then(Value::as_array).into_iter().flatten();
                let plain = plain.filter(|one| one.get("label").is_some_and(Value::is_null));
                let kind = plain.filter_map(|one| one.get("typeId")).next().context("no such association")?;
                let path =
                    format!("/crm/v4/associations/definitions/configurations/{from}/{to}/batch/create");
                let input = json!({"category": "HUBSPOT_DEFINED", "typeId": kind, "maxToObjectIds": most});
                self.ask("POST", &path, Some(&json!({"inputs": [input]}))).await.map(|_| ())
            }
            Act::Erase { name } => {
                let (object, id) = self.known(Side::HubSpot, name)?;
                self.console(&format!("{object}/{id}/erase"), "").await.map(|_| ())
            }
            Act::Merge { side: Side::HubSpot, loser, winner } => self.merge_in_hubspot(loser, winner).await,
            Act::Person { side, name, email } => self.person(*side, name, email).await,
            other => self.do_at_once(other),
        }
    }

    fn do_at_once(&mut self, act: &Act) -> anyhow::Result<()> {
        match act {
            Act::Record { side, object, name, fields } => self.record(*side, object, name, fields),
            Act::Delete { side, name } => self.delete(*side, name),
            Act::Restore { side, name } => self.restore(*side, name),
            Act::Merge { loser, winner, .. } => self.merge_in_salesforce(loser, winner),
            Act::Associate { from, to, primary } => {
                let (from, to) = (self.known(Side::HubSpot, from)?, self.known(Side::HubSpot, to)?);
                Ok(self.world.hubspot.associate((&from.0, &from.1), (&to.0, &to.1), *primary)?)
            }
            Act::Separate { from, to } => {
                let (from, to) = (self.known(Side::HubSpot, from)?, self.known(Side::HubSpot, to)?);
                ensure!(
                    self.world.hubspot.dissociate((&from.0, &from.1), (&to.0, &to.1))?,
                    "they were not associated"
                );
                Ok(())
            }
            Act::Convert { lead, into } => self.convert(lead, into),
            Act::Rules { rules } => self.rules(rules),
            Act::HideRecord { name } => {
                let (object, id) = self.known(Side::Salesforce, name)?;
                self.hidden.push(json!({"object": object, "ids": [id]}));
                self.rules(&json!({"hidden_records": self.hidden}))
            }
            Act::ProtectRecord { name } => {
                let (object, id) = self.known(Side::Salesforce, name)?;
                self.protected.push(json!({"object": object, "ids": [id]}));
                self.rules(&json!({"read_only_records": self.protected}))
            }
            Act::Lock { name, times } => {
                let (_, id) = self.known(Side::Salesforce, name)?;
                self.rules(&json!({"locks": [{"ids": [id], "times": times}]}))
            }
            Act::OpenAll => self.open_all(),
            Act::Field { object, name, metadata } => {
                let made = self.world.salesforce.ensure_custom_field(object, name, metadata);
                made.map_err(|error| anyhow!(error))
            }
            Act::Fail { side, status, path, times } => {
                self.faults.entry(*side).or_default().push(FaultRule {
                    method: None,
                    path: Some(path.clone()),
                    fault: FaultKind::status(*status),
                    probability: 1.0,
                    times: Some(*times),
                });
                self.break_things(*side);
                Ok(())
            }
            Act::Heal { side } => {
                self.faults.remove(side);
                self.break_things(*side);
                Ok(())
            }
            Act::Set { key, value } => self.set(key, value),
            Act::SetMapping { hubspot, salesforce, values } => self.set_mapping(hubspot, salesforce, values),
            Act::Map { hubspot, salesforce, rule, values } => self.map(hubspot, salesforce, rule, values),
            Act::Objects { pairs } => self.objects(pairs),
            _ => bail!("this is done elsewhere"),
        }
    }

    fn break_things(&self, side: Side) {
        let plan = FaultPlan::of_rules(7, self.faults.get(&side).cloned().unwrap_or_default());
        match side {
            Side::HubSpot => self.world.hubspot.set_faults(plan),
            Side::Salesforce => self.world.salesforce.set_faults(plan),
        }
    }

    /// Makes a record, or edits the one that has the name already.
    fn record(&mut self, side: Side, object: &str, name: &str, fields: &Fields) -> anyhow::Result<()> {
        let mut filled = Vec::new();
        for (field, value) in fields {
            filled.push((field.clone(), self.filled(side, value)?));
        }
        let known = self.names.get(&(side, name.to_owned())).cloned();
        if let Some((known, _)) = &known {
            ensure!(known == object, "{name} is one of {side}'s {known}, not of its {object}");
        }
        let id = match (side, known) {
            (Side::HubSpot, None) => self.world.hubspot.create_record(object, filled)?,
            (Side::HubSpot, Some((_, id))) => {
                self.world.hubspot.edit_record(object, &id, filled)?;
                return Ok(());
            }
            (Side::Salesforce, None) => {
                let made = self.world.salesforce.create_record(object, salesforce_fields(&filled));
                made.map_err(|refusals| refused(&refusals))?
            }
            (Side::Salesforce, Some((_, id))) => {
                let done = self.world.salesforce.edit_record(object, &id, salesforce_fields(&filled));
                return done.map_err(|refusals| refused(&refusals));
            }
        };
        self.names.insert((side, name.to_owned()), (object.to_owned(), id));
        Ok(())
    }

    fn delete(&self, side: Side, name: &str) -> anyhow::Result<()> {
        let (object, id) = self.known(side, name)?;
        match side {
            Side::HubSpot => {
                ensure!(self.world.hubspot.archive_record(&object, &id)?, "it was deleted already");
                Ok(())
            }
            Side::Salesforce => {
                self.world.salesforce.delete_record(&object, &id).map_err(|error| refused(&[error]))
            }
        }
    }

    fn restore(&self, side: Side, name: &str) -> anyhow::Result<()> {
        let (object, id) = self.known(side, name)?;
        match side {
            Side::HubSpot => {
                ensure!(self.world.hubspot.restore_record(&object, &id)?, "it was not deleted");
                Ok(())
            }
            Side::Salesforce => self.world.salesforce.undelete_record(&id).map_err(|error| refused(&[error])),
        }
    }

    fn merge_in_salesforce(&self, loser: &str, winner: &str) -> anyhow::Result<()> {
        let (_, loser) = self.known(Side::Salesforce, loser)?;
        let (object, winner) = self.known(Side::Salesforce, winner)?;
        let merged = self.world.salesforce.merge_records(&object, &winner, &[loser], &Map::new());
        merged.map(|_| ()).map_err(|refusals| refused(&refusals))
    }

    async fn merge_in_hubspot(&mut self, loser: &str, winner: &str) -> anyhow::Result<()> {
        let (_, loser) = self.known(Side::HubSpot, loser)?;
        let (object, id) = self.known(Side::HubSpot, winner)?;
        let page = self.console(&format!("{object}/{id}/merge"), &format!("id={loser}")).await?;
        let new = page.rsplit('/').next().context("the merged record has no page")?.to_owned();
        self.names.insert((Side::HubSpot, winner.to_owned()), (object, new));
        Ok(())
    }

    fn convert(&mut self, lead: &str, into: &[(String, String)]) -> anyhow::Result<()> {
        let (_, id) = self.known(Side::Salesforce, lead)?;
        let there = |object: &str| {
            let (_, name) = into.iter().find(|(one, _)| one == object)?;
            Some(self.names.get(&(Side::Salesforce, name.clone()))?.1.clone())
        };
        let wanted = |object: &str| into.iter().any(|(one, _)| one == object);
        let conversion = LeadConversion {
            lead_id: id,
            converted_status: "Closed - Converted".into(),
            account_id: there("Account"),
            contact_id: there("Contact"),
            opportunity_id: None,
            opportunity_name: None,
            do_not_create_opportunity: !wanted("Opportunity"),
            owner_id: None,
            overwrite_lead_source: false,
            send_notification_email: false,
        };
        let done = self.world.salesforce.convert_lead(&conversion).map_err(|refusals| refused(&refusals))?;
        for (object, name) in into {
            let id = match object.as_str() {
                "Contact" => done.contact_id.clone(),
                "Account" => done.account_id.clone(),
                "Opportunity" => done.opportunity_id.clone().context("no opportunity was made")?,
                other => bail!("a lead does not become a {other}"),
            };
            self.names.insert((Side::Salesforce, name.clone()), (object.clone(), id));
        }
        Ok(())
    }

    fn rules(&self, rules: &Value) -> anyhow::Result<()> {
        let rules = self.with_ids(rules)?;
        self.world.salesforce.set_rules(&rules).map_err(|error| anyhow!(error))
    }

    fn with_ids(&self, value: &Value) -> anyhow::Result<Value> {
        Ok(match value {
            Value::String(text) => Value::String(self.filled(Side::Salesforce, text)?),
            Value::Array(list) => list.iter().map(|one| self.with_ids(one)).collect::<Result<_, _>>()?,
            Value::Object(map) => {
                let pairs = map.iter().map(|(key, one)| Ok((key.clone(), self.with_ids(one)?)));
                Value::Object(pairs.collect::<anyhow::Result<_>>()?)
            }
            other => other.clone(),
        })
    }

    fn open_all(&mut self) -> anyhow::Result<()> {
        self.hidden.clear();
        self.protected.clear();
        self.rules(&json!({
            "field_permissions": {}, "object_permissions": {}, "hidden_records": [], "read_only_records": [],
            "validation_rules": [], "duplicate_rules": [], "locks": [],
        }))
    }

    async fn person(&mut self, side: Side, name: &str, email: &str) -> anyhow::Result<()> {
        let id = match side {
            Side::HubSpot => {
                let owners = self.ask("GET", "/crm/v3/owners?limit=100", None).await?;
                let owners = owners.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
                let one = owners.iter().find(|one| one.get("email").and_then(Value::as_str) == Some(email));
                one.and_then(|one| one.get("id")).map(text_of).context("nobody has this email")?
            }
            Side::Salesforce => {
                let users = self.world.salesforce.records("User");
                let has = |field: &Value| field.as_str().is_some_and(|text| text.eq_ignore_ascii_case(email));
                let one = users.iter().find(|user| user.fields.get("Email").is_some_and(has));
                one.map(|user| user.id.clone()).context("nobody has this email")?
            }
        };
        let object = if side == Side::HubSpot { "owners" } else { "User" };
        self.names.insert((side, name.to_owned()), (object.to_owned(), id));
        Ok(())
    }

    async fn property(&self, object: &str, name: &str, kind: &str, choices: &[String]) -> anyhow::Result<()> {
        let (kind, field) = match kind {
            "text" => ("string", "text"),
            "number" => ("number", "number"),
            "yes-or-no" => ("bool", "booleancheckbox"),
            "date" => ("date", "date"),
            "moment" => ("datetime", "date"),
            "choice" => ("enumeration", "select"),
            "choices" => ("enumeration", "checkbox"),
            other => bail!("'{other}' is no kind of property"),
        };
        let yes_or_no = ["true".to_owned(), "false".to_owned()];
        let choices = if kind == "bool" { &yes_or_no } else { choices };
        let options: Vec<Value> = choices.iter().map(|one| json!({"label": one, "value": one})).collect();
        let groups = self.ask("GET", &format!("/crm/v3/properties/{object}/groups"), None).await?;
        let group = groups.pointer("/results/0/name").cloned().context("there is no group of properties")?;
        let body = json!({
            "name": name, "label": name, "type": kind, "fieldType": field, "groupName": group, "options": options,
        });
        self.ask("POST", &format!("/crm/v3/properties/{object}"), Some(&body)).await.map(|_| ())
    }

    async fn segment(&mut self, name: &str, object: &str, members: &[String]) -> anyhow::Result<()> {
        let kind = match object {
            "contacts" => "0-1",
            "companies" => "0-2",
            "deals" => "0-3",
            "tickets" => "0-5",
            other => other,
        };
        let body = json!({"name": name, "objectTypeId": kind, "processingType": "MANUAL"});
        let made = self.ask("POST", "/crm/v3/lists", Some(&body)).await?;
        let id = made.pointer("/list/listId").map(text_of).context("no list was made")?;
        self.segments.insert(name.to_owned(), id);
        for member in members {
            self.member(member, name, "add").await?;
        }
        Ok(())
    }

    async fn member(&self, who: &str, segment: &str, what: &str) -> anyhow::Result<()> {
        let id = self.segments.get(segment).context("there is no such segment")?;
        let (_, record) = self.known(Side::HubSpot, who)?;
        let path = format!("/crm/v3/lists/{id}/memberships/{what}");
        self.ask("PUT", &path, Some(&json!([record]))).await.map(|_| ())
    }

    /// Asks the HubSpot account something, past the wire that is watched.
    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let token = self.world.hubspot.access().token;
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let Ok(answer) = self.world.hubspot.router().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await?.to_bytes();
        ensure!(parts.status.is_success(), "{method} {path}: {}", String::from_utf8_lossy(&bytes));
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// Sends a form of HubSpot's pages. Answers the page it leads to.
    async fn console(&self, page: &str, form: &str) -> anyhow::Result<String> {
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("/_sim/console/{page}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))?;
        let Ok(answer) = self.world.hubspot.router().oneshot(request).await;
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await?.to_bytes();
        ensure!(parts.status.is_redirection(), "refused: {}", String::from_utf8_lossy(&bytes));
        let page = parts.headers.get("location").and_then(|page| page.to_str().ok());
        Ok(page.unwrap_or_default().to_owned())
    }

    fn set(&mut self, key: &str, value: &Value) -> anyhow::Result<()> {
        let value = match value {
            Value::String(text) => {
                let side = if key.contains("hubspot") { Side::HubSpot } else { Side::Salesforce };
                Value::String(self.filled(side, text)?)
            }
            Value::Array(_) | Value::Object(_) => self.with_ids(value)?,
            other => other.clone(),
        };
        let mut place = &mut self.settings;
        for part in key.split('.') {
            let map = place.as_object_mut().with_context(|| format!("{key} is no setting"))?;
            place = map.entry(part).or_insert(Value::Null);
        }
        *place = value;
        self.apply()
    }

    fn object_mapping(&mut self, hubspot: &str, salesforce: &str) -> anyhow::Result<&mut Map<String, Value>> {
        let objects = self.settings.get_mut("objects").and_then(Value::as_array_mut);
        let mut objects = objects.into_iter().flatten().filter_map(Value::as_object_mut);
        let found = objects.find(|one| {
            let is = |key: &str, name: &str| one.get(key).and_then(Value::as_str) == Some(name);
            is("hubspot_object", hubspot) && is("salesforce_object", salesforce)
        });
        found.with_context(|| format!("{hubspot} with {salesforce} is not mapped"))
    }

    fn set_mapping(&mut self, hubspot: &str, salesforce: &str, values: &Fields) -> anyhow::Result<()> {
        for (key, text) in values {
            let value = match text.strip_prefix('@') {
                Some(_) => Value::String(self.filled(Side::HubSpot, text)?),
                None if key == "salesforce_filter" => text.as_str().into(),
                None => value(text),
            };
            let mut place = self.object_mapping(hubspot, salesforce)?;
            let mut parts = key.split('.').peekable();
            while let Some(part) = parts.next() {
                if parts.peek().is_none() {
                    place.insert(part.to_owned(), value.clone());
                    break;
                }
                let inner = place.entry(part).or_insert_with(|| json!({"hubspot": null, "salesforce": null}));
                place = inner.as_object_mut().with_context(|| format!("{key} is no setting"))?;
            }
        }
        self.apply()
    }

    fn map(
        &mut self,
        hubspot: &(String, String),
        salesforce: &(String, String),
        rule: &str,
        values: &Fields,
    ) -> anyhow::Result<()> {
        let rule: SyncRule = serde_json::from_value(json!(rule)).context("no rule has this name")?;
        let new = FieldMapping::new(&hubspot.1, &salesforce.1, rule);
        let mut new = serde_json::to_value(&new)?;
        for (key, text) in values {
            new[key] = value(text);
        }
        let mapping = self.object_mapping(&hubspot.0, &salesforce.0)?;
        let fields = mapping.get_mut("fields").and_then(Value::as_array_mut).context("no fields")?;
        let same = |one: &Value| {
            one.get("hubspot") == new.get("hubspot") && one.get("salesforce") == new.get("salesforce")
        };
        match fields.iter_mut().find(|one| same(one)) {
            Some(known) => *known = new,
            None => fields.push(new),
        }
        self.apply()
    }

    /// Keeps only these pairs of objects in step; one that is not there begins without fields.
    fn objects(&mut self, pairs: &[(String, String)]) -> anyhow::Result<()> {
        let mut kept = Vec::new();
        for (hubspot, salesforce) in pairs {
            kept.push(match self.object_mapping(hubspot, salesforce) {
                Ok(known) => Value::Object(known.clone()),
                Err(_) => serde_json::to_value(model::ObjectMapping::new(hubspot, salesforce, Vec::new()))?,
            });
        }
        self.settings["objects"] = Value::Array(kept);
        self.apply()
    }

    fn apply(&self) -> anyhow::Result<()> {
        let settings: Settings = serde_json::from_value(self.settings.clone()).context("no such setting")?;
        self.world.set_settings(settings);
        Ok(())
    }
}

fn salesforce_fields(fields: &[(String, String)]) -> Map<String, Value> {
    let value = |text: &str| match text {
        "" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        text => text.into(),
    };
    fields.iter().map(|(field, text)| (field.clone(), value(text))).collect()
}

fn refused(refusals: &[Refusal]) -> anyhow::Error {
    let messages: Vec<&str> = refusals.iter().map(|refusal| refusal.message.as_str()).collect();
    anyhow!("the org refused what a person did: {}", messages.join("; "))
}

//! Converting a lead.

use std::collections::HashMap;

use axum::extract::{Form, Path, State};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde_json::json;

use super::{escape, nothing, page, shown};
use crate::SalesforceSim;
use crate::crm::LeadConversion;
use crate::soql::Record as _;

type Typed = HashMap<String, String>;

pub(super) async fn ask(State(sim): State<SalesforceSim>, Path(id): Path<String>) -> Response {
    show(&sim, &id, None)
}

fn show(sim: &SalesforceSim, id: &str, error: Option<&str>) -> Response {
    let body = sim.with_org(|org| {
        let lead = org.table("Lead")?.rows.get(id).filter(|row| !row.deleted)?;
        let statuses: String = super::panels::converted_statuses(org)
            .iter()
            .map(|status| format!("<option>{}</option>", escape(status)))
            .collect();
        let company = shown(&lead.value("Company"));
        let accounts = org.table("Account").map(|table| {
            let at = table.def.field("Name").map(|(at, _)| at);
            at.map(|at| table.holders(at, lead.value("Company").as_str().unwrap_or_default())).unwrap_or_default()
        });
        let accounts: String = accounts
            .unwrap_or_default()
            .iter()
            .map(|row| format!("<option value=\"{}\">{}</option>", row.id, shown(&row.value("Name"))))
            .collect();
        let error = error.map(|text| format!("<p class=bad role=alert>{}</p>", escape(text))).unwrap_or_default();
        Some(format!(
            "<h1>Convert {} <span class=tag>Lead</span></h1>{error}<form method=post><label>Converted status <select \
             name=status>{statuses}</select></label><label>Account <select name=account><option value=\"\">New account: \
             {company}</option>{accounts}</select></label><label>Opportunity name <input name=opportunity \
             value=\"{company}-\"></label><label class=choice><input type=checkbox name=without value=yes> Create no \
             opportunity</label><p><button>Convert</button></p></form>",
            shown(&lead.value("Name"))
        ))
    });
    body.map_or_else(nothing, |body| Html(page("Convert", &body)).into_response())
}

pub(super) async fn convert(
    State(sim): State<SalesforceSim>,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let given = |name: &str| typed.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let conversion = json!({
        "leadId": id, "convertedStatus": given("status").unwrap_or_default(), "accountId": given("account"),
        "opportunityName": given("opportunity"), "doNotCreateOpportunity": given("without") == Some("yes"),
    });
    let done = serde_json::from_value::<LeadConversion>(conversion)
        .map_err(|error| error.to_string())
        .and_then(|conversion| sim.convert_lead(&conversion).map_err(|refusals| super::words(&refusals)));
    match done {
        Ok(converted) => {
            Redirect::to(&format!("/_sim/console/Contact/{}", converted.contact_id)).into_response()
        }
        Err(why) => show(&sim, &id, Some(&why)),
    }
}

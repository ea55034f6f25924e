//! The Metadata API over SOAP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use super::crud::Verb;
use super::rows::text;
use super::{Who, describe, problem, xml};
use crate::SalesforceSim;
use crate::error::Refusal;

pub(super) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/services/Soap/m/{version}", post(call))
        // simple-salesforce ends it with a slash
        .route("/services/Soap/m/{version}/", post(call))
        .route("/services/Soap/m/{version}/{org}", post(call))
}

async fn call(State(sim): State<SalesforceSim>, body: Bytes) -> Response {
    let now = sim.0.clock.now();
    let text = String::from_utf8_lossy(&body);
    let (token, name, arguments) = match envelope(&text) {
        Ok(parts) => parts,
        Err(error) => return fault("soapenv:Client", &error),
    };
    sim.0.stats.call(&format!("POST /services/Soap/m {name}"), body.len() as u64, true);
    let mut state = sim.state();
    let user = match state.session_user(&token, now) {
        Ok(user) => user,
        Err(refusal) => {
            return fault(&format!("sf:{}", refusal.code), &format!("{}: {}", refusal.code, refusal.message));
        }
    };
    state.service.count(now);
    state.settle(now);
    let who = Who { user, now };
    if let Err(refusal) = state.may_use_metadata(&who.user) {
        return fault(&format!("sf:{}", refusal.code), &format!("{}: {}", refusal.code, refusal.message));
    }
    match answer(&mut state, &name, &arguments, &who) {
        Ok(result) => respond(&name, &result),
        Err(refusal) => {
            let head = format!("{}: ", refusal.code);
            let message = refusal.message.strip_prefix(&head).unwrap_or(&refusal.message);
            fault(&format!("sf:{}", refusal.code), &format!("{head}{message}"))
        }
    }
}

fn answer(state: &mut crate::State, name: &str, arguments: &Value, who: &Who) -> Result<Value, Refusal> {
    let yes = |key: &str, default: bool| arguments.get(key).and_then(Value::as_bool).unwrap_or(default);
    match name {
        "describeMetadata" => Ok(describe::describe()),
        "listMetadata" => state.list_metadata(arguments),
        "readMetadata" => state.read_metadata(arguments),
        "createMetadata" => state.write_metadata(Verb::Create, arguments, who),
        "updateMetadata" => state.write_metadata(Verb::Update, arguments, who),
        "upsertMetadata" => state.write_metadata(Verb::Upsert, arguments, who),
        "deleteMetadata" => state.delete_metadata(arguments, who),
        "renameMetadata" => state.rename_metadata(arguments, who),
        "deploy" => {
            let zip = arguments.get("ZipFile").and_then(Value::as_str).unwrap_or_default();
            let compact: String = zip.split_whitespace().collect();
            let zip = BASE64_STANDARD
                .decode(compact)
                .map_err(|error| problem("INVALID_BASE64_STRING", format!("ZipFile: {error}")))?;
            let options = arguments.get("DeployOptions").cloned().unwrap_or(Value::Null);
            let id = state.start_deploy(zip, &options, who);
            Ok(json!({"done": false, "id": id, "state": "Queued"}))
        }
        "deployRecentValidation" => {
            let id = state.start_validated(text(arguments, "validationId"), who)?;
            Ok(json!(id))
        }
        "checkDeployStatus" => {
            state.deploy_status(text(arguments, "asyncProcessId"), yes("includeDetails", false), who.now)
        }
        "cancelDeploy" => {
            let id = arguments.get("String").or_else(|| arguments.get("id")).and_then(Value::as_str);
            let result = state.cancel_deploy(id.unwrap_or_default())?;
            Ok(json!({"done": result["done"], "id": result["id"]}))
        }
        "retrieve" => {
            let request = arguments.get("retrieveRequest").or_else(|| arguments.get("request"));
            let id = state.start_retrieve(request.unwrap_or(&Value::Null), who.now);
            Ok(json!({"done": false, "id": id, "state": "Queued"}))
        }
        "checkRetrieveStatus" => {
            state.retrieve_status(text(arguments, "asyncProcessId"), yes("includeZip", true), who.now)
        }
        "checkStatus" => {
            let id = text(arguments, "asyncProcessId");
            let result = state.deploy_status(id, false, who.now)?;
            let done = result["done"] == json!(true);
            Ok(json!({"done": done, "id": id, "state": if done { "Completed" } else { "InProgress" }}))
        }
        other => Err(problem("UNSUPPORTED_API_CALL", format!("No operation available for request {other}"))),
    }
}

/// The session, the call's name and its arguments.
fn envelope(text: &str) -> Result<(String, String, Value), String> {
    let document = Document::parse(text.trim_start_matches('\u{feff}').trim_start())
        .map_err(|error| error.to_string())?;
    let root = document.root_element();
    let part = |parent: Node<'_, '_>, name: &str| {
        parent
            .children()
            .find(|child| child.is_element() && child.tag_name().name() == name)
            .map(|node| node.id())
    };
    let token = root.descendants().find(|node| node.tag_name().name() == "sessionId");
    let token = token.and_then(|node| node.text()).unwrap_or_default().trim().to_owned();
    let body = part(root, "Body").and_then(|id| document.get_node(id)).ok_or("no Body in the envelope")?;
    let call = body.children().find(Node::is_element).ok_or("no call in the Body")?;
    Ok((token, call.tag_name().name().to_owned(), xml::value_of(call)))
}

const OPEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"";

fn respond(name: &str, result: &Value) -> Response {
    let mut inside = String::new();
    xml::write(&mut inside, "result", result, None);
    let text = format!(
        "{OPEN} xmlns=\"{}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><soapenv:Body><{name}Response>{inside}</{name}Response>\
         </soapenv:Body></soapenv:Envelope>",
        xml::METADATA
    );
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")], text).into_response()
}

fn fault(code: &str, message: &str) -> Response {
    let text = format!(
        "{OPEN} xmlns:sf=\"{}\"><soapenv:Body><soapenv:Fault><faultcode>{}</faultcode><faultstring>{}</faultstring>\
         </soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        xml::METADATA,
        xml::escape(code),
        xml::escape(message)
    );
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")], text)
        .into_response()
}

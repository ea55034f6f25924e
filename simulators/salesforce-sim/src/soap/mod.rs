//! The SOAP API: `/services/Soap/u/XX.X` (partner) and `/services/Soap/c/XX.X` (enterprise).
//!
//! Reads go the way of the REST resources and are put into XML; a session is an access token of either API.

mod convert;
mod data;
mod envelope;
mod person;
mod read;

use std::sync::{Arc, MutexGuard};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::Value;

use self::envelope::Headers;
use crate::SalesforceSim;
use crate::api::{Api, Call, Reply, serves};
use crate::error::Refusal;
use crate::gate::{self, Denied};
use crate::service::DAILY_CALLS;
use crate::xml::{XSI, Xml, elements};

const LARGEST_BODY: usize = 50 * 1024 * 1024;

pub(crate) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/services/Soap/{flavour}/{version}", post(serve))
        .route("/services/Soap/{flavour}/{version}/", post(serve))
        .route("/services/Soap/{flavour}/{version}/{*org}", post(serve))
}

/// Which of the two APIs a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    Partner,
    Enterprise,
}

impl Flavour {
    fn named(name: &str) -> Option<Self> {
        match name {
            "u" => Some(Self::Partner),
            "c" => Some(Self::Enterprise),
            _ => None,
        }
    }

    fn letter(self) -> char {
        if self == Self::Partner { 'u' } else { 'c' }
    }

    fn name(self) -> &'static str {
        if self == Self::Partner { "partner" } else { "enterprise" }
    }
}

/// Why a call as a whole is refused.
#[derive(Debug)]
pub(crate) struct Fault {
    code: String,
    message: String,
    /// A fault of the message itself, not of what it asks for.
    of_caller: bool,
}

impl Fault {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), of_caller: false }
    }

    fn of_caller(message: impl Into<String>) -> Self {
        Self { code: String::new(), message: message.into(), of_caller: true }
    }

    /// From the refusal of a REST call.
    fn of_reply(reply: &Reply) -> Self {
        let first = reply.body.as_ref().and_then(|body| body.get(0)).unwrap_or(&Value::Null);
        let text = |name: &str| first.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match text("errorCode").as_str() {
            // The names that this API has for them.
            "NOT_FOUND" => Self::new("INVALID_TYPE", text("message")),
            code => Self::new(code, text("message")),
        }
    }

    fn element(&self) -> &'static str {
        match self.code.as_str() {
            "INVALID_LOGIN" | "LOGIN_MUST_USE_SECURITY_TOKEN" | "PASSWORD_LOCKOUT" => "LoginFault",
            "INVALID_FIELD" => "InvalidFieldFault",
            "INVALID_TYPE" => "InvalidSObjectFault",
            "MALFORMED_QUERY" => "MalformedQueryFault",
            "MALFORMED_ID" | "INVALID_ID_FIELD" => "InvalidIdFault",
            "INVALID_QUERY_LOCATOR" => "InvalidQueryLocatorFault",
            _ => "UnexpectedErrorFault",
        }
    }
}

type Done = Result<(), Fault>;

/// A call whose session is open.
struct Soap<'a> {
    sim: &'a SalesforceSim,
    state: MutexGuard<'a, crate::State>,
    now: Timestamp,
    version: String,
    flavour: Flavour,
    headers: Headers,
    half: Option<f64>,
    /// Who calls.
    user: Arc<str>,
}

async fn serve(
    State(sim): State<SalesforceSim>,
    Path(path): Path<Vec<(String, String)>>,
    request: Request,
) -> Response {
    let now = sim.0.clock.now();
    let part = |name: &str| path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let (flavour, version) = (part("flavour").to_owned(), part("version").to_owned());
    let Some(flavour) = Flavour::named(&flavour) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (parts, body) = request.into_parts();
    let done = match gate::read(&parts.headers, body, LARGEST_BODY).await {
        None => Err(Fault::new("EXCEEDED_MAX_SIZE_REQUEST", "Request size exceeds the limit of 50 MB")),
        Some(bytes) => answer(&sim, flavour, &version, &bytes, gate::half(&parts.extensions), now),
    };
    let (status, xml) = match done {
        Ok(xml) => (StatusCode::OK, xml),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, fault_xml(&fault, flavour)),
    };
    let mut response = (status, [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")], xml).into_response();
    gate::leave(&sim, &mut response, now);
    response
}

/// A refusal that the simulator makes up, in the form of this API.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let xml = fault_xml(&Fault::new(refusal.code, refusal.message.clone()), Flavour::Partner);
    let kind = [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")];
    // A session that has ended is a fault like any other; what is not the org's answer keeps its status.
    let status = if refusal.status == 401 { 500 } else { refusal.status };
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), kind, xml).into_response()
}

fn fault_xml(fault: &Fault, flavour: Flavour) -> Vec<u8> {
    let mut xml = Xml::new();
    let space = format!("urn:fault.{}.soap.sforce.com", flavour.name());
    let soap = ("xmlns:soapenv", "http://schemas.xmlsoap.org/soap/envelope/");
    xml.open("soapenv:Envelope", &[soap, ("xmlns:sf", &space), ("xmlns:xsi", XSI)]);
    xml.open("soapenv:Body", &[]);
    xml.open("soapenv:Fault", &[]);
    if fault.of_caller {
        xml.leaf("faultcode", "soapenv:Client");
        xml.leaf("faultstring", &fault.message);
    } else {
        // A login's fault has no prefix; jsforce looks for one in that of a session.
        let prefix = if fault.element() == "LoginFault" { "" } else { "sf:" };
        xml.leaf("faultcode", &format!("{prefix}{}", fault.code));
        xml.leaf("faultstring", &format!("{}: {}", fault.code, fault.message));
        let element = format!("sf:{}", fault.element());
        xml.open("detail", &[]);
        xml.open(&element, &[("xsi:type", &element)]);
        xml.leaf("sf:exceptionCode", &fault.code);
        xml.leaf("sf:exceptionMessage", &fault.message);
        if let Some((row, column)) = place(&fault.message) {
            xml.leaf("sf:row", row);
            xml.leaf("sf:column", column);
        }
        xml.close(&element);
        xml.close("detail");
    }
    xml.close("soapenv:Fault");
    xml.close("soapenv:Body");
    xml.close("soapenv:Envelope");
    xml.finish()
}

/// Row and column, where a message names them.
fn place(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("ERROR at Row:")?;
    let (row, rest) = rest.split_once(":Column:")?;
    Some((row, rest.split('\n').next()?))
}

fn answer(
    sim: &SalesforceSim,
    flavour: Flavour,
    version: &str,
    bytes: &[u8],
    half: Option<f64>,
    now: Timestamp,
) -> Result<Vec<u8>, Fault> {
    let text = String::from_utf8_lossy(bytes);
    let document = roxmltree::Document::parse(text.trim())
        .map_err(|error| Fault::of_caller(format!("The message is not well-formed XML: {error}")))?;
    let (header, operation) = envelope::open(&document)?;
    let headers = Headers::read(header);
    let name = operation.tag_name().name();
    let known = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
    if !serves(&known) {
        // assumed: the wording
        return Err(Fault::new(
            "UNSUPPORTED_API_VERSION",
            format!("Invalid Api version specified on URL: {version}"),
        ));
    }
    let route = format!("POST /services/Soap/{}/{{version}} {name}", flavour.letter());
    if name == "login" {
        sim.0.stats.call(&route, bytes.len() as u64, false);
        return person::login(sim, flavour, &known, operation, now);
    }
    let entered = gate::enter(sim, &headers.session, &route, bytes.len() as u64, now);
    let (state, user) = entered.map_err(|denied| match denied {
        Denied::Session => Fault::new(
            "INVALID_SESSION_ID",
            "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash",
        ),
        Denied::Calls => Fault::new("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        Denied::Api(refusal) => Fault::new(refusal.code, refusal.message),
    })?;
    let mut soap = Soap { sim, state, now, version: known, flavour, headers, half, user };
    let mut xml = Xml::new();
    let response = format!("{name}Response");
    envelope::begin(&mut xml, flavour);
    let used = soap.state.service.used(now);
    envelope::limits(&mut xml, used, DAILY_CALLS);
    xml.open("soapenv:Body", &[]);
    xml.open(&response, &[]);
    soap.dispatch(name, operation, &mut xml)?;
    xml.close(&response);
    xml.close("soapenv:Body");
    xml.close("soapenv:Envelope");
    Ok(xml.finish())
}

impl Soap<'_> {
    fn dispatch(&mut self, name: &str, body: roxmltree::Node<'_, '_>, xml: &mut Xml) -> Done {
        match name {
            "logout" => {
                let session = self.headers.session.clone();
                self.state.auth.revoke(&session);
                Ok(())
            }
            "invalidateSessions" => {
                for session in elements(body).map(crate::xml::text_of) {
                    let ended = self.state.auth.revoke(&session);
                    xml.open("result", &[]);
                    xml.leaf("success", &ended.to_string());
                    xml.close("result");
                }
                Ok(())
            }
            "getUserInfo" => {
                let user = Arc::clone(&self.user);
                person::user_info(&self.state, &user, "result", xml);
                Ok(())
            }
            "getServerTimestamp" => {
                xml.open("result", &[]);
                xml.leaf("timestamp", &envelope::moment(self.now));
                xml.close("result");
                Ok(())
            }
            "query" => self.query(body, "query", xml),
            "queryAll" => self.query(body, "queryAll", xml),
            "queryMore" => self.query_more(body, xml),
            "search" => self.search(body, xml),
            "retrieve" => self.retrieve(body, xml),
            "getUpdated" => self.changes(body, "updated", xml),
            "getDeleted" => self.changes(body, "deleted", xml),
            "describeGlobal" => self.describe_global(xml),
            "describeSObject" | "describeSObjects" => self.describe(body, xml),
            "create" | "update" | "upsert" => self.save(name, body, xml),
            "delete" | "undelete" | "emptyRecycleBin" => self.by_id(name, body, xml),
            "convertLead" => self.convert_leads(body, xml),
            "merge" => self.merge(body, xml),
            other => {
                let space = format!("urn:{}.soap.sforce.com", self.flavour.name());
                Err(Fault::of_caller(format!(
                    "No operation available for request {{{space}}}{other}, please check the WSDL for the service."
                )))
            }
        }
    }

    fn api(&mut self) -> Api<'_> {
        let client = self.headers.call.client.as_deref();
        let origin = crate::pubsub::origin("soap", &self.version, client);
        let user = Arc::clone(&self.user);
        let mut api = Api::new(&self.sim.0, &mut self.state, self.now, self.half).by(user);
        api.origin = origin;
        api
    }

    /// Asks a REST resource; paths start below the version.
    fn rest(&mut self, path: &str, query: &[(&str, String)]) -> Result<Value, Fault> {
        let call = Call {
            method: "GET".to_owned(),
            path: format!("/services/data/v{}{path}", self.version),
            query: query.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            body: None,
            headers: self.headers.call.clone(),
        };
        let reply = self.api().serve(&call);
        if reply.status >= 300 {
            return Err(Fault::of_reply(&reply));
        }
        Ok(reply.body.unwrap_or_default())
    }
}

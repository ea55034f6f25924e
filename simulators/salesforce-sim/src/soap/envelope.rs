//! The envelope of a message: its headers, its body, and the one around an answer.

use jiff::Timestamp;
use roxmltree::{Document, Node};

use super::{Fault, Flavour};
use crate::api::CallHeaders;
use crate::xml::{XSI, Xml, elements, text_below};

/// The headers that change what a call does.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub session: String,
    pub all_or_none: bool,
    pub call: CallHeaders,
}

impl Headers {
    pub fn read(header: Option<Node<'_, '_>>) -> Self {
        let mut headers = Self::default();
        for block in header.into_iter().flat_map(elements) {
            let yes =
                |name: &str| text_below(block, name).is_some_and(|text| matches!(text.trim(), "true" | "1"));
            match block.tag_name().name() {
                "SessionHeader" => {
                    headers.session = text_below(block, "sessionId").unwrap_or_default().trim().to_owned();
                }
                "AllOrNoneHeader" => headers.all_or_none = yes("allOrNone"),
                // A rule that is named stands for the active one: there is no other.
                "AssignmentRuleHeader" => {
                    let named = text_below(block, "assignmentRuleId").is_some_and(|id| !id.trim().is_empty());
                    headers.call.auto_assign = named || yes("useDefaultRule");
                }
                "DuplicateRuleHeader" => headers.call.allow_save = yes("allowSave"),
                "CallOptions" => headers.call.client = text_below(block, "client"),
                "QueryOptions" => {
                    let size = text_below(block, "batchSize");
                    headers.call.batch_size = size.and_then(|size| size.trim().parse().ok());
                }
                _ => {}
            }
        }
        headers
    }
}

/// The header, if there is one, and the operation of a message.
pub(super) fn open<'a, 'i>(
    document: &'a Document<'i>,
) -> Result<(Option<Node<'a, 'i>>, Node<'a, 'i>), Fault> {
    let root = document.root_element();
    if root.tag_name().name() != "Envelope" {
        return Err(Fault::of_caller("The message has no SOAP envelope"));
    }
    let part = |name: &str| elements(root).find(|child| child.tag_name().name() == name);
    let operation = part("Body").and_then(|body| elements(body).next());
    operation
        .map(|operation| (part("Header"), operation))
        .ok_or_else(|| Fault::of_caller("The message has no body"))
}

/// Begins the envelope of an answer.
pub(super) fn begin(xml: &mut Xml, flavour: Flavour) {
    let space = format!("urn:{}.soap.sforce.com", flavour.name());
    let objects = format!("urn:sobject.{}.soap.sforce.com", flavour.name());
    xml.open(
        "soapenv:Envelope",
        &[
            ("xmlns:soapenv", "http://schemas.xmlsoap.org/soap/envelope/"),
            ("xmlns", &space),
            ("xmlns:xsi", XSI),
            ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
            ("xmlns:sf", &objects),
        ],
    );
}

/// How much of the day's calls is used.
pub(super) fn limits(xml: &mut Xml, used: u64, most: u64) {
    xml.open("soapenv:Header", &[]);
    xml.open("LimitInfoHeader", &[]);
    xml.open("limitInfo", &[]);
    xml.leaf("current", &used.to_string());
    xml.leaf("limit", &most.to_string());
    xml.leaf("type", "API REQUESTS");
    xml.close("limitInfo");
    xml.close("LimitInfoHeader");
    xml.close("soapenv:Header");
}

/// A moment as XML has it.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

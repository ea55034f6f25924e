//! Pages for people: look at records, and edit them as a person would.

pub(crate) mod page;

use crate::http::Reply;

pub(crate) fn find(method: &str, rest: &[&str]) -> Option<(&'static str, crate::http::Handler)> {
    match (method, rest) {
        ("GET", []) => Some((
            "/_sim/console",
            Box::new(|_| Ok(Reply::html(200, page::layout("Console", "<h1>HubSpot (simulated)</h1>")))),
        )),
        _ => None,
    }
}

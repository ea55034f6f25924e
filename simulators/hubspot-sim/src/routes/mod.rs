//! Which path is served by what. Both families of paths, dated and v3/v4, lead to the same handlers.

mod activity;
mod association_limits;
mod associations;
mod associations_v3;
mod automation;
mod batch;
mod journal;
mod legacy;
mod limits;
mod lists;
mod lists_members;
mod marketing;
mod merge;
mod misc;
mod oauth;
mod objects;
mod pipelines;
mod platform;
mod properties;
mod property_rules;
mod schemas;
mod sim;
mod timeline;
mod transfers;
mod users;
mod webhooks;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::error::ApiError;
use crate::http::{Ctx, Found, Handler, Outcome};

/// The dated versions that are served.
const DATED: &[&str] = &["2026-03", "2026-09"];

/// A pattern for the counters with what serves it.
type Hit = Option<(&'static str, Handler)>;

fn serve(pattern: &'static str, handler: impl FnOnce(&Ctx<'_>) -> Outcome + 'static) -> Hit {
    Some((pattern, Box::new(handler)))
}

/// The kind a path names, or the refusal for an unknown one.
fn kind(ctx: &Ctx<'_>, name: &str) -> Result<usize, ApiError> {
    // assumed: the text for a kind that does not exist
    ctx.sim
        .read()
        .find_kind(name)
        .ok_or_else(|| ApiError::validation(format!("Unable to infer object type from: {name}")))
}

pub(crate) fn find(method: &Method, path: &str) -> Option<Found> {
    let decoded: Vec<String> = path
        .trim_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let method = method.as_str();
    let whole = |hit: Hit, own: bool| {
        hit.map(|(pattern, handler)| Found {
            pattern: format!("{method} {pattern}"),
            handler,
            api: false,
            search: false,
            dated: false,
            own,
        })
    };
    if let ["_sim", rest @ ..] = parts.as_slice() {
        return whole(sim::find(method, rest), true);
    }
    // Where people see a record in HubSpot itself; here the console shows it.
    if let ["contacts", _, "record", kind, id] = parts.as_slice() {
        return whole(crate::console::find(method, &[*kind, *id]), true);
    }
    if let ["oauth", rest @ ..] = parts.as_slice() {
        return whole(oauth::find(method, rest), false);
    }
    if let Some(found) = platform::find(method, &parts) {
        return Some(found);
    }
    let api = |hit: Hit| {
        hit.map(|(pattern, handler)| Found {
            pattern: format!("{method} {pattern}"),
            handler,
            api: true,
            search: false,
            dated: false,
            own: false,
        })
    };
    if let Some(found) = api(users::find(method, &parts).or_else(|| legacy::find(method, &parts))) {
        return Some(found);
    }
    let (area, prefix, dated, rest): (&str, String, bool, &[&str]) = match parts.as_slice() {
        ["crm", version @ ("v3" | "v4"), area, rest @ ..] => {
            (area, format!("/crm/{version}/{area}"), false, rest)
        }
        ["crm", area @ "associations", version @ "v4", rest @ ..] => {
            (area, format!("/crm/{area}/{version}"), false, rest)
        }
        ["crm-object-schemas", version, "schemas", rest @ ..]
            if *version == "v3" || DATED.contains(version) =>
        {
            ("schemas", format!("/crm-object-schemas/{version}/schemas"), *version != "v3", rest)
        }
        ["crm", area, version, rest @ ..] if DATED.contains(version) => {
            (area, format!("/crm/{area}/{version}"), true, rest)
        }
        ["account-info", version, rest @ ..] if *version == "v3" || DATED.contains(version) => {
            ("account-info", format!("/account-info/{version}"), *version != "v3", rest)
        }
        _ => return None,
    };
    let (tail, handler) = match area {
        "objects" => {
            (prefix.starts_with("/crm/v3").then(|| associations_v3::find_on_record(method, rest)).flatten())
                .or_else(|| associations::find_on_record(method, rest))
                .or_else(|| merge::find(method, rest))
                .or_else(|| objects::find(method, rest))
        }
        "associations" if prefix.starts_with("/crm/v3") => associations_v3::find(method, rest),
        "associations" => association_limits::find(method, rest).or_else(|| associations::find(method, rest)),
        "schemas" => schemas::find(method, rest),
        "properties" => properties::find(method, rest),
        "property-validations" => property_rules::find(method, rest),
        "pipelines" => pipelines::find(method, rest),
        "owners" => misc::find_owners(method, rest),
        "account-info" => misc::find_account(method, rest),
        _ => None,
    }?;
    let search = area == "objects" && tail.ends_with("/search");
    Some(Found { pattern: format!("{method} {prefix}{tail}"), handler, api: true, search, dated, own: false })
}

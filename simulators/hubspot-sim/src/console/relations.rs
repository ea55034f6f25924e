//! What a record has to do with others: its associations, its activities, and what makes two records one.

use std::fmt::Write;

use super::missing;
use super::page::escape;
use super::records::{open, page_of};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::record::Record;
use crate::registry::CONTACTS;
use crate::time::iso;

/// At most so many rows of each.
const ROWS: usize = 200;

/// The associations with other records, each with a button to end it, and a form to add one.
pub(super) fn associations(account: &Account, object: usize, record: &Record) -> String {
    let here = escape(&page_of(account, object, record.id));
    let mut rows = String::new();
    for (other, kind) in account.kinds().filter(|(_, kind)| !kind.activity) {
        for (id, types) in account.links((object, record.id), other).into_iter().take(ROWS) {
            let Some(there) = account.live(other, id) else { continue };
            let labels: Vec<String> = types.iter().filter_map(|id| account.label_of(*id)).collect();
            let title = escape(&account.display(other, there));
            let _ = write!(
                rows,
                "<tr><td>{}</td><td><a href=\"{}\">{title}</a></td><td>{}</td><td><form method=\"post\" \
                 action=\"{here}/dissociate\"><input type=\"hidden\" name=\"object\" value=\"{}\"><input \
                 type=\"hidden\" name=\"id\" value=\"{id}\"><button aria-label=\"Remove {title}\">Remove</button>\
                 </form></td></tr>",
                escape(&kind.labels.0),
                escape(&page_of(account, other, id)),
                escape(&labels.join(", ")),
                escape(&kind.name)
            );
        }
    }
    if rows.is_empty() {
        rows.push_str("<tr><td colspan=\"4\">None.</td></tr>");
    }
    let mut section = format!(
        "<h2 id=\"associations\">Associations</h2><table aria-labelledby=\"associations\"><tr><th scope=\"col\">\
         Object</th><th scope=\"col\">Record</th><th scope=\"col\">Label</th><th scope=\"col\">Change</th></tr>{rows}</table>"
    );
    if record.archived.is_none() {
        let options: String = account
            .kinds()
            .filter(|(other, _)| account.unlabelled(object, *other).is_some())
            .map(|(_, kind)| {
                format!("<option value=\"{}\">{}</option>", escape(&kind.name), escape(&kind.labels.0))
            })
            .collect();
        let _ = write!(
            section,
            "<form class=\"row\" method=\"post\" action=\"{here}/associate\"><label>Object <select name=\"object\">\
             {options}</select></label><label>Record ID <input name=\"id\" inputmode=\"numeric\" required></label>\
             <label><input type=\"checkbox\" name=\"primary\" value=\"true\"> primary company</label>\
             <button>Associate</button></form>"
        );
    }
    section
}

/// The activities of a record, the newest first.
pub(super) fn timeline(account: &Account, object: usize, record: &Record) -> String {
    let mut all: Vec<(i64, String)> = Vec::new();
    for (other, kind) in account.kinds().filter(|(_, kind)| kind.activity) {
        for (id, _) in account.links((object, record.id), other) {
            let Some(there) = account.live(other, id) else { continue };
            let at = account.named(other, there, "hs_timestamp").and_then(|at| crate::time::parse(&at));
            let at = at.unwrap_or(there.created);
            let row = format!(
                "<tr><td class=\"soft\">{}</td><td>{}</td><td><a href=\"{}\">{}</a></td></tr>",
                iso(at),
                escape(&kind.labels.0),
                escape(&page_of(account, other, id)),
                escape(&account.display(other, there))
            );
            all.push((at, row));
        }
    }
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let rows: String = all.into_iter().take(ROWS).map(|(_, row)| row).collect();
    format!(
        "<h2 id=\"timeline\">Activities</h2><table aria-labelledby=\"timeline\"><tr><th scope=\"col\">When</th>\
         <th scope=\"col\">Kind</th><th scope=\"col\">Activity</th></tr>{rows}</table>"
    )
}

/// The forms that merge a live record with another, and delete a person for good.
pub(super) fn endings(account: &Account, object: usize, record: &Record) -> String {
    let here = escape(&page_of(account, object, record.id));
    let mut forms = String::new();
    if record.archived.is_none() && account.merges(object) {
        let _ = write!(
            forms,
            "<form class=\"row\" method=\"post\" action=\"{here}/merge\"><label>Merge with record ID <input \
             name=\"id\" inputmode=\"numeric\" required></label><button>Merge into this one</button></form>"
        );
    }
    if object == CONTACTS {
        let _ = write!(
            forms,
            "<form method=\"post\" action=\"{here}/erase\"><button>Delete for good (GDPR)</button></form>"
        );
    }
    if forms.is_empty() { forms } else { format!("<h2>Merge and delete</h2>{forms}") }
}

/// The record a form names, by object and id.
fn named(ctx: &Ctx<'_>, account: &Account) -> Result<(usize, u64), ApiError> {
    let form = ctx.form();
    let object = form.get("object").and_then(|name| account.find_kind(name));
    let object = object.ok_or_else(|| ApiError::validation("There is no such object"))?;
    let id = form.get("id").map(|id| id.trim()).unwrap_or_default();
    let id = account.locate(object, id, None)?;
    account.live(object, id).map(|_| (object, id)).ok_or_else(ApiError::record_not_found)
}

/// Associates a record with another, or ends that.
pub(super) fn associate(ctx: &Ctx<'_>, object: usize, id: u64, end: bool) -> Outcome {
    let done = {
        let mut account = ctx.sim.write();
        if account.live(object, id).is_none() {
            return Ok(missing(&account));
        }
        let primary = ctx.form().contains_key("primary");
        named(ctx, &account).map(|other| {
            let at = account.tick(ctx.now);
            let company = crate::registry::COMPANIES;
            match (end, primary && other.0 == company) {
                (true, _) => account.unlink((object, id), other, at),
                (false, true) => account.link_primary((object, id), other.1, at),
                (false, false) => account.put_link((object, id), other, &[], false, at),
            };
        })
    };
    match done {
        Ok(()) => Ok(Reply::redirect(page_of(&ctx.sim.read(), object, id))),
        Err(error) => open(ctx, object, id, Some(&error.message)),
    }
}

pub(super) fn merge(ctx: &Ctx<'_>, object: usize, id: u64) -> Outcome {
    let merged = {
        let mut account = ctx.sim.write();
        let other = ctx.form().get("id").cloned().unwrap_or_default();
        account.locate(object, &other, None).and_then(|other| account.merge(object, id, other, ctx.now))
    };
    match merged {
        Ok(new) => Ok(Reply::redirect(page_of(&ctx.sim.read(), object, new))),
        Err(error) => open(ctx, object, id, Some(&error.message)),
    }
}

pub(super) fn erase(ctx: &Ctx<'_>, object: usize, id: u64) -> Outcome {
    let mut account = ctx.sim.write();
    if object != CONTACTS || !account.erase(object, id, ctx.now) {
        return Ok(missing(&account));
    }
    Ok(Reply::redirect(format!("/_sim/console/{}", account.kind(object).name)))
}

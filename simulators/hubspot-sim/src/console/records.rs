//! One record: what it holds and has held, and the forms to change it.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::page::{escape, layout};
use super::{missing, relations};
use crate::account::{Account, Source};
use crate::http::{Ctx, Outcome, Reply};
use crate::owners::PERSON;
use crate::property::{Property, PropertyType};
use crate::record::Record;
use crate::time::iso;

/// The field a person edits a value with.
fn input(account: &Account, property: &Property, value: &str) -> String {
    let name = escape(&property.name);
    let mut choices: Vec<(String, String)> = Vec::new();
    if property.external_options {
        let owners = account.owners.iter().filter(|owner| !owner.archived);
        choices.extend(owners.map(|owner| (owner.id.clone(), format!("{} {}", owner.first, owner.last))));
    } else if !property.multiple() && matches!(property.kind, PropertyType::Enumeration | PropertyType::Bool)
    {
        choices.extend(property.options.iter().map(|choice| (choice.value.clone(), choice.label.clone())));
    }
    if choices.is_empty() {
        return format!("<input name=\"{name}\" aria-label=\"{name}\" value=\"{}\">", escape(value));
    }
    let mut field = format!("<select name=\"{name}\" aria-label=\"{name}\"><option value=\"\"></option>");
    for (one, label) in choices {
        let chosen = if one == value { " selected" } else { "" };
        let _ = write!(field, "<option value=\"{}\"{chosen}>{}</option>", escape(&one), escape(&label));
    }
    field.push_str("</select>");
    field
}

/// The rows of the form: what is set, what the lists show, and what is asked for by name.
fn fields(ctx: &Ctx<'_>, account: &Account, object: usize, record: Option<&Record>) -> String {
    let store = &account.stores[object];
    let all = ctx.flag("all");
    let mut rows = String::new();
    for (name, property) in store.properties.iter().filter(|(_, property)| property.archived.is_none()) {
        let value = record.and_then(|record| account.named(object, record, name)).unwrap_or_default();
        let common = store.kind.searchable.contains(name)
            || store.kind.defaults.contains(name)
            || matches!(
                name.as_str(),
                "city" | "jobtitle" | "lifecyclestage" | "industry" | "hubspot_owner_id"
            );
        if !(all || common || !value.is_empty()) || (record.is_none() && property.read_only_value()) {
            continue;
        }
        let field = if property.read_only_value() {
            format!("<span class=\"soft\">{}</span>", escape(&value))
        } else {
            input(account, property, &value)
        };
        let _ = write!(
            rows,
            "<tr><td>{}<br><span class=\"soft\">{}</span></td><td>{field}</td></tr>",
            escape(&property.label),
            escape(name)
        );
    }
    rows
}

/// The field of a form that says in whose name it is sent. No property has a hyphen in its name.
const AS_USER: &str = "as-user";

/// The choice of the user who makes an edit.
fn people(account: &Account) -> String {
    let active = account.owners.iter().filter(|owner| !owner.archived);
    let options: String = active
        .map(|owner| {
            let name = format!("{} {}", owner.first, owner.last);
            format!("<option value=\"{}\">{}</option>", owner.user, escape(&name))
        })
        .collect();
    format!("<label>Edit as <select name=\"{AS_USER}\">{options}</select></label>")
}

fn note(text: Option<&str>) -> String {
    text.map(|text| format!("<p class=\"note\" role=\"alert\">{}</p>", escape(text))).unwrap_or_default()
}

/// Where the page of a record is.
pub(super) fn page_of(account: &Account, object: usize, id: u64) -> String {
    format!("/_sim/console/{}/{id}", account.kind(object).name)
}

pub(super) fn blank(ctx: &Ctx<'_>, object: usize, refused: Option<&str>) -> Outcome {
    let account = ctx.sim.read();
    let kind = account.kind(object);
    let title = format!("Create {}", kind.labels.0);
    let body = format!(
        "<h1>{}</h1>{}<form method=\"post\"><table>{}</table>\
         <p><button class=\"main\">Create</button> <a href=\"?all=true\">Show every property</a></p></form>",
        escape(&title),
        note(refused),
        fields(ctx, &account, object, None)
    );
    Ok(Reply::html(if refused.is_some() { 400 } else { 200 }, layout(&account, &title, &body)))
}

pub(super) fn create(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let given: Map<String, Value> = ctx
        .form()
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    let made = ctx.sim.write().person_creates(object, &given, ctx.now);
    match made {
        Ok(id) => Ok(Reply::redirect(page_of(&ctx.sim.read(), object, id))),
        Err(error) => blank(ctx, object, Some(&error.message)),
    }
}

pub(super) fn open(ctx: &Ctx<'_>, object: usize, id: u64, refused: Option<&str>) -> Outcome {
    let account = ctx.sim.read();
    let store = &account.stores[object];
    let Some(record) = store.records.get(id) else { return Ok(missing(&account)) };
    let title = account.display(object, record);
    let name = escape(&store.kind.name);
    let mut body = format!(
        "<h1>{} <span class=\"soft\">{} {id}</span></h1>{}",
        escape(&title),
        escape(&store.kind.labels.0),
        note(refused)
    );
    if let Some(at) = record.archived {
        let _ = write!(
            body,
            "<p class=\"note\">Archived on {}.</p><form method=\"post\" action=\"/_sim/console/{name}/{id}/restore\">\
             <button class=\"main\">Restore</button></form>",
            iso(at)
        );
    }
    let _ = write!(
        body,
        "<form method=\"post\"><table><tr><th>Property</th><th>Value</th></tr>{}</table>",
        fields(ctx, &account, object, Some(record))
    );
    if record.archived.is_none() {
        let _ = write!(
            body,
            "<p>{} <button class=\"main\">Save</button> <a href=\"?all=true\">Show every property</a></p></form>",
            people(&account)
        );
        let _ = write!(
            body,
            "<form method=\"post\" action=\"/_sim/console/{name}/{id}/archive\"><button>Delete</button></form>"
        );
    } else {
        body.push_str("</form>");
    }
    body.push_str(&relations::associations(&account, object, record));
    body.push_str(&relations::timeline(&account, object, record));
    body.push_str(&relations::endings(&account, object, record));
    body.push_str(&history(&account, object, record));
    Ok(Reply::html(if refused.is_some() { 400 } else { 200 }, layout(&account, &title, &body)))
}

fn history(account: &Account, object: usize, record: &Record) -> String {
    let store = &account.stores[object];
    let mut all = Vec::new();
    for key in record.keys() {
        all.extend(record.versions(key).into_iter().map(|version| (version.at, key, version)));
    }
    all.sort_by_key(|(at, _, _)| std::cmp::Reverse(*at));
    let mut rows = String::new();
    for (at, key, version) in all.into_iter().take(300) {
        let Some(property) = store.property(key) else { continue };
        let source = account.sources.get(usize::from(version.source));
        let by = source.map(|source| format!("{} {}", source.kind, source.id)).unwrap_or_default();
        let _ = write!(
            rows,
            "<tr><td class=\"soft\">{}</td><td>{}</td><td>{}</td><td class=\"soft\">{}</td></tr>",
            iso(at),
            escape(&property.label),
            escape(version.value.unwrap_or("(cleared)")),
            escape(&by)
        );
    }
    format!(
        "<h2>History</h2><table><tr><th>When</th><th>Property</th><th>Value</th><th>Source</th></tr>{rows}</table>"
    )
}

pub(super) fn edit(ctx: &Ctx<'_>, object: usize, id: u64) -> Outcome {
    let edited = {
        let mut account = ctx.sim.write();
        let Some(record) = account.live(object, id) else { return Ok(missing(&account)) };
        // A form sends every field it shows; only those a person changed are written.
        let mut given = Map::new();
        let form = ctx.form();
        let user = form.get(AS_USER).and_then(|user| user.parse().ok()).unwrap_or(PERSON);
        for (name, value) in form.into_iter().filter(|(name, _)| name != AS_USER) {
            let held = account.named(object, record, &name).unwrap_or_default();
            if held != value.as_str() {
                given.insert(name, Value::String(value));
            }
        }
        account.person_edits(object, id, &given, &Source::person(user), ctx.now)
    };
    match edited {
        Ok(_) => Ok(Reply::redirect(page_of(&ctx.sim.read(), object, id))),
        Err(error) => open(ctx, object, id, Some(&error.message)),
    }
}

pub(super) fn bin(ctx: &Ctx<'_>, object: usize, id: u64, restore: bool) -> Outcome {
    let to = page_of(&ctx.sim.read(), object, id);
    if !restore {
        ctx.sim.write().acting_as(crate::people::person(), |account| account.archive(object, id, ctx.now));
        return Ok(Reply::redirect(to));
    }
    let restored =
        ctx.sim.write().acting_as(crate::people::person(), |account| account.restore(object, id, ctx.now));
    match restored {
        Ok(_) => Ok(Reply::redirect(to)),
        Err(error) => open(ctx, object, id, Some(&error.message)),
    }
}

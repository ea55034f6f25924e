//! The first page, and the list of one kind of record.

use std::fmt::Write;

use super::page::{escape, layout};
use crate::http::{Ctx, Outcome, Reply};
use crate::limits::Limits;
use crate::record::Record;
use crate::time::iso;

const PAGE: usize = 50;

pub(super) fn home(ctx: &Ctx<'_>) -> Outcome {
    let account = ctx.sim.read();
    let mut body = String::from("<h1>Records</h1><div class=\"cards\">");
    for store in account.stores.iter().filter(|store| !store.kind.purged) {
        let _ = write!(
            body,
            "<a class=\"card\" href=\"/_sim/console/{}\"><b>{}</b>{}<br><span class=\"soft\">{} archived</span></a>",
            store.kind.name,
            store.live_count(),
            escape(&store.kind.labels.1),
            store.archived.len()
        );
    }
    body.push_str("</div>");
    let stats = ctx.sim.stats.snapshot(Default::default());
    let settings = ctx.sim.settings();
    let _ = write!(
        body,
        "<h2>Account {}</h2><table><tr><th>API calls counted</th><td>{}</td></tr>\
         <tr><th>Refused for a limit</th><td>{}</td></tr><tr><th>Limits</th><td>{}</td></tr>\
         <tr><th>Search lag</th><td>{} ms</td></tr></table>",
        account.portal,
        stats.counted_calls,
        stats.throttled,
        if settings.limits == Limits::Real { "as on the platform" } else { "none" },
        settings.search_lag
    );
    Ok(Reply::html(200, layout(&account, "Records", &body)))
}

pub(super) fn list(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let store = &account.stores[object];
    let wanted = ctx.param("q").unwrap_or_default().trim().to_owned();
    let archived = ctx.flag("archived");
    let from: usize = ctx.param("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let words = wanted.to_lowercase();
    let keys: Vec<u32> = store.kind.searchable.iter().filter_map(|name| store.key(name)).collect();
    let fits = |record: &Record| {
        record.archived.is_some() == archived
            && (words.is_empty()
                || record.id.to_string() == words
                || keys.iter().any(|key| {
                    record.stored(*key, i64::MAX).is_some_and(|value| value.to_lowercase().contains(&words))
                }))
    };
    // The newest first: it is what a person has just made.
    let shown: Vec<&Record> =
        store.records.values().rev().filter(|record| fits(record)).skip(from).take(PAGE + 1).collect();
    let columns: Vec<&str> = store
        .kind
        .defaults
        .iter()
        .map(String::as_str)
        .filter(|name| {
            !matches!(*name, "hs_object_id" | "createdate" | "hs_createdate") && *name != store.kind.modified
        })
        .take(6)
        .collect();
    let name = &store.kind.name;
    let title = &store.kind.labels.1;
    let mut body = format!(
        "<h1>{} <span class=\"soft\">{} live</span></h1><form class=\"row\" method=\"get\">\
         <input name=\"q\" value=\"{}\" placeholder=\"Search\" aria-label=\"Search\">\
         <label><input type=\"checkbox\" name=\"archived\" value=\"true\"{}> archived</label>\
         <button>Search</button> <a href=\"/_sim/console/{name}/new\">Create {}</a></form><table><tr><th>Record</th>",
        escape(title),
        store.live_count(),
        escape(&wanted),
        if archived { " checked" } else { "" },
        escape(&store.kind.labels.0)
    );
    for column in &columns {
        let label = store.properties.get(*column).map_or(*column, |property| property.label.as_str());
        let _ = write!(body, "<th>{}</th>", escape(label));
    }
    body.push_str("<th>Last change</th></tr>");
    for record in shown.iter().take(PAGE) {
        let _ = write!(
            body,
            "<tr><td><a href=\"/_sim/console/{name}/{}\">{}</a></td>",
            record.id,
            escape(&account.display(object, record))
        );
        for column in &columns {
            let value = account.named(object, record, column).unwrap_or_default();
            let _ = write!(body, "<td>{}</td>", escape(&value));
        }
        let _ = write!(body, "<td class=\"soft\">{}</td></tr>", iso(record.modified));
    }
    if shown.is_empty() {
        let _ = write!(body, "<tr><td colspan=\"{}\">Nothing here.</td></tr>", columns.len() + 2);
    }
    body.push_str("</table><p>");
    let link = |from: usize, text: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("q", &wanted)
            .append_pair("archived", if archived { "true" } else { "" })
            .append_pair("from", &from.to_string())
            .finish();
        format!("<a href=\"/_sim/console/{name}?{}\">{text}</a> ", escape(&query))
    };
    if from > 0 {
        body.push_str(&link(from.saturating_sub(PAGE), "Newer"));
    }
    if shown.len() > PAGE {
        body.push_str(&link(from + PAGE, "Older"));
    }
    body.push_str("</p>");
    Ok(Reply::html(200, layout(&account, title, &body)))
}

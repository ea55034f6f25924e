//! The frame all pages share.

use crate::account::Account;

const STYLE: &str = "
:root { --ink: #33475b; --soft: #516f90; --line: #dfe3eb; --back: #f5f8fa; --accent: #ff7a59; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); }
header { background: #fff; border-bottom: 1px solid var(--line); border-top: 3px solid var(--accent); padding: .7rem 1.5rem; display: flex; gap: 1.5rem; align-items: baseline; flex-wrap: wrap; }
header strong { font-size: 1.05rem; }
main { max-width: 70rem; margin: 1.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .6rem; }
a { color: #00758f; text-decoration: none; } a:hover { text-decoration: underline; }
table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); }
th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; font-size: .85rem; color: var(--soft); background: #fbfcfd; }
form.row { display: flex; gap: .6rem; flex-wrap: wrap; align-items: center; margin: 0 0 1rem; }
input, select { font: inherit; padding: .35rem .55rem; border: 1px solid #cbd6e2; border-radius: 3px; background: #fff; color: inherit; max-width: 100%; }
td input, td select { width: 100%; }
button { font: inherit; padding: .4rem 1rem; border: 1px solid #cbd6e2; border-radius: 3px; background: #fff; color: inherit; cursor: pointer; }
button.main { background: var(--accent); border-color: var(--accent); color: #213343; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; }
.card { background: #fff; border: 1px solid var(--line); border-radius: 4px; padding: 1rem; display: block; color: inherit; }
.card b { display: block; font-size: 1.6rem; } .soft { color: var(--soft); font-size: .87rem; }
.note { background: #fff; border-left: 3px solid var(--accent); padding: .6rem .9rem; margin: 0 0 1rem; }
";

/// Text made safe inside markup and attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A whole page. `body` is markup already.
pub(crate) fn layout(account: &Account, title: &str, body: &str) -> String {
    let links: String = account
        .kinds()
        .map(|(_, kind)| {
            format!("<a href=\"/_sim/console/{0}\">{1}</a> ", escape(&kind.name), escape(&kind.labels.1))
        })
        .collect();
    frame(&links, title, body)
}

/// A whole page with these links at its head. `links` and `body` are markup already.
pub(crate) fn frame(links: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{} · HubSpot (simulated)</title>\
         <style>{STYLE}</style></head><body><header><strong><a href=\"/_sim/console\">HubSpot (simulated)</a>\
         </strong><nav aria-label=\"Objects\">{links}</nav></header><main>{body}</main></body></html>",
        escape(title)
    )
}

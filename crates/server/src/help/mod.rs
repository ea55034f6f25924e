//! The documentation, so that the help beside a choice can lead to it: the same files as in the sources.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use pulldown_cmark::{Event, Options, Parser, Tag, html};

use crate::{App, Fault, Page, templates};

/// The pages, by name.
const DOCS: [(&str, &str); 5] = [
    ("concepts", include_str!("../../../../docs/concepts.md")),
    ("rules", include_str!("../../../../docs/rules.md")),
    ("behaviour", include_str!("../../../../docs/behaviour.md")),
    ("operations", include_str!("../../../../docs/operations.md")),
    ("security", include_str!("../../../../docs/security.md")),
];

/// The documentation, as markup.
struct Written(String);

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

// It comes from the program's own sources.
impl askama::filters::HtmlSafe for Written {}

#[derive(Template)]
#[template(path = "help/doc.html")]
struct Doc {
    page: Page,
    title: String,
    text: Written,
}

pub fn router() -> Router<App> {
    Router::new().route("/docs/{name}", get(doc))
}

async fn doc(page: Page, Path(name): Path<String>) -> Result<Response, Fault> {
    let (_, text) = DOCS.iter().find(|(known, _)| *known == name).ok_or_else(Fault::not_found)?;
    let title = text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&name).to_owned();
    Ok(templates::html(&Doc { page, title, text: Written(written(text)) }))
}

fn written(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = address(&dest_url).into();
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        event => event,
    });
    let mut written = String::new();
    html::push_html(&mut written, events);
    // A wide table scrolls in its own box.
    written
        .replace("<table>", "<div class=\"scroll\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>")
}

/// Where a link of the documentation leads here.
fn address(link: &str) -> String {
    let (file, place) = link.split_once('#').map_or((link, None), |(file, place)| (file, Some(place)));
    match file.strip_suffix(".md").filter(|name| DOCS.iter().any(|(known, _)| known == name)) {
        Some(name) => place.map_or_else(|| format!("/docs/{name}"), |place| format!("/docs/{name}#{place}")),
        None => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_between_the_pages_lead_on() {
        assert_eq!(address("rules.md#times"), "/docs/rules#times");
        assert_eq!(address("https://elsewhere.example/a.md"), "https://elsewhere.example/a.md");
        let text = written("See [the rules](rules.md).\n\n| a |\n|---|\n| <b> |\n");
        assert!(text.contains("<a href=\"/docs/rules\">") && text.contains("class=\"scroll\""), "{text}");
    }
}

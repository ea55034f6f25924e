//! What HubSpot keeps as HTML, as plain text: nothing of it may become markup of ours.

/// The characters that stand behind the entities HubSpot's editor writes.
const ENTITIES: [(&str, &str); 6] =
    [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
/// Characters of a body that are shown.
const LONGEST: usize = 2_000;

/// The words of a piece of HTML, a line for each block.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            rest = "";
            break;
        };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        if ["p", "br", "div", "li", "tr", "h1", "h2", "h3"]
            .iter()
            .any(|block| name.eq_ignore_ascii_case(block))
        {
            text.push('\n');
        }
        rest = after;
        // What is between these is not meant for people.
        if ["style", "script"].iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) && !tag.starts_with('/')
        {
            let end = format!("</{}", name.to_ascii_lowercase());
            rest = rest.to_ascii_lowercase().find(&end).and_then(|at| rest.get(at..)).unwrap_or_default();
        }
    }
    text.push_str(rest);
    for (entity, character) in ENTITIES {
        text = text.replace(entity, character);
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    shortened(&lines.join("\n"))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_its_words() {
        assert_eq!(
            plain("<div><p>Hello&nbsp;<b>Ida</b></p><p>5 &lt; 6 &amp;amp;</p></div>"),
            "Hello Ida\n5 < 6 &amp;"
        );
        assert_eq!(plain("one<br/>two<style>p { color: red }</style> three"), "one\ntwo three");
        assert_eq!(plain("no end <b"), "no end");
        assert_eq!(plain("plain"), "plain");
        assert_eq!(plain(&"é".repeat(3_000)).chars().count(), 2_001);
    }
}

//! From source format, which people edit, to metadata format, which is deployed: files lose their `-meta.xml`, and the
//! fields of an object move into the object's own file.

use std::collections::BTreeMap;

use super::files::Source;

/// Files in metadata format by their path, below the folder of the package.
pub(super) fn to_metadata(sources: &[Source]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut objects: BTreeMap<&str, Vec<(bool, String)>> = BTreeMap::new();
    for (path, text) in sources {
        let within = path.split_once('/').map_or(*path, |(_, within)| within);
        let Some((object, part)) = within.strip_prefix("objects/").and_then(|rest| rest.split_once('/'))
        else {
            files.insert(deployed(within), (*text).to_owned());
            continue;
        };
        let is_field = part.starts_with("fields/");
        let inside = inside(text);
        let piece = if is_field { format!("    <fields>{inside}</fields>\n") } else { inside.to_owned() };
        objects.entry(object).or_default().push((is_field, piece));
    }
    for (object, mut pieces) in objects {
        // What the object says of itself stands after its fields.
        pieces.sort_by_key(|(is_field, _)| !is_field);
        let body: String = pieces.into_iter().map(|(_, piece)| piece).collect();
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n\
             {body}</CustomObject>\n"
        );
        files.insert(format!("objects/{object}.object"), text);
    }
    files
}

/// The name a file is deployed under: what has content of its own keeps its file of metadata beside it.
fn deployed(path: &str) -> String {
    let beside = ["classes/", "lwc/"].iter().any(|folder| path.starts_with(folder));
    match path.strip_suffix("-meta.xml") {
        Some(plain) if !beside => plain.to_owned(),
        _ => path.to_owned(),
    }
}

/// What stands between the first element's tags.
fn inside(text: &str) -> &str {
    let body = text.split_once("?>").map_or(text, |(_, body)| body);
    let body = body.split_once('>').map_or("", |(_, body)| body);
    body.rsplit_once("</").map_or(body, |(body, _)| body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_move_into_the_file_of_their_object() {
        let field =
            "<?xml version=\"1.0\"?>\n<CustomField xmlns=\"x\">\n<fullName>A__c</fullName>\n</CustomField>\n";
        let object =
            "<?xml version=\"1.0\"?>\n<CustomObject xmlns=\"x\">\n<label>L</label>\n</CustomObject>\n";
        let sources: &[Source] = &[
            ("p/objects/T__mdt/T__mdt.object-meta.xml", object),
            ("p/objects/T__mdt/fields/A__c.field-meta.xml", field),
            ("p/classes/C.cls", "class C {}"),
            ("p/classes/C.cls-meta.xml", "<ApexClass/>"),
            ("p/cspTrustedSites/S.cspTrustedSite-meta.xml", "<CspTrustedSite/>"),
        ];
        let files = to_metadata(sources);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "classes/C.cls",
                "classes/C.cls-meta.xml",
                "cspTrustedSites/S.cspTrustedSite",
                "objects/T__mdt.object"
            ]
        );
        let own = &files["objects/T__mdt.object"];
        assert!(own.contains("<fields>\n<fullName>A__c</fullName>\n</fields>\n\n<label>L</label>"), "{own}");
        assert_eq!(own.matches("CustomObject").count(), 2);
    }
}

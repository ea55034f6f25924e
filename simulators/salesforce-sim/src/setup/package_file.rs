//! A package as a zip file: reading one that is deployed, writing one that is retrieved.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::kinds::{self, Kind};
use super::object::without_name;
use super::xml::{self, list, texts};

/// What a package brings.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// `package.xml`: kinds and the names of their members.
    pub named: Vec<(String, Vec<String>)>,
    pub manifest: String,
    pub parts: Vec<Part>,
    pub destroy_first: Vec<(String, String)>,
    pub destroy_last: Vec<(String, String)>,
}

/// A component in a package.
#[derive(Debug)]
pub(super) struct Part {
    pub kind: &'static Kind,
    pub full_name: String,
    /// Its file in the zip.
    pub file: String,
    pub body: Value,
    pub files: Vec<(String, Vec<u8>)>,
    /// Why the file cannot be read.
    pub broken: Option<String>,
}

impl Package {
    /// Whether `package.xml` names a component.
    pub fn names(&self, kind: &Kind, full_name: &str) -> bool {
        let named = |kind: &str, name: &str| {
            let members = self.named.iter().filter(|(own, _)| own == kind).flat_map(|(_, members)| members);
            members.into_iter().any(|member| member == "*" || member == name)
        };
        let object = full_name.split_once('.').map_or("", |(object, _)| object);
        named(kind.name, full_name) || kind.child && named("CustomObject", object)
    }
}

/// Reads a zip.
pub(super) fn read(bytes: &[u8]) -> Result<Package, String> {
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("invalid zip file: {error}"))?;
    let mut entries: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| error.to_string())?;
        if entry.is_dir() {
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?.into_owned();
        entries.insert(name, content);
    }
    let manifest = entries
        .keys()
        .filter(|path| {
            *path == "package.xml" || path.ends_with("/package.xml") && path.matches('/').count() == 1
        })
        .min_by_key(|path| path.len())
        .cloned()
        .ok_or("No package.xml found")?;
    let root = manifest.trim_end_matches("package.xml").to_owned();
    let mut package = Package { named: members(&entries, &manifest)?, manifest, ..Package::default() };
    for (file, first) in [
        ("destructiveChangesPre.xml", true),
        ("destructiveChanges.xml", true),
        ("destructiveChangesPost.xml", false),
    ] {
        let path = format!("{root}{file}");
        if !entries.contains_key(&path) {
            continue;
        }
        let named = members(&entries, &path)?;
        let gone = named
            .into_iter()
            .flat_map(|(kind, names)| names.into_iter().map(move |name| (kind.clone(), name)));
        if first { package.destroy_first.extend(gone) } else { package.destroy_last.extend(gone) }
    }
    let mut parts: BTreeMap<(&'static str, String), Part> = BTreeMap::new();
    for (path, content) in &entries {
        let Some((kind, full_name, own)) = place(path.strip_prefix(&root).unwrap_or(path)) else { continue };
        let part = parts.entry((kind.name, full_name.clone())).or_insert_with(|| Part {
            kind,
            full_name,
            file: path.trim_end_matches("-meta.xml").to_owned(),
            body: json!({}),
            files: Vec::new(),
            broken: None,
        });
        let metadata = own.ends_with("-meta.xml") || !kind.meta_file && !kind.bundle;
        if metadata {
            match std::str::from_utf8(content).map_err(|error| error.to_string()).and_then(xml::parse) {
                Ok((_, body)) => part.body = body,
                Err(error) => part.broken = Some(format!("Error parsing file: {error}")),
            }
        }
        if kind.meta_file || kind.bundle {
            part.files.push((own, content.clone()));
        }
    }
    package.parts = parts.into_values().flat_map(opened).collect();
    package.parts.sort_by_key(|part| rank(part.kind.name));
    Ok(package)
}

/// Components go in after what they refer to.
fn rank(kind: &str) -> u8 {
    match kind {
        "CustomObject" => 0,
        "CustomField" => 1,
        "FlexiPage" => 4,
        "Layout" => 5,
        "PermissionSet" => 6,
        "Profile" => 7,
        _ if kinds::find(kind).is_some_and(|kind| kind.child) => 2,
        _ => 3,
    }
}

fn members(entries: &BTreeMap<String, Vec<u8>>, path: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    let content = entries.get(path).map(Vec::as_slice).unwrap_or_default();
    let text = std::str::from_utf8(content).map_err(|error| format!("{path}: {error}"))?;
    let (_, body) = xml::parse(text).map_err(|error| format!("Error parsing {path}: {error}"))?;
    Ok(types(&body))
}

/// The kinds and names under `types`.
pub(super) fn types(body: &Value) -> Vec<(String, Vec<String>)> {
    let types = list(body.get("types"));
    let pair = |one: &&Value| Some((one.get("name")?.as_str()?.trim().to_owned(), texts(one.get("members"))));
    types.iter().filter_map(pair).collect()
}

/// The component that a file belongs to, and the file's name within it.
fn place(path: &str) -> Option<(&'static Kind, String, String)> {
    let (directory, rest) = path.split_once('/')?;
    let kind = kinds::in_directory(directory)?;
    if kind.bundle {
        let (name, own) = rest.split_once('/')?;
        return Some((kind, name.to_owned(), own.to_owned()));
    }
    let name = rest.trim_end_matches("-meta.xml");
    let stem = name.strip_suffix(&format!(".{}", kind.suffix))?;
    Some((kind, stem.to_owned(), rest.to_owned()))
}

/// An object's file is opened into the object and what is inside.
fn opened(part: Part) -> Vec<Part> {
    if part.kind.children.is_empty() || part.broken.is_some() {
        return vec![part];
    }
    let mut own = Map::new();
    let mut inside = Vec::new();
    for (key, value) in part.body.as_object().into_iter().flatten() {
        let child = part.kind.children.iter().find(|(element, _)| element == key);
        let Some(child) = child.and_then(|(_, kind)| kinds::find(kind)) else {
            own.insert(key.clone(), value.clone());
            continue;
        };
        for one in list(Some(value)) {
            let name = one.get("fullName").and_then(Value::as_str).unwrap_or_default();
            inside.push(Part {
                kind: child,
                full_name: format!("{}.{name}", part.full_name),
                file: part.file.clone(),
                body: without_name(one),
                files: Vec::new(),
                broken: None,
            });
        }
    }
    inside.insert(0, Part { body: Value::Object(own), ..part });
    inside
}

/// Writes files into a zip; the same files always give the same bytes.
pub(super) fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, String> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(path.as_str(), SimpleFileOptions::default()).map_err(|error| error.to_string())?;
        writer.write_all(content).map_err(|error| error.to_string())?;
    }
    writer.finish().map(Cursor::into_inner).map_err(|error| error.to_string())
}

/// `package.xml`.
pub(super) fn manifest(named: &[(String, Vec<String>)], version: &str) -> String {
    let types: Vec<Value> =
        named.iter().map(|(kind, members)| json!({"members": members, "name": kind})).collect();
    xml::document("Package", &json!({"types": types, "version": version}))
}

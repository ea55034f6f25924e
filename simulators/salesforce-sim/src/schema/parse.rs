//! Reading the tables of standard objects.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::json;

use super::{FieldDef, Link, ObjectDef, OnDelete};

const TABLES: [&str; 3] = [include_str!("standard.txt"), include_str!("more.txt"), include_str!("setup.txt")];

/// What every record says of its making.
pub(super) const AUDIT: [&str; 5] = [
    "CreatedDate|Created Date|datetime|dFS",
    "CreatedById|Created By ID|reference:18>User=CreatedBy|dFSG",
    "LastModifiedDate|Last Modified Date|datetime|dFS",
    "LastModifiedById|Last Modified By ID|reference:18>User=LastModifiedBy|dFSG",
    "SystemModstamp|System Modstamp|datetime|dFS",
];

/// The standard objects, in the order of the tables.
pub(crate) fn standard() -> IndexMap<String, ObjectDef> {
    objects_of(&TABLES)
}

/// The objects that these tables describe.
pub(crate) fn objects_of(tables: &[&str]) -> IndexMap<String, ObjectDef> {
    let mut objects: IndexMap<String, ObjectDef> = IndexMap::new();
    let mut current = ObjectDef::default();
    let mut links: Vec<(String, Link)> = Vec::new();
    let lines = tables.iter().flat_map(|table| table.lines()).map(str::trim_end);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix("@ ") {
            let done = std::mem::replace(&mut current, object_of(head));
            objects.insert(done.name.clone(), done);
        } else if let Some(history) = line.strip_prefix("% ") {
            let done = std::mem::take(&mut current);
            objects.insert(done.name.clone(), done);
            current = history_of(history, &mut links);
        } else if let Some(link) = line.strip_prefix("+ ") {
            links.extend(link_of(link).map(|link| (current.name.clone(), link)));
        } else if line == "= audit" {
            AUDIT.iter().for_each(|line| current.add(field_of(line)));
        } else {
            current.add(field_of(line));
        }
    }
    objects.insert(current.name.clone(), current);
    objects.shift_remove("");
    for (object, link) in links {
        if let Some(def) = objects.get_mut(&object) {
            def.link(link);
        }
    }
    add_nameless(&mut objects);
    objects
}

/// References that no table names are relationships too, without a name.
fn add_nameless(objects: &mut IndexMap<String, ObjectDef>) {
    let mut found = Vec::new();
    for def in objects.values() {
        for field in def.fields.values() {
            for target in &field.targets {
                found.push((
                    target.clone(),
                    Link {
                        object: def.name.clone(),
                        field: field.name.clone(),
                        name: None,
                        on_delete: OnDelete::Clear,
                    },
                ));
            }
        }
    }
    for (target, link) in found {
        if let Some(def) = objects.get_mut(&target) {
            def.link(link);
        }
    }
}

fn object_of(head: &str) -> ObjectDef {
    let mut parts = head.split('|').map(ToOwned::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (name, prefix, label, plural, flags) = (next(), next(), next(), next(), next().replace('w', "cud"));
    ObjectDef { name, prefix, label, plural, writable: flags.contains('c'), flags, ..ObjectDef::default() }
}

/// `Account=Histories|0h0|AccountHistory`: the record of what became of an object's tracked fields.
fn history_of(line: &str, links: &mut Vec<(String, Link)>) -> ObjectDef {
    let mut parts = line.split('|');
    let (parent, prefix, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    history_object(parent, prefix, name, &format!("{parent}Id"), links)
}

/// The history object of `parent`, and its place among the relationships.
pub(super) fn history_object(
    parent: &str,
    prefix: &str,
    name: &str,
    key: &str,
    links: &mut Vec<(String, Link)>,
) -> ObjectDef {
    let label = name.replace("__History", "").replace("History", "");
    let mut def = ObjectDef {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        label: format!("{label} History"),
        plural: format!("{label} History"),
        ..ObjectDef::default()
    };
    let relationship = key.trim_end_matches("Id");
    for line in [
        "Id|History ID|id:18|dFSG".to_owned(),
        "IsDeleted|Deleted|boolean|dFSG".to_owned(),
        format!("{key}|{parent} ID|reference:18>{parent}={relationship}|FSGs"),
        "CreatedById|Created By ID|reference:18>User=CreatedBy|dFSG".to_owned(),
        "CreatedDate|Created Date|datetime|dFS".to_owned(),
        "Field|Changed Field|picklist:255|rFSG".to_owned(),
        "DataType|Datatype|picklist:40|nrFSG".to_owned(),
        "OldValue|Old Value|anyType|n".to_owned(),
        "NewValue|New Value|anyType|n".to_owned(),
    ] {
        def.add(field_of(&line));
    }
    links.push((
        parent.to_owned(),
        Link {
            object: name.to_owned(),
            field: key.to_owned(),
            name: Some("Histories".to_owned()),
            on_delete: OnDelete::Cascade,
        },
    ));
    def
}

fn link_of(text: &str) -> Option<Link> {
    let (path, name) = text.split_once('=')?;
    let (object, field) = path.split_once('.')?;
    let (name, on_delete) = match name.as_bytes().last() {
        Some(b'!') => (name.trim_end_matches('!'), OnDelete::Cascade),
        Some(b'-') => (name.trim_end_matches('-'), OnDelete::Restrict),
        _ => (name, OnDelete::Clear),
    };
    let name = Some(name).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    Some(Link { object: object.to_owned(), field: field.to_owned(), name, on_delete })
}

pub(super) fn field_of(line: &str) -> FieldDef {
    let mut parts = line.split('|');
    let mut next = || parts.next().unwrap_or_default();
    let (name, label, kind, flags, compound, listed) = (next(), next(), next(), next(), next(), next());
    let (kind, reference) = kind.split_once('>').map_or((kind, None), |(kind, to)| (kind, Some(to)));
    let (kind, size) = kind.split_once(':').unwrap_or((kind, ""));
    let (first, second) = size.split_once(',').unwrap_or((size, ""));
    let number = |text: &str| text.parse::<u32>().unwrap_or(0);
    let decimal = matches!(kind, "double" | "currency" | "percent");
    let (targets, relationship) = reference.and_then(|to| to.split_once('=')).unwrap_or_default();
    let (mut choices, mut choice_labels, mut default) = (Vec::new(), BTreeMap::new(), None);
    for choice in listed.split(';').filter(|choice| !choice.is_empty()) {
        let (choice, is_default) = choice.strip_prefix('*').map_or((choice, false), |choice| (choice, true));
        let (value, shown) = choice.split_once('=').map_or((choice, None), |(value, own)| (value, Some(own)));
        if let Some(shown) = shown {
            choice_labels.insert(value.to_owned(), shown.to_owned());
        }
        if is_default {
            default = Some(json!(value));
        }
        choices.push(value.to_owned());
    }
    FieldDef {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: kind.to_owned(),
        length: if decimal || kind == "int" { 0 } else { number(first) },
        precision: if decimal { number(first) } else { 0 },
        scale: number(second),
        digits: if kind == "int" { number(first) } else { 0 },
        flags: flags.to_owned(),
        compound: (!compound.is_empty()).then(|| compound.to_owned()),
        choices,
        choice_labels,
        default,
        targets: targets.split(',').filter(|target| !target.is_empty()).map(ToOwned::to_owned).collect(),
        relationship: (!relationship.is_empty()).then(|| relationship.to_owned()),
        auto_number: flags.contains('A').then(|| "{00000000}".to_owned()),
        ..FieldDef::default()
    }
}

//! Every text that is used is there, in both languages, with the same values in it; and none is left over.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// The keys of a language, each with the names of the values in it, by the file that holds them.
fn catalogue(language: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut catalogue = BTreeMap::new();
    for (path, text) in files(&root().join("locales").join(language), "ftl") {
        let area = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let begins = line.starts_with(|first: char| first.is_ascii_alphabetic());
            let value = match line.split_once('=') {
                Some((name, value)) if begins => {
                    key = name.trim().to_owned();
                    let again = texts.insert(key.clone(), BTreeSet::new());
                    assert!(again.is_none(), "{key} is in {} twice", path.display());
                    value
                }
                _ => line,
            };
            for named in value.split('$').skip(1) {
                let end = named.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
                let name = &named[..end.unwrap_or(named.len())];
                texts.get_mut(&key).unwrap().insert(name.to_owned());
            }
        }
        for key in texts.keys() {
            assert!(key.starts_with(&format!("{area}-")), "{key} in {area}.ftl begins with '{area}-'");
        }
        catalogue.insert(area, texts);
    }
    catalogue
}

#[test]
fn both_languages_say_the_same_things() {
    let [english, chinese] = ["en", "zh-TW"].map(catalogue);
    assert_eq!(english.keys().collect::<Vec<_>>(), chinese.keys().collect::<Vec<_>>(), "the files");
    for (area, texts) in &english {
        let other = &chinese[area];
        for (key, values) in texts {
            assert_eq!(Some(values), other.get(key), "the values of {key} in both languages");
        }
        for key in other.keys() {
            assert!(texts.contains_key(key), "{key} is in Chinese only");
        }
    }
}

/// What may be a key, or the beginning of one that is put together (`"layout-state-{}"`): the text and whether it is whole.
fn key(literal: &str) -> Option<(&str, bool)> {
    let (literal, whole) = match literal.split_once('{') {
        Some((before, _)) => (before, false),
        None => (literal, !literal.ends_with('-')),
    };
    let fits = literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    (fits && literal.contains('-')).then_some((literal, whole))
}

#[test]
fn every_text_that_is_used_is_there_and_every_text_that_is_there_is_used() {
    let english = catalogue("en");
    let all: BTreeSet<&str> = english.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let (mut used, mut beginnings, mut missing) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut sources = files(&root().join("src"), "rs");
    sources.extend(files(&root().join("templates"), "html"));
    for (path, text) in &sources {
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        let mut before = "";
        for literal in text.split('"') {
            // In a template, other things look like keys: names of classes.
            let asked =
                is_source || ["get(", "with(", "with2(", "has("].iter().any(|call| before.ends_with(call));
            before = literal;
            // What was done is told on the page that is gone to.
            let literal = literal.split_once("?done=").map_or(literal, |(_, key)| key);
            let Some((key, whole)) = key(literal) else { continue };
            if !english.keys().any(|area| key.starts_with(&format!("{area}-"))) {
                continue;
            }
            if !whole {
                beginnings.insert(key);
            } else if all.contains(key) {
                used.insert(key);
            } else if asked {
                missing.push(format!("{}: {key}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "these texts are in no catalogue:\n{}", missing.join("\n"));
    let is_used = |key: &str| {
        let remedy_of = key.strip_suffix("-remedy").filter(|_| key.starts_with("fault-"));
        used.contains(remedy_of.unwrap_or(key)) || beginnings.iter().any(|start| key.starts_with(start))
    };
    let left: Vec<&str> = all.iter().copied().filter(|key| !is_used(key)).collect();
    assert!(left.is_empty(), "nobody uses these texts: {left:?}");
}

/// What a template shows as it stands, without markup and expressions.
fn words(template: &str) -> String {
    let pairs =
        [("<script", "</script>"), ("<svg", "</svg>"), ("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("<", ">")];
    let mut words = String::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let open = pairs.iter().find(|(open, _)| rest.starts_with(open));
        let skipped = open.and_then(|(_, close)| rest.find(close).map(|end| end + close.len()));
        words.push(if skipped.is_some() { ' ' } else { first });
        rest = &rest[skipped.unwrap_or(first.len_utf8())..];
    }
    words
}

#[test]
fn templates_hold_no_sentence() {
    for (path, text) in files(&root().join("templates"), "html") {
        let words = words(&text);
        let left: Vec<&str> = words
            .split_whitespace()
            .filter(|word| !["Tandem", "HubSpot", "Salesforce"].contains(word) && !word.starts_with('/'))
            .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1)
            .collect();
        assert!(left.is_empty(), "{} says this in one language only: {left:?}", path.display());
    }
}

//! Zips for the Metadata API.

#![allow(dead_code, reason = "not every test file needs every helper")]
#![allow(clippy::unwrap_used, reason = "only tests are here")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

/// A zip of these files.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files of a zip.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut text = String::new();
        archive.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// `package.xml`.
pub fn manifest(types: &[(&str, &[&str])]) -> String {
    let types: String = types
        .iter()
        .map(|(kind, members)| {
            let members: String =
                members.iter().map(|member| format!("<members>{member}</members>")).collect();
            format!("<types>{members}<name>{kind}</name></types>")
        })
        .collect();
    format!(
        "<Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">{types}<version>66.0</version></Package>"
    )
}

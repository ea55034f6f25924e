//! The kinds of component that the Metadata API knows, and where their files lie in a package.

use std::sync::LazyLock;

/// A kind of component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub name: &'static str,
    /// Its folder in a package; nothing for what lives inside another component's file.
    pub directory: &'static str,
    pub suffix: &'static str,
    /// Whether a file of metadata lies beside the content.
    pub meta_file: bool,
    /// Whether a component is a folder of files.
    pub bundle: bool,
    /// Whether it lives inside the file of an object.
    pub child: bool,
    pub prefix: &'static str,
    /// Elements of its file that are components of their own.
    pub children: Vec<(&'static str, &'static str)>,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let lines = include_str!("kinds.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(read).collect()
});

fn read(line: &'static str) -> Kind {
    let mut parts = line.split('|');
    let mut next = || parts.next().unwrap_or_default();
    let (name, directory, suffix, flags, prefix, children) = (next(), next(), next(), next(), next(), next());
    Kind {
        name,
        directory,
        suffix,
        meta_file: flags.contains('m'),
        bundle: flags.contains('b'),
        child: flags.contains('c'),
        prefix,
        children: children.split(';').filter_map(|pair| pair.split_once('=')).collect(),
    }
}

/// All kinds, by name.
pub(crate) fn all() -> &'static [Kind] {
    &KINDS
}

/// The kind of that name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The kind whose files lie in this folder of a package.
pub(crate) fn in_directory(directory: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| !kind.directory.is_empty() && kind.directory == directory)
}

/// The element of an object's file that holds components of this kind.
pub(crate) fn element_of(child: &str) -> Option<&'static str> {
    let object = find("CustomObject")?;
    object.children.iter().find(|(_, kind)| *kind == child).map(|(element, _)| *element)
}

impl Kind {
    /// Where a component's main file lies, without the package's own folder.
    pub fn file(&self, full_name: &str) -> String {
        if self.child {
            let object = full_name.split_once('.').map_or(full_name, |(object, _)| object);
            return format!("objects/{object}.object");
        }
        match self.bundle {
            true => format!("{}/{full_name}", self.directory),
            false => format!("{}/{full_name}.{}", self.directory, self.suffix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_know_their_files() {
        assert_eq!(
            find("Layout").unwrap().file("Contact-Contact Layout"),
            "layouts/Contact-Contact Layout.layout"
        );
        assert_eq!(find("CustomField").unwrap().file("Contact.A__c"), "objects/Contact.object");
        assert_eq!(find("LightningComponentBundle").unwrap().file("embed"), "lwc/embed");
        assert_eq!(element_of("CustomField"), Some("fields"));
        assert!(in_directory("").is_none());
    }
}

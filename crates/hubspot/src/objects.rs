//! Reading and archiving records.

/// Which records to read at once, and what of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchRead {
    /// Record ids, or values of `id_property`. Any number; repeated ones are asked once.
    pub ids: Vec<String>,
    /// A unique property that `ids` are values of; record ids where none.
    pub id_property: Option<String>,
    /// Properties wanted.
    pub properties: Vec<String>,
    /// Properties wanted with their history.
    pub with_history: Vec<String>,
    /// Reads archived records instead of live ones.
    pub archived: bool,
}

/// What a batch read found.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAnswer<T> {
    /// The records, in no particular order. One asked for by an old id of a merged record comes back under its
    /// present id.
    pub found: Vec<T>,
    /// Those asked for that do not exist.
    pub missing: Vec<String>,
}

/// One page of a list of all records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// Properties wanted.
    pub properties: Vec<String>,
    /// Properties wanted with their history (then at most 50 records a page).
    pub with_history: Vec<String>,
    /// Page size, at most 100; 0 for the most.
    pub limit: u32,
    /// Where the page starts, from the page before.
    pub after: Option<String>,
    /// Lists archived records instead of live ones.
    pub archived: bool,
}

/// One page of anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// This page's items.
    pub results: Vec<T>,
    /// Where the next page starts; none on the last.
    pub after: Option<String>,
}

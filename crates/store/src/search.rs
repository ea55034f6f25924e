//! Finding a pair by what people know of it: a name, an address, an id of either platform.
//!
//! The words of each pair are kept beside its shadows, in the same transaction. A word is found by its beginning.

use std::collections::BTreeSet;

use model::{ConnectionId, Side, Sides, Value, Values};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params, params_from_iter};

use crate::db::from_json;
use crate::{Link, LinkId, Store, StoreError, Tx};

/// Words kept of one value.
const WORDS: usize = 16;
/// Characters kept of one word.
const LONGEST: usize = 64;
/// Words of a question that are looked at.
const ASKED: usize = 8;
/// Where so many pairs have a word, another word is tried first.
const COMMON: i64 = 2_000;
/// Pairs with the rarest word that are looked through for the others.
const LOOKED_THROUGH: i64 = 20_000;

/// Fields of either platform that say what a record is called, the most telling first.
const NAMES: [&str; 12] = [
    "name",
    "firstname",
    "lastname",
    "dealname",
    "subject",
    "company",
    "domain",
    "website",
    "casenumber",
    "email",
    "hs_additional_emails",
    "hs_object_name",
];

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A pair.
    Pair(Box<Link>),
    /// A record that is in no pair, of which something is known: an error or a line of history.
    Single {
        /// Its connection.
        connection: ConnectionId,
        /// Its side.
        side: Side,
        /// Its object.
        object: String,
        /// Its id.
        record: String,
    },
}

impl Link {
    /// What people call its records: a name, else an address, else nothing.
    #[must_use]
    pub fn title(&self) -> String {
        title_of(&self.shadows)
    }

    /// The email address its records have.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        [&self.shadows.hubspot, &self.shadows.salesforce]
            .into_iter()
            .flat_map(|values| values.iter())
            .find_map(|(field, value)| field.eq_ignore_ascii_case("email").then(|| value.to_string()))
            .filter(|text| !text.trim().is_empty())
    }
}

/// What people call a record that holds these values.
fn title_of(shadows: &Sides<Values>) -> String {
    let held = |name: &str| {
        let of = |values: &Values| {
            let found = values.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_string()).filter(|text| !text.trim().is_empty())
        };
        of(&shadows.hubspot).or_else(|| of(&shadows.salesforce))
    };
    let person: Vec<String> = ["firstname", "lastname"].iter().filter_map(|name| held(name)).collect();
    if !person.is_empty() {
        return person.join(" ");
    }
    let by_name = NAMES.iter().find_map(|name| held(name));
    let any_name = || {
        let mut all = shadows.hubspot.iter().chain(&shadows.salesforce);
        all.find(|(field, value)| is_name(field) && !value.is_blank()).map(|(_, value)| value.to_string())
    };
    by_name.or_else(any_name).unwrap_or_default()
}

/// Whether a field says what a record is called.
fn is_name(field: &str) -> bool {
    let field = field.to_lowercase();
    let field = field.trim_end_matches("__c");
    NAMES.contains(&field) || field.ends_with("name")
}

/// The words by which a pair that holds these values is found.
fn terms(shadows: &Sides<Values>) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for (field, value) in shadows.hubspot.iter().chain(&shadows.salesforce) {
        let Value::Text(text) = value else { continue };
        if is_name(field) {
            words(text, &mut terms);
        }
    }
    terms
}

/// The words of a text: each as it is written, its parts, an address also by its domain. Chinese, Japanese and Korean
/// names are written without spaces, so they are found from each of their characters on.
fn words(text: &str, terms: &mut BTreeSet<String>) {
    let text = text.to_lowercase();
    let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
    for word in
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '(' | ')')).take(WORDS)
    {
        let word: String = trimmed(word).chars().take(LONGEST).collect();
        if word.is_empty() {
            continue;
        }
        if let Some((_, domain)) = word.split_once('@') {
            terms.insert(domain.to_owned());
        } else {
            let parts = word.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 1);
            terms.extend(parts.take(WORDS).map(ToOwned::to_owned));
            let starts = word.char_indices().filter(|(_, c)| is_without_spaces(*c)).map(|(at, _)| at);
            terms.extend(starts.take(WORDS).filter_map(|at| word.get(at..)).map(ToOwned::to_owned));
        }
        terms.insert(word);
    }
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Whether it belongs to a script that is written without spaces.
fn is_without_spaces(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

/// The words that a question asks for.
fn asked(question: &str) -> Vec<String> {
    let question = question.to_lowercase();
    let words = question.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    // The beginning of an address may end with its sign.
    let words = words.map(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let word = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '@');
        word.chars().take(LONGEST).collect::<String>()
    });
    words.filter(|word| !word.is_empty()).take(ASKED).collect()
}

/// What comes after all words that begin so.
fn after(word: &str) -> String {
    format!("{word}\u{10ffff}")
}

impl Store {
    /// Records of any connection that have this name, address or id, at most `limit`. Each word is a beginning; all must be
    /// met. An id is met whole.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn search(&self, question: &str, limit: usize) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::new();
        for connection in self.connections()? {
            found.extend(self.by_id(&connection.id, question.trim())?);
        }
        let words = asked(question);
        if words.is_empty() || found.len() >= limit {
            found.truncate(limit);
            return Ok(found);
        }
        for id in self.links_with(&words, limit - found.len())? {
            let known = |found: &Found| matches!(found, Found::Pair(link) if link.id == id);
            if !found.iter().any(known) {
                found.extend(self.link(id)?.map(|link| Found::Pair(Box::new(link))));
            }
        }
        Ok(found)
    }

    /// What is known under this id.
    fn by_id(&self, connection: &ConnectionId, id: &str) -> Result<Vec<Found>, StoreError> {
        let id = model::salesforce_id_18(id).unwrap_or_else(|| id.to_owned());
        self.read(|tx| {
            let mut statement = tx.db.prepare_cached(
                "SELECT id FROM link WHERE connection = ?1 AND hubspot_id = ?2 \
                 UNION SELECT id FROM link WHERE connection = ?1 AND salesforce_id = ?2 ORDER BY 1",
            )?;
            let rows = statement.query_map(params![connection.as_str(), id], |row| Ok(LinkId(row.get(0)?)))?;
            let links: Vec<LinkId> = rows.collect::<Result<_, _>>()?;
            let mut found = Vec::new();
            for link in links {
                found.extend(tx.link(link)?.map(|link| Found::Pair(Box::new(link))));
            }
            let mut statement = tx.db.prepare_cached(
                "SELECT side, object FROM sync_error WHERE connection = ?1 AND record = ?2 AND resolved_at IS NULL \
                 UNION SELECT side, object FROM history WHERE connection = ?1 AND record = ?2 ORDER BY 1, 2",
            )?;
            let rows = statement.query_map(params![connection.as_str(), id], |row| {
                Ok((crate::link::side_of(&row.get::<_, String>(0)?), row.get::<_, String>(1)?))
            })?;
            for row in rows {
                let (side, object) = row?;
                let in_pair = found.iter().any(|found| {
                    matches!(found, Found::Pair(link) if link.record(side) == id && link.object(side) == object)
                });
                if !in_pair {
                    let record = id.clone();
                    found.push(Found::Single { connection: connection.clone(), side, object, record });
                }
            }
            Ok(found)
        })
    }

    /// The pairs that have a word with each of these beginnings.
    fn links_with(&self, words: &[String], limit: usize) -> Result<Vec<LinkId>, StoreError> {
        self.read(|tx| {
            // The rarest word is looked up; its pairs are looked through for the others.
            let mut counted = Vec::new();
            for word in words {
                let mut statement = tx.db.prepare_cached(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM search WHERE term >= ?1 AND term < ?2 LIMIT ?3)",
                )?;
                let count: i64 = statement.query_row(params![word, after(word), COMMON], |row| row.get(0))?;
                counted.push((count, word));
            }
            counted.sort();
            let Some(((_, rarest), others)) = counted.split_first() else { return Ok(Vec::new()) };
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut parameters = vec![Sql::from((*rarest).clone()), Sql::from(after(rarest))];
            parameters.extend([Sql::from(limit), Sql::from(LOOKED_THROUGH)]);
            let mut too = String::new();
            for (_, word) in others {
                parameters.extend([Sql::from((*word).clone()), Sql::from(after(word))]);
                let last = parameters.len();
                too += &format!(
                    " AND EXISTS (SELECT 1 FROM search AS other WHERE other.link = found.link \
                     AND other.term >= ?{} AND other.term < ?{last})",
                    last - 1
                );
            }
            let mut statement = tx.db.prepare_cached(&format!(
                "SELECT DISTINCT found.link FROM (SELECT link FROM search WHERE term >= ?1 AND term < ?2 \
                 ORDER BY term, link LIMIT ?4) AS found WHERE 1 = 1{too} LIMIT ?3"
            ))?;
            let rows = statement.query_map(params_from_iter(parameters), |row| Ok(LinkId(row.get(0)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

impl Tx<'_> {
    /// Keeps the words of a pair that holds these values now.
    pub(crate) fn set_terms(&self, link: LinkId, shadows: &Sides<Values>) -> Result<(), StoreError> {
        set_terms(self.db, link, &terms(shadows))
    }
}

fn set_terms(db: &Connection, link: LinkId, wanted: &BTreeSet<String>) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached("SELECT term FROM search WHERE link = ?1")?;
    let kept: BTreeSet<String> =
        statement.query_map([link.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut delete = db.prepare_cached("DELETE FROM search WHERE term = ?1 AND link = ?2")?;
    for term in kept.difference(wanted) {
        delete.execute(params![term, link.0])?;
    }
    let mut insert = db.prepare_cached("INSERT INTO search (term, link) VALUES (?1, ?2)")?;
    for term in wanted.difference(&kept) {
        insert.execute(params![term, link.0])?;
    }
    Ok(())
}

/// Keeps the words of all pairs that a database of an older version holds.
pub(crate) fn index_all(db: &Connection) -> Result<(), StoreError> {
    let mut statement = db.prepare("SELECT id, hubspot_shadow, salesforce_shadow FROM link ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (hubspot, salesforce): (String, String) = (row.get(1)?, row.get(2)?);
        let shadows = Sides {
            hubspot: from_json("the shadow of a link", &hubspot)?,
            salesforce: from_json("the shadow of a link", &salesforce)?,
        };
        set_terms(db, LinkId(row.get(0)?), &terms(&shadows))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_by(text: &str) -> Vec<String> {
        let mut terms = BTreeSet::new();
        words(text, &mut terms);
        terms.into_iter().collect()
    }

    #[test]
    fn a_name_is_found_by_each_of_its_words() {
        assert_eq!(found_by("Ada  O'Brien-Smith"), ["ada", "brien", "o'brien-smith", "smith"]);
        assert_eq!(found_by("王小明"), ["小明", "明", "王小明"]);
        assert_eq!(found_by("Ada@Basalt.example"), ["ada@basalt.example", "basalt.example"]);
        assert_eq!(
            found_by("https://www.basalt.example/about"),
            ["about", "basalt", "basalt.example", "example"]
        );
        assert_eq!(found_by(" - "), Vec::<String>::new());
    }

    #[test]
    fn a_question_is_asked_in_whole_words() {
        assert_eq!(asked("  Ada, LOVE "), ["ada", "love"]);
        assert_eq!(asked("\"ada@basalt.example\""), ["ada@basalt.example"]);
        assert_eq!(asked("ada@"), ["ada@"]);
        assert_eq!(asked("@basalt"), ["basalt"]);
        assert!(asked(" ,; ").is_empty());
    }
}

//! The table: scenarios in plain lines, read strictly. What is not understood is an error, never skipped.

use std::path::Path;

use crate::row::{self, Expected, Step};

/// A statement about how the sync behaves, and a story that shows it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, which docs/behaviour.md uses too.
    pub name: String,
    /// The file it is in.
    pub file: String,
    /// The section of docs/behaviour.md that it belongs to.
    pub section: String,
    /// What it shows, in a sentence.
    pub says: String,
    /// The story.
    pub rows: Vec<Row>,
}

/// One line of the story.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its line in the file.
    pub line: usize,
    /// What it does or expects.
    pub what: What,
}

/// What a line does or expects.
#[derive(Debug, Clone)]
pub enum What {
    /// Something that people or the world do.
    Step(Step),
    /// Something that must hold after the pass that follows the steps before it.
    Then(Expected),
}

/// Reads a file of scenarios.
///
/// # Errors
/// The first line that is not understood, and scenarios that cannot fail.
pub fn read(path: &Path) -> Result<Vec<Scenario>, String> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
    parse(&file, &text)
}

/// Reads the text of such a file.
///
/// # Errors
/// See [`read`].
pub fn parse(file: &str, text: &str) -> Result<Vec<Scenario>, String> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let wrong = |why: String| format!("{file}:{number}: {why}\n    {line}");
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (key, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let rest = rest.trim();
        if key == "scenario" {
            if !line.starts_with("scenario") || !is_name(rest) {
                return Err(wrong(
                    "a scenario begins at the margin and has a name of small letters and dashes".into(),
                ));
            }
            scenarios.push(Scenario {
                name: rest.to_owned(),
                file: file.to_owned(),
                section: String::new(),
                says: String::new(),
                rows: Vec::new(),
            });
            continue;
        }
        let scenario = scenarios.last_mut().ok_or_else(|| wrong("this belongs to no scenario".into()))?;
        match key {
            "section" if scenario.section.is_empty() => scenario.section = rest.to_owned(),
            "says" if scenario.rows.is_empty() => {
                if !scenario.says.is_empty() {
                    scenario.says.push(' ');
                }
                scenario.says.push_str(rest);
            }
            "given" | "when" => {
                let then = |row: &Row| matches!(row.what, What::Then(_));
                if key == "given" && scenario.rows.iter().any(then) {
                    return Err(wrong("'given' comes before the first 'then'".into()));
                }
                let step = row::step(rest).map_err(wrong)?;
                scenario.rows.push(Row { line: number, what: What::Step(step) });
            }
            "then" => {
                let expected = row::expected(rest).map_err(wrong)?;
                scenario.rows.push(Row { line: number, what: What::Then(expected) });
            }
            _ => return Err(wrong(format!("'{key}' is not known here"))),
        }
    }
    for scenario in &scenarios {
        let name = &scenario.name;
        if scenario.section.is_empty() || scenario.says.is_empty() {
            return Err(format!("{file}: {name} must have a section and say what it shows"));
        }
        if !matches!(scenario.rows.last(), Some(Row { what: What::Then(_), .. })) {
            return Err(format!("{file}: {name} must end with what is expected, or it could not fail"));
        }
    }
    Ok(scenarios)
}

/// Whether this may be the name of a scenario or a record.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fits)
}

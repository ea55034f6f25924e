//! docs/behaviour.md names every scenario, and each that it names is there.

use std::collections::BTreeSet;
use std::path::Path;

use engine::Category;

use crate::row::Expected;
use crate::table::{Scenario, What};

/// Compares the page with the table.
pub fn check(scenarios: &[Scenario]) -> Result<(), String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/behaviour.md");
    let text = std::fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    compare(&text, scenarios)
}

/// Compares this text with the table.
pub fn compare(text: &str, scenarios: &[Scenario]) -> Result<(), String> {
    let mut section = String::new();
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if let Some(title) = line.strip_prefix("## ") {
            section = title.split(['.', ' ']).next().unwrap_or_default().to_owned();
        }
        if !line.starts_with('|') || section.parse::<u32>().is_err() {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [_, verdict, shown] = cells.as_slice() else {
            wrong.push(format!("line {number} has {} cells, not three", cells.len()));
            continue;
        };
        if verdict.starts_with("---") || *verdict == "here" {
            continue;
        }
        let known = ["same", "better:", "left out:", "not there yet", "elsewhere:"];
        if !known.iter().any(|word| verdict.starts_with(word)) {
            wrong.push(format!("line {number}: '{verdict}' is none of {known:?}"));
        }
        let here: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        let shows = verdict.starts_with("same") || verdict.starts_with("better:");
        if shows && here.is_empty() {
            wrong.push(format!("line {number} says that it works and names no scenario that shows it"));
        }
        for name in here {
            match scenarios.iter().find(|scenario| scenario.name == name) {
                None => wrong.push(format!("line {number}: there is no scenario {name}")),
                Some(one) if one.section.split('.').next() != Some(section.as_str()) => {
                    wrong.push(format!("line {number}: {name} belongs to section {}", one.section));
                }
                Some(_) => {
                    named.insert(name.to_owned());
                }
            }
        }
    }
    for scenario in scenarios.iter().filter(|scenario| !named.contains(&scenario.name)) {
        wrong.push(format!("{} (section {}) is not named", scenario.name, scenario.section));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("docs/behaviour.md:\n  {}", wrong.join("\n  "))) }
}

/// Every kind of error that the engine knows is shown by a scenario.
pub fn errors(scenarios: &[Scenario]) -> Result<(), String> {
    let shown: BTreeSet<&str> = scenarios
        .iter()
        .flat_map(|scenario| &scenario.rows)
        .filter_map(|row| match &row.what {
            What::Then(Expected::Error { category, .. }) => Some(category.as_str()),
            _ => None,
        })
        .collect();
    let missing: Vec<&str> = Category::ALL
        .into_iter()
        .map(Category::as_str)
        .filter(|category| !shown.contains(category))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no scenario has an error of kind {missing:?}")) }
}

//! `tandem errors` and `tandem retry`: what could not be synced, why, what to do, and trying it again.

use clap::{Args, ValueEnum};
use comfy_table::Table;
use jiff::Timestamp;
use serde_json::json;
use store::{ErrorFilter, ErrorGroup, ErrorRow};

use super::lists::table;
use crate::data;

/// Records named as examples of a group.
const EXAMPLES: usize = 3;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    data: data::Place,
    /// Only this category (property_value, picklist, required_field, duplicate, permission, association, …)
    #[arg(long)]
    category: Option<String>,
    /// Only this record
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Every record and field, not a line for each kind
    #[arg(long)]
    all: bool,
    /// With --json: a line for each kind, not for each record and field
    #[arg(long, requires = "json")]
    grouped: bool,
    /// Every record and field in this form, on standard output
    #[arg(long, value_name = "FORM")]
    export: Option<Form>,
}

/// A form in which errors are exported.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Form {
    /// Comma-separated values, with a header.
    Csv,
}

#[derive(Debug, Args)]
pub struct RetryArguments {
    #[command(flatten)]
    data: data::Place,
    /// Only this category
    #[arg(long)]
    category: Option<String>,
    /// Only this record
    #[arg(long, value_name = "ID")]
    record: Option<String>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let filter = ErrorFilter {
        category: arguments.category.clone(),
        record: arguments.record.clone(),
        ..ErrorFilter::default()
    };
    if arguments.grouped || !(arguments.all || arguments.data.json || arguments.export.is_some()) {
        let groups = folder.store.error_groups(&connection.id, &filter, EXAMPLES)?;
        print_groups(&groups, arguments.data.json);
        return Ok(());
    }
    let errors = folder.store.errors(&connection.id, &filter)?;
    if let Some(Form::Csv) = arguments.export {
        print!("{}", csv(&errors));
    } else if arguments.data.json {
        for row in &errors {
            println!("{}", line(row));
        }
    } else {
        print_all(&errors);
    }
    Ok(())
}

pub fn retry(arguments: &RetryArguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let filter = ErrorFilter {
        category: arguments.category.clone(),
        record: arguments.record.clone(),
        ..ErrorFilter::default()
    };
    let records = engine::retry(&folder.store, &connection.id, &filter, Timestamp::now())?;
    if arguments.data.json {
        println!("{}", json!({ "records": records }));
    } else {
        println!(
            "{records} records are tried again: at once by a running `tandem serve`, else by the next `tandem sync --once`."
        );
    }
    Ok(())
}

fn line(row: &ErrorRow) -> serde_json::Value {
    let error = &row.error;
    json!({
        "side": error.side, "object": error.object, "record": error.record, "field": error.field,
        "category": error.category, "code": error.code, "message": error.message,
        "cause": engine::remedy_for(&error.code).cause, "remedy": error.remedy,
        "first_seen": row.first_seen, "last_seen": error.at, "tries": row.tries,
    })
}

fn print_groups(groups: &[ErrorGroup], json: bool) {
    if json {
        for group in groups {
            let line = json!({
                "category": group.category, "code": group.code, "side": group.side, "object": group.object,
                "field": group.field, "records": group.records, "tries": group.tries, "first_seen": group.first_seen,
                "last_seen": group.last_seen, "examples": group.examples, "message": group.message,
                "cause": engine::remedy_for(&group.code).cause, "remedy": group.remedy,
            });
            println!("{line}");
        }
        return;
    }
    if groups.is_empty() {
        println!("Everything could be synced.");
        return;
    }
    let mut lines: Table =
        table(&["Records", "Where", "What happened", "Why", "What to do", "Seen", "For example"]);
    for group in groups {
        let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        let field = group.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
        lines.add_row([
            group.records.to_string(),
            format!("{} {}{field}", group.side, group.object),
            format!("{} ({}, {})", group.message, group.category, group.code),
            engine::remedy_for(&group.code).cause.to_owned(),
            group.remedy.clone(),
            format!("{} to {}", at(group.first_seen), at(group.last_seen)),
            group.examples.join(", "),
        ]);
    }
    println!("{lines}");
    println!("`tandem errors --all` lists every record; `tandem retry` tries them again at once.");
}

fn print_all(errors: &[ErrorRow]) {
    if errors.is_empty() {
        println!("Everything could be synced.");
        return;
    }
    let mut lines = table(&["Record", "Field", "What happened", "What to do", "Tries"]);
    for row in errors {
        let error = &row.error;
        lines.add_row([
            format!("{} {} {}", error.side, error.object, error.record),
            error.field.clone().unwrap_or_default(),
            format!("{} ({})", error.message, error.code),
            error.remedy.clone(),
            row.tries.to_string(),
        ]);
    }
    println!("{lines}");
}

fn csv(errors: &[ErrorRow]) -> String {
    let mut text = String::from(
        "side,object,record,field,category,code,message,cause,remedy,first_seen,last_seen,tries\r\n",
    );
    for row in errors {
        let error = &row.error;
        let cells = [
            error.side.as_str().to_owned(),
            error.object.clone(),
            error.record.clone(),
            error.field.clone().unwrap_or_default(),
            error.category.clone(),
            error.code.clone(),
            error.message.clone(),
            engine::remedy_for(&error.code).cause.to_owned(),
            error.remedy.clone(),
            row.first_seen.to_string(),
            error.at.to_string(),
            row.tries.to_string(),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell as a spreadsheet takes it: what begins like a formula is kept from being one.
fn quoted(cell: &str) -> String {
    let plain = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() };
    if plain.contains([',', '"', '\n', '\r']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}

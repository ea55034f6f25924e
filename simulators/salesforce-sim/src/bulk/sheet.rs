//! What a bulk query answers, as columns and rows.

use serde_json::Value;

use super::csv::{self, Dialect};
use crate::error::Refusal;
use crate::org::Org;
use crate::soql::ast::{FieldSet, Operand, Path, Query, SelectItem};
use crate::soql::{self, Data, FieldKind, Request};

/// Objects that the Bulk APIs do not know.
const UNKNOWN: [&str; 14] = [
    "AcceptedEventRelation",
    "CaseStatus",
    "ContractStatus",
    "DeclinedEventRelation",
    "FieldSecurityClassification",
    "KnowledgeArticle",
    "OrderStatus",
    "PartnerRole",
    "RecentlyViewed",
    "SolutionStatus",
    "TaskPriority",
    "TaskStatus",
    "UndecidedEventRelation",
    "UserRecordAccess",
];

/// Whether the Bulk APIs know an object.
pub(super) fn knows(object: &str) -> bool {
    !UNKNOWN.iter().any(|name| name.eq_ignore_ascii_case(object))
}

/// The refusal for an object that the Bulk APIs do not know.
pub(super) fn unknown_entity(object: &str) -> Refusal {
    Refusal::new("INVALIDENTITY", format!("Entity '{object}' is not supported by the Bulk API."))
}

/// One selected field: its name in the header, the way to it, its kind.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub path: Vec<String>,
    pub kind: FieldKind,
}

impl Column {
    /// The value in a record, null where a parent is missing.
    pub fn of<'a>(&self, record: &'a Value) -> &'a Value {
        self.path.iter().fold(record, |value, part| value.get(part).unwrap_or(&Value::Null))
    }

    /// The value as CSV and XML have it.
    pub fn text(&self, record: &Value) -> String {
        text_of(self.of(record), self.kind)
    }
}

/// A value as a text: moments end in `Z`.
fn text_of(value: &Value, kind: FieldKind) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if kind == FieldKind::DateTime => {
            text.strip_suffix("+0000").map_or_else(|| text.clone(), |plain| format!("{plain}Z"))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The selected columns; refuses what bulk queries cannot do.
pub(super) fn columns(query: &Query, org: &Org) -> Result<Vec<Column>, Refusal> {
    let object = org.object(&query.from.text).map(|object| object.name);
    // Unknown objects and fields are refused when the query runs, in the words of SOQL.
    let object = object.unwrap_or_else(|| query.from.text.clone());
    if query.is_count() || !query.group_by.is_empty() || query.having.is_some() {
        return Err(unsupported(
            "Aggregate Relationships not supported in Bulk V2 Query with CSV content type.",
        ));
    }
    if query.offset > 0 {
        // assumed: the wording; that OFFSET is refused is documented
        return Err(unsupported("OFFSET clause not supported in Bulk Query"));
    }
    let mut columns = Vec::new();
    for item in &query.select {
        match item {
            SelectItem::Value { operand: Operand::Field(path), alias } => {
                columns.push(column(query, org, &object, path, alias.as_deref())?);
            }
            SelectItem::Value { operand: Operand::Call(call), alias } => {
                if let soql::ast::Function::Aggregate(_) = call.function {
                    let message =
                        "Aggregate Relationships not supported in Bulk V2 Query with CSV content type.";
                    return Err(unsupported(message));
                }
                columns.push(column(query, org, &object, &call.field, alias.as_deref())?);
            }
            SelectItem::Fields { set: FieldSet::Standard, .. } => {
                let fields = org.fields(&object).into_iter();
                let plain = fields.filter(|field| !field.custom && field.kind != FieldKind::Compound);
                columns.extend(plain.map(|field| Column {
                    path: vec![field.name.clone()],
                    name: field.name,
                    kind: field.kind,
                }));
            }
            SelectItem::Fields { .. } => {
                // assumed: the wording; that only FIELDS(STANDARD) is allowed is documented
                return Err(unsupported("FIELDS(ALL) and FIELDS(CUSTOM) are not supported in Bulk Query"));
            }
            SelectItem::Count { .. } | SelectItem::Children(_) => {
                let message = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type.";
                return Err(unsupported(message));
            }
            SelectItem::TypeOf(_) => {
                return Err(unsupported("TYPEOF not supported in Bulk Query"));
            }
        }
    }
    Ok(columns)
}

fn unsupported(message: &str) -> Refusal {
    Refusal::new("API_ERROR", message)
}

fn column(
    query: &Query,
    org: &Org,
    object: &str,
    path: &Path,
    alias: Option<&str>,
) -> Result<Column, Refusal> {
    let mut parts = path.parts.as_slice();
    if let [first, rest @ ..] = parts
        && !rest.is_empty()
        && [Some(query.from.text.as_str()), query.alias.as_deref()]
            .iter()
            .flatten()
            .any(|own| own.eq_ignore_ascii_case(first))
        && org.relationship(object, first).is_none()
    {
        parts = rest;
    }
    let mut at = object.to_owned();
    let mut names = Vec::new();
    let mut kind = FieldKind::Text;
    for (index, part) in parts.iter().enumerate() {
        if index + 1 < parts.len() {
            let way = org.relationship(&at, part);
            names.push(way.as_ref().map_or_else(|| part.clone(), |way| way.name.clone()));
            at = way.and_then(|way| way.targets.into_iter().next()).unwrap_or_default();
        } else {
            let field = org.field(&at, part);
            kind = field.as_ref().map_or(FieldKind::Text, |field| field.kind);
            names.push(field.map_or_else(|| part.clone(), |field| field.name));
        }
    }
    if kind == FieldKind::Compound {
        return Err(unsupported("Selecting compound data not supported in Bulk Query"));
    }
    let name = names.join(".");
    match alias {
        Some(alias) => Ok(Column { name: alias.to_owned(), path: vec![alias.to_owned()], kind }),
        None => Ok(Column { name, path: names, kind }),
    }
}

/// An answer as CSV, with the places where rows end.
#[derive(Debug)]
pub(super) struct Sheet {
    header: Vec<u8>,
    body: Vec<u8>,
    ends: Vec<usize>,
}

impl Sheet {
    pub fn of(
        query: &Query,
        request: &Request,
        org: &Org,
        columns: &[Column],
        dialect: Dialect,
    ) -> Result<Self, soql::SoqlError> {
        let mut header = csv::writer(dialect);
        csv::add(&mut header, columns.iter().map(|column| column.name.as_bytes()));
        let mut rows = csv::writer(dialect);
        let mut ends = Vec::new();
        soql::execute_each(query, request, org, |record| {
            csv::add(&mut rows, columns.iter().map(|column| column.text(record)));
            // What is in the writer's own buffer is not counted yet.
            drop(rows.flush());
            ends.push(rows.get_ref().len());
        })?;
        let sheet = Self { header: csv::finish(header), body: csv::finish(rows), ends };
        Ok(sheet)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The header and these rows.
    pub fn part(&self, from: usize, to: usize) -> Vec<u8> {
        let end_of = |row: usize| if row == 0 { 0 } else { self.ends.get(row - 1).copied().unwrap_or(0) };
        let mut part = self.header.clone();
        part.extend(self.body.get(end_of(from)..end_of(to)).unwrap_or_default());
        part
    }
}

//! What a statement selects, without its rows: `query?columns=true`, which the Salesforce CLI asks for.

use serde_json::{Value, json};

use super::query::failed;
use super::{Api, Done, Reply};
use crate::org::Org;
use crate::schema::FieldDef;
use crate::soql::ast::{Aggregate, FieldSet, Function, Operand, Path, Query, SelectItem};
use crate::soql::{self, Data as _};

impl Api<'_> {
    /// The columns of a statement.
    pub(super) fn columns(&self, text: String, version: &str) -> Done {
        let query = soql::parse(&text).map_err(failed)?;
        let scope = soql::Scope::Live;
        let request = soql::Request { text, now: self.now, scope, version: version.to_owned() };
        let org = &self.state.org;
        // A statement that cannot be run has no columns either.
        soql::execute_first(&query, &request, org, 0).map_err(failed)?;
        let object = org.object(&query.from.text).map(|object| object.name).unwrap_or_default();
        let columns = of(org, &query, &object);
        let prefix = org.table(&object).map(|table| table.def.prefix.clone());
        let id = columns.iter().any(|column| column["columnName"] == "Id");
        Ok(Reply::ok(json!({
            "columnMetadata": columns, "entityName": object, "groupBy": !query.group_by.is_empty(), "idSelected": id,
            "keyPrefix": prefix,
        })))
    }
}

fn of(org: &Org, query: &Query, object: &str) -> Vec<Value> {
    let mut columns = Vec::new();
    let mut unnamed = 0;
    for item in &query.select {
        match item {
            SelectItem::Value { operand: Operand::Field(path), .. } => {
                columns.push(field(org, object, &parts(org, query, object, path)));
            }
            SelectItem::Value { operand: Operand::Call(call), alias } => {
                let Function::Aggregate(aggregate) = call.function else {
                    let parts = parts(org, query, object, &call.field);
                    columns.push(field(org, object, &parts));
                    continue;
                };
                let name = alias.clone().unwrap_or_else(|| {
                    unnamed += 1;
                    format!("expr{}", unnamed - 1)
                });
                let shown = format!("{}({})", called(aggregate), call.field.parts.join("."));
                columns.push(column(&name, &shown, true, Vec::new(), None));
            }
            SelectItem::Count { .. } => {}
            SelectItem::Fields { set, .. } => {
                let wanted = |custom: bool| match set {
                    FieldSet::All => true,
                    FieldSet::Standard => !custom,
                    FieldSet::Custom => custom,
                };
                let own = org.fields(object).into_iter().filter(|info| wanted(info.custom));
                columns.extend(own.map(|info| field(org, object, &[info.name])));
            }
            SelectItem::Children(children) => {
                let name = &children.from.text;
                let child = org.child_relationship(object, name);
                let child = child.map(|child| child.object).unwrap_or_default();
                columns.push(column(name, name, true, of(org, children, &child), None));
            }
            SelectItem::TypeOf(type_of) => {
                let name = type_of.relationship.parts.join(".");
                let targets = type_of.when.iter();
                let inside = targets.flat_map(|(target, paths)| {
                    paths.iter().map(|path| field(org, &target.text, &path.parts))
                });
                columns.push(column(&name, &name, false, inside.collect(), None));
            }
        }
    }
    columns
}

/// A path without the name that the statement gives its object.
fn parts(org: &Org, query: &Query, object: &str, path: &Path) -> Vec<String> {
    let own = |first: &str| {
        let alias = query.alias.as_deref().is_some_and(|alias| alias.eq_ignore_ascii_case(first));
        alias || first.eq_ignore_ascii_case(object) && org.relationship(object, first).is_none()
    };
    match path.parts.split_first() {
        Some((first, rest)) if !rest.is_empty() && own(first) => rest.to_vec(),
        _ => path.parts.clone(),
    }
}

fn field(org: &Org, object: &str, parts: &[String]) -> Value {
    let Some((first, rest)) = parts.split_first() else { return Value::Null };
    if rest.is_empty() {
        let found = org.table(object).and_then(|table| table.def.field(first));
        let own = found.map(|(_, field)| &**field);
        let name = own.map_or(first.as_str(), |own| &own.name);
        return column(name, name, false, Vec::new(), own);
    }
    let way = org.relationship(object, first);
    let target = way.as_ref().and_then(|way| way.targets.first()).map_or("", String::as_str);
    let name = way.as_ref().map_or(first.as_str(), |way| &way.name);
    column(name, name, false, vec![field(org, target, rest)], None)
}

fn column(name: &str, shown: &str, aggregate: bool, joined: Vec<Value>, own: Option<&FieldDef>) -> Value {
    let kind = own.map_or("", |own| own.kind.as_str());
    let number = matches!(kind, "int" | "double" | "currency" | "percent");
    let apex = match kind {
        "id" | "reference" => "Id",
        "boolean" => "Boolean",
        "int" => "Integer",
        "double" | "currency" | "percent" => "Double",
        "date" => "Date",
        "datetime" => "Datetime",
        "address" => "Address",
        "location" => "Location",
        _ => "String",
    };
    let can = |flag| own.is_some_and(|own| own.has(flag));
    json!({
        "aggregate": aggregate, "apexType": apex, "booleanType": kind == "boolean", "columnName": name,
        "custom": own.is_some_and(|own| own.custom), "displayName": shown, "foreignKeyName": null, "insertable": can('c'),
        "joinColumns": joined, "numberType": number, "textType": apex == "String", "updatable": can('u'),
    })
}

fn called(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "count",
        Aggregate::CountDistinct => "count_distinct",
        Aggregate::Sum => "sum",
        Aggregate::Avg => "avg",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Grouping => "grouping",
    }
}

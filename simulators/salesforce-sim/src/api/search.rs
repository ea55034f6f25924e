//! Searches over several objects, as SOSL or as parameters.

use serde_json::{Value, json};

use super::{Api, Call, Done, Reply, param};
use crate::error::Refusal;
use crate::org::Org;
use crate::soql::{self, ChildRelationship, Data, FieldInfo, Hint, ObjectInfo, Row, ScanOrder};
use crate::sosl::{self, Returning, Scope, Search, Term};

/// The most records of one answer.
const MOST: usize = 2_000;

impl Api<'_> {
    pub(super) fn search(&self, call: &Call, version: &str) -> Done {
        let text = param(call, "q").filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| malformed("A search string has to be specified"))?;
        let search = sosl::parse(&text).map_err(|message| malformed(&message))?;
        self.found(&search, version)
    }

    pub(super) fn parameterized_search(&self, call: &Call, version: &str) -> Done {
        let given = match &call.body {
            Some(body) => body.clone(),
            None => from_address(call),
        };
        let text = |key: &str| given.get(key).and_then(Value::as_str);
        let term = text("q").filter(|term| !term.trim().is_empty());
        let term = term.ok_or_else(|| malformed("A search string has to be specified"))?;
        let term = Term::parse(term).map_err(|message| malformed(&message))?;
        let scope = text("in").unwrap_or("ALL");
        let scope = Scope::named(scope).ok_or_else(|| malformed(&format!("unexpected token: {scope}")))?;
        let common = list(given.get("fields"));
        let default_limit = number(given.get("defaultLimit"));
        let returning = given.get("sobjects").and_then(Value::as_array).into_iter().flatten();
        let returning: Vec<Returning> = returning
            .filter_map(|object| {
                let own = list(object.get("fields"));
                let mut rest = String::new();
                for (key, clause) in [("where", "WHERE"), ("orderBy", "ORDER BY")] {
                    if let Some(text) = object.get(key).and_then(Value::as_str) {
                        rest.push_str(&format!(" {clause} {text}"));
                    }
                }
                if let Some(limit) = number(object.get("limit")).or(default_limit) {
                    rest.push_str(&format!(" LIMIT {limit}"));
                }
                let fields = if own.is_empty() { common.join(",") } else { own.join(",") };
                Some(Returning { object: object.get("name")?.as_str()?.to_owned(), fields, rest })
            })
            .collect();
        let limit = number(given.get("overallLimit")).and_then(|limit| usize::try_from(limit).ok());
        self.found(&Search { term, scope, returning, limit }, version)
    }

    fn found(&self, search: &Search, version: &str) -> Done {
        let failed = |error: soql::SoqlError| vec![Refusal::new(error.code, error.message)];
        let org = &self.state.org;
        let everything: Vec<Returning> = org
            .tables
            .values()
            .filter(|table| table.def.writable)
            .map(|table| Returning { object: table.def.name.clone(), ..Returning::default() })
            .collect();
        let wanted = if search.returning.is_empty() { &everything } else { &search.returning };
        let limit = search.limit.unwrap_or(MOST).min(MOST);
        let mut records = Vec::new();
        for returning in wanted {
            let fields = if returning.fields.is_empty() { "Id" } else { &returning.fields };
            let text = format!("SELECT {fields} FROM {} {}", returning.object, returning.rest);
            let query = soql::parse(&text).map_err(failed)?;
            let data = Matching { org, search };
            let answer = soql::execute(&query, &text, &data, self.now, soql::Scope::Live, version);
            records.extend(answer.map_err(failed)?.records);
            if records.len() >= limit {
                break;
            }
        }
        records.truncate(limit);
        Ok(Reply::ok(json!({"searchRecords": records})))
    }
}

fn malformed(message: &str) -> Vec<Refusal> {
    vec![Refusal::new("MALFORMED_SEARCH", message)]
}

fn list(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect()
}

fn number(value: Option<&Value>) -> Option<u64> {
    value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()))
}

/// The parameters of an address in the form of a body: `sobject=Contact&Contact.fields=Id,Name`.
fn from_address(call: &Call) -> Value {
    let split = |text: String| -> Value { text.split(',').map(|part| json!(part.trim())).collect() };
    let mut body = json!({
        "q": param(call, "q"), "in": param(call, "in"), "overallLimit": param(call, "overallLimit"),
        "defaultLimit": param(call, "defaultLimit"), "fields": param(call, "fields").map(split),
    });
    let names = param(call, "sobject").or_else(|| param(call, "sobjects")).unwrap_or_default();
    let objects: Vec<Value> = names
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| {
            let own = |key: &str| param(call, &format!("{name}.{key}"));
            json!({
                "name": name, "fields": own("fields").map(split), "where": own("where"),
                "orderBy": own("orderBy"), "limit": own("limit"),
            })
        })
        .collect();
    body["sobjects"] = objects.into();
    body
}

/// The org, as far as the search fits its records.
struct Matching<'o> {
    org: &'o Org,
    search: &'o Search,
}

impl Matching<'_> {
    fn fits(&self, row: &Row<'_>, fields: &[String]) -> bool {
        let mut words = Vec::new();
        for field in fields {
            if let Value::String(text) = &*row.value(field) {
                words.extend(sosl::words(text));
            }
        }
        self.search.term.fits(&words)
    }

    /// The fields that are searched.
    fn searched(&self, object: &str) -> Vec<String> {
        let Some(table) = self.org.table(object) else { return Vec::new() };
        let fields = table.def.fields.values().filter(|field| match self.search.scope {
            Scope::All => matches!(
                field.kind.as_str(),
                "string" | "email" | "phone" | "url" | "textarea" | "picklist" | "combobox"
            ),
            Scope::Name => field.has('N') || field.name == "FirstName" || field.name == "LastName",
            Scope::Email => field.kind == "email",
            Scope::Phone => field.kind == "phone",
        });
        fields.map(|field| field.name.clone()).collect()
    }
}

impl Data for Matching<'_> {
    fn object(&self, name: &str) -> Option<ObjectInfo> {
        self.org.object(name)
    }

    fn fields(&self, object: &str) -> Vec<FieldInfo> {
        self.org.fields(object)
    }

    fn field(&self, object: &str, name: &str) -> Option<FieldInfo> {
        self.org.field(object, name)
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
        self.org.child_relationship(object, name)
    }

    fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
        self.org.row(object, id)
    }

    fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        let fields = self.searched(object);
        Box::new(self.org.scan(object, hint).filter(move |row| self.fits(row, &fields)))
    }

    fn order(&self, object: &str, hint: &Hint) -> ScanOrder {
        self.org.order(object, hint)
    }
}

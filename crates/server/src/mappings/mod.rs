//! The table of field mappings, for the set-up and for the settings of a connection: one row for each pair of fields, with its
//! sync rule. A page includes `mappings/table.html` with a [`Table`] called `table`, inside a form of its own, and hands what
//! the form sends to [`change`].

use std::collections::BTreeMap;

use model::{Field, FieldMapping, FieldPair, ObjectMapping, SyncRule};

use crate::texts::Texts;

/// What a form sends: names and values, in its order.
pub type Sent = Vec<(String, String)>;

/// What the table shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only rows with a field whose name or label contains this.
    pub text: String,
    /// Only rows with this rule, by its name.
    pub rule: String,
}

/// A choice in a list.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What people see.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// One pair of fields.
#[derive(Debug, Clone)]
pub struct Row {
    /// By what the row is known in the form.
    pub key: String,
    /// The property's label.
    pub hubspot: String,
    /// Its internal name.
    pub hubspot_name: String,
    /// The field's label.
    pub salesforce: String,
    /// Its API name.
    pub salesforce_name: String,
    /// The rules.
    pub rules: Vec<Choice>,
    /// Why the pair is left out; nothing where it can be worked.
    pub problem: Option<String>,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its rows, as far as the filter lets them through.
    pub rows: Vec<Row>,
    /// How many rows there are without the filter.
    pub total: usize,
    /// The filter.
    pub filter: Filter,
    /// The rules to filter by and to set for several rows at once.
    pub rules: Vec<Choice>,
    /// Properties for a new row.
    pub hubspot: Vec<Choice>,
    /// Fields for a new row.
    pub salesforce: Vec<Choice>,
    /// The objects, as people call them.
    pub objects: (String, String),
}

/// The name of a rule in forms.
#[must_use]
pub fn rule_name(rule: SyncRule) -> &'static str {
    match rule {
        SyncRule::PreferSalesforce => "prefer-salesforce",
        SyncRule::AlwaysSalesforce => "always-salesforce",
        SyncRule::TwoWay => "two-way",
        SyncRule::PreferHubSpot => "prefer-hubspot",
        SyncRule::AlwaysHubSpot => "always-hubspot",
        SyncRule::Union => "union",
        SyncRule::OptOut => "opt-out",
        SyncRule::Forward => "forward",
        SyncRule::DontSync => "dont-sync",
    }
}

fn rule_named(name: &str) -> Option<SyncRule> {
    SyncRule::ALL
        .into_iter()
        .chain([SyncRule::OptOut, SyncRule::Forward])
        .find(|rule| rule_name(*rule) == name)
}

fn rules(t: &Texts, chosen: Option<SyncRule>) -> Vec<Choice> {
    let choice = |rule: SyncRule| Choice {
        value: rule_name(rule).to_owned(),
        label: t.get(&format!("mappings-rule-{}", rule_name(rule))),
        chosen: chosen == Some(rule),
    };
    // Rules that only the meaning of a field allows are offered where they are in force.
    let special = chosen.filter(|rule| !SyncRule::ALL.contains(rule));
    SyncRule::ALL.into_iter().chain(special).map(choice).collect()
}

fn key(mapping: &FieldMapping) -> String {
    format!("{}|{}", mapping.hubspot, mapping.salesforce)
}

fn named<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name == name)
}

fn label(fields: &[Field], name: &str) -> String {
    named(fields, name).map_or_else(|| name.to_owned(), |field| field.label.clone())
}

/// Why a mapping cannot be worked.
fn problem(mapping: &FieldMapping, hubspot: &[Field], salesforce: &[Field], t: &Texts) -> Option<String> {
    let (Some(on_hubspot), Some(on_salesforce)) =
        (named(hubspot, &mapping.hubspot), named(salesforce, &mapping.salesforce))
    else {
        return Some(t.get("mappings-missing"));
    };
    let pair = FieldPair::new(mapping.clone(), on_hubspot.clone(), on_salesforce.clone());
    pair.err().map(|refused| refused.to_string())
}

/// The table of an object mapping, with the fields as both platforms describe them.
#[must_use]
pub fn table(
    t: &Texts,
    mapping: &ObjectMapping,
    hubspot: &[Field],
    salesforce: &[Field],
    filter: Filter,
) -> Table {
    let text = filter.text.trim().to_lowercase();
    let row = |field: &FieldMapping| Row {
        key: key(field),
        hubspot: label(hubspot, &field.hubspot),
        hubspot_name: field.hubspot.clone(),
        salesforce: label(salesforce, &field.salesforce),
        salesforce_name: field.salesforce.clone(),
        rules: rules(t, Some(field.rule)),
        problem: problem(field, hubspot, salesforce, t),
    };
    let shown = |field: &&FieldMapping| filter.rule.is_empty() || rule_name(field.rule) == filter.rule;
    let found = |row: &Row| {
        let words = [&row.hubspot, &row.hubspot_name, &row.salesforce, &row.salesforce_name];
        words.iter().any(|word| word.to_lowercase().contains(&text))
    };
    let choices = |fields: &[Field], taken: &dyn Fn(&str) -> bool| {
        let mut free: Vec<&Field> = fields.iter().filter(|field| !taken(&field.name)).collect();
        free.sort_by_key(|field| field.label.to_lowercase());
        let choice = |field: &&Field| Choice {
            value: field.name.clone(),
            label: format!("{} ({})", field.label, field.name),
            chosen: false,
        };
        free.iter().map(choice).collect()
    };
    let chosen = rule_named(&filter.rule);
    Table {
        rows: mapping.fields.iter().filter(shown).map(row).filter(found).collect(),
        total: mapping.fields.len(),
        rules: rules(t, chosen),
        hubspot: choices(hubspot, &|name| mapping.fields.iter().any(|field| field.hubspot == name)),
        salesforce: choices(salesforce, &|name| mapping.fields.iter().any(|field| field.salesforce == name)),
        objects: (mapping.hubspot_object.clone(), mapping.salesforce_object.clone()),
        filter,
    }
}

/// Puts what the table's form sent into an object mapping. Rows that the form does not name stay as they are.
///
/// `rule:KEY` sets a row's rule, `take:KEY` chooses it for what `bulk` says (`remove`, or a rule's name, with the button
/// `act=bulk`), `act=remove:KEY` removes a row, and `act=add` adds `add-hubspot` with `add-salesforce` under `add-rule`.
///
/// # Errors
/// Why a new row does not fit; then nothing is changed.
pub fn change(
    mapping: &mut ObjectMapping,
    sent: &Sent,
    hubspot: &[Field],
    salesforce: &[Field],
    t: &Texts,
) -> Result<(), String> {
    let mut after = mapping.clone();
    let given: BTreeMap<&str, &str> =
        sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let of = |name: &str| given.get(name).copied().unwrap_or_default();
    for field in &mut after.fields {
        if let Some(rule) = rule_named(of(&format!("rule:{}", key(field)))) {
            field.rule = rule;
        }
    }
    match of("act") {
        "add" => {
            let (property, field) = (of("add-hubspot"), of("add-salesforce"));
            if property.is_empty() || field.is_empty() {
                return Err(t.get("mappings-choose-both"));
            }
            let rule = rule_named(of("add-rule")).unwrap_or_default();
            let new = FieldMapping::new(property, field, rule);
            if let Some(problem) = problem(&new, hubspot, salesforce, t) {
                return Err(problem);
            }
            after.fields.push(new);
        }
        "bulk" => {
            let taken = |field: &FieldMapping| given.contains_key(format!("take:{}", key(field)).as_str());
            match (of("bulk"), rule_named(of("bulk"))) {
                ("remove", _) => after.fields.retain(|field| !taken(field)),
                (_, Some(rule)) => {
                    for field in after.fields.iter_mut().filter(|field| taken(field)) {
                        field.rule = rule;
                    }
                }
                _ => return Err(t.get("mappings-choose-bulk")),
            }
        }
        other => {
            if let Some(gone) = other.strip_prefix("remove:") {
                after.fields.retain(|field| key(field) != gone);
            }
        }
    }
    *mapping = after;
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::{Access, Kind, TextFormat};

    use super::*;
    use crate::texts::Language;

    fn field(name: &str, access: Access) -> Field {
        Field {
            name: name.to_owned(),
            label: name.to_uppercase(),
            kind: Kind::Text { max_length: None, format: TextFormat::Plain },
            access,
            required: false,
            unique: false,
        }
    }

    fn mapping() -> ObjectMapping {
        let pair = |h: &str, s: &str| FieldMapping::new(h, s, SyncRule::PreferSalesforce);
        ObjectMapping::new("contacts", "Contact", vec![pair("email", "Email"), pair("phone", "Phone")])
    }

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn rules_of(mapping: &ObjectMapping) -> Vec<(&str, SyncRule)> {
        mapping.fields.iter().map(|field| (field.hubspot.as_str(), field.rule)).collect()
    }

    #[test]
    fn rows_that_are_not_sent_stay() {
        let t = Texts(Language::English);
        let mut mapping = mapping();
        let change = change(&mut mapping, &sent(&[("rule:phone|Phone", "two-way")]), &[], &[], &t);
        assert_eq!(change, Ok(()));
        assert_eq!(rules_of(&mapping), [("email", SyncRule::PreferSalesforce), ("phone", SyncRule::TwoWay)]);
    }

    #[test]
    fn several_rows_at_once_and_one_taken_out() {
        let t = Texts(Language::English);
        let mut own = mapping();
        let bulk = [("act", "bulk"), ("bulk", "always-hubspot"), ("take:email|Email", "on")];
        change(&mut own, &sent(&bulk), &[], &[], &t).unwrap();
        assert_eq!(own.fields[0].rule, SyncRule::AlwaysHubSpot);
        change(&mut own, &sent(&[("act", "remove:email|Email")]), &[], &[], &t).unwrap();
        assert_eq!(rules_of(&own), [("phone", SyncRule::PreferSalesforce)]);
        let nothing = change(&mut own, &sent(&[("act", "bulk"), ("bulk", "")]), &[], &[], &t);
        assert!(nothing.is_err());
    }

    #[test]
    fn a_new_row_that_does_not_fit_changes_nothing_and_says_why() {
        let t = Texts(Language::English);
        let hubspot = [field("city", Access::ReadWrite), field("score", Access::ReadOnly)];
        let salesforce = [field("City", Access::ReadWrite)];
        let add = |property: &str| {
            sent(&[
                ("act", "add"),
                ("add-hubspot", property),
                ("add-salesforce", "City"),
                ("add-rule", "two-way"),
            ])
        };
        let mut own = mapping();
        let refused = change(&mut own, &add("score"), &hubspot, &salesforce, &t).unwrap_err();
        assert!(refused.contains("score"), "{refused}");
        assert_eq!(own, mapping());
        change(&mut own, &add("city"), &hubspot, &salesforce, &t).unwrap();
        assert_eq!(own.fields.len(), 3);
        let shown =
            table(&t, &own, &hubspot, &salesforce, Filter { text: "CIT".into(), rule: String::new() });
        assert_eq!((shown.rows.len(), shown.total), (1, 3));
        assert_eq!(shown.rows[0].problem, None);
    }
}

//! The form of a tab of settings: its fields, and the settings that it makes.

use std::collections::BTreeMap;

use engine::{CreateAs, Settings};
use model::{FieldMapping, MatchBy, ObjectMapping, OnDelete, Side, SyncRule};

use crate::Fault;
use crate::said::rule_name;

/// Rows for new mappings in the form of each object.
pub const NEW_ROWS: usize = 3;

/// What a form holds, by name.
#[derive(Debug, Clone, Default)]
pub struct Sent(BTreeMap<String, String>);

impl Sent {
    /// The fields of a form as it was sent.
    #[must_use]
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// A text without blanks around it; empty where the form does not have it.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// A text, or nothing where it is empty.
    #[must_use]
    pub fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    #[must_use]
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the form has this field at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none, or out of range.
    pub fn number<T: std::str::FromStr>(&self, name: &str, label: &str) -> Result<T, Fault> {
        let text = self.text(name);
        text.parse().map_err(|_| Fault::refused(format!("{label}: '{text}' is not a number that fits here.")))
    }
}

/// The rule of this name.
#[must_use]
pub fn rule_of(name: &str) -> Option<SyncRule> {
    let all = SyncRule::ALL.into_iter().chain([SyncRule::OptOut, SyncRule::Forward]);
    all.into_iter().find(|rule| rule_name(*rule) == name)
}

/// Takes from the form what it says about the object mappings at these places.
///
/// # Errors
/// When something in it cannot be.
pub fn take_objects(settings: &mut Settings, places: &[usize], sent: &Sent) -> Result<(), Fault> {
    for place in places {
        let Some(mapping) = settings.objects.get_mut(*place) else { continue };
        take_object(mapping, *place, sent)?;
    }
    Ok(())
}

fn take_object(mapping: &mut ObjectMapping, place: usize, sent: &Sent) -> Result<(), Fault> {
    let name = |field: &str| format!("m{place}-{field}");
    mapping.enabled = sent.is_ticked(&name("enabled"));
    mapping.create_in_hubspot = sent.is_ticked(&name("create-hubspot"));
    mapping.create_in_salesforce = sent.is_ticked(&name("create-salesforce"));
    mapping.segment = match sent.text(&name("inside")) {
        "segment" => Some(segment(sent.text(&name("segment")))?),
        _ => None,
    };
    mapping.salesforce_filter = sent.some(&name("filter"));
    for (side, field) in [(Side::HubSpot, "deleted-hubspot"), (Side::Salesforce, "deleted-salesforce")] {
        let chosen = match sent.text(&name(field)) {
            "keep" => Some(OnDelete::Keep),
            "delete" => Some(OnDelete::Delete),
            _ => None,
        };
        *mapping.on_delete.get_mut(side) = chosen;
    }
    mapping.match_by = match sent.text(&name("match")) {
        "none" => Some(Vec::new()),
        "own" => Some(keys(place, sent)?),
        _ => None,
    };
    take_fields(mapping, place, sent)
}

/// The number of a segment: `12`, or `12 · Customers` as the list to choose from has it.
fn segment(text: &str) -> Result<String, Fault> {
    let number: String = text.chars().take_while(char::is_ascii_digit).collect();
    let rest = text.strip_prefix(number.as_str()).unwrap_or_default();
    if number.is_empty() || !(rest.is_empty() || rest.starts_with(' ')) {
        return Err(Fault::refused(format!(
            "'{text}' is no segment; give its number, as its address in HubSpot ends."
        )));
    }
    Ok(number)
}

fn keys(place: usize, sent: &Sent) -> Result<Vec<MatchBy>, Fault> {
    let name = |field: &str| format!("m{place}-{field}");
    let mut keys = Vec::new();
    for (field, by) in
        [("match-email", MatchBy::Email), ("match-domain", MatchBy::Domain), ("match-name", MatchBy::Name)]
    {
        if sent.is_ticked(&name(field)) {
            keys.push(by);
        }
    }
    match (sent.some(&name("match-key-hubspot")), sent.some(&name("match-key-salesforce"))) {
        (Some(hubspot), Some(salesforce)) => keys.push(MatchBy::Key { hubspot, salesforce }),
        (None, None) => {}
        _ => {
            return Err(Fault::refused(
                "A key to match by needs both: a HubSpot property and a Salesforce field.",
            ));
        }
    }
    if keys.is_empty() {
        return Err(Fault::refused("Choose at least one way to match, or “by id only”."));
    }
    Ok(keys)
}

fn take_fields(mapping: &mut ObjectMapping, place: usize, sent: &Sent) -> Result<(), Fault> {
    let mut fields: Vec<FieldMapping> = Vec::new();
    for (at, field) in mapping.fields.iter().enumerate() {
        if sent.is_ticked(&format!("m{place}-f{at}-remove")) {
            continue;
        }
        let named = format!("m{place}-f{at}-rule");
        let mut field = field.clone();
        if sent.has(&named) {
            let name = sent.text(&named);
            field.rule = rule_of(name)
                .ok_or_else(|| Fault::refused(format!("'{name}' is no way to sync a field.")))?;
        }
        fields.push(field);
    }
    for row in 0..NEW_ROWS {
        let of = |field: &str| sent.some(&format!("m{place}-new{row}-{field}"));
        let (hubspot, salesforce) = match (of("hubspot"), of("salesforce")) {
            (Some(hubspot), Some(salesforce)) => (hubspot, salesforce),
            (None, None) => continue,
            _ => {
                return Err(Fault::refused(
                    "A mapping needs both: a HubSpot property and a Salesforce field.",
                ));
            }
        };
        let rule = of("rule").and_then(|name| rule_of(&name)).unwrap_or_default();
        if fields.iter().any(|known| known.hubspot == hubspot && known.salesforce == salesforce) {
            return Err(Fault::refused(format!(
                "{hubspot} and {salesforce} are mapped with each other already."
            )));
        }
        fields.push(FieldMapping::new(hubspot, salesforce, rule));
    }
    mapping.fields = fields;
    Ok(())
}

/// Takes what the tab of contacts says beyond their mappings.
pub fn take_contacts(settings: &mut Settings, sent: &Sent) {
    settings.create_contacts_as =
        if sent.text("create-as") == "lead" { CreateAs::Lead } else { CreateAs::Contact };
    settings.create_without_email = sent.is_ticked("create-without-email");
}

/// Takes a further pair of objects, where the form names one.
///
/// # Errors
/// When only one of the two is named, or they are in the settings already.
pub fn take_new_object(settings: &mut Settings, sent: &Sent) -> Result<(), Fault> {
    let (hubspot, salesforce) = match (sent.some("new-hubspot"), sent.some("new-salesforce")) {
        (Some(hubspot), Some(salesforce)) => (hubspot, salesforce),
        (None, None) => return Ok(()),
        _ => return Err(Fault::refused("Name both objects: the one in HubSpot and the one in Salesforce.")),
    };
    let known = |mapping: &ObjectMapping| {
        mapping.hubspot_object == hubspot && mapping.salesforce_object == salesforce
    };
    if settings.objects.iter().any(known) {
        return Err(Fault::refused(format!("{hubspot} and {salesforce} are in the settings already.")));
    }
    let of = |field: &str| sent.some(&format!("new-field-{field}"));
    let fields = match (of("hubspot"), of("salesforce")) {
        (Some(hubspot), Some(salesforce)) => {
            vec![FieldMapping::new(hubspot, salesforce, SyncRule::default())]
        }
        (None, None) => Vec::new(),
        _ => return Err(Fault::refused("A mapping needs both: a HubSpot property and a Salesforce field.")),
    };
    settings.objects.push(ObjectMapping::new(hubspot, salesforce, fields));
    Ok(())
}

/// Takes the features: brake, budget, campaigns.
///
/// # Errors
/// When a number cannot be.
pub fn take_features(settings: &mut Settings, sent: &Sent) -> Result<(), Fault> {
    let per_cent = |name: &str, label: &str| -> Result<u8, Fault> {
        let number: u8 = sent.number(name, label)?;
        if number > 100 {
            return Err(Fault::refused(format!("{label}: {number} per cent is more than all.")));
        }
        Ok(number)
    };
    settings.brake.percent = per_cent("brake-percent", "Brake")?;
    settings.brake.at_least = sent.number("brake-at-least", "Brake")?;
    settings.budget.allocation = match sent.some("budget-allocation") {
        Some(_) => Some(sent.number("budget-allocation", "Allocation")?),
        None => None,
    };
    settings.budget.reserve_percent = per_cent("budget-reserve", "Reserve")?;
    settings.budget.leave_percent = per_cent("budget-leave", "Left to others")?;
    settings.campaigns = sent.is_ticked("campaigns");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        Sent::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The form of the mapping at `place` as it is shown, without any change.
    fn unchanged(settings: &Settings, place: usize) -> Vec<(String, String)> {
        let mapping = &settings.objects[place];
        let mut pairs = vec![
            (format!("m{place}-inside"), "all".to_owned()),
            (format!("m{place}-match"), "default".into()),
        ];
        let boxes = [
            ("enabled", mapping.enabled),
            ("create-hubspot", mapping.create_in_hubspot),
            ("create-salesforce", mapping.create_in_salesforce),
        ];
        pairs.extend(
            boxes.iter().filter(|(_, on)| *on).map(|(name, _)| (format!("m{place}-{name}"), "on".to_owned())),
        );
        for (at, field) in mapping.fields.iter().enumerate() {
            pairs.push((format!("m{place}-f{at}-rule"), rule_name(field.rule).to_owned()));
        }
        pairs
    }

    #[test]
    fn a_form_that_nobody_touched_changes_nothing() {
        let before = Settings::recommended();
        for place in 0..before.objects.len() {
            let mut after = before.clone();
            take_objects(&mut after, &[place], &Sent::of(unchanged(&before, place))).unwrap();
            assert_eq!(after, before, "{place}");
        }
    }

    #[test]
    fn everything_about_an_object_can_be_changed() {
        let mut settings = Settings::recommended();
        let count = settings.objects[1].fields.len();
        let mut form = unchanged(&settings, 1);
        form.retain(|(name, _)| name != "m1-create-hubspot");
        for (name, value) in [
            ("m1-inside", "segment"),
            ("m1-segment", "12 · Customers"),
            ("m1-filter", " Email != null "),
            ("m1-deleted-salesforce", "delete"),
            ("m1-match", "own"),
            ("m1-match-email", "on"),
            ("m1-match-key-hubspot", "number"),
            ("m1-match-key-salesforce", "Number__c"),
            ("m1-f0-rule", "two_way"),
            ("m1-f1-remove", "on"),
            ("m1-new0-hubspot", "hobby"),
            ("m1-new0-salesforce", "Hobby__c"),
            ("m1-new0-rule", "always_hubspot"),
        ] {
            form.push((name.to_owned(), value.to_owned()));
        }
        take_objects(&mut settings, &[1], &Sent::of(form)).unwrap();
        let mapping = &settings.objects[1];
        assert!(!mapping.create_in_hubspot && mapping.create_in_salesforce);
        assert_eq!(mapping.segment.as_deref(), Some("12"));
        assert_eq!(mapping.salesforce_filter.as_deref(), Some("Email != null"));
        assert_eq!(mapping.on_delete.salesforce, Some(OnDelete::Delete));
        let key = MatchBy::Key { hubspot: "number".into(), salesforce: "Number__c".into() };
        assert_eq!(mapping.match_by, Some(vec![MatchBy::Email, key]));
        assert_eq!((mapping.fields.len(), mapping.fields[0].rule), (count, SyncRule::TwoWay));
        let new = mapping.fields.last().unwrap();
        assert_eq!((new.hubspot.as_str(), new.rule), ("hobby", SyncRule::AlwaysHubSpot));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let settings = Settings::recommended();
        for wrong in [
            &[("m1-inside", "segment"), ("m1-segment", "Customers")][..],
            &[("m1-f0-rule", "sometimes")],
            &[("m1-new0-hubspot", "hobby")],
            &[("m1-new0-hubspot", "email"), ("m1-new0-salesforce", "Email")],
            &[("m1-match", "own")],
            &[("m1-match", "own"), ("m1-match-key-hubspot", "number")],
        ] {
            let mut changed = settings.clone();
            assert!(take_objects(&mut changed, &[1], &sent(wrong)).is_err(), "{wrong:?}");
        }
        let numbers = [
            ("brake-percent", "10"),
            ("brake-at-least", "25"),
            ("budget-reserve", "5"),
            ("budget-leave", "20"),
        ];
        let mut changed = settings.clone();
        take_features(&mut changed, &sent(&numbers)).unwrap();
        assert_eq!(changed, settings);
        for (name, value) in
            [("brake-percent", "101"), ("brake-at-least", "-1"), ("budget-allocation", "many")]
        {
            let mut form: Vec<(&str, &str)> = numbers.to_vec();
            form.push((name, value));
            assert!(take_features(&mut changed, &sent(&form)).is_err(), "{name}={value}");
        }
    }
}

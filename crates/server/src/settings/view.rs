//! What the tabs of settings show.

use engine::{Activity, ActivityMapping, NamedPair, Settings};
use model::{MatchBy, ObjectMapping, OnDelete, Side, SyncRule};
use store::LinkKind;

use super::form::{NEW_ROWS, Sent};
use super::pair_name;
use crate::said;
use crate::said::rule_name;
use crate::texts::Texts;

/// An object mapping.
pub struct MappingView {
    /// Its place among all, which the names of the form's fields begin with.
    pub place: usize,
    /// What the two objects are called.
    pub name: String,
    /// Whether it is worked.
    pub enabled: bool,
    /// Pairs in step.
    pub in_step: u64,
    /// Whether records are made in HubSpot.
    pub create_hubspot: bool,
    /// Whether records are made in Salesforce.
    pub create_salesforce: bool,
    /// The segment whose members are inside.
    pub segment: String,
    /// The condition that Salesforce records inside meet.
    pub filter: String,
    /// What becomes of the other record when the HubSpot one is deleted: `""`, `keep` or `delete`.
    pub deleted_hubspot: &'static str,
    /// Likewise for Salesforce.
    pub deleted_salesforce: &'static str,
    /// What `""` means.
    pub default_hubspot: String,
    /// What `""` means.
    pub default_salesforce: String,
    /// `default`, `none` or `own`.
    pub matching: &'static str,
    /// The object's own ways to match, in words.
    pub default_match: String,
    /// Whether it is matched by email.
    pub by_email: bool,
    /// Whether it is matched by domain.
    pub by_domain: bool,
    /// Whether it is matched by name.
    pub by_name: bool,
    /// The key's property.
    pub key_hubspot: String,
    /// The key's field.
    pub key_salesforce: String,
    /// Its fields.
    pub fields: Vec<FieldView>,
    /// The rules to choose from.
    pub rules: Vec<(&'static str, String)>,
    /// The places of rows for new mappings.
    pub new_rows: Vec<usize>,
}

/// A field mapping.
pub struct FieldView {
    /// Its place.
    pub at: usize,
    /// What people see of the property.
    pub hubspot_label: String,
    /// The property.
    pub hubspot: String,
    /// What people see of the field.
    pub salesforce_label: String,
    /// The field.
    pub salesforce: String,
    /// The rules to choose from, with the one that stands.
    pub rules: Vec<(&'static str, String, bool)>,
}

fn deleted(chosen: Option<OnDelete>) -> &'static str {
    match chosen {
        None => "",
        Some(OnDelete::Keep) => "keep",
        Some(OnDelete::Delete) => "delete",
    }
}

fn keys(t: Texts, keys: &[MatchBy]) -> String {
    if keys.is_empty() {
        return t.get("settings-match-none");
    }
    let named = keys.iter().map(|key| match key {
        MatchBy::Email => t.get("settings-match-email"),
        MatchBy::Domain => t.get("settings-match-domain"),
        MatchBy::Name => t.get("settings-match-name"),
        MatchBy::Key { hubspot, salesforce } => format!("{hubspot} = {salesforce}"),
    });
    named.collect::<Vec<_>>().join(" → ")
}

/// An object mapping as its tab shows it; `named` are the fields as the platforms call them, as far as is known.
#[must_use]
pub fn mapping_view(
    t: Texts,
    place: usize,
    mapping: &ObjectMapping,
    named: &[NamedPair],
    kinds: &[LinkKind],
) -> MappingView {
    let own = mapping.match_by.as_deref().unwrap_or_default();
    let key = own.iter().find_map(|by| match by {
        MatchBy::Key { hubspot, salesforce } => Some((hubspot.clone(), salesforce.clone())),
        _ => None,
    });
    let (key_hubspot, key_salesforce) = key.unwrap_or_default();
    let plain = ObjectMapping { match_by: None, on_delete: model::Sides::default(), ..mapping.clone() };
    let default_deleted =
        |side: Side| t.get(&format!("settings-deleted-{}", deleted(Some(plain.when_deleted(side)))));
    let in_step = kinds
        .iter()
        .filter(|kind| {
            kind.hubspot_object == mapping.hubspot_object
                && kind.salesforce_object == mapping.salesforce_object
        })
        .map(|kind| kind.active);
    let rules: Vec<(&'static str, String)> =
        SyncRule::ALL.iter().map(|rule| (rule_name(*rule), said::rule(t, *rule))).collect();
    MappingView {
        place,
        name: pair_name(t, mapping),
        enabled: mapping.enabled,
        in_step: in_step.sum(),
        create_hubspot: mapping.create_in_hubspot,
        create_salesforce: mapping.create_in_salesforce,
        segment: mapping.segment.clone().unwrap_or_default(),
        filter: mapping.salesforce_filter.clone().unwrap_or_default(),
        deleted_hubspot: deleted(mapping.on_delete.hubspot),
        deleted_salesforce: deleted(mapping.on_delete.salesforce),
        default_hubspot: default_deleted(Side::HubSpot),
        default_salesforce: default_deleted(Side::Salesforce),
        matching: match &mapping.match_by {
            None => "default",
            Some(keys) if keys.is_empty() => "none",
            Some(_) => "own",
        },
        default_match: keys(t, &plain.keys()),
        by_email: own.contains(&MatchBy::Email),
        by_domain: own.contains(&MatchBy::Domain),
        by_name: own.contains(&MatchBy::Name),
        key_hubspot,
        key_salesforce,
        fields: fields(t, mapping, named),
        rules,
        new_rows: (0..NEW_ROWS).collect(),
    }
}

fn fields(t: Texts, mapping: &ObjectMapping, named: &[NamedPair]) -> Vec<FieldView> {
    let views = mapping.fields.iter().enumerate().map(|(at, field)| {
        let label = named
            .iter()
            .find(|pair| pair.names.hubspot == field.hubspot && pair.names.salesforce == field.salesforce)
            .map(|pair| pair.labels.clone());
        let labels = label.unwrap_or_default();
        let mut rules: Vec<SyncRule> = SyncRule::ALL.to_vec();
        if !rules.contains(&field.rule) {
            rules.push(field.rule);
        }
        FieldView {
            at,
            hubspot_label: if labels.hubspot.is_empty() { field.hubspot.clone() } else { labels.hubspot },
            hubspot: field.hubspot.clone(),
            salesforce_label: if labels.salesforce.is_empty() {
                field.salesforce.clone()
            } else {
                labels.salesforce
            },
            salesforce: field.salesforce.clone(),
            rules: rules
                .into_iter()
                .map(|rule| (rule_name(rule), said::rule(t, rule), rule == field.rule))
                .collect(),
        }
    });
    views.collect()
}

/// The tab of activities.
pub struct ActivityView {
    /// Whether tasks of Salesforce make tasks in HubSpot.
    pub salesforce_tasks: bool,
    /// The kinds of activity.
    pub rows: Vec<ActivityRow>,
}

/// A kind of activity.
pub struct ActivityRow {
    /// Its name in forms.
    pub name: &'static str,
    /// What people call it.
    pub label: String,
    /// Whether it becomes a task.
    pub enabled: bool,
    /// The type of that task.
    pub task_type: String,
}

/// Every kind of activity, by its name in forms.
const ACTIVITIES: [(Activity, &str); 14] = [
    (Activity::FormSubmission, "form-submission"),
    (Activity::MarketingEmailSent, "marketing-email-sent"),
    (Activity::MarketingEmailOpened, "marketing-email-opened"),
    (Activity::MarketingEmailClicked, "marketing-email-clicked"),
    (Activity::SalesEmailSent, "sales-email-sent"),
    (Activity::SalesEmailOpened, "sales-email-opened"),
    (Activity::SalesEmailClicked, "sales-email-clicked"),
    (Activity::Call, "call"),
    (Activity::Meeting, "meeting"),
    (Activity::Note, "note"),
    (Activity::Task, "task"),
    (Activity::Sequence, "sequence"),
    (Activity::DocumentViewed, "document-viewed"),
    (Activity::IntegrationEvent, "integration-event"),
];

/// The tab of activities as it is shown.
#[must_use]
pub fn activities(t: Texts, settings: &Settings) -> ActivityView {
    let rows = ACTIVITIES.iter().map(|(activity, name)| {
        let known = settings.activities.timeline.iter().find(|known| known.activity == *activity);
        ActivityRow {
            name,
            label: t.get(&format!("settings-activity-{name}")),
            enabled: known.is_some_and(|known| known.enabled),
            task_type: known
                .map_or_else(|| activity.default_type().to_owned(), |known| known.task_type.clone()),
        }
    });
    ActivityView { salesforce_tasks: settings.activities.salesforce_tasks, rows: rows.collect() }
}

/// Takes the tab of activities.
pub fn take_activities(settings: &mut Settings, sent: &Sent) {
    settings.activities.salesforce_tasks = sent.is_ticked("salesforce-tasks");
    for (activity, name) in ACTIVITIES {
        let enabled = sent.is_ticked(&format!("activity-{name}"));
        let task_type = sent.some(&format!("type-{name}"));
        let timeline = &mut settings.activities.timeline;
        match timeline.iter_mut().find(|known| known.activity == activity) {
            Some(known) => {
                known.enabled = enabled;
                known.task_type = task_type.unwrap_or_else(|| known.task_type.clone());
            }
            None if enabled => {
                let task_type = task_type.unwrap_or_else(|| activity.default_type().to_owned());
                timeline.push(ActivityMapping { activity, enabled, task_type });
            }
            None => {}
        }
    }
}

/// The tab of features.
pub struct FeatureView {
    /// The brake's share.
    pub brake_percent: u8,
    /// The brake's least number.
    pub brake_at_least: u64,
    /// The allocation of calls.
    pub allocation: String,
    /// The share kept for people.
    pub reserve: u8,
    /// The share left to other programs.
    pub leave: u8,
    /// Whether campaigns are kept in HubSpot.
    pub campaigns: bool,
}

/// The tab of features as it is shown.
#[must_use]
pub fn features(settings: &Settings) -> FeatureView {
    FeatureView {
        brake_percent: settings.brake.percent,
        brake_at_least: settings.brake.at_least,
        allocation: settings.budget.allocation.map(|calls| calls.to_string()).unwrap_or_default(),
        reserve: settings.budget.reserve_percent,
        leave: settings.budget.leave_percent,
        campaigns: settings.campaigns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn activities_that_nobody_touched_stay_as_they_are() {
        let mut settings = Settings::recommended();
        let before = settings.clone();
        take_activities(&mut settings, &Sent::of(Vec::new()));
        assert_eq!(settings, before);
        let form = [("activity-call", "on"), ("type-call", "Phone"), ("salesforce-tasks", "on")];
        let form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        take_activities(&mut settings, &Sent::of(form));
        assert!(settings.activities.salesforce_tasks);
        let call = activities(Texts(Language::English), &settings)
            .rows
            .into_iter()
            .find(|row| row.name == "call")
            .unwrap();
        assert!(call.enabled && call.task_type == "Phone");
    }
}

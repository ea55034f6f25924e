//! A plan as pages show it: how much of what, and some of it record by record.

use engine::{Action, Plan, PlannedField, PlannedRecord};
use model::{ConnectionId, Side};

use crate::lines::record_address;
use crate::said;
use crate::texts::Texts;

/// Records shown one by one.
const EXAMPLES: usize = 10;
/// Fields shown of one record.
const FIELDS: usize = 12;

/// A plan.
pub struct PlanView {
    /// How many records of each object, by what would happen to them.
    pub counts: Vec<CountView>,
    /// Some of them.
    pub examples: Vec<ExampleView>,
    /// What the brake would stop it for.
    pub brake: Vec<String>,
}

/// How many records of one object.
pub struct CountView {
    /// The side, as a class.
    pub class: &'static str,
    /// The side.
    pub side: String,
    /// The object.
    pub object: String,
    /// What would happen to them.
    pub action: String,
    /// How many.
    pub records: u64,
}

/// A record with what would happen to it.
pub struct ExampleView {
    /// The side, as a class.
    pub class: &'static str,
    /// The side.
    pub side: String,
    /// The object.
    pub object: String,
    /// Its id; empty where it is still to be made.
    pub record: String,
    /// Its page; empty where it has none.
    pub address: String,
    /// What would happen to it.
    pub action: String,
    /// Its fields.
    pub fields: Vec<PlannedView>,
    /// Fields that are not shown.
    pub more: usize,
}

/// A field with what would happen to it.
pub struct PlannedView {
    /// Its name; empty where it is about the whole record.
    pub field: String,
    /// What it holds.
    pub before: String,
    /// What it would hold.
    pub after: String,
    /// Why.
    pub why: String,
}

/// What would happen, in words.
#[must_use]
pub fn action(t: Texts, action: Action) -> String {
    t.get(&format!("work-action-{}", action.as_str()))
}

/// A plan in the reader's language.
#[must_use]
pub fn plan_view(t: Texts, connection: &ConnectionId, plan: &Plan) -> PlanView {
    let counts = plan.counts.iter().map(|count| CountView {
        class: count.side.as_str(),
        side: count.side.to_string(),
        object: said::object(t, count.side, &count.object),
        action: action(t, count.action),
        records: count.records,
    });
    PlanView {
        counts: counts.collect(),
        examples: examples(plan).into_iter().map(|record| example(t, connection, record)).collect(),
        brake: plan.brake.iter().map(ToString::to_string).collect(),
    }
}

/// Some records, of each kind of action in turn, so that none is hidden behind the many of another.
fn examples(plan: &Plan) -> Vec<&PlannedRecord> {
    let mut kinds: Vec<(Side, &str, Action, Vec<&PlannedRecord>)> = Vec::new();
    for record in &plan.records {
        let same = |kind: &&mut (Side, &str, Action, Vec<&PlannedRecord>)| {
            kind.0 == record.side && kind.1 == record.object && kind.2 == record.action
        };
        match kinds.iter_mut().find(same) {
            Some(kind) if kind.3.len() < EXAMPLES => kind.3.push(record),
            Some(_) => {}
            None => kinds.push((record.side, &record.object, record.action, vec![record])),
        }
    }
    let mut chosen = Vec::new();
    for place in 0..EXAMPLES {
        chosen.extend(kinds.iter().filter_map(|kind| kind.3.get(place)).copied());
    }
    chosen.truncate(EXAMPLES.max(kinds.len()).min(2 * EXAMPLES));
    chosen
}

fn example(t: Texts, connection: &ConnectionId, record: &PlannedRecord) -> ExampleView {
    let address = record.record.as_ref().filter(|_| record.action != Action::Create);
    ExampleView {
        class: record.side.as_str(),
        side: record.side.to_string(),
        object: said::object(t, record.side, &record.object),
        address: address
            .map(|id| record_address(connection, record.side, &record.object, id))
            .unwrap_or_default(),
        record: record.record.clone().unwrap_or_default(),
        action: action(t, record.action),
        more: record.fields.len().saturating_sub(FIELDS),
        fields: record.fields.iter().take(FIELDS).map(|field| planned(t, field)).collect(),
    }
}

fn planned(t: Texts, field: &PlannedField) -> PlannedView {
    let text = |text: &Option<String>| text.as_deref().map(said::short).unwrap_or_default();
    let why = match &field.remedy {
        Some(remedy) => format!("{} {remedy}", field.reason),
        None => said::reason(t, &field.reason),
    };
    PlannedView {
        field: field.field.clone().unwrap_or_default(),
        before: text(&field.before),
        after: text(&field.after),
        why,
    }
}

#[cfg(test)]
mod tests {
    use engine::Figures;

    use super::*;

    fn record(object: &str, action: Action, id: usize) -> PlannedRecord {
        PlannedRecord {
            side: Side::HubSpot,
            object: object.into(),
            record: Some(id.to_string()),
            counterpart: None,
            action,
            fields: Vec::new(),
        }
    }

    #[test]
    fn a_rare_action_is_shown_beside_a_common_one() {
        let mut records: Vec<PlannedRecord> =
            (0..500).map(|id| record("contacts", Action::Update, id)).collect();
        records.push(record("deals", Action::Delete, 501));
        let plan = Plan { counts: Vec::new(), records, brake: Vec::new(), figures: Figures::default() };
        let shown = examples(&plan);
        assert_eq!(shown.len(), EXAMPLES);
        assert!(shown.iter().any(|record| record.action == Action::Delete));
    }
}

//! The plan: what is to be written to bring a pair in step, or to make a record on the other side.

use crate::{
    ConvertContext, Decision, EditTime, FieldPair, Misfit, Reason, Side, Sides, SyncRule, Value, Values,
    convert, merge,
};

/// A pair as both sides hold it now.
pub struct PairView<'a> {
    /// The mapped fields.
    pub pairs: &'a [FieldPair],
    /// What HubSpot holds.
    pub hubspot: &'a Values,
    /// What Salesforce holds.
    pub salesforce: &'a Values,
    /// What each held when they last agreed; a field that is missing was never agreed on.
    pub shadows: &'a Sides<Values>,
    /// When a side's field was last edited.
    pub times: &'a dyn Fn(Side, &str) -> EditTime,
    /// What conversion takes from outside.
    pub context: &'a ConvertContext<'a>,
}

/// A field to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWrite {
    /// The field.
    pub field: String,
    /// What it holds.
    pub before: Value,
    /// What it is to hold.
    pub after: Value,
    /// Why.
    pub reason: Reason,
}

/// An edit that is overruled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The side it was made on.
    pub side: Side,
    /// The field.
    pub field: String,
    /// What it said.
    pub value: Value,
    /// Why it does not stand.
    pub reason: Reason,
}

/// A field that stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMisfit {
    /// Its place among the pairs.
    pub pair: usize,
    /// The side that cannot take the value.
    pub to: Side,
    /// Why not.
    pub misfit: Misfit,
}

/// What is to be done about a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairPlan {
    /// Fields to be written in HubSpot.
    pub hubspot: Vec<FieldWrite>,
    /// Fields to be written in Salesforce.
    pub salesforce: Vec<FieldWrite>,
    /// Pairs (by place) whose sides agree as they are.
    pub moved: Vec<usize>,
    /// Edits that are overruled by these writes.
    pub declined: Vec<Declined>,
    /// Fields that stay behind.
    pub misfits: Vec<FieldMisfit>,
    /// Pairs (by place) for which the times of the edits must be asked.
    pub need_times: Vec<usize>,
}

impl PairPlan {
    /// The fields to be written on `side`.
    #[must_use]
    pub fn writes(&self, side: Side) -> &[FieldWrite] {
        match side {
            Side::HubSpot => &self.hubspot,
            Side::Salesforce => &self.salesforce,
        }
    }

    /// Leaves out what is to be written on the other side, which takes no more writes; a field that both sides were to be
    /// written of is left alone on both.
    pub fn write_only(&mut self, side: Side, pairs: &[FieldPair]) {
        let other = side.other();
        let both: Vec<String> = pairs
            .iter()
            .filter(|pair| self.writes(other).iter().any(|write| write.field == pair.field(other).name))
            .map(|pair| pair.field(side).name.clone())
            .collect();
        let (kept, left_out) = match side {
            Side::HubSpot => (&mut self.hubspot, &mut self.salesforce),
            Side::Salesforce => (&mut self.salesforce, &mut self.hubspot),
        };
        kept.retain(|write| !both.contains(&write.field));
        left_out.clear();
    }

    /// Answers whether the write stands: where two mappings write one field, the first in order decides.
    fn write(&mut self, side: Side, write: FieldWrite) -> bool {
        let writes = match side {
            Side::HubSpot => &mut self.hubspot,
            Side::Salesforce => &mut self.salesforce,
        };
        let first = !writes.iter().any(|planned| planned.field == write.field);
        if first {
            writes.push(write);
        }
        first
    }
}

/// Plans a linked pair, field by field.
#[must_use]
pub fn plan_pair(view: &PairView<'_>) -> PairPlan {
    let mut plan = PairPlan::default();
    for (index, pair) in view.pairs.iter().enumerate() {
        let blank = Value::Blank;
        let (h, s) = (&pair.hubspot.name, &pair.salesforce.name);
        let now = Sides {
            hubspot: view.hubspot.get(h).unwrap_or(&blank),
            salesforce: view.salesforce.get(s).unwrap_or(&blank),
        };
        let shadow = match (view.shadows.hubspot.get(h), view.shadows.salesforce.get(s)) {
            (Some(hubspot), Some(salesforce)) => Some(Sides { hubspot, salesforce }),
            _ => None,
        };
        let times =
            Sides { hubspot: (view.times)(Side::HubSpot, h), salesforce: (view.times)(Side::Salesforce, s) };
        match merge(pair, now, shadow, times, view.context) {
            Decision::Rest => {}
            Decision::Agree => plan.moved.push(index),
            Decision::NeedTimes => plan.need_times.push(index),
            Decision::Misfit { to, misfit } => plan.misfits.push(FieldMisfit { pair: index, to, misfit }),
            Decision::Write { to, value, reason, overrules } => {
                let field = pair.field(to).name.clone();
                let before = (*now.get(to)).clone();
                let declined = Declined { side: to, field: field.clone(), value: before.clone(), reason };
                let written = plan.write(to, FieldWrite { field, before, after: value, reason });
                if written && overrules {
                    plan.declined.push(declined);
                }
            }
            Decision::WriteBoth(values) => {
                for side in [Side::HubSpot, Side::Salesforce] {
                    if let Some(after) = values.get(side).clone() {
                        let field = pair.field(side).name.clone();
                        let before = (*now.get(side)).clone();
                        plan.write(side, FieldWrite { field, before, after, reason: Reason::Union });
                    }
                }
            }
        }
    }
    plan
}

/// A record to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreatePlan {
    /// What it will hold.
    pub values: Values,
    /// Values that do not go along.
    pub misfits: Vec<FieldMisfit>,
    /// Fields that the other side asks for and that would be empty.
    pub missing_required: Vec<String>,
}

/// Plans a record to be made across from `source`: every field whose rule may flow there and that holds something.
#[must_use]
pub fn plan_create(
    source: Side,
    pairs: &[FieldPair],
    values: &Values,
    context: &ConvertContext<'_>,
) -> CreatePlan {
    let target = source.other();
    let mut plan = CreatePlan::default();
    for (index, pair) in pairs.iter().enumerate() {
        let (from, to) = (pair.field(source), pair.field(target));
        let value = values.get(&from.name).unwrap_or(&Value::Blank);
        if !pair.mapping.rule.writes(target) || value.is_blank() || plan.values.contains_key(&to.name) {
            continue;
        }
        match convert(value, source, pair, context) {
            Ok(value) if value.is_blank() => {}
            // A new record has not opted out; only that one has is news.
            Ok(Value::Boolean(false)) if pair.mapping.rule == SyncRule::OptOut => {}
            Ok(value) => {
                plan.values.insert(to.name.clone(), value);
            }
            Err(misfit) => plan.misfits.push(FieldMisfit { pair: index, to: target, misfit }),
        }
    }
    for pair in pairs {
        let to = pair.field(target);
        if to.required && !plan.values.contains_key(&to.name) && !plan.missing_required.contains(&to.name) {
            plan.missing_required.push(to.name.clone());
        }
    }
    plan
}

//! An undo as pages show it.

use engine::{UndoAction, UndoOutcome, UndoPlan, UndoStep};
use model::ConnectionId;

use crate::lines::record_address;
use crate::said;
use crate::texts::Texts;

/// Steps shown one by one.
const STEPS: usize = 100;

/// An undo, planned or done.
pub struct UndoView {
    /// Steps that do something.
    pub to_do: usize,
    /// Steps left because somebody changed what was written.
    pub conflicts: usize,
    /// Steps that could not be done.
    pub failed: usize,
    /// The run that did it.
    pub run: Option<String>,
    /// The first of the steps.
    pub steps: Vec<StepView>,
    /// Steps that are not shown.
    pub more: usize,
}

/// One step.
pub struct StepView {
    /// The side, as a class.
    pub class: &'static str,
    /// The side.
    pub side: String,
    /// The object.
    pub object: String,
    /// The record's id.
    pub record: String,
    /// Its page.
    pub address: String,
    /// What is done, or was.
    pub what: String,
    /// The field; empty where it is about the whole record.
    pub field: String,
    /// What it holds.
    pub now: String,
    /// What it gets back.
    pub then: String,
    /// Why it is left, or why it could not be done.
    pub remark: String,
    /// Whether it went wrong.
    pub bad: bool,
}

/// An undo in the reader's language: what does something first.
#[must_use]
pub fn undo_view(t: Texts, connection: &ConnectionId, plan: &UndoPlan) -> UndoView {
    let (acting, left): (Vec<&UndoStep>, Vec<&UndoStep>) =
        plan.steps.iter().partition(|step| step.action != UndoAction::Leave);
    let steps = acting.into_iter().chain(left).take(STEPS).map(|step| step_view(t, connection, step));
    UndoView {
        to_do: plan.to_do(),
        conflicts: plan.conflicts(),
        failed: plan.failed(),
        run: plan.run.clone(),
        steps: steps.collect(),
        more: plan.steps.len().saturating_sub(STEPS),
    }
}

fn step_view(t: Texts, connection: &ConnectionId, step: &UndoStep) -> StepView {
    let how = match &step.outcome {
        None => "plan",
        Some(UndoOutcome::Done) => "done",
        Some(UndoOutcome::Refused { .. }) => "refused",
        Some(UndoOutcome::Unknown) => "unknown",
    };
    let what = match (step.action, how) {
        (UndoAction::Leave, _) => t.get("work-step-leave"),
        (_, "refused" | "unknown") => t.get(&format!("work-step-{how}")),
        (action, how) => t.get(&format!("work-step-{}-{how}", action.as_str())),
    };
    let remark = match &step.outcome {
        Some(UndoOutcome::Refused { code, message, remedy }) => {
            format!("{message} {}", said::remedy_fix(t, code, remedy))
        }
        _ => step.why.clone().unwrap_or_default(),
    };
    let text = |text: &Option<String>| text.as_deref().map(said::short).unwrap_or_default();
    StepView {
        class: step.side.as_str(),
        side: step.side.to_string(),
        object: said::object(t, step.side, &step.object),
        record: step.record.clone(),
        address: record_address(connection, step.side, &step.object, &step.record),
        what,
        field: step.field.clone().unwrap_or_default(),
        now: text(&step.now),
        then: text(&step.then),
        remark,
        bad: matches!(how, "refused" | "unknown"),
    }
}

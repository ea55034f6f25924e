//! What surrounds every step: the steps with how far they are, and what stands against the last thing asked for.

use engine::setup::{Answers, Step};

use crate::texts::Texts;

/// What surrounds a step.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// The set-up.
    pub draft: String,
    /// The steps.
    pub steps: Vec<StepLink>,
    /// What stands against what was just asked for.
    pub problem: Option<String>,
    /// The step before.
    pub back: Option<String>,
    /// The step after, once this one is answered.
    pub next: Option<String>,
}

/// A step in the list of steps.
#[derive(Debug, Clone)]
pub(crate) struct StepLink {
    /// What it is called.
    pub text: String,
    /// Where it is, once it can be opened.
    pub address: Option<String>,
    /// Whether it is open now.
    pub here: bool,
    /// Whether it is answered.
    pub done: bool,
}

impl Frame {
    pub fn of(t: &Texts, draft: &str, answers: &Answers, here: Step, problem: Option<String>) -> Self {
        let address = |step: Step| format!("/setup/{draft}/{}", step.as_str());
        let link = |step: Step| StepLink {
            text: t.get(&format!("setup-step-{}", step.as_str())),
            address: answers.is_open(step).then(|| address(step)),
            here: step == here,
            done: answers.is_answered(step),
        };
        let at = Step::ALL.iter().position(|step| *step == here).unwrap_or(0);
        let neighbour = |at: Option<usize>| at.and_then(|at| Step::ALL.get(at)).map(|step| address(*step));
        Self {
            draft: draft.to_owned(),
            steps: Step::ALL.into_iter().map(link).collect(),
            problem,
            back: neighbour(at.checked_sub(1)),
            next: if answers.is_answered(here) { neighbour(Some(at + 1)) } else { None },
        }
    }
}

/// What a set-up is called: by what is connected so far.
pub(crate) fn name_of(t: &Texts, answers: &Answers) -> String {
    let hubspot = answers.hubspot.as_ref().map(|account| account.name.clone().unwrap_or(account.id.clone()));
    let salesforce = answers.salesforce.as_ref().map(|org| org.name.clone().unwrap_or(org.id.clone()));
    match (hubspot, salesforce) {
        (Some(hubspot), Some(salesforce)) => format!("{hubspot} ↔ {salesforce}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => t.get("setup-new"),
    }
}

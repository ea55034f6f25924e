//! The engine's short names in the reader's language: reasons, outcomes, causes, objects, kinds of trouble.

use model::{Side, SyncRule};
use store::{HistoryEntry, Outcome};

use crate::texts::Texts;

/// Longest value that a page shows, in characters; the rest is left out.
const LONGEST: usize = 240;

/// A text that is not too long for a table.
#[must_use]
pub fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text under `prefix` and a name of the engine's, as `said-reason-` and `same_or_unknown_time`; the name itself where
/// there is none.
fn named(t: Texts, prefix: &str, name: &str) -> String {
    let key = format!("{prefix}{}", name.replace(['_', '.'], "-").to_lowercase());
    if t.has(&key) { t.get(&key) } else { name.to_owned() }
}

/// Which rule decided.
#[must_use]
pub fn reason(t: Texts, reason: &str) -> String {
    if reason.is_empty() { String::new() } else { named(t, "said-reason-", reason) }
}

/// What was done.
#[must_use]
pub fn outcome(t: Texts, outcome: Outcome) -> String {
    named(t, "said-outcome-", outcome.as_str())
}

/// What led Tandem to look.
#[must_use]
pub fn cause(t: Texts, cause: &str) -> String {
    named(t, "said-cause-", cause)
}

/// What started a run.
#[must_use]
pub fn run_kind(t: Texts, kind: &str) -> String {
    named(t, "said-run-", kind)
}

/// A kind of trouble.
#[must_use]
pub fn category(t: Texts, category: &str) -> String {
    named(t, "said-category-", category)
}

/// What is behind a code of a platform.
#[must_use]
pub fn remedy_cause(t: Texts, code: &str) -> String {
    let remedy = engine::remedy_for(code);
    let key = format!("remedy-{}-cause", remedy_key(remedy.id));
    if t.has(&key) { t.get(&key) } else { remedy.cause.to_owned() }
}

/// What a person can do about a code of a platform; `kept` is what the engine noted with the error, which may know more.
#[must_use]
pub fn remedy_fix(t: Texts, code: &str, kept: &str) -> String {
    let remedy = engine::remedy_for(code);
    let key = format!("remedy-{}-fix", remedy_key(remedy.id));
    if kept == remedy.fix && t.has(&key) { t.get(&key) } else { kept.to_owned() }
}

fn remedy_key(id: &str) -> String {
    if id.is_empty() { "other".to_owned() } else { id.to_lowercase().replace('_', "-") }
}

/// An object, as its platform calls it.
#[must_use]
pub fn object(t: Texts, side: Side, object: &str) -> String {
    named(t, &format!("said-object-{}-", side.as_str()), object)
}

/// A sync rule.
#[must_use]
pub fn rule(t: Texts, rule: SyncRule) -> String {
    named(t, "said-rule-", rule_name(rule))
}

/// The name of a rule in settings and forms.
#[must_use]
pub fn rule_name(rule: SyncRule) -> &'static str {
    match rule {
        SyncRule::PreferSalesforce => "prefer_salesforce",
        SyncRule::AlwaysSalesforce => "always_salesforce",
        SyncRule::TwoWay => "two_way",
        SyncRule::PreferHubSpot => "prefer_hubspot",
        SyncRule::AlwaysHubSpot => "always_hubspot",
        SyncRule::Union => "union",
        SyncRule::OptOut => "opt_out",
        SyncRule::Forward => "forward",
        SyncRule::DontSync => "dont_sync",
    }
}

/// Why a line of history came about, in a sentence.
#[must_use]
pub fn why(t: Texts, entry: &HistoryEntry) -> String {
    match (entry.outcome, reason(t, &entry.reason)) {
        (done, said) if said.is_empty() => outcome(t, done),
        (Outcome::Declined, said) => format!("{} {said}", outcome(t, Outcome::Declined)),
        (_, said) => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    #[test]
    fn every_reason_of_the_merge_and_every_rule_has_a_text_in_both_languages() {
        let reasons = [
            "only_hubspot_changed",
            "only_salesforce_changed",
            "salesforce_ranks_higher",
            "hubspot_ranks_higher",
            "fills_blank_in_salesforce",
            "fills_blank_in_hubspot",
            "hubspot_edited_later",
            "salesforce_edited_later",
            "same_or_unknown_time",
            "union",
            "opted_out",
            "only_forward",
            "matched",
            "outside",
            "apart",
            "undo",
            "created",
            "deleted_in_hubspot",
            "deleted_in_salesforce",
            "inside_again",
            "restored",
            "merged",
            "converted",
            "deleted_for_good",
        ];
        for t in Language::ALL.map(Texts) {
            for name in reasons {
                assert_ne!(reason(t, name), name);
            }
            for any in SyncRule::ALL.into_iter().chain([SyncRule::OptOut, SyncRule::Forward]) {
                assert_ne!(rule(t, any), rule_name(any));
                assert_eq!(serde_json::to_value(any).unwrap(), rule_name(any));
            }
        }
    }

    #[test]
    fn every_remedy_has_its_text_in_both_languages() {
        for t in Language::ALL.map(Texts) {
            for remedy in engine::remedies() {
                let key = remedy_key(remedy.id);
                assert!(
                    t.has(&format!("remedy-{key}-cause")) && t.has(&format!("remedy-{key}-fix")),
                    "{key}"
                );
            }
            assert!(t.has("remedy-other-cause") && t.has("remedy-other-fix"));
        }
        // In English they are the engine's own, so that the command line and the pages say the same.
        let english = Texts(Language::English);
        for remedy in engine::remedies() {
            let key = remedy_key(remedy.id);
            assert_eq!(english.get(&format!("remedy-{key}-cause")), remedy.cause);
            assert_eq!(english.get(&format!("remedy-{key}-fix")), remedy.fix);
        }
    }

    #[test]
    fn a_name_that_nobody_has_translated_stands_for_itself() {
        assert_eq!(object(Texts(Language::English), Side::Salesforce, "Harbour__c"), "Harbour__c");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = "ü".repeat(300);
        assert_eq!(short(&long).chars().count(), LONGEST + 1);
        assert_eq!(short("short"), "short");
    }
}

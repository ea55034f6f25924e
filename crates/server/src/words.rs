//! The history's short names in plain words.

use store::Outcome;

/// Which rule decided, in a sentence.
#[must_use]
pub fn reason_in_words(reason: &str) -> &'static str {
    let parsed: Result<model::Reason, _> =
        serde_json::from_value(serde_json::Value::String(reason.to_owned()));
    match (parsed, reason) {
        (Ok(reason), _) => reason.sentence(),
        (Err(_), "matched") => "Both have the same key, or one carries the id of the other.",
        (Err(_), "outside") => "A record of the pair is outside the segment or filter.",
        (Err(_), "apart") => "The two were parted and are not linked again by themselves.",
        (Err(_), "undo") => "A person took back what Tandem had done.",
        (Err(_), "asked_for") => "A person asked for it.",
        (Err(_), "created") => "The other side had no such record.",
        (Err(_), "deleted_in_hubspot") => "The HubSpot record was deleted; this one is left as it is.",
        (Err(_), "deleted_in_salesforce") => "The Salesforce record was deleted; this one is left as it is.",
        (Err(_), "inside_again") => "Both records are inside the segment and the filter again.",
        (Err(_), "restored") => "The record that was deleted is there again.",
        (Err(_), "merged") => "The record was merged into another.",
        (Err(_), "converted") => "The lead was converted.",
        (Err(_), "deleted_for_good") => "The HubSpot record was deleted for good.",
        (Err(_), _) => "",
    }
}

/// What was done, in a sentence.
#[must_use]
pub fn outcome_in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Created => "The record was created.",
        Outcome::Written => "The field was written.",
        Outcome::Declined => "An edit was overruled.",
        Outcome::Linked => "The record was linked.",
        Outcome::Unlinked => "The link was put to rest.",
        Outcome::Resumed => "The link is kept in step again.",
        Outcome::Deleted => "The record was put into the recycle bin.",
        Outcome::Restored => "The record was taken out of the recycle bin.",
        Outcome::Moved => "The link was moved to the record that lives on.",
        Outcome::Erased => "What was kept of the record was erased.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_merge_has_a_sentence() {
        for reason in ["only_hubspot_changed", "same_or_unknown_time", "created", "deleted_in_hubspot"] {
            assert!(!reason_in_words(reason).is_empty(), "{reason}");
        }
    }
}

//! Paths beside the records: webhooks, lists, imports and exports, automation, forms, limits.

use super::{
    DATED, Hit, activity, automation, journal, limits, lists, marketing, timeline, transfers, webhooks,
};
use crate::http::Found;

/// What a family of paths needs besides its handler.
struct Family<'a> {
    prefix: String,
    dated: bool,
    /// Whether it takes an access token and counts toward the limits.
    token: bool,
    hit: Hit,
    method: &'a str,
}

impl Family<'_> {
    fn found(self) -> Option<Found> {
        let (tail, handler) = self.hit?;
        Some(Found {
            pattern: format!("{} {}{tail}", self.method, self.prefix),
            handler,
            api: self.token,
            search: false,
            dated: self.dated,
            own: false,
        })
    }
}

/// A version in a path: the undated one named, or a dated one. Says whether it is dated.
fn version(given: &str, undated: &str) -> Option<bool> {
    if given == undated { Some(false) } else { DATED.contains(&given).then_some(true) }
}

pub(super) fn find(method: &str, parts: &[&str]) -> Option<Found> {
    let family = |prefix: String, dated: bool, token: bool, hit: Hit| {
        Family { prefix, dated, token, hit, method }.found()
    };
    match parts {
        ["webhooks", "v4", "journal", rest @ ..] => {
            family("/webhooks/v4/journal".to_owned(), false, true, journal::find_entries(method, rest))
        }
        ["webhooks", "v4", "subscriptions", rest @ ..] => {
            let hit = journal::find_subscriptions(method, rest);
            family("/webhooks/v4/subscriptions".to_owned(), false, true, hit)
        }
        ["webhooks", "v4", "snapshots", rest @ ..] => {
            family("/webhooks/v4/snapshots".to_owned(), false, true, journal::find_snapshots(method, rest))
        }
        [name @ ("webhooks" | "app-webhooks"), given, app, rest @ ..] => {
            let dated = version(given, "v3")?;
            let hit = webhooks::find(method, app, rest);
            // The developer key is checked by the handler.
            family(format!("/{name}/{given}/{{appId}}"), dated, false, hit)
        }
        ["webhooks-journal", area @ ("journal" | "journal-local"), given, rest @ ..] => {
            let dated = version(given, "v4")?;
            family(
                format!("/webhooks-journal/{area}/{given}"),
                dated,
                true,
                journal::find_entries(method, rest),
            )
        }
        ["webhooks-journal", "subscriptions", given, rest @ ..] => {
            let dated = version(given, "v4")?;
            let hit = journal::find_subscriptions(method, rest);
            family(format!("/webhooks-journal/subscriptions/{given}"), dated, true, hit)
        }
        ["webhooks-journal", "snapshots", given, rest @ ..] => {
            let dated = version(given, "v4")?;
            family(
                format!("/webhooks-journal/snapshots/{given}"),
                dated,
                true,
                journal::find_snapshots(method, rest),
            )
        }
        ["crm", "v3", area @ ("imports" | "exports"), rest @ ..] => {
            let hit = if *area == "imports" {
                transfers::find_imports(method, rest)
            } else {
                transfers::find_exports(method, rest)
            };
            family(format!("/crm/v3/{area}"), false, true, hit)
        }
        ["crm", area @ ("imports" | "exports"), given, rest @ ..] => {
            let dated = DATED.contains(given).then_some(true)?;
            let hit = if *area == "imports" {
                transfers::find_imports(method, rest)
            } else {
                transfers::find_exports(method, rest)
            };
            family(format!("/crm/{area}/{given}"), dated, true, hit)
        }
        ["automation", "v4", "sequences", rest @ ..] => family(
            "/automation/v4/sequences".to_owned(),
            false,
            true,
            automation::find_sequences(method, rest),
        ),
        ["automation", "sequences", given, rest @ ..] => {
            let dated = DATED.contains(given).then_some(true)?;
            let hit = automation::find_sequences(method, rest);
            family(format!("/automation/sequences/{given}"), dated, true, hit)
        }
        ["automation", given @ ("v4" | "2026-09-beta"), "flows", rest @ ..] => {
            let hit = automation::find_flows(method, rest);
            family(format!("/automation/{given}/flows"), *given != "v4", true, hit)
        }
        ["automation", "v4", "workflow-id-mappings", rest @ ..] => {
            let hit = automation::find_mappings(method, rest);
            family("/automation/v4/workflow-id-mappings".to_owned(), false, true, hit)
        }
        ["automation", given @ ("v2" | "v3"), "workflows", rest @ ..] => family(
            format!("/automation/{given}/workflows"),
            false,
            true,
            automation::find_workflows(method, rest),
        ),
        ["crm", "v3", "limits", rest @ ..] => {
            family("/crm/v3/limits".to_owned(), false, true, limits::find(method, rest))
        }
        ["crm", "limits", given, rest @ ..] => {
            let dated = DATED.contains(given).then_some(true)?;
            family(format!("/crm/limits/{given}"), dated, true, limits::find(method, rest))
        }
        ["account-info", given, "activity", rest @ ..] => {
            let dated = version(given, "v3")?;
            family(format!("/account-info/{given}"), dated, true, activity::find(method, rest))
        }
        ["marketing", "v3", "forms", rest @ ..] => {
            family("/marketing/v3/forms".to_owned(), false, true, marketing::find_forms(method, rest, false))
        }
        ["forms", "v2", "forms", rest @ ..] => {
            family("/forms/v2/forms".to_owned(), false, true, marketing::find_forms(method, rest, true))
        }
        ["submissions", "v3", "integration", "submit", portal, form] => {
            let hit = marketing::find_submit(method, portal, form);
            family("/submissions/v3/integration/submit".to_owned(), false, false, hit)
        }
        ["submissions", "v3", "integration", "secure", "submit", portal, form] => {
            let hit = marketing::find_submit(method, portal, form);
            family("/submissions/v3/integration/secure/submit".to_owned(), false, true, hit)
        }
        ["form-integrations", "v1", "submissions", "forms", form] => {
            let hit = marketing::find_submissions(method, form);
            family("/form-integrations/v1/submissions/forms".to_owned(), false, true, hit)
        }
        ["marketing", given, "emails", rest @ ..] => {
            let dated = version(given, "v3")?;
            family(format!("/marketing/{given}/emails"), dated, true, marketing::find_emails(method, rest))
        }
        ["email", "public", "v1", "events", rest @ ..] => family(
            "/email/public/v1/events".to_owned(),
            false,
            true,
            marketing::find_email_events(method, rest),
        ),
        ["events", "v3", "events", rest @ ..] => {
            family("/events/v3/events".to_owned(), false, true, timeline::find_occurrences(method, rest))
        }
        ["events", "event-occurrences", given, rest @ ..] => {
            let dated = DATED.contains(given).then_some(true)?;
            let hit = timeline::find_occurrences(method, rest);
            family(format!("/events/event-occurrences/{given}"), dated, true, hit)
        }
        ["integrators", "timeline", "v3", app, "event-templates", rest @ ..] => {
            let hit = timeline::find_templates(method, app, rest);
            family("/integrators/timeline/v3/{appId}".to_owned(), false, false, hit)
        }
        ["integrators", "timeline", "v3", rest @ ..] => {
            family("/integrators/timeline/v3".to_owned(), false, true, timeline::find(method, rest))
        }
        ["_exports", name] => {
            family("/_exports".to_owned(), false, false, transfers::find_file(method, name))
        }
        ["_journal", name] => family("/_journal".to_owned(), false, false, journal::find_file(method, name)),
        ["crm", "v3", "lists", rest @ ..] => {
            family("/crm/v3/lists".to_owned(), false, true, lists::find(method, rest))
        }
        ["crm", "lists", given, rest @ ..] => {
            let dated = DATED.contains(given).then_some(true)?;
            family(format!("/crm/lists/{given}"), dated, true, lists::find(method, rest))
        }
        _ => None,
    }
}

//! Tests of the table itself: a wrong expectation fails, and what is not understood is refused.

use libtest_mimic::{Failed, Trial};

use crate::{coverage, stage, table};

const STORY: &str = "scenario story
  section 5.1
  says One contact crosses over.
  given HubSpot contact grace: email = grace@tundra.example; firstname = Grace; lastname = Haddad
";

/// Expectations that do not hold after [`STORY`].
const WRONG: [&str; 12] = [
    "Salesforce Contact grace: LastName = Somebody Else",
    "Salesforce Lead grace: LastName = Haddad",
    "Salesforce Contact nobody: LastName = Haddad",
    "Salesforce Contact (LastName = Somebody Else)",
    "Salesforce has 2 Contact",
    "Salesforce grace is deleted",
    "HubSpot grace is not linked",
    "HubSpot grace rests: deleted_in_salesforce",
    "HubSpot grace has the error picklist",
    "Salesforce grace explains LastName: written, only_hubspot_changed",
    "the pass stops saying anything",
    "nothing was written",
];

const RIGHT: [&str; 5] = [
    "Salesforce Contact grace: LastName = Haddad; Email = grace@tundra.example",
    "Salesforce Contact (LastName = Haddad): FirstName = Grace",
    "Salesforce has 1 Contact",
    "HubSpot grace is linked with grace",
    "Salesforce grace explains LastName: written, created",
];

/// Lines that nobody understands.
const NONSENSE: [&str; 8] = [
    "  wenn HubSpot contact grace: phone = 1",
    "  when somebody deletes grace",
    "  when HubSpot deletes Grace Haddad",
    "  when HubSpot contact grace: phone 1",
    "  when 5 fortnights pass",
    "  then HubSpot grace is happy",
    "  then Salesforce has many Contact",
    "  says Too late, the story has begun.",
];

/// The tests.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("a-right-expectation-holds", || {
            RIGHT.iter().try_for_each(|line| play(&format!("{STORY}  then {line}\n"))).map_err(Failed::from)
        }),
        Trial::test("a-wrong-expectation-fails", || {
            WRONG.iter().try_for_each(|line| must_fail(&format!("{STORY}  then {line}\n"), line))
        }),
        Trial::test("an-error-that-nobody-expects-fails", || {
            let story = STORY.replace("email", "fax").replace("; lastname = Haddad", "");
            must_fail(&format!("{story}  then Salesforce has 0 Contact\n"), "an error")
        }),
        Trial::test("a-setting-that-is-not-there-fails", || {
            must_fail(
                &format!("{STORY}  given set colour = blue\n  then Salesforce has 1 Contact\n"),
                "a setting",
            )
        }),
        Trial::test("a-line-that-is-not-understood-is-refused", || {
            NONSENSE
                .iter()
                .try_for_each(|line| refused(&format!("{STORY}{line}\n  then HubSpot has 1 contact\n"), line))
        }),
        Trial::test("a-scenario-that-cannot-fail-is-refused", || refused(STORY, "no 'then'")),
        Trial::test("a-page-that-says-too-much-or-too-little-is-refused", || {
            let known = table::parse("story", &format!("{STORY}  then Salesforce has 1 Contact\n"))?;
            let page = |row: &str| {
                format!("## 5. Contacts\n\n| original | here | shown by |\n|---|---|---|\n{row}\n")
            };
            coverage::compare(&page("| one | same | `story` |"), &known)?;
            for row in ["", "| one | same | `other` |", "| one | same | |", "| one | perhaps | `story` |"] {
                if coverage::compare(&page(row), &known).is_ok() {
                    return Err(format!("nobody minds the row '{row}'").into());
                }
            }
            Ok(())
        }),
    ]
}

fn play(text: &str) -> Result<(), String> {
    table::parse("story", text)?.iter().try_for_each(stage::play)
}

fn must_fail(text: &str, what: &str) -> Result<(), Failed> {
    let scenarios = table::parse("story", text)?;
    if scenarios.iter().all(|scenario| stage::play(scenario).is_err()) {
        return Ok(());
    }
    Err(format!("this does not hold, and nobody minds: {what}").into())
}

fn refused(text: &str, what: &str) -> Result<(), Failed> {
    match table::parse("story", text) {
        Ok(_) => Err(format!("this means nothing, and nobody minds: {what}").into()),
        Err(_) => Ok(()),
    }
}

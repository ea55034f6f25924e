//! What must hold after a pass.

use anyhow::{anyhow, bail, ensure};
use model::Side;
use rust_decimal::Decimal;
use simulation::world::connection_id;
use store::{ErrorFilter, ErrorRow, HistoryFilter, Link, LinkState};

use crate::row::{Expected, Fields};
use crate::stage::Stage;

/// Expectations that belong together: those between two steps. Errors and a stopped pass that none of them names are
/// failures too.
#[derive(Default)]
pub struct Group {
    pub begun: bool,
    errors: Vec<ErrorRow>,
    stopped: bool,
}

/// The errors that stand.
pub fn errors(stage: &Stage) -> anyhow::Result<Vec<ErrorRow>> {
    let mut errors = stage.world.store()?.errors(&connection_id(), &ErrorFilter::default())?;
    // An owner whom nobody goes with is told once and stops nothing.
    errors.retain(|row| row.error.code != "UNMATCHED_OWNER");
    Ok(errors)
}

impl Group {
    pub fn begin(stage: &Stage) -> anyhow::Result<Self> {
        let stopped = matches!(stage.last, Some(Err(_)));
        Ok(Self { begun: true, errors: errors(stage)?, stopped })
    }

    pub fn finish(self, stage: &Stage) -> anyhow::Result<()> {
        if let (true, Some(Err(error))) = (self.stopped, &stage.last) {
            bail!("the pass ended with: {error}");
        }
        if let Some(row) = self.errors.first() {
            let error = &row.error;
            let who = stage.name_of(error.side, &error.object, &error.record);
            bail!("{} {who} stands in error, and nothing says that it should: {}", error.side, error.message);
        }
        Ok(())
    }

    pub fn check(&mut self, stage: &Stage, expected: &Expected) -> anyhow::Result<()> {
        match expected {
            Expected::Record { side, object, name, fields } => {
                let (known, id) = stage.known(*side, name)?;
                ensure!(&known == object, "{name} is one of {side}'s {known}, not of its {object}");
                holds(stage, *side, object, &id, fields).map_err(|error| anyhow!("{side} {name}: {error}"))
            }
            Expected::Only { side, object, holding, fields } => {
                let ids = stage.live(*side, object);
                let fits = |id: &String| holds(stage, *side, object, id, holding).is_ok();
                let found: Vec<&String> = ids.iter().filter(|id| fits(id)).collect();
                let [id] = found.as_slice() else {
                    bail!("{} of {side}'s {} {object} hold this, not one", found.len(), ids.len());
                };
                holds(stage, *side, object, id, fields)
            }
            Expected::Count { side, object, count } => {
                let found = stage.live(*side, object).len();
                ensure!(found == *count, "{side} has {found} {object}, not {count}");
                Ok(())
            }
            Expected::Deleted { side, name } => {
                let (object, id) = stage.known(*side, name)?;
                ensure!(!stage.live(*side, &object).contains(&id), "{side} {name} is there");
                Ok(())
            }
            Expected::Linked { hubspot, salesforce } => {
                let link = link(stage, Side::HubSpot, hubspot)?;
                let link = link.ok_or_else(|| anyhow!("HubSpot {hubspot} is not linked"))?;
                let (object, id) = stage.known(Side::Salesforce, salesforce)?;
                let (with, there) = (link.object(Side::Salesforce), link.record(Side::Salesforce));
                ensure!(
                    (with, there) == (object.as_str(), id.as_str()),
                    "HubSpot {hubspot} is linked with {with} {there}"
                );
                ensure!(link.is_active(), "the link rests: {:?}", link.state);
                Ok(())
            }
            Expected::NotLinked { side, name } => {
                let found = link(stage, *side, name)?;
                ensure!(found.is_none(), "{side} {name} is linked: {:?}", found.map(|link| link.state));
                Ok(())
            }
            Expected::Rests { side, name, why } => {
                let link = link(stage, *side, name)?.ok_or_else(|| anyhow!("{side} {name} is not linked"))?;
                match link.state {
                    LinkState::Resting(resting) if resting.as_str() == why => Ok(()),
                    other => bail!("the link of {side} {name} is {other:?}"),
                }
            }
            Expected::Error { side, name, category, field, saying } => {
                let (object, id) = stage.known(*side, name)?;
                let at = self.errors.iter().position(|row| {
                    let error = &row.error;
                    let about = error.side == *side && error.object == object && error.record == id;
                    let field = field.is_none() || *field == error.field;
                    let said = format!("{} {} {}", error.code, error.message, error.remedy);
                    let says = saying.as_ref().is_none_or(|saying| said.contains(saying.as_str()));
                    about && field && says && error.category == *category
                });
                let at = at.ok_or_else(|| anyhow!("{side} {name} has no such error"))?;
                let row = self.errors.remove(at);
                remedied(&row.error)
            }
            Expected::History { side, name, field, outcome, reason } => {
                let (object, id) = stage.known(*side, name)?;
                let filter = HistoryFilter { record: Some(id.clone()), ..HistoryFilter::default() };
                let rows = stage.world.store()?.history(&connection_id(), &filter)?;
                let found = rows.iter().any(|row| {
                    let row = &row.entry;
                    let about = row.side == *side && row.object == object && row.record == id;
                    let reason = reason.as_ref().is_none_or(|reason| *reason == row.reason);
                    about && row.field == *field && row.outcome.as_str() == outcome && reason
                });
                ensure!(found, "the history of {side} {name} does not say so");
                Ok(())
            }
            Expected::Associated { from, to, is, primary } => associated(stage, from, to, *is, *primary),
            Expected::Stops { saying } => match &stage.last {
                Some(Err(error)) if error.contains(saying.as_str()) => {
                    self.stopped = false;
                    Ok(())
                }
                Some(Err(error)) => bail!("the pass stopped otherwise: {error}"),
                _ => bail!("the pass did not stop"),
            },
            Expected::LeftOut { mapping, saying } => {
                let found = stage.left_out.iter().find(|(one, _)| one == mapping);
                let (_, why) = found.ok_or_else(|| anyhow!("{mapping} is not left out"))?;
                ensure!(why.contains(saying.as_str()), "it is left out for another reason: {why}");
                Ok(())
            }
            Expected::NothingWritten => {
                ensure!(stage.wrote.is_empty(), "something was written:\n  {}", stage.wrote.join("\n  "));
                Ok(())
            }
        }
    }
}

/// The remedy is the one of the catalogue; what Tandem finds by itself has a remedy of its own, of the same kind.
fn remedied(error: &store::SyncError) -> anyhow::Result<()> {
    ensure!(!error.remedy.is_empty(), "the error says nothing about what to do");
    let known = engine::remedy_for(&error.code);
    if known.fix == error.remedy {
        ensure!(
            known.category.as_str() == error.category,
            "{} is an error of kind {}",
            error.code,
            error.category
        );
        return Ok(());
    }
    let own = ["property_value", "picklist", "association"].contains(&error.category.as_str());
    ensure!(own, "{}: '{}' is not what the catalogue says", error.code, error.remedy);
    Ok(())
}

fn holds(stage: &Stage, side: Side, object: &str, id: &str, fields: &Fields) -> anyhow::Result<()> {
    // Asked for even if nothing is compared, so that a record that is not there is noticed.
    stage.held(side, object, id, "")?;
    for (field, wanted) in fields {
        let wanted = stage.filled(side, wanted)?;
        let held = stage.held(side, object, id, field)?;
        ensure!(same(&held, &wanted), "{field} holds {held:?}, not {wanted:?}");
    }
    Ok(())
}

/// Whether two texts say the same to a person: 1000 and 1000.00 do.
fn same(held: &str, wanted: &str) -> bool {
    let number =
        |text: &str| text.parse::<Decimal>().ok().filter(|_| !text.starts_with('0') || text.len() < 3);
    held == wanted || matches!((number(held), number(wanted)), (Some(one), Some(other)) if one == other)
}

fn link(stage: &Stage, side: Side, name: &str) -> anyhow::Result<Option<Link>> {
    let (object, id) = stage.known(side, name)?;
    Ok(stage.world.store()?.link_of(&connection_id(), side, &object, &id)?)
}

fn associated(stage: &Stage, from: &str, to: &str, is: bool, primary: bool) -> anyhow::Result<()> {
    let (object, id) = stage.known(Side::HubSpot, from)?;
    let (other, there) = stage.known(Side::HubSpot, to)?;
    let record = stage.world.hubspot.record(&object, &id).ok_or_else(|| anyhow!("{from} is not there"))?;
    let with = record.associations.get(&other).into_iter().flatten().find(|(id, _)| *id == there);
    match with {
        None => ensure!(!is, "{from} is not associated with {to}"),
        Some((_, types)) => {
            // HubSpot's types for a primary company: of a contact, of a deal, of a ticket.
            let is_primary = types.iter().any(|one| [1, 5, 26].contains(one));
            ensure!(is, "{from} is associated with {to}");
            ensure!(is_primary || !primary, "{to} is not the primary of {from}: its types are {types:?}");
        }
    }
    Ok(())
}

//! Sweep: go through a whole roster (a segment, a filter, the recycle bin) and mark who came and who left since the last
//! time. It finds what a poll for changes cannot: that a record's membership changed and not the record.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use model::Side;
use store::{Cause, Link, LinkState, Resting};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::inside::scope_of;
use crate::settings::Activity;
use crate::side::Roster;

impl Connection {
    /// Sweeps every roster of `side` that is due; all of them, where somebody waits for it.
    pub(crate) async fn sweep(&self, side: Side, all: bool) -> Result<(), EngineError> {
        let schema = self.schema().await?;
        for object in schema.objects(side) {
            let mut rosters = Vec::new();
            for scope in schema.routes_of(side, &object).filter_map(|route| scope_of(&route.mapping, side)) {
                let roster = Roster::Inside(scope.to_owned());
                if !rosters.contains(&roster) {
                    rosters.push(roster);
                }
            }
            // What only stands for an object has no recycle bin.
            if side == Side::HubSpot && Activity::of(&object).is_none_or(Activity::is_record) {
                rosters.push(Roster::Archived);
            }
            for roster in rosters {
                self.sweep_roster(side, &object, &roster, all).await?;
            }
        }
        Ok(())
    }

    async fn sweep_roster(
        &self,
        side: Side,
        object: &str,
        roster: &Roster,
        all: bool,
    ) -> Result<(), EngineError> {
        let name = name_of(side, object, roster);
        let due = self.store.cursor(&self.id, &name)?;
        if !all && due.is_some_and(|due| due > self.now()) {
            return Ok(());
        }
        let began = self.now();
        let mut now: BTreeSet<String> = BTreeSet::new();
        let (mut page, mut pages) = (None, 0);
        loop {
            let answer = self.side(side).roster(object, roster, page).await?;
            pages += 1;
            now.extend(answer.ids);
            page = answer.next;
            if page.is_none() {
                break;
            }
        }
        let before = self.store.roster(&self.id, &name)?;
        let came: Vec<String> = now.difference(&before).cloned().collect();
        let left: Vec<String> = before.difference(&now).cloned().collect();
        let moved: Vec<String> = came.iter().chain(&left).cloned().collect();
        let links: BTreeMap<String, Link> = self
            .store
            .links_by_ids(&self.id, side, object, &moved)?
            .into_iter()
            .map(|link| (link.record(side).to_owned(), link))
            .collect();
        let state = |id: &String| links.get(id).map(|link| link.state);
        let marked: Vec<&String> = match roster {
            Roster::Inside(_) => came
                .iter()
                .filter(|id| matches!(state(id), None | Some(LinkState::Resting(Resting::Outside))))
                .chain(left.iter().filter(|id| state(id) == Some(LinkState::Active)))
                .collect(),
            // Who leaves the recycle bin was restored, or is gone for good.
            Roster::Archived => {
                came.iter().filter(|id| state(id) == Some(LinkState::Active)).chain(&left).collect()
            }
        };
        let next = began.checked_add(pause(side, pages)).unwrap_or(began);
        self.store.transaction(|tx| {
            for id in &marked {
                tx.mark(&self.id, side, object, id, Cause::Poll, self.now())?;
            }
            tx.change_roster(&self.id, &name, &came, &left)
        })?;
        self.store.set_cursor(&self.id, &name, next, self.now())?;
        if !marked.is_empty() {
            tracing::debug!(%side, object, came = came.len(), left = left.len(), "sweep");
            self.wake.notify_one();
        }
        Ok(())
    }
}

fn name_of(side: Side, object: &str, roster: &Roster) -> String {
    match roster {
        Roster::Inside(scope) => format!("inside:{}:{object}:{scope}", side.as_str()),
        Roster::Archived => format!("archived:{}:{object}", side.as_str()),
    }
}

/// How long a roster of so many pages is left alone after a sweep: HubSpot's calls come back every ten seconds,
/// Salesforce's only in a day.
fn pause(side: Side, pages: i64) -> SignedDuration {
    match side {
        Side::HubSpot => SignedDuration::from_secs(10 * (pages - 1)),
        Side::Salesforce => SignedDuration::from_mins(10 * pages),
    }
}

//! What happens to records, told to whoever listens. Nothing is noted while nobody does.

use crate::account::{Account, Source};
use crate::associations::End;
use crate::record::Record;

/// Who did something, as events name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl Actor {
    fn of(source: &Source) -> Self {
        Self { kind: source.kind.to_owned(), id: source.id.clone() }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Created,
    Deleted,
    /// For good, at the wish of the person it is about.
    PrivacyDeleted,
    Restored,
    /// A stored value is now another.
    Changed {
        property: String,
        value: String,
    },
    /// One type of an association was added or removed.
    Associated {
        to: End,
        kind: u32,
        removed: bool,
    },
    Merged {
        primary: u64,
        merged: Vec<u64>,
        result: u64,
        moved: usize,
    },
}

/// Something that happened to a record.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) object: usize,
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) actor: Actor,
    pub(crate) what: What,
}

/// Who is at work when a write does not say it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Feed {
    actor: Option<Source>,
}

impl Account {
    /// Runs `work` as this source, for writes that name none: archiving, associating.
    pub(crate) fn acting_as<T>(&mut self, source: Source, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.platform.feed.actor.replace(source);
        let result = work(self);
        self.platform.feed.actor = before;
        result
    }

    fn actor(&self) -> Actor {
        self.platform.feed.actor.as_ref().map_or_else(|| Actor::of(&Source::app(self.app)), Actor::of)
    }

    fn tell(&mut self, happening: &Happening) {
        self.tell_webhooks(happening);
        self.tell_journal(happening);
    }

    /// Tells that something happened; the actor is whoever is at work.
    pub(crate) fn note(&mut self, object: usize, id: u64, at: i64, what: What) {
        if self.platform.listening() {
            let actor = self.actor();
            self.tell(&Happening { object, id, at, actor, what });
        }
    }

    /// Tells of a record that has just been created, and of every value it has.
    pub(crate) fn note_created(&mut self, object: usize, id: u64) {
        if !self.platform.listening() {
            return;
        }
        let Some(record) = self.stores[object].records.get(id).cloned() else { return };
        let actor = self.sources.get(usize::from(record.source)).map_or_else(|| self.actor(), Actor::of);
        let at = record.created;
        self.tell(&Happening { object, id, at, actor, what: What::Created });
        self.note_values(object, None, &record);
    }

    /// Tells which values a change has touched.
    pub(crate) fn note_changes(&mut self, object: usize, before: &Record) {
        let Some(after) = self.stores[object].records.get(before.id).cloned() else { return };
        self.note_values(object, Some(before), &after);
    }

    fn note_values(&mut self, object: usize, before: Option<&Record>, after: &Record) {
        for key in after.keys() {
            let Some(version) = after.versions(key).first().copied() else { continue };
            if before.and_then(|record| record.stored(key, i64::MAX)) == version.value {
                continue;
            }
            let Some(property) = self.stores[object].property(key) else { continue };
            let property = property.name.clone();
            let value = version.value.unwrap_or_default().to_owned();
            let actor = self.sources.get(usize::from(version.source)).map_or_else(|| self.actor(), Actor::of);
            let what = What::Changed { property, value };
            self.tell(&Happening { object, id: after.id, at: version.at, actor, what });
        }
    }

    /// Tells of each association type that came or went, from both ends.
    pub(crate) fn note_links(&mut self, from: End, to: End, old: &[u32], new: &[u32], at: i64) {
        if !self.platform.listening() {
            return;
        }
        let gone = old.iter().filter(|kind| !new.contains(kind)).map(|kind| (*kind, true));
        let come = new.iter().filter(|kind| !old.contains(kind)).map(|kind| (*kind, false));
        let changes: Vec<(u32, bool)> = gone.chain(come).collect();
        for (kind, removed) in changes {
            let back = self.inverse(kind);
            self.note(from.0, from.1, at, What::Associated { to, kind, removed });
            self.note(to.0, to.1, at, What::Associated { to: from, kind: back, removed });
        }
    }
}

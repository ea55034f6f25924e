//! Which records belong together, and in what sense.

use serde_json::{Value, json};

use crate::account::{Account, Source};
use crate::association_types::{is_primary, primary_type, standard};
use crate::error::ApiError;
use crate::registry::COMPANIES;

/// A type this account has defined, in one direction: a label, or the type without one of a custom object.
#[derive(Debug, Clone)]
pub(crate) struct CustomType {
    pub(crate) id: u32,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) inverse: u32,
    pub(crate) name: String,
    pub(crate) label: Option<String>,
}

/// One end of an association: the kind and the record.
pub(crate) type End = (usize, u64);

fn key((object, id): End) -> (u16, u64) {
    (u16::try_from(object).unwrap_or_default(), id)
}

impl Account {
    /// From which kind to which a type leads, and its inverse.
    pub(crate) fn link_type(&self, id: u32, custom: bool) -> Option<(usize, usize, u32)> {
        if custom {
            return self
                .custom_types
                .iter()
                .find(|one| one.id == id)
                .map(|one| (one.from, one.to, one.inverse));
        }
        standard().iter().find(|one| one.id == id).map(|one| (one.from, one.to, one.inverse))
    }

    pub(crate) fn inverse(&self, id: u32) -> u32 {
        self.link_type(id, false).or_else(|| self.link_type(id, true)).map_or(id, |(_, _, inverse)| inverse)
    }

    /// An association type as the API lists it.
    pub(crate) fn type_json(&self, id: u32) -> Value {
        if let Some(one) = standard().iter().find(|one| one.id == id) {
            return json!({ "category": "HUBSPOT_DEFINED", "typeId": id, "label": one.label });
        }
        let label = self.custom_types.iter().find(|one| one.id == id).and_then(|one| one.label.as_deref());
        json!({ "category": "USER_DEFINED", "typeId": id, "label": label })
    }

    pub(crate) fn label_of(&self, id: u32) -> Option<String> {
        if let Some(one) = standard().iter().find(|one| one.id == id) {
            return one.label.map(str::to_owned);
        }
        self.custom_types.iter().find(|one| one.id == id)?.label.clone()
    }

    /// Every type between two kinds, in one direction.
    pub(crate) fn types_between(&self, from: usize, to: usize) -> Vec<u32> {
        let built_in = standard().iter().filter(|one| one.from == from && one.to == to).map(|one| one.id);
        let custom =
            self.custom_types.iter().filter(|one| one.from == from && one.to == to).map(|one| one.id);
        built_in.chain(custom).collect()
    }

    /// Defines a label in both directions, and returns the two type ids.
    pub(crate) fn define_label(
        &mut self,
        from: usize,
        to: usize,
        name: &str,
        label: &str,
        inverse: Option<&str>,
    ) -> (u32, u32) {
        self.define_types(from, to, name, Some(label), inverse)
    }

    /// Defines a type in both directions, with or without a label, and returns the two ids.
    pub(crate) fn define_types(
        &mut self,
        from: usize,
        to: usize,
        name: &str,
        label: Option<&str>,
        inverse: Option<&str>,
    ) -> (u32, u32) {
        // assumed: user-defined ids count up from a number clear of the built-in ones
        let first = self.custom_types.iter().map(|one| one.id).max().map_or(9001, |last| last + 1);
        let second = if from == to && inverse.is_none() { first } else { first + 1 };
        let mut add = |id, from, to, inverse, label: Option<&str>| {
            let (name, label) = (name.to_owned(), label.map(str::to_owned));
            self.custom_types.push(CustomType { id, from, to, inverse, name, label });
        };
        add(first, from, to, second, label);
        if second != first {
            add(second, to, from, first, inverse.or(label));
        }
        (first, second)
    }

    /// Takes a type this account has defined out of use, and off every record.
    pub(crate) fn drop_type(&mut self, id: u32, now: i64) {
        let Some((from, to, _)) = self.link_type(id, true) else { return };
        let at = self.tick(now);
        let (kind, _) = key((to, 0));
        let mut held = Vec::new();
        for record in self.stores[from].records.values() {
            let links = record.links.of_kind(kind).filter(|(_, types)| types.contains(&id));
            held.extend(links.map(|(other, _)| (record.id, other)));
        }
        for (one, other) in held {
            self.remove_types((from, one), (to, other), &[id], at);
        }
        self.custom_types.retain(|one| one.id != id);
        self.link_limits.remove(&id);
    }

    /// Refuses an association that would be one more than the account allows.
    pub(crate) fn check_limits(&self, from: End, to: End, types: &[u32]) -> Result<(), ApiError> {
        for id in types {
            for (one, other, id) in [(from, to, *id), (to, from, self.inverse(*id))] {
                let Some(most) = self.link_limits.get(&id) else { continue };
                let held = self.links(one, other.0);
                let many =
                    held.iter().filter(|(there, types)| *there != other.1 && types.contains(&id)).count();
                if many >= *most as usize {
                    // assumed: the wording for a limit that is met
                    return Err(ApiError::validation(format!(
                        "{} {} already has the {most} associations of type {id} that are allowed",
                        self.kind(one.0).singular,
                        one.1
                    ))
                    .with_sub("crm.associations.ASSOCIATION_LIMIT_EXCEEDED"));
                }
            }
        }
        Ok(())
    }

    /// What an association type is called where types go by names.
    pub(crate) fn type_name(&self, id: u32, from: usize, to: usize) -> String {
        let (one, other) = (&self.kind(from).singular, &self.kind(to).singular);
        match self.label_of(id) {
            None if self.types_between(from, to).len() > 1 => format!("{one}_to_{other}_unlabeled"),
            None => format!("{one}_to_{other}"),
            Some(_) if is_primary(id) => format!("{one}_to_{other}"),
            Some(label) => label.to_lowercase().replace(' ', "_"),
        }
    }

    /// The type without a label between two kinds.
    pub(crate) fn unlabelled(&self, from: usize, to: usize) -> Option<u32> {
        let built_in = standard().iter().find(|one| one.from == from && one.to == to && one.label.is_none());
        let own =
            || self.custom_types.iter().find(|one| one.from == from && one.to == to && one.label.is_none());
        built_in.map(|one| one.id).or_else(|| own().map(|one| one.id))
    }

    /// The live records of a kind that a record is associated with, with the types.
    pub(crate) fn links(&self, from: End, to: usize) -> Vec<(u64, Vec<u32>)> {
        let Some(record) = self.stores[from.0].records.get(from.1) else { return Vec::new() };
        let (kind, _) = key((to, 0));
        record
            .links
            .of_kind(kind)
            .filter(|(id, _)| self.live(to, *id).is_some())
            .map(|(id, types)| (id, types.to_vec()))
            .collect()
    }

    pub(crate) fn types_of(&self, from: End, to: End) -> Vec<u32> {
        let record = self.stores[from.0].records.get(from.1);
        record.map(|record| record.links.get(key(to)).to_vec()).unwrap_or_default()
    }

    /// Associates two records. With `replace`, labels not named are dropped; the unlabelled type stays.
    pub(crate) fn put_link(&mut self, from: End, to: End, types: &[u32], replace: bool, at: i64) -> bool {
        let mut wanted = if replace { Vec::new() } else { self.types_of(from, to) };
        wanted.extend(self.unlabelled(from.0, to.0));
        wanted.extend_from_slice(types);
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.iter().any(|id| is_primary(*id)) {
            let (child, company) = if to.0 == COMPANIES { (from, to) } else { (to, from) };
            self.drop_other_primary(child, company.1, at);
        }
        self.set_link(from, to, wanted, at)
    }

    /// Sets exactly these types, in both directions; none of them ends the association.
    fn set_link(&mut self, from: End, to: End, types: Vec<u32>, at: i64) -> bool {
        let old = self.types_of(from, to);
        if old == types {
            return false;
        }
        let new = types.clone();
        let mut back: Vec<u32> = types.iter().map(|id| self.inverse(*id)).collect();
        back.sort_unstable();
        // assumed: both ends count as changed, since counts and the primary company are properties of theirs
        for (end, other, types) in [(from, to, types), (to, from, back)] {
            self.modify(end.0, end.1, at, |record| {
                record.links.set(key(other), types);
                true
            });
        }
        self.refresh_primary(from, at);
        self.refresh_primary(to, at);
        self.note_links(from, to, &old, &new, at);
        true
    }

    /// Ends an association altogether.
    pub(crate) fn unlink(&mut self, from: End, to: End, at: i64) -> bool {
        self.set_link(from, to, Vec::new(), at)
    }

    /// Takes some labels off an association. Without its unlabelled type nothing remains of it.
    pub(crate) fn remove_types(&mut self, from: End, to: End, types: &[u32], at: i64) -> bool {
        let default = self.unlabelled(from.0, to.0);
        if types.iter().any(|id| Some(*id) == default) {
            return self.unlink(from, to, at);
        }
        let mut left = self.types_of(from, to);
        left.retain(|id| !types.contains(id));
        self.set_link(from, to, left, at)
    }

    pub(crate) fn link_primary(&mut self, child: End, company: u64, at: i64) -> bool {
        match primary_type(child.0) {
            Some(primary) => self.put_link(child, (COMPANIES, company), &[primary], false, at),
            None => self.put_link(child, (COMPANIES, company), &[], false, at),
        }
    }

    pub(crate) fn unlink_primary(&mut self, child: End, at: i64) -> bool {
        self.drop_other_primary(child, 0, at)
    }

    /// A record has one primary company: any other loses the label and stays associated.
    fn drop_other_primary(&mut self, child: End, keep: u64, at: i64) -> bool {
        let Some(primary) = primary_type(child.0) else { return false };
        let Some(record) = self.stores[child.0].records.get(child.1) else { return false };
        let (kind, _) = key((COMPANIES, 0));
        let others: Vec<u64> = record
            .links
            .of_kind(kind)
            .filter(|(id, types)| *id != keep && types.contains(&primary))
            .map(|(id, _)| id)
            .collect();
        let mut dropped = false;
        for other in others {
            dropped |= self.remove_types(child, (COMPANIES, other), &[primary], at);
        }
        dropped
    }

    /// Keeps the property that names the primary company true.
    pub(crate) fn refresh_primary(&mut self, child: End, at: i64) {
        let store = &self.stores[child.0];
        let Some(name) = store.kind.primary_company else { return };
        let (Some(key), Some(primary)) = (store.key(name), primary_type(child.0)) else { return };
        if store.live(child.1).is_none() {
            return;
        }
        let company = self
            .links(child, COMPANIES)
            .into_iter()
            .find(|(_, types)| types.contains(&primary))
            .map(|(id, _)| id.to_string());
        let source = self.source(&Source::platform());
        self.modify(child.0, child.1, at, |record| record.set(key, company.as_deref(), source, at));
    }

    /// `associations` as a single read shows them.
    pub(crate) fn links_json(&self, from: End, to: usize) -> Option<Value> {
        let mut results = Vec::new();
        for (id, types) in self.links(from, to) {
            for kind in types {
                let name = self.type_name(kind, from.0, to);
                results.push(json!({ "id": id.to_string(), "type": name }));
            }
        }
        (!results.is_empty()).then(|| json!({ "results": results }))
    }
}

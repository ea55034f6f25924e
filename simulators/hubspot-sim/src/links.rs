//! What a record is associated with, kept small: most records have one or two associations.

/// The other record: its kind and its id.
pub(crate) type Other = (u16, u64);

/// Associations in the order of the other record's kind and id, each with its types in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links(Vec<(Other, Box<[u32]>)>);

impl Links {
    fn place(&self, other: Other) -> Result<usize, usize> {
        self.0.binary_search_by_key(&other, |(one, _)| *one)
    }

    pub(crate) fn get(&self, other: Other) -> &[u32] {
        self.place(other).map_or(&[], |at| &self.0[at].1)
    }

    /// Sets the types; none of them ends the association.
    pub(crate) fn set(&mut self, other: Other, types: Vec<u32>) {
        match (self.place(other), types.is_empty()) {
            (Ok(at), true) => drop(self.0.remove(at)),
            (Ok(at), false) => self.0[at].1 = types.into_boxed_slice(),
            (Err(_), true) => {}
            (Err(at), false) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (other, types.into_boxed_slice()));
            }
        }
    }

    /// The associations with one kind, in the order of the ids.
    pub(crate) fn of_kind(&self, kind: u16) -> impl Iterator<Item = (u64, &[u32])> {
        let from = self.0.partition_point(|(other, _)| *other < (kind, 0));
        self.0[from..]
            .iter()
            .take_while(move |((one, _), _)| *one == kind)
            .map(|((_, id), types)| (*id, types.as_ref()))
    }

    pub(crate) fn others(&self) -> Vec<Other> {
        self.0.iter().map(|(other, _)| *other).collect()
    }
}

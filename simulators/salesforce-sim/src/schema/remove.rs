//! Taking a field out of an object's description.

use super::ObjectDef;

impl ObjectDef {
    /// Takes the field at this place away; those behind it move up.
    pub fn remove(&mut self, at: usize) {
        self.fields.shift_remove_index(at);
        self.by_lower =
            self.fields.keys().enumerate().map(|(at, name)| (name.to_ascii_lowercase(), at)).collect();
    }
}

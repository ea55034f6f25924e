//! The people of the account.

use serde_json::{Value, json};

use crate::time::iso;

/// Someone records can belong to.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) user: u64,
    pub(crate) email: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) archived: bool,
    pub(crate) created: i64,
}

/// The user edits made by "people" are attributed to.
pub(crate) const PERSON: u64 = 9_586_501;

pub(crate) fn standard(born: i64) -> Vec<Owner> {
    let people = [
        ("Ada", "Quill", false),
        ("Bruno", "Ferreira", false),
        ("Chiyo", "Tanabe", false),
        ("Dara", "Okafor", false),
        ("Emil", "Lund", true),
    ];
    people
        .into_iter()
        .zip(0..)
        .map(|((first, last, archived), n)| Owner {
            id: (41_629_779 + n * 11).to_string(),
            user: PERSON + n,
            email: format!("{}.{}@tandem-demo.example", first.to_lowercase(), last.to_lowercase()),
            first: first.to_owned(),
            last: last.to_owned(),
            archived,
            created: born,
        })
        .collect()
}

impl Owner {
    /// An owner known only by the id a data set gives.
    pub(crate) fn named_by_id(id: &str, user: u64, born: i64) -> Self {
        Self {
            id: id.to_owned(),
            user,
            email: format!("owner.{id}@tandem-demo.example"),
            first: "Owner".to_owned(),
            last: id.to_owned(),
            archived: false,
            created: born,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let user = (!self.archived).then_some(self.user);
        json!({
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userId": user,
            "userIdIncludingInactive": self.user,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.created),
            "archived": self.archived,
            "teams": [{ "id": "368389", "name": "Sales", "primary": true }],
        })
    }
}

//! The people of the account.

use serde_json::{Value, json};

use crate::account::{Account, Source};
use crate::registry::USERS;
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
    pub(crate) updated: i64,
    pub(crate) role: Option<String>,
    /// The main team, and any others.
    pub(crate) teams: Vec<String>,
    pub(crate) super_admin: bool,
}

/// The user edits made by "people" are attributed to.
pub(crate) const PERSON: u64 = 9_586_501;

/// The teams of the account: id and name.
pub(crate) static TEAMS: &[(&str, &str)] = &[("368389", "Sales"), ("368390", "Support")];

/// The roles users can have: id and name.
pub(crate) static ROLES: &[(&str, &str)] = &[("109201", "Sales user"), ("109202", "Read only")];

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
            updated: born,
            role: (n > 0).then(|| ROLES[0].0.to_owned()),
            teams: vec![TEAMS[usize::from(n == 3)].0.to_owned()],
            super_admin: n == 0,
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
            updated: born,
            role: None,
            teams: vec![TEAMS[0].0.to_owned()],
            super_admin: false,
        }
    }

    pub(crate) fn json(&self) -> Value {
        let user = (!self.archived).then_some(self.user);
        let teams = self.teams.iter().zip(0..).map(|(id, n)| {
            let name = TEAMS.iter().find(|team| team.0 == id).map(|team| team.1);
            json!({ "id": id, "name": name, "primary": n == 0 })
        });
        let teams: Vec<Value> = teams.collect();
        json!({
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first,
            "lastName": self.last,
            "userId": user,
            "userIdIncludingInactive": self.user,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
            "teams": teams,
        })
    }
}

impl crate::HubSpotSim {
    /// Adds a person who uses the account and can own records.
    pub fn add_person(&self, first: &str, last: &str, email: &str) {
        let now = self.0.clock.now().as_millisecond();
        let mut account = self.0.write();
        let most = |number: &dyn Fn(&Owner) -> Option<u64>| {
            account.owners.iter().filter_map(number).max().unwrap_or_default() + 1
        };
        let (id, user) = (most(&|owner| owner.id.parse().ok()), most(&|owner| Some(owner.user)));
        let named = Owner::named_by_id(&id.to_string(), user, now);
        account.owners.push(Owner {
            email: email.to_lowercase(),
            first: first.to_owned(),
            last: last.to_owned(),
            ..named
        });
        let place = account.owners.len() - 1;
        let at = account.tick(now);
        account.add_user(place, at);
    }
}

impl Account {
    /// Gives every person of the account the record a user has.
    pub(crate) fn add_users(&mut self, at: i64) {
        for at_place in 0..self.owners.len() {
            self.add_user(at_place, at);
        }
    }

    /// Gives one person the record a user has.
    pub(crate) fn add_user(&mut self, place: usize, at: i64) {
        let Some(owner) = self.owners.get(place) else { return };
        let store = &self.stores[USERS];
        let values = [
            ("hs_given_name", owner.first.clone()),
            ("hs_family_name", owner.last.clone()),
            ("hs_email", owner.email.clone()),
            ("hs_internal_user_id", owner.user.to_string()),
            ("hs_searchable_calculated_name", format!("{} {}", owner.first, owner.last)),
            ("hs_deactivated", owner.archived.to_string()),
        ];
        let values = values.into_iter().filter_map(|(name, value)| Some((store.key(name)?, Some(value))));
        let values = values.collect();
        self.insert_at(USERS, values, &Source::settings(), at);
    }

    /// The record of a user.
    pub(crate) fn user_record(&self, user: u64) -> Option<u64> {
        let store = &self.stores[USERS];
        let key = store.key("hs_internal_user_id")?;
        let wanted = user.to_string();
        let found = store.records.values().find(|one| one.stored(key, i64::MAX) == Some(wanted.as_str()));
        found.map(|record| record.id)
    }
}

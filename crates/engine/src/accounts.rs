//! Accounts for companies: where the settings ask for it, a HubSpot company makes a Salesforce account only if one of its
//! contacts is kept in step with a Contact.

use std::collections::{BTreeMap, BTreeSet};

use model::{Access, Field, Kind, Side, Value};
use store::{Cause, Tx};

use crate::connection::Connection;
use crate::error::EngineError;
use crate::inside::scope_of;
use crate::schema::{Route, Schema};
use crate::settings::{CreateAs, NeedsContact};
use crate::side::RecordState;
use crate::waiting::Awaited;

const COMPANIES: &str = "companies";
const CONTACTS: &str = "contacts";
const ACCOUNT: &str = "Account";
const CONTACT: &str = "Contact";

/// The contacts of a company, as a field that no mapping names.
fn contacts_field() -> Field {
    Field {
        name: format!("association:{CONTACTS}"),
        label: "Contacts".to_owned(),
        kind: Kind::References { targets: vec![CONTACTS.to_owned()] },
        access: Access::ReadOnly,
        required: false,
        unique: false,
    }
}

impl Connection {
    /// The mapping by which contacts are in step, where a company needs one of them to make an account.
    fn contacts_needed<'a>(&self, schema: &'a Schema) -> Option<&'a Route> {
        let route = schema.route(CONTACTS, CONTACT)?;
        let needed = match self.settings.account_needs_contact {
            NeedsContact::Never => false,
            NeedsContact::WhereSegmented => scope_of(&route.mapping, Side::HubSpot).is_some(),
            NeedsContact::Always => true,
        };
        needed.then_some(route)
    }

    /// Of these HubSpot records, the companies that make no account now: none of their contacts is inside and in step, or
    /// to be in step, with a Contact.
    pub(crate) async fn without_contact(
        &self,
        schema: &Schema,
        side: Side,
        object: &str,
        records: impl Iterator<Item = &RecordState>,
    ) -> Result<BTreeSet<String>, EngineError> {
        let Some(route) =
            self.contacts_needed(schema).filter(|_| side == Side::HubSpot && object == COMPANIES)
        else {
            return Ok(BTreeSet::new());
        };
        let companies: Vec<String> = records.map(|record| record.id.clone()).collect();
        if companies.is_empty() {
            return Ok(BTreeSet::new());
        }
        let read = self.side(side).read(COMPANIES, &companies, &[contacts_field()]).await?;
        let mut contacts: BTreeMap<&String, &BTreeSet<String>> = BTreeMap::new();
        for (company, record) in &read {
            if let Some(Value::Choices(of_company)) = record.values.get(&contacts_field().name) {
                contacts.insert(company, of_company);
            }
        }
        let all: BTreeSet<&String> = contacts.values().copied().flatten().collect();
        let all: Vec<String> = all.into_iter().cloned().collect();
        let inside = match scope_of(&route.mapping, side) {
            Some(scope) if !all.is_empty() => self.side(side).inside(CONTACTS, scope, &all).await?,
            _ => all.iter().cloned().collect(),
        };
        let links = self.store.links_by_ids(&self.id, side, CONTACTS, &all)?;
        let becomes_contact = |id: &String| match links.iter().find(|link| link.record(side) == id) {
            Some(link) => link.object(Side::Salesforce) == CONTACT,
            None => self.settings.create_contacts_as == CreateAs::Contact,
        };
        let qualifies = |id: &String| inside.contains(id) && becomes_contact(id);
        let alone = |company: &String| {
            !contacts.get(company).is_some_and(|of_company| of_company.iter().any(qualifies))
        };
        Ok(companies.into_iter().filter(alone).collect())
    }

    /// A contact is in step: its companies that wait for such a contact are looked at again.
    pub(crate) fn wake_companies(
        &self,
        tx: &Tx<'_>,
        route: &Route,
        side: Side,
        awaited: &[Awaited],
    ) -> Result<(), store::StoreError> {
        if side != Side::HubSpot || route.mapping.hubspot_object != CONTACTS {
            return Ok(());
        }
        let needed = self.schema_at_hand().is_some_and(|(_, schema)| self.contacts_needed(&schema).is_some());
        if route.mapping.salesforce_object != CONTACT || !needed {
            return Ok(());
        }
        for company in awaited.iter().filter(|awaited| awaited.objects.iter().any(|one| one == COMPANIES)) {
            tx.mark(&self.id, side, COMPANIES, &company.id, Cause::Link, self.now())?;
        }
        Ok(())
    }
}

/// Whether this route makes accounts of companies.
pub(crate) fn makes_accounts(route: &Route) -> bool {
    route.mapping.hubspot_object == COMPANIES && route.mapping.salesforce_object == ACCOUNT
}

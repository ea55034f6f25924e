//! Records that are tied to one another, as both sides hold them, and what people do to the ties.

use std::collections::BTreeSet;

use anyhow::Context;
use model::Side;
use serde_json::{Map, Value, json};
use simulation::world::{World, connection_id};

use crate::invariants::text_of;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Company,
    Contact,
    Deal,
}

impl Kind {
    pub fn object(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::Company, Side::HubSpot) => "companies",
            (Self::Company, Side::Salesforce) => "Account",
            (Self::Contact, Side::HubSpot) => "contacts",
            (Self::Contact, Side::Salesforce) => "Contact",
            (Self::Deal, Side::HubSpot) => "deals",
            (Self::Deal, Side::Salesforce) => "Opportunity",
        }
    }

    /// HubSpot's type of an association with a primary company.
    fn primary(self) -> u32 {
        if self == Self::Deal { 5 } else { 1 }
    }
}

/// A record that a person made: its ids, the second of which comes with the link.
struct Record {
    kind: Kind,
    hubspot: Option<String>,
    salesforce: Option<String>,
}

impl Record {
    fn id(&self, side: Side) -> Option<&String> {
        match side {
            Side::HubSpot => self.hubspot.as_ref(),
            Side::Salesforce => self.salesforce.as_ref(),
        }
    }
}

/// All records that people made, by number.
pub struct Web<'a> {
    world: &'a World,
    records: Vec<Record>,
}

impl<'a> Web<'a> {
    pub fn new(world: &'a World) -> Self {
        Self { world, records: Vec::new() }
    }

    /// A person makes a record. Answers its number.
    pub fn make(&mut self, side: Side, kind: Kind) -> anyhow::Result<usize> {
        let number = self.records.len();
        let fields: Vec<(&str, String)> = match (kind, side) {
            (Kind::Company, Side::HubSpot) => vec![("name", format!("Company {number}"))],
            (Kind::Company, Side::Salesforce) => vec![("Name", format!("Company {number}"))],
            (Kind::Contact, Side::HubSpot) => {
                vec![("email", format!("tie{number}@ties.example")), ("lastname", format!("Tie {number}"))]
            }
            (Kind::Contact, Side::Salesforce) => {
                vec![("Email", format!("tie{number}@ties.example")), ("LastName", format!("Tie {number}"))]
            }
            (Kind::Deal, Side::HubSpot) => vec![
                ("dealname", format!("Deal {number}")),
                ("dealstage", "appointmentscheduled".into()),
                ("closedate", "2026-06-30T00:00:00Z".into()),
            ],
            (Kind::Deal, Side::Salesforce) => vec![
                ("Name", format!("Deal {number}")),
                ("StageName", "Prospecting".into()),
                ("CloseDate", "2026-06-30".into()),
            ],
        };
        let object = kind.object(side);
        let mut record = Record { kind, hubspot: None, salesforce: None };
        match side {
            Side::HubSpot => record.hubspot = Some(self.world.hubspot.create_record(object, fields)?),
            Side::Salesforce => {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value)));
                record.salesforce = Some(self.create(object, fields.collect())?);
            }
        }
        self.records.push(record);
        Ok(number)
    }

    fn create(&self, object: &str, fields: Map<String, Value>) -> anyhow::Result<String> {
        let made = self.world.salesforce.create_record(object, fields);
        made.map_err(|refusals| anyhow::anyhow!("a person cannot make a {object}: {refusals:?}"))
    }

    /// The id of a record, where it is known.
    pub fn id(&self, side: Side, kind: Kind, number: usize) -> Option<String> {
        self.records.get(number).filter(|record| record.kind == kind)?.id(side).cloned()
    }

    fn number(&self, side: Side, kind: Kind, id: &str) -> Option<usize> {
        let is = |record: &Record| record.kind == kind && record.id(side).is_some_and(|known| known == id);
        self.records.iter().position(is)
    }

    /// The records that are known on a side.
    pub fn of_side(&self, side: Side, kind: Kind) -> Vec<usize> {
        let known = |record: &Record| record.kind == kind && record.id(side).is_some();
        self.records.iter().enumerate().filter(|(_, one)| known(one)).map(|(number, _)| number).collect()
    }

    /// The records that are known on both sides.
    pub fn pairs(&self, kind: Kind) -> Vec<usize> {
        let there = self.of_side(Side::Salesforce, kind);
        self.of_side(Side::HubSpot, kind).into_iter().filter(|number| there.contains(number)).collect()
    }

    /// Learns from the links which record goes with which.
    pub fn learn(&mut self) -> anyhow::Result<()> {
        for link in self.world.store()?.links_after(&connection_id(), None, usize::MAX)? {
            let (h, s) = (link.record(Side::HubSpot).to_owned(), link.record(Side::Salesforce).to_owned());
            // Ids are unique within an object only.
            let object = link.object(Side::Salesforce);
            let of_object = |record: &&mut Record| record.kind.object(Side::Salesforce) == object;
            for record in self.records.iter_mut().filter(of_object) {
                if record.hubspot.as_ref() == Some(&h) {
                    record.salesforce = Some(s.clone());
                } else if record.salesforce.as_ref() == Some(&s) {
                    record.hubspot = Some(h.clone());
                }
            }
        }
        Ok(())
    }

    /// Records that have no counterpart, and records too many.
    pub fn alone(&self) -> Vec<String> {
        let mut told = Vec::new();
        for kind in [Kind::Company, Kind::Contact, Kind::Deal] {
            let made = self.records.iter().filter(|record| record.kind == kind).count();
            if self.pairs(kind).len() < made {
                told.push(format!(
                    "Converges: of {made} {kind:?}, {} have a counterpart",
                    self.pairs(kind).len()
                ));
            }
            let here = self.world.hubspot.records(kind.object(Side::HubSpot)).len();
            let there = self.world.salesforce.records(kind.object(Side::Salesforce)).len();
            if here > made || there > made {
                told.push(format!(
                    "NeverTwins: people made {made} {kind:?}, and there are {here} and {there}"
                ));
            }
        }
        told
    }

    /// The company that a contact or deal belongs to.
    pub fn company(&self, side: Side, kind: Kind, number: usize) -> Option<usize> {
        let id = self.id(side, kind, number)?;
        match side {
            Side::HubSpot => {
                let record = self.world.hubspot.record(kind.object(side), &id)?;
                let links = record.associations.get("companies")?;
                let (company, _) = links.iter().find(|(_, types)| types.contains(&kind.primary()))?;
                self.number(side, Kind::Company, company)
            }
            Side::Salesforce => {
                let record = self.world.salesforce.record(kind.object(side), &id)?;
                self.number(side, Kind::Company, record.fields.get("AccountId")?.as_str()?)
            }
        }
    }

    /// A person gives a contact or deal another company, or none.
    pub fn set_company(
        &self,
        side: Side,
        kind: Kind,
        number: usize,
        company: Option<usize>,
    ) -> anyhow::Result<()> {
        let object = kind.object(side);
        let id = self.id(side, kind, number).context("it is there")?;
        let before = self.company(side, kind, number);
        let company = company.and_then(|company| self.id(side, Kind::Company, company));
        match side {
            Side::HubSpot => {
                if let Some(before) = before.and_then(|before| self.id(side, Kind::Company, before)) {
                    self.world.hubspot.dissociate((object, &id), ("companies", &before))?;
                }
                if let Some(company) = company {
                    self.world.hubspot.associate((object, &id), ("companies", &company), true)?;
                }
                Ok(())
            }
            Side::Salesforce => {
                let fields =
                    Map::from_iter([("AccountId".to_owned(), company.map_or(Value::Null, Value::from))]);
                self.edit(object, &id, fields)
            }
        }
    }

    fn edit(&self, object: &str, id: &str, fields: Map<String, Value>) -> anyhow::Result<()> {
        let done = self.world.salesforce.edit_record(object, id, fields);
        done.map_err(|refusals| anyhow::anyhow!("a person cannot edit {object} {id}: {refusals:?}"))
    }

    /// A person gives a contact another title.
    pub fn set_title(&self, side: Side, number: usize, title: &str) -> anyhow::Result<()> {
        let id = self.id(side, Kind::Contact, number).context("it is there")?;
        match side {
            Side::HubSpot => {
                self.world.hubspot.edit_record("contacts", &id, [("jobtitle", title)])?;
                Ok(())
            }
            Side::Salesforce => {
                self.edit("Contact", &id, Map::from_iter([("Title".to_owned(), json!(title))]))
            }
        }
    }

    /// Deals with their contacts.
    pub fn roles(&self, side: Side) -> BTreeSet<(usize, usize)> {
        let mut roles = BTreeSet::new();
        match side {
            Side::HubSpot => {
                for deal in self.of_side(side, Kind::Deal) {
                    let id = self.id(side, Kind::Deal, deal).unwrap_or_default();
                    let Some(record) = self.world.hubspot.record("deals", &id) else { continue };
                    let contacts = record.associations.get("contacts").into_iter().flatten();
                    roles.extend(
                        contacts.filter_map(|(contact, _)| {
                            Some((deal, self.number(side, Kind::Contact, contact)?))
                        }),
                    );
                }
            }
            Side::Salesforce => {
                for role in self.world.salesforce.records("OpportunityContactRole") {
                    let of = |field: &str| role.fields.get(field).map(text_of).unwrap_or_default();
                    let deal = self.number(side, Kind::Deal, &of("OpportunityId"));
                    let contact = self.number(side, Kind::Contact, &of("ContactId"));
                    roles.extend(deal.zip(contact));
                }
            }
        }
        roles
    }

    /// A person adds a contact to a deal, or takes it away.
    pub fn set_role(&self, side: Side, deal: usize, contact: usize, there: bool) -> anyhow::Result<()> {
        let of = |kind: Kind, number: usize| self.id(side, kind, number).context("it is there");
        let (deal, contact) = (of(Kind::Deal, deal)?, of(Kind::Contact, contact)?);
        match side {
            Side::HubSpot if there => {
                Ok(self.world.hubspot.associate(("deals", &deal), ("contacts", &contact), false)?)
            }
            Side::HubSpot => {
                self.world.hubspot.dissociate(("deals", &deal), ("contacts", &contact))?;
                Ok(())
            }
            Side::Salesforce if there => {
                let fields = [("OpportunityId", deal), ("ContactId", contact)];
                let fields = fields.map(|(name, id)| (name.to_owned(), json!(id)));
                self.create("OpportunityContactRole", Map::from_iter(fields)).map(|_| ())
            }
            Side::Salesforce => {
                for role in self.world.salesforce.records("OpportunityContactRole") {
                    let is = |field: &str, id: &str| role.fields.get(field).is_some_and(|held| held == id);
                    if is("OpportunityId", &deal) && is("ContactId", &contact) {
                        let done = self.world.salesforce.delete_record("OpportunityContactRole", &role.id);
                        done.map_err(|refusal| anyhow::anyhow!("a person cannot take a role: {refusal:?}"))?;
                    }
                }
                Ok(())
            }
        }
    }
}

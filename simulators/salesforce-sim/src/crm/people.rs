//! Accounts, contacts and leads; person accounts.

use serde_json::{Value, json};

use crate::dml::Writer;
use crate::error::Refusal;
use crate::org::{Org, RowData};
use crate::schema::objects_of;

/// Fields of a person account that its contact holds, under the name that the contact has for them.
const PERSON: [(&str, &str); 9] = [
    ("LastName", "LastName"),
    ("FirstName", "FirstName"),
    ("Salutation", "Salutation"),
    ("PersonEmail", "Email"),
    ("PersonTitle", "Title"),
    ("PersonMobilePhone", "MobilePhone"),
    ("PersonBirthdate", "Birthdate"),
    ("PersonLeadSource", "LeadSource"),
    ("Phone", "Phone"),
];

const PERSON_FIELDS: &str = "@ Account|001|Account|Accounts|w
LastName|Last Name|string:80|ncuFSG|Name
FirstName|First Name|string:40|ncuFSG|Name
Salutation|Salutation|picklist:40|ncuFSG|Name|Mr.;Ms.;Mrs.;Dr.;Prof.
PersonContactId|Contact ID|reference:18>Contact=PersonContact|nFSG
IsPersonAccount|Is Person Account|boolean|dFSG
PersonEmail|Email|email:80|ncukFSGp
PersonTitle|Title|string:80|ncuFSGp
PersonMobilePhone|Mobile|phone:40|ncuFSGp
PersonBirthdate|Birthdate|date|ncuFSGp
PersonLeadSource|Lead Source|picklist:255|ncuFSGp||Web;Phone Inquiry;Partner Referral;Purchased List;Other
";

/// First and last name in one.
fn full_name(row: &RowData) -> String {
    let parts = [row.text("FirstName"), row.text("LastName")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

impl Org {
    /// Switches person accounts on; they cannot be switched off again.
    pub fn enable_person_accounts(&mut self, writer: &Writer) {
        if self.rules.person_accounts {
            return;
        }
        self.rules.person_accounts = true;
        if let Some(person) = objects_of(&[PERSON_FIELDS]).swap_remove("Account")
            && let Some(table) = self.table_mut("Account")
        {
            for field in person.fields.values() {
                table.add_field_everywhere(crate::schema::FieldDef::clone(field));
            }
            let who = crate::setup::Who { user: std::sync::Arc::clone(&writer.user), now: writer.now };
            for name in person.fields.keys() {
                self.grant_to_profiles("Account", name, &who);
            }
        }
        if let Some(table) = self.table_mut("Contact") {
            table.add_field_everywhere(crate::schema::FieldDef {
                name: "IsPersonAccount".to_owned(),
                label: "Is Person Account".to_owned(),
                kind: "boolean".to_owned(),
                flags: "dFSG".to_owned(),
                ..crate::schema::FieldDef::default()
            });
        }
        self.add_record_type("Account", "PersonAccount", "Person Account", writer);
        self.described_at = Some(writer.now);
    }

    pub(super) fn prepare_person(
        &self,
        object: &str,
        row: &mut RowData,
        before: Option<&RowData>,
    ) -> Result<(), Refusal> {
        row.put_cell("Name", json!(full_name(row)));
        if object == "Contact" && before.is_none_or(|old| old.cell("ReportsToId") != row.cell("ReportsToId"))
        {
            self.hierarchy("Contact", "ReportsToId", row)?;
        }
        Ok(())
    }

    pub(super) fn prepare_account(&self, row: &mut RowData, before: Option<&RowData>) -> Result<(), Refusal> {
        if before.is_none_or(|old| old.cell("ParentId") != row.cell("ParentId")) {
            self.hierarchy("Account", "ParentId", row)?;
        }
        if self.rules.person_accounts {
            let person = row.text("LastName").is_some();
            row.put_cell("IsPersonAccount", json!(person));
            if person {
                row.put_cell("Name", json!(full_name(row)));
                if row.cell("RecordTypeId").is_null() {
                    let types = self.record_types("Account");
                    let own = types.iter().find(|own| own.developer_name == "PersonAccount");
                    row.put_cell("RecordTypeId", json!(own.map(|own| &own.id)));
                }
            }
        }
        Ok(())
    }

    /// A person account has a contact of its own.
    pub(super) fn follow_account(&mut self, row: &RowData, writer: &Writer) {
        if !row.yes("IsPersonAccount") {
            return;
        }
        let cells: Vec<(&str, Value)> = PERSON
            .iter()
            .map(|(own, contact)| (*contact, row.cell(own).clone()))
            .chain([
                ("Name", row.cell("Name").clone()),
                ("AccountId", json!(row.id)),
                ("OwnerId", row.cell("OwnerId").clone()),
                ("IsPersonAccount", json!(true)),
            ])
            .collect();
        let held = row.text("PersonContactId").map(ToOwned::to_owned);
        match held.and_then(|id| self.table("Contact")?.rows.get(&id)) {
            Some(contact) => self.adjust("Contact", contact, &cells, writer.now.as_second()),
            None => {
                if let Some(contact) = self.record("Contact", &cells, writer) {
                    let cells = [("PersonContactId", json!(contact))];
                    self.adjust("Account", row.clone(), &cells, writer.now.as_second());
                }
            }
        }
    }

    /// What is changed in the contact of a person account shows in the account.
    pub(super) fn follow_contact(&mut self, row: &RowData, before: Option<&RowData>, writer: &Writer) {
        if before.is_none() || !row.yes("IsPersonAccount") {
            return;
        }
        let account = row.text("AccountId").and_then(|id| self.table("Account")?.rows.get(id));
        let Some(account) = account else { return };
        let mut cells: Vec<(&str, Value)> =
            PERSON.iter().map(|(own, contact)| (*own, row.cell(contact).clone())).collect();
        cells.push(("Name", row.cell("Name").clone()));
        self.adjust("Account", account, &cells, writer.now.as_second());
    }
}

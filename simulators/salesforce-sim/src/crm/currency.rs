//! Orgs with several currencies.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dml::Writer;
use crate::org::{Org, Table};
use crate::schema::{FieldDef, objects_of};

/// A currency of the org.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// `EUR`.
    pub iso_code: String,
    /// How much of it one unit of the first currency is worth.
    #[serde(default = "one")]
    pub conversion_rate: f64,
}

fn one() -> f64 {
    1.0
}

const CURRENCY_TYPE: &str = "@ CurrencyType|01L|Currency Type|Currency Types|cu
Id|Currency Type ID|id:18|dkFSG
IsoCode|Currency ISO Code|picklist:3|crFSG
ConversionRate|Conversion Rate|double:18,6|cuFS
DecimalPlaces|Decimal Places|int:1|cudFSG
IsActive|Active|boolean|cudFSG
IsCorporate|Corporate Currency|boolean|udFSG
= audit
";

impl Org {
    /// Switches several currencies on; the first is the corporate one. They cannot be switched off again.
    pub fn enable_currencies(&mut self, currencies: &[Currency], writer: &Writer) {
        let Some(corporate) = currencies.first() else { return };
        let codes: Vec<String> = currencies.iter().map(|currency| currency.iso_code.clone()).collect();
        if self.table("CurrencyType").is_none() {
            for mut def in objects_of(&[CURRENCY_TYPE]).into_values() {
                if let Some((_, field)) = def.field("IsoCode") {
                    let field = FieldDef { choices: codes.clone(), ..FieldDef::clone(field) };
                    def.add(field);
                }
                self.add_table(Table::new(def));
            }
        }
        for (at, currency) in currencies.iter().enumerate() {
            if !self.holding("CurrencyType", "IsoCode", &currency.iso_code).is_empty() {
                continue;
            }
            let cells = [
                ("IsoCode", json!(currency.iso_code)),
                ("ConversionRate", json!(currency.conversion_rate)),
                ("DecimalPlaces", json!(2)),
                ("IsActive", json!(true)),
                ("IsCorporate", json!(at == 0)),
            ];
            self.record("CurrencyType", &cells, writer);
        }
        let owned = |table: &Table| {
            table.def.writable && (table.def.can('l') || table.def.custom || table.def.name == "User")
        };
        let objects: Vec<String> =
            self.tables.values().filter(|table| owned(table)).map(|table| table.def.name.clone()).collect();
        for object in objects {
            let Some(table) = self.table_mut(&object) else { continue };
            let field = FieldDef {
                name: "CurrencyIsoCode".to_owned(),
                label: "Currency ISO Code".to_owned(),
                kind: "picklist".to_owned(),
                length: 3,
                flags: "ncudrFSG".to_owned(),
                choices: codes.clone(),
                default: Some(json!(corporate.iso_code)),
                ..FieldDef::default()
            };
            if table.def.field("CurrencyIsoCode").is_some() {
                table.def.add(field);
                continue;
            }
            table.add_field(field);
            let rows: Vec<_> = table.rows.iter().map(|row| row.unpacked()).collect();
            for mut row in rows {
                row.def = std::sync::Arc::clone(&table.names);
                row.put_cell("CurrencyIsoCode", json!(corporate.iso_code));
                table.put(row);
            }
        }
        self.rules.currency = Some(corporate.iso_code.clone());
        self.described_at = Some(writer.now);
    }
}

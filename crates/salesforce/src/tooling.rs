//! The parts of the Tooling API that setting up needs: installed packages, and the pages that show records.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Call, segment};
use crate::{Client, Error, Row, soql_quote};

/// A Lightning page that shows records of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// Its id.
    pub id: String,
    /// Its API name.
    pub name: String,
    /// Name shown to people.
    pub label: String,
    /// The object whose records it shows.
    pub object: String,
}

/// A package that is installed in the org.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstalledPackage {
    /// Its name.
    pub name: String,
    /// The version that is installed, such as `1.4.0`.
    pub version: String,
    /// That version's id (`04t…`).
    pub version_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    records: Vec<Value>,
    next_records_url: Option<String>,
}

fn text(row: &Row, name: &str) -> String {
    row.text(name).unwrap_or_default().to_owned()
}

impl Client {
    async fn tooling_query(&self, soql: &str) -> Result<Vec<Row>, Error> {
        let mut call = Call::new("a query of the org's set-up", Method::GET, self.data("/tooling/query"))
            .query("q", soql);
        let mut rows = Vec::new();
        loop {
            let answer: Answer = self.ask(&call).await?;
            rows.extend(answer.records.into_iter().map(Row::from_json));
            match answer.next_records_url {
                Some(next) if next.starts_with("/services/") => {
                    call = Call::new("a further page of the org's set-up", Method::GET, next);
                }
                _ => return Ok(rows),
            }
        }
    }

    /// The Lightning record pages of these objects.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn record_pages(&self, objects: &[&str]) -> Result<Vec<RecordPage>, Error> {
        let soql = "SELECT Id, DeveloperName, MasterLabel, EntityDefinitionId FROM FlexiPage WHERE Type = 'RecordPage'";
        let rows = self.tooling_query(soql).await?;
        let page = |row: &Row| RecordPage {
            id: row.id.clone().unwrap_or_default(),
            name: text(row, "DeveloperName"),
            label: text(row, "MasterLabel"),
            object: text(row, "EntityDefinitionId"),
        };
        let mut pages: Vec<RecordPage> =
            rows.iter().map(page).filter(|page| objects.contains(&page.object.as_str())).collect();
        let place = |page: &RecordPage| objects.iter().position(|object| *object == page.object);
        pages.sort_by(|a, b| (place(a), &a.label).cmp(&(place(b), &b.label)));
        Ok(pages)
    }

    /// What a Lightning page consists of.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses, or has no such page.
    pub async fn page_metadata(&self, id: &str) -> Result<Value, Error> {
        let path = self.data(&format!("/tooling/sobjects/FlexiPage/{}", segment(id)));
        let mut page: Value = self.ask(&Call::new("reading a record page", Method::GET, path)).await?;
        Ok(page.get_mut("Metadata").map(Value::take).unwrap_or_default())
    }

    /// Replaces what a Lightning page consists of.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn set_page_metadata(&self, id: &str, metadata: &Value) -> Result<(), Error> {
        let path = self.data(&format!("/tooling/sobjects/FlexiPage/{}", segment(id)));
        let call =
            Call::new("changing a record page", Method::PATCH, path).json(&json!({ "Metadata": metadata }));
        self.inner().send(&call).await.map(drop)
    }

    /// The package that this version (`04t…`) is one of, in whatever version it is installed; none where it is not.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses, or does not know the version.
    pub async fn installed_package(&self, version_id: &str) -> Result<Option<InstalledPackage>, Error> {
        let soql = format!(
            "SELECT SubscriberPackageId FROM SubscriberPackageVersion WHERE Id = {}",
            soql_quote(version_id)
        );
        let Some(package) = self
            .tooling_query(&soql)
            .await?
            .first()
            .and_then(|row| row.text("SubscriberPackageId").map(ToOwned::to_owned))
        else {
            return Ok(None);
        };
        let soql = "SELECT SubscriberPackageId, SubscriberPackageVersionId, SubscriberPackage.Name, \
                    SubscriberPackageVersion.MajorVersion, SubscriberPackageVersion.MinorVersion, \
                    SubscriberPackageVersion.PatchVersion FROM InstalledSubscriberPackage";
        let rows = self.tooling_query(soql).await?;
        let number = |row: &Row, part: &str| {
            row.get(&format!("SubscriberPackageVersion.{part}")).and_then(Value::as_u64).unwrap_or(0)
        };
        let found = rows.iter().find(|row| row.text("SubscriberPackageId") == Some(&package));
        Ok(found.map(|row| InstalledPackage {
            name: text(row, "SubscriberPackage.Name"),
            version: format!(
                "{}.{}.{}",
                number(row, "MajorVersion"),
                number(row, "MinorVersion"),
                number(row, "PatchVersion")
            ),
            version_id: text(row, "SubscriberPackageVersionId"),
        }))
    }
}

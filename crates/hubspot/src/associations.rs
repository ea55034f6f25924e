//! Links between records.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Call;
use crate::owners::Paging;
use crate::{ApiError, Client, Error, lenient};

/// A kind of link.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssociationType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`, `INTEGRATOR_DEFINED` or `WORK`.
    pub category: String,
    /// The kind's number; each direction has its own.
    #[serde(rename = "typeId")]
    pub type_id: u32,
    /// Its name; the plain kinds have none.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub label: Option<String>,
}

/// A record linked to, with all kinds of link to it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct AssociatedTo {
    /// The other record.
    #[serde(rename = "toObjectId", deserialize_with = "lenient::text")]
    pub id: String,
    /// How it is linked.
    #[serde(default, rename = "associationTypes", deserialize_with = "lenient::or_default")]
    pub types: Vec<AssociationType>,
}

/// A link to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Association {
    /// The record it starts from.
    pub from: String,
    /// The record it leads to.
    pub to: String,
    /// `HUBSPOT_DEFINED`, …
    pub category: String,
    /// The kind's number in this direction.
    pub type_id: u32,
}

/// Two records, whatever links them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssociationPair {
    /// The record it starts from.
    pub from: String,
    /// The record it leads to.
    pub to: String,
}

/// A link that could not be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssociationFailure {
    /// Where the link would have started, where HubSpot says.
    pub from: Option<String>,
    /// Where it would have led, where HubSpot says.
    pub to: Option<String>,
    /// What HubSpot said.
    pub error: ApiError,
}

#[derive(Deserialize)]
struct ReadAnswer {
    #[serde(default)]
    results: Vec<ReadRow>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
struct ReadRow {
    from: Identified,
    #[serde(default)]
    to: Vec<AssociatedTo>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

#[derive(Deserialize)]
struct Identified {
    #[serde(deserialize_with = "lenient::text")]
    id: String,
}

const MOST_READ: usize = 1_000;
const MOST_CREATED: usize = 2_000;
const MOST_ARCHIVED: usize = 100;

impl Client {
    /// All links of these records to objects of type `to`; records without any have no entry.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn associations_batch_read(
        &self,
        from: &str,
        to: &str,
        ids: &[String],
    ) -> Result<BTreeMap<String, Vec<AssociatedTo>>, Error> {
        let path = format!("{}/read", self.inner().paths.associations(from, to));
        let mut seen = BTreeSet::new();
        let mut open: Vec<Value> =
            ids.iter().filter(|id| seen.insert(id.as_str())).map(|id| json!({ "id": id })).collect();
        let mut links: BTreeMap<String, Vec<AssociatedTo>> = BTreeMap::new();
        while !open.is_empty() {
            let part: Vec<Value> = open.drain(..open.len().min(MOST_READ)).collect();
            let what = format!("reading links from {from} to {to}");
            let call = Call::new(what, Method::POST, path.as_str()).reading().json(json!({ "inputs": part }));
            let answer: ReadAnswer = self.ask(&call).await?;
            let errors = answer.errors.iter().map(|error| ApiError::from_json(207, error));
            // Records without links come as errors of this category.
            if let Some(api) =
                errors.into_iter().find(|api| api.category.as_deref() != Some("OBJECT_NOT_FOUND"))
            {
                return Err(Error::Api(Box::new(api)));
            }
            for row in answer.results {
                if let Some(after) = row.paging.after() {
                    open.push(json!({ "id": row.from.id, "after": after }));
                }
                if !row.to.is_empty() {
                    links.entry(row.from.id).or_default().extend(row.to);
                }
            }
        }
        Ok(links)
    }

    /// Links pairs with the plain kind; returns the links that were refused.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses the whole.
    pub async fn associate_default(
        &self,
        from: &str,
        to: &str,
        pairs: &[AssociationPair],
    ) -> Result<Vec<AssociationFailure>, Error> {
        let inputs = pairs.iter().map(|pair| json!({ "from": { "id": pair.from }, "to": { "id": pair.to } }));
        self.link(from, to, "associate/default", &inputs.collect::<Vec<_>>(), MOST_CREATED).await
    }

    /// Links pairs with chosen kinds; returns the links that were refused.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses the whole.
    pub async fn associations_batch_create(
        &self,
        from: &str,
        to: &str,
        links: &[Association],
    ) -> Result<Vec<AssociationFailure>, Error> {
        self.link(from, to, "create", &with_types(links), MOST_CREATED).await
    }

    /// Removes every link between the pairs.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn associations_batch_archive(
        &self,
        from: &str,
        to: &str,
        pairs: &[AssociationPair],
    ) -> Result<(), Error> {
        let mut by_from: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for pair in pairs {
            by_from.entry(&pair.from).or_default().push(json!({ "id": pair.to }));
        }
        let inputs = by_from.into_iter().map(|(from, to)| json!({ "from": { "id": from }, "to": to }));
        self.unlink(from, to, "archive", &inputs.collect::<Vec<_>>()).await
    }

    /// Removes links of one kind and leaves others between the same pair. Removing the plain kind removes all.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn associations_labels_archive(
        &self,
        from: &str,
        to: &str,
        links: &[Association],
    ) -> Result<(), Error> {
        self.unlink(from, to, "labels/archive", &with_types(links)).await
    }

    async fn link(
        &self,
        from: &str,
        to: &str,
        verb: &str,
        inputs: &[Value],
        most: usize,
    ) -> Result<Vec<AssociationFailure>, Error> {
        let path = format!("{}/{verb}", self.inner().paths.associations(from, to));
        let mut failures = Vec::new();
        for part in inputs.chunks(most) {
            let what = format!("linking {from} to {to}");
            // A link is there or not; making it again changes nothing.
            let call =
                Call::new(what, Method::POST, path.as_str()).repeatable().json(json!({ "inputs": part }));
            let answer: LinkAnswer = self.ask(&call).await?;
            for error in &answer.errors {
                let error = ApiError::from_json(207, error);
                let first = |key: &str| error.named(key).first().map(ToString::to_string);
                failures.push(AssociationFailure {
                    from: first("fromObjectId"),
                    to: first("toObjectId"),
                    error,
                });
            }
        }
        Ok(failures)
    }

    async fn unlink(&self, from: &str, to: &str, verb: &str, inputs: &[Value]) -> Result<(), Error> {
        let path = format!("{}/{verb}", self.inner().paths.associations(from, to));
        for part in inputs.chunks(MOST_ARCHIVED) {
            let what = format!("removing links from {from} to {to}");
            let call =
                Call::new(what, Method::POST, path.as_str()).repeatable().json(json!({ "inputs": part }));
            self.inner().send(&call).await?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct LinkAnswer {
    #[serde(default, deserialize_with = "lenient::or_default")]
    errors: Vec<Value>,
}

/// One input for each pair, with all the kinds asked for: HubSpot may drop kinds that are not in the last one.
fn with_types(links: &[Association]) -> Vec<Value> {
    let mut pairs: BTreeMap<(&str, &str), Vec<Value>> = BTreeMap::new();
    for link in links {
        let kind = json!({ "associationCategory": link.category, "associationTypeId": link.type_id });
        let kinds = pairs.entry((&link.from, &link.to)).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let input = |((from, to), types): ((&str, &str), Vec<Value>)| json!({ "from": { "id": from }, "to": { "id": to }, "types": types });
    pairs.into_iter().map(input).collect()
}

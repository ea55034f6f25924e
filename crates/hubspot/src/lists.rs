//! Lists, which people know as segments: who is a member.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Call;
use crate::objects::BATCH;
use crate::owners::Paging;
use crate::paths::segment;
use crate::{Client, Error, Page, lenient};

/// Most members in one page.
const PAGE: &str = "250";

#[derive(Deserialize)]
struct MemberPage {
    #[serde(default)]
    results: Vec<Member>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

#[derive(Deserialize)]
struct Member {
    #[serde(rename = "recordId", deserialize_with = "lenient::text")]
    id: String,
}

#[derive(Deserialize)]
struct Memberships {
    #[serde(default)]
    results: Vec<OfRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfRecord {
    #[serde(deserialize_with = "lenient::text")]
    record_id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    record_list_memberships: Vec<OfList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfList {
    #[serde(deserialize_with = "lenient::text")]
    list_id: String,
}

#[derive(Deserialize)]
struct ListAnswer {
    list: ListRow,
}

/// A list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRow {
    /// Its number.
    #[serde(deserialize_with = "lenient::text")]
    pub list_id: String,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// The type of its members, such as `0-1` for contacts.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub object_type_id: String,
}

/// A list as a search finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFound {
    /// Its number.
    pub list_id: String,
    /// Its name.
    pub name: String,
    /// How many members it has, where HubSpot says so.
    pub size: Option<u64>,
}

#[derive(Deserialize)]
struct FoundPage {
    #[serde(default)]
    lists: Vec<FoundRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundRow {
    #[serde(deserialize_with = "lenient::text")]
    list_id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    additional_properties: BTreeMap<String, Value>,
}

/// Most lists that a search answers.
const FOUND: u32 = 500;

impl Client {
    /// The lists of an object whose name contains `text`, by name; all of them where it is empty.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn lists_of(&self, object: &str, text: &str) -> Result<Vec<ListFound>, Error> {
        let path = format!("{}/search", self.inner().paths.lists());
        let mut body = json!({
            "objectTypeId": type_id(object), "count": FOUND, "offset": 0, "additionalProperties": ["hs_list_size"],
        });
        if !text.is_empty() {
            body["query"] = json!(text);
        }
        let call = Call::new(format!("looking for segments of {object}"), Method::POST, path);
        let page: FoundPage = self.ask(&call.reading().json(body)).await?;
        let found = page.lists.into_iter().map(|row| ListFound {
            size: row
                .additional_properties
                .get("hs_list_size")
                .and_then(lenient::as_text)
                .and_then(|text| text.parse().ok()),
            list_id: row.list_id,
            name: row.name,
        });
        let mut lists: Vec<ListFound> = found.collect();
        lists.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(lists)
    }

    /// A list; none where there is none of this number.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn list_of_records(&self, list: &str) -> Result<Option<ListRow>, Error> {
        let path = format!("{}/{}", self.inner().paths.lists(), segment(list));
        let call = Call::new(format!("reading segment {list}"), Method::GET, path);
        match self.ask::<ListAnswer>(&call).await {
            Ok(answer) => Ok(Some(answer.list)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One page of the ids of a list's members.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn list_members(&self, list: &str, after: Option<&str>) -> Result<Page<String>, Error> {
        let path = format!("{}/{}/memberships", self.inner().paths.lists(), segment(list));
        let mut call = Call::new(format!("reading the members of segment {list}"), Method::GET, path)
            .query("limit", PAGE);
        if let Some(after) = after {
            call = call.query("after", after);
        }
        let page: MemberPage = self.ask(&call).await?;
        let results = page.results.into_iter().map(|member| member.id).collect();
        Ok(Page { results, after: page.paging.after() })
    }

    /// Of these records, those that are members of a list.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn members_among(
        &self,
        object: &str,
        list: &str,
        ids: &[String],
    ) -> Result<BTreeSet<String>, Error> {
        let path = format!("{}/records/memberships/batch/read", self.inner().paths.lists());
        let mut members = BTreeSet::new();
        // assumed: as many records in one call as in other batches
        for part in ids.chunks(BATCH) {
            let kind = type_id(object);
            let inputs: Vec<Value> =
                part.iter().map(|id| json!({ "objectTypeId": kind, "recordId": id })).collect();
            let call = Call::new(format!("reading who is in segment {list}"), Method::POST, path.as_str());
            let answer: Memberships = self.ask(&call.reading().json(json!({ "inputs": inputs }))).await?;
            let inside = answer
                .results
                .into_iter()
                .filter(|record| record.record_list_memberships.iter().any(|of| of.list_id == list));
            members.extend(inside.map(|record| record.record_id));
        }
        Ok(members)
    }
}

/// The type's number, where it has one that is the same in every account.
fn type_id(object: &str) -> &str {
    match object {
        "contacts" => "0-1",
        "companies" => "0-2",
        "deals" => "0-3",
        "tickets" => "0-5",
        other => other,
    }
}

//! Lists (segments) of records: kept by hand, filled once by filters, or by filters all the time.

pub(crate) mod filter;
mod folders;
pub(crate) mod members;
mod operation;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::error::ApiError;
use crate::owners::PERSON;
use crate::property::value::text_of;
use crate::time::iso;
use filter::Test;
use folders::Folders;
use members::Members;

/// How a list comes by its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processing {
    Manual,
    Snapshot,
    Dynamic,
}

impl Processing {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Snapshot => "SNAPSHOT",
            Self::Dynamic => "DYNAMIC",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Manual, Self::Snapshot, Self::Dynamic].into_iter().find(|one| one.name() == text)
    }
}

/// One list.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) object: usize,
    pub(crate) processing: Processing,
    filters: Option<(Value, Test)>,
    custom: Option<Value>,
    pub(crate) version: u64,
    created: i64,
    updated: i64,
    filters_updated: i64,
    deleted: Option<i64>,
    folder: u64,
    /// When the list is to stop being dynamic, and what was asked for.
    conversion: Option<(Option<i64>, Value)>,
    converted: Option<i64>,
    pub(crate) members: Members,
}

impl List {
    /// When its definition last changed.
    pub(crate) fn updated(&self) -> i64 {
        self.updated
    }
}

/// How long a deleted list can be had back.
const RESTORABLE: i64 = 90 * 86_400_000;

/// All lists of the account.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    all: BTreeMap<u64, List>,
    pub(crate) folders: Folders,
    next: u64,
}

impl Default for Lists {
    fn default() -> Self {
        Self { all: BTreeMap::new(), folders: Folders::default(), next: 1 }
    }
}

/// The refusal for a list that is not there.
pub(crate) fn not_found(id: &str) -> ApiError {
    ApiError::object_not_found(format!("List does not exist with ID {id}.")).with_context("listId", id)
}

impl Lists {
    pub(crate) fn there(&self, id: u64) -> bool {
        self.get(id).is_some()
    }

    /// A list that is not deleted.
    pub(crate) fn get(&self, id: u64) -> Option<&List> {
        self.all.get(&id).filter(|list| list.deleted.is_none())
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut List> {
        self.all.get_mut(&id).filter(|list| list.deleted.is_none())
    }

    pub(crate) fn holds(&self, id: u64, record: u64) -> bool {
        self.get(id).is_some_and(|list| list.members.has(record))
    }

    /// The lists that are not deleted, in the order of their ids.
    pub(crate) fn live(&self) -> impl Iterator<Item = &List> {
        self.all.values().filter(|list| list.deleted.is_none())
    }

    /// The list a path names.
    pub(crate) fn locate(&self, id: &str) -> Result<u64, ApiError> {
        id.parse().ok().filter(|id| self.there(*id)).ok_or_else(|| not_found(id))
    }

    fn taken(&self, object: usize, name: &str, own: Option<u64>) -> bool {
        self.live()
            .any(|list| list.object == object && list.name.eq_ignore_ascii_case(name) && Some(list.id) != own)
    }
}

fn check_name(lists: &Lists, object: usize, name: &str, own: Option<u64>) -> Result<(), ApiError> {
    if name.trim().is_empty() {
        return Err(ApiError::validation("List name cannot be blank"));
    }
    if lists.taken(object, name, own) {
        // assumed: the words; the sub-category is the platform's
        let message = format!("A list with the name '{name}' already exists.");
        return Err(ApiError::validation(message).with_sub("ILS.DUPLICATE_LIST_NAMES"));
    }
    Ok(())
}

impl Account {
    /// Makes a list, and fills it if it has filters.
    pub(crate) fn create_list(&mut self, body: &Map<String, Value>, now: i64) -> Result<u64, ApiError> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let missing: Vec<&str> = ["name", "objectTypeId", "processingType"]
            .into_iter()
            .filter(|name| body.get(*name).is_none_or(Value::is_null))
            .collect();
        if !missing.is_empty() {
            let message = format!("Some required fields were not set: [{}]", missing.join(", "));
            return Err(ApiError::validation(message));
        }
        let named = text("objectTypeId");
        let object = self
            .find_kind(named)
            .ok_or_else(|| ApiError::validation(format!("Unable to infer object type from: {named}")))?;
        let processing = Processing::read(text("processingType")).ok_or_else(|| {
            ApiError::validation(format!("Invalid processing type: {}", text("processingType")))
        })?;
        let name = text("name").to_owned();
        check_name(&self.platform.lists, object, &name, None)?;
        let branch = body.get("filterBranch").filter(|branch| !branch.is_null());
        let filters = match (processing, branch) {
            (Processing::Manual, Some(_)) => {
                return Err(ApiError::validation("A list of the processing type MANUAL cannot have filters"));
            }
            (Processing::Dynamic, None) => {
                return Err(ApiError::validation("A list of the processing type DYNAMIC must have filters"));
            }
            (_, None) => None,
            (_, Some(branch)) => Some((branch.clone(), Test::parse(self, object, branch)?)),
        };
        let folder = body.get("listFolderId").and_then(text_of).and_then(|id| id.parse().ok()).unwrap_or(0);
        let lists = &mut self.platform.lists;
        let id = lists.next;
        lists.next += 1;
        let list = List {
            id,
            name,
            object,
            processing,
            filters,
            custom: body.get("customProperties").cloned(),
            version: 1,
            created: now,
            updated: now,
            filters_updated: now,
            deleted: None,
            folder,
            conversion: None,
            converted: None,
            members: Members::default(),
        };
        lists.all.insert(id, list);
        self.fill_list(id, now);
        Ok(id)
    }

    pub(crate) fn rename_list(&mut self, id: u64, name: &str, now: i64) -> Result<(), ApiError> {
        let object = self.platform.lists.get(id).map(|list| list.object).unwrap_or_default();
        check_name(&self.platform.lists, object, name, Some(id))?;
        if let Some(list) = self.platform.lists.get_mut(id) {
            list.name = name.to_owned();
            list.updated = now;
            list.version += 1;
        }
        Ok(())
    }

    /// Gives a dynamic list other filters.
    pub(crate) fn refilter_list(&mut self, id: u64, branch: &Value, now: i64) -> Result<(), ApiError> {
        let Some(list) = self.platform.lists.get(id) else { return Err(not_found(&id.to_string())) };
        if list.processing != Processing::Dynamic {
            return Err(ApiError::validation(format!(
                "Filters can only be updated for a list of the processing type DYNAMIC. List {id} is {}.",
                list.processing.name()
            )));
        }
        let object = list.object;
        let test = Test::parse(self, object, branch)?;
        if let Some(list) = self.platform.lists.get_mut(id) {
            list.filters = Some((branch.clone(), test));
            list.updated = now;
            list.filters_updated = now;
            list.version += 1;
        }
        self.fill_list(id, now);
        Ok(())
    }

    pub(crate) fn delete_list(&mut self, id: u64, now: i64) {
        if let Some(list) = self.platform.lists.get_mut(id) {
            list.deleted = Some(now);
        }
    }

    /// Brings a deleted list back, within ninety days.
    pub(crate) fn restore_list(&mut self, id: &str, now: i64) -> Result<(), ApiError> {
        let number: u64 = id.parse().map_err(|_| not_found(id))?;
        let list = self.platform.lists.all.get(&number);
        let list = list.filter(|list| list.deleted.is_none_or(|at| now - at <= RESTORABLE));
        let (object, name) =
            list.map(|list| (list.object, list.name.clone())).ok_or_else(|| not_found(id))?;
        check_name(&self.platform.lists, object, &name, Some(number))?;
        if let Some(list) = self.platform.lists.all.get_mut(&number) {
            list.deleted = None;
        }
        self.refresh_list(number, now);
        Ok(())
    }

    /// Asks for a dynamic list to become a snapshot.
    pub(crate) fn schedule_conversion(&mut self, id: u64, wish: Option<Value>) -> Result<(), ApiError> {
        let Some(list) = self.platform.lists.get_mut(id) else { return Err(not_found(&id.to_string())) };
        let Some(wish) = wish else {
            list.conversion = None;
            return Ok(());
        };
        if list.processing != Processing::Dynamic {
            return Err(ApiError::validation("Only a list of the processing type DYNAMIC can be converted"));
        }
        let part = |name: &str| wish.get(name).and_then(Value::as_i64).unwrap_or_default();
        let at = match wish.get("conversionType").and_then(Value::as_str) {
            Some("CONVERSION_DATE") => {
                let day = format!("{:04}-{:02}-{:02}", part("year"), part("month"), part("day"));
                let at = crate::time::parse_day(&day);
                Some(at.ok_or_else(|| ApiError::validation(format!("{day} is not a date")))?)
            }
            // assumed: a list that is read is never inactive, so this wish never comes true here
            Some("INACTIVITY") => None,
            _ => return Err(ApiError::validation("conversionType must be CONVERSION_DATE or INACTIVITY")),
        };
        list.conversion = Some((at, wish));
        Ok(())
    }
}

impl List {
    pub(crate) fn created(&self) -> i64 {
        self.created
    }

    /// The list as the API shows it.
    pub(crate) fn json(&self, type_id: &str, with_filters: bool) -> Value {
        let mut shown = self.common(type_id);
        shown.insert("size".into(), json!(self.members.len()));
        if let Some((branch, _)) = self.filters.as_ref().filter(|_| with_filters) {
            shown.insert("filterBranch".into(), branch.clone());
        }
        Value::Object(shown)
    }

    /// The list as a search shows it.
    pub(crate) fn found(&self, type_id: &str, wanted: &[String], folders: &Folders) -> Value {
        let mut shown = self.common(type_id);
        let mut more = Map::new();
        for name in wanted {
            let value = match name.as_str() {
                "hs_list_size" => Some(self.members.len().to_string()),
                "hs_last_record_added_at" => self.members.last_added().map(|at| at.to_string()),
                "hs_last_record_removed_at" => self.members.last_removed().map(|at| at.to_string()),
                "hs_list_reference_count" => Some("0".to_owned()),
                "hs_folder_name" => folders.name(self.folder).map(str::to_owned),
                other => self.custom.as_ref().and_then(|all| all.get(other)).and_then(text_of),
            };
            if let Some(value) = value {
                more.insert(name.clone(), json!(value));
            }
        }
        shown.insert("additionalProperties".into(), Value::Object(more));
        Value::Object(shown)
    }

    fn common(&self, type_id: &str) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("listId", json!(self.id.to_string()));
        put("listVersion", json!(self.version));
        put("createdAt", json!(iso(self.created)));
        put("updatedAt", json!(iso(self.updated)));
        put("filtersUpdatedAt", json!(iso(self.filters_updated)));
        put("processingStatus", json!("COMPLETE"));
        put("createdById", json!(PERSON.to_string()));
        put("updatedById", json!(PERSON.to_string()));
        put("processingType", json!(self.processing.name()));
        put("objectTypeId", json!(type_id));
        put("name", json!(self.name));
        if let Some(at) = self.deleted {
            put("deletedAt", json!(iso(at)));
        }
        shown
    }

    /// What became of the wish to be converted.
    pub(crate) fn conversion_json(&self) -> Result<Value, ApiError> {
        let mut shown = Map::new();
        shown.insert("listId".into(), json!(self.id.to_string()));
        match (&self.conversion, self.converted) {
            (None, None) => {
                return Err(ApiError::object_not_found(format!("List {} has no conversion", self.id)));
            }
            (Some((_, wish)), _) => {
                shown.insert("requestedConversionTime".into(), wish.clone());
            }
            _ => {}
        }
        if let Some(at) = self.converted {
            shown.insert("convertedAt".into(), json!(iso(at)));
        }
        Ok(Value::Object(shown))
    }
}

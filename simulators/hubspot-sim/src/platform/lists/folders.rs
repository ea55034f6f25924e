//! Folders lists are kept in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Lists, not_found};
use crate::error::ApiError;
use crate::owners::PERSON;
use crate::time::iso;

#[derive(Debug, Clone)]
struct Folder {
    parent: u64,
    name: String,
    created: i64,
    updated: i64,
}

/// All folders below the root, which has the id 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folders {
    all: BTreeMap<u64, Folder>,
}

fn missing(id: &str) -> ApiError {
    ApiError::object_not_found(format!("Folder does not exist with ID {id}."))
}

impl Folders {
    pub(super) fn name(&self, id: u64) -> Option<&str> {
        self.all.get(&id).map(|folder| folder.name.as_str())
    }

    /// The folder a path or body names.
    pub(crate) fn locate(&self, id: &str) -> Result<u64, ApiError> {
        id.parse().ok().filter(|id| *id == 0 || self.all.contains_key(id)).ok_or_else(|| missing(id))
    }

    pub(crate) fn create(&mut self, name: &str, parent: u64, now: i64) -> Result<u64, ApiError> {
        if name.trim().is_empty() {
            return Err(ApiError::validation("Folder name cannot be blank"));
        }
        let id = self.all.keys().next_back().map_or(1, |last| last + 1);
        self.all.insert(id, Folder { parent, name: name.to_owned(), created: now, updated: now });
        Ok(id)
    }

    pub(crate) fn rename(&mut self, id: u64, name: &str, now: i64) {
        if let Some(folder) = self.all.get_mut(&id) {
            folder.name = name.to_owned();
            folder.updated = now;
        }
    }

    /// Moves a folder, unless it would end up inside itself.
    pub(crate) fn move_to(&mut self, id: u64, parent: u64, now: i64) -> Result<(), ApiError> {
        let mut above = parent;
        while above != 0 {
            if above == id {
                return Err(ApiError::validation("A folder cannot be moved into itself"));
            }
            above = self.all.get(&above).map_or(0, |folder| folder.parent);
        }
        if let Some(folder) = self.all.get_mut(&id) {
            folder.parent = parent;
            folder.updated = now;
        }
        Ok(())
    }
}

impl Lists {
    /// A folder with what is below it.
    pub(crate) fn folder_json(&self, id: u64) -> Value {
        let below = self.folders.all.iter().filter(|(_, folder)| folder.parent == id);
        let children: Vec<Value> = below.map(|(id, _)| self.folder_json(*id)).collect();
        let lists: Vec<u64> = self.live().filter(|list| list.folder == id).map(|list| list.id).collect();
        let held = self.folders.all.get(&id);
        json!({
            "id": id.to_string(),
            "parentFolderId": held.map_or(0, |folder| folder.parent).to_string(),
            "name": held.map_or("", |folder| folder.name.as_str()),
            "createdAt": iso(held.map_or(0, |folder| folder.created)),
            "updatedAt": iso(held.map_or(0, |folder| folder.updated)),
            "userId": PERSON,
            "childNodes": children,
            "childLists": lists,
        })
    }

    /// Removes an empty folder.
    pub(crate) fn delete_folder(&mut self, id: u64) -> Result<(), ApiError> {
        let used = self.live().any(|list| list.folder == id)
            || self.folders.all.values().any(|folder| folder.parent == id);
        if used {
            return Err(ApiError::validation("A folder has to be empty to be deleted"));
        }
        self.folders.all.remove(&id);
        Ok(())
    }

    /// Puts a list into a folder.
    pub(crate) fn move_list(&mut self, id: &str, folder: u64) -> Result<(), ApiError> {
        let list = id.parse().ok().and_then(|id| self.get_mut(id)).ok_or_else(|| not_found(id))?;
        list.folder = folder;
        Ok(())
    }
}

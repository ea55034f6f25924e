//! The embed window on the org's own record pages.

use ::salesforce::RecordPage;
use serde_json::{Value, json};

use super::Setup;
use super::answers::EmbedState;
use super::error::{Refused, SetupError, of_salesforce};
use crate::package::{EMBED_COMPONENT, EMBED_OBJECTS};

/// A record page that could hold the embed window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The page.
    pub page: RecordPage,
    /// Whether the window is on it already.
    pub placed: bool,
}

impl Setup {
    /// The org's record pages of leads, contacts, accounts and opportunities.
    ///
    /// # Errors
    /// When Salesforce cannot be asked.
    pub async fn record_pages(&self, draft: &str) -> Result<Vec<Page>, SetupError> {
        let client = self.salesforce_of(draft)?;
        let pages = client.record_pages(&EMBED_OBJECTS).await.map_err(|error| of_salesforce(&error))?;
        let mut found = Vec::with_capacity(pages.len());
        for page in pages {
            let metadata = client.page_metadata(&page.id).await.map_err(|error| of_salesforce(&error))?;
            found.push(Page { placed: holds(&metadata), page });
        }
        Ok(found)
    }

    /// Puts the window on these pages, by their ids; on those that have it, nothing is changed.
    ///
    /// # Errors
    /// When a page has no room for it, or Salesforce refuses the change. What was placed before stays.
    pub async fn place_embed(&self, draft: &str, ids: &[String]) -> Result<(), SetupError> {
        let client = self.salesforce_of(draft)?;
        let pages = client.record_pages(&EMBED_OBJECTS).await.map_err(|error| of_salesforce(&error))?;
        let mut placed = Vec::new();
        for page in pages.iter().filter(|page| ids.contains(&page.id)) {
            let mut metadata = client.page_metadata(&page.id).await.map_err(|error| of_salesforce(&error))?;
            if !holds(&metadata) {
                place(&mut metadata).ok_or_else(|| Refused::NoRegion(page.label.clone()))?;
                client.set_page_metadata(&page.id, &metadata).await.map_err(|error| of_salesforce(&error))?;
            }
            placed.push(page.label.clone());
        }
        self.change(draft, |answers| {
            answers.embed =
                if placed.is_empty() { EmbedState::Skipped } else { EmbedState::Placed { pages: placed } };
        })
    }

    /// Leaves the window for later.
    ///
    /// # Errors
    /// When the set-up is gone.
    pub fn skip_embed(&self, draft: &str) -> Result<(), SetupError> {
        self.change(draft, |answers| answers.embed = EmbedState::Skipped)
    }
}

/// A list in metadata; a list of one may be written without its brackets.
fn list(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    }
}

/// Whether the window is on a page. A package with a namespace puts that before the component's name.
fn holds(page: &Value) -> bool {
    let regions = list(page.get("flexiPageRegions"));
    let mut items = regions.iter().flat_map(|region| list(region.get("itemInstances")));
    items.any(|item| {
        let name =
            item.pointer("/componentInstance/componentName").and_then(Value::as_str).unwrap_or_default();
        name.rsplit(':').next() == Some(EMBED_COMPONENT)
    })
}

/// Puts the window at the top of the sidebar, or of the widest region there is instead. None where there is no region.
fn place(page: &mut Value) -> Option<()> {
    let regions = page.get_mut("flexiPageRegions")?.as_array_mut()?;
    let is_region = |region: &Value| region.get("type").and_then(Value::as_str) == Some("Region");
    let named = |region: &Value, wanted: &str| {
        is_region(region)
            && region
                .get("name")
                .and_then(Value::as_str)
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    let at = ["sidebar", "rightcol", "right", "main"]
        .iter()
        .find_map(|wanted| regions.iter().position(|region| named(region, wanted)))
        .or_else(|| regions.iter().rposition(is_region))?;
    let region = regions.get_mut(at)?.as_object_mut()?;
    let mut items: Vec<Value> = list(region.get("itemInstances")).into_iter().cloned().collect();
    items.insert(
        0,
        json!({ "componentInstance": {
            "componentName": EMBED_COMPONENT, "identifier": format!("c_{EMBED_COMPONENT}"),
        } }),
    );
    region.insert("itemInstances".to_owned(), Value::Array(items));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(regions: Value) -> Value {
        json!({ "masterLabel": "P", "flexiPageRegions": regions })
    }

    #[test]
    fn the_window_goes_to_the_top_of_the_sidebar_and_the_rest_stays() {
        let other = json!({ "componentInstance": { "componentName": "force:detailPanel" } });
        let mut own = page(json!([
            { "name": "main", "type": "Region", "itemInstances": [other] },
            { "name": "sidebar", "type": "Region", "itemInstances": [other] },
            { "name": "Facet-1", "type": "Facet" },
        ]));
        assert!(!holds(&own));
        place(&mut own).unwrap();
        assert!(holds(&own));
        let items = own.pointer("/flexiPageRegions/1/itemInstances").unwrap().as_array().unwrap();
        assert_eq!(items[0]["componentInstance"]["componentName"], "tandemEmbed");
        assert_eq!(items[1], other);
        assert_eq!(own.pointer("/flexiPageRegions/0/itemInstances/0"), Some(&other));
    }

    #[test]
    fn a_page_without_a_sidebar_or_without_any_region() {
        let mut own = page(json!([{ "name": "top", "type": "Region" }, { "name": "F", "type": "Facet" }]));
        place(&mut own).unwrap();
        assert!(holds(&own));
        assert_eq!(place(&mut page(json!([]))), None);
        let packaged =
            json!([{ "itemInstances": { "componentInstance": { "componentName": "tandem:tandemEmbed" } } }]);
        assert!(holds(&page(packaged)));
    }
}

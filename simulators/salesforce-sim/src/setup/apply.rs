//! Saving and deleting components of every kind, with what that does to the org.

use serde_json::Value;

use super::kinds::Kind;
use super::rows::text;
use super::xml::list;
use super::{Who, kinds, problem};
use crate::State;
use crate::error::Refusal;

/// The kind of that name, or what the API says when there is none.
pub(crate) fn kind_named(name: &str) -> Result<&'static Kind, Refusal> {
    kinds::find(name).ok_or_else(|| problem("INVALID_TYPE", format!("INVALID_TYPE: Unknown type:{name}")))
}

impl State {
    /// The id of a component, which may be that of a row.
    pub(crate) fn component_id(&mut self, kind: &'static Kind, full_name: &str) -> String {
        match kind.name {
            "PermissionSet" => {
                if let Some(row) = self.permission_set_row(kind.name, full_name) {
                    return text(&row, "Id").to_owned();
                }
            }
            "Profile" => {
                let row = self.permission_set_row(kind.name, full_name);
                if let Some(id) = row.and_then(|row| row.get("ProfileId")?.as_str().map(ToOwned::to_owned)) {
                    return id;
                }
            }
            "RecordType" => {
                if let Some(row) = self.record_type_row(full_name) {
                    return text(&row, "Id").to_owned();
                }
            }
            _ => {}
        }
        self.setup.id_of(kind.name, full_name, kind.prefix)
    }

    /// Why a component cannot be saved as this. `knows` tells what the same call brings along.
    pub(super) fn check_component(
        &self,
        kind: &str,
        full_name: &str,
        body: &Value,
        files: &[(String, Vec<u8>)],
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let kind = kind_named(kind)?;
        let required = |key: &str| {
            let held = body.get(key).is_some_and(|value| value.as_str() != Some(""));
            let message = || format!("Required field is missing: {key}");
            if held { Ok(()) } else { Err(problem("REQUIRED_FIELD_MISSING", message()).about(key)) }
        };
        match kind.name {
            "CustomField" => self.check_field(full_name, body, knows),
            "CustomObject" => self.check_object(full_name, body),
            "PermissionSet" | "Profile" => self.check_permission_set(kind.name, full_name, body, knows),
            "RemoteSiteSetting" => required("url").and_then(|()| address(text(body, "url"), "url")),
            "CspTrustedSite" => {
                required("endpointUrl").and_then(|()| address(text(body, "endpointUrl"), "endpointUrl"))
            }
            "Layout" => self.check_layout(full_name, body, knows),
            "FlexiPage" => self.check_page(body, knows),
            "LightningComponentBundle" => {
                let named = files.iter().any(|(name, _)| name.ends_with(".js") || name.ends_with(".html"));
                if named || !files.iter().any(|(name, _)| !name.ends_with("-meta.xml")) && files.is_empty() {
                    return Ok(());
                }
                let message = format!("LWC1702: Cannot find Lightning Component Bundle {full_name}");
                Err(problem("UNKNOWN_EXCEPTION", message))
            }
            "ValidationRule" | "RecordType" | "ListView" | "WebLink" | "FieldSet" | "CompactLayout" => {
                let object = full_name.split_once('.').map_or(full_name, |(object, _)| object);
                if self.org.table(object).is_none() && !knows(object) {
                    let message = format!("Entity Of Type CustomObject Named {object} Cannot Be Found");
                    return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
                }
                match kind.name {
                    "ValidationRule" => self.check_validation_rule(full_name, body, knows),
                    "RecordType" => required("label"),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn check_layout(
        &self,
        full_name: &str,
        body: &Value,
        knows: &dyn Fn(&str) -> bool,
    ) -> Result<(), Refusal> {
        let object = full_name.split_once('-').map_or(full_name, |(object, _)| object);
        let Some(table) = self.org.table(object) else {
            if knows(object) {
                return Ok(());
            }
            let message = format!("In field: layout - no CustomObject named {object} found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        };
        for section in list(body.get("layoutSections")) {
            for column in list(section.get("layoutColumns")) {
                for item in list(column.get("layoutItems")) {
                    let field = text(item, "field");
                    let known = field.is_empty()
                        || table.def.field(field).is_some()
                        || table.def.field(&format!("{field}Id")).is_some()
                        || knows(&format!("{object}.{field}"));
                    if !known {
                        let message =
                            format!("In field: field - no CustomField named {object}.{field} found");
                        return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_page(&self, body: &Value, knows: &dyn Fn(&str) -> bool) -> Result<(), Refusal> {
        for key in ["masterLabel", "type"] {
            if text(body, key).is_empty() {
                return Err(
                    problem("REQUIRED_FIELD_MISSING", format!("Required field is missing: {key}")).about(key)
                );
            }
        }
        let object = text(body, "sobjectType");
        if !object.is_empty() && self.org.table(object).is_none() && !knows(object) {
            let message = format!("In field: sobjectType - no CustomObject named {object} found");
            return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
        }
        for component in page_components(body) {
            let name = text(component, "componentName");
            // Components of the platform have a namespace.
            let own = name.strip_prefix("c:").unwrap_or(name);
            if !own.contains(':')
                && self.setup.components.get("LightningComponentBundle", own).is_none()
                && !knows(own)
            {
                let message =
                    format!("We can't find component {name}. Check that it is in the org and exposed");
                return Err(problem("INVALID_CROSS_REFERENCE_KEY", message));
            }
        }
        Ok(())
    }

    /// Saves a component; answers whether it is new.
    pub(crate) fn save_component(
        &mut self,
        kind: &str,
        full_name: &str,
        body: &Value,
        files: Vec<(String, Vec<u8>)>,
        who: &Who,
    ) -> Result<bool, Refusal> {
        let kind = kind_named(kind)?;
        if full_name.trim().is_empty() {
            return Err(
                problem("REQUIRED_FIELD_MISSING", "Required field is missing: fullName").about("fullName")
            );
        }
        match kind.name {
            "CustomField" => self.save_field(full_name, body, who),
            "CustomObject" => self.save_object(full_name, body, who),
            "PermissionSet" | "Profile" => self.save_permission_set(kind, full_name, body, who),
            _ => {
                self.check_component(kind.name, full_name, body, &files, &|_| false)?;
                self.channel_saved(kind.name, full_name, body)?;
                self.enforce(kind.name, full_name, body, who)?;
                let standard = self.read_component(kind.name, full_name).is_some();
                let new = self.setup.components.put_files(kind, full_name, body.clone(), files, who);
                Ok(new && !standard)
            }
        }
    }

    /// Deletes a component.
    pub(crate) fn remove_component(&mut self, kind: &str, full_name: &str, who: &Who) -> Result<(), Refusal> {
        let kind = kind_named(kind)?;
        match kind.name {
            "CustomField" => self.remove_field(full_name, who),
            "CustomObject" => self.remove_object(full_name, who),
            "PermissionSet" => self.remove_permission_set(full_name, who),
            _ => {
                let gone = self.setup.components.remove(kind.name, full_name);
                self.setup.forget(kind.name, full_name);
                let gone = gone.ok_or_else(|| {
                    let message = format!("In field: fullName - no {} named {full_name} found", kind.name);
                    problem("INVALID_CROSS_REFERENCE_KEY", message)
                })?;
                self.channel_removed(kind.name, full_name, &gone.body);
                self.lift(kind.name, full_name, who);
                Ok(())
            }
        }
    }
}

/// The components that stand on a page.
pub(crate) fn page_components(page: &Value) -> Vec<&Value> {
    let regions = list(page.get("flexiPageRegions"));
    let items = regions.iter().flat_map(|region| {
        let wrapped =
            list(region.get("itemInstances")).into_iter().filter_map(|item| item.get("componentInstance"));
        wrapped.chain(list(region.get("componentInstances")))
    });
    items.collect()
}

fn address(text: &str, field: &str) -> Result<(), Refusal> {
    let wild = text.replace("://*.", "://any.");
    match url::Url::parse(&wild) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "wss") && url.has_host() => Ok(()),
        _ => Err(problem("FIELD_INTEGRITY_EXCEPTION", format!("{field}: Invalid URL: {text}")).about(field)),
    }
}

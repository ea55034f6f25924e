//! What a package brings into the org, and what goes with it.

use serde_json::json;

use super::Known;
use crate::State;
use crate::setup::{Who, kinds};

impl State {
    pub(super) fn put_package_in(&mut self, known: &Known, sites: bool, who: &Who) {
        if let Some(label) = &known.permission_set {
            let name = api_name(label);
            let body = json!({"label": label, "description": format!("Installed with {}", known.name)});
            if self.save_component("PermissionSet", &name, &body, Vec::new(), who).is_ok() {
                self.setup.components.set_namespace("PermissionSet", &name, known.namespace.clone());
            }
        }
        let Some(kind) = kinds::find("RemoteSiteSetting").filter(|_| sites) else { return };
        for (number, site) in known.sites.iter().enumerate() {
            let name = site_name(known, number);
            let body = json!({"disableProtocolSecurity": false, "isActive": true, "url": site});
            self.setup.components.put(kind, &name, body, who);
            self.setup.components.set_namespace(kind.name, &name, known.namespace.clone());
        }
    }

    pub(super) fn take_package_out(&mut self, known: &Known, who: &Who) {
        if let Some(label) = &known.permission_set {
            // It may have been deleted by hand before.
            let _ = self.remove_component("PermissionSet", &api_name(label), who);
        }
        for number in 0..known.sites.len() {
            let _ = self.remove_component("RemoteSiteSetting", &site_name(known, number), who);
        }
    }
}

fn api_name(label: &str) -> String {
    label.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '_' }).collect()
}

fn site_name(known: &Known, number: usize) -> String {
    format!("{}_{}", api_name(&known.name), number + 1)
}

//! What `/_sim/settings` says about the org's set-up: its edition, what the connected user may do, packages, the embed
//! window.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Who;
use super::rows::{self, text};
use crate::State;
use crate::embed::EmbedSettings;
use crate::packages::{InstallPlan, Known};

/// Objects that a profile grants access to one by one.
const OBJECTS: [&str; 8] =
    ["Account", "Campaign", "Case", "Contact", "Contract", "Lead", "Opportunity", "Product2"];
const GRANTS: [(&str, &str); 6] = [
    ("create", "PermissionsCreate"),
    ("read", "PermissionsRead"),
    ("edit", "PermissionsEdit"),
    ("delete", "PermissionsDelete"),
    ("view_all", "PermissionsViewAllRecords"),
    ("modify_all", "PermissionsModifyAllRecords"),
];

/// Object permissions are kept twice: as a limit of what the connected user can do, and as rows that tell of it. Only the
/// rows know of viewing and modifying all records.
pub(crate) fn share(rules: &mut Map<String, Value>, setup: &mut Map<String, Value>) {
    let Some(Value::Object(objects)) = rules.get_mut("object_permissions") else { return };
    setup.insert("object_permissions".into(), Value::Object(objects.clone()));
    for own in objects.values_mut().filter_map(Value::as_object_mut) {
        own.shift_remove("view_all");
        own.shift_remove("modify_all");
    }
}

/// The part of the settings that is about the set-up.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SetupSettings {
    /// System permissions of the connected user, by name: `ApiEnabled`.
    pub user_permissions: Option<BTreeMap<String, bool>>,
    /// What the connected user may do with objects: `{"Contact": {"modify_all": false}}`.
    pub object_permissions: Option<BTreeMap<String, BTreeMap<String, bool>>>,
    pub organization: Option<OrganizationSettings>,
    pub package_install: Option<InstallPlan>,
    pub packages: Option<Vec<Known>>,
    pub deploy_seconds: Option<i64>,
    /// Whether fields that are made through the API are granted to all profiles at once, as no org does it.
    pub grant_new_fields: Option<bool>,
    pub embed: Option<EmbedSettings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OrganizationSettings {
    pub name: Option<String>,
    /// As people call it: `Enterprise Edition`, `Group Edition` ..
    pub edition: Option<String>,
    pub sandbox: Option<bool>,
    /// Whether the API can be used; by the edition, if left out.
    pub api: Option<bool>,
    /// When a trial ends.
    pub trial_expires: Option<String>,
}

impl State {
    /// Applies settings, or says what is wrong with them and changes nothing.
    pub(crate) fn apply_settings(&mut self, settings: SetupSettings, who: &Who) -> Result<(), String> {
        let (org, setup) = (self.org.clone(), self.setup.clone());
        let done = self.apply_each(settings, who);
        if done.is_err() {
            (self.org, self.setup) = (org, setup);
        }
        done
    }

    fn apply_each(&mut self, settings: SetupSettings, who: &Who) -> Result<(), String> {
        if let Some(own) = &settings.organization {
            self.set_organization(own, who)?;
        }
        if let Some(wanted) = &settings.user_permissions {
            self.set_user_permissions(wanted, who)?;
        }
        if let Some(wanted) = &settings.object_permissions {
            self.set_object_permissions(wanted, who)?;
        }
        if let Some(plan) = settings.package_install {
            self.setup.packages.plan = plan;
        }
        for known in settings.packages.into_iter().flatten() {
            if crate::ids::normal(&known.id).is_none() || !known.id.starts_with("04t") {
                return Err(format!("packages: {} is no id of a package version (04t…)", known.id));
            }
            self.setup.packages.known.retain(|own| own.id != known.id);
            self.setup.packages.known.push(known);
        }
        if let Some(seconds) = settings.deploy_seconds {
            self.setup.deploy_seconds = seconds;
        }
        if let Some(grant) = settings.grant_new_fields {
            self.setup.grant_new_fields = grant;
        }
        if let Some(embed) = settings.embed {
            self.setup.embed = embed;
        }
        Ok(())
    }

    fn set_organization(&mut self, own: &OrganizationSettings, who: &Who) -> Result<(), String> {
        let mut fields = Map::new();
        if let Some(name) = &own.name {
            fields.insert("Name".into(), json!(name));
        }
        if let Some(edition) = &own.edition {
            let stored = match edition.trim().trim_end_matches(" Edition") {
                "Group" | "Team" => "Team Edition",
                "Professional" => "Professional Edition",
                "Enterprise" => "Enterprise Edition",
                "Unlimited" => "Unlimited Edition",
                "Performance" => "Performance Edition",
                "Developer" => "Developer Edition",
                "Base" | "Starter" => "Base Edition",
                other => return Err(format!("organization: no edition is called '{other}'")),
            };
            fields.insert("OrganizationType".into(), json!(stored));
            // Professional Edition can buy access to the API.
            self.setup.api_off = matches!(stored, "Team Edition" | "Professional Edition" | "Base Edition");
        }
        if let Some(sandbox) = own.sandbox {
            fields.insert("IsSandbox".into(), json!(sandbox));
        }
        if let Some(api) = own.api {
            self.setup.api_off = !api;
        }
        if let Some(until) = &own.trial_expires {
            let at: jiff::Timestamp =
                until.parse().map_err(|error| format!("organization.trial_expires: {error}"))?;
            fields.insert("TrialExpirationDate".into(), json!(crate::org::api_time(at.as_second())));
        }
        let id = self.auth.org_id.clone();
        rows::update(&mut self.org, &id, &Value::Object(fields), who);
        Ok(())
    }

    /// The permission set of the connected user's own profile; at first they share one with others, and get their own.
    fn own_profile_set(&mut self, who: &Who) -> Option<String> {
        let name = "Tandem Integration";
        if let Some(row) = self.permission_set_row("Profile", name) {
            return Some(text(&row, "Id").to_owned());
        }
        let shared = self.permission_set_row("Profile", "Admin")?;
        let profile = rows::insert(&mut self.org, "Profile", &json!({"Name": name}), who)?;
        let mut copy = shared.as_object()?.clone();
        copy.insert("ProfileId".into(), json!(profile));
        copy.insert("Name".into(), json!("X00eTandemIntegration"));
        copy.insert("Label".into(), json!(name));
        for key in ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            copy.shift_remove(key);
        }
        let set = rows::insert(&mut self.org, "PermissionSet", &Value::Object(copy), who)?;
        for object in ["ObjectPermissions", "FieldPermissions"] {
            for mut grant in rows::holding(&self.org, object, "ParentId", text(&shared, "Id")) {
                grant["ParentId"] = json!(set);
                rows::insert(&mut self.org, object, &grant, who);
            }
        }
        let user = self.integration.to_string();
        let assignments = rows::holding(&self.org, "PermissionSetAssignment", "AssigneeId", &user);
        let old = assignments.iter().find(|row| text(row, "PermissionSetId") == text(&shared, "Id"))?;
        rows::update(&mut self.org, text(old, "Id"), &json!({"PermissionSetId": set}), who);
        rows::update(&mut self.org, &user, &json!({"ProfileId": profile}), who);
        Some(set)
    }

    fn set_user_permissions(&mut self, wanted: &BTreeMap<String, bool>, who: &Who) -> Result<(), String> {
        let set = self.own_profile_set(who).ok_or("the connected user has no profile")?;
        let mut fields = Map::new();
        for (name, allowed) in wanted {
            let field = format!("Permissions{}", name.trim_start_matches("Permissions"));
            let known =
                self.org.table("PermissionSet").is_some_and(|table| table.def.field(&field).is_some());
            if !known {
                return Err(format!("user_permissions: no permission is called '{name}'"));
            }
            fields.insert(field, json!(allowed));
        }
        rows::update(&mut self.org, &set, &Value::Object(fields), who);
        Ok(())
    }

    fn set_object_permissions(
        &mut self,
        wanted: &BTreeMap<String, BTreeMap<String, bool>>,
        who: &Who,
    ) -> Result<(), String> {
        let set = self.own_profile_set(who).ok_or("the connected user has no profile")?;
        // Who may modify all data needs no grant for an object.
        let data = json!({"PermissionsModifyAllData": false, "PermissionsViewAllData": false});
        rows::update(&mut self.org, &set, &data, who);
        for (object, given) in wanted {
            if self.org.table(object).is_none() {
                return Err(format!("object_permissions: no object is called '{object}'"));
            }
            let held = rows::holding(&self.org, "ObjectPermissions", "ParentId", &set);
            let held = held.into_iter().find(|row| text(row, "SobjectType").eq_ignore_ascii_case(object));
            let mut grant = json!({"ParentId": set, "SobjectType": object});
            for (name, field) in GRANTS {
                let before = held.as_ref().is_none_or(|row| rows::yes(row, field));
                grant[field] = json!(given.get(name).copied().unwrap_or(before));
            }
            if let Some(unknown) = given.keys().find(|key| !GRANTS.iter().any(|(name, _)| name == key)) {
                return Err(format!(
                    "object_permissions: '{unknown}' is none of create, read, edit, delete, view_all, modify_all"
                ));
            }
            self.put_grant("ObjectPermissions", "SobjectType", &grant, who);
        }
        Ok(())
    }

    /// Grants the administrators' profile all objects and fields that grants are given for; from then on, the connected
    /// user is held to what is granted.
    pub(crate) fn grant_all(&mut self, who: &Who) {
        let Some(row) = self.permission_set_row("Profile", "Admin") else { return };
        for object in
            OBJECTS.iter().filter(|object| self.org.table(object).is_some()).copied().collect::<Vec<_>>()
        {
            let mut grant = json!({"ParentId": text(&row, "Id"), "SobjectType": object});
            for (_, field) in GRANTS {
                grant[field] = json!(true);
            }
            self.put_grant("ObjectPermissions", "SobjectType", &grant, who);
        }
        self.org.grant_standard_fields(text(&row, "Id"), who);
        self.org.hold_to_grants(std::sync::Arc::clone(&self.integration));
    }

    /// The settings as they are.
    pub(crate) fn setup_settings(&self) -> Value {
        let packages = &self.setup.packages;
        json!({
            "organization": {"api": !self.setup.api_off},
            "package_install": packages.plan,
            "packages": packages.known,
            "deploy_seconds": self.setup.deploy_seconds,
            "grant_new_fields": self.setup.grant_new_fields,
            "embed": {"url": self.setup.embed.url, "component": self.setup.embed.component},
        })
    }
}

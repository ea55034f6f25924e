//! What users may do: the union of what their profile and their permission sets grant.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::State;
use crate::error::Refusal;
use crate::org::Org;
use crate::setup::rows::{self, text};
use crate::soql::Record as _;

/// What a user may do with the records of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ObjectAccess {
    pub create: bool,
    pub read: bool,
    pub edit: bool,
    pub delete: bool,
    pub view_all: bool,
    pub modify_all: bool,
}

impl ObjectAccess {
    /// Everything.
    pub const ALL: Self =
        Self { create: true, read: true, edit: true, delete: true, view_all: true, modify_all: true };
}

impl Org {
    /// The ids of the permission sets that a user has, the profile's own among them.
    pub fn permission_sets_of(&self, user: &str) -> Vec<String> {
        let Some(table) = self.table("PermissionSetAssignment") else { return Vec::new() };
        let Some((at, _)) = table.def.field("AssigneeId") else { return Vec::new() };
        let sets = table.holders(at, user);
        sets.iter().filter_map(|row| row.value("PermissionSetId").as_str().map(ToOwned::to_owned)).collect()
    }

    /// Whether a user has a system permission, by its name without `Permissions`: `ApiEnabled`.
    pub fn user_may(&self, user: &str, permission: &str) -> bool {
        let field = format!("Permissions{permission}");
        let sets = self.permission_sets_of(user);
        sets.iter().filter_map(|id| self.find(id)).any(|(_, row)| *row.value(&field) == json!(true))
    }

    /// What a user may do with an object.
    #[allow(dead_code, reason = "asked by those who enforce it")]
    pub fn object_access(&self, user: &str, object: &str) -> ObjectAccess {
        if self.user_may(user, "ModifyAllData") {
            return ObjectAccess::ALL;
        }
        let mut access = ObjectAccess::default();
        if self.user_may(user, "ViewAllData") {
            access.read = true;
            access.view_all = true;
        }
        for set in self.permission_sets_of(user) {
            for row in rows::holding(self, "ObjectPermissions", "ParentId", &set) {
                if !text(&row, "SobjectType").eq_ignore_ascii_case(object) {
                    continue;
                }
                let yes = |name: &str| rows::yes(&row, name);
                access.create |= yes("PermissionsCreate");
                access.read |= yes("PermissionsRead");
                access.edit |= yes("PermissionsEdit");
                access.delete |= yes("PermissionsDelete");
                access.view_all |= yes("PermissionsViewAllRecords");
                access.modify_all |= yes("PermissionsModifyAllRecords");
            }
        }
        access
    }

    /// The active user with this name to log in with.
    pub fn user_named(&self, username: &str) -> Option<Arc<str>> {
        let table = self.table("User")?;
        let (at, _) = table.def.field("Username")?;
        let found = table.holders(at, username);
        let user = found.iter().find(|row| *row.value("IsActive") == json!(true))?;
        Some(user.id.as_str().into())
    }
}

impl State {
    /// Whose open session this token is, when they and the org may use the API.
    pub(crate) fn session_user(&mut self, token: &str, now: Timestamp) -> Result<Arc<str>, Refusal> {
        let Some(user) = self.auth.user_of(token, now) else {
            return Err(Refusal::new("INVALID_SESSION_ID", "Session expired or invalid").with_status(401));
        };
        if self.setup.api_off {
            let message = "API is not enabled for this Organization or Partner";
            return Err(Refusal::new("API_DISABLED_FOR_ORG", message).with_status(403));
        }
        if !self.org.user_may(&user, "ApiEnabled") {
            let message = "API is disabled for this User";
            return Err(Refusal::new("API_CURRENTLY_DISABLED", message).with_status(403));
        }
        Ok(user)
    }

    /// Whether a user may call the Metadata API.
    pub(crate) fn may_use_metadata(&self, user: &str) -> Result<(), Refusal> {
        if self.org.user_may(user, "ModifyMetadata") || self.org.user_may(user, "ModifyAllData") {
            return Ok(());
        }
        let message =
            "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions";
        Err(Refusal::new("INSUFFICIENT_ACCESS", message).with_status(403))
    }

    /// Whether a user may change fields and objects.
    pub(crate) fn may_customize(&self, user: &str) -> Result<(), Refusal> {
        if self.org.user_may(user, "CustomizeApplication") {
            return Ok(());
        }
        let message = "insufficient access rights on cross-reference id";
        // assumed: the code that a user without Customize Application is answered
        Err(Refusal::new("INSUFFICIENT_ACCESS_OR_READONLY", message).with_status(403))
    }

    /// What the userinfo and identity addresses say of a user.
    pub(crate) fn identity(&self, user: &str) -> Value {
        let (base, org) = (&self.base_url, &self.auth.org_id);
        let row = self.org.find(user).map(|(_, row)| row);
        let own = |name: &str| {
            let value = row.as_ref().map(|row| row.value(name).into_owned());
            value.unwrap_or(Value::Null)
        };
        let rest = format!("{base}/services/data/v{{version}}/");
        let address = format!("{base}/id/{org}/{user}");
        let changed = own("LastModifiedDate");
        json!({
            "id": address,
            "sub": address,
            "asserted_user": true,
            "user_id": user,
            "organization_id": org,
            "username": own("Username"),
            "preferred_username": own("Username"),
            "nickname": own("Alias"),
            "nick_name": own("Alias"),
            "name": own("Name"),
            "display_name": own("Name"),
            "given_name": own("FirstName"),
            "family_name": own("LastName"),
            "first_name": own("FirstName"),
            "last_name": own("LastName"),
            "email": own("Email"),
            "email_verified": true,
            "user_type": "STANDARD",
            "timezone": own("TimeZoneSidKey"),
            "zoneinfo": own("TimeZoneSidKey"),
            "language": own("LanguageLocaleKey"),
            "locale": own("LocaleSidKey"),
            "utcOffset": 0,
            "active": own("IsActive"),
            "is_lightning_login_user": false,
            "is_app_installed": true,
            "last_modified_date": changed,
            "updated_at": changed,
            "photos": {"picture": format!("{base}/profilephoto/005/F"), "thumbnail": format!("{base}/profilephoto/005/T")},
            "picture": format!("{base}/profilephoto/005/F"),
            "profile": format!("{base}/{user}"),
            "urls": {
                "enterprise": format!("{base}/services/Soap/c/{{version}}/{org}"),
                "metadata": format!("{base}/services/Soap/m/{{version}}/{org}"),
                "partner": format!("{base}/services/Soap/u/{{version}}/{org}"),
                "rest": rest,
                "sobjects": format!("{rest}sobjects/"),
                "search": format!("{rest}search/"),
                "query": format!("{rest}query/"),
                "recent": format!("{rest}recent/"),
                "tooling_soap": format!("{base}/services/Soap/T/{{version}}/{org}"),
                "tooling_rest": format!("{rest}tooling/"),
                "profile": format!("{base}/{user}"),
                "feeds": format!("{rest}chatter/feeds"),
                "groups": format!("{rest}chatter/groups"),
                "users": format!("{rest}chatter/users"),
                "feed_items": format!("{rest}chatter/feed-items"),
                "feed_elements": format!("{rest}chatter/feed-elements"),
                "custom_domain": base,
            },
        })
    }

    /// What Chatter says of a user: `/chatter/users/me`.
    pub(crate) fn chatter_user(&self, user: &str, version: &str) -> Value {
        let row = self.org.find(user).map(|(_, row)| row);
        let own = |name: &str| {
            let value = row.as_ref().map(|row| row.value(name).into_owned());
            value.unwrap_or(Value::Null)
        };
        json!({
            "aboutMe": null, "additionalLabel": null, "address": null, "companyName": null,
            "displayName": own("Name"), "email": own("Email"), "firstName": own("FirstName"), "id": user,
            "isActive": own("IsActive"), "isChatterGuest": false, "isInThisCommunity": true,
            "lastName": own("LastName"), "managerId": null, "name": own("Name"), "title": own("Title"), "type": "User",
            "url": format!("/services/data/v{version}/chatter/users/{user}"), "userType": "Internal",
            "username": own("Username"),
        })
    }
}

//! Properties, pipelines and owners, as they were before version 3.

use serde_json::{Value, json};

use super::super::{Hit, kind, serve};
use crate::account::Account;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::owners::Owner;
use crate::pipelines::{Pipeline, Stage};
use crate::property::Property;
use crate::registry::DEALS;

pub(super) fn find(method: &str, parts: &[&str]) -> Hit {
    if method != "GET" {
        return None;
    }
    match parts {
        ["properties", "v1" | "v2", object, "properties"] | [object @ "companies", "v2", "properties"] => {
            let object = (*object).to_owned();
            serve("/properties/v1/{objectType}/properties", move |ctx| {
                let object = kind(ctx, &object)?;
                let account = ctx.sim.read();
                let active = account.stores[object].properties.values().filter(|one| one.archived.is_none());
                Ok(Reply::json(200, &json!(active.map(property_json).collect::<Vec<_>>())))
            })
        }
        ["properties", "v1" | "v2", object, "properties", "named", name] => {
            let (object, name) = ((*object).to_owned(), name.to_lowercase());
            serve("/properties/v1/{objectType}/properties/named/{name}", move |ctx| {
                let object = kind(ctx, &object)?;
                let account = ctx.sim.read();
                let found = account.stores[object].active(&name).map(|(_, one)| property_json(one));
                let found = found.ok_or_else(|| ApiError::object_not_found("Property does not exist"))?;
                Ok(Reply::json(200, &found))
            })
        }
        ["properties", "v1" | "v2", object, "groups"] | [object @ "companies", "v2", "groups"] => {
            let object = (*object).to_owned();
            serve("/properties/v1/{objectType}/groups", move |ctx| groups(ctx, kind(ctx, &object)?))
        }
        ["deals", "v1", "pipelines"] => serve("/deals/v1/pipelines", |ctx| {
            let account = ctx.sim.read();
            let lines = account.stores[DEALS].pipelines.values().filter(|line| !line.archived);
            Ok(Reply::json(200, &json!(lines.map(deal_line).collect::<Vec<_>>())))
        }),
        ["deals", "v1", "pipelines", id] => {
            let id = (*id).to_owned();
            serve("/deals/v1/pipelines/{pipelineId}", move |ctx| {
                let account = ctx.sim.read();
                let line = account.stores[DEALS].pipelines.get(&id).filter(|line| !line.archived);
                let line = line.ok_or_else(|| ApiError::object_not_found(format!("No pipeline {id}")))?;
                Ok(Reply::json(200, &deal_line(line)))
            })
        }
        ["crm-pipelines", "v1", "pipelines", object] => {
            let object = (*object).to_owned();
            serve("/crm-pipelines/v1/pipelines/{objectType}", move |ctx| lines(ctx, kind(ctx, &object)?))
        }
        ["owners", "v2", "owners"] => serve("/owners/v2/owners", owners),
        ["owners", "v2", "owners", id] => {
            let id = (*id).to_owned();
            serve("/owners/v2/owners/{ownerId}", move |ctx| {
                let account = ctx.sim.read();
                let found = account.owners.iter().find(|owner| owner.id == id);
                let found = found.ok_or_else(|| ApiError::object_not_found("Owner does not exist"))?;
                Ok(Reply::json(200, &owner_json(&account, found)))
            })
        }
        _ => None,
    }
}

fn property_json(property: &Property) -> Value {
    let options: Vec<Value> = property
        .options
        .iter()
        .map(|choice| {
            json!({
                "label": choice.label,
                "value": choice.value,
                "displayOrder": choice.order,
                "hidden": choice.hidden,
                "description": choice.description,
                "readOnly": false,
                "doubleData": 0.0,
            })
        })
        .collect();
    json!({
        "name": property.name,
        "label": property.label,
        "description": property.description,
        "groupName": property.group,
        "type": property.kind.name(),
        "fieldType": property.field_type,
        "options": options,
        "createdAt": property.created,
        "updatedAt": property.updated,
        "formField": property.form_field,
        "displayOrder": property.display_order,
        "readOnlyValue": property.read_only_value(),
        "readOnlyDefinition": property.built_in,
        "mutableDefinitionNotDeletable": property.built_in && !property.read_only_value(),
        "hidden": property.hidden,
        "calculated": property.calculated,
        "externalOptions": property.external_options,
        "hubspotDefined": property.built_in,
        "favorited": false,
        "deleted": false,
    })
}

fn groups(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let with = ctx.flag("includeProperties");
    let account = ctx.sim.read();
    let store = &account.stores[object];
    let all = store.groups.values().filter(|group| !group.archived).map(|group| {
        let mut body = json!({
            "name": group.name,
            "displayName": group.label,
            "displayOrder": group.order,
            "hubspotDefined": false,
        });
        if with {
            let held = store.properties.values();
            let held = held.filter(|one| one.archived.is_none() && one.group == group.name);
            body["properties"] = json!(held.map(property_json).collect::<Vec<_>>());
        }
        body
    });
    Ok(Reply::json(200, &json!(all.collect::<Vec<_>>())))
}

fn live_stages(line: &Pipeline) -> impl Iterator<Item = &Stage> {
    line.stages.values().filter(|stage| !stage.archived)
}

fn deal_line(line: &Pipeline) -> Value {
    let stages = live_stages(line).map(|stage| {
        let probability = stage.probability().unwrap_or_default();
        json!({
            "stageId": stage.id,
            "label": stage.label,
            "probability": probability,
            "active": true,
            "displayOrder": stage.order,
            "closedWon": probability >= 1.0,
        })
    });
    json!({
        "pipelineId": line.id,
        "label": line.label,
        "active": true,
        "displayOrder": line.order,
        "staticDefault": line.id == "default",
        "stages": stages.collect::<Vec<_>>(),
    })
}

fn lines(ctx: &Ctx<'_>, object: usize) -> Outcome {
    let account = ctx.sim.read();
    let kind = account.kind(object);
    let all = account.stores[object].pipelines.values().filter(|line| !line.archived).map(|line| {
        let stages = live_stages(line).map(|stage| {
            json!({
                "stageId": stage.id,
                "label": stage.label,
                "displayOrder": stage.order,
                "metadata": stage.metadata,
                "active": true,
                "createdAt": stage.created,
                "updatedAt": stage.updated,
            })
        });
        json!({
            "pipelineId": line.id,
            "objectType": kind.legacy,
            "objectTypeId": kind.type_id,
            "label": line.label,
            "displayOrder": line.order,
            "active": true,
            "default": matches!(line.id.as_str(), "default" | "0"),
            "stages": stages.collect::<Vec<_>>(),
            "createdAt": line.created,
            "updatedAt": line.updated,
        })
    });
    Ok(Reply::json(200, &json!({ "results": all.collect::<Vec<_>>() })))
}

fn owner_json(account: &Account, owner: &Owner) -> Value {
    let id = owner.id.parse::<u64>().unwrap_or_default();
    json!({
        "portalId": account.portal,
        "ownerId": id,
        "type": "PERSON",
        "firstName": owner.first,
        "lastName": owner.last,
        "email": owner.email,
        "createdAt": owner.created,
        "updatedAt": owner.updated,
        "remoteList": [{
            "id": id,
            "portalId": account.portal,
            "ownerId": id,
            "remoteId": owner.user.to_string(),
            "remoteType": "HUBSPOT",
            "active": !owner.archived,
        }],
        "hasContactsAccess": !owner.archived,
        "isActive": !owner.archived,
        "activeUserId": (!owner.archived).then_some(owner.user),
        "userIdIncludingInactive": owner.user,
    })
}

fn owners(ctx: &Ctx<'_>) -> Outcome {
    let inactive = ctx.flag("includeInactive") || ctx.flag("includeInactives");
    let account = ctx.sim.read();
    let fits = |owner: &&Owner| {
        let email = ctx.param("email").is_none_or(|email| owner.email.eq_ignore_ascii_case(email));
        (inactive || !owner.archived) && email
    };
    let all: Vec<Value> =
        account.owners.iter().filter(fits).map(|owner| owner_json(&account, owner)).collect();
    Ok(Reply::json(200, &json!(all)))
}

//! Marketing paths that tools read besides the CRM. The account has no marketing content, so every list is empty.

use serde_json::json;

use super::super::{Hit, serve};
use crate::error::ApiError;
use crate::http::Reply;

pub(super) fn find(method: &str, parts: &[&str]) -> Hit {
    if method != "GET" {
        return None;
    }
    let offset_list = |name: &'static str| json!({ "hasMore": false, "offset": "", name: [] });
    let (pattern, body) = match parts {
        ["email", "public", "v1", "campaigns"] | ["email", "public", "v1", "campaigns", "by-id"] => {
            ("/email/public/v1/campaigns/by-id", offset_list("campaigns"))
        }
        ["email", "public", "v1", "subscriptions", "timeline"] => {
            ("/email/public/v1/subscriptions/timeline", offset_list("timeline"))
        }
        ["email", "public", "v1", "subscriptions"] => {
            ("/email/public/v1/subscriptions", json!({ "subscriptionDefinitions": [] }))
        }
        ["events", "v3", "events"] => ("/events/v3/events", json!({ "results": [] })),
        ["marketing-emails", "v1", "emails"] => {
            ("/marketing-emails/v1/emails", json!({ "objects": [], "total": 0, "offset": 0, "limit": 10 }))
        }
        ["email", "public", "v1", "campaigns", _] => {
            return serve("/email/public/v1/campaigns/{campaignId}", |_| {
                Err(ApiError::object_not_found("There is no such campaign"))
            });
        }
        _ => return None,
    };
    serve(pattern, move |_| Ok(Reply::json(200, &body)))
}

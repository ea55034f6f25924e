//! What belongs to the simulator and not to the platform.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sim_base::{FaultPlan, strict};

use super::{Hit, serve};
use crate::console;
use crate::error::ApiError;
use crate::http::{Ctx, Reply};
use crate::platform::settings::SettingsChange;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["stats"]) => serve("/_sim/stats", |ctx| {
            let shown = ctx.sim.stats.snapshot(ctx.sim.counts());
            serde_json::to_value(shown)
                .map(|shown| Reply::json(200, &shown))
                .map_err(|why| ApiError::validation(why.to_string()))
        }),
        ("GET", ["faults"]) => common("GET", "/_sim/faults"),
        ("POST", ["faults"]) => serve("/_sim/faults", |ctx| {
            Ok(reply(sim_base::switched(strict::<FaultPlan>(&ctx.body).and_then(|plan| {
                plan.check()?;
                ctx.sim.break_things(plan);
                Ok(json!({ "ok": true }))
            }))))
        }),
        ("GET", ["clock"]) => common("GET", "/_sim/clock"),
        ("POST", ["clock"]) => common("POST", "/_sim/clock"),
        ("POST", ["reset"]) => serve("/_sim/reset", |ctx| {
            Ok(reply(sim_base::switched(strict::<Nothing>(&ctx.body).map(|_| {
                ctx.sim.reset();
                json!({ "ok": true })
            }))))
        }),
        ("GET", ["settings"]) => serve("/_sim/settings", |ctx| Ok(Reply::json(200, &settings(ctx)))),
        ("POST", ["settings"]) => serve("/_sim/settings", |ctx| {
            Ok(reply(sim_base::switched(strict::<SettingsChange>(&ctx.body).map(|change| {
                ctx.sim.write().platform.settings.change(&change);
                ctx.sim.set_settings(|settings| {
                    settings.tier = change.tier.unwrap_or(settings.tier);
                    settings.limits = change.limits.unwrap_or(settings.limits);
                    settings.search_lag = change.search_lag_ms.map_or(settings.search_lag, i64::from);
                });
                settings(ctx)
            }))))
        }),
        ("POST", ["document-views"]) => serve("/_sim/document-views", super::marketing::view_document),
        ("POST", ["email-events"]) => serve("/_sim/email-events", super::marketing::happen),
        (_, ["console", rest @ ..]) => console::find(method, rest),
        _ => None,
    }
}

/// A switch that both simulators have.
fn common(method: &'static str, path: &'static str) -> Hit {
    serve(path, move |ctx| {
        let done = sim_base::switch(&ctx.sim.clock, &ctx.sim.faults, method, path, &ctx.body);
        done.map(reply).ok_or_else(ApiError::record_not_found)
    })
}

fn reply((status, body): sim_base::Switched) -> Reply {
    Reply::json(status, &body)
}

/// The body of a switch that takes none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn settings(ctx: &Ctx<'_>) -> Value {
    let now = ctx.sim.settings();
    let mut shown = Map::new();
    shown.insert("limits".into(), json!(now.limits));
    shown.insert("tier".into(), json!(now.tier));
    shown.insert("search_lag_ms".into(), json!(now.search_lag));
    ctx.sim.read().platform.settings.show(&mut shown);
    Value::Object(shown)
}

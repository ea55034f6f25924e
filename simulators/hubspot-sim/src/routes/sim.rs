//! What belongs to the simulator and not to the platform.

use serde_json::{Value, json};
use sim_base::FaultPlan;

use super::{Hit, serve};
use crate::console;
use crate::error::ApiError;
use crate::http::{Ctx, Outcome, Reply};
use crate::limits::Limits;

pub(super) fn find(method: &str, rest: &[&str]) -> Hit {
    match (method, rest) {
        ("GET", ["stats"]) => serve("/_sim/stats", |ctx| {
            let shown = ctx.sim.stats.snapshot(ctx.sim.counts());
            serde_json::to_value(shown)
                .map(|shown| Reply::json(200, &shown))
                .map_err(|why| ApiError::validation(why.to_string()))
        }),
        ("POST", ["faults"]) => serve("/_sim/faults", |ctx| {
            let plan: FaultPlan =
                serde_json::from_slice(&ctx.body).map_err(|why| ApiError::validation(why.to_string()))?;
            ctx.sim.faults.set(plan);
            Ok(Reply::json(200, &json!({ "ok": true })))
        }),
        ("POST", ["reset"]) => serve("/_sim/reset", |ctx| {
            ctx.sim.reset();
            Ok(Reply::json(200, &json!({ "ok": true })))
        }),
        ("GET", ["settings"]) => serve("/_sim/settings", settings),
        ("POST", ["settings"]) => serve("/_sim/settings", change),
        (_, ["console", rest @ ..]) => console::find(method, rest),
        _ => None,
    }
}

fn settings(ctx: &Ctx<'_>) -> Outcome {
    let now = ctx.sim.settings();
    let limits = if now.limits == Limits::Real { "real" } else { "none" };
    Ok(Reply::json(200, &json!({ "limits": limits, "search_lag_ms": now.search_lag })))
}

fn change(ctx: &Ctx<'_>) -> Outcome {
    let body = ctx.object()?;
    ctx.sim.set_settings(|settings| {
        match body.get("limits").and_then(Value::as_str) {
            Some("real") => settings.limits = Limits::Real,
            Some("none") => settings.limits = Limits::None,
            _ => {}
        }
        if let Some(lag) = body.get("search_lag_ms").and_then(Value::as_i64) {
            settings.search_lag = lag.max(0);
        }
    });
    settings(ctx)
}

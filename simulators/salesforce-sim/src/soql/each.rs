//! Answers that are too long to be held in wire form as a whole.

use super::{Data, Query, Request, SoqlError, plan, render, run};

/// Rows that are put into wire form at once.
const AT_ONCE: usize = 2_000;

/// Runs a statement that does not group, and hands its records to `each` one by one. Answers their number.
///
/// # Errors
/// As [`super::execute`].
pub fn execute_each(
    query: &Query,
    request: &Request,
    data: &dyn Data,
    mut each: impl FnMut(&serde_json::Value),
) -> Result<usize, SoqlError> {
    let env = request.env(query, data);
    let plan = plan::statement(&env, query)?;
    let rows = run::rows(&env, &plan.object, &plan.rows);
    for part in rows.chunks(AT_ONCE) {
        render::records(&env, &plan, part).iter().for_each(&mut each);
    }
    Ok(rows.len())
}

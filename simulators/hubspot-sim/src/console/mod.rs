//! Pages for people: look at records, and edit them as a person would.

mod lists;
pub(crate) mod page;
mod records;

use crate::http::{Handler, Reply};
use crate::registry;

/// Which page a path under the console is.
pub(crate) fn find(method: &str, rest: &[&str]) -> Option<(&'static str, Handler)> {
    let object = |name: &str| registry::find(name);
    match (method, rest) {
        ("GET", []) => Some(("/_sim/console", Box::new(lists::home))),
        ("GET", [name]) => {
            let object = object(name)?;
            Some(("/_sim/console/{object}", Box::new(move |ctx| lists::list(ctx, object))))
        }
        ("GET", [name, "new"]) => {
            let object = object(name)?;
            Some(("/_sim/console/{object}/new", Box::new(move |ctx| records::blank(ctx, object, None))))
        }
        ("POST", [name, "new"]) => {
            let object = object(name)?;
            Some(("/_sim/console/{object}/new", Box::new(move |ctx| records::create(ctx, object))))
        }
        ("GET", [name, id]) => {
            let (object, id) = (object(name)?, id.parse().ok()?);
            Some(("/_sim/console/{object}/{id}", Box::new(move |ctx| records::open(ctx, object, id, None))))
        }
        ("POST", [name, id]) => {
            let (object, id) = (object(name)?, id.parse().ok()?);
            Some(("/_sim/console/{object}/{id}", Box::new(move |ctx| records::edit(ctx, object, id))))
        }
        ("POST", [name, id, verb @ ("archive" | "restore")]) => {
            let (object, id) = (object(name)?, id.parse().ok()?);
            let restore = *verb == "restore";
            Some((
                "/_sim/console/{object}/{id}/{verb}",
                Box::new(move |ctx| records::bin(ctx, object, id, restore)),
            ))
        }
        _ => None,
    }
}

fn missing() -> Reply {
    Reply::html(404, page::layout("Not found", "<h1>There is no such record</h1>"))
}

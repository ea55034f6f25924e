//! Pages for people: look at records, and edit them as a person would.

mod lists;
pub(crate) mod page;
mod records;
mod relations;

use crate::account::Account;
use crate::http::{Ctx, Handler, Outcome, Reply};

/// Which page a path under the console is.
pub(crate) fn find(method: &str, rest: &[&str]) -> Option<(&'static str, Handler)> {
    match (method, rest) {
        ("GET", []) => Some(("/_sim/console", Box::new(lists::home))),
        ("GET", [name]) => Some(("/_sim/console/{object}", about(name, lists::list))),
        ("GET", [name, "new"]) => {
            Some(("/_sim/console/{object}/new", about(name, |ctx, object| records::blank(ctx, object, None))))
        }
        ("POST", [name, "new"]) => Some(("/_sim/console/{object}/new", about(name, records::create))),
        ("GET", [name, id]) => {
            let id = id.parse().ok()?;
            let page = move |ctx: &Ctx<'_>, object| records::open(ctx, object, id, None);
            Some(("/_sim/console/{object}/{id}", about(name, page)))
        }
        ("POST", [name, id]) => {
            let id = id.parse().ok()?;
            let page = move |ctx: &Ctx<'_>, object| records::edit(ctx, object, id);
            Some(("/_sim/console/{object}/{id}", about(name, page)))
        }
        ("POST", [name, id, verb @ ("associate" | "dissociate" | "merge" | "erase")]) => {
            let (id, verb) = (id.parse().ok()?, (*verb).to_owned());
            let page = move |ctx: &Ctx<'_>, object| match verb.as_str() {
                "merge" => relations::merge(ctx, object, id),
                "erase" => relations::erase(ctx, object, id),
                verb => relations::associate(ctx, object, id, verb == "dissociate"),
            };
            Some(("/_sim/console/{object}/{id}/{verb}", about(name, page)))
        }
        ("POST", [name, id, verb @ ("archive" | "restore")]) => {
            let (id, restore) = (id.parse().ok()?, *verb == "restore");
            let page = move |ctx: &Ctx<'_>, object| records::bin(ctx, object, id, restore);
            Some(("/_sim/console/{object}/{id}/{verb}", about(name, page)))
        }
        _ => None,
    }
}

fn missing(account: &Account) -> Reply {
    Reply::html(404, page::layout(account, "Not found", "<h1>There is no such record</h1>"))
}

/// A page about one kind of record; the kind is looked up when the page is asked for.
fn about(name: &str, page: impl FnOnce(&Ctx<'_>, usize) -> Outcome + 'static) -> Handler {
    let name = name.to_owned();
    Box::new(move |ctx| {
        let object = ctx.sim.read().find_kind(&name);
        match object {
            Some(object) => page(ctx, object),
            None => Ok(missing(&ctx.sim.read())),
        }
    })
}

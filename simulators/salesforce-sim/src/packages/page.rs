//! The pages on which a person installs and uninstalls packages.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde_json::json;

use super::{InstallOutcome, Known};
use crate::SalesforceSim;
use crate::console::{escape, page};
use crate::setup::Who;
use crate::web;

type Fields = HashMap<String, String>;

/// After this many seconds the page no longer waits, and promises a mail.
const PATIENCE: i64 = 30;
const CHOICES: [(&str, &str); 3] = [
    ("None", "Install for Admins Only"),
    ("Full", "Install for All Users"),
    ("Custom", "Install for Specific Profiles..."),
];

pub(super) fn routes() -> Router<SalesforceSim> {
    Router::new()
        .route("/packaging/installPackage.apexp", get(install).post(confirm))
        .route("/packaging/installStatus.apexp", get(progress))
        .route("/0A3", get(installed))
        .route("/packaging/uninstallPackage.apexp", get(ask_uninstall).post(uninstall))
}

/// Who is logged in on this browser, or where to go first.
fn visitor(sim: &SalesforceSim, headers: &HeaderMap, uri: &Uri) -> Result<Who, Box<Response>> {
    let now = sim.0.clock.now();
    let mut state = sim.state();
    state.settle(now);
    match web::visitor(&mut state, headers, now) {
        Some(user) => Ok(Who { user, now }),
        None => Err(Box::new(web::to_login(uri))),
    }
}

fn refuse(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!("<h1>{}</h1><p class=bad role=alert>{}</p>", escape(title), escape(text));
    (status, Html(page(title, &body))).into_response()
}

fn known(sim: &SalesforceSim, fields: &Fields) -> Result<Known, Box<Response>> {
    let id = fields.get("p0").map_or("", String::as_str);
    sim.state().setup.packages.find(id).cloned().ok_or_else(|| {
        let text = "This package can't be installed. The package isn't available, or the link is wrong.";
        Box::new(refuse(StatusCode::NOT_FOUND, "Package not found", text))
    })
}

fn may(sim: &SalesforceSim, who: &Who) -> Result<(), Box<Response>> {
    if sim.state().org.user_may(&who.user, "InstallPackaging") {
        return Ok(());
    }
    let text = "You do not have the level of access necessary to perform the operation you requested. Please contact the \
                owner of the record or your administrator if access is necessary.";
    Err(Box::new(refuse(StatusCode::FORBIDDEN, "Insufficient Privileges", text)))
}

async fn install(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let who = match visitor(&sim, &headers, &uri) {
        Ok(who) => who,
        Err(response) => return *response,
    };
    match may(&sim, &who).and_then(|()| known(&sim, &query)) {
        Ok(known) => Html(page(&format!("Install {}", known.name), &choices(&known, None))).into_response(),
        Err(response) => *response,
    }
}

/// The first form; with a choice made, the question about other sites lies over it.
fn choices(known: &Known, chosen: Option<&str>) -> String {
    let radios: String = CHOICES
        .iter()
        .map(|(value, label)| {
            let checked = if chosen.unwrap_or("None") == *value { " checked" } else { "" };
            format!(
                "<label class=choice><input type=radio name=security value={value}{checked}> {label}</label>"
            )
        })
        .collect();
    let id = escape(&known.id);
    let form = format!(
        "<h1>Install {name}</h1><p class=quiet>By {publisher}</p><form method=post action=/packaging/installPackage.apexp>\
         <input type=hidden name=p0 value=\"{id}\"><fieldset><legend>Who can use it</legend>{radios}</fieldset>\
         <p><button name=step value=choose>Install</button></p></form><dl class=facts><dt>App Name<dd>{name}<dt>Publisher\
         <dd>{publisher}<dt>Version Name<dd>{name}<dt>Version Number<dd>{version}</dl>",
        name = escape(&known.name),
        publisher = escape(&known.publisher),
        version = escape(&known.version),
    );
    let Some(chosen) = chosen else { return form };
    let sites: String = known.sites.iter().map(|site| format!("<tr><td>{}<td>Yes", escape(site))).collect();
    let dialog = format!(
        "<dialog open aria-labelledby=access><h2 id=access>Approve Third-Party Access</h2><p>This package may send or \
         receive data from third-party websites. Make sure you trust these websites.</p><table><tr><th>Website<th>SSL \
         Encrypted{sites}</table><form method=post action=/packaging/installPackage.apexp>\
         <input type=hidden name=p0 value=\"{id}\"><input type=hidden name=security value=\"{}\"><label class=choice>\
         <input type=checkbox name=grant value=yes required> Yes, grant access to these third-party web sites</label>\
         <p><button name=step value=grant>Continue</button> <a href=\"/packaging/installPackage.apexp?p0={id}\">Cancel</a>\
         </p></form></dialog>",
        escape(chosen)
    );
    format!("{form}{dialog}")
}

async fn confirm(
    State(sim): State<SalesforceSim>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<Fields>,
) -> Response {
    let who = match visitor(&sim, &headers, &uri) {
        Ok(who) => who,
        Err(response) => return *response,
    };
    let known = match may(&sim, &who).and_then(|()| known(&sim, &form)) {
        Ok(known) => known,
        Err(response) => return *response,
    };
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let security =
        CHOICES.iter().map(|(value, _)| *value).find(|value| *value == given("security")).unwrap_or("None");
    let granted = given("grant") == "yes";
    if !known.sites.is_empty() && !granted {
        return Html(page(&format!("Install {}", known.name), &choices(&known, Some(security))))
            .into_response();
    }
    let request = json!({
        "SubscriberPackageVersionKey": known.id, "SecurityType": security, "EnableRss": granted,
        "NameConflictResolution": "Block", "PackageInstallSource": "U",
    });
    let made = sim.state().install_package(&known.id, request, &who);
    match made {
        Ok(id) => Redirect::to(&format!("/packaging/installStatus.apexp?p0={}&request={id}", known.id))
            .into_response(),
        Err(refusal) => refuse(StatusCode::FORBIDDEN, "Package not installed", &refusal.message),
    }
}

async fn progress(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let who = match visitor(&sim, &headers, &uri) {
        Ok(who) => who,
        Err(response) => return *response,
    };
    let known = match known(&sim, &query) {
        Ok(known) => known,
        Err(response) => return *response,
    };
    let id = query.get("request").map_or("", String::as_str);
    let request = sim.state().setup.packages.requests.get(id).cloned();
    let Some(request) = request else {
        return refuse(StatusCode::NOT_FOUND, "Nothing here", "There is no such installation.");
    };
    let name = escape(&known.name);
    let done = "<p><a class=button role=button href=/0A3>Done</a></p>";
    let waited = who.now.as_second() - request.who.now.as_second();
    let body = match (request.done, request.outcome) {
        (true, InstallOutcome::Ok) => {
            format!("<h1>Install {name}</h1><p role=status>Installation Complete!</p>{done}")
        }
        (true, InstallOutcome::Fail) => format!(
            "<h1>Install {name}</h1><p class=bad role=alert>Your installation failed. The package could not be installed. \
             Ask its publisher for help.</p>{done}"
        ),
        // Who waits long anyway is told so at once.
        (false, _) if waited >= PATIENCE || request.due - request.who.now.as_second() > PATIENCE => format!(
            "<h1>Install {name}</h1><p role=status>This app is taking a long time to install.</p><p>You will receive an \
             email after the installation has completed.</p>{done}"
        ),
        (false, _) => format!(
            "<meta http-equiv=refresh content=2><h1>Install {name}</h1><p role=status><span class=spinner \
             aria-hidden=true></span> Installing and granting access, please wait...</p>"
        ),
    };
    Html(page(&format!("Install {}", known.name), &body)).into_response()
}

async fn installed(State(sim): State<SalesforceSim>, headers: HeaderMap, uri: Uri) -> Response {
    if let Err(response) = visitor(&sim, &headers, &uri) {
        return *response;
    }
    let packages = sim.state().setup.packages.clone();
    let rows: String = packages
        .installed
        .iter()
        .filter_map(|own| {
            let known = packages.find(&own.version)?;
            Some(format!(
                "<tr><td><a href=\"/packaging/uninstallPackage.apexp?id={}\">Uninstall</a><td>{}<td>{}<td>{}<td>{}",
                own.id,
                escape(&known.name),
                escape(&known.publisher),
                escape(&known.version),
                escape(known.namespace.as_deref().unwrap_or_default()),
            ))
        })
        .collect();
    let table = if rows.is_empty() {
        "<p>No packages are installed.</p>".to_owned()
    } else {
        format!(
            "<table><tr><th>Action<th>Package Name<th>Publisher<th>Version Number<th>Namespace Prefix{rows}</table>"
        )
    };
    Html(page("Installed Packages", &format!("<h1>Installed Packages</h1>{table}"))).into_response()
}

async fn ask_uninstall(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Err(response) = visitor(&sim, &headers, &uri) {
        return *response;
    }
    let id = query.get("id").map_or("", String::as_str);
    let packages = sim.state().setup.packages.clone();
    let found =
        packages.installed.iter().find(|own| own.id == id).and_then(|own| packages.find(&own.version));
    let Some(known) = found else {
        return refuse(StatusCode::NOT_FOUND, "Nothing here", "There is no such package.");
    };
    let body = format!(
        "<h1>Uninstalling a Package</h1><p>Uninstalling {} removes its components and data.</p><form method=post \
         action=/packaging/uninstallPackage.apexp><input type=hidden name=id value=\"{}\"><label class=choice>\
         <input type=checkbox name=sure value=yes required> Yes, I want to uninstall this package and permanently delete \
         all associated components</label><p><button class=bad>Uninstall</button></p></form>",
        escape(&known.name),
        escape(id)
    );
    Html(page("Uninstalling a Package", &body)).into_response()
}

async fn uninstall(
    State(sim): State<SalesforceSim>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<Fields>,
) -> Response {
    let who = match visitor(&sim, &headers, &uri) {
        Ok(who) => who,
        Err(response) => return *response,
    };
    if let Err(response) = may(&sim, &who) {
        return *response;
    }
    let id = form.get("id").cloned().unwrap_or_default();
    if form.get("sure").map(String::as_str) != Some("yes") {
        return Redirect::to(&format!("/packaging/uninstallPackage.apexp?id={id}")).into_response();
    }
    let done = sim.state().uninstall_package(&id, json!({}), &who);
    match done {
        Ok(_) => Redirect::to("/0A3").into_response(),
        Err(refusal) => refuse(StatusCode::NOT_FOUND, "Nothing here", &refusal.message),
    }
}

//! The pages on which a person installs and uninstalls packages.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::json;

use super::{InstallOutcome, Known};
use crate::SalesforceSim;
use crate::console::{escape, page};
use crate::setup::{Who, rows};
use crate::web;

type Fields = HashMap<String, String>;

/// A page that is shown in place of the one that was asked for.
struct Instead(Box<Response>);

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        *self.0
    }
}

type Shown = Result<Response, Instead>;

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
fn visitor(sim: &SalesforceSim, headers: &HeaderMap, uri: &Uri) -> Result<Who, Instead> {
    let now = sim.0.clock.now();
    let mut state = sim.state();
    state.settle(now);
    match web::visitor(&mut state, headers, now) {
        Some(user) => Ok(Who { user, now }),
        None => Err(Instead(Box::new(web::to_login(uri)))),
    }
}

fn refuse(status: StatusCode, title: &str, text: &str) -> Instead {
    let body = format!("<h1>{}</h1><p class=bad role=alert>{}</p>", escape(title), escape(text));
    Instead(Box::new((status, Html(page(title, &body))).into_response()))
}

fn shown(title: &str, body: &str) -> Response {
    Html(page(title, body)).into_response()
}

fn known(sim: &SalesforceSim, fields: &Fields) -> Result<Known, Instead> {
    let id = fields.get("p0").map_or("", String::as_str);
    sim.state().setup.packages.find(id).cloned().ok_or_else(|| {
        let text = "This package can't be installed. The package isn't available, or the link is wrong.";
        refuse(StatusCode::NOT_FOUND, "Package not found", text)
    })
}

fn may(sim: &SalesforceSim, who: &Who) -> Result<(), Instead> {
    if sim.state().org.user_may(&who.user, "InstallPackaging") {
        return Ok(());
    }
    let text = "You do not have the level of access necessary to perform the operation you requested. Please contact the \
                owner of the record or your administrator if access is necessary.";
    Err(refuse(StatusCode::FORBIDDEN, "Insufficient Privileges", text))
}

async fn install(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Shown {
    may(&sim, &visitor(&sim, &headers, &uri)?)?;
    let known = known(&sim, &query)?;
    Ok(shown(&format!("Install {}", known.name), &choices(&sim, &known, None)))
}

/// The names of the org's profiles.
fn profiles(sim: &SalesforceSim) -> Vec<String> {
    let rows = sim.with_org(|org| rows::all(org, "Profile"));
    rows.iter().map(|row| rows::text(row, "Name").to_owned()).collect()
}

/// What was chosen on the first form: for whom, and the access of each profile.
struct Choice<'a> {
    security: &'a str,
    form: &'a Fields,
}

/// The first form; with a choice made, the question about other sites lies over it.
fn choices(sim: &SalesforceSim, known: &Known, chosen: Option<&Choice<'_>>) -> String {
    let security = chosen.map_or("None", |chosen| chosen.security);
    let radios: String = CHOICES
        .iter()
        .map(|(value, label)| {
            let checked = if security == *value { " checked" } else { "" };
            format!(
                "<label class=choice><input type=radio name=security value={value}{checked}> {label}</label>"
            )
        })
        .collect();
    let full =
        |name: &str| chosen.is_some_and(|own| own.form.get(&access(name)).is_some_and(|own| own == "Full"));
    let (mut rows, mut kept) = (String::new(), String::new());
    for name in profiles(sim) {
        let (field, selected) = (escape(&access(&name)), if full(&name) { " selected" } else { "" });
        let name = escape(&name);
        let _ = write!(
            rows,
            "<tr><td>{name}<td><select name=\"{field}\" aria-label=\"Access of {name}\"><option value=None>No Access\
             <option value=Full{selected}>Full Access</select>"
        );
        if !selected.is_empty() {
            let _ = write!(kept, "<input type=hidden name=\"{field}\" value=Full>");
        }
    }
    let id = escape(&known.id);
    let form = format!(
        "<h1>Install {name}</h1><p class=quiet>By {publisher}</p><form method=post action=/packaging/installPackage.apexp>\
         <input type=hidden name=p0 value=\"{id}\"><fieldset><legend>Who can use it</legend>{radios}</fieldset>\
         <table class=profiles><tr><th>Profile<th>Access Level{rows}</table>\
         <p><button name=step value=choose>Install</button></p></form><dl class=facts><dt>App Name<dd>{name}<dt>Publisher\
         <dd>{publisher}<dt>Version Name<dd>{name}<dt>Version Number<dd>{version}</dl>",
        name = escape(&known.name),
        publisher = escape(&known.publisher),
        version = escape(&known.version),
    );
    if chosen.is_none() {
        return form;
    }
    let sites: String = known.sites.iter().map(|site| format!("<tr><td>{}<td>Yes", escape(site))).collect();
    let dialog = format!(
        "<dialog open aria-labelledby=access><h2 id=access>Approve Third-Party Access</h2><p>This package may send or \
         receive data from third-party websites. Make sure you trust these websites.</p><table><tr><th>Website<th>SSL \
         Encrypted{sites}</table><form method=post action=/packaging/installPackage.apexp>\
         <input type=hidden name=p0 value=\"{id}\"><input type=hidden name=security value=\"{}\">{kept}<label class=choice>\
         <input type=checkbox name=grant value=yes required> Yes, grant access to these third-party web sites</label>\
         <p><button name=step value=grant>Continue</button> <a href=\"/packaging/installPackage.apexp?p0={id}\">Cancel</a>\
         </p></form></dialog>",
        escape(security)
    );
    format!("{form}{dialog}")
}

/// The name of the field that says what a profile gets.
fn access(profile: &str) -> String {
    format!("access {profile}")
}

async fn confirm(
    State(sim): State<SalesforceSim>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<Fields>,
) -> Shown {
    let who = visitor(&sim, &headers, &uri)?;
    may(&sim, &who)?;
    let known = known(&sim, &form)?;
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let security =
        CHOICES.iter().map(|(value, _)| *value).find(|value| *value == given("security")).unwrap_or("None");
    let granted = given("grant") == "yes";
    if !known.sites.is_empty() && !granted {
        let chosen = Choice { security, form: &form };
        return Ok(shown(&format!("Install {}", known.name), &choices(&sim, &known, Some(&chosen))));
    }
    let mut request = json!({
        "SubscriberPackageVersionKey": known.id, "SecurityType": security, "EnableRss": granted,
        "NameConflictResolution": "Block", "PackageInstallSource": "U",
    });
    if security == "Custom" {
        let with_access: Vec<String> =
            profiles(&sim).into_iter().filter(|name| given(&access(name)) == "Full").collect();
        let mappings = with_access.iter().map(|name| json!({"source": "Full Access", "target": name}));
        request["ProfileMappings"] = json!({"profileMappings": mappings.collect::<Vec<_>>()});
    }
    let made = sim.state().install_package(&known.id, request, &who);
    match made {
        Ok(id) => Ok(Redirect::to(&format!("/packaging/installStatus.apexp?p0={}&request={id}", known.id))
            .into_response()),
        Err(refusal) => Err(refuse(StatusCode::FORBIDDEN, "Package not installed", &refusal.message)),
    }
}

async fn progress(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Shown {
    let who = visitor(&sim, &headers, &uri)?;
    let known = known(&sim, &query)?;
    let id = query.get("request").map_or("", String::as_str);
    let request = sim.state().setup.packages.requests.get(id).cloned();
    let Some(request) = request else {
        return Err(refuse(StatusCode::NOT_FOUND, "Nothing here", "There is no such installation."));
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
    Ok(shown(&format!("Install {}", known.name), &body))
}

async fn installed(State(sim): State<SalesforceSim>, headers: HeaderMap, uri: Uri) -> Shown {
    visitor(&sim, &headers, &uri)?;
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
            "<div class=wide tabindex=0 role=region aria-label=\"Installed packages\"><table><tr><th>Action<th>Package Name\
             <th>Publisher<th>Version Number<th>Namespace Prefix{rows}</table></div>"
        )
    };
    Ok(shown("Installed Packages", &format!("<h1>Installed Packages</h1>{table}")))
}

async fn ask_uninstall(
    State(sim): State<SalesforceSim>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    uri: Uri,
) -> Shown {
    visitor(&sim, &headers, &uri)?;
    let id = query.get("id").map_or("", String::as_str);
    let packages = sim.state().setup.packages.clone();
    let found =
        packages.installed.iter().find(|own| own.id == id).and_then(|own| packages.find(&own.version));
    let Some(known) = found else {
        return Err(refuse(StatusCode::NOT_FOUND, "Nothing here", "There is no such package."));
    };
    let body = format!(
        "<h1>Uninstalling a Package</h1><p>Uninstalling {} removes its components and data.</p><form method=post \
         action=/packaging/uninstallPackage.apexp><input type=hidden name=id value=\"{}\"><label class=choice>\
         <input type=checkbox name=sure value=yes required> Yes, I want to uninstall this package and permanently delete \
         all associated components</label><p><button class=bad>Uninstall</button></p></form>",
        escape(&known.name),
        escape(id)
    );
    Ok(shown("Uninstalling a Package", &body))
}

async fn uninstall(
    State(sim): State<SalesforceSim>,
    headers: HeaderMap,
    uri: Uri,
    Form(form): Form<Fields>,
) -> Shown {
    let who = visitor(&sim, &headers, &uri)?;
    may(&sim, &who)?;
    let id = form.get("id").cloned().unwrap_or_default();
    if form.get("sure").map(String::as_str) != Some("yes") {
        return Ok(Redirect::to(&format!("/packaging/uninstallPackage.apexp?id={id}")).into_response());
    }
    let done = sim.state().uninstall_package(&id, json!({}), &who);
    match done {
        Ok(_) => Ok(Redirect::to("/0A3").into_response()),
        Err(refusal) => Err(refuse(StatusCode::NOT_FOUND, "Nothing here", &refusal.message)),
    }
}

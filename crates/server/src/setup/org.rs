//! What is done in the org: the permission check, the package, the embed window.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Form, Router};
use engine::setup::{
    Answers, EmbedState, Finding, Need, PackageState, Page as RecordPage, Prerequisite, Setup, Step,
};

use super::{Frame, after, of, words};
use crate::mappings::Sent;
use crate::{App, Fault, Page, Signed, templates};

/// After so many seconds a person is told that they need not wait here.
const LONG: i64 = 60;

pub fn router() -> Router<App> {
    Router::new()
        .route("/setup/{draft}/permissions/check", post(check))
        .route("/setup/{draft}/package/deploy", post(deploy))
        .route("/setup/{draft}/package/install", post(install))
        .route("/setup/{draft}/package/skip", post(skip_package))
        .route("/setup/{draft}/embed/place", post(place))
        .route("/setup/{draft}/embed/skip", post(skip_embed))
}

#[derive(Template)]
#[template(path = "setup/permissions.html")]
struct PermissionsPage {
    page: Page,
    frame: Frame,
    rows: Vec<Line>,
    /// How many rows fail.
    failing: usize,
}

/// One prerequisite.
struct Line {
    what: String,
    state: String,
    class: &'static str,
    detail: Option<String>,
    without: String,
    grant: String,
    /// Whether something is to be done.
    open: bool,
}

pub async fn permissions_page(setup: &Setup, page: Page, mut frame: Frame) -> Response {
    let known = setup.answers(&frame.draft).map(|answers| answers.prerequisites).unwrap_or_default();
    // The first look is taken without being asked for.
    let rows = if known.is_empty() {
        match setup.check_prerequisites(&frame.draft).await {
            Ok(rows) => {
                if let Ok(answers) = setup.answers(&frame.draft) {
                    frame = Frame::of(&page.t, &frame.draft, &answers, Step::Permissions, frame.problem);
                }
                rows
            }
            Err(error) => {
                frame.problem = Some(words(&page.t, &error));
                Vec::new()
            }
        }
    } else {
        known
    };
    let failing = rows.iter().filter(|row| row.finding == Finding::Fail).count();
    let rows = rows.iter().map(|row| line(&page, row)).collect();
    templates::html(&PermissionsPage { page, frame, rows, failing })
}

fn line(page: &Page, row: &Prerequisite) -> Line {
    let t = &page.t;
    let key = row.need.key();
    let object = match &row.need {
        Need::ModifyAll(object) => object.as_str(),
        _ => "",
    };
    let text = |part: &str| t.with(&format!("setup-need-{key}{part}"), "object", object.to_owned());
    Line {
        what: text(""),
        state: t.get(&format!("setup-finding-{}", row.finding.key())),
        class: match row.finding {
            Finding::Pass => "good",
            Finding::Fail => "bad",
            Finding::NotNeeded => "",
            Finding::Unknown => "warn",
        },
        detail: row.detail.clone(),
        without: text("-without"),
        grant: text("-grant"),
        open: row.finding != Finding::Pass,
    }
}

async fn check(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.check_prerequisites(&draft).await;
    after(&app, &signed, page, &draft, Step::Permissions, done.map(|_| "permissions")).await
}

#[derive(Template)]
#[template(path = "setup/package.html")]
struct PackagePage {
    page: Page,
    frame: Frame,
    /// Whether something is under way.
    busy: bool,
    /// Whether it takes so long that nobody need wait here.
    long: bool,
    state: &'static str,
    /// Components in, and components there are.
    deployed: u32,
    total: u32,
    /// How far, in hundredths.
    percent: u32,
    problems: Vec<String>,
    permission_set: bool,
    /// Where a person installs the packaged version.
    install: Option<String>,
}

pub async fn package_page(setup: &Setup, page: Page, mut frame: Frame) -> Response {
    let now = jiff::Timestamp::now();
    let state = match setup.package_progress(&frame.draft).await {
        Ok(state) => state,
        Err(error) => {
            frame.problem.get_or_insert(words(&page.t, &error));
            setup.answers(&frame.draft).map(|answers| answers.package).unwrap_or_default()
        }
    };
    if let Ok(answers) = setup.answers(&frame.draft) {
        frame = Frame::of(&page.t, &frame.draft, &answers, Step::Package, frame.problem);
    }
    let install = setup.install_page(&frame.draft).ok().flatten();
    let mut view = PackagePage {
        page,
        frame,
        busy: false,
        long: false,
        state: "none",
        deployed: 0,
        total: 0,
        percent: 0,
        problems: Vec::new(),
        permission_set: false,
        install,
    };
    let since = |began: jiff::Timestamp| now.as_second() - began.as_second() > LONG;
    match state {
        PackageState::NotBegun => {}
        PackageState::Skipped => view.state = "skipped",
        PackageState::Deploying { began_at, total, deployed, .. } => {
            view.state = "deploying";
            (view.busy, view.long, view.total, view.deployed) = (true, since(began_at), total, deployed);
            view.percent = (deployed * 100).checked_div(total).unwrap_or(0);
        }
        PackageState::Installing { began_at } => {
            view.state = "installing";
            (view.busy, view.long) = (true, since(began_at));
        }
        PackageState::Installed { permission_set, .. } => {
            view.state = "installed";
            view.permission_set = permission_set;
        }
        PackageState::Failed { problems, .. } => {
            view.state = "failed";
            view.problems = problems;
        }
    }
    templates::html(&view)
}

async fn deploy(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.deploy_package(&draft).await;
    after(&app, &signed, page, &draft, Step::Package, done.map(|()| "package")).await
}

async fn install(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.watch_install(&draft);
    after(&app, &signed, page, &draft, Step::Package, done.map(|()| "package")).await
}

async fn skip_package(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.skip_package(&draft);
    after(&app, &signed, page, &draft, Step::Package, done.map(|()| "sync")).await
}

#[derive(Template)]
#[template(path = "setup/embed.html")]
struct EmbedPage {
    page: Page,
    frame: Frame,
    /// The org's record pages.
    pages: Vec<RecordPage>,
    /// Where the window was put.
    placed: Option<String>,
    skipped: bool,
}

pub async fn embed_page(setup: &Setup, page: Page, mut frame: Frame, answers: Answers) -> Response {
    let pages = match setup.record_pages(&frame.draft).await {
        Ok(pages) => pages,
        Err(error) => {
            frame.problem.get_or_insert(words(&page.t, &error));
            Vec::new()
        }
    };
    let (placed, skipped) = match answers.embed {
        EmbedState::Placed { pages } => (Some(pages.join(", ")), false),
        EmbedState::Skipped => (None, true),
        EmbedState::NotChosen => (None, false),
    };
    templates::html(&EmbedPage { page, frame, pages, placed, skipped })
}

async fn place(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Fault> {
    let ids: Vec<String> =
        sent.into_iter().filter(|(name, _)| name == "page").map(|(_, value)| value).collect();
    let done = of(&app, &signed)?.place_embed(&draft, &ids).await;
    after(&app, &signed, page, &draft, Step::Embed, done.map(|()| "sync")).await
}

async fn skip_embed(
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Path(draft): Path<String>,
) -> Result<Response, Fault> {
    let done = of(&app, &signed)?.skip_embed(&draft);
    after(&app, &signed, page, &draft, Step::Embed, done.map(|()| "sync")).await
}

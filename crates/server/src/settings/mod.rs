//! The settings of a connection, in the tabs that HubSpot users know. Nothing is changed at once: a change is planned, shown,
//! and then applied.

mod changes;
mod differences;
mod draft;
mod form;
mod view;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Form, Router};
use engine::Settings;
use store::{ConnectionRow, Role};

pub use changes::{apply, plan_settings};
pub use differences::{Difference, differences, pair_name};
pub use draft::settings_of;

use self::draft::{Draft, draft, keep, revision};
use self::form::Sent;
use self::view::{ActivityView, FeatureView, MappingView, activities, features, mapping_view};
use crate::control::see_done;
use crate::layout::see;
use crate::{App, Fault, Page, Signed, templates};

/// A tab: its name in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Contacts,
    Companies,
    Deals,
    Tickets,
    Activities,
    Custom,
    Features,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Contacts,
        Self::Companies,
        Self::Deals,
        Self::Tickets,
        Self::Activities,
        Self::Custom,
        Self::Features,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Deals => "deals",
            Self::Tickets => "tickets",
            Self::Activities => "activities",
            Self::Custom => "custom",
            Self::Features => "features",
        }
    }

    /// The places of the object mappings that belong here.
    fn places(self, settings: &Settings) -> Vec<usize> {
        let standard = ["contacts", "companies", "deals", "tickets"];
        let here = |object: &str| match self {
            Self::Activities | Self::Features => false,
            Self::Custom => !standard.contains(&object),
            tab => object == tab.name(),
        };
        let mappings = settings.objects.iter().enumerate();
        mappings.filter(|(_, mapping)| here(&mapping.hubspot_object)).map(|(place, _)| place).collect()
    }
}

#[derive(Template)]
#[template(path = "settings/tab.html")]
struct TabPage {
    page: Page,
    id: String,
    title: String,
    intro: String,
    address: String,
    revision: String,
    draft: Option<String>,
    mappings: Vec<MappingView>,
    is_contacts: bool,
    is_custom: bool,
    create_as_lead: bool,
    create_without_email: bool,
    activities: Option<ActivityView>,
    features: Option<FeatureView>,
    may_change: bool,
}

pub fn router() -> Router<App> {
    let tabs = Tab::ALL.into_iter().fold(Router::new(), |router, tab| {
        let show = move |state: State<App>, page: Page| show(tab, state, page);
        let change =
            move |state: State<App>, signed: Signed, page: Page, form: Form<Vec<(String, String)>>| {
                change(tab, state, signed, page, form)
            };
        router.route(&format!("/c/{{connection}}/{}", tab.name()), get(show).post(change))
    });
    tabs.merge(changes::router())
}

async fn show(tab: Tab, State(app): State<App>, page: Page) -> Result<Response, Fault> {
    let row = page.connection()?.clone();
    Ok(templates::html(&tab_page(tab, &app, page, &row)?))
}

fn tab_page(tab: Tab, app: &App, page: Page, row: &ConnectionRow) -> Result<TabPage, Fault> {
    let t = page.t;
    let draft = draft(app, row)?;
    let settings = match &draft {
        Some(draft) => draft.settings.clone(),
        None => settings_of(row)?,
    };
    let engine = app.supervisor.as_ref().and_then(|all| all.connection(&row.id));
    let kinds = app.store.link_kinds(&row.id)?;
    let places = tab.places(&settings);
    let mappings = places.iter().filter_map(|place| {
        let mapping = settings.objects.get(*place)?;
        let named = engine
            .as_ref()
            .and_then(|engine| engine.named_pairs(&mapping.hubspot_object, &mapping.salesforce_object));
        Some(mapping_view(t, *place, mapping, &named.unwrap_or_default(), &kinds))
    });
    Ok(TabPage {
        id: row.id.as_str().to_owned(),
        title: t.get(&format!("settings-tab-{}", tab.name())),
        intro: t.get(&format!("settings-intro-{}", tab.name())),
        address: format!("/c/{}/{}", row.id.as_str(), tab.name()),
        revision: revision(&settings),
        draft: draft.map(|draft| draft.who),
        mappings: mappings.collect(),
        is_contacts: tab == Tab::Contacts,
        is_custom: tab == Tab::Custom,
        create_as_lead: settings.create_contacts_as == engine::CreateAs::Lead,
        create_without_email: settings.create_without_email,
        activities: (tab == Tab::Activities).then(|| activities(t, &settings)),
        features: (tab == Tab::Features).then(|| features(&settings)),
        may_change: page.may("administrator"),
        page,
    })
}

async fn change(
    tab: Tab,
    State(app): State<App>,
    signed: Signed,
    page: Page,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Fault> {
    signed.require(Role::Administrator)?;
    let row = page.connection()?.clone();
    let sent = Sent::of(pairs);
    let waiting = draft(&app, &row)?;
    let (shown, base) = match waiting {
        Some(draft) => (draft.settings, draft.base),
        None => (settings_of(&row)?, row.settings.clone()),
    };
    if sent.text("revision") != revision(&shown) {
        return Err(Fault::conflict("Somebody else has changed these settings since this page was opened."));
    }
    let changed = taken(tab, &shown, &sent)?;
    let here = format!("/c/{}/{}", row.id.as_str(), tab.name());
    if changed == shown {
        return Ok(see_done(&here, "settings-done-nothing"));
    }
    // Without an engine there would be no plan to look at.
    crate::control::engine_of(&app, &row.id)?;
    let draft = Draft { who: signed.name.clone(), at: (app.now)(), base, settings: changed };
    keep(&app, &row, Some(&draft))?;
    changes::begin(&app, &row, &draft)?;
    Ok(see(&format!("/c/{}/changes", row.id.as_str())))
}

/// The settings that a form makes of those it showed.
fn taken(tab: Tab, shown: &Settings, sent: &Sent) -> Result<Settings, Fault> {
    let mut settings = shown.clone();
    match tab {
        Tab::Activities => view::take_activities(&mut settings, sent),
        Tab::Features => form::take_features(&mut settings, sent)?,
        tab => {
            form::take_objects(&mut settings, &tab.places(shown), sent)?;
            if tab == Tab::Contacts {
                form::take_contacts(&mut settings, sent);
            }
            if tab == Tab::Custom {
                form::take_new_object(&mut settings, sent)?;
            }
        }
    }
    Ok(settings)
}

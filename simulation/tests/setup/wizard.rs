//! A set-up from nothing to the first sync, and what stands in its way.

use std::sync::Arc;

use axum::body::Body;
use engine::setup::{
    App, EmbedState, Finding, LoginPlace, Need, PackageState, Preview, Refused, Setup, SetupError, Step,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use crate::place::{Pair, Place, play, wait};

/// Sends a form to a simulator and answers where it leads.
async fn submit(router: axum::Router, path: &str, fields: Vec<(String, String)>) -> Url {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let response = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert!(response.status().is_redirection(), "{}", response.status());
    response.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn given(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A person grants the app access in HubSpot, and comes back with these.
async fn approve(pair: &Pair, url: &Url) -> (String, String) {
    let mut fields: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    fields.push(("decision".into(), "approve".into()));
    let back = submit(pair.hubspot.router(), "/oauth/authorize", fields).await;
    assert!(back.as_str().starts_with("http://127.0.0.1:8080/setup/hubspot/callback"), "{back}");
    (given(&back, "state"), given(&back, "code"))
}

/// A person signs in to Salesforce, and comes back with these.
async fn sign_in(pair: &Pair, url: &Url) -> (String, String) {
    let access = pair.salesforce.access();
    let mut fields: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    fields.push(("username".into(), access.username));
    fields.push(("password".into(), access.password));
    fields.push(("decision".into(), "allow".into()));
    let back = submit(pair.salesforce.router(), "/services/oauth2/authorize", fields).await;
    (given(&back, "state"), given(&back, "code"))
}

/// Changes the simulated org as its settings allow.
async fn set(pair: &Pair, settings: Value) {
    let request = http::Request::post("/_sim/settings").header("content-type", "application/json");
    let request = request.body(Body::from(settings.to_string())).unwrap();
    let response = pair.salesforce.router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
}

fn setup_of(place: &Place) -> Arc<Setup> {
    Setup::new(place.supervisor())
}

async fn connect_both(place: &Place, setup: &Setup, draft: &str) {
    let url = setup.hubspot_sign_in(draft, None).unwrap();
    let (state, code) = approve(&place.pairs[0], &url).await;
    assert_eq!(setup.hubspot_back(&state, &code).await.unwrap(), draft);
    let url = setup.salesforce_sign_in(draft, LoginPlace::Production, None).unwrap();
    let (state, code) = sign_in(&place.pairs[0], &url).await;
    assert_eq!(setup.salesforce_back(&state, &code).await.unwrap(), draft);
}

fn refused(error: SetupError) -> Refused {
    match error {
        SetupError::Refused(refused) => refused,
        SetupError::Engine(error) => panic!("{error}"),
    }
}

fn finding(rows: &[engine::setup::Prerequisite], need: &Need) -> Finding {
    rows.iter().find(|row| row.need == *need).unwrap().finding
}

#[test]
fn from_nothing_to_the_first_sync_with_a_restart_between_any_two_steps() {
    play(1, async |place| {
        place.pairs[0].meet("ada@engine.example");
        let draft = setup_of(&place).begin().unwrap();
        let setup = setup_of(&place);
        assert_eq!(setup.answers(&draft).unwrap().step(), Step::HubSpot);
        connect_both(&place, &setup, &draft).await;
        let sealed = place.sealed(&draft, "salesforce").unwrap();
        assert!(sealed.contains("refresh_token"));

        let setup = setup_of(&place);
        assert_eq!(setup.answers(&draft).unwrap().step(), Step::Permissions);
        let rows = setup.check_prerequisites(&draft).await.unwrap();
        assert!(rows.iter().all(|row| row.finding == Finding::Pass), "{rows:?}");

        set(&place.pairs[0], json!({"deploy_seconds": 900})).await;
        setup.deploy_package(&draft).await.unwrap();
        let state = setup.package_progress(&draft).await.unwrap();
        assert!(matches!(state, PackageState::Deploying { .. }), "{state:?}");
        // The tab is closed, the process ends, and a quarter of an hour passes.
        drop(setup);
        wait(1_000).await;
        let setup = setup_of(&place);
        let mut state = setup.package_progress(&draft).await.unwrap();
        for _ in 0..5 {
            if matches!(state, PackageState::Deploying { .. }) {
                state = setup.package_progress(&draft).await.unwrap();
            }
        }
        assert!(matches!(state, PackageState::Installed { permission_set: true, .. }), "{state:?}");
        let again = setup.package_progress(&draft).await.unwrap();
        assert_eq!(again, state);

        let pages = setup.record_pages(&draft).await.unwrap();
        assert_eq!(pages.len(), 4);
        assert!(pages.iter().all(|page| !page.placed));
        let ids: Vec<String> = pages.iter().take(2).map(|page| page.page.id.clone()).collect();
        setup.place_embed(&draft, &ids).await.unwrap();
        let pages = setup.record_pages(&draft).await.unwrap();
        assert_eq!(pages.iter().filter(|page| page.placed).count(), 2);
        assert!(matches!(setup.answers(&draft).unwrap().embed, EmbedState::Placed { .. }));

        let setup = setup_of(&place);
        assert_eq!(setup.answers(&draft).unwrap().step(), Step::Sync);
        setup.take_recommended(&draft).unwrap();
        assert_eq!(setup.preview(&draft).unwrap(), Preview::NotAsked);
        setup.ask_preview(&draft).unwrap();
        assert_eq!(setup.preview(&draft).unwrap(), Preview::Running);
        wait(600).await;
        let Preview::Ready(outcome) = setup.preview(&draft).unwrap() else {
            panic!("{:?}", setup.preview(&draft))
        };
        let created = outcome.counts.iter().find(|count| count.object == "Contact").unwrap();
        assert_eq!(created.records, 1);
        assert_eq!(place.pairs[0].in_salesforce(), 0, "nothing is written for a preview");

        let id = setup.finish(&draft).await.unwrap();
        assert!(setup.drafts().unwrap().is_empty());
        assert!(place.store.connection(&id).unwrap().is_some());
        assert_eq!(place.sealed(&draft, "hubspot"), None);
        assert!(place.sealed(id.as_str(), "hubspot").is_some());
        let org = place.pairs[0].salesforce.access().org_id;
        assert!(
            !engine::embed::embed_secrets(&place.store, &place.key, &org, place.now()).unwrap().is_empty()
        );
        wait(300).await;
        assert_eq!(place.pairs[0].in_salesforce(), 1);
    });
}

#[test]
fn sign_ins_that_were_not_begun_here_or_took_too_long_count_for_nothing() {
    play(1, async |place| {
        let setup = setup_of(&place);
        let draft = setup.begin().unwrap();
        assert_eq!(refused(setup.hubspot_back("", "code").await.unwrap_err()), Refused::UnknownSignIn);
        let url = setup.hubspot_sign_in(&draft, None).unwrap();
        let (state, code) = approve(&place.pairs[0], &url).await;
        let guessed = setup.hubspot_back("guessed", &code).await.unwrap_err();
        assert_eq!(refused(guessed), Refused::UnknownSignIn);
        wait(901).await;
        assert_eq!(refused(setup.hubspot_back(&state, &code).await.unwrap_err()), Refused::UnknownSignIn);
        let url = setup.hubspot_sign_in(&draft, None).unwrap();
        let (state, code) = approve(&place.pairs[0], &url).await;
        setup.hubspot_back(&state, &code).await.unwrap();
        assert_eq!(refused(setup.hubspot_back(&state, &code).await.unwrap_err()), Refused::UnknownSignIn);
    });
}

#[test]
fn what_cannot_be_connected_is_refused_with_its_reason() {
    play(1, async |place| {
        let pair = &place.pairs[0];
        let setup = setup_of(&place);
        let draft = setup.begin().unwrap();
        let wrong = setup.hubspot_token(&draft, "pat-na1-wrong").await.unwrap_err();
        assert!(matches!(refused(wrong), Refused::Credentials(_)));
        let mut scopes = setup.hubspot_sign_in(&draft, None).unwrap();
        let kept: Vec<(String, String)> = scopes
            .query_pairs()
            .filter(|(name, _)| name != "optional_scope")
            .map(|(name, value)| (name.into_owned(), value.replace(" crm.objects.deals.write", "")))
            .collect();
        scopes.query_pairs_mut().clear().extend_pairs(kept);
        let (state, code) = approve(pair, &scopes).await;
        let lacking = refused(setup.hubspot_back(&state, &code).await.unwrap_err());
        assert_eq!(lacking, Refused::MissingScopes(vec!["crm.objects.deals.write".to_owned()]));
        setup.hubspot_token(&draft, &pair.hubspot.access().token).await.unwrap();

        let nowhere = setup.salesforce_sign_in(&draft, LoginPlace::MyDomain("evil.example".into()), None);
        assert!(matches!(refused(nowhere.unwrap_err()), Refused::NoSuchHost(_)));
        let url = setup.salesforce_sign_in(&draft, LoginPlace::Sandbox, None).unwrap();
        let (state, code) = sign_in(pair, &url).await;
        let kind = refused(setup.salesforce_back(&state, &code).await.unwrap_err());
        assert_eq!(kind, Refused::NotThatKind { sandbox: false });
        set(pair, json!({"organization": {"edition": "Group Edition"}})).await;
        let url = setup.salesforce_sign_in(&draft, LoginPlace::Production, None).unwrap();
        let (state, code) = sign_in(pair, &url).await;
        let edition = refused(setup.salesforce_back(&state, &code).await.unwrap_err());
        assert!(matches!(&edition, Refused::Edition { .. }), "{edition}");
        set(pair, json!({"organization": {"edition": "Professional Edition", "api": true}})).await;
        let url = setup.salesforce_sign_in(&draft, LoginPlace::Production, None).unwrap();
        let (state, code) = sign_in(pair, &url).await;
        setup.salesforce_back(&state, &code).await.unwrap();
        let own = pair.salesforce.access();
        let app = App { client_id: own.client_id, client_secret: Some(own.client_secret) };
        setup.salesforce_credentials(&draft, &pair.org, app).await.unwrap();

        for step in [Step::Permissions, Step::Review] {
            assert_eq!(setup.answers(&draft).unwrap().is_open(step), step == Step::Permissions);
        }
        assert_eq!(refused(setup.finish(&draft).await.unwrap_err()), Refused::TooEarly);
        setup.check_prerequisites(&draft).await.unwrap();
        setup.skip_package(&draft).unwrap();
        setup.take_recommended(&draft).unwrap();
        setup.finish(&draft).await.unwrap();
        let second = setup.begin().unwrap();
        let taken = setup.hubspot_token(&second, &pair.hubspot.access().token).await.unwrap_err();
        let taken = refused(taken);
        assert!(matches!(&taken, Refused::AccountConnected { account, .. } if account == "7001"), "{taken}");
    });
}

#[test]
fn each_prerequisite_can_be_missing_and_put_right() {
    play(1, async |place| {
        let pair = &place.pairs[0];
        let setup = setup_of(&place);
        let draft = setup.begin().unwrap();
        connect_both(&place, &setup, &draft).await;
        let ask = async || setup.check_prerequisites(&draft).await.unwrap();

        let permissions = [
            ("ViewSetup", Need::ViewSetup, Finding::Fail),
            ("CustomizeApplication", Need::CustomizeApplication, Finding::Fail),
            // No packaged version is named, so nobody installs one on the org's page.
            ("InstallPackaging", Need::InstallPackages, Finding::NotNeeded),
        ];
        for (permission, need, expected) in permissions {
            set(pair, json!({"user_permissions": {permission: false}})).await;
            assert_eq!(finding(&ask().await, &need), expected, "{permission}");
            set(pair, json!({"user_permissions": {permission: true}})).await;
            assert_eq!(finding(&ask().await, &need), Finding::Pass, "{permission}");
        }

        set(pair, json!({"user_permissions": {"ApiEnabled": false}})).await;
        let rows = ask().await;
        assert_eq!(finding(&rows, &Need::ApiEnabled), Finding::Fail);
        assert_eq!(finding(&rows, &Need::ModifyMetadata), Finding::Unknown);
        assert_eq!(setup.answers(&draft).unwrap().step(), Step::Permissions);
        set(pair, json!({"user_permissions": {"ApiEnabled": true}})).await;

        // Who may modify all data needs no grant for an object: the simulator takes that away with the first grant.
        set(pair, json!({"object_permissions": {"Lead": {"modify_all": false}}})).await;
        let rows = ask().await;
        assert_eq!(finding(&rows, &Need::ModifyAll("Lead".into())), Finding::Fail);
        assert_eq!(finding(&rows, &Need::ModifyAll("Contact".into())), Finding::Pass);
        assert_eq!(finding(&rows, &Need::Administrator), Finding::Fail);
        let mut settings = setup.settings(&draft).unwrap();
        for mapping in settings.objects.iter_mut().filter(|mapping| mapping.salesforce_object == "Lead") {
            mapping.enabled = false;
        }
        setup.choose(&draft, settings).unwrap();
        let rows = ask().await;
        assert_eq!(finding(&rows, &Need::ModifyAll("Lead".into())), Finding::NotNeeded);
        assert_eq!(finding(&rows, &Need::Administrator), Finding::NotNeeded);

        set(pair, json!({"user_permissions": {"ModifyMetadata": false}})).await;
        assert_eq!(finding(&ask().await, &Need::ModifyMetadata), Finding::Fail);
        setup.skip_package(&draft).unwrap();
        let rows = ask().await;
        assert_eq!(finding(&rows, &Need::ModifyMetadata), Finding::Fail, "deals need it, too");
        let lacking = refused(setup.finish(&draft).await.unwrap_err());
        assert_eq!(lacking, Refused::Prerequisites(vec!["modify-metadata".to_owned()]));
        set(pair, json!({"user_permissions": {"ModifyMetadata": true}})).await;

        set(pair, json!({"field_permissions": {"Task": {"Type": {"read": false, "edit": false}}}})).await;
        assert_eq!(finding(&ask().await, &Need::TaskType), Finding::NotNeeded);
        let mut settings = setup.settings(&draft).unwrap();
        settings.activities.salesforce_tasks = true;
        setup.choose(&draft, settings).unwrap();
        assert_eq!(finding(&ask().await, &Need::TaskType), Finding::Fail);
        set(pair, json!({"field_permissions": {}})).await;
        assert_eq!(finding(&ask().await, &Need::TaskType), Finding::Pass);
        setup.finish(&draft).await.unwrap();
    });
}

#[test]
fn a_package_that_salesforce_does_not_take_says_why_and_can_be_tried_again() {
    play(1, async |place| {
        let pair = &place.pairs[0];
        let setup = setup_of(&place);
        let draft = setup.begin().unwrap();
        connect_both(&place, &setup, &draft).await;
        setup.check_prerequisites(&draft).await.unwrap();
        // A field of that name is there already, as something else.
        let text = json!({"fullName": "Tandem_HubSpot_Id__c", "type": "Number", "precision": 9, "scale": 0, "label": "N"});
        pair.salesforce.ensure_custom_field("Contact", "Tandem_HubSpot_Id__c", &text).unwrap();
        set(pair, json!({"user_permissions": {"ModifyMetadata": false, "ModifyAllData": false}})).await;
        let told = setup.deploy_package(&draft).await.unwrap_err().to_string();
        assert!(told.contains("Metadata"), "{told}");
        set(pair, json!({"user_permissions": {"ModifyMetadata": true, "ModifyAllData": true}})).await;
        setup.deploy_package(&draft).await.unwrap();
        let mut state = setup.package_progress(&draft).await.unwrap();
        for _ in 0..5 {
            if matches!(state, PackageState::Deploying { .. }) {
                state = setup.package_progress(&draft).await.unwrap();
            }
        }
        let ended = matches!(state, PackageState::Failed { .. } | PackageState::Installed { .. });
        assert!(ended, "{state:?}");
        if let PackageState::Failed { problems, .. } = &state {
            assert!(problems.iter().any(|problem| problem.contains("Tandem_HubSpot_Id__c")), "{problems:?}");
        }
    });
}

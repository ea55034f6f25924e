//! A browser without a screen, and stores to look at with it.

#![allow(dead_code, reason = "each test file uses a part")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use model::ConnectionId;
use serde_json::{Value, json};
use server::{Access, App};
use store::{ConnectionRow, ConnectionState, Store};
use tower::ServiceExt;

/// A store in which nothing is connected.
pub fn empty() -> Arc<Store> {
    Arc::new(Store::open_in_memory().unwrap())
}

/// A store with the connection `demo`.
pub fn connected() -> Arc<Store> {
    let store = empty();
    let row = ConnectionRow {
        id: ConnectionId::new("demo"),
        name: "Lantern Instruments".into(),
        hubspot_account: "77".into(),
        salesforce_org: "00D000000000001".into(),
        state: ConnectionState::Active,
        state_reason: None,
        settings: json!({ "objects": [] }),
        created_at: Timestamp::UNIX_EPOCH,
    };
    store.create_connection(&row).unwrap();
    store
}

thread_local! {
    /// Seconds since 1970; every test has its own thread.
    static NOW: Cell<i64> = const { Cell::new(1_800_000_000) };
}

/// The time of the test.
pub fn now() -> Timestamp {
    Timestamp::from_second(NOW.get()).unwrap()
}

/// Lets time pass.
pub fn wait(hours: i64, seconds: i64) {
    NOW.set(NOW.get() + hours * 3_600 + seconds);
}

/// A Tandem that asks for sign-in, at the time of the test.
pub fn closed(store: Arc<Store>) -> App {
    let mut app = App::new(store, Access::SignIn).unwrap();
    app.now = now;
    app
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub location: Option<String>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// Keeps cookies, finds the forms' token on the pages it sees.
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser {
    /// Where everybody is administrator.
    pub fn open(store: Arc<Store>) -> Self {
        Self::over(App::new(store, Access::Open).unwrap())
    }

    pub fn over(app: App) -> Self {
        Self { router: server::router(app), cookies: BTreeMap::new(), language: "en" }
    }

    /// Another browser that looks at the same pages.
    pub fn another(&self) -> Self {
        Self { router: self.router.clone(), cookies: BTreeMap::new(), language: "en" }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let location = parts.headers.get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer { status: parts.status, headers: parts.headers, location, body }
    }

    async fn keep(&mut self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = request.headers_mut();
        headers.insert(COOKIE, cookies.join("; ").parse().unwrap());
        headers.insert(ACCEPT_LANGUAGE, self.language.parse().unwrap());
        let answer = self.send(request).await;
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(rest.contains("HttpOnly") && rest.contains("SameSite=Lax"), "{cookie}");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Asks the API as a program does that sends a token.
    pub async fn api(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answer {
        let request =
            Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {token}"));
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    /// Whether the browser holds a cookie.
    pub fn has_cookie(&self, name: &str) -> bool {
        self.cookies.contains_key(name)
    }

    /// Signs in with a password.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/sign-in", &format!("email={email}&password={password}&then=/")).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.keep(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// The token of the forms on a page.
    pub async fn token(&mut self) -> String {
        // Every page has the language's form, also the one that says that there is no such page.
        let page = self.get("/nowhere").await.body;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form with a token");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page.
    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        let token = self.token().await;
        self.send_form(path, form, Some(&token), &[]).await
    }

    pub async fn send_form(
        &mut self,
        path: &str,
        form: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut form = form.to_owned();
        if let Some(token) = token {
            form.push_str(&format!("&csrf={token}"));
        }
        let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.keep(request.body(Body::from(form)).unwrap()).await
    }
}

//! A scripted Salesforce: answers prepared by hand, requests kept for a look afterwards.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;
use transport::{Chance, Request, Response, TokioClock, Transport, TransportError, World};

use crate::{Auth, Client, Config};

pub type Outcome = Result<Response, TransportError>;

/// What Salesforce does with a request.
pub type Step = Box<dyn FnOnce(&Seen) -> Outcome + Send>;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: String,
    pub token: String,
    pub body: Value,
    pub raw: String,
    pub headers: http::HeaderMap,
    pub at: Timestamp,
}

#[derive(Default)]
pub struct Script {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
    clock: Mutex<Option<TokioClock>>,
    delay: Mutex<Duration>,
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let delay = *self.delay.lock().unwrap();
            tokio::time::sleep(delay).await;
            let raw = String::from_utf8_lossy(request.body()).into_owned();
            let token =
                request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
            let seen = Seen {
                method: request.method().to_string(),
                host: request.uri().host().unwrap_or_default().to_owned(),
                path: request.uri().path().to_owned(),
                query: request.uri().query().unwrap_or_default().to_owned(),
                token: token.unwrap_or_default().replace("Bearer ", ""),
                body: serde_json::from_str(&raw).unwrap_or(Value::Null),
                raw,
                headers: request.headers().clone(),
                at: transport::Clock::now(&self.clock.lock().unwrap().unwrap()),
            };
            self.seen.lock().unwrap().push(seen.clone());
            let step = self.steps.lock().unwrap().pop_front();
            step.unwrap_or_else(|| panic!("an unexpected request: {seen:?}"))(&seen)
        })
    }
}

impl Script {
    pub fn new(steps: Vec<Step>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into()), ..Self::default() })
    }

    pub fn delayed(self: &Arc<Self>, delay: Duration) -> Arc<Self> {
        *self.delay.lock().unwrap() = delay;
        self.clone()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn world(self: &Arc<Self>) -> World {
        let clock = TokioClock::starting_at("2026-11-24T00:00:00Z".parse().unwrap());
        *self.clock.lock().unwrap() = Some(clock);
        World { transport: self.clone(), clock: Arc::new(clock), chance: Chance::from_seed(7) }
    }

    pub fn client(self: &Arc<Self>) -> Client {
        self.client_with(|_| ())
    }

    pub fn client_with(self: &Arc<Self>, change: impl FnOnce(&mut Config)) -> Client {
        let mut config = Config::new(Auth::AccessToken {
            instance_url: "https://acme.my.salesforce.com".parse().unwrap(),
            token: "00D000000000001!secret".into(),
        });
        change(&mut config);
        Client::new(self.world(), config)
    }
}

pub fn reply(status: u16, body: &Value) -> Outcome {
    Ok(http::Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap())
}

pub fn answer(status: u16, body: Value) -> Step {
    Box::new(move |_| reply(status, &body))
}

pub fn lost() -> Step {
    Box::new(|_| {
        Err(TransportError::Lost { host: "acme.my.salesforce.com".into(), reason: "connection reset".into() })
    })
}

pub fn unreachable() -> Step {
    Box::new(|_| {
        Err(TransportError::Unreachable {
            host: "acme.my.salesforce.com".into(),
            reason: "connection refused".into(),
        })
    })
}

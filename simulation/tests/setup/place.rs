//! HubSpot accounts behind one address, Salesforce orgs behind one each, and the folder of one installation.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use engine::{Credentials, GivenApp, HubSpotAccess, Options, SalesforceAccess, Settings, Supervisor};
use futures::future::BoxFuture;
use http::StatusCode;
use http_body_util::BodyExt;
use hubspot_sim::HubSpotSim;
use jiff::Timestamp;
use model::{ConnectionId, FieldMapping, ObjectMapping, Sides, SyncRule};
use salesforce_sim::SalesforceSim;
use sim_base::Clock as SimClock;
use store::{ConnectionRow, ConnectionState, SecretKey, Store};
use tower::ServiceExt;
use transport::{Chance, Clock, Request, Response, TokioClock, Transport, TransportError, World};

/// One account with one org.
#[derive(Clone)]
pub struct Pair {
    pub hubspot: HubSpotSim,
    pub salesforce: SalesforceSim,
    pub org: String,
}

/// HubSpot's address is the same for all accounts: the one that knows the caller answers.
struct Wire {
    hubspot: Vec<Router>,
    salesforce: Vec<(String, Router)>,
    /// Calls to these orgs get no answer.
    down: Mutex<Vec<String>>,
}

impl Wire {
    async fn call(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let lost = || TransportError::Lost { host: host.clone(), reason: "the connection broke".to_owned() };
        tokio::time::sleep(Duration::from_millis(5)).await;
        if self.down.lock().unwrap().contains(&host) {
            tokio::time::sleep(Duration::from_secs(100)).await;
            return Err(lost());
        }
        let org = self.salesforce.iter().find(|(name, _)| *name == host).map(|(_, router)| router);
        let routers: Vec<&Router> = org.map_or_else(|| self.hubspot.iter().collect(), |org| vec![org]);
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
        let mut answer = Err(lost());
        for router in routers {
            let mut own = http::Request::builder().method(parts.method.clone()).uri(path.as_str());
            *own.headers_mut().unwrap() = parts.headers.clone();
            let response = router.clone().oneshot(own.body(Body::from(body.clone())).unwrap()).await.unwrap();
            let stranger = response.status() == StatusCode::UNAUTHORIZED
                || path.starts_with("/oauth/") && response.status() == StatusCode::BAD_REQUEST;
            let (parts, body) = response.into_parts();
            answer = Ok(Response::from_parts(parts, body.collect().await.unwrap().to_bytes()));
            if !stranger {
                break;
            }
        }
        answer
    }
}

impl Transport for Wire {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.call(request))
    }
}

/// One installation, and what it talks to.
pub struct Place {
    pub pairs: Vec<Pair>,
    pub store: Arc<Store>,
    pub clock: TokioClock,
    wire: Arc<Wire>,
    pub key: SecretKey,
}

/// Plays on a paused clock.
pub fn play<F: Future<Output = ()>>(pairs: u64, story: impl FnOnce(Place) -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        story(Place::new(pairs)).await;
    });
}

impl Place {
    fn new(pairs: u64) -> Self {
        let clock = TokioClock::starting_at("2026-03-02T08:00:00Z".parse().unwrap());
        let sim_clock = SimClock::new(move || clock.now());
        let pair = |number: u64| {
            let org = format!("org{number}.test");
            let hubspot = HubSpotSim::new(hubspot_sim::Options {
                clock: sim_clock.clone(),
                seed: number,
                portal_id: 7_000 + number,
                ..hubspot_sim::Options::default()
            });
            let salesforce = SalesforceSim::new(salesforce_sim::Options {
                clock: sim_clock.clone(),
                seed: number,
                base_url: format!("http://{org}"),
                ..salesforce_sim::Options::default()
            });
            Pair { hubspot, salesforce, org }
        };
        let pairs: Vec<Pair> = (1..=pairs).map(pair).collect();
        let wire = Wire {
            hubspot: pairs.iter().map(|pair| pair.hubspot.router()).collect(),
            salesforce: pairs.iter().map(|pair| (pair.org.clone(), pair.salesforce.router())).collect(),
            down: Mutex::default(),
        };
        let key = SecretKey::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let store = Arc::new(Store::open_in_memory().unwrap());
        Self { pairs, store, clock, wire: Arc::new(wire), key }
    }

    /// Calls to this pair's org get no answer.
    pub fn take_down(&self, pair: usize) {
        self.wire.down.lock().unwrap().push(self.pairs[pair].org.clone());
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new process on the folder.
    pub fn supervisor(&self) -> Arc<Supervisor> {
        let transport: Arc<dyn Transport> = self.wire.clone();
        let world = World { transport, clock: Arc::new(self.clock), chance: Chance::from_seed(5) };
        let first = self.pairs[0].hubspot.access();
        let of_org = self.pairs[0].salesforce.access();
        let credentials = Credentials {
            hubspot_api: "http://hubspot.test".parse().unwrap(),
            hubspot_web: "http://hubspot.test".parse().unwrap(),
            hubspot_app: GivenApp {
                client_id: Some(first.client_id),
                client_secret: Some(first.client_secret.into()),
            },
            salesforce_login: Some(format!("http://{}", self.pairs[0].org).parse().unwrap()),
            salesforce_app: GivenApp {
                client_id: Some(of_org.client_id),
                client_secret: Some(of_org.client_secret.into()),
            },
            public_url: Some("http://127.0.0.1:8080".parse().unwrap()),
            options: Options {
                poll_interval: Sides {
                    hubspot: Duration::from_secs(10),
                    salesforce: Duration::from_secs(10),
                },
                ..Options::default()
            },
            ..Credentials::new(self.key.clone()).unwrap()
        };
        Supervisor::new(self.store.clone(), world, credentials)
    }

    /// Keeps a connection between the two of a pair, as the wizard would.
    pub fn keep(&self, pair: usize) -> ConnectionId {
        let id = ConnectionId::new(format!("c{pair}"));
        let settings = serde_json::to_value(contacts()).unwrap();
        self.store
            .create_connection(&ConnectionRow {
                id: id.clone(),
                name: format!("Pair {pair}"),
                hubspot_account: pair.to_string(),
                salesforce_org: pair.to_string(),
                state: ConnectionState::Active,
                state_reason: None,
                settings,
                created_at: self.now(),
            })
            .unwrap();
        id
    }

    /// The access that a person's sign-in would have given.
    pub fn access(&self, pair: usize) -> (HubSpotAccess, SalesforceAccess) {
        let Pair { hubspot, salesforce, org } = &self.pairs[pair];
        let (on_hubspot, on_salesforce) = (hubspot.access(), salesforce.access());
        let hubspot = HubSpotAccess::OAuth {
            client_id: on_hubspot.client_id,
            client_secret: on_hubspot.client_secret,
            redirect_uri: "http://tandem.test/setup/hubspot/back".to_owned(),
            access_token: "expired".to_owned(),
            refresh_token: on_hubspot.refresh_token,
            expires_at: self.now(),
            scopes: Vec::new(),
        };
        let salesforce = SalesforceAccess::OAuth {
            login_url: format!("http://{org}").parse().unwrap(),
            client_id: on_salesforce.client_id,
            client_secret: Some(on_salesforce.client_secret),
            redirect_uri: "http://tandem.test/setup/salesforce/back".to_owned(),
            access_token: "expired".to_owned(),
            refresh_token: Some(on_salesforce.refresh_token),
            instance_url: format!("http://{org}").parse().unwrap(),
        };
        (hubspot, salesforce)
    }

    /// What is sealed under this name.
    pub fn sealed(&self, owner: &str, name: &str) -> Option<String> {
        self.store.secret(&self.key, owner, name).unwrap()
    }
}

impl Pair {
    /// Somebody makes a contact in HubSpot.
    pub fn meet(&self, email: &str) {
        let properties = [("email", email), ("lastname", "Byron")];
        self.hubspot.create_record("contacts", properties).unwrap();
    }

    /// How many contacts the org has.
    pub fn in_salesforce(&self) -> usize {
        self.salesforce.records("Contact").len()
    }
}

/// Contacts alone, with two fields.
pub fn contacts() -> Settings {
    let fields = [("email", "Email"), ("lastname", "LastName")];
    let fields = fields.map(|(h, s)| FieldMapping::new(h, s, SyncRule::TwoWay));
    Settings {
        chosen: true,
        objects: vec![ObjectMapping::new("contacts", "Contact", fields.to_vec())],
        ..Settings::recommended()
    }
}

/// A while.
pub async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

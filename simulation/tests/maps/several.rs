use std::sync::Arc;

use engine::{Chosen, Connection, Import, Options, Settings};
use hubspot_sim::HubSpotSim;
use jiff::Timestamp;
use model::{ConnectionId, Side};
use salesforce_sim::SalesforceSim;
use secrecy::SecretString;
use serde_json::{Value, json};
use sim_base::Clock as SimClock;
use simulation::memory::{HUBSPOT, Memory, SALESFORCE};
use store::{ConnectionRow, ConnectionState, Durability, Store};
use transport::{Chance, Clock, TokioClock};

/// Two HubSpot accounts on one Salesforce org, in one Tandem.
struct Two {
    clock: TokioClock,
    accounts: [HubSpotSim; 2],
    org: SalesforceSim,
    wires: [Arc<Memory>; 2],
    store: Arc<Store>,
    opened: std::cell::Cell<u64>,
    _disk: tempfile::TempDir,
}

impl Two {
    fn new() -> Self {
        let clock = TokioClock::starting_at("2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap());
        let sim_clock = SimClock::new(move || clock.now());
        let account = |portal_id| {
            HubSpotSim::new(hubspot_sim::Options {
                clock: sim_clock.clone(),
                portal_id,
                ..hubspot_sim::Options::default()
            })
        };
        let accounts = [account(1_001), account(1_002)];
        let org = SalesforceSim::new(salesforce_sim::Options {
            clock: sim_clock.clone(),
            base_url: SALESFORCE.to_owned(),
            ..salesforce_sim::Options::default()
        });
        let wires = [0, 1]
            .map(|n| Memory::new(accounts[n].router(), org.router(), Chance::from_seed(n as u64), clock));
        let disk = tempfile::tempdir().unwrap();
        let store = Store::open(&disk.path().join("tandem.db"), Durability::ProcessOnly).unwrap();
        Self {
            clock,
            accounts,
            org,
            wires,
            store: Arc::new(store),
            opened: std::cell::Cell::new(0),
            _disk: disk,
        }
    }

    fn open(&self, n: usize) -> Connection {
        let id = ConnectionId::new(format!("account-{n}"));
        if self.store.connection(&id).unwrap().is_none() {
            let row = ConnectionRow {
                id: id.clone(),
                name: format!("Account {n}"),
                hubspot_account: self.accounts[n].access().account_id.to_string(),
                salesforce_org: "org".into(),
                state: ConnectionState::Active,
                state_reason: None,
                settings: serde_json::to_value(Settings::recommended()).unwrap(),
                created_at: self.clock.now(),
            };
            self.store.create_connection(&row).unwrap();
        }
        let row = self.store.connection(&id).unwrap().unwrap();
        let settings: Settings = serde_json::from_value(row.settings).unwrap();
        self.opened.set(self.opened.get() + 1);
        let world = transport::World {
            transport: self.wires[n].clone(),
            clock: Arc::new(self.clock),
            chance: Chance::from_seed(self.opened.get()),
        };
        let token = SecretString::from(self.accounts[n].access().token);
        let access = self.org.access();
        let hubspot = hubspot::Config::new(HUBSPOT.parse().unwrap(), hubspot::Auth::Token(token));
        let salesforce = salesforce::Config::new(salesforce::Auth::AccessToken {
            instance_url: SALESFORCE.parse().unwrap(),
            token: SecretString::from(access.access_token),
        });
        Connection::new(
            id,
            Arc::clone(&self.store),
            settings,
            Options::default(),
            world.clone(),
            hubspot::Client::new(world.clone(), hubspot),
            salesforce::Client::new(world, salesforce),
        )
    }

    async fn pass(&self, n: usize) {
        tokio::time::sleep(std::time::Duration::from_secs(400)).await;
        self.open(n).sync_once().await.unwrap();
    }

    fn emails(&self, n: usize) -> Vec<String> {
        let contacts = self.accounts[n].records("contacts");
        let mut emails: Vec<String> = contacts
            .iter()
            .filter_map(|contact| contact.properties.get("email").map(ToString::to_string))
            .collect();
        emails.sort();
        emails
    }

    fn person(&self, n: usize, email: &str, name: &str) -> String {
        self.accounts[n].create_record("contacts", [("email", email), ("lastname", name)]).unwrap()
    }
}

fn play<F: Future<Output = ()>>(story: impl FnOnce(Two) -> F) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { story(Two::new()).await });
}

#[test]
fn with_several_accounts_on_an_org_nothing_is_made_in_hubspot_unless_it_is_asked_for() {
    play(async |two| {
        let ours = two.person(0, "ours@one.example", "Ours");
        let theirs = two.person(1, "theirs@two.example", "Theirs");
        // Both accounts give their records the same numbers.
        assert_eq!(ours, theirs);
        assert_eq!(two.open(0).other_accounts().unwrap(), Vec::<String>::new());
        two.open(1);
        for n in [0, 1] {
            let connection = two.open(n);
            assert_eq!(connection.other_accounts().unwrap().len(), 1);
            let found = connection.recommended().await.unwrap();
            assert!(found.settings.objects.iter().all(|object| !object.create_in_hubspot));
            assert_eq!(found.other_accounts.len(), 1);
            let settings = Settings::recommended().making_nothing_in_hubspot();
            connection.keep_settings(&settings, &[], "Grace").await.unwrap();
        }
        for n in [0, 1, 0, 1] {
            two.pass(n).await;
        }
        // Each account's contact is in the org, once, under its own account's marker.
        let contacts = two.org.records("Contact");
        let mut found: Vec<(String, String)> = contacts
            .iter()
            .map(|row| {
                let text = |field: &str| {
                    row.fields.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                (text("Email"), text("Tandem_HubSpot_Id__c"))
            })
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                ("ours@one.example".to_owned(), format!("1001:{ours}")),
                ("theirs@two.example".to_owned(), format!("1002:{theirs}"))
            ]
        );
        assert_eq!(two.emails(0), ["ours@one.example"], "what the other account made does not come here");
        assert_eq!(two.emails(1), ["theirs@two.example"]);

        // What is asked for comes: an import brings the other account's contact, linked and not made twice.
        let other = contacts.iter().find(|row| row.fields["Email"] == json!("theirs@two.example")).unwrap();
        let chosen = Chosen { ids: Some(vec![other.id.clone()]), ..Chosen::default() };
        let import = Import { from: Side::Salesforce, object: "Contact".into(), chosen };
        let summary = two.open(0).import(Some(import)).await.unwrap();
        assert_eq!((summary.chosen, summary.imported), (1, 1), "{summary:?}");
        assert_eq!(two.emails(0), ["ours@one.example", "theirs@two.example"]);
        for n in [0, 1] {
            two.pass(n).await;
        }
        assert_eq!(two.org.records("Contact").len(), 2);
        assert_eq!(two.emails(1), ["theirs@two.example"]);
        // And an edit of one account comes to the other through the org.
        let id = two.accounts[1].records("contacts")[0].id.clone();
        two.accounts[1].edit_record("contacts", &id, [("jobtitle", "Analyst")]).unwrap();
        two.pass(1).await;
        two.pass(0).await;
        let titles = two.accounts[0].records("contacts");
        let titles: Vec<String> =
            titles.iter().filter_map(|row| row.properties.get("jobtitle").map(ToString::to_string)).collect();
        assert!(titles.contains(&"Analyst".to_owned()), "{titles:?}");
    });
}

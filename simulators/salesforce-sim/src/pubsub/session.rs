//! One open subscription: what was asked for, what is still to be sent, and when to say that nothing happens.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tonic::{Status, Streaming};

use super::bus::{self, Event};
use super::channels::Topic;
use super::read::{EventRefusal, Replay};
use super::wire::{
    CommitReplayRequest, CommitReplayResponse, ConsumerEvent, Error, ErrorCode, FetchRequest, FetchResponse,
    ManagedFetchRequest, ManagedFetchResponse, ProducerEvent, ReplayPreset,
};
use crate::SalesforceSim;

/// Events that may be outstanding on a subscription.
const MOST_PENDING: usize = 100;

/// A request of either kind of subscription.
#[derive(Debug)]
pub(super) struct Ask {
    topic: String,
    replay: Replay,
    subscription: (String, String),
    requested: i32,
    commit: Option<CommitReplayRequest>,
}

impl From<FetchRequest> for Ask {
    fn from(request: FetchRequest) -> Self {
        let replay = match request.replay_preset() {
            ReplayPreset::Latest => Replay::Latest,
            ReplayPreset::Earliest => Replay::Earliest,
            ReplayPreset::Custom => Replay::After(request.replay_id),
        };
        Self {
            topic: request.topic_name,
            replay,
            subscription: Default::default(),
            requested: request.num_requested,
            commit: None,
        }
    }
}

impl From<ManagedFetchRequest> for Ask {
    fn from(request: ManagedFetchRequest) -> Self {
        Self {
            topic: String::new(),
            replay: Replay::Latest,
            subscription: (request.subscription_id, request.developer_name),
            requested: request.num_requested,
            commit: request.commit_replay_id_request,
        }
    }
}

/// An answer of either kind of subscription.
#[derive(Debug)]
pub(super) struct Told {
    events: Vec<ConsumerEvent>,
    latest_replay_id: Vec<u8>,
    rpc_id: String,
    pending_num_requested: i32,
    commit_response: Option<CommitReplayResponse>,
}

impl From<Told> for FetchResponse {
    fn from(told: Told) -> Self {
        let Told { events, latest_replay_id, rpc_id, pending_num_requested, .. } = told;
        Self { events, latest_replay_id, rpc_id, pending_num_requested }
    }
}

impl From<Told> for ManagedFetchResponse {
    fn from(told: Told) -> Self {
        let Told { events, latest_replay_id, rpc_id, pending_num_requested, commit_response } = told;
        Self { events, latest_replay_id, rpc_id, pending_num_requested, commit_response }
    }
}

impl From<Event> for ConsumerEvent {
    fn from(event: Event) -> Self {
        let written = ProducerEvent {
            id: event.id,
            schema_id: event.schema_id.to_string(),
            payload: event.payload.into(),
            headers: Vec::new(),
        };
        Self { event: Some(written), replay_id: bus::replay_id(event.number) }
    }
}

/// An open subscription.
#[derive(Debug)]
pub(super) struct Session {
    sim: SalesforceSim,
    managed: bool,
    /// The managed subscription's place in the org's list, once it is open.
    place: Option<usize>,
    topic_name: String,
    /// The place in the stream that was told last.
    at: u64,
    pending: usize,
    rpc_id: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.sim.state().close_managed(place);
        }
    }
}

impl Session {
    pub fn new(sim: SalesforceSim, managed: bool) -> Self {
        let rpc_id = sim.rpc_id();
        Self { sim, managed, place: None, topic_name: String::new(), at: 0, pending: 0, rpc_id }
    }

    /// Serves the subscription until either side ends it.
    pub async fn run<Q: Into<Ask>, A: From<Told>>(
        &mut self,
        mut requests: Streaming<Q>,
        answers: &mpsc::Sender<Result<A, Status>>,
    ) -> Result<(), Status> {
        let Some(first) = requests.message().await? else { return Ok(()) };
        let mut news = self.sim.state().events.news.subscribe();
        let topic = self.open(first.into()).map_err(|refusal| self.sim.status(&refusal))?;
        let (keep_alive, idle_close) = self.times();
        let mut asking = true;
        let mut last = Instant::now();
        loop {
            self.deliver(&topic, &mut news, answers, &mut last).await?;
            if answers.is_closed() || (!asking && self.pending == 0) {
                return Ok(());
            }
            let patience = if self.pending > 0 { keep_alive } else { idle_close };
            tokio::select! {
                request = requests.message(), if asking => match request? {
                    Some(request) => {
                        let commit = self.more(request.into()).map_err(|refusal| self.sim.status(&refusal))?;
                        if let Some(commit) = commit {
                            self.answer(answers, Vec::new(), Some(commit)).await;
                        }
                        last = Instant::now();
                    }
                    None => asking = false,
                },
                changed = news.changed() => if changed.is_err() { return Ok(()) },
                () = answers.closed() => return Ok(()),
                () = sleep_until(last + patience) => {
                    // A subscriber that asks for nothing is let go.
                    if self.pending == 0 {
                        return Ok(());
                    }
                    if let Some(latest) = self.sim.idle_place(&topic, self.at) {
                        self.at = latest;
                        self.answer(answers, Vec::new(), None).await;
                        last = Instant::now();
                    }
                }
            }
        }
    }

    fn times(&self) -> (Duration, Duration) {
        let state = self.sim.state();
        (state.events.keep_alive, state.events.idle_close)
    }

    /// Sends what there is, as long as it was asked for.
    async fn deliver<A: From<Told>>(
        &mut self,
        topic: &Topic,
        news: &mut watch::Receiver<u64>,
        answers: &mpsc::Sender<Result<A, Status>>,
        last: &mut Instant,
    ) -> Result<(), Status> {
        while self.pending > 0 && !answers.is_closed() {
            news.mark_unchanged();
            let taken = self.sim.take_events(topic, self.at, self.pending);
            let (events, at) = taken.map_err(|refusal| self.sim.status(&refusal))?;
            self.at = at;
            if events.is_empty() {
                break;
            }
            self.pending -= events.len();
            *last = Instant::now();
            self.answer(answers, events.into_iter().map(ConsumerEvent::from).collect(), None).await;
        }
        Ok(())
    }

    async fn answer<A: From<Told>>(
        &self,
        answers: &mpsc::Sender<Result<A, Status>>,
        events: Vec<ConsumerEvent>,
        commit_response: Option<CommitReplayResponse>,
    ) {
        let latest = events.last().map(|event| event.replay_id.clone());
        let told = Told {
            events,
            latest_replay_id: latest.unwrap_or_else(|| bus::replay_id(self.at)),
            rpc_id: self.rpc_id.clone(),
            pending_num_requested: i32::try_from(self.pending).unwrap_or(i32::MAX),
            commit_response,
        };
        // Whether anybody still listens is looked at before each turn.
        drop(answers.send(Ok(told.into())).await);
    }

    fn open(&mut self, first: Ask) -> Result<Topic, EventRefusal> {
        let now = self.sim.0.clock.now();
        if self.managed && first.commit.is_some() {
            let message = "The initial fetch request can't have a commit request.";
            let code = "managed.subscription.fetch.request.commit.request.restricted";
            return Err(EventRefusal::new("INVALID_ARGUMENT", code, message));
        }
        self.ask_for(first.requested)?;
        let mut state = self.sim.state();
        let (topic, at) = if self.managed {
            let (id, name) = &first.subscription;
            let (place, topic, at) = state.open_managed(id, name, now)?;
            self.place = Some(place);
            (topic, at)
        } else {
            state.subscribe(&first.topic, &first.replay, now)?
        };
        self.topic_name = first.topic;
        self.at = at;
        Ok(topic)
    }

    /// Takes a further request: adds to what is outstanding, and commits.
    fn more(&mut self, ask: Ask) -> Result<Option<CommitReplayResponse>, EventRefusal> {
        if !ask.topic.is_empty() && ask.topic != self.topic_name {
            let message = "The topic name must be the same in all fetch requests of a subscription.";
            let code = "subscription.fetch.topic.mismatch";
            return Err(EventRefusal::new("INVALID_ARGUMENT", code, message));
        }
        if !(self.managed && ask.requested == 0 && ask.commit.is_some()) {
            self.ask_for(ask.requested)?;
        }
        Ok(ask.commit.map(|commit| self.commit(commit)))
    }

    /// What is asked for adds up, to no more than the platform allows.
    fn ask_for(&mut self, requested: i32) -> Result<(), EventRefusal> {
        let Some(more) = usize::try_from(requested).ok().filter(|more| *more > 0 || self.managed) else {
            let message = "The number of requested events must be greater than zero.";
            let code = match self.managed {
                true => "managed.subscription.fetch.request.events.invalid",
                false => "subscription.fetch.requested.events.invalid",
            };
            return Err(EventRefusal::new("INVALID_ARGUMENT", code, message));
        };
        self.pending = self.pending.saturating_add(more).min(MOST_PENDING);
        Ok(())
    }

    fn commit(&self, commit: CommitReplayRequest) -> CommitReplayResponse {
        let now = self.sim.0.clock.now();
        let done = match self.place {
            Some(place) => self.sim.state().commit(place, &commit.replay_id, self.at),
            None => Err("There is no managed subscription.".to_owned()),
        };
        CommitReplayResponse {
            commit_request_id: commit.commit_request_id,
            replay_id: commit.replay_id,
            error: done.err().map(|msg| Error { code: ErrorCode::Commit.into(), msg }),
            process_time: now.as_millisecond(),
        }
    }
}

impl SalesforceSim {
    fn take_events(&self, topic: &Topic, from: u64, max: usize) -> Result<(Vec<Event>, u64), EventRefusal> {
        let now = self.0.clock.now();
        let mut state = self.state();
        let limits = state.limits;
        state.events.take(topic, from, max, limits, now)
    }

    /// The newest place, if there is nothing to be told before it.
    fn idle_place(&self, topic: &Topic, from: u64) -> Option<u64> {
        let now = self.0.clock.now();
        let events = &mut self.state().events;
        (!events.has_news(topic, from)).then(|| events.latest(now))
    }
}

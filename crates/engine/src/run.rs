//! Running: one pass, or passes without end until told to stop.

use std::sync::PoisonError;
use std::time::Duration;

use futures::future::{Either, select};
use model::Side;
use store::ConnectionState;
use tokio::sync::watch;

use crate::connection::Connection;
use crate::error::EngineError;
use crate::figures::Figures;

/// Told to stop, the engine finishes the batch in hand and returns.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Tells the engine to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// A way to stop an engine, and what it listens to.
#[must_use]
pub fn stopper() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks the engine to finish what it has in hand and return.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) async fn set(&mut self) {
        // A stopper that is gone can no longer ask for anything.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The longest wait after a failed pass before the platforms are asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

impl Connection {
    /// One pass: poll both sides, then work until no mark is due.
    ///
    /// # Errors
    /// When a platform cannot be asked or the store cannot be used. Everything done until then stands, and what is
    /// left is still marked.
    pub async fn sync_once(&self) -> Result<Figures, EngineError> {
        self.begin_run("once")?;
        self.meter.asked_by_person(true);
        let done = self.pass().await;
        self.tell_standing("once", done.as_ref().err())?;
        self.finish_run(done.as_ref().err())?;
        done.map(|()| self.figures())
    }

    async fn pass(&self) -> Result<(), EngineError> {
        for side in [Side::Salesforce, Side::HubSpot] {
            self.poll(side).await?;
            self.sweep(side, true).await?;
        }
        self.drain().await
    }

    /// Works until no mark is due.
    async fn drain(&self) -> Result<(), EngineError> {
        loop {
            while self.work_batch().await? {}
            if !self.settle()? {
                return Ok(());
            }
        }
    }

    /// Keeps both sides in step until `stop` is set.
    ///
    /// # Errors
    /// When a person must act (credentials, permissions) or the store cannot be used. What passes by itself is waited
    /// out.
    pub async fn run(&self, stop: Stop) -> Result<(), EngineError> {
        self.begin_run("serve")?;
        self.meter.asked_by_person(false);
        let hubspot = self.keep_polling(Side::HubSpot, stop.clone());
        let salesforce = self.keep_polling(Side::Salesforce, stop.clone());
        let working = self.keep_working(stop);
        let done = futures::future::try_join3(hubspot, salesforce, working).await.map(|_| ());
        self.finish_run(done.as_ref().err())?;
        done
    }

    async fn keep_polling(&self, side: Side, mut stop: Stop) -> Result<(), EngineError> {
        let mut failures = 0_u32;
        while !stop.is_set() {
            let pause = if self.is_paused()? {
                *self.options.poll_interval.get(side)
            } else {
                match self.look(side).await {
                    Ok(()) => {
                        failures = 0;
                        self.tell_standing(side.as_str(), None)?;
                        self.poll_interval(side).await?
                    }
                    Err(error) => self.wait_out(side.as_str(), error, &mut failures)?,
                }
            };
            let asked = async {
                match side {
                    Side::Salesforce => self.poll_now.notified().await,
                    Side::HubSpot => self.poll_hubspot_now.notified().await,
                }
            };
            let waited = self.wait(pause, &mut stop);
            futures::pin_mut!(asked, waited);
            select(asked, waited).await;
        }
        Ok(())
    }

    async fn look(&self, side: Side) -> Result<(), EngineError> {
        self.poll(side).await?;
        self.sweep(side, false).await
    }

    async fn keep_working(&self, mut stop: Stop) -> Result<(), EngineError> {
        let mut failures = 0_u32;
        while !stop.is_set() {
            if self.is_paused()? {
                self.wait(Duration::from_secs(1), &mut stop).await;
                continue;
            }
            let turn = self.turn.lock().await;
            let worked = self.work_batch().await;
            let settled = if matches!(worked, Ok(false)) { self.settle() } else { Ok(false) };
            drop(turn);
            match worked {
                Ok(true) => {
                    failures = 0;
                    self.put_right("work")?;
                }
                Ok(false) => {
                    failures = 0;
                    self.put_right("work")?;
                    match settled {
                        Ok(true) => {}
                        Ok(false) => self.wait_for_work(&mut stop).await?,
                        // The connection is stopped now; it goes on when a person has seen to it.
                        Err(error @ EngineError::Brake(_)) => tracing::error!("{error}"),
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => {
                    let pause = self.wait_out("work", error, &mut failures)?;
                    self.wait(pause, &mut stop).await;
                }
            }
        }
        Ok(())
    }

    /// How often `side` is polled: less often where polls alone would use up the calls.
    async fn poll_interval(&self, side: Side) -> Result<Duration, EngineError> {
        let configured = *self.options.poll_interval.get(side);
        if side == Side::HubSpot {
            return Ok(configured);
        }
        let schema = self.schema().await?;
        let polled = schema.objects(side).iter().filter(|object| self.polls(side, object)).count();
        // Campaigns and their members are asked for as well.
        let objects = if self.settings.campaigns { polled + 2 } else { polled };
        Ok(configured.max(self.meter.poll_interval(objects)))
    }

    /// Keeps how things stand for those who look: calls, the budget, and what everything waits for.
    pub(crate) fn tell_standing(
        &self,
        task: &'static str,
        error: Option<&EngineError>,
    ) -> Result<(), EngineError> {
        let calls = self.side(Side::HubSpot).calls();
        let before = self.counted.swap(calls, std::sync::atomic::Ordering::Relaxed);
        self.store.add_calls(&self.id, Side::HubSpot, calls.saturating_sub(before), self.now())?;
        self.meter.keep()?;
        match error {
            Some(error) => {
                let told = error.to_string();
                self.trouble.lock().unwrap_or_else(PoisonError::into_inner).insert(task, told.clone());
                self.store.set_waiting_reason(&self.id, Some(&told))?;
                Ok(())
            }
            None => self.put_right(task),
        }
    }

    /// What `task` waited for is over; what another waits for still stands.
    fn put_right(&self, task: &'static str) -> Result<(), EngineError> {
        let left = {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            // A run that was cut short may have left a reason that is none any more.
            if trouble.remove(task).is_none() && (task == "work" || !trouble.is_empty()) {
                return Ok(());
            }
            trouble.values().next().cloned()
        };
        self.store.set_waiting_reason(&self.id, left.as_deref())?;
        Ok(())
    }

    /// How long to wait after an error. What a platform or its administrator has against us is said in the status and
    /// tried again: once it is put right, the run goes on by itself. Only trouble of our own ends it.
    fn wait_out(
        &self,
        task: &'static str,
        error: EngineError,
        failures: &mut u32,
    ) -> Result<Duration, EngineError> {
        if !matches!(error, EngineError::Platform { .. }) {
            return Err(error);
        }
        self.tell_standing(task, Some(&error))?;
        if let Some(held) = self.meter.held_for() {
            tracing::info!(%error, seconds = held.as_secs(), "waiting for calls to be free again");
            return Ok(held);
        }
        if !error.is_passing() {
            tracing::error!(%error, "waiting for somebody to put this right");
            return Ok(self.world().chance.jitter(LONGEST_PAUSE));
        }
        *failures = failures.saturating_add(1);
        let pause =
            Duration::from_secs(2).saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(10)));
        let pause = self.world().chance.jitter(pause.min(LONGEST_PAUSE));
        tracing::warn!(%error, seconds = pause.as_secs(), "waiting before trying again");
        Ok(pause)
    }

    /// Waits until a mark is set or due, or the engine is told to stop.
    async fn wait_for_work(&self, stop: &mut Stop) -> Result<(), EngineError> {
        let longest = Duration::from_secs(60);
        let pause = match self.store.next_due(&self.id)? {
            Some(due) => {
                Duration::try_from(due.duration_since(self.now())).unwrap_or(Duration::ZERO).min(longest)
            }
            None => longest,
        };
        let woken = self.wake.notified();
        let waited = self.wait(pause.max(Duration::from_millis(10)), stop);
        futures::pin_mut!(woken, waited);
        match select(woken, waited).await {
            Either::Left(((), _)) | Either::Right(((), _)) => Ok(()),
        }
    }

    pub(crate) async fn wait(&self, pause: Duration, stop: &mut Stop) {
        let slept = self.world().clock.sleep(pause);
        let stopped = stop.set();
        futures::pin_mut!(stopped);
        select(slept, stopped).await;
    }

    fn is_paused(&self) -> Result<bool, EngineError> {
        let connection = self.store.connection(&self.id)?;
        Ok(connection.is_none_or(|connection| connection.state != ConnectionState::Active))
    }
}

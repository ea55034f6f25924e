//! Running: one pass, or passes without end until told to stop.

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
    fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    async fn set(&mut self) {
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
        let done = self.pass().await;
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
                        *self.options.poll_interval.get(side)
                    }
                    Err(error) => self.wait_out(error, &mut failures)?,
                }
            };
            self.wait(pause, &mut stop).await;
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
            match self.work_batch().await {
                Ok(true) => failures = 0,
                Ok(false) => {
                    failures = 0;
                    match self.settle() {
                        Ok(true) => {}
                        Ok(false) => self.wait_for_work(&mut stop).await?,
                        // The connection is stopped now; it goes on when a person has seen to it.
                        Err(error @ EngineError::Brake(_)) => tracing::error!("{error}"),
                        Err(error) => return Err(error),
                    }
                }
                Err(error) => {
                    let pause = self.wait_out(error, &mut failures)?;
                    self.wait(pause, &mut stop).await;
                }
            }
        }
        Ok(())
    }

    /// How long to wait after an error that passes by itself; any other ends the run.
    fn wait_out(&self, error: EngineError, failures: &mut u32) -> Result<Duration, EngineError> {
        if !error.is_passing() {
            return Err(error);
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

    async fn wait(&self, pause: Duration, stop: &mut Stop) {
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

//! What takes longer than a page may: rehearsals, undos, imports. Each is at work in the background and looked at by its
//! number; its answer is kept until Tandem ends, or newer ones take its place.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::{Plan, UndoPlan};
use jiff::Timestamp;
use model::ConnectionId;

/// How many are remembered.
const KEPT: usize = 50;

/// What a job found out or did.
#[derive(Debug, Clone)]
pub enum Answer {
    /// What a pass would do.
    Plan(Arc<Plan>),
    /// What an undo would do, or has done.
    Undo(Arc<UndoPlan>),
    /// What an import has done, as JSON.
    Import(Arc<serde_json::Value>),
}

/// How a job stands.
#[derive(Debug, Clone)]
pub enum Standing {
    /// It is at work.
    Running,
    /// It is done.
    Done(Answer),
    /// It could not be done, with the reason.
    Failed(String),
}

/// What a job is about, for the page that shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// What settings would change.
    Settings,
    /// What an undo would do, or the undo itself.
    Undo {
        /// What is taken back.
        scope: engine::UndoScope,
        /// Whether later edits are taken back too.
        force: bool,
        /// Whether it is done, and not only planned.
        apply: bool,
    },
    /// What an import would do, or the import itself.
    Import {
        /// What is imported, in words.
        what: String,
        /// What is imported, to be done once the plan was seen.
        import: serde_json::Value,
        /// Whether it is done, and not only planned.
        apply: bool,
    },
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// Its connection.
    pub connection: ConnectionId,
    /// What it is about.
    pub task: Task,
    /// When it began.
    pub began: Timestamp,
    /// How it stands.
    pub standing: Standing,
}

impl Job {
    /// Whether it is at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.standing, Standing::Running)
    }
}

/// All jobs that are remembered.
#[derive(Debug, Clone, Default)]
pub struct Jobs(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    last: u64,
    jobs: BTreeMap<u64, Job>,
}

impl Jobs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job of this number.
    #[must_use]
    pub fn job(&self, connection: &ConnectionId, id: u64) -> Option<Job> {
        self.state().jobs.get(&id).filter(|job| job.connection == *connection).cloned()
    }

    /// The latest job of a connection that is about something of this kind.
    #[must_use]
    pub fn latest(&self, connection: &ConnectionId, of_kind: impl Fn(&Task) -> bool) -> Option<Job> {
        let state = self.state();
        state.jobs.values().rev().find(|job| job.connection == *connection && of_kind(&job.task)).cloned()
    }

    /// Sets a job to work; answers its number.
    pub fn begin<F>(&self, connection: &ConnectionId, task: Task, now: Timestamp, work: F) -> u64
    where
        F: Future<Output = Result<Answer, String>> + Send + 'static,
    {
        let id = {
            let mut state = self.state();
            state.last += 1;
            let id = state.last;
            while state.jobs.len() >= KEPT {
                // What is still at work is not forgotten.
                let Some(old) = state.jobs.values().find(|job| !job.is_running()).map(|job| job.id) else {
                    break;
                };
                state.jobs.remove(&old);
            }
            let connection = connection.clone();
            state.jobs.insert(id, Job { id, connection, task, began: now, standing: Standing::Running });
            id
        };
        let jobs = self.clone();
        tokio::spawn(async move {
            // A task of its own: should it break down, the job says so.
            let standing = match tokio::spawn(work).await {
                Ok(Ok(answer)) => Standing::Done(answer),
                Ok(Err(why)) => Standing::Failed(why),
                Err(error) => Standing::Failed(error.to_string()),
            };
            if let Some(job) = jobs.state().jobs.get_mut(&id) {
                job.standing = standing;
            }
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> ConnectionId {
        ConnectionId::new("one")
    }

    async fn ended(jobs: &Jobs, id: u64) -> Job {
        loop {
            let job = jobs.job(&one(), id).unwrap();
            if !job.is_running() {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_job_is_at_work_until_it_answers() {
        let jobs = Jobs::default();
        let now = Timestamp::UNIX_EPOCH;
        let (send, wait) = tokio::sync::oneshot::channel::<()>();
        let id = jobs.begin(&one(), Task::Settings, now, async {
            wait.await.unwrap();
            Ok(Answer::Undo(Arc::default()))
        });
        assert!(jobs.job(&one(), id).unwrap().is_running());
        assert!(jobs.job(&ConnectionId::new("other"), id).is_none(), "it belongs to its connection");
        send.send(()).unwrap();
        assert!(matches!(ended(&jobs, id).await.standing, Standing::Done(_)));
        assert_eq!(jobs.latest(&one(), |task| *task == Task::Settings).unwrap().id, id);
    }

    #[tokio::test]
    async fn a_job_that_fails_or_breaks_down_says_so() {
        let jobs = Jobs::default();
        let id = jobs.begin(&one(), Task::Settings, Timestamp::UNIX_EPOCH, async { Err("no".to_owned()) });
        assert!(matches!(ended(&jobs, id).await.standing, Standing::Failed(why) if why == "no"));
        let id = jobs.begin(&one(), Task::Settings, Timestamp::UNIX_EPOCH, async { panic!("broken") });
        assert!(matches!(ended(&jobs, id).await.standing, Standing::Failed(_)));
    }

    #[tokio::test]
    async fn old_answers_are_forgotten() {
        let jobs = Jobs::default();
        for _ in 0..2 * KEPT {
            let id = jobs.begin(&one(), Task::Settings, Timestamp::UNIX_EPOCH, async { Err(String::new()) });
            ended(&jobs, id).await;
        }
        assert_eq!(jobs.state().jobs.len(), KEPT);
    }
}

//! Set-ups that are not finished, and the sign-ins that have begun in them.

use jiff::SignedDuration;
use model::Side;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Draft;
use transport::World;

use super::Setup;
use super::answers::{Answers, Pending};
use super::error::{Refused, SetupError};
use crate::error::EngineError;

/// How long a sign-in may take.
const SIGN_IN: SignedDuration = SignedDuration::from_mins(15);

/// A text that nobody can guess.
pub(super) fn random(world: &World) -> String {
    (0..4).map(|_| format!("{:016x}", world.chance.bits())).collect()
}

impl Setup {
    /// The set-ups that are not finished, the one answered last first, with how far they are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn drafts(&self) -> Result<Vec<(Draft, Answers)>, SetupError> {
        let drafts = self.supervisor.store().drafts()?;
        drafts.into_iter().map(|draft| Ok((draft.clone(), read(&draft)?))).collect()
    }

    /// Begins a set-up and answers its id.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn begin(&self) -> Result<String, SetupError> {
        let id = format!("setup-{:016x}", self.supervisor.world().chance.bits());
        self.supervisor.store().put_draft(&id, &to_value(&Answers::default())?, self.now())?;
        Ok(id)
    }

    /// What has been answered in a set-up.
    ///
    /// # Errors
    /// When it is finished, or was discarded.
    pub fn answers(&self, draft: &str) -> Result<Answers, SetupError> {
        let draft = self.supervisor.store().draft(draft)?.ok_or(Refused::NoSuchDraft)?;
        read(&draft)
    }

    /// Forgets a set-up with everything that was answered in it. The access it holds ends with its own time.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn discard(&self, draft: &str) -> Result<(), SetupError> {
        self.forget(draft);
        Ok(self.supervisor.store().delete_draft(draft)?)
    }

    /// Changes what has been answered.
    pub(super) fn change(&self, draft: &str, change: impl FnOnce(&mut Answers)) -> Result<(), SetupError> {
        // One change at a time: two requests of one page must not undo each other's.
        let _one = self.changing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut answers = self.answers(draft)?;
        change(&mut answers);
        Ok(self.supervisor.store().put_draft(draft, &to_value(&answers)?, self.now())?)
    }

    /// Notes that a person goes to sign in, and answers by what the sign-in is known again.
    pub(super) fn begin_sign_in(&self, draft: &str, platform: Side) -> Result<String, SetupError> {
        let state = random(self.supervisor.world());
        let pending = Pending { platform, state: state.clone(), began_at: self.now() };
        self.change(draft, |answers| {
            // The latest counts.
            answers.pending.retain(|other| other.platform != platform);
            answers.pending.push(pending);
        })?;
        Ok(state)
    }

    /// The set-up that a sign-in was begun in. It counts once.
    pub(super) fn end_sign_in(&self, platform: Side, state: &str) -> Result<String, SetupError> {
        let now = self.now();
        for (draft, answers) in self.drafts()? {
            let own = |pending: &Pending| {
                pending.platform == platform
                    && !state.is_empty()
                    && pending.state == state
                    && now.duration_since(pending.began_at) < SIGN_IN
            };
            if answers.pending.iter().any(own) {
                self.change(&draft.id, |answers| answers.pending.retain(|pending| !own(pending)))?;
                return Ok(draft.id);
            }
        }
        Err(Refused::UnknownSignIn.into())
    }

    /// Seals something of a set-up.
    pub(super) fn seal<T: Serialize>(&self, draft: &str, name: &str, secret: &T) -> Result<(), SetupError> {
        let text = serde_json::to_string(secret).map_err(|_| unwritten())?;
        let key = &self.supervisor.credentials().key;
        Ok(self.supervisor.store().put_secret(key, draft, name, &text)?)
    }

    /// Opens what was sealed.
    pub(super) fn opened<T: DeserializeOwned>(
        &self,
        draft: &str,
        name: &str,
    ) -> Result<Option<T>, SetupError> {
        let key = &self.supervisor.credentials().key;
        let text = self.supervisor.store().secret(key, draft, name)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn read(draft: &Draft) -> Result<Answers, SetupError> {
    serde_json::from_value(draft.answers.clone()).map_err(|error| {
        let text = format!("the set-up {} cannot be read ({error}); discard it and begin anew", draft.id);
        SetupError::Engine(EngineError::Settings(text))
    })
}

fn to_value(answers: &Answers) -> Result<serde_json::Value, SetupError> {
    serde_json::to_value(answers).map_err(|_| unwritten())
}

fn unwritten() -> SetupError {
    SetupError::Engine(EngineError::Settings("what was answered cannot be written down".to_owned()))
}

//! Why a pass could not go on. Trouble with one record is not an error here: it is recorded and the rest goes on.

use crate::side::SideError;

/// Why a pass could not go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A platform could not be asked.
    #[error("{message}")]
    Platform {
        /// What happened and what to do.
        message: String,
        /// Whether it may pass by itself.
        passing: bool,
    },
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// It would have deleted or cleared too much, and stopped before it did.
    #[error(
        "The brake stopped this pass before it deleted or cleared anything. {0} If that is meant, `tandem resume \
         --release-brake` lets exactly that go on. If not, put it right where it was changed, then `tandem resume`."
    )]
    Brake(String),
    /// The settings do not fit.
    #[error("{0}")]
    Settings(String),
}

impl From<SideError> for EngineError {
    fn from(error: SideError) -> Self {
        Self::Platform { message: error.message, passing: error.passing }
    }
}

impl EngineError {
    /// Whether trying again later may help without a person doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Platform { passing: true, .. })
    }
}

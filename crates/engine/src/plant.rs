//! Mistakes that can be planted on purpose, to show that the simulation would find them.

use std::fmt;
use std::str::FromStr;

/// One deliberate mistake. A real engine has none; `simulation --plant` sets one and expects a seed to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A create is called without an intent on disk.
    NoIntent,
    /// After a write both sides get one shadow: what was sent, not what each stored.
    OneShadow,
    /// A poll starts exactly where the last one ended.
    NoOverlap,
    /// A mark is cleared even if it was set again while its record was worked on.
    NoGeneration,
    /// A create whose answer was lost is simply sent again.
    UnsafeRetry,
    /// Calls are counted in memory, so that a new process believes that none were made.
    ForgetsCalls,
}

impl Plant {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::NoIntent,
        Self::OneShadow,
        Self::NoOverlap,
        Self::NoGeneration,
        Self::UnsafeRetry,
        Self::ForgetsCalls,
    ];
}

impl fmt::Display for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIntent => "no-intent",
            Self::OneShadow => "one-shadow",
            Self::NoOverlap => "no-overlap",
            Self::NoGeneration => "no-generation",
            Self::UnsafeRetry => "unsafe-retry",
            Self::ForgetsCalls => "forgets-calls",
        })
    }
}

impl FromStr for Plant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|plant| plant.to_string() == text).ok_or_else(|| {
            let known = Self::ALL.map(|plant| plant.to_string()).join(", ");
            format!("there is no planted fault '{text}'; choose one of {known}")
        })
    }
}

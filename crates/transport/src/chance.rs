//! Chance, seeded from outside.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of chance that can be shared and, given a seed, replayed.
#[derive(Debug, Clone)]
pub struct Chance(Arc<Mutex<ChaCha8Rng>>);

impl Chance {
    /// The same seed gives the same draws.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(seed))))
    }

    /// Seeded by the operating system.
    #[must_use]
    pub fn from_system() -> Self {
        Self::from_seed(rand::rng().next_u64())
    }

    /// The next 64 random bits.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }

    /// Between half of `base` and all of it, so that many callers do not come back at the same moment.
    #[must_use]
    pub fn jitter(&self, base: Duration) -> Duration {
        let share = self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.5..=1.0);
        base.mul_f64(share)
    }
}

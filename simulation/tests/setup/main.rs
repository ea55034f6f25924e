//! Setting connections up and keeping several at work, through the real engine and simulated accounts and orgs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod place;
mod supervisor;
mod wizard;

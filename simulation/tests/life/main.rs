//! The life of a record, through the real engine and both simulators: who is inside, what becomes of deleted, merged and
//! converted records, and the brake.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod brake;
mod deletes;
mod inside;
mod merges;
mod place;

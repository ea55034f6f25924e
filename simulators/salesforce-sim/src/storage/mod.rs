//! How records are kept: packed, and in parts that a copy of the org shares until one of the two changes.

mod index;
mod packed;
mod rows;
mod sorted;

pub(crate) use index::{Index, hash};
pub(crate) use packed::Stored;
pub(crate) use rows::Rows;
pub(crate) use sorted::Sorted;

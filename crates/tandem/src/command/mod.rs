//! One file for each command.

pub mod admin;
pub mod campaign;
pub mod check;
pub mod demo;
pub mod errors;
pub mod import;
pub mod lists;
pub mod mappings;
pub mod package;
pub mod pause;
pub mod plan;
pub mod remote;
pub mod serve;
pub mod settings;
pub mod sim;
pub mod sync;
pub mod undo;

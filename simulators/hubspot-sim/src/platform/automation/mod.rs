//! Sequences and workflows: samples to enrol contacts in, and who is enrolled.

pub(crate) mod sequences;
pub(crate) mod workflows;

use sequences::Sequences;
use workflows::Workflows;

/// The automation of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Automation {
    pub(crate) sequences: Sequences,
    pub(crate) workflows: Workflows,
}

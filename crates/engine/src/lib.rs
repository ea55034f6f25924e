//! Detect, hydrate, reconcile, apply: the one room that knows both sides.
//!
//! Sync is level-triggered. A poll or a hint only marks a record; work reads what both sides hold now, plans with the
//! pure merge of `model`, writes the difference in batches and records what came of it. The path runs one way.
//!
//! Time, chance and transport come in with a [`transport::World`]; nothing here reaches around it.

mod access;
mod accounts;
mod activities;
mod brake;
mod budget;
mod campaigns;
mod change;
mod choices;
mod connection;
mod create;
mod credentials;
mod custom;
mod delete;
mod described;
mod detect;
pub mod embed;
mod error;
mod events;
mod figures;
mod import;
mod inside;
mod keys;
mod lines;
mod look;
mod mappings;
mod options;
mod owners;
pub mod package;
mod pair;
mod pipelines;
mod place;
mod plan;
mod plant;
mod reconcile;
mod references;
mod remedy;
mod retry;
mod run;
mod schema;
mod settings;
mod side;
mod succeed;
mod supervisor;
mod sweep;
mod undo;
mod waiting;
mod work;

pub use access::{HubSpotAccess, SalesforceAccess};
pub use brake::{BrakeReport, BrakeStop, brake_report, resume_after_brake};
pub use budget::BudgetState;
pub use campaigns::{CAMPAIGN_STATUSES_PROPERTY, CAMPAIGNS_PROPERTY, Campaign, Joined};
pub use change::Recommended;
pub use connection::{Connection, check_mappings};
pub use credentials::{Credentials, Environment, EventSource, GivenApp};
pub use custom::{CustomObjectPlan, NewObject};
pub use error::EngineError;
pub use events::Events;
pub use figures::{Figures, SideFigures};
pub use import::{Chosen, Import, ImportProgress, ImportRefusal, ImportSummary};
pub use look::{Look, LookField, NamedPair};
pub use mappings::ChoiceDrift;
pub use options::Options;
pub use pipelines::{PlannedPipeline, PlannedStage, create_pipelines, plan_pipelines};
pub use plan::{Action, Plan, PlanCount, PlannedField, PlannedRecord};
pub use plant::Plant;
pub use remedy::{Category, Remedy, all as remedies, for_code as remedy_for};
pub use retry::retry;
pub use run::{Stop, Stopper, stopper};
pub use schema::MappingProblem;
pub use settings::{
    Activity, ActivityMapping, ActivitySettings, Brake, Budget, CreateAs, NeedsContact, OwnerPair,
    OwnerSettings, Settings, UnmatchedOwner,
};
pub use side::{HUBSPOT_MARKER, SALESFORCE_MARKER, Segment};
pub use supervisor::Supervisor;
pub use undo::{UndoAction, UndoOutcome, UndoPlan, UndoScope, UndoStep};

//! What Tandem is about, as types: values and their conversion, mappings, the merge and the plan.
//!
//! No I/O, no async, no clock, no chance: everything comes in as an argument, so that what is decided here can be
//! checked against the rules table by table.

mod convert;
pub mod defaults;
mod field;
mod ids;
mod mapping;
mod merge;
mod merge_reference;
mod merge_references;
mod merge_special;
mod new_property;
mod plan;
mod rule;
mod side;
mod suggest;
mod value;
pub mod wire;

pub use convert::{
    ConvertContext, Misfit, References, choice_fits, convert, equivalent, same_stored, same_text,
};
pub use field::{Access, ChoiceList, ChoiceOption, Field, Kind, OWNERS, TextFormat, is_owner};
pub use ids::{ConnectionId, salesforce_id_18};
pub use mapping::{
    ChoiceMap, ChoiceText, FieldMapping, FieldPair, MappingRefused, MatchBy, ObjectMapping, OnDelete,
    OnMisfit, OnMissingChoice, PipelineMapping, written_twice,
};
pub use merge::{Decision, EditTime, merge};
pub use new_property::{NewProperty, PROPERTY_GROUP, PROPERTY_GROUP_LABEL};
pub use plan::{CreatePlan, Declined, FieldMisfit, FieldWrite, PairPlan, PairView, plan_create, plan_pair};
pub use rule::{Reason, SyncRule};
pub use side::{Side, Sides};
pub use suggest::{Confidence, LeftOut, SuggestedBy, Suggestion, Suggestions, suggest};
pub use value::{Value, Values};

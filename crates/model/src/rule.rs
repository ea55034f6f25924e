//! Sync rules, and the reasons they give.

use serde::{Deserialize, Serialize};

use crate::Side;

/// Which way a field flows, and who wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncRule {
    /// Salesforce's value stands unless it is blank.
    #[default]
    PreferSalesforce,
    /// Salesforce's value stands, blank or not.
    AlwaysSalesforce,
    /// The later edit stands.
    TwoWay,
    /// HubSpot's value stands unless it is blank.
    #[serde(rename = "prefer_hubspot")]
    PreferHubSpot,
    /// HubSpot's value stands, blank or not.
    #[serde(rename = "always_hubspot")]
    AlwaysHubSpot,
    /// Of several choices, what either side added or dropped is added or dropped on both.
    Union,
    /// An opt-out: opting out on either side opts out on both, and only HubSpot's contact can opt in again.
    OptOut,
    /// Two-way, except that HubSpot's stage never moves backwards.
    Forward,
    /// Nothing flows.
    DontSync,
}

impl SyncRule {
    /// Every rule that fits fields of any meaning.
    pub const ALL: [Self; 7] = [
        Self::PreferSalesforce,
        Self::AlwaysSalesforce,
        Self::TwoWay,
        Self::PreferHubSpot,
        Self::AlwaysHubSpot,
        Self::Union,
        Self::DontSync,
    ];

    /// The name people see.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PreferSalesforce => "Prefer Salesforce unless blank",
            Self::AlwaysSalesforce => "Always use Salesforce",
            Self::TwoWay => "Two-way",
            Self::PreferHubSpot => "Prefer HubSpot unless blank",
            Self::AlwaysHubSpot => "Always use HubSpot",
            Self::Union => "Two-way, union of choices",
            Self::OptOut => "Opt-out on either side",
            Self::Forward => "Two-way, only forward in HubSpot",
            Self::DontSync => "Don't sync",
        }
    }

    /// Whether the rule may ever write to `side`.
    #[must_use]
    pub fn writes(self, side: Side) -> bool {
        match self {
            Self::DontSync => false,
            Self::AlwaysSalesforce => side == Side::HubSpot,
            Self::AlwaysHubSpot => side == Side::Salesforce,
            _ => true,
        }
    }

    /// The rule with the sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::PreferSalesforce => Self::PreferHubSpot,
            Self::AlwaysSalesforce => Self::AlwaysHubSpot,
            Self::PreferHubSpot => Self::PreferSalesforce,
            Self::AlwaysHubSpot => Self::AlwaysSalesforce,
            same => same,
        }
    }
}

/// Why a value was written or declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Only HubSpot's value had changed.
    #[serde(rename = "only_hubspot_changed")]
    OnlyHubSpotChanged,
    /// Only Salesforce's value had changed.
    OnlySalesforceChanged,
    /// The rule ranks Salesforce's value higher.
    SalesforceRanksHigher,
    /// The rule ranks HubSpot's value higher.
    #[serde(rename = "hubspot_ranks_higher")]
    HubSpotRanksHigher,
    /// Salesforce held nothing, so HubSpot's value fills it.
    FillsBlankInSalesforce,
    /// HubSpot held nothing, so Salesforce's value fills it.
    #[serde(rename = "fills_blank_in_hubspot")]
    FillsBlankInHubSpot,
    /// Both had changed; the edit in HubSpot was later.
    #[serde(rename = "hubspot_edited_later")]
    HubSpotEditedLater,
    /// Both had changed; the edit in Salesforce was later.
    SalesforceEditedLater,
    /// Both had changed at the same or an unknown time, and then Salesforce stands.
    SameOrUnknownTime,
    /// What either side added or dropped was added or dropped.
    Union,
    /// One side says that the contact opted out.
    OptedOut,
    /// HubSpot's stage does not move backwards.
    OnlyForward,
}

impl Reason {
    /// The name in the store and in `--json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlyHubSpotChanged => "only_hubspot_changed",
            Self::OnlySalesforceChanged => "only_salesforce_changed",
            Self::SalesforceRanksHigher => "salesforce_ranks_higher",
            Self::HubSpotRanksHigher => "hubspot_ranks_higher",
            Self::FillsBlankInSalesforce => "fills_blank_in_salesforce",
            Self::FillsBlankInHubSpot => "fills_blank_in_hubspot",
            Self::HubSpotEditedLater => "hubspot_edited_later",
            Self::SalesforceEditedLater => "salesforce_edited_later",
            Self::SameOrUnknownTime => "same_or_unknown_time",
            Self::Union => "union",
            Self::OptedOut => "opted_out",
            Self::OnlyForward => "only_forward",
        }
    }

    /// The reason in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OnlyHubSpotChanged => "Only the HubSpot value had changed.",
            Self::OnlySalesforceChanged => "Only the Salesforce value had changed.",
            Self::SalesforceRanksHigher => "The rule ranks the Salesforce value higher.",
            Self::HubSpotRanksHigher => "The rule ranks the HubSpot value higher.",
            Self::FillsBlankInSalesforce => "Salesforce held nothing, so the HubSpot value fills it.",
            Self::FillsBlankInHubSpot => "HubSpot held nothing, so the Salesforce value fills it.",
            Self::HubSpotEditedLater => "Both had changed; the edit in HubSpot was the later one.",
            Self::SalesforceEditedLater => "Both had changed; the edit in Salesforce was the later one.",
            Self::SameOrUnknownTime => {
                "Both had changed at the same or an unknown time; then Salesforce stands."
            }
            Self::OptedOut => "The contact opted out on one side; that holds for both.",
            Self::OnlyForward => "The stage in HubSpot does not move backwards.",
            Self::Union => "What either side added or dropped was added or dropped on the other.",
        }
    }

    /// The reason with the sides exchanged. A tie has no mirror: Salesforce wins it under every rule.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::OnlyHubSpotChanged => Self::OnlySalesforceChanged,
            Self::OnlySalesforceChanged => Self::OnlyHubSpotChanged,
            Self::SalesforceRanksHigher => Self::HubSpotRanksHigher,
            Self::HubSpotRanksHigher => Self::SalesforceRanksHigher,
            Self::FillsBlankInSalesforce => Self::FillsBlankInHubSpot,
            Self::FillsBlankInHubSpot => Self::FillsBlankInSalesforce,
            Self::HubSpotEditedLater => Self::SalesforceEditedLater,
            Self::SalesforceEditedLater => Self::HubSpotEditedLater,
            same => same,
        }
    }
}

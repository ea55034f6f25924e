//! People (and queues) that records can belong to.

use serde::Deserialize;

use crate::lenient;

/// A person or queue that records can belong to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The id that `hubspot_owner_id` holds; not the user's id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Address.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub email: Option<String>,
    /// `PERSON` or `QUEUE`.
    #[serde(default, rename = "type", deserialize_with = "lenient::optional_text")]
    pub kind: Option<String>,
    /// First name.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub last_name: Option<String>,
    /// The user's id; none once the user has left.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub user_id: Option<String>,
    /// The user's id even after the user has left.
    #[serde(default, deserialize_with = "lenient::optional_text")]
    pub user_id_including_inactive: Option<String>,
    /// Whether the user has left.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// Teams.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub teams: Vec<Team>,
}

/// A team an owner is in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Team {
    /// Id.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    /// Whether it is the owner's main team.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub primary: bool,
}

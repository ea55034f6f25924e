//! People (and queues) that records can belong to.

use http::Method;
use serde::Deserialize;

use crate::client::Call;
use crate::{Client, Error, lenient};

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

#[derive(Deserialize)]
struct OwnerPage {
    results: Vec<Owner>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    paging: Paging,
}

/// The `paging` of any list.
#[derive(Default, Deserialize)]
pub(crate) struct Paging {
    #[serde(default, deserialize_with = "lenient::or_default")]
    next: NextPage,
}

#[derive(Default, Deserialize)]
struct NextPage {
    #[serde(default, deserialize_with = "lenient::optional_text")]
    after: Option<String>,
}

impl Paging {
    pub(crate) fn after(self) -> Option<String> {
        self.next.after
    }
}

impl Client {
    /// All owners; `archived` asks for those who left instead.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn owners(&self, archived: bool) -> Result<Vec<Owner>, Error> {
        let mut owners = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let mut call = Call::new("listing owners", Method::GET, self.inner().paths.owners())
                .query("limit", "100")
                .query("archived", archived.to_string());
            if let Some(after) = after.take() {
                call = call.query("after", after);
            }
            let page: OwnerPage = self.ask(&call).await?;
            owners.extend(page.results);
            after = page.paging.after();
            if after.is_none() {
                return Ok(owners);
            }
        }
    }
}

//! List views: the query behind one.

use http::Method;
use serde::Deserialize;

use crate::client::{Call, segment};
use crate::{Client, Error};

#[derive(Deserialize)]
struct Described {
    query: String,
}

impl Client {
    /// The query that a list view shows the answer of; none where there is no such view.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn list_view_query(&self, object: &str, id: &str) -> Result<Option<String>, Error> {
        let path = self.data(&format!("/sobjects/{}/listviews/{}/describe", segment(object), segment(id)));
        let call = Call::new(format!("reading list view {id}"), Method::GET, path);
        match self.ask::<Described>(&call).await {
            Ok(described) => Ok(Some(described.query)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

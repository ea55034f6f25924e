//! Single records.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Call, decode, segment};
use crate::retry::Repeat;
use crate::{Client, Error, Fields, Row, RowResult};

#[derive(Deserialize)]
struct Saved {
    id: String,
    created: Option<bool>,
}

impl Client {
    /// One record; none where it does not exist (or the user may not see it).
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn get(&self, object: &str, id: &str, fields: &[String]) -> Result<Option<Row>, Error> {
        let mut call = Call::new(format!("reading {object} {id}"), Method::GET, self.record_path(object, id));
        if !fields.is_empty() {
            call = call.query("fields", fields.join(","));
        }
        match self.ask::<Value>(&call).await {
            Ok(value) => Ok(Some(Row::from_json(value))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates one record and returns its id. Never sent twice: a lost answer is `Error::Ambiguous`.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn create(&self, object: &str, fields: &Fields) -> Result<String, Error> {
        let what = format!("creating a record of {object}");
        let path = self.data(&format!("/sobjects/{}", segment(object)));
        let call = Call::new(what.as_str(), Method::POST, path).json(&Value::Object(fields.clone()));
        let answer = self.inner().send(&call).await?;
        // It was created, whatever the body looks like.
        let unread = |error: Error| Error::Ambiguous { what: what.clone(), reason: error.to_string() };
        Ok(decode::<Saved>(&what, &answer.body).map_err(unread)?.id)
    }

    /// Changes one record; with `unchanged_since`, only where it has not changed after that moment
    /// (`Error::Changed`), and then sent once only.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn update(
        &self,
        object: &str,
        id: &str,
        fields: &Fields,
        unchanged_since: Option<Timestamp>,
    ) -> Result<(), Error> {
        let what = format!("changing {object} {id}");
        let mut call = Call::new(what, Method::PATCH, self.record_path(object, id));
        if let Some(moment) = unchanged_since {
            let moment = moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            // Sent again after its own effect, it would find the record changed by itself.
            call = call.header("If-Unmodified-Since", moment).repeat(Repeat::Never);
        }
        self.inner().send(&call.json(&Value::Object(fields.clone()))).await.map(drop)
    }

    /// Creates or changes the record with this external id. `created` is not known where the call was repeated.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses; status 300 where several records have that external id.
    pub async fn upsert(
        &self,
        object: &str,
        id_field: &str,
        value: &str,
        fields: &Fields,
    ) -> Result<RowResult, Error> {
        let what = format!("creating or changing {object} with {id_field} {value}");
        let path = format!("/sobjects/{}/{}/{}", segment(object), segment(id_field), segment(value));
        let mut fields = fields.clone();
        // Salesforce refuses the key in the body.
        fields.retain(|name, _| !name.eq_ignore_ascii_case(id_field) && !name.eq_ignore_ascii_case("Id"));
        let call = Call::new(what.as_str(), Method::PATCH, self.data(&path)).json(&Value::Object(fields));
        let answer = self.inner().send(&call).await?;
        let saved: Saved = decode(&what, &answer.body)?;
        let created = saved.created.filter(|created| *created || !answer.repeated);
        Ok(RowResult::Ok { id: saved.id, created, call: answer.id })
    }

    /// Deletes one record; one that is gone already is no error.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn delete(&self, object: &str, id: &str) -> Result<(), Error> {
        let call = Call::new(format!("deleting {object} {id}"), Method::DELETE, self.record_path(object, id));
        match self.inner().send(&call).await {
            Ok(_) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) if error.code() == Some("ENTITY_IS_DELETED") => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn record_path(&self, object: &str, id: &str) -> String {
        self.data(&format!("/sobjects/{}/{}", segment(object), segment(id)))
    }
}

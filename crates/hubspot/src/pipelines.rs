//! Pipelines and their stages.

use std::collections::BTreeMap;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::Call;
use crate::{Client, Error, lenient};

/// A pipeline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Id, the value that records hold.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Place among the others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub display_order: i64,
    /// Whether it is out of use.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// Its stages.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Id, the value that records hold.
    #[serde(deserialize_with = "lenient::text")]
    pub id: String,
    /// Name shown to people.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub label: String,
    /// Place among the others.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub display_order: i64,
    /// Whether it is out of use.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub archived: bool,
    /// `isClosed` and `probability` of deals, `ticketState` of tickets.
    #[serde(default, deserialize_with = "lenient::values")]
    pub metadata: BTreeMap<String, Option<String>>,
}

/// A pipeline to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPipeline {
    /// Name shown to people; no two pipelines of an object share it.
    pub label: String,
    /// Place among the others.
    pub display_order: i64,
    /// Its stages.
    pub stages: Vec<NewStage>,
}

/// A stage to be made.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewStage {
    /// Name shown to people.
    pub label: String,
    /// Place among the others.
    pub display_order: i64,
    /// `probability` of deals, `ticketState` of tickets.
    pub metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct PipelineList {
    results: Vec<Pipeline>,
}

impl Client {
    /// The pipelines of an object, with their stages.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses.
    pub async fn pipelines(&self, object: &str) -> Result<Vec<Pipeline>, Error> {
        let path = self.inner().paths.pipelines(object);
        let list: PipelineList =
            self.ask(&Call::new(format!("listing pipelines of {object}"), Method::GET, path)).await?;
        Ok(list.results)
    }

    /// Makes a pipeline with its stages. It is not sent again once its answer was lost.
    ///
    /// # Errors
    /// When HubSpot cannot be asked or refuses, for example a name that is taken.
    pub async fn create_pipeline(&self, object: &str, pipeline: &NewPipeline) -> Result<Pipeline, Error> {
        let what = format!("making the pipeline {} of {object}", pipeline.label);
        let call = Call::new(what, Method::POST, self.inner().paths.pipelines(object));
        self.ask(&call.json(serde_json::json!(pipeline))).await
    }
}

//! Deploying a package by the Metadata API, and watching it go in.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Call, segment};
use crate::{Client, Error, lenient};

/// Separates the parts of the request; random enough never to stand in a zip.
const BOUNDARY: &str = "tandem-0b6ff1c0e8f24f0c9f4f7a2b51d3ae67";

/// How a deployment stands.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// `Pending`, `InProgress`, `Succeeded`, `SucceededPartial`, `Failed`, `Canceling` or `Canceled`.
    pub status: String,
    /// Whether it has ended.
    pub done: bool,
    /// Whether everything went in.
    pub success: bool,
    /// Components there are.
    #[serde(deserialize_with = "lenient::or_default")]
    pub number_components_total: u32,
    /// Components that went in.
    #[serde(deserialize_with = "lenient::or_default")]
    pub number_components_deployed: u32,
    /// Components that did not.
    #[serde(deserialize_with = "lenient::or_default")]
    pub number_component_errors: u32,
    /// What is being done at the moment.
    #[serde(deserialize_with = "lenient::or_default")]
    pub state_detail: Option<String>,
    /// Why it failed as a whole.
    #[serde(deserialize_with = "lenient::or_default")]
    pub error_message: Option<String>,
    /// What became of each component.
    #[serde(deserialize_with = "lenient::or_default")]
    pub details: DeployDetails,
}

/// What became of each component.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeployDetails {
    /// Those that did not go in.
    #[serde(deserialize_with = "lenient::or_default")]
    pub component_failures: Vec<DeployMessage>,
}

/// What is wrong with a component.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeployMessage {
    /// Its kind, such as `CustomField`.
    #[serde(deserialize_with = "lenient::or_default")]
    pub component_type: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "lenient::or_default")]
    pub full_name: String,
    /// What Salesforce has against it.
    #[serde(deserialize_with = "lenient::or_default")]
    pub problem: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    id: String,
    deploy_result: Deployment,
}

impl Client {
    /// Starts to deploy a zip in metadata format, all of it or nothing, and answers the deployment's id. What is there
    /// already is replaced, so that deploying the same twice does no harm. `tests` are the package's own: production orgs take no
    /// class without.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn deploy(&self, zip: &[u8], tests: &[&str]) -> Result<String, Error> {
        let level = if tests.is_empty() { "NoTestRun" } else { "RunSpecifiedTests" };
        let options = json!({ "deployOptions": {
            "singlePackage": true, "rollbackOnError": true, "checkOnly": false, "testLevel": level, "runTests": tests,
            "allowMissingFiles": false, "ignoreWarnings": true, "autoUpdatePackage": false, "purgeOnDelete": false,
        } });
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"json\"\r\nContent-Type: application/json\r\n\r\n{options}\
             \r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"package.zip\"\r\n\
             Content-Type: application/zip\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), zip, tail.as_bytes()].concat();
        let call = Call::new("deploying the package", Method::POST, self.data("/metadata/deployRequest"))
            .bytes(format!("multipart/form-data; boundary={BOUNDARY}"), Bytes::from(body));
        Ok(self.ask::<Answer>(&call).await?.id)
    }

    /// How a deployment stands.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses, or has forgotten the deployment.
    pub async fn deployment(&self, id: &str) -> Result<Deployment, Error> {
        let path = self.data(&format!("/metadata/deployRequest/{}", segment(id)));
        let call = Call::new("watching a deployment", Method::GET, path).query("includeDetails", "true");
        let answer: Answer = self.ask(&call).await?;
        Ok(Deployment { id: answer.id, ..answer.deploy_result })
    }
}

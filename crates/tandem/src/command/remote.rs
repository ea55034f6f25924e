//! `tandem remote`: a running Tandem, asked and told over its API. It prints what the API answers, as JSON.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use transport::{Request, World};
use url::Url;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the running Tandem is
    #[arg(long, env = "TANDEM_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    server: Url,
    /// An API token, from the page "API tokens"; the demo needs none
    #[arg(long, env = "TANDEM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The connection; the oldest where none is named
    #[arg(long, value_name = "ID")]
    connection: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Who the token is of, and what it may do
    Me,
    /// All connections
    Connections,
    /// What is in step, what waits, how the last run ended
    Status,
    /// What could not be synced
    Errors,
    /// What was written, and why
    History,
    /// Look at both sides now
    Sync,
    /// What the next pass would do; nothing is written
    Plan,
    /// Let changes wait
    Pause,
    /// Go on after a pause
    Resume {
        /// Let what the brake stopped be done, and nothing beyond it
        #[arg(long)]
        release_brake: bool,
    },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let server = Server { world: World::real()?, base: &arguments.server, token: arguments.token.as_deref() };
    let (method, path, body) = match arguments.what {
        What::Me => ("GET", "/api/v1/me".to_owned(), None),
        What::Connections => ("GET", "/api/v1/connections".to_owned(), None),
        what => {
            let id = match arguments.connection {
                Some(id) => id,
                None => server.oldest().await?,
            };
            let (method, last, body) = match what {
                What::Errors => ("GET", "errors", None),
                What::History => ("GET", "history", None),
                What::Sync => ("POST", "sync", None),
                What::Plan => ("POST", "plan", None),
                What::Pause => ("POST", "pause", None),
                What::Resume { release_brake } => {
                    ("POST", "resume", Some(json!({ "release_brake": release_brake })))
                }
                What::Status | What::Me | What::Connections => ("GET", "status", None),
            };
            (method, format!("/api/v1/connections/{id}/{last}"), body)
        }
    };
    let answer = server.ask(method, &path, body).await?;
    if !answer.is_null() {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    }
    Ok(())
}

struct Server<'a> {
    world: World,
    base: &'a Url,
    token: Option<&'a str>,
}

impl Server<'_> {
    /// The id of the oldest connection.
    async fn oldest(&self) -> anyhow::Result<String> {
        let all = self.ask("GET", "/api/v1/connections", None).await?;
        let id = all.get(0).and_then(|first| first.get("id")).and_then(Value::as_str);
        Ok(id.context("nothing is connected there yet")?.to_owned())
    }

    /// What the API answers; what it refuses is an error, in its own words.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let address = self.base.join(path).context("the address of the server cannot be understood")?;
        let mut request = Request::new(body.as_ref().map(ToString::to_string).unwrap_or_default().into());
        *request.method_mut() = method.parse()?;
        *request.uri_mut() = address.as_str().parse()?;
        if let Some(token) = self.token {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        if body.is_some() {
            request.headers_mut().insert("content-type", "application/json".parse()?);
        }
        let answer = self.world.transport.send(request).await?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let value = if text.is_empty() { Some(Value::Null) } else { serde_json::from_str(&text).ok() };
        match value {
            Some(value) if answer.status().is_success() => Ok(value),
            Some(problem) if problem.get("title").is_some() => {
                let of =
                    |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                bail!("{}. {}", of("title"), of("detail"))
            }
            _ => bail!("{} answered {}; is it a Tandem?", self.base, answer.status()),
        }
    }
}

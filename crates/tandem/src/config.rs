//! The configuration: settings from one file, secrets and addresses from the environment.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use engine::{
    ActivitySettings, Brake, Budget, CreateAs, Credentials, Environment, GivenApp, NeedsContact,
    OwnerSettings, Settings,
};
use model::ObjectMapping;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::SecretKey;
use url::Url;

/// The form of the settings file that this program writes.
const VERSION: u32 = 1;
/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "tandem.toml";
/// HubSpot's own address.
const HUBSPOT: &str = "https://api.hubapi.com";

/// What `tandem.toml` may say.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Which form of this file it is.
    version: Option<u32>,
    /// What a new HubSpot contact becomes in Salesforce.
    create_contacts_as: Option<CreateAs>,
    /// Whether records without email are created on the other side.
    create_without_email: Option<bool>,
    /// Whether a HubSpot company makes an account only if one of its contacts is in step.
    account_needs_contact: Option<NeedsContact>,
    /// Seconds between two polls of HubSpot.
    hubspot_poll_seconds: Option<u64>,
    /// Seconds between two polls of Salesforce.
    salesforce_poll_seconds: Option<u64>,
    /// Whether a person chose the mappings, as they did where nothing is said. Of automatic ones, what a platform does not
    /// have is left out; it is an error in those that were chosen.
    chosen: Option<bool>,
    /// The objects in step and their fields, in place of the recommended ones.
    objects: Option<Vec<ObjectMapping>>,
    /// How owners go together.
    owners: Option<OwnerSettings>,
    /// Which activities cross over.
    activities: Option<ActivitySettings>,
    /// Whether Salesforce campaigns and their members are kept in HubSpot.
    campaigns: Option<bool>,
    /// When a pass stops and asks.
    brake: Option<Brake>,
    /// How many Salesforce calls may be made.
    budget: Option<Budget>,
}

/// Everything a command needs to know before it asks anybody.
#[derive(Debug, Clone)]
pub struct Config {
    pub settings: Settings,
    /// Whether a file says the settings; else those that are kept stand, and the recommended ones where none are.
    pub from_file: bool,
    pub options: engine::Options,
    pub hubspot: hubspot::Auth,
    pub hubspot_url: Url,
    pub salesforce: salesforce::Auth,
}

/// A variable of the environment that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The address that people and platforms call, where it is set.
pub fn public_url() -> Option<String> {
    variable("TANDEM_PUBLIC_URL")
}

fn url(name: &str, value: &str) -> anyhow::Result<Url> {
    let parsed = Url::parse(value)
        .with_context(|| format!("{name} is '{value}', which is no address; write it as https://…"))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
        bail!("{name} is '{value}'; an address starts with https://");
    }
    Ok(parsed)
}

/// Reads a settings file. A line that cannot be read is named with its place.
fn read_file(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let file: File = toml::from_str(&text).with_context(|| {
        format!("{} cannot be understood; correct the place shown and try again", path.display())
    })?;
    validate(&file).with_context(|| format!("{} cannot be used", path.display()))?;
    Ok(file)
}

/// What a form of the file cannot say by itself. The key is named.
fn validate(file: &File) -> anyhow::Result<()> {
    if let Some(version) = file.version.filter(|version| *version > VERSION) {
        bail!("version: {version} is of a later Tandem; this one reads files up to version {VERSION}");
    }
    let budget = file.budget.unwrap_or_default();
    let shares = [
        ("brake.percent", file.brake.unwrap_or_default().percent),
        ("budget.reserve_percent", budget.reserve_percent),
        ("budget.leave_percent", budget.leave_percent),
    ];
    for (key, share) in shares {
        if share > 100 {
            bail!("{key}: {share} is more than the whole; give a share from 0 to 100");
        }
    }
    let objects = file.objects.as_deref().unwrap_or_default();
    for (index, object) in objects.iter().enumerate() {
        let pair = (&object.hubspot_object, &object.salesforce_object);
        if objects.iter().take(index).any(|known| (&known.hubspot_object, &known.salesforce_object) == pair) {
            bail!(
                "objects[{index}]: {} and {} are mapped twice; put their fields into one of the two",
                pair.0,
                pair.1
            );
        }
    }
    Ok(())
}

/// Settings as a file that says all of them.
pub fn to_toml(settings: &Settings) -> anyhow::Result<String> {
    let file = File {
        version: Some(VERSION),
        create_contacts_as: Some(settings.create_contacts_as),
        create_without_email: Some(settings.create_without_email),
        account_needs_contact: Some(settings.account_needs_contact),
        hubspot_poll_seconds: None,
        salesforce_poll_seconds: None,
        chosen: Some(settings.chosen),
        objects: Some(settings.objects.clone()),
        owners: Some(settings.owners.clone()),
        activities: Some(settings.activities.clone()),
        campaigns: Some(settings.campaigns),
        brake: Some(settings.brake),
        budget: Some(settings.budget),
    };
    toml::to_string(&file).context("the settings cannot be written as a file")
}

/// Reads the file (the named one, or `tandem.toml` where there is one) and the environment.
pub fn read(file: Option<&PathBuf>) -> anyhow::Result<Config> {
    let (settings, options, from_file) = settings(file)?;
    let token = variable("HUBSPOT_TOKEN").context(
        "HUBSPOT_TOKEN is not set; it holds the access token of a HubSpot private app or service key",
    )?;
    Ok(Config {
        settings,
        from_file,
        options,
        hubspot: hubspot::Auth::Token(SecretString::from(token)),
        hubspot_url: hubspot_url()?,
        salesforce: salesforce_auth()?,
    })
}

/// As [`read`], where connections may also be made in the browser: nothing where the environment gives no access.
pub fn read_if_given(file: Option<&PathBuf>) -> anyhow::Result<Option<Config>> {
    // Settings that cannot be read are told, whoever is going to use them.
    settings(file)?;
    if variable("HUBSPOT_TOKEN").is_none() { Ok(None) } else { read(file).map(Some) }
}

/// What the operator gives to connections that are made in the browser.
pub fn credentials(
    key: SecretKey,
    file: Option<&PathBuf>,
    config: Option<&Config>,
) -> anyhow::Result<Credentials> {
    let app = |platform: &str| GivenApp {
        client_id: variable(&format!("{platform}_CLIENT_ID")),
        client_secret: variable(&format!("{platform}_CLIENT_SECRET")).map(SecretString::from),
    };
    let address = |name: &str| variable(name).map(|value| url(name, &value)).transpose();
    let given = Credentials::new(key)?;
    Ok(Credentials {
        hubspot_api: hubspot_url()?,
        hubspot_web: address("HUBSPOT_WEB_URL")?.unwrap_or(given.hubspot_web),
        hubspot_app: app("HUBSPOT"),
        salesforce_login: address("SALESFORCE_LOGIN_URL")?,
        salesforce_app: app("SALESFORCE"),
        environment: config.map(|config| Environment {
            hubspot: config.hubspot.clone(),
            salesforce: config.salesforce.clone(),
        }),
        public_url: address("TANDEM_PUBLIC_URL")?,
        options: settings(file)?.1,
        ..Credentials::new(given.key)?
    })
}

fn hubspot_url() -> anyhow::Result<Url> {
    url("HUBSPOT_BASE_URL", &variable("HUBSPOT_BASE_URL").unwrap_or_else(|| HUBSPOT.to_owned()))
}

/// The settings and options of the file, and whether there is one.
fn settings(file: Option<&PathBuf>) -> anyhow::Result<(Settings, engine::Options, bool)> {
    let path = match file {
        Some(path) => Some(path.as_path()),
        None => Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()),
    };
    let from_file = path.is_some();
    let file = path.map(read_file).transpose()?.unwrap_or_default();
    let mut settings = Settings::recommended();
    settings.create_contacts_as = file.create_contacts_as.unwrap_or(settings.create_contacts_as);
    settings.create_without_email = file.create_without_email.unwrap_or(settings.create_without_email);
    settings.account_needs_contact = file.account_needs_contact.unwrap_or(settings.account_needs_contact);
    if let Some(objects) = file.objects {
        settings.objects = objects;
        settings.chosen = file.chosen.unwrap_or(true);
    }
    settings.owners = file.owners.unwrap_or(settings.owners);
    settings.activities = file.activities.unwrap_or(settings.activities);
    settings.campaigns = file.campaigns.unwrap_or(settings.campaigns);
    settings.brake = file.brake.unwrap_or(settings.brake);
    settings.budget = file.budget.unwrap_or(settings.budget);
    let mut options = engine::Options::default();
    let seconds = |seconds: u64| std::time::Duration::from_secs(seconds.max(1));
    if let Some(interval) = file.hubspot_poll_seconds {
        options.poll_interval.hubspot = seconds(interval);
    }
    if let Some(interval) = file.salesforce_poll_seconds {
        options.poll_interval.salesforce = seconds(interval);
    }
    Ok((settings, options, from_file))
}

fn salesforce_auth() -> anyhow::Result<salesforce::Auth> {
    let token = variable("SALESFORCE_ACCESS_TOKEN");
    let instance = variable("SALESFORCE_INSTANCE_URL");
    if let (Some(token), Some(instance)) = (token, instance) {
        return Ok(salesforce::Auth::AccessToken {
            instance_url: url("SALESFORCE_INSTANCE_URL", &instance)?,
            token: SecretString::from(token),
        });
    }
    let login = variable("SALESFORCE_LOGIN_URL");
    let (id, secret) = (variable("SALESFORCE_CLIENT_ID"), variable("SALESFORCE_CLIENT_SECRET"));
    match (login, id, secret) {
        (Some(login), Some(client_id), Some(secret)) => Ok(salesforce::Auth::ClientCredentials {
            login_url: url("SALESFORCE_LOGIN_URL", &login)?,
            client_id,
            client_secret: SecretString::from(secret),
        }),
        _ => bail!(
            "how to get into Salesforce is not set; set SALESFORCE_INSTANCE_URL and SALESFORCE_ACCESS_TOKEN, or \
             SALESFORCE_LOGIN_URL with SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET"
        ),
    }
}

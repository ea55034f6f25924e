//! `tandem mappings`: which field goes with which.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use model::{ObjectMapping, Suggestions};
use serde::Serialize;
use serde_json::json;

use super::lists::table;
use super::settings;
use crate::{config, connect, data};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What every one of these commands is told.
#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    data: data::Place,
    /// The settings file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only this object, by its Salesforce or HubSpot name
    #[arg(long)]
    object: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Suggest a property for every Salesforce field, with the reason
    Suggest {
        #[command(flatten)]
        common: Common,
        /// Write the mappings of properties that are there as a settings file
        #[arg(long, value_name = "FILE", conflicts_with = "apply")]
        output: Option<PathBuf>,
        /// Keep the mappings of properties that are there
        #[arg(long)]
        apply: bool,
    },
    /// What is mapped, and by which rule
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show what it takes to keep a Salesforce object in step with a HubSpot custom object; with --apply, make and map it
    Object {
        #[command(flatten)]
        data: data::Place,
        /// The settings file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The Salesforce object, for example Project__c
        salesforce: String,
        /// The HubSpot object, where it has another name
        #[arg(long)]
        hubspot: Option<String>,
        /// Make what is missing, and keep the mapping
        #[arg(long)]
        apply: bool,
    },
    /// Mappings that do not fit, and choices that have drifted apart
    Check {
        #[command(flatten)]
        common: Common,
    },
    /// Show the HubSpot properties that are missing; with --apply, make and map them
    CreateProperties {
        #[command(flatten)]
        common: Common,
        /// Make them, and keep their mappings
        #[arg(long)]
        apply: bool,
    },
}

/// A settings file that says the mappings and nothing else.
#[derive(Serialize)]
struct Fragment {
    objects: Vec<ObjectMapping>,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::Suggest { common, output, apply } => suggest(&common, output, apply).await,
        Command::List { common } => list(&common),
        Command::Object { data, config, salesforce, hubspot, apply } => {
            let common = Common { data, config, object: None };
            object(&common, &salesforce, hubspot.as_deref(), apply).await
        }
        Command::Check { common } => check(&common).await,
        Command::CreateProperties { common, apply } => create_properties(&common, apply).await,
    }
}

impl Common {
    fn wants(&self, hubspot: &str, salesforce: &str) -> bool {
        self.object.as_deref().is_none_or(|object| object == hubspot || object == salesforce)
    }

    /// A connection on a copy of what is kept.
    async fn connection(&self) -> anyhow::Result<engine::Connection> {
        let config = config::read(self.config.as_ref())?;
        connect::open(config, settings::copy(&self.data)?).await?.rehearse()
    }

    async fn suggestions(
        &self,
    ) -> anyhow::Result<(Vec<ObjectMapping>, engine::Connection, Vec<Suggestions>)> {
        let connection = self.connection().await?;
        let mut settings = connection.settings().clone();
        let all = settings.objects.clone();
        settings.objects.retain(|known| self.wants(&known.hubspot_object, &known.salesforce_object));
        if settings.objects.is_empty() {
            bail!("nothing is mapped by that name; `tandem mappings list` shows what is");
        }
        let suggested = connection.suggest_mappings(&settings).await?;
        Ok((all, connection, suggested))
    }

    /// Keeps these suggestions as settings.
    async fn keep(&self, objects: Vec<ObjectMapping>) -> anyhow::Result<()> {
        let mut config = config::read(self.config.as_ref())?;
        if !config.from_file
            && let Some(kept) = settings::kept(&self.data)?
        {
            config.settings = kept;
        }
        config.settings.objects = objects;
        config.from_file = true;
        let folder = data::Data::open(&self.data.data)?;
        connect::connect(config, folder.store.clone()).await.map(drop)
    }
}

/// The object mappings with these suggestions.
fn with(objects: &[ObjectMapping], suggested: &[Suggestions]) -> Vec<ObjectMapping> {
    let found = |known: &ObjectMapping| {
        suggested.iter().find(|found| {
            found.hubspot_object == known.hubspot_object && found.salesforce_object == known.salesforce_object
        })
    };
    objects
        .iter()
        .map(|known| found(known).map_or_else(|| known.clone(), |found| found.applied_to(known)))
        .collect()
}

async fn suggest(common: &Common, output: Option<PathBuf>, apply: bool) -> anyhow::Result<()> {
    let (objects, _, suggested) = common.suggestions().await?;
    // What would need a property that is not there yet is `create-properties`' to make and map.
    let there: Vec<Suggestions> =
        suggested.iter().cloned().map(Suggestions::without_new_properties).collect();
    if let Some(path) = output {
        let text = toml::to_string(&Fragment { objects: with(&objects, &there) })?;
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{} written.", path.display());
        return Ok(());
    }
    if apply {
        common.keep(with(&objects, &there)).await?;
    }
    if common.data.json {
        println!("{}", serde_json::to_string(&suggested)?);
        return Ok(());
    }
    let mut rows = table(&["HubSpot", "Salesforce", "Rule", "How sure", "Why"]);
    for found in &suggested {
        for known in &found.mappings {
            rows.add_row([
                format!("{}.{}", found.hubspot_object, known.mapping.hubspot),
                format!("{}.{}", found.salesforce_object, known.mapping.salesforce),
                known.mapping.rule.label().to_owned(),
                format!("{:?}", known.confidence).to_lowercase(),
                known.reason.to_owned(),
            ]);
        }
        for left in &found.left_out {
            let field = format!("{}.{}", found.salesforce_object, left.salesforce);
            rows.add_row([
                String::new(),
                field,
                "left out".to_owned(),
                String::new(),
                left.reason.to_owned(),
            ]);
        }
    }
    println!("{rows}");
    let missing: usize = suggested.iter().map(|found| found.new_properties.len()).sum();
    if apply {
        println!(
            "Kept, but for the {missing} that need a property; `tandem mappings create-properties` shows those."
        );
    } else {
        println!(
            "Nothing was kept. --apply keeps what needs no new property; --output FILE writes it as a file."
        );
    }
    Ok(())
}

fn list(common: &Common) -> anyhow::Result<()> {
    let settings = match &common.config {
        Some(_) => config::read(common.config.as_ref())?.settings,
        None => settings::kept(&common.data)?.unwrap_or_else(engine::Settings::recommended),
    };
    let objects: Vec<&ObjectMapping> = settings
        .objects
        .iter()
        .filter(|known| common.wants(&known.hubspot_object, &known.salesforce_object))
        .collect();
    if common.data.json {
        println!("{}", serde_json::to_string(&objects)?);
        return Ok(());
    }
    let mut rows = table(&["HubSpot", "Salesforce", "Rule"]);
    for object in objects {
        let off = if object.enabled { "" } else { " (switched off)" };
        for field in &object.fields {
            rows.add_row([
                format!("{}.{}{off}", object.hubspot_object, field.hubspot),
                format!("{}.{}", object.salesforce_object, field.salesforce),
                field.rule.label().to_owned(),
            ]);
        }
    }
    println!("{rows}");
    Ok(())
}

async fn object(common: &Common, salesforce: &str, hubspot: Option<&str>, apply: bool) -> anyhow::Result<()> {
    if apply {
        let folder = data::Data::open(&common.data.data)?;
        let config = config::read(common.config.as_ref())?;
        let connection = connect::connect(config, folder.store.clone()).await?;
        let plan = connection.plan_custom_object(salesforce, hubspot).await?;
        let name = connection.make_custom_object(&plan, &connect::who()).await?;
        if common.data.json {
            println!("{}", json!({"object": name}));
        } else {
            println!("{name} and {salesforce} are mapped; the next pass brings them in step.");
        }
        return Ok(());
    }
    let plan = common.connection().await?.plan_custom_object(salesforce, hubspot).await?;
    if common.data.json {
        println!("{}", serde_json::to_string(&plan)?);
        return Ok(());
    }
    match &plan.new_object {
        Some(new) => println!("The HubSpot object '{}' ({}) would be made.", new.singular, new.name),
        None => println!("The HubSpot object {} is there.", plan.hubspot_object),
    }
    let properties = plan.new_object.as_ref().map_or(&plan.new_properties, |new| &new.properties);
    for new in properties {
        println!("The property '{}' ({}) would be made.", new.label, new.name);
    }
    for other in &plan.new_associations {
        println!("Its records could be associated with {other}.");
    }
    for left in &plan.left_out {
        println!("{salesforce}.{} is left out: {}", left.salesforce, left.reason);
    }
    println!("Nothing was made. --apply makes this, and maps it.");
    Ok(())
}

async fn check(common: &Common) -> anyhow::Result<()> {
    let connection = common.connection().await?;
    let mut settings = connection.settings().clone();
    settings.objects.retain(|known| common.wants(&known.hubspot_object, &known.salesforce_object));
    let problems = connection.problems_of(&settings).await?;
    let drift = connection.choice_drift(&settings).await?;
    if common.data.json {
        let problems: Vec<_> = problems
            .iter()
            .map(|known| json!({"mapping": known.mapping, "problem": known.problem}))
            .collect();
        println!("{}", json!({"problems": problems, "choices": drift}));
        return Ok(());
    }
    for known in &problems {
        println!("{}: {}", known.mapping, known.problem);
    }
    for known in &drift {
        println!(
            "{}.{} ↔ {}.{}: {} offers {} without a counterpart; {} records wait for it. Add the choices there, map them to \
             others, or let the mapping add them (on_missing_choice = \"add\").",
            known.hubspot_object,
            known.hubspot,
            known.salesforce_object,
            known.salesforce,
            known.offered_by,
            known.choices.join(", "),
            known.records
        );
    }
    if problems.is_empty() && drift.is_empty() {
        println!("Every mapping fits, and every choice has its counterpart.");
    }
    Ok(())
}

async fn create_properties(common: &Common, apply: bool) -> anyhow::Result<()> {
    let (objects, connection, suggested) = common.suggestions().await?;
    let missing: Vec<_> = suggested.iter().flat_map(|found| &found.new_properties).collect();
    if apply {
        let missing: Vec<model::NewProperty> = missing.into_iter().cloned().collect();
        let made = connection.create_properties(&missing).await?;
        common.keep(with(&objects, &suggested)).await?;
        if common.data.json {
            println!("{}", json!({"made": made}));
        } else {
            println!("{} properties made and mapped.", made.len());
        }
        return Ok(());
    }
    if common.data.json {
        println!("{}", serde_json::to_string(&missing)?);
        return Ok(());
    }
    let mut rows = table(&["Object", "Property", "Label", "Type", "Options"]);
    for new in missing {
        let options: Vec<&str> = new.options.iter().map(|option| option.label.as_str()).collect();
        rows.add_row([
            new.object.clone(),
            new.name.clone(),
            new.label.clone(),
            format!("{}/{}", new.kind, new.field_type),
            options.join(", "),
        ]);
    }
    println!("{rows}");
    println!("Nothing was made. --apply makes these in the group 'Salesforce', and maps them.");
    Ok(())
}

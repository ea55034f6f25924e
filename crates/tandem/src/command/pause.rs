//! `tandem pause` and `tandem resume`.

use clap::Args;
use store::ConnectionState;

use crate::data;

#[derive(Debug, Args)]
pub struct ResumeArguments {
    #[command(flatten)]
    data: data::Place,
    /// Let what the brake stopped be done, and nothing beyond it
    #[arg(long)]
    release_brake: bool,
}

/// Lets a connection's changes wait. A running engine sees it at its next step.
pub fn pause(arguments: &data::Place) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data)?;
    let connection = folder.connection()?;
    folder.store.set_connection_state(
        &connection.id,
        ConnectionState::Paused,
        Some("paused from the command line"),
    )?;
    println!("{} is {}", connection.name, ConnectionState::Paused.as_str());
    Ok(())
}

/// Lets a connection go on; where the brake stopped it, says what the brake saw.
pub fn resume(arguments: &ResumeArguments) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data.data)?;
    let connection = folder.connection()?;
    let report = engine::brake_report(&folder.store, &connection.id)?;
    if let Some(report) = &report {
        println!("The brake stopped the pass before it did this:");
        for stop in &report.stops {
            println!("  {stop}");
        }
    }
    engine::resume_after_brake(
        &folder.store,
        &connection.id,
        arguments.release_brake,
        jiff::Timestamp::now(),
    )?;
    folder.store.set_connection_state(&connection.id, ConnectionState::Active, None)?;
    println!("{} is {}", connection.name, ConnectionState::Active.as_str());
    match (report, arguments.release_brake) {
        (Some(_), true) => {
            println!("The next pass does exactly that, and stops again for anything beyond it.")
        }
        (Some(_), false) => println!(
            "The next pass counts anew, and stops again if it finds as much. `tandem resume --release-brake` lets it go on."
        ),
        (None, true) => println!("The brake had not stopped anything."),
        (None, false) => {}
    }
    Ok(())
}

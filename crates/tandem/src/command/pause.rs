//! `tandem pause` and `tandem resume`.

use store::ConnectionState;

use crate::data;

/// Lets a connection's changes wait, or go on. A running engine sees it at its next step.
pub fn run(arguments: &data::Place, state: ConnectionState) -> anyhow::Result<()> {
    let folder = data::Data::look(&arguments.data)?;
    let connection = folder.connection()?;
    let reason = (state == ConnectionState::Paused).then_some("paused from the command line");
    folder.store.set_connection_state(&connection.id, state, reason)?;
    println!("{} is {}", connection.name, state.as_str());
    Ok(())
}

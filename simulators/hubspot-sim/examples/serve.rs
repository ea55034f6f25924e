//! Serves one simulated account: `serve [PORT] [CSV FOLDER]`. Prints how to call it as one line of JSON.

use std::error::Error;
use std::path::Path;

use axum::serve::ListenerExt;
use hubspot_sim::{HubSpotSim, Options};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().unwrap_or_else(|| "8101".to_owned());
    let sim = HubSpotSim::new(Options::default());
    if let Some(folder) = arguments.next() {
        eprintln!("{}", serde_json::to_string(&sim.load_csv(Path::new(&folder))?)?);
    }
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("{}", serde_json::to_string(&sim.access())?);
    // Without this, small answers wait for the caller's acknowledgement.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(hubspot_sim::pump(sim.clone()));
    axum::serve(listener, sim.router()).await?;
    Ok(())
}

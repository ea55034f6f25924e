//! Makes the server of the Pub/Sub API from its public description.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = "../../proto/pubsub_api.proto";
    println!("cargo::rerun-if-changed={file}");
    let described = protox::compile([file], ["../../proto"])?;
    // The tests have a client of their own.
    tonic_prost_build::configure().build_transport(false).compile_fds(described)?;
    Ok(())
}

//! Makes the client of the Pub/Sub API from its public description.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = "../../proto/pubsub_api.proto";
    println!("cargo::rerun-if-changed={file}");
    let described = protox::compile([file], ["../../proto"])?;
    tonic_prost_build::configure().build_server(false).build_transport(false).compile_fds(described)?;
    Ok(())
}

//! The messages of the Pub/Sub API, made from its public description, and how refusals travel.

#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "made by a program")]

tonic::include_proto!("eventbus.v1");

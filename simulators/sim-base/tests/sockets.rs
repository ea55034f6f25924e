//! What faults do to real connections.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sim_base::{FaultPlan, Faults, Stats, Tls, Words};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

struct Plain;

impl Words for Plain {
    fn route(&self, asked: &Request) -> String {
        format!("{} {}", asked.method(), asked.uri().path())
    }

    fn status(&self, _: &Request, status: u16) -> Response {
        sim_base::page(status)
    }

    fn expired(&self, _: &Request) -> Option<Response> {
        None
    }
}

async fn served(rule: &str, tls: Option<Tls>) -> (SocketAddr, Arc<Stats>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (faults, stats) = (Arc::new(Faults::default()), Arc::new(Stats::default()));
    let rules: String = if rule.is_empty() { String::new() } else { format!("{{{rule}}}") };
    faults.set(serde_json::from_str::<FaultPlan>(&format!(r#"{{"rules": [{rules}]}}"#)).unwrap());
    let seen = Arc::clone(&stats);
    let router = Router::new().route("/x", get(|| async { "0123456789" })).layer(axum::middleware::from_fn(
        move |request, next: axum::middleware::Next| {
            let (faults, stats) = (Arc::clone(&faults), Arc::clone(&stats));
            async move {
                sim_base::through(&faults, &stats, &Plain, request, |request| next.run(request))
                    .await
                    .into_response()
            }
        },
    ));
    tokio::spawn(sim_base::serve(listener, router, tls));
    (address, seen)
}

/// What comes back, and whether the connection was reset.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> (String, bool) {
    stream.write_all(b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    let reset = stream.read_to_end(&mut text).await.is_err();
    (String::from_utf8(text).unwrap(), reset)
}

async fn call(rule: &str) -> (String, bool) {
    let (address, _) = served(rule, None).await;
    ask(TcpStream::connect(address).await.unwrap()).await
}

#[tokio::test]
async fn without_a_fault_the_answer_is_whole() {
    let (text, reset) = call("").await;
    assert!(text.ends_with("0123456789") && !reset, "{text}");
}

#[tokio::test]
async fn a_lost_connection_is_reset_without_a_byte() {
    for kind in ["refused", "lost_before", "lost_after"] {
        assert_eq!(call(&format!(r#""kind": "{kind}""#)).await, (String::new(), true), "{kind}");
    }
}

#[tokio::test]
async fn a_caller_waits_in_vain_until_the_time_is_up() {
    for kind in ["timeout_before", "timeout_after"] {
        let begun = std::time::Instant::now();
        assert_eq!(
            call(&format!(r#""kind": "{kind}", "hold_ms": 80"#)).await,
            (String::new(), true),
            "{kind}"
        );
        assert!(begun.elapsed() >= Duration::from_millis(80));
    }
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_half_way() {
    let (text, _) = call(r#""kind": "truncated""#).await;
    assert!(text.contains("content-length: 10") && text.ends_with("\r\n\r\n01234"), "{text}");
}

#[tokio::test]
async fn a_dripping_answer_is_whole() {
    let (text, reset) = call(r#""kind": "slow_drip", "over_ms": 40"#).await;
    assert!(text.ends_with("0123456789") && !reset, "{text}");
}

#[tokio::test]
async fn who_trusts_the_authority_is_served_over_tls() {
    let tls = Tls::new(None, &["*.platform.example"]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.ca_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let (address, stats) = served("", Some(tls)).await;
    for name in ["localhost", "127.0.0.1", "api.platform.example"] {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = connector.connect(name.try_into().unwrap(), stream).await.unwrap();
        let (text, _) = ask(stream).await;
        assert!(text.ends_with("0123456789"), "{text}");
    }
    assert_eq!(stats.snapshot(std::collections::BTreeMap::new()).bytes_out, 30);
}

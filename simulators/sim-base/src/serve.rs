//! Serving on a socket, with connections that can be made to break.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::tls::Tls;
use crate::wire::ConnectionLost;

/// Serves `router` to everybody who connects, over HTTP/1.1 and HTTP/2, until the task is dropped.
pub async fn serve(listener: TcpListener, router: Router, tls: Option<Tls>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, router.clone(), tls.clone()))),
            // Out of file handles, most likely: some will be given back soon.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: TcpStream, router: Router, tls: Option<Tls>) {
    // Without this, small answers wait for the caller's acknowledgement.
    let _ = stream.set_nodelay(true);
    let Ok(socket) = SockRef::from(&stream).try_clone() else { return };
    match tls {
        None => talk(stream, socket, router).await,
        Some(tls) => {
            if let Ok(stream) = tls.acceptor().accept(stream).await {
                talk(stream, socket, router).await;
            }
        }
    }
}

async fn talk<S>(stream: S, socket: socket2::Socket, router: Router)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket = Arc::new(socket);
    let service = service_fn(|request: http::Request<Incoming>| {
        let (router, socket) = (router.clone(), Arc::clone(&socket));
        async move {
            let Ok(answer) = router.oneshot(request.map(Body::new)).await;
            deliver(answer, &socket).await
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    // The caller has gone, or the connection was broken on purpose.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// Hands the answer on, or breaks the connection where it is marked so.
async fn deliver(answer: Response, socket: &socket2::Socket) -> Result<Response, io::Error> {
    if let Some(ConnectionLost::Unanswered { hold_ms }) = answer.extensions().get().copied() {
        // A caller who gives up ends this wait: the connection is dropped with everything on it.
        tokio::time::sleep(Duration::from_millis(hold_ms)).await;
        // With nothing to linger for, closing the socket resets the connection.
        let _ = socket.set_linger(Some(Duration::ZERO));
        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "simulated loss of connection"));
    }
    Ok(answer)
}

//! The HTTP front: a request in, the world's answer out.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{Simulator, operator, tell};
use crate::{Exchange, Request, Response};

/// Answers everybody who connects.
pub(super) async fn answer(listener: TcpListener, simulator: Arc<Simulator>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, Arc::clone(&simulator)));
            }
            Err(err) => tell(&format!("a connection could not be accepted: {err}")),
        }
    }
}

async fn converse(stream: TcpStream, simulator: Arc<Simulator>) {
    // Its failure only means that answers are sent a little later.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| {
        let simulator = Arc::clone(&simulator);
        async move { reply(request, &simulator).await }
    });
    // A client that goes away in the middle is no mistake of ours.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn reply(
    request: hyper::Request<Incoming>,
    simulator: &Simulator,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    let Ok(request) = read(request).await else { return Ok(too_large()) };
    if request.uri.starts_with("/_sim/") {
        return Ok(written(operator::answer(&request, simulator).await));
    }
    let exchange = simulator.world().exchange(simulator.now(), &request);
    simulator.stirred.notify_one();
    match exchange {
        Exchange::Answer(response, takes) => {
            // Even no sleep at all is one of a millisecond.
            if !takes.is_zero() {
                tokio::time::sleep(simulator.real(takes)).await;
            }
            Ok(written(response))
        }
        Exchange::Broken => Err(io::ErrorKind::ConnectionReset.into()),
        Exchange::Never => {
            std::future::pending::<Infallible>().await;
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

/// No request of the services modelled here is longer.
const BODY_LEN_MAX: usize = 8 << 20;

/// What a front of AWS says before any service has seen the request. Who went away in the middle does not hear it.
fn too_large() -> hyper::Response<Full<Bytes>> {
    let text = "Request body is larger than any that is taken";
    written(Response { status: 413, body: text.into(), ..Response::default() })
}

async fn read(request: hyper::Request<Incoming>) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LEN_MAX);
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = head.headers.iter().map(header).collect();
    Ok(Request { method: head.method.to_string(), uri: head.uri.to_string(), headers, body })
}

fn written(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder.body(Full::from(response.body)).unwrap_or_else(|err| {
        tell(&format!("an answer cannot be written: {err}"));
        hyper::Response::new(Full::default())
    })
}

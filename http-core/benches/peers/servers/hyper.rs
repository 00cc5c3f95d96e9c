//! hyper on tokio's multi-threaded runtime.

use std::convert::Infallible;
use std::error::Error;
use std::thread;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use peers::{HELLO, NAP, TEXT};

fn main() -> Result<(), Box<dyn Error>> {
    let (port, threads, _) = peers::arguments();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?
        .block_on(serve(port))
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // Clients that go away are no news; so is every other error here.
            let _ = http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.uri().path() {
        "/upload" => {
            let mut length = 0;
            while let Some(Ok(frame)) = request.body_mut().frame().await {
                length += frame.data_ref().map_or(0, Bytes::len);
            }
            Bytes::from(format!("{length}\n"))
        }
        "/sleep" => {
            let _ = tokio::task::spawn_blocking(|| thread::sleep(NAP)).await;
            Bytes::from_static(HELLO.as_bytes())
        }
        "/block" => {
            thread::sleep(NAP);
            Bytes::from_static(HELLO.as_bytes())
        }
        _ => Bytes::from_static(HELLO.as_bytes()),
    };
    let mut response = Response::new(Full::new(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(TEXT));
    Ok(response)
}

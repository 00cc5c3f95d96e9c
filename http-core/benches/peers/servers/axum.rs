//! axum on tokio's multi-threaded runtime.

use std::error::Error;
use std::thread;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use http_body_util::BodyExt;
use tokio::net::TcpListener;

use peers::{HELLO, NAP};

fn main() -> Result<(), Box<dyn Error>> {
    let (port, threads, _) = peers::arguments();
    // A `&str` is answered as text/plain; charset=utf-8.
    let app = Router::new()
        .route("/", get(async || HELLO))
        .route("/sleep", get(sleep))
        .route("/block", get(block))
        .route("/upload", post(upload));
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", port))
                .await?
                .tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, app).await?;
            Ok(())
        })
}

async fn sleep() -> &'static str {
    let _ = tokio::task::spawn_blocking(|| thread::sleep(NAP)).await;
    HELLO
}

async fn block() -> &'static str {
    thread::sleep(NAP);
    HELLO
}

async fn upload(request: Request) -> String {
    let mut length = 0;
    let mut body = request.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        length += frame.data_ref().map_or(0, |data| data.len());
    }
    format!("{length}\n")
}

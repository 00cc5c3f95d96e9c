//! tower-http's ServeDir in axum, on tokio's multi-threaded runtime.

use std::env;
use std::error::Error;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

fn main() -> Result<(), Box<dyn Error>> {
    let (port, threads, _) = peers::arguments();
    let folder = env::args()
        .nth(3)
        .ok_or("usage: SERVER PORT THREADS FOLDER")?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?
        .block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", port))
                .await?
                .tap_io(|stream| drop(stream.set_nodelay(true)));
            let app = Router::new().fallback_service(ServeDir::new(folder));
            axum::serve(listener, app).await?;
            Ok(())
        })
}

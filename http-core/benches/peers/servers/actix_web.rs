//! actix-web: an event loop per worker.

use std::time::Duration;
use std::{io, thread};

use actix_web::http::header::ContentType;
use actix_web::web::{self, Payload};
use actix_web::{App, HttpResponse, HttpServer};
use futures_util::StreamExt;

use peers::{HELLO, NAP};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let (port, threads, _) = peers::arguments();
    HttpServer::new(|| {
        App::new()
            .route("/", web::get().to(hello))
            .route("/sleep", web::get().to(sleep))
            .route("/block", web::get().to(block))
            .route("/upload", web::post().to(upload))
    })
    .workers(threads)
    // Its default, 5 s, would end the idle connections while they are measured.
    .keep_alive(Duration::from_secs(75))
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

async fn hello() -> HttpResponse {
    text(HELLO)
}

async fn sleep() -> HttpResponse {
    let _ = web::block(|| thread::sleep(NAP)).await;
    text(HELLO)
}

async fn block() -> HttpResponse {
    thread::sleep(NAP);
    text(HELLO)
}

async fn upload(mut body: Payload) -> HttpResponse {
    let mut length = 0;
    while let Some(Ok(part)) = body.next().await {
        length += part.len();
    }
    text(format!("{length}\n"))
}

fn text(body: impl Into<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(body.into())
}

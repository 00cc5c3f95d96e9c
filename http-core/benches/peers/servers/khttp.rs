//! khttp: a thread per connection, or with the mode `epoll` its event loop.

use std::{io, thread};

use khttp::{Headers, Method, Server};

use peers::{HELLO, NAP, TEXT};

fn main() -> io::Result<()> {
    let (port, threads, mode) = peers::arguments();
    let mut app = Server::builder(("127.0.0.1", port))?;
    app.thread_count(threads);
    app.route(Method::Get, "/", |_, response| response.ok(&text(), HELLO));
    for path in ["/sleep", "/block"] {
        app.route(Method::Get, path, |_, response| {
            thread::sleep(NAP);
            response.ok(&text(), HELLO)
        });
    }
    app.route(Method::Post, "/upload", |mut context, response| {
        let length = io::copy(context.body(), &mut io::sink())?;
        response.ok(&text(), format!("{length}\n"))
    });
    // Its README sets TCP_NODELAY in this hook; the event loop does so by itself.
    app.connection_setup_hook(|connection| match connection {
        Ok((stream, _)) => {
            let _ = stream.set_nodelay(true);
            khttp::ConnectionSetupAction::Proceed(stream)
        }
        Err(_) => khttp::ConnectionSetupAction::Drop,
    });
    match mode.as_deref() {
        Some("epoll") => app.build().serve_epoll(),
        _ => app.build().serve_threaded(),
    }
}

fn text() -> Headers<'static> {
    let mut headers = Headers::new();
    headers.add(Headers::CONTENT_TYPE, TEXT.as_bytes());
    headers
}

//! The part of a server that is the same for every service.

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use mio::net::TcpListener;

use super::engine::Engine;
use super::listen::listen;
use super::poller::Poller;
use super::shared::Shared;
use super::stop::{self, Stop, StopHandle};
use super::threads::Threads;
use super::time::Seconds;
use crate::face::{Handler, Result, Service};
use crate::http1::Limits;

/// A server: it listens on a port, takes in connections, reads requests, and
/// hands each to a [`Handler`]. http.server's `HTTPServer`.
///
/// Requests are handled one at a time unless [`threads`](HttpServer::threads)
/// asks for more; a client that is idle or slow holds up nobody in either case. While
/// a handler waits for its client, another request may be handled in its place.
///
/// ```no_run
/// use http_core::{FileHandler, HttpServer, Limits};
///
/// let limits = Limits { connections: 1000, ..Limits::default() };
/// HttpServer::bind(("0.0.0.0", 8000))?
///     .threads(4)
///     .limits(limits)
///     .serve_forever(FileHandler::new("public")?)?;
/// # Ok::<(), http_core::ServerError>(())
/// ```
#[derive(Debug)]
pub struct HttpServer {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    poller: Arc<Poller>,
    stop: Arc<Stop>,
    threads: usize,
    limits: Limits,
    access_log: bool,
    show_errors: bool,
    handle_signals: bool,
    quiet: bool,
}

impl HttpServer {
    /// Listens on an address: [`local_address()`](crate::local_address), `"127.0.0.1:8000"`,
    /// `("0.0.0.0", 8000)`, … Where a name stands for several addresses, it
    /// listens on all of them; port 0 takes any free port.
    ///
    /// # Errors
    /// If this machine does not have the address, the name can't be resolved, the port is taken
    /// or needs more rights, or PORT is no port number. The message says what to do.
    pub fn bind(address: impl ToSocketAddrs) -> Result<HttpServer> {
        let mut wanted: Vec<SocketAddr> = Vec::new();
        for address in address.to_socket_addrs()? {
            // A hosts file may give the same one more than once.
            if !wanted.contains(&address) {
                wanted.push(address);
            }
        }
        let listeners = listen(&wanted)?;
        let addresses = listeners
            .iter()
            .map(TcpListener::local_addr)
            .collect::<io::Result<_>>()?;
        let poller = Arc::new(Poller::new()?);
        let stop = Stop::new(Arc::clone(&poller));
        Ok(HttpServer {
            listeners,
            addresses,
            poller,
            stop,
            threads: 1,
            limits: Limits::default(),
            access_log: true,
            show_errors: cfg!(debug_assertions),
            handle_signals: true,
            quiet: false,
        })
    }

    /// Handles up to `threads` requests at once (at least 1), as http.server's
    /// `ThreadingHTTPServer` does. The default is 1: one after the other.
    ///
    /// A handler that waits for its client does not count: another request is handled in its
    /// place. When the wait ends, both go on, so with handlers that wait there can be up to
    /// [`Limits::waiting`] more at once.
    pub fn threads(mut self, threads: usize) -> HttpServer {
        self.threads = threads.max(1);
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> HttpServer {
        self.limits = limits;
        self
    }

    /// Whether each request is logged to standard error. The default is yes.
    ///
    /// A line has no more of a request than its first line: no field, and no body. The variable
    /// `HTTP_TRACE` in the environment of the program asks for all that goes over the wire, in
    /// any case: `1` without the values of cookies, of `Authorization`, and of form fields for
    /// passwords; `all` with them.
    pub fn access_log(mut self, access_log: bool) -> HttpServer {
        self.access_log = access_log;
        self
    }

    /// Whether the page of a 500 answer says what went wrong in the handler: for
    /// the author, not for the public. The default is yes in a debug build and no
    /// in a release build. Standard error is told in any case, unless the server is
    /// [`quiet`](HttpServer::quiet).
    pub fn show_errors(mut self, show_errors: bool) -> HttpServer {
        self.show_errors = show_errors;
        self
    }

    /// Whether the server handles SIGINT (Ctrl-C) and SIGTERM, of the whole process: the
    /// first one stops the server cleanly, a second one ends the program with exit
    /// code 130. The default is yes. A program that has a use of its own for these signals
    /// says no, and stops the server by its [`StopHandle`]:
    ///
    /// ```no_run
    /// use http_core::{FileHandler, HttpServer};
    ///
    /// let server = HttpServer::bind("127.0.0.1:8000")?.handle_signals(false);
    /// let stop = server.stop_handle();
    /// let thread = std::thread::spawn(|| server.serve_forever(FileHandler::new("public")?));
    /// // … whatever the program does, until it ends.
    /// stop.stop();
    /// thread.join().expect("no panic")?;
    /// # Ok::<(), http_core::ServerError>(())
    /// ```
    pub fn handle_signals(mut self, handle_signals: bool) -> HttpServer {
        self.handle_signals = handle_signals;
        self
    }

    /// Prints nothing at all: no line on start, no access log, no word of a handler
    /// that failed. For a server inside another program, such as a test.
    pub fn quiet(mut self) -> HttpServer {
        self.quiet = true;
        self.access_log(false)
    }

    /// The addresses it listens on, with their real port.
    pub fn local_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The address for a browser on this machine: `http://localhost:8000/`.
    pub fn url(&self) -> String {
        match &self.addresses[..] {
            // Both loopback addresses are what "localhost" means.
            [first, _, ..] if self.addresses.iter().all(|a| a.ip().is_loopback()) => {
                format!("http://localhost:{}/", first.port())
            }
            // Bound to all addresses, it has this one, too; 0.0.0.0 is none to go to.
            [first, ..] if first.ip().is_unspecified() => {
                format!("http://localhost:{}/", first.port())
            }
            [first, ..] => format!("http://{first}/"),
            [] => String::new(),
        }
    }

    /// A handle that stops this server from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.handle()
    }

    /// Says on standard output where it serves, and serves until it is stopped:
    /// by Ctrl-C, by a SIGTERM or through its [`StopHandle`]. Requests under way
    /// are answered first. Signals are left alone if
    /// [`handle_signals`](HttpServer::handle_signals) says so.
    ///
    /// # Errors
    /// If a thread cannot be started, or waiting for events fails.
    pub fn serve_forever(self, handler: impl Handler) -> Result<()> {
        let url = self.url();
        let (stop, patience) = (self.stop, self.limits.stop_time);
        let engine = Engine::new(self.poller, self.listeners, |work| Shared {
            threads: Threads::new(work, Arc::clone(&stop), self.threads, &self.limits),
            service: Service {
                handler: Box::new(handler),
                show_errors: self.show_errors,
                quiet: self.quiet,
            },
            limits: self.limits,
            access_log: self.access_log,
            seconds: Seconds::now(),
            stop: Arc::clone(&stop),
        })?;
        if self.handle_signals {
            stop::on_ctrl_c(&stop);
        }
        match engine.start() {
            // Programs read this line, too: that nobody does must not stop the server.
            Ok(()) if self.quiet => {}
            Ok(()) => {
                let _ = writeln!(io::stdout(), "Serving HTTP on {url} (press Ctrl-C to stop)");
            }
            Err(error) => stop.fail(error),
        }
        let outcome = stop.wait(patience, || engine.tick());
        engine.give_up();
        Ok(outcome?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_to_all_addresses_it_is_found_on_localhost() {
        let server = HttpServer::bind("0.0.0.0:0").unwrap();
        let port = server.local_addresses()[0].port();
        assert_eq!(server.url(), format!("http://localhost:{port}/"));
    }
}

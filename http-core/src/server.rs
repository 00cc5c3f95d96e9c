//! The part of a server that is the same for every service.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::{env, vec};

use mio::net::TcpListener;

use crate::engine::{Engine, TICK};
use crate::poller::Poller;
use crate::service::Service;
use crate::socket;
use crate::stop::{self, Stop};
use crate::{Handler, Limits, Result, ServerError, StopHandle};

/// A server: it listens on a port, takes in connections, reads requests, and
/// hands each to a [`Handler`]. http.server's `HTTPServer`.
///
/// Requests are handled one at a time unless [`threads`](HttpServer::threads)
/// asks for more; a client that is idle or slow holds up nobody in either case. While
/// a handler waits for its client, another request may be handled in its place.
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
    /// Listens on an address: [`local_address()`], `"127.0.0.1:8000"`,
    /// `("0.0.0.0", 8000)`, … Where a name stands for several addresses, it
    /// listens on all of them; port 0 takes any free port.
    ///
    /// # Errors
    /// If the address is none of this machine's or its port is taken. The message
    /// says what to do.
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
    pub fn threads(mut self, threads: usize) -> HttpServer {
        self.threads = threads.max(1);
        self
    }

    /// Sets what one client may ask for. A time of more than a year, such as
    /// `Duration::MAX`, means a year.
    pub fn limits(mut self, limits: Limits) -> HttpServer {
        self.limits = limits.bounded();
        self
    }

    /// Whether each request is logged to standard error. The default is yes.
    pub fn access_log(mut self, access_log: bool) -> HttpServer {
        self.access_log = access_log;
        self
    }

    /// Whether the page of a 500 answer says what went wrong in the handler: for
    /// the author, not for the public. The default is yes in a debug build and no
    /// in a release build. Standard error is told in any case.
    pub fn show_errors(mut self, show_errors: bool) -> HttpServer {
        self.show_errors = show_errors;
        self
    }

    /// Whether the server handles SIGINT (Ctrl-C) and SIGTERM, of the whole process: the
    /// first one stops the server in good order, a second one ends the program with exit
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
    /// If the system gives it no thread or no more events.
    pub fn serve_forever(self, handler: impl Handler) -> Result<()> {
        let url = self.url();
        let HttpServer {
            listeners,
            poller,
            stop,
            threads,
            limits,
            access_log,
            show_errors,
            handle_signals,
            quiet,
            ..
        } = self;
        let patience = limits.stop_time;
        let handler = Arc::new(handler);
        let service = Service {
            handler,
            limits,
            access_log,
            show_errors,
            quiet,
            stop: Arc::clone(&stop),
        };
        let engine = Engine::new(poller, listeners, service, threads)?;
        if handle_signals {
            stop::on_ctrl_c(&stop);
        }
        match engine.start() {
            // Programs read this line, too: that nobody does must not stop the server.
            Ok(()) if quiet => {}
            Ok(()) => {
                let _ = writeln!(io::stdout(), "Serving HTTP on {url} (press Ctrl-C to stop)");
            }
            Err(error) => stop.fail(error),
        }
        let outcome = stop.wait(patience, TICK, || engine.tick());
        engine.give_up();
        Ok(outcome?)
    }
}

/// Where a lesson's server listens: on "localhost", which is both 127.0.0.1 and
/// ::1 (so that every browser finds it, and nobody outside of this machine), and
/// on port 8000, unless the environment variable PORT says otherwise. PORT=0
/// takes any free port.
pub fn local_address() -> LocalAddress {
    LocalAddress {
        port: port_from(env::var_os("PORT")),
    }
}

/// What [`local_address`] returns; for [`HttpServer::bind`].
#[derive(Debug, Clone)]
pub struct LocalAddress {
    port: std::result::Result<u16, String>,
}

fn port_from(variable: Option<std::ffi::OsString>) -> std::result::Result<u16, String> {
    let Some(text) = variable else {
        return Ok(8000);
    };
    text.to_str().and_then(|text| text.trim().parse().ok()).ok_or_else(|| {
        format!("the environment variable PORT is {text:?}, but a port is a number from 0 to 65535, such as 8001")
    })
}

impl ToSocketAddrs for LocalAddress {
    type Iter = vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        match &self.port {
            Ok(port) => Ok(LOOPBACK
                .map(|ip| SocketAddr::new(ip, *port))
                .to_vec()
                .into_iter()),
            Err(message) => Err(io::Error::new(ErrorKind::InvalidInput, message.clone())),
        }
    }
}

const LOOPBACK: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

/// Listens on all of `addresses` that this machine has, all with one port.
fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    // A port that is free on one address may be taken on the next: try some.
    let mut tries = if addresses.iter().all(|address| address.port() == 0) {
        20
    } else {
        1
    };
    loop {
        tries -= 1;
        match listen_once(addresses) {
            Err((_, error)) if error.kind() == ErrorKind::AddrInUse && tries > 0 => {}
            Err((address, error)) => return Err(explain(address, addresses, &error)),
            Ok(listeners) => return Ok(listeners),
        }
    }
}

fn listen_once(
    addresses: &[SocketAddr],
) -> std::result::Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for &wanted in addresses {
        let mut address = wanted;
        if let (0, Some(Ok(first))) = (
            address.port(),
            listeners.first().map(TcpListener::local_addr),
        ) {
            address.set_port(first.port());
        }
        match socket::listen(address) {
            Ok(listener) => listeners.push(listener),
            // A machine without IPv6 still has its other address.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::AddrNotAvailable | ErrorKind::Unsupported
                ) =>
            {
                missing = Some((wanted, error));
            }
            Err(error) => return Err((wanted, error)),
        }
    }
    match (listeners.is_empty(), missing) {
        (true, Some(missing)) => Err(missing),
        (true, None) => {
            let error = io::Error::new(ErrorKind::InvalidInput, "the name has no address");
            Err((SocketAddr::new(LOOPBACK[0], 0), error))
        }
        (false, _) => Ok(listeners),
    }
}

/// Says why it can't listen there, and what to do.
fn explain(address: SocketAddr, all: &[SocketAddr], error: &io::Error) -> ServerError {
    let port = address.port();
    let message = match error.kind() {
        ErrorKind::AddrInUse => {
            let is_local = all.len() == LOOPBACK.len() && all.iter().all(|a| a.ip().is_loopback());
            let hint = if is_local {
                choose_another(port)
            } else {
                String::new()
            };
            format!(
                "port {port} is already in use: another program listens on it, perhaps this one in \
                 another terminal.\nStop that program, or choose another port.{hint}"
            )
        }
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {port}. Ports below 1024 often need an administrator: \
             choose a higher one, such as 8000."
        ),
        ErrorKind::AddrNotAvailable => {
            format!(
                "{} is not an address of this machine, so nothing can listen there.",
                address.ip()
            )
        }
        _ => format!("cannot listen on {address}: {error}"),
    };
    ServerError::new(error.kind(), message)
}

/// How to choose another port for the program that runs now.
fn choose_another(port: u16) -> String {
    let other = port.checked_add(1).unwrap_or(8000);
    let program = env::current_exe().ok();
    let Some(name) = program
        .as_deref()
        .and_then(|path| path.file_stem())
        .and_then(|name| name.to_str())
    else {
        return String::new();
    };
    format!(
        " For port {other}, type:\n    PORT={other} cargo run -p {name}\n\
         or, in PowerShell:\n    $env:PORT={other}; cargo run -p {name}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_comes_from_the_environment() {
        assert_eq!(port_from(None), Ok(8000));
        assert_eq!(port_from(Some("8001".into())), Ok(8001));
        assert_eq!(port_from(Some(" 0 ".into())), Ok(0));
        for bad in ["", "http", "-1", "65536", "80 80"] {
            let message = port_from(Some(bad.into())).unwrap_err();
            assert!(
                message.contains(&format!("{bad:?}")) && message.contains("65535"),
                "{message}"
            );
        }
    }

    #[test]
    fn localhost_is_both_addresses_on_one_port() {
        let server = HttpServer::bind(LocalAddress { port: Ok(0) }).unwrap();
        let ports: Vec<u16> = server
            .local_addresses()
            .iter()
            .map(SocketAddr::port)
            .collect();
        assert!(
            ports[0] != 0 && ports.iter().all(|port| *port == ports[0]),
            "{ports:?}"
        );
        if ports.len() == 2 {
            assert_eq!(server.url(), format!("http://localhost:{}/", ports[0]));
        }
    }

    /// A resolver may give the same address more than once.
    #[test]
    fn an_address_may_be_named_twice() {
        let twice = [SocketAddr::new(LOOPBACK[0], 0); 2];
        let server = HttpServer::bind(&twice[..]).unwrap();
        assert_eq!(server.local_addresses().len(), 1);
        let port = server.local_addresses()[0].port();
        drop(server);
        let mixed = [LOOPBACK[0], LOOPBACK[1], LOOPBACK[0]].map(|ip| SocketAddr::new(ip, port));
        let server = HttpServer::bind(&mixed[..]).unwrap();
        assert!(server.local_addresses().len() <= 2);
    }

    #[test]
    fn bound_to_all_addresses_it_is_found_on_localhost() {
        let server = HttpServer::bind("0.0.0.0:0").unwrap();
        let port = server.local_addresses()[0].port();
        assert_eq!(server.url(), format!("http://localhost:{port}/"));
    }

    #[test]
    fn a_taken_port_is_explained() {
        let first = HttpServer::bind(LocalAddress { port: Ok(0) }).unwrap();
        let port = first.local_addresses()[0].port();
        let error = HttpServer::bind(LocalAddress { port: Ok(port) }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let message = format!("{error:?}");
        assert!(
            message.starts_with(&format!("port {port} is already in use")),
            "{message}"
        );
        assert!(
            message.contains(&format!("PORT={} cargo run -p ", port + 1)),
            "{message}"
        );
        // An address that is not local_address's gets no advice about PORT.
        let error = HttpServer::bind(("127.0.0.1", port)).unwrap_err();
        assert!(!error.to_string().contains("PORT="), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_explained() {
        // 192.0.2.0/24 is set aside for documentation: no machine has it.
        let error = HttpServer::bind("192.0.2.1:0").unwrap_err();
        assert_eq!(
            error.to_string(),
            "192.0.2.1 is not an address of this machine, so nothing can listen there."
        );
    }
}

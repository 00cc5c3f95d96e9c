//! Where a server listens, and what to do where it can't.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::Duration;
use std::{env, vec};

use mio::net::TcpListener;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, sockopt};

use super::socket::INHERITS_NO_DELAY;
use crate::face::{Result, ServerError};

/// Where a lesson's server listens: on "localhost", which is both 127.0.0.1 and
/// ::1 (so that every browser finds it, and nobody outside of this machine), and
/// on port 8000, unless the environment variable PORT says otherwise. PORT=0
/// takes any free port.
pub fn local_address() -> LocalAddress {
    LocalAddress {
        port: port_from(env::var_os("PORT")),
    }
}

/// What [`local_address`] returns; for [`HttpServer::bind`](crate::HttpServer::bind).
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
pub(super) fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    // A port that is free on one address may be taken on the next: try some.
    let is_free_to_choose = addresses.iter().all(|address| address.port() == 0);
    let mut tries = if is_free_to_choose { 20 } else { 1 };
    loop {
        tries -= 1;
        match listen_once(addresses) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries > 0 => {}
            outcome => return outcome,
        }
    }
}

fn listen_once(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for &wanted in addresses {
        let mut address = wanted;
        if let (0, Some(first)) = (address.port(), listeners.first()) {
            address.set_port(first.local_addr()?.port());
        }
        match listen_at(address) {
            Ok(listener) => listeners.push(listener),
            // A machine without IPv6 still has its other address.
            Err(error) if is_missing(&error) => missing = Some(explain(wanted, addresses, &error)),
            Err(error) => return Err(explain(wanted, addresses, &error)),
        }
    }
    match (listeners.is_empty(), missing) {
        (false, _) => Ok(listeners),
        (true, Some(missing)) => Err(missing),
        (true, None) => Err(ServerError::new(
            ErrorKind::InvalidInput,
            "the name to listen on has no address",
        )),
    }
}

/// Says why it can't listen there, and what to do.
fn explain(address: SocketAddr, all: &[SocketAddr], error: &io::Error) -> ServerError {
    let port = address.port();
    let message = match error.kind() {
        // What systems say of that differs.
        _ if lacks_zone(address) => format!(
            "{ip} is an address of one network only (link-local), and which one is not said. Name its \
             interface behind a %, as in {ip}%{zone}.",
            ip = address.ip(),
            zone = if cfg!(windows) { "12" } else { "eth0" },
        ),
        ErrorKind::AddrInUse => format!("{}{}", taken(port), choose_another(port, all)),
        // WSAEACCES: Hyper-V, WSL and others reserve ranges of ports, high ones, too.
        ErrorKind::PermissionDenied if cfg!(windows) => format!(
            "Windows lets nobody listen on port {port}: it is reserved, or another program has it for \
             itself alone.\nThis command lists the reserved ranges: netsh interface {family} show \
             excludedportrange protocol=tcp\nChoose another port.{hint}",
            family = if address.is_ipv4() { "ipv4" } else { "ipv6" },
            hint = choose_another(port, all)
        ),
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

/// Whether it is an address that each interface has for itself, without the zone that says
/// which one is meant (RFC 4007, section 11).
fn lacks_zone(address: SocketAddr) -> bool {
    match address {
        SocketAddr::V6(address) => address.ip().is_unicast_link_local() && address.scope_id() == 0,
        SocketAddr::V4(_) => false,
    }
}

/// The number of clients that may wait to be accepted. The system may allow fewer.
const BACKLOG: i32 = 4096;

/// The number of bytes of an answer that the system takes before it can send them, where it can be
/// told (on Linux: `TCP_NOTSENT_LOWAT`; a connection inherits it from its listener). By itself, it
/// takes up to 4 MB. To write that many costs a thread milliseconds, which is long where a thousand
/// clients come that are slow to read, and of no use to any of them.
pub(super) const MOST_UNSENT: u32 = 128 * 1024;

/// Listens on an address. On Unix, a server that was just stopped does not block its address
/// (`SO_REUSEADDR`, which the standard library sets); on Windows, that option would let two
/// programs listen on one port.
pub(super) fn listen_at(address: SocketAddr) -> io::Result<TcpListener> {
    if SHARES_PORTS && address.port() != 0 && others_have(address)? {
        return Err(ErrorKind::AddrInUse.into());
    }
    let listener = std::net::TcpListener::bind(address)?;
    // The standard library's own backlog is shorter.
    rustix::net::listen(&listener, BACKLOG)?;
    if INHERITS_NO_DELAY {
        sockopt::set_tcp_nodelay(&listener, true)?;
    }
    // Where that is not known, as in some sandboxes, the system's own buffers do.
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&listener).set_tcp_notsent_lowat(MOST_UNSENT);
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener))
}

/// Whether one program may listen on all addresses and another on one of them, with the same
/// port: some clients then meet the one, and some the other. That is so on Windows (its way to
/// forbid it, `SO_EXCLUSIVEADDRUSE`, is in no safe library), and with `SO_REUSEADDR` on macOS
/// and all BSDs.
const SHARES_PORTS: bool = cfg!(not(any(target_os = "linux", target_os = "android")));

/// Whether another program has the port: for `address` on all addresses, or where `address` is
/// all of them, on this machine's own.
fn others_have(address: SocketAddr) -> io::Result<bool> {
    let (all, own): (IpAddr, IpAddr) = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED.into(), LOOPBACK[0]),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED.into(), LOOPBACK[1]),
    };
    if cfg!(windows) {
        let other = if address.ip() == all { own } else { all };
        return is_bound(SocketAddr::new(other, address.port()));
    }
    // Whom a client at this address meets, as long as nobody else listens just there.
    let at = if address.ip() == all {
        own
    } else {
        address.ip()
    };
    Ok(is_answered(SocketAddr::new(at, address.port())))
}

/// Whether an address is taken: it is bound, and closed again without listening there. (Where
/// connections of a server that was just stopped wait for their end, it would seem taken, but
/// not on Windows.)
fn is_bound(address: SocketAddr) -> io::Result<bool> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    #[cfg(windows)]
    rustix::net::wsa_startup()?;
    let probe = rustix::net::socket(family, SocketType::STREAM, None)?;
    Ok(rustix::net::bind(&probe, &address) == Err(Errno::ADDRINUSE))
}

/// Whether somebody listens where a client comes that asks for this address of this machine.
/// (Windows would try for two seconds before it says no.)
fn is_answered(address: SocketAddr) -> bool {
    let is_of_this_machine = UdpSocket::bind((address.ip(), 0)).is_ok();
    is_of_this_machine
        && TcpStream::connect_timeout(&address, Duration::from_secs(1))
            // A system may choose the port asked for as the client's own, and connect it to itself.
            .is_ok_and(|client| client.local_addr().ok() != Some(address))
}

/// Whether an error means that this machine does not have the address, or the kind of it: a
/// system without IPv6, for which the standard library has no error kind.
fn is_missing(error: &io::Error) -> bool {
    let no_such_family = error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error());
    let kinds = [ErrorKind::AddrNotAvailable, ErrorKind::Unsupported];
    no_such_family || kinds.contains(&error.kind())
}

/// What is said of a port that another program listens on.
fn taken(port: u16) -> String {
    // Windows has no Ctrl-Z.
    let paused = if cfg!(unix) {
        " (If you pressed Ctrl-Z, it is only paused and keeps its port: type fg first.)"
    } else {
        ""
    };
    format!(
        "port {port} is already in use: another program listens on it, perhaps this one in another \
         terminal.\nStop that program with Ctrl-C.{paused}\nOr choose another port."
    )
}

/// How to choose another port for the program that runs now, if it listens at [`local_address`].
fn choose_another(port: u16, addresses: &[SocketAddr]) -> String {
    let is_local =
        addresses.len() == LOOPBACK.len() && addresses.iter().all(|a| a.ip().is_loopback());
    let program = env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_stem);
    let (true, Some(name)) = (is_local, name.and_then(OsStr::to_str)) else {
        return String::new();
    };
    let other = port.checked_add(1).unwrap_or(8000);
    if cfg!(windows) {
        format!(
            " For port {other}, type in PowerShell:\n    $env:PORT={other}; cargo run -p {name}\n\
             or in cmd:\n    set PORT={other}& cargo run -p {name}"
        )
    } else {
        format!(" For port {other}, type:\n    PORT={other} cargo run -p {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HttpServer;

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
        let other = format!("PORT={}", port + 1);
        assert!(
            message.contains(&other) && message.contains("cargo run -p "),
            "{message}"
        );
        assert_eq!(message.contains("type fg"), cfg!(unix), "{message}");
        // An address that is not local_address's gets no advice about PORT.
        let error = HttpServer::bind(("127.0.0.1", port)).unwrap_err();
        assert!(!error.to_string().contains("PORT="), "{error}");
    }

    /// What Windows and macOS allow, and a server here does not. (Linux refuses it itself.)
    #[test]
    fn who_has_the_port_on_other_addresses_is_noticed() {
        for [one, all] in [["127.0.0.1:0", "0.0.0.0:0"], ["[::1]:0", "[::]:0"]] {
            for [first, second] in [[one, all], [all, one]] {
                let Ok(listener) = std::net::TcpListener::bind(first) else {
                    // This machine has no IPv6.
                    continue;
                };
                let port = listener.local_addr().unwrap().port();
                let ip = second.parse::<SocketAddr>().unwrap().ip();
                let error = HttpServer::bind((ip, port)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::AddrInUse, "{first} {second}");
                // A program that would listen at the second address looks at the first.
                let others = || others_have(SocketAddr::new(ip, port)).unwrap();
                assert!(others(), "{first} {second}");
                drop(listener);
                assert!(!others(), "{first} {second}");
            }
        }
    }

    /// Connections of a server that is gone wait for their end. They block nobody, here as
    /// little as in `SO_REUSEADDR`.
    #[test]
    fn a_server_that_was_just_stopped_has_no_port() {
        let listener = listen_at("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (stream, _) = loop {
            match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                outcome => break outcome.unwrap(),
            }
        };
        // The side that closes first is the one that waits.
        drop((stream, listener));
        drop(client);
        assert!(!others_have(address).unwrap());
        listen_at(address).unwrap();
    }

    #[test]
    fn an_address_without_its_zone_is_explained() {
        let error = HttpServer::bind("[fe80::1]:0").unwrap_err();
        let said = error.to_string();
        // Windows numbers them.
        let zone = if cfg!(windows) { "12" } else { "eth0" };
        assert!(said.contains(&format!("as in fe80::1%{zone}.")), "{said}");
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

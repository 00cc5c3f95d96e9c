//! Where a program serves, as its start line says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// What the start line begins with; the address follows.
const START_LINE: &str = "Serving HTTP on http://";

/// Where a program serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// The address in a start line, if this is one.
    pub(super) fn in_line(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once(START_LINE)?;
        let (authority, _) = rest.split_once('/')?;
        let (host, port) = authority.rsplit_once(':')?;
        // "All addresses of this computer" is nothing to connect to.
        let host = match host {
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            other => other,
        };
        Some(Self {
            host: host.to_string(),
            port: port.parse().ok()?,
        })
    }

    /// Where to connect to, the first choice first. `localhost` is the computer's own
    /// addresses, whether its files know the name or not.
    pub(crate) fn sockets(&self) -> Vec<SocketAddr> {
        if self.host.eq_ignore_ascii_case("localhost") {
            let own: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return own.map(|own| SocketAddr::new(own, self.port)).into();
        }
        let host = self.host.trim_matches(['[', ']']);
        let found = (host, self.port).to_socket_addrs();
        found.map_or_else(|_| Vec::new(), Iterator::collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_start_line() {
        let address = |line: &str| Address::in_line(line).map(|a| (a.host, a.port));
        let at = |host: &str, port| Some((host.to_string(), port));
        let line = "Serving HTTP on http://localhost:4133/ (press Ctrl-C to stop)\n";
        assert_eq!(address(line), at("localhost", 4133));
        assert_eq!(address("Serving HTTP on http://[::]:80/"), at("[::1]", 80));
        assert_eq!(
            address("Serving HTTP on http://0.0.0.0:80/"),
            at("127.0.0.1", 80)
        );
        assert_eq!(address("Serving HTTP on http://localhost/"), None);
        assert_eq!(address("Serving HTTP on http://localhost:99999/"), None);
        assert_eq!(address("Hello"), None);
    }

    #[test]
    fn localhost_is_an_address_without_asking_anybody() {
        let sockets = |host: &str| {
            let address = Address {
                host: host.into(),
                port: 80,
            };
            let sockets = address.sockets().into_iter();
            sockets.map(|socket| socket.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(sockets("localhost"), ["127.0.0.1:80", "[::1]:80"]);
        assert_eq!(sockets("[::1]"), ["[::1]:80"]);
        assert_eq!(sockets("127.0.0.1"), ["127.0.0.1:80"]);
        assert_eq!(sockets("no.such.name.invalid"), [""; 0]);
    }
}

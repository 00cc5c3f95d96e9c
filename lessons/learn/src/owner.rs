//! Who may ask. All who use a computer share its loopback addresses, so on one with several
//! users, such as a lab's, another one could ask as well as its owner's browser.
//!
//! [`is_told`] is what decides: where the system tells whose each connection is, it is asked for
//! every request. Elsewhere the address that is printed begins with a secret, below which all
//! pages are: whoever does not know it is refused.
//!
//! A secret in the path, and not in a cookie, since a browser keeps cookies by the computer's
//! name alone. One of `localhost:4000` goes to each program at another port of `localhost`, too:
//! to the student's, where it would stand on the wire, in lessons that are about cookies; and
//! to that of another user, who would have the secret then. A path goes nowhere else, and
//! `Referrer-Policy` keeps it out of what is asked of other origins.

use std::env;
use std::fmt::Write as _;
use std::net::SocketAddr;

use subtle::ConstantTimeEq as _;

/// In tests: if this variable is set, the system is taken for one that does not tell. (It only
/// makes things stricter, so it does no harm in other hands.)
const UNTOLD: &str = "LEARN_UNTOLD";

/// How a request is known to come from the user of this process.
pub(crate) enum Owner {
    /// The system tells whose a connection to this port is.
    Told { port: u16 },
    /// The client knows this: 128 bits from the system's source of secrets, as hexadecimal digits.
    Knows { secret: String },
}

impl Owner {
    /// Of a server that listens at this port already.
    ///
    /// # Errors
    /// If a secret is needed, and the system gives no random bytes.
    pub(crate) fn new(port: u16) -> Result<Self, String> {
        match is_told(port) {
            true => Ok(Self::Told { port }),
            false => Self::unknown(),
        }
    }

    fn unknown() -> Result<Self, String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|why| format!("no random bytes: {why}"))?;
        let secret = bytes.iter().fold(String::new(), |mut secret, byte| {
            let _ = write!(secret, "{byte:02x}");
            secret
        });
        Ok(Self::Knows { secret })
    }

    /// The path below which all pages are.
    pub(crate) fn root(&self) -> String {
        match self {
            Self::Told { .. } => "/".into(),
            Self::Knows { secret } => format!("/{secret}/"),
        }
    }

    /// What is said to those who are not admitted.
    pub(crate) fn refusal(&self) -> &'static str {
        match self {
            Self::Told { .. } => "This server is for the user who has started it.",
            Self::Knows { .. } => {
                "Open the address that cargo learn has printed in its terminal, all of it: what stands \
                 behind the port is new at each start, and for you alone."
            }
        }
    }

    /// The path that this client asks for, as if it were below `/`. `None` if the client is not
    /// known to be the owner.
    pub(crate) fn admits<'p>(&self, client: SocketAddr, path: &'p str) -> Option<&'p str> {
        match self {
            Self::Told { port } => system::is_ours(client, *port).then_some(path),
            Self::Knows { secret } => {
                let path = path.strip_prefix('/')?;
                let (said, rest) = match path.find('/') {
                    Some(at) => path.split_at(at),
                    None => (path, "/"),
                };
                // In a time that does not depend on how many of the digits are right: else they
                // could be found out one by one.
                bool::from(said.as_bytes().ct_eq(secret.as_bytes())).then_some(rest)
            }
        }
    }
}

/// Whether a client that has connected to this port, and of whom no secret is known, may belong
/// to the user of this process. Where the system does not tell, anyone may.
pub(crate) fn may_be_ours(client: SocketAddr, port: u16) -> bool {
    !is_told(port) || system::is_ours(client, port)
}

/// Whether this system tells whose a connection to this port is, at which this process listens.
fn is_told(port: u16) -> bool {
    env::var_os(UNTOLD).is_none() && system::is_told(port)
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::SocketAddr;

    pub(super) fn is_told(_port: u16) -> bool {
        false
    }

    pub(super) fn is_ours(_client: SocketAddr, _port: u16) -> bool {
        false
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;
    use std::net::{IpAddr, Ipv6Addr, SocketAddr};
    use std::os::unix::fs::MetadataExt as _;

    /// In the Linux of Windows (WSL), the tables are silent about browsers of Windows: these come
    /// from outside, or all in the name of root, whoever they belong to.
    pub(super) fn is_told(port: u16) -> bool {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        !kernel.to_lowercase().contains("microsoft") && is_listed(port)
    }

    /// Whether the tables have the server at this port. Else the system keeps them to itself.
    pub(super) fn is_listed(port: u16) -> bool {
        let is_it = |row: Row<'_>| row.is_listening && row.port == port;
        tables().iter().any(|table| rows(table).any(is_it))
    }

    /// Whether the client that has connected to this port belongs to the user of this process,
    /// or to root, who may do anything anyway.
    pub(super) fn is_ours(client: SocketAddr, port: u16) -> bool {
        let Ok(own) = fs::metadata("/proc/self") else {
            return false;
        };
        let own = own.uid();
        tables().iter().any(|table| is_in(table, client, port, own))
    }

    /// The connections of this computer, as the system lists them.
    fn tables() -> Vec<String> {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
        tables.into_iter().flatten().collect()
    }

    /// Whether this table has the client's end of the connection, and it is this user's or root's.
    pub(super) fn is_in(table: &str, client: SocketAddr, port: u16, own: u32) -> bool {
        rows(table).any(|row| {
            let is_it = row.remote_port == port
                && row.port == client.port()
                && names(client.ip()).iter().any(|name| name == row.address);
            // One that its program has closed already is nobody's: it has no file (inode 0), and
            // is listed as root's.
            is_it && row.inode != "0" && (row.user == own || row.user == 0)
        })
    }

    struct Row<'a> {
        address: &'a str,
        port: u16,
        remote_port: u16,
        is_listening: bool,
        user: u32,
        inode: &'a str,
    }

    fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
        table.lines().skip(1).filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let hex = |port| u16::from_str_radix(port, 16).ok();
            let (address, port) = words.get(1)?.split_once(':')?;
            let (_, remote_port) = words.get(2)?.split_once(':')?;
            Some(Row {
                address,
                port: hex(port)?,
                remote_port: hex(remote_port)?,
                is_listening: *words.get(3)? == "0A",
                user: words.get(7)?.parse().ok()?,
                inode: words.get(9)?,
            })
        })
    }

    /// How the tables write this address: in words of four bytes, each as a number of this
    /// machine. An IPv4 address may also stand among those of IPv6.
    fn names(address: IpAddr) -> Vec<String> {
        let v6 = |address: Ipv6Addr| -> String {
            let words = address.octets();
            let words = words.chunks_exact(4);
            let words = words.map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
            words.map(|word| format!("{word:08X}")).collect()
        };
        match address {
            IpAddr::V4(address) => {
                let word = u32::from_ne_bytes(address.octets());
                vec![format!("{word:08X}"), v6(address.to_ipv6_mapped())]
            }
            IpAddr::V6(address) => vec![v6(address)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_the_secret_is_admitted_below_it() {
        let owner = |secret: &str| Owner::Knows {
            secret: secret.into(),
        };
        let client = "127.0.0.1:49153".parse().expect("an address");
        let own = owner("0a1b");
        assert_eq!(own.root(), "/0a1b/");
        let admitted = |path| own.admits(client, path);
        assert_eq!(admitted("/0a1b/"), Some("/"));
        assert_eq!(admitted("/0a1b"), Some("/"));
        assert_eq!(admitted("/0a1b/lessons/x/"), Some("/lessons/x/"));
        for path in [
            "/", "", "*", "//", "/0a1", "/0a1b0/", "/0a1c/", "/0A1B/", "//0a1b/", "/x/0a1b/", "/ö",
            "/%30a1b/", "ö",
        ] {
            assert_eq!(admitted(path), None, "{path}");
        }
    }

    #[test]
    fn each_secret_is_another() {
        let secret = || match Owner::unknown() {
            Ok(Owner::Knows { secret }) => secret,
            _ => panic!("no secret"),
        };
        let (one, two) = (secret(), secret());
        assert_ne!(one, two);
        let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        assert!(one.len() == 32 && one.chars().all(is_digit), "{one}");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests_of_the_system {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn an_own_connection_is_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let server = listener.local_addr().expect("an address");
            assert!(system::is_listed(server.port()));
            let client = TcpStream::connect(server).expect("a connection");
            let address = client.local_addr().expect("an address");
            let taken = listener.accept().expect("a client");
            assert_eq!(taken.1, address);
            assert!(system::is_ours(address, server.port()));
            // One that its program has closed may have been anybody's.
            drop(client);
            assert!(!system::is_ours(address, server.port()));
        }
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_table_tells_whose_a_connection_is() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let row = |address: &str, user: u32, inode: u32| {
            format!(
                "{head}   1: {address}:C001 0100007F:0FA0 01 00000000:00000000 00:00000000 00000000 \
                 {user:5}        0 {inode} 1 0000000000000000 20 4 30 10 -1\n"
            )
        };
        let client = "127.0.0.1:49153".parse().expect("an address");
        let is_in = |table: &str| system::is_in(table, client, 4000, 1000);
        assert!(is_in(&row("0100007F", 1000, 77)));
        assert!(is_in(&row("0000000000000000FFFF00000100007F", 1000, 77)));
        assert!(is_in(&row("0100007F", 0, 77)), "root");
        assert!(!is_in(&row("0100007F", 1001, 77)), "another user");
        assert!(!is_in(&row("0100007F", 0, 0)), "closed");
        assert!(!is_in(&row("0200007F", 1000, 77)), "another address");
        assert!(!is_in(head) && !is_in(""));
    }
}

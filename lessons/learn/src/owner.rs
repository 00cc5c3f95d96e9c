//! Whose program is at the other end of a connection on this computer. All who use a computer
//! share its loopback addresses, so on one with several users, such as a lab's, another one could
//! ask as well as its owner's browser. Linux tells whose each connection is.
//!
//! Elsewhere nobody can be told apart, and everyone on the computer is trusted.

use std::net::SocketAddr;

/// Whether the client that has connected to this port belongs to the user of this process, or
/// to root, who may do anything anyway.
pub(crate) fn is_ours(client: SocketAddr, port: u16) -> bool {
    #[cfg(target_os = "linux")]
    return linux::is_ours(client, port).unwrap_or(true);
    #[cfg(not(target_os = "linux"))]
    return matches!((client, port), _);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::net::{IpAddr, Ipv6Addr, SocketAddr};
    use std::os::unix::fs::MetadataExt as _;

    /// `None` if the system does not tell.
    pub(super) fn is_ours(client: SocketAddr, port: u16) -> Option<bool> {
        let own = fs::metadata("/proc/self").ok()?.uid();
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
        let tables: Vec<String> = tables.into_iter().flatten().collect();
        // Where not even this server is listed, the system keeps the list to itself.
        let mut rows = tables.iter().flat_map(|table| rows(table));
        rows.find(|row| row.is_listening && row.port == port)?;
        Some(tables.iter().any(|table| is_in(table, client, port, own)))
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn an_own_connection_is_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let server = listener.local_addr().expect("an address");
            let client = TcpStream::connect(server).expect("a connection");
            let address = client.local_addr().expect("an address");
            let taken = listener.accept().expect("a client");
            assert_eq!(taken.1, address);
            assert_eq!(linux::is_ours(address, server.port()), Some(true));
            // One that its program has closed may have been anybody's.
            drop(client);
            assert_eq!(linux::is_ours(address, server.port()), Some(false));
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
        let is_in = |table: &str| linux::is_in(table, client, 4000, 1000);
        assert!(is_in(&row("0100007F", 1000, 77)));
        assert!(is_in(&row("0000000000000000FFFF00000100007F", 1000, 77)));
        assert!(is_in(&row("0100007F", 0, 77)), "root");
        assert!(!is_in(&row("0100007F", 1001, 77)), "another user");
        assert!(!is_in(&row("0100007F", 0, 0)), "closed");
        assert!(!is_in(&row("0200007F", 1000, 77)), "another address");
        assert!(!is_in(head) && !is_in(""));
    }
}

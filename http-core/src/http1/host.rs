//! Whether a text is a host and a port: `localhost:8000`, `[::1]:80`
//! (RFC 9110, section 7.2; RFC 3986, section 3.2.2).

use std::net::Ipv6Addr;

use super::grammar::is_host_byte;

/// Whether `value` is a host, or a host and a port, as the Host field carries it.
/// An empty host is one, too: it is sent where the target has none.
pub(super) fn is_host(value: &[u8]) -> bool {
    let (host_is_good, behind) = match value {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|&b| b == b']') else {
                return false;
            };
            (is_ipv6(&rest[..end]), &rest[end + 1..])
        }
        _ => {
            let end = value.iter().position(|&b| b == b':');
            let (name, behind) = value.split_at(end.unwrap_or(value.len()));
            (is_name(name), behind)
        }
    };
    let port_is_good = match behind {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host_is_good && port_is_good
}

fn is_ipv6(address: &[u8]) -> bool {
    std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// A registered name or an IPv4 address. A `%` begins two hexadecimal digits.
fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let Some(other) = rest.iter().position(|&byte| !is_host_byte(byte)) {
        rest = match &rest[other..] {
            [b'%', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn hosts() {
        for good in [
            "",
            "localhost",
            "localhost:8000",
            "h:",
            "127.0.0.1:80",
            "[::1]",
            "[2001:db8::7]:443",
            "xn--caf-dma.example",
            "a_b",
            "-._~!$&'()*+,;=",
            "%41.example",
            "a%41b%42:80",
        ] {
            assert!(is_host(good.as_bytes()), "{good:?}");
        }
        for bad in [
            "a b",
            "a/b",
            "u@h",
            "a?b",
            "h:x",
            "h:80:80",
            "::1",
            "[::1",
            "[::1]x",
            "[]",
            "[h]",
            "%4",
            "%zz",
            "h:-1",
            "caf\u{e9}",
            "h%",
            "h\"",
            "h#",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad:?}");
        }
    }
}

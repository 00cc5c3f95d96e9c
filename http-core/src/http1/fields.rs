//! The fields of a request that steer the connection: where the body ends (RFC 9112,
//! section 6), whether the connection stays open (9.3), which host is asked for (3.2).

use http::{StatusCode, Version};

use super::chunks::{BODY_TOO_LARGE, Framing};
use super::host::is_host;
use super::{Limits, Refusal};

/// What those fields say.
#[derive(Debug, Clone, Default)]
pub(super) struct Steering {
    pub framing: Framing,
    /// Whether the client wants to send another request on this connection.
    pub keep_alive: bool,
    /// Whether it waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

impl Steering {
    /// # Errors
    /// A [`Refusal`] where any of it is in doubt.
    pub fn of(
        version: Version,
        fields: &[httparse::Header],
        limits: &Limits,
    ) -> Result<Steering, Refusal> {
        let http_11 = version == Version::HTTP_11;
        let mut host = None;
        let mut length = None;
        let mut chunked = false;
        let mut other_coding = false;
        let mut close = false;
        let mut keep_alive = false;
        let mut expects_continue = false;
        for field in fields {
            let name = field.name;
            if name.eq_ignore_ascii_case("host") {
                if host.replace(field.value).is_some() {
                    return Err(Refusal::bad("the request has more than one Host field"));
                }
            } else if name.eq_ignore_ascii_case("content-length") {
                if length.replace(parse_length(field.value)?).is_some() {
                    return Err(Refusal::bad("the request has more than one Content-Length"));
                }
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                if chunked {
                    return Err(Refusal::bad("the body is chunked twice"));
                }
                chunked = parse_codings(field.value, &mut other_coding)?;
            } else if name.eq_ignore_ascii_case("connection") {
                for option in field.value.split(|&b| b == b',').map(<[u8]>::trim_ascii) {
                    close |= option.eq_ignore_ascii_case(b"close");
                    keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            } else if http_11 && name.eq_ignore_ascii_case("expect") {
                if !field.value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(Refusal::new(
                        StatusCode::EXPECTATION_FAILED,
                        "the only expectation understood here is 100-continue",
                    ));
                }
                expects_continue = true;
            }
        }
        match host {
            None if http_11 => return Err(Refusal::bad("the request has no Host field")),
            Some(host) if !is_host(host) => {
                return Err(Refusal::bad("the Host field is not a host and a port"));
            }
            _ => {}
        }
        // Both at once is how one server is made to see two requests where
        // another sees one (request smuggling; RFC 9112, section 11.2).
        if (chunked || other_coding) && length.is_some() {
            return Err(Refusal::bad(
                "the request has both Content-Length and Transfer-Encoding",
            ));
        }
        if (chunked || other_coding) && !http_11 {
            return Err(Refusal::bad("HTTP/1.0 has no Transfer-Encoding"));
        }
        if other_coding {
            return Err(if chunked {
                OTHER_CODING
            } else {
                // Nobody can tell where this body ends (RFC 9112, section 6.3).
                Refusal::bad("the last transfer coding is not chunked")
            });
        }
        if length.is_some_and(|length| length > limits.body_size) {
            return Err(BODY_TOO_LARGE);
        }
        let framing = if chunked {
            Framing::Chunked
        } else {
            Framing::Length(length.unwrap_or(0))
        };
        Ok(Steering {
            framing,
            keep_alive: !close && (http_11 || keep_alive),
            expects_continue: expects_continue && framing != Framing::Length(0),
        })
    }
}

const OTHER_CODING: Refusal = Refusal::new(
    StatusCode::NOT_IMPLEMENTED,
    "the only transfer coding understood here is chunked",
);

/// One Transfer-Encoding field: whether `chunked` is its last coding. Sets `other`
/// where there is another one, or none at all (RFC 9112, section 6.1).
fn parse_codings(value: &[u8], other: &mut bool) -> Result<bool, Refusal> {
    let mut chunked = false;
    for coding in value.split(|&b| b == b',').map(<[u8]>::trim_ascii) {
        if chunked {
            return Err(Refusal::bad("there is a transfer coding behind chunked"));
        }
        chunked = coding.eq_ignore_ascii_case(b"chunked");
        *other |= !chunked;
    }
    Ok(chunked)
}

/// Digits and nothing else: no sign, no list, no space (RFC 9110, section 8.6).
pub(super) fn parse_length(value: &[u8]) -> Result<u64, Refusal> {
    const BAD: Refusal = Refusal::bad("the Content-Length is not a number");
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(BAD);
    }
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::super::head::parsing::{head, refused};
    use super::*;

    #[test]
    fn fields_that_are_refused() {
        for (fields, status) in [
            ("", 400),
            ("Host: a\r\nHost: a\r\n", 400),
            ("Host: a b\r\n", 400),
            ("Host: a/b\r\n", 400),
            ("Host : a\r\n", 400),
            ("Host: a\r\n folded: x\r\n", 400),
            ("Host: a\r\nX: \u{0}\r\n", 400),
            ("Host: a\r\n: x\r\n", 400),
            ("Host: a\r\nContent-Length: -1\r\n", 400),
            ("Host: a\r\nContent-Length: +1\r\n", 400),
            ("Host: a\r\nContent-Length: 0x1\r\n", 400),
            ("Host: a\r\nContent-Length: 1, 1\r\n", 400),
            ("Host: a\r\nContent-Length:\r\n", 400),
            ("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n", 400),
            ("Host: a\r\nContent-Length: 99999999999999999999\r\n", 400),
            ("Host: a\r\nContent-Length: 99999999999\r\n", 413),
            ("Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
            ("Host: a\r\nTransfer-Encoding: xchunked\r\n", 400),
            (
                "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                400,
            ),
            (
                "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                400,
            ),
            ("Host: a\r\nExpect: a-miracle\r\n", 417),
        ] {
            assert_eq!(
                refused(&format!("GET / HTTP/1.1\r\n{fields}\r\n")),
                status,
                "{fields:?}"
            );
        }
        assert_eq!(
            refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400
        );
    }

    #[test]
    fn the_connection_goes_on_or_ends() {
        let keeps = |version: &str, connection: &str| {
            head(&format!(
                "GET / HTTP/{version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n"
            ))
            .keep_alive()
        };
        assert!(keeps("1.1", "upgrade, x"));
        assert!(!keeps("1.1", "x , Close"));
        assert!(!keeps("1.1", "keep-alive, close"));
        assert!(!keeps("1.0", "x"));
        assert!(keeps("1.0", "Keep-Alive"));
    }

    #[test]
    fn bodies_and_expectations() {
        let one = |fields: &str| head(&format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        assert_eq!(one("").framing(), Framing::Length(0));
        assert_eq!(one("Content-Length: 007\r\n").framing(), Framing::Length(7));
        assert_eq!(
            one("Transfer-Encoding: CHUNKED\r\n").framing(),
            Framing::Chunked
        );
        assert!(one("Content-Length: 7\r\nExpect: 100-Continue\r\n").expects_continue());
        // Nothing to wait for when there is no body.
        assert!(!one("Expect: 100-continue\r\n").expects_continue());
    }
}

//! Header fields: their form, Host, Expect, Upgrade.

use http_core::Limits;

use super::{Class, class, with_fields};

pub fn classes() -> Vec<Class> {
    let host = vec![
        class("HTTP/1.1 without Host", "400, closed", "9112 §3.2")
            .fields_refused("400", &[b"", b"X: y\r\n", b"Hosts: h\r\n"]),
        class("HTTP/1.0 without Host", "200, closed", "9112 §3.2")
            .ends("GET / HTTP/1.0\r\n\r\n", "200 GET /")
            .ends("GET /a HTTP/1.0\r\nX: y\r\n\r\n", "200 GET /a"),
        class("more than one Host, even alike", "400, closed", "9112 §3.2").fields_refused(
            "400",
            &[
                b"Host: a\r\nHost: a\r\n",
                b"Host: a\r\nHOST: b\r\n",
                b"Host: a\r\nX: y\r\nHost:\r\n",
            ],
        ),
        class(
            "a Host that is no host and port",
            "400, closed; in HTTP/1.0, too",
            "9112 §3.2",
        )
        .fields_refused(
            "400",
            &[
                b"Host: a b\r\n",
                b"Host: a/b\r\n",
                b"Host: a?b\r\n",
                b"Host: u@h\r\n",
                b"Host: h:x\r\n",
                b"Host: h:80:80\r\n",
                b"Host: ::1\r\n",
                b"Host: [::1\r\n",
                b"Host: [h]\r\n",
                b"Host: %zz\r\n",
                b"Host: caf\xc3\xa9\r\n",
            ],
        )
        .ends("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "400"),
        class(
            "Host: a name, an address, with a port or without; empty",
            "200",
            "9110 §7.2",
        )
        .fields_kept(&[
            (b"Host: localhost:8000\r\n", "200 POST /f?X"),
            (b"host:h\r\n", "200 POST /f?X"),
            (b"HOST: 127.0.0.1\r\n", "200 POST /f?X"),
            (b"Host: [::1]:80\r\n", "200 POST /f?X"),
            (b"Host: h:\r\n", "200 POST /f?X"),
            (b"Host: xn--caf-dma.a_b.example\r\n", "200 POST /f?X"),
            (b"Host:\r\n", "200 POST /f?X"),
        ]),
    ];
    let form = vec![
        class(
            "whitespace between a field's name and its colon",
            "400, closed",
            "9112 §5.1",
        )
        .fields_refused(
            "400",
            &[
                b"Host : h\r\n",
                b"Host: h\r\nX : y\r\n",
                b"Host: h\r\nX\t: y\r\n",
                b"Host: h\r\nContent-Length : 3\r\n",
                b"Host: h\r\nTransfer-Encoding : chunked\r\n",
            ],
        ),
        class("a folded line (obs-fold)", "400, closed", "9112 §5.2").fields_refused(
            "400",
            &[
                b" Host: h\r\n",
                b"Host: h\r\n X: y\r\n",
                b"Host: h\r\nX: y\r\n z\r\n",
                b"Host: h\r\nX: y\r\n\tz\r\n",
                b"Host: h\r\nTransfer-Encoding:\r\n chunked\r\n",
                b"Host: h\r\nX: y\r\n \r\n",
            ],
        ),
        class(
            "a field's name that is missing or no token; no colon",
            "400, closed",
            "9110 §5.1",
        )
        .fields_refused(
            "400",
            &[
                b"Host\r\n",
                b"Host: h\r\nX\r\n",
                b"Host: h\r\n: y\r\n",
                b"Host: h\r\nX(Y): z\r\n",
                b"Host: h\r\nX Y: z\r\n",
                b"Host: h\r\n\"X\": y\r\n",
                b"Host: h\r\n\xc3\xa9: y\r\n",
                b"Host: h\r\n\0: y\r\n",
                b"Host: h\r\nGET / HTTP/1.1\r\n",
            ],
        ),
        class(
            "a value with NUL or another control character",
            "400, closed",
            "9110 §5.5",
        )
        .fields_refused(
            "400",
            &[
                b"Host: h\r\nX: a\0b\r\n",
                b"Host: h\r\nX: a\x08\r\n",
                b"Host: h\r\nX: \x1b[2J\r\n",
                b"Host: h\r\nX: \x7f\r\n",
                b"Host: h\r\nX: a\x0bb\r\n",
            ],
        ),
        class(
            "a value that is empty, has tabs or 8-bit bytes in it, spaces around it",
            "200; the spaces around it are no part of it",
            "9110 §5.5",
        )
        .fields_kept(&[
            (b"Host: h\r\nX:\r\n", "200 POST /f?X []"),
            (b"Host: h\r\nX:y\r\n", "200 POST /f?X [y]"),
            (b"Host: h\r\nX: \t y z \t \r\n", "200 POST /f?X [y z]"),
            (b"Host: h\r\nx: a\tb\r\n", "200 POST /f?X [a\tb]"),
            (b"Host: h\r\nX: \xe3\x81\xad\r\n", "200 POST /f?X [ね]"),
            (b"Host: h\r\nX: \xe9\r\n", "200 POST /f?X [\u{fffd}]"),
            (b"Host: h\r\nX: a: b\r\n", "200 POST /f?X [a: b]"),
        ]),
        class(
            "fields, as many as `fields`; more of them",
            "200; 431, closed",
            "6585 §5",
        )
        .limits(Limits {
            fields: 10,
            ..Limits::default()
        })
        .kept(
            with_fields(format!("Host: h\r\n{}", "A: b\r\n".repeat(9)).as_bytes()),
            "200 POST /f?X",
        )
        .ends(
            with_fields(format!("Host: h\r\n{}", "A: b\r\n".repeat(10)).as_bytes()),
            "431",
        )
        .ends(
            with_fields(format!("Host: h\r\n{}", "A: b\r\n".repeat(500)).as_bytes()),
            "431",
        ),
        class(
            "a head up to `head_size`, empty lines before it included; a larger one",
            "200; 431, closed, before it is all there, too",
            "6585 §5",
        )
        .limits(Limits {
            head_size: 400,
            ..Limits::default()
        })
        .kept(
            format!(
                "GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
                "y".repeat(368)
            ),
            "200 GET /",
        )
        .ends(
            format!(
                "GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
                "y".repeat(369)
            ),
            "431",
        )
        .ends(
            format!("GET / HTTP/1.1\r\nHost: {}", "h".repeat(400)),
            "431",
        )
        .ends(format!("GET / HTTP/1.1\r\n{}", "X".repeat(400)), "431")
        .ends("\r\n".repeat(300), "431"),
    ];
    let meaning = vec![
        class("an expectation other than 100-continue", "417, closed", "9110 §10.1.1")
            .fields_refused(
                "417",
                &[
                    b"Host: h\r\nExpect: a-miracle\r\n",
                    b"Host: h\r\nExpect: 100-continue, x\r\n",
                    b"Host: h\r\nExpect:\r\n",
                    b"Host: h\r\nExpect: 100-continue\r\nExpect: x\r\n",
                ],
            ),
        class(
            "an expectation in HTTP/1.0",
            "ignored: 200, closed",
            "9110 §10.1.1",
        )
        .ends(
            "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\ncat",
            "200 POST / cat",
        )
        .ends("GET / HTTP/1.0\r\nExpect: a-miracle\r\n\r\n", "200 GET /"),
        class("Upgrade", "ignored: 200", "9110 §7.8").fields_kept(&[
            (
                b"Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
                "200 POST /f?X",
            ),
            (
                b"Host: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
                "200 POST /f?X",
            ),
            (b"Host: h\r\nUpgrade: TLS/1.0\r\n", "200 POST /f?X"),
        ]),
    ];
    [host, form, meaning].into_iter().flatten().collect()
}

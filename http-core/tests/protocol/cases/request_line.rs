//! The first line: method, target, version, and the line ends.

use http_core::Limits;

use super::{Class, class};

pub fn classes() -> Vec<Class> {
    let methods = vec![
        class(
            "a method that the handler has",
            "200; HEAD is answered like GET, without a body",
            "9110 §9.3",
        )
        .lines_kept(&[
            ("GET / HTTP/1.1", "200 GET /"),
            ("HEAD / HTTP/1.1", "HEAD 200"),
            ("POST / HTTP/1.1", "200 POST /"),
            ("PUT / HTTP/1.1", "200 PUT /"),
            ("DELETE / HTTP/1.1", "200 DELETE /"),
            ("OPTIONS / HTTP/1.1", "200 OPTIONS /"),
        ]),
        class(
            "another token as the method; methods have upper and lower case",
            "501; its body is passed over",
            "9110 §9.1",
        )
        .lines_kept(&[
            ("PATCH / HTTP/1.1", "501"),
            ("TRACE / HTTP/1.1", "501"),
            ("get / HTTP/1.1", "501"),
            ("Get / HTTP/1.1", "501"),
            ("BREW /pot HTTP/1.1", "501"),
            ("M-SEARCH / HTTP/1.1", "501"),
            ("!#$%&'*+-.^_`|~0 / HTTP/1.1", "501"),
        ])
        .kept(
            "PROPFIND / HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\nGET / HTTP/1.1",
            "501",
        )
        .kept(
            "BREW / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET \r\n0\r\n\r\n",
            "501",
        ),
        class(
            "a method longer than any that is known: than 64 letters",
            "501, closed, before it is all there, too",
            "9112 §3",
        )
        .limits(Limits {
            target_size: 32,
            ..Limits::default()
        })
        .lines_refused(
            "501",
            &[
                format!("{} / HTTP/1.1", "X".repeat(65)).as_bytes(),
                format!("{} /{} HTTP/1.1", "X".repeat(65), "x".repeat(500)).as_bytes(),
                format!("{} / HTTP/1.1", "X".repeat(20_000)).as_bytes(),
            ],
        )
        .ends("x".repeat(500), "501")
        .kept(
            format!("{} / HTTP/1.1\r\nHost: h\r\n\r\n", "X".repeat(64)),
            "501",
        ),
        class("a method that is no token", "400, closed", "9112 §3.1").lines_refused(
            "400",
            &[
                b"G(T / HTTP/1.1",
                b"G:T / HTTP/1.1",
                b"\"GET\" / HTTP/1.1",
                b"{GET} / HTTP/1.1",
                b"G\0T / HTTP/1.1",
                b"G\x7fT / HTTP/1.1",
                b"G\xc3\x89T / HTTP/1.1",
                b"/ HTTP/1.1",
            ],
        ),
    ];
    let targets = vec![
        class(
            "a path, with a query or without (origin-form)",
            "200; handed on as it was sent, nothing decoded",
            "9112 §3.2.1",
        )
        .lines_kept(&[
            ("GET /a/b?c=d&e HTTP/1.1", "200 GET /a/b?c=d&e"),
            ("GET /? HTTP/1.1", "200 GET /?"),
            ("GET /a?b?c HTTP/1.1", "200 GET /a?b?c"),
            ("GET /%41%zz%00 HTTP/1.1", "200 GET /%41%zz%00"),
            ("GET /../a/./b HTTP/1.1", "200 GET /../a/./b"),
            ("GET //h/x HTTP/1.1", "200 GET //h/x"),
            (
                "GET /:@!$&'()*+,;=-._~ HTTP/1.1",
                "200 GET /:@!$&'()*+,;=-._~",
            ),
        ]),
        class(
            "an absolute URI (absolute-form)",
            "200; the path begins behind the host, which takes the place of Host",
            "9112 §3.2.2",
        )
        .lines_kept(&[
            ("GET http://h/a?b HTTP/1.1", "200 GET http://h/a?b"),
            (
                "GET HTTP://OTHER.example HTTP/1.1",
                "200 GET HTTP://OTHER.example",
            ),
            ("GET http://h?q HTTP/1.1", "200 GET http://h?q"),
            ("GET https://h:8443/ HTTP/1.1", "200 GET https://h:8443/"),
            ("GET http://[::1]:80/ HTTP/1.1", "200 GET http://[::1]:80/"),
            ("OPTIONS http://h HTTP/1.1", "200 OPTIONS http://h"),
        ]),
        class("`OPTIONS *` (asterisk-form)", "200", "9112 §3.2.4")
            .lines_kept(&[("OPTIONS * HTTP/1.1", "200 OPTIONS *")]),
        class(
            "`CONNECT host:port` (authority-form)",
            "501, closed: this is no proxy",
            "9112 §3.2.3",
        )
        .lines_refused(
            "501",
            &[b"CONNECT h:80 HTTP/1.1", b"CONNECT [::1]:443 HTTP/1.1"],
        ),
        class(
            "a target that is none of these, or that has a fragment or a user in it",
            "400, closed",
            "9112 §3.2, 9110 §4.2",
        )
        .lines_refused(
            "400",
            &[
                b"GET * HTTP/1.1",
                b"GET x HTTP/1.1",
                b"GET ?q HTTP/1.1",
                b"GET h:80 HTTP/1.1",
                b"GET /a#b HTTP/1.1",
                b"GET http:/a HTTP/1.1",
                b"GET http:// HTTP/1.1",
                b"GET http:///a HTTP/1.1",
                b"GET http://:80/ HTTP/1.1",
                b"GET http://h:x/ HTTP/1.1",
                b"GET http://u:p@h/ HTTP/1.1",
                b"GET ftp://h/ HTTP/1.1",
            ],
        ),
        class(
            "a target with characters that a URI has not (`\"<>\\^{}`, UTF-8)",
            "200; handed on as it was sent, as browsers send such",
            "9112 §3.2",
        )
        .lines_kept(&[
            ("GET /\"<>\\^`{|} HTTP/1.1", "200 GET /\"<>\\^`{|}"),
            ("GET /[a] HTTP/1.1", "200 GET /[a]"),
            ("GET /ね?ね HTTP/1.1", "200 GET /ね?ね"),
        ]),
        class(
            "a target with control characters, or bytes that are not UTF-8",
            "400, closed",
            "9112 §3.2",
        )
        .lines_refused(
            "400",
            &[
                b"GET /\0 HTTP/1.1",
                b"GET /\x1b[2J HTTP/1.1",
                b"GET /\x7f HTTP/1.1",
                b"GET /\xff HTTP/1.1",
                b"GET /\xe3\x81 HTTP/1.1",
                // U+0080 and U+009F, the first and the last of the second set of controls.
                b"GET /\xc2\x80 HTTP/1.1",
                b"GET /?\xc2\x9f HTTP/1.1",
            ],
        ),
        class(
            "a target up to `target_size`; a longer one",
            "200; 414, closed, before it is all there, too",
            "9112 §3, 9110 §15.5.15",
        )
        .limits(Limits {
            target_size: 32,
            ..Limits::default()
        })
        .kept(
            format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(31)),
            &format!("200 GET /{}", "x".repeat(31)),
        )
        .ends(
            format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(32)),
            "414",
        )
        .ends(format!("GET /{}", "x".repeat(500)), "414"),
    ];
    let lines = vec![
        class(
            "other whitespace than one space between the parts",
            "400, closed",
            "9112 §3",
        )
        .lines_refused(
            "400",
            &[
                b"GET  / HTTP/1.1",
                b"GET /  HTTP/1.1",
                b" GET / HTTP/1.1",
                b"GET / HTTP/1.1 ",
                b"GET\t/ HTTP/1.1",
                b"GET /\tHTTP/1.1",
                b"GET /\x0b HTTP/1.1",
                b"GET /a b HTTP/1.1",
            ],
        ),
        class(
            "no version, or none that is one",
            "400, closed",
            "9112 §2.3",
        )
        .lines_refused(
            "400",
            &[
                b"GET",
                b"GET /",
                b"GET / ",
                b"GET / http/1.1",
                b"GET / HTTP/11",
                b"GET / HTTP/1",
                b"GET / HTTP/1.",
                b"GET / HTTP/1.10",
                b"GET / HTTP/1.1.1",
                b"GET / HTTP/1.2.1",
                b"GET / HTTP/1.2 ",
                b"GET / HTTP/2.0x",
                b"GET / HTTP/2.0\r",
                b"GET / HTTP/9.9.9",
                b"GET / HTTP/9.9@@@",
                b"GET / HTTP/10.0",
                b"GET / HTTP/1,1",
                b"GET / HTTP/x.y",
                b"GET / HTTP 1.1",
                b"GET / HTTPS/1.1",
            ],
        ),
        class("HTTP/1.2 to HTTP/1.9", "200, as HTTP/1.1", "9110 §2.5")
            .lines_kept(&[
                ("GET / HTTP/1.2", "200 GET /"),
                ("GET / HTTP/1.9", "200 GET /"),
            ])
            .kept("GET / HTTP/1.2\nHost: h\n\n", "200 GET /")
            .kept(
                "POST / HTTP/1.3\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncat\r\n0\r\n\r\n",
                "200 POST / cat",
            ),
        class(
            "a version with another major number than 1",
            "505, closed",
            "9110 §2.5, §15.6.6",
        )
        .lines_refused(
            "505",
            &[
                b"GET / HTTP/0.9",
                b"GET / HTTP/2.0",
                b"GET / HTTP/3.0",
                b"PRI * HTTP/2.0",
            ],
        ),
        class(
            "empty lines before a request",
            "passed over: 200",
            "9112 §2.2",
        )
        .kept("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "200 GET /")
        .kept("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "200 GET /")
        .kept("\n\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "200 GET /"),
        class(
            "a head whose lines end with LF alone",
            "200, as from one who types it by hand",
            "9112 §2.2",
        )
        .kept("GET / HTTP/1.1\nHost: h\n\n", "200 GET /")
        .kept("GET / HTTP/1.1\r\nHost: h\n\r\n", "200 GET /")
        .kept("GET / HTTP/1.1\nHost: h\r\n\n", "200 GET /"),
        class("CR without LF in a head", "400, closed", "9112 §2.2")
            .ends("GET / HTTP/1.1\rX\r\nHost: h\r\n\r\n", "400")
            .ends("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", "400")
            .ends("GET /\r HTTP/1.1\r\nHost: h\r\n\r\n", "400")
            .ends("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", "400")
            .ends("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", "400")
            .ends("GET / HTTP/1.1\r\nHost: h\r\n\rX", "400")
            .ends("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        class("another protocol: TLS, SSH, JSON", "400, closed", "9112 §3")
            .ends(
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x5a\x00\xff",
                "400",
            )
            .ends("SSH-2.0-OpenSSH_9.6\r\n", "400")
            .ends("{\"json\": true}\n", "400")
            .ends("\0\0\0\0", "400"),
    ];
    [methods, targets, lines].into_iter().flatten().collect()
}

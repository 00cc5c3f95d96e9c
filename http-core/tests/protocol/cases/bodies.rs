//! Where a body ends: Content-Length, chunks, and everything that leaves it in doubt.

use http_core::Limits;

use super::{Class, Then, class, with_chunks, with_length};

pub fn classes() -> Vec<Class> {
    let length = vec![
        class(
            "neither Content-Length nor Transfer-Encoding",
            "200: it has no body",
            "9112 §6.3",
        )
        .kept("POST / HTTP/1.1\r\nHost: h\r\n\r\n", "200 POST /")
        .kept(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\n\r\n",
            "200 POST /",
        ),
        class(
            "Content-Length: digits",
            "200: so many bytes, whatever the method",
            "9112 §6.2",
        )
        .kept(with_length("/", "cat"), "200 POST / cat")
        .kept(with_length("/", ""), "200 POST /")
        .kept(
            with_length("/", "GET / HTTP/1.1\r\n\r\n"),
            "200 POST / GET / HTTP/1.1\r\n\r\n",
        )
        .kept(
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat",
            "200 GET / cat",
        )
        .kept(
            "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat",
            "HEAD 200",
        )
        .kept(
            "PUT / HTTP/1.1\r\nHost: h\r\ncontent-length:\t007 \r\n\r\ncat and",
            "200 PUT / cat and",
        ),
        class(
            "Content-Length that is empty, signed, hexadecimal, in words",
            "400, closed",
            "9112 §6.3",
        )
        .fields_refused(
            "400",
            &[
                b"Host: h\r\nContent-Length:\r\n",
                b"Host: h\r\nContent-Length: -1\r\n",
                b"Host: h\r\nContent-Length: +1\r\n",
                b"Host: h\r\nContent-Length: 0x1\r\n",
                b"Host: h\r\nContent-Length: 1.0\r\n",
                b"Host: h\r\nContent-Length: 1 1\r\n",
                b"Host: h\r\nContent-Length: 1e1\r\n",
                b"Host: h\r\nContent-Length: \"1\"\r\n",
                b"Host: h\r\nContent-Length: one\r\n",
            ],
        ),
        class(
            "Content-Length twice or as a list, even alike",
            "400, closed",
            "9110 §8.6",
        )
        .fields_refused(
            "400",
            &[
                b"Host: h\r\nContent-Length: 1, 1\r\n",
                b"Host: h\r\nContent-Length: 1,2\r\n",
                b"Host: h\r\nContent-Length: 1,\r\n",
                b"Host: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
                b"Host: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            ],
        ),
        class("Content-Length beyond 64 bits", "400, closed", "9110 §8.6").fields_refused(
            "400",
            &[
                b"Host: h\r\nContent-Length: 18446744073709551616\r\n",
                b"Host: h\r\nContent-Length: 99999999999999999999999999999999\r\n",
            ],
        ),
        class(
            "a body up to `body_size`; a larger one",
            "200; 413, closed, by its Content-Length or in the middle of its chunks",
            "9110 §15.5.14",
        )
        .limits(Limits {
            body_size: 10,
            ..Limits::default()
        })
        .kept(with_length("/", "0123456789"), "200 POST / 0123456789")
        .kept(
            with_chunks("/", "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"),
            "200 POST / 0123456789",
        )
        .ends(with_length("/", "0123456789a"), "413")
        .ends(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n",
            "413",
        )
        .ends(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
            "413",
        )
        .chunks_refused(
            "413",
            &[
                "b\r\n",
                "5\r\n01234\r\n6\r\n",
                "ffffffffffffffff\r\n",
                "1\r\nx\r\nffffffffffffffff\r\n",
            ],
        ),
    ];
    let chunked = vec![
        class(
            "Transfer-Encoding: chunked",
            "200: the chunks are the body; extensions are passed over",
            "9112 §7.1",
        )
        .chunks_kept(&[
            ("0\r\n\r\n", "200 POST /"),
            ("3\r\ncat\r\n0\r\n\r\n", "200 POST / cat"),
            (
                "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
                "200 POST / 01234567890123456789a",
            ),
            ("0003\r\ncat\r\n000\r\n\r\n", "200 POST / cat"),
            ("3;a\r\ncat\r\n0;b=c\r\n\r\n", "200 POST / cat"),
            ("3 ; a = \"x;\\\"y\"\r\ncat\r\n0\r\n\r\n", "200 POST / cat"),
            (
                "3;a;b=c\t;d=\"\"\r\ncat\r\n0;e=\"ね\"\r\n\r\n",
                "200 POST / cat",
            ),
            ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "200 POST / \r\n\r\n"),
        ])
        .kept(
            "PUT / HTTP/1.1\r\nHost: h\r\ntransfer-encoding:CHUNKED \r\n\r\n3\r\ncat\r\n0\r\n\r\n",
            "200 PUT / cat",
        )
        .kept(
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncat\r\n0\r\n\r\n",
            "200 GET / cat",
        ),
        class(
            "trailer fields",
            "200: checked, and passed over",
            "9112 §7.1.2",
        )
        .chunks_kept(&[
            ("3\r\ncat\r\n0\r\nX: y\r\n\r\n", "200 POST / cat"),
            ("0\r\nX: y\r\nDigest:\r\n\r\n", "200 POST /"),
            ("0\r\nContent-Length: 5\r\nHost: evil\r\n\r\n", "200 POST /"),
        ]),
        class(
            "a chunk's size that is missing, signed, no number, too large",
            "400, closed",
            "9112 §7.1",
        )
        .chunks_refused(
            "400",
            &[
                "\r\n",
                "x\r\n",
                "-1\r\n",
                "+1\r\n",
                "0x1\r\n",
                " 1\r\n",
                ";a\r\n",
                "1 \r\n",
                "1 1\r\n",
                "1,1\r\n",
                "fffffffffffffffff\r\n",
                "00000000000000001\r\n",
            ],
        ),
        class(
            "chunk lines that end with LF or CR alone; a chunk longer or shorter than its size",
            "400, closed",
            "9112 §7.1",
        )
        .chunks_refused(
            "400",
            &[
                "3\ncat\r\n0\r\n\r\n",
                "3\rcat\r\n0\r\n\r\n",
                "3\r\ncat\n0\r\n\r\n",
                "3\r\ncats\r\n0\r\n\r\n",
                "3\r\nca\r\n0\r\n\r\n",
                "3\r\ncat0\r\n\r\n",
                "3;a\ncat\r\n0\r\n\r\n",
                "3;a\rb\r\ncat\r\n0\r\n\r\n",
                "3;\0\r\ncat\r\n0\r\n\r\n",
                "0\r\n\n",
            ],
        ),
        class(
            "a chunk extension that is malformed",
            "400, closed",
            "9112 §7.1.1",
        )
        .chunks_refused(
            "400",
            &[
                "3;\r\ncat\r\n0\r\n\r\n",
                "3;;a\r\ncat\r\n0\r\n\r\n",
                "3;a;\r\ncat\r\n0\r\n\r\n",
                "3;a \r\ncat\r\n0\r\n\r\n",
                "3;a=\r\ncat\r\n0\r\n\r\n",
                "3;=b\r\ncat\r\n0\r\n\r\n",
                "3;a b\r\ncat\r\n0\r\n\r\n",
                "3;a[=x\r\ncat\r\n0\r\n\r\n",
                "3;a=b=c\r\ncat\r\n0\r\n\r\n",
                "3;a=\"b\r\ncat\r\n0\r\n\r\n",
                "3;a=\"b\"c\r\ncat\r\n0\r\n\r\n",
                "3;a=\"b\\\"\r\ncat\r\n0\r\n\r\n",
                "3\r\ncat\r\n0;\r\n\r\n",
            ],
        ),
        class("a trailer field that is none", "400, closed", "9112 §7.1.2").chunks_refused(
            "400",
            &[
                "0\r\nno colon\r\n\r\n",
                "0\r\n: y\r\n\r\n",
                "0\r\nX : y\r\n\r\n",
                "0\r\nX: y\r\n z\r\n\r\n",
                "0\r\nX: a\0b\r\n\r\n",
                "0\r\nX: y\n\r\n",
                "0\r\nGET / HTTP/1.1\r\n",
            ],
        ),
        class(
            "more than 16 KiB of chunk extensions and trailer fields",
            "400, closed",
            "9112 §7.1.1, §7.1.2",
        )
        .ends(
            with_chunks("/", &format!("1;{}", "x".repeat(17_000))),
            "400",
        )
        .ends(
            with_chunks("/", &format!("0\r\nX: {}", "y".repeat(17_000))),
            "400",
        )
        .ends(
            with_chunks("/", &format!("1;{}\r\nx\r\n", "y".repeat(500)).repeat(34)),
            "400",
        )
        .ends(
            with_chunks("/", &format!("0\r\n{}", "X: y\r\n".repeat(4100))),
            "400",
        ),
    ];
    let in_doubt = vec![
        class(
            "another transfer coding before chunked",
            "501, closed",
            "9112 §6.1",
        )
        .fields_refused(
            "501",
            &[
                b"Host: h\r\nTransfer-Encoding: gzip, chunked\r\n",
                b"Host: h\r\nTransfer-Encoding: gzip,chunked\r\n",
                b"Host: h\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                b"Host: h\r\nTransfer-Encoding: , chunked\r\n",
            ],
        ),
        class(
            "transfer codings of which chunked is not the last, or not the only chunked",
            "400, closed",
            "9112 §6.3",
        )
        .fields_refused(
            "400",
            &[
                b"Host: h\r\nTransfer-Encoding: gzip\r\n",
                b"Host: h\r\nTransfer-Encoding: identity\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked, gzip\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked, chunked\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            ],
        ),
        class("`chunked` in disguise", "400, closed", "9112 §6.3, §11.2").fields_refused(
            "400",
            &[
                b"Host: h\r\nTransfer-Encoding: xchunked\r\n",
                b"Host: h\r\nTransfer-Encoding: chunke\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked,\r\n",
                b"Host: h\r\nTransfer-Encoding: \"chunked\"\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked;q=1\r\n",
                b"Host: h\r\nTransfer-Encoding: \x0bchunked\r\n",
                b"Host: h\r\nTransfer-Encoding: chunked\0\r\n",
                b"Host: h\r\nTransfer-Encoding: c\xe9unked\r\n",
                b"Host: h\r\nTransfer-Encoding:\r\n",
                b"Host: h\r\nTransfer Encoding: chunked\r\n",
            ],
        ),
        class("Transfer-Encoding in HTTP/1.0", "400, closed", "9112 §6.1")
            .ends(
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "400",
            )
            .ends(
                "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: gzip\r\n\r\n",
                "400",
            ),
        class(
            "Transfer-Encoding beside Content-Length",
            "400, closed",
            "9112 §6.1, §11.2",
        )
        .fields_refused(
            "400",
            &[
                b"Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                b"Host: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                b"Host: h\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, chunked\r\n",
            ],
        ),
    ];
    let unread = Limits {
        drain: 100,
        ..Limits::default()
    };
    let handler = vec![
        class(
            "Expect: 100-continue",
            "100 when the handler reads the body and it is not there; then 200",
            "9110 §10.1.1",
        )
        .case(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\ncat",
            &["100?", "200 POST / cat"],
            Then::GoesOn,
        )
        .case(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ncat\r\n0\r\n\r\n",
            &["100?", "200 POST / cat"],
            Then::GoesOn,
        )
        .kept(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
            "200 POST /",
        )
        .kept(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
            "200 POST /",
        ),
        class(
            "Expect: 100-continue, and the handler does not read",
            "200 without a 100, closed: the body may come or not",
            "9110 §10.1.1",
        )
        .ends(
            "POST /deaf HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 900\r\n\r\n",
            "200 POST /deaf",
        )
        .ends(
            "POST /deaf HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
            "200 POST /deaf",
        ),
        class(
            "a body that the handler does not read, up to `drain`",
            "200; the body is passed over",
            "9112 §9.3",
        )
        .limits(unread.clone())
        .kept(with_length("/deaf", "GET / HTTP/1.1\r\n\r\n"), "200 POST /deaf")
        .kept(with_length("/deaf", &"x".repeat(100)), "200 POST /deaf")
        .kept(with_chunks("/deaf", "3\r\ncat\r\n0\r\nX: y\r\n\r\n"), "200 POST /deaf"),
        class(
            "a body that the handler does not read, longer or malformed",
            "200, closed",
            "9112 §9.3",
        )
        .limits(unread)
        .ends(with_length("/deaf", &"x".repeat(101)), "200 POST /deaf")
        .ends(with_length("/deaf", &"x".repeat(5000)), "200 POST /deaf")
        .case(
            with_chunks("/deaf", &format!("fff\r\n{}", "x".repeat(4095))),
            &["200 POST /deaf"],
            Then::EndsUnsaid,
        )
        .case(
            with_chunks("/deaf", "3\r\ncats\r\n"),
            &["200 POST /deaf"],
            Then::EndsUnsaid,
        ),
    ];
    [length, chunked, in_doubt, handler]
        .into_iter()
        .flatten()
        .collect()
}

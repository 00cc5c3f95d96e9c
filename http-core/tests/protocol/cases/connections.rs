//! Many requests on a connection, and its end.

use super::{Class, Then, class, with_chunks, with_length};

fn get(version: &str, connection: &str) -> String {
    format!("GET / HTTP/{version}\r\nHost: h\r\n{connection}\r\n")
}

pub fn classes() -> Vec<Class> {
    vec![
        class("HTTP/1.1", "200; the connection goes on", "9112 §9.3")
            .kept(get("1.1", ""), "200 GET /")
            .kept(get("1.1", "Connection: keep-alive\r\n"), "200 GET /")
            .kept(get("1.1", "Connection: x, closed\r\n"), "200 GET /")
            .kept(get("1.1", "Connection:\r\n"), "200 GET /"),
        class(
            "HTTP/1.1 with `close` among its Connection options",
            "200, closed",
            "9112 §9.6",
        )
        .ends(get("1.1", "Connection: close\r\n"), "200 GET /")
        .ends(get("1.1", "Connection: x , CLOSE ,y\r\n"), "200 GET /")
        .ends(get("1.1", "Connection: keep-alive, close\r\n"), "200 GET /")
        .ends(
            get("1.1", "Connection: x\r\nConnection: close\r\n"),
            "200 GET /",
        ),
        class("HTTP/1.0", "200, closed", "9112 §9.3")
            .ends(get("1.0", ""), "200 GET /")
            .ends(get("1.0", "Connection: x\r\n"), "200 GET /")
            .ends(get("1.0", "Connection: keep-alive, close\r\n"), "200 GET /")
            .ends(
                "POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\ncat",
                "200 POST / cat",
            ),
        class(
            "HTTP/1.0 with `keep-alive` among its Connection options",
            "200, `Connection: keep-alive`; the connection goes on",
            "9112 §9.3",
        )
        .kept(get("1.0", "Connection: Keep-Alive\r\n"), "200 GET /")
        .kept(get("1.0", "Connection: x,keep-alive\r\n"), "200 GET /"),
        pipelines(),
        class(
            "a request in a pipeline that is refused",
            "200 for those before it, 400, closed; nothing behind it is answered",
            "9112 §9.3.2",
        )
        .case(
            format!(
                "{}GET / HTTP/1.1\r\n\r\n{}",
                get("1.1", "").repeat(20),
                get("1.1", "").repeat(20)
            ),
            &[&["200 GET /"; 20][..], &["400"]].concat(),
            Then::Ends,
        )
        .case(
            with_length("/", "cat") + &with_chunks("/", "x\r\n") + &get("1.1", ""),
            &["200 POST / cat", "400"],
            Then::Ends,
        ),
        class(
            "a HEAD request that is refused",
            "400 without a body, closed",
            "9110 §9.3.2",
        )
        .ends("HEAD / HTTP/1.1\r\n\r\n", "HEAD 400")
        .ends("HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n", "HEAD 400")
        .ends(
            "HEAD / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HEAD 400",
        )
        .case(
            "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
            &["HEAD 400"],
            Then::AfterFin,
        ),
        class(
            "requests behind the last one of a connection",
            "200 for that one, closed; the others are not answered",
            "9112 §9.6",
        )
        .case(
            get("1.1", "") + &get("1.1", "Connection: close\r\n") + &get("1.1", ""),
            &["200 GET /", "200 GET /"],
            Then::Ends,
        ),
        class(
            "smuggling: a request in a body, in chunks or in a trailer",
            "as many answers as requests: 200 each",
            "9112 §11.2",
        )
        .kept(
            with_length("/", "0\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n"),
            "200 POST / 0\r\n\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n",
        )
        .kept(
            with_chunks(
                "/",
                "1f\r\nGET /evil HTTP/1.1\r\nHost: h\r\n\r\n\r\n0\r\n\r\n",
            ),
            "200 POST / GET /evil HTTP/1.1\r\nHost: h\r\n\r\n",
        )
        .kept(
            with_chunks("/", "0\r\nX: GET /evil HTTP/1.1\r\n\r\n"),
            "200 POST /",
        ),
        class(
            "the client shuts down its side behind a request or a pipeline",
            "200 each, then the end",
            "9112 §9.6",
        )
        .case(get("1.1", ""), &["200 GET /"], Then::AfterFin)
        .case(with_length("/", "cat"), &["200 POST / cat"], Then::AfterFin)
        .case(
            with_chunks("/", "3\r\ncat\r\n0\r\n\r\n") + &get("1.1", "").repeat(50),
            &[&["200 POST / cat"][..], &["200 GET /"; 50]].concat(),
            Then::AfterFin,
        ),
        class(
            "the client shuts down its side in the middle of a request",
            "200 for those before it, 400, closed; 100 if it waited for that",
            "9112 §8",
        )
        .case("GET / HT", &["400"], Then::AfterFin)
        .case("GET / HTTP/1.1\r\nHost: h\r\n", &["400"], Then::AfterFin)
        .case(
            get("1.1", "") + "GET",
            &["200 GET /", "400"],
            Then::AfterFin,
        )
        .case(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\ncat",
            &["400"],
            Then::AfterFin,
        )
        .case(
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\ncat",
            &["400"],
            Then::AfterFin,
        )
        .case(with_chunks("/", "3\r\ncat\r\n"), &["400"], Then::AfterFin)
        .case(with_chunks("/", "3\r\nca"), &["400"], Then::AfterFin)
        .case(
            with_chunks("/", "3\r\ncat\r\n0\r\nX: y\r\n"),
            &["400"],
            Then::AfterFin,
        )
        .case(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
            &["100?", "400"],
            Then::AfterFin,
        ),
        class(
            "the client shuts down its side between requests",
            "the end, without a word",
            "9112 §9.6",
        )
        .case("", &[], Then::AfterFin)
        .case("\r\n\r\n", &[], Then::AfterFin),
    ]
}

/// A pipeline of all kinds of requests, and one of hundreds.
fn pipelines() -> Class {
    let mixed = [
        get("1.1", ""),
        with_length("/a", "GET / HTTP/1.1\r\n"),
        with_chunks("/b", "2;x\r\nca\r\n1\r\nt\r\n0\r\nX: y\r\n\r\n"),
        "\r\nHEAD /c HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "BREW / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ncat".to_owned(),
        with_length("/deaf", "cat"),
        with_chunks("/deaf", "3\r\ncat\r\n0\r\n\r\n"),
        get("1.0", "Connection: keep-alive\r\n"),
    ];
    let answers = [
        "200 GET /",
        "200 POST /a GET / HTTP/1.1\r\n",
        "200 POST /b cat",
        "HEAD 200",
        "501",
        "200 POST /deaf",
        "200 POST /deaf",
        "200 GET /",
    ];
    class(
        "pipelines, of hundreds of requests, with bodies",
        "200 (and 501) each, in order",
        "9112 §9.3.2",
    )
    .case(mixed.concat(), &answers, Then::GoesOn)
    .case(mixed.concat().repeat(50), &answers.repeat(50), Then::GoesOn)
}

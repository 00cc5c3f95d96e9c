//! What a handler is given, what its answers look like, and what happens when it fails.

mod common;

use std::io;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::TestServer;
use http_core::http::{Method, StatusCode, Version};
use http_core::{Answer, Answered, Handler, Request, Response};

struct Hello;

impl Handler for Hello {
    fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
        response
            .send_response(200)
            .send_header("Content-Type", "text/plain; charset=utf-8")
            .end_headers()?
            .send("Hello, HTTP!\n")
    }
}

#[test]
fn hello() {
    let server = TestServer::start(Hello);
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.status, &reply.reason[..]), (200, "OK"));
    assert_eq!(
        reply.field("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(reply.field("Content-Length"), Some("13"));
    assert_eq!(reply.field("Connection"), None);
    assert!(reply.field("Server").unwrap().starts_with("http-core/"));
    let date = reply.field("Date").unwrap();
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
    assert_eq!(reply.body, b"Hello, HTTP!\n");
    assert_eq!(client.get("/again"), "Hello, HTTP!\n");
}

#[test]
fn head_is_get_without_its_body() {
    let server = TestServer::start(Hello);
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let get = client.reply();
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.reply_to_head();
    let names = |reply: &common::Reply| -> Vec<String> {
        reply.fields.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(head.status, 200);
    assert_eq!(names(&head), names(&get));
    assert_eq!(head.field("Content-Length"), Some("13"));
    // Were there a body, it would stand before this answer.
    assert_eq!(client.get("/"), "Hello, HTTP!\n");
}

/// Answers with the name of the method that was called.
struct Methods;

macro_rules! methods {
    ($($method:ident)*) => {
        $(fn $method(&self, _request: &mut Request, response: Response) -> Answer {
            response.send_response(200).end_headers()?.send(stringify!($method))
        })*
    };
}

impl Handler for Methods {
    methods!(do_get do_post do_put do_patch do_delete do_options);

    fn do_head(&self, _request: &mut Request, response: Response) -> Answer {
        response
            .send_response(200)
            .send_header("X-Called", "do_head")
            .end_headers()?
            .finish()
    }
}

#[test]
fn each_method_has_its_own() {
    let server = TestServer::start(Methods);
    let mut client = server.connect();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.text(), format!("do_{}", method.to_lowercase()));
    }
    client.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().text(), "do_options");
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply_to_head().field("X-Called"), Some("do_head"));
    // Methods have no lower case.
    client.send("get / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 501);
}

#[test]
fn what_is_not_there_is_501() {
    let server = TestServer::start(Hello);
    let mut client = server.connect();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        // Its body must not be taken for the next request.
        client.send(format!(
            "{method} / HTTP/1.1\r\nHost: h\r\nContent-Length: 14\r\n\r\nGET / HTTP/1.1"
        ));
        let reply = client.reply();
        assert_eq!(reply.status, 501, "{method}");
        assert!(
            reply
                .text()
                .contains(&format!("Unsupported method (&#39;{method}&#39;)")),
            "{}",
            reply.text()
        );
    }
    assert_eq!(client.get("/"), "Hello, HTTP!\n");
    // No handler sees this: a 200 would make a tunnel of the connection.
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response.send_response(200).end_headers()?.send("all")
    });
    let mut client = server.connect();
    client.send("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 501);
    client.ends();

    struct Nothing;
    impl Handler for Nothing {}
    let server = TestServer::start(Nothing);
    let mut client = server.connect();
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.reply_to_head();
    assert_eq!(head.status, 501);
    let get = client.reply();
    assert_eq!(get.status, 501);
    assert_ne!(
        head.field("Content-Length"),
        get.field("Content-Length"),
        "HEAD and GET"
    );
}

#[test]
fn a_request_has_its_parts() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        let text = format!(
            "{} {} {} {:?} {:?} {:?} {:?} {} {}",
            request.method(),
            request.target(),
            request.path(),
            request.decoded_path().map_err(|_| "not UTF-8"),
            request.query(),
            request.header("x-cat"),
            request
                .headers()
                .filter(|(name, _)| name.eq_ignore_ascii_case("X-Cat"))
                .count(),
            request.version() == Version::HTTP_11,
            request.client_address(),
        );
        assert_eq!(request.method(), Method::GET);
        response.send_response(200).end_headers()?.send(text)
    });
    let mut client = server.connect();
    let me = client.stream.local_addr().unwrap();
    let mut ask = |target: &str, fields: &str| {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
        client.reply().text()
    };
    assert_eq!(
        ask("/%E3%81%AD?x=%201&y", "X-CAT:  neko \r\nx-cat: gato\r\n"),
        format!(
            "GET /%E3%81%AD?x=%201&y /%E3%81%AD Ok(\"/ね\") Some(\"x=%201&y\") Some(\"neko\") 2 true {me}"
        )
    );
    assert_eq!(
        ask("/%ff%zz", ""),
        format!("GET /%ff%zz /%ff%zz Err(\"not UTF-8\") None None 0 true {me}")
    );
    assert_eq!(
        ask("http://h//a/?", "X-Cat: \u{e9}\r\n"),
        format!("GET http://h//a/? /a/ Ok(\"/a/\") Some(\"\") Some(\"\u{e9}\") 1 true {me}")
    );
}

#[test]
fn date_and_server_are_not_doubled() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        response
            .send_response(StatusCode::OK)
            .send_header("DATE", "Sun, 06 Nov 1994 08:49:37 GMT")
            .send_header("server", "mine")
            .end_headers()?
            .send("")
    });
    let reply = server.get("/");
    assert_eq!(reply.field("Date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_eq!(reply.field("Server"), Some("mine"));
    assert_eq!(reply.field("Content-Length"), Some("0"));
}

#[test]
fn a_date_is_sent_once() {
    let server = TestServer::start(|_: &mut Request, response: Response| {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let response = response.send_response(200).send_header("Date", date);
        response.send_header("date", date).end_headers()?.send("")
    });
    let reply = server.get("/");
    assert_eq!(reply.status, 500);
    assert!(reply.text().contains("Date must be sent once"));
}

#[test]
fn errors_and_redirects() {
    let server =
        TestServer::start(
            |request: &mut Request, response: Response| match request.path() {
                "/lost" => response.send_error(404, "no <script>alert('&')</script> here"),
                "/teapot" => response.send_error(StatusCode::IM_A_TEAPOT, ""),
                "/moved" => response.redirect(303, "/new?x=1"),
                "/forged" => response.redirect(303, "/new\r\nSet-Cookie: a=b"),
                "/unchanged" => response.send_error(304, "no body"),
                _ => response.send_error(7, "this is no status"),
            },
        );
    let lost = server.get("/lost");
    assert_eq!(lost.status, 404);
    assert_eq!(lost.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(lost.text().contains("<h1>404 Not Found</h1>"));
    assert!(
        lost.text()
            .contains("no &lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt; here")
    );
    assert_eq!(server.get("/teapot").status, 418);
    let moved = server.get("/moved");
    assert_eq!(
        (moved.status, moved.field("Location")),
        (303, Some("/new?x=1"))
    );
    assert_eq!(moved.field("Content-Length"), Some("0"));
    let forged = server.get("/forged");
    assert_eq!(forged.status, 500);
    assert_eq!(
        (forged.field("Location"), forged.field("Set-Cookie")),
        (None, None)
    );
    assert_eq!(server.get("/unchanged").status, 304);
    assert_eq!(server.get("/no-status").status, 500);
}

/// Fails in the way the path asks for.
fn fail(request: &mut Request, response: Response) -> Answer {
    static SPARE: Mutex<Option<Answered>> = Mutex::new(None);
    match request.path() {
        "/panic" => panic!("the <cat> is out"),
        "/todo" => todo!("step 2: answer"),
        "/error" => Err(io::Error::other("the <disk> is full")),
        "/late" => {
            let _body = response
                .send_response(200)
                .send_header("X-Mine", "1")
                .send_header("Connection", "close")
                .end_headers()?;
            panic!("after the head")
        }
        "/after" => {
            response
                .send_response(200)
                .end_headers()?
                .send("all fine")?;
            Err(io::Error::other("or not"))
        }
        "/keep" => {
            let answered = response.send_response(200).end_headers()?.send("kept")?;
            *SPARE.lock().unwrap() = Some(answered);
            panic!("the answer was kept for another request")
        }
        "/other" => Ok(SPARE.lock().unwrap().take().expect("/keep came before")),
        _ => response.send_response(200).end_headers()?.send("fine"),
    }
}

#[test]
fn a_handler_that_fails_is_a_500_that_says_why() {
    let server = TestServer::start(fail);
    let mut client = server.connect();
    for (path, said) in [
        ("/panic", "the &lt;cat&gt; is out ("),
        ("/todo", "not yet implemented: step 2: answer ("),
        ("/error", "the &lt;disk&gt; is full"),
        ("/after", "or not"),
        ("/keep", "the answer was kept for another request"),
        (
            "/other",
            "the handler returned the Answered of another response",
        ),
    ] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 500, "{path}");
        assert!(reply.text().contains(said), "{path}: {}", reply.text());
        if path == "/todo" {
            assert!(
                reply.text().contains("basics.rs, line "),
                "{}",
                reply.text()
            );
        }
        // The same connection goes on.
        assert_eq!(client.get("/"), "fine", "{path}");
    }
    client.send("HEAD /panic HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply_to_head().status, 500);
    client.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n");
    let late = client.reply();
    assert_eq!((late.status, late.field("X-Mine")), (500, None));
    assert_eq!(late.field("Connection"), Some("close"));
    client.ends();
}

#[test]
fn what_went_wrong_is_not_for_the_public() {
    let server = TestServer::with(|server| server.show_errors(false), fail);
    let mut client = server.connect();
    for path in ["/panic", "/todo", "/error"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 500, "{path}");
        let text = reply.text();
        assert!(
            text.contains("could not answer this request"),
            "{path}: {text}"
        );
        for secret in ["cat", "disk", "step", "basics.rs"] {
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
    assert_eq!(client.get("/"), "fine");
}

/// Requests of a pipeline are answered in one turn, and a turn may take long.
#[test]
fn the_date_is_that_of_the_answer() {
    let server = TestServer::start(|request: &mut Request, response: Response| {
        if request.path() == "/slow" {
            std::thread::sleep(Duration::from_millis(2500));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        response
            .send_response(200)
            .end_headers()?
            .send(now.as_secs().to_string())
    });
    let mut client = server.connect();
    client.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /behind HTTP/1.1\r\nHost: h\r\n\r\n");
    for _ in 0..2 {
        let reply = client.reply();
        let date = httpdate::parse_http_date(reply.field("Date").unwrap()).unwrap();
        let date = date.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let now: u64 = reply.text().parse().unwrap();
        // A second may just begin.
        assert!(date <= now + 1 && now <= date + 1, "{date} at {now}");
    }
}

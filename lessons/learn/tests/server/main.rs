//! `cargo learn` from outside: over real sockets, and in a browser where there is one.
//!
//! The course is a small one, made for the test. In the place of Cargo and of the lesson's
//! checks stand scripts, so nothing is compiled; and what the checks say can be anything.
#![cfg(unix)]

mod browser;
mod judged;
mod keyboard;
mod stage;
mod walk;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use stage::{Answer, Stage, failed, passed, until};

#[test]
fn the_pages_of_a_course() {
    let stage = Stage::new();
    let home = stage.get("/");
    assert_eq!(home.status, 200);
    for text in [
        "The greeter",
        "/lessons/1_greeter/",
        "25 minutes",
        "a greeting is <em>polite</em>",
        "<h2>Part 1: Words</h2>",
        "href=\"/parts/1/\"",
    ] {
        assert!(home.body.contains(text), "{text} in {}", home.body);
    }
    let lesson = stage.get("/lessons/1_greeter/");
    for text in [
        "<h3 id=\"step-1-hello\">Step 1: hello</h3>",
        "id=\"step-1-is\"",
        "id=\"step-2-is\"",
        "<span class=\"k\">let</span>",
        "<a href=\"/starter/1_greeter.rs/\">",
        "src=\"/lessons/1_greeter/hello.png\"",
        // It is the last one of its part.
        "<a class=\"next\" rel=\"next\" href=\"/parts/1/\">",
    ] {
        assert!(lesson.body.contains(text), "{text} in {}", lesson.body);
    }
    let picture = stage.ask_at("GET", "/lessons/1_greeter/hello.png", "");
    assert_eq!(
        (picture.status, picture.field("content-type")),
        (200, Some("image/png"))
    );
    assert_eq!(stage.get("/lessons/1_greeter").status, 308);
    assert_eq!(stage.get("/starter/1_greeter.rs/").status, 200);
    // The reference is there, and not shown before the lesson is done.
    let reference = stage.get("/solutions/1_greeter.rs/");
    assert!(
        reference.status == 200 && !reference.body.contains("SECRET"),
        "{}",
        reference.body
    );
    let part = stage.get("/parts/1/").body;
    for text in [
        "<h1>Part 1: Words</h1>",
        "You can <em>greet</em>.",
        "1 The greeter</a>",
        "a greeting is <em>polite</em>.",
        "<li>a greeting</li>",
    ] {
        assert!(part.contains(text), "{text} in {part}");
    }
    for path in [
        "/nothing",
        "/parts/",
        "/parts/2/",
        "/parts/../1/",
        "/lessons/2_none/",
        "/lessons/1_greeter/../../outside.png",
        "/lessons/1_greeter/..%2f..%2foutside.png",
        "/..%2foutside.png",
        "/outside.png",
        "/lessons/1_greeter/Cargo.toml",
        "/starter/..%2fCargo.toml/",
        "/lessons/1_greeter/link.html/",
        "/%2e%2e/%2e%2e/etc/passwd",
    ] {
        let answer = stage.get(path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    assert_eq!(stage.ask("HEAD", "/news", "").body, "");
    assert_eq!(stage.ask("PUT", "/", "").status, 405);
}

#[test]
fn only_this_computer_asks_and_only_its_own_pages_change_something() {
    let stage = Stage::new();
    let port = stage.served.port;
    let with_host = |host: &str| {
        let root = &stage.served.root;
        let request = format!("GET {root} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stage.send(&request).status
    };
    assert_eq!(with_host(&format!("127.0.0.1:{port}")), 200);
    for host in [
        "evil.example".to_string(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        "localhost".into(),
        "localhost:1".into(),
        format!("0.0.0.0:{port}"),
    ] {
        assert_eq!(with_host(&host), 421, "{host}");
    }

    let own = format!("Origin: http://localhost:{port}\r\n");
    let post = |fields: &str| stage.ask("POST", "/lessons/1_greeter/check", fields).status;
    for origin in [
        String::new(),
        "Origin: null\r\n".into(),
        "Origin: http://evil.example\r\n".into(),
        format!("Origin: https://localhost:{port}\r\n"),
        "Origin: http://localhost:8000\r\n".into(),
        format!("Origin: http://127.0.0.1:{port}\r\n"),
    ] {
        assert_eq!(post(&origin), 403, "{origin}");
    }
    assert_eq!(stage.runs(), 0, "nothing was started");
    assert_eq!(post(&own), 303);
    until("the checks run", || stage.runs() > 0);

    for path in ["/", "/lessons/1_greeter/", "/learn.js", "/nothing"] {
        let answer = stage.get(path);
        let policy = answer.field("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(
            answer.field("cross-origin-resource-policy"),
            Some("same-origin")
        );
        assert!(!answer.body.contains("style=") && !answer.body.contains("onclick"));
    }
}

#[test]
fn nobody_reaches_it_over_the_network() {
    let stage = Stage::new();
    // The address that others would use; nothing is sent to find it.
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip())
    });
    if let Ok(own) = own
        && !own.is_loopback()
    {
        let refused =
            TcpStream::connect_timeout(&(own, stage.served.port).into(), Duration::from_secs(2));
        assert!(refused.is_err(), "{own} answers");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn another_user_of_this_computer_is_not_answered() {
    let stage = Stage::new();
    let url = format!("http://localhost:{}/", stage.served.port);
    // Only root can ask as another user.
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups", "curl", "-s", &url]);
    match command.output() {
        Ok(said) if said.status.success() => {
            let said = String::from_utf8_lossy(&said.stdout).into_owned();
            let why = match stage.served.root == "/" {
                true => "for the user who has started it",
                false => "Open the address",
            };
            assert!(said.contains(why), "{said}");
        }
        tried => println!("not tried: {tried:?}"),
    }
    assert_eq!(stage.get("/").status, 200);
}

#[test]
fn where_the_system_does_not_tell_who_asks_a_secret_must_be_known() {
    let mut stage = Stage::with(|asked| asked.untold = true);
    let root = stage.served.root.clone();
    let secret = root.trim_matches('/').to_string();
    assert_eq!(
        (root.len(), secret.len()),
        (34, 32),
        "{}",
        stage.served.said
    );
    assert!(
        stage
            .served
            .said
            .contains(&format!("{}{root}", stage.served.port))
    );
    let own = format!("Origin: http://localhost:{}\r\n", stage.served.port);
    let wrong = match secret.strip_prefix('0') {
        Some(rest) => format!("1{rest}"),
        None => format!("0{}", &secret[1..]),
    };
    for below in [
        "/".to_string(),
        format!("/{wrong}/"),
        format!("/{}/", &secret[1..]),
    ] {
        for path in [
            "",
            "lessons/1_greeter/",
            "news",
            "news?1_greeter",
            "nothing",
            "lessons/1_greeter/run/",
        ] {
            let path = format!("{below}{path}");
            for method in ["GET", "HEAD", "PUT", "POST"] {
                assert_eq!(
                    stage.ask_at(method, &path, &own).status,
                    403,
                    "{method} {path}"
                );
            }
            let refused = stage.ask_at("GET", &path, "").body;
            assert!(
                refused.contains("Open the address that cargo learn has printed"),
                "{refused}"
            );
            assert!(!refused.contains(&secret), "{refused}");
        }
        for what in ["check", "start", "stop", "send", "compare"] {
            let path = format!("{below}lessons/1_greeter/{what}");
            assert_eq!(stage.ask_at("POST", &path, &own).status, 403, "{path}");
        }
    }
    assert_eq!(stage.runs(), 0, "nothing was started");
    // It proves who asks, not that a page of the course does.
    assert_eq!(
        stage.ask("POST", "/lessons/1_greeter/check", "").status,
        403
    );
    let checked = stage.ask("POST", "/lessons/1_greeter/check", &own);
    let to = format!("{root}lessons/1_greeter/");
    assert_eq!(
        (checked.status, checked.field("location")),
        (303, Some(to.as_str()))
    );
    until("the checks run", || stage.runs() > 0);

    // All that a page needs, it has below the secret, but for what tells nothing.
    assert_eq!(stage.ask_at("GET", &format!("/{secret}"), "").status, 200);
    let lesson = stage.ask("GET", "/lessons/1_greeter", "");
    assert_eq!(
        (lesson.status, lesson.field("location")),
        (308, Some(to.as_str()))
    );
    assert_eq!(
        stage.get("/lessons/1_greeter/").field("referrer-policy"),
        Some("same-origin")
    );
    for path in [
        "/learn.js",
        "/learn.css",
        "/learn.svg",
        "/lessons/1_greeter/hello.png",
    ] {
        assert_eq!(stage.ask_at("GET", path, "").status, 200, "{path}");
        assert_eq!(stage.ask_at("POST", path, &own).status, 403, "{path}");
    }
    let picture = stage.get("/lessons/1_greeter/hello.png");
    let to = Some("/lessons/1_greeter/hello.png");
    assert_eq!((picture.status, picture.field("location")), (308, to));

    // Each start has its own.
    stage.restart();
    assert_eq!(stage.ask_at("GET", &root, "").status, 403);
}

#[test]
fn a_port_that_is_taken_is_passed_over() {
    // Both loopback addresses, so that none of them is free.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let _also = TcpListener::bind(("::1", port));
    let stage = Stage::with(|asked| asked.port = port);
    assert_ne!(stage.served.port, port);
    assert!(
        stage
            .served
            .said
            .contains(&format!("Port {port} is already in use")),
        "{}",
        stage.served.said
    );
    assert_eq!(stage.get("/").status, 200);
}

#[test]
fn a_save_changes_the_page_and_what_is_hostile_stays_text() {
    let stage = Stage::new();
    let mut news = stage.news("/news?1_greeter");
    let first = news.next_with("rail");
    assert!(
        first["rail"]
            .as_str()
            .is_some_and(|html| html.contains("open"))
    );
    let hostile = "<script>alert(1)</script>\u{1b}[2J\u{202e}<img src=x onerror=alert(2)>";
    stage.events(&[failed(1, "GET / answers 200", hostile)]);
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    // While the checks run, it grows.
    let page = news.until(|page| {
        let step = &page["step-1-is"];
        step.contains("1 check fails") && !step.contains("\"busy\"")
    });
    let step = &page["step-1-is"];
    assert!(
        !step.contains("<script") && !step.contains("<img"),
        "{step}"
    );
    assert!(step.contains("&lt;script&gt;alert(1)"), "{step}");
    assert!(!step.contains(['\u{1b}', '\u{202e}']), "{step}");
    assert!(
        step.contains("What came back") && step.contains("<mark>"),
        "{step}"
    );
    // What a page says that is asked for now is the same.
    let lesson = stage.get("/lessons/1_greeter/").body;
    assert!(lesson.contains(step.as_str()));
    assert!(!lesson.contains("<script>"));
}

#[test]
fn what_has_not_changed_is_not_checked_again() {
    let mut stage = Stage::new();
    stage.events(&[failed(1, "GET / answers 200", "x")]);
    let one = "fn main() { todo!(\"step 2: bye\") }";
    stage.save(one);
    stage.news("/news?1_greeter").until(|page| {
        page["step-1-is"].contains("1 check fails") && page["rail"].contains("Checked in")
    });
    let runs = stage.runs();
    assert!(runs > 0);
    // Saved without a change; then the course is closed, and opened again.
    stage.save(one);
    stage.restart();
    let lesson = stage.get("/lessons/1_greeter/").body;
    assert!(lesson.contains("1 check fails"), "{lesson}");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(stage.runs(), runs);
}

#[test]
fn checks_that_cannot_be_built_are_told_of_once() {
    let stage = Stage::new();
    let cargo = stage.folder.path().join("cargo");
    std::fs::write(cargo, "#!/bin/sh\necho 'no <space> left' >&2; exit 101\n").expect("a script");
    stage.get("/lessons/1_greeter/");
    let trouble = "The checks could not be run.";
    until("it is told", || {
        stage.get("/lessons/1_greeter/").body.contains(trouble)
    });
    let page = stage.get("/lessons/1_greeter/").body;
    assert_eq!(page.matches(trouble).count(), 1, "{page}");
    assert!(page.contains("no &lt;space&gt; left"), "{page}");
    let mut terminal = stage.terminal();
    let said = terminal.until("no <space> left");
    assert!(said.contains("The checks could not be run"), "{said}");
}

#[test]
fn a_save_in_the_middle_of_a_run_starts_over() {
    let stage = Stage::new();
    stage.slow();
    stage.save("fn main() { /* one */ }");
    until("the first run has begun", || stage.pids().len() == 1);
    stage.save("fn main() { /* two */ }");
    until("the second run has begun", || stage.pids().len() == 2);
    let first = stage.pids()[0];
    until("the first run has ended", || !stage::is_there(first));
    assert!(stage::is_there(stage.pids()[1]));
}

#[test]
fn nothing_is_left_behind_however_it_ends() {
    for signal in ["INT", "TERM", "KILL"] {
        let mut stage = Stage::new();
        stage.slow();
        stage.save("fn main() {}");
        until("a run has begun", || !stage.pids().is_empty());
        let _news = stage.news("/news?1_greeter");
        let pid = stage.pids()[0];
        assert!(stage::is_there(pid));
        stage.end(signal);
        until(&format!("all has ended after {signal}"), || {
            !stage::is_there(pid)
        });
    }
}

#[test]
fn a_thousand_saves_cost_no_memory() {
    let stage = Stage::new();
    let news = stage.news("/news?1_greeter");
    let page = "x".repeat(100_000);
    stage.events(&[failed(1, "GET / answers 200", &page)]);
    let save = |from: u32, to: u32| {
        for number in from..to {
            stage.save(&format!("fn main() {{ {number}; todo!(\"step 2: bye\") }}"));
            std::thread::sleep(Duration::from_millis(4));
        }
    };
    save(0, 100);
    let before = stage.memory();
    save(100, 1000);
    let after = stage.memory();
    drop(news);
    if let (Some(before), Some(after)) = (before, after) {
        println!("after 100 saves {before} KiB, after 1000 saves {after} KiB");
        assert!(
            after < before + 16 * 1024,
            "{before} KiB, and then {after} KiB"
        );
    }
    until("the last one is checked", || {
        stage
            .get("/lessons/1_greeter/")
            .body
            .contains("1 check fails")
    });
}

#[test]
fn readers_that_go_away_are_let_go() {
    let stage = Stage::new();
    // More than may read at once, one after the other.
    let mut open: Vec<_> = (0..24).map(|_| stage.news("/news")).collect();
    let refused: Answer = stage.get("/news");
    assert_eq!(refused.status, 503);
    assert_eq!(stage.get("/").status, 200, "pages are shown all the same");
    open.clear();
    until("there is room again", || stage.news_status("/news") == 200);
}

/// The port under which the clients of a program know it.
fn port_of(is: &str) -> u16 {
    let (_, rest) = is
        .split_once("data-url=\"http://localhost:")
        .expect("it serves");
    let port = rest.split('/').next().and_then(|port| port.parse().ok());
    port.expect("a port")
}

const HOSTILE: &str = "<script>top.ran = 1; alert(1)</script>";

#[test]
fn a_program_runs_and_its_wire_is_seen() {
    let stage = Stage::new();
    stage.program(HOSTILE);
    let mut news = stage.news("/news?1_greeter/run");
    assert_eq!(
        stage.post(
            "/lessons/1_greeter/start",
            "arguments=HOST%3D127.0.0.2+a+%3Cb%3E"
        ),
        303
    );
    let page = news.until(|page| page["run-is"].contains("It serves at"));
    let port = port_of(&page["run-is"]);
    let mut client = TcpStream::connect(("localhost", port)).expect("a connection");
    client
        .write_all(b"GET /i HTTP/1.1\r\nHost: x\r\nX: <i>\xff\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut came = String::new();
    client.read_to_string(&mut came).expect("an answer");
    assert!(
        came.starts_with("HTTP/1.1 200 OK\r\n") && came.ends_with(HOSTILE),
        "{came}"
    );
    let page = news.until(|page| page["wire"].contains("alert(1)"));
    let wire = &page["wire"];
    assert!(
        !wire.contains("<script") && wire.contains("&lt;script&gt;"),
        "{wire}"
    );
    assert!(wire.contains("&lt;i&gt;<i class=\"x\">\\xff</i>"), "{wire}");
    // What it prints is text; as in a shell, a variable stands before its arguments.
    let log = &page["log"];
    assert!(
        log.contains("Started with a &lt;b&gt;, HOST is 127.0.0.2"),
        "{log}"
    );
    // Sent again by hand: once more on the wire, byte for byte.
    let form = "bytes=PUT+/again+HTTP/1.1%0D%0AX:+%5Cxfe%0D%0A%0D%0A";
    assert_eq!(stage.post("/lessons/1_greeter/send", form), 303);
    news.until(|page| page["wire"].contains("/again") && page["wire"].contains("\\xfe</i>"));
    // It is in a frame that is another origin, and may not leave it.
    let shown = stage.get("/lessons/1_greeter/run/");
    assert!(
        shown
            .body
            .contains("sandbox=\"allow-scripts allow-forms allow-same-origin\"")
    );
    let policy = shown.field("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("frame-src http://localhost:*") && policy.contains("script-src 'self'")
    );

    let pid = stage.pids()[0];
    assert!(stage::is_there(pid));
    assert_eq!(stage.post("/lessons/1_greeter/stop", ""), 303);
    until("it has ended", || !stage::is_there(pid));
    until("its port is closed", || {
        TcpStream::connect(("127.0.0.1", port)).is_err()
    });
}

#[test]
fn an_answer_is_compared_with_the_references_once_the_step_is_done() {
    let stage = Stage::new();
    stage.program("Hello");
    stage.reference("Hallo<script>");
    let mut news = stage.news("/news?1_greeter/run");
    let step_1 = |number: u32| format!("fn main() {{ {number}; todo!(\"step 2: bye\") }}");
    stage.events(&[failed(1, "GET / answers 200", "x"), passed(2, "bye")]);
    stage.save(&step_1(1));
    until("it is checked", || {
        let page = stage.get("/lessons/1_greeter/").body;
        page.contains("1 check fails") && page.contains("Checked in")
    });
    stage.post("/lessons/1_greeter/start", "");
    let page = news.until(|page| page["run-is"].contains("It serves at"));
    let before = page["run-is"].clone();
    let ask = |port: u16, path: &str| {
        let mut client = TcpStream::connect(("localhost", port)).expect("a connection");
        write!(
            client,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .expect("sent");
        let read = client.read_to_string(&mut String::new());
        read.expect("an answer");
    };
    ask(port_of(&before), "/zero");
    let page = news.until(|page| page["wire"].contains("Hello"));
    // The step is written, and not done.
    assert!(page["wire"].contains("Once step 1 is done"), "{page:?}");
    assert!(!page["wire"].contains("/compare"), "{page:?}");
    assert_eq!(stage.post("/lessons/1_greeter/compare", "number=1"), 303);

    stage.events(&[passed(1, "GET / answers 200"), passed(2, "bye")]);
    stage.save(&step_1(2));
    let is_new = |is: &str| is != before && is.contains("It serves at");
    let page = news.until(|page| is_new(&page["run-is"]));
    assert!(
        stage.reference_pids().is_empty(),
        "nobody may ask it before"
    );
    let port = port_of(&page["run-is"]);
    ask(port, "/one");
    ask(port, "/two");
    let page = news.until(|page| page["wire"].matches("/lessons/1_greeter/compare").count() == 2);
    assert!(!page["wire"].contains("Once step"), "{page:?}");
    assert_eq!(stage.post("/lessons/1_greeter/compare", "number=2"), 303);
    let page = news.until(|page| page["wire"].contains("The reference answers"));
    let wire = &page["wire"];
    // The length in the head tells them apart, before the words do.
    assert!(wire.contains("from the marked byte on"), "{wire}");
    assert!(
        wire.contains("<mark>5</mark>") && wire.contains("<mark>1</mark>3"),
        "{wire}"
    );
    assert!(
        wire.contains("Hallo&lt;script&gt;") && !wire.contains("<script"),
        "{wire}"
    );
    // It was asked all that the program was asked, and has ended.
    assert_eq!(stage.reference_asked(), "GET /one\nGET /two\n");
    let pids = stage.reference_pids();
    assert_eq!(pids.len(), 1);
    until("the reference has ended", || !stage::is_there(pids[0]));

    stage.reference("Hello");
    assert_eq!(stage.post("/lessons/1_greeter/compare", "number=1"), 303);
    news.until(|page| page["wire"].contains("answers the same, byte for byte"));
    // What nobody has asked is not compared.
    assert_eq!(stage.post("/lessons/1_greeter/compare", "number=9"), 303);
    assert_eq!(stage.post("/lessons/1_greeter/compare", "number=x"), 303);
    // Without a script, a request is ready to be changed by its address.
    let again = stage.get("/lessons/1_greeter/run/?again=2").body;
    assert!(
        again.contains(
            "spellcheck=\"false\">GET /two HTTP/1.1\nHost: x\nConnection: close\n\n</textarea>"
        ),
        "{again}"
    );
}

#[test]
fn a_program_ends_with_its_page_and_with_the_course() {
    let stage = Stage::new();
    stage.program("x");
    let news = stage.news("/news?1_greeter/run");
    stage.post("/lessons/1_greeter/start", "");
    until("it runs", || !stage.pids().is_empty());
    let pid = stage.pids()[0];
    drop(news);
    until("it has ended with its page", || !stage::is_there(pid));

    let mut stage = Stage::new();
    stage.program("x");
    stage.post("/lessons/1_greeter/start", "");
    until("it runs", || !stage.pids().is_empty());
    let pid = stage.pids()[0];
    stage.end("KILL");
    until("it has ended with the course", || !stage::is_there(pid));
}

#[test]
fn a_program_that_prints_without_end_costs_only_its_own_panel() {
    let stage = Stage::new();
    stage.flood();
    let mut news = stage.news("/news?1_greeter/run");
    stage.post("/lessons/1_greeter/start", "");
    let page = news.until(|page| page["log"].contains("&lt;script&gt;"));
    assert!(!page["log"].contains("<script"));
    std::thread::sleep(Duration::from_millis(500));
    let before = stage.memory();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(stage.get("/").status, 200);
    if let (Some(before), Some(after)) = (before, stage.memory()) {
        assert!(
            after < before + 16 * 1024,
            "{before} KiB, and then {after} KiB"
        );
    }
    let pid = stage.pids()[0];
    stage.post("/lessons/1_greeter/stop", "");
    until("it has ended", || !stage::is_there(pid));
}

/// A client that asks at the program's own port is seen, too: there is no other one. (What listens
/// at an address that a phone can reach tells of its wire in the same way.)
#[test]
fn whoever_asks_at_a_port_that_was_typed_is_seen() {
    let stage = Stage::new();
    stage.program("x");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let mut news = stage.news("/news?1_greeter/run");
    stage.post(
        "/lessons/1_greeter/start",
        &format!("arguments=PORT%3D{port}"),
    );
    let page = news.until(|page| page["run-is"].contains("It serves at"));
    assert_eq!(port_of(&page["run-is"]), port);
    // One that waits to be asked for its body: that is no other request.
    let mut client = TcpStream::connect(("localhost", port)).expect("a connection");
    let head = "PUT /mine HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\
                Connection: close\r\n\r\n";
    client.write_all(head.as_bytes()).expect("sent");
    let mut go_on = [0; 25];
    client.read_exact(&mut go_on).expect("an answer");
    assert!(go_on.starts_with(b"HTTP/1.1 100 "));
    client.write_all(b"abc").expect("sent");
    let page = news.until(|page| page["wire"].contains("HTTP/1.1 200 OK"));
    assert_eq!(page["wire"].matches("<summary>").count(), 1, "{page:?}");
    assert!(page["wire"].contains("abc"), "{page:?}");
}

/// The text that stands in a fragment when it is so far.
fn started(stage: &Stage, until: impl Fn(&str) -> bool) -> (String, String) {
    let mut news = stage.news("/news?1_greeter/run");
    stage.post("/lessons/1_greeter/start", "");
    let page = news.until(|page| until(&page["run-is"]));
    // The page of the lesson, and the others, are as they were.
    assert_eq!(stage.get("/lessons/1_greeter/").status, 200);
    (page["run-is"].clone(), page["log"].clone())
}

#[test]
fn a_program_that_dies_at_once_or_prints_no_text_costs_only_its_own_panel() {
    let stage = Stage::new();
    stage.program("x");
    stage.script("printf '\\377\\000\\033[2J<b>\\n'; exit 3");
    let (is, log) = started(&stage, |is| is.contains("It has ended"));
    assert!(
        is.contains("exit code 3") && is.contains("Start again"),
        "{is}"
    );
    assert!(
        log.contains("\u{fffd}") && log.contains("\\u{1b}[2J&lt;b&gt;"),
        "{log}"
    );
    stage.script("kill -9 $$");
    started(&stage, |is| is.contains("exit code 137"));
    // It can be started again, and stays.
    stage.script("");
    started(&stage, |is| is.contains("It serves at"));
}

#[test]
fn a_program_that_hangs_is_ended_when_it_is_stopped() {
    let stage = Stage::new();
    stage.program("x");
    // It says nothing, serves nothing, and ignores what would end it in good order.
    stage.script("trap '' TERM INT HUP; sleep 600; exec sleep 600");
    started(&stage, |is| is.contains("has not said where it serves"));
    let pid = stage.pids()[0];
    assert_eq!(stage.post("/lessons/1_greeter/stop", ""), 303);
    until("it has ended", || !stage::is_there(pid));
}

#[test]
fn a_program_whose_port_is_taken_gets_another() {
    let stage = Stage::new();
    stage.program("x");
    // Another test may have it for a moment. (Somebody who does not give it back is as good.)
    let began = Instant::now();
    let mut taken = TcpListener::bind("127.0.0.1:8000");
    while taken.is_err() && began.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(10));
        taken = TcpListener::bind("127.0.0.1:8000");
    }
    let (is, _) = started(&stage, |is| is.contains("It serves at"));
    let port = port_of(&is);
    assert_ne!(port, 8000);
    let answer = TcpStream::connect(("127.0.0.1", port));
    assert!(answer.is_ok(), "{is}");
}

#[test]
fn in_a_terminal_it_is_the_same() {
    let stage = Stage::new();
    stage.events(&[failed(1, "GET / answers 200", "another\u{1b}[2J")]);
    let mut terminal = stage.terminal();
    terminal.until("Lesson 1: The greeter");
    terminal.types("h");
    terminal.until("A hint for step 1");
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    let said = terminal.until("again ");
    for text in [
        "greeter: 0 of 2 points",
        "step 1  failing: 1 check",
        "expected",
        "came back",
    ] {
        assert!(said.contains(text), "{text} in {said}");
    }
    // What reads it is no terminal: neither colors nor what the program has sent.
    assert!(!said.contains('\u{1b}'), "{said}");
    terminal.types("l");
    terminal.until("The greeter ");
    // At the end of a part, it says what that has taught.
    stage.events(&[passed(1, "GET / answers 200"), passed(2, "bye")]);
    stage.save("fn main() {}");
    let said = terminal.until("a greeting is *polite*");
    for text in ["This lesson is done", "What part 1 has taught: Words"] {
        assert!(said.contains(text), "{text} in {said}");
    }
    terminal.types("q");
    assert!(terminal.ended());
}

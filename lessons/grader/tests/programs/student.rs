//! Programs that a student could write, nearly all of them wrong. Each serves with
//! nothing but a TcpListener, because http-core would not let them do most of this.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode, Stdio};

/// The right answer to `GET /`.
const HOMEPAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\
                        Content-Length: 9\r\n\r\nHomepage\n";

/// A page as http-core's send_error makes one.
const ERROR_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<style>p { color: red }</style>\n</head>\n<body>\n\
             <h1>404 Not Found</h1>\n<p>no &lt;such&gt; page</p>\n</body>\n</html>\n";

/// Plays this part: does not return unless the part ends.
pub fn play(part: &str) -> ExitCode {
    match part {
        "exits at once" => return ExitCode::from(3),
        "returns an error at once" => {
            eprintln!("Error: no such option");
            return ExitCode::FAILURE;
        }
        "is a todo at once" => todo!("step 3: read the arguments"),
        "panics at once" => panic!("no configuration"),
        "takes a taken port" => {
            let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = taken.local_addr().expect("its address");
            TcpListener::bind(address).expect("cannot bind the port");
        }
        "is silent" => wait_for_ever(),
        "prints for ever" => loop {
            println!("I am still here");
        },
        "prints for ever without a line end" => loop {
            print!("I am still here and here and here. ");
        },
        "is not served" => {
            // A port that is taken, so that no other test gets it, and has no listener:
            // that of an outgoing connection.
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("its address");
            let outgoing = TcpStream::connect(address).expect("a connection");
            start_line(outgoing.local_addr().expect("its address").port());
            wait_for_ever();
        }
        "starts a program in a session of its own" => {
            watched();
            leave_behind_by(Command::new("setsid"));
        }
        "starts a program of its own" => {
            watched();
            leave_behind();
        }
        _ => {}
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    watched();
    println!("A line before the start line.");
    start_line(listener.local_addr().expect("its address").port());
    let mut kept = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let head = read_head(&mut stream);
        answer(part, &mut stream, &head);
        if part.contains("open") {
            kept.push(stream);
        }
    }
    ExitCode::SUCCESS
}

/// Starts another program, waits until it serves, and leaves it to itself.
pub fn leave_behind() {
    let own = std::env::current_exe().expect("the path of the test");
    start_and_leave(Command::new(own));
}

/// The same, started by a command that takes a command.
fn leave_behind_by(mut command: Command) {
    command.arg(std::env::current_exe().expect("the path of the test"));
    start_and_leave(command);
}

fn start_and_leave(mut command: Command) {
    command.env("STUDENT", "never answers");
    command.stdout(Stdio::piped());
    let mut child = command.spawn().expect("another program");
    let mut printed = child.stdout.take().expect("a pipe");
    printed.read_exact(&mut [0]).expect("its first line");
    std::mem::forget((child, printed));
}

pub fn start_line(port: u16) {
    println!("Serving HTTP on http://localhost:{port}/ (press Ctrl-C to stop)");
}

/// Connects to the test, if it wants to watch: the connection ends with this
/// process. The test learns who started it.
pub fn watched() {
    let Ok(address) = std::env::var("WATCH") else {
        return;
    };
    let mut stream = TcpStream::connect(address).expect("the test listens");
    #[cfg(unix)]
    let parent = std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    let parent = 0;
    writeln!(stream, "{parent}").expect("the test reads");
    std::mem::forget(stream);
}

pub fn wait_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// An answer with this status, these headers and this body, and its length.
pub fn whole(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

fn text(status: &str, body: &str) -> String {
    whole(status, "Content-Type: text/plain; charset=utf-8\r\n", body)
}

/// Calls itself without end.
#[expect(unconditional_recursion)]
fn depth(level: u64) -> u64 {
    std::hint::black_box(depth(level + 1) + level)
}

/// A page with a form and this text.
fn form(text_in_it: &str) -> String {
    text(
        "200 OK",
        &format!("<form method=\"post\"></form><p>{text_in_it}</p>"),
    )
}

fn answer(part: &str, stream: &mut TcpStream, head: &str) {
    let is_home = head.starts_with("GET / ") || head.starts_with("GET /?");
    let bytes = match part {
        "never answers"
        | "starts a program of its own"
        | "starts a program in a session of its own" => wait_for_ever(),
        "tells its variables" => {
            let names = std::env::vars_os().map(|(name, _)| name);
            let names = names.map(|name| name.to_string_lossy().to_uppercase());
            let suspects = ["GRADE", "CARGO", "PROXY", "PORT"];
            let names = names.filter(|name| suspects.iter().any(|s| name.contains(s)));
            let names = names.collect::<Vec<_>>().join(" ");
            text("200 OK", &format!("its variables: {names}"))
        }
        "takes two gibibytes" => {
            // Written, not only asked for.
            let bytes = vec![1_u8; 2 << 30];
            text("200 OK", &format!("{}", std::hint::black_box(bytes).len()))
        }
        "takes much of the disk" => {
            let file = std::env::temp_dir().join(format!("much-{}", std::process::id()));
            let much = std::fs::File::create(&file).and_then(|file| file.set_len(2 << 30));
            let _ = std::fs::remove_file(file);
            text("200 OK", &format!("{much:?}"))
        }
        "prints instead of answering, never ends" => loop {
            println!("{}", "I am still here. ".repeat(200));
        },
        "is right" | "finds everything" if is_home => HOMEPAGE.to_string(),
        "forgets the line end" if is_home => text("200 OK", "Homepage"),
        "forgets both" if is_home => text("200 OK", "Homepage"),
        "knows a path too many" if is_home => HOMEPAGE.to_string(),
        "knows a path too many" if head.contains("/about HTTP") => text("200 OK", "About\n"),
        "knows a path too many" => text("404 Not Found", "Page not found\n"),
        "is right" | "forgets the line end" => text("404 Not Found", "Page not found\n"),
        "forgets both" => text("200 OK", "Page not found\n"),
        "ends while answering" => std::process::exit(7),
        "panics while answering" => panic!("index out of bounds"),
        "closes the connection" => String::new(),
        "stops in the head, open" => "HTTP/1.1 200 OK\r\nContent-".into(),
        "stops in the head" => "HTTP/1.1 200 OK\r\nContent-".into(),
        "is no server of HTTP" => "+OK ready\r\n\r\n".into(),
        "has no length, open" => "HTTP/1.1 200 OK\r\n\r\nHomepage\n".into(),
        "is short" => HOMEPAGE.replace("Length: 9", "Length: 12"),
        "is short, open" => HOMEPAGE.replace("Length: 9", "Length: 12"),
        "is long" => HOMEPAGE.replace("Length: 9", "Length: 4"),
        "has no end" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
            return;
        }
        "has headers without an end" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(b"X-More: and more\r\n").is_ok() {}
            return;
        }
        "has no do_post" => text("501 Not Implemented", "Unsupported method"),
        "answers todo" => text(
            "500 Internal Server Error",
            "<p>not yet implemented: step 2: answer with 404</p>",
        ),
        "tells todo" => {
            let place = "lessons/1_path_router/../../starter/1_path_router.rs, line 9";
            eprintln!("The handler panicked: not yet implemented: step 1: it's a page ({place})");
            text("500 Internal Server Error", "Something went wrong")
        }
        "prints todo" => {
            eprintln!("thread 'main' panicked at src/main.rs:9:5:");
            eprintln!("not yet implemented: step 3: the page");
            text("500 Internal Server Error", "Something went wrong")
        }
        "tells todo without a text" => {
            let place = "lessons/1_path_router/../../starter/1_path_router.rs, line 9";
            eprintln!("The handler panicked: not yet implemented ({place})");
            text("500 Internal Server Error", "Something went wrong")
        }
        "overflows its stack" => format!("{}", depth(1)),
        "tells why it failed" => {
            eprintln!("The handler failed: its Content-Length is 8, but 9 bytes were sent");
            text("500 Internal Server Error", "Something went wrong")
        }
        "reads too much" => {
            eprintln!("The handler failed: failed to fill whole buffer");
            text("500 Internal Server Error", "Something went wrong")
        }
        "reads no text" => {
            eprintln!("The handler failed: stream did not contain valid UTF-8");
            text("500 Internal Server Error", "Something went wrong")
        }
        "is a ready-made page" => whole("200 OK", "Cache-Control: no-store\r\n", ERROR_PAGE),
        "answers an error page" => whole(
            "404 Not Found",
            "Content-Type: text/html; charset=utf-8\r\n",
            ERROR_PAGE,
        ),
        "answers a panic" => {
            eprintln!("thread 'worker' panicked at src/main.rs:9:5:\nindex out of bounds");
            text("500 Internal Server Error", "Something went wrong")
        }
        "tells of a panic" => {
            eprintln!("The handler panicked: index out of bounds (src/main.rs, line 9)");
            text("500 Internal Server Error", "Something went wrong")
        }
        "cuts a letter" => {
            eprintln!(
                "The handler panicked: assertion failed: self.is_char_boundary(new_len) \
                 (src/main.rs, line 9)"
            );
            text("500 Internal Server Error", "Something went wrong")
        }
        "answers 500" => text("500 Internal Server Error", "Something went wrong"),
        "redirects" => whole("302 Found", "Location: /new\r\n", ""),
        "is the hello server" => text("200 OK", "Hello, HTTP!\n"),
        "says hello with 404" => text("404 Not Found", "Hello, HTTP!\n"),
        "finds nothing" => text("404 Not Found", "Page not found\n"),
        "finds everything" => text("200 OK", "Page not found\n"),
        "is forbidden" => text("403 Forbidden", "No"),
        "declares HTML" => whole("200 OK", "Content-Type: text/html\r\n", "Homepage\n"),
        "declares with an underscore" => whole(
            "200 OK",
            "Content_Type: text/plain; charset=utf-8\r\n",
            "Homepage\n",
        ),
        "declares nothing" => whole("200 OK", "", "Homepage\n"),
        "wants a length" => text("411 Length Required", "Send a Content-Length\n"),
        "sends no body" => text("200 OK", ""),
        "is percent-encoded" => text("200 OK", "Home%70age%0A"),
        "shouts" => text("200 OK", "HOMEPAGE\n"),
        "says more first" => text("200 OK", "My Homepage\n"),
        "counts in the wrong unit" => {
            eprintln!("The handler failed: Content-Length says 8 bytes, but the body has 9");
            text("500 Internal Server Error", "Something went wrong")
        }
        "shouts in a page" => whole(
            "200 OK",
            "Cache-Control: no-store\r\n",
            "<h1>HOMEPAGE</h1>\n",
        ),
        "makes text of bytes" => text("200 OK", "cat \u{fffd} \0"),
        "fills a part of its buffer" => text("200 OK", "cat \0\0\0"),
        "reads once" => text("200 OK", "cat "),
        "spaces out" => text("200 OK", "Home page\n"),
        "counts characters" => text("200 OK", "Homep"),
        "says something else" => text("200 OK", "Welcome\n"),
        "tells too much" => whole("200 OK", "X-Powered-By: steam\r\n", "Homepage\n"),
        "may be kept" => whole("200 OK", "Cache-Control: private\r\n", "Homepage\n"),
        "shows a script" => text("200 OK", "<script>alert(7)</script>"),
        "shows what came" => form("Tom & the <b>"),
        "escapes twice" => form("Tom &amp; the &amp;lt;b&amp;gt;"),
        "shows the form's own text" => form("Tom+%26+the+%3Cb%3E"),
        "decodes all but +" => form("Tom+&+the+<b>"),
        "decodes + alone" => form("Tom %26 the %3Cb%3E"),
        "escapes < alone" => form("Tom &amp; the &lt;b>"),
        "asks by GET" => text("200 OK", "<p></p><form action=\"/\" method=\"get\"></form>"),
        "sends on" => whole("303 See Other", "Location: /\r\n", "Thank you\n"),
        "escapes its page" => text("200 OK", "&lt;p&gt;Tom&lt;/p&gt;"),
        "takes tags out" => form("Tom & the "),
        "tells a secret" => form("Tom &amp; the &lt;b&gt; is a secret"),
        "sends bytes" => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nX-Odd: \xff\r\nContent-Length: 2\r\n\r\n\0\xff");
            return;
        }
        _ => HOMEPAGE.to_string(),
    };
    let _ = stream.write_all(bytes.as_bytes());
}

//! The checks of lesson 10, bookmark_server: a server that is a client, too. The
//! sites that it asks are stubs on this computer.

use std::io::Read;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use grader::{Answer, Failure, Finished, Reply, Run, Service, Stub, Verdict};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "a site that answers 200 is there", 2, site_is_there)
        .check(
            1,
            "one that answers 403, 404 or 500 is not",
            1,
            site_is_not_there,
        )
        .check(1, "only 200 counts, not 204", 1, site_is_empty)
        .check(
            1,
            "a redirect counts as the page it leads to",
            1,
            site_redirects,
        )
        .check(1, "a site that breaks off is not there", 1, site_is_broken)
        .check(1, "only http and https are asked", 1, other_schemes)
        .check(1, "https is asked over TLS", 1, tls)
        .check(1, "an answer after one second counts", 1, slow_site)
        .check(
            1,
            "a silent site is given up after 5 seconds",
            2,
            silent_site,
        )
        .check(2, "GET /NAME answers 303", 1, lookup_status)
        .check(2, "its Location is the URI of the name", 2, lookup)
        .check(
            2,
            "a name can have spaces and any letters",
            1,
            lookup_any_name,
        )
        .check(2, "a name that nobody knows answers 404", 1, lookup_unknown)
        .check(3, "without a name, 400", 1, no_name)
        .check(3, "without a uri, 400", 1, no_uri)
        .check(3, "an empty name or uri is like none", 1, empty_fields)
        .check(4, "a good bookmark answers 303", 1, stored_status)
        .check(4, "its Location is /", 1, stored_location)
        .check(4, "the page shows the bookmark", 2, stored)
        .check(4, "the page shows the names in order", 1, sorted)
        .check(4, "a name can get another URI", 1, replaced)
        .check(
            4,
            "a name with tags in it is shown as text",
            1,
            stored_escaped,
        )
        .check(
            5,
            "a URI where nobody answers gets 404",
            1,
            unreachable_status,
        )
        .check(5, "the answer shows the URI, escaped", 2, unreachable_uri)
        .check(5, "nothing is stored", 1, unreachable_not_stored)
        .grade()
}

// Step 1: check_uri, by `cargo run -p bookmark_server -- --check URI`.

/// Runs the program to its end for one URI.
fn check(run: &mut Run, uri: &str) -> Result<Finished, Failure> {
    run.program().arg("--check").arg(uri).wait()
}

fn expect(run: &mut Run, uri: &str, there: bool) -> Verdict {
    let end = check(run, uri)?;
    end.expect_code(0)?;
    end.expect_stdout(&format!("{there}\n"))
}

/// A site with pages of any path.
fn site(run: &mut Run, status: u16) -> Stub {
    run.stub(move |_| Reply::new(status))
}

/// A page of the site, with a query.
fn page(run: &mut Run, site: &Stub) -> String {
    let (path, word) = (run.seed().path(), run.seed().word());
    format!("{}{path}?q={word}", site.url())
}

fn site_is_there(run: &mut Run) -> Verdict {
    let site = run.stub(|asked| match asked.method() {
        "GET" => Reply::new(200).body("Here I am\n"),
        _ => Reply::new(405).header("Allow", "GET"),
    });
    let uri = page(run, &site);
    expect(run, &uri, true).map_err(|failure| match site.requests().first() {
        Some(asked) if asked.method() != "GET" => failure.because(
            "not-asked-with-get",
            format!(
                "The site was asked with {}. Not every site answers that; a browser will ask \
                 with GET, so ask with GET: ureq::get.",
                asked.method()
            ),
        ),
        _ => failure,
    })
}

fn site_is_not_there(run: &mut Run) -> Verdict {
    for status in [403, 404, 500] {
        let site = site(run, status);
        let uri = page(run, &site);
        expect(run, &uri, false).map_err(|failure| {
            failure.because(
                "any-status-counts",
                format!(
                    "The site answers {status} to this URI: the site is there, the page is not. \
                     ureq gives Err for a status from 400 on; such an Err means false, too."
                ),
            )
        })?;
    }
    Ok(())
}

fn site_is_empty(run: &mut Run) -> Verdict {
    let site = site(run, 204);
    let uri = page(run, &site);
    expect(run, &uri, false).map_err(|failure| {
        failure.because(
            "any-status-counts",
            "The site answers 204 No Content: there is nothing to see. For ureq this is Ok, as \
             every status below 400. Compare the status in the Ok with 200.",
        )
    })
}

fn site_redirects(run: &mut Run) -> Verdict {
    for (status, there) in [(200, true), (404, false)] {
        let site = run.stub(move |asked| match asked.path() {
            "/new" => Reply::new(status),
            _ => Reply::new(302).header("Location", "/new"),
        });
        let uri = page(run, &site);
        expect(run, &uri, there).map_err(|failure| {
            failure.because(
                "redirect-not-followed",
                format!(
                    "The site answers 302, and the page it leads to answers {status}. A browser \
                     would show that page, so its status counts. ureq follows redirects if it is \
                     not told otherwise."
                ),
            )
        })?;
    }
    Ok(())
}

fn site_is_broken(run: &mut Run) -> Verdict {
    let nobody = run.refusing_url();
    expect(run, &nobody, false)?;
    for bytes in ["", "HTTP/1.1 2", "220 mail.example ready\r\n"] {
        let site = run.stub(move |_| Reply::raw(bytes));
        let uri = page(run, &site);
        expect(run, &uri, false)?;
    }
    Ok(())
}

fn other_schemes(run: &mut Run) -> Verdict {
    let site = site(run, 200);
    let uri = page(run, &site);
    for uri in [
        uri.replace("http:", "ftp:"),
        "file:///etc/hosts".into(),
        "javascript:alert(1)".into(),
        run.seed().word(),
    ] {
        expect(run, &uri, false)?;
    }
    Ok(())
}

/// No TLS is spoken here: that the program begins to speak it is enough.
fn tls(run: &mut Run) -> Verdict {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    let (send, first_byte) = mpsc::channel();
    std::thread::spawn(move || {
        let mut byte = [0];
        let stream = listener.accept().and_then(|(mut stream, _)| {
            stream.read_exact(&mut byte)?;
            let _ = send.send(byte[0]);
            Ok(stream)
        });
        drop(stream);
    });
    let end = check(run, &format!("https://{address}/"))?;
    end.expect_code(0)?;
    // A TLS record of the kind "handshake" begins with 22.
    if first_byte.recv_timeout(Duration::from_secs(1)) != Ok(22) {
        let failure = end.wrong("a connection to the site, in which TLS begins");
        return Err(failure.because(
            "https-refused",
            "The program never began to speak TLS with the site of this https URI. Most sites \
             are https today. ureq takes both, so check_uri need not look at the scheme.",
        ));
    }
    end.expect_stdout("false\n")
}

fn slow_site(run: &mut Run) -> Verdict {
    let site = run.stub(|_| Reply::new(200).after(Duration::from_secs(1)));
    let uri = page(run, &site);
    expect(run, &uri, true).map_err(|failure| {
        failure.because(
            "too-impatient",
            "The site needs one second for its answer, and gets five. Look at the time limit: \
             Duration::from_secs(5).",
        )
    })
}

fn silent_site(run: &mut Run) -> Verdict {
    let site = run.stub(|_| Reply::silence());
    let uri = page(run, &site);
    let end = check(run, &uri)?;
    end.expect_code(0)?;
    end.expect_stdout("false\n")?;
    let took = end.took();
    if took < Duration::from_millis(4500) || took > Duration::from_millis(8000) {
        let failure = end.wrong("an end after 5 seconds");
        return Err(failure.because(
            "other-time-limit",
            format!(
                "The program gave up after {:.1} seconds. The limit for all of the exchange is \
                 5 seconds: timeout_global(Some(Duration::from_secs(5))).",
                took.as_secs_f32()
            ),
        ));
    }
    Ok(())
}

// Step 2: GET /NAME. The bookmark comes with the command line.

fn serve_with(run: &mut Run, name: &str, uri: &str) -> Result<Service, Failure> {
    run.program().arg(&format!("{name}={uri}")).serve()
}

fn any_uri(run: &mut Run) -> String {
    let (path, word) = (run.seed().path(), run.seed().word());
    format!("http://{word}.example{path}?a=1&b=%C3%A9#{word}")
}

fn lookup_status(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().word(), any_uri(run));
    let server = serve_with(run, &name, &uri)?;
    expect_found(&server.get(&format!("/{name}"))?, &name)
}

fn expect_found(answer: &Answer, name: &str) -> Verdict {
    answer
        .expect_status(303)
        .map_err(|failure| match answer.status() {
            404 => failure.because(
                "name-with-slash",
                format!(
                    "There is a bookmark with the name {name}, and its path is /{name}. Is the \
                     slash still there when you look the name up? &path[1..] is the path without \
                     its first byte."
                ),
            ),
            _ => failure,
        })
}

fn lookup(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().word(), any_uri(run));
    let server = serve_with(run, &name, &uri)?;
    let answer = server.get(&format!("/{name}"))?;
    expect_found(&answer, &name)?;
    answer.expect_header("Location", &uri)
}

fn lookup_any_name(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().line(), any_uri(run));
    let server = serve_with(run, &name, &uri)?;
    let path = utf8_percent_encode(&name, NON_ALPHANUMERIC);
    let answer = server.get(&format!("/{path}"))?;
    answer
        .expect_status(303)
        .map_err(|failure| match answer.status() {
            404 => failure.because(
                "path-not-decoded",
                format!(
                    "This is the name \"{name}\". In a path it comes percent-encoded: \
                     request.decoded_path() gives the text back."
                ),
            ),
            _ => failure,
        })?;
    answer.expect_header("Location", &uri)
}

fn lookup_unknown(run: &mut Run) -> Verdict {
    let uri = any_uri(run);
    let server = serve_with(run, "known", &uri)?;
    server.get(&run.seed().path())?.expect_status(404)?;
    // Nor can a name be bytes that are no UTF-8. 404 is true, 400 says more.
    let answer = server.get("/%FF")?;
    if [400, 404].contains(&answer.status()) {
        return Ok(());
    }
    Err(answer.wrong("status 400: the name in this path is not UTF-8"))
}

// Steps 3 to 5: the form.

fn post(run: &mut Run, fields: &[(&str, &str)]) -> Result<Answer, Failure> {
    let encoded: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    run.request("POST", "/")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(encoded.join("&"))
        .send()
}

/// The page of a site that answers 200.
fn good_uri(run: &mut Run) -> String {
    let site = site(run, 200);
    page(run, &site)
}

fn no_name(run: &mut Run) -> Verdict {
    let uri = good_uri(run);
    post(run, &[("uri", &uri)])?.expect_status(400)
}

fn no_uri(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    post(run, &[("name", &name)])?.expect_status(400)?;
    post(run, &[])?.expect_status(400)
}

fn empty_fields(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().word(), good_uri(run));
    // With the status that comes if nobody has looked whether a field is empty.
    for (fields, unnoticed) in [
        ([("name", ""), ("uri", &*uri)], 303),
        ([("name", &name), ("uri", "")], 404),
    ] {
        let answer = post(run, &fields)?;
        answer.expect_status(400).map_err(|failure| {
            if answer.status() != unnoticed {
                return failure;
            }
            failure.because(
                "empty-field",
                "A form sends a field that nobody filled in, too, with an empty value: \
                 fields.get gives Some of an empty text. Ask for is_empty() as well.",
            )
        })?;
    }
    Ok(())
}

fn stored_status(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().word(), good_uri(run));
    post(run, &[("name", &name), ("uri", &uri)])?.expect_status(303)
}

fn stored_location(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().word(), good_uri(run));
    let answer = post(run, &[("name", &name), ("uri", &uri)])?;
    answer.expect_status(303)?;
    answer.expect_header("Location", "/")
}

/// Sends a bookmark that is to be kept.
fn keep(run: &mut Run, name: &str, uri: &str) -> Verdict {
    post(run, &[("name", name), ("uri", uri)])?.expect_status(303)
}

/// The two as they stand in the page, one behind the other.
fn expect_bookmark(page: &Answer, name: &str, uri: &str) -> Verdict {
    let text = page.text();
    let found = text.split_once(&format!(">{name}</a>"));
    if found.is_some_and(|(_, rest)| rest.contains(uri)) {
        return Ok(());
    }
    Err(page.wrong(format!("the name {name}, and behind it {uri}")))
}

fn stored(run: &mut Run) -> Verdict {
    let (name, uri) = (run.seed().line(), good_uri(run));
    keep(run, &name, &uri)?;
    expect_bookmark(&run.get("/")?, &name, &uri).map_err(|failure| {
        failure.because(
            "not-stored",
            "The bookmark was sent with POST, and is not on the page. insert it into the map in \
             the Mutex: the name is the key, the URI the value.",
        )
    })
}

fn sorted(run: &mut Run) -> Verdict {
    let mut names: Vec<String> = (0..12)
        .map(|n| format!("{}{n}", run.seed().word()))
        .collect();
    names.sort();
    let uri = good_uri(run);
    for name in names.iter().rev() {
        keep(run, name, &uri)?;
    }
    let page = run.get("/")?;
    let places: Vec<Option<usize>> = names
        .iter()
        .map(|name| page.text().find(&format!(">{name}</a>")))
        .collect();
    if places.is_sorted() && !places.contains(&None) {
        return Ok(());
    }
    let failure = page.wrong(format!("these names in this order: {}", names.join(", ")));
    Err(failure.because(
        "not-sorted",
        "The names are not in the order of the alphabet. A BTreeMap keeps them so; a HashMap \
         has no order, and a Vec has the order in which they came.",
    ))
}

fn replaced(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let (old, new) = (good_uri(run), good_uri(run));
    for uri in [&old, &new] {
        keep(run, &name, uri)?;
    }
    expect_bookmark(&run.get("/")?, &name, &new).map_err(|failure| {
        failure.because(
            "not-replaced",
            "The name was sent twice, and the second URI counts. insert puts it in the place of \
             the first.",
        )
    })
}

fn stored_escaped(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let uri = good_uri(run);
    keep(run, &format!("<i>{word}</i>"), &format!("{uri}&n=1"))?;
    let page = run.get("/")?;
    page.expect_body_contains(&format!("&lt;i&gt;{word}&lt;/i&gt;"))?;
    page.expect_body_contains(&format!("{uri}&amp;n=1"))
}

/// Nobody listens there, and it is no URI either: a browser would have encoded it.
fn bad_uri(run: &mut Run) -> (String, String) {
    let (nobody, word) = (run.refusing_url(), run.seed().word());
    (
        format!("{nobody}/?a&b=<b>{word}</b>"),
        format!("{nobody}/?a&amp;b=&lt;b&gt;{word}&lt;/b&gt;"),
    )
}

fn unreachable_status(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let (uri, _) = bad_uri(run);
    post(run, &[("name", &name), ("uri", &uri)])?.expect_status(404)
}

fn unreachable_uri(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let (uri, escaped) = bad_uri(run);
    let answer = post(run, &[("name", &name), ("uri", &uri)])?;
    answer.expect_body_contains(&escaped)
}

fn unreachable_not_stored(run: &mut Run) -> Verdict {
    let name = run.seed().word();
    let uri = run.refusing_url();
    post(run, &[("name", &name), ("uri", &uri)])?.expect_status(404)?;
    let page = run.get("/")?;
    if page.text().contains(&uri) {
        let failure = page.wrong(format!("a page without {uri}"));
        return Err(failure.because(
            "stored-anyway",
            "Nobody answers at this URI, and still it is on the page. Ask check_uri first, and \
             return before the bookmark is stored.",
        ));
    }
    Ok(())
}

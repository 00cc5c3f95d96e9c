//! The checks of lesson 4, file_server: a directory of files as a website, and nothing
//! else of the disk.
//!
//! Each check lays out a site of its own, with names and contents drawn from the seed,
//! and has it served through the variable DIRECTORY.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use grader::{Answer, Run, Service, Verdict};

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "a file comes back", 2, on_site(file))
        .check(1, "one in a directory below, too", 1, on_site(file_below))
        .check(
            1,
            "a name may have spaces, in any language",
            1,
            on_site(names),
        )
        .check(1, "a file may hold any bytes", 1, on_site(any_bytes))
        .check(1, "a file is read when it is asked for", 1, on_site(fresh))
        .check(
            2,
            "pages, style sheets, scripts and data",
            2,
            on_site(page_types),
        )
        .check(2, "pictures", 1, on_site(picture_types))
        .check(
            2,
            "anything else is application/octet-stream",
            1,
            on_site(other_types),
        )
        .check(
            2,
            "capital letters make no difference",
            1,
            on_site(capitals),
        )
        .check(
            2,
            "only the last extension counts",
            1,
            on_site(last_extension),
        )
        .check(3, "/ answers index.html", 1, on_site(index))
        .check(3, "so does a directory below", 1, on_site(index_below))
        .check(
            4,
            "a directory without its slash answers 301",
            1,
            on_site(redirect),
        )
        .check(
            4,
            "the Location is the path as it came, and a slash",
            2,
            on_site(location),
        )
        .check(
            4,
            "a query does not come before the slash",
            1,
            on_site(location_query),
        )
        .check(4, "a browser at /about goes on to /about/", 0, address_bar)
        .check(5, "what is not there answers 404", 1, on_site(missing))
        .check(5, "its text is Page not found", 1, on_site(missing_text))
        .check(
            5,
            "so does a directory without index.html",
            1,
            on_site(no_index),
        )
        .check(
            5,
            "so does a file with a slash behind it",
            1,
            on_site(file_with_slash),
        )
        .check(
            5,
            "a path that is not UTF-8 is the client's fault",
            1,
            on_site(not_utf8),
        )
        .check(6, "/.. does not lead out", 2, on_site(dots))
        .check(6, "nor does it percent-encoded", 2, on_site(encoded_dots))
        .check(
            6,
            "nor do dots that a filter lets through",
            1,
            on_site(nested_dots),
        )
        .check(
            6,
            "nor does the path of a file on the disk",
            2,
            on_site(absolute),
        )
        .check(6, "nor do backslashes and drives", 1, on_site(backslashes))
        .check(6, "nor does a NUL byte", 1, on_site(nul))
        .check(
            6,
            "nor does a directory with a similar name",
            1,
            on_site(neighbour),
        )
        .check(
            6,
            "two dots in a name are part of the name",
            1,
            on_site(dotted_name),
        )
        .check(
            7,
            "--directory names the directory",
            2,
            on_site(directory_option),
        )
        .check(7, "a number is the port", 1, on_site(port_argument))
        .check(7, "--bind names the address", 1, on_site(bind_option))
        .check(7, "the order does not matter", 1, on_site(any_order))
        .check(
            7,
            "anything else ends with a message",
            1,
            on_site(bad_arguments),
        )
        .grade()
}

/// What lies outside of the directory says so, for whoever reads the report.
const SECRET: &str = "SECRET: this file is outside of the directory that is served\n";

/// A directory to serve, and what lies beside it:
///
/// ```text
/// secret.txt
/// public/index.html
/// public/below/
/// public-old/secret.txt
/// ```
struct Site {
    root: PathBuf,
}

impl Site {
    fn new() -> Site {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // In the target folder: what a failed check leaves there, to try it again with,
        // is gone with the next `cargo clean`.
        let own = env::current_exe().unwrap_or_default();
        let target = own.ancestors().nth(2).unwrap_or(Path::new("."));
        let name = format!("{}-{number}", process::id());
        let site = Site {
            root: target.join("tmp").join("file_server").join(name),
        };
        let _ = fs::remove_dir_all(&site.root);
        site.put("../secret.txt", SECRET);
        site.put("../public-old/secret.txt", SECRET);
        site.put("below/only.txt", "below\n");
        site
    }

    /// The directory that is served.
    fn directory(&self) -> PathBuf {
        self.root.join("public")
    }

    fn shown(&self) -> String {
        self.directory().display().to_string()
    }

    /// Writes a file of the site.
    fn put(&self, name: &str, contents: impl AsRef<[u8]>) {
        let file = match name.strip_prefix("../") {
            Some(outside) => self.root.join(outside),
            None => self.directory().join(name),
        };
        fs::create_dir_all(file.parent().unwrap_or(&self.root)).expect("a new directory");
        fs::write(file, contents).expect("a new file");
    }
}

/// A check with a site of its own, which goes when the check has passed.
fn on_site(check: fn(&mut Run, &Site) -> Verdict) -> impl Fn(&mut Run) -> Verdict + Send + Sync {
    move |run| {
        let site = Site::new();
        run.env("DIRECTORY", &site.shown());
        check(run, &site)?;
        let _ = fs::remove_dir_all(&site.root);
        Ok(())
    }
}

/// Every byte of the text percent-encoded.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A new file's name and contents.
fn text_file(run: &mut Run) -> (String, String) {
    let (path, line) = (run.seed().path(), run.seed().line());
    (format!("{}.txt", &path[1..]), line)
}

fn expect_file(answer: &Answer, contents: impl AsRef<[u8]>) -> Verdict {
    answer.expect_status(200)?;
    answer.expect_body(contents)
}

fn file(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    let text = format!("{text}\n");
    site.put(&name, &text);
    expect_file(&run.get(&format!("/{name}"))?, &text)
}

fn file_below(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    let path = format!("below{}/{name}", run.seed().path());
    site.put(&path, &text);
    expect_file(&run.get(&format!("/{path}"))?, &text)
}

fn names(run: &mut Run, site: &Site) -> Verdict {
    let line = run.seed().line();
    site.put(&format!("{line}.txt"), &line);
    expect_file(&run.get(&format!("/{}.txt", encoded(&line)))?, &line)?;
    let (one, other) = (run.seed().word(), run.seed().word());
    site.put(&format!("{one} 100% {other}.txt"), &one);
    expect_file(&run.get(&format!("/{one}%20100%25%20{other}.txt"))?, &one)
}

fn any_bytes(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend(text.bytes());
    site.put(&name, &bytes);
    expect_file(&run.get(&format!("/{name}"))?, &bytes)
}

fn fresh(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    site.put(&name, &text);
    run.get(&format!("/{name}"))?.expect_status(200)?;
    let later = run.seed().line();
    site.put(&name, &later);
    expect_file(&run.get(&format!("/{name}"))?, &later)
}

fn expect_types(run: &mut Run, site: &Site, types: &[(&str, &str)]) -> Verdict {
    for (extension, media_type) in types {
        let name = format!("{}{extension}", &run.seed().path()[1..]);
        site.put(&name, "contents\n");
        let answer = run.get(&format!("/{name}"))?;
        answer.expect_status(200)?;
        answer.expect_header("Content-Type", media_type)?;
    }
    Ok(())
}

fn page_types(run: &mut Run, site: &Site) -> Verdict {
    let types = [
        (".html", "text/html; charset=utf-8"),
        (".css", "text/css; charset=utf-8"),
        (".js", "text/javascript; charset=utf-8"),
        (".json", "application/json"),
        (".txt", "text/plain; charset=utf-8"),
    ];
    expect_types(run, site, &types)
}

fn picture_types(run: &mut Run, site: &Site) -> Verdict {
    let types = [
        (".svg", "image/svg+xml"),
        (".png", "image/png"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
    ];
    expect_types(run, site, &types)
}

fn other_types(run: &mut Run, site: &Site) -> Verdict {
    let unknown = format!(".{}", run.seed().word());
    let types = [
        (unknown.as_str(), "application/octet-stream"),
        ("", "application/octet-stream"),
    ];
    expect_types(run, site, &types)
}

fn capitals(run: &mut Run, site: &Site) -> Verdict {
    let types = [(".JPG", "image/jpeg"), (".Png", "image/png")];
    expect_types(run, site, &types)
}

fn last_extension(run: &mut Run, site: &Site) -> Verdict {
    let types = [
        (".html.png", "image/png"),
        (".css.txt", "text/plain; charset=utf-8"),
        ("-html", "application/octet-stream"),
    ];
    expect_types(run, site, &types)
}

fn expect_page(run: &mut Run, site: &Site, path: &str, name: &str) -> Verdict {
    let page = format!("<h1>{}</h1>", run.seed().line());
    site.put(name, &page);
    let answer = run.get(path)?;
    expect_file(&answer, &page)?;
    answer.expect_header("Content-Type", "text/html; charset=utf-8")
}

fn index(run: &mut Run, site: &Site) -> Verdict {
    expect_page(run, site, "/", "index.html")
}

fn index_below(run: &mut Run, site: &Site) -> Verdict {
    site.put("index.html", "<h1>Home</h1>");
    let path = run.seed().path();
    let name = format!("below{path}/index.html");
    expect_page(run, site, &format!("/below{path}/"), &name)
}

fn redirect(run: &mut Run, site: &Site) -> Verdict {
    let path = run.seed().path();
    site.put(&format!("{}/index.html", &path[1..]), "page\n");
    run.get(&path)?.expect_status(301)?;
    run.get("/below")?.expect_status(301)
}

fn location(run: &mut Run, site: &Site) -> Verdict {
    let path = run.seed().path();
    site.put(&format!("{}/index.html", &path[1..]), "page\n");
    let answer = run.get(&path)?;
    answer.expect_status(301)?;
    answer.expect_header("Location", &format!("{path}/"))?;
    let (one, other) = (run.seed().word(), run.seed().word());
    site.put(&format!("{one} {other}/index.html"), "page\n");
    let path = format!("/{one}%20{other}");
    let answer = run.get(&path)?;
    answer.expect_status(301)?;
    answer.expect_header("Location", &format!("{path}/"))
}

fn location_query(run: &mut Run, _: &Site) -> Verdict {
    let query = format!("?{}={}", run.seed().word(), run.seed().number(1..100));
    let answer = run.get(&format!("/below{query}"))?;
    answer.expect_status(301)?;
    // With the query is better still.
    if answer.header("Location") == Some(&format!("/below/{query}")) {
        return Ok(());
    }
    answer.expect_header("Location", "/below/")
}

/// On the lesson's own site, as a student sees it.
fn address_bar(run: &mut Run) -> Verdict {
    let mut page = run.browser()?;
    page.open("/about")?;
    page.expect_path("/about/")
}

fn missing(run: &mut Run, _: &Site) -> Verdict {
    let path = run.seed().path();
    run.get(&path)?.expect_status(404)?;
    run.get(&format!("/below{path}.txt"))?.expect_status(404)?;
    run.get(&format!("{path}/"))?.expect_status(404)
}

fn missing_text(run: &mut Run, _: &Site) -> Verdict {
    let path = run.seed().path();
    let answer = run.get(&path)?;
    answer.expect_status(404)?;
    answer.expect_body("Page not found\n")?;
    answer.expect_header("Content-Type", "text/plain; charset=utf-8")
}

fn no_index(run: &mut Run, _: &Site) -> Verdict {
    run.get("/below/")?.expect_status(404)
}

fn file_with_slash(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    site.put(&name, &text);
    run.get(&format!("/{name}/"))?.expect_status(404)
}

fn not_utf8(run: &mut Run, _: &Site) -> Verdict {
    let path = format!("{}%FF.txt", run.seed().path());
    let answer = run.get(&path)?;
    if answer.status() == 400 {
        return Ok(());
    }
    answer.expect_status(404)
}

/// Expects that this path gets no file. 404 is best; another error is a matter of
/// taste (and of step 5), as long as the handler does not panic.
fn expect_refused(run: &mut Run, path: &str) -> Verdict {
    let answer = run.get(path)?;
    // In the page of an error, http-core says where a handler panicked.
    let panicked = answer.status() == 500 && answer.text().contains(", line ");
    if answer.status() < 400 || panicked {
        answer.expect_status(404)?;
    }
    if answer.text().contains(SECRET) {
        return Err(answer.wrong("a page without the contents of that file"));
    }
    Ok(())
}

fn expect_all_refused(run: &mut Run, paths: &[&str]) -> Verdict {
    paths.iter().try_for_each(|path| expect_refused(run, path))
}

fn dots(run: &mut Run, _: &Site) -> Verdict {
    let paths = ["/../secret.txt", "/below/../../secret.txt", "/.."];
    expect_all_refused(run, &paths)
}

fn encoded_dots(run: &mut Run, _: &Site) -> Verdict {
    let paths = [
        "/%2e%2e/secret.txt",
        "/%2E./secret.txt",
        "/.%2e%2fsecret.txt",
        "/below/%2e%2e/%2e%2e/secret.txt",
        "/below%2F..%2F..%2Fsecret.txt",
    ];
    expect_all_refused(run, &paths)
}

fn nested_dots(run: &mut Run, _: &Site) -> Verdict {
    let paths = [
        "/....//secret.txt",
        "/..././secret.txt",
        "/%2e%2e%2e%2e//secret.txt",
        "/./../secret.txt",
    ];
    expect_all_refused(run, &paths)
}

fn absolute(run: &mut Run, site: &Site) -> Verdict {
    let secret = site.root.join("secret.txt").display().to_string();
    // Percent-encoded only where it must be: this is read by people.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let spell = |c: char| match is_plain(c) {
        true => c.to_string(),
        false => encoded(&c.to_string()),
    };
    let spelled: String = secret.chars().map(spell).collect();
    let slashes = spelled.replace('/', "%2F");
    let paths = [
        format!("/{slashes}"),
        format!("/{spelled}"),
        format!("/%2F{}", spelled.trim_start_matches('/')),
        format!("/below/%2F{slashes}"),
    ];
    paths.iter().try_for_each(|path| expect_refused(run, path))
}

fn backslashes(run: &mut Run, _: &Site) -> Verdict {
    let paths = [
        "/..%5Csecret.txt",
        "/below%5C..%5C..%5Csecret.txt",
        "/%5CWindows%5Cwin.ini",
        "/C:/Windows/win.ini",
        "/c%3A%5CWindows%5Cwin.ini",
    ];
    expect_all_refused(run, &paths)
}

fn nul(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    site.put(&name, &text);
    expect_refused(run, &format!("/{name}%00.html"))?;
    expect_refused(run, "/%00")
}

fn neighbour(run: &mut Run, _: &Site) -> Verdict {
    let paths = [
        "/../public-old/secret.txt",
        "/%2e%2e/public-old/secret.txt",
        "/-old/secret.txt",
    ];
    expect_all_refused(run, &paths)
}

fn dotted_name(run: &mut Run, site: &Site) -> Verdict {
    let (name, text) = text_file(run);
    let name = format!("to be continued..{name}");
    site.put(&name, &text);
    let path = name.replace(' ', "%20");
    expect_file(&run.get(&format!("/{path}"))?, &text)
}

/// Expects that this server serves the site.
fn expect_serves(run: &mut Run, site: &Site, service: &Service) -> Verdict {
    let (name, text) = text_file(run);
    site.put(&name, &text);
    expect_file(&service.get(&format!("/{name}"))?, &text)
}

fn directory_option(run: &mut Run, site: &Site) -> Verdict {
    let service = run
        .program()
        .arg("--directory")
        .arg(&site.shown())
        .serve()?;
    expect_serves(run, site, &service)
}

/// A port that is free now. Another program may take it before the student's does: a
/// pity, but rare.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    address.port()
}

/// (HEAD, because the page itself is of no interest.)
fn expect_port(service: &Service, port: u16) -> Verdict {
    let answer = service.request("HEAD", "/").send()?;
    if service.port() == port {
        return Ok(());
    }
    let other = service.port();
    Err(answer.wrong(format!(
        "the program serves on the port that its argument names, {port}, not on {other}"
    )))
}

fn port_argument(run: &mut Run, _: &Site) -> Verdict {
    let port = free_port();
    let service = run.program().arg(&port.to_string()).serve()?;
    expect_port(&service, port)
}

fn bind_option(run: &mut Run, _: &Site) -> Verdict {
    let port = free_port();
    let service = run
        .program()
        .arg(&port.to_string())
        .arg("--bind")
        .arg("127.0.0.1")
        .serve()?;
    expect_port(&service, port)?;
    if service.url().starts_with("http://127.0.0.1:") {
        return Ok(());
    }
    let url = service.url();
    let answer = service.request("HEAD", "/").send()?;
    Err(answer.wrong(format!(
        "the program serves on http://127.0.0.1:{port}/, not on {url}"
    )))
}

fn any_order(run: &mut Run, site: &Site) -> Verdict {
    let port = free_port();
    let service = run
        .program()
        .arg("--directory")
        .arg(&site.shown())
        .arg("--bind")
        .arg("127.0.0.1")
        .arg(&port.to_string())
        .serve()?;
    expect_port(&service, port)?;
    expect_serves(run, site, &service)
}

fn bad_arguments(run: &mut Run, _: &Site) -> Verdict {
    let unknown = format!("--{}", run.seed().word());
    for argument in [unknown.as_str(), "--bind", "--directory", "80x", "65536"] {
        let end = run.program().arg(argument).wait()?;
        end.expect_code(1)?;
        end.expect_stderr_contains("[PORT] [--bind ADDRESS] [--directory DIR]")?;
    }
    Ok(())
}

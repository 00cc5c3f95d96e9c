//! The command `http-core`.

mod common;

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use common::Client;
use common::program::Program;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_http-core"));
    command.env_remove("PORT").env_remove("HTTP_TRACE");
    command
}

/// Runs it with arguments with which it ends by itself: its exit code, and what it says.
fn ends(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Serves a directory with one file, on a free port of 127.0.0.1.
fn serves(arguments: &[&str]) -> (tempfile::TempDir, Program) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cat.txt"), "neko\n").unwrap();
    let mut command = command();
    command.args(["0", "--bind", "127.0.0.1", "--directory"]);
    let program = Program::start(command.arg(dir.path()).args(arguments));
    (dir, program)
}

#[test]
fn it_serves_a_directory() {
    let (_dir, program) = serves(&[]);
    let mut client = program.connect();
    assert_eq!(client.get("/cat.txt"), "neko\n");
    assert!(client.get("/").contains("cat.txt"));
    drop(client);
    let log = program.kill();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("127.0.0.1 - - ["), "{log}");
    assert!(
        lines[0].ends_with("] \"GET /cat.txt HTTP/1.1\" 200 -"),
        "{log}"
    );
    assert_eq!(lines.len(), 2, "{log}");
}

/// A browser that was told https:// gets no answer that it understands; whoever looks at
/// the terminal does.
#[test]
fn the_log_says_why_a_request_is_refused() {
    let (_dir, program) = serves(&[]);
    for (bytes, status, why) in [
        (
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            400,
            "this was https://, and only http:// is spoken here",
        ),
        (b"\x16", 400, "this was https://"),
        (
            b"GET / HTTP/1.1\r\n\r\n",
            400,
            "the request has no Host field",
        ),
        (b"GET / HTTP/2.0\r\n\r\n", 505, "only HTTP/1.0 and HTTP/1.1"),
    ] {
        let mut client = program.connect();
        client.send(bytes);
        let reply = client.reply();
        assert_eq!(reply.status, status);
        assert!(reply.text().contains(why), "{}", reply.text());
    }
    let log = program.kill();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 8, "{log}");
    let said = "] code 400, message this was https://, and only http:// is spoken here";
    assert!(
        lines[0].starts_with("127.0.0.1 - - [") && lines[0].ends_with(said),
        "{log}"
    );
    let line = "] \"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03\" 400 -";
    assert!(lines[1].ends_with(line), "{log}");
    assert!(
        lines[6].contains("] code 505, message only HTTP/1.0"),
        "{log}"
    );
}

/// What build tools do with the folder that they write to: `rm -r dist; mkdir dist`.
#[cfg(unix)]
#[test]
fn a_folder_that_is_made_again_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let dist = dir.path().join("dist");
    fs::create_dir(&dist).unwrap();
    fs::write(dist.join("cat.txt"), "neko\n").unwrap();
    let mut command = command();
    let program = Program::start(
        command
            .args(["0", "-b", "127.0.0.1", "-q"])
            .current_dir(&dist),
    );
    let mut client = program.connect();
    for n in 0..3 {
        let name = format!("cat{n}.txt");
        fs::remove_dir_all(&dist).unwrap();
        client.send("GET /cat.txt HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(client.reply().status, 404);
        fs::create_dir(&dist).unwrap();
        fs::write(dist.join(&name), "again\n").unwrap();
        assert!(client.get("/").contains(&name));
        assert_eq!(client.get(&format!("/{name}")), "again\n");
    }
}

/// Without options, it serves the directory it was started in, on both local addresses.
#[test]
fn it_serves_the_present_directory_to_this_machine_only() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cat.txt"), "neko\n").unwrap();
    // The first line says "localhost" where there are two addresses.
    let mut child = command()
        .arg("0")
        .current_dir(dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let (_, port) = line.split_once("//").unwrap().1.split_once(':').unwrap();
    let port: u16 = port.split_once('/').unwrap().0.parse().unwrap();
    let mut client = Client::connect(([127, 0, 0, 1], port).into());
    let text = client.get("/cat.txt");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(text, "neko\n");
    assert!(line.starts_with("Serving HTTP on http://"), "{line}");
}

#[cfg(unix)]
#[test]
fn one_ctrl_c_ends_it_well() {
    let (_dir, program) = serves(&["--threads", "3"]);
    assert_eq!(program.connect().get("/cat.txt"), "neko\n");
    program.signal("INT");
    let end = program.end();
    assert_eq!(end.code, Some(0), "{}", end.stderr);
}

#[test]
fn its_options_reach_the_server() {
    let (dir, program) = serves(&["--index", "cat.txt"]);
    assert_eq!(program.connect().get("/"), "neko\n");
    fs::create_dir(dir.path().join("dogs")).unwrap();
    assert!(program.connect().get("/dogs/").contains("Index of"));
    let (_dir, program) = serves(&["--no-listing"]);
    let mut client = program.connect();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.reply().status, 404);
}

#[test]
fn bound_wider_it_says_where_others_find_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command()
        .args(["0", "--bind", "0.0.0.0", "--directory"])
        .arg(dir.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    for line in std::io::BufRead::lines(stdout) {
        said.push(line.unwrap());
        if said.last().unwrap().starts_with("Serving HTTP on ") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (last, others) = said.split_last().unwrap();
    let url = last
        .strip_prefix("Serving HTTP on http://localhost:")
        .unwrap();
    let port = url.split_once('/').unwrap().0;
    // A machine may have no network at all.
    if let Some((heading, urls)) = others.split_first() {
        assert_eq!(heading, "Other devices on the network find it at:");
        for url in urls {
            assert!(url.trim().ends_with(&format!(":{port}/")), "{said:?}");
        }
    }
    // No terminal, no code for cameras.
    assert!(!said.concat().contains('█'), "{said:?}");
}

#[test]
fn it_explains_itself() {
    let (code, out, _) = ends(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("Usage: http-core [PORT] [OPTIONS]"), "{out}");
    let (code, out, _) = ends(&["--version"]);
    assert_eq!(
        (code, &out[..]),
        (
            Some(0),
            concat!("http-core ", env!("CARGO_PKG_VERSION"), "\n")
        )
    );
    let (code, out, err) = ends(&["--what"]);
    assert_eq!((code, &out[..]), (Some(2), ""));
    assert!(err.starts_with("Error: invalid option '--what'\n"), "{err}");
    assert!(err.contains("http-core --help"), "{err}");
}

#[test]
fn that_nobody_reads_what_it_says_does_not_stop_it() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let help = command().arg("--help").stdout(writer).output().unwrap();
    let said = String::from_utf8_lossy(&help.stderr);
    assert!(help.status.success() && said.is_empty(), "{said}");
}

#[test]
fn what_stands_in_its_way_is_said_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, out, err) = ends(&[&port.to_string()]);
    assert_eq!((code, &out[..]), (Some(1), ""));
    assert!(
        err.starts_with(&format!("Error: port {port} is already in use")),
        "{err}"
    );
    assert!(
        err.contains(&format!("http-core {}", port.wrapping_add(1))),
        "{err}"
    );
    for (arguments, said) in [
        // (Windows has other slashes.)
        (&["0", "-d", "/no/such/directory"][..], "directory: "),
        (&["0", "-d", file!()], "cannot serve the files of"),
        (
            &["0", "-b", "192.0.2.1"],
            "192.0.2.1 is not an address of this machine",
        ),
        (
            &["0", "-b", "no.such.name.invalid"],
            "no.such.name.invalid is neither an address",
        ),
    ] {
        let (code, out, err) = ends(arguments);
        assert_eq!((code, &out[..]), (Some(1), ""), "{err}");
        assert!(err.contains(said), "{err}");
    }
}

/// The trace has the bytes of a file in it, too.
#[test]
fn the_trace_shows_files() {
    let dir = tempfile::tempdir().unwrap();
    let large = "a line of it\n".repeat(5000);
    fs::write(dir.path().join("cat.txt"), &large).unwrap();
    let mut command = command();
    command
        .env("HTTP_TRACE", "1")
        // Bytes are shown once they are written: another thread may have begun by then.
        .args(["0", "--threads", "1", "--bind", "127.0.0.1", "--directory"])
        .arg(dir.path());
    let program = Program::start(&mut command);
    assert!(program.connect().get("/cat.txt") == large);
    assert!(program.connect().get("/cat.txt") == large);
    let shown = program.kill();
    assert!(
        shown.contains("< Content-Length: 65000\\r\\n\n< \\r\\n\n< a line of it\\n\n"),
        "{shown}"
    );
    assert!(shown.contains("more bytes\n"), "{shown}");
}

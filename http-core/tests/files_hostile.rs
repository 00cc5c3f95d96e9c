//! Nothing outside of the directory is served, however it is asked for, and nothing
//! but regular files is opened.

mod common;

use std::fs;
#[cfg(unix)]
use std::path::Path;

use common::TestServer;
use http_core::FileHandler;
use tempfile::TempDir;

const SECRET: &str = "not for the public";

/// A directory with a file, inside of a directory with a secret.
fn site() -> (TempDir, TestServer) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("secret"), SECRET).unwrap();
    let public = dir.path().join("public");
    fs::create_dir_all(public.join("sub")).unwrap();
    fs::write(public.join("file"), "file").unwrap();
    fs::write(public.join("sub/page.html"), "page").unwrap();
    let server = TestServer::start(FileHandler::new(&public).unwrap());
    (dir, server)
}

/// All ways out: each way to write two dots, each way to write a slash.
#[test]
fn no_spelling_of_a_path_leads_out() {
    let (dir, server) = site();
    let outside = dir.path().join("secret");
    let absolute = outside.to_str().unwrap();
    let dots = [
        "..",
        "%2e%2e",
        ".%2e",
        "%2E.",
        "%252e%252e",
        "..%00",
        "%c0%ae%c0%ae",
        ".%20.",
        "...",
        "..;",
        "%2e%2e%2f..",
        "\u{2025}",
        "%u002e%u002e",
        "..%20",
        "..\u{2215}..",
    ];
    let slashes = [
        "/", "//", "%2f", "%2F", "\\", "%5c", "%252f", "/./", "%c0%af", "%5c%2f", "\u{2215}",
    ];
    let starts = ["/", "/sub/", "//", "/sub/../", "/file/", "/none/", "/./"];
    let mut client = server.connect();
    let mut asked = 0;
    for start in starts {
        for dot in dots {
            for slash in slashes {
                for times in [1, 2, 3, 8] {
                    let up = format!("{dot}{slash}").repeat(times);
                    client.send(format!("GET {start}{up}secret HTTP/1.1\r\nHost: h\r\n\r\n"));
                    let reply = client.reply();
                    assert_eq!(reply.status, 404, "{start}{up}secret");
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 7 * 15 * 11 * 4);
    for target in [
        &format!("/{}", absolute.trim_start_matches('/'))[..],
        &format!("/{absolute}"),
        &format!("/{}", absolute.replace('/', "%2f")),
        &format!("http://h/{absolute}"),
        "http://h/../secret",
        "http://h/%2e%2e/secret",
        "http://../secret",
        "/C:/secret",
        "/c:secret",
        "/C%3A%5Csecret",
        "/file:///etc/passwd",
        "/%5C%5Chost%5Cshare%5Cx",
        "/file%00.html",
        "/..%00/secret",
        "/~root",
        "/proc/self/environ",
        "/dev/stdin",
    ] {
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        assert_eq!(reply.status, 404, "{target}");
        assert!(!reply.text().contains(SECRET));
    }
    // What is no target at all is refused before a handler sees it.
    for target in [
        "secret",
        "../secret",
        "\\secret",
        "file:/etc/passwd",
        "C:\\secret",
    ] {
        let mut client = server.connect();
        client.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(client.reply().status, 400, "{target}");
    }
}

/// Random pieces of paths: the answer is an error, a redirect within, or one of ours.
#[test]
fn random_paths_find_nothing_else() {
    let (_dir, server) = site();
    let pieces = [
        "/",
        "..",
        ".",
        "%2e",
        "%2f",
        "%5c",
        "\\",
        "file",
        "sub",
        "page.html",
        "secret",
        "public",
        "%00",
        "%",
        "~",
        "c:",
        "?",
        ";",
        "%20",
        "%ff",
        "*",
        "&",
    ];
    let mut client = server.connect();
    let mut seen = [0; 3];
    for seed in 0..5_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let path: String = (0..random.usize(1..8))
            .map(|_| pieces[random.usize(..pieces.len())])
            .collect();
        client.send(format!("GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let reply = client.reply();
        match reply.status {
            200 => {
                let text = reply.text();
                let known = ["file", "page"].contains(&&text[..]) || text.contains("Index of");
                assert!(
                    known && !text.contains("secret"),
                    "seed {seed}: /{path}: {text}"
                );
                seen[0] += 1;
            }
            301 => {
                let location = reply.field("Location").unwrap();
                assert!(
                    location.starts_with("/sub/"),
                    "seed {seed}: /{path}: {location}"
                );
                seen[1] += 1;
            }
            404 => seen[2] += 1,
            other => panic!("seed {seed}: /{path}: {other}"),
        }
    }
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_not_there() {
    use std::os::unix::fs::symlink;

    let (dir, server) = site();
    let public = dir.path().join("public");
    for (target, link) in [
        (Path::new("../secret"), "up"),
        (&dir.path().join("secret"), "absolute"),
        (Path::new(".."), "parent"),
        (Path::new("/etc"), "etc"),
        (Path::new("up"), "twice"),
        (Path::new("file"), "near"),
        (&public.join("sub"), "inside"),
    ] {
        symlink(target, public.join(link)).unwrap();
    }
    let missing = [
        "/up",
        "/absolute",
        "/parent",
        "/parent/",
        "/parent/secret",
        "/etc",
        "/etc/",
        "/twice",
    ];
    for path in missing {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get("/near").text(), "file");
    assert_eq!(server.get("/inside/page.html").text(), "page");
    let list = server.get("/").text();
    for name in ["up", "absolute", "parent", "etc", "twice"] {
        assert!(!list.contains(&format!("\"{name}")), "{name}: {list}");
    }
    assert!(
        list.contains("\"near\"") && list.contains("\"inside/\""),
        "{list}"
    );
    // Whoever wants them can have them.
    let free = TestServer::start(FileHandler::new(&public).unwrap().follow_links(true));
    assert_eq!(free.get("/up").text(), SECRET);
    assert_eq!(free.get("/parent/secret").text(), SECRET);
    assert_eq!(free.get("/parent/../secret").status, 404);
}

/// Whoever has put an index into a folder wants no list of it, be it one that can't be
/// sent: it leads out, nowhere, or to itself, or it is a pipe.
#[cfg(unix)]
#[test]
fn an_index_that_is_not_sent_is_no_list() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let (dir, server) = site();
    let public = dir.path().join("public");
    let index = public.join("sub/index.html");
    for target in [
        "../../secret",
        "nowhere",
        "index.html",
        "/etc/passwd",
        "/dev/null",
    ] {
        symlink(target, &index).unwrap();
        assert_eq!(server.get("/sub/").status, 404, "{target}");
        fs::remove_file(&index).unwrap();
    }
    let socket = UnixListener::bind(&index).unwrap();
    assert_eq!(server.get("/sub/").status, 404);
    drop(socket);
    fs::remove_file(&index).unwrap();
    // The second of its names counts, too.
    symlink("nowhere", public.join("sub/index.htm")).unwrap();
    assert_eq!(server.get("/sub/").status, 404);
    // One that is sent comes first, and a folder is none.
    fs::write(&index, "index").unwrap();
    assert_eq!(server.get("/sub/").text(), "index");
    fs::remove_file(&index).unwrap();
    fs::remove_file(public.join("sub/index.htm")).unwrap();
    fs::create_dir(&index).unwrap();
    assert!(server.get("/sub/").text().contains("page.html"));
}

/// A pipe that somebody waits at, a socket, a device: none is opened, none is shown.
#[cfg(unix)]
#[test]
fn only_regular_files_are_opened() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::{Command, Stdio};

    let (dir, server) = site();
    let public = dir.path().join("public");
    let pipe = public.join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(public.join("socket")).unwrap();
    symlink("/dev/zero", public.join("zero")).unwrap();
    symlink("pipe", public.join("link")).unwrap();
    // It waits until somebody opens the pipe for reading.
    let mut writer = Command::new("sh")
        .args(["-c", "echo written > \"$0\""])
        .arg(&pipe)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let free = TestServer::start(FileHandler::new(&public).unwrap().follow_links(true));
    for server in [&server, &free] {
        for path in ["/pipe", "/socket", "/zero", "/link", "/pipe/"] {
            assert_eq!(server.get(path).status, 404, "{path}");
        }
        let list = server.get("/").text();
        for name in ["pipe", "socket", "zero", "link"] {
            assert!(!list.contains(&format!("\"{name}")), "{name}: {list}");
        }
    }
    assert!(writer.try_wait().unwrap().is_none(), "the pipe was opened");
    writer.kill().unwrap();
    writer.wait().unwrap();
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_not_there() {
    use std::os::unix::fs::PermissionsExt;

    let (dir, server) = site();
    let public = dir.path().join("public");
    for name in ["file", "sub"] {
        fs::set_permissions(public.join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    // To the superuser, nothing is forbidden.
    if fs::read(public.join("file")).is_err() {
        for path in ["/file", "/sub/", "/sub/page.html"] {
            assert_eq!(server.get(path).status, 404, "{path}");
        }
    }
    fs::set_permissions(public.join("sub"), fs::Permissions::from_mode(0o755)).unwrap();
    // Whoever puts an index into a folder does not want it to be listed.
    let index = public.join("sub/index.html");
    fs::write(&index, "index").unwrap();
    fs::set_permissions(&index, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&index).is_err() {
        assert_eq!(server.get("/sub/").status, 404);
    }
}

/// Another program may keep a file for itself.
#[cfg(windows)]
#[test]
fn a_file_that_is_locked_is_not_there() {
    use std::os::windows::fs::OpenOptionsExt;

    let (dir, server) = site();
    let public = dir.path().join("public");
    let lock = |name: &str| {
        let file = fs::File::options()
            .read(true)
            .share_mode(0)
            .open(public.join(name));
        file.unwrap()
    };
    let locked = lock("file");
    assert_eq!(server.get("/file").status, 404);
    assert_eq!(server.get("/").status, 200);
    drop(locked);
    assert_eq!(server.get("/file").text(), "file");
    fs::write(public.join("sub/index.html"), "index").unwrap();
    let _locked = lock("sub/index.html");
    assert_eq!(server.get("/sub/").status, 404);
}

/// Anybody may make junctions, and links in a system that is set up for it.
#[cfg(windows)]
#[test]
fn junctions_and_links_lead_about_but_not_out() {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    use std::process::Command;

    let (dir, server) = site();
    let public = dir.path().join("public");
    let junction = |target: &std::path::Path, name: &str| {
        let command = ["/c", "mklink", "/J"];
        let made = Command::new("cmd")
            .args(command)
            .arg(public.join(name))
            .arg(target)
            .output();
        made.is_ok_and(|output| output.status.success()) && public.join(name).exists()
    };
    let mut made = 0;
    for (is_there, path, expected) in [
        (junction(dir.path(), "out"), "/out/secret", 404),
        (junction(&public.join("sub"), "in"), "/in/page.html", 200),
        (
            symlink_dir(dir.path(), public.join("link")).is_ok(),
            "/link/secret",
            404,
        ),
        (
            symlink_file(dir.path().join("secret"), public.join("leak")).is_ok(),
            "/leak",
            404,
        ),
        (
            symlink_file(public.join("file"), public.join("near")).is_ok(),
            "/near",
            200,
        ),
        (
            symlink_file("loop", public.join("loop")).is_ok(),
            "/loop",
            404,
        ),
    ] {
        // wine makes links that it does not follow.
        let leads_on = fs::read(public.join(&path[1..])).is_ok() || path == "/loop";
        if is_there && leads_on {
            assert_eq!(server.get(path).status, expected, "{path}");
            made += 1;
        }
    }
    let list = server.get("/").text();
    for name in ["out", "link", "leak", "loop"] {
        assert!(!list.contains(&format!("\"{name}")), "{name}: {list}");
    }
    println!("{made} of 6 links could be made here");
}

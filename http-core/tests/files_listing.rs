//! The page of a directory: every link on it works, whatever is in the names.

mod common;

use std::fs;

use common::TestServer;
use http_core::FileHandler;

/// The links of a page as a browser reads them: their addresses and their texts.
fn links(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in page.split("<td><a href=\"").skip(1) {
        let (address, rest) = piece.split_once("\">").unwrap();
        let (text, _) = rest.split_once("</a>").unwrap();
        found.push((
            address.to_owned(),
            text.replace("<bdi>", "").replace("</bdi>", ""),
        ));
    }
    found
}

/// Some can't be made on other systems.
#[cfg(unix)]
const NAMES: [&str; 24] = [
    "plain.txt",
    "with space.txt",
    " leading",
    "trailing ",
    "quote\".txt",
    "apostrophe'.txt",
    "<b>bold.html",
    "<script>alert(1)",
    "&amp;",
    "a&b=c",
    "100%",
    "%2e%2e",
    "%41",
    "#hash",
    "what?",
    "a:b",
    "javascript:alert(1)",
    "back\\slash",
    "ねこ.txt",
    "кот",
    "قط.txt",
    "👩‍👩‍👧",
    "..hidden",
    "new\nline\x1b[2J",
];

#[cfg(unix)]
#[test]
fn every_link_works_whatever_the_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let dir = tempfile::tempdir().unwrap();
    let base = dir.path();
    let sub = base.join("<i> & ねこ/#2");
    fs::create_dir_all(&sub).unwrap();
    let mut names: Vec<&OsStr> = NAMES.iter().map(OsStr::new).collect();
    let undecodable = OsStr::from_bytes(b"\xff\xfe.bin");
    // The file systems of macOS take only text.
    if fs::write(base.join(undecodable), "").is_ok() {
        names.push(undecodable);
    }
    for directory in [base, &sub] {
        for name in &names {
            fs::write(directory.join(name), name.as_bytes()).unwrap();
        }
    }
    let server = TestServer::start(FileHandler::new(base).unwrap());
    for (place, more) in [("/", 1), ("/%3Ci%3E%20%26%20ねこ/%232/", 1)] {
        let page = server.get(place).text();
        let links = links(&page);
        assert_eq!(links.len(), names.len() + more, "{page}");
        assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains("<i>"));
        assert!(!page.contains('\x1b'));
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for (address, _) in links {
            let plain = address
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~%/".contains(&b));
            assert!(plain, "{address}");
            if !address.ends_with('/') {
                let reply = server.get(&format!("{place}{address}"));
                assert_eq!(reply.status, 200, "{address}");
                seen.push(reply.body);
            }
        }
        let mut expected: Vec<Vec<u8>> =
            names.iter().map(|name| name.as_bytes().to_vec()).collect();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
    }
    // A directory of such a name is a way, too, down and up.
    let root = server.get("/").text();
    let (address, text) = &links(&root)[0];
    assert_eq!(
        (&address[..], &text[..]),
        (
            "%3Ci%3E%20%26%20%E3%81%AD%E3%81%93/",
            "&lt;i&gt; &amp; ねこ/"
        )
    );
    let below = server.get(&format!("/{address}")).text();
    assert_eq!(links(&below)[0].0, "../");
    assert!(
        below.contains("<title>Index of /&lt;i&gt; &amp; ねこ/</title>"),
        "{below}"
    );
    let deeper = server.get(&format!("/{address}%232/")).text();
    assert!(deeper.contains("<a href=\"../../\">/</a>"), "{deeper}");
    assert!(
        deeper.contains("<a href=\"../\"><bdi>&lt;i&gt; &amp; ねこ</bdi>/</a>"),
        "{deeper}"
    );
}

#[test]
fn it_is_in_order_with_sizes_and_times() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b", "A", "c.d"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    for (name, size) in [
        ("zebra", 0),
        ("Apple", 1536),
        ("banana", 5),
        ("éclair", 3_000_000),
    ] {
        let file = fs::File::create(dir.path().join(name)).unwrap();
        file.set_len(size).unwrap();
        let time =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_255_200);
        file.set_modified(time).unwrap();
    }
    let server = TestServer::start(FileHandler::new(dir.path()).unwrap());
    let reply = server.get("/");
    assert_eq!(
        reply.field("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(
        reply.field("Content-Security-Policy"),
        Some("default-src 'none'; style-src 'unsafe-inline'")
    );
    let page = reply.text();
    let texts: Vec<String> = links(&page).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        texts,
        ["A/", "b/", "c.d/", "Apple", "banana", "zebra", "éclair"]
    );
    for line in [
        "<bdi>Apple</bdi></a></td><td title=\"1536 bytes\">1.5 KiB</td><td>21 Nov 2026 10:00</td>",
        "<bdi>éclair</bdi></a></td><td title=\"3000000 bytes\">2.9 MiB</td>",
        "<bdi>A</bdi>/</a></td><td></td>",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

#[test]
fn a_large_directory_is_listed_whole() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..3000 {
        fs::write(dir.path().join(format!("{n:04}")), "").unwrap();
    }
    let server = TestServer::start(FileHandler::new(dir.path()).unwrap());
    let page = server.get("/").text();
    let links = links(&page);
    assert_eq!(links.len(), 3000);
    assert_eq!((&links[0].0[..], &links[2999].0[..]), ("0000", "2999"));
}

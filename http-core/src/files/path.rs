//! What a request's path means in a directory: text in, a relative path out.
//!
//! Nothing here touches the disk, so all of it can be read, tested and fuzzed
//! alone. A path is taken apart at its slashes first and decoded then, so an
//! encoded slash never becomes one. Each part must be a plain name: what a name
//! could mean besides (`..`, a drive, a device) is the way out of a directory.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// The place in a directory that a request's path names.
///
/// ```
/// use std::path::Path;
/// use http_core::FilePath;
///
/// let path = FilePath::new("/cats/%E3%81%AD%20ko.html").expect("plain names");
/// assert_eq!(path.relative(), Path::new("cats/ね ko.html"));
/// assert!(!path.names_directory());
///
/// assert!(FilePath::new("/cats/").expect("a plain name").names_directory());
///
/// // What could lead out of the directory names nothing in it.
/// assert!(FilePath::new("/cats/../../etc/passwd").is_none());
/// assert!(FilePath::new("/%2e%2e/etc/passwd").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePath {
    relative: PathBuf,
    names_directory: bool,
}

impl FilePath {
    /// Reads a path as [`Request::path`](crate::Request::path) gives it: percent-encoded,
    /// without a query. `None` where it does not begin with a slash, or one of its parts
    /// can't be the name of a file: `.` and `..` (a client resolves them before it asks),
    /// a name with a slash or a NUL encoded in it, and on Windows whatever stands for a
    /// drive, a device or a stream there. Several slashes in a row are one.
    pub fn new(path: &str) -> Option<FilePath> {
        let mut relative = PathBuf::new();
        for part in path.strip_prefix('/')?.split('/') {
            if !part.is_empty() {
                let name = percent_decode_str(part).collect::<Vec<u8>>();
                if !is_plain(&name, cfg!(windows)) {
                    return None;
                }
                relative.push(to_os(&name)?);
            }
        }
        Some(FilePath {
            relative,
            names_directory: path.ends_with('/'),
        })
    }

    /// The path below the directory: plain names only, and none at all for `/`.
    pub fn relative(&self) -> &Path {
        &self.relative
    }

    /// Whether it ends with a slash, as the path of a directory does.
    pub fn names_directory(&self) -> bool {
        self.names_directory
    }

    /// The path of this directory, made anew: `/cats/`. It can't be mistaken for
    /// another host's address, as `//host/` or `/\host/` can.
    pub(super) fn as_directory(&self) -> String {
        let mut path = String::from("/");
        for name in self.names() {
            path.push_str(&encode(name));
            path.push('/');
        }
        path
    }

    /// Its parts, from the outermost on.
    pub(super) fn names(&self) -> impl Iterator<Item = &OsStr> {
        self.relative.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
    }
}

/// All but what RFC 3986, section 2.3 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A name as it stands in a link, whatever is in it.
pub(super) fn encode(name: &OsStr) -> String {
    percent_encode(name.as_encoded_bytes(), RESERVED).to_string()
}

/// Whether these bytes are the name of a file or directory and mean nothing else.
fn is_plain(name: &[u8], windows: bool) -> bool {
    let plain = !matches!(name, b"" | b"." | b"..") && !name.iter().any(|b| b"/\0".contains(b));
    plain && (!windows || is_plain_on_windows(name))
}

/// There, `a\b` and `c:x` are paths, `x.txt:y` is a stream of a file, `nul.txt` a
/// device, and dots and spaces at the end are dropped.
fn is_plain_on_windows(name: &[u8]) -> bool {
    const DEVICES: [&[u8]; 6] = [b"con", b"prn", b"aux", b"nul", b"conin$", b"conout$"];
    let device = name
        .split(|&b| b == b'.')
        .next()
        .unwrap_or_default()
        .trim_ascii_end()
        .to_ascii_lowercase();
    let is_port = (device.starts_with(b"com") || device.starts_with(b"lpt"))
        // COM1 to COM9, also with the superscript digits ¹, ² and ³.
        && matches!(&device[3..], [b'0'..=b'9'] | [0xc2, 0xb9 | 0xb2 | 0xb3]);
    !name.iter().any(|b| *b < b' ' || b"\\:*?\"<>|".contains(b))
        && !name.ends_with(b".")
        && !name.ends_with(b" ")
        && !DEVICES.contains(&&device[..])
        && !is_port
}

#[cfg(unix)]
fn to_os(name: &[u8]) -> Option<&OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(name))
}

#[cfg(not(unix))]
fn to_os(name: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(name).ok().map(OsStr::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(path: &str) -> Option<PathBuf> {
        FilePath::new(path).map(|path| path.relative)
    }

    #[test]
    fn a_path_becomes_names() {
        assert_eq!(relative("/"), Some(PathBuf::new()));
        assert_eq!(relative("/a/b.html"), Some("a/b.html".into()));
        assert_eq!(relative("/a//b/"), Some("a/b".into()));
        assert_eq!(relative("/a%20%E3%81%AD"), Some("a ね".into()));
        // What is no escape stays as it is; nothing is decoded twice.
        assert_eq!(relative("/100%/%zz/%252e"), Some("100%/%zz/%2e".into()));
        assert_eq!(relative("/..."), Some("...".into()));
    }

    #[test]
    fn what_could_lead_out_names_nothing() {
        for path in [
            "",
            "*",
            "a",
            "/.",
            "/..",
            "/../a",
            "/a/../b",
            "/a/..",
            "/a/./b",
            "/%2e",
            "/%2E%2e/a",
            "/.%2e/a",
            "/a%2fb",
            "/%2Fetc",
            "/a%00b",
            "/..%2f..",
            "/a/%2e%2e/",
        ] {
            assert_eq!(relative(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_backslash_is_a_letter_on_unix() {
        assert_eq!(relative("/a%5Cb"), Some("a\\b".into()));
        let path = FilePath::new("/%5Cevil.example/x").unwrap();
        assert_eq!(path.as_directory(), "/%5Cevil.example/x/");
        let path = FilePath::new("/\\evil.example").unwrap();
        assert_eq!(path.as_directory(), "/%5Cevil.example/");
    }

    #[test]
    fn windows_knows_more_ways_out() {
        for name in [
            "a\\b", "..\\x", "c:", "c:x", "x.txt:y", "x::$DATA", "nul", "NUL.txt", "Con", "com1",
            "LPT9.log", "aux .txt", "COM¹", "conin$", "a.", "a ", "a*", "a\u{1}", "\\\\host",
        ] {
            assert!(!is_plain(name.as_bytes(), true), "{name}");
        }
        for name in ["a", ".git", "a b", "console", "com", "com10", "nul-1", "ね"] {
            assert!(is_plain(name.as_bytes(), true), "{name}");
        }
    }

    /// Any path at all: what comes out stays in, and leads back to where it came from.
    #[test]
    fn no_path_leads_out() {
        let pieces = [
            "/",
            "//",
            ".",
            "..",
            "%2e",
            "%2E",
            "%2f",
            "%5c",
            "\\",
            "%00",
            "a",
            "b c",
            "%20",
            "ね",
            "%E3%81%AD",
            "%ff",
            "%",
            "%2",
            "c:",
            ":",
            "*",
            "?",
            "#",
            "%25",
            "~",
            "%c0%af",
            "%0a",
        ];
        for seed in 0..20_000 {
            let mut random = fastrand::Rng::with_seed(seed);
            let path: String = (0..random.usize(..12))
                .map(|_| pieces[random.usize(..pieces.len())])
                .collect();
            let Some(found) = FilePath::new(&path) else {
                continue;
            };
            let names: Vec<_> = found.names().collect();
            assert!(
                found
                    .relative()
                    .components()
                    .all(|part| matches!(part, Component::Normal(_))),
                "seed {seed}: {path:?} is {found:?}"
            );
            assert!(!found.relative().has_root() && !names.contains(&OsStr::new("..")));
            let again = FilePath::new(&found.as_directory()).unwrap();
            assert_eq!(again.relative(), found.relative(), "seed {seed}: {path:?}");
            assert!(!found.as_directory().starts_with("//"));
            let encoded = found.as_directory();
            assert!(
                encoded
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~%/".contains(&b)),
                "{encoded}"
            );
        }
    }
}

//! What a request's path means in a directory: text in, a relative path out.
//!
//! Nothing here touches the disk, so all of it can be read, tested and fuzzed
//! alone. A path is taken apart at its slashes first and decoded then, so an
//! encoded slash never becomes one. `.` and `..` are resolved by this text, before any
//! name is looked up, and never above the root. What is left must be plain names: what a
//! name could mean besides (a drive, a device) is the way out of a directory.

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
/// // As in any URI, `..` takes the part before it away.
/// let path = FilePath::new("/cats/./old/../").expect("it stays in the directory");
/// assert_eq!(path.relative(), Path::new("cats"));
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
    /// without a query. `.` and `..` are resolved (RFC 3986, section 5.2.4), also where they
    /// are encoded, and several slashes in a row are one.
    ///
    /// `None` where the path does not begin with a slash, leads above the root, or has a part
    /// that can't be the name of a file, even if a `..` takes it away: a name with a slash
    /// or a NUL encoded in it, on Windows whatever stands for a drive, a device or a stream
    /// there, and on macOS the name by which a file's other fork is asked for.
    pub fn new(path: &str) -> Option<FilePath> {
        let mut relative = PathBuf::new();
        let mut names_directory = true;
        for part in path.strip_prefix('/')?.split('/') {
            let name = percent_decode_str(part).collect::<Vec<u8>>();
            names_directory = matches!(&name[..], b"" | b"." | b"..");
            match &name[..] {
                b"" | b"." => {}
                b".." => relative.pop().then_some(())?,
                name if is_plain(name, System::HERE) => relative.push(to_os(name)?),
                _ => return None,
            }
        }
        Some(FilePath {
            relative,
            names_directory,
        })
    }

    /// The path below the directory: plain names only, and none at all for `/`.
    pub fn relative(&self) -> &Path {
        &self.relative
    }

    /// Whether it ends with a slash, as the path of a directory does, or with `.` or `..`.
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

/// Systems to which a name can mean more than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Windows,
    Apple,
    Other,
}

impl System {
    const HERE: System = if cfg!(windows) {
        System::Windows
    } else if cfg!(target_vendor = "apple") {
        System::Apple
    } else {
        System::Other
    };
}

/// Whether these bytes, which are not `.` or `..`, are the name of a file or directory
/// and mean nothing else.
fn is_plain(name: &[u8], system: System) -> bool {
    !name.iter().any(|b| b"/\0".contains(b))
        && match system {
            System::Windows => is_plain_on_windows(name),
            // `file/..namedfork/rsrc` is the resource fork of a file, another one of its own.
            System::Apple => !name.eq_ignore_ascii_case(b"..namedfork"),
            System::Other => true,
        }
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
        // Windows takes a dot at the end of a name away.
        let dots = cfg!(unix).then(|| "...".into());
        assert_eq!(relative("/..."), dots);
    }

    /// RFC 3986, section 5.2.4, and what apt, wget and people write.
    #[test]
    fn dots_are_resolved_by_the_text() {
        for (path, expected, names_directory) in [
            ("/.", "", true),
            ("/./", "", true),
            ("/./a", "a", false),
            ("/apt/./Packages", "apt/Packages", false),
            ("/a/..", "", true),
            ("/a/../b", "b", false),
            ("/a/b/..", "a", true),
            ("/a/b/../", "a", true),
            ("/a/b/.", "a/b", true),
            ("/a/b/c/../../d", "a/d", false),
            ("/a/b/c/./../../g", "a/g", false),
            ("/mid/content=5/../6", "mid/6", false),
            ("/a//../b", "b", false),
            ("//./a/.//b", "a/b", false),
            // An encoded dot is a dot (sections 2.3 and 6.2.2.2).
            ("/a/%2e%2e/b", "b", false),
            ("/a/.%2E/b", "b", false),
            ("/%2e/a", "a", false),
            ("/a/%2e%2e", "", true),
            // More dots, or anything beside them, are a name; nothing is decoded twice.
            ("/a/.../b", "a/.../b", false),
            ("/..a/b..", "..a/b..", false),
            ("/.. /x", ".. /x", false),
            ("/a/%252e%252e/b", "a/%2e%2e/b", false),
        ] {
            if cfg!(windows)
                && (path.contains("...") || path.contains("b..") || path.contains(".. "))
            {
                continue;
            }
            let found = FilePath::new(path);
            let found = found.unwrap_or_else(|| panic!("{path} names nothing"));
            assert_eq!(found.relative(), Path::new(expected), "{path}");
            assert_eq!(found.names_directory(), names_directory, "{path}");
        }
    }

    #[test]
    fn what_could_lead_out_names_nothing() {
        for path in [
            "",
            "*",
            "a",
            "..",
            "/..",
            "/../",
            "/../a",
            "/../a/../b",
            "/./..",
            "/a/../..",
            "/a/../../a",
            "/a//../..",
            "//..",
            "/%2E%2e/a",
            "/.%2e/a",
            "/%2e%2e",
            "/a%2fb",
            "/%2Fetc",
            "/a%00b",
            "/..%2f..",
            "/a/..%2f",
            "/a/%2e%2e%2f%2e%2e",
            "/a/%2e%2e/..",
            // Not even where it is taken away again.
            "/a%2fb/../c",
            "/%00/../c",
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
            assert!(!is_plain(name.as_bytes(), System::Windows), "{name}");
        }
        for name in ["a", ".git", "a b", "console", "com", "com10", "nul-1", "ね"] {
            assert!(is_plain(name.as_bytes(), System::Windows), "{name}");
        }
    }

    #[test]
    fn macos_knows_another_fork_of_a_file() {
        for name in ["..namedfork", "..NamedFork"] {
            assert!(!is_plain(name.as_bytes(), System::Apple), "{name}");
            assert!(is_plain(name.as_bytes(), System::Other), "{name}");
        }
        for name in [
            ".namedfork",
            "namedfork",
            "rsrc",
            "._notes.txt",
            "a:b",
            "...",
        ] {
            assert!(is_plain(name.as_bytes(), System::Apple), "{name}");
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
            let (mut depth, mut least) = (0, 0);
            for part in path
                .split('/')
                .map(|part| part.replace("%2e", ".").replace("%2E", "."))
            {
                depth += match &part[..] {
                    "" | "." => 0,
                    ".." => -1,
                    _ => 1,
                };
                least = least.min(depth);
            }
            assert_eq!(
                (least, names.len() as i32),
                (0, depth),
                "seed {seed}: {path:?}"
            );
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

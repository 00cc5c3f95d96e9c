//! The checks of lesson 4, file_server: a directory of files as a website, and nothing
//! else of the disk.
//!
//! Each program serves a folder of its own, which the checks fill with files whose names
//! and contents are drawn from the seed:
//!
//! ```text
//! secret.txt              outside of the folder that is served
//! public-old/secret.txt   so is this
//! public/                 the folder that is served: the variable DIRECTORY names it
//! ```

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;

use grader::{
    Act, Bytes, Draw, Expect, Failure, Mistakes, Model, OUTSIDE, Run, Seen, Service, Status,
    Verdict, Whole, get, run, start, write,
};
use percent_encoding::percent_decode_str;

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const UNKNOWN: &str = "application/octet-stream";
const TYPES: [(&str, &str); 9] = [
    ("txt", TEXT),
    ("html", HTML),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
];

/// What lies outside of the folder says so, for whoever reads the report.
const SECRET: &str = "SECRET: this file is outside of the directory that is served\n";

/// The message for arguments that are a mistake names both, whatever its words are.
const OPTIONS: [&str; 2] = ["--bind", "--directory"];

/// An address for examples (RFC 5737), which no computer has.
const NOWHERE: &str = "192.0.2.1";

fn main() -> ExitCode {
    grader::lesson!(FileServer)
        .served_folder("DIRECTORY")
        .example(1, 2, "a file comes back", Whole, |draw| {
            let (name, text) = (text_file(draw), draw.line());
            [write(&name, text + "\n"), get(format!("/{name}"))]
        })
        .example(1, 1, "one in a directory below, too", Whole, |draw| {
            let name = format!("below/{}/{}", draw.word(), text_file(draw));
            [write(&name, draw.line()), get(format!("/{name}"))]
        })
        .example(
            1,
            1,
            "a name may have spaces, in any language",
            Whole,
            |draw| {
                let names = [
                    format!("{}.txt", draw.line()),
                    format!("{} 100% {}.txt", draw.word(), draw.word()),
                ];
                let asked = names.map(|name| {
                    // A % without two digits behind it stays as it is.
                    let raw = encoded(&name, |byte| is_unreserved(byte) || byte == b'%');
                    [
                        write(&name, draw.word()),
                        get(format!("/{}", encoded(&name, is_unreserved))),
                        get(format!("/{raw}")),
                    ]
                });
                asked.concat()
            },
        )
        .example(1, 1, "a file may hold any bytes", Whole, |draw| {
            let name = text_file(draw);
            let bytes: Vec<u8> = (0..=255).chain(draw.word().bytes()).collect();
            [write(&name, bytes), get(format!("/{name}"))]
        })
        .example(1, 1, "a file is read when it is asked for", Whole, |draw| {
            let name = text_file(draw);
            let target = format!("/{name}");
            let (first, later) = (draw.line(), draw.line());
            [
                write(&name, first),
                get(&target),
                write(&name, later),
                get(&target),
            ]
        })
        .example(
            2,
            2,
            "pages, style sheets, scripts and data",
            Whole,
            |draw| typed_files(draw, &[".html", ".css", ".js", ".json", ".txt"]),
        )
        .example(2, 1, "pictures", Whole, |draw| {
            typed_files(draw, &[".svg", ".png", ".jpg", ".jpeg"])
        })
        .example(
            2,
            1,
            "anything else is application/octet-stream",
            Whole,
            |draw| {
                let unknown = format!(".{}", draw.word());
                // Some begin as those do that are known.
                let mut acts = typed_files(draw, &[&unknown, "", ".jsonl", ".html5", ".cssx"]);
                // And some are just the name of an extension, or have nothing before it.
                for name in ["css", ".png"] {
                    acts.extend([write(name, "contents\n"), get(format!("/{name}"))]);
                }
                acts
            },
        )
        .example(2, 1, "capital letters make no difference", Whole, |draw| {
            typed_files(draw, &[".JPG", ".Png"])
        })
        .example(2, 1, "only the last extension counts", Whole, |draw| {
            typed_files(draw, &[".html.png", ".css.txt", "-html"])
        })
        .example(3, 1, "/ answers index.html", Whole, |draw| {
            [
                write("index.html", format!("<h1>{}</h1>", draw.line())),
                get("/"),
            ]
        })
        .example(3, 1, "so does a directory below", Whole, |draw| {
            let folder = format!("below/{}", draw.word());
            let version = format!("{}/{}", dotted(draw), draw.word());
            let page = format!("<h1>{}</h1>", draw.line());
            let mut acts = vec![write("index.html", "<h1>Home</h1>")];
            for folder in [folder, dotted(draw), version] {
                acts.push(write(format!("{folder}/index.html"), page.as_str()));
                acts.push(get(format!("/{folder}/")));
            }
            acts
        })
        .example(
            4,
            1,
            "a directory without its slash answers 301",
            Status,
            |draw| {
                let asked = [draw.word(), dotted(draw)].map(|folder| {
                    [
                        write(format!("{folder}/index.html"), "page\n"),
                        get(format!("/{folder}")),
                    ]
                });
                asked.concat()
            },
        )
        .example(
            4,
            2,
            "the Location is the path as it came, and a slash",
            Whole,
            |draw| {
                let folder = format!("{} {}", draw.word(), draw.word());
                let name = format!("{folder}/{}.txt", draw.word());
                [
                    write(name, "text\n"),
                    get(format!("/{}", encoded(&folder, is_unreserved))),
                ]
            },
        )
        .example(
            4,
            1,
            "a query does not come before the slash",
            Whole,
            |draw| {
                let (folder, query) = (draw.word(), format!("{}={}", draw.word(), draw.below(100)));
                [
                    write(format!("{folder}/a.txt"), "text\n"),
                    get(format!("/{folder}?{query}")),
                ]
            },
        )
        .check(4, 0, "a browser at /about goes on to /about/", address_bar)
        .example(5, 1, "what is not there answers 404", Status, |draw| {
            let path = draw.path();
            [
                get(format!("/below{path}.txt")),
                get(format!("{path}/")),
                get(path),
            ]
        })
        .example(5, 1, "its text is Page not found", Whole, |draw| {
            [get(draw.path())]
        })
        .example(
            5,
            1,
            "so does a directory without index.html",
            Status,
            |draw| {
                let folder = draw.word();
                // The homepage is no page of it.
                [
                    write("index.html", "<h1>Home</h1>\n"),
                    write(format!("{folder}/only.txt"), "text\n"),
                    write(format!("{folder}/index.htm"), "text\n"),
                    get(format!("/{folder}/")),
                ]
            },
        )
        .example(
            5,
            1,
            "so does a file with a slash behind it",
            Status,
            |draw| {
                let name = text_file(draw);
                [write(&name, "text\n"), get(format!("/{name}/"))]
            },
        )
        .example(
            5,
            1,
            "a path that is not UTF-8 is the client's fault",
            Status,
            |draw| [get(format!("{}%FF.txt", draw.path()))],
        )
        .example(6, 2, "/.. does not lead out", Whole, |_| {
            attacks(&[
                "/../secret.txt",
                "/below/../../secret.txt",
                "/../other/secret.txt",
                "/..",
                // A directory outside, and its page.
                "/../other",
                "/../other/",
            ])
        })
        .example(6, 2, "nor does it percent-encoded", Whole, |_| {
            attacks(&[
                "/%2e%2e/secret.txt",
                "/%2E./secret.txt",
                "/.%2e%2fsecret.txt",
                "/below/%2e%2e/%2e%2e/secret.txt",
                "/below%2F..%2F..%2Fsecret.txt",
                "/%2e%2e/other/",
            ])
        })
        .example(
            6,
            1,
            "nor do dots that a filter lets through",
            Whole,
            |_| {
                attacks(&[
                    "/....//secret.txt",
                    "/..././secret.txt",
                    "/%2e%2e%2e%2e//secret.txt",
                ])
            },
        )
        .example(
            6,
            2,
            "nor does the path of a file on the disk",
            Whole,
            |_| {
                let outside = OUTSIDE.replace('/', "%2F");
                attacks(&[
                    &format!("/{outside}/secret.txt"),
                    &format!("/{outside}%2Fsecret.txt"),
                    &format!("/below/%2F{outside}%2Fsecret.txt"),
                ])
            },
        )
        .example(
            6,
            1,
            "nor do backslashes, drives and devices",
            Whole,
            |_| {
                attacks(&[
                    "/..%5Csecret.txt",
                    "/below%5C..%5C..%5Csecret.txt",
                    "/%5CWindows%5Cwin.ini",
                    "/C:/Windows/win.ini",
                    "/c%3A%5CWindows%5Cwin.ini",
                    // Only on Windows, these are more than the names of files that are not there.
                    "/below%5Conly.txt",
                    "/below/only.txt.",
                    "/below/only.txt%20",
                    "/below/only.txt::$DATA",
                    "/nul",
                    "/below/nul.txt",
                    "/aux",
                ])
            },
        )
        .example(6, 1, "nor does a NUL byte", Whole, |draw| {
            let name = text_file(draw);
            [
                write(&name, "text\n"),
                get(format!("/{name}%00.html")),
                get("/%00"),
            ]
        })
        .example(
            6,
            1,
            "nor does a directory with a similar name",
            Whole,
            |_| {
                attacks(&[
                    "/../public-old/secret.txt",
                    "/%2e%2e/public-old/secret.txt",
                    "/-old/secret.txt",
                ])
            },
        )
        .example(
            6,
            1,
            "two dots in a name are part of the name",
            Whole,
            |draw| {
                let name = format!("to-be-continued..{}", text_file(draw));
                [write(&name, draw.word()), get(format!("/{name}"))]
            },
        )
        .example(7, 2, "--directory names the directory", Whole, |draw| {
            let (name, text) = (text_file(draw), draw.line());
            [
                write(format!("../other/{name}"), text),
                start(&["--directory", &format!("{OUTSIDE}/other")]),
                get(format!("/{name}")),
            ]
        })
        .check(7, 1, "a number is the port", port_argument)
        .check(7, 1, "--bind names the address", bind_option)
        .check(7, 0, "65535 is a port, too", last_port)
        .check(
            7,
            0,
            "--directory begins where the program is started",
            relative_directory,
        )
        .example(7, 1, "the order does not matter", Whole, |draw| {
            let (name, text) = (text_file(draw), draw.line());
            let other = format!("{OUTSIDE}/other");
            [
                write(format!("../other/{name}"), text),
                start(&["0", "--bind", "127.0.0.1", "--directory", &other]),
                get(format!("/{name}")),
                start(&["--directory", &other, "--bind", "127.0.0.1", "0"]),
                get(format!("/{name}")),
                start(&["--bind", "127.0.0.1", "0", "--directory", &other]),
                get(format!("/{name}")),
            ]
        })
        .example(7, 1, "anything else ends with a message", Whole, |draw| {
            let unknown = format!("--{}", draw.word());
            let unknown = unknown.as_str();
            let bad: [&[&str]; 8] = [
                &[unknown],
                &["--bind"],
                &["--directory"],
                &["80x"],
                &["65536"],
                // What is right before it makes no difference.
                &["0", unknown],
                &["--bind", "127.0.0.1", "80x"],
                &["0", "--bind", "127.0.0.1", "--directory"],
            ];
            bad.map(run)
        })
        .sessions(1)
        .grade()
}

/// The name of a new file.
fn text_file(draw: &mut Draw) -> String {
    format!("{}.txt", draw.word())
}

/// The name of a new directory, with a dot in it.
fn dotted(draw: &mut Draw) -> String {
    format!("{}.{}", draw.word(), draw.pick(&["0", "js", "org", "d"]))
}

/// Files whose names end like this, each asked for.
fn typed_files(draw: &mut Draw, ends: &[&str]) -> Vec<Act> {
    let ask = |end: &&str| {
        let name = format!("{}{end}", draw.word());
        [write(&name, "contents\n"), get(format!("/{name}"))]
    };
    ends.iter().flat_map(ask).collect()
}

/// These paths, with secrets at the places to which they might lead.
fn attacks(paths: &[&str]) -> Vec<Act> {
    let mut acts = vec![
        write("../secret.txt", SECRET),
        write("../public-old/secret.txt", SECRET),
        write("../other/secret.txt", SECRET),
        write("../other/index.html", SECRET),
        write("below/only.txt", "below\n"),
    ];
    acts.extend(paths.iter().map(|path| get(*path)));
    acts
}

/// The folder that is served, and what lies beside it: each file by its name, such as
/// `public/notes.txt` and `secret.txt`.
#[derive(Clone, Default)]
struct Site {
    files: BTreeMap<String, Vec<u8>>,
    /// What was sent once, for a program that reads no file twice.
    sent: BTreeMap<String, Vec<u8>>,
    /// The folder that `--directory` names, if it does.
    root: Option<String>,
}

/// What a path on the disk leads to.
#[derive(PartialEq)]
enum Found {
    File(String),
    Directory,
    Nothing,
}

impl Site {
    fn is_directory(&self, name: &str) -> bool {
        let inside = |file: &String| file.starts_with(&format!("{name}/"));
        name.is_empty() || name == "public" || self.files.keys().any(inside)
    }

    /// Whether the system cannot read what this path leads to for another reason than that nothing
    /// is there: a file stands where a directory must be, or the path is none.
    fn is_misused(&self, path: &str) -> bool {
        let is_file = |(at, _)| matches!(self.look_up(&path[..at]), Some(Found::File(_)));
        path.contains('\0')
            || path.match_indices('/').any(is_file)
            || self.look_up(path) == Some(Found::Directory)
    }

    /// Where the system gets to with the served folder and this path behind it. `None`: to a
    /// place of which nothing is known.
    fn look_up(&self, path: &str) -> Option<Found> {
        let mut names: Vec<&str> = vec![self.root.as_deref().unwrap_or("public")];
        let mut rest = path;
        if path.starts_with('/') {
            // A path from the top of the disk is taken alone.
            rest = match path
                .strip_prefix(OUTSIDE)
                .and_then(|path| path.strip_prefix('/'))
            {
                Some(rest) => rest,
                None if path.trim_matches('/').is_empty() => return None,
                None => return Some(Found::Nothing),
            };
            names.clear();
        }
        if rest.contains('\0') {
            return Some(Found::Nothing);
        }
        for part in rest.split('/') {
            if !self.is_directory(&names.join("/")) {
                return Some(Found::Nothing);
            }
            match part {
                "" | "." => {}
                ".." => drop(names.pop()?),
                name => names.push(name),
            }
        }
        let name = names.join("/");
        let ends_with_slash = rest.ends_with('/');
        Some(match self.files.contains_key(&name) {
            true if !ends_with_slash => Found::File(name),
            false if self.is_directory(&name) => Found::Directory,
            _ => Found::Nothing,
        })
    }
}

/// What a file server does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// From the path of the request to text; `None` if there is none.
    decoded: fn(path: &str) -> Option<String>,
    /// From that text to the path behind the served folder.
    relative: fn(decoded: &str) -> String,
    /// Whether a path (as it was sent, and as it is used) may be looked up.
    allows: fn(sent: &str, relative: &str) -> bool,
    /// What is done to it afterwards.
    then: fn(relative: &str) -> String,
    /// Whether the page of a directory belongs to this path.
    has_page: fn(sent: &str) -> bool,
    page: &'static str,
    /// The page is looked for beside the directory, not in it.
    beside: bool,
    /// A missing page is replaced by the first one.
    home_everywhere: bool,
    /// The page of a directory that has no index.html.
    second_page: Option<&'static str>,
    redirects: Redirects,
    /// A directory without a page is redirected to its path with one more slash.
    one_more_slash: bool,
    moved: u16,
    location: fn(path: &str, target: &str) -> String,
    /// A slash behind the name of a file makes no difference.
    slash_ignored: bool,
    /// From the bytes of a file to what is sent; `None` if that fails.
    sends: fn(bytes: &[u8]) -> Option<Vec<u8>>,
    /// The most bytes of it that are sent.
    most: usize,
    /// A file that was sent once is not read again.
    remembers: bool,
    /// The name that the extension is taken from: that of the file, or that in the path as it
    /// was sent.
    named: fn(sent: &str, name: &str) -> String,
    /// From the name of a file to its extension.
    extension: fn(name: &str) -> String,
    types: Vec<(String, String)>,
    unknown: String,
    /// The type of a file without an extension, if it has one of its own.
    without: Option<String>,
    /// For what cannot be found: status, type and text.
    missing: (u16, Option<String>, Option<String>),
    /// What that text begins with, if it goes on with more.
    missing_begins: Option<String>,
    /// The statuses where something else than that is sent: for a file that cannot be read,
    /// for a path that leads out, for one that is no text, for a directory without a page.
    unreadable: u16,
    leads_out: u16,
    no_text: u16,
    no_page: u16,
    /// The status for what cannot be read for another reason than that nothing is there, if it has
    /// one of its own.
    misused: Option<u16>,
    /// Whether these arguments are refused, and with which exit code.
    refuses: fn(arguments: &[String]) -> bool,
    /// `--directory` means something.
    directory_counts: bool,
    code: fn(arguments: &[String]) -> i32,
    /// Whether the message is on standard output where that is 0.
    on_stdout: bool,
    /// Whether it is that of usage().
    says_usage: fn(arguments: &[String]) -> bool,
}

/// What is redirected to the same path with a slash.
#[derive(Clone, Copy, PartialEq)]
enum Redirects {
    Directories,
    WithPage,
    DirectoriesWithoutDot,
    /// Whatever is there, or not.
    AllWithoutDot,
    Nothing,
}

/// The percent-encoded bytes, decoded; a % without two digits stays.
fn decode(path: &str) -> Option<String> {
    Some(percent_decode_str(path).decode_utf8().ok()?.into_owned())
}

/// The same, where two digits must follow each %.
fn strictly(path: &str) -> Option<String> {
    let is_digit = |at: usize| path.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut signs = path.match_indices('%');
    let whole = signs.all(|(at, _)| is_digit(at + 1) && is_digit(at + 2));
    decode(path).filter(|_| whole)
}

/// Whether the last name of a path has a dot in it, as that of a file mostly has.
fn has_dot(path: &str) -> bool {
    Path::new(path).extension().is_some()
}

/// The last name of a path, whether or not a slash stands behind it.
fn last_name(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Whether a path ends with a slash, and the name before it has no dot.
fn is_undotted_directory(sent: &str) -> bool {
    sent.ends_with('/') && decode(sent).is_some_and(|path| !has_dot(&path))
}

/// Adds a charset to the types of these extensions.
fn with_charset(knobs: &mut Knobs, extensions: &[&str]) {
    let known = |(extension, _): &&mut (String, String)| extensions.contains(&&**extension);
    for (_, kind) in knobs.types.iter_mut().filter(known) {
        kind.push_str("; charset=utf-8");
    }
}

/// Whether every part of a path is a plain name. (An empty one, and a `.` further on, count
/// for nothing.)
fn is_plain(relative: &str) -> bool {
    let inner = |part: &str| part != "..";
    !relative.starts_with('/') && relative.split('/').all(inner)
}

/// Whether arguments are what the text says: options with their values, and ports.
fn are_known(arguments: &[String]) -> bool {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let known = match argument.as_str() {
            "--bind" | "--directory" => arguments.next().is_some(),
            number => number.parse::<u16>().is_ok(),
        };
        if !known {
            return false;
        }
    }
    true
}

/// How many levels a path leads down, less those that it leads up; none, from the top of the
/// disk.
fn levels(relative: &str) -> i32 {
    let level = |part: &str| match part {
        "" | "." => 0,
        ".." => -1,
        _ => 1,
    };
    match relative.starts_with('/') {
        true => 0,
        false => relative.split('/').map(level).sum(),
    }
}

/// What follows the last dot, in small letters.
fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_lowercase(),
        _ => String::new(),
    }
}

impl Default for Knobs {
    fn default() -> Self {
        let owned = |(extension, kind): (&str, &str)| (extension.into(), kind.into());
        Self {
            decoded: decode,
            relative: |decoded| decoded[1..].into(),
            allows: |_, relative| is_plain(relative),
            then: str::to_string,
            has_page: |sent| sent.ends_with('/'),
            page: "index.html",
            beside: false,
            home_everywhere: false,
            second_page: None,
            redirects: Redirects::Directories,
            one_more_slash: false,
            moved: 301,
            location: |path, _| format!("{path}/"),
            slash_ignored: false,
            sends: |bytes| Some(bytes.into()),
            most: usize::MAX,
            remembers: false,
            named: |_, name| name.into(),
            extension,
            types: TYPES.map(owned).into(),
            unknown: UNKNOWN.into(),
            without: None,
            missing: (404, Some(TEXT.into()), Some("Page not found\n".into())),
            missing_begins: None,
            unreadable: 404,
            leads_out: 404,
            no_text: 404,
            no_page: 404,
            misused: None,
            refuses: |arguments| !are_known(arguments),
            directory_counts: true,
            code: |_| 1,
            on_stdout: false,
            says_usage: |_| true,
        }
    }
}

/// What a client gets.
enum Sent {
    File {
        contents: Vec<u8>,
        kind: String,
    },
    Moved,
    /// Nothing, with this status.
    Missing(u16),
}

impl Knobs {
    fn answer(&self, site: &mut Site, path: &str) -> Option<Sent> {
        let Some(decoded) = (self.decoded)(path) else {
            return Some(Sent::Missing(self.no_text));
        };
        let mut relative = (self.relative)(&decoded);
        if !(self.allows)(path, &relative) {
            return Some(Sent::Missing(self.leads_out));
        }
        relative = (self.then)(&relative);
        let mut unreadable = self.unreadable;
        if (self.has_page)(path) {
            let is_file = |found| matches!(found, Some(Found::File(_)));
            let trimmed = relative.trim_end_matches('/').to_string();
            if self.slash_ignored && is_file(site.look_up(&trimmed)) {
                relative = trimmed;
            } else {
                if site.look_up(&relative)? == Found::Directory {
                    unreadable = match self.no_page {
                        404 => unreadable,
                        status => status,
                    };
                }
                if self.beside {
                    let directory = relative.trim_end_matches('/');
                    relative = match directory.rsplit_once('/') {
                        Some((above, _)) => format!("{above}/"),
                        None if directory.is_empty() => "../".into(),
                        None => String::new(),
                    };
                } else if !relative.is_empty() && !relative.ends_with('/') {
                    relative.push('/');
                }
                relative += self.page;
                if let Some(second) = self.second_page
                    && !is_file(site.look_up(&relative))
                {
                    relative = relative.replace(self.page, second);
                }
                if self.home_everywhere && !is_file(site.look_up(&relative)) {
                    relative = self.page.into();
                }
            }
        } else if !path.ends_with('/') || self.one_more_slash {
            let is_directory = site.look_up(&relative)? == Found::Directory;
            let page = format!("{relative}/index.html");
            let moves = match self.redirects {
                Redirects::Directories => is_directory,
                Redirects::WithPage => matches!(site.look_up(&page)?, Found::File(_)),
                Redirects::DirectoriesWithoutDot => is_directory && !has_dot(&relative),
                Redirects::AllWithoutDot => !has_dot(&relative),
                Redirects::Nothing => false,
            };
            if moves {
                return Some(Sent::Moved);
            }
            if is_directory && self.redirects == Redirects::Nothing {
                relative = page;
            }
        }
        let Found::File(name) = site.look_up(&relative)? else {
            let misused = self.misused.filter(|_| site.is_misused(&relative));
            return Some(Sent::Missing(misused.unwrap_or(unreadable)));
        };
        let mut bytes = site.files[&name].clone();
        if self.remembers {
            bytes = site.sent.entry(name.clone()).or_insert(bytes).clone();
        }
        let Some(mut contents) = (self.sends)(&bytes) else {
            return Some(Sent::Missing(unreadable));
        };
        contents.truncate(self.most);
        let name = name.rsplit('/').next().unwrap_or(&name);
        let own = (self.extension)(&(self.named)(path, name));
        let known = self.types.iter().find(|(extension, _)| *extension == own);
        let unknown = match own.as_str() {
            "" => self.without.as_ref().unwrap_or(&self.unknown),
            _ => &self.unknown,
        };
        let kind = known.map_or(unknown, |(_, kind)| kind).clone();
        Some(Sent::File { contents, kind })
    }
}

/// What the text says of the place that a path leads to.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Inside,
    Outside,
    /// It is not UTF-8: 404 or 400.
    NotText,
    /// It stays inside, but takes a detour: servers differ in that.
    Detour,
}

fn place(site: &Site, path: &str) -> Place {
    let Some(decoded) = decode(path) else {
        return Place::NotText;
    };
    let relative = &decoded[1..];
    let parts: Vec<&str> = relative.split('/').collect();
    // On Windows, backslashes and colons lead elsewhere. No file here has one in its name.
    let leads_elsewhere = |part: &&str| part.contains(['\\', ':']) || is_more_on_windows(part);
    if relative.starts_with('/') || parts.iter().any(leads_elsewhere) {
        return Place::Outside;
    }
    let (mut names, last) = (vec!["public"], parts.len() - 1);
    let mut detour = path.to_lowercase().contains("%2f");
    for (at, part) in parts.iter().enumerate() {
        match *part {
            ".." if names.pop().is_none() => return Place::Outside,
            ".." | "." => detour = true,
            "" => detour |= at != last,
            name => names.push(name),
        }
    }
    if names.first() != Some(&"public") {
        return Place::Outside;
    }
    let there = |path: &str| site.look_up(path) != Some(Found::Nothing);
    match detour && (there(relative) || there(&names[1..].join("/"))) {
        true => Place::Detour,
        false => Place::Inside,
    }
}

/// Whether a name stands for something else on Windows: for a device, or for the name without
/// what is at its end.
fn is_more_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let ends = name.ends_with(['.', ' ']) && !name.trim_end_matches(['.', ' ']).is_empty();
    ends || ["aux", "con", "nul", "prn"].contains(&stem)
}

struct FileServer;

impl Model for FileServer {
    type Knobs = Knobs;
    type State = Site;

    fn expect(knobs: &Knobs, site: &mut Site, act: &Act) -> Option<Expect> {
        let asked = match act {
            Act::Write(name, contents) => {
                let name = match name.strip_prefix("../") {
                    Some(outside) => outside.into(),
                    None => format!("public/{name}"),
                };
                site.files.insert(name, contents.0.clone());
                return None;
            }
            Act::Run(command) => return arguments(knobs, &command.arguments),
            Act::Start(command) => return Some(started(knobs, site, &command.arguments)),
            _ => act.asked()?,
        };
        let has_body = match asked.method.as_str() {
            "GET" => true,
            "HEAD" => false,
            _ => return None,
        };
        // Before a handler sees it, the library makes one slash of many.
        let path = format!("/{}", asked.path().trim_start_matches('/'));
        let place = place(site, &path);
        if place == Place::Detour {
            return None;
        }
        let step = match (place, Knobs::default().answer(&mut site.clone(), &path)?) {
            (Place::Outside, _) => 6,
            (_, Sent::File { .. }) if path.ends_with('/') => 3,
            (_, Sent::File { .. }) => 1,
            (_, Sent::Moved) => 4,
            (_, Sent::Missing(_)) => 5,
        };
        let expect = Expect::step(step);
        Some(match knobs.answer(site, &path)? {
            Sent::File { contents, kind } => {
                let mut expect = expect.status(200);
                if has_body {
                    expect = expect.body(contents);
                }
                expect
                    .then(step.max(2))
                    .field("Content-Type", kind.as_str())
            }
            Sent::Moved => {
                let target = asked.target.replacen(asked.path(), &path, 1);
                let location = (knobs.location)(&path, &target);
                let with_query = format!("{location}?{}", asked.query());
                let either = [location.as_str(), with_query.as_str()];
                let either = &either[..if asked.target.contains('?') { 2 } else { 1 }];
                expect.status(knobs.moved).field_in("Location", either)
            }
            Sent::Missing(status) if status != knobs.missing.0 => expect.status(status),
            Sent::Missing(status) => {
                let mut expect = match place {
                    Place::NotText if status == 404 => return Some(expect.status_in(&[404, 400])),
                    Place::Outside => expect.status(status).body_lacks(SECRET).then(5),
                    _ => expect.status(status),
                };
                let (_, kind, text) = &knobs.missing;
                if let Some(kind) = kind {
                    expect = expect.field("Content-Type", kind.as_str());
                }
                match (&knobs.missing_begins, text) {
                    _ if !has_body => expect,
                    (Some(begins), _) => expect.body_has(begins),
                    (None, Some(text)) => expect.body(text.as_str()),
                    (None, None) => expect,
                }
            }
        })
    }

    fn draw(draw: &mut Draw, site: &Site) -> Vec<Act> {
        match draw.below(20) {
            0..=3 => {
                let (name, contents) = (file(draw), contents(draw));
                vec![write(&name, contents), get(target(draw, &name))]
            }
            4 | 5 => {
                let folder = folder(draw);
                let page = format!("<h1>{}</h1>", draw.line());
                let query = draw.query();
                let name = match folder.as_str() {
                    "" => "index.html".into(),
                    folder => format!("{folder}/index.html"),
                };
                let target = target(draw, &format!("{folder}/")) + &query;
                vec![write(&name, page), get(target.replacen("//", "/", 1))]
            }
            6 | 7 => {
                let (folder, file, query) = (draw.word(), draw.word(), draw.query());
                let folder = match draw.below(4) {
                    0 => folder,
                    1 => format!("{folder} {}", draw.word()),
                    2 => dotted(draw),
                    _ => format!("{}/{folder}", draw.word()),
                };
                let name = match draw.below(2) {
                    0 => format!("{folder}/{file}.txt"),
                    _ => format!("{folder}/index.html"),
                };
                vec![
                    write(&name, draw.word()),
                    get(target(draw, &folder) + &query),
                ]
            }
            8 => {
                let folder = draw.word();
                let name = format!("{folder}/{}.txt", draw.word());
                vec![write(&name, draw.word()), get(format!("/{folder}/"))]
            }
            9 => {
                let name = file(draw);
                vec![write(&name, draw.word()), get(target(draw, &name) + "/")]
            }
            10 => vec![get(format!("{}%FF.txt", draw.path()))],
            11 => vec![get(draw.path() + &draw.query())],
            12 => {
                let name = format!("{}..{}", draw.word(), draw.word());
                let before = draw.pick(&["", "..", "below/..", ".", "below/."]);
                let name = before.to_string() + &name;
                vec![write(&name, draw.word()), get(format!("/{name}"))]
            }
            13 => {
                let name = file(draw);
                let nul = target(draw, &name) + "%00.html";
                vec![write(&name, draw.word()), get(nul)]
            }
            14 => bad_arguments(draw),
            15 => {
                // A file that is there already, asked for again, with new contents or old ones.
                let names: Vec<&String> = site.files.keys().collect();
                let Some(&name) = names.get(draw.below(names.len().max(1) as u64) as usize) else {
                    return vec![get("/")];
                };
                let Some(name) = name.strip_prefix("public/") else {
                    return vec![get("/")];
                };
                let target = target(draw, name) + &draw.query();
                let asked = request(draw, target);
                match draw.below(2) {
                    0 => vec![write(name, contents(draw)), asked],
                    _ => vec![asked],
                }
            }
            _ => attack(draw),
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "not-decoded",
                "You join the path as it was sent. Join request.decoded_path().",
                |knobs| {
                    knobs.decoded = |path| Some(path.into());
                },
            )
            .wrong(
                "spaces-only",
                "You decode %20 alone. Any byte can be percent-encoded: use \
                 request.decoded_path().",
                |knobs| {
                    knobs.decoded = |path| Some(path.replace("%20", " "));
                },
            )
            .wrong(
                "decoded-twice",
                "You decode the path twice. A file can be called 100%25.txt.",
                |knobs| {
                    knobs.decoded = |path| decode(&decode(path)?);
                },
            )
            .wrong(
                "percent-refused",
                "A % without two digits behind it is refused. It stays as it is: a file may be \
                 called 100%.txt. request.decoded_path() does that.",
                |knobs| {
                    knobs.decoded = strictly;
                },
            )
            .or(|knobs| {
                knobs.decoded = strictly;
                knobs.no_text = 400;
            })
            .wrong(
                "plus-as-space",
                "You make a space of each + in the path. That is right in the fields of a form, \
                 but in a path a + is a +.",
                |knobs| {
                    knobs.decoded = |path| decode(&path.replace('+', " "));
                },
            )
            .or(|knobs| {
                knobs.decoded = |path| Some(decode(path)?.replace('+', " "));
            })
            .wrong(
                "small-letters",
                "You make small letters of the whole path. Names on a disk may have capital \
                 ones: only the extension is compared in small letters.",
                |knobs| {
                    knobs.decoded = |path| Some(decode(path)?.to_lowercase());
                },
            )
            .wrong(
                "dot-files",
                "You refuse a name that begins with a dot. Such a name is as plain as any other: \
                 only the parts .. and . are special.",
                |knobs| {
                    knobs.allows = |_, relative| {
                        let hidden = |part: &str| part.starts_with('.');
                        is_plain(relative) && !relative.split('/').any(hidden)
                    };
                },
            )
            .or(|knobs| {
                knobs.allows = |_, relative| {
                    let hidden = |part: &str| part.starts_with("..");
                    is_plain(relative) && !relative.split('/').any(hidden)
                };
            })
            .or(|knobs| {
                knobs.allows = |_, relative| is_plain(relative) && !relative.contains("/.");
            })
            .wrong(
                "slash-stays",
                "You join the path with its slash: join then forgets the directory. Take \
                 the slash away first.",
                |knobs| {
                    knobs.relative = |decoded| decoded.into();
                    knobs.allows = |_, _| true;
                },
            )
            .or(|knobs| {
                knobs.relative = |decoded| decoded.into();
            })
            .wrong(
                "ends-at-nul",
                "You use the path up to its NUL byte. No file has such a byte in its \
                 name: the answer is 404.",
                |knobs| {
                    knobs.relative = |decoded| decoded[1..].split('\0').next().unwrap_or("").into();
                },
            )
            .wrong(
                "no-check",
                "You look up every path. Go on only if every component of the decoded \
                 path is Normal.",
                |knobs| {
                    knobs.allows = |_, _| true;
                },
            )
            .wrong(
                "slash-unchecked",
                "A path with a slash at its end is looked up unchecked, so the page of a directory \
                 outside is sent. Check each path before you look at its end.",
                |knobs| {
                    knobs.allows = |sent, relative| sent.ends_with('/') || is_plain(relative);
                },
            )
            .wrong(
                "dots-as-sent",
                "You look for .. before you decode, so %2e%2e gets through. Look at what \
                 you join: the components of the decoded path.",
                |knobs| {
                    knobs.allows = |sent, _| !sent.contains("..");
                },
            )
            .or(|knobs| {
                knobs.allows = |sent, _| is_plain(sent.strip_prefix('/').unwrap_or(sent));
            })
            .wrong(
                "dots-anywhere",
                "You look for two dots anywhere in the path. A name may have them \
                 (a..b.txt): compare whole components.",
                |knobs| {
                    knobs.allows = |_, relative| !relative.contains("..");
                },
            )
            .or(|knobs| {
                knobs.allows = |_, relative| !relative.contains("..") && is_plain(relative);
            })
            .wrong(
                "dots-at-the-beginning",
                "You refuse a path that begins with .. alone. It can come further on: \
                 /below/../../secret.txt.",
                |knobs| {
                    knobs.allows =
                        |_, relative| !relative.starts_with("..") && !relative.starts_with('/');
                },
            )
            .wrong(
                "removes-dots",
                "You take .. out of the path. What is left may have one again, and the \
                 answer to such a path is 404 anyway.",
                |knobs| {
                    knobs.relative = |decoded| decoded[1..].replace("../", "");
                    knobs.allows = |_, _| true;
                },
            )
            .or(|knobs| {
                knobs.relative = |decoded| decoded[1..].replace("../", "");
                knobs.allows =
                    |_, relative| !relative.starts_with('/') && !relative.ends_with("..");
            })
            .or(|knobs| {
                knobs.relative = |decoded| decoded[1..].replace("..", "");
                knobs.allows = |_, relative| !relative.starts_with('/');
            })
            .wrong(
                "skips-dots",
                "You leave out the components that are not Normal, and go on. Return None \
                 at the first one.",
                |knobs| {
                    knobs.allows = |_, _| true;
                    knobs.relative = |decoded| {
                        let plain = |part: &&str| !["..", "."].contains(part);
                        let parts: Vec<&str> =
                            decoded[1..].trim_start_matches('/').split('/').collect();
                        parts
                            .into_iter()
                            .filter(plain)
                            .collect::<Vec<_>>()
                            .join("/")
                    };
                },
            )
            .wrong(
                "root-allowed",
                "You allow Component::RootDir. A path that begins with it replaces your \
                 directory: only Normal may pass.",
                |knobs| {
                    knobs.allows = |_, relative| relative.split('/').all(|part| part != "..");
                },
            )
            .wrong(
                "compares-text",
                "You compare paths as text: a directory that only begins with the same \
                 letters passes, too. Look at the components of the path instead.",
                |knobs| {
                    // The served folder is public, its neighbour public-old.
                    knobs.allows = |_, relative| {
                        let leaves = !is_plain(relative);
                        !leaves || relative.contains("../public-old/")
                    };
                },
            )
            .wrong(
                "levels-summed",
                "You count the levels up and down, and look at the sum alone. A path may leave the \
                 directory first and go down again beside it, such as /../public-old/secret.txt: \
                 refuse it at the first component that is not Normal.",
                |knobs| knobs.allows = |_, relative| relative.is_empty() || levels(relative) > 0,
            )
            .or(|knobs| {
                knobs.allows = |_, relative| levels(relative) >= 0 && !relative.starts_with('/')
            })
            .wrong(
                "backslashes",
                "You turn backslashes into slashes after the check. What you check must \
                 be what you use.",
                |knobs| {
                    knobs.then = |relative| relative.replace('\\', "/");
                },
            )
            .wrong(
                "one-level",
                "You look one directory deep, and no deeper.",
                |knobs| {
                    knobs.allows = |_, relative| {
                        let names = relative.split('/').filter(|name| !name.is_empty());
                        is_plain(relative) && names.count() <= 2
                    };
                },
            )
            .wrong(
                "refused-otherwise",
                "A path that leads out gets another answer than 404. Return None: then it \
                 gets that of step 5.",
                |knobs| {
                    knobs.leads_out = 403;
                },
            )
            .or(|knobs| {
                knobs.leads_out = 400;
            })
            .or(|knobs| {
                knobs.leads_out = 403;
                knobs.no_text = 403;
            })
            .or(|knobs| {
                knobs.leads_out = 400;
                knobs.no_text = 400;
            })
            .wrong(
                "home-only",
                "You send a page for / alone. Every path that ends with a slash is a \
                 directory.",
                |knobs| {
                    knobs.has_page = |sent| sent == "/";
                },
            )
            .wrong(
                "index-htm",
                "The page of a directory is index.html. You look for index.htm.",
                |knobs| {
                    knobs.page = "index.htm";
                },
            )
            .wrong(
                "index-htm-too",
                "In a directory without index.html, you send index.htm. Its page is index.html, and nothing \
                 else: without one, the answer is 404.",
                |knobs| knobs.second_page = Some("index.htm"),
            )
            .wrong(
                "index-beside",
                "You look for index.html beside the directory, not in it. push goes one level \
                 down; set_file_name and with_file_name put another name in the place of the \
                 last one.",
                |knobs| {
                    knobs.beside = true;
                },
            )
            .wrong(
                "home-everywhere",
                "Where a directory has no page, you send that of /. The answer is 404.",
                |knobs| {
                    knobs.home_everywhere = true;
                },
            )
            .wrong(
                "no-redirect",
                "You send the page of a directory at once, without its slash. Its \
                 pictures are then not found: redirect to the path with the slash.",
                |knobs| {
                    knobs.redirects = Redirects::Nothing;
                },
            )
            .wrong(
                "only-with-index",
                "A directory is redirected only if it has an index.html. Every directory is: \
                 what is at the address with the slash, the next answer says.",
                |knobs| {
                    knobs.redirects = Redirects::WithPage;
                },
            )
            .wrong(
                "dot-decides",
                "Whether a path is that of a file or of a directory, you take from a dot in its \
                 name. A directory may have one (v1.0), and a file may have none (LICENSE): the \
                 slash at the end says which of the two is asked for, and is_dir() which is there.",
                |knobs| knobs.has_page = is_undotted_directory,
            )
            .or(|knobs| {
                knobs.has_page = |sent| {
                    let path = decode(sent).unwrap_or_default();
                    sent.ends_with('/') && !path.contains('.')
                };
            })
            .or(|knobs| {
                knobs.has_page = is_undotted_directory;
                knobs.one_more_slash = true;
            })
            .or(|knobs| {
                knobs.has_page = |sent| {
                    let path = decode(sent).unwrap_or_default();
                    sent.ends_with('/') && !path.contains('.')
                };
                knobs.one_more_slash = true;
            })
            .or(|knobs| knobs.redirects = Redirects::DirectoriesWithoutDot)
            .or(|knobs| knobs.redirects = Redirects::AllWithoutDot)
            .or(|knobs| {
                knobs.has_page = is_undotted_directory;
                knobs.redirects = Redirects::DirectoriesWithoutDot;
            })
            .or(|knobs| {
                knobs.has_page = is_undotted_directory;
                knobs.redirects = Redirects::AllWithoutDot;
            })
            .wrong(
                "moved-otherwise",
                "The redirect of this step has the status 301, Moved Permanently.",
                |knobs| knobs.moved = 302,
            )
            .or(|knobs| knobs.moved = 303)
            .or(|knobs| knobs.moved = 307)
            .or(|knobs| knobs.moved = 308)
            .wrong(
                "location-decoded",
                "The Location is decoded. In an address, a space must stay %20: use \
                 request.path().",
                |knobs| {
                    knobs.location = |path, _| format!("{}/", decode(path).unwrap_or_default());
                },
            )
            .wrong(
                "slash-behind-query",
                "The slash is behind the query, since target() includes it. Use \
                 request.path().",
                |knobs| {
                    knobs.location = |_, target| format!("{target}/");
                },
            )
            .wrong(
                "to-the-page",
                "You send the client to the page of the directory. Send it to the \
                 directory: the path and a slash.",
                |knobs| {
                    knobs.location = |path, _| format!("{path}/index.html");
                },
            )
            .wrong(
                "relative-location",
                "The Location has only the last name of the path. It is the whole path, \
                 with the slash in front.",
                |knobs| {
                    knobs.location =
                        |path, _| format!("{}/", path.rsplit('/').next().unwrap_or(path));
                },
            )
            .or(|knobs| {
                knobs.location = |path, _| format!("/{}/", path.rsplit('/').next().unwrap_or(path));
            })
            .wrong(
                "location-without-slash",
                "The Location has no slash in front, so a browser reads it from where it is. It \
                 is the whole path, as it came, with a slash behind it.",
                |knobs| {
                    knobs.location = |path, _| format!("{}/", &path[1..]);
                },
            )
            .wrong(
                "location-as-it-came",
                "You redirect to the very path that was asked for, so a browser goes round in a \
                 circle. A slash must stand behind it.",
                |knobs| {
                    knobs.location = |path, _| path.into();
                },
            )
            .wrong(
                "slash-ignored",
                "You send a file although there is a slash behind its name. Such a path \
                 means a directory: 404.",
                |knobs| {
                    knobs.slash_ignored = true;
                },
            )
            .wrong(
                "reads-text",
                "You read files as text, and not every file is text. Use fs::read.",
                |knobs| {
                    knobs.sends = |bytes| Some(std::str::from_utf8(bytes).ok()?.into());
                },
            )
            .wrong(
                "lossy",
                "Bytes that are no text are replaced before you send them. Send what \
                 fs::read returns.",
                |knobs| {
                    knobs.sends = |bytes| Some(String::from_utf8_lossy(bytes).into_owned().into());
                },
            )
            .wrong(
                "trims",
                "You trim what is in the file. Send all of its bytes.",
                |knobs| {
                    knobs.sends = |bytes| Some(bytes.trim_ascii_end().into());
                },
            )
            .or(|knobs| {
                knobs.sends = |bytes| Some(bytes.trim_ascii().into());
            })
            .wrong(
                "line-ends",
                "You change the line ends of a text: \\r\\n becomes \\n. Send all of its bytes as \
                 they are.",
                |knobs| {
                    knobs.sends = |bytes| match std::str::from_utf8(bytes) {
                        Ok(text) => Some(text.replace("\r\n", "\n").into()),
                        Err(_) => Some(bytes.into()),
                    };
                },
            )
            .wrong(
                "empty-file",
                "An empty file is taken for one that is not there. It is sent like any other, \
                 with a body of 0 bytes.",
                |knobs| {
                    knobs.sends = |bytes| (!bytes.is_empty()).then(|| bytes.into());
                },
            )
            .wrong(
                "remembers",
                "A file that you sent once is not read again. Read it for each request.",
                |knobs| {
                    knobs.remembers = true;
                },
            )
            .wrong(
                "capitals",
                "An extension in capital letters is unknown to you. Make small letters of \
                 it first.",
                |knobs| {
                    knobs.extension = |name| match name.rsplit_once('.') {
                        Some((stem, extension)) if !stem.is_empty() => extension.into(),
                        _ => String::new(),
                    };
                },
            )
            .wrong(
                "first-dot",
                "You take what follows the first dot. The extension follows the last one.",
                |knobs| {
                    knobs.extension =
                        |name| name.to_lowercase().split('.').nth(1).unwrap_or("").into();
                },
            )
            .or(|knobs| {
                knobs.extension = |name| match name.to_lowercase().split_once('.') {
                    Some((_, extension)) => extension.into(),
                    None => String::new(),
                };
            })
            .wrong(
                "ends-with",
                "You look how the whole name ends. An extension has a dot before it: use \
                 file.extension().",
                |knobs| {
                    knobs.extension = |name| {
                        let name = name.to_lowercase();
                        let known = TYPES.map(|(known, _)| known);
                        let found = known.into_iter().find(|known| name.ends_with(known));
                        found.unwrap_or("").into()
                    };
                },
            )
            .wrong(
                "extension-begins",
                "An extension that only begins like one of the table is taken for it: .jsonl is not .json. \
                 Compare all of it.",
                |knobs| knobs.extension = |name| extension(name).chars().take(4).collect(),
            )
            .or(|knobs| {
                knobs.extension = |name| {
                    let extension = extension(name);
                    let mut known = TYPES.iter().map(|(known, _)| *known);
                    let found = known.find(|known| extension.starts_with(known));
                    found.map_or(extension.clone(), str::to_string)
                };
            })
            .wrong(
                "name-as-extension",
                "A file whose name is css, or .png, is taken for one with this extension. What is no more than \
                 an extension is a name, and has none: file.extension() knows that.",
                |knobs| knobs.extension = |name| name.to_lowercase().rsplit('.').next().unwrap_or("").into(),
            )
            .or(|knobs| {
                knobs.extension = |name| match name.to_lowercase().rsplit_once('.') {
                    Some((_, extension)) => extension.into(),
                    None => String::new(),
                };
            })
            .wrong(
                "type-of-the-path",
                "You take the extension from the path as it was sent. The path / ends with no \
                 name of a file, and what is sent is index.html: look at the name of the file.",
                |knobs| {
                    knobs.named = |sent, _| sent.rsplit('/').next().unwrap_or_default().into();
                },
            )
            .or(|knobs| {
                knobs.named = |sent, _| {
                    let sent = decode(sent).unwrap_or_default();
                    sent.rsplit('/').next().unwrap_or_default().into()
                };
            })
            // The name of a directory, for a Path.
            .or(|knobs| knobs.named = |sent, _| last_name(sent))
            .or(|knobs| knobs.named = |sent, _| last_name(&decode(sent).unwrap_or_default()))
            .wrong(
                "charset-on-data",
                "A charset stands where the table has none. It says how text is written in \
                 bytes; JSON and pictures have no need of it.",
                |knobs| with_charset(knobs, &["json", "svg"]),
            )
            .or(|knobs| with_charset(knobs, &["json", "svg", "png", "jpg", "jpeg"]))
            .or(|knobs| {
                with_charset(knobs, &["json", "svg", "png", "jpg", "jpeg"]);
                knobs.unknown += "; charset=utf-8";
            })
            .wrong(
                "unreadable",
                "When a file can't be read, the answer is not that of step 5. Look for a \
                 ? behind fs::read, and call not_found instead.",
                |knobs| {
                    knobs.unreadable = 500;
                },
            )
            .wrong(
                "no-page",
                "A directory without index.html gets another status than 404.",
                |knobs| knobs.no_page = 403,
            )
            .or(|knobs| knobs.no_page = 200)
            .wrong(
                "not-found-only",
                "Your answer is 404 where the disk says NotFound, and another one for its other \
                 errors, such as that of a file with a slash behind it, or of a NUL byte in a \
                 name. Which error it is, no client needs to know: the answer to each is 404.",
                |knobs| knobs.misused = Some(403),
            )
            .or(|knobs| knobs.misused = Some(400))
            .or(|knobs| knobs.misused = Some(500))
            .wrong(
                "all-html",
                "You declare every file but a .txt as HTML.",
                |knobs| {
                    knobs.types = vec![("txt".into(), TEXT.into())];
                    knobs.unknown = HTML.into();
                },
            )
            .wrong(
                "ignores-directory",
                "--directory changes nothing: it is still the folder of DIRECTORY that is \
                 served.",
                |knobs| {
                    knobs.directory_counts = false;
                },
            )
            .wrong(
                "port-zero",
                "The port 0 is refused. It is one of the numbers from 0 to 65535, and means any \
                 port that is free.",
                |knobs| {
                    knobs.refuses = |arguments| {
                        !are_known(arguments) || arguments.iter().any(|word| word == "0")
                    };
                },
            )
            .wrong(
                "fixed-order",
                "You take a port as the first argument alone. The arguments may come in \
                 any order.",
                |knobs| {
                    knobs.refuses = |arguments| {
                        let later = |(at, word): (usize, &String)| at > 0 && word == "0";
                        !are_known(arguments) || arguments.iter().enumerate().any(later)
                    };
                },
            )
            .wrong(
                "exit-code",
                "The message is there, but the exit code says that all went well. End \
                 main with return Err(usage().into()).",
                |knobs| knobs.code = only_without_value,
            )
            .or(|knobs| knobs.code = |_| 0)
            .wrong(
                "message-on-stdout",
                "The message is on standard output, and the exit code says that all went well. End \
                 main with return Err(usage().into()): Rust prints the message to standard error, \
                 and the exit code is 1.",
                |knobs| (knobs.code, knobs.on_stdout) = (only_without_value, true),
            )
            .or(|knobs| {
                knobs.code = |_| 0;
                knobs.on_stdout = true;
            })
            .wrong(
                "other-message",
                "The program ends as it should, and does not say what to type: an error of Rust's \
                 own, or none, stands in the place of the message. End main with \
                 return Err(usage().into()) for everything that is a mistake.",
                |knobs| knobs.says_usage = |arguments| only_without_value(arguments) == 1,
            )
            .or(|knobs| knobs.says_usage = |arguments| only_without_value(arguments) == 0)
            .or(|knobs| knobs.says_usage = |_| false)
            .wrong(
                "exit-code-2",
                "The exit code is 2. With return Err(usage().into()), Rust makes it 1.",
                |knobs| knobs.code = |_| 2,
            );
    }

    fn restart(site: &mut Site) {
        // Files stay; what a program has in memory does not.
        site.sent.clear();
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Act::Ask(asked), Some(answer)) = (act, seen.answer()) else {
            return;
        };
        let Some(kind) = answer.field("Content-Type").map(str::to_string) else {
            return;
        };
        match answer.status {
            200 => {
                let path = decode(asked.path()).unwrap_or_default();
                let own = match path.rsplit('/').next() {
                    Some("") | None => "html".into(),
                    Some(name) => extension(name),
                };
                let says = match own.as_str() {
                    "" => format!("You declare a file without an extension as {kind}."),
                    own => format!(
                        "You declare .{own} as {kind}. Compare it with the table, letter by letter."
                    ),
                };
                let right = TYPES.into_iter().find(|(known, _)| *known == own);
                let (all, one) = (kind.clone(), kind.clone());
                let alone = own.clone();
                mistakes
                    .wrong("type", says, move |knobs| match right {
                        Some(_) => {
                            knobs.types.retain(|(extension, _)| *extension != alone);
                            knobs.types.push((alone.clone(), one.clone()));
                        }
                        None if alone.is_empty() => knobs.without = Some(one.clone()),
                        None => knobs.unknown.clone_from(&one),
                    })
                    // jpg and jpeg have one arm; so have no extension and one that nobody knows.
                    .or(move |knobs| match right {
                        Some((_, right)) => {
                            let same = |(_, kind): &&mut (String, String)| kind == right;
                            for (_, kind) in knobs.types.iter_mut().filter(same) {
                                kind.clone_from(&all);
                            }
                        }
                        None => knobs.unknown.clone_from(&all),
                    });
                let came = answer.body.len();
                if came >= 256 {
                    let says = format!(
                        "Of a longer file, only the first {came} bytes are sent: one read takes \
                         what fits into the buffer. fs::read reads all of a file."
                    );
                    mistakes.wrong("cut-off", says, move |knobs| knobs.most = came);
                }
            }
            404 => {
                let text = answer.text().into_owned();
                let typed = kind.clone();
                if text.starts_with("<!DOCTYPE html>") {
                    let says = "The 404 is the page in HTML that send_error makes. This step \
                                asks for plain text.";
                    mistakes.wrong("error-page", says, move |knobs| {
                        knobs.missing = (404, Some(typed.clone()), Some(text.clone()));
                    });
                    return;
                }
                let path = decode(asked.path()).unwrap_or_default();
                let place = text
                    .find(path.trim_start_matches('/'))
                    .filter(|_| path.len() > 3);
                if place.is_some() || text.contains("os error") {
                    let begins = match text.starts_with("Page not found") {
                        true => "Page not found".to_string(),
                        false => text[..place.unwrap_or(0)].to_string(),
                    };
                    mistakes.wrong(
                        "says-why",
                        "The text of your 404 says more than Page not found: the path, or why the \
                         file can't be read. A stranger needs to know neither, and the text is \
                         always the same.",
                        move |knobs| knobs.missing_begins = Some(begins.clone()),
                    );
                }
                mistakes.wrong(
                    "missing-text",
                    "Your text for a 404 is not the one that step 5 asks for. \
 Compare it letter by letter.",
                    move |knobs| {
                        knobs.missing.2 = Some(text.clone());
                    },
                );
                mistakes.wrong(
                    "missing-type",
                    format!("Your 404 declares its text as {kind}."),
                    move |knobs| {
                        knobs.missing.1 = Some(typed.clone());
                    },
                );
            }
            _ => {}
        }
    }
}

/// What arguments that are a mistake lead to. (Right ones start a server, which is another
/// thing to check.)
fn arguments(knobs: &Knobs, arguments: &[String]) -> Option<Expect> {
    if are_known(arguments) || !(knobs.refuses)(arguments) {
        return None;
    }
    let code = (knobs.code)(arguments);
    let expect = Expect::step(7).code(code);
    let is_named = |option: &str| arguments.iter().any(|argument| argument == option);
    Some(
        match (knobs.on_stdout && code == 0, (knobs.says_usage)(arguments)) {
            (true, _) => OPTIONS.into_iter().fold(expect, Expect::stdout_has),
            (false, true) => OPTIONS.into_iter().fold(expect, Expect::stderr_has),
            // A message of its own may have in it what was typed.
            (false, false) if is_named(OPTIONS[0]) => expect.stderr_lacks(OPTIONS[1]),
            (false, false) => expect.stderr_lacks(OPTIONS[0]),
        },
    )
}

/// The exit code of a program that ends well, unless an option has no value: that is refused in
/// another line.
fn only_without_value(arguments: &[String]) -> i32 {
    let options = ["--bind", "--directory"];
    let last = arguments.last().map(String::as_str);
    i32::from(last.is_some_and(|last| options.contains(&last)))
}

/// What comes of a server that is started with arguments.
fn started(knobs: &Knobs, site: &mut Site, arguments: &[String]) -> Expect {
    let mut rest = arguments.iter().skip_while(|word| *word != "--directory");
    let folder = rest.nth(1).filter(|_| knobs.directory_counts);
    site.root = folder.and_then(|folder| Some(folder.rsplit_once('/')?.1.into()));
    let expect = Expect::step(7);
    match (knobs.refuses)(arguments) {
        false => expect.serves(),
        true => expect.code((knobs.code)(arguments)),
    }
}

/// The path with these characters percent-encoded: those that must be, or more, or all.
fn encoded(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let one = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Whether a byte stands for itself in a path.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)
}

/// The target for a name on the disk.
fn target(draw: &mut Draw, name: &str) -> String {
    match draw.below(6) {
        // A % without two digits behind it stays as it is.
        5 => format!(
            "/{}",
            encoded(name, |byte| is_unreserved(byte) || byte == b'%')
        ),
        3 => format!("/{}", encoded(name, |byte| byte == b'/')),
        // A + stands for itself in a path.
        4 => format!(
            "/{}",
            encoded(name, |byte| is_unreserved(byte) || byte == b'+')
        ),
        _ => format!("/{}", encoded(name, is_unreserved)),
    }
}

/// GET, or sometimes HEAD.
fn request(draw: &mut Draw, target: String) -> Act {
    match draw.below(4) {
        3 => grader::request("HEAD", target),
        _ => get(target),
    }
}

/// Nothing, or the name of a directory, perhaps of one in another.
fn folder(draw: &mut Draw) -> String {
    match draw.below(6) {
        4 => dotted(draw),
        5 => format!("{}/{}", dotted(draw), draw.word()),
        0 => draw.word(),
        1 => String::new(),
        2 => format!("{}/{}", draw.word(), draw.word()),
        _ => format!("{} {}", draw.word(), draw.word()),
    }
}

/// The name of a file, perhaps in a directory.
fn file(draw: &mut Draw) -> String {
    let folder = match draw.below(3) {
        2 => folder(draw),
        _ => String::new(),
    };
    let word = draw.word();
    let name = match draw.below(14) {
        12 => format!("{}.txt", word.to_uppercase()),
        11 => format!("{word}+{}.txt", draw.word()),
        1 => format!("{word}.{}", draw.word()),
        2 => word,
        3 => format!(
            "{word}.{}",
            draw.pick(&["JPG", "Png", "HTML", "Css", "TXT"])
        ),
        4 => format!(
            "{word}.{}",
            draw.pick(&["html.png", "css.txt", "txt.html", "png.json"])
        ),
        5 => format!("{word}{}", draw.pick(&["-html", "png", "_txt", "js"])),
        6 => format!("{word} {}.txt", draw.word()),
        7 => format!("{}.txt", draw.line()),
        8 => format!("{word} 100% {}.txt", draw.word()),
        9 => format!("{word}%20{}.txt", draw.word()),
        10 => format!("{word}.{}", draw.pick(&["css", "js", "svg", "jpeg"])),
        _ => format!("{word}.{}", draw.pick(&TYPES).0),
    };
    match folder.as_str() {
        "" => name,
        folder => format!("{folder}/{name}"),
    }
}

/// The contents of a file.
fn contents(draw: &mut Draw) -> Bytes {
    let word = draw.word();
    match draw.below(9) {
        7 => word.repeat(12_000).into(),
        1 => format!("{}\n", draw.line()).into(),
        2 => Bytes::default(),
        3 => (0..=255).collect::<Vec<u8>>().into(),
        4 => format!(" {word}\n\n").into(),
        5 => [word.as_bytes(), b"\xff\r\n"].concat().into(),
        6 => draw.text().into(),
        8 => format!("{word}\r\n\r\n{}\r\n", draw.word()).into(),
        _ => format!("{word}\n").into(),
    }
}

/// Arguments that are a mistake.
fn bad_arguments(draw: &mut Draw) -> Vec<Act> {
    let unknown = format!("--{}", draw.word());
    let bad = draw.pick(&["", "--bind", "--directory", "80x", "65536", "-1"]);
    vec![match bad {
        "" => run(&[&unknown]),
        bad => run(&[bad]),
    }]
}

/// A secret outside of the folder, and a way to it.
fn attack(draw: &mut Draw) -> Vec<Act> {
    let outside = OUTSIDE.replace('/', "%2F");
    let ways = [
        "/../secret.txt".to_string(),
        "/%2e%2e/secret.txt".into(),
        "/%2E./secret.txt".into(),
        "/.%2e%2fsecret.txt".into(),
        "/..%2Fsecret.txt".into(),
        "/below/../../secret.txt".into(),
        "/below/%2e%2e/%2e%2e/secret.txt".into(),
        "/below%2F..%2F..%2Fsecret.txt".into(),
        "/....//secret.txt".into(),
        "/..././secret.txt".into(),
        "/%2e%2e%2e%2e//secret.txt".into(),
        "/./../secret.txt".into(),
        "/..".into(),
        "/../public-old/secret.txt".into(),
        "/../other/secret.txt".into(),
        "/../other/".into(),
        "/%2e%2e/public-old/secret.txt".into(),
        "/-old/secret.txt".into(),
        "/..%5Csecret.txt".into(),
        "/below%5C..%5C..%5Csecret.txt".into(),
        format!("/{outside}%2Fsecret.txt"),
        format!("/{outside}/secret.txt"),
        format!("/below/%2F{outside}%2Fsecret.txt"),
    ];
    let way = draw.pick(&ways);
    let mut acts = vec![write("../secret.txt", SECRET)];
    if way.contains("below") {
        acts.push(write("below/only.txt", "below\n"));
    }
    if way.contains("/other/") {
        acts.push(write("../other/secret.txt", SECRET));
        acts.push(write("../other/index.html", SECRET));
    }
    if way.contains("-old") {
        acts.push(write("../public-old/secret.txt", SECRET));
    }
    acts.push(get(way));
    acts
}

/// On the lesson's own site, as a student sees it.
fn address_bar(run: &mut Run) -> Verdict {
    let mut page = run.browser()?;
    page.open("/about")?;
    page.expect_path("/about/")
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
    let answer = service.ask(grader::request("HEAD", "/"))?;
    if service.port() == port {
        return Ok(());
    }
    let other = service.port();
    Err(answer.wrong(format!(
        "the program serves on the port that its argument names, {port}, not on {other}"
    )))
}

fn port_argument(run: &mut Run) -> Verdict {
    let port = free_port();
    let service = run.program().arg(&port.to_string()).serve()?;
    expect_port(&service, port).map_err(|failure| {
        failure.because(
            "port-ignored",
            "The number among the arguments is read and not used. It is the port that the server \
             binds.",
        )
    })
}

/// As in the text. Where a file is found without the option, and not with it, it is looked for in
/// another directory.
fn relative_directory(run: &mut Run) -> Verdict {
    let directory = "lessons/4_file_server/public/about";
    let program = run.program().arg("--directory").arg(directory);
    let answer = program.serve()?.get("/index.html")?;
    if answer.status() == 200 {
        return Ok(());
    }
    let wrong = answer.wrong(format!("status 200, for the file {directory}/index.html"));
    let usual = run.program().serve()?.get("/about/index.html")?;
    if usual.status() != 200 {
        return Err(wrong);
    }
    Err(wrong.because(
        "directory-elsewhere",
        "A relative DIR is looked for in another directory than the one in which the program was \
         started. Take it as it is, with PathBuf::from, and join it to nothing.",
    ))
}

fn bind_option(run: &mut Run) -> Verdict {
    let port = free_port();
    let program = run.program().arg(&port.to_string());
    let service = program.arg("--bind").arg("127.0.0.1").serve()?;
    let ignored = |failure: Failure| {
        failure.because(
            "bind-ignored",
            "With --bind, the address or the port that was named is not used. Bind both.",
        )
    };
    expect_port(&service, port).map_err(ignored)?;
    if service.url().starts_with("http://127.0.0.1:") {
        return Ok(());
    }
    let url = service.url();
    let answer = service.ask(grader::request("HEAD", "/"))?;
    Err(ignored(answer.wrong(format!(
        "the program serves on http://127.0.0.1:{port}/, not on {url}"
    ))))
}

/// The last port may be taken by another program. So the address is one that cannot be bound: who
/// takes 65535 for a port comes to that, and says so.
fn last_port(run: &mut Run) -> Verdict {
    bind_option(run)?;
    if TcpListener::bind((NOWHERE, 0)).is_ok() {
        return Ok(()); // some systems let a program listen at any address
    }
    let program = run.program().arg("--bind").arg(NOWHERE).arg("65535");
    let ended = program.wait()?;
    if !OPTIONS.iter().all(|option| ended.stderr().contains(option)) {
        return Ok(());
    }
    let wrong = ended.wrong(format!(
        "an error that {NOWHERE} is not an address of this computer"
    ));
    Err(wrong.because(
        "last-port",
        "The port 65535 is refused. It is the last one of the numbers from 0 to 65535, and a port like \
         any other.",
    ))
}

//! The page that lists a directory.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::path::{FilePath, encode};
use super::root::{Directory, Found, Root};
use crate::escape_html;
use crate::face::page::HEAD;

/// What is in a directory under one name.
#[derive(Debug)]
pub(super) struct Item {
    pub name: OsString,
    pub kind: Kind,
    /// Bytes; of a file.
    pub size: u64,
    pub modified: Option<SystemTime>,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// One line of the page.
#[derive(Debug)]
struct Entry {
    name: OsString,
    /// Bytes; `None` for a directory.
    size: Option<u64>,
    modified: Option<SystemTime>,
}

/// The page for a directory: what would be served, in the order of a reader,
/// directories first. `None` where it may not be read.
pub(super) fn page(
    root: &Root,
    path: &FilePath,
    directory: &Directory,
) -> io::Result<Option<String>> {
    let Some(items) = directory.items()? else {
        return Ok(None);
    };
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        // A name that no path stands for has no link.
        if FilePath::new(&format!("/{}", encode(&item.name))).is_some()
            && let Some((size, modified)) = served(root, path, &item)?
        {
            entries.push(Entry {
                name: item.name,
                size,
                modified,
            });
        }
    }
    entries.sort_by_cached_key(|entry| {
        let text = entry.name.to_string_lossy().to_lowercase();
        (entry.size.is_some(), text, entry.name.clone())
    });
    Ok(Some(render(path, &entries)))
}

/// The size (of a file) and the time of what a request for an item would find, if it would be
/// answered.
fn served(
    root: &Root,
    path: &FilePath,
    item: &Item,
) -> io::Result<Option<(Option<u64>, Option<SystemTime>)>> {
    Ok(match item.kind {
        Kind::File => Some((Some(item.size), item.modified)),
        Kind::Directory => Some((None, item.modified)),
        Kind::Link => match root.open(&path.relative().join(&item.name))? {
            Some(Found::File(_, metadata)) => {
                Some((Some(metadata.len()), metadata.modified().ok()))
            }
            Some(Found::Directory(directory)) => Some((None, directory.metadata.modified().ok())),
            None => None,
        },
        Kind::Other => None,
    })
}

/// On a phone, each line has two rows: the name, and below it size and time.
const STYLE: &str = "<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th { text-align: start; font-weight: 600; font-size: .875rem }
th, td { padding: 0 .5rem; border-bottom: 1px solid color-mix(in srgb, currentcolor 20%, transparent) }
td:first-child { width: 100%; overflow-wrap: anywhere }
td a { display: block; padding: .5rem 0 }
a { text-decoration: none }
a:hover, a:focus { text-decoration: underline }
td + td, th + th { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; font-size: .875rem }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%) }
  tr { display: flex; flex-wrap: wrap; padding: .25rem 0 .5rem; border-bottom: 1px solid color-mix(in srgb, currentcolor 20%, transparent) }
  td { border: 0; padding: 0 }
  td:first-child { width: 100% }
  td + td { opacity: .75; margin-inline-end: 1rem }
  td:empty { display: none }
}
</style>
";

fn render(path: &FilePath, entries: &[Entry]) -> String {
    let mut page = String::with_capacity(4096 + entries.len() * 200);
    let depth = path.names().count();
    let title: String = path
        .names()
        .map(|name| format!("{}/", visible(name)))
        .collect();
    page.push_str(HEAD);
    // Writing to a String can't fail.
    let _ = write!(
        page,
        "<title>Index of /{title}</title>\n{STYLE}</head>\n<body>\n<h1>Index of "
    );
    // Each directory on the way is a link, but for the last, which is here.
    let _ = match depth {
        0 => write!(page, "/"),
        _ => write!(page, "<a href=\"{}\">/</a>", "../".repeat(depth)),
    };
    for (n, name) in path.names().enumerate() {
        let (name, up) = (visible(name), depth - n - 1);
        let _ = match up {
            0 => write!(page, "<bdi>{name}</bdi>/"),
            _ => write!(
                page,
                "<a href=\"{}\"><bdi>{name}</bdi>/</a>",
                "../".repeat(up)
            ),
        };
    }
    page.push_str(
        "</h1>\n<table>\n<thead><tr><th>Name</th><th>Size</th><th>Changed (UTC)</th></tr></thead>\n<tbody>\n",
    );
    if depth > 0 {
        page.push_str("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in entries {
        let (slash, size) = match entry.size {
            Some(bytes) => (
                "",
                format!("<td title=\"{bytes} bytes\">{}</td>", size(bytes)),
            ),
            None => ("/", "<td></td>".to_owned()),
        };
        let _ = writeln!(
            page,
            "<tr><td><a href=\"{}{slash}\"><bdi>{}</bdi>{slash}</a></td>{size}<td>{}</td></tr>",
            encode(&entry.name),
            visible(&entry.name),
            entry.modified.map(time).unwrap_or_default(),
        );
    }
    page.push_str("</tbody>\n</table>\n");
    if entries.is_empty() {
        page.push_str("<p>This folder is empty.</p>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// A name for a reader: escaped, and a mark where there is nothing to be seen.
fn visible(name: &OsStr) -> String {
    let text = name.to_string_lossy();
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    escape_html(&text)
}

/// `532 B`, `1.5 KiB`, `20 MiB`: at least two digits of it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // What would be shown as 1024 is one of the next unit.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(value < 9.95);
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// `21 Nov 2026 10:00`, in UTC; nothing for a time that has no such form.
fn time(time: SystemTime) -> String {
    const YEAR_9999: u64 = 253_370_764_800;
    match time.duration_since(UNIX_EPOCH) {
        // "Sat, 21 Nov 2026 10:00:00 GMT"
        Ok(since) if since.as_secs() < YEAR_9999 => httpdate::fmt_http_date(time)[5..22].to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10 * 1024, "10 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (30 * 1024 * 1024, "30 MiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn any_time_can_be_listed() {
        assert_eq!(time(UNIX_EPOCH), "01 Jan 1970 00:00");
        assert_eq!(
            time(UNIX_EPOCH + Duration::from_secs(1_795_255_200)),
            "21 Nov 2026 10:00"
        );
        assert_eq!(time(UNIX_EPOCH - Duration::from_secs(1)), "");
        assert_eq!(time(UNIX_EPOCH + Duration::from_secs(300_000_000_000)), "");
    }
}

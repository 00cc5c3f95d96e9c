//! The texts as a plain site, for any host of files: every page that can be reached from the
//! first one, with links that hold wherever the site is put.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::app::{ASSETS, picture};
use crate::course::Course;
use crate::editor::Editor;
use crate::html::below;
use crate::pages::Pages;

/// Writes the site into this folder, which is made if need be. Returns the number of files.
/// `source` is where a stranger can get the course.
///
/// # Errors
///
/// If a file cannot be written, or a link leads nowhere.
pub(crate) fn write(course: &Course, folder: &Path, source: Option<&str>) -> Result<usize, String> {
    let files = files(course, source)?;
    for (name, bytes) in &files {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, bytes))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(files.len())
}

/// The files of the site, by their names.
fn files(course: &Course, source: Option<&str>) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let editor = Editor::default();
    let checks = None;
    let pages = Pages {
        course,
        checks,
        editor: &editor,
        source,
    };
    let mut files = BTreeMap::new();
    let mut known = BTreeSet::from(["/".to_string()]);
    let mut left = vec!["/".to_string()];
    while let Some(path) = left.pop() {
        let name = path.trim_start_matches('/');
        if let Some(page) = pages.at(&path) {
            let html = page.html();
            let linked = linked(&html).filter(|path| known.insert(path.clone()));
            left.extend(linked.collect::<Vec<_>>());
            let depth = name.matches('/').count();
            files.insert(format!("{name}index.html"), relative(&html, depth).into());
        } else if let Some((_, _, bytes)) = ASSETS.iter().find(|(known, ..)| *known == path) {
            files.insert(name.to_string(), bytes.to_vec());
        } else if let Some(picture) = picture(course, name) {
            let bytes = fs::read(&picture).map_err(|error| format!("{path}: {error}"))?;
            files.insert(name.to_string(), bytes);
        } else {
            return Err(format!("a page has a link to {path}, which is not there"));
        }
    }
    Ok(files)
}

/// What the links and pictures of a page name within the site.
fn linked(html: &str) -> impl Iterator<Item = String> {
    let of = |mark: &'static str| html.split(mark).skip(1);
    let values = of(" href=\"/").chain(of(" src=\"/"));
    values.filter_map(|rest| {
        let path = rest.split(['"', '#', '?']).next()?;
        Some(format!("/{path}"))
    })
}

/// The page with links that begin where it is: below a host's root or below a folder of it.
fn relative(html: &str, depth: usize) -> String {
    let up = match depth {
        0 => "./".to_string(),
        depth => "../".repeat(depth),
    };
    below(html, &up, &["href", "src", "data-home"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_the_site_is_whole() {
        let course = Course::find().expect("the course");
        let source = "https://example.org/a?b&c";
        let files = files(&course, Some(source)).expect("a site");
        let home = String::from_utf8_lossy(&files["index.html"]).into_owned();
        assert!(home.contains("get <a href=\"https://example.org/a?b&amp;c\">the course</a>"));
        for lesson in course.lessons() {
            let page = format!("{}index.html", lesson.path().trim_start_matches('/'));
            assert!(files.contains_key(&page), "{page}");
        }
        for (name, bytes) in &files {
            if !name.ends_with(".html") {
                continue;
            }
            let html = String::from_utf8_lossy(bytes);
            assert!(
                !html.contains(" href=\"/") && !html.contains(" src=\"/"),
                "{name}"
            );
            assert!(!html.contains("<form"), "{name}: nobody answers a form");
            assert!(!html.contains("vscode:"), "{name}: the files are not there");
            assert!(!html.contains("class=\"begun\""), "{name}: nobody has");
            let depth = name.matches('/').count();
            for link in html.split(" href=\"").skip(1) {
                let link = link.split('"').next().unwrap_or_default();
                let (link, place) = match link.split_once('#') {
                    Some((link, place)) => (link, Some(place)),
                    None => (link, None),
                };
                if link.is_empty() || link.contains(':') {
                    continue;
                }
                let ups = link.matches("../").count();
                assert_eq!(ups, depth, "{name}: {link}");
                let to = link.trim_start_matches("../").trim_start_matches("./");
                let to = match to.is_empty() || to.ends_with('/') {
                    true => format!("{to}index.html"),
                    false => to.to_string(),
                };
                assert!(files.contains_key(&to), "{name}: {link}");
                // A place that is named is there.
                let place = place.filter(|place| !place.is_empty() && to.ends_with(".html"));
                if let Some(place) = place {
                    let page = String::from_utf8_lossy(&files[&to]);
                    let is_there = page.contains(&format!(" id=\"{place}\""));
                    assert!(is_there, "{name}: {to}#{place}");
                }
            }
        }
    }
}

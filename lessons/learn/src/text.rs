//! The texts of the lessons as pages: Markdown to HTML, with a place behind each step for
//! what its checks say.
//!
//! The texts are the course's own, so the HTML in them (folded hints) is taken as it is.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};

use crate::code::colored;
use crate::course::{self, Course};
use crate::html::escaped;

/// A text, ready to be put on a page.
pub(crate) struct Text {
    /// Its title: the first heading, which is not in `html`.
    pub(crate) title: String,
    pub(crate) html: String,
    /// The other headings, in order.
    pub(crate) headings: Vec<Heading>,
}

/// A heading of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) level: usize,
    /// Where a link to it leads, behind `#`: as on GitHub.
    pub(crate) id: String,
    pub(crate) text: String,
    /// The step that it begins.
    pub(crate) step: Option<u32>,
}

/// Where a link in a text leads.
#[derive(Debug, PartialEq, Eq)]
enum Link {
    /// To another site, or to a place on the same page: as it is.
    Kept,
    /// To this page or picture.
    To(String),
    /// To nothing that is shown here.
    Nowhere,
}

/// Makes a page of the text in this file of the course, named from its root. `slot` gives
/// what stands at the end of each step.
pub(crate) fn page(course: &Course, file: &str, text: &str, slot: impl Fn(u32) -> String) -> Text {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events: Vec<Event<'_>> = Parser::new_ext(text, options).collect();
    let base = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut made: Vec<Event<'_>> = Vec::new();
    let mut ids = BTreeMap::new();
    let (mut title, mut headings) = (None, Vec::<Heading>::new());
    let mut step: Option<(u32, usize)> = None;
    let mut events = events.into_iter().peekable();
    let mut links = Vec::new();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let level = level as usize;
                let inside: Vec<Event<'_>> = std::iter::from_fn(|| {
                    events.next_if(|e| !matches!(e, Event::End(TagEnd::Heading(_))))
                })
                .collect();
                events.next();
                let text = plain(&inside);
                if level == 1 && title.is_none() {
                    title = Some(text);
                    continue;
                }
                if let Some((number, _)) = step.filter(|(_, of)| level <= *of) {
                    made.push(raw(slot(number)));
                    step = None;
                }
                let id = unique(&mut ids, slug(&text));
                let number = course::step(&text).map(|step| step.number);
                if let Some(number) = number {
                    step = Some((number, level));
                }
                made.push(raw(format!("<h{level} id=\"{}\">", escaped(&id))));
                made.extend(inside);
                made.push(raw(format!("</h{level}>\n")));
                headings.push(Heading {
                    level,
                    id,
                    text,
                    step: number,
                });
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let mut code = String::new();
                while let Some(Event::Text(text)) = events.next_if(|e| matches!(e, Event::Text(_)))
                {
                    code += &text;
                }
                events.next();
                made.push(raw(block(&kind, &code)));
            }
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let link = resolved(course, base, dest_url);
                let open = match &link {
                    Link::Kept => format!("<a href=\"{}\">", escaped(dest_url)),
                    Link::To(path) => format!("<a href=\"{}\">", escaped(path)),
                    Link::Nowhere => String::new(),
                };
                links.push(link != Link::Nowhere);
                made.push(inline(open));
            }
            Event::End(TagEnd::Link) => {
                let is_open = links.pop().unwrap_or_default();
                made.push(inline(if is_open {
                    "</a>".into()
                } else {
                    String::new()
                }));
            }
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = match resolved(course, base, &dest_url) {
                    Link::To(path) => path.into(),
                    Link::Kept | Link::Nowhere => dest_url,
                };
                made.push(Event::Start(Tag::Image {
                    link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            // With its quotes escaped, too: what looks like an attribute is none.
            Event::Code(code) => {
                made.push(inline(format!("<code>{}</code>", escaped(&code))));
            }
            // A wide table moves by itself, and not the page with it.
            Event::Start(Tag::Table(alignments)) => {
                made.push(raw("<div class=\"table\" tabindex=\"0\">".into()));
                made.push(Event::Start(Tag::Table(alignments)));
            }
            // A cell above a column that needs no name is no heading.
            Event::Start(Tag::TableCell) if events.next_if(is_end_of_cell).is_some() => {
                made.push(inline("<td></td>".into()));
            }
            Event::End(TagEnd::Table) => {
                made.push(Event::End(TagEnd::Table));
                made.push(raw("</div>\n".into()));
            }
            other => made.push(other),
        }
    }
    if let Some((number, _)) = step {
        made.push(raw(slot(number)));
    }
    let mut out = String::new();
    html::push_html(&mut out, made.into_iter());
    Text {
        title: title.unwrap_or_default(),
        html: out,
        headings,
    }
}

/// The hint of a step, as Markdown.
pub(crate) fn hint(text: &str, step: u32) -> Option<String> {
    let of_step = |line: &str| course::step(line.trim_start_matches('#').trim()).map(|s| s.number);
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with('#') || of_step(line) != Some(step));
    lines.next()?;
    let own = lines.take_while(|line| {
        !line.starts_with("## ") && (!line.starts_with("### ") || of_step(line).is_none())
    });
    let inside = own
        .skip_while(|line| !line.starts_with("<summary>Hint"))
        .skip(1);
    let hint: Vec<&str> = inside
        .take_while(|line| !line.starts_with("</details>"))
        .collect();
    (!hint.is_empty()).then(|| hint.join("\n").trim().to_string())
}

/// A line of Markdown as HTML, without a paragraph around it.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::new();
    let inside = Parser::new(text).filter(|event| {
        !matches!(
            event,
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph)
        )
    });
    html::push_html(&mut out, inside);
    out.trim().into()
}

fn raw(html: String) -> Event<'static> {
    Event::Html(CowStr::from(html))
}

fn inline(html: String) -> Event<'static> {
    Event::InlineHtml(CowStr::from(html))
}

fn is_end_of_cell(event: &Event<'_>) -> bool {
    matches!(event, Event::End(TagEnd::TableCell))
}

/// What a reader sees of these.
fn plain(events: &[Event<'_>]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(&**text),
        Event::SoftBreak | Event::HardBreak => Some(" "),
        _ => None,
    });
    texts.collect()
}

/// The id of a heading, as GitHub makes it.
fn slug(text: &str) -> String {
    let kept = text.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect::<String>().to_lowercase()
}

fn unique(ids: &mut BTreeMap<String, u32>, id: String) -> String {
    let before = ids.entry(id.clone()).or_default();
    *before += 1;
    match *before {
        1 => id,
        number => format!("{id}-{}", number - 1),
    }
}

/// A block of code.
fn block(kind: &CodeBlockKind<'_>, code: &str) -> String {
    let info = match kind {
        CodeBlockKind::Fenced(info) => info,
        // It cannot say what it is.
        CodeBlockKind::Indented if is_rust(code) => &CowStr::Borrowed("rust"),
        CodeBlockKind::Indented if code.starts_with("$ ") => &CowStr::Borrowed("console"),
        CodeBlockKind::Indented => &CowStr::Borrowed("text"),
    };
    let language = info.split([' ', ',']).next().unwrap_or_default();
    let class = match language {
        "console" | "sh" => " class=\"console\"",
        _ => "",
    };
    let code = colored(language, code);
    format!("<pre{class} tabindex=\"0\"><code>{code}</code></pre>\n")
}

/// Whether this is a piece of a program, and no picture of an exchange, address or other text.
fn is_rust(code: &str) -> bool {
    let is_drawn = |c: char| ('\u{2500}'..='\u{25ff}').contains(&c);
    let is_sent = code.lines().any(|line| line.contains(" HTTP/1.1"));
    let signs = ["=>", "::", "!(", "#[", "();", "let ", "fn ", "// "];
    let mut lines = code.lines().map(str::trim);
    !is_sent
        && !code.contains(is_drawn)
        && (signs.iter().any(|sign| code.contains(sign))
            || lines.clone().any(|line| line.starts_with('.'))
            || lines.all(|line| line.ends_with(['{', '}', ';', ','])))
}

/// Where a link leads that stands in a text in the folder `base` of the course.
fn resolved(course: &Course, base: &Path, link: &str) -> Link {
    if link.starts_with('#') || link.contains("://") || link.starts_with("mailto:") {
        return Link::Kept;
    }
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let mut file = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::Normal(name) => file.push(name),
            Component::ParentDir => drop(file.pop()),
            _ => {}
        }
    }
    let shown = file.to_string_lossy().replace('\\', "/");
    let to = match file.file_name().and_then(|name| name.to_str()) {
        Some("README.md") => match file.parent() {
            // The first page stands in its place, without its headings.
            Some(folder) if folder == Path::new("") => return Link::To("/".into()),
            Some(folder) if folder == Path::new("lessons") => "/lessons/".into(),
            // Of the other folders, the lessons have pages.
            folder => {
                let folder = folder.and_then(|folder| folder.strip_prefix("lessons").ok());
                match folder.and_then(|folder| course.lesson(folder.to_str()?)) {
                    Some(lesson) => lesson.path(),
                    None => return Link::Nowhere,
                }
            }
        },
        Some(name) if is_picture(name) => format!("/{shown}"),
        _ if crate::source::file(course, &shown).is_some() => format!("/{shown}/"),
        _ => return Link::Nowhere,
    };
    match place {
        "" => Link::To(to),
        place => Link::To(format!("{to}#{place}")),
    }
}

/// Whether a file of this name is a picture.
pub(crate) fn is_picture(name: &str) -> bool {
    name.ends_with(".png") || name.ends_with(".webp") || name.ends_with(".svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Text {
        let course = Course::find().expect("the course");
        page(&course, "lessons/1_path_router/README.md", text, |step| {
            format!("[slot {step}]")
        })
    }

    #[test]
    fn each_step_has_its_place_at_its_end() {
        let text = "# Lesson 1: x\n\n## The steps\n\n### Step 1: `a` & b\n\none\n\n#### more\n\n\
                    two\n\n### Step 2: c\n\nthree\n\n## End\n";
        let text = shown(text);
        assert_eq!(text.title, "Lesson 1: x");
        let at = |what: &str| {
            text.html
                .find(what)
                .unwrap_or_else(|| panic!("{what}: {}", text.html))
        };
        assert!(at("two") < at("[slot 1]") && at("[slot 1]") < at("Step 2"));
        assert!(at("three") < at("[slot 2]") && at("[slot 2]") < at("End"));
        let ids: Vec<&str> = text.headings.iter().map(|h| &*h.id).collect();
        assert_eq!(ids, ["the-steps", "step-1-a--b", "more", "step-2-c", "end"]);
    }

    #[test]
    fn links_lead_to_what_is_shown_here() {
        let text = "[a](../0_hello_server/README.md#the-response) [b](../../starter/1_path_router.rs) \
                    [c](https://docs.rs/axum) [d](#x) [e](../../Cargo.lock) ![f](../0_hello_server/hello.png) \
                    [g](../../README.md#a-class) [h](../../../../etc/passwd) \
                    [i](../README.md) [j](../../http-core/README.md)";
        let html = shown(text).html;
        for expected in [
            "<a href=\"/lessons/0_hello_server/#the-response\">a</a>",
            "<a href=\"/starter/1_path_router.rs/\">b</a>",
            "<a href=\"https://docs.rs/axum\">c</a>",
            "<a href=\"#x\">d</a> e ",
            "<img src=\"/lessons/0_hello_server/hello.png\"",
            "<a href=\"/\">g</a> h <a href=\"/lessons/\">i</a> j",
        ] {
            assert!(html.contains(expected), "{expected} in {html}");
        }
    }

    #[test]
    fn a_column_without_a_name_has_no_heading() {
        let html = shown("| | a |\n| --- | --- |\n| b | |\n").html;
        assert!(html.contains("<td></td><th>a</th>"), "{html}");
        assert!(html.contains("<td>b</td><td></td>"), "{html}");
    }

    #[test]
    fn a_drawing_is_no_program() {
        for (block, is_program) in [
            ("let answer = ask();", true),
            ("\"/\" => response", true),
            (
                "response\n    .send_response(201)\n    .end_headers()?",
                true,
            ),
            ("browser  ──▶  nginx, 127.0.0.1:8000::1", false),
            ("GET /a HTTP/1.1\nHost: localhost:8000", false),
            ("id: 4\ndata: Roses are red,\ndata: for you.", false),
            ("localhost:8000/search?words=two+cats", false),
            ("Cookie: theme=dark; lang=en", false),
        ] {
            let html = shown(&format!("So:\n\n    {}\n", block.replace('\n', "\n    "))).html;
            assert!(html.contains("<pre tabindex=\"0\"><code>"), "{html}");
            assert_eq!(html.contains("<span class"), is_program, "{html}");
        }
    }

    #[test]
    fn a_step_has_its_hint() {
        let text = "### Step 1: a\n\n<details>\n<summary>Hint</summary>\n\none\n\n    two\n\n</details>\n\n\
                    ### Step 2: b\n\n## End\n\n<details>\n<summary>Hint</summary>\nno\n";
        assert_eq!(hint(text, 1).as_deref(), Some("one\n\n    two"));
        assert_eq!(hint(text, 2), None);
        assert_eq!(hint(text, 3), None);
    }

    /// Every link of every text within the course leads to a page or a heading that is there.
    #[test]
    fn no_link_is_broken() {
        let course = Course::find().expect("the course");
        let mut pages = BTreeMap::new();
        for lesson in course.lessons() {
            let file = format!("lessons/{}/README.md", lesson.folder);
            let text = std::fs::read_to_string(course.root.join(&file)).expect("a text");
            pages.insert(
                lesson.path(),
                page(&course, &file, &text, |_| String::new()),
            );
        }
        for (path, text) in &pages {
            for link in text.html.split("<a href=\"").skip(1) {
                let link = link.split('"').next().unwrap_or_default();
                let (to, place) = link.split_once('#').unwrap_or((link, ""));
                let to = if to.is_empty() { path } else { to };
                if let (Some(page), false) = (pages.get(to), place.is_empty()) {
                    let is_there = page.headings.iter().any(|heading| heading.id == place);
                    assert!(is_there, "{link} in {path}");
                }
            }
        }
    }
}

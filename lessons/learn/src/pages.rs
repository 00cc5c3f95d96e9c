//! The pages of the course. What changes while one looks at it stands in fragments, each with
//! an id: they are made when a page is asked for, and again when something is new.

use std::fmt::Write as _;
use std::fs;

use grader::count;
use grader::record::{CheckInfo, Outcome};

use crate::checks::Checks;
use crate::course::{Course, Lesson};
use crate::editor::Editor;
use crate::failure::Reader;
use crate::html::escaped;
use crate::part::named;
use crate::source::{self, Source};
use crate::status::{Phase, State, Status, compiler};
use crate::text::{self, Heading};

/// What changes: an id, and what is in the element of this id.
pub(crate) type Fragment = (String, String);

/// A page, of which nothing is sent yet.
pub(crate) struct Page {
    title: String,
    /// Where its news come from.
    news: Option<String>,
    body: String,
}

impl Page {
    /// A page whose news come from there.
    pub(crate) fn new(title: String, news: String, body: String) -> Self {
        let news = Some(news);
        Self { title, news, body }
    }

    /// A page on which nothing changes.
    pub(crate) fn still(title: String, body: String) -> Self {
        let news = None;
        Self { title, news, body }
    }

    /// The whole page as HTML.
    pub(crate) fn html(&self) -> String {
        let Self { title, news, body } = self;
        let title = escaped(title);
        let (news, still) = match news {
            Some(news) => (
                format!(" data-news=\"{}\"", escaped(news)),
                "<noscript><p class=\"still\">Without JavaScript, this page changes when you load it \
                 again.</p></noscript>\n",
            ),
            None => (String::new(), ""),
        };
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <link rel=\"icon\" href=\"/learn.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"stylesheet\" href=\"/learn.css\">\n<script src=\"/learn.js\" defer></script>\n\
             </head>\n<body data-home=\"/\"{news}>\n<a class=\"skip\" href=\"#main\">To the text</a>\n{still}{body}\
             <p id=\"said\" class=\"unseen\" aria-live=\"polite\"></p>\n</body>\n</html>\n"
        )
    }
}

/// Makes pages of what is there.
pub(crate) struct Pages<'a> {
    pub(crate) course: &'a Course,
    pub(crate) checks: Option<&'a Checks>,
    pub(crate) editor: &'a Editor,
    /// Where a stranger can get the course, for a plain site.
    pub(crate) source: Option<&'a str>,
}

/// An element whose content changes.
pub(crate) fn live(tag: &str, class: &str, (id, html): &Fragment) -> String {
    format!("<{tag} id=\"{id}\" class=\"{class}\">{html}</{tag}>")
}

/// The sign of a state: told by its form, not by color alone.
pub(crate) fn sign(state: State) -> &'static str {
    match state {
        State::Open => "<i class=\"sign open\" aria-hidden=\"true\">○</i>",
        State::Unknown => "<i class=\"sign unknown\" aria-hidden=\"true\">◌</i>",
        State::Failing(_) => "<i class=\"sign failing\" aria-hidden=\"true\">✗</i>",
        State::Done => "<i class=\"sign done\" aria-hidden=\"true\">✓</i>",
    }
}

fn word(state: State) -> String {
    match state {
        State::Open => "open".into(),
        State::Unknown => "not checked yet".into(),
        State::Failing(1) => "1 check fails".into(),
        State::Failing(number) => format!("{number} checks fail"),
        State::Done => "done".into(),
    }
}

/// A link to what comes before or after a page.
pub(crate) fn onward(label: &str, relation: &str, to: &str, name: &str) -> String {
    format!(
        "<a class=\"{relation}\" rel=\"{relation}\" href=\"{to}\"><span>{label}</span>{}</a>",
        escaped(name)
    )
}

impl Pages<'_> {
    pub(crate) fn status<T>(&self, lesson: &Lesson, look: impl FnOnce(&Status) -> T) -> T {
        match self.checks {
            Some(checks) => checks.with(&lesson.folder, look),
            // In a plain site, nobody has begun anything.
            None => {
                let mut status = Status::default();
                status.open = lesson.steps.iter().map(|step| step.number).collect();
                look(&status)
            }
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.checks.is_some()
    }

    /// The page at this path: one that is there to be read.
    pub(crate) fn at(&self, path: &str) -> Option<Page> {
        match path {
            "/" => return Some(self.home()),
            "/lessons/" => return Some(self.route()),
            _ => {}
        }
        let name = path.strip_prefix('/')?.strip_suffix('/')?;
        if let Some(number) = name.strip_prefix("parts/") {
            let parts = self.course.parts();
            let part = parts.iter().find(|part| part.number.to_string() == number);
            return part.map(|part| self.part(part));
        }
        let lesson = name.strip_prefix("lessons/");
        match lesson.and_then(|folder| self.course.lesson(folder)) {
            Some(lesson) => Some(self.lesson(&lesson)),
            None => Some(self.source(name, &source::file(self.course, name)?)),
        }
    }

    /// The way through the course.
    pub(crate) fn home(&self) -> Page {
        let path = ("path".to_string(), self.path());
        let next = ("next".to_string(), self.next());
        let how: String = match self.is_live() {
            true => "<p>Open a lesson, and open its file in <code>starter/</code> in your editor. \
                 Each time you save, the lesson’s checks run, and the page shows what your \
                 program really did: every byte of the request and of the answer.</p>"
                .into(),
            false => {
                let course = match self.source {
                    Some(source) => format!("<a href=\"{}\">the course</a>", escaped(source)),
                    None => "the course".into(),
                };
                format!(
                    "<p>Each lesson is a text and one file that you edit, with checks that tell you \
                     what is missing and why. You should know the basics of Rust, and need to know \
                     nothing about the web. To take part, get {course} and type <code>cargo learn</code>.</p>"
                )
            }
        };
        let keys = match self.is_live() {
            true => {
                "<p class=\"route\">Keys, in a lesson: <kbd>j</kbd> and <kbd>k</kbd> go from step to step, \
                 <kbd>f</kbd> to the first step that fails, <kbd>n</kbd> to the next lesson, <kbd>h</kbd> \
                 back here.</p>"
            }
            false => "",
        };
        let body = format!(
            "<main id=\"main\" class=\"home\"><header><h1>Small web servers</h1>\
             <p class=\"lead\">Learn how the web works by writing small web servers in Rust.</p>\
             {how}</header>{}{}</main>",
            live("div", "next", &next),
            live("div", "path", &path)
                + "<p class=\"route\"><a href=\"/lessons/\">The route through the course</a>, for those who teach it</p>"
                + keys
        );
        Page {
            title: "Small web servers".into(),
            news: self.is_live().then(|| "/news".into()),
            body,
        }
    }

    /// What changes on the first page.
    pub(crate) fn home_fragments(&self) -> Vec<Fragment> {
        vec![("next".into(), self.next()), ("path".into(), self.path())]
    }

    /// The lessons, part by part.
    fn path(&self) -> String {
        let mut out = String::new();
        let lessons = self.course.lessons();
        let parts = self.course.parts();
        for part in &parts {
            let own = lessons
                .iter()
                .filter(|lesson| part.folders.contains(&lesson.folder));
            let _ = write!(
                out,
                "<h2>Part {}: {}</h2><ol class=\"path\">{}</ol>\
                 <p class=\"kept\"><a href=\"{}\">What part {0} teaches, on one page</a></p>",
                part.number,
                escaped(&part.title),
                self.rows(own),
                part.path(),
            );
        }
        // One that no part names, since it has just come.
        let is_in = |lesson: &&Lesson| {
            parts
                .iter()
                .any(|part| part.folders.contains(&lesson.folder))
        };
        let rest = self.rows(lessons.iter().filter(|lesson| !is_in(lesson)));
        if !rest.is_empty() {
            let _ = write!(out, "<ol class=\"path\">{rest}</ol>");
        }
        out
    }

    fn rows<'l>(&self, lessons: impl Iterator<Item = &'l Lesson>) -> String {
        let mut out = String::new();
        for lesson in lessons {
            let (class, told) = self.status(lesson, |status| progress(lesson, status));
            let minutes = lesson.minutes.map(|minutes| format!("{minutes} minutes"));
            let _ = write!(
                out,
                "<li class=\"{class}\"><a href=\"{}\"><span class=\"number\">{}</span>\
                 <span class=\"what\"><strong>{}</strong><span class=\"idea\">{}</span></span>\
                 <span class=\"far\">{told}<span class=\"minutes\">{}</span></span></a></li>",
                lesson.path(),
                lesson.number,
                escaped(&lesson.title),
                text::line(&lesson.idea),
                minutes.unwrap_or_default(),
            );
        }
        out
    }

    /// The lesson to go on with.
    fn next(&self) -> String {
        if !self.is_live() {
            return String::new();
        }
        let lessons = self.course.lessons();
        let (mut done, mut all, mut points) = (0, 0, 0);
        let mut next = None;
        for lesson in &lessons {
            self.status(lesson, |status| {
                let is_done = status.is_done()
                    || lesson.steps.is_empty()
                        && status.phase == Phase::Idle
                        && status.checks.is_empty();
                all += usize::from(!lesson.steps.is_empty());
                done += usize::from(is_done && !lesson.steps.is_empty());
                points += status.points().map_or(0, |(points, _)| points);
                if next.is_none() && !is_done {
                    let step = lesson
                        .steps
                        .iter()
                        .find(|step| status.state(step.number) != State::Done);
                    next = Some((
                        lesson,
                        step.cloned(),
                        lesson
                            .steps
                            .iter()
                            .any(|s| !status.open.contains(&s.number)),
                    ));
                }
            });
        }
        let begun = points > 0 || next.as_ref().is_some_and(|(_, _, begun)| *begun);
        let (to, label) = match (next, begun) {
            (Some((lesson, Some(step), _)), true) => (
                lesson.path(),
                format!(
                    "Go on: lesson {}, step {}, {}",
                    lesson.number,
                    step.number,
                    escaped(&step.title)
                ),
            ),
            (Some((lesson, _, _)), true) => {
                (lesson.path(), format!("Go on: lesson {}", lesson.number))
            }
            (Some(_), false) => match lessons.first() {
                Some(first) => (first.path(), format!("Begin: {}", escaped(&first.title))),
                None => return String::new(),
            },
            (None, _) => return "<p class=\"all\">All lessons are done.</p>".into(),
        };
        let so_far = match points {
            0 => String::new(),
            _ => format!(
                "<span class=\"so-far\">{done} of {} done, {}</span>",
                count(all, "lesson"),
                count(points as usize, "point")
            ),
        };
        format!("<p><a class=\"button\" href=\"{to}\">{label}</a> {so_far}</p>")
    }

    /// A lesson: its text, with what its checks say at each step.
    pub(crate) fn lesson(&self, lesson: &Lesson) -> Page {
        let file = format!("lessons/{}/README.md", lesson.folder);
        let source = fs::read_to_string(self.course.root.join(&file)).unwrap_or_default();
        let fragments = self.lesson_fragments(lesson);
        let slot = |step: u32| {
            let id = format!("step-{step}-is");
            let fragment = fragments.iter().find(|(known, _)| *known == id);
            fragment.map_or_else(String::new, |fragment| live("section", "step", fragment))
        };
        let text = text::page(self.course, &file, &source, slot);
        let find = |id: &str| fragments.iter().find(|(known, _)| known == id);
        let rest = find("rest").map(|fragment| live("section", "step", fragment));
        let rail = find("rail").map(|fragment| live("div", "states", fragment));
        let lessons = self.course.lessons();
        let before = lessons
            .iter()
            .take_while(|other| other.folder != lesson.folder)
            .last()
            .map(|before| onward("Before", "prev", &before.path(), &named(before)));
        let next = self.after(lesson);
        let next = next.map(|(to, name)| onward("Next", "next", &to, &name));
        let body = format!(
            "<div class=\"lesson\"><nav class=\"rail\" aria-label=\"This lesson\">\
             <a class=\"up\" href=\"/\">Small web servers</a>{}{}</nav>\
             <main id=\"main\"><p class=\"eyebrow\">Lesson {}</p><h1>{}</h1>{}{}\
             <nav class=\"onward\" aria-label=\"Other lessons\">{}{}</nav></main></div>",
            rail.unwrap_or_default(),
            contents(&text.headings),
            lesson.number,
            escaped(&lesson.title),
            text.html,
            rest.unwrap_or_default(),
            before.unwrap_or_default(),
            next.unwrap_or_default(),
        );
        Page {
            title: format!("{}. {}", lesson.number, lesson.title),
            news: self.is_live().then(|| format!("/news?{}", lesson.folder)),
            body,
        }
    }

    /// What comes after a lesson: the page of its part, if it is the last one there, or the next
    /// lesson. Its address, and its name.
    fn after(&self, lesson: &Lesson) -> Option<(String, String)> {
        if let Some(part) = self.course.part_that_ends_with(&lesson.folder) {
            return Some((part.path(), format!("What part {} has taught", part.number)));
        }
        let lessons = self.course.lessons().into_iter();
        let mut next = lessons.skip_while(|other| other.folder != lesson.folder);
        next.nth(1).map(|next| (next.path(), named(&next)))
    }

    /// What changes on the page of a lesson.
    pub(crate) fn lesson_fragments(&self, lesson: &Lesson) -> Vec<Fragment> {
        if !self.is_live() {
            return Vec::new();
        }
        self.status(lesson, |status| {
            let mut fragments = vec![("rail".to_string(), rail(lesson, status))];
            for step in &lesson.steps {
                let panel = self.step(lesson, status, step.number);
                fragments.push((format!("step-{}-is", step.number), panel));
            }
            // What belongs to no step of the text.
            let mut rest = String::new();
            let told = |step: &u32| lesson.steps.iter().any(|known| known.number == *step);
            for step in status.steps().iter().filter(|step| !told(step)) {
                rest += &self.step(lesson, status, *step);
            }
            if lesson.steps.is_empty() && status.checks.is_empty() {
                rest += &self.trouble(lesson, status);
            }
            if status.is_done() {
                rest += &self.done(lesson, status);
            }
            fragments.push(("rest".into(), rest));
            fragments
        })
    }

    fn reader<'a>(&'a self, lesson: &'a Lesson) -> Reader<'a> {
        Reader {
            course: self.course,
            lesson,
            editor: self.editor,
        }
    }

    /// The lesson's file, as a link that opens it: where the `todo!` of this step is, if it
    /// is there.
    fn open_in_editor(&self, lesson: &Lesson, step: u32, label: &str) -> String {
        let path = self.course.starter(lesson);
        let source = fs::read_to_string(&path).unwrap_or_default();
        let todo = format!("\"step {step}:");
        let line = source
            .lines()
            .position(|line| line.contains(&todo))
            .map_or(1, |at| at + 1);
        let link = self.editor.link(&path, line as u32, 1);
        format!("<a class=\"edit\" href=\"{}\">{label}</a>", escaped(&link))
    }

    /// How a step is, and what its checks say.
    fn step(&self, lesson: &Lesson, status: &Status, step: u32) -> String {
        let state = status.state(step);
        let checks: Vec<(&CheckInfo, Option<&Outcome>, bool)> = status.of_step(step).collect();
        let points: u32 = checks.iter().map(|(check, _, _)| check.points).sum();
        let edit = self.open_in_editor(
            lesson,
            step,
            &format!("Open <code>{}</code>", lesson.starter()),
        );
        let busy = match status.phase {
            Phase::Idle => "",
            Phase::Waiting | Phase::Building => "<span class=\"busy\">building …</span>",
            Phase::Checking => "<span class=\"busy\">checking …</span>",
        };
        let busy = if state == State::Open { "" } else { busy };
        let points = match points {
            0 => String::new(),
            points => format!(
                "<span class=\"points\">{}</span>",
                count(points as usize, "point")
            ),
        };
        let class = match state {
            State::Open => "open",
            State::Unknown => "unknown",
            State::Failing(_) => "failing",
            State::Done => "done",
        };
        let said = match state {
            State::Open => format!(
                "<p>Its <code>todo!</code> is still in your file. Write it, save, and look here.</p>{edit}"
            ),
            State::Failing(_) => format!("<p>{edit}</p>"),
            State::Unknown | State::Done => String::new(),
        };
        let compiler = self.not_built(lesson, status, step);
        let mut list = String::new();
        if state != State::Open && compiler.is_empty() {
            let mut is_first = true;
            list += "<ul class=\"checks\">";
            for (check, outcome, old) in checks {
                list += &self.check(lesson, status, check, outcome, old, &mut is_first);
            }
            list += "</ul>";
        }
        let warnings = match (
            state,
            status.step_in_work() == Some(step),
            status.warnings.is_empty(),
        ) {
            (State::Failing(_), true, false) => format!(
                "<details data-key=\"warnings\"><summary>The compiler warns</summary>{}</details>",
                self.reader(lesson).compiler(&status.warnings.join("\n"))
            ),
            _ => String::new(),
        };
        let (list, class) = match (&*compiler, state) {
            ("", State::Done) => {
                let folded = format!(
                    "<details data-key=\"checks {step}\"><summary>Its checks</summary>{list}</details>"
                );
                (folded, class)
            }
            ("", _) => (list, class),
            (_, _) => (String::new(), "failing"),
        };
        let state = match &*compiler {
            "" => format!(
                "{} <strong>Step {step}: {}</strong>",
                sign(state),
                word(state)
            ),
            _ => format!(
                "{} <strong>{}</strong>",
                sign(State::Failing(1)),
                status.not_built_in_short().unwrap_or_default()
            ),
        };
        let first = lesson.steps.first().map(|step| step.number);
        let at = match status.checks.is_empty() {
            true => first,
            false => status.step_in_work(),
        };
        let trouble = match at == Some(step) {
            true => self.trouble(lesson, status),
            false => String::new(),
        };
        format!(
            "<div class=\"is {class}\"><p class=\"state\">{state} {points} {busy}</p>\
             {said}{compiler}{list}{warnings}{trouble}</div>"
        )
    }

    /// What the compiler says, if it belongs to this step.
    fn not_built(&self, lesson: &Lesson, status: &Status, step: u32) -> String {
        match &status.not_built {
            Some(why) if status.step_in_work() == Some(step) => {
                let reader = self.reader(lesson);
                match compiler(why) {
                    Some(message) => format!(
                        "<p>Read the first error only; the others often come from it.</p>{}",
                        reader.compiler(message)
                    ),
                    None => reader.compiler(why),
                }
            }
            _ => String::new(),
        }
    }

    fn trouble(&self, lesson: &Lesson, status: &Status) -> String {
        let mut out = String::new();
        if let Some(why) = &status.trouble {
            let _ = write!(
                out,
                "<div class=\"trouble\"><p><strong>The checks could not be run.</strong> This is no fault \
                 of your program.</p>{}</div>",
                self.reader(lesson).compiler(why)
            );
        }
        out
    }

    fn check(
        &self,
        lesson: &Lesson,
        status: &Status,
        check: &CheckInfo,
        outcome: Option<&Outcome>,
        old: bool,
        is_first: &mut bool,
    ) -> String {
        let name = escaped(&check.name);
        let (state, said) = match outcome {
            None => (State::Unknown, String::new()),
            Some(Outcome::Open(_)) => (State::Open, String::new()),
            Some(Outcome::Passed) => (State::Done, String::new()),
            Some(Outcome::NotHere(why)) => (
                State::Unknown,
                format!("<span class=\"why\">{}</span>", escaped(why)),
            ),
            Some(Outcome::NotGraded(why)) => (
                State::Failing(1),
                format!("<span class=\"why\">{}</span>", escaped(why)),
            ),
            Some(Outcome::Failed(finding)) => {
                let picture = self.reader(lesson).failure(
                    &status.seed,
                    finding,
                    old || status.phase == Phase::Idle,
                );
                let open = if std::mem::take(is_first) {
                    " open"
                } else {
                    ""
                };
                return format!(
                    "<li class=\"failed{}\"><details data-key=\"{2}\"{open}><summary>{1} {name}</summary>\
                     <div class=\"failure\">{picture}</div></details></li>",
                    if old { " old" } else { "" },
                    sign(State::Failing(1)),
                    escaped(&check.full_name()),
                );
            }
        };
        let old = if old { " class=\"old\"" } else { "" };
        format!("<li{old}>{} {name} {said}</li>", sign(state))
    }

    /// What is there when a lesson is done: the reference beside one's own program.
    fn done(&self, lesson: &Lesson, status: &Status) -> String {
        let next = self.after(lesson).map(|(to, name)| {
            format!(
                "<a class=\"button\" href=\"{to}\">Next: {}</a>",
                escaped(&name)
            )
        });
        let compare = match source::file(self.course, &lesson.solution()) {
            Some(_) if !lesson.steps.is_empty() => format!(
                "<a class=\"edit\" href=\"/{}/\">Compare with the reference</a>",
                lesson.solution()
            ),
            _ => String::new(),
        };
        let points = status
            .points()
            .map(|(points, all)| format!(": {points} of {}", count(all as usize, "point")));
        format!(
            "<div class=\"is done all\"><p class=\"state\">{} <strong>This lesson is done{}</strong></p>\
             <p>{} {compare}</p></div>",
            sign(State::Done),
            points.unwrap_or_default(),
            next.unwrap_or_default()
        )
    }

    /// The text about the course as a whole.
    pub(crate) fn route(&self) -> Page {
        let file = "lessons/README.md";
        let source = fs::read_to_string(self.course.root.join(file)).unwrap_or_default();
        let text = text::page(self.course, file, &source, |_| String::new());
        let body = format!(
            "<main id=\"main\" class=\"source\"><p class=\"eyebrow\"><a href=\"/\">Small web servers</a></p>\
             <h1>{}</h1>{}</main>",
            escaped(&text.title),
            text.html
        );
        Page::still(text.title, body)
    }

    /// A file of the course; the reference of a lesson only once that is done.
    pub(crate) fn source(&self, name: &str, source: &Source) -> Page {
        let (title, inside) = match source {
            Source::File(path) => {
                let text = fs::read_to_string(path).unwrap_or_default();
                let edit = match self.is_live() {
                    true => format!(
                        "<p><a class=\"edit\" href=\"{}\">Open it in your editor</a></p>",
                        escaped(&self.editor.link(path, 1, 1))
                    ),
                    false => String::new(),
                };
                (name.to_string(), edit + &source::listing(name, &text))
            }
            Source::Solution(folder) => {
                let lesson = self.course.lesson(folder);
                let is_done = lesson
                    .as_ref()
                    .is_some_and(|lesson| self.status(lesson, Status::is_done));
                match lesson.filter(|_| is_done) {
                    Some(lesson) => (
                        format!("Your program and the reference of lesson {}", lesson.number),
                        self.compared(&lesson),
                    ),
                    None => (
                        "The reference".into(),
                        "<p>It is shown beside your own program once the lesson is done. (It is no \
                         secret: the file is there. But what you write yourself, you keep.)</p>"
                            .into(),
                    ),
                }
            }
        };
        let back = name.split('/').next_back().unwrap_or_default();
        let folder = match name.split('/').collect::<Vec<_>>()[..] {
            ["lessons", folder, ..] => folder,
            _ => back.trim_end_matches(".rs"),
        };
        let back = self.course.lesson(folder).map(|lesson| {
            format!(
                "<a href=\"{}\">Lesson {}: {}</a>",
                lesson.path(),
                lesson.number,
                escaped(&lesson.title)
            )
        });
        let body = format!(
            "<main id=\"main\" class=\"source\"><p class=\"eyebrow\"><a href=\"/\">Small web servers</a> / {}</p>\
             <h1>{}</h1>{inside}</main>",
            back.unwrap_or_default(),
            escaped(&title)
        );
        Page::still(title, body)
    }

    fn compared(&self, lesson: &Lesson) -> String {
        let read = |name: &str| fs::read_to_string(self.course.root.join(name)).unwrap_or_default();
        let (own, reference) = (read(&lesson.starter()), read(&lesson.solution()));
        format!(
            "<p><span class=\"key own\">−</span> stands in your program alone, <span class=\"key reference\">+</span> \
             in the reference alone. Both pass every check: there is more than one good way.</p>{}",
            source::difference(&own, &reference)
        )
    }

    /// A page of words alone.
    pub(crate) fn note(title: &str, words: &str) -> Page {
        let body = format!(
            "<main id=\"main\" class=\"source\"><p class=\"eyebrow\"><a href=\"/\">Small web servers</a></p>\
             <h1>{}</h1><p>{}</p></main>",
            escaped(title),
            escaped(words)
        );
        Page::still(title.into(), body)
    }
}

/// The class of a lesson on the first page, and how far it is.
fn progress(lesson: &Lesson, status: &Status) -> (&'static str, String) {
    let busy = match status.phase {
        Phase::Idle => "",
        Phase::Waiting => "<span class=\"busy\">waiting …</span>",
        Phase::Building => "<span class=\"busy\">building …</span>",
        Phase::Checking => "<span class=\"busy\">checking …</span>",
    };
    let begun = lesson
        .steps
        .iter()
        .any(|step| !status.open.contains(&step.number));
    let failing = lesson
        .steps
        .iter()
        .any(|step| matches!(status.state(step.number), State::Failing(_)));
    let class = match (status.is_done(), failing, begun) {
        (true, ..) => "done",
        (_, true, _) => "failing",
        (_, _, true) => "begun",
        _ => "open",
    };
    let dots = lesson
        .steps
        .iter()
        .map(|step| sign(status.state(step.number)));
    let dots: String = match class {
        "open" => String::new(),
        _ => dots.collect(),
    };
    let points = status.points().map(|(points, all)| match class {
        "open" => count(all as usize, "point"),
        _ => format!("{points} of {}", count(all as usize, "point")),
    });
    let steps = match lesson.steps.len() {
        0 => "nothing to write".into(),
        number => count(number, "step"),
    };
    let told = match (class, points) {
        (_, Some(points)) => points,
        (_, None) => steps,
    };
    (
        class,
        format!("<span class=\"dots\">{dots}</span><span class=\"told\">{told}{busy}</span>"),
    )
}

/// How each step of a lesson is, and what is done just now.
fn rail(lesson: &Lesson, status: &Status) -> String {
    let mut out = String::from("<ol>");
    for step in &lesson.steps {
        let state = status.state(step.number);
        let _ = write!(
            out,
            "<li><a href=\"#step-{0}-is\">{1} <span>Step {0}<span class=\"unseen\">:</span> <small>{2}</small></span></a></li>",
            step.number,
            sign(state),
            word(state)
        );
    }
    out += "</ol>";
    let now = match (status.phase, status.took, &status.trouble) {
        (Phase::Waiting | Phase::Building, ..) if status.checks.is_empty() => {
            "<span class=\"busy\">Building the checks. The first time, this takes a minute or \
             more …</span>"
                .into()
        }
        (Phase::Waiting | Phase::Building, ..) => {
            "<span class=\"busy\">Building your program …</span>".into()
        }
        (Phase::Checking, ..) => "<span class=\"busy\">Checking …</span>".into(),
        (Phase::Idle, _, Some(_)) => "The checks could not be run".into(),
        (Phase::Idle, ..) if status.not_built.is_some() => {
            status.not_built_in_short().unwrap_or_default().into()
        }
        (Phase::Idle, Some(took), _) => format!("Checked in {:.1} s", took.as_secs_f32()),
        (Phase::Idle, None, _) if !status.checks.is_empty() => {
            "Nothing has changed since the last check".into()
        }
        (Phase::Idle, None, _) => "Not checked yet".to_string(),
    };
    let points = status.points().map(|(points, all)| {
        format!(
            "<p class=\"sum\"><strong>{points}</strong> of {}</p><progress max=\"{all}\" value=\"{points}\" \
             aria-label=\"Points\"></progress>",
            count(all as usize, "point")
        )
    });
    let changed: String = status
        .changed
        .iter()
        .map(|said| format!("<p class=\"why\">{}</p>", escaped(said)))
        .collect();
    // What comes next stands below the text, far from the last step.
    let on = match status.is_done() && status.phase == Phase::Idle {
        true => "<p><a class=\"go-on\" href=\"#rest\">This lesson is done</a></p>",
        false => "",
    };
    let _ = write!(
        out,
        "{}<p class=\"now\">{now}</p>{on}{}<form method=\"post\" action=\"{}check\"><button type=\"submit\">Check again</button> <a class=\"run\" href=\"{}run/\">Run it</a></form>",
        points.unwrap_or_default(),
        if changed.is_empty() {
            String::new()
        } else {
            format!(
                "<details data-key=\"changed\"><summary>Files of the course have changed</summary>{changed}</details>"
            )
        },
        lesson.path(),
        lesson.path()
    );
    out
}

/// What the text has: its headings, as links.
fn contents(headings: &[Heading]) -> String {
    let mut out =
        String::from("<details class=\"contents\" open><summary>In this lesson</summary><ol>");
    for heading in headings
        .iter()
        .filter(|heading| heading.level == 2 || heading.step.is_some())
    {
        let class = if heading.step.is_some() {
            " class=\"sub\""
        } else {
            ""
        };
        let _ = write!(
            out,
            "<li{class}><a href=\"#{}\">{}</a></li>",
            escaped(&heading.id),
            escaped(&heading.text)
        );
    }
    out + "</ol></details>"
}

//! The page of a program that runs: its own page in a frame, its log, and the wire.

use std::fmt::Write as _;

use grader::count;

use crate::course::Lesson;
use crate::exchange::{Compared, Exchange};
use crate::failure::Reader;
use crate::html::escaped;
use crate::pages::{Fragment, Page, Pages, live};
use crate::reference;
use crate::run::{Program, Runner, State};
use crate::status::Status;
use crate::wire::{self, Side};

/// A request to begin with.
const REQUEST: &str = "GET / HTTP/1.1\nHost: localhost\n\n";

/// The most exchanges that are shown.
const MOST_SHOWN: usize = 25;

impl Pages<'_> {
    /// The program of a lesson. The request of the exchange `again` stands ready to be changed
    /// and sent once more.
    pub(crate) fn program(&self, runner: &Runner, lesson: &Lesson, again: Option<u64>) -> Page {
        let fragments = self.program_fragments(runner, lesson);
        let part = |id: &str, tag: &str, class: &str| {
            let found = fragments.iter().find(|(known, _)| known == id);
            found.map_or_else(String::new, |fragment| live(tag, class, fragment))
        };
        let program = runner.of(lesson);
        let url = url(program.as_deref());
        let again = again.and_then(|number| {
            program?.with(|shown| {
                let mut all = shown.wire.kept.iter();
                all.find(|exchange| exchange.number == number).map(by_hand)
            })
        });
        let body = format!(
            "<main id=\"main\" class=\"program\"><p class=\"eyebrow\"><a href=\"/\">Small web servers</a> / \
             <a href=\"{path}\">Lesson {number}: {title}</a></p><h1>Your program</h1>{is}\
             <div class=\"beside\"><section class=\"frame\"><h2>Its page</h2>\
             <form id=\"address\"><label for=\"path\" class=\"unseen\">Path</label>\
             <input type=\"text\" id=\"path\" name=\"path\" value=\"/\" autocomplete=\"off\" spellcheck=\"false\">\
             <button type=\"submit\">Go</button></form>\
             <iframe id=\"frame\" title=\"The page of your program\" \
             sandbox=\"allow-scripts allow-forms allow-same-origin\" src=\"{src}\"></iframe>\
             <h2>Its log</h2>{log}</section>\
             <section><h2>The wire</h2><p class=\"why\">Every byte, of whatever asks: the frame, your \
             browser, <code>curl</code>. Point at a part to see its name.</p>\
             <details class=\"by-hand\" data-key=\"by-hand\"{open}><summary>Send bytes by hand</summary>\
             <form method=\"post\" action=\"{path}send\"><label for=\"bytes\">Each line end is sent as CR LF; \
             <code>\\xff</code> is one byte.</label>\
             <textarea id=\"bytes\" name=\"bytes\" rows=\"7\" spellcheck=\"false\">{request}</textarea>\
             <button type=\"submit\">Send</button></form></details>{wire}</section></div></main>",
            path = lesson.path(),
            number = lesson.number,
            title = escaped(&lesson.title),
            is = part("run-is", "div", "run-is"),
            src = url.unwrap_or_else(|| "about:blank".into()),
            log = part("log", "div", "log"),
            wire = part("wire", "div", "exchanges"),
            open = if again.is_some() { " open" } else { "" },
            request = escaped(again.as_deref().unwrap_or(REQUEST)),
        );
        Page::new(
            format!("Your program, lesson {}", lesson.number),
            format!("/news?{}/run", lesson.folder),
            body,
        )
    }

    /// What changes on the page of a program.
    pub(crate) fn program_fragments(&self, runner: &Runner, lesson: &Lesson) -> Vec<Fragment> {
        let program = runner.of(lesson);
        let program = program.as_deref();
        let log = program.map_or_else(String::new, |program| self.log(lesson, program));
        vec![
            ("run-is".into(), self.is_running(lesson, program)),
            ("log".into(), log),
            ("wire".into(), self.exchanges(lesson, program)),
        ]
    }

    fn is_running(&self, lesson: &Lesson, program: Option<&Program>) -> String {
        let path = lesson.path();
        let arguments = program.map_or("", |program| &program.arguments);
        let start = |label: &str| {
            format!(
                "<form method=\"post\" action=\"{path}start\"><button type=\"submit\" class=\"main\">{label}</button> \
                 <label>with <input type=\"text\" name=\"arguments\" value=\"{}\" placeholder=\"no arguments\" \
                 autocomplete=\"off\" spellcheck=\"false\"></label></form>",
                escaped(arguments)
            )
        };
        let stop = format!(
            "<form method=\"post\" action=\"{path}stop\"><button type=\"submit\">Stop</button></form>"
        );
        let Some(program) = program else {
            return format!("<p>It does not run.</p>{}", start("Start"));
        };
        let state = program.with(|shown| shown.state.clone());
        let at = url(Some(program)).unwrap_or_default();
        let said = match state {
            State::Building => format!("<p class=\"busy\">Building …</p>{stop}"),
            State::Running => format!("<p>It runs, and has not said where it serves.</p>{stop}"),
            State::Serving(_) => format!(
                "<p><span class=\"sign done\" aria-hidden=\"true\">●</span> It serves at <a href=\"{at}\" target=\"_blank\" rel=\"noopener\">{at}</a>. \
                 When you save, it is started again.</p>{stop}"
            ),
            State::Ended(Some(code)) => format!(
                "<p>It has ended with exit code {code}.</p>{}",
                start("Start again")
            ),
            State::Ended(None) => format!("<p>It was ended.</p>{}", start("Start again")),
            State::NotBuilt(why) => {
                let reader = Reader {
                    course: self.course,
                    lesson,
                    editor: self.editor,
                };
                format!(
                    "<p>It does not compile.</p>{}{}",
                    reader.compiler(&why),
                    start("Start again")
                )
            }
        };
        format!(
            "<div data-run=\"{}\" data-url=\"{at}\">{said}</div>",
            program.number
        )
    }

    fn log(&self, lesson: &Lesson, program: &Program) -> String {
        let reader = Reader {
            course: self.course,
            lesson,
            editor: self.editor,
        };
        program.with(|shown| {
            let mut out = String::from("<pre class=\"plain\" tabindex=\"0\">");
            for (is_error, line) in &shown.log {
                let class = if *is_error { "err" } else { "out" };
                let _ = writeln!(
                    out,
                    "<span class=\"{class}\">{}</span>",
                    reader.printed(line)
                );
            }
            out + "</pre>"
        })
    }
}

/// Where a program serves.
fn url(program: Option<&Program>) -> Option<String> {
    match program?.with(|shown| shown.state.clone()) {
        State::Serving(port) => Some(format!("http://localhost:{port}/")),
        _ => None,
    }
}

/// A request as one writes it by hand.
fn by_hand(exchange: &Exchange) -> String {
    let mut raw = String::new();
    for chunk in exchange.request.bytes.utf8_chunks() {
        raw += chunk.valid();
        for byte in chunk.invalid() {
            let _ = write!(raw, "\\x{byte:02x}");
        }
    }
    raw.replace("\r\n", "\n")
}

impl Pages<'_> {
    /// Whether the reference may be asked the same as a lesson's program: what is written of
    /// that has passed its checks.
    pub(crate) fn may_compare(&self, lesson: &Lesson) -> bool {
        let is_there = self.course.root.join(lesson.solution()).is_file();
        let is_right = self.status(lesson, Status::is_right_so_far);
        is_there && (is_right || lesson.steps.is_empty())
    }

    /// The wire, the latest exchange first.
    fn exchanges(&self, lesson: &Lesson, program: Option<&Program>) -> String {
        let Some(program) = program else {
            return String::new();
        };
        let may_compare = self.may_compare(lesson);
        let step = self.status(lesson, Status::step_in_work);
        let mut out = match step {
            Some(step) if !may_compare && self.course.root.join(lesson.solution()).is_file() => {
                format!(
                    "<p class=\"why\">Once step {step} is done, you can compare each answer with the \
                     reference’s.</p>"
                )
            }
            _ => String::new(),
        };
        program.with(|shown| {
            if shown.wire.kept.is_empty() {
                out += "<p class=\"why\">Nobody has asked yet.</p>";
            }
            // What came before the first one is not kept.
            let is_all = shown.wire.kept.front().is_none_or(|first| first.number == 1);
            for (at, exchange) in shown.wire.kept.iter().rev().take(MOST_SHOWN).enumerate() {
                let compared = match (&exchange.reference, may_compare) {
                    (Some(Compared::Came(bytes)), _) => compared(exchange, bytes, is_all),
                    (Some(Compared::Failed(why)), _) => format!("<p class=\"why\">{}</p>", escaped(why)),
                    (Some(Compared::Asked), _) => {
                        "<p class=\"busy\">Asking the reference …</p>".into()
                    }
                    (None, true) if !exchange.response.bytes.is_empty() && !is_open(exchange) => format!(
                        "<form method=\"post\" action=\"{}compare\"><input type=\"hidden\" name=\"number\" \
                         value=\"{}\"><button type=\"submit\">Compare with the reference’s answer</button></form>",
                        lesson.path(),
                        exchange.number
                    ),
                    _ => String::new(),
                };
                let is_unfolded = at == 0 || exchange.reference.is_some();
                out += &picture(exchange, program.number, is_unfolded, &compared);
            }
        });
        out
    }
}

/// Whether the answer is that of a step that is not written yet.
fn is_open(exchange: &Exchange) -> bool {
    let answer = String::from_utf8_lossy(&exchange.response.bytes);
    answer.starts_with("HTTP/1.1 500 ") && answer.contains("not yet implemented: step ")
}

/// An answer beside the reference's. `is_all` says whether the reference was asked all that the
/// program was asked.
fn compared(exchange: &Exchange, reference: &[u8], is_all: bool) -> String {
    let mark = reference::differs(&exchange.response.bytes, reference);
    let said = match mark {
        None => {
            return "<p class=\"compared\"><span class=\"sign done\" aria-hidden=\"true\">✓</span> The \
                    reference answers the same, byte for byte (but for the Date).</p>"
                .into();
        }
        Some(_) => {
            "The reference answers something else, from the marked byte on. Your program passes its \
             checks: so this is a choice that the text leaves to you, or something that it does not \
             speak of."
        }
    };
    let before = match is_all {
        true => "It was started anew, and asked all that your program was asked before.",
        false => {
            "It was started anew, and asked what stands here. What your program was asked before is not kept."
        }
    };
    let picture = |bytes: &[u8]| match bytes.is_empty() {
        true => "<p class=\"nothing\">No byte came back.</p>".into(),
        false => wire::message(Side::Response, bytes, mark),
    };
    format!(
        "<div class=\"compared\"><p>{said}</p><div class=\"two\">\
         <figure><figcaption>Your program</figcaption>{}</figure>\
         <figure><figcaption>The reference</figcaption>{}</figure></div><p class=\"why\">{before}</p></div>",
        picture(&exchange.response.bytes),
        picture(reference),
    )
}

/// One exchange. `compared` stands below it: what the reference says.
fn picture(exchange: &Exchange, run: u128, is_unfolded: bool, compared: &str) -> String {
    let first_line = |bytes: &[u8]| {
        let line = bytes
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        let line: String = String::from_utf8_lossy(line)
            .trim_end()
            .chars()
            .take(120)
            .collect();
        escaped(&line)
    };
    let response = match exchange.response.bytes.is_empty() {
        true => "no answer yet".to_string(),
        false => first_line(&exchange.response.bytes).replacen("HTTP/1.1 ", "", 1),
    };
    let request = first_line(&exchange.request.bytes).replace(" HTTP/1.1", "");
    let took = exchange
        .took
        .map(|took| format!(", {:.1} ms", took.as_secs_f64() * 1000.0));
    let shown = wire::message(Side::Request, &exchange.request.bytes, None);
    let came = wire::message(Side::Response, &exchange.response.bytes, None);
    format!(
        "<details data-key=\"exchange {run} {number}\"{open}><summary><b>{request}</b> → {response} \
         <small>{size}{took}, connection {connection}</small></summary>\
         <div class=\"names\">{shown}{came}</div>\
         <p class=\"then\"><a class=\"edit-again\" href=\"?again={number}#bytes\" data-raw=\"{raw}\">Change it and send \
         it again</a></p>{compared}</details>",
        open = if is_unfolded { " open" } else { "" },
        number = exchange.number,
        size = count(exchange.response.size as usize, "byte"),
        took = took.unwrap_or_default(),
        connection = exchange.connection,
        raw = escaped(&by_hand(exchange)),
    )
}

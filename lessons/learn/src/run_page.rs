//! The page of a program that runs: its own page in a frame, its log, and the wire.

use std::fmt::Write as _;

use grader::count;

use crate::course::Lesson;
use crate::failure::Reader;
use crate::html::escaped;
use crate::pages::{Fragment, Page, Pages, live};
use crate::run::{Exchange, Program, Runner, State};
use crate::wire::{self, Side};

/// A request to begin with.
const REQUEST: &str = "GET / HTTP/1.1\nHost: localhost\n\n";

/// The most exchanges that are shown.
const MOST_SHOWN: usize = 25;

impl Pages<'_> {
    /// The program of a lesson.
    pub(crate) fn program(&self, runner: &Runner, lesson: &Lesson) -> Page {
        let fragments = self.program_fragments(runner, lesson);
        let part = |id: &str, tag: &str, class: &str| {
            let found = fragments.iter().find(|(known, _)| known == id);
            found.map_or_else(String::new, |fragment| live(tag, class, fragment))
        };
        let url = url(runner.of(lesson).as_deref());
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
             browser, <code>curl</code>. Point at a part to see its name.</p>{wire}\
             <details class=\"by-hand\" data-key=\"by-hand\"><summary>Send bytes by hand</summary>\
             <form method=\"post\" action=\"{path}send\"><label for=\"bytes\">Each line end is sent as CR LF; \
             <code>\\xff</code> is one byte.</label>\
             <textarea id=\"bytes\" name=\"bytes\" rows=\"7\" spellcheck=\"false\">{request}</textarea>\
             <button type=\"submit\">Send</button></form></details></section></div></main>",
            path = lesson.path(),
            number = lesson.number,
            title = escaped(&lesson.title),
            is = part("run-is", "div", "run-is"),
            src = url.unwrap_or_else(|| "about:blank".into()),
            log = part("log", "div", "log"),
            wire = part("wire", "div", "exchanges"),
            request = escaped(REQUEST),
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
            ("wire".into(), exchanges(program)),
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

/// The wire, the latest exchange first.
fn exchanges(program: Option<&Program>) -> String {
    let Some(program) = program else {
        return String::new();
    };
    program.with(|shown| {
        if shown.wire.is_empty() {
            return "<p class=\"why\">Nobody has asked yet.</p>".into();
        }
        let latest = shown.wire.iter().rev().take(MOST_SHOWN).enumerate();
        latest
            .map(|(at, exchange)| picture(exchange, program.number, at == 0))
            .collect()
    })
}

fn picture(exchange: &Exchange, run: u128, is_latest: bool) -> String {
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
    let response = match exchange.response.is_empty() {
        true => "no answer yet".to_string(),
        false => first_line(&exchange.response).replacen("HTTP/1.1 ", "", 1),
    };
    let request = first_line(&exchange.request).replace(" HTTP/1.1", "");
    let took = exchange
        .took
        .map(|took| format!(", {:.1} ms", took.as_secs_f64() * 1000.0));
    let shown = wire::message(Side::Request, &exchange.request, None);
    let came = wire::message(Side::Response, &exchange.response, None);
    // As one would write it by hand.
    let mut raw = String::new();
    for chunk in exchange.request.utf8_chunks() {
        raw += chunk.valid();
        for byte in chunk.invalid() {
            let _ = write!(raw, "\\x{byte:02x}");
        }
    }
    format!(
        "<details data-key=\"exchange {run} {number}\"{open}><summary><b>{request}</b> → {response} \
         <small>{size}{took}, connection {connection}</small></summary>\
         <div class=\"names\">{shown}{came}</div>\
         <button type=\"button\" class=\"edit-again\" data-raw=\"{raw}\">Change it and send it again</button></details>",
        open = if is_latest { " open" } else { "" },
        number = exchange.number,
        size = count(exchange.response.len(), "byte"),
        took = took.unwrap_or_default(),
        connection = exchange.connection,
        raw = escaped(&raw.replace("\r\n", "\n")),
    )
}

//! From data to text: what a student reads of a failed check and of a whole run, and the
//! results as JSON.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::place::Place;
use crate::record::{
    Act, Cause, CookieValue, Ended, Exchange, Expected, Finding, Hangs, Printed, Reply, Request,
    Seen, Text, What, random_value, short_value,
};
use crate::show::{with_reason, wrapped};

mod command;
mod results;
pub(crate) mod shell;
mod value;

pub(crate) use results::{nothing_fits, still_open, summary, write};

use shell::Shell;
use value::{bytes, lines_of, text};

/// How wide a report is.
const WIDTH: usize = 100;

/// The column in which the text of each part begins.
const INDENT: usize = 14;

/// The most lines shown of what a program printed.
const MOST_PRINTED: usize = 12;

/// The causes that were told, each with the check whose report tells it: none is told twice.
#[derive(Debug, Default)]
pub(crate) struct Told(RefCell<BTreeMap<String, String>>);

/// A part of the report of a failed check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is about, such as `expected`; empty if it goes on with the part before it.
    pub label: &'static str,
    /// Its lines, as they are.
    pub lines: Vec<String>,
    /// Whether the lines are sentences, which may be wrapped. Otherwise they are what was
    /// typed, sent or printed.
    pub prose: bool,
}

#[derive(Default)]
struct Report(Vec<Part>);

impl Report {
    /// A label, and beside it the lines.
    fn part(&mut self, label: &'static str, lines: &[String]) {
        self.add(label, lines.to_vec(), false);
    }

    /// The same, with words that are wrapped.
    fn words(&mut self, label: &'static str, words: &str) {
        self.add(label, words.lines().map(str::to_string).collect(), true);
    }

    fn add(&mut self, label: &'static str, lines: Vec<String>, prose: bool) {
        if !lines.is_empty() {
            self.0.push(Part {
                label,
                lines,
                prose,
            });
        }
    }
}

/// The report of a failed check of the package in this folder, part by part: what a student
/// reads in a terminal, for what shows it in another way.
pub fn parts(manifest_dir: &str, package: &str, seed: &str, finding: &Finding) -> Vec<Part> {
    let place = Place::new(manifest_dir, package);
    parts_of(&place, seed, finding, &Told::default())
}

/// The report of a failed check, as it stands in a terminal.
pub(crate) fn finding(place: &Place, seed: &str, finding: &Finding, told: &Told) -> String {
    let mut text = format!("{}\n", finding.check);
    for part in parts_of(place, seed, finding, told) {
        let lines = match part.prose {
            true => wrapped(&part.lines.join("\n"), WIDTH - INDENT),
            false => part.lines,
        };
        for (number, line) in lines.iter().enumerate() {
            let label = if number == 0 { part.label } else { "" };
            let line = format!("{label:INDENT$}{line}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        // Where to read, what happened, and why: three blocks.
        if matches!(part.label, LESSON | PRINTED) {
            text.push('\n');
        }
    }
    text.trim_end().into()
}

/// The label of the part that tells where to read.
const LESSON: &str = "lesson";

/// The label of the part that tells what the program printed.
const PRINTED: &str = "printed";

fn parts_of(place: &Place, seed: &str, finding: &Finding, told: &Told) -> Vec<Part> {
    let mut report = Report::default();
    let readme = place.readme();
    let help = match place.heading(finding.step) {
        Some(heading) => format!("{readme}, \"{heading}\""),
        None => readme,
    };
    report.part(LESSON, &[help]);
    let last = finding.acts.last();
    done(&mut report, place, finding);
    if let Some((expected, came)) = &finding.words {
        report.words("expected", expected);
        match last.filter(|_| came.is_empty()) {
            // What matters of it, nobody has said.
            Some((_, seen)) => report.part("came back", &came_lines(seen, &What::Serves)),
            None => report.words("came back", came),
        }
    }
    if let (Some(expected), Some((_, seen))) = (&finding.expected, last) {
        report.part("expected", &expected_lines(expected));
        report.part("came back", &came_lines(seen, &expected.what));
        report.part("difference", &difference(seen, &expected.what));
    }
    report.part(PRINTED, &printed_lines(&finding.printed));
    cause(&mut report, finding, told);
    report.part("again", &[again(place, seed, finding.step)]);
    for part in &mut report.0 {
        for line in &mut part.lines {
            *line = place.without_detours(line);
        }
    }
    report.0
}

/// What was done: the acts as commands, or the words of a function.
fn done(report: &mut Report, place: &Place, finding: &Finding) {
    let last = finding.acts.split_last();
    let earlier = last.map_or(&[][..], |(_, earlier)| earlier);
    let label = match (last, earlier.is_empty()) {
        (Some(((Act::Run(_) | Act::Start(_), _), _)), true) => "ran",
        (Some(((Act::Run(_) | Act::Start(_), _), _)), false) => "then ran",
        (Some(_), true) => "asked",
        (Some(_), false) => "then asked",
        (None, _) => "did",
    };
    if !finding.done.is_empty() {
        report.part(label, &finding.done);
        return;
    }
    report.part("first", &earlier_lines(place, earlier));
    let Some(((act, _), _)) = last else {
        return;
    };
    let mut lines = vec![command::of(place, act)];
    if let Act::Ask(_) = act {
        let usual = || format!("cargo run -p {}", place.package);
        let running = finding.running.clone().unwrap_or_else(usual);
        lines.push(format!("(with this running: {running})"));
        let typed: Vec<&str> = finding
            .acts
            .iter()
            .filter_map(|(act, _)| act.cookie())
            .collect();
        for constant in [random_value(0), short_value(0)] {
            let constant = constant.trim_end_matches('0');
            if typed.iter().any(|cookie| cookie.contains(constant)) {
                lines.push(format!(
                    "({constant}… stands for a value that your program has set before: put in yours)"
                ));
            }
        }
    }
    report.part(label, &lines);
}

/// What was done before, and what came of it.
fn earlier_lines(place: &Place, acts: &[(Act, Seen)]) -> Vec<String> {
    let lines = acts.iter().map(|(act, seen)| {
        let came = match seen {
            Seen::Exchange(exchange) => match &exchange.answer {
                Ok(answer) => format!("  came back: {}", with_reason(answer.status)),
                Err(_) => "  came back: no whole answer".into(),
            },
            Seen::Ended(ended) => match &**ended {
                Ok(ended) => format!("  ended with exit code {}", code(ended)),
                Err(_) => "  did not end".into(),
            },
            Seen::Serves | Seen::Nothing => String::new(),
        };
        [command::of(place, act), came]
    });
    lines.flatten().filter(|line| !line.is_empty()).collect()
}

fn code(ended: &Ended) -> String {
    ended.code.map_or("(none)".into(), |code| code.to_string())
}

/// What was expected, in words and quotes.
fn expected_lines(expected: &Expected) -> Vec<String> {
    let or = |values: Vec<String>| values.join(" or ");
    match &expected.what {
        What::Serves => vec!["the program serves, and goes on".into()],
        What::Status(statuses) => {
            let all = statuses.iter().map(|status| with_reason(*status));
            vec![format!("status {}", or(all.collect()))]
        }
        What::Field(name, Some(value)) => vec![format!("the header {name}: {value}")],
        What::FieldIn(name, values) => {
            vec![format!("the header {name}: {}", or(values.clone()))]
        }
        What::Field(name, None) => vec![format!("no header {name}")],
        What::FieldTwice(name, values) => {
            vec![format!(
                "the header {name} several times: {}",
                values.join("; ")
            )]
        }
        What::OwnField(name) => vec![format!(
            "a header {name} that the program itself sends, before Server"
        )],
        What::Cookie(name, kept) => match kept {
            CookieValue::Text(text) => vec![
                format!("a cookie {name}, whose value is this text, percent-encoded:"),
                value::cut(text.as_bytes(), 200),
            ],
            CookieValue::Exactly(value) => vec![format!("a cookie {name} whose value is {value}")],
            CookieValue::Forgotten => vec![format!(
                "the browser is to forget the cookie {name}: Max-Age=0, or Expires in the past"
            )],
            CookieValue::Unset => vec![format!("no cookie {name} is set")],
        },
        What::CookieAttribute(cookie, name, value) => vec![match value.as_deref() {
            None => format!("the cookie {cookie} without {name}"),
            Some("") => format!("the cookie {cookie} with {name}"),
            Some(value) => format!("the cookie {cookie} with {name}={value}"),
        }],
        What::Code(codes) => {
            let all = codes.iter().map(ToString::to_string);
            vec![format!("exit code {}", or(all.collect()))]
        }
        What::Unprinted(secret) => {
            let secret = value::cut(secret.as_bytes(), 100);
            vec![format!("nowhere in what the program prints: {secret}")]
        }
        What::Took(range) => vec![format!(
            "an end after {:.1} to {:.1} seconds",
            range.start.as_secs_f32(),
            range.end.as_secs_f32()
        )],
        What::Asked(requests) if requests.is_empty() => {
            vec!["the service is not asked for anything".into()]
        }
        What::Asked(requests) => {
            let asked = requests.iter().map(|r| format!("  {}", asked_line(r)));
            let head = "the service is asked for just this:".to_string();
            [head].into_iter().chain(asked).collect()
        }
        What::Body(due) => text("body", due),
        What::Stdout(due) => text("standard output", due),
        What::Stderr(due) => text("standard error", due),
    }
}

fn asked_line(request: &Request) -> String {
    let Request { method, target, .. } = request;
    format!("{method} {target}")
}

/// What was seen, with what matters for this.
fn came_lines(seen: &Seen, what: &What) -> Vec<String> {
    match seen {
        Seen::Exchange(exchange) => exchange_lines(exchange, what),
        Seen::Ended(ended) => match &**ended {
            Ok(ended) => ended_lines(ended, what),
            Err(Hangs::Runs(ended)) => vec![format!(
                "no end: it still ran after {:.1} seconds, and was ended",
                ended.took.as_secs_f32()
            )],
            Err(Hangs::Flood(_)) => vec!["no end: output without end".into()],
        },
        Seen::Serves => vec!["it serves".into()],
        Seen::Nothing => Vec::new(),
    }
}

fn exchange_lines(exchange: &Exchange, what: &What) -> Vec<String> {
    let answer = match &exchange.answer {
        Ok(answer) => answer,
        Err(_) if exchange.came.is_empty() => return vec!["nothing".into()],
        Err(_) => return bytes(&exchange.came),
    };
    if let What::Took(_) = what {
        let seconds = exchange.took.as_secs_f32();
        return vec![format!(
            "{} after {seconds:.1} seconds",
            with_reason(answer.status)
        )];
    }
    let mut lines = vec![format!("status {}", with_reason(answer.status))];
    let fields = answer.fields.iter();
    lines.extend(fields.map(|(name, value)| value::line(&format!("{name}: {value}"))));
    lines.push(String::new());
    lines.extend(match what {
        What::Body(due) => value::seen(&answer.body, due),
        _ => value::page(&answer.body),
    });
    lines
}

fn ended_lines(ended: &Ended, what: &What) -> Vec<String> {
    let all = |printed: &Printed, due: &Text| match printed.left_out {
        0 => value::seen(&printed.text().into(), due),
        _ => vec![format!("{} bytes", printed.len())],
    };
    match what {
        What::Stdout(due) => all(&ended.stdout, due),
        What::Stderr(due) => all(&ended.stderr, due),
        What::Asked(_) if ended.asked.is_empty() => vec!["it was not asked for anything".into()],
        What::Asked(_) => {
            let asked = ended.asked.iter();
            asked
                .map(|exchange| match &exchange.request {
                    Some(request) => value::line(&asked_line(request)),
                    None => "bytes that are no request".into(),
                })
                .collect()
        }
        _ => vec![format!(
            "exit code {}, after {:.1} seconds",
            code(ended),
            ended.took.as_secs_f32()
        )],
    }
}

/// The first byte that differs, where two texts should be the same; or the text that is not
/// seen as often as it should be.
fn difference(seen: &Seen, what: &What) -> Vec<String> {
    let printed = |seen: &Seen, of: fn(&Ended) -> &Printed| {
        seen.ended().map(|ended| of(ended).text().into_bytes())
    };
    if let (What::Body(Text::ShowsEach(texts)), Some(answer)) = (what, seen.answer()) {
        return value::miscount(texts, &answer.body);
    }
    if let (What::Body(Text::Json(due)), Some(answer)) = (what, seen.answer()) {
        return value::json_difference(due, &answer.body);
    }
    let (came, due) = match what {
        What::Body(Text::Exactly(due)) => (seen.answer().map(|a| a.body.to_vec()), due),
        What::Stdout(Text::Exactly(due)) => (printed(seen, |ended| &ended.stdout), due),
        What::Stderr(Text::Exactly(due)) => (printed(seen, |ended| &ended.stderr), due),
        _ => return Vec::new(),
    };
    came.map(|came| value::difference(due, &came))
        .unwrap_or_default()
}

fn printed_lines(printed: &Ended) -> Vec<String> {
    let marked = |mark: &str, printed: &Printed| -> Vec<String> {
        let lines = lines_of(printed, MOST_PRINTED);
        lines
            .into_iter()
            .map(|line| format!("{mark}| {line}"))
            .collect()
    };
    let mut lines = marked("out", &printed.stdout);
    lines.extend(marked("err", &printed.stderr));
    if lines.is_empty() {
        lines.push("nothing".into());
    }
    lines
}

/// The cause; or where it is told already.
fn cause(report: &mut Report, finding: &Finding, told: &Told) {
    let (label, all): (&'static str, Vec<&crate::record::Told>) = match &finding.cause {
        Cause::Rule(one) => ("cause", vec![one]),
        Cause::Certain(one) => ("your mistake", vec![one]),
        Cause::OneOf(all) => ("one of these", all.iter().collect()),
        Cause::Both(one, other) => ("two mistakes", vec![one, other]),
        Cause::NotSought(why) => {
            let words = format!(
                "Not known: the search for it broke, and that is the fault of the check itself, \
                 not yours ({why}). Please tell the people who keep the course, with this report."
            );
            report.words("cause", &words);
            return;
        }
        // Nobody has looked for the cause of what no model says.
        Cause::Unexplained(_) if finding.expected.is_none() => return,
        Cause::Unexplained(common) => {
            let words = "No mistake that we know explains all your answers, so we don't guess.";
            report.words("cause", words);
            common.iter().for_each(|common| report.words("", common));
            return;
        }
    };
    let key: Vec<&str> = all.iter().map(|one| one.says.as_str()).collect();
    let key = key.join("\n");
    let mut known = told.0.borrow_mut();
    if let Some(first) = known.get(&key) {
        let short = format!("The same as above, for \"{first}\".");
        if short.len() < key.len() {
            report.words(label, &short);
            return;
        }
    }
    known.insert(key, finding.check.clone());
    match &all[..] {
        [one] => report.words(label, &one.says),
        all => {
            for (number, one) in all.iter().enumerate() {
                let label = if number == 0 { label } else { "" };
                report.words(label, &format!("{}. {}", number + 1, one.says));
            }
        }
    }
}

/// The command that runs the checks of the step again with the same values.
fn again(place: &Place, seed: &str, step: u32) -> String {
    let test = format!("cargo test -p {} \"step {step}\"", place.package);
    let seed = ("GRADE_SEED".to_string(), seed.to_string());
    Shell::here().with_variables(&vec![seed], &test)
}

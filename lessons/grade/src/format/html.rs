//! One page for the instructor: who has which points in which step, what stops most of
//! them, and each one's failures. It is one file, and needs no network.

use std::collections::{BTreeMap, BTreeSet};

use super::{count, escape};
use crate::edits::Edits;
use crate::record::{LessonRecord, Outcome, Record, State, Step, StepState};

/// How many mistakes are on the board.
const ON_THE_BOARD: usize = 12;

/// How many pairs of similar files are shown.
const MOST_PAIRS: usize = 40;

/// How many names stand there without a click.
const MOST_NAMES: usize = 8;

pub(super) fn write(records: &[Record], edits: &Edits) -> String {
    let body = [
        head(records),
        faults(records),
        map(records),
        board(records, edits),
        distribution(records),
        similar(records),
        students(records),
    ]
    .concat();
    let (style, script) = (include_str!("report.css"), include_str!("report.js"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}<script>\n{script}</script>\n</body>\n</html>\n",
        title = count(records.len(), "submission"),
    )
}

fn head(records: &[Record]) -> String {
    let Some(first) = records.first() else {
        return "<h1>No submissions</h1>\n".into();
    };
    let grading = &first.grading;
    let mut points: Vec<u32> = records.iter().map(|record| record.points).collect();
    points.sort_unstable();
    let full = records.iter().filter(|record| record.is_full()).count();
    let figures = [
        (records.len().to_string(), "submissions".to_string()),
        (
            points[points.len() / 2].to_string(),
            format!("points of {}, the median", first.all_points),
        ),
        (full.to_string(), "with full points".into()),
    ];
    let figures = figures.map(|(figure, of)| format!("<li><b>{figure}</b> {}</li>\n", escape(&of)));
    let commit = match (&grading.commit, grading.changed) {
        (Some(commit), false) => format!("commit {commit:.12}"),
        (Some(commit), true) => format!("commit {commit:.12}, with changes that are not committed"),
        (None, _) => "no commit".into(),
    };
    format!(
        "<h1>Grading of {time}</h1>\n<ul class=\"figures\">\n{figures}</ul>\n\
         <p class=\"quiet\">Seed {seed}. Course: {commit}. Confined by: {confinement}.</p>\n",
        time = escape(&grading.time.replace('T', ", ").replace('Z', " UTC")),
        figures = figures.concat(),
        seed = escape(&grading.seed),
        commit = escape(&commit),
        confinement = escape(&grading.confinement),
    )
}

/// What the grader itself has failed at: to be looked at first.
fn faults(records: &[Record]) -> String {
    let mut items = String::new();
    for (number, record) in records.iter().enumerate() {
        for lesson in record
            .lessons
            .iter()
            .filter(|lesson| lesson.state == State::NotGraded)
        {
            items += &format!(
                "<li><a href=\"#s{number}\">{}</a>, {}</li>\n",
                escape(&record.who),
                escape(&lesson.lesson)
            );
        }
    }
    match items.is_empty() {
        true => items,
        false => format!(
            "<div class=\"warning\"><b>Not graded, and that is the grader's fault:</b>\n<ul>\n{items}</ul></div>\n"
        ),
    }
}

/// How many have how much.
fn distribution(records: &[Record]) -> String {
    let mut tenths = [0_usize; 10];
    for record in records.iter().filter(|record| record.all_points > 0) {
        let tenth = (record.points * 10 / record.all_points).min(9);
        tenths[tenth as usize] += 1;
    }
    let most = tenths.iter().max().copied().unwrap_or(0).max(1);
    let mut rows = String::new();
    for (tenth, number) in tenths.iter().enumerate().rev() {
        let width = 18.0 * *number as f64 / most as f64;
        rows += &format!(
            "<tr><th>{} to {} %</th><td><span class=\"bar\" style=\"width:{width:.1}rem\"></span>{number}</td></tr>\n",
            tenth * 10,
            tenth * 10 + 10
        );
    }
    format!("<h2>How many have how much</h2>\n<table class=\"bars\">\n{rows}</table>\n")
}

/// The mistakes that most make, with the lesson's sentence, and the edit of the reference that
/// makes it: what to show tomorrow.
fn board(records: &[Record], edits: &Edits) -> String {
    // By lesson and name: the sentences (they may quote values), and who.
    let mut mistakes: BTreeMap<(u32, &str, &str), (&str, BTreeSet<usize>)> = BTreeMap::new();
    for (number, record) in records.iter().enumerate() {
        for lesson in &record.lessons {
            for mistake in lesson.checks().flat_map(|check| &check.mistakes) {
                let key = (lesson.number, lesson.lesson.as_str(), mistake.name.as_str());
                let entry = mistakes
                    .entry(key)
                    .or_insert((&mistake.says, BTreeSet::new()));
                entry.1.insert(number);
            }
        }
    }
    if mistakes.is_empty() {
        return String::new();
    }
    let mut mistakes: Vec<_> = mistakes.into_iter().collect();
    mistakes.sort_by_key(|(key, (_, who))| (std::cmp::Reverse(who.len()), *key));
    let mut items = String::new();
    for ((_, lesson, name), (says, who)) in mistakes.iter().take(ON_THE_BOARD) {
        let links = who.iter().map(|number| {
            format!(
                "<a href=\"#s{number}\">{}</a>",
                escape(&records[*number].who)
            )
        });
        let links = links.collect::<Vec<_>>().join(", ");
        let links = match who.len() <= MOST_NAMES {
            true => format!("<br>{links}"),
            false => format!("<details><summary>who</summary><p>{links}</p></details>"),
        };
        items += &format!(
            "<li><b>{number}</b> in {lesson}: {says} <span class=\"quiet\">({name})</span>{edit}{links}</li>\n",
            number = count(who.len(), "student"),
            lesson = escape(lesson),
            says = escape(says),
            name = escape(name),
            edit = edits.get(lesson, name).map_or(String::new(), edit),
        );
    }
    format!("<h2>What stops most of them</h2>\n<ul class=\"board\">\n{items}</ul>\n")
}

/// What the mistake looks like, beside the reference.
fn edit(lines: &str) -> String {
    format!(
        "<details><summary>in the reference, it would be</summary>\n<pre>{}</pre></details>",
        escape(lines)
    )
}

/// Students by steps.
fn map(records: &[Record]) -> String {
    let lessons = records.first().map_or(&[][..], |record| &record.lessons);
    let (mut names, mut steps) = (String::new(), String::new());
    for lesson in lessons {
        names += &format!(
            "<th class=\"first\" colspan=\"{}\" title=\"{}\">{}</th>",
            lesson.steps.len().max(1),
            escape(&lesson.lesson),
            lesson.number
        );
        for (at, step) in lesson.steps.iter().enumerate() {
            let title = step
                .title
                .clone()
                .unwrap_or_else(|| format!("Step {}", step.step));
            steps += &format!(
                "<th{} title=\"{}\">{}</th>",
                first(at),
                escape(&title),
                step.step
            );
        }
    }
    let mut rows = String::new();
    for (number, record) in records.iter().enumerate() {
        rows += &format!(
            "<tr><th title=\"{who}\"><a href=\"#s{number}\">{who}</a></th><td class=\"number\">{points}</td>",
            who = escape(&record.who),
            points = record.points
        );
        for lesson in &record.lessons {
            for (at, step) in lesson.steps.iter().enumerate() {
                rows += &cell(number, lesson, step, at == 0);
            }
        }
        rows += "</tr>\n";
    }
    format!(
        "<h2>Who has which step</h2>\n\
         <p class=\"quiet\">✓ all points of a step, a number: this many points, · still a todo!(), ✗ no points, \
         ! does not compile, – no file, ? not graded. A cell leads to the reports.</p>\n\
         <div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr><th class=\"who\">lesson</th><th class=\"points\"></th>{names}</tr>\n\
         <tr><th class=\"who\">step</th><th class=\"points\">points</th>{steps}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

fn first(at: usize) -> &'static str {
    if at == 0 { " class=\"first\"" } else { "" }
}

fn cell(number: usize, lesson: &LessonRecord, step: &Step, is_first: bool) -> String {
    let (sign, words) = match (lesson.state, step.state) {
        (State::DoesNotCompile, _) => ("!".into(), "does not compile"),
        (State::Missing, _) => ("–".into(), "no file"),
        (State::NotGraded, _) => ("?".into(), "not graded"),
        (_, StepState::Passed) => ("✓".into(), "all points"),
        (_, StepState::Open) => ("·".into(), "still a todo!()"),
        _ if step.points == 0 => ("✗".into(), "no points"),
        _ => (step.points.to_string(), "some points"),
    };
    let share = match step.all_points {
        // An extra step without points is done or not.
        0 => u32::from(step.state == StepState::Passed) * 100,
        all => step.points * 100 / all,
    };
    let (much, first) = (
        if share > 55 { " much" } else { "" },
        if is_first { " first" } else { "" },
    );
    format!(
        "<td class=\"cell{much}{first}\" style=\"--share:{share}%\" title=\"{lesson}, step {step}: {words}, {points} of {all}\">\
         <a href=\"#s{number}-{place}\">{sign}</a></td>",
        lesson = escape(&lesson.lesson),
        step = step.step,
        points = step.points,
        all = step.all_points,
        place = lesson.number,
    )
}

/// Pairs of files that are much alike, side by side.
fn similar(records: &[Record]) -> String {
    let number_of = |who: &str| records.iter().position(|record| record.who == who);
    let mut pairs = BTreeMap::new();
    for record in records {
        for similar in &record.similar {
            let turned = record.who > similar.with;
            let (one, other) = match turned {
                false => (record.who.as_str(), similar.with.as_str()),
                true => (similar.with.as_str(), record.who.as_str()),
            };
            let key = (
                std::cmp::Reverse(similar.percent),
                &similar.lesson,
                one,
                other,
            );
            pairs.entry(key).or_insert((similar, turned));
        }
    }
    if pairs.is_empty() {
        return String::new();
    }
    let link = |who: &str| match number_of(who) {
        Some(number) => format!("<a href=\"#s{number}\">{}</a>", escape(who)),
        None => escape(who),
    };
    let mut items = String::new();
    for ((_, lesson, one, other), (similar, turned)) in pairs.iter().take(MOST_PAIRS) {
        let mut columns = String::new();
        for passage in &similar.passages {
            let own = (passage.line, &passage.text);
            let others = (passage.other_line, &passage.other_text);
            let both = if *turned {
                [others, own]
            } else {
                [own, others]
            };
            for (line, text) in both {
                columns += &format!(
                    "<div><span class=\"quiet\">line {line}</span><pre>{}</pre></div>\n",
                    escape(text)
                );
            }
        }
        items += &format!(
            "<details><summary><b>{percent} %</b> {lesson}: {one} and {other}</summary>\n\
             <p>{links}</p>\n<div class=\"beside\">\n{columns}</div></details>\n",
            percent = similar.percent,
            lesson = escape(lesson),
            one = escape(one),
            other = escape(other),
            links = [link(one), link(other)].join(", "),
        );
    }
    let left_out = match pairs.len().saturating_sub(MOST_PAIRS) {
        0 => String::new(),
        more => format!("<p>{} more are left out.</p>\n", count(more, "pair")),
    };
    format!(
        "<h2>Files that are much alike</h2>\n<p class=\"quiet\">To be looked at by a person. Names, values, comments, \
         what the starter says and what many have written do not count; the figure is the part of the rest of the \
         shorter one that is in both. Alike is not copied.</p>\n{items}{left_out}"
    )
}

/// Each one's failures.
fn students(records: &[Record]) -> String {
    let mut parts = String::from("<h2>Each one</h2>\n");
    for (number, record) in records.iter().enumerate() {
        let name = record.person.as_ref().map(|person| person.name.as_str());
        let name = name.filter(|name| !name.is_empty());
        let name = name.map_or(String::new(), |name| format!(" ({})", escape(name)));
        parts += &format!(
            "<details id=\"s{number}\"><summary><b>{}</b>{name}, {} of {}</summary>\n",
            escape(&record.who),
            record.points,
            count(record.all_points as usize, "point")
        );
        let adjustments = record.adjustments.iter().map(ToString::to_string);
        for note in record.notes.iter().cloned().chain(adjustments) {
            parts += &format!("<p>{}</p>\n", escape(&note));
        }
        for lesson in &record.lessons {
            parts += &of_lesson(number, lesson);
        }
        parts += "</details>\n";
    }
    parts
}

fn of_lesson(number: usize, lesson: &LessonRecord) -> String {
    let file = lesson.file.as_ref().map(|file| {
        format!(
            "<p class=\"quiet\">{} <code title=\"SHA-256\">{}</code></p>\n",
            escape(&file.path),
            &escape(&file.sha256.0)[..12.min(file.sha256.0.len())]
        )
    });
    let state = match lesson.state {
        State::Graded => String::new(),
        State::DoesNotCompile => ", does not compile".into(),
        State::Missing => ", no file".into(),
        State::NotGraded => ", not graded: the grader's fault".into(),
    };
    let mut parts = format!(
        "<h3 id=\"s{number}-{place}\">{place} {name}: {points} of {all}{state}</h3>\n{file}",
        place = lesson.number,
        name = escape(&lesson.lesson),
        points = lesson.points,
        all = count(lesson.all_points as usize, "point"),
        file = file.unwrap_or_default(),
    );
    for chosen in &lesson.variant {
        parts += &format!(
            "<p class=\"quiet\">{}: <code>{}</code></p>\n",
            escape(&chosen.what),
            escape(&chosen.to_string())
        );
    }
    if let Some(why) = &lesson.why {
        parts += &format!("<pre>{}</pre>\n", escape(why));
    }
    for step in &lesson.steps {
        for check in step
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed)
        {
            let name = format!("step {}: {}", step.step, check.name);
            let mistakes = check.mistakes.iter().map(|mistake| mistake.name.as_str());
            let mut mistakes = mistakes.collect::<Vec<_>>().join(" + ");
            if check.private {
                mistakes = format!("your own check {mistakes}");
            }
            parts += &format!(
                "<details><summary>{} <span class=\"quiet\">{}</span></summary>\n<pre>{}</pre></details>\n",
                escape(&name),
                escape(&mistakes),
                escape(check.report.as_deref().unwrap_or_default())
            );
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use grader::Browser;
    use serde_json::{Value, json};

    use super::*;
    use crate::edits::tests::edits;
    use crate::format::tests::{class, with_variant};
    use crate::record::{Passage, Similar};

    #[test]
    fn the_page_has_the_figures_the_board_and_the_reports() {
        let page = write(&class(), &edits());
        for part in [
            "<b>3</b> submissions",
            "<b>1</b> points of 12, the median",
            "<b>1 student</b> in ant: You count from 0. Count from 1 &amp; &lt;up&gt;. <span class=\"quiet\">(one-too-few)",
            "<pre>- 1..\n+ 0..</pre>",
            "<tr><th>90 to 100 %</th><td><span class=\"bar\" style=\"width:9.0rem\"></span>1</td>",
            "ant, step 1: some points, 1 of 3",
            "bee, step 2: does not compile, 0 of 3",
            "<details id=\"s2\"><summary><b>cy &lt;3</b>, 0 of 12 points",
            "<pre>step 1: check\nasked  curl &#39;x&#39; &lt;b&gt;\n</pre>",
        ] {
            assert!(page.contains(part), "{part}\nis not in\n{page}");
        }
    }

    #[test]
    fn it_says_which_variant_was_used() {
        let page = write(&[with_variant()], &edits());
        let said =
            "<p class=\"quiet\">the &lt;path&gt;: <code>a | 2 = &quot;b | 3&quot;</code></p>";
        assert!(page.contains(said), "{page}");
    }

    #[test]
    fn the_page_needs_nothing_else_and_all_links_lead_somewhere() {
        let page = write(&class(), &edits());
        for outside in ["http://", "https://", "src=", "<link", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        for link in page.split("href=\"#").skip(1) {
            let (to, _) = link.split_once('"').unwrap();
            assert!(page.contains(&format!("id=\"{to}\"")), "{to}");
        }
    }

    #[test]
    fn a_pair_that_is_alike_is_shown_once_side_by_side() {
        let mut records = class();
        let passage = |line, other_line, text: &str, other: &str| Passage {
            line,
            other_line,
            text: text.into(),
            other_text: other.into(),
        };
        let similar = |with: &str, passage| Similar {
            lesson: "ant".into(),
            with: with.into(),
            percent: 80,
            passages: vec![passage],
        };
        records[0].similar = vec![similar("cy <3", passage(1, 2, "let a;", "let b;"))];
        records[2].similar = vec![similar("ada", passage(2, 1, "let b;", "let a;"))];
        for records in [&records[..], &records[2..]] {
            let page = write(records, &edits());
            assert_eq!(
                page.matches("<b>80 %</b> ant: ada and cy &lt;3<").count(),
                1
            );
            let columns = "line 1</span><pre>let a;</pre></div>\n<div><span class=\"quiet\">line 2</span><pre>let b;";
            assert!(page.contains(columns), "{page}");
        }
    }

    /// On a phone, on a desk and on paper, in a real browser.
    #[test]
    fn all_of_it_can_be_read() {
        let mut browser = match Browser::start() {
            Ok(browser) => browser,
            Err(why) => return println!("not tried: {why}"),
        };
        let mut records = class();
        for record in &mut records {
            // As many steps as a whole course has.
            let lessons = record.lessons.clone();
            record.lessons = lessons.iter().cycle().take(50).cloned().collect();
            for (number, lesson) in (1..).zip(&mut record.lessons) {
                lesson.number = number;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("report.html");
        std::fs::write(&page, write(&records, &edits())).unwrap();
        let mut call = |method: &str, parameters: Value| {
            let until = Instant::now() + Duration::from_secs(30);
            let result = match method {
                "Page.navigate" => browser.load(until, |browser| {
                    browser.call(method, parameters, until).map(drop)
                }),
                _ => return browser.call(method, parameters, until).unwrap_or_default(),
            };
            result.unwrap_or_else(|trouble| panic!("{method}: {}", trouble.words()));
            Value::Null
        };
        let url = format!("file://{}", page.display());
        call("Page.navigate", json!({ "url": url }));
        let holds = |call: &mut dyn FnMut(&str, Value) -> Value, what: &str| {
            let began = Instant::now();
            let asked = || json!({"expression": what, "returnByValue": true});
            while call("Runtime.evaluate", asked())["result"]["value"] != true {
                assert!(began.elapsed() < Duration::from_secs(10), "{what}");
            }
        };
        for (width, media) in [(390, "screen"), (1280, "screen"), (1047, "print")] {
            let of_device = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600});
            call("Emulation.setDeviceMetricsOverride", of_device);
            call("Emulation.setEmulatedMedia", json!({ "media": media }));
            holds(
                &mut call,
                "document.documentElement.scrollWidth <= innerWidth",
            );
        }
        // On paper, nothing can be moved.
        holds(
            &mut call,
            "document.querySelector('.scroll table').getBoundingClientRect().right <= innerWidth",
        );
        holds(
            &mut call,
            "[...document.querySelectorAll('.cell')].every(cell => cell.textContent.trim())",
        );
        holds(
            &mut call,
            "performance.getEntriesByType('resource').length === 0",
        );
        call("Emulation.setEmulatedMedia", json!({"media": "screen"}));
        call(
            "Runtime.evaluate",
            json!({"expression": "document.querySelector('a[href=\"#s1-1\"]').click()"}),
        );
        holds(&mut call, "document.getElementById('s1').open");
        holds(
            &mut call,
            "(top => top > -2 && top < innerHeight)(document.getElementById('s1-1').getBoundingClientRect().top)",
        );
    }

    #[test]
    fn nobody_writes_tags_into_it() {
        let mut records = class();
        records[0].who = "<script>alert(1)</script>".into();
        records[1].lessons[1].why = Some("</pre><script>alert(2)</script>".into());
        assert_eq!(write(&records, &edits()).matches("<script>").count(), 1);
    }
}

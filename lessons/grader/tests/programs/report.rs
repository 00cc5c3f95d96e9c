//! What a student reads, as they read it.

use grader::record::{Event, Outcome, Record, Seen};
use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

pub fn trials() -> Vec<Trial> {
    vec![
        test("a report has its five parts", golden),
        test("a cause is told once in full", one_cause),
        test("a short cause is told again", short_cause),
        test("requests that came before are told", earlier),
        test("the same seed asks for the same values", seeds),
        test("a filter changes no value", filter),
        test("results go to a folder too", folder),
        test("a tool gets events and nothing else", events),
    ]
}

const UNKNOWN: &str = "another path answers 404";

fn golden() {
    let mut stage = Stage::of("finds everything");
    let text = "# Path router\n\n## Step 1: The homepage\n\n## Step 2: Every other path\n";
    stage.write("lessons/1_path_router/README.md", text);
    let (_, _, message) = stage.run().check(UNKNOWN);
    // The port is another one each time.
    const START: &str = "Serving HTTP on http://localhost:";
    let (before, after) = message.split_once(START).expect("a start line");
    let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let message = format!("{before}{START}PORT{after}\n");
    let expected = include_str!("report.txt").replace("\r\n", "\n");
    assert_eq!(message, expected, "got:\n{message}");
}

/// The likely causes in a text, each in one line.
fn causes(text: &str) -> Vec<String> {
    let text = text.replace("\nyour mistake  ", "\ncause         ");
    let parts = text.split("\ncause         ").skip(1);
    let whole = parts.map(|part| part.split("\nagain ").next().unwrap_or_default());
    whole
        .map(|cause| cause.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn events() {
    let result = Stage::of("finds everything").set("GRADE_EVENTS", "1").run();
    let read = |line: &str| serde_json::from_str::<Event>(line).expect("an event");
    let events: Vec<Event> = result.stdout.lines().map(read).collect();
    let names = events.iter().map(|event| match event {
        Event::Started { .. } => "started",
        Event::Built(_) => "built",
        Event::NotBuilt(_) => "not built",
        Event::Checked(_) => "checked",
        Event::Explained(_) => "explained",
        Event::Changed(_) => "changed",
        Event::Ended => "ended",
    });
    let names: Vec<&str> = names.collect();
    let expected = [
        "started",
        "built",
        "checked",
        "checked",
        "explained",
        "changed",
        "ended",
    ];
    assert_eq!(names, expected, "{}", result.stdout);
    let record = Record::of(events);
    assert_eq!((record.points, record.all_points), (1, 3));
    let Outcome::Failed(finding) = &record.checks[1].outcome else {
        panic!("it is wrong: {:?}", record.checks[1]);
    };
    assert!(!finding.cause.names().is_empty(), "the cause is told");
    let (_, seen) = finding.acts.last().expect("it was asked");
    let Seen::Exchange(exchange) = seen else {
        panic!("an answer: {seen:?}");
    };
    let sent = exchange.sent.text();
    assert!(
        sent.starts_with("GET /") && sent.ends_with("\r\n\r\n"),
        "{sent}"
    );
}

fn one_cause() {
    let result = Stage::of("ends while answering").run();
    let told = causes(&result.stdout);
    assert!(told[0].contains("exit code 7"), "{told:?}");
    let again = "The same as above, for \"step 1: GET / answers the homepage\".";
    assert_eq!(told[1..], [again]);
    // Who reads one result by itself reads all of it.
    for name in result.names() {
        let (_, _, message) = result.check(name);
        assert_eq!(causes(&message), told[..1]);
    }
    // So does who runs one check.
    let only = format!("step 2: {UNKNOWN}");
    let result = Stage::of("ends while answering").only(&only).run();
    assert_eq!(causes(&result.stdout), told[..1]);
}

fn short_cause() {
    let result = Stage::of("is right").set("MORE_CHECKS", "1").run();
    let told = causes(&result.stdout);
    let short = "Sort the names before you list them.";
    assert_eq!(told.iter().filter(|cause| *cause == short).count(), 2);
}

fn earlier() {
    let stage = Stage::of("is right").set("MORE_CHECKS", "1");
    let result = stage.only("step 3: a message is kept").run();
    // What was asked after the GET that failed is no part of the story.
    let (_, _, message) = result.check("a message is kept");
    let expected = "
first         curl -i --data-raw message=Tom+%26+Jerry http://localhost:8000/
                came back: 404 Not Found
then asked    curl -i http://localhost:8000/
              (with this running: cargo run -p path_router)
expected      a body with \"Tom & Jerry\"
came back     status 200 OK
";
    assert!(message.contains(expected), "{message}");
}

fn value(seed: &str, check: Option<&str>) -> String {
    let mut stage = Stage::of("is right")
        .set("MORE_CHECKS", "1")
        .set("GRADE_SEED", seed);
    if let Some(check) = check {
        stage = stage.only(check);
    }
    let (_, _, message) = stage.run().check("the seed");
    let asked = message
        .lines()
        .filter(|line| line.starts_with("asked") || line.starts_with("expected"));
    asked.collect::<Vec<_>>().join("\n")
}

fn seeds() {
    let only = Some("step 3: the seed");
    let first = value("any text, even ねこ", only);
    assert!(first.contains("curl -i http://localhost:8000/"), "{first}");
    assert_eq!(first, value("any text, even ねこ", only));
    assert_ne!(first, value("another text", only));
    // Without a seed, each run has its own.
    assert_ne!(value("", only), value("", only));
}

fn filter() {
    let only = Some("step 3: the seed");
    assert_eq!(value("1", only), value("1", None));
}

fn folder() {
    let mut stage = Stage::of("is right");
    // From the root of the workspace, and made if need be.
    stage.command.env("GRADE_REPORT", "results/today");
    assert!(stage.run().success);
    let file = stage.folder.join("results/today/path_router.json");
    let text = std::fs::read_to_string(file).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["lesson"], "path_router");
    assert_eq!(report["seed"], "7342");
    let check = serde_json::json!({
        "step": 2, "name": UNKNOWN, "points": 2,
        "outcome": "passed", "diagnosis": null, "message": null, "finding": null,
    });
    assert_eq!(report["checks"][1], check);
}

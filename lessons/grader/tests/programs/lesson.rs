//! A lesson that grades the programs of `student`, in its own process.

use std::process::ExitCode;
use std::time::Duration;

use grader::{
    Act, Draw, Expect, Lesson, Limits, Mistakes, Model, Run, Status, Verdict, Whole, get, post,
    request,
};

/// Grades, as the main of a grade.rs does.
pub fn grade(folder: &str) -> ExitCode {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if is_set("CLIENT") {
        return crate::client::grade(folder);
    }
    let lesson = with_limits(Lesson::new(folder, "path_router", PathRouter));
    if is_set("BROWSER") {
        return crate::browser::checks(lesson).grade();
    }
    if is_set("SHOWN") {
        let shown = |run: &mut Run<'_>| Err(run.get("/")?.wrong("another answer"));
        return lesson.check(1, 1, "the answer is shown", shown).grade();
    }
    if is_set("TERMINATED") {
        let ends = |run: &mut Run<'_>| {
            let program = run.program().serve()?;
            program.terminate()?;
            program.wait()?.expect_code(143)
        };
        return lesson.check(1, 1, "SIGTERM ends it", ends).grade();
    }
    if is_set("SLOW_CHECK") {
        return slow(lesson, folder).grade();
    }
    if is_set("SECOND_PROGRAM") {
        return second_program(lesson).grade();
    }
    let lesson = lesson
        .example(1, 1, "GET / answers the homepage", Whole, |_| [get("/")])
        .example(2, 2, "another path answers 404", Whole, |draw| {
            [get(draw.path())]
        });
    if is_set("SESSIONS") {
        let found = |run: &mut Run<'_>| run.get("/nowhere")?.expect_status(404);
        let lesson = lesson.check(2, 1, "a function finds nothing", found);
        return lesson.sessions(1).grade();
    }
    if is_set("CONTENT") {
        let content = |run: &mut Run<'_>| run.get("/nowhere").map(drop);
        let name = "a function is content";
        let lesson = lesson.check(1, 1, name, content).check(2, 1, name, content);
        return lesson.check(3, 1, name, content).grade();
    }
    if !is_set("MORE_CHECKS") {
        return lesson.grade();
    }
    lesson
        .example(1, 1, "a query string changes nothing", Status, |_| {
            [get("/?a=b")]
        })
        .example(3, 1, "HEAD / answers 200", Status, |_| {
            [request("HEAD", "/")]
        })
        .example(3, 1, "GET /old is no redirect", Whole, |_| [get("/old")])
        .example(3, 1, "GET /form shows a text", Whole, |_| [get("/form")])
        .example(3, 1, "POST / answers 303", Whole, |_| {
            [post("/").form(&[("message", "Tom & Jerry")])]
        })
        .example(3, 1, "POST / answers bytes", Whole, |_| {
            [post("/").body(&b"cat \xff \0"[..])]
        })
        .check(3, 1, "a message is kept", kept)
        .check(3, 1, "the seed", seed)
        .check(3, 1, "the names are sorted", sorted)
        .check(3, 1, "the names are still sorted", sorted)
        .check(3, 1, "a broken check", |run| {
            run.get("/")?;
            panic!("the check has a bug")
        })
        .grade()
}

/// With the limits that the environment sets, in milliseconds.
pub fn with_limits<M: Model>(lesson: Lesson<M>) -> Lesson<M> {
    let milliseconds = |name: &str| {
        let value = std::env::var(name).ok()?.parse().ok()?;
        Some(Duration::from_millis(value))
    };
    let usual = Limits::default();
    lesson.limits(Limits {
        start: milliseconds("START_LIMIT").unwrap_or(usual.start),
        answer: milliseconds("CHECK_LIMIT").unwrap_or(usual.answer),
        build: milliseconds("BUILD_LIMIT").unwrap_or(usual.build),
        ..usual
    })
}

const TEXT: &str = "text/plain; charset=utf-8";

/// `/` has a homepage, and a form can be posted to it.
struct PathRouter;

/// What it does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    unknown: u16,
    home: fn() -> &'static str,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            unknown: 404,
            home: || "Homepage\n",
        }
    }
}

impl Model for PathRouter {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        let found = |step| Expect::step(step).status(200);
        Some(match (&*asked.method, asked.path()) {
            ("GET", "/") => found(1).field("Content-Type", TEXT).body((knobs.home)()),
            ("HEAD", "/") => found(1).field("Content-Type", TEXT),
            ("GET", "/old") => found(3)
                .field("X-Powered-By", None)
                .field("Cache-Control", "no-store")
                .body_has("Homepage"),
            ("GET", "/form") => found(3)
                .body_lacks("<script>")
                .hides("secret")
                .has_tag("p", &[])
                .has_tag("form", &[("method", "post")])
                .shows("Tom & the <b>"),
            ("GET", _) => Expect::step(2)
                .status(knobs.unknown)
                .body("Page not found\n"),
            ("POST", "/") => match asked.form_field("message") {
                Some(message) => Expect::step(3).status(303).shows(message),
                None => found(3).body(asked.body.clone()?),
            },
            _ => return None,
        })
    }

    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        if std::env::var_os("BROKEN_MODEL").is_some() {
            panic!("the model has a bug");
        }
        // "/old" and "/form" are far from these.
        vec![get(draw.path_near(&["/", "/about"]) + &draw.query())]
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "always-found",
                "You answer 200 for a path that nobody knows.",
                |knobs| knobs.unknown = 200,
            )
            .wrong(
                "final-newline",
                "The line end is missing: \"Homepage\\n\".",
                |knobs| knobs.home = || "Homepage",
            );
        if std::env::var_os("BROKEN_KNOB").is_some() {
            mistakes.wrong("broken", "This is never said.", |knobs| {
                knobs.home = || panic!("the knob has a bug");
            });
        }
    }
}

/// A message is posted, and then the page is looked at; what comes later is not its story.
fn kept(run: &mut Run<'_>) -> Verdict {
    run.ask(post("/").form(&[("message", "Tom & Jerry")]))?;
    let page = run.get("/")?;
    run.ask(request("DELETE", "/"))?;
    page.expect_body_contains("Tom & Jerry")
}

/// Fails, and tells the values in its report.
fn seed(run: &mut Run<'_>) -> Verdict {
    let path = run.seed().path();
    let word = run.seed().word();
    Err(run.get(&path)?.wrong(format!("another word than {word}")))
}

/// Knows the likely cause itself.
fn sorted(run: &mut Run<'_>) -> Verdict {
    let sorted = run.get("/")?.expect_body_contains("ant, bee, cat");
    sorted.map_err(|failure| failure.because("unsorted", "Sort the names before you list them."))
}

/// A check that goes on when the test says so.
fn slow<M: Model>(lesson: Lesson<M>, folder: &str) -> Lesson<M> {
    let folder = std::path::PathBuf::from(folder);
    lesson.check(1, 1, "a check that waits", move |run| {
        run.get("/")?.expect_body("Homepage\n")?;
        let root = folder.ancestors().nth(2).expect("a root");
        std::fs::write(root.join("begun"), "").expect("a file");
        while !root.join("go on").exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        // The same program, from the same bytes.
        run.program().serve()?.get("/x")?.expect_status(404)
    })
}

/// Checks with a second program of the lesson's package.
fn second_program<M: Model>(lesson: Lesson<M>) -> Lesson<M> {
    lesson
        .check(1, 1, "the second program answers", |run| {
            let people = run.binary("people").serve()?;
            people.get("/ada")?.expect_body("Ada")?;
            assert!(people.url().ends_with(&format!("t:{}", people.port())));
            run.get("/ada")?.expect_status(404)?;
            let again = run.program().env("PORT", "0").serve()?;
            again.get("/")?.expect_body("Homepage\n")?;
            people.stop();
            // Nobody listens any more, so another one may have the port.
            run.get("/")?.expect_status(200)
        })
        .check(1, 1, "the second program is named", |run| {
            let call = run.binary("people").arg("-v").env("KIND", "cat");
            call.serve()?.get("/bob")?.expect_status(404)
        })
        .check(1, 1, "the variable is named", |run| {
            run.env("COLOR", "light blue");
            run.get("/")?.expect_status(404)
        })
        .check(1, 1, "a program that is not there", |run| {
            run.binary("nobody").serve().map(drop)
        })
}

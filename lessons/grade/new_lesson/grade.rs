//! The checks of lesson NUMBER, PACKAGE.

use std::process::ExitCode;

use grader::{Act, Draw, Expect, Mistakes, Model, Seen, Status, Whole, get};

fn main() -> ExitCode {
    grader::lesson!(Handling)
        .example(1, 1, "GET / answers 200", Status, |_| [get("/")])
        .example(1, 2, "GET / answers the text Hello", Whole, |_| [get("/")])
        .sessions(1)
        .grade()
}

/// What the program does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    status: u16,
    text: String,
}

impl Default for Knobs {
    fn default() -> Self {
        let text = "Hello\n".into();
        Self { status: 200, text }
    }
}

struct Handling;

impl Model for Handling {
    type Knobs = Knobs;
    type State = ();

    /// What the lesson's text promises of the answer; `None` where it leaves it open.
    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked_get()?;
        (asked.has_plain_path() && asked.path() == "/").then(|| {
            Expect::step(1)
                .status(knobs.status)
                .field("Content-Type", Some("text/plain; charset=utf-8"))
                .body(&knobs.text)
        })
    }

    /// What to ask next.
    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        vec![get(format!("/{}", draw.query()))]
    }

    /// Mistakes that students make, and what a teacher would say.
    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes.wrong(
            "created",
            "The status is 201, which says that something was made. Nothing was: it is 200.",
            |knobs| knobs.status = 201,
        );
    }

    /// Values that were mistyped, whatever they are.
    fn mistyped(_: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let Some(answer) = seen.answer() else { return };
        let text = answer.text().into_owned();
        mistakes.wrong(
            "other-text",
            "The text is another one than the lesson asks for. Compare the two letter by letter.",
            move |knobs| knobs.text.clone_from(&text),
        );
    }
}

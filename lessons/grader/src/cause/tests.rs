//! Causes of what a small board does, with mistakes of each kind.

use std::time::Duration;

use super::*;
use crate::model::{self, LENGTH, Mistakes};
use crate::record::{Answer, Bytes, Ended, Exchange, Expect, get, post};

/// A board: POST keeps a message, GET shows all.
struct Board;

#[derive(Clone)]
struct Knobs {
    kept: fn(&str) -> String,
    joined: String,
    last_only: bool,
    empty: u16,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            kept: str::to_string,
            joined: "+".into(),
            last_only: false,
            empty: 400,
        }
    }
}

impl Model for Board {
    type Knobs = Knobs;
    type State = Vec<String>;

    fn expect(knobs: &Knobs, kept: &mut Vec<String>, act: &Act) -> Option<Expect> {
        if let Some(asked) = act.asked_post() {
            if asked.text().is_empty() {
                return Some(Expect::step(2).status(knobs.empty));
            }
            if knobs.last_only {
                kept.clear();
            }
            kept.push((knobs.kept)(&asked.text()));
            return Some(Expect::step(1).status(303));
        }
        let asked = act.asked_get().filter(|asked| asked.path() == "/")?;
        assert_eq!(asked.query(), "");
        Some(Expect::step(1).body(kept.join(&knobs.joined)))
    }

    fn draw(draw: &mut Draw, _: &Vec<String>) -> Vec<Act> {
        match draw.below(5) {
            0 => vec![get("/")],
            1 => vec![post("/").body("")],
            2 => vec![post("/").body(draw.word() + " ")],
            _ => vec![post("/").body(draw.text())],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong("capitals", "", |knobs| {
                knobs.kept = |text| text.to_uppercase()
            })
            .wrong("no-tags", "", |knobs| {
                knobs.kept = |text| text.replace('<', "")
            })
            .wrong("last-only", "", |knobs| knobs.last_only = true)
            .wrong("empty-is-well", "", |knobs| knobs.empty = 303)
            .wrong("nothing-kept", "", |knobs| knobs.kept = |_| String::new());
    }

    fn mistyped(_: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let Some(answer) = seen.answer() else { return };
        if let Some((_, rest)) = answer.text().split_once(|c: char| !c.is_alphanumeric()) {
            let between = answer.text().replace(rest, "");
            let between = between.chars().next_back().unwrap_or('+').to_string();
            mistakes.wrong("joined", "", move |knobs| knobs.joined = between.clone());
        }
    }
}

/// A board as a program would be that has this mistake.
fn played<M: Model>(knobs: &M::Knobs, acts: &[Act]) -> Play {
    let mut state = M::State::default();
    let play = acts.iter().map(|act| {
        let mut answer = Answer::new(200, "");
        let expect = model::step::<M>(knobs, &mut state, act, &Open::new()).unwrap();
        for expected in expect.all() {
            match &expected.what {
                crate::record::What::Status(statuses) => answer.status = statuses[0],
                crate::record::What::Body(crate::record::Text::Exactly(body)) => {
                    answer.body = body.clone();
                }
                other => panic!("{other:?}"),
            }
        }
        let seen = match act {
            Act::Restart => Seen::Nothing,
            _ => came(answer),
        };
        (act.clone(), seen)
    });
    play.collect()
}

pub(super) fn came(answer: Answer) -> Seen {
    Seen::Exchange(Box::new(Exchange {
        request: None,
        answer: Ok(answer),
        sent: Bytes::default(),
        came: Bytes::default(),
        connection: 1,
        took: Duration::ZERO,
    }))
}

fn cause(set: impl Fn(&mut Knobs)) -> Cause {
    explained(set).cause
}

fn explained(set: impl Fn(&mut Knobs)) -> Explained<Board> {
    let mut knobs = Knobs::default();
    set(&mut knobs);
    let mut draw = Draw::new(&["cause"]);
    let drawn = model::session::<Board>(&mut draw, LENGTH, &Open::new());
    let acts: Vec<Act> = drawn.acts.into_iter().map(|(act, _)| act).collect();
    explained_by::<Board>(&knobs, &acts, &mut draw)
}

/// What explains a program with these mistakes, of which these acts are seen first.
fn explained_by<M: Model>(knobs: &M::Knobs, acts: &[Act], draw: &mut Draw) -> Explained<M> {
    let plays = vec![played::<M>(knobs, acts)];
    explain::<M>(&plays, &Open::new(), draw, &mut |acts, _| {
        Some(played::<M>(knobs, acts))
    })
}

#[test]
fn a_mistake_is_told_by_all_that_was_seen() {
    for name in [
        "capitals",
        "last-only",
        "empty-is-well",
        "nothing-kept",
        "no-tags",
    ] {
        let mistakes = model::mistakes::<Board>();
        let mistake = mistakes.all().iter().find(|mistake| mistake.name == name);
        let cause = cause(|knobs| mistake.unwrap().set(knobs));
        assert!(
            matches!(&cause, Cause::Certain(told) if told.name == name),
            "{cause:?}"
        );
    }
}

#[test]
fn two_mistakes_are_told_together() {
    let cause = cause(|knobs| {
        knobs.empty = 303;
        knobs.kept = |text| text.to_uppercase();
    });
    assert_eq!(cause.names(), ["capitals", "empty-is-well"], "{cause:?}");
}

/// POST counts a text, GET tells how many there are.
struct Counter;

#[derive(Clone, Default)]
struct Miscounted {
    with_empty: bool,
    one_less: bool,
}

impl Model for Counter {
    type Knobs = Miscounted;
    type State = usize;

    fn expect(knobs: &Miscounted, count: &mut usize, act: &Act) -> Option<Expect> {
        let Some(asked) = act.asked_post() else {
            let told = count.saturating_sub(usize::from(knobs.one_less));
            return Some(Expect::step(1).body(told.to_string()));
        };
        if asked.text().is_empty() && !knobs.with_empty {
            return Some(Expect::step(1).status(400));
        }
        *count += 1;
        Some(Expect::step(1).status(303))
    }

    fn draw(draw: &mut Draw, _: &usize) -> Vec<Act> {
        let text = draw.pick(&["", "one", "two"]);
        vec![post("/").body(text), get("/")]
    }

    fn mistakes(mistakes: &mut Mistakes<Miscounted>) {
        mistakes
            .wrong("with-empty", "", |knobs| knobs.with_empty = true)
            .wrong("one-less", "", |knobs| knobs.one_less = true);
    }
}

#[test]
fn of_two_mistakes_one_may_hide_the_other() {
    let texts = ["one", "two", "three", "", "four", "", "", ""];
    let acts: Vec<Act> = texts
        .into_iter()
        .flat_map(|text| [post("/").body(text), get("/")])
        .collect();
    let both = Miscounted {
        with_empty: true,
        one_less: true,
    };
    // Behind one empty text, the number is right.
    let mut draw = Draw::new(&["hidden"]);
    let cause = explained_by::<Counter>(&both, &acts, &mut draw).cause;
    assert_eq!(cause.names(), ["with-empty", "one-less"], "{cause:?}");
}

#[test]
fn of_two_mistakes_each_failure_has_its_own() {
    let mut knobs = Knobs::default();
    let set = |knobs: &mut Knobs| {
        knobs.empty = 303;
        knobs.kept = |text| text.to_uppercase();
    };
    set(&mut knobs);
    let explained = explained(set);
    let names = |acts: &[Act]| {
        let cause = explained.of(&played::<Board>(&knobs, acts), &Open::new());
        cause.names().join(" ")
    };
    let (said, nothing) = (post("/").body("x"), post("/").body(""));
    assert_eq!(names(&[said.clone(), get("/")]), "capitals");
    assert_eq!(names(&[said, nothing]), "empty-is-well");
}

#[test]
fn a_slip_is_told_where_no_mistake_of_the_lesson_explains() {
    // No knob of the board says so.
    let cause = cause(|knobs| knobs.kept = |text| text.trim_end().into());
    assert_eq!(cause.names(), ["body-trimmed"], "{cause:?}");
}

#[test]
fn what_nobody_knows_is_not_guessed() {
    for wrong in [
        |text: &str| text.to_lowercase().replace('1', "2"),
        |text: &str| {
            if text.len() < 9 {
                text.to_uppercase()
            } else {
                text.into()
            }
        },
    ] {
        let cause = cause(|knobs| knobs.kept = wrong);
        assert!(matches!(cause, Cause::Unexplained(_)), "{cause:?}");
    }
}

/// A board that finds the length of a body by a name in these letters.
fn by_letters(acts: &[Act], connections: Connections, finds_small: bool) -> Play {
    let is_small = matches!(connections, Connections::Ureq | Connections::Small);
    let mut play = played::<Board>(&Knobs::default(), acts);
    for (_, seen) in play.iter_mut().filter(|_| is_small != finds_small) {
        if seen.answer().is_some_and(|answer| answer.status == 303) {
            *seen = came(Answer::new(411, ""));
        }
    }
    play
}

#[test]
fn names_of_headers_that_are_compared_letter_by_letter_are_told() {
    for (finds_small, connections) in [(false, Connections::Ureq), (true, Connections::Each)] {
        let acts = [post("/").body("one"), post("/").body("two")];
        let play = |connections| by_letters(&acts, connections, finds_small);
        let plays = [Connections::Ureq, Connections::Each].map(play);
        assert!(plays.iter().any(|seen| *seen == play(connections)));
        let mut draw = Draw::new(&["cause"]);
        let again =
            &mut |acts: &[Act], connections| Some(by_letters(acts, connections, finds_small));
        let explained = explain::<Board>(&plays, &Open::new(), &mut draw, again);
        assert_eq!(explained.cause.names(), ["header-letters"]);
    }
}

#[test]
fn what_is_wrong_with_all_letters_is_not_told_by_them() {
    let mut times = 0;
    let acts = [post("/").body("one"), get("/")];
    let mut by_chance = |acts: &[Act], _| {
        times += 1;
        let knobs = Knobs {
            kept: if times % 3 == 0 {
                |text| text.replace('n', "")
            } else {
                str::to_string
            },
            ..Knobs::default()
        };
        Some(played::<Board>(&knobs, acts))
    };
    let plays = [(); 3].map(|()| by_chance(&acts, Connections::Ureq).unwrap());
    let mut draw = Draw::new(&["cause"]);
    let explained = explain::<Board>(&plays, &Open::new(), &mut draw, &mut by_chance);
    assert!(matches!(explained.cause, Cause::Unexplained(_)));
}

/// A board that capitalizes, and whose server fails if there is more on it than this.
fn failing(acts: &[Act]) -> Play {
    let knobs = Knobs {
        kept: |text| text.to_uppercase(),
        ..Knobs::default()
    };
    let mut play = played::<Board>(&knobs, acts);
    for (_, seen) in &mut play {
        let long = seen.answer().map_or(0, |answer| answer.body.len());
        if long > 30 {
            *seen = came(Answer::new(500, &*format!("there are {long} bytes")));
        }
    }
    play
}

#[test]
fn beside_a_server_that_fails_the_other_mistake_is_told() {
    let mut draw = Draw::new(&["cause"]);
    let acts = [post("/").body("one"), get("/"), post("/").body("two")];
    let long = post("/").body("a text with many letters in it, to make it long");
    let plays = [failing(&acts), failing(&[long.clone(), get("/")])];
    let explained = explain::<Board>(&plays, &Open::new(), &mut draw, &mut |acts, _| {
        Some(failing(acts))
    });
    let of = |play: &Play| explained.of(play, &Open::new());
    assert_eq!(of(&plays[0][..2].to_vec()).names(), ["capitals"]);
    // What it does not explain, it is not told of.
    let other = [(get("/"), came(Answer::new(200, "zwei")))];
    assert!(matches!(of(&other.to_vec()), Cause::Unexplained(_)));
    assert!(matches!(of(&plays[1]), Cause::Unexplained(_)));
}

/// The cause of the last of these answers, after a panic: a body was posted, or got.
fn after_a_panic(play: &[(&str, u16, &str)]) -> Option<String> {
    let panic = "index out of bounds (src/main.rs:9:5)";
    let seen = |(posted, status, body): &(&str, u16, &str)| {
        let act = match *posted {
            "" => get("/"),
            posted => post("/").body(posted),
        };
        let page = format!("<h1>500</h1><p>{panic}</p>");
        let body = if *status == 500 { page.as_str() } else { *body };
        (act, came(Answer::new(*status, body)))
    };
    let play: Play = play.iter().map(seen).collect();
    let printed = Ended {
        stderr: (&*format!("handler panicked: {panic}\n")).into(),
        ..Ended::default()
    };
    let told = after_panic::<Board>(1, &play, &Open::new(), &printed)?;
    assert!(told.says.contains("POST / failed"), "{told:?}");
    assert!(told.says.contains(panic), "{told:?}");
    Some(told.name)
}

#[test]
fn a_panic_explains_that_what_it_lost_is_missing() {
    let lost = ("two", 500, "");
    let told = |play: &[_]| after_a_panic(play).as_deref() == Some("panicked");
    assert!(told(&[lost, ("", 200, "")]));
    assert!(told(&[("one", 303, ""), lost, ("", 200, "one")]));
    assert!(told(&[lost, ("one", 303, ""), lost, ("", 200, "one")]));
}

#[test]
fn a_panic_explains_nothing_else() {
    let lost = ("two", 500, "");
    // Something else is wrong, too.
    assert_eq!(after_a_panic(&[lost, ("", 200, "zwei")]), None);
    let before = [("one", 303, ""), lost];
    for wrong in ["", "ONE", "one+TWO"] {
        let play = [&before[..], &[("", 200, wrong)]].concat();
        assert_eq!(after_a_panic(&play), None, "{wrong}");
    }
    // What panicked would have changed nothing.
    let read = ("", 500, "");
    assert_eq!(after_a_panic(&[read, ("one", 200, "")]), None);
    // It came later, or not at all.
    assert_eq!(after_a_panic(&[("", 200, "x"), lost]), None);
    assert_eq!(after_a_panic(&[("one", 303, ""), ("", 200, "")]), None);
}

#[test]
fn a_poisoned_lock_is_not_told_as_a_request_that_is_wrong() {
    let says = |panic: &str| {
        let page = format!("<h1>500</h1><p>{panic}</p>");
        let seen = came(Answer::new(500, page.as_str()));
        let printed = Ended {
            stderr: (&*format!("handler panicked: {panic}\n")).into(),
            ..Ended::default()
        };
        let told = rules::rule(1, &get("/"), &seen, &printed).expect("a panic is told");
        assert_eq!(told.name, "panicked");
        told.says
    };
    let unwrap = |error: &str| {
        says(&format!(
            "called `Result::unwrap()` on an `Err` value: {error} (src/main.rs:9:5)"
        ))
    };
    let poisoned = unwrap("PoisonError { .. }");
    assert!(poisoned.contains("The lock is poisoned"), "{poisoned}");
    assert!(!poisoned.contains("comes from a client"), "{poisoned}");
    assert!(unwrap("ParseIntError").contains("comes from a client"));
}

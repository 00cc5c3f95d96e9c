//! Why a program is wrong, as far as that is sure.
//!
//! First come [rules]: what is no misconception, such as a panic or a connection that
//! breaks. Then mistakes are tried: a mistake is told only if a program with it would have
//! given every answer that was seen, the right ones, too, and gives every answer to a few
//! more questions: in another order, on one connection, behind a request that it answers
//! wrongly, after a restart. If several remain, the question that tells them apart is
//! asked. If none remains, nothing is guessed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::bench::Connections;
use crate::model::{self, Draw, Mistake, Mistakes, Model, Open, Read};
use crate::record::{Act, Cause, Expect, Request, Seen, Told};

mod rules;

pub(crate) use rules::{not_serving, rule};

/// Acts that were played on one program, with what was seen after each.
pub(crate) type Play = Vec<(Act, Seen)>;

/// How long mistakes are sought.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many sessions are looked at for an act that tells two mistakes apart.
const MOST_DRAWN: usize = 200;

/// The most answers that constants are taken from.
const MOST_MISTYPED: usize = 12;

/// Mistakes that are made together.
struct Guess<M: Model>(Vec<Mistake<M::Knobs>>);

impl<M: Model> Clone for Guess<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: Model> Guess<M> {
    fn knobs(&self) -> M::Knobs {
        let mut knobs = M::Knobs::default();
        for mistake in &self.0 {
            mistake.set(&mut knobs);
        }
        knobs
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|mistake| mistake.name.as_str()).collect()
    }

    fn told(&self) -> Vec<Told> {
        let told = |mistake: &Mistake<M::Knobs>| Told {
            name: mistake.name.clone(),
            says: mistake.says.clone(),
        };
        self.0.iter().map(told).collect()
    }
}

/// An act that was played, what was seen after it, and whether that is right.
struct Judged {
    act: Act,
    seen: Seen,
    /// What the model says of it, if it says anything of what was seen.
    due: Option<Expect>,
    right: bool,
    /// What was read of the page that was seen.
    read: Read,
}

impl Judged {
    fn is_wrong(&self) -> bool {
        self.due.is_some() && !self.right
    }
}

/// A play, held against what is right.
fn judged<M: Model>(play: &[(Act, Seen)], open: &Open) -> Vec<Judged> {
    let (knobs, mut state) = (M::Knobs::default(), M::State::default());
    let judge = |(act, seen): &(Act, Seen)| {
        let due = model::step::<M>(&knobs, &mut state, act, open);
        let due = due.filter(|_| *seen != Seen::Nothing);
        let read = Read::default();
        let right = due
            .as_ref()
            .is_some_and(|due| due.differs_from(seen, &read).is_none());
        Judged {
            act: act.clone(),
            seen: seen.clone(),
            due,
            right,
            read,
        }
    };
    play.iter().map(judge).collect()
}

/// The acts of a play of which the model says anything, each with whether what was seen is
/// what a guess expects. (Act by act: one answer can be enough.)
fn compare<'a, M: Model>(
    knobs: &M::Knobs,
    play: &'a [Judged],
    open: &Open,
) -> impl Iterator<Item = (&'a Judged, bool)> {
    let mut state = M::State::default();
    play.iter().filter_map(move |one| {
        let guessed = model::step::<M>(knobs, &mut state, &one.act, open);
        let due = one.due.as_ref()?;
        // What a wrong setting leaves open, it does not explain.
        let guessed = guessed.is_some_and(|expect| match expect == *due {
            true => one.right,
            false => expect.differs_from(&one.seen, &one.read).is_none(),
        });
        Some((one, guessed))
    })
}

fn explains<M: Model>(guess: &Guess<M>, plays: &[Vec<Judged>], open: &Open) -> bool {
    let knobs = guess.knobs();
    let all = |play: &Vec<Judged>| compare::<M>(&knobs, play, open).all(|(_, guessed)| guessed);
    plays.iter().all(all)
}

/// The cause of what is wrong with a program.
pub(crate) struct Explained<M: Model> {
    cause: Cause,
    /// If it is two mistakes: each alone.
    both: Vec<Guess<M>>,
}

impl<M: Model> Explained<M> {
    /// The cause of what went wrong at the last of these acts: of two mistakes, the one that
    /// explains it alone, if just one does.
    pub(crate) fn of(&self, acts: &[(Act, Seen)], open: &Open) -> Cause {
        let judged = judged::<M>(acts, open);
        let explains = |guess: &&Guess<M>| {
            let last = compare::<M>(&guess.knobs(), &judged, open).last();
            last.is_some_and(|(_, guessed)| guessed)
        };
        let mut alone = self.both.iter().filter(explains);
        match (alone.next(), alone.next()) {
            (Some(one), None) => Cause::Certain(one.told().remove(0)),
            _ => self.cause.clone(),
        }
    }
}

/// The cause of what is wrong in these plays. `play` plays more acts on a fresh program.
pub(crate) fn explain<M: Model>(
    plays: &[Play],
    open: &Open,
    draw: &mut Draw,
    play: &mut dyn FnMut(&[Act], Connections) -> Option<Play>,
) -> Explained<M> {
    let judge = |play: &Play| judged::<M>(&until_a_rule(play), open);
    let mut sought = Sought::<M> {
        plays: plays.iter().map(judge).collect(),
        open,
        until: Instant::now() + PATIENCE,
        draw,
        play,
        model: std::marker::PhantomData,
    };
    sought.cause()
}

/// The play without what has a cause that is no mistake of a model. What a server remembers
/// behind it is unknown; a program that is run remembers nothing.
fn until_a_rule(play: &[(Act, Seen)]) -> Play {
    let ends = |(act, seen): &(Act, Seen)| rules::is_broken(seen) && !matches!(act, Act::Run(_));
    let end = play.iter().position(ends).unwrap_or(play.len());
    let left = play[..end]
        .iter()
        .filter(|(_, seen)| !rules::is_broken(seen));
    left.cloned().collect()
}

struct Sought<'a, M: Model> {
    plays: Vec<Vec<Judged>>,
    open: &'a Open,
    until: Instant,
    draw: &'a mut Draw,
    play: &'a mut dyn FnMut(&[Act], Connections) -> Option<Play>,
    model: std::marker::PhantomData<M>,
}

impl<M: Model> Sought<'_, M> {
    fn cause(&mut self) -> Explained<M> {
        let guess = |mistakes: &Mistakes<M::Knobs>| -> Vec<Guess<M>> {
            let all = mistakes.all().iter();
            all.map(|one| Guess(vec![one.clone()])).collect()
        };
        let mut single = guess(&model::mistakes::<M>());
        let explains = |guess: &&Guess<M>| self.explains(guess);
        let mut left: Vec<Guess<M>> = single.iter().filter(explains).cloned().collect();
        // What is said of a mistake that is known is worth more than "this text is wrong".
        let mistyped = guess(&self.mistyped());
        if left.is_empty() {
            left = mistyped.iter().filter(explains).cloned().collect();
        }
        single.extend(mistyped);
        self.ask_on(&mut left);
        if left.is_empty() {
            left = self.pairs(&single);
            self.ask_on(&mut left);
            // Of two pairs, one is wrong, and nothing says which.
            if let [both] = &one_of_each(&left)[..]
                && let [one, other] = &both.told()[..]
            {
                return Explained {
                    cause: Cause::Both(one.clone(), other.clone()),
                    both: both.0.iter().map(|one| Guess(vec![one.clone()])).collect(),
                };
            }
            return Cause::Unexplained(self.in_common()).into();
        }
        let mut told: Vec<Told> = one_of_each(&left).iter().flat_map(Guess::told).collect();
        match told.len() {
            1 => Cause::Certain(told.remove(0)).into(),
            _ => Cause::OneOf(told).into(),
        }
    }

    /// The mistakes in constants that the wrong answers tell.
    fn mistyped(&self) -> Mistakes<M::Knobs> {
        let mut mistakes = Mistakes::new();
        let wrong = self.plays.iter().flatten().filter(|one| one.is_wrong());
        for wrong in wrong.take(MOST_MISTYPED) {
            M::mistyped(&wrong.act, &wrong.seen, &mut mistakes);
        }
        mistakes
    }

    fn explains(&self, guess: &Guess<M>) -> bool {
        explains(guess, &self.plays, self.open)
    }

    /// Pairs that explain everything together, where each explains something alone and
    /// contradicts no right answer.
    fn pairs(&self, single: &[Guess<M>]) -> Vec<Guess<M>> {
        let fits = |guess: &&Guess<M>| {
            let knobs = guess.knobs();
            let compared = self
                .plays
                .iter()
                .flat_map(|play| compare::<M>(&knobs, play, self.open));
            let mut explains = false;
            for (one, guessed) in compared {
                explains |= !one.right && guessed;
                if one.right && !guessed {
                    return false;
                }
            }
            explains
        };
        let fit: Vec<&Guess<M>> = single.iter().filter(fits).collect();
        let mut pairs = Vec::new();
        for (at, one) in fit.iter().enumerate() {
            for other in &fit[at + 1..] {
                if one.names() != other.names() && Instant::now() < self.until {
                    let both = Guess([&one.0[..], &other.0[..]].concat());
                    if self.explains(&both) {
                        pairs.push(both);
                    }
                }
            }
        }
        pairs
    }

    /// Asks the program on, and keeps only those guesses that explain these answers, too.
    fn ask_on(&mut self, left: &mut Vec<Guess<M>>) {
        if left.is_empty() {
            return;
        }
        for (acts, connections) in self.confirming() {
            self.ask(left, &acts, connections);
        }
        while one_of_each(left).len() > 1 && Instant::now() < self.until {
            let Some(acts) = self.telling_apart(left) else {
                return;
            };
            let before = left.len();
            self.ask(left, &acts, Connections::Each);
            if left.len() == before {
                return;
            }
        }
    }

    fn ask(&mut self, left: &mut Vec<Guess<M>>, acts: &[Act], connections: Connections) {
        if let Some(play) = (self.play)(acts, connections) {
            let judged = judged::<M>(&until_a_rule(&play), self.open);
            self.plays.push(judged);
            left.retain(|guess| explains(guess, &self.plays[self.plays.len() - 1..], self.open));
        }
    }

    /// Acts for a fresh program, so that no chance explains anything.
    fn confirming(&mut self) -> Vec<(Vec<Act>, Connections)> {
        let is_wrong = |play: &&Vec<Judged>| play.iter().any(Judged::is_wrong);
        let Some(wrong) = self.plays.iter().find(is_wrong) else {
            return Vec::new();
        };
        let same: Vec<Act> = wrong.iter().map(|one| one.act.clone()).collect();
        // A program that has to be waited for is asked once.
        if same.iter().any(Act::waits) {
            return Vec::new();
        }
        let mut more = || -> Vec<Act> {
            let drawn = model::usual_session::<M>(self.draw, self.open);
            drawn.acts.into_iter().map(|(act, _)| act).collect()
        };
        let behind = [same.clone(), more()].concat();
        let restarted = [more(), vec![Act::Restart], same.clone(), more()].concat();
        let shuffled = self.draw.shuffled([same, restarted.clone()].concat());
        vec![
            (behind, Connections::One),
            (restarted, Connections::Each),
            (shuffled, Connections::One),
        ]
    }

    /// Acts after which two of the guesses expect different things.
    fn telling_apart(&mut self, left: &[Guess<M>]) -> Option<Vec<Act>> {
        let guesses = one_of_each(left);
        for _ in 0..MOST_DRAWN {
            let drawn = model::usual_session::<M>(self.draw, self.open);
            let acts: Vec<Act> = drawn.acts.into_iter().map(|(act, _)| act).collect();
            if acts.iter().any(Act::waits) {
                continue;
            }
            let expected = guesses.iter().map(|guess| {
                let (knobs, mut state) = (guess.knobs(), M::State::default());
                let expect = |act| model::step::<M>(&knobs, &mut state, act, self.open);
                acts.iter().map(expect).collect::<Vec<_>>()
            });
            let expected: Vec<_> = expected.collect();
            if expected.iter().any(|other| *other != expected[0]) {
                return Some(acts);
            }
            if Instant::now() > self.until {
                break;
            }
        }
        None
    }

    /// What the wrong answers, and only they, have in common.
    fn in_common(&self) -> Vec<String> {
        let judged = self.plays.iter().flatten().filter(|one| one.due.is_some());
        let asked = |one: &Judged| Some((one.act.asked()?.clone(), one.right));
        let asked: Vec<(Request, bool)> = judged.filter_map(asked).collect();
        in_common(&asked)
    }
}

impl<M: Model> From<Cause> for Explained<M> {
    fn from(cause: Cause) -> Self {
        let both = Vec::new();
        Self { cause, both }
    }
}

/// The first guess of each name.
fn one_of_each<M: Model>(guesses: &[Guess<M>]) -> Vec<Guess<M>> {
    let mut first = BTreeMap::new();
    for (at, guess) in guesses.iter().enumerate() {
        first.entry(guess.names()).or_insert(at);
    }
    let mut places: Vec<usize> = first.into_values().collect();
    places.sort_unstable();
    places.into_iter().map(|at| guesses[at].clone()).collect()
}

/// A thing that requests can have in common.
type Feature = (&'static str, fn(&Request) -> bool);

const FEATURES: [Feature; 11] = [
    ("is a GET", |asked| asked.method == "GET"),
    ("is a POST", |asked| asked.method == "POST"),
    ("is a HEAD", |asked| asked.method == "HEAD"),
    ("asks for the path /", |asked| asked.path() == "/"),
    ("has a query", |asked| asked.target.contains('?')),
    ("has no query", |asked| !asked.target.contains('?')),
    ("has a percent sign in its path", |asked| {
        asked.path().contains('%')
    }),
    ("has a + in its query or body", |asked| {
        asked.query().contains('+') || asked.text().contains('+')
    }),
    (
        "has a body with other bytes than ASCII, perhaps encoded",
        |asked| !asked.text().is_ascii() || asked.text().contains('%'),
    ),
    ("has an empty body", |asked| {
        asked.body.as_ref().is_some_and(|body| body.is_empty())
    }),
    ("has a path that ends with a slash", |asked| {
        asked.path().len() > 1 && asked.path().ends_with('/')
    }),
];

/// What is true of all requests that were answered wrongly, and of no other.
fn in_common(asked: &[(Request, bool)]) -> Vec<String> {
    let wrong = || asked.iter().filter(|(_, right)| !right);
    let (count, others) = (wrong().count(), asked.len() - wrong().count());
    if count < 3 || others < 3 {
        return Vec::new();
    }
    let only = |(_, holds): &&Feature| {
        asked
            .iter()
            .all(|(request, right)| holds(request) != *right)
    };
    let said = |(what, _): &Feature| {
        format!(
            "Each of the {count} requests that were answered wrongly {what}, and none of the \
             {others} others."
        )
    };
    FEATURES.iter().filter(only).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LENGTH;
    use crate::record::{Answer, Bytes, Exchange, get, post};

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
            match draw.below(4) {
                0 => vec![get("/")],
                1 => vec![post("/").body("")],
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
    fn played(knobs: &Knobs, acts: &[Act]) -> Play {
        let mut state = Vec::new();
        let play = acts.iter().map(|act| {
            let mut answer = Answer::new(200, "");
            let expect = model::step::<Board>(knobs, &mut state, act, &Open::new()).unwrap();
            for expected in expect.all() {
                match &expected.what {
                    crate::record::What::Status(statuses) => answer.status = statuses[0],
                    crate::record::What::Body(crate::record::Text::Exactly(body)) => {
                        answer.body = body.clone();
                    }
                    other => panic!("{other:?}"),
                }
            }
            let exchange = Exchange {
                request: None,
                answer: Ok(answer),
                came: Bytes::default(),
                connection: 1,
                took: Duration::ZERO,
            };
            let seen = match act {
                Act::Restart => Seen::Nothing,
                _ => Seen::Exchange(Box::new(exchange)),
            };
            (act.clone(), seen)
        });
        play.collect()
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
        let plays = vec![played(&knobs, &acts)];
        explain::<Board>(&plays, &Open::new(), &mut draw, &mut |acts, _| {
            Some(played(&knobs, acts))
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
            let cause = explained.of(&played(&knobs, acts), &Open::new());
            cause.names().join(" ")
        };
        let (said, nothing) = (post("/").body("x"), post("/").body(""));
        assert_eq!(names(&[said.clone(), get("/")]), "capitals");
        assert_eq!(names(&[said, nothing]), "empty-is-well");
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

    #[test]
    fn what_wrong_answers_have_in_common_is_told() {
        let asked = |target: &str| get(target).asked().cloned().unwrap();
        let asked = [
            (asked("/?a"), false),
            (asked("/b?"), false),
            (asked("/?c"), false),
            (asked("/d"), true),
            (asked("/"), true),
            (asked("/%61"), true),
        ];
        let said = in_common(&asked);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("has a query, and none"), "{said:?}");
        assert_eq!(in_common(&asked[1..]), [""; 0]);
    }
}

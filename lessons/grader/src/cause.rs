//! Why a program is wrong, as far as that is sure.
//!
//! First come [rules]: what is no misconception, such as a panic or a connection that
//! breaks. Then mistakes are tried: a mistake is told only if a program with it would have
//! given every answer that was seen, the right ones, too, and gives every answer to a few
//! more questions: in another order, on one connection, behind a request that it answers
//! wrongly, after a restart. If several remain, the question that tells them apart is
//! asked. If none remains, nothing is guessed.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use crate::model::{self, Draw, Mistakes, Model, Open};
use crate::record::{Act, Cause, Connections, Request, Seen, Told};
use guess::{Compared, Guess, Known};

mod common;
mod guess;
mod rules;
mod slips;

pub(crate) use rules::{never_served, not_serving, rule};

/// Acts that were played on one program, with what was seen after each.
pub(crate) type Play = Vec<(Act, Seen)>;

/// How long mistakes are sought.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many sessions are looked at for an act that tells two mistakes apart.
const MOST_DRAWN: usize = 200;

/// The most answers that constants are taken from.
const MOST_MISTYPED: usize = 12;

/// The cause of what is wrong with a program.
pub(crate) struct Explained<M: Model> {
    cause: Cause,
    /// If it is two mistakes: each alone.
    both: Vec<Guess<M>>,
    /// Whether it is a slip, which can be made in every lesson.
    pub(crate) is_slip: bool,
}

impl<M: Model> Explained<M> {
    /// The cause of what went wrong at the last of these acts: of two mistakes, the one that
    /// explains it alone, if just one does.
    pub(crate) fn of(&self, acts: &[(Act, Seen)], open: &Open) -> Cause {
        let known = Known::new(acts, open);
        let explains = |guess: &&Guess<M>| {
            let last = known.compare(guess, open).last();
            last.is_some_and(|one| one.unguessed == 0)
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
    let known = |play: &Play| Known::new(&until_a_rule(play), open);
    let mut plays: Vec<Known<M>> = plays.iter().map(known).collect();
    // What is wrong refutes the most guesses.
    plays.sort_by_key(|play| !play.has_wrong());
    let mut sought = Sought::<M> {
        plays,
        open,
        until: Instant::now() + PATIENCE,
        draw,
        play,
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
    plays: Vec<Known<M>>,
    open: &'a Open,
    until: Instant,
    draw: &'a mut Draw,
    play: &'a mut dyn FnMut(&[Act], Connections) -> Option<Play>,
}

impl<M: Model> Sought<'_, M> {
    fn cause(&mut self) -> Explained<M> {
        let guesses = |mistakes: &Mistakes<M::Knobs>| -> Vec<Guess<M>> {
            mistakes.all().iter().map(Guess::mistake).collect()
        };
        if !self.plays.iter().any(Known::has_wrong) {
            return Cause::Unexplained(Vec::new()).into();
        }
        // What is said of a mistake that is known is worth more than "this text is wrong",
        // and that more than what is said in every lesson.
        let known = guesses(&model::mistakes::<M>());
        let mistyped = guesses(&self.mistyped());
        let [everywhere, in_steps, for_paths, own] = self.slips();
        for kind in [&known, &mistyped, &everywhere, &in_steps, &for_paths, &own] {
            let explains = |guess: &&Guess<M>| self.explains(guess);
            let mut left: Vec<Guess<M>> = kind.iter().filter(explains).cloned().collect();
            self.ask_on(&mut left);
            if !left.is_empty() {
                let told = one_of_each(&left);
                let mut told: Vec<Told> = told.iter().flat_map(Guess::told).collect();
                let cause = match told.len() {
                    1 => Cause::Certain(told.remove(0)),
                    _ => Cause::OneOf(told),
                };
                return Explained {
                    is_slip: !left[0].slips.is_empty(),
                    ..cause.into()
                };
            }
        }
        // The less is known of two, the later they are looked at.
        let mut kinds = [known, mistyped, everywhere, in_steps].into_iter();
        let mut fit: Vec<(usize, Guess<M>)> = Vec::new();
        for rank in 0..=6 {
            let fits = |guess: &Guess<M>| self.fits(guess);
            let next = kinds.next().into_iter().flatten().filter(fits);
            fit.extend(next.map(|guess| (rank, guess)));
            let mut left = self.pairs(&fit, rank);
            if left.is_empty() {
                continue;
            }
            self.ask_on(&mut left);
            return match &one_of_each(&left)[..] {
                [both] => both_of(both),
                // Of two pairs, one is wrong, and nothing says which.
                _ => Cause::Unexplained(self.in_common()).into(),
            };
        }
        Cause::Unexplained(self.in_common()).into()
    }

    /// The wrong answers.
    fn wrong(&self) -> impl Iterator<Item = Compared<'_>> {
        let all = self.plays.iter().flat_map(Known::acts);
        all.filter(|one| one.wrong > 0)
    }

    /// The mistakes in constants that the wrong answers tell.
    fn mistyped(&self) -> Mistakes<M::Knobs> {
        let mut mistakes = Mistakes::new();
        for wrong in self.wrong().take(MOST_MISTYPED) {
            M::mistyped(wrong.act, wrong.seen, &mut mistakes);
        }
        mistakes
    }

    /// Slips: those that are made everywhere, in a step, for a path alone; and answers of
    /// their own.
    fn slips(&self) -> [Vec<Guess<M>>; 4] {
        let wrong: Vec<Compared> = self.wrong().collect();
        slips::slips(&wrong).map(|slips| slips.into_iter().map(Guess::slip).collect())
    }

    /// Whether the guess expects all that was seen. Of a slip, most wrong answers must be
    /// what it expects and nothing less: a page shows a part of a text, too, whatever became
    /// of the rest.
    fn explains(&self, guess: &Guess<M>) -> bool {
        let (mut wrong, mut strongly) = (0, 0);
        for one in self
            .plays
            .iter()
            .flat_map(|play| play.compare(guess, self.open))
        {
            if one.unguessed > 0 {
                return false;
            }
            wrong += usize::from(one.wrong > 0);
            strongly += usize::from(one.wrong > 0 && !one.is_weak);
        }
        guess.slips.is_empty() || strongly * 2 >= wrong
    }

    /// Whether the guess explains something, and contradicts nothing that is right. A slip
    /// that explains one answer alone may be anything.
    fn fits(&self, guess: &Guess<M>) -> bool {
        let mut explained: HashSet<&Act> = HashSet::new();
        for play in &self.plays {
            // Those with wrong answers are the first.
            if !play.has_wrong() && explained.len() <= guess.slips.len() {
                return false;
            }
            for one in play.compare(guess, self.open) {
                if one.unguessed > one.wrong {
                    return false;
                }
                if one.unguessed < one.wrong && !one.is_weak {
                    explained.insert(one.act);
                }
            }
        }
        explained.len() > guess.slips.len()
    }

    /// Pairs of these, of this rank in all, that explain everything together. None if there
    /// was no time to try all: another one might explain it as well.
    fn pairs(&self, fit: &[(usize, Guess<M>)], rank: usize) -> Vec<Guess<M>> {
        let mut pairs = Vec::new();
        for (at, (one_rank, one)) in fit.iter().enumerate() {
            for (other_rank, other) in &fit[at + 1..] {
                if one_rank + other_rank != rank {
                    continue;
                }
                if Instant::now() > self.until {
                    return Vec::new();
                }
                let both = one.and(other);
                if self.explains(&both) {
                    pairs.push(both);
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
            let known = Known::new(&until_a_rule(&play), self.open);
            left.retain(|guess| known.is_explained(guess, self.open));
            // Those with wrong answers stay the first.
            let at = match known.has_wrong() {
                true => self.plays.partition_point(Known::has_wrong),
                false => self.plays.len(),
            };
            self.plays.insert(at, known);
        }
    }

    /// Acts for a fresh program, so that no chance explains anything.
    fn confirming(&mut self) -> Vec<(Vec<Act>, Connections)> {
        let Some(wrong) = self.plays.iter().find(|play| play.has_wrong()) else {
            return Vec::new();
        };
        let same = wrong.all_acts();
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
            let expected = guesses.iter().map(|guess| guess.expects(&acts, self.open));
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
        let compared = self.plays.iter().flat_map(Known::acts);
        let asked = |one: Compared| Some((one.act.asked()?.clone(), one.wrong == 0));
        let asked: Vec<(Request, bool)> = compared.filter_map(asked).collect();
        common::in_common(&asked)
    }
}

impl<M: Model> From<Cause> for Explained<M> {
    fn from(cause: Cause) -> Self {
        let both = Vec::new();
        let is_slip = false;
        Self {
            cause,
            both,
            is_slip,
        }
    }
}

/// Two mistakes; one, if the same is said of both: it is made in two places.
fn both_of<M: Model>(both: &Guess<M>) -> Explained<M> {
    let is_slip = both.mistakes.is_empty();
    let cause = match &both.told()[..] {
        [one, other] if one != other => Cause::Both(one.clone(), other.clone()),
        told => Cause::Certain(told[0].clone()),
    };
    Explained {
        cause,
        both: both.each(),
        is_slip,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LENGTH;
    use crate::record::{Answer, Bytes, Exchange, Expect, get, post};

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
                sent: Bytes::default(),
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
}

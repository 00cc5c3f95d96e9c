//! Why a program is wrong, as far as that is sure.
//!
//! First come [rules]: what is no misconception, such as a panic or a connection that
//! breaks. Then mistakes are tried: a mistake is told only if a program with it would have
//! given every answer that was seen, the right ones, too, and gives every answer to a few
//! more questions: in another order, on one connection, behind a request that it answers
//! wrongly, after a restart. If several remain, the question that tells them apart is
//! asked. If none remains, nothing is guessed.
//!
//! - `rules`: what is no misconception
//! - `lost`: what is missing since a request panicked
//! - `guess`: what a program may do, held against all that was seen
//! - `slips`: mistakes that can be made in every lesson
//! - `search`: the guesses in their order, one alone and two together
//! - `letters`: names of headers that are compared letter by letter
//! - `asking`: what the program is asked, so that no chance explains anything
//! - `patience`: for how long that goes on
//! - `common`: what is said if nothing explains

use crate::model::{Draw, Model, Open};
use crate::record::{Act, Cause, Connections, Seen};
use guess::{Guess, Known};
use patience::Patience;
use search::{Search, TIME};

mod asking;
mod common;
mod guess;
mod letters;
mod lost;
mod patience;
mod rules;
mod search;
mod slips;
#[cfg(test)]
mod tests;

pub(crate) use lost::after_panic;
pub(crate) use rules::{came_to, never_served, not_serving, rule, todo_told_by};

/// Acts that were played on one program, with what was seen after each.
pub(crate) type Play = Vec<(Act, Seen)>;

/// The cause of what is wrong with a program.
pub(crate) struct Explained<M: Model> {
    cause: Cause,
    /// The mistakes, each alone.
    each: Vec<Guess<M>>,
    /// Whether answers that say that the server has failed were left out of it.
    is_partial: bool,
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
        let mut alone = self.each.iter().filter(explains);
        match (alone.next(), alone.next()) {
            (Some(one), None) => Cause::Certain(one.told().remove(0)),
            (None, _) if self.is_partial => Cause::Unexplained(Vec::new()),
            _ => self.cause.clone(),
        }
    }
}

/// The cause of what is wrong in these plays. `play` plays more acts on a fresh program. An answer
/// that says that the server has failed may be a mistake of the model, or one that only a rule
/// knows: if nothing explains it, the others are explained without it.
pub(crate) fn explain<M: Model>(
    plays: &[Play],
    open: &Open,
    draw: &mut Draw,
    play: &mut dyn FnMut(&[Act], Connections) -> Option<Play>,
) -> Explained<M> {
    let all = search(plays, Until::Rule, open, draw, play);
    if matches!(all.cause, Cause::Unexplained(_))
        && let Some(cause) = letters::letters::<M>(plays, open, play)
    {
        return cause.into();
    }
    let failed = |(_, seen): &(Act, Seen)| rules::failure(seen).is_some();
    if !matches!(all.cause, Cause::Unexplained(_)) || !plays.iter().flatten().any(failed) {
        return all;
    }
    let rest = search(plays, Until::Failure, open, draw, play);
    match rest.cause {
        Cause::Unexplained(_) => all,
        _ => Explained {
            is_partial: true,
            ..rest
        },
    }
}

fn search<M: Model>(
    plays: &[Play],
    until: Until,
    open: &Open,
    draw: &mut Draw,
    play: &mut dyn FnMut(&[Act], Connections) -> Option<Play>,
) -> Explained<M> {
    let known = |play: &Play| Known::new(&until.of(play), open);
    let mut plays: Vec<Known<M>> = plays.iter().map(known).collect();
    // What is wrong refutes the most guesses.
    plays.sort_by_key(|play| !play.has_wrong());
    let mut search = Search::<M> {
        plays,
        until,
        open,
        patience: Patience::of(TIME),
        draw,
        play,
    };
    search.cause()
}

impl<M: Model> From<Cause> for Explained<M> {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            each: Vec::new(),
            is_partial: false,
            is_slip: false,
        }
    }
}

/// How far a play is looked at.
#[derive(Clone, Copy, PartialEq)]
enum Until {
    /// Up to what has a cause that is no mistake of a model.
    Rule,
    /// Up to any answer that says that the server has failed, too.
    Failure,
}

impl Until {
    /// The play without what is not looked at. What a server remembers behind it is unknown; a
    /// program that is run remembers nothing.
    fn of(self, play: &[(Act, Seen)]) -> Play {
        let is_out = |seen: &Seen| {
            rules::is_broken(seen) || self == Self::Failure && rules::failure(seen).is_some()
        };
        let ends = |(act, seen): &(Act, Seen)| is_out(seen) && !matches!(act, Act::Run(_));
        let end = play.iter().position(ends).unwrap_or(play.len());
        let left = play[..end].iter().filter(|(_, seen)| !is_out(seen));
        left.cloned().collect()
    }
}

//! The search for the cause: guesses in their order, one alone and two together.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::model::{self, Draw, Mistakes, Model, Open};
use crate::record::{Act, Cause, Connections, Request, Told};

use super::guess::{Compared, Guess, Known};
use super::patience::Patience;
use super::{Explained, Play, Until, common, slips};

/// For how long mistakes are sought.
pub(super) const TIME: Duration = Duration::from_secs(4);

/// Up to this rank, two guesses are mistakes that have names of their own.
const MOST_NAMED: usize = 1;

/// The most answers that constants are taken from.
const MOST_MISTYPED: usize = 12;

/// A program, what was seen of it, and for how long the cause is sought.
pub(super) struct Search<'a, M: Model> {
    pub plays: Vec<Known<M>>,
    /// How far more plays are looked at.
    pub until: Until,
    pub open: &'a Open,
    pub patience: Patience,
    pub draw: &'a mut Draw,
    pub play: &'a mut dyn FnMut(&[Act], Connections) -> Option<Play>,
}

impl<M: Model> Search<'_, M> {
    /// The cause, if it is found.
    pub fn cause(&mut self) -> Explained<M> {
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
            if let Some(explained) = self.alone(kind) {
                return explained;
            }
        }
        self.together(&[known, mistyped, everywhere, in_steps])
    }

    /// The cause, if a guess of these explains everything alone.
    fn alone(&mut self, kind: &[Guess<M>]) -> Option<Explained<M>> {
        let explains = |guess: &&Guess<M>| self.explains(guess);
        let mut left: Vec<Guess<M>> = kind.iter().filter(explains).cloned().collect();
        self.ask_on(&mut left);
        let is_slip = !left.first()?.slips.is_empty();
        let each = one_of_each(&left);
        let mut told: Vec<Told> = each.iter().flat_map(Guess::told).collect();
        let cause = match told.len() {
            1 => Cause::Certain(told.remove(0)),
            _ => Cause::OneOf(told),
        };
        Some(Explained {
            each,
            is_slip,
            ..cause.into()
        })
    }

    /// The cause, if two guesses explain everything together. The less is known of two, the
    /// later they are looked at.
    fn together(&mut self, kinds: &[Vec<Guess<M>>; 4]) -> Explained<M> {
        let mut fit: Vec<(usize, Guess<M>)> = Vec::new();
        for rank in 0..=6 {
            let fits = |guess: &&Guess<M>| self.fits(guess);
            let next = kinds.get(rank).into_iter().flatten().filter(fits);
            fit.extend(next.map(|guess| (rank, guess.clone())));
            let mut left = self.pairs(&fit, rank);
            // One may hide what the other does: what seems right without it is so by both.
            if left.is_empty() && rank == MOST_NAMED {
                let outweighs = |guess: &&Guess<M>| self.outweighs(guess);
                let named = kinds[..=MOST_NAMED].iter().flatten().filter(outweighs);
                let named: Vec<_> = named.map(|guess| (0, guess.clone())).collect();
                left = self.pairs(&named, 0);
            }
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

    /// The mistakes in constants that the wrong answers tell: first one answer of each kind, since
    /// one mistake may show a hundred times before another one shows once.
    fn mistyped(&self) -> Mistakes<M::Knobs> {
        let mut kinds = HashSet::new();
        let mut is_new = |one: &Compared<'_>| {
            let asked = one.act.asked();
            let asked = asked.map(|asked| (asked.method.clone(), asked.path().to_string()));
            kinds.insert((asked, one.seen.answer().map(|answer| answer.status)))
        };
        let (first, more): (Vec<_>, Vec<_>) = self.wrong().partition(&mut is_new);
        let mut mistakes = Mistakes::new();
        for wrong in first.iter().chain(&more).take(MOST_MISTYPED) {
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

    /// Whether the guess explains something, and contradicts nothing that is right. (Of an answer
    /// with another status, what looks right may be chance: it is another mistake's.) A slip
    /// that explains one answer alone may be anything.
    fn fits(&self, guess: &Guess<M>) -> bool {
        let mut explained: HashSet<&Act> = HashSet::new();
        for play in &self.plays {
            // Those with wrong answers are the first.
            if !play.has_wrong() && explained.len() <= guess.slips.len() {
                return false;
            }
            for one in play.compare(guess, self.open) {
                if one.unguessed > one.wrong && !one.is_another {
                    return false;
                }
                if one.unguessed < one.wrong && !one.is_weak {
                    explained.insert(one.act);
                }
            }
        }
        explained.len() > guess.slips.len()
    }

    /// Whether the guess explains more than it contradicts.
    fn outweighs(&self, guess: &Guess<M>) -> bool {
        let (mut explained, mut contradicted) = (0, 0);
        for play in &self.plays {
            for one in play.compare(guess, self.open) {
                explained += usize::from(one.unguessed < one.wrong && !one.is_weak);
                contradicted += usize::from(one.unguessed > 0 && one.wrong == 0);
            }
        }
        explained > contradicted
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
                if self.patience.is_over() {
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

    /// What the wrong answers, and only they, have in common.
    fn in_common(&self) -> Vec<String> {
        let compared = self.plays.iter().flat_map(Known::acts);
        let asked = |one: Compared| Some((one.act.asked()?.clone(), one.wrong == 0));
        let asked: Vec<(Request, bool)> = compared.filter_map(asked).collect();
        common::in_common(&asked)
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
        each: both.each(),
        is_slip,
        ..cause.into()
    }
}

/// The first guess of each name.
pub(super) fn one_of_each<M: Model>(guesses: &[Guess<M>]) -> Vec<Guess<M>> {
    let mut first = BTreeMap::new();
    for (at, guess) in guesses.iter().enumerate() {
        first.entry(guess.names()).or_insert(at);
    }
    let mut places: Vec<usize> = first.into_values().collect();
    places.sort_unstable();
    places.into_iter().map(|at| guesses[at].clone()).collect()
}

//! What a program is asked on, so that no chance explains anything, and two guesses are told
//! apart.

use crate::model::{self, Model};
use crate::record::{Act, Connections};

use super::guess::{Guess, Known};
use super::search::{Search, one_of_each};

/// How many sessions are looked at for an act that tells two mistakes apart.
const MOST_DRAWN: usize = 200;

impl<M: Model> Search<'_, M> {
    /// Asks the program on, and keeps only those guesses that explain these answers, too.
    pub(super) fn ask_on(&mut self, left: &mut Vec<Guess<M>>) {
        if left.is_empty() {
            return;
        }
        for (acts, connections) in self.confirming() {
            self.ask(left, &acts, connections);
        }
        while one_of_each(left).len() > 1 && !self.patience.is_over() {
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
            let known = Known::new(&self.until.of(&play), self.open);
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
            if self.patience.is_over() {
                break;
            }
        }
        None
    }
}

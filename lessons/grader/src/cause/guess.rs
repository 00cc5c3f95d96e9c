//! What a program may do: a guess, held against all that was seen.

use std::collections::BTreeSet;

use super::slips::Slip;
use crate::model::{self, Mistake, Model, Open, Read};
use crate::record::{Act, Expect, Seen, Text, Told, What};

/// Mistakes that are made together: those of the lesson, and slips.
pub(super) struct Guess<M: Model> {
    pub mistakes: Vec<Mistake<M::Knobs>>,
    pub slips: Vec<Slip>,
}

impl<M: Model> Clone for Guess<M> {
    fn clone(&self) -> Self {
        let Self { mistakes, slips } = self;
        let (mistakes, slips) = (mistakes.clone(), slips.clone());
        Self { mistakes, slips }
    }
}

impl<M: Model> Guess<M> {
    pub fn mistake(mistake: &Mistake<M::Knobs>) -> Self {
        let (mistakes, slips) = (vec![mistake.clone()], Vec::new());
        Self { mistakes, slips }
    }

    pub fn slip(slip: Slip) -> Self {
        let (mistakes, slips) = (Vec::new(), vec![slip]);
        Self { mistakes, slips }
    }

    /// This and the other together.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.mistakes.extend(other.mistakes.iter().cloned());
        both.slips.extend(other.slips.iter().cloned());
        both
    }

    pub fn names(&self) -> BTreeSet<&str> {
        let mistakes = self.mistakes.iter().map(|mistake| mistake.name.as_str());
        let slips = self.slips.iter().map(|slip| slip.name.as_str());
        mistakes.chain(slips).collect()
    }

    /// Each of them alone.
    pub fn each(&self) -> Vec<Self> {
        let mistakes = self.mistakes.iter().map(Self::mistake);
        let slips = self.slips.iter().cloned().map(Self::slip);
        mistakes.chain(slips).collect()
    }

    pub fn told(&self) -> Vec<Told> {
        let mistakes = self.mistakes.iter().map(|one| (&one.name, &one.says));
        let slips = self.slips.iter().map(|one| (&one.name, &one.says));
        let told = |(name, says): (&String, &String)| Told {
            name: name.clone(),
            says: says.clone(),
        };
        mistakes.chain(slips).map(told).collect()
    }

    fn knobs(&self) -> M::Knobs {
        let mut knobs = M::Knobs::default();
        for mistake in &self.mistakes {
            mistake.set(&mut knobs);
        }
        knobs
    }

    /// What is expected of a program that does so, after each of these acts.
    pub fn expects(&self, acts: &[Act], open: &Open) -> Vec<Option<Expect>> {
        let (knobs, right) = (self.knobs(), M::Knobs::default());
        let (mut state, mut right_state) = (M::State::default(), M::State::default());
        let mut expect = |act: &Act| {
            let due = model::step::<M>(&right, &mut right_state, act, open);
            let due = due?;
            let read = self.read(act, &due);
            let expect = model::step::<M>(&knobs, &mut state, read.as_ref().unwrap_or(act), open)?;
            Some(self.written(act, &due, expect))
        };
        acts.iter().map(&mut expect).collect()
    }

    /// The act as the program reads it, if that is another one.
    fn read(&self, act: &Act, due: &Expect) -> Option<Act> {
        let asked = act.asked()?;
        let mut read = None;
        for slip in self.slips.iter().filter(|slip| slip.concerns(act, due)) {
            read = slip.read(read.as_ref().unwrap_or(asked)).or(read);
        }
        read.filter(|read| read != asked).map(Act::Ask)
    }

    /// Whether it changes what is written there.
    fn writes(&self, act: &Act, due: &Expect) -> bool {
        let mut slips = self.slips.iter().filter(|slip| slip.writes());
        slips.any(|slip| slip.concerns(act, due))
    }

    fn written(&self, act: &Act, due: &Expect, expect: Expect) -> Expect {
        let concerned = self.slips.iter().filter(|slip| slip.concerns(act, due));
        concerned.fold(expect, |expect, slip| slip.written(act, expect))
    }
}

/// An act that was played, of which the model says something.
struct Judged<M: Model> {
    act: Act,
    seen: Seen,
    due: Expect,
    /// The number of things that are expected and not true.
    wrong: usize,
    /// What a right program remembers before it.
    before: M::State,
    /// Whether nothing can be seen of it: it only changes what is remembered.
    is_silent: bool,
    /// What was read of the page that was seen.
    read: Read,
}

/// A play, and what is right in it: worked out once, since reading pages takes time.
pub(super) struct Known<M: Model> {
    play: Vec<Judged<M>>,
}

/// Of one act: what was seen, and how much of it is wrong by what is right, and by a guess.
pub(super) struct Compared<'a> {
    pub act: &'a Act,
    pub seen: &'a Seen,
    pub due: &'a Expect,
    /// The number of things that are not as they should be.
    pub wrong: usize,
    /// Whether it is another kind of answer than the right one, by its status: then nothing in it
    /// can be right or wrong by that one.
    pub is_another: bool,
    /// The number of things that the guess does not expect.
    pub unguessed: usize,
    /// Whether the guess expects less than what is right, so that other mistakes could be
    /// meant as well.
    pub is_weak: bool,
}

impl<M: Model> Known<M> {
    pub fn new(play: &[(Act, Seen)], open: &Open) -> Self {
        let right = M::Knobs::default();
        let mut state = M::State::default();
        let judged = |(act, seen): &(Act, Seen)| {
            let before = state.clone();
            let due = model::step::<M>(&right, &mut state, act, open)?;
            let is_silent = *seen == Seen::Nothing;
            let read = Read::default();
            Some(Judged {
                wrong: if is_silent { 0 } else { due.wrong(seen, &read) },
                act: act.clone(),
                seen: seen.clone(),
                due,
                before,
                is_silent,
                read,
            })
        };
        Self {
            play: play.iter().filter_map(judged).collect(),
        }
    }

    /// The acts with what was seen, without any guess.
    pub fn acts(&self) -> impl Iterator<Item = Compared<'_>> {
        let loud = self.play.iter().filter(|one| !one.is_silent);
        loud.map(|one| one.compared(one.wrong, false))
    }

    /// All acts, those that only change what is remembered, too.
    pub fn all_acts(&self) -> Vec<Act> {
        self.play.iter().map(|one| one.act.clone()).collect()
    }

    pub fn has_wrong(&self) -> bool {
        self.play.iter().any(|one| one.wrong > 0)
    }

    /// Holds a guess against it, act by act: one answer can be enough.
    pub fn compare<'a>(
        &'a self,
        guess: &'a Guess<M>,
        open: &'a Open,
    ) -> impl Iterator<Item = Compared<'a>> {
        let knobs = guess.knobs();
        // With slips alone, all is right up to the first act that is read in another way.
        let mut state = (!guess.mistakes.is_empty()).then(M::State::default);
        let compared = move |one: &'a Judged<M>| {
            let (act, due) = (&one.act, &one.due);
            let read = guess.read(act, due);
            let expect = if state.is_none() && read.is_none() {
                if !guess.writes(act, due) {
                    return (!one.is_silent).then(|| one.compared(one.wrong, false));
                }
                Some(due.clone())
            } else {
                // What remembers nothing is right again with the next act.
                let mut own = state.take().unwrap_or_else(|| one.before.clone());
                let expect = model::step::<M>(&knobs, &mut own, read.as_ref().unwrap_or(act), open);
                if size_of::<M::State>() > 0 || !guess.mistakes.is_empty() {
                    state = Some(own);
                }
                expect
            };
            let expect = expect.map(|expect| guess.written(act, due, expect));
            if one.is_silent {
                return None;
            }
            let (unguessed, is_weak) = match expect {
                // What a wrong setting leaves open, it does not explain.
                None => (usize::MAX, false),
                Some(expect) if expect == *due => (one.wrong, false),
                Some(expect) => (expect.wrong(&one.seen, &one.read), says_less(&expect, due)),
            };
            Some(one.compared(unguessed, is_weak))
        };
        self.play.iter().filter_map(compared)
    }

    /// Whether the guess expects all that was seen.
    pub fn is_explained(&self, guess: &Guess<M>, open: &Open) -> bool {
        self.compare(guess, open).all(|one| one.unguessed == 0)
    }
}

impl<M: Model> Judged<M> {
    fn compared(&self, unguessed: usize, is_weak: bool) -> Compared<'_> {
        Compared {
            act: &self.act,
            seen: &self.seen,
            due: &self.due,
            wrong: self.wrong,
            is_another: self
                .due
                .all()
                .iter()
                .any(|one| matches!(one.what, What::Status(_)) && !one.what.holds(&self.seen)),
            unguessed,
            is_weak,
        }
    }
}

/// Whether an expectation says less than the right one, so that other mistakes could meet it
/// as well: a page shows a part of a text, too, whatever became of the rest. (One with a form in
/// place of a text does not say less: it is another page.)
fn says_less(expect: &Expect, due: &Expect) -> bool {
    let texts = |expect: &Expect| -> Vec<String> {
        let text = |what: &What| match what {
            What::Body(Text::Shows(text) | Text::Has(text)) => vec![text.trim().to_string()],
            What::Body(Text::ShowsInOrder(texts)) => texts.clone(),
            _ => Vec::new(),
        };
        expect
            .all()
            .iter()
            .flat_map(|one| text(&one.what))
            .collect()
    };
    let statuses = |expect: &Expect| -> Vec<What> {
        let all = expect.all().iter().map(|one| one.what.clone());
        all.filter(|what| matches!(what, What::Status(_))).collect()
    };
    // Lines that are parted, or a text that says what stands between them.
    let lines: Vec<&Vec<String>> = due
        .all()
        .iter()
        .filter_map(|one| match &one.what {
            What::Body(Text::ShowsLines(lines)) => Some(lines),
            _ => None,
        })
        .collect();
    let parted = |expect: &Expect| {
        let is_parted = |what: &What| match what {
            What::Body(Text::ShowsLines(_)) => true,
            What::Body(Text::Has(text)) => {
                let has_all = |lines: &Vec<String>| lines.iter().all(|line| text.contains(line));
                lines.iter().any(|lines| has_all(lines))
            }
            _ => false,
        };
        expect
            .all()
            .iter()
            .filter(|one| is_parted(&one.what))
            .count()
    };
    let (shown, right) = (texts(expect), texts(due));
    // If the rest is not to be seen, that is said, too, and so it is of all of a text.
    let hides = |right: &String| {
        let hidden =
            |what: &What| matches!(what, What::Body(Text::Hides(text)) if text.trim() == right);
        expect.all().iter().any(|one| hidden(&one.what))
    };
    let part = |(shown, right): (&String, &String)| {
        shown != right && right.contains(&**shown) && !hides(right)
    };
    let gone = |right: &&String| !shown.contains(right) && hides(right);
    let said = shown.len() + right.iter().filter(gone).count();
    let is_marked = |what: &What| {
        matches!(
            what,
            What::Body(Text::HasForm { .. } | Text::HasTag(..) | Text::Exactly(_))
        )
    };
    let is_new = |what: &What| due.all().iter().all(|one| one.what != *what);
    let mut all = expect.all().iter().map(|one| &one.what);
    let is_another = all.any(|what| is_marked(what) && is_new(what));
    statuses(expect) == statuses(due)
        && !is_another
        && (said < right.len()
            || parted(expect) < parted(due)
            || shown.iter().zip(&right).any(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_text_says_less_and_another_page_does_not() {
        let page = || Expect::step(1).status(200);
        let due = page().shows("two words");
        assert!(says_less(&page(), &due));
        assert!(says_less(&page().shows("words"), &due));
        assert!(says_less(&page().hides("two"), &due));
        assert!(!says_less(&page().hides("two words"), &due));
        assert!(!says_less(&page().shows("two").hides("two words"), &due));
        assert!(!says_less(&page().shows("other words"), &due));
        assert!(!says_less(&page().has_form("post", "/", "message"), &due));
        let with_form = due.clone().has_form("post", "/", None);
        assert!(says_less(&page().has_form("post", "/", None), &with_form));
        assert!(!says_less(&Expect::step(1).status(404), &due));
        let in_lines = page().shows_lines(["one", "other"]);
        assert!(says_less(&page(), &in_lines));
        assert!(says_less(&page().body_has("one"), &in_lines));
        assert!(!says_less(&page().body_has("one other"), &in_lines));
    }
}

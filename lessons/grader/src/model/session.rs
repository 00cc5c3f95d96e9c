//! Sessions: acts in a row, drawn from a model, and shrunk to those that are needed.

use std::time::Instant;

use super::{Draw, Model, Open, step};
use crate::record::{Act, Expect};

/// How many times a session asks the model what to do next.
pub const LENGTH: usize = 24;

/// The same, if the program has to be started for most acts.
const LENGTH_OF_RUNS: usize = 3;

/// A session: the numbers that it was drawn with, those of each question to the model
/// together; and the acts, with what is expected after each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    numbers: Vec<Vec<u64>>,
    /// What to do, in order, and what must be true then.
    pub acts: Vec<(Act, Expect)>,
    /// The number of acts that were drawn and left out, because the text says nothing of
    /// them or their step is open.
    pub left_out: usize,
    /// For each act, by which question it came.
    from: Vec<usize>,
}

/// Draws a session of this length. Acts of which the model says nothing, and those of open
/// steps, are left out.
pub fn session<M: Model>(draw: &mut Draw, length: usize, open: &Open) -> Drawn {
    collect::<M>(draw, length, open, |_, _| {})
}

/// The same, of the usual length, or of a shorter one if the program has to be started for
/// most acts.
pub fn usual_session<M: Model>(draw: &mut Draw, open: &Open) -> Drawn {
    let drawn = session::<M>(draw, LENGTH, open);
    let runs = drawn.acts.iter();
    let runs = runs.filter(|(act, _)| matches!(act, Act::Run(_)));
    match runs.count() > LENGTH_OF_RUNS {
        true => session::<M>(draw, LENGTH_OF_RUNS, open),
        false => drawn,
    }
}

/// Draws the session again that has these numbers.
fn again<M: Model>(numbers: &[Vec<u64>], open: &Open) -> Drawn {
    let mut draw = Draw::new(&[]);
    collect::<M>(&mut draw, numbers.len(), open, |draw, at| {
        draw.play(numbers[at].clone());
    })
}

fn collect<M: Model>(
    draw: &mut Draw,
    length: usize,
    open: &Open,
    before: impl Fn(&mut Draw, usize),
) -> Drawn {
    let (knobs, mut state) = (M::Knobs::default(), M::State::default());
    let mut drawn = Drawn::default();
    draw.take();
    for at in 0..length {
        before(draw, at);
        let acts = M::draw(draw, &state);
        drawn.numbers.push(draw.take());
        for act in acts {
            match step::<M>(&knobs, &mut state, &act, open) {
                Some(expect) => {
                    drawn.acts.push((act, expect));
                    drawn.from.push(at);
                }
                None => drawn.left_out += 1,
            }
        }
    }
    drawn
}

/// These acts, with what is expected after each. Those of which the model says nothing are
/// left out.
pub fn expected<M: Model>(acts: Vec<Act>, open: &Open) -> Vec<(Act, Expect)> {
    let (knobs, mut state) = (M::Knobs::default(), M::State::default());
    let with = |act: Act| Some((act.clone(), step::<M>(&knobs, &mut state, &act, open)?));
    acts.into_iter().filter_map(with).collect()
}

/// The simplest acts that still fail, found until `until`; `None` if these do not fail.
/// `fails` plays acts on a fresh program, and says which of them is the first one that goes
/// wrong.
pub fn shrink<M: Model>(
    drawn: &Drawn,
    open: &Open,
    until: Instant,
    mut fails: impl FnMut(&[(Act, Expect)]) -> Option<usize>,
) -> Option<Vec<(Act, Expect)>> {
    let at = fails(&drawn.acts)?;
    let mut best = again::<M>(&drawn.numbers[..=drawn.from[at]], open);
    let mut try_numbers = |best: &mut Drawn, numbers: Vec<Vec<u64>>| {
        if numbers == best.numbers || Instant::now() >= until {
            return false;
        }
        let mut drawn = again::<M>(&numbers, open);
        let same = drawn.acts == best.acts;
        if drawn.acts.is_empty() {
            return false;
        }
        if !same {
            let Some(at) = fails(&drawn.acts) else {
                return false;
            };
            // What comes after the failure is not needed for it.
            drawn.numbers.truncate(drawn.from[at] + 1);
            drawn = again::<M>(&drawn.numbers, open);
        }
        *best = drawn;
        true
    };
    // Often the last question alone is enough; else as many as possible are left out, from
    // the end on: first many at once.
    let last = best.numbers.len() - 1;
    let alone = vec![best.numbers[last].clone()];
    try_numbers(&mut best, alone);
    let mut size = best.numbers.len();
    while size > 0 {
        let mut end = best.numbers.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let mut numbers = best.numbers.clone();
            numbers.drain(start..end);
            try_numbers(&mut best, numbers);
            end = start.min(best.numbers.len());
        }
        size /= 2;
    }
    // Then every number as small as possible; what follows it may have to be, too.
    for at in 0..best.numbers.len() {
        let mut place = 0;
        while let Some(&number) = best.numbers.get(at).and_then(|all| all.get(place)) {
            let smaller = [0, number / 2, number.saturating_sub(1)];
            let simpler = smaller.into_iter().filter(|&n| n < number).any(|smaller| {
                [false, true].into_iter().any(|alone| {
                    let mut numbers = best.numbers.clone();
                    numbers[at][place] = smaller;
                    numbers[at].truncate(if alone { place + 1 } else { usize::MAX });
                    try_numbers(&mut best, numbers)
                })
            });
            place += usize::from(!simpler);
        }
    }
    // And no act that is not needed.
    let mut acts = best.acts;
    for at in (0..acts.len().saturating_sub(1)).rev() {
        let mut fewer: Vec<Act> = acts.iter().map(|(act, _)| act.clone()).collect();
        if at < fewer.len() && Instant::now() < until {
            fewer.remove(at);
            let fewer = expected::<M>(fewer, open);
            if let Some(end) = fails(&fewer) {
                acts = fewer[..=end].to_vec();
            }
        }
    }
    Some(acts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Text, What, get, post};
    use std::time::Duration;

    /// A board that keeps what is posted, and shows it.
    struct Board;

    impl Model for Board {
        type Knobs = ();
        type State = Vec<String>;

        fn expect((): &(), kept: &mut Vec<String>, act: &Act) -> Option<Expect> {
            if let Some(asked) = act.asked_post() {
                kept.push(asked.text().into());
                return Some(Expect::step(1).status(303));
            }
            let asked = act.asked_get().filter(|asked| asked.path() == "/")?;
            assert_eq!(asked.method, "GET");
            Some(Expect::step(2).status(200).body(kept.join(",")))
        }

        fn draw(draw: &mut Draw, _: &Vec<String>) -> Vec<Act> {
            match draw.below(3) {
                0 => vec![get(draw.path_near(&["/"]))],
                1 => vec![post("/").body(draw.text())],
                _ => vec![post("/").body(draw.word()), get("/")],
            }
        }
    }

    /// The first GET that shows a tag goes wrong.
    fn fails(acts: &[(Act, Expect)]) -> Option<usize> {
        let shows_tag = |(_, expect): &(Act, Expect)| {
            expect.all().iter().any(|expected| {
                matches!(&expected.what, What::Body(Text::Exactly(body)) if body.text().contains("<b>"))
            })
        };
        acts.iter().position(shows_tag)
    }

    #[test]
    fn a_session_is_shrunk_to_what_is_needed() {
        let until = Instant::now() + Duration::from_secs(60);
        let mut shrunk = 0;
        for seed in 0..100 {
            let mut draw = Draw::new(&[&seed.to_string()]);
            let drawn = session::<Board>(&mut draw, LENGTH, &Open::new());
            assert!(drawn.acts.len() + drawn.left_out >= LENGTH);
            if fails(&drawn.acts).is_none() {
                continue;
            }
            let acts = shrink::<Board>(&drawn, &Open::new(), until, fails);
            let acts: Vec<Act> = acts.unwrap().into_iter().map(|(act, _)| act).collect();
            assert_eq!(acts, [post("/").body("<b>acorn10</b>"), get("/")]);
            shrunk += 1;
        }
        assert!(shrunk > 20, "{shrunk}");
    }

    #[test]
    fn open_steps_are_not_drawn() {
        let mut draw = Draw::new(&["1"]);
        let drawn = session::<Board>(&mut draw, LENGTH, &[2].into());
        assert!(drawn.acts.iter().all(|(act, _)| act.asked_post().is_some()));
        assert!(!drawn.acts.is_empty() && drawn.left_out > 0);
    }
}

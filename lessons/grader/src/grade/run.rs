//! A lesson's checks against one program: examples and sessions are played and held
//! against the model; in the end the causes are sought, once for the program.

use std::collections::BTreeMap;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Acts, Check, Judge};
use crate::bench::{Bench, Connections, Played};
use crate::cause::{self, Explained, Play};
use crate::fault;
use crate::model::{self, Draw, Drawn, Model, Open};
use crate::program::NotServing;
use crate::record::{
    Act, Broken, Cause, Ended, Expect, Expected, Finding, Hangs, Outcome, Seen, Told, What,
};

/// How many sessions are drawn.
pub(super) const SESSIONS: usize = 20;

/// How many sessions are played on one program, if it remembers nothing.
const TOGETHER: usize = 5;

/// How long a session that fails is shrunk.
const SHRINKING: Duration = Duration::from_millis(1500);

/// How long a program that was silent once is waited for at the next acts.
const IMPATIENT: Duration = Duration::from_secs(1);

/// What a check is not graded for.
const NOT_SERVING: &str = "not graded: the program does not start, see above";

type Result<T> = std::result::Result<T, NotServing>;

/// One program, and what was seen of it so far.
pub(super) struct Graded<M> {
    bench: Bench,
    open: Open,
    seed: String,
    sessions: usize,
    plays: Vec<Play>,
    /// Whether the sessions were played.
    played: bool,
    /// The shortest session that fails in each step, with what is wrong.
    failing: BTreeMap<u32, (Drawn, Expected)>,
    /// What sessions have found, by the step that it is charged to.
    found: BTreeMap<u32, Finding>,
    /// The steps of which an example has failed.
    failed: Open,
    /// Why it does not serve, once that was seen.
    never_serves: bool,
    waiting: BTreeMap<String, JoinHandle<Result<Played>>>,
    model: std::marker::PhantomData<M>,
}

impl<M: Model> Graded<M> {
    pub(super) fn new(bench: Bench, open: Open, seed: String, sessions: usize) -> Self {
        Self {
            bench,
            open,
            seed,
            sessions,
            plays: Vec::new(),
            played: false,
            failing: BTreeMap::new(),
            found: BTreeMap::new(),
            failed: Open::new(),
            never_serves: false,
            waiting: BTreeMap::new(),
            model: std::marker::PhantomData,
        }
    }

    /// Whether a check of this step has failed because nothing serves.
    pub(super) fn never_serves(&self) -> bool {
        self.never_serves
    }

    /// The values of this check.
    fn draw(&self, check: &Check) -> Draw {
        Draw::new(&[&self.seed, &check.full_name()])
    }

    /// Begins to play the examples that have to wait, side by side.
    pub(super) fn begin<'a>(&mut self, examples: impl Iterator<Item = (&'a Check, &'a Acts)>) {
        for (check, acts) in examples {
            // Acts that break are told where they are played.
            let acts = fault::caught(|| acts(&mut self.draw(check))).unwrap_or_default();
            if acts.iter().any(Act::waits) {
                let bench = self.bench.clone();
                let play = std::thread::spawn(move || bench.play(&acts, Connections::Ureq));
                self.waiting.insert(check.full_name(), play);
            }
        }
    }

    /// Plays an example.
    pub(super) fn example(&mut self, check: &Check, judge: Judge, acts: &Acts) -> Outcome {
        if self.never_serves {
            return Outcome::NotGraded(NOT_SERVING.into());
        }
        let acts = acts(&mut self.draw(check));
        let step = check.info.step;
        let expected = judged::<M>(&acts, step, judge, &self.open);
        if expected.iter().all(|(_, all)| all.is_empty()) {
            return Outcome::NotGraded(
                "the model says nothing of it: a fault of the course".into(),
            );
        }
        let begun = self.waiting.remove(&check.full_name());
        let played = match begun.map(JoinHandle::join) {
            Some(Ok(played)) => played,
            _ => self.bench.play(&acts, Connections::Ureq),
        };
        let outcome = self.judge(check, &acts, &expected, played);
        if let Outcome::Failed(_) = outcome {
            self.failed.insert(step);
        }
        outcome
    }

    fn judge(
        &mut self,
        check: &Check,
        acts: &[Act],
        expected: &[(usize, Vec<Expected>)],
        played: Result<Played>,
    ) -> Outcome {
        let mut played = match played {
            Ok(played) => played,
            Err(why) => return self.not_serving(check, &why),
        };
        let mut failed = differs(expected, &played);
        if let Some((at, what)) = &failed
            && must_come_again(&played.acts[*at].1, what)
        {
            match self.bench.play(acts, Connections::Ureq) {
                Ok(again) => played = again,
                Err(why) => return self.not_serving(check, &why),
            }
            failed = differs(expected, &played);
        }
        self.notice_silence(&played);
        let outcome = match failed {
            None => Outcome::Passed,
            Some((at, what)) => Outcome::Failed(Box::new(Finding {
                step: check.info.step,
                check: check.full_name(),
                // What remembers nothing needs no acts before.
                acts: match size_of::<M::State>() {
                    0 => played.acts[at..=at].to_vec(),
                    _ => played.acts[..=at].to_vec(),
                },
                expected: Some(what),
                words: None,
                printed: played.printed,
                cause: Cause::Unexplained(Vec::new()),
            })),
        };
        self.plays.push(played.acts);
        outcome
    }

    /// A program that is silent once is not waited for that long again.
    fn notice_silence(&mut self, played: &Played) {
        let silent = |seen: &Seen| match seen {
            Seen::Exchange(exchange) => {
                matches!(exchange.answer, Err(Broken::Silent | Broken::Slow))
            }
            Seen::Ended(ended) => matches!(**ended, Err(Hangs::Runs(_))),
            Seen::Serves | Seen::Nothing => false,
        };
        if played.acts.iter().any(|(_, seen)| silent(seen)) {
            self.bench.limits.answer = self.bench.limits.answer.min(IMPATIENT);
        }
    }

    fn not_serving(&mut self, check: &Check, why: &NotServing) -> Outcome {
        self.never_serves = true;
        let printed = match why {
            NotServing::Ended(ended) | NotServing::Silent(ended) | NotServing::Flood(ended) => {
                Ended::clone(ended)
            }
            NotServing::NotStarted(_) => Ended::default(),
        };
        let line = "within 5 seconds, the line \"Serving HTTP on http://localhost:PORT/ (press \
                    Ctrl-C to stop)\"";
        Outcome::Failed(Box::new(Finding {
            step: check.info.step,
            check: check.full_name(),
            acts: Vec::new(),
            expected: None,
            words: Some((line.into(), "nothing: the program never served".into())),
            printed,
            cause: Cause::Rule(cause::not_serving(why)),
        }))
    }

    /// Whatever is asked in this step.
    pub(super) fn sessions(&mut self, check: &Check) -> Outcome {
        if self.never_serves {
            return Outcome::NotGraded(NOT_SERVING.into());
        }
        self.play_sessions();
        let step = check.info.step;
        // A session may be charged to a later step than it fails in.
        while let Some(entry) = self.failing.first_entry().filter(|e| *e.key() <= step) {
            let (of, (drawn, what)) = entry.remove_entry();
            // Where an example has failed already, that is what is to be mended first.
            if !self.failed.contains(&of)
                && let Some(finding) = self.shrunk(&drawn, &what)
            {
                self.found.entry(finding.step).or_insert(finding);
            }
        }
        if self.failed.contains(&step) {
            let why = format!("not graded: first mend the check of step {step} that fails above");
            return Outcome::NotGraded(why);
        }
        match self.found.get(&step) {
            None => Outcome::Passed,
            Some(finding) => Outcome::Failed(Box::new(Finding {
                check: check.full_name(),
                ..finding.clone()
            })),
        }
    }

    /// Plays the sessions, if that was not done yet.
    pub(super) fn play_sessions(&mut self) {
        if self.played || self.never_serves {
            return;
        }
        self.played = true;
        let draw = |number: usize| {
            let mut draw = Draw::new(&[&self.seed, "session", &number.to_string()]);
            model::usual_session::<M>(&mut draw, &self.open)
        };
        let drawn: Vec<Drawn> = (0..self.sessions).map(draw).collect();
        // What remembers nothing need not start again.
        let together = match size_of::<M::State>() {
            0 => TOGETHER,
            _ => 1,
        };
        let mut shortest: BTreeMap<u32, usize> = BTreeMap::new();
        for (number, drawn) in drawn.chunks(together).enumerate() {
            let connections = match number % 2 {
                0 => Connections::Each,
                _ => Connections::One,
            };
            let acts = drawn.iter().flat_map(|drawn| &drawn.acts);
            let Ok(played) = self.bench.play(acts.map(|(act, _)| act), connections) else {
                break;
            };
            self.notice_silence(&played);
            let mut rest = &played.acts[..];
            for drawn in drawn {
                let (own, others) = rest.split_at(rest.len().min(drawn.acts.len()));
                rest = others;
                if let Some((at, what)) = first_wrong(&drawn.acts, own, &played.printed) {
                    let step = what.step;
                    if shortest.get(&step).is_none_or(|shorter| at < *shorter) {
                        shortest.insert(step, at);
                        self.failing.insert(step, (drawn.clone(), what));
                    }
                }
                self.plays.push(own.to_vec());
            }
            if self.bench.limits.answer == IMPATIENT && self.failing.len() > 1 {
                break;
            }
        }
    }

    /// The shortest session that fails in the same step, if it fails again.
    fn shrunk(&self, drawn: &Drawn, what: &Expected) -> Option<Finding> {
        let mut last = None;
        let mut fails = |acts: &[(Act, Expect)]| {
            let (at, wrong, played) = self.fails(acts)?;
            if wrong.step != what.step {
                return None;
            }
            last = Some((acts[..=at].to_vec(), wrong, played));
            Some(at)
        };
        let until = Instant::now() + SHRINKING;
        let shrunk = model::shrink::<M>(drawn, &self.open, until, &mut fails)?;
        // Once more, for what the program prints for these acts alone.
        fails(&shrunk)?;
        let (acts, expected, played) = last?;
        // The latest step that is needed for it.
        let steps = acts
            .iter()
            .filter_map(|(_, expect)| Some(expect.all().first()?.step));
        let step = steps.chain([expected.step]).max()?;
        Some(Finding {
            step,
            check: String::new(),
            acts: played.acts[..acts.len()].to_vec(),
            expected: Some(expected),
            words: None,
            printed: played.printed,
            cause: Cause::Unexplained(Vec::new()),
        })
    }

    /// The first act of these that goes wrong, also on a second fresh program if it may
    /// have been chance.
    fn fails(&self, acts: &[(Act, Expect)]) -> Option<(usize, Expected, Played)> {
        let play = || {
            let played = self
                .bench
                .play(acts.iter().map(|(act, _)| act), Connections::Each);
            let played = played.ok()?;
            let (at, what) = first_wrong(acts, &played.acts, &played.printed)?;
            Some((at, what, played))
        };
        let (at, what, played) = play()?;
        match must_come_again(&played.acts[at].1, &what) {
            true => play(),
            false => Some((at, what, played)),
        }
    }

    /// Gives each finding its cause.
    pub(super) fn find_causes(&mut self, findings: &mut [&mut Finding]) {
        let mut unexplained = Vec::new();
        for finding in findings.iter_mut() {
            let rule = rule_of(finding);
            if let Some(told) = &rule {
                finding.cause = Cause::Rule(told.clone());
            }
            let model_said_it = finding.expected.is_some();
            if model_said_it && rule.is_none_or(|told| told.name == "server-error") {
                unexplained.push(finding);
            }
        }
        if unexplained.is_empty() {
            return;
        }
        let explained = match fault::caught(|| self.explain()) {
            Ok(explained) => explained,
            Err(why) => Cause::NotSought(why).into(),
        };
        for finding in unexplained {
            let cause = match fault::caught(|| explained.of(&finding.acts, &self.open)) {
                Ok(cause) => cause,
                Err(why) => Cause::NotSought(why),
            };
            // What a rule says is worth more than nothing, and than what is true of any lesson.
            let is_known = !cause.names().is_empty() && !explained.is_slip;
            if is_known || !matches!(finding.cause, Cause::Rule(_)) {
                finding.cause = cause;
            }
        }
    }

    /// The mistakes that explain all that was seen.
    fn explain(&mut self) -> Explained<M> {
        self.play_sessions();
        let mut draw = Draw::new(&[&self.seed, "cause"]);
        let bench = &self.bench;
        let mut play = |acts: &[Act], connections| {
            let played = bench.play(acts, connections).ok()?;
            Some(played.acts)
        };
        cause::explain::<M>(&self.plays, &self.open, &mut draw, &mut play)
    }
}

/// The rule that says why, if one does.
fn rule_of(finding: &Finding) -> Option<Told> {
    if let Some(What::Unprinted(secret)) = finding.expected.as_ref().map(|e| &e.what) {
        return Some(Told {
            name: "prints-secret".into(),
            says: format!(
                "The program prints {secret:?}, which is a secret. What is printed stays in a \
                 terminal or in a log, for others to read. Take the line out that prints it."
            ),
        });
    }
    let (act, seen) = finding.acts.last()?;
    let step = finding.expected.as_ref().map_or(finding.step, |e| e.step);
    cause::rule(step, act, seen, &finding.printed)
}

/// What an example is judged by: for each act, what counts.
fn judged<M: Model>(
    acts: &[Act],
    step: u32,
    judge: Judge,
    open: &Open,
) -> Vec<(usize, Vec<Expected>)> {
    let (knobs, mut state) = (M::Knobs::default(), M::State::default());
    let counts = |(at, act): (usize, &Act)| {
        let expect = model::step::<M>(&knobs, &mut state, act, open).unwrap_or_default();
        let all = expect.all().to_vec();
        let own: Vec<Expected> = all.iter().filter(|e| e.step == step).cloned().collect();
        let last = at + 1 == acts.len();
        let counts = match own.is_empty() {
            true if last => all,
            _ => own,
        };
        let status = counts.iter().filter(|e| matches!(e.what, What::Status(_)));
        let status: Vec<Expected> = status.cloned().collect();
        match judge {
            Judge::Status if last && !status.is_empty() => (at, status),
            _ => (at, counts),
        }
    };
    acts.iter().enumerate().map(counts).collect()
}

/// The first act of which something that counts is not true.
fn differs(expected: &[(usize, Vec<Expected>)], played: &Played) -> Option<(usize, Expected)> {
    expected.iter().find_map(|(at, all)| {
        let (_, seen) = played.acts.get(*at)?;
        let holds = |what: &What| what.holds(seen) && what.holds_of_printed(&played.printed);
        let differs = all.iter().find(|expected| !holds(&expected.what))?;
        Some((*at, differs.clone()))
    })
}

/// The first act after which not all is true that is expected.
fn first_wrong(
    acts: &[(Act, Expect)],
    played: &[(Act, Seen)],
    printed: &Ended,
) -> Option<(usize, Expected)> {
    let mut both = acts.iter().zip(played).enumerate();
    both.find_map(|(at, ((_, expect), (_, seen)))| {
        let printed = |expected: &&Expected| !expected.what.holds_of_printed(printed);
        let wrong = expect.differs(seen).or(expect.all().iter().find(printed))?;
        Some((at, wrong.clone()))
    })
}

/// Whether it may be chance: the computer was busy, a connection broke.
fn must_come_again(seen: &Seen, what: &Expected) -> bool {
    let broken = match seen {
        Seen::Exchange(exchange) => exchange.answer.is_err(),
        // That was waited for long enough.
        Seen::Ended(_) | Seen::Serves | Seen::Nothing => false,
    };
    broken || matches!(what.what, What::Took(_))
}

//! A lesson's checks against one program: examples and sessions are played and held
//! against the model; in the end the causes are sought, once for the program.

use std::collections::BTreeMap;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Acts, Check, Judge};
use crate::bench::{Bench, Played};
use crate::cause::{self, Explained, Play};
use crate::fault;
use crate::model::{self, Draw, Model, Open};
use crate::record::{
    Act, Broken, Cause, Connections, Expected, Finding, Hangs, NotServing, Outcome, Seen, Told,
    What,
};

mod sessions;

use sessions::Failing;
pub(super) use sessions::SESSIONS;

/// How long a program that was silent once is waited for at the next acts.
const IMPATIENT: Duration = Duration::from_secs(1);

/// The same for a page of it in a browser.
const IMPATIENT_PAGE: Duration = Duration::from_secs(10);

/// How many examples are played side by side with such a program.
const SILENT_SIDE_BY_SIDE: usize = 4;

/// What a check is not graded for.
const NOT_SERVING: &str = "not graded: the program does not start, see above";

type Result<T> = std::result::Result<T, NotServing>;

/// One program, and what was seen of it so far.
pub(super) struct Graded<M> {
    bench: Bench,
    open: Open,
    seed: String,
    sessions: usize,
    /// Whether an example that fails by time is played once more.
    again: bool,
    plays: Vec<Play>,
    /// Whether the sessions were played.
    played: bool,
    /// Sessions that fail in each step, with what is wrong. The shortest ones come first.
    failing: BTreeMap<u32, Vec<Failing>>,
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
    pub(super) fn new(
        bench: Bench,
        open: Open,
        seed: String,
        sessions: usize,
        again: bool,
    ) -> Self {
        Self {
            bench,
            open,
            seed,
            sessions,
            again,
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

    /// The program, to be played with.
    pub(super) fn bench(&self) -> &Bench {
        &self.bench
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
    pub(super) fn begin_slow<'a>(&mut self, examples: impl Iterator<Item = (&'a Check, &'a Acts)>) {
        for (check, acts) in examples {
            self.begin(check, acts, |acts| acts.iter().any(Act::waits));
        }
    }

    /// Begins to play the first of these examples, if the program has been silent: it would be
    /// waited for at each of them, one after the other.
    pub(super) fn begin_silent<'a>(
        &mut self,
        examples: impl Iterator<Item = (&'a Check, &'a Acts)>,
    ) {
        if self.is_impatient() && !self.never_serves {
            for (check, acts) in examples.take(SILENT_SIDE_BY_SIDE) {
                self.begin(check, acts, |_| true);
            }
        }
    }

    /// Begins to play this example, if it has not begun, and if its acts are `wanted`.
    fn begin(&mut self, check: &Check, acts: &Acts, wanted: impl FnOnce(&[Act]) -> bool) {
        let name = check.full_name();
        if self.waiting.contains_key(&name) {
            return;
        }
        // Acts that break are told where they are played.
        let acts = fault::caught(|| acts(&mut self.draw(check))).unwrap_or_default();
        if wanted(&acts) {
            let bench = self.bench.clone();
            let play = std::thread::spawn(move || bench.play(&acts, Connections::Ureq));
            self.waiting.insert(name, play);
        }
    }

    /// Whether the program has been silent before.
    fn is_impatient(&self) -> bool {
        self.bench.limits.answer == IMPATIENT
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
        // A program that has been silent before is silent again.
        let is_known = self.is_impatient();
        if let Some((at, what)) = &failed
            && (must_come_again(&played.acts[*at].1, what) || acts.iter().any(Act::waits))
            && !is_known
            && self.again
        {
            match self.bench.play(acts, Connections::Ureq) {
                Ok(again) => played = again,
                Err(why) => return self.not_serving(check, &why),
            }
            failed = differs(expected, &played);
        }
        self.notice_silence(&played.acts);
        let outcome = match failed {
            None => Outcome::Passed,
            Some((at, what)) => Outcome::Failed(Box::new(Finding {
                // What remembers nothing needs no acts before.
                acts: match size_of::<M::State>() {
                    0 => played.acts[at..=at].to_vec(),
                    _ => played.acts[..=at].to_vec(),
                },
                expected: Some(what),
                printed: played.printed,
                ..Finding::of(&check.info)
            })),
        };
        self.plays.push(played.acts);
        outcome
    }

    /// A program that is silent once is not waited for that long again.
    pub(super) fn notice_silence(&mut self, acts: &[(Act, Seen)]) {
        let silent = |seen: &Seen| match seen {
            Seen::Exchange(exchange) => {
                matches!(exchange.answer, Err(Broken::Silent | Broken::Slow))
            }
            Seen::Ended(ended) => matches!(**ended, Err(Hangs::Runs(_))),
            Seen::Serves | Seen::Nothing => false,
        };
        if acts.iter().any(|(_, seen)| silent(seen)) {
            let limits = &mut self.bench.limits;
            limits.answer = limits.answer.min(IMPATIENT);
            limits.page = limits.page.min(IMPATIENT_PAGE);
        }
    }

    fn not_serving(&mut self, check: &Check, why: &NotServing) -> Outcome {
        self.never_serves = true;
        Outcome::Failed(Box::new(Finding {
            words: Some(cause::never_served(why)),
            printed: why.so_far(),
            cause: Cause::Rule(cause::not_serving(check.info.step, why)),
            ..Finding::of(&check.info)
        }))
    }

    /// Gives each finding its cause.
    pub(super) fn find_causes(&mut self, findings: &mut [&mut Finding]) {
        let mut unexplained = Vec::new();
        let mut named = Vec::new();
        for finding in findings.iter_mut() {
            let rule = rule_of(finding).or_else(|| self.lost(finding));
            // A check that is a function may have named a cause. It knows more than that the
            // handler has failed, or that no answer came.
            let is_named = matches!(finding.cause, Cause::Rule(_));
            let is_vague = |told: &Told| told.name == "server-error";
            let gives_way = |told: &Told| is_vague(told) || told.name == "no-answer";
            if let Some(told) = rule.as_ref().filter(|told| !(is_named && gives_way(told))) {
                finding.cause = Cause::Rule(told.clone());
            } else if is_named {
                named.push(finding.check.clone());
            }
            let model_said_it = finding.expected.is_some();
            if model_said_it && rule.as_ref().is_none_or(is_vague) {
                unexplained.push(finding);
            }
        }
        if unexplained.is_empty() {
            return hold_back(findings, &named);
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
        hold_back(findings, &named);
    }

    /// The panic that explains what the model did not expect, if one before it does.
    fn lost(&self, finding: &Finding) -> Option<Told> {
        let Finding { acts, printed, .. } = finding;
        let step = finding.expected.as_ref()?.step;
        let told = fault::caught(|| cause::after_panic::<M>(step, acts, &self.open, printed));
        told.ok().flatten()
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

/// A check that is a function sees one thing alone, and names a cause for it. A mistake that explains
/// every answer, in its step or an earlier one, may have led to that, too; so may one that another
/// function has `named` in an earlier step. So what it names is not told beside these.
fn hold_back(findings: &mut [&mut Finding], named: &[String]) {
    /// What is told, and the first step in which no function tells another mistake.
    struct Before {
        from: u32,
        check: String,
        name: String,
    }
    let told = |finding: &Finding, from| {
        let names = finding.cause.names().into_iter().map(str::to_string);
        let all = names.map(|name| Before {
            from,
            check: finding.check.clone(),
            name,
        });
        all.collect::<Vec<_>>()
    };
    let is_by_model = |finding: &&&mut Finding| {
        finding.expected.is_some() && !matches!(finding.cause, Cause::Rule(_))
    };
    let by_model = findings.iter().filter(is_by_model);
    let mut all: Vec<Before> = by_model.flat_map(|one| told(one, one.step)).collect();
    findings.sort_by_key(|finding| finding.step);
    for finding in findings.iter_mut().filter(|f| named.contains(&f.check)) {
        let names = finding.cause.names();
        let mut before = all.iter().filter(|one| one.from <= finding.step);
        let is_same = before.clone().any(|one| names.contains(&&*one.name));
        match before.next() {
            Some(first) if !is_same => {
                finding.cause = Cause::Rule(Told {
                    name: "may-follow".into(),
                    says: format!(
                        "First mend what is told of \"{}\": this failure may come from it. If this check \
                         still fails then, it says why.",
                        first.check
                    ),
                });
            }
            _ => all.extend(told(finding, finding.step + 1)),
        }
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

/// Whether it may be chance: the computer was busy, a connection broke.
fn must_come_again(seen: &Seen, what: &Expected) -> bool {
    let broken = match seen {
        Seen::Exchange(exchange) => exchange.answer.is_err(),
        // That was waited for long enough.
        Seen::Ended(_) | Seen::Serves | Seen::Nothing => false,
    };
    broken || matches!(what.what, What::Took(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::CheckInfo;

    #[test]
    fn what_a_function_names_is_held_back_behind_another_mistake() {
        let finding = |step: u32, name: &str, cause: Cause| Finding {
            cause,
            ..Finding::of(&CheckInfo {
                step,
                name: name.into(),
                points: 1,
            })
        };
        let told = |name: &str| Told {
            name: name.into(),
            says: String::new(),
        };
        let mut by_model = finding(3, "by the model", Cause::Certain(told("deaf")));
        by_model.expected = Some(Expected {
            step: 3,
            what: What::Status(vec![200]),
        });
        let mut all = [
            finding(1, "before all", Cause::Rule(told("mute"))),
            finding(1, "in the same step", Cause::Rule(told("blind"))),
            finding(2, "behind a function", Cause::Rule(told("lame"))),
            by_model,
            finding(3, "behind both", Cause::Rule(told("lame"))),
            finding(3, "as the model", Cause::Rule(told("deaf"))),
            finding(4, "as a function", Cause::Rule(told("mute"))),
            finding(4, "a panic", Cause::Rule(told("panicked"))),
        ];
        let named = [0, 1, 2, 4, 5, 6].map(|at| all[at].check.clone());
        hold_back(&mut all.each_mut(), &named);
        let names = all.each_ref().map(|finding| finding.cause.names().concat());
        let follows = "may-follow";
        assert_eq!(
            names,
            [
                "mute", "blind", follows, "deaf", follows, "deaf", "mute", "panicked"
            ]
        );
    }
}

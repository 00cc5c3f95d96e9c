//! What the check of the course asks of a lesson's mistakes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Kind};
use crate::model::{self, Draw, LENGTH, Model, Open};
use crate::record::{Act, Expect};

/// How many acts the mistakes of a lesson are compared in.
const MANY: usize = 10_000;

/// As JSON: the names of the mistakes, and those of which the model says the same in many
/// acts, or that change nothing; and the names of which a teacher says two things.
pub(super) fn as_json<M: Model>(checks: &[Check]) -> String {
    let mistakes = model::mistakes::<M>();
    let mut draw = Draw::new(&["the mistakes of a lesson"]);
    let mut sessions: Vec<_> = (0..MANY / LENGTH)
        .map(|_| model::session::<M>(&mut draw, LENGTH, &Open::new()).acts)
        .collect();
    // What has to be waited for stands only in examples.
    sessions.extend(checks.iter().filter_map(|check| match &check.kind {
        Kind::Example(_, acts) => Some(model::expected::<M>(acts(&mut draw), &Open::new())),
        _ => None,
    }));
    let answers = |knobs: &M::Knobs| -> Vec<_> {
        let session = |acts: &Vec<(Act, Expect)>| {
            let mut state = M::State::default();
            let expect =
                |(act, _): &(Act, _)| model::step::<M>(knobs, &mut state, act, &Open::new());
            acts.iter().map(expect).collect::<Vec<_>>()
        };
        sessions.iter().map(session).collect()
    };
    let right = answers(&M::Knobs::default());
    let mut known = Vec::new();
    let mut without_effect = Vec::new();
    let mut alike = Vec::new();
    let mut sentences: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for mistake in mistakes.all() {
        let same = sentences.entry(&mistake.name).or_default();
        same.insert(&mistake.says);
        let mut knobs = M::Knobs::default();
        mistake.set(&mut knobs);
        let answers = answers(&knobs);
        if answers == right {
            without_effect.push(&mistake.name);
        }
        for (name, others) in &known {
            if *others == answers && *name != &mistake.name {
                alike.push([*name, &mistake.name]);
            }
        }
        known.push((&mistake.name, answers));
    }
    let names: BTreeSet<&String> = mistakes.all().iter().map(|mistake| &mistake.name).collect();
    let two_sentences = sentences.iter().filter(|(_, says)| says.len() > 1);
    let two_sentences: Vec<&str> = two_sentences.map(|(name, _)| *name).collect();
    serde_json::json!({
        "names": names,
        "two_sentences": two_sentences,
        "without_effect": without_effect,
        "alike": alike,
    })
    .to_string()
}

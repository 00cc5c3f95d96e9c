//! What the check of the course asks of a lesson's mistakes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Kind};
use crate::model::{self, Draw, LENGTH, Mistake, Model, Open};
use crate::record::{Act, Expect};

/// How many acts the mistakes of a lesson are compared in.
const MANY: usize = 10_000;

/// As JSON: the names of the mistakes, and those of which the model says the same in many
/// acts, or that change nothing; the names of which a teacher says two things; and the checks
/// that no mistake of the model is the cause of, because they are functions.
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
    // The right settings, without a name, and those of the mistakes.
    let all = mistakes.all().iter().map(Some);
    let settings: Vec<Option<&Mistake<M::Knobs>>> = [None].into_iter().chain(all).collect();
    let name = |setting: &Option<&Mistake<M::Knobs>>| setting.map(|mistake| mistake.name.clone());
    let answers = |setting: &Option<&Mistake<M::Knobs>>, acts: &[(Act, Expect)]| -> Vec<_> {
        let (mut knobs, mut state) = (M::Knobs::default(), M::State::default());
        setting.inspect(|mistake| mistake.set(&mut knobs));
        let expect = |(act, _): &_| model::step::<M>(&knobs, &mut state, act, &Open::new());
        acts.iter().map(expect).collect()
    };
    // Those that no session so far tells apart.
    let mut alike = vec![settings];
    for acts in &sessions {
        let same = alike.into_iter().flat_map(|settings| {
            let mut same: Vec<(Vec<Option<Expect>>, Vec<_>)> = Vec::new();
            for setting in settings {
                let answers = answers(&setting, acts);
                match same.iter_mut().find(|(others, _)| *others == answers) {
                    Some((_, settings)) => settings.push(setting),
                    None => same.push((answers, vec![setting])),
                }
            }
            same.into_iter().map(|(_, settings)| settings)
        });
        // Where one name is left, there is nothing more to be told apart.
        let differ = |settings: &Vec<_>| settings.iter().any(|one| name(one) != name(&settings[0]));
        alike = same.filter(differ).collect();
    }
    let mut without_effect = BTreeSet::new();
    let mut pairs = BTreeSet::new();
    for settings in &alike {
        let names: BTreeSet<Option<String>> = settings.iter().map(name).collect();
        let mut known: Vec<String> = names.iter().flatten().cloned().collect();
        if names.contains(&None) {
            without_effect.extend(known.iter().cloned());
        }
        while let Some(one) = known.pop() {
            pairs.extend(known.iter().map(|other| [other.clone(), one.clone()]));
        }
    }
    let mut sentences: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for mistake in mistakes.all() {
        let same = sentences.entry(&mistake.name).or_default();
        same.insert(&mistake.says);
    }
    let names: BTreeSet<&String> = mistakes.all().iter().map(|mistake| &mistake.name).collect();
    let two_sentences = sentences.iter().filter(|(_, says)| says.len() > 1);
    let two_sentences: Vec<&str> = two_sentences.map(|(name, _)| *name).collect();
    let functions = checks.iter().filter_map(|check| match &check.kind {
        Kind::Function(_) => Some(&check.info),
        _ => None,
    });
    serde_json::json!({
        "names": names,
        "functions": functions.collect::<Vec<_>>(),
        "two_sentences": two_sentences,
        "without_effect": without_effect,
        "alike": pairs,
    })
    .to_string()
}

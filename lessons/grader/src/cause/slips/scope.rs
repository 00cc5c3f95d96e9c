//! Where a slip is made: everywhere, in one step, or for one path alone.

use crate::record::{Act, Expect, What};

use super::super::guess::Compared;
use super::MOST;

/// The most places that are looked at. A path of its own for each wrong answer is no place
/// where anything is made.
const MOST_SCOPES: usize = 12;

/// Where it is made.
#[derive(Clone, PartialEq)]
pub enum Scope {
    Everywhere,
    /// In what the answers of this step are made of.
    Step(u32),
    /// In the answers to this method that must have this status.
    Status(String, u16),
    /// In the answers that must have a status from 400 on.
    Errors,
    /// Where the body is empty, for a method and a path.
    NoBody(String, String),
    /// Where this path is asked for with this method.
    Path(String, String),
}

impl Scope {
    /// Whether an act is in it after which this is right.
    pub fn covers(&self, act: &Act, due: &Expect) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Step(step) => due.all().first().is_some_and(|first| first.step == *step),
            Self::Status(method, status) => {
                let same_method = act.asked().is_some_and(|asked| asked.method == *method);
                same_method && status_of(due) == Some(*status)
            }
            Self::NoBody(method, path) => act.asked().is_some_and(|asked| {
                let is_empty = asked.body.as_deref().is_none_or(<[u8]>::is_empty);
                is_empty && asked.method == *method && asked.path() == path
            }),
            Self::Errors => status_of(due).is_some_and(|status| status >= 400),
            Self::Path(method, path) => act
                .asked()
                .is_some_and(|asked| asked.method == *method && asked.path() == path),
        }
    }
}

/// The places that these wrong answers have in common, perhaps, the widest one first.
pub fn scopes(wrong: &[Compared]) -> Vec<Scope> {
    let mut scopes = vec![Scope::Everywhere];
    for one in wrong.iter().take(MOST) {
        let steps = one.due.all().first().map(|first| Scope::Step(first.step));
        let errors = status_of(one.due).filter(|status| *status >= 400);
        let mut found = Vec::from_iter(steps.into_iter().chain(errors.map(|_| Scope::Errors)));
        if let Some(asked) = one.act.asked() {
            let (method, path) = (asked.method.clone(), asked.path().to_string());
            let status = status_of(one.due);
            found.extend(status.map(|status| Scope::Status(method.clone(), status)));
            if asked.body.as_deref().is_some_and(<[u8]>::is_empty) {
                found.push(Scope::NoBody(method.clone(), path.clone()));
            }
            found.push(Scope::Path(method, path));
        }
        for scope in found {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
    }
    scopes.truncate(MOST_SCOPES);
    scopes
}

/// The status that must come.
fn status_of(due: &Expect) -> Option<u16> {
    due.all().iter().find_map(|due| match &due.what {
        What::Status(statuses) => statuses.first().copied(),
        _ => None,
    })
}

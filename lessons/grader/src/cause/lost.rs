//! What a panic leaves behind: the request is lost, and a later answer lacks what it was to
//! bring. That answer's own code may be right.

use super::rules;
use crate::model::{self, Model, Open};
use crate::record::{Act, Ended, Seen, Told};

/// The cause of the last answer, if a panic before it explains all of it: a right program that
/// never got the requests that panicked would have answered like this.
pub(crate) fn after_panic<M: Model>(
    step: u32,
    play: &[(Act, Seen)],
    open: &Open,
    printed: &Ended,
) -> Option<Told> {
    let panicked = |seen: &Seen| rules::tells_of_panic(seen, printed);
    let ((last, came), before) = play.split_last()?;
    let (act, seen) = before.iter().find(|(_, seen)| panicked(seen))?;
    let (right, mut state) = (M::Knobs::default(), M::State::default());
    for (act, _) in before.iter().filter(|(_, seen)| !panicked(seen)) {
        model::step::<M>(&right, &mut state, act, open);
    }
    let expect = model::step::<M>(&right, &mut state, last, open)?;
    if expect.differs(came).is_some() {
        return None;
    }
    let asked = act.asked()?;
    let Told { name, says } = rules::rule(step, act, seen, printed)?;
    let (method, target) = (&asked.method, &asked.target);
    let says = format!(
        "Before this, {method} {target} failed. A right program that never got what failed would \
         answer like this, too. {says}"
    );
    Some(Told { name, says })
}

//! Names of headers that a program compares letter by letter.
//!
//! Clients write them in different letters: curl as Content-Length, ureq as content-length. The
//! same requests are answered rightly then, or not, by the client that sends them.

use super::guess::Known;
use super::{Play, Until};
use crate::model::{Model, Open};
use crate::record::{Act, Cause, Connections, Told};

const SAYS: &str = "The answer depends on the letters in which a client writes the names of its \
    headers. To HTTP, Content-Length and content-length are the same name: request.header finds \
    both. Where you compare a name yourself, use eq_ignore_ascii_case.";

/// The cause, if all that is wrong is right as soon as the names of headers have other letters.
pub(super) fn letters<M: Model>(
    plays: &[Play],
    open: &Open,
    play: &mut dyn FnMut(&[Act], Connections) -> Option<Play>,
) -> Option<Cause> {
    let is_wrong = |play: &Play| Known::<M>::new(&Until::Rule.of(play), open).has_wrong();
    let mut wrong = plays.iter().filter(|play| is_wrong(play)).peekable();
    wrong.peek()?;
    let mut first = None;
    let mut depends = |seen: &Play| {
        let acts: Vec<Act> = seen.iter().map(|(act, _)| act.clone()).collect();
        if acts.iter().any(Act::waits) {
            return false;
        }
        // Twice: what changes by chance changes again.
        let both = [Connections::Each, Connections::Small];
        let mut again = [both, both].concat().into_iter().map(|connections| {
            let seen = play(&acts, connections)?;
            Some((connections == Connections::Small) == is_wrong(&seen))
        });
        let small_is_wrong = *first.get_or_insert_with(|| again.next().flatten());
        small_is_wrong.is_some() && again.all(|other| other == small_is_wrong)
    };
    wrong.all(&mut depends).then(|| {
        let (name, says) = ("header-letters".into(), SAYS.into());
        Cause::Certain(Told { name, says })
    })
}

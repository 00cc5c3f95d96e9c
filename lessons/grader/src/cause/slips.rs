//! Slips: mistakes that can be made in every lesson, so no model names them.
//!
//! A slip is a change of what is read or of what is written. A program that takes white
//! space away from a body answers as the right one would answer the body without; one that
//! forgets a line end gives the right answer, but for the line end. So a slip needs no
//! knobs: the model says what is expected of the other request, or the right expectation is
//! changed. It may be made everywhere, in one step, or for one path alone.
//!
//! - `scope`: where a slip is made
//! - `requests`, `values`: what is read as something else
//! - `texts`: what is written in another way
//! - `answers`: what a wrong answer itself tells

use std::rc::Rc;

use crate::record::{Act, Expect, Request, Text, What};

use super::guess::Compared;
use answers::OWN_ANSWER;
use scope::Scope;
use values::in_field;

mod answers;
mod requests;
mod scope;
mod texts;
mod values;

/// The most wrong answers that are looked at.
const MOST: usize = 12;

/// A change of what is read or written.
#[derive(Clone)]
pub(super) struct Slip {
    pub name: String,
    /// What a teacher says.
    pub says: String,
    scope: Scope,
    change: Change,
}

type Reads = dyn Fn(&Request) -> Option<Request>;
type Writes = dyn Fn(&Act, &What) -> Option<What>;

#[derive(Clone)]
enum Change {
    /// The request is read as another one.
    Reads(Rc<Reads>),
    /// Something else is written.
    Writes(Rc<Writes>),
}

impl Slip {
    /// Whether it is made where this is right after an act.
    pub fn concerns(&self, act: &Act, due: &Expect) -> bool {
        self.scope.covers(act, due)
    }

    /// The request as it is read, if it is read as another one.
    pub fn read(&self, request: &Request) -> Option<Request> {
        match &self.change {
            Change::Reads(reads) => reads(request).filter(|read| read != request),
            Change::Writes(_) => None,
        }
    }

    /// What is expected of the answer that is written.
    pub fn written(&self, act: &Act, expect: Expect) -> Expect {
        let Change::Writes(writes) = &self.change else {
            return expect;
        };
        let mut lengths = None;
        let written = expect.map(|right| {
            let Some(what) = writes(act, &right) else {
                return right;
            };
            if let (What::Body(Text::Exactly(old)), What::Body(Text::Exactly(new))) =
                (&right, &what)
            {
                lengths = Some((old.len().to_string(), new.len().to_string()));
            }
            what
        });
        let Some((old, new)) = lengths else {
            return written;
        };
        // Another text has another length.
        let length = |length: &str| What::Field("Content-Length".into(), Some(length.into()));
        written.map(|what| match what == length(&old) {
            true => length(&new),
            false => what,
        })
    }

    /// Whether it is a change of what is written.
    pub fn writes(&self) -> bool {
        matches!(self.change, Change::Writes(_))
    }
}

/// A name, what a teacher says, and the changes in which students make this slip.
type Named<F> = (&'static str, &'static str, &'static [F]);

/// All slips that could be the cause of these wrong answers: those that are made
/// everywhere, those in one step, those for one path, and answers of their own.
pub(super) fn slips(wrong: &[Compared]) -> [Vec<Slip>; 4] {
    let scopes = scope::scopes(wrong);
    let mut slips = Vec::new();
    let mut add = |name: &str, says: &str, change: Change| {
        slips.extend(scopes.iter().map(|scope| Slip {
            name: name.into(),
            says: says.into(),
            scope: scope.clone(),
            change: change.clone(),
        }));
    };
    for &(name, says, changes) in requests::READS {
        for &change in changes {
            add(name, says, Change::Reads(Rc::new(change)));
        }
    }
    let values = || {
        values::VALUES
            .iter()
            .filter(|(name, ..)| values::may_be(name, wrong))
    };
    for &(name, says, changes) in values() {
        for &change in changes {
            let change = move |request: &Request| values::with_fields(request, change);
            add(name, says, Change::Reads(Rc::new(change)));
        }
    }
    for &(name, says, changes) in texts::TEXTS {
        for &change in changes {
            let change = move |_: &Act, what: &What| texts::with_text(what, change);
            add(name, says, Change::Writes(Rc::new(change)));
        }
    }
    for one in wrong.iter().take(MOST) {
        for (name, says, writes) in answers::came(one) {
            add(name, &says, Change::Writes(writes));
        }
    }
    // A value may be read otherwise in one field alone, wherever it comes.
    for field in values::fields_of(wrong) {
        for &(name, says, changes) in values() {
            for &change in changes {
                let field = field.clone();
                let change = move |request: &Request| {
                    values::with_fields(request, |pairs| in_field(pairs, &field, change))
                };
                slips.push(Slip {
                    name: name.into(),
                    says: says.into(),
                    scope: Scope::Everywhere,
                    change: Change::Reads(Rc::new(change)),
                });
            }
        }
    }
    // An answer of its own is the least that can be said: where it is given.
    for scope in &scopes {
        let first = wrong.iter().find(|one| scope.covers(one.act, one.due));
        if let Some((says, answer)) =
            answers::says_where(scope).zip(first.and_then(|one| one.seen.answer()))
        {
            slips.push(answers::own_answer(scope.clone(), says, answer.clone()));
        }
    }
    let mut sorted = [const { Vec::new() }; 4];
    for slip in slips {
        let width = match slip.scope {
            Scope::Everywhere => 0,
            _ if slip.name == OWN_ANSWER => 3,
            Scope::Step(_) | Scope::Status(..) | Scope::Errors => 1,
            Scope::NoBody(..) | Scope::Path(..) => 2,
        };
        sorted[width].push(slip);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::{get, post};

    /// What a slip of this name makes of a request.
    fn read(name: &str, act: Act) -> Vec<Request> {
        let request = act.asked().expect("a request");
        let [everywhere, ..] = slips(&[]);
        let named = everywhere.iter().filter(|slip| slip.name == name);
        named.filter_map(|slip| slip.read(request)).collect()
    }

    fn targets(name: &str, target: &str) -> Vec<String> {
        let read = read(name, get(target)).into_iter();
        read.map(|request| request.target).collect()
    }

    #[test]
    fn paths_and_queries_are_read_as_others() {
        assert_eq!(targets("path-letters", "/About?X=1"), ["/about?X=1"]);
        assert_eq!(targets("path-end-slash", "/about//"), ["/about", "/about/"]);
        assert_eq!(targets("path-end-slash", "/"), [""; 0]);
        assert_eq!(targets("path-beginning", "/about/x"), ["/about"]);
        assert_eq!(targets("index-html", "/index.html?a"), ["/?a"]);
        assert_eq!(targets("empty-query", "/about?"), ["/about-?"]);
        assert_eq!(targets("last-question-mark", "/?a=b?c"), ["/-?c"]);
        assert_eq!(targets("plus-twice", "/?a=1%2B1+1"), ["/?a=1+1+1"]);
        assert_eq!(targets("values-letters", "/?a=%C3%84"), ["/?a=%C3%A4"]);
    }

    #[test]
    fn bodies_are_read_as_others() {
        let bodies = |name: &str, body: &[u8]| -> Vec<String> {
            let read = read(name, post("/").body(body)).into_iter();
            read.map(|request| request.text().into_owned()).collect()
        };
        assert_eq!(bodies("body-line-ends", b"a\r\nb\n"), ["a\nb\n"]);
        assert_eq!(bodies("body-lossy", b"a\xff"), ["a\u{fffd}"]);
        assert_eq!(bodies("last-of-its-name", b"a=1&a=2"), ["a=2&a=1"]);
        assert_eq!(bodies("body-trimmed", b"plain"), [""; 0]);
    }

    /// A student who meets a name again reads the same.
    #[test]
    fn of_each_name_one_thing_is_said() {
        let mut said = BTreeMap::new();
        for slip in slips(&[]).into_iter().flatten() {
            let first = said.entry(slip.name).or_insert_with(|| slip.says.clone());
            assert_eq!(*first, slip.says);
        }
    }
}

//! What is right, as a pure function; and from it, acts that find out whether a program
//! does it.
//!
//! A lesson has one [`Model`]. It states what the lesson's text promises: which answer is
//! expected after which act. It has [knobs](Model::Knobs), which are right by default; a
//! [mistake](Model::mistakes) is a knob set wrong. The grader draws [sessions](session) of
//! acts, and shrinks what fails to the acts that are needed for it.
//!
//! Nothing here knows a socket or a program.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::record::{Act, Expect, Seen};

pub(crate) mod draw;
mod judge;
mod reader;
mod session;

pub use draw::Draw;
pub(crate) use draw::any_seed;
pub(crate) use judge::miscounted;
pub(crate) use reader::Read;
pub use reader::{Tag, folded, shown, tags};
pub use session::{Drawn, LENGTH, expected, session, shrink, usual_session};

/// The steps that are not graded, because their `todo!` still stands.
pub type Open = BTreeSet<u32>;

/// What a lesson's text promises.
///
/// ```
/// use grader::{Act, Draw, Expect, Mistakes, Model, get};
///
/// /// A server that greets: `/Ada` gets `Hello, Ada`.
/// struct Greeter;
///
/// /// What it does. The default is right; every other value is a mistake.
/// #[derive(Clone)]
/// struct Knobs {
///     name: fn(path: &str) -> &str,
/// }
///
/// impl Default for Knobs {
///     fn default() -> Self {
///         Knobs { name: |path| &path[1..] }
///     }
/// }
///
/// impl Model for Greeter {
///     type Knobs = Knobs;
///     type State = ();
///
///     fn expect(knobs: &Knobs, _: &mut (), act: &Act) -> Option<Expect> {
///         let asked = act.asked_get()?;
///         if asked.path() == "/" {
///             return None; // the text does not say who is greeted then
///         }
///         let name = (knobs.name)(asked.path());
///         Some(Expect::step(1).status(200).body(format!("Hello, {name}\n")))
///     }
///
///     fn draw(draw: &mut Draw, _: &()) -> Vec<Act> {
///         vec![get(draw.path() + &draw.query())]
///     }
///
///     fn mistakes(mistakes: &mut Mistakes<Knobs>) {
///         mistakes.wrong("slash", "The name begins behind the slash: &path[1..].", |knobs| {
///             knobs.name = |path| path;
///         });
///     }
/// }
/// ```
pub trait Model: 'static {
    /// The choices that a program makes where students go wrong. The default is right.
    /// A knob is a value, or a function: right `|text| text.chars().count()`, wrong `str::len`.
    type Knobs: Clone + Default;

    /// What a program remembers from act to act. The default is that of a program which has
    /// just started.
    type State: Clone + Default;

    /// What must be true after this act, and what the program then remembers. `None` where
    /// the text leaves it open: then nobody asks. (`Serve`, `Write`, `Start` and `Restart` are
    /// always done; only what is expected of `Start` counts.)
    fn expect(knobs: &Self::Knobs, state: &mut Self::State, act: &Act) -> Option<Expect>;

    /// What to do next: requests that a wrong program is likely to answer wrongly, near
    /// misses of what is known.
    fn draw(draw: &mut Draw, state: &Self::State) -> Vec<Act>;

    /// The mistakes that students make, each a knob set wrong, with what a teacher says.
    fn mistakes(_mistakes: &mut Mistakes<Self::Knobs>) {}

    /// Mistakes in constants, such as a text: the knob becomes what was seen after an act
    /// that went wrong.
    fn mistyped(_act: &Act, _seen: &Seen, _mistakes: &mut Mistakes<Self::Knobs>) {}

    /// What is left of what the program remembers when it starts again (also by `Start`,
    /// before [`Model::expect`] is asked).
    fn restart(state: &mut Self::State) {
        *state = Self::State::default();
    }
}

/// Mistakes: knobs set wrong.
pub struct Mistakes<K>(Vec<Mistake<K>>);

/// One mistake.
pub struct Mistake<K> {
    /// Its name. Two settings of the same name are the same mistake.
    pub name: String,
    /// What a teacher says: what is wrong, and where to look. One or two sentences.
    pub says: String,
    set: Rc<dyn Fn(&mut K)>,
}

impl<K> Clone for Mistake<K> {
    fn clone(&self) -> Self {
        let Self { name, says, set } = self;
        let (name, says, set) = (name.clone(), says.clone(), Rc::clone(set));
        Self { name, says, set }
    }
}

impl<K> std::fmt::Debug for Mistake<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Mistake").field(&self.name).finish()
    }
}

impl<K> Mistake<K> {
    /// Turns the knob.
    pub fn set(&self, knobs: &mut K) {
        (self.set)(knobs);
    }
}

impl<K> Mistakes<K> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a mistake: its name, what a teacher says of it (to the student, in one or two
    /// sentences), and the knob that it is. Where students make one mistake in several ways,
    /// [`or`](Self::or) adds the other settings:
    ///
    /// ```
    /// # #[derive(Clone, Default)]
    /// # struct Knobs { moved: u16 }
    /// # fn mistakes(mistakes: &mut grader::Mistakes<Knobs>) {
    /// mistakes
    ///     .wrong("moved-otherwise", "The redirect has the status 301.", |knobs| knobs.moved = 302)
    ///     .or(|knobs| knobs.moved = 303);
    /// # }
    /// ```
    pub fn wrong(
        &mut self,
        name: &str,
        says: impl Into<String>,
        set: impl Fn(&mut K) + 'static,
    ) -> &mut Self {
        self.0.push(Mistake {
            name: name.into(),
            says: says.into(),
            set: Rc::new(set),
        });
        self
    }

    /// Adds another setting of the mistake that was added last, with the same name and the
    /// same words.
    ///
    /// # Panics
    ///
    /// If there is no mistake yet: a mistake in the lesson.
    #[track_caller]
    pub fn or(&mut self, set: impl Fn(&mut K) + 'static) -> &mut Self {
        let last = self
            .0
            .last()
            .expect("there is a mistake to be set otherwise");
        let (name, says) = (last.name.clone(), last.says.clone());
        self.wrong(&name, says, set)
    }

    /// All mistakes, in the order in which they were added.
    pub fn all(&self) -> &[Mistake<K>] {
        &self.0
    }
}

/// The mistakes of a model.
pub fn mistakes<M: Model>() -> Mistakes<M::Knobs> {
    let mut mistakes = Mistakes::new();
    M::mistakes(&mut mistakes);
    mistakes
}

/// What the model says of an act, and what is left of it when the open steps are left out:
/// nothing, if the text leaves all of it open.
pub(crate) fn step<M: Model>(
    knobs: &M::Knobs,
    state: &mut M::State,
    act: &Act,
    open: &Open,
) -> Option<Expect> {
    if let Act::Restart | Act::Start(_) = act {
        M::restart(state);
    }
    if let Act::Restart = act {
        return Some(Expect::default());
    }
    let before = state.clone();
    let expect = M::expect(knobs, state, act).map(|expect| expect.without(open));
    match act {
        Act::Serve(..) | Act::Write(..) => return Some(Expect::default()),
        Act::Start(_) => return Some(expect.unwrap_or_default()),
        _ => {}
    }
    let expect = expect.filter(|expect| !expect.all().is_empty());
    if expect.is_none() {
        *state = before;
    }
    expect
}

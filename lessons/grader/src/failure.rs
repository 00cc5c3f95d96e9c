//! Why a check failed: what was asked, what was expected, what came back, and the
//! symptom from which the likely cause is worked out.

use crate::answer::Answer;
use crate::program::{EndTrouble, StartTrouble, Trace};
use crate::request::Asked;

/// What a check returns: nothing more to say, or why it failed.
pub type Verdict = Result<(), Failure>;

/// Why a check failed. Made by the methods that ask and expect, such as
/// [`Run::get`](crate::Run::get) and [`Answer::expect_status`]; a check hands it
/// on with `?`. The grader adds what the program printed and the likely cause.
#[derive(Clone, Debug)]
pub struct Failure(pub(crate) Box<Facts>);

/// What is known of a failure.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) asked: Option<Asked>,
    pub(crate) expected: String,
    pub(crate) came: Came,
    pub(crate) symptom: Symptom,
    /// What was seen of the program, if another one than the student's server, or a
    /// server that never was one, is meant.
    pub(crate) trace: Option<Trace>,
    /// The name and the text of a likely cause that the check itself knows.
    pub(crate) cause: Option<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) enum Came {
    /// A whole answer.
    Answer(Box<Answer>),
    /// Bytes that are no whole answer, perhaps none.
    Bytes(Vec<u8>),
    /// Of a program that runs to its end: how it ended, in words.
    Ended(String),
    /// Of a page in a browser: what is there, in words.
    Page(String),
    /// Said in words.
    Words(String),
}

/// What is wrong, as far as a machine can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Symptom {
    /// The program did not begin to serve.
    NotStarted(StartTrouble),
    /// Nobody listens on the port.
    Refused,
    /// The connection was closed before the answer was whole.
    ClosedEarly,
    /// The answer did not come in time, or not all of it.
    TooSlow,
    /// What came is not HTTP, for this reason.
    NotHttp(String),
    /// Neither a Content-Length nor an end.
    NoLength,
    /// The Content-Length promises more than came; the connection is still open.
    ShortBody {
        declared: u64,
        got: usize,
        open: bool,
    },
    /// This many bytes came after the end of the body.
    LongBody { declared: u64, surplus: usize },
    /// More than the limit.
    EndlessBody,
    /// Another status than this.
    Status(u16),
    /// The header is missing, or has another value than this.
    Header { name: String, expected: String },
    /// The program did not send the header; http-core added the one that came.
    AddedHeader(String),
    /// The header should not be there.
    UnwantedHeader,
    /// Another body than this.
    Body(Vec<u8>),
    /// A body without this text in it.
    BodyLacks(String),
    /// A body with this text in it, which must not be there.
    BodyHas(String),
    /// A program that should end by itself does not.
    DoesNotEnd(EndTrouble),
    /// Another exit code than this.
    ExitCode(i32),
    /// Another standard output than this.
    Stdout(String),
    /// A standard output without this text in it.
    StdoutLacks(String),
    /// A standard error without this text in it.
    StderrLacks(String),
    /// There is no browser on this computer, for this reason.
    NoBrowser(String),
    /// This run was asked not to start one, for this reason.
    BrowserSkipped(String),
    /// A page is not what it should be.
    Page,
    /// A check's own words; nothing to conclude from.
    Other,
    /// The check itself broke.
    Grader,
}

impl Failure {
    pub(crate) fn new(
        asked: Option<Asked>,
        expected: impl Into<String>,
        came: Came,
        symptom: Symptom,
    ) -> Self {
        Self(Box::new(Facts {
            asked,
            expected: expected.into(),
            came,
            symptom,
            trace: None,
            cause: None,
        }))
    }

    /// Adds a likely cause that only the lesson knows: a short name for it, and what to
    /// look at. It is shown unless the program fails in a way that every lesson has: it
    /// does not answer, say, or it panics.
    ///
    /// ```no_run
    /// # fn check(run: &mut grader::Run) -> grader::Verdict {
    /// let answer = run.get("/")?;
    /// answer
    ///     .expect_body_contains("ant, bee, cat")
    ///     .map_err(|failure| failure.because("unsorted", "Sort the names before you list them."))
    /// # }
    /// ```
    pub fn because(mut self, id: &'static str, text: impl Into<String>) -> Self {
        self.0.cause = Some((id, text.into()));
        self
    }

    /// Adds what was seen of the program.
    pub(crate) fn with_trace(mut self, trace: Trace) -> Self {
        self.0.trace = Some(trace);
        self
    }

    /// A failure that is the grader's own.
    pub(crate) fn of_the_grader(what: &str) -> Self {
        let came = Came::Words(format!("the check broke: {what}"));
        Self::new(None, "a check that works", came, Symptom::Grader)
    }

    /// There is no browser for the check; the symptom says why.
    pub(crate) fn no_browser(symptom: Symptom) -> Self {
        Self::new(None, "a browser", Came::Words("none".into()), symptom)
    }

    /// Whether nothing at all came until the time was up.
    pub(crate) fn is_silence(&self) -> bool {
        match &self.0.symptom {
            Symptom::TooSlow => matches!(&self.0.came, Came::Bytes(bytes) if bytes.is_empty()),
            Symptom::DoesNotEnd(trouble) => *trouble == EndTrouble::Runs,
            _ => false,
        }
    }

    /// Whether the program may have ended, or be about to.
    pub(crate) fn may_be_an_end(&self) -> bool {
        matches!(
            self.0.symptom,
            Symptom::Refused | Symptom::ClosedEarly | Symptom::ShortBody { open: false, .. }
        ) || self.0.symptom == Symptom::NotStarted(StartTrouble::Ended)
    }
}

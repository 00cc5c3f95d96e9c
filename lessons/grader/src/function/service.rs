//! A server that a check asks, and its answers.

use std::borrow::Cow;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Failure, Finished, Log, Verdict, Why, Wrong};
use crate::client::ask::ask;
use crate::client::wire::Wire;
use crate::model::tags;
use crate::program::Server;
use crate::record::{self, Act, Command, Ended, Exchange, Seen, SetCookie};
use crate::show::{quoted, with_reason};

/// A server: the student's, or another program of the lesson, from
/// [`Invocation::serve`](super::Invocation::serve). It ends with the check.
#[derive(Clone)]
pub struct Service(Rc<Serving>);

struct Serving {
    server: Server,
    /// What a student types to start it.
    command: String,
    /// How long it may take to answer.
    limit: Duration,
    log: Log,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Service").field(&self.url()).finish()
    }
}

impl Service {
    pub(super) fn new(server: Server, command: String, limit: Duration, log: Log) -> Self {
        Self(Rc::new(Serving {
            server,
            command,
            limit,
            log,
        }))
    }

    /// What a student types to start it.
    pub(super) fn command(&self) -> &str {
        &self.0.command
    }

    /// Its address without a slash at the end, such as `http://localhost:4133`.
    pub fn url(&self) -> String {
        let address = &self.0.server.address;
        format!("http://{}:{}", address.host, address.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.0.server.address.port
    }

    /// Asks for this path with GET.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.ask(crate::get(path))
    }

    /// Asks it: [`get`](crate::get), [`post`](crate::post), …
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    pub fn ask(&self, act: Act) -> Result<Answer, Failure> {
        self.begin(act).answer()
    }

    /// Asks it in the same way, on a connection of its own, and does not wait for the answer:
    /// [`Begun::answer`] does. So requests can be under way at the same time.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    pub fn begin(&self, act: Act) -> Begun {
        let request = act.asked().expect("a server is asked with requests");
        let (request, address) = (request.clone(), self.0.server.address.clone());
        let until = Instant::now() + self.0.limit;
        let asking = std::thread::spawn(move || ask(&request, &address, until));
        Begun {
            service: self.clone(),
            act,
            asking,
        }
    }

    /// Asks it in the same way, on a connection of its own, and waits for up to `patience`: `None` if its
    /// end is not there by then.
    ///
    /// # Errors
    ///
    /// If the end is there, and is no whole answer.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    pub fn ask_within(&self, act: Act, patience: Duration) -> Result<Option<Answer>, Failure> {
        let begun = self.begin(act);
        match begun.is_done_within(patience) {
            true => begun.answer().map(Some),
            false => Ok(None),
        }
    }

    /// Begins to ask it, as a client does that is slow: half of the body comes, and then nothing until
    /// [`Slow::finish`]. Returns when the program reads it, and `None` if it does not.
    ///
    /// # Panics
    ///
    /// If the act is no request: a mistake in the lesson.
    pub fn begin_slowly(&self, act: &Act) -> Option<Slow> {
        let request = act.asked().expect("a server is asked with requests");
        let Serving { server, limit, .. } = &*self.0;
        let mut wire = Wire::open(&server.address, 1, *limit).ok()?;
        let rest = wire.begin(request, *limit)?;
        let limit = *limit;
        Some(Slow { wire, rest, limit })
    }

    /// Asks for the same on several connections at once, on each `times` times, without a pause; and waits
    /// until all is answered, whatever the answers are. What needs two threads in the same nanoseconds
    /// comes about in thousands of requests.
    ///
    /// Nothing is read before all is sent: what is asked and answered on one connection, some 50 KiB, must
    /// have room on its way.
    ///
    /// # Panics
    ///
    /// If the act is no request, or `times` is 0: a mistake in the lesson.
    pub fn ask_often(&self, act: &Act, connections: u32, times: usize) {
        let request = act.asked().expect("a server is asked with requests");
        let Serving { server, limit, .. } = &*self.0;
        let open = |number| Wire::open(&server.address, number, *limit).ok();
        let all: Vec<Wire> = (1..=connections).filter_map(open).collect();
        for wire in &all {
            wire.send(request, times, *limit);
        }
        for wire in all {
            wire.drain(*limit);
        }
    }

    /// The failure of a check for which one request is not the whole story: what was done, one
    /// thing a line, what was expected, and what came.
    pub fn wrong(
        &self,
        done: &[&str],
        expected: impl Into<String>,
        came: impl Into<String>,
    ) -> Failure {
        let mut done: Vec<String> = done.iter().map(ToString::to_string).collect();
        done.push(format!("(with this running: {})", self.0.command));
        Failure::new(Why::Wrong(Wrong {
            done,
            expected: expected.into(),
            came: came.into(),
            ..Wrong::default()
        }))
    }

    /// Asks it to end, as a host does: with the signal SIGTERM.
    ///
    /// # Errors
    ///
    /// If that cannot be done here: the check is ignored. Hand the error on.
    pub fn terminate(&self) -> Verdict {
        self.0.server.terminate().map_err(Failure::not_here)
    }

    /// Waits until it has ended by itself: after [`Service::terminate`].
    ///
    /// # Errors
    ///
    /// If it has not when its time is up.
    pub fn wait(&self) -> Result<Finished, Failure> {
        let ended = self.0.server.wait(Instant::now() + self.0.limit);
        Finished::of(self.0.command.clone(), Command::default(), *ended)
    }

    /// The most memory that it has used so far, in bytes.
    ///
    /// # Errors
    ///
    /// If this system does not tell: the check is ignored. Hand the error on.
    pub fn peak_memory(&self) -> Result<u64, Failure> {
        let peak = self.0.server.peak_memory();
        peak.ok_or_else(|| Failure::not_here("this system does not tell how much memory it uses"))
    }

    /// Ends it.
    pub fn stop(self) {
        self.0.server.end(false);
    }

    /// Ends it, and says what it has printed. With `ending`, it may be ending just now.
    pub(super) fn end(&self, ending: bool) -> Ended {
        self.0.server.end(ending)
    }

    /// The text with the port that the server has by default, not that of this run.
    pub(super) fn with_usual_port(&self, text: &str) -> String {
        let real = format!("localhost:{}", self.port());
        text.replace(&real, "localhost:8000")
    }
}

/// The cause of white space before a text.
pub(super) fn space_before(failure: Failure) -> Failure {
    failure.because(
        "space-before",
        "White space of your own stands before the text, and the style of the page shows it \
         (pre-wrap). Put nothing between the tag and the text.",
    )
}

/// A request that is under way; from [`Service::begin`].
pub struct Begun {
    service: Service,
    act: Act,
    asking: JoinHandle<Exchange>,
}

impl Begun {
    /// Whether its end is there: an answer, or that none comes.
    pub fn is_done(&self) -> bool {
        self.asking.is_finished()
    }

    /// Waits until its end is there, but not longer than this. Whether it is.
    pub fn is_done_within(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while !self.is_done() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.is_done()
    }

    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn answer(self) -> Result<Answer, Failure> {
        let Self {
            service,
            act,
            asking,
        } = self;
        let exchange = match asking.join() {
            Ok(exchange) => exchange,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let answer = exchange.answer.clone();
        let seen = Seen::Exchange(Box::new(exchange));
        service.0.log.borrow_mut().push((act, seen));
        let number = service.0.log.borrow().len();
        let asked = Asked { service, number };
        match answer {
            Ok(answer) => Ok(Answer { answer, asked }),
            Err(_) => Err(asked.wrong("a whole HTTP answer".into())),
        }
    }
}

/// A request of which half of the body has come; from [`Service::begin_slowly`].
#[derive(Debug)]
pub struct Slow {
    wire: Wire,
    rest: Vec<u8>,
    limit: Duration,
}

impl Slow {
    /// Sends the other half, and waits for the answer, whatever it is.
    pub fn finish(self) {
        self.wire.finish(&self.rest, self.limit);
    }
}

/// A request, as the log has it.
#[derive(Clone, Debug)]
struct Asked {
    service: Service,
    /// The number of acts in the log, this one included: what came later is no part of its
    /// story.
    number: usize,
}

impl Asked {
    fn wrong(&self, expected: String) -> Failure {
        let Serving { log, command, .. } = &*self.service.0;
        Failure::new(Why::Wrong(Wrong {
            acts: log.borrow()[..self.number].to_vec(),
            running: Some(command.clone()),
            expected,
            ..Wrong::default()
        }))
    }
}

/// A whole answer, and what may be expected of it.
#[derive(Clone, Debug)]
pub struct Answer {
    answer: record::Answer,
    asked: Asked,
}

impl Answer {
    /// The status code, such as 200.
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// The value of a field of the head.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.answer.field(name)
    }

    /// The cookies that it sets, in their order.
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie> {
        self.answer.cookies()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.answer.body
    }

    /// The body as text; what is not UTF-8 becomes U+FFFD.
    pub fn text(&self) -> Cow<'_, str> {
        self.answer.text()
    }

    /// Expects this status.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn expect_status(&self, status: u16) -> Verdict {
        if self.status() == status {
            return Ok(());
        }
        Err(self.wrong(format!("status {}", with_reason(status).trim_end())))
    }

    /// Expects exactly this body, byte for byte.
    ///
    /// # Errors
    ///
    /// If it is another one.
    pub fn expect_body(&self, body: impl AsRef<[u8]>) -> Verdict {
        let body = body.as_ref();
        if self.body() == body {
            return Ok(());
        }
        Err(self.wrong(format!("exactly this body: {}", quoted(body))))
    }

    /// Expects this text anywhere in the body.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_body_contains(&self, text: &str) -> Verdict {
        if self.text().contains(text) {
            return Ok(());
        }
        Err(self.wrong(format!("a body with {}", quoted(text.as_bytes()))))
    }

    /// Expects that in an element in which white space is shown, this text does not stand behind
    /// white space of the page's own. (What is shown, the style of its class or its own says, or
    /// its name, `pre`. Of other styles, a browser knows more:
    /// [`Page::expect_no_space_before`](super::Page::expect_no_space_before).)
    ///
    /// # Errors
    ///
    /// If there is such white space.
    pub fn expect_no_space_before(&self, text: &str) -> Verdict {
        if has_space_before(&self.text(), text) {
            let failure = self.wrong(format!(
                "a page with nothing between a tag and this text:\n{}",
                quoted(text.as_bytes())
            ));
            return Err(space_before(failure));
        }
        Ok(())
    }

    /// The failure of a check that looked at this answer and did not find what it expected.
    pub fn wrong(&self, expected: impl Into<String>) -> Failure {
        self.asked.wrong(expected.into())
    }
}

/// Whether a reader of the page sees white space between a tag and this text.
fn has_space_before(page: &str, text: &str) -> bool {
    let plain = |text: &str| text.replace(char::is_whitespace, "");
    let style = plain(page);
    let is_shown = |rule: &str| rule.contains("white-space:pre-wrap");
    let has_style = |class: &str| {
        let begin = format!(".{class}{{");
        let mut rules = style.split(&begin).skip(1);
        rules.any(|rule| is_shown(rule.split('}').next().unwrap_or_default()))
    };
    page.match_indices(text).any(|(at, _)| {
        let before = page[..at].trim_end();
        let begin = before.rfind('<').filter(|_| before.ends_with('>'));
        let tag = begin.and_then(|begin| tags(&before[begin..]).pop());
        let Some(tag) = tag.filter(|_| before.len() < at) else {
            return false;
        };
        let attribute = |name| tag.attribute(name).unwrap_or_default();
        let is_pre = tag.name == "pre";
        // One line end behind this tag, HTML passes over, whatever its style is.
        if is_pre && ["\n", "\r\n"].contains(&&page[before.len()..at]) {
            return false;
        }
        is_pre
            || is_shown(&plain(attribute("style")))
            || attribute("class").split_whitespace().any(has_style)
    })
}

#[test]
fn white_space_before_a_text_is_found_however_its_tag_is_written() {
    let styled = |tag: &str| format!("<style>.a,.m{{ white-space:pre-wrap }}</style>{tag}");
    for tag in [
        "<p class=\"m\">",
        "<p class='m'>",
        "<td class=m>",
        "<p id=x class='big m'>",
        "<p style='white-space: pre-wrap'>",
        "<pre>\n",
        "<pre style='white-space: pre-wrap'>\n",
    ] {
        let page = styled(tag);
        assert!(
            has_space_before(&format!("{page}\n  word"), "word"),
            "{tag}"
        );
        assert!(!has_space_before(&format!("{page}word"), "word"), "{tag}");
    }
    for page in [
        "<p class=b>\n  word",
        "<p class=m>Yours:\nword",
        "<p>\nword",
        "<pre>\nword",
        "<pre class=m>\r\nword",
        "<pre style='white-space: pre-wrap'>\nword",
    ] {
        assert!(!has_space_before(&styled(page), "word"), "{page}");
    }
}

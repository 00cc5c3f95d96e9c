//! What a check has in hand: the student's program, a client for it, other programs
//! to start beside it, and values drawn from the seed.

use std::net::TcpStream;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::attempt::Setting;
use crate::client::browser::Browser;
use crate::failure::{Failure, Symptom};
use crate::invocation::{Invocation, command_line};
use crate::page::Page;
use crate::program::{Launch, Trace};
use crate::request::{FORM, Request, encode_form};
use crate::seed::Seed;
use crate::server::Server;
use crate::stub::{self, Received, Reply, Stub};
use crate::wire::Wire;

/// The limits of every check of a lesson.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a program may take until it prints its start line. 5 seconds.
    pub start: Duration,
    /// How long a check may take, from the start line on. 10 seconds.
    pub check: Duration,
    /// The most bytes that an answer's body may have. 1 MiB.
    pub body: usize,
    /// How long Cargo may build without a word, which is how long the compiler may
    /// take for the program. 60 seconds.
    pub build: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(5),
            check: Duration::from_secs(10),
            body: 1024 * 1024,
            build: Duration::from_secs(60),
        }
    }
}

/// One run of a check: the student's program, which no other check has used, and
/// how to talk to it.
///
/// A program that serves is started by the first request. One that runs to its end
/// is started by [`Run::program`].
pub struct Run {
    program: PathBuf,
    pub(crate) setting: Arc<Setting>,
    pub(crate) until: Instant,
    limits: Limits,
    seed: Seed,
    variables: Vec<(String, String)>,
    server: Option<Rc<Server>>,
    /// All that serve, in the order in which they were started.
    pub(crate) servers: Vec<Rc<Server>>,
    pub(crate) stubs: Vec<Stub>,
    /// The server was started as usual, and never said that it serves.
    pub(crate) never_serves: bool,
    /// Why this run of the check gets no browser, if it gets none.
    pub(crate) no_browser: Option<String>,
    /// Each keeps a port from being used.
    kept: Vec<TcpStream>,
}

impl Run {
    pub(crate) fn new(program: PathBuf, setting: Arc<Setting>, limits: Limits, seed: Seed) -> Self {
        Self {
            program,
            setting,
            until: Instant::now() + limits.check,
            limits,
            seed,
            variables: Vec::new(),
            server: None,
            servers: Vec::new(),
            stubs: Vec::new(),
            never_serves: false,
            no_browser: None,
            kept: Vec::new(),
        }
    }

    /// Values that differ from run to run: paths, words, numbers, lines of text.
    pub fn seed(&mut self) -> &mut Seed {
        &mut self.seed
    }

    /// Sets a variable in the environment of the student's server, beside `PORT=0`.
    ///
    /// # Panics
    ///
    /// If the server runs already: set it before the first request.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        assert!(
            self.server.is_none(),
            "the server runs already, {name} comes too late"
        );
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Asks for this path with GET. The path is sent as it is, so it must be
    /// percent-encoded where a URI needs it.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    pub fn get(&mut self, path: &str) -> Result<Answer, Failure> {
        self.request("GET", path).send()
    }

    /// A request with any method, to be completed and sent:
    /// `run.request("POST", "/").header("Accept", "text/plain").body("ねこ").send()?`
    pub fn request(&mut self, method: &str, path: &str) -> Ask<'_> {
        Ask::new(self.server(), method, path)
    }

    /// Opens a raw connection.
    ///
    /// # Errors
    ///
    /// If the program does not accept it.
    pub fn connect(&mut self) -> Result<Wire, Failure> {
        self.server()?.connect()
    }

    /// The student's program, to be started with arguments and variables: one that
    /// runs to its end, or one more server.
    pub fn program(&mut self) -> Invocation<'_> {
        let (program, package) = (self.program.clone(), self.setting.place.package.clone());
        Invocation::new(self, Ok(program), format!("cargo run -p {package}"))
    }

    /// Another program of the lesson's package, the course's own: it is built if need
    /// be, and that takes nothing from the check's time.
    pub fn binary(&mut self, name: &str) -> Invocation<'_> {
        let began = Instant::now();
        let built = self.setting.built(name);
        let built = built.map_err(|not| not.why().to_string());
        self.until += began.elapsed();
        let package = &self.setting.place.package;
        let command = format!("cargo run -p {package} --bin {name}");
        Invocation::new(self, built, command)
    }

    /// Starts a server that answers as this function says, and keeps what it was
    /// asked. It ends with the check.
    ///
    /// # Panics
    ///
    /// If there is no free port on the loopback address.
    pub fn stub(&mut self, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Stub {
        let stub = Stub::start(answer).expect("a free port");
        self.stubs.push(stub.clone());
        stub
    }

    /// The address of a server that refuses every connection: nobody listens there
    /// until the check is done. Without a slash at the end.
    ///
    /// # Panics
    ///
    /// If there is no free port on the loopback address.
    pub fn refusing_url(&mut self) -> String {
        let (address, kept) = stub::refusing().expect("a free port");
        self.kept.push(kept);
        format!("http://{address}")
    }

    /// An empty page in a real browser (Chromium without a window), to open the pages
    /// of the student's server in. It has a new profile, and ends with the check.
    ///
    /// # Errors
    ///
    /// If the server does not start. If there is no Chromium, or this run is to do
    /// without, the check is ignored: hand the error on.
    pub fn browser(&mut self) -> Result<Page, Failure> {
        self.server()?;
        let server = Rc::clone(self.server.as_ref().expect("just started"));
        if let Some(why) = &self.no_browser {
            return Err(Failure::no_browser(Symptom::BrowserSkipped(why.clone())));
        }
        let began = Instant::now();
        let started = Browser::start();
        let browser = started.map_err(|why| Failure::no_browser(Symptom::NoBrowser(why)))?;
        Ok(Page::new(browser, server, began.elapsed()))
    }

    /// The student's server, started if it does not run yet.
    fn server(&mut self) -> Result<&Server, Failure> {
        if self.server.is_none() {
            let began = Instant::now();
            let package = &self.setting.place.package;
            let command = command_line(&format!("cargo run -p {package}"), &self.variables, &[]);
            let launch = Launch {
                program: &self.program,
                folder: &self.setting.place.root,
                arguments: &[],
                variables: &self.variables,
                input: &[],
            };
            let started = Server::start(&launch, command, self.limits);
            self.never_serves = started.is_err() && self.variables.is_empty();
            let server = Rc::new(started?);
            self.until += began.elapsed();
            self.servers.push(Rc::clone(&server));
            self.server = Some(server);
        }
        Ok(self.server.as_deref().expect("just started"))
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Ends the student's server, if there is one, and returns what it printed. With
    /// `ending`, it gets a moment to end by itself. (All else ends with this value.)
    pub(crate) fn end(&self, ending: bool) -> Trace {
        let of = self.server.as_ref().or(self.servers.last());
        of.map_or_else(Trace::default, |server| server.program.end(ending).into())
    }
}

/// A request that is being put together; see [`Run::request`].
#[must_use = "a request is only asked with `send`"]
pub struct Ask<'run> {
    server: Result<&'run Server, Failure>,
    request: Request,
}

impl<'run> Ask<'run> {
    pub(crate) fn new(server: Result<&'run Server, Failure>, method: &str, path: &str) -> Self {
        let request = Request {
            method: method.into(),
            path: path.into(),
            ..Request::default()
        };
        Self { server, request }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// Sends this body, with its Content-Length.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.request.body = Some(body.as_ref().to_vec());
        self
    }

    /// Sends these fields, names and values, as a browser sends a form by POST.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        self.header("Content-Type", FORM).body(encode_form(fields))
    }

    /// Sends the request and reads the answer. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// If no whole answer comes in time. Any status is an answer.
    ///
    /// # Panics
    ///
    /// If the method, path or headers are not valid in HTTP: a mistake in the
    /// check. [`Run::connect`] can send anything.
    pub fn send(self) -> Result<Answer, Failure> {
        self.server?.ask(self.request)
    }
}

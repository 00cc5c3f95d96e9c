//! Plays acts on a program, and says what was seen.
//!
//! Each play has a fresh program. The addresses of the model
//! ([`SERVICE`](crate::SERVICE), [`NOBODY`](crate::NOBODY)) are put in and out here: a
//! program sees real ones.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::client::ask::{ask, can_send};
use crate::client::service::{Nobody, Service};
use crate::client::wire::Wire;
use crate::program::{Executable, Server, run, serve};
use crate::record::{
    Act, Broken, Bytes, Command, Connections, Ended, Exchange, Fields, Hangs, NotServing, Request,
    Seen,
};

mod addresses;
mod site;

use addresses::Addresses;
use site::Site;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until a server prints its start line. 5 seconds.
    pub start: Duration,
    /// Until an answer is whole, or a program has ended. 10 seconds.
    pub answer: Duration,
    /// Until all is done with a page in a browser. 30 seconds: on a busy computer, a browser takes
    /// seconds for what is a blink otherwise.
    pub page: Duration,
    /// How long Cargo may build without a word, which is how long the compiler may take
    /// for the program. 60 seconds.
    pub build: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            page: Duration::from_secs(30),
            build: Duration::from_secs(60),
        }
    }
}

/// What was seen of acts.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// The acts with what was seen after each.
    pub(crate) acts: Vec<(Act, Seen)>,
    /// What the program printed, and how it ended. Of programs that run, the last one; of one
    /// that is started again, what it printed before, too.
    pub(crate) printed: Ended,
}

/// A program that is played with.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) program: Executable,
    /// The folder in which it runs.
    pub(crate) folder: PathBuf,
    /// The variable that tells it which folder to serve, if it serves files.
    pub(crate) served: Option<&'static str>,
    /// What is in the environment of the program, whatever starts it.
    pub(crate) variables: Fields,
    /// The cookie whose values the program draws at random, if it has one.
    pub(crate) random_cookie: Option<&'static str>,
    pub(crate) limits: Limits,
}

impl Bench {
    /// The command with the variables that the program always has; its own count more.
    pub(crate) fn with_variables(&self, command: &Command) -> Command {
        let variables = self.variables.iter().chain(&command.variables);
        Command {
            variables: variables.cloned().collect(),
            ..command.clone()
        }
    }

    /// Plays these acts on a fresh program.
    ///
    /// # Errors
    ///
    /// If it is to serve, and does not come that far.
    pub(crate) fn play<'a>(
        &self,
        acts: impl IntoIterator<Item = &'a Act>,
        connections: Connections,
    ) -> Result<Played, NotServing> {
        let mut stage = Stage::new(self, connections).map_err(NotServing::NotStarted)?;
        let mut played = Vec::new();
        let mut acts = acts.into_iter().peekable();
        while let Some(act) = acts.next() {
            let seen = stage.play(act)?;
            let is_down = matches!(act, Act::Start(_)) && seen != Seen::Serves;
            let is_silent = is_silence(&seen);
            played.push((act.clone(), seen));
            // What is not started answers nothing, until it is started in another way. A program
            // that is silent once would be waited for at every act.
            let starts = matches!(acts.peek(), Some(Act::Start(_)));
            if is_silent || is_down && !starts {
                break;
            }
        }
        let ending = played.last().is_some_and(|(_, seen)| seen.may_be_ending());
        Ok(Played {
            printed: stage.end(ending),
            acts: played,
        })
    }
}

fn is_silence(seen: &Seen) -> bool {
    match seen {
        Seen::Exchange(exchange) => {
            let waits = [
                Broken::Silent,
                Broken::Unreachable,
                Broken::Slow,
                Broken::NoLength,
                Broken::Refused,
            ];
            exchange.answer.as_ref().is_err_and(|why| {
                waits.contains(why) || matches!(why, Broken::Short { open: true, .. })
            })
        }
        Seen::Ended(ended) => ended.is_err(),
        Seen::Serves | Seen::Nothing => false,
    }
}

/// A program while acts are played on it, and what is around it.
struct Stage<'a> {
    bench: &'a Bench,
    connections: Connections,
    server: Option<Server>,
    /// How the server is started.
    command: Command,
    wire: Option<Wire>,
    wires: u32,
    service: Service,
    /// Keeps its address.
    _nobody: Nobody,
    site: Option<Site>,
    addresses: Addresses,
    /// How the last program that ran has ended.
    last: Option<Ended>,
    /// What the server printed before it was started again.
    before: Option<Ended>,
}

impl<'a> Stage<'a> {
    fn new(bench: &'a Bench, connections: Connections) -> Result<Self, String> {
        let service = Service::start().map_err(|error| error.to_string())?;
        let nobody = Nobody::open().map_err(|error| error.to_string())?;
        let site = bench.served.map(Site::new).transpose();
        let site = site.map_err(|error| error.to_string())?;
        let outside = site.as_ref().map(Site::outside);
        let addresses = Addresses::new(&service, &nobody, outside, bench.random_cookie);
        Ok(Self {
            bench,
            connections,
            server: None,
            command: Command::default(),
            wire: None,
            wires: 0,
            service,
            _nobody: nobody,
            site,
            addresses,
            last: None,
            before: None,
        })
    }

    fn play(&mut self, act: &Act) -> Result<Seen, NotServing> {
        match act {
            Act::Ask(request) => {
                self.serving()?;
                let request = self.addresses.real_request(request);
                let exchange = match self.connections {
                    Connections::Small => self.ask(&request.with_small_names()),
                    _ => self.ask(&request),
                };
                Ok(Seen::Exchange(Box::new(
                    self.addresses.told_answer(exchange),
                )))
            }
            Act::Run(command) => self.run(command).map_err(NotServing::NotStarted),
            Act::Serve(path, reply) => {
                self.service.serve(path, self.addresses.real_reply(reply));
                Ok(Seen::Nothing)
            }
            Act::Write(name, contents) => {
                let site = self.site.as_ref();
                let site = site.expect("a lesson whose acts write files has a folder");
                let written = site.write(name, contents);
                written.map_err(|error| NotServing::NotStarted(error.to_string()))?;
                Ok(Seen::Nothing)
            }
            Act::Restart => {
                self.wire = None;
                if let Some(server) = self.server.take() {
                    let ended = server.end(false);
                    self.before = Some(self.with_before(ended));
                    self.serving()?;
                }
                Ok(Seen::Nothing)
            }
            Act::Start(command) => {
                self.wire = None;
                self.server = None;
                self.before = None;
                self.command = self.addresses.real_command(command);
                let ended = match self.serving() {
                    Ok(()) => return Ok(Seen::Serves),
                    Err(NotServing::Ended(ended)) => Ok(*ended),
                    Err(NotServing::Silent(ended)) => Err(Hangs::Runs(*ended)),
                    Err(NotServing::Flood(ended)) => Err(Hangs::Flood(*ended)),
                    Err(other) => return Err(other),
                };
                Ok(self.ended(ended, Vec::new()))
            }
        }
    }

    /// The server runs after this.
    fn serving(&mut self) -> Result<(), NotServing> {
        if self.server.is_none() {
            let Bench {
                program, folder, ..
            } = self.bench;
            let limit = self.bench.limits.start;
            let mut command = self.bench.with_variables(&self.command);
            command
                .variables
                .extend(self.site.iter().map(Site::variable));
            self.server = Some(serve(program, folder, &command, limit)?);
        }
        Ok(())
    }

    fn ask(&mut self, request: &Request) -> Exchange {
        let limit = self.bench.limits.answer;
        let reuse = request.reuse || self.connections == Connections::One;
        if let Some(mut wire) = self.wire.take().filter(|_| reuse) {
            let (exchange, keeps) = wire.ask(request, limit);
            // A server may close a connection that is idle, also just now.
            if exchange.answer != Err(Broken::Closed) || !exchange.came.is_empty() {
                self.wire = Some(wire).filter(|_| keeps);
                return exchange;
            }
        }
        self.wires += 1;
        if self.connections == Connections::Ureq && can_send(request) {
            let address = &self.server.as_ref().expect("it serves").address;
            let exchange = ask(request, address, Instant::now() + limit);
            return Exchange {
                connection: self.wires,
                ..exchange
            };
        }
        let address = &self.server.as_ref().expect("it serves").address;
        match Wire::open(address, self.wires, limit) {
            Ok(mut wire) => {
                let (exchange, keeps) = wire.ask(request, limit);
                self.wire = Some(wire).filter(|_| keeps);
                exchange
            }
            Err(broken) => Exchange {
                request: Some(request.clone()),
                answer: Err(broken),
                sent: Bytes::default(),
                came: Bytes::default(),
                connection: self.wires,
                took: Duration::ZERO,
            },
        }
    }

    fn run(&mut self, command: &Command) -> Result<Seen, String> {
        let before = self.service.asked().len();
        let command = self.addresses.real_command(command);
        let command = self.bench.with_variables(&command);
        let Bench {
            program, folder, ..
        } = self.bench;
        let until = Instant::now() + self.bench.limits.answer;
        let ran = run(program, folder, &command, until).map_err(|error| error.to_string())?;
        let asked = self.service.asked().split_off(before);
        Ok(self.ended(ran, asked))
    }

    /// What is seen of a program that has ended, or hangs, and what it has asked meanwhile.
    fn ended(&mut self, ended: Result<Ended, Hangs>, asked: Vec<Exchange>) -> Seen {
        let asked = asked.into_iter();
        let asked: Vec<_> = asked.map(|e| self.addresses.told_exchange(e)).collect();
        let tell = |ended| Ended {
            asked,
            ..self.addresses.told_ended(ended)
        };
        let ended = match ended {
            Ok(ended) => Ok(tell(ended)),
            Err(hangs) => Err(hangs.map(tell)),
        };
        let last = ended.as_ref().unwrap_or_else(Hangs::so_far);
        self.last = Some(last.clone());
        Seen::Ended(Box::new(ended))
    }

    fn end(&mut self, ending: bool) -> Ended {
        match self.server.take() {
            Some(server) => {
                let ended = self.with_before(server.end(ending));
                self.addresses.told_ended(ended)
            }
            None => self.last.take().unwrap_or_default(),
        }
    }

    /// How a server has ended, with what it printed before it was started again: what fails
    /// may have failed then.
    fn with_before(&mut self, ended: Ended) -> Ended {
        let Some(before) = self.before.take() else {
            return ended;
        };
        Ended {
            stdout: before.stdout.followed_by(ended.stdout),
            stderr: before.stderr.followed_by(ended.stderr),
            ..ended
        }
    }
}

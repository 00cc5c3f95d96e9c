//! Plays acts on a program, and says what was seen.
//!
//! Each play has a fresh program. The addresses of the model
//! ([`SERVICE`](crate::SERVICE), [`NOBODY`](crate::NOBODY)) are put in and out here: a
//! program sees real ones.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::client::ask::ask;
use crate::client::service::{Nobody, Service};
use crate::program::{NotServing, Server, run, serve};
use crate::record::{
    Act, Answer, Broken, Bytes, Command, Ended, Exchange, Fields, Hangs, Printed, Reply, Request,
    Seen,
};
mod site;
mod wire;

use site::Site;
use wire::Wire;

/// The most bytes that the body of an answer may have.
const LARGEST_BODY: usize = 1024 * 1024;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until a server prints its start line.
    pub(crate) start: Duration,
    /// Until an answer is whole, or a program has ended.
    pub(crate) answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(5),
            answer: Duration::from_secs(10),
        }
    }
}

/// Which connections requests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// Each request has one of its own, and is sent by ureq, the client that the course
    /// teaches.
    Ureq,
    /// Each request has one of its own.
    Each,
    /// All requests have one together, as long as the server keeps it.
    One,
}

/// What was seen of acts.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// The acts with what was seen after each.
    pub(crate) acts: Vec<(Act, Seen)>,
    /// What the program printed, and how it ended. Of programs that run, the last one.
    pub(crate) printed: Ended,
}

/// A program that is played with.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) program: PathBuf,
    /// The folder in which it runs.
    pub(crate) folder: PathBuf,
    /// The variable that tells it which folder to serve, if it serves files.
    pub(crate) served: Option<&'static str>,
    pub(crate) limits: Limits,
}

impl Bench {
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
        for act in acts {
            let seen = stage.play(act)?;
            let started = matches!(act, Act::Start(_)) && seen != Seen::Serves;
            let broken = started || is_silence(&seen);
            played.push((act.clone(), seen));
            if broken {
                // A program that is silent once would be waited for at every act.
                break;
            }
        }
        let broke = played.last().is_some_and(|(_, seen)| is_broken(seen));
        Ok(Played {
            printed: stage.end(broke),
            acts: played,
        })
    }
}

fn is_broken(seen: &Seen) -> bool {
    matches!(seen, Seen::Exchange(exchange) if exchange.answer.is_err())
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
    nobody: Nobody,
    site: Option<Site>,
    /// How the last program that ran has ended.
    last: Option<Ended>,
}

impl<'a> Stage<'a> {
    fn new(bench: &'a Bench, connections: Connections) -> Result<Self, String> {
        let service = Service::start().map_err(|error| error.to_string())?;
        let nobody = Nobody::open().map_err(|error| error.to_string())?;
        let site = bench.served.map(Site::new).transpose();
        let site = site.map_err(|error| error.to_string())?;
        Ok(Self {
            bench,
            connections,
            server: None,
            command: Command::default(),
            wire: None,
            wires: 0,
            service,
            nobody,
            site,
            last: None,
        })
    }

    fn play(&mut self, act: &Act) -> Result<Seen, NotServing> {
        match act {
            Act::Ask(request) => {
                self.serving()?;
                let exchange = self.ask(&self.real_request(request));
                Ok(Seen::Exchange(Box::new(self.told_exchange(exchange))))
            }
            Act::Run(command) => {
                let ended = self.run(command).map_err(NotServing::NotStarted)?;
                let (Ok(last) | Err(Hangs::Runs(last) | Hangs::Flood(last))) = &ended;
                self.last = Some(last.clone());
                Ok(Seen::Ended(Box::new(ended)))
            }
            Act::Serve(path, reply) => {
                self.service.serve(path, self.real_reply(reply));
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
                    server.end(false);
                    self.serving()?;
                }
                Ok(Seen::Nothing)
            }
            Act::Start(command) => {
                self.wire = None;
                self.server = None;
                self.command = self.real_command(command);
                let ended = match self.serving() {
                    Ok(()) => return Ok(Seen::Serves),
                    Err(NotServing::Ended(ended)) => Ok(self.told_ended(*ended)),
                    Err(NotServing::Silent(ended)) => Err(Hangs::Runs(self.told_ended(*ended))),
                    Err(NotServing::Flood(ended)) => Err(Hangs::Flood(self.told_ended(*ended))),
                    Err(other) => return Err(other),
                };
                let (Ok(last) | Err(Hangs::Runs(last) | Hangs::Flood(last))) = &ended;
                self.last = Some(last.clone());
                Ok(Seen::Ended(Box::new(ended)))
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
            let mut command = self.command.clone();
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
        if self.connections == Connections::Ureq && can_be_sent(request) {
            let address = &self.server.as_ref().expect("it serves").address;
            let exchange = ask(request, address, Instant::now() + limit, LARGEST_BODY);
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
                came: Bytes::default(),
                connection: self.wires,
                took: Duration::ZERO,
            },
        }
    }

    fn run(&mut self, command: &Command) -> Result<Result<Ended, Hangs>, String> {
        let before = self.service.asked().len();
        let command = self.real_command(command);
        let Bench {
            program, folder, ..
        } = self.bench;
        let until = Instant::now() + self.bench.limits.answer;
        let ran = run(program, folder, &command, until).map_err(|error| error.to_string())?;
        let asked = self.service.asked().split_off(before);
        let asked: Vec<Exchange> = asked.into_iter().map(|e| self.told_exchange(e)).collect();
        let told = |ended| Ended {
            asked: asked.clone(),
            ..self.told_ended(ended)
        };
        Ok(match ran {
            Ok(ended) => Ok(told(ended)),
            Err(Hangs::Runs(ended)) => Err(Hangs::Runs(told(ended))),
            Err(Hangs::Flood(ended)) => Err(Hangs::Flood(told(ended))),
        })
    }

    fn end(&mut self, broke: bool) -> Ended {
        match self.server.take() {
            Some(server) => self.told_ended(server.end(broke)),
            None => self.last.take().unwrap_or_default(),
        }
    }

    fn told_ended(&self, ended: Ended) -> Ended {
        Ended {
            stdout: self.told_printed(ended.stdout),
            stderr: self.told_printed(ended.stderr),
            ..ended
        }
    }

    /// A text of the model as the program gets it: with real addresses.
    fn real(&self, text: &str) -> String {
        let mut text = text.to_string();
        if let Some(site) = &self.site {
            text = site.real(&text);
        }
        for (constant, real) in self.addresses() {
            // In a form or a query, the colon before the port is encoded, too.
            let encoded = format!("%2F%2F{}", real.replace(':', "%3A"));
            text = text.replace(&format!("%2F%2F{constant}"), &encoded);
            text = text.replace(constant, &real);
        }
        text
    }

    /// A text of the program as the model knows it.
    fn told(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (constant, real) in self.addresses() {
            for colon in [":", "%3A", "%3a", "&#58;", "&#x3a;", "&#x3A;", "&colon;"] {
                text = text.replace(&real.replace(':', colon), constant);
            }
        }
        text
    }

    fn addresses(&self) -> [(&'static str, String); 2] {
        let service = self.service.url().replace("http://", "");
        let nobody = self.nobody.address().to_string();
        [("service.test", service), ("nobody.test", nobody)]
    }

    fn real_fields(&self, fields: &Fields) -> Fields {
        let real = |(name, value): &(String, String)| (name.clone(), self.real(value));
        fields.iter().map(real).collect()
    }

    fn told_fields(&self, fields: &Fields) -> Fields {
        let told = |(name, value): &(String, String)| (name.clone(), self.told(value));
        fields.iter().map(told).collect()
    }

    fn real_bytes(&self, bytes: &Bytes) -> Bytes {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.real(text).into(),
            Err(_) => bytes.clone(),
        }
    }

    fn told_bytes(&self, bytes: &Bytes) -> Bytes {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.told(text).into(),
            Err(_) => bytes.clone(),
        }
    }

    fn told_printed(&self, printed: Printed) -> Printed {
        Printed {
            head: self.told_bytes(&printed.head),
            tail: self.told_bytes(&printed.tail),
            ..printed
        }
    }

    fn real_command(&self, command: &Command) -> Command {
        let real = |text: &String| self.real(text);
        Command {
            arguments: command.arguments.iter().map(real).collect(),
            variables: self.real_fields(&command.variables),
            input: self.real_bytes(&command.input),
        }
    }

    fn real_request(&self, request: &Request) -> Request {
        Request {
            target: self.real(&request.target),
            fields: self.real_fields(&request.fields),
            body: request.body.as_ref().map(|body| self.real_bytes(body)),
            ..request.clone()
        }
    }

    fn real_answer(&self, answer: &Answer) -> Answer {
        Answer {
            fields: self.real_fields(&answer.fields),
            body: self.real_bytes(&answer.body),
            ..answer.clone()
        }
    }

    fn real_reply(&self, reply: &Reply) -> Reply {
        match reply {
            Reply::Answer(answer) => Reply::Answer(self.real_answer(answer)),
            Reply::Stalled(answer) => Reply::Stalled(self.real_answer(answer)),
            Reply::After(time, answer) => Reply::After(*time, self.real_answer(answer)),
            Reply::Raw(bytes) => Reply::Raw(self.real_bytes(bytes)),
            Reply::Silent => Reply::Silent,
        }
    }

    fn told_exchange(&self, exchange: Exchange) -> Exchange {
        let request = exchange.request.map(|request| Request {
            target: self.told(&request.target),
            fields: self.told_fields(&request.fields),
            body: request.body.map(|body| self.told_bytes(&body)),
            ..request
        });
        let answer = exchange.answer.map(|answer| Answer {
            fields: self.told_fields(&answer.fields),
            body: self.told_bytes(&answer.body),
            ..answer
        });
        Exchange {
            request,
            answer,
            came: self.told_bytes(&exchange.came),
            ..exchange
        }
    }
}

/// Whether ureq can send it: it refuses what breaks the rules.
fn can_be_sent(request: &Request) -> bool {
    let uri = format!("http://localhost{}", request.target);
    !request.target.contains('#') && uri.parse::<ureq::http::Uri>().is_ok()
}

//! The addresses of a model, which are constants, and the real ones: put in on the way to
//! the program, and taken out on the way back.

use crate::client::service::{Nobody, Service};
use crate::record::{
    Answer, Bytes, Command, Ended, Exchange, Fields, NOBODY, OUTSIDE, Printed, Reply, Request,
    SERVICE,
};

/// What stands for what.
pub(super) struct Addresses {
    /// The address of the service and the one where nobody listens: the host that a model
    /// names, and the real host and port.
    hosts: [(&'static str, String); 2],
    /// Where the folder is that holds the one which is served, if there is one.
    outside: Option<String>,
}

/// The ways in which a colon stands in a form, a query or a page.
const COLONS: [&str; 7] = [":", "%3A", "%3a", "&#58;", "&#x3a;", "&#x3A;", "&colon;"];

impl Addresses {
    pub(super) fn new(service: &Service, nobody: &Nobody, outside: Option<String>) -> Self {
        let host = |url: &'static str| url.trim_start_matches("http://");
        let real = service.url().replace("http://", "");
        let hosts = [
            (host(SERVICE), real),
            (host(NOBODY), nobody.address().to_string()),
        ];
        Self { hosts, outside }
    }

    /// A text of the model as the program gets it.
    fn real(&self, text: &str) -> String {
        let mut text = text.to_string();
        if let Some(outside) = &self.outside {
            let encoded = |path: &str| path.replace('/', "%2F");
            text = text.replace(&encoded(OUTSIDE), &encoded(outside));
            text = text.replace(OUTSIDE, outside);
        }
        for (constant, real) in &self.hosts {
            // In a form or a query, the colon before the port is encoded, too.
            let encoded = format!("%2F%2F{}", real.replace(':', "%3A"));
            text = text.replace(&format!("%2F%2F{constant}"), &encoded);
            text = text.replace(constant, real);
        }
        text
    }

    /// A text of the program as the model knows it.
    fn told(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (constant, real) in &self.hosts {
            for colon in COLONS {
                text = text.replace(&real.replace(':', colon), constant);
            }
            // Everything that is no letter and no digit may be encoded.
            let all = |host: &str| host.replace('.', "%2E").replace(':', "%3A");
            text = text.replace(&all(real), &all(constant));
        }
        text
    }

    pub(super) fn told_ended(&self, ended: Ended) -> Ended {
        Ended {
            stdout: self.told_printed(ended.stdout),
            stderr: self.told_printed(ended.stderr),
            ..ended
        }
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

    pub(super) fn real_command(&self, command: &Command) -> Command {
        let real = |text: &String| self.real(text);
        Command {
            arguments: command.arguments.iter().map(real).collect(),
            variables: self.real_fields(&command.variables),
            input: self.real_bytes(&command.input),
        }
    }

    pub(super) fn real_request(&self, request: &Request) -> Request {
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

    pub(super) fn real_reply(&self, reply: &Reply) -> Reply {
        match reply {
            Reply::Answer(answer) => Reply::Answer(self.real_answer(answer)),
            Reply::Stalled(answer) => Reply::Stalled(self.real_answer(answer)),
            Reply::After(time, answer) => Reply::After(*time, self.real_answer(answer)),
            Reply::Raw(bytes) => Reply::Raw(self.real_bytes(bytes)),
            Reply::Silent => Reply::Silent,
        }
    }

    pub(super) fn told_exchange(&self, exchange: Exchange) -> Exchange {
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
            sent: self.told_bytes(&exchange.sent),
            came: self.told_bytes(&exchange.came),
            ..exchange
        }
    }
}

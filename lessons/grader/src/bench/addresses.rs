//! The addresses of a model, which are constants, and the real ones: put in on the way to
//! the program, and taken out on the way back. So are the values that a program draws at random.

use crate::client::service::{Nobody, Service};
use crate::record::{
    Answer, Bytes, Command, Ended, Exchange, Fields, NOBODY, OUTSIDE, Printed, Reply, Request,
    SERVICE, random_value, short_value,
};

/// What stands for what.
pub(super) struct Addresses {
    /// The address of the service and the one where nobody listens: the host that a model
    /// names, and the real host and port.
    hosts: [(&'static str, String); 2],
    /// Where the folder is that holds the one which is served, if there is one.
    outside: Option<String>,
    drawn: Drawn,
}

/// The values of the cookie that the program draws at random.
#[derive(Default)]
struct Drawn {
    cookie: Option<&'static str>,
    /// Each with its constant, in the order in which they came.
    values: Vec<(String, String)>,
}

/// The fewest characters of a value that nobody can guess: 128 bits in base64.
const UNGUESSED: usize = 22;

impl Drawn {
    /// Takes note of the values that come with this answer. What the request has sent, the program
    /// has not drawn.
    fn notice(&mut self, exchange: &Exchange) {
        let (Some(name), Ok(answer)) = (self.cookie, &exchange.answer) else {
            return;
        };
        for cookie in answer.cookies().filter(|cookie| cookie.name == name) {
            let is_known = self.values.iter().any(|(_, real)| *real == cookie.value);
            let sent = exchange.request.as_ref();
            let is_sent = sent.is_some_and(|sent| is_sent(sent, name, &cookie.value));
            if cookie.value.is_empty() || cookie.is_over(answer) || is_known || is_sent {
                continue;
            }
            let number = self.values.len() + 1;
            let constant = match cookie.value.len() < UNGUESSED {
                true => short_value(number),
                false => random_value(number),
            };
            self.values.push((constant, cookie.value));
        }
    }

    fn real(&self, mut text: String) -> String {
        for (constant, real) in &self.values {
            text = text.replace(constant, real);
        }
        text
    }

    /// A short value may stand anywhere by chance.
    fn told(&self, mut text: String) -> String {
        let long = self.values.iter();
        for (constant, real) in long.filter(|(_, real)| real.len() >= UNGUESSED) {
            text = text.replace(real, constant);
        }
        text
    }

    /// The same, of a field `Set-Cookie`, where it is known what is the value.
    fn told_cookie(&self, field: &str) -> Option<String> {
        let (pair, attributes) = field.split_at(field.find(';').unwrap_or(field.len()));
        let (name, value) = pair.split_once('=')?;
        let same = |(_, real): &&(String, String)| *real == value.trim();
        let (constant, _) = self.values.iter().find(same)?;
        (Some(name.trim()) == self.cookie).then(|| format!("{name}={constant}{attributes}"))
    }
}

/// Whether a request has this value: in this cookie, or in a field of its form.
fn is_sent(request: &Request, name: &str, value: &str) -> bool {
    let cookies = request.field("Cookie").unwrap_or_default().split(';');
    let mut pairs = cookies.filter_map(|pair| pair.split_once('='));
    let body = request.body.as_deref().unwrap_or_default();
    pairs.any(|(known, sent)| known.trim() == name && sent.trim() == value)
        || form_urlencoded::parse(body).any(|(_, sent)| sent.trim() == value)
}

/// The ways in which a colon stands in a form, a query or a page.
const COLONS: [&str; 7] = [":", "%3A", "%3a", "&#58;", "&#x3a;", "&#x3A;", "&colon;"];

impl Addresses {
    pub(super) fn new(
        service: &Service,
        nobody: &Nobody,
        outside: Option<String>,
        random_cookie: Option<&'static str>,
    ) -> Self {
        let host = |url: &'static str| url.trim_start_matches("http://");
        let real = service.url().replace("http://", "");
        let hosts = [
            (host(SERVICE), real),
            (host(NOBODY), nobody.address().to_string()),
        ];
        let drawn = Drawn {
            cookie: random_cookie,
            ..Drawn::default()
        };
        Self {
            hosts,
            outside,
            drawn,
        }
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
        self.drawn.real(text)
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
        self.drawn.told(text)
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
        let told = |(name, value): &(String, String)| {
            let is_cookie = name.eq_ignore_ascii_case("Set-Cookie");
            let drawn = is_cookie.then(|| self.drawn.told_cookie(value)).flatten();
            (name.clone(), drawn.unwrap_or_else(|| self.told(value)))
        };
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
            no_port: command.no_port,
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

    /// An exchange as the model knows it. What the program has drawn is known from here on.
    pub(super) fn told_answer(&mut self, exchange: Exchange) -> Exchange {
        self.drawn.notice(&exchange);
        self.told_exchange(exchange)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Act, get, post};

    /// What a program answers to this: a page that has this in it, and this in Set-Cookie.
    fn exchange(act: Act, page: &str, set: &str) -> Exchange {
        let mut answer = Answer::new(200, page);
        answer.fields = vec![("set-cookie".into(), set.into())];
        Exchange {
            request: act.asked().cloned(),
            answer: Ok(answer),
            sent: Bytes::default(),
            came: Bytes::default(),
            connection: 1,
            took: std::time::Duration::ZERO,
        }
    }

    fn addresses() -> Addresses {
        let (service, nobody) = (Service::start().unwrap(), Nobody::open().unwrap());
        Addresses::new(&service, &nobody, None, Some("id"))
    }

    #[test]
    fn what_a_program_draws_has_a_name_and_is_sent_as_it_was_drawn() {
        let mut addresses = addresses();
        let (one, other) = ("0123456789abcdefghijkl", "ABCDEFGHIJKLMNOPQRSTUV");
        let mut told = |set: &str| {
            let came = exchange(get("/"), &format!("not {other}, but {one}"), set);
            let answer = addresses.told_answer(came).answer.unwrap();
            let set = answer.field("Set-Cookie").unwrap().to_string();
            (set, answer.body.text().to_string())
        };
        assert_eq!(
            told(&format!("id={one}; Path=/")),
            (
                "id=TOKEN-01; Path=/".into(),
                format!("not {other}, but TOKEN-01")
            )
        );
        assert_eq!(told(&format!("id={other}")).0, "id=TOKEN-02");
        assert_eq!(told(&format!("id={one}")).0, "id=TOKEN-01", "it is known");
        assert_eq!(
            told("other=0123456789abcdefghijkx").0,
            "other=0123456789abcdefghijkx"
        );
        assert_eq!(
            told("id=gone; Max-Age=0").0,
            "id=gone; Max-Age=0",
            "it is to be forgotten"
        );
        // A short one may stand anywhere by chance.
        assert_eq!(
            told("id=not; Path=/"),
            (
                "id=SHORT-03; Path=/".into(),
                "not TOKEN-02, but TOKEN-01".into()
            )
        );
        let act = get("/").field("Cookie", "id=TOKEN-02; id=SHORT-03; id=TOKEN-09");
        let sent = addresses.real_request(act.asked().unwrap());
        assert_eq!(
            sent.field("Cookie"),
            Some(&*format!("id={other}; id=not; id=TOKEN-09"))
        );
    }

    #[test]
    fn what_was_sent_is_not_drawn() {
        let mut addresses = addresses();
        let sent = "0123456789abcdefghijkl";
        for act in [
            get("/").field("Cookie", format!("a=b; id={sent}")),
            post("/").form(&[("name", sent)]),
            // A cookie loses the spaces around its value.
            post("/").form(&[("name", &format!(" {sent} "))]),
        ] {
            let came = exchange(act, "", &format!("id={sent}"));
            let answer = addresses.told_answer(came).answer.unwrap();
            assert_eq!(answer.field("Set-Cookie"), Some(&*format!("id={sent}")));
        }
    }
}

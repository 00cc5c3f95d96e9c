//! A connection to a server: requests out, answers in, strictly by the rules of framing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::ask::is_unreachable;
use super::{LARGEST_BODY, LARGEST_HEAD, kept};
use crate::program::Address;
use crate::record::{Answer, Broken, Bytes, Exchange, Request};

/// The most fields that a head may have.
const MOST_FIELDS: usize = 100;

/// One connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    host: String,
    number: u32,
    /// What has come and belongs to no answer yet.
    rest: Vec<u8>,
}

impl Wire {
    /// Connects. `number` is what the exchanges call this connection.
    ///
    /// # Errors
    ///
    /// If nobody listens, or nobody takes the connection within `limit`, or this computer lets
    /// nobody through.
    pub(crate) fn open(address: &Address, number: u32, limit: Duration) -> Result<Self, Broken> {
        let mut why = Broken::Unreachable;
        let mut connected = None;
        for address in address.sockets() {
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => {
                    connected = Some(stream);
                    break;
                }
                Err(error) if is_unreachable(error.kind()) => {}
                Err(_) => why = Broken::Refused,
            }
        }
        let stream = connected.ok_or(why)?;
        let _ = stream.set_nodelay(true);
        Ok(Self {
            stream,
            host: format!("{}:{}", address.host, address.port),
            number,
            rest: Vec::new(),
        })
    }

    fn nothing_yet(&self, limit: Duration) -> Came<'_> {
        Came {
            bytes: Vec::new(),
            until: Instant::now() + limit,
            stream: &self.stream,
        }
    }

    /// Asks, and reads the whole answer. The second value says whether the connection can
    /// be used again.
    pub(crate) fn ask(&mut self, request: &Request, limit: Duration) -> (Exchange, bool) {
        let began = Instant::now();
        let mut came = Came {
            bytes: std::mem::take(&mut self.rest),
            until: began + limit,
            stream: &self.stream,
        };
        let bytes = written(request, &self.host);
        let read = came.send(&bytes);
        let read = read.and_then(|()| came.answer(request.method == "HEAD"));
        let (answer, length, keeps) = match read {
            Ok((answer, length, keeps)) => (Ok(answer), length, keeps),
            Err(broken) => (Err(broken), came.bytes.len(), false),
        };
        self.rest = came.bytes.split_off(length);
        let exchange = Exchange {
            request: Some(request.clone()),
            answer,
            sent: kept(bytes),
            came: Bytes(came.bytes),
            connection: self.number,
            took: began.elapsed(),
        };
        (exchange, keeps)
    }

    /// Sends the head of a request, and once the program reads its body, the first half of that. (The
    /// server then says 100 Continue: RFC 9110, section 10.1.1.) Returns the other half, or `None` if the
    /// body is not read within `limit`.
    pub(crate) fn begin(&mut self, request: &Request, limit: Duration) -> Option<Vec<u8>> {
        let mut request = request.clone();
        let expect = ("Expect".into(), "100-continue".into());
        request.fields.push(expect);
        let mut head = written(&request, &self.host);
        let length = request.body.map_or(0, |body| body.len());
        let mut body = head.split_off(head.len() - length);
        let rest = body.split_off(length / 2);
        let mut came = self.nothing_yet(limit);
        came.send(&head).ok()?;
        while !came.bytes.ends_with(b"\r\n\r\n") {
            came.need().ok()?;
        }
        let is_read = came.bytes.starts_with(b"HTTP/1.1 100 ");
        came.send(&body).ok().filter(|()| is_read)?;
        Some(rest)
    }

    /// Sends the other half, and waits for the answer, whatever it is.
    pub(crate) fn finish(self, rest: &[u8], limit: Duration) {
        let mut came = self.nothing_yet(limit);
        let _ = came.send(rest).and_then(|()| came.answer(false));
    }

    /// Sends a request this number of times, and waits for no answer in between (pipelining: RFC 9112,
    /// section 9.3.2). The last one asks for the end of the connection.
    pub(crate) fn send(&self, request: &Request, times: usize, limit: Duration) {
        let mut last = request.clone();
        last.fields.push(("Connection".into(), "close".into()));
        let mut bytes = written(request, &self.host).repeat(times - 1);
        bytes.extend(written(&last, &self.host));
        let mut came = self.nothing_yet(limit);
        let _ = came.send(&bytes);
    }

    /// Waits until the server closes the connection, whatever it says before.
    pub(crate) fn drain(self, limit: Duration) {
        let mut came = self.nothing_yet(limit);
        while came.need().is_ok() {}
    }
}

/// The bytes of a request.
fn written(request: &Request, host: &str) -> Vec<u8> {
    let Request { method, target, .. } = request;
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in [("Host", host), ("User-Agent", "grader"), ("Accept", "*/*")] {
        if request.field(name).is_none() {
            head += &format!("{name}: {value}\r\n");
        }
    }
    for (name, value) in &request.fields {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(body) = request.body.as_ref().filter(|_| {
        let framed = ["Content-Length", "Transfer-Encoding"];
        framed.iter().all(|name| request.field(name).is_none())
    }) {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(b"\r\n");
    let body = request.body.as_deref().unwrap_or_default();
    match request.is_chunked() {
        false => bytes.extend_from_slice(body),
        true => {
            // In two, if there is enough of it: a body in one chunk is read too easily.
            let halves = body.split_at(body.len() / 2);
            for chunk in [halves.0, halves.1] {
                if !chunk.is_empty() {
                    bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        }
    }
    bytes
}

/// What has come so far, and where more comes from.
struct Came<'a> {
    bytes: Vec<u8>,
    until: Instant,
    stream: &'a TcpStream,
}

/// Why there are no more bytes.
enum End {
    Closed,
    TimeIsUp,
}

impl Came<'_> {
    fn left(&self) -> Duration {
        let left = self.until.saturating_duration_since(Instant::now());
        left.max(Duration::from_millis(1))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let _ = self.stream.set_write_timeout(Some(self.left()));
        match (&mut &*self.stream).write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) if is_time_out(&error) => Err(Broken::Silent),
            // A server may answer and close before it has read all: then there is an answer.
            Err(_) if self.more().is_ok() => Ok(()),
            Err(_) => Err(Broken::Closed),
        }
    }

    fn more(&mut self) -> Result<(), End> {
        let mut buffer = [0; 16 * 1024];
        let _ = self.stream.set_read_timeout(Some(self.left()));
        loop {
            return match (&mut &*self.stream).read(&mut buffer) {
                Ok(0) => Err(End::Closed),
                Ok(length) => {
                    self.bytes.extend_from_slice(&buffer[..length]);
                    Ok(())
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_time_out(&error) => Err(End::TimeIsUp),
                Err(_) => Err(End::Closed),
            };
        }
    }

    /// More of a head, or of an answer whose length is known.
    fn need(&mut self) -> Result<(), Broken> {
        if self.bytes.len() > LARGEST_BODY + LARGEST_HEAD {
            return Err(Broken::Endless);
        }
        let nothing = self.bytes.is_empty();
        self.more().map_err(|end| match end {
            End::Closed => Broken::Closed,
            End::TimeIsUp if nothing => Broken::Silent,
            End::TimeIsUp => Broken::Slow,
        })
    }

    /// The answer, the number of its bytes, and whether the connection can be used again.
    fn answer(&mut self, to_head: bool) -> Result<(Answer, usize, bool), Broken> {
        let mut start = 0;
        let (mut answer, body_start, keeps) = loop {
            let head = head(&self.bytes[start..])?;
            match head {
                // 100 Continue and its like come before the answer.
                Some((answer, length, _)) if answer.status < 200 => start += length,
                Some((answer, length, keeps)) => break (answer, start + length, keeps),
                None => self.need()?,
            }
        };
        let bodiless = to_head || matches!(answer.status, 204 | 304);
        let coding = answer.field("Transfer-Encoding").map(str::to_string);
        let declared = answer.field("Content-Length").map(str::parse::<u64>);
        let end = match (bodiless, coding, declared) {
            (true, ..) => body_start,
            (false, Some(_), _) => {
                let (body, end) = self.chunks(body_start)?;
                answer.body = Bytes(body);
                end
            }
            (false, None, Some(Ok(declared))) => self.declared(body_start, declared)?,
            (false, None, Some(Err(_))) => return Err(Broken::NotHttp { at: 0 }),
            (false, None, None) => {
                self.read_all()?;
                answer.body = Bytes(self.bytes[body_start..].to_vec());
                return Ok((answer, self.bytes.len(), false));
            }
        };
        if answer.body.is_empty() {
            answer.body = Bytes(self.bytes[body_start..end].to_vec());
        }
        let more = self.surplus(end);
        if more > 0 {
            let declared = (end - body_start) as u64;
            return Err(Broken::Long { declared, more });
        }
        Ok((answer, end, keeps))
    }

    fn declared(&mut self, start: usize, declared: u64) -> Result<usize, Broken> {
        if declared > LARGEST_BODY as u64 {
            return Err(Broken::Endless);
        }
        let end = start + declared as usize;
        while self.bytes.len() < end {
            self.more().map_err(|why| Broken::Short {
                declared,
                came: (self.bytes.len() - start) as u64,
                open: matches!(why, End::TimeIsUp),
            })?;
        }
        Ok(end)
    }

    fn read_all(&mut self) -> Result<(), Broken> {
        loop {
            if self.bytes.len() > LARGEST_BODY + LARGEST_HEAD {
                return Err(Broken::Endless);
            }
            match self.more() {
                Ok(()) => {}
                Err(End::Closed) => return Ok(()),
                Err(End::TimeIsUp) => return Err(Broken::NoLength),
            }
        }
    }

    fn chunks(&mut self, mut at: usize) -> Result<(Vec<u8>, usize), Broken> {
        let mut body = Vec::new();
        loop {
            match httparse::parse_chunk_size(&self.bytes[at..]) {
                Err(_) => return Err(Broken::NotHttp { at: 0 }),
                Ok(httparse::Status::Partial) => self.need()?,
                Ok(httparse::Status::Complete((line, size))) => {
                    let (data, size) = (at + line, usize::try_from(size).unwrap_or(usize::MAX));
                    if size > LARGEST_BODY {
                        return Err(Broken::Endless);
                    }
                    let end = data + size + if size == 0 { 0 } else { 2 };
                    while self.bytes.len() < end {
                        self.need()?;
                    }
                    if size == 0 {
                        return Ok((body, self.trailer(data)?));
                    }
                    if !self.bytes[..end].ends_with(b"\r\n") {
                        return Err(Broken::NotHttp { at: 0 });
                    }
                    body.extend_from_slice(&self.bytes[data..data + size]);
                    at = end;
                }
            }
        }
    }

    /// The place behind the empty line that ends the chunks.
    fn trailer(&mut self, start: usize) -> Result<usize, Broken> {
        let mut at = start;
        loop {
            let rest = &self.bytes[at..];
            match rest.windows(2).position(|two| two == b"\r\n") {
                Some(0) => return Ok(at + 2),
                Some(length) => at += length + 2,
                None => self.need()?,
            }
        }
    }

    /// The number of bytes that have come beyond the end of the answer.
    fn surplus(&mut self, end: usize) -> u64 {
        // What is on its way already, and nothing that would have to be waited for.
        let mut buffer = [0; 1024];
        let came = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| (&mut &*self.stream).read(&mut buffer));
        let _ = self.stream.set_nonblocking(false);
        self.bytes.extend_from_slice(&buffer[..came.unwrap_or(0)]);
        (self.bytes.len() - end) as u64
    }
}

fn is_time_out(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// The head of an answer, its length, and whether the connection stays.
fn head(bytes: &[u8]) -> Result<Option<(Answer, usize, bool)>, Broken> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Broken::NotHttp { at: 0 }),
    };
    let mut answer = Answer::new(response.code.unwrap_or(0), "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = response.headers.iter();
    answer.fields = fields
        .map(|field| (field.name.into(), text(field.value)))
        .collect();
    let says = answer.field("Connection").unwrap_or("").to_lowercase();
    let keeps = match response.version {
        Some(1) => !says.contains("close"),
        _ => says.contains("keep-alive"),
    };
    Ok(Some((answer, length, keeps)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{get, post, request};
    use std::net::{Shutdown, TcpListener};

    /// How long a server is waited for that says no more.
    const LIMIT: Duration = Duration::from_millis(20);

    /// What comes of these bytes, after which the connection stays open or not. They are there
    /// before they are asked for, so that no busy computer makes them late.
    fn ask(act: &crate::record::Act, bytes: &[u8], stays: bool) -> (Exchange, bool) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = "127.0.0.1".into();
        let address = Address { host, port };
        let mut wire = Wire::open(&address, 1, Duration::from_secs(10)).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(bytes).unwrap();
        if !stays {
            // It goes on reading: a request that nobody reads would reset the connection.
            server.shutdown(Shutdown::Write).unwrap();
        }
        let asked = wire.ask(act.asked().unwrap(), LIMIT);
        assert!(server.read(&mut [0; 1024]).unwrap() > 20);
        asked
    }

    fn broken(bytes: &[u8], stays: bool) -> Broken {
        ask(&get("/"), bytes, stays).0.answer.unwrap_err()
    }

    #[test]
    fn whole_answers_are_read() {
        let body = |act, bytes| {
            let (exchange, keeps) = ask(&act, bytes, true);
            (exchange.answer.unwrap().text().into_owned(), keeps)
        };
        let one = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\nb";
        assert_eq!(body(get("/"), one), ("a\nb".into(), true));
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(body(request("HEAD", "/"), head), (String::new(), true));
        let chunks =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
            Connection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n";
        assert_eq!(body(post("/").body("x"), chunks), ("abc".into(), false));
        let (exchange, _) = ask(&get("/"), b"HTTP/1.1 200 OK\r\n\r\nall", false);
        assert_eq!(exchange.answer.unwrap().text(), "all");
    }

    #[test]
    fn many_requests_are_sent_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = "127.0.0.1".into();
        let limit = Duration::from_secs(10);
        let wire = Wire::open(&Address { host, port }, 1, limit).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        wire.send(post("/x").body("ab").asked().unwrap(), 3, limit);
        let mut came = [0; 1024];
        let mut length = 0;
        while String::from_utf8_lossy(&came[..length])
            .matches("\r\n\r\nab")
            .count()
            < 3
        {
            length += server.read(&mut came[length..]).unwrap();
        }
        let came = String::from_utf8_lossy(&came[..length]);
        assert_eq!(came.matches("POST /x HTTP/1.1\r\n").count(), 3);
        let closes = came.match_indices("Connection: close\r\n");
        assert!(closes.map(|(at, _)| at).eq(came.rfind("Connection")));
        server.write_all(b"anything").unwrap();
        drop(server);
        wire.drain(limit);
    }

    #[test]
    fn half_of_a_body_is_sent_once_it_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = "127.0.0.1".into();
        let address = Address { host, port };
        let limit = Duration::from_secs(10);
        let act = post("/").body("abcde");
        for interim in [true, false] {
            let mut wire = Wire::open(&address, 1, limit).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let said: &[u8] = match interim {
                true => b"HTTP/1.1 100 Continue\r\n\r\n",
                false => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            };
            server.write_all(said).unwrap();
            let rest = wire.begin(act.asked().unwrap(), limit);
            assert_eq!(rest.as_deref(), interim.then_some(&b"cde"[..]));
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            server.write_all(answer).unwrap();
            wire.finish(&rest.unwrap_or_default(), limit);
            let mut came = String::new();
            server.read_to_string(&mut came).unwrap();
            let (head, body) = came.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("\r\nExpect: 100-continue"), "{head}");
            assert!(head.contains("\r\nContent-Length: 5"), "{head}");
            assert!("abcde".starts_with(body), "{body}");
        }
    }

    #[test]
    fn a_body_is_sent_with_its_length_or_in_chunks() {
        let behind_type = |act: crate::record::Act| {
            let bytes = written(act.asked().unwrap(), "h");
            let text = String::from_utf8(bytes).unwrap();
            text.split_once("Accept: */*\r\n").unwrap().1.to_string()
        };
        let long = post("/").body("abc");
        assert_eq!(behind_type(long.clone()), "Content-Length: 3\r\n\r\nabc");
        let chunks = "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n";
        let head = "Transfer-Encoding: chunked\r\n\r\n";
        assert_eq!(behind_type(long.chunked()), format!("{head}{chunks}"));
        let empty = post("/").body("").chunked();
        assert_eq!(behind_type(empty), format!("{head}0\r\n\r\n"));
        assert_eq!(behind_type(post("/")), "\r\n");
    }

    #[test]
    fn what_is_no_whole_answer_is_told_apart() {
        assert_eq!(broken(b"", true), Broken::Silent);
        assert_eq!(broken(b"", false), Broken::Closed);
        assert_eq!(broken(b"HTTP/1.1 200 OK\r\n", true), Broken::Slow);
        assert_eq!(broken(b"Hello\r\n\r\n", false), Broken::NotHttp { at: 0 });
        assert_eq!(
            broken(b"HTTP/1.1 200 OK\r\n\r\nall", true),
            Broken::NoLength
        );
        let short = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab";
        let (declared, came) = (3, 2);
        for open in [true, false] {
            let due = Broken::Short {
                declared,
                came,
                open,
            };
            assert_eq!(broken(short, open), due);
        }
        let long = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc";
        let (declared, more) = (1, 2);
        assert_eq!(broken(long, true), Broken::Long { declared, more });
    }
}

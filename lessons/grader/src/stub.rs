//! A small server for checks of clients: it answers as the check says, also wrongly
//! or not at all, and keeps what it was asked. One request for each connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::client::head_length;
use crate::show::with_reason;
use crate::sync::lock;

/// The most bytes of a request that are read.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request as a stub received it.
#[derive(Clone, Debug)]
pub struct Received {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    /// The method, such as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path with the query string, as it was sent: `/people?name=Ada%20B`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path without the query string, as it was sent.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(&self.target, |(path, _)| path)
    }

    /// The query string, as it was sent; empty if there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of the first header of this name; capital and small letters make no
    /// difference.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut same = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.next().map(|(_, value)| value.as_str())
    }

    /// The body, if it came with a Content-Length.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// What a stub answers.
#[derive(Clone, Debug)]
pub struct Reply {
    what: What,
    delay: Duration,
    stalls: bool,
}

#[derive(Clone, Debug)]
enum What {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    Raw(Vec<u8>),
    Silence,
}

impl Reply {
    fn of(what: What) -> Self {
        Self {
            what,
            delay: Duration::ZERO,
            stalls: false,
        }
    }

    /// An answer with this status, without headers or a body so far. Content-Length
    /// and `Connection: close` are added.
    pub fn new(status: u16) -> Self {
        Self::of(What::Answer {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }

    /// Status 200 and this text as `application/json`.
    pub fn json(text: &str) -> Self {
        Self::new(200)
            .header("Content-Type", "application/json")
            .body(text)
    }

    /// These bytes, whatever they are; then the connection is closed. Without bytes,
    /// that is a server which hangs up.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::of(What::Raw(bytes.as_ref().to_vec()))
    }

    /// No answer, on a connection that stays open: the client waits until it has
    /// enough of it.
    pub fn silence() -> Self {
        Self::of(What::Silence)
    }

    /// Adds a header to an answer.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let What::Answer { headers, .. } = &mut self.what {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// Sets the body of an answer.
    pub fn body(mut self, bytes: impl AsRef<[u8]>) -> Self {
        if let What::Answer { body, .. } = &mut self.what {
            *body = bytes.as_ref().to_vec();
        }
        self
    }

    /// Lets the client wait this long first.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Keeps back the last byte, on a connection that stays open: an answer that
    /// begins and does not end.
    pub fn stalled(mut self) -> Self {
        self.stalls = true;
        self
    }

    /// What a report says of it.
    fn shown(&self) -> String {
        match &self.what {
            What::Answer { status, .. } if self.stalls => {
                format!("status {status}, but never the last byte")
            }
            What::Answer { status, .. } => format!("status {status}"),
            What::Raw(bytes) if bytes.is_empty() => "a closed connection".into(),
            What::Raw(_) => "bytes that are no right answer".into(),
            What::Silence => "no answer".into(),
        }
    }

    /// Whether the client waits for more than comes.
    fn stays_open(&self) -> bool {
        self.stalls || matches!(self.what, What::Silence)
    }

    /// The bytes of the answer. A HEAD request gets no body.
    fn bytes(&self, head_only: bool) -> Vec<u8> {
        let (status, headers, body) = match &self.what {
            What::Silence => return Vec::new(),
            What::Raw(bytes) => return bytes.clone(),
            What::Answer {
                status,
                headers,
                body,
            } => (status, headers, body),
        };
        let mut head = format!("HTTP/1.1 {}\r\n", with_reason(*status));
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut bytes = head.into_bytes();
        if !head_only {
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

type Answerer = dyn Fn(&Received) -> Reply + Send + Sync;

/// A running stub; from [`Run::stub`](crate::Run::stub). It ends when the last of its
/// clones is gone.
#[derive(Clone)]
pub struct Stub(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    answer: Box<Answerer>,
    ended: AtomicBool,
    /// The requests, each with what was answered.
    received: Mutex<Vec<(Received, String)>>,
    /// Connections that stay open without an answer, or without its end.
    silent: Mutex<Vec<TcpStream>>,
}

impl fmt::Debug for Stub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Stub").field(&self.url()).finish()
    }
}

impl Stub {
    pub(crate) fn start(
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            ended: AtomicBool::new(false),
            received: Mutex::default(),
            silent: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.ended.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // One that breaks off is the client's affair.
                std::thread::spawn(move || stream.and_then(|stream| shared.serve(stream)));
            }
        });
        Ok(Self(Arc::new(Running { shared, address })))
    }

    /// Its address without a slash at the end, such as `http://127.0.0.1:4133`.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Received> {
        let received = lock(&self.0.shared.received);
        received
            .iter()
            .map(|(request, _)| request.clone())
            .collect()
    }

    /// What it was asked and what it answered, for a report.
    pub(crate) fn log(&self) -> Vec<String> {
        let received = lock(&self.0.shared.received);
        let url = self.url();
        if received.is_empty() {
            return vec![format!("the server {url} was not asked")];
        }
        let mut lines = vec![format!("the server {url} was asked")];
        lines.extend(received.iter().map(|(request, reply)| {
            let Received { method, target, .. } = request;
            crate::show::plain_line(&format!("  {method} {target}, and gave {reply}"))
        }));
        lines
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        lock(&self.shared.silent).clear();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let request = read(&mut stream)?;
        let reply = (self.answer)(&request);
        let mut bytes = reply.bytes(request.method == "HEAD");
        lock(&self.received).push((request, reply.shown()));
        std::thread::sleep(reply.delay);
        if reply.stalls {
            bytes.pop();
        }
        stream.write_all(&bytes)?;
        if reply.stays_open() {
            lock(&self.silent).push(stream);
            return Ok(());
        }
        // A close with unread bytes would be a reset, which can overtake the answer.
        stream.shutdown(Shutdown::Write)?;
        let mut rest = stream.take(LARGEST_REQUEST as u64);
        io::copy(&mut rest, &mut io::sink())?;
        Ok(())
    }
}

/// A port of the loopback address on which nobody listens, and what keeps it so: the
/// port is that of an outgoing connection.
pub(crate) fn refusing() -> io::Result<(SocketAddr, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let outgoing = TcpStream::connect(listener.local_addr()?)?;
    Ok((outgoing.local_addr()?, outgoing))
}

/// Reads one request.
fn read(stream: &mut TcpStream) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let length = loop {
        if let Some(length) = head_length(&bytes) {
            break length;
        }
        read_more(stream, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let mut word = || first.next().unwrap_or_default().to_string();
    let mut request = Received {
        method: word(),
        target: word(),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_string(), value.trim().to_string()))
            .collect(),
        body: Vec::new(),
    };
    let declared = request
        .header("Content-Length")
        .and_then(|n| n.parse().ok());
    let whole = length.saturating_add(declared.unwrap_or(0));
    while bytes.len() < whole {
        read_more(stream, &mut bytes)?;
    }
    request.body = bytes[length..whole].to_vec();
    Ok(request)
}

fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let length = stream.read(&mut buffer)?;
    if length == 0 || bytes.len() > LARGEST_REQUEST {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend_from_slice(&buffer[..length]);
    Ok(())
}

//! The service that a program under test asks: a small server whose replies are data, and
//! which keeps what it was asked. One request for each connection. And [`Nobody`], an
//! address that refuses.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::kept;
use crate::record::{Answer, Broken, Bytes, Exchange, Reply, Request};
use crate::show::with_reason;
use crate::sync::lock;

/// The most bytes of a request that are read.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// The most fields of a request that are read.
const MOST_FIELDS: usize = 256;

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running service. It ends when this is dropped.
pub(crate) struct Service {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<BTreeMap<String, Reply>>,
    ended: AtomicBool,
    connections: AtomicU32,
    asked: Mutex<Vec<Exchange>>,
    /// Connections that stay open without an answer, or without its end.
    open: Mutex<Vec<TcpStream>>,
}

impl Service {
    /// Starts a service that has no reply yet: it answers 404.
    ///
    /// # Errors
    ///
    /// If there is no free port on the loopback address.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
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
        Ok(Self { shared, address })
    }

    /// Its address without a slash at the end, such as `http://127.0.0.1:4133`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, this is the reply to every request for this path, with any query.
    pub(crate) fn serve(&self, path: &str, reply: Reply) {
        lock(&self.shared.replies).insert(path.into(), reply);
    }

    /// What it was asked so far, in the order in which it came, each with what was sent as
    /// the answer. `came` are the bytes of the request.
    pub(crate) fn asked(&self) -> Vec<Exchange> {
        lock(&self.shared.asked).clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        lock(&self.shared.open).clear();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let began = Instant::now();
        let connection = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let (request, came) = read(&mut stream)?;
        let reply = request.as_ref().map(|request| self.reply(request.path()));
        let reply = reply.unwrap_or_else(|| Reply::answer(400, "", ""));
        let bodiless = request.as_ref().is_some_and(|r| r.method == "HEAD");
        let answer = match &reply {
            Reply::Answer(answer) | Reply::After(_, answer) => Ok(answer.clone()),
            Reply::Raw(_) => Err(Broken::Closed),
            Reply::Silent => Err(Broken::Silent),
            Reply::Stalled(_) => Err(Broken::Slow),
        };
        let mut bytes = match &reply {
            Reply::Answer(answer) | Reply::After(_, answer) | Reply::Stalled(answer) => {
                written(answer, bodiless)
            }
            Reply::Raw(bytes) => bytes.0.clone(),
            Reply::Silent => Vec::new(),
        };
        let stays_open = matches!(reply, Reply::Silent | Reply::Stalled(_));
        if stays_open {
            bytes.pop();
        }
        // Before it is answered: the client may end with its answer.
        lock(&self.asked).push(Exchange {
            request,
            answer,
            sent: kept(bytes.clone()),
            came: Bytes(came),
            connection,
            took: began.elapsed(),
        });
        if let Reply::After(delay, _) = &reply {
            std::thread::sleep(*delay);
        }
        stream.write_all(&bytes)?;
        if stays_open {
            lock(&self.open).push(stream);
            return Ok(());
        }
        // A close with unread bytes would be a reset, which can overtake the answer.
        stream.shutdown(Shutdown::Write)?;
        io::copy(&mut stream.take(LARGEST_REQUEST as u64), &mut io::sink())?;
        Ok(())
    }

    fn reply(&self, path: &str) -> Reply {
        let known = lock(&self.replies).get(path).cloned();
        known.unwrap_or_else(|| Reply::answer(404, "", ""))
    }
}

/// The bytes of an answer. One to HEAD has no body.
fn written(answer: &Answer, bodiless: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", with_reason(answer.status));
    for (name, value) in &answer.fields {
        head += &format!("{name}: {value}\r\n");
    }
    if answer.field("Content-Length").is_none() {
        head += &format!("Content-Length: {}\r\n", answer.body.len());
    }
    head += "Connection: close\r\n\r\n";
    let mut bytes = head.into_bytes();
    if !bodiless {
        bytes.extend_from_slice(&answer.body);
    }
    bytes
}

/// Reads one request, with its body if it has a Content-Length; and all its bytes. What is
/// no request is `None`.
fn read(stream: &mut TcpStream) -> io::Result<(Option<Request>, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Request::new(&mut fields);
        let length = match head.parse(&bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => {
                read_more(stream, &mut bytes)?;
                continue;
            }
            Err(_) => return Ok((None, bytes)),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = head.headers.iter();
        let mut request = Request {
            method: head.method.unwrap_or_default().into(),
            target: head.path.unwrap_or_default().into(),
            fields: fields.map(|f| (f.name.into(), text(f.value))).collect(),
            ..Request::default()
        };
        let declared = request.field("Content-Length");
        if let Some(declared) = declared.and_then(|length| length.parse().ok()) {
            let whole = length.saturating_add(declared);
            while bytes.len() < whole {
                read_more(stream, &mut bytes)?;
            }
            request.body = Some(Bytes(bytes[length..whole].to_vec()));
        }
        return Ok((Some(request), bytes));
    }
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

/// A port of the loopback address on which nobody listens as long as this is there: it is
/// the port of an outgoing connection.
pub(crate) struct Nobody {
    /// Keeps the port.
    _outgoing: TcpStream,
    address: SocketAddr,
}

impl Nobody {
    /// # Errors
    ///
    /// If there is no free port on the loopback address.
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let outgoing = TcpStream::connect(listener.local_addr()?)?;
        let address = outgoing.local_addr()?;
        Ok(Self {
            _outgoing: outgoing,
            address,
        })
    }

    /// Where nobody is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::ask::ask;
    use crate::program::Address;
    use crate::record::{Act, get, post};

    fn asked(service: &Service, act: Act) -> Exchange {
        let Act::Ask(request) = act else { panic!() };
        let address = Address {
            host: "127.0.0.1".into(),
            port: service.address.port(),
        };
        let until = Instant::now() + Duration::from_millis(700);
        ask(&request, &address, until)
    }

    #[test]
    fn it_replies_as_told_and_keeps_what_it_was_asked() {
        let service = Service::start().unwrap();
        assert_eq!(service.url(), format!("http://{}", service.address));
        service.serve("/person", Reply::answer(200, "application/json", "{}"));
        let answer = asked(&service, get("/person?region=Norway"))
            .answer
            .unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, "{}"));
        assert_eq!(answer.field("content-type"), Some("application/json"));
        let answer = asked(&service, post("/other").body("ねこ")).answer.unwrap();
        assert_eq!(answer.status, 404);
        let all = service.asked();
        let [one, two] = &all[..] else {
            panic!("{all:?}")
        };
        let request = one.request.as_ref().unwrap();
        assert_eq!(request.target, "/person?region=Norway");
        assert_eq!(request.field("user-agent"), Some("grader"));
        assert_eq!(request.body, None);
        assert_eq!(one.answer.as_ref().unwrap().status, 200);
        let request = two.request.as_ref().unwrap();
        assert_eq!((&*request.method, &*request.text()), ("POST", "ねこ"));
        assert_eq!((one.connection, two.connection), (1, 2));
    }

    #[test]
    fn it_misbehaves_as_told() {
        let service = Service::start().unwrap();
        let broken = |reply| {
            service.serve("/", reply);
            asked(&service, get("/")).answer
        };
        let answer = Answer::new(200, "late");
        assert_eq!(broken(Reply::Silent), Err(Broken::Silent));
        assert_eq!(broken(Reply::Raw("".into())), Err(Broken::Closed));
        let raw = Reply::Raw("SSH-2.0-OpenSSH\r\n".into());
        assert!(matches!(broken(raw), Err(Broken::NotHttp { .. })));
        let (declared, came, open) = (4, 3, true);
        let short = Broken::Short {
            declared,
            came,
            open,
        };
        assert_eq!(broken(Reply::Stalled(answer.clone())), Err(short));
        let delay = Duration::from_millis(100);
        let began = Instant::now();
        let late = broken(Reply::After(delay, answer)).unwrap();
        assert_eq!(late.text(), "late");
        assert!(began.elapsed() >= delay);
    }

    #[test]
    fn what_is_no_request_is_answered_too() {
        let service = Service::start().unwrap();
        let mut stream = TcpStream::connect(service.address).unwrap();
        stream.write_all(b"\x16\x03\x01 hello\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(service.asked()[0].request, None);
    }
}

//! What a request and its response share: the protocol, and the transport under it. So a
//! handler may read and write in any order; each call borrows both for as long as it lasts.

use std::cell::RefCell;
use std::fmt::{self, Display, Write};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::mem;
use std::net::SocketAddr;

use crate::http1::{CONTINUE, Date, Ending, FilePart, Got, Http1, Output, Refusal, mistake};

/// What moves the bytes of an exchange: a socket, or memory in a test.
pub(crate) trait Transport {
    /// Waits for bytes from the client, and reads them. 0 means that it will send no more.
    ///
    /// # Errors
    /// A [`Refusal`] where the client is too slow; else the connection has failed.
    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize>;

    /// Sends `output`, then `data`: with `wait` all of it, otherwise as much as can be sent
    /// without waiting. Returns the number of bytes of `data` that were sent.
    ///
    /// # Errors
    /// The connection has failed, or the client takes its answer too slowly.
    fn send(&mut self, output: &mut Output, data: &[u8], wait: bool) -> io::Result<usize>;

    /// The address of the client.
    fn client(&self) -> SocketAddr;

    /// Whether the server is stopping, so that this answer is the last of its connection.
    fn is_stopping(&self) -> bool;

    /// The current time, for the Date field.
    fn date(&mut self) -> &Date;
}

/// A last piece larger than this is sent without a copy.
const LARGE: usize = 64 * 1024;

/// One request and its answer, over a transport.
pub(super) struct Exchange<'c> {
    ends: RefCell<Ends<'c>>,
}

struct Ends<'c> {
    http1: &'c mut Http1,
    transport: &'c mut dyn Transport,
}

impl<'c> Exchange<'c> {
    pub fn new(http1: &'c mut Http1, transport: &'c mut dyn Transport) -> Exchange<'c> {
        Exchange {
            ends: RefCell::new(Ends { http1, transport }),
        }
    }

    /// The address of the client.
    pub fn client(&self) -> SocketAddr {
        self.ends.borrow().transport.client()
    }

    /// Whether the server was told to stop.
    pub fn is_stopping(&self) -> bool {
        self.ends.borrow().transport.is_stopping()
    }

    /// Calls a function of the protocol.
    pub fn with<T>(&self, ask: impl FnOnce(&mut Http1) -> T) -> T {
        ask(self.ends.borrow_mut().http1)
    }

    /// Reads from the body, and waits for the client if it must.
    pub fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            match http1.read_body(into)? {
                Got::Data(count) => return Ok(count),
                Got::End => return Ok(0),
                Got::NeedsInput => {
                    let direct = http1.direct_room(into.len());
                    let received = match direct {
                        0 => transport.receive(http1.room()),
                        _ => transport.receive(&mut into[..direct]),
                    };
                    let count = received.inspect_err(|error| {
                        let inner = error.get_ref();
                        let refusal = inner.and_then(|inner| inner.downcast_ref::<Refusal>());
                        http1.body_failed(refusal.copied());
                    })?;
                    if direct > 0 && count > 0 {
                        http1.received_directly(&into[..count]);
                        return Ok(count);
                    }
                    http1.received(count);
                }
                Got::NeedsContinue => {
                    // It overtakes the answer, of which nothing has left yet.
                    let sent = transport.send(&mut Output::default(), CONTINUE, true);
                    sent.inspect_err(|_| http1.body_failed(None))?;
                    http1.continued();
                }
            }
        }
    }

    /// Writes a field of the head. The value is printed first, while nothing is borrowed: to
    /// print it may be to read the request's body.
    pub fn field(&self, name: &str, value: &dyn Display) -> io::Result<()> {
        let mut text = Text(self.with(|http1| mem::take(http1.field_memory())));
        let printed = write!(text, "{value}");
        self.with(|http1| {
            let written = match printed {
                Ok(()) => http1.field(name, &text.0),
                Err(fmt::Error) => Err(mistake(format!(
                    "the value of header field {name} can't be printed"
                ))),
            };
            text.0.clear();
            *http1.field_memory() = text.0;
            written
        })
    }

    pub fn end_fields(&self) {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if transport.is_stopping() {
            http1.end_after(Ending::Stopping);
        }
        http1.end_fields(transport.date());
    }

    /// Writes a piece of the body, and sends it once there is enough, or `now`.
    pub fn write(&self, piece: &[u8], now: bool) -> io::Result<()> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if http1.write(piece, now)? {
            let sent = transport.send(&mut http1.output, piece, true);
            sent.inspect_err(|_| http1.lost())?;
        }
        Ok(())
    }

    /// Writes the last piece of the body. A large one is sent as far as possible without
    /// waiting, and only the rest is copied.
    pub fn finish(&self, last: &[u8]) -> io::Result<()> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if http1.begin_last(last.len() as u64)? {
            let mut sent = 0;
            if last.len() > LARGE {
                let outcome = transport.send(&mut http1.output, last, false);
                sent = outcome.inspect_err(|_| http1.lost())?;
            }
            http1.end_last(&last[sent..]);
        }
        Ok(())
    }

    /// Writes this part of a file as the last piece of the body. No thread waits for it.
    pub fn finish_with_file(&self, part: FilePart) -> io::Result<()> {
        self.with(|http1| {
            if http1.begin_last(part.left())? {
                http1.end_with_file(part);
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

/// Formats text into bytes.
struct Text(Vec<u8>);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Why an answer with a file can't be finished.
pub(super) const SHORTER: &str = "the file has become shorter while it was sent";

/// Reads the next bytes of a part of a file.
///
/// # Errors
/// `UnexpectedEof` if the file has become shorter.
pub(crate) fn read_file(part: &FilePart, into: &mut [u8]) -> io::Result<usize> {
    let mut file = &part.file;
    file.seek(SeekFrom::Start(part.rest.start))?;
    loop {
        match file.read(into) {
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, SHORTER)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

//! What a request and its response share: the protocol, and the transport under it. So a
//! handler may read and write in any order; each call borrows both for as long as it lasts.

use std::cell::RefCell;
use std::fmt::{self, Display, Write};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;

use http::StatusCode;

use crate::http1::{CONTINUE, Date, FilePart, Got, Http1, Output, Refusal, Written};

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

    /// The current time, for the Date field.
    fn date(&mut self) -> &Date;
}

/// One request and its answer, over a transport.
pub(super) struct Exchange<'c> {
    client: SocketAddr,
    ends: RefCell<Ends<'c>>,
}

struct Ends<'c> {
    http1: &'c mut Http1,
    transport: &'c mut dyn Transport,
}

impl<'c> Exchange<'c> {
    pub fn new(http1: &'c mut Http1, transport: &'c mut dyn Transport) -> Exchange<'c> {
        Exchange {
            client: transport.client(),
            ends: RefCell::new(Ends { http1, transport }),
        }
    }

    /// The address of the client.
    pub fn client(&self) -> SocketAddr {
        self.client
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
            let most = match http1.read_body(into)? {
                Got::Data(count) => return Ok(count),
                Got::End => return Ok(0),
                Got::NeedsInput => http1.direct_room(into.len()),
                Got::NeedsContinue => {
                    // It overtakes the answer, of which nothing has left yet.
                    let sent = transport.send(&mut Output::default(), CONTINUE, true);
                    failed(http1, sent)?;
                    http1.continued();
                    continue;
                }
            };
            let direct = &mut into[..most];
            if direct.is_empty() {
                let received = transport.receive(http1.room());
                let count = failed(http1, received)?;
                http1.received(count);
            } else {
                let received = transport.receive(direct);
                let count = failed(http1, received)?;
                http1.received_directly(&into[..count]);
                if count > 0 {
                    return Ok(count);
                }
            }
        }
    }

    pub fn status(&self, status: StatusCode) -> io::Result<()> {
        self.with(|http1| http1.status(status))
    }

    /// Writes a field of the head. The value is printed first, while nothing is borrowed: to
    /// print it may be to read the request's body.
    pub fn field(&self, name: &str, value: &dyn Display) -> io::Result<()> {
        let mut text = Text(self.with(|http1| mem::take(http1.field_memory())));
        let printed = write!(text, "{value}");
        self.with(|http1| {
            let written = match printed {
                Ok(()) => http1.field(name, &text.0),
                Err(fmt::Error) => Err(io::Error::new(
                    ErrorKind::InvalidInput,
                    format!("the value of header field {name} can't be printed"),
                )),
            };
            text.0.clear();
            *http1.field_memory() = text.0;
            written
        })
    }

    pub fn end_fields(&self) {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        http1.end_fields(transport.date());
    }

    /// Writes a piece of the body, and sends it once there is enough.
    pub fn write(&self, data: &[u8]) -> io::Result<()> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if http1.write(data)? == Written::Direct {
            pass(http1, *transport, data)?;
        }
        Ok(())
    }

    /// Sends everything written so far.
    pub fn flush(&self) -> io::Result<()> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if http1.flush()? == Written::Direct {
            pass(http1, *transport, b"")?;
        }
        Ok(())
    }

    pub fn declare(&self, more: u64) {
        self.with(|http1| http1.declare(more));
    }

    pub fn file(&self, part: FilePart) -> io::Result<()> {
        self.with(|http1| http1.file(part, read_all))
    }

    /// Writes the last piece of the body. A large one is sent as far as possible without
    /// waiting, and only the rest is copied.
    pub fn finish(&self, last: &[u8]) -> io::Result<()> {
        let Ends { http1, transport } = &mut *self.ends.borrow_mut();
        if http1.finish(last)? == Written::Direct {
            match transport.send(&mut http1.output, last, false) {
                Ok(count) => http1.sent_last_directly(&last[count..]),
                Err(error) => {
                    http1.lost();
                    return Err(error);
                }
            }
        }
        Ok(())
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

/// Sends the output, then `data`.
fn pass(http1: &mut Http1, transport: &mut dyn Transport, data: &[u8]) -> io::Result<()> {
    match transport.send(&mut http1.output, data, true) {
        Ok(_) => {
            http1.sent_directly();
            Ok(())
        }
        Err(error) => {
            http1.lost();
            Err(error)
        }
    }
}

/// Notes an error of the transport as the reason why the body can't be read.
fn failed<T>(http1: &mut Http1, outcome: io::Result<T>) -> io::Result<T> {
    outcome.inspect_err(|error| {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<Refusal>()) {
            Some(refusal) => http1.refuse_body(*refusal),
            None => http1.lost_body(),
        }
    })
}

/// Fills `into` from the start of a part of a file.
fn read_all(part: &FilePart, into: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < into.len() {
        let offset = part.rest.start + filled as u64;
        filled += read_file(&part.file, &mut into[filled..], offset)?;
    }
    Ok(())
}

/// Reads bytes that a file must have.
///
/// # Errors
/// `UnexpectedEof` if the file is shorter.
pub(crate) fn read_file(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match read_at(file, into, offset) {
            Ok(0) => {
                let message = "the file has become shorter while it was sent";
                return Err(io::Error::new(ErrorKind::UnexpectedEof, message));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}

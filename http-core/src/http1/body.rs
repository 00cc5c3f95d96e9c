//! The body of a request, as the handler reads it.

use std::io::{self, ErrorKind};

use super::{Decoder, Head, Http1, Limits, Piece, Refusal, State};

/// The state of a request's body.
#[derive(Debug)]
pub(super) enum Body {
    /// It is arriving, or has arrived.
    Open {
        decoder: Decoder,
        /// The client waits for `100 Continue` before it sends it.
        is_awaited: bool,
    },
    /// It is malformed, too large, cut off or too slow.
    Refused(Refusal),
    /// The connection failed while the body was being read.
    Lost,
}

/// What a read of the body gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// This many bytes of the body.
    Data(usize),
    /// Nothing yet: more input is needed.
    NeedsInput,
    /// Nothing yet: [`CONTINUE`] must be sent first, then more input is needed.
    NeedsContinue,
    /// The body has ended.
    End,
}

/// Asks a client for the body that it announced with `Expect: 100-continue` (RFC 9110,
/// section 10.1.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A request whose body is being waited for. A decoder of its own looks for the end of the body,
/// which stays in the input for the handler to read with another.
#[derive(Debug)]
pub(super) struct Waiting {
    pub head: Head,
    /// Looks ahead for the end of the body, and leaves it in the input.
    decoder: Decoder,
    /// The number of bytes it has looked at.
    seen: usize,
}

/// A body of known length is read directly into the handler's buffer if that is at least
/// this large.
const DIRECT: usize = 16 * 1024;

impl Body {
    pub fn new(head: &Head, limits: &Limits) -> Body {
        Body::Open {
            decoder: Decoder::new(head.framing(), limits),
            is_awaited: head.expects_continue(),
        }
    }

    /// Whether some of it has not been read.
    pub fn is_unread(&self) -> bool {
        !matches!(self, Body::Open { decoder, .. } if decoder.has_ended())
    }

    /// Whether the rest of it can be skipped, so that the connection can be kept: it is not
    /// longer than `limit`, and sure to come. `at_hand` bytes are in the input.
    pub fn can_be_skipped(&self, at_hand: usize, limit: u64) -> bool {
        match self {
            Body::Open {
                decoder,
                is_awaited,
            } => match decoder.remaining() {
                // A client that was never asked for its body may send it or not.
                Some(left) => left <= limit && !(*is_awaited && left > at_hand as u64),
                // Nobody knows yet how many chunks follow.
                None => !is_awaited,
            },
            Body::Refused(_) | Body::Lost => false,
        }
    }
}

impl Http1 {
    /// Reads from the request's body, as far as it has arrived.
    ///
    /// # Errors
    /// A [`Refusal`] where the body is not acceptable; each later read fails alike.
    pub fn read_body(&mut self, into: &mut [u8]) -> io::Result<Got> {
        let State::Exchange(body) = &mut self.state else {
            return Err(ErrorKind::ConnectionAborted.into());
        };
        let (decoder, is_awaited) = match body {
            Body::Open {
                decoder,
                is_awaited,
            } => (decoder, *is_awaited),
            Body::Refused(refusal) => return Err((*refusal).into()),
            Body::Lost => return Err(ErrorKind::ConnectionAborted.into()),
        };
        loop {
            match decoder.next(self.input.filled(), into.len()) {
                Ok(Piece::Data(count)) => {
                    into[..count].copy_from_slice(&self.input.filled()[..count]);
                    self.input.consume(count);
                    return Ok(Got::Data(count));
                }
                Ok(Piece::Overhead(count)) => self.input.consume(count),
                Ok(Piece::End) => return Ok(Got::End),
                Ok(Piece::More) if self.input_ended => {
                    *body = Body::Refused(Refusal::CUT_OFF);
                    return Err(Refusal::CUT_OFF.into());
                }
                // Once some of the answer has left, a 100 would land in the middle of it.
                Ok(Piece::More) if is_awaited && !self.output.has_left => {
                    return Ok(Got::NeedsContinue);
                }
                Ok(Piece::More) => return Ok(Got::NeedsInput),
                Err(refusal) => {
                    *body = Body::Refused(refusal);
                    return Err(refusal.into());
                }
            }
        }
    }

    /// [`CONTINUE`] was sent.
    pub fn continued(&mut self) {
        if let State::Exchange(Body::Open { is_awaited, .. }) = &mut self.state {
            *is_awaited = false;
        }
    }

    /// The number of bytes that may be read directly into a buffer of `most` bytes, without
    /// a copy through [`room`](Http1::room); 0 where they must go there.
    pub fn direct_room(&self, most: usize) -> usize {
        match &self.state {
            State::Exchange(Body::Open { decoder, .. })
                if self.input.is_empty() && most >= DIRECT =>
            {
                let left = decoder.remaining().unwrap_or(0);
                most.min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            _ => 0,
        }
    }

    /// These bytes of the body were read directly, at least one.
    pub fn received_directly(&mut self, bytes: &[u8]) {
        if let State::Exchange(Body::Open { decoder, .. }) = &mut self.state {
            // The body has a known length, and these are within it.
            let _ = decoder.next(bytes, bytes.len());
        }
    }

    /// The body can't be read any further: the client is too slow, or (`None`) the connection
    /// has failed.
    pub fn body_failed(&mut self, why: Option<Refusal>) {
        if let State::Exchange(body) = &mut self.state {
            *body = why.map_or(Body::Lost, Body::Refused);
        }
    }

    /// Why the request's body was refused, if it was.
    pub fn refusal(&self) -> Option<Refusal> {
        match &self.state {
            State::Exchange(Body::Refused(refusal)) => Some(*refusal),
            _ => None,
        }
    }
}

impl Waiting {
    pub fn new(head: Head, limits: &Limits) -> Waiting {
        let decoder = Decoder::new(head.framing(), limits);
        Waiting {
            head,
            decoder,
            seen: 0,
        }
    }

    /// Whether the handler is called only once the body is complete, because it is short.
    pub fn is_buffered_first(&self, input: &[u8], limits: &Limits) -> bool {
        let most = limits.body_ahead;
        let left = self.decoder.remaining().unwrap_or(0);
        !self.head.expects_continue() && input.len() < most && left <= (most - input.len()) as u64
    }

    /// Whether `input` has all of the body. Also if it never will, because the body is
    /// malformed or too large: the handler finds out when it reads it.
    pub fn is_complete(&mut self, input: &[u8]) -> bool {
        loop {
            match self.decoder.next(&input[self.seen..], usize::MAX) {
                Ok(Piece::Data(count) | Piece::Overhead(count)) => self.seen += count,
                Ok(Piece::More) => return false,
                Ok(Piece::End) | Err(_) => return true,
            }
        }
    }
}

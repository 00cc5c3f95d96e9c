//! The body of a request, as the handler reads it.

use std::io::{self, ErrorKind};

use super::{Decoder, Head, Http1, Limits, Piece, Refusal, State};

/// The body of a request, as far as it was read.
#[derive(Debug)]
pub(super) enum Body {
    /// The client sends it when it is asked to, and was not asked yet (`100 Continue`).
    Awaited(Decoder),
    /// It is on its way, or has come.
    Coming(Decoder),
    /// It is not acceptable.
    Refused(Refusal),
    /// The connection failed while it was read.
    Lost,
}

/// What there is of the body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// So many bytes of it were read.
    Data(usize),
    /// Nothing, until the client has sent more.
    NeedsInput,
    /// Nothing, until the client was sent [`CONTINUE`] and then has sent more.
    NeedsContinue,
    /// It has ended.
    End,
}

/// What the client is sent that waits to be asked for its body (RFC 9110, section 10.1.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A request whose body is on its way.
#[derive(Debug)]
pub(super) struct Waiting {
    pub head: Head,
    pub ahead: Ahead,
}

/// Looks ahead for the end of a body, which stays in the input.
#[derive(Debug)]
pub(super) struct Ahead {
    decoder: Decoder,
    /// It has come so far.
    seen: usize,
}

/// A handler's memory for a body of known length is filled by the system itself, if there
/// is so much of it.
const DIRECT: usize = 16 * 1024;

impl Body {
    pub fn new(head: &Head, limits: &Limits) -> Body {
        let decoder = Decoder::new(head.framing(), limits);
        match head.expects_continue() {
            true => Body::Awaited(decoder),
            false => Body::Coming(decoder),
        }
    }

    /// Whether there is more of it on the way.
    pub fn is_unread(&self) -> bool {
        match self {
            Body::Awaited(decoder) | Body::Coming(decoder) => !decoder.has_ended(),
            Body::Refused(_) | Body::Lost => true,
        }
    }

    /// Whether the next request can be found behind the rest of it, of which `at_hand`
    /// bytes have come.
    pub fn can_be_skipped(&self, at_hand: usize, limit: u64) -> bool {
        let (decoder, awaited) = match self {
            Body::Awaited(decoder) => (decoder, true),
            Body::Coming(decoder) => (decoder, false),
            Body::Refused(_) | Body::Lost => return false,
        };
        match decoder.remaining() {
            // A client that was not asked for its body may send it or not.
            Some(left) => left <= limit && !(awaited && left > at_hand as u64),
            // Of chunks nobody knows how many follow.
            None => !awaited,
        }
    }
}

impl Http1 {
    /// Reads from the body of the request, of which some may be at hand.
    ///
    /// # Errors
    /// A [`Refusal`] where the body is not acceptable, now and from now on.
    pub fn read_body(&mut self, into: &mut [u8]) -> io::Result<Got> {
        let State::Exchange(body) = &mut self.state else {
            return Err(ErrorKind::ConnectionAborted.into());
        };
        let (Body::Awaited(decoder) | Body::Coming(decoder)) = body else {
            return Err(match body {
                Body::Refused(refusal) => (*refusal).into(),
                _ => ErrorKind::ConnectionAborted.into(),
            });
        };
        loop {
            match decoder.next(self.input.filled(), into.len()) {
                Ok(Piece::Data(count)) => {
                    into[..count].copy_from_slice(&self.input.filled()[..count]);
                    self.input.consume(count);
                    return Ok(Got::Data(count));
                }
                Ok(Piece::Framing(count)) => self.input.consume(count),
                Ok(Piece::End) => return Ok(Got::End),
                Ok(Piece::More) if self.input_ended => {
                    *body = Body::Refused(Refusal::CUT_OFF);
                    return Err(Refusal::CUT_OFF.into());
                }
                // Within an answer, 100 would be taken for a part of it.
                Ok(Piece::More) if !self.output.has_left() => {
                    let is_awaited = matches!(body, Body::Awaited(_));
                    if is_awaited {
                        return Ok(Got::NeedsContinue);
                    }
                    return Ok(Got::NeedsInput);
                }
                Ok(Piece::More) => return Ok(Got::NeedsInput),
                Err(refusal) => {
                    *body = Body::Refused(refusal);
                    return Err(refusal.into());
                }
            }
        }
    }

    /// The client was asked for its body.
    pub fn continued(&mut self) {
        if let State::Exchange(body) = &mut self.state
            && let Body::Awaited(decoder) = body
        {
            *body = Body::Coming(decoder.clone());
        }
    }

    /// How many bytes of the body may be read to the handler's memory at once, without a
    /// way through the [`room`](Http1::room) for input; 0 where it must go there. What was
    /// read so is reported with [`received_directly`](Http1::received_directly).
    pub fn direct_room(&self, most: usize) -> usize {
        match &self.state {
            State::Exchange(Body::Coming(decoder)) if self.input.is_empty() && most >= DIRECT => {
                let left = decoder.remaining().unwrap_or(0);
                most.min(usize::try_from(left).unwrap_or(usize::MAX))
            }
            _ => 0,
        }
    }

    /// These bytes of the body were read past the input.
    pub fn received_directly(&mut self, bytes: &[u8]) {
        self.input_ended |= bytes.is_empty();
        if let State::Exchange(Body::Coming(decoder)) = &mut self.state
            && !bytes.is_empty()
        {
            // It has a length, so these are a piece of it, and no more.
            let _ = decoder.next(bytes, bytes.len());
        }
    }

    /// The body can't be read any more for this reason.
    pub fn refuse_body(&mut self, refusal: Refusal) {
        if let State::Exchange(body) = &mut self.state {
            *body = Body::Refused(refusal);
        }
    }

    /// Why the body of the request was refused, if it was.
    pub fn refusal(&self) -> Option<Refusal> {
        match &self.state {
            State::Exchange(Body::Refused(refusal)) => Some(*refusal),
            _ => None,
        }
    }

    /// The connection failed while the body was read.
    pub fn lost_body(&mut self) {
        if let State::Exchange(body) = &mut self.state {
            *body = Body::Lost;
        }
    }
}

impl Waiting {
    /// Whether the handler is not called before the body is complete.
    pub fn is_worth_it(&self, input: &[u8], limits: &Limits) -> bool {
        let most = limits.body_ahead;
        let left = self.ahead.decoder.remaining().unwrap_or(0);
        !self.head.expects_continue() && input.len() < most && left <= (most - input.len()) as u64
    }
}

impl Ahead {
    pub fn new(head: &Head, limits: &Limits) -> Ahead {
        Ahead {
            decoder: Decoder::new(head.framing(), limits),
            seen: 0,
        }
    }

    /// Whether all of the body is in `input`; or can't be, because it is malformed or too
    /// large, which the handler gets to know when it reads it.
    pub fn is_complete(&mut self, input: &[u8]) -> bool {
        loop {
            match self.decoder.next(&input[self.seen..], usize::MAX) {
                Ok(Piece::Data(count) | Piece::Framing(count)) => self.seen += count,
                Ok(Piece::More) => return false,
                Ok(Piece::End) | Err(_) => return true,
            }
        }
    }
}

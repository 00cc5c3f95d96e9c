//! Where the body of a request ends: bytes in, pieces of the body out.
//!
//! Like `head`, this knows no socket. It copies nothing either: it says of the
//! bytes at hand which belong to the body and which only frame it.

use crate::head::{BODY_TOO_LARGE, Framing};
use crate::{Limits, Refusal};

/// What stands at the start of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of the body.
    Data(usize),
    /// So many bytes that are not of the body: a chunk's size line, its line
    /// end, a trailer field.
    Framing(usize),
    /// Nothing can be said before more bytes are there.
    More,
    /// The body has ended; what follows is the next request.
    End,
}

/// Follows a body from its first byte to its last.
///
/// ```
/// use http_core::{Decoder, Framing, Limits, Piece};
///
/// let mut decoder = Decoder::new(Framing::Chunked, &Limits::default());
/// let mut input = &b"3\r\ncat\r\n0\r\n\r\n"[..];
/// let mut body = Vec::new();
/// loop {
///     match decoder.next(input, usize::MAX)? {
///         Piece::Data(n) => {
///             body.extend_from_slice(&input[..n]);
///             input = &input[n..];
///         }
///         Piece::Framing(n) => input = &input[n..],
///         Piece::More => panic!("the body is complete"),
///         Piece::End => break,
///     }
/// }
/// assert_eq!(body, b"cat");
/// # Ok::<(), http_core::Refusal>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decoder {
    state: State,
    /// Bytes of body that may still come before it is too large (chunks only:
    /// a Content-Length was judged when the head was read).
    room: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes of a body of known length are to come.
    Length(u64),
    /// A chunk's size line is next.
    Size,
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line end behind a chunk's bytes is next.
    ChunkEnd,
    /// A trailer field or the empty last line is next; so many bytes of
    /// trailers were passed over already.
    Trailers(usize),
    Ended,
}

/// Bytes of a chunk's size line, extensions included.
const LONGEST_SIZE_LINE: usize = 4096;
/// Bytes of all trailer fields together.
const LONGEST_TRAILERS: usize = 16 * 1024;

impl Decoder {
    /// A decoder for a body of this framing.
    pub fn new(framing: Framing, limits: &Limits) -> Decoder {
        let state = match framing {
            Framing::Length(0) => State::Ended,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Size,
        };
        Decoder {
            state,
            room: limits.body_size,
        }
    }

    /// Whether the body has ended.
    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Bytes of the body that are still to come, where its framing tells.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(left) => Some(left),
            State::Ended => Some(0),
            _ => None,
        }
    }

    /// Says what stands at the start of `input`, and counts it as taken: the
    /// caller moves on by the number in the piece before the next call. A piece
    /// of the body is no longer than `most` bytes (which is not 0).
    ///
    /// # Errors
    /// A [`Refusal`] where the chunks are malformed or the body gets too large.
    pub fn next(&mut self, input: &[u8], most: usize) -> Result<Piece, Refusal> {
        match self.state {
            State::Ended => Ok(Piece::End),
            State::Length(left) => {
                Ok(self.data(input.len().min(most), left, State::Length, State::Ended))
            }
            State::Chunk(left) => {
                Ok(self.data(input.len().min(most), left, State::Chunk, State::ChunkEnd))
            }
            State::Size => self.size_line(input),
            State::ChunkEnd => match input {
                [b'\r', b'\n', ..] => {
                    self.state = State::Size;
                    Ok(Piece::Framing(2))
                }
                [] | [b'\r'] => Ok(Piece::More),
                _ => Err(Refusal::bad("a chunk is longer than its size said")),
            },
            State::Trailers(before) => self.trailer(input, before),
        }
    }

    fn data(&mut self, available: usize, left: u64, more: fn(u64) -> State, then: State) -> Piece {
        if available == 0 {
            return Piece::More;
        }
        let taken = available.min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - taken as u64;
        self.state = if left == 0 { then } else { more(left) };
        Piece::Data(taken)
    }

    fn size_line(&mut self, input: &[u8]) -> Result<Piece, Refusal> {
        const BAD: Refusal = Refusal::bad("a chunk does not begin with its size");
        // httparse takes a line without a digit as 0, and a lone LF in an extension.
        if input
            .first()
            .is_some_and(|first| !first.is_ascii_hexdigit())
        {
            return Err(BAD);
        }
        match httparse::parse_chunk_size(input) {
            Ok(httparse::Status::Complete((length, size))) => {
                if length > LONGEST_SIZE_LINE || input[..length - 2].contains(&b'\n') {
                    return Err(BAD);
                }
                self.room = self.room.checked_sub(size).ok_or(BODY_TOO_LARGE)?;
                self.state = if size == 0 {
                    State::Trailers(0)
                } else {
                    State::Chunk(size)
                };
                Ok(Piece::Framing(length))
            }
            Ok(httparse::Status::Partial)
                if input.len() <= LONGEST_SIZE_LINE && !input.contains(&b'\n') =>
            {
                Ok(Piece::More)
            }
            _ => Err(BAD),
        }
    }

    /// Trailer fields are passed over; that they are lines is all that is asked.
    fn trailer(&mut self, input: &[u8], before: usize) -> Result<Piece, Refusal> {
        let line = match input.iter().position(|&b| b == b'\n') {
            Some(end) => &input[..=end],
            None if before + input.len() <= LONGEST_TRAILERS => return Ok(Piece::More),
            None => return Err(Refusal::bad("the trailer fields are too large")),
        };
        let total = before + line.len();
        if total > LONGEST_TRAILERS {
            return Err(Refusal::bad("the trailer fields are too large"));
        }
        match line {
            b"\r\n" => self.state = State::Ended,
            [name, .., b'\r', b'\n'] if *name != b':' && line.contains(&b':') => {
                self.state = State::Trailers(total);
            }
            _ => return Err(Refusal::bad("a trailer field is malformed")),
        }
        Ok(Piece::Framing(line.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body in `input`, handed over in portions of `step` bytes; and the rest.
    fn decode(framing: Framing, input: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>), Refusal> {
        let mut decoder = Decoder::new(
            framing,
            &Limits {
                body_size: 100,
                ..Limits::default()
            },
        );
        let mut body = Vec::new();
        let (mut start, mut end) = (0, 0);
        loop {
            match decoder.next(&input[start..end], 4)? {
                Piece::Data(n) => {
                    body.extend_from_slice(&input[start..start + n]);
                    start += n;
                }
                Piece::Framing(n) => start += n,
                Piece::More => {
                    assert!(end < input.len(), "the body never ends");
                    end = (end + step).min(input.len());
                }
                Piece::End => return Ok((body, input[start..].to_vec())),
            }
        }
    }

    #[test]
    fn a_body_is_the_same_however_it_arrives() {
        let chunked = b"5;ext=\"x\"\r\nhello\r\nA\r\n 0123\r\n567\r\n000\r\nX: y\r\nZ: \r\n\r\nGET";
        for step in 1..chunked.len() {
            let (body, rest) = decode(Framing::Chunked, chunked, step).unwrap();
            assert_eq!(body, b"hello 0123\r\n567", "in steps of {step}");
            assert_eq!(rest, b"GET");
            let (body, rest) = decode(Framing::Length(5), b"helloGET", step).unwrap();
            assert_eq!((&body[..], &rest[..]), (&b"hello"[..], &b"GET"[..]));
        }
        assert_eq!(decode(Framing::Length(0), b"GET", 1).unwrap().1, b"GET");
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for input in [
            "\r\n\r\n",
            ";x\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            " 1\r\nx\r\n",
            "g\r\n",
            "1\nx\r\n",
            "1\r\nxy\r\n",
            "1\r\nx\n0\r\n\r\n",
            "1;a\nb\r\nx\r\n",
            "ffffffffffffffffff\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\n: no name\r\n\r\n",
            "0\r\nX: y\n\r\n",
        ] {
            for step in [1, input.len()] {
                let refusal = decode(Framing::Chunked, input.as_bytes(), step).unwrap_err();
                assert_eq!(refusal.status.as_u16(), 400, "{input:?}");
            }
        }
    }

    #[test]
    fn sizes_are_limited() {
        let refused = |input: &str| {
            decode(Framing::Chunked, input.as_bytes(), 7)
                .unwrap_err()
                .status
                .as_u16()
        };
        assert_eq!(refused("65\r\n"), 413);
        assert_eq!(refused("ffffffffffffffff\r\n"), 413);
        assert_eq!(
            refused(&format!("1;{}", "x".repeat(LONGEST_SIZE_LINE + 20))),
            400
        );
        assert_eq!(
            refused(&format!("0\r\nX: {}", "x".repeat(LONGEST_TRAILERS + 20))),
            400
        );
        assert_eq!(
            refused(&format!(
                "0\r\n{}",
                "X: y\r\n".repeat(LONGEST_TRAILERS / 6 + 1)
            )),
            400
        );
    }
}

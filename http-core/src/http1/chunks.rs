//! Where the body of a request ends: bytes in, pieces of the body out.
//!
//! [`Decoder`] decides it, for a body with a Content-Length as for one in chunks. It copies
//! nothing: it says of the bytes it is given which belong to the body and which only frame it.

use http::StatusCode;

use super::grammar::{is_text_byte, is_token_byte};
use super::{Limits, Refusal};

/// What tells where a body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// This many bytes; 0 where the request has no body.
    Length(u64),
    /// In chunks, each led by its size, until a chunk of size 0.
    Chunked,
}

impl Default for Framing {
    /// No body.
    fn default() -> Framing {
        Framing::Length(0)
    }
}

/// What stands at the start of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// This many bytes of the body.
    Data(usize),
    /// This many bytes that are not of the body: a chunk's size line, its line
    /// end, a trailer field.
    Overhead(usize),
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
///         Piece::Overhead(n) => input = &input[n..],
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
    /// Bytes that may still come beside the body: chunk extensions, trailer fields.
    extras: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// This many bytes of a body of known length are still to come.
    Length(u64),
    /// A chunk's size line is next.
    Size,
    /// This many bytes of a chunk are still to come.
    Chunk(u64),
    /// The line end behind a chunk's bytes is next.
    ChunkEnd,
    /// A trailer field or the empty last line is next.
    Trailers,
    Ended,
}

/// Bytes of all chunk extensions and trailer fields together: a body of 1-byte
/// chunks must not cost a thousand times its size.
const MOST_EXTRAS: usize = 16 * 1024;
/// Digits of a chunk's size: as many as a `u64` has.
const MOST_DIGITS: usize = 16;

pub(super) const BODY_TOO_LARGE: Refusal = Refusal::new(
    StatusCode::PAYLOAD_TOO_LARGE,
    "the request body is too large",
);

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
            extras: MOST_EXTRAS,
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
    /// of the body is no longer than `most` bytes, which must not be 0: no piece of the body is that short.
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
                    Ok(Piece::Overhead(2))
                }
                [] | [b'\r'] => Ok(Piece::More),
                _ => Err(Refusal::bad("a chunk is longer than its size said")),
            },
            State::Trailers => self.trailer(input),
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

    /// `chunk-size [ chunk-ext ] CRLF` (RFC 9112, section 7.1). Extensions are passed
    /// over; that they are well-formed is all that is asked.
    fn size_line(&mut self, input: &[u8]) -> Result<Piece, Refusal> {
        const BAD: Refusal = Refusal::bad("a chunk does not begin with its size");
        let digits = input.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        if digits > MOST_DIGITS || (digits == 0 && !input.is_empty()) {
            return Err(BAD);
        }
        let Some(line) = self.line(input, digits)? else {
            return Ok(Piece::More);
        };
        let (digits, extension) = line.text.split_at(digits);
        if !are_extensions(extension) {
            return Err(match extension.trim_ascii_start() {
                [b';', ..] => Refusal::bad("a chunk extension is malformed"),
                _ => BAD,
            });
        }
        let size = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .ok_or(BAD)?;
        self.room = self.room.checked_sub(size).ok_or(BODY_TOO_LARGE)?;
        self.state = match size {
            0 => State::Trailers,
            _ => State::Chunk(size),
        };
        Ok(Piece::Overhead(line.length))
    }

    /// Trailer fields are passed over; that they are fields is all that is asked.
    fn trailer(&mut self, input: &[u8]) -> Result<Piece, Refusal> {
        let Some(line) = self.line(input, 0)? else {
            return Ok(Piece::More);
        };
        if line.text.is_empty() {
            self.state = State::Ended;
        } else {
            let colon = line.text.iter().position(|&b| b == b':');
            let (name, value) = line.text.split_at(colon.unwrap_or(0));
            let is_name = !name.is_empty() && name.iter().all(|&b| is_token_byte(b));
            if !is_name || !value.iter().all(|&b| is_text_byte(b)) {
                return Err(Refusal::bad("a trailer field is malformed"));
            }
        }
        Ok(Piece::Overhead(line.length))
    }

    /// The line at the start of `input`, once its end is there. All of it but the
    /// first `free` bytes counts as extra.
    fn line<'a>(&mut self, input: &'a [u8], free: usize) -> Result<Option<Line<'a>>, Refusal> {
        let end = input.iter().position(|&b| b == b'\n');
        let length = end.map_or(input.len(), |end| end + 1);
        let extra = length.saturating_sub(free + b"\r\n".len());
        if extra > self.extras {
            return Err(Refusal::bad(
                "the chunk extensions and trailer fields are too large",
            ));
        }
        if end.is_none() {
            return Ok(None);
        }
        self.extras -= extra;
        let text = input[..length]
            .strip_suffix(b"\r\n")
            .ok_or(Refusal::bad("a line does not end with CR LF"))?;
        Ok(Some(Line { text, length }))
    }
}

/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112, section 7.1.1).
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let Some(name) = skip_space(rest).strip_prefix(b";").map(skip_space) else {
            return false;
        };
        let Some(behind) = skip_token(name) else {
            return false;
        };
        rest = behind;
        if let Some(value) = skip_space(behind).strip_prefix(b"=").map(skip_space) {
            let Some(behind) = skip_token(value).or_else(|| skip_quoted(value)) else {
                return false;
            };
            rest = behind;
        }
    }
    true
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let space = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t'));
    &bytes[space.count()..]
}

/// What is behind a token (RFC 9110, section 5.6.2); `None` where there is none.
fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|&&b| is_token_byte(b)).count();
    (length > 0).then(|| &bytes[length..])
}

/// What is behind a quoted string (RFC 9110, section 5.6.4).
fn skip_quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', byte, behind @ ..] | [byte, behind @ ..] if is_text_byte(*byte) => behind,
            _ => return None,
        }
    }
}

/// A line, and its length with its line end.
struct Line<'a> {
    text: &'a [u8],
    length: usize,
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
                Piece::Overhead(n) => start += n,
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
            "0\r\nX : y\r\n\r\n",
            "0\r\n folded: y\r\n\r\n",
            "0\r\nX: a\rb\r\n\r\n",
            "0\r\n\n",
            "1 \r\nx\r\n",
            "1 x\r\nx\r\n",
            "1;a\rb\r\nx\r\n",
            "1;a\0b\r\nx\r\n",
            "1;\r\nx\r\n",
            "1;a[=x\r\nx\r\n",
            "1;a=\"b\r\nx\r\n",
            "1;a=\"b\\\"\r\nx\r\n",
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
        assert_eq!(refused(&format!("1;{}", "x".repeat(MOST_EXTRAS + 20))), 400);
        assert_eq!(
            refused(&format!("0\r\nX: {}", "x".repeat(MOST_EXTRAS + 20))),
            400
        );
        assert_eq!(
            refused(&format!("0\r\n{}", "X: y\r\n".repeat(MOST_EXTRAS / 4 + 1))),
            400
        );
        // Many small extensions are a large one.
        assert_eq!(
            refused(&format!("1;{}\r\nx\r\n", "x".repeat(1000)).repeat(20)),
            400
        );
    }
}

//! What the limits do instead of parsing: count the ends of heads in what came.

use memchr::memmem;

/// The answer to each, about as long as the others' answers.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: limit\r\n\
    Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Length: 13\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\nHello, HTTP!\n";

/// The same to a client that wants the connection closed.
const LAST_ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: limit\r\n\
    Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Length: 13\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\nHello, HTTP!\n";

/// Appends to `answers` as many answers as `bytes` has ends of heads. Says whether
/// the client asked to close the connection. (The bench's clients send their heads
/// whole; a head in two parts is beyond a limit.)
pub fn answer(bytes: &[u8], answers: &mut Vec<u8>) -> bool {
    let close = memmem::find(bytes, b"Connection: close").is_some();
    for _ in memmem::find_iter(bytes, b"\r\n\r\n") {
        answers.extend_from_slice(if close { LAST_ANSWER } else { ANSWER });
    }
    close
}

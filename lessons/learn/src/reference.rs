//! The reference of a lesson, asked the same as the student's program: built, started anew,
//! asked, and ended.
//!
//! A program may remember what it was asked before. So the reference gets all of it, in the
//! order in which the program has got it, each request by a connection of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::checks::{Stop, build};
use crate::course::{Course, Lesson};
use crate::exchange::{MOST_BYTES, Message};
use crate::run::{address, command};
use crate::wire;

/// How long the reference may take to start, and then for all that it is asked.
const START: Duration = Duration::from_secs(5);
const ALL: Duration = Duration::from_secs(20);

/// How long a server may say nothing to a request that may not be whole, until it is told that
/// nothing more comes.
const SILENCE: Duration = Duration::from_secs(1);

/// What the reference answers to the last one of these requests, after those before it.
///
/// # Errors
///
/// With why it has not answered.
pub(crate) fn answer(
    course: &Course,
    lesson: &Lesson,
    arguments: &str,
    requests: &[Message],
) -> Result<Vec<u8>, String> {
    if requests
        .iter()
        .any(|request| request.size > MOST_BYTES as u64)
    {
        return Err("One of the requests was too long to be kept whole.".into());
    }
    let text = |error: io::Error| format!("The reference could not be asked: {error}");
    // It ends when this does: at the end of this function, whatever happens.
    let stop = Stop::default();
    let name = format!("{}_solution", lesson.package);
    let built = build(course, lesson, &["--bin", &name], |lifeline| {
        stop.hold(lifeline)
    });
    let built = built.map_err(|why| format!("The reference could not be built: {why}"))?;
    let mut child = command(course, &built, arguments, 0)
        .and_then(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn())
        .map_err(text)?;
    stop.hold(child.stdin.take());
    let (send, ports) = mpsc::channel();
    let stdout = child.stdout.take();
    thread::spawn(move || {
        // Read to its end, so that it never waits for us.
        let lines = stdout
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines());
        for line in lines.map_while(Result::ok) {
            if let Some(port) = address(&line) {
                let _ = send.send(port);
            }
        }
    });
    let asked = match ports.recv_timeout(START) {
        Ok(port) => {
            let deadline = Instant::now() + ALL;
            let mut answer = Ok(Vec::new());
            for request in requests {
                // One before the last that broke off has been asked all the same.
                answer = ask(port, &request.bytes, deadline);
            }
            answer
        }
        Err(_) => Err(io::Error::other("it does not serve")),
    };
    stop.stop();
    let _ = child.wait();
    asked.map_err(text)
}

/// Connects to a program that serves on this port, under either loopback address.
///
/// # Errors
///
/// If it does not.
pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    let to = |address: SocketAddr| TcpStream::connect_timeout(&address, Duration::from_secs(2));
    let stream = to((Ipv4Addr::LOCALHOST, port).into())
        .or_else(|_| to((Ipv6Addr::LOCALHOST, port).into()))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends these bytes, and reads the answer, until it is whole or the connection ends. What is
/// no whole request gets its answer when the server learns that nothing more comes.
///
/// # Errors
///
/// If there is no connection, or if it breaks before a byte of the answer has come.
pub(crate) fn ask(port: u16, request: &[u8], deadline: Instant) -> io::Result<Vec<u8>> {
    let mut stream = connect(port)?;
    stream.write_all(request)?;
    let mut answer = Message::answer_to(request);
    let mut buffer = [0; 16 * 1024];
    let mut is_over = false;
    while !answer.is_whole() && answer.bytes.len() < MOST_BYTES {
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = if is_over { left } else { left.min(SILENCE) };
        if patience.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(patience))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                answer.take(&buffer[..length]);
            }
            Err(error) if is_late(&error) && !is_over => {
                stream.shutdown(Shutdown::Write)?;
                is_over = true;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted || is_late(&error) => {}
            Err(_) if answer.size > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer.bytes)
}

/// Whether this is the error of a time limit; systems name it differently.
pub(crate) fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// The first byte in which two answers differ, but for the time that they name; `None` if they
/// are the same.
pub(crate) fn differs(own: &[u8], reference: &[u8]) -> Option<usize> {
    let (own, reference) = (without_date(own), without_date(reference));
    let alike = own.iter().zip(&reference).take_while(|(a, b)| a == b);
    let alike = alike.count();
    (alike < own.len().max(reference.len())).then_some(alike)
}

/// The answer, with nothing in the place of the time in its Date.
fn without_date(answer: &[u8]) -> Vec<u8> {
    let mut answer = answer.to_vec();
    if let Some(at) = wire::field(&answer, "Date") {
        answer[at].fill(b' ');
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn two_answers_are_compared_but_for_their_time() {
        let one = b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n\r\nab";
        let other = b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:00:07 GMT\r\n\r\nab";
        assert_eq!(differs(one, other), None);
        assert_eq!(
            differs(one, &other[..other.len() - 1]),
            Some(other.len() - 1)
        );
        assert_eq!(differs(b"HTTP/1.1 404", b"HTTP/1.1 200"), Some(9));
        assert_eq!(differs(b"", b""), None);
    }

    #[test]
    fn what_is_no_whole_request_is_answered_at_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let mut came = Vec::new();
            client.read_to_end(&mut came).expect("the end");
            client.write_all(&came).expect("an answer");
        });
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(ask(port, b"GET", deadline).expect("an answer"), b"GET");
        server.join().expect("served");
    }
}

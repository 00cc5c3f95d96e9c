//! Asks a request with ureq and reads the answer, strictly: redirects are not
//! followed, statuses are no errors, all of it has a time limit, and what came over
//! the connection is also kept as it came, to see what a client does not tell.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::http;

use super::transport::{LARGEST_HEAD, Record, agent};
use crate::answer::Answer;
use crate::failure::{Came, Failure, Symptom};
use crate::program::Address;
use crate::request::{Asked, Request};

/// Asks, and returns the whole answer.
///
/// # Errors
///
/// If there is no whole answer before `until`, or it breaks the rules of framing.
///
/// # Panics
///
/// If the request is none that ureq can send; a raw connection can.
pub(crate) fn ask(
    request: &Request,
    address: &Address,
    until: Instant,
    largest_body: usize,
) -> Result<Answer, Failure> {
    let record = Record::new(largest_body + LARGEST_HEAD);
    let exchange = exchange(request, address, until, largest_body, &record);
    exchange.map_err(|symptom| {
        let expected = match symptom {
            Symptom::EndlessBody => format!("a body of at most {largest_body} bytes"),
            Symptom::NoLength => "an answer that says where it ends".into(),
            Symptom::ShortBody { declared, .. } | Symptom::LongBody { declared, .. } => {
                format!("a body of {declared} bytes, as its Content-Length says")
            }
            _ => "a whole HTTP answer".into(),
        };
        let came = Came::Bytes(record.bytes());
        Failure::new(
            Some(Asked::Request(request.clone())),
            expected,
            came,
            symptom,
        )
    })
}

fn exchange(
    request: &Request,
    address: &Address,
    until: Instant,
    largest_body: usize,
    record: &Record,
) -> Result<Answer, Symptom> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Symptom::TooSlow);
    }
    let response = match send(request, address, left, record) {
        Ok(response) => response,
        Err(error) => return Err(symptom(error)),
    };
    let (parts, body) = response.into_parts();
    let mut answer = Answer {
        request: request.clone(),
        head: Vec::new(),
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: Vec::new(),
    };
    let declared = answer.header("content-length").and_then(|n| n.parse().ok());
    let chunked = answer.headers.contains_key("transfer-encoding");

    let mut reader = body.into_reader().take(largest_body as u64 + 1);
    if let Err(error) = reader.read_to_end(&mut answer.body) {
        let error = symptom(ureq::Error::from(error));
        let open = error == Symptom::TooSlow;
        return Err(match (declared, error) {
            (Some(declared), Symptom::TooSlow | Symptom::ClosedEarly) if !chunked => {
                let got = answer.body.len();
                Symptom::ShortBody {
                    declared,
                    got,
                    open,
                }
            }
            (None, Symptom::TooSlow) if !chunked => Symptom::NoLength,
            (_, other) => other,
        });
    }
    if answer.body.len() > largest_body {
        return Err(Symptom::EndlessBody);
    }

    let wire = record.bytes();
    let head = head_length(&wire).unwrap_or(wire.len());
    let bodiless = request.method == "HEAD" || matches!(answer.status, 204 | 304);
    let length = if bodiless { Some(0) } else { declared };
    if let Some(declared) = length.filter(|_| bodiless || !chunked)
        && (wire.len() - head) as u64 > declared
    {
        let surplus = wire.len() - head - usize::try_from(declared).unwrap_or(0);
        return Err(Symptom::LongBody { declared, surplus });
    }
    answer.head = wire[..head].to_vec();
    Ok(answer)
}

fn send(
    request: &Request,
    address: &Address,
    limit: Duration,
    record: &Record,
) -> Result<http::Response<ureq::Body>, ureq::Error> {
    let agent = agent(address, limit, record);
    let uri = format!("http://{}:{}{}", address.host, address.port, request.path);
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    match &request.body {
        Some(body) => agent.run(builder.body(body.as_slice())?),
        None => agent.run(builder.body(())?),
    }
}

/// What an error of ureq says about the program.
///
/// # Panics
///
/// If it says nothing about the program: the request cannot be sent like this.
fn symptom(error: ureq::Error) -> Symptom {
    use io::ErrorKind::{ConnectionRefused, TimedOut, WouldBlock};
    match error {
        ureq::Error::Timeout(_) => Symptom::TooSlow,
        ureq::Error::Io(error) => match error.kind() {
            ConnectionRefused => Symptom::Refused,
            TimedOut | WouldBlock => Symptom::TooSlow,
            // The end of the connection, in all its forms.
            _ => Symptom::ClosedEarly,
        },
        ureq::Error::LargeResponseHeader(size, _) => {
            Symptom::NotHttp(format!("{size} bytes of headers, and no end of them"))
        }
        error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
            panic!("this request cannot be sent with ureq ({error}); use Run::connect")
        }
        ureq::Error::Protocol(error) => Symptom::NotHttp(error.to_string()),
        other => Symptom::NotHttp(other.to_string()),
    }
}

/// The length of the status line and headers with the empty line after them.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

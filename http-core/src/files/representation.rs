//! An open file to an answer: all of it, some parts of it, or none, as the client has it
//! already. In HTTP's terms, a file is a resource, and what is sent of it, perhaps a
//! compressed copy, is its representation (RFC 9110, section 3.2).

use std::fs::{File, Metadata};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::ops::Range;

use http::{Method, StatusCode};

use super::absence::present;
use super::conditions::{Validators, Verdict};
use super::encoding::Encoding;
use super::range::{self, Wanted};
use crate::face::Headers;
use crate::{Answer, BodyWriter, Request, Response};

/// What is sent of a file.
#[derive(Debug)]
pub(super) struct Representation {
    pub file: File,
    pub metadata: Metadata,
    pub content_type: String,
    /// How it is compressed.
    pub encoding: Option<Encoding>,
    /// Whether there could be another one for another client.
    pub varies: bool,
}

/// The bytes of a file.
enum Content {
    /// A small file was read, which is cheaper than to have the system send it.
    Bytes(Vec<u8>),
    /// A large one is sent as the client takes it.
    File(File),
}

/// A file of up to this many bytes is read. That shows, too, whether it has as many as it says.
const SMALL: u64 = 16 * 1024;

impl Representation {
    pub fn send(self, request: &Request, response: Response) -> Answer {
        let length = self.metadata.len();
        let bytes = match length <= SMALL {
            true => match present(read(&self.file, length))? {
                Some(bytes) if bytes.len() as u64 != length => {
                    return self.send_what_is_there(response, &bytes);
                }
                // It can be opened, but not read.
                None => return super::not_found(response),
                bytes => bytes,
            },
            false => None,
        };
        let validators = Validators::new(&self.file, &self.metadata)?;
        match validators.judge(request) {
            Verdict::Send => {}
            Verdict::NotModified => {
                let headers = response.send_response(StatusCode::NOT_MODIFIED);
                // What it has is packed as it is (RFC 9110, section 15.4.5).
                let encoding = None;
                let headers = Representation { encoding, ..self }.add_fields(headers, &validators);
                return headers.end_headers()?.finish();
            }
            Verdict::Failed => {
                return response.send_error(
                    StatusCode::PRECONDITION_FAILED,
                    "The file is in another state than the request asks for.",
                );
            }
        }
        let wanted = match request.header("Range") {
            Some(range) if *request.method() == Method::GET && validators.allow_range(request) => {
                range::parse(range, length)
            }
            _ => Wanted::Whole,
        };
        let status = match &wanted {
            Wanted::Whole => StatusCode::OK,
            Wanted::Parts(_) => StatusCode::PARTIAL_CONTENT,
            Wanted::Unsatisfiable => {
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                return response
                    .send_response(status)
                    .send_header("Content-Range", format!("bytes */{length}"))
                    .send_error_page(
                        status,
                        &format!("The file has {length} bytes, and none of those asked for."),
                    );
            }
        };
        let headers = self.add_fields(response.send_response(status), &validators);
        let content_type = self.content_type;
        let content = match bytes {
            Some(bytes) => Content::Bytes(bytes),
            None => Content::File(self.file),
        };
        match wanted {
            Wanted::Parts(parts) if parts.len() == 1 => {
                let body = headers
                    .send_header("Content-Type", content_type)
                    .send_header("Content-Range", content_range(&parts[0], length))
                    .end_headers()?;
                content.send(body, parts[0].clone())
            }
            Wanted::Parts(parts) => send_parts(headers, content, &parts, length, &content_type),
            _ => {
                let body = headers
                    .send_header("Content-Type", content_type)
                    .send_header("Accept-Ranges", "bytes")
                    .end_headers()?;
                content.send(body, 0..length)
            }
        }
    }

    /// Sends a file that does not have the length it says: in /proc and /sys, which make
    /// files as they are read; or because it gets shorter now. The next reader may get
    /// something else, so nothing is said by which one could be told from the other.
    fn send_what_is_there(self, response: Response, start: &[u8]) -> Answer {
        let headers = response
            .send_response(StatusCode::OK)
            .send_header("Content-Type", &self.content_type);
        let mut body = self.add_encoding(headers).end_headers()?;
        body.write_all(start)?;
        io::copy(&mut &self.file, &mut body)?;
        body.finish()
    }

    /// The fields that a 200, a 206 and a 304 have in common.
    fn add_fields<'c>(&self, mut headers: Headers<'c>, validators: &Validators) -> Headers<'c> {
        if let Some(modified) = validators.last_modified() {
            headers = headers.send_header("Last-Modified", modified);
        }
        self.add_encoding(headers.send_header("ETag", &validators.etag))
    }

    fn add_encoding<'c>(&self, mut headers: Headers<'c>) -> Headers<'c> {
        if let Some(encoding) = self.encoding {
            headers = headers.send_header("Content-Encoding", encoding.name);
        }
        if self.varies {
            headers = headers.send_header("Vary", "Accept-Encoding");
        }
        headers
            // To be asked for again each time, which costs a 304: so a change is seen at once.
            .send_header("Cache-Control", "no-cache")
            .send_header("X-Content-Type-Options", "nosniff")
    }
}

/// The first `length` bytes of a file that was just opened; of one that says it is empty, the
/// first byte, if there is one.
fn read(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let most = length.max(1);
    let mut bytes = Vec::with_capacity(most as usize);
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Content {
    /// Sends one part of it, and nothing else.
    fn send(self, body: BodyWriter, part: Range<u64>) -> Answer {
        match self {
            Content::Bytes(bytes) => body.send(&bytes[part.start as usize..part.end as usize]),
            Content::File(file) => body.send_part(file, part),
        }
    }
}

fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// Several parts of a file in one answer (RFC 9110, section 15.3.7.2).
fn send_parts(
    headers: Headers,
    content: Content,
    parts: &[Range<u64>],
    length: u64,
    content_type: &str,
) -> Answer {
    // Random, so that no file has it in it.
    let random = || RandomState::new().build_hasher().finish();
    let boundary = format!("{:016x}{:016x}", random(), random());
    let heads: Vec<String> = parts
        .iter()
        .map(|part| {
            let range = content_range(part, length);
            format!(
                "\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {range}\r\n\r\n"
            )
        })
        .collect();
    let end = format!("\r\n--{boundary}--\r\n");
    let total = heads.iter().map(|head| head.len() as u64).sum::<u64>()
        + parts.iter().map(|part| part.end - part.start).sum::<u64>()
        + end.len() as u64;
    let mut body = headers
        .send_header(
            "Content-Type",
            format!("multipart/byteranges; boundary={boundary}"),
        )
        .send_header("Content-Length", total)
        .end_headers()?;
    for (head, part) in heads.iter().zip(parts) {
        body.write_all(head.as_bytes())?;
        match &content {
            Content::Bytes(bytes) => {
                body.write_all(&bytes[part.start as usize..part.end as usize])?;
            }
            Content::File(file) => body.write_part(file, part.clone())?,
        }
    }
    body.send(end)
}

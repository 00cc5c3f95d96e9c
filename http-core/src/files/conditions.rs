//! Whether a client already has what it asks for (RFC 9110, sections 8.8 and 13).

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::Request;

/// What tells one state of a file from another.
#[derive(Debug)]
pub(super) struct Validators {
    /// The entity tag, with its quotes. It changes with every change of the file
    /// that its time, its size or its place on the disk shows.
    pub etag: String,
    /// When it was last changed, in whole seconds as the field has it; not for times
    /// that the field can't say, nor for one to come.
    modified: Option<SystemTime>,
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Send what was asked for.
    Send,
    /// The client has it: 304.
    NotModified,
    /// The client asked for another state of it: 412.
    Failed,
}

impl Validators {
    pub fn new(metadata: &Metadata) -> Validators {
        let since_1970 = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = since_1970.map_or(0, |time| time.as_nanos());
        let modified = since_1970
            .map(|time| UNIX_EPOCH + Duration::from_secs(time.as_secs()))
            .filter(|time| *time <= SystemTime::now());
        Validators {
            etag: format!(
                "\"{nanoseconds:x}-{:x}-{:x}\"",
                metadata.len(),
                place(metadata)
            ),
            modified,
        }
    }

    /// The value of Last-Modified.
    pub fn last_modified(&self) -> Option<String> {
        self.modified.map(httpdate::fmt_http_date)
    }

    /// Holds the conditions of a request against this state, in the order of RFC
    /// 9110, section 13.2.2.
    pub fn judge(&self, request: &Request) -> Verdict {
        match tags(request, &IF_MATCH) {
            Some(tags) if !tags.iter().any(|tag| self.is_matched_by(tag)) => {
                return Verdict::Failed;
            }
            Some(_) => {}
            None if self.is_later_than(request.header("If-Unmodified-Since")) == Some(true) => {
                return Verdict::Failed;
            }
            None => {}
        }
        let is_known = match tags(request, &IF_NONE_MATCH) {
            Some(tags) => tags
                .iter()
                .any(|tag| self.is_matched_by(tag.strip_prefix("W/").unwrap_or(tag))),
            None => self.is_later_than(request.header("If-Modified-Since")) == Some(false),
        };
        if is_known {
            Verdict::NotModified
        } else {
            Verdict::Send
        }
    }

    /// Whether a Range may be followed: without If-Range always, else only if the
    /// part that the client has is of this state.
    pub fn allow_range(&self, request: &Request) -> bool {
        match request.header("If-Range") {
            None => !request.headers().contains_key("If-Range"),
            Some(tag) if tag.starts_with('"') || tag.starts_with("W/") => tag == self.etag,
            Some(date) => self
                .last_modified()
                .is_some_and(|modified| modified == date),
        }
    }

    fn is_matched_by(&self, tag: &str) -> bool {
        tag == "*" || tag == self.etag
    }

    /// `None` where the date is malformed, or there is none on either side.
    fn is_later_than(&self, date: Option<&str>) -> Option<bool> {
        let date = httpdate::parse_http_date(date?).ok()?;
        Some(self.modified? > date)
    }
}

/// The entity tags of a field. Ours have no commas, so it may be cut at commas.
fn tags<'r>(request: &'r Request, name: &HeaderName) -> Option<Vec<&'r str>> {
    // Most requests have none, and looking is cheaper than making a map.
    request.header(name.as_str())?;
    let values = request.headers().get_all(name).iter();
    Some(
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|tag| tag.trim_matches([' ', '\t']))
            .collect(),
    )
}

/// A number that tells a file from one that was put in its place.
#[cfg(unix)]
fn place(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn place(_metadata: &Metadata) -> u64 {
    0
}

//! Whether a client already has what it asks for (RFC 9110, sections 8.8 and 13).

use std::fs::{File, Metadata};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Request;

/// What tells one state of a file from another.
///
/// The entity tag is made of what the system says of the file: which file it is, how
/// large, when its content was changed, and on Unix also when anything of it was. That
/// last time cannot be set, so a file that was replaced or written to has another tag
/// even if its size and its time were made the same, and even if the new file has the
/// number of the old one. On Windows, a new file has a new number in NTFS; only who
/// writes into a file and then sets its time back leaves the tag as it is.
///
/// Times are as exact as the clock of the file system: two changes within one of its
/// steps look like one. So a file that was changed just now has a weak tag that is
/// never given twice: who has it gets the file anew, until the clock has gone on.
///
/// A date counts in whole seconds, and says less. It is a weak validator (RFC 9110, section
/// 8.8.2.2): for "have I got it?" it must do, for joining two parts it does not.
#[derive(Debug)]
pub(super) struct Validators {
    /// The entity tag as it stands in its field, in quotes, perhaps with `W/` before it.
    pub etag: String,
    /// When it was last changed, in whole seconds as the field has it; not for a time
    /// to come, nor for the first two seconds of 1970 or what is before: archives and
    /// package managers write these for "no time", and then all states have the same.
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

/// More than the steps of a clock that counts fractions of a second: up to 16 ms.
const STEP: Duration = Duration::from_millis(100);
/// As much, where seconds are counted. FAT counts every other one.
const STEP_OF_SECONDS: Duration = Duration::from_secs(2);

impl Validators {
    /// # Errors
    /// If the system does not say which file it is.
    pub fn new(file: &File, metadata: &Metadata) -> io::Result<Validators> {
        Ok(Validators::at(
            SystemTime::now(),
            &state(file, metadata)?,
            metadata.len(),
        ))
    }

    /// Of a file that has been in `state` when it was `now`.
    fn at(now: SystemTime, state: &State, length: u64) -> Validators {
        let times = [state.modified, state.changed].map(nanoseconds);
        let step = match times.iter().all(|time| time % 1_000_000_000 == 0) {
            true => STEP_OF_SECONDS,
            false => STEP,
        };
        // A time to come is one of another clock, so it may be now.
        let is_settled = now
            .duration_since(state.changed)
            .is_ok_and(|age| age >= step);
        let etag = match is_settled {
            true => format!(
                "\"{:x}-{:x}-{length:x}-{:x}\"",
                times[0], times[1], state.number
            ),
            false => format!("W/\"{:x}\"", nanoseconds(now)),
        };
        let seconds = state.modified.duration_since(UNIX_EPOCH);
        let seconds = seconds.map_or(0, |since| since.as_secs());
        let modified = UNIX_EPOCH + Duration::from_secs(seconds);
        Validators {
            etag,
            modified: (seconds > 1 && modified <= now).then_some(modified),
        }
    }

    /// The value of Last-Modified.
    pub fn last_modified(&self) -> Option<String> {
        self.modified.map(httpdate::fmt_http_date)
    }

    /// Holds the conditions of a request against this state, in the order of RFC
    /// 9110, section 13.2.2.
    pub fn judge(&self, request: &Request) -> Verdict {
        match tags(request, "If-Match") {
            Some(tags)
                if !tags
                    .iter()
                    .any(|tag| *tag == "*" || self.is_matched_by(tag)) =>
            {
                return Verdict::Failed;
            }
            Some(_) => {}
            None if self.is_later_than(request.header("If-Unmodified-Since")) == Some(true) => {
                return Verdict::Failed;
            }
            None => {}
        }
        let is_known = match tags(request, "If-None-Match") {
            // By the weak comparison: which of the two is weak does not matter.
            Some(tags) => tags
                .iter()
                .any(|tag| *tag == "*" || opaque(tag) == opaque(&self.etag)),
            None => self.is_later_than(request.header("If-Modified-Since")) == Some(false),
        };
        if is_known {
            Verdict::NotModified
        } else {
            Verdict::Send
        }
    }

    /// Whether a Range may be followed: without If-Range always, else only if the
    /// part that the client has is of this state. A date does not say that: the file may have
    /// changed again in the same second (RFC 9110, section 13.1.5).
    pub fn allow_range(&self, request: &Request) -> bool {
        match request.header("If-Range") {
            None => all(request, "If-Range").next().is_none(),
            Some(tag) => self.is_matched_by(tag),
        }
    }

    /// By the strong comparison (section 8.8.3.2).
    fn is_matched_by(&self, tag: &str) -> bool {
        tag == self.etag && tag.starts_with('"')
    }

    /// `None` where the date is malformed, or there is none on either side.
    fn is_later_than(&self, date: Option<&str>) -> Option<bool> {
        let date = httpdate::parse_http_date(date?).ok()?;
        Some(self.modified? > date)
    }
}

/// The values of all fields of a name.
fn all<'r>(request: &'r Request, name: &str) -> impl Iterator<Item = &'r [u8]> {
    let fields = request.headers();
    fields.filter_map(move |(field, value)| field.eq_ignore_ascii_case(name).then_some(value))
}

/// The entity tags of a field. Ours have no commas, so it may be cut at commas.
fn tags<'r>(request: &'r Request, name: &str) -> Option<Vec<&'r str>> {
    let mut values = all(request, name).peekable();
    values.peek()?;
    let texts = values.filter_map(|value| std::str::from_utf8(value).ok());
    let tags = texts.flat_map(|text| text.split(','));
    Some(tags.map(|tag| tag.trim_matches([' ', '\t'])).collect())
}

/// An entity tag without the mark of a weak one.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// Nanoseconds since 1970; negative before.
fn nanoseconds(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

/// What the system says of a file.
struct State {
    /// Which one it is.
    number: u64,
    /// When its content was changed, as far as it is known.
    modified: SystemTime,
    /// When it was last changed in any way, as far as the system says.
    changed: SystemTime,
}

#[cfg(unix)]
fn state(_file: &File, metadata: &Metadata) -> io::Result<State> {
    use std::os::unix::fs::MetadataExt;

    // Both are whole seconds, which may be negative, and nanoseconds, which are not.
    let seconds = Duration::from_secs(metadata.ctime().unsigned_abs());
    let changed = match metadata.ctime() >= 0 {
        true => UNIX_EPOCH.checked_add(seconds),
        false => UNIX_EPOCH.checked_sub(seconds),
    };
    let nanoseconds = Duration::from_nanos(metadata.ctime_nsec().unsigned_abs());
    Ok(State {
        number: metadata.ino(),
        modified: metadata.modified().unwrap_or(UNIX_EPOCH),
        changed: changed.unwrap_or(UNIX_EPOCH) + nanoseconds,
    })
}

#[cfg(windows)]
fn state(file: &File, metadata: &Metadata) -> io::Result<State> {
    let (_volume, number) = super::by_path::identity(file)?;
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    Ok(State {
        number,
        modified,
        changed: modified,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        match seconds < 0.0 {
            true => UNIX_EPOCH - Duration::from_secs_f64(-seconds),
            false => UNIX_EPOCH + Duration::from_secs_f64(seconds),
        }
    }

    fn validators(now: f64, modified: f64, changed: f64) -> Validators {
        let state = State {
            number: 7,
            modified: at(modified),
            changed: at(changed),
        };
        Validators::at(at(now), &state, 10)
    }

    #[test]
    fn every_change_makes_another_tag() {
        let states = [
            (500.25, 600.5),
            (500.25, 600.75),
            (500.5, 600.5),
            (0.0, 600.5),
            (1.0, 600.5),
            (-1.0, 600.5),
            (-2.5, 600.5),
        ];
        let tags: Vec<String> = states
            .map(|(modified, changed)| validators(1e9, modified, changed).etag)
            .into();
        for (n, tag) in tags.iter().enumerate() {
            assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
            assert!(!tags[..n].contains(tag), "{tag}");
        }
    }

    #[test]
    fn a_change_of_this_moment_has_a_tag_of_its_own() {
        for (age, modified, is_settled) in [
            (0.0, 500.25, false),
            (0.05, 500.25, false),
            (0.2, 500.25, true),
            // Where no time has a fraction, seconds are counted.
            (0.5, 500.0, false),
            (1.5, 500.0, false),
            (2.5, 500.0, true),
            (-3.0, 500.25, false),
        ] {
            let changed = modified + 100.0;
            let first = validators(changed + age, modified, changed);
            let second = validators(changed + age + 0.001, modified, changed);
            assert_eq!(!first.etag.starts_with("W/"), is_settled, "{age}");
            assert_eq!(first.etag == second.etag, is_settled, "{age}");
            assert!(first.is_matched_by(&first.etag) == is_settled);
        }
    }

    #[test]
    fn a_time_that_says_nothing_is_no_date() {
        for (modified, date) in [
            (-1.0, None),
            (0.0, None),
            (1.9, None),
            (2.5, Some("Thu, 01 Jan 1970 00:00:02 GMT")),
            (1e9, Some("Sun, 09 Sep 2001 01:46:40 GMT")),
            (1.2e9, None),
        ] {
            let found = validators(1.1e9, modified, 1e9).last_modified();
            assert_eq!(found.as_deref(), date, "{modified}");
        }
    }
}

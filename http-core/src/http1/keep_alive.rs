//! Whether a connection stays open after an answer (keep-alive; RFC 9112, section 9.3).
//!
//! It does unless there is a reason to end it: an [`Ending`], which is noted as soon as it is
//! known. The head of the answer tells the client, so it is decided when that head ends
//! ([`Http1::decide_keep_alive`]). When the answer is complete ([`Http1::answered`]), the
//! connection takes the state that was decided on: from there, [`Http1::next`] leads to the next
//! request, or to the end, which `net` carries out.

use http::StatusCode;

use super::answer::Stage;
use super::body::Body;
use super::{Http1, State};

/// Why a connection ends. Keep-alive goes one way only: once there is a reason to end, the
/// connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client sent `Connection: close`, or speaks HTTP/1.0 and did not ask to keep it.
    Client,
    /// The handler sent `Connection: close`.
    Handler,
    /// The server is stopping.
    Stopping,
    /// A request was refused, so nobody knows where the next one begins.
    Refused,
    /// A long body, or one that may never come, lies before the next request.
    UnreadBody,
    /// The end of the answer is the end of the connection.
    UntilClose,
}

impl Http1 {
    /// Records why the connection will end: after the current answer, or at once if none is being
    /// written. The first reason stays, unless the client itself wants the end: then
    /// it sends no more requests, and needs no time to see the answer.
    pub fn end_after(&mut self, reason: Ending) {
        if self.ending.is_none() || reason == Ending::Client {
            self.ending = Some(reason);
        }
    }

    /// Decides whether the connection stays open after the current answer, whose head ends now.
    pub(super) fn decide_keep_alive(&mut self) -> bool {
        if let State::Exchange(body) = &self.state
            && body.is_unread()
            && !body.can_be_skipped(self.input.len(), self.skip_limit)
        {
            self.end_after(Ending::UnreadBody);
        }
        self.ending.is_none()
    }

    /// The handler is done: the connection goes on as the answer has told the client. Returns
    /// the status of the answer, if there is one.
    pub fn answered(&mut self) -> Option<StatusCode> {
        if let State::Exchange(body) = std::mem::replace(&mut self.state, State::Closed) {
            self.state = self.after(body);
        }
        self.answer.status
    }

    /// How it goes on after an exchange with this request body.
    fn after(&mut self, body: Body) -> State {
        if self.answer.stage != Stage::Whole {
            // Only a part of an answer, or none: closing the connection tells the client.
            self.give_up();
            return State::Finish { linger: false };
        }
        let unread = body.is_unread();
        match (self.ending, body) {
            (None, Body::Open { .. }) if !unread => State::default(),
            // The next request comes after the rest of the body.
            (None, Body::Open { decoder, .. }) => State::Skip(decoder, self.skip_limit),
            // The body has failed since the head was written.
            (None, Body::Refused(_) | Body::Lost) => State::Finish { linger: true },
            (Some(Ending::Client), _) if !unread && self.input.is_empty() => {
                State::Finish { linger: false }
            }
            // The client may be sending still.
            (Some(_), _) => State::Finish { linger: true },
        }
    }
}

//! What all connections of a server share, and how a request is answered with it: by
//! the handler, or in its place where it fails.

use std::sync::Arc;

use http::StatusCode;

use crate::output::Output;
use crate::request::Failure;
use crate::socket::Socket;
use crate::stop::Stop;
use crate::underway::Stage;
use crate::{Handler, Limits, Refusal, Request, Response, log, panics};

/// What all connections of a server share.
pub(crate) struct Service {
    pub handler: Arc<dyn Handler>,
    pub limits: Limits,
    pub access_log: bool,
    /// Whether a 500 page shows what went wrong.
    pub show_errors: bool,
    /// Whether nobody is told of a handler that failed.
    pub quiet: bool,
    pub stop: Arc<Stop>,
}

impl Service {
    /// Has the handler answer a request whose answer was begun; where it fails, with an
    /// error page. `false` if there is no whole answer in the end: the connection failed,
    /// or half an answer had left already.
    pub fn answer(&self, request: &mut Request, output: &mut Output, socket: &Socket) -> bool {
        let outcome = panics::catch(self.quiet, || {
            self.handler.handle(request, Response::new(output, socket))
        });
        let failure = request.body().failure();
        let lost = output.answer.lost || matches!(failure, Some(Failure::Lost));
        match outcome {
            Ok(Ok(_)) if output.answer.stage == Stage::Finished => true,
            _ if lost => false,
            Ok(Ok(_)) => self.fail(
                "the handler returned the Answered of another response",
                output,
                socket,
            ),
            Ok(Err(error)) => match failure {
                Some(Failure::Refused(refusal)) => {
                    output.answer.keep_alive = false;
                    replace(refusal.status, refusal.reason, output, socket)
                }
                _ => {
                    let message = error.to_string();
                    if !self.quiet {
                        log::to_stderr(&log::failure("The handler failed", &message));
                    }
                    self.fail(&message, output, socket)
                }
            },
            // `panics` has printed it already.
            Err(panic) => self.fail(&panic, output, socket),
        }
    }

    /// Answers a request that no handler sees, of which this is the first line.
    pub fn refuse(&self, refusal: Refusal, line: &[u8], output: &mut Output, socket: &Socket) {
        output.begin(None, false, &self.limits);
        if line.starts_with(b"HEAD ") {
            output.answer.set_head_only();
        }
        replace(refusal.status, refusal.reason, output, socket);
    }

    /// Answers 500 in place of a handler that could not.
    fn fail(&self, message: &str, output: &mut Output, socket: &Socket) -> bool {
        let shown = if self.show_errors {
            message
        } else {
            "The server could not answer this request."
        };
        replace(StatusCode::INTERNAL_SERVER_ERROR, shown, output, socket)
    }
}

/// Sends an error page in place of what the handler wrote; `false` if some of that has
/// left already.
fn replace(status: StatusCode, explanation: &str, output: &mut Output, socket: &Socket) -> bool {
    output.take_back()
        && Response::new(output, socket)
            .send_error(status, explanation)
            .is_ok()
}

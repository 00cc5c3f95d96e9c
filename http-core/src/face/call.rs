//! Calls the handler. If it fails, that is the failure of one request and of no other.

use http::StatusCode;

use super::exchange::{Exchange, Transport};
use super::{Handler, Request, Response, panics, report};
use crate::http1::{Ending, Head, Http1, Refusal};

/// The handler, and who is told when it fails.
pub(crate) struct Service {
    pub handler: Box<dyn Handler>,
    /// Whether the page of a 500 answer shows what went wrong.
    pub show_errors: bool,
    /// Whether a failure is kept from standard error.
    pub quiet: bool,
}

impl Service {
    /// Has the handler answer the current request. If the handler fails, an error page takes
    /// the place of its answer, unless some of that has left.
    pub fn call(&self, head: &Head, http1: &mut Http1, transport: &mut dyn Transport) {
        let outcome = {
            let exchange = Exchange::new(http1, transport);
            let mut request = Request::new(head, &exchange);
            let response = Response::new(&exchange);
            panics::catch(self.quiet, || self.handler.handle(&mut request, response))
        };
        let message = match outcome {
            Ok(Ok(_)) if http1.is_answered() => return,
            _ if http1.is_lost() => return,
            // `panics` has printed it already.
            Err(panic) => panic,
            Ok(returned) => {
                let message = match (returned, http1.refusal()) {
                    (Ok(_), _) => "the handler returned the Answered of another response".into(),
                    (Err(_), Some(refusal)) => return self.refuse(refusal, http1, transport),
                    (Err(error), None) => error.to_string(),
                };
                if !self.quiet {
                    report::to_stderr(&report::failure("The handler failed", &message));
                }
                message
            }
        };
        let shown = match self.show_errors {
            true => &message,
            false => "The server could not answer this request.",
        };
        replace(StatusCode::INTERNAL_SERVER_ERROR, shown, http1, transport);
    }

    /// Answers a request with an error, instead of the handler.
    pub fn refuse(&self, refusal: Refusal, http1: &mut Http1, transport: &mut dyn Transport) {
        http1.end_after(Ending::Refused);
        replace(refusal.status, refusal.reason, http1, transport);
    }
}

/// Writes an error page in place of what the handler wrote, unless some of that has left.
fn replace(status: StatusCode, why: &str, http1: &mut Http1, transport: &mut dyn Transport) {
    if http1.take_back() {
        let exchange = Exchange::new(http1, transport);
        // An error means that the connection has failed, and then nobody reads the page.
        let _ = Response::new(&exchange).send_error(status, why);
    }
}

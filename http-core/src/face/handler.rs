//! The part of a server that is different for every service.

use std::io;

use http::Method;

use super::{Answered, Request, Response};

/// What a handler returns: that it has answered, or why it could not.
///
/// An [`Answered`] can only be had by finishing a [`Response`], so a handler
/// that forgets to answer on some path does not compile. Errors are passed on
/// with `?`: if nothing was sent yet, the server answers in the handler's place. It answers 500,
/// or where the request's body could not be read, as [`BodyReader`](crate::BodyReader) says.
pub type Answer = io::Result<Answered>;

/// Answers requests: http.server's `BaseHTTPRequestHandler`.
///
/// Implement one method for each HTTP method you support; the rest answer 501
/// ("Unsupported method"), and HEAD is answered like GET without its body.
/// One handler serves all requests, from several threads at once if the server
/// has [several](crate::HttpServer::threads): hence `&self` and `Sync`.
///
/// ```no_run
/// use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};
///
/// struct HelloHandler;
///
/// impl Handler for HelloHandler {
///     fn do_get(&self, _request: &mut Request, response: Response) -> Answer {
///         response
///             .send_response(200)
///             .send_header("Content-Type", "text/plain; charset=utf-8")
///             .end_headers()?
///             .send("Hello, HTTP!\n")
///     }
/// }
///
/// fn main() -> http_core::Result<()> {
///     HttpServer::bind(local_address())?.serve_forever(HelloHandler)
/// }
/// ```
///
/// A function or a closure is a handler, too. It gets the requests of every
/// method (but CONNECT, which asks for a proxy and is refused), and its parameters
/// must be written with their types:
///
/// ```no_run
/// use http_core::{HttpServer, Request, Response};
///
/// fn main() -> http_core::Result<()> {
///     HttpServer::bind("127.0.0.1:8000")?.serve_forever(|request: &mut Request, response: Response| {
///         response.send_response(200).end_headers()?.send(request.path())
///     })
/// }
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Answers GET.
    fn do_get(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers HEAD: by default what `do_get` answers, without its body.
    fn do_head(&self, request: &mut Request, response: Response) -> Answer {
        self.do_get(request, response)
    }

    /// Answers POST.
    fn do_post(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers PUT.
    fn do_put(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers PATCH.
    fn do_patch(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers DELETE.
    fn do_delete(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers OPTIONS.
    fn do_options(&self, request: &mut Request, response: Response) -> Answer {
        unsupported(request, response)
    }

    /// Answers any request, by handing it to the method above that fits. Write
    /// your own to see every request, whatever its method.
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        match *request.method() {
            Method::GET => self.do_get(request, response),
            Method::HEAD => self.do_head(request, response),
            Method::POST => self.do_post(request, response),
            Method::PUT => self.do_put(request, response),
            Method::PATCH => self.do_patch(request, response),
            Method::DELETE => self.do_delete(request, response),
            Method::OPTIONS => self.do_options(request, response),
            _ => unsupported(request, response),
        }
    }
}

impl<F> Handler for F
where
    F: Fn(&mut Request, Response) -> Answer + Send + Sync + 'static,
{
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        self(request, response)
    }
}

/// 501, in the words of http.server.
pub(crate) fn unsupported(request: &Request, response: Response) -> Answer {
    response.send_error(501, &format!("Unsupported method ('{}')", request.method()))
}

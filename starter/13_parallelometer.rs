//! Lesson 13: the parallelometer. How many requests does a browser send at once?
//!
//!     cargo run -p parallelometer      run it, then open http://localhost:8000/
//!     cargo test -p parallelometer     see which steps are done
//!
//! The lesson is in lessons/13_parallelometer/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(dead_code, unused_imports, unused_variables)]

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use http_core::{Answer, Handler, HttpServer, Request, Response, local_address};

const PAGE: &str = include_str!("../lessons/13_parallelometer/page.html");
const FRAME: &str = include_str!("../lessons/13_parallelometer/frame.html");
const CHART: &str = include_str!("../lessons/13_parallelometer/chart.svg");

struct Parallelometer {
    /// The number of requests that are under way.
    under_way: AtomicUsize,
    /// When the server began.
    began: Instant,
    /// Each change of the number: the milliseconds since the beginning, and the new number.
    history: Mutex<Vec<(u128, usize)>>,
}

impl Handler for Parallelometer {
    fn handle(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/" => todo!("step 3: answer with the page of sixteen frames"),
            "/chart.svg" => self.send_chart(response),
            // Anyone who only looks is not counted.
            "/count" => {
                let number = self.under_way.load(Ordering::SeqCst);
                send(response, TEXT, &format!("{number}\n"))
            }
            _ => todo!("step 1: count this request while it is under way"),
        }
    }
}

impl Parallelometer {
    /// What takes its time.
    fn work(&self, request: &mut Request, response: Response) -> Answer {
        match request.path() {
            "/fail" => todo!("step 2: panic here, and be counted down all the same"),
            // It takes as long as the client takes to send it.
            "/upload" => {
                let length = io::copy(request.body(), &mut io::sink())?;
                send(response, TEXT, &format!("{length} bytes\n"))
            }
            path if path.starts_with("/frame/") => {
                let number = self.under_way.load(Ordering::SeqCst);
                thread::sleep(Duration::from_millis(500));
                let page = FRAME.replace("<!-- number -->", &number.to_string());
                send(response, HTML, &page)
            }
            _ => response.send_error(404, "There is no such page here."),
        }
    }

    /// Notes that the number has changed to this one. Call it right behind each change.
    fn record(&self, number: usize) {
        let mut history = self.history.lock().unwrap();
        history.push((self.began.elapsed().as_millis(), number));
    }

    /// The points of the chart's line: for each change, one with the number before it and one
    /// with the number behind it, as `TIME,-NUMBER`.
    fn points(&self) -> String {
        todo!("step 3: the points of the line")
    }

    /// Answers with the chart: the line goes from the beginning until now.
    fn send_chart(&self, response: Response) -> Answer {
        let now = self.began.elapsed().as_millis().max(1);
        let chart = CHART.replace("<!-- now -->", &now.to_string());
        let chart = chart.replace("<!-- points -->", &self.points());
        send(response, "image/svg+xml", &chart)
    }
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers with a text of this type.
fn send(response: Response, content_type: &str, text: &str) -> Answer {
    response
        .send_response(200)
        .send_header("Content-Type", content_type)
        // A browser that keeps a frame need not ask for it, and would not be counted.
        .send_header("Cache-Control", "no-store")
        .end_headers()?
        .send(text)
}

fn main() -> http_core::Result<()> {
    let parallelometer = Parallelometer {
        under_way: AtomicUsize::new(0),
        began: Instant::now(),
        history: Mutex::new(Vec::new()),
    };
    HttpServer::bind(local_address())?
        .threads(32)
        .serve_forever(parallelometer)
}

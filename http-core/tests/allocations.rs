//! How often the server asks for memory: never for a GET on a connection that is
//! kept alive, and twice for a small POST.
//!
//! Alone in its program: the allocator counts for all threads, and another test
//! beside this one would be counted, too.

mod common;

use std::alloc::System;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use common::TestServer;
use http_core::{Request, Response};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const GET: &[u8] =
    b"GET /some/path?with=a&query HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n\
    Accept: text/html, */*;q=0.8\r\nAccept-Language: en\r\n\r\n";
const POST: &[u8] = b"POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 25\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\nname=Ann&message=Good+day";

/// Requests in a row. Something that happens once is no part of a request.
const MANY: usize = 500;
const ROUNDS: usize = 3;
/// In each round, the date of the answers is another one.
const APART: Duration = Duration::from_secs(1);

/// What is asked for while the same request is answered `MANY` times: the least of some rounds.
fn requests_for_memory(stream: &mut TcpStream, request: &[u8]) -> usize {
    let mut answer = [0; 4096];
    let mut ask_many_times = || {
        let before = MEMORY.stats();
        for _ in 0..MANY {
            stream.write_all(request).unwrap();
            // It leaves in one write, and it is small.
            let length = stream.read(&mut answer).unwrap();
            assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
            assert!(answer[..length].ends_with(b"\r\n\r\nfine\n"));
        }
        let more = MEMORY.stats() - before;
        more.allocations + more.reallocations
    };
    // The first time, buffers grow to the size they keep.
    ask_many_times();
    let rounds = (0..ROUNDS).map(|_| {
        thread::sleep(APART);
        ask_many_times()
    });
    rounds.min().unwrap()
}

#[test]
fn a_get_needs_no_memory_and_a_small_post_asks_twice() {
    // The handler asks for none, so what is counted is the server's.
    let server = TestServer::start(|request: &mut Request, response: Response| {
        io::copy(request.body(), &mut io::sink())?;
        response
            .send_response(200)
            .send_header("Content-Type", "text/plain")
            .end_headers()?
            .send("fine\n")
    });
    let mut stream = server.connect().stream;
    let gets = requests_for_memory(&mut stream, GET);
    let posts = requests_for_memory(&mut stream, POST);
    // Such a count is worth nothing if the allocator does not count.
    let before = MEMORY.stats().allocations;
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(MEMORY.stats().allocations, before + 1);

    assert_eq!(gets, 0, "requests for memory in {MANY} GETs");
    let each = posts as f64 / MANY as f64;
    assert!(posts <= 2 * MANY, "{each} requests for memory in each POST");
}

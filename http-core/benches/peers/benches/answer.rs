//! Answering requests: a pipeline of them over one connection to one thread, so that
//! the system's part is spread over many and parsing, handling and writing remain.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_core::{HttpServer, Request, Response};

/// Requests that are sent at once.
const DEPTH: usize = 64;

fn answer(criterion: &mut Criterion) {
    let server = HttpServer::bind("127.0.0.1:0")
        .expect("a free port")
        .access_log(false);
    let address = server.local_addresses()[0];
    let stop = server.stop_handle();
    let serving = thread::spawn(|| server.serve_forever(handle));

    let mut group = criterion.benchmark_group("answer");
    group.throughput(Throughput::Elements(DEPTH as u64));
    for path in ["/small", "/16-KiB", "/in-16-pieces"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let mut stream = TcpStream::connect(address).expect("a server that listens");
        // Every answer to it is as long as this one: the connection is the only one,
        // and the server waits for more once it has answered.
        let length = length_of_answer(&mut stream, &request);
        let requests = request.repeat(DEPTH);
        let mut answers = vec![0; length * DEPTH];
        group.bench_function(&path[1..], |bencher| {
            bencher.iter(|| {
                stream
                    .write_all(requests.as_bytes())
                    .expect("a server that reads");
                stream
                    .read_exact(&mut answers)
                    .expect("a server that answers");
            });
        });
        assert!(
            answers.starts_with(b"HTTP/1.1 200 "),
            "the answers are in step"
        );
        assert!(
            answers[length * (DEPTH - 1)..].starts_with(b"HTTP/1.1 200 "),
            "the answers are in step"
        );
    }
    group.finish();
    stop.stop();
    serving.join().expect("no panic").expect("no error");
}

fn handle(request: &mut Request, response: Response) -> http_core::Answer {
    const PART: [u8; 16 * 1024] = [b'x'; 16 * 1024];
    let headers = response
        .send_response(200)
        .send_header("Content-Type", "text/plain; charset=utf-8");
    match request.path() {
        "/16-KiB" => headers.end_headers()?.send(PART),
        "/in-16-pieces" => {
            let mut body = headers.end_headers()?;
            for _ in 0..16 {
                body.write_all(&PART[..64])?;
            }
            body.finish()
        }
        _ => headers.end_headers()?.send("Hello, HTTP!\n"),
    }
}

/// Asks once, and reads until nothing more comes.
fn length_of_answer(stream: &mut TcpStream, request: &str) -> usize {
    stream
        .write_all(request.as_bytes())
        .expect("a server that reads");
    stream
        .set_read_timeout(Some(std::time::Duration::from_millis(300)))
        .expect("a time limit");
    let mut answer = Vec::new();
    // Ends with the time limit.
    let _ = stream.read_to_end(&mut answer);
    stream.set_read_timeout(None).expect("no time limit");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "the server answers");
    answer.len()
}

criterion_group!(benches, answer);
criterion_main!(benches);

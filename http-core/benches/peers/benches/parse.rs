//! Parsing a request head: http-core's, and for comparison httparse's alone, which
//! http-core is built on.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http_core::{Head, Limits};

const SMALL: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\r\n";

/// What a browser sends.
const BROWSER: &str = "GET /notes/2026/november?order=newest&page=3 HTTP/1.1\r\n\
    Host: localhost:8000\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=b1a4c8d29e0f4f7a; theme=dark\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: none\r\n\
    Sec-Fetch-User: ?1\r\n\
    Priority: u=0, i\r\n\r\n";

fn parse(criterion: &mut Criterion) {
    let limits = Limits::default();
    for (name, request) in [("small", SMALL), ("browser", BROWSER)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(request.len() as u64));
        group.bench_function("http-core", |bencher| {
            bencher.iter(|| {
                let parsed = Head::parse(black_box(request.as_bytes()), &limits);
                parsed
                    .expect("a request that is accepted")
                    .expect("a whole head")
            });
        });
        group.bench_function("httparse", |bencher| {
            bencher.iter(|| {
                let mut fields = [httparse::EMPTY_HEADER; 100];
                let mut head = httparse::Request::new(&mut fields);
                let parsed = head.parse(black_box(request.as_bytes()));
                black_box(parsed.expect("a request that is accepted"));
            });
        });
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);

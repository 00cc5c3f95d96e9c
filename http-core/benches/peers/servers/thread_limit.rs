//! A limit: a thread per connection that parses nothing.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

mod parse_nothing;

fn main() -> io::Result<()> {
    let (port, _, _) = peers::arguments();
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    loop {
        let (stream, _) = listener.accept()?;
        thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(move || drop(serve(stream)))?;
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = [0; 4096];
    let mut answers = Vec::new();
    loop {
        let n = stream.read(&mut bytes)?;
        let close = parse_nothing::answer(&bytes[..n], &mut answers);
        stream.write_all(&answers)?;
        if n == 0 || close {
            return Ok(());
        }
        answers.clear();
    }
}

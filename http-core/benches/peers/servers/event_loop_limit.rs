//! A limit: an event loop per thread that parses nothing. All loops wait for the
//! one listening socket, and keep the connections that they accept.

use std::io::{self, ErrorKind, Read, Write};
use std::thread;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

mod parse_nothing;

const LISTENER: Token = Token(usize::MAX);

fn main() -> io::Result<()> {
    let (port, threads, _) = peers::arguments();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let loops: Vec<_> = (0..threads)
        .map(|_| {
            let listener = TcpListener::from_std(listener.try_clone()?);
            Ok(thread::spawn(move || serve(listener)))
        })
        .collect::<io::Result<_>>()?;
    for each in loops {
        each.join().expect("a loop that does not panic")?;
    }
    Ok(())
}

fn serve(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut connections = Slab::new();
    let mut answers = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let Token(key) = event.token();
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut connections)?;
            } else if answer(&mut connections[key], &mut answers).is_err() {
                connections.remove(key);
            }
        }
    }
}

fn accept(
    listener: &TcpListener,
    poll: &Poll,
    connections: &mut Slab<TcpStream>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => {
                stream.set_nodelay(true)?;
                let entry = connections.vacant_entry();
                poll.registry()
                    .register(&mut stream, Token(entry.key()), Interest::READABLE)?;
                entry.insert(stream);
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(e) => return Err(e),
        }
    }
}

/// Answers what has come. An error when the connection is to be closed.
fn answer(stream: &mut TcpStream, answers: &mut Vec<u8>) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        let n = match stream.read(&mut bytes) {
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(e) => return Err(e),
        };
        answers.clear();
        let close = parse_nothing::answer(&bytes[..n], answers);
        // Small answers fit the socket's buffer; a client that does not read is
        // beyond a limit, and closed.
        stream.write_all(answers)?;
        if n == 0 || close {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        // A short read took all there was (epoll tells of what comes after it).
        if n < bytes.len() {
            return Ok(());
        }
    }
}

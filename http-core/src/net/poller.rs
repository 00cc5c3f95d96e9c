//! Which of many sockets are ready.
//!
//! All threads of a server wait at one poller, and the system gives each event to one of
//! them: no thread has to distribute events to others. Events are edge-triggered: each
//! arrival is reported once, so a thread that handles one gets no other for the same bytes.

use std::io;

use mio::Interest;
use mio::net::{TcpListener, TcpStream};

/// The socket with this number is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub number: usize,
    /// A short read does not prove the socket empty: a FIN may follow. It must be read until it
    /// says `WouldBlock`, or that it has ended.
    pub read_on: bool,
}

/// The number of an event that [`Poller::wake`] made.
pub(super) const WOKEN: usize = usize::MAX;

#[cfg(not(target_os = "linux"))]
pub(super) use elsewhere::Poller;
#[cfg(target_os = "linux")]
pub(super) use linux::Poller;

/// Linux lets any number of threads wait at one epoll instance.
#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::io::{Errno, write};

    use super::{Event, Interest, TcpListener, TcpStream, WOKEN, io};

    #[derive(Debug)]
    pub struct Poller {
        epoll: OwnedFd,
        waker: OwnedFd,
    }

    impl Poller {
        pub fn new() -> io::Result<Poller> {
            let poller = Poller {
                epoll: epoll::create(CreateFlags::CLOEXEC)?,
                waker: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            };
            poller.watch(&poller.waker, WOKEN, EventFlags::IN)?;
            Ok(poller)
        }

        /// From now on, events come for connections that wait at this listener.
        pub fn add_listener(&self, listener: &mut TcpListener, number: usize) -> io::Result<()> {
            self.watch(listener, number, EventFlags::IN)
        }

        /// From now on, events come when the stream can be read or written again.
        pub fn add(&self, stream: &mut TcpStream, number: usize, _: Interest) -> io::Result<()> {
            // Both for good: what nobody waits for is reported once at most, so one system
            // call per connection will do.
            let all = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP;
            self.watch(stream, number, all)
        }

        /// Nothing to do: events come for both.
        pub fn change(&self, _: &mut TcpStream, _: usize, _: Interest) -> io::Result<()> {
            Ok(())
        }

        fn watch(&self, source: impl AsFd, number: usize, flags: EventFlags) -> io::Result<()> {
            let data = EventData::new_u64(number as u64);
            Ok(epoll::add(
                &self.epoll,
                source,
                data,
                flags | EventFlags::ET,
            )?)
        }

        /// Waits for an event that no other thread was told of. `None`: a signal came.
        pub fn next(&self) -> io::Result<Option<Event>> {
            // More than one would have to wait here while the first is handled.
            let mut events = [MaybeUninit::uninit()];
            match epoll::wait(&self.epoll, &mut events, None) {
                Ok((events, _)) => Ok(events.first().map(|event| {
                    let end = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
                    // The fields of an event are packed, so they are copied out.
                    let (flags, data) = (event.flags, event.data);
                    Event {
                        number: data.u64() as usize,
                        read_on: flags.intersects(end),
                    }
                })),
                Err(Errno::INTR) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }

        /// Ends the wait of one thread.
        pub fn wake(&self) {
            // It fails only when it was called 2⁶⁴ times.
            let _ = write(&self.waker, &1u64.to_ne_bytes());
        }
    }
}

/// Elsewhere one thread waits, and the others wait for its place.
#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere {
    use std::sync::Mutex;

    use mio::{Events, Poll, Registry, Token, Waker};

    use super::{Event, Interest, TcpListener, TcpStream, WOKEN, io};
    use crate::sync::lock;

    #[derive(Debug)]
    pub struct Poller {
        seat: Mutex<(Poll, Events)>,
        registry: Registry,
        waker: Waker,
    }

    impl Poller {
        pub fn new() -> io::Result<Poller> {
            let poll = Poll::new()?;
            let registry = poll.registry().try_clone()?;
            let waker = Waker::new(&registry, Token(WOKEN))?;
            Ok(Poller {
                // More than one would have to wait here while the first is handled.
                seat: Mutex::new((poll, Events::with_capacity(1))),
                registry,
                waker,
            })
        }

        /// From now on, events come for connections that wait at this listener.
        pub fn add_listener(&self, listener: &mut TcpListener, number: usize) -> io::Result<()> {
            self.registry
                .register(listener, Token(number), Interest::READABLE)
        }

        /// From now on, events come when the stream can be read again, or written, whichever its
        /// connection waits for.
        ///
        /// Not both: on Windows, each read or write that would block has mio ask for all of the
        /// interest anew. A stream that can be written nearly always can, so an idle connection
        /// would have one event after the other.
        pub fn add(
            &self,
            stream: &mut TcpStream,
            number: usize,
            interest: Interest,
        ) -> io::Result<()> {
            self.registry.register(stream, Token(number), interest)
        }

        /// Its connection waits for the other one now. If the stream is ready for that already,
        /// there is an event.
        pub fn change(
            &self,
            stream: &mut TcpStream,
            number: usize,
            interest: Interest,
        ) -> io::Result<()> {
            self.registry.reregister(stream, Token(number), interest)
        }

        /// Waits for an event that no other thread was told of. `None`: a signal came.
        pub fn next(&self) -> io::Result<Option<Event>> {
            let (poll, events) = &mut *lock(&self.seat);
            match poll.poll(events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(None),
                outcome => outcome?,
            }
            // Windows tells of a socket again only once a read found it empty.
            Ok(events.iter().next().map(|event| Event {
                number: event.token().0,
                read_on: true,
            }))
        }

        /// Ends the wait of one thread.
        pub fn wake(&self) {
            // It fails only where the poller is broken, and then nobody waits there.
            let _ = self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::super::listen::listen_at;
    // Linux has one of its own, but this one runs there, too.
    use super::elsewhere::Poller;
    use super::*;

    const LISTENER: usize = 7;
    const STREAM: usize = 8;

    /// The number of the next event.
    fn next(poller: &Poller) -> usize {
        loop {
            if let Some(event) = poller.next().unwrap() {
                return event.number;
            }
        }
    }

    /// How many events come while the client does nothing, if each is handled like this.
    fn in_silence(poller: &Poller, mut handle: impl FnMut()) -> usize {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                poller.wake();
            });
            let mut count = 0;
            while next(poller) == STREAM {
                count += 1;
                handle();
            }
            count
        })
    }

    /// What is reported is what the client has done: else one idle connection keeps a processor
    /// busy, and others wait behind its events.
    #[test]
    fn where_nothing_happens_there_are_no_events() {
        let poller = Poller::new().unwrap();
        let mut listener = listen_at("127.0.0.1:0".parse().unwrap()).unwrap();
        poller.add_listener(&mut listener, LISTENER).unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        assert_eq!(next(&poller), LISTENER);
        let (mut stream, _) = listener.accept().unwrap();
        let blocks = |outcome: io::Result<usize>| {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldBlock);
        };

        // (One may have been on its way when its reason was handled.)
        poller.add(&mut stream, STREAM, Interest::READABLE).unwrap();
        let count = in_silence(&poller, || blocks((&stream).read(&mut [0])));
        assert!(count <= 1, "{count} events of an idle connection");
        for byte in *b"xy" {
            client.write_all(&[byte]).unwrap();
            assert_eq!(next(&poller), STREAM);
            let mut read = [0; 2];
            assert_eq!((&stream).read(&mut read).unwrap(), 1);
            assert_eq!(read[0], byte);
            blocks((&stream).read(&mut read));
            let count = in_silence(&poller, || blocks((&stream).read(&mut [0])));
            assert!(count <= 1, "{count} events after a byte");
        }

        // An answer of which the client takes nothing at first, then all. (The system may take a
        // little more of it when it has had time to think.)
        let fill = |stream: &mut TcpStream| {
            let mut sent = 0;
            while let Ok(count) = stream.write(&[b'x'; 4096]) {
                sent += count;
            }
            sent
        };
        let mut sent = fill(&mut stream);
        poller
            .change(&mut stream, STREAM, Interest::WRITABLE)
            .unwrap();
        let count = in_silence(&poller, || sent += fill(&mut stream));
        assert!(count <= 5, "{count} events of an answer that nobody takes");
        client.read_exact(&mut vec![0; sent]).unwrap();
        assert_eq!(next(&poller), STREAM);
        assert_eq!((&stream).write(b"x").unwrap(), 1);
        blocks((&stream).read(&mut [0]));
        poller
            .change(&mut stream, STREAM, Interest::READABLE)
            .unwrap();
        let count = in_silence(&poller, || blocks((&stream).read(&mut [0])));
        assert!(count <= 2, "{count} events after the answer");
        drop(client);
        assert_eq!(next(&poller), STREAM);
    }

    /// A thread that is one too many ends, and it may be the one that last had the poller wait for
    /// a socket.
    #[test]
    fn what_a_thread_waits_for_outlives_it() {
        let poller = Poller::new().unwrap();
        let listener = listen_at("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut stream = loop {
            match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                outcome => break outcome.unwrap().0,
            }
        };
        let pause = || thread::sleep(Duration::from_millis(100));
        thread::scope(|scope| {
            // Where sockets are told to the system while another thread waits, they are at once.
            let waits = scope.spawn(|| next(&poller));
            pause();
            let adds = scope.spawn(|| poller.add(&mut stream, STREAM, Interest::READABLE));
            adds.join().unwrap().unwrap();
            pause();
            client.write_all(b"x").unwrap();
            let start = Instant::now();
            while !waits.is_finished() && start.elapsed() < Duration::from_secs(5) {
                pause();
            }
            poller.wake();
            assert_eq!(waits.join().unwrap(), STREAM, "no event");
        });
    }
}

//! Which of many sockets are ready.
//!
//! All threads of a server wait at one poller, and the system gives each event to one of
//! them: no thread has to distribute events to others. Events are edge-triggered: each
//! arrival is reported once, so a socket never has to be re-armed.

use std::io;

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

pub(super) use system::Poller;

/// Linux lets any number of threads wait at one epoll instance.
#[cfg(target_os = "linux")]
mod system {
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, OwnedFd};

    use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::io::{Errno, write};

    use super::{Event, TcpListener, TcpStream, WOKEN, io};

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
        pub fn add(&self, stream: &mut TcpStream, number: usize) -> io::Result<()> {
            let all = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP;
            self.watch(stream, number, all)
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
#[cfg(not(target_os = "linux"))]
mod system {
    use std::sync::Mutex;

    use mio::{Events, Interest, Poll, Registry, Token, Waker};

    use super::{Event, TcpListener, TcpStream, WOKEN, io};
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

        /// From now on, events come when the stream can be read or written again.
        pub fn add(&self, stream: &mut TcpStream, number: usize) -> io::Result<()> {
            let all = Interest::READABLE | Interest::WRITABLE;
            self.registry.register(stream, Token(number), all)
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

//! Which of many sockets can go on.
//!
//! All threads of a server wait at one poller. Each event goes to one of them: a
//! thread that is busy takes none, so there is nobody to wake and nothing to hand
//! over. A socket is told of once for all that has arrived (edge-triggered), so
//! nothing has to be said to the poller after it was added.

use std::io;

use mio::net::{TcpListener, TcpStream};

/// Something has happened to the source of this number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub number: usize,
    /// A read that did not fill its buffer has not taken all that is there: behind
    /// it, perhaps, stands the end.
    pub read_on: bool,
}

/// The number of an event that [`Poller::wake`] made.
pub(crate) const WOKEN: usize = usize::MAX;

pub(crate) use system::Poller;

/// Linux lets any number of threads wait at one epoll instance.
#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::AsFd;

    use nix::errno::Errno;
    use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
    use nix::sys::eventfd::{EfdFlags, EventFd};

    use super::{Event, TcpListener, TcpStream, WOKEN, io};

    #[derive(Debug)]
    pub(crate) struct Poller {
        epoll: Epoll,
        waker: EventFd,
    }

    impl Poller {
        pub fn new() -> io::Result<Poller> {
            let poller = Poller {
                epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
                waker: EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?,
            };
            poller.watch(&poller.waker, WOKEN, EpollFlags::EPOLLIN)?;
            Ok(poller)
        }

        /// From now on, events come for connections that wait at this listener.
        pub fn add_listener(&self, listener: &mut TcpListener, number: usize) -> io::Result<()> {
            self.watch(listener, number, EpollFlags::EPOLLIN)
        }

        /// From now on, events come when the stream can be read or written again.
        pub fn add(&self, stream: &mut TcpStream, number: usize) -> io::Result<()> {
            let all = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLRDHUP;
            self.watch(stream, number, all)
        }

        fn watch(&self, source: impl AsFd, number: usize, flags: EpollFlags) -> io::Result<()> {
            let event = EpollEvent::new(flags | EpollFlags::EPOLLET, number as u64);
            Ok(self.epoll.add(source, event)?)
        }

        /// Waits for an event that no other thread was told of. `None`: a signal came.
        pub fn next(&self) -> io::Result<Option<Event>> {
            // More than one would have to wait here while the first is handled.
            let mut event = [EpollEvent::empty()];
            match self.epoll.wait(&mut event, EpollTimeout::NONE) {
                Ok(0) | Err(Errno::EINTR) => Ok(None),
                Ok(_) => {
                    let [event] = event;
                    let end = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
                    Ok(Some(Event {
                        number: event.data() as usize,
                        read_on: event.events().intersects(end),
                    }))
                }
                Err(error) => Err(error.into()),
            }
        }

        /// Ends the wait of one thread.
        pub fn wake(&self) {
            // It fails only when it was called 2⁶⁴ times.
            let _ = self.waker.write(1);
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
    pub(crate) struct Poller {
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

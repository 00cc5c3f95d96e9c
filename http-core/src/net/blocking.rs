//! A client's socket as its handler sees it: where a call of [`Socket`] would block, these wait.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::listen::MOST_UNSENT;
use super::shared::Shared;
use super::socket::Socket;
use super::time::{Calendar, Pace};
use crate::face::Transport;
use crate::http1::{Date, Output, Refusal};

/// The socket of one exchange, with waiting.
pub(super) struct BlockingSocket<'a> {
    pub socket: &'a Socket,
    pub shared: &'a Shared,
    pub calendar: &'a mut Calendar,
    /// How fast the client sends the body.
    pub receiving: Pace,
    /// How fast it receives the answer.
    pub sending: &'a mut Pace,
    /// How long the handler has waited for the client so far.
    pub waited: Duration,
}

/// How often a waiting handler checks whether the server has stopped.
const LOOK_UP: Duration = Duration::from_secs(1);

impl BlockingSocket<'_> {
    /// Waits until the socket can be read or written again: for a short time as one of the
    /// threads at work, then with its place handed over. `false` if it takes longer than
    /// `left`.
    fn wait(&mut self, event: PollFlags, left: Duration) -> io::Result<bool> {
        let since = Instant::now();
        let threads = &self.shared.threads;
        let own = threads.own_time().saturating_sub(self.waited);
        let mut is_ready = self.socket.poll(event, own.min(left))?;
        if !is_ready && left > own {
            let _waiting = threads.hand_over()?;
            while !is_ready && since.elapsed() < left {
                if self.shared.stop.has_given_up() {
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                let rest = left.saturating_sub(since.elapsed());
                is_ready = self.socket.poll(event, rest.min(LOOK_UP))?;
            }
        }
        self.waited += since.elapsed();
        Ok(is_ready)
    }
}

impl Transport for BlockingSocket<'_> {
    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.socket.read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let left = self.receiving.start_waiting(&self.shared.limits, 0);
                    let is_ready = self.wait(PollFlags::IN, left)?;
                    self.receiving.stop_waiting();
                    if !is_ready {
                        return Err(Refusal::TOO_SLOW.into());
                    }
                }
                Ok(count) => {
                    self.receiving.moved(count);
                    return Ok(count);
                }
                outcome => return outcome,
            }
        }
    }

    fn send(&mut self, output: &mut Output, data: &[u8], wait: bool) -> io::Result<usize> {
        let (mut sent, mut unlimited) = (0, usize::MAX);
        self.socket.limit_unsent(MOST_UNSENT);
        loop {
            let rest = &data[sent..];
            sent += self
                .socket
                .send(output, rest, self.sending, &mut unlimited)?;
            if !wait || (output.is_empty() && sent == data.len()) {
                return Ok(sent);
            }
            let left = self.sending.start_waiting(&self.shared.limits, MOST_UNSENT);
            let is_ready = self.wait(PollFlags::OUT, left)?;
            self.sending.stop_waiting();
            if !is_ready {
                return Err(io::Error::new(
                    ErrorKind::TimedOut,
                    "the client takes its answer too slowly",
                ));
            }
        }
    }

    fn client(&self) -> SocketAddr {
        self.socket.client()
    }

    fn is_stopping(&self) -> bool {
        self.shared.stop.is_stopping()
    }

    fn date(&mut self) -> &Date {
        self.calendar.date(&self.shared.seconds)
    }
}

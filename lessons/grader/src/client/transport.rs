//! Where ureq connects to, and what it reads: it goes to the addresses of the program,
//! whatever this computer makes of the name `localhost`, and the bytes that go and come are
//! kept, to see what a client does not tell.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

use crate::program::Address;
use crate::sync::lock;

/// How many bytes a connection reads or writes at once.
const BUFFER: usize = 16 * 1024;

/// A client that follows no redirect, takes any status for an answer, uses no proxy, and
/// has a connection for each request, as curl does.
pub(super) fn agent(address: &Address, limit: Duration, record: &Record) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .timeout_global(Some(limit))
        .max_idle_connections(0)
        // What a connection sets aside, and a debug build fills byte by byte, is 256 KiB else.
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .user_agent("grader")
        .accept("*/*")
        .build();
    let connector = TcpConnector::default().chain(record.clone());
    Agent::with_parts(config, connector, Sockets(address.sockets()))
}

/// Part of a connector chain: where the program is, under any name.
#[derive(Debug)]
struct Sockets(Vec<SocketAddr>);

impl Resolver for Sockets {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if self.0.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        let mut addresses = self.empty();
        for address in self.0.iter().take(4) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}

/// Part of a connector chain: keeps the bytes that go out and those that come in.
#[derive(Clone, Debug)]
pub(super) struct Record {
    bytes: Kept,
    sent: Kept,
}

/// Bytes, up to a limit.
#[derive(Clone, Debug)]
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    limit: usize,
}

impl Record {
    /// Keeps this number of bytes that come, and this number of those that go.
    pub(super) fn new(limit: usize, sent: usize) -> Self {
        let kept = |limit| Kept {
            bytes: Arc::default(),
            limit,
        };
        let (bytes, sent) = (kept(limit), kept(sent));
        Self { bytes, sent }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        lock(&self.bytes.bytes).clone()
    }

    pub(super) fn sent(&self) -> Vec<u8> {
        lock(&self.sent.bytes).clone()
    }
}

impl Kept {
    fn keep(&self, new: &[u8]) {
        let mut bytes = lock(&self.bytes);
        let room = self.limit.saturating_sub(bytes.len());
        bytes.extend_from_slice(&new[..new.len().min(room)]);
    }
}

impl<In: Transport> Connector<In> for Record {
    type Out = Recorded<In>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let record = self.clone();
        Ok(chained.map(|inner| Recorded { inner, record }))
    }
}

#[derive(Debug)]
pub(super) struct Recorded<In> {
    inner: In,
    record: Record,
}

impl<In: Transport> Transport for Recorded<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.record
            .sent
            .keep(&self.inner.buffers().output()[..amount]);
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        // New bytes are appended to those that nobody has consumed yet.
        let before = self.inner.buffers().input().len();
        let progress = self.inner.await_input(timeout)?;
        self.record
            .bytes
            .keep(&self.inner.buffers().input()[before..]);
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

//! What all connections of a server share.

use std::sync::Arc;

use super::stop::Stop;
use super::threads::Threads;
use super::time::Seconds;
use crate::face::Service;
use crate::http1::Limits;

pub(super) struct Shared {
    pub service: Service,
    pub limits: Limits,
    pub access_log: bool,
    pub seconds: Seconds,
    pub stop: Arc<Stop>,
    pub threads: Threads,
}

//! The room of the program under test: how it is built from the bytes that are there, and
//! how it runs, prints and surely ends.
//!
//! - `build`: Cargo, from the bytes that are there
//! - `course`: whether the files of the course are as the course has them
//! - `guard`: the process beside a program, which lets nothing outlive it
//! - `passed`: which checks the reference has passed, until something changes
//! - `running`, `address`, `output`: a program while it runs, where it serves, and what it
//!   prints

mod address;
pub(crate) mod build;
pub(crate) mod course;
pub(crate) mod guard;
mod output;
pub(crate) mod passed;
mod running;

pub(crate) use address::Address;
pub(crate) use running::{Executable, Server, run, serve};

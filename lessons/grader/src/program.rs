//! The room of the program under test: which steps it leaves open, how it is built
//! from the bytes that are there, and how it runs, prints and surely ends.
//!
//! - `steps`: the `todo!`s that still stand in a source
//! - `build`, `contents`: Cargo, and what a build has read
//! - `course`: whether the files of the course are as the course has them
//! - `guard`: the process beside a program, which lets nothing outlive it
//! - `running`, `output`: a program while it runs, and what it prints

pub(crate) mod build;
mod contents;
pub(crate) mod course;
pub(crate) mod guard;
pub(crate) mod output;
mod running;
pub(crate) mod steps;

pub(crate) use running::{Address, EndTrouble, Launch, Program, StartTrouble, Trace};
pub(crate) use running::{NotServing, Server, run, serve};

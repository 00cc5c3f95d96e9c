//! Grades a workspace, or a whole class: `cargo grade`.
//!
//! A lesson's checks are a program, its `grade.rs`. This runs those programs, for many
//! submissions, side by side, and tells the results in the forms that others read.
//!
//! ```text
//! course ────► submission ──┐
//!    │                      ├──► class ──► record ──► rules ──► format, feedback
//!    └───────► sandbox ─► grading
//! ```
//!
//! - [`course`]: the lessons, their checks and libraries, built once by Cargo
//! - [`submission`]: the starters in folders and archives, wherever they lie in them
//! - [`sandbox`]: what confines a program, and the compiler
//! - `grading`: one file, compiled (`compile`) and checked
//! - [`class`]: all files of all submissions, side by side; what was graded is kept
//! - [`record`]: what was found, as data; [`format`](mod@format): the same, for people and
//!   programs; [`feedback`]: the same, for each student
//! - [`pack`]: the editions that are handed out; [`new_lesson`]: a lesson to begin with
//! - [`edits`]: what each mistake looks like in a program
//! - [`rules`]: what an instructor sets for a class; [`variants`]: who has which variant of a
//!   lesson; [`similar`]: files that are much alike

mod compile;
mod grading;
mod process;

pub mod arguments;
pub mod class;
pub mod course;
pub mod edits;
pub mod feedback;
pub mod format;
pub mod hash;
pub mod new_lesson;
pub mod pack;
pub mod progress;
pub mod record;
pub mod rules;
pub mod sandbox;
pub mod similar;
pub mod submission;
pub mod variants;

pub use grading::How;

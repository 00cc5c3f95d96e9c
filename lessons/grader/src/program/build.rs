//! Builds a lesson's program with Cargo, from the bytes that are there now, and tells
//! why it does not compile.
//!
//! Cargo decides by times whether a program is up to date. So a copy of each program
//! that was built is kept together with the contents of all that the build has read. If
//! Cargo calls a program fresh that is not the kept one, or that was made from other
//! contents, what it has made is removed, which makes Cargo build it again. So it is with
//! a library of the course, whose contents are noted once for all programs. Nothing is
//! written outside the target folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{fs, io};

use crate::place::Place;
use crate::sync::lock;

mod cargo;
mod contents;
mod shelf;
mod target;

use cargo::cargo_build;
pub use cargo::without_variables_of_a_run;
use contents::Contents;
use shelf::Shelf;
use target::Target;

/// How often a program is built whose files change while it is built.
const MOST_BUILDS: usize = 4;

/// Why there is no program to grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotBuilt {
    /// It does not compile, and this is why.
    DoesNotCompile(String),
    /// Something else than the program is in the way: no disk, no linker, a library of
    /// the course that does not compile.
    Hindered(String),
}

impl NotBuilt {
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::DoesNotCompile(why) | Self::Hindered(why) => why,
        }
    }
}

/// A program that was built.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    /// A copy that is there, and the same, as long as this process runs.
    pub(crate) path: PathBuf,
    /// What the compiler warns of in its source, as rustc prints it.
    pub(crate) warnings: Vec<String>,
}

/// The programs of a lesson, each built when it is first asked for.
pub(crate) struct Builds {
    pub(crate) place: Place,
    /// How long Cargo may be silent.
    limit: Duration,
    /// A folder with programs that need not be built.
    ready: Option<PathBuf>,
    built: Mutex<BTreeMap<String, Result<Built, NotBuilt>>>,
}

impl Builds {
    /// Cargo may be silent for `limit`. A program that lies in the folder `ready` is not
    /// built.
    pub(crate) fn new(place: Place, limit: Duration, ready: Option<PathBuf>) -> Self {
        Self {
            place,
            limit,
            ready,
            built: Mutex::default(),
        }
    }

    /// This program of the lesson's package.
    ///
    /// # Errors
    ///
    /// With why there is none.
    pub(crate) fn built(&self, name: &str) -> Result<PathBuf, NotBuilt> {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let ready = self.ready.as_ref().map(|folder| folder.join(file));
        if let Some(ready) = ready.filter(|ready| ready.is_file()) {
            return Ok(ready);
        }
        let mut built = lock(&self.built);
        let build = || build(&self.place, name, self.limit);
        let built = built.entry(name.into()).or_insert_with(build);
        let path = built.as_ref().map(|built| built.path.clone());
        path.map_err(Clone::clone)
    }

    /// What the compiler warned of when it built this program.
    pub(crate) fn warnings(&self, name: &str) -> Vec<String> {
        let built = lock(&self.built);
        let built = built.get(name).and_then(|built| built.as_ref().ok());
        built
            .map(|built| built.warnings.clone())
            .unwrap_or_default()
    }
}

/// Builds this program of the lesson's package. Cargo may be silent for `limit`.
///
/// # Errors
///
/// With what the compiler said, or what else went wrong.
pub(crate) fn build(place: &Place, program: &str, limit: Duration) -> Result<Built, NotBuilt> {
    let target = Target::of_this_run(&place.root);
    let shelf = Shelf::open(&target.profile_folder(), program, &place.root)
        .map_err(|error| hindered("cannot write into the target folder", &error))?;
    let kept = shelf.kept();
    // All that is known before the build to be read by it. What is not known yet costs
    // one more build.
    let known = kept.contents.files().map(Path::to_path_buf);
    let files = fs::read_dir(place.manifest_dir()).into_iter().flatten();
    let files = files.filter_map(|entry| Some(entry.ok()?.path()));
    let named = [place.starter(), place.solution()].map(|shown| place.root.join(shown));
    let mut before = Contents::of(
        known
            .chain(files.filter(|file| file.is_file()))
            .chain(named),
    );
    for _ in 0..MOST_BUILDS {
        let mut made = cargo_build(place, program, &target, limit)?;
        let warnings = std::mem::take(&mut made.warnings);
        let now = made.contents(&place.root);
        // The files of other packages (http-core's) are not the student's, and nobody
        // changes them just now.
        let of_libraries = now.only(|file| made.is_of_library(file));
        let known = shelf.libraries();
        let stale = made.stale(of_libraries.unlike(&known));
        if stale.is_empty() {
            let same = kept.contents == now && kept.is(&made.executable);
            let read = now.unlike(&before).all(|file| of_libraries.has(file));
            let path = match same.then(|| kept.hold()).flatten() {
                None if !made.fresh && read => {
                    let copy = shelf.keep(&made.executable, &now);
                    Some(copy.map_err(|error| hindered("cannot copy the program", &error))?)
                }
                held => held,
            };
            if let Some(path) = path {
                shelf
                    .note_libraries(&known, of_libraries)
                    .map_err(|error| hindered("cannot write into the target folder", &error))?;
                return Ok(Built { path, warnings });
            }
        }
        made.forget(program, &stale, limit)?;
        before = now;
    }
    Err(NotBuilt::Hindered(format!(
        "the files of {program} change while it is built, or cargo builds none but its old \
         program. To begin anew: cargo clean"
    )))
}

fn hindered(what: &str, error: &io::Error) -> NotBuilt {
    NotBuilt::Hindered(format!("{what}: {error}"))
}

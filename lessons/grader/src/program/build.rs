//! Builds a lesson's program with Cargo, from the bytes that are there now, and tells
//! why it does not compile.
//!
//! Cargo decides by times whether a program is up to date. So a copy of each program
//! that was built is kept together with the contents of all that the build has read. If
//! Cargo calls a program fresh that is not the kept one, or that was made from other
//! contents, what it has made is removed, which makes Cargo build it again. Nothing is
//! written outside the target folder.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared_child::SharedChild;

use super::contents::{Contents, in_dep_info};
use super::guard::{self, Guarded};
use crate::place::Place;
use crate::show::count;
use crate::sync::lock;

/// The most lines of compiler messages that are shown.
const MOST_LINES: usize = 60;

/// How often a program is built whose files change while it is built.
const MOST_BUILDS: usize = 4;

/// The most bytes that are kept of what Cargo says.
const LONGEST_OUTPUT: u64 = 16 * 1024 * 1024;

/// Variables that Cargo sets for the run of a test, which are not meant for another
/// Cargo: build scripts that look at them (ring's does) would run again each time.
const OF_A_RUN: [&str; 8] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_CRATE_NAME",
    "CARGO_BIN_",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
    "GRADE_",
];

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
        let same = kept.contents == now && kept.is(&made.executable);
        if same && let Some(path) = kept.hold() {
            return Ok(Built { path, warnings });
        }
        // The files of other packages (http-core's) are not the student's, and nobody
        // changes them just now.
        let of_others = |file: &Path| made.libraries.keys().any(|folder| file.starts_with(folder));
        let read = now.unlike(&before).all(of_others);
        if !made.fresh && read {
            let path = shelf
                .keep(&made.executable, &now)
                .map_err(|error| hindered("cannot copy the program", &error))?;
            return Ok(Built { path, warnings });
        }
        made.forget(program, now.unlike(&kept.contents));
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

/// Where and how the run that grades was built: so is what it grades, and nothing is
/// built twice.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    folder: PathBuf,
    /// As in `--target x86_64-unknown-linux-musl`.
    triple: Option<String>,
    profile: String,
}

impl Target {
    fn of_this_run(root: &Path) -> Self {
        let own = std::env::current_exe().unwrap_or_default();
        // `--target-dir` and a configuration file leave no trace but this one.
        Self::of_example(&own).unwrap_or_else(|| {
            let named = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
            Self {
                folder: root.join(named),
                triple: None,
                profile: "dev".into(),
            }
        })
    }

    /// What the path of an example tells: `target/TRIPLE/debug/examples/grade_x`, where
    /// the triple need not be.
    fn of_example(example: &Path) -> Option<Self> {
        let named = |path: &Path| Some(path.file_name()?.to_str()?.to_string());
        let examples = example.parent()?;
        if examples.file_name()? != "examples" {
            return None;
        }
        let profile = examples.parent()?;
        let above = profile.parent()?;
        // Cargo notes about the compiler at the top of a target folder.
        let is_top = |folder: &Path| folder.join(".rustc_info.json").is_file();
        let (folder, triple) = match above.parent() {
            Some(top) if !is_top(above) && is_top(top) => (top, Some(named(above)?)),
            _ => (above, None),
        };
        let profile = match &*named(profile)? {
            "debug" => "dev".into(),
            other => other.into(),
        };
        Some(Self {
            folder: folder.into(),
            triple,
            profile,
        })
    }

    fn profile_folder(&self) -> PathBuf {
        let folder = match &self.triple {
            Some(triple) => self.folder.join(triple),
            None => self.folder.clone(),
        };
        folder.join(match &*self.profile {
            "dev" => "debug",
            other => other,
        })
    }
}

/// Where the copies of one program are kept: `target/debug/graded/NAME/`. While it is
/// open, no other grading builds this program in this target folder.
struct Shelf {
    folder: PathBuf,
    _only_one: fd_lock::RwLockWriteGuard<'static, fs::File>,
}

/// The last program that was built, and from what.
#[derive(Debug, Default)]
struct Kept {
    contents: Contents,
    path: PathBuf,
}

/// The file of a shelf that says what is kept.
const NOTE: &str = "kept.json";

/// The file beside a copy that is locked while the copy is used.
const IN_USE: &str = "in-use";

impl Shelf {
    fn open(profile: &Path, program: &str, root: &Path) -> io::Result<Self> {
        // Courses in several folders may have one target folder.
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(root, &mut hasher);
        let of_root = std::hash::Hasher::finish(&hasher);
        let all = profile.join("graded");
        let folder = all.join(format!("{program}-{of_root:016x}"));
        fs::create_dir_all(&folder)?;
        let file = lock_file(&all.join(format!("{program}.lock")))?;
        // As long as the process: a lock of one that has ended is gone.
        let file: &'static mut _ = Box::leak(Box::new(fd_lock::RwLock::new(file)));
        Ok(Self {
            folder,
            _only_one: file.write()?,
        })
    }

    fn kept(&self) -> Kept {
        let note = fs::read(self.folder.join(NOTE)).unwrap_or_default();
        let note: Value = serde_json::from_slice(&note).unwrap_or_default();
        Kept {
            contents: Contents::from_json(&note["contents"]),
            path: note["path"].as_str().unwrap_or_default().into(),
        }
    }

    /// Keeps a copy of this program, and holds it.
    fn keep(&self, program: &Path, contents: &Contents) -> io::Result<PathBuf> {
        self.sweep();
        // A name of its own: the copies before it may still be in use.
        let folder = tempfile::Builder::new()
            .prefix("")
            .tempdir_in(&self.folder)?;
        let folder = folder.keep();
        let path = folder.join(program.file_name().unwrap_or(OsStr::new("program")));
        fs::copy(program, &path)?;
        let kept = Kept {
            contents: contents.clone(),
            path,
        };
        let path = kept.hold().ok_or(io::ErrorKind::WouldBlock)?;
        let note = json!({"contents": contents.to_json(), "path": path.to_string_lossy()});
        fs::write(self.folder.join(NOTE), note.to_string())?;
        Ok(path)
    }

    /// Removes the copies that nobody uses.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten();
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        for folder in folders.filter(|folder| folder.is_dir()) {
            let is_free = lock_file(&folder.join(IN_USE))
                .is_ok_and(|file| fd_lock::RwLock::new(file).try_write().is_ok());
            if is_free {
                let _ = fs::remove_dir_all(folder);
            }
        }
    }
}

fn lock_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.create(true).truncate(false).write(true).open(path)
}

impl Kept {
    /// Whether this is the program that was kept, byte for byte.
    fn is(&self, program: &Path) -> bool {
        match (fs::read(&self.path), fs::read(program)) {
            (Ok(kept), Ok(made)) => kept == made,
            _ => false,
        }
    }

    /// Lets nobody remove the copy while this process runs, and returns its path.
    fn hold(&self) -> Option<PathBuf> {
        let file = lock_file(&self.path.with_file_name(IN_USE)).ok()?;
        let file: &'static mut _ = Box::leak(Box::new(fd_lock::RwLock::new(file)));
        std::mem::forget(file.try_read().ok()?);
        Some(self.path.clone())
    }
}

/// What Cargo has made, or found made.
struct Made {
    executable: PathBuf,
    fresh: bool,
    /// Of each other package that it told of: its folder, and the files made from it.
    libraries: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Where the program's own source is.
    source: PathBuf,
    warnings: Vec<String>,
}

impl Made {
    /// The contents of all that the program was made from, as they are now.
    fn contents(&self, root: &Path) -> Contents {
        let dep_info = self.executable.with_extension("d");
        let files = in_dep_info(&fs::read_to_string(dep_info).unwrap_or_default());
        let files = files.into_iter().map(|file| root.join(file));
        Contents::of(files.chain([self.source.clone()]))
    }

    /// Removes what was made, and the libraries that these files belong to, so that
    /// Cargo makes them again. What cannot be removed is seen as not built again.
    fn forget<'a>(&self, program: &str, changed: impl Iterator<Item = &'a Path>) {
        for file in changed {
            let of_it = self.libraries.iter();
            for (_, made) in of_it.filter(|(folder, _)| file.starts_with(folder)) {
                made.iter().for_each(|file| drop(fs::remove_file(file)));
            }
        }
        // The program itself is beside the libraries; its name has a hash at the end.
        let prefix = format!("{}-", program.replace('-', "_"));
        let Some(profile) = self.executable.parent() else {
            return;
        };
        let entries = fs::read_dir(profile.join("deps")).into_iter().flatten();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let hash = path.file_stem().and_then(OsStr::to_str);
            let hash = hash.and_then(|name| name.strip_prefix(&prefix));
            let is_hash = hash.is_some_and(|hash| hash.chars().all(|c| c.is_ascii_hexdigit()));
            let runs = path.extension() == self.executable.extension();
            if is_hash && runs {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn cargo_build(
    place: &Place,
    program: &str,
    target: &Target,
    limit: Duration,
) -> Result<Made, NotBuilt> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cannot_run = |error| hindered(&format!("cannot run {}", cargo.to_string_lossy()), &error);
    let mut command =
        guard::command(Path::new(&cargo), None, Guarded::Build).map_err(cannot_run)?;
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if OF_A_RUN.iter().any(|prefix| shown.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
        .args(["build", "-p", &place.package, "--bin", program])
        .args(["--message-format=json", "--profile", &target.profile])
        .arg("--target-dir")
        .arg(&target.folder)
        .current_dir(place.manifest_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(triple) = &target.triple {
        command.args(["--target", triple]);
    }
    let ended = run(&mut command, limit).map_err(cannot_run)?;
    let stdout = String::from_utf8_lossy(&ended.stdout);
    let messages = stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let messages: Vec<Value> = messages.collect();
    let of_program = |message: &&Value| message["target"]["name"] == program;
    let stderr = String::from_utf8_lossy(&ended.stderr);
    match ended.code {
        Some(0) => made(&messages, program, place),
        Some(guard::NOT_STARTED) => Err(NotBuilt::Hindered(stderr.trim_end().into())),
        Some(_) => {
            // An error without a place is none in the source: no linker, no disk.
            let mut of_it = messages.iter().filter(of_program);
            let errors = rendered(&messages, "error", place);
            if of_it.any(|message| message["message"]["level"] == "error" && has_place(message)) {
                let shown = cut(&errors.concat());
                let why = format!("this is what the compiler says:\n\n{shown}");
                return Err(NotBuilt::DoesNotCompile(why));
            }
            let said = match errors.is_empty() {
                true => stderr.into_owned(),
                false => errors.concat(),
            };
            let why = format!("cargo could not build {program}:\n\n{}", cut(&said));
            Err(NotBuilt::Hindered(why))
        }
        // Which package the compiler was at, stands in what Cargo said last.
        None if stderr.contains(&format!(" {} v", place.package)) => {
            Err(NotBuilt::DoesNotCompile(format!(
                "the compiler had not finished after {} seconds, and was stopped.\n\n\
                 Look for what the compiler itself has to work out: a `const` or `static` \
                 whose loop never ends, a macro that expands to itself.",
                limit.as_secs_f32()
            )))
        }
        None => Err(NotBuilt::Hindered(format!(
            "cargo said nothing for {} seconds, and was stopped. Another cargo may be \
             building in the same target folder. Before that, it said:\n\n{}",
            limit.as_secs_f32(),
            cut(&stderr)
        ))),
    }
}

fn made(messages: &[Value], program: &str, place: &Place) -> Result<Made, NotBuilt> {
    let mut libraries: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    let mut found = None;
    let artifacts = messages
        .iter()
        .filter(|message| message["reason"] == "compiler-artifact");
    for message in artifacts {
        let path = |value: &Value| value.as_str().map(PathBuf::from);
        if message["target"]["name"] == program
            && let Some(executable) = path(&message["executable"])
        {
            let source = path(&message["target"]["src_path"]).unwrap_or_default();
            found = Some((executable, message["fresh"] == true, source));
        } else if let Some(manifest) = path(&message["manifest_path"])
            && let Some(folder) = manifest.parent()
        {
            let files = message["filenames"].as_array().into_iter().flatten();
            let made = libraries.entry(folder.into()).or_default();
            made.extend(files.filter_map(path));
        }
    }
    let Some((executable, fresh, source)) = found else {
        let why = format!("cargo has built {program}, but does not say where it is");
        return Err(NotBuilt::Hindered(why));
    };
    Ok(Made {
        executable,
        fresh,
        libraries,
        source,
        warnings: {
            let of_it = messages
                .iter()
                .filter(|message| message["target"]["name"] == program && has_place(message));
            rendered(of_it, "warning", place)
        },
    })
}

/// How a run of Cargo ended: without a code, it was stopped.
struct Ended {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs a command under a guard until it ends, or has printed nothing for `limit`. All
/// that it has started ends with it.
fn run(command: &mut std::process::Command, limit: Duration) -> io::Result<Ended> {
    let child = SharedChild::spawn(command)?;
    let lifeline = child.take_stdin();
    let last = Arc::new(Mutex::new(Instant::now()));
    let missing = || io::Error::other("a pipe is missing");
    let stdout = read(child.take_stdout().ok_or_else(missing)?, &last);
    let stderr = read(child.take_stderr().ok_or_else(missing)?, &last);
    let status = loop {
        let left = limit.saturating_sub(lock(&last).elapsed());
        if left.is_zero() {
            break None;
        }
        if let Some(status) = child.wait_timeout(left)? {
            break Some(status);
        }
    };
    // The guard ends all that it guards, and then itself.
    drop(lifeline);
    if status.is_none() {
        child.wait()?;
    }
    Ok(Ended {
        code: status.map(|status| status.code().unwrap_or(guard::NOT_STARTED)),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    })
}

/// Reads to the end, and notes when something came.
fn read(
    mut from: impl Read + Send + 'static,
    last: &Arc<Mutex<Instant>>,
) -> std::thread::JoinHandle<Vec<u8>> {
    let last = Arc::clone(last);
    std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            *lock(&last) = Instant::now();
            if all.len() as u64 <= LONGEST_OUTPUT {
                all.extend_from_slice(&buffer[..length]);
            }
        }
        all
    })
}

/// Whether a message of the compiler points to a place in a source. Those that do not only
/// count the others, or tell of the computer.
fn has_place(message: &Value) -> bool {
    let spans = message["message"]["spans"].as_array();
    spans.is_some_and(|spans| !spans.is_empty())
}

/// What rustc prints of the messages of this level, but for those that count the others.
fn rendered<'a>(
    messages: impl IntoIterator<Item = &'a Value>,
    level: &str,
    place: &Place,
) -> Vec<String> {
    let of_level = messages.into_iter().filter_map(|message| {
        let diagnostic = &message["message"];
        let text = diagnostic["rendered"].as_str()?;
        let counts = text.starts_with("error: aborting due to");
        (diagnostic["level"] == level && !counts).then(|| place.without_detours(text))
    });
    of_level.collect()
}

/// The text without what is too much to read at once.
fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let shown = lines[..lines.len().min(MOST_LINES)].iter();
    let mut shown: Vec<String> = shown.map(|line| crate::show::plain_line(line)).collect();
    if lines.len() > MOST_LINES {
        let left = count(lines.len() - MOST_LINES, "more line");
        shown.push(format!("... ({left})"));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_shown_and_paths_without_a_detour() {
        let message = |level: &str, text: &str| json!({"reason": "compiler-message", "message": {"level": level, "rendered": text}});
        let place = Place::new("/course/lessons/1_path_router", "path_router");
        let messages = [
            message("warning", "warning: unused variable"),
            message(
                "error",
                "error: oh\n --> lessons/1_path_router/../../starter/1_path_router.rs:3:5\n",
            ),
            message("error", "error: aborting due to 1 previous error"),
        ];
        let shown = rendered(&messages, "error", &place);
        assert_eq!(shown, ["error: oh\n --> starter/1_path_router.rs:3:5\n"]);
    }

    #[test]
    fn many_lines_are_cut() {
        let text = cut(&"line\n".repeat(100));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(text.ends_with("... (40 more lines)"), "{text}");
    }

    #[test]
    fn a_run_builds_where_and_how_it_was_built_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path().join("out");
        fs::create_dir_all(&top).expect("a folder");
        fs::write(top.join(".rustc_info.json"), "{}").expect("a file");
        let of = |path: &str| Target::of_example(&top.join(path));
        let target = |triple: Option<&str>, profile: &str| Target {
            folder: top.clone(),
            triple: triple.map(Into::into),
            profile: profile.into(),
        };
        let plain = target(None, "dev");
        assert_eq!(plain.profile_folder(), top.join("debug"));
        assert_eq!(of("debug/examples/grade_x-1f"), Some(plain));
        let musl = target(Some("x86_64-unknown-linux-musl"), "release");
        let path = "x86_64-unknown-linux-musl/release/examples/grade_x-1f";
        assert_eq!(
            musl.profile_folder(),
            top.join("x86_64-unknown-linux-musl/release")
        );
        assert_eq!(of(path), Some(musl));
        assert_eq!(of("debug/deps/grade_x-1f"), None);
    }
}

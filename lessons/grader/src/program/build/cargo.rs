//! One run of Cargo: what it has made, or why it has made nothing.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use shared_child::SharedChild;

use super::contents::{Contents, in_dep_info};
use super::shelf::lock_file;
use super::target::Target;
use super::{NotBuilt, hindered};
use crate::place::Place;
use crate::program::guard::{self, Guarded};
use crate::show::count;
use crate::sync::lock;

/// The most lines of compiler messages that are shown.
const MOST_LINES: usize = 60;

/// The most bytes that are kept of what Cargo says.
const LONGEST_OUTPUT: u64 = 16 * 1024 * 1024;

/// Variables that Cargo sets for what it runs, and those of a run of the checks. They are not
/// meant for another Cargo: build scripts that look at them (ring's does) would run again each
/// time.
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

/// Keeps back from a command what Cargo and the checks have set for the run of this process:
/// what it builds is then the same as if a student had typed it.
pub fn without_variables_of_a_run(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if OF_A_RUN.iter().any(|prefix| shown.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// What Cargo has made, or found made.
pub(super) struct Made {
    pub(super) executable: PathBuf,
    pub(super) fresh: bool,
    /// The libraries that it told of, by the folders of their packages.
    libraries: BTreeMap<PathBuf, Library>,
    /// Where the program's own source is.
    source: PathBuf,
    pub(super) warnings: Vec<String>,
}

/// A library that a program is made with.
#[derive(Default)]
pub(super) struct Library {
    /// Whether Cargo has made some of it in this run.
    built: bool,
    files: Vec<PathBuf>,
}

impl Made {
    /// Whether this file belongs to a library.
    pub(super) fn is_of_library(&self, file: &Path) -> bool {
        let mut folders = self.libraries.keys();
        folders.any(|folder| file.starts_with(folder))
    }

    /// The libraries that these files belong to, but for those that were made just now.
    pub(super) fn stale<'a>(&self, changed: impl Iterator<Item = &'a Path>) -> Vec<&Library> {
        let changed: Vec<&Path> = changed.collect();
        let has_changed = |folder: &Path| changed.iter().any(|file| file.starts_with(folder));
        let libraries = self.libraries.iter();
        let stale = libraries.filter(|(folder, library)| !library.built && has_changed(folder));
        stale.map(|(_, library)| library).collect()
    }

    /// The contents of all that the program was made from, as they are now.
    pub(super) fn contents(&self, root: &Path) -> Contents {
        let dep_info = self.executable.with_extension("d");
        let files = in_dep_info(&fs::read_to_string(dep_info).unwrap_or_default());
        let files = files.into_iter().map(|file| root.join(file));
        Contents::of(files.chain([self.source.clone()]))
    }

    /// Removes what was made, and these libraries, so that Cargo makes them again. What cannot
    /// be removed is seen as not built again.
    ///
    /// # Errors
    ///
    /// If another Cargo builds in the target folder for longer than `limit`: it may be about
    /// to read what would be removed.
    pub(super) fn forget(
        &self,
        program: &str,
        libraries: &[&Library],
        limit: Duration,
    ) -> Result<(), NotBuilt> {
        let Some(profile) = self.executable.parent() else {
            return Ok(());
        };
        let mut lock = cargos_lock(profile)
            .map_err(|error| hindered("cannot lock the target folder", &error))?;
        let until = Instant::now() + limit;
        let _locked = loop {
            match lock.try_write() {
                Ok(locked) => break locked,
                Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => {
                    let what = "another cargo builds in the same target folder, and goes on";
                    return Err(hindered(what, &error));
                }
            }
        };
        for file in libraries.iter().flat_map(|library| &library.files) {
            let _ = fs::remove_file(file);
        }
        // The program itself is beside the libraries; its name has a hash at the end.
        let prefix = format!("{}-", program.replace('-', "_"));
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
        Ok(())
    }
}

/// The file that Cargo locks while it builds in this folder of a profile.
fn cargos_lock(profile: &Path) -> io::Result<fd_lock::RwLock<fs::File>> {
    lock_file(&profile.join(".cargo-lock")).map(fd_lock::RwLock::new)
}

/// Builds this program of the lesson's package. Cargo may be silent for `limit`.
///
/// # Errors
///
/// With what the compiler said, or what else went wrong.
pub(super) fn cargo_build(
    place: &Place,
    program: &str,
    target: &Target,
    limit: Duration,
) -> Result<Made, NotBuilt> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let cannot_run = |error| hindered(&format!("cannot run {}", cargo.to_string_lossy()), &error);
    let mut command =
        guard::command(Path::new(&cargo), None, Guarded::Build).map_err(cannot_run)?;
    without_variables_of_a_run(&mut command)
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
    let mut libraries: BTreeMap<PathBuf, Library> = BTreeMap::new();
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
            && message["target"]["kind"][0] != "custom-build"
        {
            let files = message["filenames"].as_array().into_iter().flatten();
            let library = libraries.entry(folder.into()).or_default();
            library.built |= message["fresh"] != true;
            library.files.extend(files.filter_map(path));
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
    use serde_json::json;

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
    fn nothing_is_removed_while_another_cargo_builds() {
        let profile = tempfile::tempdir().expect("a folder");
        let file = profile.path().join("liblibrary.rlib");
        fs::write(&file, "").expect("a file");
        let library = Library {
            built: false,
            files: vec![file.clone()],
        };
        let made = Made {
            executable: profile.path().join("program"),
            fresh: true,
            libraries: BTreeMap::new(),
            source: PathBuf::new(),
            warnings: Vec::new(),
        };
        let mut lock = cargos_lock(profile.path()).expect("a file to lock");
        let locked = lock.write().expect("a lock");
        let hindered = made.forget("program", &[&library], Duration::from_millis(50));
        assert!(matches!(hindered, Err(NotBuilt::Hindered(_))));
        assert!(file.exists());
        drop(locked);
        made.forget("program", &[&library], Duration::ZERO)
            .expect("a folder of one's own");
        assert!(!file.exists());
    }

    #[test]
    fn many_lines_are_cut() {
        let text = cut(&"line\n".repeat(100));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(text.ends_with("... (40 more lines)"), "{text}");
    }
}

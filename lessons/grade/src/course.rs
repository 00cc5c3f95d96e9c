//! The course that is graded with: its lessons, their checks, and what their programs are
//! built with. Cargo says all of it, and builds it once.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, fs, thread};

use grader::record::CheckInfo;
use grader::variants::{Variable, Variant};
use grader::without_variables_of_a_run;
use serde::Deserialize;
use serde_json::Value;

use crate::hash::{Hash, hash};
use crate::record::Chosen;
use crate::submission::Submission;
use crate::variants::{self, Variants};

/// The course in one workspace.
pub struct Course {
    /// The workspace, where starter/ is.
    pub root: PathBuf,
    /// All lessons, in order.
    pub lessons: Vec<Lesson>,
    /// The last commit, if there is one.
    pub commit: Option<String>,
    /// Whether files of the course are not as in that commit.
    pub changed: bool,
    /// Where rustc and its libraries are.
    pub(crate) sysroot: PathBuf,
    /// The libraries of all lessons, and nothing else.
    pub(crate) libraries: PathBuf,
    /// The folder of programs that checks start beside the student's.
    pub(crate) helpers: PathBuf,
    /// Where Cargo builds: `target/`.
    pub(crate) target: PathBuf,
    /// What the workspace says of lints, as rustc's options.
    pub(crate) lints: Vec<String>,
}

/// One lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its package, such as `path_router`.
    pub package: String,
    /// Its folder, such as `1_path_router`; also the name of its starter.
    pub folder: String,
    /// Its number, such as 1.
    pub number: u32,
    /// The starter as it is handed out.
    pub starter: Vec<u8>,
    /// What may differ in it from student to student.
    pub variables: Vec<Variable>,
    /// What is chosen in this one, if it is a student's own.
    pub(crate) variant: Vec<Chosen>,
    /// Its checks, in order.
    pub checks: Vec<CheckInfo>,
    /// The headings of its text, by step.
    pub headings: BTreeMap<u32, String>,
    /// The program that does the checks.
    pub(crate) grader: PathBuf,
    /// The instructor's own checks, if there are some.
    pub(crate) private: Option<Private>,
    /// The libraries that its program may name, and where they are.
    pub(crate) externs: Vec<(String, PathBuf)>,
    /// The same of its checks.
    pub(crate) externs_of_checks: Vec<(String, PathBuf)>,
    pub(crate) edition: String,
    /// What the results depend on, apart from the submission.
    pub(crate) hash: Hash,
}

impl Lesson {
    /// The file that a student edits, as shown: `starter/1_path_router.rs`.
    pub fn shown(&self) -> String {
        format!("starter/{}.rs", self.folder)
    }

    /// The starter in this variant of it.
    pub(crate) fn starter_of(&self, variant: &Variant) -> Vec<u8> {
        match std::str::from_utf8(&self.starter) {
            Ok(text) => variant.apply(text).into(),
            Err(_) => self.starter.clone(),
        }
    }

    /// Whether somebody means this lesson: by its package, its folder or its number.
    pub fn is_named(&self, name: &str) -> bool {
        [&self.package, &self.folder, &self.number.to_string()].contains(&&name.to_string())
    }

    /// The files that its program may read, when it is built and when it runs: what lies in
    /// its folder, and in those of other lessons that its starter names. Pages, pictures,
    /// folders; not the checks, and nothing that quotes the reference.
    pub(crate) fn files(&self, root: &Path) -> Vec<PathBuf> {
        let starter = String::from_utf8_lossy(&self.starter);
        let is_named = |folder: &Path| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            name == self.folder || starter.contains(&format!("lessons/{name}/"))
        };
        let paths = |folder: PathBuf| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path())
        };
        let folders = paths(root.join("lessons")).filter(|folder| is_named(folder));
        let is_kept_back = |path: &Path| {
            let name = path.file_name().unwrap_or_default();
            let is_one = ["grade.rs", "Cargo.toml", "README.md", "right"].map(OsStr::new);
            let ending = path.extension().unwrap_or_default();
            is_one.contains(&name) || ending == "edits" || ending == "rs"
        };
        let files = folders.flat_map(paths);
        let mut files: Vec<PathBuf> = files.filter(|path| !is_kept_back(path)).collect();
        files.sort();
        files
    }
}

/// Checks that students do not have.
#[derive(Clone, Debug)]
pub(crate) struct Private {
    /// The program that does them.
    pub(crate) grader: PathBuf,
    pub(crate) checks: Vec<CheckInfo>,
}

/// The folder of the workspace that this program belongs to.
pub fn root() -> PathBuf {
    // Cargo sets it for `cargo run`; the other is where this was compiled.
    let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let own = own.filter(|own| own.ends_with("lessons/grade"));
    let own = own.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    own.ancestors().nth(2).unwrap_or(&own).to_path_buf()
}

impl Course {
    /// The course in this workspace, with its checks and libraries built. What Cargo says of
    /// that, it says on standard error.
    ///
    /// # Errors
    ///
    /// If it cannot be built: why, in words.
    pub fn prepare(root: &Path) -> Result<Self, String> {
        let host = said("rustc", &["-vV"], root)?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.ok_or("rustc -vV names no host")?;
        let metadata = said(
            &cargo(),
            &["metadata", "--format-version=1", "--filter-platform", host],
            root,
        )?;
        let metadata: Value = json(&metadata)?;
        let target: PathBuf = text(&metadata["target_directory"]).into();
        let packages = Packages::of(&metadata);
        let mut found: Vec<Found> = packages.lessons(root);
        found.sort_by_key(|lesson| lesson.number);

        // Cargo unites the features of all that is built in one go: this is what `cargo test
        // --workspace` has built, too, but for what a class runs again and again: the checks, which
        // draw and play sessions and read each page, and the library that answers them in each
        // student's program. Optimized, they save a class a third of its time; for one student,
        // building them so would take longer than it saves. The other programs are built as
        // grade.rs builds them.
        let lessons = found.iter().map(|lesson| lesson.package.as_str());
        let optimized = lessons.chain(["grader", "html5gum", "http-core", "httparse"]);
        let optimized: Vec<String> = optimized
            .map(|package| format!("--config=profile.dev.package.{package}.opt-level=1"))
            .collect();
        let mut arguments = vec!["test", "--no-run", "--workspace", "--examples"];
        arguments.extend(optimized.iter().map(String::as_str));
        let made = build(root, &arguments)?;
        for lesson in &found {
            for helper in &lesson.helpers {
                build(root, &["build", "-p", &lesson.package, "--bin", helper])?;
            }
        }
        let own = target.join("grade");
        let libraries = own.join("libraries");
        let staged = packages.stage(&found, &made, &libraries)?;
        let commit = said("git", &["rev-parse", "HEAD"], root).ok();
        let status = said(
            "git",
            &[
                "status",
                "--porcelain",
                "--",
                "lessons",
                "http-core",
                "Cargo.lock",
            ],
            root,
        );
        let common = hash_of_common(root, &said("rustc", &["-V"], root)?);
        let lessons = found.into_iter().map(|lesson| {
            let folder = root.join("lessons").join(&lesson.folder);
            let grader = made.executables.get(&lesson.grader);
            let grader = grader.ok_or_else(|| format!("cargo has not built {}", lesson.grader))?;
            let starter = root.join(format!("starter/{}.rs", lesson.folder));
            let headings = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
            Ok(Lesson {
                starter: fs::read(&starter).unwrap_or_default(),
                variables: variants::of_lesson(&folder)?,
                variant: Vec::new(),
                checks: json(&said(&grader.to_string_lossy(), &["--checks"], root)?)?,
                headings: headings_of(&headings),
                grader: grader.clone(),
                private: None,
                externs: staged.of(&lesson.id),
                externs_of_checks: packages.of_checks(&lesson.id, &made),
                edition: lesson.edition,
                hash: hash_of_files(&folder, &common),
                package: lesson.package,
                folder: lesson.folder,
                number: lesson.number,
            })
        });
        let mut lessons = lessons.collect::<Result<Vec<_>, String>>()?;
        for lesson in &mut lessons {
            // Files of other lessons, too, if its starter names them.
            let files = lesson.files(root);
            let all = files.iter();
            lesson.hash = all.fold(lesson.hash.clone(), |hash, file| hash_of_files(file, &hash));
        }
        if lessons.is_empty() {
            return Err(format!(
                "there is no lesson in {}",
                root.join("lessons").display()
            ));
        }
        Ok(Self {
            root: root.into(),
            lessons,
            commit: commit.map(|commit| commit.trim().into()),
            changed: status.is_ok_and(|status| !status.trim().is_empty()),
            sysroot: said("rustc", &["--print", "sysroot"], root)?.trim().into(),
            libraries,
            helpers: target.join("debug"),
            target,
            lints: lints(root)?,
        })
    }

    /// Adds the instructor's own checks, which are in this folder: `path_router.rs` has more
    /// checks of this lesson, and is written as its `grade.rs` is.
    ///
    /// # Errors
    ///
    /// If one belongs to no lesson, or does not compile.
    pub fn add_private(&mut self, folder: &Path) -> Result<(), String> {
        let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(folder).map_err(|error| broken(&error))? {
            let file = entry.map_err(|error| broken(&error))?.path();
            if file.extension() != Some(OsStr::new("rs")) {
                continue;
            }
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let number = self
                .lessons
                .iter()
                .position(|lesson| lesson.is_named(&name));
            let number = number.ok_or_else(|| {
                format!(
                    "{}: there is no lesson {name} for these checks",
                    file.display()
                )
            })?;
            let (grader, of_file) = self.build_private(&self.lessons[number], &file)?;
            let checks = self.checks_in(&grader)?;
            let lesson = &mut self.lessons[number];
            lesson.hash = hash(&[lesson.hash.0.as_bytes(), of_file.0.as_bytes()]);
            lesson.private = Some(Private { grader, checks });
        }
        Ok(())
    }

    /// Gives each student their own variants of these lessons, with the checks built, except for
    /// lessons that the student has not handed in.
    ///
    /// # Errors
    ///
    /// If the checks of a variant do not compile.
    pub fn give_variants(
        &self,
        lessons: &[&Lesson],
        variants: &Variants,
        submissions: &mut [Submission],
    ) -> Result<(), String> {
        let mut of_students = Vec::new();
        let mut wanted: BTreeMap<(usize, Variant), Vec<Chosen>> = BTreeMap::new();
        for (student, submission) in submissions.iter().enumerate() {
            for (number, lesson) in lessons.iter().enumerate() {
                let is_there = submission.files.contains_key(&lesson.folder);
                if lesson.variables.is_empty() || !is_there {
                    continue;
                }
                let (who, name, variables) = (&submission.who, &lesson.package, &lesson.variables);
                let key = (number, variants.of(who, name, variables));
                let chosen = || variants.chosen(who, name, variables);
                wanted.entry(key.clone()).or_insert_with(chosen);
                of_students.push((student, key));
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let (next, built) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(|| {
                    while let Some((key, chosen)) = wanted.get(next.fetch_add(1, SeqCst)) {
                        let own = self.variant(lessons[key.0], &key.1, chosen);
                        let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
                        built.insert(key, own.map(Arc::new));
                    }
                });
            }
        });
        let built = built.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (student, key) in &of_students {
            let own = built.get(key).cloned().transpose()?;
            let own = own.map(|own| (own.folder.clone(), own));
            submissions[*student].own_lessons.extend(own);
        }
        Ok(())
    }

    /// A lesson with other words in its checks and its starter.
    fn variant(
        &self,
        lesson: &Lesson,
        variant: &Variant,
        chosen: &[Chosen],
    ) -> Result<Lesson, String> {
        let mut own = Lesson {
            starter: lesson.starter_of(variant),
            variant: chosen.to_vec(),
            ..lesson.clone()
        };
        if variant.is_usual() {
            return Ok(own);
        }
        let names: Vec<String> = chosen.iter().map(ToString::to_string).collect();
        own.hash = hash(&[lesson.hash.0.as_bytes(), names.join(", ").as_bytes()]);
        let folder = self.own_folder().join("variants").join(&own.hash.0);
        let program = program_in(&folder, lesson);
        if !program.is_file() {
            // What the checks include lies beside them, as in the lesson.
            let of_lesson = self.root.join("lessons").join(&lesson.folder);
            let broken = |error: std::io::Error| format!("{}: {error}", of_lesson.display());
            link_all(&of_lesson, &folder).map_err(broken)?;
            let (checks, own) = (of_lesson.join("grade.rs"), folder.join("grade.rs"));
            let text = fs::read_to_string(checks).map_err(broken)?;
            fs::write(&own, variant.apply(&text)).map_err(broken)?;
            self.build_checks(lesson, &own, &program)?;
        }
        own.checks = self.checks_in(&program)?;
        own.grader = program;
        Ok(own)
    }

    /// Compiles an instructor's own checks, unless it is done already.
    fn build_private(&self, lesson: &Lesson, file: &Path) -> Result<(PathBuf, Hash), String> {
        let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let of_file = hash(&[lesson.hash.0.as_bytes(), &text]);
        let folder = self.own_folder().join("private").join(&of_file.0);
        let program = program_in(&folder, lesson);
        if !program.is_file() {
            self.build_checks(lesson, file, &program)?;
        }
        Ok((program, of_file))
    }

    /// Compiles checks as Cargo compiles a `grade.rs`.
    fn build_checks(&self, lesson: &Lesson, file: &Path, program: &Path) -> Result<(), String> {
        let folder = program.parent().unwrap_or(program);
        let broken = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(broken)?;
        // Whoever is interrupted leaves no half of a program in its place.
        let half = tempfile::tempdir_in(folder).map_err(broken)?;
        let built = half.path().join(program.file_name().unwrap_or_default());
        let mut command = Command::new(self.rustc());
        command
            .arg(file)
            .args(["--crate-type=bin", "-Cdebuginfo=0"]);
        command.args(["--crate-name", &format!("checks_of_{}", lesson.package)]);
        command
            .args(["--edition", &lesson.edition])
            .arg("-o")
            .arg(&built);
        command.arg(format!(
            "-Ldependency={}",
            self.helpers.join("deps").display()
        ));
        for (name, library) in &lesson.externs_of_checks {
            command
                .arg("--extern")
                .arg(format!("{name}={}", library.display()));
        }
        // By them, checks know their lesson.
        command.envs(self.told_by_cargo(lesson));
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| format!("cannot run rustc: {error}"))?;
        match output.status.success() {
            true => fs::rename(built, program).map_err(broken),
            false => Err(format!(
                "{} does not compile:\n{}",
                file.display(),
                String::from_utf8_lossy(&output.stderr).trim_end()
            )),
        }
    }

    /// What is checked by this program.
    fn checks_in(&self, program: &Path) -> Result<Vec<CheckInfo>, String> {
        json(&said(
            &program.to_string_lossy(),
            &["--checks"],
            &self.root,
        )?)
    }

    /// What Cargo tells the programs and the checks of a lesson when they are compiled.
    pub(crate) fn told_by_cargo(&self, lesson: &Lesson) -> [(&'static str, OsString); 3] {
        let manifest = self.root.join("lessons").join(&lesson.folder);
        [
            ("CARGO_PKG_NAME", (&lesson.package).into()),
            ("CARGO_PKG_VERSION", "0.1.0".into()),
            ("CARGO_MANIFEST_DIR", manifest.into()),
        ]
    }

    /// The compiler.
    pub(crate) fn rustc(&self) -> PathBuf {
        let name = format!("rustc{}", env::consts::EXE_SUFFIX);
        self.sysroot.join("bin").join(name)
    }

    /// The folder in which all is kept that grading writes.
    pub fn own_folder(&self) -> PathBuf {
        self.target.join("grade")
    }

    /// The reference of a lesson, if the course still has it.
    pub fn solution(&self, lesson: &Lesson) -> Option<Vec<u8>> {
        fs::read(self.root.join(format!("solutions/{}.rs", lesson.folder))).ok()
    }
}

/// The headings that speak of steps: `## Step 2: the rest`.
fn headings_of(text: &str) -> BTreeMap<u32, String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let of_steps = headings.filter_map(|line| {
        let title = line.trim_start_matches('#').trim();
        let rest = title.strip_prefix("Step ")?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        Some((rest[..end].parse().ok()?, title.to_string()))
    });
    of_steps.collect()
}

/// A lesson, as Cargo's metadata has it.
struct Found {
    id: String,
    package: String,
    folder: String,
    number: u32,
    edition: String,
    /// The target that does its checks.
    grader: String,
    /// The programs that are neither the starter nor the reference.
    helpers: Vec<String>,
}

/// What Cargo says of packages, by their ids.
struct Packages<'a>(&'a Value);

impl<'a> Packages<'a> {
    fn of(metadata: &'a Value) -> Self {
        Self(metadata)
    }

    fn lessons(&self, root: &Path) -> Vec<Found> {
        let packages = self.0["packages"].as_array().into_iter().flatten();
        let lesson = |package: &Value| {
            let manifest = Path::new(package["manifest_path"].as_str()?);
            let folder = manifest.parent()?;
            if folder.parent()? != root.join("lessons") {
                return None;
            }
            let folder = folder.file_name()?.to_str()?;
            let (number, _) = folder.split_once('_')?;
            let targets = || package["targets"].as_array().into_iter().flatten();
            let of_kind =
                |kind: &'static str| targets().filter(move |target| target["kind"][0] == kind);
            let grader = of_kind("example")
                .find(|target| text(&target["src_path"]).ends_with("grade.rs"))?;
            let own = |target: &&Value| {
                let path = Path::new(target["src_path"].as_str().unwrap_or_default());
                path.parent() == manifest.parent()
            };
            Some(Found {
                id: text(&package["id"]).into(),
                package: text(&package["name"]).into(),
                folder: folder.into(),
                number: number.parse().ok()?,
                edition: text(&package["edition"]).into(),
                grader: text(&grader["name"]).into(),
                helpers: of_kind("bin")
                    .filter(own)
                    .map(|bin| text(&bin["name"]).into())
                    .collect(),
            })
        };
        packages.filter_map(lesson).collect()
    }

    /// The libraries that the checks of the package of this id may name.
    fn of_checks(&self, id: &str, made: &Made) -> Vec<(String, PathBuf)> {
        let all = self.dependencies(id, &["normal", "dev"]).into_iter();
        all.filter_map(|(name, id)| Some((name, made.libraries.get(&id)?.last()?.clone())))
            .collect()
    }

    /// What the package of this id depends on, for purposes of these kinds: names in its code,
    /// and ids.
    fn dependencies(&self, id: &str, purposes: &[&str]) -> Vec<(String, String)> {
        let nodes = self.0["resolve"]["nodes"].as_array().into_iter().flatten();
        let mut nodes = nodes.filter(|node| node["id"] == id);
        let dependencies = nodes.next().map(|node| &node["deps"]);
        let dependencies = dependencies.and_then(Value::as_array).into_iter().flatten();
        let wanted = dependencies.filter(|dependency| {
            let mut kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
            kinds.any(|kind| purposes.contains(&kind["kind"].as_str().unwrap_or("normal")))
        });
        wanted
            .map(|dependency| {
                (
                    text(&dependency["name"]).into(),
                    text(&dependency["pkg"]).into(),
                )
            })
            .collect()
    }

    /// Puts the libraries of all lessons into a folder that holds nothing else: what is
    /// beside them in Cargo's (the reference, the checks) is no business of a submission.
    fn stage(&self, lessons: &[Found], made: &Made, folder: &Path) -> Result<Staged, String> {
        let mut seen = BTreeSet::new();
        let mut left: Vec<String> = lessons.iter().map(|lesson| lesson.id.clone()).collect();
        let mut staged = Staged::default();
        let mut files = BTreeSet::new();
        while let Some(id) = left.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            let dependencies = self.dependencies(&id, &["normal"]);
            left.extend(dependencies.iter().map(|(_, id)| id.clone()));
            for library in made.libraries.get(&id).into_iter().flatten() {
                let name = library.file_name().unwrap_or_default();
                files.insert(name.to_owned());
                link(library, &folder.join(name))?;
            }
            if lessons.iter().any(|lesson| lesson.id == id) {
                let externs = dependencies.into_iter().filter_map(|(name, id)| {
                    let library = made.libraries.get(&id)?.last()?;
                    Some((name, folder.join(library.file_name()?)))
                });
                staged.0.insert(id, externs.collect());
            }
        }
        // Those of before are of no use.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for old in entries.filter(|entry| !files.contains(&entry.file_name())) {
            let _ = fs::remove_file(old.path());
        }
        Ok(staged)
    }
}

/// The libraries that each lesson's program may name.
#[derive(Default)]
struct Staged(BTreeMap<String, Vec<(String, PathBuf)>>);

impl Staged {
    fn of(&self, id: &str) -> Vec<(String, PathBuf)> {
        self.0.get(id).cloned().unwrap_or_default()
    }
}

/// The same file under another name, or a copy of it.
fn link(from: &Path, to: &Path) -> Result<(), String> {
    let _ = fs::create_dir_all(to.parent().unwrap_or(to));
    let same = |path: &Path| fs::metadata(path).and_then(|file| Ok((file.len(), file.modified()?)));
    if let (Ok(from), Ok(to)) = (same(from), same(to))
        && from == to
    {
        return Ok(());
    }
    let _ = fs::remove_file(to);
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).map_err(|error| format!("cannot write {}: {error}", to.display()))?;
    }
    Ok(())
}

/// The same for all files below a folder, but for programs.
fn link_all(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let there = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            link_all(&path, &there)?;
        } else if path.extension() != Some(OsStr::new("rs")) {
            link(&path, &there).map_err(std::io::Error::other)?;
        }
    }
    Ok(())
}

/// What a lesson's checks are called in their folder.
fn program_in(folder: &Path, lesson: &Lesson) -> PathBuf {
    folder.join(format!("{}{}", lesson.package, env::consts::EXE_SUFFIX))
}

/// What a run of Cargo has made.
#[derive(Default)]
struct Made {
    /// By the name of their targets.
    executables: BTreeMap<String, PathBuf>,
    /// By the id of their packages.
    libraries: BTreeMap<String, Vec<PathBuf>>,
}

fn build(root: &Path, arguments: &[&str]) -> Result<Made, String> {
    let mut command = Command::new(cargo());
    let output = without_variables_of_a_run(&mut command)
        .args(arguments)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the course itself is not built: see above for what Cargo says".into());
    }
    let mut made = Made::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        let target = &message["target"];
        if let Some(executable) = message["executable"].as_str() {
            made.executables
                .insert(text(&target["name"]).into(), executable.into());
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten();
        let files = files.map(|file| PathBuf::from(text(file)));
        let libraries = files.filter(|file| {
            let ending = file.extension().and_then(OsStr::to_str).unwrap_or_default();
            ["rlib", "so", "dylib", "dll"].contains(&ending)
        });
        let of_package = made.libraries.entry(text(&message["package_id"]).into());
        of_package.or_default().extend(libraries);
    }
    Ok(made)
}

fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// What a command prints.
fn said(program: &str, arguments: &[&str], folder: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    let output = without_variables_of_a_run(&mut command)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!(
            "{program} {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

fn json<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What the workspace says of rustc's lints, as options.
fn lints(root: &Path) -> Result<Vec<String>, String> {
    let manifest = root.join("Cargo.toml");
    let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", manifest.display());
    let text = fs::read_to_string(&manifest).map_err(|error| broken(&error))?;
    let table: toml::Table = text.parse().map_err(|error| broken(&error))?;
    let lints = table
        .get("workspace")
        .and_then(|w| w.get("lints")?.get("rust"));
    let lints = lints.and_then(toml::Value::as_table).into_iter().flatten();
    let options = lints.filter_map(|(lint, level)| {
        let level = level.as_str().or_else(|| level.get("level")?.as_str())?;
        Some(format!("--{level}={lint}"))
    });
    Ok(options.collect())
}

/// What all lessons are built from, apart from themselves.
fn hash_of_common(root: &Path, rustc: &str) -> Hash {
    let folders = [
        "http-core/src",
        "lessons/grader/src",
        "lessons/grade/src",
        "Cargo.lock",
        "Cargo.toml",
    ];
    let hashes = folders.map(|path| hash_of_files(&root.join(path), &hash(&[])));
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_bytes()).collect();
    hash(
        &[
            &[rustc.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes()],
            &hashes[..],
        ]
        .concat(),
    )
}

/// The hash of a file, or of all files below a folder with their names, and of this.
fn hash_of_files(path: &Path, before: &Hash) -> Hash {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let all = paths
            .iter()
            .fold(before.clone(), |before, path| hash_of_files(path, &before));
        return all;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let content = fs::read(path).unwrap_or_default();
    hash(&[before.0.as_bytes(), name.as_bytes(), &content])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A course of two lessons that nobody can build, for tests of all else.
    pub(crate) fn course() -> Course {
        let lesson = |number: u32, package: &str| {
            let check = |step, points| CheckInfo {
                step,
                name: format!("check of {points}"),
                points,
            };
            Lesson {
                package: package.into(),
                folder: format!("{number}_{package}"),
                number,
                starter: format!("//! Lesson {number}: the {package}.\n").into(),
                variables: Vec::new(),
                variant: Vec::new(),
                checks: vec![check(1, 1), check(1, 2), check(2, 3)],
                headings: BTreeMap::new(),
                grader: PathBuf::new(),
                private: None,
                externs: Vec::new(),
                externs_of_checks: Vec::new(),
                edition: "2024".into(),
                hash: hash(&[package.as_bytes()]),
            }
        };
        Course {
            root: "/course".into(),
            lessons: vec![lesson(1, "ant"), lesson(2, "bee")],
            commit: Some("1234567".into()),
            changed: false,
            sysroot: PathBuf::new(),
            libraries: PathBuf::new(),
            helpers: PathBuf::new(),
            target: "/course/target".into(),
            lints: Vec::new(),
        }
    }

    #[test]
    fn the_headings_of_steps_are_found() {
        let headings = headings_of("# A\n\n## Step 2: the rest\n\nStep 3\n### Step 14\n");
        let expected = [(2, "Step 2: the rest"), (14, "Step 14")];
        assert_eq!(headings, expected.map(|(n, t)| (n, t.to_string())).into());
    }

    #[test]
    fn this_workspace_forbids_what_is_unsafe() {
        let lints = lints(&root()).unwrap();
        assert!(lints.contains(&"--forbid=unsafe_code".into()), "{lints:?}");
    }
}

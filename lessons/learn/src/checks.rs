//! The checks of the lessons, run when a file was saved: one lesson at a time, the one that
//! was saved last before all others.
//!
//! The files are looked at ten times a second, which is the same on every system and every
//! disk. What counts is their content, so a save that changes nothing is none. Results are
//! kept on disk, each with a fingerprint of all that it was made from; so what is as it was
//! is not graded again, and there is nothing else to keep.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use grader::record::{CheckInfo, Event, Record};
use grader::{Guarded, guarded, open_steps, without_variables_of_a_run};
use serde_json::{Value, json};

use crate::course::{Course, Lesson};
use crate::status::{Phase, Status};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The checks of all lessons, and what they have said.
pub(crate) struct Checks {
    pub(crate) course: Course,
    /// Where results are kept.
    pub(crate) kept: PathBuf,
    inner: Mutex<Inner>,
    /// Something is new.
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// Grows with everything that is new.
    version: u64,
    lessons: BTreeMap<String, Known>,
    /// The folders of the lessons whose turn comes, the next one first.
    wanted: VecDeque<String>,
    /// The lesson whose checks run.
    running: Option<(String, Arc<Stop>)>,
}

#[derive(Default)]
struct Known {
    status: Status,
    /// Of the starter, as it was seen last.
    content: Option<u64>,
    /// When it was seen to be new.
    saved: Option<Instant>,
    /// Whether another program was built since somebody has asked.
    built: bool,
}

/// Ends a run before its time.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: AtomicBool,
    lifeline: Mutex<Option<ChildStdin>>,
}

impl Stop {
    /// From now on, this is what ends the run.
    pub(crate) fn hold(&self, lifeline: Option<ChildStdin>) {
        *lock(&self.lifeline) = lifeline;
        if self.is_stopped() {
            self.stop();
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        // The guard at its other end ends what it guards.
        drop(lock(&self.lifeline).take());
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Locks, also where a thread has broken while it held the lock: what is in it is replaced
/// as a whole each time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Checks {
    /// Begins to watch the files of the course.
    pub(crate) fn start(course: Course) -> Arc<Self> {
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let checks = Arc::new(Self {
            kept: course.root.join(target).join("learned"),
            course,
            inner: Mutex::default(),
            changed: Condvar::new(),
        });
        checks.begin();
        let watching = Arc::clone(&checks);
        thread::spawn(move || watching.watch());
        let working = Arc::clone(&checks);
        thread::spawn(move || working.work());
        checks
    }

    /// A number that grows whenever something is new: after `seen`, or at the end of this
    /// time.
    pub(crate) fn wait(&self, seen: u64, most: Duration) -> u64 {
        let inner = lock(&self.inner);
        let is_old = |inner: &mut Inner| inner.version <= seen;
        let waited = self.changed.wait_timeout_while(inner, most, is_old);
        waited.unwrap_or_else(PoisonError::into_inner).0.version
    }

    /// What is known of a lesson, to be looked at.
    pub(crate) fn with<T>(&self, folder: &str, look: impl FnOnce(&Status) -> T) -> T {
        let inner = lock(&self.inner);
        match inner.lessons.get(folder) {
            Some(known) => look(&known.status),
            None => look(&Status::default()),
        }
    }

    /// Says that something is new which is not kept here.
    pub(crate) fn touch(&self) {
        self.change(|_| {});
    }

    /// Whether the program of this lesson was saved and built, since this was asked last.
    pub(crate) fn take_built(&self, folder: &str) -> bool {
        let mut inner = lock(&self.inner);
        let known = inner.lessons.get_mut(folder);
        known.is_some_and(|known| std::mem::take(&mut known.built))
    }

    /// Runs the checks of this lesson if they have never been run: somebody reads its text.
    pub(crate) fn look_at(&self, folder: &str) {
        self.change(|inner| {
            let is_new = inner.lessons.get(folder).is_some_and(|known| {
                known.status.checks.is_empty() && known.status.phase == Phase::Idle
            });
            if is_new {
                inner.want_first(folder);
            }
        });
    }

    /// Runs the checks of this lesson, whatever is known.
    pub(crate) fn again(&self, folder: &str) {
        let _ = fs::remove_file(self.kept_in(folder));
        self.change(|inner| inner.save(folder));
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = lock(&self.inner);
        change(&mut inner);
        inner.version += 1;
        self.changed.notify_all();
    }

    fn tell(&self, folder: &str, change: impl FnOnce(&mut Status)) {
        self.change(|inner| change(&mut inner.lessons.entry(folder.into()).or_default().status));
    }

    /// Finds out how far each lesson is: from what was kept, or by its checks where somebody
    /// has begun it.
    fn begin(&self) {
        for lesson in self.course.lessons() {
            let source = fs::read_to_string(self.course.starter(&lesson)).ok();
            let mut known = Known {
                content: source.as_deref().map(fingerprint),
                ..Known::default()
            };
            known.status.open = open_steps(&source.unwrap_or_default());
            let made_from = || self.made_from(&lesson.folder, self.of_grader(&lesson.folder));
            let is_kept = self.restore(&lesson.folder, made_from, &mut known.status);
            let open = &known.status.open;
            let is_begun = lesson.steps.iter().any(|step| !open.contains(&step.number));
            self.change(|inner| {
                inner.lessons.insert(lesson.folder.clone(), known);
                if is_begun && !is_kept {
                    inner.want_last(&lesson.folder);
                }
            });
        }
    }

    /// Looks at the files, over and over.
    fn watch(&self) {
        let mut times = BTreeMap::new();
        loop {
            for (folder, path) in starters(&self.course) {
                let metadata = fs::metadata(&path).ok();
                let time = metadata.and_then(|file| Some((file.modified().ok()?, file.len())));
                // A time can be the same for two saves: only an old one says that it is over.
                let is_old = time.is_some_and(|(time, _)| {
                    time.elapsed().is_ok_and(|age| age > Duration::from_secs(3))
                });
                if times.get(&folder) == Some(&time) && is_old {
                    continue;
                }
                let source = fs::read_to_string(&path).ok();
                let content = source.as_deref().map(fingerprint);
                let known = lock(&self.inner)
                    .lessons
                    .get(&folder)
                    .map(|known| known.content);
                if known != Some(content) {
                    let open = open_steps(&source.unwrap_or_default());
                    let is_known = known.is_some();
                    self.change(|inner| {
                        let known = inner.lessons.entry(folder.clone()).or_default();
                        known.content = content;
                        known.status.open = open;
                        // Of a lesson that has just come, nobody has written anything.
                        if is_known {
                            inner.save(&folder);
                        }
                    });
                }
                times.insert(folder, time);
            }
            thread::sleep(LOOK);
        }
    }

    /// Runs the checks of one lesson after the other.
    fn work(&self) {
        let mut graders = BTreeMap::new();
        loop {
            let stop = Arc::new(Stop::default());
            let mut inner = lock(&self.inner);
            let folder = loop {
                if let Some(folder) = inner.wanted.pop_front() {
                    break folder;
                }
                let waited = self.changed.wait(inner);
                inner = waited.unwrap_or_else(PoisonError::into_inner);
            };
            inner.running = Some((folder.clone(), Arc::clone(&stop)));
            let known = inner.lessons.entry(folder.clone()).or_default();
            known.status.phase = Phase::Building;
            let saved = known.saved.take();
            inner.version += 1;
            self.changed.notify_all();
            drop(inner);
            let outcome = self.run(&folder, &stop, &mut graders);
            self.change(|inner| {
                inner.running = None;
                let is_wanted = inner.wanted.contains(&folder);
                let known = inner.lessons.entry(folder.clone()).or_default();
                match outcome {
                    _ if stop.is_stopped() => {
                        known.status.phase = Phase::Waiting;
                        if !is_wanted {
                            inner.wanted.push_back(folder.clone());
                        }
                        return;
                    }
                    Ok(()) => {
                        known.status.took = saved.map(|saved| saved.elapsed());
                        known.built |= saved.is_some() && known.status.not_built.is_none();
                    }
                    Err(trouble) => known.status.fail(trouble),
                }
                known.status.phase = Phase::Idle;
            });
        }
    }

    /// One run of the checks of a lesson.
    ///
    /// # Errors
    ///
    /// With why there was none.
    fn run(
        &self,
        folder: &str,
        stop: &Stop,
        graders: &mut BTreeMap<String, (u64, PathBuf)>,
    ) -> Result<(), String> {
        let lesson = self.course.lesson(folder).ok_or("the lesson is gone")?;
        let of_grader = self.of_grader(folder);
        let made_from = self.made_from(folder, of_grader);
        let mut kept = Status::default();
        if self.restore(folder, || made_from, &mut kept) {
            self.tell(folder, |status| {
                kept.open = std::mem::take(&mut status.open);
                kept.runs += status.runs;
                *status = kept;
            });
            return Ok(());
        }
        let grader = match graders.get(folder) {
            Some((of, grader)) if *of == of_grader && grader.is_file() => grader.clone(),
            _ => {
                let grader = build_grader(&self.course, &lesson, stop)?;
                graders.insert(folder.into(), (of_grader, grader.clone()));
                grader
            }
        };
        let mut command = guarded(&grader, None, Guarded::Build).map_err(|e| e.to_string())?;
        // The reference is no concern of who writes a program.
        command.args(["--skip", "the reference in solutions/"]);
        command.current_dir(self.course.root.join("lessons").join(folder));
        without_variables_of_a_run(&mut command).env("GRADE_EVENTS", "1");
        let (mut record, mut checks, mut is_over) = (Record::default(), Vec::new(), false);
        let said = lines_of(&mut command, stop, |line| {
            let Ok(event) = serde_json::from_str::<Event>(line) else {
                return;
            };
            if let Event::Started { checks: all, .. } = &event {
                checks.clone_from(all);
            }
            is_over |= event == Event::Ended;
            record.add(event.clone());
            if !stop.is_stopped() {
                self.tell(folder, |status| status.add(event));
            }
        })
        .map_err(|error| error.to_string())?;
        if !is_over {
            return Err(format!("the checks have broken off:\n{said}"));
        }
        let is_same = || self.made_from(folder, self.of_grader(folder)) == made_from;
        if record.not_built.is_none() && is_same() {
            self.keep(folder, made_from, &checks, &record);
        }
        Ok(())
    }

    /// A fingerprint of what the results of a lesson are made from: its starter, and its checks.
    fn made_from(&self, folder: &str, of_grader: u64) -> u64 {
        let starter = self.course.root.join(format!("starter/{folder}.rs"));
        let mut all = DefaultHasher::new();
        fs::read(starter).ok().hash(&mut all);
        of_grader.hash(&mut all);
        all.finish()
    }

    /// A fingerprint of what the checks of a lesson are made from: of the lesson's own files
    /// by their content, of those that all lessons share by their times.
    fn of_grader(&self, folder: &str) -> u64 {
        let mut all = DefaultHasher::new();
        for shared in [
            "http-core/src",
            "lessons/grader/src",
            "Cargo.lock",
            "Cargo.toml",
        ] {
            for file in files_in(&self.course.root.join(shared)) {
                let metadata = fs::metadata(&file).ok();
                let time = metadata.and_then(|file| Some((file.modified().ok()?, file.len())));
                (file, time).hash(&mut all);
            }
        }
        for file in files_in(&self.course.root.join("lessons").join(folder)) {
            let is_text = file.ends_with("README.md") || file.ends_with("wrong.edits");
            if !is_text {
                (fs::read(&file).ok(), file).hash(&mut all);
            }
        }
        all.finish()
    }

    fn kept_in(&self, folder: &str) -> PathBuf {
        // Courses in several folders may have one target folder.
        let of_root = fingerprint(&self.course.root);
        self.kept.join(format!("{folder}-{of_root:016x}.json"))
    }

    fn keep(&self, folder: &str, made_from: u64, checks: &[CheckInfo], record: &Record) {
        let kept = json!({"made_from": made_from, "checks": checks, "record": record});
        // What cannot be kept is found out again.
        let _ = fs::create_dir_all(&self.kept);
        let _ = fs::write(self.kept_in(folder), kept.to_string());
    }

    /// Takes in what was kept, if it was made from what is there now. That is only found out if
    /// something was kept.
    fn restore(&self, folder: &str, made_from: impl FnOnce() -> u64, status: &mut Status) -> bool {
        let kept = fs::read(self.kept_in(folder)).ok();
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let Some(mut kept) = kept else { return false };
        if kept["made_from"].as_u64() != Some(made_from()) {
            return false;
        }
        let checks = serde_json::from_value(kept["checks"].take());
        let record = serde_json::from_value(kept["record"].take());
        match (checks, record) {
            (Ok(checks), Ok(record)) => status.restore(checks, record),
            _ => return false,
        }
        true
    }
}

impl Inner {
    /// This lesson comes next; what runs gives way to it.
    fn save(&mut self, folder: &str) {
        let known = self.lessons.entry(folder.into()).or_default();
        known.saved = Some(Instant::now());
        self.want_first(folder);
        if let Some((_, stop)) = &self.running {
            stop.stop();
        }
    }

    fn want_first(&mut self, folder: &str) {
        self.wanted.retain(|wanted| wanted != folder);
        self.wanted.push_front(folder.into());
        self.lessons.entry(folder.into()).or_default().status.phase = Phase::Waiting;
    }

    fn want_last(&mut self, folder: &str) {
        self.wanted.push_back(folder.into());
        self.lessons.entry(folder.into()).or_default().status.phase = Phase::Waiting;
    }
}

/// The starters, each with the folder of its lesson.
fn starters(course: &Course) -> Vec<(String, PathBuf)> {
    let starters = course.folders().map(|folder| {
        let path = course.root.join(format!("starter/{folder}.rs"));
        (folder, path)
    });
    starters.collect()
}

fn fingerprint(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The file, or the files in the folder and all below it, in order.
fn files_in(path: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut left = vec![path.to_path_buf()];
    while let Some(path) = left.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => left.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
            Err(_) => files.push(path),
        }
    }
    files.sort();
    files
}

/// Builds one thing of a lesson's package with Cargo, and returns the path of its program.
///
/// # Errors
///
/// With what the compiler, or Cargo, said.
pub(crate) fn build(
    course: &Course,
    lesson: &Lesson,
    what: &[&str],
    hold: impl FnOnce(Option<ChildStdin>),
) -> Result<PathBuf, String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command =
        guarded(Path::new(&cargo), None, Guarded::Build).map_err(|e| e.to_string())?;
    command.args(["build", "--message-format=json", "-p", &lesson.package]);
    command.args(what).current_dir(&course.root);
    without_variables_of_a_run(&mut command);
    let (mut program, mut errors) = (None, String::new());
    let said = lines(&mut command, hold, |line| {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(path) = message["executable"].as_str() {
            program = Some(PathBuf::from(path));
        }
        if let Some(text) = message["message"]["rendered"].as_str()
            && message["message"]["level"] == "error"
        {
            errors += text;
        }
    });
    let said = said.map_err(|error| format!("cannot run {}: {error}", cargo.to_string_lossy()))?;
    let why = || if errors.is_empty() { said } else { errors };
    program.ok_or_else(why)
}

fn build_grader(course: &Course, lesson: &Lesson, stop: &Stop) -> Result<PathBuf, String> {
    let grader = format!("grade_{}", lesson.package);
    let built = build(course, lesson, &["--example", &grader], |lifeline| {
        stop.hold(lifeline)
    });
    built.map_err(|why| format!("the checks cannot be built:\n{why}"))
}

fn lines_of(command: &mut Command, stop: &Stop, read: impl FnMut(&str)) -> io::Result<String> {
    lines(command, |lifeline| stop.hold(lifeline), read)
}

/// Runs a guarded command to its end, and hands on each line of its output. What ends it is
/// handed to `hold`. Returns the end of what it wrote to standard error.
fn lines(
    command: &mut Command,
    hold: impl FnOnce(Option<ChildStdin>),
    mut read: impl FnMut(&str),
) -> io::Result<String> {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn()?;
    hold(child.stdin.take());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said = thread::spawn(move || end_of(stderr));
    for line in stdout
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        read(&line?);
    }
    child.wait()?;
    Ok(said.join().unwrap_or_default())
}

/// The end of what can be read here.
fn end_of(from: Option<impl Read>) -> String {
    const MOST: usize = 8 * 1024;
    let (mut end, mut buffer) = (Vec::new(), [0; 4096]);
    let Some(mut from) = from else {
        return String::new();
    };
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        end.extend_from_slice(&buffer[..length]);
        let above = end.len().saturating_sub(MOST);
        end.drain(..above);
    }
    String::from_utf8_lossy(&end).into_owned()
}

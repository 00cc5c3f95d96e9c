//! A class: every file of every submission, compiled and graded side by side. What was
//! graded is kept, so that a run that was interrupted goes on, and a new version of one
//! file grades that one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::SystemTime;
use std::{fs, thread};

use crate::course::{Course, Lesson};
use crate::grading::{self, Graded, How};
use crate::hash::{Hash, hash};
use crate::progress::Progress;
use crate::record::{self, Grading, LessonRecord, Record, State};
use crate::sandbox::Place;
use crate::submission::{Submission, Submitted};

/// How many gradings run for each processor. Most of them wait: for a program that takes its time,
/// or never answers.
const FOR_EACH_PROCESSOR: usize = 8;

/// The same when what has failed by time is done once more. One of them is one check, and the program
/// that it waits for mostly does nothing.
const FOR_EACH_PROCESSOR_AGAIN: usize = 6;

/// How many programs are kept until they are run once more: each takes a megabyte or two of the
/// disk.
const MOST_KEPT: usize = 100;

/// A file to grade; those that have the same are graded once.
struct Job<'a> {
    key: Hash,
    lesson: &'a Lesson,
    submitted: &'a Submitted,
    /// The first who has it.
    who: &'a str,
}

impl Job<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.who, self.lesson.package)
    }
}

/// A job whose program is compiled, and the folder of it.
type Compiled<'job, 'a> = (&'job Job<'a>, tempfile::TempDir, Vec<String>);

/// What is done once more: the check that has failed by time, with the result that stands if it
/// fails again.
struct PutOff<'job, 'a> {
    job: &'job Job<'a>,
    check: String,
    record: LessonRecord,
    /// The folder of the program, if there was room to keep it. It is compiled again otherwise.
    folder: Option<tempfile::TempDir>,
}

/// Grades these submissions in these lessons.
///
/// # Errors
///
/// If the folder for results cannot be written.
pub fn grade(
    course: &Course,
    lessons: &[&Lesson],
    submissions: &[Submission],
    how: &How,
    progress: &Progress,
) -> Result<Vec<Record>, String> {
    let kept = Kept::open(course)?;
    let mut jobs: BTreeMap<Hash, Job<'_>> = BTreeMap::new();
    for submission in submissions {
        for lesson in lessons {
            if let Some(submitted) = submission.files.get(&lesson.folder) {
                let lesson = submission.own(lesson);
                let key = key(lesson, submitted, how);
                let who = submission.who.as_str();
                let job = Job {
                    key: key.clone(),
                    lesson,
                    submitted,
                    who,
                };
                jobs.entry(key).or_insert(job);
            }
        }
    }
    let mut results: BTreeMap<Hash, LessonRecord> = BTreeMap::new();
    for key in jobs.keys().filter(|_| how.keep) {
        if let Some(record) = kept.get(key) {
            results.insert(key.clone(), record);
        }
    }
    // Later lessons take longer: begun first, they do not keep all others waiting at the end.
    let mut left: Vec<&Job<'_>> = jobs
        .values()
        .filter(|job| !results.contains_key(&job.key))
        .collect();
    left.sort_by_key(|job| (std::cmp::Reverse(job.lesson.number), job.who));
    progress.begin(left.len(), results.len());
    let run = Run {
        course,
        how,
        kept: &kept,
        progress,
    };
    results.extend(run.all(&left)?);
    progress.end();

    let grading = Grading {
        commit: course.commit.clone(),
        changed: course.changed,
        seed: how.seed.clone(),
        time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        confinement: how.confinement.name(),
        rules: None,
    };
    let record_of = |submission: &Submission| {
        let of_lesson = |lesson: &&Lesson| {
            let Some(submitted) = submission.files.get(&lesson.folder) else {
                return grading::missing(lesson);
            };
            let lesson = submission.own(lesson);
            let record = results.get(&key(lesson, submitted, how)).cloned();
            let file = Some(submitted.file.clone());
            // A result may be kept of somebody to whom it is said otherwise.
            let variant = lesson.variant.clone();
            record.map_or_else(
                || grading::missing(lesson),
                |record| LessonRecord {
                    variant,
                    file,
                    ..record
                },
            )
        };
        let lessons = lessons.iter().map(of_lesson).collect();
        Record::of(
            &submission.who,
            submission.notes.clone(),
            grading.clone(),
            lessons,
        )
    };
    let mut records: Vec<Record> = submissions.iter().map(record_of).collect();
    record::level(&mut records);
    Ok(records)
}

/// All that decides a result.
fn key(lesson: &Lesson, submitted: &Submitted, how: &How) -> Hash {
    let How {
        confinement,
        seed,
        browser,
        ..
    } = how;
    let browser: &[u8] = if *browser { b"browser" } else { b"" };
    hash(&[
        lesson.hash.0.as_bytes(),
        &submitted.bytes,
        confinement.name().as_bytes(),
        seed.as_bytes(),
        browser,
    ])
}

/// The results that are known already.
struct Kept(PathBuf);

impl Kept {
    fn open(course: &Course) -> Result<Self, String> {
        let folder = course.own_folder().join("results");
        let made = fs::create_dir_all(&folder);
        made.map_err(|error| format!("cannot write {}: {error}", folder.display()))?;
        Ok(Self(folder))
    }

    fn path(&self, key: &Hash) -> PathBuf {
        self.0.join(format!("{}.json", key.0))
    }

    fn get(&self, key: &Hash) -> Option<LessonRecord> {
        serde_json::from_slice(&fs::read(self.path(key)).ok()?).ok()
    }

    /// Keeps a result, whole or not at all. One that cannot be kept is found out again.
    fn keep(&self, key: &Hash, record: &LessonRecord) {
        let write = || -> std::io::Result<()> {
            let file = tempfile::NamedTempFile::new_in(&self.0)?;
            serde_json::to_writer(&file, record)?;
            file.persist(self.path(key))?;
            Ok(())
        };
        if record.state != State::NotGraded {
            let _ = write();
        }
    }
}

/// What all jobs share.
struct Run<'a> {
    course: &'a Course,
    how: &'a How,
    kept: &'a Kept,
    progress: &'a Progress,
}

impl Run<'_> {
    fn all(&self, jobs: &[&Job<'_>]) -> Result<Vec<(Hash, LessonRecord)>, String> {
        let work = self.course.own_folder().join("work");
        let made = fs::create_dir_all(&work);
        made.map_err(|error| format!("cannot write {}: {error}", work.display()))?;
        let processors = thread::available_parallelism().map_or(2, usize::from);
        let results = Mutex::new(Vec::new());
        let again = Mutex::new(Vec::new());
        let next = AtomicUsize::new(0);
        // Compiling keeps a processor busy, grading mostly waits. A few programs wait for
        // their turn, not all: they take room on the disk.
        let (send, receive) = mpsc::sync_channel::<Compiled<'_, '_>>(processors);
        let receive = Mutex::new(receive);
        thread::scope(|scope| {
            for _ in 0..processors {
                let send = send.clone();
                let (results, next, work) = (&results, &next, &work);
                scope.spawn(move || {
                    while let Some(job) = jobs.get(next.fetch_add(1, SeqCst)) {
                        self.progress.begun(&job.name());
                        match self.compiled(job, work) {
                            Ok(compiled) => drop(send.send(compiled)),
                            Err(record) => self.done(job, *record, results),
                        }
                    }
                });
            }
            drop(send);
            for _ in 0..processors * FOR_EACH_PROCESSOR {
                let (results, again, receive) = (&results, &again, &receive);
                scope.spawn(move || {
                    loop {
                        let compiled = lock(receive).recv();
                        let Ok((job, folder, warnings)) = compiled else {
                            return;
                        };
                        let Graded { record, by_time } =
                            self.graded(job, folder.path(), warnings, None);
                        let Some(check) = by_time else {
                            self.done(job, record, results);
                            continue;
                        };
                        self.progress.put_off(&job.name());
                        let mut again = lock(again);
                        let folder = (again.len() < MOST_KEPT).then_some(folder);
                        again.push(PutOff {
                            job,
                            check,
                            record,
                            folder,
                        });
                    }
                });
            }
        });
        let again = again.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.again(again, &work, processors, &results);
        Ok(std::mem::take(&mut *lock(&results)))
    }

    /// What fails by time may fail because the computer is busy. So it is done once more,
    /// now that next to nothing else runs: the check that failed, and if that passes, all.
    fn again(
        &self,
        jobs: Vec<PutOff<'_, '_>>,
        work: &Path,
        processors: usize,
        results: &Mutex<Vec<(Hash, LessonRecord)>>,
    ) {
        let jobs = Mutex::new(jobs.into_iter());
        let next = || lock(&jobs).next();
        // A compiler beside them is one at most.
        let compiler = Mutex::new(());
        let compiled = |job| {
            let _one = lock(&compiler);
            self.compiled(job, work).map(|(_, folder, _)| folder)
        };
        thread::scope(|scope| {
            for _ in 0..processors * FOR_EACH_PROCESSOR_AGAIN {
                scope.spawn(|| {
                    while let Some(put_off) = next() {
                        let job = put_off.job;
                        self.progress.begun(&job.name());
                        let folder = put_off.folder.map_or_else(|| compiled(job), Ok);
                        let record = match folder {
                            Err(record) => *record,
                            Ok(folder) => {
                                let (path, warnings) = (folder.path(), &put_off.record.warnings);
                                let graded = |only| self.graded(job, path, warnings.clone(), only);
                                let alone = graded(Some(&put_off.check)).record;
                                match alone.points > 0 || alone.state == State::NotGraded {
                                    true => graded(None).record,
                                    false => put_off.record,
                                }
                            }
                        };
                        self.done(job, record, results);
                    }
                });
            }
        });
    }

    fn compiled<'job, 'a>(
        &self,
        job: &'job Job<'a>,
        work: &Path,
    ) -> Result<Compiled<'job, 'a>, Box<LessonRecord>> {
        let folder = tempfile::Builder::new().prefix("").tempdir_in(work);
        let folder = folder.map_err(|error| {
            let why = format!("cannot write {}: {error}", work.display());
            Box::new(grading::not_graded(
                job.lesson,
                job.submitted,
                State::NotGraded,
                why,
            ))
        })?;
        let warnings = grading::build(&self.place(job, folder.path()), job.submitted, self.how);
        Ok((job, folder, warnings?))
    }

    fn graded(
        &self,
        job: &Job<'_>,
        folder: &Path,
        warnings: Vec<String>,
        only: Option<&str>,
    ) -> Graded {
        let mut graded = grading::grade(&self.place(job, folder), job.submitted, self.how, only);
        graded.record.warnings = warnings;
        graded
    }

    fn place<'a>(&'a self, job: &'a Job<'_>, folder: &'a Path) -> Place<'a> {
        Place {
            course: self.course,
            lesson: job.lesson,
            folder,
        }
    }

    fn done(
        &self,
        job: &Job<'_>,
        record: LessonRecord,
        results: &Mutex<Vec<(Hash, LessonRecord)>>,
    ) {
        if self.how.keep {
            self.kept.keep(&job.key, &record);
        }
        lock(results).push((job.key.clone(), record));
        self.progress.done(&job.name());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

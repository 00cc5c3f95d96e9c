//! `cargo grade`: see `cargo grade --help`, and the README's part for instructors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use grade::arguments::{Arguments, HELP};
use grade::course::{self, Course, Lesson};
use grade::edits::Edits;
use grade::progress::Progress;
use grade::record::{self, Record};
use grade::rules::Rules;
use grade::sandbox::Confinement;
use grade::{How, class, feedback, new_lesson, pack, similar, submission};

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) if arguments.help => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    match grade(&arguments) {
        Ok(records) => ended(&records, arguments.strict),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// 0 if all was graded; what the grader has failed at is an error, and with `strict`
/// anything but full points.
fn ended(records: &[Record], strict: bool) -> ExitCode {
    let good = |record: &Record| match strict {
        true => record.is_full(),
        false => record.is_graded(),
    };
    match records.iter().all(good) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn grade(arguments: &Arguments) -> Result<Vec<Record>, String> {
    if let Some(files) = &arguments.merge {
        let records = merge(files)?;
        write_all(&records, arguments)?;
        return Ok(records);
    }
    if let Some((edition, path)) = &arguments.pack {
        let (root, private) = (course::root(), arguments.private.as_deref());
        match &arguments.class {
            Some(class) => pack::for_each(&root, *edition, &arguments.lessons, class, path)?,
            None => pack::pack(&root, *edition, &arguments.lessons, private, path)?,
        }
        eprintln!("written: {}", path.display());
        return Ok(Vec::new());
    }
    if let Some(name) = &arguments.new_lesson {
        println!("{}", new_lesson::begin(&course::root(), name)?);
        return Ok(Vec::new());
    }
    let mut course = Course::prepare(&course::root())?;
    let rules = match &arguments.class {
        Some(folder) => Rules::read(&course, folder)?,
        None => None,
    };
    let of_class = rules.as_ref().and_then(|rules| rules.private.as_deref());
    let private = of_class.or(arguments.private.as_deref());
    if let Some(folder) = private {
        course.add_private(folder)?;
    }
    let lessons = chosen(&course, &arguments.lessons)?;
    let variants = rules.as_ref().and_then(|rules| rules.variants.as_ref());
    let mut submissions = match (&arguments.class, &arguments.submission) {
        (Some(folder), _) => submission::of_class(&course, folder, private, variants)?,
        (None, Some(path)) => vec![submission::of_one(&course, path)?],
        (None, None) => vec![submission::of_workspace(&course, arguments.solutions)],
    };
    if let Some(rules) = &rules {
        rules.check_names(&submissions)?;
        rules.call_the_roll(&mut submissions);
    }
    // What is alike may be in another part.
    let all = match arguments.class {
        Some(_) => submissions.clone(),
        None => Vec::new(),
    };
    if let Some(shard) = arguments.shard {
        submissions = submission::part(submissions, shard);
    }
    if let Some(variants) = variants {
        course.give_variants(&lessons, variants, &mut submissions)?;
    }
    let of_others = arguments.class.is_some() || arguments.submission.is_some();
    let (confinement, seed) = match (of_others, &arguments.seed) {
        (true, Some(seed)) => (confinement(&course, arguments.trust)?, seed.clone()),
        (true, None) => (confinement(&course, arguments.trust)?, kept_seed(&course)?),
        (false, seed) => (Confinement::None, seed.clone().unwrap_or_else(any_seed)),
    };
    if of_others {
        eprintln!("submissions are confined by: {}", confinement.name());
    }
    let how = How {
        // A seed that is drawn anew never comes again.
        keep: of_others || arguments.seed.is_some(),
        confinement,
        seed,
        browser: arguments.browser,
    };
    let progress = Progress::new(false);
    let (records, mut similar) = thread::scope(|scope| {
        // It has a thread for itself: of a large class, it takes a while.
        let similar = scope.spawn(|| similar::find(&lessons, &all));
        let records = class::grade(&course, &lessons, &submissions, &how, &progress);
        (records, similar.join().unwrap_or_default())
    });
    let mut records = records?;
    for record in &mut records {
        record.similar = similar.remove(&record.who).unwrap_or_default();
    }
    if let Some(rules) = &rules {
        rules.apply(&mut records);
    }
    write_all(&records, arguments)?;
    if let Some(why) = record::not_graded(&records) {
        eprintln!("{why}");
    }
    eprintln!("seed: {} (the same values again: --seed {0})", how.seed);
    Ok(records)
}

/// Writes the records in all formats that are asked for.
fn write_all(records: &[Record], arguments: &Arguments) -> Result<(), String> {
    let edits = Edits::of(&course::root());
    for (format, file) in &arguments.outputs {
        let text = format.write(records, &edits)?;
        match file {
            None => print!("{text}"),
            Some(file) => {
                let written = fs::write(file, text);
                written.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
                eprintln!("written: {}", file.display());
            }
        }
    }
    if let Some(folder) = &arguments.feedback {
        feedback::write(records, folder)?;
        eprintln!("written: a page for each student in {}", folder.display());
    }
    Ok(())
}

/// The records of several runs, as those of one.
fn merge(files: &[PathBuf]) -> Result<Vec<Record>, String> {
    let mut all: Vec<Record> = Vec::new();
    for file in files {
        let broken = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|error| broken(&error))?;
        let records: Vec<Record> = serde_json::from_str(&text).map_err(|error| broken(&error))?;
        all.extend(records);
    }
    record::merged(all)
}

/// The lessons that are named, or all.
fn chosen<'a>(course: &'a Course, names: &[String]) -> Result<Vec<&'a Lesson>, String> {
    if names.is_empty() {
        return Ok(course.lessons.iter().collect());
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !course.lessons.iter().any(|lesson| lesson.is_named(name)))
    {
        let known = course
            .lessons
            .iter()
            .map(|lesson| format!("{} {}", lesson.number, lesson.package));
        let known: Vec<String> = known.collect();
        return Err(format!(
            "there is no lesson {unknown}; there are:\n  {}",
            known.join("\n  ")
        ));
    }
    let is_named = |lesson: &&Lesson| names.iter().any(|name| lesson.is_named(name));
    Ok(course.lessons.iter().filter(is_named).collect())
}

/// What confines submissions. Without anything, they are run only if they are trusted.
fn confinement(course: &Course, trust: bool) -> Result<Confinement, String> {
    if trust {
        return Ok(Confinement::None);
    }
    Confinement::probe(course).map_err(|why| {
        format!(
            "Nothing here confines the programs of others: {why}\n\n\
             Unconfined, a submission can do what you can: read and change your files, this \
             course, and the other submissions. If you trust all of them, or grade in a \
             virtual machine that holds nothing else, say so: --trust"
        )
    })
}

/// The seed of classes: the same until `target/` is removed, so that a run that was
/// interrupted goes on. No student can know it.
fn kept_seed(course: &Course) -> Result<String, String> {
    let file = course.own_folder().join("seed");
    if let Ok(seed) = fs::read_to_string(&file) {
        return Ok(seed.trim().into());
    }
    let seed = any_seed();
    write(&file, &seed).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(seed)
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    fs::write(file, format!("{text}\n"))
}

/// A seed that nobody can guess.
fn any_seed() -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut hasher = std::hash::RandomState::new().build_hasher();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    hasher.write_u128(now.map_or(0, |now| now.as_nanos()));
    (hasher.finish() % 1_000_000_000).to_string()
}

//! Where submissions are built and run, so that each can harm nobody but itself.
//!
//! With [bubblewrap](https://github.com/containers/bubblewrap), which needs no privileges,
//! there are three kinds of room:
//!
//! - The **compiler's**: the toolchain, the libraries of the course, the one file and the
//!   pages that its lesson has for it. No network, nothing of the environment.
//! - The **grader's**, one for each grading: a network of its own, in which nothing but the
//!   program and its checks are, and processes that all end with it.
//! - The **program's**, in the grader's: the program and the files of its lesson, all of it
//!   read-only, the folders that the checks make for it, 64 MiB for temporary files, and
//!   limits. The checks, their results, the reference and other submissions are not there.
//!
//! Root is not limited in its number of processes; so root's rooms belong to another user.
//! What works here is tried first ([`Confinement::probe`]).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::course::{Course, Lesson};
use crate::process;

/// The user to whom root's rooms belong: one that no system has.
const NOBODY: u32 = 65_533;

/// Where the checks keep temporary files in the grader's room, such as folders to serve.
const TEMPORARY: &str = "/tmp/grading";

/// How submissions are confined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// Not at all: they can do what the one who grades them can.
    None,
    /// By bubblewrap.
    Bubblewrap {
        /// What `bwrap --version` says.
        version: String,
        /// Whether root grades.
        root: bool,
    },
}

/// What a grading needs of the computer, apart from the course.
pub(crate) struct Place<'a> {
    pub(crate) course: &'a Course,
    pub(crate) lesson: &'a Lesson,
    /// A folder of its own, in which all is that is written.
    pub(crate) folder: &'a Path,
}

impl Place<'_> {
    /// The submitted file, where the compiler reads it.
    pub(crate) fn source(&self) -> PathBuf {
        self.folder.join(self.lesson.shown())
    }

    /// The folder that the compiler writes into.
    pub(crate) fn built(&self) -> PathBuf {
        self.folder.join("built")
    }

    /// The program that the compiler writes.
    pub(crate) fn program(&self) -> PathBuf {
        let name = format!("{}{}", self.lesson.package, env::consts::EXE_SUFFIX);
        self.built().join(name)
    }

    /// The file that the checks write.
    pub(crate) fn report(&self) -> PathBuf {
        self.folder.join("report/report.json")
    }
}

impl Confinement {
    /// How a record names it.
    pub fn name(&self) -> String {
        match self {
            Self::None => "none".into(),
            Self::Bubblewrap { version, root } => {
                let user = if *root {
                    "as another user"
                } else {
                    "as this user"
                };
                format!("{version}, {user}")
            }
        }
    }

    /// Finds out what confines programs here: a grading is begun as it would be, and what it
    /// must not be able to do is tried.
    ///
    /// # Errors
    ///
    /// If nothing does: why.
    pub fn probe(course: &Course) -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("submissions can be confined on Linux only".into());
        }
        let run = |command: &mut Command| {
            let ended = process::run(command, Duration::from_secs(20));
            ended.map_err(|error| error.to_string())
        };
        let version = run(Command::new("bwrap").arg("--version"))
            .map_err(|why| format!("bubblewrap is not there (bwrap: {why}). To get it on Debian and Ubuntu: sudo apt-get install bubblewrap"))?;
        let root = is_root();
        let version = version.stdout.trim().to_string();
        let confinement = Self::Bubblewrap { version, root };
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let canary = folder.path().join("canary");
        fs::write(&canary, "").map_err(|error| error.to_string())?;
        let lesson = &course.lessons[0];
        let place = Place {
            course,
            lesson,
            folder: folder.path(),
        };
        confinement
            .prepare(&place)
            .map_err(|error| error.to_string())?;
        fs::write(place.program(), "").map_err(|error| error.to_string())?;
        let script = format!(
            "test -e '{}' && echo 'sees files of others'
             touch /usr/x /x /dev/shm/x 2>/dev/null && echo 'writes outside its folder'
             echo begun
             sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & echo 'starts processes without end'",
            canary.display()
        );
        // The program's room within the grader's, with a shell for the program.
        let mut inner = confinement.wrap(&place);
        let limit = inner.iter_mut().find(|word| word.starts_with("--nproc="));
        limit
            .ok_or("no limit of processes")?
            .replace_range(.., "--nproc=4");
        inner.extend(["sh".into(), "-c".into(), script]);
        let mut outer = confinement.outer(&place);
        outer.args(inner);
        let ended = run(&mut outer)?;
        let seen: Vec<&str> = ended.stdout.lines().collect();
        match seen[..] {
            ["begun"] => Ok(confinement),
            [] => Err(format!(
                "bubblewrap does not work here: {}",
                ended.stderr.trim()
            )),
            _ => Err(format!(
                "bubblewrap does not hold here: a program {}",
                seen.join(", ")
            )),
        }
    }

    /// Whether a program can be started at this place at all.
    pub(crate) fn works(&self, place: &Place<'_>) -> bool {
        if *self == Self::None {
            return true;
        }
        let mut command = self.outer(place);
        command.args(self.wrap(place)).arg("true");
        process::run(&mut command, Duration::from_secs(20)).is_ok_and(|ended| ended.success())
    }

    /// Makes the folders of a grading.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub(crate) fn prepare(&self, place: &Place<'_>) -> std::io::Result<()> {
        let report = place.report();
        let report = report.parent().unwrap_or(place.folder);
        fs::create_dir_all(place.folder.join("starter"))?;
        for folder in [&*place.built(), report] {
            fs::create_dir_all(folder)?;
            self.hand_over(folder)?;
        }
        if *self == Self::None {
            // Its file looks for them beside itself.
            let root = &place.course.root;
            for file in place.lesson.files(root) {
                let to = file.strip_prefix(root).unwrap_or(&file);
                copy(&file, &place.folder.join(to))?;
            }
        }
        fs::write(
            place.folder.join("hosts"),
            "127.0.0.1 localhost\n::1 localhost\n",
        )?;
        fs::write(place.folder.join("nsswitch.conf"), "hosts: files\n")
    }

    /// Gives a folder to the user who builds and grades, if that is not this one.
    fn hand_over(&self, folder: &Path) -> std::io::Result<()> {
        #[cfg(unix)]
        if let Self::Bubblewrap { root: true, .. } = self {
            return std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY));
        }
        let _ = folder;
        Ok(())
    }

    /// The command that compiles: the program's name and its arguments are added to it.
    pub(crate) fn compiler(&self, place: &Place<'_>) -> Command {
        let Place {
            course,
            lesson,
            folder,
        } = place;
        let rustc = course.rustc();
        let told = course.told_by_cargo(lesson);
        let Self::Bubblewrap { root, .. } = self else {
            let mut command = Command::new(rustc);
            command.current_dir(folder).envs(told);
            return command;
        };
        let mut bwrap = Bwrap::new(*root);
        bwrap.words([
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-net",
            "--clearenv",
        ]);
        bwrap.set("PATH", "/usr/bin:/bin").set("TMPDIR", "/tmp");
        for (name, value) in told {
            bwrap.set(name, value);
        }
        bwrap
            .system()
            .read_only("/etc/alternatives")
            .read_only("/etc/ld.so.cache");
        bwrap.words(["--proc", "/proc"]);
        bwrap.words([
            "--dev",
            "/dev",
            "--remount-ro",
            "/dev",
            "--perms",
            "1777",
            "--size",
            "268435456",
            "--tmpfs",
            "/tmp",
        ]);
        bwrap
            .read_only(&course.sysroot)
            .read_only(&course.libraries);
        bwrap.files(place);
        bwrap.bind(
            "--ro-bind",
            &place.source(),
            &course.root.join(lesson.shown()),
        );
        bwrap.bind("--bind", &place.built(), &place.built());
        bwrap
            .words(["--remount-ro", "/", "--chdir"])
            .word(&course.root)
            .word("--");
        bwrap.limits(&[
            "--as=1073741824",
            "--nproc=64",
            "--nofile=512",
            "--fsize=134217728",
            "--cpu=10",
            "--core=0",
        ]);
        bwrap.word(rustc).command()
    }

    /// The command that starts the checks which this program does.
    pub(crate) fn grader(&self, place: &Place<'_>, checks: &Path) -> Command {
        let Place { course, .. } = place;
        let mut command = match self {
            Self::Bubblewrap { .. } => {
                let mut command = self.outer(place);
                command.arg(checks);
                command
            }
            Self::None => {
                let mut command = Command::new(checks);
                grader::without_variables_of_a_run(&mut command);
                command
            }
        };
        command
            .arg("--quiet")
            .env("GRADE_PROGRAM", place.program())
            .env("GRADE_SOURCE", place.source())
            .env("GRADE_HELPERS", &course.helpers)
            .env("GRADE_REPORT", place.report());
        if let Self::Bubblewrap { .. } = self {
            let wrap = serde_json::json!(self.wrap(place));
            command.env("GRADE_WRAP", wrap.to_string());
        }
        command
    }

    /// The grader's room; what is to run in it is added.
    fn outer(&self, place: &Place<'_>) -> Command {
        let Self::Bubblewrap { root, .. } = self else {
            unreachable!("there is a room only if something confines")
        };
        let Place { course, folder, .. } = place;
        let mut bwrap = Bwrap::new(*root);
        bwrap.words(["--unshare-ipc", "--unshare-uts", "--unshare-net"]);
        bwrap.system();
        bwrap.words(["--dev", "/dev", "--proc", "/proc"]);
        bwrap.words(["--size", "268435456", "--tmpfs", "/tmp"]);
        bwrap.words(["--perms", "0777", "--dir", TEMPORARY]);
        bwrap
            .read_only(&course.root)
            .read_only(&course.target)
            .read_only(folder);
        let report = place.report();
        let report = report.parent().unwrap_or(folder);
        bwrap.bind("--bind", report, report);
        bwrap.bind("--ro-bind", &folder.join("hosts"), Path::new("/etc/hosts"));
        bwrap.bind(
            "--ro-bind",
            &folder.join("nsswitch.conf"),
            Path::new("/etc/nsswitch.conf"),
        );
        bwrap.word("--chdir").word(&course.root).word("--");
        if *root {
            bwrap.become_nobody();
        }
        let mut command = bwrap.command();
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TMPDIR", TEMPORARY);
        command
    }

    /// What starts the program in its room, which is within the grader's: its path and its
    /// arguments come at the end.
    pub(crate) fn wrap(&self, place: &Place<'_>) -> Vec<String> {
        let mut bwrap = Bwrap::new(false);
        bwrap.words([
            "--unshare-ipc",
            "--unshare-uts",
            "--disable-userns",
            "--cap-drop",
            "ALL",
        ]);
        bwrap.system();
        bwrap.words([
            "--dev",
            "/dev",
            "--remount-ro",
            "/dev",
            "--size",
            "67108864",
            "--tmpfs",
            "/tmp",
        ]);
        // Some programs keep files in a folder that the checks give them. What they do there
        // to the checks, they do to their own: the grader's room has nothing else to write.
        let temporary = Path::new(TEMPORARY);
        bwrap
            .bind("--bind", temporary, temporary)
            .set("TMPDIR", "/tmp");
        bwrap
            .read_only("/etc/hosts")
            .read_only("/etc/nsswitch.conf");
        bwrap.files(place).read_only(place.program());
        let root = &place.course.root;
        // Where nothing of the course is shown, it would not be there.
        bwrap.word("--dir").word(root);
        bwrap
            .words(["--remount-ro", "/", "--chdir"])
            .word(root)
            .word("--");
        bwrap.limits(&[
            "--data=536870912",
            "--nproc=256",
            "--nofile=1024",
            // Lesson 19 keeps files of 100 MiB.
            "--fsize=134217728",
            "--cpu=60",
            "--core=0",
        ]);
        let words = bwrap.words.into_iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        return fs::copy(from, to).map(|_| ());
    }
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Whether root is who runs this.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
    }
    #[cfg(not(unix))]
    false
}

/// A command line of bubblewrap.
struct Bwrap {
    words: Vec<OsString>,
    root: bool,
}

impl Bwrap {
    /// A room that ends with this process, and all processes in it with it.
    fn new(root: bool) -> Self {
        let mut bwrap = Self {
            words: vec!["bwrap".into()],
            root,
        };
        if !root {
            bwrap.word("--unshare-user");
        }
        bwrap.words(["--unshare-pid", "--die-with-parent", "--new-session"]);
        bwrap
    }

    fn word(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.words.push(word.into());
        self
    }

    fn words<const N: usize>(&mut self, words: [&str; N]) -> &mut Self {
        self.words.extend(words.map(OsString::from));
        self
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.words(["--setenv", name]).word(value)
    }

    fn bind(&mut self, how: &str, from: &Path, to: &Path) -> &mut Self {
        // Folders that are made on the way would be root's alone.
        if let Some(parent) = to.parent().filter(|_| self.root) {
            self.words(["--perms", "0755", "--dir"]).word(parent);
        }
        self.word(how).word(from).word(to)
    }

    /// Shows this, if it is there.
    fn read_only(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.bind("--ro-bind-try", path.as_ref(), path.as_ref())
    }

    /// The programs and libraries of the computer.
    fn system(&mut self) -> &mut Self {
        self.read_only("/usr");
        for path in ["/lib", "/lib64", "/lib32", "/bin", "/sbin"] {
            match fs::read_link(path) {
                Ok(target) => self.word("--symlink").word(target).word(path),
                Err(_) => self.read_only(path),
            };
        }
        self
    }

    /// The files that the lesson has for its program, where the program looks for them.
    fn files(&mut self, place: &Place<'_>) -> &mut Self {
        for file in place.lesson.files(&place.course.root) {
            self.read_only(file);
        }
        self
    }

    /// Goes on as somebody who is nobody, if this is root.
    fn become_nobody(&mut self) {
        self.words([
            "setpriv",
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
            "--bounding-set=-all",
        ]);
        self.word(format!("--reuid={NOBODY}"))
            .word(format!("--regid={NOBODY}"))
            .word("--");
    }

    /// Goes on with these limits.
    fn limits(&mut self, limits: &[&str]) {
        if self.root {
            self.become_nobody();
            // Processes are counted for each user and namespace of users: here for this room.
            self.words(["unshare", "--user", "--"]);
        }
        self.word("prlimit");
        self.words.extend(limits.iter().map(OsString::from));
        self.word("--");
    }

    fn command(&mut self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::tests::course;

    /// Without it, a program would have the folder of what grades it, which Cargo runs.
    #[test]
    fn an_unconfined_compiler_is_told_the_folder_of_the_lesson() {
        let course = course();
        let place = Place {
            course: &course,
            lesson: &course.lessons[0],
            folder: Path::new("folder"),
        };
        let command = Confinement::None.compiler(&place);
        let mut told = command.get_envs();
        let manifest = told.find(|(name, _)| *name == "CARGO_MANIFEST_DIR");
        let own = course.root.join("lessons").join(&place.lesson.folder);
        assert_eq!(manifest.and_then(|(_, value)| value), Some(own.as_os_str()));
    }

    /// As with a target folder elsewhere, and a lesson without files of its own.
    #[test]
    fn a_program_runs_in_the_folder_of_the_course_also_if_nothing_in_it_is_shown() {
        let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [root, target, folder] = folders.each_ref().map(|folder| folder.path());
        let course = Course {
            root: root.into(),
            target: target.into(),
            ..course()
        };
        let lesson = &course.lessons[0];
        let own = root.join("lessons").join(&lesson.folder);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("page.html"), "").unwrap();
        let confinement = match Confinement::probe(&course) {
            Ok(confinement) => confinement,
            Err(why) => return println!("not tried: {why}"),
        };
        fs::remove_dir_all(own).unwrap();
        let place = Place {
            course: &course,
            lesson,
            folder,
        };
        confinement.prepare(&place).unwrap();
        fs::write(place.program(), "").unwrap();
        assert!(confinement.works(&place));
    }
}

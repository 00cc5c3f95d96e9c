//! `spread/slurm.sh` on a real Slurm: its daemons are started here, on this computer alone, in a
//! folder of their own, and end with the test. They are in Debian's and Ubuntu's packages
//! `slurm-wlm` and `munge`; where they are not installed, the test says so.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use grade::course::root;
use grade::record::Record;

const SEED: &str = "7342";

/// Slurm's daemons, and the folder with all that they write.
struct Slurm {
    folder: tempfile::TempDir,
    daemons: Vec<Child>,
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

impl Slurm {
    /// Starts them, if they are installed.
    fn start() -> Option<Self> {
        let daemons = ["munged", "slurmctld", "slurmd"].map(program);
        let [Some(munged), Some(controller), Some(node)] = daemons else {
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut slurm = Self {
            folder,
            daemons: Vec::new(),
        };
        let at = |name: &str| slurm.folder.path().join(name);
        for name in ["state", "spool"] {
            fs::create_dir(at(name)).unwrap();
        }
        fs::write(at("slurm.conf"), slurm.configuration()).unwrap();
        fs::write(at("munge.key"), [7; 1024]).unwrap();
        only_mine(&at("munge.key"));
        let munge = [
            ("--key-file", "munge.key"),
            ("--socket", "munge.socket"),
            ("--pid-file", "munge.pid"),
            ("--log-file", "munge.log"),
            ("--seed-file", "munge.seed"),
        ];
        let munge = munge.map(|(option, name)| format!("{option}={}", at(name).display()));
        let configuration = at("slurm.conf");
        let of_slurm = |program: PathBuf, more: &[&str]| {
            let mut command = Command::new(program);
            command.args(["-D", "-f"]).arg(&configuration).args(more);
            command
        };
        let mut munged = Command::new(munged);
        munged.args(["--foreground", "--force"]).args(munge);
        for mut command in [
            munged,
            of_slurm(controller, &[]),
            of_slurm(node, &["-N", "localhost"]),
        ] {
            command.stdout(Stdio::null()).stderr(Stdio::null());
            slurm.daemons.push(command.spawn().unwrap());
        }
        let began = Instant::now();
        while !slurm
            .says(&["sinfo", "--noheader", "--format=%t"])
            .starts_with("idle")
        {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "no node is there"
            );
            thread::sleep(Duration::from_millis(200));
        }
        Some(slurm)
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        let [controller, node] = [(); 2].map(|()| free_port());
        let user = said(Command::new("id").arg("-un"));
        let user = user.trim();
        format!(
            "ClusterName=course\n\
             SlurmctldHost=localhost(127.0.0.1)\n\
             SlurmctldPort={controller}\n\
             SlurmdPort={node}\n\
             CommunicationParameters=NoCtldInAddrAny,NoInAddrAny\n\
             SlurmUser={user}\n\
             SlurmdUser={user}\n\
             AuthInfo=socket={folder}/munge.socket\n\
             StateSaveLocation={folder}/state\n\
             SlurmdSpoolDir={folder}/spool\n\
             SlurmctldPidFile={folder}/controller.pid\n\
             SlurmdPidFile={folder}/node.pid\n\
             SlurmctldLogFile={folder}/controller.log\n\
             SlurmdLogFile={folder}/node.log\n\
             SlurmdParameters=config_overrides\n\
             ProctrackType=proctrack/linuxproc\n\
             TaskPlugin=task/none\n\
             SelectType=select/cons_tres\n\
             MpiDefault=none\n\
             ReturnToService=2\n\
             NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 RealMemory=8192\n\
             PartitionName=main Nodes=localhost Default=YES State=UP MaxTime=INFINITE\n"
        )
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        grader::without_variables_of_a_run(&mut command);
        command
            .current_dir(root())
            .env("SLURM_CONF", self.folder.path().join("slurm.conf"));
        command
    }

    fn says(&self, words: &[&str]) -> String {
        said(self.command(words[0]).args(&words[1..]))
    }
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A daemon may be where only root's PATH leads.
fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn only_mine(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o400)).unwrap();
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Four students of the first lesson: two have done it, one has not begun, and one has broken it.
fn make(class: &Path) {
    let read = |folder: &str| fs::read_to_string(root().join(folder).join("1_path_router.rs"));
    let (starter, solution) = (read("starter").unwrap(), read("solutions").unwrap());
    for (who, text) in [
        ("ada", solution.clone()),
        ("bob", starter),
        ("cy", format!("{solution}// cy\n")),
        ("dan", solution.replacen(';', "", 1)),
    ] {
        fs::create_dir_all(class.join(who)).unwrap();
        fs::write(class.join(who).join("1_path_router.rs"), text).unwrap();
    }
}

fn grade(arguments: &[&str], files: &[&Path]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    grader::without_variables_of_a_run(&mut command);
    let status = command
        .current_dir(root())
        .args(arguments)
        .args(files)
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// The records, but for the time at which they were made.
fn records(file: &Path) -> Vec<Record> {
    let text =
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut records: Vec<Record> = serde_json::from_str(&text).unwrap();
    for record in &mut records {
        record.grading.time.clear();
    }
    records
}

#[test]
#[ignore = "starts Slurm's daemons, and builds the course: cargo test -p grade --test slurm -- --ignored"]
fn an_array_of_tasks_grades_a_class_as_one_run_does() {
    let Some(slurm) = Slurm::start() else {
        println!("not tried: there is no Slurm (apt-get install slurm-wlm munge)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    make(&at("class"));
    fs::create_dir(at("parts")).unwrap();
    let class = at("class").display().to_string();

    let mut sent = slurm.command("sbatch");
    sent.args(["--wait", "--array=1-2"])
        .arg(format!("--output={}", at("parts/%a.log").display()))
        .arg("lessons/grade/spread/slurm.sh")
        .args([&*class, SEED])
        .arg(at("parts"));
    let status = sent.status().unwrap();
    let log = |part| fs::read_to_string(at(&format!("parts/{part}.log"))).unwrap_or_default();
    assert!(status.success(), "{}\n{}", log(1), log(2));

    let (parts, merged, whole) = (at("parts"), at("merged.json"), at("whole.json"));
    let output = ["merge", "--output", merged.to_str().unwrap()];
    grade(&output, &[&parts.join("1.json"), &parts.join("2.json")]);
    grade(&["--seed", SEED, "--class", &class, "--output"], &[&whole]);
    assert_eq!(records(&parts.join("1.json")).len(), 2);
    assert_eq!(records(&merged), records(&whole));
    assert_eq!(records(&whole).len(), 4);
}

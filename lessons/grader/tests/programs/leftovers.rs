//! No program outlives its check, however that ends. Each program holds a
//! connection to the test, which the system closes with the program.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

/// More than everything here takes, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for programs to begin and to end.
struct Watch {
    address: String,
    begun: mpsc::Receiver<TcpStream>,
}

/// A program that has begun.
struct Watched {
    reader: BufReader<TcpStream>,
    #[cfg_attr(not(unix), expect(dead_code))]
    parent: i32,
}

impl Watch {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let (send, begun) = mpsc::channel();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if send.send(stream).is_err() {
                    return;
                }
            }
        });
        Self { address, begun }
    }

    fn next(&self) -> Watched {
        let stream = self
            .begun
            .recv_timeout(PATIENCE)
            .expect("the program begins");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .expect("the program says who started it");
        let parent = line.trim().parse().expect("a number");
        Watched { reader, parent }
    }
}

impl Watched {
    /// Waits until the program is gone.
    #[track_caller]
    fn ends(mut self) {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => {}
            // How Windows says that the other process was ended.
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
            other => panic!("the program is still there: {other:?}"),
        }
    }
}

fn start(stage: &mut Stage, watch: &Watch) -> Child {
    let command = &mut stage.command;
    command.env("WATCH", &watch.address);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the lesson runs")
}

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        test("nothing is left when a test is killed in mid-check", || {
            let watch = Watch::new();
            let mut stage = Stage::of("never answers");
            let mut lesson = start(&mut stage, &watch);
            let program = watch.next();
            lesson.kill().expect("the lesson can be killed");
            program.ends();
            lesson.wait().expect("the lesson has ended");
        }),
        test("nothing is left when a check panics", || {
            let watch = Watch::new();
            let mut stage = Stage::of("is right").set("MORE_CHECKS", "1");
            stage = stage.only("step 3: a broken check");
            let mut lesson = start(&mut stage, &watch);
            watch.next().ends();
            let status = lesson.wait().expect("the lesson has ended");
            assert_eq!(status.code(), Some(101));
        }),
        test("nothing is left when all is well", || {
            let watch = Watch::new();
            let mut stage = Stage::of("is right");
            let mut lesson = start(&mut stage, &watch);
            // One program for each of the two checks.
            watch.next().ends();
            watch.next().ends();
            assert!(lesson.wait().expect("the lesson has ended").success());
        }),
    ];
    if cfg!(unix) {
        trials.extend(unix::trials());
    }
    trials
}

#[cfg(not(unix))]
mod unix {
    pub fn trials() -> Vec<libtest_mimic::Trial> {
        Vec::new()
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use rustix::process::{Pid, Signal, kill_process};

    fn pid(id: i32) -> Pid {
        Pid::from_raw(id).expect("a process id")
    }

    pub fn trials() -> Vec<Trial> {
        let interrupted = [Signal::INT, Signal::TERM, Signal::HUP];
        let mut trials: Vec<Trial> = interrupted
            .map(|signal| {
                test(&format!("nothing is left after {signal:?}"), move || {
                    let watch = Watch::new();
                    let mut stage = Stage::of("never answers");
                    let mut lesson = start(&mut stage, &watch);
                    let program = watch.next();
                    let pid = pid(lesson.id() as i32);
                    kill_process(pid, signal).expect("the lesson can be interrupted");
                    program.ends();
                    lesson.wait().expect("the lesson has ended");
                })
            })
            .into();
        trials.push(test(
            "nothing is left when only the guard is killed",
            || {
                let watch = Watch::new();
                let mut stage = Stage::of("never answers").set("CHECK_LIMIT", "1500");
                stage = stage.only("step 1: GET / answers the homepage");
                let mut lesson = start(&mut stage, &watch);
                let program = watch.next();
                kill_process(pid(program.parent), Signal::KILL).expect("a guard");
                program.ends();
                lesson.wait().expect("the lesson has ended");
            },
        ));
        trials.push(test(
            "a guard alone outlives an interrupt, not its pipe",
            || {
                let watch = Watch::new();
                let mut stage = Stage::of("never answers");
                let mut lesson = start(&mut stage, &watch);
                let mut program = watch.next();
                let guard = pid(program.parent);
                kill_process(guard, Signal::INT).expect("a guard");
                kill_process(guard, Signal::TERM).expect("a guard");
                let short = Some(Duration::from_millis(300));
                program
                    .reader
                    .get_ref()
                    .set_read_timeout(short)
                    .expect("a limit");
                let mut line = String::new();
                let read = program.reader.read_line(&mut line);
                assert!(read.is_err(), "the program ended with the interrupt");
                program
                    .reader
                    .get_ref()
                    .set_read_timeout(Some(PATIENCE))
                    .expect("a limit");
                lesson.kill().expect("the lesson can be killed");
                program.ends();
                lesson.wait().expect("the lesson has ended");
            },
        ));
        trials.push(test("what a client has left behind goes with it", || {
            let watch = Watch::new();
            let mut stage = crate::client::client("leaves a program behind");
            stage = stage.only("step 1: it prints the name");
            let mut lesson = start(&mut stage, &watch);
            // The client and its child.
            watch.next().ends();
            watch.next().ends();
            lesson.wait().expect("the lesson has ended");
        }));
        trials.push(test("what a program has started goes with it", || {
            let watch = Watch::new();
            let part = "starts a program of its own";
            let mut stage = Stage::of(part);
            let mut lesson = start(&mut stage, &watch);
            // It says so twice, before and after, and its child once.
            let all = [watch.next(), watch.next(), watch.next()];
            lesson.kill().expect("the lesson can be killed");
            all.into_iter().for_each(Watched::ends);
            lesson.wait().expect("the lesson has ended");
        }));
        if cfg!(target_os = "linux") {
            trials.extend(linux());
        }
        trials
    }

    /// What the other systems cannot do.
    fn linux() -> [Trial; 2] {
        const SESSION: &str = "starts a program in a session of its own";
        [
            test("a session of its own does not outlive a check", || {
                let watch = Watch::new();
                let mut stage = Stage::of(SESSION).set("CHECK_LIMIT", "1000");
                stage = stage.only("step 1: GET / answers the homepage");
                let mut lesson = start(&mut stage, &watch);
                let all = [watch.next(), watch.next(), watch.next()];
                all.into_iter().for_each(Watched::ends);
                lesson.wait().expect("the lesson has ended");
            }),
            test(
                "a session of its own does not outlive a killed test",
                || {
                    let watch = Watch::new();
                    let mut stage = Stage::of(SESSION);
                    let mut lesson = start(&mut stage, &watch);
                    let all = [watch.next(), watch.next(), watch.next()];
                    lesson.kill().expect("the lesson can be killed");
                    all.into_iter().for_each(Watched::ends);
                    lesson.wait().expect("the lesson has ended");
                },
            ),
        ]
    }
}

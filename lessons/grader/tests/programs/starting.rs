//! A program that the system does not start: for a moment, or at all.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::stage::Stage;
use crate::test;

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![test(
        "a program that cannot be started is no student's fault",
        not_at_all,
    )];
    // Only Linux refuses to start what somebody can write into.
    if cfg!(target_os = "linux") {
        trials.push(test("what cannot be started yet is tried again", not_yet));
    }
    trials
}

/// A stage with a right program in a file of its own.
fn stage() -> (Stage, PathBuf) {
    let stage = Stage::of("is right");
    let program = stage.folder.join("program");
    let own = std::env::current_exe().expect("the path of the test");
    std::fs::copy(own, &program).expect("a copy of the test");
    let stage = stage.set("GRADE_PROGRAM", program.to_str().expect("a plain path"));
    (stage.only("step 1: GET / answers the homepage"), program)
}

fn not_yet() {
    let (mut stage, program) = stage();
    let writer = std::fs::File::options().append(true).open(program);
    let writer = writer.expect("the program can be written");
    let closes = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(writer);
    });
    let result = stage.run();
    closes.join().expect("a file can be closed");
    assert!(result.success, "{}", result.stdout);
}

fn not_at_all() {
    let (mut stage, program) = stage();
    let nobody = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(program, nobody).expect("permissions can be set");
    let (_, cause, message) = stage.run().check("GET / answers the homepage");
    assert_eq!(cause, "grader-fault", "{message}");
    assert!(message.contains("cannot start"), "{message}");
}

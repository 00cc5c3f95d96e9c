//! Files, directories and links that change places while they are asked for: anyone who does that
//! can only choose among what is below the directory.

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::root::{Found, Root};

/// Calls `swap` again and again while `d/file` is opened; says how often it was there,
/// and fails if it was ever the one outside.
fn opened_meanwhile(root: &Root, swap: impl Fn(usize) + Sync) -> usize {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                swap(n);
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let mut seen = 0;
        for _ in 0..20_000 {
            // Swapped back and forth, it may be there at no single look.
            match root.open("d/file".as_ref()).unwrap() {
                None => {}
                Some(Found::Directory(_)) => panic!("a directory"),
                Some(Found::File(mut file, _)) => {
                    let mut text = String::new();
                    file.read_to_string(&mut text).unwrap();
                    if text != "in" {
                        done.store(true, Ordering::Relaxed);
                        panic!("{text}");
                    }
                    seen += 1;
                }
            }
        }
        done.store(true, Ordering::Relaxed);
        seen
    })
}

struct Site {
    _dir: tempfile::TempDir,
    base: PathBuf,
    outside: PathBuf,
}

/// `base/real/file` says "in", `outside/file` says "out".
fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let (base, outside) = (dir.path().join("base"), dir.path().join("outside"));
    for (directory, text) in [(base.join("real"), "in"), (outside.clone(), "out")] {
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("file"), text).unwrap();
    }
    Site {
        _dir: dir,
        base,
        outside,
    }
}

#[test]
fn a_link_put_in_the_way_does_not_help() {
    let site = site();
    let (base, outside) = (&site.base, &site.outside);
    let targets = [
        PathBuf::from("real"),
        outside.clone(),
        base.join("real"),
        PathBuf::from("../outside"),
        PathBuf::from("real/../../base/real"),
    ];
    symlink("real", base.join("d")).unwrap();
    let seen = opened_meanwhile(&Root::new(base.clone()), |n| {
        symlink(&targets[n % targets.len()], base.join("new")).unwrap();
        fs::rename(base.join("new"), base.join("d")).unwrap();
    });
    assert!(seen > 100, "{seen} were opened");
}

/// Directories and links change places in one step, which is what tempts a server
/// to look twice.
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn a_directory_exchanged_with_a_link_does_not_help() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let site = site();
    let (base, outside) = (&site.base, &site.outside);
    fs::rename(base.join("real"), base.join("d")).unwrap();
    for (n, target) in [
        outside.clone(),
        "../outside".into(),
        base.join("d/../../outside"),
    ]
    .iter()
    .enumerate()
    {
        let link = base.join(format!("link{n}"));
        symlink(target, &link).unwrap();
        let exchange = || {
            renameat_with(CWD, base.join("d"), CWD, &link, RenameFlags::EXCHANGE).unwrap();
        };
        // Back again in the end, for the next one.
        let seen = opened_meanwhile(&Root::new(base.clone()), |_| {
            exchange();
            exchange();
        });
        assert!(seen > 100, "{seen} were opened");
    }
}

/// A file in place of a directory, and the other way round.
#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn a_file_exchanged_with_a_link_does_not_help() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    let site = site();
    let (base, outside) = (&site.base, &site.outside);
    fs::rename(base.join("real"), base.join("d")).unwrap();
    symlink(outside.join("file"), base.join("link")).unwrap();
    let (file, link) = (base.join("d/file"), base.join("link"));
    let seen = opened_meanwhile(&Root::new(base.clone()), |_| {
        renameat_with(CWD, &file, CWD, &link, RenameFlags::EXCHANGE).unwrap();
    });
    assert!(seen > 100, "{seen} were opened");
}

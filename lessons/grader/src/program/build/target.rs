//! Where and how the run that grades was built: so is what it grades, and nothing is built
//! twice.

use std::path::{Path, PathBuf};

/// A target folder, and what is built in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) folder: PathBuf,
    /// As in `--target x86_64-unknown-linux-musl`.
    pub(super) triple: Option<String>,
    pub(super) profile: String,
}

impl Target {
    pub(super) fn of_this_run(root: &Path) -> Self {
        let own = std::env::current_exe().unwrap_or_default();
        // `--target-dir` and a configuration file leave no trace but this one.
        Self::of_example(&own).unwrap_or_else(|| {
            let named = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
            Self {
                folder: root.join(named),
                triple: None,
                profile: "dev".into(),
            }
        })
    }

    /// What the path of an example tells: `target/TRIPLE/debug/examples/grade_x`, where
    /// the triple need not be.
    fn of_example(example: &Path) -> Option<Self> {
        let named = |path: &Path| Some(path.file_name()?.to_str()?.to_string());
        let examples = example.parent()?;
        if examples.file_name()? != "examples" {
            return None;
        }
        let profile = examples.parent()?;
        let above = profile.parent()?;
        // Cargo notes about the compiler at the top of a target folder.
        let is_top = |folder: &Path| folder.join(".rustc_info.json").is_file();
        let (folder, triple) = match above.parent() {
            Some(top) if !is_top(above) && is_top(top) => (top, Some(named(above)?)),
            _ => (above, None),
        };
        let profile = match &*named(profile)? {
            "debug" => "dev".into(),
            other => other.into(),
        };
        Some(Self {
            folder: folder.into(),
            triple,
            profile,
        })
    }

    pub(super) fn profile_folder(&self) -> PathBuf {
        let folder = match &self.triple {
            Some(triple) => self.folder.join(triple),
            None => self.folder.clone(),
        };
        folder.join(match &*self.profile {
            "dev" => "debug",
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_run_builds_where_and_how_it_was_built_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path().join("out");
        fs::create_dir_all(&top).expect("a folder");
        fs::write(top.join(".rustc_info.json"), "{}").expect("a file");
        let of = |path: &str| Target::of_example(&top.join(path));
        let target = |triple: Option<&str>, profile: &str| Target {
            folder: top.clone(),
            triple: triple.map(Into::into),
            profile: profile.into(),
        };
        let plain = target(None, "dev");
        assert_eq!(plain.profile_folder(), top.join("debug"));
        assert_eq!(of("debug/examples/grade_x-1f"), Some(plain));
        let musl = target(Some("x86_64-unknown-linux-musl"), "release");
        let path = "x86_64-unknown-linux-musl/release/examples/grade_x-1f";
        assert_eq!(
            musl.profile_folder(),
            top.join("x86_64-unknown-linux-musl/release")
        );
        assert_eq!(of(path), Some(musl));
        assert_eq!(of("debug/deps/grade_x-1f"), None);
    }
}

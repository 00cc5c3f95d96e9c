//! The folder that a program serves, and what lies beside it.

use std::path::PathBuf;
use std::{fs, io};

use tempfile::TempDir;

/// A folder of one program's own, gone with it.
pub(super) struct Site {
    outside: TempDir,
    variable: &'static str,
}

impl Site {
    pub(super) fn new(variable: &'static str) -> io::Result<Self> {
        let outside = tempfile::Builder::new().prefix("served-").tempdir()?;
        fs::create_dir(outside.path().join("public"))?;
        Ok(Self { outside, variable })
    }

    /// The variable that tells the program which folder to serve.
    pub(super) fn variable(&self) -> (String, String) {
        let folder = self.outside.path().join("public");
        (self.variable.into(), folder.display().to_string())
    }

    /// Writes a file, as [`Act::Write`](crate::Act::Write) says.
    pub(super) fn write(&self, name: &str, contents: &[u8]) -> io::Result<()> {
        let file: PathBuf = match name.strip_prefix("../") {
            Some(outside) => self.outside.path().join(outside),
            None => self.outside.path().join("public").join(name),
        };
        fs::create_dir_all(file.parent().unwrap_or(self.outside.path()))?;
        fs::write(file, contents)
    }

    /// The folder that holds the served one.
    pub(super) fn outside(&self) -> String {
        self.outside.path().display().to_string()
    }
}

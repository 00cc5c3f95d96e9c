//! Where a lesson's files are, seen from its folder; and `steps`: which steps its starter
//! leaves open.

use std::path::{Path, PathBuf};

pub(crate) mod steps;

/// The files of one lesson.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The lesson's package, such as `path_router`.
    pub(crate) package: String,
    /// Its folder, such as `1_path_router`.
    pub(crate) folder: String,
    manifest_dir: PathBuf,
    /// The workspace, where starter/ and solutions/ are.
    pub(crate) root: PathBuf,
}

impl Place {
    pub(crate) fn new(manifest_dir: &str, package: &str) -> Self {
        let manifest_dir = PathBuf::from(manifest_dir);
        let folder = manifest_dir.file_name().unwrap_or_default();
        let folder = folder.to_string_lossy().into_owned();
        let root = manifest_dir.ancestors().nth(2);
        Self {
            package: package.into(),
            folder,
            root: root.unwrap_or(&manifest_dir).to_path_buf(),
            manifest_dir,
        }
    }

    pub(crate) fn manifest_dir(&self) -> &Path {
        &self.manifest_dir
    }

    /// The file that the student edits, as shown to them.
    pub(crate) fn starter(&self) -> String {
        format!("starter/{}.rs", self.folder)
    }

    /// The reference, as shown.
    pub(crate) fn solution(&self) -> String {
        format!("solutions/{}.rs", self.folder)
    }

    /// The text of the lesson, as shown.
    pub(crate) fn readme(&self) -> String {
        format!("lessons/{}/README.md", self.folder)
    }

    /// The text with plain paths: the lesson's manifest names its programs with a
    /// detour (`lessons/1_path_router/../../starter/...`), and so does the compiler.
    pub(crate) fn without_detours(&self, text: &str) -> String {
        let folder = &self.folder;
        let text = text.replace(&format!("lessons/{folder}/../../"), "");
        text.replace(&format!("lessons\\{folder}\\../../"), "")
    }

    /// What a file holds that was named by one of the methods above.
    pub(crate) fn read(&self, shown: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(shown)).ok()
    }

    /// Whether such a file is there.
    pub(crate) fn has(&self, shown: &str) -> bool {
        self.root.join(shown).is_file()
    }

    /// The heading in the lesson's text that speaks of this step.
    pub(crate) fn heading(&self, step: u32) -> Option<String> {
        let text = self.read(&self.readme())?;
        let wanted = format!("step {step}");
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let mut titles = headings.map(|line| line.trim_start_matches('#').trim());
        let found = titles.find(|title| {
            let title = title.to_lowercase();
            let after = title.strip_prefix(&wanted);
            after.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        found.map(str::to_string)
    }

    /// The folder of the lesson that comes next, if there is one.
    pub(crate) fn next(&self) -> Option<Place> {
        let number = |folder: &str| -> Option<u32> { folder.split_once('_')?.0.parse().ok() };
        let own = number(&self.folder)?;
        let siblings = std::fs::read_dir(self.manifest_dir.parent()?).ok()?;
        let names = siblings.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let later = names.filter_map(|name| Some((number(&name).filter(|&n| n > own)?, name)));
        let (_, name) = later.min()?;
        let (_, package) = name.split_once('_')?;
        let folder = self.manifest_dir.with_file_name(&name);
        Some(Place::new(folder.to_str()?, package))
    }
}

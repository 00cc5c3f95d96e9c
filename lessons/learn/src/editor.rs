//! Links that open a file in the student's editor.

use std::path::Path;

/// How an editor is told to open a file: an address with `{file}`, `{line}` and `{column}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Editor(String);

/// The editors that are known by their name.
const KNOWN: [(&str, &str); 6] = [
    ("vscode", "vscode://file/{file}:{line}:{column}"),
    ("vscodium", "vscodium://file/{file}:{line}:{column}"),
    ("cursor", "cursor://file/{file}:{line}:{column}"),
    ("zed", "zed://file/{file}:{line}:{column}"),
    (
        "idea",
        "idea://open?file=/{file}&line={line}&column={column}",
    ),
    (
        "emacs",
        "org-protocol://open-file?url=file:///{file}&line={line}",
    ),
];

impl Default for Editor {
    fn default() -> Self {
        Self(KNOWN[0].1.into())
    }
}

impl Editor {
    /// The editor of this name, or the one that this address opens.
    ///
    /// # Errors
    ///
    /// With the names that are known.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        if let Some((_, address)) = KNOWN.iter().find(|(known, _)| *known == name) {
            return Ok(Self((*address).into()));
        }
        // An address that a browser would run instead of opening it is none.
        let scheme = name.split(':').next().unwrap_or_default().to_lowercase();
        let runs = ["javascript", "data", "vbscript"].contains(&&*scheme);
        match name.contains("{file}") && name.contains(':') && !runs {
            true => Ok(Self(name.into())),
            false => {
                let names: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "--editor {name}: one of {}, or an address such as {}",
                    names.join(", "),
                    KNOWN[0].1
                ))
            }
        }
    }

    /// The address that opens this place.
    pub(crate) fn link(&self, file: &Path, line: u32, column: u32) -> String {
        let file = file.to_string_lossy().replace('\\', "/");
        let mut encoded = String::new();
        for byte in file.trim_start_matches('/').bytes() {
            match byte {
                b'/' | b':' | b'.' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
                byte => encoded += &format!("%{byte:02X}"),
            }
        }
        let link = self.0.replace("{line}", &line.to_string());
        let link = link.replace("{column}", &column.to_string());
        link.replace("{file}", &encoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_opens_a_place() {
        let editor = Editor::default();
        let link = editor.link(Path::new("/home/ada/my course/x.rs"), 7, 3);
        assert_eq!(link, "vscode://file/home/ada/my%20course/x.rs:7:3");
        let link = editor.link(Path::new("C:\\course\\x.rs"), 1, 1);
        assert_eq!(link, "vscode://file/C:/course/x.rs:1:1");
        assert!(Editor::named("ed").is_err());
        assert!(Editor::named("javascript:alert('{file}')").is_err());
        let own = Editor::named("helix:{file}?{line}").expect("an address");
        assert_eq!(own.link(Path::new("/x"), 2, 1), "helix:x?2");
    }
}

//! Edits of a reference: other programs, told by what is different in them.
//!
//! ```text
//! # A line that says what is wrong, if the name does not.
//! ~ step 3: about-with-slash
//! - "/about" =>
//! + "/about/" =>
//! ```
//!
//! An edit begins with `~`, for wrong programs with the step that rejects them, and with
//! its name: that of the mistake, which is the cause that must be told. Behind it stand
//! lines that the reference has, with `-`, and what stands in their place, with `+`; this
//! may come more than once. What the `-` lines say must be there exactly once. A line
//! need not be whole: `- "/about" =>` is a piece of one.

use std::fmt;

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The step that rejects it, if it is wrong.
    pub step: Option<u64>,
    /// The name of the mistake.
    pub name: String,
    changes: Vec<Change>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Change {
    old: Vec<String>,
    new: Vec<String>,
}

/// Reads a file of edits.
///
/// # Errors
///
/// With the lines that are none of an edit.
pub fn read(text: &str) -> Result<Vec<Edit>, String> {
    let mut edits: Vec<Edit> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let fault = |what: &str| Err(format!("line {}: {what}: {line}", number + 1));
        let (mark, rest) = match line.split_at_checked(1) {
            Some((mark, rest)) => (mark, rest.strip_prefix(' ').unwrap_or(rest)),
            None => continue,
        };
        match (mark, edits.last_mut()) {
            ("#", _) => {}
            ("~", _) => edits.push(header(rest)),
            ("-", Some(edit)) => match edit.changes.last_mut() {
                Some(change) if change.new.is_empty() => change.old.push(rest.into()),
                _ => edit.changes.push(Change {
                    old: vec![rest.into()],
                    new: Vec::new(),
                }),
            },
            ("+", Some(edit)) => match edit.changes.last_mut() {
                Some(change) => change.new.push(rest.into()),
                None => return fault("it says not where"),
            },
            _ => return fault("no line of an edit"),
        }
    }
    match edits.iter().find(|edit| edit.changes.is_empty()) {
        Some(edit) => Err(format!("{} changes nothing", edit.name)),
        None => Ok(edits),
    }
}

fn header(text: &str) -> Edit {
    let step = text.strip_prefix("step ").and_then(|rest| {
        let (number, name) = rest.split_once(": ")?;
        Some((number.parse().ok()?, name))
    });
    let (step, name) = match step {
        Some((step, name)) => (Some(step), name),
        None => (None, text),
    };
    Edit {
        step,
        name: name.trim().into(),
        changes: Vec::new(),
    }
}

/// As it stands in its file: the lines with `-` and `+`.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.changes.iter().flat_map(|change| {
            let old = change.old.iter().map(|line| format!("- {line}"));
            old.chain(change.new.iter().map(|line| format!("+ {line}")))
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl Edit {
    /// The program that is the reference with this edit.
    ///
    /// # Errors
    ///
    /// If what is to be replaced is not there exactly once.
    pub fn apply(&self, reference: &str) -> Result<String, String> {
        let mut text = reference.to_string();
        for change in &self.changes {
            let (old, new) = (change.old.join("\n"), change.new.join("\n"));
            let found = text.matches(&old).count();
            if found != 1 {
                let name = &self.name;
                return Err(match found {
                    0 => format!("{name}: the reference does not have this:\n{old}"),
                    _ => format!(
                        "{name}: the reference has this {found} times; take more of what is \
                         around the one that is meant:\n{old}"
                    ),
                });
            }
            text = text.replacen(&old, &new, 1);
        }
        Ok(text)
    }
}

#[test]
fn an_edit_replaces_what_is_there_once() {
    let text = "# about\n~ step 3: one\n- b\n-   c\n+ d\n- e\n\n~ two words\n- a\n+ x\n+   y\n";
    let edits = read(text).unwrap();
    assert_eq!((edits[0].step, &*edits[0].name), (Some(3), "one"));
    assert_eq!((edits[1].step, &*edits[1].name), (None, "two words"));
    assert_eq!(edits[0].apply("a b\n  c e\n").unwrap(), "a d \n");
    assert_eq!(edits[1].apply("a b").unwrap(), "x\n  y b");
    assert!(edits[1].apply("a a").unwrap_err().contains("2 times"));
    assert!(
        edits[1]
            .apply("b")
            .unwrap_err()
            .contains("not have this:\na")
    );
    assert!(read("- a\n").is_err());
    assert!(read("~ a\n").unwrap_err().contains("changes nothing"));
}

//! Commands in the form of the shell at hand, so that what a report shows can be typed.
//!
//! A command is made of words and of texts, and each shell has its own way to write them:
//!
//! - In a POSIX shell, single quotes hold everything.
//! - PowerShell calls another program by the name `curl`, so it is `curl.exe`. Before 7.3 it
//!   loses double quotes and empty words on their way to a program.
//! - In cmd, only double quotes quote, and a line end ends the command.
//!
//! Bytes that cannot be typed go through `printf` in a POSIX shell, and through a file
//! elsewhere. A text that repeats itself is written as such.

use std::fmt::Write as _;

use crate::record::{Command, FORM, Fields, Request};

mod quoting;

use quoting::{printf, single_quoted};

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// sh, bash, zsh.
    Posix,
    /// PowerShell; the one of Windows itself is not `seven`.
    Power {
        /// It hands words on to programs as they are (7.3 and later).
        seven: bool,
    },
    /// cmd.exe.
    Cmd,
}

impl Shell {
    /// The shell from which this process was started, as its variables tell.
    pub(crate) fn here() -> Self {
        Self::of(cfg!(windows), |name| std::env::var_os(name).is_some())
    }

    /// Git's bash sets SHELL on Windows, cmd sets PROMPT, and PowerShell 7 tells where it
    /// was got from.
    fn of(windows: bool, is_set: impl Fn(&str) -> bool) -> Self {
        match windows {
            true if is_set("SHELL") => Self::Posix,
            true if is_set("POWERSHELL_DISTRIBUTION_CHANNEL") => Self::Power { seven: true },
            true if is_set("PROMPT") => Self::Cmd,
            true => Self::Power { seven: false },
            false => Self::Posix,
        }
    }

    /// The command with these variables in its environment.
    pub(crate) fn with_variables(self, variables: &Fields, command: &str) -> String {
        let mut line = String::new();
        for (name, value) in variables {
            line += &match self {
                Self::Posix => format!("{name}={} ", self.word(value)),
                Self::Power { .. } => format!("$env:{name}={}; ", single_quoted(value)),
                Self::Cmd => format!("set \"{name}={value}\" && "),
            };
        }
        line + command
    }

    /// The command that starts the program of a package as `command` says.
    pub(crate) fn cargo_run(self, package: &str, command: &Command) -> String {
        self.command(&format!("cargo run -p {package}"), command)
    }

    /// The command `run`, of Cargo, with these arguments and variables of its program.
    pub(crate) fn command(self, run: &str, command: &Command) -> String {
        let mut line = run.to_string();
        if !command.arguments.is_empty() {
            line += " --";
        }
        for argument in &command.arguments {
            line += " ";
            line += &self.word(argument);
        }
        self.with_variables(&command.variables, &line)
    }

    /// The command that asks the same of a server on port 8000.
    pub(crate) fn curl(self, request: &Request) -> String {
        let body = request.body.as_deref();
        let mut before = String::new();
        let mut line = match self {
            Self::Posix => "curl -i".to_string(),
            _ => "curl.exe -i".into(),
        };
        match request.method.as_str() {
            "GET" if body.is_none() => {}
            "POST" if body.is_some() => {}
            // curl waits for a body that never comes after `-X HEAD`.
            "HEAD" if body.is_none() => line = line.replace("-i", "-I"),
            other => {
                let _ = write!(line, " -X {}", self.word(other));
            }
        }
        let is_type = |name: &str| name.eq_ignore_ascii_case("content-type");
        for (name, value) in &request.fields {
            // curl adds this one by itself.
            if body.is_some() && is_type(name) && value == FORM {
                continue;
            }
            // An empty value needs a `;`: with a colon curl would drop the header.
            let header = match value.is_empty() {
                true => format!("{name};"),
                false => format!("{name}: {value}"),
            };
            let _ = write!(line, " -H {}", self.word(&header));
        }
        if let Some(body) = body {
            if !request.fields.iter().any(|(name, _)| is_type(name)) {
                // curl would say that the body is a form.
                line += " -H Content-Type:";
            }
            // Text goes into the line (--data-raw leaves a leading @ alone).
            match std::str::from_utf8(body).ok().and_then(|t| self.text(t)) {
                Some(text) if body.len() <= self.longest_word() => {
                    let _ = write!(line, " --data-raw {text}");
                }
                Some(text) if self == Self::Posix => {
                    before = format!("printf %s {text} | ");
                    line += " --data-binary @-";
                }
                Some(text) => {
                    before = format!("[IO.File]::WriteAllText((Join-Path $pwd body), {text}); ");
                    line += " --data-binary '@body'";
                }
                None => match self {
                    Self::Posix => {
                        before = format!("{} | ", printf(body));
                        line += " --data-binary @-";
                    }
                    _ => {
                        let bytes: Vec<String> = body.iter().map(u8::to_string).collect();
                        let bytes = bytes.join(",");
                        before = format!(
                            "[IO.File]::WriteAllBytes((Join-Path $pwd body), [byte[]]({bytes})); "
                        );
                        line += " --data-binary '@body'";
                    }
                },
            }
        }
        // curl gives [ ] { } a meaning of its own, and shortens /../.
        if request.target.contains(['[', ']', '{', '}']) {
            line += " -g";
        }
        if request.target.contains("/.") {
            line += " --path-as-is";
        }
        let url = format!("http://localhost:8000{}", request.target);
        let _ = write!(line, " {}", self.word(&url));
        let line = before + &line;
        match self {
            // cmd itself can neither repeat a text nor write bytes.
            Self::Cmd if line.contains("$pwd") || line.contains("' * ") => {
                let line = line.replace('"', "'");
                format!("powershell -NoProfile -Command \"{line}\"")
            }
            _ => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::quoting::{Part, parts};
    use super::*;
    use crate::record::{Act, get, post, request};

    const FIVE: Shell = Shell::Power { seven: false };
    const SEVEN: Shell = Shell::Power { seven: true };
    const ALL: [Shell; 4] = [Shell::Posix, FIVE, SEVEN, Shell::Cmd];

    #[test]
    fn the_shell_is_known_by_its_variables() {
        let shell = |windows, set: &[&str]| Shell::of(windows, |name| set.contains(&name));
        assert_eq!(shell(false, &["PROMPT"]), Shell::Posix);
        assert_eq!(shell(true, &[]), FIVE);
        let seven = ["PROMPT", "POWERSHELL_DISTRIBUTION_CHANNEL"];
        assert_eq!(shell(true, &seven), SEVEN);
        assert_eq!(shell(true, &["PROMPT"]), Shell::Cmd);
        assert_eq!(shell(true, &["SHELL", "PROMPT"]), Shell::Posix);
    }

    /// A text, and how POSIX shells, PowerShell 5, PowerShell 7 and cmd write it.
    #[test]
    fn words_are_quoted_for_each_shell() {
        let cases = [
            ("plain", ["plain"; 4]),
            ("", ["''", r#"'""'"#, "''", r#""""#]),
            ("a b", ["'a b'", "'a b'", "'a b'", r#""a b""#]),
            ("it's", [r"'it'\''s'", "'it''s'", "'it''s'", r#""it's""#]),
            ("a&b", ["'a&b'", "'a&b'", "'a&b'", r#""a&b""#]),
            ("$HOME", ["'$HOME'", "'$HOME'", "'$HOME'", r#""$HOME""#]),
            ("@x,y", ["@x,y", "'@x,y'", "'@x,y'", r#""@x,y""#]),
            (
                r"c:\ d\",
                [r"'c:\ d\'", r"'c:\ d\\'", r"'c:\ d\'", r#""c:\ d\\""#],
            ),
            (
                r#"a"&b"#,
                [r#"'a"&b'"#, r#"'a\"&b'"#, r#"'a"&b'"#, r#"^"a\^"^&b^""#],
            ),
        ];
        for (text, expected) in cases {
            for (shell, expected) in ALL.into_iter().zip(expected) {
                assert_eq!(shell.word(text), expected, "{shell:?}");
            }
        }
    }

    #[test]
    fn variables_are_set_as_each_shell_sets_them() {
        let command = Command {
            arguments: vec!["--check".into(), "a b".into()],
            variables: vec![("NAME".into(), "it's".into())],
            ..Command::default()
        };
        let expected = [
            r"NAME='it'\''s' cargo run -p x -- --check 'a b'",
            "$env:NAME='it''s'; cargo run -p x -- --check 'a b'",
            "$env:NAME='it''s'; cargo run -p x -- --check 'a b'",
            r#"set "NAME=it's" && cargo run -p x -- --check "a b""#,
        ];
        for (shell, expected) in ALL.into_iter().zip(expected) {
            assert_eq!(shell.cargo_run("x", &command), expected);
        }
    }

    #[track_caller]
    fn curl(act: Act, expected: [&str; 3]) {
        let Act::Ask(request) = act else { panic!() };
        for (shell, expected) in [Shell::Posix, FIVE, Shell::Cmd].into_iter().zip(expected) {
            let expected = expected.replace("URL", "http://localhost:8000");
            assert_eq!(shell.curl(&request), expected, "{shell:?}");
        }
    }

    #[test]
    fn the_line_asks_the_same() {
        curl(
            get("/"),
            ["curl -i URL/", "curl.exe -i URL/", "curl.exe -i URL/"],
        );
        curl(
            request("HEAD", "/"),
            ["curl -I URL/", "curl.exe -I URL/", "curl.exe -I URL/"],
        );
        curl(
            request("DELETE", "/a?b=c&d"),
            [
                "curl -i -X DELETE 'URL/a?b=c&d'",
                "curl.exe -i -X DELETE 'URL/a?b=c&d'",
                "curl.exe -i -X DELETE \"URL/a?b=c&d\"",
            ],
        );
        curl(
            get("/../[x]").field("X-None", ""),
            [
                "curl -i -H 'X-None;' -g --path-as-is 'URL/../[x]'",
                "curl.exe -i -H 'X-None;' -g --path-as-is 'URL/../[x]'",
                "curl.exe -i -H \"X-None;\" -g --path-as-is \"URL/../[x]\"",
            ],
        );
        curl(
            post("/").form(&[("message", "it's")]),
            [
                "curl -i --data-raw message=it%27s URL/",
                "curl.exe -i --data-raw 'message=it%27s' URL/",
                "curl.exe -i --data-raw \"message=it%27s\" URL/",
            ],
        );
    }

    #[test]
    fn bytes_that_cannot_be_typed_are_sent_all_the_same() {
        curl(
            request("PUT", "/").body(vec![0, 0xff]),
            [
                r"printf '\000\377' | curl -i -X PUT -H Content-Type: --data-binary @- URL/",
                "[IO.File]::WriteAllBytes((Join-Path $pwd body), [byte[]](0,255)); \
                 curl.exe -i -X PUT -H Content-Type: --data-binary '@body' URL/",
                "powershell -NoProfile -Command \"[IO.File]::WriteAllBytes((Join-Path $pwd body), \
                 [byte[]](0,255)); curl.exe -i -X PUT -H Content-Type: --data-binary '@body' URL/\"",
            ],
        );
    }

    #[test]
    fn what_repeats_itself_is_written_short() {
        let message = format!("tea {}!", "é".repeat(200));
        curl(
            post("/").form(&[("message", &message)]),
            [
                "curl -i --data-raw \"message=tea+$(printf '%%C3%%A9%.0s' $(seq 200))%21\" URL/",
                "curl.exe -i --data-raw ('message=tea+' + '%C3%A9' * 200 + '%21') URL/",
                "powershell -NoProfile -Command \"curl.exe -i --data-raw \
                 ('message=tea+' + '%C3%A9' * 200 + '%21') URL/\"",
            ],
        );
        assert_eq!(parts("aaaa"), [Part::Once("aaaa")]);
        let text = "x".repeat(60) + &"ねこ".repeat(30);
        assert_eq!(
            parts(&text),
            [Part::Times("x", 60), Part::Times("ねこ", 30)]
        );
    }

    #[test]
    fn what_is_too_long_for_an_argument_goes_another_way() {
        curl(
            post("/").body("x-".repeat(60_000) + "end"),
            [
                "printf %s \"$(printf 'x-%.0s' $(seq 60000))end\" | \
                 curl -i -H Content-Type: --data-binary @- URL/",
                "[IO.File]::WriteAllText((Join-Path $pwd body), ('x-' * 60000 + 'end')); \
                 curl.exe -i -H Content-Type: --data-binary '@body' URL/",
                "powershell -NoProfile -Command \"[IO.File]::WriteAllText((Join-Path $pwd body), \
                 ('x-' * 60000 + 'end')); curl.exe -i -H Content-Type: --data-binary '@body' URL/\"",
            ],
        );
    }

    /// What a real shell makes of the words, where there is one.
    #[cfg(unix)]
    #[test]
    fn a_real_shell_reads_back_what_was_written() {
        let said = |word: &str| {
            let line = format!("printf %s {word}");
            let output = std::process::Command::new("sh")
                .args(["-c", &line])
                .output();
            output.expect("a shell").stdout
        };
        let long = format!("a\"$b`\\ {}'{}c", "é%'".repeat(40), "\\".repeat(70));
        for text in [
            "",
            "it's",
            "a b&c;d|e",
            "$HOME `x` \\ \"",
            "ねこ\n\nx",
            &long,
        ] {
            assert_eq!(said(&Shell::Posix.word(text)), text.as_bytes());
            let written = Shell::Posix.text(text).expect("it can be typed");
            assert_eq!(said(&written), text.as_bytes(), "{written}");
        }
        let all: Vec<u8> = (0..=255).collect();
        let dots = [b"\x89P".as_slice(), &[b'.'; 70], b"x"].concat();
        let words = [b"\x89", "nutmeg35".repeat(5000).as_bytes(), b"\r\n"].concat();
        assert!(printf(&words).len() < 80);
        for bytes in [&all[..], b"--x", b"%s\\n", &dots, &words] {
            let output = std::process::Command::new("sh")
                .args(["-c", &printf(bytes)])
                .output();
            assert_eq!(output.expect("a shell").stdout, bytes);
        }
    }
}

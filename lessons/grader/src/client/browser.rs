//! A real browser for checks of pages: Chromium without a window, driven over its
//! DevTools protocol. No crate is needed for that: the protocol is JSON, and Chromium
//! reads and writes it on two pipes, each message with a NUL byte at its end.
//!
//! Chromium ends when its pipe does, which is when this process ends, however that is.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long Chromium may take until its first page is there.
const START: Duration = Duration::from_secs(60);

/// How long it may take to end.
const END: Duration = Duration::from_secs(10);

/// The programs that may be it, in a folder of the PATH.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
];

/// The same on macOS, in a folder of applications.
const APPLICATIONS: [&str; 3] = [
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];

/// Where Chromium is: the file that `GRADE_BROWSER` names, or one in the PATH, or where
/// macOS keeps applications. Not on Windows: there, Chromium's pipes are handles that a
/// program without unsafe code cannot hand on.
///
/// # Errors
///
/// With the reason why there is none.
fn find() -> Result<PathBuf, String> {
    if !cfg!(unix) {
        return Err("the checks drive a browser on Linux and macOS only".into());
    }
    if let Some(named) = std::env::var_os("GRADE_BROWSER").filter(|name| !name.is_empty()) {
        let path = PathBuf::from(named);
        let missing = format!("GRADE_BROWSER: there is no file {}", path.display());
        return path.is_file().then_some(path).ok_or(missing);
    }
    let set = |name| std::env::var_os(name).unwrap_or_default();
    candidates(&set("PATH"), Path::new(&set("HOME")))
        .into_iter()
        .find(|file| file.is_file())
        .ok_or_else(|| match cfg!(target_os = "macos") {
            true => "no Chrome, Chromium or Edge among the applications, none in the PATH".into(),
            false => "no chromium in the PATH".into(),
        })
}

/// The files that may be a browser, the first choice first.
fn candidates(path: &OsStr, home: &Path) -> Vec<PathBuf> {
    let in_path =
        std::env::split_paths(path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let folders = [PathBuf::from("/Applications"), home.join("Applications")];
    let of_macos = folders.map(|folder| APPLICATIONS.map(|application| folder.join(application)));
    in_path.chain(of_macos.into_iter().flatten()).collect()
}

/// One page in a browser of its own, with an empty profile. Checks have it by
/// [`Run::browser`](crate::Run::browser); this is for the tests of what shows pages itself.
pub struct Browser {
    child: Child,
    // Chromium ends when this is closed.
    pipe: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Removed once the browser has ended.
    _profile: Profile,
    session: Option<String>,
    last_call: u64,
    /// What it has told of its own accord.
    pub seen: Seen,
}

/// What the browser has told of its own accord.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many documents the page has had.
    navigations: u64,
    /// Whether the last of them is there with all its parts.
    loaded: bool,
    /// What `alert` and its like have said.
    pub dialogs: Vec<String>,
    /// The requests of its pages, each with its id.
    pub exchanges: Vec<(String, Exchange)>,
}

/// A request of a page, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method, such as `GET`.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status that came over the connection, such as 304; `None` if none came:
    /// the answer was in the browser's cache, or there was none.
    pub status: Option<u16>,
}

/// What went wrong with a call.
#[derive(Debug)]
pub enum Trouble {
    /// The browser says no, in these words.
    Refused(String),
    /// The time is up.
    TooSlow,
    /// The browser has ended.
    Gone,
}

impl Trouble {
    /// The same in words.
    pub fn words(&self) -> String {
        match self {
            Self::Refused(words) => words.clone(),
            Self::TooSlow => "nothing until the time limit".into(),
            Self::Gone => "the browser has ended".into(),
        }
    }
}

impl Browser {
    /// Starts the browser, with an empty page.
    ///
    /// # Errors
    ///
    /// With the reason why there is none.
    pub fn start() -> Result<Self, String> {
        let path = find()?;
        let broken =
            |why: &dyn std::fmt::Display| format!("{} cannot be used: {why}", path.display());
        let profile = Profile::new().map_err(|error| broken(&error))?;
        let mut child = command(&path, profile.0.path())
            .spawn()
            .map_err(|error| broken(&error))?;
        let (send, messages) = mpsc::channel();
        let pipe = child.stdin.take();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for message in BufReader::new(stdout).split(0) {
                    let Ok(message) = message else { return };
                    let Ok(message) = serde_json::from_slice(&message) else {
                        continue;
                    };
                    if send.send(message).is_err() {
                        return;
                    }
                }
            });
        }
        let mut browser = Self {
            child,
            pipe,
            messages,
            _profile: profile,
            session: None,
            last_call: 0,
            seen: Seen::default(),
        };
        browser
            .begin(Instant::now() + START)
            .map_err(|trouble| broken(&trouble.words()))?;
        Ok(browser)
    }

    fn begin(&mut self, until: Instant) -> Result<(), Trouble> {
        let made = self.call("Target.createTarget", json!({"url": "about:blank"}), until)?;
        let attach = json!({"targetId": made["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", attach, until)?;
        self.session = attached["sessionId"].as_str().map(str::to_string);
        for domain in ["Page.enable", "Network.enable", "Runtime.enable"] {
            self.call(domain, json!({}), until)?;
        }
        Ok(())
    }

    /// Calls a method of the protocol (<https://chromedevtools.github.io/devtools-protocol/>)
    /// and returns its result.
    ///
    /// # Errors
    ///
    /// If the browser refuses, is too slow, or has ended.
    pub fn call(
        &mut self,
        method: &str,
        parameters: Value,
        until: Instant,
    ) -> Result<Value, Trouble> {
        let call = self.send(method, parameters)?;
        loop {
            let mut message = self.next(until)?;
            if message["id"] == call {
                if let Some(why) = message["error"]["message"].as_str() {
                    return Err(Trouble::Refused(why.into()));
                }
                return Ok(message["result"].take());
            }
        }
    }

    /// Does something that brings a new document, and waits for that with all its
    /// parts.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn load(
        &mut self,
        until: Instant,
        act: impl FnOnce(&mut Self) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let before = self.seen.navigations;
        act(self)?;
        while self.seen.navigations == before || !self.seen.loaded {
            self.next(until)?;
        }
        Ok(())
    }

    fn send(&mut self, method: &str, parameters: Value) -> Result<u64, Trouble> {
        self.last_call += 1;
        let mut message = json!({"id": self.last_call, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let pipe = self.pipe.as_mut().ok_or(Trouble::Gone)?;
        let sent = write!(pipe, "{message}\0").and_then(|()| pipe.flush());
        sent.map_err(|_| Trouble::Gone)?;
        Ok(self.last_call)
    }

    /// The next message; what it tells is kept.
    fn next(&mut self, until: Instant) -> Result<Value, Trouble> {
        let left = until.saturating_duration_since(Instant::now());
        let message = self
            .messages
            .recv_timeout(left)
            .map_err(|error| match error {
                mpsc::RecvTimeoutError::Timeout => Trouble::TooSlow,
                mpsc::RecvTimeoutError::Disconnected => Trouble::Gone,
            })?;
        if message["method"] == "Page.javascriptDialogOpening" {
            // The page stands still until it is answered.
            self.send("Page.handleJavaScriptDialog", json!({"accept": true}))?;
        }
        self.seen.note(&message);
        Ok(message)
    }
}

/// The command that starts Chromium with the pipes where it wants them: it reads from
/// descriptor 3 and writes to 4.
fn command(path: &Path, profile: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#)
        .arg(path)
        .args([
            "--headless",
            "--remote-debugging-pipe",
            // It only sees the pages of the course, and often runs in a container.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // Ctrl-C is for the checks; the browser ends with them.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// The folder of a profile; removed in the end.
struct Profile(tempfile::TempDir);

impl Profile {
    fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("grader-browser-")
            .tempdir()?;
        Ok(Self(folder))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // Processes that are just ending may still write into it.
        for _ in 0..100 {
            match std::fs::remove_dir_all(self.0.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                _ => return,
            }
        }
    }
}

impl Seen {
    fn note(&mut self, message: &Value) {
        let told = &message["params"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        match message["method"].as_str().unwrap_or_default() {
            "Page.frameNavigated" if told["frame"]["parentId"].is_null() => {
                self.navigations += 1;
                self.loaded = false;
            }
            "Page.loadEventFired" => self.loaded = true,
            "Page.javascriptDialogOpening" => self.dialogs.push(text(&told["message"])),
            "Network.requestWillBeSent" => {
                let exchange = Exchange {
                    method: text(&told["request"]["method"]),
                    url: text(&told["request"]["url"]),
                    status: None,
                };
                self.exchanges.push((text(&told["requestId"]), exchange));
            }
            // As it was on the wire. Each step of a redirect has the same id.
            "Network.responseReceivedExtraInfo" => {
                let id = text(&told["requestId"]);
                let mut same = self.exchanges.iter_mut().filter(|(known, _)| *known == id);
                if let Some((_, exchange)) = same.find(|(_, exchange)| exchange.status.is_none()) {
                    exchange.status = told["statusCode"].as_u64().and_then(|n| n.try_into().ok());
                }
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without its pipe it ends, and takes its files with it.
        drop(self.pipe.take());
        let until = Instant::now() + END;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > until {
                crate::program::guard::end_group(self.child.id());
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_looked_for_in_the_path_first_and_then_where_macos_keeps_it() {
        let path = std::env::join_paths(["/a", "/b"]).unwrap();
        let files = candidates(&path, Path::new("/home/ada"));
        assert_eq!(files[0], Path::new("/a").join("chromium"));
        assert_eq!(files[NAMES.len()], Path::new("/b").join("chromium"));
        let last = "/home/ada/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge";
        assert_eq!(files.last().unwrap(), Path::new(last));
        let first = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
        assert!(files.contains(&first.into()));
    }
}

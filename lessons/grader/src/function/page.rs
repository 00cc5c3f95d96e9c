//! A page in a real browser, as a check uses it: open, fill in, click, read.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::service::space_before;
use super::{Failure, Service, Verdict, Why, Wrong};
use crate::client::browser::{Browser, Exchange, Trouble};
use crate::show::{body_lines, quoted};

/// A message whose white space can be seen, for [`Page::expect_white_space_of`].
pub fn spaced_message([one, two, three, four, five]: [&str; 5]) -> String {
    format!("{one} {two}  {three}\r\n{four}\r\n\r\n{five}")
}

/// Where the words of a message stand: left, right, top and bottom of each, in the last place that
/// has all of them one behind the other. (A title or a list may have the first ones, too.)
const BOXES: &str = "words => {
    const places = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode;
        for (let from = 0; from < node.data.length; from++) {
            const which = words.findIndex(word => node.data.startsWith(word, from));
            if (which < 0) continue;
            const range = document.createRange();
            range.setStart(node, from);
            range.setEnd(node, from + words[which].length);
            const box = range.getClientRects()[0];
            if (box) places.push([which, [box.left, box.right, box.top, box.bottom]]);
        }
    }
    const boxes = [];
    let end = places.length;
    for (let which = words.length - 1; which >= 0; which--) {
        end = places.slice(0, end).findLastIndex(place => place[0] === which);
        if (end < 0) return null;
        boxes.unshift(places[end][1]);
    }
    return boxes;
}";

/// What [`Page::expect_white_space_of`] finds: line ends that look like spaces, with what a teacher
/// says.
pub const LINES_NOT_SHOWN: (&str, &str) = (
    "lines-not-shown",
    "The line ends of a message are on the page, but nothing shows them: in HTML, a line end looks \
     like a space. The style white-space: pre-wrap shows it, which the lesson's page has for the \
     class message. So does a <pre>, or a <br> in the place of each line end.",
);

const EMPTY_LINES_NOT_SHOWN: (&str, &str) = (
    "empty-lines-not-shown",
    "An empty line of a message can't be seen. (An element with nothing in it, such as an empty <p>, \
     has no height.) Put the whole message into one element, with its line ends, and let the style \
     white-space: pre-wrap show them.",
);

const SPACES_NOT_SHOWN: (&str, &str) = (
    "spaces-not-shown",
    "Two spaces of a message are on the page, but a reader sees one: HTML makes one space of \
     several. The style white-space: pre-wrap shows all of them, which the lesson's page has for \
     the class message. So does a <pre>.",
);

/// A page of the student's server in a real browser; from
/// [`Run::browser`](super::Run::browser).
///
/// Elements are named by CSS selectors, such as `textarea[name=message]`.
///
/// ```no_run
/// # use grader::{Run, Verdict};
/// fn scripts_do_not_run(run: &mut Run) -> Verdict {
///     let mut page = run.browser()?;
///     page.open("/")?;
///     page.fill("textarea[name=message]", "<script>alert(1)</script>")?;
///     page.submit("textarea[name=message]")?;
///     if !page.dialogs().is_empty() {
///         return Err(page.wrong("the script in the message does not run"));
///     }
///     page.expect_text("<script>alert(1)</script>")
/// }
/// ```
pub struct Page {
    browser: Browser,
    server: Service,
    until: Instant,
    /// What was done so far.
    steps: Vec<String>,
}

impl Page {
    /// A page of this server. All that is done with it takes this `limit` at most; the time that
    /// the browser took to start is not the check's.
    pub(super) fn new(browser: Browser, server: Service, limit: Duration) -> Self {
        Self {
            until: Instant::now() + limit,
            browser,
            server,
            steps: Vec::new(),
        }
    }

    /// Opens this path of the student's server, or a URL that begins with `http://`,
    /// and waits until all of the page is there.
    ///
    /// # Errors
    ///
    /// If it does not come in time.
    pub fn open(&mut self, path: &str) -> Verdict {
        let url = match path.starts_with("http://") {
            true => path.to_string(),
            false => format!("{}{path}", self.server.url()),
        };
        self.steps.push(format!("open {url}"));
        let until = self.until;
        let opened = self.browser.load(until, |browser| {
            let answer = browser.call("Page.navigate", json!({ "url": url }), until)?;
            match answer["errorText"].as_str() {
                Some(why) => Err(Trouble::Refused(why.into())),
                None => Ok(()),
            }
        });
        opened.map_err(|trouble| self.trouble("a page", &trouble))
    }

    /// Loads the page again, as F5 does. A page that was the answer to a form is
    /// asked for by sending the form again.
    ///
    /// # Errors
    ///
    /// If it does not come in time.
    pub fn reload(&mut self) -> Verdict {
        self.steps.push("reload".into());
        let until = self.until;
        let loaded = self.browser.load(until, |browser| {
            browser.call("Page.reload", json!({}), until).map(drop)
        });
        loaded.map_err(|trouble| self.trouble("the page again", &trouble))
    }

    /// Writes into a field; what was in it is gone.
    ///
    /// # Errors
    ///
    /// If there is no such element.
    pub fn fill(&mut self, selector: &str, text: &str) -> Verdict {
        let field = quoted(text.as_bytes());
        self.steps.push(format!("write {field} into {selector}"));
        let value = json!(text);
        self.on_element(selector, &format!("element.value = {value}"))
            .map(drop)
    }

    /// Clicks on something that changes this page only.
    ///
    /// # Errors
    ///
    /// If there is no such element.
    pub fn click(&mut self, selector: &str) -> Verdict {
        self.steps.push(format!("click on {selector}"));
        self.on_element(selector, "element.click()").map(drop)
    }

    /// Clicks on a link or a button and waits until all of the page that follows is
    /// there.
    ///
    /// # Errors
    ///
    /// If there is no such element, or no page follows (a form that is not filled in
    /// as it demands is not sent).
    pub fn follow(&mut self, selector: &str) -> Verdict {
        self.steps.push(format!("click on {selector}"));
        self.on_element(selector, "0")?;
        self.load_by(&format!(
            "document.querySelector({}).click()",
            json!(selector)
        ))
    }

    /// Presses the button that sends a form, and waits until all of the page that follows is
    /// there. (Other buttons may stand before it.)
    ///
    /// # Errors
    ///
    /// If there is no such form, it has no such button, or no page follows.
    pub fn submit(&mut self, form: &str) -> Verdict {
        let button = self.submit_button(form)?;
        self.load_by(&format!("{button}.click()"))
    }

    /// The same with a form that a script sends, so that no page follows.
    ///
    /// # Errors
    ///
    /// If there is no such form, or it has no such button.
    pub fn press(&mut self, form: &str) -> Verdict {
        let button = self.submit_button(form)?;
        self.evaluate(&format!("{button}.click()")).map(drop)
    }

    /// The script that finds the button that sends a form; `form` is a selector of its own, or of
    /// a field in it.
    fn submit_button(&mut self, form: &str) -> Result<String, Failure> {
        self.steps
            .push(format!("send the form at {form} with its button"));
        self.on_element(form, "0")?;
        let button = format!(
            "(element => {{ const form = element.form ?? element; \
             return [...form.elements, ...form.querySelectorAll('[type=image]')]\
             .find(one => one.type === 'submit' || one.type === 'image'); \
             }})(document.querySelector({}))",
            json!(form)
        );
        match &*self.evaluate(&format!("!!{button}"))? {
            "true" => Ok(button),
            _ => Err(self.wrong("a form with a button that sends it")),
        }
    }

    /// Runs a script that brings another page, and waits until all of that is there.
    fn load_by(&mut self, script: &str) -> Verdict {
        let until = self.until;
        let loaded = self.browser.load(until, |browser| {
            let parameters = json!({"expression": script, "userGesture": true});
            match browser.call("Runtime.evaluate", parameters, until) {
                // The page may be gone before it can say so.
                Ok(_) | Err(Trouble::Refused(_)) => Ok(()),
                Err(other) => Err(other),
            }
        });
        loaded.map_err(|trouble| self.trouble("the page that follows", &trouble))
    }

    /// Posts a field to `/`, with a form of the check's own: the program's may not be there yet. It
    /// stands in what comes for `path`, such as the page of an error. The text may have several lines.
    ///
    /// # Errors
    ///
    /// If `path` gets no page, or none follows the form.
    pub fn post_from(&mut self, path: &str, name: &str, text: &str) -> Verdict {
        self.open(path)?;
        self.evaluate(&format!(
            "document.body.innerHTML = '<form action=\"/\" method=\"post\">\
             <textarea name=\"{name}\"></textarea><button>Post it</button></form>'"
        ))?;
        self.fill(&format!("[name={name}]"), text)?;
        self.follow("button")
    }

    /// The text of the page, as it can be seen.
    ///
    /// # Errors
    ///
    /// If the browser does not answer in time.
    pub fn text(&mut self) -> Result<String, Failure> {
        self.evaluate("document.body.innerText")
    }

    /// The path of the page, with its query string.
    ///
    /// # Errors
    ///
    /// If the browser does not answer in time.
    pub fn path(&mut self) -> Result<String, Failure> {
        self.evaluate("location.pathname + location.search")
    }

    /// How many elements there are of this kind.
    ///
    /// # Errors
    ///
    /// If the browser does not answer in time.
    pub fn count(&mut self, selector: &str) -> Result<usize, Failure> {
        let script = format!("document.querySelectorAll({}).length", json!(selector));
        let number = self.evaluate(&script)?;
        Ok(number.parse().unwrap_or(0))
    }

    /// The value of an expression in JavaScript: a text as it is, anything else as
    /// JSON.
    ///
    /// # Errors
    ///
    /// If it throws, or the browser does not answer in time.
    pub fn evaluate(&mut self, expression: &str) -> Result<String, Failure> {
        let parameters = json!({
            "expression": expression,
            "returnByValue": true,
            "userGesture": true,
        });
        let answer = self
            .browser
            .call("Runtime.evaluate", parameters, self.until)
            .map_err(|trouble| self.trouble("a page that answers", &trouble))?;
        let thrown = &answer["exceptionDetails"]["exception"];
        if let Some(thrown) = thrown["description"].as_str() {
            let line = thrown.lines().next().unwrap_or_default().to_string();
            return Err(self.trouble("a page as the check knows it", &Trouble::Refused(line)));
        }
        Ok(match &answer["result"]["value"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// What `alert`, `confirm` and `prompt` have shown so far; each was closed at
    /// once.
    pub fn dialogs(&self) -> &[String] {
        &self.browser.seen.dialogs
    }

    /// The requests of the browser so far, each step of a redirect by itself, without
    /// those for /favicon.ico.
    ///
    /// # Errors
    ///
    /// If the browser does not answer in time.
    pub fn exchanges(&mut self) -> Result<Vec<Exchange>, Failure> {
        // What was told before the answer to this is noted then.
        self.evaluate("0")?;
        let seen = self.browser.seen.exchanges.iter();
        let exchanges = seen.map(|(_, exchange)| exchange);
        let wanted = exchanges.filter(|exchange| !exchange.url.ends_with("/favicon.ico"));
        Ok(wanted.cloned().collect())
    }

    /// Expects this text anywhere in what can be seen of the page.
    ///
    /// # Errors
    ///
    /// If it is not there.
    pub fn expect_text(&mut self, text: &str) -> Verdict {
        if self.text()?.contains(text) {
            return Ok(());
        }
        let text = quoted(text.as_bytes());
        Err(self.wrong(format!("a page that shows this text:\n{text}")))
    }

    /// Expects that this text does not stand behind white space of the page's own that its style
    /// shows: a reader takes that for a part of the text. (White space behind it can hardly be
    /// seen, and with other words before it, it is no part.)
    ///
    /// # Errors
    ///
    /// If there is such white space.
    pub fn expect_no_space_before(&mut self, text: &str) -> Verdict {
        let script = format!(
            "[...document.querySelectorAll('body, body *')]\
             .filter(element => element.innerText?.includes({})).at(-1)?.innerText ?? ''",
            json!(text)
        );
        // The innermost element that has it.
        let seen = self.evaluate(&script)?;
        if seen.trim() != text || seen.starts_with(text) {
            return Ok(());
        }
        let (text, seen) = (quoted(text.as_bytes()), quoted(seen.as_bytes()));
        let failure = self.failure(
            format!("a page that shows just this text in its place:\n{text}"),
            format!("a page on which a reader sees this there:\n{seen}"),
        );
        Err(space_before(failure))
    }

    /// Expects that of a [`spaced_message`] with these words, a reader sees the lines, the empty line
    /// and the two spaces. What a program has taken out of it, or where nobody sees its words, is a
    /// matter of other checks.
    ///
    /// # Errors
    ///
    /// If something of it is in the source, and the style of the page does not show it.
    pub fn expect_white_space_of(&mut self, words: [&str; 5]) -> Verdict {
        let boxes = self.evaluate(&format!("({BOXES})({})", json!(words)))?;
        let Ok([one, two, three, four, five]) = serde_json::from_str::<[[f64; 4]; 5]>(&boxes)
        else {
            return Ok(());
        };
        let source = self.evaluate("document.documentElement.outerHTML")?;
        let between = |from: usize| {
            let (_, rest) = source.rsplit_once(words[from])?;
            let (between, _) = rest.split_once(words[from + 1])?;
            Some(between)
        };
        let [left, right, top, bottom] = [0, 1, 2, 3];
        let below = |lower: [f64; 4], upper: [f64; 4]| lower[top] - upper[top];
        let half = (one[bottom] - one[top]) / 2.0;
        let in_one_line = below(three, one).abs() < half;
        let gap = |before: [f64; 4], behind: [f64; 4]| behind[left] - before[right];
        let (expected, (name, says)) = if below(four, three) < half {
            if between(2) != Some("\n") {
                return Ok(());
            }
            ("the lines of the message below each other", LINES_NOT_SHOWN)
        } else if below(five, four) < 1.5 * below(four, three) {
            if between(3) == between(2) {
                return Ok(());
            }
            let expected = "an empty line before the last line of the message";
            (expected, EMPTY_LINES_NOT_SHOWN)
        } else if in_one_line && gap(two, three) < 1.5 * gap(one, two) {
            if between(1) != Some("  ") {
                return Ok(());
            }
            let expected = "two spaces behind the second word of the message";
            (expected, SPACES_NOT_SHOWN)
        } else {
            return Ok(());
        };
        Err(self.wrong(expected).because(name, says))
    }

    /// Expects to be on this path, query string included.
    ///
    /// # Errors
    ///
    /// If the page has another one.
    pub fn expect_path(&mut self, path: &str) -> Verdict {
        if self.path()? == path {
            return Ok(());
        }
        Err(self.wrong(format!("to be on the page {path}")))
    }

    /// The failure of a check that did not find what it expected on the page:
    /// `return Err(page.wrong("one message, not two"))`.
    pub fn wrong(&mut self, expected: impl Into<String>) -> Failure {
        let there = self.there();
        self.failure(expected.into(), there)
    }

    /// Does something with the first element that fits, which the script calls
    /// `element`.
    fn on_element(&mut self, selector: &str, script: &str) -> Result<String, Failure> {
        let found = self.count(selector)?;
        if found == 0 {
            return Err(self.wrong(format!("an element {selector} on the page")));
        }
        let selector = json!(selector);
        self.evaluate(&format!(
            "{{ const element = document.querySelector({selector}); {script} }}"
        ))
    }

    /// What is there now, in words.
    fn there(&mut self) -> String {
        let until = Instant::now() + Duration::from_secs(1);
        let script = "[location.href, document.body ? document.body.innerText : ''].join('\\n')";
        let parameters = json!({"expression": script, "returnByValue": true});
        let answer = self.browser.call("Runtime.evaluate", parameters, until);
        let text = answer.ok().and_then(|answer| {
            let text = answer["result"]["value"].as_str()?;
            let (url, text) = text.split_once('\n')?;
            let lines = body_lines(text.as_bytes(), 12).join("\n");
            Some(format!("the page {url} with this text:\n{lines}"))
        });
        let mut there = text.unwrap_or_else(|| "no page".into());
        for dialog in self.dialogs() {
            there += &format!("\nand a dialog: {}", quoted(dialog.as_bytes()));
        }
        there
    }

    fn trouble(&mut self, expected: &str, trouble: &Trouble) -> Failure {
        let came = trouble.words();
        self.failure(expected.into(), came)
    }

    fn failure(&self, expected: String, came: String) -> Failure {
        let plain = |text: &String| self.server.with_usual_port(text);
        let mut done: Vec<String> = self.steps.iter().map(plain).collect();
        done.push(format!(
            "(in a browser, with this running: {})",
            self.server.command()
        ));
        Failure::new(Why::Wrong(Wrong {
            done,
            expected,
            came: plain(&came),
            ..Wrong::default()
        }))
    }
}

//! The pages in a real browser: they change without a reload, what comes from a program runs
//! nowhere, and a page of another origin gets nothing done.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use grader::{Browser, Trouble};
use serde_json::json;

use crate::stage::{self, Stage, failed, passed, serve};

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// A browser, or `None` where there is none.
pub fn browser() -> Option<Browser> {
    match Browser::start() {
        Ok(browser) => Some(browser),
        Err(why) => {
            println!("not tried: {why}");
            None
        }
    }
}

pub fn open(browser: &mut Browser, url: &str) {
    let loaded = browser.load(soon(), |browser| {
        browser
            .call("Page.navigate", json!({ "url": url }), soon())
            .map(drop)
    });
    loaded.unwrap_or_else(|trouble| panic!("{url}: {}", trouble.words()));
}

/// What a script on the page gives.
pub fn evaluate(browser: &mut Browser, script: &str) -> serde_json::Value {
    let value = evaluate_here(browser, script);
    value.unwrap_or_else(|| panic!("{script}: the page was left meanwhile"))
}

/// What a script on the page gives; nothing if the browser leaves the page while it runs.
fn evaluate_here(browser: &mut Browser, script: &str) -> Option<serde_json::Value> {
    let asked = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
    let result = match browser.call("Runtime.evaluate", asked, soon()) {
        Err(Trouble::Refused(words)) if words.contains("navigated") => return None,
        result => result.unwrap_or_else(|trouble| panic!("{script}: {}", trouble.words())),
    };
    assert!(result["exceptionDetails"].is_null(), "{script}: {result}");
    Some(result["result"]["value"].clone())
}

pub fn until(browser: &mut Browser, script: &str) {
    let began = Instant::now();
    while evaluate_here(browser, script) != Some(json!(true)) {
        assert!(began.elapsed() < Duration::from_secs(20), "{script}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn a_page_changes_without_a_reload_and_nothing_of_a_program_runs() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    open(&mut browser, &stage.url("/lessons/1_greeter/"));
    evaluate(&mut browser, "window.same = true");
    until(&mut browser, "document.body.dataset.live === 'yes'");
    until(
        &mut browser,
        "/Step 1: open/.test(document.getElementById('step-1-is').textContent)",
    );
    let hostile =
        "<script>window.ran = 1; alert(1)</script><img src=x onerror='window.ran = 2; alert(2)'>";
    stage.events(&[failed(1, "GET / answers 200", hostile)]);
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    until(
        &mut browser,
        "/1 check fails/.test(document.getElementById('step-1-is').textContent)",
    );
    // It is shown where it belongs, and as text.
    let shown = evaluate(
        &mut browser,
        "document.querySelector('.came .wire').textContent",
    );
    assert!(
        shown
            .as_str()
            .is_some_and(|shown| shown.contains("onerror='window.ran")),
        "{shown}"
    );
    assert_eq!(
        evaluate(
            &mut browser,
            "document.querySelectorAll('img[src=x], section script').length"
        ),
        json!(0)
    );
    // What a reader has folded stays folded.
    evaluate(
        &mut browser,
        "document.querySelector('.failed > details').open = false",
    );
    stage.events(&[failed(1, "GET / answers 200", "another")]);
    stage.save("fn main() { 2; todo!(\"step 2: bye\") }");
    until(
        &mut browser,
        "/another/.test(document.querySelector('.came .wire').textContent)",
    );
    assert_eq!(
        evaluate(
            &mut browser,
            "document.querySelector('.failed > details').open"
        ),
        json!(false)
    );
    assert_eq!(
        evaluate(&mut browser, "[window.same, window.ran === undefined]"),
        json!([true, true])
    );
    assert!(
        browser.seen.dialogs.is_empty(),
        "{:?}",
        browser.seen.dialogs
    );
}

/// What nobody has folded is as it comes: of the checks that fail, the first one is open.
#[test]
fn the_first_check_that_fails_is_open_whichever_it_is() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    let (first, second) = ("GET / answers 200", "it is polite");
    stage.events(&[failed(1, first, "x"), failed(1, second, "x")]);
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    open(&mut browser, &stage.url("/lessons/1_greeter/"));
    let are = |are: &str| {
        format!(
            "[...document.querySelectorAll('.failed > details')].map(d => d.open).join() === '{are}' \
             && !document.querySelector('.busy')"
        )
    };
    until(&mut browser, &are("true,false"));
    stage.events(&[passed(1, first), failed(1, second, "x")]);
    stage.save("fn main() { 2; todo!(\"step 2: bye\") }");
    until(&mut browser, &are("true"));
    // What was folded and has passed since is open when it fails anew.
    evaluate(
        &mut browser,
        "document.querySelector('.failed > details').open = false",
    );
    stage.events(&[passed(1, first), passed(1, second)]);
    stage.save("fn main() { 3; todo!(\"step 2: bye\") }");
    until(&mut browser, &are(""));
    stage.events(&[passed(1, first), failed(1, second, "x")]);
    stage.save("fn main() { 4; todo!(\"step 2: bye\") }");
    until(&mut browser, &are("true"));
}

/// Of what is on the wire, the latest exchange is open, and what was opened by hand.
#[test]
fn the_wire_does_not_grow_into_a_heap() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    stage.program("Hello");
    open(&mut browser, &stage.url("/lessons/1_greeter/run/"));
    until(&mut browser, "document.body.dataset.live === 'yes'");
    let click = |browser: &mut Browser, what: &str| {
        evaluate(
            browser,
            &format!("document.querySelector('{what}').click()"),
        );
    };
    click(&mut browser, "button.main");
    let are = |are: &str| {
        format!(
            "[...document.querySelectorAll('#wire details')].map(d => d.open).join() === '{are}'"
        )
    };
    until(&mut browser, &are("true"));
    // What is sent by hand is answered beside it.
    click(&mut browser, ".by-hand summary");
    click(&mut browser, ".by-hand button");
    until(&mut browser, &are("true,false"));
    click(&mut browser, "#wire details:last-of-type summary");
    click(&mut browser, ".by-hand button");
    until(&mut browser, &are("true,false,true"));
    let is_near = "document.querySelector('#wire summary').getBoundingClientRect().top \
                   - document.querySelector('.by-hand button').getBoundingClientRect().bottom";
    let gap = evaluate(&mut browser, is_near).as_f64();
    assert!(
        gap.is_some_and(|gap| (0.0..200.0).contains(&gap)),
        "{gap:?}"
    );
}

#[test]
fn a_page_of_another_origin_gets_nothing_done() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let other = listener.local_addr().expect("an address").port();
    serve(listener, "<!DOCTYPE html><title>x</title>");
    // "localhost" with another port is another origin, and the same site: what the page of a
    // student's program is.
    open(&mut browser, &format!("http://127.0.0.1:{other}/"));
    // Even if it knew a secret that is in its path.
    let root = stage.served.root.trim_end_matches('/');
    let learn = format!("http://127.0.0.1:{}{root}", stage.served.port);
    let post = format!(
        "fetch('{learn}/lessons/1_greeter/check', {{method: 'POST', mode: 'no-cors'}}).then(a => a.type, e => 'failed')"
    );
    let sent = evaluate(&mut browser, &post);
    assert!(sent == json!("opaque") || sent == json!("failed"), "{sent}");
    let read = format!("fetch('{learn}/').then(a => a.text()).then(t => 'read', e => 'refused')");
    assert_eq!(evaluate(&mut browser, &read), json!("refused"));
    let frame = format!(
        "new Promise(done => {{ const frame = document.createElement('iframe'); frame.src = '{learn}/'; \
         frame.onload = () => {{ try {{ done(frame.contentDocument ? 'readable' : 'closed') }} catch (e) {{ done('closed') }} }}; \
         document.body.append(frame) }})"
    );
    assert_eq!(evaluate(&mut browser, &frame), json!("closed"));
    // A form that is sent by itself leaves the page, and is refused.
    let loaded = browser.load(soon(), |browser| {
        let form = format!(
            "const form = document.createElement('form'); form.method = 'post'; \
             form.action = '{learn}/lessons/1_greeter/check'; document.body.append(form); form.submit()"
        );
        browser.call("Runtime.evaluate", json!({"expression": form}), soon()).map(drop)
    });
    loaded.unwrap_or_else(|trouble| panic!("{}", trouble.words()));
    let said = evaluate(&mut browser, "document.body.textContent");
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("Only a page of this server")),
        "{said}"
    );
    assert_eq!(stage.runs(), 0, "nothing was started");
}

#[test]
fn a_name_that_was_made_to_point_here_is_not_answered() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    // To a browser, each name that ends so is this computer: a stranger's name that was made to
    // point here (DNS rebinding), without a name server.
    let url = format!("http://stranger.localhost:{}/", stage.served.port);
    open(&mut browser, &url);
    let said = evaluate(&mut browser, "document.body.textContent");
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("answers to localhost alone")),
        "{said}"
    );
    // To that name, it is its own origin, so the browser lets it ask and read.
    for method in ["GET", "POST"] {
        let ask = format!(
            "fetch('/lessons/1_greeter/check', {{method: '{method}'}}).then(answer => answer.status)"
        );
        assert_eq!(evaluate(&mut browser, &ask), json!(421), "{method}");
    }
    assert_eq!(stage.runs(), 0, "nothing was started");
}

/// On a system that does not tell whose a connection is: from what `--open` opens to the wire of
/// a program, by what a student does.
#[test]
fn a_browser_goes_through_the_course_below_a_secret() {
    let Some(mut browser) = browser() else { return };
    let mut stage = Stage::with(|asked| {
        asked.untold = true;
        asked.open = true;
    });
    let opened = || fs::read_to_string(stage.folder.path().join("opened"));
    stage::until("something is opened", || opened().is_ok());
    // All users of a computer see what a program is started with.
    let page = opened().expect("a file").trim().to_string();
    assert!(!page.contains(&stage.served.root), "{page}");
    let mode = fs::metadata(&page).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    open(&mut browser, &format!("file://{page}"));
    let is_at = |path: &str| format!("location.href === '{}'", stage.url(path));
    until(&mut browser, &is_at("/"));
    until(&mut browser, "document.body.dataset.live === 'yes'");
    let click = |browser: &mut Browser, what: &str, path: &str| {
        let script = format!("document.querySelector('{what}').click()");
        evaluate_here(browser, &script);
        until(browser, &is_at(path));
        until(browser, "document.body?.dataset.live === 'yes'");
    };
    click(&mut browser, "ol.path a", "/lessons/1_greeter/");
    // Its style and its picture come, too.
    let looks = "fetch(document.querySelector('main img').src)\
                 .then(a => [getComputedStyle(document.body).margin, a.status])";
    assert_eq!(evaluate(&mut browser, looks), json!(["0px", 200]));
    stage.events(&[failed(1, "GET / answers 200", "x")]);
    stage.save("fn main() { todo!(\"step 2: bye\") }");
    until(
        &mut browser,
        "/1 check fails/.test(document.getElementById('step-1-is').textContent)",
    );
    // What came as news leads on, too.
    click(&mut browser, "#rail a.run", "/lessons/1_greeter/run/");
    stage.program("<title>x</title>it is here");
    evaluate(
        &mut browser,
        "document.querySelector('button.main').click()",
    );
    until(
        &mut browser,
        "/it is here/.test(document.getElementById('wire').textContent)",
    );
    // Neither the program nor what it writes has anything of the secret.
    let secret = stage.served.root.trim_matches('/');
    let wire = evaluate(&mut browser, "document.getElementById('wire').textContent");
    assert!(!wire.to_string().contains(secret), "{wire}");
    assert_eq!(evaluate(&mut browser, "document.cookie"), json!(""));
    let reload = |browser: &mut Browser| browser.call("Page.reload", json!({}), soon()).map(drop);
    let loaded = browser.load(soon(), reload);
    loaded.unwrap_or_else(|trouble| panic!("reload: {}", trouble.words()));
    until(
        &mut browser,
        "/It serves at/.test(document.getElementById('run-is').textContent)",
    );
    evaluate(
        &mut browser,
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'h', bubbles: true}))",
    );
    until(&mut browser, &is_at("/"));
    // It leads there as long as there is somewhere to go.
    stage.end("INT");
    assert!(!fs::exists(&page).expect("the folder"), "{page}");
}

/// A student's page that tries to get at the page around it.
const INTRUDER: &str = "<!DOCTYPE html><title>x</title><script>
try { parent.document.title = 'taken'; } catch (e) { }
try { top.location = 'about:blank#taken'; } catch (e) { }
fetch(document.referrer || '/').catch(() => {});
document.title = 'it ran';
</script>";

#[test]
fn a_students_page_stays_in_its_frame() {
    let Some(mut browser) = browser() else { return };
    let stage = Stage::new();
    stage.program(INTRUDER);
    let url = stage.url("/lessons/1_greeter/run/");
    open(&mut browser, &url);
    until(&mut browser, "document.body.dataset.live === 'yes'");
    evaluate(
        &mut browser,
        "document.querySelector('button.main').click()",
    );
    // The wire tells that the frame has got its page.
    until(
        &mut browser,
        "/it ran/.test(document.getElementById('wire').textContent)",
    );
    std::thread::sleep(Duration::from_millis(500));
    let here = evaluate(&mut browser, "[document.title, location.href]");
    assert_eq!(here, json!(["Your program, lesson 1", url]));
    let inside = "try { document.getElementById('frame').contentWindow.document.title } catch (e) { 'another origin' }";
    assert_eq!(evaluate(&mut browser, inside), json!("another origin"));
}

//! The checks of lesson 13, parallelometer: requests that are counted while they are under way. A
//! request is kept under way by its body, which the check sends when it likes; no check looks at
//! a clock.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use grader::{
    Act, Answer, Begun, Draw, Expect, Failure, Mistakes, Model, Run, Seen, Service, Status, Verdict,
};
use grader::{Whole, get, post, request};

const HTML: &str = "text/html; charset=utf-8";
const SVG: &str = "image/svg+xml";
const FRAMES: usize = 16;

/// How long a check waits for what comes soon, if it comes.
const PATIENCE: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    grader::lesson!(Parallelometer)
        .check(1, 2, "a request under way is counted", one)
        .check(1, 2, "so are five, in whatever order they end", five)
        .check(
            1,
            1,
            "one whose client breaks off is counted down",
            broken_off,
        )
        .example(1, 0, "an upload has any length", Whole, |draw| {
            let lengths = [0, 1 + draw.below(1000), 200_000 + draw.below(100_000)];
            lengths.map(|length| post("/upload").body("x".repeat(length as usize)))
        })
        .check(1, 1, "160 requests leave nothing behind", many)
        .check(1, 0, "nor do thousands, eight at a time", thousands)
        .check(1, 0, "frames are under way side by side", side_by_side)
        .check(
            1,
            0,
            "a frame says how many there were when it came",
            when_it_came,
        )
        .check(2, 2, "after a panic, the count is right", panics)
        .check(
            2,
            1,
            "a request that panics changes no other",
            panics_meanwhile,
        )
        .example(3, 1, "GET / answers a page", Status, |_| [get("/")])
        .example(3, 2, "it has sixteen frames", Whole, |draw| {
            [get("/".to_string() + &draw.query())]
        })
        .example(3, 1, "the chart is an SVG", Whole, |_| [get("/chart.svg")])
        .check(3, 2, "its line shows each change", chart)
        .check(3, 0, "also of thousands of requests", each_recorded)
        .check(
            3,
            0,
            "a browser has six requests under way at once",
            in_a_browser,
        )
        .sessions(1)
        .grade()
}

// What is right of single requests.

/// What a parallelometer answers. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    /// The addresses of the frames.
    frames: Vec<String>,
    /// Whether a frame has an end tag of its own.
    ends_frames: bool,
    /// Whether the page that they belong on is there.
    has_page: bool,
    /// Whether the comment whose place they take is still there.
    has_comment: bool,
    page: u16,
    kind: String,
    chart_kind: String,
    /// How many bytes of an upload are read.
    reads: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            frames: addresses(1..=FRAMES),
            ends_frames: true,
            has_page: true,
            has_comment: false,
            page: 200,
            kind: HTML.into(),
            chart_kind: SVG.into(),
            reads: usize::MAX,
        }
    }
}

/// The addresses of frames with these numbers.
fn addresses(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    let numbers = numbers.into_iter();
    numbers.map(|number| format!("/frame/{number}")).collect()
}

struct Parallelometer;

impl Model for Parallelometer {
    type Knobs = Knobs;
    type State = ();

    fn expect(knobs: &Knobs, (): &mut (), act: &Act) -> Option<Expect> {
        let asked = act.asked()?;
        match (&*asked.method, asked.path()) {
            ("GET", "/") => {
                let page = Expect::step(3)
                    .status(knobs.page)
                    .field("Content-Type", &*knobs.kind);
                let page = match knobs.has_page {
                    true => page.has_tag("a", &[("href", "/chart.svg")]),
                    false => page.body_lacks("/chart.svg"),
                };
                // (What becomes of the comment without frames, nobody sees.)
                let page = match (knobs.has_comment, knobs.frames.is_empty()) {
                    (_, true) => page,
                    (true, _) => page.body_has("<!-- frames -->"),
                    (false, _) => page.body_lacks("<!-- frames -->"),
                };
                // A browser takes the others for the text inside of the first one.
                let seen = match knobs.ends_frames {
                    true => &knobs.frames[..],
                    false => &knobs.frames[..1],
                };
                let page = seen.iter().fold(page, |page, address| {
                    page.has_tag("iframe", &[("src", address)])
                });
                // (None is missing, and none is too many.)
                let others = addresses(0..FRAMES + 4).into_iter();
                let others = others.filter(|address| !knobs.frames.contains(address));
                let page = match knobs.frames.is_empty() {
                    true => page.body_lacks("<iframe"),
                    false => page,
                };
                let page = match knobs.ends_frames {
                    true => page,
                    false => {
                        let page = page.body_lacks("</iframe");
                        knobs.frames.iter().fold(page, Expect::body_has)
                    }
                };
                Some(others.fold(page, |page, address| {
                    page.body_lacks(format!("\"{address}\""))
                }))
            }
            ("GET", "/chart.svg") => {
                let chart = Expect::step(3).status(200);
                Some(
                    chart
                        .field("Content-Type", &*knobs.chart_kind)
                        .body_has("<polyline"),
                )
            }
            ("POST", "/upload") => {
                let length = asked.body.as_ref().map_or(0, |body| body.len());
                let answer = Expect::step(1).status(200);
                let read = length.min(knobs.reads);
                Some(answer.body(format!("{read} bytes\n")))
            }
            // What they count, the functions ask.
            (_, "/count" | "/fail" | "/upload" | "/" | "/chart.svg") => None,
            // A frame takes half a second.
            (_, path) if path.starts_with("/frame/") => None,
            ("GET" | "POST", path) if !path.starts_with("//") => Some(Expect::step(1).status(404)),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, (): &()) -> Vec<Act> {
        let counted = match draw.below(3) {
            0 => post("/upload").body(draw.text()),
            1 => post(draw.path()).body(draw.text()),
            _ => get(draw.path() + &draw.query()),
        };
        match draw.below(3) {
            0 => vec![counted, get("/".to_string() + &draw.query())],
            1 => vec![counted, get("/chart.svg".to_string() + &draw.query())],
            _ => vec![counted],
        }
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        mistakes
            .wrong(
                "fifteen-frames",
                "There are fifteen frames: the last one is missing. 1..16 ends before 16, and 1..=16 \
                 has it.",
                |knobs| knobs.frames = addresses(1..FRAMES),
            )
            .wrong(
                "frames-from-zero",
                "The frames are numbered from 0 to 15. They are /frame/1 to /frame/16.",
                |knobs| knobs.frames = addresses(0..FRAMES),
            )
            .wrong(
                "no-frames",
                "There are no frames on the page. Put them in the place of the comment in page.html: \
                 replace gives you the page with them.",
                |knobs| knobs.frames = Vec::new(),
            )
            .wrong(
                "frames-alone",
                "The frames are sent alone, without the page that they belong on: its heading and its link to \
                 the chart are missing. Send PAGE, with the frames in the place of the comment.",
                |knobs| knobs.has_page = false,
            )
            .wrong(
                "comment-stays",
                "The comment <!-- frames --> is still on the page. The frames belong in its place, and not in front \
                 of the page or behind it: PAGE.replace(\"<!-- frames -->\", &frames).",
                |knobs| knobs.has_comment = true,
            )
            .wrong(
                "one-frame",
                "All frames have the same address, so a browser may ask for it once. Put the number \
                 into the address: /frame/1, /frame/2, and so on.",
                |knobs| knobs.frames = addresses([1]),
            )
            .wrong(
                "frames-without-end",
                "Your frames have no </iframe>. A / at the end of the first tag does not end a frame, so a \
                 browser takes all that follows for the text inside of the first one, and asks for that \
                 one only: <iframe src=\"/frame/1\"></iframe>.",
                |knobs| knobs.ends_frames = false,
            )
            .wrong(
                "page-as-text",
                "The page is sent as text/plain, so a browser shows its tags. It is text/html.",
                |knobs| knobs.kind = "text/plain; charset=utf-8".into(),
            );
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        if asked.path() == "/upload"
            && let Some(read) = answer.text().strip_suffix(" bytes\n")
            && let Ok(read) = read.parse()
        {
            mistakes.wrong(
                "upload-cut",
                format!(
                    "Of a long upload, only the first {read} bytes are read and counted. Read all of it: io::copy of \
                     request.body() does."
                ),
                move |knobs| knobs.reads = read,
            );
        }
        if asked.path() == "/" {
            let frames = sources(&answer.text());
            let first = frames.first().cloned().unwrap_or_default();
            mistakes.wrong(
                "other-frame-addresses",
                format!(
                    "The first frame has the address {first:?}. The frames are /frame/1, /frame/2 and so \
                     on to /frame/16, with both slashes, and each of them once."
                ),
                move |knobs| knobs.frames.clone_from(&frames),
            );
        }
        let kind = answer.field("Content-Type").unwrap_or_default().to_string();
        if asked.path() == "/chart.svg" && kind != SVG {
            mistakes.wrong(
                "other-chart-type",
                "The Content-Type of the chart is not image/svg+xml, so a browser does not draw it.",
                move |knobs| knobs.chart_kind.clone_from(&kind),
            );
        }
    }
}

/// The addresses of the frames on this page.
fn sources(page: &str) -> Vec<String> {
    let source = |tag: &str| {
        let (_, value) = tag.split_once('>')?.0.split_once("src=")?;
        let ends = |c: char| c.is_whitespace() || c == '"' || c == '\'';
        let source = value.trim_start_matches(['"', '\'']).split(ends).next();
        source.map(str::to_string)
    };
    page.split("<iframe").skip(1).filter_map(source).collect()
}

// What needs several requests at the same time.

/// An upload that is under way: the server has asked for its body.
struct Upload(TcpStream);

impl Upload {
    /// Begins one, and waits until the program reads it.
    fn begin(service: &Service) -> Result<Self, Failure> {
        Self::begin_by("POST", service)
    }

    /// The same, by another method: a handler that does not look at it does the same.
    fn begin_by(method: &str, service: &Service) -> Result<Self, Failure> {
        let head = format!(
            "{method} /upload HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        );
        let begun = connect(service).and_then(|mut stream| {
            stream.write_all(head.as_bytes())?;
            let mut came = Vec::new();
            while !came.ends_with(b"\r\n\r\n") {
                came.push(byte(&mut stream)?);
            }
            Ok((stream, String::from_utf8_lossy(&came).into_owned()))
        });
        let came = match begun {
            Ok((stream, came)) if came.starts_with("HTTP/1.1 100 ") => return Ok(Self(stream)),
            Ok((_, came)) => came,
            Err(error) => error.to_string(),
        };
        // What is wrong with an upload alone, a simple one shows.
        service
            .ask(post("/upload").body("12345"))?
            .expect_body("5 bytes\n")?;
        let done = ["POST /upload, with Expect: 100-continue"];
        let is_answered = came.starts_with("HTTP/1.1 2");
        let wrong = service.wrong(&done, "HTTP/1.1 100 Continue, when the body is read", came);
        Err(match is_answered {
            true => wrong.because(
                "body-not-awaited",
                "An upload is answered before its body has come. Its length in the head is only what the client \
                 has promised: read the body to its end, as the starter does, and answer then. Meanwhile, the \
                 request is under way.",
            ),
            false => wrong,
        })
    }

    /// Sends the body, and waits for the answer.
    fn finish(mut self, service: &Service) -> Verdict {
        let mut came = String::new();
        let sent = self.0.write_all(b"12345");
        let read = sent.and_then(|()| self.0.read_to_string(&mut came));
        if read.is_ok() && came.ends_with("\r\n\r\n5 bytes\n") {
            return Ok(());
        }
        let done = ["POST /upload, with a body that comes later"];
        let wrong = service.wrong(&done, "the answer \"5 bytes\"", &*came);
        Err(match came.contains("attempt to subtract with overflow") {
            true => wrong.because(TWICE.0, TWICE.1),
            false => wrong,
        })
    }
}

fn connect(service: &Service) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, service.port())))?;
    stream.set_read_timeout(Some(2 * PATIENCE))?;
    Ok(stream)
}

fn byte(stream: &mut TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// Waits until this number of requests are under way, as the program says. (One whose client has
/// broken off ends some time later.) Returns what it says at last.
fn count(service: &Service, expected: usize) -> Result<String, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        let answer = service.get("/count")?;
        answer.expect_status(200)?;
        let said = answer.text().trim().to_string();
        if said == expected.to_string() || Instant::now() > until {
            return Ok(said);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The failure of a count that is not what it should be.
fn miscounted(service: &Service, done: &str, expected: usize, said: &str) -> Failure {
    let expected = format!("GET /count says {expected}");
    let came = format!("GET /count says {said}");
    service.wrong(&[done], expected, came)
}

const NOT_COUNTED: (&str, &str) = (
    "not-counted",
    "While a request is under way, /count says 0. Count up before work is called, and down when it \
     has returned. (A guard that is bound to _ is dropped at once. Give it a name, such as _counted.)",
);

const FRAME_NOT_COUNTED: (&str, &str) = (
    "frame-not-counted",
    "A frame does not count itself: while an upload is under way, the number in it is 1. All requests are \
     counted but those for /, /count and /chart.svg.",
);

/// The failure of an upload or a frame that is not counted: what is counted tells why.
fn not_counted(service: &Service, wrong: Failure) -> Failure {
    let is_counted = || {
        let frame = service.begin(get("/frame/1"));
        // (Who counts up and down at once may be seen in between, but hardly twice.)
        let mut seen = 0;
        while seen < 2 && !frame.is_done() {
            let said = service.get("/count")?.text().trim().to_string();
            seen += usize::from(said == "1");
        }
        frame.answer()?;
        Ok::<bool, Failure>(seen == 2)
    };
    if !is_counted().unwrap_or(false) {
        let (name, says) = match count_of_an_upload(service) {
            Ok(said) if said == "1" => FRAME_NOT_COUNTED,
            _ => NOT_COUNTED,
        };
        return wrong.because(name, says);
    }
    let by_get = || {
        let upload = Upload::begin_by("GET", service)?;
        let said = count(service, 1)?;
        upload.finish(service)?;
        Ok::<bool, Failure>(said == "1")
    };
    match by_get().unwrap_or(false) {
        true => wrong.because(
            "only-get-counted",
            "A request by GET is counted, and one by POST is not. Only the path says whether a request is \
             counted: all are but those for /, /count and /chart.svg.",
        ),
        false => wrong.because(
            "upload-not-counted",
            "A frame is counted, and an upload is not. All requests are counted but those for /, /count and \
             /chart.svg.",
        ),
    }
}

const COUNTS_ITSELF: (&str, &str) = (
    "counts-itself",
    "/count says one too many: it counts itself. Count only in the last arm, for the paths that work \
     answers.",
);

const COUNTED_TWICE: (&str, &str) = (
    "counted-twice",
    "One request is counted twice: the number goes up by two when it comes. One guard for each request, in \
     handle, is enough.",
);

/// The failure of a count that is one more than it should be: what it says when nothing is under way
/// tells why.
fn one_too_many(run: &mut Run, wrong: Failure) -> Failure {
    let idle = run.program().serve().and_then(|idle| idle.get("/count"));
    let (name, says) = match idle.is_ok_and(|answer| answer.text().trim() == "0") {
        true => COUNTED_TWICE,
        false => COUNTS_ITSELF,
    };
    wrong.because(name, says)
}

const LEFT_OVER: (&str, &str) = (
    "not-counted-down",
    "When all requests are over, /count still says that some are under way. Count down when work has \
     returned, whatever it returns: a ? in between would leave before.",
);

const TWICE: (&str, &str) = (
    "counted-down-twice",
    "The number is counted down more often than up: below 0, a usize goes on at the top, with \
     18446744073709551615. For each request, fetch_sub may run once. If the drop of your guard has it, no \
     other line may.",
);

const PUT_BACK: (&str, &str) = (
    "put-back",
    "When requests end in another order than they began, the number is wrong: you store a number that \
     you read before. Others have changed it meanwhile. fetch_add and fetch_sub change what is there now.",
);

/// Whether /count shows what becomes of a usize below 0.
fn is_below_zero(said: &str) -> bool {
    said.parse().is_ok_and(|number: u64| number > u64::MAX / 2)
}

/// The failure of a number that is wrong when requests have ended. What it does with two that
/// overlap tells why.
fn wrong_behind(run: &mut Run, said: &str, wrong: Failure) -> Verdict {
    if is_below_zero(said) {
        return Err(wrong.because(TWICE.0, TWICE.1));
    }
    if run.program().serve()?.get("/count")?.text().trim() != "0" {
        return Err(wrong.because(COUNTS_ITSELF.0, COUNTS_ITSELF.1));
    }
    let counts = of_two(run)?;
    Err(match counts.each_ref().map(String::as_str) {
        ["4", ..] => wrong.because(COUNTED_TWICE.0, COUNTED_TWICE.1),
        // Two that end in the other order than they began do no harm to one who puts back.
        [_, "0", _] => wrong.because(PUT_BACK.0, PUT_BACK.1),
        [_, "1" | "2", _] => wrong.because(LEFT_OVER.0, LEFT_OVER.1),
        _ => wrong,
    })
}

/// What /count says of two uploads that overlap: of both, when the first one is over, and when the
/// second one is.
fn of_two(run: &mut Run) -> Result<[String; 3], Failure> {
    let service = run.program().serve()?;
    let (one, two) = (Upload::begin(&service)?, Upload::begin(&service)?);
    let both = count(&service, 2)?;
    one.finish(&service)?;
    let second = count(&service, 1)?;
    two.finish(&service)?;
    Ok([both, second, count(&service, 0)?])
}

fn one(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let upload = Upload::begin(&service)?;
    let said = count(&service, 1)?;
    if said != "1" {
        let wrong = miscounted(&service, "while one upload is under way", 1, &said);
        return Err(match &*said {
            "0" => not_counted(&service, wrong),
            "2" => one_too_many(run, wrong),
            _ => wrong,
        });
    }
    frame_says_two(&service, upload)?;
    nothing_left(run, &service, "after an upload that is done")
}

/// Asks for a frame while an upload is under way, which is finished then. Returns the frame, and
/// whether it came meanwhile.
fn frame_meanwhile(service: &Service, upload: Upload) -> Result<(Answer, bool), Failure> {
    let frame = service.begin(get("/frame/1"));
    let meanwhile = frame.is_done_within(PATIENCE);
    upload.finish(service)?;
    Ok((frame.answer()?, meanwhile))
}

/// A frame is counted, too, and says so: with an upload under way, there are two.
fn frame_says_two(service: &Service, upload: Upload) -> Verdict {
    let (mut answer, mut meanwhile) = frame_meanwhile(service, upload)?;
    if !meanwhile {
        // A busy computer may be late once.
        (answer, meanwhile) = frame_meanwhile(service, Upload::begin(service)?)?;
    }
    if !meanwhile {
        let wrong = service.wrong(
            &["while one upload is under way", "GET /frame/1"],
            "the frame, after half a second",
            "the frame only when the upload was done",
        );
        return Err(wrong.because(ONE_AT_A_TIME.0, ONE_AT_A_TIME.1));
    }
    answer.expect_status(200)?;
    let number = number_in(&answer);
    if number == Some(2) {
        return Ok(());
    }
    let wrong = answer.wrong("a frame with the number 2: it and the upload are under way");
    Err(match number {
        Some(1) => wrong.because(FRAME_NOT_COUNTED.0, FRAME_NOT_COUNTED.1),
        Some(3) => wrong.because(
            "frame-counted-twice",
            "A frame is counted twice: while an upload is under way, the number in it is 3. One guard for each \
             request, in handle, is enough.",
        ),
        _ => wrong,
    })
}

/// The number in a frame.
fn number_in(frame: &Answer) -> Option<usize> {
    let text = frame.text();
    let body = text.split_once("<body>").map_or(&*text, |(_, body)| body);
    let shown = grader::model::shown(body);
    let mut numbers = shown.split(|c: char| !c.is_ascii_digit());
    numbers.find(|digits| !digits.is_empty())?.parse().ok()
}

const ONE_AT_A_TIME: (&str, &str) = (
    "one-at-a-time",
    "While one request is under way, the next one waits until it is over. Most likely each of them holds a \
     lock as long as it is counted. Lock for the moment in which you write the change, and let the lock go \
     at once.",
);

/// How often something is tried that a busy computer may be too slow for.
const TRIES: usize = 3;

/// The number of frames that are asked at once: fewer than the threads of the server.
const MANY_FRAMES: usize = 12;

/// A frame takes half a second, and holds up nobody.
fn side_by_side(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    nobody_waits_for_a_frame(&service)?;
    let (mut most, mut number) = (0, 0);
    for _ in 0..TRIES {
        let frames: Vec<_> = (1..=MANY_FRAMES)
            .map(|at| service.begin(get(format!("/frame/{at}"))))
            .collect();
        while most < MANY_FRAMES && !frames.iter().all(Begun::is_done) {
            let said = service.get("/count")?.text().trim().parse();
            most = most.max(said.unwrap_or(0));
        }
        for frame in frames {
            let frame = frame.answer()?;
            frame.expect_status(200)?;
            number = number.max(number_in(&frame).unwrap_or(0));
        }
        if most >= MANY_FRAMES {
            return Ok(());
        }
    }
    let wrong = service.wrong(
        &[&format!("{MANY_FRAMES} frames, asked at the same time")],
        format!("GET /count says {MANY_FRAMES} meanwhile"),
        format!("it says {most} at the most"),
    );
    Err(match most.max(number) {
        0 => not_counted(&service, wrong),
        1 => wrong.because(ONE_AT_A_TIME.0, ONE_AT_A_TIME.1),
        _ => wrong.because(FEW_THREADS.0, FEW_THREADS.1),
    })
}

const FEW_THREADS: (&str, &str) = (
    "few-threads",
    "Your server has too few threads: of many frames that are asked at once, some wait until others are over, \
     and who waits for a thread is not counted. To see what a browser does, leave main as it was: .threads(32).",
);

/// While a frame is under way, /count is answered again and again.
fn nobody_waits_for_a_frame(service: &Service) -> Verdict {
    let mut most = 0;
    for _ in 0..TRIES {
        let frame = service.begin(get("/frame/1"));
        let mut answered = 0;
        while !frame.is_done() {
            service.get("/count")?.expect_status(200)?;
            answered += usize::from(!frame.is_done());
            std::thread::sleep(Duration::from_millis(20));
        }
        frame.answer()?.expect_status(200)?;
        most = most.max(answered);
        // One may be answered before the frame begins, and one when it ends.
        if most > 2 {
            return Ok(());
        }
    }
    let wrong = service.wrong(
        &["GET /frame/1", "GET /count meanwhile, again and again"],
        "answers at once",
        "an answer when the frame was done",
    );
    let frame = service.begin(get("/frame/1"));
    std::thread::sleep(Duration::from_millis(100));
    service.get("/")?;
    // Who waited for the frame's thread has this page when the frame is over, or next to it.
    Err(match frame.is_done_within(Duration::from_millis(150)) {
        // This page needs no number, and so no lock.
        false => wrong.because(
            "lock-while-sleeping",
            "While a frame takes its half second, /count waits for it, and so does the next frame: the frame \
             holds a lock while it sleeps. Copy the number, let the guard go, and sleep then.",
        ),
        true => wrong.because(FEW_THREADS.0, FEW_THREADS.1),
    })
}

/// An upload that is under way when a frame comes ends before the frame does.
fn when_it_came(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let mut late = None;
    for _ in 0..TRIES {
        let upload = Upload::begin(&service)?;
        let frame = service.begin(get("/frame/3"));
        let said = count(&service, 2)?;
        // It is counted, and has seen the number soon after.
        std::thread::sleep(Duration::from_millis(100));
        upload.finish(&service)?;
        let is_over = frame.is_done();
        let frame = frame.answer()?;
        frame.expect_status(200)?;
        if is_over || said != "2" {
            continue;
        }
        match number_in(&frame) {
            // A busy computer may be late once.
            Some(1) if late.is_none() => late = Some(frame),
            Some(1) => {
                let wrong = frame.wrong(
                    "a frame with the number 2: an upload was under way when it came, and ended before the \
                     half second was over",
                );
                return Err(wrong.because(
                    "number-too-late",
                    "A frame says how many requests are under way when its half second is over. It is to say \
                     how many there were when it came: look at the number first, and sleep then.",
                ));
            }
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// When this is done, no request is under way.
fn nothing_left(run: &mut Run, service: &Service, done: &str) -> Verdict {
    let said = count(service, 0)?;
    if said == "0" {
        return Ok(());
    }
    wrong_behind(run, &said, miscounted(service, done, 0, &said))
}

fn five(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let mut uploads = Vec::new();
    for number in 1..=5 {
        uploads.push(Upload::begin(&service)?);
        let said = count(&service, number)?;
        if said != number.to_string() {
            let wrong = miscounted(&service, "uploads that are under way", number, &said);
            return Err(match &*said {
                "0" => not_counted(&service, wrong),
                more if *more == (number + 1).to_string() => one_too_many(run, wrong),
                _ => wrong,
            });
        }
    }
    // Never just the other way around: the first one ends first.
    let mut order = run.seed().shuffled(vec![1, 2, 3, 4]);
    order.insert(0, 0);
    let mut uploads: Vec<Option<Upload>> = uploads.into_iter().map(Some).collect();
    for (done, at) in order.into_iter().enumerate() {
        uploads[at].take().expect("each once").finish(&service)?;
        let said = count(&service, 4 - done)?;
        if said != (4 - done).to_string() {
            let what = format!("five uploads, {} of them done", done + 1);
            let wrong = miscounted(&service, &what, 4 - done, &said);
            let is = |number: usize| said == number.to_string();
            // The first one to end was the first to come: none was there before it.
            return Err(match done {
                _ if is(5) => wrong.because(LEFT_OVER.0, LEFT_OVER.1),
                _ if is(5usize.wrapping_sub(2 * (done + 1))) => wrong.because(TWICE.0, TWICE.1),
                _ if is(at) => wrong.because(PUT_BACK.0, PUT_BACK.1),
                _ => wrong,
            });
        }
    }
    Ok(())
}

fn broken_off(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    drop(Upload::begin(&service)?);
    nothing_left(run, &service, "after an upload whose client broke off")
}

fn many(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    let path = run.seed().path();
    for _ in 0..10 {
        let begun: Vec<_> = (0..16).map(|_| service.begin(get(&*path))).collect();
        for one in begun {
            one.answer()?.expect_status(404)?;
        }
    }
    nothing_left(run, &service, "after 160 requests, 16 at a time")
}

/// How often a check begins anew that looks for what seldom happens.
const ROUNDS: usize = 8;

/// The same for one with more requests, in which it happens less seldom.
const LONG_ROUNDS: usize = 4;

/// Two threads must count within the same nanoseconds for a change to be lost. Among thousands of
/// requests, some do.
fn thousands(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    service
        .ask(post("/upload").body("12345"))?
        .expect_body("5 bytes\n")?;
    for _ in 0..ROUNDS {
        // What is answered is a matter of other checks.
        service.ask_often(&post("/upload").body("12345"), 8, 250);
        let said = count(&service, 0)?;
        if said == "0" {
            continue;
        }
        let wrong = miscounted(
            &service,
            "after 2000 uploads, on eight connections",
            0,
            &said,
        );
        if of_two(run)? != ["2", "1", "0"] {
            return wrong_behind(run, &said, wrong);
        }
        return Err(wrong.because(
            "change-lost",
            "Of many requests that begin or end at the same time, some are not counted up, or not counted down. \
             You read the number, and write it in another step: in between, another thread may have changed it, \
             and that is lost. fetch_add and fetch_sub do both in one step.",
        ));
    }
    Ok(())
}

const AFTER_PANIC: (&str, &str) = (
    "not-after-a-panic",
    "A panic leaves the function at once, and what stands behind it is not run: the request stays \
     counted for ever. What is dropped on the way out is dropped, though. Count down in the drop of \
     a guard.",
);

/// Asks for /fail, of a program that counts what does not fail, when nothing else is under way.
fn fails_alone(service: &Service) -> Verdict {
    fails(service)?;
    let said = service.get("/count")?.text().trim().to_string();
    if is_below_zero(&said) {
        let wrong = miscounted(service, "after GET /fail", 0, &said);
        return Err(wrong.because(TWICE.0, TWICE.1));
    }
    Ok(())
}

/// Asks for /fail, of a program that counts what does not fail.
fn fails(service: &Service) -> Verdict {
    let upload = service.ask(post("/upload").body("12345"))?;
    upload.expect_body("5 bytes\n")?;
    let answer = service.get("/fail")?;
    answer.expect_status(500)?;
    // The page of a panic says where it was. (In a release build, it does not.)
    if cfg!(debug_assertions) && !answer.text().contains(".rs, line ") {
        let wrong = answer.wrong("the page that the server sends when a handler has panicked");
        return Err(wrong.because(
            "no-panic",
            "/fail answers 500 by itself, and does not panic. So nothing shows what becomes of the number \
             when a handler panics. Write panic!(\"This handler panics on purpose.\") in its place.",
        ));
    }
    Ok(())
}

fn panics(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    for _ in 0..3 {
        fails_alone(&service)?;
    }
    let said = count(&service, 0)?;
    if said == "0" {
        return Ok(());
    }
    let wrong = miscounted(&service, "after three times GET /fail", 0, &said);
    match &*said {
        "3" => Err(wrong.because(AFTER_PANIC.0, AFTER_PANIC.1)),
        _ => wrong_behind(run, &said, wrong),
    }
}

fn panics_meanwhile(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    service.ask(post("/upload").body("12345"))?;
    let over = count(&service, 0)?;
    if is_below_zero(&over) {
        let wrong = miscounted(&service, "after an upload that is done", 0, &over);
        return Err(wrong.because(TWICE.0, TWICE.1));
    }
    // What is wrong with /fail alone, the check before this one says.
    fails_alone(&service)?;
    let upload = Upload::begin(&service)?;
    let before = count(&service, 1)?;
    if before == "0" {
        let wrong = miscounted(&service, "while one upload is under way", 1, &before);
        return Err(not_counted(&service, wrong));
    }
    fails(&service)?;
    let said = count(&service, 1)?;
    let wrong = miscounted(
        &service,
        "an upload under way, and GET /fail meanwhile",
        1,
        &said,
    );
    match &*said {
        "1" => upload.finish(&service),
        "0" => Err(wrong.because(
            "reset",
            "After a panic, /count says 0, and an upload is still under way: do not set the number \
             back. Count down by one.",
        )),
        // Both calls of /fail are counted still.
        "3" => Err(wrong.because(AFTER_PANIC.0, AFTER_PANIC.1)),
        _ => wrong_behind(run, &said, wrong),
    }
}

/// The numbers and times of the chart's line.
fn line(service: &Service) -> Result<Vec<(f64, f64)>, Failure> {
    let answer = service.get("/chart.svg")?;
    answer.expect_status(200)?;
    let text = answer.text();
    let points = text.split_once("<polyline points=\"").map(|(_, rest)| rest);
    let points = points.and_then(|rest| Some(rest.split_once('"')?.0));
    let points = points.map(str::to_string).unwrap_or_default();
    if points.trim().is_empty() && text.contains("<polyline points=\"") {
        return Ok(Vec::new());
    }
    let point = |point: &str| {
        let (time, number) = point.split_once(',')?;
        Some((time.parse().ok()?, number.parse().ok()?))
    };
    let read: Option<Vec<_>> = points.split_whitespace().map(point).collect();
    let run_together = points
        .split_whitespace()
        .any(|part| part.matches(',').count() > 1);
    let read = read.filter(|points| !points.is_empty());
    read.ok_or_else(|| {
        let wrong = answer.wrong("a line with points such as 1200,-0 1200,-1");
        match run_together {
            true => wrong.because(
                "points-run-together",
                "The points of the line cannot be told apart: between two of them belongs a space, also between \
                 the last one of a change and the first one of the next: 1200,-0 1200,-1 1450,-1 1450,-2.",
            ),
            false => wrong,
        }
    })
}

/// The same, when it ends with this number, or some time later.
fn line_to(service: &Service, number: f64) -> Result<Vec<(f64, f64)>, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        let line = line(service)?;
        let ends = line.last().is_some_and(|last| last.1.abs() == number);
        if ends || Instant::now() > until {
            return Ok(line);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How long nothing happens, for a difference that is to be seen in the chart.
const PAUSE: Duration = Duration::from_millis(120);

/// The number of requests that come quickly, one after the other. Who keeps only some of the changes
/// keeps fewer, most likely.
const MORE: usize = 600;

/// The numbers of a line that is wrong in one place, and what is wrong with it. (Right are 0 1, 1 2,
/// 2 1, 1 0.)
const LINES: [(&[f64], &str, &str); 15] = [
    (
        &[],
        "no-points",
        "The line has no points, though there were requests. Either `record` is not called when the \
         number changes, or `points` does not return what it has put together.",
    ),
    (
        &[0.0, 1.0, 1.0, 2.0],
        "only-up-recorded",
        "The line goes up, and never down: only the changes when a request begins are in it. Call record \
         when you count down, too, with the new number.",
    ),
    (
        &[0.0, 1.0, 1.0, 0.0],
        "only-down-recorded",
        "Only the changes when a request ends are in the line. Call record when you count up, too, with \
         the new number.",
    ),
    (
        &[0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 1.0],
        "old-number-recorded",
        "The line is one change late: what is recorded is the number before each change. fetch_add and \
         fetch_sub give the old number. The new one is one more, or one less.",
    ),
    (
        &[0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0],
        "old-number-down",
        "The line is late on its way down, and does not come back to 0: what is recorded when a request \
         ends is the number before. fetch_sub gives the old number. The new one is one less.",
    ),
    (
        &[0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 2.0],
        "one-more-down",
        "The line goes up when a request ends: what is recorded is one more than the number before, as at \
         its beginning. fetch_sub gives the number before, too, and the new one is one less.",
    ),
    (
        &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        "old-number-up",
        "The line is late on its way up: what is recorded when a request begins is the number before. \
         fetch_add gives the old number. The new one is one more.",
    ),
    (
        &[1.0, 2.0, 2.0, 1.0, 1.0, 0.0],
        "first-change-missing",
        "The first change, from 0 to 1, is not in the line. Pairs of neighbours, such as those of windows(2), \
         are one fewer than the changes: the number before the first one is 0, and stands nowhere in the history.",
    ),
    (
        &[1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 0.0],
        "begins-at-one",
        "The line begins at 1. Nobody was under way when the server began: the number before the first \
         change is 0.",
    ),
    (
        &[0.0, 1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0],
        "before-forgotten",
        "The line falls to 0 between two changes: the first point of each change is at 0. Its number is \
         that of the change before. Keep it in a variable, at the end of the loop.",
    ),
    (
        &[0.0, 1.0, 1.0, 2.0, 0.0, 1.0, 0.0, 0.0],
        "before-guessed",
        "The number before a change is taken to be one less than the new one. On the way down it is one \
         more. Keep the number of the change before in a variable, at the end of the loop.",
    ),
    (
        &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        NOT_COUNTED.0,
        NOT_COUNTED.1,
    ),
    (
        &[0.0, 1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 1.0],
        PUT_BACK.0,
        PUT_BACK.1,
    ),
    (
        &[
            0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 3.0, 3.0, 2.0, 2.0, 1.0, 1.0, 0.0,
        ],
        COUNTED_TWICE.0,
        COUNTED_TWICE.1,
    ),
    (
        &[1.0, 0.0, 2.0, 1.0, 1.0, 2.0, 0.0, 1.0],
        "points-swapped",
        "The two points of each change are in the wrong order. First comes the one with the number before \
         the change, then the one with the number behind it.",
    ),
];

fn chart(run: &mut Run) -> Verdict {
    let before = Instant::now();
    let service = run.program().serve()?;
    looks_are_left_out(&service)?;
    // What comes in the same millisecond, another part of this check has.
    let later = || std::thread::sleep(Duration::from_millis(3));
    let one = Upload::begin(&service)?;
    later();
    let two = Upload::begin(&service)?;
    later();
    one.finish(&service)?;
    // Until it is in the chart, so that the order is sure.
    let drawn = line_to(&service, 1.0)?;
    if line(&service)?.len() < drawn.len() {
        let wrong = service.wrong(
            &["two uploads", "GET /chart.svg", "GET /chart.svg"],
            "a line that still has what it had",
            "a shorter one",
        );
        return Err(wrong.because(
            "history-taken",
            "The second chart does not have what the first one had: points takes the history away when it \
             looks at it. Leave it where it is, and only look, with iter.",
        ));
    }
    later();
    two.finish(&service)?;
    let line = line_to(&service, 0.0)?;
    let heights: Vec<f64> = line.iter().map(|(_, number)| 0.0 - number).collect();
    let mut levels = heights.clone();
    levels.dedup();
    let done = "two uploads, one beginning and one ending while the other is under way";
    let shown = |numbers: &[f64]| {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers.join(" ")
    };
    let wrong = |expected: &str, came: &[f64]| {
        let came = format!("the numbers of its points are {}", shown(came));
        service.wrong(&[done, "GET /chart.svg"], expected, came)
    };
    let steps =
        "a line that goes 0 1 2 1 0, with a point before and behind each change: 0 1 1 2 2 1 1 0";
    if levels.iter().any(|number| *number > 1e18) {
        return Err(wrong(steps, &heights).because(TWICE.0, TWICE.1));
    }
    if heights.is_empty() && count_of_an_upload(&service).is_ok_and(|said| said == "0") {
        return Err(not_counted(&service, wrong(steps, &heights)));
    }
    let is_above = |number: &f64| *number > 0.0;
    if heights.iter().any(is_above) && levels.iter().any(|number| *number < 0.0) {
        return Err(wrong(steps, &heights).because(
            "one-without-minus",
            "The line jumps between numbers above 0 and below: some of its points have a minus, and others \
             do not. Both points of a change have one: 1200,-2 1200,-3.",
        ));
    }
    if levels.iter().any(|number| *number < 0.0) {
        return Err(wrong(steps, &heights).because(
            "upside-down",
            "The line is upside down. In an SVG, y grows downwards, so the points have the number \
             with a minus: 1200,-3.",
        ));
    }
    if let Some((_, name, says)) = LINES.iter().find(|(line, ..)| *line == heights) {
        return Err(wrong(steps, &heights).because(name, *says));
    }
    let ups_and_downs = [0.0, 1.0, 2.0, 1.0, 0.0];
    if levels == ups_and_downs[1..] || levels == ups_and_downs {
        let times_rise = line.windows(2).all(|pair| pair[0].0 <= pair[1].0);
        if !times_rise {
            return Err(service.wrong(
                &[done, "GET /chart.svg"],
                "points whose times rise",
                "times that go back",
            ));
        }
        // A change is upright: two points of one time.
        let upright = line.windows(2).filter(|pair| pair[0].1 != pair[1].1);
        if upright.clone().count() == 4 && upright.clone().all(|pair| pair[0].0 == pair[1].0) {
            return goes_on(run, &service, &line, before);
        }
        return Err(wrong(steps, &heights).because(
            "slanting",
            "The line slants from one number to the next, as if there were two and a half requests \
             in between. Each change needs two points at its time: one with the number before it, \
             one with the number behind it.",
        ));
    }
    Err(wrong(steps, &heights))
}

/// What /count says while an upload is under way.
fn count_of_an_upload(service: &Service) -> Result<String, Failure> {
    let upload = Upload::begin(service)?;
    let said = count(service, 1)?;
    upload.finish(service)?;
    Ok(said)
}

/// Before anything else came, those that only look have left no step in the chart.
fn looks_are_left_out(service: &Service) -> Verdict {
    for path in ["/chart.svg", "/count", "/"] {
        service.get(path)?;
        if line(service)?.iter().all(|(_, number)| *number == 0.0) {
            continue;
        }
        let wrong = service.wrong(
            &[&format!("GET {path}"), "GET /chart.svg"],
            "a line without a step: nothing was counted yet",
            "a line with one",
        );
        return Err(match path {
            "/count" => wrong.because(COUNTS_ITSELF.0, COUNTS_ITSELF.1),
            _ => wrong.because(
                "look-counted",
                format!(
                    "GET {path} is a step in the chart. It only looks, and is not counted, as /, /count and \
                     /chart.svg are not: all others are."
                ),
            ),
        });
    }
    Ok(())
}

/// The chart has what comes next, too, and forgets nothing.
fn goes_on(run: &mut Run, service: &Service, before: &[(f64, f64)], began: Instant) -> Verdict {
    let path = run.seed().path();
    std::thread::sleep(PAUSE);
    let after = is_a_step(service, before, &format!("GET {path}"), get(&*path))?;
    let times = [before.last(), after.get(before.len())];
    if let [Some((last, _)), Some((next, _))] = times {
        // Between the two was this pause at least; and neither can be later than now.
        let passed = began.elapsed().as_millis() as f64;
        if next - last < PAUSE.as_millis() as f64 - 1.0 || *next > passed {
            let wrong = service.wrong(
                &[
                    "an upload",
                    &format!("{} milliseconds later, GET {path}", PAUSE.as_millis()),
                    "GET /chart.svg",
                ],
                "points whose times are in milliseconds",
                format!("the time {last}, and then {next}"),
            );
            return Err(wrong.because(
                "not-milliseconds",
                "The times of the points are not in milliseconds since the start. The chart counts in \
                 milliseconds, and so does the history: a point has the time as it is there.",
            ));
        }
    }
    // Whatever is asked of a path that is not there, and however.
    let others = [
        ("POST", path.clone()),
        ("HEAD", path.clone()),
        ("DELETE", path.clone()),
        ("GET", format!("{path}?{}=1", run.seed().word())),
        ("GET", format!("/count{path}")),
    ];
    let after = others
        .into_iter()
        .try_fold(after, |line, (method, target)| {
            let done = format!("{method} {target}");
            is_a_step(service, &line, &done, request(method, target))
        })?;
    let expected = changes(&after).len() + 2 * MORE;
    for _ in 0..MORE {
        service.get(&path)?;
    }
    // The last one may be counted down a little later than it is answered.
    let until = Instant::now() + PATIENCE;
    let later = loop {
        let later = line(service)?;
        if changes(&later).len() >= expected || Instant::now() > until {
            break later;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let done = format!("{MORE} times GET {path}");
    if later.first() != before.first() {
        let wrong = service.wrong(
            &[&*done, "GET /chart.svg"],
            "a chart from the start of the server until now",
            format!("it has {} points, and had {}", later.len(), after.len()),
        );
        return Err(wrong.because(
            "beginning-lost",
            "The chart goes from the start of the server until now, and yours has lost its beginning: keep \
             every change.",
        ));
    }
    if changes(&later).len() >= expected {
        return fail_is_in(service, &later);
    }
    let wrong = service.wrong(
        &[&*done, "GET /chart.svg"],
        format!("{expected} changes"),
        changes(&later).len().to_string(),
    );
    Err(wrong.because(
        "changes-left-out",
        "Not every change is in the chart. Each has two points in it, also if several come in the same \
         millisecond: they stand above each other.",
    ))
}

/// The changes of a line, with the numbers before and behind each. (Points that change nothing may
/// stand in it, such as a last one for now.)
fn changes(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let pairs = line.windows(2).map(|pair| (-pair[0].1, -pair[1].1));
    pairs.filter(|(before, behind)| before != behind).collect()
}

/// A request that gets 404 is in the chart, once. Returns the line that has it.
fn is_a_step(
    service: &Service,
    before: &[(f64, f64)],
    done: &str,
    act: Act,
) -> Result<Vec<(f64, f64)>, Failure> {
    service.ask(act)?.expect_status(404)?;
    let after = line_to(service, 0.0)?;
    let done = [&*format!("{done}, which gets 404"), "GET /chart.svg"];
    if after.len() <= before.len() {
        let came = format!("it has {} points, and had {}", after.len(), before.len());
        let wrong = service.wrong(&done, "a chart in which that request is, too", came);
        return Err(wrong.because(
            "only-some-counted",
            "A request that gets 404 is not in the chart. All requests are counted, whatever they are \
             answered, but those for /, /count and /chart.svg.",
        ));
    }
    if after[before.len()..].iter().any(|point| point.1 == -2.0) {
        let wrong = service.wrong(&done, "a line that goes on to 1", "it goes up to 2");
        return Err(wrong.because(COUNTED_TWICE.0, COUNTED_TWICE.1));
    }
    Ok(after)
}

/// A request whose handler panics is in the chart as well, from its beginning to its end.
fn fail_is_in(service: &Service, before: &[(f64, f64)]) -> Verdict {
    let answer = service.get("/fail")?;
    answer.expect_status(500)?;
    let until = Instant::now() + PATIENCE;
    let all = loop {
        let all = changes(&line(service)?);
        if all.len() >= changes(before).len() + 2 || Instant::now() > until {
            break all;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let new: Vec<_> = all.into_iter().skip(changes(before).len()).collect();
    const UP: (f64, f64) = (0.0, 1.0);
    if new == [UP, (1.0, 0.0)] {
        return Ok(());
    }
    let shown = new.iter().map(|(from, to)| format!("from {from} to {to}"));
    let shown: Vec<String> = shown.collect();
    let wrong = service.wrong(
        &["GET /fail", "GET /chart.svg"],
        "a line that goes on from 0 to 1, and from 1 to 0",
        match shown.is_empty() {
            true => "no new changes".into(),
            false => format!("it goes on {}", shown.join(", ")),
        },
    );
    Err(match &new[..] {
        below if below.iter().any(|(_, to)| *to > 1e18) => wrong.because(TWICE.0, TWICE.1),
        twice if twice.iter().any(|(_, to)| *to == 2.0) => {
            wrong.because(COUNTED_TWICE.0, COUNTED_TWICE.1)
        }
        [] => wrong.because(
            "fail-not-counted",
            "A request for /fail is not in the chart. It is counted like all others, from its beginning until \
             its handler has panicked: leave its panic in work, behind the guard.",
        ),
        [UP] if count(service, 0)? != "0" => wrong.because(AFTER_PANIC.0, AFTER_PANIC.1),
        [UP] => wrong.because(
            "panic-not-recorded",
            "When a handler panics, the line goes up and does not come down. The number is right, but its \
             change is not recorded: call record in drop in any case, also while a panic passes through.",
        ),
        _ => wrong,
    })
}

/// Who records another number than that of the change does so only if two threads count within the same
/// nanoseconds. Each rise to a number has one fall from it, in whatever order they are recorded: so
/// there are as many changes to an even number as to an odd one, and as many points.
fn each_recorded(run: &mut Run) -> Verdict {
    let service = run.program().serve()?;
    // What is wrong with two that overlap, the check before this one says.
    let (one, two) = (Upload::begin(&service)?, Upload::begin(&service)?);
    one.finish(&service)?;
    line_to(&service, 1.0)?;
    two.finish(&service)?;
    let before = line_to(&service, 0.0)?;
    if changes(&before) != [(0.0, 1.0), (1.0, 2.0), (2.0, 1.0), (1.0, 0.0)] {
        return Ok(());
    }
    let upload = || post("/upload").body("12345");
    for round in 1..=LONG_ROUNDS {
        service.ask_often(&upload(), 8, 500);
        count(&service, 0)?;
        // One more, alone: its end is the last that is recorded.
        service.ask(upload())?.expect_body("5 bytes\n")?;
        let line = line_to(&service, 0.0)?;
        let new = line.len() - before.len().min(line.len());
        // Some that change nothing may be left out.
        if new != round * 4 * 4001 || line.last().is_none_or(|last| last.1 != 0.0) {
            return Ok(());
        }
        let even = |line: &[(f64, f64)]| line.iter().filter(|point| point.1 % 2.0 == 0.0).count();
        if 2 * (even(&line) - even(&before)) == new {
            continue;
        }
        let wrong = service.wrong(
            &[
                "thousands of uploads, on eight connections",
                "GET /chart.svg",
            ],
            "a line in which each rise to a number has its fall from it",
            "a line with a rise or a fall too many",
        );
        return Err(wrong.because(
            "another-number-recorded",
            "What is recorded is not always the number of the change: when many requests begin or end at the \
             same time, it may be that of another one. Do not read the number once more, since another thread \
             may have changed it meanwhile: record one more, or one less, than what fetch_add and fetch_sub \
             give you.",
        ));
    }
    Ok(())
}

fn in_a_browser(run: &mut Run) -> Verdict {
    let mut page = run.browser()?;
    let mut most = 0.0;
    // A busy computer may be late once, so that the first frames are over before the last ones come.
    for _ in 0..TRIES {
        page.open("/")?;
        // All frames are there when the page is.
        page.open("/chart.svg")?;
        let points = page.evaluate("document.querySelector('polyline').getAttribute('points')")?;
        let numbers = points.split_whitespace().filter_map(|point| {
            let number: f64 = point.split_once(',')?.1.parse().ok()?;
            Some(0.0 - number)
        });
        most = numbers.fold(0.0, f64::max);
        if most == 6.0 {
            return Ok(());
        }
    }
    Err(page.wrong(format!(
        "a chart that goes up to 6 requests at once, not to {most}"
    )))
}

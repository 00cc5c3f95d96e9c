//! The checks of lesson 19, file_upload: a board for pictures that come as parts of a form.
//!
//! Each program has a folder of its own for its pictures: the variable PICTURES names it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use grader::record::Request;
use grader::{Act, Draw, Expect, Failure, Limits, Mistakes, Model, Run, Seen, Service};
use grader::{Status, Verdict, Whole, get, post, start};
use http_core::escape_html;
use tempfile::TempDir;

const MIB: usize = 1024 * 1024;

/// The most bytes of a picture, if the environment does not say otherwise.
const LIMIT: usize = 100 * MIB;

/// What the starter takes in one piece has fewer bytes than this.
const SMALL: usize = 1000;

/// What a PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The kinds of pictures: how each is called on the wire, and how its files end.
const KINDS: [(&str, &str); 4] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];

/// A boundary as a browser makes it.
const BOUNDARY: &str = "----WebKitFormBoundaryPq7XmT0vGd4sKzJw";

/// A picture of two pixels.
const DOT: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x02\x00\x00\x00\x01\x08\x02\x00\x00\x00{@\xe8\xdd\x00\x00\x00\x0dIDATx\xdac\x90\x8d\xe9\x07\x22\x00\x06[\x02\x11\x85T\xdbR\x00\x00\x00\x00IEND\xaeB`\x82";

const TEXT: &str = "text/plain; charset=utf-8";

fn main() -> ExitCode {
    let lesson = grader::lesson!(FileUpload)
        .served_folder("PICTURES")
        // 100 MiB are on their way for a while.
        .limits(Limits {
            answer: Duration::from_secs(30),
            ..Limits::default()
        })
        .example(1, 2, "what is sent to /wire comes back", Whole, |draw| {
            [
                post("/wire").body(draw.line()),
                form("/wire", &[text("caption", &draw.line())]),
            ]
        })
        .example(1, 2, "byte for byte, whatever it is", Whole, |draw| {
            let every: Vec<u8> = (0..=255).collect();
            [
                post("/wire").body(every),
                form("/wire", &[file(&picture_name(draw), png(draw, 200))]),
                post("/wire").body(draw.word().repeat(2500)),
                post("/wire").body(""),
            ]
        })
        .example(
            1,
            2,
            "what is no form with files gets 415",
            Status,
            |draw| {
                let word = draw.word();
                let longer = format!("multipart/form-data-{word}; boundary={BOUNDARY}");
                [
                    post("/parts").form(&[("caption", &word)]),
                    post("/parts").body(word),
                    post("/pictures")
                        .field("Content-Type", "image/png")
                        .body(png(draw, 80)),
                    post("/parts")
                        .field("Content-Type", "multipart/form-data")
                        .body(body(&[text("caption", "x")], BOUNDARY)),
                    post("/parts")
                        .field("Content-Type", "multipart/form-data; charset=utf-8")
                        .body(body(&[text("caption", "x")], BOUNDARY)),
                    post("/parts")
                        .field("Content-Type", &longer)
                        .body(body(&[text("caption", "x")], BOUNDARY)),
                ]
            },
        )
        .check(
            1,
            0,
            "all of it, in however many pieces it comes",
            wire_in_pieces,
        )
        .check(
            1,
            0,
            "what passes through takes little memory",
            wire_in_little_memory,
        )
        .check(1, 1, "a form with files is taken for one", taken_for_a_form)
        .check(
            1,
            0,
            "in a browser, one sees what it sends",
            seen_in_a_browser,
        )
        .example(2, 2, "a form of one field is taken apart", Whole, |draw| {
            let field = [text(&draw.word(), &draw.line())];
            // What stands before the first boundary is nothing.
            let [short, long] = [1, 5000].map(|times| draw.word().repeat(times));
            let behind = |before: String| {
                let other = post("/parts").field("Content-Type", content_type(BOUNDARY));
                other.body([before.as_bytes(), b"\r\n", &body(&field, BOUNDARY)].concat())
            };
            [
                form("/parts", &field),
                behind(short),
                behind(long),
                // So is a form without fields.
                form("/parts", &[]),
            ]
        })
        .example(2, 2, "each part is named, with its bytes", Whole, |draw| {
            [form(
                "/parts",
                &[
                    text("caption", &draw.line()),
                    file(&picture_name(draw), png(draw, 300)),
                    text(&draw.word(), ""),
                    file("", ""),
                ],
            )]
        })
        .example(2, 2, "a file may hold any bytes", Whole, |draw| {
            let every: Vec<u8> = (0..=255).rev().collect();
            [
                form("/parts", &[file(&picture_name(draw), every)]),
                form("/parts", &[file(&picture_name(draw), b"\r\n\r\n".to_vec())]),
                form("/parts", &[file(&picture_name(draw), b"a\r".to_vec())]),
                form("/parts", &[file(&picture_name(draw), png(draw, 30_000))]),
            ]
        })
        .example(
            2,
            2,
            "what only looks like a boundary is a part of the file",
            Whole,
            |draw| {
                let with = |content: String| [file("a.bin", content), text("caption", "x")];
                let word = draw.word();
                [
                    form("/parts", &with(format!("{word}--{BOUNDARY}{word}"))),
                    form("/parts", &with(format!("--{BOUNDARY}--\r\n{word}"))),
                    form("/parts", &with(format!("{word}\n--{BOUNDARY}\n"))),
                    form("/parts", &with(format!("\r\n--{}\r\n", &BOUNDARY[..30]))),
                    form("/parts", &with("\r\n--\r\n--\r\n".into())),
                ]
            },
        )
        .example(
            2,
            1,
            "the boundary is what the head says it is",
            Whole,
            |draw| {
                let fields = [text("caption", &draw.line()), file("a.png", png(draw, 90))];
                [
                    form_with("/parts", &fields, "x", "x"),
                    form_with("/parts", &fields, "MixedCase09", "\"MixedCase09\""),
                    form_with("/parts", &fields, "a=b c", "\"a=b c\"; charset=utf-8"),
                ]
            },
        )
        .example(
            2,
            1,
            "a form that ends too early gets 400",
            Status,
            |draw| {
                let whole = body(&[text("caption", &draw.line())], BOUNDARY);
                let cut = |length: usize| {
                    post("/parts")
                        .field("Content-Type", content_type(BOUNDARY))
                        .body(&whole[..length])
                };
                [
                    cut(whole.len() - 4),
                    cut(whole.len() - BOUNDARY.len() - 6),
                    cut(60),
                    cut(10),
                    cut(0),
                ]
            },
        )
        .check(
            2,
            2,
            "the boundary may be cut at any byte on its way",
            cut_anywhere,
        )
        .example(3, 2, "a picture is on the board", Whole, |draw| {
            [
                picture(&picture_name(draw), png(draw, 200)),
                get("/"),
                picture(&picture_name(draw), png(draw, 100)),
                get("/"),
            ]
        });
    steps_3_to_5(lesson).sessions(1).grade()
}

/// The examples of names, of the disk, and of the gallery.
fn steps_3_to_5(lesson: grader::Lesson<FileUpload>) -> grader::Lesson<FileUpload> {
    lesson
        .example(3, 2, "of a path, only its end is shown", Whole, |draw| {
            let names = ["../../", "/etc/", "C:\\cats\\", "a/b\\", "a\\b/", "10:30 "];
            let mut acts: Vec<Act> = names
                .iter()
                .map(|before| picture(&format!("{before}{}", picture_name(draw)), png(draw, 80)))
                .collect();
            acts.push(get("/"));
            acts
        })
        .example(3, 2, "a name is text, and no HTML", Whole, |draw| {
            let word = draw.word();
            [
                picture(&format!("{word} & <b>{word}<b>.png"), png(draw, 80)),
                picture("ねこ.png", png(draw, 81)),
                picture(&format!("{}'s cat.png", draw.word()), png(draw, 82)),
                get("/"),
            ]
        })
        .example(
            3,
            1,
            "a long name is cut, an empty one replaced, tabs and spaces left out",
            Whole,
            |draw| {
                let long = format!("{}{}", draw.word(), "x".repeat(200));
                let letter = draw.pick(&["é", "ね", "🐈"]);
                [
                    picture(&long, png(draw, 80)),
                    picture(&letter.repeat(200), png(draw, 84)),
                    picture("../", png(draw, 81)),
                    picture("  ", png(draw, 86)),
                    picture(&format!("{}\t{}", draw.word(), draw.word()), png(draw, 82)),
                    picture(
                        &format!("{}\u{9b}{}", draw.word(), draw.word()),
                        png(draw, 85),
                    ),
                    picture(&format!("  {} ", picture_name(draw)), png(draw, 83)),
                    get("/"),
                ]
            },
        )
        .example(3, 0, "first it is cut, then the spaces go", Whole, |draw| {
            let (word, spaces) = (draw.word(), " ".repeat(draw.number(1..5) as usize));
            [
                picture(&format!("{spaces}{}", word.repeat(20)), png(draw, 80)),
                picture(&format!("{} {word}", "x".repeat(79)), png(draw, 81)),
                get("/"),
            ]
        })
        .example(
            3,
            0,
            "control characters go before it is cut, and before the spaces",
            Whole,
            |draw| {
                let long = "x".repeat(90);
                let (word, name) = (draw.word(), picture_name(draw));
                let one = draw.pick(&["\t", "\u{1}", "\u{7f}", "\u{9b}"]);
                [
                    picture(&format!("{word}{one}{long}"), png(draw, 80)),
                    picture(&format!("{long}/{one}{name}"), png(draw, 81)),
                    picture(&format!("\u{7f} {name}"), png(draw, 82)),
                    picture(&format!("{name} \u{1}"), png(draw, 83)),
                    get("/"),
                ]
            },
        )
        .example(
            3,
            0,
            "behind the last slash may be nothing",
            Whole,
            |draw| {
                [
                    picture(&format!("{}/", draw.word()), png(draw, 80)),
                    picture(&format!("{}/.", draw.word()), png(draw, 81)),
                    get("/"),
                ]
            },
        )
        .example(
            3,
            0,
            "a field that is no picture is left out, however long it is",
            Whole,
            |draw| {
                let long = draw.word().repeat(5000);
                let name = picture_name(draw);
                [
                    form(
                        "/pictures",
                        &[text("caption", &long), file(&name, png(draw, 80))],
                    ),
                    get("/"),
                ]
            },
        )
        .example(
            3,
            1,
            "the pictures are there when the program starts again",
            Whole,
            |draw| {
                let name = picture_name(draw);
                [
                    picture(&name, png(draw, 80)),
                    picture(&name, png(draw, 90)),
                    Act::Restart,
                    get("/"),
                    picture(&name, png(draw, 100)),
                    get("/"),
                ]
            },
        )
        .check(3, 2, "no name leads out of the folder", names)
        .check(3, 0, "nor has one attributes", no_attributes)
        .example(4, 2, "a picture may be larger", Whole, |draw| {
            [
                picture(&picture_name(draw), png(draw, SMALL)),
                picture(&picture_name(draw), png(draw, 50_000)),
                get("/"),
            ]
        })
        .example(
            4,
            2,
            "up to the limit, and not a byte more",
            Whole,
            |draw| {
                let limit = draw.number(2000..7000) as usize;
                [
                    limited(limit),
                    picture(&picture_name(draw), png(draw, limit)),
                    picture(&picture_name(draw), png(draw, limit + 1)),
                    picture(&picture_name(draw), png(draw, limit - 1)),
                    get("/"),
                ]
            },
        )
        .example(
            4,
            1,
            "of several pictures, all are taken or none",
            Whole,
            |draw| {
                let [one, other] = [picture_name(draw), picture_name(draw)];
                let both = |length: usize, draw: &mut Draw| {
                    form(
                        "/pictures",
                        &[file(&one, png(draw, 1500)), file(&other, png(draw, length))],
                    )
                };
                [
                    limited(5000),
                    both(5001, draw),
                    get("/"),
                    both(5000, draw),
                    get("/"),
                ]
            },
        )
        .check(
            4,
            2,
            "what is too large leaves nothing on the disk",
            too_large,
        )
        .check(4, 2, "half an upload leaves nothing", half)
        .check(
            4,
            0,
            "nor does one during which the server is killed",
            killed,
        )
        .check(
            4,
            1,
            "a picture's beginning may come in two pieces",
            slow_beginning,
        )
        .check(
            4,
            1,
            "what comes waits in the folder of the pictures",
            beside_the_pictures,
        )
        .check(4, 2, "ten uploads at once", ten_at_once)
        .check(4, 2, "100 MiB take little memory", in_little_memory)
        .check(4, 0, "a full disk gets 507, and nothing is left", disk_full)
        .example(5, 2, "a picture comes back as it was", Whole, |draw| {
            [
                picture(&picture_name(draw), png(draw, 300)),
                picture(&picture_name(draw), png(draw, 30_000)),
                get("/pictures/1"),
                get("/pictures/2"),
            ]
        })
        .example(5, 2, "each with the type of its kind", Whole, |draw| {
            let mut acts: Vec<Act> = (0..BEGINNINGS.len())
                .map(|at| {
                    let name = format!("{}.bin", draw.word());
                    picture(&name, begins_with(draw, BEGINNINGS[at].0))
                })
                .collect();
            acts.extend((1..=BEGINNINGS.len()).map(|number| get(format!("/pictures/{number}"))));
            acts
        })
        .example(5, 0, "its first bytes are enough", Whole, |draw| {
            let mut acts: Vec<Act> = SHORT
                .iter()
                .map(|beginning| picture(&picture_name(draw), *beginning))
                .collect();
            acts.extend((1..=SHORT.len()).map(|number| get(format!("/pictures/{number}"))));
            acts
        })
        .example(
            5,
            0,
            "after a start, each kind is found again",
            Whole,
            |draw| {
                let beginnings = [BEGINNINGS[0], BEGINNINGS[1], BEGINNINGS[4], BEGINNINGS[6]];
                let mut acts: Vec<Act> = beginnings
                    .iter()
                    .map(|(beginning, _)| {
                        picture(&picture_name(draw), begins_with(draw, beginning))
                    })
                    .collect();
                acts.push(Act::Restart);
                acts.push(get("/"));
                acts.extend(
                    (1..=beginnings.len()).map(|number| get(format!("/pictures/{number}"))),
                );
                acts
            },
        )
        .example(
            5,
            2,
            "what is no picture gets 415, whatever its name says",
            Whole,
            |draw| {
                let script = format!("<script>alert('{}')</script>", draw.word());
                [
                    picture(&picture_name(draw), script),
                    picture(
                        &picture_name(draw),
                        "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                    ),
                    picture(&picture_name(draw), ""),
                    picture(&picture_name(draw), "RIFF"),
                    get("/"),
                ]
            },
        )
        .example(5, 0, "nor what only looks like one", Whole, |draw| {
            let mut acts: Vec<Act> = OTHERS
                .iter()
                .map(|other| picture(&picture_name(draw), begins_with(draw, other)))
                .collect();
            acts.push(get("/"));
            acts
        })
        .check(5, 0, "and it leaves nothing on the disk", no_picture_left)
        .example(
            5,
            1,
            "a picture that is not there gets 404",
            Status,
            |draw| {
                [
                    picture(&picture_name(draw), png(draw, 80)),
                    get("/pictures/2"),
                    get("/pictures/0"),
                    get(format!("/pictures/{}", draw.word())),
                    get("/pictures/"),
                    get("/pictures/1.png"),
                ]
            },
        )
        .check(5, 0, "a picture is found by its number", by_number)
        .check(
            5,
            0,
            "a picture of 100 MiB is sent in little memory",
            sent_from_disk,
        )
        .check(5, 0, "in a browser, a file is chosen and seen", gallery)
}

// What is done.

/// A part of a form: its head, without the empty line behind it, and its bytes.
struct Piece(String, Vec<u8>);

fn text(name: &str, value: &str) -> Piece {
    let head = format!("Content-Disposition: form-data; name=\"{name}\"");
    Piece(head, value.into())
}

fn file(file_name: &str, content: impl Into<Vec<u8>>) -> Piece {
    let head = format!(
        "Content-Disposition: form-data; name=\"picture\"; filename=\"{file_name}\"\r\n\
         Content-Type: image/png"
    );
    Piece(head, content.into())
}

/// The body of a form.
fn body(pieces: &[Piece], boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for Piece(head, content) in pieces {
        body.extend(format!("--{boundary}\r\n{head}\r\n\r\n").bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    body
}

fn content_type(boundary: &str) -> String {
    format!("multipart/form-data; boundary={boundary}")
}

fn form(path: &str, pieces: &[Piece]) -> Act {
    form_with(path, pieces, BOUNDARY, BOUNDARY)
}

/// The same, with this boundary, which is written like that in the head.
fn form_with(path: &str, pieces: &[Piece], boundary: &str, written: &str) -> Act {
    post(path)
        .field("Content-Type", content_type(written))
        .body(body(pieces, boundary))
}

fn picture(file_name: &str, content: impl Into<Vec<u8>>) -> Act {
    form("/pictures", &[file(file_name, content)])
}

/// The server, with this limit for each picture.
fn limited(limit: usize) -> Act {
    start(&[]).variable("PICTURE_LIMIT", limit.to_string())
}

fn picture_name(draw: &mut Draw) -> String {
    format!("{}.png", draw.word())
}

/// Something that begins as a PNG does, of this length.
fn png(draw: &mut Draw, length: usize) -> Vec<u8> {
    let mut content = PNG.to_vec();
    content.extend(draw.word().bytes());
    content.resize(length.max(PNG.len()), b'.');
    content
}

/// Bytes that are no text.
fn bytes(draw: &mut Draw, length: usize) -> Vec<u8> {
    let factor = 2 * draw.number(1..60) as usize + 1;
    (0..length).map(|at| (at * factor / 8) as u8).collect()
}

fn begins_with(draw: &mut Draw, beginning: &[u8]) -> Vec<u8> {
    let mut content = beginning.to_vec();
    content.extend(draw.word().bytes());
    content
}

/// Beginnings of pictures, with their kinds.
const BEGINNINGS: [(&[u8], usize); 8] = [
    (PNG, 0),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", 1),
    (b"\xff\xd8\xff\xe1\x00\x20Exif", 1),
    (b"\xff\xd8\xff\xdb\x00\x43\x00", 1),
    (b"GIF87a", 2),
    (b"GIF89a", 2),
    (b"RIFF\x24\x00\x00\x00WEBPVP8 ", 3),
    (b"RIFF\xfe\x9a\xff\x01WEBPVP8L", 3),
];

/// Pictures that are no longer than what they begin with.
const SHORT: [&[u8]; 5] = [
    PNG,
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"RIFF\x04\x00\x00\x00WEBP",
];

/// Beginnings of what is no picture, though it looks a little like one.
const OTHERS: [&[u8]; 16] = [
    b"RIFF\x24\x00\x00\x00WAVEfmt ",
    b"RIFX\x00\x00\x00\x24WEBPVP8 ",
    b"RIFFWEBP\x24\x00\x00\x00VP8 ",
    b"\x00\xff\xd8\xff",
    b"GIF89b",
    b"\x89PNG\n\x1a\n",
    b"PNG\r\n\x1a\n",
    b" \x89PNG\r\n\x1a\n",
    b"\xff\xd8\x00\xff",
    b"GIF88a",
    b"GIF8",
    b"gif89a",
    b"WEBPRIFF",
    b"<!DOCTYPE html>\n<img src=x>",
    b"<svg xmlns=\"http://www.w3.org/2000/svg\">",
    b"%PDF-1.7\n",
];

/// What to do next.
fn drawn(draw: &mut Draw, world: &World) -> Vec<Act> {
    match draw.below(30) {
        0 => vec![post("/wire").body(draw.text())],
        1 => {
            let length = draw.below(300) as usize;
            vec![post("/wire").body(bytes(draw, length))]
        }
        2 => vec![no_form(draw)],
        3..=6 => vec![drawn_form(draw)],
        7 | 8 => vec![other_boundary(draw)],
        9 | 10 => vec![cut_form(draw, "/parts")],
        11..=14 => {
            let (name, length) = (file_name(draw), draw.number(8..300) as usize);
            vec![picture(&name, png(draw, length)), get("/")]
        }
        15 => {
            let length = draw.pick(&[SMALL - 1, SMALL, SMALL + 1, 3000, 6000]);
            let name = picture_name(draw);
            vec![picture(&name, png(draw, length)), get("/")]
        }
        16 => {
            let names = [picture_name(draw), picture_name(draw)];
            let [one, other] = names.map(|name| file(&name, png(draw, 90)));
            let caption = match draw.below(4) {
                1 => "x".into(),
                2 => "ab".into(),
                3 => String::new(),
                _ => draw.line(),
            };
            vec![
                form("/pictures", &[text("caption", &caption), one, other]),
                get("/"),
            ]
        }
        17 => vec![cut_form(draw, "/pictures"), get("/")],
        18 | 19 => {
            let limit = draw.number(1500..3500) as usize;
            let near = limit + draw.below(3) as usize - 1;
            let over = limit + draw.number(2..20) as usize;
            let length = draw.pick(&[near, near, near, over, over, 2 * limit, limit / 2]);
            let name = picture_name(draw);
            vec![limited(limit), picture(&name, png(draw, length)), get("/")]
        }
        20 => {
            let name = picture_name(draw);
            let again = match draw.one_in(2) {
                false => Act::Restart,
                true => picture(&name, png(draw, 91)),
            };
            let number = next_number(world);
            vec![
                picture(&name, png(draw, 90)),
                again,
                get("/"),
                get(format!("/pictures/{number}")),
            ]
        }
        21..=23 => {
            let (beginning, _) = draw.pick(&BEGINNINGS);
            let name = claimed_name(draw);
            let number = next_number(world);
            let content = match draw.below(4) {
                3 => draw.pick(&SHORT).to_vec(),
                _ => begins_with(draw, beginning),
            };
            vec![picture(&name, content), get(format!("/pictures/{number}"))]
        }
        24 | 25 => {
            let beginning = draw.pick(&OTHERS);
            let name = claimed_name(draw);
            vec![picture(&name, begins_with(draw, beginning)), get("/")]
        }
        26 => {
            let length = 1 + draw.below(PNG.len() as u64 - 1) as usize;
            vec![picture(&picture_name(draw), &PNG[..length])]
        }
        27 => vec![form("/pictures", &[text("caption", "x"), file("", "")])],
        28 => {
            let number = draw.below(world.pictures.len() as u64 + 3);
            let more = draw.pick(&["", "", "", ".png", "/", "x"]);
            vec![get(format!("/pictures/{number}{more}"))]
        }
        _ => {
            let path = draw.path_near(&["/pictures", "/parts", "/wire", "/"]);
            match draw.one_in(2) {
                false => vec![get(path)],
                true => vec![form(&path, &[text("caption", "x")])],
            }
        }
    }
}

/// A name that a client may give to a picture.
fn file_name(draw: &mut Draw) -> String {
    let name = picture_name(draw);
    match draw.below(24) {
        22 => format!("{}'s {name}", draw.word()),
        23 => format!("{}\\{}/{name}", draw.word(), draw.word()),
        19 => format!(
            "{}\u{7f}{}",
            draw.word(),
            "x".repeat(draw.number(70..100) as usize)
        ),
        20 => format!("{}\\{name}", "x".repeat(draw.number(60..100) as usize)),
        21 => format!("\u{1} {name} \u{1}"),
        18 => format!("{name}{}", draw.pick(&["/", "/."])),
        1 => format!("../../{name}"),
        2 => format!("/tmp/{name}"),
        3 => format!("C:\\Users\\{}\\{name}", draw.word()),
        4 => format!("..\\..\\{name}"),
        5 => format!("<b>{name}</b>"),
        6 => format!("{} & {name}", draw.word()),
        7 => format!("&lt;{name}&gt;"),
        8 => format!("{}.png", draw.line()),
        9 => format!(
            "{}{}",
            draw.word(),
            "x".repeat(draw.number(60..100) as usize)
        ),
        10 => {
            let letter = draw.pick(&["ね", "🐈"]);
            format!(
                "{}{}",
                draw.word(),
                letter.repeat(draw.number(60..100) as usize)
            )
        }
        11 => format!("  {name} "),
        12 => format!("{}\t{name}", draw.word()),
        13 => draw.pick(&["../", "/", "..\\", " ", "\u{7f}"]).into(),
        14 => draw.pick(&["con", "nul", "..", ".", "aux.png", "~"]).into(),
        15 => format!("{}; {name}", draw.word()),
        16 => format!("   {}{}", draw.word(), "x".repeat(100)),
        17 => format!("{}\u{9b}{name}", draw.word()),
        _ => name,
    }
}

/// A name that need not fit to what is in the file.
fn claimed_name(draw: &mut Draw) -> String {
    let extension = draw.pick(&["png", "jpg", "gif", "webp", "html", "PNG", "bin"]);
    format!("{}.{extension}", draw.word())
}

/// A request that brings no form with files.
fn no_form(draw: &mut Draw) -> Act {
    let path = draw.pick(&["/parts", "/pictures"]);
    let content = body(&[text("caption", &draw.word())], BOUNDARY);
    let other = [
        "application/x-www-form-urlencoded".to_string(),
        format!("multipart/mixed; boundary={BOUNDARY}"),
        format!("text/plain; boundary={BOUNDARY}"),
        "multipart/form-data".to_string(),
        "multipart/form-data; charset=utf-8".to_string(),
        format!("multipart/form-data-{}; boundary={BOUNDARY}", draw.word()),
        "image/png".to_string(),
    ];
    match draw.below(8) {
        0 => post(path).body(content),
        at => post(path)
            .field("Content-Type", &other[at as usize - 1])
            .body(content),
    }
}

/// The bytes of a part, near those that end one.
fn content(draw: &mut Draw) -> Vec<u8> {
    let word = draw.word();
    match draw.below(16) {
        1 => Vec::new(),
        2 => format!("\r\n{word}\r\n").into(),
        3 => format!("{word}--{BOUNDARY}").into(),
        4 => format!("--{BOUNDARY}--\r\n{word}").into(),
        5 => format!("{word}\n--{BOUNDARY}\n").into(),
        6 => format!("{word}\r--{BOUNDARY}\r\n").into(),
        7 => {
            let end = draw.below(BOUNDARY.len() as u64) as usize;
            format!("{word}\r\n--{}", &BOUNDARY[..end]).into()
        }
        8 => format!("{word}\r").into(),
        9 => format!("{word}\r\n\r\n--").into(),
        10 => format!("\r\n\r\n{word}: x\r\n\r\n").into(),
        11 => (0..=255).collect(),
        12 => format!("{word}\r\n\r\n--{}", BOUNDARY.to_lowercase()).into(),
        13 => {
            let length = draw.below(300) as usize;
            bytes(draw, length)
        }
        _ => word.into(),
    }
}

/// A form that is right.
fn drawn_form(draw: &mut Draw) -> Act {
    let mut pieces = Vec::new();
    for _ in 0..1 + draw.below(3) {
        let content = content(draw);
        pieces.push(match draw.below(10) {
            0 | 1 => Piece(text(&draw.word(), "").0, content),
            9 => {
                let head = format!("Content-Disposition:form-data; name=\"{}\"", draw.word());
                Piece(head, content)
            }
            2 => {
                let head = format!("content-disposition: form-data; name=\"{}\"", draw.word());
                Piece(head, content)
            }
            3 => {
                let name = draw.word();
                let head = format!(
                    "Content-Type: text/plain\r\nX-{name}: y\r\n\
                     Content-Disposition: form-data; name={name}; filename={name}.txt"
                );
                Piece(head, content)
            }
            4 => file("", ""),
            5 => {
                // As mail programs do.
                let (name, other) = (draw.word(), draw.word());
                let head = format!(
                    "Content-Disposition: form-data; name=\"{name}\"\r\n\
                     Content-Type: image/png; name=\"{other}\""
                );
                Piece(head, content)
            }
            _ => file(&file_name(draw), content),
        });
    }
    let mut whole = body(&pieces, BOUNDARY);
    match draw.below(10) {
        // What stands before the first boundary, and behind the last one, is nothing.
        5 => whole = [draw.word().as_bytes(), b"\r\n", &whole].concat(),
        6 | 7 => whole = [b"\r\n", &whole[..]].concat(),
        8 => whole.extend(draw.word().bytes()),
        9 => whole.truncate(whole.len() - 2),
        _ => {}
    }
    post("/parts")
        .field("Content-Type", content_type(BOUNDARY))
        .body(whole)
}

/// A form with another boundary.
fn other_boundary(draw: &mut Draw) -> Act {
    let word = draw.word();
    let name = draw.pick(&["Caption", "caption"]);
    let pieces = [text(name, &draw.word()), file("a.png", png(draw, 20))];
    let with = |boundary: &str, header: &str| {
        post("/parts")
            .field("Content-Type", header)
            .body(body(&pieces, boundary))
    };
    let upper = word.to_uppercase();
    match draw.below(8) {
        1 => with(&word, &format!("multipart/form-data; boundary=\"{word}\"")),
        2 => with(&upper, &format!("multipart/form-data; boundary={upper}")),
        3 => with(&word, &format!("Multipart/Form-Data; Boundary={word}")),
        4 => with(
            &word,
            &format!("multipart/form-data; charset=utf-8; boundary={word}"),
        ),
        5 => with(
            &word,
            &format!("multipart/form-data;boundary={word};charset=utf-8"),
        ),
        6 => {
            let spaced = format!("{word} :?={word}");
            with(
                &spaced,
                &format!("multipart/form-data; boundary=\"{spaced}\""),
            )
        }
        7 => with("-", "multipart/form-data; boundary=-"),
        _ => with(&word, &format!("multipart/form-data; boundary={word}")),
    }
}

/// A form that ends too early.
fn cut_form(draw: &mut Draw, path: &str) -> Act {
    let pieces = [
        file(&picture_name(draw), png(draw, 80)),
        text("caption", &draw.word()),
    ];
    let mut whole = body(&pieces, BOUNDARY);
    // With the last line end, or without it, it would be whole.
    let most = whole.len() as u64 - 4;
    let least = match path {
        "/pictures" => find(&whole, PNG).unwrap_or(0) as u64,
        _ => 0,
    };
    // As long as the rest could be a boundary, nothing of the picture is sure; then its first bytes.
    let sure = least + BOUNDARY.len() as u64 + 4;
    whole.truncate(match draw.below(4) {
        0 => most as usize,
        3 => draw.number(sure..sure + 12) as usize,
        _ => draw.number(least..most) as usize,
    });
    post(path)
        .field("Content-Type", content_type(BOUNDARY))
        .body(whole)
}

// What is right.

#[derive(Clone, Debug, PartialEq)]
struct Picture {
    number: usize,
    name: String,
    /// The number that is shown.
    length: usize,
    kind: usize,
    content: Vec<u8>,
}

#[derive(Clone)]
struct World {
    pictures: Vec<Picture>,
    limit: usize,
    /// Words in the names of what was not taken.
    refused: Vec<String>,
    restarted: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            pictures: Vec::new(),
            limit: LIMIT,
            refused: Vec::new(),
            restarted: false,
        }
    }
}

/// A part of a form, as it is read.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    name: String,
    file_name: Option<String>,
    content: Vec<u8>,
}

/// A form that is taken apart.
#[derive(Default)]
struct Apart {
    parts: Vec<Part>,
    /// The part in which it breaks off, if it does so in the content of one.
    half: Option<Part>,
    /// The number of bytes of that part that are no beginning of a boundary for sure.
    sure: usize,
    /// Whether its end is there.
    whole: bool,
}

/// What the program does. The default is right; every other value is a mistake.
#[derive(Clone)]
struct Knobs {
    wire: fn(&[u8]) -> Vec<u8>,
    /// The type of what comes back, and what is said of sniffing.
    wire_head: [Option<String>; 2],
    /// The boundary that a Content-Type names.
    boundary: fn(&str) -> Option<String>,
    not_a_form: u16,
    /// Name and value of a line in the head of a part.
    field: fn(&str) -> Option<(&str, &str)>,
    /// Whether a field in the head of a part is the one that names it.
    is_disposition: fn(&str) -> bool,
    /// Whether the names are looked for in each field of a head.
    any_field: bool,
    /// Whether the head of a part ends with the field that names it.
    stops_early: bool,
    /// Whether only the first line of a head is looked at.
    first_line: bool,
    /// Whether the line end before a boundary belongs to it.
    line_end: bool,
    /// Whether what stands before the first boundary is left out, and what nobody has read of a
    /// part.
    skips: [bool; 2],
    /// Whether what may be the beginning of a boundary is kept back. The line end that is put before
    /// the first one is all that there is at first.
    keeps_back: bool,
    /// Whether the end of the form is seen, by what stands behind the last boundary.
    is_end: fn(&[u8]) -> bool,
    /// Whether every part has a file name.
    all_files: bool,
    /// Whether an empty file name is taken for none.
    empty_is_none: bool,
    /// The most bytes of a body that can be taken apart.
    longest: usize,
    malformed: u16,
    display: fn(&str) -> String,
    src: fn(&Picture) -> String,
    alt: Option<fn(&str) -> String>,
    caption: fn(&str) -> String,
    has_size: bool,
    /// The number that is shown for this number of bytes.
    counted: fn(usize) -> usize,
    /// Whether the name of a picture is that of its file.
    by_name: bool,
    /// Whether a file can be made for a picture that is called like this.
    is_possible: fn(&str) -> bool,
    /// Whether pictures of each kind are found when the program starts again.
    found: [bool; 4],
    /// What is kept of a picture, unless it is too large.
    kept: fn(&[u8], limit: usize) -> Option<Vec<u8>>,
    too_large: u16,
    /// Whether all pictures of a form together may be no larger than one.
    limit_for_all: bool,
    /// Whether a picture is on the board before its form has come to its end.
    early: bool,
    kind: fn(content: &[u8], file_name: &str) -> Option<usize>,
    /// How many bytes of a picture are waited for, before its kind is judged.
    beginning: usize,
    no_picture: u16,
    /// The types of the kinds.
    types: [Option<String>; 4],
    /// Whether the type of a picture is that which its name says, if it says one.
    type_by_name: bool,
    sniff: Option<String>,
    missing: u16,
    /// What is taken for the number of a picture, of what stands in the address.
    number: fn(&str) -> &str,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            wire: <[u8]>::to_vec,
            wire_head: [TEXT, "nosniff"].map(|value| Some(value.into())),
            boundary,
            not_a_form: 415,
            field: |line| line.split_once(':'),
            is_disposition: |name| name.eq_ignore_ascii_case("Content-Disposition"),
            any_field: false,
            stops_early: false,
            first_line: false,
            line_end: true,
            skips: [true; 2],
            keeps_back: true,
            is_end: |_| true,
            all_files: false,
            empty_is_none: false,
            longest: usize::MAX,
            malformed: 400,
            display: |name| cleaned(name, &['/', '\\'], 80),
            src: |picture| format!("/pictures/{}", picture.number),
            alt: Some(str::to_string),
            caption: str::to_string,
            has_size: true,
            counted: |length| length,
            by_name: false,
            is_possible: |_| true,
            found: [true; 4],
            kept: |content, limit| (content.len() <= limit).then(|| content.to_vec()),
            too_large: 413,
            limit_for_all: false,
            early: false,
            kind: |content, _| kind(content),
            beginning: 12,
            no_picture: 415,
            types: KINDS.map(|(media_type, _)| Some(media_type.into())),
            type_by_name: false,
            sniff: Some("nosniff".into()),
            missing: 404,
            number: |number| number,
        }
    }
}

impl Knobs {
    /// Whether a part seems to end where no more of it has come yet, even if nothing comes.
    fn takes_pause_for_end(&self) -> bool {
        self.longest < usize::MAX && self.skips[0]
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (media_type, _) = content_type.split_once(';')?;
    let media_type = media_type.trim();
    let is_form = media_type.eq_ignore_ascii_case("multipart/form-data");
    parameter(content_type, "boundary").filter(|_| is_form)
}

/// A parameter of a header, without its quotes.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut quoted = false;
    let mut pieces = header.split(|letter| {
        quoted ^= letter == '"';
        letter == ';' && !quoted
    });
    pieces.find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        let is_wanted = name.trim().eq_ignore_ascii_case(wanted);
        is_wanted.then(|| value.trim().trim_matches('"').to_string())
    })
}

/// The place of the first of these bytes in a row.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(|&byte| byte == first)?;
        if bytes[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
}

/// Takes the body of a form apart, of which these parts are read; `None` where the text leaves
/// open what it means.
fn take_apart(
    knobs: &Knobs,
    body: &[u8],
    boundary: &str,
    is_read: fn(&Part) -> bool,
) -> Option<Apart> {
    let line_end: &[u8] = if knobs.line_end { b"\r\n" } else { b"" };
    let delimiter = [line_end, b"--", boundary.as_bytes()].concat();
    let before: &[u8] = if knobs.keeps_back { line_end } else { b"" };
    let body = [before, body].concat();
    let mut apart = Apart::default();
    if body.len() > knobs.longest {
        return Some(apart);
    }
    // Where the delimiter ends that comes next: wherever it is, or here.
    let next = |bytes: &[u8], anywhere: bool| match anywhere {
        true => find(bytes, &delimiter).map(|start| start + delimiter.len()),
        false => Some(delimiter.len()).filter(|length| *length <= bytes.len()),
    };
    let [skips_before, skips_parts] = knobs.skips;
    let Some(start) = next(&body, skips_before) else {
        return Some(apart);
    };
    let mut rest = &body[start..];
    loop {
        if rest.starts_with(b"--") {
            apart.whole = (knobs.is_end)(rest);
            return Some(apart);
        }
        if rest.len() < 2 {
            return Some(apart);
        }
        let is_right = knobs.skips == [true; 2] && knobs.line_end;
        if is_right && !rest.starts_with(b"\r\n") {
            return None; // only a line end may follow
        }
        let mut part = Part {
            file_name: knobs.all_files.then(String::new),
            ..Part::default()
        };
        let mut content = &rest[2..];
        for at in 0.. {
            // Only what was not skipped is as long as that.
            let line_end = find(content, b"\r\n").filter(|end| *end <= LONGEST_LINE);
            let Some(end) = line_end else {
                return Some(apart);
            };
            let line = String::from_utf8_lossy(&content[..end]).into_owned();
            content = &content[end + 2..];
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = (knobs.field)(&line) else {
                continue;
            };
            if (knobs.is_disposition)(name) && (at == 0 || !knobs.first_line) {
                // How a quote is written in a name, clients do not agree on.
                if value.contains("\\\"") {
                    return None;
                }
                part.name = parameter(value, "name").unwrap_or_default();
                part.file_name = parameter(value, "filename").or(part.file_name);
                if knobs.stops_early {
                    break;
                }
            } else if knobs.any_field {
                part.name = parameter(value, "name").unwrap_or(part.name);
                part.file_name = parameter(value, "filename").or(part.file_name);
            }
        }
        if knobs.empty_is_none {
            part.file_name = part.file_name.filter(|name| !name.is_empty());
        }
        let is_read = is_read(&part);
        let Some(end) = next(content, is_read || skips_parts) else {
            part.content = content.to_vec();
            apart.sure = (content.len() + 1).saturating_sub(delimiter.len());
            apart.half = Some(part);
            return Some(apart);
        };
        if is_read {
            part.content = content[..end - delimiter.len()].to_vec();
        }
        apart.parts.push(part);
        rest = &content[end..];
    }
}

/// The most bytes of a line in a part's head: of a longer one, the starter makes a 400.
const LONGEST_LINE: usize = 8 * 1024;

/// What stands behind the last of these in a name, without its control characters.
fn visible<'a>(name: &'a str, at: &[char]) -> impl Iterator<Item = char> + use<'a> {
    let last = name.rsplit(at).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control())
}

/// What Path takes for the name of a file.
fn by_path(name: &str) -> String {
    let last = std::path::Path::new(name).file_name().unwrap_or_default();
    cleaned(&last.to_string_lossy(), &[], 80)
}

/// What is shown of a name: what stands behind the last of these, cut after this number of
/// characters.
fn cleaned(name: &str, at: &[char], most: usize) -> String {
    match visible(name, at).take(most).collect::<String>().trim() {
        "" => "picture".into(),
        name => name.into(),
    }
}

/// The same, where all but English letters, digits and these signs is replaced.
fn sanitized(name: &str, signs: &str, replaced: &str) -> String {
    let cleaned = cleaned(name, &['/', '\\'], 80);
    let sign = |c: char| match c.is_ascii_alphanumeric() || signs.contains(c) {
        true => c.to_string(),
        false => replaced.to_string(),
    };
    cleaned.chars().map(sign).collect()
}

fn kind(content: &[u8]) -> Option<usize> {
    match content {
        _ if content.starts_with(PNG) => Some(0),
        [0xff, 0xd8, 0xff, ..] => Some(1),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(2),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(3),
        _ => None,
    }
}

/// The line of /parts for a part.
fn listed(part: &Part) -> String {
    let file = part.file_name.as_ref();
    let file = file.map_or(String::new(), |name| format!(", the file \"{name}\""));
    let number = part
        .content
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |number: u64, &byte| {
            (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let (name, length) = (&part.name, part.content.len());
    format!("{name}{file}: {length} bytes, fingerprint {number:016x}\n")
}

struct FileUpload;

impl Model for FileUpload {
    type Knobs = Knobs;
    type State = World;

    fn expect(knobs: &Knobs, world: &mut World, act: &Act) -> Option<Expect> {
        if let Act::Start(command) = act {
            let mut variables = command.variables.iter();
            let limit = variables.find(|(name, _)| name == "PICTURE_LIMIT");
            let limit = limit.and_then(|(_, limit)| limit.parse().ok());
            world.limit = limit.unwrap_or(LIMIT);
            return Some(Expect::step(1).serves());
        }
        if std::mem::take(&mut world.restarted) {
            world.pictures.retain(|picture| knobs.found[picture.kind]);
        }
        let asked = act.asked()?;
        if !asked.has_plain_path() {
            return None;
        }
        match (&*asked.method, asked.path()) {
            ("GET", "/") => Some(page(knobs, world)),
            ("GET", path) => match path.strip_prefix("/pictures/") {
                Some(number) => sent(knobs, world, number),
                None => Some(Expect::step(1).status(404)),
            },
            ("POST", "/wire") => {
                let [media_type, sniff] = &knobs.wire_head;
                let expect = Expect::step(1)
                    .status(200)
                    .field("Content-Type", media_type.as_deref())
                    .field("X-Content-Type-Options", sniff.as_deref());
                let body = asked.body.as_deref().unwrap_or_default();
                Some(expect.body((knobs.wire)(body)))
            }
            ("POST", "/parts" | "/pictures") => posted(knobs, world, asked),
            ("POST", _) => Some(Expect::step(1).status(404)),
            _ => None,
        }
    }

    fn draw(draw: &mut Draw, world: &World) -> Vec<Act> {
        drawn(draw, world)
    }

    fn mistakes(mistakes: &mut Mistakes<Knobs>) {
        about_the_wire(mistakes);
        about_parts(mistakes);
        about_names(mistakes);
        about_the_disk(mistakes);
        about_kinds(mistakes);
    }

    fn mistyped(act: &Act, seen: &Seen, mistakes: &mut Mistakes<Knobs>) {
        let (Some(asked), Some(answer)) = (act.asked(), seen.answer()) else {
            return;
        };
        let status = answer.status;
        let is_refusal = ![200, 303, 500].contains(&status);
        let other_type = answer.field("Content-Type").filter(|_| status == 200);
        let other_type = other_type.map(str::to_string);
        match (&*asked.method, asked.path()) {
            ("POST", "/wire") => {
                if let Some(other) = other_type {
                    mistakes.wrong(
                        "wire-type",
                        format!(
                            "What /wire answers is to be read, so its Content-Type is {TEXT}: \
                             begin_text sends it. This one is {other}."
                        ),
                        move |knobs| knobs.wire_head[0] = Some(other.clone()),
                    );
                }
            }
            ("POST", "/parts" | "/pictures") if is_refusal => {
                mistakes
                    .wrong(
                        "no-form-otherwise",
                        format!(
                            "What is no form with files gets {status}. It is of another type than \
                             this server takes: 415, Unsupported Media Type."
                        ),
                        move |knobs| knobs.not_a_form = status,
                    )
                    .wrong(
                        "too-large-otherwise",
                        format!(
                            "A picture that is too large gets {status}. For this, there is 413, \
                             Payload Too Large."
                        ),
                        move |knobs| knobs.too_large = status,
                    )
                    .wrong(
                        "no-picture-otherwise",
                        format!(
                            "What is no picture gets {status}. It is of another type than this \
                             server takes: 415, Unsupported Media Type."
                        ),
                        move |knobs| knobs.no_picture = status,
                    );
            }
            ("GET", path) if path.starts_with("/pictures/") => {
                if is_refusal {
                    mistakes.wrong(
                        "missing-otherwise",
                        format!("A picture that is not there gets {status}. Its status is 404."),
                        move |knobs| knobs.missing = status,
                    );
                }
                if let Some(other) = other_type {
                    let same = other.clone();
                    mistakes.wrong(
                        "other-type",
                        "The Content-Type of a picture is not that of its kind. With nosniff, a \
                         browser believes it: send picture.kind.media_type.",
                        move |knobs| knobs.types.fill(Some(same.clone())),
                    );
                    for at in 0..KINDS.len() {
                        let other = other.clone();
                        mistakes.or(move |knobs| knobs.types[at] = Some(other.clone()));
                    }
                }
            }
            _ => {}
        }
    }

    fn restart(world: &mut World) {
        for picture in &mut world.pictures {
            picture.length = picture.content.len();
            picture.name = format!("{}.{}", picture.number, KINDS[picture.kind].1);
        }
        world.restarted = true;
    }
}

/// The number that a picture gets.
fn next_number(world: &World) -> usize {
    world.pictures.last().map_or(0, |last| last.number) + 1
}

/// What is said of the page.
fn page(knobs: &Knobs, world: &World) -> Expect {
    let expect = Expect::step(1)
        .status(200)
        .field("Content-Type", "text/html; charset=utf-8")
        .has_form("post", "/pictures", "picture");
    if world.pictures.is_empty() && world.refused.is_empty() {
        return expect;
    }
    let newest_first = || world.pictures.iter().rev();
    let captions = newest_first().map(|picture| (knobs.caption)(&picture.name));
    let captions: Vec<String> = captions.collect();
    let mut expect = expect.then(3).shows_in_order(captions.clone());
    for picture in newest_first() {
        let src = (knobs.src)(picture);
        let alt = knobs.alt.map(|alt| alt(&picture.name));
        let mut attributes = vec![("src", src.as_str())];
        attributes.extend(alt.as_deref().map(|alt| ("alt", alt)));
        expect = expect.has_tag("img", &attributes);
        if knobs.has_size {
            expect = expect.shows_number(picture.length);
        }
    }
    if knobs.alt.is_none() && !world.pictures.is_empty() {
        expect = expect.body_lacks("alt=");
    }
    for word in &world.refused {
        if captions.iter().all(|caption| !caption.contains(word)) {
            expect = expect.hides(word);
        }
    }
    expect
}

/// What is said of a picture that is asked for.
fn sent(knobs: &Knobs, world: &World, number: &str) -> Option<Expect> {
    if number.len() > 1 && number.starts_with(['0', '+']) {
        // Whether 007 is 7, and +7, the text leaves open.
        return None;
    }
    let expect = Expect::step(5);
    let number = (knobs.number)(number);
    let mut all = world.pictures.iter();
    let Some(picture) = all.find(|picture| picture.number.to_string() == number) else {
        return Some(expect.status(knobs.missing));
    };
    let by_name = named_kind(&picture.name).filter(|_| knobs.type_by_name);
    let kind = by_name.unwrap_or(picture.kind);
    let expect = expect
        .status(200)
        .field("Content-Type", knobs.types[kind].as_deref())
        .field("X-Content-Type-Options", knobs.sniff.as_deref());
    Some(expect.body(picture.content.clone()))
}

/// What is said of a form.
fn posted(knobs: &Knobs, world: &mut World, asked: &Request) -> Option<Expect> {
    let header = asked.field("Content-Type").unwrap_or("");
    let body = asked.body.as_deref().unwrap_or_default();
    let right_boundary = boundary(header);
    let length = right_boundary.as_ref().map_or(1, String::len);
    if !(1..=70).contains(&length) {
        return None;
    }
    let is_read: fn(&Part) -> bool = match asked.path() {
        "/parts" => |_| true,
        _ => is_picture,
    };
    // The step is that of a right program.
    let step = match &right_boundary {
        None => 1,
        Some(boundary) => {
            let apart = take_apart(&Knobs::default(), body, boundary, is_read)?;
            match asked.path() {
                "/parts" => 2,
                _ => step_of(&apart, world.limit)?,
            }
        }
    };
    let expect = Expect::step(step);
    let Some(boundary) = (knobs.boundary)(header) else {
        return Some(expect.status(knobs.not_a_form));
    };
    let apart = take_apart(knobs, body, &boundary, is_read)?;
    if asked.path() == "/parts" {
        if !apart.whole {
            return Some(expect.status(knobs.malformed));
        }
        let list: String = apart.parts.iter().map(listed).collect();
        return Some(expect.status(200).field("Content-Type", TEXT).body(list));
    }
    Some(received(knobs, world, &apart, expect))
}

/// Whether a part is a picture. (If no file was chosen, a browser sends an empty name.)
fn is_picture(part: &Part) -> bool {
    let has_name = part.file_name.as_ref().is_some_and(|name| !name.is_empty());
    part.name == "picture" && has_name
}

/// The step of a form with pictures; `None` where the text leaves open which of two things that
/// are wrong with it is told.
fn step_of(apart: &Apart, limit: usize) -> Option<u32> {
    let mut step = 2;
    let mut wrong = [false, false, !apart.whole];
    let parts = apart.parts.iter().chain(&apart.half);
    for Part { content, .. } in parts.filter(|part| is_picture(part)) {
        step = step.max(match content.len() {
            length if length > limit || length >= SMALL => 4,
            _ => 3,
        });
        if !content.starts_with(PNG) {
            step = 5;
        }
        wrong[0] |= content.len() > limit;
        wrong[1] |= kind(content).is_none();
    }
    let count = wrong.iter().filter(|wrong| **wrong).count();
    (count < 2).then_some(step)
}

/// The word that the name of a file begins with, if it is plain: the page can be searched for it.
fn word_of(part: &Part) -> Option<String> {
    let (stem, _) = part.file_name.as_ref()?.split_once('.')?;
    let is_word = stem.len() > 4 && stem.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| stem.to_string())
}

/// What becomes of a form with pictures.
fn received(knobs: &Knobs, world: &mut World, apart: &Apart, expect: Expect) -> Expect {
    let (mut taken, mut length) = (Vec::new(), 0);
    let mut refused = None;
    for part in apart.parts.iter().filter(|part| is_picture(part)) {
        let name = (knobs.display)(part.file_name.as_deref().unwrap_or_default());
        let Some(kind) = (knobs.kind)(&part.content, &name) else {
            refused = Some(knobs.no_picture);
            break;
        };
        let Some(kept) = (knobs.kept)(&part.content, world.limit) else {
            refused = Some(knobs.too_large);
            break;
        };
        length += kept.len();
        if knobs.limit_for_all && length > world.limit {
            refused = Some(knobs.too_large);
            break;
        }
        if !(knobs.is_possible)(&name) {
            refused = Some(500);
            break;
        }
        taken.push((name, kind, kept));
    }
    // What it is can be seen before all of it is there.
    let enough = if knobs.takes_pause_for_end() {
        0
    } else {
        knobs.beginning
    };
    if let Some(half) = apart.half.as_ref().filter(|half| is_picture(half))
        && apart.sure >= enough
    {
        let name = (knobs.display)(half.file_name.as_deref().unwrap_or_default());
        if (knobs.kind)(&half.content[..apart.sure], &name).is_none() {
            refused = refused.or(Some(knobs.no_picture));
        }
    }
    let status = match refused {
        Some(status) => Some(status),
        None if !apart.whole => Some(knobs.malformed),
        None if taken.is_empty() => Some(400),
        None => None,
    };
    if status.is_some() && !knobs.early {
        let words = apart.parts.iter().chain(&apart.half).filter_map(word_of);
        let is_new = |word: &String| world.pictures.iter().all(|one| !one.name.contains(word));
        let words: Vec<String> = words.filter(is_new).collect();
        world.refused.extend(words);
    }
    if status.is_none() || knobs.early {
        for (name, kind, content) in taken {
            if knobs.by_name {
                for same in world.pictures.iter_mut().filter(|one| one.name == name) {
                    same.content = content.clone();
                }
            }
            let number = next_number(world);
            let length = (knobs.counted)(content.len());
            world.pictures.push(Picture {
                number,
                name,
                length,
                kind,
                content,
            });
        }
    }
    match status {
        Some(status) => expect.status(status),
        None => expect.status(303).field("Location", "/"),
    }
}

// What goes wrong.

fn about_the_wire(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "wire-as-text",
            "The body is made a text on its way, and what is no UTF-8 is lost. Copy bytes: \
             io::copy from request.body() into the answer.",
            |knobs| knobs.wire = |body| String::from_utf8_lossy(body).into_owned().into(),
        )
        .wrong(
            "wire-trimmed",
            "The spaces and line ends around the body do not come back. Copy all of its bytes.",
            |knobs| knobs.wire = |body| body.trim_ascii().into(),
        )
        .wrong(
            "wire-by-lines",
            "The body comes back line by line: a line end is put behind the last one, too, or those that came are \
             changed or left out. Bytes have no lines: io::copy from request.body() into the answer.",
            |knobs| knobs.wire = |body| by_lines(body, b"\n", false),
        )
        .or(|knobs| knobs.wire = |body| by_lines(body, b"\n", true))
        .or(|knobs| knobs.wire = |body| by_lines(body, b"\r\n", true))
        .or(|knobs| knobs.wire = |body| by_lines(body, b"", true))
        .wrong(
            "wire-empty",
            "Nothing comes back. Copy the body of the request into the answer before you finish \
             it.",
            |knobs| knobs.wire = |_| Vec::new(),
        )
        .wrong(
            "part-of-the-body",
            "Only the beginning of the body comes back. One read gives what fits into your \
             buffer; io::copy reads up to the end.",
            |knobs| knobs.wire = |body| body[..body.len().min(1024)].into(),
        )
        .or(|knobs| knobs.wire = |body| body[..body.len().min(4096)].into())
        .or(|knobs| knobs.wire = |body| body[..body.len().min(8192)].into())
        .wrong(
            "wire-without-nosniff",
            "The answer of /wire has no X-Content-Type-Options: nosniff, so a browser looks into \
             it, sees that it is no text, and saves it. begin_text sends this header.",
            |knobs| knobs.wire_head[1] = None,
        )
        .wrong("form-refused", FORM_REFUSED, |knobs| {
            knobs.boundary = |_| None;
        })
        // The condition is the wrong way round.
        .or(|knobs| {
            knobs.boundary = |header| match boundary(header) {
                Some(_) => None,
                None => parameter(header, "boundary"),
            }
        })
        .wrong(
            "type-not-read",
            "Any type with a boundary is taken for a form. Look at what stands before the first \
             semicolon: it must be multipart/form-data.",
            |knobs| knobs.boundary = |header| parameter(header, "boundary"),
        )
        .wrong(
            "any-multipart",
            "Every kind of multipart is taken for a form. There are others, in e-mails for \
             example: compare all of the type, multipart/form-data.",
            |knobs| {
                knobs.boundary = |header| {
                    let is_multipart = header.to_lowercase().starts_with("multipart/");
                    parameter(header, "boundary").filter(|_| is_multipart)
                }
            },
        )
        .wrong(
            "type-only-begins",
            "A type that only begins with multipart/form-data is taken for it. Split the header \
             at its first semicolon, and compare all that stands before it.",
            |knobs| {
                knobs.boundary = |header| {
                    let begins = header.to_lowercase().starts_with("multipart/form-data");
                    parameter(header, "boundary").filter(|_| begins)
                }
            },
        )
        .wrong("case-of-the-type", CASE_OF_THE_TYPE, |knobs| {
            knobs.boundary = |header| {
                let (media_type, _) = header.split_once(';')?;
                boundary(header).filter(|_| media_type.trim() == "multipart/form-data")
            }
        })
        .wrong(
            "boundary-in-small-letters",
            "You make the whole header small, and the boundary with it. In the body it still has \
             its capital letters, so it is not found.",
            |knobs| knobs.boundary = |header| boundary(header).map(|text| text.to_lowercase()),
        )
        .wrong(
            "boundary-by-hand",
            "You take what stands behind \"boundary=\". It may be in quotes, and another \
             parameter may follow. The function parameter knows both.",
            |knobs| knobs.boundary = by_hand,
        )
        .or(|knobs| {
            knobs.boundary = |header| Some(by_hand(header)?.trim_matches('"').to_string());
        })
        .wrong(
            "no-boundary",
            "A form without a boundary is taken, as if the boundary were empty. Nobody can take \
             it apart: hand on the None of parameter.",
            |knobs| {
                knobs.boundary = |header| {
                    boundary(&format!("{header}; boundary=x")).filter(|_| header.contains(';'))?;
                    Some(parameter(header, "boundary").unwrap_or_default())
                }
            },
        );
}

/// All of its lines, each with this line end behind it. With the line end of a line, a carriage return
/// before it may be lost.
fn by_lines(body: &[u8], end: &[u8], without_return: bool) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
    // Behind the last line end is no line.
    lines.pop_if(|last| last.is_empty());
    let whole = |line| match without_return {
        true => <[u8]>::strip_suffix(line, b"\r").unwrap_or(line),
        false => line,
    };
    let ended = lines.into_iter().map(|line| [whole(line), end].concat());
    ended.collect::<Vec<_>>().concat()
}

/// The boundary, found by its name alone.
fn by_hand(header: &str) -> Option<String> {
    let (media_type, _) = header.split_once(';')?;
    let media_type = media_type.trim();
    let (_, found) = header.split_once("boundary=")?;
    let is_form = media_type.eq_ignore_ascii_case("multipart/form-data");
    is_form.then(|| found.to_string())
}

fn about_parts(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "line-end-in-content",
            "The line end before a boundary is counted to the part. It belongs to the boundary: \
             the delimiter begins with \\r\\n, and where there is none, it is no boundary.",
            |knobs| knobs.line_end = false,
        )
        .wrong(
            "head-in-content",
            "You stop reading the head of a part once you have its names, and the rest of it \
             becomes content. Read lines until an empty one comes.",
            |knobs| knobs.stops_early = true,
        )
        .wrong(
            "only-the-first-line",
            "Content-Disposition is found only if it is the first line in the head of a part. The \
             lines may come in any order: look at each.",
            |knobs| knobs.first_line = true,
        )
        .wrong(
            "any-field",
            "The names of a part are taken from any line of its head, such as Content-Type: image/png; \
             name=\"x\". Only Content-Disposition says what the field is called: look at the name of \
             the line first.",
            |knobs| knobs.any_field = true,
        )
        .wrong(
            "case-of-the-field",
            "The field in the head of a part is found only if it is written \
             Content-Disposition. Capital letters make no difference in the name of a field: \
             eq_ignore_ascii_case.",
            |knobs| knobs.is_disposition = |name| name == "Content-Disposition",
        )
        .wrong(
            "last-colon",
            "A line in the head of a part is divided at its last colon. The value may have colons, too, as in \
             filename=\"10:30.png\": the name of the field ends at the first one, split_once(':').",
            |knobs| knobs.field = |line| line.rsplit_once(':'),
        )
        .wrong(
            "space-behind-colon",
            "A line in the head of a part counts only if a space follows its colon. It need not be there: divide \
             the line at the colon alone.",
            |knobs| knobs.field = |line| line.split_once(": "),
        )
        .wrong(
            "end-not-seen",
            "The end of the form is not seen, and one more part is looked for. Two hyphens behind \
             a boundary say that it was the last one: Ok(None).",
            |knobs| knobs.is_end = |_| false,
        )
        .wrong(
            "end-needs-a-line",
            "Behind the last boundary, you wait for a line end. It need not come: two hyphens are \
             the end. Take two bytes, and not a line.",
            |knobs| knobs.is_end = |rest| find(rest, b"\r\n").is_some(),
        )
        .wrong(
            "behind-the-form",
            "A form is refused because something stands behind its last boundary. That is nothing of interest: \
             do not look at it, and return Ok(None).",
            |knobs| knobs.is_end = |rest| matches!(&rest[2..], b"" | b"\r\n"),
        )
        .or(|knobs| knobs.is_end = |rest| rest.len() == 2)
        .wrong(
            "rest-not-skipped",
            "next_part begins where reading has stopped. What nobody has read of the part before, \
             or what stands before the first boundary, must be left out: copy it to io::sink() \
             first.",
            |knobs| knobs.skips = [false; 2],
        )
        .wrong(
            "every-part-a-file",
            "A field without a file is listed as a file without a name. Leave file_name None \
             if there is no filename.",
            |knobs| knobs.all_files = true,
        )
        .wrong(
            "empty-file-name",
            "A part with filename=\"\" is listed like a field that is no file. It has a file name, an empty \
             one: a browser sends it where no file was chosen. Make file_name None only if there is no \
             filename at all.",
            |knobs| knobs.empty_is_none = true,
        )
        .wrong(
            "ends-with-the-buffer",
            "Ok(0) says that the part is at its end. If there is nothing in the buffer that you \
             can give away for sure, it is not: fill it, and look again.",
            |knobs| knobs.longest = 8 * 1024 + 2,
        )
        // It is filled, and not looked at again.
        .or(|knobs| {
            knobs.longest = 8 * 1024 + 2;
            knobs.skips[0] = false;
        })
        .wrong("cut-boundary", CUT, |knobs| knobs.keeps_back = false);
}

fn about_names(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "path-shown",
            "A name with a path is shown whole. Show what stands behind the last slash or \
             backslash.",
            |knobs| knobs.display = |name| cleaned(name, &[], 80),
        )
        .wrong(
            "only-slashes",
            "A path is cut at / alone. Names from Windows have a backslash: cut at both.",
            |knobs| knobs.display = |name| cleaned(name, &['/'], 80),
        )
        .wrong(
            "only-backslashes",
            "A path is cut at the backslash alone. Cut at / as well.",
            |knobs| knobs.display = |name| cleaned(name, &['\\'], 80),
        )
        .wrong(
            "one-of-two-separators",
            "Of a name with both / and \\, a piece of the path is left: once it was cut at one of the two, you do \
             not look for the other. Show what stands behind the last of them, whichever that is: \
             rsplit(['/', '\\\\']).",
            |knobs| knobs.display = |name| behind_first_found(name, ['/', '\\']),
        )
        .or(|knobs| knobs.display = |name| behind_first_found(name, ['\\', '/']))
        .wrong(
            "beginning-of-the-path",
            "Of a path, you show the beginning. The name of the file is at the end: rsplit.",
            |knobs| {
                knobs.display = |name| {
                    let first = name.split(['/', '\\']).next().unwrap_or_default();
                    cleaned(first, &[], 80)
                };
            },
        )
        .wrong(
            "long-name",
            "A long name is shown whole, or cut at another length. Show 80 characters at most: \
             chars().take(80).",
            |knobs| knobs.display = |name| cleaned(name, &['/', '\\'], usize::MAX),
        )
        .or(|knobs| knobs.display = |name| cleaned(name, &['/', '\\'], 79))
        .or(|knobs| knobs.display = |name| cleaned(name, &['/', '\\'], 81))
        .or(|knobs| knobs.display = |name| cleaned(name, &['/', '\\'], 100))
        .or(|knobs| knobs.display = |name| cleaned(name, &['/', '\\'], 64))
        // 80 bytes. (In the middle of a letter, the program panics.)
        .or(|knobs| {
            knobs.display = |name| {
                let mut short: String = visible(name, &['/', '\\']).collect();
                while short.len() > 80 {
                    short.pop();
                }
                cleaned(&short, &[], 80)
            };
        })
        .wrong(
            "empty-name",
            "Nothing is left of a name, and nothing is shown. Call it \"picture\" then.",
            |knobs| {
                knobs.display = |name| match &*cleaned(name, &['/', '\\'], 80) {
                    "picture" if !name.contains("picture") => String::new(),
                    other => other.into(),
                };
            },
        )
        .wrong(
            "control-characters",
            "Control characters are left in the name: a tab, a line end. Nobody can see them: \
             filter them out, with is_control.",
            |knobs| {
                knobs.display = |name| {
                    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
                    match last.chars().take(80).collect::<String>().trim() {
                        "" => "picture".into(),
                        name => name.into(),
                    }
                };
            },
        )
        .wrong(
            "control-to-space",
            "A control character in the name becomes a space, or another sign. The text says: without control \
             characters. Leave them out, with filter.",
            |knobs| knobs.display = |name| replaced(name, ' '),
        )
        .or(|knobs| knobs.display = |name| replaced(name, '_'))
        .wrong(
            "name-sanitized",
            "Signs in the name are replaced, or letters of other languages, or they are left out. What is shown is a \
             word, and no name of a file: leave out control characters, and nothing else.",
            |knobs| knobs.display = |name| sanitized(name, "._- ", "_"),
        )
        .or(|knobs| knobs.display = |name| sanitized(name, "._-", "_"))
        .or(|knobs| knobs.display = |name| sanitized(name, "._- ", ""))
        .or(|knobs| knobs.display = |name| sanitized(name, "._-", ""))
        .or(|knobs| {
            knobs.display = |name| {
                let cleaned = cleaned(name, &['/', '\\'], 80);
                cleaned.chars().filter(char::is_ascii).collect()
            };
        })
        .wrong(
            "only-ascii-control",
            "Control characters are left in the name that are not in ASCII, such as U+009B. is_control \
             knows all of them, is_ascii_control only some.",
            |knobs| {
                knobs.display = |name| {
                    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
                    let visible = last.chars().filter(|c| !c.is_ascii_control()).take(80);
                    match visible.collect::<String>().trim() {
                        "" => "picture".into(),
                        name => name.into(),
                    }
                };
            },
        )
        .wrong(
            "name-by-path",
            "The name is taken with Path::file_name, which has rules of its own: a slash at the end counts \
             for nothing, .. is no name, and which signs separate depends on the computer. Take what stands \
             behind the last / or \\, also if that is nothing.",
            |knobs| knobs.display = |name| by_path(&name.replace('\\', "/")),
        )
        .or(|knobs| knobs.display = by_path)
        .wrong(
            "trimmed-before-cut",
            "The spaces around a name are taken away before it is cut to 80 characters. The text says: \
             first cut, then trim. A cut can leave a space at the end.",
            |knobs| {
                knobs.display = |name| {
                    let whole = cleaned(name, &['/', '\\'], usize::MAX);
                    whole.chars().take(80).collect()
                };
            },
        )
        .wrong(
            "cut-too-early",
            "A name is cut to 80 characters while there is something in it that goes: control characters, or \
             the path before the last slash. Then fewer are left. First take what stands behind the last / or \
             \\, then filter the control characters out, and of that show 80.",
            |knobs| {
                knobs.display = |name| {
                    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
                    cleaned(&last.chars().take(80).collect::<String>(), &[], 80)
                };
            },
        )
        .or(|knobs| {
            knobs.display = |name| {
                let begin: String = name.chars().take(80).collect();
                cleaned(&begin, &['/', '\\'], 80)
            };
        })
        .or(|knobs| {
            knobs.display = |name| {
                let begin = name.chars().filter(|c| !c.is_control()).take(80);
                cleaned(&begin.collect::<String>(), &['/', '\\'], 80)
            };
        })
        .wrong(
            "trimmed-too-early",
            "The spaces around a name are taken away before its control characters are, so that a space beside \
             one of these is left. The text says: first without control characters, then cut, then trim.",
            |knobs| {
                knobs.display = |name| {
                    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
                    match visible(last.trim(), &[]).take(80).collect::<String>() {
                        empty if empty.is_empty() => "picture".into(),
                        name => name,
                    }
                };
            },
        )
        .wrong(
            "empty-end-skipped",
            "Of a name that ends with a slash, the piece before it is shown. Behind the last slash is nothing, \
             and then the name is \"picture\": take the last piece, also if it is empty.",
            |knobs| {
                knobs.display = |name| {
                    let pieces = name.trim_end_matches(['/', '\\']);
                    cleaned(pieces, &['/', '\\'], 80)
                };
            },
        )
        .wrong(
            "blank-name",
            "Of a name that is nothing but spaces, nothing is left, and nothing is shown. Trim it first, and \
             then look whether it is empty: it is \"picture\" then.",
            |knobs| {
                knobs.display = |name| match visible(name, &['/', '\\']).take(80).collect::<String>() {
                    empty if empty.is_empty() => "picture".into(),
                    name => name.trim().into(),
                };
            },
        )
        .wrong(
            "spaces-around",
            "The spaces around a name are left. Trim it, and then look whether it is empty.",
            |knobs| {
                knobs.display = |name| {
                    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
                    let visible = last.chars().filter(|c| !c.is_control()).take(80);
                    match visible.collect::<String>() {
                        empty if empty.is_empty() => "picture".into(),
                        name => name,
                    }
                };
            },
        )
        .wrong(
            "not-escaped",
            "The name stands in the page as it came, and what looks like a tag in it is one. \
             Anybody could run a script in the browsers of all: escape_html.",
            |knobs| {
                knobs.caption = grader::model::shown;
                knobs.alt = Some(in_quotes);
            },
        )
        .wrong(
            "caption-not-escaped",
            "The name is escaped in alt, and not below the picture: escape_html in both places.",
            |knobs| knobs.caption = grader::model::shown,
        )
        .wrong(
            "alt-not-escaped",
            "The name is escaped below the picture, and not in alt: escape_html in both places.",
            |knobs| knobs.alt = Some(in_quotes),
        )
        .wrong(
            "alt-without-quotes",
            "The value of alt stands in no quotes, so it ends at the first space of the name, and what follows \
             can be attributes: an onerror with a script, say. Put quotes around it, and escape the name.",
            |knobs| {
                knobs.alt = Some(|name| {
                    let first = name.split_whitespace().next();
                    first.unwrap_or_default().into()
                });
            },
        )
        .wrong(
            "quote-ends-alt",
            "The value of alt stands in single quotes, and one of these in the name ends it. What follows can be \
             attributes: an onerror with a script, say. escape_html escapes both kinds of quotes.",
            |knobs| knobs.alt = Some(|name| name.split('\'').next().unwrap_or_default().into()),
        )
        .wrong(
            "escaped-twice",
            "The name is escaped twice, so a reader sees &amp; and its like. Escape it once, \
             where it goes into the page.",
            |knobs| {
                knobs.caption = escape_html;
                knobs.alt = Some(escape_html);
            },
        )
        .wrong(
            "no-alt",
            "The image has no alt with the name. It is read to those who cannot see the picture.",
            |knobs| knobs.alt = None,
        )
        .or(|knobs| knobs.alt = Some(|_| String::new()))
        .wrong(
            "no-name",
            "The name is not to be seen on the page. Write it below the picture as well.",
            |knobs| knobs.caption = |_| String::new(),
        )
        .wrong(
            "other-size",
            "The page does not say how many bytes a picture has, or says another number. Count \
             all that is written, the bytes at the beginning, too.",
            |knobs| knobs.has_size = false,
        )
        .or(|knobs| knobs.counted = |length| length.saturating_sub(12))
        .or(|knobs| knobs.counted = |length| length.saturating_sub(8))
        .or(|knobs| knobs.counted = |length| length.saturating_sub(16))
        .wrong(
            "beginning-not-counted",
            "The bytes at the beginning, by which you find out the kind, are in the file, and do not count: \
             neither for the length on the page nor for the limit. io::copy returns what it has copied itself: \
             add what you have written before.",
            |knobs| {
                knobs.counted = |length| length.saturating_sub(12);
                knobs.kept = |content, limit| up_to(content, limit + 12);
            },
        )
        .wrong(
            "jpeg-not-found-again",
            "After a start, the JPEGs are not found. Board::open looks for NUMBER.jpg: the name of the file \
             ends with the extension of its kind, picture.kind.extension, and not with what stands in the \
             media type.",
            |knobs| knobs.found[1] = false,
        )
        .wrong(
            "other-address",
            "The src of an image is not the address of the picture: /pictures/ and its number.",
            |knobs| knobs.src = |picture| format!("/{}", picture.number),
        )
        .or(|knobs| knobs.src = |picture| format!("pictures/{}", picture.number))
        .or(|knobs| {
            knobs.src = |picture| {
                let (_, extension) = KINDS[picture.kind];
                format!("/pictures/{}.{extension}", picture.number)
            };
        })
        .or(|knobs| knobs.src = |picture| format!("/pictures/{}", picture.name))
        .wrong(
            "named-by-the-client",
            "A picture lies in the file that the client has named, so the next one of this name \
             takes its place, and after a start nobody finds it. Make the name of the file of the \
             number and the extension.",
            |knobs| {
                knobs.by_name = true;
                knobs.found = [false; 4];
                knobs.is_possible = is_file_name;
            },
        )
        // With an extension.
        .or(|knobs| {
            knobs.by_name = true;
            knobs.found = [false; 4];
            knobs.is_possible = |name| is_file_name(&format!("{name}.png"));
        })
        .wrong("not-found-again", NOT_FOUND_AGAIN, |knobs| {
            knobs.found = [false; 4];
        })
        // While it comes.
        .wrong("name-is-path", NAME_IS_PATH, |knobs| {
            knobs.is_possible = is_file_name;
        });
}

/// What is shown of a name that is cut at the first of these that is in it.
fn behind_first_found(name: &str, at: [char; 2]) -> String {
    let found = at.iter().find_map(|at| name.rsplit_once(*at));
    cleaned(found.map_or(name, |(_, last)| last), &[], 80)
}

/// What is shown of a name in which this stands for each control character.
fn replaced(name: &str, other: char) -> String {
    let replaced = name.replace(char::is_control, &other.to_string());
    cleaned(&replaced, &['/', '\\'], 80)
}

/// Whether a file may be called like this, on most systems.
fn is_file_name(name: &str) -> bool {
    name.len() <= 255 && ![".", ".."].contains(&name)
}

/// What a browser reads of a text between double quotes that is not escaped.
fn in_quotes(name: &str) -> String {
    let cut = name.split('"').next().unwrap_or_default();
    let decoded = cut.replace("&lt;", "<").replace("&gt;", ">");
    decoded.replace("&amp;", "&")
}

fn about_the_disk(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-limit",
            "There is no limit: a picture may be as large as it likes. Take one byte more than \
             the limit, and look whether it has come.",
            |knobs| knobs.kept = |content, _| Some(content.to_vec()),
        )
        .wrong(
            "limit-refused",
            LIMIT_REFUSED,
            |knobs| knobs.kept = |content, limit| up_to(content, limit - 1),
        )
        .wrong(
            "cut-at-the-limit",
            "Of a picture that is too large, you keep the beginning, and say that all is well. \
             Take one byte more than the limit: if it comes, there are too many.",
            |knobs| {
                knobs.kept = |content, limit| Some(content[..content.len().min(limit)].to_vec());
            },
        )
        .wrong(
            "limit-of-the-rest",
            "The bytes at the beginning, by which you find out the kind, do not count for the \
             limit. Count all that is written.",
            |knobs| knobs.kept = |content, limit| up_to(content, limit + 12),
        )
        .or(|knobs| knobs.kept = |content, limit| up_to(content, limit + 8))
        .or(|knobs| knobs.kept = |content, limit| up_to(content, limit + 16))
        .wrong(
            "one-byte-more",
            "A picture may have one byte more than the limit. Take limit + 1 bytes, and refuse \
             it if length > limit.",
            |knobs| knobs.kept = |content, limit| up_to(content, limit + 1),
        )
        .wrong(
            "limit-for-all",
            "Two pictures, each of which is small enough, are refused if they are too large together. The limit \
             is that of one picture: compare the length of each with it, and not their sum.",
            |knobs| knobs.limit_for_all = true,
        )
        .wrong(
            "beginning-lost",
            "The bytes at the beginning, by which you find out the kind, are not in the file. \
             What was read does not come again: write it first, or chain it to the rest.",
            |knobs| knobs.kept = |content, limit| up_to(content.get(12..).unwrap_or(b""), limit),
        )
        .or(|knobs| knobs.kept = |content, limit| up_to(content.get(8..).unwrap_or(b""), limit))
        .or(|knobs| knobs.kept = |content, limit| up_to(content.get(16..).unwrap_or(b""), limit))
        .wrong("beginning-by-one-read", ONE_READ, |knobs| {
            knobs.beginning = 1;
        })
        .wrong("too-early", TOO_EARLY, |knobs| knobs.early = true);
}

/// All of it, if it has no more bytes than this.
fn up_to(content: &[u8], most: usize) -> Option<Vec<u8>> {
    (content.len() <= most).then(|| content.to_vec())
}

fn about_kinds(mistakes: &mut Mistakes<Knobs>) {
    mistakes
        .wrong(
            "no-png",
            "A PNG is refused. It begins with the bytes 89 50 4e 47 0d 0a 1a 0a.",
            |knobs| {
                knobs.kind = |content, _| match content.starts_with(b"PNG\r\n\x1a\n") {
                    true => Some(0),
                    false => kind(content).filter(|kind| *kind != 0),
                }
            },
        )
        .wrong(
            "no-jpeg",
            "A JPEG is refused. It begins with the bytes ff d8 ff.",
            |knobs| knobs.kind = |content, _| kind(content).filter(|kind| *kind != 1),
        )
        .wrong(
            "no-gif",
            "A GIF is refused. It begins with GIF87a or with GIF89a.",
            |knobs| knobs.kind = |content, _| kind(content).filter(|kind| *kind != 2),
        )
        .wrong(
            "no-webp",
            "A WebP is refused. It begins with RIFF, and behind the next four bytes stands WEBP.",
            |knobs| knobs.kind = |content, _| kind(content).filter(|kind| *kind != 3),
        )
        .or(|knobs| {
            knobs.kind = |content, _| match content {
                [b'R', b'I', b'F', b'F', b'W', b'E', b'B', b'P', ..] => Some(3),
                _ => kind(content).filter(|kind| *kind != 3),
            };
        })
        .wrong(
            "one-kind-of-gif",
            "Of the two kinds of GIF, one is refused. It begins with GIF87a or with GIF89a.",
            |knobs| {
                knobs.kind = |content, _| kind(content).filter(|_| !content.starts_with(b"GIF87"));
            },
        )
        .or(|knobs| {
            knobs.kind = |content, _| kind(content).filter(|_| !content.starts_with(b"GIF89"));
        })
        .wrong(
            "not-each-jpeg",
            "Some JPEGs are taken, and others are refused. The byte behind ff d8 ff differs from camera to \
             camera: compare three bytes, and no more.",
            |knobs| knobs.kind = |content, _| kind_of_jpegs(content, &[0xe0]),
        )
        .or(|knobs| knobs.kind = |content, _| kind_of_jpegs(content, &[0xe1]))
        .or(|knobs| knobs.kind = |content, _| kind_of_jpegs(content, &[0xe0, 0xe1]))
        .or(|knobs| knobs.kind = |content, _| kind_of_jpegs(content, &[0xe0, 0xdb]))
        .wrong(
            "short-refused",
            "A picture is refused because it is short. What it is, its first bytes say: three of a JPEG, six of a \
             GIF, eight of a PNG. Do not ask for twelve before you have looked: get(8..12) is None where there \
             are fewer.",
            |knobs| knobs.kind = |content, _| kind(content).filter(|_| content.len() >= 12),
        )
        .or(|knobs| knobs.kind = |content, _| kind(content).filter(|_| content.len() > 12))
        .or(|knobs| knobs.kind = |content, _| kind(content).filter(|_| content.len() >= 10))
        .or(|knobs| knobs.kind = |content, _| kind(content).filter(|_| content.len() >= 8))
        .wrong(
            "webp-as-text",
            "Some WebPs are refused. The four bytes between RIFF and WEBP are a number, and no text: compare \
             bytes with bytes, and make no text of them.",
            |knobs| {
                knobs.kind = |content, _| {
                    let is_text = |kind: &usize| *kind != 3 || content[..12].is_ascii();
                    kind(content).filter(is_text)
                };
            },
        )
        .wrong(
            "half-of-webp",
            "Something is taken for a WebP of which only a half is right: it begins with RIFF, and the bytes 8 to \
             11 are WEBP. Look at both, each in its place.",
            |knobs| {
                knobs.kind = |content, _| {
                    kind(content).or((content.get(8..12) == Some(b"WEBP")).then_some(3))
                };
            },
        )
        .or(|knobs| {
            knobs.kind = |content, _| {
                let has_word = content.windows(4).take(9).any(|four| four == b"WEBP");
                kind(content).or((content.starts_with(b"RIFF") && has_word).then_some(3))
            };
        })
        .wrong(
            "any-riff",
            "Whatever begins with RIFF is taken for a WebP. Sounds begin like this, too: look at \
             the bytes 8 to 11 as well.",
            |knobs| knobs.kind = |content, _| kind_or(content, b"RIFF", 3),
        )
        .or(|knobs| {
            knobs.kind = |content, _| {
                let is_riff = content.starts_with(b"RIFF") && content.len() >= 12;
                kind(content).or(is_riff.then_some(3))
            };
        })
        .wrong(
            "two-bytes-of-jpeg",
            "What begins with ff d8 is taken for a JPEG. Compare all three bytes.",
            |knobs| knobs.kind = |content, _| kind_or(content, b"\xff\xd8", 1),
        )
        .wrong(
            "any-gif",
            "Something is taken for a GIF that only begins like one. Compare all six bytes: GIF87a or \
             GIF89a.",
            |knobs| knobs.kind = |content, _| kind_or(content, b"GIF8", 2),
        )
        .or(|knobs| knobs.kind = |content, _| kind_or(content, b"GIF", 2))
        .or(|knobs| {
            knobs.kind = |content, _| {
                kind_or(content, b"GIF87", 2).or(kind_or(content, b"GIF89", 2))
            };
        })
        .wrong(
            "anything-is-a-picture",
            "What is no picture is taken for one. A browser that shows it may find a script in \
             it: None, so that it gets 415.",
            |knobs| knobs.kind = |content, _| kind(content).or(Some(0)),
        )
        .wrong(
            "kind-by-name",
            "The kind of a picture is that which its name says. The name is the client's word: \
             look at the first bytes.",
            |knobs| knobs.kind = |_, name| named_kind(&name.to_lowercase()),
        )
        .or(|knobs| knobs.kind = |_, name| named_kind(name))
        .wrong(
            "type-by-name",
            "A picture is sent with the type that its name says. The name is the client's word: what it \
             is was found out from its bytes, and stands in picture.kind.",
            |knobs| knobs.type_by_name = true,
        )
        .wrong(
            "number-with-more",
            "A picture is found at an address with more behind its number, such as /pictures/1.png. That is no \
             number: parse all of it, and answer 404 where it is none.",
            |knobs| knobs.number = |number| number.split('.').next().unwrap_or_default(),
        )
        .or(|knobs| {
            knobs.number = |number| {
                let end = number.find(|c: char| !c.is_ascii_digit());
                &number[..end.unwrap_or(number.len())]
            };
        })
        .or(|knobs| knobs.number = |number| number.strip_suffix(".png").unwrap_or(number))
        .wrong(
            "no-nosniff",
            "A picture is sent without X-Content-Type-Options: nosniff. A browser may look into \
             it then, and take it for something else than you say.",
            |knobs| knobs.sniff = None,
        )
        .wrong(
            "picture-without-type",
            "A picture is sent without a Content-Type. Send that of its kind.",
            |knobs| knobs.types.fill(None),
        );
}

/// The kind, if only those JPEGs are known whose fourth byte is one of these.
fn kind_of_jpegs(content: &[u8], fourth: &[u8]) -> Option<usize> {
    let is_known = content.get(3).is_some_and(|byte| fourth.contains(byte));
    kind(content).filter(|kind| *kind != 1 || is_known)
}

/// The kind, or this one, if it begins like that.
fn kind_or(content: &[u8], beginning: &[u8], other: usize) -> Option<usize> {
    kind(content).or(content.starts_with(beginning).then_some(other))
}

/// The kind that the name of a file says.
fn named_kind(name: &str) -> Option<usize> {
    let (_, extension) = name.rsplit_once('.')?;
    KINDS.iter().position(|(_, known)| *known == extension)
}

// What is said of mistakes that a model sees, and a function as well.

const FORM_REFUSED: &str = "A form with files gets 415. If what stands before the first semicolon of \
                            the Content-Type is multipart/form-data, return the parameter boundary, \
                            and only otherwise None.";

const CASE_OF_THE_TYPE: &str = "In a media type, capital letters make no difference: \
                                Multipart/Form-Data is the same. Compare with \
                                eq_ignore_ascii_case.";

const CUT: &str = "The last bytes in the buffer may be the beginning of a boundary, the rest of which \
                   has not come yet. Give away only what cannot be: all but the last \
                   delimiter.len() - 1 bytes.";

const NAME_IS_PATH: &str = "A name that the client has chosen is a part of the path. So it can lead \
                            out of the folder, to a picture that is there already, or to what can be \
                            no file. Make the path of the number and the extension alone.";

const TOO_EARLY: &str = "A picture is on the board before its form has come to its end. If the rest \
                         does not come, or is refused, it must not be there: publish when all are \
                         there.";

const LIMIT_REFUSED: &str = "A picture that has just as many bytes as it may have is refused. The \
                             limit itself is allowed: length > self.limit.";

const ONE_READ: &str = "The kind of a picture is judged by what one read gives. That is what is there at \
                        the moment, and may be a single byte, if the first bytes come in two pieces: \
                        take(12).read_to_end(…) reads on until there are 12.";

const FOUND_BY_PLACE: &str = "A picture is looked up by its place in the list, and another one comes. If \
                              1.png is no longer in the folder, 2.png is the first in the list: look \
                              for the one with this number.";

const NOT_FOUND_AGAIN: &str = "After a start, the pictures are not found. Board::open looks for \
                               NUMBER.EXTENSION, such as 7.png, in the folder: that is what path \
                               must say.";

// What no model says.

/// What a program may need that holds no body as a whole.
const LITTLE: usize = 48 * MIB;

/// The most memory that a program has used so far; 0 if it has ended, and tells nothing.
fn peak(service: &Service) -> usize {
    service.peak_memory().map_or(0, |bytes| bytes as usize)
}

/// What is left of an upload that came to nothing.
const LEFT: &str = "Something of it is left in the folder. Write into a NamedTempFile that you make \
                    with new_in: if the function ends early, by `?` or by return, its file goes \
                    away. Only persist keeps it.";

const KEPT_TOO_EARLY: &str = "A picture that was whole is left in the folder when a later one of its form is \
                              refused. Until the form has come to its end, its file must go away by itself: \
                              put the NamedTempFile into the Upload, and let publish persist it.";

/// An empty folder for pictures, in another one.
fn folder() -> (TempDir, PathBuf) {
    let outside = TempDir::new().expect("a temporary folder");
    let folder = outside.path().join("pictures");
    fs::create_dir(&folder).expect("a folder");
    (outside, folder)
}

/// The files in a folder and below it, in order.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Waits until this is so, for some seconds at most; whether it is.
fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn serve(run: &mut Run, folder: &Path, limit: usize) -> Result<Service, Failure> {
    run.program()
        .env("PICTURES", &folder.display().to_string())
        .env("PICTURE_LIMIT", &limit.to_string())
        .serve()
}

/// A request that is sent in pieces.
struct Pieces {
    stream: TcpStream,
    came: Vec<u8>,
}

impl Pieces {
    /// Begins with the head of a form of this length.
    fn begin(service: &Service, path: &str, length: usize, more: &str) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(("localhost", service.port()))?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n{more}\r\n",
            content_type(BOUNDARY)
        );
        stream.write_all(head.as_bytes())?;
        let came = Vec::new();
        Ok(Self { stream, came })
    }

    /// Sends more of the body. A server that has answered already need not take it.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends this number of bytes more.
    fn fill(&mut self, mut left: usize) {
        let filler = vec![b'.'; MIB];
        while left > 0 {
            let length = left.min(MIB);
            self.send(&filler[..length]);
            left -= length;
        }
    }

    /// Waits until something comes, for this long at most.
    fn hear(&mut self, most: Duration) {
        let mut bytes = [0; 1024];
        let _ = self.stream.set_read_timeout(Some(most));
        let count = self.stream.read(&mut bytes).unwrap_or(0);
        self.came.extend(&bytes[..count]);
    }

    /// The status of the answer, and its body.
    fn answer(mut self) -> Option<(u16, String)> {
        let _ = self.stream.set_read_timeout(Some(Duration::from_secs(20)));
        let _ = self.stream.read_to_end(&mut self.came);
        let text = String::from_utf8_lossy(&self.came);
        let text = text.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
        let status = text.get(9..12)?.parse().ok()?;
        let (_, body) = text.split_once("\r\n\r\n")?;
        Some((status, body.into()))
    }
}

/// Sends a form with this number of bytes more at this place, and waits for the answer.
fn send_filled(service: &Service, all: &[u8], at: usize, more: usize) -> Option<(u16, String)> {
    let mut pieces = Pieces::begin(service, "/pictures", all.len() + more, "").ok()?;
    pieces.send(&all[..at]);
    pieces.fill(more);
    pieces.send(&all[at..]);
    pieces.answer()
}

/// What came, in words.
fn came(answer: &Option<(u16, String)>) -> String {
    match answer {
        Some((status, body)) => format!("{status}, {body:?}"),
        None => "no whole answer".into(),
    }
}

/// Whether /wire reads on after what is there at the moment.
fn wire_in_pieces(run: &mut Run) -> Verdict {
    let words = [0; 3].map(|_| run.seed().word());
    let all = words.concat();
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    service
        .ask(post("/wire").body(all.clone()))?
        .expect_body(all.clone())?;
    let expects = "Expect: 100-continue\r\n";
    let answer = Pieces::begin(&service, "/wire", all.len(), expects).ok();
    let answer = answer.and_then(|mut pieces| {
        // Once something comes, the handler waits for the body: so it reads the first piece alone.
        pieces.hear(Duration::from_secs(5));
        for word in &words {
            pieces.send(word.as_bytes());
            pieces.hear(Duration::from_millis(100));
        }
        pieces.answer()
    });
    let (status, body) = answer.unwrap_or_default();
    let body = without_chunks(&body).unwrap_or(body);
    if (status, &body) == (200, &all) {
        return Ok(());
    }
    let done = format!("send {all:?} to /wire, in three pieces, each a moment after the other");
    let wrong = service.wrong(
        &[&done],
        format!("200, {all:?}"),
        format!("{status}, {body:?}"),
    );
    Err(match body.len() < all.len() && all.starts_with(&body) {
        true => wrong.because(
            "short-read-is-the-end",
            "Only what has come at once comes back. A read gives what is there at the moment, which may be less \
             than there is room for: that is not the end. Go on until it says 0, as io::copy does.",
        ),
        false => wrong,
    })
}

/// Whether /wire sends on what comes while it comes.
fn wire_in_little_memory(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let (_outside, folder) = folder();
    let service = serve(run, &folder, LIMIT)?;
    service
        .ask(post("/wire").body(word.clone()))?
        .expect_body(word)?;
    service.peak_memory()?;
    if let Ok(mut pieces) = Pieces::begin(&service, "/wire", LIMIT, "")
        && let Ok(mut back) = pieces.stream.try_clone()
    {
        let _ = back.set_read_timeout(Some(Duration::from_secs(20)));
        let reading = thread::spawn(move || std::io::copy(&mut back, &mut std::io::sink()));
        pieces.fill(LIMIT);
        let _ = reading.join();
    }
    let peak = peak(&service);
    if peak <= LITTLE {
        return Ok(());
    }
    let came = format!("the program has used {} MiB of memory", peak / MIB);
    let wrong = service.wrong(
        &["send 100 MiB to /wire"],
        "a body passes through, and not much memory is needed",
        came,
    );
    Err(wrong.because(
        "wire-in-memory",
        "All of the body is in memory before it is sent back. Let it pass through: io::copy from \
         request.body() into the body of the answer sends on what comes, piece by piece.",
    ))
}

/// What a body is without the lengths of its chunks, if it comes in such (RFC 9112, section 7.1).
fn without_chunks(body: &str) -> Option<String> {
    let (mut rest, mut all) = (body, String::new());
    while !rest.is_empty() {
        let (length, behind) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length, 16).ok()?;
        all += behind.get(..length)?;
        rest = behind.get(length + 2..)?;
    }
    Some(all)
}

/// Whether a form with files gets another answer than what is none. (Which one, later steps say.)
fn taken_for_a_form(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let content = body(&[text("caption", &run.seed().word())], BOUNDARY);
    for written in [
        "multipart/form-data",
        "Multipart/Form-Data",
        "MULTIPART/FORM-DATA",
    ] {
        let header = format!("{written}; boundary={BOUNDARY}");
        let form = post("/parts").field("Content-Type", header);
        let answer = service.ask(form.body(content.clone()))?;
        if answer.status() == 415 {
            let wrong = answer.wrong("another status than 415: this is a form with files");
            return Err(match written {
                "multipart/form-data" => wrong.because("form-refused", FORM_REFUSED),
                _ => wrong.because("case-of-the-type", CASE_OF_THE_TYPE),
            });
        }
    }
    Ok(())
}

/// Whether the part of a file is found again, wherever the body is cut into pieces.
fn cut_anywhere(run: &mut Run) -> Verdict {
    let word = run.seed().word();
    let part = |content: Vec<u8>| Part {
        name: "picture".into(),
        file_name: Some("a.bin".into()),
        content,
    };
    // A part that is longer than what was sent has a boundary in it.
    let cut = |failure: Failure, list: &str, sent: usize| {
        let first = list.lines().next().and_then(|line| {
            let (_, length) = line.split_once("\": ")?;
            length.split(' ').next()?.parse().ok()
        });
        match first.is_some_and(|length: usize| length > sent) {
            true => failure.because("cut-boundary", CUT),
            false => failure,
        }
    };
    // Where the boundary lies on the edge of what is read at once.
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    // A small one goes well.
    let small = form("/parts", &[file("a.bin", word.clone())]);
    let list = listed(&part(word.clone().into()));
    service.ask(small)?.expect_body(list)?;
    let before = find(&body(&[file("a.bin", "")], BOUNDARY), b"\r\n\r\n").unwrap_or(0) + 4;
    for edge in (8192 - BOUNDARY.len() - 8)..8200 {
        let content = vec![b'.'; edge - before];
        let list = listed(&part(content.clone())) + &listed(&part(word.clone().into()));
        let pieces = [file("a.bin", content), file("a.bin", word.clone())];
        let answer = service.ask(form("/parts", &pieces))?;
        if answer.status() != 200 || answer.text() != list {
            let sent = edge - before;
            let done = format!("send a form of two files to /parts, the first of {sent} bytes");
            let wrong = service.wrong(
                &[&done],
                format!("200, {list:?}"),
                came(&Some((answer.status(), answer.text().into_owned()))),
            );
            return Err(cut(wrong, &answer.text(), sent));
        }
    }
    // And where it comes in two pieces.
    let content = format!("{word}\r\n--{}\r\n{word}", &BOUNDARY[..9]).into_bytes();
    let sent = content.len();
    let list = listed(&part(content.clone())) + &listed(&part(word.clone().into()));
    let whole = body(&[file("a.bin", content), file("a.bin", word)], BOUNDARY);
    for at in 1..whole.len() {
        let expects = "Expect: 100-continue\r\n";
        let Ok(mut pieces) = Pieces::begin(&service, "/parts", whole.len(), expects) else {
            break;
        };
        pieces.send(&whole[..at]);
        thread::sleep(Duration::from_millis(1));
        pieces.send(&whole[at..]);
        let answer = pieces.answer();
        if answer != Some((200, list.clone())) {
            let wrong = service.wrong(
                &[
                    &format!("send a form of two files to /parts, {} bytes", whole.len()),
                    &format!("the first {at} bytes of it come first, and then the rest"),
                ],
                format!("200, {list:?}"),
                came(&answer),
            );
            let (_, list) = answer.unwrap_or_default();
            return Err(cut(wrong, &list, sent));
        }
    }
    Ok(())
}

/// Whether pictures lie in the folder by their numbers, whatever they are called.
fn names(run: &mut Run) -> Verdict {
    let (outside, folder) = folder();
    let mut called: Vec<String> = [
        "../../x",
        "../x.png",
        "/tmp/x.png",
        "..\\..\\x.png",
        "C:x.png",
        "con",
        "aux.png",
        "ねこ.png",
        "..",
        ".",
        "1.png",
        "x.png",
        "x.png",
        "a:b",
        "x\u{7f}",
        "x.png/",
    ]
    .map(String::from)
    .into();
    called.push("x".repeat(3000));
    let service = serve(run, &folder, MIB)?;
    let mut contents = Vec::new();
    for name in &called {
        let content = png(run.seed(), 80);
        let answer = service.ask(picture(name, content.clone()))?;
        answer
            .expect_status(303)
            .map_err(|failure| match answer.status() {
                500 if !contents.is_empty() => failure.because("name-is-path", NAME_IS_PATH),
                _ => failure,
            })?;
        contents.push(content);
    }
    let mut right: Vec<String> = (1..=called.len())
        .map(|number| format!("{number}.png"))
        .collect();
    right.sort();
    let lies = |number: usize| fs::read(folder.join(format!("{}.png", number + 1))).ok();
    let is_right = |(at, content): (usize, &Vec<u8>)| lies(at).as_ref() == Some(content);
    let are_right = contents.iter().enumerate().all(is_right);
    let there = files(&folder);
    let beside = files(outside.path());
    if there == right && beside == ["pictures"] && are_right {
        return Ok(());
    }
    let done: Vec<String> = called
        .iter()
        .map(|name| {
            let short: String = name.chars().take(40).collect();
            format!("upload a picture that is called {short:?}")
        })
        .collect();
    let done: Vec<&str> = done.iter().map(String::as_str).collect();
    let wrong = service.wrong(
        &done,
        format!("in the folder, {}, each with its bytes", right.join(", ")),
        format!(
            "in the folder: {}; beside it: {}",
            there.join(", "),
            beside.join(", ")
        ),
    );
    let (temporary, named): (Vec<&String>, Vec<&String>) =
        there.iter().partition(|name| name.starts_with(".tmp"));
    // What is left of their names without the numbers.
    let same: BTreeSet<String> = named
        .iter()
        .map(|name| name.replace(|c: char| c.is_ascii_digit(), ""))
        .collect();
    let is_numbered = named.len() == called.len() && same.len() == 1 && beside == ["pictures"];
    let is_called_right = named.iter().copied().eq(&right);
    Err(match (is_numbered, is_called_right) {
        (true, true) if are_right && !temporary.is_empty() => wrong.because("left-behind", LEFT),
        (true, true) => wrong,
        (true, false) => wrong.because("not-found-again", NOT_FOUND_AGAIN),
        (false, _) => wrong.because("name-is-path", NAME_IS_PATH),
    })
}

/// A double quote in the name of a file comes as `\"`. In the page, nothing of the name is an attribute.
fn no_attributes(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let name = "x\\\" onerror=\\\"y.png";
    service
        .ask(picture(name, png(run.seed(), 80)))?
        .expect_status(303)?;
    let page = service.get("/")?;
    let tags = grader::model::tags(&page.text());
    if tags.iter().all(|tag| tag.attribute("onerror").is_none()) {
        return Ok(());
    }
    let wrong = page.wrong("a page in which onerror, from the name of the file, is no attribute");
    Err(wrong.because(
        "quote-not-escaped",
        "A double quote in the name of a file ends the value of an attribute, and what follows is read as more of \
         them: an onerror with a script, say. escape_html escapes quotes, too.",
    ))
}

/// Fails if there is something in the folder besides these.
fn nothing_left(service: &Service, folder: &Path, but: &[String], done: &[&str]) -> Verdict {
    if soon(|| files(folder) == but) {
        return Ok(());
    }
    let left = files(folder);
    let left: Vec<&String> = left.iter().filter(|name| !but.contains(name)).collect();
    let expected = "nothing of it in the folder";
    Err(service
        .wrong(done, expected, format!("{left:?}"))
        .because("left-behind", LEFT))
}

/// Whether a picture is refused that has just as many bytes as it may have, and one with a byte less is not.
fn is_limit_refused(run: &mut Run) -> Result<bool, Failure> {
    let limit = 5000;
    let (_outside, folder) = folder();
    let service = serve(run, &folder, limit)?;
    let [less, just] = [limit - 1, limit].map(|length| picture("a.png", png(run.seed(), length)));
    let [less, just] = [service.ask(less)?.status(), service.ask(just)?.status()];
    Ok((less, just) == (303, 413))
}

fn too_large(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let limit = 20_000;
    let service = serve(run, &folder, limit)?;
    let whole = png(run.seed(), limit);
    let answer = service.ask(picture("a.png", whole.clone()))?;
    if let Err(failure) = answer.expect_status(303) {
        return Err(match is_limit_refused(run)? {
            true => failure.because("limit-refused", LIMIT_REFUSED),
            false => failure,
        });
    }
    let good = files(&folder);
    let larger = png(run.seed(), limit + 1);
    service
        .ask(picture("b.png", larger.clone()))?
        .expect_status(413)?;
    let done = ["upload a picture that has one byte too many"];
    nothing_left(&service, &folder, &good, &done)?;
    let both = [file("c.png", whole.clone()), file("d.png", larger)];
    service.ask(form("/pictures", &both))?.expect_status(413)?;
    let done = ["upload two pictures together, the second with one byte too many"];
    if let Err(failure) = nothing_left(&service, &folder, &good, &done) {
        let is_whole = |name: &String| fs::read(folder.join(name)).is_ok_and(|all| all == whole);
        let left = files(&folder);
        let is_new = |name: &&String| !good.contains(name) && is_whole(name);
        let new = left.iter().find(is_new);
        return Err(match new {
            Some(name) if name == "2.png" => failure.because("too-early", TOO_EARLY),
            Some(_) if leaves_nothing_of_half(&service, &folder, run) => {
                failure.because("kept-too-early", KEPT_TOO_EARLY)
            }
            _ => failure,
        });
    }
    // So large that the library refuses it.
    let length = limit + 3 * MIB;
    let head = body(&[file("e.png", png(run.seed(), 10_000))], BOUNDARY);
    if let Ok(mut pieces) = Pieces::begin(&service, "/pictures", length, "") {
        pieces.send(&head[..9000]);
        pieces.answer();
    }
    let done = ["upload a picture that is larger than the limit of the server, limits.body_size"];
    nothing_left(&service, &folder, &good, &done)
}

/// Waits until the temporary file of an upload is there, beside these. (If its bytes are in memory,
/// nothing can be seen, and nothing is left.)
fn until_begun(folder: &Path, before: &[String]) {
    let began = Instant::now();
    while files(folder) == before && began.elapsed() < Duration::from_millis(300) {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether nothing more is left of a picture that breaks off.
fn leaves_nothing_of_half(service: &Service, folder: &Path, run: &mut Run) -> bool {
    let before = files(folder);
    let whole = body(&[file("f.png", png(run.seed(), 15_000))], BOUNDARY);
    let Ok(mut pieces) = Pieces::begin(service, "/pictures", whole.len(), "") else {
        return false;
    };
    pieces.send(&whole[..whole.len() / 2]);
    until_begun(folder, &before);
    let _ = pieces.stream.shutdown(Shutdown::Both);
    drop(pieces);
    soon(|| files(folder) == before)
}

fn half(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let content = png(run.seed(), 400_000);
    service
        .ask(picture("a.png", content.clone()))?
        .expect_status(303)?;
    let good = files(&folder);
    let word = run.seed().word();
    let whole = body(&[file(&format!("{word}.png"), content)], BOUNDARY);
    // Only the last boundary is missing; or more.
    for length in [whole.len() - 8, whole.len() / 2] {
        let Ok(mut pieces) = Pieces::begin(&service, "/pictures", whole.len(), "") else {
            continue;
        };
        pieces.send(&whole[..length]);
        until_begun(&folder, &good);
        let page = service.get("/")?;
        let numbered = folder.join("2.png").exists();
        if page.text().contains(&word) || numbered {
            let done = [
                "upload a picture, of which one half has come",
                "meanwhile, ask for the page",
            ];
            let wrong = service.wrong(
                &done,
                "no such picture yet",
                match numbered {
                    true => "2.png is in the folder".into(),
                    false => format!("a page with {word:?}"),
                },
            );
            return Err(wrong.because(
                "half-published",
                "Half a picture is on the board, or has its name already. Write into a temporary \
                 file; publish renames it, when all of the form has come.",
            ));
        }
        let _ = pieces.stream.shutdown(Shutdown::Both);
        drop(pieces);
        let done = [
            "upload a picture",
            "close the connection when a half of it has come",
        ];
        nothing_left(&service, &folder, &good, &done)?;
    }
    // All has come that was promised, and yet it is no whole form.
    let short = post("/pictures")
        .field("Content-Type", content_type(BOUNDARY))
        .body(&whole[..whole.len() - BOUNDARY.len() - 4]);
    service.ask(short)?.expect_status(400)?;
    let done = ["upload a form without its last boundary"];
    nothing_left(&service, &folder, &good, &done)
}

/// A server that is killed cannot take its file away. The next one does, when it starts.
fn killed(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let content = png(run.seed(), 400_000);
    service
        .ask(picture("a.png", content.clone()))?
        .expect_status(303)?;
    let good = files(&folder);
    let whole = body(&[file("b.png", content)], BOUNDARY);
    let Ok(mut pieces) = Pieces::begin(&service, "/pictures", whole.len(), "") else {
        return Ok(());
    };
    pieces.send(&whole[..whole.len() / 2]);
    until_begun(&folder, &good);
    service.stop();
    let next = serve(run, &folder, MIB)?;
    if soon(|| files(&folder) == good) {
        return Ok(());
    }
    let done = [
        "upload a picture, and of another one a half",
        "kill the server, and start it again",
    ];
    let left = files(&folder).join(" ");
    Err(next.wrong(&done, good.join(" "), left).because(
        "left-by-the-killed",
        "When the server is killed, nothing can take its temporary file away, and the next start does not, \
         either. Board::open takes away what has a name that begins with .tmp, as NamedTempFile::new_in \
         gives them: leave both as they are.",
    ))
}

/// Whether nothing is left of what is no picture.
fn no_picture_left(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let page = format!("<h1>{}</h1>", run.seed().word().repeat(500));
    service.ask(picture("a.png", page))?.expect_status(415)?;
    nothing_left(&service, &folder, &[], &["upload a page as a picture"])
}

/// A picture is found by its number, also if there is none with a smaller one.
fn by_number(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let pictures = [
        ("3.png", png(run.seed(), 90)),
        ("7.jpg", begins_with(run.seed(), b"\xff\xd8\xff\xe0")),
    ];
    for (name, content) in &pictures {
        fs::write(folder.join(name), content).expect("a file in this folder");
    }
    let service = serve(run, &folder, MIB)?;
    for number in 0..9 {
        let answer = service.get(&format!("/pictures/{number}"))?;
        let numbered = |(name, _): &&(&str, Vec<u8>)| name.starts_with(&number.to_string());
        let verdict = match pictures.iter().find(numbered) {
            Some((_, content)) => answer
                .expect_status(200)
                .and_then(|()| answer.expect_body(content)),
            None => answer.expect_status(404),
        };
        let is_other = pictures.iter().any(|(_, content)| answer.body() == content);
        verdict.map_err(|failure| match is_other {
            true => failure.because("found-by-place", FOUND_BY_PLACE),
            false => failure,
        })?;
    }
    Ok(())
}

/// Whether the kind of a picture is found, wherever its first bytes are cut.
fn slow_beginning(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    let content = png(run.seed(), 2000);
    let whole = body(&[file("a.png", content)], BOUNDARY);
    service
        .ask(form("/pictures", &[file("a.png", png(run.seed(), 2000))]))?
        .expect_status(303)?;
    let start = find(&whole, PNG).unwrap_or(0);
    // A part of the form is kept back, as it may be the beginning of a boundary.
    for at in 1..BOUNDARY.len() + 4 + 12 {
        let expects = "Expect: 100-continue\r\n";
        let Ok(mut pieces) = Pieces::begin(&service, "/pictures", whole.len(), expects) else {
            break;
        };
        // Once something comes, the handler waits for the body: so it reads the first piece alone.
        pieces.hear(Duration::from_secs(5));
        pieces.send(&whole[..start + at]);
        pieces.hear(Duration::from_millis(10));
        pieces.send(&whole[start + at..]);
        let answer = pieces.answer();
        if !matches!(answer, Some((303, _))) {
            let wrong = service.wrong(
                &[
                    &format!("upload a picture, of which the first {at} bytes come first"),
                    "send the rest of it",
                ],
                "303 See Other",
                came(&answer),
            );
            return Err(match answer {
                Some((415, _)) => wrong.because("beginning-by-one-read", ONE_READ),
                _ => wrong,
            });
        }
    }
    Ok(())
}

/// Whether a picture can come where the system has no place for temporary files.
fn beside_the_pictures(run: &mut Run) -> Verdict {
    let (outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    service
        .ask(picture("a.png", png(run.seed(), 2000)))?
        .expect_status(303)?;
    let nowhere = outside.path().join("nowhere").display().to_string();
    let mut program = run.program().env("PICTURES", &folder.display().to_string());
    for variable in ["TMPDIR", "TMP", "TEMP"] {
        program = program.env(variable, &nowhere);
    }
    let answer = program
        .serve()?
        .ask(picture("b.png", png(run.seed(), 2000)))?;
    answer.expect_status(303).map_err(|failure| {
        failure.because(
            "temporary-elsewhere",
            "The temporary file is made where the system has a place for such files. That may be \
             another disk, from which it cannot be renamed: \
             NamedTempFile::new_in(&self.folder) makes it in the folder of the board.",
        )
    })
}

fn ten_at_once(run: &mut Run) -> Verdict {
    const TEN: usize = 10;
    const HALF: usize = 150_000;
    let (_outside, folder) = folder();
    let service = serve(run, &folder, MIB)?;
    // One alone goes well.
    let first = png(run.seed(), 2 * HALF);
    let answer = service.ask(picture("image.png", first.clone()))?;
    answer.expect_status(303)?;
    if fs::read(folder.join("1.png")).ok() != Some(first) {
        return Err(answer.wrong("1.png in the folder, with just these bytes"));
    }
    // All are called the same, as phones do it.
    let mut under_way = Vec::new();
    let mut contents = Vec::new();
    for _ in 0..TEN {
        let content = png(run.seed(), 2 * HALF);
        let whole = body(&[file("image.png", content.clone())], BOUNDARY);
        if let Ok(mut pieces) = Pieces::begin(&service, "/pictures", whole.len(), "") {
            pieces.send(&whole[..HALF]);
            under_way.push((pieces, whole));
        }
        contents.push(content);
    }
    for (pieces, whole) in &mut under_way {
        pieces.send(&whole[HALF..]);
    }
    let answers = under_way.into_iter().map(|(pieces, _)| pieces.answer());
    let answers: Vec<_> = answers.collect();
    let page = service.get("/")?;
    let shown = (1..=TEN + 1).all(|number| page.text().contains(&format!("/pictures/{number}")));
    let files = (2..TEN + 2).map(|number| fs::read(folder.join(format!("{number}.png"))));
    let files: Vec<Vec<u8>> = files.flatten().collect();
    let whole = contents.iter().filter(|content| files.contains(content));
    let whole = whole.count();
    if whole == TEN && shown {
        return Ok(());
    }
    let answers: Vec<String> = answers.iter().map(came).collect();
    let wrong = service.wrong(
        &[
            "begin to upload ten pictures, each on a connection of its own, all called image.png",
            "send the rest of each",
        ],
        "303 for each, and ten pictures more, each with its own bytes",
        format!(
            "{whole} of them are whole; the answers: {}",
            answers.join("; ")
        ),
    );
    Err(wrong.because(
        "mixed-up",
        "Of ten uploads at the same time, one has written over another. Each needs a file of its \
         own, also while it comes: NamedTempFile finds a new name.",
    ))
}

fn in_little_memory(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    // Where nobody says what the limit is.
    let service = run
        .program()
        .env("PICTURES", &folder.display().to_string())
        .serve()?;
    service
        .ask(picture("a.png", png(run.seed(), 2000)))?
        .expect_status(303)?;
    service.peak_memory()?;
    let all = body(&[file("large.png", PNG)], BOUNDARY);
    let end = all.len() - BOUNDARY.len() - 8;
    let more = LIMIT - PNG.len();
    let done = ["upload a picture of 100 MiB"];
    let answer = send_filled(&service, &all, end, more);
    // A program that has ended by now tells nothing. What it has answered, or not, does.
    let of_picture = peak(&service);
    let whole = "a picture may have 100 MiB, and then there is not much memory that it needs";
    if of_picture > LITTLE {
        return Err(service
            .wrong(&done, whole, format!("the program has used {} MiB of memory", of_picture / MIB))
            .because(
                "whole-in-memory",
                "All of the picture is in memory before it is on the disk. Copy it as it comes: \
                 io::copy from the form into the file. It needs a few KiB, however large the picture \
                 is.",
            ));
    }
    if !matches!(answer, Some((303, _))) {
        let wrong = service.wrong(&done, "303 See Other", came(&answer));
        return Err(match answer {
            Some((413, _)) if is_limit_refused(run)? => {
                wrong.because("limit-refused", LIMIT_REFUSED)
            }
            _ => wrong,
        });
    }
    let length = fs::metadata(folder.join("2.png")).map_or(0, |found| found.len() as usize);
    if length != LIMIT {
        return Err(service.wrong(
            &done,
            format!("2.png with {LIMIT} bytes"),
            format!("{length} bytes"),
        ));
    }
    skipped_in_little_memory(&service)
}

/// Nor does what nobody reads of a form.
fn skipped_in_little_memory(service: &Service) -> Verdict {
    let all = body(&[text("caption", ""), file("small.png", PNG)], BOUNDARY);
    let caption = find(&all, b"\r\n\r\n").unwrap_or(0) + 4;
    // What is answered to such a form, other checks ask with a smaller one.
    send_filled(service, &all, caption, 90 * MIB);
    let peak = peak(service);
    if peak <= LITTLE {
        return Ok(());
    }
    let wrong = service.wrong(
        &["upload a small picture, in a form with a caption of 90 MiB before it"],
        "a caption is passed over, and not much memory is needed",
        format!("the program has used {} MiB of memory", peak / MIB),
    );
    Err(wrong.because(
        "skipped-in-memory",
        "A part that nobody reads is read into memory as a whole, only to be passed over. In next_part, copy the \
         rest of the part before into io::sink(), which keeps nothing.",
    ))
}

/// A picture that lies in the folder goes to the client as it is read.
fn sent_from_disk(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    let mut large = fs::File::create(folder.join("1.png")).expect("a file in this folder");
    large.write_all(PNG).expect("a file that can be written");
    large.set_len(LIMIT as u64).expect("a file that has holes");
    let service = serve(run, &folder, LIMIT)?;
    // What comes of it, other checks say.
    service.get("/pictures/2")?;
    service.peak_memory()?;
    if let Ok(mut stream) = TcpStream::connect(("localhost", service.port())) {
        let head = "GET /pictures/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
        let _ = stream.write_all(head.as_bytes());
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
    let peak = peak(&service);
    if peak <= LITTLE {
        return Ok(());
    }
    let wrong = service.wrong(
        &["lay a picture of 100 MiB into the folder, and ask for it"],
        "it goes from the disk to the client, and not much memory is needed",
        format!("the program has used {} MiB of memory", peak / MIB),
    );
    Err(wrong.because(
        "sent-from-memory",
        "All of a picture is read into memory before it is sent. Let it go from the disk to the client: \
         send_file(File::open(…)?) reads it piece by piece.",
    ))
}

/// A small disk, as long as this lives.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// # Errors
    ///
    /// If this computer does not let one be made, with the reason.
    fn mount() -> Result<Self, Failure> {
        let folder = TempDir::new().expect("a temporary folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match mounted {
            Ok(status) if status.success() => Ok(Self(folder)),
            _ => Err(Failure::not_here(
                "it needs a disk that is full, and only an administrator of Linux can make a small \
                 one",
            )),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn disk_full(run: &mut Run) -> Verdict {
    let disk = SmallDisk::mount()?;
    let folder = disk.0.path().join("pictures");
    let service = serve(run, &folder, MIB)?;
    let small = png(run.seed(), 50_000);
    service
        .ask(picture("a.png", small.clone()))?
        .expect_status(303)?;
    // There is room for this one, but not twice.
    let answer = service.ask(picture("once.png", png(run.seed(), 120_000)))?;
    answer.expect_status(303).map_err(|failure| {
        failure.because(
            "twice-on-disk",
            "There is room for this picture, and yet it is refused: for a while, it is on the disk twice. Do not copy \
             its file. persist gives it its name, and that needs no room.",
        )
    })?;
    let good = files(&folder);
    let large = png(run.seed(), 500_000);
    let answer = service.ask(picture("b.png", large))?;
    answer.expect_status(507).map_err(|failure| {
        failure.because(
            "full-disk-otherwise",
            "The disk is full, and the answer does not say so. Hand on the error of io::copy with \
             `?`: the From of Problem makes 507 of it.",
        )
    })?;
    let done = ["upload a picture for which there is no room on the disk"];
    nothing_left(&service, &folder, &good, &done)?;
    // There is room again.
    service.ask(picture("c.png", small))?.expect_status(303)
}

/// A script that chooses a file of these bytes in the form of the page.
fn choose(name: &str, content: &[u8]) -> String {
    let bytes: Vec<String> = content.iter().map(u8::to_string).collect();
    format!(
        "(() => {{ const chosen = new DataTransfer(); \
         chosen.items.add(new File([new Uint8Array([{}])], {name:?}, {{ type: 'image/png' }})); \
         document.querySelector('input[type=file]').files = chosen.files; }})()",
        bytes.join(",")
    )
}

fn seen_in_a_browser(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    run.env("PICTURES", &folder.display().to_string());
    let mut page = run.browser()?;
    page.open("/")?;
    // The form is the check's own: a page of the student's may have no button for this.
    page.evaluate(
        "document.body.innerHTML = '<form action=\"/wire\" method=\"post\" enctype=\"multipart/form-data\">\
         <input type=\"file\" name=\"picture\"><button>Show what is sent</button></form>'",
    )?;
    page.evaluate(&choose("ねこ.png", DOT))?;
    page.submit("[type=file]")?;
    page.expect_text("Content-Disposition: form-data; name=\"picture\"; filename=\"ねこ.png\"")?;
    page.expect_text("Content-Type: image/png")
}

fn gallery(run: &mut Run) -> Verdict {
    let (_outside, folder) = folder();
    run.env("PICTURES", &folder.display().to_string());
    let mut page = run.browser()?;
    page.open("/")?;
    page.evaluate(&choose("ねこ <b>.png", DOT))?;
    page.submit("[type=file]")?;
    page.expect_path("/")?;
    page.expect_text("ねこ <b>.png")?;
    // An image may be asked for when it comes into view, and not before.
    let script = "(() => { const image = document.querySelector('img'); image.loading = 'eager'; \
                  return image.complete + ' ' + image.naturalWidth; })()";
    let until = Instant::now() + Duration::from_secs(5);
    while page.evaluate(script)? != "true 2" {
        if Instant::now() >= until {
            return Err(page.wrong("that the browser shows the picture, which is 2 pixels wide"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

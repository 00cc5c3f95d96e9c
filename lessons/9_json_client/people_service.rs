//! The service that the client of lesson 9 asks: a directory of made-up people.
//!
//!     cargo run -p json_client --bin people_service
//!
//! `GET /person?region=Norway` answers with a person in JSON. Two regions are there
//! to try what can go wrong: `Babel` answers with half of the JSON, and
//! `Sleepy Hollow` after ten seconds.
//!
//! Each region has one person. With another PEOPLE_SEED it has another one.

use std::thread::sleep;
use std::time::Duration;

use http_core::{Answer, HttpServer, Request, Response, local_address, parse_form};
use serde_json::{Value, json};

/// The regions, each with names of people and of families. Nobody is meant.
const REGIONS: [(&str, [&str; 4], [&str; 4]); 6] = [
    (
        "Brazil",
        ["Ana", "João", "Luiza", "Rafael"],
        ["Araújo", "Costa", "Lima", "Souza"],
    ),
    (
        "Côte d'Ivoire",
        ["Adjoua", "Awa", "Koffi", "Yao"],
        ["Bamba", "Diallo", "Kouassi", "Traoré"],
    ),
    (
        "Germany",
        ["Jörg", "Katrin", "Mia", "Sören"],
        ["Bäcker", "Groß", "Lehmann", "Schäfer"],
    ),
    (
        "Japan",
        ["さくら", "はると", "ひなた", "ゆい"],
        ["佐藤", "山田", "林", "田中"],
    ),
    (
        "Norway",
        ["Bjørn", "Ingrid", "Kåre", "Solveig"],
        ["Berg", "Dahl", "Nygård", "Østby"],
    ),
    (
        "Slovakia",
        ["Jana", "Matúš", "Tomáš", "Zuzana"],
        ["Horváth", "Kováčová", "Novák", "Tóth"],
    ),
];

fn main() -> http_core::Result<()> {
    let seed = std::env::var("PEOPLE_SEED").unwrap_or_default();
    HttpServer::bind(local_address())?
        // The one that sleeps must not hold up the others.
        .threads(4)
        .serve_forever(
            move |request: &mut Request, response: Response| match request.path() {
                "/" => send_regions(response),
                "/person" => {
                    let fields = parse_form(request.query().unwrap_or(""));
                    match fields.get("region") {
                        Some(region) => send_person(&seed, region, response),
                        None => send_problem(response, 400, "the query has no region"),
                    }
                }
                _ => send_problem(response, 404, "ask for /person?region=..."),
            },
        )
}

fn send_person(seed: &str, region: &str, response: Response) -> Answer {
    let Some(person) = person(seed, region) else {
        return send_problem(response, 404, &format!("there is nobody in {region}"));
    };
    let text = format!("{person:#}\n");
    if region == "Babel" {
        return send_json(response, 200, &text[..text.len() / 2]);
    }
    if region == "Sleepy Hollow" {
        sleep(Duration::from_secs(10));
    }
    send_json(response, 200, &text)
}

/// The person of this region, the same one in every run with this seed.
fn person(seed: &str, region: &str) -> Option<Value> {
    let known = match region {
        "Babel" | "Sleepy Hollow" => "Brazil",
        _ => region,
    };
    let (_, names, surnames) = REGIONS.iter().find(|(name, _, _)| *name == known)?;
    // FNV-1a: a number that looks drawn, and is the same on every computer.
    let mut drawn: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in seed.bytes().chain(region.bytes()) {
        drawn = (drawn ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let digits = |number: u64| format!("{:04}", number % 10_000);
    Some(json!({
        "name": names[(drawn % 4) as usize],
        "surname": surnames[(drawn / 4 % 4) as usize],
        "region": region,
        "credit_card": {
            "number": format!("0000 0000 {} {}", digits(drawn / 16), digits(drawn / 160_000)),
            // One in ten begins with a zero.
            "pin": digits(drawn / 1_600_000_000),
        },
    }))
}

fn send_regions(response: Response) -> Answer {
    let mut text = String::from("Ask for /person?region=... with one of these regions:\n");
    for (region, _, _) in REGIONS {
        text += &format!("{region}\n");
    }
    response
        .send_response(200)
        .send_header("Content-Type", "text/plain; charset=utf-8")
        .end_headers()?
        .send(text)
}

fn send_problem(response: Response, status: u16, problem: &str) -> Answer {
    let text = json!({ "problem": problem });
    send_json(response, status, &format!("{text:#}\n"))
}

fn send_json(response: Response, status: u16, text: &str) -> Answer {
    response
        .send_response(status)
        .send_header("Content-Type", "application/json")
        .end_headers()?
        .send(text)
}

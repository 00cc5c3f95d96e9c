//! Lesson 9: the JSON client. Not a server this time, but a program that asks one.
//!
//!     cargo run -p json_client --bin people_service                  start the server, then
//!     cargo run -p json_client -- http://localhost:8000 Norway       run it
//!     cargo test -p json_client                                      see which steps are done
//!
//! The lesson is in lessons/9_json_client/README.md. This is the only file to edit.

// While a todo!() stands below, not everything is used. Take this line out at the end.
#![allow(unused_imports, unused_variables)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;

/// What the program wants to know of a person.
#[derive(Deserialize)]
struct Person {
    // Step 3: the fields.
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() != 2 {
        eprintln!("Tell me whom to ask and for which region:");
        eprintln!("    cargo run -p json_client -- http://localhost:8000 Norway");
        return ExitCode::from(2);
    }
    let (service, region) = (&arguments[0], &arguments[1]);
    match introduce(service, region) {
        Ok(sentence) => {
            println!("{sentence}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            todo!("step 2: say what went wrong on standard error, and return exit code 1")
        }
    }
}

/// Asks the service for a person of this region, and lets the person speak.
fn introduce(service: &str, region: &str) -> Result<String, Box<dyn Error>> {
    let text = fetch(service, region)?;
    let person = decode(&text)?;
    todo!("step 4: put the sentence together from the fields of the person")
}

/// The answer to GET /person?region=..., as text.
fn fetch(service: &str, region: &str) -> Result<String, ureq::Error> {
    todo!("step 1: ask for /person with the region in the query, for 2 seconds at most")
}

/// The person that this JSON is about.
fn decode(text: &str) -> Result<Person, serde_json::Error> {
    todo!("step 3: make a Person out of the text")
}

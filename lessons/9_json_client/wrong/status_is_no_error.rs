//! Wrong: the status is not looked at, and the error page is taken for JSON.
//! rejected by: step 2
//! diagnosis: message-says-too-little

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use serde::Deserialize;

/// What the program wants to know of a person.
#[derive(Deserialize)]
struct Person {
    name: String,
    surname: String,
    credit_card: CreditCard,
}

#[derive(Deserialize)]
struct CreditCard {
    /// Digits, but no number: 0042 and 42 are two PINs.
    pin: String,
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
            eprintln!("No person from {service}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Asks the service for a person of this region, and lets the person speak.
fn introduce(service: &str, region: &str) -> Result<String, Box<dyn Error>> {
    let text = fetch(service, region)?;
    let person = decode(&text)?;
    Ok(format!(
        "My name is {} {} and the PIN on my card is {}.",
        person.name, person.surname, person.credit_card.pin
    ))
}

/// The answer to GET /person?region=..., as text.
fn fetch(service: &str, region: &str) -> Result<String, ureq::Error> {
    let mut answer = ureq::get(format!("{service}/person"))
        .query("region", region)
        .config()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(2)))
        .build()
        .call()?;
    answer.body_mut().read_to_string()
}

/// The person that this JSON is about.
fn decode(text: &str) -> Result<Person, serde_json::Error> {
    serde_json::from_str(text)
}

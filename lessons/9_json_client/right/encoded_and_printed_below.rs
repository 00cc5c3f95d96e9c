//! Right: the query is encoded by hand, all bytes of it; the message says the error as
//! programmers see it; everything is in one function.

use std::time::Duration;

#[derive(serde::Deserialize)]
struct Card {
    pin: String,
}

#[derive(serde::Deserialize)]
struct Somebody {
    surname: String,
    #[serde(rename = "credit_card")]
    card: Card,
    name: String,
}

fn fail(code: i32, message: &str) -> ! {
    eprint!("{message}");
    std::process::exit(code)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words.len() != 3 {
        fail(2, "Start me with the address of a service and a region.\n");
    }
    let region: String = words[2]
        .bytes()
        .map(|byte| format!("%{byte:02x}"))
        .collect();
    let uri = format!("{}/person?region={region}", words[1]);
    let request = ureq::get(&uri).config();
    let limit = Some(Duration::from_secs(2));
    let answer = request.timeout_global(limit).proxy(None).build().call();
    let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
    let text = match text {
        Ok(text) => text,
        Err(error) => fail(
            1,
            &format!("{}: {error:?} (asked for {})", words[1], words[2]),
        ),
    };
    let Ok(somebody) = serde_json::from_str::<Somebody>(&text) else {
        fail(
            1,
            &format!("{} did not answer with a person: {text}\n", words[1]),
        )
    };
    let Somebody {
        name,
        surname,
        card: Card { pin },
    } = somebody;
    print!("My name is {name} {surname} and the PIN on my card is {pin}.\n");
}

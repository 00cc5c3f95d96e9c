//! The checks of lesson 9, json_client: a program that asks a server and ends. The
//! servers that it asks are stubs, and people_service, the lesson's own.

use std::process::ExitCode;
use std::time::Duration;

use grader::{Failure, Finished, Reply, Run, Stub, Verdict};
use serde_json::{Value, json};

fn main() -> ExitCode {
    grader::lesson!()
        .check(1, "it asks with GET for /person", 2, asks)
        .check(1, "the region arrives as it was typed", 2, asks_for_region)
        .check(1, "it waits half a second for an answer", 1, waits)
        .check(1, "it gives up after 2 seconds", 2, gives_up)
        .check(2, "another status is exit code 1", 1, status_code)
        .check(2, "the message goes to standard error", 1, status_stream)
        .check(
            2,
            "the message says who answered, and what",
            1,
            status_message,
        )
        .check(2, "nobody listens: a message, exit code 1", 1, refused)
        .check(
            2,
            "the service hangs up: a message, exit code 1",
            1,
            hangs_up,
        )
        .check(
            3,
            "fields come in any order, with others between",
            2,
            any_order,
        )
        .check(
            3,
            "any way to write a text in JSON is understood",
            1,
            escapes,
        )
        .check(3, "what is no JSON is an error, not a panic", 1, no_json)
        .check(3, "a field that is missing is an error", 1, missing_field)
        .check(4, "the sentence, and nothing else", 2, sentence)
        .check(4, "exit code 0", 1, success)
        .check(4, "a PIN keeps its zeros", 1, zeros)
        .check(4, "the people of people_service", 1, people)
        .grade()
}

/// Runs the program to its end.
fn ask(run: &mut Run, service: &str, region: &str) -> Result<Finished, Failure> {
    run.program().arg(service).arg(region).wait()
}

/// A person nobody can know.
struct Person {
    name: String,
    surname: String,
    pin: String,
}

impl Person {
    fn draw(run: &mut Run) -> Person {
        let mut name = || run.seed().word() + "é";
        let (name, surname) = (name(), name());
        let pin = run.seed().number(1000..10_000).to_string();
        Person { name, surname, pin }
    }

    fn json(&self) -> String {
        json!({
            "name": self.name,
            "surname": self.surname,
            "region": "Norway",
            "credit_card": { "number": "0000 0000 0000 0000", "pin": self.pin },
        })
        .to_string()
    }

    fn sentence(&self) -> String {
        let Person { name, surname, pin } = self;
        format!("My name is {name} {surname} and the PIN on my card is {pin}.\n")
    }
}

/// A service with this one answer.
fn answering(run: &mut Run, json: String) -> Stub {
    run.stub(move |_| Reply::json(&json))
}

// Step 1: the request. What becomes of the answer is not looked at.

fn asks(run: &mut Run) -> Verdict {
    let person = Person::draw(run);
    let service = answering(run, person.json());
    let end = ask(run, &service.url(), "Norway")?;
    match &service.requests()[..] {
        [asked] if asked.method() == "GET" && asked.path() == "/person" => Ok(()),
        _ => Err(end.wrong("one request: GET /person, with a query").because(
            "not-asked",
            "The service was not asked for just this. Its requests are shown above. The \
                 address is that of the service, then /person, and the query is added to it: \
                 ureq::get(format!(\"{service}/person\")).",
        )),
    }
}

fn asks_for_region(run: &mut Run) -> Verdict {
    let (person, word) = (Person::draw(run), run.seed().line());
    let service = answering(run, person.json());
    let region = format!("{word} & co=100%");
    let end = ask(run, &service.url(), &region)?;
    let requests = service.requests();
    let query = requests.first().map_or("", |asked| asked.query());
    if http_core::parse_form(query).get("region") == Some(&region) {
        return Ok(());
    }
    let failure = end.wrong(format!(
        "a query with region=, and behind it, encoded: {region}"
    ));
    // (A client refuses to send an address with a space in it.)
    if !requests.is_empty() && !query.contains("region=") {
        return Err(failure.because(
            "no-region",
            "The query has no field of the name region. The name comes first, then the value: \
             .query(\"region\", region).",
        ));
    }
    Err(failure.because(
        "region-not-encoded",
        "The region does not arrive as it was typed. In a query, spaces, & and letters such as ø \
         must be percent-encoded. .query(\"region\", region) does it; format! does not.",
    ))
}

fn waits(run: &mut Run) -> Verdict {
    let (json, delay) = (Person::draw(run).json(), Duration::from_millis(500));
    let service = run.stub(move |_| Reply::json(&json).after(delay));
    let end = ask(run, &service.url(), "Norway")?;
    if end.took() >= delay {
        return Ok(());
    }
    let failure = end.wrong("an end after half a second, when the answer has come");
    Err(failure.because(
        "too-impatient",
        "The service answers after half a second, and has two. Look at the time limit: \
         Duration::from_secs(2).",
    ))
}

fn gives_up(run: &mut Run) -> Verdict {
    let service = run.stub(|_| Reply::silence());
    expect_given_up(&ask(run, &service.url(), "Norway")?)?;
    // An answer that begins in time must end in time, too.
    let json = Person::draw(run).json();
    let service = run.stub(move |_| Reply::json(&json).stalled());
    expect_given_up(&ask(run, &service.url(), "Norway")?)
}

fn expect_given_up(end: &Finished) -> Verdict {
    let took = end.took();
    if took > Duration::from_millis(1500) && took < Duration::from_millis(4500) {
        return Ok(());
    }
    let failure = end.wrong("a service that never answers is given up after 2 seconds");
    Err(failure.because(
        "other-time-limit",
        format!(
            "The program gave up after {:.1} seconds. The limit for all of the exchange is 2 \
             seconds: timeout_global(Some(Duration::from_secs(2))).",
            took.as_secs_f32()
        ),
    ))
}

// Step 2: when there is no answer, or not the right one.

/// A service that answers with an error.
fn failing(run: &mut Run) -> (Stub, u16) {
    let choice = run.seed().number(0..4);
    let status = [400, 404, 500, 503][choice as usize];
    let service = run.stub(move |_| Reply::new(status).body("no\n"));
    (service, status)
}

fn status_code(run: &mut Run) -> Verdict {
    let (service, _) = failing(run);
    ask(run, &service.url(), "Norway")?.expect_code(1)
}

fn status_stream(run: &mut Run) -> Verdict {
    let (service, _) = failing(run);
    let end = ask(run, &service.url(), "Norway")?;
    end.expect_code(1)?;
    if end.stdout().is_empty() && !end.stderr().is_empty() {
        return Ok(());
    }
    let failure = end.wrong("a message on standard error, nothing on standard output");
    Err(failure.because(
        "message-on-stdout",
        "Standard output is for results: somebody may send it into a file. Messages go to \
         standard error, with eprintln!.",
    ))
}

fn status_message(run: &mut Run) -> Verdict {
    let (service, status) = failing(run);
    let end = ask(run, &service.url(), "Norway")?;
    let said = end.stderr();
    if said.contains(&service.url()) && said.contains(&status.to_string()) {
        return Ok(());
    }
    let failure = end.wrong(format!(
        "on standard error, a message with {} and {status} in it",
        service.url()
    ));
    Err(says_too_little(failure))
}

fn says_too_little(failure: Failure) -> Failure {
    failure.because(
        "message-says-too-little",
        "Whoever reads the message wants to know who was asked and what went wrong. \"{error}\" \
         shows what ureq says, \"{service}\" who was asked: put both into one eprintln!.",
    )
}

fn expect_message(end: &Finished, service: &str) -> Verdict {
    end.expect_code(1)?;
    if end.stderr().contains(service) {
        return Ok(());
    }
    let failure = end.wrong(format!("on standard error, a message with {service} in it"));
    Err(says_too_little(failure))
}

fn refused(run: &mut Run) -> Verdict {
    let service = run.refusing_url();
    let end = ask(run, &service, "Norway")?;
    expect_message(&end, &service)
}

fn hangs_up(run: &mut Run) -> Verdict {
    let service = run.stub(|_| Reply::raw(""));
    let end = ask(run, &service.url(), "Norway")?;
    expect_message(&end, &service.url())
}

// Step 3: from JSON to a person. Before step 4 the program has nothing to say yet,
// so these checks look for as little as they can.

fn expect_person(end: &Finished, person: &Person, id: &'static str, cause: &str) -> Verdict {
    if end.stderr().contains("not yet implemented: step 4") {
        return Ok(());
    }
    let said = end.stdout().to_string() + end.stderr();
    for text in [&person.name, &person.surname] {
        if said.contains(text) {
            continue;
        }
        let failure = end.wrong(format!("somewhere in what is printed: {text}"));
        let unfit = ["invalid type", "missing field"];
        return Err(if unfit.iter().any(|words| said.contains(words)) {
            failure.because(
                "struct-does-not-fit",
                "The struct and the JSON do not fit, and the message says where. The fields of the \
                 struct have the names that they have in the JSON; what stands in quotes is a \
                 String, the PIN too; and the card is a struct of its own.",
            )
        } else {
            failure.because(id, cause)
        });
    }
    Ok(())
}

fn any_order(run: &mut Run) -> Verdict {
    let (person, word) = (Person::draw(run), run.seed().word());
    let Person { name, surname, pin } = &person;
    let json = format!(
        r#"{{"credit_card":{{"issuer":"{word}","pin":"{pin}"}},"{word}":[1,null,true],
           "surname":"{surname}","age":41,"name":"{name}"}}"#
    );
    let service = answering(run, json);
    let end = ask(run, &service.url(), "Norway")?;
    expect_person(
        &end,
        &person,
        "order-of-fields",
        "In JSON, the fields of an object have no order, and a service may add new ones. \
         serde_json::from_str finds the ones that the struct has, by name.",
    )
}

fn escapes(run: &mut Run) -> Verdict {
    let person = Person {
        name: format!("Zoë-{}", run.seed().word()),
        ..Person::draw(run)
    };
    let json = person.json().replace('ë', "\\u00eb").replace(':', "\n : ");
    let service = answering(run, json);
    let end = ask(run, &service.url(), "Norway")?;
    expect_person(
        &end,
        &person,
        "parsed-by-hand",
        "JSON can be written in many ways: with spaces and line ends anywhere between its parts, \
         and in a text with \\u00eb for ë. serde_json::from_str knows them all.",
    )
}

/// Runs the program for an answer that is no person. The cause is for a program that
/// makes a person of it.
fn expect_no_person(run: &mut Run, answer: &str, id: &'static str, cause: &str) -> Verdict {
    let service = answering(run, answer.into());
    let end = ask(run, &service.url(), "Norway")?;
    let failure = end.wrong("a message, and no sentence");
    if end.stdout().contains("My name is") {
        return Err(failure.because(id, cause));
    }
    if end.code() == 101 && !end.stderr().contains("not yet implemented: step 2") {
        // Of a panic the grader knows more to say.
        return Err(failure);
    }
    // A message with exit code 0 is a matter of step 2. Without one, nothing has failed.
    if end.code() == 0 && end.stderr().is_empty() {
        return Err(failure.because(
            "error-as-result",
            "The answer is no person, and the program ends as if all were well. What introduce \
             returns in an Ok is taken for the sentence. Hand the error of serde_json::from_str \
             on to main, as the ? behind decode(&text) does.",
        ));
    }
    Ok(())
}

fn no_json(run: &mut Run) -> Verdict {
    let json = Person::draw(run).json();
    let half = &json[..json.len() - 10];
    for text in [half, "", "<h1>It works</h1>", "[]"] {
        expect_no_person(
            run,
            text,
            "person-made-up",
            "The answer is no person in JSON, and the program goes on as if it were. \
             serde_json::from_str gives an Err for it: return that.",
        )?;
    }
    Ok(())
}

fn missing_field(run: &mut Run) -> Verdict {
    let json = Person::draw(run).json();
    for field in ["name", "surname", "pin"] {
        let json = json.replace(&format!("\"{field}\""), "\"other\"");
        let cause = format!(
            "The JSON has no \"{field}\", and the program goes on as if it had. A field of the \
             struct that is neither an Option nor has a default is required, and from_str gives \
             an Err without it."
        );
        expect_no_person(run, &json, "field-made-up", &cause)?;
    }
    Ok(())
}

// Step 4: the sentence.

fn sentence(run: &mut Run) -> Verdict {
    let person = Person::draw(run);
    let service = answering(run, person.json());
    let end = ask(run, &service.url(), "Norway")?;
    end.expect_stdout(&person.sentence())
}

fn success(run: &mut Run) -> Verdict {
    let json = Person::draw(run).json();
    let service = answering(run, json);
    ask(run, &service.url(), "Norway")?.expect_code(0)
}

fn zeros(run: &mut Run) -> Verdict {
    let pin = format!("00{}", run.seed().number(10..100));
    let person = Person {
        pin: pin.clone(),
        ..Person::draw(run)
    };
    let service = answering(run, person.json());
    let end = ask(run, &service.url(), "Norway")?;
    end.expect_stdout_contains(&pin).map_err(|failure| {
        failure.because(
            "pin-is-no-number",
            format!(
                "The PIN is {pin}, with its zeros. As a number it loses them: keep it as the text \
                 that it is in the JSON."
            ),
        )
    })
}

fn people(run: &mut Run) -> Verdict {
    let seed = run.seed().word();
    let people = run.binary("people_service").env("PEOPLE_SEED", &seed);
    let people = people.serve()?;
    let answer = people.get("/person?region=Slovakia")?;
    let json: Value = serde_json::from_slice(answer.body()).expect("a person in JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let person = Person {
        name: text(&json["name"]),
        surname: text(&json["surname"]),
        pin: text(&json["credit_card"]["pin"]),
    };
    let end = ask(run, &people.url(), "Slovakia")?;
    end.expect_stdout(&person.sentence())
}

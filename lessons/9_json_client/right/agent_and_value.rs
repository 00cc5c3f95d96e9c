//! Right: an agent with a limit, a JSON value in place of structs, and other words.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(service), Some(region), None) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: json_client SERVICE REGION");
        return ExitCode::from(2);
    };
    match sentence(&service, &region) {
        Ok(sentence) => println!("{sentence}"),
        Err(why) => {
            eprintln!("error:\n  {service} gave us nobody.\n  The reason: {why}\n");
            return ExitCode::from(1);
        }
    }
    ExitCode::SUCCESS
}

fn sentence(service: &str, region: &str) -> Result<String, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_millis(2000)))
        .proxy(None)
        .build();
    let agent = ureq::Agent::new_with_config(config);
    let asked = agent
        .get(format!("{service}/person"))
        .query("region", region)
        .header("Accept", "application/json")
        .call();
    let mut answer = asked.map_err(|error| error.to_string())?;
    let body = answer.body_mut().read_to_vec();
    let body = body.map_err(|error| error.to_string())?;
    let person: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let text = |value: &Value, what: &str| match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("no {what} in the answer")),
    };
    let name = text(&person["name"], "name")?;
    let surname = text(&person["surname"], "surname")?;
    let pin = text(&person["credit_card"]["pin"], "PIN")?;
    Ok(format!(
        "My name is {name} {surname} and the PIN on my card is {pin}."
    ))
}

//! What requests that were answered wrongly have in common: told where no mistake explains
//! them.

use crate::record::Request;

/// A thing that requests can have in common.
type Feature = (&'static str, fn(&Request) -> bool);

const FEATURES: [Feature; 11] = [
    ("is a GET", |asked| asked.method == "GET"),
    ("is a POST", |asked| asked.method == "POST"),
    ("is a HEAD", |asked| asked.method == "HEAD"),
    ("asks for the path /", |asked| asked.path() == "/"),
    ("has a query", |asked| asked.target.contains('?')),
    ("has no query", |asked| !asked.target.contains('?')),
    ("has a percent sign in its path", |asked| {
        asked.path().contains('%')
    }),
    ("has a + in its query or body", |asked| {
        asked.query().contains('+') || asked.text().contains('+')
    }),
    (
        "has a body with other bytes than ASCII, perhaps encoded",
        |asked| !asked.text().is_ascii() || asked.text().contains('%'),
    ),
    ("has an empty body", |asked| {
        asked.body.as_ref().is_some_and(|body| body.is_empty())
    }),
    ("has a path that ends with a slash", |asked| {
        asked.path().len() > 1 && asked.path().ends_with('/')
    }),
];

/// What is true of all requests that were answered wrongly, and of no other.
pub(super) fn in_common(asked: &[(Request, bool)]) -> Vec<String> {
    let wrong = || asked.iter().filter(|(_, right)| !right);
    let (count, others) = (wrong().count(), asked.len() - wrong().count());
    if count < 3 || others < 3 {
        return Vec::new();
    }
    let only = |(_, holds): &&Feature| {
        asked
            .iter()
            .all(|(request, right)| holds(request) != *right)
    };
    let said = |(what, _): &Feature| {
        format!(
            "Each of the {count} requests that were answered wrongly {what}, and none of the \
             {others} others."
        )
    };
    FEATURES.iter().filter(only).map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::get;

    #[test]
    fn what_wrong_answers_have_in_common_is_told() {
        let asked = |target: &str| get(target).asked().cloned().unwrap();
        let asked = [
            (asked("/?a"), false),
            (asked("/b?"), false),
            (asked("/?c"), false),
            (asked("/d"), true),
            (asked("/"), true),
            (asked("/%61"), true),
        ];
        let said = in_common(&asked);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("has a query, and none"), "{said:?}");
        assert_eq!(in_common(&asked[1..]), [""; 0]);
    }
}

//! Which ready-made encodings of a file a client takes (RFC 9110, section 12.5.3).

/// An encoding of which a copy may lie beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Its name in Accept-Encoding and Content-Encoding.
    pub name: &'static str,
    /// What it adds to the name of the file.
    pub suffix: &'static str,
}

/// The smaller one first.
const ENCODINGS: [Encoding; 2] = [
    Encoding {
        name: "br",
        suffix: ".br",
    },
    Encoding {
        name: "gzip",
        suffix: ".gz",
    },
];

/// The encodings that an Accept-Encoding field allows, and does not want less than the
/// file as it is; the most wanted first.
pub(super) fn accepted(field: &str) -> impl Iterator<Item = Encoding> {
    let plain = weight(field, "identity");
    let mut encodings = ENCODINGS.map(|encoding| (weight(field, encoding.name), encoding));
    // Of two that are wanted alike, the smaller one stays first.
    encodings.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    encodings
        .into_iter()
        .filter(move |(weight, _)| *weight > 0.0 && *weight >= plain)
        .map(|(_, encoding)| encoding)
}

/// How much a coding is wanted: by its name, else by `*`, else not at all.
fn weight(field: &str, name: &str) -> f32 {
    let mut any = 0.0;
    for element in field.split(',') {
        let (coding, parameters) = element.split_once(';').unwrap_or((element, "q=1"));
        let coding = coding.trim();
        let weight = parameters
            .trim()
            .strip_prefix(['q', 'Q'])
            .and_then(|rest| rest.trim_start().strip_prefix('='))
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(0.0);
        // `x-gzip` is an old name of gzip (section 8.4.1.3).
        if coding.eq_ignore_ascii_case(name)
            || (name == "gzip" && coding.eq_ignore_ascii_case("x-gzip"))
        {
            return weight;
        }
        if coding == "*" {
            any = weight;
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_taken_at_its_word() {
        for (field, expected) in [
            ("gzip, deflate, br, zstd", &["br", "gzip"][..]),
            ("gzip", &["gzip"]),
            ("X-GZIP", &["gzip"]),
            ("br;q=0, gzip;q=0.5", &["gzip"]),
            ("gzip;q=0.000", &[]),
            ("br;q=0.5, gzip", &["gzip", "br"]),
            ("br;q=0.5, gzip;q=0.5", &["br", "gzip"]),
            ("identity, gzip;q=0.5, br", &["br"]),
            ("identity;q=0, gzip;q=0.5", &["gzip"]),
            ("gzip; Q = 1 ", &["gzip"]),
            ("*", &["br", "gzip"]),
            ("*;q=0", &[]),
            ("br;q=0,*", &["gzip"]),
            ("identity", &[]),
            ("", &[]),
            ("gzip;q=cat", &[]),
        ] {
            let names: Vec<_> = accepted(field).map(|encoding| encoding.name).collect();
            assert_eq!(names, expected, "{field}");
        }
    }
}

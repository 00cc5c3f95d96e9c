//! An independent reading of what a server sends: answers, each with exactly one
//! end. It panics where the bytes are none (RFC 9112, sections 4 to 7).

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of the only field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut of_name = self.fields.iter().filter(|(field, _)| field == name);
        let first = of_name.next();
        assert!(of_name.next().is_none(), "{name} twice: {self:?}");
        first.map(|(_, value)| &value[..])
    }

    pub fn says_close(&self) -> bool {
        self.field("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Takes the next answer off the front of `bytes`.
pub fn next(bytes: &mut &[u8], to_head: bool) -> Answer {
    let all = *bytes;
    let end = all
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head: {:?}", all.escape_ascii().to_string()));
    let head = std::str::from_utf8(&all[..end]).expect("a head of text");
    *bytes = &all[end + 4..];
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .filter(|_| first.as_bytes().get(12) == Some(&b' '))
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status line: {first:?}"));
    let fields = lines
        .map(|line| {
            let (name, value) = line.split_once(':').expect("a field");
            assert!(
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "{line:?}"
            );
            assert!(!value.bytes().any(|b| b < b' ' || b == 0x7f), "{line:?}");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let mut answer = Answer {
        status,
        fields,
        body: Vec::new(),
    };
    let length = answer.field("content-length").map(|length| {
        let length: usize = length.parse().expect("a length");
        length
    });
    let is_chunked = answer.field("transfer-encoding").is_some();
    if status < 200 || status == 204 {
        assert!(length.is_none() && !is_chunked, "a framing of nothing");
        return answer;
    }
    assert!(answer.field("date").is_some());
    if to_head || status == 304 {
        return answer;
    }
    match (length, is_chunked) {
        (Some(length), false) => answer.body = take(bytes, length).to_vec(),
        (None, true) => loop {
            let end = bytes
                .windows(2)
                .position(|w| w == b"\r\n")
                .expect("a size line");
            let size = std::str::from_utf8(take(bytes, end)).expect("digits");
            let size = usize::from_str_radix(size, 16).expect("a size");
            take(bytes, 2);
            answer.body.extend_from_slice(take(bytes, size));
            assert_eq!(take(bytes, 2), b"\r\n", "behind a chunk");
            if size == 0 {
                break;
            }
        },
        both => panic!("two framings or none: {both:?}"),
    }
    answer
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = bytes
        .split_at_checked(count)
        .expect("the answer is cut off");
    *bytes = rest;
    taken
}

//! What characters the grammar of HTTP knows.

/// A letter of a token, such as a method or the name of a field (RFC 9110, section 5.6.2).
const TOKEN: u8 = 1;
/// `unreserved` and `sub-delims` of RFC 3986: what the name of a host is made of.
const HOST: u8 = 2;

/// Looked up, as this is asked of each byte of some fields of each request and answer.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let c = byte as u8;
        let is_mark = matches!(
            c,
            b'!' | b'$' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'_' | b'~'
        );
        if c.is_ascii_alphanumeric() || is_mark {
            kinds[byte] = TOKEN | HOST;
        } else if matches!(c, b'#' | b'%' | b'^' | b'`' | b'|') {
            kinds[byte] = TOKEN;
        } else if matches!(c, b'(' | b')' | b',' | b';' | b'=') {
            kinds[byte] = HOST;
        }
        byte += 1;
    }
    kinds
};

pub(super) fn is_token_byte(byte: u8) -> bool {
    KINDS[byte as usize] & TOKEN != 0
}

pub(super) fn is_host_byte(byte: u8) -> bool {
    KINDS[byte as usize] & HOST != 0
}

/// Not a control character, but for HTAB: what the value of a field is made of.
pub(super) fn is_text_byte(byte: u8) -> bool {
    (byte >= b' ' || byte == b'\t') && byte != 0x7f
}

//! Hashes: by them it is known which file got which points, and what was graded before.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256, in hexadecimal digits: that of one file is what `sha256sum` prints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash(pub String);

/// The hash of bytes.
pub fn hash_of(bytes: &[u8]) -> Hash {
    let digest = Sha256::digest(bytes);
    Hash(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The hash of several parts, each apart from the next.
pub fn hash(parts: &[&[u8]]) -> Hash {
    let mut all = Vec::new();
    for part in parts {
        all.extend((part.len() as u64).to_le_bytes());
        all.extend_from_slice(part);
    }
    hash_of(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_what_sha256sum_prints() {
        let Hash(of_abc) = hash_of(b"abc");
        assert!(of_abc.starts_with("ba7816bf8f01cfea"), "{of_abc}");
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}

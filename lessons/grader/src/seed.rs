//! Values for checks, drawn from a seed.
//!
//! A value that is the same in every run can be copied into the program instead of
//! being worked out, so checks draw their paths, names and texts. The seed is
//! printed when a check fails; `GRADE_SEED` sets it, and the same seed gives the
//! same values again.

use crate::model::draw::{FOREIGN, WORDS, fingerprint};

/// Values of one check: the same seed and the same check give the same values,
/// whichever other checks run.
#[derive(Debug)]
pub struct Seed(fastrand::Rng);

impl Seed {
    /// The values that the check named `check` draws when the seed is `seed`.
    pub fn new(seed: &str, check: &str) -> Self {
        Self(fastrand::Rng::with_seed(fingerprint(&[seed, check])))
    }

    /// A short English word in small letters, such as `walnut`.
    pub fn word(&mut self) -> String {
        WORDS[self.0.usize(..WORDS.len())].to_string()
    }

    /// A path that no program can know, such as `/tabby-walnut-41`.
    pub fn path(&mut self) -> String {
        format!("/{}-{}-{}", self.word(), self.word(), self.0.u32(10..100))
    }

    /// A number in this range.
    ///
    /// # Panics
    ///
    /// If the range is empty.
    pub fn number(&mut self, range: std::ops::Range<u32>) -> u32 {
        self.0.u32(range)
    }

    /// A short line of text (without a line end), never plain ASCII throughout,
    /// such as `walnut, tabby, ねこ 41`.
    pub fn line(&mut self) -> String {
        let foreign = FOREIGN[self.0.usize(..FOREIGN.len())];
        let number = self.0.u32(10..100);
        format!("{}, {}, {foreign} {number}", self.word(), self.word())
    }
}

/// A seed for a run in which nobody chose one.
pub(crate) fn any() -> String {
    fastrand::u32(1..100_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_check_give_the_same_values() {
        let draw = |seed: &str, check: &str| {
            let mut seed = Seed::new(seed, check);
            (seed.word(), seed.path(), seed.number(0..1000), seed.line())
        };
        assert_eq!(draw("7342", "a"), draw("7342", "a"));
        assert_ne!(draw("7342", "a"), draw("7342", "b"));
        assert_ne!(draw("7342", "a"), draw("7343", "a"));
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }

    #[test]
    fn values_keep_their_promises() {
        for seed in 0..200 {
            let mut seed = Seed::new(&seed.to_string(), "check");
            let path = seed.path();
            assert!(path.starts_with('/') && path.len() > 8 && path.is_ascii());
            assert!((3..9).contains(&seed.number(3..9)));
            let line = seed.line();
            assert!(!line.is_ascii() && !line.contains('\n'), "{line}");
        }
    }

    /// Published by its authors: the value for "foobar" and the empty text.
    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(&[]), 0xcbf2_9ce4_8422_2325);
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        assert_eq!(fingerprint(&["foobar"]), step(0x8594_4171_f739_67e8, 0xff));
    }
}

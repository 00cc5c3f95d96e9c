//! A part of a lesson's programs: where there is no time for all of them.

/// Each Nth program, from the Kth on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// From 1 on.
    number: usize,
    of: usize,
}

impl Part {
    /// The part that `GRADE_PART` asks for, such as `3/20`, if it asks for one.
    pub fn wanted() -> Option<Self> {
        let text = std::env::var("GRADE_PART").ok()?;
        let part = Self::read(&text);
        Some(part.unwrap_or_else(|| panic!("GRADE_PART is {text:?}, and no part such as 3/20")))
    }

    fn read(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let (number, of) = (number.parse().ok()?, of.parse().ok()?);
        (1..=of).contains(&number).then_some(Self { number, of })
    }

    /// Those of a lesson's programs that belong to it. The first programs of two lessons, their
    /// references, belong to two parts: so each part has something of everything.
    pub fn of<T>(self, programs: Vec<T>, lesson: usize) -> Vec<T> {
        let programs = programs.into_iter().enumerate();
        let chosen = programs.filter(|(at, _)| (at + lesson) % self.of == self.number - 1);
        chosen.map(|(_, program)| program).collect()
    }
}

#[test]
fn all_parts_together_are_all_programs() {
    for text in ["", "3", "0/4", "5/4", "1/0", "1/x", "-1/4"] {
        assert_eq!(Part::read(text), None, "{text}");
    }
    for (of, lesson) in [(1, 0), (4, 0), (4, 7), (20, 19)] {
        let parts = (1..=of).map(|number| {
            let part = Part::read(&format!("{number}/{of}")).expect("a part");
            part.of((0..10).collect(), lesson)
        });
        let parts: Vec<Vec<usize>> = parts.collect();
        let lengths = parts.iter().map(Vec::len);
        assert!(lengths.clone().max() <= lengths.min().map(|least| least + 1));
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, Vec::from_iter(0..10), "{of} parts of lesson {lesson}");
    }
}

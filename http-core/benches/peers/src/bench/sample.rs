//! What one measurement found.

use std::fmt;

/// A figure: what it is and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Answers a second.
    Rate,
    /// Half the answers took no longer; in microseconds, as all times here.
    P50,
    /// 99 of 100 answers took no longer.
    P99,
    /// No answer took longer.
    Max,
    /// CPU time of the server, user and system, for each answer.
    Cpu,
    /// Resident memory of the server, all its processes together, in bytes.
    Memory,
    /// Threads of the server.
    Threads,
    /// Answers that went wrong.
    Errors,
}

impl Figure {
    /// The head of its column.
    pub fn heading(self) -> &'static str {
        match self {
            Figure::Rate => "requests/s",
            Figure::P50 => "p50",
            Figure::P99 => "p99",
            Figure::Max => "max",
            Figure::Cpu => "CPU µs/request",
            Figure::Memory => "memory",
            Figure::Threads => "threads",
            Figure::Errors => "errors",
        }
    }

    /// A value with its unit.
    pub fn show(self, value: f64) -> String {
        match self {
            Figure::P50 | Figure::P99 | Figure::Max => match value {
                ..1_000.0 => format!("{value:.0} µs"),
                ..10_000.0 => format!("{:.1} ms", value / 1e3),
                _ => format!("{:.0} ms", value / 1e3),
            },
            Figure::Cpu if value < 10.0 => format!("{value:.2}"),
            Figure::Cpu => format!("{value:.1}"),
            Figure::Memory => format!("{:.1} MiB", value / 1024.0 / 1024.0),
            Figure::Rate | Figure::Threads | Figure::Errors => grouped(value.round() as u64),
        }
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    if number < 1000 {
        return number.to_string();
    }
    format!("{},{:03}", grouped(number / 1000), number % 1000)
}

/// The figures of one measurement, in the order of the table's columns.
#[derive(Debug, Clone)]
pub struct Sample(pub Vec<(Figure, f64)>);

impl Sample {
    /// The value of a figure, if it was measured.
    pub fn get(&self, wanted: Figure) -> Option<f64> {
        let Sample(figures) = self;
        figures
            .iter()
            .find(|(figure, _)| *figure == wanted)
            .map(|(_, value)| *value)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Sample(figures) = self;
        for (index, (figure, value)) in figures.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} {}", figure.heading(), figure.show(*value))?;
        }
        Ok(())
    }
}

/// The times below which half, 99 of 100, and all of `times` lie, as figures.
/// `times` is sorted and must not be empty.
pub fn percentiles(times: &mut [f64]) -> [(Figure, f64); 3] {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    [
        (Figure::P50, at(0.5)),
        (Figure::P99, at(0.99)),
        (Figure::Max, at(1.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_three_digits_or_so() {
        assert_eq!(Figure::Rate.show(1_234_567.4), "1,234,567");
        assert_eq!(Figure::Rate.show(999.0), "999");
        assert_eq!(Figure::P50.show(81.4), "81 µs");
        assert_eq!(Figure::P99.show(1_234.0), "1.2 ms");
        assert_eq!(Figure::Max.show(200_000.0), "200 ms");
        assert_eq!(Figure::Cpu.show(6.129), "6.13");
        assert_eq!(Figure::Memory.show(2.5 * 1024.0 * 1024.0), "2.5 MiB");
    }

    #[test]
    fn percentiles_of_a_hundred_and_one() {
        let mut times: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let [(_, p50), (_, p99), (_, max)] = percentiles(&mut times);
        assert_eq!((p50, p99, max), (50.0, 99.0, 100.0));
        assert_eq!(percentiles(&mut [7.0]).map(|(_, time)| time), [7.0; 3]);
    }
}

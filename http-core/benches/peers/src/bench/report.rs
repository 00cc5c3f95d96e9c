//! The results of all rounds, and the Markdown in which they are printed.

use std::fmt::Write;

use crate::peer::{Programs, Role};
use crate::sample::{Figure, Sample};
use crate::scenario::{Load, Scenario};

/// What was found in one scenario.
pub struct Results<'p> {
    scenario: &'p Scenario,
    rows: Vec<Row<'p>>,
}

struct Row<'p> {
    programs: &'p Programs,
    samples: Vec<Sample>,
    failure: Option<String>,
}

impl<'p> Results<'p> {
    pub fn new(scenario: &'p Scenario, programs: &'p [Programs]) -> Results<'p> {
        let row = |programs| Row {
            programs,
            samples: Vec::new(),
            failure: None,
        };
        Results {
            scenario,
            rows: programs.iter().map(row).collect(),
        }
    }

    /// Adds a round of the server with this index.
    pub fn add(&mut self, index: usize, sample: Result<Sample, String>) {
        match sample {
            Ok(sample) => self.rows[index].samples.push(sample),
            Err(why) => self.rows[index].failure = Some(why),
        }
    }

    /// One that has failed once is not measured again.
    pub fn has_failed(&self, index: usize) -> bool {
        self.rows[index].failure.is_some()
    }

    /// The best of a role in a figure: its name and its median.
    fn best(&self, role: Role, figure: Figure, more_is_better: bool) -> Option<(&str, f64)> {
        let of_role = self
            .rows
            .iter()
            .filter(|row| row.programs.peer.role == role);
        let values = of_role.filter_map(|row| Some((row.programs.peer.name, row.median(figure)?)));
        match more_is_better {
            true => values.max_by(|(_, a), (_, b)| a.total_cmp(b)),
            false => values.min_by(|(_, a), (_, b)| a.total_cmp(b)),
        }
    }

    fn of(&self, name: &str, figure: Figure) -> Option<f64> {
        let row = self
            .rows
            .iter()
            .find(|row| row.programs.peer.name == name)?;
        row.median(figure)
    }
}

impl Row<'_> {
    fn values(&self, figure: Figure) -> Vec<f64> {
        let mut values: Vec<f64> = self
            .samples
            .iter()
            .filter_map(|one| one.get(figure))
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// The median of all rounds; none if one failed.
    fn median(&self, figure: Figure) -> Option<f64> {
        if self.failure.is_some() {
            return None;
        }
        median(&self.values(figure))
    }

    fn cell(&self, figure: Figure) -> String {
        let values = self.values(figure);
        let (Some(middle), Some(least), Some(most)) =
            (median(&values), values.first(), values.last())
        else {
            return "–".into();
        };
        let middle = figure.show(middle);
        match figure {
            // How far apart the rounds were tells what a difference means.
            Figure::Cpu if values.len() > 1 => {
                format!("{middle} ({}–{})", figure.show(*least), figure.show(*most))
            }
            _ => middle,
        }
    }
}

/// The median of sorted values.
fn median(values: &[f64]) -> Option<f64> {
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

/// Everything that is to be pasted into README.md.
pub fn markdown(machine: &str, skipped: &[(&str, String)], results: &[Results]) -> String {
    let mut text = machine.to_owned();
    for (name, why) in skipped {
        let _ = writeln!(text, "- skipped: {name}: {why}");
    }
    text += &standing(results);
    text += &beside_before(results);
    for one in results {
        text += &table(one);
    }
    text
}

/// http-core beside the best of the others, scenario by scenario.
fn standing(results: &[Results]) -> String {
    let mut text = String::from(
        "\n### Where http-core stands\n\n\
         CPU µs a request, the best peer's and the better limit's, and how many times theirs\n\
         http-core's is; requests a second likewise (more is better); p99 beside nginx's.\n\n\
         | | CPU | best peer | × | better limit | × | requests/s | best peer | × | p99 | nginx |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    let mut rows = 0;
    for one in results {
        let (Some(cpu), Some(rate)) = (
            one.of("http-core", Figure::Cpu),
            one.of("http-core", Figure::Rate),
        ) else {
            continue;
        };
        rows += 1;
        let beside = |figure: Figure, own: f64, best: Option<(&str, f64)>| match best {
            Some((name, value)) => format!("{} {name} | {:.2}", figure.show(value), own / value),
            None => "– | –".into(),
        };
        let show = |value: Option<f64>| value.map_or("–".into(), |value| Figure::P99.show(value));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            one.scenario.name,
            Figure::Cpu.show(cpu),
            beside(Figure::Cpu, cpu, one.best(Role::Peer, Figure::Cpu, false)),
            beside(Figure::Cpu, cpu, one.best(Role::Limit, Figure::Cpu, false)),
            Figure::Rate.show(rate),
            beside(Figure::Rate, rate, one.best(Role::Peer, Figure::Rate, true)),
            show(one.of("http-core", Figure::P99)),
            show(one.of("nginx", Figure::P99)),
        );
    }
    if rows == 0 { String::new() } else { text }
}

/// http-core beside what it was, where that took part.
fn beside_before(results: &[Results]) -> String {
    let mut text = String::from(
        "\n### Before and now\n\n\
         CPU µs a request, with the least and the most of the rounds, and how many times as much\n\
         as before it is now; p99 and memory.\n\n\
         | | CPU before | now | × | p99 before | now | memory before | now |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    let mut rows = 0;
    for one in results {
        let of_role = |role| {
            let mut all = one.rows.iter();
            all.find(|row| row.programs.peer.role == role && !row.samples.is_empty())
        };
        let (Some(before), Some(now)) = (of_role(Role::Before), of_role(Role::Subject)) else {
            continue;
        };
        rows += 1;
        let times = match (before.median(Figure::Cpu), now.median(Figure::Cpu)) {
            (Some(before), Some(now)) => format!("{:.2}", now / before),
            _ => "–".into(),
        };
        let cells = |figure| format!("{} | {}", before.cell(figure), now.cell(figure));
        let _ = writeln!(
            text,
            "| {} | {} | {times} | {} | {} |",
            one.scenario.name,
            cells(Figure::Cpu),
            cells(Figure::P99),
            cells(Figure::Memory),
        );
    }
    if rows == 0 { String::new() } else { text }
}

/// All servers in one scenario, the best first.
fn table(results: &Results) -> String {
    let mut rows: Vec<&Row> = results
        .rows
        .iter()
        // Without samples are those that the scenario does not compare.
        .filter(|row| row.failure.is_none() && !row.samples.is_empty())
        .collect();
    let order = match results.scenario.load {
        Load::Idle(_) => Figure::Memory,
        Load::Slow(_) => Figure::P99,
        _ => Figure::Cpu,
    };
    rows.sort_by(|a, b| {
        let key = |row: &Row| row.median(order).unwrap_or(f64::INFINITY);
        key(a).total_cmp(&key(b))
    });
    let mut text = format!(
        "\n### {}: `{}`\n",
        results.scenario.title, results.scenario.name
    );
    if let Some(Sample(figures)) = rows.iter().find_map(|row| row.samples.first()) {
        text += "\n| |";
        for (figure, _) in figures {
            let _ = write!(text, " {} |", figure.heading());
        }
        text += "\n| --- |";
        text += &" --: |".repeat(figures.len());
        for row in rows {
            let name = row.programs.peer.name;
            let _ = match row.programs.peer.role {
                Role::Subject => write!(text, "\n| **{name}** |"),
                Role::Before | Role::Peer => write!(text, "\n| {name} |"),
                Role::Limit => write!(text, "\n| *{name}* |"),
            };
            for (figure, _) in figures {
                let _ = write!(text, " {} |", row.cell(*figure));
            }
        }
        text += "\n";
    }
    for row in &results.rows {
        if let Some(why) = &row.failure {
            let _ = write!(text, "\n- {}: {why}", row.programs.peer.name);
        }
    }
    if results.rows.iter().any(|row| row.failure.is_some()) {
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_or_between_the_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[1.0, 2.0, 9.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
    }
}

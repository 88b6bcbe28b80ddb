//! What was found, as a table that reads the same on a terminal and in Markdown.

use std::fmt;
use std::time::Duration;

/// The rows of a measurement.
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
}

struct Row {
    what: String,
    figure: String,
    goal: String,
}

impl Report {
    pub(crate) fn new(machine: String) -> Self {
        Self { machine, rows: Vec::new() }
    }

    /// A figure that has no goal of its own.
    pub(crate) fn figure(&mut self, what: &str, figure: String) {
        self.rows.push(Row { what: what.to_owned(), figure, goal: String::new() });
    }

    /// Several measurements of a ratio that is to be at least `goal`.
    pub(crate) fn ratio(&mut self, what: &str, ratios: &[f64], goal: f64) {
        let found = median(ratios);
        let (lowest, highest) = ends(ratios);
        self.rows.push(Row {
            what: what.to_owned(),
            figure: format!("{found:.2} ({lowest:.2}–{highest:.2})"),
            goal: format!("≥ {goal:.1}: {}", verdict(found >= goal)),
        });
    }

    /// Several measurements of a ratio that is to be at most `goal`.
    pub(crate) fn at_most(&mut self, what: &str, ratios: &[f64], goal: f64) {
        let found = median(ratios);
        let (lowest, highest) = ends(ratios);
        self.rows.push(Row {
            what: what.to_owned(),
            figure: format!("{found:.2} ({lowest:.2}–{highest:.2})"),
            goal: format!("≤ {goal:.1}: {}", verdict(found <= goal)),
        });
    }

    /// Several measurements of a time that is to stay below `goal`, if there is one.
    pub(crate) fn time(&mut self, what: &str, times: &[Duration], goal: Option<Duration>) {
        let milliseconds: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        let found = median(&milliseconds);
        let (lowest, highest) = ends(&milliseconds);
        self.rows.push(Row {
            what: what.to_owned(),
            figure: format!("{found:.2} ms ({lowest:.2}–{highest:.2})"),
            goal: goal.map_or_else(String::new, |goal| {
                let goal = goal.as_secs_f64() * 1e3;
                format!("< {goal} ms: {}", verdict(found < goal))
            }),
        });
    }

    /// An amount of memory, in bytes, that is to stay below `goal` megabytes.
    pub(crate) fn memory(&mut self, what: &str, bytes: u64, goal: f64) {
        let megabytes = bytes as f64 / 1e6;
        self.rows.push(Row {
            what: what.to_owned(),
            figure: format!("{megabytes:.1} MB"),
            goal: format!("< {goal:.0} MB: {}", verdict(megabytes < goal)),
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = |column: fn(&Row) -> &str| {
            self.rows.iter().map(|row| column(row).chars().count()).max().unwrap_or_default()
        };
        let (what, figure, goal) =
            (wide(|row| &row.what), wide(|row| &row.figure), wide(|row| &row.goal));
        writeln!(f, "{}.\n", self.machine)?;
        writeln!(f, "| {:what$} | {:figure$} | {:goal$} |", "what", "median (range)", "goal")?;
        writeln!(f, "|-{:-<what$}-|-{:-<figure$}-|-{:-<goal$}-|", "", "", "")?;
        for row in &self.rows {
            writeln!(f, "| {:what$} | {:figure$} | {:goal$} |", row.what, row.figure, row.goal)?;
        }
        Ok(())
    }
}

/// The middle of several figures; 0 of none.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

fn ends(figures: &[f64]) -> (f64, f64) {
    let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = figures.iter().copied().fold(0.0, f64::max);
    (lowest, highest)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_was_met() {
        let mut report = Report::new("1 core".to_owned());
        report.figure("bare", "30000/s".to_owned());
        report.ratio("feed / bare", &[0.1, 0.4, 0.35], 0.3);
        report.time("ready", &[Duration::from_millis(250)], Some(Duration::from_millis(200)));
        let table = report.to_string();
        assert!(table.contains("| 0.35 (0.10–0.40) "), "{table}");
        assert!(table.contains("≥ 0.3: met") && table.contains("< 200 ms: missed"), "{table}");
        let widths: Vec<_> = table.lines().skip(2).map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}

//! What was found: tables that read the same on a terminal and in Markdown, and a page with plots.

mod page;
mod plot;

use std::fmt;
use std::time::Duration;

use crate::load::median;
pub(crate) use plot::{Bars, Lines, Plot};

/// Everything of a run.
pub(crate) struct Report {
    title: String,
    machine: String,
    sections: Vec<Section>,
}

/// Figures that belong together.
struct Section {
    title: String,
    /// How they came about, for whoever reads them years later.
    about: String,
    rows: Vec<Row>,
    plots: Vec<Plot>,
}

struct Row {
    what: String,
    figure: String,
    goal: Option<Goal>,
}

/// What a figure was to be, and whether it is.
struct Goal {
    wanted: String,
    met: bool,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>, machine: impl Into<String>) -> Self {
        Self { title: title.into(), machine: machine.into(), sections: Vec::new() }
    }

    /// Begins a section: what comes next belongs to it.
    pub(crate) fn section(&mut self, title: &str, about: impl Into<String>) {
        self.sections.push(Section {
            title: title.to_owned(),
            about: about.into(),
            rows: Vec::new(),
            plots: Vec::new(),
        });
    }

    /// A figure that has no goal of its own.
    pub(crate) fn figure(&mut self, what: &str, figure: String) {
        self.add(what, figure, None);
    }

    /// Several measurements of a figure that is to be at least `goal`.
    pub(crate) fn at_least(&mut self, what: &str, found: &[f64], goal: f64) {
        let met = median(found) >= goal;
        self.add(what, range(found), Some(Goal { wanted: format!("≥ {goal}"), met }));
    }

    /// Several measurements of a figure that is to be at most `goal`.
    pub(crate) fn at_most(&mut self, what: &str, found: &[f64], goal: f64) {
        let met = median(found) <= goal;
        self.add(what, range(found), Some(Goal { wanted: format!("≤ {goal}"), met }));
    }

    /// Several measurements of a time that is to stay below `goal`, if there is one.
    pub(crate) fn time(&mut self, what: &str, times: &[Duration], goal: Option<Duration>) {
        let milliseconds: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        let found = median(&milliseconds);
        let (lowest, highest) = ends(&milliseconds);
        let goal = goal.map(|goal| {
            let goal = goal.as_secs_f64() * 1e3;
            Goal { wanted: format!("< {goal} ms"), met: found < goal }
        });
        self.add(what, format!("{found:.2} ms ({lowest:.2}–{highest:.2})"), goal);
    }

    /// An amount of memory, in bytes, that is to stay below `goal` megabytes.
    pub(crate) fn memory(&mut self, what: &str, bytes: u64, goal: f64) {
        let megabytes = bytes as f64 / 1e6;
        let goal = Goal { wanted: format!("< {goal} MB"), met: megabytes < goal };
        self.add(what, format!("{megabytes:.1} MB"), Some(goal));
    }

    /// A picture of the figures of the section.
    pub(crate) fn plot(&mut self, plot: impl Into<Plot>) {
        self.last().plots.push(plot.into());
    }

    /// A page that needs nothing else: no network, no script.
    pub(crate) fn html(&self) -> String {
        page::page(self)
    }

    fn add(&mut self, what: &str, figure: String, goal: Option<Goal>) {
        self.last().rows.push(Row { what: what.to_owned(), figure, goal });
    }

    fn last(&mut self) -> &mut Section {
        if self.sections.is_empty() {
            self.section("Figures", "");
        }
        self.sections.last_mut().expect("there is a section now")
    }

    fn goals(&self) -> impl Iterator<Item = (&Row, &Goal)> {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        rows.filter_map(|row| Some((row, row.goal.as_ref()?)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}.\n", self.machine)?;
        for section in &self.sections {
            if self.sections.len() > 1 {
                writeln!(f, "**{}.** {}\n", section.title, section.about)?;
            }
            writeln!(f, "{section}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let goals: Vec<String> = self.rows.iter().map(Row::goal).collect();
        let head = ["what", "median (range)", "goal"];
        let mut wide = head.map(|word| word.chars().count());
        for (row, goal) in self.rows.iter().zip(&goals) {
            for (wide, text) in wide.iter_mut().zip([&row.what, &row.figure, goal]) {
                *wide = (*wide).max(text.chars().count());
            }
        }
        let [what, figure, goal] = wide;
        writeln!(f, "| {:what$} | {:figure$} | {:goal$} |", head[0], head[1], head[2])?;
        writeln!(f, "|-{:-<what$}-|-{:-<figure$}-|-{:-<goal$}-|", "", "", "")?;
        for (row, text) in self.rows.iter().zip(&goals) {
            writeln!(f, "| {:what$} | {:figure$} | {text:goal$} |", row.what, row.figure)?;
        }
        Ok(())
    }
}

impl Row {
    fn goal(&self) -> String {
        self.goal.as_ref().map_or_else(String::new, |goal| {
            format!("{}: {}", goal.wanted, if goal.met { "met" } else { "missed" })
        })
    }
}

/// `0.35 (0.10–0.40)`; the middle alone where there is only one.
fn range(found: &[f64]) -> String {
    let (lowest, highest) = ends(found);
    match found.len() {
        1 => format!("{lowest:.2}"),
        _ => format!("{:.2} ({lowest:.2}–{highest:.2})", median(found)),
    }
}

fn ends(figures: &[f64]) -> (f64, f64) {
    let lowest = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = figures.iter().copied().fold(0.0, f64::max);
    (lowest, highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("A run", "1 core");
        report.section("First", "Of <one> thing.");
        report.figure("bare", "30000/s".to_owned());
        report.at_least("feed / bare", &[0.1, 0.4, 0.35], 0.3);
        report.section("Second", "");
        report.time("ready", &[Duration::from_millis(250)], Some(Duration::from_millis(200)));
        report.plot(Bars {
            title: "Processor time".to_owned(),
            unit: "s".to_owned(),
            series: vec!["tintype".to_owned(), "load".to_owned()],
            groups: vec![("home".to_owned(), vec![0.5, 0.25]), ("post".to_owned(), vec![1.5, 0.0])],
            stacked: true,
        });
        report.plot(Lines {
            title: "Latency".to_owned(),
            across: "requests a second".to_owned(),
            up: "ms".to_owned(),
            curves: vec![("p99".to_owned(), vec![(100.0, 0.4), (200.0, 0.5), (300.0, 40.0)])],
        });
        report
    }

    #[test]
    fn a_table_says_what_was_met() {
        let text = report().to_string();
        assert!(text.contains("| 0.35 (0.10–0.40) "), "{text}");
        assert!(text.contains("≥ 0.3: met") && text.contains("< 200 ms: missed"), "{text}");
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let widths: Vec<_> = table.lines().map(|line| line.chars().count()).collect();
            assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
        }
    }

    #[test]
    fn the_page_stands_alone_and_says_the_same() {
        let page = report().html();
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
        for text in ["A run", "1 core", "0.35 (0.10–0.40)", "Of &lt;one&gt; thing.", "p99", "home"]
        {
            assert!(page.contains(text), "{text}");
        }
        assert!(page.contains("1 of 2 goals are met"), "{page}");
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        assert_eq!(page.matches("<svg").count(), 2);
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!outside.contains("http") && !page.contains("<script"), "it asks nobody");
        assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    }
}

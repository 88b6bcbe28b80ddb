//! Plots as SVG: bars and lines, with every figure written beside them.

use std::fmt::Write;

use super::page::escaped;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 90.0;

/// Height of a bar, and of the gap between groups of them.
const BAR: f64 = 16.0;
const GAP: f64 = 8.0;

/// Colours that there are.
const COLOURS: usize = 6;

/// A picture of figures.
pub(crate) enum Plot {
    Bars(Bars),
    Lines(Lines),
}

/// Amounts side by side.
pub(crate) struct Bars {
    pub(crate) title: String,
    pub(crate) unit: String,
    /// What the amounts of a group are.
    pub(crate) series: Vec<String>,
    /// Groups: each has a name and an amount for each of the series.
    pub(crate) groups: Vec<(String, Vec<f64>)>,
    /// Whether the amounts of a group add up to something.
    pub(crate) stacked: bool,
}

/// How something grows with something else; upwards by powers of ten.
pub(crate) struct Lines {
    pub(crate) title: String,
    pub(crate) across: String,
    pub(crate) up: String,
    /// Lines by name, their points from left to right.
    pub(crate) curves: Vec<(String, Vec<(f64, f64)>)>,
}

impl From<Bars> for Plot {
    fn from(bars: Bars) -> Self {
        Self::Bars(bars)
    }
}

impl From<Lines> for Plot {
    fn from(lines: Lines) -> Self {
        Self::Lines(lines)
    }
}

impl Plot {
    pub(super) fn svg(&self) -> String {
        match self {
            Self::Bars(bars) => bars.svg(),
            Self::Lines(lines) => lines.svg(),
        }
    }
}

impl Bars {
    fn svg(&self) -> String {
        let rows = if self.stacked { 1.0 } else { self.series.len().max(1) as f64 };
        let top = if self.series.len() > 1 { 48.0 } else { 30.0 };
        let height = top + self.groups.len() as f64 * (rows * BAR + GAP) + 6.0;
        let mut svg = open(&self.title, height);
        if self.series.len() > 1 {
            legend(&mut svg, &self.series);
        }
        let length = |values: &Vec<f64>| -> f64 {
            if self.stacked {
                values.iter().sum()
            } else {
                values.iter().copied().fold(0.0, f64::max)
            }
        };
        let longest = self.groups.iter().map(|(_, values)| length(values)).fold(0.0, f64::max);
        let scale = (WIDTH - LEFT - RIGHT) / if longest > 0.0 { longest } else { 1.0 };
        let mut y = top;
        for (name, values) in &self.groups {
            text(&mut svg, LEFT - 8.0, y + rows * BAR / 2.0 + 4.0, "end", "", name);
            let mut x = LEFT;
            for (at, value) in values.iter().enumerate() {
                let colour = at % COLOURS;
                let label = format!("{} {}", amount(*value), self.unit);
                let of = self.series.get(at).map_or("", String::as_str);
                let hint = escaped(format!("{name} {of}: {label}").trim());
                let _ = write!(
                    svg,
                    "<rect class=\"s{colour}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
                     height=\"{:.1}\" rx=\"2\"><title>{hint}</title></rect>",
                    (value * scale).max(0.5),
                    BAR - 2.0
                );
                if self.stacked {
                    x += value * scale;
                } else {
                    text(&mut svg, x + value * scale + 6.0, y + 11.0, "start", "faint", &label);
                    y += BAR;
                }
            }
            if self.stacked {
                let label = format!("{} {}", amount(length(values)), self.unit);
                text(&mut svg, x + 6.0, y + 11.0, "start", "faint", &label);
                y += BAR;
            }
            y += GAP;
        }
        svg + "</svg>\n"
    }
}

impl Lines {
    fn svg(&self) -> String {
        let (top, bottom) = (52.0, 270.0);
        let mut svg = open(&self.title, bottom + 44.0);
        let names: Vec<String> = self.curves.iter().map(|(name, _)| name.clone()).collect();
        legend(&mut svg, &names);
        let points = || self.curves.iter().flat_map(|(_, points)| points).copied();
        let right_most = points().map(|(x, _)| x).fold(1.0, f64::max);
        // Whole powers of ten, at least one.
        let lowest = points().map(|(_, y)| y.max(1e-3).log10().floor()).fold(9.0, f64::min);
        let highest =
            points().map(|(_, y)| y.max(1e-3).log10().ceil()).fold(lowest + 1.0, f64::max);
        let left = 70.0;
        let x_of = |x: f64| left + x / right_most * (WIDTH - left - 30.0);
        let y_of =
            |y: f64| bottom - (y.max(1e-3).log10() - lowest) / (highest - lowest) * (bottom - top);
        for power in lowest as i32..=highest as i32 {
            let y = y_of(10f64.powi(power));
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{left}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
                WIDTH - 30.0
            );
            let label = format!("{} {}", amount(10f64.powi(power)), self.up);
            text(&mut svg, left - 8.0, y + 4.0, "end", "faint", &label);
        }
        for part in 0..=4 {
            let x = right_most * f64::from(part) / 4.0;
            text(&mut svg, x_of(x), bottom + 18.0, "middle", "faint", &amount(x));
        }
        text(&mut svg, x_of(right_most / 2.0), bottom + 36.0, "middle", "faint", &self.across);
        for (at, (name, points)) in self.curves.iter().enumerate() {
            let colour = at % COLOURS;
            let mut path = String::new();
            for (number, (x, y)) in points.iter().enumerate() {
                let go = if number == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{go}{:.1} {:.1}", x_of(*x), y_of(*y));
            }
            let _ = write!(svg, "<path class=\"s{colour}\" d=\"{path}\"/>");
            for (x, y) in points {
                let hint =
                    escaped(&format!("{name} at {}: {} {}", amount(*x), amount(*y), self.up));
                let _ = write!(
                    svg,
                    "<circle class=\"s{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{hint}\
                     </title></circle>",
                    x_of(*x),
                    y_of(*y)
                );
            }
        }
        svg + "</svg>\n"
    }
}

fn open(title: &str, height: f64) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{title}\"><text class=\"title\" x=\"0\" y=\"14\">{title}</text>"
    )
}

fn legend(svg: &mut String, names: &[String]) {
    let mut x = 0.0;
    for (at, name) in names.iter().enumerate() {
        let colour = at % COLOURS;
        let _ = write!(
            svg,
            "<rect class=\"s{colour}\" x=\"{x:.1}\" y=\"24\" width=\"10\" height=\"10\" rx=\"2\"/>"
        );
        text(svg, x + 15.0, 33.0, "start", "faint", name);
        x += 34.0 + 6.6 * name.chars().count() as f64;
    }
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
    let text = escaped(text);
    let _ = write!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

/// A number to three digits or so, with its thousands apart.
pub(super) fn amount(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        small if small < 0.01 => 4,
        small if small < 1.0 => 3,
        small if small < 10.0 => 2,
        small if small < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && whole.len() > 4 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    let rest = rest.trim_end_matches('0').trim_end_matches('.');
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let short = [0.0, 0.001_23, 0.25, 1.5, 12.34, 1234.5, 98_765.4, 1_234_567.0].map(amount);
        let wanted = ["0", "0.0012", "0.25", "1.5", "12.3", "1234", "98 765", "1 234 567"];
        assert_eq!(short, wanted);
    }

    #[test]
    fn figures_that_are_all_nothing_have_a_plot() {
        let bars = Bars {
            title: "Nothing".to_owned(),
            unit: "s".to_owned(),
            series: vec!["one".to_owned()],
            groups: vec![("none".to_owned(), vec![0.0])],
            stacked: false,
        };
        let lines = Lines {
            title: "Nothing".to_owned(),
            across: "x".to_owned(),
            up: "y".to_owned(),
            curves: vec![("none".to_owned(), vec![]), ("zero".to_owned(), vec![(0.0, 0.0)])],
        };
        for svg in [Plot::from(bars).svg(), Plot::from(lines).svg()] {
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

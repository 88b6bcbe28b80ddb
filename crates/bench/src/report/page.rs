//! The report as a page: one file, light or dark as its reader likes it.

use std::fmt::Write;

use super::{Report, Row, Section};

/// What the page looks like.
const STYLE: &str = include_str!("page.css");

pub(super) fn page(report: &Report) -> String {
    let mut page = String::new();
    // Writing to a text cannot fail.
    let _ = write(report, &mut page);
    page
}

fn write(report: &Report, page: &mut String) -> std::fmt::Result {
    let title = escaped(&report.title);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p>{}.</p>\n",
        escaped(&report.machine)
    )?;
    goals(report, page)?;
    for section in &report.sections {
        self::section(section, page)?;
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// What was to be reached, before everything else.
fn goals(report: &Report, page: &mut String) -> std::fmt::Result {
    let met = report.goals().filter(|(_, goal)| goal.met).count();
    let all = report.goals().count();
    if all == 0 {
        return Ok(());
    }
    write!(page, "<section>\n<h2>{met} of {all} goals are met</h2>\n<ul class=\"goals\">\n")?;
    for (row, goal) in report.goals() {
        let (class, word) = if goal.met { ("met", "met") } else { ("missed", "missed") };
        writeln!(
            page,
            "<li class=\"{class}\"><b>{word}</b> {} <span>{} <small>{}</small></span></li>",
            escaped(&row.what),
            escaped(&row.figure),
            escaped(&goal.wanted)
        )?;
    }
    page.push_str("</ul>\n</section>\n");
    Ok(())
}

fn section(section: &Section, page: &mut String) -> std::fmt::Result {
    write!(page, "<section>\n<h2>{}</h2>\n", escaped(&section.title))?;
    if !section.about.is_empty() {
        writeln!(page, "<p>{}</p>", escaped(&section.about))?;
    }
    for plot in &section.plots {
        page.push_str(&plot.svg());
    }
    if !section.rows.is_empty() {
        page.push_str("<table>\n<thead><tr><th>What</th><th>Median (range)</th><th>Goal</th></tr></thead>\n<tbody>\n");
        for row in &section.rows {
            writeln!(
                page,
                "<tr><td>{}</td><td>{}</td><td{}>{}</td></tr>",
                escaped(&row.what),
                escaped(&row.figure),
                class(row),
                escaped(&row.goal())
            )?;
        }
        page.push_str("</tbody>\n</table>\n");
    }
    page.push_str("</section>\n");
    Ok(())
}

fn class(row: &Row) -> &'static str {
    match &row.goal {
        Some(goal) if goal.met => " class=\"met\"",
        Some(_) => " class=\"missed\"",
        None => "",
    }
}

/// Text that is no markup.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

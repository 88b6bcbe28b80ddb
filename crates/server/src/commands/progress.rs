//! How far a command has come that takes its time.

use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal; elsewhere nothing is seen of it.
pub(super) fn bar(steps: u64, what: &'static str) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template(
        "{prefix:<10} {msg:<18} {wide_bar} {percent:>3} %  {eta} left",
    )
    .context("the bar's template is well-formed")?;
    let bar = ProgressBar::new(steps).with_style(style).with_prefix(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}

/// Moves the bar on; where there is none, a line says so now and then.
pub(super) fn advance(bar: &ProgressBar, at: &'static str, steps: u64) {
    let percent = |steps: u64| 100 * steps / bar.length().unwrap_or(0).max(1);
    let before = bar.position();
    bar.set_message(at);
    bar.inc(steps);
    if bar.is_hidden() && percent(before) / 10 < percent(bar.position()) / 10 {
        println!("{} {at}: {} %", bar.prefix(), percent(bar.position()));
    }
}

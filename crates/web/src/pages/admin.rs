//! How the site is doing, for those who run it.

pub(super) mod people;
pub(super) mod posts;

use askama::Template;

use crate::Answer;
use crate::view::chrome::{Chrome, Section};
use crate::view::figures::{bytes, grouped};
use crate::view::time::When;
use crate::visit::Visit;

/// How the site is doing.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What there is of each, in words and numbers.
    pub figures: Vec<(&'static str, Figure)>,
    /// For each consumer how many events it has not handled yet.
    pub lags: Vec<(String, u64)>,
    /// What could not be handled, the newest first.
    pub dead_letters: Vec<DeadLetter>,
    /// Counters that do not show what they count: which, whose, shown, counted.
    pub drift: Vec<(&'static str, u64, i64, i64)>,
}

/// How much there is of something.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// So many.
    Count(u64),
    /// So many bytes.
    Bytes(u64),
}

/// An event that a consumer could not handle.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// By which it can be replayed.
    pub number: i64,
    /// Who could not handle it.
    pub consumer: String,
    /// What happened.
    pub kind: String,
    /// When.
    pub at: tintype_platform::Timestamp,
    /// Why it could not be handled.
    pub error: String,
}

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    chrome: Chrome,
    at: &'static str,
    report: Report,
}

impl AdminPage {
    fn number(number: &u64) -> String {
        grouped(*number)
    }

    fn when(&self, at: &tintype_platform::Timestamp) -> When {
        When::new(*at, self.chrome.now)
    }

    fn figure(figure: &Figure) -> String {
        match *figure {
            Figure::Count(number) => grouped(number),
            Figure::Bytes(number) => bytes(number),
        }
    }
}

pub(super) async fn admin(visit: Visit) -> Answer {
    visit.admin()?;
    let report = (visit.web.parts.report)().await?;
    let chrome = visit.chrome("Site", Section::Admin).await?;
    visit.page(&AdminPage { chrome, at: "site", report })
}

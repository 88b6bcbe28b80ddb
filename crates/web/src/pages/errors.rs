//! What went wrong, as a page.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tintype_platform::Error;

use crate::Answer;
use crate::view::chrome::{Chrome, Section};
use crate::visit::Visit;

/// What went wrong.
pub(crate) struct Failed {
    pub(crate) status: StatusCode,
    /// A sentence for people.
    pub(crate) message: String,
    pub(crate) code: String,
}

impl Failed {
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            status: error.kind().status(),
            message: error.message().to_owned(),
            code: error.code().to_owned(),
        }
    }

    fn title(&self) -> &'static str {
        match (self.status, &*self.code) {
            (_, "private_account") => "This account is private",
            (_, "stale_form") => "That took too long",
            (StatusCode::NOT_FOUND, "post_not_found") => "This post isn’t here",
            (StatusCode::NOT_FOUND, "user_not_found") => "Nobody here goes by that name",
            (StatusCode::NOT_FOUND, _) => "There is nothing here",
            (StatusCode::FORBIDDEN, _) => "This is not for you",
            (StatusCode::METHOD_NOT_ALLOWED, _) => "Not this way",
            (StatusCode::PAYLOAD_TOO_LARGE, _) => "That is too much at once",
            (StatusCode::TOO_MANY_REQUESTS, _) => "Slow down a little",
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE, _) => {
                "One moment, please"
            }
            (status, _) if status.is_server_error() => "Something went wrong on our side",
            _ => "That did not work",
        }
    }

    /// What to do next, where the sentence of the API does not say it.
    fn advice(&self) -> String {
        match (self.status, &*self.code) {
            (StatusCode::NOT_FOUND, "post_not_found") => {
                "It may have been deleted, or only some people may see it.".to_owned()
            }
            (StatusCode::NOT_FOUND, "user_not_found") => {
                "Check how it is written, or search for the person.".to_owned()
            }
            (StatusCode::NOT_FOUND, _) => {
                "The address may be mistyped, or what was here has gone.".to_owned()
            }
            (StatusCode::FORBIDDEN, "private_account") => {
                "Only people whom its owner has accepted see its lists.".to_owned()
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                "You have asked for a lot in a short time. Try again in a minute.".to_owned()
            }
            _ => self.message.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    chrome: Chrome,
    failed: &'a Failed,
    advice: String,
}

/// The page that says what went wrong, with its status.
pub(crate) async fn page(visit: &Visit, failed: &Failed) -> Response {
    let chrome = match visit.chrome(failed.title(), Section::Aside).await {
        Ok(chrome) => chrome,
        // What is around the page is what fails: it is shown as to somebody who is not signed in.
        Err(_) => Chrome::bare(failed.title(), visit),
    };
    let page = ErrorPage { advice: failed.advice(), chrome, failed };
    visit.page_of(failed.status, &page).unwrap_or_else(IntoResponse::into_response)
}

#[derive(Template)]
#[template(path = "offline.html")]
struct Offline {
    chrome: Chrome,
}

/// What the service worker shows where nothing answers.
pub(crate) async fn offline(visit: Visit) -> Answer {
    let chrome = Chrome::bare("You are offline", &visit);
    visit.page(&Offline { chrome })
}

//! Another password.

use askama::Template;
use axum::extract::State;
use tintype_platform::Result;
use tintype_platform::error::Kind;
use tintype_platform::http::LoginAllowance;

use crate::form::Form;
use crate::pages::door::{Origin, field};
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::visit::Visit;
use crate::{Answer, App};

#[derive(Template)]
#[template(path = "settings_password.html")]
struct PasswordPage {
    chrome: Chrome,
    at: &'static str,
    wrong_current: Option<String>,
    wrong_new: Option<String>,
}

impl PasswordPage {
    async fn of(visit: &Visit) -> Result<Self> {
        let chrome = visit.chrome("Password", Section::Settings).await?;
        Ok(Self { chrome, at: "password", wrong_current: None, wrong_new: None })
    }
}

pub(crate) async fn password_page(visit: Visit) -> Answer {
    visit.member()?;
    visit.page(&PasswordPage::of(&visit).await?)
}

pub(crate) async fn password(
    State(web): State<App>,
    visit: Visit,
    allowance: Result<LoginAllowance>,
    Origin(origin): Origin,
    form: Form,
) -> Answer {
    let caller = visit.member()?;
    let mut page = PasswordPage::of(&visit).await?;
    let current = form.text("currentPassword").to_owned();
    let new = field(form.text("newPassword"), "The new password", &mut page.wrong_new);
    if current.is_empty() {
        page.wrong_current = Some("Type the password that you have now.".to_owned());
    }
    let (Some(new), None) = (new, &page.wrong_current) else {
        return visit.page_of(http::StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let changed = match allowance {
        Ok(_) => web.parts.accounts.change_password(caller, current, new, origin).await,
        Err(error) => Err(error),
    };
    let Err(error) = changed else {
        return Ok(visit.go("/settings/password", Some(Flash::PasswordSaved)));
    };
    page.wrong_current = Some(match error.kind() {
        Kind::Forbidden => "That is not the password that you have now.".to_owned(),
        Kind::TooMany => "Too many tries. Wait a minute, then try again.".to_owned(),
        _ => return Err(error),
    });
    visit.page_of(error.kind().status(), &page)
}

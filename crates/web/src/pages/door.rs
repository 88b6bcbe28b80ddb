//! Signing in, up and out.

use askama::Template;
use axum::extract::{FromRequestParts, State};
use http::StatusCode;
use http::header::USER_AGENT;
use http::request::Parts;
use serde::Deserialize;
use tintype_accounts::Registration;
use tintype_accounts::account;
use tintype_accounts::input::Refusal;
use tintype_platform::error::Kind;
use tintype_platform::http::{ClientAddress, LoginAllowance, Query, RegisterAllowance};
use tintype_platform::{Error, Result};

use crate::form::Form;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::visit::{Visit, local_path};
use crate::{Answer, App};

/// Where a request comes from, for the trail.
pub(super) struct Origin(pub(super) account::Origin);

impl FromRequestParts<App> for Origin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, web: &App) -> Result<Self> {
        /// Enough to know a browser by.
        const LONGEST: usize = 256;
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, web).await?;
        let user_agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        let user_agent = user_agent.map(|agent| agent.chars().take(LONGEST).collect());
        Ok(Self(account::Origin { address: Some(address), user_agent }))
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    next: Option<String>,
}

impl Asked {
    fn next(&self) -> &str {
        self.next.as_deref().and_then(local_path).unwrap_or("/")
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    chrome: Chrome,
    next: String,
    username: String,
    wrong: Option<String>,
}

pub(super) async fn login_page(mut visit: Visit, Query(asked): Query<Asked>) -> Answer {
    if visit.caller.is_some() {
        return Ok(visit.go(asked.next(), None));
    }
    let chrome = visit.chrome_with_forms("Sign in", Section::Aside).await?;
    let next = asked.next().to_owned();
    visit.page(&LoginPage { chrome, next, username: String::new(), wrong: None })
}

pub(super) async fn login(
    State(web): State<App>,
    mut visit: Visit,
    allowance: Result<LoginAllowance>,
    Origin(origin): Origin,
    form: Form,
) -> Answer {
    let (username, password) = (form.text("username").trim().to_owned(), form.text("password"));
    let next = local_path(form.text("next")).unwrap_or("/").to_owned();
    let signed_in = match allowance {
        Err(error) => Err(error),
        Ok(_) if username.is_empty() || password.is_empty() => {
            Err(Error::refused("missing_fields", "Fill in both, then sign in."))
        }
        Ok(_) => web.parts.accounts.sign_in(&username, password.to_owned(), origin).await,
    };
    match signed_in {
        Ok(signed_in) => {
            let mut response = visit.go(&next, None);
            visit.give_session(&mut response, &signed_in.token);
            Ok(response)
        }
        Err(error) if error.kind() == Kind::Internal => Err(error),
        Err(error) => {
            let wrong = match error.kind() {
                Kind::Unauthenticated => {
                    "That name and password do not go together. Check both and try again."
                        .to_owned()
                }
                Kind::TooMany => "Too many tries. Wait a minute, then try again.".to_owned(),
                _ => error.message().to_owned(),
            };
            let status = error.kind().status();
            let chrome = visit.chrome_with_forms("Sign in", Section::Aside).await?;
            let page = LoginPage { chrome, next, username, wrong: Some(wrong) };
            visit.page_of(status, &page)
        }
    }
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignupPage {
    chrome: Chrome,
    typed: Typed,
}

/// What was typed, and what is wrong with it.
#[derive(Default)]
struct Typed {
    username: String,
    email: String,
    full_name: String,
    wrong_username: Option<String>,
    wrong_email: Option<String>,
    wrong_full_name: Option<String>,
    wrong_password: Option<String>,
    /// What is wrong with all of it.
    wrong: Option<String>,
}

pub(super) async fn signup_page(mut visit: Visit) -> Answer {
    if visit.caller.is_some() {
        return Ok(visit.go("/", None));
    }
    let chrome = visit.chrome_with_forms("Join Tintype", Section::Aside).await?;
    visit.page(&SignupPage { chrome, typed: Typed::default() })
}

pub(super) async fn signup(
    State(web): State<App>,
    mut visit: Visit,
    allowance: Result<RegisterAllowance>,
    Origin(origin): Origin,
    form: Form,
) -> Answer {
    let mut typed = Typed {
        username: form.text("username").trim().to_owned(),
        email: form.text("email").trim().to_owned(),
        full_name: form.text("fullName").trim().to_owned(),
        ..Typed::default()
    };
    let registration = read(&form, &mut typed);
    let registered = match (registration, allowance) {
        (None, _) => Err(Error::refused("invalid", "")),
        (_, Err(error)) => Err(error),
        (Some((registration, password)), Ok(_)) => {
            web.parts.accounts.register(registration, password, origin).await
        }
    };
    let error = match registered {
        Ok(registered) => {
            let mut response = visit.go("/people", Some(Flash::Welcome));
            visit.give_session(&mut response, &registered.token);
            return Ok(response);
        }
        Err(error) if error.kind() == Kind::Internal => return Err(error),
        Err(error) => error,
    };
    match error.kind() {
        Kind::Conflict => {
            let taken = "That name or e-mail address is taken. Choose another, or sign in.";
            typed.wrong = Some(taken.to_owned());
        }
        Kind::TooMany => {
            typed.wrong =
                Some("Too many accounts were made from here. Try again later.".to_owned());
        }
        _ if error.message().is_empty() => {}
        _ => typed.wrong = Some(error.message().to_owned()),
    }
    let status = match error.kind() {
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        kind => kind.status(),
    };
    let chrome = visit.chrome_with_forms("Join Tintype", Section::Aside).await?;
    visit.page_of(status, &SignupPage { chrome, typed })
}

fn read(
    form: &Form,
    typed: &mut Typed,
) -> Option<(Registration, tintype_accounts::input::Password)> {
    let username = field(form.text("username"), "Your username", &mut typed.wrong_username);
    let email = field(form.text("email"), "This", &mut typed.wrong_email);
    let password = field(form.text("password"), "Your password", &mut typed.wrong_password);
    let full_name = match form.filled("fullName") {
        Some(name) => field(&name, "Your name", &mut typed.wrong_full_name).map(Some),
        None => Some(None),
    };
    let registration = Registration {
        username: username?,
        email: email?,
        full_name: full_name?,
        bio: None,
        profile_picture_url: None,
    };
    Some((registration, password?))
}

/// A field, or in `wrong` what is wrong with it.
pub(super) fn field<T: TryFrom<String, Error = Refusal>>(
    text: &str,
    what: &str,
    wrong: &mut Option<String>,
) -> Option<T> {
    match T::try_from(text.to_owned()) {
        Ok(value) => Some(value),
        Err(refusal) => {
            *wrong = Some(format!("{what} {refusal}."));
            None
        }
    }
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage {
    chrome: Chrome,
}

pub(super) async fn logout_page(visit: Visit) -> Answer {
    if visit.caller.is_none() {
        return Ok(visit.go("/login", None));
    }
    let chrome = visit.chrome("Sign out", Section::Aside).await?;
    visit.page(&LogoutPage { chrome })
}

pub(super) async fn logout(State(web): State<App>, visit: Visit, _form: Form) -> Answer {
    if let Some(caller) = &visit.caller {
        web.parts.accounts.sign_out(caller).await?;
    }
    let mut response = visit.go("/login", Some(Flash::SignedOut));
    visit.take_session(&mut response);
    Ok(response)
}

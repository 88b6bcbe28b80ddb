//! Signing out elsewhere, and leaving for good.

use askama::Template;
use axum::extract::State;
use tintype_api::TokenId;
use tintype_platform::error::Kind;
use tintype_platform::http::{LoginAllowance, Path};
use tintype_platform::{Error, Result};

use crate::form::Form;
use crate::pages::door::Origin;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::view::time::When;
use crate::visit::Visit;
use crate::{Answer, App};

/// A device where the viewer is signed in.
struct Device {
    id: TokenId,
    name: String,
    address: String,
    since: When,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "settings_sessions.html")]
struct SessionsPage {
    chrome: Chrome,
    at: &'static str,
    devices: Vec<Device>,
}

pub(crate) async fn sessions_page(State(web): State<App>, visit: Visit) -> Answer {
    let caller = visit.member()?;
    let sessions = web.parts.accounts.sessions(caller.user).await?;
    let chrome = visit.chrome("Devices", Section::Settings).await?;
    let device = |session: tintype_accounts::account::Session| Device {
        id: session.id,
        name: browser(session.origin.user_agent.as_deref().unwrap_or_default()),
        address: session.origin.address.map(|address| address.to_string()).unwrap_or_default(),
        since: When::new(session.created_at, chrome.now),
        is_this: session.id == caller.token,
    };
    let devices = sessions.into_iter().map(device).collect();
    visit.page(&SessionsPage { chrome, at: "sessions", devices })
}

/// What a browser says of itself, in words.
fn browser(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let program = find(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "An app".to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

pub(crate) async fn end_session(
    State(web): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    _form: Form,
) -> Answer {
    let caller = visit.member()?;
    let id: TokenId = id
        .parse()
        .map_err(|_| Error::not_found("session_not_found", "That device is signed out already"))?;
    match web.parts.accounts.end_session(caller.user, id).await {
        Err(error) if error.kind() != Kind::NotFound => return Err(error),
        _ => {}
    }
    Ok(visit.go("/settings/sessions", Some(Flash::SessionEnded)))
}

#[derive(Template)]
#[template(path = "settings_delete.html")]
struct DeletePage {
    chrome: Chrome,
    at: &'static str,
    wrong: Option<String>,
}

pub(crate) async fn delete_page(visit: Visit) -> Answer {
    visit.member()?;
    let chrome = visit.chrome("Delete account", Section::Settings).await?;
    visit.page(&DeletePage { chrome, at: "delete", wrong: None })
}

pub(crate) async fn delete(
    State(web): State<App>,
    visit: Visit,
    allowance: Result<LoginAllowance>,
    Origin(origin): Origin,
    form: Form,
) -> Answer {
    let caller = visit.member()?;
    let deleted = match allowance {
        Ok(_) => {
            let password = form.text("password").to_owned();
            web.parts.accounts.delete(caller, password, origin).await
        }
        Err(error) => Err(error),
    };
    let Err(error) = deleted else {
        let mut response = visit.go("/login", Some(Flash::Deleted));
        visit.take_session(&mut response);
        return Ok(response);
    };
    let wrong = match error.kind() {
        Kind::Forbidden => "That is not your password. Nothing was deleted.".to_owned(),
        Kind::TooMany => "Too many tries. Wait a minute, then try again.".to_owned(),
        _ => return Err(error),
    };
    let chrome = visit.chrome("Delete account", Section::Settings).await?;
    let page = DeletePage { chrome, at: "delete", wrong: Some(wrong) };
    visit.page_of(error.kind().status(), &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/126.0.0.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser("curl/8.0"), "curl/8.0");
        assert_eq!(browser(""), "An app");
    }
}

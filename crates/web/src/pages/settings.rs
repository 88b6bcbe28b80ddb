//! What people set about themselves.

mod leaving;
mod password;
mod picture;

use askama::Template;
use axum::extract::State;
use tintype_accounts::Profile;
use tintype_accounts::account::ProfileChange;
use tintype_accounts::input::{Bio, Change, FullName, Refusal, WebAddress};
use tintype_platform::Result;

use super::page_query;
use crate::form::Form;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::view::person::{Person, Tie, people};
use crate::visit::Visit;
use crate::{Answer, App};

pub(super) use leaving::{delete, delete_page, end_session, sessions_page};
pub(super) use password::{password, password_page};
pub(super) use picture::{picture, remove_picture};

#[derive(Template)]
#[template(path = "settings_profile.html")]
struct ProfilePage {
    chrome: Chrome,
    at: &'static str,
    typed: Typed,
    wrong_picture: Option<String>,
}

/// What is in the form, and what is wrong with it.
#[derive(Default)]
struct Typed {
    full_name: String,
    bio: String,
    website: String,
    wrong_full_name: Option<String>,
    wrong_bio: Option<String>,
    wrong_website: Option<String>,
}

impl From<&Profile> for Typed {
    fn from(profile: &Profile) -> Self {
        let account = &profile.account;
        Self {
            full_name: account.card.full_name.clone().unwrap_or_default(),
            bio: account.bio.clone().unwrap_or_default(),
            website: account.website.clone().unwrap_or_default(),
            ..Self::default()
        }
    }
}

async fn profile_form(visit: &Visit, wrong_picture: Option<String>) -> Result<ProfilePage> {
    let user = visit.member()?.user;
    let profile = visit.web.parts.accounts.profile_of(user).await?;
    let chrome = visit.chrome("Edit profile", Section::Settings).await?;
    Ok(ProfilePage { chrome, at: "profile", typed: (&profile).into(), wrong_picture })
}

pub(super) async fn profile_page(visit: Visit) -> Answer {
    visit.page(&profile_form(&visit, None).await?)
}

pub(super) async fn profile(State(web): State<App>, visit: Visit, form: Form) -> Answer {
    let caller = visit.member()?;
    let mut typed = Typed {
        full_name: form.text("fullName").trim().to_owned(),
        bio: form.filled("bio").unwrap_or_default(),
        website: form.text("website").trim().to_owned(),
        ..Typed::default()
    };
    // Most people do not type the scheme.
    if !typed.website.is_empty() && !typed.website.contains("://") {
        typed.website = format!("https://{}", typed.website);
    }
    let full_name: Option<Change<FullName>> =
        change(&typed.full_name, "Your name", &mut typed.wrong_full_name);
    let bio: Option<Change<Bio>> = change(&typed.bio, "This", &mut typed.wrong_bio);
    let website: Option<Change<WebAddress>> =
        change(&typed.website, "This", &mut typed.wrong_website);
    let (Some(full_name), Some(bio), Some(website)) = (full_name, bio, website) else {
        let chrome = visit.chrome("Edit profile", Section::Settings).await?;
        let page = ProfilePage { chrome, at: "profile", typed, wrong_picture: None };
        return visit.page_of(http::StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let change = ProfileChange { full_name, bio, website, is_private: None };
    web.parts.accounts.change_profile(caller.user, change).await?;
    Ok(visit.go("/settings/profile", Some(Flash::ProfileSaved)))
}

/// What becomes of a field that may be empty; `None` and why in `wrong` if it is not allowed.
fn change<T: TryFrom<String, Error = Refusal>>(
    text: &str,
    what: &str,
    wrong: &mut Option<String>,
) -> Option<Change<T>> {
    if text.trim().is_empty() {
        return Some(Change::Clear);
    }
    super::door::field(text, what, wrong).map(Change::Set)
}

#[derive(Template)]
#[template(path = "settings_privacy.html")]
struct PrivacyPage {
    chrome: Chrome,
    at: &'static str,
    is_private: bool,
}

pub(super) async fn privacy_page(State(web): State<App>, visit: Visit) -> Answer {
    let profile = web.parts.accounts.profile_of(visit.member()?.user).await?;
    let chrome = visit.chrome("Privacy", Section::Settings).await?;
    let is_private = profile.account.card.is_private;
    visit.page(&PrivacyPage { chrome, at: "privacy", is_private })
}

pub(super) async fn privacy(State(web): State<App>, visit: Visit, form: Form) -> Answer {
    let change =
        ProfileChange { is_private: Some(form.is_on("isPrivate")), ..ProfileChange::default() };
    web.parts.accounts.change_profile(visit.member()?.user, change).await?;
    Ok(visit.go("/settings/privacy", Some(Flash::PrivacySaved)))
}

#[derive(Template)]
#[template(path = "settings_people.html")]
struct PeoplePage {
    chrome: Chrome,
    at: &'static str,
    blocked: Vec<Person>,
    muted: Vec<Person>,
}

/// Whom the viewer blocks and mutes.
pub(super) async fn people_page(State(web): State<App>, visit: Visit) -> Answer {
    let viewer = visit.member()?.user;
    let query = page_query(None, 100);
    let graph = &web.parts.graph;
    let (blocked, muted) =
        tokio::try_join!(graph.blocked(viewer, &query), graph.muted(viewer, &query))?;
    let cards =
        |entries: Vec<tintype_graph::Entry>| entries.into_iter().map(|entry| entry.card).collect();
    let mut blocked = people(&web, None, cards(blocked.items)).await?;
    for person in &mut blocked {
        person.tie = Tie::Blocking;
    }
    let muted = people(&web, None, cards(muted.items)).await?;
    let chrome = visit.chrome("Blocked and muted", Section::Settings).await?;
    visit.page(&PeoplePage { chrome, at: "people", blocked, muted })
}

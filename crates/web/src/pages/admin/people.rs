//! Everybody, the newest first, and what they may do.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use tintype_accounts::{AccountsService, Profile};
use tintype_api::UserId;
use tintype_api::accounts::Role;
use tintype_platform::http::{Path, Query};
use tintype_platform::{Error, Result, Timestamp, id};

use crate::form::Form;
use crate::pages::next_page;
use crate::view::chrome::{Chrome, Section};
use crate::view::figures::counted;
use crate::view::flash::Flash;
use crate::view::time::When;
use crate::visit::Visit;
use crate::{Answer, App};

/// People on a page.
const SHOWN: usize = 30;

/// Ids that are read at once.
const READ_AT_ONCE: usize = 1000;

const HOUR_MILLIS: i64 = 60 * 60 * 1000;

#[derive(Deserialize)]
pub(in crate::pages) struct Asked {
    cursor: Option<String>,
}

/// Somebody in the list.
struct Member {
    profile: Profile,
    joined: When,
    is_self: bool,
}

impl Member {
    fn is(&self, role: &Role) -> bool {
        self.profile.account.role == *role
    }

    fn sums(&self) -> String {
        let posts = counted(self.profile.posts, "post", "posts");
        format!("{posts} · {}", counted(self.profile.graph.followers, "follower", "followers"))
    }
}

#[derive(Template)]
#[template(path = "admin_people.html")]
struct PeoplePage {
    chrome: Chrome,
    at: &'static str,
    members: Vec<Member>,
    next: Option<String>,
}

impl PeoplePage {
    /// What people may do: as forms say it, and in words.
    const ROLES: [(Role, &'static str, &'static str); 3] = [
        (Role::User, "user", "Member"),
        (Role::Moderator, "moderator", "Moderator"),
        (Role::Admin, "admin", "Admin"),
    ];
}

pub(in crate::pages) async fn list(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Answer {
    let admin = visit.admin()?.user;
    let accounts = &web.parts.accounts;
    let below = asked.cursor.and_then(|cursor| cursor.parse().ok());
    let mut ids = newest(accounts, visit.now(), below, SHOWN + 1).await?;
    let has_more = ids.len() > SHOWN;
    ids.truncate(SHOWN);
    let last = ids.last().filter(|_| has_more).map(UserId::to_string);
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(accounts.account(id).await?);
    }
    let profiles = accounts.with_counts_all(found).await?;
    let chrome = visit.chrome("People", Section::Admin).await?;
    let member = |profile: Profile| Member {
        joined: When::new(profile.account.created_at, chrome.now),
        is_self: profile.account.card.id == admin,
        profile,
    };
    let members = profiles.into_iter().map(member).collect();
    let next = next_page("/admin/people", &[], last);
    visit.page(&PeoplePage { chrome, at: "people", members, next })
}

/// Up to `wanted` accounts with the highest ids below `below`, in falling order.
///
/// They can be read in rising order alone; but an id tells when it was made, so the last hour is
/// looked at, and a longer time as long as too few have come in it.
async fn newest(
    accounts: &AccountsService,
    now: Timestamp,
    below: Option<UserId>,
    wanted: usize,
) -> Result<Vec<UserId>> {
    let end = below.map_or(now, UserId::made_at);
    let mut span = HOUR_MILLIS;
    loop {
        let after = UserId::new(id::floor_at(end.plus_millis(-span)));
        let mut found = last_of(accounts, after, below, wanted).await?;
        if found.len() == wanted || after.is_none() {
            found.reverse();
            return Ok(found);
        }
        span = span.saturating_mul(8);
    }
}

/// The last `wanted` accounts between two ids, in rising order.
async fn last_of(
    accounts: &AccountsService,
    mut after: Option<UserId>,
    below: Option<UserId>,
    wanted: usize,
) -> Result<Vec<UserId>> {
    let mut found = Vec::new();
    loop {
        let some = accounts.members(after, READ_AT_ONCE).await?;
        let is_last = some.len() < READ_AT_ONCE;
        after = some.last().copied().or(after);
        let before = some.iter().filter(|id| below.is_none_or(|below| **id < below)).count();
        found.extend_from_slice(&some[..before]);
        found.drain(..found.len().saturating_sub(wanted));
        if is_last || before < some.len() {
            return Ok(found);
        }
    }
}

pub(in crate::pages) async fn set_role(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
    form: Form,
) -> Answer {
    let admin = visit.admin()?;
    let named = PeoplePage::ROLES.iter().find(|(_, word, _)| *word == form.text("role"));
    let (role, ..) = named.ok_or_else(|| Error::invalid("role", "Choose one of the roles"))?;
    if username.eq_ignore_ascii_case(&admin.username) {
        let why = "Ask another admin: otherwise the last one could be locked out";
        return Err(Error::refused("own_role", why));
    }
    web.parts.accounts.set_role(&username, *role).await?;
    Ok(visit.go(form.back("/admin/people"), Some(Flash::RoleGiven)))
}

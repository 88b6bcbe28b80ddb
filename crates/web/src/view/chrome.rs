//! What every page has around it.

use std::sync::Arc;

use tintype_api::Card;
use tintype_api::accounts::Role;
use tintype_platform::Timestamp;

use crate::visit::Visit;

/// Where in the navigation a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Home,
    Explore,
    Search,
    New,
    Activity,
    Saved,
    Own,
    Settings,
    Admin,
    /// None of them.
    Aside,
}

impl Section {
    /// What the link says of itself, for `aria-current`.
    pub(crate) fn current(self, link: Self) -> &'static str {
        if self == link { "page" } else { "false" }
    }
}

/// Who is signed in.
pub(crate) struct Me {
    pub(crate) card: Arc<Card>,
    pub(crate) role: Role,
}

impl Me {
    pub(crate) fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// What others show of a page that they link to.
pub(crate) struct About {
    /// `article`, `profile` or `website`.
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    /// The page itself, without what was asked for beside it.
    pub(crate) url: String,
    pub(crate) image: Option<String>,
    pub(crate) image_alt: String,
    /// Where its oEmbed description is.
    pub(crate) oembed: Option<String>,
    /// Where its feed is.
    pub(crate) rss: Option<String>,
}

/// What every page has around it.
pub(crate) struct Chrome {
    pub(crate) title: String,
    /// Path and query of the page.
    pub(crate) here: String,
    /// The folder of this version's assets.
    pub(crate) assets: &'static str,
    pub(crate) section: Section,
    pub(crate) me: Option<Me>,
    /// How much has happened that was not seen.
    pub(crate) unread: u32,
    /// What forms hold.
    pub(crate) csrf: String,
    pub(crate) flash: Option<&'static str>,
    pub(crate) about: Option<About>,
    pub(crate) now: Timestamp,
}

impl Chrome {
    /// The same for everybody, made without asking anything.
    pub(crate) fn bare(title: &str, visit: &Visit) -> Self {
        Self {
            title: title.to_owned(),
            here: visit.here.clone(),
            assets: crate::assets::folder(),
            section: Section::Aside,
            me: None,
            unread: 0,
            csrf: String::new(),
            flash: None,
            about: None,
            now: visit.now(),
        }
    }

    /// `this` as the navigation marks it.
    pub(crate) fn current(&self, link: Section) -> &'static str {
        self.section.current(link)
    }

    /// The number on the mark of what is new.
    pub(crate) fn badge(&self) -> String {
        if self.unread > 99 { "99+".to_owned() } else { self.unread.to_string() }
    }
}

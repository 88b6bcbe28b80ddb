//! The pages that people see.
//!
//! Rendered here from templates that are compiled into the program, with the use-cases of the
//! slices, which are the same that the API calls: a page shows nothing that the API would not.
//! Everything works with links and forms alone; the modules in `assets/` only make it livelier.
//!
//! The way of a request: `session::enter` finds out who is there and turns errors into pages,
//! a handler in `pages` makes one or two calls, a template in `templates/` is filled.

mod assets;
mod cookie;
mod csrf;
mod form;
mod pages;
mod session;
mod view;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use http::HeaderValue;
use tintype_accounts::AccountsService;
use tintype_activity::ActivityService;
use tintype_feed::FeedService;
use tintype_graph::GraphService;
use tintype_media::MediaService;
use tintype_platform::http::{Ground, Limits, stack};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::{Clock, Result};
use tintype_posts::PostsService;

pub use pages::admin::{DeadLetter, Figure, Report};

/// What the pages are made of.
pub struct Parts {
    /// People.
    pub accounts: Arc<AccountsService>,
    /// Who follows whom.
    pub graph: Arc<GraphService>,
    /// Posts and what people do with them.
    pub posts: Arc<PostsService>,
    /// What people have uploaded.
    pub media: Arc<MediaService>,
    /// Feeds.
    pub feed: Arc<FeedService>,
    /// What happened to people.
    pub activity: Arc<ActivityService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How the site is doing, for those who run it.
    pub report: Box<dyn Fn() -> BoxFuture<Result<Report>> + Send + Sync>,
}

/// Work that is waited for.
pub type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

/// What may be set about the pages.
#[derive(Clone)]
pub struct Settings {
    /// From which the keys of forms are derived.
    pub secret: String,
    /// Days that a token, and so its cookie, is good for.
    pub token_days: u16,
    /// Where uploads are found.
    pub objects: ObjectUrls,
    /// Where they are when that is not this site: `https://cdn.example`, or empty.
    pub public_url: String,
    /// How long the upload of a post's pictures may take.
    pub upload_timeout: Duration,
}

/// What every handler is given.
pub(crate) struct Web {
    pub(crate) parts: Parts,
    pub(crate) settings: Settings,
    pub(crate) csrf: csrf::Csrf,
    pub(crate) limits: Arc<Limits>,
    pub(crate) ground: Arc<Ground>,
    /// What pages may load, as they tell browsers.
    pub(crate) policy: HeaderValue,
}

pub(crate) type App = Arc<Web>;

/// The pages and what belongs to them, with the ground beneath: to be merged with other routes that
/// have theirs. Whatever no other route answers, these answer with a page that says so.
pub fn routes(parts: Parts, settings: Settings, ground: &Arc<Ground>) -> Router {
    let web = Arc::new(Web {
        csrf: csrf::Csrf::new(settings.secret.as_bytes()),
        limits: ground.limits(),
        ground: ground.clone(),
        policy: visit::policy(&settings.public_url),
        parts,
        settings,
    });
    let uploads = Arc::new(ground.for_uploads(web.settings.upload_timeout));
    let files = Arc::new(ground.for_files());
    let enter = middleware::from_fn_with_state(web.clone(), session::enter);
    stack(pages::routes(web.clone()), ground)
        .merge(stack(pages::upload_routes(web), &uploads))
        .layer(enter)
        .merge(stack(assets::routes(), &files))
}

/// A handler's answer; an error becomes a page, or JSON for a script.
pub(crate) type Answer = Result<axum::response::Response>;

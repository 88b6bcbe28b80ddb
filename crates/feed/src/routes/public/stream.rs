use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rustc_hash::FxHashSet;
use serde::Serialize;
use tintype_api::auth::SignedIn;
use tintype_api::posts::PostView;
use tintype_api::posts::shapes::PublicPost;
use tintype_api::{PostId, UserId};
use tintype_platform::error::{Kind, Place};
use tintype_platform::page::Limit;
use tintype_platform::{Error, Result};
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

use crate::FeedService;
use crate::live::{Connection, Notice};

/// Missed posts that a client is sent when it comes back.
const MISSED: i64 = 20;

/// What an `activity` event holds.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamedActivity)]
struct Activity {
    /// The activity; see `GET /api/feed/activity`.
    #[schema(example = "6755399441055744")]
    id: String,
    /// How much of what happened you have not seen yet.
    unread: u32,
}

/// What happens, as it happens
///
/// Server-sent events: `post` (a new post of your feed, its id being the event's), `activity`
/// (something happened to you: its id, and how much you have not seen) and `ping` (a sign of life).
/// A client that comes back with `Last-Event-ID` is sent the posts that it missed, at most 20. The
/// stream ends when the token does, when the client cannot keep up, and when the server stops.
#[utoipa::path(
    get, path = "/api/feed/stream", tag = "feed", operation_id = "feed_stream",
    security(("bearer" = [])),
    params(("Last-Event-ID" = Option<String>, Header, description = "The last post that was seen")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 400, description = "A `Last-Event-ID` that is none of ours"),
        (status = 401, description = "No good token"),
        (status = 429, description = "Too many streams of this account are open"),
        (status = 503, description = "The server is shutting down"),
    ),
)]
pub(super) async fn stream(
    State(service): State<Arc<FeedService>>,
    SignedIn(caller): SignedIn,
    headers: HeaderMap,
) -> Result<Response> {
    // Connected first and looked up then: what is posted in between is seen by one or both.
    let connection = service.live.connect(caller.user)?;
    let missed = match last_event(&headers)? {
        Some(last) => service.newer(caller.user, last, Limit::clamped(MISSED)).await?,
        None => Vec::new(),
    };
    let mut ping = interval(service.settings.ping);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        viewer: caller.user,
        token: token(&headers).into(),
        seen: missed.iter().map(|view| view.post.id).collect(),
        missed: missed.into(),
        service,
        connection,
        ping,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    // A proxy that collects the answer before it passes it on would hold the events back.
    Ok(([("x-accel-buffering", "no")], Sse::new(events)).into_response())
}

/// One open stream.
struct Listener {
    service: Arc<FeedService>,
    viewer: UserId,
    token: Arc<str>,
    connection: Connection,
    missed: VecDeque<PostView>,
    /// Posts that were sent as missed ones and may come once more as new ones.
    seen: FxHashSet<PostId>,
    ping: Interval,
}

impl Listener {
    /// The next event; none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(view) = self.missed.pop_front() {
                return post_event(&view);
            }
            let notice = tokio::select! {
                notice = self.connection.next() => Some(notice?),
                _ = self.ping.tick() => None,
            };
            let caller = self.service.services.accounts().caller(self.token.clone()).await;
            if caller.is_err_and(|error| error.kind() == Kind::Unauthenticated) {
                return None;
            }
            match notice {
                None => return Some(Event::default().event("ping").data("{}")),
                Some(Notice::Post(post)) => {
                    if self.seen.remove(&post) {
                        continue;
                    }
                    // Where a post cannot be read the stream ends: its client will come back and
                    // ask for what it missed.
                    let view = self.service.one(self.viewer, post).await.ok()?;
                    if let Some(view) = view {
                        return post_event(&view);
                    }
                }
                Some(Notice::Activity(id)) => {
                    let unread = self.service.services.activity().unread(self.viewer).await.ok()?;
                    let activity = Activity { id: id.to_string(), unread };
                    return Event::default().event("activity").json_data(activity).ok();
                }
            }
        }
    }
}

fn post_event(view: &PostView) -> Option<Event> {
    let event = Event::default().event("post").id(view.post.id.to_string());
    event.json_data(PublicPost::new(view, true)).ok()
}

fn last_event(headers: &HeaderMap) -> Result<Option<PostId>> {
    let Some(header) = headers.get("last-event-id").filter(|header| !header.is_empty()) else {
        return Ok(None);
    };
    let id = header.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| {
        let message = "Last-Event-ID must be the id of a post";
        Error::invalid_at(Place::Header, "Last-Event-ID", message, "int_parsing")
    })
}

/// The token that [`SignedIn`] has found good.
fn token(headers: &HeaderMap) -> &str {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    header.and_then(|header| header.split_once(' ')).map_or("", |(_, token)| token.trim())
}

//! What other programs read: feeds, descriptions, maps.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;
use tintype_api::{Accounts, PostView, UserId};
use tintype_platform::http::{Json, Path, Query};
use tintype_platform::{Error, Result, Timestamp};
use tintype_posts::{Wanted, lists};

use super::profile::absolute;
use super::{page_query, post_id};
use crate::view::media::Frame;
use crate::view::text;
use crate::visit::Visit;
use crate::{Answer, App, assets};

/// Posts in a feed of another program.
const ITEMS: i64 = 30;

/// People in the map of the site; more than search engines read of one file.
const MAPPED: usize = 10_000;

fn answer(content_type: &'static str, kept: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    response
}

/// `text` within XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in XML, however they are written.
            '\u{0}'..='\u{8}'
            | '\u{b}'
            | '\u{c}'
            | '\u{e}'..='\u{1f}'
            | '\u{fffe}'
            | '\u{ffff}' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// The newest posts of a public account as RSS 2.0.
pub(super) async fn rss(
    State(web): State<App>,
    visit: Visit,
    Path(username): Path<String>,
) -> Answer {
    // Programs that read feeds are nobody: what they see is what everybody sees.
    let profile = web.parts.accounts.profile(None, &username).await?;
    let card = &profile.account.card;
    let wanted = Wanted::new(&page_query(None, ITEMS), lists::OF_AUTHOR)?;
    let page = web.parts.posts.by_author(None, card.id, wanted).await?;
    let origin = &visit.origin;
    let title = match &card.full_name {
        Some(name) => format!("{name} (@{}) on Tintype", card.username),
        None => format!("@{} on Tintype", card.username),
    };
    let about = profile.account.bio.clone().unwrap_or_else(|| title.clone());
    let mut xml = String::with_capacity(8 * 1024);
    let written = write!(
        xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\"><channel>\
         <title>{}</title><link>{origin}/{name}</link><description>{}</description>\
         <atom:link href=\"{origin}/{name}/rss\" rel=\"self\" type=\"application/rss+xml\"/>",
        escaped(&title),
        escaped(&about),
        name = card.username,
    );
    written.map_err(Error::internal)?;
    for view in &page.items {
        write_item(&mut xml, origin, view).map_err(Error::internal)?;
    }
    xml.push_str("</channel></rss>\n");
    Ok(answer("application/rss+xml; charset=utf-8", "public, max-age=300", xml))
}

fn write_item(xml: &mut String, origin: &str, view: &PostView) -> std::fmt::Result {
    let caption = view.post.caption.as_deref().unwrap_or_default();
    let title = if caption.is_empty() {
        format!("Post by @{}", view.author.username)
    } else {
        text::brief(caption, 80)
    };
    write!(
        xml,
        "<item><title>{}</title><link>{origin}/p/{id}</link>\
         <guid isPermaLink=\"true\">{origin}/p/{id}</guid><pubDate>{}</pubDate>\
         <description>{}</description>",
        escaped(&title),
        mail_date(view.post.created_at),
        escaped(caption),
        id = view.post.id,
    )?;
    for slide in Frame::of(&view.post).slides {
        let medium = if slide.is_film { "video" } else { "image" };
        write!(
            xml,
            "<media:content url=\"{}\" medium=\"{medium}\"><media:description>{}\
             </media:description></media:content>",
            escaped(&absolute(origin, &slide.src)),
            escaped(&slide.alt),
        )?;
    }
    xml.push_str("</item>");
    Ok(())
}

/// As RSS writes a moment.
fn mail_date(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    moment.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[derive(Deserialize)]
pub(super) struct Described {
    url: Option<String>,
    format: Option<String>,
}

/// What a page elsewhere shows of a public post.
pub(super) async fn oembed(
    State(web): State<App>,
    visit: Visit,
    Query(asked): Query<Described>,
) -> Answer {
    if asked.format.is_some_and(|format| format != "json") {
        return Ok(StatusCode::NOT_IMPLEMENTED.into_response());
    }
    let nothing = || Error::not_found("post_not_found", "There is no public post at this address");
    let url = asked.url.unwrap_or_default();
    let (_, id) = url.rsplit_once("/p/").ok_or_else(nothing)?;
    let id = id.split(['?', '#', '/']).next().unwrap_or_default();
    let view = web.parts.posts.look(None, post_id(id)?).await?;
    let frame = Frame::of(&view.post);
    let slide = frame.slides.first().ok_or_else(nothing)?;
    let picture = if slide.is_film { &slide.poster } else { &slide.src };
    let name = &view.author.username;
    let caption = view.post.caption.as_deref().unwrap_or_default();
    let mut described = json!({
        "version": "1.0",
        "type": "photo",
        "title": text::brief(caption, 120),
        "author_name": view.author.full_name.as_deref().unwrap_or(name),
        "author_url": format!("{}/{name}", visit.origin),
        "provider_name": "Tintype",
        "provider_url": visit.origin,
        "cache_age": 3600,
    });
    if picture.is_empty() {
        described["type"] = json!("link");
    } else {
        described["url"] = json!(absolute(&visit.origin, picture));
        described["width"] = json!(frame.width);
        described["height"] = json!(frame.height);
    }
    let mut response = Json(described).into_response();
    let kept = HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(CACHE_CONTROL, kept);
    Ok(response)
}

/// What programs that read everything may read.
pub(super) async fn robots(visit: Visit) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /api/\nDisallow: /v1/\nDisallow: /settings\nDisallow: /search\n\
         Disallow: /login\nDisallow: /signup\nDisallow: /new\nDisallow: /activity\n\
         Disallow: /saved\nDisallow: /admin\nDisallow: /live\n\nSitemap: {}/sitemap.xml\n",
        visit.origin
    );
    answer("text/plain; charset=utf-8", "public, max-age=86400", text)
}

/// The profiles that everybody may see.
pub(super) async fn sitemap(State(web): State<App>, visit: Visit) -> Result<Response> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">",
    );
    let origin = &visit.origin;
    let written = write!(xml, "<url><loc>{origin}/</loc></url>");
    written.map_err(Error::internal)?;
    let mut after: Option<UserId> = None;
    let mut mapped = 0;
    while mapped < MAPPED {
        let members = web.parts.accounts.members(after, 500).await?;
        let Some(last) = members.last() else { break };
        after = Some(*last);
        mapped += members.len();
        for card in web.parts.accounts.cards(members).await?.into_iter().flatten() {
            if !card.is_private {
                let written = write!(xml, "<url><loc>{origin}/{}</loc></url>", card.username);
                written.map_err(Error::internal)?;
            }
        }
    }
    xml.push_str("</urlset>\n");
    Ok(answer("application/xml; charset=utf-8", "public, max-age=3600", xml))
}

/// By which a phone puts the site among its apps.
pub(super) async fn manifest() -> Response {
    let folder = assets::folder();
    let manifest = json!({
        "id": "/",
        "name": "Tintype",
        "short_name": "Tintype",
        "description": "Pictures, and nothing in between.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f3ee",
        "theme_color": "#f6f3ee",
        "icons": [
            {"src": format!("{folder}/icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": format!("{folder}/icon-180.png"), "sizes": "180x180", "type": "image/png"},
            {"src": format!("{folder}/icon-512.png"), "sizes": "512x512", "type": "image/png",
             "purpose": "any maskable"},
        ],
        "shortcuts": [
            {"name": "New post", "url": "/new"},
            {"name": "Activity", "url": "/activity"},
        ],
    });
    answer("application/manifest+json", "public, max-age=3600", manifest.to_string())
}

/// The service worker, which knows this version's files.
pub(super) async fn worker() -> Response {
    let folder = assets::folder();
    let files: Vec<String> = assets::shell().map(|name| format!("{folder}/{name}")).collect();
    let script = assets::WORKER
        .replace("__VERSION__", folder)
        .replace("\"__FILES__\"", &json!(files).to_string());
    let mut response = answer("text/javascript; charset=utf-8", "no-cache", script);
    // What it may fetch is what its own answer says, not the pages that it works for.
    let policy = HeaderValue::from_static("default-src 'none'; connect-src 'self'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// For browsers that ask for it whatever a page says.
pub(super) async fn favicon() -> Response {
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    if let Ok(icon) = HeaderValue::from_str(&format!("{}/icon-180.png", assets::folder())) {
        response.headers_mut().insert(LOCATION, icon);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_stays_xml() {
        assert_eq!(escaped("a<b>&\"c\"\u{0}\u{b}\n'"), "a&lt;b&gt;&amp;&quot;c&quot;\n&#39;");
    }

    #[test]
    fn dates_are_those_of_mail() {
        assert_eq!(mail_date(Timestamp::from_millis(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
    }
}

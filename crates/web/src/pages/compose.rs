//! A new post.
//!
//! Without scripts the form brings pictures and words together. With them each picture goes up by
//! itself as soon as it is chosen, and the form brings the ids.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tintype_api::{MediaId, UserId};
use tintype_media::PageForm;
use tintype_platform::error::Kind;
use tintype_platform::http::Json;
use tintype_platform::http::context::Waiting;
use tintype_platform::{Error, Result};
use tintype_posts::Draft;
use tintype_posts::words::{self, AltText, Caption, Location, MediaUrl};

use super::edit::text;
use crate::form::Form;
use crate::view::chrome::{Chrome, Section};
use crate::view::flash::Flash;
use crate::visit::Visit;
use crate::{Answer, App, csrf};

/// Pictures of a post; also fields for what each of them shows.
const MOST: usize = 10;

#[derive(Template)]
#[template(path = "compose.html")]
struct ComposePage {
    chrome: Chrome,
    typed: Typed,
    /// Pictures that are up already.
    uploads: Vec<Taken>,
}

/// What is in the form, and what is wrong with it.
#[derive(Default)]
struct Typed {
    caption: String,
    location: String,
    alt_text: String,
    media_urls: String,
    comments_disabled: bool,
    wrong_caption: Option<String>,
    wrong_location: Option<String>,
    wrong_alt_text: Option<String>,
    wrong_media: Option<String>,
}

impl Typed {
    fn of(form: &Form) -> Self {
        Self {
            caption: form.filled("caption").unwrap_or_default(),
            location: form.text("location").trim().to_owned(),
            alt_text: form.filled("altText").unwrap_or_default(),
            media_urls: form.all("mediaUrls").collect::<Vec<_>>().join("\n"),
            comments_disabled: form.is_on("commentsDisabled"),
            ..Self::default()
        }
    }
}

/// A picture that is up.
struct Taken {
    id: MediaId,
    thumb: Option<String>,
    alt_text: String,
}

pub(super) async fn page(visit: Visit) -> Answer {
    visit.member()?;
    let chrome = visit.chrome("New post", Section::New).await?;
    visit.page(&ComposePage { chrome, typed: Typed::default(), uploads: Vec::new() })
}

pub(super) async fn create(
    State(web): State<App>,
    visit: Visit,
    waiting: Waiting,
    request: Request,
) -> Answer {
    let author = visit.member()?.user;
    csrf::refuse_other_sites(request.headers())?;
    let sent = web.parts.media.read_page_form(author, request, |texts| visit.admits(texts)).await;
    let PageForm { files, texts, .. } = &mut sent?;
    let form = Form::of(std::mem::take(texts));
    let mut typed = Typed::of(&form);
    let caption: Result<Option<Caption>, ()> =
        text(&typed.caption, "The caption", &mut typed.wrong_caption);
    let location: Result<Option<Location>, ()> =
        text(&typed.location, "The place", &mut typed.wrong_location);
    let alt_text: Result<Option<AltText>, ()> =
        text(&typed.alt_text, "The description", &mut typed.wrong_alt_text);

    // What is up stays up, so that a form that comes back with an error need not bring it again.
    let mut ids: Vec<MediaId> = form.all("mediaIds").filter_map(|id| id.parse().ok()).collect();
    for (index, file) in std::mem::take(files).into_iter().enumerate().take(MOST) {
        let name = file.filename.clone();
        let said = form.text(&format!("altText{}", index + 1));
        let said = if index == 0 && said.is_empty() { &*typed.alt_text } else { said };
        match web.parts.media.take(author, file, said, waiting.clone()).await {
            Ok(upload) => ids.push(upload.id),
            Err(error) if error.kind() == Kind::Internal => return Err(error),
            Err(error) => {
                typed.wrong_media = Some(format!("{name}: {}", error.message()));
                break;
            }
        }
    }
    let urls: Result<Vec<MediaUrl>, String> = form
        .all("mediaUrls")
        .flat_map(str::lines)
        .map(|url| MediaUrl::try_from(url.trim().to_owned()))
        .collect();
    let media = match urls {
        Ok(urls) => words::media("mediaUrls", Some(urls), Some(ids.clone())),
        Err(rule) => Err(Error::invalid("mediaUrls", format!("An address {rule}."))),
    };
    let posted = match (media, typed.wrong_media.is_none(), caption, location, alt_text) {
        (Ok(media), true, Ok(caption), Ok(location), Ok(alt_text)) => {
            let comments_disabled = typed.comments_disabled;
            let draft = Draft { caption, media, kind: None, location, alt_text, comments_disabled };
            web.parts.posts.create(author, draft).await
        }
        (Err(error), true, ..) => Err(error),
        _ => Err(Error::refused("invalid", "")),
    };
    let error = match posted {
        Ok(view) => {
            let path = format!("/p/{}", view.post.id);
            return Ok(visit.done(&path, Some(Flash::Posted), &serde_json::json!({"path": path})));
        }
        Err(error) if error.kind() == Kind::Internal => return Err(error),
        Err(error) => error,
    };
    if !error.message().is_empty() {
        let nothing = ids.is_empty() && typed.media_urls.is_empty();
        typed.wrong_media = Some(if nothing {
            "Choose at least one picture or film.".to_owned()
        } else {
            error.message().to_owned()
        });
    }
    let uploads = taken(&visit, author, ids).await?;
    let chrome = visit.chrome("New post", Section::New).await?;
    let page = ComposePage { chrome, typed, uploads };
    visit.page_of(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// One file that a script sends ahead.
pub(super) async fn upload(
    State(web): State<App>,
    visit: Visit,
    waiting: Waiting,
    request: Request,
) -> Result<Response> {
    let owner = visit.member()?.user;
    csrf::refuse_other_sites(request.headers())?;
    let media = &web.parts.media;
    let form = media.read_page_form(owner, request, |texts| visit.admits(texts)).await?;
    let texts = Form::of(form.texts.clone());
    let file = form.files.into_iter().next();
    let file = file.ok_or_else(|| Error::invalid("file", "Choose a picture or film"))?;
    let upload = media.take(owner, file, texts.text("altText"), waiting).await?;
    Ok((StatusCode::CREATED, Json(upload)).into_response())
}

/// What is known of uploads, for a form that comes back.
async fn taken(visit: &Visit, owner: UserId, ids: Vec<MediaId>) -> Result<Vec<Taken>> {
    use tintype_api::Media;
    use tintype_api::media::Urls;
    let media = &visit.web.parts.media;
    let uploads = media.uploads(owner, ids).await?;
    let taken = uploads.into_iter().flatten().map(|upload| {
        let upload = upload.addressed(&visit.web.settings.objects);
        Taken {
            id: upload.id,
            thumb: match upload.urls {
                Urls::Image { thumbnail, .. } => Some(thumbnail),
                Urls::Video { poster, .. } => poster,
                Urls::Avatar { .. } => None,
            },
            alt_text: upload.alt_text.unwrap_or_default(),
        }
    });
    Ok(taken.collect())
}

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::Serialize;
use tintype_api::auth::SignedIn;
use tintype_platform::Result;
use tintype_platform::http::Json;
use tintype_platform::http::context::Waiting;
use tintype_platform::http::idempotency::Once;
use utoipa::ToSchema;

use super::form::{self, Part, Wanted};
use super::{Answer, Done};
use crate::MediaService;

/// Files of one request.
const MOST_FILES: usize = 10;

/// Files of one request that are worked on at the same time.
const AT_ONCE: usize = 2;

/// A form with a picture or film.
#[derive(ToSchema)]
#[schema(as = NewUpload)]
#[expect(dead_code, reason = "describes a form, which is read field by field")]
pub(super) struct NewUpload {
    /// JPEG, PNG, GIF, WebP, MP4 or MOV: the type is told by the content, the name and the type
    /// that are sent with it do not matter.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, for those who do not see it: up to 1,000 characters.
    #[schema(rename = "altText", max_length = 1000)]
    alt_text: Option<String>,
}

/// A form with several pictures and films.
#[derive(ToSchema)]
#[schema(as = NewUploads)]
#[expect(dead_code, reason = "describes a form, which is read field by field")]
pub(super) struct NewUploads {
    /// One to ten, each as in an upload of one.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1, max_items = 10)]
    files: Vec<Vec<u8>>,
}

/// A form with a picture of oneself.
#[derive(ToSchema)]
#[schema(as = NewProfilePicture)]
#[expect(dead_code, reason = "describes a form, which is read field by field")]
pub(super) struct NewPicture {
    /// JPEG, PNG, GIF or WebP.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What became of several files, in their order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadResults)]
pub(super) struct Results {
    /// For each file the upload, or why it was not taken.
    uploads: Vec<Outcome>,
}

/// What became of one file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadResult)]
#[serde(untagged)]
enum Outcome {
    /// It was taken.
    Taken(Box<Answer>),
    /// It was not.
    Refused(RefusedFile),
}

/// A file that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RefusedFile {
    /// A sentence for people.
    error: String,
    /// A stable word.
    code: String,
    /// What the client called the file.
    filename: Option<String>,
}

/// Upload a picture or film
///
/// A picture is kept in four sizes and as it was sent, without its metadata: the receipt says what
/// was removed. With an `Idempotency-Key`, the same file in the same request again gives the first
/// answer.
#[utoipa::path(
    post, path = "/api/media/upload", tag = "media", operation_id = "upload_media",
    security(("bearer" = [])),
    request_body(content = NewUpload, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Answer),
        (status = 400, description = "No file, more than one, or a form that is not whole"),
        (status = 401, description = "No good token"),
        (status = 403, description = "It would take more than you may store"),
        (status = 413, description = "More than 50 MB, or more than 50 megapixels"),
        (status = 415, description = "None of JPEG, PNG, GIF, WebP, MP4 and MOV, or damaged"),
        (status = 503, description = "Too many uploads at this moment, or the store does not answer"),
    ),
)]
pub(super) async fn upload(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    waiting: Waiting,
    once: Once,
    request: Request,
) -> Result<Response> {
    let (spool, digests) = (&service.spool, once.is_asked());
    let mut form = form::read(spool, caller.user, Wanted::One, digests, request).await?;
    let said = form.digest();
    once.answer(&said, async || {
        let Part { file, .. } = form.files.remove(0);
        let uploaded = service.upload(caller.user, file?, form.alt_text, waiting).await?;
        Ok((StatusCode::CREATED, Json(Answer::from(uploaded))).into_response())
    })
    .await
}

/// Upload up to ten pictures and films
///
/// Each has a result of its own. If none could be taken, the answer is what was wrong with the
/// first.
#[utoipa::path(
    post, path = "/api/media/upload/multiple", tag = "media", operation_id = "upload_several_media",
    security(("bearer" = [])),
    request_body(content = NewUploads, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Results, description = "At least one was taken"),
        (status = 400, description = "No file, more than ten, or a form that is not whole"),
        (status = 401, description = "No good token"),
        (status = 403, description = "They would take more than you may store"),
        (status = 413, description = "A file of more than 50 MB, or more than 50 megapixels"),
        (status = 415, description = "None of JPEG, PNG, GIF, WebP, MP4 and MOV, or damaged"),
        (status = 503, description = "Too many uploads at this moment, or the store does not answer"),
    ),
)]
pub(super) async fn upload_multiple(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    waiting: Waiting,
    once: Once,
    request: Request,
) -> Result<Response> {
    let wanted = Wanted::Several(MOST_FILES);
    let (spool, digests) = (&service.spool, once.is_asked());
    let form = form::read(spool, caller.user, wanted, digests, request).await?;
    let said = form.digest();
    once.answer(&said, async || {
        let upload = async |part: Part| {
            let file = part.file.inspect_err(crate::service::count_refusal);
            let taken = match file {
                Ok(file) => {
                    let alt_text = form.alt_text.clone();
                    service.upload(caller.user, file, alt_text, waiting.clone()).await
                }
                Err(error) => Err(error),
            };
            (part.filename, taken)
        };
        let outcomes: Vec<_> =
            stream::iter(form.files).map(upload).buffered(AT_ONCE).collect().await;
        results(outcomes)
    })
    .await
}

fn results(outcomes: Vec<(Option<String>, Result<crate::service::Uploaded>)>) -> Result<Response> {
    let mut first = None;
    let mut taken = false;
    let mut uploads = Vec::with_capacity(outcomes.len());
    for (filename, outcome) in outcomes {
        uploads.push(match outcome {
            Ok(uploaded) => {
                taken = true;
                Outcome::Taken(Box::new(uploaded.into()))
            }
            Err(error) => {
                let refused = RefusedFile {
                    error: error.message().to_owned(),
                    code: error.code().to_owned(),
                    filename,
                };
                first.get_or_insert(error);
                Outcome::Refused(refused)
            }
        });
    }
    match first {
        Some(error) if !taken => Err(error),
        _ => Ok((StatusCode::CREATED, Json(Results { uploads })).into_response()),
    }
}

/// Upload a picture of yourself
///
/// Kept in three square sizes. The picture before goes.
#[utoipa::path(
    post, path = "/api/media/profile-picture", tag = "media", operation_id = "set_profile_picture",
    security(("bearer" = [])),
    request_body(content = NewPicture, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Answer),
        (status = 400, description = "No file, more than one, or a form that is not whole"),
        (status = 401, description = "No good token"),
        (status = 403, description = "It would take more than you may store"),
        (status = 409, description = "A later picture has been set in the meantime"),
        (status = 413, description = "More than 50 MB, or more than 50 megapixels"),
        (status = 415, description = "None of JPEG, PNG, GIF and WebP, or damaged"),
        (status = 503, description = "Too many uploads at this moment, or the store does not answer"),
    ),
)]
pub(super) async fn set_picture(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    waiting: Waiting,
    once: Once,
    request: Request,
) -> Result<Response> {
    let (spool, digests) = (&service.spool, once.is_asked());
    let mut form = form::read(spool, caller.user, Wanted::One, digests, request).await?;
    let said = form.digest();
    once.answer(&said, async || {
        let Part { file, .. } = form.files.remove(0);
        let uploaded = service.set_picture(caller.user, file?, waiting).await?;
        Ok((StatusCode::CREATED, Json(Answer::from(uploaded))).into_response())
    })
    .await
}

/// Take your picture away
#[utoipa::path(
    delete, path = "/api/media/profile-picture", tag = "media",
    operation_id = "remove_profile_picture", security(("bearer" = [])),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
    ),
)]
pub(super) async fn remove_picture(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Done>> {
    service.remove_picture(caller.user).await?;
    Ok(Json(Done { message: "Profile picture removed" }))
}

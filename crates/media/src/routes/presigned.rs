use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tintype_api::MediaId;
use tintype_api::auth::SignedIn;
use tintype_api::ids::text;
use tintype_platform::Result;
use tintype_platform::http::context::Waiting;
use tintype_platform::http::idempotency::Once;
use tintype_platform::http::{Json, Path};
use utoipa::ToSchema;

use super::feed::Feed;
use super::{Answer, media_id};
use crate::MediaService;
use crate::names::FILE_TYPES;
use crate::spool::{too_large, unsupported};

/// A file that is to be put somewhere.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewPresigned)]
pub(super) struct Announced {
    /// What the client calls it; nothing is named after it.
    #[serde(default, rename = "filename")]
    _filename: Option<String>,
    /// `image/jpeg`, `image/png`, `image/gif`, `image/webp`, `video/mp4` or `video/quicktime`.
    content_type: String,
}

/// Where a file can be put.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PresignedUpload)]
pub(super) struct Address {
    /// Takes one `PUT` with exactly the content type that was announced: an address of the store,
    /// or a path here.
    upload_url: String,
    /// For `POST /api/media/{id}/complete`.
    #[serde(with = "text")]
    #[schema(value_type = String)]
    file_id: MediaId,
    /// What the file is called until then.
    object_name: String,
    /// Seconds for which the address is good.
    expires_in: u64,
}

/// Ask for an address to put a large file at
///
/// Put the file there, then complete the upload.
#[utoipa::path(
    post, path = "/api/media/presigned-url", tag = "media", operation_id = "presign_media",
    security(("bearer" = [])), request_body = Announced,
    responses(
        (status = 201, body = Address),
        (status = 400, description = "A field that is not allowed"),
        (status = 401, description = "No good token"),
        (status = 403, description = "Your uploads take all that they may"),
        (status = 409, description = "Too many uploads are waiting to be completed"),
        (status = 415, description = "A type that is not taken"),
        (status = 503, description = "The store does not answer"),
    ),
)]
pub(super) async fn presign(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    Json(announced): Json<Announced>,
) -> Result<Response> {
    let content_type = announced.content_type.trim();
    let mut types = FILE_TYPES.into_iter();
    let file_type = types
        .find(|file_type| file_type.content_type().eq_ignore_ascii_case(content_type))
        .ok_or_else(|| {
            unsupported(
                "contentType must be one of image/jpeg, image/png, image/gif, image/webp, \
                 video/mp4 and video/quicktime",
            )
        })?;
    let presigned = service.presign(caller.user, file_type).await?;
    let address = Address {
        upload_url: presigned.url,
        file_id: presigned.id,
        object_name: presigned.object,
        expires_in: presigned.expires_in,
    };
    Ok((StatusCode::CREATED, Json(address)).into_response())
}

/// Work on a file that was put at its address
///
/// Done twice it answers the same again. A file that cannot be taken is removed; ask for another
/// address then.
#[utoipa::path(
    post, path = "/api/media/{id}/complete", tag = "media", operation_id = "complete_media",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The `fileId` that came with the address")),
    responses(
        (status = 200, body = Answer),
        (status = 401, description = "No good token"),
        (status = 403, description = "It would take more than you may store"),
        (status = 404, description = "`Media not found`, also for what is somebody else's"),
        (status = 409, description = "Nothing has been put at the address yet"),
        (status = 413, description = "More than 50 MB, or more than 50 megapixels"),
        (status = 415, description = "None of JPEG, PNG, GIF, WebP, MP4 and MOV, or damaged"),
        (status = 503, description = "Too many uploads at this moment, or the store does not answer"),
    ),
)]
pub(super) async fn complete(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    waiting: Waiting,
    once: Once,
) -> Result<Response> {
    let id = media_id(&id)?;
    once.answer(&[], async || {
        let uploaded = service.complete(caller.user, id, waiting).await?;
        Ok(Json(Answer::from(uploaded)).into_response())
    })
    .await
}

/// Put a file at an address that was given out
///
/// Only where files are kept in a folder; other stores take them at addresses of their own. The
/// address is the proof of who sends it.
#[utoipa::path(
    put, path = "/media/put/{address}", tag = "media", operation_id = "put_media",
    params(("address" = String, Path, description = "The end of an `uploadUrl`")),
    request_body(content = String, content_type = "application/octet-stream",
        description = "The file, with the content type that was announced"),
    responses(
        (status = 204, description = "It is there; complete the upload now"),
        (status = 403, description = "The address was not given out, or has expired"),
        (status = 409, description = "The address was used before"),
        (status = 413, description = "More than 50 MB"),
        (status = 415, description = "Another type than was announced, or a file that is not taken"),
        (status = 503, description = "Too many uploads at this moment, or the store does not answer"),
    ),
)]
pub(super) async fn put(
    State(service): State<Arc<MediaService>>,
    Path(signed): Path<String>,
    request: Request,
) -> Result<StatusCode> {
    let (parts, body) = request.into_parts();
    let largest = service.spool.largest();
    let mut feed = Feed::new(body, &parts.headers, largest);
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let arriving = service.arriving(&signed, header(CONTENT_TYPE)).await?;
    let length = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > largest) {
        return Err(too_large(largest));
    }
    let ledger = feed.ledger();
    let mut filling = service.spool.begin(false).await?;
    while let Some(chunk) = feed.next().await {
        let chunk = chunk?;
        ledger.take(chunk.len());
        filling.add(&chunk).await?;
    }
    service.arrive(arriving, filling.finish().await?).await?;
    Ok(StatusCode::NO_CONTENT)
}

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tintype_api::auth::SignedIn;
use tintype_platform::Result;
use tintype_platform::http::{Json, Path};
use utoipa::ToSchema;

use super::{Answer, Done, media_id};
use crate::MediaService;
use crate::words::AltText;

/// What is said about an upload.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MediaDescription)]
pub(super) struct Description {
    /// What it shows, for those who do not see it: up to 1,000 characters; null takes it away.
    // Else leaving it out would be the same as null, and take away what was said.
    #[serde(deserialize_with = "Deserialize::deserialize")]
    #[schema(value_type = Option<String>, required = true, max_length = 1000)]
    alt_text: AltText,
}

/// What your uploads take.
#[derive(Serialize, ToSchema)]
#[schema(as = MediaUsage)]
pub(super) struct Taken {
    /// In bytes, all sizes included.
    bytes: u64,
    /// Pictures and films.
    files: u64,
    /// What they may take, in bytes.
    budget: u64,
}

/// Look at an upload of yours
#[utoipa::path(
    get, path = "/api/media/{id}", tag = "media", operation_id = "get_media",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The upload")),
    responses(
        (status = 200, body = Answer),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Media not found`, also for what is somebody else's"),
    ),
)]
pub(super) async fn show(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Answer>> {
    Ok(Json(service.show(caller.user, media_id(&id)?).await?.into()))
}

/// Say what an upload of yours shows
///
/// Posts that use it say so too, a moment later.
#[utoipa::path(
    put, path = "/api/media/{id}", tag = "media", operation_id = "describe_media",
    security(("bearer" = [])), request_body = Description,
    params(("id" = String, Path, description = "The upload")),
    responses(
        (status = 200, body = Answer),
        (status = 400, description = "A text that is not allowed, or none"),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Media not found`, also for what is somebody else's"),
    ),
)]
pub(super) async fn describe(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Json(Description { alt_text }): Json<Description>,
) -> Result<Json<Answer>> {
    Ok(Json(service.describe(caller.user, media_id(&id)?, alt_text).await?.into()))
}

/// Delete an upload of yours that no post uses
#[utoipa::path(
    delete, path = "/api/media/{id}", tag = "media", operation_id = "delete_media",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The upload")),
    responses(
        (status = 200, body = Done),
        (status = 401, description = "No good token"),
        (status = 404, description = "`Media not found`, also for what is somebody else's"),
        (status = 409, description = "A post of yours uses it"),
    ),
)]
pub(super) async fn delete(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> Result<Json<Done>> {
    service.delete(caller.user, media_id(&id)?).await?;
    Ok(Json(Done { message: "Media deleted successfully" }))
}

/// What your uploads take, and what they may
#[utoipa::path(
    get, path = "/api/media/usage", tag = "media", operation_id = "media_usage",
    security(("bearer" = [])),
    responses((status = 200, body = Taken), (status = 401, description = "No good token")),
)]
pub(super) async fn usage(
    State(service): State<Arc<MediaService>>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Taken>> {
    let (usage, budget) = service.usage(caller.user).await?;
    Ok(Json(Taken { bytes: usage.bytes, files: usage.files, budget }))
}

//! Uploads over HTTP: taking files, giving them, and looking after them.

mod feed;
mod files;
mod form;
mod manage;
pub(crate) mod pages;
mod presigned;
mod uploads;

use std::sync::Arc;

use axum::routing::get;
use serde::Serialize;
use tintype_api::MediaId;
use tintype_api::media::Upload;
use tintype_platform::Result;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::MediaService;
use crate::service::{Uploaded, no_such_media};
use crate::store::Receipt;

type Routes = OpenApiRouter<Arc<MediaService>>;

pub(crate) fn routes(service: Arc<MediaService>) -> OpenApiRouter {
    Routes::new()
        .routes(routes!(presigned::presign))
        .routes(routes!(manage::usage))
        .routes(routes!(manage::show, manage::describe, manage::delete))
        .with_state(service)
}

/// Routes that take files, or work on one.
pub(crate) fn uploads(service: Arc<MediaService>) -> OpenApiRouter {
    Routes::new()
        .routes(routes!(uploads::upload))
        .routes(routes!(uploads::upload_multiple))
        .routes(routes!(uploads::set_picture, uploads::remove_picture))
        .routes(routes!(presigned::complete))
        .routes(routes!(presigned::put))
        .with_state(service)
}

/// Routes that give files.
pub(crate) fn files(service: Arc<MediaService>) -> OpenApiRouter {
    /// The names of objects have parts of their own, for which the description has no word.
    #[derive(OpenApi)]
    #[openapi(paths(files::file))]
    struct Files;
    OpenApiRouter::with_openapi(Files::openapi())
        .route("/media/{*name}", get(files::file))
        .with_state(service)
}

/// A picture or film that was uploaded, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnUpload)]
struct Answer {
    #[serde(flatten)]
    upload: Upload,
    /// What was done to the original before it was kept.
    receipt: Receipt,
}

impl From<Uploaded> for Answer {
    fn from(Uploaded { upload, receipt }: Uploaded) -> Self {
        Self { upload, receipt }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MediaDone)]
struct Done {
    /// A sentence for people.
    message: &'static str,
}

/// Text that is no id is to a client the same as an id that there is not.
fn media_id(text: &str) -> Result<MediaId> {
    text.parse().map_err(|_| no_such_media())
}

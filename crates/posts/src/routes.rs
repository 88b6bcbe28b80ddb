//! temp
use crate::service::PostService;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
pub(crate) fn routes(_: Arc<PostService>) -> OpenApiRouter {
    OpenApiRouter::new()
}

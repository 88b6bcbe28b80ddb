//! What became of requests that were kept while the database was down.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use tintype_api::auth::Gate;
use tintype_platform::Clock;
use tintype_platform::Result;
use tintype_platform::config::Config;
use tintype_platform::db::Database;
use tintype_platform::http::operations::{Operation, Operations};
use tintype_platform::http::{ClientAddress, Ground, Json, Path};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What a route says of itself, in its description, whose `POST` may wait for the database.
pub(crate) const MAY_WAIT: &str = "x-respond-async";

/// The operations that this process keeps: none with an embedded database, whose disk is the one on
/// which they would have to be kept.
///
/// A file that cannot be read is an error: what waits in it was promised to somebody.
pub(crate) fn open(
    config: &Config,
    database: &Database,
    clock: Arc<dyn Clock>,
    gate: Gate,
    described: &OpenApi,
) -> Result<Option<Arc<Operations>>> {
    let Database::Postgres(_) = database else { return Ok(None) };
    let path = config.server.data_dir.join("operations.db");
    let (secret, routes) = (config.jwt_secret()?, may_wait(described));
    let gate = Arc::new(gate);
    Operations::open(&path, &config.operations, &secret, clock, gate, routes)
        .map(|operations| Some(Arc::new(operations)))
}

pub(crate) fn routes(ground: Arc<Ground>) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(operation)).with_state(ground)
}

/// What became of a request that was answered 202
///
/// Ask with the same credentials as the request. While it waits, only the node that keeps it knows of
/// it; what came of it every node knows for 24 hours.
#[utoipa::path(
    get, path = "/api/operations/{key}", tag = "operations", operation_id = "operation",
    security((), ("bearer" = []), ("api_key" = [])),
    params(("key" = String, Path, description = "The `Idempotency-Key` of the request")),
    responses(
        (status = 200, body = Operation),
        (status = 404, description = "No such operation of yours is known here"),
    ),
)]
async fn operation(
    State(ground): State<Arc<Ground>>,
    address: ClientAddress,
    headers: HeaderMap,
    Path(key): Path<String>,
) -> Result<Json<Operation>> {
    ground.operation(&headers, address, &key).await.map(Json)
}

fn may_wait(described: &OpenApi) -> HashSet<String> {
    let paths = described.paths.paths.iter().filter(|(_, item)| {
        let extensions = item.post.as_ref().and_then(|post| post.extensions.as_ref());
        extensions.is_some_and(|extensions| extensions.contains_key(MAY_WAIT))
    });
    paths.map(|(path, _)| path.clone()).collect()
}

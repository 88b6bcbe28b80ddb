//! Is each part well? Asked by gateways and by people.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use tintype_media::MediaService;
use tintype_platform::Result;
use tintype_platform::db::Database;
use tintype_platform::error::Error;
use tintype_platform::http::{Json, Path};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How the program, or a part of it, is doing.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `healthy`; anything else is an error with status 503.
    status: &'static str,
    /// Who says so.
    service: &'static str,
    /// Whether the database answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'static str>,
    /// What the program is laid out for: `10k` on embedded parts, `100k` on PostgreSQL, `1m` with
    /// Redis beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'static str>,
}

/// What is asked whether it is well.
#[derive(Clone)]
struct Parts {
    database: Database,
    media: Arc<MediaService>,
    tier: &'static str,
}

pub(crate) fn routes(
    database: Database,
    has_redis: bool,
    media: Arc<MediaService>,
) -> OpenApiRouter {
    let tier = match (&database, has_redis) {
        (Database::Sqlite(_), _) => "10k",
        (Database::Postgres(_), false) => "100k",
        (Database::Postgres(_), true) => "1m",
    };
    let parts = Parts { database, media, tier };
    OpenApiRouter::new().routes(routes!(health)).routes(routes!(health_of)).with_state(parts)
}

/// Whether the program is well
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
async fn health(State(parts): State<Parts>) -> Result<Json<Health>> {
    answers(&parts.database).await?;
    Ok(Json(Health {
        status: "healthy",
        service: "api-gateway",
        database: Some("connected"),
        tier: Some(parts.tier),
    }))
}

/// Whether one part of the program is well
#[utoipa::path(get, path = "/health/{part}", tag = "health",
    params(("part" = String, Path, description = "`user`, `post`, `media`, `feed` or `graph`")),
    responses((status = 200, body = Health), (status = 404, description = "No such part")))]
async fn health_of(State(parts): State<Parts>, Path(part): Path<String>) -> Result<Json<Health>> {
    let service = match part.as_str() {
        "user" => "user-service",
        "post" => "post-service",
        "media" => "media-service",
        "feed" => "feed-service",
        "graph" => "graph-service",
        _ => return Err(Error::not_found("not_found", "There is no such part here")),
    };
    answers(&parts.database).await?;
    if part == "media" {
        parts.media.answers().await?;
    }
    Ok(Json(Health { status: "healthy", service, database: None, tier: None }))
}

async fn answers(database: &Database) -> Result<()> {
    database.answers().await.map_err(|cause| {
        Error::unavailable("database_unavailable", "The database does not answer", 5)
            .with_cause(cause)
    })
}

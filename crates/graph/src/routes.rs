//! Ties between people over HTTP, in three dialects.

mod mesh;
mod public;
mod trusted;

use std::sync::Arc;

use serde::Deserialize;
use tintype_api::graph::FollowStatus;
use tintype_platform::page::Limit;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::GraphService;

type Routes = OpenApiRouter<Arc<GraphService>>;

pub(crate) fn routes(service: Arc<GraphService>) -> OpenApiRouter {
    Routes::new()
        .merge(public::routes())
        .merge(mesh::routes())
        .merge(trusted::routes())
        .with_state(service)
}

/// What is to become of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FollowRequestAction)]
enum Action {
    /// The one who asked follows from now on.
    Accept,
    /// The request goes away; the one who asked may ask again.
    Reject,
}

/// The answer to a request.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FollowRequestDecision)]
struct Decision {
    /// What is to become of it.
    action: Action,
}

/// How many at the most, of what has no pages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Most {
    /// 1 to 100.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
}

impl Action {
    fn message(self) -> &'static str {
        match self {
            Self::Accept => "Follow request accepted",
            Self::Reject => "Follow request rejected",
        }
    }
}

fn word(status: FollowStatus) -> &'static str {
    match status {
        FollowStatus::Accepted => "accepted",
        FollowStatus::Pending => "pending",
    }
}

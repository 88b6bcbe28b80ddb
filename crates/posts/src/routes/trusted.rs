//! A backend that acts for its users.

mod comments;
mod likes;
mod posts;

use serde::Deserialize;
use tintype_api::UserId;
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(posts::create))
        .routes(routes!(posts::show, posts::delete))
        .routes(routes!(posts::by_user))
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(comments::comment, comments::comments))
        .routes(routes!(comments::delete))
}

/// For whom something is read. Without either, what everybody may see is answered.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Viewer {
    /// Who is shown it.
    viewer_id: Option<UserId>,
    /// The same, by the name that the writing routes use.
    user_id: Option<UserId>,
}

impl Viewer {
    fn id(&self) -> Option<UserId> {
        self.viewer_id.or(self.user_id)
    }
}

/// For whom something is done.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActingUser {
    /// Who does it.
    user_id: UserId,
}

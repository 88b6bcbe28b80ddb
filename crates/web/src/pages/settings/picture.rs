//! The picture of oneself.

use axum::extract::{Request, State};
use tintype_platform::error::Kind;
use tintype_platform::http::context::Waiting;

use crate::form::Form;
use crate::view::flash::Flash;
use crate::visit::Visit;
use crate::{Answer, App, csrf};

pub(crate) async fn picture(
    State(web): State<App>,
    visit: Visit,
    waiting: Waiting,
    request: Request,
) -> Answer {
    let owner = visit.member()?.user;
    csrf::refuse_other_sites(request.headers())?;
    let media = &web.parts.media;
    let form = media.read_page_form(owner, request, |texts| visit.admits(texts)).await?;
    let Some(file) = form.files.into_iter().next() else {
        let page = super::profile_form(&visit, Some("Choose a picture first.".to_owned())).await?;
        return visit.page_of(http::StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    match media.take_picture(owner, file, waiting).await {
        Ok(()) => Ok(visit.go("/settings/profile", Some(Flash::PictureSaved))),
        Err(error) if error.kind() == Kind::Internal => Err(error),
        Err(error) => {
            let page = super::profile_form(&visit, Some(error.message().to_owned())).await?;
            visit.page_of(error.kind().status(), &page)
        }
    }
}

pub(crate) async fn remove_picture(State(web): State<App>, visit: Visit, _form: Form) -> Answer {
    web.parts.media.remove_picture(visit.member()?.user).await?;
    Ok(visit.go("/settings/profile", Some(Flash::PictureGone)))
}

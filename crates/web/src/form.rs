//! What a form sends.

use axum::RequestExt;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tintype_platform::error::Kind;
use tintype_platform::{Error, Result};

use crate::App;
use crate::csrf;
use crate::visit::{Visit, local_path};

/// The fields of a form that proves that it was made here for the one who sends it.
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl FromRequest<App> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, web: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        csrf::refuse_other_sites(&parts.headers)?;
        let visit = Visit::from_request_parts(&mut parts, web).await?;
        let header = parts.headers.get(csrf::HEADER).and_then(|word| word.to_str().ok());
        let header = header.map(str::to_owned);
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form =
            content_type.is_none_or(|value| value.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Error::new(
                Kind::UnsupportedMedia,
                "unsupported_media_type",
                "This address takes a form",
            ));
        }
        let body = Request::from_parts(parts, body).extract::<Bytes, _>().await;
        let body = body.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Error::new(Kind::TooLarge, "body_too_large", "That is more than a form may hold")
            }
            _ => Error::refused("body_incomplete", "The form did not arrive whole; send it again"),
        })?;
        let form = Self { fields: url::form_urlencoded::parse(&body).into_owned().collect() };
        if !visit.proves(header.as_deref().unwrap_or_else(|| form.text("csrf"))) {
            return Err(visit.unproven());
        }
        Ok(form)
    }
}

impl Form {
    /// Of fields that came another way.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        Self { fields }
    }

    /// A field as it was typed; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, value)| value)
    }

    /// A field that is filled in. Line breaks are those of Unix: a browser sends others.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.trim().is_empty()).then(|| text.replace("\r\n", "\n"))
    }

    /// All fields of this name that are filled in.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a box is ticked.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "on" | "1")
    }

    /// Where the person was, or else `otherwise`.
    pub(crate) fn back<'a>(&'a self, otherwise: &'a str) -> &'a str {
        local_path(self.text("back")).unwrap_or(otherwise)
    }
}

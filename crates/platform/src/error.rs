//! The one error of the program.
//!
//! A store, a service and a peer all answer [`Error`]. It holds what a client may read (a kind, a
//! stable code, a sentence) apart from the cause, which is for the log alone.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};

/// `Result` with the program's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller needs to know to act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A field of the input is not allowed: 400 in the public dialect, 422 in the others.
    Invalid,
    /// The request cannot be read or goes against a rule: 400 everywhere.
    Refused,
    /// Nobody has proven who they are: 401.
    Unauthenticated,
    /// The caller is known and may not: 403.
    Forbidden,
    /// It is not there, or not there for this caller: 404.
    NotFound,
    /// The path is right and the method is not: 405.
    MethodNotAllowed,
    /// It clashes with what is there: 409.
    Conflict,
    /// The body is larger than the route takes: 413.
    TooLarge,
    /// The body is of a type that the route does not take: 415.
    UnsupportedMedia,
    /// The part that is asked for is not there: 416.
    NoSuchRange,
    /// An idempotency key was used before with another body: 422 everywhere.
    Mismatch,
    /// Too many requests: 429.
    TooMany,
    /// A fault of ours: 500.
    Internal,
    /// A part is down or too busy; worth another try: 503.
    Unavailable,
    /// No room is left on the disk: 507.
    Full,
}

impl Kind {
    /// The HTTP status in the public dialect (the others answer 422 for [`Kind::Invalid`]).
    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid | Self::Refused => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NoSuchRange => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full => StatusCode::INSUFFICIENT_STORAGE,
        }
    }
}

/// Where in a request a refused value stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the body.
    Body,
    /// In the query string.
    Query,
    /// In the path.
    Path,
    /// In a header.
    Header,
}

/// One refused value of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where it stood.
    pub place: Place,
    /// Its name as the client wrote it; empty when the whole is meant.
    pub field: Cow<'static, str>,
    /// A sentence that says what is allowed.
    pub message: Cow<'static, str>,
    /// A stable word such as `missing`, `string_too_long` or `value_error`.
    pub kind: Cow<'static, str>,
}

/// What every layer answers when it cannot do what it was asked.
#[derive(Clone, Serialize, Deserialize)]
pub struct Error {
    kind: Kind,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip)]
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `code` is a stable `snake_case` word, `message` a sentence for people.
    pub fn new(
        kind: Kind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// A field of the body is not allowed; `message` is also the sentence of the public dialect.
    pub fn invalid(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::invalid_at(Place::Body, field, message, "value_error")
    }

    /// A value at `place` is not allowed; `kind` is a stable word such as `missing`.
    pub fn invalid_at(
        place: Place,
        field: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
        kind: impl Into<Cow<'static, str>>,
    ) -> Self {
        let message = message.into();
        let field_error =
            FieldError { place, field: field.into(), message: message.clone(), kind: kind.into() };
        let mut error = Self::new(Kind::Invalid, "invalid", message);
        error.fields.push(field_error);
        error
    }

    /// The request goes against a rule (400 in every dialect).
    pub fn refused(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Refused, code, message)
    }

    /// Nobody has proven who they are.
    pub fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unauthenticated, code, message)
    }

    /// The caller is known and may not.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, code, message)
    }

    /// It is not there, or not there for this caller.
    pub fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::NotFound, code, message)
    }

    /// It clashes with what is there.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// A part is down or too busy; the caller may try again after `seconds`.
    pub fn unavailable(
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        seconds: u32,
    ) -> Self {
        Self::new(Kind::Unavailable, code, message).with_retry_after(seconds)
    }

    /// A fault of ours; clients read only that something went wrong, the log has the cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Kind::Internal, "internal", "Something went wrong on our side").with_cause(cause)
    }

    /// The same error with a cause for the log.
    #[must_use]
    pub fn with_cause(
        mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The same error with the seconds after which another try is worth it.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same error in other words, if it has this code: the dialects say some things differently.
    #[must_use]
    pub fn reword(mut self, code: &str, message: &'static str) -> Self {
        if self.code == code {
            self.message = message.into();
        }
        self
    }

    /// This validation error together with another's fields.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.fields.extend(other.fields);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable word.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The refused values, for [`Kind::Invalid`].
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Seconds after which another try is worth it.
    pub fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// What lies behind it, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// Whether the same call may succeed later without a change by the caller.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Unavailable | Kind::TooMany | Kind::Full)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.message.to_string();
        let mut next = self.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(cause) = next {
            let words = cause.to_string();
            // Some errors say what their causes say as well.
            if !said.ends_with(&words) {
                said = format!("{said}: {words}");
            }
            next = cause.source();
        }
        f.write_str(&said)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}: {self}", self.kind, self.code)
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::new(
                Kind::Full,
                "disk_full",
                "There is no room left to keep this; try again later",
            )
            .with_retry_after(30)
            .with_cause(cause),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                // Readers and writers met at the lock of the log too often in a row.
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::unavailable(
                "database_unavailable",
                "The database does not answer; try again in a moment",
                1,
            )
            .with_cause(cause),
            _ => Self::internal(cause),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(cause: serde_json::Error) -> Self {
        Self::internal(cause)
    }
}

//! Forms with files, read field by field into the spool.

use aws_lc_rs::digest::{Context, SHA256};
use axum::RequestExt;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tintype_api::UserId;
use tintype_platform::{Error, Result};

use super::feed::{Feed, Ledger};
use crate::service::count_refusal;
use crate::spool::{Incoming, Place, Spool, too_large, unsupported};
use crate::words::AltText;

/// What a form may be larger than its files: what stands between them, and what is said about them.
const AROUND: u64 = 64 * 1024;

/// The longest text of a field, in bytes; longer ones are none that are allowed.
const LONGEST_TEXT: usize = 16 * 1024;

/// Which files a form is to have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// One, in `file`.
    One,
    /// Up to so many, in `files`; what is wrong with one is no matter to the others.
    Several(usize),
}

/// What a form has brought.
pub(super) struct Form {
    pub(super) files: Vec<Part>,
    pub(super) alt_text: AltText,
    /// Held until the files are worked on.
    _place: Place,
}

/// One file of a form.
pub(super) struct Part {
    /// What the client calls it; to be shown to that client and used for nothing else.
    pub(super) filename: Option<String>,
    pub(super) file: Result<Incoming>,
}

impl Wanted {
    fn most(self) -> usize {
        match self {
            Self::One => 1,
            Self::Several(most) => most,
        }
    }

    fn is_file(self, field: &str) -> bool {
        match self {
            Self::One => field == "file",
            Self::Several(_) => field == "files" || field == "files[]",
        }
    }
}

/// Reads a form that `owner` sends. 415 for a body that is none; 413 as soon as it is known to be too
/// large; 503 when too many are on their way.
pub(super) async fn read(
    spool: &Spool,
    owner: UserId,
    wanted: Wanted,
    digests: bool,
    request: Request,
) -> Result<Form> {
    let outcome = read_form(spool, owner, wanted, digests, request).await;
    if let Err(error) = &outcome {
        count_refusal(error);
    }
    outcome
}

async fn read_form(
    spool: &Spool,
    owner: UserId,
    wanted: Wanted,
    digests: bool,
    request: Request,
) -> Result<Form> {
    let largest = wanted.most() as u64 * spool.largest() + AROUND;
    let (parts, body) = request.into_parts();
    let feed = Feed::new(body, &parts.headers, largest);
    let place = spool.enter(owner)?;
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_form = header(CONTENT_TYPE).is_some_and(|content_type| {
        let essence = content_type.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("multipart/form-data")
    });
    if !is_form {
        return Err(unsupported(
            "Send the file in a form: the content type is multipart/form-data",
        ));
    }
    let length = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > largest) {
        return Err(match wanted {
            Wanted::One => too_large(spool.largest()),
            Wanted::Several(_) => crate::spool::body_too_large(),
        });
    }
    let ledger = feed.ledger();
    let request = Request::from_parts(parts, Body::from_stream(feed));
    let multipart: Result<Multipart, MultipartRejection> = request.extract().await;
    let multipart = multipart.map_err(|_| {
        Error::refused("malformed_form", "The content type names no boundary between the fields")
    })?;
    Reading { spool, wanted, digests, ledger: &ledger }.read(multipart, place).await
}

struct Reading<'a> {
    spool: &'a Spool,
    wanted: Wanted,
    digests: bool,
    ledger: &'a Ledger,
}

impl Reading<'_> {
    async fn read(&self, mut multipart: Multipart, place: Place) -> Result<Form> {
        let mut form = Form { files: Vec::new(), alt_text: AltText::default(), _place: place };
        while let Some(mut field) = self.ledger.next(&mut multipart).await? {
            let name = field.name().unwrap_or_default();
            if self.wanted.is_file(name) {
                if form.files.len() == self.wanted.most() {
                    return Err(self.too_many());
                }
                form.files.push(self.read_file(&mut field).await?);
            } else if name == "altText" {
                form.alt_text = self.read_alt_text(&mut field).await?;
            } else {
                self.skip(&mut field).await?;
            }
        }
        if form.files.is_empty() {
            return Err(Error::invalid(
                match self.wanted {
                    Wanted::One => "file",
                    Wanted::Several(_) => "files",
                },
                match self.wanted {
                    Wanted::One => "Send the picture or film in the field file of the form",
                    Wanted::Several(_) => "Send the pictures and films in fields files of the form",
                },
            ));
        }
        Ok(form)
    }

    /// A file that cannot be taken is an error of the whole form where it is the only one.
    async fn read_file(&self, field: &mut Field<'_>) -> Result<Part> {
        let filename = field.file_name().map(str::to_owned);
        let file = self.fill(field).await?;
        if let (Wanted::One, Err(error)) = (self.wanted, &file) {
            return Err(error.clone());
        }
        if file.is_err() {
            self.skip(field).await?;
        }
        Ok(Part { filename, file })
    }

    /// The outer error is one of the whole form, the inner one of the file.
    async fn fill(&self, field: &mut Field<'_>) -> Result<Result<Incoming>> {
        let mut filling = self.spool.begin(self.digests).await?;
        while let Some(chunk) = self.ledger.chunk(field).await? {
            if let Err(error) = filling.add(&chunk).await {
                return of_the_file(error);
            }
        }
        filling.finish().await.map_or_else(of_the_file, |incoming| Ok(Ok(incoming)))
    }

    async fn read_alt_text(&self, field: &mut Field<'_>) -> Result<AltText> {
        let mut text = Vec::new();
        while let Some(chunk) = self.ledger.chunk(field).await? {
            text.extend_from_slice(&chunk);
            if text.len() > LONGEST_TEXT {
                break;
            }
        }
        self.skip(field).await?;
        let text = String::from_utf8_lossy(&text);
        AltText::read(&text).map_err(|rule| Error::invalid("altText", format!("altText {rule}")))
    }

    async fn skip(&self, field: &mut Field<'_>) -> Result<()> {
        while self.ledger.chunk(field).await?.is_some() {}
        Ok(())
    }

    fn too_many(&self) -> Error {
        match self.wanted {
            Wanted::One => Error::refused(
                "too_many_files",
                "Send one file here; /api/media/upload/multiple takes several",
            ),
            Wanted::Several(most) => {
                Error::refused("too_many_files", format!("Send at most {most} files at once"))
            }
        }
    }
}

/// What is wrong with a file is its own; what is wrong with the disk is everybody's.
fn of_the_file(error: Error) -> Result<Result<Incoming>> {
    if error.kind().status().is_client_error() { Ok(Err(error)) } else { Err(error) }
}

impl Form {
    /// Stands for what the form has said, however the client has put it together.
    pub(super) fn digest(&self) -> Vec<u8> {
        let mut digest = Context::new(&SHA256);
        let mut add = |part: &[u8]| {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        };
        add(self.alt_text.0.as_deref().unwrap_or_default().as_bytes());
        for Part { filename, file } in &self.files {
            add(filename.as_deref().unwrap_or_default().as_bytes());
            match file {
                Ok(incoming) => add(incoming.digest.as_ref().map_or(&[], |digest| &digest[..])),
                Err(error) => add(error.code().as_bytes()),
            }
        }
        digest.finish().as_ref().to_vec()
    }
}

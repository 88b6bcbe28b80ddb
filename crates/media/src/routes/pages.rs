//! Forms of pages: files and texts together, for whoever makes pages.

use axum::RequestExt;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::multipart::{Field, Multipart};
use axum::http::header::CONTENT_TYPE;
use tintype_api::UserId;
use tintype_api::media::Upload;
use tintype_platform::http::context::Waiting;
use tintype_platform::{Error, Result};

use super::feed::{Feed, Ledger};
use crate::MediaService;
use crate::spool::{Incoming, Place, unsupported};
use crate::words::AltText;

/// Files of one form.
const MOST_FILES: usize = 10;

/// Texts of one form, and bytes of the longest.
const MOST_TEXTS: usize = 64;
const LONGEST_TEXT: usize = 16 * 1024;

/// What a form may be larger than its files.
const AROUND: u64 = 1024 * 1024;

/// What a form has brought. The files wait on the disk for as long as this is held.
pub struct PageForm {
    /// In the order in which they came.
    pub files: Vec<FileField>,
    /// Names and values, in the order in which they came.
    pub texts: Vec<(String, String)>,
    _place: Place,
}

/// A file of a form.
pub struct FileField {
    /// The field that it came in.
    pub field: String,
    /// What its owner calls it; for nothing but to tell it apart when talking to them.
    pub filename: String,
    incoming: Result<Incoming>,
}

impl MediaService {
    /// Reads a form that `owner` sends. A field of a file in which nothing was chosen is left out.
    ///
    /// `admit` is given the texts that stand before the first file, and once more all of them at
    /// the end, and may refuse. What is wrong with a file is told when it is taken; 400 for a form
    /// that is not whole, 413 for one that is too large, 415 for a body that is none, 503 when too
    /// many are on their way.
    pub async fn read_page_form(
        &self,
        owner: UserId,
        request: Request,
        admit: impl Fn(&[(String, String)]) -> Result<()> + Send,
    ) -> Result<PageForm> {
        let place = self.spool.enter(owner)?;
        let largest = MOST_FILES as u64 * self.spool.largest() + AROUND;
        let (parts, body) = request.into_parts();
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
            return Err(unsupported("Send a form with files: multipart/form-data"));
        }
        let feed = Feed::new(body, &parts.headers, largest);
        let ledger = feed.ledger();
        let request = Request::from_parts(parts, Body::from_stream(feed));
        let multipart = request.extract::<Multipart, _>().await.map_err(|_| {
            Error::refused("malformed_form", "The form names no boundary between its fields")
        })?;
        let mut form = PageForm { files: Vec::new(), texts: Vec::new(), _place: place };
        self.read_fields(&mut form, multipart, &ledger, &admit).await?;
        admit(&form.texts)?;
        Ok(form)
    }

    /// Makes an upload of a file of a form; 415 for what cannot be shown, 413 for what is too
    /// large, 403 when it would take more room than its owner has.
    pub async fn take(
        &self,
        owner: UserId,
        file: FileField,
        alt_text: &str,
        waiting: Waiting,
    ) -> Result<Upload> {
        let alt_text = AltText::read(alt_text)
            .map_err(|rule| Error::invalid("altText", format!("The description {rule}")))?;
        let uploaded = self.upload(owner, file.incoming?, alt_text, waiting).await?;
        Ok(uploaded.upload)
    }

    /// Makes a file of a form the picture of its owner; refuses as [`Self::take`], and films.
    pub async fn take_picture(
        &self,
        owner: UserId,
        file: FileField,
        waiting: Waiting,
    ) -> Result<()> {
        self.set_picture(owner, file.incoming?, waiting).await.map(drop)
    }

    async fn read_fields(
        &self,
        form: &mut PageForm,
        mut multipart: Multipart,
        ledger: &Ledger,
        admit: &(impl Fn(&[(String, String)]) -> Result<()> + Send),
    ) -> Result<()> {
        while let Some(mut field) = ledger.next(&mut multipart).await? {
            let name = field.name().unwrap_or_default().to_owned();
            let Some(filename) = field.file_name().map(str::to_owned) else {
                let text = read_text(&mut field, ledger).await?;
                if form.texts.len() < MOST_TEXTS {
                    form.texts.push((name, text));
                }
                continue;
            };
            if form.files.is_empty() {
                admit(&form.texts)?;
            }
            let mut filling = self.spool.begin(false).await?;
            let mut outcome = Ok(());
            let mut is_empty = true;
            while let Some(chunk) = ledger.chunk(&mut field).await? {
                is_empty &= chunk.is_empty();
                // The rest of a file that is not taken is passed over.
                if outcome.is_ok() {
                    outcome = filling.add(&chunk).await;
                }
            }
            if is_empty && filename.is_empty() {
                continue;
            }
            if form.files.len() == MOST_FILES {
                return Err(Error::invalid("files", "A post may have at most 10 pictures"));
            }
            let incoming = match outcome {
                Ok(()) => filling.finish().await,
                Err(error) => Err(error),
            };
            form.files.push(FileField { field: name, filename, incoming });
        }
        Ok(())
    }
}

async fn read_text(field: &mut Field<'_>, ledger: &Ledger) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = ledger.chunk(field).await? {
        if text.len() <= LONGEST_TEXT {
            text.extend_from_slice(&chunk);
        }
    }
    text.truncate(LONGEST_TEXT);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

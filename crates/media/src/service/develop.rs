//! From a file that has come in to what is kept of it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempPath;
use tintype_platform::error::Kind as ErrorKind;
use tintype_platform::http::context::Waiting;
use tintype_platform::{Error, Result};

use super::MediaService;
use crate::metadata::{strip, strip_video};
use crate::names::Kind;
use crate::picture::{AVATARS, Limits, Picture, SIZES, Size, develop};
use crate::sniff::FileType;
use crate::spool::{Incoming, failed};
use crate::store::Receipt;
use crate::{Flaw, metadata, video};

/// What is kept of a file.
pub(super) struct Developed {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) duration_ms: Option<u64>,
    pub(super) blurhash: Option<String>,
    pub(super) receipt: Receipt,
    pub(super) pieces: Vec<Piece>,
}

/// One object in the making.
pub(super) struct Piece {
    /// What follows the token in its name.
    pub(super) ending: String,
    pub(super) content_type: &'static str,
    pub(super) content: Content,
    pub(super) bytes: u64,
}

pub(super) enum Content {
    Memory(Bytes),
    Disk(Arc<TempPath>),
}

impl MediaService {
    /// Makes of a file what is kept of it, for whoever is `waiting`.
    pub(super) async fn develop(
        &self,
        incoming: Incoming,
        kind: Kind,
        waiting: Waiting,
    ) -> Result<Developed> {
        let Incoming { path, file_type, .. } = incoming;
        let limits = self.limits;
        match kind {
            Kind::Image => {
                let work = move || image(&path, file_type, limits);
                self.pool.run(waiting, work).await?
            }
            Kind::Avatar => {
                let work = move || avatar(&path, file_type, limits);
                self.pool.run(waiting, work).await?
            }
            Kind::Video => self.film(path, file_type, waiting).await,
        }
    }

    async fn film(
        &self,
        path: TempPath,
        file_type: FileType,
        waiting: Waiting,
    ) -> Result<Developed> {
        let path = Arc::new(path);
        let (work_path, waits) = (path.clone(), waiting.clone());
        let read = move || -> Result<_> {
            let mut file =
                File::options().read(true).write(true).open(&*work_path).map_err(failed)?;
            let receipt = strip_video(&mut file).map_err(refused)?;
            let film = video::read(&file).map_err(refused)?;
            let bytes = file.metadata().map_err(failed)?.len();
            Ok((film, receipt, bytes))
        };
        let (film, receipt, bytes) = self.pool.run(waits, read).await??;
        let poster = self.poster(&path, waiting).await?;
        let mut pieces = vec![Piece {
            ending: format!(".{}", file_type.extension()),
            content_type: file_type.content_type(),
            content: Content::Disk(path),
            bytes,
        }];
        let (poster, blurhash) = poster.unzip();
        pieces.extend(poster);
        Ok(Developed {
            width: film.width,
            height: film.height,
            duration_ms: film.duration_ms,
            blurhash,
            receipt: receipt.into(),
            pieces,
        })
    }

    /// A picture of a film and its `BlurHash`; `None` where there is no program to take one, or it
    /// can make nothing of the film.
    async fn poster(&self, film: &Path, waiting: Waiting) -> Result<Option<(Piece, String)>> {
        if self.ffmpeg.is_empty() || waiting.is_over() {
            return Ok(None);
        }
        let still = {
            let _permit = self.stills.acquire().await.map_err(Error::internal)?;
            video::poster(&self.ffmpeg, film).await
        };
        let Some(still) = still else { return Ok(None) };
        let limits = self.limits;
        let size = Size { name: "poster", ..SIZES[3] };
        let work = move || develop(&still, FileType::Jpeg, &[size], limits).ok();
        let Some(picture) = self.pool.run(waiting, work).await? else { return Ok(None) };
        let blurhash = picture.blurhash.clone();
        Ok(renditions(picture).pop().map(|piece| (piece, blurhash)))
    }
}

fn image(path: &Path, file_type: FileType, limits: Limits) -> Result<Developed> {
    image_of(Incoming::read(path)?, file_type, limits)
}

pub(super) fn image_of(bytes: Vec<u8>, file_type: FileType, limits: Limits) -> Result<Developed> {
    let picture = develop(&bytes, file_type, &SIZES, limits).map_err(refused)?;
    let (original, receipt) = strip(&bytes, file_type).map_err(refused)?;
    drop(bytes);
    let original = Piece {
        ending: format!("_original.{}", file_type.extension()),
        content_type: file_type.content_type(),
        bytes: original.len() as u64,
        content: Content::Memory(original.into()),
    };
    let mut developed = developed(picture, receipt);
    developed.pieces.push(original);
    Ok(developed)
}

fn avatar(path: &Path, file_type: FileType, limits: Limits) -> Result<Developed> {
    avatar_of(&Incoming::read(path)?, file_type, limits)
}

pub(super) fn avatar_of(bytes: &[u8], file_type: FileType, limits: Limits) -> Result<Developed> {
    let picture = develop(bytes, file_type, &AVATARS, limits).map_err(refused)?;
    // The original is not kept, but what was in it can be told.
    let (_, receipt) = strip(bytes, file_type).map_err(refused)?;
    Ok(developed(picture, receipt))
}

fn developed(picture: Picture, receipt: metadata::Receipt) -> Developed {
    Developed {
        width: picture.width,
        height: picture.height,
        duration_ms: None,
        blurhash: Some(picture.blurhash.clone()),
        receipt: receipt.into(),
        pieces: renditions(picture),
    }
}

fn renditions(picture: Picture) -> Vec<Piece> {
    let piece = |rendition: crate::picture::Rendition| Piece {
        ending: format!("_{}.jpg", rendition.name),
        content_type: FileType::Jpeg.content_type(),
        bytes: rendition.jpeg.len() as u64,
        content: Content::Memory(rendition.jpeg.into()),
    };
    picture.renditions.into_iter().map(piece).collect()
}

impl From<metadata::Receipt> for Receipt {
    fn from(receipt: metadata::Receipt) -> Self {
        let owned = |words: Vec<&'static str>| words.into_iter().map(str::to_owned).collect();
        Self { removed: owned(receipt.removed), kept: owned(receipt.kept) }
    }
}

/// What the sender is told of a file of which nothing can be made.
fn refused(flaw: Flaw) -> Error {
    let text = flaw.to_string();
    let mut characters = text.chars();
    let sentence: String =
        characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect();
    match flaw {
        Flaw::Broken => Error::new(ErrorKind::UnsupportedMedia, "file_broken", sentence),
        Flaw::NoFilm => Error::new(ErrorKind::UnsupportedMedia, "no_film", sentence),
        Flaw::TooManyPixels { .. } | Flaw::TooManyFrames { .. } => {
            Error::new(ErrorKind::TooLarge, "too_many_pixels", sentence)
        }
        Flaw::Unreadable(cause) => failed(cause.into()),
    }
}

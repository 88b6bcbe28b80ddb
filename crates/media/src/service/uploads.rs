//! Taking files.

use futures::future::join_all;
use metrics::counter;
use tintype_api::media::MediaKind;
use tintype_api::{Event, MediaId, UserId};
use tintype_platform::http::context::Waiting;
use tintype_platform::objects::ObjectName;
use tintype_platform::{Error, Result};

use super::develop::{Content, Developed, Piece};
use super::{MediaService, Uploaded, object_name};
use crate::names::{Kind, Stem, Token};
use crate::sniff::FileType;
use crate::spool::Incoming;
use crate::store::{New, Record};
use crate::words::AltText;

impl MediaService {
    /// Takes a picture or film for posts.
    pub(crate) async fn upload(
        &self,
        owner: UserId,
        incoming: Incoming,
        alt_text: AltText,
        waiting: Waiting,
    ) -> Result<Uploaded> {
        let file_type = incoming.file_type;
        let outcome = async {
            let id = MediaId::made_by(&self.ids);
            let record = self.put(owner, id, incoming, alt_text, waiting).await?;
            let new = self.new_upload(record.clone());
            self.keep(&record, self.store.add(new)).await?;
            Ok(self.uploaded(&record))
        };
        counted(file_type, outcome.await)
    }

    /// Works on a file and puts its objects into the store. It is not recorded yet.
    pub(super) async fn put(
        &self,
        owner: UserId,
        id: MediaId,
        incoming: Incoming,
        alt_text: AltText,
        waiting: Waiting,
    ) -> Result<Record> {
        let kind = match incoming.file_type.kind() {
            MediaKind::Image => Kind::Image,
            MediaKind::Video => Kind::Video,
        };
        self.put_as(kind, owner, id, incoming, alt_text, waiting).await
    }

    pub(super) async fn put_as(
        &self,
        kind: Kind,
        owner: UserId,
        id: MediaId,
        incoming: Incoming,
        alt_text: AltText,
        waiting: Waiting,
    ) -> Result<Record> {
        self.afford(owner, incoming.bytes).await?;
        let file_type = incoming.file_type;
        let developed = self.develop(incoming, kind, waiting).await?;
        self.put_developed((owner, id), (kind, file_type), developed, alt_text).await
    }

    /// Puts what was made of a file into the store.
    pub(super) async fn put_developed(
        &self,
        (owner, id): (UserId, MediaId),
        (kind, file_type): (Kind, FileType),
        developed: Developed,
        AltText(alt_text): AltText,
    ) -> Result<Record> {
        let stem = Stem { kind, owner, token: Token::new()? };
        let record = Record {
            owner,
            id,
            token: stem.token,
            kind,
            file_type,
            width: developed.width,
            height: developed.height,
            duration_ms: developed.duration_ms,
            blurhash: developed.blurhash.clone(),
            alt_text,
            has_poster: kind == Kind::Video && developed.pieces.len() > 1,
            bytes: developed.pieces.iter().map(|piece| piece.bytes).sum(),
            receipt: developed.receipt.clone(),
        };
        self.put_pieces(stem, developed).await?;
        Ok(record)
    }

    async fn put_pieces(&self, stem: Stem, developed: Developed) -> Result<()> {
        let names = developed
            .pieces
            .iter()
            .map(|piece| object_name(&format!("{stem}{}", piece.ending)))
            .collect::<Result<Vec<_>>>()?;
        let puts = names.iter().zip(developed.pieces);
        // All are waited for, even if one fails: what is removed then is there for sure.
        let outcomes = join_all(puts.map(|(name, piece)| self.put_piece(name, piece))).await;
        let outcome = outcomes.into_iter().collect::<Result<()>>();
        if outcome.is_err() {
            self.take_back(names);
        }
        outcome
    }

    async fn put_piece(&self, name: &ObjectName, piece: Piece) -> Result<()> {
        match piece.content {
            Content::Memory(bytes) => self.objects.put(name, bytes, piece.content_type).await,
            Content::Disk(path) => self.objects.put_file(name, &path, piece.content_type).await,
        }
    }

    /// Removes objects that were put in vain, as far as that can be done now: nobody waits for it,
    /// and the sweep finds what stays.
    fn take_back(&self, names: Vec<ObjectName>) {
        let objects = self.objects.clone();
        tokio::spawn(async move {
            if let Err(error) = objects.delete(&names).await {
                tracing::warn!(cause = %error, "objects of a failed upload stay for the sweep");
            }
        });
    }

    /// Waits until a record is kept; if it certainly is not, takes its objects back.
    pub(super) async fn keep<T>(
        &self,
        record: &Record,
        keeping: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let outcome = keeping.await;
        if outcome.is_err() {
            self.discard(record).await;
        }
        outcome
    }

    /// Takes back the objects of what is not recorded. Where it cannot be told whether it is, they
    /// stay for the sweep.
    pub(super) async fn discard(&self, record: &Record) {
        let found = self.store.media(record.owner, vec![record.id]).await;
        let kept = found.map(|found| found.iter().any(|found| found.token == record.token));
        if matches!(kept, Ok(false)) {
            let names = record.objects().iter().map(|name| object_name(name)).collect();
            if let Result::<Vec<_>>::Ok(names) = names {
                self.take_back(names);
            }
        }
    }

    /// A record of a picture or film for posts, and the event that tells of it.
    pub(super) fn new_upload(&self, record: Record) -> New {
        let upload = record.upload().addressed(&self.urls);
        let event = Event::MediaUploaded {
            media: record.id,
            user: record.owner,
            urls: upload.urls,
            kind: upload.kind,
        };
        New { record, budget: self.budget, event, stamp: self.stamp() }
    }
}

/// The outcome of an upload, counted.
pub(super) fn counted<T>(file_type: FileType, outcome: Result<T>) -> Result<T> {
    let word = match &outcome {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    count(file_type.extension(), word);
    outcome
}

/// Counts what was refused before its type was known.
pub(crate) fn count_refusal(error: &Error) {
    count("unknown", error.code().to_owned());
}

fn count(file_type: &'static str, outcome: String) {
    counter!("tintype_media_uploads_total", "type" => file_type, "outcome" => outcome).increment(1);
}

//! Media: pictures and films that people upload, and what is made of them.
//!
//! An upload waits as a file on the disk while its first bytes are looked at. Pictures are worked on
//! by a `pool` of threads; the sizes and the original without its metadata go into the store of
//! objects under names that nobody can guess; then one write records the upload, counts it and
//! tells the others. What is deleted is recorded first and removed from the store by a consumer, so
//! that a store that is down holds up nobody and nothing is half there. What a crash in between
//! leaves is found by [`MediaService::sweep`].

mod consumers;
mod flaw;
pub mod metadata;
mod moving;
mod names;
pub mod picture;
mod pool;
mod routes;
mod service;
pub mod sniff;
mod spool;
mod store;
pub mod video;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::db::{Migration, Migrations};
use tintype_platform::objects::Objects;
use tintype_platform::transfer::{Rows, Table};
use utoipa_axum::router::OpenApiRouter;

pub use flaw::Flaw;
pub use moving::{copy_objects, count_objects};
pub use routes::pages::{FileField, PageForm};
pub use service::{MediaService, SeedPicture, Sweep, Swept};

/// The tables of this slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "media",
    sqlite: &[Migration {
        version: 1,
        name: "media",
        sql: include_str!("../migrations/sqlite/0001_media.sql"),
    }],
    postgres: &[Migration {
        version: 1,
        name: "media",
        sql: include_str!("../migrations/postgres/0001_media.sql"),
    }],
    tables: &[
        Table { name: "media", rows: Rows::Same },
        Table { name: "media_uses", rows: Rows::Same },
        Table { name: "media_pending", rows: Rows::Same },
        Table { name: "media_usage", rows: Rows::Same },
    ],
};

/// How the slice works.
#[derive(Clone)]
pub struct Settings {
    /// Where pictures and films are kept.
    pub objects: Objects,
    /// The folder where uploads wait until they are worked on; made if it is not there.
    pub spool: PathBuf,
    /// The secret from which addresses for uploads are signed.
    pub secret: String,
    /// The largest file that is taken, in bytes.
    pub largest: u64,
    /// The largest picture that is decoded, in pixels.
    pub pixels: u64,
    /// Threads that work on pictures, 0 for one to a core.
    pub workers: usize,
    /// Pictures that may wait for such a thread before more are refused.
    pub queue: usize,
    /// What the uploads of one account may take, in bytes.
    pub budget: u64,
    /// How long an address for an upload is good.
    pub presigned_for: Duration,
    /// The program that takes a still from a film; empty for none.
    pub ffmpeg: String,
}

/// The slice, and routes of it that stand on grounds of their own.
pub struct Started {
    /// What every slice has.
    pub slice: Slice<MediaService>,
    /// Routes that take files, to be put on [`Ground::for_uploads`].
    ///
    /// [`Ground::for_uploads`]: tintype_platform::http::Ground::for_uploads
    pub uploads: OpenApiRouter,
    /// Routes that give files, to be put on [`Ground::for_files`].
    ///
    /// [`Ground::for_files`]: tintype_platform::http::Ground::for_files
    pub files: OpenApiRouter,
}

/// Starts the slice on the tables of `base`.
pub fn start(base: &Base, settings: Settings) -> Result<Started> {
    let store = store::open(&base.database);
    let service = Arc::new(MediaService::new(store, base, settings)?);
    Ok(Started {
        uploads: routes::uploads(service.clone()),
        files: routes::files(service.clone()),
        slice: Slice {
            routes: routes::routes(service.clone()),
            consumers: consumers::consumers(&service),
            followers: Vec::new(),
            service,
        },
    })
}

#[cfg(test)]
mod tests;

//! Posts: what people make, and what others do with it.
//!
//! Posts with captions, hashtags and mentions; likes, comments, saves and views; who may see which.
//! The newest posts of every author are held in memory, from which feeds are
//! merged; everything else is in the database, behind caches that a change invalidates before its
//! caller is answered.

pub mod caption;
mod consumers;
mod followers;
mod newest;
mod routes;
mod service;
mod store;
pub mod words;

use std::sync::Arc;
use std::time::Duration;
use tintype_api::{Base, Slice};
use tintype_platform::Result;
use tintype_platform::db::{Database, Migration, Migrations};
use tintype_platform::transfer::{Rows, Table};

use newest::Newest;
pub use service::seed::{SeedComment, SeedLike, SeedPost};
pub use service::{Change, CommentView, Draft, Liker, PostsService, Wanted};
pub use store::{Comment, Counted};

/// The tables of this slice.
pub const MIGRATIONS: Migrations = Migrations {
    slice: "posts",
    sqlite: &[Migration {
        version: 1,
        name: "posts",
        sql: include_str!("../migrations/sqlite/0001_posts.sql"),
    }],
    postgres: &[Migration {
        version: 1,
        name: "posts",
        sql: include_str!("../migrations/postgres/0001_posts.sql"),
    }],
    tables: &[
        Table { name: "posts", rows: Rows::Same },
        Table { name: "author_counts", rows: Rows::Same },
        Table { name: "hashtags", rows: Rows::Same },
        Table { name: "likes", rows: Rows::Same },
        Table { name: "comments", rows: Rows::Same },
        Table { name: "comment_likes", rows: store::COMMENT_LIKES },
        Table { name: "saves", rows: Rows::Same },
    ],
};

/// The kinds of lists that a cursor may be of, the same wherever they are read.
pub mod lists {
    /// Posts of an author.
    pub const OF_AUTHOR: u8 = b'a';
    /// Posts with a hashtag.
    pub const OF_HASHTAG: u8 = b'h';
    /// What somebody has put aside.
    pub const SAVED: u8 = b's';
    /// Who likes a post.
    pub const LIKES: u8 = b'l';
    /// What is said under a post.
    pub const COMMENTS: u8 = b'c';
}

/// How the slice works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Posts that are cached; about 1 KB each.
    pub cached_posts: usize,
    /// Pairs of a viewer and a post of which it is cached whether the one likes or has saved the
    /// other; about 60 bytes each.
    pub cached_flags: usize,
    /// How many posts of an author are held in memory for feeds: as many as a feed is long.
    pub timeline_size: usize,
    /// How many posts the index of the newest may hold where it is filled on demand; 8 bytes each.
    pub indexed_posts: usize,
    /// How old the ranking of popular posts may be.
    pub popular_for: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cached_posts: 50_000,
            cached_flags: 500_000,
            timeline_size: 1000,
            indexed_posts: 8_000_000,
            popular_for: Duration::from_secs(30),
        }
    }
}

/// Starts the slice. With an embedded database the newest posts of every author are read into
/// memory first.
pub async fn start(base: &Base, settings: Settings) -> Result<Slice<PostsService>> {
    let store = store::open(&base.database);
    let newest = match base.database {
        Database::Sqlite(_) => {
            let newest = Newest::new(settings.timeline_size);
            newest.load(store.newest_of_all(newest.held() as u32).await?);
            newest
        }
        Database::Postgres(_) => Newest::on_demand(settings.timeline_size, settings.indexed_posts),
    };
    let service = Arc::new(PostsService::new(store, newest, base, settings));
    Ok(Slice {
        routes: routes::routes(service.clone()),
        consumers: consumers::consumers(&service),
        followers: vec![service.clone()],
        service,
    })
}

#[cfg(test)]
mod tests;

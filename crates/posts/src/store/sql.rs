//! Statements that both databases understand, the shard key named first.

pub(super) const POST_OF: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE author = $1 AND id = $2";

pub(super) const ADD_POST: &str = "\
    INSERT INTO posts (author, id, caption, media, hashtags, mentions, location, alt_text,
                       comments_disabled, hidden, likes, comments, views, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11)";

pub(super) const EDIT_POST: &str = "\
    UPDATE posts SET caption = $3, hashtags = $4, mentions = $5, location = $6, alt_text = $7,
                     comments_disabled = $8, hidden = $9, updated_at = $10
    WHERE author = $1 AND id = $2";

pub(super) const SET_MEDIA: &str = "UPDATE posts SET media = $3 WHERE author = $1 AND id = $2";

pub(super) const DELETE_POST: &str = "\
    DELETE FROM posts WHERE author = $1 AND id = $2 RETURNING hidden, hashtags";

pub(super) const IS_THERE: &str = "SELECT 1 FROM posts WHERE author = $1 AND id = $2";

pub(super) const COUNT_POST: &str = "\
    INSERT INTO author_counts (author, posts) VALUES ($1, $2)
    ON CONFLICT (author) DO UPDATE SET posts = author_counts.posts + excluded.posts";

/// What is not at 0 counts something that came meanwhile.
pub(super) const FORGET_AUTHOR: &str = "DELETE FROM author_counts WHERE author = $1 AND posts = 0";

pub(super) const BY_AUTHOR: &str = "\
    SELECT id, id FROM posts WHERE author = $1 AND id < $2 AND hidden <= $4
    ORDER BY id DESC LIMIT $3";

pub(super) const BY_TAG: &str = "\
    SELECT post, post FROM hashtags WHERE tag = $1 AND post < $2 ORDER BY post DESC LIMIT $3";

pub(super) const SAVED: &str = "\
    SELECT id, post FROM saves WHERE \"user\" = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const NEWEST: &str = "\
    SELECT id FROM posts WHERE author = $1 AND hidden = 0 ORDER BY id DESC LIMIT $2";

pub(super) const RECENT: &str = "\
    SELECT id, author, likes, comments, views FROM posts WHERE hidden = 0
    ORDER BY id DESC LIMIT $1";

pub(super) const OWNERS_LIKED: &str = "\
    SELECT owner FROM likes WHERE \"user\" = $1 AND id >= $2 ORDER BY id DESC LIMIT $3";

pub(super) const OWNERS_COMMENTED: &str = "\
    SELECT owner FROM comments WHERE author = $1 AND id >= $2 ORDER BY id DESC LIMIT $3";

pub(super) const LIKERS: &str = "\
    SELECT id, \"user\" FROM likes WHERE owner = $1 AND post = $2 AND id < $3
    ORDER BY id DESC LIMIT $4";

pub(super) const SAVE: &str = "\
    INSERT INTO saves (\"user\", post, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) const UNSAVE: &str = "DELETE FROM saves WHERE \"user\" = $1 AND post = $2";

pub(super) const COMMENT: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments
    WHERE id = $1 ORDER BY id LIMIT 1";

pub(super) const COMMENTS: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments
    WHERE owner = $1 AND post = $2 AND id < $3 ORDER BY id DESC LIMIT $4";

pub(super) const COMMENT_LIKES: &str = "\
    SELECT likes FROM comments WHERE owner = $1 AND post = $2 AND id = $3";

pub(super) const SAVERS_LEFT: &str = "\
    SELECT \"user\" FROM saves WHERE post = $1 ORDER BY \"user\" LIMIT $2";

pub(super) const LIKES_OF: &str = "\
    SELECT post, owner FROM likes WHERE \"user\" = $1 ORDER BY id LIMIT $2";

pub(super) const COMMENTS_OF: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments
    WHERE author = $1 ORDER BY id LIMIT $2";

pub(super) const SAVES_OF: &str = "\
    SELECT post FROM saves WHERE \"user\" = $1 ORDER BY post LIMIT $2";

/// The author, the id, what is shown, what is so.
// Looks at every shard: a check is about all posts.
pub(super) const WRONG_POST_LIKES: &str = "\
    SELECT author, id, stored, counted FROM (
        SELECT author, id, likes AS stored,
               (SELECT count(*) FROM likes
                WHERE likes.owner = posts.author AND likes.post = posts.id) AS counted
        FROM posts
    ) AS counts WHERE stored <> counted ORDER BY author, id";

// Looks at every shard: a check is about all posts.
pub(super) const WRONG_POST_COMMENTS: &str = "\
    SELECT author, id, stored, counted FROM (
        SELECT author, id, comments AS stored,
               (SELECT count(*) FROM comments
                WHERE comments.owner = posts.author AND comments.post = posts.id) AS counted
        FROM posts
    ) AS counts WHERE stored <> counted ORDER BY author, id";

// Looks at every shard: a check is about all authors.
pub(super) const WRONG_AUTHOR_POSTS: &str = "\
    SELECT author, author, stored, counted FROM (
        SELECT author, posts AS stored,
               (SELECT count(*) FROM posts
                WHERE posts.author = author_counts.author AND hidden = 0) AS counted
        FROM author_counts
        UNION ALL
        SELECT author, 0 AS stored, count(*) AS counted FROM posts
        WHERE hidden = 0 AND author NOT IN (SELECT author FROM author_counts) GROUP BY author
    ) AS counts WHERE stored <> counted ORDER BY author";

//! Statements that every SQL database understands, the shard key named first.

pub(super) const ADD_POST: &str = "\
    INSERT INTO posts (author, id, caption, media, hashtags, mentions, location, alt_text,
                       comments_disabled, hidden, likes, comments, views, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11)";

pub(super) const POST_OF: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE author = $1 AND id = $2";

pub(super) const EDIT_POST: &str = "\
    UPDATE posts SET caption = $3, hashtags = $4, mentions = $5, location = $6, alt_text = $7,
                     comments_disabled = $8, hidden = $9, updated_at = $10
    WHERE author = $1 AND id = $2";

pub(super) const SET_MEDIA: &str = "UPDATE posts SET media = $3 WHERE author = $1 AND id = $2";

pub(super) const DELETE_POST: &str = "\
    DELETE FROM posts WHERE author = $1 AND id = $2 RETURNING hidden, hashtags";

pub(super) const COUNT_POST: &str = "\
    INSERT INTO author_counts (author, posts) VALUES ($1, $2)
    ON CONFLICT (author) DO UPDATE SET posts = author_counts.posts + excluded.posts";

pub(super) const FORGET_AUTHOR: &str = "DELETE FROM author_counts WHERE author = $1";

pub(super) const ADD_VIEWS: &str =
    "UPDATE posts SET views = views + $3 WHERE author = $1 AND id = $2";

pub(super) const ADD_TAG: &str = "\
    INSERT INTO hashtags (tag, post) VALUES ($1, $2) ON CONFLICT DO NOTHING";

pub(super) const REMOVE_TAG: &str = "DELETE FROM hashtags WHERE tag = $1 AND post = $2";

pub(super) const BY_AUTHOR: &str = "\
    SELECT id, id FROM posts WHERE author = $1 AND id < $2 AND hidden <= $4
    ORDER BY id DESC LIMIT $3";

pub(super) const BY_TAG: &str = "\
    SELECT post, post FROM hashtags WHERE tag = $1 AND post < $2 ORDER BY post DESC LIMIT $3";

pub(super) const SAVED: &str = "\
    SELECT id, post FROM saves WHERE user = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const NEWEST: &str = "\
    SELECT id FROM posts WHERE author = $1 AND hidden = 0 ORDER BY id DESC LIMIT $2";

pub(super) const VISIBLE: &str =
    "SELECT author, id FROM posts WHERE hidden = 0 ORDER BY author, id";

pub(super) const RECENT: &str = "\
    SELECT id, author, likes, comments, views FROM posts WHERE hidden = 0
    ORDER BY id DESC LIMIT $1";

pub(super) const OWNERS_LIKED: &str = "\
    SELECT owner FROM likes WHERE user = $1 AND id >= $2 ORDER BY id DESC LIMIT $3";

pub(super) const OWNERS_COMMENTED: &str = "\
    SELECT owner FROM comments WHERE author = $1 AND id >= $2 ORDER BY id DESC LIMIT $3";

/// Adds no like to a post that is not there.
pub(super) const LIKE: &str = "\
    INSERT INTO likes (post, user, id, owner)
    SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM posts WHERE author = $4 AND id = $1)
    ON CONFLICT DO NOTHING";

pub(super) const UNLIKE: &str = "DELETE FROM likes WHERE post = $1 AND user = $2";

pub(super) const COUNT_LIKE: &str = "\
    UPDATE posts SET likes = likes + $3 WHERE author = $1 AND id = $2 RETURNING likes";

pub(super) const LIKES: &str = "SELECT likes FROM posts WHERE author = $1 AND id = $2";

pub(super) const LIKERS: &str = "\
    SELECT id, user, owner FROM likes WHERE post = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const SAVE: &str = "\
    INSERT INTO saves (user, post, id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) const UNSAVE: &str = "DELETE FROM saves WHERE user = $1 AND post = $2";

/// Counts no comment where none may be made.
pub(super) const COUNT_NEW_COMMENT: &str = "\
    UPDATE posts SET comments = comments + 1
    WHERE author = $1 AND id = $2 AND comments_disabled = 0";

pub(super) const COUNT_COMMENT: &str =
    "UPDATE posts SET comments = comments + $3 WHERE author = $1 AND id = $2";

pub(super) const ADD_COMMENT: &str = "\
    INSERT INTO comments (post, id, owner, author, content, likes) VALUES ($1, $2, $3, $4, $5, 0)";

pub(super) const DELETE_COMMENT: &str = "DELETE FROM comments WHERE post = $1 AND id = $2";

pub(super) const COMMENT: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments WHERE id = $1";

pub(super) const COMMENTS: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments
    WHERE post = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// Adds no like to a comment that is not there.
pub(super) const LIKE_COMMENT: &str = "\
    INSERT INTO comment_likes (post, comment, user)
    SELECT $1, $2, $3 WHERE EXISTS (SELECT 1 FROM comments WHERE post = $1 AND id = $2)
    ON CONFLICT DO NOTHING";

pub(super) const UNLIKE_COMMENT: &str =
    "DELETE FROM comment_likes WHERE post = $1 AND comment = $2 AND user = $3";

pub(super) const COUNT_COMMENT_LIKE: &str = "\
    UPDATE comments SET likes = likes + $3 WHERE post = $1 AND id = $2 RETURNING likes";

pub(super) const COMMENT_LIKES: &str = "SELECT likes FROM comments WHERE post = $1 AND id = $2";

pub(super) const LIKERS_LEFT: &str = "SELECT user FROM likes WHERE post = $1 LIMIT $2";

pub(super) const COMMENTS_LEFT: &str = "SELECT id FROM comments WHERE post = $1 LIMIT $2";

pub(super) const COMMENT_LIKERS_LEFT: &str = "\
    SELECT comment, user FROM comment_likes WHERE post = $1 LIMIT $2";

pub(super) const LIKERS_LEFT_OF_COMMENT: &str = "\
    SELECT comment, user FROM comment_likes WHERE post = $1 AND comment = $3 LIMIT $2";

pub(super) const SAVERS_LEFT: &str = "SELECT user FROM saves WHERE post = $1 LIMIT $2";

pub(super) const POSTS_OF: &str = "SELECT id FROM posts WHERE author = $1 ORDER BY id LIMIT $2";

pub(super) const LIKES_OF: &str = "\
    SELECT post, owner FROM likes WHERE user = $1 ORDER BY id LIMIT $2";

pub(super) const COMMENTS_OF: &str = "\
    SELECT post, id, owner, author, content, likes FROM comments
    WHERE author = $1 ORDER BY id LIMIT $2";

pub(super) const COMMENT_LIKES_OF: &str = "\
    SELECT post, comment FROM comment_likes WHERE user = $1 LIMIT $2";

pub(super) const SAVES_OF: &str = "SELECT post FROM saves WHERE user = $1 LIMIT $2";

/// The shard, the id, what is shown, what is so.
pub(super) const WRONG_POST_LIKES: &str = "\
    SELECT shard, id, stored, counted FROM (
        SELECT author AS shard, id, likes AS stored,
               (SELECT count(*) FROM likes WHERE likes.post = posts.id) AS counted FROM posts
    ) AS both WHERE stored <> counted";

pub(super) const WRONG_POST_COMMENTS: &str = "\
    SELECT shard, id, stored, counted FROM (
        SELECT author AS shard, id, comments AS stored,
               (SELECT count(*) FROM comments WHERE comments.post = posts.id) AS counted FROM posts
    ) AS both WHERE stored <> counted";

pub(super) const WRONG_COMMENT_LIKES: &str = "\
    SELECT shard, id, stored, counted FROM (
        SELECT post AS shard, id, likes AS stored,
               (SELECT count(*) FROM comment_likes
                WHERE comment_likes.post = comments.post AND comment_likes.comment = comments.id
               ) AS counted FROM comments
    ) AS both WHERE stored <> counted";

pub(super) const WRONG_AUTHOR_POSTS: &str = "\
    SELECT author, author, stored, counted FROM (
        SELECT author, posts AS stored,
               (SELECT count(*) FROM posts
                WHERE posts.author = author_counts.author AND hidden = 0) AS counted
        FROM author_counts
        UNION ALL
        SELECT author, 0 AS stored, count(*) AS counted FROM posts
        WHERE hidden = 0 AND author NOT IN (SELECT author FROM author_counts) GROUP BY author
    ) AS both WHERE stored <> counted";

pub(super) const RECOUNT_POST_LIKES: &str = "\
    UPDATE posts SET likes = (SELECT count(*) FROM likes WHERE post = $2)
    WHERE author = $1 AND id = $2";

pub(super) const RECOUNT_POST_COMMENTS: &str = "\
    UPDATE posts SET comments = (SELECT count(*) FROM comments WHERE post = $2)
    WHERE author = $1 AND id = $2";

pub(super) const RECOUNT_COMMENT_LIKES: &str = "\
    UPDATE comments
    SET likes = (SELECT count(*) FROM comment_likes WHERE post = $1 AND comment = $2)
    WHERE post = $1 AND id = $2";

pub(super) const RECOUNT_AUTHOR_POSTS: &str = "\
    INSERT INTO author_counts (author, posts)
    SELECT $1, count(*) FROM posts WHERE author = $2 AND hidden = 0
    ON CONFLICT (author) DO UPDATE SET posts = excluded.posts";

use super::*;

const MIGRATION: (&str, &str) = (
    "crates/posts/migrations/postgres/0001_posts.sql",
    "CREATE TABLE posts (author BIGINT, id BIGINT, likes BIGINT, PRIMARY KEY (author, id));
     CREATE TABLE comments (owner BIGINT, post BIGINT, id BIGINT, author BIGINT);
     CREATE TABLE outbox (shard BIGINT, id BIGINT);
     CREATE TABLE relay (last BIGINT);",
);

const STORE: &str = "crates/posts/src/store/postgres.rs";
const SHARED: &str = "crates/posts/src/store/sql.rs";

/// What is wrong with a statement.
fn faults_of(sql: &str) -> Vec<String> {
    let tables = Tables::of(&Tree::of([MIGRATION]));
    faults(&Statement { path: STORE, line: 1, text: sql.to_owned(), is_marked: false }, &tables)
}

fn passes(sql: &str) {
    assert_eq!(faults_of(sql), Vec::<String>::new(), "{sql}");
}

fn is_refused(sql: &str, advice: &str) {
    let found = faults_of(sql);
    assert!(found.iter().any(|fault| fault.contains(advice)), "{sql}: {found:?}");
}

fn lines(violations: Vec<Violation>) -> Vec<(String, usize)> {
    violations.into_iter().map(|found| (found.path, found.line)).collect()
}

#[test]
fn what_is_added_names_its_shard() {
    passes("INSERT INTO posts (id, author) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    passes("INSERT INTO posts (author, id) SELECT $1::BIGINT, id FROM unnest($2) AS new (id)");
    passes("INSERT INTO outbox (shard, id) VALUES ($1, $2)");
    passes(
        "INSERT INTO comments (owner, post) SELECT author, id FROM posts WHERE author = CAST($1 AS BIGINT)",
    );
    is_refused("INSERT INTO posts (id) VALUES ($1)", "names no `author`");
    is_refused("INSERT INTO outbox (id) VALUES ($1)", "names no `shard`");
    is_refused("INSERT INTO likes (owner) VALUES ($1)", "no migration makes `likes`");
    is_refused("INSERT INTO posts (author) VALUES (lower($1))", "is no parameter");
}

#[test]
fn what_is_added_goes_to_one_shard() {
    let advice = "group the rows by it";
    is_refused("INSERT INTO posts (author, id) SELECT unnest($1), $2", advice);
    is_refused("INSERT INTO posts (author) SELECT author FROM unnest($1) AS new (author)", advice);
    is_refused("INSERT INTO comments (owner) SELECT author FROM posts", advice);
    let elsewhere = "another shard";
    passes("INSERT INTO posts (author, id) VALUES ($1, $2), ($1, $3)");
    is_refused("INSERT INTO posts (author, id) VALUES ($1, $2), ($3, $4)", elsewhere);
    is_refused(
        "INSERT INTO posts (author, likes) VALUES ($1, (SELECT count(*) FROM comments WHERE post = $2))",
        elsewhere,
    );
}

#[test]
fn a_change_finds_its_shard_in_where() {
    passes("UPDATE posts SET likes = $3 WHERE posts.author = $1 AND (id = $2 OR likes = 0)");
    passes("DELETE FROM posts WHERE (id > $2) AND (author = ANY($1::BIGINT[]))");
    passes("UPDATE relay SET last = $1");
    passes("DELETE FROM outbox WHERE id < $1");
    passes(
        "UPDATE posts SET likes = new.likes FROM unnest($1, $2) AS new (author, likes)
         WHERE posts.author = ANY($1) AND posts.author = new.author",
    );
    is_refused(
        "UPDATE posts SET likes = $2 WHERE id = $1",
        "UPDATE of `posts` needs `author = $n`",
    );
    is_refused("DELETE FROM posts WHERE author = $1 OR id = $2", "DELETE of `posts` needs");
    is_refused("DELETE FROM posts WHERE author > $1", "DELETE of `posts` needs");
    is_refused("DELETE FROM posts WHERE author IN (SELECT author FROM posts)", "DELETE of `posts`");
    is_refused(
        "UPDATE posts SET likes = 0 FROM unnest($1) AS new (author) WHERE posts.author = new.author",
        "UPDATE of `posts` needs",
    );
    is_refused("SELECT id FROM posts ORDER BY id LIMIT 1 FOR UPDATE", "FOR UPDATE of `posts`");
}

#[test]
fn what_is_read_names_its_shard_or_can_be_merged() {
    passes("SELECT id FROM posts p WHERE p.author = $1");
    passes("SELECT id FROM posts WHERE (author, id) = ($1, $2)");
    passes("SELECT id FROM posts WHERE author IN ($1, $2)");
    passes("SELECT id FROM posts WHERE id < $1 ORDER BY id LIMIT $2");
    passes("SELECT count(*), CAST(sum(likes) AS BIGINT), min(id), max(id) FROM posts");
    let advice = "`posts` is read without its shard key";
    is_refused("SELECT id FROM posts WHERE id = $1", advice);
    is_refused("SELECT id FROM posts LIMIT 1", advice);
    is_refused("SELECT id FROM posts ORDER BY id", advice);
    is_refused("SELECT id, count(*) FROM posts", advice);
    is_refused("SELECT count(*) FROM posts GROUP BY author", advice);
    is_refused("SELECT count(*) FROM (SELECT id FROM posts LIMIT 5) AS some", advice);
}

#[test]
fn tables_are_joined_on_equal_shard_keys() {
    let join = "SELECT c.id FROM posts p JOIN comments c ON";
    passes(&format!("{join} c.owner = p.author AND c.post = p.id WHERE p.author = $1"));
    passes(&format!("{join} c.owner = $1 WHERE p.author = $1"));
    passes(
        "SELECT 1 FROM posts WHERE author = $1 AND id IN (SELECT post FROM comments WHERE owner = posts.author)",
    );
    let advice = "`c` may stand on another shard".replace("`c`", "`comments`");
    is_refused(&format!("{join} c.post = p.id WHERE p.author = $1"), &advice);
    is_refused(&format!("{join} c.author = p.author WHERE p.author = $1"), &advice);
    is_refused(&format!("{join} c.owner = $2 WHERE p.author = $1"), &advice);
    is_refused(
        "SELECT 1 FROM posts WHERE author = $1 AND id IN (SELECT post FROM comments)",
        &advice,
    );
    is_refused(
        "WITH gone AS (DELETE FROM posts WHERE author = $1) DELETE FROM comments WHERE owner = $2",
        &advice,
    );
    passes(
        "WITH gone AS (DELETE FROM posts WHERE author = $1) DELETE FROM comments WHERE owner = $1",
    );
}

#[test]
fn what_a_proxy_cannot_do_is_refused() {
    passes("SELECT id FROM posts WHERE author = $1 AND likes IS DISTINCT FROM $2");
    passes(
        "SELECT id FROM posts WHERE author = $1 UNION ALL SELECT id FROM posts WHERE author = $1",
    );
    let own = |what: &str, rest: &str| format!("SELECT {what} FROM posts WHERE author = $1 {rest}");
    is_refused(&own("id", "ORDER BY id LIMIT 5 OFFSET 5"), "no OFFSET");
    is_refused(&own("id", "GROUP BY id HAVING count(*) > 1"), "no HAVING");
    is_refused(&own("rank() OVER (ORDER BY id)", ""), "no window function");
    is_refused(&own("DISTINCT id", ""), "no DISTINCT");
    is_refused(&own("count(DISTINCT id)", ""), "no DISTINCT");
    is_refused(&own("array_agg(id)", ""), "only count, sum, min and max");
    is_refused(&own("pg_advisory_xact_lock(id)", ""), "no advisory lock");
    is_refused("SELECT nextval('ids')", "no sequence");
    is_refused("SELECT pg_notify('a', 'b')", "no LISTEN or NOTIFY");
    is_refused("LISTEN posts", "no LISTEN or NOTIFY");
    is_refused("SELECT id FROM posts WHERE author = $1 UNION SELECT 1", "only UNION ALL");
    is_refused("SELECT id FRM posts", "not read as SQL");
    is_refused("SELECT 1; SELECT 2", "one statement at a time");
}

#[test]
fn statements_are_found_wherever_their_texts_stand() {
    let store = r#"
        use super::sql::{self, record};
        /// SELECT a comment is none.
        const A: &str = "\
            SELECT id \
            FROM posts";
        const B: &str = sql::record!("WHERE id = $1");
        fn c() { run(sql::FIRST, vec!["DELETE FROM \"posts\""], "Select a post") }
        const GOOD: &str = record!("WHERE author = $1");
        #[cfg(test)]
        mod tests { const D: &str = "DELETE FROM posts"; }
    "#;
    let shared = r#"
        macro_rules! record { ($($rest:literal),+) => { concat!("SELECT id FROM posts ", $($rest),+) }; }
        pub(super) const ONLY_SQLITE: &str = "DELETE FROM posts";
        pub(super) const FIRST: &str = SECOND;
        const SECOND: &str = concat!("DELETE ", "FROM posts");
    "#;
    let other = ("crates/posts/src/store/sqlite.rs", "const E: &str = \"DELETE FROM posts\";");
    let tree = Tree::of([MIGRATION, (STORE, store), (SHARED, shared), other]);
    let found = statements_say_where_they_go(&tree);
    assert!(found[0].advice.ends_with("\n    SELECT id FROM posts"), "{found:?}");
    let place = |path: &str, line| (path.to_owned(), line);
    let expected = [place(STORE, 4), place(STORE, 7), place(STORE, 8), place(SHARED, 5)];
    assert_eq!(lines(found), expected);
}

#[test]
fn a_mark_lets_off_what_is_read_and_nothing_else() {
    let store = r#"
        // Looks at every shard: a reason.
        const A: &str =
            "SELECT id FROM posts";
        fn b() {
            let rows = look
                // Looks at every shard: a reason that goes on
                // in a second line.
                .query("SELECT id FROM posts HAVING true", &[]);
        }
        // Looks at every shard:
        const NO_REASON: &str = "SELECT id FROM posts";
        // Looks at every shard: a reason.
        const A_WRITE: &str = "DELETE FROM posts";
        // Looks at every shard: a reason.
        const NO_NEED: &str = "SELECT id FROM posts WHERE author = $1";
        // Looks at every shard: a reason.
        const A_LOCK: &str = "SELECT pg_advisory_lock(id) FROM posts";

        // Looks at every shard: a reason of something else.
        const OTHER: u8 = 1;
        const FAR: &str = "SELECT id FROM posts";
    "#;
    let found = statements_say_where_they_go(&Tree::of([MIGRATION, (STORE, store)]));
    let expected = [12, 14, 16, 18, 22].map(|line| (STORE.to_owned(), line));
    assert_eq!(lines(found), expected);
}

#[test]
fn every_table_has_a_shard_key() {
    let path = "crates/posts/migrations/postgres/0002_more.sql";
    let more = "CREATE TABLE pins (author BIGINT);\nCREATE TABLE saves (post BIGINT);\n\
                CREATE TABLE leases (name TEXT);\n";
    let sqlite = ("crates/posts/migrations/sqlite/0001_a.sql", "CREATE TABLE notes (a);");
    let mut found = tables::without_key(&Tree::of([MIGRATION, (path, more), sqlite]));
    found.retain(|violation| violation.path == path);
    assert!(found[0].advice.contains("which column spreads `pins`"), "{found:?}");
    assert!(found[1].advice.contains("`saves` has no column `user`"), "{found:?}");
    assert_eq!(lines(found), [(path.to_owned(), 1), (path.to_owned(), 2)]);
}

#[test]
fn a_shard_key_of_no_table_is_found() {
    let found = tables::without_key(&Tree::of([MIGRATION]));
    assert!(found.iter().any(|found| found.advice.starts_with("no migration makes `saves`")));
    assert!(!found.iter().any(|found| found.advice.contains("`posts`")), "{found:?}");
}

#[test]
fn migrations_make_nothing_that_counts_or_points_over_shards() {
    let path = "crates/posts/migrations/postgres/0002_more.sql";
    let more = "CREATE TABLE a (sequence BIGINT); -- REFERENCES\n\
                CREATE TABLE b (a BIGINT REFERENCES a);\n\
                CREATE TABLE c (id BIGSERIAL);\n\
                CREATE SEQUENCE d;\n\
                CREATE TABLE e (id BIGINT GENERATED ALWAYS AS IDENTITY);\n\
                ALTER TABLE a ALTER COLUMN sequence SET DEFAULT nextval('d');\n";
    let found = lines(tables::unshardable(&Tree::of([(path, more)])));
    assert_eq!(found, [2, 3, 4, 5, 6].map(|line| (path.to_owned(), line)));
}

#[test]
fn the_stores_of_the_project_are_read() {
    let tree = Tree::read(crate::root()).unwrap();
    let (statements, _) = literals::statements(&tree);
    for slice in ["accounts", "activity", "feed", "graph", "media", "platform", "posts"] {
        let folder = format!("crates/{slice}/");
        assert!(statements.iter().any(|found| found.path.starts_with(&folder)), "{slice}");
    }
}

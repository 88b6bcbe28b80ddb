//! A site that moves from SQLite to PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::Activity;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Strategy};
use tintype_platform::db::Database;
use tintype_platform::postgres::{self, Change};
use tintype_platform::sqlite::Connection;
use tintype_platform::testkit::{Network, Proxy, ServerDatabase, Workbench};
use tintype_platform::transfer::Rows;
use tintype_server::wiring::{MIGRATIONS, Site};

use crate::media::{photograph, upload};
use crate::rig::program::{Program, begin, run};
use crate::rig::{
    Answer, PASSWORD, PICTURE, Person, Rig, Visitor, configuration, eventually, id_of, ids_of,
};

/// Rows that belong to nobody, so that copying takes several batches.
const SURPLUS: u32 = 25_000;

#[tokio::test]
async fn every_table_is_moved_or_left_for_a_reason() {
    let Some(bench) = Workbench::on_postgres(&MIGRATIONS[1..]).await else { return };
    let there = columns_in_postgres(&bench).await;
    let here = columns_in_sqlite();
    let tables: BTreeMap<&str, Rows> = MIGRATIONS
        .iter()
        .flat_map(|slice| slice.tables)
        .map(|table| (table.name, table.rows))
        .collect();
    let known: BTreeSet<&str> = tables.keys().copied().collect();
    let found: BTreeSet<&str> = there.keys().map(String::as_str).collect();
    assert_eq!(known, found, "each slice says in `tables` where the rows of a table come from");
    for (table, columns) in &here {
        match tables.get(table.as_str()) {
            Some(Rows::Same) => assert_eq!(columns, &there[table], "the columns of {table}"),
            Some(Rows::None(reason)) => panic!("{table} is not moved: {reason}"),
            Some(_) => {}
            None => panic!("{table} is in SQLite alone: say where its rows go"),
        }
    }
    for (table, rows) in tables {
        match rows {
            Rows::None(reason) => assert!(reason.contains(' '), "{table}: {reason}"),
            Rows::Same => assert!(here.contains_key(table), "{table} has no embedded counterpart"),
            Rows::Selected(select) | Rows::Made { of: select, .. } => {
                assert!(select.contains("ORDER BY"), "{table} has no order");
            }
        }
    }
}

async fn columns_in_postgres(bench: &Workbench) -> BTreeMap<String, BTreeSet<String>> {
    let text = "SELECT table_name::TEXT, column_name::TEXT FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name <> 'migrations'";
    let rows = bench.postgres().query(text, &[]).await.unwrap();
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows {
        tables.entry(row.get(0)).or_default().insert(row.get(1));
    }
    tables
}

fn columns_in_sqlite() -> BTreeMap<String, BTreeSet<String>> {
    let bench = Workbench::new(&MIGRATIONS[1..]);
    // What a virtual table keeps its things in is its own affair.
    let text = "SELECT t.name, c.name FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
                WHERE t.schema = 'main' AND t.type IN ('table', 'virtual')
                  AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'migrations'";
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    let read = bench.sqlite().read(|connection| {
        let mut statement = connection.prepare(text)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            tables.entry(row.get(0)?).or_default().insert(row.get(1)?);
        }
        Ok(())
    });
    read.unwrap();
    tables
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_moves_whole_whatever_happens_on_the_way() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let before = configuration(&folder);
    let data = before.server.data_dir.clone();
    let program = Program::serve(&data).await;
    let people = everything_happens(&program.stranger).await;
    let migrate = ["migrate", "--to", server.url()];
    run(&data, &migrate).failed(&["stop it first"]);
    run(&data, &["apikey", "create", "backend"]).good();
    let keyed = keyed_post(&people[0]).await;
    let newest = newest_post(&people[0]).await;
    let answers = all_answers(&program.stranger, &people).await;
    program.stop().await;
    // Somebody likes something, and the site ends before anybody is sure to have been told of it.
    let program = Program::serve(&data).await;
    at(&people[1], &program.stranger).likes(&newest).await;
    program.kill();
    add_surplus(&data);

    let after = Config {
        database: tintype_platform::config::Database {
            url: server.url().to_owned(),
            pool: 8,
            ..before.database.clone()
        },
        ..before.clone()
    };
    // Served by mistake, and nothing happened: the database is as good as empty.
    let idle = Rig::on(&after, Arc::new(SystemClock)).await;
    run(&data, &migrate).failed(&["that is to be copied to; stop it first"]);
    idle.close().await;
    killed_in_the_middle(&data, &after).await;
    let refused = Site::open(&after, Arc::new(SystemClock), 0).await.err().unwrap();
    assert_eq!(refused.code(), "unfinished_transfer");
    let other = ["migrate", "--from", "sqlite:other.db", "--to", server.url()];
    run(&data, &["backup", data.join("other.db").to_str().unwrap()]).good();
    run(&data, &other).failed(&["beginnings of a copy", "tintype.db"]);

    // What was changed in between is found, and named.
    execute(&data, "UPDATE accounts SET bio = bio || '!' WHERE username = 'ann'");
    let said = run(&data, &migrate);
    assert!(said.code == Some(1) && said.out.contains("both sides: accounts."), "{said:?}");
    assert!(said.out.contains("going on behind them"), "{said:?}");
    assert!(Site::open(&after, Arc::new(SystemClock), 0).await.is_err());
    execute(&data, "UPDATE accounts SET bio = rtrim(bio, '!') WHERE username = 'ann'");
    let said = run(&data, &migrate).good();
    assert!(said.contains("the same on both sides"), "{said}");
    run(&data, &migrate).failed(&["holds a site already"]);

    for strategy in [Strategy::Hybrid, Strategy::Pull] {
        let mut config = after.clone();
        config.feed.strategy = strategy;
        let rig = Rig::on(&config, Arc::new(SystemClock)).await;
        let here = people.each_ref().map(|person| at(person, &rig.stranger));
        if strategy == Strategy::Hybrid {
            rig.drained().await;
            let ann = people[0].id.parse().unwrap();
            assert_eq!(rig.site().activity.unread(ann).await.unwrap(), 7, "the like is told once");
            here[1].delete(&format!("/api/posts/{newest}/like")).await.good(200);
            rig.drained().await;
            let now = all_answers(&rig.stranger, &here).await;
            for (asked, answer) in &answers {
                assert_eq!(&now[asked], answer, "{asked}");
            }
            rig.stranger.log_in("ben", PASSWORD).await.good(200);
            assert_eq!(keyed_post(&here[0]).await, keyed, "the same key, the same answer");
        }
        let post = here[0].posts("after the move").await;
        assert!(number(&post) > number(&newest));
        rig.drained().await;
        assert_eq!(here[1].feed().await.first(), Some(&post));
        rig.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_does_not_wait_for_ever_for_a_database_that_has_fallen_silent() {
    let Some(server) = ServerDatabase::make().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut config = configuration(&folder);
    let data = config.server.data_dir.clone();
    let program = Program::serve(&data).await;
    let (ann, ben) =
        (program.stranger.register("ann").await, program.stranger.register("ben").await);
    let post = ann.posts("to be moved").await;
    ben.likes(&post).await;
    ben.comments(&post, "so it is").await;
    program.stop().await;

    let host = server.url().split(['@', '/']).nth(3).unwrap();
    let proxy = Proxy::to(host).await;
    let over = server.url().replace(host, &proxy.address().to_string());
    let migrate = async || {
        let (data, over) = (data.clone(), over.clone());
        let migrate = ["migrate", "--set", "database.patience=1", "--to"].map(str::to_owned);
        let copying = tokio::task::spawn_blocking(move || {
            run(&data, &migrate.iter().map(String::as_str).chain([&*over]).collect::<Vec<_>>())
        });
        copying.await.unwrap()
    };
    server.url().clone_into(&mut config.database.url);
    let (database, lock) = locked_in_the_middle(&data, &config).await;
    let silence = async {
        copied_up_to_the_lock(&database).await;
        proxy.set(Network::Silent);
        drop(lock);
    };
    let (said, ()) = tokio::join!(migrate(), silence);
    said.failed(&["PostgreSQL does not answer", "start `tintype migrate` again"]);
    proxy.set(Network::Up);
    let said = migrate().await.good();
    assert!(said.contains("going on behind them"), "{said}");
    assert!(said.contains("the same on both sides"), "{said}");
    database.close().await;
}

/// Four people, and one of everything that people can do.
async fn everything_happens(stranger: &Visitor) -> [Person; 4] {
    let mut people = Vec::new();
    for name in ["ann", "ben", "cat", "dan"] {
        people.push(stranger.register(name).await);
    }
    let people: [Person; 4] = people.try_into().ok().unwrap();
    let [ann, ben, cat, dan] = &people;
    let profile = json!({ "bio": "tabs\tand \\ lines\nand ☀", "website": "https://ann.example" });
    ann.put("/api/users/me", profile).await.good(200);
    cat.is_private(true).await;
    for (who, whom) in [(ben, ann), (cat, ann), (ann, ben), (ben, cat), (dan, ben)] {
        who.follows(whom).await;
    }
    cat.post("/api/users/requests/ben", json!({ "action": "accept" })).await.good(200);
    dan.follows(cat).await;
    dan.blocks(ann).await;
    ben.post("/api/users/cat/mute", None).await.good(200);
    let upload = upload(ann, &photograph()).await.good(201);
    let body = json!({ "caption": "a #move with @ben", "mediaIds": [upload["id"]] });
    let post = id_of(&ann.post("/api/posts", body).await.good(201));
    for number in 0..30 {
        ben.posts(&format!("number {number} #move")).await;
    }
    let secret = cat.posts("for few").await;
    for (who, whose) in [(ben, &post), (cat, &post), (ben, &secret)] {
        who.likes(whose).await;
        let comment = who.comments(whose, "what a\tsight").await;
        ann.post(&format!("/api/comments/{comment}/like"), None).await;
    }
    ben.post(&format!("/api/posts/{post}/save"), None).await.good(200);
    let told = async || {
        let activity = ann.get("/api/feed/activity?limit=100").await.good(200);
        let told = activity["activities"].as_array()?.len();
        // Two follows, and of each of two a like and a comment.
        (told == 6).then_some(())
    };
    eventually("ann is told of everything", told).await;
    people
}

/// What everybody, and somebody without an account, is answered to everything.
async fn all_answers(stranger: &Visitor, people: &[Person; 4]) -> BTreeMap<String, (u16, Value)> {
    let mut paths: Vec<String> = [
        "/api/users/me",
        "/api/users?q=tint",
        "/api/users?q=nn",
        "/api/users/requests",
        "/api/users/suggestions",
        "/api/posts/saved",
        "/api/posts/user/me?limit=100",
        "/api/posts/hashtag/move?limit=100",
        "/api/feed?limit=100",
        "/api/feed/activity?limit=100",
        "/api/v1/graph/requests/pending",
    ]
    .map(str::to_owned)
    .into();
    for person in people {
        let (name, id) = (&person.username, &person.id);
        paths.extend(
            ["", "/followers", "/following"].map(|list| format!("/api/users/{name}{list}")),
        );
        paths.extend([format!("/api/posts/user/{id}"), format!("/api/v1/graph/stats/{id}")]);
    }
    let shown = people[1].get("/api/feed?limit=100").await.good(200);
    for post in ids_of(&shown["posts"]) {
        paths.extend(["", "/comments", "/likes"].map(|part| format!("/api/posts/{post}{part}")));
    }
    let mut answers = BTreeMap::new();
    for (name, visitor) in people
        .iter()
        .map(|person| (&*person.username, stranger.with_token(&person.token)))
        .chain([("a stranger", stranger.clone())])
    {
        for path in &paths {
            let answer = visitor.get(path).await;
            let mut body = answer.body;
            forget_what_looking_changes(&mut body);
            answers.insert(format!("{path} by {name}"), (answer.status, body));
        }
    }
    answers
}

/// Views are counted when posts are looked at, and every answer to an error has a number of its own.
fn forget_what_looking_changes(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["views_count", "view_count", "request_id"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_what_looking_changes);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_what_looking_changes),
        _ => {}
    }
}

/// The id of the post that is made when the key is new.
async fn keyed_post(person: &Person) -> String {
    let request = person
        .request(Method::POST, "/api/posts")
        .header("idempotency-key", "only-once")
        .json(&json!({ "caption": "once", "mediaUrls": [PICTURE] }));
    id_of(&Answer::of("a post with a key".to_owned(), request).await.good(201))
}

async fn newest_post(person: &Person) -> String {
    let listed = person.get("/api/posts/user/me").await.good(200);
    ids_of(&listed["posts"]).swap_remove(0)
}

fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

/// The same person at another server.
fn at(person: &Person, stranger: &Visitor) -> Person {
    let user = json!({ "id": person.id, "username": person.username });
    Person::new(stranger, &json!({ "token": person.token, "user": user }))
}

/// The database that the site moves to, and a lock that no copy gets past.
async fn locked_in_the_middle(data: &Path, after: &Config) -> (postgres::Database, Change) {
    let database = Database::open(&after.database, data, &MIGRATIONS).await.unwrap();
    let Database::Postgres(server) = database else { panic!("the site moves to PostgreSQL") };
    let lock = server.begin(0u64).await.unwrap();
    lock.execute("LOCK TABLE comments IN EXCLUSIVE MODE", &[]).await.unwrap();
    (server, lock)
}

async fn copied_up_to_the_lock(server: &postgres::Database) {
    eventually("what comes before it is copied", async || {
        let text = "SELECT 1 FROM moving WHERE name = 'likes' AND taken > 0";
        server.query_opt(text, &[]).await.unwrap()
    })
    .await;
}

/// Begins to move the site and kills that when some tables are there and others are not.
async fn killed_in_the_middle(data: &Path, after: &Config) {
    let (server, lock) = locked_in_the_middle(data, after).await;
    let mut moving = begin(data, &["migrate", "--to", &after.database.url]);
    copied_up_to_the_lock(&server).await;
    moving.kill().unwrap();
    moving.wait().unwrap();
    drop(lock);
    let counted = server.query_one("SELECT taken FROM moving WHERE name = 'audit'", &[]).await;
    assert!(counted.unwrap().get::<_, i64>(0) >= i64::from(SURPLUS));
    server.close().await;
}

fn add_surplus(data: &Path) {
    execute(
        data,
        &format!(
            "WITH RECURSIVE number (n) AS (
                 SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {SURPLUS})
             INSERT INTO audit (account, id, what, at) SELECT 1, n, 'login', n FROM number"
        ),
    );
}

/// Changes the embedded database behind the program's back.
fn execute(data: &Path, statement: &str) {
    Connection::open(data.join("tintype.db")).unwrap().execute_batch(statement).unwrap();
}

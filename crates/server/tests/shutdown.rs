//! What is kept when the program is told to stop.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tintype_accounts::account::NewAccount;
use tintype_api::accounts::Role;
use tintype_api::posts::{MediaKind, PostMedia};
use tintype_api::{PostId, Posts, UserId};
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::Config;
use tintype_platform::db::Database;
use tintype_posts::SeedPost;
use tintype_server::wiring::Site;
use tower::ServiceExt;

#[tokio::test(flavor = "multi_thread")]
async fn views_that_are_being_stored_when_the_end_comes_count_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::defaults();
    config.server.data_dir = folder.path().to_owned();
    let open = async || Site::open(&config, Arc::new(SystemClock), 0).await.unwrap();
    let running = open().await.run(&config, None).await.unwrap();
    let (database, router) = (running.site.database.clone(), running.router.clone());
    let post = seed(&running.site).await;

    // The writer is held up, so that the views of the next second are on their way for long.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let Database::Sqlite(database) = database else { unreachable!() };
    let hold = tokio::spawn(async move { database.write(move |_| Ok(held.recv().is_ok())).await });
    let seen = Request::get(format!("/api/posts/{post}")).body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(seen).await.unwrap().status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let stop = tokio::spawn(running.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    release.send(()).unwrap();
    assert!(hold.await.unwrap().unwrap());
    stop.await.unwrap();

    let views = open().await.posts.views(None, vec![post]).await.unwrap();
    assert_eq!(views[0].as_ref().unwrap().post.views, 1);
}

async fn seed(site: &Site) -> PostId {
    let (author, post) = (UserId::made_by(&site.ids), PostId::made_by(&site.ids));
    let account = NewAccount {
        id: author,
        username: "ann".parse().unwrap(),
        email: "ann@tintype.example".parse().unwrap(),
        password_hash: None,
        full_name: None,
        bio: None,
        website: None,
        profile_picture_url: None,
        is_private: false,
        role: Role::User,
        created_at: SystemClock.now(),
    };
    site.accounts.seed(vec![account]).await.unwrap();
    let picture = "https://pictures.example/one.jpg".to_owned();
    let media = vec![PostMedia::elsewhere(picture, MediaKind::Image)];
    let seeded = SeedPost { id: post, author, caption: None, media, location: None };
    site.posts.seed(vec![seeded]).await.unwrap();
    post
}

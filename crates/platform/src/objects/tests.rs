//! Stores that fail, and what is particular to one kind of them.

use tokio::net::TcpListener;

use super::*;
use crate::config::{Config, Media};
use crate::testkit::{self, Network, Proxy, START};

fn name(name: &str) -> ObjectName {
    name.parse().unwrap()
}

/// Nobody is here to wait.
const HASTE: Patience = Patience {
    answer: Duration::from_millis(200),
    read: Duration::from_millis(300),
    write: Duration::from_millis(600),
    check: Duration::from_millis(100),
};

fn store_at(address: impl std::fmt::Display) -> Objects {
    let settings = Media {
        url: "s3://bucket/prefix".to_owned(),
        endpoint: format!("http://{address}"),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
        ..Config::defaults().media
    };
    Objects::open_with(&settings, Path::new("/nowhere"), HASTE).unwrap()
}

fn s3(settings: &Media) -> Objects {
    Objects::open(settings, Path::new("/nowhere")).unwrap()
}

fn assert_unavailable<T>(outcome: Result<T>, operation: &str) {
    let Err(error) = outcome else { panic!("{operation} is said to have worked") };
    assert_eq!(error.code(), "object_store_unavailable", "{operation}: {error}");
    assert!(error.retry_after().is_some() && error.is_transient());
}

/// Everything that a store can be asked, each with a client that has not failed before.
async fn assert_nothing_works(store: impl Fn() -> Objects) {
    let name = name("a");
    let large = Bytes::from(vec![0; PART + 1]);
    assert_unavailable(store().put(&name, "x".into(), "image/jpeg").await, "put");
    assert_unavailable(store().put(&name, large, "image/jpeg").await, "put of parts");
    assert_unavailable(store().get(&name, None).await, "get");
    assert_unavailable(store().get(&name, Some(ByteRange::Last(1))).await, "get of a range");
    assert_unavailable(store().head(&name).await, "head");
    assert_unavailable(store().delete(&[name]).await, "delete");
    assert_unavailable(store().list("").try_collect::<Vec<_>>().await, "list");
    assert_unavailable(store().check().await, "check");
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up() {
    // The kernel accepts the connections; nobody ever reads them.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert_nothing_works(|| store_at(address)).await;
}

#[tokio::test]
async fn a_store_that_is_gone_is_left_alone_until_it_is_back() {
    let answering = axum::Router::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_nothing_works(|| store_at(address)).await;

    let objects = store_at(address);
    for _ in 0..5 {
        let error = objects.head(&name("a")).await.unwrap_err();
        let told = error.cause().unwrap().to_string();
        assert!(told.contains("refused") || told.contains("elapsed"), "{told}");
    }
    let error = objects.put(&name("a"), "x".into(), "image/jpeg").await.unwrap_err();
    assert_eq!(error.cause().unwrap().to_string(), "the breaker is open");

    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async { axum::serve(listener, answering).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(objects.head(&name("a")).await.unwrap(), None);
    assert_eq!(objects.head(&name("b")).await.unwrap(), None);
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing_and_works_when_the_store_is_back() {
    let Some(mut settings) = testkit::s3() else { return };
    let there = s3(&settings);
    let proxy = Proxy::to(settings.endpoint.strip_prefix("http://").unwrap()).await;
    settings.endpoint = format!("http://{}", proxy.address());
    let objects = s3(&settings);
    let film = name("film.mp4");
    let bytes = Bytes::from(vec![7; 3 * PART]);

    // Cut after the first part has gone out.
    let parts = [Ok(bytes.slice(..PART)), Ok(bytes.slice(PART..2 * PART))];
    let cut = stream::once(async {
        proxy.set(Network::Down);
        Ok(bytes.slice(2 * PART..))
    });
    let parts = stream::iter(parts).chain(cut).boxed();
    assert_unavailable(objects.upload(&film, parts, "video/mp4").await, "put");
    assert_unavailable(objects.check().await, "check");
    assert_eq!(there.head(&film).await.unwrap(), None);

    proxy.set(Network::Up);
    // The breaker may be open for a second more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    objects.check().await.unwrap();
    objects.put(&film, bytes.clone(), "video/mp4").await.unwrap();
    assert_eq!(there.head(&film).await.unwrap().unwrap().size, bytes.len() as u64);

    // Cut in the midst of reading: the reader learns of it.
    let object = objects.get(&film, None).await.unwrap().unwrap();
    proxy.set(Network::Down);
    assert_unavailable(object.stream.try_collect::<Vec<_>>().await, "reading on");
    there.delete(&[film]).await.unwrap();
}

#[tokio::test]
async fn a_missing_bucket_and_a_wrong_secret_are_not_taken_for_missing_objects() {
    let Some(settings) = testkit::s3() else { return };
    let corner = settings.url.rsplit('/').next().unwrap();
    let elsewhere = Media { url: format!("s3://no-such-{corner}"), ..settings.clone() };
    // Not by `put`: some servers make the bucket then.
    assert_unavailable(s3(&elsewhere).check().await, "check");
    assert_unavailable(s3(&elsewhere).get(&name("a"), None).await, "get");
    let stranger = Media { secret_key: "wrong".to_owned(), ..settings.clone() };
    assert_nothing_works(|| s3(&stranger)).await;
}

#[tokio::test]
async fn objects_in_s3_say_what_they_are_and_how_long_they_keep() {
    let Some(settings) = testkit::s3() else { return };
    let objects = s3(&settings);
    for (name, size) in [(name("small.jpg"), 10), (name("large.jpg"), PART + 1)] {
        objects.put(&name, vec![0; size].into(), "image/jpeg").await.unwrap();
        let path = objects.path(&name);
        let attributes = objects.inner.store.get(&path).await.unwrap().attributes;
        let attribute = |key| attributes.get(&key).map(AsRef::as_ref);
        assert_eq!(attribute(Attribute::ContentType), Some("image/jpeg"));
        assert_eq!(attribute(Attribute::CacheControl), Some(CACHE_CONTROL));
        objects.delete(&[name]).await.unwrap();
    }
}

#[tokio::test]
async fn clients_upload_by_an_address_that_is_good_for_one_name_and_one_type() {
    let Some(mut settings) = testkit::s3() else { return };
    let proxy = Proxy::to(settings.endpoint.strip_prefix("http://").unwrap()).await;
    settings.public_endpoint = format!("http://{}", proxy.address());
    let objects = s3(&settings);
    let (mine, other) = (name("pending/mine"), name("pending/other"));
    let url =
        objects.presign_put(&mine, "image/png", Duration::from_mins(1)).await.unwrap().unwrap();
    assert!(url.starts_with(&settings.public_endpoint), "{url}");

    let client = reqwest::Client::new();
    let put = async |url: &str, content_type| {
        let request = client.put(url).header(CONTENT_TYPE, content_type).body("a picture");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(put(&url, "text/html").await, 403);
    assert_eq!(put(&url.replace(mine.as_str(), other.as_str()), "image/png").await, 403);
    assert_eq!(objects.head(&mine).await.unwrap(), None);
    assert_eq!(put(&url, "image/png").await, 200);
    assert_eq!(objects.head(&mine).await.unwrap().unwrap().size, 9);
    assert_eq!(objects.head(&other).await.unwrap(), None);
    objects.delete(&[mine]).await.unwrap();
}

#[tokio::test]
async fn files_take_no_uploads_from_clients() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::in_folder(folder.path()).unwrap();
    let minute = Duration::from_mins(1);
    assert_eq!(objects.presign_put(&name("a"), "image/png", minute).await.unwrap(), None);
}

#[tokio::test]
async fn files_lie_where_the_settings_say_and_folders_go_when_they_are_empty() {
    let data_dir = tempfile::tempdir().unwrap();
    let settings = Media { url: "file:pictures".to_owned(), ..Config::defaults().media };
    let objects = Objects::open(&settings, data_dir.path()).unwrap();
    let picture = name("images/7/a.jpg");
    objects.put(&picture, "x".into(), "image/jpeg").await.unwrap();
    assert!(data_dir.path().join("pictures/images/7/a.jpg").is_file());
    objects.delete(&[picture]).await.unwrap();
    assert!(!data_dir.path().join("pictures/images").exists());

    let blocked = Media { url: "file:file".to_owned(), ..Config::defaults().media };
    std::fs::write(data_dir.path().join("file"), "").unwrap();
    let error = Objects::open(&blocked, data_dir.path()).err().unwrap();
    assert!(error.message().contains("check media.url"), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_a_store_that_is_down() {
    let data_dir = tempfile::tempdir().unwrap();
    let folder = data_dir.path().join("media");
    let objects = Objects::in_folder(&folder).unwrap();
    objects.check().await.unwrap();
    std::fs::remove_dir(&folder).unwrap();
    assert_unavailable(objects.check().await, "check");
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::in_folder(folder.path()).unwrap();
    let whole = name("videos/1/a.mp4");
    objects.put(&whole, "whole".into(), "video/mp4").await.unwrap();
    let half = folder.path().join("videos/1/b.mp4#1");
    std::fs::write(&half, "ha").unwrap();

    let listed: Vec<_> = objects.list("").try_collect().await.unwrap();
    assert_eq!(listed.len(), 1, "a half is no object");
    let written = objects.head(&whole).await.unwrap().unwrap().modified;
    assert_eq!(objects.remove_unfinished(START.plus_millis(-1_000_000_000_000)).await.unwrap(), 0);
    assert!(half.exists());
    assert_eq!(objects.remove_unfinished(written.plus_millis(60_000)).await.unwrap(), 1);
    assert!(!half.exists());
    assert!(objects.head(&whole).await.unwrap().is_some());
}

#[test]
fn no_room_left_is_an_error_of_its_own_and_no_reason_to_leave_the_store_alone() {
    for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::QuotaExceeded] {
        let cause = std::io::Error::from(kind);
        let error = failed(object_store::Error::Generic { store: "files", source: cause.into() });
        assert_eq!((error.kind(), error.code()), (Kind::Full, "disk_full"));
        let told = error.cause().unwrap().to_string();
        assert!(told.starts_with("Generic files error: "), "{told}");
    }
}

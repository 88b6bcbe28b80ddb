//! What every store of objects must do.

use std::io::Write;

use futures::TryStreamExt;

use super::*;
use crate::testkit;

#[tokio::test]
async fn files_in_a_folder_conform() {
    let folder = tempfile::tempdir().unwrap();
    run(&Objects::in_folder(&folder.path().join("deep/media")).unwrap()).await;
}

#[tokio::test]
async fn an_s3_compatible_store_conforms() {
    let Some(settings) = testkit::s3() else { return };
    let objects = Objects::open(&settings, Path::new("/nowhere")).unwrap();
    run(&objects).await;
    // Only such a store has pages, and each of so many files would be synced to the disk.
    long_lists_are_whole_and_all_of_them_can_be_removed(&objects).await;
}

async fn run(objects: &Objects) {
    objects.check().await.unwrap();
    what_is_not_there_is_no_error(objects).await;
    what_is_put_is_there(objects).await;
    a_range_is_a_part(objects).await;
    large_objects_are_whole(objects).await;
    one_of_two_at_once_wins(objects).await;
    lists_name_what_lies_below(objects).await;
    objects.check().await.unwrap();
}

fn name(name: &str) -> ObjectName {
    name.parse().unwrap()
}

/// Bytes of which no two parts are alike.
fn bytes(count: usize) -> Bytes {
    (0..count as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect()
}

async fn read(objects: &Objects, name: &ObjectName, range: Option<ByteRange>) -> Bytes {
    let object = objects.get(name, range).await.unwrap().unwrap();
    let parts: Vec<Bytes> = object.stream.try_collect().await.unwrap();
    let bytes = parts.concat();
    assert_eq!(bytes.len() as u64, object.range.end - object.range.start);
    bytes.into()
}

async fn listed(objects: &Objects, prefix: &str) -> Vec<(String, u64)> {
    let mut listed: Vec<_> = objects
        .list(prefix)
        .map_ok(|(name, info)| (name.to_string(), info.size))
        .try_collect()
        .await
        .unwrap();
    listed.sort();
    listed
}

async fn what_is_not_there_is_no_error(objects: &Objects) {
    let missing = name("images/1/missing_large.jpg");
    assert_eq!(objects.head(&missing).await.unwrap(), None);
    assert!(objects.get(&missing, None).await.unwrap().is_none());
    assert!(objects.get(&missing, Some(ByteRange::From(3))).await.unwrap().is_none());
    objects.delete(&[missing, name("missing")]).await.unwrap();
    objects.delete(&[]).await.unwrap();
    assert!(listed(objects, "").await.is_empty());
    assert!(listed(objects, "images/1").await.is_empty());
}

async fn what_is_put_is_there(objects: &Objects) {
    let picture = name("images/1/a-B_c.d_large.jpg");
    objects.put(&picture, "first".into(), "image/jpeg").await.unwrap();
    let first = objects.head(&picture).await.unwrap().unwrap();
    assert_eq!(first.size, 5);
    assert!(!first.etag.is_empty() && !first.etag.contains('"'), "{}", first.etag);
    assert!(first.modified > testkit::START.plus_millis(-365 * 24 * 60 * 60 * 1000));
    assert_eq!(objects.get(&picture, None).await.unwrap().unwrap().info, first);
    assert_eq!(read(objects, &picture, None).await, "first");

    objects.put(&picture, "the second".into(), "image/jpeg").await.unwrap();
    assert_eq!(read(objects, &picture, None).await, "the second");
    assert_ne!(objects.head(&picture).await.unwrap().unwrap().etag, first.etag);

    // Neither a folder nor what would lie below a file is an object.
    assert_eq!(objects.head(&name("images/1")).await.unwrap(), None);
    assert_eq!(objects.head(&name("images/1/a-B_c.d_large.jpg/x")).await.unwrap(), None);
    assert!(objects.get(&name("images"), None).await.unwrap().is_none());

    let empty = name("empty");
    objects.put(&empty, Bytes::new(), "image/jpeg").await.unwrap();
    assert_eq!(objects.head(&empty).await.unwrap().unwrap().size, 0);
    assert_eq!(read(objects, &empty, None).await, "");

    objects.delete(&[picture.clone(), empty, name("missing")]).await.unwrap();
    assert_eq!(objects.head(&picture).await.unwrap(), None);
    assert!(listed(objects, "").await.is_empty());
}

async fn a_range_is_a_part(objects: &Objects) {
    let digits = name("digits");
    objects.put(&digits, "0123456789".into(), "text/plain").await.unwrap();
    for (range, expected) in [
        (ByteRange::From(0), "0123456789"),
        (ByteRange::From(7), "789"),
        (ByteRange::Between(2, 4), "234"),
        (ByteRange::Between(8, 99), "89"),
        (ByteRange::Last(3), "789"),
        (ByteRange::Last(30), "0123456789"),
        (ByteRange::From(10), ""),
        (ByteRange::Between(20, 30), ""),
        (ByteRange::Last(0), ""),
    ] {
        assert_eq!(read(objects, &digits, Some(range)).await, expected, "{range:?}");
        assert_eq!(objects.get(&digits, Some(range)).await.unwrap().unwrap().info.size, 10);
    }
    objects.delete(&[digits]).await.unwrap();
}

async fn large_objects_are_whole(objects: &Objects) {
    let film = name("videos/1/film.mp4");
    for size in [1000, CHUNK + 1, PART, PART + 1, 2 * PART + 123] {
        let bytes = bytes(size);
        objects.put(&film, bytes.clone(), "video/mp4").await.unwrap();
        assert!(read(objects, &film, None).await == bytes, "{size} bytes from memory");

        objects.delete(std::slice::from_ref(&film)).await.unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        objects.put_file(&film, file.path(), "video/mp4").await.unwrap();
        assert!(read(objects, &film, None).await == bytes, "{size} bytes from a file");

        let middle = size / 3;
        let part = read(objects, &film, Some(ByteRange::From(middle as u64))).await;
        assert!(part == bytes[middle..], "the rest of {size} bytes");
    }
    let error = objects.put_file(&film, Path::new("/nowhere"), "video/mp4").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    objects.delete(&[film]).await.unwrap();
}

async fn one_of_two_at_once_wins(objects: &Objects) {
    let name = name("contested");
    let versions: Vec<Bytes> = (0..8).map(|letter| vec![b'a' + letter; 300_000].into()).collect();
    let puts = versions.iter().map(|bytes| objects.put(&name, bytes.clone(), "image/jpeg"));
    futures::future::try_join_all(puts).await.unwrap();
    assert!(versions.contains(&read(objects, &name, None).await), "none of them is whole");
    objects.delete(&[name]).await.unwrap();
}

async fn lists_name_what_lies_below(objects: &Objects) {
    let names = ["images/1/a", "images/1/b", "images/10/c", "images/2/d", "videos/1/e"].map(name);
    for name in &names {
        objects.put(name, "1234".into(), "image/jpeg").await.unwrap();
    }
    let listed_names = async |prefix| {
        let listed = listed(objects, prefix).await;
        assert!(listed.iter().all(|(_, size)| *size == 4));
        listed.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
    };
    let all = "images/1/a images/1/b images/10/c images/2/d videos/1/e";
    assert_eq!(listed_names("").await, all);
    assert_eq!(listed_names("images").await, "images/1/a images/1/b images/10/c images/2/d");
    assert_eq!(listed_names("images/1").await, "images/1/a images/1/b");
    assert_eq!(listed_names("image").await, "");
    objects.delete(&names).await.unwrap();
    assert_eq!(listed_names("").await, "");
}

/// More than a store names in one answer, or removes by one request.
async fn long_lists_are_whole_and_all_of_them_can_be_removed(objects: &Objects) {
    let names: Vec<_> = (0..1003).map(|number| name(&format!("many/{number:04}.jpg"))).collect();
    stream::iter(&names)
        .map(|name| objects.put(name, "x".into(), "image/jpeg"))
        .buffer_unordered(32)
        .try_collect::<()>()
        .await
        .unwrap();
    let found: Vec<String> =
        listed(objects, "many").await.into_iter().map(|(name, _)| name).collect();
    assert!(found.iter().eq(names.iter().map(ObjectName::as_str)), "{} found", found.len());
    objects.delete(&names).await.unwrap();
    assert!(listed(objects, "many").await.is_empty());
}

//! Moving pictures and films from a folder to another store.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::TryStreamExt;
use tintype_platform::Result;
use tintype_platform::objects::Objects;

use crate::names::Name;

/// Objects that are copied at once, each a part at a time in memory.
const AT_ONCE: usize = 8;

/// How many objects the store of a folder holds.
pub async fn count_objects(folder: &Path) -> Result<u64> {
    Objects::in_folder(folder)?.list("").try_fold(0, async |count, _| Ok(count + 1)).await
}

/// Copies every object of the store in `folder` to `to`, under its name; what is there already in the
/// same size is left. `tell` hears of each. Answers how many were copied.
///
/// Nobody may upload meanwhile. Whatever is cut off in the middle is finished by another call.
pub async fn copy_objects(folder: &Path, to: &Objects, tell: impl Fn()) -> Result<u64> {
    let from = Objects::in_folder(folder)?;
    let copied = AtomicU64::new(0);
    from.list("")
        .try_for_each_concurrent(AT_ONCE, async |(name, info)| {
            let there = to.head(&name).await?;
            if there.is_none_or(|there| there.size != info.size) {
                // What waits to be made something of is not served yet.
                let content_type = Name::read(name.as_str())
                    .map_or("application/octet-stream", Name::content_type);
                to.put_file(&name, &folder.join(name.as_str()), content_type).await?;
                copied.fetch_add(1, Ordering::Relaxed);
            }
            tell();
            Ok(())
        })
        .await?;
    Ok(copied.into_inner())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use bytes::Bytes;
    use tintype_platform::testkit;

    use super::*;

    #[tokio::test]
    async fn what_is_cut_off_is_finished_by_another_call() {
        let Some(settings) = testkit::s3() else { return };
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (
            Objects::in_folder(folder.path()).unwrap(),
            Objects::open(&settings, folder.path()).unwrap(),
        );
        let names = ["1/a.jpg", "1/b_large.jpg", "2/c.mp4"].map(|name| name.parse().unwrap());
        for name in &names {
            let bytes = Bytes::from(format!("the bytes of {name}"));
            from.put(name, bytes, "image/jpeg").await.unwrap();
        }
        // This one was not copied to its end.
        to.put(&names[0], Bytes::from_static(b"the"), "image/jpeg").await.unwrap();
        assert_eq!(count_objects(folder.path()).await.unwrap(), 3);
        for copied in [3, 0] {
            let told = AtomicUsize::new(0);
            let tell = || _ = told.fetch_add(1, Ordering::Relaxed);
            assert_eq!(copy_objects(folder.path(), &to, tell).await.unwrap(), copied);
            assert_eq!(told.into_inner(), 3);
        }
        for name in &names {
            let object = to.get(name, None).await.unwrap().unwrap();
            let bytes: Vec<Bytes> = object.stream.try_collect().await.unwrap();
            assert_eq!(bytes.concat(), format!("the bytes of {name}").into_bytes());
        }
    }
}

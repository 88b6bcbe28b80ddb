//! What fails is said, and leaves nothing behind.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tintype_platform::Clock;
use tintype_platform::clock::SystemClock;
use tintype_platform::config::{Config, Media};
use tintype_platform::testkit::{self, Network, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::stage::{Stage, eventually, photograph, picture, read, refusal};
use crate::Sweep;

#[tokio::test]
async fn a_store_that_is_down_keeps_nothing_and_comes_back() {
    let Some(settings) = testkit::s3() else { return };
    let proxy = Proxy::to(settings.endpoint.strip_prefix("http://").unwrap()).await;
    let endpoint = format!("http://{}", proxy.address());
    let stage = Stage::on(&Media { endpoint, ..settings }, |_| ()).await;
    let (status, made) = stage.upload("ann", &photograph()).await;
    assert_eq!(status, 201, "{made}");
    proxy.set(Network::Down);
    let refused = refusal(stage.upload("ben", &photograph()).await);
    assert_eq!(refused, (503, "object_store_unavailable".to_owned()));
    let (status, _) = read(stage.fetch(&made["urls"]["small"]).await).await;
    assert_eq!(status, 503);
    assert!(stage.service().answers().await.is_err());
    // Deleting needs no store; the objects go when it is back.
    let id = made["id"].as_str().unwrap();
    assert_eq!(stage.delete("ann", &format!("/api/media/{id}")).await.0, 200);
    let bus = stage.bus().await;
    proxy.set(Network::Up);
    eventually("the store is back", async || stage.service().answers().await.ok()).await;
    bus.drained().await.unwrap();
    bus.stop().await;
    for who in ["ann", "ben"] {
        assert_eq!(stage.get(who, "/api/media/usage").await.1["files"], 0);
    }
    eventually("nothing is left", async || stage.stored().await.is_empty().then_some(())).await;
    assert_eq!((stage.spooled(), stage.events().await.len()), (0, 2));
    assert_eq!(stage.upload("ben", &photograph()).await.0, 201);
}

/// A way to a store that is slow, and breaks when so many bytes have gone to it.
struct Brittle {
    address: SocketAddr,
    proxy: Arc<Proxy>,
    gone: Arc<AtomicU64>,
    breaks_at: Arc<AtomicU64>,
}

impl Brittle {
    async fn to(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self {
            address: listener.local_addr().unwrap(),
            proxy: Arc::new(Proxy::to(endpoint.strip_prefix("http://").unwrap()).await),
            gone: Arc::default(),
            breaks_at: Arc::new(AtomicU64::new(u64::MAX)),
        };
        let (proxy, gone, breaks_at) = (way.proxy.clone(), way.gone.clone(), way.breaks_at.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (proxy, gone, breaks_at) = (proxy.clone(), gone.clone(), breaks_at.clone());
                tokio::spawn(carry(client, proxy, gone, breaks_at));
            }
        });
        way
    }

    /// Breaks when `bytes` more have gone.
    fn break_after(&self, bytes: u64) {
        self.breaks_at.store(self.gone.load(Ordering::SeqCst) + bytes, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.breaks_at.store(u64::MAX, Ordering::SeqCst);
        self.proxy.set(Network::Up);
    }
}

async fn carry(
    client: TcpStream,
    proxy: Arc<Proxy>,
    gone: Arc<AtomicU64>,
    breaks_at: Arc<AtomicU64>,
) {
    let Ok(server) = TcpStream::connect(proxy.address()).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut buffer = [0; 1024];
        while let Ok(size @ 1..) = from_client.read(&mut buffer).await {
            if gone.fetch_add(size as u64, Ordering::SeqCst) + size as u64
                > breaks_at.load(Ordering::SeqCst)
            {
                proxy.set(Network::Down);
            }
            if to_server.write_all(&buffer[..size]).await.is_err() {
                return;
            }
            // So that what is small has arrived while what is large is on its way.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let back = tokio::io::copy(&mut from_server, &mut to_client);
    tokio::select! {
        () = there => {}
        _ = back => {}
    }
}

/// Wherever it breaks: the uploader is told, nobody can see anything of it, and what lies in the
/// store all the same is found.
#[tokio::test]
async fn a_store_that_dies_in_the_midst_of_an_upload_leaves_nothing_that_the_sweep_does_not_find() {
    let Some(settings) = testkit::s3() else { return };
    let way = Brittle::to(&settings.endpoint).await;
    let endpoint = format!("http://{}", way.address);
    let stage = Stage::on(&Media { endpoint, ..settings }, |_| ()).await;
    // The store goes by the system's clock.
    stage.bench.clock.set(SystemClock.now());
    let file = photograph();
    let before = way.gone.load(Ordering::SeqCst);
    assert_eq!(stage.upload("ann", &file).await.0, 201);
    let whole = way.gone.load(Ordering::SeqCst) - before;
    assert!(whole > file.len() as u64, "{whole}");
    let mut orphans = 0;
    for part in [0, 3, 5, 7] {
        way.break_after(whole * part / 8);
        let refused = refusal(stage.upload("ben", &file).await);
        assert_eq!(refused, (503, "object_store_unavailable".to_owned()), "{part}");
        assert_eq!((stage.spooled(), stage.events().await.len()), (0, 1), "{part}");
        assert_eq!(stage.get("ben", "/api/media/usage").await.1["files"], 0);
        // Until it is given up to take back what was put.
        tokio::time::sleep(Duration::from_secs(2)).await;
        way.mend();
        eventually("the store is back", async || stage.service().answers().await.ok()).await;

        let left = stage.stored().await.len() as u64 - 5;
        assert!(left <= 5, "{left}");
        let now = stage.bench.clock.now();
        stage.bench.clock.set(SystemClock.now().plus_millis(2 * 60 * 60 * 1000));
        let swept = stage.service().sweep(Sweep::default()).await.unwrap();
        stage.bench.clock.set(now);
        assert_eq!((swept.objects, swept.orphans), (5 + left, left), "{part}");
        assert_eq!(swept.incomplete, []);
        assert_eq!(stage.stored().await.len(), 5);
        orphans += left;
    }
    assert!(orphans > 0, "nothing was put before the store died");
    assert_eq!(stage.service().check(false).await.unwrap(), []);
    assert_eq!(stage.upload("ben", &file).await.0, 201);
}

/// A small disk of its own, if this system lets us make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: PathBuf) -> Option<Self> {
        std::fs::create_dir(&folder).unwrap();
        let disk = Self(folder);
        disk.mounted(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).then_some(disk)
    }

    fn mounted(&self, arguments: &[&str]) -> bool {
        let output = Command::new("mount").args(arguments).arg(&self.0).output();
        output.is_ok_and(|output| output.status.success())
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_keeps_nothing_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("disk")) else {
        println!("skipped: this user may not mount a small disk, which the test needs");
        return;
    };
    let url = format!("file:{}", disk.path().join("media").display());
    let stage = Stage::on(&Media { url, ..Config::defaults().media }, |_| ()).await;
    let file = photograph();

    let ballast = disk.path().join("ballast");
    // Ends with an error when there is no room for more, which is what it is for.
    let _ = std::fs::write(&ballast, vec![0; 2 * 1024 * 1024]);
    assert_eq!(refusal(stage.upload("ann", &file).await), (507, "disk_full".to_owned()));
    std::fs::remove_file(&ballast).unwrap();
    stage.assert_untouched().await;

    // Room for some of the sizes, and not for all.
    std::fs::write(&ballast, vec![0; 1024 * 1024 - file.len() / 4096 * 4096]).unwrap();
    assert_eq!(refusal(stage.upload("ann", &file).await), (507, "disk_full".to_owned()));
    std::fs::remove_file(&ballast).unwrap();
    stage.assert_untouched().await;

    let (status, made) = stage.upload("ann", &file).await;
    assert_eq!(status, 201, "{made}");
    assert!(disk.mounted(&["-o", "remount,ro"]));
    for _ in 0..3 {
        let refused = refusal(stage.upload("ben", &file).await);
        assert_eq!(refused, (503, "object_store_unavailable".to_owned()));
        assert_eq!(stage.fetch(&made["urls"]["large"]).await.status(), 200, "reading goes on");
    }
    assert!(stage.service().answers().await.is_err());
    assert_eq!((stage.spooled(), stage.events().await.len()), (0, 1));
    assert_eq!(
        (stage.stored().await.len(), stage.service().check(false).await.unwrap()),
        (5, vec![])
    );

    assert!(disk.mounted(&["-o", "remount,rw"]));
    stage.service().answers().await.unwrap();
    assert_eq!(stage.upload("ben", &file).await.0, 201);
    // Unmounted while nobody is in it.
    drop(stage);
}

#[tokio::test]
async fn a_database_that_fails_keeps_nothing() {
    let stage = Stage::in_a_folder().await;
    stage
        .bench
        .sqlite()
        .write(|write| {
            Ok(write.execute_batch(
                "CREATE TRIGGER refuse BEFORE INSERT ON media
                 BEGIN SELECT raise(abort, 'on purpose'); END",
            )?)
        })
        .await
        .unwrap();
    assert_eq!(stage.upload("ann", &photograph()).await.0, 500);
    stage.assert_untouched().await;
}

#[tokio::test]
async fn a_full_queue_is_said() {
    let change = |settings: &mut crate::Settings| (settings.workers, settings.queue) = (1, 1);
    let stage = Arc::new(Stage::on(&Config::defaults().media, change).await);
    let file: Arc<[u8]> = picture(image::ImageFormat::Jpeg, 1200, 900).into();
    let people = ["ann", "ben", "eve"].into_iter().cycle().take(12);
    let uploads = people.map(|who| {
        let (stage, file) = (stage.clone(), file.clone());
        tokio::spawn(async move { stage.upload(who, &file).await })
    });
    let answers = join_all(uploads).await;
    let mut taken = 0;
    for answer in answers {
        let answer = answer.unwrap();
        if answer.0 == 201 {
            taken += 1;
        } else {
            assert_eq!(refusal(answer), (503, "media_busy".to_owned()));
        }
    }
    assert!((1..12).contains(&taken), "{taken} of 12 were taken");
    eventually("no file is left", async || (stage.spooled() == 0).then_some(())).await;
    assert_eq!(stage.stored().await.len(), 5 * taken);
}

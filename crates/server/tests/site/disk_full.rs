//! The disk is full: writing is refused until there is room again, reading goes on, nothing breaks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tintype_platform::sqlite::Connection;

use crate::rig::program::{Program, run};
use crate::rig::{PICTURE, eventually};

/// A small disk of its own, if this system lets us make one.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    pub(crate) fn mount(folder: PathBuf) -> Option<Self> {
        fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"])
            .arg(&folder)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: this user may not mount a small disk, which the test needs");
        }
        mounted.then_some(Self { folder })
    }

    /// Fills what is left, and answers the file that does.
    pub(crate) fn fill(&self) -> PathBuf {
        let ballast = self.folder.join("ballast");
        // Ends with an error when there is no room for more, which is what it is for.
        let _ = fs::write(&ballast, vec![0; 8 * 1024 * 1024]);
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[tokio::test]
async fn writing_is_refused_until_there_is_room_and_reading_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("disk")) else { return };
    let data = disk.folder.join("data");
    // The log would have no room beside the data.
    let log = folder.path().join("log");
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let program = Program::start_logging_to(&data, &serve, &log).await;
    let ann = program.stranger.register("ann").await;
    let bob = program.stranger.register("bob").await;
    bob.follows(&ann).await;
    let mut posts = vec![ann.posts("while there is room").await];
    let ballast = disk.fill();

    let body = json!({ "caption": "x".repeat(2000), "mediaUrls": [PICTURE] });
    let refused = eventually("the disk is full", async || {
        let answer = ann.post("/api/posts", body.clone()).await;
        if answer.status == 201 {
            posts.push(answer.body["id"].as_str().unwrap().to_owned());
            return None;
        }
        Some(answer)
    })
    .await;
    assert!([503, 507].contains(&refused.status), "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    posts.reverse();
    for _ in 0..3 {
        let answer = ann.post("/api/posts", body.clone()).await;
        if answer.status == 201 {
            // A small one may still have fitted in.
            posts.insert(0, answer.body["id"].as_str().unwrap().to_owned());
        }
        let newest = posts[..posts.len().min(100)].to_vec();
        assert_eq!(ann.feed().await, newest, "reading goes on, and shows only what is kept");
        ann.get("/api/users/bob").await.good(200);
        program.stranger.get(&format!("/api/posts/{}", posts[0])).await.good(200);
    }

    fs::remove_file(ballast).unwrap();
    let kept = eventually("there is room again", async || {
        let answer = ann.post("/api/posts", body.clone()).await;
        (answer.status == 201).then(|| answer.body["id"].as_str().unwrap().to_owned())
    })
    .await;
    assert_eq!(ann.feed().await[0], kept);
    eventually("the follower sees it", async || {
        (bob.feed().await.first() == Some(&kept)).then_some(())
    })
    .await;
    eventually("the check is clean", async || {
        (run(&data, &["check"]).code == Some(0)).then_some(())
    })
    .await;
    program.stop().await;
    assert_intact(&data.join("tintype.db"));
    run(&data, &["check"]).good();
    assert_eq!(run(&data, &["deadletters", "list"]).good().trim(), "0 dead letters, 0 shown.");
    let log = fs::read_to_string(log).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

fn assert_intact(database: &Path) {
    let connection = Connection::open(database).unwrap();
    let check = connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(check.unwrap(), "ok");
}

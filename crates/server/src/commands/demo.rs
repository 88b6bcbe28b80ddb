//! `tintype demo`: a network to look around in.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use tintype_accounts::account::NewAccount;
use tintype_api::Activity;
use tintype_api::accounts::Role;
use tintype_api::posts::{MediaKind, PostMedia};
use tintype_platform::config::Config;
use tintype_platform::{Clock, clock::SystemClock};
use tintype_posts::{SeedComment, SeedPost};

use super::serve;
use crate::demo::{PASSWORD, Plan, USERNAME};
use crate::wiring::{Running, Site};

/// In the data folder while the demo is being made: what is there then is not whole.
const MAKING: &str = "demo.making";

/// In the data folder once the demo is made.
const MADE: &str = "demo.made";

pub(super) async fn demo(config: &Config) -> Result<ExitCode> {
    let folder = config.make_data_dir()?.to_owned();
    let database = config.database_path();
    if folder.join(MAKING).exists() {
        clear(&database)?;
    }
    let fresh = !folder.join(MADE).exists();
    anyhow::ensure!(
        !fresh || !database.exists(),
        "{} holds a network of its own; choose another --data-dir for the demo",
        folder.display()
    );
    if fresh {
        std::fs::write(folder.join(MAKING), "").context("the data folder cannot be written")?;
    }
    let opened = serve::open(config)?;
    if fresh {
        make(&opened.site).await?;
    }
    let started = serve::start(config, opened).await?;
    if fresh {
        settle(&started.running).await?;
        std::fs::write(folder.join(MADE), "").context("the data folder cannot be written")?;
        std::fs::remove_file(folder.join(MAKING)).context("the data folder cannot be written")?;
    }
    started
        .serve(|address| {
            println!();
            println!("  Tintype is at   http://{address}");
            println!("  Its API         http://{address}/docs");
            println!("  Sign in as      {USERNAME}");
            println!("  with password   {PASSWORD}");
            println!();
            println!("  Ctrl-C stops it.");
        })
        .await
}

/// Waits until everybody has been told of what happened while the demo was made.
async fn settle(running: &Running) -> Result<()> {
    let bar = ProgressBar::new_spinner().with_message("Word gets around");
    bar.enable_steady_tick(Duration::from_millis(100));
    running.bus.drained().await?;
    let visitor = running.site.accounts.find(USERNAME).await?;
    let visitor = visitor.context("the demo has the account that its visitors use")?;
    running.site.activity.mark_read(visitor.card.id).await?;
    bar.finish_and_clear();
    Ok(())
}

async fn make(site: &Site) -> Result<()> {
    let plan = Plan::new(SystemClock.now());
    let steps = plan.people.len()
        + plan.follows.len()
        + plan.posts.len()
        + plan.likes.len()
        + plan.comments.len();
    let bar = ProgressBar::new(steps as u64).with_style(
        ProgressStyle::with_template("{msg:<22} {wide_bar} {percent:>3} %")
            .context("the bar's template is well-formed")?,
    );
    bar.enable_steady_tick(Duration::from_millis(100));

    bar.set_message("People arrive");
    // One hash for all: two hundred would take most of a minute.
    let password_hash = site.accounts.hash_password(PASSWORD.parse()?).await?;
    let people = plan
        .people
        .into_iter()
        .map(|person| {
            Ok(NewAccount {
                id: person.id,
                email: format!("{}@tintype.example", person.username).parse()?,
                username: person.username.parse()?,
                password_hash: Some(password_hash.clone()),
                full_name: Some(person.full_name.parse()?),
                bio: Some(person.bio.parse()?),
                website: None,
                profile_picture_url: None,
                is_private: false,
                role: Role::User,
                created_at: person.id.made_at(),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    bar.inc(people.len() as u64);
    site.accounts.seed(people).await?;

    bar.set_message("They find each other");
    for follows in plan.follows.chunks(1000) {
        site.graph.seed(follows.to_vec()).await?;
        bar.inc(follows.len() as u64);
    }

    bar.set_message("They take pictures");
    let mut posts = plan.posts.into_iter().map(|post| SeedPost {
        id: post.id,
        author: post.author,
        caption: Some(post.caption),
        media: post.media_urls.into_iter().map(|url| PostMedia::elsewhere(url, MediaKind::Image)).collect(),
        location: post.location.map(str::to_owned),
    });
    loop {
        let chunk: Vec<SeedPost> = posts.by_ref().take(500).collect();
        if chunk.is_empty() {
            break;
        }
        bar.inc(chunk.len() as u64);
        site.posts.seed(chunk).await?;
    }

    bar.set_message("They look at them");
    for likes in plan.likes.chunks(1000) {
        site.posts.seed_likes(likes.to_vec()).await?;
        bar.inc(likes.len() as u64);
    }

    bar.set_message("They talk");
    let mut comments = plan.comments.into_iter().map(|comment| SeedComment {
        id: comment.id,
        post: comment.post,
        author: comment.author,
        content: comment.content,
    });
    loop {
        let chunk: Vec<SeedComment> = comments.by_ref().take(1000).collect();
        if chunk.is_empty() {
            break;
        }
        bar.inc(chunk.len() as u64);
        site.posts.seed_comments(chunk).await?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Removes a database that was not finished.
fn clear(database: &Path) -> Result<()> {
    for ending in ["", "-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("an unfinished demo cannot be removed");
            }
            _ => {}
        }
    }
    Ok(())
}

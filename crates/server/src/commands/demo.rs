//! `tintype demo`: a network to look around in.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tintype_accounts::account::NewAccount;
use tintype_api::accounts::Role;
use tintype_api::media::MediaRef;
use tintype_api::{Activity, Media, UserId};
use tintype_media::SeedPicture;
use tintype_platform::config::Config;
use tintype_platform::{Clock, clock::SystemClock};
use tintype_posts::{SeedComment, SeedPost};

use super::{Listen, serve};
use crate::demo::photograph::{Scene, draw};
use crate::demo::{PASSWORD, Photograph, Plan, PlannedPost, USERNAME};
use crate::wiring::{Running, Site};

/// In the data folder while the demo is being made: what is there then is not whole.
const MAKING: &str = "demo.making";

/// In the data folder once the demo is made.
const MADE: &str = "demo.made";

/// Posts whose pictures are made at once: enough that processors and disk are both busy.
const POSTS_AT_ONCE: usize = 12;

/// The side of a portrait as it is sent in: that of the largest that is kept.
const AVATAR: u32 = 320;

/// How good the JPEGs are, up to 100.
const QUALITY: u8 = 90;

/// How the demo is made and served.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    pub(super) listen: Listen,
    /// The longer side of its photographs, in pixels: small ones are made in no time
    #[arg(long, hide = true, default_value_t = 820, value_parser = clap::value_parser!(u32).range(16..=4096))]
    longer_side: u32,
}

impl Demo {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode> {
        Box::pin(demo(config, self.longer_side)).await
    }
}

async fn demo(config: &Config, longer_side: u32) -> Result<ExitCode> {
    let folder = config.make_data_dir()?.to_owned();
    let Some(database) = config.database_path() else {
        anyhow::bail!("the demo is made in a database of its own; leave out database.url");
    };
    if folder.join(MAKING).exists() {
        clear(&database)?;
        clear_pictures(&folder)?;
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
    let opened = serve::open(config).await?;
    if fresh {
        make(&opened.site, longer_side).await?;
    }
    let started = Box::pin(serve::start(config, opened)).await?;
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

async fn make(site: &Site, longer_side: u32) -> Result<()> {
    let plan = Plan::new(SystemClock.now());
    let pictures: usize = plan.posts.iter().map(|post| post.media.len()).sum();
    // A picture takes about as long as a hundred lines in the database.
    let steps = plan.people.len() * 10
        + plan.follows.len()
        + plan.posts.len()
        + pictures * 100
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
    let mut accounts = Vec::new();
    let mut portraits = Vec::new();
    for person in plan.people {
        accounts.push(NewAccount {
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
        });
        portraits.push((person.id, person.portrait));
    }
    site.accounts.seed(accounts).await?;

    bar.set_message("They sit for portraits");
    stream::iter(portraits)
        .map(|(person, portrait)| {
            let portrait = picture(person, portrait, longer_side.min(AVATAR));
            async { site.media.seed_avatar(portrait).await.inspect(|()| bar.inc(10)) }
        })
        .buffer_unordered(POSTS_AT_ONCE)
        .try_collect::<()>()
        .await?;

    bar.set_message("They find each other");
    for follows in plan.follows.chunks(1000) {
        site.graph.seed(follows.to_vec()).await?;
        bar.inc(follows.len() as u64);
    }

    bar.set_message("They take pictures");
    let posts: Vec<SeedPost> = stream::iter(plan.posts)
        .map(|post| photographed(site, post, longer_side, &bar))
        .buffered(POSTS_AT_ONCE)
        .try_collect()
        .await?;
    bar.set_message("They show them around");
    bar.inc(posts.len() as u64);
    site.posts.seed(posts).await?;

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

/// The post with its pictures, which are in the store then.
async fn photographed(
    site: &Site,
    post: PlannedPost,
    longer_side: u32,
    bar: &ProgressBar,
) -> Result<SeedPost> {
    let mut media = Vec::new();
    for photograph in post.media {
        media.push(MediaRef::Id(photograph.id));
        site.media.seed(picture(post.author, photograph, longer_side)).await?;
        bar.inc(100);
    }
    let uploads = site.media.attach(post.author, post.id, media).await?;
    Ok(SeedPost {
        id: post.id,
        author: post.author,
        caption: Some(post.caption),
        media: uploads.into_iter().flatten().map(Into::into).collect(),
        location: post.location.map(str::to_owned),
    })
}

fn picture(owner: UserId, photograph: Photograph, longer_side: u32) -> SeedPicture {
    let Photograph { id, scene, shape } = photograph;
    let side = |part: u32| (longer_side * part / shape.0.max(shape.1)).max(1);
    let (width, height) = (side(shape.0), side(shape.1));
    SeedPicture {
        id,
        owner,
        alt_text: Some(scene.alt_text(width, height)),
        jpeg: Box::new(move || jpeg(&scene, width, height)),
    }
}

fn jpeg(scene: &Scene, width: u32, height: u32) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let pixels = draw(scene, width, height);
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, QUALITY);
    // As cameras do it: half as much to write, and to read again.
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder
        .encode(&pixels, width as u16, height as u16, jpeg_encoder::ColorType::Rgb)
        .expect("there are as many pixels as are announced, and memory takes them");
    jpeg
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

/// Removes the pictures of a demo that was not finished.
fn clear_pictures(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder.join("media")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context("the pictures of an unfinished demo cannot be removed")
        }
        _ => Ok(()),
    }
}

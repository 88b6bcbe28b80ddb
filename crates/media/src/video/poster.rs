use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame is made smaller than this, and a JPEG of it is a megabyte at most.
const LARGEST: u64 = 8 << 20;

/// Pixels to a side of the frame; more than is ever shown.
const SIDE: u32 = 1920;

/// Each takes a processor and up to some hundred megabytes.
static TURNS: Semaphore = Semaphore::const_new(2);

static MISSING: Once = Once::new();

/// A frame of a film as JPEG, upright: the one after a tenth of its time or a second, whichever is
/// earlier. `ffmpeg` is the name or path of that program; it is run on the file alone, without
/// network or other files, and killed if it takes longer than ten seconds. `None` if it is missing
/// or finds nothing to show, because a film without a poster is a film still.
pub async fn poster(ffmpeg: &str, film: &Path) -> Option<Vec<u8>> {
    if ffmpeg.is_empty() {
        return None;
    }
    let path = film.to_owned();
    let facts =
        spawn_blocking(move || File::open(path).ok().and_then(|film| super::read(&film).ok()));
    let duration = facts.await.ok().flatten().and_then(|film| film.duration_ms);
    let moment = duration.map_or(0, |duration| (duration / 10).min(1000));
    let _turn = TURNS.acquire().await.ok()?;
    match frame(ffmpeg, film, moment).await {
        // Times may be wrong, and then there is nothing at that moment.
        None if moment > 0 => frame(ffmpeg, film, 0).await,
        found => found,
    }
}

async fn frame(ffmpeg: &str, film: &Path, moment: u64) -> Option<Vec<u8>> {
    let mut command = command(ffmpeg, film, moment);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            MISSING.call_once(|| explain(ffmpeg, &error));
            return None;
        }
    };
    let mut jpeg = Vec::new();
    let reading = async {
        let output = child.stdout.take()?;
        output.take(LARGEST + 1).read_to_end(&mut jpeg).await.ok()?;
        if jpeg.len() as u64 > LARGEST { None } else { child.wait().await.ok() }
    };
    let finished = tokio::time::timeout(PATIENCE, reading).await;
    if !matches!(finished, Ok(Some(_))) {
        tracing::info!(film = %film.display(), "no poster: ffmpeg took too long or wrote too much");
        // It may have ended by itself in the meantime.
        let _ = child.kill().await;
        return None;
    }
    // What is wrong with the rest of the film is of no interest if there is a frame.
    jpeg.starts_with(&[0xff, 0xd8, 0xff]).then_some(jpeg)
}

fn command(ffmpeg: &str, film: &Path, moment: u64) -> Command {
    let mut command = Command::new(ffmpeg);
    let path = std::env::var_os("PATH");
    command.env_clear().envs(path.map(|path| ("PATH", path)));
    command.args(["-nostdin", "-hide_banner", "-loglevel", "quiet", "-max_alloc", "536870912"]);
    // Only ever as a film in this container, so that no playlist can lead elsewhere.
    command.args(["-protocol_whitelist", "file", "-f", "mov", "-threads", "1"]);
    command.args([
        "-max_pixels",
        "50000000",
        "-ss",
        &format!("{}.{:03}", moment / 1000, moment % 1000),
    ]);
    let mut input = std::ffi::OsString::from("file:");
    input.push(film);
    command.arg("-i").arg(input);
    let scale = format!(
        "scale=iw*sar:ih,setsar=1,\
         scale=w='min({SIDE},iw)':h='min({SIDE},ih)':force_original_aspect_ratio=decrease"
    );
    command.args(["-map", "0:V:0", "-frames:v", "1", "-vf", &scale, "-map_metadata", "-1"]);
    command.args(["-threads", "1", "-c:v", "mjpeg", "-q:v", "3", "-f", "image2pipe", "pipe:1"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn explain(ffmpeg: &str, error: &io::Error) {
    tracing::warn!(
        ffmpeg,
        %error,
        "films get no posters, because ffmpeg cannot be run; install it, or set `media.ffmpeg` to \
         where it is"
    );
}

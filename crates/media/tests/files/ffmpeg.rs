//! Films as ffmpeg writes them, and posters of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tintype_media::Flaw;
use tintype_media::metadata;
use tintype_media::sniff::FileType;
use tintype_media::video::{self, Film};

use crate::{present, run};

#[test]
fn size_and_duration_are_what_was_asked_for() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    for (name, options, expected) in [
        ("plain.mp4", "", FileType::Mp4),
        ("first.mp4", "-movflags +faststart", FileType::Mp4),
        ("fragmented.mp4", "-movflags frag_keyframe+empty_moov", FileType::Mp4),
        ("modern.mp4", "-movflags frag_keyframe+empty_moov+default_base_moof -g 5", FileType::Mp4),
        ("browser.mp4", "-movflags cmaf -g 5", FileType::Mp4),
        ("plain.mov", "", FileType::Mov),
        ("wide.mp4", "-aspect 2:1", FileType::Mp4),
    ] {
        let file = film(&folder, name, options);
        assert_eq!(FileType::of(&fs::read(&file).unwrap()), Some(expected), "{name}");
        let width = if name == "wide.mp4" { 480 } else { 320 };
        let read = video::read(&File::open(&file).unwrap()).unwrap();
        let duration = read.duration_ms.unwrap();
        assert!((1990..=2110).contains(&duration), "{name}: {duration} ms");
        assert_eq!((read.width, read.height), (width, 240), "{name}");
        // Nothing that a reader needs has gone.
        let pixels = pixels(&file);
        let mut opened = File::options().read(true).write(true).open(&file).unwrap();
        metadata::strip_video(&mut opened).unwrap();
        assert_eq!(video::read(&opened).unwrap(), read, "{name}");
        assert_eq!(self::pixels(&file), pixels, "{name}");
    }
}

#[test]
fn sound_alone_is_no_film() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sound.mp4");
    let arguments = "-v error -f lavfi -i sine=duration=1 -c:a aac".split_whitespace();
    run("ffmpeg", arguments.map(AsRef::as_ref).chain([file.as_os_str()]));
    assert_eq!(video::read(&File::open(&file).unwrap()), Err(Flaw::NoFilm));
}

#[test]
fn a_film_that_is_cut_off_is_broken() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    for (name, options) in [("last.mp4", ""), ("first.mp4", "-movflags +faststart")] {
        let file = film(&folder, name, options);
        let whole = fs::metadata(&file).unwrap().len();
        for length in [0, 7, 20, 40, whole / 2, whole - 1] {
            let mut opened = File::options().read(true).write(true).open(&file).unwrap();
            opened.set_len(length).unwrap();
            assert_eq!(video::read(&opened), Err(Flaw::Broken), "{name} of {length} bytes");
            assert_eq!(metadata::strip_video(&mut opened), Err(Flaw::Broken));
            let _ = fs::remove_file(&file);
            film(&folder, name, options);
        }
    }
}

#[tokio::test]
async fn a_poster_is_a_frame_of_the_film() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    for name in ["film.mp4", "film.mov"] {
        let jpeg = video::poster("ffmpeg", &film(&folder, name, "")).await.unwrap();
        let poster = folder.path().join("poster.jpg");
        fs::write(&poster, jpeg).unwrap();
        let facts =
            "-v error -select_streams v -show_entries stream=codec_name,width,height -of csv=p=0";
        let facts = facts.split_whitespace().map(AsRef::as_ref).chain([poster.as_os_str()]);
        assert_eq!(run("ffprobe", facts), b"mjpeg,320,240\n");
    }
}

#[tokio::test]
async fn there_is_no_poster_of_what_is_no_film() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let whole = fs::read(film(&folder, "film.mp4", "-movflags +faststart")).unwrap();
    let file = folder.path().join("something.mp4");
    for bytes in [b"#EXTM3U\n#EXTINF:1,\nfilm.mp4\n".as_slice(), &whole[..2000], b""] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(video::poster("ffmpeg", &file).await, None);
    }
    assert_eq!(video::poster("ffmpeg", &folder.path().join("missing.mp4")).await, None);
}

#[tokio::test]
async fn without_ffmpeg_there_is_no_poster() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("no-such-program");
    assert_eq!(video::poster(missing.to_str().unwrap(), Path::new("film.mp4")).await, None);
    assert_eq!(video::poster("", Path::new("film.mp4")).await, None);
}

#[test]
fn a_film_says_how_it_is_shown() {
    if !present(&["ffmpeg"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = film(&folder, "film.mp4", "");
    let mut bytes = fs::read(&file).unwrap();
    // A quarter of a turn, as a telephone that is held upright writes it.
    let header = bytes.windows(4).position(|name| name == b"tkhd").unwrap();
    let matrix = [0, 0x0001_0000, 0, -0x0001_0000_i32, 0, 0, 240 << 16, 0, 0x4000_0000];
    for (index, number) in matrix.iter().enumerate() {
        let at = header + 44 + 4 * index;
        bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    fs::write(&file, bytes).unwrap();
    let Film { width, height, .. } = video::read(&File::open(&file).unwrap()).unwrap();
    assert_eq!((width, height), (240, 320));
}

/// Two seconds of a test pattern with a sound.
fn film(folder: &TempDir, name: &str, options: &str) -> PathBuf {
    let file = folder.path().join(name);
    let arguments = "-v error -f lavfi -i testsrc=size=320x240:rate=10:duration=2 \
                     -f lavfi -i sine=duration=2 -c:v libx264 -pix_fmt yuv420p -c:a aac";
    let arguments = arguments.split_whitespace().chain(options.split_whitespace());
    run("ffmpeg", arguments.map(AsRef::as_ref).chain([file.as_os_str()]));
    file
}

fn pixels(file: &Path) -> Vec<u8> {
    let before = ["-v", "error", "-i"].map(AsRef::as_ref);
    let after = ["-f", "framemd5", "-"].map(AsRef::as_ref);
    run("ffmpeg", before.into_iter().chain([file.as_os_str()]).chain(after))
}

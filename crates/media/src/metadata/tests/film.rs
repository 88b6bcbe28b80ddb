use super::*;
use crate::video;
use crate::video::fixture::{Track, boxed, bytes, file, mvhd, numbers};

const SOUND: &[u8] = b"sound";
const FRAMES: &[u8] = b"frames";
const PLACES: &[u8] = b"N 52.1E 13.4";

/// A film with everything in it that somebody may not want to tell.
struct Film {
    bytes: Vec<u8>,
    /// Where in it the frames start, which the places follow.
    frames: usize,
}

fn film() -> Film {
    let xmp = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac<x:xmpmeta/>";
    let start = [
        boxed(b"ftyp", &[b"qt  \0\0\x02\0qt  "]),
        boxed(b"free", &[b"what was here before"]),
        boxed(b"uuid", &[xmp]),
    ]
    .concat();
    let frames = start.len() + 8;
    let places = (frames + FRAMES.len()) as u32;
    let user = boxed(b"udta", &[&boxed(b"\xa9xyz", &[b"\0\x0b\x15\xc7+52.1+013.4/"]), &[0; 4]]);
    let picture = Track { more: user.clone(), ..Track::pictures() };
    let sound = Track {
        id: 2,
        handler: b"soun",
        entry: boxed(b"mp4a", &[&[0; 12], b"appl", &[0; 12], &boxed(b"esds", &[SOUND])]),
        ..Track::pictures()
    };
    let gps = Track {
        id: 3,
        handler: b"meta",
        entry: boxed(b"gpmd", &[&[0; 8]]),
        // The last one lies: it is where the index is.
        pieces: &[places, places + 6, 4_000_000, 0],
        sample: 6,
        ..Track::pictures()
    };
    let subtitles = Track { id: 4, handler: b"sbtl", entry: Vec::new(), ..Track::pictures() };
    let keys = boxed(b"meta", &[b"mdtacom.apple.quicktime.location.ISO6709"]);
    let bytes = [
        start,
        boxed(b"mdat", &[FRAMES, PLACES]),
        boxed(
            b"moov",
            &[
                &mvhd(2000),
                &boxed(b"iods", &[&[0; 12]]),
                &picture.boxed(),
                &sound.boxed(),
                &gps.boxed(),
                &subtitles.boxed(),
                &keys,
                &user,
                &boxed(b"ctab", &[b"colours"]),
            ],
        ),
        boxed(
            b"moof",
            &[&boxed(
                b"traf",
                &[&boxed(b"tfhd", &[&numbers(&[0, 3])]), &boxed(b"trun", &[&numbers(&[1, 1, 99])])],
            )],
        ),
        boxed(b"moov", &[b"another index of somebody's"]),
        boxed(b"skip", &[b"and what was skipped"]),
    ]
    .concat();
    Film { bytes, frames }
}

#[test]
fn only_what_is_seen_and_heard_stays() {
    let film = film();
    let mut file =
        file(&[film.bytes.as_slice(), b"\xff\xff\xff\xffPK\x03\x04 an archive"].concat());
    let before = video::read(&file).unwrap();
    let receipt = strip_video(&mut file).unwrap();
    assert_eq!(
        receipt.removed,
        [
            "application_data",
            "creation_time",
            "embedded_image",
            "location",
            "maker",
            "subtitles",
            "timed_metadata",
            "trailing_data",
            "user_data",
            "xmp",
        ]
    );
    assert_eq!(receipt.kept, Vec::<&str>::new());
    assert_eq!(video::read(&file).unwrap(), before);

    let stripped = bytes(&mut file);
    assert_eq!(stripped.len(), film.bytes.len());
    let places = film.frames + FRAMES.len();
    assert_eq!(&stripped[film.frames..places], FRAMES);
    assert_eq!(&stripped[places..places + PLACES.len()], [0; PLACES.len()]);
    for secret in [
        b"cam".as_slice(),
        b"appl",
        b"+52",
        b"location",
        b"xmpmeta",
        b"somebody",
        b"what was",
        b"gpmd",
        b"colours",
        b"\xe1\xa2\xb3\xc4",
    ] {
        let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
        assert!(has(&film.bytes), "{}", secret.escape_ascii());
        assert!(!has(&stripped), "{} is left", secret.escape_ascii());
    }
    // Every byte is as it was, or zero, or in the name of free space.
    for (at, (before, after)) in film.bytes.iter().zip(&stripped).enumerate() {
        let name = (at.saturating_sub(3)..=at).any(|at| stripped[at..].starts_with(b"free"));
        assert!(after == before || *after == 0 || name, "at {at}");
    }
    assert_eq!(strip_video(&mut file).unwrap(), Receipt::default());
    assert_eq!(bytes(&mut file), stripped);
}

#[test]
fn damage_does_no_harm() {
    let film = film();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut stripped = 0;
    for _ in 0..2000 {
        let mut damaged = film.bytes.clone();
        random.damage(&mut damaged);
        let mut file = file(&damaged);
        let facts = video::read(&file);
        if strip_video(&mut file).is_ok() {
            stripped += 1;
            assert!(facts.is_err() || video::read(&file).is_ok());
            assert_eq!(strip_video(&mut file).unwrap(), Receipt::default());
        }
    }
    assert!(stripped > 100, "{stripped}");
}

#[test]
fn samples_that_overlap_are_refused() {
    let start = boxed(b"ftyp", &[b"isom\0\0\0\0"]);
    let at = start.len() as u32 + 8;
    let pieces = vec![at; 1000];
    let track = Track { handler: b"meta", pieces: &pieces, sample: 60, ..Track::pictures() };
    let moov = boxed(b"moov", &[&mvhd(1), &track.boxed()]);
    let mut file = file(&[start, boxed(b"mdat", &[&[1; 60]]), moov].concat());
    assert_eq!(strip_video(&mut file), Err(Flaw::Broken));
}

#[test]
fn samples_are_found_piece_by_piece() {
    // Two samples in each of the first two pieces, then one; of 1, 2, 3, … bytes.
    let table = boxed(
        b"stbl",
        &[
            &boxed(b"stsc", &[&numbers(&[0, 2, 1, 2, 1, 3, 1, 1])]),
            &boxed(b"stsz", &[&numbers(&[0, 0, 5, 1, 2, 3, 4, 5])]),
            &boxed(b"co64", &[&numbers(&[0, 3, 0, 24, 0, 32, 0, 48])]),
        ],
    );
    let hdlr = boxed(b"hdlr", &[&[0; 8], b"camm", &[0; 13]]);
    let track = boxed(b"trak", &[&boxed(b"mdia", &[&hdlr, &boxed(b"minf", &[&table])])]);
    let frames = boxed(b"mdat", &[&[1; 56]]);
    let mut file =
        file(&[boxed(b"wide", &[]), frames, boxed(b"moov", &[&mvhd(1), &track])].concat());
    assert_eq!(strip_video(&mut file).unwrap().removed, ["creation_time", "timed_metadata"]);
    let zeros = bytes(&mut file)[16..72]
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == 0)
        .map(|(at, _)| at + 16)
        .collect::<Vec<_>>();
    assert_eq!(zeros, [24, 25, 26, 32, 33, 34, 35, 36, 37, 38, 48, 49, 50, 51, 52]);
}

#[test]
fn pictures_are_not_films() {
    for file_type in [FileType::Mp4, FileType::Mov] {
        assert_eq!(strip(&film().bytes, file_type), Err(Flaw::Broken));
    }
    assert_eq!(strip_video(&mut file(b"")), Err(Flaw::Broken));
    assert_eq!(strip_video(&mut file(b"\xff\xd8\xff\xe0\0\x10JFIF")), Err(Flaw::Broken));
}

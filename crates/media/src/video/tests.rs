use super::fixture::{TURNED, Track, boxed, file, mvhd, numbers};
use super::*;

#[test]
fn a_film_says_its_size_and_duration() {
    let film = film(&[&mvhd(2500), &Track::pictures().boxed()]);
    assert_eq!(film, Ok(Film { width: 640, height: 480, duration_ms: Some(2500) }));
}

#[test]
fn a_film_that_was_turned_is_upright() {
    let turned = Track { matrix: TURNED, ..Track::pictures() };
    let film = film(&[&mvhd(2500), &turned.boxed()]).unwrap();
    assert_eq!((film.width, film.height), (480, 640));
}

#[test]
fn a_track_without_a_size_is_as_large_as_its_pictures() {
    let track = Track { size: (0, 0), matrix: TURNED, ..Track::pictures() };
    let film = film(&[&mvhd(2500), &track.boxed()]).unwrap();
    assert_eq!((film.width, film.height), (480, 640));
}

#[test]
fn the_first_track_of_pictures_counts() {
    let sound = Track { handler: b"soun", ..Track::pictures() };
    let small = Track { size: (320, 200), ..Track::pictures() };
    let film =
        film(&[&mvhd(1), &sound.boxed(), &small.boxed(), &Track::pictures().boxed()]).unwrap();
    assert_eq!((film.width, film.height), (320, 200));
}

#[test]
fn what_has_no_pictures_is_no_film() {
    let sound = Track { handler: b"soun", ..Track::pictures() };
    assert_eq!(film(&[&mvhd(1), &sound.boxed()]), Err(Flaw::NoFilm));
    assert_eq!(film(&[&mvhd(1)]), Err(Flaw::NoFilm));
    let nothing = Track { size: (0, 0), entry: Vec::new(), ..Track::pictures() };
    assert_eq!(film(&[&mvhd(1), &nothing.boxed()]), Err(Flaw::NoFilm));
}

#[test]
fn fragments_say_how_long_a_film_is() {
    let usual = boxed(b"trex", &[&numbers(&[0, 1, 1, 100, 0, 0])]);
    let told = boxed(b"mehd", &[&numbers(&[0, 7000])]);
    let moov = |more: &[&[u8]]| {
        let mvex = boxed(b"mvex", more);
        boxed(b"moov", &[&mvhd(0), &Track::pictures().boxed(), &mvex])
    };
    let fragment = |track: u32, start: u32, run: &[u32]| {
        let tfhd = boxed(b"tfhd", &[&numbers(&[0x2_0000, track])]);
        let tfdt = boxed(b"tfdt", &[&numbers(&[0, start])]);
        let trun = boxed(b"trun", &[&numbers(run)]);
        boxed(b"moof", &[&boxed(b"traf", &[&tfhd, &tfdt, &trun])])
    };
    // Ten frames of the usual duration, then two of 150 and 250 units; 500 units are a second.
    let first = fragment(1, 5000, &[0, 10]);
    let last = fragment(1, 6000, &[0x301, 2, 0, 150, 9, 250, 9]);
    let other = fragment(2, 6000, &[0, 10_000]);
    let duration = |parts: &[&[u8]]| read(&file(&parts.concat())).unwrap().duration_ms;
    assert_eq!(duration(&[&moov(&[&usual, &told]), &first]), Some(7000));
    assert_eq!(duration(&[&moov(&[&usual]), &first, &last, &other]), Some(2800));
    assert_eq!(duration(&[&moov(&[&usual])]), None);
    let endless = fragment(1, 0, &[0, u32::MAX]);
    let forever = fragment(1, u32::MAX, &[0, u32::MAX]);
    assert!(duration(&[&moov(&[&usual]), &endless, &forever]).is_some());
}

#[test]
fn lengths_that_make_no_sense_are_refused() {
    let moov = boxed(b"moov", &[&mvhd(1), &Track::pictures().boxed()]);
    let whole = read(&file(&moov)).unwrap();
    // To the end, and in 64 bits.
    let content = &moov[8..];
    let end = [b"\0\0\0\0moov", content].concat();
    assert_eq!(read(&file(&end)), Ok(whole));
    let length = (16 + content.len() as u64).to_be_bytes();
    let long = [b"\0\0\0\x01moov".as_slice(), &length, content].concat();
    assert_eq!(read(&file(&long)), Ok(whole));
    for length in [0, 1, 15, 17 + content.len() as u64, u64::MAX] {
        let long = [b"\0\0\0\x01moov".as_slice(), &length.to_be_bytes(), content].concat();
        assert_ne!(read(&file(&long)), Ok(whole), "{length}");
    }
    // Every length in it, made to be everything that could hurt.
    for at in 0..moov.len() - 4 {
        for length in [0_u32, 1, 7, 9, u32::MAX] {
            let mut moov = moov.clone();
            moov[at..at + 4].copy_from_slice(&length.to_be_bytes());
            let _ = read(&file(&moov));
        }
    }
}

#[test]
fn many_and_deep_boxes_cost_little() {
    // Boxes in boxes, each of the kind that is looked into.
    let mut deep = Vec::new();
    for _ in 0..2000 {
        deep = boxed(b"trak", &[&deep]);
    }
    assert_eq!(film(&[&mvhd(1), &deep]), Err(Flaw::NoFilm));
    let many = boxed(b"free", &[]).repeat(200_000);
    assert_eq!(read(&file(&many)), Err(Flaw::Broken));
    let tracks = Track { handler: b"soun", ..Track::pictures() }.boxed().repeat(5000);
    assert_eq!(film(&[&mvhd(1), &tracks]), Err(Flaw::NoFilm));
}

fn film(index: &[&[u8]]) -> Result<Film, Flaw> {
    read(&file(&[boxed(b"ftyp", &[b"isom\0\0\0\0isom"]), boxed(b"moov", index)].concat()))
}

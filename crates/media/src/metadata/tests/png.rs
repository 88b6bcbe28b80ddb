use flate2::Crc;

use super::*;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn only_what_is_seen_stays() {
    let before = [
        chunk(b"IHDR", &[0; 13]),
        chunk(b"acTL", &[0; 8]),
        chunk(b"gAMA", &[0, 0, 0xb1, 0x8f]),
        chunk(b"iCCP", b"profile\0\0zz"),
        chunk(b"PLTE", &[1, 2, 3]),
        chunk(b"tRNS", &[0]),
        chunk(b"pHYs", &[0; 9]),
    ]
    .concat();
    let words = [
        chunk(b"tEXt", b"Author\0Somebody"),
        chunk(b"zTXt", b"Raw profile type iptc\0\0zz"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
        chunk(b"tIME", &[7, 0xe8, 1, 1, 1, 1, 1]),
        chunk(b"caBX", b"jumb"),
        chunk(b"sRGB", b"far too long to be a number"),
        chunk(b"prVt", b"a program's own"),
    ]
    .concat();
    let pixels =
        [chunk(b"fcTL", &[0; 26]), chunk(b"IDAT", b"one"), chunk(b"IDAT", b"two")].concat();
    let after = [chunk(b"fcTL", &[0; 26]), chunk(b"fdAT", b"\0\0\0\x02more")].concat();
    let end = chunk(b"IEND", b"");
    let whole = [
        SIGNATURE,
        &before,
        &words,
        &chunk(b"eXIf", &exif(8, false)),
        &pixels,
        &chunk(b"tEXt", b"Comment\0after"),
        &after,
        &end,
        b"what a cropped picture once was",
    ]
    .concat();
    let (stripped, receipt) = strip(&whole, FileType::Png).unwrap();
    let expected =
        [SIGNATURE, &before, &chunk(b"eXIf", &turned(8)), &pixels, &after, &end].concat();
    assert_eq!(stripped.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(
        receipt.removed,
        [
            "application_data",
            "comment",
            "content_credentials",
            "creation_time",
            "exif",
            "gps",
            "iptc",
            "maker_note",
            "thumbnail",
            "trailing_data",
            "xmp",
        ]
    );
    assert_eq!(receipt.kept, ["animation", "icc_profile", "orientation"]);
    bears_everything(&whole, FileType::Png);
}

#[test]
fn of_two_orientations_the_first_counts() {
    for (first, kept) in [(1, false), (3, true)] {
        let [one, two] = [exif(first, true), exif(6, true)].map(|block| chunk(b"eXIf", &block));
        let (stripped, _) = strip(&picture(&[one, two].concat()), FileType::Png).unwrap();
        let kept = if kept { chunk(b"eXIf", &turned(3)) } else { Vec::new() };
        assert_eq!(stripped, picture(&kept));
    }
}

#[test]
fn chunks_that_make_no_sense_are_refused() {
    let header = chunk(b"IHDR", &[0; 13]);
    let pixels = chunk(b"IDAT", b"one");
    let end = chunk(b"IEND", b"");
    let mut wrong = pixels.clone();
    wrong[9] ^= 1;
    for chunks in [
        [&header, &end].as_slice(),
        &[&pixels, &end],
        &[&header, &header, &pixels, &end],
        &[&header, &wrong, &end],
        &[&header, &pixels, &chunk(b"tEXt", b"a\0b"), &pixels, &end],
        &[&header, &chunk(b"PLTE", &[0; 769]), &pixels, &end],
        // What Apple's tools make; no browser shows it.
        &[&chunk(b"CgBI", &[0; 4]), &header, &pixels, &end],
        &[&header, &chunk(b"CgBI", &[0; 4]), &pixels, &end],
        &[&header, &pixels, &chunk(b"IEND", b"x")],
        &[&header, &pixels],
        &[],
    ] {
        let whole = chunks
            .iter()
            .fold(SIGNATURE.to_vec(), |whole, chunk| [&whole, *chunk].map(Vec::as_slice).concat());
        assert_eq!(strip(&whole, FileType::Png), Err(Flaw::Broken), "{}", whole.escape_ascii());
    }
    let endless = [SIGNATURE, b"\xff\xff\xff\xffIHDR"].concat();
    assert_eq!(strip(&endless, FileType::Png), Err(Flaw::Broken));
}

fn picture(more: &[u8]) -> Vec<u8> {
    let (header, pixels) = (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", b"pixels"));
    [SIGNATURE, &header, more, &pixels, &chunk(b"IEND", b"")].concat()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), data].concat();
    let mut crc = Crc::new();
    crc.update(&named);
    [&(data.len() as u32).to_be_bytes(), named.as_slice(), &crc.sum().to_be_bytes()].concat()
}

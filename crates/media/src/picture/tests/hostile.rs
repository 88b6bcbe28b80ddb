//! Files that are broken, or made to do harm.

use std::sync::LazyLock;

use ::gif::Frame;
use proptest::prelude::*;

use super::*;

fn refusal(bytes: &[u8], file_type: FileType) -> Flaw {
    develop(bytes, file_type, &SIZES, Limits::default()).unwrap_err()
}

/// A small picture in every type, and a large photograph, which is decoded in another way.
///
/// They are made once: drawing takes longer than reading.
static SAMPLES: LazyLock<Vec<(Vec<u8>, FileType)>> = LazyLock::new(|| {
    let original = scene(200, 150);
    let mut gif = Vec::new();
    let mut encoder = ::gif::Encoder::new(&mut gif, 200, 150, &[]).unwrap();
    encoder.write_frame(&Frame::from_rgb(200, 150, &original)).unwrap();
    drop(encoder);
    let progressive = jpeg(&original, |encoder| encoder.set_progressive(true));
    let frame = kinds::frame(0, 0, 200, 150, &include_bytes!("lossy-alpha.webp")[30..]);
    let moving = kinds::moving(220, 160, &[frame.clone(), frame]);
    vec![
        (photograph(200, 150), FileType::Jpeg),
        (progressive, FileType::Jpeg),
        (photograph(2200, 400), FileType::Jpeg),
        (written(&original, ImageFormat::Png), FileType::Png),
        (gif, FileType::Gif),
        (written(&original, ImageFormat::WebP), FileType::Webp),
        (include_bytes!("lossy.webp").to_vec(), FileType::Webp),
        (include_bytes!("lossy-alpha.webp").to_vec(), FileType::Webp),
        (moving, FileType::Webp),
    ]
});

#[test]
fn what_is_cut_short_is_refused() {
    for (index, &(ref bytes, file_type)) in SAMPLES.iter().enumerate() {
        developed(bytes, file_type);
        let cuts = (0..16).map(|part| bytes.len() * part / 16).chain([bytes.len() - 1]);
        for length in cuts {
            // What ends in padding lacks nothing without it.
            if file_type == FileType::Webp && length == bytes.len() - 1 {
                continue;
            }
            let flaw = refusal(&bytes[..length], file_type);
            assert_eq!(flaw, Flaw::Broken, "{index} {file_type:?} at {length} of {}", bytes.len());
        }
    }
}

#[test]
fn what_is_something_else_is_refused() {
    let others: [&[u8]; 5] = [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!DOCTYPE html><html>",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        &[0; 1000],
    ];
    let types = [
        FileType::Jpeg,
        FileType::Png,
        FileType::Gif,
        FileType::Webp,
        FileType::Mp4,
        FileType::Mov,
    ];
    for file_type in types {
        for bytes in others {
            assert_eq!(refusal(bytes, file_type), Flaw::Broken, "{file_type:?}");
        }
        for &(ref bytes, own) in SAMPLES.iter() {
            if own != file_type {
                assert_eq!(refusal(bytes, file_type), Flaw::Broken, "{own:?} as {file_type:?}");
            }
        }
    }
}

#[test]
fn what_follows_a_picture_is_ignored() {
    for &(ref bytes, file_type) in SAMPLES.iter() {
        let script = b"<script>alert(1)</script>";
        let both = [bytes.as_slice(), script].concat();
        for rendition in developed(&both, file_type).renditions {
            assert!(!rendition.jpeg.windows(script.len()).any(|part| part == script));
        }
    }
}

/// Each claims more pixels than are accepted and has next to no data: memory for them would be
/// asked for before that is found out.
#[test]
fn huge_pictures_are_refused_by_their_header() {
    let mut photograph = photograph(64, 64);
    let frame = photograph.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    photograph[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    let png = png(&[ihdr(60_000, 60_000, 16, 6, 0), chunk(b"IDAT", &packed(&[0; 100]))]);
    let wide = png_of(i32::MAX as u32, 1);
    let gif = [b"GIF89a".as_slice(), &[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x3B]].concat();
    let lossless = webp(&[part(b"VP8L", &[0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0])]);
    let canvas = part(b"VP8X", &[0, 0, 0, 0, 0xFF, 0xFF, 0, 0xFE, 0xFF, 0]);
    let pixel = part(b"VP8L", &[0x2F, 0, 0, 0, 0, 0, 0]);
    let files = [
        (photograph, FileType::Jpeg, (65_535, 65_535)),
        (png, FileType::Png, (60_000, 60_000)),
        (wide, FileType::Png, (i32::MAX as u32, 1)),
        (gif, FileType::Gif, (65_535, 65_535)),
        (lossless, FileType::Webp, (16_384, 16_384)),
        (webp(&[canvas, pixel]), FileType::Webp, (65_536, 65_535)),
    ];
    for (bytes, file_type, (width, height)) in files {
        let expected = Flaw::TooManyPixels { width, height, limit: 50_000_000 };
        assert_eq!(refusal(&bytes, file_type), expected);
    }
}

/// Each frame is small and the canvas too, but there are very many.
#[test]
fn all_frames_together_are_bounded() {
    let side = |side: u16| u32::from(side - 1).to_le_bytes();
    let (wide, high) = (side(1000), side(500));
    let canvas = part(b"VP8X", &[&[2, 0, 0, 0], &wide[..3], &high[..3]].concat());
    let sides = 999_u32 + (499 << 14);
    let still = part(b"VP8L", &[&[0x2F], &sides.to_le_bytes()[..], &[0; 16]].concat());
    let place = [&[0; 6], &wide[..3], &high[..3], &[100, 0, 0, 0]].concat();
    let frame = part(b"ANMF", &[place, still].concat());
    let animation = |frames| webp(&[canvas.clone(), part(b"ANIM", &[0; 6]), frame.repeat(frames)]);
    assert_eq!(refusal(&animation(101), FileType::Webp), Flaw::TooManyFrames { limit: 50_000_000 });
    let within = develop(&animation(100), FileType::Webp, &SIZES, Limits::default());
    assert!(!matches!(within, Err(Flaw::TooManyFrames { .. })));
}

/// A file within a file: its header is not the one that was looked at.
#[test]
fn a_frame_with_a_canvas_of_its_own_is_refused() {
    let canvas = |flags, side: u8, high: u8| {
        part(b"VP8X", &[flags, 0, 0, 0, side, high, high, side, high, high])
    };
    let place = [0, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0, 100, 0, 0, 0];
    let frame = |chunks: &[Vec<u8>]| part(b"ANMF", &[&place, chunks.concat().as_slice()].concat());
    let pixel = part(b"VP8L", &[0x2F, 0, 0, 0, 0, 0, 0]);
    let anim = part(b"ANIM", &[0; 6]);
    let huge = frame(&[canvas(0, 0xFF, 0xFF), pixel.clone()]);
    let moving = frame(&[canvas(2, 9, 0), anim.clone(), frame(&[pixel])]);
    for within in [huge, moving] {
        let bytes = webp(&[canvas(2, 9, 0), anim.clone(), within]);
        assert_eq!(refusal(&bytes, FileType::Webp), Flaw::Broken);
    }
}

/// A frame that is not what its header says, or lies outside the canvas.
#[test]
fn a_frame_where_it_cannot_be_is_refused() {
    let canvas = part(b"VP8X", &[2, 0, 0, 0, 19, 0, 0, 19, 0, 0]);
    let mut still = Vec::new();
    image_webp::WebPEncoder::new(&mut still)
        .encode(&[9; 10 * 10 * 3], 10, 10, image_webp::ColorType::Rgb8)
        .unwrap();
    let animation = |left: u8, top: u8, width: u8, height: u8| {
        let place = [left, 0, 0, top, 0, 0, width - 1, 0, 0, height - 1, 0, 0, 100, 0, 0, 0];
        let frame = part(b"ANMF", &[&place, &still[12..]].concat());
        webp(&[canvas.clone(), part(b"ANIM", &[0; 6]), frame])
    };
    developed(&animation(5, 5, 10, 10), FileType::Webp);
    for (left, top, width, height) in
        [(6, 5, 10, 10), (5, 6, 10, 10), (255, 255, 10, 10), (0, 0, 9, 10), (0, 0, 10, 11)]
    {
        let bytes = animation(left, top, width, height);
        assert_eq!(refusal(&bytes, FileType::Webp), Flaw::Broken, "{left} {top} {width} {height}");
    }
}

fn png_of(width: u32, height: u32) -> Vec<u8> {
    png(&[ihdr(width, height, 8, 2, 0), chunk(b"IDAT", &packed(&[0; 100]))])
}

/// What is inside claims more than the canvas.
#[test]
fn a_small_canvas_hides_no_huge_picture() {
    let frame =
        [0x2C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0x3B];
    let gif = [b"GIF89a".as_slice(), &[10, 0, 10, 0, 0, 0, 0], &frame].concat();
    let canvas = |flags| part(b"VP8X", &[flags, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
    let huge = part(b"VP8 ", &[0, 0, 0, 0x9D, 1, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F]);
    let head = [0, 0, 0, 0, 0, 0, 9, 0, 0, 9, 0, 0, 100, 0, 0, 0];
    let frame = part(b"ANMF", &[head.as_slice(), &huge].concat());
    let files = [
        (gif, FileType::Gif, 65_535),
        (webp(&[canvas(0), huge]), FileType::Webp, 16_383),
        (webp(&[canvas(2), part(b"ANIM", &[0; 6]), frame]), FileType::Webp, 16_383),
    ];
    for (bytes, file_type, side) in files {
        let expected = Flaw::TooManyPixels { width: side, height: side, limit: 50_000_000 };
        assert_eq!(refusal(&bytes, file_type), expected);
    }
}

#[test]
fn the_bound_is_exact() {
    let bytes = photograph(100, 50);
    let with = |pixels| develop(&bytes, FileType::Jpeg, &SIZES, Limits { pixels });
    assert!(with(5000).is_ok());
    let flaw = Flaw::TooManyPixels { width: 100, height: 50, limit: 4999 };
    assert_eq!(with(4999).unwrap_err(), flaw);
}

#[test]
fn no_pixels_at_all_are_no_picture() {
    assert_eq!(refusal(&png_of(0, 5), FileType::Png), Flaw::Broken);
    let gif = [b"GIF89a".as_slice(), &[0, 0, 5, 0, 0, 0, 0, 0x3B]].concat();
    assert_eq!(refusal(&gif, FileType::Gif), Flaw::Broken);
    // A height that only the end of the data would tell.
    let mut photograph = photograph(64, 64);
    let frame = photograph.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    photograph[frame + 5..frame + 7].fill(0);
    assert_eq!(refusal(&photograph, FileType::Jpeg), Flaw::Broken);
}

/// Thirty megabytes in thirty kilobytes, where a PNG has room for them: in the profile, in
/// texts, and after the last row.
#[test]
fn what_unpacks_to_too_much_is_not_unpacked() {
    let bomb = packed(&vec![0; 32 << 20]);
    let row = [0, 10, 20, 30];
    let pixel = chunk(b"IDAT", &packed(&row));
    let profile = chunk(b"iCCP", &[b"bomb\0\0".as_slice(), &bomb].concat());
    let text = chunk(b"zTXt", &[b"bomb\0\0".as_slice(), &bomb].concat());
    let mut rest = row.to_vec();
    rest.resize(32 << 20, 0);
    let files = [
        png(&[ihdr(1, 1, 8, 2, 0), profile, pixel.clone()]),
        png(&[ihdr(1, 1, 8, 2, 0), text.clone(), pixel, text]),
        png(&[ihdr(1, 1, 8, 2, 0), chunk(b"IDAT", &packed(&rest))]),
    ];
    for bytes in files {
        let picture = developed(&bytes, FileType::Png);
        assert!(is_near(colour(&picture), [10, 20, 30]));
        assert!(picture.renditions[0].jpeg.len() < 1000);
    }
}

/// Each scan goes over all pixels, however short it is.
#[test]
fn a_photograph_of_very_many_scans_is_refused() {
    let bytes = jpeg(&scene(64, 64), |encoder| encoder.set_progressive(true));
    let last = bytes.windows(2).rposition(|marker| marker == [0xFF, 0xDA]).unwrap();
    let end = bytes.len() - 2;
    let many = |count| [&bytes[..last], &bytes[last..end].repeat(count), &bytes[end..]].concat();
    assert!(develop(&many(3), FileType::Jpeg, &SIZES, Limits::default()).is_ok());
    assert_eq!(refusal(&many(200), FileType::Jpeg), Flaw::Broken);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Damage anywhere behind a good beginning.
    #[test]
    fn damage_is_refused_or_shown(
        sample in 0_usize..9,
        from in 0.0..1.0_f64,
        damage in proptest::collection::vec(any::<u8>(), 1..64),
    ) {
        let (mut bytes, file_type) = SAMPLES[sample].clone();
        let from = (bytes.len() as f64 * from) as usize;
        for (byte, damage) in bytes[from..].iter_mut().zip(damage) {
            *byte = damage;
        }
        let limits = Limits { pixels: 1_000_000 };
        match develop(&bytes, file_type, &SIZES, limits) {
            Ok(picture) => {
                prop_assert!(u64::from(picture.width) * u64::from(picture.height) <= 1_000_000);
                for rendition in picture.renditions {
                    let print = read(&rendition.jpeg);
                    prop_assert_eq!(print.dimensions(), (rendition.width, rendition.height));
                }
            }
            Err(Flaw::Broken | Flaw::TooManyPixels { .. }) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    /// Ours is not behind the net that is spread for the decoders of others.
    #[test]
    fn our_own_decoder_does_not_panic(
        from in 0.0..1.0_f64,
        damage in proptest::collection::vec(any::<u8>(), 1..64),
        shrink in 1_u32..4,
    ) {
        let (mut bytes, _) = SAMPLES[0].clone();
        let from = (bytes.len() as f64 * from) as usize;
        for (byte, damage) in bytes[from..].iter_mut().zip(damage) {
            *byte = damage;
        }
        super::super::jpeg::scaled::read(&bytes, 1 << shrink);
    }
}

//! How large renditions are, and what is in them.

use super::*;

/// The sizes of all renditions.
fn sides(width: u32, height: u32, sizes: &[Size]) -> Vec<(u32, u32)> {
    // One colour: these are about sides alone, and some are large.
    let plain = RgbImage::from_pixel(width, height, image::Rgb([90, 120, 150]));
    let bytes = written(&plain, ImageFormat::Png);
    let picture = develop(&bytes, FileType::Png, sizes, Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height), (width, height));
    for (rendition, size) in picture.renditions.iter().zip(sizes) {
        assert_eq!(rendition.name, size.name);
        assert_eq!(read(&rendition.jpeg).dimensions(), (rendition.width, rendition.height));
    }
    picture.renditions.iter().map(|rendition| (rendition.width, rendition.height)).collect()
}

#[test]
fn pictures_keep_their_form_and_are_never_enlarged() {
    let cases = [
        ((1200, 900), [(150, 150), (320, 240), (640, 480), (1080, 810)]),
        ((900, 1200), [(150, 150), (240, 320), (480, 640), (810, 1080)]),
        ((1080, 1080), [(150, 150), (320, 320), (640, 640), (1080, 1080)]),
        ((500, 400), [(150, 150), (320, 256), (500, 400), (500, 400)]),
        ((149, 151), [(149, 149), (149, 151), (149, 151), (149, 151)]),
        ((300, 20), [(20, 20), (300, 20), (300, 20), (300, 20)]),
        ((1, 1), [(1, 1); 4]),
        ((1, 10_000), [(1, 1), (1, 320), (1, 640), (1, 1080)]),
        ((10_000, 2), [(2, 2), (320, 1), (640, 1), (1080, 1)]),
        ((2160, 1), [(1, 1), (320, 1), (640, 1), (1080, 1)]),
    ];
    for ((width, height), expected) in cases {
        assert_eq!(sides(width, height, &SIZES), expected, "{width} × {height}");
    }
}

#[test]
fn avatars_are_squares() {
    assert_eq!(sides(1200, 900, &AVATARS), [(50, 50), (150, 150), (320, 320)]);
    assert_eq!(sides(200, 400, &AVATARS), [(50, 50), (150, 150), (200, 200)]);
    assert_eq!(sides(30, 40, &AVATARS), [(30, 30); 3]);
    assert_eq!(sides(1, 1, &AVATARS), [(1, 1); 3]);
}

#[test]
fn what_is_cut_is_the_middle() {
    let mut stripes = RgbImage::from_pixel(900, 300, image::Rgb([255, 0, 0]));
    imageops::replace(
        &mut stripes,
        &RgbImage::from_pixel(300, 300, image::Rgb([0, 0, 255])),
        300,
        0,
    );
    let bytes = written(&stripes, ImageFormat::Png);
    for sizes in [SIZES.as_slice(), &AVATARS] {
        let picture = develop(&bytes, FileType::Png, sizes, Limits::default()).unwrap();
        let print = read(&picture.renditions[0].jpeg);
        let side = print.width();
        for x in [side / 8, side / 2, side - side / 8] {
            let found = print.get_pixel(x, side / 2).0;
            assert!(is_near(found, [0, 0, 254]), "{found:?} at {x} of {side}");
        }
    }
}

#[test]
fn a_form_other_than_a_square_is_cut_as_well() {
    let wide = [Size { name: "wide", width: 200, height: 50, fit: Fit::Cover }];
    assert_eq!(sides(400, 400, &wide), [(200, 50)]);
    assert_eq!(sides(100, 400, &wide), [(100, 25)]);
    assert_eq!(sides(3, 1, &wide), [(3, 1)]);
}

/// Red, green and blue in three corners, white in the fourth, upright.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x * 2 < width, y * 2 < height) {
        (true, true) => image::Rgb([255, 0, 0]),
        (false, true) => image::Rgb([0, 255, 0]),
        (true, false) => image::Rgb([0, 0, 255]),
        (false, false) => image::Rgb([255; 3]),
    })
}

/// How it is stored for this orientation, by the definition of EXIF.
fn stored(upright: &RgbImage, orientation: u16) -> RgbImage {
    match orientation {
        1 => upright.clone(),
        2 => imageops::flip_horizontal(upright),
        3 => imageops::rotate180(upright),
        4 => imageops::flip_vertical(upright),
        5 => imageops::rotate270(&imageops::flip_horizontal(upright)),
        6 => imageops::rotate270(upright),
        7 => imageops::rotate90(&imageops::flip_horizontal(upright)),
        _ => imageops::rotate90(upright),
    }
}

#[test]
fn pictures_stand_upright() {
    // The large one is decoded at half its size.
    for (width, height) in [(96, 64), (2160, 1440)] {
        let upright = corners(width, height);
        for orientation in 1..=8 {
            let stored = stored(&upright, orientation);
            let photograph = jpeg(&stored, |encoder| {
                encoder.add_exif_metadata(&exif(orientation)).unwrap();
            });
            let mut files = vec![(photograph, FileType::Jpeg)];
            if width < 100 {
                let plain = written(&stored, ImageFormat::Png);
                let (head, rest) = plain.split_at(8 + 25);
                let exif_chunk = chunk(b"eXIf", &exif(orientation));
                files.push(([head, exif_chunk.as_slice(), rest].concat(), FileType::Png));
                let mut bytes = Vec::new();
                let mut encoder = image_webp::WebPEncoder::new(&mut bytes);
                encoder.set_exif_metadata(exif(orientation));
                let (width, height) = stored.dimensions();
                encoder.encode(&stored, width, height, image_webp::ColorType::Rgb8).unwrap();
                files.push((bytes, FileType::Webp));
            }
            for (bytes, file_type) in files {
                let picture = developed(&bytes, file_type);
                assert_eq!((picture.width, picture.height), (width, height));
                for rendition in &picture.renditions[1..] {
                    let print = read(&rendition.jpeg);
                    let (wide, high) = print.dimensions();
                    assert_eq!(wide > high, width > height);
                    for (x, y) in [(4, 4), (wide - 5, 4), (4, high - 5), (wide - 5, high - 5)] {
                        let expected = upright.get_pixel(x * width / wide, y * height / high).0;
                        let found = print.get_pixel(x, y).0;
                        assert!(
                            is_near(found, expected),
                            "{orientation} {file_type:?} {x} {y}: {found:?} for {expected:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_impression_is_of_what_is_shown() {
    let mut stripes = RgbImage::from_pixel(900, 300, image::Rgb([255, 0, 0]));
    imageops::replace(
        &mut stripes,
        &RgbImage::from_pixel(300, 300, image::Rgb([0, 0, 255])),
        300,
        0,
    );
    let bytes = written(&stripes, ImageFormat::Png);
    let impression = |sizes| {
        let picture = develop(&bytes, FileType::Png, sizes, Limits::default()).unwrap();
        RgbImage::from_raw(
            9,
            3,
            ::blurhash::decode(&picture.blurhash, 9, 3, 1.0)
                .unwrap()
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect(),
        )
        .unwrap()
    };
    let whole = impression(&SIZES);
    let [red, _, blue] = whole.get_pixel(0, 1).0;
    assert!(red > 100 + blue.min(155), "{red} {blue}");
    let [red, _, blue] = whole.get_pixel(4, 1).0;
    assert!(blue > 100 + red.min(155), "{red} {blue}");
    let cut = impression(&AVATARS);
    let [red, _, blue] = cut.get_pixel(0, 1).0;
    assert!(blue > 240 && red < 15, "{red} {blue}");
    let high = developed(&photograph(50, 80), FileType::Jpeg).blurhash;
    let wide = developed(&photograph(80, 50), FileType::Jpeg).blurhash;
    assert_eq!((high.len(), wide.len()), (28, 28));
    // The first character tells the numbers of components.
    assert_eq!((&high[..1], &wide[..1]), ("T", "L"));
}

#[test]
fn a_picture_can_be_looked_at_without_renditions() {
    let picture = develop(&photograph(80, 50), FileType::Jpeg, &[], Limits::default()).unwrap();
    assert_eq!((picture.width, picture.height, picture.renditions.len()), (80, 50, 0));
}

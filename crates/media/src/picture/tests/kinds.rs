//! Every kind of file.

use ::gif::Frame;
use image::{GrayImage, ImageBuffer, Luma, Rgba};
use jpeg_encoder::SamplingFactor as Sampling;

use super::*;

#[test]
fn photographs_of_every_sampling_are_faithful() {
    let original = scene(700, 520);
    for sampling in
        [Sampling::F_1_1, Sampling::F_2_1, Sampling::F_1_2, Sampling::F_2_2, Sampling::F_4_1]
    {
        for progressive in [false, true] {
            let bytes = jpeg(&original, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_progressive(progressive);
            });
            let picture = developed(&bytes, FileType::Jpeg);
            assert_eq!((picture.width, picture.height), (700, 520));
            assert!(!picture.animated);
            assert_faithful(&picture, &original, 33.0);
        }
    }
}

/// These are decoded at a half, a quarter and an eighth, by whatever can do that.
#[test]
fn large_photographs_are_faithful() {
    let cases = [
        (2161, 320, Sampling::F_2_2, 0, &SIZES[..]),
        (2161, 320, Sampling::F_1_1, 0, &SIZES),
        (4403, 620, Sampling::F_2_1, 7, &SIZES),
        (640, 4400, Sampling::F_1_2, 0, &SIZES),
        (1203, 1210, Sampling::F_2_2, 0, &SIZES[..1]),
    ];
    let mut shrinks = Vec::new();
    for (width, height, sampling, interval, sizes) in cases {
        let original = scene(width, height);
        let bytes = jpeg(&original, |encoder| {
            encoder.set_sampling_factor(sampling);
            encoder.set_restart_interval(interval);
        });
        for decoder in super::jpeg::SHRINKING {
            let only = std::slice::from_ref(decoder);
            let negative = super::jpeg::read_by(only, &bytes, sizes, Limits::default()).unwrap();
            shrinks.push(negative.shrink);
            assert_faithful(&prints::make(&negative, sizes).unwrap(), &original, 30.0);
        }
    }
    let decoders = super::jpeg::SHRINKING.len();
    assert_eq!(shrinks, [2, 2, 4, 4, 8].map(|shrink| vec![shrink; decoders]).concat());
}

#[test]
fn gray_photographs_stay_gray() {
    let original = imageops::grayscale(&scene(2300, 300));
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 95).encode(&original, 2300, 300, ColorType::Luma).unwrap();
    let picture = developed(&bytes, FileType::Jpeg);
    assert_faithful(&picture, &image::DynamicImage::from(original).to_rgb8(), 36.0);
    let print = image::load_from_memory(&picture.renditions[3].jpeg).unwrap();
    assert_eq!(print.color(), image::ColorType::L8);
}

#[test]
fn ink_becomes_light() {
    // Some red: no cyan, a little black.
    let pixels = [0, 255, 255, 51].repeat(64 * 64);
    for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 95).encode(&pixels, 64, 64, kind).unwrap();
        let found = colour(&developed(&bytes, FileType::Jpeg));
        assert!(is_near(found, [204, 0, 0]), "{kind:?}: {found:?}");
    }
    // Without Adobe's segment ink is stored as ink.
    let inverted: Vec<u8> = pixels.iter().map(|ink| 255 - ink).collect();
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 95).encode(&inverted, 64, 64, ColorType::Cmyk).unwrap();
    let at = bytes.windows(5).position(|window| window == b"Adobe").unwrap();
    bytes[at] = b'B';
    let found = colour(&developed(&bytes, FileType::Jpeg));
    assert!(is_near(found, [204, 0, 0]), "{found:?}");
}

#[test]
fn what_has_no_losses_is_faithful() {
    let original = scene(700, 520);
    for (format, file_type) in
        [(ImageFormat::Png, FileType::Png), (ImageFormat::WebP, FileType::Webp)]
    {
        let picture = developed(&written(&original, format), file_type);
        assert_eq!((picture.width, picture.height), (700, 520));
        assert_faithful(&picture, &original, 33.0);
    }
    let deep = ImageBuffer::from_fn(700, 520, |x, y| {
        image::Rgb(original.get_pixel(x, y).0.map(|value| u16::from(value) * 257))
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    deep.write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert_faithful(&developed(bytes.get_ref(), FileType::Png), &original, 33.0);
}

/// Made with libwebp of the same scene: 200 × 150 pixels, opaque, and transparent in its left half.
#[test]
fn lossy_webp_is_faithful() {
    let original = scene(200, 150);
    let picture = developed(include_bytes!("lossy.webp"), FileType::Webp);
    assert_eq!((picture.width, picture.height), (200, 150));
    assert_faithful(&picture, &original, 30.0);

    let picture = developed(include_bytes!("lossy-alpha.webp"), FileType::Webp);
    let print = read(&picture.renditions[3].jpeg);
    assert!(is_near(print.get_pixel(20, 75).0, [255; 3]));
    let (found, expected) = (print.get_pixel(160, 75).0, original.get_pixel(160, 75).0);
    assert!(found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 20), "{found:?} {expected:?}");
}

#[test]
fn every_depth_of_gray_and_palette_is_read() {
    for depth in [1, 2, 4, 8, 16] {
        let bits = 64 * usize::from(depth);
        // The brightest.
        let rows = [[0].as_slice(), &vec![255; bits / 8]].concat().repeat(64);
        let gray = png(&[ihdr(64, 64, depth, 0, 0), chunk(b"IDAT", &packed(&rows))]);
        assert_eq!(colour(&developed(&gray, FileType::Png)), [255; 3], "{depth}");
        if depth < 16 {
            let mut palette = vec![0; 3 << depth];
            palette.splice((3 << depth) - 3.., [200, 100, 50]);
            let chunks = [
                ihdr(64, 64, depth, 3, 0),
                chunk(b"PLTE", &palette),
                chunk(b"IDAT", &packed(&rows)),
            ];
            let found = colour(&developed(&png(&chunks), FileType::Png));
            assert!(is_near(found, [200, 100, 50]), "{depth}: {found:?}");
        }
    }
}

#[test]
fn interlaced_png_is_the_same_picture() {
    const PASSES: [(usize, usize, usize, usize); 7] = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ];
    for (width, height) in [(61, 47), (1, 1), (3, 9), (9, 2), (4, 4)] {
        let gray: GrayImage = imageops::grayscale(&scene(width, height));
        let mut rows = Vec::new();
        for (left, top, across, down) in PASSES {
            for y in (top..height as usize).step_by(down) {
                let row = (left..width as usize).step_by(across);
                let row: Vec<u8> = row.map(|x| gray.get_pixel(x as u32, y as u32)[0]).collect();
                if !row.is_empty() {
                    rows.push(0);
                    rows.extend(row);
                }
            }
        }
        let bytes = png(&[ihdr(width, height, 8, 0, 1), chunk(b"IDAT", &packed(&rows))]);
        let negative = super::png::read(&bytes, Limits::default()).unwrap();
        assert_eq!(negative.raster.bytes, gray.into_raw(), "{width} × {height}");
    }
}

#[test]
fn what_is_transparent_lies_on_white() {
    let half = ImageBuffer::from_pixel(64, 64, Rgba([0, 100, 200, 128_u8]));
    let none = ImageBuffer::from_pixel(64, 64, Rgba([0, 100, 200, 0_u8]));
    for (format, file_type) in
        [(ImageFormat::Png, FileType::Png), (ImageFormat::WebP, FileType::Webp)]
    {
        for (picture, expected) in [(&half, [127, 177, 227]), (&none, [255; 3])] {
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, format).unwrap();
            let found = colour(&developed(bytes.get_ref(), file_type));
            assert!(is_near(found, expected), "{format:?}: {found:?}");
        }
    }
    let gray = ImageBuffer::from_pixel(64, 64, image::LumaA([100, 51_u8]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    gray.write_to(&mut bytes, ImageFormat::Png).unwrap();
    assert!(is_near(colour(&developed(bytes.get_ref(), FileType::Png)), [224; 3]));
}

fn animation(frames: &[Frame<'_>], width: u16, height: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::gif::Encoder::new(&mut bytes, width, height, &[]).unwrap();
    for frame in frames {
        encoder.write_frame(frame).unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn a_gif_is_a_still_of_its_first_frame() {
    let one_colour = |colour: [u8; 4]| {
        let mut pixels = colour.repeat(40 * 40);
        Frame::from_rgba(40, 40, &mut pixels)
    };
    let (red, blue) = (one_colour([255, 0, 0, 255]), one_colour([0, 0, 255, 255]));
    let picture = developed(&animation(&[red.clone(), blue], 40, 40), FileType::Gif);
    assert!(picture.animated);
    assert!(is_near(colour(&picture), [254, 0, 0]));
    let picture = developed(&animation(std::slice::from_ref(&red), 40, 40), FileType::Gif);
    assert!(!picture.animated);

    // In the lower right corner, in part outside; the rest is nothing, so white.
    let aside = Frame { left: 90, top: 60, ..red.clone() };
    let picture = developed(&animation(&[aside], 120, 120), FileType::Gif);
    let print = read(&picture.renditions[3].jpeg);
    assert!(is_near(print.get_pixel(110, 80).0, [254, 0, 0]));
    assert!(is_near(print.get_pixel(20, 20).0, [255; 3]));
    let outside = Frame { left: 500, top: 600, ..red };
    assert!(is_near(colour(&developed(&animation(&[outside], 120, 120), FileType::Gif)), [255; 3]));
}

/// A frame of an animated WebP: what a file of a still has in it, at these places.
pub(super) fn frame(left: u8, top: u8, width: u8, height: u8, still: &[u8]) -> Vec<u8> {
    let head = [left / 2, 0, 0, top / 2, 0, 0, width - 1, 0, 0, height - 1, 0, 0, 100, 0, 0, 0];
    part(b"ANMF", &[head.as_slice(), still].concat())
}

pub(super) fn moving(width: u8, height: u8, frames: &[Vec<u8>]) -> Vec<u8> {
    let canvas = part(b"VP8X", &[0b1_0010, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0]);
    // A background that nobody is to see.
    let head = part(b"ANIM", &[9, 9, 9, 255, 0, 0]);
    webp(&[canvas, head, frames.concat()])
}

/// The chunks of a WebP without losses, of one colour.
fn lossless(width: u32, height: u32, colour: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = colour.repeat((width * height) as usize);
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(&pixels, width, height, image_webp::ColorType::Rgba8)
        .unwrap();
    bytes.split_off(12)
}

#[test]
fn an_animated_webp_is_a_still_of_its_first_frame() {
    let green = frame(0, 0, 40, 40, &lossless(40, 40, [0, 255, 0, 255]));
    let blue = frame(0, 0, 40, 40, &lossless(40, 40, [0, 0, 255, 255]));
    assert!(!developed(&moving(60, 40, std::slice::from_ref(&green)), FileType::Webp).animated);
    let picture = developed(&moving(60, 40, &[green, blue]), FileType::Webp);
    assert!(picture.animated);
    assert_eq!((picture.width, picture.height), (60, 40));
    let print = read(&picture.renditions[3].jpeg);
    assert!(is_near(print.get_pixel(20, 20).0, [0, 255, 1]), "{:?}", print.get_pixel(20, 20));
    assert!(is_near(print.get_pixel(54, 20).0, [255; 3]), "{:?}", print.get_pixel(54, 20));

    // In a corner, half transparent; and all of the canvas.
    let half = lossless(40, 40, [0, 0, 0, 128]);
    let picture = developed(&moving(100, 80, &[frame(60, 40, 40, 40, &half)]), FileType::Webp);
    let print = read(&picture.renditions[3].jpeg);
    assert!(is_near(print.get_pixel(80, 60).0, [127; 3]), "{:?}", print.get_pixel(80, 60));
    for (x, y) in [(30, 60), (80, 20), (30, 20)] {
        assert!(is_near(print.get_pixel(x, y).0, [255; 3]), "{x}, {y}");
    }
    let picture = developed(&moving(40, 40, &[frame(0, 0, 40, 40, &half)]), FileType::Webp);
    assert!(is_near(colour(&picture), [127; 3]));
}

#[test]
fn an_animated_webp_with_losses_is_what_its_first_frame_is_alone() {
    let opaque = include_bytes!("lossy.webp");
    let transparent = include_bytes!("lossy-alpha.webp");
    // Behind the header of the file, and behind that of the canvas.
    for (still, chunks) in [(&opaque[..], &opaque[12..]), (transparent, &transparent[30..])] {
        let frames = [frame(0, 0, 200, 150, chunks), frame(0, 0, 200, 150, chunks)];
        let [alone, first] = [still, &moving(200, 150, &frames)]
            .map(|bytes| developed(bytes, FileType::Webp).renditions.pop().unwrap().jpeg);
        assert!(alone == first);
    }
}

#[test]
fn an_animated_png_is_known() {
    let original: ImageBuffer<Luma<u8>, _> = imageops::grayscale(&scene(30, 20));
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, 30, 20);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&original).unwrap();
    writer.write_image_data(&[0; 600]).unwrap();
    writer.finish().unwrap();
    let picture = developed(&bytes, FileType::Png);
    assert!(picture.animated);
    assert_faithful(&picture, &image::DynamicImage::from(original).to_rgb8(), 25.0);
}

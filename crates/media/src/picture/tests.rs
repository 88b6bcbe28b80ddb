//! Pictures are drawn here, written by encoders that are not what is tested, and compared with what
//! another decoder and another resizer make of them.

mod hostile;
mod kinds;
mod metadata;
mod sizes;

use std::io::Write;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::*;

/// Hills and waves: something of every frequency that a small print can show, in all colours.
fn scene(width: u32, height: u32) -> RgbImage {
    let (wide, high) = (width as f32, height as f32);
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 / wide, y as f32 / high);
        let wave = |frequency: f32, turn: f32| (x * frequency + y * turn).sin() * (y * 7.0).cos();
        let value = |base: f32, wave: f32| (base + 60.0 * wave).clamp(0.0, 255.0) as u8;
        image::Rgb([
            value(60.0 + 130.0 * x, wave(19.0, 5.0)),
            value(200.0 - 120.0 * y, wave(11.0, 13.0)),
            value(90.0 + 80.0 * x * y, wave(7.0, 17.0)),
        ])
    })
}

/// How alike two pictures are, in decibels: above 30 it takes a second look to tell them apart.
fn likeness(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let errors: f64 = pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * a.as_raw().len() as f64 / errors.max(1.0)).log10()
}

fn jpeg(picture: &RgbImage, prepare: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 95);
    prepare(&mut encoder);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb).unwrap();
    bytes
}

/// As phones make them.
fn photograph(width: u32, height: u32) -> Vec<u8> {
    jpeg(&scene(width, height), |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2))
}

fn written(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn read(jpeg: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().to_rgb8()
}

fn developed(bytes: &[u8], file_type: FileType) -> Picture {
    develop(bytes, file_type, &SIZES, Limits::default()).unwrap()
}

/// What is in the middle of a picture of one colour, printed.
fn colour(picture: &Picture) -> [u8; 3] {
    let print = read(&picture.renditions[0].jpeg);
    print.get_pixel(print.width() / 2, print.height() / 2).0
}

fn is_near(found: [u8; 3], expected: [u8; 3]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 4)
}

/// Makes sure that each rendition is what a slow and careful way gives, but for the losses of JPEG.
fn assert_faithful(picture: &Picture, original: &RgbImage, decibels: f64) {
    // In this form the work is done by code of the other crate, which is optimized.
    let original = DynamicImage::from(original.clone());
    for (size, rendition) in SIZES.iter().zip(&picture.renditions) {
        let (width, height) = (original.width(), original.height());
        let side = width.min(height);
        let shown = match size.fit {
            Fit::Inside => original.clone(),
            Fit::Cover => original.crop_imm((width - side) / 2, (height - side) / 2, side, side),
        };
        let (width, height) = (rendition.width, rendition.height);
        let expected = shown.resize_exact(width, height, FilterType::Lanczos3).to_rgb8();
        let found = likeness(&read(&rendition.jpeg), &expected);
        assert!(found > decibels, "{}: {found:.1} dB", size.name);
    }
}

/// A chunk of a PNG.
fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(kind);
    checksum.update(content);
    let length = content.len() as u32;
    [&length.to_be_bytes(), kind.as_slice(), content, &checksum.sum().to_be_bytes()].concat()
}

fn ihdr(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[sides.as_slice(), &[depth, colour, 0, 0, interlace]].concat())
}

fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let end = chunk(b"IEND", b"");
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks.concat(), &end].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A chunk of a WebP.
fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let padding: &[u8] = if content.len() % 2 == 1 { &[0] } else { &[] };
    [kind.as_slice(), &(content.len() as u32).to_le_bytes(), content, padding].concat()
}

fn webp(parts: &[Vec<u8>]) -> Vec<u8> {
    part(b"RIFF", &[b"WEBP".as_slice(), &parts.concat()].concat())
}

/// EXIF with an orientation, a place and a camera.
fn exif(orientation: u16) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let head = [tag.to_be_bytes(), kind.to_be_bytes()].concat();
        [head, count.to_be_bytes().to_vec(), value.to_vec()].concat()
    };
    let [high, low] = orientation.to_be_bytes();
    [
        b"MM\0*\0\0\0\x08\0\x03".to_vec(),
        entry(0x010F, 2, 4, *b"CAM\0"),
        entry(0x0112, 3, 1, [high, low, 0, 0]),
        entry(0x8825, 4, 1, [0, 0, 0, 50]),
        vec![0; 4],
        b"\0\x01".to_vec(),
        entry(0x0001, 2, 2, *b"N\0\0\0"),
        vec![0; 4],
    ]
    .concat()
}

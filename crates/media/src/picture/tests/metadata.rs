//! What goes with a picture into its renditions, and what does not.

use super::*;

/// A profile of this kind, as far as anybody looks into it, with content that is not to be changed.
fn profile(kind: &[u8; 4], length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
    bytes[16..20].copy_from_slice(kind);
    bytes[36..40].copy_from_slice(b"acsp");
    bytes
}

/// Markers of all segments.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let mut at = 2;
    let mut markers = Vec::new();
    while jpeg[at + 1] != 0xDA {
        assert_eq!(jpeg[at], 0xFF);
        markers.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    markers
}

/// The profile of a rendition, by another decoder.
fn embedded(jpeg: &[u8]) -> Option<Vec<u8>> {
    use image::ImageDecoder;
    let mut decoder = image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(jpeg)).unwrap();
    decoder.icc_profile().unwrap()
}

#[test]
fn profiles_are_kept_byte_for_byte() {
    // The second needs more than one segment.
    for length in [600, 200_000] {
        let profile = profile(b"RGB ", length);
        let original = scene(400, 300);
        let photograph = jpeg(&original, |encoder| encoder.add_icc_profile(&profile).unwrap());
        let plain = written(&original, ImageFormat::Png);
        let content = [b"profile\0\0".as_slice(), &packed(&profile)].concat();
        let with_profile =
            [&plain[..33], chunk(b"iCCP", &content).as_slice(), &plain[33..]].concat();
        let mut webp = Vec::new();
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.set_icc_profile(profile.clone());
        encoder.encode(&original, 400, 300, image_webp::ColorType::Rgb8).unwrap();
        let files =
            [(photograph, FileType::Jpeg), (with_profile, FileType::Png), (webp, FileType::Webp)];
        for (bytes, file_type) in files {
            for rendition in developed(&bytes, file_type).renditions {
                assert_eq!(embedded(&rendition.jpeg).as_ref(), Some(&profile), "{file_type:?}");
            }
        }
    }
}

#[test]
fn a_profile_that_does_not_fit_is_left_out() {
    let pixels = [0, 255, 255, 51].repeat(64 * 64);
    let mut ink = Vec::new();
    let mut encoder = Encoder::new(&mut ink, 95);
    encoder.add_icc_profile(&profile(b"CMYK", 600)).unwrap();
    encoder.encode(&pixels, 64, 64, ColorType::Cmyk).unwrap();
    let rendition = &developed(&ink, FileType::Jpeg).renditions[0];
    assert_eq!(embedded(&rendition.jpeg), None);

    let mut gray = Vec::new();
    let mut encoder = Encoder::new(&mut gray, 95);
    encoder.add_icc_profile(&profile(b"GRAY", 600)).unwrap();
    encoder.encode(&pixels, 64, 64, ColorType::Luma).unwrap();
    let rendition = &developed(&gray, FileType::Jpeg).renditions[0];
    assert_eq!(embedded(&rendition.jpeg), Some(profile(b"GRAY", 600)));
}

#[test]
fn nothing_else_gets_into_a_rendition() {
    let place = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>Innsbruck</x:xmpmeta>";
    let photograph = jpeg(&scene(1300, 900), |encoder| {
        encoder.add_exif_metadata(&exif(6)).unwrap();
        encoder.add_app_segment(1, place.to_vec()).unwrap();
        encoder.add_app_segment(13, b"Photoshop 3.0\08BIM".to_vec()).unwrap();
        encoder.add_icc_profile(&profile(b"RGB ", 600)).unwrap();
    });
    let plain = written(&scene(1300, 900), ImageFormat::Png);
    let texts = [
        chunk(b"eXIf", &exif(6)),
        chunk(b"tEXt", b"Comment\0Innsbruck"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>"),
    ];
    let talkative = [&plain[..33], &texts.concat(), &plain[33..]].concat();
    for (bytes, file_type) in [(photograph, FileType::Jpeg), (talkative, FileType::Png)] {
        for rendition in developed(&bytes, file_type).renditions {
            let markers = markers(&rendition.jpeg);
            // JFIF's own, tables, the frame, and the profile.
            let known = |marker: &u8| matches!(marker, 0xE0 | 0xE2 | 0xDB | 0xC4 | 0xC0);
            assert!(markers.iter().all(known), "{markers:x?}");
            for word in ["Exif", "CAM", "adobe", "Photoshop", "Innsbruck", "xmp"] {
                let found = rendition.jpeg.windows(word.len()).any(|part| part == word.as_bytes());
                assert!(!found, "{word} in {file_type:?}");
            }
        }
    }
}

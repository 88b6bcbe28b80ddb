use super::*;

const FRAME: &[u8] = b"\xff\xc0\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0";
const TABLES: &[u8] = b"\xff\xdb\0\x04qq\xff\xc4\0\x04hh\xff\xdd\0\x04\0\x02";
const SCANS: &[u8] = b"\xff\xda\0\x03saab\xff\0c\xff\xd0d\xff\xd7e\xff\xda\0\x03sff";
const END: &[u8] = b"\xff\xd9";

#[test]
fn only_what_is_seen_stays() {
    let profile = profile(60);
    let whole = [
        b"\xff\xd8".to_vec(),
        segment(0xe0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\x01\x01rgb"),
        segment(0xe0, b"JFXX\0\x10thumbnail"),
        segment(0xe1, &[b"Exif\0\0".as_slice(), &exif(6, true)].concat()),
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        segment(0xe1, b"http://ns.adobe.com/xmp/extension/\0more"),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x02".as_slice(), &profile[..50]].concat()),
        segment(0xe2, b"MPF\0II*\0"),
        segment(0xe2, &[b"ICC_PROFILE\0\x02\x02".as_slice(), &profile[50..]].concat()),
        segment(0xe4, b"a camera's own"),
        segment(0xeb, b"JP\0\x01c2pa"),
        segment(0xed, b"Photoshop 3.0\08BIM\x04\x04"),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01and more"),
        segment(0xfe, b"A comment"),
        b"\xff\xff\xff".to_vec(),
        TABLES.to_vec(),
        b"rubbish".to_vec(),
        FRAME.to_vec(),
        SCANS[..17].to_vec(),
        segment(0xfe, b"Between scans"),
        SCANS[17..].to_vec(),
        END.to_vec(),
        b"\xff\xd8\xff\xe0another picture\xff\xd9".to_vec(),
    ]
    .concat();
    let expected = [
        b"\xff\xd8".to_vec(),
        segment(0xe0, b"JFIF\0\x01\x02\x01\0\x48\0\x48\0\0"),
        segment(0xe1, &[b"Exif\0\0".as_slice(), &turned(6)].concat()),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x02".as_slice(), &profile[..50]].concat()),
        segment(0xe2, &[b"ICC_PROFILE\0\x02\x02".as_slice(), &profile[50..]].concat()),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
        TABLES.to_vec(),
        FRAME.to_vec(),
        SCANS.to_vec(),
        END.to_vec(),
    ]
    .concat();
    let (stripped, receipt) = strip(&whole, FileType::Jpeg).unwrap();
    assert_eq!(stripped.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(
        receipt.removed,
        [
            "application_data",
            "comment",
            "content_credentials",
            "embedded_image",
            "exif",
            "gps",
            "iptc",
            "maker_note",
            "thumbnail",
            "xmp",
        ]
    );
    assert_eq!(receipt.kept, ["icc_profile", "orientation"]);
    bears_everything(&whole, FileType::Jpeg);
}

#[test]
fn an_upright_picture_needs_no_exif() {
    for (orientation, kept) in [(0, false), (1, false), (2, true), (8, true), (9, false)] {
        for little_endian in [false, true] {
            let block = [b"Exif\0\0".as_slice(), &exif(orientation, little_endian)].concat();
            let whole = picture(&segment(0xe1, &block));
            let (stripped, receipt) = strip(&whole, FileType::Jpeg).unwrap();
            assert_eq!(receipt.kept, if kept { vec!["orientation"] } else { vec![] });
            assert_eq!(receipt.removed, IN_EXIF);
            assert_eq!(stripped == picture(&[]), !kept);
        }
    }
}

#[test]
fn what_is_no_profile_goes() {
    let profile = profile(50);
    let piece = |number, count, bytes: &[u8]| {
        segment(0xe2, &[b"ICC_PROFILE\0".as_slice(), &[number, count], bytes].concat())
    };
    let good = picture(&piece(1, 1, &profile));
    assert_eq!(strip(&good, FileType::Jpeg).unwrap().0, good);
    for bad in [
        piece(2, 1, &profile),
        piece(1, 2, &profile),
        piece(1, 1, &profile[..49]),
        piece(1, 1, &[b"\0\0\0\x32".as_slice(), &[b'A'; 46]].concat()),
        piece(1, 1, b""),
        [piece(1, 1, &profile), piece(1, 1, &profile)].concat(),
    ] {
        let (stripped, receipt) = strip(&picture(&bad), FileType::Jpeg).unwrap();
        assert_eq!(receipt, Receipt { removed: vec!["icc_profile"], kept: vec![] });
        assert_eq!(stripped, picture(&[]));
    }
}

#[test]
fn a_page_or_archive_behind_a_picture_goes() {
    for more in [b"<script>alert(1)</script>".as_slice(), b"PK\x03\x04", b"\0"] {
        let (stripped, receipt) = strip(&[&picture(&[]), more].concat(), FileType::Jpeg).unwrap();
        assert_eq!(stripped, picture(&[]));
        assert_eq!(receipt, Receipt { removed: vec!["trailing_data"], kept: vec![] });
    }
}

#[test]
fn segments_that_make_no_sense_are_refused() {
    for middle in [
        b"\xff\xe0\0\0".as_slice(),
        b"\xff\xe0\0\x01",
        b"\xff\xd8",
        b"\xff\xd0",
        b"\xff\x01",
        b"\xff\xe0\xff\xff",
        // Nothing but an end, or pixels without a frame.
        b"\xff\xd9",
        SCANS,
    ] {
        let whole = picture(middle);
        assert_eq!(strip(&whole, FileType::Jpeg), Err(Flaw::Broken), "{}", middle.escape_ascii());
    }
}

fn picture(head: &[u8]) -> Vec<u8> {
    [b"\xff\xd8", head, TABLES, FRAME, SCANS, END].concat()
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    [&[0xff, marker], (content.len() as u16 + 2).to_be_bytes().as_slice(), content].concat()
}

/// So many bytes that look like a profile of colours.
fn profile(length: usize) -> Vec<u8> {
    let mut profile = vec![b'p'; length];
    profile[..4].copy_from_slice(&(length as u32).to_be_bytes());
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

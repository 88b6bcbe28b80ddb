use super::*;

/// Two by two pixels of two colours.
const SCREEN: &[u8] = b"GIF89a\x02\0\x02\0\x80\0\0\0\0\0\xff\xff\xff";
const PICTURE: &[u8] = b"\x2c\0\0\0\0\x02\0\x02\0\0\x02\x02\x44\x01\0";
/// With colours of its own.
const OTHER: &[u8] = b"\x2c\0\0\0\0\x02\0\x02\0\x80rgbrgb\x02\x02\x44\x01\0";
const CONTROL: &[u8] = b"\x21\xf9\x04\x04\x0a\0\0\0";
const LOOP: &[u8] = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x05\0\0";
const PROFILE: &[u8] = b"\x21\xff\x0bICCRGBG1012\x04acsp\0";
const END: &[u8] = b"\x3b";

#[test]
fn only_what_is_seen_stays() {
    // The bytes of XMP are read as lengths; a trailer makes sure that they end well.
    let magic: Vec<u8> = (0..=255).rev().collect();
    let xmp = [b"\x21\xff\x0bXMP DataXMP<x:xmpmeta>".as_slice(), b"\x01", &magic, b"\0"].concat();
    let whole = [
        SCREEN,
        b"\x21\xfe\x07comment\x04more\0",
        b"\x21\xff\x0bANIMEXTS1.0\x03\x01\x05\0\x04more\0",
        PROFILE,
        &xmp,
        b"\x21\xff\x0bMGKXMAGICK!\x02hi\0",
        b"\x21\x99\x01x\0",
        // It controls the text that goes.
        b"\x21\xf9\x04\x08\x63\0\0\0",
        b"\x21\x01\x0c\0\0\0\0\x02\0\x02\0\x08\x08\0\x01\x02hi\0",
        PICTURE,
        CONTROL,
        b"\x21\xfe\x07between\0",
        OTHER,
        END,
        b"<script>",
    ]
    .concat();
    let expected = [SCREEN, LOOP, PROFILE, PICTURE, CONTROL, OTHER, END].concat();
    let (stripped, receipt) = strip(&whole, FileType::Gif).unwrap();
    assert_eq!(stripped.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(receipt.removed, ["application_data", "comment", "text", "trailing_data", "xmp"]);
    assert_eq!(receipt.kept, ["animation", "icc_profile"]);
    bears_everything(&whole, FileType::Gif);
}

#[test]
fn a_script_in_its_comment_goes() {
    // `GIF89a/*` is a variable in JavaScript, and the width a comment that goes on until later.
    let screen = b"GIF89a/*\x02\0\0\0\0";
    let script = b"\x21\xfe\x11*/=1;alert('hi');\0";
    let (stripped, receipt) =
        strip(&[screen.as_slice(), script, PICTURE, END].concat(), FileType::Gif).unwrap();
    assert_eq!(stripped, [screen, PICTURE, END].concat());
    assert_eq!(receipt, Receipt { removed: vec!["comment"], kept: vec![] });
}

#[test]
fn a_forgotten_end_is_added() {
    let (stripped, _) = strip(&[SCREEN, PICTURE].concat(), FileType::Gif).unwrap();
    assert_eq!(stripped, [SCREEN, PICTURE, END].concat());
}

#[test]
fn blocks_that_make_no_sense_are_refused() {
    for blocks in [b"".as_slice(), END, b"\0", b"\x21", b"\x2c", b"\x21\xfe\xff", b"\x99"] {
        let whole = [SCREEN, blocks].concat();
        assert_eq!(strip(&whole, FileType::Gif), Err(Flaw::Broken), "{}", blocks.escape_ascii());
    }
    assert_eq!(strip(b"GIF89b", FileType::Gif), Err(Flaw::Broken));
}

use super::*;

const PIXELS: &[u8] = b"odd";

#[test]
fn only_what_is_seen_stays() {
    let canvas = b"\0\0\0\x0f\0\0\x0f\0\0";
    let whole = riff(&[
        chunk(
            b"VP8X",
            &[&[0xff], canvas.as_slice()]
                .concat()
                .iter()
                .copied()
                .chain(*b"more")
                .collect::<Vec<_>>(),
        ),
        chunk(b"ICCP", b"profile"),
        chunk(b"ANIM", &[0; 6]),
        chunk(b"unkn", b"a program's own"),
        chunk(
            b"ANMF",
            &[
                [7; 16].as_slice(),
                &chunk(b"ALPH", b"a"),
                &chunk(b"VP8 ", PIXELS),
                &chunk(b"note", b"hidden"),
            ]
            .concat(),
        ),
        chunk(b"ANMF", &[[8; 16].as_slice(), &chunk(b"VP8L", PIXELS)].concat()),
        chunk(b"VP8 ", b"no frame of it"),
        chunk(b"EXIF", &[b"Exif\0\0".as_slice(), &exif(5, true)].concat()),
        chunk(b"XMP ", b"<x:xmpmeta/>"),
    ]);
    let expected = riff(&[
        chunk(b"VP8X", &[&[0x3a, 0, 0, 0], &canvas[3..]].concat()),
        chunk(b"ICCP", b"profile"),
        chunk(b"ANIM", &[0; 6]),
        chunk(
            b"ANMF",
            &[[7; 16].as_slice(), &chunk(b"ALPH", b"a"), &chunk(b"VP8 ", PIXELS)].concat(),
        ),
        chunk(b"ANMF", &[[8; 16].as_slice(), &chunk(b"VP8L", PIXELS)].concat()),
        chunk(b"EXIF", &turned(5)),
    ]);
    let whole = [whole.as_slice(), b"<html>"].concat();
    let (stripped, receipt) = strip(&whole, FileType::Webp).unwrap();
    assert_eq!(stripped.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(
        receipt.removed,
        [
            "application_data",
            "embedded_image",
            "exif",
            "gps",
            "maker_note",
            "thumbnail",
            "trailing_data",
            "xmp",
        ]
    );
    assert_eq!(receipt.kept, ["animation", "icc_profile", "orientation"]);
    bears_everything(&whole, FileType::Webp);
}

#[test]
fn a_still_keeps_its_transparency() {
    let still = riff(&[
        chunk(b"VP8X", &[0x10, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
        chunk(b"ALPH", b"alpha"),
        chunk(b"VP8 ", PIXELS),
    ]);
    assert_eq!(strip(&still, FileType::Webp).unwrap(), (still.clone(), Receipt::default()));
    let flagged = riff(&[
        chunk(b"VP8X", &[0x1c, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
        chunk(b"ALPH", b"alpha"),
        chunk(b"VP8 ", PIXELS),
        chunk(b"EXIF", &exif(1, false)),
        chunk(b"XMP ", b"<x/>"),
    ]);
    assert_eq!(strip(&flagged, FileType::Webp).unwrap().0, still);
    bears_everything(&flagged, FileType::Webp);
}

#[test]
fn the_simple_layout_has_one_chunk() {
    for name in [b"VP8 ", b"VP8L"] {
        let simple = riff(&[chunk(name, PIXELS)]);
        let more = riff(&[chunk(name, PIXELS), chunk(b"EXIF", &exif(6, true))]);
        let (stripped, receipt) = strip(&more, FileType::Webp).unwrap();
        assert_eq!(stripped, simple);
        assert_eq!(receipt, Receipt { removed: vec!["exif"], kept: vec![] });
    }
    // The byte that fills up an odd chunk may be missing.
    let mut short = riff(&[chunk(b"VP8L", PIXELS)]);
    short.pop();
    short[4] -= 1;
    assert_eq!(strip(&short, FileType::Webp).unwrap().0, riff(&[chunk(b"VP8L", PIXELS)]));
}

#[test]
fn chunks_that_make_no_sense_are_refused() {
    let header = |flags| chunk(b"VP8X", &[flags, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
    for chunks in [
        vec![],
        vec![chunk(b"EXIF", b"first")],
        vec![header(0)],
        vec![header(0), chunk(b"ANMF", &[0; 16])],
        vec![header(2), chunk(b"VP8 ", PIXELS)],
        vec![header(2), chunk(b"ANMF", &[0; 16])],
        vec![header(2), chunk(b"ANMF", &[0; 15])],
        vec![chunk(b"VP8X", &[0; 9]), chunk(b"VP8 ", PIXELS)],
        vec![chunk(b"VP8 ", PIXELS), b"EXIF\xff\xff\xff\xff".to_vec()],
    ] {
        let whole = riff(&chunks);
        assert_eq!(strip(&whole, FileType::Webp), Err(Flaw::Broken), "{}", whole.escape_ascii());
    }
    let endless = b"RIFF\xff\xff\xff\xffWEBPVP8 \x01\0\0\0x\0";
    assert_eq!(strip(endless, FileType::Webp), Err(Flaw::Broken));
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let content = chunks.concat();
    [b"RIFF", &(content.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &content].concat()
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let fill = &[0][..data.len() % 2];
    [name, &(data.len() as u32).to_le_bytes()[..], data, fill].concat()
}

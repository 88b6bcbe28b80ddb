//! Files that exiftool itself has filled with metadata, and what it still finds afterwards.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tempfile::TempDir;
use tintype_media::metadata::{self, Receipt};
use tintype_media::sniff::FileType;

use crate::{present, run};

/// Stands in every text that must go.
const SECRET: &str = "Zanzibar";

/// How exiftool shows where the pictures were taken.
const PLACE: &str = "52 deg 7'";

/// Groups of facts that every file has, whoever made it. The number of a track follows its name.
const STRUCTURE: [&str; 12] = [
    "Composite",
    "ExifTool",
    "File",
    "GIF",
    "ICC-header",
    "ICC_Profile",
    "JFIF",
    "PNG",
    "PNG-pHYs",
    "QuickTime",
    "RIFF",
    "System",
];

/// Facts in those groups that are about somebody all the same.
const PERSONAL: [&str; 16] = [
    "CompressorName",
    "Comment",
    "CurrentIPTCDigest",
    "GPSAltitude",
    "GPSLatitude",
    "GPSLongitude",
    "GPSPosition",
    "HandlerDescription",
    "HandlerVendorID",
    "Make",
    "Model",
    "Software",
    "Text",
    "TimeCode",
    "Title",
    "VendorID",
];

#[test]
fn a_jpeg_has_nothing_left() {
    let Some(folder) = folder() else { return };
    let file = picture(&folder, "picture.jpg", &["-frames:v", "1"]);
    let thumbnail = picture(&folder, "thumbnail.jpg", &["-frames:v", "1", "-s", "80x60"]);
    let mut embed = std::ffi::OsString::from("-ThumbnailImage<=");
    embed.push(thumbnail);
    run("exiftool", ["-overwrite_original".as_ref(), embed.as_os_str(), file.as_os_str()]);
    fill(&file, &["-IPTC:Caption-Abstract=Zanzibar"]);
    let receipt = strip(&file);
    for word in ["comment", "exif", "gps", "iptc", "thumbnail", "xmp"] {
        assert!(receipt.removed.contains(&word), "{word}: {receipt:?}");
    }
    assert_eq!(receipt.kept, ["orientation"]);
}

#[test]
fn a_png_has_nothing_left() {
    let Some(folder) = folder() else { return };
    let file = picture(&folder, "picture.png", &["-frames:v", "1"]);
    fill(&file, &["-IPTC:Caption-Abstract=Zanzibar", "-PNG:CreationTime=2024:05:06 07:08:09"]);
    let receipt = strip(&file);
    for word in ["comment", "exif", "gps", "iptc", "xmp"] {
        assert!(receipt.removed.contains(&word), "{word}: {receipt:?}");
    }
    assert_eq!(receipt.kept, ["orientation"]);
}

#[test]
fn a_webp_has_nothing_left() {
    let Some(folder) = folder() else { return };
    let file = picture(&folder, "picture.webp", &["-frames:v", "1"]);
    fill(&file, &[]);
    assert_eq!(
        strip(&file),
        Receipt { removed: vec!["exif", "gps", "xmp"], kept: vec!["orientation"] }
    );
}

#[test]
fn a_gif_has_nothing_left() {
    let Some(folder) = folder() else { return };
    let file = picture(&folder, "picture.gif", &["-t", "1"]);
    // A GIF has no place for EXIF.
    let arguments = ["-overwrite_original", "-Comment=Zanzibar", "-XMP:GPSLatitude=52.1234"];
    run("exiftool", arguments.map(AsRef::as_ref).into_iter().chain([file.as_os_str()]));
    assert_eq!(strip(&file), Receipt { removed: vec!["comment", "xmp"], kept: vec!["animation"] });
}

#[test]
fn films_have_nothing_left() {
    let Some(folder) = folder() else { return };
    let subtitles = folder.path().join("subtitles.srt");
    // This is where drones keep where they are.
    fs::write(&subtitles, "1\n00:00:00,000 --> 00:00:01,000\nGPS(52.1234,13.4321) Zanzibar\n")
        .unwrap();
    for name in ["film.mp4", "film.mov"] {
        let file = folder.path().join(name);
        let inputs = "-v error -f lavfi -i testsrc=size=320x240:rate=10:duration=2 \
                      -f lavfi -i sine=duration=2 -i";
        let outputs = "-map 0 -map 1 -map 2 -c:v libx264 -pix_fmt yuv420p -c:a aac -c:s mov_text \
                       -timecode 01:02:03:04 -metadata title=Zanzibar \
                       -metadata creation_time=2024-05-06T07:08:09Z \
                       -metadata location=+52.1234+013.4321/";
        let arguments = inputs.split_whitespace().map(AsRef::as_ref).chain([subtitles.as_os_str()]);
        let arguments = arguments.chain(outputs.split_whitespace().map(AsRef::as_ref));
        run("ffmpeg", arguments.chain([file.as_os_str()]));
        let arguments = [
            "-overwrite_original",
            "-Keys:Make=Zanzibar",
            "-UserData:Model=Zanzibar",
            "-ItemList:Comment=Zanzibar",
            "-XMP:City=Zanzibar",
        ];
        run("exiftool", arguments.map(AsRef::as_ref).into_iter().chain([file.as_os_str()]));
        let receipt = strip(&file);
        for word in
            ["creation_time", "location", "maker", "subtitles", "timecode", "user_data", "xmp"]
        {
            assert!(receipt.removed.contains(&word), "{name} {word}: {receipt:?}");
        }
        assert_eq!(receipt.kept, Vec::<&str>::new());
    }
}

fn folder() -> Option<TempDir> {
    present(&["exiftool", "ffmpeg"]).then(|| TempDir::new().unwrap())
}

/// A picture of a test pattern.
fn picture(folder: &TempDir, name: &str, arguments: &[&str]) -> PathBuf {
    let file = folder.path().join(name);
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=5"];
    let arguments = source.iter().chain(arguments).map(AsRef::as_ref);
    run("ffmpeg", arguments.chain([file.as_os_str()]));
    file
}

/// Writes metadata of every kind that a picture may have.
fn fill(file: &Path, more: &[&str]) {
    let arguments = [
        "-overwrite_original",
        "-q",
        "-q",
        "-EXIF:GPSLatitude=52.1234",
        "-EXIF:GPSLatitudeRef=N",
        "-EXIF:GPSLongitude=13.4321",
        "-EXIF:GPSLongitudeRef=E",
        "-EXIF:Make=Zanzibar",
        "-EXIF:DateTimeOriginal=2024:05:06 07:08:09",
        "-EXIF:UserComment=Zanzibar",
        "-EXIF:Orientation#=6",
        "-XMP:City=Zanzibar",
        "-XMP:GPSLatitude=52.1234",
        "-Comment=Zanzibar",
    ];
    let arguments = arguments.iter().chain(more).map(AsRef::as_ref);
    run("exiftool", arguments.chain([file.as_os_str()]));
}

/// Strips a file where it is, and makes sure that nothing is left but what it shows.
fn strip(file: &Path) -> Receipt {
    let before = facts(file);
    assert!(tells(&before, SECRET) && tells(&before, PLACE), "nothing to find: {before:?}");
    let (pixels, bytes) = (pixels(file), fs::read(file).unwrap());
    let file_type = FileType::of(&bytes).unwrap();

    let receipt = if matches!(file_type, FileType::Mp4 | FileType::Mov) {
        let mut opened = File::options().read(true).write(true).open(file).unwrap();
        let receipt = metadata::strip_video(&mut opened).unwrap();
        assert_eq!(opened.metadata().unwrap().len(), bytes.len() as u64);
        assert_eq!(metadata::strip_video(&mut opened).unwrap(), Receipt::default());
        receipt
    } else {
        let (stripped, receipt) = metadata::strip(&bytes, file_type).unwrap();
        let again = metadata::strip(&stripped, file_type).unwrap();
        assert_eq!((&again.0, &again.1.kept), (&stripped, &receipt.kept));
        assert!(again.1.removed.is_empty(), "{:?}", again.1);
        fs::write(file, stripped).unwrap();
        receipt
    };

    for (name, value) in &facts(file) {
        let (group, fact) = name.split_once(':').unwrap_or(("File", name));
        // The date of nothing is noon of no year.
        let blank =
            value.as_str().is_some_and(|value| value.starts_with("0000:00:00") || value.is_empty());
        let structure = STRUCTURE.contains(&group) || group.starts_with("Track");
        let personal =
            PERSONAL.contains(&fact) || (fact.ends_with("Date") && group != "System" && !blank);
        let oriented = name == "IFD0:Orientation" && value == "Rotate 90 CW";
        assert!(oriented || (structure && !personal) || blank, "{name}: {value} is left");
        assert!(!tells(&Map::from_iter([(name.clone(), value.clone())]), PLACE), "{name}: {value}");
    }
    let after = fs::read(file).unwrap();
    let secret = |bytes: &[u8]| bytes.windows(8).any(|part| part == SECRET.as_bytes());
    assert!(secret(&bytes) && !secret(&after), "{SECRET} is left in {}", file.display());
    assert_eq!(self::pixels(file), pixels, "other pixels");
    receipt
}

/// Everything that exiftool finds, by group and name.
fn facts(file: &Path) -> Map<String, Value> {
    let arguments = ["-j", "-G1", "-a", "-u", "-ee"].map(AsRef::as_ref);
    let found = run("exiftool", arguments.into_iter().chain([file.as_os_str()]));
    let Value::Array(mut files) = serde_json::from_slice(&found).unwrap() else { panic!() };
    let Value::Object(mut facts) = files.remove(0) else { panic!() };
    facts.remove("SourceFile");
    facts
}

fn tells(facts: &Map<String, Value>, what: &str) -> bool {
    facts.values().any(|value| value.as_str().is_some_and(|value| value.contains(what)))
}

/// A digest of everything that is seen and heard.
fn pixels(file: &Path) -> Vec<u8> {
    let before = ["-v", "error", "-noautorotate", "-i"].map(AsRef::as_ref);
    let after = ["-map", "0:v", "-map", "0:a?", "-f", "framemd5", "-"].map(AsRef::as_ref);
    run("ffmpeg", before.into_iter().chain([file.as_os_str()]).chain(after))
}

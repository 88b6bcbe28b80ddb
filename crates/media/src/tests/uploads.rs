//! Taking, showing, describing and deleting uploads.

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::media::{MediaKind, MediaRef};
use tintype_api::{Event, Media, MediaId, PostId};

use super::stage::{
    BUDGET, Field, Stage, on_every_store, photograph, picture, read, refusal, user,
};
use crate::video::fixture::{Track, boxed, mvhd};

on_every_store! {
    a_picture
    a_film
    several_files
    a_used_upload
    an_account_that_goes
}

/// A film of four seconds whose frames are rubbish.
pub(super) fn film() -> Vec<u8> {
    [
        boxed(b"ftyp", &[b"isom\0\0\x02\0isommp41"]),
        boxed(b"moov", &[&mvhd(4000), &Track::pictures().boxed()]),
        boxed(b"mdat", &[&[7; 5000]]),
    ]
    .concat()
}

fn id_of(body: &Value) -> MediaId {
    body["id"].as_str().unwrap_or_else(|| panic!("no id: {body}")).parse().unwrap()
}

async fn a_picture(stage: Stage) {
    let file = photograph();
    let fields = [
        Field::text("altText", " a pattern "),
        Field::text("unknown", "whatever"),
        Field::file("file", "../../etc/passwd.png", &file),
    ];
    let form = stage.form("ann", "/api/media/upload", &fields);
    let (status, made) = read(form.send().await.unwrap()).await;
    assert_eq!(status, 201, "{made}");
    let id = id_of(&made);
    assert_eq!(
        (&made["type"], &made["width"], &made["height"], &made["alt_text"]),
        (&json!("image"), &json!(400), &json!(300), &json!("a pattern"))
    );
    assert!(made["blurhash"].as_str().unwrap().len() >= 20, "{made}");
    assert_eq!(made["receipt"], json!({"removed": [], "kept": []}));
    assert!(made.get("duration_ms").is_none());
    let sizes = [
        ("thumbnail", (150, 150)),
        ("small", (320, 240)),
        ("medium", (400, 300)),
        ("large", (400, 300)),
        ("original", (400, 300)),
    ];
    assert_eq!(made["urls"].as_object().unwrap().len(), sizes.len());
    let mut bytes = 0;
    for (name, size) in sizes {
        let answer = stage.fetch(&made["urls"][name]).await;
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (200.try_into().unwrap(), &"image/jpeg".parse().unwrap())
        );
        let jpeg = answer.bytes().await.unwrap();
        let decoded = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((decoded.width(), decoded.height()), size, "{name}");
        bytes += jpeg.len();
        if name == "original" {
            assert!(jpeg == file, "a picture without metadata is kept as it came");
        }
    }
    let path = format!("/api/media/{id}");
    assert_eq!(stage.get("ann", &path).await, (200, made.clone()));
    let usage = json!({"bytes": bytes, "files": 1, "budget": BUDGET});
    assert_eq!(stage.get("ann", "/api/media/usage").await, (200, usage));
    let names = stage.stored().await;
    let urls = made["urls"].as_object().unwrap().values();
    let mut told: Vec<_> =
        urls.map(|url| url.as_str().unwrap().strip_prefix("/media/").unwrap()).collect();
    told.sort_unstable();
    assert_eq!(names, told);
    assert!(names[0].starts_with("images/1/"));

    // Only its owner may see, describe or delete it here.
    let missing = (404, "media_not_found".to_owned());
    for who in ["ben", "eve"] {
        let describe = stage.ask(who, Method::PUT, &path, json!({"altText": "x"})).await;
        assert_eq!(refusal(describe), missing);
        assert_eq!(refusal(stage.get(who, &path).await), missing);
        assert_eq!(refusal(stage.delete(who, &path).await), missing);
    }
    assert_eq!(stage.get("", &path).await.0, 401);
    assert_eq!(refusal(stage.get("ann", "/api/media/none").await), missing);

    let describe = |text: Value| stage.ask("ann", Method::PUT, &path, json!({"altText": text}));
    let (status, told) = describe(json!("a tree")).await;
    assert_eq!((status, &told["alt_text"]), (200, &json!("a tree")));
    assert_eq!(describe(json!("a\u{7}")).await.0, 400);
    assert_eq!(describe(json!("x".repeat(1001))).await.0, 400);
    assert_eq!(stage.ask("ann", Method::PUT, &path, json!({})).await.0, 400);
    assert_eq!(describe(Value::Null).await.1["alt_text"], Value::Null);

    let done = (200, json!({"message": "Media deleted successfully"}));
    assert_eq!(stage.delete("ann", &path).await, done);
    assert_eq!(refusal(stage.delete("ann", &path).await), missing);
    stage.settle().await;
    assert_eq!((stage.stored().await, stage.spooled()), (Vec::new(), 0));
    assert_eq!(stage.fetch(&made["urls"]["large"]).await.status(), 404);
    let events = stage.events().await;
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["media.uploaded", "media.updated", "media.updated", "media.deleted"]);
    let Event::MediaUploaded { media, user: owner, urls, kind } = &events[0] else { panic!() };
    assert_eq!((*media, *owner, *kind), (id, user(1), MediaKind::Image));
    assert_eq!(serde_json::to_value(urls).unwrap(), made["urls"]);
}

async fn a_film(stage: Stage) {
    let film = film();
    let (status, made) = stage.upload("ann", &film).await;
    assert_eq!(status, 201, "{made}");
    let (width, height) = Track::pictures().size;
    assert_eq!(
        (&made["type"], &made["duration_ms"], &made["blurhash"]),
        (&json!("video"), &json!(4000), &Value::Null)
    );
    assert_eq!((&made["width"], &made["height"]), (&json!(width), &json!(height)));
    assert_eq!(made["urls"].as_object().unwrap().len(), 1, "{made}");
    let answer = stage.fetch(&made["urls"]["video"]).await;
    assert_eq!(answer.headers()["content-type"], "video/mp4");
    let kept = answer.bytes().await.unwrap();
    assert_eq!(kept.len(), film.len(), "frames stay where they were");
    assert!(kept.ends_with(&[7; 5000]));
    assert_eq!(stage.delete("ann", &format!("/api/media/{}", id_of(&made))).await.0, 200);
    stage.settle().await;
    assert_eq!(stage.stored().await, Vec::<String>::new());
}

async fn several_files(stage: Stage) {
    let (good, film) = (photograph(), film());
    let large = [good.clone(), vec![0; super::stage::LARGEST]].concat();
    let files: [(&str, &[u8]); 6] = [
        ("one.jpg", &good),
        ("page.jpg", b"<!doctype html><script>alert(1)</script>"),
        ("empty.png", b""),
        ("two.mp4", &film),
        ("large.jpg", &large),
        ("cut.jpg", &good[..good.len() / 2]),
    ];
    let fields: Vec<Field<'_>> =
        files.iter().map(|(name, content)| Field::file("files", name, content)).collect();
    let form = stage.form("ann", "/api/media/upload/multiple", &fields);
    let (status, body) = read(form.send().await.unwrap()).await;
    assert_eq!(status, 201, "{body}");
    let results = body["uploads"].as_array().unwrap();
    assert_eq!(results.len(), files.len());
    for ((name, _), result) in files.iter().zip(results) {
        let code = match *name {
            "one.jpg" | "two.mp4" => {
                assert_eq!(stage.get("ann", &format!("/api/media/{}", id_of(result))).await.0, 200);
                continue;
            }
            "large.jpg" => "file_too_large",
            "cut.jpg" => "file_broken",
            _ => "unsupported_media_type",
        };
        assert_eq!((&result["code"], &result["filename"]), (&json!(code), &json!(name)));
        assert_eq!(result.as_object().unwrap().len(), 3, "{result}");
    }
    assert_eq!((stage.stored().await.len(), stage.spooled()), (6, 0));

    // If none is taken, the status is that of the first.
    let fields = [Field::file("files", "a", b"nothing"), Field::file("files", "b", &large)];
    let form = stage.form("ann", "/api/media/upload/multiple", &fields);
    let refused = refusal(read(form.send().await.unwrap()).await);
    assert_eq!(refused, (415, "unsupported_media_type".to_owned()));
    let fields = vec![Field::file("files", "a.jpg", &good); 11];
    let form = stage.form("ann", "/api/media/upload/multiple", &fields);
    let refused = refusal(read(form.send().await.unwrap()).await);
    assert_eq!(refused, (400, "too_many_files".to_owned()));
    assert_eq!((stage.stored().await.len(), stage.spooled()), (6, 0));
}

async fn a_used_upload(stage: Stage) {
    let (_, made) = stage.upload("ann", &photograph()).await;
    let id = id_of(&made);
    let path = format!("/api/media/{id}");
    let (one, two) = (PostId::made_by(&stage.bench.ids), PostId::made_by(&stage.bench.ids));
    let service = stage.service();
    let name = made["urls"]["small"].as_str().unwrap().strip_prefix("/media/").unwrap();
    for (post, media) in [(one, MediaRef::Id(id)), (two, MediaRef::Object(name.to_owned()))] {
        let found = service.attach(user(1), post, vec![media]).await.unwrap();
        assert_eq!(found[0].as_ref().unwrap().id, id);
    }
    let refused = refusal(stage.delete("ann", &path).await);
    assert_eq!(refused, (409, "media_in_use".to_owned()));
    stage.tell(Event::PostDeleted { post: one, author: user(1) }).await;
    stage.settle().await;
    assert_eq!(stage.get("ann", &path).await.0, 200);
    stage.tell(Event::PostDeleted { post: two, author: user(1) }).await;
    stage.settle().await;
    assert_eq!(stage.get("ann", &path).await.0, 404);
    assert_eq!(stage.stored().await, Vec::<String>::new());
    assert_eq!(service.check(false).await.unwrap(), []);
}

async fn an_account_that_goes(stage: Stage) {
    let (_, pending) =
        stage.post("ann", "/api/media/presigned-url", json!({"contentType": "image/png"})).await;
    assert!(pending["fileId"].is_string());
    for who in ["ann", "ann", "ben"] {
        assert_eq!(stage.upload(who, &photograph()).await.0, 201);
    }
    stage.tell(Event::UserDeleted { user: user(1) }).await;
    stage.settle().await;
    let names = stage.stored().await;
    assert!(names.len() == 5 && names.iter().all(|name| name.starts_with("images/2/")));
    // What was on its way when the account went is not kept.
    let refused = refusal(stage.upload("ann", &photograph()).await);
    assert_eq!(refused, (401, "invalid_token".to_owned()));
    super::stage::eventually("what was put in vain goes", async || {
        (stage.stored().await.len() == 5).then_some(())
    })
    .await;
    assert_eq!(stage.service().check(false).await.unwrap(), []);
}

#[tokio::test]
async fn what_takes_too_much_is_not_kept() {
    let stage = Stage::in_a_folder().await;
    // Some 900 KB that no compression makes smaller.
    let noise = image::RgbImage::from_fn(550, 550, |x, y| {
        let mixed = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).to_le_bytes();
        let more = (x * 31 + y * 17).wrapping_mul(3_266_489_917).to_be_bytes();
        image::Rgb([mixed[3] ^ more[0], mixed[2] ^ more[1], mixed[1] ^ more[2]])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(noise).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let large = bytes.into_inner();
    let mut taken = 0;
    let refused = loop {
        let answer = stage.upload("ann", &large).await;
        if answer.0 != 201 {
            break refusal(answer);
        }
        taken += 1;
        assert!(taken < 20, "{} bytes are not counted", large.len());
    };
    assert!(taken > 0);
    assert_eq!(refused, (403, "storage_budget_exceeded".to_owned()));
    let (_, usage) = stage.get("ann", "/api/media/usage").await;
    assert!(usage["bytes"].as_u64().unwrap() <= BUDGET && usage["files"] == taken);
    super::stage::eventually("what was put in vain goes", async || {
        (stage.stored().await.len() == 5 * taken).then_some(())
    })
    .await;
    assert_eq!(stage.upload("ben", &large).await.0, 201);
}

#[tokio::test]
async fn the_same_upload_twice_with_one_key_is_one_upload() {
    let stage = Stage::in_a_folder().await;
    let file = photograph();
    let send = async |boundary: &str, who: &str, text: &str, file: &[u8]| {
        let fields = [Field::text("altText", text), Field::file("file", "a.jpg", file)];
        let request = stage
            .request(who, Method::POST, "/api/media/upload")
            .header("idempotency-key", "once")
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(super::stage::form(boundary, &fields));
        let answer = request.send().await.unwrap();
        let replayed = answer.headers().contains_key("idempotency-replayed");
        (replayed, read(answer).await)
    };
    let (replayed, first) = send("one", "ann", "x", &file).await;
    assert!(!replayed && first.0 == 201);
    // A browser separates the fields of each try by other words.
    assert_eq!(send("two", "ann", "x", &file).await, (true, first.clone()));
    let others = picture(image::ImageFormat::Png, 10, 10);
    for (text, file) in [("y", &file), ("x", &others)] {
        let (_, answer) = send("one", "ann", text, file).await;
        assert_eq!(refusal(answer), (422, "idempotency_key_reused".to_owned()));
    }
    let (replayed, other) = send("one", "ben", "x", &file).await;
    assert!(!replayed && other.0 == 201);
    assert_eq!((stage.stored().await.len(), stage.spooled()), (10, 0));
    let (_, usage) = stage.get("ann", "/api/media/usage").await;
    assert_eq!(usage["files"], 1);
}

#[tokio::test]
async fn a_film_has_a_picture_where_there_is_a_program_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let source = "testsrc=size=320x240:rate=10:duration=1";
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p"])
        .arg(&path)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: there is no ffmpeg here");
        return;
    }
    let film = std::fs::read(&path).unwrap();
    let media = tintype_platform::config::Config::defaults().media;
    for (program, has_poster) in [("ffmpeg", true), ("/nowhere/ffmpeg", false)] {
        let stage = Stage::on(&media, |settings| settings.ffmpeg = program.to_owned()).await;
        let (status, made) = stage.upload("ann", &film).await;
        assert_eq!((status, &made["width"]), (201, &json!(320)), "{made}");
        assert_eq!(made["blurhash"].is_string(), has_poster);
        assert_eq!(made["urls"].get("poster").is_some(), has_poster);
        if has_poster {
            let answer = stage.fetch(&made["urls"]["poster"]).await;
            assert_eq!(answer.headers()["content-type"], "image/jpeg");
            let poster = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!((poster.width(), poster.height()), (320, 240));
        }
        let range = stage.request("", Method::GET, made["urls"]["video"].as_str().unwrap());
        let answer = range.header("range", "bytes=4-7").send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.bytes().await.unwrap()[..]),
            (206, &b"ftyp"[..])
        );
        let id = id_of(&made);
        assert_eq!(stage.delete("ann", &format!("/api/media/{id}")).await.0, 200);
        stage.settle().await;
        assert_eq!((stage.stored().await, stage.spooled()), (Vec::new(), 0));
    }
}

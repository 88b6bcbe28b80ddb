//! Pictures and films, from the upload to the feed and away again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::Described;
use crate::rig::program::{Program, run};
use crate::rig::{Answer, Person, Rig, assert_shape, eventually, id_of};

const BOUNDARY: &str = "a-boundary";

/// A photograph of 320 × 240 pixels.
pub(crate) fn photograph() -> Vec<u8> {
    let shade = |x: u32, y: u32| image::Rgb([(x * 7) as u8, (y * 5) as u8, (x ^ y) as u8]);
    let picture = image::RgbImage::from_fn(320, 240, shade);
    let mut bytes = std::io::Cursor::new(Vec::new());
    let format = image::ImageFormat::Jpeg;
    image::DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// What is answered to a form with these files, all in the same field.
async fn send(person: &Person, path: &str, field: &str, files: &[&[u8]]) -> Answer {
    let mut body = Vec::new();
    for file in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; \
             filename=\"a.jpg\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let request = person.request(Method::POST, path).header("content-type", content_type);
    Answer::of(format!("POST {path}"), request.body(body)).await
}

/// What is answered to an upload.
pub(crate) async fn upload(person: &Person, file: &[u8]) -> Answer {
    send(person, "/api/media/upload", "file", &[file]).await
}

/// The status of what is at an address.
async fn status_of(rig: &Rig, address: &Value) -> u16 {
    let path = address.as_str().unwrap_or_else(|| panic!("no address: {address}"));
    let answer = rig.stranger.request(Method::GET, path).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_picture_lives_as_long_as_its_post() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    bob.follows(&ann).await;
    let file = photograph();
    let [one, two] = [upload(&ann, &file).await.good(201), upload(&ann, &file).await.good(201)];
    assert_ne!(one["urls"], two["urls"], "nobody can tell the one from the other");
    let body = json!({
        "caption": "two", "mediaIds": [one["id"]], "mediaUrls": [two["urls"]["large"]],
    });
    let post = ann.post("/api/posts", body).await.good(201);
    let path = format!("/api/posts/{}", id_of(&post));
    let seen = bob.get(&path).await.good(200);
    assert_eq!(seen["media_urls"], json!([one["urls"]["large"], two["urls"]["large"]]));
    for (shown, made) in seen["media"].as_array().unwrap().iter().zip([&one, &two]) {
        for field in ["id", "type", "urls", "width", "height", "blurhash", "alt_text"] {
            assert_eq!(shown[field], made[field], "{field}");
        }
    }
    for address in seen["media_urls"].as_array().unwrap() {
        assert_eq!(status_of(&rig, address).await, 200);
    }

    // What is said about a picture is said in the post as well.
    let of_one = format!("/api/media/{}", id_of(&one));
    ann.put(&of_one, json!({ "altText": "a pattern" })).await.good(200);
    eventually("the post says so", async || {
        let seen = bob.get(&path).await.good(200);
        (seen["media"][0]["alt_text"] == "a pattern").then_some(())
    })
    .await;
    let feed = bob.get("/api/feed").await.good(200);
    assert_eq!(feed["posts"][0]["media"][0]["alt_text"], "a pattern");

    // Others cannot use it, and its owner cannot delete it.
    let theft = json!({ "mediaIds": [one["id"]] });
    assert_eq!(bob.post("/api/posts", theft).await.status, 400);
    let refused = ann.delete(&of_one).await;
    assert_eq!((refused.status, refused.code()), (409, "media_in_use"));
    let again = ann.post("/api/posts", json!({ "mediaIds": [one["id"]] })).await.good(201);

    ann.delete(&path).await.good(200);
    rig.drained().await;
    assert_eq!(status_of(&rig, &one["urls"]["large"]).await, 200, "another post has it");
    assert_eq!(status_of(&rig, &two["urls"]["large"]).await, 404);
    ann.delete(&format!("/api/posts/{}", id_of(&again))).await.good(200);
    rig.drained().await;
    for address in one["urls"].as_object().unwrap().values() {
        assert_eq!(status_of(&rig, address).await, 404);
    }
    assert_eq!(ann.get("/api/media/usage").await.good(200)["bytes"], 0);
    rig.close().await;
}

#[tokio::test]
async fn a_profile_shows_its_picture_at_once() {
    let rig = Rig::new().await;
    let [ann, bob] = rig.people(["ann", "bob"]).await;
    let path = "/api/media/profile-picture";
    let set = async || send(&ann, path, "file", &[&photograph()]).await.good(201);
    let shown = async || bob.get("/api/users/ann").await.good(200)["profile_picture_url"].clone();
    assert_eq!(shown().await, Value::Null);
    let first = set().await;
    assert_eq!(shown().await, first["urls"]["large"]);
    let second = set().await;
    assert_eq!(shown().await, second["urls"]["large"]);
    rig.drained().await;
    assert_eq!(shown().await, second["urls"]["large"]);
    assert_eq!(status_of(&rig, &first["urls"]["large"]).await, 404);
    assert_eq!(status_of(&rig, &second["urls"]["small"]).await, 200);
    ann.delete(path).await.good(200);
    assert_eq!(shown().await, Value::Null);
    rig.drained().await;
    assert_eq!(
        (shown().await, status_of(&rig, &second["urls"]["small"]).await),
        (Value::Null, 404)
    );
    rig.close().await;
}

#[tokio::test]
async fn an_account_takes_its_pictures_with_it() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let made = upload(&ann, &photograph()).await.good(201);
    ann.post("/api/posts", json!({ "mediaIds": [made["id"]] })).await.good(201);
    let loose = upload(&ann, &photograph()).await.good(201);
    send(&ann, "/api/media/profile-picture", "file", &[&photograph()]).await.good(201);
    let password = json!({ "password": crate::rig::PASSWORD });
    ann.ask("DELETE", "/api/users/me", Some(password)).await.good(200);
    rig.drained().await;
    for made in [&made, &loose] {
        assert_eq!(status_of(&rig, &made["urls"]["original"]).await, 404);
    }
    rig.close().await;
}

#[tokio::test]
async fn media_answers_as_described() {
    let rig = Rig::new().await;
    let ann = rig.person("ann").await;
    let api = Described::of(&rig).await;
    let file = photograph();
    let shape = json!({
        "id": "id", "type": "=image",
        "urls": {
            "thumbnail": "text", "small": "text", "medium": "text", "large": "text",
            "original": "text",
        },
        "width": 320, "height": 240, "blurhash": "text", "alt_text": null,
        "receipt": { "removed": [], "kept": [] },
    });
    let made = upload(&ann, &file).await.good(201);
    assert_shape("POST /api/media/upload", &made, &shape);
    let id = id_of(&made);
    let several = send(&ann, "/api/media/upload/multiple", "files", &[&file, b"nothing"]).await;
    let several = several.good(201);
    assert_shape("one of several", &several["uploads"][0], &shape);
    let refused = json!({ "error": "text", "code": "text", "filename": "text" });
    assert_shape("one of several", &several["uploads"][1], &refused);
    api.answers(&ann, "GET /api/media/{id}", &[&id], None, (200, shape.clone())).await;
    let said = Some(json!({ "altText": "x" }));
    let mut described = shape.clone();
    described["alt_text"] = json!("=x");
    api.answers(&ann, "PUT /api/media/{id}", &[&id], said, (200, described)).await;
    let usage = json!({ "bytes": "number", "files": 2, "budget": "number" });
    api.answers(&ann, "GET /api/media/usage", &[], None, (200, usage)).await;
    let announced = Some(json!({ "filename": "a.png", "contentType": "image/jpeg" }));
    let address = json!({
        "uploadUrl": "text", "fileId": "id", "objectName": "text", "expiresIn": 3600,
    });
    let address =
        api.answers(&ann, "POST /api/media/presigned-url", &[], announced, (201, address)).await;
    let put = rig.stranger.request(Method::PUT, address["uploadUrl"].as_str().unwrap());
    let put = put.header("content-type", "image/jpeg").body(file).send().await.unwrap();
    assert_eq!(put.status(), 204);
    let pending = address["fileId"].as_str().unwrap();
    let complete = "POST /api/media/{id}/complete";
    api.answers(&ann, complete, &[pending], None, (200, shape)).await;
    let done = json!({ "message": "text" });
    api.answers(&ann, "DELETE /api/media/{id}", &[&id], None, (200, done.clone())).await;
    api.answers(&ann, "DELETE /api/media/profile-picture", &[], None, (200, done)).await;
    rig.close().await;
}

/// The command beside a running program.
#[tokio::test]
async fn what_belongs_to_nothing_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Program::serve(&data).await;
    let ann = program.stranger.register("ann").await;
    let made = upload(&ann, &photograph()).await.good(201);
    let orphans = data.join("media/images/7");
    std::fs::create_dir_all(&orphans).unwrap();
    let orphan = orphans.join("AAAAAAAAAAAAAAAAAAAAAA_large.jpg");
    std::fs::write(&orphan, "orphan").unwrap();
    let young = run(&data, &["sweep"]).good();
    assert!(young.contains("nothing to remove"), "{young}");
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    std::fs::File::options().write(true).open(&orphan).unwrap().set_modified(long_ago).unwrap();
    let looked = run(&data, &["sweep", "--dry-run"]).good();
    assert!(looked.contains("1  of them belong to no upload") && orphan.exists(), "{looked}");
    let swept = run(&data, &["sweep", "--json"]).good();
    let swept: Value = serde_json::from_str(&swept).unwrap();
    assert_eq!((&swept["orphans"], &swept["objects"]), (&json!(1), &json!(6)));
    assert!(!orphan.exists());
    let path = made["urls"]["large"].as_str().unwrap();
    let answer = program.stranger.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // Another page may show it, and nobody is told how often it was fetched.
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
    program.stop().await;
}

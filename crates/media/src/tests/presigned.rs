//! Uploads in two steps.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{
    LARGEST, Stage, eventually, on_every_store, photograph, picture, read, refusal,
};

on_every_store! {
    put_and_completed
    put_what_is_not_taken
    not_put_as_announced
}

async fn announce(stage: &Stage, content_type: &str) -> Value {
    let body = json!({"filename": "../a.exe", "contentType": content_type});
    let (status, body) = stage.post("ann", "/api/media/presigned-url", body).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["expiresIn"], 3600);
    body
}

/// The status of a `PUT`.
async fn put(stage: &Stage, announced: &Value, content_type: &str, file: Vec<u8>) -> u16 {
    let url = announced["uploadUrl"].as_str().unwrap();
    let request = stage.request("", Method::PUT, url).header("content-type", content_type);
    request.body(file).send().await.unwrap().status().as_u16()
}

async fn complete(stage: &Stage, who: &str, announced: &Value) -> (u16, Value) {
    let path = format!("/api/media/{}/complete", announced["fileId"].as_str().unwrap());
    stage.post(who, &path, Value::Null).await
}

async fn put_and_completed(stage: Stage) {
    let announced = announce(&stage, "image/jpeg").await;
    assert!(announced["objectName"].as_str().unwrap().starts_with("pending/"));
    let early = refusal(complete(&stage, "ann", &announced).await);
    assert_eq!(early, (409, "nothing_uploaded".to_owned()));
    let file = photograph();
    let status = put(&stage, &announced, "image/jpeg", file.clone()).await;
    assert!([200, 204].contains(&status), "{status}");
    assert_eq!(stage.stored().await, [announced["objectName"].as_str().unwrap()]);
    assert_eq!(refusal(complete(&stage, "ben", &announced).await).0, 404);
    let id = announced["fileId"].as_str().unwrap();
    assert_eq!(stage.get("ann", &format!("/api/media/{id}")).await.0, 404);

    let (one, two) =
        tokio::join!(complete(&stage, "ann", &announced), complete(&stage, "ann", &announced));
    // Of two at the same moment one may find that what was put is gone already.
    let made = if one.0 == 200 { one } else { two };
    assert_eq!((made.0, &made.1["id"]), (200, &announced["fileId"]), "{}", made.1);
    assert_eq!(complete(&stage, "ann", &announced).await, made);
    let original = stage.fetch(&made.1["urls"]["original"]).await.bytes().await.unwrap();
    assert!(original == file);
    eventually("nothing else is kept", async || {
        (stage.stored().await.len() == 5 && stage.spooled() == 0).then_some(())
    })
    .await;
    let (_, usage) = stage.get("ann", "/api/media/usage").await;
    assert_eq!((usage["files"].as_u64(), stage.events().await.len()), (Some(1), 1));
}

async fn put_what_is_not_taken(stage: Stage) {
    let jpeg = photograph();
    let large = [jpeg.clone(), vec![0; LARGEST]].concat();
    let cut = jpeg[..jpeg.len() / 2].to_vec();
    for (file, refused) in [
        (b"<html>".repeat(99), (415, "unsupported_media_type")),
        (large, (413, "file_too_large")),
        (cut, (415, "file_broken")),
    ] {
        let announced = announce(&stage, "image/jpeg").await;
        let status = put(&stage, &announced, "image/jpeg", file).await;
        if [413, 415].contains(&status) {
            // The program looks at once; another store does not look at all.
            assert_eq!(status, refused.0);
            continue;
        }
        assert!([200, 204].contains(&status), "{status}");
        let answer = refusal(complete(&stage, "ann", &announced).await);
        assert_eq!(answer, (refused.0, refused.1.to_owned()));
        assert_eq!(complete(&stage, "ann", &announced).await.0, 404);
    }
    stage.settle().await;
    assert_eq!((stage.stored().await, stage.spooled()), (Vec::new(), 0));
    assert_eq!(stage.get("ann", "/api/media/usage").await.1["files"], 0);
}

async fn not_put_as_announced(stage: Stage) {
    let announced = announce(&stage, "image/png").await;
    let png = picture(image::ImageFormat::Png, 60, 40);
    for wrong in ["image/jpeg", "text/html", "video/mp4"] {
        let status = put(&stage, &announced, wrong, png.clone()).await;
        assert!([403, 415].contains(&status), "{wrong}: {status}");
    }
    let mut forged = announced.clone();
    let url = announced["uploadUrl"].as_str().unwrap();
    forged["uploadUrl"] = format!("{}x", &url[..url.len() - 1]).into();
    let status = put(&stage, &forged, "image/png", png).await;
    assert!([400, 403].contains(&status), "{status}");
    assert_eq!(stage.stored().await, Vec::<String>::new());

    let body = |content_type: &str| json!({"contentType": content_type});
    for (body, status) in [
        (body("image/svg+xml"), 415),
        (body("text/html"), 415),
        (body(""), 415),
        (json!({}), 400),
        (json!({"contentType": 7}), 400),
    ] {
        assert_eq!(stage.post("ann", "/api/media/presigned-url", body).await.0, status);
    }
    assert_eq!(stage.post("", "/api/media/presigned-url", body("image/png")).await.0, 401);
    // Given up by hand.
    let path = format!("/api/media/{}", announced["fileId"].as_str().unwrap());
    assert_eq!(stage.delete("ben", &path).await.0, 404);
    assert_eq!(stage.delete("ann", &path).await.0, 200);
    assert_eq!(refusal(complete(&stage, "ann", &announced).await).0, 404);
}

#[tokio::test]
async fn an_address_of_the_program_is_good_once_and_for_a_while() {
    let stage = Stage::in_a_folder().await;
    let announced = announce(&stage, "image/jpeg").await;
    let expiring = announce(&stage, "image/jpeg").await;
    let url = announced["uploadUrl"].as_str().unwrap();
    assert!(url.starts_with("/media/put/"));
    let put = async |url: &str| {
        let request = stage.request("", Method::PUT, url).header("content-type", "image/jpeg");
        read(request.body(photograph()).send().await.unwrap()).await
    };
    assert_eq!(put(url).await, (204, Value::Null));
    assert_eq!(refusal(put(url).await), (409, "address_used".to_owned()));
    assert_eq!(complete(&stage, "ann", &announced).await.0, 200);
    assert_eq!(refusal(put(url).await), (409, "address_used".to_owned()));

    stage.bench.clock.advance_millis(3_600_000);
    let url = expiring["uploadUrl"].as_str().unwrap();
    assert_eq!(refusal(put(url).await), (403, "address_expired".to_owned()));
    assert_eq!(stage.request("", Method::GET, url).send().await.unwrap().status(), 405);
}

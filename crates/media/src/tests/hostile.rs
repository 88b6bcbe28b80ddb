//! Files and clients that mean no good, or know no better.

use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::stage::{
    Field, LARGEST, Stage, eventually, form, on_every_store, photograph, picture, read, refusal,
};

on_every_store! { files_that_are_not_what_they_seem  a_client_that_hangs_up }

/// A PNG whose header claims these dimensions, and which holds nothing of the kind.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut png = picture(image::ImageFormat::Png, 8, 8);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

async fn files_that_are_not_what_they_seem(stage: Stage) {
    let (jpeg, png) = (photograph(), picture(image::ImageFormat::Png, 300, 200));
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend_from_slice(&jpeg);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &jpeg).unwrap();
    let archive = encoder.finish().unwrap();
    for (what, file, status, code) in [
        ("nothing", Vec::new(), 415, "unsupported_media_type"),
        ("a byte", vec![0xff], 415, "unsupported_media_type"),
        ("a page", b"<!doctype html><h1>a.jpg".to_vec(), 415, "unsupported_media_type"),
        ("a drawing", svg.to_vec(), 415, "unsupported_media_type"),
        ("an archive", zip, 415, "unsupported_media_type"),
        ("a compressed picture", archive, 415, "unsupported_media_type"),
        ("a program", b"\x7fELF\x02\x01\x01\0".repeat(50), 415, "unsupported_media_type"),
        ("a picture of another kind", b"BM\x36\0\0\0".repeat(50), 415, "unsupported_media_type"),
        ("a beginning", b"\xff\xd8\xff\xe0".to_vec(), 415, "file_broken"),
        ("half a photograph", jpeg[..jpeg.len() / 2].to_vec(), 415, "file_broken"),
        ("half a picture", png[..png.len() / 2].to_vec(), 415, "file_broken"),
        ("a bomb", claiming(60_000, 60_000), 413, "too_many_pixels"),
        ("a larger bomb", claiming(u32::MAX >> 1, u32::MAX >> 1), 413, "too_many_pixels"),
        ("no pixels", claiming(0, 10), 415, "file_broken"),
        ("a film without an index", b"\0\0\0\x18ftypisom\0\0\x02\0isommp41".to_vec(), 415, ""),
        ("a large file", [jpeg.clone(), vec![0; LARGEST]].concat(), 413, "file_too_large"),
    ] {
        let (refused, said) = refusal(stage.upload("ann", &file).await);
        assert_eq!(refused, status, "{what}: {said}");
        assert!(code.is_empty() || said == code, "{what}: {said}");
    }
    stage.assert_untouched().await;

    // A picture that is a page as well is kept as a picture alone.
    let page = b"<html><script>alert(1)</script></html>";
    let polyglot = [jpeg.as_slice(), page].concat();
    let (status, made) = stage.upload("ann", &polyglot).await;
    assert_eq!((status, &made["receipt"]["removed"]), (201, &serde_json::json!(["trailing_data"])));
    let answer = stage.fetch(&made["urls"]["original"]).await;
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert!(answer.bytes().await.unwrap() == jpeg);
}

async fn a_client_that_hangs_up(stage: Stage) {
    let file = photograph();
    let body = form("b", &[Field::file("file", "a.jpg", &file)]);
    for sent in [0, 10, 200, body.len() / 2, body.len() - 12] {
        let mut client = TcpStream::connect(stage.address).await.unwrap();
        let head = format!(
            "POST /api/media/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ann\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&body[..sent]).await.unwrap();
        if sent > 200 {
            eventually("it has begun", async || (stage.spooled() > 0).then_some(())).await;
        }
        drop(client);
        eventually("it is over", async || (stage.spooled() == 0).then_some(())).await;
    }
    stage.assert_untouched().await;
}

#[tokio::test]
async fn forms_that_are_none() {
    let stage = Stage::in_a_folder().await;
    let file = photograph();
    let good = form("b", &[Field::file("file", "a.jpg", &file)]);
    let upload = "/api/media/upload";
    let several = "/api/media/upload/multiple";
    let boundary = "multipart/form-data; boundary=b";
    let text = form("b", &[Field::text("altText", "x")]);
    let wrong_text = form("b", &[Field::text("altText", &"x".repeat(2000))]);
    let endless_text = form("b", &[Field::text("altText", &"x".repeat(LARGEST))]);
    let two = form("b", &[Field::file("file", "a", &file), Field::file("file", "b", &file)]);
    let endless_head =
        [b"--b\r\nContent-Disposition: form-data; x=".as_slice(), &vec![b'x'; 3 << 20]].concat();
    for (path, content_type, body, refused) in [
        (upload, "application/json", b"{}".to_vec(), (415, "unsupported_media_type")),
        (upload, "", Vec::new(), (415, "unsupported_media_type")),
        (upload, "image/jpeg", file.clone(), (415, "unsupported_media_type")),
        (upload, "multipart/form-data", good.clone(), (400, "malformed_form")),
        (upload, boundary, Vec::new(), (400, "malformed_form")),
        (upload, boundary, b"rubbish".to_vec(), (400, "malformed_form")),
        (upload, boundary, good[..good.len() - 9].to_vec(), (400, "malformed_form")),
        (upload, boundary, text.clone(), (400, "invalid")),
        (upload, boundary, wrong_text, (400, "invalid")),
        (upload, boundary, endless_text, (400, "invalid")),
        (upload, boundary, two, (400, "too_many_files")),
        (several, boundary, text, (400, "invalid")),
        (several, boundary, endless_head, (400, "malformed_form")),
    ] {
        let mut request = stage.request("ann", Method::POST, path);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let what = format!("{path} {content_type} {} bytes", body.len());
        let answer = refusal(read(request.body(body).send().await.unwrap()).await);
        assert_eq!(answer, (refused.0, refused.1.to_owned()), "{what}");
    }
    assert_eq!(stage.upload("", &file).await.0, 401);
    assert_eq!(stage.upload("nobody", &file).await.0, 401);
    stage.assert_untouched().await;
}

/// A client that says how much it will send is refused before it sends it.
#[tokio::test]
async fn what_is_too_large_is_known_before_it_comes() {
    let stage = Stage::in_a_folder().await;
    let mut client = TcpStream::connect(stage.address).await.unwrap();
    let head = format!(
        "POST /api/media/upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ann\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\nconnection: close\r\n\r\n",
        50 * LARGEST
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("file_too_large") && answer.contains("at most 1 MB"), "{answer}");
    stage.assert_untouched().await;
}

/// A client that is refused while it sends reads why all the same.
#[tokio::test]
async fn a_refused_client_may_finish_its_sentence() {
    let stage = Stage::in_a_folder().await;
    let rubbish = vec![b'x'; LARGEST - 1000];
    for _ in 0..20 {
        let fields = [Field::file("file", "a.jpg", &rubbish)];
        let answer = stage.form("ann", "/api/media/upload", &fields).send().await.unwrap();
        assert_eq!(refusal(read(answer).await).0, 415);
    }
    stage.assert_untouched().await;
}

//! Giving files.

use reqwest::Method;
use reqwest::header::HeaderMap;

use super::stage::{Stage, on_every_store, photograph};

on_every_store! { parts_of_a_file  what_a_client_has_already }

async fn ask(
    stage: &Stage,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = stage.request("", method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

async fn a_file(stage: &Stage) -> (String, Vec<u8>) {
    let file = photograph();
    let (_, made) = stage.upload("ann", &file).await;
    (made["urls"]["original"].as_str().unwrap().to_owned(), file)
}

async fn parts_of_a_file(stage: Stage) {
    let (path, file) = a_file(&stage).await;
    let size = file.len();
    let (status, headers, body) = ask(&stage, Method::GET, &path, &[]).await;
    assert!(status == 200 && body == file);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "cross-origin"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    assert_eq!(headers["content-length"], size.to_string());
    assert!(!headers.contains_key("x-ratelimit-limit"));
    let etag = headers["etag"].to_str().unwrap().to_owned();

    let last = size - 1;
    for (range, part) in [
        ("bytes=0-0", 0..1),
        ("bytes=10-99", 10..100),
        ("bytes=100-", 100..size),
        ("bytes=-5", size - 5..size),
        ("bytes=0-999999999", 0..size),
        (&format!("bytes={last}-{last}"), last..size),
    ] {
        let told = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        for method in [Method::GET, Method::HEAD] {
            let is_get = method == Method::GET;
            let (status, headers, body) = ask(&stage, method, &path, &[("range", range)]).await;
            assert_eq!((status, headers["content-range"].to_str().unwrap()), (206, &*told));
            assert_eq!(headers["content-length"], part.len().to_string());
            assert!(if is_get { body == file[part.clone()] } else { body.is_empty() }, "{range}");
        }
    }
    // Several ranges, or what is no range, is the whole file.
    for range in ["bytes=0-1,3-4", "lines=1-2", "bytes=4-2", "bytes=a-"] {
        let (status, _, body) = ask(&stage, Method::GET, &path, &[("range", range)]).await;
        assert!(status == 200 && body == file, "{range}");
    }
    for range in [format!("bytes={size}-"), "bytes=-0".to_owned()] {
        let (status, headers, body) = ask(&stage, Method::GET, &path, &[("range", &range)]).await;
        let told = headers["content-range"].to_str().unwrap();
        assert_eq!((status, told), (416, &*format!("bytes */{size}")));
        assert!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["error"].is_string());
    }
    // A range of a file that has changed since is none; files do not change.
    let range = ("range", "bytes=0-0");
    let (status, ..) = ask(&stage, Method::GET, &path, &[range, ("if-range", &etag)]).await;
    assert_eq!(status, 206);
    let (status, ..) = ask(&stage, Method::GET, &path, &[range, ("if-range", "\"other\"")]).await;
    assert_eq!(status, 200);
}

async fn what_a_client_has_already(stage: Stage) {
    let (path, _) = a_file(&stage).await;
    let (_, headers, _) = ask(&stage, Method::HEAD, &path, &[]).await;
    let etag = headers["etag"].to_str().unwrap();
    assert!(headers["content-length"].to_str().unwrap().parse::<u64>().unwrap() > 1000);
    for tags in [etag, "*", &format!("\"x\", W/{etag}")] {
        let (status, headers, body) =
            ask(&stage, Method::GET, &path, &[("if-none-match", tags)]).await;
        assert!(status == 304 && body.is_empty(), "{tags}");
        assert_eq!(headers["etag"], etag);
    }
    let (status, ..) = ask(&stage, Method::GET, &path, &[("if-none-match", "\"x\"")]).await;
    assert_eq!(status, 200);

    let other = path.replace("_original", "_large");
    assert_ne!(ask(&stage, Method::HEAD, &other, &[]).await.1["etag"], etag);
    let name = path.rsplit('/').next().unwrap();
    let changed = path.replace(&name[..1], if name.starts_with('A') { "B" } else { "A" });
    for missing in [
        changed.as_str(),
        "/media/",
        "/media/7",
        "/media/images/1/none",
        "/media/pending/AAAAAAAAAAAAAAAAAAAAAA",
        "/media/..%2f..%2ftintype.db",
        "/media/images/1/..%2f..%2f..%2ftintype.db",
        "/media/%00",
        "/media/%ff",
    ] {
        for (method, tag) in [(Method::GET, "\"x\""), (Method::HEAD, "*")] {
            let headers = [("if-none-match", tag)];
            let (status, headers, body) = ask(&stage, method.clone(), missing, &headers).await;
            assert!([400, 404].contains(&status), "{missing}: {status}");
            assert_eq!(headers["content-type"], "application/json");
            assert!(!headers.contains_key("etag"));
            assert!(method == Method::HEAD || body.starts_with(b"{\"error\""), "{missing}");
        }
    }
}

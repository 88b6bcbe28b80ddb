//! Profile pictures.

use reqwest::Method;
use serde_json::{Value, json};
use tintype_api::{Accounts, Event};

use super::stage::{Field, Stage, on_every_store, picture, read, refusal, user};

on_every_store! { a_profile_picture }

async fn set(stage: &Stage, file: &[u8]) -> (u16, Value) {
    let fields = [Field::file("file", "me.jpg", file)];
    read(stage.form("ann", "/api/media/profile-picture", &fields).send().await.unwrap()).await
}

async fn shown(stage: &Stage) -> Option<String> {
    let cards = stage.people.cards(vec![user(1)]).await.unwrap();
    cards[0].as_ref().unwrap().profile_picture_url.clone()
}

async fn a_profile_picture(stage: Stage) {
    let (status, first) = set(&stage, &picture(image::ImageFormat::Png, 640, 480)).await;
    assert_eq!((status, &first["type"]), (201, &json!("image")), "{first}");
    assert_eq!((&first["width"], &first["height"]), (&json!(640), &json!(480)));
    for (name, side) in [("small", 50), ("medium", 150), ("large", 320)] {
        let jpeg = stage.fetch(&first["urls"][name]).await.bytes().await.unwrap();
        let decoded = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (side, side), "{name}");
    }
    assert_eq!(first["urls"].as_object().unwrap().len(), 3);
    let large = first["urls"]["large"].as_str().unwrap().strip_prefix("/media/").unwrap();
    assert_eq!(shown(&stage).await.as_deref(), Some(large));

    let (_, second) = set(&stage, &picture(image::ImageFormat::Gif, 300, 300)).await;
    stage.settle().await;
    let names = stage.stored().await;
    assert!(names.len() == 3 && !names.iter().any(|name| name == large), "{names:?}");
    let path = |made: &Value| format!("/api/media/{}", made["id"].as_str().unwrap());
    assert_eq!(stage.get("ann", &path(&first)).await.0, 404);
    assert_eq!(stage.get("ann", &path(&second)).await.0, 200);

    let refused = refusal(set(&stage, &super::uploads::film()).await);
    assert_eq!(refused, (415, "unsupported_media_type".to_owned()));
    assert_eq!(stage.stored().await, names);

    let removed = (200, json!({"message": "Profile picture removed"}));
    for _ in 0..2 {
        assert_eq!(stage.delete("ann", "/api/media/profile-picture").await, removed);
    }
    stage.settle().await;
    assert_eq!((shown(&stage).await, stage.stored().await), (None, Vec::new()));
    // It goes the same way by its id.
    let (_, third) = set(&stage, &picture(image::ImageFormat::WebP, 300, 300)).await;
    assert_eq!(stage.delete("ann", &path(&third)).await.0, 200);
    stage.settle().await;
    assert_eq!((shown(&stage).await, stage.stored().await), (None, Vec::new()));

    let told: Vec<bool> = stage
        .events()
        .await
        .iter()
        .filter_map(|event| match event {
            Event::PictureUpdated { object, urls, .. } => {
                assert_eq!(object.is_some(), urls.is_some());
                Some(object.is_some())
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, [true, true, false, true, false]);
    let nobody = stage.ask("", Method::DELETE, "/api/media/profile-picture", Value::Null).await;
    assert_eq!(nobody.0, 401);
}

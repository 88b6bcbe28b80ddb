//! The service as other slices use it, near and far.

use std::sync::Arc;

use tintype_api::accounts::{Accounts, Caller, KeyStanding, Role, accounts};
use tintype_api::{TokenId, UserId};
use tintype_platform::error::Kind;
use tintype_platform::testkit::far;

use crate::site::Site;

/// What a test has arranged and every client of the service must see.
struct Arranged {
    anna: UserId,
    ben: UserId,
    token: String,
    ended: String,
    key: String,
}

async fn conforms(service: Arc<dyn Accounts>, arranged: &Arranged) {
    let Arranged { anna, ben, token, ended, key } = arranged;
    let nobody = UserId::new(77).unwrap();

    let cards = service.cards(vec![*ben, nobody, *anna, *ben]).await.unwrap();
    let names: Vec<Option<&str>> =
        cards.iter().map(|card| card.as_ref().map(|card| card.username.as_str())).collect();
    assert_eq!(names, [Some("ben"), None, Some("anna"), Some("ben")]);
    assert_eq!(cards[2].as_ref().unwrap().id, *anna);
    assert_eq!(service.cards(Vec::new()).await.unwrap(), []);

    let wanted = ["BEN", "nobody", "anna", ""].map(str::to_owned).to_vec();
    let named = service.named(wanted).await.unwrap();
    assert_eq!(named, [Some(*ben), None, Some(*anna), None]);

    for _ in 0..2 {
        let caller = service.caller(token.as_str().into()).await.unwrap();
        let Caller { user, username, role, token: _ } = caller;
        assert_eq!((user, &*username, role), (*anna, "anna", Role::User));
    }
    for (token, code) in [(ended.as_str(), "ended_token"), ("x", "invalid_token")] {
        let error = service.caller(token.into()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, code));
    }

    assert_eq!(service.key_standing(None).await.unwrap(), KeyStanding::Unknown);
    let wrong = service.key_standing(Some("tt_wrong".to_owned())).await.unwrap();
    assert_eq!(wrong, KeyStanding::Unknown);
    let known = service.key_standing(Some(key.clone())).await.unwrap();
    assert!(matches!(known, KeyStanding::Known { may_write: true, .. }), "{known:?}");
}

#[tokio::test]
async fn near_and_far_are_the_same() {
    let site = Site::start().await;
    let none = site.service.key_standing(None).await.unwrap();
    assert_eq!(none, KeyStanding::NoneConfigured);
    let (anna, token) = site.newcomer("anna").await;
    let (ben, ended) = site.newcomer("ben").await;
    site.post("/api/auth/logout", &ended, serde_json::json!(null)).await;
    let key = site.service.create_key("tests", true).await.unwrap();
    let arranged = Arranged { anna, ben, token, ended, key };
    conforms(site.service.clone(), &arranged).await;
    conforms(Arc::new(far(accounts::routes(site.service.clone())).await), &arranged).await;
}

#[tokio::test]
async fn a_token_is_known_by_its_own_id() {
    let site = Site::start().await;
    let (_, first) = site.newcomer("anna").await;
    let second = site.sign_in("anna", crate::site::PASSWORD).await.token();
    let id =
        async |token: &str| -> TokenId { site.service.caller(token.into()).await.unwrap().token };
    assert_ne!(id(&first).await, id(&second).await);
}

//! What those who run the site see of it, and do.

use reqwest::StatusCode;
use tintype_api::accounts::Role;

use super::browser::Browser;
use crate::rig::Rig;

async fn admin(rig: &Rig) -> Browser {
    let browser = Browser::joined(rig, "ann").await;
    rig.site().accounts.set_role("ann", Role::Admin).await.unwrap();
    browser
}

#[tokio::test]
async fn everybody_is_listed_newest_first_and_given_roles() {
    let rig = Rig::new().await;
    let mut ann = admin(&rig).await;
    let mut bob = Browser::joined(&rig, "bob").await;
    for path in ["/admin", "/admin/people", "/admin/posts"] {
        assert_eq!(bob.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let role = "/admin/people/bob/role";
    assert_eq!(bob.submit(role, &[("role", "admin")]).await.status, StatusCode::NOT_FOUND);

    let page = ann.get("/admin/people").await;
    let newest_first = page.html.find("href=\"/bob\"") < page.html.find(">This is you");
    assert!(newest_first, "{}", page.html);
    page.says("0 posts · 0 followers").lacks("rel=\"next\"");
    let page = ann.submit(role, &[("role", "moderator")]).await;
    let page = ann.follow(&page).await;
    page.says("Their role is changed.").says("<option value=\"moderator\" selected>");
    assert_eq!(ann.submit(role, &[("role", "king")]).await.status, StatusCode::BAD_REQUEST);
    let page = ann.submit("/admin/people/ANN/role", &[("role", "user")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = ann.submit("/admin/people/nobody/role", &[("role", "user")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(bob.get("/admin").await.status, StatusCode::NOT_FOUND, "a moderator is no admin");
    rig.close().await;
}

#[tokio::test]
async fn the_list_of_people_goes_on_to_the_first() {
    let rig = Rig::new().await;
    let mut ann = admin(&rig).await;
    for number in 0..40 {
        rig.person(&format!("person{number:02}")).await;
    }
    let first = ann.get("/admin/people").await;
    first.says("href=\"/person39\"").says("href=\"/person10\"").lacks("href=\"/person09\"");
    let next = first.between("rel=\"next\" href=\"", "\"").to_owned();
    let rest = ann.get(&next).await;
    rest.says("href=\"/person09\"").says("href=\"/person00\"").lacks("href=\"/person10\"");
    rest.says(">This is you").lacks("rel=\"next\"");
    rig.close().await;
}

#[tokio::test]
async fn posts_are_listed_newest_first_hidden_shown_and_deleted() {
    let rig = Rig::new().await;
    let mut ann = admin(&rig).await;
    let bob = rig.person("bob").await;
    let (old, new) = (bob.posts("The older one").await, bob.posts("The newer one").await);
    let page = ann.get("/admin/posts").await;
    let newest_first = page.html.find("The newer one") < page.html.find("The older one");
    assert!(newest_first, "{}", page.html);

    let hide = [("back", "/admin/posts")];
    let page = ann.submit(&format!("/p/{new}/hide"), &hide).await;
    ann.follow(&page).await.says("The post is hidden").lacks("The newer one").says("The older one");
    for typed in [new.clone(), format!("http://x/p/{new}?a#b")] {
        let page = ann.submit("/admin/posts/show", &[("post", &*typed)]).await;
        assert_eq!(page.location.as_deref(), Some(&*format!("/p/{new}")));
    }
    ann.get("/admin/posts").await.says("The newer one");
    let page = ann.submit("/admin/posts/show", &[("post", "what?")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);

    let delete = format!("/p/{old}/delete");
    let mut eve = Browser::joined(&rig, "eve").await;
    assert_eq!(eve.get(&delete).await.status, StatusCode::NOT_FOUND);
    assert_eq!(eve.submit(&delete, &[]).await.status, StatusCode::NOT_FOUND);
    ann.get(&delete).await.says("Delete this post of bob?");
    let page = ann.submit(&delete, &[]).await;
    let page = ann.follow(&page).await;
    page.says("The post is deleted.").says("The newer one").lacks("The older one");
    rig.close().await;
}

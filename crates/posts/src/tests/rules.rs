//! Rules that no single route shows.

use tintype_api::Event;
use tintype_platform::error::Kind;

use super::stage::{Stage, draft, first, text};
use crate::service::Change;
use crate::words::{Caption, Field};

fn captioned(text: &str) -> Change {
    let caption = Caption::try_from(text.to_owned()).unwrap();
    Change { caption: Field::Set(Some(caption)), ..Change::default() }
}

#[tokio::test]
async fn only_those_are_told_of_a_mention_who_see_the_post() {
    let stage = Stage::new().await;
    let [ann, ben, eve] = stage.crowd();
    let kim = stage.people.put(9, "kim", true);
    stage.ties.follow(ben, kim, true);
    stage.ties.block(eve, ann, true);
    let everybody = "@name1 @name2 @name3 @kim @nobody";
    let by_ann = stage.post(ann, everybody).await;
    let by_kim = stage.post(kim, everybody).await;
    stage.posts().comment(ben, by_kim, text(everybody)).await.unwrap();
    stage.posts().comment(kim, by_ann, text(everybody)).await.unwrap();
    let told: Vec<_> = stage
        .events()
        .await
        .into_iter()
        .map(|event| match event {
            Event::PostCreated { mentions, .. } | Event::CommentCreated { mentions, .. } => {
                mentions
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [vec![ben, kim], vec![ben], vec![kim], vec![ann, ben]]);
    // What is shown is what was written.
    let post = stage.posts().look(Some(ann), by_ann).await.unwrap().post;
    assert_eq!(post.mentions, ["name1", "name2", "name3", "kim", "nobody"]);
}

#[tokio::test]
async fn an_edit_tells_new_mentions_only_and_nothing_if_nothing_changes() {
    let stage = Stage::new().await;
    let [ann, ben, eve] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "#one @name2").await;
    stage.bench.clock.advance_millis(5000);
    let before = stage.events().await.len();
    let same = posts.edit(ann, post, captioned("#one @name2")).await.unwrap();
    assert_eq!(stage.events().await.len(), before);
    assert_eq!(same.post.updated_at, same.post.created_at);
    let edited = posts.edit(ann, post, captioned("#two @name2 @name3")).await.unwrap();
    assert!(edited.post.updated_at > edited.post.created_at);
    assert_eq!(
        stage.events().await[before..],
        [Event::PostUpdated { post, author: ann, hidden: false, mentions: vec![eve] }]
    );
    let tagged = async |tag| posts.by_hashtag(None, tag, first(b'x')).await.unwrap().items.len();
    assert_eq!((tagged("one").await, tagged("two").await), (0, 1));
    assert_eq!(posts.edit(ben, post, captioned("")).await.unwrap_err().kind(), Kind::NotFound);
    let cleared = Change { caption: Field::Set(None), ..Change::default() };
    let cleared = posts.edit(ann, post, cleared).await.unwrap().post;
    assert_eq!((&cleared.caption, cleared.hashtags.len()), (&None, 0));
}

#[tokio::test]
async fn what_a_moderator_hides_only_a_moderator_shows() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "").await;
    let hides = async |by, moderates, hidden| {
        posts.set_hidden_by(by, moderates, post, hidden).await.map_err(|error| error.kind())
    };
    let show = Change { hidden: Some(false), ..Change::default() };
    let sees = async |who| posts.look(Some(who), post).await.is_ok();

    assert_eq!(hides(ben, false, true).await, Err(Kind::NotFound));
    hides(ann, false, true).await.unwrap();
    assert_eq!((sees(ann).await, sees(ben).await), (true, false));
    hides(ann, false, false).await.unwrap();
    assert_eq!((sees(ann).await, sees(ben).await), (true, true));

    hides(ben, true, true).await.unwrap();
    assert_eq!(hides(ann, false, false).await, Err(Kind::Forbidden));
    assert_eq!(posts.edit(ann, post, show).await.unwrap_err().kind(), Kind::Forbidden);
    // The author's own word on top of the moderator's changes nothing.
    hides(ann, false, true).await.unwrap();
    assert_eq!(hides(ann, false, false).await, Err(Kind::Forbidden));
    hides(ben, true, false).await.unwrap();
    assert!(sees(ben).await);

    // Nor is a moderator's word lost where the author has hidden it already.
    hides(ann, false, true).await.unwrap();
    posts.set_hidden(post, true).await.unwrap();
    assert_eq!(hides(ann, false, false).await, Err(Kind::Forbidden));
    assert_eq!(stage.newest(ann).await, []);
    stage.assert_no_drift().await;
    let updates = stage.events().await.into_iter().filter_map(|event| match event {
        Event::PostUpdated { hidden, .. } => Some(hidden),
        _ => None,
    });
    assert_eq!(updates.collect::<Vec<_>>(), [true, false, true, false, true]);
}

#[tokio::test]
async fn a_moderator_deletes_any_comment() {
    let stage = Stage::new().await;
    let [ann, ben, eve] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "").await;
    let said = posts.comment(ben, post, text("rude")).await.unwrap().comment.id;
    let refused = posts.delete_comment(eve, said, false).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Forbidden);
    posts.delete_comment(eve, said, true).await.unwrap();
    assert_eq!(posts.look(None, post).await.unwrap().post.comments, 0);
}

#[tokio::test]
async fn where_comments_are_disabled_nobody_comments() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let quiet = crate::service::Draft { comments_disabled: true, ..draft("") };
    let post = posts.create(ann, quiet).await.unwrap().post.id;
    for who in [ann, ben] {
        let refused = posts.comment(who, post, text("psst")).await.err().unwrap();
        assert_eq!((refused.kind(), refused.message()), (Kind::Forbidden, "Comments are disabled"));
    }
    let talk = Change { comments_disabled: Some(false), ..Change::default() };
    posts.edit(ann, post, talk).await.unwrap();
    posts.comment(ben, post, text("at last")).await.unwrap();
    stage.assert_no_drift().await;
}

#[tokio::test]
async fn events_are_told_only_when_something_changed() {
    let stage = Stage::new().await;
    let [ann, ben] = stage.crowd();
    let posts = stage.posts();
    let post = stage.post(ann, "").await;
    for _ in 0..2 {
        posts.like(ben, post).await.unwrap();
    }
    for _ in 0..2 {
        posts.unlike(ben, post).await.unwrap();
    }
    let said = posts.comment(ben, post, text("hello")).await.unwrap().comment.id;
    for on in [true, true, false, false] {
        posts.like_comment(ann, said, on).await.unwrap();
    }
    posts.save(ben, post).await.unwrap();
    posts.delete_comment(ann, said, false).await.unwrap();
    posts.set_hidden(post, false).await.unwrap();
    posts.delete(ann, post).await.unwrap();
    let (author, commenter) = (ann, ben);
    assert_eq!(
        stage.events().await,
        [
            Event::PostCreated { post, author, mentions: vec![] },
            Event::PostLiked { post, author, user: ben },
            Event::PostUnliked { post, author, user: ben },
            Event::CommentCreated { comment: said, post, author, commenter, mentions: vec![] },
            Event::CommentLiked { comment: said, post, commenter, user: ann },
            Event::CommentUnliked { comment: said, post, commenter, user: ann },
            Event::CommentDeleted { comment: said, post, author, commenter },
            Event::PostDeleted { post, author },
        ]
    );
}

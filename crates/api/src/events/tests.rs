use serde_json::json;

use super::*;

fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

fn post() -> PostId {
    PostId::new(tintype_platform::id::floor_at(Timestamp::from_millis(1_763_722_800_007)) + 9)
        .unwrap()
}

fn picture() -> (MediaId, Urls) {
    let [thumbnail, small, medium, large, original] =
        ["t", "s", "m", "l", "o"].map(|name| format!("/media/images/1/{name}.jpg"));
    (MediaId::new(6).unwrap(), Urls::Image { thumbnail, small, medium, large, original })
}

fn avatar() -> Urls {
    let [small, medium, large] =
        ["s", "m", "l"].map(|name| format!("/media/profiles/1/{name}.jpg"));
    Urls::Avatar { small, medium, large }
}

#[test]
fn every_event_reads_back_from_its_record() {
    let comment = CommentId::new(5).unwrap();
    let (post, a, b) = (post(), user(1), user(2));
    let (media, urls) = picture();
    let film = Urls::Video { video: "/media/videos/1/a.mp4".into(), poster: None };
    let events = [
        Event::UserCreated { user: a, username: "ann".into() },
        Event::UserUpdated { user: a },
        Event::UserDeleted { user: a },
        Event::Followed { follower: a, followee: b, status: FollowStatus::Pending },
        Event::FollowAccepted { follower: a, followee: b },
        Event::FollowRejected { follower: a, followee: b },
        Event::FollowWithdrawn { follower: a, followee: b },
        Event::Unfollowed { follower: a, followee: b },
        Event::Blocked { blocker: a, blocked: b },
        Event::Unblocked { blocker: a, blocked: b },
        Event::Muted { muter: a, muted: b },
        Event::Unmuted { muter: a, muted: b },
        Event::PostCreated { post, author: a, mentions: vec![b] },
        Event::PostUpdated { post, author: a, hidden: true, mentions: vec![] },
        Event::PostDeleted { post, author: a },
        Event::PostLiked { post, author: a, user: b },
        Event::PostUnliked { post, author: a, user: b },
        Event::CommentCreated { comment, post, author: a, commenter: b, mentions: vec![] },
        Event::CommentDeleted { comment, post, author: a, commenter: b },
        Event::CommentLiked { comment, post, commenter: a, user: b },
        Event::CommentUnliked { comment, post, commenter: a, user: b },
        Event::MediaUploaded { media, user: a, urls, kind: MediaKind::Image },
        Event::MediaUploaded { media, user: a, urls: film, kind: MediaKind::Video },
        Event::MediaUpdated { media, user: a },
        Event::MediaDeleted { media, user: a, objects: vec!["images/1/t.jpg".into()] },
        Event::PictureUpdated {
            media,
            user: a,
            object: Some("profiles/1/l.jpg".into()),
            urls: Some(avatar()),
        },
        Event::PictureUpdated { media, user: a, object: None, urls: None },
        Event::ActivityRecorded { user: a, activity: 7 },
        Event::FeedUpdated { user: a },
    ];
    for event in events {
        let record = event.record(Stamp { id: 3, at: Timestamp::from_millis(4) }).unwrap();
        assert_eq!(Event::read(&record).unwrap(), event);
        assert_eq!(record.kind, event.kind());
        let stored: Value = serde_json::from_str(&record.body).unwrap();
        assert_eq!(stored["type"], event.kind(), "the tag and the kind are one word");
    }
}

#[test]
fn rabbit_bodies_are_those_of_the_documents() {
    let (post, ann, ben) = (post(), user(1), user(2));
    let comment = CommentId::new(5).unwrap();
    let id = post.to_string();
    let (media, urls) = picture();
    let cases = [
        (
            Event::UserCreated { user: ann, username: "ann".into() },
            "user.created",
            json!({"userId": "1", "username": "ann"}),
        ),
        (Event::UserUpdated { user: ann }, "user.updated", json!({"userId": "1"})),
        (
            Event::Followed { follower: ann, followee: ben, status: FollowStatus::Accepted },
            "user.followed",
            json!({"followerId": "1", "followingId": "2"}),
        ),
        (
            Event::FollowAccepted { follower: ann, followee: ben },
            "user.followed",
            json!({"followerId": "1", "followingId": "2"}),
        ),
        (
            Event::Unfollowed { follower: ann, followee: ben },
            "user.unfollowed",
            json!({"followerId": "1", "followingId": "2"}),
        ),
        (
            Event::PostCreated { post, author: ann, mentions: vec![ben] },
            "post.created",
            json!({"postId": id, "userId": "1", "createdAt": "2025-11-21T11:00:00.007Z"}),
        ),
        (
            Event::PostUpdated { post, author: ann, hidden: false, mentions: vec![] },
            "post.updated",
            json!({"postId": id, "userId": "1"}),
        ),
        (
            Event::PostDeleted { post, author: ann },
            "post.deleted",
            json!({"postId": id, "userId": "1"}),
        ),
        (
            Event::PostLiked { post, author: ann, user: ben },
            "post.liked",
            json!({"postId": id, "userId": "2"}),
        ),
        (
            Event::PostUnliked { post, author: ann, user: ben },
            "post.unliked",
            json!({"postId": id, "userId": "2"}),
        ),
        (
            Event::CommentCreated { comment, post, author: ann, commenter: ben, mentions: vec![] },
            "comment.created",
            json!({"commentId": "5", "postId": id, "postOwnerId": "1", "commenterId": "2"}),
        ),
        (
            Event::CommentDeleted { comment, post, author: ann, commenter: ben },
            "comment.deleted",
            json!({"commentId": "5", "postId": id, "postOwnerId": "1", "commenterId": "2"}),
        ),
        (
            Event::MediaUploaded { media, user: ann, urls, kind: MediaKind::Image },
            "media.uploaded",
            json!({
                "fileId": "6", "userId": "1", "type": "image",
                "urls": {
                    "thumbnail": "/media/images/1/t.jpg", "small": "/media/images/1/s.jpg",
                    "medium": "/media/images/1/m.jpg", "large": "/media/images/1/l.jpg",
                    "original": "/media/images/1/o.jpg",
                },
            }),
        ),
        (
            Event::MediaDeleted { media, user: ann, objects: vec!["images/1/t.jpg".into()] },
            "media.deleted",
            json!({"fileId": "6", "userId": "1"}),
        ),
        (
            Event::PictureUpdated { media, user: ann, object: None, urls: Some(avatar()) },
            "profile.picture_updated",
            json!({
                "userId": "1",
                "urls": {
                    "small": "/media/profiles/1/s.jpg", "medium": "/media/profiles/1/m.jpg",
                    "large": "/media/profiles/1/l.jpg",
                },
            }),
        ),
        (Event::FeedUpdated { user: ann }, "feed.updated", json!({"userId": "1"})),
    ];
    for (event, routing_key, body) in cases {
        assert_eq!(event.rabbit(), Some((routing_key, body)));
    }
    let pending = Event::Followed { follower: ann, followee: ben, status: FollowStatus::Pending };
    assert_eq!(pending.rabbit(), None);
    assert_eq!(Event::FollowRejected { follower: ann, followee: ben }.rabbit(), None);
}

#[test]
fn kafka_topics_and_bodies_are_those_of_the_documents() {
    let at = Timestamp::from_millis(1_737_367_200_000);
    let (ann, ben) = (user(1), user(2));
    let body = |event_type: &str| {
        json!({"event_type": event_type, "follower_id": 1, "following_id": 2,
               "timestamp": "2025-01-20T10:00:00.000Z"})
    };
    let followed = Event::Followed { follower: ann, followee: ben, status: FollowStatus::Accepted };
    let mut with_status = body("follow");
    with_status["status"] = json!("accepted");
    assert_eq!(followed.kafka(at), (vec!["graph.follow", "follow.accepted"], with_status));
    let asked = Event::Followed { follower: ann, followee: ben, status: FollowStatus::Pending };
    assert_eq!(asked.kafka(at).0, ["graph.follow"]);
    assert_eq!(asked.kafka(at).1["status"], "pending");
    assert_eq!(
        Event::FollowAccepted { follower: ann, followee: ben }.kafka(at),
        (vec!["graph.follow_accepted", "follow.accepted"], body("follow_request_accepted"))
    );
    assert_eq!(
        Event::FollowRejected { follower: ann, followee: ben }.kafka(at),
        (vec!["graph.follow_rejected"], body("follow_request_rejected"))
    );
    assert_eq!(
        Event::Unfollowed { follower: ann, followee: ben }.kafka(at),
        (vec!["graph.unfollow", "follow.removed"], body("unfollow"))
    );
    let comment = CommentId::new(5).unwrap();
    let created = Event::CommentCreated {
        comment,
        post: post(),
        author: ann,
        commenter: ben,
        mentions: vec![],
    };
    assert_eq!(created.kafka(at).0, ["post.commented"]);
    assert_eq!(created.key(), post().get());
    let blocked = Event::Blocked { blocker: ann, blocked: ben };
    assert!(blocked.kafka(at).0.is_empty());
    for secret in
        [Event::Muted { muter: ann, muted: ben }, Event::Unmuted { muter: ann, muted: ben }]
    {
        assert_eq!((secret.rabbit(), secret.kafka(at).0, secret.key()), (None, vec![], 1));
    }
    assert_eq!(followed.key(), 2);
}

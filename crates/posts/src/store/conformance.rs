//! What every store has to do, whatever it is made of.

mod at_once;

use std::sync::Arc;

use tintype_api::posts::{MediaKind, Post, PostMedia, PostRef};
use tintype_api::testkit::user;
use tintype_api::{CommentId, Event, PostId, Stamp, UserId};
use tintype_platform::testkit::Workbench;
use tintype_platform::{Timestamp, id};

use super::{
    Changed, Comment, Commented, Counted, Counter, Edit, Entry, Flags, Hider, Like, List, Removed,
    Store, Written,
};
use crate::words::Field;

/// A store with what the suite needs beside it.
struct Suite {
    store: Arc<dyn Store>,
    bench: Workbench,
}

#[tokio::test]
async fn every_store_does_the_same() {
    run(async || Some(Workbench::new(&[crate::MIGRATIONS]))).await;
    run(async || Workbench::on_postgres(&[crate::MIGRATIONS]).await).await;
}

/// Runs the suite; each part gets a new, empty store from `make`, if there can be one.
async fn run(make: impl AsyncFn() -> Option<Workbench>) {
    let suite = async || {
        let bench = make().await?;
        Some(Suite { store: super::open(&bench.database), bench })
    };
    let Some(first) = suite().await else { return };
    let suite = async || suite().await.expect("what was there a moment ago");
    first.posts_are_kept_as_they_are().await;
    suite().await.edits_change_what_they_say().await;
    suite().await.hiding_moves_counts_and_lists().await;
    suite().await.likes_count_once().await;
    suite().await.comments_count_and_can_be_refused().await;
    suite().await.lists_go_on_below_a_key().await;
    suite().await.what_is_left_behind_is_cleared_in_batches().await;
    suite().await.an_account_is_removed_in_batches().await;
    suite().await.recent_posts_and_interactions_are_bounded().await;
    suite().await.wrong_counters_are_found_and_recounted().await;
}

impl Suite {
    fn stamp(&self) -> Stamp {
        self.bench.clock.advance_millis(1);
        Stamp::made_by(&self.bench.ids)
    }

    /// What was told since the last time.
    async fn told(&self, seen: &mut usize) -> Vec<Event> {
        let all = self.bench.happened_after(0).await;
        let new = all[*seen..].iter().map(|record| Event::read(record).unwrap()).collect();
        *seen = all.len();
        new
    }

    fn draft(&self, author: UserId, tags: &[&str]) -> Post {
        self.bench.clock.advance_millis(1);
        let id = PostId::made_by(&self.bench.ids);
        Post {
            id,
            author,
            caption: Some("a 'caption' with \"quotes\" 🙂\n".to_owned()),
            media: vec![
                PostMedia::elsewhere("https://a.example/x".to_owned(), MediaKind::Image),
                PostMedia::elsewhere("https://a.example/y".to_owned(), MediaKind::Video),
            ],
            location: Some("Ōsaka".to_owned()),
            alt_text: None,
            hashtags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            mentions: vec!["ben".to_owned()],
            likes: 0,
            comments: 0,
            views: 0,
            comments_disabled: false,
            hidden: false,
            created_at: id.made_at(),
            updated_at: id.made_at(),
            rendered: tintype_api::Rendered::default(),
        }
    }

    async fn post(&self, author: UserId, tags: &[&str]) -> PostRef {
        let post = self.draft(author, tags);
        self.store.create(post.clone(), Vec::new(), self.stamp()).await.unwrap();
        PostRef { post: post.id, author }
    }

    async fn read(&self, post: PostRef) -> Post {
        self.store.posts(vec![post.post]).await.unwrap().remove(0)
    }

    async fn like(&self, post: PostRef, user: UserId) -> Option<Counted> {
        let stamp = self.stamp();
        self.store.like(Like { post, user, id: stamp.id }, stamp).await.unwrap()
    }

    fn said(&self, post: PostRef, author: UserId) -> Comment {
        let id = CommentId::made_by(&self.bench.ids);
        Comment { id, post, author, content: "so it is".to_owned(), likes: 0 }
    }

    async fn comment(&self, post: PostRef, author: UserId) -> Comment {
        let comment = self.said(post, author);
        let said = self.store.add_comment(comment.clone(), Vec::new(), self.stamp()).await;
        assert_eq!(said.unwrap(), Commented::Done);
        comment
    }

    async fn list(&self, list: List) -> Vec<PostId> {
        let entries = self.store.list(list, None, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.post).collect()
    }

    async fn assert_right(&self) {
        for counter in Counter::ALL {
            assert_eq!(self.store.drift(counter).await.unwrap(), [], "{counter:?}");
        }
    }

    async fn posts_are_kept_as_they_are(self) {
        let Self { store, .. } = &self;
        let (ann, ben) = (user(1), user(2));
        let mut seen = 0;
        let post = self.draft(ann, &["one"]);
        store.create(post.clone(), vec![ben], self.stamp()).await.unwrap();
        let created = Event::PostCreated { post: post.id, author: ann, mentions: vec![ben] };
        assert_eq!(self.told(&mut seen).await, [created]);
        let bare = Post {
            caption: None,
            location: None,
            alt_text: Some(String::new()),
            hashtags: Vec::new(),
            mentions: Vec::new(),
            comments_disabled: true,
            ..self.draft(ann, &[])
        };
        store.create(bare.clone(), Vec::new(), self.stamp()).await.unwrap();
        let unknown = PostId::new(5).unwrap();
        let mut found = store.posts(vec![bare.id, unknown, post.id]).await.unwrap();
        found.sort_by_key(|post| post.id);
        assert_eq!(found, [post.clone(), bare]);
        let which = PostRef { post: post.id, author: ann };
        let unknown = PostRef { post: unknown, author: ann };
        store.add_views(vec![(which, 3), (unknown, 1), (which, 2)]).await.unwrap();
        assert_eq!(self.read(which).await.views, 5);
        self.told(&mut seen).await;

        let not_hers = PostRef { post: post.id, author: ben };
        assert!(!store.delete(not_hers, self.stamp()).await.unwrap());
        assert!(store.delete(which, self.stamp()).await.unwrap());
        assert!(!store.delete(which, self.stamp()).await.unwrap());
        assert_eq!(
            self.told(&mut seen).await,
            [Event::PostDeleted { post: which.post, author: which.author }]
        );
        assert_eq!(store.counts(vec![ben, ann]).await.unwrap(), [0, 1]);
        assert!(self.list(List::Hashtag("one".to_owned())).await.is_empty());
        self.assert_right().await;
    }

    async fn edits_change_what_they_say(self) {
        let Self { store, .. } = &self;
        let (ann, ben, eve) = (user(1), user(2), user(3));
        let post = self.post(ann, &["one", "two"]).await;
        let before = self.read(post).await;
        let mut seen = 0;
        self.told(&mut seen).await;

        let nothing = store.edit(post, Edit::default(), self.stamp()).await.unwrap();
        assert_eq!(nothing, Changed::No(before.clone()));
        let caption = Written {
            text: Some("new".to_owned()),
            hashtags: vec!["two".to_owned(), "three".to_owned()],
            mentions: vec!["ben".to_owned(), "eve".to_owned()],
            mentioned: vec![("ben".to_owned(), ben), ("eve".to_owned(), eve)],
        };
        let edit = Edit {
            caption: Some(caption.clone()),
            location: Field::Set(None),
            alt_text: Field::Set(Some("a cat".to_owned())),
            comments_disabled: Some(true),
            hidden: None,
        };
        let stamp = self.stamp();
        let after = Post {
            caption: caption.text,
            hashtags: caption.hashtags,
            mentions: caption.mentions,
            location: None,
            alt_text: Some("a cat".to_owned()),
            comments_disabled: true,
            updated_at: stamp.at,
            ..before
        };
        let changed = store.edit(post, edit.clone(), stamp).await.unwrap();
        assert_eq!(changed, Changed::Yes(after.clone()));
        assert_eq!(self.read(post).await, after);
        assert_eq!(store.edit(post, edit, self.stamp()).await.unwrap(), Changed::No(after));
        let updated =
            Event::PostUpdated { post: post.post, author: ann, hidden: false, mentions: vec![eve] };
        assert_eq!(self.told(&mut seen).await, [updated]);
        for (tag, there) in [("one", false), ("two", true), ("three", true)] {
            assert_eq!(!self.list(List::Hashtag(tag.to_owned())).await.is_empty(), there, "{tag}");
        }
        let not_hers = PostRef { author: ben, ..post };
        let missing = store.edit(not_hers, Edit::default(), self.stamp()).await.unwrap();
        assert_eq!(missing, Changed::Missing);
    }

    async fn hiding_moves_counts_and_lists(self) {
        let Self { store, .. } = &self;
        let ann = user(1);
        let (post, other) = (self.post(ann, &[]).await, self.post(ann, &[]).await);
        let mut seen = 0;
        self.told(&mut seen).await;
        let hide = async |hidden, by| {
            let changed = store.set_hidden(post, hidden, by, self.stamp()).await.unwrap();
            matches!(changed, Changed::Yes(_))
        };
        assert!(hide(true, Hider::Author).await);
        assert!(!hide(true, Hider::Author).await);
        assert_eq!(store.counts(vec![ann]).await.unwrap(), [1]);
        let list = |hidden_too| self.list(List::Author { author: ann, hidden_too });
        assert_eq!(list(false).await, [other.post]);
        assert_eq!(list(true).await, [other.post, post.post]);
        let both = vec![post.post, other.post];
        assert_eq!(store.visible(ann, both.clone()).await.unwrap(), [other.post]);
        assert_eq!(store.visible(user(2), both).await.unwrap(), []);
        assert_eq!(store.newest(ann, 10).await.unwrap(), [other.post]);
        assert_eq!(store.newest_of_all(10).await.unwrap(), [(ann, vec![other.post])]);
        assert_eq!(store.recent(10).await.unwrap().len(), 1);

        assert!(hide(false, Hider::Author).await);
        assert!(hide(true, Hider::Moderator).await);
        let shown = store.set_hidden(post, false, Hider::Author, self.stamp()).await.unwrap();
        assert_eq!(shown, Changed::HiddenByModerator);
        let show = Edit { hidden: Some(false), ..Edit::default() };
        assert_eq!(store.edit(post, show, self.stamp()).await.unwrap(), Changed::HiddenByModerator);
        assert!(hide(false, Hider::Moderator).await);
        assert_eq!(self.told(&mut seen).await.len(), 4);
        assert_eq!(self.read(post).await.updated_at, post.post.made_at());
        self.assert_right().await;
    }

    async fn likes_count_once(self) {
        let Self { store, .. } = &self;
        let (ann, ben, eve) = (user(1), user(2), user(3));
        let post = self.post(ann, &[]).await;
        let mut seen = 0;
        self.told(&mut seen).await;
        let counted = |changed, count| Some(Counted { changed, count });
        assert_eq!(self.like(post, ben).await, counted(true, 1));
        assert_eq!(self.like(post, ben).await, counted(false, 1));
        assert_eq!(self.like(post, eve).await, counted(true, 2));
        let likes = store.likes(post, None, 10).await.unwrap();
        assert_eq!(likes.iter().map(|like| like.user).collect::<Vec<_>>(), [eve, ben]);
        let older = store.likes(post, Some(likes[0].id), 10).await.unwrap();
        assert_eq!(older, likes[1..]);
        assert!(store.save(ben, post.post, 7).await.unwrap());
        assert!(!store.save(ben, post.post, 8).await.unwrap());
        let unknown = PostId::new(5).unwrap();
        let asked = vec![PostRef { post: unknown, author: ann }, post];
        let flags = store.flags(ben, asked).await.unwrap();
        assert_eq!(flags, [Flags::default(), Flags { liked: true, saved: true }]);
        let unlike = async || store.unlike(post, ben, self.stamp()).await.unwrap();
        assert_eq!(unlike().await, counted(true, 1));
        assert_eq!(unlike().await, counted(false, 1));
        assert!(store.unsave(ben, post.post).await.unwrap());
        assert!(!store.unsave(ben, post.post).await.unwrap());
        assert_eq!(store.flags(ben, vec![post]).await.unwrap(), [Flags::default()]);
        let (post_id, author) = (post.post, ann);
        assert_eq!(
            self.told(&mut seen).await,
            [
                Event::PostLiked { post: post_id, author, user: ben },
                Event::PostLiked { post: post_id, author, user: eve },
                Event::PostUnliked { post: post_id, author, user: ben },
            ]
        );
        let gone = PostRef { post: unknown, author: ann };
        assert_eq!(self.like(gone, ben).await, None);
        assert_eq!(store.unlike(gone, ben, self.stamp()).await.unwrap(), None);
        assert_eq!(self.told(&mut seen).await, []);
        self.assert_right().await;
    }

    async fn comments_count_and_can_be_refused(self) {
        let Self { store, .. } = &self;
        let (ann, ben) = (user(1), user(2));
        let post = self.post(ann, &[]).await;
        let mut seen = 0;
        self.told(&mut seen).await;
        let said = self.comment(post, ben).await;
        assert_eq!(store.comment(said.id).await.unwrap(), Some(said.clone()));
        let counted = |changed, count| Some(Counted { changed, count });
        let like =
            async |who, on| store.like_comment(said.clone(), who, on, self.stamp()).await.unwrap();
        assert_eq!(like(ann, true).await, counted(true, 1));
        assert_eq!(like(ann, true).await, counted(false, 1));
        assert_eq!(like(ben, true).await, counted(true, 2));
        assert_eq!(like(ben, false).await, counted(true, 1));
        let unknown = CommentId::new(5).unwrap();
        let asked = vec![unknown, said.id];
        let liked = store.liked_comments(ann, post, asked.clone()).await.unwrap();
        assert_eq!(liked, [said.id]);
        assert_eq!(store.liked_comments(ben, post, asked).await.unwrap(), []);
        let newest = self.comment(post, ann).await;
        let likes = Comment { likes: 1, ..said.clone() };
        let all = store.comments(post, None, 10).await.unwrap();
        assert_eq!(all, [newest.clone(), likes]);
        let older = store.comments(post, Some(newest.id.get()), 10).await.unwrap();
        assert_eq!(older, all[1..]);
        assert_eq!(self.read(post).await.comments, 2);
        assert_eq!(self.told(&mut seen).await.len(), 5);

        assert!(store.delete_comment(said.clone(), self.stamp()).await.unwrap());
        assert!(!store.delete_comment(said.clone(), self.stamp()).await.unwrap());
        assert_eq!(like(ann, true).await, None);
        assert_eq!(self.read(post).await.comments, 1);
        let (comment, author, commenter) = (said.id, ann, ben);
        let post_id = post.post;
        assert_eq!(
            self.told(&mut seen).await,
            [Event::CommentDeleted { comment, post: post_id, author, commenter }]
        );
        let quiet = Edit { comments_disabled: Some(true), ..Edit::default() };
        store.edit(post, quiet, self.stamp()).await.unwrap();
        self.told(&mut seen).await;
        let add = async |post| {
            let said = self.said(post, ben);
            store.add_comment(said, Vec::new(), self.stamp()).await.unwrap()
        };
        assert_eq!(add(post).await, Commented::Disabled);
        let gone = PostRef { post: PostId::new(5).unwrap(), author: ann };
        assert_eq!(add(gone).await, Commented::Missing);
        assert_eq!(self.told(&mut seen).await, []);
        self.assert_right().await;
    }

    async fn lists_go_on_below_a_key(self) {
        let Self { store, .. } = &self;
        let (ann, ben) = (user(1), user(2));
        let mut posts = Vec::new();
        for _ in 0..4 {
            posts.insert(0, self.post(ann, &["tag"]).await.post);
            self.post(ben, &["tags"]).await;
        }
        for (at, post) in posts.iter().enumerate() {
            store.save(ben, *post, 100 + at as u64).await.unwrap();
        }
        let tag = List::Hashtag("tag".to_owned());
        for list in [List::Author { author: ann, hidden_too: false }, tag] {
            let first = store.list(list.clone(), None, 3).await.unwrap();
            let entries = posts.iter().map(|post| Entry { key: post.get(), post: *post });
            let entries: Vec<Entry> = entries.collect();
            assert_eq!(first, entries[..3]);
            let rest = store.list(list, Some(first[2].key), 3).await.unwrap();
            assert_eq!(rest, entries[3..]);
        }
        let saved = store.list(List::Saved(ben), Some(102), 10).await.unwrap();
        let entry = |key, at: usize| Entry { key, post: posts[at] };
        assert_eq!(saved, [entry(101, 1), entry(100, 0)]);
        assert_eq!(store.newest(ann, 2).await.unwrap(), [posts[1], posts[0]]);
        let of_all = store.newest_of_all(2).await.unwrap();
        assert_eq!(of_all.len(), 2);
        assert!(of_all.contains(&(ann, vec![posts[1], posts[0]])));
    }

    async fn what_is_left_behind_is_cleared_in_batches(self) {
        let Self { store, .. } = &self;
        let ann = user(1);
        let (post, other) = (self.post(ann, &[]).await, self.post(ann, &[]).await);
        for number in 1..=5 {
            for post in [post, other] {
                self.like(post, user(number)).await;
                store.save(user(number), post.post, number).await.unwrap();
                let said = self.comment(post, user(number)).await;
                store.like_comment(said, ann, true, self.stamp()).await.unwrap();
            }
        }
        assert_eq!(store.clear_post(post, 100).await.unwrap(), 0);
        store.delete(post, self.stamp()).await.unwrap();
        let mut cleared = Vec::new();
        while cleared.last() != Some(&0) {
            cleared.push(store.clear_post(post, 3).await.unwrap());
        }
        assert_eq!(cleared.iter().sum::<u32>(), 20);
        assert!(cleared.iter().all(|count| *count <= 3));
        assert!(store.likes(post, None, 10).await.unwrap().is_empty());
        assert!(store.comments(post, None, 10).await.unwrap().is_empty());
        assert_eq!(store.likes(other, None, 10).await.unwrap().len(), 5);

        let said = store.comments(other, None, 1).await.unwrap().remove(0);
        store.like_comment(said.clone(), user(2), true, self.stamp()).await.unwrap();
        let clear = async || store.clear_comment(other, said.id, 1).await.unwrap();
        assert_eq!(clear().await, 0);
        store.delete_comment(said.clone(), self.stamp()).await.unwrap();
        assert_eq!((clear().await, clear().await, clear().await), (1, 1, 0));
        self.assert_right().await;
    }

    async fn an_account_is_removed_in_batches(self) {
        let Self { store, .. } = &self;
        let (ann, ben) = (user(1), user(2));
        let kept = self.post(ann, &[]).await;
        for _ in 0..3 {
            let bens = self.post(ben, &["tag"]).await;
            let other = self.post(ann, &[]).await;
            self.like(other, ben).await;
            self.like(bens, ben).await;
            store.save(ben, other.post, 1).await.unwrap();
            let said = self.comment(kept, ben).await;
            store.like_comment(said, ben, true, self.stamp()).await.unwrap();
            let said = self.comment(kept, ann).await;
            store.like_comment(said, ben, true, self.stamp()).await.unwrap();
        }
        let (mut posts, mut touched, mut rounds) = (0, 0, 0);
        loop {
            let stamps = vec![self.stamp(), self.stamp()];
            let removed = store.remove_account(ben, stamps).await.unwrap();
            posts += removed.posts.len();
            touched += removed.touched.iter().filter(|post| **post != kept.post).count();
            rounds += 1;
            assert!(removed.posts.len() <= 2 && removed.touched.len() <= 2);
            if !removed.more {
                assert_eq!(removed, Removed::default());
                break;
            }
        }
        assert_eq!((posts, touched), (3, 6));
        assert!(rounds > 6);
        let view = self.read(kept).await;
        assert_eq!((view.comments, view.likes), (3, 0));
        let said = store.comments(kept, None, 10).await.unwrap();
        assert!(said.iter().all(|comment| comment.author == ann && comment.likes == 0));
        assert_eq!(store.counts(vec![ann, ben]).await.unwrap(), [4, 0]);
        assert!(self.list(List::Saved(ben)).await.is_empty());
        assert!(self.list(List::Hashtag("tag".to_owned())).await.is_empty());
        self.assert_right().await;
        // A consumer can tell one event from another by its id, kind and key.
        let told = self.bench.happened_after(0).await;
        let names: std::collections::BTreeSet<_> =
            told.iter().map(|record| (record.id, &record.kind, record.key)).collect();
        assert_eq!(names.len(), told.len());
    }

    async fn recent_posts_and_interactions_are_bounded(self) {
        let Self { store, .. } = &self;
        let (ann, ben, eve) = (user(1), user(2), user(3));
        let old = self.post(ben, &[]).await;
        self.like(old, ann).await;
        let floor = id::floor_at(self.now().plus_millis(1));
        let (bens, eves) = (self.post(ben, &[]).await, self.post(eve, &[]).await);
        self.like(eves, ann).await;
        self.comment(eves, ann).await;
        self.comment(bens, ann).await;
        let of_all = store.interactions(ann, 0, 10).await.unwrap();
        assert_eq!(of_all, [eve, ben, ben, eve]);
        assert_eq!(store.interactions(ann, floor, 10).await.unwrap(), [eve, ben, eve]);
        assert_eq!(store.interactions(ann, 0, 1).await.unwrap(), [eve, ben]);
        let recent = store.recent(2).await.unwrap();
        let counts: Vec<_> =
            recent.iter().map(|found| (found.post, found.likes, found.comments)).collect();
        assert_eq!(counts, [(eves, 1, 1), (bens, 0, 1)]);
    }

    fn now(&self) -> Timestamp {
        tintype_platform::Clock::now(&*self.bench.clock)
    }

    async fn wrong_counters_are_found_and_recounted(self) {
        let Self { store, .. } = &self;
        let (ann, ben) = (user(1), user(2));
        let post = self.post(ann, &[]).await;
        self.like(post, ben).await;
        let said = self.comment(post, ben).await;
        store.like_comment(said, ann, true, self.stamp()).await.unwrap();
        self.assert_right().await;
        // Counters are right by construction, so what is found is made up.
        for counter in Counter::ALL {
            let of = match counter {
                Counter::PostLikes | Counter::PostComments => post.post.get(),
                Counter::CommentLikes => store.comments(post, None, 1).await.unwrap()[0].id.get(),
                Counter::AuthorPosts => ann.get(),
            };
            let drift = tintype_api::Drift { counter: counter.name(), of, stored: 9, counted: 1 };
            store.recount(counter, vec![super::Found { author: ann, drift }]).await.unwrap();
        }
        self.assert_right().await;
        let view = self.read(post).await;
        assert_eq!((view.likes, view.comments), (1, 1));
        assert_eq!(store.counts(vec![ann]).await.unwrap(), [1]);
    }
}

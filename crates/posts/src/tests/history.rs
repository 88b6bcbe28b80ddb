//! Whatever people do in whatever order: what is shown is what a naive model says.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tintype_api::testkit::user;
use tintype_api::{CommentId, PostId, UserId};

use super::stage::{Stage, all, text};
use crate::service::Change;
use crate::words::{Caption, Field};

const PEOPLE: u64 = 4;

/// What somebody does; numbers stand for people, and for things made so far.
#[derive(Debug, Clone)]
enum Act {
    Post { by: u64, tagged: bool },
    Retag { post: usize, tagged: bool },
    Hide { post: usize, hidden: bool },
    Delete { post: usize },
    Like { by: u64, post: usize, on: bool },
    Save { by: u64, post: usize, on: bool },
    Comment { by: u64, post: usize },
    DeleteComment { by: u64, comment: usize },
    LikeComment { by: u64, comment: usize, on: bool },
    Settle,
}

fn act() -> impl Strategy<Value = Act> {
    let (by, thing, on) = (1..=PEOPLE, 0usize..6, any::<bool>());
    prop_oneof![
        2 => (by.clone(), on).prop_map(|(by, tagged)| Act::Post { by, tagged }),
        1 => (thing.clone(), on).prop_map(|(post, tagged)| Act::Retag { post, tagged }),
        2 => (thing.clone(), on).prop_map(|(post, hidden)| Act::Hide { post, hidden }),
        1 => thing.clone().prop_map(|post| Act::Delete { post }),
        6 => (by.clone(), thing.clone(), on).prop_map(|(by, post, on)| Act::Like { by, post, on }),
        3 => (by.clone(), thing.clone(), on).prop_map(|(by, post, on)| Act::Save { by, post, on }),
        4 => (by.clone(), thing.clone()).prop_map(|(by, post)| Act::Comment { by, post }),
        3 => (by.clone(), thing.clone())
            .prop_map(|(by, comment)| Act::DeleteComment { by, comment }),
        3 => (by, thing, on).prop_map(|(by, comment, on)| Act::LikeComment { by, comment, on }),
        1 => Just(Act::Settle),
    ]
}

#[derive(Default)]
struct Model {
    posts: BTreeMap<PostId, ModelPost>,
    comments: BTreeMap<CommentId, ModelComment>,
    /// By when, for each person.
    saves: BTreeMap<UserId, Vec<PostId>>,
    made: Vec<PostId>,
    said: Vec<CommentId>,
}

struct ModelPost {
    author: UserId,
    tagged: bool,
    hidden: bool,
    /// The last first.
    likers: Vec<UserId>,
}

struct ModelComment {
    post: PostId,
    author: UserId,
    likers: BTreeSet<UserId>,
}

impl Model {
    fn sees(&self, viewer: UserId, post: PostId) -> bool {
        self.posts.get(&post).is_some_and(|post| !post.hidden || post.author == viewer)
    }

    /// Does it here and there; both have to be of one mind whether it is possible.
    async fn act(&mut self, act: Act, stage: &Stage) {
        let posts = stage.posts();
        stage.bench.clock.advance_millis(1);
        let made = |at: usize| self.made.get(at).copied();
        match act {
            Act::Post { by, tagged } => {
                let id = stage.post(user(by), caption(tagged)).await;
                let author = user(by);
                let post = ModelPost { author, tagged, hidden: false, likers: Vec::new() };
                self.posts.insert(id, post);
                self.made.push(id);
            }
            Act::Retag { post, tagged } => {
                let Some(id) = made(post) else { return };
                let author = self.posts.get(&id).map_or(user(1), |post| post.author);
                let text = Caption::try_from(caption(tagged).to_owned()).unwrap();
                let change = Change { caption: Field::Set(Some(text)), ..Change::default() };
                let edited = posts.edit(author, id, change).await;
                assert_eq!(edited.is_ok(), self.posts.contains_key(&id));
                if let Some(post) = self.posts.get_mut(&id) {
                    post.tagged = tagged;
                }
            }
            Act::Hide { post, hidden } => {
                let Some(id) = made(post) else { return };
                let set = posts.set_hidden(id, hidden).await;
                assert_eq!(set.is_ok(), self.posts.contains_key(&id));
                if let Some(post) = self.posts.get_mut(&id) {
                    post.hidden = hidden;
                }
            }
            Act::Delete { post } => {
                let Some(id) = made(post) else { return };
                let author = self.posts.get(&id).map_or(user(1), |post| post.author);
                let deleted = posts.delete(author, id).await;
                assert_eq!(deleted.is_ok(), self.posts.remove(&id).is_some());
                self.comments.retain(|_, comment| comment.post != id);
            }
            Act::Settle => stage.settle().await,
            other => self.react(other, stage).await,
        }
    }

    /// The same for what is done with what others have made.
    async fn react(&mut self, act: Act, stage: &Stage) {
        let posts = stage.posts();
        let made = |at: usize| self.made.get(at).copied();
        let said = |at: usize| self.said.get(at).copied();
        match act {
            Act::Like { by, post, on } => {
                let Some(id) = made(post) else { return };
                let by = user(by);
                let liked = if on { posts.like(by, id).await } else { posts.unlike(by, id).await };
                assert_eq!(liked.is_ok(), self.sees(by, id));
                let Some(post) = self.posts.get_mut(&id).filter(|_| liked.is_ok()) else { return };
                let did = post.likers.contains(&by);
                if on && !did {
                    post.likers.insert(0, by);
                } else if !on {
                    post.likers.retain(|liker| *liker != by);
                }
                let counted = liked.unwrap();
                assert_eq!((counted.changed, counted.count), (on != did, post.likers.len() as u64));
            }
            Act::Save { by, post, on } => {
                let Some(id) = made(post) else { return };
                let by = user(by);
                let saved = if on { posts.save(by, id).await } else { posts.unsave(by, id).await };
                assert_eq!(saved.is_ok(), self.sees(by, id));
                let Ok(changed) = saved else { return };
                let saves = self.saves.entry(by).or_default();
                assert_eq!(changed, on != saves.contains(&id));
                if on && changed {
                    saves.insert(0, id);
                } else if !on {
                    saves.retain(|saved| *saved != id);
                }
            }
            Act::Comment { by, post } => {
                let Some(id) = made(post) else { return };
                let by = user(by);
                let commented = posts.comment(by, id, text("so it is")).await;
                assert_eq!(commented.is_ok(), self.sees(by, id));
                let Ok(view) = commented else { return };
                let comment = ModelComment { post: id, author: by, likers: BTreeSet::new() };
                self.comments.insert(view.comment.id, comment);
                self.said.push(view.comment.id);
            }
            Act::DeleteComment { by, comment } => {
                let Some(id) = said(comment) else { return };
                let by = user(by);
                let may = self.comments.get(&id).is_some_and(|comment| {
                    let owns = self.posts[&comment.post].author == by;
                    owns || (comment.author == by && self.sees(by, comment.post))
                });
                assert_eq!(posts.delete_comment(by, id, false).await.is_ok(), may);
                if may {
                    self.comments.remove(&id);
                }
            }
            Act::LikeComment { by, comment, on } => {
                let Some(id) = said(comment) else { return };
                let by = user(by);
                let sees =
                    self.comments.get(&id).is_some_and(|comment| self.sees(by, comment.post));
                let liked = posts.like_comment(by, id, on).await;
                assert_eq!(liked.is_ok(), sees);
                let Some(comment) = self.comments.get_mut(&id).filter(|_| sees) else { return };
                let changed =
                    if on { comment.likers.insert(by) } else { comment.likers.remove(&by) };
                let counted = liked.unwrap();
                assert_eq!(counted.changed, changed);
                assert_eq!(counted.count, comment.likers.len() as u64);
            }
            other => panic!("{other:?} is no reaction"),
        }
    }

    /// Everything that anybody can read is as the model has it.
    async fn compare(&self, stage: &Stage) {
        let posts = stage.posts();
        for viewer in (1..=PEOPLE).map(user) {
            for id in &self.made {
                self.compare_post(stage, viewer, *id).await;
            }
            let saved = all(2, async |wanted| posts.saved(viewer, wanted).await.unwrap()).await;
            let saved: Vec<PostId> = saved.iter().map(|view| view.post.id).collect();
            let wanted = self.saves.get(&viewer).into_iter().flatten().copied();
            assert_eq!(saved, wanted.filter(|id| self.sees(viewer, *id)).collect::<Vec<_>>());

            let of = |filter: &dyn Fn(&ModelPost) -> bool| -> Vec<PostId> {
                self.posts
                    .iter()
                    .rev()
                    .filter(|(_, post)| filter(post))
                    .map(|(id, _)| *id)
                    .collect()
            };
            let tagged = all(2, async |wanted| {
                posts.by_hashtag(Some(viewer), "#Tag", wanted).await.unwrap()
            });
            let tagged: Vec<PostId> = tagged.await.iter().map(|view| view.post.id).collect();
            let sees = |post: &ModelPost| !post.hidden || post.author == viewer;
            assert_eq!(tagged, of(&|post| post.tagged && sees(post)));
            for author in (1..=PEOPLE).map(user) {
                let list = all(2, async |wanted| {
                    posts.by_author(Some(viewer), author, wanted).await.unwrap()
                });
                let list: Vec<PostId> = list.await.iter().map(|view| view.post.id).collect();
                assert_eq!(list, of(&|post| post.author == author && sees(post)));
            }
            let mine = of(&|post| post.author == viewer && !post.hidden);
            let counts = tintype_api::Posts::counts(&**posts, vec![viewer]).await.unwrap();
            assert_eq!(counts, [mine.len() as u64]);
            assert_eq!(stage.newest(viewer).await, mine);
        }
    }

    async fn compare_post(&self, stage: &Stage, viewer: UserId, id: PostId) {
        let posts = stage.posts();
        let seen = posts.look(Some(viewer), id).await;
        assert_eq!(seen.is_ok(), self.sees(viewer, id));
        let Ok(view) = seen else { return };
        let model = &self.posts[&id];
        let mut said: Vec<(&CommentId, &ModelComment)> =
            self.comments.iter().filter(|(_, comment)| comment.post == id).collect();
        said.reverse();
        let saved = self.saves.get(&viewer).is_some_and(|saves| saves.contains(&id));
        assert_eq!((view.liked, view.saved), (model.likers.contains(&viewer), saved));
        assert_eq!(view.post.likes, model.likers.len() as u64);
        assert_eq!(view.post.comments, said.len() as u64);
        assert_eq!(view.post.hidden, model.hidden);

        let read = all(2, async |wanted| posts.likers(Some(viewer), id, wanted).await.unwrap());
        let likers: Vec<UserId> = read.await.iter().map(|liker| liker.card.id).collect();
        assert_eq!(likers, model.likers);
        let read = all(2, async |wanted| posts.comments(Some(viewer), id, wanted).await.unwrap());
        let read = read.await;
        let comments: Vec<_> =
            read.iter().map(|view| (view.comment.id, view.comment.likes, view.liked)).collect();
        let wanted: Vec<_> = said
            .iter()
            .map(|(id, said)| (**id, said.likers.len() as u64, said.likers.contains(&viewer)))
            .collect();
        assert_eq!(comments, wanted);
    }
}

fn caption(tagged: bool) -> &'static str {
    if tagged { "what a #TAG" } else { "none" }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_history_shows_what_the_model_says(acts in prop::collection::vec(act(), 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new().await;
            stage.crowd::<{ PEOPLE as usize }>();
            let mut model = Model::default();
            for (step, act) in acts.into_iter().enumerate() {
                model.act(act, &stage).await;
                if step % 5 == 0 {
                    model.compare(&stage).await;
                }
            }
            model.compare(&stage).await;
            stage.settle().await;
            model.compare(&stage).await;
            stage.assert_no_drift().await;
        });
    }
}

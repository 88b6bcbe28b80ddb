//! The site as it is defined, with everything in plain sight.

use std::collections::{BTreeMap, BTreeSet};

use super::FEED;

/// What somebody does. People, posts and comments are counted from 0, in the order of their making.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Register,
    /// The first follows the second, or asks to.
    Follow(usize, usize),
    Unfollow(usize, usize),
    /// The first decides about the request of the second.
    Decide(usize, usize, bool),
    Private(usize, bool),
    Block(usize, usize, bool),
    Mute(usize, usize, bool),
    Post(usize),
    /// The author hides a post or shows it again.
    Hide(usize, bool),
    Delete(usize),
    Like(usize, usize, bool),
    Comment(usize, usize),
    /// A comment is deleted by who made it.
    Uncomment(usize),
    Leave(usize),
    /// The site is stopped and started again.
    Restart,
}

/// What a person or post is.
#[derive(Debug, Default)]
pub(crate) struct Person {
    pub(crate) gone: bool,
    pub(crate) private: bool,
}

#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) author: usize,
    pub(crate) gone: bool,
    pub(crate) hidden: bool,
    pub(crate) likes: BTreeSet<usize>,
}

/// Who follows, asks, blocks and mutes whom, and what there is.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) people: Vec<Person>,
    pub(crate) posts: Vec<Post>,
    /// Post and author of each comment that is there.
    pub(crate) comments: BTreeMap<usize, (usize, usize)>,
    pub(crate) follows: BTreeSet<(usize, usize)>,
    pub(crate) requests: BTreeSet<(usize, usize)>,
    blocks: BTreeSet<(usize, usize)>,
    mutes: BTreeSet<(usize, usize)>,
    comments_made: usize,
}

impl Model {
    /// Does it, and answers the status that a client is to see.
    pub(crate) fn carry_out(&mut self, deed: Deed) -> u16 {
        match (self.is_done(deed), deed) {
            (false, _) => 404,
            (true, Deed::Register | Deed::Post(_) | Deed::Comment(..)) => 201,
            (true, _) => 200,
        }
    }

    /// Does it if it can be done.
    fn is_done(&mut self, deed: Deed) -> bool {
        match deed {
            Deed::Follow(one, other)
            | Deed::Unfollow(one, other)
            | Deed::Decide(one, other, _)
            | Deed::Mute(one, other, _)
                if self.parted(one, other) =>
            {
                return false;
            }
            Deed::Like(one, post, _) | Deed::Comment(one, post) if !self.sees(one, post) => {
                return false;
            }

            Deed::Register => self.people.push(Person::default()),
            Deed::Follow(one, other) if self.follows.contains(&(one, other)) => {}
            Deed::Follow(one, other) => {
                let asks = self.people[other].private;
                let ties = if asks { &mut self.requests } else { &mut self.follows };
                ties.insert((one, other));
            }
            Deed::Unfollow(one, other) => self.untie(one, other),
            Deed::Decide(one, other, accept) => {
                let asked = self.requests.remove(&(other, one));
                if asked && accept {
                    self.follows.insert((other, one));
                }
                return asked;
            }
            Deed::Private(one, private) => {
                self.people[one].private = private;
                if !private {
                    let requests = std::mem::take(&mut self.requests).into_iter();
                    let (accepted, left) = requests.partition(|pair| pair.1 == one);
                    self.requests = left;
                    self.follows.extend::<BTreeSet<_>>(accepted);
                }
            }
            Deed::Block(one, other, on) => {
                if self.blocks.contains(&(other, one)) && !self.blocks.contains(&(one, other)) {
                    return false;
                }
                set(&mut self.blocks, (one, other), on);
                if on {
                    self.untie(one, other);
                    self.untie(other, one);
                }
            }
            Deed::Mute(one, other, on) => set(&mut self.mutes, (one, other), on),
            Deed::Post(author) => {
                let likes = BTreeSet::new();
                self.posts.push(Post { author, gone: false, hidden: false, likes });
            }
            Deed::Hide(post, hidden) => self.posts[post].hidden = hidden,
            Deed::Delete(post) => self.remove_post(post),
            Deed::Like(one, post, on) => set(&mut self.posts[post].likes, one, on),
            Deed::Comment(one, post) => {
                self.comments.insert(self.comments_made, (post, one));
                self.comments_made += 1;
            }
            Deed::Uncomment(comment) => {
                let (post, author) = self.comments[&comment];
                if !self.sees(author, post) {
                    return false;
                }
                self.comments.remove(&comment);
            }
            Deed::Leave(one) => self.remove_person(one),
            Deed::Restart => {}
        }
        true
    }

    /// Those who are there.
    pub(crate) fn there(&self) -> impl Iterator<Item = usize> {
        (0..self.people.len()).filter(|person| !self.people[*person].gone)
    }

    /// The posts of somebody that are there, hidden ones too.
    pub(crate) fn posts_of(&self, author: usize) -> impl Iterator<Item = usize> {
        let is = move |post: &usize| self.posts[*post].author == author && !self.posts[*post].gone;
        (0..self.posts.len()).filter(is)
    }

    /// Whether one of the two blocks the other.
    pub(crate) fn parted(&self, one: usize, other: usize) -> bool {
        self.blocks.contains(&(one, other)) || self.blocks.contains(&(other, one))
    }

    /// Whether a post is there for somebody.
    pub(crate) fn sees(&self, viewer: usize, post: usize) -> bool {
        let Post { author, gone, hidden, .. } = self.posts[post];
        let shown = !hidden
            && !self.parted(viewer, author)
            && (!self.people[author].private || self.follows.contains(&(viewer, author)));
        !gone && (author == viewer || shown)
    }

    /// The definition of a feed, newest first.
    pub(crate) fn feed(&self, viewer: usize, own_posts: bool) -> Vec<usize> {
        let wanted = |author: usize| {
            if author == viewer {
                return own_posts;
            }
            self.follows.contains(&(viewer, author))
                && !self.mutes.contains(&(viewer, author))
                && !self.parted(viewer, author)
        };
        let posts = self.posts.iter().enumerate().rev();
        let posts = posts.filter(|(_, post)| !post.gone && !post.hidden && wanted(post.author));
        posts.map(|(number, _)| number).take(FEED).collect()
    }

    /// Followers, followees and posts, as a profile shows them.
    pub(crate) fn counts(&self, person: usize) -> [u64; 3] {
        let followers = self.follows.iter().filter(|(_, followee)| *followee == person).count();
        let following = self.follows.iter().filter(|(follower, _)| *follower == person).count();
        let posts = self.posts_of(person).filter(|post| !self.posts[*post].hidden).count();
        [followers, following, posts].map(|count| count as u64)
    }

    /// Comments under a post.
    pub(crate) fn comments_under(&self, post: usize) -> usize {
        self.comments.values().filter(|(under, _)| *under == post).count()
    }

    fn untie(&mut self, one: usize, other: usize) {
        self.follows.remove(&(one, other));
        self.requests.remove(&(one, other));
    }

    fn remove_post(&mut self, post: usize) {
        self.posts[post].gone = true;
        self.comments.retain(|_, (under, _)| *under != post);
    }

    fn remove_person(&mut self, person: usize) {
        self.people[person].gone = true;
        for post in self.posts_of(person).collect::<Vec<_>>() {
            self.remove_post(post);
        }
        for post in &mut self.posts {
            post.likes.remove(&person);
        }
        self.comments.retain(|_, (_, author)| *author != person);
        for pairs in [&mut self.follows, &mut self.requests, &mut self.blocks, &mut self.mutes] {
            pairs.retain(|(one, other)| *one != person && *other != person);
        }
    }
}

fn set<T: Ord>(all: &mut BTreeSet<T>, one: T, on: bool) {
    if on {
        all.insert(one);
    } else {
        all.remove(&one);
    }
}

//! A timeline as bytes: what it is, then ids of seven bytes each.
//!
//! New posts are added at the end, as they come; whoever reads puts order and duplicates right.

use tintype_api::PostId;
use tintype_platform::{Error, Result};

use super::{Basis, Rebuild, Stretch};

/// Bytes of an id, which has 53 bits.
const WIDTH: usize = 7;

/// Bytes of what stands before the ids.
const HEADER: usize = 29;

const BUILDING: u8 = b'B';
const BUILT: u8 = b'R';

/// What a timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Building(Rebuild),
    /// `mark` is another whenever it was written anew.
    Built {
        basis: Basis,
        floor: u64,
        mark: u64,
    },
}

impl State {
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER);
        match self {
            Self::Building(Rebuild(number)) => {
                bytes.push(BUILDING);
                bytes.extend(number.to_be_bytes());
            }
            Self::Built { basis, floor, mark } => {
                bytes.push(BUILT);
                bytes.extend(basis.version.to_be_bytes());
                bytes.extend((basis.followees as u32).to_be_bytes());
                bytes.extend(floor.to_be_bytes());
                bytes.extend(mark.to_be_bytes());
            }
        }
        bytes.resize(HEADER, 0);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        if bytes.len() < HEADER {
            return Err(Error::internal("a timeline is cut short"));
        }
        match bytes[0] {
            BUILDING => Ok(Self::Building(Rebuild(number(1, 9)))),
            BUILT => {
                let basis = Basis { version: number(1, 9), followees: number(9, 13) as usize };
                Ok(Self::Built { basis, floor: number(13, 21), mark: number(21, 29) })
            }
            _ => Err(Error::internal("a timeline of an unknown kind")),
        }
    }
}

/// A timeline as it was read.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) state: State,
    /// In no order; some may stand there twice.
    posts: Vec<u64>,
}

impl Packed {
    /// Reads what was kept in pieces: the first begins with the state.
    pub(super) fn read<B: AsRef<[u8]>>(pieces: &[B]) -> Result<Option<Self>> {
        let Some((first, rest)) = pieces.split_first() else { return Ok(None) };
        let first = first.as_ref();
        let state = State::read(first)?;
        let mut posts = Vec::with_capacity(first.len() / WIDTH + rest.len());
        unpack(&first[HEADER..], &mut posts);
        for piece in rest {
            unpack(piece.as_ref(), &mut posts);
        }
        Ok(Some(Self { state, posts }))
    }

    /// Puts order and duplicates right and keeps the newest `size`; `None` unless it was built on
    /// `basis`.
    pub(super) fn settle(mut self, basis: Basis, size: usize) -> Option<Settled> {
        let State::Built { basis: built_on, mut floor, .. } = self.state else { return None };
        if built_on != basis {
            return None;
        }
        if !self.posts.is_sorted() {
            self.posts.sort_unstable();
        }
        self.posts.dedup();
        if self.posts.len() > size {
            let dropped = self.posts.len() - size;
            floor = floor.max(self.posts[dropped - 1] + 1);
            self.posts.drain(..dropped);
        }
        let below = self.posts.partition_point(|post| *post < floor);
        self.posts.drain(..below);
        Some(Settled { basis, floor, posts: self.posts })
    }
}

/// A timeline in order: ids rise, none stands twice, none lies below the floor.
#[derive(Debug)]
pub(super) struct Settled {
    basis: Basis,
    floor: u64,
    posts: Vec<u64>,
}

impl Settled {
    /// Up to `limit` of the newest posts below `below`.
    pub(super) fn stretch(&self, below: Option<PostId>, limit: usize) -> Stretch {
        let end = below.map_or(self.posts.len(), |below| {
            self.posts.partition_point(|post| *post < below.get())
        });
        let newest = self.posts[..end].iter().rev().take(limit);
        Stretch { posts: newest.copied().filter_map(PostId::new).collect(), floor: self.floor }
    }

    /// All of it in one piece, which bears a new `mark`.
    pub(super) fn bytes(&self, mark: u64) -> Vec<u8> {
        let state = State::Built { basis: self.basis, floor: self.floor, mark };
        let mut bytes = state.bytes();
        bytes.reserve_exact(self.posts.len() * WIDTH);
        self.posts.iter().for_each(|post| bytes.extend(pack(*post)));
        bytes
    }
}

/// A built timeline in one piece; what was appended to it meanwhile comes after.
pub(super) fn built(basis: Basis, floor: u64, mark: u64, posts: &[PostId]) -> Vec<u8> {
    let posts = posts.iter().rev().map(|post| post.get()).collect();
    Settled { basis, floor, posts }.bytes(mark)
}

/// One id.
pub(super) fn pack(post: u64) -> [u8; WIDTH] {
    let [_, rest @ ..] = post.to_be_bytes();
    rest
}

fn unpack(bytes: &[u8], posts: &mut Vec<u64>) {
    let id = |bytes: &[u8]| bytes.iter().fold(0, |id, byte| id << 8 | u64::from(*byte));
    posts.extend(bytes.chunks_exact(WIDTH).map(id));
}

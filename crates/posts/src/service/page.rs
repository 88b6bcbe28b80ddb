//! Pages of lists of which a viewer may not see everything.

use tintype_platform::page::{Cursor, Limit, Page, PageQuery};
use tintype_platform::{Error, Result};

/// Items that a client may skip by number; a cursor goes further.
const MOST_SKIPPED: usize = 1000;

/// Items that are read for one page at the most. If a viewer may see hardly anything of them, the
/// page is short, and its cursor goes on.
const MOST_READ: usize = 5000;

/// Items that are read at once.
const CHUNK: usize = 200;

/// Which page of a list is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    list: u8,
    below: Option<u64>,
    skip: usize,
    limit: Limit,
}

impl Wanted {
    /// What a client asks for, of the kind of list that `list` stands for (see [`crate::lists`]). 400
    /// for a broken cursor or a skip that is too far.
    pub fn new(query: &PageQuery, list: u8) -> Result<Self> {
        let skip = query.skip();
        if skip > MOST_SKIPPED {
            return Err(Error::refused(
                "offset_too_large",
                format!("At most {MOST_SKIPPED} items can be skipped; go on with a cursor"),
            ));
        }
        let below = query.cursor::<1>(list)?.map(|[key]| key);
        Ok(Self { list, below, skip, limit: query.limit() })
    }
}

/// A page being filled: asks for chunks of a list until enough of them may be seen.
pub(super) struct Filling<T> {
    wanted: Wanted,
    items: Vec<(u64, T)>,
    read: usize,
    at_end: bool,
}

impl<T> Filling<T> {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, items: Vec::new(), read: 0, at_end: false }
    }

    /// The key to read below and how many to read; `None` when the page is full, the list is at
    /// its end or too much was read.
    pub(super) fn next(&self) -> Option<(Option<u64>, u32)> {
        let missing = self.target().saturating_sub(self.items.len());
        let done = missing == 0 || self.at_end || self.read >= MOST_READ;
        // Where most was left out, little by little would take long.
        let count = if self.read == 0 { missing } else { missing.max(CHUNK / 4) };
        (!done).then_some((self.wanted.below, count.min(CHUNK) as u32))
    }

    /// Takes what was read: each item with its key, or `None` for what the viewer may not see.
    pub(super) fn add(&mut self, asked: u32, rows: impl IntoIterator<Item = (u64, Option<T>)>) {
        let mut count = 0;
        for (key, item) in rows {
            count += 1;
            self.wanted.below = Some(key);
            let Some(item) = item else { continue };
            if self.wanted.skip > 0 {
                self.wanted.skip -= 1;
            } else {
                self.items.push((key, item));
            }
        }
        self.read += count;
        self.at_end = count < asked as usize;
    }

    pub(super) fn page(self) -> Page<T> {
        let cursor = |key: u64| Cursor::new(self.wanted.list, [key]).to_string();
        if self.items.len() <= self.wanted.limit.get() && !self.at_end {
            let next = self.wanted.below.map(cursor);
            return Page { items: self.items.into_iter().map(|(_, item)| item).collect(), next };
        }
        Page::from_one_more(self.items, self.wanted.limit, |(key, _)| cursor(*key))
            .map(|(_, item)| item)
    }

    /// One more than the page holds tells that there is another page.
    fn target(&self) -> usize {
        self.wanted.skip + self.wanted.limit.get() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a list of the keys from `most` down to 1, of which only multiples of `step` may be
    /// seen, page by page; answers the pages.
    fn pages(most: u64, step: u64, query: &PageQuery) -> Vec<Vec<u64>> {
        let mut query = query.clone();
        let mut pages = Vec::new();
        loop {
            let mut filling = Filling::new(Wanted::new(&query, b'x').unwrap());
            while let Some((below, count)) = filling.next() {
                let keys = (1..below.unwrap_or(most + 1)).rev().take(count as usize);
                filling.add(count, keys.map(|key| (key, (key % step == 0).then_some(key))));
            }
            let page = filling.page();
            pages.push(page.items);
            query.cursor = page.next;
            if query.cursor.is_none() {
                return pages;
            }
        }
    }

    fn query(limit: i64, offset: i64) -> PageQuery {
        let offset = Some(tintype_platform::page::Whole(offset));
        PageQuery { limit: Some(Limit::clamped(limit)), offset, ..PageQuery::default() }
    }

    #[test]
    fn pages_are_full_and_hold_everything_once() {
        for (most, step, limit) in
            [(100, 1, 10), (100, 7, 5), (3, 1, 20), (0, 1, 5), (1000, 50, 20)]
        {
            let pages = pages(most, step, &query(limit, 0));
            let (last, full) = pages.split_last().unwrap();
            assert!(full.iter().all(|page| page.len() == limit as usize), "{most} {step}");
            assert!(!last.is_empty() || full.is_empty());
            let wanted: Vec<u64> = (1..=most).rev().filter(|key| key % step == 0).collect();
            assert_eq!(pages.concat(), wanted);
        }
    }

    #[test]
    fn what_is_skipped_are_items_that_may_be_seen() {
        assert_eq!(pages(100, 10, &query(3, 2)).concat(), [80, 70, 60, 50, 40, 30, 20, 10]);
        assert!(Wanted::new(&query(3, 1001), b'x').is_err());
    }

    #[test]
    fn a_list_of_which_hardly_anything_may_be_seen_goes_on_after_a_short_page() {
        let pages = pages(12_000, 12_000, &query(20, 0));
        assert!(pages.len() > 1);
        assert_eq!(pages.concat(), [12_000]);
    }
}

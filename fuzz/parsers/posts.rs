//! What people write under pictures.

use tintype_posts::caption::{What, fold, hashtags, marks, mentions};
use tintype_posts::words::{AltText, Caption, CommentText, Location, MediaUrl};

/// Marks stand in order, within the text, on the letters that they are made of.
pub(crate) fn caption(text: &str) {
    let mut end = 0;
    for mark in marks(text) {
        assert!(mark.range.start >= end && !mark.range.is_empty());
        end = mark.range.end;
        let piece = &text[mark.range];
        match mark.what {
            What::Hashtag(tag) => {
                assert_eq!(fold(piece).as_ref(), Some(&tag));
                assert_eq!(fold(&tag), Some(tag));
            }
            What::Mention(name) => assert!(piece.to_ascii_lowercase().ends_with(&name)),
            What::Link => assert!(piece.to_ascii_lowercase().starts_with("http")),
        }
    }
    assert!(hashtags(text).len() <= 30 && mentions(text).len() <= 30);
    if let Some(folded) = fold(text) {
        assert_eq!(fold(&folded), Some(folded));
    }
}

/// What is taken is kept as it was written.
pub(crate) fn words(text: &str) {
    let kept = [
        Caption::try_from(text.to_owned()).ok().map(String::from),
        Location::try_from(text.to_owned()).ok().map(String::from),
        AltText::try_from(text.to_owned()).ok().map(String::from),
        MediaUrl::try_from(text.to_owned()).ok().map(|url| url.into_media().url),
    ];
    assert!(kept.iter().flatten().all(|kept| kept == text));
    if let Ok(comment) = CommentText::parse(Some(text), CommentText::MOST) {
        assert_eq!(comment.as_str(), text.trim());
    }
}

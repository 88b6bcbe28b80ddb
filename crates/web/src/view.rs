//! What templates are filled with.

pub(crate) mod chrome;
pub(crate) mod figures;
pub(crate) mod flash;
pub(crate) mod media;
pub(crate) mod person;
pub(crate) mod post;
pub(crate) mod text;
pub(crate) mod time;

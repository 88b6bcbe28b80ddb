//! Media: pictures and films that people upload, and what is made of them.

mod flaw;
pub mod metadata;
pub mod picture;
pub mod sniff;
pub mod video;

pub use flaw::Flaw;

//! The pages, as a browser without scripts uses them.

mod administration;
mod browser;
mod door;
mod pictures;
mod sharing;
mod walls;

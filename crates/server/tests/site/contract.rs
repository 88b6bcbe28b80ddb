//! What clients are promised, route by route.

mod bodies;
mod described;
mod headers;
mod ids;
mod mesh;
mod pages;
mod public;
mod refusals;
mod trusted;

pub(crate) use described::Described;

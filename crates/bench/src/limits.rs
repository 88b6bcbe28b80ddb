//! What bounds the program: the same work with nothing of the program around it.

pub(crate) mod bare;
pub(crate) mod fsync;
pub(crate) mod inserts;
pub(crate) mod pushes;
pub(crate) mod writer;

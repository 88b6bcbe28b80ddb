//! The slice as its clients and the other slices meet it, on a real database, with files in a
//! folder and, where there is one, in an S3-compatible store.

mod conforms;
mod files;
mod hostile;
mod outage;
mod pictures;
mod presigned;
mod stage;
mod sweep;
mod uploads;

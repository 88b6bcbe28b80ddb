use std::io;

use thiserror::Error;

/// Why nothing can be made of a file. The sentences are for the person who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It is not what it claims to be, is cut short or damaged, or is of a kind that no browser
    /// shows either.
    #[error("the file is damaged or cannot be read")]
    Broken,
    /// It would take too much memory to decode it.
    #[error("the picture has {width} × {height} pixels; at most {limit} in all are accepted")]
    TooManyPixels {
        /// The width that the file claims.
        width: u32,
        /// The height that the file claims.
        height: u32,
        /// How many pixels would be accepted.
        limit: u64,
    },
    /// Whoever looks at the animation would have too much to decode.
    #[error(
        "all frames of the picture have more than {limit} pixels together; make it shorter or smaller"
    )]
    TooManyFrames {
        /// How many pixels would be accepted.
        limit: u64,
    },
    /// A container of films without a film in it: sound alone, for instance.
    #[error("there is no film in the file; send an MP4 or MOV with pictures in it")]
    NoFilm,
    /// The temporary copy of a film could not be read or written, which is not the sender's fault.
    #[error("the film could not be read here ({0}); send it again later")]
    Unreadable(io::ErrorKind),
}

impl From<io::Error> for Flaw {
    /// A file that ends too early is broken; anything else is trouble of our own.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Broken,
            kind => Self::Unreadable(kind),
        }
    }
}

//! What is in force: defaults, then a file, then the environment, then flags.
//!
//! The defaults are a file ([`DEFAULTS`]) that is also the documentation: a key exists if it stands
//! there, and its value there says its type. Whatever names another key, or a value that is not
//! allowed, is refused with one sentence that says where it came from and what is allowed.

mod layers;
mod rules;
pub(crate) mod secret;
mod types;

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
pub use layers::{Provenance, Setting, Source, Sources};
pub use types::{
    Auth, Bus, Cache, Config, Database, Feed, Graph, Http, Limits, Log, LogFormat, Media, Metrics,
    Operations, Redis, Server, Strategy,
};

/// The defaults, with what each key is for.
pub const DEFAULTS: &str = include_str!("config/default.toml");

impl Config {
    /// Reads everything that says how the program is to run.
    pub fn load(sources: &Sources) -> Result<(Self, Provenance)> {
        let provenance = layers::gather(sources)?;
        for setting in provenance.settings() {
            rules::check(setting)?;
        }
        let config = serde_path_to_error::deserialize(provenance.table())
            .map_err(|error| broken(format!("The configuration cannot be read: {error}")))?;
        Ok((config, provenance))
    }

    /// The defaults alone, for tests and tools that read no file and no environment.
    pub fn defaults() -> Self {
        let (config, _) = Self::load(&Sources::none()).expect("a test loads the defaults");
        config
    }

    /// The file of the embedded database; none if there is a server for it.
    pub fn database_path(&self) -> Option<PathBuf> {
        self.database.path(&self.server.data_dir)
    }

    /// The secret by which tokens are signed: the configured one, or the one that the data folder
    /// holds, which is made if it is not there.
    pub fn jwt_secret(&self) -> Result<String> {
        if self.auth.jwt_secret.is_empty() {
            self.secret("jwt.secret")
        } else {
            Ok(self.auth.jwt_secret.clone())
        }
    }

    /// The secret that the data folder holds in the file `name`, made on first use and readable by
    /// its owner alone. Needs the folder to be there.
    pub fn secret(&self, name: &str) -> Result<String> {
        secret::load_or_make(&self.server.data_dir.join(name))
    }

    /// Makes the data folder if it is not there, for its owner alone.
    pub fn make_data_dir(&self) -> Result<&Path> {
        let folder = &self.server.data_dir;
        secret::make_folder(folder)?;
        Ok(folder)
    }
}

fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::Refused, "configuration", message.into())
}

#[cfg(test)]
mod tests;

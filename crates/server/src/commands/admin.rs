//! `tintype admin`: looking after people and posts, beside the server or without it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tintype_api::PostId;
use tintype_api::accounts::Role;

use crate::wiring::Site;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Admin {
    /// Say what a person may do
    Role {
        /// The username
        username: String,
        /// user, moderator or admin
        role: RoleName,
    },
    /// Set a person's password, read from the standard input, and end all their sessions
    Password {
        /// The username
        username: String,
    },
    /// Hide a post from everybody but its author
    Hide {
        /// The post's id
        post: PostId,
    },
    /// Show a hidden post again
    Show {
        /// The post's id
        post: PostId,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum RoleName {
    User,
    Moderator,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::User => Self::User,
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
        }
    }
}

impl Admin {
    pub(super) async fn run(self, site: &Site) -> Result<ExitCode> {
        match self {
            Self::Role { username, role } => {
                site.accounts.set_role(&username, role.into()).await?;
                println!("{username} is {role:?} now.");
            }
            Self::Password { username } => {
                let mut password = String::new();
                std::io::stdin()
                    .read_line(&mut password)
                    .context("the new password is read from the standard input")?;
                let password = password.trim_end_matches(['\r', '\n']).parse();
                let password =
                    password.map_err(|refusal| anyhow::anyhow!("the password {refusal}"))?;
                site.accounts.set_password(&username, password).await?;
                println!("{username} has a new password and is signed out everywhere.");
            }
            Self::Hide { post } => {
                site.posts.set_hidden(post, true).await?;
                println!("Post {post} is hidden.");
            }
            Self::Show { post } => {
                site.posts.set_hidden(post, false).await?;
                println!("Post {post} is shown.");
            }
        }
        site.database.close().await;
        Ok(ExitCode::SUCCESS)
    }
}

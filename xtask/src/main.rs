//! Chores of the project: `cargo xtask tidy` checks the house rules.

mod tidy;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("tidy"), None) => tidy::run(root()),
        _ => anyhow::bail!("say what to do: `cargo xtask tidy` checks the house rules"),
    }
}

/// The folder of the workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace's folder")
}
